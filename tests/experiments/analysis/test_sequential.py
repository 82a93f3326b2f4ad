"""Repeated confidence intervals: closed forms, coverage over all looks, and decisions."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from experiments.analysis.sequential import (
    Decision,
    decided,
    mean_interval,
    nominal_error,
    ratio_interval,
    schedule,
    worlds_to_decide,
)
from experiments.analysis.verdicts import Estimate
from verification.sequential_coverage import CASES, covered

LOOKS = schedule(20, 1.5, 160)


@given(first=st.integers(3, 50), more=st.integers(0, 500), step=st.floats(1.01, 4))
def test_looks_increase_by_the_step_from_the_first_to_the_budget(first: int, more: int, step: float) -> None:
    looks = schedule(first, step, first + more)
    assert (looks[0], looks[-1]) == (first, first + more)
    for early, late in pairwise(looks[:-1]):
        assert late == max(early + 1, int(np.ceil(early * step)))
    assert list(looks) == sorted(set(looks))


@pytest.mark.parametrize(("first", "step", "budget"), [(2, 2, 9), (10, 2, 9), (5, 1, 9)])
def test_a_schedule_that_makes_no_sense_is_refused(first: int, step: float, budget: int) -> None:
    with pytest.raises(ValueError, match=r"first = |step = "):
        schedule(first, step, budget)


def test_one_look_has_the_whole_error_and_more_looks_have_less_each() -> None:
    assert nominal_error((20,), 0.05) == 0.05
    each = [nominal_error(tuple(range(20, 20 * (k + 1), 20)), 0.05) for k in (2, 3, 5, 10)]
    # The nominal levels of Pocock (1977, table 1) for 2, 3, 5 and 10 equally spaced looks.
    assert each == pytest.approx([0.0294, 0.0221, 0.0158, 0.0106], abs=5e-5)


def test_the_boundary_is_crossed_as_often_as_it_says_by_sums_of_normal_values() -> None:
    looks = np.array(LOOKS)
    sums = np.cumsum(np.random.default_rng(1).normal(size=(40_000, looks[-1])), axis=1)[:, looks - 1]
    limit = stats.norm.isf(nominal_error(LOOKS, 0.05) / 2)
    crossed = (np.abs(sums / np.sqrt(looks)) > limit).any(axis=1)
    assert crossed.mean() == pytest.approx(0.05, abs=0.004)


@given(
    st.lists(st.integers(-9, 9).map(float), min_size=20, max_size=20), st.integers(-5, 5), st.sampled_from([0.5, 2.0])
)
def test_an_interval_moves_and_stretches_with_the_values(values: list[float], shift: int, factor: float) -> None:
    one = mean_interval(np.array(values), LOOKS)
    other = mean_interval(np.array(values) * factor + shift, LOOKS)
    assert one.low <= one.value <= one.high or np.ptp(values) == 0
    assert [other.value, other.low, other.high] == pytest.approx(
        [one.value * factor + shift, one.low * factor + shift, one.high * factor + shift], abs=1e-6
    )
    turned = mean_interval(-np.array(values), LOOKS)
    assert [turned.low, turned.high] == pytest.approx([-one.high, -one.low], abs=1e-6)


def test_symmetric_values_have_the_interval_of_student_at_the_nominal_level() -> None:
    values = np.concatenate([np.arange(10.0), -np.arange(10.0)])
    found = mean_interval(values, LOOKS)
    half = stats.t.isf(nominal_error(LOOKS, 0.05) / 2, 19) * stats.sem(values)
    assert [found.low, found.high] == pytest.approx([-half, half])


def test_a_ratio_has_the_values_at_which_the_difference_may_be_zero() -> None:
    """Fieller's theorem, by testing the ends one by one."""
    random = np.random.default_rng(2)
    base = random.poisson(3, 30).astype(float)
    arm = base + random.poisson(1, 30)
    found = ratio_interval(arm, base, LOOKS)
    assert found.value == pytest.approx(arm.sum() / base.sum())
    for end, outside in ((found.low, -0.01), (found.high, 0.01)):
        for ratio, contains in ((end + outside, False), (end - outside, True)):
            interval = mean_interval(arm - ratio * base, LOOKS)
            assert (interval.low <= 0 <= interval.high) == contains


def test_equal_arms_have_the_ratio_one_and_an_empty_base_has_none() -> None:
    arm = np.tile([0.0, 1.0], 10)
    assert ratio_interval(arm, arm, LOOKS)[:3] == (1, 1, 1)
    assert np.isnan(ratio_interval(arm, np.zeros(20), LOOKS).value)
    rare = np.eye(20)[0]
    assert np.isnan(ratio_interval(arm, rare, LOOKS).high), "the base may be 0"
    with pytest.raises(ValueError, match="21 worlds are not one of the planned looks"):
        mean_interval(np.ones(21), LOOKS)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.6, 2, "above"),
        (-2, -0.6, "below"),
        (-0.5, 0.5, "within"),
        (0.4, 2, "undecided"),
        (np.nan, np.nan, "undecided"),
    ],
)
def test_an_effect_is_above_within_or_below_the_smallest_one_of_interest(low: float, high: float, said: str) -> None:
    assert decided(Estimate(0, low, high, 20), 0, 0.5) == Decision(said)
    assert decided(Estimate(1, 1 + low, 1 + high, 20), 1, 0.5) == Decision(said)


def test_more_worlds_are_needed_nearer_to_the_margin_and_none_suffice_at_it() -> None:
    values = np.tile([0.0, 1.0], 10)
    needed = [worlds_to_decide(values, LOOKS, 0.05, 0, margin) for margin in (0.1, 0.3, 0.4, 0.45)]
    assert needed == sorted(needed)  # type: ignore[type-var]
    assert needed[0] == 20
    assert worlds_to_decide(values, LOOKS, 0.05, 0, 0.5) is None
    count = needed[2]
    assert count is not None
    again = np.tile([0.0, 1.0], (count + 1) // 2)
    assert decided(mean_interval(again, (len(again), LOOKS[-1] + len(again))), 0, 0.4) in ("above", "undecided")


@pytest.mark.parametrize(
    ("case", "kind"),
    [(name, kind) for name, case in CASES.items() for kind in case.required if name.split(",")[0] != "lognormal"],
)
def test_all_looks_together_contain_the_truth_in_95_of_100_experiments(case: str, kind: str) -> None:
    """In 2,000 experiments; `verification/sequential_coverage.py` has more."""
    found = covered(CASES[case], kind, 2_000, LOOKS)
    assert 0.925 < found.at_all < 0.975
    assert found.wrong < 0.07
    careless = covered(CASES[case], kind, 500, LOOKS, nominal=0.05)
    assert careless.at_all < 0.92, "as many looks with 95% each would not do"
