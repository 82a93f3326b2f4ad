"""Checksums of tables and parts: what they cover, and what is taken for damage."""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from experiments.sweeps import checksums
from experiments.sweeps.checksums import DamagedError

TABLE = pa.table({"id": ["a", "b"], "reconnected": [1.25, 2.5]})
NUMBERS = b"\x00\x00\x00\x00\x00\x00\x04@"  # 2.5, as it is stored


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def plain(table: pa.Table) -> bytes:
    """A table as a program without digests writes it, with checksums of its pages."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, write_page_checksum=True, compression="none", use_dictionary=False)
    return bytes(sink.getvalue())


def test_a_digest_is_of_all_other_bytes(tmp_path: Path) -> None:
    content = checksums.with_digest(TABLE)
    path = written(tmp_path / "runs.parquet", content)
    assert checksums.has_digest(path)
    assert checksums.table_with_digest(path).to_pydict() == TABLE.to_pydict()
    digest = pq.read_metadata(path).metadata[b"rekindle-sha256"]
    assert content.count(digest) == 1
    assert hashlib.sha256(content.replace(digest, b"0" * 64)).hexdigest().encode() == digest
    again = checksums.with_digest(checksums.table_with_digest(path))
    assert again == content, "a digest that was read is none of the table's own metadata"


def test_a_table_that_lost_its_digest_is_damaged_and_one_that_never_had_one_is_read(tmp_path: Path) -> None:
    content = checksums.with_digest(TABLE)
    lost = content.replace(b"rekindle-sha256", b"rekindle-sha255")
    with pytest.raises(DamagedError, match="its checksum is missing"):
        checksums.table_with_digest(written(tmp_path / "lost.parquet", lost))
    older = written(tmp_path / "older.parquet", plain(TABLE))
    assert not checksums.has_digest(older)
    assert checksums.table_with_digest(older).to_pydict() == TABLE.to_pydict()
    damaged = written(tmp_path / "damaged.parquet", plain(TABLE).replace(NUMBERS, NUMBERS[:-1] + b"A"))
    with pytest.raises(ValueError, match="damaged, or not a Parquet file"):
        checksums.table_with_digest(damaged)


@pytest.mark.parametrize("write", [checksums.parquet_of, checksums.with_digest])
def test_other_programs_can_check_the_pages(tmp_path: Path, write: Any) -> None:
    content = write(pa.table({"id": [f"{k:016x}" for k in range(50)]}))
    at = content.index(b"PAR1", 0) + 60  # inside the first page, which is compressed
    damaged = written(tmp_path / "a.parquet", content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    with pytest.raises(OSError, match="CRC checksum"):
        pq.read_table(damaged, page_checksum_verification=True)


@pytest.mark.parametrize("checked", [True, False])
def test_too_little_memory_is_damage_only_if_the_bytes_may_be_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checked: bool
) -> None:
    """Wrong bytes can ask for any amount of memory; right ones ask for what they need."""
    path = written(tmp_path / "runs.parquet", checksums.with_digest(TABLE) if checked else plain(TABLE))

    def full(*_: Any, **__: Any) -> Any:
        raise MemoryError("full")

    monkeypatch.setattr(checksums.pq, "ParquetFile", full)
    with pytest.raises(MemoryError if checked else ValueError, match="full"):
        checksums.table_with_digest(path)


def test_metadata_is_added_to_that_of_the_table() -> None:
    once = checksums.with_metadata(TABLE, {b"a": b"1", b"b": b"2"})
    assert checksums.with_metadata(once, {b"b": b"3"}).schema.metadata == {b"a": b"1", b"b": b"3"}


def test_a_name_is_that_of_the_bytes(tmp_path: Path) -> None:
    content = b"any bytes"
    name = hashlib.sha256(content).hexdigest()[:16]
    path = written(tmp_path / f"{name}.parquet", content)
    assert checksums.name_of(content) == checksums.hash_of(path) == name
    assert checksums.has_its_name(path)
    assert not checksums.has_its_name(path.rename(path.with_stem("0123456789abcdef")))
    assert not checksums.has_its_name(tmp_path), "a folder is not a part"
    with pytest.raises(FileNotFoundError):
        checksums.has_its_name(tmp_path / "gone.parquet")


def test_what_cannot_be_read_is_damage_if_it_will_stay_so(tmp_path: Path) -> None:
    link, file = tmp_path / "link.parquet", written(tmp_path / "file.parquet", b"")
    link.symlink_to("nowhere")
    bad_sector = OSError(errno.EIO, "Input/output error")
    for path, problem, said in (
        (tmp_path, IsADirectoryError(errno.EISDIR, "Is a directory"), "is a folder"),
        (link, FileNotFoundError(errno.ENOENT, "No such file"), "is a broken link"),
        (file, bad_sector, r"cannot be read \(Input/output error\)"),
        (link, bad_sector, r"cannot be read \(Input/output error\)"),
    ):
        judged = checksums.judged(path, problem)
        assert isinstance(judged, DamagedError)
        with pytest.raises(DamagedError, match=said):
            raise judged
    for path, kept in (
        (file, FileNotFoundError(errno.ENOENT, "No such file")),
        (file, PermissionError(errno.EACCES, "Permission denied")),
        (link, PermissionError(errno.EACCES, "Permission denied")),
    ):
        assert checksums.judged(path, kept) is kept
