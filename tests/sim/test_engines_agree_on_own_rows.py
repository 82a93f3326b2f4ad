"""Both engines agree bit for bit on strategies, gestures, places and functions that nobody has written yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numba
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import sim
from sim.model.python_files import hash_of_text
from tests.conftest import examples
from tests.sim.generated_functions import NAME, functions
from tests.sim.generated_rows import (
    ADDED_KINDS,
    ADDED_PLACES,
    SEEN,
    TAGS,
    Watched,
    each_in_turn,
    expected_to_be_seen,
    tables,
)
from tests.sim.test_engines import BUSY, Case, differences

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example, HealthCheck.filter_too_much]


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    yield
    numba.set_num_threads(before)


def busy(**changes: Any) -> sim.Parameters:
    """Parameters of a busy world with dormant ties after a month."""
    usual = BUSY.model_dump(exclude={"strategies", "gestures", "places", "ladders"}, exclude_unset=True)
    return sim.Parameters(
        **usual
        | {"dormant_after_days": 30, "dormant_contacts": 1, "hangout_regulars": 10, "once_strong": 3.0}
        | changes
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A run of two or three generated strategies side by side, in a busy world of 30 to 45 people."""
    own = draw(tables())
    try:
        parameters = busy(follow_through=draw(st.sampled_from([1.0, 6.0])), **own)
    except ValidationError:  # fields of different tables that don't fit together, such as a mass of 0 with an answer
        assume(False)
        raise
    people, days = draw(st.integers(30, 45)), draw(st.integers(10, 18))
    names = draw(st.lists(st.sampled_from(list(own["strategies"])), min_size=1, max_size=3, unique=True))
    hosts = Counter(parameters.strategies[name].place for name in names)
    assume(hosts["event"] < 2 and hosts["meetup"] < 2)
    return Case(
        people=people,
        days=days,
        seed=draw(st.sampled_from([1, 2**64 - 1])),
        parameters=parameters,
        strategy={name: 1 / len(names) for name in names},
        adopters=tuple(range(draw(st.integers(0, 2)), people, 4)),
        extra=(),
        handover=days // 2,
        threads=draw(st.sampled_from([1, 2])),
        strategy_days=draw(st.sampled_from([None, None, days - 3])),
    )


def test_engines_agree_on_strategies_that_nobody_has_written() -> None:
    """Together they use every condition, held and failed, every order, clause and place, and later stages."""
    seen: Counter[str] = Counter()
    SEEN.clear()

    for table in each_in_turn():
        parameters = busy(effort_minutes=4_000, **table)
        shares = {name: 1 / len(table["strategies"]) for name in table["strategies"]}
        assert (
            differences(Case(40, 24, 5, parameters, shares, tuple(range(0, 40, 4)), (), 12, 1, None), seen, Watched)
            == []
        )

    @settings(max_examples=examples(120), suppress_health_check=SLOW)
    @given(case=cases())
    def agree(case: Case) -> None:
        assert differences(case, seen, Watched) == []

    agree()
    assert {name for name in expected_to_be_seen() if SEEN[name] == 0} == set()
    assert {name for name in (*ADDED_KINDS, *ADDED_PLACES) if seen[name] == 0} == set()


def test_engines_agree_on_functions_that_nobody_has_written(tmp_path: Path) -> None:
    """Each is compiled, which takes seconds, so there are few; each has a rule of its own for every third person."""
    seen: Counter[str] = Counter()
    kinds = {kind: {"based_on": "message", "minutes": 2, "felt_risk": 0, "invites": False} for kind in ADDED_KINDS}

    @settings(max_examples=examples(6), suppress_health_check=SLOW, phases=[Phase.generate])  # no shrinking: minutes
    @given(text=functions(len(ADDED_KINDS)), gap_days=st.integers(0, 3), people=st.integers(30, 45))
    def agree(text: str, gap_days: int, people: int) -> None:
        path = tmp_path / f"{hash_of_text(text)}.py"
        path.write_text(text, encoding="utf-8")
        row = {"function": f"{path}:{NAME}", "what": "; ".join(ADDED_KINDS), "session_minutes": 5, "gap_days": gap_days}
        parameters = busy(effort_minutes=2_000, strategies={"own": row}, gestures=kinds, tags=TAGS)
        shares = {"own": 0.75, "show_up": 0.25}  # for the place where two last met
        case = Case(people, 12, 1, parameters, shares, tuple(range(0, people, 2)), (), 6, 1, None)
        assert differences(case, seen) == []

    agree()
    assert {kind for kind in ADDED_KINDS if seen[kind] == 0} == set(), "no function chose this clause"
