"""What the log of a sweep's progress says: who is at work, how fast, and what failed."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.sweeps import progress_log, results
from experiments.sweeps.progress_log import LOG, ProgressLog, failures, lines, logged, pace
from tests.experiments.conftest import RESULTS, Failing, Rekindle


def line(at: float, ended: int = 0, command: str = "a", **more: Any) -> dict[str, Any]:
    return {"command": command, "cores": 2, "at": at, "ended": ended, "failed": {}} | more


@given(st.floats(0.05, 100), st.integers(1, 50), st.integers(2, 200))
def test_the_rate_of_a_steady_command_is_what_it_makes(seconds: float, each: int, count: int) -> None:
    log = [line(1_000.0), *(line(1_000.0 + seconds * k, each) for k in range(1, count))]
    now = log[-1]["at"]
    found = pace(log, now)
    assert (found.commands, found.cores, found.last) == (1, 2, now)
    within = min(600.0, now - 1_000.0)
    assert found.rate == pytest.approx(each / seconds, rel=seconds / within + 1e-6)


def test_commands_add_up_and_those_that_ended_or_were_killed_do_not_count() -> None:
    both = [line(0.0), line(0.0, command="b"), line(100.0, 50), line(100.0, 30, "b")]
    assert pace(both, 101.0).rate == pytest.approx(0.8)
    assert pace(both, 101.0).commands == 2
    one = pace([*both, line(100.5, 0, "b", over=True)], 101.0)
    assert (one.commands, one.cores, one.rate) == (1, 2, pytest.approx(0.5))
    silent = pace(both, 100.0 + 3 * progress_log.SECONDS_OF_SILENCE + 1)
    assert (silent.commands, silent.cores, silent.last) == (0, 0, 100.0)
    assert math.isnan(silent.rate)
    assert math.isnan(pace([line(0.0)], 1.0).rate)
    assert pace([], 1.0).commands == 0


def test_the_time_in_which_workers_start_does_not_count() -> None:
    log = [line(0.0), line(60.0, 5), line(70.0, 100), line(80.0, 100)]
    assert pace(log, 81.0).rate == pytest.approx(10.0)
    assert math.isnan(pace([*log, line(900.0)], 901.0).rate), "nothing ended for longer than the window"


def test_the_latest_error_of_a_run_counts_and_damaged_lines_do_not(tmp_path: Path) -> None:
    first, second = line(1.0, 1, failed={"x": "A: a", "y": "B: b"}), line(2.0, 1, failed={"x": "C: c"})
    text = "\n".join([json.dumps(second), '{"at": 3', "[1]", "{}", json.dumps(first), "\x00"])
    (tmp_path / LOG).write_text(text)
    found = failures(lines(tmp_path))
    assert found.to_dict("index") == {"x": {"error": "C: c", "at": 2.0}, "y": {"error": "B: b", "at": 1.0}}
    assert lines(tmp_path / "nowhere") == []
    assert len(failures([])) == 0


def test_lines_are_written_seldom_and_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(progress_log.time, "monotonic", lambda: now)
    with logged(tmp_path, 4) as log:
        for _ in range(100):
            now += 1
            log.add([{"id": f"{now}", "error": None}])
        for _ in range(300):
            now += 1
            log.add([])
        log.add([{"id": "failed", "error": "E: e"}])
    found = lines(tmp_path)
    assert sum(one["ended"] for one in found) == 101
    assert len(found) <= 100 / progress_log.SECONDS_BETWEEN + 300 / progress_log.SECONDS_OF_SILENCE + 3
    assert list(failures(found).index) == ["failed"]
    assert [bool(one.get("over")) for one in found] == [False] * (len(found) - 1) + [True]


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    ProgressLog(tmp_path / "nowhere", 1).close()


@pytest.mark.any_python
def test_a_sweep_leaves_what_became_of_each_run(
    config: Path, rekindle: Rekindle, in_threads: None, second_world_fails: Failing
) -> None:
    with second_world_fails():
        assert rekindle("sweep", config, "--fail-fast").code == 1  # which writes no table with errors
    found = results.progress("tiny")
    assert found.failed == len(found.failures) >= 1
    assert set(found.failures["error"]) == {"ZeroDivisionError: a planted fault"}
    assert set(found.failures["replicate"]) == {1}
    said = rekindle("status", "tiny").out
    assert "in replicate 1: ZeroDivisionError: a planted fault" in said
    assert rekindle("sweep", config).code == 0
    assert results.progress("tiny").failed == 0
    assert sum(one["ended"] for one in lines(RESULTS)) >= 9
    assert results.progress("tiny").pace.commands == 0
