"""The purpose of each mechanism: which statistics of the Facebook wall-post log the model misses without it.

A mechanism belongs in the model only if something breaks without it. Activity is not fitted again, so the results also
show how a mechanism changes activity.

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
    "each person feels more affinity to some than to others": {"affinity_sd": 0.0},
    "members of a group feel more affinity to each other": {"group_pull": 0.0},
    "people have quiet and busy spells": {"spell_sd": 0.0},
    "received gestures leave less memory than sent ones": {"encoding_received": 1.0},
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
    """The statistics that the model meets with all mechanisms but misses without one, as ratios with and without it."""
    gone = whole.index[whole["met"] & ~without.loc[whole.index, "met"]]
    return pd.DataFrame({"with": whole["ratio"][gone], "without": without["ratio"][gone]})


def draw(lost_statistics: dict[str, pd.DataFrame]) -> Figure:
    """The number of statistics that depend on each mechanism, and the ones that change most."""
    figure = Figure(figsize=(14, 6), layout="constrained")
    axes = figure.subplots()
    for row, rows in enumerate(lost_statistics.values()):
        axes.barh(row, len(rows), color=BLUE)
        worst = (rows["without"] - 1).abs().sort_values(ascending=False).index[:3]
        axes.text(len(rows) + 0.2, row, ", ".join(f"{key} × {rows['without'][key]:.2f}" for key in worst), va="center")
    axes.set_yticks(range(len(lost_statistics)), list(lost_statistics))
    axes.set_xlabel("statistics of the log that the model misses without the mechanism")
    axes.set_xlim(0, 2.5 * max(1, *(len(rows) for rows in lost_statistics.values())))
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def main(log: Path = WALL) -> dict[str, pd.DataFrame]:
    """Print and draw; returns the statistics lost without each mechanism."""
    results = ablations(log)
    whole = results.pop("all")
    print(f"All mechanisms: {int(whole['met'].sum())} of {len(whole)} statistics met")
    lost_statistics = {name: lost(whole, rows) for name, rows in results.items()}
    for name, rows in lost_statistics.items():
        print(f"\nWithout “{name}”: {int(results[name]['met'].sum())} met; newly missed:")
        print(rows.round(2).to_string() if len(rows) else "none")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context(STYLE | {"font.size": 15}):
        draw(lost_statistics).savefig(OUT)
    print(f"wrote {OUT}")
    return lost_statistics


@pytest.mark.skipif(not WALL.exists(), reason="needs ../shared/data/facebook_wall.csv.gz")
def test_something_breaks_without_each_mechanism() -> None:
    """At least one statistic is met only with each mechanism."""
    assert all(len(rows) > 0 for rows in main().values())


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
