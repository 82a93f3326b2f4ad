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

from sim.model import compiled
from sim.runtime import fingerprint

if TYPE_CHECKING:
    from sim import measures, worlds
    from sim.model import chance, gestures, rules, strategies
    from sim.model.parameters import Parameters
    from sim.own_outcomes import Day
    from sim.reference.agents import Person
    from sim.reference.mesa_model import ReconnectionModel
    from sim.reference.records import Tie
    from sim.run import Gesture, Run, Simulation, simulate
    from sim.runtime import storage
    from sim.state.population import World

# Threads that wait for others should sleep after some microseconds. On a busy machine, spinning threads keep the others
# from working, and a parallel step takes milliseconds.
os.environ.setdefault("GOMP_SPINCOUNT", "2000")

compiled.folder = fingerprint.compiled_folder

# Where each public name is. Modules are imported when a name of theirs is first used: Numba and Mesa take seconds to
# load, and much that is asked of this package needs neither.
_MODULES = {
    "chance": "sim.model.chance",
    "gestures": "sim.model.gestures",
    "measures": "sim.measures",
    "rules": "sim.model.rules",
    "storage": "sim.runtime.storage",
    "strategies": "sim.model.strategies",
    "worlds": "sim.worlds",
}
_DEFINED_IN = {
    "Day": "sim.own_outcomes",
    "Gesture": "sim.run",
    "Parameters": "sim.model.parameters",
    "Person": "sim.reference.agents",
    "ReconnectionModel": "sim.reference.mesa_model",
    "Run": "sim.run",
    "Simulation": "sim.run",
    "Tie": "sim.reference.records",
    "World": "sim.state.population",
    "simulate": "sim.run",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first access."""
    if name in _MODULES:
        found: Any = import_module(_MODULES[name])
    elif name in _DEFINED_IN:
        found = getattr(import_module(_DEFINED_IN[name]), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


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
