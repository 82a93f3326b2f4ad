"""A plain Mesa model of our ordinary day: an agent per person, an object per tie and gesture.

`random.Random` makes all draws, a choice looks at every tie, and strength is computed when it is read. The one table is
of how traces have faded by age in whole days, because a profile shows the need.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections import defaultdict
from dataclasses import dataclass
from math import exp, inf, log
from types import SimpleNamespace
from typing import Any

import mesa

from benchmarks.peers.start import (
    KINDS,
    MESSAGE_SHARE,
    NEVER,
    NO_ANSWER,
    NOTES,
    ROUNDS,
    SECONDS_A_DAY,
    SESSION_MINUTES,
    SESSIONS,
    Start,
    as_namespace,
)
from sim.model.parameters import HALF_LIVES
from sim.reference.entry_points import Channel, Kind

SITTING = -1  # the channel of a prompt that is a plan's
Traces = tuple[float, float, float, float, float, float]


class Fading(dict[int, Traces]):
    """By age in days, the factors that take six traces to what is left of them."""

    def __init__(self, factors: list[float], days_more: int) -> None:
        super().__init__()
        self._factors, self._days_more = factors, days_more

    def __missing__(self, age: int) -> Traces:
        left = [f * 2.0 ** (-(age + self._days_more) / h) for f, h in zip(self._factors, HALF_LIVES, strict=True)]
        self[age] = (left[0], left[1], left[2], left[3], left[4], left[5])
        return self[age]


class Settings(SimpleNamespace):
    """All numbers of the model, and tables made of them."""

    def __init__(self, p: Any) -> None:
        super().__init__(**vars(as_namespace(p)))
        self.weighed = Fading(self.kernel, 1)  # for activation: ages count from one day
        self.faded = Fading([1.0] * 6, 0)  # for a contact on top of what is left
        self.ladders = [ladder[:steps] for ladder, steps in zip(self.ladder, self.steps, strict=True)]


@dataclass(slots=True, eq=False)
class Tie:
    """What one person holds about another; see `sim.state.population.TIE` for units."""

    other: Person
    affinity: float
    traces: Traces = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    last_contact: int = NEVER
    last_sent: int = NEVER
    last_received: int = NEVER
    last_two_way: int = NEVER
    two_way: int = 0
    openness: float = 0.0
    opened: int = NEVER
    opened_by: int = 0
    unanswered: float = 0.0
    post_seen: int = NEVER
    acquaintance: bool = False
    planned: int = NEVER

    def activation(self, day: int, s: Settings) -> float:
        """What memory keeps of it, in contacts."""
        a, b, c, d, e, f = self.traces
        u, v, w, x, y, z = s.weighed[day - self.last_contact]
        return a * u + b * v + c * w + d * x + e * y + f * z

    def strength(self, day: int, s: Settings) -> float:
        """How close it is, 0 to 1."""
        activation = self.activation(day, s)
        return activation / (activation + s.half_strength)

    def standing(self, day: int, s: Settings) -> float:
        """What the whole past has left."""
        return self.traces[-1] * s.faded[day - self.last_contact][-1]

    def remember(self, mass: float, day: int, s: Settings) -> None:
        """A contact adds its mass, the less the stronger the tie is."""
        if mass > 0.0:
            gain = mass * (1.0 - self.strength(day, s))
            a, b, c, d, e, f = self.traces
            u, v, w, x, y, z = s.faded[day - self.last_contact]
            self.traces = (a * u + gain, b * v + gain, c * w + gain, d * x + gain, e * y + gain, f * z + gain)
            self.last_contact = day

    def openness_now(self, day: int, s: Settings) -> float:
        """How open the door still is."""
        return self.openness and faded(self.openness, day - self.opened, s.openness_half_life)

    def tries_now(self, day: int, s: Settings) -> float:
        """Own tries without an answer that still weigh."""
        return self.unanswered and faded(self.unanswered, day - self.last_sent, s.unanswered_half_life)


@dataclass(slots=True, eq=False)
class Gesture:
    """A gesture on its way; a post stands for a feed item that the receiver looks at."""

    sender: Person
    receiver: Person
    kind: int
    channel: int
    second: int
    answers: int = NO_ANSWER  # the kind of what it answers
    tries: float = 0.0  # of the sender before this one
    noticed: bool = False


@dataclass(slots=True, eq=False)
class Plan:
    """A strategy that works through a list, and its purse of planned minutes."""

    strategy: int
    share: float
    purse: float


def faded(value: float, days: int, half_life: float) -> float:
    """What is left of a value after this many days."""
    if days <= 0:
        return value
    return value * 0.5 ** (days / half_life) if half_life > 0.0 else 0.0


def logit(probability: float) -> float:
    """Log odds."""
    return log(probability / (1.0 - probability))


def expit(x: float) -> float:
    """The probability with these log odds."""
    return 1.0 / (1.0 + exp(-x))


def poisson(draws: random.Random, mean: float) -> int:
    """A count with this mean (Knuth's method)."""
    limit, count, left = exp(-mean), 0, draws.random()
    while left > limit:
        left *= draws.random()
        count += 1
    return count


def answer_logit(kind: int, strength: float, openness: float, tries: float, s: Settings) -> float:
    """Log odds of an answer."""
    return float(
        s.answer[kind]
        + s.answer_strength * strength
        + s.answer_openness * openness
        + s.answer_second * min(1.0, tries)
        - s.answer_fatigue * max(0.0, tries - 1.0)
    )


class Person(mesa.Agent):
    """Somebody with ties.

    Attributes:
        id: row in the world.
        ties: by the other.
        town: the day that the person lives in.
    """

    id: int
    sociability: float
    reticence: float
    practice: float
    practised: int
    minutes_left: float
    last_post: int
    community: int
    group: int
    birthday: int
    capacity: int

    def begin(self, town: Town, traits: dict[str, Any]) -> None:
        """Take traits by name; ties come later."""
        self.town, self.draws = town, town.draws
        for name, value in traits.items():
            setattr(self, name, value)
        self.ties: dict[Person, Tie] = {}
        self.plans: list[Plan] = []
        self.reminders: list[Person] = []  # birthdays noticed today
        self.received_today = 0
        self.spell, self.spell_ends = 1.0, NEVER

    # Morning

    def begin_week(self) -> None:
        """Fresh minutes, and planned ones into the purse."""
        s = self.town.s
        self.minutes_left = s.weekly_minutes * min(max(self.sociability, s.minutes_low), s.minutes_high)
        if self.town.planning:
            for plan in self.plans:
                plan.purse += s.effort_minutes * plan.share

    def post(self) -> None:
        """An ordinary post makes its writer showable."""
        s = self.town.s
        if self.draws.random() < 1.0 - exp(-s.post_rate / 7.0 * self.sociability):
            if self.minutes_left >= s.minutes[Kind.POST]:
                self.minutes_left -= s.minutes[Kind.POST]
                self.last_post = self.town.day
                self.town.posted[self.last_post].append(self)

    def busyness(self) -> float:
        """Quiet and busy spells: lognormal with mean 1, each of `spell_days`."""
        day, s = self.town.day, self.town.s
        if day >= self.spell_ends:
            length = s.spell_days if self.spell_ends > NEVER else 1 + int(self.draws.random() * s.spell_days)
            self.spell_ends = day + length
            self.spell = exp(s.spell_sd * self.draws.gauss(0.0, 1.0) - 0.5 * s.spell_sd**2)
        return self.spell

    # Prompts

    def prompts(self) -> list[tuple[int, int, Any]]:
        """Second, channel and other of whatever brings somebody to mind today, or a plan to sit over; in order."""
        s, draws = self.town.s, self.draws.random
        found: list[tuple[int, int, Any]] = []
        if self.reminders:
            found = [(int(draws() * SECONDS_A_DAY), Channel.PRIVATE, other) for other in self.reminders]
            self.reminders = []
        if self.plans:
            found += [(int(draws() * SECONDS_A_DAY), SITTING, plan) for plan in self.plans]
        rate = s.routine_rate + s.feed_rate + s.encounter_rate
        count = poisson(self.draws, rate * self.sociability * self.busyness())
        shown: list[Tie] | None = None
        for _ in range(count):
            occasion = draws() * rate
            if occasion < s.routine_rate:
                channel, other = Channel.PRIVATE, self.comes_to_mind(list(self.ties.values()))
            elif occasion < s.routine_rate + s.feed_rate:
                shown = self.shown() if shown is None else shown
                channel, other = Channel.FEED, self.comes_to_mind(shown, s.feed_boost)
            else:
                channel, other = Channel.IN_PERSON, self.encounter()
            if other is not None:
                found.append((int(draws() * SECONDS_A_DAY), channel, other))
        found.sort(key=lambda prompt: prompt[0])
        return found

    def shown(self) -> list[Tie]:
        """Ties whose posts the feed may show."""
        showable = self.town.showable
        return [tie for other, tie in self.ties.items() if other in showable and not tie.acquaintance]

    def encounter(self) -> Person | None:
        """Whom a chance encounter is with: someone known, of the community, or anyone at all."""
        s, who = self.town.s, self.draws.random()
        if who < s.encounter_known:
            return self.comes_to_mind(list(self.ties.values()))
        near = who < s.encounter_known + s.encounter_community
        other = self.draws.choice(self.town.communities[self.community] if near else self.town.people)
        return None if other is self else other

    def comes_to_mind(self, ties: list[Tie], boost: float = 0.0) -> Person | None:
        """One of these, with probability in proportion to its pull."""
        day, s = self.town.day, self.town.s
        weighed, exponent, floor = s.weighed, s.pull_exponent, s.pull_floor
        total, until = 0.0, []
        for tie in ties:
            a, b, c, d, e, f = tie.traces
            u, v, w, x, y, z = weighed[day - tie.last_contact]
            total += tie.affinity * (a * u + b * v + c * w + d * x + e * y + f * z) ** exponent + floor
            if boost:
                total += boost * tie.affinity * tie.openness_now(day, s)
            until.append(total)
        if total <= 0.0:
            return None
        return ties[bisect(until, self.draws.random() * total, 0, len(ties) - 1)].other

    # Reaching out

    def reach_out(self) -> None:
        """Prompts, and what the person makes of them."""
        town, s = self.town, self.town.s
        for second, channel, other in self.prompts():
            if channel == SITTING:
                self.sit(other, second)
                continue
            if channel == Channel.FEED:
                if self.minutes_left < s.scroll_minutes:
                    continue
                self.minutes_left -= s.scroll_minutes
                town.arriving.append(Gesture(other, self, Kind.POST, channel, second))
            kind = self.dared(channel, other)
            if kind is not None and self.minutes_left >= s.minutes[kind]:
                self.minutes_left -= s.minutes[kind]
                self.practise(kind)
                town.outgoing.append(Gesture(self, other, kind, channel_of(kind, channel, s), second))

    def dared(self, channel: int, other: Person) -> int | None:
        """The last gesture of the channel's ladder within reach; None if there is none."""
        s, comfort, felt = self.town.s, self.comfort(), self.felt(self.ties.get(other))
        within = [kind for kind in s.ladders[channel] if self.barrier(kind, channel, *felt) <= comfort]
        return within[-1] if within else None

    def comfort(self) -> float:
        """What the person dares just now."""
        s = self.town.s
        return float(s.ease + s.practice_effect * self.practice_now() + logit(self.draws.random() or 1e-300))

    def felt(self, tie: Tie | None) -> tuple[float, float, int, float]:
        """Strength, openness, rung of the door and own tries; of a stranger, nothing."""
        if tie is None:
            return 0.0, 0.0, 0, 0.0
        day, s = self.town.day, self.town.s
        return tie.strength(day, s), tie.openness_now(day, s), tie.opened_by, tie.tries_now(day, s)

    def barrier(self, kind: int, channel: int, strength: float, openness: float, opened_by: int, tries: float) -> float:
        """Comfort that a gesture needs."""
        s = self.town.s
        welcome = expit(answer_logit(kind, strength, openness, tries, s)) if s.answer[kind] > -inf else 0.5
        doubt = logit(welcome) - logit(s.acceptance_ratio * welcome)
        door = openness * 0.5 ** max(0, s.rung[kind] - opened_by)
        return float(s.risk[channel][kind] + (1.0 - strength) * (1.0 - door) * (self.reticence + doubt))

    def practice_now(self) -> float:
        """Practice that is left."""
        return self.practice and faded(self.practice, self.town.day - self.practised, self.town.s.practice_half_life)

    def practise(self, kind: int) -> None:
        """A gesture with words makes the next one easier."""
        s = self.town.s
        if s.worded[kind]:
            practice = self.practice_now()
            self.practice = practice + s.practice_gain * (1.0 - practice)
            self.practised = self.town.day

    def count_try(self, gesture: Gesture) -> None:
        """Own tries without an answer: as before this gesture into it, as after it into the tie."""
        day, s = self.town.day, self.town.s
        tie = self.ties[gesture.receiver]
        gesture.tries = tie.tries_now(day, s)
        if s.mass[gesture.kind] > 0.0:
            tie.unanswered = min(s.unanswered_most, gesture.tries + (s.answer[gesture.kind] > -inf))
            tie.last_sent = day

    # Sittings over a list

    def sit(self, plan: Plan, second: int) -> None:
        """Notes, or messages and calls, down the list of the longest silent until today's minutes are gone."""
        s, day = self.town.s, self.town.day
        minutes = self.minutes_for(plan)
        if minutes == 0.0:
            return
        spent, back_outs = 0.0, 0
        for tie in self.longest_silent(plan):
            kind = Kind.MESSAGE if self.draws.random() < MESSAGE_SHARE else Kind.CALL
            kind = Kind.NOTE if plan.strategy == NOTES else kind
            if back_outs >= s.backed_out_most or spent + s.minutes[kind] > minutes:
                break
            tie.planned = day
            channel = channel_of(kind, Channel.PRIVATE, s)
            if self.barrier(kind, channel, *self.felt(tie)) <= self.comfort() + s.follow_through:
                spent += s.minutes[kind]
                self.practise(kind)
                self.town.outgoing.append(Gesture(self, tie.other, kind, channel, second))
            else:
                spent += min(s.backed_out_minutes, minutes - spent)
                back_outs += 1
        plan.purse -= spent

    def minutes_for(self, plan: Plan) -> float:
        """Minutes for today's sitting: an even part of the purse, but a whole session if the purse holds one."""
        weekday = self.town.day % 7
        sittings, least = SESSIONS[plan.strategy], SESSION_MINUTES[plan.strategy]
        left = [later for later in range(weekday, 7) if later * sittings % 7 < sittings]
        if not self.town.planning or plan.purse < least or weekday not in left:
            return 0.0
        return float(max(plan.purse / len(left), least))

    def longest_silent(self, plan: Plan) -> list[Tie]:
        """Ties that the plan's list names today: notes go to those who were once strong, other things to everyone."""
        day, s = self.town.day, self.town.s
        ties = [tie for tie in self.ties.values() if day - tie.planned >= s.plan_gap_days]
        if plan.strategy == NOTES:
            ties = [tie for tie in ties if not tie.acquaintance and tie.standing(day, s) >= s.once_strong]
        return sorted(ties, key=lambda tie: tie.last_contact)

    # Receiving

    def receive(self, gesture: Gesture) -> None:
        """Is it noticed, what does it leave, is it answered?"""
        day, s, kind = self.town.day, self.town.s, gesture.kind
        tie = self.ties[gesture.sender]
        if kind == Kind.POST:
            gesture.noticed = tie.post_seen < gesture.sender.last_post
            tie.post_seen = gesture.sender.last_post
        else:
            gesture.noticed = self.draws.random() < s.noticed[kind]
        if not gesture.noticed:
            return
        strength, openness = tie.strength(day, s), tie.openness_now(day, s)
        tie.remember(s.encoding_received * s.mass[kind], day, s)
        tie.unanswered = 0.0
        if s.opens[kind] >= openness:
            tie.openness, tie.opened, tie.opened_by = s.opens[kind], day, s.rung[kind]
        if kind == Kind.POST:
            return
        load = 1.0 + self.received_today / s.load_scale
        self.received_today += 1
        reply = answer_kind(kind)
        if s.answer[kind] == -inf or self.minutes_left < s.minutes[reply]:
            return
        odds = answer_logit(kind, strength, openness, gesture.tries, s)
        if tie.acquaintance and self.has_mutual_tie_with(gesture.sender):
            odds += log(s.mutual_odds)
        if self.draws.random() < expit(odds) / load:
            self.answer(gesture, reply)

    def has_mutual_tie_with(self, other: Person) -> bool:
        """Whether somebody is a tie of both."""
        return any(
            not tie.acquaintance and third in other.ties and not other.ties[third].acquaintance
            for third, tie in self.ties.items()
        )

    def answer(self, gesture: Gesture, kind: int) -> None:
        """Answer at once in person and on the phone, otherwise after a lognormal delay."""
        town, s = self.town, self.town.s
        self.minutes_left -= s.minutes[kind]
        self.practise(kind)
        second = gesture.second + 1
        if gesture.channel == Channel.IN_PERSON or gesture.kind == Kind.CALL:
            second = min(second, SECONDS_A_DAY - 1)
        else:
            note = gesture.kind == Kind.NOTE
            median, sigma = (s.note_delay_median, s.note_delay_sigma) if note else (s.delay_median, s.delay_sigma)
            delay = 60.0 * median * exp(sigma * self.draws.gauss(0.0, 1.0))
            second = gesture.second + int(min(max(1.0, delay), 3_650.0 * SECONDS_A_DAY))
        days, second = divmod(second, SECONDS_A_DAY)
        channel = channel_of(kind, gesture.channel, s)
        reply = Gesture(self, gesture.sender, kind, channel, second, gesture.kind)
        if days == 0:
            self.count_try(reply)
            town.replies.append(reply)
        else:
            town.later[town.day + days].append(reply)

    # Forgetting

    def weakest(self) -> list[Tie]:
        """Ties beyond capacity: acquaintances first, then those of the least activation."""
        day, s = self.town.day, self.town.s
        ties = sorted(self.ties.values(), key=lambda tie: (not tie.acquaintance, tie.activation(day, s)))
        return ties[: len(ties) - self.capacity]


def shared(values: list[Any]) -> list[Any]:
    """The same values, with one object for all that are equal, as days are that come from a model's calendar."""
    known: dict[Any, Any] = {}
    return [known.setdefault(value, value) for value in values]


def channel_of(kind: int, channel: int, s: Settings) -> int:
    """A gesture's own channel, or that of the occasion."""
    return s.channel[kind] if s.channel[kind] >= 0 else channel


def answer_kind(kind: int) -> int:
    """What a gesture is answered with."""
    return Kind.MESSAGE if kind in (Kind.NOTE, Kind.INVITATION) else kind


class Town:
    """A day in the life of all people: what does not happen inside one person.

    Attributes:
        s, draws: settings, and the source of all random draws.
        people: in order of id.
        sent: gestures by kind, since the start.
        outgoing, arriving, replies: under way today.
        later: letters by the day on which they are sent.
        due: letters under way, and what a late evening left over, by the day on which they arrive.
        posted: who posted, by day.
        showable: whom the feed can show today.
    """

    def __init__(self, start: Start, draws: random.Random) -> None:
        self.s, self.draws, self.day = Settings(start.p), draws, start.day
        self.people: list[Any] = []
        self.sent = [0] * KINDS
        self.outgoing: list[Gesture] = []
        self.arriving: list[Gesture] = []
        self.replies: list[Gesture] = []
        self.later: defaultdict[int, list[Gesture]] = defaultdict(list)
        self.due: defaultdict[int, list[Gesture]] = defaultdict(list)
        self.strategies_end = start.strategies_end
        self.posted: defaultdict[int, list[Any]] = defaultdict(list)
        self.showable: set[Any] = set()
        self.communities: defaultdict[int, list[Any]] = defaultdict(list)
        self.birthdays: defaultdict[int, list[Any]] = defaultdict(list)

    @property
    def planning(self) -> bool:
        """Whether strategies still run."""
        return self.day < self.strategies_end

    def settle_in(self, start: Start, people: list[Any]) -> None:
        """Give people their traits, their ties and what is in the mail."""
        self.people = people
        names = list(start.people)
        for person, traits in zip(
            people, zip(*(start.people[name].tolist() for name in names), strict=True), strict=True
        ):
            person.begin(self, dict(zip(names, traits, strict=True)))
            self.posted[person.last_post].append(person)
            self.communities[person.community].append(person)
            self.birthdays[person.birthday].append(person)
        others = start.ties["other"].tolist()
        columns = {name: shared(values.tolist()) for name, values in start.ties.items() if name != "other"}
        columns["traces"] = [tuple(row) for row in start.traces.tolist()]
        for person, first, stop in zip(people, start.first[:-1].tolist(), start.first[1:].tolist(), strict=True):
            for row in range(first, stop):
                other = people[others[row]]
                person.ties[other] = Tie(other, **{name: values[row] for name, values in columns.items()})
        for who, strategy, share, purse in zip(*(values.tolist() for values in start.plans.values()), strict=True):
            people[who].plans.append(Plan(strategy, share, purse))
        for letter in zip(*(values.tolist() for values in start.mail.values()), strict=True):
            self._post_box(SimpleNamespace(**dict(zip(start.mail, letter, strict=True))))

    def _post_box(self, letter: Any) -> None:
        one, two = self.people[letter.sender], self.people[letter.receiver]
        gesture = Gesture(one, two, letter.kind, letter.channel, letter.second, letter.parent_kind, letter.unanswered)
        if letter.day >= self.day:
            self.later[letter.day].append(gesture)
        else:
            self.due[max(letter.arrives_day, self.day)].append(gesture)

    def announce(self) -> None:
        """Whose posts can be seen today, and birthdays: everyone who holds a tie to those who have one may notice."""
        likely, draws = self.s.birthday_noticed, self.draws.random
        self.showable = {person for day in range(self.s.post_days) for person in self.posted[self.day - day]}
        for celebrant in self.birthdays[self.day % 365]:
            for tie in celebrant.ties.values():
                if draws() < likely and not tie.acquaintance:
                    tie.other.reminders.append(celebrant)

    def dispatch(self) -> list[Gesture]:
        """What is sent before any answer of today; strangers become acquaintances; returns what is sent."""
        sent, due = self.outgoing + self.later.pop(self.day, []), self.due.pop(self.day, [])
        for gesture in sent + due:
            if gesture.receiver not in gesture.sender.ties:
                self.acquaint(gesture.sender, gesture.receiver)
        sent.sort(key=lambda gesture: gesture.second)
        for gesture in sent:
            gesture.sender.count_try(gesture)
        self.due[self.day + self.s.note_days] += [gesture for gesture in sent if gesture.kind == Kind.NOTE]
        self.arriving += due + [gesture for gesture in sent if gesture.kind != Kind.NOTE]
        self.outgoing = []
        return sent

    def acquaint(self, one: Person, two: Person) -> None:
        """Two strangers hold each other as acquaintances from now on."""
        common = self.s.group_pull if one.group == two.group else 0.0
        for person, other in ((one, two), (two, one)):
            affinity = exp(self.s.affinity_sd * self.draws.gauss(0.0, 1.0) + common)
            person.ties[other] = Tie(other, affinity, last_contact=self.day, acquaintance=True)

    def rounds(self, sent: list[Gesture]) -> list[Gesture]:
        """Deliver and answer until nothing more arrives today; returns what was delivered."""
        delivered: list[Gesture] = []
        for _ in range(ROUNDS):
            if not self.arriving:
                break
            self.arriving.sort(key=lambda gesture: gesture.second)
            for gesture in self.arriving:
                gesture.receiver.receive(gesture)
            delivered += self.arriving
            self.arriving, self.replies = self.replies, []
            sent += self.arriving
        self.due[self.day + 1] += self.arriving
        self.arriving = []
        return delivered

    def settle(self, sent: list[Gesture], delivered: list[Gesture]) -> None:
        """What gestures leave with their senders, two-way contact, first answers, and forgetting."""
        day, s = self.day, self.s
        for gesture in sent:
            self.sent[gesture.kind] += 1
            gesture.sender.ties[gesture.receiver].remember(s.encoding_sent * s.mass[gesture.kind], day, s)
        for gesture in delivered:
            gesture.receiver.received_today = 0
            if gesture.noticed and gesture.kind != Kind.POST:
                self.settle_noticed(gesture)
        # Only people who have met somebody can have too many ties.
        crowded = [person for person in self.people if len(person.ties) > person.capacity]
        named = [(person, tie) for person in crowded for tie in person.weakest()]
        for person, tie in named:
            person.ties.pop(tie.other, None)
            tie.other.ties.pop(person, None)
        self.day += 1

    def settle_noticed(self, gesture: Gesture) -> None:
        """An answer makes a tie; a gesture each way within a month is two-way contact."""
        day, s = self.day, self.s
        mine, theirs = gesture.receiver.ties[gesture.sender], gesture.sender.ties[gesture.receiver]
        if gesture.answers != NO_ANSWER:
            mine.remember(s.encoding_answered * s.mass[gesture.answers], day, s)
            mine.acquaintance = theirs.acquaintance = False
        if s.mass[gesture.kind] > 0.0:
            if day - theirs.last_received <= s.two_way_days:
                mine.last_two_way = theirs.last_two_way = day
                mine.two_way = theirs.two_way = min(255, mine.two_way + 1)
            mine.last_received = day


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
