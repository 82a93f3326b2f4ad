"""A growing social network (Jin, Girvan & Newman 2001, Phys. Rev. E 64:046132), model II.

In each step, pairs drawn at random meet, and so do pairs of friends of one person, drawn for each pair that has a
friend in common. They become friends unless they are, or one of them has as many friends as a person can have. Then a
share of friendships ends. Numbers as published: `THROUGH_FRIENDS`, `ENDING`, and `AT_RANDOM` for 250 people, which is
kept per person here.

A meeting of two who are friends afterwards is a contact, in a random direction. Fitted: the largest number of friends
(the density; a fraction means that some people have one more), the share of meetings shown and the length of a step
(`experiments.rivals.growing`). Simplified: everybody's friends are few or many alike, and a step has no hours.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from experiments.logs.log import Log
from experiments.rivals.growing import Meetings, Size, grown_log, of_log

AT_RANDOM = 0.0005 * 249 / 2  # meetings at random, per person and step: 0.0005 for each pair of 250 people
THROUGH_FRIENDS = 2.0  # meetings for each two friends of one person, per step
ENDING = 0.005  # share of friendships that end in a step
BEFORE = 200  # steps before the log, in which friendships are renewed once on average


@njit(cache=True)
def _place(friends: Any, count: Any, one: int, other: int) -> int:
    """Where somebody is among the friends of another; -1 if they are not."""
    for k in range(count[one]):
        if friends[one, k] == other:
            return k
    return -1


@njit(cache=True)
def _meet(friends: Any, count: Any, most: Any, one: int, other: int) -> bool:
    """Let two people meet; returns whether they are friends afterwards."""
    if one == other:
        return False
    if _place(friends, count, one, other) >= 0:
        return True
    if count[one] >= most[one] or count[other] >= most[other]:
        return False
    friends[one, count[one]] = other
    friends[other, count[other]] = one
    count[one] += 1
    count[other] += 1
    return True


@njit(cache=True)
def _part(friends: Any, count: Any, one: int, other: int) -> None:
    """End a friendship."""
    for a, b in ((one, other), (other, one)):
        k = _place(friends, count, a, b)
        count[a] -= 1
        friends[a, k] = friends[a, count[a]]


@njit(cache=True)
def _live(most: Any, before: int, steps: int, shown: float, random: Any) -> Any:
    """Meetings shown in the last steps: two people and the step, shape (meetings, 3).

    Args:
        most: the most friends that each person can have, (people,).
        before: steps that are not shown.
        steps: steps after those.
        shown: share of meetings that are shown.
        random: a generator of random numbers.
    """
    people, largest = len(most), most.max()
    friends, count = np.zeros((people, largest), np.int64), np.zeros(people, np.int64)
    found, rows = np.zeros((1_024, 3), np.int64), 0
    for step in range(-before, steps):
        at_random = int(AT_RANDOM * people + random.random())
        twos = 0.0
        for person in range(people):
            twos += count[person] * (count[person] - 1) / 2
        through = int(THROUGH_FRIENDS * twos + random.random())
        for meeting in range(at_random + through):
            one, other = 0, 0
            if meeting < at_random:
                one, other = int(people * random.random()), int(people * random.random())
            else:
                person = int(people * random.random())
                while random.random() * largest * (largest - 1) >= count[person] * (count[person] - 1):
                    person = int(people * random.random())
                first, second = int(count[person] * random.random()), int((count[person] - 1) * random.random())
                one, other = friends[person, first], friends[person, second + (second >= first)]
            if _meet(friends, count, most, one, other) and step >= 0 and random.random() < shown:
                if rows == len(found):
                    found = np.concatenate((found, np.zeros_like(found)))
                found[rows, 0], found[rows, 1], found[rows, 2] = one, other, step
                rows += 1
        for _ in range(int(ENDING * count.sum() / 2 + random.random())):
            person = int(people * random.random())
            while random.random() * largest >= count[person]:
                person = int(people * random.random())
            _part(friends, count, person, friends[person, int(count[person] * random.random())])
    return found[:rows]


def meetings(size: Size, random: np.random.Generator) -> Meetings:
    """The meetings that a log shows, in a network that has grown for `BEFORE` steps."""
    most = np.minimum(np.floor(size.density + random.random(size.people)), size.people - 1).astype(np.int64)
    found = _live(np.maximum(most, 2), BEFORE, int(np.ceil(size.steps)), size.shown, random)
    return Meetings(*found.T)


def jin_girvan_newman(log: Log, seed: int) -> Log:
    """A growing network with meetings through common friends, endings, and a limit on friends."""
    contacts, degree, _ = of_log(log)
    twos = log.people * degree**2 / 2 * THROUGH_FRIENDS
    start = Size(log.people, steps=100.0, density=max(2.0, degree / 2), shown=min(1.0, contacts / (100 * twos / 4)))
    return grown_log(log, meetings, start, seed, 20)
