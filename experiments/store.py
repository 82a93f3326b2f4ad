"""Results as Parquet: parts that a killed sweep leaves behind, and the table of a finished one.

    results/NAME/parts/HASH.parquet    runs as they end, a few to a part; never rewritten, reused by id
    results/NAME/runs.parquet          one row a run of the last sweep, in the order of its design

A file is written under another name and then renamed, so a reader never meets half of one. Where a table comes from is
in its footer: the configuration, the versions, the command line and the commit.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from experiments.config import Experiment
from sim.storage import model_fingerprint

Row = dict[str, Any]
TABLE, PARTS = "runs.parquet", "parts"
TEXT = ("id", "scenario", "strategy", "error", "traceback")
_FOOTER = b"rekindle"
_PACKAGES = ("numpy", "numba", "mesa", "pandas", "pyarrow", "pydantic")


class StoreError(ValueError):
    """A results folder that can not be used; the text names what is in the way, and the remedy."""


def prepare(folder: Path) -> None:
    """Make a results folder that can be written, before the work and not after it.

    Raises:
        StoreError: something is in the way, or the disk refuses.
    """
    elsewhere = "or choose another folder with --results."
    for needed in (*reversed(folder.parents), folder, folder / PARTS):
        if needed.exists() and not needed.is_dir():
            raise StoreError(f"{needed} must be a folder, and is a file; move it away, {elsewhere}")
    if (folder / TABLE).is_dir():
        raise StoreError(f"{folder / TABLE} must be a file, and is a folder; move it away, {elsewhere}")
    for needed in (folder, folder / PARTS):
        try:
            write_whole(needed / "empty", lambda temporary: temporary.touch())
            (needed / "empty").unlink()
        except OSError as problem:
            why = problem.strerror or problem
            raise StoreError(f"Nothing can be written in {needed} ({why}); make it writable, {elsewhere}") from None


def finished(folder: Path) -> dict[str, Row]:
    """Every run that a folder holds, by id.

    Raises:
        StoreError: a part can not be read. It is not left out, since whoever damaged one may have damaged others.
    """
    parts = sorted((folder / PARTS).glob("*.parquet"))
    return {row["id"]: row for path in parts for row in _read_part(path)}


def _read_part(path: Path) -> list[Row]:
    try:
        table = pq.read_table(path)
    except (OSError, ValueError, pa.ArrowException):
        problem = "is damaged, or no Parquet file"
    else:
        if set(table.column_names) >= {*TEXT, "replicate"}:
            return table.to_pylist()
        problem = "is no part of a sweep"
    raise StoreError(f"{path} {problem}; delete it, and the same command runs again what it may have held.")


def add(folder: Path, rows: Sequence[Row]) -> None:
    """Keep finished runs as one part; failed ones are left out, so the next sweep tries them again."""
    rows = [row for row in rows if row["error"] is None]
    if rows:
        name = hashlib.sha256(" ".join(sorted(row["id"] for row in rows)).encode()).hexdigest()[:16]
        _write(frame_of(rows), folder / PARTS / f"{name}.parquet", {})


def write_table(folder: Path, rows: pd.DataFrame, provenance: dict[str, Any]) -> Path:
    """Write the table of a sweep, with its provenance in the footer; returns its path."""
    path = folder / TABLE
    _write(rows, path, {_FOOTER: json.dumps(provenance)})
    return path


def read_table(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """A sweep's table and its provenance.

    Raises:
        OSError, pyarrow.ArrowInvalid: there is no such file, or it is no Parquet.
        KeyError: it is Parquet, but not one of ours.
    """
    table = pq.read_table(path)
    return table.to_pandas(), json.loads((table.schema.metadata or {})[_FOOTER])


def ids_in_table(folder: Path) -> set[str]:
    """The runs in the table that a folder has; none where it has none that can be read."""
    try:
        return set(read_table(folder / TABLE)[0]["id"])
    except (OSError, ValueError, KeyError, pa.ArrowException):
        return set()


def frame_of(rows: Sequence[Row]) -> pd.DataFrame:
    """Rows as a table: text stays text and numbers stay numbers where all is missing."""
    frame = pd.DataFrame(list(rows))
    numbers = [name for name in frame.columns if name not in TEXT]
    return frame.astype(dict.fromkeys(TEXT, "string")).assign(**frame[numbers].apply(pd.to_numeric))


def provenance(experiment: Experiment, ids: Sequence[str]) -> dict[str, Any]:
    """Where a table comes from, ready for JSON."""
    return {
        "run_hash": hashlib.sha256(" ".join(ids).encode()).hexdigest()[:16],
        "config": experiment.model_dump(mode="json"),
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
    """The git commit of the code, ``+changes`` if files differ from it; None where there is no git."""
    here = Path(__file__).parent

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=here, capture_output=True, text=True, check=True, timeout=10
        ).stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("+changes" if git("status", "--porcelain") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _write(rows: pd.DataFrame, path: Path, footer: dict[bytes, str]) -> None:
    table = pa.Table.from_pandas(rows, preserve_index=False)
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), **footer})
    write_whole(path, lambda temporary: pq.write_table(table, temporary))


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a temporary file beside ``path``, then rename it: all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}-{path.name}.half")  # a kill may leave it: it must not look like a part
    try:
        write(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
