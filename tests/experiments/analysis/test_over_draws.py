"""Shares, spreads and dependence over draws, on draws whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.analysis.over_draws import hangs_on, share_of, shares_of_being_best, spread, winner

values = st.lists(st.integers(-5, 5).map(float), min_size=2, max_size=30)


@given(values)
def test_a_spread_does_not_depend_on_the_order_and_leaves_out_what_is_missing(effects: list[float]) -> None:
    one, other = spread(np.array(effects)), spread(np.array([np.nan, *sorted(effects)]))
    assert (one.value, one.least, one.median, one.most) == pytest.approx((other.value, *other[3:6]))
    assert one.draws == len(effects)
    assert one.least <= one.median <= one.most
    assert one.low <= one.value + 1e-9
    assert one.value <= one.high + 1e-9


def test_nothing_is_known_without_draws() -> None:
    assert np.isnan(spread(np.array([np.nan])).value)
    assert np.isnan(share_of(np.zeros(0)).value)


@pytest.mark.parametrize(("p", "n"), [(0.1, 60), (0.5, 100), (0.9, 300)])
def test_the_interval_of_a_share_contains_the_truth_as_often_as_it_says(p: float, n: int) -> None:
    random = np.random.default_rng(1)
    found = [share_of(random.random(n) < p) for _ in range(2_000)]
    assert 0.93 < np.mean([one.low <= p <= one.high for one in found]) < 0.97


@given(st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=1, max_size=20))
def test_shares_of_being_best_add_up_to_one(rows: list[tuple[int, int, int]]) -> None:
    arms = pd.DataFrame(rows, columns=["a", "b", "c"])
    shares = shares_of_being_best(arms)
    assert sum(one.value for one in shares.values()) == pytest.approx(1)
    if (arms["a"] > arms[["b", "c"]].max(axis=1)).all():
        assert shares["a"].value == 1


def test_there_is_no_winner_unless_it_wins_in_nine_of_ten_for_sure() -> None:
    always = pd.DataFrame({"a": np.ones(100), "b": np.zeros(100)})
    assert winner(shares_of_being_best(always)) == "a"
    mostly = always.assign(b=np.where(np.arange(100) < 9, 2.0, 0.0))
    assert shares_of_being_best(mostly)["a"].value == pytest.approx(0.91)
    assert winner(shares_of_being_best(mostly)) is None, "its interval begins below 90%"
    assert winner(shares_of_being_best(always.head(5))) is None, "five draws are too few"


def draws(count: int, numbers: int) -> pd.DataFrame:
    random = np.random.default_rng(2)
    return pd.DataFrame(random.random((count, numbers)), columns=[f"n{k}" for k in range(numbers)])


def test_an_effect_hangs_on_the_numbers_that_make_it_the_strongest_first() -> None:
    levels = draws(300, 150)
    noise = np.random.default_rng(3).normal(0, 0.2, 300)
    found = hangs_on(levels, np.exp(2 * levels["n7"]) - 1.5 * levels["n3"] + noise)
    assert list(found["number"]) == ["n7", "n3"]
    assert (np.sign(found["correlation"]) == [1, -1]).all()


def test_nothing_is_named_where_there_is_only_noise() -> None:
    """In at most 5 of 100 sets of 150 numbers, by the correction."""
    levels = draws(200, 150)
    random = np.random.default_rng(4)
    named = [len(hangs_on(levels, pd.Series(random.normal(size=200)))) > 0 for _ in range(60)]
    assert np.mean(named) < 0.12


def test_more_effects_tested_together_need_stronger_correlations() -> None:
    levels = draws(60, 100)
    effects = levels["n1"] + np.random.default_rng(5).normal(0, 0.45, 60)
    alone = hangs_on(levels, effects)
    assert alone["number"].tolist() == ["n1"]
    p = alone["p"].iloc[0]
    enough = int(0.05 / (100 * p))
    assert hangs_on(levels, effects, effects_tested=enough)["number"].tolist() == ["n1"]
    assert hangs_on(levels, effects, effects_tested=enough + 1).empty


def test_an_effect_without_spread_hangs_on_nothing() -> None:
    levels = draws(20, 3)
    assert hangs_on(levels, pd.Series(np.ones(20))).empty
    assert hangs_on(levels.assign(n0=1.0), levels["n1"])["number"].tolist() == ["n1"]
