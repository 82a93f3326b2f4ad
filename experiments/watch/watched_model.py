"""The Mesa model of Rekindle with what Mesa's own page shows of it; `experiments.watch.mesa_page` is that page."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

import sim
from experiments.watch.layout import Layout, family_of
from experiments.watch.outcomes import Outcome, TiesOfAdopters
from experiments.watch.palette import NAMES
from experiments.watch.weighted_ties import ContactMade, TieAdapter, WeightedTie
from sim.engine.views import SEEN, State, see
from sim.state.population import LAST_DAY, NEVER, NOBODY

PARAMETERS = sim.Parameters()  # change them here; added strategies are in the menu


class Published(NamedTuple):
    """What is shown after a day.

    Attributes:
        day: days simulated.
        ties: of each person.
        contacts: gestures of the day; their kind is a family of `experiments.watch.palette.Family`.
        outcome: in ties per adopter.
    """

    day: int
    ties: list[list[WeightedTie]]
    contacts: list[ContactMade]
    outcome: Outcome


class _Looked:
    """A Mesa model with the interface of `sim.Simulation` that `TiesOfAdopters` reads."""

    def __init__(self, model: WatchedModel) -> None:
        self.model, self.start, self.adopters = model, model.day, model.adopters
        self.parameters = model.parameters
        self.renew()

    def renew(self) -> None:
        self.world = self.model.to_world()

    @property
    def day(self) -> int:
        return self.world.day - self.start

    def see(self, pairs: np.ndarray, slots: np.ndarray) -> np.ndarray:
        world, seen = self.world, np.zeros(len(pairs), SEEN)
        see(world.people, world.ties, pairs, slots, world.day, world.parameters.packed, seen)
        return seen

    def known_to(self, person: int) -> np.ndarray:
        return np.array([tie.other.id for tie in self.model.people[person].ties.values()], np.int32)

    def ties(self) -> tuple[np.ndarray, np.ndarray]:
        """All ties that are more than acquaintances: the two people, shape (k, 2), and type `SEEN`, shape (k,)."""
        owners, ties = self.world.owners(), self.world.ties
        kept = (ties["other"] != NOBODY) & (ties["acquaintance"] == 0)
        pairs = np.stack([owners[kept], ties["other"][kept]], axis=1).astype(np.int32)
        return pairs, self.see(pairs, np.full(len(pairs), NOBODY, np.int32))


class WatchedModel(sim.ReconnectionModel):
    """The model with arguments as Mesa's controls give them, and with what is shown of it.

    A step is computed in a thread of the page, which draws whenever it likes. So what is shown is `published` at the
    end of each step, whole, and the page reads nothing else.

    Args:
        people, strategy, adopters, strategy_days: as in `sim.ReconnectionModel`; the world has a year of ordinary life
            behind it.
        seed: seed of the world and of random draws; can be text, as typed on the page.
    """

    def __init__(
        self,
        people: int = 150,
        strategy: str = "check_in",
        adopters: int = 10,
        strategy_days: int = 365,
        seed: int | str | None = 1,
    ) -> None:
        typed = str(seed).strip()
        number = int(typed) if typed.isdecimal() else 1
        world = sim.worlds.generated(people=int(people), burn_in_years=1, seed=number, parameters=PARAMETERS)
        super().__init__(
            world=world,
            strategy=strategy,
            adopters=min(int(adopters), len(world)),
            strategy_days=int(strategy_days),
            seed=number,
        )
        self.strategy, self.strategy_days = strategy, int(strategy_days)
        self.layout = Layout(world, self.adopters)
        self.families = [int(family_of(kind, row)) for kind, row in self.parameters.gestures.items()]
        self._looked = _Looked(self)
        self._counted = TiesOfAdopters(world, self._looked, self.strategy_days)  # type: ignore[arg-type]
        self._publish()

    def step(self) -> None:
        """Simulate a day and publish what is shown of it."""
        super().step()
        self._looked.renew()
        self._counted.observe(self.record)
        self._publish()

    def _publish(self) -> None:
        pairs, seen = self._looked.ties()
        back = self._reconnected(pairs) & (seen["state"] == State.ACTIVE)
        ties: list[list[WeightedTie]] = [[] for _ in self.people]
        columns = (pairs.tolist(), seen["strength"][:, 0].tolist(), seen["silence"].tolist(), back.tolist())
        for (person, other), strength, silence, came_back in zip(*columns, strict=True):
            ties[person].append(WeightedTie(other, strength, silence if silence < LAST_DAY else None, came_back))
        sent = self.record.sent[self.record.sent["receiver"] != NOBODY]
        contacts = [
            ContactMade(sender, receiver, self.families[kind])
            for sender, receiver, kind in sent[["sender", "receiver", "kind"]].tolist()
        ]
        self.published = Published(int(self.steps), ties, contacts, self._counted.outcome())

    def _reconnected(self, pairs: np.ndarray) -> np.ndarray:
        """Which of the pairs were dormant at the start and have reconnected since, shape (k,)."""
        keys = self._recorder.keys[self._recorder.at_risk["reconnected"] != NEVER]
        return np.isin(pairs.min(axis=1).astype(np.int64) * len(self.people) + pairs.max(axis=1), keys)


def _places(model: WatchedModel) -> dict[Any, tuple[float, float]]:
    return {person: (x, y) for person, (x, y) in enumerate(model.layout.places.tolist())}


SHOWN_TIES = TieAdapter(
    ties=lambda model, person: model.published.ties[person],
    agents=lambda model: range(len(model.published.ties)),
    name="person {}".format,
    contacts=lambda model: model.published.contacts,
    kinds=tuple(NAMES.values()),
    places=_places,
    ringed=lambda model: model.adopters.tolist(),
    dormant_after=PARAMETERS.dormant_after_days,
    unit="days",
)
