from __future__ import annotations

import math
import pickle
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import sim
from experiments.config.reading import load
from experiments.sweeps import runner
from experiments.sweeps.design import RunSpec, runs_of
from experiments.sweeps.histories import Ended
from experiments.sweeps.workers import TooLongError, Workers
from sim.model.outcomes import MEASURES


def test_a_row_is_what_the_model_says(config: Path) -> None:
    run = runs_of(load(config))[1]
    began = time.perf_counter()
    row, histories = runner.run_one(run)
    elapsed = time.perf_counter() - began
    world = sim.worlds.generated(people=40, burn_in_years=0, seed=5)
    direct = sim.simulate(
        world,
        days=25,
        strategy="check_in",
        adopters=4,
        seed=1,
        strategy_days=20,
        parameters=sim.Parameters(effort_minutes=240),
    )
    assert (row["id"], row["people"]) == (run.id, 40)
    for name in MEASURES:
        expected = direct.measures.scalars[name]
        assert row[name] == expected or (math.isnan(row[name]) and math.isnan(expected)), name
    assert row["error"] is None
    assert 0 < row["seconds"] <= elapsed
    assert histories == {}


def test_a_run_that_fails_is_a_row(config: Path) -> None:
    good, bad = runs_of(load(config))[:2]
    rows = [runner.run_one(run).row for run in (good, replace(bad, adopters=99))]
    assert rows[0]["error"] is None
    assert rows[1]["error"].startswith("SettingError: run.adopters needs 99 of 40 people")
    assert "Traceback" in rows[1]["traceback"]
    assert "reconnected" not in rows[1]


def test_a_run_carries_the_function_that_its_id_hashes(config: Path) -> None:
    """Whatever becomes of the file while the sweep runs."""
    text = "def it(me, ties):\n    for tie in ties:\n        tie.clause = 0\n"
    Path("mine.py").write_text(text)
    config.write_text(
        config.read_text() + '[strategies.mine]\nfunction = "mine.py:it"\nwhat = "call"\nsession_minutes = 5\n'
    )
    arms = ['sweep.strategies=["wait", "mine"]']
    waits, follows = runs_of(load(config, arms))[:2]
    before = runner.run_one(follows).row
    assert before["error"] is None
    assert before["sent_call"] > 0
    follows = pickle.loads(pickle.dumps(follows))  # as a worker gets it
    Path("mine.py").write_text("def it(me, ties):\n    pass\n")
    other = runs_of(load(config, arms))[1]
    assert other.id != follows.id
    assert runner.run_one(other).row["sent_call"] < before["sent_call"]
    Path("mine.py").unlink()
    assert runner.run_one(follows).row["sent_call"] == before["sent_call"]
    assert runner.run_one(waits).row["error"] is None


def test_each_world_is_built_once(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[int] = []
    monkeypatch.setattr(runner, "_build", lambda settings: built.append(settings.seed))
    with ThreadPoolExecutor(2) as executor:
        assert list(runner.build_worlds(runs_of(load(config)), executor)) == []  # no burn-in, nothing to keep
        burnt_in = runs_of(load(config, ["world.burn_in_years=1"]))
        assert list(runner.build_worlds(burnt_in, executor))[-1] == (3, 3)
    assert sorted(built) == [5, 6, 7]


def test_a_log_is_replayed_once_for_all_arms(config: Path) -> None:
    Path("a.csv").write_text("source,target,time\n" + "".join(f"{i % 7},{i % 5},{i * 9000}\n" for i in range(60)))
    runs = runs_of(load(config, world=Path("a.csv")))[:3]
    first, second = (runner.world_of(run.world) for run in runs[:2])
    assert first is second
    assert len(first) == 7
    with ThreadPoolExecutor(1) as executor:
        assert list(runner.build_worlds(runs, executor)) == []
        ended = [run for some in runner.finished(runs, executor) for run in some]
    assert [run.row["error"] for run in ended] == [None, None, None]


def quick(run: RunSpec, **_: Any) -> Ended:
    return Ended({"id": run.id, "error": None}, {})


def test_a_run_that_ended_does_not_wait_for_the_others(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = runs_of(load(config))[:2]
    go_on = threading.Event()

    def slow(run: RunSpec, **_: Any) -> Ended:
        if run is second:
            go_on.wait(30)
        return quick(run)

    monkeypatch.setattr(runner, "run_one", slow)
    monkeypatch.setattr(runner, "SECONDS_A_PART", 0.05)
    with ThreadPoolExecutor(2) as executor:
        coming = runner.finished([first, second], executor)
        while not (ended := next(coming)):
            pass
        assert [run.row["id"] for run in ended] == [first.id]
        go_on.set()
        assert [run.row["id"] for some in coming for run in some] == [second.id]


@pytest.mark.parametrize("ahead", [None, 3])
def test_only_so_many_runs_are_handed_over_ahead(
    config: Path, monkeypatch: pytest.MonkeyPatch, ahead: int | None
) -> None:
    runs = runs_of(load(config, ["sweep.replicates=10"]))
    handed: list[str] = []

    class Counted(ThreadPoolExecutor):
        def submit(self, work: Any, /, run: RunSpec) -> Any:  # type: ignore[override]
            handed.append(run.id)
            return super().submit(work, run)

    monkeypatch.setattr(runner, "run_one", quick)
    monkeypatch.setattr(runner, "AHEAD", 4)
    with Counted(1) as executor:
        done = 0
        for ended in runner.finished(runs, executor, ahead=ahead):
            done += len(ended)
            assert len(handed) <= done + (ahead or 4)
    assert handed == [run.id for run in runs]


def test_a_run_that_takes_too_long_is_a_row_that_says_so(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = runs_of(load(config))[:2]

    def endless(run: RunSpec, **_: Any) -> Ended:
        if run is second:
            raise TooLongError
        return quick(run)

    monkeypatch.setattr(runner, "run_one", endless)
    with ThreadPoolExecutor(2) as executor:
        rows = {
            run.row["id"]: run.row for some in runner.finished([first, second], executor, minutes=2) for run in some
        }
    assert not rows[first.id].get("error")
    assert "longer than run.timeout_minutes = 2" in rows[second.id]["error"]
    assert rows[second.id]["seconds"] == 120


def test_a_worker_that_dies_does_not_cost_what_had_ended(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = runs_of(load(config))[:2]

    def dies(run: RunSpec, **_: Any) -> Ended:
        if run is second:
            raise BrokenProcessPool
        return quick(run)

    monkeypatch.setattr(runner, "run_one", dies)
    with ThreadPoolExecutor(2) as executor:
        coming = runner.finished([first, second], executor)
        assert [run.row["id"] for run in next(coming)] == [first.id]
        with pytest.raises(BrokenProcessPool):
            next(coming)


class InThisProcess(Workers):
    """Workers that do all at once in this process, and note the time limit of each item in seconds."""

    def __init__(self) -> None:
        self.limits: list[float | None] = []
        self.ended: list[str] = []

    def _done(self, work: Callable[..., Any], arguments: tuple[Any, ...]) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(work(*arguments))
        return future

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **_: Any) -> Future[Any]:
        self.limits.append(None)
        return self._done(work, arguments)

    def submit_within(self, seconds: float, work: Callable[..., Any], /, *arguments: Any, **_: Any) -> Future[Any]:
        self.limits.append(seconds)
        return self._done(work, arguments)

    def kill(self) -> None:
        self.ended.append("killed")

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.ended.append("shut down")


@pytest.mark.parametrize(("minutes", "limit"), [({}, None), ({"minutes": 0}, None), ({"minutes": 1.5}, 90.0)])
def test_a_time_limit_holds_for_worlds_and_runs_of_local_processes(
    config: Path, monkeypatch: pytest.MonkeyPatch, minutes: dict[str, float], limit: float | None
) -> None:
    runs = runs_of(load(config, ["world.burn_in_years=0.5"]))
    monkeypatch.setattr(runner, "_build", lambda _: None)
    monkeypatch.setattr(runner, "run_one", quick)
    executor = InThisProcess()
    assert list(runner.build_worlds(runs, executor, **minutes))[-1] == (3, 3)
    assert executor.limits == [limit] * 3
    ended = [one for some in runner.finished(runs, executor, **minutes) for one in some]
    assert sorted(one.row["id"] for one in ended) == sorted(run.id for run in runs)
    assert executor.limits == [limit] * 12


def test_an_executor_without_time_limits_gets_none(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "run_one", quick)
    with ThreadPoolExecutor(1) as executor:
        assert len([one for some in runner.finished(runs_of(load(config)), executor, minutes=1) for one in some]) == 9


@pytest.mark.parametrize("signalled", [False, True])
def test_what_ends_within_a_second_is_saved_together_unless_a_signal_comes(
    monkeypatch: pytest.MonkeyPatch, signalled: bool
) -> None:
    monkeypatch.setattr(runner, "SECONDS_A_PART", 30.0)
    monkeypatch.setattr(runner, "SECONDS_TO_NOTICE", 0.01)
    monkeypatch.setattr(runner.stopping, "came", lambda: signalled)
    first, second = Future[int](), Future[int]()
    first.set_result(1)
    timer = threading.Timer(0.1, second.set_result, [2])
    timer.start()
    found = runner._ended_in_a_part([first, second])
    timer.join()
    assert found == ({first} if signalled else {first, second})


def test_stopping_cancels_what_has_not_begun_and_waits_for_nothing() -> None:
    workers = InThisProcess()
    runner.stop(workers)
    assert workers.ended == ["killed"]

    begun, go_on = threading.Event(), threading.Event()
    executor = ThreadPoolExecutor(1)
    running = executor.submit(lambda: (begun.set(), go_on.wait(30)))
    waiting = executor.submit(lambda: None)
    begun.wait(30)
    runner.stop(executor)
    assert not running.done(), "it is not waited for"
    assert waiting.cancelled()
    go_on.set()

    class Cluster(Executor):
        """The executor of a cluster, as far as it is ended."""

        waits: bool | None = None

        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            self.waits = wait

    cluster = Cluster()
    runner.stop(cluster)
    assert cluster.waits is False
