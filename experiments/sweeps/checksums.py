"""Parquet files in which every byte is checked before any is parsed.

A part is named by a hash of its bytes. A table, whose name is fixed, has a SHA-256 of all its other bytes in its
footer. So a checksum is always written in the same rename as its content, and the two cannot get out of step.
"""

from __future__ import annotations

import errno
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sim.model.former_names import present_name

_DIGEST = b"rekindle-sha256"  # key of the digest in the footer of a table
_HAS_DIGEST = b"rekindle-has-digest"  # mark in the schema: a table with it must have a digest
_BLANK = b"0" * 64
_FOUND = re.compile(re.escape(_DIGEST) + rb".{1,8}?([0-9a-f]{64})", re.DOTALL)  # the gap is Thrift's type and length
_BAD_SECTORS = (errno.EIO, errno.EBADMSG, errno.EUCLEAN)


class DamagedError(ValueError):
    """A file whose bytes have changed since it was written; the message names it."""


def name_of(content: bytes) -> str:
    """The file name of a part with this content, without its extension."""
    return hashlib.sha256(content).hexdigest()[:16]


def has_its_name(path: Path) -> bool:
    """Whether the bytes of a part match its name; the file is read in pieces.

    Raises:
        FileNotFoundError: if it is gone.
        OSError: if it cannot be read for a reason other than damage.
    """
    try:
        return path.stem == hash_of(path)
    except DamagedError:
        return False


def hash_of(path: Path) -> str:
    """The name that matches the bytes of a file.

    Raises:
        DamagedError: if the disk cannot read it, or the path is not a file.
        OSError: if it cannot be read for another reason.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]
    except OSError as problem:
        raise judged(path, problem) from None


def bytes_of(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        DamagedError: if the disk cannot read it, or the path is not a file.
        OSError: if it cannot be read for another reason.
    """
    try:
        return path.read_bytes()
    except OSError as problem:
        raise judged(path, problem) from None


def judged(path: Path, problem: OSError) -> Exception:
    """A `DamagedError` for a permanent problem; otherwise the original exception."""
    if isinstance(problem, IsADirectoryError):
        return DamagedError(f"{path} is a folder")
    if isinstance(problem, FileNotFoundError) and path.is_symlink():
        return DamagedError(f"{path} is a broken link")
    if problem.errno in _BAD_SECTORS:
        return DamagedError(f"{path} cannot be read ({problem.strerror})")
    return problem


def parsed(content: bytes, *, checked: bool) -> pa.Table:
    """The table in the bytes of a Parquet file, its columns under their present names.

    Args:
        content: bytes of the file.
        checked: whether a checksum of the whole file was verified; otherwise only its pages have checksums.

    Raises:
        MemoryError: if there is not enough memory.
        ValueError: if it is damaged, or not a Parquet file.
    """
    try:
        # Not `pq.read_table`, which loads `pyarrow.dataset` and with it a third of a second.
        file = pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True)
        table = file.read()
        renamed = table.rename_columns([present_name(name) for name in table.column_names])
        return renamed.replace_schema_metadata(file.schema_arrow.metadata)  # without what only the footer has
    except Exception as problem:  # damaged bytes can raise anything, including RecursionError and MemoryError
        if checked and isinstance(problem, MemoryError):
            raise
        raise ValueError(f"damaged, or not a Parquet file ({problem})") from None


def frame_of(table: pa.Table) -> pd.DataFrame:
    """Convert a table to pandas.

    Raises:
        MemoryError: if there is not enough memory.
        ValueError: if its footer is invalid.
    """
    try:
        return table.to_pandas()
    except MemoryError:
        raise
    except Exception as problem:
        raise ValueError(f"damaged ({problem})") from None


def with_metadata(table: pa.Table, metadata: Mapping[bytes, str | bytes]) -> pa.Table:
    """A copy of a table with additional metadata."""
    return table.replace_schema_metadata({**(table.schema.metadata or {}), **metadata})


def parquet_of(table: pa.Table) -> bytes:
    """The bytes of a Parquet file with this table, with a checksum for each page."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, write_page_checksum=True)
    return bytes(sink.getvalue())


def with_digest(table: pa.Table) -> bytes:
    """The bytes of a Parquet file with a digest of all other bytes in its footer; `table_with_digest` reads it."""
    table = with_metadata(table, {_HAS_DIGEST: b"1"})
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, table.schema, write_page_checksum=True) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({_DIGEST: _BLANK})
    content = bytes(sink.getvalue())
    begins, ends = _place_of_digest(content)
    return content[:begins] + hashlib.sha256(content).hexdigest().encode() + content[ends:]


def table_with_digest(path: Path) -> pa.Table:
    """Read a table written by `with_digest`. Tables of earlier versions have no digest; only their pages are checked.

    Raises:
        FileNotFoundError: if it does not exist.
        DamagedError: if its bytes have changed.
        ValueError: if it is damaged, or not a Parquet file.
        OSError: if it cannot be read.
    """
    content = bytes_of(path)
    begins, ends = _place_of_digest(content)
    if begins < 0:
        table = parsed(content, checked=False)
        if _HAS_DIGEST in (table.schema.metadata or {}):
            raise DamagedError(f"{path} is damaged: its checksum is missing")
        return table
    blank = content[:begins] + _BLANK + content[ends:]
    if hashlib.sha256(blank).hexdigest().encode() != content[begins:ends]:
        raise DamagedError(f"{path} is damaged: its checksum does not match")
    return parsed(content, checked=True)


def has_digest(path: Path) -> bool:
    """Whether a table has a digest; those of earlier versions have none."""
    return _place_of_digest(bytes_of(path))[0] >= 0


def _place_of_digest(content: bytes) -> tuple[int, int]:
    """The start and end of the digest; -1 for both if there is none."""
    found = _FOUND.match(content, max(0, content.rfind(_DIGEST)))
    return found.span(1) if found else (-1, -1)
