"""A day of the model over arrays: the fast engine.

`Core.step` runs the phases of a day in order: morning, gather, reach out, dispatch, rounds, settle. `places` has
meetings, `outreach` has prompts and gestures, and `memory` has what people remember about each other. Dispatch, rounds
and settling are here. Performance code is separate: `pool` (memory of ties), `sorting` (work by thread), `prefetch` and
`malloc`. Each phase is one or two compiled calls, because in a small world calls cost more than the work itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numba import njit, prange

from sim.engine.compiling import njit_inline, njit_noalloc
from sim.engine.malloc import keep_freed_memory
from sim.engine.memory import (
    acquaint,
    active_ties,
    contact_shares,
    find_slot,
    forget,
    has_mutual_tie,
    mirror_of,
    new_filter,
    refresh_bounds,
    remember,
    strangers_who_met,
    two_step_reach,
)
from sim.engine.outreach import practise, reach_out
from sim.engine.places import gather, once_each
from sim.engine.pool import count_in, grow_blocks, no_free_blocks, pool_of, room_for, with_room, with_sizes
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
from sim.model.chance import DrawPurpose, follow, uniform, uniforms_of_people
from sim.model.gestures import Kind
from sim.model.parameters import Parameters
from sim.model.rules import ROUNDS
from sim.state.population import (
    ACTIVITY,
    BOOKING,
    GESTURE,
    MEETING,
    NO_ANSWER,
    NOBODY,
    PLANNED_POST,
    TIE,
    DayRecord,
    EngineState,
    FinalState,
    World,
    aligned,
    canonical_mail,
    free_ties,
    joined,
    taken,
)

PEOPLE_A_PART = 4_096  # people whose ties `Core.in_parts` yields at once
Parts = tuple[np.ndarray, np.ndarray, np.ndarray]  # three arrays of gestures that `sorted_by` sorts into one


class Core:
    """The fast engine: the state of a running world, advanced one day at a time.

    Args:
        world: the starting point; it is copied.
        seed: the seed of all random draws, 64 bits.
        spend: reuse the memory of the world's ties, after which the world must not be used. The ties must own their
            memory, as arrays from `sim.state.population.free_ties` do. Meant for worlds that don't fit in memory twice.
    """

    def __init__(self, world: World, *, seed: int, spend: bool = False) -> None:
        keep_freed_memory(len(world))
        self.day, self.seed = world.day, np.uint64(seed)
        self.parameters: Parameters = world.parameters
        self.strategies_end, self.names = world.strategies_end, world.names
        self.mail, self.bookings, self.members = world.mail.copy(), world.bookings.copy(), world.members.copy()
        people, n = world.people.copy(), len(world)
        ties, contact_ids, weight_bounds = pool_of(world.ties, spend=spend)
        belonging = {}
        for name in ("community", "industry", "group", "birthday"):
            groups = 365 if name == "birthday" else int(people[name].max()) + 1
            belonging[f"{name}_first"], belonging[f"{name}_people"] = rows_by(people[name], groups)
        self.state = EngineState(
            settings=np.array([world.parameters.packed]),
            people=people,
            showable=np.zeros(n, np.bool_),
            activity=np.zeros(n, ACTIVITY),
            ties=ties,
            contact_ids=contact_ids,
            weight_bounds=weight_bounds,
            used=np.array([len(world.ties)]),
            free_blocks=no_free_blocks(people),
            empty_tie=free_ties(1),
            plans=world.plans.copy(),
            plan_first=np.searchsorted(world.plans["person"], np.arange(n + 1)).astype(np.int64),
            **belonging,
        )

    def step(self) -> DayRecord:
        """Simulate one day, phase by phase, and return what happened."""
        planning = self.day < self.strategies_end
        with shared(len(self.state.people)):
            self._morning(planning)
            met = self._gather(planning)
            fresh, seen = reach_out(self.state, met, self.day, planning, self.seed)
            sent, arriving = self._dispatch(met, fresh, seen)
            all_sent, arrived = self._rounds(sent, arriving)
            sent, delivered, new_ties, forgotten = settle(self.state, met, all_sent, arrived, self.day)
            record = DayRecord(self.day, sent, delivered, new_ties, forgotten, met)
        self.day += 1
        return record

    def _morning(self, planning: bool) -> None:
        state = self.state
        if self.day % 7 == 0:
            begin_week(state.people, state.plans, planning, state.settings[0])
            refresh_bounds(state, self.day)
        post(state, self.day, self.seed)

    def _gather(self, planning: bool) -> np.ndarray:
        if not len(self.state.plans) and not len(self.bookings):
            return np.zeros(0, MEETING)
        met, self.members = gather(self.state, self.bookings, self.members, self.day, planning, self.seed)
        self.bookings = self.bookings[self.bookings["day"] > self.day]
        return once_each(met, len(self.state.people)) if len(met) else met

    def _dispatch(self, met: np.ndarray, fresh: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, Parts]:
        """Gestures sent today, and those of the first round. Strangers who met or wrote become acquaintances."""
        late, due, self.mail, strangers = take_from_mail(self.state, met, fresh, self.mail, self.day)
        if len(strangers):
            crowded = count_in(self.state.people, strangers)
            self.state = with_room(with_sizes(self.state, crowded), room_for(self.state.people, crowded))
            grow_blocks(self.state, crowded)
            acquaint(self.state, strangers, self.day, self.seed)
        sent, arriving, later = dispatch(self.state, fresh, late, due, seen, self.day, self.seed)
        self._post_off(later)
        return sent, arriving

    def _rounds(self, sent: np.ndarray, arriving: Parts) -> tuple[Parts, Parts]:
        """Deliver and answer; returns everything sent today, including answers, and everything delivered."""
        all_sent, arrived, waiting, guests = deliver_and_answer(self.state, sent, arriving, self.day, self.seed)
        self._post_off(waiting)
        if len(guests):
            self.bookings = np.unique(joined(self.bookings, guests))
        return all_sent, arrived

    def _post_off(self, gestures: np.ndarray) -> None:
        """Add gestures to the mail, for a later day."""
        if len(gestures):
            gestures["sender_slot"] = NOBODY
            gestures["receiver_slot"] = NOBODY
            self.mail = joined(self.mail, gestures)

    def active_ties(self) -> np.ndarray:
        """Active ties of each person today, shape (n,)."""
        return active_ties(self.state.people, self.state.ties, self.day, self.state.settings[0])

    def contact_shares(self) -> np.ndarray:
        """Share of each person's ties with recent two-way contact, shape (n,); see `memory.contact_shares`."""
        return contact_shares(self.state.people, self.state.ties, self.day)

    def final_state(self) -> FinalState:
        """The state that `sim.measures` needs at the end of a run."""
        state = self.state
        reach = two_step_reach(state.people, state.ties, self.day, state.settings[0])
        return FinalState(
            self.day, state.people["industry"], state.plans, self.active_ties(), reach, self.contact_shares()
        )

    def to_world(self) -> World:
        """The current world in canonical form: slots in the order of people, and mail sorted."""
        rest, parts = self.in_parts()
        ties, filled = aligned(int(rest.people["slots"].sum(dtype=np.int64)), TIE), 0
        for part in parts:
            ties[filled : filled + len(part)].view(np.uint8)[:] = part.view(np.uint8)
            filled += len(part)
        return replace(rest, ties=ties)

    def in_parts(self) -> tuple[World, Iterator[np.ndarray]]:
        """The current world without its ties, and an iterator over the ties in parts, for worlds too large to copy."""
        people = self.state.people.copy()
        people["first"] = np.cumsum(people["slots"], dtype=np.int64) - people["slots"]
        rest = World(
            day=self.day,
            people=people,
            ties=np.zeros(0, TIE),
            parameters=self.parameters,
            plans=self.state.plans.copy(),
            mail=canonical_mail(self.mail),
            bookings=self.bookings.copy(),
            members=self.members[np.argsort(self.members["founder"], kind="stable")],
            strategies_end=self.strategies_end,
            names=self.names,
        )
        return rest, (self._ties_of(start) for start in range(0, len(people), PEOPLE_A_PART))

    def _ties_of(self, start: int) -> np.ndarray:
        """The slots of `PEOPLE_A_PART` people from `start` up, type `TIE`."""
        people = self.state.people[start : start + PEOPLE_A_PART]
        slots = people["slots"].astype(np.int64)
        before = np.cumsum(slots) - slots
        return taken(self.state.ties, np.repeat(people["first"] - before, slots) + np.arange(slots.sum()))


# Morning: the week begins, people post -------------------------------------------------------------------------------


@njit(cache=True)
def begin_week(people: Any, plans: Any, planning: bool, p: Any) -> None:
    """Refill everyone's weekly minutes, and add the week's planned minutes to each plan's time budget."""
    for person in range(len(people)):
        people[person].minutes_left = rules.minutes_of_week(people[person].sociability, p)
    if planning:
        for row in range(len(plans)):
            minutes = p.effort_minutes * plans[row].share
            plans[row].budget = rules.minus(plans[row].budget, -minutes)
            plans[row].minutes_planned += minutes


@njit_inline
def may_post(state: Any, person: int, u: float, day: int) -> None:
    """Make an ordinary post if the draw `u` and the minutes allow; then update whether feeds may show the person."""
    people, p = state.people, state.settings[0]
    cost = p.minutes[Kind.POST]
    if u < rules.post_probability(people[person].sociability, p) and people[person].minutes_left >= cost:
        people[person].minutes_left = rules.minus(people[person].minutes_left, cost)
        people[person].last_post = day
    state.showable[person] = day - people[person].last_post < p.post_days


@njit_noalloc
def _post_of(state: Any, start: int, draw: Any, day: int) -> None:
    for k in range(len(draw)):
        may_post(state, start + k, draw[k], day)


@njit(cache=True, parallel=True)
def post(state: Any, day: int, seed: int) -> None:
    """Make everyone's ordinary posts. From today, feeds may show the authors."""
    n = len(state.people)
    for part in prange(chunks_of(n)):
        start, stop = people_of(part, n)
        draw = np.empty(stop - start)
        uniforms_of_people(draw, seed, DrawPurpose.POSTS, day, start)
        _post_of(state, start, draw, day)


# Dispatch: gestures go out, senders keep count -----------------------------------------------------------------------


@njit(cache=True)
def take_from_mail(state: Any, met: Any, fresh: Any, mail: Any, day: int) -> Any:
    """Take today's gestures out of the mail.

    Returns:
        Answers that are sent today; gestures sent earlier that arrive today; the rest of the mail; and the pairs
        (``low * n + high``) with a gesture or a meeting today but no tie.
    """
    late, due, waiting = by_turn(mail, day)
    return late, due, waiting, strangers_who_met(state, met, fresh, in_a_row((late, due)))


@njit(cache=True)
def dispatch(state: Any, fresh: Any, late: Any, due: Any, seen: Any, day: int, seed: int) -> Any:
    """Record each gesture with its sender, and find the readers of planned posts.

    Returns:
        Gestures sent today, by sender; those that arrive in the first round, in three arrays; and those that arrive on
        a later day.
    """
    locate(state, due)
    sent, first = sorted_by((fresh, late, late[:0]), len(state.people), BY_SENDER, False)
    mark_all_sent(state, sent, first, day)
    posts = reach_of_posts(state, sent, day, seed)
    now, later = by_arrival(sent, day)
    return sent, (now, seen, in_a_row((due, posts))), later


@njit_inline
def locate_one(state: Any, gesture: Any) -> None:
    """Fill in the slots of both sides of a gesture if they're missing."""
    if gesture.receiver != NOBODY and gesture.receiver_slot == NOBODY:
        if gesture.sender_slot == NOBODY:
            gesture.sender_slot = find_slot(state, gesture.sender, gesture.receiver)
        gesture.receiver_slot = mirror_of(state, gesture.sender, gesture.sender_slot)


@njit(cache=True)
def locate(state: Any, gestures: Any) -> None:
    """Fill in the missing slots of both sides of each gesture."""
    for k in range(len(gestures)):
        locate_one(state, gestures[k])


@njit_inline
def mark_sent(state: Any, gesture: Any, day: int, p: Any) -> None:
    """Count the sender's unanswered tries: store the number before the gesture in it, and the new one in the tie."""
    tie = state.ties[state.people[gesture.sender].first + gesture.sender_slot]
    before = rules.unanswered_now(tie.unanswered, day - tie.last_sent, p)
    gesture.unanswered = before
    if p.mass[gesture.kind] > 0.0:
        tie.unanswered = rules.unanswered_after(before, p.answer[gesture.kind] > -np.inf, p)
        tie.last_sent = day


@njit_noalloc
def _mark_sent_of(state: Any, sent: Any, start: int, stop: int, day: int) -> None:
    p = state.settings[0]
    for k in range(start, stop):
        if k + 2 * AHEAD < stop:
            fetch(state.people, sent[k + 2 * AHEAD].sender)
        if k + AHEAD < stop and sent[k + AHEAD].sender_slot != NOBODY:
            fetch(state.ties, state.people[sent[k + AHEAD].sender].first + sent[k + AHEAD].sender_slot)
        if sent[k].kind != Kind.POST:
            locate_one(state, sent[k])
            mark_sent(state, sent[k], day, p)


@njit(cache=True, parallel=True)
def mark_all_sent(state: Any, sent: Any, first: Any, day: int) -> None:
    """Call `mark_sent` for all gestures of the day so far, which are sorted by sender, second and event key."""
    for part in prange(len(first) - 1):
        _mark_sent_of(state, sent, first[part], first[part + 1], day)


@njit(cache=True)
def reach_of_posts(state: Any, sent: Any, day: int, seed: int) -> Any:
    """Planned posts, one row for each contact who notices one. From today, feeds may show the authors."""
    people, ties, p = state.people, state.ties, state.settings[0]
    room = 0
    for k in range(len(sent)):
        if sent[k].kind == Kind.POST:
            room += people[sent[k].sender].degree
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
            if uniform(seed, DrawPurpose.NOTICED, day, tie.other, writer, sent[k].event_key) < p.noticed[Kind.POST]:
                seen[count] = sent[k]
                seen[count].receiver, seen[count].delivery = tie.other, PLANNED_POST
                seen[count].sender_slot, seen[count].receiver_slot = slot, tie.mirror
                count += 1
    return seen[:count]


# Rounds: deliver and answer ------------------------------------------------------------------------------------------


@njit(cache=True)
def deliver_and_answer(state: Any, sent: Any, arriving: Any, day: int, seed: int) -> Any:
    """Deliver gestures and collect answers, round by round, until nothing more arrives or `ROUNDS` rounds are over.

    Returns:
        Everything sent today and everything delivered, in three arrays each; gestures that arrive on a later day; and
        the guests who accepted an invitation, type `BOOKING`.
    """
    n, none = len(state.people), sent[:0]
    received = np.zeros(n, np.int32)
    answers, arrived, answered, waiting = [none], none, [none], [none]
    guests = np.empty(0, BOOKING)
    for turn in range(ROUNDS):
        if len(arriving[0]) + len(arriving[1]) + len(arriving[2]) == 0:
            break
        delivered, first = sorted_by(arriving, n, BY_RECEIVER, True)
        replies = deliver_round(state, delivered, first, received, day, seed)
        if turn == 0:
            arrived = delivered
        else:
            answered.append(delivered)
        guests = with_guests(guests, replies, state.settings[0])
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
    """The guests so far, and the people among the replies who accept an invitation, type `BOOKING`."""
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


@njit_inline
def notices(state: Any, gesture: Any, tie: Any, day: int, seed: int) -> bool:
    """Whether the receiver notices a gesture; a post in the feed counts only once."""
    if gesture.kind == Kind.POST:
        written = state.people[gesture.sender].last_post
        is_new = gesture.delivery == PLANNED_POST or tie.post_seen < written
        tie.post_seen = written
        return is_new
    u = uniform(seed, DrawPurpose.NOTICED, day, gesture.receiver, gesture.sender, gesture.event_key)
    return u < state.settings[0].noticed[gesture.kind]


@njit_inline
def take_in(state: Any, gesture: Any, tie: Any, openness: float, day: int) -> None:
    """Update the receiver's tie after a noticed gesture: memory, unanswered tries and openness."""
    p = state.settings[0]
    remember(state, gesture.receiver, gesture.receiver_slot, day, p.encoding_received * p.mass[gesture.kind])
    tie.unanswered = 0.0
    opened = rules.opened_to(gesture.kind, p)
    if opened >= openness:
        tie.openness = opened
        tie.opened = day
        tie.opened_by = p.rung[gesture.kind]


@njit_inline
def odds_of_acquaintance(state: Any, gesture: Any, tie: Any, known: Any) -> float:
    """Factor on the odds of an answer: `mutual_odds` for an acquaintance at a shared place or with a mutual tie.

    It is 1 for all other acquaintances and for ties.
    """
    if not tie.acquaintance:
        return 1.0
    if gesture.at_place or has_mutual_tie(state, gesture.receiver, gesture.sender, known):
        return state.settings[0].mutual_odds
    return 1.0


@njit_inline
def will_answer(
    state: Any, gesture: Any, tie: Any, strength: float, openness: float, before: int, day: int, seed: int, known: Any
) -> bool:
    """Whether the receiver answers: the gesture wants an answer, there is time for one, and the keyed draw is a yes.

    Strength and openness are those before the gesture; `before` counts the gestures received earlier today.
    """
    p, kind = state.settings[0], gesture.kind
    if p.answer[kind] == -np.inf or state.people[gesture.receiver].minutes_left < p.minutes[rules.answer_kind(kind)]:
        return False
    odds = odds_of_acquaintance(state, gesture, tie, known)
    likely = rules.answer_probability(kind, strength, openness, gesture.unanswered, odds, before, p)
    u = uniform(seed, DrawPurpose.ANSWERED, day, gesture.receiver, gesture.sender, gesture.event_key)
    return u < likely


@njit_inline
def answer(state: Any, gesture: Any, reply: Any, day: int, seed: int) -> None:
    """Write the answer to a gesture into `reply`, and charge its minutes to the person who answers."""
    p = state.settings[0]
    kind = rules.answer_kind(gesture.kind)
    person = state.people[gesture.receiver]
    person.minutes_left = rules.minus(person.minutes_left, p.minutes[kind])
    practise(person, kind, day, p)
    delay = rules.answer_delay(
        gesture.kind, gesture.channel, seed, day, gesture.receiver, gesture.sender, gesture.event_key, p
    )
    second = gesture.arrives_second + delay
    if delay == 1:
        second = min(second, rules.SECONDS_A_DAY - 1)  # the session ends with the day
    reply.sender, reply.receiver, reply.kind = gesture.receiver, gesture.sender, kind
    reply.day, reply.second = day + second // rules.SECONDS_A_DAY, second % rules.SECONDS_A_DAY
    reply.arrives_day, reply.arrives_second = reply.day, reply.second
    reply.channel = rules.channel_of(kind, gesture.channel, p)
    reply.at_place, reply.delivery, reply.noticed = gesture.at_place, 0, 0
    reply.event_key = follow(gesture.event_key, gesture.day)
    reply.parent_key, reply.parent_day, reply.parent_kind = gesture.event_key, gesture.day, gesture.kind
    reply.unanswered = 0.0
    reply.sender_slot, reply.receiver_slot = gesture.receiver_slot, gesture.sender_slot
    if reply.day == day:
        mark_sent(state, reply, day, p)


@njit_inline
def receive(state: Any, gesture: Any, reply: Any, received: Any, day: int, seed: int, known: Any) -> bool:
    """Receive one gesture: notice it or not, take it in, and answer it or not. An answer is written into `reply`.

    Returns:
        Whether it is answered.
    """
    people, p = state.people, state.settings[0]
    me, kind = gesture.receiver, gesture.kind
    tie = state.ties[people[me].first + gesture.receiver_slot]
    noticed = notices(state, gesture, tie, day, seed)
    gesture.noticed = 1 if noticed else 0
    if not noticed:
        return False
    strength = rules.strength(rules.activation(tie.traces, day - tie.last_contact, p), p)
    openness = rules.openness_now(tie.openness, day - tie.opened, p)
    take_in(state, gesture, tie, openness, day)
    if kind == Kind.POST:
        return False
    before = received[me]
    received[me] += 1
    answers = will_answer(state, gesture, tie, strength, openness, before, day, seed, known)
    if answers:
        answer(state, gesture, reply, day, seed)
    return answers


@njit_noalloc
def _receive_of(
    state: Any, gestures: Any, start: int, stop: int, replies: Any, received: Any, day: int, seed: int, known: Any
) -> int:
    count = 0
    for k in range(start, stop):
        if k + 2 * AHEAD < stop:
            fetch(state.people, gestures[k + 2 * AHEAD].receiver)
            if gestures[k + 2 * AHEAD].kind == Kind.POST:
                fetch(state.people, gestures[k + 2 * AHEAD].sender)  # for `last_post`
        if k + AHEAD < stop:
            row = state.people[gestures[k + AHEAD].receiver].first + gestures[k + AHEAD].receiver_slot
            fetch(state.ties, row)
            fetch(state.weight_bounds, row)
        if receive(state, gestures[k], replies[start + count], received, day, seed, known):
            count += 1
    return count


@njit(cache=True, parallel=True)
def deliver_round(state: Any, gestures: Any, first: Any, received: Any, day: int, seed: int) -> Any:
    """Deliver one round of gestures, which are sorted by receiver, second, sender and event key.

    Returns:
        The replies, in the order of the people who send them, type `GESTURE`.
    """
    replies = np.empty(len(gestures), GESTURE)
    counts = np.zeros(len(first), np.int64)
    for part in prange(len(first) - 1):
        start, stop = first[part], first[part + 1]
        if start < stop:
            counts[part] = _receive_of(state, gestures, start, stop, replies, received, day, seed, new_filter())
    return packed_chunks(replies, first, counts)


# Settle: memory, two-way contact, new and forgotten ties -------------------------------------------------------------


@njit(cache=True)
def settle(state: Any, met: Any, sent: Any, delivered: Any, day: int) -> Any:
    """Update memory and ties at the end of the day.

    Returns:
        Gestures sent, by sender; gestures delivered, by pair; and the pairs that became ties and that were forgotten.
    """
    n = len(state.people)
    sent, sent_first = sorted_by(sent, n, BY_SENDER, False)
    delivered, delivered_first = sorted_by(delivered, n, BY_PAIR, True)
    expose(state, met, day)
    remember_all_sent(state, sent, sent_first, day)
    remember_all_answers(state, delivered, day)
    new_ties = settle_all_noticed(state, delivered, delivered_first, day)
    return sent, delivered, new_ties, forget(state, day)


@njit(cache=True)
def expose(state: Any, met: Any, day: int) -> None:
    """Add `exposure_mass` to both directions of each tie between two people who met."""
    mass = state.settings[0].exposure_mass
    for k in range(len(met)):
        slot = find_slot(state, met[k].low, met[k].high)
        remember(state, met[k].low, slot, day, mass)
        remember(state, met[k].high, mirror_of(state, met[k].low, slot), day, mass)


@njit_inline
def remember_sent(state: Any, gesture: Any, day: int) -> None:
    """Add the share `encoding_sent` of a gesture's mass to its sender's tie; a post adds nothing."""
    if gesture.kind != Kind.POST:
        p = state.settings[0]
        remember(state, gesture.sender, gesture.sender_slot, day, p.encoding_sent * p.mass[gesture.kind])


@njit_noalloc
def _remember_sent_of(state: Any, sent: Any, start: int, stop: int, day: int) -> None:
    for k in range(start, stop):
        if k + 2 * AHEAD < stop:
            fetch(state.people, sent[k + 2 * AHEAD].sender)
        if k + AHEAD < stop:
            row = state.people[sent[k + AHEAD].sender].first + sent[k + AHEAD].sender_slot
            fetch(state.ties, row)
            fetch(state.weight_bounds, row)
        sent[k].noticed = 0  # a record says this of delivered gestures only
        remember_sent(state, sent[k], day)


@njit(cache=True, parallel=True)
def remember_all_sent(state: Any, sent: Any, first: Any, day: int) -> None:
    """Call `remember_sent` for all gestures sent today, which are sorted by sender."""
    for part in prange(len(first) - 1):
        _remember_sent_of(state, sent, first[part], first[part + 1], day)


@njit_inline
def remember_answer(state: Any, gesture: Any, day: int) -> None:
    """Add the share `encoding_answered` of the answered gesture's mass to the tie of the person it came from."""
    if gesture.noticed and gesture.parent_kind != NO_ANSWER:
        p = state.settings[0]
        mass = p.encoding_answered * p.mass[gesture.parent_kind]
        remember(state, gesture.receiver, gesture.receiver_slot, day, mass)


@njit(cache=True)
def remember_all_answers(state: Any, delivered: Any, day: int) -> None:
    """Call `remember_answer` for all gestures delivered today."""
    if state.settings[0].encoding_answered == 0.0:
        return
    for k in range(len(delivered)):
        remember_answer(state, delivered[k], day)


@njit_inline
def settle_noticed(state: Any, gesture: Any, day: int) -> bool:
    """Update two-way contact after a noticed gesture. An answer turns acquaintances into ties.

    Returns:
        Whether the pair becomes a tie.
    """
    people, ties, p = state.people, state.ties, state.settings[0]
    mine = ties[people[gesture.receiver].first + gesture.receiver_slot]
    theirs = ties[people[gesture.sender].first + gesture.sender_slot]
    is_new = False
    if gesture.parent_kind != NO_ANSWER:
        is_new = mine.acquaintance == 1
        mine.acquaintance, theirs.acquaintance = 0, 0
    if p.mass[gesture.kind] > 0.0:
        if rules.is_two_way(day, theirs.last_received, p):
            mine.last_two_way, theirs.last_two_way = day, day
            count = rules.one_more_two_way(mine.two_way)
            mine.two_way, theirs.two_way = count, count
        mine.last_received = day
    return is_new


@njit_inline
def is_settled(gesture: Any) -> bool:
    """Whether a delivered gesture changes the tie between two people: it was noticed and isn't a post."""
    return gesture.noticed == 1 and gesture.kind != Kind.POST


@njit_noalloc
def _settle_noticed_of(state: Any, delivered: Any, start: int, stop: int, new_ties: Any, day: int) -> None:
    n = len(state.people)
    for k in range(start, stop):
        if k + 2 * AHEAD < stop and is_settled(delivered[k + 2 * AHEAD]):
            fetch(state.people, delivered[k + 2 * AHEAD].receiver)
            fetch(state.people, delivered[k + 2 * AHEAD].sender)
        if k + AHEAD < stop and is_settled(delivered[k + AHEAD]):
            soon = delivered[k + AHEAD]
            fetch(state.ties, state.people[soon.receiver].first + soon.receiver_slot)
            fetch(state.ties, state.people[soon.sender].first + soon.sender_slot)
        gesture = delivered[k]
        if is_settled(gesture) and settle_noticed(state, gesture, day):
            low, high = min(gesture.sender, gesture.receiver), max(gesture.sender, gesture.receiver)
            new_ties[k] = np.int64(low) * n + high


@njit(cache=True, parallel=True)
def settle_all_noticed(state: Any, delivered: Any, first: Any, day: int) -> Any:
    """Call `settle_noticed` for all gestures, which are sorted by pair; returns the pairs that became ties, sorted."""
    new_ties = np.full(len(delivered), -1, np.int64)
    for part in prange(len(first) - 1):
        _settle_noticed_of(state, delivered, first[part], first[part + 1], new_ties, day)
    return np.sort(new_ties[new_ties >= 0])
