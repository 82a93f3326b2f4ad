"""The cost of a person-day by population and threads, and the memory of a world.

    python -m benchmarks.scaling [--people 1000 10000 100000 1000000] [--threads 1 2] [--days 7] [--repeats 3]
                                 [--workload ordinary] [--capacity 250] [--years 0.1] [--towns 1] [--out FILE]

Each population is measured in its own process, on our core: a first morning is generated and simulated for some years,
and then for weeks on each of the numbers of threads in turn. With `--towns`, the population consists of that many equal
towns without ties between them, which reaches sizes that would take long to generate.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numba
import numpy as np
from rich.console import Console
from rich.table import Table

import sim
from benchmarks import machine
from benchmarks.workloads import ORDINARY, WORKLOADS
from sim.engine.day import Core
from sim.engine.pool import RESERVE
from sim.run import on_threads, run_days
from sim.runtime import memory_limit
from sim.runtime.storage import GIGABYTE, load_world, save_world
from sim.state.population import NOBODY, free_ties
from sim.worlds.people import DAYS_A_YEAR

WARM_UP = 7  # days on which bounds of weights are found
SMALL = 10_000  # people; of fewer, a stretch is this many person-days a day of `--days`


@dataclass(frozen=True)
class Asked:
    """What is measured, as the command line has it."""

    threads: tuple[int, ...]
    days: int
    repeats: int
    workload: str
    capacity: int
    years: float
    towns: int


@dataclass(frozen=True)
class Found:
    """What came of it: seconds, person-days a second by threads, bytes."""

    people: int
    ties: float  # a person
    generating: float
    living: float
    saving: float
    loading: float
    speeds: dict[int, list[float]]
    bytes_a_tie: float  # direction, in motion: the tie, whom it is about, its bound, and free slots
    peak: int
    foretold: int

    def speed(self, threads: int) -> float:
        """Median person-days a second."""
        return statistics.median(self.speeds[threads])


def side_by_side(world: sim.World, towns: int) -> sim.World:
    """This many copies of a world, in one; the ties can be spent, see `sim.engine.day.Core`."""
    n, rows = len(world), len(world.ties)
    people = np.tile(world.people, towns)
    ties = free_ties(rows * towns, rows * towns // RESERVE)
    for state in range(towns):
        mine, theirs = people[state * n : (state + 1) * n], ties[state * rows : (state + 1) * rows]
        theirs.view(np.uint8)[:] = world.ties.view(np.uint8)
        theirs["other"] += np.where(theirs["other"] == NOBODY, 0, state * n).astype(np.int32)
        mine["first"] += state * rows
        for name in ("community", "group"):
            mine[name] += state * (int(world.people[name].max()) + 1)
    return replace(world, people=people, ties=ties)


def measured(people: int, asked: Asked) -> Found:
    """All of it, for one population."""
    most = max(asked.threads)
    settings = sim.Parameters(tie_capacity=asked.capacity)
    run_days(Core(sim.worlds.generated(people=300, burn_in_years=0, parameters=settings), seed=1), 8)  # compiles
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    clock = [time.perf_counter()]
    morning = sim.worlds.generated(
        people=people // asked.towns,
        burn_in_years=0,
        parameters=settings,
        threads=min(most, numba.config.NUMBA_NUM_THREADS),
    )
    clock.append(time.perf_counter())
    if asked.towns > 1:
        morning = side_by_side(morning, asked.towns)
    with on_threads(most):
        core = run_days(Core(morning, seed=1, spend=True), round(asked.years * DAYS_A_YEAR))
    del morning
    clock.append(time.perf_counter())
    saving, loading = kept(core) if asked.towns == 1 else (float("nan"), float("nan"))
    if asked.workload != ORDINARY:
        core = Core(WORKLOADS[asked.workload].on(core.to_world()), seed=1)
    speeds = in_turn(core, asked)
    state = core.state
    held, used = int(state.people["degree"].sum()), int(state.used[0])
    return Found(
        people=len(state.people),
        ties=held / len(state.people),
        generating=clock[1] - clock[0],
        living=clock[2] - clock[1],
        saving=saving,
        loading=loading,
        speeds=speeds,
        bytes_a_tie=sum(array[:used].nbytes for array in (state.ties, state.contact_ids, state.weight_bounds)) / held,
        peak=1_024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before),
        foretold=memory_limit.to_generate(people, asked.years, settings),
    )


def kept(core: Core) -> tuple[float, float]:
    """Seconds to keep a world on disk and to load it."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:  # a temporary file system may be memory
        began = time.perf_counter()
        rest, ties = core.in_parts()
        save_world(rest, Path(folder, "world"), ties=ties)
        saved = time.perf_counter()
        load_world(Path(folder, "world"))
        return saved - began, time.perf_counter() - saved


def in_turn(core: Core, asked: Asked) -> dict[int, list[float]]:
    """Person-days a second by threads, `repeats` times each."""
    n = len(core.state.people)
    days = asked.days * max(1, SMALL // n)
    speeds: dict[int, list[float]] = {threads: [] for threads in asked.threads}
    numba.set_num_threads(max(asked.threads))
    for _ in range(WARM_UP):
        core.step()
    for _ in range(asked.repeats):
        for threads in asked.threads:
            numba.set_num_threads(threads)
            began = time.perf_counter()
            for _ in range(days):
                core.step()
            speeds[threads].append(n * days / (time.perf_counter() - began))
    return speeds


def shown(found: list[Found], asked: Asked) -> Table:
    """A row for each population."""
    table = Table(title=f"{WORKLOADS[asked.workload].label}, tie_capacity {asked.capacity}")
    titles = ("people", "ties", "generate, s", f"live {asked.years:g} years, s", "save, s", "load, s")
    threads = [f"{count} thread{'s' * (count > 1)}, person-days/s" for count in asked.threads]
    for title in (*titles, *threads, "bytes a tie", "peak, GB", "foretold, GB"):
        table.add_column(title, justify="right")
    for one in found:
        seconds = (one.generating, one.living, one.saving, one.loading)
        table.add_row(
            f"{one.people:,}",
            f"{one.ties:.1f}",
            *(f"{each:,.3g}" for each in seconds),
            *(f"{one.speed(count):,.0f}" for count in asked.threads),
            f"{one.bytes_a_tie:.0f}",
            f"{one.peak / GIGABYTE:.2f}",
            f"{one.foretold / GIGABYTE:.2f}",
        )
    return table


def main(arguments: list[str]) -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling")
    parser.add_argument("--people", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--workload", choices=list(WORKLOADS), default=ORDINARY)
    parser.add_argument("--capacity", type=int, default=250)
    parser.add_argument("--years", type=float, default=0.1)
    parser.add_argument("--towns", type=int, default=1)
    parser.add_argument("--out", type=Path, metavar="FILE")
    options = vars(parser.parse_args(arguments))
    populations, out = options.pop("people"), options.pop("out")
    asked = Asked(**{**options, "threads": tuple(options["threads"])})
    console, found = Console(width=200), []
    for people in populations:
        with console.status(f"{people:,} people"), multiprocessing.get_context("spawn").Pool(1) as alone:
            found.append(alone.apply(measured, (people, asked)))
    console.print(shown(found, asked))
    if out is not None:
        said: dict[str, Any] = {
            "machine": machine.facts(),
            "asked": asdict(asked),
            "found": [asdict(one) for one in found],
        }
        out.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
