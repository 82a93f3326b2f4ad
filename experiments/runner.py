"""A run, and many of them on any `concurrent.futures` executor; a run that fails is a row, not a crash."""

from __future__ import annotations

import multiprocessing
import signal
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from functools import lru_cache
from typing import Any

import sim
from experiments.config import WorldSettings, require_adopters
from experiments.design import Run
from experiments.store import Row


def run_one(run: Run) -> Row:
    """Simulate one run on one thread.

    Returns:
        Its row: id, scenario, replicate, seeds, strategy, people, every scalar measure, seconds taken; and, where it
        failed, the error in a line and its traceback instead of measures.
    """
    began = time.perf_counter()
    row: Row = {
        "id": run.id,
        "scenario": run.scenario,
        "replicate": run.replicate,
        "world_seed": run.world.seed,
        "seed": run.seed,
        "strategy": run.scenario,
        "error": None,
        "traceback": None,
    }
    try:
        row |= _measures(run)
    except Exception as error:  # whatever goes wrong in one run must not cost the others
        row |= {"error": _in_a_line(error), "traceback": traceback.format_exc()}
    return {**row, "seconds": time.perf_counter() - began}


def _in_a_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"


def _measures(run: Run) -> dict[str, float]:
    world = world_of(run.world)
    require_adopters(run.adopters, len(world))
    result = simulate(run, world, threads=1, series=False)
    return {"people": len(world), **result.measures.scalars}


def simulate(run: Run, world: sim.World, **options: Any) -> sim.Run:
    """One run as `sim.simulate` has it; ``options`` are passed on."""
    return sim.simulate(
        world,
        days=run.days,
        strategy=run.strategy,
        adopters=list(run.adopters) if isinstance(run.adopters, tuple) else run.adopters,
        seed=run.seed,
        parameters=run.parameters,
        strategy_days=run.strategy_days,
        **options,
    )


def world_of(settings: WorldSettings, **options: Any) -> sim.World:
    """The world that settings describe; a generated one is kept on disk by `sim.worlds`."""
    if settings.log is not None:
        return _replayed(settings.log, settings.seed, settings.parameters.model_dump_json())
    return sim.worlds.generated(
        people=settings.people,
        burn_in_years=settings.burn_in_years,
        seed=settings.seed,
        parameters=settings.parameters,
        **options,
    )


@lru_cache(maxsize=1)  # all arms of a replicate follow one another
def _replayed(log: str, seed: int, parameters: str) -> sim.World:
    return sim.worlds.replayed(log, seed=seed, parameters=sim.Parameters.model_validate_json(parameters))


def build_worlds(runs: Sequence[Run], executor: Executor) -> Iterator[tuple[int, int]]:
    """Build and keep each burnt-in world of these runs once; yields (worlds there, worlds in all) as they come.

    A world that can not be built says so in the rows of its runs.
    """
    burnt_in = (run.world for run in runs if run.world.log is None and run.world.burn_in_years > 0)
    worlds = {world.model_dump_json(): world for world in burnt_in}
    futures = [executor.submit(_build, world) for world in worlds.values()]
    for count, future in enumerate(as_completed(futures), start=1):
        future.exception()
        yield count, len(futures)


def _build(settings: WorldSettings) -> None:
    world_of(settings)


def finished_rows(runs: Sequence[Run], executor: Executor) -> Iterator[Row]:
    """The rows of runs, as they come."""
    for future in as_completed([executor.submit(run_one, run) for run in runs]):
        yield future.result()


def worker_processes(count: int) -> ProcessPoolExecutor:
    """An executor of this many processes, which leave Ctrl-C to the one that started them."""
    return ProcessPoolExecutor(
        count,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN),
    )


def stop(executor: Executor) -> None:
    """Drop what has not ended yet, workers included."""
    executor.shutdown(wait=False, cancel_futures=True)
    for worker in multiprocessing.active_children():
        worker.terminate()
