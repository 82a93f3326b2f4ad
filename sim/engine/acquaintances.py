"""New acquaintances, over arrays: strangers who met or wrote, and mutual ties."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from sim.engine.compiling import njit_alloc, njit_inline, njit_noalloc
from sim.engine.memory import fetch_known, find_slot
from sim.engine.pool import free_slot
from sim.engine.prefetch import AHEAD, fetch
from sim.engine.sorting import chunks_of, rows_by, width_of
from sim.model import rules
from sim.model.compiled import njit
from sim.state.population import NEVER, NOBODY

FILTER_BITS = 1 << 12


@njit_alloc
def new_filter() -> Any:
    """Working memory for `has_mutual_tie`: a bit set of `FILTER_BITS` bits, shape (words,)."""
    return np.empty(FILTER_BITS // 64, np.uint64)


@njit_noalloc
def has_mutual_tie(state: Any, one: int, two: int, known: Any) -> bool:
    """Whether two people have a tie to the same third person. A bit set of one's contacts rules out most others."""
    known[:] = 0
    first, slots = state.people[one].first, state.people[one].slots
    for other in state.contact_ids[first : first + slots]:
        known[(other % FILTER_BITS) >> 6] |= np.uint64(1) << np.uint64(other & 63)
    back, back_slots = state.people[two].first, state.people[two].slots
    for row in range(back, back + back_slots):
        other = state.contact_ids[row]
        maybe = other != NOBODY and known[(other % FILTER_BITS) >> 6] >> np.uint64(other & 63) & np.uint64(1)
        if maybe and not state.ties[row].acquaintance:
            slot = find_slot(state, one, other)
            if slot != NOBODY and not state.ties[first + slot].acquaintance:
                return True
    return False


@njit(cache=True)
def strangers_who_met(state: Any, met: Any, fresh: Any, mail: Any) -> Any:
    """Pairs (``low * n + high``, sorted) that met or wrote today and don't know each other yet.

    Gestures made today know the sender's slot already. Mail from earlier days doesn't, so its ties are looked up.
    """
    n = len(state.people)
    pairs = np.empty(len(met) + len(mail), np.int64)
    count = 0
    for k in range(len(met)):
        if find_slot(state, met[k].low, met[k].high) == NOBODY:
            pairs[count] = np.int64(met[k].low) * n + met[k].high
            count += 1
    for k in range(len(mail)):
        if find_slot(state, mail[k].sender, mail[k].receiver) == NOBODY:
            pairs[count] = pair_of(mail[k], n)
            count += 1
    return np.unique(np.concatenate((pairs[:count], written_to_strangers(fresh, n))))


@njit_inline
def pair_of(gesture: Any, n: int) -> int:
    """The number ``low * n + high`` of the two people of a gesture."""
    return np.int64(min(gesture.sender, gesture.receiver)) * n + max(gesture.sender, gesture.receiver)


@njit(cache=True)
def written_to_strangers(fresh: Any, n: int) -> Any:
    """Pairs of the gestures made today whose sender has no tie to the receiver, shape (pairs,), in any order."""
    pairs, count = np.empty(len(fresh), np.int64), 0
    for k in range(len(fresh)):
        if fresh[k].receiver != NOBODY and fresh[k].sender_slot == NOBODY:
            pairs[count] = pair_of(fresh[k], n)
            count += 1
    return pairs[:count]


@njit_alloc
def _sides_of(pairs: Any, n: int) -> Any:
    """The lower and the higher id of each pair, memory for a slot of each, and the rows of the pairs."""
    count = len(pairs)
    low, high = (pairs // n).astype(np.int32), (pairs % n).astype(np.int32)
    return low, high, np.empty(count, np.int32), np.empty(count, np.int32), np.arange(count).astype(np.int32)


@njit(cache=True, parallel=True)
def acquaint(state: Any, pairs: Any, day: int, seed: int) -> None:
    """Make these pairs (sorted, ``low * n + high``) acquaintances. Everyone must have enough free slots.

    A person's new acquaintances take the lowest free slots in the order of their ids, as in the reference engine.
    """
    n, chunks, bits = len(state.people), chunks_of(len(state.people)), width_of(len(state.people))
    low, high, low_slots, high_slots, everyone = _sides_of(pairs, n)
    if chunks == 1:
        _take_slots(state, everyone, high, low, high_slots)
        _take_slots(state, everyone, low, high, low_slots)
        _introduce(state, everyone, high, high_slots, low, low_slots, day, seed)
        _introduce(state, everyone, low, low_slots, high, high_slots, day, seed)
        return
    low_first, by_low = rows_by(low >> bits, chunks)
    high_first, by_high = rows_by(high >> bits, chunks)
    for part in prange(chunks):
        _take_slots(state, by_high[high_first[part] : high_first[part + 1]], high, low, high_slots)
        _take_slots(state, by_low[low_first[part] : low_first[part + 1]], low, high, low_slots)
    for part in prange(chunks):
        highs, lows = by_high[high_first[part] : high_first[part + 1]], by_low[low_first[part] : low_first[part + 1]]
        _introduce(state, highs, high, high_slots, low, low_slots, day, seed)
        _introduce(state, lows, low, low_slots, high, high_slots, day, seed)


@njit_noalloc
def _take_slots(state: Any, pairs: Any, people: Any, others: Any, slots: Any) -> None:
    """Take a free slot of the person for each of these pairs, and write the id of the other person into it."""
    for k in range(len(pairs)):
        if k + AHEAD < len(pairs):
            fetch_known(state, people[pairs[k + AHEAD]])
        pair = pairs[k]
        slots[pair] = free_slot(state, people[pair])
        state.contact_ids[state.people[people[pair]].first + slots[pair]] = others[pair]


@njit_noalloc
def _introduce(state: Any, pairs: Any, people: Any, slots: Any, others: Any, mirrors: Any, day: int, seed: int) -> None:
    for k in range(len(pairs)):
        if k + AHEAD < len(pairs):
            fetch(state.ties, state.people[people[pairs[k + AHEAD]]].first + slots[pairs[k + AHEAD]])
        pair = pairs[k]
        new_acquaintance(state, people[pair], slots[pair], others[pair], mirrors[pair], day, seed)


@njit_inline
def new_acquaintance(state: Any, person: int, slot: int, other: int, mirror: int, day: int, seed: int) -> None:
    """Write one direction of a new acquaintance into a slot that counts as in use already."""
    people, p, row = state.people, state.settings[0], state.people[person].first + slot
    tie = state.ties[row]
    tie.other, tie.mirror, tie.acquaintance = other, mirror, 1
    tie.last_contact = day
    tie.last_sent, tie.last_received, tie.last_two_way = NEVER, NEVER, NEVER
    tie.opened, tie.planned, tie.post_seen = NEVER, NEVER, NEVER
    tie.affinity = rules.affinity(seed, person, other, people[person].group == people[other].group, p)
    state.contact_ids[row], state.weight_bounds[row] = other, rules.pull_bound(0.0, tie.affinity, p)
    people[person].weight_bound = rules.raised_bound(people[person].weight_bound, state.weight_bounds[row])
