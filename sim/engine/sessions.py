"""Planned sessions: the feed, lists, posts and invitations."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.budget import back_out, minutes_for_session, pay, pay_session
from sim.engine.compiling import new_scratch, njit_alloc, njit_noalloc
from sim.engine.facts import contacts_in_turn, meets_all, orders_for, planned_kind, strategy_today
from sim.engine.mind import comes_up_in_feed, shown
from sim.engine.sending import accepts, see_post, send
from sim.model import rules
from sim.model.gestures import Channel, Kind
from sim.model.strategies import Plan
from sim.state.population import NOBODY


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
    strategy = strategy_today(state, plan.strategy)
    wanted = state.lists[strategy.first_list]
    first = people[prompt.person].first
    scratch = new_scratch(state)
    among = shown(state, prompt.person, scratch)
    done = np.zeros(people[prompt.person].slots, np.bool_)
    used, back_outs, item, contacted = 0.0, 0, 0, 0
    start = prompt.event_key
    prompt.channel = Channel.FEED
    while used + p.scroll_minutes <= minutes and back_outs < p.backed_out_most and contacted < strategy.most_people:
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
        if not meets_all(state, wanted.first_term, wanted.terms, prompt, minutes - used, day, seed):
            continue
        kind = planned_kind(state, strategy, -1, prompt, minutes - used, day, seed)
        if kind < 0:
            continue
        if used + p.minutes[kind] > minutes:
            break
        cost, sent = make_or_back_out(state, prompt, kind, minutes - used, out, count, day, seed)
        used += cost
        back_outs += sent == count
        contacted += sent > count
        count = sent
    pay(plan, used + strategy.overhead_minutes)
    return count


@njit_alloc
def list_session(state: Any, prompt: Any, minutes: float, out: Any, count: int, day: int, seed: int) -> int:
    """Hold a session with a list of contacts: work down the list until the minutes run out."""
    people, ties, p = state.people, state.ties, state.settings[0]
    plan = state.plans[prompt.plan]
    strategy = strategy_today(state, plan.strategy)
    used, back_outs, contacted = 0.0, 0, 0
    for order in orders_for(state, strategy, prompt, day, seed):
        if back_outs >= p.backed_out_most or contacted >= strategy.most_people:
            break
        tie = ties[people[prompt.person].first + order.slot]
        prompt.other, prompt.slot = tie.other, order.slot
        kind = planned_kind(state, strategy, order.clause, prompt, minutes - used, day, seed)
        if kind < 0:
            continue
        if used + p.minutes[kind] > minutes:
            break
        tie.planned = day
        cost, sent = make_or_back_out(state, prompt, kind, minutes - used, out, count, day, seed)
        used += cost
        back_outs += sent == count
        contacted += sent > count
        count = sent
    pay(plan, used + strategy.overhead_minutes)
    return count


@njit_noalloc
def posting_session(state: Any, prompt: Any, minutes: float, out: Any, count: int, day: int) -> int:
    """Hold a posting session: as many posts as the minutes allow. A post has no addressee, so there is no barrier."""
    p = state.settings[0]
    plan = state.plans[prompt.plan]
    strategy = strategy_today(state, plan.strategy)
    start = prompt.event_key
    used, item = 0.0, 0
    while used + p.minutes[Kind.POST] <= minutes and item < strategy.most_people:
        prompt.event_key = start + item
        item += 1
        used += p.minutes[Kind.POST]
        count = send(state, prompt, out, count, Kind.POST, day)
    pay(plan, used + strategy.overhead_minutes)
    return count


@njit_alloc
def inviting_session(state: Any, prompt: Any, out: Any, count: int, day: int, seed: int) -> int:
    """Invite contacts on the lists, in turn, to an event. Without anyone to invite, no event is planned."""
    people, ties, p = state.people, state.ties, state.settings[0]
    plan = state.plans[prompt.plan]
    strategy = strategy_today(state, plan.strategy)
    named = contacts_in_turn(state, strategy, prompt, day, seed)
    if len(named) == 0:
        return count
    pay_session(plan, strategy, p)
    plan.event_day = day + p.event_notice_days
    kind, invited = strategy.invite, 0
    for slot in named:
        enough = invited >= min(p.event_invitations, strategy.most_people)
        if enough or plan.back_outs >= p.backed_out_most or p.minutes[kind] > plan.usable:
            break
        tie = ties[people[prompt.person].first + slot]
        prompt.other, prompt.slot = tie.other, slot
        tie.planned = day
        if accepts(state, prompt, kind, rules.channel_of(kind, prompt.channel, p), day, seed):
            plan.usable = rules.minus(plan.usable, p.minutes[kind])
            count = send(state, prompt, out, count, kind, day)
            invited += 1
        else:
            back_out(plan, p)
    return count


@njit_alloc
def hold_session(state: Any, prompt: Any, out: Any, count: int, day: int, planning: bool, seed: int) -> int:
    """Hold a planned session, of the type that the strategy prescribes; returns the gestures in the outbox so far."""
    strategy = strategy_today(state, state.plans[prompt.plan].strategy)
    minutes = rules.minutes_for_gestures(minutes_for_session(state, prompt.plan, day, planning), strategy)
    if strategy.plan == Plan.FEED:
        return feed_session(state, prompt, minutes, out, count, day, seed)
    if strategy.plan == Plan.LIST:
        return list_session(state, prompt, minutes, out, count, day, seed)
    if strategy.plan == Plan.POSTS:
        return posting_session(state, prompt, minutes, out, count, day)
    return inviting_session(state, prompt, out, count, day, seed)
