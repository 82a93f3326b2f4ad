"""Baseline forecasts that need no model of people. A useful simulation has to beat them.

Each learns from pairs that were silent on an earlier morning, for which the answer is known, and then forecasts other
pairs. Pairs are given as by `experiments.forecasts.pairs.silent_pairs`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit, logit

from experiments.forecasts.pairs import FEATURES

RECENCY, FREQUENCY = "silence", "contacts"
RIDGE = 1e-3  # keeps slopes finite if the pairs that came back are perfectly separable

Forecaster = Callable[[np.ndarray], np.ndarray]


def smoothed(came_back: np.ndarray | float, total: float) -> np.ndarray:
    """A chance from a count, with Jeffreys' prior: half a pair more came back, and half a pair more did not."""
    return np.asarray((came_back + 0.5) / (total + 1.0))


def logistic(columns: np.ndarray, back: np.ndarray) -> Forecaster:
    """Logistic regression.

    Args:
        columns: shape (pairs, columns), at least one pair.
        back: whether each pair came back, bool, shape (pairs,). If all or none did, the forecast is their smoothed
            share.

    Returns:
        A function from columns, shape (n, columns), to chances, shape (n,).
    """
    if back.all() or not back.any():
        share = float(smoothed(back.sum(), len(back)))
        return lambda others: np.full(len(others), share)
    centre, spread = columns.mean(axis=0), columns.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)

    def design(some: np.ndarray) -> np.ndarray:
        return np.column_stack([np.ones(len(some)), (some - centre) / spread])

    known = design(columns)

    def cost(slopes: np.ndarray) -> tuple[float, np.ndarray]:
        line = known @ slopes
        penalty = RIDGE * np.append(0.0, slopes[1:])
        value = np.mean(np.logaddexp(0.0, line) - back * line) + 0.5 * penalty @ slopes
        return float(value), known.T @ (expit(line) - back) / len(back) + penalty

    found = minimize(cost, np.zeros(known.shape[1]), jac=True, method="BFGS").x
    return lambda others: np.asarray(expit(design(others) @ found))


def recalibrated(earlier: np.ndarray, back: np.ndarray, now: np.ndarray) -> np.ndarray:
    """Forecasts corrected by the line on the logit scale that fits earlier forecasts best (Platt 1999).

    Args:
        earlier: earlier forecasts in (0, 1), shape (earlier pairs,).
        back: whether each earlier pair came back, bool, shape (earlier pairs,).
        now: forecasts to correct, shape (pairs,).
    """
    return logistic(logit(earlier)[:, None], back)(logit(now)[:, None])


def baselines(earlier: pd.DataFrame, back: np.ndarray, pairs: pd.DataFrame) -> dict[str, np.ndarray]:
    """The chances that pairs come back, by the name of the baseline.

    Args:
        earlier: earlier pairs, at least one.
        back: whether each earlier pair came back, bool, shape (earlier pairs,).
        pairs: the pairs to forecast.

    Returns:
        Shape (pairs,) each: ``base_rate``, the share that came back earlier; ``recency`` and ``recency_frequency``,
        logistic in the logarithms of silence and of silence and contacts; ``boosting``, gradient-boosted trees on all
        of `FEATURES`, only if scikit-learn is installed.
    """
    chances = {"base_rate": np.full(len(pairs), float(smoothed(back.sum(), len(back))))}
    for name, columns in (("recency", [RECENCY]), ("recency_frequency", [RECENCY, FREQUENCY])):
        forecaster = logistic(np.log(earlier[columns].to_numpy(float)), back)
        chances[name] = forecaster(np.log(pairs[columns].to_numpy(float)))
    trees = _boosted(earlier[list(FEATURES)].to_numpy(float), back)
    if trees is not None:
        chances["boosting"] = trees(pairs[list(FEATURES)].to_numpy(float))
    return chances


def _boosted(columns: np.ndarray, back: np.ndarray) -> Forecaster | None:
    """Small gradient-boosted trees with a low learning rate; None without scikit-learn."""
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier
        from threadpoolctl import threadpool_limits
    except ImportError:
        return None
    if back.all() or not back.any():
        return logistic(columns, back)
    trees = HistGradientBoostingClassifier(
        learning_rate=0.05, max_iter=100, max_leaf_nodes=15, min_samples_leaf=40, early_stopping=False, random_state=0
    )
    with threadpool_limits(1):  # a fixed order of sums
        trees.fit(columns, back)
    return lambda others: np.asarray(trees.predict_proba(others)[:, 1])
