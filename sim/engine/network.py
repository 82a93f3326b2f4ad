"""Statistics of the network of active ties, over arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.compiling import njit_inline
from sim.model import rules
from sim.model.compiled import njit
from sim.state.population import NOBODY

CONTACT_DAYS = 30  # days that count as recent in `contact_shares`


@njit_inline
def is_active_tie(tie: Any, day: int, p: Any) -> bool:
    """Whether a slot has a tie that is active today. Acquaintances never are."""
    return tie.other != NOBODY and tie.acquaintance == 0 and rules.is_active(day, tie.last_two_way, tie.two_way, p)


@njit(cache=True)
def active_rows(ties: Any, day: int, p: Any) -> Any:
    """Which of these ties are active today, shape (len(ties),)."""
    active = np.zeros(len(ties), np.bool_)
    for row in range(len(ties)):
        active[row] = is_active_tie(ties[row], day, p)
    return active


@njit(cache=True, nogil=True)
def active_ties(people: Any, ties: Any, day: int, p: Any) -> Any:
    """Count the active ties of each person, shape (n,). It reads all ties."""
    counts = np.zeros(len(people), np.int64)
    for person in range(len(people)):
        for row in range(people[person].first, people[person].first + people[person].slots):
            counts[person] += is_active_tie(ties[row], day, p)
    return counts


@njit(cache=True, nogil=True)
def two_step_reach(people: Any, ties: Any, day: int, p: Any) -> Any:
    """Count the people within two steps of each person over active ties, shape (n,): contacts and their contacts.

    It reads all ties once, and takes one step for each active tie of each contact.
    """
    n = len(people)
    first = np.zeros(n + 1, np.int64)
    first[1:] = np.cumsum(active_ties(people, ties, day, p))
    contacts, filled = np.empty(first[n], np.int32), 0
    for person in range(n):
        for row in range(people[person].first, people[person].first + people[person].slots):
            if is_active_tie(ties[row], day, p):
                contacts[filled] = ties[row].other
                filled += 1
    reach = np.zeros(n, np.int64)
    reached_by = np.full(n, NOBODY, np.int32)  # the last one to reach each person
    for person in range(n):
        reached_by[person] = person
        for one in contacts[first[person] : first[person + 1]]:
            reach[person] += reached_by[one] != person
            reached_by[one] = person
            for other in contacts[first[one] : first[one + 1]]:
                reach[person] += reached_by[other] != person
                reached_by[other] = person
    return reach


@njit(cache=True, nogil=True)
def contact_shares(people: Any, ties: Any, day: int) -> Any:
    """Share of each person's ties with two-way contact in the last `CONTACT_DAYS`, shape (n,); nan without ties."""
    shares = np.full(len(people), np.nan)
    for person in range(len(people)):
        count, recent = 0, 0
        for row in range(people[person].first, people[person].first + people[person].slots):
            tie = ties[row]
            if tie.other != NOBODY and tie.acquaintance == 0:
                count += 1
                recent += tie.two_way > 0 and day - tie.last_two_way <= CONTACT_DAYS
        if count:
            shares[person] = recent / count
    return shares
