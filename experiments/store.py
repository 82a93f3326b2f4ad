"""Results as Parquet: parts that a sweep leaves behind as it goes, and the table of a finished one.

    results/NAME/design.parquet        one row a run that the last sweep asked for, with all that tells it from others
    results/NAME/parts/HASH.parquet    runs as they end, some to a part, by id; small ones are put together now and then
    results/NAME/runs.parquet          the design with what came of each run, in the order of the design
    results/NAME/series, events        histories of runs, where a sweep keeps them: see `experiments.histories`

What is there is known by id, so a sweep that was stopped, shared out or started twice asks only for what is missing.
A file is written under another name, flushed and then renamed, so a reader never meets half of one. Where a table comes
from is in its footer: the configuration, the versions, the command line and the commit.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from experiments.config import Experiment
from sim.installation import checkout
from sim.storage import model_fingerprint

Row = dict[str, Any]
TABLE, DESIGN, PARTS = "runs.parquet", "design.parquet", "parts"
TEXT = ("id", "scenario", "strategy", "row", "error", "traceback")
NOT_OUTCOMES = ("seconds",)  # how long a run took differs from machine to machine; it stays in the parts
SCHEMA = b"2"  # of the parts; whoever changes it says what to do with older ones in `_read`
MOST_SMALL_PARTS = 64  # before they are put together
SMALL = 10_000  # rows of a part that is
_FOOTER, _SCHEMA = b"rekindle", b"rekindle-parts"
_PACKAGES = ("numpy", "numba", "mesa", "pandas", "pyarrow", "pydantic")


class StoreError(ValueError):
    """A results folder that can not be used; the text names what is in the way, and the remedy."""


class DamagedPartError(ValueError):
    """A part that can not be read."""


def prepare(folder: Path, tables: Sequence[str] = ()) -> list[Path]:
    """Make a results folder that can be written, before the work and not after it.

    Args:
        folder: of the results.
        tables: folders in it that other tables than that of runs need.

    Returns:
        Damaged parts, which were set aside under another name: what they may have held is to be run again.

    Raises:
        StoreError: something is in the way, the disk refuses, or an older version left the parts.
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
            write_whole(needed / "empty", lambda temporary: temporary.touch())
            (needed / "empty").unlink()
        except OSError as problem:
            why = problem.strerror or problem
            raise StoreError(f"Nothing can be written in {needed} ({why}); make it writable, {elsewhere}") from None
    return [set_aside(path) for path in _parts(folder) if _is_damaged(path)]


def whole_sweep(origin: dict[str, Any]) -> str:
    """The command that finishes the sweep from which something comes; that of a shard finishes its part alone."""
    return re.sub(r" --shard[ =]\S+", "", str(origin["command"]))


def damaged(folder: Path, what: object) -> StoreError:
    """The error of a part that is damaged, with the command that makes its runs again where the design tells it."""
    said = f"{what}; the sweep sets it aside and runs again what it may have held"
    try:
        _, origin = read_table(folder / DESIGN)
    except (OSError, ValueError, KeyError, pa.ArrowException):
        return StoreError(f"{said}.")
    return StoreError(f"{said}:\n    {whole_sweep(origin)}")


def _parts(folder: Path) -> list[Path]:
    return sorted((folder / PARTS).glob("*.parquet"))


def _is_damaged(path: Path) -> bool:
    try:
        _read(path, ["id"])
    except DamagedPartError:
        return True
    except FileNotFoundError:  # another sweep has just put parts together
        pass
    return False


def set_aside(path: Path) -> Path:
    """Give a damaged part a name under which it is none; returns its path."""
    aside = path.with_suffix(".damaged")
    path.replace(aside)
    return aside


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
            tables = [_read(path, wanted) for path in _parts(folder)]
            break
        except FileNotFoundError:  # another sweep has just put parts together
            continue
        except DamagedPartError as error:
            raise damaged(folder, error) from None
    if not tables:
        return pd.DataFrame(columns=pd.Index(wanted or ["id"])).set_index("id")
    frame = pa.concat_tables(tables, promote_options="default").to_pandas()
    return frame.drop_duplicates("id").set_index("id")


def _read(path: Path, columns: list[str] | None) -> pa.Table:
    """A part, or columns of one.

    Raises:
        FileNotFoundError: it is gone.
        DamagedPartError: it can not be read, or is no part.
        StoreError: it is of another version.
    """
    try:
        with pa.OSFile(str(path)) as file:  # opened once: another sweep may replace or remove it meanwhile
            table = pq.read_table(file, page_checksum_verification=True)
    except FileNotFoundError:
        raise
    except (OSError, ValueError, pa.ArrowException):
        raise DamagedPartError(f"{path} is damaged, or no Parquet file") from None
    found = (table.schema.metadata or {}).get(_SCHEMA)
    if found is None and "id" not in table.column_names:
        raise DamagedPartError(f"{path} is no part of a sweep")
    if found != SCHEMA:
        raise StoreError(
            f"{path} was left by another version of this program (parts {(found or b'1').decode()}, where "
            f"{SCHEMA.decode()} is read). Move {path.parent.parent} away, or delete it, and run the sweep again."
        )
    return table if columns is None else table.select([name for name in columns if name in table.column_names])


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
    name = hashlib.sha256(" ".join(sorted(table["id"].to_pylist())).encode()).hexdigest()[:16]
    path = folder / PARTS / f"{name}.parquet"
    return path, _write(table, path, {_SCHEMA: SCHEMA})


def put_together(folder: Path) -> None:
    """Make one part of the small ones, if there are many: a long sweep leaves a bounded number of files.

    A kill in the middle leaves runs twice, which are the same run and are read once. Where another sweep does the same
    in the same folder, this one leaves it to it.
    """
    if len(_parts(folder)) <= MOST_SMALL_PARTS:
        return
    try:
        small = [path for path in _parts(folder) if pq.read_metadata(path).num_rows < SMALL]
        tables = [_read(path, None) for path in small]
    except FileNotFoundError:
        return
    if len(small) <= MOST_SMALL_PARTS:
        return
    whole = pa.concat_tables(tables, promote_options="default")
    _, firsts = np.unique(whole["id"].to_numpy(zero_copy_only=False), return_index=True)
    kept, _ = _write_part(folder, whole.take(np.sort(firsts)))
    for path in small:
        if path != kept:
            path.unlink(missing_ok=True)


def write_design(folder: Path, design: pd.DataFrame, origin: dict[str, Any]) -> Path:
    """Write what a sweep asks for, with its provenance in the footer; returns its path."""
    path = folder / DESIGN
    _write(pa.Table.from_pandas(design, preserve_index=False), path, {_FOOTER: json.dumps(origin)})
    return path


def table_of(design: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The design with what came of each run, in its order; missing where nothing has come yet.

    Args:
        design: a row a run, with a column ``id``.
        rows: runs, indexed by id.
    """
    outcomes = rows.drop(columns=[name for name in NOT_OUTCOMES if name in rows])
    return design.merge(outcomes, how="left", left_on="id", right_index=True)


def write_table(folder: Path, rows: pd.DataFrame, provenance: dict[str, Any]) -> Path:
    """Write the table of a sweep, with its provenance in the footer; returns its path."""
    path = folder / TABLE
    _write(pa.Table.from_pandas(rows, preserve_index=False), path, {_FOOTER: json.dumps(provenance)})
    return path


def read_table(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """A sweep's table and its provenance.

    Raises:
        OSError, pyarrow.ArrowInvalid: there is no such file, or it is no Parquet.
        KeyError: it is Parquet, but not one of ours.
    """
    table = pq.read_table(path)
    return table.to_pandas(), json.loads((table.schema.metadata or {})[_FOOTER])


def table_at(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The same, of a path that users named.

    Raises:
        StoreError: there is no such file, or it is no table of a sweep.
    """
    try:
        return read_table(path)
    except FileNotFoundError:
        raise StoreError(f"There is no table {path}; `rekindle sweep` makes one, as results/NAME/{TABLE}.") from None
    except (OSError, ValueError, KeyError, pa.ArrowException):
        raise StoreError(f"{path} is no table of a sweep; name a results/NAME/{TABLE}.") from None


def ids_in(path: Path) -> set[str]:
    """The runs in a table or a design; none where there is none that can be read."""
    try:
        return set(read_table(path)[0]["id"])
    except (OSError, ValueError, KeyError, pa.ArrowException):
        return set()


def frame_of(rows: Sequence[Row]) -> pd.DataFrame:
    """Rows as a table: text stays text and numbers stay numbers where all is missing."""
    frame = pd.DataFrame(list(rows))
    numbers = [name for name in frame.columns if name not in TEXT]
    text = {name: "string" for name in TEXT if name in frame.columns}
    return frame.astype(text).assign(**frame[numbers].apply(pd.to_numeric))


def provenance(experiment: Experiment, ids: Sequence[str]) -> dict[str, Any]:
    """Where a table comes from, ready for JSON."""
    return {
        "run_hash": hashlib.sha256(" ".join(ids).encode()).hexdigest()[:16],
        "config": experiment.model_dump(mode="json"),
        "factors": experiment.sweep.factors if experiment.sweep else [],
        "model": model_fingerprint(),
        **circumstances(),
    }


def origin_of_logs(logs: Sequence[Path], resamples: int) -> dict[str, Any]:
    """Where a figure of contact logs comes from, ready for JSON."""
    contents = {path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in logs}
    asked = json.dumps([list(contents.values()), resamples])
    return {
        "run_hash": hashlib.sha256(asked.encode()).hexdigest()[:16],
        "logs": contents,
        "resamples": resamples,
        **circumstances(),
    }


def circumstances() -> dict[str, Any]:
    """With what a file was made: the commit, the command line, the machine and the versions."""
    return {
        "commit": commit(),
        "command": shlex.join(["rekindle", *sys.argv[1:]]),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "versions": {name: version(name) for name in _PACKAGES},
    }


def commit() -> str | None:
    """The git commit of the code, ``+changes`` if files differ from it; None where there is no git.

    A wheel may be installed within another project, whose commit says nothing about this program.
    """
    here = checkout()
    if here is None:
        return None

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=here, capture_output=True, text=True, check=True, timeout=10
        ).stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("+changes" if git("status", "--porcelain") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _write(table: pa.Table, path: Path, footer: dict[bytes, str | bytes]) -> int:
    """Write a table with a footer, whole; returns its size in bytes."""
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), **footer})
    return write_whole(path, lambda temporary: pq.write_table(table, temporary, write_page_checksum=True))


def write_whole(path: Path, write: Callable[[Path], object]) -> int:
    """Let ``write`` fill a temporary file beside ``path``, flush and rename it: all of it or nothing.

    Returns:
        The file's size, in bytes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}-{path.name}.half")  # a kill may leave it: it must not look like a part
    try:
        write(temporary)
        with temporary.open("rb") as filled:
            os.fsync(filled.fileno())
        size = temporary.stat().st_size
        temporary.replace(path)
        return size
    except OSError as problem:
        why = os.strerror(problem.errno) if problem.errno else problem  # pyarrow's own words are long
        raise OSError(problem.errno, f"{why}, writing {path}") from None
    finally:
        temporary.unlink(missing_ok=True)
