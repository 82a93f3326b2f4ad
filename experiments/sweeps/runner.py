"""Make one run, or many on any `concurrent.futures` executor. A run that fails becomes a row, not a crash."""

from __future__ import annotations

import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

import sim
from experiments.config.settings import WorldSettings, require_adopters
from experiments.logs.gate import silence_of
from experiments.sweeps import own_model
from experiments.sweeps.adopters import adopters_of
from experiments.sweeps.design import RunSpec
from experiments.sweeps.histories import Ended, History, of_run, options
from experiments.sweeps.injected import focal_ties, gestures
from experiments.sweeps.own_outcomes import values_of_queries
from experiments.sweeps.store import Row
from experiments.sweeps.time_limit import TimeLimit, Work
from experiments.sweeps.workers import TooLongError, Workers
from experiments.terminal import stopping
from experiments.terminal.names import private
from sim.model.python_files import carrying

SECONDS_A_PART = 1.0  # a sweep that is killed loses at most the runs of this time
AHEAD = 1_000  # number of runs submitted in advance
SMALL = 2_000  # people in a world that a process keeps for the next run; a larger one would take too much memory
_OF_AN_OWN_MODEL = ("log", "measures", "progress", "stop")  # options; there are no threads and no checkpoints
SECONDS_TO_NOTICE = 0.2  # longest time until a signal is noticed


class Checkpoints(NamedTuple):
    """The folder in which long runs save their state, under their ids, and the interval in minutes (0: never)."""

    folder: Path
    minutes: float

    def of(self, run: RunSpec) -> dict[str, Any]:
        """The options of `sim.simulate` for the checkpoints of a run."""
        return {"checkpoint": self.folder / run.id, "checkpoint_minutes": self.minutes} if self.minutes else {}


def run_one(run: RunSpec, checkpoints: Checkpoints | None = None, histories: Sequence[History] = ()) -> Ended:
    """Simulate one run on one thread; with checkpoints, it resumes where it was interrupted.

    Returns:
        Its row (id, people, every scalar measure, seconds) and the requested histories. A run that failed has a
        one-line error and a traceback instead of measures.
    """
    began = time.perf_counter()
    row: Row = {"id": run.id, "error": None, "traceback": None}
    left: dict[History, pa.Table] = {}
    try:
        result = _simulated(run, checkpoints, histories)
        left = of_run(result, histories)
        row |= {"people": len(result.core.state.people), **outcomes(run, result)}
        if run.silence and result.log is not None:
            row |= silence_of(result.log, run.parameters.gestures)
    except Exception as error:  # a failure in one run must not affect the others
        row |= private({"error": _in_a_line(error), "traceback": traceback.format_exc()})
    return Ended({**row, "seconds": time.perf_counter() - began}, left)


def _in_a_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"


def _simulated(run: RunSpec, checkpoints: Checkpoints | None, histories: Sequence[History]) -> sim.Run:
    world = world_of(run.world)
    require_adopters(run.adopters, len(world))
    outputs = options(histories)
    outputs["log"] |= run.silence
    return simulate(run, world, threads=1, **outputs, **(checkpoints.of(run) if checkpoints else {}))


def simulate(run: RunSpec, world: sim.World, **options: Any) -> sim.Run:
    """Simulate a run with `sim.simulate`, to which ``options`` are passed on, or by a model of the user's own."""
    if run.inject is not None:
        focal = focal_ties(world, run.inject, run.seed, run.parameters)
        options |= {"focal": focal, "extra": gestures(run.inject, focal)}
    if run.own is not None:
        options |= {**run.own.options(), "log": options.get("log", False) or run.own.reads_events}
    with carrying(run.texts):
        if run.own is not None and run.own.model is not None:
            return own_model.simulate(
                run, world, **{name: options[name] for name in _OF_AN_OWN_MODEL if name in options}
            )
        return sim.simulate(
            world,
            days=run.days,
            strategy=run.strategy,
            adopters=adopters_of(run, world),
            seed=run.seed,
            parameters=run.parameters,
            strategy_days=run.strategy_days,
            **options,
        )


def outcomes(run: RunSpec, result: sim.Run) -> dict[str, float]:
    """Every scalar measure of a run, with those that are queries of the user's."""
    return result.measures.scalars | (values_of_queries(run.own, result) if run.own else {})


def world_of(settings: WorldSettings, **options: Any) -> sim.World:
    """The world of these settings; `sim.worlds` caches generated worlds on disk."""
    if settings.log is not None:
        return _with_newcomers(_replayed(settings.log, settings.seed, settings.parameters.model_dump_json()), settings)
    if settings.people <= SMALL and not options:
        return _with_newcomers(_small(settings.model_dump_json(exclude={"newcomers"})), settings)
    return _with_newcomers(_generated(settings, **options), settings)


def _generated(settings: WorldSettings, **options: Any) -> sim.World:
    return sim.worlds.generated(
        people=settings.people,
        burn_in_years=settings.burn_in_years,
        seed=settings.seed,
        parameters=settings.parameters,
        **options,
    )


def _with_newcomers(world: sim.World, settings: WorldSettings) -> sim.World:
    if not settings.newcomers:
        return world
    return sim.worlds.empty(world, newcomers=settings.newcomers, seed=settings.seed)


@lru_cache(maxsize=1)  # all arms of a replicate come one after another
def _replayed(log: str, seed: int, parameters: str) -> sim.World:
    return sim.worlds.replayed(log, seed=seed, parameters=sim.Parameters.model_validate_json(parameters))


@lru_cache(maxsize=1)  # likewise
def _small(settings: str) -> sim.World:
    return _generated(WorldSettings.model_validate_json(settings))


def worlds_to_keep(runs: Sequence[RunSpec]) -> list[WorldSettings]:
    """The burnt-in worlds of these runs, each once; they are built and cached before the runs."""
    burnt_in = (run.world for run in runs if run.world.log is None and run.world.burn_in_years > 0)
    return list({world.model_dump_json(): world for world in burnt_in}.values())


def build_worlds(
    runs: Sequence[RunSpec], executor: Executor, minutes: float = 0, limit: TimeLimit | None = None
) -> Iterator[tuple[int, int]]:
    """Build and cache each burnt-in world of these runs; yields (worlds built, number of worlds) every second.

    If a world cannot be built, or not within ``minutes`` (0: no limit), the rows of its runs have the error. A world
    that would not be ready before the limit of the sweep is not begun.
    """
    worlds, limit = worlds_to_keep(runs), limit or TimeLimit()
    built = 0
    for ended in _as_they_end(executor, _build, worlds, AHEAD, minutes, limit):
        built += len(ended)
        for future in ended:
            if future.exception() is None:
                limit.learn_world(future.result())
        yield built, len(worlds)


def _build(settings: WorldSettings) -> float:
    """Build a world; returns the seconds that it took."""
    began = time.perf_counter()
    world_of(settings)
    return time.perf_counter() - began


def finished(
    runs: Sequence[RunSpec],
    executor: Executor,
    checkpoints: Checkpoints | None = None,
    histories: Sequence[History] = (),
    ahead: int | None = None,
    minutes: float = 0,
    limit: TimeLimit | None = None,
) -> Iterator[list[Ended]]:
    """Make runs; yields every second those that have ended since the last time, possibly none.

    Args:
        runs: the runs to make.
        executor: the executor that makes them.
        checkpoints: where long runs save their state.
        histories: the histories to save of each run.
        ahead: number of runs submitted in advance, which limits the results in memory. Default: `AHEAD`.
        minutes: time limit of a run in a local process, after which it has failed; 0 for none.
        limit: of all runs; those that would not end before it are not started.

    Raises:
        BrokenProcessPool: if workers died repeatedly on the same run; runs that had ended are yielded first.
    """
    work, limit = partial(run_one, checkpoints=checkpoints, histories=histories), limit or TimeLimit()
    for ended in _as_they_end(executor, work, runs, ahead or AHEAD, minutes, limit):
        whole = [future for future in ended if future.exception() is None]
        for future in whole if limit.is_set else ():
            limit.learn(ended[future].scenario, future.result().row["seconds"])
        too_long = [future for future in ended if isinstance(future.exception(), TooLongError)]
        yield [future.result() for future in whole] + [_not_ended(ended[future], minutes) for future in too_long]
        for broken in ended.keys() - {*whole, *too_long}:
            broken.result()


def _not_ended(run: RunSpec, minutes: float) -> Ended:
    """The row of a run that exceeded its time limit."""
    error = f"it took longer than run.timeout_minutes = {minutes:g}, and its worker process was ended"
    row: Row = {"id": run.id, "error": f"TimeoutError: {error}", "traceback": None, "seconds": 60 * minutes}
    return Ended(row, {})


def _as_they_end(
    executor: Executor,
    work: Callable[[Any], Any],
    items: Sequence[Work],
    ahead: int,
    minutes: float,
    limit: TimeLimit,
) -> Iterator[dict[Future[Any], Any]]:
    """Yield every second the finished futures with their items, so that the caller can save them and check for Ctrl-C.

    Only a limited number is submitted in advance, so that a long sweep does not fill the memory.
    """
    coming, waiting = deque(items), dict[Future[Any], Any]()
    while True:
        while coming and len(waiting) < ahead and limit.allows(coming[0], waiting.values()):
            item = coming.popleft()
            waiting[_submitted(executor, work, item, minutes)] = item
        if not waiting:
            return
        yield {future: waiting.pop(future) for future in _ended_in_a_part(waiting)}


def _submitted(executor: Executor, work: Callable[[Any], Any], item: Any, minutes: float) -> Future[Any]:
    """Submit an item, with a time limit if the executor supports one."""
    if minutes and isinstance(executor, Workers):
        return executor.submit_within(60 * minutes, work, item)
    return executor.submit(work, item)


def _ended_in_a_part(waiting: Iterable[Future[Any]]) -> set[Future[Any]]:
    """The futures that are done after a second, or earlier once all are done or a signal arrives."""
    until = time.monotonic() + SECONDS_A_PART
    while True:
        found = wait(waiting, timeout=SECONDS_TO_NOTICE)
        if not found.not_done or stopping.came() or time.monotonic() > until:
            return found.done


def worker_processes(count: int) -> Workers:
    """An executor with this many processes, which all start now; see `experiments.sweeps.workers`."""
    return Workers(count)


def stop(executor: Executor) -> None:
    """Cancel all unfinished work, and kill local workers."""
    if isinstance(executor, Workers):
        executor.kill()
    elif isinstance(executor, ThreadPoolExecutor):
        executor.shutdown(wait=False, cancel_futures=True)
    else:
        executor.shutdown(wait=False)  # the executor of a cluster, which cancels in any case
