"""Reaching out: everyone reacts to the prompts of the day with gestures.

Everything here affects only the person who reaches out: their ties, minutes, practice and plans.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import prange

from sim.engine.budget import back_out
from sim.engine.compiling import new_scratch, njit_alloc, njit_inline, njit_noalloc, njit_phase
from sim.engine.facts import meets_all, planned_kind, strategy_today
from sim.engine.memory import fetch_known
from sim.engine.prompts import PromptCounts, begin_prompts, count_prompts, outside_prompts, settle_prompts
from sim.engine.sending import accepts, choose_gesture, see_post, send
from sim.engine.sessions import hold_session
from sim.engine.sorting import chunks_of, people_of
from sim.model import rules
from sim.model.compiled import njit
from sim.model.gestures import Channel
from sim.model.places import Place
from sim.model.strategies import Plan
from sim.state.population import FEED_ITEM, GESTURE, NOBODY, PROMPT

PEOPLE_TOGETHER = 16  # prompts of this many people are prepared before any of them acts, to hide memory latency


@njit_inline
def act_spontaneously(state: Any, prompt: Any, out: Any, count: int, day: int, seed: int) -> int:
    """Respond to a spontaneous prompt: see the feed item if it is one, then send the chosen gesture if time allows."""
    p = state.settings[0]
    person = state.people[prompt.person]
    if prompt.channel == Channel.FEED:
        if person.minutes_left < p.scroll_minutes:
            return count
        person.minutes_left = rules.minus(person.minutes_left, p.scroll_minutes)
        count = see_post(out, count, state, prompt, day)
    if p.arriving_share > 0.0 and day < state.people[prompt.other].arrives:
        return count
    kind = choose_gesture(state, prompt, day, seed)
    if kind < 0 or person.minutes_left < p.minutes[kind]:
        return count
    person.minutes_left = rules.minus(person.minutes_left, p.minutes[kind])
    return send(state, prompt, out, count, kind, day)


@njit_noalloc
def act_at_place(state: Any, prompt: Any, out: Any, count: int, day: int, seed: int) -> int:
    """Make the strategy's gesture to a person met, if it has one for them and time allows."""
    p = state.settings[0]
    plan = state.plans[prompt.plan]
    strategy = strategy_today(state, plan.strategy)
    if strategy.plan == Plan.PLACE:
        wanted = state.lists[strategy.first_list]
        if not meets_all(state, wanted.first_term, wanted.terms, prompt, plan.usable, day, seed):
            return count
    kind = planned_kind(state, strategy, -1, prompt, plan.usable, day, seed)
    if kind < 0 or p.minutes[kind] > plan.usable or plan.back_outs >= p.backed_out_most:
        return count
    if not accepts(state, prompt, kind, rules.channel_of(kind, prompt.channel, p), day, seed):
        back_out(plan, p)
        return count
    plan.usable = rules.minus(plan.usable, p.minutes[kind])
    return send(state, prompt, out, count, kind, day)


@njit_inline
def act(state: Any, prompt: Any, out: Any, count: int, day: int, planning: bool, seed: int) -> int:
    """React to one prompt: spontaneously, as planned at a place, or with a session; returns the gestures so far."""
    if prompt.plan == NOBODY:
        return act_spontaneously(state, prompt, out, count, day, seed)
    if prompt.place != Place.NOWHERE:
        return act_at_place(state, prompt, out, count, day, seed)
    return hold_session(state, prompt, out, count, day, planning, seed)


class GroupWork(NamedTuple):
    """Buffers for the prompts of a few people who act together."""

    prompts: np.ndarray  # type `PROMPT`
    first: np.ndarray  # (people + 1,): where the prompts of each person begin
    begun: np.ndarray  # (people,): prompts of each person so far


@njit_noalloc
def act_together(
    state: Any, active: Any, counts: PromptCounts, work: GroupWork, out: Any, count: int, day: int, planning: bool,
    seed: int, scratch: Any,
) -> int:  # fmt: skip
    """Work out the prompts, then the gestures, of a few people whose ids are in ``active``.

    Each pass requests the memory that the next one reads, so the passes must stay separate. Many parameters because
    compiled code takes the outbox, the day and the scratch memory one by one.

    Returns:
        The number of gestures in the outbox.
    """
    for person in active:
        fetch_known(state, person)
    for k, person in enumerate(active):
        mine = work.prompts[work.first[k] : work.first[k + 1]]
        work.begun[k] = begin_prompts(state, person, counts, mine, day, planning, seed, scratch)
    for k in range(len(active)):
        mine = work.prompts[work.first[k] : work.first[k + 1]]
        work.begun[k] = settle_prompts(state, mine, work.begun[k], day, seed, scratch)
    for k in range(len(active)):
        for row in range(work.first[k], work.first[k] + work.begun[k]):
            count = act(state, work.prompts[row], out, count, day, planning, seed)
    return count


@njit_noalloc
def prompted(total: Any, start: int, active: Any, first: Any) -> int:
    """Collect the people with prompts, from `start` up, and where the prompts of each begin; returns how many."""
    count = 0
    for k in range(len(total)):
        active[count] = start + k
        first[count + 1] = first[count] + total[k]
        count += total[k] > 0
    return count


@njit_alloc
def _act_of(state: Any, part: int, counts: PromptCounts, mine: Any, day: int, planning: bool, seed: int) -> int:
    scratch, sent = new_scratch(state), 0
    start, stop = people_of(part, len(state.people))
    active, prompts_first = np.empty(stop - start, np.int64), np.zeros(stop - start + 1, np.int64)
    count = prompted(counts.total[start:stop], start, active, prompts_first)
    prompts, begun = np.empty(prompts_first[count], PROMPT), np.empty(PEOPLE_TOGETHER, np.int64)
    for begin in range(0, count, PEOPLE_TOGETHER):
        end = min(count, begin + PEOPLE_TOGETHER)
        work = GroupWork(prompts, prompts_first[begin : end + 1], begun)
        sent = act_together(state, active[begin:end], counts, work, mine, sent, day, planning, seed, scratch)
    return sent


@njit(cache=True, parallel=True)
def act_all(state: Any, counts: PromptCounts, first: Any, day: int, planning: bool, seed: int) -> Any:
    """Work out everyone's prompts and the gestures that result, person by person, in order of time.

    One function does both, because a prompt affects only its own person until gestures are delivered.

    Returns:
        Gestures and feed items seen, with each chunk of people from its row in `first`; and the number in each chunk.
    """
    chunks, out = chunks_of(len(state.people)), np.empty(first[-1], GESTURE)
    if chunks == 1:
        return out, np.array([_act_of(state, 0, counts, out, day, planning, seed)])
    sent = np.zeros(chunks, np.int64)
    for part in prange(chunks):
        sent[part] = _act_of(state, part, counts, out[first[part] : first[part + 1]], day, planning, seed)
    return out, sent


@njit_noalloc
def _count_seen(out: Any) -> int:
    seen = 0
    for row in range(len(out)):
        seen += out[row].delivery == FEED_ITEM
    return seen


@njit_noalloc
def _pack(out: Any, gestures: Any, seen: Any) -> None:
    count = count_seen = 0
    for row in range(len(out)):
        if out[row].delivery == FEED_ITEM:
            seen[count_seen] = out[row]
            count_seen += 1
        else:
            gestures[count] = out[row]
            count += 1


@njit_alloc
def _packed(out: Any) -> Any:
    seen = _count_seen(out)
    gestures, items = np.empty(len(out) - seen, GESTURE), np.empty(seen, GESTURE)
    _pack(out, gestures, items)
    return gestures, items


@njit(cache=True, parallel=True)
def packed_together(out: Any, first: Any, sent: Any) -> Any:
    """Pack the outboxes without the unused rows; returns gestures and feed items seen, both of type `GESTURE`."""
    chunks = len(sent)
    if chunks == 1:
        return _packed(out[: sent[0]])
    at, at_seen = np.zeros(chunks + 1, np.int64), np.zeros(chunks + 1, np.int64)
    for part in prange(chunks):
        at_seen[part + 1] = _count_seen(out[first[part] : first[part] + sent[part]])
    for part in range(chunks):
        at_seen[part + 1] += at_seen[part]
        at[part + 1] = at[part] + sent[part] - (at_seen[part + 1] - at_seen[part])
    gestures, seen = np.empty(at[chunks], GESTURE), np.empty(at_seen[chunks], GESTURE)
    for part in prange(chunks):
        mine = out[first[part] : first[part] + sent[part]]
        _pack(mine, gestures[at[part] : at[part + 1]], seen[at_seen[part] : at_seen[part + 1]])
    return gestures, seen


@njit_phase
def reach_out(state: Any, met: Any, day: int, planning: bool, seed: int) -> Any:
    """Find everyone's prompts of the day and the gestures that they make in response.

    Returns:
        Gestures sent today, and feed items seen, both of type `GESTURE`.
    """
    outside, outside_first = outside_prompts(state, met, day, seed)
    counts, first = count_prompts(state, outside, outside_first, day, planning, seed)
    out, sent = act_all(state, counts, first, day, planning, seed)
    return packed_together(out, first, sent)
