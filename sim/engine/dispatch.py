"""Dispatch: gestures go out, senders count their unanswered tries, and posts find readers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from sim.engine.acquaintances import strangers_who_met
from sim.engine.compiling import njit_inline, njit_noalloc, njit_phase
from sim.engine.memory import find_slot, mirror_of
from sim.engine.prefetch import AHEAD, fetch
from sim.engine.sorting import BY_SENDER, by_turn, in_a_row, sorted_by, split_by_arrival
from sim.model import rules
from sim.model.chance import DrawPurpose, uniform
from sim.model.compiled import njit
from sim.model.gestures import Kind
from sim.state.population import GESTURE, NOBODY, PLANNED_POST


@njit_phase
def take_from_mail(state: Any, met: Any, fresh: Any, mail: Any, day: int) -> Any:
    """Take today's gestures out of the mail.

    Returns:
        Answers that are sent today; gestures sent earlier that arrive today; the rest of the mail; and the pairs
        (``low * n + high``) with a gesture or a meeting today but no tie.
    """
    late, due, waiting = by_turn(mail, day)
    return late, due, waiting, strangers_who_met(state, met, fresh, in_a_row((late, due)))


@njit(cache=True)
def with_mail(waiting: Any, later: Any, delayed: Any) -> Any:
    """The mail that waits, with today's gestures for a later day. Slots may change until then, so they're left out."""
    mail = in_a_row((waiting, later, delayed))
    for k in range(len(waiting), len(mail)):
        mail[k].sender_slot, mail[k].receiver_slot = NOBODY, NOBODY
    return mail


@njit_phase
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
    now, later = split_by_arrival(sent, day)
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
    if len(first) == 2:
        _mark_sent_of(state, sent, 0, len(sent), day)
        return
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
