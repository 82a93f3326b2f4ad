"""Damaged results: no wrong value is ever read, and the sweep makes the damaged runs again.

A small sweep stores runs, series and events. Then one of its files is damaged at a random place: a bit is flipped, a
page is zeroed, or the end is cut off. Readers must return the values that were written, or raise a `StoreError`. The
sweep must set the file aside and find its runs missing. Now and then the sweep is really repaired, and its table
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
SWEPT_AGAIN = 500  # one in this many damages is repaired by a real sweep
FLIPS = 0.9  # the share of damages that are one bit
OUTCOMES = ("noticed", "harmless", "SILENT", "ESCAPED", "NOT HEALED")


class Sweep:
    """A finished sweep, what its readers find, and which file holds which runs."""

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
        self.found = {path: self.read(path) for path in self.content}

    def carry_out(self) -> None:
        """The sweep, in this process."""
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
        """Whether a sweep, before its work, gives a damaged file another name, and misses runs if it held any."""
        if path.parent.name == "tables":
            return True  # nobody reads it before it is written again
        prepared = store.prepare(self.folder, [history.table for history in self.histories])
        aside = [*prepared, *histories.set_damaged_aside(self.folder, self.histories)]
        held_runs = path.parent != self.folder
        return [one.stem for one in aside] == [path.stem] and (self.missing() > 0) == held_runs

    def missing(self) -> int:
        """How many runs a sweep would make."""
        return len(planning.missing(self.runs, self.folder, self.histories))

    def is_mended(self) -> bool:
        """Make the sweep again; whether nothing is missing and its table is what it was."""
        self.carry_out()
        table = self.folder / store.TABLE
        return not self.missing() and store.table_at(table)[0].equals(self.found[table][0])

    def restore(self) -> None:
        """The files as they were."""
        for path in self.folder.rglob("*"):
            if path.is_file() and path not in self.content:
                path.unlink()
        for path, content in self.content.items():
            path.write_bytes(content)


def damaged(content: bytes, rng: random.Random) -> tuple[str, bytes]:
    """A file with something wrong, and what that is."""
    if rng.random() < FLIPS:
        at, bit = rng.randrange(len(content)), rng.randrange(8)
        return "bit", content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :]
    if rng.random() < 0.5:
        page = rng.choice(PAGES)
        at = rng.randrange(0, len(content), page)
        return "page", content[:at] + bytes(len(content[at : at + page])) + content[at + page :]
    return "tail", content[: rng.randrange(len(content))]


def outcome(sweep: Sweep, path: Path, again: bool) -> str:
    """What came of a damaged file: for its readers first, then for the sweep, which is made again if that is asked."""
    try:
        try:
            seen = "harmless" if same(sweep.read(path), sweep.found[path]) else "SILENT"
        except StoreError:
            seen = "noticed"
        if seen == "noticed" and not sweep.sets_aside(path):
            return "NOT HEALED"
        return "NOT HEALED" if again and not sweep.is_mended() else seen
    except Exception as problem:
        return f"ESCAPED: {type(problem).__name__}"


def same(found: list[pd.DataFrame], expected: list[pd.DataFrame]) -> bool:
    """Whether readers found the same, bit for bit."""
    return len(found) == len(expected) and all(one.equals(two) for one, two in zip(found, expected, strict=True))


@contextmanager
def _elsewhere() -> Iterator[None]:
    """In a folder in the memory, where there is one; the sweeps are in threads."""
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
    """Damage, read and mend; print what came of it. Returns whether nothing was silent, escaped or stayed broken."""
    rng, began, console = random.Random(1), time.monotonic(), Console(width=120)
    counts: dict[tuple[str, str], Counter[str]] = {}
    with _elsewhere():
        config = Path("flips.toml")
        config.write_text(CONFIG)
        sweep = Sweep(config)
        paths = list(sweep.content)
        for number in range(damages):
            path = rng.choice(paths)
            kind, content = damaged(sweep.content[path], rng)
            path.write_bytes(content)
            came = outcome(sweep, path, again=number % SWEPT_AGAIN == SWEPT_AGAIN - 1)
            of = path.parent.name if path.parent != sweep.folder else path.stem
            counts.setdefault((of, kind), Counter())[came] += 1
            sweep.restore()
    table, in_all = Table("file", "damage", *OUTCOMES, title=f"{damages:,} damages"), Counter[str]()
    for (of, kind), count in sorted(counts.items()):
        in_all += count
        table.add_row(of, kind, *(f"{_with(name, count):,}" for name in OUTCOMES))
    console.print(table)
    errors = ", ".join(f"{came} {many:,}" for came, many in in_all.items() if came.startswith("ESCAPED"))
    console.print(f"{errors or 'No error escaped'}. {time.monotonic() - began:.0f} s.", highlight=False)
    return not any(_with(name, in_all) for name in OUTCOMES[2:])


def _with(name: str, count: Counter[str]) -> int:
    """How many outcomes begin with a name: escapes say after it which error it was."""
    return sum(many for came, many in count.items() if came.startswith(name))


if __name__ == "__main__":
    sys.exit(not main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
