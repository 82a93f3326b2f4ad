"""Reading contact logs from files and tables: validation, sorting and notes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import time as current_time
from typing import TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa

from sim.contact_logs.errors import BadRowError, LogError, Note, counted, in_a_line
from sim.contact_logs.files import COLUMNS as COLUMNS
from sim.contact_logs.files import Table, require_columns, table_of
from sim.contact_logs.ids import Column, Ids, ids_of
from sim.contact_logs.times import Times, brevity, doubts, gap, require_seconds, times_of, usable

Source: TypeAlias = str | os.PathLike[str] | pd.DataFrame


@dataclass(frozen=True, eq=False)
class ContactLog:
    """A contact log sorted by time, without contacts of people with themselves.

    Attributes:
        source, target: numbers of the two people, from 0 in order of first appearance, shape (contacts,).
        time: seconds, ascending, shape (contacts,).
        names: the ids of the people, shape (people,): text, or whole numbers if all ids are.
        notes: remarks, such as on ids that were merged and events that were left out.
    """

    source: np.ndarray
    target: np.ndarray
    time: np.ndarray
    names: np.ndarray
    notes: tuple[Note, ...] = ()

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True, eq=False)
class Rows:
    """All rows of a log, validated, in their original order.

    Attributes:
        name: the name of the log in errors.
        ids: the ids of the two people in each row.
        times: the time of each row.
        also: additional columns; None if the log lacks one of them.
        kept: a mask of the rows that can be used, shape (rows,).
        notes: remarks about the rows.
    """

    name: str
    ids: Ids
    times: Times
    also: pd.DataFrame | None
    kept: np.ndarray
    notes: tuple[Note, ...]

    def chosen(self, rows: np.ndarray) -> Rows:
        """Select rows with a mask, shape (rows,)."""
        return replace(self, kept=self.kept & rows)

    def in_order(self) -> ContactLog:
        """Make a contact log of the rows that can be used.

        Rows with equal ids and times count once, unless times are whole days.

        Raises:
            LogError: if there is no contact between two people.
        """
        rows = np.flatnonzero(self.kept & (self.ids.source != self.ids.target))
        if not len(rows):
            remarks = "".join(f" {note.text}" for note in self.notes)
            raise LogError(
                f"In {self.name}, the source equals the target in every row. A contact log needs at least one contact "
                f"between two people.{remarks}"
            )
        rows = rows[np.argsort(self.times.seconds[rows], kind="stable")]
        equal = _equal_to_earlier(self.ids, self.times, rows)
        notes = list(self.notes)
        if equal.any() and self.times.by_the_day:
            notes.append(Note(f"{counted(int(equal.sum()), 'row equals', 'rows equal')} {_OF_A_DAY}"))
        elif equal.any():
            notes.append(Note(f"{counted(int(equal.sum()), 'row equals', 'rows equal')} {_LEFT_OUT}"))
            rows = rows[~equal]
        people = np.stack([self.ids.source[rows], self.ids.target[rows]], axis=1)
        codes, order = pd.factorize(people.ravel())
        source, target = codes.reshape(-1, 2).T
        return ContactLog(source, target, self.times.seconds[rows], self.ids.names[order], tuple(notes))


_OF_A_DAY = (
    "another in ids and time. Because times are no finer than days, each row counts as a separate contact; delete rows "
    "that are duplicated by mistake."
)
_LEFT_OUT = "an earlier one in ids and time; duplicates count once."


def load(log: Source, *, also: Sequence[str] = (), now: float | None = None) -> Rows:
    """Load the rows of a contact log.

    Args:
        log: the log; see `read_log`.
        also: additional columns to load, if the log has all of them.
        now: the present time in Unix seconds; the clock by default. Events more than a day later are left out.

    Raises:
        LogError: if the log cannot be used. The message names the line (the header is line 1) and says what to do.
    """
    table = _of_table(log, also) if isinstance(log, pd.DataFrame) else table_of(Path(log), also)
    if not len(table):
        raise LogError(f"{table.name} has a header but no rows. A contact log must have at least one row.")
    now = current_time() if now is None else now
    try:
        ids = ids_of(table.columns["source"], table.columns["target"])
        times = times_of(table.columns["time"])
        require_seconds(times, now)
        usable_times = usable(times, now)
    except BadRowError as bad:
        raise LogError(f"{table.where(bad.row)}: {bad.message}") from None
    except pa.ArrowException as problem:
        raise LogError(f"{table.name} cannot be read: {in_a_line(problem)}. The file may be damaged.") from problem
    left_out = [
        note(table.where(row).removeprefix(f"{table.name}, "))
        for row, note in (*usable_times.notes, *gap(times, usable_times.rows))
    ]
    others = {name: _as_series(table.columns[name]) for name in also if name in table.columns}
    return Rows(
        name=table.name,
        ids=ids,
        times=times,
        also=pd.DataFrame(others) if others else None,
        kept=usable_times.rows,
        notes=(*ids.notes, *times.notes, *left_out, *doubts(times, now), *brevity(times, usable_times.rows)),
    )


def read(log: Source, *, now: float | None = None) -> ContactLog:
    """Read a contact log as arrays; see `read_log` for the arguments and errors."""
    return load(log, now=now).in_order()


def read_log(log: Source, *, now: float | None = None) -> pd.DataFrame:
    """Read a contact log, validate it and sort it by time.

    Args:
        log: a CSV file (optionally compressed with gzip), a Parquet file, or a table. It has the columns ``source`` and
            ``target`` (ids: text, whole numbers or anything hashable) and ``time`` (Unix seconds, timestamps or dates).
            Other columns are ignored.
        now: the present time in Unix seconds; the clock by default. Events more than a day later are left out.

    Returns:
        The three columns, sorted by time (rows with equal times keep their order), with times in seconds and without
        contacts of people with themselves. Rows that are equal in all three columns count once, unless times are whole
        days. Ids from a CSV file are text as written. ``attrs["notes"]`` has remarks about the log.

    Raises:
        LogError: if the file cannot be read, lacks a column or has an invalid value. The message names the line (the
            header is line 1).
    """
    contacts = read(log, now=now)
    columns = (contacts.names[contacts.source], contacts.names[contacts.target], contacts.time)
    table = pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))
    table.attrs["notes"] = [str(note) for note in contacts.notes]
    return table


def _of_table(table: pd.DataFrame, also: Sequence[str]) -> Table:
    require_columns(list(table.columns), "the table")
    wanted = [*COLUMNS, *(also if all(list(table.columns).count(name) == 1 for name in also) else ())]
    columns = {name: table[name].reset_index(drop=True) for name in wanted}
    return Table(columns, "the table", lambda row: f"the table, row {row} (counted from 0)")


def _as_series(column: Column) -> pd.Series:
    return column if isinstance(column, pd.Series) else column.to_pandas()


def _equal_to_earlier(ids: Ids, times: Times, rows: np.ndarray) -> np.ndarray:
    """A mask of the rows, sorted by time, that equal an earlier one in ids and in time as written, shape (rows,)."""
    seconds = times.seconds[rows]
    same = seconds[1:] == seconds[:-1]
    near = np.flatnonzero(np.append(same, False) | np.append(False, same))
    few = rows[near]
    exact = seconds[near] if times.exact is None else times.exact(few)
    table = pd.DataFrame({"source": ids.source[few], "target": ids.target[few], "time": exact})
    equal = np.zeros(len(rows), bool)
    equal[near] = table.duplicated().to_numpy()
    return equal
