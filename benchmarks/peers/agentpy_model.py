"""The same people on agentpy: an `ap.Agent` each, called through an `ap.AgentList`."""

from __future__ import annotations

import agentpy as ap

from benchmarks.peers.objects import Behaviour, Town
from benchmarks.peers.start import Start


class Person(Behaviour, ap.Agent):
    """Somebody with ties."""


class AgentpyModel(ap.Model):
    """A step is a day; as ever on agentpy, `sim_setup` makes the people and `sim_step` moves time on."""

    def __init__(self, start: Start, seed: int) -> None:
        super().__init__({"seed": seed, "start": start})
        self.sim_setup(steps=None, seed=seed)

    def setup(self) -> None:
        """Make the people."""
        start: Start = self.p.start
        self.town = Town(start, self.random)
        self.people = ap.AgentList(self, len(start.first) - 1, Person)
        self.town.settle_in(start, list(self.people))

    @property
    def sent(self) -> list[int]:
        """Gestures by kind, since the start."""
        return self.town.sent

    def step(self) -> None:
        """Simulate one day."""
        if self.town.day % 7 == 0:
            self.people.begin_week()
        self.people.post()
        self.town.announce()
        self.people.reach_out()
        sent = self.town.dispatch()
        delivered = self.town.rounds(sent)
        self.town.settle(sent, delivered)
