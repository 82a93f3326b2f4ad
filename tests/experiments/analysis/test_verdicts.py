"""Verdicts against closed forms: what must come out whatever the resamples are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.analysis.compare import RESAMPLES, resampled_counts
from experiments.analysis.verdicts import (
    Estimate,
    Verdict,
    chances_of_being_best,
    difference,
    holm,
    mean,
    p_value,
    ratio,
    ruled_by_family,
    ruled_by_limit,
    ruled_by_ratio,
)

quick = settings(max_examples=25, deadline=None)
counts = st.lists(st.integers(1, 50), min_size=2, max_size=12)


@quick
@given(counts)
def test_arms_that_are_the_same_have_a_ratio_of_exactly_one(values: list[int]) -> None:
    arm = np.array(values, float)
    assert ratio(arm, arm) == Estimate(1.0, 1.0, 1.0, len(arm))
    assert difference(arm, arm)[:3] == (0.0, 0.0, 0.0)


@quick
@given(counts, st.sampled_from([2, 4, 8]))
def test_arms_in_proportion_have_that_ratio_in_every_resample(values: list[int], times: int) -> None:
    base = np.array(values, float)
    found = ratio(times * base, base)
    assert found[:3] == pytest.approx((times, times, times), rel=1e-12)


def test_the_ratio_is_that_of_sums_and_worlds_without_one_arm_are_left_out() -> None:
    found = ratio(np.array([1.0, 3.0, np.nan, 9.0]), np.array([1.0, 1.0, 1.0, np.nan]))
    assert (found.value, found.worlds) == (2.0, 2)


def test_a_ratio_of_small_shares_is_one_too() -> None:
    found = ratio(np.array([0.5, 0.0, 0.0]), np.array([0.25, 0.0, 0.0]))
    assert found == Estimate(2.0, 2.0, 2.0, 3), "what a resample has of neither says nothing"


def test_a_resample_without_a_base_says_nothing() -> None:
    """Of four worlds, one has all of the base: ratios are 4 / (how often it is drawn), and the largest is 4."""
    found = ratio(np.ones(4), np.array([1.0, 0.0, 0.0, 0.0]))
    assert (found.value, found.low, found.high) == (4.0, 1.0, 4.0)


def test_a_ratio_of_which_most_resamples_say_nothing_has_no_interval() -> None:
    skewed = np.random.default_rng(0).exponential(1, 20) ** 3
    base = skewed - skewed.mean() + 1e-3
    assert 0.5 < (resampled_counts(20, RESAMPLES) @ base <= 0).mean() < 1
    found = ratio(np.ones(20), base)
    assert np.isfinite(found.value)
    assert np.isnan([found.low, found.high]).all()


def test_a_ratio_of_which_half_of_the_resamples_say_something_has_one() -> None:
    """A base that is above 0 in exactly half of them."""
    skewed = np.random.default_rng(0).exponential(1, 20) ** 3
    means = np.sort(resampled_counts(20, RESAMPLES) @ skewed / 20)
    base = skewed - (means[RESAMPLES // 2 - 1] + means[RESAMPLES // 2]) / 2
    assert base.sum() > 0
    assert (resampled_counts(20, RESAMPLES) @ base <= 0).mean() == 0.5
    assert np.isfinite(ratio(np.ones(20), base)).all()


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


def test_nothing_over_nothing_is_no_ratio() -> None:
    assert np.isnan(ratio(np.ones(5), np.zeros(5)).value)


def test_one_world_has_no_interval() -> None:
    assert np.isnan(mean(np.array([3.0])).low)
    assert mean(np.array([np.nan])).worlds == 0


def test_the_interval_of_a_mean_is_the_usual_one_where_there_are_many_worlds() -> None:
    values = np.random.default_rng(3).normal(5, 2, 400)
    found = mean(values)
    half = 1.96 * values.std(ddof=1) / 20
    assert found.low == pytest.approx(values.mean() - half, abs=0.02)
    assert found.high == pytest.approx(values.mean() + half, abs=0.02)


def at(low: float, high: float, worlds: int = 20) -> Estimate:
    return Estimate((low + high) / 2, low, high, worlds)


@pytest.mark.parametrize(
    ("levels", "verdict"),
    [
        ([at(1.06, 1.2), at(1.051, 1.4)], Verdict.HOLDS),
        ([at(0.96, 1.04), at(0.99, 1.05)], Verdict.FAILS),
        ([at(0.6, 0.9), at(0.99, 1.05)], Verdict.FAILS),
        ([at(1.06, 1.2), at(0.97, 1.03)], Verdict.DEPENDS),
        ([at(1.06, 1.2), at(1.04, 1.3)], Verdict.UNDECIDED),
        ([at(0.9, 1.1)], Verdict.UNDECIDED),
        ([at(1.06, 1.2), at(1.06, 1.2, worlds=19)], Verdict.UNDECIDED),
        ([at(np.nan, np.nan)], Verdict.UNDECIDED),
        ([], Verdict.UNDECIDED),
    ],
)
def test_a_ratio_must_lie_beyond_the_margin_at_every_level(levels: list[Estimate], verdict: Verdict) -> None:
    named = {f"level {k}": one for k, one in enumerate(levels)}
    assert ruled_by_ratio(named, margin=0.05, worlds=20).verdict is verdict


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (1.25, 1.5, Verdict.UNDECIDED),  # on the margin is not beyond it
        (1.26, 1.5, Verdict.HOLDS),
        (0.75, 1.25, Verdict.FAILS),  # and within it
        (0.74, 1.25, Verdict.UNDECIDED),
        (0.75, 1.26, Verdict.UNDECIDED),
        (0.5, 0.99, Verdict.FAILS),
        (0.5, 1.0, Verdict.UNDECIDED),
        (0.5, 1.2, Verdict.UNDECIDED),
        (0.5, 1.5, Verdict.UNDECIDED),
    ],
)
def test_where_the_margin_of_a_ratio_ends(low: float, high: float, verdict: Verdict) -> None:
    assert ruled_by_ratio({"only": at(low, high)}, margin=0.25, worlds=20).verdict is verdict


def test_too_few_runs_are_so_where_it_is_unclear() -> None:
    levels = {"high": at(1.2, 1.4), "none": at(0.99, 1.01), "wide": at(0.5, 1.5)}
    for known in ("high", "none"):
        found = ruled_by_ratio({one: levels[one] for one in (known, "wide")}, margin=0.05, worlds=20)
        assert found.verdict is Verdict.UNDECIDED
        assert "wide" in found.on
        assert known not in found.on
    assert ruled_by_ratio(levels, margin=0.05, worlds=20).verdict is Verdict.DEPENDS


def test_a_verdict_that_depends_says_on_what() -> None:
    ruling = ruled_by_ratio({"door": at(1.2, 1.4), "no door": at(0.99, 1.01)}, margin=0.05, worlds=20)
    assert ruling.on == "effect with door; no effect with no door"


def test_thresholds_decide() -> None:
    levels = {"only": at(1.06, 1.2)}
    assert ruled_by_ratio(levels, margin=0.05, worlds=20).verdict is Verdict.HOLDS
    assert ruled_by_ratio(levels, margin=0.25, worlds=20).verdict is Verdict.FAILS
    assert ruled_by_ratio(levels, margin=0.05, worlds=21).verdict is Verdict.UNDECIDED


def test_a_limit() -> None:
    assert ruled_by_limit(at(0.01, 0.04), 0.05, worlds=20).verdict is Verdict.HOLDS
    assert ruled_by_limit(at(0.06, 0.07), 0.05, worlds=20).verdict is Verdict.FAILS
    assert ruled_by_limit(at(0.04, 0.06), 0.05, worlds=20).verdict is Verdict.UNDECIDED
    assert ruled_by_limit(at(0.01, 0.04, worlds=19), 0.05, worlds=20).verdict is Verdict.UNDECIDED
    assert ruled_by_limit(at(0.01, 0.05), 0.05, worlds=20).verdict is Verdict.UNDECIDED, "on the limit is not below it"
    assert ruled_by_limit(at(0.05, 0.06), 0.05, worlds=20).verdict is Verdict.UNDECIDED, "nor above it"


def test_holm_steps_down_and_stops() -> None:
    """The textbook's case: .01 ≤ .05/4, .02 > .05/3, so all after it stay, be they small enough for themselves."""
    assert holm({"a": 0.01, "b": 0.04, "c": 0.02, "d": 0.03}, 0.05) == {"a": True, "b": False, "c": False, "d": False}
    assert all(holm({"a": 0.012, "b": 0.05, "c": 0.016, "d": 0.02}, 0.05).values())


@quick
@given(st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_holm_rejects_what_bonferroni_does_and_no_more_than_no_correction(values: list[float]) -> None:
    named = {str(k): p for k, p in enumerate(values)}
    for name, rejected in holm(named, 0.05).items():
        assert rejected >= (named[name] <= 0.05 / len(values))
        assert rejected <= (named[name] <= 0.05)


def test_worlds_that_all_say_the_same_are_sure() -> None:
    assert p_value(np.zeros(20)) == 1.0
    assert p_value(np.full(20, 0.1)) == 0.0
    assert (p_value(np.array([0.0])), p_value(np.array([0.1]))) == (1.0, 0.0), "one world alone, too"


def test_a_family_is_judged_member_by_member() -> None:
    luck = np.random.default_rng(1).normal(0, 1, 30)
    clear, none = 5 + luck, luck - luck.mean()
    assert ruled_by_family({"a": clear, "b": clear}, error=0.05, worlds=20).verdict is Verdict.HOLDS
    assert ruled_by_family({"a": none, "b": -clear}, error=0.05, worlds=20).verdict is Verdict.FAILS
    mixed = ruled_by_family({"a": clear, "b": none}, error=0.05, worlds=20)
    assert (mixed.verdict, mixed.on) == (Verdict.DEPENDS, "for a; not for b")
    assert ruled_by_family({"a": clear[:19]}, error=0.05, worlds=20).verdict is Verdict.UNDECIDED


def test_a_family_needs_enough_worlds_of_each_member_and_an_effect_of_any_size() -> None:
    small = 0.1 + np.random.default_rng(1).normal(0, 0.01, 30)
    assert ruled_by_family({"a": small[:20]}, error=0.05, worlds=20).verdict is Verdict.HOLDS
    assert ruled_by_family({"a": small, "b": small[:19]}, error=0.05, worlds=20).verdict is Verdict.UNDECIDED
    assert ruled_by_family({}, error=0.05, worlds=20).verdict is Verdict.UNDECIDED


def test_chances_of_being_best_of_two_worlds() -> None:
    """Of two worlds with 1 and 0, a resample has a mean of 1, a half, a half or 0; equals share."""
    uneven, half = np.array([1.0, 0.0]), np.full(2, 0.5)
    assert chances_of_being_best([{"a": uneven, "b": half - 0.1}])["a"] == pytest.approx(3 / 4, abs=0.02)
    assert chances_of_being_best([{"a": uneven, "b": half}])["a"] == pytest.approx(1 / 2, abs=0.02)
    three = chances_of_being_best([{"a": uneven, "b": half, "c": half}])
    assert three == pytest.approx({"a": 1 / 4 + 1 / 6, "b": 7 / 24, "c": 7 / 24}, abs=0.02)


def test_who_leads_in_every_world_is_the_best_surely_and_equals_share() -> None:
    ten = np.arange(10.0)
    assert chances_of_being_best([{"a": ten + 1, "b": ten}]) == {"a": 1.0, "b": 0.0}
    shared = chances_of_being_best([{"a": ten, "b": ten, "c": ten - 1}])
    assert shared == pytest.approx({"a": 0.5, "b": 0.5, "c": 0.0})


def test_draws_weigh_equally_whatever_their_worlds() -> None:
    few, many = np.arange(4.0), np.arange(40.0)
    found = chances_of_being_best([{"a": few + 1, "b": few}, {"a": many, "b": many + 1}])
    assert found["a"] == pytest.approx(0.5, abs=0.03)
    assert sum(found.values()) == pytest.approx(1.0)
