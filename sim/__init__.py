"""Rekindle's model: what happens between people who drifted apart.

>>> import sim
>>> world = sim.worlds.generated(people=60, burn_in_years=0, seed=1)
>>> run = sim.simulate(world, days=30, strategy="check_in", adopters=3, seed=1)
>>> run.measures.scalars["sent"] > 0
True
"""

import numba

from sim import storage

# Numba looks only at a function's own file to tell whether its compiled code is stale, but rules are compiled into
# the engine. So compiled code is kept by the fingerprint of all sources.
_before = numba.config.CACHE_DIR
if not _before:
    numba.config.CACHE_DIR = str(storage.cache_folder() / "compiled" / storage.model_fingerprint())

from sim import chance, gestures, measures, rules, strategies, worlds
from sim.agents import Person, Tie
from sim.model import ReconnectionModel
from sim.parameters import Parameters
from sim.population import World
from sim.run import Gesture, Run, simulate

numba.config.CACHE_DIR = _before

__all__ = [
    "Gesture",
    "Parameters",
    "Person",
    "ReconnectionModel",
    "Run",
    "Tie",
    "World",
    "chance",
    "gestures",
    "measures",
    "rules",
    "simulate",
    "storage",
    "strategies",
    "worlds",
]
