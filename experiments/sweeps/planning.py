"""What a sweep would take: its runs, what of them is there, and from a few timed ones how long the rest takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import sim
from experiments.sweeps import histories as kept
from experiments.sweeps import runner, store
from experiments.sweeps.design import Run
from experiments.sweeps.histories import History

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Timing:
    """What a few runs took.

    Attributes:
        seconds: of each timed run, its world not counted.
        worlds: seconds of each world that was built for one.
        world_bytes: mean size of a world in memory, which is about that on disk.
        run_bytes: mean size on disk of a run's row and histories.
        failed: errors of timed runs that failed, in a line each.
    """

    seconds: tuple[float, ...]
    worlds: tuple[float, ...]
    world_bytes: float
    run_bytes: float
    failed: tuple[str, ...]

    def total(self, runs: int, worlds: int, processes: int) -> float:
        """Seconds that so many runs and worlds take in so many processes; they are spread evenly."""
        each = sum(self.seconds) / max(1, len(self.seconds))
        world = sum(self.worlds) / max(1, len(self.worlds))
        return (runs * each + worlds * world) / max(1, min(processes, runs))


def kept_seconds(runs: Sequence[Run], folder: Path) -> tuple[float, ...]:
    """What those of these runs that a folder holds took, in seconds; a world that was there for them not counted."""
    rows = store.finished(folder, ["seconds"])
    if "seconds" not in rows:
        return ()
    return tuple(rows.loc[rows.index.intersection([run.id for run in runs]), "seconds"].dropna())


def missing(runs: Sequence[Run], folder: Path, histories: Sequence[History] = ()) -> list[Run]:
    """The runs that a folder does not hold, or not with each of these histories, each once."""
    known = kept.there(folder, histories)
    return list({run.id: run for run in runs if run.id not in known}.values())


def timed(runs: Sequence[Run], folder: Path, count: int, report: Report, histories: Sequence[History] = ()) -> Timing:
    """Time a few runs, evenly spread over these, on one thread; they are kept, so the sweep does not make them again.

    A tiny run before them compiles or loads the model, whose time must not be counted.
    """
    tiny = sim.worlds.generated(people=4, burn_in_years=0, cache=False)
    sim.simulate(tiny, days=8, strategy="show_up", adopters=1, seed=1)
    chosen = [runs[at * len(runs) // count] for at in range(min(count, len(runs)))]
    seconds, worlds, sizes, failed = [], [], [], []
    rows: list[store.Row] = []
    size = 0
    for at, run in enumerate(chosen):
        began = time.perf_counter()
        try:
            world = runner.world_of(run.world)
        except Exception as error:  # the row of the run tells it once more
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
