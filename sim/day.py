"""A day of the model over arrays: the fast engine.

`Core.step` lists the phases of a day once. Who is where is in `sim.places`, prompts and gestures in `sim.outreach`,
what people hold about each other in `sim.memory`; what happens between people is here: dispatch, rounds, settling.

Who may write what is the whole trick: within a phase a person writes only themselves and their own directions of ties,
reads others as they were when the phase began, and draws keyed luck (`sim.chance`). So the order of people does not
matter, nor the number of threads, and `sim.model` gives the same bits with one Python object per person.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, prange

from sim import rules
from sim.chance import Decision, follow, uniform, uniforms_of_people
from sim.gestures import Kind
from sim.memory import (
    CHUNKS,
    acquaint,
    active_ties,
    find_slot,
    forget,
    have_mutual_tie,
    mirror_of,
    refresh_ceilings,
    remember,
    strangers_who_met,
)
from sim.outreach import called, count_prompts, packed_together, practise, reach_out
from sim.parameters import Parameters
from sim.places import gather, once_each
from sim.pool import pool_of, room_needed, with_room
from sim.population import (
    BOOKING,
    FEED_ITEM,
    GESTURE,
    MEETING,
    NO_ANSWER,
    NOBODY,
    PLANNED_POST,
    DayRecord,
    Town,
    World,
    canonical_mail,
    free_ties,
    joined,
    taken,
)

ROUNDS = 6  # of delivering and answering in a day
BY_RECEIVER, BY_SENDER, BY_PAIR = range(3)  # orders of gestures


class Core:
    """A world in motion over arrays.

    Args:
        world: where to begin; it is copied.
        seed: of all luck, 64 bits.
    """

    def __init__(self, world: World, *, seed: int) -> None:
        own = world.copy()
        self.day, self.seed = own.day, np.uint64(seed)
        self.parameters: Parameters = own.parameters
        self.strategies_end, self.names = own.strategies_end, own.names
        self.mail, self.bookings, self.members = own.mail, own.bookings, own.members
        people, n = own.people, len(own)
        self.town = Town(
            np.array([own.parameters.packed]),
            people,
            np.zeros(n, np.bool_),
            *pool_of(own.ties),
            free_ties(1),
            own.plans,
            np.searchsorted(own.plans["person"], np.arange(n + 1)).astype(np.int64),
            *rows_by(people["community"], int(people["community"].max()) + 1),
            *rows_by(people["industry"], int(people["industry"].max()) + 1),
            *rows_by(people["group"], int(people["group"].max()) + 1),
            *rows_by(people["birthday"], 365),
        )

    def step(self) -> DayRecord:
        """Simulate one day: the whole model, phase by phase."""
        planning = self.day < self.strategies_end
        self._morning(planning)
        met = self._gather(planning)
        fresh = self._reach_out(met, planning)
        sent, arriving = self._dispatch(met, fresh)
        sent, delivered = self._rounds(sent, arriving)
        record = self._settle(met, sent, delivered)
        self.day += 1
        return record

    def _morning(self, planning: bool) -> None:
        town = self.town
        if self.day % 7 == 0:
            begin_week(town.people, town.plans, planning, town.settings[0])
            refresh_ceilings(town, self.day)
        post(town, self.day, self.seed)

    def _gather(self, planning: bool) -> np.ndarray:
        if not len(self.town.plans) and not len(self.bookings):
            return np.zeros(0, MEETING)
        met, self.members = gather(self.town, self.bookings, self.members, self.day, planning, self.seed)
        self.bookings = self.bookings[self.bookings["day"] > self.day]
        return once_each(met, len(self.town.people))

    def _reach_out(self, met: np.ndarray, planning: bool) -> np.ndarray:
        """Prompts and what comes of them: gestures that are sent today, and feed items seen."""
        calls = called(self.town, met, self.day, self.seed)
        calls_first, by_person = rows_by(calls["person"], len(self.town.people))
        calls = taken(calls, by_person)
        counts, prompts, room = count_prompts(self.town, calls_first, self.day, planning, self.seed)
        prompts_first, out_first = np.cumsum(prompts), np.cumsum(room)
        out, filled = reach_out(
            self.town, counts, calls, calls_first, prompts_first, out_first, self.day, planning, self.seed
        )
        return packed_together(out, out_first, filled)

    def _dispatch(self, met: np.ndarray, fresh: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What is sent today, and what arrives today in the first round; strangers become acquaintances."""
        day, mail = self.day, self.mail
        late = mail["day"] == day
        due = (mail["day"] < day) & (mail["arrives_day"] <= day)
        everything = joined(fresh, taken(mail, late), taken(mail, due))
        self.mail = taken(mail, ~late & ~due)
        self._acquaint(strangers_who_met(self.town, met, everything))
        people, ties, settings = self.town.people, self.town.ties, self.town.settings
        locate(self.town, everything)
        is_due = np.arange(len(everything)) >= len(fresh) + late.sum()
        is_item = everything["sure"] == FEED_ITEM
        sent = taken(everything, ~is_due & ~is_item)
        mark_all_sent(people, ties, sent, self._order(sent, BY_SENDER), day, settings[0])
        posts = reach_of_posts(people, ties, sent, day, self.seed, settings[0])
        now = (sent["kind"] != Kind.POST) & (sent["arrives_day"] == day)
        self._post_off(taken(sent, sent["arrives_day"] > day))
        return sent, joined(taken(sent, now), taken(everything, is_due | is_item), posts)

    def _acquaint(self, pairs: np.ndarray) -> None:
        if not len(pairs):
            return
        self.town = with_room(self.town, room_needed(self.town.people, pairs))
        acquaint(self.town, pairs, self.day, self.seed)

    def _rounds(self, sent: np.ndarray, arriving: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Deliver and answer until nothing more arrives today; what is left after the last round waits."""
        received = np.zeros(len(self.town.people), np.int64)
        all_sent, delivered = [sent], [np.zeros(0, GESTURE)]
        for _ in range(ROUNDS):
            if not len(arriving):
                break
            first, order = in_order(arriving, len(self.town.people), BY_RECEIVER, True)
            replies = deliver_round(self.town, arriving, first, order, received, self.day, self.seed)
            delivered.append(arriving)
            answered = replies["kind"] != NO_ANSWER
            self._book(taken(arriving, answered & (arriving["kind"] == Kind.INVITATION)))
            today = replies["day"] == self.day
            self._post_off(taken(replies, answered & ~today))
            arriving = taken(replies, answered & today)
            all_sent.append(arriving)
        waiting = arriving.copy()
        waiting["arrives_day"] = self.day + 1
        self._post_off(waiting)
        return joined(*all_sent), joined(*delivered)

    def _settle(self, met: np.ndarray, sent: np.ndarray, delivered: np.ndarray) -> DayRecord:
        town, day = self.town, self.day
        sent = taken(sent, self._order(sent, BY_PAIR))
        sent["noticed"] = 0  # told of what was delivered
        delivered = taken(delivered, self._order(delivered, BY_PAIR, arrival=True))
        expose(town, met, day)
        keep_in_mind(town, sent, day)
        new_ties = settle_all_noticed(town, delivered, day)
        forgotten = forget(town, day)
        return DayRecord(day, sent, delivered, new_ties, forgotten, met)

    def _order(self, gestures: np.ndarray, by: int, arrival: bool = False) -> np.ndarray:
        order: np.ndarray = in_order(gestures, len(self.town.people), by, arrival)[1]
        return order

    def _post_off(self, gestures: np.ndarray) -> None:
        """Keep for a later day."""
        if len(gestures):
            gestures["sender_slot"] = NOBODY
            gestures["receiver_slot"] = NOBODY
            self.mail = joined(self.mail, gestures)

    def _book(self, accepted: np.ndarray) -> None:
        """Whoever says yes to an invitation is expected on the evening."""
        if len(accepted):
            guests = np.zeros(len(accepted), BOOKING)
            guests["host"], guests["guest"] = accepted["sender"], accepted["receiver"]
            guests["day"] = accepted["day"] + self.parameters.event_notice_days
            self.bookings = np.unique(joined(self.bookings, guests))

    def active_ties(self) -> np.ndarray:
        """Active ties of each person today, shape (n,)."""
        return active_ties(self.town.people, self.town.ties, self.day, self.town.settings[0])

    def to_world(self) -> World:
        """The world as it now is, in its canonical form: people's slots one after another, mail in order."""
        people = self.town.people.copy()
        first = np.concatenate([[0], np.cumsum(people["slots"][:-1], dtype=np.int64)])
        rows = np.repeat(people["first"] - first, people["slots"]) + np.arange(people["slots"].sum())
        people["first"] = first
        return World(
            day=self.day,
            people=people,
            ties=taken(self.town.ties, rows),
            parameters=self.parameters,
            plans=self.town.plans.copy(),
            mail=canonical_mail(self.mail),
            bookings=self.bookings.copy(),
            members=self.members[np.argsort(self.members["founder"], kind="stable")],
            strategies_end=self.strategies_end,
            names=self.names,
        )


# Morning: the week begins, people post -------------------------------------------------------------------------------


@njit(cache=True)
def begin_week(people: Any, plans: Any, planning: bool, p: Any) -> None:
    """Rule 4: minutes of ordinary life without carry, planned minutes into the purse."""
    for person in range(len(people)):
        people[person].minutes_left = rules.minutes_of_week(people[person].sociability, p)
    if planning:
        for row in range(len(plans)):
            minutes = p.effort_minutes * plans[row].share
            plans[row].purse = rules.minus(plans[row].purse, -minutes)
            plans[row].filled += minutes


@njit(cache=True, parallel=True)
def post(town: Any, day: int, seed: int) -> None:
    """Ordinary posts: they make their writer showable from this day on."""
    people, showable, n = town.people, town.showable, len(town.people)
    for chunk in prange(CHUNKS):
        p = town.settings[0]
        cost = p.minutes[Kind.POST]
        start, stop = chunk * n // CHUNKS, (chunk + 1) * n // CHUNKS
        luck = np.empty(stop - start)
        uniforms_of_people(luck, seed, Decision.POSTS, day, start)
        for person in range(start, stop):
            posts = luck[person - start] < rules.post_probability(people[person].sociability, p)
            if posts and people[person].minutes_left >= cost:
                people[person].minutes_left = rules.minus(people[person].minutes_left, cost)
                people[person].last_post = day
            showable[person] = day - people[person].last_post < p.post_days


# Dispatch: gestures go out, senders keep count -----------------------------------------------------------------------


@njit(cache=True)
def locate(town: Any, gestures: Any) -> None:
    """Fill in the slots of both sides of each gesture."""
    for k in range(len(gestures)):
        gesture = gestures[k]
        if gesture.receiver == NOBODY or gesture.receiver_slot != NOBODY:
            continue
        if gesture.sender_slot == NOBODY:
            gesture.sender_slot = find_slot(town, gesture.sender, gesture.receiver)
        gesture.receiver_slot = mirror_of(town, gesture.sender, gesture.sender_slot)


@njit(cache=True)
def mark_sent(people: Any, ties: Any, gesture: Any, day: int, p: Any) -> None:
    """Rule 6's count of tries, on the sender's side: as before this gesture into it, as after it into the tie."""
    tie = ties[people[gesture.sender].first + gesture.sender_slot]
    before = rules.unanswered_now(tie.unanswered, day - tie.last_sent, p)
    gesture.unanswered = before
    if p.mass[gesture.kind] > 0.0:
        tie.unanswered = rules.unanswered_after(before, p.answer[gesture.kind] > -np.inf, p)
        tie.last_sent = day


@njit(cache=True)
def mark_all_sent(people: Any, ties: Any, sent: Any, order: Any, day: int, p: Any) -> None:
    """The same for all gestures of the day so far, in order of (second, sender, cause)."""
    for k in order:
        if sent[k].kind != Kind.POST:
            mark_sent(people, ties, sent[k], day, p)


@njit(cache=True)
def reach_of_posts(people: Any, ties: Any, sent: Any, day: int, seed: int, p: Any) -> Any:
    """Planned posts, as noticed by those who hold a tie to their writer; the writers become showable."""
    room = 0
    for k in range(len(sent)):
        if sent[k].kind == Kind.POST:
            room += people[sent[k].sender].held
            people[sent[k].sender].last_post = day
    seen = np.empty(room, GESTURE)
    count = 0
    for k in range(len(sent)):
        if sent[k].kind != Kind.POST:
            continue
        writer = sent[k].sender
        for slot in range(people[writer].slots):
            tie = ties[people[writer].first + slot]
            if tie.other == NOBODY or tie.acquaintance:
                continue
            if uniform(seed, Decision.NOTICED, day, tie.other, writer, sent[k].cause) < p.noticed[Kind.POST]:
                seen[count] = sent[k]
                seen[count].receiver, seen[count].sure = tie.other, PLANNED_POST
                seen[count].sender_slot, seen[count].receiver_slot = slot, tie.mirror
                count += 1
    return seen[:count]


# 4. Rounds: deliver and answer ---------------------------------------------------------------------------------------


@njit(cache=True)
def comes_first(one: Any, two: Any, arrival: bool) -> bool:
    """Order of gestures: second (of arrival or of sending), sender, cause, receiver."""
    if arrival and one.arrives_second != two.arrives_second:
        return one.arrives_second < two.arrives_second
    if not arrival and one.second != two.second:
        return one.second < two.second
    if one.sender != two.sender:
        return one.sender < two.sender
    if one.cause != two.cause:
        return one.cause < two.cause
    return one.receiver < two.receiver


@njit(cache=True)
def in_order(gestures: Any, n: int, by: int, arrival: bool) -> Any:
    """Rows of the gestures by receiver, sender or lower id, and in order of time within each.

    Returns:
        first, shape (n + 1,): where each person's rows begin in the second; order, shape (len(gestures),).
    """
    first = np.zeros(n + 1, np.int64)
    keys = np.empty(len(gestures), np.int64)
    for k in range(len(gestures)):
        sender, receiver = gestures[k].sender, gestures[k].receiver
        keys[k] = receiver if by == BY_RECEIVER else sender
        if by == BY_PAIR and receiver != NOBODY:
            keys[k] = min(sender, receiver)
        first[keys[k] + 1] += 1
    for person in range(n):
        first[person + 1] += first[person]
    order = np.empty(len(gestures), np.int64)
    filled = first[:n].copy()
    for k in range(len(gestures)):
        at = filled[keys[k]]
        filled[keys[k]] += 1
        start = first[keys[k]]
        while at > start and comes_first(gestures[k], gestures[order[at - 1]], arrival):
            order[at] = order[at - 1]
            at -= 1
        order[at] = k
    return first, order


@njit(cache=True)
def notice(town: Any, gesture: Any, tie: Any, openness: float, day: int) -> None:
    """Rule 5, on the receiver's own tie: memory, tries cleared, the door."""
    p = town.settings[0]
    remember(town, gesture.receiver, gesture.receiver_slot, day, p.mind_received * p.mass[gesture.kind])
    tie.unanswered = 0.0
    opened = rules.opened_to(gesture.kind, p)
    if opened >= openness:
        tie.openness = opened
        tie.opened = day
        tie.opened_by = p.rung[gesture.kind]


@njit(cache=True)
def odds_of_acquaintance(town: Any, gesture: Any, tie: Any) -> float:
    """Rule 9: a shared place or a mutual contact makes an acquaintance likelier to answer; 1 for ties."""
    if not tie.acquaintance:
        return 1.0
    if gesture.at_place or have_mutual_tie(town, gesture.receiver, gesture.sender):
        return town.settings[0].mutual_odds
    return 1.0


@njit(cache=True)
def answer(town: Any, gesture: Any, reply: Any, day: int, seed: int) -> None:
    """Write the answer to a gesture: its kind, when it is sent, and what it costs."""
    p = town.settings[0]
    kind = rules.answer_kind(gesture.kind)
    person = town.people[gesture.receiver]
    person.minutes_left = rules.minus(person.minutes_left, p.minutes[kind])
    practise(person, kind, day, p)
    delay = rules.answer_delay(
        gesture.kind, gesture.channel, seed, day, gesture.receiver, gesture.sender, gesture.cause, p
    )
    second = gesture.arrives_second + delay
    if delay == 1:
        second = min(second, rules.SECONDS_A_DAY - 1)  # the session ends with the day
    reply.sender, reply.receiver, reply.kind = gesture.receiver, gesture.sender, kind
    reply.day, reply.second = day + second // rules.SECONDS_A_DAY, second % rules.SECONDS_A_DAY
    reply.arrives_day, reply.arrives_second = reply.day, reply.second
    reply.channel = rules.channel_of(kind, gesture.channel, p)
    reply.at_place, reply.sure, reply.noticed = gesture.at_place, 0, 0
    reply.cause = follow(gesture.cause, gesture.day)
    reply.parent_cause, reply.parent_day, reply.parent_kind = gesture.cause, gesture.day, gesture.kind
    reply.unanswered = 0.0
    reply.sender_slot, reply.receiver_slot = gesture.receiver_slot, gesture.sender_slot
    if reply.day == day:
        mark_sent(town.people, town.ties, reply, day, p)


@njit(cache=True)
def deliver(town: Any, gesture: Any, reply: Any, received: Any, day: int, seed: int) -> None:
    """Rules 5 and 6 for one gesture: is it noticed, what does it leave, is it answered?"""
    people, p = town.people, town.settings[0]
    me, kind = gesture.receiver, gesture.kind
    tie = town.ties[people[me].first + gesture.receiver_slot]
    if kind == Kind.POST:
        written = people[gesture.sender].last_post
        noticed = gesture.sure == PLANNED_POST or tie.post_seen < written
        tie.post_seen = written
    else:
        noticed = uniform(seed, Decision.NOTICED, day, me, gesture.sender, gesture.cause) < p.noticed[kind]
    gesture.noticed = 1 if noticed else 0
    if not noticed:
        return
    strength = rules.strength(rules.activation(tie.traces, day - tie.last_contact, p), p)
    openness = rules.openness_now(tie.openness, day - tie.opened, p)
    notice(town, gesture, tie, openness, day)
    if kind == Kind.POST:
        return
    before = received[me]
    received[me] += 1
    if p.answer[kind] == -np.inf or people[me].minutes_left < p.minutes[rules.answer_kind(kind)]:
        return
    odds = odds_of_acquaintance(town, gesture, tie)
    chance = rules.answer_probability(kind, strength, openness, gesture.unanswered, odds, before, p)
    if uniform(seed, Decision.ANSWERED, day, me, gesture.sender, gesture.cause) < chance:
        answer(town, gesture, reply, day, seed)


@njit(cache=True, parallel=True)
def deliver_round(town: Any, gestures: Any, first: Any, order: Any, received: Any, day: int, seed: int) -> Any:
    """One round: each receiver takes what reached them in order of (second, sender, cause).

    Returns:
        Replies, one row for each gesture, `NO_ANSWER` as the kind where there is none.
    """
    n = len(town.people)
    replies = np.empty(len(gestures), GESTURE)
    for chunk in prange(CHUNKS):
        for at in range(first[chunk * n // CHUNKS], first[(chunk + 1) * n // CHUNKS]):
            k = order[at]
            replies[k].kind = NO_ANSWER
            deliver(town, gestures[k], replies[k], received, day, seed)
    return replies


# 5. Settle: rules 7, 9 and 10 ----------------------------------------------------------------------------------------


@njit(cache=True)
def expose(town: Any, met: Any, day: int) -> None:
    """Being in one place leaves a little with both."""
    mass = town.settings[0].exposure_mass
    for k in range(len(met)):
        slot = find_slot(town, met[k].low, met[k].high)
        remember(town, met[k].low, slot, day, mass)
        remember(town, met[k].high, mirror_of(town, met[k].low, slot), day, mass)


@njit(cache=True)
def keep_in_mind(town: Any, sent: Any, day: int) -> None:
    """Rule 7: what a gesture leaves with its sender when sent."""
    p = town.settings[0]
    for k in range(len(sent)):
        if sent[k].kind != Kind.POST:
            mass = p.mind_sent * p.mass[sent[k].kind]
            remember(town, sent[k].sender, sent[k].sender_slot, day, mass)


@njit(cache=True)
def settle_noticed(town: Any, gesture: Any, day: int) -> bool:
    """Rules 7 and 9 for a gesture that was noticed: the asker's part of an answer, two-way contact, a new tie.

    Returns:
        Whether the two were acquaintances until now.
    """
    people, ties, p = town.people, town.ties, town.settings[0]
    mine = ties[people[gesture.receiver].first + gesture.receiver_slot]
    theirs = ties[people[gesture.sender].first + gesture.sender_slot]
    is_new = False
    if gesture.parent_kind != NO_ANSWER:
        mass = p.mind_answered * p.mass[gesture.parent_kind]
        remember(town, gesture.receiver, gesture.receiver_slot, day, mass)
        is_new = mine.acquaintance == 1
        mine.acquaintance, theirs.acquaintance = 0, 0
    if p.mass[gesture.kind] > 0.0:
        if day - theirs.last_received <= p.two_way_days:
            mine.last_two_way, theirs.last_two_way = day, day
            count = min(255, mine.two_way + 1)
            mine.two_way, theirs.two_way = count, count
        mine.last_received = day
    return is_new


@njit(cache=True)
def settle_all_noticed(town: Any, delivered: Any, day: int) -> Any:
    """The same for everything that was noticed today; returns the pairs that became ties."""
    n = len(town.people)
    new_ties = np.empty(len(delivered), np.int64)
    count = 0
    for k in range(len(delivered)):
        gesture = delivered[k]
        if gesture.noticed and gesture.kind != Kind.POST and settle_noticed(town, gesture, day):
            new_ties[count] = np.int64(min(gesture.sender, gesture.receiver)) * n + max(
                gesture.sender, gesture.receiver
            )
            count += 1
    return np.sort(new_ties[:count])


# The engine ------------------------------------------------------------------------------------------------------


def rows_by(values: np.ndarray, groups: int) -> tuple[np.ndarray, np.ndarray]:
    """Ids by group: where each group begins, shape (groups + 1,), and the ids, in order within each."""
    order = np.argsort(values, kind="stable").astype(np.int32)
    first = np.searchsorted(values[order], np.arange(groups + 1))
    return first.astype(np.int64), order
