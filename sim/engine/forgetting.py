"""Forgetting, over arrays: people over capacity drop their weakest ties."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from sim.engine.compiling import njit_inline, njit_noalloc
from sim.engine.memory import find_slot, mirror_of
from sim.engine.sorting import chunks_of, people_of
from sim.model import rules
from sim.model.compiled import njit
from sim.state.population import NOBODY


@njit_inline
def _rank_of(tie: Any, day: int, p: Any) -> Any:
    return tie.acquaintance == 0, rules.activation(tie.traces, day - tie.last_contact, p), int(tie.other)


@njit_noalloc
def weakest(state: Any, person: int, day: int, after: int) -> int:
    """The next slot that a person over capacity would drop, after the slot `after` (`NOBODY` for the first).

    Acquaintances go before ties, then the least activation goes first, then the lower id.
    """
    people, ties, p = state.people, state.ties, state.settings[0]
    first = people[person].first
    chosen, least, passed = NOBODY, (True, np.inf, 0), (False, -1.0, 0)
    if after != NOBODY:
        passed = _rank_of(ties[first + after], day, p)
    for slot in range(people[person].slots):
        if ties[first + slot].other != NOBODY:
            rank = _rank_of(ties[first + slot], day, p)
            if passed < rank and (chosen == NOBODY or rank < least):
                chosen, least = slot, rank
    return chosen


@njit_noalloc
def _excess_of(people: Any, start: int, stop: int) -> int:
    excess = 0
    for person in range(start, stop):
        excess += max(0, people[person].degree - people[person].capacity)
    return excess


@njit_noalloc
def _name_pairs_of(state: Any, start: int, stop: int, day: int, pairs: Any) -> None:
    people, n, count = state.people, len(state.people), 0
    for person in range(start, stop):
        slot = NOBODY
        for _ in range(people[person].degree - people[person].capacity):
            slot = weakest(state, person, day, slot)
            other = state.contact_ids[people[person].first + slot]
            pairs[count] = np.int64(min(person, other)) * n + max(person, other)
            count += 1


@njit(cache=True, parallel=True)
def pairs_to_forget(state: Any, day: int) -> Any:
    """Pairs (``low * n + high``) that either person drops because they're over capacity; a pair may occur twice."""
    people, n = state.people, len(state.people)
    if chunks_of(n) == 1:
        pairs = np.empty(_excess_of(people, 0, n), np.int64)
        _name_pairs_of(state, 0, n, day, pairs)
        return pairs
    at = np.zeros(chunks_of(n) + 1, np.int64)
    for part in prange(chunks_of(n)):
        start, stop = people_of(part, n)
        at[part + 1] = _excess_of(people, start, stop)
    at = np.cumsum(at)
    if at[-1] == 0:
        return np.empty(0, np.int64)
    pairs = np.empty(at[-1], np.int64)
    for part in prange(chunks_of(n)):
        start, stop = people_of(part, n)
        if at[part] < at[part + 1]:
            _name_pairs_of(state, start, stop, day, pairs[at[part] : at[part + 1]])
    return pairs


@njit(cache=True)
def forget(state: Any, day: int) -> Any:
    """Drop the weakest ties of everyone over capacity, in both directions.

    Returns:
        The forgotten pairs (``low * n + high``), sorted.
    """
    n = len(state.people)
    pairs = np.unique(pairs_to_forget(state, day))
    for pair in pairs:
        low, high = pair // n, pair % n
        slot = find_slot(state, low, high)
        mirror = mirror_of(state, low, slot)
        drop(state, low, slot)
        drop(state, high, mirror)
    return pairs


@njit_inline
def drop(state: Any, person: int, slot: int) -> None:
    """Drop one direction of a tie, and free its slot."""
    row = state.people[person].first + slot
    state.ties[row] = state.empty_tie[0]
    state.contact_ids[row], state.weight_bounds[row] = NOBODY, 0.0
    state.people[person].degree -= 1
