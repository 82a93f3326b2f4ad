"""Simulated logs as a real log would show them: with as many observed people."""

from __future__ import annotations

import sim
from experiments.logs.contact_log import values
from experiments.logs.features import Features, features_of
from experiments.logs.simulated import Window, simulated_log


def compared_world(parameters: sim.Parameters, window: Window, seed: int) -> tuple[dict[str, float], Features]:
    """The statistics and the features of a simulated log, computed on one thread.

    Args:
        parameters: parameters of the world.
        window: size of the world and its log.
        seed: seed of the world, and of the draw of observed people.
    """
    log = simulated_log(parameters, window, seed=seed)
    return values(log), features_of(log)
