"""Strategies that are functions: they choose for each session of the day, before anyone reaches out.

What a function sees doesn't change until the day ends, so its choices are the same as if it were called within the
session. That keeps functions of users out of the compiled day, which would otherwise be compiled for each of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from sim.engine.budget import minutes_for_session
from sim.engine.compiling import njit_alloc, njit_inline, njit_noalloc
from sim.engine.facts import fact_about_tie, mutual_contacts, strategy_today, truth
from sim.engine.memory import find_slot
from sim.engine.prefetch import fetch
from sim.model import rules
from sim.model.chance import DrawPurpose, Occasion, event_key_of, uniform
from sim.model.compiled import njit
from sim.model.functions import CONTACT, ME, NO_CLAUSE, FunctionError, StrategyFunction, strategy_function
from sim.model.grammar import Fact
from sim.model.interruptible import interruptible
from sim.state.population import NOBODY, ORDER, World

# A contact whom the user names by hand for today's session: the row of the plan, the other person and the clause.
GIVEN = np.dtype([("plan", "i8"), ("other", "i8"), ("clause", "i8")], align=True)

FEW = 128  # up to this many, sorting by insertion is the fastest
_LOW32 = 0xFFFF_FFFF
_FIELDS = {name: Fact[name.upper()] for name in CONTACT.names or () if name.upper() in Fact.__members__}
_FIELDS |= {"tags": Fact.TAGGED}


def bits_of(fields: Iterable[str]) -> int:
    """The facts in these fields of `CONTACT`, as bits by their number."""
    return sum(1 << _FIELDS[name] for name in fields if name in _FIELDS)


_OF_OTHERS = bits_of(("birthday", "same_community", "same_industry", "same_group"))  # in the records of the others


@njit_inline
def asks_for(wanted: int, fact: int) -> bool:
    """Whether a fact is among those that a function reads; see `bits_of`."""
    return wanted >> fact & 1 != 0


@njit_noalloc
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


@njit_alloc
def contacts_by_id(state: Any, person: int, others: bool, keys: Any) -> int:
    """Write a person's contacts to ``keys``, each as ``id << 32 | slot``, sorted by id; returns their number.

    With `others`, their records are prefetched.
    """
    first, count = state.people[person].first, 0
    for slot in range(state.people[person].slots):
        other = state.contact_ids[first + slot]
        if other == NOBODY:
            continue
        if others:
            fetch(state.people, other)
        key, at = (np.int64(other) << 32) | slot, count
        if count < FEW:
            while at > 0 and keys[at - 1] > key:
                keys[at] = keys[at - 1]
                at -= 1
        keys[at] = key
        count += 1
    if count > FEW:
        keys[:count].sort()
    return count


@njit_inline
def see_tie(seen: Any, tie: Any, wanted: int, day: int, p: Any) -> None:
    """Fill in what a function sees of one tie, type `CONTACT`, and that it isn't chosen yet."""
    seen.other, seen.clause, seen.priority = tie.other, NO_CLAUSE, 0.0
    if asks_for(wanted, Fact.ACQUAINTANCE):
        seen.acquaintance = tie.acquaintance
    if asks_for(wanted, Fact.MET_AT):
        seen.met_at = tie.met_at
    if asks_for(wanted, Fact.TWO_WAY):
        seen.two_way = tie.two_way
    if asks_for(wanted, Fact.SILENCE):
        seen.silence = day - tie.last_contact
    if asks_for(wanted, Fact.TURN):
        seen.turn = int(fact_about_tie(tie, Fact.TURN, day, p))
    if asks_for(wanted, Fact.NO_ANSWER):
        seen.no_answer = int(fact_about_tie(tie, Fact.NO_ANSWER, day, p))
    if asks_for(wanted, Fact.DORMANT):
        seen.dormant = int(fact_about_tie(tie, Fact.DORMANT, day, p))
    if asks_for(wanted, Fact.ACTIVE):
        seen.active = int(fact_about_tie(tie, Fact.ACTIVE, day, p))
    if asks_for(wanted, Fact.STANDING):
        seen.standing = fact_about_tie(tie, Fact.STANDING, day, p)
    if asks_for(wanted, Fact.UNANSWERED):
        seen.unanswered = fact_about_tie(tie, Fact.UNANSWERED, day, p)
    if asks_for(wanted, Fact.OPENNESS):
        seen.openness = fact_about_tie(tie, Fact.OPENNESS, day, p)
    if asks_for(wanted, Fact.STRENGTH):
        seen.strength = fact_about_tie(tie, Fact.STRENGTH, day, p)


@njit_inline
def see_other(seen: Any, one: Any, two: Any, wanted: int, day: int) -> None:
    """Fill in what a function sees of the record of the other person of a tie, `two`."""
    if asks_for(wanted, Fact.BIRTHDAY):
        seen.birthday = rules.days_to_birthday(day, two.birthday)
    if asks_for(wanted, Fact.SAME_COMMUNITY):
        seen.same_community = int(truth(one.community == two.community))
    if asks_for(wanted, Fact.SAME_INDUSTRY):
        seen.same_industry = int(truth(one.industry == two.industry))
    if asks_for(wanted, Fact.SAME_GROUP):
        seen.same_group = int(truth(one.group == two.group))


@njit_alloc
def see_ties(state: Any, row: int, wanted: int, keys: Any, contacts: Any, day: int, seed: int) -> int:
    """Fill in what a function sees of the ties of a plan's person; returns their number.

    Args:
        state: the state.
        row: the plan.
        wanted: the facts that the function reads; see `bits_of`. Fields for other facts stay as they are.
        keys: gets the slots of the ties; see `contacts_by_id`.
        contacts: gets what the function sees, type `CONTACT`, sorted by id; as long as `keys`.
        day: today.
        seed: the seed of the run.
    """
    person, p = state.plans[row].person, state.settings[0]
    one, event_key = state.people[person], event_key_of(Occasion.PLAN, state.plans[row].strategy << 16)
    of_others = wanted & _OF_OTHERS != 0
    count = contacts_by_id(state, person, of_others, keys)
    for k in range(count):
        tie, seen = state.ties[one.first + (keys[k] & _LOW32)], contacts[k]
        see_tie(seen, tie, wanted, day, p)
        if of_others:
            see_other(seen, one, state.people[tie.other], wanted, day)
        if asks_for(wanted, Fact.MUTUAL):
            seen.mutual = mutual_contacts(state, person, tie.other)
        if asks_for(wanted, Fact.TAGGED):
            seen.tags = state.tags[tie.other]
        if asks_for(wanted, Fact.DRAW):
            seen.draw = uniform(seed, DrawPurpose.LIST_ORDER, day, person, tie.other, event_key)
    return count


@njit_alloc
def add_orders(state: Any, row: int, contacts: Any, keys: Any, memory: Any, orders: Any, day: int) -> int:
    """Write the choices of a function as orders, type `ORDER`: largest priority first, then the lowest id.

    Ties that the plan has named too recently are left out here already, since most of them are.

    Args:
        state: the state.
        row: the plan.
        contacts: what the function has written into, type `CONTACT`.
        keys: their slots; see `contacts_by_id`.
        memory: working memory: two arrays as long as `contacts`, of floats and of integers.
        orders: gets the orders; as long as `contacts`.
        day: today.

    Returns:
        The number of orders; -1 if the function chose a clause that there isn't, or a priority that is no number.
    """
    ranks, chosen = memory
    strategy = strategy_today(state, state.plans[row].strategy)
    first, clauses, gap_days = state.people[state.plans[row].person].first, strategy.clauses, strategy.gap_days
    count, many = 0, len(contacts) > FEW
    for k in range(len(contacts)):
        clause, rank = contacts[k].clause, -contacts[k].priority
        if clause == NO_CLAUSE:
            continue
        if not 0 <= clause < clauses or clause != np.floor(clause) or np.isnan(rank):
            return -1
        if not rules.may_be_named(day, state.ties[first + (keys[k] & _LOW32)].planned, gap_days):
            continue
        at = count
        while not many and at > 0 and ranks[at - 1] > rank:
            ranks[at], chosen[at] = ranks[at - 1], chosen[at - 1]
            at -= 1
        ranks[at], chosen[at] = rank, k
        count += 1
    if many:
        chosen[:count] = chosen[:count][np.argsort(ranks[:count], kind="mergesort")]
    for k in range(count):
        orders[k].slot, orders[k].clause = keys[chosen[k]] & _LOW32, int(contacts[chosen[k]].clause)
    return count


@njit_noalloc
def chose_again(contacts: Any, choices: Any, begin: bool) -> bool:
    """Keep the choices of a function in ``choices`` if this is the `begin`; else tell whether they are the same."""
    same = True
    for k in range(len(contacts)):
        if begin:
            choices[k, 0], choices[k, 1] = contacts[k].clause, contacts[k].priority
        else:
            same &= choices[k, 0] == contacts[k].clause
            same &= choices[k, 1] == contacts[k].priority or np.isnan(choices[k, 1])
    return same


@njit_alloc
def with_room_for(orders: Any, rows: Any, count: int) -> Any:
    """The two arrays, or larger copies of them, with room for this many rows."""
    if count <= len(orders):
        return orders, rows
    more, more_rows = np.empty(2 * count, ORDER), np.empty(2 * count, np.int64)
    more[: len(orders)] = orders
    more_rows[: len(rows)] = rows
    return more, more_rows


@njit_alloc
def most_contacts(state: Any, strategy: int) -> int:
    """The largest number of contacts of the followers of a strategy."""
    most = 0
    for row in range(len(state.plans)):
        if state.strategies[state.plans[row].strategy].today == strategy:
            most = max(most, state.people[state.plans[row].person].slots)
    return most


@njit_alloc
def minutes_today(state: Any, row: int, day: int) -> float:
    """Minutes that a plan has for a session today; see `minutes_for_session`."""
    return float(minutes_for_session(state, row, day, True))


@njit(nogil=True)
def _choices(
    function: Any, state: Any, strategy: int, wanted: int, elapsed: int, day: int, seed: int, session: Any
) -> Any:
    """Orders of all plans whose strategy of today is this one, type `ORDER`, with the row of each one's plan.

    ``session[0]`` is the row of the plan for which the function was called last. If its choice was wrong, or differed
    when it was called again for the first session, ``session[1]`` is 1, and there are no further orders.

    Not cached on disk, because it is compiled for each function.
    """
    most, count = most_contacts(state, strategy), 0
    orders, rows = np.empty(most + 64, ORDER), np.empty(most + 64, np.int64)
    me, contacts = np.zeros(1, ME), np.zeros(most, CONTACT)
    keys, memory, choices = np.empty(most, np.int64), (np.empty(most), np.empty(most, np.int64)), np.empty((most, 2))
    calls = 2  # for the first session
    for row in range(len(state.plans)):
        if state.strategies[state.plans[row].strategy].today != strategy:
            continue
        minutes = minutes_for_session(state, row, day, True)
        if minutes <= 0.0:
            continue
        session[0], seen = row, 0
        for call in range(calls):
            see_person(me[0], state, row, minutes, elapsed, day, seed)
            seen = see_ties(state, row, wanted, keys, contacts, day, seed)
            function(me[0], contacts[:seen])
            if calls > 1 and not chose_again(contacts[:seen], choices, call == 0):
                session[1] = 1
        calls = 1
        orders, rows = with_room_for(orders, rows, count + seen)
        more = add_orders(state, row, contacts[:seen], keys, memory, orders[count:], day)
        if more < 0 or session[1]:
            session[1] = 1
            break
        rows[count : count + more] = row
        count += more
    return orders[:count], rows[:count]


def orders_by_hand(state: Any, given: np.ndarray) -> np.ndarray:
    """What the user named by hand as orders, type `ORDER`."""
    orders = np.empty(len(given), ORDER)
    for order, (plan, other, clause) in zip(orders, given.tolist(), strict=True):
        order["slot"], order["clause"] = find_slot(state, state.plans[plan]["person"], other), clause
    return orders


def functions_of(world: World) -> dict[int, StrategyFunction]:
    """The functions that the plans of a world follow now or later, compiled, by the number of their strategy.

    Raises:
        PythonFileError: if one can't be loaded.
    """
    names = world.parameters.strategy_names
    followed = [names[number] for number in np.unique(world.plans["strategy"])]
    references = world.parameters.functions(followed)
    return {number: strategy_function(names[number], one) for number, one in references.items()}


def choices_of(
    function: StrategyFunction, state: Any, strategy: int, elapsed: int, day: int, seed: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Let a function choose for all sessions of today.

    Returns:
        Orders, type `ORDER`, and the row of each one's plan.

    Raises:
        FunctionError: if the function raises an exception, or chooses what there isn't.
    """
    session, wanted = np.zeros(2, np.int64), bits_of(function.reads)
    failure: Exception | None = None
    try:
        found = interruptible(_choices, function.call, state, strategy, wanted, elapsed, day, seed, session)
    except Exception as error:
        failure = error
    if failure is not None or session[1]:
        raise _explained(function, state, int(session[0]), wanted, (elapsed, day, seed)) from failure
    return found


def _explained(function: StrategyFunction, state: Any, row: int, wanted: int, when: tuple[int, int, Any]) -> Exception:
    """The error of a function in the session of a plan, which is held again to find it."""
    elapsed, day, seed = when
    strategy = state.strategies[state.strategies[state.plans[row]["strategy"]]["today"]]
    most = int(state.people[state.plans[row]["person"]]["slots"])
    me, contacts, keys = np.zeros(1, ME), np.zeros(most, CONTACT), np.empty(most, np.int64)
    see_person(me[0], state, row, minutes_today(state, row, day), elapsed, day, seed)
    seen = see_ties(state, row, wanted, keys, contacts, day, seed)
    try:
        function.choose(me[0], contacts[:seen], int(strategy["clauses"]))
    except FunctionError as error:
        return error
    return function.differs(me[0])


def choose(
    state: Any,
    functions: Mapping[int, StrategyFunction],
    given: np.ndarray,
    day: int,
    elapsed: int,
    planning: bool,
    seed: Any,
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

    Raises:
        FunctionError: if a function raises an exception, or chooses what there isn't.
    """
    found = [choices_of(one, state, strategy, elapsed, day, seed) for strategy, one in functions.items() if planning]
    if len(given):
        found.append((orders_by_hand(state, given), given["plan"].astype(np.int64)))
    if not found:
        return np.zeros(0, ORDER), np.zeros(len(state.plans) + 1, np.int64)
    orders, rows = found[0] if len(found) == 1 else (np.concatenate(parts) for parts in zip(*found, strict=True))
    if len(found) > 1 or len(given):  # those of one function are in the order of their plans
        by_plan = np.argsort(rows, kind="stable")
        orders, rows = orders[by_plan], rows[by_plan]
    return orders, np.searchsorted(rows, np.arange(len(state.plans) + 1)).astype(np.int64)
