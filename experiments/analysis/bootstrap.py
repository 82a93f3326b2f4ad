"""Statistics of weighted units, for many sets of weights at once.

Most functions here do the work that does not depend on weights once, and return a function from weights of shape
(resamples, units) to values of shape (resamples,) or (resamples, several). With all weights 1 the value is the plain
statistic; with the multiplicities of a bootstrap, the values are its resamples. Undefined values are nan.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from scipy.special import entr

# From weights, shape (resamples, units), to values, shape (resamples, …).
Weighted = Callable[[np.ndarray], np.ndarray]

_NEWTON_STEPS = 50
_LONGEST_STEP = 2.0  # in logs
_SMALL_STEP = 1e-5  # in logs; the error after a Newton step is about its square
_FAR = 50.0  # in logs; larger rates occur only before a fit converges


def over(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Numerator / denominator; nan where the denominator is not positive."""
    result = np.full(np.broadcast(numerator, denominator).shape, np.nan)
    return np.divide(numerator, denominator, out=result, where=denominator > 0)


def totals(weights: np.ndarray, quantities: np.ndarray) -> np.ndarray:
    """Weighted sums of quantities (units, quantities), shape (resamples, quantities).

    Uses one thread, so that sums are the same to the last bit on every machine and parallel work is not slowed.
    """
    return np.asarray(np.einsum("ru,uk->rk", weights, quantities))


def quantiles(values: np.ndarray, shares: Sequence[float]) -> Weighted:
    """Quantiles of values (units,), one column per share.

    A weight is how often a unit occurs; whole weights give the same as `numpy.quantile` of repeated values.
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]

    def of(weights: np.ndarray) -> np.ndarray:
        found = np.full((len(weights), len(shares)), np.nan)
        upto = np.cumsum(weights[:, order], axis=1)
        for row, reached in zip(found, upto, strict=True):
            if len(reached) and reached[-1] > 0:
                place = np.asarray(shares) * (reached[-1] - 1)
                below = ordered[np.searchsorted(reached, np.floor(place), side="right")]
                above = ordered[np.searchsorted(reached, np.ceil(place), side="right")]
                row[:] = below + (place - np.floor(place)) * (above - below)
        return found

    return of


def kaplan_meier(durations: np.ndarray, ended: np.ndarray, horizons: Sequence[float]) -> Weighted:
    """Share that has ended by each horizon (Kaplan & Meier 1958), one column per horizon.

    Args:
        durations: (units,), until the end or until a unit was last seen; fastest in ascending order.
        ended: (units,), whether it ended; otherwise it is censored.
        horizons: in the same unit as durations.
    """
    order = None if (np.diff(durations) >= 0).all() else np.argsort(durations, kind="stable")
    durations, ended = (durations, ended) if order is None else (durations[order], ended[order])
    times, starts = np.unique(durations, return_index=True)
    places = np.searchsorted(times, horizons, side="right")
    starts = starts[: max(places)]
    upto = np.searchsorted(durations, max(horizons), side="right")  # later ends only count as being at risk
    ends = ended[:upto].astype(float)

    def of(weights: np.ndarray) -> np.ndarray:
        total = weights.sum(axis=1, keepdims=True)
        survival = np.ones((len(weights), 1))
        if len(starts):
            early = weights[:, :upto] if order is None else weights[:, order[:upto]]
            number = np.add.reduceat(early, starts, axis=1)
            at_risk = total - np.cumsum(number, axis=1) + number
            events = np.add.reduceat(early * ends, starts, axis=1)
            hazard = np.divide(events, at_risk, out=np.zeros_like(events), where=at_risk > 0)
            survival = np.hstack([survival, np.cumprod(1 - hazard, axis=1)])
        return np.where(total > 0, 1 - survival[:, places], np.nan)

    return of


def rank_correlation(first: np.ndarray, second: np.ndarray) -> Weighted:
    """Spearman's correlation of two quantities (units,); ties get their mean rank."""
    levels = [np.unique(values, return_inverse=True) for values in (first, second)]

    def ranks(weights: np.ndarray, known: np.ndarray, level: np.ndarray) -> np.ndarray:
        weight = np.bincount(level, weights, minlength=len(known))
        return (np.cumsum(weight) - weight / 2)[level]

    def one(weights: np.ndarray) -> float:
        total = weights.sum()
        if total <= 0:
            return np.nan
        x, y = (ranks(weights, known, level) for known, level in levels)
        x, y = x - (weights * x).sum() / total, y - (weights * y).sum() / total
        spread = np.sqrt((weights * x**2).sum() * (weights * y**2).sum())
        return float((weights * x * y).sum() / spread) if spread > 0 else np.nan

    return lambda weights: np.array([one(row) for row in weights])


def line_slopes(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Slopes of weighted least squares lines; all of shape (resamples, points); points of weight 0 may be nan."""
    used = weights > 0
    x, y = np.where(used, x, 0.0), np.where(used, y, 0.0)
    total = weights.sum(axis=1, keepdims=True)
    x = x - over((weights * x).sum(axis=1, keepdims=True), total)
    y = y - over((weights * y).sum(axis=1, keepdims=True), total)
    several = used.sum(axis=1) > 1
    return over((weights * x * y).sum(axis=1), np.where(several, (weights * x**2).sum(axis=1), 0.0))


def divergences(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Jensen-Shannon divergences, in nats, of the rows of two tables of shares, shape (rows,)."""
    apart = (entr(first).sum(axis=1) + entr(second).sum(axis=1)) / 2
    return np.asarray(entr((first + second) / 2).sum(axis=1) - apart)


def burstiness(unit: np.ndarray, time: np.ndarray, units: int, least: int) -> np.ndarray:
    """Burstiness of each unit's events, (units,), corrected for their number (Kim & Jo 2016, equation 22).

    Args:
        unit: (events,), from 0, in ascending order.
        time: (events,), ascending within each unit; simultaneous events count once.
        units: number of units.
        least: events that a unit needs, 3 or more; the value is nan with fewer.
    """
    same = unit[1:] == unit[:-1]
    gaps, of = np.diff(time)[same], unit[1:][same]
    gaps, of = gaps[gaps > 0], of[gaps > 0]
    number = np.bincount(of, minlength=units)
    mean = over(np.bincount(of, gaps, minlength=units), number)
    spread = np.sqrt(over(np.bincount(of, (gaps - mean[of]) ** 2, minlength=units), number))
    r, n = over(spread, mean), number + 1
    found = (np.sqrt(n + 1) * r - np.sqrt(n - 1)) / ((np.sqrt(n + 1) - 2) * r + np.sqrt(n - 1))
    return np.where(n >= least, found, np.nan)


class PoissonRegression:
    """Poisson regression of log rates on an intercept per piece and on covariates.

    The fit uses Newton's method. Weighted fits are one Newton step from it, which equals a full fit to the first order
    of the weights and reads the data only once.

    Args:
        piece: (rows,), from 0, in ascending order.
        covariates: (covariates, rows); a constant one has no coefficient (nan).
        events: (rows,), 0 or 1.
        exposure: (rows,), above 0.
        unit: (rows,), from 0, the unit whose weight applies.
        units: number of units.
    """

    def __init__(
        self,
        piece: np.ndarray,
        covariates: np.ndarray,
        events: np.ndarray,
        exposure: np.ndarray,
        unit: np.ndarray,
        units: int,
    ) -> None:
        seen = np.bincount(piece, events) > 0
        if not seen.all():  # a piece without events has no information on the coefficients
            rows = seen[piece]
            piece, covariates, events = (np.cumsum(seen) - 1)[piece[rows]], covariates[:, rows], events[rows]
            exposure, unit = exposure[rows], unit[rows]
        self.events, self.exposure, self.unit, self.units = events, exposure, unit, units
        self.sizes = np.bincount(piece)
        self.starts = np.cumsum(self.sizes) - self.sizes
        self.pieces = len(self.sizes)
        self.varies = np.ptp(covariates, axis=1) > 0 if self.pieces else np.zeros(len(covariates), bool)
        self.covariates = covariates if self.varies.all() else covariates[self.varies]
        self.solution = self._fit()

    def coefficients(self, weights: np.ndarray) -> np.ndarray:
        """The coefficients of the covariates, shape (resamples, covariates), from weights (resamples, units)."""
        found = np.full((len(weights), len(self.varies)), np.nan)
        if self.solution is None:
            return found
        solution = np.broadcast_to(self.solution, (len(weights), len(self.solution)))
        if (weights != 1).any():
            size = len(self.solution)
            table, rows, columns = self._by_unit
            summed = totals(weights, table)
            curvature = np.zeros((len(weights), size, size))
            curvature[:, rows, columns] = curvature[:, columns, rows] = summed[:, size:]
            step = np.linalg.pinv(curvature, hermitian=True) @ summed[:, :size, None]
            solution = solution + np.clip(step[:, :, 0], -_LONGEST_STEP, _LONGEST_STEP)
        found[:, self.varies] = solution[:, self.pieces :]
        return found

    def _rates(self, solution: np.ndarray) -> np.ndarray:
        logs = np.repeat(solution[: self.pieces], self.sizes)
        for row, coefficient in zip(self.covariates, solution[self.pieces :], strict=True):
            logs += coefficient * row
        np.exp(np.clip(logs, -_FAR, _FAR, out=logs), out=logs)
        return np.asarray(np.multiply(self.exposure, logs, out=logs))

    def _fit(self) -> np.ndarray | None:
        """Intercepts and coefficients; None if the data do not determine them."""
        if not self.pieces:
            return None
        rates = np.add.reduceat(self.events, self.starts) / np.add.reduceat(self.exposure, self.starts)
        solution = np.concatenate([np.log(rates), np.zeros(len(self.covariates))])
        for _ in range(_NEWTON_STEPS):
            score, information = self._derivatives(solution)
            if np.linalg.matrix_rank(information, hermitian=True) < len(solution):
                return None
            step = np.clip(np.linalg.solve(information, score), -_LONGEST_STEP, _LONGEST_STEP)
            solution = solution + step
            if np.abs(step).max() < _SMALL_STEP:
                return solution
        return None

    def _derivatives(self, solution: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradient and negative second derivative of the log likelihood."""
        expected = self._rates(solution)
        surprise, times = self.events - expected, self.covariates * expected
        score = np.append(np.add.reduceat(surprise, self.starts), (self.covariates * surprise).sum(axis=1))
        own, crossed = np.add.reduceat(expected, self.starts), np.add.reduceat(times, self.starts, axis=1)
        products = np.einsum("ar,br->ab", times, self.covariates)  # one thread, because calibrations run in parallel
        return score, np.block([[np.diag(own), crossed.T], [crossed, products]])

    @cached_property
    def _by_unit(self) -> tuple[np.ndarray, list[int], list[int]]:
        """Each unit's contribution to the derivatives at the solution, shape (units, entries).

        The entries are the gradient and then the entries of the second derivative that can differ from 0, each
        symmetric pair once. Also returns the rows and columns of these.
        """
        assert self.solution is not None
        expected, pieces = self._rates(self.solution), self.pieces
        surprise = self.events - expected
        blocks = [slice(start, start + size) for start, size in zip(self.starts, self.sizes, strict=True)]

        def total(quantity: np.ndarray, rows: slice = slice(None)) -> np.ndarray:
            return np.bincount(self.unit[rows], quantity[rows], minlength=self.units)

        score = [total(surprise, block) for block in blocks] + [total(surprise * x) for x in self.covariates]
        entries = {(k, k): total(expected, block) for k, block in enumerate(blocks)}
        for a, x in enumerate(self.covariates):
            times = expected * x
            entries |= {(k, pieces + a): total(times, block) for k, block in enumerate(blocks)}
            entries |= {(pieces + b, pieces + a): total(times * self.covariates[b]) for b in range(a + 1)}
        rows, columns = zip(*entries, strict=True)
        return np.column_stack([*score, *entries.values()]), list(rows), list(columns)
