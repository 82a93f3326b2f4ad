"""The strategies in all worlds in which they were compared: by effort, in a town, and in replayed logs.

    rekindle essay --only nine_strategies
    rekindle sweep configs/strategies_draws.toml --world LOG --set sweep.replicates=24    # for each log
    python -m verification.strategies_everywhere results/essay LOG… [--logs results]

Prints the tables of docs/strategies_compared.md: one per outcome, with a row per strategy and a column per world.
Values are means over draws of the assumed numbers, with 95% intervals over draws. Draws that fail the gate are left
out; there is no gate in replayed logs, whose silence is their own until they end.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd

from experiments.analysis.compare import BASELINE, minutes
from experiments.config.reading import load, stem_of_log
from experiments.essay.findings.effects import interval
from experiments.essay.findings.nine_strategies import EFFORT, HOURS, MEASURES, gains, spillover
from experiments.sweeps.sweep_result import SweepResult, collected, sweep_plan

REPLICATES_OF_LOGS = 24


def from_the_essay(name: str, folder: Path) -> SweepResult:
    """A sweep of the essay."""
    return collected(sweep_plan(load(Path(f"configs/{name}.toml"))), folder)


def from_a_log(log: Path, folder: Path) -> SweepResult:
    """The sweep of the strategies in worlds that are replayed from a log."""
    experiment = load(Path("configs/strategies_draws.toml"), [f"sweep.replicates={REPLICATES_OF_LOGS}"], log)
    assert experiment.verdict is not None
    ungated = experiment.model_copy(update={"verdict": experiment.verdict.model_copy(update={"gate": None})})
    return collected(sweep_plan(ungated), folder / experiment.name)


def by_world(essay: Path, logs: list[Path], folder: Path) -> dict[str, SweepResult]:
    """Each world's sweep, by the title of its column."""
    hour, efforts = from_the_essay("strategies_draws", essay), from_the_essay("strategies_effort", essay)
    found = {"60 minutes": hour}
    for effort, runs in efforts.runs.groupby(EFFORT):
        found[f"{effort:g} minutes"] = replace(efforts, runs=runs)
    found["town of 1,200"] = from_the_essay("strategies_town", essay)
    return found | {stem_of_log(log).replace("_", " "): from_a_log(log, folder) for log in logs}


def table(worlds: dict[str, SweepResult], of: Callable[[SweepResult], dict[str, str]]) -> pd.DataFrame:
    """A column for each world, in the order of the strategies in the first."""
    return pd.DataFrame({title: of(swept) for title, swept in worlds.items()}).fillna("–")


def _minutes(swept: SweepResult) -> dict[str, str]:
    spent = minutes(swept.plausible.assign(scenario=swept.plausible["strategy"]))
    return {
        str(name): f"{row['used']:,.0f} of {row['planned']:,.0f}" for name, row in spent.iterrows() if name != BASELINE
    }


def main() -> None:
    """Print all tables as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("essay", type=Path)
    parser.add_argument("log", type=Path, nargs="*")
    parser.add_argument("--logs", type=Path, default=Path("results"))
    options = parser.parse_args()
    worlds = by_world(options.essay, options.log, options.logs)
    for title, swept in worlds.items():
        people = int(swept.runs["people"].iloc[0])
        print(f"- {title}: {swept.draws.nunique()} draws, {len(swept.draws)} worlds of {people:,} people")
    shown: dict[str, Callable[[SweepResult], dict[str, str]]] = {
        title: lambda swept, of=of: {one.label: interval(one.mean) for one in gains(swept, of)}  # type: ignore[misc]
        for of, title in MEASURES.items()
    }
    shown[f"everyone's tie ends per {HOURS} hours"] = lambda swept: {
        name: interval(one.mean) for name, one in spillover(swept).items()
    }
    shown["minutes used of those planned"] = _minutes
    for title, of in shown.items():
        found = table(worlds, of)
        print(f"\n### {title[0].upper()}{title[1:]}\n\n| strategy | {' | '.join(found)} |")
        print(f"|---|{'---|' * len(found.columns)}")
        for name, row in found.iterrows():
            print(f"| `{name}` | {' | '.join(row)} |")


if __name__ == "__main__":
    main()
