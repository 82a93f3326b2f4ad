"""Results as Parquet files: parts that a sweep saves as it goes, and the table of a finished sweep.

    results/NAME/design.parquet        one row per run of the last sweep, with everything that identifies it
    results/NAME/parts/HASH.parquet    finished runs, several per part, by id; small parts are merged from time to time
    results/NAME/runs.parquet          the design with the outcome of each run, in the order of the design
    results/NAME/series, events, people    optional histories of runs, see `experiments.sweeps.histories`

Finished runs are known by id, so a sweep that was stopped, sharded or started twice only makes those that are missing.
A file is written under a temporary name, flushed and renamed, so a reader never sees an incomplete file. Every byte is
checked before it is used: a part is named by a hash of its bytes, and a table has a digest in its footer (see
`checksums`). The footer of a table also has its provenance: configuration, versions, command line and commit.
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
from sim.model.former_names import with_present_names
from sim.runtime.atomic_files import flush_folder
from sim.runtime.atomic_files import write_whole as write_whole

Row = dict[str, Any]
TABLE, DESIGN, PARTS = "runs.parquet", "design.parquet", "parts"
TABLES = "tables"  # tables of several sweeps that share a folder, see `experiments.sweeps.sweep_result`
CHECKPOINTS = "checkpoints"  # saved states of long runs
TEXT = ("id", "scenario", "strategy", "row", "error", "traceback")
NOT_OUTCOMES = ("seconds",)  # depends on the machine; only stored in the parts
SCHEMA = b"3"  # version of the parts; `read_part` handles older ones
MOST_SMALL_PARTS = 64  # more small parts are merged
SMALL = 10_000  # a part with fewer rows is small
_FOOTER, _SCHEMA = b"rekindle", b"rekindle-parts"
_SAYS_2 = _SCHEMA + b"\x18\x012"  # this key and value as Thrift encodes them in a footer
_PACKAGES = ("numpy", "numba", "mesa", "pandas", "pyarrow", "pydantic")


class StoreError(ValueError):
    """A results folder that cannot be used; the message names the problem and the remedy."""


def prepare(folder: Path, tables: Sequence[str] = ()) -> list[Path]:
    """Create a results folder and check that it is writable, before the work starts.

    Several sweeps may do this in the same folder at once.

    Args:
        folder: the results folder.
        tables: names of folders in it for histories.

    Returns:
        The new paths of damaged files, which are renamed. Runs in damaged parts must be repeated.

    Raises:
        StoreError: if a path is blocked or not writable, or parts are of another version.
    """
    elsewhere = "or choose another folder with --results."
    inner = [folder / name for name in (PARTS, *tables)]
    for needed in (*reversed(folder.parents), folder, *inner):
        if needed.exists() and not needed.is_dir():
            raise StoreError(f"{needed} is a file but must be a folder; move it away, {elsewhere}")
    if (folder / TABLE).is_dir():
        raise StoreError(f"{folder / TABLE} is a folder but must be a file; move it away, {elsewhere}")
    for needed in (folder, *inner):
        try:
            _try_to_write(needed)
        except OSError as problem:
            why = problem.strerror or problem
            raise StoreError(
                f"The folder {needed} is not writable ({why}); change its permissions, {elsewhere}"
            ) from None
    parts = [path for path in _parts(folder) if _is_damaged(path)]
    tables_of_runs = [path for path in (folder / DESIGN, folder / TABLE) if _is_damaged_table(path)]
    return [renamed for path in (*parts, *tables_of_runs) if (renamed := set_aside(path))]


def _try_to_write(folder: Path) -> None:
    """Raise an OSError if a folder cannot be created or is not writable."""
    probe = folder / f".{secrets.token_hex(8)}-probe.half"
    write_whole(probe, lambda temporary: temporary.write_bytes(b""))
    probe.unlink()


def damaged(folder: Path, what: object) -> StoreError:
    """The error for a damaged part, with the command that repeats its runs if a table records it."""
    message = f"{what}; the sweep renames it and repeats its runs"
    command = command_of(folder)
    return StoreError(f"{message}:\n    {command}" if command else f"{message}.")


def command_of(folder: Path) -> str | None:
    """The command that finishes the last sweep in a folder; None if no readable table records it."""
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
    except FileNotFoundError:  # another sweep has just merged parts
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
    """Rename a damaged file so that it is no longer read, without overwriting earlier ones.

    Returns:
        Its new path; None if another sweep has just renamed it.
    """
    names = (path.with_suffix(f".{number}.damaged" if number else ".damaged") for number in count())
    renamed = next(name for name in names if not os.path.lexists(name))
    try:
        path.replace(renamed)
        flush_folder(path.parent)
    except FileNotFoundError:
        return None
    return renamed


def damage_message(renamed: Path) -> str:
    """The message about a damaged file that was renamed."""
    tables = {name.removesuffix(".parquet") for name in (DESIGN, TABLE)}
    if renamed.name.partition(".")[0] in tables:
        return f"A damaged table was renamed to {renamed}; the sweep writes the table again."
    return f"A damaged part was renamed to {renamed}; the sweep repeats its runs."


def require_all(folder: Path, gone: Collection[str]) -> None:
    """Refuse to continue if finished runs have disappeared.

    Raises:
        StoreError: if some have.
    """
    if gone:
        raise StoreError(
            f"{'A finished run is' if len(gone) == 1 else f'{len(gone):,} finished runs are'} missing from {folder}, "
            "because files were removed during the sweep. No table was written; the same command makes them again."
        )


def finished(folder: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """All finished runs in a folder, one row per run, indexed by id.

    Args:
        folder: the results folder.
        columns: columns to read; None for all.

    Raises:
        StoreError: if a part is damaged or of another version.
    """
    wanted = None if columns is None else ["id", *columns]
    while True:
        try:
            tables = [read_part(path, wanted) for path in _parts(folder)]
            break
        except FileNotFoundError:  # another sweep has just merged parts
            continue
        except DamagedError as error:
            raise damaged(folder, error) from None
    if not tables:
        return pd.DataFrame(columns=pd.Index(wanted or ["id"])).set_index("id")
    frame = pa.concat_tables(tables, promote_options="default").to_pandas()
    return frame.drop_duplicates("id").set_index("id")


def read_part(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a part, with all or only some of its columns.

    Raises:
        FileNotFoundError: if it is gone.
        DamagedError: if its bytes have changed, or it is not a part.
        StoreError: if it is of another version.
        OSError: if it cannot be read for a reason other than damage.
    """
    content = checksums.bytes_of(path)  # read once, because another sweep may remove the file meanwhile
    if checksums.name_of(content) == path.stem:
        table = _parsed(path, content, checked=True)
        version = (table.schema.metadata or {}).get(_SCHEMA)
        if version is None:
            raise DamagedError(f"{path} is not a part of a sweep")
        if version != SCHEMA:
            raise _of_another_version(path, version)
    else:
        table = _older_part(path, content)
    return table if columns is None else table.select([name for name in columns if name in table.column_names])


def _parsed(path: Path, content: bytes, *, checked: bool) -> pa.Table:
    try:
        return checksums.parsed(content, checked=checked)
    except ValueError:
        raise DamagedError(f"{path} is damaged, or not a Parquet file") from None


def _older_part(path: Path, content: bytes) -> pa.Table:
    """Read a part of version 2, which is named by a hash of its ids; only its pages have checksums.

    Such parts are still accepted, to preserve their runs. `put_together` rewrites them in the current version.

    Raises:
        DamagedError: if it is not such a part.
        StoreError: if it is of version 1.
    """
    marked = _SCHEMA in content
    if (marked and _SAYS_2 not in content) or not (marked or b"scenario" in content):
        raise DamagedError(f"{path} is damaged, or not a part of a sweep")  # do not parse suspicious bytes
    table = _parsed(path, content, checked=False)
    found, columns = (table.schema.metadata or {}).get(_SCHEMA), set(table.column_names)
    if found is None and {"id", "scenario"} <= columns:
        raise _of_another_version(path, b"1")
    if found != b"2" or "id" not in columns or path.stem != _name_in_version_2(table):
        raise DamagedError(f"{path} is damaged, or not a part of a sweep")
    return table


def _name_in_version_2(table: pa.Table) -> str:
    return checksums.name_of(" ".join(sorted(map(str, table["id"].to_pylist()))).encode())


def _of_another_version(path: Path, found: bytes) -> StoreError:
    return StoreError(
        f"{path} was written by another version of this program (its parts have format {found.decode()}, and this "
        f"version reads {SCHEMA.decode()}). Move or delete {path.parent.parent}, and run the sweep again."
    )


def add(folder: Path, rows: Sequence[Row]) -> int:
    """Save finished runs as one part. Failed runs are left out, so that the next sweep repeats them.

    Returns:
        The size of the part in bytes.
    """
    rows = [row for row in rows if row["error"] is None]
    if not rows:
        return 0
    return _write_part(folder, pa.Table.from_pandas(frame_of(rows), preserve_index=False))[1]


def _write_part(folder: Path, table: pa.Table) -> tuple[Path, int]:
    """Write a part; returns its path and size, because another sweep may merge it immediately."""
    content = checksums.parquet_of(checksums.with_metadata(table, {_SCHEMA: SCHEMA}))
    path = folder / PARTS / f"{checksums.name_of(content)}.parquet"
    return path, write_whole(path, lambda temporary: temporary.write_bytes(content))


def put_together(folder: Path) -> None:
    """Merge small parts if there are many, so that a long sweep has a limited number of files.

    If the process is killed in between, some runs are stored twice, which is harmless. If another sweep is merging the
    same parts, this one does nothing.
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
    """A part if it is small; None if it is not, or is damaged (which the next reader reports)."""
    try:
        table = None if _rows_of(path) >= SMALL else read_part(path)
    except (DamagedError, StoreError):
        return None
    return table


def _rows_of(path: Path) -> int:
    """The number of rows according to the footer of a part, without verifying it."""
    try:
        return int(pq.read_metadata(path).num_rows)
    except FileNotFoundError:
        raise
    except Exception:
        raise DamagedError(f"{path} is damaged, or not a Parquet file") from None


def write_design(folder: Path, design: pd.DataFrame, origin: dict[str, Any]) -> Path:
    """Write the design of a sweep, with its provenance in the footer; returns the path."""
    return _write_table(folder / DESIGN, design, origin)


def table_of(design: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The design with the outcome of each run, in the order of the design; outcomes of unfinished runs are missing.

    Args:
        design: one row per run, with a column ``id``.
        rows: finished runs, indexed by id.
    """
    outcomes = rows.drop(columns=[name for name in NOT_OUTCOMES if name in rows])
    return design.merge(outcomes, how="left", left_on="id", right_index=True)


def write_table(folder: Path, rows: pd.DataFrame, origin: dict[str, Any]) -> Path:
    """Write the table of a sweep, with its provenance in the footer; returns the path."""
    return _write_table(folder / TABLE, rows, origin)


def _write_table(path: Path, rows: pd.DataFrame, origin: dict[str, Any]) -> Path:
    table = pa.Table.from_pandas(rows, preserve_index=False)
    content = checksums.with_digest(checksums.with_metadata(table, {_FOOTER: json.dumps(origin)}))
    write_whole(path, lambda temporary: temporary.write_bytes(content))
    return path


def read_table(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Read the table of a sweep and its provenance.

    Raises:
        OSError: if it does not exist or cannot be read.
        DamagedError: if its bytes have changed.
        ValueError: if it is damaged, or not a Parquet file.
        KeyError: if it is a Parquet file that is not a table of a sweep.
    """
    table = checksums.table_with_digest(path)
    origin = with_present_names(json.loads((table.schema.metadata or {})[_FOOTER]))
    return checksums.frame_of(table), origin


def table_at(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Read the table of a sweep and its provenance, at a path given by the user.

    Raises:
        StoreError: if it does not exist, is damaged, or is not a table of a sweep.
    """
    try:
        return read_table(path)
    except FileNotFoundError:
        raise StoreError(
            f"There is no table {path}; create one with `rekindle sweep`, which writes results/NAME/{TABLE}."
        ) from None
    except DamagedError as error:
        command = command_of(path.parent)
        again = f":\n    {command}" if command else "."
        raise StoreError(f"{error}. Repeat the sweep to write it again{again}") from None
    except (OSError, ValueError, KeyError):
        raise StoreError(f"{path} is not a table of a sweep; expected a file such as results/NAME/{TABLE}.") from None


def ids_in(path: Path) -> set[str]:
    """The ids in a table or a design; empty if the file does not exist or cannot be read."""
    try:
        return set(read_table(path)[0]["id"])
    except (OSError, ValueError, KeyError):
        return set()


def frame_of(rows: Sequence[Row]) -> pd.DataFrame:
    """Rows as a data frame, in which columns keep their type even if all values are missing."""
    frame = pd.DataFrame(list(rows))
    numbers = [name for name in frame.columns if name not in TEXT]
    text = {name: "string" for name in TEXT if name in frame.columns}
    return frame.astype(text).assign(**frame[numbers].apply(pd.to_numeric))
