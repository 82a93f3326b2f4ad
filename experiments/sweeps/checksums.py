"""Parquet files of which every byte is checked before any is parsed.

A part is named by a hash of its bytes. A table whose name is fixed has in its footer a SHA-256 of all its other bytes.
So a checksum is written together with what it is of, in one rename, and no kill can leave an old one beside new bytes.
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

_DIGEST = b"rekindle-sha256"  # key in the footer of a table
_HAS_DIGEST = b"rekindle-has-digest"  # in the schema: where the digest is not found, it was lost
_BLANK = b"0" * 64
_FOUND = re.compile(re.escape(_DIGEST) + rb".{1,8}?([0-9a-f]{64})", re.DOTALL)  # Thrift's type and length in between
_BAD_SECTORS = (errno.EIO, errno.EBADMSG, errno.EUCLEAN)


class DamagedError(ValueError):
    """A file whose bytes are not those that were written; the text names it."""


def name_of(content: bytes) -> str:
    """What a part with this content is called, without its ending."""
    return hashlib.sha256(content).hexdigest()[:16]


def has_its_name(path: Path) -> bool:
    """Whether a part has the bytes that its name promises; it is read piece by piece.

    Raises:
        FileNotFoundError: it is gone.
        OSError: it cannot be read, for a reason that says nothing about its bytes.
    """
    try:
        return path.stem == hash_of(path)
    except DamagedError:
        return False


def hash_of(path: Path) -> str:
    """The name that the bytes of a file ask for.

    Raises:
        DamagedError: the disk cannot read them, or the path is no file.
        OSError: they cannot be read for another reason.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]
    except OSError as problem:
        raise judged(path, problem) from None


def bytes_of(path: Path) -> bytes:
    """All of a file.

    Raises:
        DamagedError: the disk cannot read it, or the path is no file.
        OSError: it cannot be read for another reason.
    """
    try:
        return path.read_bytes()
    except OSError as problem:
        raise judged(path, problem) from None


def judged(path: Path, problem: OSError) -> Exception:
    """Damage, where it will not go away by itself; otherwise the problem as it was."""
    if isinstance(problem, IsADirectoryError):
        return DamagedError(f"{path} is a folder")
    if isinstance(problem, FileNotFoundError) and path.is_symlink():
        return DamagedError(f"{path} is a link to nothing")
    if problem.errno in _BAD_SECTORS:
        return DamagedError(f"{path} cannot be read ({problem.strerror})")
    return problem


def parsed(content: bytes, *, checked: bool) -> pa.Table:
    """The table in the bytes of a Parquet file.

    Args:
        content: of the file.
        checked: whether these are known to be the bytes that were written; of others, only the pages have checksums.

    Raises:
        MemoryError: there is too little memory for it.
        ValueError: it is no Parquet file, or damaged.
    """
    try:
        return pq.read_table(pa.BufferReader(content), page_checksum_verification=True)
    except Exception as problem:  # damaged bytes raise anything, from RecursionError to a MemoryError
        if checked and isinstance(problem, MemoryError):
            raise
        raise ValueError(f"no Parquet file, or damaged ({problem})") from None


def frame_of(table: pa.Table) -> pd.DataFrame:
    """A table as pandas has it.

    Raises:
        MemoryError: there is too little memory for it.
        ValueError: what the footer says of it makes no sense.
    """
    try:
        return table.to_pandas()
    except MemoryError:
        raise
    except Exception as problem:
        raise ValueError(f"damaged ({problem})") from None


def with_metadata(table: pa.Table, metadata: Mapping[bytes, str | bytes]) -> pa.Table:
    """The same table, which says more about itself."""
    return table.replace_schema_metadata({**(table.schema.metadata or {}), **metadata})


def parquet_of(table: pa.Table) -> bytes:
    """A table as the bytes of a Parquet file, with a checksum for each page."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, write_page_checksum=True)
    return bytes(sink.getvalue())


def with_digest(table: pa.Table) -> bytes:
    """The same, with a digest of all other bytes in the footer; `table_with_digest` reads it."""
    table = with_metadata(table, {_HAS_DIGEST: b"1"})
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, table.schema, write_page_checksum=True) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({_DIGEST: _BLANK})
    content = bytes(sink.getvalue())
    begins, ends = _place_of_digest(content)
    return content[:begins] + hashlib.sha256(content).hexdigest().encode() + content[ends:]


def table_with_digest(path: Path) -> pa.Table:
    """A table that `with_digest` made; earlier versions wrote none, and of theirs only the pages are checked.

    Raises:
        FileNotFoundError: it is not there.
        DamagedError: its bytes are not those that were written.
        ValueError: it is no Parquet file, or damaged.
        OSError: it cannot be read.
    """
    content = bytes_of(path)
    begins, ends = _place_of_digest(content)
    if begins < 0:
        table = parsed(content, checked=False)
        if _HAS_DIGEST in (table.schema.metadata or {}):
            raise DamagedError(f"{path} is damaged: its digest is gone")
        return table
    blank = content[:begins] + _BLANK + content[ends:]
    if hashlib.sha256(blank).hexdigest().encode() != content[begins:ends]:
        raise DamagedError(f"{path} is damaged: its bytes are not those that were written")
    return parsed(content, checked=True)


def has_digest(path: Path) -> bool:
    """Whether a table has a digest of all its bytes; those of earlier versions have none."""
    return _place_of_digest(bytes_of(path))[0] >= 0


def _place_of_digest(content: bytes) -> tuple[int, int]:
    """Where the digest begins and ends; negative where there is none."""
    found = _FOUND.match(content, max(0, content.rfind(_DIGEST)))
    return found.span(1) if found else (-1, -1)
