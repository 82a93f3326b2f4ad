"""Speed of the ordinary day: our core and engine, their peers, and the limits of the machine, measured together.

    python -m benchmarks.speed [--sizes 1000 10000] [--only core-2 mesa] [--workloads ordinary full] [--repeats 3]
                               [--out FOLDER] [--compare FILE]

At each size, all start from the same stored world with about 60 ties per person, and compile before the measurement.
They
are measured in turn, so that other load on the machine affects all alike: `--repeats` stretches each, of whole weeks
if a week takes less than ten seconds. Only our Mesa engine takes measures, because it always does, and none keeps a
log. Results, machine and versions are written to ``speed.json``, which `--compare` reads.
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
FLOOR = 20.0  # how many times faster than our Mesa engine the core must be on one thread
LONG = 10.0  # seconds: where a week takes longer than this, stretches are shorter
SPARE = 0.7  # of the memory that is free, which competitors may fill at once


def burn_in_years(people: int) -> float:
    """Ordinary life before a world is used: short for large worlds, since only their size matters here."""
    return 1.0 if people <= 10_000 else 0.25 if people <= 100_000 else 0.1


def world_of(people: int) -> sim.World:
    """The kept world of this size."""
    threads = min(2, numba.config.NUMBA_NUM_THREADS)
    return sim.worlds.generated(people=people, burn_in_years=burn_in_years(people), seed=1, threads=threads)


# Person-days a second --------------------------------------------------------------------------------------------


def speeds(world: sim.World, entries: list[str], repeats: int, stretch: float) -> dict[str, dict[str, Any]]:
    """Person-days a second of each of these, `repeats` times, measured in turn; why not, for those left out.

    An entry is a competitor's name, or ``name/workload`` where it is not ordinary life. Those that do not fit into
    memory together are measured in groups, one group after another.
    """
    found: dict[str, dict[str, Any]] = {}
    able = []
    for entry in entries:
        reason = why_not(entry, world)
        if reason:
            found[entry] = {"not_measured": reason}
        else:
            able.append(entry)
    for group in groups(able, world):
        found |= _in_turn({entry: _made(entry, world) for entry in group}, len(world), repeats, stretch)
        gc.unfreeze()
        gc.collect()
    return {entry: found[entry] for entry in entries}


def entries_of(names: list[str], workloads: list[str]) -> list[str]:
    """Each competitor with each of the workloads that it carries, ordinary life first."""
    ordinary = [name for name in names if ORDINARY in workloads]
    others = [workload for workload in workloads if workload != ORDINARY]
    return ordinary + [f"{name}/{one}" for one in others for name in names if one in COMPETITORS[name].carries]


def why_not(entry: str, world: sim.World) -> str:
    """Why a competitor is not measured in this world; empty if it is."""
    name = entry.partition("/")[0]
    competitor = COMPETITORS[name]
    if len(world) > competitor.most:
        return "too slow at this size"
    if name.endswith("-2") and numba.config.NUMBA_NUM_THREADS < 2:
        return "the machine has one core"
    needed = memory_needed(name, world)
    return f"needs {needed / machine.GIB:.0f} GiB" if needed > free_memory() * SPARE else ""


def memory_needed(entry: str, world: sim.World) -> float:
    """Bytes that a competitor takes at most while it is made."""
    return float(COMPETITORS[entry.partition("/")[0]].bytes_a_tie) * float(world.people["degree"].sum())


def free_memory() -> float:
    """Bytes that can be had without swapping."""
    return float(psutil.virtual_memory().available)


def groups(entries: list[str], world: sim.World) -> Iterator[list[str]]:
    """Entries in order, as many together as fit into memory."""
    together: list[str] = []
    for entry in entries:
        if together and sum(memory_needed(one, world) for one in [*together, entry]) > free_memory() * SPARE:
            yield together
            together = []
        together = [*together, entry]
    if together:
        yield together


def compile_all(entries: list[str]) -> None:
    """Let each live three weeks in a small world, so that all is compiled, what only an event needs among it."""
    world = sim.worlds.generated(people=200, burn_in_years=0, seed=1)
    for entry in entries:
        if not why_not(entry, world):
            running = _made(entry, world)
            for _ in range(21):
                running.step()


def _made(entry: str, world: sim.World) -> Running:
    """A competitor that has lived its first day; what was made is no business of the garbage collector."""
    name, _, workload = entry.partition("/")
    running = COMPETITORS[name].make(WORKLOADS[workload or ORDINARY].on(world), 1)
    running.step()
    gc.freeze()
    return running


def _in_turn(running: dict[str, Running], people: int, repeats: int, stretch: float) -> dict[str, dict[str, Any]]:
    """Measure each, repeats times, beginning with another one each time."""
    days = {name: _days(_seconds(one.step), stretch) for name, one in running.items()}
    names = list(running)
    found: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(repeats):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            took = sum(_seconds(running[name].step) for _ in range(days[name]))
            found[name].append(people * days[name] / took)
    return {name: {**summary(found[name]), "days": days[name]} for name in names}


def _days(a_day: float, stretch: float) -> int:
    """Days of a stretch of about this many seconds: whole weeks, unless one takes long."""
    if 7 * a_day > LONG:
        return max(1, int(LONG / a_day))
    return 7 * max(1, round(stretch / (7 * a_day)))


def _seconds(work: Callable[[], object]) -> float:
    return machine.seconds(work)


def summary(values: list[float]) -> dict[str, Any]:
    """Median, extremes and all values."""
    return {"median": float(np.median(values)), "min": min(values), "max": max(values), "repeats": values}


# Worlds: memory and time -----------------------------------------------------------------------------------------


def world_costs(people: int) -> dict[str, float]:
    """Seconds to build a world, to burn it in for a year, to save and to load it; its ties and bytes a tie direction.

    A year is told from two weeks, compiled code taken as given. Loading touches every page.
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
    """Bytes that each competitor holds once it has lived a day, people and all, by tie direction."""
    world = world_of(people)
    ties = float(world.people["degree"].sum())
    found = {}
    for name, competitor in COMPETITORS.items():
        if name.endswith("-2"):
            continue
        competitor.make(world, 1).step()  # what is compiled and tabulated is not held for a tie
        gc.collect()
        tracemalloc.start()
        running = competitor.make(world, 1)
        running.step()
        gc.collect()
        found[name] = tracemalloc.get_traced_memory()[0] / ties
        tracemalloc.stop()
        del running
    return found


# All of it -------------------------------------------------------------------------------------------------------


def measured(asked: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Everything that was asked for; after each size it is on disk, since the last one takes longest."""
    console.print("Compiling …")
    compile_all(entries_of(asked.only, asked.workloads))
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
    for people in asked.sizes:
        console.print(f"{people:,} people …")
        world = world_of(people)
        results["ties_a_person"][str(people)] = float(world.people["degree"].mean())
        results["burn_in_years"][str(people)] = burn_in_years(people)
        workloads = asked.workloads if people <= asked.full else [one for one in asked.workloads if one == ORDINARY]
        entries = entries_of(asked.only, workloads)
        results["speeds"][str(people)] = speeds(world, entries, asked.repeats, asked.seconds)
        del world
        if asked.worlds and people <= asked.worlds:
            results["worlds"][str(people)] = world_costs(people)
        results["load_after"] = [round(one, 2) for one in os.getloadavg()]
        keep(results, asked.out)
        for entry, row in results["speeds"][str(people)].items():
            console.print(f"  {label_of(entry)}: {speed_report.cell(row)}", highlight=False)
    if asked.worlds:
        results["memory_a_tie"] = memory_a_tie()
    return results


def keep(results: dict[str, Any], folder: Path) -> None:
    """Write the results."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "speed.json").write_text(json.dumps(results, indent=1), encoding="utf-8")


def too_slow(results: dict[str, Any]) -> list[str]:
    """At which sizes the core is not `FLOOR` times as fast as our Mesa engine, in words."""
    found = []
    for people, rows in results["speeds"].items():
        core, engine = (rows.get(name, {}).get("median") for name in ("core-1", "mesa-engine"))
        if core and engine and core < FLOOR * engine:
            found.append(f"{core / engine:.1f} times at {int(people):,} people")
    return found


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="people")
    parser.add_argument("--only", nargs="+", choices=list(COMPETITORS), default=list(COMPETITORS), metavar="NAME")
    parser.add_argument("--workloads", nargs="+", choices=list(WORKLOADS), default=list(WORKLOADS), metavar="NAME")
    parser.add_argument("--full", type=int, default=100_000, help="strategies in worlds up to this many people")
    parser.add_argument("--repeats", type=int, default=3, help="stretches of each, 3 or more for a median")
    parser.add_argument("--seconds", type=float, default=2.0, help="about as long as a stretch")
    parser.add_argument(
        "--worlds", type=int, default=1_000_000, help="costs of worlds up to this many people; 0 for none"
    )
    parser.add_argument("--out", type=Path, default=Path("results/bench"), help="folder of table, figure and JSON")
    parser.add_argument("--compare", type=Path, help="an earlier speed.json")
    return parser.parse_args()


def main() -> bool:
    """Measure, print, draw, keep; returns whether the core is fast enough and nothing became slower."""
    asked, console = arguments(), Console(width=140)
    earlier = json.loads(asked.compare.read_text(encoding="utf-8")) if asked.compare else None
    results = measured(asked, console)
    console.print(machine.shown(results["limits"]))
    console.print(speed_report.speed_table(results), speed_report.ratio_table(results))
    if any("/" in entry for rows in results["speeds"].values() for entry in rows):
        console.print(speed_report.workload_table(results))
    if asked.worlds:
        console.print(speed_report.world_table(results), speed_report.memory_table(results))
    keep(results, asked.out)
    speed_report.draw(results, asked.out)
    console.print(f"Written: {asked.out}/speed.json, .png and .svg")
    slower: list[str] = []
    if earlier is not None:
        table, slower = speed_report.comparison(results, earlier)
        console.print(table)
    slow = too_slow(results)
    if slow:
        console.print(
            f"TOO SLOW: the core is {' and '.join(slow)} as fast as our Mesa engine; the floor is {FLOOR:.0f}."
        )
    if slower:
        console.print(f"SLOWER than before by more than a tenth: {'; '.join(slower)}.")
    return not slow and not slower


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
