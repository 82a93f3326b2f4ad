"""The time budget of a plan: minutes for a session, payment, and minutes lost."""

from __future__ import annotations

from typing import Any

from sim.engine.compiling import njit_inline, njit_noalloc
from sim.engine.facts import strategy_today
from sim.model import rules
from sim.model.gestures import Kind
from sim.model.strategies import Plan


@njit_inline
def minutes_for_session(state: Any, row: int, day: int, planning: bool) -> float:
    """Minutes that a plan has for a session today (feed, list, posts or invitations); 0 if there is no session."""
    plan = state.plans[row]
    if not planning:
        return 0.0
    return rules.session_minutes(strategy_today(state, plan.strategy), plan.budget, plan.event_day, day)


@njit_noalloc
def most_gestures(state: Any, row: int, minutes: float) -> int:
    """An upper bound on the gestures and feed items that come out of one session of this many minutes."""
    p = state.settings[0]
    way = strategy_today(state, state.plans[row].strategy).plan
    if way == Plan.FEED:
        return 2 * (int(minutes / p.scroll_minutes) + 1)
    if way == Plan.POSTS:
        return int(minutes / p.minutes[Kind.POST]) + 1
    return state.people[state.plans[row].person].degree


@njit_inline
def pay(plan: Any, minutes: float) -> None:
    """Take minutes out of a plan's time budget."""
    plan.budget = rules.minus(plan.budget, minutes)
    plan.minutes_used += minutes


@njit_inline
def pay_session(plan: Any, strategy: Any, p: Any) -> None:
    """Pay for a session at a place in advance; `usable_share` of it, less the overhead, remains for gestures."""
    pay(plan, strategy.session_minutes)
    plan.usable = rules.usable_minutes(strategy, p)
    plan.back_outs = 0


@njit_inline
def back_out(plan: Any, p: Any) -> None:
    """Charge a gesture that the person backs out of to a session that is already paid for."""
    lost = rules.lost_minutes(plan.usable, p)
    plan.usable = rules.minus(plan.usable, lost)
    plan.minutes_lost += lost
    plan.back_outs += 1
