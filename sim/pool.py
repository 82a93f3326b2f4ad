"""Where ties lie in memory: a block of slots for each person, in one pool that all share.

Blocks grow by a few slots at a time and move when they do. Whoever grows to a size takes a block that somebody of that
size has left, so the pool grows only as ties do.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from sim import rules
from sim.population import NOBODY, Town, aligned

SPARE = 16  # a pool begins with one row more for so many
_SIZES = 1 << 16  # of blocks, in fours


def pool_of(ties: np.ndarray) -> tuple[np.ndarray, ...]:
    """A pool that begins with these ties as they lie: `ties`, `others`, `bounds`, `used` and `left` of `Town`.

    Of bounds nothing is known yet.
    """
    bounds = np.where(ties["other"] == NOBODY, 0.0, np.inf).astype(np.float32)
    pool = [_with_more_rows(array, len(ties), 0) for array in (ties, ties["other"], bounds)]
    return *pool, np.array([len(ties)]), np.full(_SIZES, NOBODY, np.int64)


def _with_more_rows(array: np.ndarray, used: int, more: int) -> np.ndarray:
    """The rows of an array that are in use, in a larger one."""
    larger = aligned(used + max(more, used // SPARE), array.dtype)
    larger[:used].view(np.uint8)[:] = np.ascontiguousarray(array[:used]).view(np.uint8)
    return larger


def with_room(town: Town, rows: int) -> Town:
    """The same town, with at least so many rows of the pool left."""
    used = int(town.used[0])
    if used + rows <= len(town.ties):
        return town
    ties, others, bounds = (_with_more_rows(array, used, rows) for array in (town.ties, town.others, town.bounds))
    return town._replace(ties=ties, others=others, bounds=bounds)


@njit(cache=True)
def room_needed(people: Any, pairs: Any) -> int:
    """Rows that the pool must have left before these pairs become acquaintances, at most."""
    n = len(people)
    both = np.empty(2 * len(pairs), np.int64)
    for k in range(len(pairs)):
        both[2 * k], both[2 * k + 1] = pairs[k] // n, pairs[k] % n
    both.sort()
    rows, more = 0, 0
    for k in range(len(both)):
        person = both[k]
        more = more + 1 if k and both[k - 1] == person else 1
        if k + 1 == len(both) or both[k + 1] != person:
            slots: int = people[person].slots
            while slots < people[person].held + more:
                slots = rules.more_slots(slots)
                rows += slots
    return rows


@njit(cache=True)
def free_slot(town: Any, person: int) -> int:
    """A person's lowest free slot; when there is none their block grows, and moves."""
    first, slots = town.people[person].first, town.people[person].slots
    for slot in range(slots):
        if town.others[first + slot] == NOBODY:
            return slot
    grown = rules.more_slots(slots)
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
    return slots
