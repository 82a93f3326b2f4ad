"""The outcomes that a page shows of each world, in ties per adopter, each counted on its own day.

What is counted while a strategy runs is not what lasts. So the ties of adopters are counted as of today, too, and
`sim.model.outcomes.KEPT_AFTER` days after the strategy stopped, these counts are the measures ``kept`` and
``kept_new``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.engine.views import State
from sim.measures import dormant_pairs, follow_at_risk, mean_or_nan
from sim.model.outcomes import INJECTED_WITHIN, KEPT_AFTER, MEASURES
from sim.run import Simulation
from sim.state.population import NEVER, NOBODY, DayRecord, World


class Outcome(NamedTuple):
    """The outcome of a world so far, in ties per adopter; see `SHOWN`."""

    old_back: float
    new_active: float
    reconnected: float
    kept_up: float
    active_ties: float


class Shown(NamedTuple):
    """How an outcome is named and explained.

    Attributes:
        name: field of `Outcome`.
        label: name on the page.
        counted: what is counted, and when.
        measure: the measure of a run that it becomes.
    """

    name: str
    label: str
    counted: str
    measure: str

    @property
    def meaning(self) -> str:
        """The exact definition, with that of the measure."""
        when = (
            "At the end of the run" if self.name == "active_ties" else f"{KEPT_AFTER} days after the strategy stopped"
        )
        return f"{self.counted} {when}, this is the measure {self.measure}: {MEASURES[self.measure].definition}"

    def told(self) -> dict[str, str]:
        """What a page is told of it."""
        return {"name": self.name, "label": self.label, "meaning": self.meaning}


SHOWN = (
    Shown("old_back", "old ties back", "Ties that were dormant on day 0 and are active today.", "kept"),
    Shown("new_active", "new ties", "People who were no tie on day 0 and are an active tie today.", "kept_new"),
    Shown("reconnected", "reconnected", "Dormant ties with words to and fro, while the strategy ran.", "reconnected"),
    Shown("kept_up", "kept up", "Reconnected ties that were in contact 150 to 240 days later, so far.", "kept_up"),
    Shown("active_ties", "active ties", "All ties that are active today.", "active_ties"),
)  # fmt: skip


class TiesOfAdopters:
    """The ties of adopters that outcomes count, followed day by day in the same way as in `sim.measures`.

    Args:
        world: the world on the first morning.
        run: the simulation, which is only read.
        strategy_days: days after which the strategy stops.
        injected: whether the experiment injects gestures, from which outcomes then count.
    """

    def __init__(self, world: World, run: Simulation, strategy_days: int, injected: bool = False) -> None:
        self.run, n = run, len(world)
        self._adopts = np.zeros(n, bool)
        self._adopts[run.adopters] = True
        at_risk = dormant_pairs(world, run.parameters)
        self._at_risk = at_risk[self._adopts[at_risk["low"]] | self._adopts[at_risk["high"]]]
        self._ends = self._adopts[self._at_risk["low"]].astype(int) + self._adopts[self._at_risk["high"]]  # adopters'
        self._keys = self._at_risk["low"].astype(np.int64) * n + self._at_risk["high"]
        self._settings = np.array([run.parameters.packed])
        self._since = world.day if injected else NEVER
        self._within = INJECTED_WITHIN if injected else strategy_days
        owners, ties = world.owners(), world.ties
        known = self._adopts[owners] & (ties["acquaintance"] == 0) & (ties["other"] != NOBODY)
        self._at_start = np.sort(owners[known].astype(np.int64) * n + ties["other"][known])

    def observe(self, record: DayRecord) -> None:
        """Take in a day."""
        follow_at_risk(
            self._at_risk, self._keys, record.delivered, record.day, self._since, len(self._adopts), self._settings
        )

    def outcome(self) -> Outcome:
        """The outcome so far; nan if there are no adopters."""
        run, at_risk, adopters = self.run, self._at_risk, len(self.run.adopters)
        today, last = run.start + run.day, at_risk["last_two_way"]
        reconnected = (at_risk["reconnected"] != NEVER) & (at_risk["reconnected"] - run.start < self._within)
        followed = reconnected if self._since == NEVER else np.ones(len(at_risk), bool)
        active = self._active_pairs()
        place = np.minimum(np.searchsorted(self._at_start, active), max(0, len(self._at_start) - 1))
        were_ties = (self._at_start[place] == active).sum() if len(self._at_start) else 0
        counts = Outcome(
            old_back=self._ends[(last != NEVER) & (today - last < run.parameters.dormant_after_days)].sum(),
            new_active=len(active) - were_ties,
            reconnected=self._ends[reconnected].sum(),
            kept_up=self._ends[followed & (at_risk["kept_up"] == 1)].sum(),
            active_ties=len(active),
        )
        return Outcome(*(mean_or_nan(count, adopters) for count in counts))

    def _active_pairs(self) -> np.ndarray:
        """The active ties of adopters, each as ``adopter * n + other``."""
        known = [self.run.known_to(person) for person in self.run.adopters.tolist()]
        counts = np.array([len(each) for each in known], np.int64)
        owners, others = np.repeat(self.run.adopters, counts), np.concatenate([*known, np.zeros(0, np.int32)])
        pairs = np.stack([owners, others], axis=1).astype(np.int32)
        # Where nobody was forgotten, the slots are those of the list; `see` searches for the others.
        slots = np.arange(len(pairs)) - np.repeat(counts.cumsum() - counts, counts)
        seen = self.run.see(pairs, slots.astype(np.int32))
        active = pairs[seen["state"] == State.ACTIVE].astype(np.int64)
        return np.asarray(active[:, 0] * len(self._adopts) + active[:, 1])

    def continued(self, run: Simulation) -> TiesOfAdopters:
        """A copy for a twin of the simulation."""
        twin = object.__new__(TiesOfAdopters)
        twin.__dict__.update(self.__dict__, run=run, _at_risk=self._at_risk.copy())
        return twin
