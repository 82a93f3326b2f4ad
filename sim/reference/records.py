"""What people on Mesa remember, plan, send and do at places: ties, plans, prompts, gestures and meetings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.model.parameters import TRACES
from sim.reference.entry_points import Place, rules
from sim.state.population import GESTURE, NEVER, NO_ANSWER, NOBODY, PLAN, TIE

if TYPE_CHECKING:
    from sim.reference.agents import Person
    from sim.reference.mesa_model import ReconnectionModel

PLAN_VALUES = tuple(name for name in PLAN.names or () if name != "person")
TIE_VALUES = tuple(name for name in TIE.names or () if name not in ("other", "mirror", "traces"))
LETTER_VALUES = tuple(
    name for name in GESTURE.names or () if name not in ("sender", "receiver", "sender_slot", "receiver_slot")
)


@dataclass(slots=True)
class Tie:
    """One direction of a tie: what a person remembers about another. See `sim.state.population.TIE` for units."""

    other: Person
    slot: int = NOBODY
    traces: np.ndarray = field(default_factory=lambda: np.zeros(TRACES, np.float32))
    last_contact: int = NEVER
    last_sent: int = NEVER
    last_received: int = NEVER
    last_two_way: int = NEVER
    affinity: float = 1.0
    openness: float = 0.0
    opened: int = NEVER
    unanswered: float = 0.0
    planned: int = NEVER
    post_seen: int = NEVER
    opened_by: int = 0
    two_way: int = 0
    acquaintance: int = 0
    met_at: int = 0
    closeness: int = 0

    def activation(self, day: int, p: Any) -> float:
        """Activation on this day, in contacts; see `rules.activation`."""
        return rules.activation(self.traces, day - self.last_contact, p)

    def closeness_today(self, day: int, p: Any) -> float:
        """Closeness to the other on this day, 0..1; see `rules.closeness_now`."""
        return rules.closeness_now(self.closeness, day - self.last_contact, p)

    def attraction(self, day: int, p: Any) -> float:
        """Affinity with what closeness adds to it; see `rules.attraction`."""
        return rules.attraction(self.affinity, self.closeness_today(day, p), p)

    def bound(self, day: int, p: Any) -> float:
        """Upper bound on the weight with which the other comes to mind, until the next contact."""
        return rules.pull_bound(self.activation(day, p), self.attraction(day, p), p)


@dataclass(slots=True)
class PlanOfPerson:
    """A strategy that a person follows, with its time budget; see `sim.state.population.PLAN` for units."""

    strategy: int
    share: float
    budget: float
    usable: float
    event_day: int
    back_outs: int
    minutes_planned: float
    minutes_used: float
    minutes_lost: float

    def pay_session(self, model: ReconnectionModel) -> None:
        """Pay for a session at a place in advance; `usable_share` of it, less the overhead, remains for gestures."""
        strategy = model.strategy_today(self)
        self.budget = rules.minus(self.budget, strategy.session_minutes)
        self.minutes_used += strategy.session_minutes
        self.usable = rules.usable_minutes(strategy.packed, model.p)
        self.back_outs = 0

    def pay(self, minutes: float) -> None:
        """Take minutes out of the time budget."""
        self.budget = rules.minus(self.budget, minutes)
        self.minutes_used += minutes

    def back_out(self, p: Any) -> None:
        """Charge a gesture that the person backs out of to a session that is already paid for."""
        lost = rules.lost_minutes(self.usable, p)
        self.usable = rules.minus(self.usable, lost)
        self.minutes_lost += lost
        self.back_outs += 1


@dataclass(slots=True)
class Prompt:
    """An occasion that brings another person to mind. A planned session starts without one: `other` is None."""

    second: int
    event_key: int
    other: Person | None
    channel: int
    place: int = Place.NOWHERE
    plan: PlanOfPerson | None = None

    @property
    def order(self) -> tuple[int, int, int]:
        """Sort key of the prompts of a day."""
        return self.second, self.event_key, NOBODY if self.other is None else self.other.id


@dataclass(slots=True)
class SentGesture:
    """A gesture that was sent; see `sim.state.population.GESTURE` for its fields."""

    sender: Person
    receiver: Person | None
    day: int
    second: int
    arrives_day: int
    arrives_second: int
    kind: int
    channel: int
    at_place: int
    event_key: int
    delivery: int = 0
    parent_key: int = 0
    parent_day: int = NEVER
    parent_kind: int = NO_ANSWER
    noticed: int = 0
    unanswered: float = 0.0

    @property
    def by_arrival(self) -> tuple[int, ...]:
        """Sort key of the gestures that reach a receiver."""
        return self.arrives_second, *self._rest_of_order

    @property
    def by_sending(self) -> tuple[int, ...]:
        """Sort key of the gestures that are sent on a day."""
        return self.second, *self._rest_of_order

    @property
    def _rest_of_order(self) -> tuple[int, ...]:
        receiver = NOBODY if self.receiver is None else self.receiver.id
        return self.sender.id, self.event_key, receiver, self.delivery, self.day

    @property
    def pair(self) -> int:
        """The lower id of sender and receiver, by which `settle` sorts gestures."""
        return self.sender.id if self.receiver is None else min(self.sender.id, self.receiver.id)


@dataclass(slots=True)
class Meeting:
    """A meeting of two people at a place, with the plan that brought each of them (None: no plan)."""

    low: Person
    high: Person
    place: int
    second: int
    plans: tuple[PlanOfPerson | None, PlanOfPerson | None]


def meeting_of(
    one: Person, two: Person, place: int, second: int, plan: PlanOfPerson | None, other_plan: PlanOfPerson | None
) -> Meeting:
    """A meeting of two people, with the lower id first."""
    if one.id < two.id:
        return Meeting(one, two, int(place), second, (plan, other_plan))
    return Meeting(two, one, int(place), second, (other_plan, plan))


def gesture_rows(gestures: list[SentGesture]) -> np.ndarray:
    """Gestures as rows of type `GESTURE`."""
    rows = np.zeros(len(gestures), GESTURE)
    for row, gesture in zip(rows, gestures, strict=True):
        row["sender"] = gesture.sender.id
        row["receiver"] = NOBODY if gesture.receiver is None else gesture.receiver.id
        row["sender_slot"] = row["receiver_slot"] = NOBODY
        for name in LETTER_VALUES:
            row[name] = getattr(gesture, name)
    return rows
