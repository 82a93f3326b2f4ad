"""Ordinary life on a GPU: person-days per second, and how closely its worlds match those of the core.

    python -m benchmarks.gpu [--people 10000 100000 1000000] [--days 28] [--repeats 3] [--threads 2] [--out FILE]

Both continue from the same world for a number of days. The gestures are compared one by one, and the remaining ties
bit by bit. Then each continues for as many days again, in turn, several times: the GPU without a record of each day,
the GPU with the record, and the core on several threads. Without a GPU, the script ends with an error message.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numba
import numpy as np
from rich.console import Console
from rich.table import Table

import sim
from benchmarks import machine
from sim.engine.day import Core
from sim.gpu import GpuCore
from sim.state.population import DayRecord, World, bits

BURN_IN = 35  # days that the GPU simulates before the comparison
NAMED_BY = ("sender", "receiver", "kind", "day", "second", "event_key")  # together, they identify a gesture


@dataclass(frozen=True)
class Agreement:
    """The differences between two runs of the same days.

    Attributes:
        gestures: the number of gestures sent on the core.
        gestures_differ: the number of gestures sent on only one of the two.
        ties: the number of tie directions after the last day.
        ties_differ: the number of tie directions that differ in any bit.
        largest: the largest relative difference between numbers of ties whose days and flags agree.
    """

    gestures: int
    gestures_differ: int
    ties: int
    ties_differ: int
    largest: float


@dataclass(frozen=True)
class Measured:
    """The results for one population; `speeds` has the person-days per second of each stretch, by engine."""

    people: int
    agreement: Agreement
    speeds: dict[str, list[float]]

    def speed(self, engine: str) -> float:
        """The median person-days per second of an engine."""
        return statistics.median(self.speeds[engine])


def names_of(record: DayRecord) -> np.ndarray:
    """The identifying columns of each gesture that was sent, shape (sent, columns), sorted."""
    named = np.stack([record.sent[column].astype(np.int64) for column in NAMED_BY], axis=1)
    return np.unique(named, axis=0)


def only_in_one(first: np.ndarray, second: np.ndarray) -> int:
    """The number of rows that are in only one of two arrays, neither of which has a row twice."""
    return int((np.unique(np.concatenate([first, second]), axis=0, return_counts=True)[1] == 1).sum())


def ties_that_differ(world: World, other_world: World) -> tuple[int, float]:
    """The number of tie directions that differ in any bit, and the largest relative difference; see `Agreement`."""
    if world.ties.shape != other_world.ties.shape:
        return len(world.ties), float("nan")
    differ = np.zeros(len(world.ties), np.bool_)
    elsewhere = np.zeros(len(world.ties), np.bool_)
    gap = np.zeros(len(world.ties))
    for column in world.ties.dtype.names or ():
        mine, theirs = world.ties[column].reshape(len(differ), -1), other_world.ties[column].reshape(len(differ), -1)
        other = bits(mine) != bits(theirs)
        differ |= other.any(axis=1)
        if mine.dtype.kind == "f":
            larger = np.maximum(np.abs(mine), np.abs(theirs)).astype(np.float64)
            apart = np.divide(np.abs(mine - theirs), larger, out=np.zeros_like(larger), where=other & (larger > 0))
            gap = np.maximum(gap, apart.max(axis=1))
        else:
            elsewhere |= other.any(axis=1)
    return int(differ.sum()), float(gap[~elsewhere].max(initial=0.0))


def agreement(gpu: GpuCore, core: Core, days: int) -> Agreement:
    """Simulate this many days on both engines, and compare."""
    gestures = differ = 0
    for _ in range(days):
        mine, theirs = names_of(core.step()), names_of(gpu.step())
        gestures += len(mine)
        differ += only_in_one(mine, theirs)
    core_world, gpu_world = core.to_world(), gpu.to_world()
    ties_differ, largest = ties_that_differ(core_world, gpu_world)
    return Agreement(gestures, differ, int(core_world.people["degree"].sum()), ties_differ, largest)


def in_turn(gpu: GpuCore, core: Core, days: int, repeats: int, threads: int) -> dict[str, list[float]]:
    """Person-days per second of each engine, `repeats` times."""
    numba.set_num_threads(threads)
    live: dict[str, Callable[[], object]] = {
        "GPU": lambda: gpu.live(days),
        "GPU, with records": lambda: [gpu.step() for _ in range(days)],
        f"core, {threads} thread{'s' * (threads > 1)}": lambda: [core.step() for _ in range(days)],
    }
    speeds: dict[str, list[float]] = {engine: [] for engine in live}
    for _ in range(repeats):
        for engine, stretch in live.items():
            began = time.perf_counter()
            stretch()
            speeds[engine].append(len(core.state.people) * days / (time.perf_counter() - began))
    return speeds


def measured(people: int, days: int, repeats: int, threads: int) -> Measured:
    """Measure one population."""
    morning = sim.worlds.generated(people=people, burn_in_years=0, seed=1, threads=numba.config.NUMBA_NUM_THREADS)
    gpu = GpuCore(morning, seed=1)
    gpu.live(BURN_IN)
    core = Core(gpu.to_world(), seed=1)
    numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)
    same = agreement(gpu, core, days)
    return Measured(people, same, in_turn(gpu, core, days, repeats, threads))


def shown(results: list[Measured]) -> Table:
    """The results as a table, with a row for each population."""
    table = Table(title="ordinary life, person-days per second")
    titles = (
        "people",
        *results[0].speeds,
        "gestures",
        "different gestures",
        "ties",
        "different ties",
        "largest difference",
    )
    for title in titles:
        table.add_column(title, justify="right")
    for result in results:
        same = result.agreement
        table.add_row(
            f"{result.people:,}",
            *(f"{result.speed(engine):,.0f}" for engine in result.speeds),
            f"{same.gestures:,}",
            f"{same.gestures_differ:,}",
            f"{same.ties:,}",
            f"{same.ties_differ:,}",
            f"{same.largest:.1e}",
        )
    return table


def main(arguments: list[str]) -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu")
    parser.add_argument("--people", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--days", type=int, default=28)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2, help="threads of the core")
    parser.add_argument("--out", type=Path, metavar="FILE")
    options = vars(parser.parse_args(arguments))
    populations, out = options.pop("people"), options.pop("out")
    try:
        GpuCore(sim.worlds.generated(people=20, burn_in_years=0, seed=1), seed=1)
    except RuntimeError as error:
        raise SystemExit(str(error)) from None
    console, results = Console(width=200), []
    for people in populations:
        with console.status(f"{people:,} people"):
            results.append(measured(people, **options))
        console.print(shown(results[-1:]))
    if out is not None:
        report = {"machine": machine.facts(), "options": options, "results": [asdict(result) for result in results]}
        out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
