"""Rounds: gestures are delivered and noticed, and people answer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from sim.engine.acquaintances import has_mutual_tie, new_filter
from sim.engine.compiling import njit_inline, njit_noalloc
from sim.engine.dispatch import mark_sent
from sim.engine.memory import closeness_today, come_closer, remember
from sim.engine.prefetch import AHEAD, fetch
from sim.engine.sending import practise
from sim.engine.sorting import BY_RECEIVER, by_turn, in_a_row, packed_chunks, sorted_by
from sim.model import rules
from sim.model.chance import DrawPurpose, follow, uniform
from sim.model.compiled import njit
from sim.model.gestures import Kind
from sim.model.rules import ROUNDS
from sim.state.population import BOOKING, GESTURE, NO_ANSWER, PLANNED_POST


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


@njit_inline
def accepts_invitation(reply: Any, p: Any) -> bool:
    """Whether an answer accepts an invitation to an event."""
    return reply.parent_kind != NO_ANSWER and p.invites[reply.parent_kind] == 1


@njit(cache=True)
def with_guests(guests: Any, replies: Any, p: Any) -> Any:
    """The guests so far, and the people among the replies who accept an invitation, type `BOOKING`."""
    count = len(guests)
    for k in range(len(replies)):
        count += accepts_invitation(replies[k], p)
    if count == len(guests):
        return guests
    more = np.empty(count, BOOKING)
    more[: len(guests)] = guests
    count = len(guests)
    for k in range(len(replies)):
        if accepts_invitation(replies[k], p):
            more[count].host, more[count].guest = replies[k].receiver, replies[k].sender
            more[count].day = replies[k].parent_day + p.event_notice_days
            count += 1
    return more


@njit_inline
def notices(state: Any, gesture: Any, tie: Any, day: int, seed: int) -> bool:
    """Whether the receiver notices a gesture; a post in the feed counts only once."""
    receiver = state.people[gesture.receiver]
    if not rules.is_on_channel(day, receiver.arrives, receiver.leaves):
        return False
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
    mass = p.mass[gesture.kind]
    remember(state, gesture.receiver, gesture.receiver_slot, day, p.encoding_received * mass)
    if gesture.kind != Kind.POST and mass > 0.0 and rules.is_two_way(day, tie.last_sent, p):
        come_closer(state, gesture.receiver, gesture.receiver_slot, day, p.closer[gesture.kind])
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
    state: Any,
    gesture: Any,
    tie: Any,
    strength: float,
    closeness: float,
    openness: float,
    earlier: int,
    day: int,
    seed: int,
    known: Any,
) -> bool:
    """Whether the receiver answers: the gesture wants an answer, there is time for one, and the keyed draw is a yes.

    Strength and openness are those before the gesture; `earlier` counts those received today.
    Many parameters because compiled code passes the key of the draw value by value.
    """
    p, kind = state.settings[0], gesture.kind
    if p.answer[kind] == -np.inf or state.people[gesture.receiver].minutes_left < p.minutes[rules.answer_kind(kind, p)]:
        return False
    responsiveness = state.people[gesture.receiver].responsiveness
    odds_factor = rules.answer_odds_of(closeness, responsiveness, p) * odds_of_acquaintance(state, gesture, tie, known)
    likely = rules.answer_probability(kind, strength, openness, gesture.unanswered, odds_factor, earlier, p)
    u = uniform(seed, DrawPurpose.ANSWERED, day, gesture.receiver, gesture.sender, gesture.event_key)
    return u < likely


@njit_inline
def answer(state: Any, gesture: Any, reply: Any, day: int, seed: int) -> None:
    """Write the answer to a gesture into `reply`, and charge its minutes to the person who answers."""
    p = state.settings[0]
    kind = rules.answer_kind(gesture.kind, p)
    person = state.people[gesture.receiver]
    person.minutes_left = rules.minus(person.minutes_left, p.minutes[kind])
    practise(person, kind, day, p)
    delay = rules.answer_delay(
        gesture.kind, gesture.channel, seed, day, gesture.receiver, gesture.sender, gesture.event_key, p
    )
    u = uniform(seed, DrawPurpose.ANSWER_SECOND, day, gesture.receiver, gesture.sender, follow(gesture.event_key, 1))
    second = rules.answer_second(day, gesture.arrives_second, delay, u, p)
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
    closeness = closeness_today(tie, day, p)
    openness = rules.openness_now(tie.openness, day - tie.opened, p)
    take_in(state, gesture, tie, openness, day)
    if kind == Kind.POST:
        return False
    earlier = received[me]
    received[me] += 1
    answers = will_answer(state, gesture, tie, strength, closeness, openness, earlier, day, seed, known)
    if answers:
        answer(state, gesture, reply, day, seed)
    return answers


@njit_noalloc
def _receive_of(
    state: Any, gestures: Any, start: int, stop: int, replies: Any, received: Any, day: int, seed: int, known: Any
) -> int:
    """Deliver the gestures of one chunk; returns the number of replies, which are written from row `start` up.

    Many parameters because the caller owns all memory, so that the loop over chunks allocates none.
    """
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
    if len(first) == 2:
        count = _receive_of(state, gestures, 0, len(gestures), replies, received, day, seed, new_filter())
        return replies[:count]
    counts = np.zeros(len(first), np.int64)
    for part in prange(len(first) - 1):
        start, stop = first[part], first[part + 1]
        if start < stop:
            counts[part] = _receive_of(state, gestures, start, stop, replies, received, day, seed, new_filter())
    return packed_chunks(replies, first, counts)
