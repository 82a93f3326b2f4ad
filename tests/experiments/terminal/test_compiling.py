"""The model is compiled by one process at a time; the others wait, say so, and can be stopped."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from experiments.terminal import compiling
from tests.conftest import ROOT

HOLDS = """
import fcntl, sys, time
lock = open(sys.argv[1], "a+")
fcntl.flock(lock, fcntl.LOCK_EX)
lock.write("41"); lock.flush()
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for compiled code."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "compiled"))
    return tmp_path / "compiled"


def waiting_for(seconds: float, what: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while not what() and time.monotonic() < until:
        time.sleep(0.02)
    return what()


def test_two_that_begin_at_once_compile_once(folder: Path) -> None:
    compiled: list[int] = []
    told: list[tuple[int, int, str]] = []

    def work() -> None:
        compiled.append(1)
        assert waiting_for(60, lambda: any(note for *_, note in told))

    both = [threading.Thread(target=compiling._once, args=("made", work, lambda *said: told.append((*said, "")[:3])))
            for _ in range(2)]  # fmt: skip
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(60)
    assert compiled == [1]
    assert (0, compiling.FUNCTIONS, compiling.ELSEWHERE) in told
    compiling._once("made", work, lambda *_: None)
    assert compiled == [1]


def test_one_that_dies_leaves_the_work_to_the_next(folder: Path) -> None:
    """And those who wait are told how far it had come."""
    folder.mkdir()
    told: list[tuple[object, ...]] = []
    done = threading.Event()
    command = [sys.executable, "-c", HOLDS, str(folder / compiling.LOCK)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        waiter = threading.Thread(target=compiling._once, args=("made", done.set, lambda *said: told.append(said)))
        waiter.start()
        assert waiting_for(60, lambda: (41, compiling.FUNCTIONS, compiling.ELSEWHERE) in told)
        assert not done.is_set()
        holder.kill()
        assert done.wait(60)
        waiter.join(60)


def test_who_waits_can_be_stopped(folder: Path) -> None:
    folder.mkdir()

    def stop(*_: object) -> None:
        raise InterruptedError

    with (folder / compiling.LOCK).open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(InterruptedError):
            compiling._once("made", lambda: None, stop)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_where_nothing_can_be_locked_it_goes_on(folder: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refused(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refused)
    done: list[int] = []
    compiling._once("made", lambda: done.append(1), lambda *_: None)
    assert done == [1]


def test_a_folder_that_cannot_be_made_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file" / "compiled"))
    done: list[int] = []
    compiling._once("made", lambda: done.append(1), lambda *_: None)
    assert done == [1]


def test_it_is_not_compiled_once_a_source_has_changed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = folder.with_name("rules.py")
    source.touch()
    monkeypatch.setattr(compiling, "_sources", lambda: [source])
    done: list[int] = []
    for changed in (False, False, True, False):
        if changed:
            source.write_text("# changed")
        compiling._once("made", lambda: done.append(1), lambda *_: None)
    assert len(done) == 2


def test_each_function_that_is_compiled_is_reported() -> None:
    from numba.core import event

    from sim.model.rules import _slowest_by_day  # any that is compiled

    told: list[tuple[object, ...]] = []
    function = {"dispatcher": _slowest_by_day}
    with compiling._counted(lambda *said: told.append(said)), event.trigger_event("numba:compile", data=function):
        pass
    assert [said[0] for said in told] == [told[0][0], int(str(told[0][0])) + 1]


def test_the_model_is_not_loaded_to_ask_for_it() -> None:
    code = "import sys; from experiments.terminal import compiling as c; c.is_imported(); print('sim' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert said == "False\n"


def test_a_compiled_model_is_known_to_be_compiled() -> None:
    compiling.compile_model()
    assert compiling.is_compiled()


def test_progress_begins_with_functions_of_this_version_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = folder.parent / "source.py"
    source.touch()
    monkeypatch.setattr(compiling, "_sources", lambda: [source])
    for name, seconds in (("older", -60), ("newer", 60), ("newest", 120)):
        file = folder / name / "rules.nbc"
        file.parent.mkdir(parents=True)
        file.touch()
        os.utime(file, (time.time() + seconds,) * 2)
    assert compiling._compiled_before() == 2
