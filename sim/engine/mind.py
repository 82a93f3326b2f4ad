"""Who comes to mind, over arrays: contacts are sampled in proportion to weight, by rejection or by a race."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.compiling import njit_inline, njit_noalloc
from sim.engine.memory import bound_today
from sim.model import rules
from sim.model.chance import BATCH, DrawPurpose, next_attempts, uniform, uniforms_towards
from sim.model.whom import ANYONE, ATTEMPTS, OWN_TIES, SHOWN
from sim.state.population import NOBODY


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
    silence = day - tie.last_contact
    attraction = rules.attraction(tie.affinity, rules.closeness_now(tie.closeness, silence, p), p)
    return rules.pull(rules.activation(tie.traces, silence, p), attraction, boost, p)


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
    """Continue rejection sampling from an attempt of `next_attempt`; returns the slot of the contact, or `NOBODY`.

    Many parameters because compiled code passes the attempt, the key of the draw and the filter value by value.
    """
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
