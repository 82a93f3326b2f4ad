"""A run by a model of the user's own: a subclass of `sim.ReconnectionModel`, one object per person, on Mesa."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sim
from experiments.sweeps.adopters import adopters_of
from experiments.sweeps.design import RunSpec
from sim.engine.day import Core
from sim.measures import log_frame


def simulate(
    run: RunSpec,
    world: sim.World,
    *,
    log: bool = False,
    progress: Callable[[int, int], None] | None = None,
    **outcomes: Any,
) -> sim.Run:
    """The run as the own model makes it: its outcomes, and its contact log if that is asked for.

    Args:
        run: a run with an own model.
        world: the world at its start.
        log: whether to keep the contact log.
        progress: called with (days done, all days) after each day.
        **outcomes: the options ``measures`` and ``stop`` of the model.
    """
    assert run.own is not None
    assert run.own.model is not None
    model = run.own.model.load()(
        world=world,
        strategy=run.strategy,
        adopters=adopters_of(run, world),
        seed=run.seed,
        parameters=run.parameters,
        strategy_days=run.strategy_days,
        **outcomes,
    )
    sent = []
    for day in range(run.days):
        model.step()
        sent.append(model.record.sent)
        if progress is not None:
            progress(day + 1, run.days)
        if not model.running:
            break
    kept = log_frame(sent, run.parameters.kinds) if log else None
    return sim.Run(model.measures(), model.adopters, kept, Core(model.to_world(), seed=run.seed))
