"""An experiment becomes runs: every arm in every world, interleaved, each with an id of all that determines it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache

from experiments.config import Adopters, Experiment, Strategy, WorldSettings
from sim.parameters import Parameters
from sim.storage import model_fingerprint


@dataclass(frozen=True)
class Run:
    """One arm in one world.

    Attributes:
        id: hash of everything that determines the outcome, the model's code among it.
        scenario: name of the arm.
        replicate: from 0; the same replicate of two arms has the same world, adopters and luck.
        world: settings of the world, its own seed among them.
        seed: of the run.
        days: of the whole run, of which the strategy is followed for the first ``strategy_days``.
    """

    id: str
    scenario: str
    replicate: int
    world: WorldSettings
    strategy: Strategy
    adopters: Adopters
    seed: int
    days: int
    strategy_days: int
    parameters: Parameters


def runs_of(experiment: Experiment) -> list[Run]:
    """Every run of an experiment: all arms of the first replicate, then all of the next, so a part is a fair sample.

    Without a sweep it is one run, of ``run.strategy``.
    """
    sweep = experiment.sweep
    strategies = sweep.strategies if sweep else (experiment.run.strategy,)
    replicates = sweep.replicates if sweep else 1
    return [_run(experiment, strategy, replicate) for replicate in range(replicates) for strategy in strategies]


def _run(experiment: Experiment, strategy: Strategy, replicate: int) -> Run:
    world = experiment.world.model_copy(update={"seed": experiment.world.seed + replicate})
    seed = experiment.run.seed + replicate
    settings = experiment.run
    identity = [
        model_fingerprint(),
        log_hash(world.log) if world.log else None,
        _fingerprint(world.model_dump(exclude={"log"})),
        _fingerprint(experiment.parameters.model_dump()),
        [strategy, settings.adopters, seed, settings.strategy_days, settings.follow_up_days],
    ]
    return Run(
        id=_fingerprint(identity),
        scenario=label(strategy),
        replicate=replicate,
        world=world,
        strategy=strategy,
        adopters=settings.adopters,
        seed=seed,
        days=settings.days,
        strategy_days=settings.strategy_days,
        parameters=experiment.parameters,
    )


def _fingerprint(value: object) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def log_hash(path: str) -> str:
    """Hash of a contact log's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def label(strategy: Strategy) -> str:
    """An arm's name: the strategy's, or ``check_in 0.5 + show_up 0.5`` for a mixture."""
    if isinstance(strategy, str):
        return strategy
    return " + ".join(f"{name} {share:g}" for name, share in sorted(strategy.items()))
