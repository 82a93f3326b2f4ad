"""Intervals of repeated looks against published boundaries, closed forms, and made-up worlds with a known truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from experiments.analysis.sequential import (
    Decision,
    decided,
    mean_interval,
    nominal_errors,
    ratio_interval,
    schedule,
    worlds_to_decide,
)
from experiments.analysis.verdicts import Estimate
from verification.sequential_coverage import CASES, LOOKS, covered

quick = settings(max_examples=25, deadline=None)
ONE = (20,)


def skewed(worlds: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    base = random.exponential(2, worlds)
    return base + random.exponential(1, worlds), base


# Looks


def test_a_schedule_adds_half_as_many_and_ends_with_the_budget() -> None:
    assert schedule(20, 1.5, 100) == (20, 30, 45, 68, 100)
    assert schedule(20, 1.01, 23) == (20, 21, 22, 23), "a look adds a world at least"
    assert schedule(20, 2, 20) == (20,)


@pytest.mark.parametrize("wrong", [(2, 1.5, 100), (101, 1.5, 100), (20, 1.0, 100)])
def test_a_schedule_that_cannot_be_is_refused(wrong: tuple[int, float, int]) -> None:
    with pytest.raises(ValueError, match="must be"):
        schedule(*wrong)


# Jennison & Turnbull (2000), Group Sequential Methods, tables 2.1 (Pocock) and 2.3 (O'Brien & Fleming), error .05.
@pytest.mark.parametrize(
    ("shape", "count", "constant"),
    [(0.5, 2, 2.178), (0.5, 5, 2.413), (0.5, 10, 2.555), (0, 2, 1.977), (0, 5, 2.040), (0, 10, 2.087)],
)
def test_boundaries_of_equal_steps_are_those_of_published_tables(shape: float, count: int, constant: float) -> None:
    looks = tuple(10 * (1 + np.arange(count)))
    found = nominal_errors(looks, 0.05, shape)
    expected = constant * (np.array(looks) / looks[-1]) ** (shape - 0.5)
    assert stats.norm.isf(found / 2) == pytest.approx(expected, abs=6e-4 * np.sqrt(count))


def test_one_look_has_all_of_the_error() -> None:
    assert nominal_errors((20,), 0.05) == pytest.approx([0.05])


@pytest.mark.parametrize("looks", [(20, 30, 45, 68, 102), tuple(range(20, 60)), (3, 400)])
@pytest.mark.parametrize("shape", [0.25, 0.5])
def test_the_chance_that_any_look_of_normal_values_errs_is_the_error(looks: tuple[int, ...], shape: float) -> None:
    random, paths = np.random.default_rng(2), 40_000
    steps = np.sqrt(np.diff([0, *looks]))
    z = np.cumsum(random.normal(size=(paths, len(looks))) * steps, axis=1) / np.sqrt(looks)
    errs = (2 * stats.norm.sf(np.abs(z)) < nominal_errors(looks, 0.1, shape)).any(axis=1).mean()
    assert errs == pytest.approx(0.1, abs=4 * np.sqrt(0.1 * 0.9 / paths))


def test_nominal_errors_grow_and_are_smaller_with_more_looks() -> None:
    few, many = nominal_errors((20, 40), 0.05), nominal_errors((20, 25, 30, 35, 40), 0.05)
    assert (np.diff(many) > 0).all()
    assert (many[[0, -1]] < few).all()
    assert 0.025 < few.sum() < 0.1


@pytest.mark.parametrize(
    ("looks", "error", "shape"),
    [((), 0.05, 0.5), ((20, 20), 0.05, 0.5), ((2, 20), 0.05, 0.5), ((20,), 0, 0.5), ((20,), 0.9, 0.5), ((20,), 0.1, 1)],
)
def test_impossible_boundaries_are_refused(looks: tuple[int, ...], error: float, shape: float) -> None:
    with pytest.raises((ValueError, IndexError)):
        nominal_errors(looks, error, shape)


# Intervals


def test_the_interval_of_symmetric_values_is_students() -> None:
    values = np.concatenate([np.arange(1.0, 11), -np.arange(1.0, 11)]) + 3
    found = mean_interval(values, ONE)
    assert found[:3] == pytest.approx((3, *stats.ttest_1samp(values, 0).confidence_interval()))
    wider = mean_interval(values, (20, 30, 45))
    p = nominal_errors((20, 30, 45), 0.05)[0]
    assert wider[1:3] == pytest.approx(stats.ttest_1samp(values, 0).confidence_interval(1 - p))


def test_the_ends_of_skewed_values_are_where_halls_statistic_is_students_quantile() -> None:
    values = skewed(20)[0]
    u = stats.skew(values, bias=False) / np.sqrt(20)
    found, limit = mean_interval(values, ONE), stats.t.isf(0.025, 19)
    for end, side in ((found.low, 1), (found.high, -1)):
        t = (values.mean() - end) / stats.sem(values)
        assert t + u * t**2 / 3 + u**2 * t**3 / 27 + u / 6 == pytest.approx(side * limit)
    assert found.high - found.value > found.value - found.low, "the longer tail is on the right"


@quick
@given(st.integers(0, 10_000))
def test_a_negative_arm_has_the_mirrored_interval(seed: int) -> None:
    values = skewed(20, seed)[0]
    found, mirrored = mean_interval(values, ONE), mean_interval(-values, ONE)
    assert (mirrored.low, mirrored.high) == pytest.approx((-found.high, -found.low))


@quick
@given(st.integers(0, 10_000))
def test_the_interval_of_a_ratio_has_the_ratios_that_the_test_of_the_mean_accepts(seed: int) -> None:
    arm, base = skewed(20, seed)
    found = ratio_interval(arm, base, ONE)
    assert found.value == pytest.approx(arm.sum() / base.sum())
    for end in (found.low, found.high):
        inside, outside = (mean_interval(arm - r * base, ONE) for r in (end + (found.value - end) * 0.01, end))
        assert inside.low < 0 < inside.high
        assert min(abs(outside.low), abs(outside.high)) == pytest.approx(0, abs=1e-9)


@quick
@given(st.integers(0, 10_000), st.sampled_from([0.01, 5.0, 1_000.0]))
def test_a_ratio_scales_with_its_arm_and_inversely_with_its_base(seed: int, factor: float) -> None:
    arm, base = skewed(20, seed)
    found = np.array(ratio_interval(arm, base, ONE)[:3])
    assert ratio_interval(arm * factor, base, ONE)[:3] == pytest.approx(found * factor)
    assert ratio_interval(arm, base * factor, ONE)[:3] == pytest.approx(found / factor)


@quick
@given(st.permutations(range(20)))
def test_the_order_of_worlds_within_a_look_does_not_matter(order: list[int]) -> None:
    arm, base = skewed(20)
    assert mean_interval(arm[order], ONE) == pytest.approx(mean_interval(arm, ONE))
    assert ratio_interval(arm[order], base[order], ONE) == pytest.approx(ratio_interval(arm, base, ONE))


def test_equal_arms_have_a_ratio_of_exactly_one_and_arms_in_proportion_that_ratio() -> None:
    base = np.array([0.1, 0.0, 0.7] * 10)
    assert ratio_interval(base, base, (30,)) == Estimate(1.0, 1.0, 1.0, 30)
    assert ratio_interval(3 * base, base, (30,))[:3] == pytest.approx((3, 3, 3))
    assert mean_interval(base - base, (30,)) == Estimate(0.0, 0.0, 0.0, 30)


def test_a_ratio_without_a_bound_or_without_events_has_no_interval() -> None:
    rare = np.zeros(20)
    rare[3] = 1
    assert np.isnan(ratio_interval(np.ones(20), rare, ONE)[1:3]).all(), "the base may be 0"
    nothing = ratio_interval(np.zeros(20), 1 + np.arange(20.0), ONE)
    assert nothing.value == 0
    assert np.isnan(nothing[1:3]).all()
    assert np.isnan(ratio_interval(np.ones(20), np.zeros(20), ONE)[:3]).all()


def test_worlds_without_a_value_are_left_out_and_other_numbers_than_planned_refused() -> None:
    arm, base = skewed(20)
    arm[3] = base[4] = np.nan
    kept = ~np.isnan(arm + base)
    assert ratio_interval(arm, base, ONE) == pytest.approx(ratio_interval(arm[kept], base[kept], (18,)))
    assert mean_interval(arm - base, ONE) == pytest.approx(mean_interval((arm - base)[kept], (18,)))
    assert mean_interval(np.full(20, np.nan), ONE).worlds == 0
    assert np.isnan(mean_interval(np.append(np.full(18, np.nan), [1.0, 2.0]), ONE).low)
    with pytest.raises(ValueError, match="19 worlds are not one of the planned looks"):
        mean_interval(arm[:19], ONE)


@pytest.mark.parametrize("kind", ["difference", "ratio"])
@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.required])
def test_all_looks_together_contain_the_truth_in_95_percent(name: str, kind: str) -> None:
    found = covered(CASES[name], kind, 2_000)
    assert 0.92 < found.at_all < 0.97
    assert found.at_stop >= found.at_all
    assert found.worlds < LOOKS[-1], "it stops earlier"


def test_plain_intervals_at_each_look_would_contain_it_too_rarely() -> None:
    assert covered(CASES["normal"], "difference", 2_000, nominal=np.full(len(LOOKS), 0.05)).at_all < 0.87


# Decisions


@pytest.mark.parametrize(
    ("low", "high", "decision"),
    [
        (1.11, 2, "above"), (1.05, 2, "undecided"), (0.95, 1.05, "within"), (0.9, 1.1, "within"),
        (0.8, 1.05, "undecided"), (0.2, 0.89, "below"), (0.2, 1.5, "undecided"), (np.nan, np.nan, "undecided"),
        (1, 1, "within"),
    ],
)  # fmt: skip
def test_an_interval_decides_if_all_of_it_is_on_one_side(low: float, high: float, decision: str) -> None:
    assert decided(Estimate(1, low, high, 9), 1, 0.1) == decision


def test_a_negative_margin_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be negative"):
        decided(Estimate(1, 0, 2, 9), 0, -1)


@quick
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.2, 0.7, 2.0]))
def test_repeating_the_worlds_as_often_as_it_says_decides(seed: int, margin: float) -> None:
    values = skewed(20, seed)[0] - 2
    needed = worlds_to_decide(values, (20,), 0.05, 0, margin)
    if needed is None or needed > 2_000:
        return
    times = -(-needed // 20)
    assert decided(mean_interval(np.tile(values, times), (20 * times,)), 0, margin) != Decision.UNDECIDED
    fewer = (needed - 1) // 20 - 1
    if fewer >= 1:
        assert decided(mean_interval(np.tile(values, fewer), (20 * fewer,)), 0, margin) == Decision.UNDECIDED


def test_at_the_margin_no_number_decides_and_what_decides_needs_no_more() -> None:
    values = skewed(20)[0]
    assert worlds_to_decide(values, ONE, 0.05, 0, float(values.mean())) is None
    assert worlds_to_decide(values, ONE, 0.05, 0, 0) == 20
    assert worlds_to_decide(values[:2], ONE, 0.05, 0, 0) is None
    assert worlds_to_decide(np.full(20, np.nan), ONE, 0.05, 0, 0) is None


def test_worlds_for_a_ratio_grow_with_the_square_of_the_distance() -> None:
    arm, base = skewed(20)
    ratio = arm.sum() / base.sum()
    needed = [worlds_to_decide(arm, ONE, 0.05, ratio - apart, 0, base) for apart in (0.02, 0.01)]
    assert needed[0] is not None
    assert needed[1] is not None
    assert needed[1] / needed[0] == pytest.approx(4, rel=0.1)
