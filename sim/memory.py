"""What people hold about each other, over arrays: finding a tie, remembering a contact, who comes to mind, who is
forgotten.

Rules 1, 2, 9 and 10 of the model where they need more than one tie at a time; the formulas are in `sim.rules`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, prange

from sim import rules
from sim.chance import BATCH, Decision, next_attempts, uniform
from sim.population import NEVER, NOBODY

ATTEMPTS = 256  # of keyed rejection before a race
CHUNKS = 64  # parts in which people are handed to threads
ANYONE, SHOWN, OWN_TIES, OF_INDUSTRY = range(4)  # who may come to mind


@njit(cache=True)
def find_slot(people: Any, ties: Any, person: int, other: int) -> int:
    """The slot of a person's tie to another; NOBODY if they do not know each other."""
    first = people[person].first
    for slot in range(people[person].slots):
        if ties[first + slot].other == other:
            return slot
    return NOBODY


@njit(cache=True)
def remember(people: Any, ties: Any, person: int, slot: int, day: int, mass: float, p: Any) -> None:
    """Rules 1, 2 and 5: a contact adds its saturated mass to a person's tie and moves what is derived from it."""
    if mass <= 0.0:
        return
    tie = ties[people[person].first + slot]
    silence = day - tie.last_contact
    held = rules.strength(rules.activation(tie.traces, silence, p), p)
    rules.add_contact(tie.traces, silence, rules.saturated(mass, held))
    tie.last_contact = day
    tie.weight = rules.pull_bound(rules.activation(tie.traces, 0, p), tie.liking, p)
    people[person].ceiling = rules.raised_ceiling(people[person].ceiling, tie.weight)


@njit(cache=True)
def may_come_to_mind(people: Any, tie: Any, day: int, among: int, industry: int, p: Any) -> bool:
    """Whether a tie is among those asked for: anyone, those shown by the feed, ties proper, ties of an industry."""
    if among == ANYONE:
        return True
    if tie.acquaintance:
        return False
    if among == SHOWN:
        return day - people[tie.other].last_post < p.post_days
    return among == OWN_TIES or people[tie.other].industry == industry


@njit(cache=True)
def weight_in_mind(tie: Any, day: int, among: int, p: Any) -> float:
    """Rule 2: the weight of a tie today."""
    boost = 0.0
    if among == SHOWN:
        boost = rules.openness_now(tie.openness, day - tie.opened, p)
    return rules.pull(rules.activation(tie.traces, day - tie.last_contact, p), tie.liking, boost, p)


@njit(cache=True)
def comes_to_mind(
    people: Any, ties: Any, person: int, day: int, cause: int, among: int, industry: int, seed: int, p: Any
) -> int:
    """Rule 2: the slot of whom a prompt falls on, by keyed rejection; NOBODY if there is no candidate.

    An attempt draws a slot and a level by key and holds if the level is below the tie's weight, so a change in one
    weight changes only the picks that touch that tie. The stored bound settles most attempts without looking further.
    """
    first, slots, ceiling = people[person].first, people[person].slots, people[person].ceiling
    if people[person].held == 0:
        return NOBODY
    if among == SHOWN:  # a few of many, so nearly every attempt would fail
        return wins_the_race(people, ties, person, day, cause, among, industry, seed, p)
    draws = np.empty((2, BATCH))
    for attempt in range(ATTEMPTS):
        k = attempt % BATCH
        if k == 0:
            next_attempts(draws, seed, Decision.COMES_TO_MIND, day, person, cause, attempt)
        slot = int(draws[0, k] * slots)
        tie = ties[first + slot]
        level = draws[1, k] * ceiling
        if tie.other == NOBODY or level >= tie.weight or not may_come_to_mind(people, tie, day, among, industry, p):
            continue
        if level < weight_in_mind(tie, day, among, p):
            return slot
    return wins_the_race(people, ties, person, day, cause, among, industry, seed, p)


@njit(cache=True)
def wins_the_race(
    people: Any, ties: Any, person: int, day: int, cause: int, among: int, industry: int, seed: int, p: Any
) -> int:
    """The same choice by a look at everyone, with keyed luck for each: exact, and as stable."""
    chosen, first_time = NOBODY, np.inf
    for slot in range(people[person].slots):
        tie = ties[people[person].first + slot]
        if tie.other == NOBODY or not may_come_to_mind(people, tie, day, among, industry, p):
            continue
        weight = weight_in_mind(tie, day, among, p)
        if weight > 0.0:
            time = rules.race_time(uniform(seed, Decision.COMES_TO_MIND_RACE, day, person, tie.other, cause), weight)
            if time < first_time:
                chosen, first_time = slot, time
    return chosen


@njit(cache=True)
def shown(town: Any, person: int, day: int) -> Any:
    """Rule 2 for the feed: the weight of each of a person's slots, shape (slots,); 0 for who can not be shown.

    Few can, so the weights are worked out once for all of a person's feed items of a phase.
    """
    people, ties, p = town.people, town.ties, town.settings[0]
    weights = np.zeros(people[person].slots)
    for slot in range(people[person].slots):
        tie = ties[people[person].first + slot]
        if tie.other != NOBODY and may_come_to_mind(people, tie, day, SHOWN, 0, p):
            weights[slot] = weight_in_mind(tie, day, SHOWN, p)
    return weights


@njit(cache=True)
def comes_up_in_feed(town: Any, person: int, weights: Any, day: int, cause: int, seed: int) -> int:
    """The slot of whom a feed item is from: the race of `wins_the_race` among the few who are shown."""
    first = town.people[person].first
    chosen, first_time = NOBODY, np.inf
    for slot in range(len(weights)):
        if weights[slot] > 0.0:
            other = town.ties[first + slot].other
            luck = uniform(seed, Decision.COMES_TO_MIND_RACE, day, person, other, cause)
            time = rules.race_time(luck, weights[slot])
            if time < first_time:
                chosen, first_time = slot, time
    return chosen


@njit(cache=True)
def refresh_ceiling(people: Any, ties: Any, person: int, day: int, p: Any) -> None:
    """Rule 2: a person's stored weights and W as of today."""
    first = people[person].first
    heaviest = 0.0
    for slot in range(people[person].slots):
        tie = ties[first + slot]
        if tie.other != NOBODY:
            tie.weight = rules.pull_bound(rules.activation(tie.traces, day - tie.last_contact, p), tie.liking, p)
            heaviest = max(heaviest, tie.weight)
    people[person].ceiling = rules.fresh_ceiling(heaviest)


@njit(cache=True, parallel=True)
def refresh_ceilings(people: Any, ties: Any, day: int, settings: Any) -> None:
    """The same for everyone; on the weekly day, and when the parameters have changed."""
    n = len(people)
    for chunk in prange(CHUNKS):
        for person in range(chunk * n // CHUNKS, (chunk + 1) * n // CHUNKS):
            refresh_ceiling(people, ties, person, day, settings[0])


@njit(cache=True)
def have_mutual_tie(people: Any, ties: Any, one: int, two: int) -> bool:
    """Whether two people share a tie."""
    for slot in range(people[one].slots):
        tie = ties[people[one].first + slot]
        if tie.other == NOBODY or tie.acquaintance:
            continue
        back = find_slot(people, ties, two, tie.other)
        if back != NOBODY and not ties[people[two].first + back].acquaintance:
            return True
    return False


@njit(cache=True)
def strangers_who_met(people: Any, ties: Any, met: Any, gestures: Any) -> Any:
    """Rule 9: pairs (low * n + high, sorted) that met or wrote today and do not know each other yet."""
    n = len(people)
    pairs = np.empty(len(met) + len(gestures), np.int64)
    count = 0
    for k in range(len(met)):
        if find_slot(people, ties, met[k].low, met[k].high) == NOBODY:
            pairs[count] = np.int64(met[k].low) * n + met[k].high
            count += 1
    for k in range(len(gestures)):
        one, two = gestures[k].sender, gestures[k].receiver
        if two != NOBODY and gestures[k].sender_slot == NOBODY and find_slot(people, ties, one, two) == NOBODY:
            pairs[count] = np.int64(min(one, two)) * n + max(one, two)
            count += 1
    return np.unique(pairs[:count])


@njit(cache=True)
def room_needed(people: Any, pairs: Any) -> int:
    """Rows that the pool of ties must have free before these pairs become acquaintances, at most."""
    n = len(people)
    more = np.zeros(n, np.int64)
    for pair in pairs:
        more[pair // n] += 1
        more[pair % n] += 1
    rows = 0
    for person in range(n):
        slots: int = people[person].slots
        while people[person].held + more[person] > slots:
            slots *= 2
            rows += slots
    return rows


@njit(cache=True)
def free_slot(people: Any, ties: Any, used: int, person: int) -> Any:
    """A person's lowest free slot; when there is none their slots double, at the end of the pool.

    Returns:
        The slot, and the rows of the pool that are in use now.
    """
    first, slots = people[person].first, people[person].slots
    for slot in range(slots):
        if ties[first + slot].other == NOBODY:
            return slot, used
    for slot in range(slots):
        ties[used + slot] = ties[first + slot]
    people[person].first = used
    people[person].slots = 2 * slots
    return slots, used + 2 * slots


@njit(cache=True)
def acquaint(people: Any, ties: Any, used: int, pairs: Any, day: int, seed: int, p: Any) -> int:
    """Rule 9: these pairs hold each other as acquaintances from now on; returns the rows of the pool in use."""
    n = len(people)
    for pair in pairs:
        low, high = pair // n, pair % n
        low_slot, used = free_slot(people, ties, used, low)
        high_slot, used = free_slot(people, ties, used, high)
        new_acquaintance(people, ties, low, low_slot, high, high_slot, day, seed, p)
        new_acquaintance(people, ties, high, high_slot, low, low_slot, day, seed, p)
    return used


@njit(cache=True)
def new_acquaintance(
    people: Any, ties: Any, person: int, slot: int, other: int, mirror: int, day: int, seed: int, p: Any
) -> None:
    """One direction of it."""
    tie = ties[people[person].first + slot]
    tie.other, tie.mirror, tie.acquaintance = other, mirror, 1
    tie.last_contact = day
    tie.last_sent, tie.last_received, tie.last_two_way = NEVER, NEVER, NEVER
    tie.opened, tie.planned, tie.post_seen = NEVER, NEVER, NEVER
    tie.liking = rules.liking(seed, person, other, people[person].group == people[other].group, p)
    tie.weight = rules.pull_bound(0.0, tie.liking, p)
    people[person].ceiling = rules.raised_ceiling(people[person].ceiling, tie.weight)
    people[person].held += 1


@njit(cache=True)
def weakest(town: Any, person: int, day: int) -> Any:
    """Slots that a person over capacity would drop: acquaintances first, then the least activation, then the lower
    id.
    """
    people, ties, p = town.people, town.ties, town.settings[0]
    first = people[person].first
    most = people[person].held - people[person].capacity
    dropped = np.empty(most, np.int64)
    taken = np.zeros(people[person].slots, np.bool_)
    for k in range(most):
        best, best_tie, best_activation, best_other = NOBODY, True, 0.0, 0
        for slot in range(people[person].slots):
            tie = ties[first + slot]
            if tie.other == NOBODY or taken[slot]:
                continue
            is_tie = tie.acquaintance == 0
            held = rules.activation(tie.traces, day - tie.last_contact, p)
            if best == NOBODY or (is_tie, held, tie.other) < (best_tie, best_activation, best_other):
                best, best_tie, best_activation, best_other = slot, is_tie, held, tie.other
        taken[best] = True
        dropped[k] = best
    return dropped


@njit(cache=True)
def forget(town: Any, day: int, nothing: Any) -> Any:
    """Rule 10: whoever holds too many names the weakest; what anybody named goes, both directions, once.

    Returns:
        The pairs that went, sorted.
    """
    people, ties = town.people, town.ties
    n = len(people)
    excess = 0
    for person in range(n):
        excess += max(0, people[person].held - people[person].capacity)
    pairs = np.empty(excess, np.int64)
    count = 0
    for person in range(n):
        if people[person].held > people[person].capacity:
            for slot in weakest(town, person, day):
                other = ties[people[person].first + slot].other
                pairs[count] = np.int64(min(person, other)) * n + max(person, other)
                count += 1
    pairs = np.unique(pairs)
    for pair in pairs:
        low, high = pair // n, pair % n
        slot = find_slot(people, ties, low, high)
        mirror = ties[people[low].first + slot].mirror
        ties[people[low].first + slot] = nothing[0]
        ties[people[high].first + mirror] = nothing[0]
        people[low].held -= 1
        people[high].held -= 1
    return pairs


@njit(cache=True)
def active_ties(people: Any, ties: Any, day: int, p: Any) -> Any:
    """Active ties of each person, shape (n,): the one sweep over all ties, for those who ask."""
    counts = np.zeros(len(people), np.int64)
    for person in range(len(people)):
        for row in range(people[person].first, people[person].first + people[person].slots):
            tie = ties[row]
            if tie.other != NOBODY and tie.acquaintance == 0 and rules.is_active(day, tie.last_two_way, tie.two_way, p):
                counts[person] += 1
    return counts
