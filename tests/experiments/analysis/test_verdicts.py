"""Estimates against closed forms: what must come out whatever the resamples are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.analysis.verdicts import difference, mean

quick = settings(max_examples=25, deadline=None)
counts = st.lists(st.integers(1, 50), min_size=2, max_size=12)


@quick
@given(counts)
def test_arms_that_are_the_same_do_not_differ(values: list[int]) -> None:
    arm = np.array(values, float)
    assert difference(arm, arm)[:3] == (0.0, 0.0, 0.0)


@quick
@given(counts)
def test_a_mean_lies_in_its_interval_and_that_between_the_extremes(values: list[int]) -> None:
    arm = np.array([*values, 500.0])
    found = mean(arm)
    assert arm.min() - 1e-9 <= found.low <= found.value <= found.high <= arm.max() + 1e-9
    assert found.value == pytest.approx(arm.mean())


@quick
@given(counts, st.integers(-9, 9))
def test_a_difference_is_that_of_the_first_from_the_second(values: list[int], shift: int) -> None:
    base = np.array(values, float)
    assert difference(base + shift, base)[:3] == (shift, shift, shift)
    twice = difference(2 * base, base)
    assert twice[:3] == pytest.approx(mean(base)[:3])


def test_one_world_has_no_interval() -> None:
    assert np.isnan(mean(np.array([3.0])).low)
    assert mean(np.array([np.nan])).worlds == 0


def test_the_interval_of_a_mean_is_the_usual_one_where_there_are_many_worlds() -> None:
    values = np.random.default_rng(3).normal(5, 2, 400)
    found = mean(values)
    half = 1.96 * values.std(ddof=1) / 20
    assert found.low == pytest.approx(values.mean() - half, abs=0.02)
    assert found.high == pytest.approx(values.mean() + half, abs=0.02)
