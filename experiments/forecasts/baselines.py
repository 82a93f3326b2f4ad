"""Forecasts that need no model of people: what a simulation has to beat to be of use.

Each learns from pairs that were asked the same question on an earlier morning and whose answer is known, and is then
put to other pairs. Pairs come as `experiments.forecasts.pairs.silent_pairs` gives them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit, logit

from experiments.forecasts.pairs import FEATURES

RECENCY, FREQUENCY = "silence", "contacts"
RIDGE = 1e-3  # keeps slopes finite where the pairs that came back can be told apart without a doubt

Forecaster = Callable[[np.ndarray], np.ndarray]


def smoothed(came_back: np.ndarray | float, asked: float) -> np.ndarray:
    """A chance from a count: as if half a pair had come back and half one had not (Jeffreys' prior); shape as given."""
    return np.asarray((came_back + 0.5) / (asked + 1.0))


def logistic(columns: np.ndarray, back: np.ndarray) -> Forecaster:
    """Logistic regression.

    Args:
        columns: shape (pairs, columns), one pair at least.
        back: what happened, bool, shape (pairs,). Where all or none came back, the forecast is their smoothed share.

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
    """Forecasts with the line on the logit scale that would have made earlier ones right (Platt 1999).

    Args:
        earlier: forecasts in (0, 1) of the earlier question, shape (earlier pairs,).
        back: what came of them, bool, the same shape.
        now: forecasts to put right, shape (pairs,).
    """
    return logistic(logit(earlier)[:, None], back)(logit(now)[:, None])


def baselines(earlier: pd.DataFrame, back: np.ndarray, asked: pd.DataFrame) -> dict[str, np.ndarray]:
    """The chances that pairs come back, by the name of the baseline.

    Args:
        earlier: pairs of the earlier question, one at least.
        back: what came of them, bool, shape (earlier pairs,).
        asked: the pairs to forecast.

    Returns:
        Shape (asked,) each: ``base_rate``, the share that came back earlier; ``recency`` and ``recency_frequency``,
        logistic in the logarithms of silence and of silence and contacts; ``boosting``, gradient-boosted trees on all
        of `FEATURES`, only where scikit-learn is installed.
    """
    found = {"base_rate": np.full(len(asked), float(smoothed(back.sum(), len(back))))}
    for name, columns in (("recency", [RECENCY]), ("recency_frequency", [RECENCY, FREQUENCY])):
        forecaster = logistic(np.log(earlier[columns].to_numpy(float)), back)
        found[name] = forecaster(np.log(asked[columns].to_numpy(float)))
    trees = _boosted(earlier[list(FEATURES)].to_numpy(float), back)
    if trees is not None:
        found["boosting"] = trees(asked[list(FEATURES)].to_numpy(float))
    return found


def _boosted(columns: np.ndarray, back: np.ndarray) -> Forecaster | None:
    """Gradient-boosted trees, small and slow to learn; None without scikit-learn."""
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
    with threadpool_limits(1):  # sums in one order
        trees.fit(columns, back)
    return lambda others: np.asarray(trees.predict_proba(others)[:, 1])
