"""Baseline forecasts that need no model of people. A useful simulation has to beat them.

Each learns from pairs that were silent on an earlier morning, for which the answer is known, and then forecasts other
pairs. Pairs are given as by `experiments.forecasts.pairs.silent_pairs`. Fitting needs scikit-learn, of the extra
`logs`; it is only imported where something is fitted, because plain forecasts do without.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
import pandas as pd
from scipy.special import logit

from experiments.config.errors import ConfigError
from experiments.forecasts.pairs import FEATURES
from sim.runtime.installation import install_command

RECENCY, FREQUENCY = "silence", "contacts"
RIDGE = 1e-3  # keeps slopes finite if the pairs that came back are perfectly separable

Forecaster = Callable[[np.ndarray], np.ndarray]


def smoothed(came_back: np.ndarray | float, total: float) -> np.ndarray:
    """A chance from a count, with Jeffreys' prior: half a pair more came back, and half a pair more did not."""
    return np.asarray((came_back + 0.5) / (total + 1.0))


def require_scikit_learn() -> None:
    """Check that scikit-learn is installed, with which all forecasts but the learned one are fitted.

    Raises:
        ConfigError: it is not; the message says how to install it.
    """
    if find_spec("sklearn") is None:
        raise ConfigError(f"Scoring forecasts needs scikit-learn; install it with `{install_command('logs')}`.")


def logistic(columns: np.ndarray, back: np.ndarray) -> Forecaster:
    """Logistic regression on standardized columns, with a small ridge.

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
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    ridge = LogisticRegression(C=1 / (RIDGE * len(back)), solver="newton-cholesky", tol=1e-8)
    fitted = make_pipeline(StandardScaler(), ridge).fit(columns, back)
    return lambda others: np.asarray(fitted.predict_proba(others)[:, 1])


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
        of `FEATURES`.
    """
    chances = {"base_rate": np.full(len(pairs), float(smoothed(back.sum(), len(back))))}
    for name, columns in (("recency", [RECENCY]), ("recency_frequency", [RECENCY, FREQUENCY])):
        forecaster = logistic(np.log(earlier[columns].to_numpy(float)), back)
        chances[name] = forecaster(np.log(pairs[columns].to_numpy(float)))
    trees = _boosted(earlier[list(FEATURES)].to_numpy(float), back)
    return chances | {"boosting": trees(pairs[list(FEATURES)].to_numpy(float))}


def _boosted(columns: np.ndarray, back: np.ndarray) -> Forecaster:
    """Small gradient-boosted trees with a low learning rate."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    if back.all() or not back.any():
        return logistic(columns, back)
    trees = HistGradientBoostingClassifier(
        learning_rate=0.05, max_iter=100, max_leaf_nodes=15, min_samples_leaf=40, early_stopping=False, random_state=0
    )
    with threadpool_limits(1):  # a fixed order of sums
        trees.fit(columns, back)
    return lambda others: np.asarray(trees.predict_proba(others)[:, 1])
