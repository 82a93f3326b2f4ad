"""Layout of new ties in people's slots."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.pool import RESERVE
from sim.model import rules
from sim.model.compiled import njit
from sim.state.population import NEVER, free_ties, slots_for
from sim.worlds.people import in_parts


def pair_ids(one: Any, two: Any, people: int) -> np.ndarray:
    """The number ``low * people + high`` of each pair of ids; same shape as the arguments."""
    return np.asarray(np.minimum(one, two) * np.int64(people) + np.maximum(one, two))


def laid_out(people: np.ndarray, ids: np.ndarray, seed: int, p: Any, threads: int) -> tuple[np.ndarray, np.ndarray]:
    """Create both directions of each tie, without a past.

    Args:
        people: shape (n,), type `PERSON`; its `first`, `slots` and `degree` are set in place.
        ids: the numbers of the pairs, shape (pairs,), sorted.
        seed: the seed of affinity.
        p: packed parameters.
        threads: the number of threads.

    Returns:
        The ties, type `TIE`, each person's sorted by the other id, with free slots at the end; and the slots of both
        directions, shape (pairs, 2), that of the lower id first.
    """
    below, above = partners_of(ids, len(people))
    people["degree"] = below + above
    people["slots"] = slots_for(people["degree"])
    people["first"] = np.cumsum(people["slots"], dtype=np.int64) - people["slots"]
    rows = int(people["slots"].sum(dtype=np.int64))
    ties = free_ties(rows, rows // RESERVE)
    slots = seats(ids, below)
    key = np.uint64(seed)
    in_parts(lambda start, stop: _fill(key, people, ties, ids, slots, p, start, stop), len(ids), threads)
    return ties, slots


@njit(cache=True, nogil=True)
def partners_of(ids: np.ndarray, people: int) -> tuple[np.ndarray, np.ndarray]:
    """Count each person's partners with a lower id, and those with a higher id; shapes (people,)."""
    below, above = np.zeros(people, np.int32), np.zeros(people, np.int32)
    for pair in ids:
        below[pair % people] += 1
        above[pair // people] += 1
    return below, above


@njit(cache=True, nogil=True)
def seats(ids: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Slots of both directions, shape (pairs, 2). `below` is each person's number of ties to lower ids, shape (n,)."""
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
    """Write both directions of pairs `start` to `stop`."""
    n = len(people)
    for k in range(start, stop):
        low, high = ids[k] // n, ids[k] % n
        for side in range(2):
            person, other = (low, high) if side == 0 else (high, low)
            tie = ties[people[person].first + slots[k, side]]
            tie.other = other
            tie.mirror = slots[k, 1 - side]
            tie.affinity = rules.affinity(seed, person, other, people[person].group == people[other].group, p)
            date(tie, NEVER)
            tie.opened = NEVER
            tie.planned = NEVER
            tie.post_seen = NEVER


@njit(cache=True, nogil=True)
def date(tie: Any, day: int) -> None:
    """Set all dates of a tie's last contact, in both directions, to this day."""
    tie.last_contact = day
    tie.last_sent = day
    tie.last_received = day
    tie.last_two_way = day
