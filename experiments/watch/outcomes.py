"""The outcomes that a page shows of each world, each counted on its own day: in ties per adopter, or of 100 pairs.

What is counted while a strategy runs is not what lasts. So the ties of adopters are counted as of today, too, and
`sim.model.outcomes.KEPT_AFTER` days after the strategy stopped, these counts are the measures ``kept`` and
``kept_new``. In a world with injected gestures that asks about these, the pairs of sender and receiver are counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import numpy as np

from sim.engine.views import State
from sim.measures import dormant_pairs, follow_at_risk, mean_or_nan
from sim.model import rules
from sim.model.gestures import Channel
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
    feed_to_person: float


class OutcomeOfPairs(NamedTuple):
    """The outcome of a world so far, of 100 pairs of people; nan for what is not counted of strangers."""

    answered: float
    talking: float
    in_touch: float
    sold: float


class Shown(NamedTuple):
    """How an outcome is named and explained.

    Attributes:
        name: field of `Outcome`.
        label: name on the page.
        counted: what is counted, and when.
        measure: the measure of a run that it becomes.
        when: the day on which it does.
        per: what it is counted per.
    """

    name: str
    label: str
    counted: str
    measure: str
    when: str = f"{KEPT_AFTER} days after the strategy stopped"
    per: str = "per adopter"

    @property
    def meaning(self) -> str:
        """The exact definition, with that of the measure."""
        return f"{self.counted} {self.when}, this is the measure {self.measure}: {MEASURES[self.measure].definition}"

    def told(self) -> dict[str, str]:
        """What a page is told of it."""
        return {"name": self.name, "label": self.label, "meaning": self.meaning, "per": self.per}


_AT_THE_END, _ON_DAY_60 = "At the end of the run", f"On day {INJECTED_WITHIN}"
_OF_PAIRS = "of 100 pairs"
SHOWN = (
    Shown("old_back", "old ties back", "Ties that were dormant on day 0 and are active today.", "kept"),
    Shown("new_active", "new ties", "People who were no tie on day 0 and are an active tie today.", "kept_new"),
    Shown("reconnected", "reconnected", "Dormant ties with words to and fro, while the strategy ran.", "reconnected"),
    Shown("kept_up", "kept up", "Reconnected ties that were in contact 150 to 240 days later, so far.", "kept_up"),
    Shown("active_ties", "active ties", "All ties that are active today.", "active_ties", _AT_THE_END),
    Shown(
        "feed_to_person",
        "feed, then in person",
        "Reconnected ties whose silence was broken in the feed, with words in person since.",
        "feed_to_person",
        _AT_THE_END,
    ),
)
SHOWN_OF_PAIRS = (
    Shown(
        "answered",
        "the other wrote",
        "Silent ties in which the receiver has written to the sender, within 60 days.",
        "focal_answered",
        _ON_DAY_60,
        _OF_PAIRS,
    ),
    Shown(
        "talking",
        "talk again",
        "Silent ties with words to and fro three times, within 60 days.",
        "focal_reconnected",
        _ON_DAY_60,
        _OF_PAIRS,
    ),
    Shown("in_touch", "in touch", "Pairs that are an active tie today.", "focal_kept", per=_OF_PAIRS),
    Shown(
        "sold",
        "bought",
        "Chance that the receiver has bought, by the strength of the tie on each morning.",
        "focal_sold_365",
        "On day 365",
        _OF_PAIRS,
    ),
)


class TiesOfAdopters:
    """The ties of adopters that outcomes count, followed day by day in the same way as in `sim.measures`.

    Args:
        world: the world on the first morning.
        run: the simulation, which is only read.
        strategy_days: days after which the strategy stops.
        injected: whether the experiment injects gestures, from which outcomes then count.
    """

    shown: ClassVar[tuple[Shown, ...]] = SHOWN

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
            feed_to_person=self._ends[
                reconnected & (at_risk["opened_in"] == Channel.FEED) & (at_risk["in_person"] != NEVER)
            ].sum(),
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


class TiesOfPairs:
    """Pairs of people to whom gestures are injected, or not, followed day by day in the same way as in `sim.measures`.

    Args:
        world: the world on the first morning.
        run: the simulation, which is only read.
        pairs: ids of sender and receiver of each.
    """

    shown: ClassVar[tuple[Shown, ...]] = SHOWN_OF_PAIRS

    def __init__(self, world: World, run: Simulation, pairs: Sequence[tuple[int, int]]) -> None:
        self.run, self._people = run, len(world)
        self._pairs = np.array(pairs, np.int32).reshape(-1, 2)
        at_risk = dormant_pairs(world, run.parameters)
        keys = at_risk["low"].astype(np.int64) * self._people + at_risk["high"]
        mine = self._pairs.min(axis=1).astype(np.int64) * self._people + self._pairs.max(axis=1)
        self._at_risk = at_risk[np.isin(keys, mine)]
        self._keys = keys[np.isin(keys, mine)]
        backwards = self._at_risk["high"].astype(np.int64) * self._people + self._at_risk["low"]
        towards = self._pairs[:, 0].astype(np.int64) * self._people + self._pairs[:, 1]
        self._is_low = np.isin(backwards, towards)  # whether the receiver is the lower of the two
        self._settings, self._since = np.array([run.parameters.packed]), world.day
        self._unsold = np.ones(len(self._pairs))

    def observe(self, record: DayRecord) -> None:
        """Take in a day."""
        follow_at_risk(
            self._at_risk, self._keys, record.delivered, record.day, self._since, self._people, self._settings
        )
        towards = self._seen()["strength"][:, 1]  # that of the tie for the receiver
        self._unsold *= 1 - np.array([rules.sale_probability(float(one), self._settings[0]) for one in towards])

    def outcome(self) -> OutcomeOfPairs:
        """The outcome so far."""
        at_risk, start = self._at_risk, self.run.start
        wrote = np.where(self._is_low, at_risk["first_worded"][:, 0], at_risk["first_worded"][:, 1])
        answered, talking = (
            (day != NEVER) & (day - start < INJECTED_WITHIN) for day in (wrote, at_risk["reconnected"])
        )
        of = (answered, talking, self._seen()["state"] == State.ACTIVE, 1 - self._unsold)
        return OutcomeOfPairs(*(100 * mean_or_nan(each.sum(), len(each)) for each in of))

    def continued(self, run: Simulation) -> TiesOfPairs:
        """A copy for a twin of the simulation."""
        twin = object.__new__(TiesOfPairs)
        twin.__dict__.update(self.__dict__, run=run, _at_risk=self._at_risk.copy(), _unsold=self._unsold.copy())
        return twin

    def _seen(self) -> np.ndarray:
        return self.run.see(self._pairs, np.full(len(self._pairs), NOBODY, np.int32))
