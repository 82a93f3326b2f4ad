"""Prompts of the day: what brings whom to mind, and when.

They come from outside (meetings and birthdays), from routine, the feed and chance encounters, and from plans.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import prange

from sim.engine.budget import minutes_for_session, most_gestures
from sim.engine.compiling import njit_alloc, njit_inline, njit_noalloc
from sim.engine.memory import find_slot, mirror_of
from sim.engine.mind import comes_to_mind_from, comes_up_in_feed, likeliest_in_feed, next_attempt, shown, surely_first
from sim.engine.prefetch import fetch
from sim.engine.sorting import chunks_of, people_of, rows_by
from sim.model import rules
from sim.model.chance import DrawPurpose, Occasion, event_key_of, poisson, two_uniforms, uniform, uniforms_of_people
from sim.model.compiled import njit
from sim.model.gestures import Channel
from sim.model.places import Place
from sim.model.whom import A_CONTACT, ANYBODY, ANYONE
from sim.state.population import NOBODY, PROMPT

SAME_AGAIN = -2  # `attempt` of a prompt about the same contact as the one before


@njit(cache=True)
def outside_prompts(state: Any, met: Any, day: int, seed: int) -> Any:
    """Prompts from outside: one for each side of each meeting, and one for each birthday that is noticed.

    Returns:
        The prompts, type `PROMPT`, sorted by person, and the row at which each person's prompts begin, shape (n + 1,).
    """
    people = state.people
    today = state.birthday_people[state.birthday_first[day % 365] : state.birthday_first[day % 365 + 1]]
    most = 2 * len(met)
    for person in today:
        most += people[person].degree
    prompts = np.empty(most, PROMPT)
    count = 0
    for k in range(len(met)):
        low, high, place = met[k].low, met[k].high, met[k].place
        order = int(
            2**20 * uniform(seed, DrawPurpose.MEETING_ORDER, day, low, high, event_key_of(Occasion.PLACE, place))
        )
        slot = find_slot(state, low, high)
        back = mirror_of(state, low, slot)
        for side in range(2):
            prompt = prompts[count]
            prompt.person, prompt.other = (low, high) if side == 0 else (high, low)
            prompt.slot = slot if side == 0 else back
            prompt.plan = met[k].low_plan if side == 0 else met[k].high_plan
            prompt.event_key = event_key_of(Occasion.MEETING, (place << 20) | order)
            prompt.second, prompt.channel, prompt.place = met[k].second, Channel.IN_PERSON, place
            prompt.attempt = NOBODY
            count += 1
    for person in today:
        for slot in range(people[person].slots):
            if birthday_noticed(state, person, slot, day, seed):
                birthday_prompt(state, person, slot, prompts[count], day, seed)
                count += 1
    found = prompts[:count].copy()
    first, by_person = rows_by(found["person"], len(people))
    for row in range(count):
        found[row] = prompts[by_person[row]]
    return found, first


@njit_inline
def birthday_noticed(state: Any, person: int, slot: int, day: int, seed: int) -> bool:
    """Whether the contact in this slot notices the person's birthday. Acquaintances don't, nor does who is away."""
    tie = state.ties[state.people[person].first + slot]
    if tie.other == NOBODY or tie.acquaintance:
        return False
    draw = uniform(seed, DrawPurpose.BIRTHDAY_NOTICED, day, tie.other, person, event_key_of(Occasion.BIRTHDAY, 0))
    if draw >= state.settings[0].birthday_noticed:
        return False
    return bool(rules.is_on_channel(day, state.people[tie.other].arrives, state.people[tie.other].leaves))


@njit_inline
def birthday_prompt(state: Any, person: int, slot: int, prompt: Any, day: int, seed: int) -> None:
    """Fill in the prompt of a contact, the one in this slot, who noticed the person's birthday."""
    tie, event_key = state.ties[state.people[person].first + slot], event_key_of(Occasion.BIRTHDAY, 0)
    prompt.person, prompt.other, prompt.slot = tie.other, person, tie.mirror
    prompt.event_key, prompt.channel, prompt.place, prompt.plan = event_key, Channel.PRIVATE, Place.NOWHERE, NOBODY
    prompt.attempt = NOBODY
    u = uniform(seed, DrawPurpose.PROMPT_SECOND, day, tie.other, person, event_key)
    prompt.second = rules.second_of_day(u, state.settings[0])


@njit_inline
def activity_today(state: Any, person: int, day: int, seed: int) -> float:
    """Factor on how often others come to a person's mind today: sociability times the burst factor of the spell."""
    activity = state.activity[person]
    if day >= activity.until:
        p = state.settings[0]
        activity.factor = state.people[person].sociability * rules.burst_factor(seed, person, day, p)
        activity.until = rules.end_of_spell(seed, person, day, p)
    return float(activity.factor)


@njit_inline
def sitting(person: int, number: int, day: int, seed: int, p: Any) -> int:
    """The number of prompts in one of today's sittings; see `rules.sitting_size`."""
    if p.sitting_prompts <= 1.0:
        return 1
    u = uniform(seed, DrawPurpose.SITTING, day, person, 0, event_key_of(Occasion.ROUTINE, number))
    return int(rules.sitting_size(u, p))


@njit_inline
def count_routine(person: int, activity: float, draw: float, day: int, seed: int, p: Any) -> int:
    """Count today's routine prompts, in a Poisson number of sittings at the quantile `draw`.

    `activity` is the factor on `routine_rate` that gives the rate of sittings.
    """
    sittings, count = poisson(p.routine_rate * activity, draw), 0
    for number in range(sittings):
        count += sitting(person, number, day, seed, p)
    return count


@njit_inline
def count_ordinary(state: Any, person: int, draw: Any, counts: Any, day: int, seed: int) -> None:
    """Count today's routine, feed and encounter prompts: Poisson counts at the quantiles `draw`; shapes (3,)."""
    p, activity = state.settings[0], activity_today(state, person, day, seed)
    if not rules.is_on_channel(day, state.people[person].arrives, state.people[person].leaves):
        counts[:] = 0
        return
    level = rules.channel_level(day, p) / p.sitting_prompts
    counts[0] = count_routine(person, level * activity, draw[0], day, seed, p)
    counts[1] = poisson(p.feed_rate * activity, draw[1])
    counts[2] = poisson(p.encounter_rate * activity, draw[2])


class PromptCounts(NamedTuple):
    """How many prompts people have today."""

    outside: np.ndarray  # prompts from meetings and birthdays, type `PROMPT`, sorted by person
    outside_first: np.ndarray  # (n + 1,): where those of each person begin
    ordinary: np.ndarray  # (n, 3): from routine, the feed and encounters
    total: np.ndarray  # (n,): of all kinds, with planned sessions


@njit_noalloc
def _count_prompts_of(state: Any, start: int, stop: int, counts: PromptCounts, day: int, planning: bool) -> int:
    """Add up the prompts of people `start` and up; returns the rows needed for the gestures that may result."""
    room = 0
    for person in range(start, stop):
        ordinary = counts.ordinary[person]
        total = ordinary[0] + ordinary[1] + ordinary[2]
        total += counts.outside_first[person + 1] - counts.outside_first[person]
        room += total + ordinary[1]
        for row in range(state.plan_first[person], state.plan_first[person + 1]):
            minutes = minutes_for_session(state, row, day, planning)
            if minutes > 0.0:
                total += 1
                room += most_gestures(state, row, minutes)
        counts.total[person] = total
    return room


@njit_noalloc
def _count_ordinary_of(state: Any, start: int, draw: Any, ordinary: Any, day: int, seed: int) -> None:
    for k in range(draw.shape[1]):
        count_ordinary(state, start + k, draw[:, k], ordinary[start + k], day, seed)


@njit_alloc
def _count_all_of(state: Any, part: int, counts: PromptCounts, day: int, planning: bool, seed: int) -> int:
    start, stop = people_of(part, len(state.people))
    draw = np.empty((3, stop - start))
    uniforms_of_people(draw[0], seed, DrawPurpose.ROUTINE_COUNT, day, start)
    uniforms_of_people(draw[1], seed, DrawPurpose.FEED_COUNT, day, start)
    uniforms_of_people(draw[2], seed, DrawPurpose.ENCOUNTER_COUNT, day, start)
    _count_ordinary_of(state, start, draw, counts.ordinary, day, seed)
    return _count_prompts_of(state, start, stop, counts, day, planning)


@njit(cache=True, parallel=True)
def count_prompts(state: Any, outside: Any, outside_first: Any, day: int, planning: bool, seed: int) -> Any:
    """Count each person's prompts for today.

    Returns:
        The counts; and the row at which the gestures of each chunk of people begin, with room for the maximum, shape
        (chunks + 1,).
    """
    n = len(state.people)
    counts = PromptCounts(outside, outside_first, np.empty((n, 3), np.int32), np.empty(n, np.int32))
    if chunks_of(n) == 1:
        return counts, np.array([0, _count_all_of(state, 0, counts, day, planning, seed)])
    room = np.zeros(chunks_of(n) + 1, np.int64)
    for part in prange(chunks_of(n)):
        room[part + 1] = _count_all_of(state, part, counts, day, planning, seed)
    return counts, np.cumsum(room)


@njit_inline
def new_prompt(
    prompt: Any, person: int, other: int, slot: int, event_key: int, channel: int, day: int, seed: int, p: Any
) -> None:
    """Fill in a spontaneous prompt. Its second of the day is a keyed draw.

    Many parameters because compiled code takes the fields of a prompt one by one.
    """
    prompt.person, prompt.other, prompt.slot, prompt.event_key, prompt.channel = person, other, slot, event_key, channel
    prompt.second = rules.second_of_day(uniform(seed, DrawPurpose.PROMPT_SECOND, day, person, 0, event_key), p)
    prompt.place, prompt.plan, prompt.attempt = Place.NOWHERE, NOBODY, NOBODY


@njit_inline
def begin_thought(state: Any, prompt: Any, day: int, seed: int, scratch: Any) -> None:
    """Propose a contact for a prompt and prefetch the tie; `settle_prompt` accepts it or draws again."""
    prompt.attempt, prompt.slot, prompt.draw = next_attempt(
        state, prompt.person, 0, day, prompt.event_key, seed, scratch
    )
    if prompt.slot != NOBODY:
        fetch(state.ties, state.people[prompt.person].first + prompt.slot)


@njit_inline
def begin_feed_item(state: Any, prompt: Any, among: int, day: int, seed: int, scratch: Any) -> None:
    """Propose the author of a feed item among the first `among` contacts in `scratch`, and prefetch the tie."""
    prompt.attempt = 0
    prompt.slot, prompt.draw, prompt.rival = likeliest_in_feed(
        prompt.person, among, day, prompt.event_key, seed, scratch
    )
    fetch(state.ties, state.people[prompt.person].first + prompt.slot)


@njit_inline
def someone(state: Any, person: int, among: int, u: float) -> int:
    """Anyone of a person's community, or of the whole world, for a uniform draw; contacts are not left out.

    For somebody unobserved it is one of the observed people, or nobody else if there are none.
    """
    people, first = state.people, state.community_first
    if among == ANYBODY and people[person].unobserved == 0:
        return int(u * len(people))
    start, stop = people[person].community, people[person].community + 1
    if people[person].unobserved == 1:
        communities = len(first) // 2
        if among == ANYBODY:
            start, stop = 0, communities
        start, stop = start + communities, stop + communities
    if first[start] == first[stop]:
        return person
    return int(state.community_people[first[start] + int(u * (first[stop] - first[start]))])


@njit_inline
def begin_sittings(state: Any, person: int, total: int, prompts: Any, day: int, seed: int, scratch: Any) -> int:
    """Begin today's prompts from routine, sitting by sitting; returns how many."""
    p, count, number = state.settings[0], 0, 0
    while count < total:
        size = sitting(person, number, day, seed, p)
        number += 1
        for k in range(size):
            event_key = event_key_of(Occasion.ROUTINE, count)
            prompt = prompts[count]
            new_prompt(prompt, person, NOBODY, NOBODY, event_key, Channel.PRIVATE, day, seed, p)
            same, gap = 1.0, 0.5
            if k > 0:
                same, gap = two_uniforms(seed, DrawPurpose.SITTING, day, person, 1, event_key)
                prompt.second = rules.next_in_sitting(prompts[count - 1].second, gap, p)
            if same < p.sitting_same:
                prompt.attempt = SAME_AGAIN
            elif not about_somebody_new(state, prompt, day, seed):
                begin_thought(state, prompt, day, seed, scratch)
            count += 1
    return count


@njit_inline
def about_somebody_new(state: Any, prompt: Any, day: int, seed: int) -> bool:
    """Whether a routine prompt is about somebody new, who is then filled in; see `rules.routine_about`."""
    p, person = state.settings[0], prompt.person
    if p.routine_new == 0.0:
        return False
    among = rules.routine_about(uniform(seed, DrawPurpose.ROUTINE_WHO, day, person, 0, prompt.event_key), p)
    for attempt in range(1, rules.MOST_ATTEMPTS + 1 if among != A_CONTACT else 0):
        u = uniform(seed, DrawPurpose.ROUTINE_WHO, day, person, attempt, prompt.event_key)
        other = someone(state, person, among, u)
        if other != person and rules.is_on_channel(day, state.people[other].arrives, state.people[other].leaves):
            prompt.other, prompt.slot = other, find_slot(state, person, other)
            return True
    return False


@njit_inline
def begin_ordinary_prompts(
    state: Any, person: int, counts: Any, prompts: Any, day: int, seed: int, scratch: Any
) -> int:
    """Begin today's prompts from routine, feed and encounters; returns how many. Some have no final contact yet."""
    p, count = state.settings[0], 0
    if state.people[person].degree > 0 or p.routine_new > 0.0:
        count = begin_sittings(state, person, counts[0], prompts, day, seed, scratch)
    many = shown(state, person, scratch) if counts[1] > 0 else 0
    for k in range(counts[1] if many > 0 else 0):
        new_prompt(prompts[count], person, NOBODY, NOBODY, event_key_of(Occasion.FEED, k), Channel.FEED, day, seed, p)
        begin_feed_item(state, prompts[count], many, day, seed, scratch)
        count += 1
    for k in range(counts[2]):
        event_key = event_key_of(Occasion.ENCOUNTER, k)
        who = uniform(seed, DrawPurpose.ENCOUNTER_WHO, day, person, 0, event_key)
        among = rules.encounter_among(who, p)
        if among != A_CONTACT:
            u = uniform(seed, DrawPurpose.ENCOUNTER_STRANGER, day, person, 0, event_key)
            other = someone(state, person, among, u)
            if other != person:
                slot = find_slot(state, person, other)
                new_prompt(prompts[count], person, other, slot, event_key, Channel.IN_PERSON, day, seed, p)
                count += 1
        elif state.people[person].degree > 0:
            new_prompt(prompts[count], person, NOBODY, NOBODY, event_key, Channel.IN_PERSON, day, seed, p)
            begin_thought(state, prompts[count], day, seed, scratch)
            count += 1
    return count


@njit_inline
def begin_prompts(
    state: Any, person: int, counts: PromptCounts, prompts: Any, day: int, planning: bool, seed: int, scratch: Any
) -> int:
    """Begin all of a person's prompts of the day, with those from outside and planned sessions; returns how many."""
    count = begin_ordinary_prompts(state, person, counts.ordinary[person], prompts, day, seed, scratch)
    for k in range(counts.outside_first[person], counts.outside_first[person + 1]):
        prompts[count] = counts.outside[k]
        count += 1
    for row in range(state.plan_first[person], state.plan_first[person + 1]):
        if minutes_for_session(state, row, day, planning) > 0.0:
            event_key = event_key_of(Occasion.PLAN, state.plans[row].strategy << 16)
            new_prompt(prompts[count], person, NOBODY, NOBODY, event_key, Channel.PRIVATE, day, seed, state.settings[0])
            prompts[count].plan = row
            count += 1
    return count


@njit_inline
def settle_prompt(state: Any, prompt: Any, day: int, seed: int, scratch: Any) -> bool:
    """Choose the contact of a prompt, now that its tie is in the cache; returns False if there is nobody to choose."""
    person = prompt.person
    if prompt.attempt == NOBODY:
        return True
    if prompt.channel != Channel.FEED:
        prompt.slot = comes_to_mind_from(
            state, person, prompt.attempt, prompt.slot, prompt.draw, day, prompt.event_key, ANYONE, 0, seed, scratch
        )
    elif not surely_first(state, person, prompt.slot, prompt.draw, prompt.rival, day):
        among = shown(state, person, scratch)
        prompt.slot = comes_up_in_feed(state, person, among, day, prompt.event_key, seed, scratch)
    if prompt.slot == NOBODY:
        return False
    prompt.other = state.contact_ids[state.people[person].first + prompt.slot]
    return True


@njit_inline
def settle_prompts(state: Any, prompts: Any, begun: int, day: int, seed: int, scratch: Any) -> int:
    """Choose the contact of each prompt, and sort by (second, event key, other); returns how many prompts remain."""
    count, settled = 0, False
    for k in range(begun):
        if prompts[k].attempt == SAME_AGAIN:
            if settled:
                prompts[k].slot, prompts[k].other = prompts[count - 1].slot, prompts[count - 1].other
        else:
            settled = settle_prompt(state, prompts[k], day, seed, scratch)
        if settled:
            if count < k:
                prompts[count] = prompts[k]
            count += 1
    for k in range(1, count):
        for j in range(k, 0, -1):
            if not earlier_prompt(prompts[j], prompts[j - 1]):
                break
            scratch.prompt[0] = prompts[j]
            prompts[j] = prompts[j - 1]
            prompts[j - 1] = scratch.prompt[0]
    return count


@njit_inline
def earlier_prompt(one: Any, two: Any) -> bool:
    """Whether one prompt comes before another: by second, then event key, then the id of the other person."""
    if one.second != two.second:
        return one.second < two.second
    if one.event_key != two.event_key:
        return one.event_key < two.event_key
    return one.other < two.other
