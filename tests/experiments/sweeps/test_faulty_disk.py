"""What must be true of results whatever the disk, the power and other sweeps do.

Every run whose keeping was reported is read back as it was, or its file is known to be damaged and the run is asked for
again. No reader ever finds a wrong value, and none meets any error but a `StoreError` or an `OSError`.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from experiments.sweeps import histories, integrity, store
from experiments.sweeps.histories import EVENTS, Ended, History
from experiments.sweeps.integrity import FileState
from experiments.sweeps.store import StoreError
from verification.faulty_disk import FAULTS, Disk

LOG = History(EVENTS)
ids = st.lists(st.integers(0, 12), min_size=1, max_size=3, unique=True)
faults = st.sampled_from(FAULTS)
moments = st.integers(0, 25)  # operations of the disk
ACTS = ("keep", "put runs together", "put histories together", "write the design")


def ended(number: int) -> Ended:
    """A run and its history, which its id determines."""
    row = {"id": str(number), "error": None, "traceback": None, "reconnected": number / 3}
    log = {name: [number] * 2 for name in ("event", "source", "target", "time", "in_reply_to")}
    table = pa.table({**log, "kind": ["like"] * 2, "channel": ["feed"] * 2})
    schema = histories.COLUMNS[EVENTS].remove(0)
    return Ended(row, {LOG: table.select(schema.names).cast(schema)})


class Results(RuleBasedStateMachine):
    """A results folder on a faulty disk, and which of its runs must be there."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.patched = pytest.MonkeyPatch()
        self.patched.setattr(store, "MOST_SMALL_PARTS", 2)
        self.kept: set[int] = set()
        self.version = 0  # of the design; 0 is none
        self.tables = [0]  # versions that may be there: the last that was reported as written, and later ones
        self.damaged = self.lied = False

    @initialize(seed=st.integers(0, 2**32))
    def mount(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.disk = Disk(self.folder, self.rng)
        self.mounted = self.disk.mounted()
        self.mounted.__enter__()
        store.prepare(self.folder, [EVENTS])

    def teardown(self) -> None:
        if hasattr(self, "mounted"):
            self.mounted.__exit__(None, None, None)
        self.patched.undo()
        shutil.rmtree(self.folder)

    # What sweeps do ---------------------------------------------------------------------------------------------------

    def keep(self, numbers: list[int]) -> None:
        """As a sweep keeps runs: histories first."""
        histories.add(self.folder, [ended(number) for number in numbers])
        store.add(self.folder, [dict(ended(number).row) for number in numbers])
        self.kept |= set(numbers)

    def set_aside(self) -> None:
        store.prepare(self.folder, [EVENTS])
        histories.set_damaged_aside(self.folder, [LOG])

    def write_design(self) -> None:
        self.version = version = self.version + 1
        self.tables.append(version)
        store.write_design(self.folder, pd.DataFrame({"id": ["a"], "version": [version]}), {"command": "rekindle"})
        self.tables = [version]

    def act(self, kind: str, numbers: list[int]) -> Callable[[], object]:
        """Something that a sweep does; where it is to put parts together, there are enough of them."""
        if "together" in kind:
            for number in range(store.MOST_SMALL_PARTS + 1):
                self.keep([number])
        acts: dict[str, Callable[[], object]] = {
            "keep": lambda: self.keep(numbers),
            "put runs together": lambda: store.put_together(self.folder),
            "put histories together": lambda: histories.put_together(self.folder, [LOG]),
            "write the design": self.write_design,
            "set aside": self.set_aside_and_count,
        }
        return acts[kind]

    @rule(numbers=ids)
    def a_sweep_keeps(self, numbers: list[int]) -> None:
        self.keep(numbers)

    @rule(kind=st.sampled_from(ACTS), numbers=ids, fault=faults, after=moments)
    def a_fault_strikes(self, kind: str, numbers: list[int], fault: str, after: int) -> None:
        act = self.act(kind, numbers)
        with self.disk.strikes(after, fault):
            try:
                act()
            except (OSError, StoreError):
                assert self.disk.struck or self.damaged

    @rule(
        kind=st.sampled_from(ACTS),
        other=st.sampled_from([*ACTS, "set aside"]),
        numbers=ids,
        others=ids,
        after=moments,
    )
    def two_at_once(self, kind: str, other: str, numbers: list[int], others: list[int], after: int) -> None:
        act, between = self.act(kind, numbers), self.act(other, others)
        with self.disk.strikes(after, between):
            act()

    @rule()
    def a_sweep_writes_its_design(self) -> None:
        self.write_design()

    @rule()
    def a_sweep_begins(self) -> None:
        self.set_aside_and_count()
        self.damaged = False
        assert not self.states() & {FileState.DAMAGED, FileState.FOREIGN}
        self.found()

    def set_aside_and_count(self) -> None:
        """Runs of damaged files are run again, so they need not be there; all others must."""
        before = set(self.folder.rglob("*.damaged"))
        self.set_aside()
        if set(self.folder.rglob("*.damaged")) != before:
            assert self.damaged
            self.kept &= self.found()
            self.tables = self.tables if (self.folder / store.DESIGN).exists() else [0]

    # What the world does ----------------------------------------------------------------------------------------------

    @rule(kind=st.sampled_from(["nothing", *ACTS]), numbers=ids, after=moments)
    def the_power_fails(self, kind: str, numbers: list[int], after: int) -> None:
        if kind != "nothing":
            act = self.act(kind, numbers)
            with self.disk.strikes(after, "kill"):
                act()
        self.disk.lose_power()
        self.damaged |= self.lied
        if self.lied:
            self.kept, self.tables, self.lied = set(), list(range(self.version + 1)), False

    @rule(kind=st.sampled_from(ACTS), numbers=ids)
    def the_disk_lies(self, kind: str, numbers: list[int]) -> None:
        act = self.act(kind, numbers)
        self.disk.lies = self.lied = True
        act()
        self.disk.lies = False

    @rule(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), whole=st.booleans())
    def bytes_rot(self, where: float, bit: int, whole: bool) -> None:
        files = sorted(self.folder.rglob("*.parquet"))
        if files:
            self.disk.rot(self.rng.choice(files), where, bit if whole else None)
            self.damaged = True

    # What must be true ------------------------------------------------------------------------------------------------

    @invariant()
    def readers_find_what_was_kept(self) -> None:
        try:
            found = self.found()
        except StoreError:
            assert self.damaged
            return
        assert self.kept <= found or self.damaged

    @invariant()
    def the_design_is_the_last_or_one_that_was_cut_off(self) -> None:
        try:
            version = int(store.read_table(self.folder / store.DESIGN)[0]["version"].item())
        except FileNotFoundError:
            version = 0
        except ValueError:
            assert self.damaged
            return
        assert version in self.tables

    @invariant()
    def verify_knows_of_damage(self) -> None:
        if not self.damaged:
            assert not self.states() & {FileState.DAMAGED, FileState.FOREIGN}

    def states(self) -> set[FileState]:
        files = integrity.files_of(self.folder)
        return {file.state for file in integrity.checked(self.folder, files)}

    def found(self) -> set[int]:
        """Runs that are there whole; each value in them must be that which its id determines."""
        rows = store.finished(self.folder)
        numbers = rows.index.astype(int)
        assert rows.empty or (rows["reconnected"] == numbers / 3).all()
        log = histories.read(self.folder, LOG, set(map(str, range(100))))
        assert (log["time"] == log["id"].astype(int)).all()
        assert (log.groupby("id").size() == 2).all()
        return {int(run) for run in histories.there(self.folder, [LOG])}


TestResults = Results.TestCase
_is_quick = settings().derandomize  # `make explore` has a profile that is not, and takes minutes
TestResults.settings = settings(max_examples=12 if _is_quick else 500, stateful_step_count=12, deadline=None)
