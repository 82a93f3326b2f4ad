"""Randomly damaged worlds in the cache: every change is detected, and no world that loads crashes a run.

    python -m verification.damaged_worlds [FLIPS] [RUNS]

First, files of a stored world are changed on disk (bits flipped, pages zeroed, files cut off, exchanged and removed),
and loading it must fail with a message. Then bits of the arrays are flipped and the manifest is corrected, as if the
world had been written that way. If such a world loads, it must run for some days. Each run has its own process, which
can crash.
"""

from __future__ import annotations

import json
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

import sim
from sim.runtime import storage
from sim.runtime.fingerprint import worlds_fingerprint
from sim.runtime.storage import WorldError, load_world, save_world
from sim.state.population import World

FLIPS, RUNS = 5_000, 300
DAYS = 3
SECONDS = 120  # time limit of a run
GIGABYTES = 8  # memory limit of a run
BUSY = {"host_event": 0.3, "start_meetup": 0.3, "handwritten_notes": 0.2, "show_up": 0.2}


def busy_world(seed: int) -> World:
    """A small world with something in every array."""
    few = sim.Parameters(ties_at_start=12, community_size=20, industries=3, effort_minutes=900, tie_capacity=20)
    young = sim.worlds.generated(people=60, burn_in_years=0, seed=seed, parameters=few, cache=False)
    return sim.simulate(young, days=40, strategy=BUSY, adopters=20, seed=seed, series=False).world


# Files ------------------------------------------------------------------------------------------------------------


def changed(content: bytes, other: bytes, draw: random.Random) -> tuple[str, bytes | None]:
    """A kind of damage, and the damaged content of a file; None if the file is removed."""
    position = draw.randrange(len(content))
    kind = draw.choices(
        ["bit", "ten bits", "zeroed page", "cut off", "exchanged", "removed", "grown"], [75, 10, 5, 4, 3, 1, 2]
    )[0]
    raw = bytearray(content)
    if kind == "bit":
        raw[position] ^= 1 << draw.randrange(8)
    elif kind == "ten bits":
        for _ in range(10):
            raw[draw.randrange(len(raw))] ^= 1 << draw.randrange(8)
    elif kind == "zeroed page":
        start = position // 4_096 * 4_096
        raw[start : start + 4_096] = bytes(len(raw[start : start + 4_096]))
    elif kind == "cut off":
        del raw[position:]
    elif kind == "exchanged":
        raw = bytearray(other)
    elif kind == "grown":
        raw += bytes(draw.randrange(1, 5_000))
    return kind, None if kind == "removed" else bytes(raw)


def damage_files(flips: int) -> bool:
    """Repeatedly change a file, load the world, and restore the file; returns whether every change was noticed."""
    draw, outcomes, kinds = random.Random(1), Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory() as scratch:
        folder, other = Path(scratch, "world"), Path(scratch, "other")
        save_world(busy_world(3), folder, {"seed": 3})
        save_world(busy_world(4), other, {"seed": 4})
        files = {path: path.read_bytes() for path in sorted(folder.iterdir())}
        world, paths = load_world(folder), list(files)
        for _ in range(flips):
            path = draw.choices(paths, [1 + len(content) for content in files.values()])[0]
            if draw.random() < 0.5:
                path = draw.choice(paths)
            kind, content = changed(files[path], (other / path.name).read_bytes(), draw)
            if content == files[path]:
                outcomes["nothing changed"] += 1
                continue
            path.unlink()
            if content is not None:
                path.write_bytes(content)
            kinds[kind] += 1
            try:
                outcomes["SILENT DIFFERENCE" if load_world(folder).differences(world) else "silent"] += 1
            except WorldError:
                outcomes["noticed"] += 1
            except BaseException as escape:
                outcomes["escape"] += 1
                print(f"unexpected {escape!r}: {path.name}, {kind}")
            path.unlink(missing_ok=True)
            path.write_bytes(files[path])
        assert load_world(folder) == world
    print(f"{flips:,} changed files: {dict(outcomes)}; by kind {dict(kinds)}")
    return not (outcomes["silent"] + outcomes["silent difference"] + outcomes["escape"])


# Arrays with a matching manifest -----------------------------------------------------------------------------------


def seal(folder: Path) -> None:
    """Write a manifest that matches the present content of the files."""
    (folder / "manifest.json").unlink()
    entries = {path.name: storage._flushed_entry(path) for path in sorted(folder.iterdir())}
    (folder / "manifest.json").write_text(storage._manifest(entries, worlds_fingerprint()))


def flipped(world: World, draw: random.Random) -> tuple[World, str]:
    """A world with a few flipped bits or an extreme value in one column, and the name of the column."""
    world = world.copy()
    array = getattr(world, name := draw.choice(World.ARRAYS))
    column = draw.choice(array.dtype.names)
    for _ in range(draw.choice([1, 1, 1, 3])):
        row = draw.randrange(len(array))
        values = np.atleast_1d(np.array(array[column][row]))
        raw = values.view(np.uint8)
        if draw.random() < 0.8:
            raw[draw.randrange(len(raw))] ^= 1 << draw.randrange(8)
        else:
            raw[:] = draw.choice([0, 255, 127, 128])
        array[column][row] = values if array[column].ndim > 1 else values[0]
    return world, f"{name}.{column}"


def run_damaged(start: int, stop: int) -> None:
    """Write, load and run damaged worlds number `start` to `stop`; prints a line of JSON with each outcome."""
    resource.setrlimit(resource.RLIMIT_AS, (GIGABYTES * 10**9,) * 2)
    world = busy_world(3)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "world")
        for number in range(start, stop):
            broken, column = flipped(world, random.Random(number))
            shutil.rmtree(folder, ignore_errors=True)
            save_world(broken, folder)
            seal(folder)
            print(json.dumps([number, column, "begun"]), flush=True)
            signal.alarm(SECONDS)  # kills the process if it takes too long
            try:
                loaded = load_world(folder)
                sim.simulate(loaded, days=DAYS, seed=1)
                result = "unchanged" if loaded == world else "ran"
            except WorldError:
                result = "rejected"
            except MemoryError:
                result = "out of memory"
            signal.alarm(0)
            print(json.dumps([number, column, result]), flush=True)


def damage_arrays(runs: int) -> bool:
    """Run damaged worlds in other processes; returns whether every run ended or was rejected."""
    results, done = Counter[str](), 0
    while done < runs:
        command = [sys.executable, "-m", "verification.damaged_worlds", "--run", str(done), str(runs)]
        child = subprocess.run(command, capture_output=True, text=True)
        lines = [json.loads(line) for line in child.stdout.splitlines() if line.startswith("[")]
        results.update(result for _, _, result in lines if result != "begun")
        if not lines:
            print(child.stderr)
            return False
        number, column, last = lines[-1]
        done = number + 1
        if last == "begun":
            how = "did not end" if child.returncode == -signal.SIGALRM else f"ended with exit code {child.returncode}"
            results["crash or hang"] += 1
            print(f"run {number} {how}: {column}\n{child.stderr[-500:]}")
    print(f"{runs:,} worlds with flipped bits and a matching manifest: {dict(results)}")
    return not results["crash or hang"]


def main(flips: int = FLIPS, runs: int = RUNS) -> bool:
    """Damage worlds in both ways; returns whether no damage went unnoticed."""
    return all([damage_files(flips), damage_arrays(runs)])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        run_damaged(*map(int, sys.argv[2:4]))
    else:
        sys.exit(0 if main(*map(int, sys.argv[1:3])) else 1)
