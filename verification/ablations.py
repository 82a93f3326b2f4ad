"""The purpose of each mechanism: which statistics of wall posts are no longer met without it.

A mechanism is kept only if something breaks without it. The activity of people is not fitted again, so a mechanism that
also changes activity shows that too.

    python -m verification.ablations [LOG]    prints what breaks, draws results/verification/ablations.png
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib
import pandas as pd
import pytest
from matplotlib.figure import Figure

import sim
from experiments.figures import BLUE, STYLE
from experiments.logs import contact_log
from experiments.logs.calibrate import changed
from experiments.logs.log import Log, read
from experiments.logs.simulated import simulated_values, window_of
from experiments.logs.validate import table
from experiments.sweeps import runner

OUT = Path("results/verification/ablations.png")
WALL = Path(__file__).parents[1].parent / "shared" / "data" / "facebook_wall.csv.gz"
PEOPLE, WORLDS, PROCESSES = 1_500, 3, 2

MECHANISMS: dict[str, dict[str, float]] = {
    "each likes some more than others, on their own": {"affinity_sd": 0.0},
    "people of one group like each other more": {"group_pull": 0.0},
    "a person has quiet and busy spells": {"spell_sd": 0.0},
    "what is received leaves less than what is made": {"encoding_received": 1.0},
}


def simulated(parameters: sim.Parameters, real: Log) -> list[dict[str, float]]:
    """Statistics of the logs of some worlds."""
    window = window_of(real, PEOPLE)
    with runner.worker_processes(PROCESSES) as executor:
        futures = [executor.submit(simulated_values, parameters, window, seed) for seed in range(1, WORLDS + 1)]
        return [future.result() for future in futures]


def ablations(log: Path) -> dict[str, pd.DataFrame]:
    """The statistics of a log, and of worlds with all mechanisms ("all") and without each."""
    real = read(log)
    measured = contact_log.statistics(real)
    without = {"all": {}, **MECHANISMS}
    return {name: table(measured, simulated(changed(sim.Parameters(), off), real)) for name, off in without.items()}


def lost(whole: pd.DataFrame, without: pd.DataFrame) -> pd.DataFrame:
    """The statistics that are met with all mechanisms and missed without one; ratios with and without."""
    gone = whole.index[whole["met"] & ~without.loc[whole.index, "met"]]
    return pd.DataFrame({"with": whole["ratio"][gone], "without": without["ratio"][gone]})


def draw(broken: dict[str, pd.DataFrame]) -> Figure:
    """How many statistics each mechanism carries, and the one that moves most."""
    figure = Figure(figsize=(14, 6), layout="constrained")
    axes = figure.subplots()
    for place, rows in enumerate(broken.values()):
        axes.barh(place, len(rows), color=BLUE)
        worst = (rows["without"] - 1).abs().sort_values(ascending=False).index[:3]
        axes.text(
            len(rows) + 0.2, place, ", ".join(f"{key} × {rows['without'][key]:.2f}" for key in worst), va="center"
        )
    axes.set_yticks(range(len(broken)), list(broken))
    axes.set_xlabel("statistics of the log that are missed without it")
    axes.set_xlim(0, 2.5 * max(1, *(len(rows) for rows in broken.values())))
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def main(log: Path = WALL) -> dict[str, pd.DataFrame]:
    """Print and draw; returns what is lost without each mechanism."""
    found = ablations(log)
    whole = found.pop("all")
    print(f"with all of them {int(whole['met'].sum())} of {len(whole)} statistics are met")
    broken = {name: lost(whole, rows) for name, rows in found.items()}
    for name, rows in broken.items():
        print(f"\nwithout: {name}: {int(found[name]['met'].sum())} are met; missed are now")
        print(rows.round(2).to_string() if len(rows) else "none")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context(STYLE | {"font.size": 15}):
        draw(broken).savefig(OUT)
    print(f"wrote {OUT}")
    return broken


@pytest.mark.skipif(not WALL.exists(), reason="needs ../shared/data/facebook_wall.csv.gz")
def test_something_breaks_without_each_mechanism() -> None:
    """Each mechanism carries at least one statistic that is met with it."""
    assert all(len(rows) > 0 for rows in main().values())


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
