"""A sweep with a time limit: what it starts, and that a stopped one goes on to the same table."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.config.reading import load
from experiments.sweeps import results, runner, store, time_limit
from experiments.sweeps.design import RunSpec, runs_of
from experiments.sweeps.time_limit import TimeLimit
from tests.experiments.conftest import RUNS, Rekindle, refused


class Clock:
    """A clock in which time passes as it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        monkeypatch.setattr(time_limit.time, "monotonic", lambda: self.now)


@pytest.fixture
def runs(config: Path) -> list[RunSpec]:
    return runs_of(load(config))


def simulated(runs: Sequence[RunSpec], takes: Sequence[float], cores: int, seconds: float) -> tuple[int, float]:
    """A sweep in made-up time, each run given out as soon as it may be: how many started, and when the last ended."""
    with pytest.MonkeyPatch.context() as patched:
        clock = Clock(patched)
        limit = TimeLimit(clock.now + seconds, cores)
        coming, free, ends = list(zip(runs, takes, strict=True)), [clock.now] * cores, list[tuple[float, int]]()
        started = 0
        while not (limit.over or started == len(coming)):
            waiting = [coming[at] for end, at in ends if end > clock.now]
            if limit.allows(coming[started][0], [run for run, _ in waiting]):
                worker = free.index(min(free))
                free[worker] = max(free[worker], clock.now) + coming[started][1]
                ends.append((free[worker], started))
                started += 1
            else:
                clock.now = min((end for end, _ in ends if end > clock.now), default=clock.now + 1)
                for end, at in ends:
                    if end == clock.now:
                        limit.learn(coming[at][0].scenario, coming[at][1])
        return started, max(free) - (limit.until - seconds)


@given(st.floats(0.01, 500), st.integers(1, 8), st.floats(1, 3_000), st.integers(1, 80))
def test_runs_of_one_length_end_in_time_and_no_worker_that_could_do_more_is_idle(
    each: float, cores: int, seconds: float, count: int
) -> None:
    runs = [RunSpec.__new__(RunSpec)] * count
    object.__setattr__(runs[0], "scenario", "wait")
    started, last = simulated(runs, [each] * count, cores, seconds)
    first = cores if each > seconds else 0  # before any has ended, nobody knows how long one takes
    assert last <= seconds + 1e-6 or started <= first
    could = cores * int(seconds / each * (1 - 1e-9))
    assert started >= min(count, could - cores)


def test_nothing_starts_after_something_did_not_fit(runs: list[RunSpec], monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    limit = TimeLimit(clock.now + 10, cores=2)
    slow, fast = runs[1], runs[0]
    limit.learn(slow.scenario, 20.0)
    limit.learn(fast.scenario, 1.0)
    assert limit.allows(fast, [])
    assert not limit.allows(slow, [])
    assert limit.over
    assert not limit.allows(fast, [])


def test_without_a_limit_everything_starts(runs: list[RunSpec]) -> None:
    limit = TimeLimit()
    limit.learn(runs[0].scenario, 1e9)
    assert all(limit.allows(run, runs) for run in runs)
    assert list(limit.stretches(runs)) == [runs]


@given(st.integers(1, 4), st.integers(0, 60))
def test_stretches_are_the_runs_in_their_order_with_few_worlds_each(cores: int, count: int) -> None:
    text = Path(__file__).parents[3] / "configs" / "nine_strategies.toml"
    runs = runs_of(load(text, ["sweep.replicates=7"]))[:count]
    limit = TimeLimit(time.monotonic() + 60, cores)
    stretches = list(limit.stretches(runs))
    assert [run for stretch in stretches for run in stretch] == runs
    worlds = [{run.world.seed for run in stretch} for stretch in stretches]
    assert all(len(some) <= time_limit.WORLDS_AHEAD * cores for some in worlds)
    assert all(one.isdisjoint(other) for one, other in pairwise(worlds))


@pytest.fixture
def timed_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs in one thread that take at least 0.3 seconds each."""
    run_one = runner.run_one

    def slowly(run: RunSpec, **options: Any) -> Any:
        time.sleep(0.3)
        ended = run_one(run, **options)
        return ended._replace(row=ended.row | {"seconds": ended.row["seconds"] + 0.3})

    monkeypatch.setattr(runner, "worker_processes", lambda count: ThreadPoolExecutor(1))
    monkeypatch.setattr(runner, "run_one", slowly)


@pytest.mark.any_python
@pytest.mark.parametrize("burnt_in", [(), ("--set", "world.burn_in_years=0.05")])
def test_a_stopped_sweep_continues_to_the_table_of_one_run_through(
    config: Path, rekindle: Rekindle, timed_runs: None, monkeypatch: pytest.MonkeyPatch, burnt_in: tuple[str, ...]
) -> None:
    monkeypatch.setattr("sys.argv", ["rekindle", "sweep", "tiny.toml", "--max-time", "2s"])
    whole = ("sweep", config, "--processes", "1", *burnt_in)
    assert rekindle(*whole, "--results", "through").code == 0
    stops, before = 0, 0
    while (ended := rekindle(*whole, "--max-time", "2s")).code == 75:
        assert "Out of time: " in ended.out
        assert "To continue, repeat the same command:\n    rekindle sweep tiny.toml --max-time 2s\n" in ended.out
        assert not RUNS.exists()
        ids, done = list(results.load("tiny")["id"]), set(store.finished(RUNS.parent).index)
        assert set(ids[: len(done)]) == done, "what is finished is the beginning of the design"
        assert len(done) > before, "each command makes something"
        stops, before = stops + 1, len(done)
    assert ended.code == 0, ended.err
    assert stops >= 1
    tables = [store.read_table(folder / "tiny" / "runs.parquet")[0] for folder in (Path("through"), Path("results"))]
    pd.testing.assert_frame_equal(*tables, check_exact=True)


def test_the_first_worlds_of_a_stopped_sweep_are_a_whole_sweep(
    config: Path, rekindle: Rekindle, timed_runs: None
) -> None:
    assert rekindle("sweep", config, "--max-time", "2s", "--processes", "1").code == 75
    done = len(store.finished(RUNS.parent)) // 3
    assert done >= 1
    assert f"{3 * done:,} already done" in rekindle("sweep", config, "--set", f"sweep.replicates={done}").out
    assert store.read_table(RUNS)[0]["replicate"].to_list() == sorted([*range(done)] * 3)


def test_failures_matter_more_than_the_time(
    config: Path, rekindle: Rekindle, timed_runs: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(run: RunSpec, *_: Any) -> Any:
        raise ZeroDivisionError("a planted fault")

    monkeypatch.setattr(runner, "_simulated", fail)
    ended = rekindle("sweep", config, "--max-time", "1s", "--processes", "1")
    assert ended.code == 1
    assert "Out of time" in ended.out
    assert "a planted fault" in ended.err


@pytest.mark.parametrize("text", ["soon", "", "2", "-1h", "0s", "h", "1h 30"])
def test_a_time_that_is_none_is_refused(config: Path, rekindle: Rekindle, text: str) -> None:
    said = refused(rekindle("sweep", config, "--max-time", text))
    assert f"--max-time {text}: expected a time such as 90m, 2h or 1h30m." in said
