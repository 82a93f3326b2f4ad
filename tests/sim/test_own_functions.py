"""Strategies that are functions: both engines show them the same, choose the same, and refuse the same."""

from __future__ import annotations

import pickle
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim
from sim.engine import choosing
from sim.engine.day import Core
from sim.model.functions import CONTACT, FunctionError, StrategyFunction, load, strategy_function
from sim.run import begin

FILE = """
from numba import njit, objmode
import numpy as np

KEPT = [0]

def {name}(me, ties):
{body}

def helper(ties, k):
    return ties[k].silence
"""
LINE = 8  # of the body
FACTS = [name for name in CONTACT.names or () if name not in ("clause", "priority")]
DAYS = 8


def written(tmp_path: Path, body: str, name: str = "it") -> dict[str, Any]:
    """A row whose function has this body."""
    path = tmp_path / f"{name}.py"
    indented = "\n".join(f"    {line}" for line in body.splitlines())
    path.write_text(FILE.format(name=name, body=indented), encoding="utf-8")
    return {"function": f"{path}:{name}", "what": "message; call", "session_minutes": 5, "gap_days": 2}


def parameters(**rows: Any) -> sim.Parameters:
    tags = {"family": list(range(0, 50, 3)), "work": list(range(0, 50, 2))}
    numbers = {"effort_minutes": 400, "ties_at_start": 25, "community_size": 25, "industries": 2, "routine_rate": 0.3}
    return sim.Parameters(strategies=rows, tags=tags, dormant_after_days=30, dormant_contacts=1, **numbers)


@cache
def world() -> sim.World:
    return sim.worlds.generated(people=50, burn_in_years=0.3, seed=2, parameters=parameters(), cache=False)


def on_both(row: dict[str, Any], days: int = DAYS) -> tuple[sim.World, sim.World]:
    """The world after some days on each engine."""
    how: dict[str, Any] = {"strategy": "x", "adopters": range(0, 50, 2), "seed": 3, "parameters": parameters(x=row)}
    fast, model = sim.Simulation(world(), **how), sim.ReconnectionModel(world=world(), **how)
    for _ in range(days):
        fast.step()
        model.step()
    return fast.world(), model.to_world()


def errors(row: dict[str, Any]) -> list[str]:
    """The sentences of both engines; those before the first day are `ValueError`."""
    how: dict[str, Any] = {"strategy": "x", "adopters": [4], "seed": 3, "parameters": parameters(x=row)}
    found = []
    for engine in (sim.Simulation, lambda world, **how: sim.ReconnectionModel(world=world, **how)):
        try:
            run = engine(world(), **how)
            for _ in range(DAYS):
                run.step()
        except (FunctionError, ValueError) as error:
            found.append(str(error))
    return found


# What a function sees, and what it chooses ---------------------------------------------------------------------------


def mixing(fields: list[str]) -> str:
    """A body whose choice depends on each bit of these fields."""
    lines = ["for tie in ties:", "    x = 0.0"]
    lines += [f"    x += tie.{name} * {0.37 * (k + 1):.2f}" for k, name in enumerate(fields)]
    lines += ["    tie.clause = int(x * 1000) % 3 - 1", "    tie.priority = x % 1.0"]
    return "\n".join(lines)


@pytest.mark.parametrize("part", range(3))
def test_both_engines_show_each_field_and_choose_the_same(tmp_path: Path, part: int) -> None:
    fields = FACTS if part == 2 else FACTS[part::2]
    row = written(tmp_path, mixing(fields))
    fast, slow = on_both(row)
    assert slow.differences(fast) == []
    assert fast.differences(on_both(written(tmp_path, "pass", "nobody"), 1)[0]) != []


def sessions_of(function: StrategyFunction, fields: frozenset[str]) -> tuple[Any, Any]:
    start, _ = begin(world(), strategy="x", adopters=30, seed=1, parameters=parameters(x=ROWS["x"]))
    start.plans["budget"] = 100.0  # so that all have a session
    core = Core(start, seed=1)
    number = list(start.parameters.strategy_names).index("x")
    shown = StrategyFunction("x", function.call, fields)
    return choosing.choices_of(shown, core.state, number, 0, core.day, core.seed)


ROWS: dict[str, dict[str, Any]] = {}


def test_fields_that_are_not_read_change_nothing_and_are_zero(tmp_path: Path) -> None:
    """The choices are those of a function to which all fields are shown; another one sees zeros."""
    ROWS["x"] = written(tmp_path, mixing(FACTS[1::3]))
    function = strategy_function("x", ROWS["x"]["function"])
    assert function.reads == {*FACTS[1::3], "clause", "priority"}
    shown = [sessions_of(function, fields) for fields in (function.reads, frozenset(FACTS))]
    assert len(shown[0][0]) > 100
    assert all(np.array_equal(one, other) for one, other in zip(*shown, strict=True))
    assert not np.array_equal(sessions_of(function, frozenset())[0], shown[0][0])
    state = Core(world(), seed=1).state
    state = state._replace(plans=begin(world(), strategy="check_in", adopters=50, seed=1)[0].plans)
    most = int(state.people["slots"].max())
    for name in FACTS[1:]:
        keys, contacts = np.empty(most, np.int64), np.zeros(most, CONTACT)
        seen = sum(
            bool(
                contacts[: choosing.see_ties(state, row, choosing.bits_of([name]), keys, contacts, 100, 1)][name].any()
            )
            for row in range(50)
        )
        assert seen > 0 or name in ("met_at", "active", "unanswered"), name
        assert [other for other in FACTS[1:] if other != name and contacts[other].any()] == []


@pytest.mark.parametrize("count", [0, 1, choosing.FEW, choosing.FEW + 1, 400])
def test_orders_are_by_priority_and_then_by_id(count: int) -> None:
    start, _ = begin(world(), strategy="check_in", adopters=1, seed=1)
    state = Core(start, seed=1).state
    state = state._replace(ties=np.zeros(int(state.people["first"].max()) + 500, state.ties.dtype))
    state.ties["planned"] = -10_000
    rng = np.random.default_rng(count)
    contacts, keys = np.zeros(count, CONTACT), rng.permutation(count).astype(np.int64)
    contacts["clause"], contacts["priority"] = rng.integers(-1, 1, count), rng.integers(0, 9, count)
    orders = np.zeros(count, choosing.ORDER)
    memory = (np.empty(count), np.empty(count, np.int64))
    many = choosing.add_orders(state, 0, contacts, keys, memory, orders, 1000)
    chosen = [k for k in range(count) if contacts["clause"][k] == 0]
    assert orders["slot"][:many].tolist() == [keys[k] for k in sorted(chosen, key=lambda k: -contacts["priority"][k])]


# What is refused -----------------------------------------------------------------------------------------------------

WRONG = {
    "ties[400].clause = 0": "raised IndexError in a session of person 4 on day 2: index 400 is out of bounds",
    "ties[0].priority = helper(ties, 400)": "raised IndexError in a session of person 4 on day 2: index 400 is out of",
    "ties[0].clause = 2": "the clause 2; expected a whole number from 0 to 1, or -1 to leave the tie out",
    "ties[0].clause = -2": "the clause -2; expected a whole number from 0 to 1, or -1 to leave the tie out",
    "ties[0].clause = 0.7": "the clause 0.7; expected a whole number from 0 to 1, or -1 to leave the tie out",
    "ties[0].clause = np.nan": "the clause nan; expected a whole number from 0 to 1, or -1 to leave the tie out",
    "ties[0].clause = 1; ties[0].priority = np.nan": "the priority nan; expected a number",
    "if me.elapsed == 2: raise ValueError('not today')": "raised ValueError in a session of person 4 on day 2: not",
    "ties[0].clause = 0\nties[0].priority = 1 / (me.id - 4)": "raised ZeroDivisionError in a session of person 4",
    "with objmode(k='int64'):\n    KEPT[0] += 1\n    k = KEPT[0]\nties[0].clause = k % 2": "chose differently when",
}
UNFIT = {
    "return 3": "returns a value (it.py, line 7); expected none",
    "return None if me.draw < 1 else 1": "returns a value (it.py, line 7); expected none",
    "x = ties[0].silent": f"uses the field silent (it.py, line {LINE}), and there is no such field; did you mean sile",
    "ties[0].claus = 1": f"uses the field claus (it.py, line {LINE}), and there is no such field; did you mean clause?",
    "x = me.sociabilty": f"uses the field sociabilty (it.py, line {LINE}), and there is no such field; did you mean so",
    "x = ties[0]['zzz']": f"uses the field zzz (it.py, line {LINE}), and there is no such field; a tie has other, acq",
    "ties[0].priority = np.random.random()": f"uses random numbers of its own (it.py, line {LINE}: np.random.random)",
    "x = {1: 2}\nx['a'] = ties": f"Numba can't compile (it.py, line {LINE + 1}): No implementation",
}


@pytest.mark.filterwarnings("ignore::numba.NumbaWarning")
@pytest.mark.parametrize("body", WRONG)
def test_both_engines_refuse_a_wrong_choice_in_the_same_words(tmp_path: Path, body: str) -> None:
    fast, slow = errors(written(tmp_path, body))
    assert fast == slow
    assert fast.startswith("The function of the strategy x (it.py, line ")
    assert WRONG[body] in fast
    if "raised" in fast:
        line = LINE + (3 if "helper" in body else body.count("\n"))
        assert f"(it.py, line {line})" in fast


@pytest.mark.filterwarnings("ignore::numba.NumbaWarning")
@pytest.mark.parametrize("body", UNFIT)
def test_a_function_that_cannot_be_used_is_refused_before_the_first_day(tmp_path: Path, body: str) -> None:
    fast, slow = errors(written(tmp_path, body))
    assert fast == slow
    assert fast.startswith("strategies.x.function names it.py:it, which ")
    assert UNFIT[body] in fast


def test_other_things_are_no_functions(tmp_path: Path) -> None:
    row = written(tmp_path, "pass")
    path = row["function"].rpartition(":")[0]
    with pytest.raises(ValueError, match=r"names it.py:LINE, and the file has no LINE"):
        load(f"{path}:LINE")
    with pytest.raises(ValueError, match=r"names it.py:KEPT, which is of the type list; expected a function of"):
        load(f"{path}:KEPT")
    with pytest.raises(ValueError, match=r"names it.py:np, which is of the type module"):
        load(f"{path}:np")
    Path(path).write_text("def it(me):\n    pass\n")
    with pytest.raises(ValueError, match=r"which has other arguments \(it.py, line 1\); expected it\(me, ties\)"):
        load(row["function"])


def test_the_choice_of_a_tie_that_is_left_out_does_not_matter(tmp_path: Path) -> None:
    fast, slow = on_both(written(tmp_path, "for tie in ties:\n    tie.priority = np.nan"), 2)
    assert slow.differences(fast) == []


def test_a_model_with_a_function_can_be_pickled(tmp_path: Path) -> None:
    own = parameters(x=written(tmp_path, "for tie in ties:\n    tie.clause = 0"))
    model = sim.ReconnectionModel(world=world(), strategy="x", adopters=[4], seed=3, parameters=own)
    copy = pickle.loads(pickle.dumps(model))
    for _ in range(2):
        model.step()
        copy.step()
    assert copy.to_world().differences(model.to_world()) == []
