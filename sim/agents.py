"""The same day with one object per person, on Mesa: for reading, extending and watching.

`ReconnectionModel.step` lists the phases in the order of `sim.day`; every rule and every draw is the same function of
`sim.rules` and `sim.chance`, so the worlds agree bit for bit. To change what people do, override a method of `Person`:

    >>> import sim
    >>> class Silent(sim.Person):
    ...     def choose_gesture(self, prompt):
    ...         return None
    >>> world = sim.worlds.generated(people=60, burn_in_years=0, seed=1)
    >>> model = sim.ReconnectionModel(world=world, seed=1, person_class=Silent)
    >>> model.step()
    >>> len(model.record.sent)
    0
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from types import ModuleType, SimpleNamespace
from typing import Any

import mesa
import numpy as np
from numba.core.dispatcher import Dispatcher

from sim import chance as compiled_chance
from sim import gestures, strategies
from sim import rules as compiled_rules
from sim.chance import BATCH
from sim.day import ROUNDS
from sim.measures import INJECTED_WITHIN, Measures, Watch
from sim.memory import ANYONE, ATTEMPTS, OF_INDUSTRY, OWN_TIES, SHOWN
from sim.outreach import ACTIVE, DORMANT, EVERYONE_KNOWN, ONCE_STRONG
from sim.parameters import SETTINGS, TRACES, Parameters
from sim.population import (
    BOOKING,
    FEED_ITEM,
    GESTURE,
    MEETING,
    MEMBER,
    NEVER,
    NO_ANSWER,
    NOBODY,
    PERSON,
    PLAN,
    PLANNED_POST,
    TIE,
    DayRecord,
    World,
    canonical_mail,
    free_ties,
)
from sim.rules import SECONDS_A_DAY
from sim.run import Adopters, Gesture, Mixture, begin


def plain(enumeration: type[IntEnum]) -> Any:
    """The members of an enumeration as plain numbers, which compiled rules take much faster."""
    return SimpleNamespace(**{member.name: int(member) for member in enumeration})


def direct(module: ModuleType) -> Any:
    """The compiled functions of a module, each by its one entry point.

    A call then takes half a microsecond and not twelve, since Numba no longer looks up the type of each argument; the
    settings are handed over as raw bytes of their record for the same reason.
    """
    compiled = {name: value for name, value in vars(module).items() if isinstance(value, Dispatcher)}
    return SimpleNamespace(**{name: f.overloads[f.signatures[0]].entry_point for name, f in compiled.items()})


rules, chance = direct(compiled_rules), direct(compiled_chance)
Decision, Occasion = plain(compiled_chance.Decision), plain(compiled_chance.Occasion)
Kind, Channel = plain(gestures.Kind), plain(gestures.Channel)
Place, Plan, Strategy = plain(strategies.Place), plain(strategies.Plan), plain(strategies.Strategy)


@dataclass(slots=True)
class Tie:
    """What one person holds about another; see `sim.population.TIE` for units."""

    other: Person
    slot: int = NOBODY
    traces: np.ndarray = field(default_factory=lambda: np.zeros(TRACES, np.float32))
    last_contact: int = NEVER
    last_sent: int = NEVER
    last_received: int = NEVER
    last_two_way: int = NEVER
    liking: float = 1.0
    weight: float = 0.0
    openness: float = 0.0
    opened: int = NEVER
    unanswered: float = 0.0
    planned: int = NEVER
    post_seen: int = NEVER
    opened_by: int = 0
    two_way: int = 0
    acquaintance: int = 0

    def activation(self, day: int, p: Any) -> float:
        """A, today."""
        return rules.activation(self.traces, day - self.last_contact, p)


@dataclass(slots=True)
class PlanOfPerson:
    """A strategy that a person follows, with its purse; see `sim.population.PLAN`."""

    strategy: int
    share: float
    purse: float
    usable: float
    event_day: int
    refusals: int
    filled: float
    spent: float
    refused: float

    def pay_session(self, model: ReconnectionModel) -> None:
        """Take a session's cost out of the purse; half of it is left for gestures."""
        cost = model.settings.session_minutes[self.strategy]
        self.purse = rules.minus(self.purse, cost)
        self.spent += cost
        self.usable = rules.usable_minutes(self.strategy, model.p)
        self.refusals = 0

    def pay(self, minutes: float) -> None:
        """Take minutes out of the purse."""
        self.purse = rules.minus(self.purse, minutes)
        self.spent += minutes

    def lose(self, minutes: float) -> None:
        """A plan not dared, in a session that is paid for, costs this much of it."""
        lost = min(minutes, self.usable)
        self.usable = rules.minus(self.usable, lost)
        self.refused += lost
        self.refusals += 1


@dataclass(slots=True)
class Prompt:
    """Something that brings somebody (or, in a sitting, nobody yet) to a person's mind."""

    second: int
    cause: int
    other: Person | None
    channel: int
    place: int = Place.NOWHERE
    plan: PlanOfPerson | None = None

    @property
    def order(self) -> tuple[int, int, int]:
        """Prompts of a day are taken in this order."""
        return self.second, self.cause, NOBODY if self.other is None else self.other.id


@dataclass(slots=True)
class SentGesture:
    """A gesture on its way; see `sim.population.GESTURE`."""

    sender: Person
    receiver: Person | None
    day: int
    second: int
    arrives_day: int
    arrives_second: int
    kind: int
    channel: int
    at_place: int
    cause: int
    sure: int = 0
    parent_cause: int = 0
    parent_day: int = NEVER
    parent_kind: int = NO_ANSWER
    noticed: int = 0
    unanswered: float = 0.0

    @property
    def by_arrival(self) -> tuple[int, int, int]:
        """Order in which a receiver takes them."""
        return self.arrives_second, self.sender.id, self.cause

    @property
    def by_sending(self) -> tuple[int, int, int, int]:
        """Order in which they are sent."""
        return self.second, self.sender.id, self.cause, NOBODY if self.receiver is None else self.receiver.id

    @property
    def pair(self) -> int:
        """The lower id of the two, by which a day is settled."""
        return self.sender.id if self.receiver is None else min(self.sender.id, self.receiver.id)


@dataclass(slots=True)
class Meeting:
    """Two people in one place, and the plans with which they came."""

    low: Person
    high: Person
    place: int
    second: int
    plans: tuple[PlanOfPerson | None, PlanOfPerson | None]


class Person(mesa.Agent):
    """Somebody with ties, habits and perhaps a strategy.

    Attributes:
        id: row in `World.people`, from 0.
        ties: by the other's id.
        slots: the same ties by slot; None where one is free.
        plans: strategies that the person follows.
        inbox: gestures that reach the person in this round.
    """

    def __init__(self, model: ReconnectionModel, row: np.void) -> None:
        super().__init__(model)
        self.id = len(model.people)
        for name in PERSON_VALUES:
            setattr(self, name, row[name].item())
        self.ties: dict[int, Tie] = {}
        self.plans: list[PlanOfPerson] = []
        self.inbox: list[SentGesture] = []
        self.outbox: list[SentGesture] = []
        self.called: list[Prompt] = []
        self.received_today = 0
        model.people.append(self)
        self.slots: list[Tie | None] = [None] * int(row["slots"])

    sociability: float
    hesitance: float
    practice: float
    practised: int
    minutes_left: float
    ceiling: float
    capacity: int
    last_post: int
    community: int
    industry: int
    group: int
    birthday: int
    regular: int
    model: ReconnectionModel

    # What a person knows -------------------------------------------------------------------------------------------

    def luck(self, decision: int, other: int = 0, cause: int = 0) -> float:
        """A keyed uniform of today for a choice of this person's."""
        return chance.uniform(self.model.luck_seed, decision, self.model.day, self.id, other, cause)

    def strength_of(self, tie: Tie | None) -> float:
        """Strength of a tie today; 0 for a stranger."""
        if tie is None:
            return 0.0
        return rules.strength(tie.activation(self.model.day, self.model.p), self.model.p)

    def openness_of(self, tie: Tie | None) -> float:
        """How open this person's door is for the other."""
        return 0.0 if tie is None else rules.openness_now(tie.openness, self.model.day - tie.opened, self.model.p)

    def tries_of(self, tie: Tie | None) -> float:
        """Own tries without an answer that still weigh."""
        return (
            0.0 if tie is None else rules.unanswered_now(tie.unanswered, self.model.day - tie.last_sent, self.model.p)
        )

    def remember(self, tie: Tie, mass: float) -> None:
        """Rules 1, 2 and 5: a contact adds its saturated mass to a tie of this person's."""
        if mass <= 0.0:
            return
        day, p = self.model.day, self.model.p
        held = self.strength_of(tie)
        rules.add_contact(tie.traces, day - tie.last_contact, rules.saturated(mass, held))
        tie.last_contact = day
        tie.weight = rules.pull_bound(rules.activation(tie.traces, 0, p), tie.liking, p)
        self.ceiling = rules.raised_ceiling(self.ceiling, tie.weight)

    # Morning -------------------------------------------------------------------------------------------------------

    def begin_week(self) -> None:
        """Rules 2 and 4: fresh minutes, planned minutes into the purse, stored weights as of today."""
        p, s = self.model.p, self.model.settings
        self.minutes_left = rules.minutes_of_week(self.sociability, p)
        if self.model.planning:
            for plan in self.plans:
                minutes = s.effort_minutes * plan.share
                plan.purse = rules.minus(plan.purse, -minutes)
                plan.filled += minutes
        for tie in self.ties.values():
            tie.weight = rules.pull_bound(tie.activation(self.model.day, p), tie.liking, p)
        self.ceiling = rules.fresh_ceiling(max((tie.weight for tie in self.ties.values()), default=0.0))

    def post(self) -> None:
        """An ordinary post makes its writer showable."""
        p, s = self.model.p, self.model.settings
        cost = s.minutes[Kind.POST]
        likely = self.luck(Decision.POSTS) < rules.post_probability(self.sociability, p)
        if likely and self.minutes_left >= cost:
            self.minutes_left = rules.minus(self.minutes_left, cost)
            self.last_post = self.model.day

    # Who comes to mind ---------------------------------------------------------------------------------------------

    def comes_to_mind(self, cause: int, among: int, industry: int = 0) -> Tie | None:
        """Rule 2: on whom a prompt falls, by keyed rejection, then by a scan."""
        candidates = [tie for tie in self.slots if tie is not None and self.may_come_to_mind(tie, among, industry)]
        if not candidates:
            return None
        for u, v in self.attempts(cause):
            tie = self.slots[int(u * len(self.slots))]
            level = v * self.ceiling
            if tie is None or level >= tie.weight or not self.may_come_to_mind(tie, among, industry):
                continue
            if level < self.weight_in_mind(tie, among):
                return tie
        total = 0.0
        for tie in candidates:
            total += self.weight_in_mind(tie, among)
        if total <= 0.0:
            return None
        level = self.luck(Decision.COMES_TO_MIND_SCAN, cause=cause) * total
        for tie in candidates:
            level -= self.weight_in_mind(tie, among)
            if level < 0.0:
                return tie
        return candidates[-1]

    def attempts(self, cause: int) -> Iterator[tuple[float, float]]:
        """The keyed draws of rejection: for a slot and for a level."""
        draws = np.empty((2, BATCH))
        for start in range(0, ATTEMPTS, BATCH):
            day, seed = self.model.day, self.model.luck_seed
            chance.next_attempts(draws, seed, Decision.COMES_TO_MIND, day, self.id, cause, start)
            yield from zip(*draws.tolist(), strict=True)

    def may_come_to_mind(self, tie: Tie, among: int, industry: int) -> bool:
        """Whether a tie is among those asked for."""
        if among == ANYONE:
            return True
        if tie.acquaintance:
            return False
        if among == SHOWN:
            return self.model.day - tie.other.last_post < self.model.settings.post_days
        return among == OWN_TIES or tie.other.industry == industry

    def weight_in_mind(self, tie: Tie, among: int) -> float:
        """Rule 2: the weight of a tie today."""
        boost = self.openness_of(tie) if among == SHOWN else 0.0
        return rules.pull(tie.activation(self.model.day, self.model.p), tie.liking, boost, self.model.p)

    # Prompts -------------------------------------------------------------------------------------------------------

    def prompts(self) -> list[Prompt]:
        """What brings people to this person's mind today, in order."""
        found = [*self.routine(), *self.feed(), *self.encounters(), *self.called, *self.sittings()]
        self.called = []
        return sorted(found, key=lambda prompt: prompt.order)

    def count(self, decision: int, rate: float) -> int:
        """How often something happens today."""
        return chance.poisson(rate * self.sociability, self.luck(decision))

    def prompt(self, cause: int, other: Person | None, channel: int) -> Prompt:
        """An ordinary prompt at a keyed second."""
        return Prompt(int(86_400 * self.luck(Decision.PROMPT_SECOND, cause=cause)), cause, other, channel)

    def routine(self) -> Iterator[Prompt]:
        """Occasions to write to someone."""
        for index in range(self.count(Decision.ROUTINE_COUNT, self.model.settings.routine_rate)):
            cause = chance.cause_of(Occasion.ROUTINE, index)
            if (tie := self.comes_to_mind(cause, ANYONE)) is not None:
                yield self.prompt(cause, tie.other, Channel.PRIVATE)

    def feed(self) -> Iterator[Prompt]:
        """Feed items looked at."""
        for index in range(self.count(Decision.FEED_COUNT, self.model.settings.feed_rate)):
            cause = chance.cause_of(Occasion.FEED, index)
            if (tie := self.comes_to_mind(cause, SHOWN)) is not None:
                yield self.prompt(cause, tie.other, Channel.FEED)

    def encounters(self) -> Iterator[Prompt]:
        """Chance encounters: someone known, of the community, or anyone at all."""
        everyone, s = self.model.people, self.model.settings
        for index in range(self.count(Decision.ENCOUNTER_COUNT, s.encounter_rate)):
            cause = chance.cause_of(Occasion.ENCOUNTER, index)
            who = self.luck(Decision.ENCOUNTER_WHO, cause=cause)
            if who < s.encounter_known:
                tie = self.comes_to_mind(cause, ANYONE)
                other = None if tie is None else tie.other
            else:
                near = who < s.encounter_known + s.encounter_community
                crowd = self.model.communities[self.community] if near else everyone
                other = crowd[int(self.luck(Decision.ENCOUNTER_STRANGER, cause=cause) * len(crowd))]
            if other is not None and other is not self:
                yield self.prompt(cause, other, Channel.IN_PERSON)

    def sittings(self) -> Iterator[Prompt]:
        """Planned sittings: over the feed, a list, posts, or invitations."""
        for plan in self.plans:
            if self.minutes_for_sitting(plan) > 0.0:
                prompt = self.prompt(chance.cause_of(Occasion.PLAN, plan.strategy << 16), None, Channel.PRIVATE)
                yield replace(prompt, plan=plan)

    def minutes_for_sitting(self, plan: PlanOfPerson) -> float:
        """Minutes that a plan has for a sitting today; 0 if there is none."""
        day, s = self.model.day, self.model.settings
        way, least = s.plan[plan.strategy], s.session_minutes[plan.strategy]
        if not self.model.planning:
            return 0.0
        if way == Plan.EVENT:
            return least if plan.purse >= least and plan.event_day < day else 0.0
        if way in (Plan.FEED, Plan.LIST, Plan.POSTS):
            return rules.sitting_budget(plan.purse, least, rules.sittings_left(day, s.sittings[plan.strategy]))
        return 0.0

    # Reaching out --------------------------------------------------------------------------------------------------

    def reach_out(self) -> None:
        """Phases 2 and 3: fill the outbox with what comes of today's prompts."""
        self.outbox = []
        for prompt in self.prompts():
            if prompt.plan is None:
                self.act_spontaneously(prompt)
            elif prompt.place != Place.NOWHERE:
                self.act_at_place(prompt, prompt.plan)
            else:
                self.sit(prompt, prompt.plan)

    def comfort(self, prompt: Prompt) -> float:
        """Rule 3: what the person dares at this prompt."""
        assert prompt.other is not None
        practice = rules.practice_now(self.practice, self.model.day - self.practised, self.model.p)
        return rules.comfort(practice, self.luck(Decision.COMFORT, prompt.other.id, prompt.cause), self.model.p)

    def choose_gesture(self, prompt: Prompt) -> int | None:
        """Rule 3: the last gesture of the channel's ladder within reach, None if there is none."""
        assert prompt.other is not None
        tie = self.ties.get(prompt.other.id)
        kind = rules.gesture_within_reach(
            prompt.channel,
            self.comfort(prompt),
            self.strength_of(tie),
            self.openness_of(tie),
            0 if tie is None else tie.opened_by,
            self.tries_of(tie),
            self.hesitance,
            self.model.p,
        )
        return None if kind < 0 else kind

    def dares(self, prompt: Prompt, kind: int, channel: int) -> bool:
        """Whether a planned gesture is within reach."""
        assert prompt.other is not None
        tie = self.ties.get(prompt.other.id)
        needed = rules.barrier(
            kind,
            channel,
            self.strength_of(tie),
            self.openness_of(tie),
            0 if tie is None else tie.opened_by,
            self.tries_of(tie),
            self.hesitance,
            self.model.p,
        )
        return needed <= self.comfort(prompt) + self.model.settings.follow_through

    def act_spontaneously(self, prompt: Prompt) -> None:
        """See the feed item; make the gesture that comfort allows, if there are minutes for it."""
        s = self.model.settings
        if prompt.channel == Channel.FEED:
            scroll = s.scroll_minutes
            if self.minutes_left < scroll:
                return
            self.minutes_left = rules.minus(self.minutes_left, scroll)
            self.see_post(prompt)
        kind = self.choose_gesture(prompt)
        if kind is not None and self.minutes_left >= s.minutes[kind]:
            self.minutes_left = rules.minus(self.minutes_left, s.minutes[kind])
            self.send(prompt, kind)

    def see_post(self, prompt: Prompt) -> None:
        """A feed item: the other's post, surely noticed."""
        assert prompt.other is not None
        item = self.gesture(prompt, Kind.POST)
        item.sender, item.receiver, item.sure = prompt.other, self, FEED_ITEM
        self.outbox.append(item)

    def send(self, prompt: Prompt, kind: int) -> None:
        """Make a gesture: practice grows if it has words."""
        self.practise(kind)
        self.outbox.append(self.gesture(prompt, kind))

    def practise(self, kind: int) -> None:
        """Rule 8."""
        day, p, s = self.model.day, self.model.p, self.model.settings
        if s.worded[kind]:
            self.practice = rules.practised(rules.practice_now(self.practice, day - self.practised, p), p)
            self.practised = day

    def gesture(self, prompt: Prompt, kind: int) -> SentGesture:
        """A gesture of this kind in answer to a prompt."""
        day, p = self.model.day, self.model.p
        return SentGesture(
            sender=self,
            receiver=prompt.other,
            day=day,
            second=prompt.second,
            arrives_day=day + rules.days_under_way(kind, p),
            arrives_second=prompt.second,
            kind=int(kind),
            channel=rules.channel_of(kind, prompt.channel, p),
            at_place=int(prompt.place != Place.NOWHERE),
            cause=prompt.cause,
        )

    def act_at_place(self, prompt: Prompt, plan: PlanOfPerson) -> None:
        """A planned gesture towards somebody met: the second kind for people known before, while the session lasts."""
        assert prompt.other is not None
        s = self.model.settings
        kind = s.second[plan.strategy]
        is_stranger = prompt.other.id not in self.ties
        if prompt.place != Place.EVENT and (is_stranger or s.minutes[kind] > plan.usable):
            kind = s.first[plan.strategy]
        if s.minutes[kind] > plan.usable or plan.refusals >= s.refused_most:
            return
        if self.dares(prompt, kind, Channel.IN_PERSON):
            plan.usable = rules.minus(plan.usable, s.minutes[kind])
            self.send(prompt, kind)
        else:
            plan.lose(s.refused_minutes)

    def sit(self, prompt: Prompt, plan: PlanOfPerson) -> None:
        """A planned sitting."""
        minutes = self.minutes_for_sitting(plan)
        way = self.model.settings.plan[plan.strategy]
        if way == Plan.FEED:
            self.sit_at_feed(prompt, plan, minutes)
        elif way == Plan.LIST:
            self.sit_over_list(prompt, plan, minutes)
        elif way == Plan.POSTS:
            self.sit_to_post(prompt, plan, minutes)
        else:
            self.sit_to_invite(prompt, plan)

    def planned_kind(self, plan: PlanOfPerson, prompt: Prompt) -> int:
        """The likelier or the other gesture of a strategy, by a keyed draw."""
        assert prompt.other is not None
        s = self.model.settings
        share = s.first_share[plan.strategy]
        if share >= 1.0 or self.luck(Decision.PLANNED_KIND, prompt.other.id, prompt.cause) < share:
            return s.first[plan.strategy]
        return s.second[plan.strategy]

    def sit_at_feed(self, prompt: Prompt, plan: PlanOfPerson, minutes: float) -> None:
        """Scroll, and react once to each person shown, until the minutes are gone."""
        s = self.model.settings
        scroll, loss = s.scroll_minutes, s.refused_minutes
        done: set[int] = set()
        spent, refusals, item = 0.0, 0, 0
        while spent + scroll <= minutes and refusals < s.refused_most:
            cause = prompt.cause + item
            item += 1
            tie = self.comes_to_mind(cause, SHOWN)
            if tie is None:
                break
            spent += scroll
            if tie.other.id in done:
                continue
            done.add(tie.other.id)
            shown = replace(prompt, cause=cause, other=tie.other, channel=Channel.FEED)
            self.see_post(shown)
            kind = self.planned_kind(plan, shown)
            if spent + s.minutes[kind] > minutes:
                break
            if self.dares(shown, kind, Channel.FEED):
                spent += s.minutes[kind]
                self.send(shown, kind)
            else:
                spent += loss
                plan.refused += loss
                refusals += 1
        plan.pay(spent)

    def longest_silent(self, wanted: int) -> list[Tie]:
        """Ties that a list may name today, longest silent first."""
        named = [tie for tie in self.ties.values() if self.listed(tie, wanted)]
        return sorted(named, key=lambda tie: (tie.last_contact, tie.other.id))

    def listed(self, tie: Tie, wanted: int) -> bool:
        """Whether a list of this sort names a tie, left alone for long enough."""
        day, p, s = self.model.day, self.model.p, self.model.settings
        if day - tie.planned < s.plan_gap_days:
            return False
        if wanted == EVERYONE_KNOWN:
            return True
        if tie.acquaintance:
            return False
        if wanted == ONCE_STRONG:
            return bool(rules.standing(tie.traces, day - tie.last_contact) >= s.once_strong)
        is_listed = rules.is_dormant if wanted == DORMANT else rules.is_active
        return bool(is_listed(day, tie.last_two_way, tie.two_way, p))

    def sit_over_list(self, prompt: Prompt, plan: PlanOfPerson, minutes: float) -> None:
        """Notes, or messages and calls, down the list until the minutes are gone."""
        p, s = self.model.p, self.model.settings
        wanted = ONCE_STRONG if plan.strategy == Strategy.HANDWRITTEN_NOTES else EVERYONE_KNOWN
        spent, refusals = 0.0, 0
        for tie in self.longest_silent(wanted):
            if refusals >= s.refused_most:
                break
            named = replace(prompt, other=tie.other)
            kind = self.planned_kind(plan, named)
            if spent + s.minutes[kind] > minutes:
                break
            tie.planned = self.model.day
            if self.dares(named, kind, rules.channel_of(kind, Channel.PRIVATE, p)):
                spent += s.minutes[kind]
                self.send(named, kind)
            else:
                lost = min(s.refused_minutes, minutes - spent)
                spent += lost
                plan.refused += lost
                refusals += 1
        plan.pay(spent)

    def sit_to_post(self, prompt: Prompt, plan: PlanOfPerson, minutes: float) -> None:
        """Planned posts: as many as the minutes allow."""
        cost = self.model.settings.minutes[Kind.POST]
        spent, item = 0.0, 0
        while spent + cost <= minutes:
            self.send(replace(prompt, cause=prompt.cause + item), Kind.POST)
            item += 1
            spent += cost
        plan.pay(spent)

    def sit_to_invite(self, prompt: Prompt, plan: PlanOfPerson) -> None:
        """Invite dormant and active ties in turn to an evening; without anybody to invite there is none."""
        s = self.model.settings
        dormant, active = self.longest_silent(DORMANT), self.longest_silent(ACTIVE)
        if not dormant and not active:
            return
        plan.pay_session(self.model)
        plan.event_day = self.model.day + s.event_notice_days
        kind = s.first[plan.strategy]
        invited = 0
        for tie in in_turn(dormant, active):
            if invited >= s.event_invitations or plan.refusals >= s.refused_most or s.minutes[kind] > plan.usable:
                break
            named = replace(prompt, other=tie.other)
            tie.planned = self.model.day
            if self.dares(named, kind, Channel.PRIVATE):
                plan.usable = rules.minus(plan.usable, s.minutes[kind])
                self.send(named, kind)
                invited += 1
            else:
                plan.lose(s.refused_minutes)

    def mark_sent(self, gesture: SentGesture) -> None:
        """Rule 6's count of tries: as before this gesture into it, as after it into the tie."""
        assert gesture.receiver is not None
        p, s = self.model.p, self.model.settings
        tie = self.ties[gesture.receiver.id]
        gesture.unanswered = self.tries_of(tie)
        if s.mass[gesture.kind] > 0.0:
            tie.unanswered = rules.unanswered_after(gesture.unanswered, s.answer[gesture.kind] > -np.inf, p)
            tie.last_sent = self.model.day

    # Receiving -----------------------------------------------------------------------------------------------------

    def deliver(self) -> None:
        """Phase 4, one round: take what is in the inbox in order; answers go into the outbox."""
        self.outbox = []
        for gesture in sorted(self.inbox, key=lambda gesture: gesture.by_arrival):
            self.receive(gesture)
        self.inbox = []

    def receive(self, gesture: SentGesture) -> None:
        """Rules 5 and 6 for one gesture: is it noticed, what does it leave, is it answered?"""
        tie = self.ties[gesture.sender.id]
        gesture.noticed = int(self.notices(gesture, tie))
        if not gesture.noticed:
            return
        strength, openness = self.strength_of(tie), self.openness_of(tie)
        self.take_in(gesture, tie, openness)
        if gesture.kind == Kind.POST:
            return
        before = self.received_today
        self.received_today += 1
        if self.will_answer(gesture, tie, strength, openness, before):
            self.answer(gesture)

    def notices(self, gesture: SentGesture, tie: Tie) -> bool:
        """Whether the person becomes aware of a gesture; a feed item only once a post."""
        if gesture.kind == Kind.POST:
            written = gesture.sender.last_post
            is_new = gesture.sure == PLANNED_POST or tie.post_seen < written
            tie.post_seen = written
            return is_new
        likely = self.model.settings.noticed[gesture.kind]
        return bool(self.luck(Decision.NOTICED, gesture.sender.id, gesture.cause) < likely)

    def take_in(self, gesture: SentGesture, tie: Tie, openness: float) -> None:
        """Rule 5: memory, tries cleared, the door."""
        p, s = self.model.p, self.model.settings
        self.remember(tie, s.mass[gesture.kind])
        tie.unanswered = 0.0
        opened = rules.opened_to(gesture.kind, p)
        if opened >= openness:
            tie.openness, tie.opened, tie.opened_by = opened, self.model.day, s.rung[gesture.kind]

    def will_answer(self, gesture: SentGesture, tie: Tie, strength: float, openness: float, before: int) -> bool:
        """Rule 6, with strength and openness before the gesture and the gestures already received today."""
        p, s = self.model.p, self.model.settings
        if s.answer[gesture.kind] == -np.inf or self.minutes_left < s.minutes[rules.answer_kind(gesture.kind)]:
            return False
        odds = 1.0
        if tie.acquaintance and (gesture.at_place or self.has_mutual_tie_with(gesture.sender)):
            odds = s.mutual_odds
        likely = rules.answer_probability(gesture.kind, strength, openness, gesture.unanswered, odds, before, p)
        return self.luck(Decision.ANSWERED, gesture.sender.id, gesture.cause) < likely

    def has_mutual_tie_with(self, other: Person) -> bool:
        """Whether the two share a tie."""
        return any(
            not tie.acquaintance and key in other.ties and not other.ties[key].acquaintance
            for key, tie in self.ties.items()
        )

    def answer(self, gesture: SentGesture) -> None:
        """Write the answer: its kind, when it is sent, and what it costs."""
        day, p, s = self.model.day, self.model.p, self.model.settings
        kind = rules.answer_kind(gesture.kind)
        self.minutes_left = rules.minus(self.minutes_left, s.minutes[kind])
        self.practise(kind)
        delay = rules.answer_delay(
            gesture.kind, gesture.channel, self.model.luck_seed, day, self.id, gesture.sender.id, gesture.cause, p
        )
        second = gesture.arrives_second + delay
        if delay == 1:
            second = min(second, SECONDS_A_DAY - 1)
        days, second = divmod(second, SECONDS_A_DAY)
        reply = SentGesture(
            sender=self,
            receiver=gesture.sender,
            day=day + days,
            second=second,
            arrives_day=day + days,
            arrives_second=second,
            kind=kind,
            channel=rules.channel_of(kind, gesture.channel, p),
            at_place=gesture.at_place,
            cause=chance.follow(gesture.cause, gesture.day),
            parent_cause=gesture.cause,
            parent_day=gesture.day,
            parent_kind=gesture.kind,
        )
        if reply.day == day:
            self.mark_sent(reply)
        self.outbox.append(reply)
        if gesture.kind == Kind.INVITATION:
            self.model.bookings.add((gesture.sender.id, self.id, gesture.day + s.event_notice_days))

    # Forgetting ----------------------------------------------------------------------------------------------------

    def weakest(self) -> list[Tie]:
        """Rule 10: ties beyond capacity, acquaintances first, then the least activation, then the lower id."""
        excess = len(self.ties) - self.capacity
        if excess <= 0:
            return []
        day, p = self.model.day, self.model.p
        rank = sorted(self.ties.values(), key=lambda t: (not t.acquaintance, t.activation(day, p), t.other.id))
        return rank[:excess]

    def hold(self, tie: Tie) -> None:
        """Put a tie into the lowest free slot; when there is none the slots double."""
        if None not in self.slots:
            self.slots += [None] * len(self.slots)
        tie.slot = self.slots.index(None)
        self.slots[tie.slot] = tie
        self.ties[tie.other.id] = tie

    def drop(self, tie: Tie) -> None:
        """Forget a tie."""
        self.slots[tie.slot] = None
        del self.ties[tie.other.id]

    @property
    def active_ties(self) -> int:
        """Ties with two-way contact of late."""
        day, p = self.model.day, self.model.p
        return sum(
            not tie.acquaintance and rules.is_active(day, tie.last_two_way, tie.two_way, p)
            for tie in self.ties.values()
        )


def in_turn(dormant: list[Tie], active: list[Tie]) -> Iterator[Tie]:
    """Dormant, active, dormant … and, when one list ends, the rest of the other."""
    for index in range(max(len(dormant), len(active))):
        yield from dormant[index : index + 1]
        yield from active[index : index + 1]


class ReconnectionModel(mesa.Model):
    """The model on Mesa: a step is a day.

    Args:
        world: where to begin; if not said, a generated one of `people` without burn-in.
        people: of that world.
        strategy, adopters, parameters, strategy_days, extra: as in `sim.simulate`.
        seed: of all luck.
        person_class: what people are; a subclass of `Person` may override any of its decisions.

    Attributes:
        people: the persons by id; ``model.agents`` holds the same.
        record: what happened on the last day, as both engines report it.
        datacollector: gestures sent and answered, new ties and forgotten ones of each day.

    Example:
        >>> import sim
        >>> world = sim.worlds.generated(people=60, burn_in_years=0, seed=1)
        >>> model = sim.ReconnectionModel(world=world, strategy="check_in", adopters=3, seed=1)
        >>> model.step()
        >>> model.to_world() == sim.simulate(world, days=1, strategy="check_in", adopters=3, seed=1).world
        True
    """

    def __init__(
        self,
        *,
        world: World | None = None,
        people: int = 200,
        strategy: Mixture | None = None,
        adopters: Adopters | None = None,
        seed: int = 1,
        parameters: Parameters | None = None,
        strategy_days: int | None = None,
        extra: Sequence[Gesture] = (),
        person_class: type[Person] = Person,
    ) -> None:
        super().__init__(seed=seed)
        if world is None:
            from sim import worlds

            world = worlds.generated(people=people, burn_in_years=0, seed=seed, parameters=parameters)
        start, self.adopters = begin(
            world,
            strategy=strategy,
            adopters=adopters,
            seed=seed,
            parameters=parameters,
            strategy_days=strategy_days,
            extra=extra,
        )
        self.luck_seed, self.day, self.parameters = seed, start.day, start.parameters
        packed = start.parameters.packed
        self.p = np.array([packed]).view(f"V{packed.nbytes}")[0]  # for the rules
        self.settings = SimpleNamespace(**{name: packed[name].tolist() for name in SETTINGS.names or ()})
        self.strategies_end, self.names = start.strategies_end, start.names
        self.people: list[Person] = []
        self.mail: list[SentGesture] = []
        self.bookings: set[tuple[int, int, int]] = set()  # host, guest, day
        self.members: dict[int, dict[int, bool]] = {}  # by founder: member, and whether they left
        person_class.create_agents(self, len(start), list(start.people))
        self._load(start)
        self._watch = Watch(
            start,
            adopters=self.adopters,
            within=INJECTED_WITHIN if extra else strategy_days,
            injected=bool(extra),
            series=False,
        )
        self.record = DayRecord(start.day - 1, *(np.zeros(0, kind) for kind in (GESTURE, GESTURE, int, int, MEETING)))
        self.datacollector = mesa.DataCollector(
            model_reporters={
                "day": "day",
                "sent": lambda model: len(model.record.sent),
                "answered": lambda model: int((model.record.sent["parent_kind"] != NO_ANSWER).sum()),
                "new_ties": lambda model: len(model.record.new_ties),
                "forgotten": lambda model: len(model.record.forgotten),
            }
        )

    # A day ---------------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Simulate one day: the whole model, phase by phase."""
        self.morning()
        met = self.gather()
        self.reach_out(met)
        sent, arriving = self.dispatch(met)
        sent, delivered = self.rounds(sent, arriving)
        self.settle(met, sent, delivered)
        self.day += 1
        self._watch.observe(self.record)
        self.datacollector.collect(self)

    @property
    def planning(self) -> bool:
        """Whether strategies still run."""
        return self.day < self.strategies_end

    def luck(self, decision: int, person: int, other: int = 0, cause: int = 0) -> float:
        """A keyed uniform of today."""
        return chance.uniform(self.luck_seed, decision, self.day, person, other, cause)

    def morning(self) -> None:
        """On the weekly day minutes are refilled; then people post."""
        if self.day % 7 == 0:
            self.agents.do("begin_week")
        self.agents.do("post")

    def reach_out(self, met: list[Meeting]) -> None:
        """Prompts, and what people make of them."""
        for meeting in met:
            self.call_both(meeting)
        for celebrant in self.birthdays.get(self.day % 365, []):
            for tie in celebrant.ties.values():
                self.call_for_birthday(celebrant, tie)
        self.agents.do("reach_out")

    def call_both(self, meeting: Meeting) -> None:
        """A meeting is a prompt for either side: planned if they came with a plan."""
        low, high, place = meeting.low, meeting.high, meeting.place
        luck = self.luck(Decision.MEETING_ORDER, low.id, high.id, chance.cause_of(Occasion.PLACE, place))
        cause = chance.cause_of(Occasion.MEETING, (place << 20) | int(2**20 * luck))
        for person, other, plan in ((low, high, meeting.plans[0]), (high, low, meeting.plans[1])):
            person.called.append(Prompt(meeting.second, cause, other, Channel.IN_PERSON, place, plan))

    def call_for_birthday(self, celebrant: Person, tie: Tie) -> None:
        """Somebody may notice a tie's birthday."""
        person, cause = tie.other, chance.cause_of(Occasion.BIRTHDAY, 0)
        if tie.acquaintance:
            return
        if person.luck(Decision.BIRTHDAY_NOTICED, celebrant.id, cause) < self.settings.birthday_noticed:
            second = int(86_400 * person.luck(Decision.PROMPT_SECOND, celebrant.id, cause))
            person.called.append(Prompt(second, cause, celebrant, Channel.PRIVATE))

    def dispatch(self, met: list[Meeting]) -> tuple[list[SentGesture], list[SentGesture]]:
        """What is sent today, and what arrives in the first round; strangers become acquaintances."""
        fresh = [gesture for person in self.people for gesture in person.outbox]
        late = [letter for letter in self.mail if letter.day == self.day]
        due = [letter for letter in self.mail if letter.day < self.day and letter.arrives_day <= self.day]
        self.mail = [
            letter for letter in self.mail if letter.day > self.day or letter.arrives_day > self.day > letter.day
        ]
        self.acquaint(met, [*fresh, *late, *due])
        sent = [gesture for gesture in [*fresh, *late] if gesture.sure != FEED_ITEM]
        for gesture in sorted(sent, key=lambda gesture: gesture.by_sending):
            if gesture.receiver is not None:
                gesture.sender.mark_sent(gesture)
        self.mail += [gesture for gesture in sent if gesture.arrives_day > self.day]
        arriving = [gesture for gesture in sent if gesture.receiver is not None and gesture.arrives_day == self.day]
        seen = [gesture for gesture in fresh if gesture.sure == FEED_ITEM]
        return sent, [*arriving, *due, *seen, *self.reach_of_posts(sent)]

    def acquaint(self, met: list[Meeting], gestures: list[SentGesture]) -> None:
        """Rule 9: whoever met or wrote for the first time hold each other as acquaintances from now on."""
        pairs = {(meeting.low.id, meeting.high.id) for meeting in met}
        for gesture in gestures:
            if gesture.receiver is not None:
                one, two = gesture.sender.id, gesture.receiver.id
                pairs.add((min(one, two), max(one, two)))
        for low, high in sorted(pairs):
            if high not in self.people[low].ties:
                self.people[low].hold(self.new_acquaintance(low, high))
                self.people[high].hold(self.new_acquaintance(high, low))

    def new_acquaintance(self, person: int, other: int) -> Tie:
        """One direction of it."""
        liking = rules.liking(self.luck_seed, person, other, self.p)
        weight = rules.pull_bound(0.0, liking, self.p)
        holder = self.people[person]
        holder.ceiling = rules.raised_ceiling(holder.ceiling, weight)
        return Tie(self.people[other], last_contact=self.day, liking=liking, weight=weight, acquaintance=1)

    def reach_of_posts(self, sent: list[SentGesture]) -> Iterator[SentGesture]:
        """Planned posts, as noticed by those who hold a tie to their writer; the writers become showable."""
        for post in sent:
            if post.kind != Kind.POST:
                continue
            post.sender.last_post = self.day
            for tie in post.sender.ties.values():
                if not tie.acquaintance:
                    luck = tie.other.luck(Decision.NOTICED, post.sender.id, post.cause)
                    if luck < self.settings.noticed[Kind.POST]:
                        yield replace(post, receiver=tie.other, sure=PLANNED_POST)

    def rounds(
        self, sent: list[SentGesture], arriving: list[SentGesture]
    ) -> tuple[list[SentGesture], list[SentGesture]]:
        """Deliver and answer until nothing more arrives today; what is left after the last round waits."""
        delivered: list[SentGesture] = []
        for person in self.people:
            person.received_today = 0
        for _ in range(ROUNDS):
            if not arriving:
                break
            for gesture in arriving:
                assert gesture.receiver is not None
                gesture.receiver.inbox.append(gesture)
            delivered += arriving
            receivers = self.agents.select(lambda person: len(person.inbox) > 0)
            receivers.do("deliver")
            replies = [reply for person in receivers for reply in person.outbox]
            arriving = [reply for reply in replies if reply.day == self.day]
            self.mail += [reply for reply in replies if reply.day > self.day]
            sent = sent + arriving
        self.mail += [replace(gesture, arrives_day=self.day + 1) for gesture in arriving]
        return sent, delivered

    def settle(self, met: list[Meeting], sent: list[SentGesture], delivered: list[SentGesture]) -> None:
        """Rules 7, 9 and 10, pair by pair."""
        sent = sorted(sent, key=lambda gesture: (gesture.pair, *gesture.by_sending))
        delivered = sorted(delivered, key=lambda gesture: (gesture.pair, *gesture.by_arrival, gesture.receiver.id))  # type: ignore[union-attr]
        for meeting in met:
            meeting.low.remember(meeting.low.ties[meeting.high.id], self.settings.exposure_mass)
            meeting.high.remember(meeting.high.ties[meeting.low.id], self.settings.exposure_mass)
        for gesture in sent:
            if gesture.receiver is not None:
                own = gesture.sender.ties[gesture.receiver.id]
                gesture.sender.remember(own, self.settings.mind_sent * self.settings.mass[gesture.kind])
        new = [self.settle_noticed(gesture) for gesture in delivered if gesture.noticed and gesture.kind != Kind.POST]
        forgotten = self.forget()
        n = len(self.people)
        sent_rows = gesture_rows(sent)
        sent_rows["noticed"] = 0  # told of what was delivered
        self.record = DayRecord(
            self.day,
            sent_rows,
            gesture_rows(delivered),
            np.array(sorted(low * n + high for low, high in filter(None, new)), dtype=np.int64),
            np.array([low * n + high for low, high in forgotten], dtype=np.int64),
            np.array([(m.low.id, m.high.id, m.place, m.second, NOBODY, NOBODY) for m in met], dtype=MEETING),
        )

    def settle_noticed(self, gesture: SentGesture) -> tuple[int, int] | None:
        """Rules 7 and 9 for a gesture that was noticed; returns the pair if it is a tie from now on."""
        assert gesture.receiver is not None
        mine = gesture.receiver.ties[gesture.sender.id]
        theirs = gesture.sender.ties[gesture.receiver.id]
        is_new = False
        if gesture.parent_kind != NO_ANSWER:
            gesture.receiver.remember(mine, self.settings.mind_answered * self.settings.mass[gesture.parent_kind])
            is_new = mine.acquaintance == 1
            mine.acquaintance = theirs.acquaintance = 0
        if self.settings.mass[gesture.kind] > 0.0:
            if self.day - theirs.last_received <= self.settings.two_way_days:
                mine.last_two_way = theirs.last_two_way = self.day
                mine.two_way = theirs.two_way = min(255, mine.two_way + 1)
            mine.last_received = self.day
        one, two = gesture.sender.id, gesture.receiver.id
        return (min(one, two), max(one, two)) if is_new else None

    def forget(self) -> list[tuple[int, int]]:
        """Rule 10: what anybody over capacity named goes, both directions, once; returns the pairs."""
        pairs = set()
        for person in self.people:
            for tie in person.weakest():
                pairs.add((min(person.id, tie.other.id), max(person.id, tie.other.id)))
        for low, high in pairs:
            self.people[low].drop(self.people[low].ties[high])
            self.people[high].drop(self.people[high].ties[low])
        return sorted(pairs)

    # Places --------------------------------------------------------------------------------------------------------

    def gather(self) -> list[Meeting]:
        """Phase 1: who is where, who meets whom; each pair once a place, in the order of (place, low, high)."""
        going: dict[int, dict[int, PlanOfPerson]] = defaultdict(dict)
        for person in self.people:
            for plan in person.plans:
                if self.goes_today(person, plan):
                    going[self.settings.place[plan.strategy]][person.id] = plan
                    if self.settings.plan[plan.strategy] == Plan.PLACE:
                        plan.pay_session(self)
                    else:
                        plan.refusals = 0
        met: dict[tuple[int, int, int], Meeting] = {}
        for meeting in [*self.visits(going), *self.events(going), *self.meetups(going)]:
            met.setdefault((meeting.place, meeting.low.id, meeting.high.id), meeting)
        self.bookings = {booking for booking in self.bookings if booking[2] > self.day}
        return [met[key] for key in sorted(met)]

    def goes_today(self, person: Person, plan: PlanOfPerson) -> bool:
        """Whether a plan takes its person to a place today: it meets, and the purse holds the whole session."""
        s = self.settings
        place = s.place[plan.strategy]
        if s.plan[plan.strategy] == Plan.EVENT:
            return plan.event_day == self.day
        if s.plan[plan.strategy] != Plan.PLACE or not self.planning or plan.purse < s.session_minutes[plan.strategy]:
            return False
        if place == Place.GROUP:
            return self.day % 7 == int(7 * chance.uniform(self.luck_seed, Decision.GROUP_DAY, 0, person.group, 0, 0))
        if place == Place.SHOW:
            luck = chance.uniform(self.luck_seed, Decision.SHOW_DAY, 0, person.industry, 0, 0)
            return bool((self.day + int(s.show_every_days * luck)) % s.show_every_days == 0)
        return True

    def visits(self, going: dict[int, dict[int, PlanOfPerson]]) -> Iterator[Meeting]:
        """Adopters at hangouts, groups and trade shows."""
        s = self.settings
        most = {Place.HANGOUT: s.hangout_meets, Place.GROUP: s.group_meets, Place.SHOW: s.show_meets}
        visits = [(key, place, plan) for place in most for key, plan in going[place].items()]
        for key, place, plan in sorted(visits, key=lambda visit: (visit[0], visit[2].strategy)):
            person = self.people[key]
            where, present = self.present(person, place, going[place])
            second = self.second_of(place, where)
            for other in self.meets(person, [one for one in present if one is not person], int(most[place]), place):
                yield meeting_of(person, other, place, second, plan, going[place].get(other.id))

    def present(self, person: Person, place: int, going: dict[int, PlanOfPerson]) -> tuple[int, list[Person]]:
        """Which hangout, group or show a person goes to, and who is there, adopters among them, in order of id."""
        if place == Place.HANGOUT:
            crowd = self.communities[person.community]
            return person.community, [one for one in crowd if one.id in going or self.hangs_out(one)]
        if place == Place.GROUP:
            likely, members = self.settings.group_attendance, self.groups[person.group]
            return person.group, [one for one in members if one.id in going or one.luck(Decision.GROUP_VISIT) < likely]
        crowd = self.industries[person.industry]
        keys = [rules.chosen_key(one.luck(Decision.SHOW_VISIT), max(1e-6, one.sociability)) for one in crowd]
        drawn = {one.id for one in keenest(crowd, keys, self.settings.show_people)}
        return person.industry, [one for one in crowd if one.id in going or one.id in drawn]

    def hangs_out(self, person: Person) -> bool:
        """Whether a regular is at the hangout today."""
        likely = self.settings.hangout_attendance * person.sociability
        return bool(person.regular) and person.luck(Decision.HANGOUT_VISIT) < likely

    def second_of(self, place: int, where: int) -> int:
        """The second at which people meet at a place today."""
        return int(86_400 * self.luck(Decision.PLACE_SECOND, where, cause=chance.cause_of(Occasion.PLACE, place)))

    def meets(self, person: Person, present: list[Person], most: int, place: int) -> list[Person]:
        """Whom a person meets among those present: a weighted keyed choice, people known already weigh more."""
        cause = chance.cause_of(Occasion.PLACE, place)
        keys = []
        for other in present:
            weight = self.settings.known_weight if other.id in person.ties else 1.0
            keys.append(rules.chosen_key(person.luck(Decision.MEETS, other.id, cause), weight))
        return keenest(present, keys, most)

    def events(self, going: dict[int, dict[int, PlanOfPerson]]) -> Iterator[Meeting]:
        """Evenings: guests who said yes, and whom they bring; all meet the host, each some others."""
        tonight = sorted((host, guest) for host, guest, day in self.bookings if day == self.day)
        for host_id in sorted({host for host, _ in tonight}):
            host = self.people[host_id]
            guests = [self.people[guest] for key, guest in tonight if key == host_id]
            crowd = self.with_those_brought(guests, host, Place.EVENT, OWN_TIES, self.settings.event_brings)
            second = self.second_of(Place.EVENT, host_id)
            for guest in crowd:
                yield meeting_of(host, guest, Place.EVENT, second, going[Place.EVENT].get(host_id), None)
            for guest in crowd:
                others = [one for one in crowd if one is not guest]
                for other in self.meets(guest, others, (self.settings.event_meets + 1) // 2, Place.EVENT):
                    yield meeting_of(guest, other, Place.EVENT, second, None, None)

    def meetups(self, going: dict[int, dict[int, PlanOfPerson]]) -> Iterator[Meeting]:
        """Meetups: members come, bring someone of the industry, and some leave for good."""
        for founder_id, plan in going[Place.MEETUP].items():
            founder = self.people[founder_id]
            if founder_id not in self.members:
                self.members[founder_id] = {one.id: False for one in self.first_members(founder)}
            members = self.members[founder_id]
            regulars = [self.people[member] for member, left in members.items() if not left]
            crowd = self.with_those_brought(regulars, founder, Place.MEETUP, OF_INDUSTRY, self.settings.meetup_brings)
            crowd = [one for one in crowd if not members.get(one.id, False)]
            members.update({one.id: False for one in crowd})
            second = self.second_of(Place.MEETUP, founder_id)
            for other in self.meets(founder, crowd, self.settings.meetup_meets, Place.MEETUP):
                yield meeting_of(founder, other, Place.MEETUP, second, plan, None)
            for guest in crowd:
                others = [one for one in crowd if one is not guest]
                for other in self.meets(guest, others, (self.settings.meetup_meets + 1) // 2, Place.MEETUP):
                    yield meeting_of(guest, other, Place.MEETUP, second, None, None)
            for guest in crowd:
                if self.luck(Decision.MEETUP_LEAVES, guest.id, founder_id) < self.settings.meetup_leaves:
                    members[guest.id] = True

    def first_members(self, founder: Person) -> list[Person]:
        """Strangers of the founder's industry with whom a meetup starts."""
        crowd = self.industries[founder.industry]
        strangers = [one for one in crowd if one is not founder and one.id not in founder.ties]
        keys = [chance.uniform(self.luck_seed, Decision.MEETUP_MEMBER, 0, founder.id, one.id, 0) for one in strangers]
        return keenest(strangers, keys, self.settings.meetup_start)

    def with_those_brought(
        self, guests: list[Person], host: Person, place: int, among: int, likely: float
    ) -> list[Person]:
        """Guests, and after them whoever they bring: each at most one own tie, who is not there yet."""
        crowd = list(guests)
        cause = chance.follow(chance.cause_of(Occasion.PLACE, place), host.id)
        for guest in guests:
            if guest.luck(Decision.BRINGS_SOMEONE, host.id, cause) < likely:
                tie = guest.comes_to_mind(cause, among, host.industry)
                if tie is not None and tie.other is not host and tie.other not in crowd:
                    crowd.append(tie.other)
        return crowd

    # Worlds --------------------------------------------------------------------------------------------------------

    def _load(self, world: World) -> None:
        """Take ties, plans, mail and places from a world."""
        for owner, at in zip(world.owners(), range(len(world.ties)), strict=True):
            row, holder = world.ties[at], self.people[owner]
            if row["other"] != NOBODY:
                values = {name: row[name].item() for name in TIE_VALUES}
                slot = at - int(world.people["first"][owner])
                tie = Tie(self.people[row["other"]], slot, row["traces"].copy(), **values)
                holder.slots[slot] = holder.ties[tie.other.id] = tie
        for row in world.plans:
            plan = PlanOfPerson(**{name: row[name].item() for name in PLAN_VALUES})
            self.people[row["person"]].plans.append(plan)
        self.mail = [self._letter(row) for row in world.mail]
        self.bookings = {(host, guest, day) for host, guest, day in world.bookings.tolist()}
        for founder, member, left in world.members.tolist():
            self.members.setdefault(founder, {})[member] = bool(left)
        self.communities = self._by("community")
        self.industries = self._by("industry")
        self.groups = self._by("group")
        self.birthdays = self._by("birthday")

    def _by(self, name: str) -> dict[int, list[Person]]:
        groups: dict[int, list[Person]] = defaultdict(list)
        for person in self.people:
            groups[getattr(person, name)].append(person)
        return groups

    def _letter(self, row: np.void) -> SentGesture:
        values = {name: row[name].item() for name in LETTER_VALUES}
        return SentGesture(self.people[row["sender"]], self.people[row["receiver"]], **values)

    def active_ties(self) -> np.ndarray:
        """Active ties of each person today, shape (n,)."""
        return np.array([person.active_ties for person in self.people])

    def measures(self) -> Measures:
        """Outcomes so far; see `sim.measures`."""
        return self._watch.finish(self.to_world(), self.active_ties())

    def to_world(self) -> World:
        """The world as it now is; another run, on either engine, can go on from it."""
        n = len(self.people)
        people = np.zeros(n, PERSON)
        slots = np.array([len(person.slots) for person in self.people])
        for name in PERSON_VALUES:
            people[name] = [getattr(person, name) for person in self.people]
        people["slots"], people["first"] = slots, np.concatenate([[0], np.cumsum(slots)[:-1]])
        people["held"] = [len(person.ties) for person in self.people]
        ties = free_ties(int(slots.sum()))
        for person, first in zip(self.people, people["first"], strict=True):
            for tie in person.ties.values():
                row = ties[first + tie.slot]
                row["other"], row["mirror"] = tie.other.id, tie.other.ties[person.id].slot
                for name in ("traces", *TIE_VALUES):
                    row[name] = getattr(tie, name)
        plans = [
            (person.id, *(getattr(plan, name) for name in PLAN_VALUES))
            for person in self.people
            for plan in person.plans
        ]
        members = [
            (founder, member, left)
            for founder in sorted(self.members)
            for member, left in self.members[founder].items()
        ]
        return World(
            day=self.day,
            people=people,
            ties=ties,
            parameters=self.parameters,
            plans=np.array(plans, dtype=PLAN),
            mail=canonical_mail(gesture_rows(self.mail)),
            bookings=np.array(sorted(self.bookings), dtype=BOOKING),
            members=np.array(members, dtype=MEMBER),
            strategies_end=self.strategies_end,
            names=self.names,
        )


PLAN_VALUES = tuple(name for name in PLAN.names or () if name != "person")
PERSON_VALUES = tuple(name for name in PERSON.names or () if name not in ("first", "slots", "held"))
TIE_VALUES = tuple(name for name in TIE.names or () if name not in ("other", "mirror", "traces"))
LETTER_VALUES = tuple(
    name for name in GESTURE.names or () if name not in ("sender", "receiver", "sender_slot", "receiver_slot")
)


def keenest(people: list[Person], keys: Iterable[float], most: int) -> list[Person]:
    """The people with the largest keys, largest first."""
    ranked = sorted(zip(keys, people, strict=True), key=lambda pair: -pair[0])
    return [person for _, person in ranked[:most]]


def meeting_of(
    one: Person, two: Person, place: int, second: int, plan: PlanOfPerson | None, other_plan: PlanOfPerson | None
) -> Meeting:
    """A meeting, with the lower id first."""
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
