"""What a gesture adds to chances, from worlds with and without it.

The level of simulated chances can be wrong for a log, and its own past says by how much. So only the change of the odds
is taken from the worlds, and it is assumed to be the same at another level.

Few of some dozen worlds say anything about one tie. So what is counted for each tie is drawn towards all ties, as far
as chance explains their differences. Without that, ties that did well by chance would seem to gain most.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit

from experiments.analysis.compare import ends_of_interval, resampled_counts
from experiments.forecasts.scores import RESAMPLES

RETURNS = 10.0  # returns of a tie that the part of all ties counts for
NORMAL_RANGE = 1.645  # standard deviations to either side, within which 90% of a normal distribution are
_LEAST = 1e-6  # a share that can be turned into odds
_SEED = 1  # of the draws for intervals


class Added(NamedTuple):
    """What a gesture adds to chances.

    Attributes:
        each: for each tie the gain and its 95% interval, shape (ties, 3).
        together: the mean gain over ties, and its 95% interval.
        over_draws: the range of the mean gain in 90% of draws of parameters, without chance within worlds; nan if
            worlds have no draws, or fewer than two.
    """

    each: np.ndarray
    together: tuple[float, float, float]
    over_draws: tuple[float, float]


class _Counts(NamedTuple):
    """In how many worlds each tie's other person writes without the gesture, only with it, and only without it."""

    worlds: np.ndarray  # shape (..., 1)
    before: np.ndarray  # the others: shape (..., ties)
    gained: np.ndarray
    lost: np.ndarray

    def shares(self) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
        """Hits and trials: writing without the gesture; with it, of those who do not; and not with it, of who do."""
        return (self.before, self.worlds), (self.gained, self.worlds - self.before), (self.lost, self.before)


def added(before: np.ndarray, after: np.ndarray, chance: np.ndarray, together: int = 1) -> Added:
    """What a gesture adds to chances, if it changes their odds as it does in simulated worlds.

    Intervals of all ties together are from resampled worlds, or resampled draws with their worlds, paired. A tie's own
    interval is from its beta distributions, with what is known of all ties from the resampled worlds (Laird and Louis
    1987, "Empirical Bayes confidence intervals based on bootstrap samples"). Worlds of one draw are alike, so they
    count as fewer (design effect, Kish 1965).

    The range over draws is that of a normal distribution around the mean gain. What one world contributes to it is its
    pseudovalue: how the mean gain differs without that world (Tukey 1958). Their variance between draws is that of the
    draws' means minus what chance between worlds of one draw adds to it (method of moments), or 0. No chance falls
    below 0 in it, or rises above 1.

    Args:
        before: who writes without the gesture, bool, shape (worlds, ties).
        after: who writes with it, in the same worlds, bool, shape (worlds, ties).
        chance: chances without the gesture, above 0 and below 1, shape (ties,).
        together: the number of worlds after each other that share a draw of parameters.
    """
    worlds = len(before)
    draw = np.arange(worlds) // together
    draws = int(draw[-1]) + 1
    counts = _counted(before, after, np.ones(worlds))
    sizes = [size_of(*one) for one in counts.shares()]
    once = _gains(counts, sizes, chance)
    mean = float(once.mean())
    if draws < 2:
        nothing = np.full((len(once), 2), np.nan)
        return Added(np.column_stack([once, nothing]), (mean, math.nan, math.nan), (math.nan, math.nan))
    again = _counted(before, after, resampled_counts(draws, RESAMPLES)[:, draw].astype(float))
    ends = ends_of_interval(draws)
    low, high = np.quantile(_gains(again, sizes, chance).mean(axis=1), ends)
    own = _counted(before, after, np.full(worlds, 1 / design_effect(after, together)))
    lows, highs = np.quantile(_drawn(own, again, chance), ends, axis=0)
    each = np.column_stack([once, np.minimum(lows, once), np.maximum(highs, once)])
    if together == 1:
        return Added(each, (mean, float(low), float(high)), (math.nan, math.nan))
    without_one = _gains(_counted(before, after, 1.0 - np.eye(worlds)), sizes, chance).mean(axis=1)
    values = worlds * mean - (worlds - 1) * without_one
    reach = NORMAL_RANGE * between(values[: worlds // together * together].reshape(-1, together))
    least, most = -float(chance.mean()), 1 - float(chance.mean())
    return Added(each, (mean, float(low), float(high)), (max(least, mean - reach), min(most, mean + reach)))


def gains_of(before: np.ndarray, after: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """The gain of each tie alone, shape (ties,); arguments as of `added`."""
    counts = _counted(before, after, np.ones(len(before)))
    return _gains(counts, [size_of(*one) for one in counts.shares()], chance)


def _counted(before: np.ndarray, after: np.ndarray, times: np.ndarray) -> _Counts:
    """The counts if each world counts this many ``times``, shape (..., worlds)."""
    hits = (times @ one.astype(float) for one in (before, after & ~before, before & ~after))
    return _Counts(times.sum(axis=-1, keepdims=True), *hits)


def _gains(found: _Counts, sizes: Sequence[np.ndarray], chance: np.ndarray) -> np.ndarray:
    """The gains by the means of the beta distributions, shape (..., ties).

    Args:
        found: counts, shape (..., ties).
        sizes: those of `size_of`, of each share.
        chance: as of `added`.
    """
    unseen = (0.5, 0.0, 0.0)  # a gesture that changed nothing in any world gains nothing
    first, gained, lost = (
        (_mean(*one, nothing) * size + one[0]) / (size + one[1])
        for one, size, nothing in zip(found.shares(), sizes, unseen, strict=True)
    )
    return np.round(_after(first, gained, lost, chance) - chance, 12) + 0.0  # 0 instead of 1e-18 or -0


def _drawn(own: _Counts, everyone: _Counts, chance: np.ndarray) -> np.ndarray:
    """Gains drawn from the beta distributions, shape (resamples, ties).

    Args:
        own: counts of each tie, shape (ties,).
        everyone: counts of all ties in resampled worlds, shape (resamples, ties): what is known of ties in general.
        chance: as of `added`.
    """
    random = np.random.default_rng(_SEED)
    first, gained, lost = (
        _share(random, *one, _mean(*others, 0.5), size_of(*others))
        for one, others in zip(own.shares(), everyone.shares(), strict=True)
    )
    return _after(first, gained, lost, chance) - chance


def _share(
    random: np.random.Generator, hits: np.ndarray, trials: np.ndarray, mean: np.ndarray, size: np.ndarray
) -> np.ndarray:
    """Shares from beta distributions of this mean and size, after hits in trials."""
    return np.asarray(random.beta(mean * size + hits, (1 - mean) * size + trials - hits))


def _after(first: np.ndarray, gained: np.ndarray, lost: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """The chance with a gesture, from shares of worlds as of `_Counts.shares`."""
    return transported(chance, first, first * (1 - lost) + (1 - first) * gained)


def _mean(hits: np.ndarray, trials: np.ndarray, unseen: float) -> np.ndarray:
    """The share of all ties, shape (..., 1), with ``unseen`` hits, and misses, beside those counted; 0 of 0 is 0."""
    hit = hits.sum(axis=-1, keepdims=True) + unseen
    tried = np.broadcast_to(trials, hits.shape).sum(axis=-1, keepdims=True) + 2 * unseen
    return np.divide(hit, tried, out=np.zeros_like(hit), where=tried > 0)


def size_of(hits: np.ndarray, trials: np.ndarray) -> np.ndarray:
    """The number of trials that all ties together count for when the share of one of them is estimated.

    Shares of ties are taken to have a beta distribution, whose variance is found by moments (Kleinman 1973,
    "Proportions with extraneous variance"). If chance explains all differences, it counts for as many trials as the
    other ties have, and each share is nearly that of all.

    Args:
        hits: of each tie, shape (..., ties).
        trials: of each tie, shape (..., ties) or (..., 1).

    Returns:
        Shape (..., 1), 1 or more.
    """
    trials = np.broadcast_to(trials, hits.shape)
    total, mean = trials.sum(axis=-1, keepdims=True), _mean(hits, trials, 0.0)
    shares = np.divide(hits, trials, out=np.zeros_like(hits), where=trials > 0)
    others = (trials > 0).sum(axis=-1, keepdims=True) - 1
    by_chance = mean * (1 - mean)
    surplus = (trials * (shares - mean) ** 2).sum(axis=-1, keepdims=True) - others * by_chance
    room = total - (trials**2).sum(axis=-1, keepdims=True) / np.maximum(total, 1e-12) - others
    most = np.maximum(1.0, total - trials.mean(axis=-1, keepdims=True))
    size = np.divide(by_chance * room, surplus, out=np.full_like(total, np.inf), where=surplus > 0) - 1
    return np.asarray(np.clip(size, 1.0, most))


def design_effect(wrote: np.ndarray, together: int) -> float:
    """How many worlds count for as much as one that shares no draw, 1 or more: the mean over ties.

    Args:
        wrote: who writes, bool, shape (worlds, ties).
        together: the number of worlds after each other that share a draw.
    """
    groups = len(wrote) // together
    if together == 1 or groups < 2:
        return 1.0
    values = wrote[: groups * together].astype(float).reshape(groups, together, -1)
    plain = values.reshape(groups * together, -1).var(axis=0, ddof=1).sum() / together
    return max(1.0, float(values.mean(axis=1).var(axis=0, ddof=1).sum() / plain)) if plain > 0 else 1.0


def between(values: np.ndarray) -> float:
    """The standard deviation between groups, from which chance within them is taken out by the method of moments.

    Args:
        values: shape (groups, values of each), two or more of each.
    """
    if len(values) < 2:
        return math.nan
    chance = values.var(axis=1, ddof=1).mean() / values.shape[1]
    return math.sqrt(max(0.0, float(values.mean(axis=1).var(ddof=1) - chance)))


def part_of(theirs: np.ndarray, either: np.ndarray) -> np.ndarray:
    """In what part of a tie's returns the receiver writes, above 0 and below 1, shape (ties,).

    In few worlds, a tie has few returns. So each tie's part is drawn towards that of all ties, which counts as much as
    `RETURNS` of its own.

    Args:
        theirs: whether the receiver writes, bool, shape (worlds, ties).
        either: whether either person does, bool, shape (worlds, ties).
    """
    everyone = (theirs.sum() + 0.5) / (either.sum() + 1.0)
    return np.asarray((theirs.sum(axis=0) + RETURNS * everyone) / (either.sum(axis=0) + RETURNS))


def transported(chance: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """A chance whose odds change as those of a share do from ``before`` to ``after``; arrays of one shape, in (0, 1).

    This is the usual way to carry an effect over to people with another chance to begin with. That odds ratios stay the
    same is assumed.
    """
    odds = logit(np.clip(after, _LEAST, 1 - _LEAST)) - logit(np.clip(before, _LEAST, 1 - _LEAST))
    return np.asarray(expit(logit(chance) + odds))
