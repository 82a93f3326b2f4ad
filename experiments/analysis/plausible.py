"""What holds over joint draws of the assumed numbers. Draws are the units.

A draw is a point of the assumed numbers, which all lie within their plausible ranges. One or several paired worlds are
run at each, and give its *effect*. Effects have the shape (draws, worlds), with nan for missing ones.

**Noise.** The effect in one world is the true effect of the draw plus noise, so that the share of noisy effects above a
threshold is pulled towards one half. With two or more worlds, the variance of the noise comes from the spread within
draws, pooled over them; with one, it must be given. The distribution of true effects is the nonparametric maximum
likelihood estimate (Kiefer & Wolfowitz 1956, Ann. Math. Stat. 27:887) on a grid of 100 cells, by the EM algorithm. It
begins at the best normal distribution and stops after 100 steps, since the limit is a few points and varies a lot.

`verification/plausible_worlds.py` compares it on made-up effects (normal, bimodal, skewed, half of them 0, all 0) with
other methods: the limit of EM, a normal distribution, and an exponential family with splines (Efron 2016, Biometrika
103:1). A normal distribution is better if effects are normal, but wrong by .25 if they are bimodal. The exponential
family smooths gaps and spikes away, and is wrong by up to .23. The limit of EM varies most. Stopping early has the
smallest error in the worst case: up to .07 if the noise is half as wide as the true effects, and .15 if it is as wide
(`noise_ratio`). Raw shares are off by up to .27 and .38. So choose worlds such that the ratio is at most .5.

Chance usually grows with the effect. Then a constant noise, or one for each draw, shifts shares by .1 or more, and the
noise must be a function of the true effect (`noise_by_size`). With few draws the estimate varies more than a raw share.
Verdicts use the mean of the two, which had the smallest error or nearly so in six made-up cases with 25 to 150 draws:
.03 to .09, compared with .03 to .10 raw and .03 to .13 deconvolved.

**Intervals** are of 95%, from a bootstrap over draws with keyed resamples, and never narrower than that of Clopper and
Pearson for as many draws without noise, because a bootstrap of draws that all agree has no width. A share that much
noise pulls towards one half is so in all resamples, which the interval does not know. With a ratio of .5, it contains
the truth in 92 to 98% of experiments, but with a ratio of 1 in only 20% where effects are bimodal and in 45% where half
of them are 0. Such a share is therefore not judged (`judged`). A share of exactly 0 is never in the interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from experiments.analysis.compare import ends_of_interval, resampled_counts
from experiments.analysis.verdicts import Estimate, Verdict
from sim.model.draw_purposes import DrawPurpose

ERROR = 0.05  # chance that an interval misses the truth
NEEDED = 0.9  # share of plausible worlds in which a claim that holds must hold, and an arm that wins must win
MOST_NOISE = 0.7  # noise ratio up to which a share that neither holds nor fails is judged (our choice)
ENOUGH_WORLDS_RATIO = 0.5  # noise ratio that more worlds per draw should reach
SLACK = 0.05  # by which the end of the share's interval may be on the other side of it
RESAMPLES = 500  # each is a fit
MOST_DRAWS = 1_000_000  # if more were needed, no number decides
NULLS = 1_000  # permuted outcomes
NULL_LEVEL = 0.95  # share of permuted outcomes in which no number is named
_CELLS, _STEPS = 100, 100
_EVERYWHERE = 0.1  # of the probability at the start of the fit lies evenly on the grid, so that it can move anywhere
_LEAST_TRUE = 0.01  # share of the variance that is not noise, at the start of a fit
_NEAREST = 10  # draws over which noise is pooled, at least
_DRAWS_A_NUMBER = 3  # above which partial correlations find as much as plain ones; see `hangs_on`
_SAMPLES = 400  # of the true effects of a draw
_LEAST_DRAWS = 30  # from which shares of variance are computed (our choice)
_HARMONICS, _INDEX_RESAMPLES = 4, 200  # of first-order indices: enough for effects that rise, fall or bend once
_THIRDS = ("low", "middle", "high")


class NoiseBySize(NamedTuple):
    """The standard deviation of one world around the true effect, at some sizes of it, which rise."""

    sizes: np.ndarray
    noise: np.ndarray

    def at(self, effects: np.ndarray) -> np.ndarray:
        """The noise of effects of any size, interpolated."""
        return np.asarray(np.interp(np.abs(effects), self.sizes, self.noise))


Noise = float | np.ndarray | NoiseBySize | None


class Share(NamedTuple):
    """The share of draws above a threshold: of noisy effects, of true effects, and the mean of the two.

    Noise pulls the first towards one half. The second is right on average, but varies more. In the made-up cases of
    `verification/plausible_worlds.py` with 25 to 150 draws, their mean has the smallest error or nearly so.
    """

    raw: Estimate
    deconvolved: Estimate
    middle: Estimate


class Judged(NamedTuple):
    """A verdict over plausible worlds.

    Attributes:
        word: the verdict.
        share: of draws whose true effect is above the smallest effect of interest.
        sentence: the verdict with its share, without a full stop.
        draws_needed: about how many draws would decide; None if it is decided, or if no number would.
    """

    word: Verdict
    share: Estimate
    sentence: str
    draws_needed: int | None = None


# The share of draws above a threshold --------------------------------------------------------------------------------


def share_above(effects: np.ndarray, threshold: float, noise: Noise = None, error: float = ERROR) -> Share:
    """The share of draws whose true effect is above a threshold; see the module.

    Args:
        effects: (draws, worlds). Draws without any effect are left out.
        threshold: the smallest effect of interest. With noise, an effect closer to it than a hundredth of the range is
            on neither side, so the threshold must not be 0 if many true effects are exactly 0.
        noise: the standard deviation of the effect of one world around the true effect of its draw, for all draws or
            (draws,), or by size. From the spread within draws if None.
        error: the chance that an interval misses the truth; smaller if draws are looked at repeatedly.

    Returns:
        Equal shares if there is no noise. All is nan if no draw has an effect.

    Raises:
        ValueError: the noise is not given and no draw has two worlds.
    """
    means, errors = _means_and_errors(effects, noise)
    if len(means) == 0:
        nothing = Estimate(np.nan, np.nan, np.nan, 0)
        return Share(nothing, nothing, nothing)
    counts = resampled_counts(len(means), RESAMPLES).astype(float)
    above = (means > threshold).astype(float)
    raw = _share(float(above.mean()), counts @ above / len(means), len(means), error)
    if not (errors > 0).any() or np.ptp(means) == 0:
        return Share(raw, raw, raw)
    weights = np.vstack([np.ones(len(means)), counts])
    found = np.clip(_true_share(means, errors, threshold, weights, noise), 0, 1)
    middle = (found + np.concatenate([[above.mean()], counts @ above / len(means)])) / 2
    return Share(raw, *(_share(float(one[0]), one[1:], len(means), error) for one in (found, middle)))


def noise_ratio(effects: np.ndarray, noise: Noise = None) -> float:
    """How wide the noise of a draw's mean effect is, relative to the true effects; standard deviations.

    Above 0.5, deconvolved shares are pulled towards one half and their intervals are too narrow, so that more worlds
    per draw are needed. Infinite if the spread is no wider than noise alone would make it.

    Args:
        effects: (draws, worlds), of at least one draw.
        noise: as for `share_above`.
    """
    means, errors = _means_and_errors(effects, noise)
    error, true = float(np.mean(errors**2)), float(means.var())
    return float(np.sqrt(error / (true - error))) if true > error else (np.inf if error else 0.0)


def noise_by_size(effects: np.ndarray) -> NoiseBySize | None:
    """The noise of one world as a function of the size of the true effect; None if no draw has two worlds.

    Where events are counted, chance grows with their number. Noise that is pooled over all draws would be too wide for
    small effects and too narrow for large ones. So it is pooled over the third of the draws, at least ten, whose mean
    effects are nearest in size.

    Args:
        effects: (draws, worlds).
    """
    effects = np.asarray(effects, float)
    worlds = (~np.isnan(effects)).sum(axis=1)
    effects, worlds = effects[worlds > 0], worlds[worlds > 0]
    if not (worlds > 1).any():
        return None
    means = np.nansum(effects, axis=1) / worlds
    squares = np.nansum((effects - means[:, None]) ** 2, axis=1)
    order = np.argsort(np.abs(means), kind="stable")
    sizes, squares, spare = np.abs(means)[order], squares[order], worlds[order] - 1
    near = min(len(sizes), max(_NEAREST, len(sizes) // 3))
    found = np.empty(len(sizes))
    for row, size in enumerate(sizes):
        nearest = np.argsort(np.abs(sizes - size), kind="stable")[:near]
        found[row] = np.sqrt(squares[nearest].sum() / max(int(spare[nearest].sum()), 1))
    return NoiseBySize(sizes, found)


def _share(value: float, drawn: np.ndarray, draws: int, error: float = ERROR) -> Estimate:
    """A share with the interval of its resamples, widened to that of Clopper and Pearson."""
    low, high = np.quantile(drawn, ends_of_interval(draws, error))
    exact = _exact(value, draws, error)
    return Estimate(value, min(float(low), exact.low), max(float(high), exact.high), draws)


def _exact(value: float, draws: int, error: float = ERROR) -> Estimate:
    """A share with the interval of Clopper and Pearson (1934, Biometrika 26:404), also for hits that are not whole."""
    from scipy import special

    hits = value * draws
    low = float(special.betaincinv(hits, draws - hits + 1, error / 2)) if hits > 0 else 0.0
    high = float(special.betaincinv(hits + 1, draws - hits, 1 - error / 2)) if hits < draws else 1.0
    return Estimate(value, low, high, draws)


def _means_and_errors(effects: np.ndarray, noise: Noise) -> tuple[np.ndarray, np.ndarray]:
    """The mean effect of each draw that has one, and its standard error."""
    effects = np.asarray(effects, float)
    if effects.ndim != 2:
        raise ValueError(f"effects have the shape {effects.shape}: it must be (draws, worlds)")
    worlds = (~np.isnan(effects)).sum(axis=1)
    there = worlds > 0
    effects, worlds = effects[there], worlds[there]
    means = np.nansum(effects, axis=1) / np.maximum(worlds, 1)
    if noise is None:
        spare = int((worlds - 1).sum())
        if len(means) and not spare:
            raise ValueError("with one world per draw, the noise must be given: its standard deviation in one world")
        each = np.sqrt(np.nansum((effects - means[:, None]) ** 2) / max(spare, 1))
    elif isinstance(noise, NoiseBySize):
        each = noise.at(means)
    else:
        each = np.broadcast_to(np.asarray(noise, float), there.shape)[there]
    return means, np.asarray(each / np.sqrt(worlds))


def _true_share(
    means: np.ndarray, errors: np.ndarray, threshold: float, weights: np.ndarray, noise: Noise = None
) -> np.ndarray:
    """The share of true effects above a threshold for each set of weights of draws, shape (sets,).

    With noise by size, the likelihood of a cell has the noise of its effects.

    The threshold is the edge of a cell of the grid, so that the share of effects without noise is exact.
    """
    from scipy import special

    width = np.ptp(means) / _CELLS
    first = np.floor((means.min() - threshold) / width) - 1
    edges = threshold + width * (first + np.arange(_CELLS + 3) + 1e-9)  # an effect of the threshold is not above it
    cells = (edges[:-1] + edges[1:]) / 2
    around = np.broadcast_to(np.maximum(errors, 1e-6 * width)[:, None], (len(means), len(cells)))
    if isinstance(noise, NoiseBySize):
        fewer = errors / np.maximum(noise.at(means), 1e-300)  # 1 / root of the worlds
        around = np.maximum(noise.at(cells) * fewer[:, None], 1e-3 * width)
    with np.errstate(divide="ignore"):
        log = -(((means[:, None] - cells) / around) ** 2) / 2 - np.log(around / width)
    likelihood = np.exp(log - log.max(axis=1, keepdims=True))
    centre, spread = _normal_fit(means, errors)
    reached = special.ndtr((edges[1:-1] - centre) / max(spread, width / 4))
    start = np.diff(reached, prepend=0.0, append=1.0)
    start = (1 - _EVERYWHERE) * start + _EVERYWHERE / len(cells)
    chances = np.tile(start, (len(weights), 1))
    total = weights.sum(axis=1, keepdims=True)
    for _ in range(_STEPS):
        chances = chances * ((weights / np.maximum(chances @ likelihood.T, 1e-300)) @ likelihood) / total
    return np.asarray(chances[:, cells > threshold].sum(axis=1))


def _normal_fit(means: np.ndarray, errors: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of true effects, if they are normal: maximum likelihood by EM."""
    total = means.var()
    centre, variance = float(means.mean()), float(max(total - np.mean(errors**2), _LEAST_TRUE * total))
    for _ in range(_STEPS):
        kept = variance / (variance + errors**2)
        expected = centre + kept * (means - centre)
        centre = float(expected.mean())
        variance = float(((expected - centre) ** 2 + kept * errors**2).mean())
    return centre, float(np.sqrt(variance))


# Which arm is the best -----------------------------------------------------------------------------------------------


def chance_best(effects: Mapping[str, np.ndarray], noise: np.ndarray | float | None = None) -> dict[str, Estimate]:
    """The share of draws in which each arm is truly the best, with its 95% interval.

    Noise would pull all shares towards 1 / arms. True effects are therefore taken to be normal over draws, with means
    and covariances from the data, so that those of a draw, given its noisy effects, are normal as well (empirical
    Bayes; Efron & Morris 1973, J. Am. Stat. Assoc. 68:117). An arm's share is the mean of its chance to be the best.
    If true effects are far from normal and noise is wide, shares are pulled towards those of normal effects.

    Args:
        effects: (draws, worlds) by arm, in the same worlds. Worlds in which an arm has no effect are left out.
        noise: the covariance of the effects of one world, (arms, arms), or the standard deviation of independent ones.
            From the spread within draws if None.

    Returns:
        Shares by arm that add up to 1. Without noise they are those of the effects. Arms that tie share a draw.

    Raises:
        ValueError: the noise is not given and no draw has two worlds.
    """
    means, worlds, covariance = _arms(effects, noise)
    if len(means) == 0:
        return dict.fromkeys(effects, Estimate(np.nan, np.nan, np.nan, 0))
    if not covariance.any():
        best = means == means.max(axis=1, keepdims=True)
        chances = best / best.sum(axis=1, keepdims=True)
    else:
        chances = _chances(means, worlds, covariance)
    drawn = resampled_counts(len(means), RESAMPLES) @ chances / len(means)
    return {name: _share(float(chances[:, k].mean()), drawn[:, k], len(means)) for k, name in enumerate(effects)}


def _arms(
    effects: Mapping[str, np.ndarray], noise: np.ndarray | float | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean effects (draws, arms), worlds behind them (draws,), and the covariance of one world (arms, arms)."""
    stacked = np.stack([np.asarray(arm, float) for arm in effects.values()], axis=2)
    there = ~np.isnan(stacked).any(axis=2)
    worlds = there.sum(axis=1)
    stacked, there, worlds = stacked[worlds > 0], there[worlds > 0], worlds[worlds > 0]
    means = np.where(there[:, :, None], stacked, 0).sum(axis=1) / worlds[:, None]
    if noise is not None:
        given = np.asarray(noise, float)
        return means, worlds, given**2 * np.eye(len(effects)) if given.ndim == 0 else given
    if len(means) and worlds.max() < 2:
        raise ValueError("with one world per draw, the noise must be given: the covariance of the effects in one world")
    apart = np.where(there[:, :, None], stacked - means[:, None, :], 0).reshape(-1, len(effects))
    return means, worlds, apart.T @ apart / max(int((worlds - 1).sum()), 1)


def _chances(means: np.ndarray, worlds: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """The chance of each arm to be the best in each draw, given its noisy effects; shape (draws, arms)."""
    arms = means.shape[1]
    centre = means.mean(axis=0)
    over = np.atleast_2d(np.cov(means.T)) if len(means) > 1 else np.zeros((arms, arms))
    values, vectors = np.linalg.eigh(over - covariance * np.mean(1 / worlds))
    true = (vectors * np.maximum(values, 0)) @ vectors.T
    random = np.random.Generator(np.random.Philox(key=[int(DrawPurpose.BOOTSTRAP), len(means)]))
    normal = random.standard_normal((_SAMPLES, arms))
    found = np.empty((len(means), arms))
    for count in np.unique(worlds):
        kept = true @ np.linalg.pinv(true + covariance / count, hermitian=True)
        values, vectors = np.linalg.eigh(true - kept @ true)
        spread = normal @ (vectors * np.sqrt(np.maximum(values, 0))).T
        for which in np.flatnonzero(worlds == count):
            drawn = centre + kept @ (means[which] - centre) + spread
            best = drawn == drawn.max(axis=1, keepdims=True)
            found[which] = (best / best.sum(axis=1, keepdims=True)).mean(axis=0)
    return found


def winner(chances: Mapping[str, Estimate], needed: float = NEEDED) -> str | None:
    """The arm that is the best in this share of draws, with the lower end at most 0.05 below it; None if there is none.

    The end may be a little below, since a share of exactly 90% could never be shown to be one. With 300 draws and a
    share of 90%, the lower end is 86%.
    """
    names = [name for name, one in chances.items() if one.value >= needed and one.low >= needed - SLACK]
    return max(names, key=lambda name: chances[name].value, default=None)


# What an effect depends on -------------------------------------------------------------------------------------------


def hangs_on(levels: pd.DataFrame, effects: np.ndarray, count: int = 3, family: int = 1) -> pd.DataFrame:
    """The numbers on which an effect depends most, by rank correlation over the draws.

    A partial rank correlation (PRCC; Marino et al. 2008, J. Theor. Biol. 254:178) is that of the ranks of a number and
    of the effect, each without what all other numbers explain linearly. With at most three draws per number it is the
    plain rank correlation, which then finds more: with 188 draws of 150 independent numbers, of which three matter, .78
    to 1 of these for four kinds of effect with noise as wide, against .28 to .61; with 300 draws, 1 against .78 to .94.
    A number is named if it is above the largest of all numbers in 95% of permuted outcomes; if a table tests a family
    of effects, in 95% of permuted families (Bonferroni).

    `verification/plausible_worlds.py` compares it with the permutation importance of random forests (scored on the half
    of the draws that a forest has not seen) on 140 numbers, of which three matter. Rank correlation names about as many
    or more of the three for linear, threshold, product and skewed effects, in milliseconds instead of minutes. Neither
    names two numbers that only matter together, and only forests can name one with a U-shaped effect.

    Args:
        levels: one row per draw, one column per number.
        effects: (draws, worlds). Draws without any effect are left out.
        count: how many to return.
        family: the number of effects that are tested together.

    Returns:
        One row for each of the most important numbers, in this order, indexed by ``name``: ``importance`` (the size of
        its correlation, 0 to 1), ``direction`` (1 if the effect grows with the number, −1 if it falls, 0 if there are
        no correlations), and ``named`` (it is above the null).
    """
    effects = np.asarray(effects, float)
    there = (~np.isnan(effects)).any(axis=1)
    outcome = np.nansum(effects[there], axis=1) / (~np.isnan(effects[there])).sum(axis=1)
    points = levels.to_numpy(float)[there]
    found, limit = np.zeros(points.shape[1]), np.inf
    varies = np.ptp(points, axis=0) > 0 if len(points) else np.zeros(points.shape[1], bool)
    if varies.any() and np.ptp(outcome) > 0 and len(outcome) > 3:
        random = np.random.Generator(np.random.Philox(key=[int(DrawPurpose.BOOTSTRAP), len(outcome)]))
        permuted = [random.permutation(len(outcome)) for _ in range(NULLS)]
        outcomes = np.column_stack([outcome, outcome[np.array(permuted)].T])
        correlations = _rank_correlations(points[:, varies], outcomes)
        found[varies] = correlations[:, 0]
        limit = float(np.quantile(np.abs(correlations[:, 1:]).max(axis=0), 1 - (1 - NULL_LEVEL) / family))
    table = pd.DataFrame(
        {"importance": np.abs(found), "direction": np.sign(found).astype(int), "named": np.abs(found) > limit},
        index=pd.Index(levels.columns, name="name"),
    )
    return table.sort_values("importance", ascending=False, kind="stable").head(count)


def dependence(levels: pd.DataFrame, effects: np.ndarray, family: int = 1) -> pd.DataFrame:
    """How much an effect depends on each number, over the draws.

    The first-order Sobol index of a number is the share of the variance of the effect between draws that it explains
    alone. Here it comes from the draws as they are, by Fourier series over draws sorted by the number (Plischke 2010,
    Reliab. Eng. Syst. Saf. 95:354), corrected for bias (Tissot & Prieur 2012, same journal 107:205), from SALib. That
    index is of effects with chance in them; divided by the share of their variance that is not chance, it is of true
    effects.

    Args:
        levels: one row per draw, one column per number.
        effects: (draws, worlds). With one world per draw, chance is unknown, and part of the variance.
        family: the number of effects that are tested together, as for `hangs_on`.

    Returns:
        One row per number, as by `hangs_on`, with ``share`` (the index), ``share_conf`` (half the width of its 95%
        interval, by bootstrap over draws), and the mean effect in the third of the draws in which the number is lowest
        and highest, ``where_low`` and ``where_high``. All four are nan with fewer than 30 draws; the first two also if
        no variance between draws is left beside chance.
    """
    table = hangs_on(levels, effects, count=levels.shape[1], family=family)
    effects = np.asarray(effects, float)
    there = (~np.isnan(effects)).any(axis=1)
    outcome, points = np.nanmean(effects[there], axis=1) if there.any() else np.zeros(0), levels[there]
    empty = dict.fromkeys(("share", "share_conf", "where_low", "where_high"), np.nan)
    if len(outcome) < _LEAST_DRAWS or np.ptp(outcome) == 0:
        return table.assign(**empty)
    of = {name: _dependence_on(points[name].to_numpy(float), outcome) for name in table.index}
    several = (~np.isnan(effects)).sum() > len(outcome)
    true = 1 / (1 + noise_ratio(effects) ** 2) if several else 1.0  # share of the variance that is not chance
    found = pd.DataFrame.from_dict(of, orient="index", columns=list(empty))
    found[["share", "share_conf"]] /= true if true > _LEAST_TRUE else np.nan
    return table.join(found)


def _dependence_on(values: np.ndarray, outcome: np.ndarray) -> tuple[float, float, float, float]:
    """First-order index of a number with half its interval, and the mean outcome in its lowest and highest third."""
    from SALib.analyze import rbd_fast

    if np.ptp(values) == 0:
        return 0.0, 0.0, float(outcome.mean()), float(outcome.mean())
    problem = {"num_vars": 1, "names": ["number"], "bounds": [[values.min(), values.max()]]}
    index = rbd_fast.analyze(problem, values[:, None], outcome, M=_HARMONICS, num_resamples=_INDEX_RESAMPLES, seed=1)
    low, high = np.quantile(values, [1 / 3, 2 / 3])
    where_low, where_high = (float(outcome[some].mean()) for some in (values <= low, values >= high))
    return float(index["S1"][0]), float(index["S1_conf"][0]), where_low, where_high


def _rank_correlations(points: np.ndarray, outcomes: np.ndarray) -> np.ndarray:
    """Rank correlations (numbers, outcomes), partial with enough draws, of (draws, numbers) with (draws, outcomes)."""
    from scipy import stats

    def ranks(values: np.ndarray) -> np.ndarray:
        ranked = stats.rankdata(values, axis=0)
        ranked = ranked - ranked.mean(axis=0)
        return np.asarray(ranked / np.sqrt((ranked**2).sum(axis=0)))

    x, y = ranks(points), ranks(outcomes)
    draws, numbers = x.shape
    if draws <= _DRAWS_A_NUMBER * numbers:
        return x.T @ y
    inverse = np.linalg.pinv(x.T @ x, hermitian=True)
    slopes = inverse @ (x.T @ y)
    left = np.maximum(1 - (slopes * (x.T @ y)).sum(axis=0), 1e-12)  # share of the variance that no number explains
    scaled = slopes / np.sqrt(np.diag(inverse))[:, None]
    return np.asarray(scaled / np.sqrt(scaled**2 + left))


def conditional(
    levels: pd.DataFrame, effects: np.ndarray, threshold: float, name: str, noise: Noise = None
) -> pd.DataFrame:
    """The share of draws above a threshold where a number is low, middle or high, by thirds of the draws.

    Args:
        levels: one row per draw, one column per number.
        effects: (draws, worlds).
        threshold: the smallest effect of interest.
        name: of the number. A number with two or three levels is split by them.
        noise: as for `share_above`; if None, from all draws.

    Returns:
        One row per part, indexed ``low``, ``middle`` and ``high`` (without the middle for two levels), with columns
        ``least`` and ``most`` (of the number), ``share`` (`Share.middle`), ``low``, ``high`` (its interval), ``draws``.
    """
    values = levels[name].to_numpy(float)
    effects = np.asarray(effects, float)
    if noise is None:
        _, errors = _means_and_errors(effects, None)
        worlds = (~np.isnan(effects)).sum(axis=1)
        noise = float((errors * np.sqrt(worlds[worlds > 0]))[0]) if len(errors) else 0.0
    by_size = isinstance(noise, NoiseBySize)
    each = np.zeros(values.shape) if by_size else np.broadcast_to(np.asarray(noise, float), values.shape)
    distinct, which = np.unique(values, return_inverse=True)
    if len(distinct) > len(_THIRDS):
        which = np.searchsorted(np.quantile(values, [1 / 3, 2 / 3]), values)
    parts = (_THIRDS[0], _THIRDS[-1]) if len(distinct) == 2 else _THIRDS
    rows = {}
    for part in np.unique(which):
        inside = which == part
        share = share_above(effects[inside], threshold, noise if by_size else each[inside]).middle
        least, most = values[inside].min(), values[inside].max()
        rows[parts[part]] = (least, most, share.value, share.low, share.high, share.worlds)
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["least", "most", "share", "low", "high", "draws"])
    return table.rename_axis("part")


# Verdicts ------------------------------------------------------------------------------------------------------------


def judged(
    levels: pd.DataFrame,
    effects: np.ndarray,
    threshold: float,
    noise: Noise = None,
    labels: Mapping[str, str] | None = None,
    error: float = ERROR,
) -> Judged:
    """The verdict over plausible worlds, from the share of draws whose true effect is above a threshold.

    - *holds*: the share is at least 90%, and the lower end of its interval at least 85%.
    - *fails*: the share is at most 10%, and the upper end at most 15%.
    - *undecided*: neither, and the interval or the share reaches 90% or 10% (the sentence says how many draws would
      decide), or the noise ratio is above 0.7, since the share may then be off by more than its interval (the sentence
      says how many worlds per draw would reach 0.5).
    - *holds under …*: otherwise, so that all of the interval is between 10% and 90%. The sentence names a part, low,
      middle or high, of the number on which the effect hangs most: the third with the largest share, if its interval is
      above the lowest share of the others. If no number has one, it says so.

    Args:
        levels: one row per draw, one column per number.
        effects: (draws, worlds).
        threshold: the smallest effect of interest.
        noise: as for `share_above`.
        labels: what a sentence calls the numbers; without one, its name with spaces.
        error: as for `share_above`.
    """
    share = share_above(effects, threshold, noise, error).middle
    if np.isnan(share.value):
        return Judged(Verdict.UNDECIDED, share, "undecided: no plausible world has an effect")
    word, interval = _word(share), f"({share.low:.0%} to {share.high:.0%})"
    if word == Verdict.HOLDS:
        return Judged(word, share, f"holds in {share.value:.0%} {interval} of plausible worlds")
    if word == Verdict.FAILS:
        return Judged(word, share, f"fails: it holds in {share.value:.0%} {interval} of plausible worlds")
    ratio = noise_ratio(effects, noise)
    if ratio > MOST_NOISE:
        return Judged(Verdict.UNDECIDED, share, f"undecided: {_too_noisy(np.asarray(effects, float), ratio)}")
    if word == Verdict.UNDECIDED:
        needed = draws_to_decide(share)
        more = "no number of draws would decide" if needed is None else f"about {needed:,} draws would decide"
        sentence = f"undecided: it holds in {share.value:.0%} {interval} of plausible worlds; {more}"
        return Judged(word, share, sentence, needed)
    where = _where(levels, effects, threshold, noise, labels or {})
    return Judged(word, share, f"holds in {share.value:.0%} of plausible worlds {interval}, {where}")


def _too_noisy(effects: np.ndarray, ratio: float) -> str:
    """What to do about noise."""
    worlds = (~np.isnan(effects)).sum(axis=1)
    if np.isinf(ratio):
        return "noise hides whether plausible worlds differ at all; more worlds per draw are needed"
    needed = int(np.ceil(worlds[worlds > 0].mean() * (ratio / ENOUGH_WORLDS_RATIO) ** 2))
    wide = f"noise is {ratio:.1f} times as wide as the differences between plausible worlds"
    return f"{wide}; about {needed} worlds per draw would do"


def _word(share: Estimate) -> Verdict:
    """The word for a share, as `judged` explains it."""
    rest = Estimate(1 - share.value, 1 - share.high, 1 - share.low, share.worlds)
    for one, word in ((share, Verdict.HOLDS), (rest, Verdict.FAILS)):
        if one.value >= NEEDED and one.low >= NEEDED - SLACK:
            return word
    inside = any(one.low <= NEEDED <= one.high for one in (share, rest))
    return Verdict.UNDECIDED if inside or max(share.value, rest.value) >= NEEDED else Verdict.DEPENDS


def draws_to_decide(share: Estimate) -> int | None:
    """About how many draws would decide if the share stayed as it is; at least the number at hand.

    The interval is taken to be that of Clopper and Pearson for fewer draws without noise, such that it is as wide as
    the one at hand. None if the share is where a verdict ends, so that more than `MOST_DRAWS` would be needed.
    """
    exact = _exact(share.value, share.worlds)
    worth = min(1.0, ((exact.high - exact.low) / (share.high - share.low)) ** 2)  # draws without noise, of one draw

    def decides(draws: int) -> bool:
        return _word(_exact(share.value, draws) if draws > share.worlds * worth else share) != Verdict.UNDECIDED

    few = many = max(1, int(share.worlds * worth))
    while not decides(many):
        if many >= MOST_DRAWS:
            return None
        few, many = many, min(2 * many, MOST_DRAWS)
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if decides(middle) else (middle, many)
    return max(share.worlds, int(np.ceil(many / worth)))


def _where(
    levels: pd.DataFrame,
    effects: np.ndarray,
    threshold: float,
    noise: Noise,
    labels: Mapping[str, str],
) -> str:
    """The part of the plausible worlds in which a claim mainly holds."""
    for name, row in hangs_on(levels, effects).iterrows():
        if not row["named"]:
            break
        parts = conditional(levels, effects, threshold, str(name), noise)
        best = parts["share"].idxmax()
        if parts.loc[best, "low"] > parts["share"].min():
            return f"mainly those with {best} {labels.get(str(name), str(name).replace('_', ' '))}"
    return "and no single number says in which"
