"""The plan of a sweep: which runs are missing, and an estimate of their time from a few timed runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

import sim
from experiments.sweeps import histories as kept
from experiments.sweeps import runner, store
from experiments.sweeps.design import RunSpec
from experiments.sweeps.histories import History

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Timing:
    """The time and space that a few runs took.

    Attributes:
        seconds: time of each run, without building its world.
        worlds: time to build each world, in seconds.
        world_bytes: mean size of a world in memory, which is similar to its size on disk.
        run_bytes: mean size on disk of a run's row and histories.
        failed: one-line errors of the runs that failed.
    """

    seconds: tuple[float, ...]
    worlds: tuple[float, ...]
    world_bytes: float
    run_bytes: float
    failed: tuple[str, ...]

    def total(self, runs: int, worlds: int, processes: int) -> float:
        """The estimated seconds for this many runs and worlds, spread evenly over the processes."""
        each = sum(self.seconds) / max(1, len(self.seconds))
        world = sum(self.worlds) / max(1, len(self.worlds))
        return (runs * each + worlds * world) / max(1, min(processes, runs))


def seconds_by_id(folder: Path) -> pd.Series:
    """The seconds that each finished run in the folder took, by id; excludes worlds that were cached."""
    rows = store.finished(folder, ["seconds"])
    return rows["seconds"].astype(float).dropna() if "seconds" in rows else pd.Series(dtype=float)


def kept_seconds(runs: Sequence[RunSpec], folder: Path) -> tuple[float, ...]:
    """The seconds that each of these runs took, if it is in the folder; excludes worlds that were cached."""
    seconds = seconds_by_id(folder)
    return tuple(seconds.loc[seconds.index.intersection([run.id for run in runs])])


def missing(runs: Sequence[RunSpec], folder: Path, histories: Sequence[History] = ()) -> list[RunSpec]:
    """The runs that a folder lacks, or has without one of these histories; each once."""
    known = kept.there(folder, histories)
    return list({run.id: run for run in runs if run.id not in known}.values())


def timed(
    runs: Sequence[RunSpec], folder: Path, count: int, report: Report, histories: Sequence[History] = ()
) -> Timing:
    """Time a few runs, evenly spread over these, on one thread. They are saved, so the sweep does not repeat them.

    A tiny run comes first, so that compiling or loading the model is not timed.
    """
    tiny = sim.worlds.generated(people=4, burn_in_years=0, cache=False)
    sim.simulate(tiny, days=8, strategy="show_up", adopters=1, seed=1)
    count = min(count, len(runs))
    chosen = [runs[at * len(runs) // count] for at in range(count)]
    seconds, worlds, sizes, failed = [], [], [], []
    rows: list[store.Row] = []
    size = 0
    for at, run in enumerate(chosen):
        began = time.perf_counter()
        try:
            world = runner.world_of(run.world)
        except Exception as error:  # the row of the run also has this error
            failed.append(f"{type(error).__name__}: {error}")
            continue
        worlds.append(time.perf_counter() - began)
        sizes.append(float(world.people.nbytes + world.ties.nbytes))
        ended = runner.run_one(run, histories=histories)
        if ended.row["error"]:
            failed.append(ended.row["error"])
            continue
        seconds.append(ended.row["seconds"])
        rows.append(ended.row)
        size += kept.add(folder, [ended])
        report(at + 1, len(chosen))
    size += store.add(folder, rows)
    mean = sum(sizes) / len(sizes) if sizes else 0.0
    return Timing(tuple(seconds), tuple(worlds), mean, size / max(1, len(rows)), tuple(failed))
