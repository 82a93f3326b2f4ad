"""Ties laid out in the slots of the people who hold them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from sim.engine.pool import RESERVE
from sim.model import rules
from sim.state.population import NEVER, free_ties, slots_for
from sim.worlds.people import in_parts


def pair_ids(one: Any, two: Any, people: int) -> np.ndarray:
    """One number for each pair of ids, in the order of (low, high); shapes as given."""
    return np.asarray(np.minimum(one, two) * np.int64(people) + np.maximum(one, two))


def laid_out(people: np.ndarray, ids: np.ndarray, seed: int, p: Any, threads: int) -> tuple[np.ndarray, np.ndarray]:
    """Slots for everybody, and in them both directions of each pair, who have no past yet.

    Args:
        people: shape (n,); gets `first`, `slots` and `held`.
        ids: of the pairs, shape (pairs,), sorted.
        seed: of liking.
        p: packed parameters.
        threads: that share the work.

    Returns:
        Ties, a person's in the order of the other's id with free slots after them; and the slots, shape (pairs, 2), in
        which the low and the high one of each pair hold the other.
    """
    below, above = partners_of(ids, len(people))
    people["held"] = below + above
    people["slots"] = slots_for(people["held"])
    people["first"] = np.cumsum(people["slots"], dtype=np.int64) - people["slots"]
    rows = int(people["slots"].sum(dtype=np.int64))
    ties = free_ties(rows, rows // RESERVE)
    slots = seats(ids, below)
    key = np.uint64(seed)
    in_parts(lambda start, stop: _fill(key, people, ties, ids, slots, p, start, stop), len(ids), threads)
    return ties, slots


@njit(cache=True, nogil=True)
def partners_of(ids: np.ndarray, people: int) -> tuple[np.ndarray, np.ndarray]:
    """In how many of these pairs each person is with somebody of a lower id, and of a higher one; shapes (people,)."""
    below, above = np.zeros(people, np.int32), np.zeros(people, np.int32)
    for pair in ids:
        below[pair % people] += 1
        above[pair // people] += 1
    return below, above


@njit(cache=True, nogil=True)
def seats(ids: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Slots of both directions, shape (pairs, 2); `below` is how many ties each person has with lower ids."""
    n = len(below)
    slots = np.empty((len(ids), 2), np.int32)
    upwards, downwards = below.copy(), np.zeros_like(below)
    for k in range(len(ids)):
        low, high = ids[k] // n, ids[k] % n
        slots[k, 0] = upwards[low]
        slots[k, 1] = downwards[high]
        upwards[low] += 1
        downwards[high] += 1
    return slots


@njit(cache=True, nogil=True)
def _fill(seed: int, people: Any, ties: Any, ids: Any, slots: Any, p: Any, start: int, stop: int) -> None:
    """Write both directions of pairs start to stop."""
    n = len(people)
    for k in range(start, stop):
        low, high = ids[k] // n, ids[k] % n
        for side in range(2):
            person, other = (low, high) if side == 0 else (high, low)
            tie = ties[people[person].first + slots[k, side]]
            tie.other = other
            tie.mirror = slots[k, 1 - side]
            tie.liking = rules.liking(seed, person, other, people[person].group == people[other].group, p)
            date(tie, NEVER)
            tie.opened = NEVER
            tie.planned = NEVER
            tie.post_seen = NEVER


@njit(cache=True, nogil=True)
def date(tie: Any, day: int) -> None:
    """Let a tie's last contact, in both ways, be of this day."""
    tie.last_contact = day
    tie.last_sent = day
    tie.last_received = day
    tie.last_two_way = day
