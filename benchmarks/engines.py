"""Person-days a second of both engines, in one process, over the same weeks of the same worlds.

A world lives half a year of ordinary life on the core; then each engine goes on from it, week by week, under `wait`,
the core on one thread. Both keep measures; loading a world, and compiling, are left out.

    python -m benchmarks.engines [PEOPLE ...]     1,000 and 10,000 if not said
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable

import numba
import numpy as np
from rich.console import Console
from rich.table import Table

import sim
from sim.day import Core
from sim.measures import Watch
from sim.run import begin

FLOOR = 20.0  # how many times faster the core must be
DAYS = 7
WEEKS = 4
ENGINES = ("core", "Mesa")


def core_day(world: sim.World) -> Callable[[], object]:
    """A day on the core, measures taken, at each call."""
    start, who = begin(
        world, strategy="wait", adopters=20, seed=1, parameters=None, strategy_days=None, extra=[], days=None
    )
    core, watch = Core(start, seed=1), Watch(start, adopters=who, within=None, injected=False, series=False)
    return lambda: watch.observe(core.step())


def mesa_day(world: sim.World) -> Callable[[], object]:
    """The same on Mesa."""
    return sim.ReconnectionModel(world=world, strategy="wait", adopters=20, seed=1).step


def speeds(day: Callable[[], object], people: int) -> np.ndarray:
    """Person-days a second in each of the first weeks."""
    found = []
    for _ in range(WEEKS):
        began = time.perf_counter()
        for _ in range(DAYS):
            day()
        found.append(people * DAYS / (time.perf_counter() - began))
    return np.array(found)


def measured(people: int) -> dict[str, np.ndarray]:
    """Speeds of both engines in a world of this size."""
    world = sim.worlds.generated(people=people, burn_in_years=0.5, seed=1, threads=1, cache=False)
    core_day(world)()  # compiled from here on
    return {"core": speeds(core_day(world), people), "Mesa": speeds(mesa_day(world), people)}


def main(sizes: list[int]) -> bool:
    """Measure and print; returns whether the core is fast enough at every size."""
    numba.set_num_threads(1)
    table = Table(title="person-days a second, weeks of ordinary life", caption=machine())
    table.add_column("people", justify="right")
    for engine in ENGINES:
        table.add_column(f"{engine}: median", justify="right")
        table.add_column("best", justify="right")
        table.add_column("worst", justify="right")
    table.add_column("core / Mesa", justify="right")
    table.add_column("weakest", justify="right")
    slow = []
    for people in sizes:
        found = measured(people)
        medians = [np.median(found[engine]) for engine in ENGINES]
        weakest = found["core"].min() / found["Mesa"].max()
        row = [f"{pick(found[engine]):,.0f}" for engine in ENGINES for pick in (np.median, np.max, np.min)]
        table.add_row(f"{people:,}", *row, f"{medians[0] / medians[1]:.1f} x", f"{weakest:.1f} x")
        if medians[0] < FLOOR * medians[1]:
            slow.append(f"{medians[0] / medians[1]:.1f} times at {people:,} people")
    console = Console(width=120)
    console.print(table)
    if slow:
        console.print(f"TOO SLOW: the core is {' and '.join(slow)} as fast as Mesa; the floor is {FLOOR:.0f} times.")
    else:
        console.print(f"The core is more than {FLOOR:.0f} times as fast at every size.")
    return not slow


def machine() -> str:
    """Where this was measured, and how busy it was."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return f"one thread of {os.cpu_count()} cores ({platform.machine()}); load {load}; Numba {numba.__version__}"


if __name__ == "__main__":
    sys.exit(0 if main([int(size) for size in sys.argv[1:]] or [1_000, 10_000]) else 1)
