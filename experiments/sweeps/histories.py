"""Optional histories of runs: a time series of measures, the contact log, and the outcomes of each person.

    results/NAME/series/HASH.parquet   some runs, one row per saved day
    results/NAME/events/HASH.parquet   some runs, one row per gesture
    results/NAME/people/HASH.parquet   some runs, one row per person

Histories are stored next to the parts of runs and protected in the same way. They may be larger than memory, so they
are written as runs end, and read one part at a time. The footer of a part lists the runs in it, including those without
a row, and has its own checksum, so that the contents are known without reading the file. A part is named by a hash of
the file, so damage is noticed before a row is used. If two parts have the same run, only one of them is read.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import sim
from experiments.config.settings import SweepSettings
from experiments.sweeps import checksums, store
from experiments.sweeps.checksums import DamagedError
from experiments.sweeps.store import StoreError
from sim.runtime.atomic_files import write_named

SERIES, EVENTS, PEOPLE = "series", "events", "people"
SMALL = 8_000_000  # smaller parts (in bytes) are merged
VERSION = 3  # of the parts
_READABLE = (2, VERSION)  # version 2 lacks some columns, which are missing values
# Outcomes of each person; a list of its own, so that a new measure leaves the format as it is.
_OF_PERSONS = (
    "dormant_at_start", "reconnected", "kept_up", "revived", "kept", "kept_new", "kept_all",
    "began_in_feed", "feed_to_person", "active_ties", "two_step_reach", "new_ties", "sent", "initiated",
    "answered", "contact_share", "days_to_first_reconnection", "industry_rank", "industry_rank_two_steps",
    "minutes_planned", "minutes_used", "minutes_lost", "used_share",
)  # fmt: skip
_COUNTED = ("sent", "answered", "new_ties", "reconnected", "active_ties", "revived")
COLUMNS = {
    SERIES: pa.schema(
        [
            ("id", pa.string()),
            ("day", pa.int64()),
            *((prefix + name, pa.float64()) for name in _COUNTED for prefix in ("", "everyone_")),
            *((name, pa.float64()) for name in ("industry_rank", "focal_reconnected", "focal_sold")),
        ]
    ),
    EVENTS: pa.schema(
        [
            ("id", pa.string()),
            ("event", pa.int64()),
            ("source", pa.int32()),
            ("target", pa.int32()),
            ("time", pa.int64()),
            ("kind", pa.string()),
            ("channel", pa.string()),
            ("in_reply_to", pa.int64()),
        ]
    ),
    PEOPLE: pa.schema(
        [
            ("id", pa.string()),
            ("person", pa.int32()),
            ("adopter", pa.bool_()),
            *((name, pa.float64()) for name in _OF_PERSONS),
        ]
    ),
}
_GROWING = ("day", "event", "time", "in_reply_to")  # columns stored as differences, which takes a third of the space
_FOOTER = b"rekindle-histories"


class History(NamedTuple):
    """A kind of history: ``series``, ``events`` or ``people``, and for a series the days between its rows."""

    table: str
    days: int = 0

    def __str__(self) -> str:
        return f"{self.table} (every {self.days:,} days)" if self.days else self.table


class Ended(NamedTuple):
    """A run that has ended: its row, and the tables of its histories (none if it failed)."""

    row: store.Row
    histories: Mapping[History, pa.Table]


class Stored(NamedTuple):
    """The amount of a history in a folder: runs, files and their size in bytes."""

    history: History
    runs: int
    files: int
    size: int


class _Part(NamedTuple):
    path: Path
    size: int
    days: int
    ids: list[str]


def requested_histories(sweep: SweepSettings) -> tuple[History, ...]:
    """The histories that a sweep saves."""
    series = (History(SERIES, sweep.series_days),) if sweep.series_days else ()
    events = (History(EVENTS),) if sweep.events else ()
    return (*series, *events, *((History(PEOPLE),) if sweep.people else ()))


def options(histories: Collection[History]) -> dict[str, bool]:
    """The options of `sim.simulate` that record these histories; they change nothing else in the run."""
    tables = {history.table for history in histories}
    return {"series": SERIES in tables, "log": EVENTS in tables}


def of_run(result: sim.Run, histories: Collection[History]) -> dict[History, pa.Table]:
    """The histories of a run, without its id; a series has the days 0, N, 2 N, … and the last."""
    return {history: _table(history, result) for history in histories}


def _table(history: History, result: sim.Run) -> pa.Table:
    if history.table == EVENTS:
        assert result.log is not None
        rows = result.log.rename_axis("event").reset_index()
    elif history.table == PEOPLE:
        rows = result.people
    else:
        assert result.measures.series is not None
        days = result.measures.series.reset_index()
        rows = days[(days["day"] % history.days == 0) | (days["day"] == days["day"].max())]
    return pa.Table.from_pandas(rows, columns_of(history.table), preserve_index=False).replace_schema_metadata()


def columns_of(table: str) -> pa.Schema:
    """The columns of a history of one run, without the run's id."""
    return COLUMNS[table].remove(0)


def set_damaged_aside(folder: Path, histories: Iterable[History]) -> list[Path]:
    """Check every byte of these histories and rename damaged parts; returns their new paths.

    Raises:
        StoreError: if a part is of another version.
    """
    damaged = (path for history in histories for path in paths(folder, history.table) if is_damaged(path))
    return [renamed for path in damaged if (renamed := store.set_aside(path))]


def paths(folder: Path, table: str) -> list[Path]:
    """The paths of the parts of a history."""
    return sorted((folder / table).glob("*.parquet"))


def is_damaged(path: Path) -> bool:
    """Whether a part is damaged; every byte is read.

    Raises:
        StoreError: if it is of another version.
    """
    try:
        if not checksums.has_its_name(path):
            return True
        _part(path)  # raises if it is of another version
    except DamagedError:
        return True
    except FileNotFoundError:  # another sweep has just merged parts
        pass
    return False


def _part(path: Path) -> _Part:
    """The contents of a part, from its footer.

    Raises:
        FileNotFoundError: if it is gone.
        DamagedError: if it is damaged, or not a part.
        StoreError: if it is of another version.
        OSError: if it cannot be read for a reason other than damage.
    """
    try:
        with path.open("rb") as file:
            footer = json.loads(pq.read_metadata(file).metadata[_FOOTER])
        version, check = footer["version"], footer.pop("check", None)  # earlier versions have no check
        part = _Part(path, path.stat().st_size, int(footer["days"]), list(map(str, footer["ids"])))
    except Exception as problem:  # damaged bytes can raise anything, including RecursionError and MemoryError
        raise _judged(path, problem) from None
    if check not in (None, _check_of(footer)):
        raise DamagedError(f"{path} is damaged")
    if version not in _READABLE:
        if not checksums.has_its_name(path):
            raise DamagedError(f"{path} is damaged")
        raise StoreError(
            f"{path} was written by another version of this program (its histories have format {version}, and this "
            f"version reads {VERSION}). Move or delete {path.parent}, and run the sweep again."
        )
    return part


def _judged(path: Path, problem: Exception) -> Exception:
    """A `DamagedError`, or the original exception if it does not indicate damage."""
    if isinstance(problem, OSError) and problem.errno is not None:
        return checksums.judged(path, problem)
    return DamagedError(f"{path} is damaged, or not a part of a sweep")


def _check_of(footer: Mapping[str, Any]) -> str:
    return checksums.name_of(json.dumps(footer, sort_keys=True).encode())


def _parts(folder: Path, table: str) -> list[_Part]:
    while True:
        try:
            return [_part(path) for path in paths(folder, table)]
        except FileNotFoundError:  # another sweep has just merged parts
            continue
        except DamagedError as error:
            raise store.damaged(folder, error) from None


def parts_by_run(folder: Path, history: History) -> dict[str, Path]:
    """The part from which each run's history is read, by the run's id; only one if several parts have it.

    Raises:
        StoreError: if a part is damaged or of another version.
    """
    return _holders([part for part in _parts(folder, history.table) if part.days == history.days])


def _holders(parts: Sequence[_Part]) -> dict[str, Path]:
    return {run: part.path for part in parts for run in part.ids}


def there(folder: Path, histories: Iterable[History], finished: Iterable[str] | None = None) -> set[str]:
    """The ids of the runs that are complete in a folder: with their row and each of these histories.

    Args:
        folder: the results folder.
        histories: the histories.
        finished: ids of the runs that have a row, if they have been read already.

    Raises:
        StoreError: if a part is damaged or of another version.
    """
    rows = store.finished(folder, ["seconds"]).index if finished is None else finished
    return set(rows).intersection(*(parts_by_run(folder, history) for history in histories))


def stored(folder: Path) -> list[Stored]:
    """The histories in a folder, over the runs of all sweeps.

    Raises:
        StoreError: if a part is damaged or of another version.
    """
    found = []
    for table in COLUMNS:
        parts = _parts(folder, table)
        for days in sorted({part.days for part in parts}):
            mine = [part for part in parts if part.days == days]
            size = sum(part.size for part in mine)
            found.append(Stored(History(table, days), len(_holders(mine)), len(mine), size))
    return found


def read(folder: Path, history: History, ids: Collection[str]) -> pd.DataFrame:
    """The history of these runs as far as it exists, each run in its original order; the columns are in `COLUMNS`.

    Raises:
        StoreError: if a part is damaged or of another version.
    """
    while True:
        wanted = {run: path for run, path in parts_by_run(folder, history).items() if run in ids}
        try:
            return pa.concat_tables(
                [COLUMNS[history.table].empty_table(), *_read(wanted, COLUMNS[history.table])]
            ).to_pandas()
        except FileNotFoundError:  # another sweep has just merged parts
            continue
        except DamagedError as error:
            raise store.damaged(folder, error) from None


def require_whole(folder: Path, parts: Iterable[Path]) -> None:
    """Check every byte of these parts before another library reads them; unchanged parts are checked once per process.

    Raises:
        StoreError: if one is damaged.
    """
    for path in parts:
        try:
            stat = path.stat()
            if not _has_its_name(path, stat.st_ino, stat.st_size, stat.st_mtime_ns):
                raise store.damaged(folder, f"{path} is damaged")
        except FileNotFoundError:  # another sweep has just merged parts, which the reader will notice
            pass


@lru_cache(maxsize=100_000)
def _has_its_name(path: Path, *_: int) -> bool:
    return checksums.has_its_name(path)


def _read(holders: Mapping[str, Path], columns: pa.Schema) -> Iterable[pa.Table]:
    """The rows of the runs that are read from each part, part by part.

    Raises:
        DamagedError: if the bytes of a part have changed.
    """
    mine: dict[Path, list[str]] = {}
    for run, path in holders.items():
        mine.setdefault(path, []).append(run)
    for path, runs in mine.items():
        content = checksums.bytes_of(path)
        if checksums.name_of(content) != path.stem:
            raise DamagedError(f"{path} is damaged")
        table = checksums.parsed(content, checked=True)
        yield _completed(table.filter(pc.is_in(table["id"], pa.array(runs))), columns)


def _completed(table: pa.Table, columns: pa.Schema) -> pa.Table:
    """The table with these columns; those that its version didn't have are null."""
    nulls = (pa.nulls(len(table), column.type) for column in columns)
    whole = [
        table[column.name] if column.name in table.column_names else null
        for column, null in zip(columns, nulls, strict=True)
    ]
    return pa.table(whole, schema=columns)


def add(folder: Path, ended: Sequence[Ended]) -> int:
    """Save the histories of finished runs, as one part per history. Save them before the rows of the runs.

    Returns:
        The size of the parts in bytes.
    """
    size = 0
    for history in dict.fromkeys(history for run in ended for history in run.histories):
        tables = {run.row["id"]: run.histories[history] for run in ended if history in run.histories}
        whole = pa.concat_tables(_with_id(run, table) for run, table in tables.items())
        size += _write(folder, history, tables, [whole])[1]
    return size


def _with_id(run: str, table: pa.Table) -> pa.Table:
    return table.add_column(0, "id", pa.repeat(run, len(table)))


def _write(folder: Path, history: History, ids: Iterable[str], tables: Iterable[pa.Table]) -> tuple[Path, int]:
    """Write a part; returns its path and size, because another sweep may merge it immediately."""
    footer: dict[str, Any] = {"version": VERSION, "days": history.days, "ids": sorted(ids)}
    footer["check"] = _check_of(footer)
    columns = COLUMNS[history.table]
    growing = [name for name in _GROWING if name in columns.names]

    def fill(temporary: Path) -> None:
        with (
            temporary.open("wb") as file,
            pq.ParquetWriter(
                file,
                columns,
                compression="zstd",
                use_dictionary=[name for name in columns.names if name not in growing],
                column_encoding=dict.fromkeys(growing, "DELTA_BINARY_PACKED"),
                write_page_checksum=True,
                store_schema=False,  # the schema would repeat the ids
            ) as writer,
        ):
            for table in tables:
                writer.write_table(table)
            writer.add_key_value_metadata({_FOOTER: json.dumps(footer)})

    new = folder / history.table / "new.parquet"
    return write_named(new, fill, lambda filled: new.with_name(f"{checksums.hash_of(filled)}.parquet"))


def put_together(folder: Path, histories: Iterable[History]) -> None:
    """Merge the small parts of each history if there are many, as `store.put_together` does for runs."""
    for history in histories:
        try:
            small = [path for path in paths(folder, history.table) if path.stat().st_size < SMALL]
            if len(small) > store.MOST_SMALL_PARTS:
                whole = [_part(path) for path in small if not _is_unusable(path)]
                _put_together(folder, history, [part for part in whole if part.days == history.days])
        except (FileNotFoundError, DamagedError):  # another sweep is merging them
            pass


def _is_unusable(path: Path) -> bool:
    """Whether a part is damaged or of another version; the next reader reports it."""
    try:
        return is_damaged(path)
    except StoreError:
        return True


def _put_together(folder: Path, history: History, parts: Sequence[_Part]) -> None:
    if len(parts) <= store.MOST_SMALL_PARTS:
        return
    holders = _holders(parts)
    kept, _ = _write(folder, history, holders, _read(holders, COLUMNS[history.table]))
    for part in parts:
        if part.path != kept:
            part.path.unlink(missing_ok=True)
