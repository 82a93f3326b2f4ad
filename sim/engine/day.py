"""A day of the model over arrays: the fast engine.

`Core.step` lists the phases of a day once. Who is where is in `places`, prompts and gestures are in `outreach`, what
people hold about each other is in `memory`; what happens between people is here: dispatch, rounds, settling. How it is
made fast is kept apart: `pool` (where ties lie), `sorting` (who works on what), `prefetch` and `malloc`. A phase is one
compiled call, or two, since in a small world calls take longer than people do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numba import njit, prange

from sim.engine.compiling import inlined, outlined
from sim.engine.malloc import keep_freed_memory
from sim.engine.memory import (
    acquaint,
    active_ties,
    contact_shares,
    find_slot,
    forget,
    have_mutual_tie,
    mirror_of,
    new_filter,
    refresh_ceilings,
    remember,
    strangers_who_met,
    two_step_reach,
)
from sim.engine.outreach import practise, reach_out
from sim.engine.places import gather, once_each
from sim.engine.pool import count_in, grow_blocks, nothing_left, pool_of, room_for, with_room, with_sizes
from sim.engine.prefetch import AHEAD, fetch
from sim.engine.sorting import (
    BY_PAIR,
    BY_RECEIVER,
    BY_SENDER,
    by_arrival,
    by_turn,
    chunks_of,
    in_a_row,
    packed_chunks,
    people_of,
    rows_by,
    shared,
    sorted_by,
)
from sim.model import rules
from sim.model.chance import Decision, follow, uniform, uniforms_of_people
from sim.model.gestures import Kind
from sim.model.parameters import Parameters
from sim.state.population import (
    BOOKING,
    GESTURE,
    MEETING,
    NO_ANSWER,
    NOBODY,
    PLANNED_POST,
    TIE,
    ZEAL,
    DayRecord,
    FinalState,
    Town,
    World,
    aligned,
    canonical_mail,
    free_ties,
    joined,
    taken,
)

ROUNDS = 6  # of delivering and answering in a day
PEOPLE_A_PART = 4_096  # of a world that is handed on in parts
Parts = tuple[np.ndarray, np.ndarray, np.ndarray]  # gestures in three arrays, to be sorted into one


class Core:
    """A world in motion over arrays.

    Args:
        world: where to begin; it is copied.
        seed: of all luck, 64 bits.
        spend: take over the ties of the world, which is then worth nothing; they must lie in memory of their own, as
            `sim.state.population.free_ties` makes it. A large world would not fit twice.
    """

    def __init__(self, world: World, *, seed: int, spend: bool = False) -> None:
        keep_freed_memory(len(world))
        self.day, self.seed = world.day, np.uint64(seed)
        self.parameters: Parameters = world.parameters
        self.strategies_end, self.names = world.strategies_end, world.names
        self.mail, self.bookings, self.members = world.mail.copy(), world.bookings.copy(), world.members.copy()
        people, n = world.people.copy(), len(world)
        ties, others, bounds = pool_of(world.ties, spend=spend)
        belonging = {}
        for name in ("community", "industry", "group", "birthday"):
            groups = 365 if name == "birthday" else int(people[name].max()) + 1
            belonging[f"{name}_first"], belonging[f"{name}_people"] = rows_by(people[name], groups)
        self.town = Town(
            settings=np.array([world.parameters.packed]),
            people=people,
            showable=np.zeros(n, np.bool_),
            zeal=np.zeros(n, ZEAL),
            ties=ties,
            others=others,
            bounds=bounds,
            used=np.array([len(world.ties)]),
            left=nothing_left(people),
            nothing=free_ties(1),
            plans=world.plans.copy(),
            plan_first=np.searchsorted(world.plans["person"], np.arange(n + 1)).astype(np.int64),
            **belonging,
        )

    def step(self) -> DayRecord:
        """Simulate one day: the whole model, phase by phase."""
        planning = self.day < self.strategies_end
        with shared(len(self.town.people)):
            self._morning(planning)
            met = self._gather(planning)
            fresh, seen = reach_out(self.town, met, self.day, planning, self.seed)
            sent, arriving = self._dispatch(met, fresh, seen)
            all_sent, arrived = self._rounds(sent, arriving)
            sent, delivered, new_ties, forgotten = settle(self.town, met, all_sent, arrived, self.day)
            record = DayRecord(self.day, sent, delivered, new_ties, forgotten, met)
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
        return once_each(met, len(self.town.people)) if len(met) else met

    def _dispatch(self, met: np.ndarray, fresh: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, Parts]:
        """What is sent today, and what arrives today in the first round; strangers become acquaintances."""
        late, due, self.mail, strangers = take_from_mail(self.town, met, fresh, self.mail, self.day)
        if len(strangers):
            crowded = count_in(self.town.people, strangers)
            self.town = with_room(with_sizes(self.town, crowded), room_for(self.town.people, crowded))
            grow_blocks(self.town, crowded)
            acquaint(self.town, strangers, self.day, self.seed)
        sent, arriving, later = dispatch(self.town, fresh, late, due, seen, self.day, self.seed)
        self._post_off(later)
        return sent, arriving

    def _rounds(self, sent: np.ndarray, arriving: Parts) -> tuple[Parts, Parts]:
        """All that is sent today, answers among it, and all that is delivered."""
        all_sent, arrived, waiting, guests = deliver_and_answer(self.town, sent, arriving, self.day, self.seed)
        self._post_off(waiting)
        if len(guests):
            self.bookings = np.unique(joined(self.bookings, guests))
        return all_sent, arrived

    def _post_off(self, gestures: np.ndarray) -> None:
        """Keep for a later day."""
        if len(gestures):
            gestures["sender_slot"] = NOBODY
            gestures["receiver_slot"] = NOBODY
            self.mail = joined(self.mail, gestures)

    def active_ties(self) -> np.ndarray:
        """Active ties of each person today, shape (n,)."""
        return active_ties(self.town.people, self.town.ties, self.day, self.town.settings[0])

    def contact_shares(self) -> np.ndarray:
        """Share of each person's ties in two-way contact lately, shape (n,); see `memory.contact_shares`."""
        return contact_shares(self.town.people, self.town.ties, self.day)

    def final_state(self) -> FinalState:
        """What is measured of the world as it now is."""
        town = self.town
        reach = two_step_reach(town.people, town.ties, self.day, town.settings[0])
        return FinalState(
            self.day, town.people["industry"], town.plans, self.active_ties(), reach, self.contact_shares()
        )

    def to_world(self) -> World:
        """The world as it now is, in its canonical form: people's slots one after another, mail in order."""
        rest, parts = self.in_parts()
        ties, filled = aligned(int(rest.people["slots"].sum(dtype=np.int64)), TIE), 0
        for part in parts:
            ties[filled : filled + len(part)].view(np.uint8)[:] = part.view(np.uint8)
            filled += len(part)
        return replace(rest, ties=ties)

    def in_parts(self) -> tuple[World, Iterator[np.ndarray]]:
        """The same, for who has no room for two of it: a world without its ties, and these in parts, in order."""
        people = self.town.people.copy()
        people["first"] = np.cumsum(people["slots"], dtype=np.int64) - people["slots"]
        rest = World(
            day=self.day,
            people=people,
            ties=np.zeros(0, TIE),
            parameters=self.parameters,
            plans=self.town.plans.copy(),
            mail=canonical_mail(self.mail),
            bookings=self.bookings.copy(),
            members=self.members[np.argsort(self.members["founder"], kind="stable")],
            strategies_end=self.strategies_end,
            names=self.names,
        )
        return rest, (self._ties_of(start) for start in range(0, len(people), PEOPLE_A_PART))

    def _ties_of(self, start: int) -> np.ndarray:
        """The slots of the people of one part, one after another."""
        people = self.town.people[start : start + PEOPLE_A_PART]
        slots = people["slots"].astype(np.int64)
        before = np.cumsum(slots) - slots
        return taken(self.town.ties, np.repeat(people["first"] - before, slots) + np.arange(slots.sum()))


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


@inlined
def may_post(town: Any, person: int, u: float, day: int) -> None:
    """An ordinary post, if luck (the quantile u) and minutes are there for it; whoever has posted of late is shown."""
    people, p = town.people, town.settings[0]
    cost = p.minutes[Kind.POST]
    if u < rules.post_probability(people[person].sociability, p) and people[person].minutes_left >= cost:
        people[person].minutes_left = rules.minus(people[person].minutes_left, cost)
        people[person].last_post = day
    town.showable[person] = day - people[person].last_post < p.post_days


@outlined
def _post_of(town: Any, start: int, luck: Any, day: int) -> None:
    for k in range(len(luck)):
        may_post(town, start + k, luck[k], day)


@njit(cache=True, parallel=True)
def post(town: Any, day: int, seed: int) -> None:
    """Ordinary posts: they make their writer showable from this day on."""
    n = len(town.people)
    for part in prange(chunks_of(n)):
        start, stop = people_of(part, n)
        luck = np.empty(stop - start)
        uniforms_of_people(luck, seed, Decision.POSTS, day, start)
        _post_of(town, start, luck, day)


# Dispatch: gestures go out, senders keep count -----------------------------------------------------------------------


@njit(cache=True)
def take_from_mail(town: Any, met: Any, fresh: Any, mail: Any, day: int) -> Any:
    """Late answers that are sent today, earlier ones that arrive, the rest of the mail, and who were strangers.

    Returns:
        Gestures three times, and pairs who have a gesture or a meeting today and no tie.
    """
    late, due, waiting = by_turn(mail, day)
    return late, due, waiting, strangers_who_met(town, met, fresh, in_a_row((late, due)))


@njit(cache=True)
def dispatch(town: Any, fresh: Any, late: Any, due: Any, seen: Any, day: int, seed: int) -> Any:
    """Senders keep count of what they send, and planned posts find their readers.

    Returns:
        What is sent, by sender; what arrives today in the first round, in three arrays; what is under way to a later
        day.
    """
    locate(town, due)
    sent, first = sorted_by((fresh, late, late[:0]), len(town.people), BY_SENDER, False)
    mark_all_sent(town, sent, first, day)
    posts = reach_of_posts(town, sent, day, seed)
    now, later = by_arrival(sent, day)
    return sent, (now, seen, in_a_row((due, posts))), later


@inlined
def locate_one(town: Any, gesture: Any) -> None:
    """Fill in the slots of both sides of a gesture, if they are not known yet."""
    if gesture.receiver != NOBODY and gesture.receiver_slot == NOBODY:
        if gesture.sender_slot == NOBODY:
            gesture.sender_slot = find_slot(town, gesture.sender, gesture.receiver)
        gesture.receiver_slot = mirror_of(town, gesture.sender, gesture.sender_slot)


@njit(cache=True)
def locate(town: Any, gestures: Any) -> None:
    """The same for all of them."""
    for k in range(len(gestures)):
        locate_one(town, gestures[k])


@inlined
def mark_sent(town: Any, gesture: Any, day: int, p: Any) -> None:
    """Rule 6's count of tries, on the sender's side: as before this gesture into it, as after it into the tie."""
    tie = town.ties[town.people[gesture.sender].first + gesture.sender_slot]
    before = rules.unanswered_now(tie.unanswered, day - tie.last_sent, p)
    gesture.unanswered = before
    if p.mass[gesture.kind] > 0.0:
        tie.unanswered = rules.unanswered_after(before, p.answer[gesture.kind] > -np.inf, p)
        tie.last_sent = day


@outlined
def _mark_sent_of(town: Any, sent: Any, start: int, stop: int, day: int) -> None:
    p = town.settings[0]
    for k in range(start, stop):
        if k + 2 * AHEAD < stop:
            fetch(town.people, sent[k + 2 * AHEAD].sender)
        if k + AHEAD < stop and sent[k + AHEAD].sender_slot != NOBODY:
            fetch(town.ties, town.people[sent[k + AHEAD].sender].first + sent[k + AHEAD].sender_slot)
        if sent[k].kind != Kind.POST:
            locate_one(town, sent[k])
            mark_sent(town, sent[k], day, p)


@njit(cache=True, parallel=True)
def mark_all_sent(town: Any, sent: Any, first: Any, day: int) -> None:
    """The same for all gestures of the day so far, which come by sender and in order of (second, cause)."""
    for part in prange(len(first) - 1):
        _mark_sent_of(town, sent, first[part], first[part + 1], day)


@njit(cache=True)
def reach_of_posts(town: Any, sent: Any, day: int, seed: int) -> Any:
    """Planned posts, as noticed by those who hold a tie to their writer; the writers become showable."""
    people, ties, p = town.people, town.ties, town.settings[0]
    room = 0
    for k in range(len(sent)):
        if sent[k].kind == Kind.POST:
            room += people[sent[k].sender].held
            people[sent[k].sender].last_post = day
    seen = np.empty(room, GESTURE)
    count = 0
    for k in range(len(sent) if room else 0):
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
def deliver_and_answer(town: Any, sent: Any, arriving: Any, day: int, seed: int) -> Any:
    """Round by round, until nothing more arrives today; what is left after the last round waits.

    Returns:
        All that is sent today and all that is delivered, in three arrays each; what is under way to a later day; guests
        who said yes.
    """
    n, none = len(town.people), sent[:0]
    received = np.zeros(n, np.int32)
    answers, arrived, answered, waiting = [none], none, [none], [none]
    guests = np.empty(0, BOOKING)
    for turn in range(ROUNDS):
        if len(arriving[0]) + len(arriving[1]) + len(arriving[2]) == 0:
            break
        delivered, first = sorted_by(arriving, n, BY_RECEIVER, True)
        replies = deliver_round(town, delivered, first, received, day, seed)
        if turn == 0:
            arrived = delivered
        else:
            answered.append(delivered)
        guests = with_guests(guests, replies, town.settings[0])
        now, _, later = by_turn(replies, day)
        arriving = (now, none, none)
        answers.append(now)
        waiting.append(later)
    left_over = arriving[0].copy()
    for k in range(len(left_over)):
        left_over[k].arrives_day = day + 1
    waiting.append(left_over)
    return (sent, in_a_row(answers), none), (arrived, in_a_row(answered), none), in_a_row(waiting), guests


@njit(cache=True)
def with_guests(guests: Any, replies: Any, p: Any) -> Any:
    """Guests, and after them whoever says yes to an invitation: they are expected on the evening."""
    count = len(guests)
    for k in range(len(replies)):
        count += replies[k].parent_kind == Kind.INVITATION
    if count == len(guests):
        return guests
    more = np.empty(count, BOOKING)
    more[: len(guests)] = guests
    count = len(guests)
    for k in range(len(replies)):
        if replies[k].parent_kind == Kind.INVITATION:
            more[count].host, more[count].guest = replies[k].receiver, replies[k].sender
            more[count].day = replies[k].parent_day + p.event_notice_days
            count += 1
    return more


@inlined
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


@inlined
def odds_of_acquaintance(town: Any, gesture: Any, tie: Any, known: Any) -> float:
    """Rule 9: a shared place or a mutual contact makes an acquaintance likelier to answer; 1 for ties."""
    if not tie.acquaintance:
        return 1.0
    if gesture.at_place or have_mutual_tie(town, gesture.receiver, gesture.sender, known):
        return town.settings[0].mutual_odds
    return 1.0


@inlined
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
        mark_sent(town, reply, day, p)


@inlined
def deliver(town: Any, gesture: Any, reply: Any, received: Any, day: int, seed: int, known: Any) -> bool:
    """Rules 5 and 6 for one gesture: is it noticed, what does it leave, is it answered? If so, the answer is written.

    Returns:
        Whether it is.
    """
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
        return False
    strength = rules.strength(rules.activation(tie.traces, day - tie.last_contact, p), p)
    openness = rules.openness_now(tie.openness, day - tie.opened, p)
    notice(town, gesture, tie, openness, day)
    if kind == Kind.POST:
        return False
    before = received[me]
    received[me] += 1
    if p.answer[kind] == -np.inf or people[me].minutes_left < p.minutes[rules.answer_kind(kind)]:
        return False
    odds = odds_of_acquaintance(town, gesture, tie, known)
    chance = rules.answer_probability(kind, strength, openness, gesture.unanswered, odds, before, p)
    answers = uniform(seed, Decision.ANSWERED, day, me, gesture.sender, gesture.cause) < chance
    if answers:
        answer(town, gesture, reply, day, seed)
    return answers


@outlined
def _deliver_of(
    town: Any, gestures: Any, start: int, stop: int, replies: Any, received: Any, day: int, seed: int, known: Any
) -> int:
    count = 0
    for k in range(start, stop):
        if k + 2 * AHEAD < stop:
            fetch(town.people, gestures[k + 2 * AHEAD].receiver)
            if gestures[k + 2 * AHEAD].kind == Kind.POST:
                fetch(town.people, gestures[k + 2 * AHEAD].sender)  # who say when they wrote it
        if k + AHEAD < stop:
            row = town.people[gestures[k + AHEAD].receiver].first + gestures[k + AHEAD].receiver_slot
            fetch(town.ties, row)
            fetch(town.bounds, row)
        if deliver(town, gestures[k], replies[start + count], received, day, seed, known):
            count += 1
    return count


@njit(cache=True, parallel=True)
def deliver_round(town: Any, gestures: Any, first: Any, received: Any, day: int, seed: int) -> Any:
    """One round: each receiver takes what reached them, which comes in order of (second, sender, cause).

    Returns:
        Replies, by who gives them.
    """
    replies = np.empty(len(gestures), GESTURE)
    counts = np.zeros(len(first), np.int64)
    for part in prange(len(first) - 1):
        start, stop = first[part], first[part + 1]
        if start < stop:
            counts[part] = _deliver_of(town, gestures, start, stop, replies, received, day, seed, new_filter())
    return packed_chunks(replies, first, counts)


# 5. Settle: rules 7, 9 and 10 ----------------------------------------------------------------------------------------


@njit(cache=True)
def settle(town: Any, met: Any, sent: Any, delivered: Any, day: int) -> Any:
    """What the day leaves between people.

    Returns:
        What was sent, by sender; what was delivered, by pair; pairs who became ties; pairs who were forgotten.
    """
    n = len(town.people)
    sent, sent_first = sorted_by(sent, n, BY_SENDER, False)
    delivered, delivered_first = sorted_by(delivered, n, BY_PAIR, True)
    expose(town, met, day)
    keep_in_mind(town, sent, sent_first, day)
    keep_answers_in_mind(town, delivered, day)
    new_ties = settle_all_noticed(town, delivered, delivered_first, day)
    return sent, delivered, new_ties, forget(town, day)


@njit(cache=True)
def expose(town: Any, met: Any, day: int) -> None:
    """Being in one place leaves a little with both."""
    mass = town.settings[0].exposure_mass
    for k in range(len(met)):
        slot = find_slot(town, met[k].low, met[k].high)
        remember(town, met[k].low, slot, day, mass)
        remember(town, met[k].high, mirror_of(town, met[k].low, slot), day, mass)


@inlined
def keep_sent_in_mind(town: Any, gesture: Any, day: int) -> None:
    """Rule 7: what a gesture leaves with its sender when sent."""
    if gesture.kind != Kind.POST:
        p = town.settings[0]
        remember(town, gesture.sender, gesture.sender_slot, day, p.mind_sent * p.mass[gesture.kind])


@outlined
def _keep_in_mind_of(town: Any, sent: Any, start: int, stop: int, day: int) -> None:
    for k in range(start, stop):
        if k + 2 * AHEAD < stop:
            fetch(town.people, sent[k + 2 * AHEAD].sender)
        if k + AHEAD < stop:
            row = town.people[sent[k + AHEAD].sender].first + sent[k + AHEAD].sender_slot
            fetch(town.ties, row)
            fetch(town.bounds, row)
        sent[k].noticed = 0  # told of what was delivered
        keep_sent_in_mind(town, sent[k], day)


@njit(cache=True, parallel=True)
def keep_in_mind(town: Any, sent: Any, first: Any, day: int) -> None:
    """The same for all that was sent today, which comes by sender."""
    for part in prange(len(first) - 1):
        _keep_in_mind_of(town, sent, first[part], first[part + 1], day)


@inlined
def keep_answer_in_mind(town: Any, gesture: Any, day: int) -> None:
    """Rule 7: what an answer that is noticed leaves with whoever had asked."""
    if gesture.noticed and gesture.parent_kind != NO_ANSWER:
        p = town.settings[0]
        mass = p.mind_answered * p.mass[gesture.parent_kind]
        remember(town, gesture.receiver, gesture.receiver_slot, day, mass)


@njit(cache=True)
def keep_answers_in_mind(town: Any, delivered: Any, day: int) -> None:
    """The same for all that was delivered today."""
    if town.settings[0].mind_answered == 0.0:
        return
    for k in range(len(delivered)):
        keep_answer_in_mind(town, delivered[k], day)


@inlined
def settle_noticed(town: Any, gesture: Any, day: int) -> bool:
    """Rule 9 for a gesture that was noticed: two-way contact, a new tie.

    Returns:
        Whether the two were acquaintances until now.
    """
    people, ties, p = town.people, town.ties, town.settings[0]
    mine = ties[people[gesture.receiver].first + gesture.receiver_slot]
    theirs = ties[people[gesture.sender].first + gesture.sender_slot]
    is_new = False
    if gesture.parent_kind != NO_ANSWER:
        is_new = mine.acquaintance == 1
        mine.acquaintance, theirs.acquaintance = 0, 0
    if p.mass[gesture.kind] > 0.0:
        if day - theirs.last_received <= p.two_way_days:
            mine.last_two_way, theirs.last_two_way = day, day
            count = min(255, mine.two_way + 1)
            mine.two_way, theirs.two_way = count, count
        mine.last_received = day
    return is_new


@inlined
def is_settled(gesture: Any) -> bool:
    """Whether a delivered gesture changes what two people hold about each other."""
    return gesture.noticed == 1 and gesture.kind != Kind.POST


@outlined
def _settle_noticed_of(town: Any, delivered: Any, start: int, stop: int, new_ties: Any, day: int) -> None:
    n = len(town.people)
    for k in range(start, stop):
        if k + 2 * AHEAD < stop and is_settled(delivered[k + 2 * AHEAD]):
            fetch(town.people, delivered[k + 2 * AHEAD].receiver)
            fetch(town.people, delivered[k + 2 * AHEAD].sender)
        if k + AHEAD < stop and is_settled(delivered[k + AHEAD]):
            soon = delivered[k + AHEAD]
            fetch(town.ties, town.people[soon.receiver].first + soon.receiver_slot)
            fetch(town.ties, town.people[soon.sender].first + soon.sender_slot)
        gesture = delivered[k]
        if is_settled(gesture) and settle_noticed(town, gesture, day):
            low, high = min(gesture.sender, gesture.receiver), max(gesture.sender, gesture.receiver)
            new_ties[k] = np.int64(low) * n + high


@njit(cache=True, parallel=True)
def settle_all_noticed(town: Any, delivered: Any, first: Any, day: int) -> Any:
    """The same for everything that was noticed today, which comes by pair; returns the pairs that became ties."""
    new_ties = np.full(len(delivered), -1, np.int64)
    for part in prange(len(first) - 1):
        _settle_noticed_of(town, delivered, first[part], first[part + 1], new_ties, day)
    return np.sort(new_ties[new_ties >= 0])
