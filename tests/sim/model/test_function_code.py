"""What the code of a function says: fields that it may read, randomness, and a safe compilation."""

from __future__ import annotations

import random
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numba import njit

from sim.model import rules
from sim.model.function_code import names_read, place_of, randomness, safe, uncompiled
from sim.model.functions import CONTACT, ME

FIELDS = CONTACT.names or ()
SILENCE, WANTED = "silence", ("openness", ("strength",))
helpers = ModuleType("helpers")
strange = SimpleNamespace()


@njit
def second(ties: Any, k: int) -> Any:
    return ties[k].turn + third(ties, k + 1)


def third(ties: Any, k: int) -> Any:
    return ties[k].mutual


helpers.second = second  # type: ignore[attr-defined]


def by_attribute(me: Any, ties: Any) -> None:
    for tie in ties:
        if tie.two_way > 2 and max(me.draw, abs(tie.draw)) < 0.5 and not np.isnan(tie.priority):
            tie.clause = 0


def by_text(me: Any, ties: Any) -> None:
    for tie in ties:
        tie.clause = tie["met_at"] + tie[SILENCE] + len(WANTED)


def through_others(me: Any, ties: Any) -> None:
    ties[0].clause = second(ties, 1)


def through_a_module(me: Any, ties: Any) -> None:
    ties[0].clause = helpers.second(ties, 1)


def within(me: Any, ties: Any) -> None:
    def inner(tie: Any) -> Any:
        return tie.dormant

    ties[0].clause = sum([inner(tie) + tie.active for tie in ties])


def by_rule(me: Any, ties: Any) -> None:
    ties[0].clause = rules.turn(ties[0].silence, 3)


def by_number(me: Any, ties: Any) -> None:
    for tie in ties:
        tie.priority = tie[6]


def by_getattr(me: Any, ties: Any) -> None:
    ties[0].priority = getattr(ties[0], SILENCE + "")


def as_numbers(me: Any, ties: Any) -> None:
    ties[0].priority = ties.view(np.int64)[3]


def printed(me: Any, ties: Any) -> None:
    print(ties[0])


def by_something_strange(me: Any, ties: Any) -> None:
    strange.see(ties)


READS = {
    by_attribute: {"two_way", "draw", "priority", "clause"},
    by_text: {"met_at", "silence", "openness", "strength", "clause"},
    through_others: {"turn", "mutual", "clause"},
    through_a_module: {"turn", "mutual", "clause"},
    within: {"dormant", "active", "clause"},
    by_rule: {"turn", "silence", "clause"},
    **{python: set(FIELDS) for python in (by_number, by_getattr, as_numbers, printed, by_something_strange)},
}


@pytest.mark.parametrize("python", READS, ids=lambda python: python.__name__)
def test_fields_that_a_function_may_read_are_found(python: Callable[..., Any]) -> None:
    assert names_read(python, FIELDS) == READS[python]
    assert names_read(njit(python), FIELDS) == READS[python]


def rolls(me: Any, ties: Any) -> None:
    ties[0].priority = np.random.random()


def rolls_in_another(me: Any, ties: Any) -> None:
    rolls(me, ties)


def rolls_by_alias(me: Any, ties: Any) -> None:
    ties[0].priority = roll()


def shuffles(me: Any, ties: Any) -> None:
    random.shuffle(ties)


def does_not_roll(me: Any, ties: Any) -> None:
    ties[0].priority = me.draw + np.sqrt(ties[0].draw)


roll = random.random


def test_random_numbers_of_its_own_are_found_with_their_line() -> None:
    line = rolls.__code__.co_firstlineno + 1
    assert randomness(rolls) == f"test_function_code.py, line {line}: np.random.random"
    assert randomness(rolls_in_another) == randomness(rolls)
    assert randomness(rolls_by_alias) is not None
    assert (randomness(shuffles) or "").endswith(": random.shuffle")
    assert [randomness(one) for one in (does_not_roll, *READS)] == [None] * (1 + len(READS))


def test_a_name_has_its_line_and_a_function_its_first() -> None:
    first = through_others.__code__.co_firstlineno
    assert place_of(through_others) == f"test_function_code.py, line {first}"
    assert place_of(through_others, "mutual") == f"test_function_code.py, line {third.__code__.co_firstlineno + 1}"


def made_within(limit: int) -> Any:
    @njit
    def too_far(me: Any, ties: Any) -> None:
        ties[limit].clause = 0

    return too_far


@njit
def counts_down(ties: Any, k: int) -> int:
    return 0 if k == 0 else counts_down(ties, k - 1)


def recursive(me: Any, ties: Any) -> None:
    ties[counts_down(ties, 3) + 5].clause = 0


OUT_OF_RANGE = {"others": through_others, "module": through_a_module, "within": made_within(5), "recursive": recursive}


@pytest.mark.parametrize("given", OUT_OF_RANGE.values(), ids=OUT_OF_RANGE)
def test_an_index_out_of_range_is_an_error_in_all_functions_that_are_called(given: Any) -> None:
    me, ties = np.zeros(1, ME)[0], np.zeros(2, CONTACT)
    with pytest.raises(IndexError):
        safe(given)(me, ties)
    with pytest.raises(IndexError):
        uncompiled(given)(me, ties.view(np.recarray))  # whose records have attributes in plain Python
    safe(given)(me, np.zeros(9, CONTACT))
