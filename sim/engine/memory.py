"""What people remember about each other, over arrays: ties, contacts, who comes to mind and who is forgotten.

This module covers the steps that need more than one tie at a time. The formulas are in `sim.model.rules`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, prange

from sim.engine.compiling import njit_alloc, njit_inline, njit_noalloc
from sim.engine.pool import free_slot
from sim.engine.prefetch import AHEAD, fetch
from sim.engine.sorting import chunks_of, people_of, rows_by, width_of
from sim.model import rules
from sim.model.chance import BATCH, DrawPurpose, next_attempts, uniform, uniforms_towards
from sim.model.whom import ANYONE, ATTEMPTS, OWN_TIES, SHOWN
from sim.state.population import NEVER, NOBODY

FILTER_BITS = 1 << 12
CONTACT_DAYS = 30  # days that count as recent in `contact_shares`


@njit_inline
def find_slot(state: Any, person: int, other: int) -> int:
    """The slot of a person's tie to another; `NOBODY` if they don't know each other."""
    first = state.people[person].first
    others = state.contact_ids[first : first + state.people[person].slots]
    for start in range(0, len(others), 4):  # slots come in fours
        known = False
        for slot in range(start, start + 4):
            known |= others[slot] == other
        if known:
            for slot in range(start, start + 4):
                if others[slot] == other:
                    return slot
    return NOBODY


@njit_inline
def fetch_known(state: Any, person: int) -> None:
    """Prefetch the ids of a person's contacts and their weight bounds, which are contiguous."""
    first = state.people[person].first
    for row in range(first, first + state.people[person].slots, 16):
        fetch(state.contact_ids, row)
        fetch(state.weight_bounds, row)


@njit_inline
def mirror_of(state: Any, person: int, slot: int) -> int:
    """The slot of the tie's other direction, among the other person's slots; `NOBODY` if there is no tie."""
    return NOBODY if slot == NOBODY else state.ties[state.people[person].first + slot].mirror


@njit_inline
def add_to_memory(tie: Any, day: int, mass: float, p: Any) -> None:
    """Add a contact of this mass to a tie's traces. Strong ties gain less; see `rules.saturated`."""
    if mass <= 0.0:
        return
    silence = day - tie.last_contact
    strength = rules.strength(rules.activation(tie.traces, silence, p), p)
    rules.add_contact(tie.traces, silence, rules.saturated(mass, strength, p))
    tie.last_contact = day


@njit_inline
def remember(state: Any, person: int, slot: int, day: int, mass: float) -> None:
    """Add a contact of this mass to a person's tie, and raise the weight bounds of the tie and the person."""
    if mass <= 0.0:
        return
    p, row = state.settings[0], state.people[person].first + slot
    tie = state.ties[row]
    add_to_memory(tie, day, mass, p)
    bound = rules.pull_bound(rules.activation(tie.traces, 0, p), tie.affinity, p)
    state.weight_bounds[row] = bound
    state.people[person].weight_bound = rules.raised_bound(state.people[person].weight_bound, bound)


@njit_inline
def may_come_to_mind(people: Any, tie: Any, day: int, among: int, industry: int, p: Any) -> bool:
    """Whether a tie passes a filter: `ANYONE`, `SHOWN` by the feed, `OWN_TIES` (no acquaintances) or `OF_INDUSTRY`."""
    if among == ANYONE:
        return True
    if tie.acquaintance:
        return False
    if among == SHOWN:
        return day - people[tie.other].last_post < p.post_days
    return among == OWN_TIES or people[tie.other].industry == industry


@njit_inline
def weight_in_mind(tie: Any, day: int, among: int, p: Any) -> float:
    """Weight with which a tie comes to mind today; see `rules.pull`."""
    boost = 0.0
    if among == SHOWN and p.feed_boost > 0.0:
        boost = rules.openness_now(tie.openness, day - tie.opened, p)
    return rules.pull(rules.activation(tie.traces, day - tie.last_contact, p), tie.affinity, boost, p)


@njit_inline
def bound_today(tie: Any, day: int, p: Any) -> float:
    """Upper bound on the weight of a tie from today until its next contact."""
    return rules.pull_bound(rules.activation(tie.traces, day - tie.last_contact, p), tie.affinity, p)


@njit_inline
def next_attempt(state: Any, person: int, start: int, day: int, event_key: int, seed: int, scratch: Any) -> Any:
    """Run rejection sampling with keyed draws up to the next attempt that may succeed.

    An attempt draws a slot and a level, and succeeds if the level is below the tie's weight. The draws are keyed, so
    changing one weight changes only the choices that involve that tie. Weight bounds reject most attempts without
    reading the tie.

    Returns:
        The number of the attempt, its slot and its level. The slot is `NOBODY` if all `ATTEMPTS` have failed.
    """
    first, slots, weight_bound = (
        state.people[person].first,
        state.people[person].slots,
        state.people[person].weight_bound,
    )
    proposal_slots, bounds = rules.proposal_slots(slots), state.weight_bounds[first : first + slots]
    draws, drawn = scratch.draws, scratch.drawn
    for begin in range(start, ATTEMPTS, BATCH):
        next_attempts(draws, seed, DrawPurpose.COMES_TO_MIND, day, person, event_key, begin)
        for k in range(BATCH):  # in bulk
            drawn[k] = int(draws[0, k] * proposal_slots)
            draws[1, k] *= weight_bound
        for k in range(min(BATCH, ATTEMPTS - begin)):
            slot, level = drawn[k], draws[1, k]
            won = slot < slots
            if won & (level < bounds[slot if won else 0]):  # a single branch, which is easy to predict
                return begin + k, slot, level
    return ATTEMPTS, NOBODY, 0.0


@njit_inline
def succeeds(state: Any, person: int, slot: int, level: float, day: int, among: int, industry: int) -> bool:
    """Whether an attempt succeeds, from the tie itself. It also lowers the stored weight bound to today's."""
    p, row = state.settings[0], state.people[person].first + slot
    tie = state.ties[row]
    state.weight_bounds[row] = bound_today(tie, day, p)
    return level < weight_in_mind(tie, day, among, p) and may_come_to_mind(state.people, tie, day, among, industry, p)


@njit_inline
def comes_to_mind_from(
    state: Any, person: int, attempt: int, slot: int, level: float, day: int, event_key: int, among: int, industry: int,
    seed: int, scratch: Any,
) -> int:  # fmt: skip
    """Continue rejection sampling from an attempt of `next_attempt`; returns the slot of the contact, or `NOBODY`."""
    while slot != NOBODY:
        if succeeds(state, person, slot, level, day, among, industry):
            return slot
        attempt, slot, level = next_attempt(state, person, attempt + 1, day, event_key, seed, scratch)
    return wins_the_race(state, person, day, event_key, among, industry, seed)


@njit_inline
def sample_contact(
    state: Any, person: int, day: int, event_key: int, among: int, industry: int, seed: int, scratch: Any
) -> int:
    """Sample a contact in proportion to weight, with keyed draws; returns the slot, or `NOBODY` if none passes."""
    if state.people[person].degree == 0:
        return NOBODY
    if among == SHOWN:  # few contacts pass this filter, so nearly every attempt would fail
        return wins_the_race(state, person, day, event_key, among, industry, seed)
    attempt, slot, level = next_attempt(state, person, 0, day, event_key, seed, scratch)
    return comes_to_mind_from(state, person, attempt, slot, level, day, event_key, among, industry, seed, scratch)


@njit_noalloc
def wins_the_race(state: Any, person: int, day: int, event_key: int, among: int, industry: int, seed: int) -> int:
    """Sample a contact by an exponential race over all ties, with one keyed draw each; see `rules.race_time`."""
    people, p = state.people, state.settings[0]
    chosen, first_time = NOBODY, np.inf
    for slot in range(people[person].slots):
        tie = state.ties[people[person].first + slot]
        if tie.other == NOBODY or not may_come_to_mind(people, tie, day, among, industry, p):
            continue
        weight = weight_in_mind(tie, day, among, p)
        if weight > 0.0:
            time = rules.race_time(
                uniform(seed, DrawPurpose.COMES_TO_MIND_RACE, day, person, tie.other, event_key), weight
            )
            if time < first_time:
                chosen, first_time = slot, time
    return chosen


@njit_inline
def shown(state: Any, person: int, scratch: Any) -> int:
    """Collect the contacts, acquaintances included, whose posts the feed may show to a person today.

    Their slots, ids and weight bounds go to the front of ``scratch.slots``, ``others`` and ``bounds``.

    Returns:
        How many there are.
    """
    first = state.people[person].first
    count = 0
    for slot in range(state.people[person].slots):
        other = state.contact_ids[first + slot]
        scratch.slots[count] = slot
        count += other != NOBODY and state.showable[other]
    for k in range(count):
        row = first + scratch.slots[k]
        scratch.others[k], scratch.bounds[k] = state.contact_ids[row], state.weight_bounds[row]
    return count


@njit_inline
def enter_race(person: int, count: int, day: int, event_key: int, seed: int, scratch: Any) -> None:
    """Draw the race between the first `count` contacts in `scratch`, with a lower bound on each one's time.

    The bound follows from the weight bound of the tie. Draws go to ``scratch.race_draws``, bounds to ``scratch.times``.
    """
    race_draws, times, bounds = scratch.race_draws[:count], scratch.times[:count], scratch.bounds[:count]
    uniforms_towards(race_draws, scratch.others[:count], seed, DrawPurpose.COMES_TO_MIND_RACE, day, person, event_key)
    for k in range(count):
        times[k] = rules.race_time_at_least(race_draws[k], bounds[k])


@njit_inline
def arrival_in_race(state: Any, person: int, slot: int, draw: float, day: int) -> float:
    """The race time of a contact, from the tie itself; infinite for acquaintances. It also updates the weight bound."""
    p, row = state.settings[0], state.people[person].first + slot
    tie = state.ties[row]
    state.weight_bounds[row] = bound_today(tie, day, p)
    weight = weight_in_mind(tie, day, SHOWN, p)
    return rules.race_time(draw, weight) if tie.acquaintance == 0 and weight > 0.0 else np.inf


@njit_inline
def likeliest_in_feed(person: int, count: int, day: int, event_key: int, seed: int, scratch: Any) -> Any:
    """The contact with the least bound on the race time: slot, draw, and the least bound of all others."""
    enter_race(person, count, day, event_key, seed, scratch)
    times, soonest, rival = scratch.times[:count], 0, np.inf
    for k in range(1, count):
        if times[k] < times[soonest]:
            soonest, rival = k, times[soonest]
        elif times[k] < rival:
            rival = times[k]
    return scratch.slots[soonest], scratch.race_draws[soonest], rival


@njit_inline
def surely_first(state: Any, person: int, slot: int, draw: float, rival: float, day: int) -> bool:
    """Whether the contact from `likeliest_in_feed` wins the race for sure, without computing the other times."""
    time = arrival_in_race(state, person, slot, draw, day)
    return time < np.inf and time <= rival


@njit_inline
def comes_up_in_feed(state: Any, person: int, count: int, day: int, event_key: int, seed: int, scratch: Any) -> int:
    """The slot of a feed item's author; `NOBODY` if the feed may show only acquaintances.

    Contacts are examined in the order of their bounds, until no bound is below the best time so far.
    """
    enter_race(person, count, day, event_key, seed, scratch)
    times, chosen, first_time = scratch.times[:count], NOBODY, np.inf
    for _ in range(count):
        soonest = 0
        for k in range(1, count):
            if times[k] < times[soonest]:
                soonest = k
        if times[soonest] >= first_time:
            break
        times[soonest] = np.inf
        time = arrival_in_race(state, person, scratch.slots[soonest], scratch.race_draws[soonest], day)
        if time < first_time:
            chosen, first_time = scratch.slots[soonest], time
    return chosen


@njit_inline
def heaviest_of(bounds: Any) -> int:
    """Index of the largest of these non-negative floats. Their bits sort in the same order, and compare faster."""
    words, most = bounds.view(np.int32), np.int32(0)
    for slot in range(len(words)):
        most = max(most, words[slot])
    for slot in range(len(words)):
        if words[slot] == most:
            return slot
    return 0


@njit_inline
def refresh_bound(state: Any, person: int, slot: int, day: int) -> None:
    """Lower a person's weight bound to the least power of two that still bounds all weights today.

    `slot` must have the largest stored bound. Only ties whose bound may still be the largest are read.
    """
    first, slots = state.people[person].first, state.people[person].slots
    bounds = state.weight_bounds[first : first + slots]
    while True:
        heaviest = bounds[slot]
        if heaviest > 0.0:
            bounds[slot] = bound_today(state.ties[first + slot], day, state.settings[0])
        if bounds[slot] >= heaviest:
            state.people[person].weight_bound = rules.fresh_bound(heaviest)
            return
        slot = heaviest_of(bounds)


@njit_noalloc
def _refresh_bounds_of(state: Any, start: int, heaviest: Any, day: int) -> None:
    people, count = state.people, len(heaviest)
    for k in range(count):
        first = people[start + k].first
        heaviest[k] = heaviest_of(state.weight_bounds[first : first + people[start + k].slots])
    for k in range(count):
        if k + AHEAD < count:
            fetch(state.ties, people[start + k + AHEAD].first + heaviest[k + AHEAD])
        refresh_bound(state, start + k, heaviest[k], day)


@njit(cache=True, parallel=True)
def refresh_bounds(state: Any, day: int) -> None:
    """Refresh everyone's weight bound, once a week; see `refresh_bound`."""
    n = len(state.people)
    for part in prange(chunks_of(n)):
        start, stop = people_of(part, n)
        _refresh_bounds_of(state, start, np.empty(stop - start, np.int32), day)


@njit(cache=True, nogil=True)
def fresh_bounds(people: Any, ties: Any, day: int, p: Any, start: int, stop: int) -> None:
    """Compute the weight bounds of people `start` to `stop` on this day from all their ties."""
    for person in range(start, stop):
        heaviest = 0.0
        for row in range(people[person].first, people[person].first + people[person].slots):
            if ties[row].other != NOBODY:
                heaviest = max(heaviest, bound_today(ties[row], day, p))
        people[person].weight_bound = rules.fresh_bound(heaviest)


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


@njit(cache=True, parallel=True)
def written_to_strangers(fresh: Any, n: int) -> Any:
    """Pairs of the gestures made today whose sender has no tie to the receiver, shape (pairs,), in any order."""
    pairs = np.full(len(fresh), -1, np.int64)
    for k in prange(len(fresh)):
        if fresh[k].receiver != NOBODY and fresh[k].sender_slot == NOBODY:
            pairs[k] = pair_of(fresh[k], n)
    return pairs[pairs >= 0]


@njit(cache=True, parallel=True)
def acquaint(state: Any, pairs: Any, day: int, seed: int) -> None:
    """Make these pairs (sorted, ``low * n + high``) acquaintances. Everyone must have enough free slots.

    A person's new acquaintances take the lowest free slots in the order of their ids, as in the reference engine.
    """
    n, chunks, bits = len(state.people), chunks_of(len(state.people)), width_of(len(state.people))
    low, high = (pairs // n).astype(np.int32), (pairs % n).astype(np.int32)
    low_slots, high_slots = np.empty(len(pairs), np.int32), np.empty(len(pairs), np.int32)
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


@njit_inline
def _standing_of(tie: Any, day: int, p: Any) -> Any:
    return tie.acquaintance == 0, rules.activation(tie.traces, day - tie.last_contact, p), int(tie.other)


@njit_noalloc
def weakest(state: Any, person: int, day: int, after: int) -> int:
    """The next slot that a person over capacity would drop, after the slot `after` (`NOBODY` for the first).

    Acquaintances go before ties, then the least activation goes first, then the lower id.
    """
    people, ties, p = state.people, state.ties, state.settings[0]
    first = people[person].first
    chosen, least, passed = NOBODY, (True, np.inf, 0), (False, -1.0, 0)
    if after != NOBODY:
        passed = _standing_of(ties[first + after], day, p)
    for slot in range(people[person].slots):
        if ties[first + slot].other != NOBODY:
            standing = _standing_of(ties[first + slot], day, p)
            if passed < standing and (chosen == NOBODY or standing < least):
                chosen, least = slot, standing
    return chosen


@njit_noalloc
def _excess_of(people: Any, start: int, stop: int) -> int:
    excess = 0
    for person in range(start, stop):
        excess += max(0, people[person].degree - people[person].capacity)
    return excess


@njit_noalloc
def _name_pairs_of(state: Any, start: int, stop: int, day: int, pairs: Any) -> None:
    people, n, count = state.people, len(state.people), 0
    for person in range(start, stop):
        slot = NOBODY
        for _ in range(people[person].degree - people[person].capacity):
            slot = weakest(state, person, day, slot)
            other = state.contact_ids[people[person].first + slot]
            pairs[count] = np.int64(min(person, other)) * n + max(person, other)
            count += 1


@njit(cache=True, parallel=True)
def pairs_to_forget(state: Any, day: int) -> Any:
    """Pairs (``low * n + high``) that either person drops because they're over capacity; a pair may occur twice."""
    people, n = state.people, len(state.people)
    at = np.zeros(chunks_of(n) + 1, np.int64)
    for part in prange(chunks_of(n)):
        start, stop = people_of(part, n)
        at[part + 1] = _excess_of(people, start, stop)
    at = np.cumsum(at)
    pairs = np.empty(at[-1], np.int64)
    for part in prange(chunks_of(n)):
        start, stop = people_of(part, n)
        if at[part] < at[part + 1]:
            _name_pairs_of(state, start, stop, day, pairs[at[part] : at[part + 1]])
    return pairs


@njit(cache=True)
def forget(state: Any, day: int) -> Any:
    """Drop the weakest ties of everyone over capacity, in both directions.

    Returns:
        The forgotten pairs (``low * n + high``), sorted.
    """
    n = len(state.people)
    pairs = np.unique(pairs_to_forget(state, day))
    for pair in pairs:
        low, high = pair // n, pair % n
        slot = find_slot(state, low, high)
        mirror = mirror_of(state, low, slot)
        drop(state, low, slot)
        drop(state, high, mirror)
    return pairs


@njit_inline
def drop(state: Any, person: int, slot: int) -> None:
    """Drop one direction of a tie, and free its slot."""
    row = state.people[person].first + slot
    state.ties[row] = state.empty_tie[0]
    state.contact_ids[row], state.weight_bounds[row] = NOBODY, 0.0
    state.people[person].degree -= 1


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
