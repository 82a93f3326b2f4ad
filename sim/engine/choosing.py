"""Strategies that are functions: they choose for each session of the day, before anyone reaches out.

What a function sees doesn't change until the day ends, so its choices are the same as if it were called within the
session. That keeps functions of users out of the compiled day, which would otherwise be compiled for each of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from sim.engine.budget import minutes_for_session
from sim.engine.facts import fact_about_person, fact_about_tie, strategy_today
from sim.engine.memory import find_slot
from sim.model import rules
from sim.model.chance import DrawPurpose, Occasion, event_key_of, uniform
from sim.model.functions import CONTACT, ME, NO_CLAUSE, load, needs_mutual
from sim.model.grammar import Fact
from sim.state.population import NOBODY, ORDER, World

# A contact whom the user names by hand for today's session: the row of the plan, the other person and the clause.
GIVEN = np.dtype([("plan", "i8"), ("other", "i8"), ("clause", "i8")], align=True)


@njit(cache=True)
def see_person(me: Any, state: Any, row: int, minutes: float, elapsed: int, day: int, seed: int) -> None:
    """Fill in what a function sees of the person of a plan, type `ME`."""
    strategy = strategy_today(state, state.plans[row].strategy)
    person = state.plans[row].person
    one = state.people[person]
    me.id, me.day, me.weekday, me.elapsed = person, day, day % 7, elapsed
    me.minutes = rules.minutes_for_gestures(minutes, strategy)
    me.sociability, me.reticence, me.degree = one.sociability, one.reticence, one.degree
    event_key = event_key_of(Occasion.PLAN, state.plans[row].strategy << 16)
    me.draw = uniform(seed, DrawPurpose.LIST_ORDER, day, person, 0, event_key)


@njit(cache=True)
def see_ties(state: Any, row: int, mutual: bool, day: int, seed: int) -> Any:
    """What a function sees of the ties of a plan's person, type `CONTACT`, sorted by id; and their slots."""
    person, p = state.plans[row].person, state.settings[0]
    first, count = state.people[person].first, 0
    slots, others = np.empty(state.people[person].degree, np.int64), np.empty(state.people[person].degree, np.int64)
    for slot in range(state.people[person].slots):
        if state.contact_ids[first + slot] != NOBODY:
            slots[count], others[count] = slot, state.contact_ids[first + slot]
            count += 1
    slots = slots[np.argsort(others, kind="mergesort")]
    contacts = np.zeros(count, CONTACT)
    event_key = event_key_of(Occasion.PLAN, state.plans[row].strategy << 16)
    for k in range(count):
        tie, seen = state.ties[first + slots[k]], contacts[k]
        see_tie(seen, tie, day, p)
        seen.birthday = int(fact_about_person(state, Fact.BIRTHDAY, person, tie.other, day))
        seen.same_community = int(fact_about_person(state, Fact.SAME_COMMUNITY, person, tie.other, day))
        seen.same_industry = int(fact_about_person(state, Fact.SAME_INDUSTRY, person, tie.other, day))
        seen.same_group = int(fact_about_person(state, Fact.SAME_GROUP, person, tie.other, day))
        seen.mutual = int(fact_about_person(state, Fact.MUTUAL, person, tie.other, day)) if mutual else 0
        seen.tags = state.tags[tie.other]
        seen.draw = uniform(seed, DrawPurpose.LIST_ORDER, day, person, tie.other, event_key)
    return contacts, slots


@njit(cache=True)
def see_tie(seen: Any, tie: Any, day: int, p: Any) -> None:
    """Fill in what a function sees of one tie, type `CONTACT`, and that it isn't chosen yet."""
    seen.other, seen.clause, seen.priority = tie.other, NO_CLAUSE, 0.0
    seen.acquaintance, seen.met_at = tie.acquaintance, tie.met_at
    seen.dormant = int(fact_about_tie(tie, Fact.DORMANT, day, p))
    seen.active = int(fact_about_tie(tie, Fact.ACTIVE, day, p))
    seen.standing = fact_about_tie(tie, Fact.STANDING, day, p)
    seen.silence = day - tie.last_contact
    seen.two_way = tie.two_way
    seen.turn = int(fact_about_tie(tie, Fact.TURN, day, p))
    seen.unanswered = fact_about_tie(tie, Fact.UNANSWERED, day, p)
    seen.no_answer = int(fact_about_tie(tie, Fact.NO_ANSWER, day, p))
    seen.openness = fact_about_tie(tie, Fact.OPENNESS, day, p)
    seen.strength = fact_about_tie(tie, Fact.STRENGTH, day, p)


@njit(cache=True)
def orders_of(contacts: Any, slots: Any, clauses: int) -> Any:
    """The choices of a function as orders, type `ORDER`: largest priority first, then the lowest id.

    Clauses that the strategy doesn't have are no choices, and neither are priorities that are no numbers.
    """
    keys, chosen = np.empty(len(contacts)), np.empty(len(contacts), np.int64)
    count = 0
    for k in range(len(contacts)):
        if 0 <= contacts[k].clause < clauses and not np.isnan(contacts[k].priority):
            keys[count], chosen[count] = -contacts[k].priority, k
            count += 1
    orders = np.empty(count, ORDER)
    in_order = chosen[:count][np.argsort(keys[:count], kind="mergesort")]
    for k in range(count):
        orders[k].slot, orders[k].clause = slots[in_order[k]], contacts[in_order[k]].clause
    return orders


@njit(cache=True)
def with_room_for(orders: Any, rows: Any, count: int) -> Any:
    """The two arrays, or larger copies of them, with room for this many rows."""
    if count <= len(orders):
        return orders, rows
    more, more_rows = np.empty(2 * count, ORDER), np.empty(2 * count, np.int64)
    more[: len(orders)] = orders
    more_rows[: len(rows)] = rows
    return more, more_rows


@njit
def _choices(
    function: Any, state: Any, strategy: int, mutual: bool, elapsed: int, day: int, planning: bool, seed: int
) -> Any:
    """Orders of all plans whose strategy of today is this one, type `ORDER`, with the row of each one's plan.

    Not cached on disk, because it is compiled for each function.
    """
    orders, rows, count = np.empty(64, ORDER), np.empty(64, np.int64), 0
    me = np.zeros(1, ME)
    for row in range(len(state.plans)):
        if state.strategies[state.plans[row].strategy].today != strategy:
            continue
        minutes = minutes_for_session(state, row, day, planning)
        if minutes > 0.0:
            see_person(me[0], state, row, minutes, elapsed, day, seed)
            contacts, slots = see_ties(state, row, mutual, day, seed)
            function(me[0], contacts)
            mine = orders_of(contacts, slots, state.strategies[strategy].clauses)
            orders, rows = with_room_for(orders, rows, count + len(mine))
            orders[count : count + len(mine)] = mine
            rows[count : count + len(mine)] = row
            count += len(mine)
    return orders[:count], rows[:count]


def orders_by_hand(state: Any, given: np.ndarray) -> np.ndarray:
    """What the user named by hand as orders, type `ORDER`."""
    orders = np.empty(len(given), ORDER)
    for order, (plan, other, clause) in zip(orders, given.tolist(), strict=True):
        order["slot"], order["clause"] = find_slot(state, state.plans[plan]["person"], other), clause
    return orders


class Chooser(NamedTuple):
    """A strategy that is a function, and whether it may read the number of mutual contacts."""

    function: Any
    mutual: bool


def functions_of(world: World) -> dict[int, Chooser]:
    """The functions that the plans of a world follow now or later, compiled, by the number of their strategy.

    Raises:
        ValueError: if one can't be loaded.
    """
    names = world.parameters.strategy_names
    followed = [names[number] for number in np.unique(world.plans["strategy"])]
    references = world.parameters.functions(followed)
    return {number: Chooser(load(one), needs_mutual(one)) for number, one in references.items()}


def choose(
    state: Any, functions: Mapping[int, Chooser], given: np.ndarray, day: int, elapsed: int, planning: bool, seed: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Let the functions choose for all sessions of today, and add what the user named by hand.

    Args:
        state: the state.
        functions: the functions, by the number of their strategy.
        given: named by hand, type `GIVEN`.
        day: today.
        elapsed: days since the strategies began.
        planning: whether strategies still run.
        seed: the seed of the run.

    Returns:
        Orders, type `ORDER`, by the row of their plan; and where those of each plan begin, shape (plans + 1,).
    """
    orders, rows = [orders_by_hand(state, given)], [given["plan"].astype(np.int64)]
    for strategy, (function, mutual) in functions.items() if planning else ():
        more, plans = _choices(function, state, strategy, mutual, elapsed, day, planning, seed)
        orders.append(more)
        rows.append(plans)
    plan = np.concatenate(rows)
    by_plan = np.argsort(plan, kind="stable")
    first = np.searchsorted(plan[by_plan], np.arange(len(state.plans) + 1)).astype(np.int64)
    return np.concatenate(orders)[by_plan], first
