"""What must be true of files that are written whole."""

from __future__ import annotations

import errno
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sim.runtime import atomic_files
from sim.runtime.atomic_files import left_beside, temporary_beside, write_whole


def test_a_file_is_there_whole_with_its_size_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "table"
    assert write_whole(path, lambda temporary: temporary.write_text("first")) == 5
    assert write_whole(path, lambda temporary: temporary.write_text("second")) == 6
    assert path.read_text() == "second"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_what_was_there_and_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "table"
    path.write_text("before")

    def fail(temporary: Path) -> None:
        temporary.write_text("half")
        raise OSError(errno.ENOSPC, "words of a library")

    with pytest.raises(OSError, match=r"No space left on device, writing .*table") as caught:
        write_whole(path, fail)
    assert caught.value.errno == errno.ENOSPC
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_file_and_folder_are_flushed_the_one_before_and_the_other_after_the_rename(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, flush, seen = tmp_path / "table", os.fsync, []

    def fsync(opened: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(opened).st_mode) else "file"
        seen.append((kind, path.exists()))
        flush(opened)

    monkeypatch.setattr(os, "fsync", fsync)
    write_whole(path, lambda temporary: temporary.write_text("whole"))
    assert seen == [("file", False), ("folder", True)]


@pytest.mark.parametrize(("number", "raises"), [(errno.EINVAL, False), (errno.EIO, True)])
def test_a_folder_that_cannot_be_flushed_is_no_failure_but_a_bad_disk_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, raises: bool
) -> None:
    def fsync(opened: int) -> None:
        if stat.S_ISDIR(os.fstat(opened).st_mode):
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fsync)
    if raises:
        with pytest.raises(OSError, match=r"writing .*table"):
            write_whole(tmp_path / "table", lambda temporary: temporary.write_text("whole"))
    else:
        write_whole(tmp_path / "table", lambda temporary: temporary.write_text("whole"))
    assert (tmp_path / "table").read_text() == "whole"


def test_two_machines_with_the_same_process_id_use_other_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getpid", lambda: 1)
    monkeypatch.setattr(os, "uname", None)
    path = tmp_path / "a[1]"
    names = {temporary_beside(path) for _ in range(100)}
    assert len(names) == 100
    for name in names:
        name.touch()
    (tmp_path / ".0123-a1.half").touch()
    assert set(left_beside(path)) == names
    assert all(name.parent == tmp_path and name.name.startswith(".") for name in names)


def test_many_writers_of_one_file_leave_one_of_theirs(tmp_path: Path) -> None:
    path = tmp_path / "table"

    def write(worker: int) -> int:
        return write_whole(path, lambda temporary: temporary.write_text(str(worker) * 10_000))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(write, range(10))) == [10_000] * 10
    content = path.read_text()
    assert content == content[0] * 10_000
    assert list(tmp_path.iterdir()) == [path]


def test_others_may_read_what_the_umask_lets_them(tmp_path: Path) -> None:
    plain, path = tmp_path / "plain", tmp_path / "table"
    plain.touch()
    write_whole(path, lambda temporary: temporary.write_text("whole"))
    assert path.stat().st_mode == plain.stat().st_mode
    assert atomic_files.flush_folder(tmp_path) is None
