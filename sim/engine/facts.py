"""Facts about a tie, as a person knows them, and whether they meet the conditions of a strategy.

Most functions are inlined, because a call that passes the whole state costs more than finding out a fact.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.compiling import njit_alloc, njit_inline, njit_noalloc
from sim.engine.memory import find_slot
from sim.model import rules
from sim.model.chance import DrawPurpose, uniform
from sim.model.grammar import Fact
from sim.state.population import NOBODY, ORDER


@njit_inline
def truth(holds: bool) -> float:
    """1.0 if something holds, else 0.0."""
    return 1.0 if holds else 0.0


@njit_inline
def strategy_today(state: Any, strategy: int) -> Any:
    """The row of the strategy that followers of this one follow today; it may be a later stage."""
    strategies = state.strategies
    return strategies[strategies[strategy].today]


@njit_noalloc
def mutual_contacts(state: Any, person: int, other: int) -> int:
    """The number of people to whom both have a tie. Acquaintances don't count."""
    count, first, theirs = 0, state.people[person].first, state.people[other].first
    for slot in range(state.people[person].slots):
        third = state.contact_ids[first + slot]
        if third == NOBODY or state.ties[first + slot].acquaintance:
            continue
        found = find_slot(state, other, third)
        count += found != NOBODY and not state.ties[theirs + found].acquaintance
    return count


@njit_noalloc
def fact_about_person(state: Any, fact: int, person: int, other: int, day: int) -> float:
    """A fact that a person knows of contacts and strangers alike."""
    one, two = state.people[person], state.people[other]
    if fact == Fact.BIRTHDAY:
        return float(rules.days_to_birthday(day, two.birthday))
    if fact == Fact.SAME_COMMUNITY:
        return truth(one.community == two.community)
    if fact == Fact.SAME_INDUSTRY:
        return truth(one.industry == two.industry)
    if fact == Fact.SAME_GROUP:
        return truth(one.group == two.group)
    if fact >= Fact.TAGGED:
        return float(state.tags[other] >> (fact - Fact.TAGGED) & 1)
    return float(mutual_contacts(state, person, other))


@njit_inline
def fact_about_tie(tie: Any, fact: int, day: int, p: Any) -> float:
    """A fact that a person remembers of a contact; see `sim.model.grammar.Fact`."""
    if fact == Fact.ACQUAINTANCE:
        return float(tie.acquaintance)
    if fact == Fact.DORMANT:
        return truth(rules.is_dormant(day, tie.last_two_way, tie.two_way, p) and not tie.acquaintance)
    if fact == Fact.ACTIVE:
        return truth(rules.is_active(day, tie.last_two_way, tie.two_way, p) and not tie.acquaintance)
    if fact == Fact.STANDING:
        return float(rules.standing(tie.traces, day - tie.last_contact))
    if fact == Fact.SILENCE:
        return float(day - tie.last_contact)
    if fact == Fact.TWO_WAY:
        return float(tie.two_way)
    if fact == Fact.TURN:
        return float(rules.turn(tie.last_sent, tie.last_received))
    if fact == Fact.UNANSWERED:
        return float(rules.whole_tries(rules.unanswered_now(tie.unanswered, day - tie.last_sent, p)))
    if fact == Fact.NO_ANSWER:
        return float(rules.days_without_answer(day, tie.last_sent, tie.last_received))
    if fact == Fact.MET_AT:
        return float(tie.met_at)
    if fact == Fact.OPENNESS:
        return float(rules.openness_now(tie.openness, day - tie.opened, p))
    return float(rules.strength(rules.activation(tie.traces, day - tie.last_contact, p), p))


@njit_inline
def fact_of(state: Any, fact: int, prompt: Any, spare: float, day: int, seed: int) -> float:
    """A fact about the other person of a prompt; see `sim.model.grammar.Fact` for facts about a tie between strangers.

    Args:
        state: the state.
        fact: a `Fact`.
        prompt: the person, the other and their slot (`NOBODY` for a stranger), type `PROMPT`.
        spare: minutes that the session would have left after the gesture.
        day: today.
        seed: the seed of the run.
    """
    if fact == Fact.KNOWN:
        return truth(prompt.slot != NOBODY)
    if fact == Fact.MINUTES_TO_SPARE:
        return spare
    if fact == Fact.DRAW:
        return float(uniform(seed, DrawPurpose.LIST_ORDER, day, prompt.person, prompt.other, prompt.event_key))
    about_person = (Fact.BIRTHDAY, Fact.SAME_COMMUNITY, Fact.SAME_INDUSTRY, Fact.SAME_GROUP, Fact.MUTUAL)
    if fact in about_person or fact >= Fact.TAGGED:
        return float(fact_about_person(state, fact, prompt.person, prompt.other, day))
    if prompt.slot == NOBODY:
        return -truth(fact == Fact.NO_ANSWER)
    tie = state.ties[state.people[prompt.person].first + prompt.slot]
    return float(fact_about_tie(tie, fact, day, state.settings[0]))


@njit_inline
def meets_all(state: Any, first: int, count: int, prompt: Any, spare: float, day: int, seed: int) -> bool:
    """Whether the other person of a prompt meets `count` conditions, from row `first` of the terms."""
    for row in range(first, first + count):
        term = state.terms[row]
        if not rules.meets(fact_of(state, term.fact, prompt, spare, day, seed), term):
            return False
    return True


@njit_noalloc
def planned_kind(state: Any, strategy: Any, only: int, prompt: Any, left: float, day: int, seed: int) -> int:
    """The kind of a planned gesture in a session with this many minutes left: that of the first clause that holds.

    If a clause was chosen for this contact, its number is `only`; otherwise `only` is -1.

    Returns:
        The kind; -1 if no clause holds, or the one that does makes no gesture.
    """
    draw = -1.0
    for row in range(strategy.first_clause, strategy.first_clause + strategy.clauses):
        if only >= 0 and row != strategy.first_clause + only:
            continue
        clause = state.clauses[row]
        at = clause.first_choice
        if clause.choices > 1:
            if draw < 0.0:
                draw = uniform(seed, DrawPurpose.PLANNED_KIND, day, prompt.person, prompt.other, prompt.event_key)
            while draw >= state.choices[at].below and at < clause.first_choice + clause.choices - 1:
                at += 1
        kind = state.choices[at].kind
        spare = left - state.settings[0].minutes[kind] if kind >= 0 else left
        if meets_all(state, clause.first_term, clause.terms, prompt, spare, day, seed):
            return int(kind)
    return -1


@njit_alloc
def contacts_on_list(state: Any, row: int, gap_days: int, prompt: Any, day: int, seed: int) -> Any:
    """Slots of the person's contacts on one list, in its order, shape (contacts,); see `rules.list_key`.

    The prompt's `other` and `slot` may be overwritten.
    """
    wanted, person = state.lists[row], prompt.person
    first, first_term, terms = state.people[person].first, wanted.first_term, wanted.terms
    fact, sign = wanted.fact, wanted.sign
    everyone = terms == 0 and fact == Fact.SILENCE and sign < 0.0  # longest silent first
    slots = np.empty(state.people[person].degree, np.int64)
    keys = np.empty(state.people[person].degree, np.int64)
    count = 0
    for slot in range(state.people[person].slots):
        tie = state.ties[first + slot]
        if tie.other == NOBODY or not rules.may_be_named(day, tie.planned, gap_days):
            continue
        slots[count] = slot
        if everyone:  # in the order of the keys below, but without their floats
            keys[count] = (np.int64(tie.last_contact) << 32) + tie.other
        else:
            prompt.other, prompt.slot = tie.other, slot
            if not meets_all(state, first_term, terms, prompt, 0.0, day, seed):
                continue
            keys[count] = rules.list_key(sign * fact_of(state, fact, prompt, 0.0, day, seed), tie.other)
        count += 1
    return slots[:count][np.argsort(keys[:count], kind="mergesort")]


@njit_alloc
def taken_in_turn(state: Any, strategy: Any, prompt: Any, day: int, seed: int) -> Any:
    """Slots of the contacts whom several lists name: one of each list in turn, each contact once."""
    lists = [contacts_on_list(state, strategy.first_list, strategy.gap_days, prompt, day, seed)]
    longest = len(lists[0])
    for row in range(strategy.first_list + 1, strategy.first_list + strategy.lists):
        lists.append(contacts_on_list(state, row, strategy.gap_days, prompt, day, seed))
        longest = max(longest, len(lists[-1]))
    in_turn = np.empty(state.people[prompt.person].degree, np.int64)
    named = np.zeros(state.people[prompt.person].slots, np.bool_)
    count = 0
    for turn in range(longest):
        for slots in lists:
            if turn < len(slots) and not named[slots[turn]]:
                named[slots[turn]] = True
                in_turn[count] = slots[turn]
                count += 1
    return in_turn[:count]


@njit_alloc
def contacts_in_turn(state: Any, strategy: Any, prompt: Any, day: int, seed: int) -> Any:
    """Slots of the contacts whom a strategy's lists name, one of each list in turn."""
    if strategy.lists == 1:
        return contacts_on_list(state, strategy.first_list, strategy.gap_days, prompt, day, seed)
    return taken_in_turn(state, strategy, prompt, day, seed)


@njit_alloc
def orders_for(state: Any, strategy: Any, prompt: Any, day: int, seed: int) -> Any:
    """Whom a list session contacts, in order: contacts with the clause that was chosen for them, or with -1.

    Type `ORDER`.
    """
    if strategy.chosen:
        orders = state.orders[state.order_first[prompt.plan] : state.order_first[prompt.plan + 1]].copy()
        first, count = state.people[prompt.person].first, 0
        for k in range(len(orders)):
            if rules.may_be_named(day, state.ties[first + orders[k].slot].planned, strategy.gap_days):
                orders[count] = orders[k]
                count += 1
        return orders[:count]
    slots = contacts_in_turn(state, strategy, prompt, day, seed)
    orders = np.empty(len(slots), ORDER)
    for k in range(len(slots)):
        orders[k].slot, orders[k].clause = slots[k], -1
    return orders
