"""Planned sessions: the feed, lists, posts and invitations."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.budget import back_out, minutes_for_session, pay, pay_session
from sim.engine.compiling import new_scratch, njit_alloc, njit_noalloc
from sim.engine.mind import comes_up_in_feed, shown
from sim.engine.sending import accepts, see_post, send
from sim.model import rules
from sim.model.chance import DrawPurpose, uniform
from sim.model.gestures import Channel, Kind
from sim.model.strategies import Plan
from sim.model.whom import ACTIVE, DORMANT
from sim.state.population import NOBODY


@njit_noalloc
def planned_kind(strategy: int, prompt: Any, day: int, seed: int, p: Any) -> int:
    """The kind of a planned gesture: the strategy's first kind with probability `first_share`, else its second."""
    share = p.first_share[strategy]
    if (
        share >= 1.0
        or uniform(seed, DrawPurpose.PLANNED_KIND, day, prompt.person, prompt.other, prompt.event_key) < share
    ):
        return p.first[strategy]
    return p.second[strategy]


@njit_noalloc
def make_or_back_out(
    state: Any, prompt: Any, kind: int, left: float, out: Any, count: int, day: int, seed: int
) -> tuple[float, int]:
    """Make a planned gesture, or back out of it, in a session with this many minutes left.

    Returns:
        The minutes used, and the gestures in the outbox, which are one more unless the person backed out.
    """
    p = state.settings[0]
    if accepts(state, prompt, kind, rules.channel_of(kind, prompt.channel, p), day, seed):
        return p.minutes[kind], send(state, prompt, out, count, kind, day)
    lost = rules.lost_minutes(left, p)
    state.plans[prompt.plan].minutes_lost += lost
    return lost, count


@njit_alloc
def feed_session(state: Any, prompt: Any, minutes: float, out: Any, count: int, day: int, seed: int) -> int:
    """Hold a feed session: scroll and react once to each person shown, until the minutes run out."""
    people, p = state.people, state.settings[0]
    plan = state.plans[prompt.plan]
    first = people[prompt.person].first
    scratch = new_scratch(state)
    among = shown(state, prompt.person, scratch)
    done = np.zeros(people[prompt.person].slots, np.bool_)
    used, back_outs, item = 0.0, 0, 0
    start = prompt.event_key
    prompt.channel = Channel.FEED
    while used + p.scroll_minutes <= minutes and back_outs < p.backed_out_most:
        prompt.event_key = start + item
        item += 1
        prompt.slot = comes_up_in_feed(state, prompt.person, among, day, prompt.event_key, seed, scratch)
        if prompt.slot == NOBODY:
            break
        used += p.scroll_minutes
        if done[prompt.slot]:
            continue
        done[prompt.slot] = True
        prompt.other = state.contact_ids[first + prompt.slot]
        count = see_post(out, count, state, prompt, day)
        kind = planned_kind(plan.strategy, prompt, day, seed, p)
        if used + p.minutes[kind] > minutes:
            break
        cost, sent = make_or_back_out(state, prompt, kind, minutes - used, out, count, day, seed)
        used += cost
        back_outs += sent == count
        count = sent
    pay(plan, used)
    return count


@njit_alloc
def longest_silent(state: Any, person: int, day: int, wanted: int) -> Any:
    """Slots of the ties on a list, longest silent first, shape (ties,); see `rules.is_listed` for `wanted`."""
    people, ties = state.people, state.ties
    first = people[person].first
    slots = np.empty(people[person].degree, np.int64)
    keys = np.empty(people[person].degree, np.int64)
    count = 0
    for slot in range(people[person].slots):
        tie = ties[first + slot]
        if tie.other != NOBODY and is_listed(tie, day, wanted, state.settings[0]):
            slots[count] = slot
            keys[count] = (np.int64(tie.last_contact) << 32) + tie.other
            count += 1
    return slots[:count][np.argsort(keys[:count], kind="mergesort")]


@njit_noalloc
def is_listed(tie: Any, day: int, wanted: int, p: Any) -> bool:
    """Whether a list of this filter names a tie today; see `rules.is_listed`."""
    standing = rules.standing(tie.traces, day - tie.last_contact)
    return rules.is_listed(wanted, day, tie.planned, tie.acquaintance != 0, standing, tie.last_two_way, tie.two_way, p)


@njit_alloc
def list_session(state: Any, prompt: Any, minutes: float, out: Any, count: int, day: int, seed: int) -> int:
    """Hold a session of notes, or of messages and calls: work down the list until the minutes run out."""
    people, ties, p = state.people, state.ties, state.settings[0]
    plan = state.plans[prompt.plan]
    wanted = rules.list_of(plan.strategy)
    used, back_outs = 0.0, 0
    for slot in longest_silent(state, prompt.person, day, wanted):
        if back_outs >= p.backed_out_most:
            break
        tie = ties[people[prompt.person].first + slot]
        prompt.other, prompt.slot = tie.other, slot
        kind = planned_kind(plan.strategy, prompt, day, seed, p)
        if used + p.minutes[kind] > minutes:
            break
        tie.planned = day
        cost, sent = make_or_back_out(state, prompt, kind, minutes - used, out, count, day, seed)
        used += cost
        back_outs += sent == count
        count = sent
    pay(plan, used)
    return count


@njit_noalloc
def posting_session(state: Any, prompt: Any, minutes: float, out: Any, count: int, day: int) -> int:
    """Hold a posting session: as many posts as the minutes allow. A post has no addressee, so there is no barrier."""
    p = state.settings[0]
    plan = state.plans[prompt.plan]
    start = prompt.event_key
    used, item = 0.0, 0
    while used + p.minutes[Kind.POST] <= minutes:
        prompt.event_key = start + item
        item += 1
        used += p.minutes[Kind.POST]
        count = send(state, prompt, out, count, Kind.POST, day)
    pay(plan, used)
    return count


@njit_alloc
def inviting_session(state: Any, prompt: Any, out: Any, count: int, day: int, seed: int) -> int:
    """Invite dormant and active ties in turn to an event. Without anyone to invite, no event is planned."""
    people, ties, p = state.people, state.ties, state.settings[0]
    plan = state.plans[prompt.plan]
    dormant = longest_silent(state, prompt.person, day, DORMANT)
    active = longest_silent(state, prompt.person, day, ACTIVE)
    if len(dormant) + len(active) == 0:
        return count
    pay_session(plan, p)
    plan.event_day = day + p.event_notice_days
    kind = p.first[plan.strategy]
    invited, d, a = 0, 0, 0
    while invited < p.event_invitations and plan.back_outs < p.backed_out_most and d + a < len(dormant) + len(active):
        if d < len(dormant) and (d <= a or a == len(active)):
            prompt.slot = dormant[d]
            d += 1
        else:
            prompt.slot = active[a]
            a += 1
        if p.minutes[kind] > plan.usable:
            break
        tie = ties[people[prompt.person].first + prompt.slot]
        prompt.other = tie.other
        tie.planned = day
        if accepts(state, prompt, kind, Channel.PRIVATE, day, seed):
            plan.usable = rules.minus(plan.usable, p.minutes[kind])
            count = send(state, prompt, out, count, kind, day)
            invited += 1
        else:
            back_out(plan, p)
    return count


@njit_alloc
def hold_session(state: Any, prompt: Any, out: Any, count: int, day: int, planning: bool, seed: int) -> int:
    """Hold a planned session, of the type that the strategy prescribes; returns the gestures in the outbox so far."""
    minutes = minutes_for_session(state, prompt.plan, day, planning)
    way = state.settings[0].plan[state.plans[prompt.plan].strategy]
    if way == Plan.FEED:
        return feed_session(state, prompt, minutes, out, count, day, seed)
    if way == Plan.LIST:
        return list_session(state, prompt, minutes, out, count, day, seed)
    if way == Plan.POSTS:
        return posting_session(state, prompt, minutes, out, count, day)
    return inviting_session(state, prompt, out, count, day, seed)
