"""Intervals that stay valid when worlds are added until they decide. Worlds are the units.

Outcomes are looked at after fixed numbers of worlds, n_1 < … < n_K, which are set before the first run. A *repeated
confidence interval* (Jennison & Turnbull 1984, Control. Clin. Trials 5:33; 1989, J. R. Stat. Soc. B 51:305) contains
the truth at all looks at once with probability 1 − error. So it does at whichever look one stops, for any reason: a
rule need not be followed, and a run may be stopped or continued at will up to n_K. What is not covered is a look that
was not planned, or worlds beyond n_K.

**Boundary.** Look k has the nominal error p_k (Wang & Tsiatis 1987, Biometrics 43:193), with one constant C for which

    P(|Z_k| ≤ c_k for all k) = 1 − error,   c_k = C (n_k / n_K)^(shape − 1/2),   p_k = 2 (1 − Φ(c_k)),
    cov(Z_j, Z_k) = √(n_j / n_k) for j ≤ k,

where Z_k is the standardized mean of the first n_k worlds. A shape of 1/2 is Pocock's constant boundary, 0 that of
O'Brien and Fleming. The probability comes from recursive numerical integration over the sum of the values (Armitage,
McPherson & Rowe 1969, J. R. Stat. Soc. A 132:235). A look uses the quantile of Student's t with n_k − 1 degrees of
freedom at its p_k, so the joint law is used on the scale of p-values.

The shape is 1/4. We first tried 1/2, with which intervals of skewed values miss the truth too often: 7.8% of the time
instead of 5% for lognormal values with σ = .5 and a first look at 20 worlds (6% with 1/4). At the first looks, where
tails are far from Student's, 1/4 gives away less of the error. Its last interval is narrower, too.

**Skewness.** p_k is small, so for skewed values t alone contains the truth too rarely even then. It is therefore
transformed as by Hall (1992, J. R. Stat. Soc. B 54:221):

    h(t) = t + u t²/3 + u² t³/27 + u/6 = ((1 + u t / 3)³ − 1) / u + u / 6,    u = skewness / √n,

which is monotone and has the inverse t = 3/u (cbrt(1 + u (h − u/6)) − 1). Hall compares h with a normal quantile, and
we with that of Student's t, which is wider.

**Assumptions.** Worlds are independent and alike, with a finite third moment. `verification/sequential_coverage.py`
simulates the coverage over all looks, with the first at 20 worlds. It is 93 to 97% for normal values, counts with a
mean of .7, exponential values, and lognormal values with σ = .5. It is lower for heavier tails (88% for σ = 1) and for
rare events (89% for differences of counts with a mean of .2, of which the first look should be at 60 worlds or later).
If all worlds are equal so far, the interval has no width.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from experiments.analysis.verdicts import Estimate

SHAPE = 0.25  # of the boundary
LEAST_WORLDS = 3  # of a look, since skewness is not defined for fewer
MOST_WORLDS = 10_000_000  # if more were needed, the estimate counts as being at the margin
_NODES_PER_SD = 4  # of the Gauss–Legendre rule, per standard deviation of the sum between two looks
_LEAST_NODES = 64
_FARTHEST = 9.0  # standard deviations; the chance to be further out is about 1e-19
_HALVINGS = 60  # of the angle in which an end of a ratio is searched


class Decision(StrEnum):
    """What an interval says of an effect and the smallest effect of interest."""

    ABOVE = "above"
    WITHIN = "within"
    BELOW = "below"
    UNDECIDED = "undecided"


class Moments(NamedTuple):
    """Means and central moments of the outcomes of two arms, as arrays of any common shape.

    Attributes:
        a, b: means of the arm and the base.
        second: averages of the products aa, ab and bb of deviations from the means.
        third: those of aaa, aab, abb and bbb.
    """

    a: np.ndarray
    b: np.ndarray
    second: tuple[np.ndarray, ...]
    third: tuple[np.ndarray, ...]


# Looks ---------------------------------------------------------------------------------------------------------------


def schedule(first: int, step: float, budget: int) -> tuple[int, ...]:
    """The numbers of worlds at which one looks: each is ``step`` times the previous one, rounded up, up to the budget.

    Args:
        first: worlds at the first look, at least 3; at least 20 for skewed outcomes.
        step: above 1; 1.5 adds half as many worlds as there are.
        budget: worlds at the last look.

    Raises:
        ValueError: an argument is out of its range.
    """
    if not LEAST_WORLDS <= first <= budget:
        raise ValueError(f"first = {first}: the first look must be at {LEAST_WORLDS} to {budget} worlds, the budget")
    if step <= 1:
        raise ValueError(f"step = {step}: each look must have more worlds than the previous one, so it must be above 1")
    looks = [first]
    while looks[-1] < budget:
        looks.append(min(budget, max(looks[-1] + 1, math.ceil(looks[-1] * step))))
    return tuple(looks)


def nominal_errors(looks: Sequence[int], error: float, shape: float = SHAPE) -> np.ndarray:
    """The two-sided p of each look at which the chance that any look errs is ``error``; shape (looks,). See the module.

    Args:
        looks: increasing numbers of worlds.
        error: the chance that any of the intervals misses the truth, from 0.0001 to 0.5.
        shape: of the boundary, from 0 to 0.5.
    """
    return _nominal_at(np.array(looks), tuple(looks), error, shape)


def _nominal_at(worlds: int | np.ndarray, looks: tuple[int, ...], error: float, shape: float = SHAPE) -> np.ndarray:
    """The boundary's p at any number of worlds; beyond the last look, that of the last."""
    from scipy import special

    share = np.minimum(np.asarray(worlds) / looks[-1], 1)
    return np.asarray(2 * special.ndtr(-_constant(looks, error, shape) * share ** (shape - 0.5)))


@cache
def _constant(looks: tuple[int, ...], error: float, shape: float) -> float:
    """C of the boundary."""
    from scipy import optimize, special

    if not looks or looks[0] < LEAST_WORLDS or any(late <= early for early, late in pairwise(looks)):
        raise ValueError(f"looks = {looks}: they must increase, from at least {LEAST_WORLDS} worlds")
    if not 1e-4 <= error <= 0.5:
        raise ValueError(f"error = {error}: it must be from 0.0001 to 0.5")
    if not 0 <= shape <= 0.5:
        raise ValueError(f"shape = {shape}: it must be from 0 to 0.5")
    least, most = (-float(special.ndtri(error / 2 / looks_in)) for looks_in in (1, len(looks)))  # most is Bonferroni's
    if len(looks) == 1:
        return least
    factors = [(worlds / looks[-1]) ** (shape - 0.5) for worlds in looks]
    found = optimize.brentq(
        lambda z: _chance_of_staying(looks, [z * factor for factor in factors]) - (1 - error), least, most, xtol=1e-10
    )
    return float(found)


_rule = cache(np.polynomial.legendre.leggauss)


def _chance_of_staying(looks: Sequence[int], boundary: Sequence[float]) -> float:
    """P(|Z_k| ≤ boundary_k for all k), by integrating the density of the sum of values from look to look."""
    at, density, weights, before = np.zeros(1), np.ones(1), np.ones(1), 0
    for worlds, most in zip(looks, boundary, strict=True):
        spread, limit = math.sqrt(worlds - before), min(most, _FARTHEST) * math.sqrt(worlds)
        nodes, lengths = _rule(math.ceil(2 * limit / spread * _NODES_PER_SD / _LEAST_NODES) * _LEAST_NODES)
        moved = (nodes[:, None] * limit - at[None, :]) / spread
        # einsum uses one thread
        density = np.einsum("ij,j->i", np.exp(-(moved**2) / 2), weights * density) / (spread * math.sqrt(2 * math.pi))
        at, weights, before = nodes * limit, lengths * limit, worlds
    return float(np.einsum("i,i->", weights, density))


# Intervals -----------------------------------------------------------------------------------------------------------


def mean_interval(values: np.ndarray, looks: Sequence[int], error: float = 0.05) -> Estimate:
    """The mean over worlds, with an interval that is valid at all looks together; see the module.

    Args:
        values: (worlds,), such as paired differences of two arms. Their number is one of the looks. Missing values
            (nan) are left out.
        looks: numbers of worlds, set in advance.
        error: the chance that the interval misses the truth at any look.

    Returns:
        An interval without width if all worlds are equal, and with ends nan if fewer than three have a value.
    """
    planned = _look_at(len(values), looks)
    values = values[~np.isnan(values)]
    if len(values) == 0:
        return Estimate(np.nan, np.nan, np.nan, 0)
    found = moments(values, np.zeros(len(values)))
    low, high = mean_ends(found, len(values), _nominal_at(planned, tuple(looks), error))
    return Estimate(float(found.a), float(low), float(high), len(values))


def ratio_interval(arm: np.ndarray, base: np.ndarray, looks: Sequence[int], error: float = 0.05) -> Estimate:
    """The ratio of the means of two paired arms, with an interval that is valid at all looks together.

    The interval has all ratios r at which the mean of arm − r·base does not differ from 0 (Fieller 1954, J. R. Stat.
    Soc. B 16:175), tested as in `mean_interval`.

    Args:
        arm: (worlds,). Their number is one of the looks. Worlds without a value of either arm (nan) are left out.
        base: (worlds,), in the same worlds.
        looks: numbers of worlds, set in advance.
        error: the chance that the interval misses the truth at any look.

    Returns:
        Exactly 1 if the arms are equal. The ends are nan if the set is unbounded, as the base may be 0, or if nothing
        happened in the arm in any world. All is nan if the sum of the base is not positive.
    """
    planned = _look_at(len(arm), looks)
    there = ~(np.isnan(arm) | np.isnan(base))
    arm, base = arm[there], base[there]
    if base.sum() <= 0:
        return Estimate(np.nan, np.nan, np.nan, len(base))
    if np.array_equal(arm, base):
        return Estimate(1.0, 1.0, 1.0, len(base))
    low, high = ratio_ends(moments(arm, base), len(base), _nominal_at(planned, tuple(looks), error))
    return Estimate(float(arm.sum() / base.sum()), float(low), float(high), len(base))


def _look_at(worlds: int, looks: Sequence[int]) -> int:
    if worlds not in looks:
        raise ValueError(f"{worlds} worlds are not one of the planned looks, {', '.join(map(str, looks))}")
    return worlds


def moments(arm: np.ndarray, base: np.ndarray) -> Moments:
    """The moments of two arms over their last axis, worlds."""
    a, b = arm.mean(axis=-1), base.mean(axis=-1)
    x, y = arm - a[..., None], base - b[..., None]
    second = tuple((one * two).mean(axis=-1) for one, two in ((x, x), (x, y), (y, y)))
    third = tuple((one * two).mean(axis=-1) for one, two in ((x * x, x), (x * x, y), (x, y * y), (y * y, y)))
    return Moments(a, b, second, third)


def mean_ends(of: Moments, worlds: int | np.ndarray, nominal: float | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The interval of the mean of the arm at one look, as arrays of the moments' shape.

    Args:
        of: moments of the arm; those of the base are not used.
        worlds: behind the moments.
        nominal: the error of one look, of the same shape or one that fits.
    """
    worlds = np.asarray(worlds)
    error, skewness = _error_of_mean(of.second[0], of.third[0], worlds)
    limit, u = _t_limit(worlds, nominal), skewness / np.sqrt(worlds)
    low = of.a - error * _before_transforming(limit, u)
    high = of.a - error * _before_transforming(-limit, u)
    enough = worlds >= LEAST_WORLDS
    return np.where(enough, low, np.nan), np.where(enough, high, np.nan)


def ratio_ends(of: Moments, worlds: int | np.ndarray, nominal: float | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The interval of the ratio of means at one look, as arrays of the moments' shape; nan as in `ratio_interval`.

    With r = scale · tan(angle), the mean of arm·cos − scale·base·sin is tested, and each end is searched by halving
    between the estimate and a right angle, at which only the base is left.

    Args:
        of: moments of both arms.
        worlds: behind the moments.
        nominal: the error of one look, of the same shape or one that fits.
    """
    worlds = np.asarray(worlds)
    limit = _t_limit(worlds, nominal)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.asarray(of.a / of.b)
        ratio = np.where(np.isfinite(ratio), ratio, 0.0)  # without a base, the set is unbounded
        scale = np.where(ratio == 0, 1.0, np.abs(ratio))
        bounded = (transformed(of, np.inf, worlds) < -limit) & (worlds >= LEAST_WORLDS)
    bounded &= (of.a != 0) | (of.second[0] > 0)
    ends = []
    for side in (-1, 1):
        near, far = np.arctan(ratio / scale), np.full(ratio.shape, side * np.pi / 2)
        for _ in range(_HALVINGS):
            middle = (near + far) / 2
            inside = side * transformed(of, scale * np.tan(middle), worlds) >= -limit
            near, far = np.where(inside, middle, near), np.where(inside, far, middle)
        ends.append(np.where(bounded, scale * np.tan(near), np.nan))
    return ends[0], ends[1]


def transformed(of: Moments, ratio: np.ndarray | float, worlds: int | np.ndarray) -> np.ndarray:
    """Hall's h of the mean of arm − ratio·base; of −base if the ratio is infinite."""
    r = np.asarray(ratio, float)
    one = np.where(np.isinf(r), 0.0, 1.0)
    r = np.where(np.isinf(r), 1.0, r)
    (aa, ab, bb), (aaa, aab, abb, bbb) = of.second, of.third
    second = one * aa - 2 * one * r * ab + r * r * bb
    third = one * aaa - 3 * one * r * aab + 3 * one * r * r * abb - r**3 * bbb
    error, skewness = _error_of_mean(second, third, np.asarray(worlds))
    mean = one * of.a - r * of.b
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(error > 0, mean / error, np.where(mean == 0, 0.0, np.sign(mean) * np.inf))
    u = skewness / np.sqrt(worlds)
    t = np.clip(t, -1e6, 1e6)
    return np.asarray(t + u * t**2 / 3 + u**2 * t**3 / 27 + u / 6)


def _before_transforming(h: np.ndarray, u: np.ndarray) -> np.ndarray:
    """The t that Hall's transformation takes to h; for u near 0 the two are equal."""
    small = np.abs(u) < 1e-8
    safe = np.where(small, 1.0, u)
    return np.where(small, h, 3 / safe * (np.cbrt(1 + safe * (h - safe / 6)) - 1))


def _error_of_mean(second: np.ndarray, third: np.ndarray, worlds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The standard error of a mean, and the adjusted sample skewness (Joanes & Gill 1998, G1); 0 without spread."""
    second = np.maximum(second, 0.0)
    more = np.maximum(worlds, LEAST_WORLDS)  # ends are nan for fewer
    error = np.sqrt(second / (more - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        skewness = np.where(second > 0, third / second**1.5, 0.0) * np.sqrt(more * (more - 1)) / (more - 2)
    return error, skewness


def _t_limit(worlds: np.ndarray, nominal: float | np.ndarray) -> np.ndarray:
    from scipy import special

    return np.asarray(-special.stdtrit(np.maximum(worlds, LEAST_WORLDS) - 1, nominal / 2))


# Decisions -----------------------------------------------------------------------------------------------------------


def decided(interval: Estimate, reference: float, margin: float) -> Decision:
    """What an interval says of the smallest effect of interest.

    Args:
        interval: such as of a difference or a ratio.
        reference: the value without an effect: 0 for differences, 1 for ratios.
        margin: the smallest effect of interest, at least 0, in the same unit: a ratio of 1.1 has 0.1.

    Returns:
        Above or below if the whole interval is beyond reference ± margin, within if it is inside, which means that
        there is practically no effect. Undecided otherwise, and if an end is nan.
    """
    if margin < 0:
        raise ValueError(f"margin = {margin}: the smallest effect of interest cannot be negative")
    if interval.low > reference + margin:
        return Decision.ABOVE
    if interval.high < reference - margin:
        return Decision.BELOW
    if interval.low >= reference - margin and interval.high <= reference + margin:
        return Decision.WITHIN
    return Decision.UNDECIDED


def worlds_to_decide(
    values: np.ndarray,
    looks: Sequence[int],
    error: float,
    reference: float,
    margin: float,
    base: np.ndarray | None = None,
) -> int | None:
    """About how many worlds would decide if estimate, spread and skewness stayed as they are now.

    This is a plan and no guarantee: with as many worlds, about half of the intervals would decide. If it is above the
    last look, a new schedule would be needed, whose boundary is slightly wider.

    Args:
        values: (worlds,), of an arm or of differences.
        looks: numbers of worlds, set in advance.
        error: the chance that the interval misses the truth at any look.
        reference: as for `decided`.
        margin: as for `decided`.
        base: (worlds,), if the ratio of two arms is judged.

    Returns:
        At least the number of worlds at hand, which is what it is if they decide. None if no number would, because the
        estimate is at the margin (more than `MOST_WORLDS` would be needed) or has no value.
    """
    there = ~np.isnan(values) if base is None else ~(np.isnan(values) | np.isnan(base))
    worlds = int(there.sum())
    if worlds < LEAST_WORLDS:
        return None
    of = moments(values[there], np.zeros(worlds) if base is None else base[there])
    ends = mean_ends if base is None else ratio_ends

    def decides(count: int) -> bool:
        low, high = ends(of, count, _nominal_at(count, tuple(looks), error))
        return decided(Estimate(np.nan, float(low), float(high), count), reference, margin) != Decision.UNDECIDED

    enough = worlds
    while not decides(enough):
        if enough >= MOST_WORLDS:
            return None
        worlds, enough = enough, min(2 * enough, MOST_WORLDS)
    while enough - worlds > 1:
        middle = (worlds + enough) // 2
        worlds, enough = (worlds, middle) if decides(middle) else (middle, enough)
    return enough
