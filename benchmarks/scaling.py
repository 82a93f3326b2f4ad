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

WARM_UP = 7  # days before the measurement, in which weight bounds settle
SMALL = 10_000  # people; a stretch of a smaller population has as many person-days as one of this many people


@dataclass(frozen=True)
class Settings:
    """What is measured, from the command line."""

    threads: tuple[int, ...]
    days: int
    repeats: int
    workload: str
    capacity: int
    years: float
    towns: int


@dataclass(frozen=True)
class Measured:
    """The results for one population: seconds, person-days per second by number of threads, and bytes."""

    people: int
    ties: float  # per person
    generating: float
    living: float
    saving: float
    loading: float
    speeds: dict[int, list[float]]
    bytes_a_tie: (
        float  # per tie direction in a running world: the tie, the contact id, the weight bound, and free slots
    )
    peak: int
    estimate: int

    def speed(self, threads: int) -> float:
        """The median person-days per second on this many threads."""
        return statistics.median(self.speeds[threads])


def side_by_side(world: sim.World, towns: int) -> sim.World:
    """Combine this many copies of a world into one, without ties between them."""
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


def measured(people: int, options: Settings) -> Measured:
    """Measure one population."""
    most = max(options.threads)
    settings = sim.Parameters(tie_capacity=options.capacity)
    run_days(Core(sim.worlds.generated(people=300, burn_in_years=0, parameters=settings), seed=1), 8)  # compiles
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    clock = [time.perf_counter()]
    morning = sim.worlds.generated(
        people=people // options.towns,
        burn_in_years=0,
        parameters=settings,
        threads=min(most, numba.config.NUMBA_NUM_THREADS),
    )
    clock.append(time.perf_counter())
    if options.towns > 1:
        morning = side_by_side(morning, options.towns)
    with on_threads(most):
        core = run_days(Core(morning, seed=1, spend=True), round(options.years * DAYS_A_YEAR))
    del morning
    clock.append(time.perf_counter())
    saving, loading = saving_and_loading(core) if options.towns == 1 else (float("nan"), float("nan"))
    if options.workload != ORDINARY:
        core = Core(WORKLOADS[options.workload].on(core.to_world()), seed=1)
    speeds = in_turn(core, options)
    state = core.state
    degree, used = int(state.people["degree"].sum()), int(state.used[0])
    return Measured(
        people=len(state.people),
        ties=degree / len(state.people),
        generating=clock[1] - clock[0],
        living=clock[2] - clock[1],
        saving=saving,
        loading=loading,
        speeds=speeds,
        bytes_a_tie=sum(array[:used].nbytes for array in (state.ties, state.contact_ids, state.weight_bounds)) / degree,
        peak=1_024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before),
        estimate=memory_limit.to_generate(people, options.years, settings),
    )


def saving_and_loading(core: Core) -> tuple[float, float]:
    """The seconds to save a world to disk and to load it."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:  # the default folder may be in memory
        began = time.perf_counter()
        rest, ties = core.in_parts()
        save_world(rest, Path(folder, "world"), ties=ties)
        saved = time.perf_counter()
        load_world(Path(folder, "world"))
        return saved - began, time.perf_counter() - saved


def in_turn(core: Core, settings: Settings) -> dict[int, list[float]]:
    """Person-days per second by number of threads, `repeats` times each."""
    n = len(core.state.people)
    days = settings.days * max(1, SMALL // n)
    speeds: dict[int, list[float]] = {threads: [] for threads in settings.threads}
    numba.set_num_threads(max(settings.threads))
    for _ in range(WARM_UP):
        core.step()
    for _ in range(settings.repeats):
        for threads in settings.threads:
            numba.set_num_threads(threads)
            began = time.perf_counter()
            for _ in range(days):
                core.step()
            speeds[threads].append(n * days / (time.perf_counter() - began))
    return speeds


def shown(results: list[Measured], settings: Settings) -> Table:
    """The results as a table, with a row for each population."""
    table = Table(title=f"{WORKLOADS[settings.workload].label}, tie_capacity {settings.capacity}")
    titles = ("people", "ties", "generate, s", f"live {settings.years:g} years, s", "save, s", "load, s")
    threads = [f"{count} thread{'s' * (count > 1)}, person-days/s" for count in settings.threads]
    for title in (*titles, *threads, "bytes per tie", "peak, GB", "estimate, GB"):
        table.add_column(title, justify="right")
    for result in results:
        seconds = (result.generating, result.living, result.saving, result.loading)
        table.add_row(
            f"{result.people:,}",
            f"{result.ties:.1f}",
            *(f"{each:,.3g}" for each in seconds),
            *(f"{result.speed(count):,.0f}" for count in settings.threads),
            f"{result.bytes_a_tie:.0f}",
            f"{result.peak / GIGABYTE:.2f}",
            f"{result.estimate / GIGABYTE:.2f}",
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
    settings = Settings(**{**options, "threads": tuple(options["threads"])})
    console, results = Console(width=200), []
    for people in populations:
        with console.status(f"{people:,} people"), multiprocessing.get_context("spawn").Pool(1) as process:
            results.append(process.apply(measured, (people, settings)))
    console.print(shown(results, settings))
    if out is not None:
        report: dict[str, Any] = {
            "machine": machine.facts(),
            "settings": asdict(settings),
            "results": [asdict(result) for result in results],
        }
        out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
