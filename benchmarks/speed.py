"""Speed of the ordinary day: our core and engine, their peers, and the limits of the machine, measured together.

    python -m benchmarks.speed [--sizes 1000 10000] [--only core-2 mesa] [--workloads ordinary full] [--repeats 3]
                               [--out FOLDER] [--compare FILE]

At each size, all start from the same stored world with about 60 ties per person, and compile before the measurement.
They are measured in turn, so that other load on the machine affects all alike: `--repeats` stretches each, of whole
weeks if a week takes less than ten seconds. Only our Mesa engine computes measures, because it always does, and none
keeps a log. Results, machine and versions are written to ``speed.json``, which `--compare` reads.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numba
import numpy as np
import psutil
from rich.console import Console

import sim
from benchmarks import machine, speed_report
from benchmarks.competitors import COMPETITORS, Running, label_of
from benchmarks.workloads import ORDINARY, WORKLOADS
from sim.runtime.storage import load_world, save_world

SIZES = (1_000, 10_000, 100_000, 1_000_000)
FLOOR = 20.0  # on one thread, the core must be this many times as fast as our Mesa engine
LONG = 10.0  # seconds; if a week takes longer, stretches are shorter than a week
SPARE = 0.7  # share of the free memory that competitors may use together


def burn_in_years(people: int) -> float:
    """Years of burn-in: few for large worlds, since only their size matters here."""
    return 1.0 if people <= 10_000 else 0.25 if people <= 100_000 else 0.1


def world_of(people: int) -> sim.World:
    """The cached world of this size."""
    threads = min(2, numba.config.NUMBA_NUM_THREADS)
    return sim.worlds.generated(people=people, burn_in_years=burn_in_years(people), seed=1, threads=threads)


# Person-days a second --------------------------------------------------------------------------------------------


def speeds(world: sim.World, entries: list[str], repeats: int, stretch: float) -> dict[str, dict[str, Any]]:
    """Person-days per second of each entry, `repeats` times, measured in turn; or the reason why it is left out.

    An entry is a competitor's name, or ``name/workload`` for workloads with strategies. Entries that do not fit
    into memory together are measured in groups, one group after another.
    """
    results: dict[str, dict[str, Any]] = {}
    able = []
    for entry in entries:
        reason = why_not(entry, world)
        if reason:
            results[entry] = {"not_measured": reason}
        else:
            able.append(entry)
    for group in groups(able, world):
        results |= _in_turn({entry: _made(entry, world) for entry in group}, len(world), repeats, stretch)
        gc.unfreeze()
        gc.collect()
    return {entry: results[entry] for entry in entries}


def entries_of(names: list[str], workloads: list[str]) -> list[str]:
    """Each competitor with each of its workloads, ordinary life first."""
    ordinary = [name for name in names if ORDINARY in workloads]
    others = [workload for workload in workloads if workload != ORDINARY]
    return ordinary + [
        f"{name}/{workload}" for workload in others for name in names if workload in COMPETITORS[name].carries
    ]


def why_not(entry: str, world: sim.World) -> str:
    """The reason why a competitor is not measured in this world; empty if it is."""
    name = entry.partition("/")[0]
    competitor = COMPETITORS[name]
    if len(world) > competitor.most:
        return "too slow at this size"
    if name.endswith("-2") and numba.config.NUMBA_NUM_THREADS < 2:
        return "the machine has one core"
    needed = memory_needed(name, world)
    return f"needs {needed / machine.GIB:.0f} GiB" if needed > free_memory() * SPARE else ""


def memory_needed(entry: str, world: sim.World) -> float:
    """The peak memory of a competitor during its construction, in bytes."""
    return float(COMPETITORS[entry.partition("/")[0]].bytes_a_tie) * float(world.people["degree"].sum())


def free_memory() -> float:
    """The memory available without swapping, in bytes."""
    return float(psutil.virtual_memory().available)


def groups(entries: list[str], world: sim.World) -> Iterator[list[str]]:
    """Yield groups of consecutive entries that fit into memory together."""
    together: list[str] = []
    for entry in entries:
        if together and sum(memory_needed(other, world) for other in [*together, entry]) > free_memory() * SPARE:
            yield together
            together = []
        together = [*together, entry]
    if together:
        yield together


def compile_all(entries: list[str]) -> None:
    """Simulate three weeks of a small world with each, so that all code is compiled, including that of rare events."""
    world = sim.worlds.generated(people=200, burn_in_years=0, seed=1)
    for entry in entries:
        if not why_not(entry, world):
            running = _made(entry, world)
            for _ in range(21):
                running.step()


def _made(entry: str, world: sim.World) -> Running:
    """A competitor after its first day. Its objects are frozen, so that the garbage collector skips them."""
    name, _, workload = entry.partition("/")
    running = COMPETITORS[name].make(WORKLOADS[workload or ORDINARY].on(world), 1)
    running.step()
    gc.freeze()
    return running


def _in_turn(running: dict[str, Running], people: int, repeats: int, stretch: float) -> dict[str, dict[str, Any]]:
    """Measure each, `repeats` times, each time with a different one first."""
    days = {name: _days(_seconds(competitor.step), stretch) for name, competitor in running.items()}
    names = list(running)
    speeds_of: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(repeats):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            took = sum(_seconds(running[name].step) for _ in range(days[name]))
            speeds_of[name].append(people * days[name] / took)
    return {name: {**summary(speeds_of[name]), "days": days[name]} for name in names}


def _days(a_day: float, stretch: float) -> int:
    """The days of a stretch of about this many seconds: whole weeks, unless a week takes long."""
    if 7 * a_day > LONG:
        return max(1, int(LONG / a_day))
    return 7 * max(1, round(stretch / (7 * a_day)))


def _seconds(work: Callable[[], object]) -> float:
    return machine.seconds(work)


def summary(values: list[float]) -> dict[str, Any]:
    """The median, the extremes and all values."""
    return {"median": float(np.median(values)), "min": min(values), "max": max(values), "repeats": values}


# Worlds: memory and time -----------------------------------------------------------------------------------------


def world_costs(people: int) -> dict[str, float]:
    """Seconds to build, burn in for a year, save and load a world; its ties per person and bytes per tie direction.

    The time of a year is extrapolated from two weeks, without compilation. Loading touches every page.
    """
    threads = min(2, numba.config.NUMBA_NUM_THREADS)
    began = time.perf_counter()
    world = sim.worlds.generated(people=people, burn_in_years=0, seed=1, threads=threads)
    built = time.perf_counter() - began
    core = COMPETITORS["core-2" if threads == 2 else "core-1"].make(world, 1)
    core.step()
    burnt = sum(_seconds(core.step) for _ in range(14)) / 14 * 365
    del core
    with tempfile.TemporaryDirectory() as folder:
        saved = _seconds(lambda: save_world(world, Path(folder, "world")))
        loaded = _seconds(lambda: touched(load_world(Path(folder, "world"))))
    ties = float(world.people["degree"].sum())
    return {
        "build": built,
        "burn_in_a_year": burnt,
        "save": saved,
        "load": loaded,
        "ties_a_person": ties / people,
        "bytes_a_tie": sum(getattr(world, name).nbytes for name in world.ARRAYS) / ties,
    }


def touched(world: sim.World) -> int:
    """Read a byte of each page of a world's ties."""
    return int(world.ties.view(np.uint8)[::4_096].sum())


def memory_a_tie(people: int = 1_000) -> dict[str, float]:
    """The memory of each competitor after a day, in bytes per tie direction, including people."""
    world = world_of(people)
    ties = float(world.people["degree"].sum())
    sizes = {}
    for name, competitor in COMPETITORS.items():
        if name.endswith("-2"):
            continue
        competitor.make(world, 1).step()  # compiles code and fills tables, which do not count
        gc.collect()
        tracemalloc.start()
        running = competitor.make(world, 1)
        running.step()
        gc.collect()
        sizes[name] = tracemalloc.get_traced_memory()[0] / ties
        tracemalloc.stop()
        del running
    return sizes


# All of it -------------------------------------------------------------------------------------------------------


def measured(options: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Measure everything. Results are written after each size, since the last one takes longest."""
    console.print("Compiling …")
    compile_all(entries_of(options.only, options.workloads))
    console.print("The machine …")
    results: dict[str, Any] = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine.facts(),
        "limits": machine.limits(),
        "speeds": {},
        "worlds": {},
        "ties_a_person": {},
        "burn_in_years": {},
    }
    for people in options.sizes:
        console.print(f"{people:,} people …")
        world = world_of(people)
        results["ties_a_person"][str(people)] = float(world.people["degree"].mean())
        results["burn_in_years"][str(people)] = burn_in_years(people)
        workloads = (
            options.workloads if people <= options.full else [name for name in options.workloads if name == ORDINARY]
        )
        entries = entries_of(options.only, workloads)
        results["speeds"][str(people)] = speeds(world, entries, options.repeats, options.seconds)
        del world
        if options.worlds and people <= options.worlds:
            results["worlds"][str(people)] = world_costs(people)
        results["load_after"] = [round(load, 2) for load in os.getloadavg()]
        keep(results, options.out)
        for entry, row in results["speeds"][str(people)].items():
            console.print(f"  {label_of(entry)}: {speed_report.cell(row)}", highlight=False)
    if options.worlds:
        results["memory_a_tie"] = memory_a_tie()
    return results


def keep(results: dict[str, Any], folder: Path) -> None:
    """Write the results."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "speed.json").write_text(json.dumps(results, indent=1), encoding="utf-8")


def too_slow(results: dict[str, Any]) -> list[str]:
    """Descriptions of the sizes at which the core is not `FLOOR` times as fast as our Mesa engine."""
    sizes = []
    for people, rows in results["speeds"].items():
        core, engine = (rows.get(name, {}).get("median") for name in ("core-1", "mesa-engine"))
        if core and engine and core < FLOOR * engine:
            sizes.append(f"{core / engine:.1f} times at {int(people):,} people")
    return sizes


def arguments() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="people")
    parser.add_argument("--only", nargs="+", choices=list(COMPETITORS), default=list(COMPETITORS), metavar="NAME")
    parser.add_argument("--workloads", nargs="+", choices=list(WORKLOADS), default=list(WORKLOADS), metavar="NAME")
    parser.add_argument(
        "--full", type=int, default=100_000, help="measure strategies in worlds of up to this many people"
    )
    parser.add_argument(
        "--repeats", type=int, default=3, help="number of stretches of each; use 3 or more for a median"
    )
    parser.add_argument("--seconds", type=float, default=2.0, help="approximate length of a stretch")
    parser.add_argument(
        "--worlds",
        type=int,
        default=1_000_000,
        help="measure the costs of worlds of up to this many people; 0 for none",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("results/bench"), help="folder for the figure and the JSON file"
    )
    parser.add_argument("--compare", type=Path, help="earlier speed.json to compare with")
    return parser.parse_args()


def main() -> bool:
    """Measure, print, draw and save; returns whether the core is fast enough and nothing became slower."""
    options, console = arguments(), Console(width=140)
    earlier = json.loads(options.compare.read_text(encoding="utf-8")) if options.compare else None
    results = measured(options, console)
    console.print(machine.shown(results["limits"]))
    console.print(speed_report.speed_table(results), speed_report.ratio_table(results))
    if any("/" in entry for rows in results["speeds"].values() for entry in rows):
        console.print(speed_report.workload_table(results))
    if options.worlds:
        console.print(speed_report.world_table(results), speed_report.memory_table(results))
    keep(results, options.out)
    speed_report.draw(results, options.out)
    console.print(f"Written: {options.out}/speed.json, .png and .svg")
    slower: list[str] = []
    if earlier is not None:
        table, slower = speed_report.comparison(results, earlier)
        console.print(table)
    slow = too_slow(results)
    if slow:
        console.print(
            f"TOO SLOW: the core is only {' and '.join(slow)} as fast as our Mesa engine; it must be {FLOOR:.0f} times."
        )
    if slower:
        console.print(f"SLOWER than before by more than 10%: {'; '.join(slower)}.")
    return not slow and not slower


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
