"""Baselines against closed forms: a prior, a penalized line, and small trees."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier

from experiments.forecasts.baselines import RIDGE, baselines, logistic, recalibrated, smoothed
from experiments.forecasts.pairs import FEATURES


def expit(line: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-line)))


def logit(chance: np.ndarray) -> np.ndarray:
    return np.log(chance / (1 - chance))


@given(st.integers(0, 50), st.integers(0, 50))
def test_half_a_pair_more_came_back_and_half_a_pair_more_did_not(back: int, stayed: int) -> None:
    assert float(smoothed(back, back + stayed)) == pytest.approx((back + 0.5) / (back + 0.5 + stayed + 0.5))


@pytest.mark.parametrize(("back", "share"), [(True, 3.5 / 4), (False, 0.5 / 4)])
def test_where_all_or_none_came_back_the_forecast_is_their_share(back: bool, share: float) -> None:
    forecaster = logistic(np.arange(6.0).reshape(3, 2), np.full(3, back))
    assert forecaster(np.zeros((5, 2))).tolist() == [share] * 5


@pytest.mark.parametrize("columns", [1, 3])
def test_a_logistic_forecast_is_where_the_penalized_likelihood_is_flat(columns: int) -> None:
    """The mean forecast is the share that came back; a slope times the ridge is the covariance of error and column."""
    random = np.random.default_rng(3)
    known = random.normal(4, [0.5, 2, 30][:columns], (400, columns))
    back = random.random(400) < expit((known - 4) @ np.array([2, -0.5, 0.05])[:columns] - 1)
    chance = logistic(known, back)(known)
    standard = (known - known.mean(axis=0)) / known.std(axis=0)
    design = np.column_stack([np.ones(400), standard])
    line, *_ = np.linalg.lstsq(design, logit(chance), rcond=None)
    assert design @ line == pytest.approx(logit(chance), abs=1e-9), "a line in the columns"
    assert chance.mean() == pytest.approx(back.mean(), abs=3e-5)
    assert ((back - chance) @ standard / 400) == pytest.approx(RIDGE * line[1:], abs=3e-5)


def test_a_column_that_is_the_same_for_all_teaches_nothing() -> None:
    random = np.random.default_rng(5)
    column, back = random.normal(size=(200, 1)), random.random(200) < 0.4
    constant = np.column_stack([column, np.full(200, 7.0)])
    expected = logistic(column, back)(column)
    assert logistic(constant, back)(constant) == pytest.approx(expected, abs=1e-6)
    assert logistic(constant, back)(np.column_stack([column, np.full(200, 9.0)])) == pytest.approx(expected, abs=1e-6)


def test_a_slope_stays_finite_where_the_pairs_can_be_told_apart_perfectly() -> None:
    """Half of them at either side: the error of a forecast is a thousandth of its logit."""
    column = np.repeat([[2.0], [8.0]], 50, axis=0)
    low, high = logistic(column, column[:, 0] > 5)(np.array([[2.0], [8.0]]))
    assert low == pytest.approx(1 - high, abs=1e-4)
    assert 1 - high == pytest.approx(1e-3 * np.log(high / (1 - high)), rel=0.02)


def test_a_recalibration_is_a_logistic_regression_on_the_logit() -> None:
    random = np.random.default_rng(4)
    earlier, now = random.uniform(0.05, 0.95, 300), np.array([0.1, 0.5, 0.8])
    back = random.random(300) < earlier**2
    found = recalibrated(earlier, back, now)
    assert found == pytest.approx(logistic(logit(earlier)[:, None], back)(logit(now)[:, None]))
    assert (np.diff(found) > 0).all()


def made_up(pairs: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    random = np.random.default_rng(seed)
    table = pd.DataFrame({name: random.uniform(1, 100, pairs) for name in FEATURES})
    return table, random.random(pairs) < np.where(table["silence"] < 50, 0.6, 0.1) * (table["returns"] > 30)


def test_each_baseline_learns_from_its_own_columns() -> None:
    (earlier, back), (asked, _) = made_up(300, 1), made_up(50, 2)
    found = baselines(earlier, back, asked)
    assert found["base_rate"].tolist() == [pytest.approx((back.sum() + 0.5) / 301)] * 50
    for name, columns in (("recency", ["silence"]), ("recency_frequency", ["silence", "contacts"])):
        forecaster = logistic(np.log(earlier[columns].to_numpy()), back)
        assert found[name] == pytest.approx(forecaster(np.log(asked[columns].to_numpy())))


def test_boosting_is_a_hundred_small_trees_of_all_features_with_a_low_rate() -> None:
    (earlier, back), (asked, _) = made_up(1_500, 3), made_up(200, 4)
    trees = HistGradientBoostingClassifier(
        learning_rate=0.05, max_iter=100, max_leaf_nodes=15, min_samples_leaf=40, early_stopping=False
    )
    trees.fit(earlier[list(FEATURES)].to_numpy(), back)
    chances = trees.predict_proba(asked[list(FEATURES)].to_numpy())[:, 1]
    assert baselines(earlier, back, asked)["boosting"] == pytest.approx(chances, abs=1e-9)
    nobody = baselines(earlier, np.zeros(1_500, bool), asked)["boosting"]
    everybody = baselines(earlier, np.ones(1_500, bool), asked)["boosting"]
    assert (nobody == 0.5 / 1_501).all()
    assert (everybody == 1_500.5 / 1_501).all()
