"""What a few timed runs say about the time and the space of a sweep."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from experiments.config.reading import load
from experiments.sweeps import runner, store
from experiments.sweeps.design import RunSpec, runs_of
from experiments.sweeps.histories import EVENTS, Ended, History
from experiments.sweeps.planning import Timing, kept_seconds, missing, timed

FOLDER = Path("results")


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.parquet"))


@pytest.mark.parametrize(
    ("seconds", "worlds", "expected"),
    [((1.0, 3.0), (4.0,), (6 * 2 + 2 * 4) / 3), ((5.0,), (1.0, 2.0, 3.0), (6 * 5 + 2 * 2) / 3), ((), (), 0.0)],
)
def test_an_estimate_is_the_mean_time_of_all_runs_and_worlds_shared_by_the_processes(
    seconds: tuple[float, ...], worlds: tuple[float, ...], expected: float
) -> None:
    timing = Timing(seconds, worlds, 0.0, 0.0, ())
    assert timing.total(6, 2, 3) == pytest.approx(expected)
    assert timing.total(6, 2, 100) == pytest.approx(expected * 3 / 6), "no more processes work than there are runs"
    assert timing.total(6, 2, 1) == pytest.approx(expected * 3)
    assert timing.total(0, 0, 3) == 0


def test_runs_that_are_kept_are_neither_missing_nor_timed_again(config: Path) -> None:
    runs = runs_of(load(config))
    assert kept_seconds(runs, FOLDER) == ()
    assert missing([*runs, *runs], FOLDER) == runs, "each once"
    store.add(FOLDER, [runner.run_one(run).row | {"seconds": 2.0 + k} for k, run in enumerate(runs[:2])])
    assert kept_seconds(runs, FOLDER) == (2.0, 3.0)
    assert kept_seconds(runs[1:], FOLDER) == (3.0,)
    assert missing(runs, FOLDER) == runs[2:]
    assert missing(runs, FOLDER, [History(EVENTS)]) == runs


@pytest.mark.parametrize(("count", "at"), [(1, [0]), (2, [0, 4]), (4, [0, 2, 4, 6]), (9, range(9)), (20, range(9))])
def test_timed_runs_are_spread_evenly_and_each_is_made_once(
    config: Path, monkeypatch: pytest.MonkeyPatch, count: int, at: Iterable[int]
) -> None:
    runs, made = runs_of(load(config)), list[RunSpec]()

    def made_at_once(run: RunSpec, **_: Any) -> Ended:
        made.append(run)
        return Ended({"id": run.id, "error": None, "seconds": 7.0}, {})

    monkeypatch.setattr(runner, "run_one", made_at_once)
    reports: list[tuple[int, int]] = []
    timing = timed(runs, FOLDER, count, lambda done, total: reports.append((done, total)))
    expected = [runs[k] for k in at]
    assert made == expected
    assert reports == [(k + 1, len(expected)) for k in range(len(expected))]
    assert timing.seconds == (7.0,) * len(expected)
    assert len(timing.worlds) == len(expected)


def test_space_is_that_of_the_files_and_of_worlds_in_memory(config: Path, tmp_path: Path) -> None:
    runs = runs_of(load(config))
    world = runner.world_of(runs[0].world)
    began = time.perf_counter()
    timing = timed(runs, FOLDER, 2, lambda *_: None, [History(EVENTS)])
    elapsed = time.perf_counter() - began
    assert timing.run_bytes == size_of(FOLDER) / 2
    assert timing.world_bytes == pytest.approx(world.people.nbytes + world.ties.nbytes, rel=0.2)
    one = timed(runs, Path("one"), 1, lambda *_: None)
    assert one.run_bytes == size_of(Path("one"))
    assert one.world_bytes == world.people.nbytes + world.ties.nbytes
    assert 0 < sum(timing.seconds) + sum(timing.worlds) <= elapsed
    assert list((tmp_path / "cache").rglob("*.npy")) == [], "nothing is cached but the worlds of the sweep"


def test_runs_that_fail_are_told_and_count_for_nothing(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = runs_of(load(config))[:2]
    bad = [replace(run, adopters=99) for run in runs]
    timing = timed(bad, FOLDER, 2, lambda *_: None)
    assert timing.seconds == ()
    assert timing.run_bytes == 0
    assert all(error.startswith("SettingError: run.adopters needs 99 of 40 people") for error in timing.failed)

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("a planted fault")

    monkeypatch.setattr(runner, "world_of", broken)
    failed = ("ZeroDivisionError: a planted fault",) * 2
    assert timed(runs, FOLDER, 2, lambda *_: None) == Timing((), (), 0.0, 0.0, failed)
