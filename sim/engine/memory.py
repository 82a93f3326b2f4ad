"""What people remember about each other, over arrays: ties, contacts, and bounds on the weights of ties.

The formulas are in `sim.model.rules`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from sim.engine.compiling import njit_inline, njit_noalloc
from sim.engine.prefetch import AHEAD, fetch
from sim.engine.sorting import chunks_of, people_of
from sim.model import rules
from sim.model.compiled import njit
from sim.state.population import NOBODY


@njit_inline
def find_slot(state: Any, person: int, other: int) -> int:
    """The slot of a person's tie to another; `NOBODY` if they don't know each other."""
    first = state.people[person].first
    others = state.contact_ids[first : first + state.people[person].slots]
    for start in range(0, len(others), 4):  # slots come in fours
        known = False
        for slot in range(start, start + 4):
            known |= others[slot] == other
        if known:
            for slot in range(start, start + 4):
                if others[slot] == other:
                    return slot
    return NOBODY


@njit_inline
def fetch_known(state: Any, person: int) -> None:
    """Prefetch the ids of a person's contacts and their weight bounds, which are contiguous."""
    first = state.people[person].first
    for row in range(first, first + state.people[person].slots, 16):
        fetch(state.contact_ids, row)
        fetch(state.weight_bounds, row)


@njit_inline
def mirror_of(state: Any, person: int, slot: int) -> int:
    """The slot of the tie's other direction, among the other person's slots; `NOBODY` if there is no tie."""
    return NOBODY if slot == NOBODY else state.ties[state.people[person].first + slot].mirror


@njit_inline
def add_to_memory(tie: Any, day: int, mass: float, p: Any) -> None:
    """Add a contact of this mass to a tie's traces. Strong ties gain less; see `rules.saturated`."""
    if mass <= 0.0:
        return
    silence = day - tie.last_contact
    if tie.closeness != 0:
        tie.closeness = rules.closer(rules.closeness_now(tie.closeness, silence, p), 0.0)
    strength = rules.strength(rules.activation(tie.traces, silence, p), p)
    rules.add_contact(tie.traces, silence, rules.saturated(mass, strength, p))
    tie.last_contact = day


@njit_inline
def remember(state: Any, person: int, slot: int, day: int, mass: float) -> None:
    """Add a contact of this mass to a person's tie, and raise the weight bounds of the tie and the person."""
    if mass <= 0.0:
        return
    p, row = state.settings[0], state.people[person].first + slot
    tie = state.ties[row]
    add_to_memory(tie, day, mass, p)
    raise_bound(state, person, row, day)


@njit_inline
def raise_bound(state: Any, person: int, row: int, day: int) -> None:
    """Raise the weight bounds of a tie and its person after a contact today."""
    bound = bound_today(state.ties[row], day, state.settings[0])
    state.weight_bounds[row] = bound
    state.people[person].weight_bound = rules.raised_bound(state.people[person].weight_bound, bound)


@njit_inline
def closeness_today(tie: Any, day: int, p: Any) -> float:
    """Closeness of a person to the other today, 0..1."""
    return rules.closeness_now(tie.closeness, day - tie.last_contact, p)


@njit_inline
def come_closer(state: Any, person: int, slot: int, day: int, gain: float) -> None:
    """Let closeness grow by this share of what it lacks, after a contact today."""
    if gain > 0.0:
        row = state.people[person].first + slot
        tie = state.ties[row]
        tie.closeness = rules.closer(closeness_today(tie, day, state.settings[0]), gain)
        rules.add_contact(tie.traces, day - tie.last_contact, 0.0)  # traces and closeness have one date
        tie.last_contact = day
        raise_bound(state, person, row, day)


@njit_inline
def bound_today(tie: Any, day: int, p: Any) -> float:
    """Upper bound on the weight of a tie from today until its next contact."""
    silence = day - tie.last_contact
    attraction = rules.attraction(tie.affinity, rules.closeness_now(tie.closeness, silence, p), p)
    return rules.pull_bound(rules.activation(tie.traces, silence, p), attraction, p)


@njit_inline
def heaviest_of(bounds: Any) -> int:
    """Index of the largest of these non-negative floats. Their bits sort in the same order, and compare faster."""
    words, most = bounds.view(np.int32), np.int32(0)
    for slot in range(len(words)):
        most = max(most, words[slot])
    for slot in range(len(words)):
        if words[slot] == most:
            return slot
    return 0


@njit_inline
def refresh_bound(state: Any, person: int, slot: int, day: int) -> None:
    """Lower a person's weight bound to the least power of two that still bounds all weights today.

    `slot` must have the largest stored bound. Only ties whose bound may still be the largest are read.
    """
    first, slots = state.people[person].first, state.people[person].slots
    bounds = state.weight_bounds[first : first + slots]
    while True:
        heaviest = bounds[slot]
        if heaviest > 0.0:
            bounds[slot] = bound_today(state.ties[first + slot], day, state.settings[0])
        if bounds[slot] >= heaviest:
            state.people[person].weight_bound = rules.fresh_bound(heaviest)
            return
        slot = heaviest_of(bounds)


@njit_noalloc
def _refresh_bounds_of(state: Any, start: int, heaviest: Any, day: int) -> None:
    people, count = state.people, len(heaviest)
    for k in range(count):
        first = people[start + k].first
        heaviest[k] = heaviest_of(state.weight_bounds[first : first + people[start + k].slots])
    for k in range(count):
        if k + AHEAD < count:
            fetch(state.ties, people[start + k + AHEAD].first + heaviest[k + AHEAD])
        refresh_bound(state, start + k, heaviest[k], day)


@njit(cache=True, parallel=True)
def refresh_bounds(state: Any, day: int) -> None:
    """Refresh everyone's weight bound, once a week; see `refresh_bound`."""
    n = len(state.people)
    for part in prange(chunks_of(n)):
        start, stop = people_of(part, n)
        _refresh_bounds_of(state, start, np.empty(stop - start, np.int32), day)


@njit(cache=True, nogil=True)
def fresh_bounds(people: Any, ties: Any, day: int, p: Any, start: int, stop: int) -> None:
    """Compute the weight bounds of people `start` to `stop` on this day from all their ties."""
    for person in range(start, stop):
        heaviest = 0.0
        for row in range(people[person].first, people[person].first + people[person].slots):
            if ties[row].other != NOBODY:
                heaviest = max(heaviest, bound_today(ties[row], day, p))
        people[person].weight_bound = rules.fresh_bound(heaviest)
