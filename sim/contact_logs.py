"""Contact logs: who turned to whom and when, read from files and tables."""

from __future__ import annotations

import csv
import gzip
import itertools
import os
import zlib
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TextIO, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

COLUMNS = ("source", "target", "time")
_LATEST = 1e11  # seconds; the year 5138, so whatever is later counts milliseconds or less

# How a row (counted from 0) is named in an error.
_Where = Callable[[int], str]


class LogError(ValueError):
    """A contact log that can not be used; the text says where it fails and what to do."""


# Contact logs -----------------------------------------------------------------------------------------------------


def read_log(log: str | os.PathLike[str] | pd.DataFrame) -> pd.DataFrame:
    """A contact log, checked and in order.

    Args:
        log: a ``.csv``, ``.csv.gz`` or ``.parquet`` file, or a table, with the columns ``source``, ``target`` (ids:
            text, whole numbers, anything hashable) and ``time`` (unix seconds). Other columns are left out.

    Returns:
        The three columns in order of time (rows of one time stay as they were), without contacts of people with
        themselves and without rows that are equal in all three. Ids of a CSV are whole numbers if all of them are.

    Raises:
        LogError: the file can not be read, lacks a column or holds a bad value; names the line (the header is line 1).
    """
    table, name, where = _from_table(log) if isinstance(log, pd.DataFrame) else _from_file(Path(log))
    if table.empty:
        raise LogError(f"{name} has its columns but no rows: there is nobody to make a world of.")
    _check_ids(table, where)
    table["time"] = _checked_times(table["time"], where)
    table = table[table["source"] != table["target"]]
    if table.empty:
        raise LogError(
            f"In {name} every source is its own target. A world needs at least one contact between two people."
        )
    return table.drop_duplicates().sort_values("time", kind="stable", ignore_index=True)


def _from_table(table: pd.DataFrame) -> tuple[pd.DataFrame, str, _Where]:
    _check_columns(list(table.columns), "the table")
    columns = {name: table[name].to_numpy() for name in COLUMNS}
    return pd.DataFrame(columns), "the table", lambda row: f"the table, row {row} (counted from 0)"


def _from_file(path: Path) -> tuple[pd.DataFrame, str, _Where]:
    kind = path.suffixes[-2:] if path.suffix.lower() == ".gz" else [path.suffix]
    ending = "".join(kind).lower()
    if ending not in _REMEDIES:
        raise LogError(f"{path} does not end in {', '.join(_REMEDIES)}; save the log as one of these.")
    if not path.is_file():
        raise LogError(_missing(path))
    try:
        if ending == ".parquet":
            return _read_parquet(path), str(path), lambda row: f"{path}, row {row} (counted from 0)"
        return _read_csv(path), str(path), lambda row: f"{path}, line {_line(path, row)}"
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error, pa.ArrowException) as problem:
        raise LogError(f"{path} can not be read: {_in_a_line(problem)}. {_REMEDIES[ending]}") from problem


_REMEDIES = {
    ".csv": "It must be UTF-8 text with commas between the columns.",
    ".csv.gz": "Its packing is damaged or is not gzip; fetch the file again, or unpack it and use the .csv.",
    ".parquet": "It is damaged or is not Parquet; write it again, for instance with pandas' `to_parquet`.",
}


def _in_a_line(text: object, most: int = 200) -> str:
    """What others say, on one line and not too long."""
    said = " ".join(str(text).split()).removesuffix(".")
    return said if len(said) <= most else f"{said[:most]} …"


def _missing(path: Path) -> str:
    """Why there is no such file, and which was perhaps meant."""
    if path.is_dir():
        return f"{path} is a folder; name the log inside it."
    if not path.parent.is_dir():
        return f"{path} does not exist, and neither does the folder {path.parent}."
    logs = [file.name for file in path.parent.iterdir() if file.name.lower().endswith(tuple(_REMEDIES))]
    near = get_close_matches(path.name, logs, n=1, cutoff=0.4)
    guess = f"Did you mean {near[0]}?" if near else f"The folder {path.parent} holds nothing like it."
    return f"{path} does not exist. {guess}"


def _read_parquet(path: Path) -> pd.DataFrame:
    _check_columns(pa.parquet.read_schema(path).names, str(path))
    table = pa.parquet.read_table(path, columns=list(COLUMNS))
    return pd.DataFrame({name: table.column(name).to_pandas().to_numpy() for name in COLUMNS})


def _read_csv(path: Path) -> pd.DataFrame:
    with _opened(path) as text:
        header = next(filter(None, csv.reader(text)), None)
    if header is None:
        raise LogError(f"{path} is empty. Its first line must be {','.join(COLUMNS)}.")
    _check_columns(header, str(path))
    as_text = pa.csv.ConvertOptions(
        include_columns=list(COLUMNS), column_types=dict.fromkeys(COLUMNS, pa.string()), strings_can_be_null=False
    )
    lines = pa.csv.ParseOptions(newlines_in_values=True)
    try:
        table = pa.csv.read_csv(path, parse_options=lines, convert_options=as_text)
    except pa.ArrowInvalid as problem:
        raise _misshapen(path, len(header)) or problem from None
    if _has_quotes(path) and (found := _misshapen(path, len(header))):  # Arrow reads on where a quote is never closed
        raise found
    ids = _converted([table.column("source"), table.column("target")], pa.int64())
    times = _converted(_converted([table.column("time")], pa.int64()), pa.float64())
    return pd.DataFrame(dict(zip(COLUMNS, (column.to_numpy() for column in (*ids, *times)), strict=True)))


def _converted(columns: list[pa.ChunkedArray], kind: pa.DataType) -> list[pa.ChunkedArray]:
    """Columns of text as columns of this type, or as they are if any value does not fit."""
    if not all(pa.types.is_string(column.type) for column in columns):
        return columns
    try:
        return [column.cast(kind) for column in columns]
    except pa.ArrowInvalid:
        return columns


def _opened(path: Path) -> TextIO:
    """The text of a CSV file, packed or not, with or without a byte-order mark; Arrow is who checks the encoding."""
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    return cast(TextIO, opened(path, "rt", encoding="utf-8-sig", errors="surrogateescape", newline=""))


def _line(path: Path, row: int) -> int:
    """The line of a row counted from 0; the header is line 1, blank lines are lines but not rows."""
    with _opened(path) as text:
        reader = csv.reader(text)
        lines = (reader.line_num for fields in reader if fields)
        return next(itertools.islice(lines, row + 1, None))


def _has_quotes(path: Path) -> bool:
    with _opened(path) as text:
        return any('"' in piece for piece in iter(lambda: text.read(2**20), ""))


def _misshapen(path: Path, width: int) -> LogError | None:
    """The error for the first row with too many or too few values, or with a quote that does not end; or None."""
    with _opened(path) as text:
        reader = csv.reader(text, strict=True)
        row = 1
        try:
            for fields in reader:
                if fields and len(fields) != width:
                    return LogError(
                        f"{path}, line {reader.line_num}: {len(fields)} values, but the header names {width} columns: "
                        f"{','.join(fields)[:80]!r}. Put text that holds a comma into double quotes."
                    )
                row = reader.line_num + 1
        except csv.Error as problem:
            return LogError(
                f"{path}, line {row}: a double quote that begins here does not end as it must ({problem}). Close each, "
                "and write one that belongs to the text twice."
            )
    return None


def _check_columns(found: Sequence[Any], name: str) -> None:
    for column in COLUMNS:
        if list(found).count(column) > 1:
            raise LogError(f"{name} has several columns named {column}; keep one.")
        if column not in found:
            near = [str(other) for other in found if str(other).strip().lower() == column]
            near = near or get_close_matches(column, map(str, found), n=1)
            raise LogError(
                f"{name} has no column {column}; it has {_listed(found)}. "
                + (f"Rename {near[0]!r} to {column}. " if near else "")
                + f"The first line of a contact log is {','.join(COLUMNS)}, with commas."
            )


def _listed(columns: Sequence[Any]) -> str:
    return _in_a_line(", ".join(repr(str(name)) for name in columns)) or "none"


def _check_ids(table: pd.DataFrame, where: _Where) -> None:
    for column in ("source", "target"):
        row = _first(table[column].isna() | (table[column] == ""))
        if row is not None:
            raise LogError(f"{where(row)}: the {column} is empty. Each contact needs the ids of two people.")
        kinds = table[column].map(type)
        row = _first(kinds.isin([kind for kind in kinds.unique() if kind.__hash__ is None]))
        if row is not None:
            said = _in_a_line(repr(table[column][row]), 80)
            raise LogError(f"{where(row)}: the {column} {said} can not be an id. Ids are text or numbers.")


def _checked_times(times: pd.Series, where: _Where) -> pd.Series:
    """Times as numbers of seconds, all of them usable."""
    if times.dtype.kind in "Mm":
        raise LogError(
            f"{where(0)}: the time {times[0]} is a date; times are unix seconds. Convert them with "
            '(log["time"] - pandas.Timestamp(0)) // pandas.Timedelta("1s").'
        )
    seconds = pd.to_numeric(times, errors="coerce") if times.dtype != bool else times * np.nan
    for bad, remedy in (
        (~np.isfinite(seconds), "is not a number. Times are unix seconds, such as 1700000000"),
        (seconds < 0, "is negative. Subtract the earliest time from all of them, so that they start at 0"),
        (seconds > _LATEST, "is too far away to be in seconds. If times are in milliseconds, divide them by 1000"),
    ):
        row = _first(bad)
        if row is not None:
            raise LogError(f"{where(row)}: the time {_in_a_line(times[row], 80)!r} {remedy}.")
    return seconds


def _first(flags: pd.Series) -> int | None:
    """The first row that is flagged, if any is."""
    return int(flags.to_numpy().argmax()) if flags.any() else None
