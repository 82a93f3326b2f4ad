"""What people hold about each other, over arrays: finding a tie, remembering a contact, who comes to mind, who is
forgotten.

Rules 1, 2, 9 and 10 of the model where they need more than one tie at a time; the formulas are in `sim.rules`.
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
from sim.state.population import NEVER, NOBODY

FILTER_BITS = 1 << 12
ATTEMPTS = 256  # of keyed rejection before a race
CONTACT_DAYS = 30  # of the share of the list in two-way contact
ANYONE, SHOWN, OWN_TIES, OF_INDUSTRY = range(4)  # who may come to mind


@njit_inline
def find_slot(state: Any, person: int, other: int) -> int:
    """The slot of a person's tie to another; NOBODY if they do not know each other."""
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
    """Ask memory for whom a person knows and for the bounds, which lie in a row."""
    first = state.people[person].first
    for row in range(first, first + state.people[person].slots, 16):
        fetch(state.contact_ids, row)
        fetch(state.weight_bounds, row)


@njit_inline
def mirror_of(state: Any, person: int, slot: int) -> int:
    """The slot of the other direction of a person's tie, among the other's; NOBODY if there is no tie."""
    return NOBODY if slot == NOBODY else state.ties[state.people[person].first + slot].mirror


@njit_inline
def add_to_memory(tie: Any, day: int, mass: float, p: Any) -> None:
    """Rules 1 and 5: a contact adds its mass to a tie, the less the stronger it is."""
    if mass <= 0.0:
        return
    silence = day - tie.last_contact
    held = rules.strength(rules.activation(tie.traces, silence, p), p)
    rules.add_contact(tie.traces, silence, rules.saturated(mass, held, p))
    tie.last_contact = day


@njit_inline
def remember(state: Any, person: int, slot: int, day: int, mass: float) -> None:
    """The same for a person's tie, and what is derived from it moves along."""
    if mass <= 0.0:
        return
    p, row = state.settings[0], state.people[person].first + slot
    tie = state.ties[row]
    add_to_memory(tie, day, mass, p)
    bound = rules.pull_bound(rules.activation(tie.traces, 0, p), tie.liking, p)
    state.weight_bounds[row] = bound
    state.people[person].weight_bound = rules.raised_bound(state.people[person].weight_bound, bound)


@njit_inline
def may_come_to_mind(people: Any, tie: Any, day: int, among: int, industry: int, p: Any) -> bool:
    """Whether a tie is among those asked for: anyone, those shown by the feed, ties proper, ties of an industry."""
    if among == ANYONE:
        return True
    if tie.acquaintance:
        return False
    if among == SHOWN:
        return day - people[tie.other].last_post < p.post_days
    return among == OWN_TIES or people[tie.other].industry == industry


@njit_inline
def weight_in_mind(tie: Any, day: int, among: int, p: Any) -> float:
    """Rule 2: the weight of a tie today."""
    boost = 0.0
    if among == SHOWN and p.feed_boost > 0.0:
        boost = rules.openness_now(tie.openness, day - tie.opened, p)
    return rules.pull(rules.activation(tie.traces, day - tie.last_contact, p), tie.liking, boost, p)


@njit_inline
def bound_today(tie: Any, day: int, p: Any) -> float:
    """The largest weight that a tie can have from today until its next contact."""
    return rules.pull_bound(rules.activation(tie.traces, day - tie.last_contact, p), tie.liking, p)


@njit_inline
def next_attempt(state: Any, person: int, start: int, day: int, event_key: int, seed: int, scratch: Any) -> Any:
    """Rule 2, keyed rejection: the first attempt from `start` on that may hold, its slot and its level.

    An attempt draws a slot and a level by key and holds if the level is below the tie's weight, so a change in one
    weight changes only the picks that touch that tie. Bounds settle most attempts without a look at the tie. The slot
    is NOBODY if no attempt is left.
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
            if won & (level < bounds[slot if won else 0]):  # one branch, which is nearly always the same
                return begin + k, slot, level
    return ATTEMPTS, NOBODY, 0.0


@njit_inline
def holds(state: Any, person: int, slot: int, level: float, day: int, among: int, industry: int) -> bool:
    """Whether an attempt does, by a look at the tie, which gets the bound of today."""
    p, row = state.settings[0], state.people[person].first + slot
    tie = state.ties[row]
    state.weight_bounds[row] = bound_today(tie, day, p)
    return level < weight_in_mind(tie, day, among, p) and may_come_to_mind(state.people, tie, day, among, industry, p)


@njit_inline
def comes_to_mind_from(
    state: Any, person: int, attempt: int, slot: int, level: float, day: int, event_key: int, among: int, industry: int,
    seed: int, scratch: Any,
) -> int:  # fmt: skip
    """The slot of whom a prompt falls on, if no attempt before this one of `next_attempt` holds."""
    while slot != NOBODY:
        if holds(state, person, slot, level, day, among, industry):
            return slot
        attempt, slot, level = next_attempt(state, person, attempt + 1, day, event_key, seed, scratch)
    return wins_the_race(state, person, day, event_key, among, industry, seed)


@njit_inline
def sample_contact(
    state: Any, person: int, day: int, event_key: int, among: int, industry: int, seed: int, scratch: Any
) -> int:
    """Rule 2: the slot of whom a prompt falls on, by keyed rejection; NOBODY if there is no candidate."""
    if state.people[person].held == 0:
        return NOBODY
    if among == SHOWN:  # of whom there are few, so nearly every attempt would fail
        return wins_the_race(state, person, day, event_key, among, industry, seed)
    attempt, slot, level = next_attempt(state, person, 0, day, event_key, seed, scratch)
    return comes_to_mind_from(state, person, attempt, slot, level, day, event_key, among, industry, seed, scratch)


@njit_noalloc
def wins_the_race(state: Any, person: int, day: int, event_key: int, among: int, industry: int, seed: int) -> int:
    """The same choice by a look at everyone, with keyed luck for each: exact, and as stable."""
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
    """Whom the feed may show to a person today, acquaintances among them: how many.

    Their slots, ids and bounds are the first so many of the scratch.
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
    """A feed item is from whoever wins the race among those of `shown`, so many: the earliest that each may arrive.

    That is with the largest weight that their tie may have. Luck and times are those of the scratch.
    """
    race_draws, times, bounds = scratch.race_draws[:count], scratch.times[:count], scratch.bounds[:count]
    uniforms_towards(race_draws, scratch.others[:count], seed, DrawPurpose.COMES_TO_MIND_RACE, day, person, event_key)
    for k in range(count):
        times[k] = rules.race_time_at_least(race_draws[k], bounds[k])


@njit_inline
def arrival_in_race(state: Any, person: int, slot: int, draw: float, day: int) -> float:
    """When one of them does arrive, by a look at the tie, which gets the bound of today; an acquaintance never."""
    p, row = state.settings[0], state.people[person].first + slot
    tie = state.ties[row]
    state.weight_bounds[row] = bound_today(tie, day, p)
    weight = weight_in_mind(tie, day, SHOWN, p)
    return rules.race_time(draw, weight) if tie.acquaintance == 0 and weight > 0.0 else np.inf


@njit_inline
def likeliest_in_feed(person: int, count: int, day: int, event_key: int, seed: int, scratch: Any) -> Any:
    """Who may arrive first: their slot and luck, and the earliest that anybody else may arrive."""
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
    """Whether the one whom `likeliest_in_feed` found wins, whatever the others do."""
    time = arrival_in_race(state, person, slot, draw, day)
    return time < np.inf and time <= rival


@njit_inline
def comes_up_in_feed(state: Any, person: int, count: int, day: int, event_key: int, seed: int, scratch: Any) -> int:
    """The slot of whom a feed item is from; NOBODY if only acquaintances are shown.

    Whoever may arrive first is looked at first, and the rest only until nobody can win any more.
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
    """Where the largest of these is, all 0 or more: by their bits, which sort as they do and are compared in bulk."""
    words, most = bounds.view(np.int32), np.int32(0)
    for slot in range(len(words)):
        most = max(most, words[slot])
    for slot in range(len(words)):
        if words[slot] == most:
            return slot
    return 0


@njit_inline
def refresh_bound(state: Any, person: int, slot: int, day: int) -> None:
    """Rule 2: a person's W as of today; the slot is that of the largest bound.

    Only the ties whose bounds still might be the largest are looked at.
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
    """The same for everyone, on the weekly day."""
    n = len(state.people)
    for part in prange(chunks_of(n)):
        start, stop = people_of(part, n)
        _refresh_bounds_of(state, start, np.empty(stop - start, np.int32), day)


@njit(cache=True, nogil=True)
def fresh_bounds(people: Any, ties: Any, day: int, p: Any, start: int, stop: int) -> None:
    """Rule 2: W of people start to stop as of this day, by a look at all their ties."""
    for person in range(start, stop):
        heaviest = 0.0
        for row in range(people[person].first, people[person].first + people[person].slots):
            if ties[row].other != NOBODY:
                heaviest = max(heaviest, bound_today(ties[row], day, p))
        people[person].weight_bound = rules.fresh_bound(heaviest)


@njit_alloc
def new_filter() -> Any:
    """Room for `has_mutual_tie` to work in."""
    return np.empty(FILTER_BITS // 64, np.uint64)


@njit_noalloc
def has_mutual_tie(state: Any, one: int, two: int, known: Any) -> bool:
    """Whether two people share a tie: a filter of those whom the one holds spares most looks at those of the other."""
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
    """Rule 9: pairs (low * n + high, sorted) that met or wrote today and do not know each other yet.

    Whoever writes today has looked for the other: only of mail that comes from earlier days nobody knows.
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
    """The number of the pair whom a gesture is between."""
    return np.int64(min(gesture.sender, gesture.receiver)) * n + max(gesture.sender, gesture.receiver)


@njit(cache=True, parallel=True)
def written_to_strangers(fresh: Any, n: int) -> Any:
    """Of the gestures of people who have looked for the other, the pairs who do not know each other."""
    pairs = np.full(len(fresh), -1, np.int64)
    for k in prange(len(fresh)):
        if fresh[k].receiver != NOBODY and fresh[k].sender_slot == NOBODY:
            pairs[k] = pair_of(fresh[k], n)
    return pairs[pairs >= 0]


@njit(cache=True, parallel=True)
def acquaint(state: Any, pairs: Any, day: int, seed: int) -> None:
    """Rule 9: these pairs (sorted) hold each other as acquaintances from now on; all have a free slot for it.

    A person meets whoever has a lower id first, and so takes the others in order of id.
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
    """Find a slot for each of these pairs' other with the person, and fill in who it is."""
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
    """One direction of it, in a slot that is counted as held."""
    people, p, row = state.people, state.settings[0], state.people[person].first + slot
    tie = state.ties[row]
    tie.other, tie.mirror, tie.acquaintance = other, mirror, 1
    tie.last_contact = day
    tie.last_sent, tie.last_received, tie.last_two_way = NEVER, NEVER, NEVER
    tie.opened, tie.planned, tie.post_seen = NEVER, NEVER, NEVER
    tie.liking = rules.liking(seed, person, other, people[person].group == people[other].group, p)
    state.contact_ids[row], state.weight_bounds[row] = other, rules.pull_bound(0.0, tie.liking, p)
    people[person].weight_bound = rules.raised_bound(people[person].weight_bound, state.weight_bounds[row])


@njit_inline
def _standing_of(tie: Any, day: int, p: Any) -> Any:
    return tie.acquaintance == 0, rules.activation(tie.traces, day - tie.last_contact, p), int(tie.other)


@njit_noalloc
def weakest(state: Any, person: int, day: int, after: int) -> int:
    """The slot that a person over capacity would drop after this one (NOBODY: at first): acquaintances before ties,
    then the least activation, then the lower id.
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
        excess += max(0, people[person].held - people[person].capacity)
    return excess


@njit_noalloc
def _name_pairs_of(state: Any, start: int, stop: int, day: int, pairs: Any) -> None:
    people, n, count = state.people, len(state.people), 0
    for person in range(start, stop):
        slot = NOBODY
        for _ in range(people[person].held - people[person].capacity):
            slot = weakest(state, person, day, slot)
            other = state.contact_ids[people[person].first + slot]
            pairs[count] = np.int64(min(person, other)) * n + max(person, other)
            count += 1


@njit(cache=True, parallel=True)
def pairs_to_forget(state: Any, day: int) -> Any:
    """Rule 10: the pairs (low * n + high) whom the one or the other, who holds too many, would drop."""
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
    """Rule 10: whoever holds too many names the weakest; what anybody named goes, both directions, once.

    Returns:
        The pairs that went, sorted.
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
    """One direction of it."""
    row = state.people[person].first + slot
    state.ties[row] = state.empty_tie[0]
    state.contact_ids[row], state.weight_bounds[row] = NOBODY, 0.0
    state.people[person].held -= 1


@njit_inline
def is_active_tie(tie: Any, day: int, p: Any) -> bool:
    """Whether a slot holds a tie, no acquaintance, that is active today."""
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
    """Active ties of each person, shape (n,): the one sweep over all ties, for those who ask."""
    counts = np.zeros(len(people), np.int64)
    for person in range(len(people)):
        for row in range(people[person].first, people[person].first + people[person].slots):
            counts[person] += is_active_tie(ties[row], day, p)
    return counts


@njit(cache=True, nogil=True)
def two_step_reach(people: Any, ties: Any, day: int, p: Any) -> Any:
    """How many others each person reaches within two steps over active ties, shape (n,): contacts, and their contacts.

    The time is that of one sweep over all ties, and one step for each active tie of each contact.
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
    """Share of each person's ties in two-way contact within `CONTACT_DAYS`, shape (n,); nan for people without ties."""
    shares = np.full(len(people), np.nan)
    for person in range(len(people)):
        held, recent = 0, 0
        for row in range(people[person].first, people[person].first + people[person].slots):
            tie = ties[row]
            if tie.other != NOBODY and tie.acquaintance == 0:
                held += 1
                recent += tie.two_way > 0 and day - tie.last_two_way <= CONTACT_DAYS
        if held:
            shares[person] = recent / held
    return shares
