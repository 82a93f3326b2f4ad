"""Memory of ties: one pool for everyone, with a block of slots for each person.

A block that needs more slots moves to a larger one: a free block of that size, or the end of the pool. A full pool is
compacted first, and reallocated only if that isn't enough.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.compiling import njit_inline
from sim.engine.prefetch import AHEAD, fetch
from sim.model import rules
from sim.model.compiled import njit
from sim.state.population import NOBODY, TIE, EngineState, aligned, all_room

SPARE = 24  # a new pool has one free row for each 24 in use
RESERVE = 2  # reserved rows, one for each 2 in use, for growth in place; untouched pages take no memory


def pool_of(ties: np.ndarray, *, spend: bool = False) -> list[np.ndarray]:
    """Make a pool from ties in canonical order.

    Args:
        ties: type `TIE`.
        spend: reuse the memory of the ties, which `free_ties` must have made.

    Returns:
        `ties`, `contact_ids` and `weight_bounds` of `EngineState`. Bounds are infinite, since none is known yet.
    """
    count = len(ties)
    others, bounds = (aligned(count, np.dtype(kind), count // RESERVE) for kind in ("i4", "f4"))
    others[:], bounds[:] = ties["other"], np.inf
    bounds[others == NOBODY] = 0.0
    if not spend:
        own = aligned(count, TIE, count // RESERVE)
        own.view(np.uint8)[:] = ties.view(np.uint8)
        ties = own
    return [_with_more_rows(array, count, 0) for array in (ties, others, bounds)]


def no_free_blocks(people: np.ndarray) -> np.ndarray:
    """An empty `free_blocks` of `EngineState`, shape (sizes,), long enough for all sizes that a block may reach."""
    largest = max(int(people["capacity"].max()), int(people["slots"].max()))
    return np.full(largest // 2 + 1_024, NOBODY, np.int64)  # sizes in fours: twice the largest, and then some


def _with_more_rows(array: np.ndarray, used: int, more: int) -> np.ndarray:
    """The array with `more` rows after the `used` ones: in place if the reserved memory suffices, else a copy."""
    rows = used + max(more, used // SPARE)
    larger = all_room(array)
    if len(larger) < rows:
        larger = aligned(rows, array.dtype, rows // RESERVE)
        larger[:used].view(np.uint8)[:] = array[:used].view(np.uint8)
    return larger[:rows]


def with_sizes(state: EngineState, crowded: np.ndarray) -> EngineState:
    """The state, with `free_blocks` extended to all sizes that the blocks of these people may reach today."""
    most = int(state.people["degree"][crowded].max(initial=0)) // 2 + 1_024
    if most <= len(state.free_blocks):
        return state
    left = np.full(most, NOBODY, np.int64)
    left[: len(state.free_blocks)] = state.free_blocks
    return state._replace(free_blocks=left)


def with_room(state: EngineState, rows: int) -> EngineState:
    """The state, with at least this many free rows at the end of the pool."""
    if state.used[0] + rows <= len(state.ties):
        return state
    move_together(state)
    used = int(state.used[0])
    if used + rows + used // (2 * SPARE) <= len(state.ties):
        return state
    ties, others, bounds = (
        _with_more_rows(array, used, rows) for array in (state.ties, state.contact_ids, state.weight_bounds)
    )
    return state._replace(ties=ties, contact_ids=others, weight_bounds=bounds)


@njit(cache=True)
def count_in(people: Any, pairs: Any) -> Any:
    """Add each of these pairs (``low * n + high``) to `degree` of both people.

    Returns:
        Ids of the people whose block is now too small.
    """
    n = len(people)
    crowded, count = np.empty(2 * len(pairs), np.int32), 0
    for k in range(len(pairs)):
        if k + AHEAD < len(pairs):
            fetch(people, pairs[k + AHEAD] // n)
            fetch(people, pairs[k + AHEAD] % n)
        for person in (pairs[k] // n, pairs[k] % n):
            people[person].degree += 1
            if people[person].degree == people[person].slots + 1:
                crowded[count] = person
                count += 1
    return crowded[:count]


@njit(cache=True)
def slots_in_need(slots: int, degree: int) -> int:
    """The size to which a block of `slots` grows so that it has room for `degree` ties."""
    while slots < degree:
        slots = rules.more_slots(slots)
    return slots


@njit(cache=True)
def room_for(people: Any, crowded: Any) -> int:
    """An upper bound on the free rows needed to grow the blocks of these people."""
    rows = 0
    for person in crowded:
        rows += slots_in_need(people[person].slots, people[person].degree)
    return rows


@njit(cache=True)
def move_together(state: Any) -> None:
    """Compact the pool: move all blocks to the front, in their present order."""
    people, to = state.people, 0
    for person in np.argsort(people["first"]):
        first = people[person].first
        if to < first:
            for slot in range(people[person].slots):
                state.ties[to + slot] = state.ties[first + slot]
                state.contact_ids[to + slot], state.weight_bounds[to + slot] = (
                    state.contact_ids[first + slot],
                    state.weight_bounds[first + slot],
                )
        people[person].first = to
        to += people[person].slots
    state.used[0] = to
    state.free_blocks[:] = NOBODY


@njit(cache=True)
def grow_blocks(state: Any, crowded: Any) -> None:
    """Move each of these people to a block with room for all their ties."""
    for person in crowded:
        first, slots = state.people[person].first, state.people[person].slots
        grown = slots_in_need(slots, state.people[person].degree)
        block = state.free_blocks[grown // 4]
        if block == NOBODY:
            block = state.used[0]
            state.used[0] += grown
        else:
            state.free_blocks[grown // 4] = state.contact_ids[block]
        for slot in range(slots):
            state.ties[block + slot] = state.ties[first + slot]
            state.contact_ids[block + slot], state.weight_bounds[block + slot] = (
                state.contact_ids[first + slot],
                state.weight_bounds[first + slot],
            )
        for slot in range(slots, grown):
            state.ties[block + slot] = state.empty_tie[0]
            state.contact_ids[block + slot], state.weight_bounds[block + slot] = NOBODY, 0.0
        state.contact_ids[first] = state.free_blocks[slots // 4]
        state.free_blocks[slots // 4] = first
        state.people[person].first, state.people[person].slots = block, grown


@njit_inline
def free_slot(state: Any, person: int) -> int:
    """A person's lowest free slot; `NOBODY` if there is none."""
    first = state.people[person].first
    for slot in range(state.people[person].slots):
        if state.contact_ids[first + slot] == NOBODY:
            return slot
    return NOBODY
