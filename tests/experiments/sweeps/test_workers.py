"""Workers that die, hang, are stopped or take too long cost nothing but time."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import psutil
import pytest

from experiments.sweeps import workers
from experiments.sweeps.workers import TooLongError, Workers


@pytest.fixture
def two() -> Iterator[Workers]:
    with Workers(2) as executor:
        yield executor
        executor.kill()


def signalled_once(path: Path, number: int) -> str:
    """Work during which its first worker gets a signal."""
    if not path.exists():
        path.touch()
        os.kill(os.getpid(), number)
        time.sleep(30)
    return "done"


def signalled(number: int) -> None:
    os.kill(os.getpid(), number)
    time.sleep(30)


def wrong() -> None:
    raise ValueError("seven")


def unlike_anything() -> object:
    return lambda: None


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_what_a_worker_was_at_begins_again(
    two: Workers, tmp_path: Path, number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    died = two.submit(signalled_once, tmp_path / "begun", number)
    others = [two.submit(abs, -at) for at in range(20)]
    assert died.result(60) == "done"
    assert [other.result(60) for other in others] == list(range(20))
    assert capsys.readouterr().err == f"A worker process died ({number.name}); its task starts again.\n"


def test_a_worker_that_is_stopped_is_noticed(
    two: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(workers, "SECONDS_STOPPED", 0.6)
    assert two.submit(signalled_once, tmp_path / "begun", signal.SIGSTOP).result(60) == "done"
    assert "by SIGSTOP" in capsys.readouterr().err


def test_a_worker_that_is_stopped_while_it_has_nothing_to_do_costs_nothing(
    two: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "SECONDS_STOPPED", 0.6)
    os.kill(two.submit(os.getpid).result(60), signal.SIGSTOP)
    done = [two.submit(abs, -at) for at in range(10)]
    assert [one.result(60) for one in done] == list(range(10))


def test_work_that_takes_too_long_is_given_up(two: Workers) -> None:
    endless = two.submit_within(0.2, time.sleep, 60)
    quick = [two.submit_within(60.0, abs, -at) for at in range(5)]
    with pytest.raises(TooLongError, match="longer"):
        endless.result(60)
    assert [one.result(60) for one in quick] == list(range(5))


def test_work_of_which_all_workers_die_is_given_up(two: Workers) -> None:
    deadly, harmless = two.submit(signalled, signal.SIGKILL), two.submit(abs, -1)
    with pytest.raises(BrokenProcessPool, match=r"3 worker processes died on the same task \(SIGKILL\)"):
        deadly.result(60)
    assert harmless.result(60) == 1


def test_what_is_raised_comes_back(two: Workers) -> None:
    with pytest.raises(ValueError, match="seven") as raised:
        two.submit(wrong).result(60)
    assert "in wrong" in raised.value.__notes__[0]
    with pytest.raises(Exception, match="pickle"):
        two.submit(unlike_anything).result(60)
    assert two.submit(abs, -3).result(60) == 3


def test_where_no_process_can_begin_the_work_fails_and_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    with Workers(1) as executor:
        assert executor.submit(abs, -1).result(60) == 1
        monkeypatch.setattr(workers, "_Worker", refused)
        with pytest.raises(BrokenProcessPool, match="A worker process could not be started"):
            executor.submit(signalled, signal.SIGKILL).result(60)
        monkeypatch.undo()
        assert executor.submit(abs, -2).result(60) == 2  # as soon as one can, work goes on
    monkeypatch.setattr(workers, "_Worker", refused)
    with Workers(1) as executor, pytest.raises(BrokenProcessPool, match="temporarily"):
        executor.submit(abs, -1).result(60)


def test_no_worker_is_left_after_the_end() -> None:
    with Workers(2) as executor:
        pids = {executor.submit(os.getpid).result(60) for _ in range(4)}
        executor.submit(time.sleep, 60)
        executor.kill()
    assert not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in pids)
    with pytest.raises(RuntimeError):
        executor.submit(abs, 1)
