"""A run, and many of them on any `concurrent.futures` executor; a run that fails is a row, not a crash."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

import sim
from experiments.config.settings import WorldSettings, require_adopters
from experiments.logs.gate import silence_of
from experiments.sweeps.adopters import adopters_of
from experiments.sweeps.design import Run
from experiments.sweeps.histories import Ended, History, of_run, options
from experiments.sweeps.injected import focal_ties, gestures
from experiments.sweeps.store import Row
from experiments.sweeps.workers import TooLongError, Workers
from experiments.terminal import stopping
from experiments.terminal.names import private

SECONDS_A_PART = 1.0  # a sweep that is killed loses no more than what ended within this
AHEAD = 1_000  # runs that are handed to the workers at a time
SECONDS_TO_NOTICE = 0.2  # a signal


class Checkpoints(NamedTuple):
    """Where runs that take long keep how far they are, each under its id, and every how many minutes (0: never)."""

    folder: Path
    minutes: float

    def of(self, run: Run) -> dict[str, Any]:
        """What `sim.simulate` is told of them."""
        return {"checkpoint": self.folder / run.id, "checkpoint_minutes": self.minutes} if self.minutes else {}


def run_one(run: Run, checkpoints: Checkpoints | None = None, histories: Sequence[History] = ()) -> Ended:
    """Simulate one run on one thread; with checkpoints, it goes on from where it was cut off.

    Returns:
        Its row: id, people, every scalar measure, seconds taken; and, where it failed, the error in a line and its
        traceback instead of measures. With it the histories that were asked for.
    """
    began = time.perf_counter()
    row: Row = {"id": run.id, "error": None, "traceback": None}
    left: dict[History, pa.Table] = {}
    try:
        result = _simulated(run, checkpoints, histories)
        left = of_run(result, histories)
        row |= {"people": len(result.core.state.people), **result.measures.scalars}
        if run.silence and result.log is not None:
            row |= silence_of(result.log)
    except Exception as error:  # whatever goes wrong in one run must not cost the others
        row |= private({"error": _in_a_line(error), "traceback": traceback.format_exc()})
    return Ended({**row, "seconds": time.perf_counter() - began}, left)


def _in_a_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"


def _simulated(run: Run, checkpoints: Checkpoints | None, histories: Sequence[History]) -> sim.Run:
    world = world_of(run.world)
    require_adopters(run.adopters, len(world))
    asked = options(histories)
    asked["log"] |= run.silence
    return simulate(run, world, threads=1, **asked, **(checkpoints.of(run) if checkpoints else {}))


def simulate(run: Run, world: sim.World, **options: Any) -> sim.Run:
    """One run as `sim.simulate` has it; ``options`` are passed on."""
    if run.inject is not None:
        focal = focal_ties(world, run.inject, run.seed, run.parameters)
        options |= {"focal": focal, "extra": gestures(run.inject, focal)}
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


def world_of(settings: WorldSettings, **options: Any) -> sim.World:
    """The world that settings describe; a generated one is kept on disk by `sim.worlds`."""
    if settings.log is not None:
        return _with_newcomers(_replayed(settings.log, settings.seed, settings.parameters.model_dump_json()), settings)
    world = sim.worlds.generated(
        people=settings.people,
        burn_in_years=settings.burn_in_years,
        seed=settings.seed,
        parameters=settings.parameters,
        **options,
    )
    return _with_newcomers(world, settings)


def _with_newcomers(world: sim.World, settings: WorldSettings) -> sim.World:
    if not settings.newcomers:
        return world
    return sim.worlds.empty(world, newcomers=settings.newcomers, seed=settings.seed)


@lru_cache(maxsize=1)  # all arms of a replicate follow one another
def _replayed(log: str, seed: int, parameters: str) -> sim.World:
    return sim.worlds.replayed(log, seed=seed, parameters=sim.Parameters.model_validate_json(parameters))


def worlds_to_keep(runs: Sequence[Run]) -> list[WorldSettings]:
    """The worlds of these runs that are burnt in, and so built and kept before the runs, each once."""
    burnt_in = (run.world for run in runs if run.world.log is None and run.world.burn_in_years > 0)
    return list({world.model_dump_json(): world for world in burnt_in}.values())


def build_worlds(runs: Sequence[Run], executor: Executor, minutes: float = 0) -> Iterator[tuple[int, int]]:
    """Build and keep each burnt-in world of these runs once; yields (worlds there, worlds in all), each second.

    A world that cannot be built, or not in so many minutes (0: as long as it takes), says so in the rows of its runs.
    """
    worlds = worlds_to_keep(runs)
    built = 0
    for ended in _as_they_end(executor, _build, worlds, AHEAD, minutes):
        built += len(ended)
        yield built, len(worlds)


def _build(settings: WorldSettings) -> None:
    world_of(settings)


def finished(
    runs: Sequence[Run],
    executor: Executor,
    checkpoints: Checkpoints | None = None,
    histories: Sequence[History] = (),
    ahead: int | None = None,
    minutes: float = 0,
) -> Iterator[list[Ended]]:
    """Runs as they come: those that ended since the last time, be it none, each second.

    Args:
        runs: to be made.
        executor: that makes them.
        checkpoints: of long ones.
        histories: to be kept of each.
        ahead: runs that are handed over at a time, `AHEAD` if not said; no more of them than these wait in the memory.
        minutes: that a run may take in a process of our own, 0 for as long as it takes; then it has failed.

    Raises:
        BrokenProcessPool: workers died of one run, again and again; the runs that had ended come first.
    """
    work = partial(run_one, checkpoints=checkpoints, histories=histories)
    for ended in _as_they_end(executor, work, runs, ahead or AHEAD, minutes):
        whole = [future for future in ended if future.exception() is None]
        too_long = [future for future in ended if isinstance(future.exception(), TooLongError)]
        yield [future.result() for future in whole] + [_not_ended(ended[future], minutes) for future in too_long]
        for broken in ended.keys() - {*whole, *too_long}:
            broken.result()


def _not_ended(run: Run, minutes: float) -> Ended:
    """The row of a run that took too long."""
    error = f"it took longer than run.timeout_minutes = {minutes:g}, and its worker process was ended"
    row: Row = {"id": run.id, "error": f"TimeoutError: {error}", "traceback": None, "seconds": 60 * minutes}
    return Ended(row, {})


def _as_they_end(
    executor: Executor, work: Callable[[Any], Any], items: Sequence[Any], ahead: int, minutes: float
) -> Iterator[dict[Future[Any], Any]]:
    """What has ended since the last time, with its item, each second: the caller can keep it, and look for Ctrl-C.

    Only so many are handed over ahead of time, so a long sweep does not fill the memory with what is yet to come.
    """
    coming, waiting = iter(items), dict[Future[Any], Any]()
    while True:
        for item in islice(coming, ahead - len(waiting)):
            waiting[_submitted(executor, work, item, minutes)] = item
        if not waiting:
            return
        yield {future: waiting.pop(future) for future in _ended_in_a_part(waiting)}


def _submitted(executor: Executor, work: Callable[[Any], Any], item: Any, minutes: float) -> Future[Any]:
    """Hand a piece of work over; processes of our own keep to its limit."""
    if minutes and isinstance(executor, Workers):
        return executor.submit_within(60 * minutes, work, item)
    return executor.submit(work, item)


def _ended_in_a_part(waiting: Iterable[Future[Any]]) -> set[Future[Any]]:
    """Those that end within a second, or before all have, or before a signal comes."""
    until = time.monotonic() + SECONDS_A_PART
    while True:
        found = wait(waiting, timeout=SECONDS_TO_NOTICE)
        if not found.not_done or stopping.came() or time.monotonic() > until:
            return found.done


def worker_processes(count: int) -> Workers:
    """An executor of this many processes, see `experiments.sweeps.workers`; all begin now."""
    return Workers(count)


def stop(executor: Executor) -> None:
    """Drop what has not ended yet, workers of our own included."""
    if isinstance(executor, Workers):
        executor.kill()
    elif isinstance(executor, ThreadPoolExecutor):
        executor.shutdown(wait=False, cancel_futures=True)
    else:
        executor.shutdown(wait=False)  # a cluster's, which cancels in any case
