"""Scores of forecasts (log loss, Brier score, AUC) with intervals over people, and a check of calibration.

Pairs that share a person are not independent, so the bootstrap draws people. In a resample, the weight of a pair is the
product of how often its two people were drawn (the vertex bootstrap of Snijders & Borgatti 1999). The resamples are
keyed, so the same forecasts give the same interval. All forecasts are scored on the same resamples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.special import xlog1py, xlogy

from sim.model.chance import DrawPurpose

SCORES = ("log_loss", "brier", "auc")
RESAMPLES = 2_000
ENOUGH_PEOPLE = 20  # for an interval; resamples of fewer people are too alike
BINS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)  # of forecasts, for calibration


def log_loss(forecast: np.ndarray, back: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Mean surprise in nats: 0 is perfect, ``inf`` means that a forecast of 0 or 1 was wrong.

    Args:
        forecast: probabilities, shape (pairs,).
        back: what happened, bool, shape (pairs,).
        weights: of the pairs, shape (pairs,); all the same if None.
    """
    return float(np.average(_surprise(forecast, back), weights=weights))


def _surprise(forecast: np.ndarray, back: np.ndarray) -> np.ndarray:
    return np.asarray(-xlogy(back, forecast) - xlog1py(1.0 - back, -forecast))


def brier(forecast: np.ndarray, back: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Mean squared error of the probabilities: 0 is perfect. Arguments as in `log_loss`."""
    return float(np.average((forecast - back) ** 2, weights=weights))


def auc(forecast: np.ndarray, back: np.ndarray, weights: np.ndarray | None = None) -> float:
    """How often a pair that came back had the higher forecast than one that did not, ties counting half.

    NaN if no pair came back, or all did. Arguments as in `log_loss`.
    """
    values, place = np.unique(forecast, return_inverse=True)
    own = np.ones(len(back)) if weights is None else weights
    return _auc(place, len(values), back, own)


def _auc(place: np.ndarray, places: int, back: np.ndarray, weights: np.ndarray) -> float:
    """The AUC, from each forecast's place among all distinct forecasts."""
    came = np.bincount(place, weights * back, minlength=places)
    stayed = np.bincount(place, weights * ~back, minlength=places)
    both = came.sum() * stayed.sum()
    if both == 0:
        return float("nan")
    return float((came * (np.cumsum(stayed) - 0.5 * stayed)).sum() / both)


def scored(forecasts: Mapping[str, np.ndarray], back: np.ndarray) -> np.ndarray:
    """The scores of forecasts by name, shape (forecasts, 3), in the order of `SCORES`; arrays of shape (pairs,)."""
    return np.array([[log_loss(one, back), brier(one, back), auc(one, back)] for one in forecasts.values()])


def resampled_scores(
    forecasts: Mapping[str, np.ndarray], back: np.ndarray, pairs: pd.DataFrame, resamples: int = RESAMPLES
) -> np.ndarray:
    """The scores in bootstrap resamples of people.

    Args:
        forecasts: by name, each of shape (pairs,).
        back: what happened, bool, shape (pairs,).
        pairs: rows with ``low`` and ``high``.
        resamples: number of resamples.

    Returns:
        Shape (resamples, forecasts, 3), in the order of `SCORES`; NaN if a resample leaves a score undefined,
        and everywhere if the pairs have fewer than 20 people.
    """
    losses = np.stack([loss for one in forecasts.values() for loss in (_surprise(one, back), (one - back) ** 2)])
    places = [np.unique(one, return_inverse=True) for one in forecasts.values()]
    found = np.full((resamples, len(forecasts), len(SCORES)), np.nan)
    for row, weights in zip(found, _weights(pairs, resamples), strict=False):
        total = weights.sum()
        if total > 0:
            row[:, :2] = ((losses * weights).sum(axis=1) / total).reshape(-1, 2)
            row[:, 2] = [_auc(place, len(values), back, weights) for values, place in places]
    return found


def _weights(pairs: pd.DataFrame, resamples: int) -> Iterator[np.ndarray]:
    """Weights of the pairs in each resample, shape (pairs,); no resamples if the pairs have too few people."""
    people, ends = np.unique(pairs[["low", "high"]].to_numpy(), return_inverse=True)
    low, high = ends.reshape(-1, 2).T
    count = len(people)
    if count < ENOUGH_PEOPLE:
        return
    random = np.random.Generator(np.random.Philox(key=[int(DrawPurpose.BOOTSTRAP), count]))
    for _ in range(resamples):
        drawn = random.multinomial(count, np.full(count, 1 / count))
        yield (drawn[low] * drawn[high]).astype(float)


def interval(values: np.ndarray) -> tuple[float, float]:
    """The 95% percentile interval of resampled values, shape (resamples,); NaN if fewer than half are defined."""
    known = values[np.isfinite(values)]
    if len(known) < len(values) / 2 or not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [0.025, 0.975])
    return float(low), float(high)


def compared(
    forecasts: Mapping[str, np.ndarray],
    back: np.ndarray,
    pairs: pd.DataFrame,
    of: Sequence[str],
    resamples: int = RESAMPLES,
) -> pd.DataFrame:
    """The scores of forecasts, and differences of some from all others, with 95% intervals over people.

    Args:
        forecasts: by name, each of shape (pairs,).
        back: what happened, bool, shape (pairs,).
        pairs: rows with ``low`` and ``high``.
        of: names of the forecasts that are compared with the others.
        resamples: number of bootstrap resamples.

    Returns:
        Columns ``forecast``, ``baseline``, ``score``, ``value``, ``low``, ``high``. First a row for each forecast and
        score, with None as its baseline; then, for each forecast in ``of``, each one that is not in ``of`` up to
        there, and each score, a row with the difference forecast minus baseline (below 0 is better for log loss and
        Brier score, above 0 for AUC). NaN if a score is not defined.
    """
    names = list(forecasts)
    once, again = scored(forecasts, back), resampled_scores(forecasts, back, pairs, resamples)
    rows: list[tuple[str, str | None, str, float, float, float]] = []
    for one, name in enumerate(names):
        for k, score in enumerate(SCORES):
            rows.append((name, None, score, once[one, k], *interval(again[:, one, k])))
    for place, name in enumerate(of):
        for other in [other for other in names if other not in of[: place + 1]]:
            mine, theirs = names.index(name), names.index(other)
            apart, resampled = once[mine] - once[theirs], again[:, mine] - again[:, theirs]
            for k, score in enumerate(SCORES):
                rows.append((name, other, score, apart[k], *interval(resampled[:, k])))
    return pd.DataFrame(rows, columns=["forecast", "baseline", "score", "value", "low", "high"])


def reliability(
    forecasts: Mapping[str, np.ndarray], back: np.ndarray, pairs: pd.DataFrame, resamples: int = RESAMPLES
) -> pd.DataFrame:
    """The share that came back among pairs with about the same forecast.

    Args:
        forecasts: by name, each of shape (pairs,).
        back: what happened, bool, shape (pairs,).
        pairs: rows with ``low`` and ``high``.
        resamples: number of bootstrap resamples.

    Returns:
        One row per forecast and each of `BINS` with a pair: ``forecast``, ``chance`` (the mean of those in the
        bin), ``observed`` (the share that came back), ``low`` and ``high`` (its 95% interval over people; NaN if it
        is not defined) and ``pairs``.
    """
    count = len(BINS) - 1
    bins = [np.clip(np.searchsorted(BINS, one, side="right") - 1, 0, count - 1) for one in forecasts.values()]
    again = np.full((resamples, len(bins), count), np.nan)
    for row, weights in zip(again, _weights(pairs, resamples), strict=False):
        for shares, inside in zip(row, bins, strict=True):
            weight = np.bincount(inside, weights, minlength=count)
            there = weight > 0
            shares[there] = np.bincount(inside, weights * back, minlength=count)[there] / weight[there]
    rows = []
    for one, (name, chances) in enumerate(forecasts.items()):
        for k in np.unique(bins[one]):
            inside = bins[one] == k
            bounds = interval(again[:, one, k])
            rows.append((name, chances[inside].mean(), back[inside].mean(), *bounds, int(inside.sum())))
    return pd.DataFrame(rows, columns=["forecast", "chance", "observed", "low", "high", "pairs"])
