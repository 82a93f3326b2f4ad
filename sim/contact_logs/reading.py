"""Contact logs: who turned to whom and when, read from files and tables, checked and in order."""

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
    """A contact log in order of time, without contacts of people with themselves.

    Attributes:
        source, target: numbers of people from 0, in order of first appearance; shape (contacts,).
        time: seconds, ascending, shape (contacts,).
        names: the ids of the people, shape (people,): text, or whole numbers where a table has no others.
        notes: what there is to know about it: ids that were joined, events that were left out.
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
    """All rows of a log, checked, in the order in which they were written.

    Attributes:
        name: what the log is called.
        ids: of the two people in each.
        times: of each.
        also: other columns that were wanted; None if the log lacks one of them.
        kept: which rows can be used, shape (rows,).
        notes: what there is to know about them.
    """

    name: str
    ids: Ids
    times: Times
    also: pd.DataFrame | None
    kept: np.ndarray
    notes: tuple[Note, ...]

    def chosen(self, rows: np.ndarray) -> Rows:
        """Those of them that are flagged; ``rows`` of shape (rows,)."""
        return replace(self, kept=self.kept & rows)

    def in_order(self) -> ContactLog:
        """The log that these rows are.

        Rows that are equal in ids and time count once, but for times that are whole days.

        Raises:
            LogError: there is no contact between two people.
        """
        rows = np.flatnonzero(self.kept & (self.ids.source != self.ids.target))
        if not len(rows):
            said = "".join(f" {note.text}" for note in self.notes)
            raise LogError(
                f"In {self.name} every source is its own target. A world needs at least one contact between two people."
                f"{said}"
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
    "another in ids and time. As times are no finer than days, each is taken for a contact of its own; remove rows "
    "that are there twice by mistake."
)
_LEFT_OUT = "an earlier one in ids and time, and count once with it."


def load(log: Source, *, also: Sequence[str] = (), now: float | None = None) -> Rows:
    """The rows of a contact log.

    Args:
        log: see `read_log`.
        also: other columns, wanted if the log has all of them.
        now: unix seconds; the clock if None. What is more than a day later is in the future, and left out.

    Raises:
        LogError: the log cannot be used; the text names the line (the header is line 1) and what to do.
    """
    table = _of_table(log, also) if isinstance(log, pd.DataFrame) else table_of(Path(log), also)
    if not len(table):
        raise LogError(f"{table.name} has its columns but no rows: there is nobody to make a world of.")
    now = current_time() if now is None else now
    try:
        ids = ids_of(table.columns["source"], table.columns["target"])
        times = times_of(table.columns["time"])
        require_seconds(times, now)
        found = usable(times, now)
    except BadRowError as bad:
        raise LogError(f"{table.where(bad.row)}: {bad.said}") from None
    except pa.ArrowException as problem:
        raise LogError(f"{table.name} cannot be read: {in_a_line(problem)}. It may be damaged.") from problem
    left_out = [
        note(table.where(row).removeprefix(f"{table.name}, ")) for row, note in (*found.notes, *gap(times, found.rows))
    ]
    others = {name: _as_series(table.columns[name]) for name in also if name in table.columns}
    return Rows(
        name=table.name,
        ids=ids,
        times=times,
        also=pd.DataFrame(others) if others else None,
        kept=found.rows,
        notes=(*ids.notes, *times.notes, *left_out, *doubts(times, now), *brevity(times, found.rows)),
    )


def read(log: Source, *, now: float | None = None) -> ContactLog:
    """A contact log as arrays; see `read_log` and `load`."""
    return load(log, now=now).in_order()


def read_log(log: Source, *, now: float | None = None) -> pd.DataFrame:
    """A contact log, checked and in order.

    Args:
        log: a CSV file, packed with gzip or not, a Parquet file, or a table, with the columns ``source``, ``target``
            (ids: text, whole numbers, anything hashable) and ``time`` (unix seconds, timestamps, dates). Other columns
            are left out.
        now: unix seconds; the clock if None. Events more than a day later are left out.

    Returns:
        The three columns in order of time (rows of one time stay as they were), times in seconds, without contacts of
        people with themselves. Rows that are equal in all three count once, but for times that are whole days. Ids of a
        CSV are text as written. What there is to know about the log is in ``attrs["notes"]``, sentences.

    Raises:
        LogError: the file cannot be read, lacks a column or holds a bad value; names the line (the header is line 1).
    """
    found = read(log, now=now)
    columns = (found.names[found.source], found.names[found.target], found.time)
    table = pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))
    table.attrs["notes"] = [str(note) for note in found.notes]
    return table


def _of_table(table: pd.DataFrame, also: Sequence[str]) -> Table:
    require_columns(list(table.columns), "the table")
    wanted = [*COLUMNS, *(also if all(list(table.columns).count(name) == 1 for name in also) else ())]
    columns = {name: table[name].reset_index(drop=True) for name in wanted}
    return Table(columns, "the table", lambda row: f"the table, row {row} (counted from 0)")


def _as_series(column: Column) -> pd.Series:
    return column if isinstance(column, pd.Series) else column.to_pandas()


def _equal_to_earlier(ids: Ids, times: Times, rows: np.ndarray) -> np.ndarray:
    """Which rows, in order of time, are equal to an earlier one in ids and in time, as exactly as it is written."""
    seconds = times.seconds[rows]
    same = seconds[1:] == seconds[:-1]
    near = np.flatnonzero(np.append(same, False) | np.append(False, same))
    few = rows[near]
    exact = seconds[near] if times.exact is None else times.exact(few)
    table = pd.DataFrame({"source": ids.source[few], "target": ids.target[few], "time": exact})
    equal = np.zeros(len(rows), bool)
    equal[near] = table.duplicated().to_numpy()
    return equal
