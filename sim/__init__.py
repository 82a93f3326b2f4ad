"""Rekindle's model: what happens between people who drifted apart.

    >>> import sim
    >>> world = sim.worlds.generated(people=60, burn_in_years=0, seed=1)
    >>> run = sim.simulate(world, days=30, strategy="check_in", adopters=3, seed=1)
    >>> run.measures.scalars["sent"] > 0
    True
"""

from sim import chance, gestures, measures, rules, strategies, worlds
from sim.agents import Person, ReconnectionModel, Tie
from sim.parameters import Parameters
from sim.population import World
from sim.run import Gesture, Run, simulate

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
    "strategies",
    "worlds",
]
