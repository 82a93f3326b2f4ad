"""Damaged results: no wrong value is ever read, and the sweep makes the damaged runs again.

A small sweep stores runs, series and events. Then one of its files is damaged at a random place: a bit is flipped, a
page is zeroed, or the end is cut off. Readers must return the values that were written, or raise a `StoreError`. The
sweep must set the file aside and report its runs as missing. Some sweeps are really repaired, and their tables are
compared.

    python -m verification.bit_flips [DAMAGES]    prints the results by kind; 10,000 damages by default
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from io import StringIO
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from experiments import cli
from experiments.config.reading import load
from experiments.sweeps import histories, planning, results, runner, store
from experiments.sweeps.design import RunSpec, runs_of
from experiments.sweeps.histories import requested_histories
from experiments.sweeps.store import StoreError

CONFIG = """\
[world]
people = 30
burn_in_years = 0
[run]
adopters = 3
strategy_days = 10
follow_up_days = 0
[sweep]
strategies = ["wait", "check_in"]
replicates = 2
series_days = 5
events = true
"""
PAGES = (512, 4_096)
SWEPT_AGAIN = 500  # one in this many damaged files is repaired by a real sweep
FLIPS = 0.9  # share of damages that flip one bit
OUTCOMES = ("noticed", "harmless", "SILENT", "ESCAPED", "NOT REPAIRED")


class Sweep:
    """A finished sweep, with the bytes of each file and the values that its readers return."""

    def __init__(self, config: Path) -> None:
        self.config, self.folder = config, Path("results/flips")
        self.experiment = load(config)
        assert self.experiment.sweep is not None
        self.runs: list[RunSpec] = runs_of(self.experiment)
        self.histories = requested_histories(self.experiment.sweep)
        self.carry_out()
        (self.folder / "tables").mkdir()
        shutil.copy(self.folder / store.TABLE, self.folder / "tables/flips.parquet")
        self.content = {path: path.read_bytes() for path in sorted(self.folder.rglob("*.parquet"))}
        self.values = {path: self.read(path) for path in self.content}

    def carry_out(self) -> None:
        """Run the sweep in this process."""
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()), suppress(SystemExit):
            cli.main(["sweep", str(self.config)])

    def read(self, path: Path) -> list[pd.DataFrame]:
        """The result of reading a file, and all files that its readers read with it."""
        kind = path.parent.name
        if kind == store.PARTS:
            return [store.finished(self.folder).sort_index(), results.load("flips")]
        if kind in histories.COLUMNS:
            return [results.load("flips", table=kind), results.query("flips", f"SELECT * FROM {kind} ORDER BY ALL")]
        if path.name == store.DESIGN:
            return [results.load("flips")]
        table, origin = store.table_at(path)
        return [table, pd.DataFrame({"origin": [str(origin)]})]

    def sets_aside(self, path: Path) -> bool:
        """Whether a sweep renames a damaged file before it starts, and reports runs as missing if the file had any."""
        if path.parent.name == "tables":
            return True  # it is written again before anything reads it
        prepared = store.prepare(self.folder, [history.table for history in self.histories])
        aside = [*prepared, *histories.set_damaged_aside(self.folder, self.histories)]
        had_runs = path.parent != self.folder
        return [file.stem for file in aside] == [path.stem] and (self.missing() > 0) == had_runs

    def missing(self) -> int:
        """The number of runs that the sweep would make."""
        return len(planning.missing(self.runs, self.folder, self.histories))

    def is_repaired(self) -> bool:
        """Run the sweep again; returns whether nothing is missing and its table is the same as before."""
        self.carry_out()
        table = self.folder / store.TABLE
        return not self.missing() and store.table_at(table)[0].equals(self.values[table][0])

    def restore(self) -> None:
        """Restore the original files."""
        for path in self.folder.rglob("*"):
            if path.is_file() and path not in self.content:
                path.unlink()
        for path, content in self.content.items():
            path.write_bytes(content)


def damaged(content: bytes, rng: random.Random) -> tuple[str, bytes]:
    """The kind of damage, and the damaged content of a file."""
    if rng.random() < FLIPS:
        position, bit = rng.randrange(len(content)), rng.randrange(8)
        return "bit", content[:position] + bytes([content[position] ^ 1 << bit]) + content[position + 1 :]
    if rng.random() < 0.5:
        page = rng.choice(PAGES)
        position = rng.randrange(0, len(content), page)
        return "page", content[:position] + bytes(len(content[position : position + page])) + content[position + page :]
    return "tail", content[: rng.randrange(len(content))]


def outcome(sweep: Sweep, path: Path, again: bool) -> str:
    """The outcome of a damaged file, for its readers and for the sweep, which runs again if `again` is set."""
    try:
        try:
            result = "harmless" if same(sweep.read(path), sweep.values[path]) else "SILENT"
        except StoreError:
            result = "noticed"
        if result == "noticed" and not sweep.sets_aside(path):
            return "NOT REPAIRED"
        return "NOT REPAIRED" if again and not sweep.is_repaired() else result
    except Exception as problem:
        return f"ESCAPED: {type(problem).__name__}"


def same(tables: list[pd.DataFrame], expected: list[pd.DataFrame]) -> bool:
    """Whether readers returned the same tables, bit for bit."""
    return len(tables) == len(expected) and all(
        table.equals(other) for table, other in zip(tables, expected, strict=True)
    )


@contextmanager
def _in_temporary_folder() -> Iterator[None]:
    """Work in a temporary folder, in memory if possible, and run sweeps in threads."""
    before, processes = Path.cwd(), runner.worker_processes
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        os.chdir(folder)
        runner.worker_processes = ThreadPoolExecutor  # type: ignore[assignment]
        try:
            yield
        finally:
            runner.worker_processes = processes
            os.chdir(before)


def main(damages: int = 10_000) -> bool:
    """Damage, read and repair files, and print the outcomes; returns whether all were noticed or harmless."""
    rng, began, console = random.Random(1), time.monotonic(), Console(width=120)
    counts: dict[tuple[str, str], Counter[str]] = {}
    with _in_temporary_folder():
        config = Path("flips.toml")
        config.write_text(CONFIG)
        sweep = Sweep(config)
        paths = list(sweep.content)
        for number in range(damages):
            path = rng.choice(paths)
            kind, content = damaged(sweep.content[path], rng)
            path.write_bytes(content)
            result = outcome(sweep, path, again=number % SWEPT_AGAIN == SWEPT_AGAIN - 1)
            file = path.parent.name if path.parent != sweep.folder else path.stem
            counts.setdefault((file, kind), Counter())[result] += 1
            sweep.restore()
    table, total = Table("file", "damage", *OUTCOMES, title=f"{damages:,} damages"), Counter[str]()
    for (file, kind), count in sorted(counts.items()):
        total += count
        table.add_row(file, kind, *(f"{_with(name, count):,}" for name in OUTCOMES))
    console.print(table)
    errors = ", ".join(f"{result} {many:,}" for result, many in total.items() if result.startswith("ESCAPED"))
    console.print(f"{errors or 'No unexpected error'}. {time.monotonic() - began:.0f} s.", highlight=False)
    return not any(_with(name, total) for name in OUTCOMES[2:])


def _with(name: str, count: Counter[str]) -> int:
    """The number of outcomes that begin with a name; ESCAPED is followed by the type of the error."""
    return sum(many for result, many in count.items() if result.startswith(name))


if __name__ == "__main__":
    sys.exit(not main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
