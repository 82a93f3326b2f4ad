"""Communities from reinforced ties (Kumpula, Onnela, Saramäki, Kaski & Kertész 2007, Phys. Rev. Lett. 99:228701).

In each step, everybody calls one of their contacts, the more likely the heavier the tie, and is led on to one of that
person's other contacts in the same way. Both ties become heavier by `REINFORCED`, as does the tie that closes the
triangle; if there is none, it begins with a probability that decides the density. People with no tie, and others with
the probability `AT_RANDOM`, begin a tie with anybody. With the probability `REPLACED`, a person loses all ties.
`AT_RANDOM` and `REPLACED` are the values usually given for this model; `REINFORCED` lies within its range of 0 to 1.

Each use of a tie is a contact, in a random direction. Fitted: the probability of closing, the share of contacts shown
and the length of a step (`experiments.rivals.growing`). Simplified: people act in the order of their numbers, and a
person can have `MOST_TIES` ties.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from experiments.logs.log import Log
from experiments.rivals.growing import Meetings, Size, grown_log, of_log

REINFORCED = 0.5  # of the weight of a new tie
AT_RANDOM = 0.0005
REPLACED = 0.001
BEFORE = 2_000  # steps before the log, in which people are replaced twice on average
MOST_TIES = 500


@njit(cache=True)
def _drawn(weights: Any, count: int, total: float, without: int, random: Any) -> int:
    """A place drawn in proportion to its weight, other than ``without``; -1 if there is none."""
    left = random.random() * (total - (weights[without] if without >= 0 else 0.0))
    found = -1
    for k in range(count):
        if k != without:
            found = k
            left -= weights[k]
            if left <= 0.0:
                break
    return found


@njit(cache=True)
def _at(ties: Any, count: Any, one: int, other: int) -> int:
    """Where somebody is among the ties of another; -1 if they are not."""
    for k in range(count[one]):
        if ties[one, k] == other:
            return k
    return -1


@njit(cache=True)
def _use(ties: Any, weights: Any, count: Any, total: Any, one: int, other: int) -> bool:
    """Make a tie heavier, or begin it; returns whether there is room for it."""
    k = _at(ties, count, one, other)
    if k < 0 and (count[one] == ties.shape[1] or count[other] == ties.shape[1]):
        return False
    for a, b in ((one, other), (other, one)):
        at = _at(ties, count, a, b)
        if at < 0:
            at = count[a]
            ties[a, at], weights[a, at] = b, 0.0
            count[a] += 1
        more = 1.0 if k < 0 else REINFORCED
        weights[a, at] += more
        total[a] += more
    return True


@njit(cache=True)
def _leave(ties: Any, weights: Any, count: Any, total: Any, person: int) -> None:
    """End all ties of a person."""
    for k in range(count[person]):
        other = ties[person, k]
        at = _at(ties, count, other, person)
        total[other] -= weights[other, at]
        count[other] -= 1
        ties[other, at], weights[other, at] = ties[other, count[other]], weights[other, count[other]]
    count[person], total[person] = 0, 0.0


@njit(cache=True)
def _partners(ties: Any, weights: Any, count: Any, total: Any, person: int, closing: float, random: Any) -> Any:
    """Whom a person has contact with in a step, and whom they lead to: three pairs, -1 for none, (3, 2)."""
    pairs = np.full((3, 2), -1)
    if count[person]:
        friend = ties[person, _drawn(weights[person], count[person], total[person], -1, random)]
        pairs[0] = person, friend
        back = _at(ties, count, friend, person)
        on = _drawn(weights[friend], count[friend], total[friend], back, random)
        if on >= 0:
            third = ties[friend, on]
            pairs[1] = friend, third
            if _at(ties, count, person, third) >= 0 or random.random() < closing:
                pairs[2] = person, third
    return pairs


@njit(cache=True)
def _live(people: int, closing: float, before: int, steps: int, shown: float, random: Any) -> Any:
    """Contacts shown in the last steps: two people and the step, shape (contacts, 3)."""
    size = min(MOST_TIES, people)
    ties, weights = np.zeros((people, size), np.int64), np.zeros((people, size), np.float64)
    count, total = np.zeros(people, np.int64), np.zeros(people)
    found, rows = np.zeros((1_024, 3), np.int64), 0
    for step in range(-before, steps):
        for person in range(people):
            if random.random() < REPLACED:
                _leave(ties, weights, count, total, person)
                continue
            pairs = np.full((4, 2), -1)
            pairs[:3] = _partners(ties, weights, count, total, person, closing, random)
            if count[person] == 0 or random.random() < AT_RANDOM:
                pairs[3] = person, int(people * random.random())
            for k in range(4):
                one, other = pairs[k]
                if one == other or not _use(ties, weights, count, total, one, other):
                    continue
                if step >= 0 and random.random() < shown:
                    if rows == len(found):
                        found = np.concatenate((found, np.zeros_like(found)))
                    found[rows, 0], found[rows, 1], found[rows, 2] = one, other, step
                    rows += 1
    return found[:rows]


def meetings(size: Size, random: np.random.Generator) -> Meetings:
    """The contacts that a log shows, in a network that has lived for `BEFORE` steps."""
    closing = min(size.density, 1.0)
    return Meetings(*_live(size.people, closing, BEFORE, int(np.ceil(size.steps)), size.shown, random).T)


def kumpula(log: Log, seed: int) -> Log:
    """A weighted network whose ties are reinforced by use, close triangles and end with people."""
    contacts, _, _ = of_log(log)
    start = Size(log.people, steps=100.0, density=0.05, shown=min(1.0, contacts / (300 * log.people)))
    return grown_log(log, meetings, start, seed, 22)
