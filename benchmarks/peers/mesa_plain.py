"""A plain Mesa model of our ordinary day: an agent per person, an object per tie, `random.Random` for all draws."""

from __future__ import annotations

import mesa

from benchmarks.peers.objects import Behaviour, Town
from benchmarks.peers.start import Start


class Person(Behaviour, mesa.Agent):
    """Somebody with ties."""


class PlainModel(mesa.Model):
    """A step is a day."""

    def __init__(self, start: Start, seed: int) -> None:
        super().__init__(rng=seed)
        self.town = Town(start, self.random)
        self.town.settle_in(start, list(Person.create_agents(self, len(start.first) - 1)))

    @property
    def sent(self) -> list[int]:
        """Gestures by kind, since the start."""
        return self.town.sent

    def step(self) -> None:
        """Simulate one day."""
        if self.town.day % 7 == 0:
            self.agents.do("begin_week")
        self.agents.do("post")
        self.town.announce()
        self.agents.do("reach_out")
        sent = self.town.dispatch()
        delivered = self.town.rounds(sent)
        self.town.settle(sent, delivered)
