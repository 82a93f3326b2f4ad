"""Statistics of weighted units, for many sets of weights at once.

Most functions here do the work that does not depend on weights once, and return a function from weights of shape
(resamples, units) to values of shape (resamples,) or (resamples, several). With all weights 1 the value is the plain
statistic; with the multiplicities of a bootstrap, the values are its resamples. Undefined values are nan.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from scipy import sparse
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

    Uses one thread, so that sums are the same to the last bit on every machine and parallel work is not slowed. A few
    quantities take a third of the time if each is contiguous in memory (see `columns`); dozens do not.
    """
    return np.asarray(np.einsum("ru,uk->rk", weights, quantities))


def columns(quantities: Sequence[np.ndarray]) -> np.ndarray:
    """Quantities, each (units,), as columns that are contiguous in memory, shape (units, quantities)."""
    return np.array(quantities, float).T


def _occurrences(level: np.ndarray, levels: int, members: np.ndarray | None) -> Weighted:
    """How often each level occurs, shape (levels, resamples), from how often each unit does.

    A product with a sparse matrix adds up the weights of all resamples at once, and equal values of a unit only once.

    Args:
        level: (values,), from 0.
        levels: number of levels.
        members: (values,), the unit of each value; the values are those of successive units if None.
    """
    units = np.arange(len(level)) if members is None else members
    number = int(units.max(initial=-1)) + 1
    times = sparse.csr_array((np.ones(len(level)), (level, units)), shape=(levels, number))
    return lambda weights: np.asarray(times @ np.ascontiguousarray(weights[:, :number].T))


def quantiles(values: np.ndarray, shares: Sequence[float], members: np.ndarray | None = None) -> Weighted:
    """Quantiles of values, one column per share.

    A weight is how often a unit occurs; whole weights give the same as `numpy.quantile` of repeated values.

    Args:
        values: (values,).
        shares: from 0 to 1.
        members: (values,), the unit of each value; the values are those of successive units if None.
    """
    ordered, level = np.unique(values, return_inverse=True)
    occurrences = _occurrences(level, len(ordered), members)

    def of(weights: np.ndarray) -> np.ndarray:
        found = np.full((len(weights), len(shares)), np.nan)
        upto = np.cumsum(occurrences(weights).T, axis=1)
        for row, reached in zip(found, upto, strict=True):
            if len(reached) and reached[-1] > 0:
                place = np.asarray(shares) * (reached[-1] - 1)
                below = ordered[np.searchsorted(reached, np.floor(place), side="right")]
                above = ordered[np.searchsorted(reached, np.ceil(place), side="right")]
                row[:] = below + (place - np.floor(place)) * (above - below)
        return found

    return of


def kaplan_meier(
    durations: np.ndarray, ended: np.ndarray, horizons: Sequence[float], members: np.ndarray | None = None
) -> Weighted:
    """Share that has ended by each horizon (Kaplan & Meier 1958), one column per horizon.

    Args:
        durations: (values,), until the end or until it was last seen.
        ended: (values,), whether it ended; otherwise it is censored.
        horizons: in the same unit as durations.
        members: (values,), the unit of each duration; the durations are those of successive units if None.
    """
    ends = ended & (durations <= max(horizons))
    times = np.unique(durations[ends])  # only these matter, because shares change only where something ends
    places = np.searchsorted(times, horizons, side="right")
    passed = np.searchsorted(times, durations, side="right")  # the number of times at which it is at risk
    members = np.arange(len(durations)) if members is None else members
    at_end = _occurrences(passed[ends] - 1, len(times), members[ends])
    gone = _occurrences(passed, len(times) + 1, members)

    def of(weights: np.ndarray) -> np.ndarray:
        number = gone(weights)
        total = number.sum(axis=0)
        at_risk = total - np.cumsum(number, axis=0)[:-1]
        hazard = np.divide(at_end(weights), at_risk, out=np.zeros_like(at_risk), where=at_risk > 0)
        survival = np.vstack([np.ones(len(weights)), np.cumprod(1 - hazard, axis=0)])
        return np.where(total > 0, 1 - survival[places], np.nan).T

    return of


def rank_correlation(first: np.ndarray, second: np.ndarray, members: np.ndarray | None = None) -> Weighted:
    """Spearman's correlation of two quantities (values,); ties get their mean rank.

    Args:
        first: (values,).
        second: (values,).
        members: (values,), the unit of each value; the values are those of successive units if None.
    """
    (x_levels, x), (y_levels, y) = (np.unique(values, return_inverse=True) for values in (first, second))
    across = max(len(y_levels), 1)
    cells, cell = np.unique(x * across + y, return_inverse=True)  # with the same two values, which are ranked once
    occurrences = _occurrences(cell, len(cells), members)
    levels = np.divmod(cells, across)
    sums = [_occurrences(levels[0], len(x_levels), None), _occurrences(levels[1], len(y_levels), None)]

    def of(weights: np.ndarray) -> np.ndarray:
        times = occurrences(weights)
        total = times.sum(axis=0)
        centred = []
        for level, summed in zip(levels, sums, strict=True):
            weight = summed(times.T)
            ranks = np.cumsum(weight, axis=0) - weight / 2
            centred.append((ranks - over((weight * ranks).sum(axis=0), total))[level])
        a, b = centred
        spread = np.sqrt((times * a**2).sum(axis=0) * (times * b**2).sum(axis=0))
        return over((times * a * b).sum(axis=0), spread)

    return of


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
        covariates: (covariates, cases); a constant one has no coefficient (nan).
        events: (rows,), 0 or 1.
        exposure: (rows,), above 0.
        unit: (cases,), from 0, the unit whose weight applies.
        units: number of units.
        case: (rows,), whose covariates and unit apply to a row; each row is a case of its own if None. Cases have rows.
    """

    def __init__(
        self,
        piece: np.ndarray,
        covariates: np.ndarray,
        events: np.ndarray,
        exposure: np.ndarray,
        unit: np.ndarray,
        units: int,
        case: np.ndarray | None = None,
    ) -> None:
        case = np.arange(len(piece)) if case is None else case
        seen = np.bincount(piece, events) > 0
        if not seen.all():  # a piece without events has no information on the coefficients
            rows = seen[piece]
            piece, events, exposure = (np.cumsum(seen) - 1)[piece[rows]], events[rows], exposure[rows]
            used = np.bincount(case[rows], minlength=len(unit)) > 0
            covariates, unit, case = covariates[:, used], unit[used], (np.cumsum(used) - 1)[case[rows]]
        self.events, self.exposure, self.case, self.unit, self.units = events, exposure, case, unit, units
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
            table, rows, across = self._by_unit
            summed = totals(weights, table)
            curvature = np.zeros((len(weights), size, size))
            curvature[:, rows, across] = curvature[:, across, rows] = summed[:, size:]
            step = np.linalg.pinv(curvature, hermitian=True) @ summed[:, :size, None]
            solution = solution + np.clip(step[:, :, 0], -_LONGEST_STEP, _LONGEST_STEP)
        found[:, self.varies] = solution[:, self.pieces :]
        return found

    def _factors(self, solution: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The rate in each piece of the case with the highest rates, and each case's rates relative to it, up to 1."""
        logs = np.einsum("a,ac->c", solution[self.pieces :], self.covariates)
        highest = logs.max()
        return np.exp(np.minimum(solution[: self.pieces] + highest, _FAR)), np.exp(logs - highest)

    def _fit(self) -> np.ndarray | None:
        """Intercepts and coefficients; None if the data do not determine them."""
        if not self.pieces:
            return None
        hits = np.add.reduceat(self.events, self.starts)
        rates = hits / np.add.reduceat(self.exposure, self.starts)
        solution = np.concatenate([np.log(rates), np.zeros(len(self.covariates))])
        shape = (self.pieces, self.covariates.shape[1])
        exposure = sparse.csr_array((self.exposure, self.case, np.append(self.starts, len(self.case))), shape=shape)
        ended = np.bincount(self.case, self.events, minlength=shape[1])
        for _ in range(_NEWTON_STEPS):
            score, information = self._derivatives(solution, exposure, hits, ended)
            if np.linalg.matrix_rank(information, hermitian=True) < len(solution):
                return None
            step = np.clip(np.linalg.solve(information, score), -_LONGEST_STEP, _LONGEST_STEP)
            solution = solution + step
            if np.abs(step).max() < _SMALL_STEP:
                return solution
        return None

    def _derivatives(
        self, solution: np.ndarray, exposure: sparse.csr_array, hits: np.ndarray, ended: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Gradient and negative second derivative of the log likelihood.

        A rate is the product of a factor of the piece and one of the case, so most sums need a term per case instead of
        one per row, of which a case has several.

        Args:
            solution: intercepts and coefficients.
            exposure: (pieces, cases).
            hits: (pieces,), events in each.
            ended: (cases,), events of each.
        """
        pieces, cases = self._factors(solution)
        expected = (exposure.T @ pieces) * cases
        own = pieces * (exposure @ cases)
        crossed = pieces[:, None] * (exposure @ np.ascontiguousarray((self.covariates * cases).T))
        score = np.append(hits - own, np.einsum("ac,c->a", self.covariates, ended - expected))
        # einsum uses one thread, because calibrations run in parallel
        products = np.einsum("ac,bc->ab", self.covariates * expected, self.covariates)
        return score, np.block([[np.diag(own), crossed], [crossed.T, products]])

    @cached_property
    def _by_unit(self) -> tuple[np.ndarray, list[int], list[int]]:
        """Each unit's contribution to the derivatives at the solution, shape (units, entries).

        The entries are the gradient and then the entries of the second derivative that can differ from 0, each
        symmetric pair once. Also returns the rows and columns of these.
        """
        assert self.solution is not None
        factors, cases = self._factors(self.solution)
        pieces = self.pieces
        expected = self.exposure * np.repeat(factors, self.sizes) * cases[self.case]
        per_case = np.bincount(self.case, expected, minlength=len(cases))
        surprise = np.bincount(self.case, self.events, minlength=len(cases)) - per_case
        unit = self.unit[self.case]
        blocks = [slice(start, start + size) for start, size in zip(self.starts, self.sizes, strict=True)]

        def total(of: np.ndarray, quantity: np.ndarray) -> np.ndarray:
            return np.bincount(of, quantity, minlength=self.units)

        score = [total(unit[block], (self.events - expected)[block]) for block in blocks]
        score += [total(self.unit, surprise * x) for x in self.covariates]
        entries = {(k, k): total(unit[block], expected[block]) for k, block in enumerate(blocks)}
        for a, x in enumerate(self.covariates):
            times = expected * x[self.case]
            entries |= {(k, pieces + a): total(unit[block], times[block]) for k, block in enumerate(blocks)}
            entries |= {
                (pieces + b, pieces + a): total(self.unit, per_case * x * self.covariates[b]) for b in range(a + 1)
            }
        rows, across = zip(*entries, strict=True)
        return np.column_stack([*score, *entries.values()]), list(rows), list(across)
