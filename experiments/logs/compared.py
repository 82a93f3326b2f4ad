"""Simulated logs as a real log would show them: with as many observed people."""

from __future__ import annotations

from typing import NamedTuple

import sim
from experiments.logs.contact_log import values
from experiments.logs.features import Features, features_of
from experiments.logs.profiles import Clock, Profiles, profiles_of
from experiments.logs.simulated import Window, simulated_log


class ComparedLog(NamedTuple):
    """What a comparison needs of a simulated log: its statistics by name, its features, and its profiles."""

    values: dict[str, float]
    features: Features
    profiles: Profiles


def compared_world(parameters: sim.Parameters, window: Window, clock: Clock, seed: int) -> ComparedLog:
    """The statistics, the features and the profiles of a simulated log, computed on one thread.

    Args:
        parameters: parameters of the world.
        window: size of the world and its log.
        clock: of the real log.
        seed: seed of the world, and of the draw of observed people.
    """
    log = simulated_log(parameters, window, seed=seed)
    return ComparedLog(values(log), features_of(log), profiles_of(log, clock._replace(began=0.0)))
