"""The posterior of parameters that people have in common, from several contact logs at once, without a likelihood.

Rows of a reference table (`experiments.logs.reference_table`) are compared with the real logs in three steps:

1. *Summaries* (semi-automatic: Fearnhead & Prangle 2012). A regression learns from rows each parameter's mean given
   the statistics of all logs together. A row's own summary is that of a regression that has not seen it.
2. *Rejection*: rows whose summaries are nearest those of the real logs are kept, the nearer with more weight.
3. *Adjustment* (Beaumont, Zhang & Balding 2002): among these, a regression of parameters on summaries moves each
   row to the summaries of the real logs.

Parameters are transformed to the logit of their share of the prior's range, so draws stay within it. `calibration`
checks the result (Talts et al. 2018): rows that nothing was learned from take the place of the real logs, and their
parameters, which are known, must be at uniformly distributed quantiles of their posteriors.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from experiments.logs.calibrate import Range
from experiments.logs.contact_statistics import STATISTICS
from experiments.logs.levels import MEASURED
from experiments.logs.reference_table import Design, TableRow, placed, share_of

FOLDS, TESTS = 5, 10  # parts of the rows: to learn summaries, and to take the place of the real logs
KEPT, FEWEST_KEPT = 0.3, 250  # share of the rows that are kept, and the least number
FEWEST_ROWS = 100
KNOWN = 0.95  # of the rows have a statistic that is used
TAIL = 0.01  # of the rows on either side: a real value beyond them is one that the model does not reach
LEVELS_OF_INTERVALS = (0.5, 0.8, 0.95)
LEAST_SHARE = 0.005  # shares of 0 and 1 count as this far from them
_EDGE = 1e-6  # distance from the ends of the prior, of its range
_FARTHEST = 4.0  # standard deviations; features farther off count as this far
_PENALTIES = np.geomspace(1, 1e6, 25)
# Statistics that depend on the number of people, which a world can have fewer of than the log; and the rhythm of hours
# and weekdays, on which no parameter that is inferred has an effect.
LEFT_OUT = frozenset({
    "degree_q10", "degree_q50", "degree_q90", "degree_q99", "clustering", "transitivity", "overlap_weight",
    "quiet_hours", "quiet_hours_own", "quiet_weekdays",
})  # fmt: skip


class Evidence(NamedTuple):
    """A table and the real logs as numbers.

    Attributes:
        ranges: prior of each parameter.
        targets: parameters of each row as logits of their share of the range, (rows, parameters).
        features: statistics of each row on the scale of `scaled`, (rows, features).
        real: those of the real logs, (features,).
        columns: log and statistic of each feature.
        beyond: statistics that are not used, because the real value is beyond nearly all rows: log and statistic.
    """

    ranges: tuple[Range, ...]
    targets: np.ndarray
    features: np.ndarray
    real: np.ndarray
    columns: tuple[tuple[str, str], ...]
    beyond: tuple[tuple[str, str], ...]

    @property
    def logs(self) -> tuple[str, ...]:
        """The names of the logs that have any feature."""
        return tuple(dict.fromkeys(log for log, _ in self.columns))

    def of(self, logs: Collection[str]) -> Evidence:
        """The same rows, with the statistics of these logs only."""
        taken = np.array([log in logs for log, _ in self.columns], bool)
        columns = tuple(one for one, is_in in zip(self.columns, taken, strict=True) if is_in)
        return self._replace(features=self.features[:, taken], real=self.real[taken], columns=columns)


class Weighted(NamedTuple):
    """A weighted sample of a posterior.

    Attributes:
        targets: logits of shares of the range, (kept, parameters).
        weights: weight of each, (kept,), which add up to 1.
    """

    targets: np.ndarray
    weights: np.ndarray


class _Reference(NamedTuple):
    """Rows with their summaries, and the regressions that made them.

    Attributes:
        targets: (rows, parameters).
        summaries: made by a regression that has not seen the row, (rows, parameters).
        fold: which regression that was, (rows,).
        scale: standard deviation of targets from summaries, (parameters,).
        regressions: one for each fold.
    """

    targets: np.ndarray
    summaries: np.ndarray
    fold: np.ndarray
    scale: np.ndarray
    regressions: tuple[_Ridge, ...]


class _Ridge(NamedTuple):
    """A linear regression on standardised features for several targets.

    Squares of features were tried, and predicted new rows less well.

    Attributes:
        middle, width: location and scale of each feature, (features,).
        intercept: (targets,).
        slopes: (features, targets).
    """

    middle: np.ndarray
    width: np.ndarray
    intercept: np.ndarray
    slopes: np.ndarray

    def predicted(self, features: np.ndarray) -> np.ndarray:
        """Predicted targets, (rows, targets), for features (rows, features)."""
        return np.asarray(_standard(features, self.middle, self.width) @ self.slopes + self.intercept)


def _standard(features: np.ndarray, middle: np.ndarray, width: np.ndarray) -> np.ndarray:
    return np.clip((features - middle) / width, -_FARTHEST, _FARTHEST)


def scaled(name: str, value: np.ndarray) -> np.ndarray:
    """Statistics on a scale on which a regression is nearly linear.

    Shares become logits, counts, rates and ratios logarithms (0 is nan), and other statistics stay as they are.
    """
    unit = MEASURED[name] if name in MEASURED else STATISTICS[name].unit
    if unit in ("index", "correlation", "exponent"):
        return np.asarray(value, float)
    if unit in ("share", "Jaccard"):
        share = np.clip(value, LEAST_SHARE, 1 - LEAST_SHARE)
        return np.asarray(np.log(share / (1 - share)))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.log(np.asarray(value, float))
    return np.where(np.isfinite(found), found, np.nan)


def evidence(design: Design, rows: Sequence[TableRow]) -> Evidence:
    """A table and its real logs as numbers; rows in which nobody wrote are left out.

    A statistic is used if the real log and nearly all rows have it, unless it is one of `LEFT_OUT`, does not vary, or
    has a real value beyond nearly all rows. A missing one of a row is replaced by the median.
    """
    sound = [row for row in rows if all(row.values[log.name] for log in design.logs)]
    targets = np.column_stack(
        [to_logit(one, np.array([row.common[one.name] for row in sound])) for one in design.prior]
    )
    features, real, columns, beyond = [], [], [], []
    for log in design.logs:
        for name, wanted in log.values.items():
            aim = float(scaled(name, np.array(wanted)))
            found = scaled(name, np.array([row.values[log.name][name] for row in sound]))
            there = np.isfinite(found)
            if name in LEFT_OUT or not math.isfinite(aim) or there.mean() < KNOWN or np.ptp(found[there]) == 0:
                continue
            low, high = np.quantile(found[there], [TAIL, 1 - TAIL])
            if not low <= aim <= high:
                beyond.append((log.name, name))
                continue
            features.append(np.where(there, found, np.median(found[there])))
            real.append(aim)
            columns.append((log.name, name))
    return Evidence(
        tuple(design.prior), targets, np.column_stack(features), np.array(real), tuple(columns), tuple(beyond)
    )


def to_logit(one: Range, number: np.ndarray) -> np.ndarray:
    """Numbers as logits of their share of a range."""
    share = np.clip(share_of(one, number), _EDGE, 1 - _EDGE)
    return np.asarray(np.log(share / (1 - share)))


def from_logit(one: Range, target: np.ndarray) -> np.ndarray:
    """The inverse of `to_logit`."""
    return np.array([placed(one, share) for share in 1 / (1 + np.exp(-np.asarray(target)))])


def posterior(given: Evidence) -> Weighted:
    """The posterior of the parameters, given the real logs."""
    return _at(_reference(given.targets, given.features), given.real)


def _reference(targets: np.ndarray, features: np.ndarray) -> _Reference:
    fold = np.arange(len(targets)) % FOLDS
    summaries = np.empty_like(targets)
    regressions = []
    for part in range(FOLDS):
        learned = _fitted(features[fold != part], targets[fold != part])
        summaries[fold == part] = learned.predicted(features[fold == part])
        regressions.append(learned)
    return _Reference(targets, summaries, fold, (targets - summaries).std(axis=0), tuple(regressions))


def _at(reference: _Reference, observed: np.ndarray) -> Weighted:
    """The posterior at observed features, (features,): rejection and adjustment."""
    own = np.vstack([one.predicted(observed[None]) for one in reference.regressions])
    apart = reference.summaries - own[reference.fold]
    distance = np.sqrt(((apart / reference.scale) ** 2).sum(axis=1))
    number = min(len(distance), max(FEWEST_KEPT, math.ceil(KEPT * len(distance))))
    kept = np.argsort(distance, kind="stable")[:number]
    weights = 1 - (distance[kept] / (distance[kept].max() * (1 + 1e-9))) ** 2
    weights = weights / weights.sum()
    return Weighted(_adjusted(reference.targets[kept], apart[kept] / reference.scale, weights), weights)


def _adjusted(targets: np.ndarray, apart: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Targets moved to where their summaries would be those observed, by a weighted linear regression.

    Residuals of a regression are too small by what it has fitted, so they are enlarged by that.

    Args:
        targets: (kept, parameters).
        apart: summaries less those observed, (kept, parameters).
        weights: (kept,), which add up to 1.
    """
    design = np.column_stack([np.ones(len(apart)), apart])
    root = np.sqrt(weights)[:, None]
    slopes = np.linalg.lstsq(design * root, targets * root, rcond=1e-8)[0]
    left = targets - design @ slopes
    effective = 1 / (weights**2).sum()
    freedom = max(effective - design.shape[1], 1.0)
    return np.asarray(slopes[0] + left * math.sqrt(effective / freedom))


def _fitted(features: np.ndarray, targets: np.ndarray) -> _Ridge:
    """A ridge regression, with the penalty that predicts each target best when rows are left out one by one."""
    middle, width = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-12)
    basis = _standard(features, middle, width)
    shift, centre = basis.mean(axis=0), targets.mean(axis=0)
    left, sizes, right = np.linalg.svd(basis - shift, full_matrices=False)
    turned = left.T @ (targets - centre)
    best = np.full(targets.shape[1], np.inf)
    slopes = np.zeros((basis.shape[1], targets.shape[1]))
    for penalty in _PENALTIES:
        kept = sizes**2 / (sizes**2 + penalty)
        leverage = (left**2) @ kept + 1 / len(basis)
        misses = (targets - centre - left @ (kept[:, None] * turned)) / np.maximum(1 - leverage, 1e-9)[:, None]
        loss = (misses**2).mean(axis=0)
        found = right.T @ ((sizes / (sizes**2 + penalty))[:, None] * turned)
        slopes[:, loss < best] = found[:, loss < best]
        best = np.minimum(best, loss)
    return _Ridge(middle, width, centre - shift @ slopes, slopes)


def quantiles_of(sample: Weighted, shares: Sequence[float]) -> np.ndarray:
    """Weighted quantiles of each parameter, (shares, parameters), as logits."""
    found = np.empty((len(shares), sample.targets.shape[1]))
    for k, column in enumerate(sample.targets.T):
        order = np.argsort(column, kind="stable")
        middle = np.cumsum(sample.weights[order]) - sample.weights[order] / 2
        found[:, k] = np.interp(shares, middle, column[order])
    return found


def places_of(sample: Weighted, truth: np.ndarray) -> np.ndarray:
    """At which quantile of its posterior each true parameter is, (parameters,)."""
    below = (sample.targets < truth) * sample.weights[:, None]
    same = (sample.targets == truth) * sample.weights[:, None]
    return np.asarray(below.sum(axis=0) + same.sum(axis=0) / 2)


def held_out_places(given: Evidence) -> np.ndarray:
    """Simulation-based calibration: the quantile of each row's parameters in a posterior, (rows, parameters).

    Rows are tested in `TESTS` parts. The posterior of a row knows only the rows of the other parts.
    """
    rows = len(given.targets)
    places = np.empty_like(given.targets)
    part = np.arange(rows) // FOLDS % TESTS  # so that each part has rows of every fold
    for tested in range(TESTS):
        reference = _reference(given.targets[part != tested], given.features[part != tested])
        for row in np.flatnonzero(part == tested):
            places[row] = places_of(_at(reference, given.features[row]), given.targets[row])
    return places


def calibration(given: Evidence, places: np.ndarray) -> pd.DataFrame:
    """How often intervals contain the truth.

    Args:
        given: table and logs.
        places: the result of `held_out_places`.

    Returns:
        Indexed by parameter, with columns ``coverage_50``, ``coverage_80``, ``coverage_95``, for each of these
        ``…_low`` and ``…_high`` (its 95% interval: Clopper & Pearson 1934), and ``uniform``: the p-value of a
        Kolmogorov-Smirnov test that the quantiles are uniform.
    """
    from scipy.stats import beta, kstest

    rows = len(places)
    found: dict[str, dict[str, float]] = {}
    for one, column in zip(given.ranges, places.T, strict=True):
        row: dict[str, float] = {}
        for level in LEVELS_OF_INTERVALS:
            hits = int((np.abs(column - 0.5) <= level / 2).sum())
            name = f"coverage_{level * 100:.0f}"
            row[name] = hits / rows
            row[f"{name}_low"] = float(beta.ppf(0.025, hits, rows - hits + 1)) if hits else 0.0
            row[f"{name}_high"] = float(beta.ppf(0.975, hits + 1, rows - hits)) if hits < rows else 1.0
        row["uniform"] = float(kstest(column, "uniform").pvalue)
        found[one.name] = row
    return pd.DataFrame.from_dict(found, orient="index")


def strangeness(given: Evidence) -> float:
    """The share of rows that are at least as far from the middle of all rows as the real logs are.

    The distance is Mahalanobis's over principal components of the features that hold 90% of their variance.
    """
    middle, width = given.features.mean(axis=0), np.maximum(given.features.std(axis=0), 1e-12)
    standard = (given.features - middle) / width
    _, sizes, right = np.linalg.svd(standard, full_matrices=False)
    held = np.cumsum(sizes**2) / (sizes**2).sum()
    number = min(int(np.searchsorted(held, 0.9)) + 1, len(sizes))
    deviation = sizes[:number] / math.sqrt(len(standard))
    rows = ((standard @ right[:number].T / deviation) ** 2).sum(axis=1)
    logs = ((((given.real - middle) / width) @ right[:number].T / deviation) ** 2).sum()
    return float((rows >= logs).mean())
