"""Settle: at the end of the day, memory, two-way contact, and new and forgotten ties are updated."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from sim.engine.compiling import njit_alloc, njit_inline, njit_noalloc, njit_phase
from sim.engine.forgetting import forget
from sim.engine.memory import come_closer, find_slot, mirror_of, remember
from sim.engine.prefetch import AHEAD, fetch
from sim.engine.sorting import BY_PAIR, BY_SENDER, sorted_by
from sim.model import rules
from sim.model.compiled import njit
from sim.model.gestures import Kind
from sim.state.population import NO_ANSWER


@njit_phase
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
    """Add `exposure_mass` to both directions of each tie between two people who met, and note the place."""
    mass = state.settings[0].exposure_mass
    for k in range(len(met)):
        slot = find_slot(state, met[k].low, met[k].high)
        back = mirror_of(state, met[k].low, slot)
        remember(state, met[k].low, slot, day, mass)
        remember(state, met[k].high, back, day, mass)
        come_closer(state, met[k].low, slot, day, state.settings[0].closeness_meeting)
        come_closer(state, met[k].high, back, day, state.settings[0].closeness_meeting)
        state.ties[state.people[met[k].low].first + slot].met_at = met[k].place
        state.ties[state.people[met[k].high].first + back].met_at = met[k].place


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
    if len(first) == 2:
        _remember_sent_of(state, sent, 0, len(sent), day)
        return
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


@njit_alloc
def _nothing_found(count: int) -> Any:
    return np.full(count, -1, np.int64)


@njit_alloc
def _found(pairs: Any) -> Any:
    return np.sort(pairs[pairs >= 0])


@njit(cache=True, parallel=True)
def settle_all_noticed(state: Any, delivered: Any, first: Any, day: int) -> Any:
    """Call `settle_noticed` for all gestures, which are sorted by pair; returns the pairs that became ties, sorted."""
    new_ties = _nothing_found(len(delivered))
    if len(first) == 2:
        _settle_noticed_of(state, delivered, 0, len(delivered), new_ties, day)
    else:
        for part in prange(len(first) - 1):
            _settle_noticed_of(state, delivered, first[part], first[part + 1], new_ties, day)
    return _found(new_ties)
