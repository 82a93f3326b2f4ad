"""Where ties lie in memory: a block of slots for each person, in one pool that all share.

Blocks grow by a few slots at a time and move when they do. Whoever grows to a size takes a block that somebody of that
size has left; when the pool is used up, blocks move together, and only if that is not enough is a larger one made.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from sim.engine.compiling import inlined
from sim.engine.prefetch import AHEAD, fetch
from sim.model import rules
from sim.state.population import NOBODY, TIE, Town, aligned, all_room

SPARE = 24  # one row more for so many: a part of the pool that is free when it is new
RESERVE = 2  # likewise, of rows into which it can grow as it lies; they take memory once they are used


def pool_of(ties: np.ndarray, *, spend: bool = False) -> list[np.ndarray]:
    """A pool that begins with these ties as they lie: `ties`, `others` and `bounds` of `Town`.

    Args:
        ties: type `TIE`.
        spend: let the pool have the memory of the ties, which `free_ties` made; they change with it.

    Of bounds nothing is known yet.
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


def nothing_left(people: np.ndarray) -> np.ndarray:
    """`left` of `Town` when nobody has moved yet, for all sizes that a block may come to."""
    largest = max(int(people["capacity"].max()), int(people["slots"].max()))
    return np.full(largest // 2 + 1_024, NOBODY, np.int64)  # sizes in fours: twice the largest, and then some


def _with_more_rows(array: np.ndarray, used: int, more: int) -> np.ndarray:
    """The rows of an array that are in use, in a larger one: as they lie, if what is reserved behind them will do."""
    rows = used + max(more, used // SPARE)
    larger = all_room(array)
    if len(larger) < rows:
        larger = aligned(rows, array.dtype, rows // RESERVE)
        larger[:used].view(np.uint8)[:] = array[:used].view(np.uint8)
    return larger[:rows]


def with_sizes(town: Town, crowded: np.ndarray) -> Town:
    """The same town, which knows all sizes that the blocks of these people may grow to today."""
    most = int(town.people["held"][crowded].max(initial=0)) // 2 + 1_024
    if most <= len(town.left):
        return town
    left = np.full(most, NOBODY, np.int64)
    left[: len(town.left)] = town.left
    return town._replace(left=left)


def with_room(town: Town, rows: int) -> Town:
    """The same town, with at least so many rows of the pool left."""
    if town.used[0] + rows <= len(town.ties):
        return town
    move_together(town)
    used = int(town.used[0])
    if used + rows + used // (2 * SPARE) <= len(town.ties):
        return town
    ties, others, bounds = (_with_more_rows(array, used, rows) for array in (town.ties, town.others, town.bounds))
    return town._replace(ties=ties, others=others, bounds=bounds)


@njit(cache=True)
def count_in(people: Any, pairs: Any) -> Any:
    """Count either of these pairs (low * n + high) as somebody whom the other holds.

    Returns:
        Ids of those whose block is too small for that.
    """
    n = len(people)
    crowded, count = np.empty(2 * len(pairs), np.int32), 0
    for k in range(len(pairs)):
        if k + AHEAD < len(pairs):
            fetch(people, pairs[k + AHEAD] // n)
            fetch(people, pairs[k + AHEAD] % n)
        for person in (pairs[k] // n, pairs[k] % n):
            people[person].held += 1
            if people[person].held == people[person].slots + 1:
                crowded[count] = person
                count += 1
    return crowded[:count]


@njit(cache=True)
def slots_in_need(slots: int, held: int) -> int:
    """To how many slots a block of so many grows for so many who are held."""
    while slots < held:
        slots = rules.more_slots(slots)
    return slots


@njit(cache=True)
def room_for(people: Any, crowded: Any) -> int:
    """Rows that the pool must have left before the blocks of these people grow, at most."""
    rows = 0
    for person in crowded:
        rows += slots_in_need(people[person].slots, people[person].held)
    return rows


@njit(cache=True)
def move_together(town: Any) -> None:
    """Move all blocks to the front of the pool, in the order in which they lie."""
    people, to = town.people, 0
    for person in np.argsort(people["first"]):
        first = people[person].first
        if to < first:
            for slot in range(people[person].slots):
                town.ties[to + slot] = town.ties[first + slot]
                town.others[to + slot], town.bounds[to + slot] = town.others[first + slot], town.bounds[first + slot]
        people[person].first = to
        to += people[person].slots
    town.used[0] = to
    town.left[:] = NOBODY


@njit(cache=True)
def grow_blocks(town: Any, crowded: Any) -> None:
    """Give these people blocks in which all whom they hold have room."""
    for person in crowded:
        first, slots = town.people[person].first, town.people[person].slots
        grown = slots_in_need(slots, town.people[person].held)
        block = town.left[grown // 4]
        if block == NOBODY:
            block = town.used[0]
            town.used[0] += grown
        else:
            town.left[grown // 4] = town.others[block]
        for slot in range(slots):
            town.ties[block + slot] = town.ties[first + slot]
            town.others[block + slot], town.bounds[block + slot] = town.others[first + slot], town.bounds[first + slot]
        for slot in range(slots, grown):
            town.ties[block + slot] = town.nothing[0]
            town.others[block + slot], town.bounds[block + slot] = NOBODY, 0.0
        town.others[first] = town.left[slots // 4]
        town.left[slots // 4] = first
        town.people[person].first, town.people[person].slots = block, grown


@inlined
def free_slot(town: Any, person: int) -> int:
    """A person's lowest free slot; NOBODY if there is none."""
    first = town.people[person].first
    for slot in range(town.people[person].slots):
        if town.others[first + slot] == NOBODY:
            return slot
    return NOBODY
