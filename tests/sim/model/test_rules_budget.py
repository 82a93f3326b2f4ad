"""Time budgets: sessions spread over the week, and whole sessions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim
from sim.model import rules
from sim.model.strategies import NAMES
from tests.sim.model.closed_forms import quick


@quick
@given(st.integers(0, 10_000), st.integers(0, 7))
def test_sessions_are_spread_over_the_week(week: int, sessions: int) -> None:
    """As many days as asked for, each counting those left; never two apart by more than their even share."""
    rows = sim.Parameters(strategies={"check_in": {"sessions": sessions}}).playbook.strategies
    weekdays = rows[NAMES.index("check_in")]["weekdays"]
    left = [rules.sessions_left(7 * week + weekday, weekdays) for weekday in range(7)]
    sitting_days = [weekday for weekday, count in enumerate(left) if count]
    assert [count for count in left if count] == list(range(sessions, 0, -1))
    if sessions:
        gaps = np.diff([*sitting_days, sitting_days[0] + 7])
        assert gaps.max() <= math.ceil(7 / sessions)


@quick
@given(st.floats(0, 3_000), st.floats(0.1, 600), st.integers(1, 7))
def test_time_budgets_are_spent_in_whole_sessions(budget: float, least: float, sessions: int) -> None:
    """A session takes its full minutes and at most the budget, or doesn't start; the rest is less than one session."""
    assert rules.session_budget(budget, least, 0) == 0
    assert (rules.session_budget(budget, least, sessions) > 0) == (budget >= least)
    for left in range(sessions, 0, -1):
        minutes = rules.session_budget(budget, least, left)
        assert minutes == 0 or least <= minutes <= budget
        if minutes > least:
            assert minutes == pytest.approx(budget / left), "an even part"
        budget -= minutes
    assert budget < least
