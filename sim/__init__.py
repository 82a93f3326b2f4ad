"""Rekindle: an agent-based model of people who reconnect.

>>> import sim
>>> world = sim.worlds.generated(people=60, burn_in_years=0, seed=1)
>>> run = sim.simulate(world, days=30, strategy="check_in", adopters=3, seed=1)
>>> run.measures.scalars["sent"] > 0
True
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numba

from sim.runtime import fingerprint

if TYPE_CHECKING:
    from sim.reference.agents import Person
    from sim.reference.mesa_model import ReconnectionModel
    from sim.reference.records import Tie

# Threads that wait for others should sleep after some microseconds. On a busy machine, spinning threads keep the others
# from working, and a parallel step takes milliseconds.
os.environ.setdefault("GOMP_SPINCOUNT", "2000")

# Each version of the model has its own folder for compiled code; see `sim.runtime.fingerprint.compiled_folder`. It is
# set before any module of the model is imported, because Numba reads it where a function is defined.
_before = numba.config.CACHE_DIR
if not _before:
    numba.config.CACHE_DIR = str(fingerprint.compiled_folder())

from sim import measures, worlds
from sim.model import chance, gestures, rules, strategies
from sim.model.parameters import Parameters
from sim.own_outcomes import Day
from sim.run import Gesture, Run, Simulation, simulate
from sim.runtime import storage
from sim.state.population import World

numba.config.CACHE_DIR = _before

_ON_MESA = {"Person": "agents", "Tie": "records", "ReconnectionModel": "mesa_model"}


def __getattr__(name: str) -> Any:
    """Import names that need Mesa on first access: Mesa takes a second to load, and the fast engine doesn't use it."""
    if name not in _ON_MESA:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"sim.reference.{_ON_MESA[name]}"), name)


__all__ = [
    "Day",
    "Gesture",
    "Parameters",
    "Person",
    "ReconnectionModel",
    "Run",
    "Simulation",
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
