"""Results as Parquet: parts that a sweep leaves behind as it goes, and the table of a finished one.

    results/NAME/design.parquet        one row a run that the last sweep asked for, with all that tells it from others
    results/NAME/parts/HASH.parquet    runs as they end, some to a part, by id; small ones are put together now and then
    results/NAME/runs.parquet          the design with what came of each run, in the order of the design
    results/NAME/series, events        histories of runs, where a sweep keeps them: see `experiments.sweeps.histories`

What is there is known by id, so a sweep that was stopped, shared out or started twice asks only for what is missing.
A file is written under another name, flushed and then renamed, so a reader never meets half of one. Every byte is
checked before it is used: a part is named by a hash of its bytes, a table has a digest in its footer, see
`checksums`. Where a table comes from is in its footer, too: the configuration, the versions, the command
line and the commit.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Collection, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from experiments import provenance
from experiments.sweeps import checksums
from experiments.sweeps.checksums import DamagedError
from sim.runtime.atomic_files import flush_folder
from sim.runtime.atomic_files import write_whole as write_whole

Row = dict[str, Any]
TABLE, DESIGN, PARTS = "runs.parquet", "design.parquet", "parts"
TABLES = "tables"  # of several sweeps that share a folder, see `experiments.sweeps.swept`
CHECKPOINTS = "checkpoints"  # of runs that take long
TEXT = ("id", "scenario", "strategy", "row", "error", "traceback")
NOT_OUTCOMES = ("seconds",)  # how long a run took differs from machine to machine; it stays in the parts
SCHEMA = b"3"  # of the parts; a change says what to do with older ones in `_read`
MOST_SMALL_PARTS = 64  # before they are put together
SMALL = 10_000  # rows of a part that is
_FOOTER, _SCHEMA = b"rekindle", b"rekindle-parts"
_SAYS_2 = _SCHEMA + b"\x18\x012"  # as Thrift writes this key and its value in a footer
_PACKAGES = ("numpy", "numba", "mesa", "pandas", "pyarrow", "pydantic")


class StoreError(ValueError):
    """A results folder that can not be used; the text names what is in the way, and the remedy."""


def prepare(folder: Path, tables: Sequence[str] = ()) -> list[Path]:
    """Make a results folder that can be written, before the work and not after it.

    Any number of sweeps may do so in one folder at once.

    Args:
        folder: of the results.
        tables: folders in it that other tables than that of runs need.

    Returns:
        Damaged files, which were set aside under another name: what parts may have held is to be run again.

    Raises:
        StoreError: something is in the way, the disk refuses, or another version left the parts.
    """
    elsewhere = "or choose another folder with --results."
    inner = [folder / name for name in (PARTS, *tables)]
    for needed in (*reversed(folder.parents), folder, *inner):
        if needed.exists() and not needed.is_dir():
            raise StoreError(f"{needed} must be a folder, and is a file; move it away, {elsewhere}")
    if (folder / TABLE).is_dir():
        raise StoreError(f"{folder / TABLE} must be a file, and is a folder; move it away, {elsewhere}")
    for needed in (folder, *inner):
        try:
            _try_to_write(needed)
        except OSError as problem:
            why = problem.strerror or problem
            raise StoreError(f"Nothing can be written in {needed} ({why}); make it writable, {elsewhere}") from None
    parts = [path for path in _parts(folder) if _is_damaged(path)]
    tables_of_runs = [path for path in (folder / DESIGN, folder / TABLE) if _is_damaged_table(path)]
    return [aside for path in (*parts, *tables_of_runs) if (aside := set_aside(path))]


def _try_to_write(folder: Path) -> None:
    """Raise an OSError where a folder cannot be made, or nothing be written in it."""
    probe = folder / f".{secrets.token_hex(8)}-probe.half"
    write_whole(probe, lambda temporary: temporary.write_bytes(b""))
    probe.unlink()


def damaged(folder: Path, what: object) -> StoreError:
    """The error of a part that is damaged, with the command that makes its runs again where a table tells it."""
    said = f"{what}; the sweep sets it aside and runs again what it may have held"
    command = command_of(folder)
    return StoreError(f"{said}:\n    {command}" if command else f"{said}.")


def command_of(folder: Path) -> str | None:
    """The command that finishes the last sweep in a folder; None where no table in it can be read that tells."""
    for table in (folder / DESIGN, folder / TABLE, *sorted((folder / TABLES).glob("*.parquet"))):
        try:
            return provenance.whole_sweep(read_table(table)[1])
        except (OSError, ValueError, KeyError):
            continue
    return None


def _parts(folder: Path) -> list[Path]:
    return sorted((folder / PARTS).glob("*.parquet"))


def _is_damaged(path: Path) -> bool:
    try:
        read_part(path)
    except DamagedError:
        return True
    except FileNotFoundError:  # another sweep has just put parts together
        pass
    return False


def _is_damaged_table(path: Path) -> bool:
    try:
        read_table(path)
    except FileNotFoundError:
        return False
    except (ValueError, KeyError):
        return True
    return False


def set_aside(path: Path) -> Path | None:
    """Give a damaged file a name under which it is read no more, beside those set aside before.

    Returns:
        Its new path; None where another sweep has just set it aside.
    """
    names = (path.with_suffix(f".{number}.damaged" if number else ".damaged") for number in count())
    aside = next(name for name in names if not os.path.lexists(name))
    try:
        path.replace(aside)
        flush_folder(path.parent)
    except FileNotFoundError:
        return None
    return aside


def told_of_damage(aside: Path) -> str:
    """What to say of a file that was set aside."""
    tables = {name.removesuffix(".parquet") for name in (DESIGN, TABLE)}
    if aside.name.partition(".")[0] in tables:
        return f"A table was damaged and is set aside as {aside}; the sweep writes it again."
    return f"A part was damaged and is set aside as {aside}; what it held is run again."


def require_all(folder: Path, gone: Collection[str]) -> None:
    """Refuse to go on where runs that had ended are not there any more.

    Raises:
        StoreError: some are gone.
    """
    if gone:
        raise StoreError(
            f"{'A run' if len(gone) == 1 else f'{len(gone):,} runs'} that had ended cannot be found in {folder}: files "
            "were removed from it during the sweep. No table was made; the same command runs again what is missing."
        )


def finished(folder: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Every run that a folder holds, a row each, indexed by id.

    Args:
        folder: of the results.
        columns: to read; all of them if None.

    Raises:
        StoreError: a part can not be read, or is of an older version.
    """
    wanted = None if columns is None else ["id", *columns]
    while True:
        try:
            tables = [read_part(path, wanted) for path in _parts(folder)]
            break
        except FileNotFoundError:  # another sweep has just put parts together
            continue
        except DamagedError as error:
            raise damaged(folder, error) from None
    if not tables:
        return pd.DataFrame(columns=pd.Index(wanted or ["id"])).set_index("id")
    frame = pa.concat_tables(tables, promote_options="default").to_pandas()
    return frame.drop_duplicates("id").set_index("id")


def read_part(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """A part, or those of these columns that it has.

    Raises:
        FileNotFoundError: it is gone.
        DamagedError: its bytes are not those that were written, or it is no part.
        StoreError: it is of another version.
        OSError: it cannot be read, for a reason that says nothing about its bytes.
    """
    content = checksums.bytes_of(path)  # once: another sweep may replace or remove the file meanwhile
    if checksums.name_of(content) == path.stem:
        table = _parsed(path, content, checked=True)
        found = (table.schema.metadata or {}).get(_SCHEMA)
        if found is None:
            raise DamagedError(f"{path} is no part of a sweep")
        if found != SCHEMA:
            raise _of_another_version(path, found)
    else:
        table = _older_part(path, content)
    return table if columns is None else table.select([name for name in columns if name in table.column_names])


def _parsed(path: Path, content: bytes, *, checked: bool) -> pa.Table:
    try:
        return checksums.parsed(content, checked=checked)
    except ValueError:
        raise DamagedError(f"{path} is damaged, or no Parquet file") from None


def _older_part(path: Path, content: bytes) -> pa.Table:
    """A part of version 2, which is named by a hash of the ids in it; only its pages have checksums.

    It is still read: its runs are worth more than the check that it lacks. `put_together` writes them anew.

    Raises:
        DamagedError: it is none.
        StoreError: it is of version 1.
    """
    marked = _SCHEMA in content
    if (marked and _SAYS_2 not in content) or not (marked or b"scenario" in content):
        raise DamagedError(f"{path} is damaged, or no part of a sweep")  # bytes in doubt are not parsed
    table = _parsed(path, content, checked=False)
    found, columns = (table.schema.metadata or {}).get(_SCHEMA), set(table.column_names)
    if found is None and {"id", "scenario"} <= columns:
        raise _of_another_version(path, b"1")
    if found != b"2" or "id" not in columns or path.stem != _name_in_version_2(table):
        raise DamagedError(f"{path} is damaged, or no part of a sweep")
    return table


def _name_in_version_2(table: pa.Table) -> str:
    return checksums.name_of(" ".join(sorted(map(str, table["id"].to_pylist()))).encode())


def _of_another_version(path: Path, found: bytes) -> StoreError:
    return StoreError(
        f"{path} was left by another version of this program (parts {found.decode()}, where {SCHEMA.decode()} is "
        f"read). Move {path.parent.parent} away, or delete it, and run the sweep again."
    )


def add(folder: Path, rows: Sequence[Row]) -> int:
    """Keep finished runs as one part; failed ones are left out, so the next sweep tries them again.

    Returns:
        The part's size, in bytes.
    """
    rows = [row for row in rows if row["error"] is None]
    if not rows:
        return 0
    return _write_part(folder, pa.Table.from_pandas(frame_of(rows), preserve_index=False))[1]


def _write_part(folder: Path, table: pa.Table) -> tuple[Path, int]:
    """Write a part; returns its path and its size, since another sweep may put it together with others at once."""
    content = checksums.parquet_of(checksums.with_metadata(table, {_SCHEMA: SCHEMA}))
    path = folder / PARTS / f"{checksums.name_of(content)}.parquet"
    return path, write_whole(path, lambda temporary: temporary.write_bytes(content))


def put_together(folder: Path) -> None:
    """Make one part of the small ones, if there are many: a long sweep leaves a bounded number of files.

    A kill in the middle leaves runs twice, which are the same run and are read once. Where another sweep does the same
    in the same folder, this one leaves it to it.
    """
    if len(_parts(folder)) <= MOST_SMALL_PARTS:
        return
    try:
        small = {path: table for path in _parts(folder) if (table := _small_part(path)) is not None}
    except FileNotFoundError:
        return
    if len(small) <= MOST_SMALL_PARTS:
        return
    whole = pa.concat_tables(small.values(), promote_options="default")
    _, firsts = np.unique(whole["id"].to_numpy(zero_copy_only=False), return_index=True)
    kept, _ = _write_part(folder, whole.take(np.sort(firsts)))
    for path in small:
        if path != kept:
            path.unlink(missing_ok=True)


def _small_part(path: Path) -> pa.Table | None:
    """A part, if it is small; None where it is not, and where it is damaged, which the next reader will tell."""
    try:
        table = None if _rows_of(path) >= SMALL else read_part(path)
    except (DamagedError, StoreError):
        return None
    return table


def _rows_of(path: Path) -> int:
    """How many rows a part says that it has, whether or not that is true."""
    try:
        return int(pq.read_metadata(path).num_rows)
    except FileNotFoundError:
        raise
    except Exception:
        raise DamagedError(f"{path} is damaged, or no Parquet file") from None


def write_design(folder: Path, design: pd.DataFrame, origin: dict[str, Any]) -> Path:
    """Write what a sweep asks for, with its provenance in the footer; returns its path."""
    return _write_table(folder / DESIGN, design, origin)


def table_of(design: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The design with what came of each run, in its order; missing where nothing has come yet.

    Args:
        design: a row a run, with a column ``id``.
        rows: runs, indexed by id.
    """
    outcomes = rows.drop(columns=[name for name in NOT_OUTCOMES if name in rows])
    return design.merge(outcomes, how="left", left_on="id", right_index=True)


def write_table(folder: Path, rows: pd.DataFrame, origin: dict[str, Any]) -> Path:
    """Write the table of a sweep, with its provenance in the footer; returns its path."""
    return _write_table(folder / TABLE, rows, origin)


def _write_table(path: Path, rows: pd.DataFrame, origin: dict[str, Any]) -> Path:
    table = pa.Table.from_pandas(rows, preserve_index=False)
    content = checksums.with_digest(checksums.with_metadata(table, {_FOOTER: json.dumps(origin)}))
    write_whole(path, lambda temporary: temporary.write_bytes(content))
    return path


def read_table(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """A sweep's table and its provenance.

    Raises:
        OSError: there is no such file, or it cannot be read.
        DamagedError: its bytes are not those that were written.
        ValueError: it is no Parquet file, or damaged.
        KeyError: it is Parquet, but not one of ours.
    """
    table = checksums.table_with_digest(path)
    origin = json.loads((table.schema.metadata or {})[_FOOTER])
    return checksums.frame_of(table), origin


def table_at(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The same, of a path that users named.

    Raises:
        StoreError: there is no such file, or it is no table of a sweep.
    """
    try:
        return read_table(path)
    except FileNotFoundError:
        raise StoreError(f"There is no table {path}; `rekindle sweep` makes one, as results/NAME/{TABLE}.") from None
    except DamagedError as error:
        command = command_of(path.parent)
        again = f":\n    {command}" if command else " when you give its command again."
        raise StoreError(f"{error}. The sweep makes it again{again}") from None
    except (OSError, ValueError, KeyError):
        raise StoreError(f"{path} is no table of a sweep; name a results/NAME/{TABLE}.") from None


def ids_in(path: Path) -> set[str]:
    """The runs in a table or a design; none where there is none that can be read."""
    try:
        return set(read_table(path)[0]["id"])
    except (OSError, ValueError, KeyError):
        return set()


def frame_of(rows: Sequence[Row]) -> pd.DataFrame:
    """Rows as a table: text stays text and numbers stay numbers where all is missing."""
    frame = pd.DataFrame(list(rows))
    numbers = [name for name in frame.columns if name not in TEXT]
    text = {name: "string" for name in TEXT if name in frame.columns}
    return frame.astype(text).assign(**frame[numbers].apply(pd.to_numeric))
