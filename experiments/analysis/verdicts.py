"""From results to a verdict, by thresholds that were written down before: small pure functions, worlds as the units.

An arm is an array of shape (worlds,): what came of it in each world. Two arms are paired world by world; intervals are
percentile bootstraps over worlds with keyed resamples, as in `compare`, so the same results give the same
verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from scipy import stats

from experiments.analysis.compare import RESAMPLES, ends_of_interval, resampled_counts
from sim.model.chance import DrawPurpose


class Word(StrEnum):
    """What can be said of a sentence."""

    SUPPORTED = "supported"
    NOT_SUPPORTED = "not supported"
    DEPENDS = "depends on an assumption"
    TOO_FEW = "too few runs"
    CLOSED = "no verdict: the gate is shut"


class Estimate(NamedTuple):
    """A value with its 95 % interval, and the number of worlds behind it."""

    value: float
    low: float
    high: float
    worlds: int

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f} … {self.high:.2f})"


class Ruling(NamedTuple):
    """A verdict, and where it holds and where not, in words; empty where it is the same everywhere."""

    word: Word
    on: str = ""


def mean(arm: np.ndarray) -> Estimate:
    """The mean over worlds."""
    arm = arm[~np.isnan(arm)]
    if len(arm) == 0:
        return Estimate(np.nan, np.nan, np.nan, 0)
    counts = resampled_counts(len(arm), RESAMPLES)
    centre = float(arm.mean())
    return _estimate(centre, centre + counts @ (arm - centre) / len(arm), len(arm))


def difference(arm: np.ndarray, base: np.ndarray) -> Estimate:
    """The mean paired difference of two arms."""
    return mean(arm - base)


def ratio(arm: np.ndarray, base: np.ndarray) -> Estimate:
    """The ratio of two arms' means, paired: for shares, the risk ratio. Exactly 1 where the arms are the same."""
    there = ~(np.isnan(arm) | np.isnan(base))
    arm, base = arm[there], base[there]
    if base.sum() <= 0:
        return Estimate(np.nan, np.nan, np.nan, len(base))
    counts = resampled_counts(len(base), RESAMPLES)
    above, below = counts @ arm, counts @ base
    drawn = np.divide(above, below, out=np.full(len(counts), np.nan), where=below > 0)
    drawn[(above == below) & (below > 0)] = 1.0
    return _estimate(float(arm.sum() / base.sum()), drawn, len(base))


def _estimate(value: float, drawn: np.ndarray, worlds: int) -> Estimate:
    """A value with the interval of its resamples; without one where a world is alone, or most resamples say nothing."""
    if worlds < 2 or np.isnan(drawn).mean() > 0.5:
        return Estimate(value, np.nan, np.nan, worlds)
    low, high = np.nanquantile(drawn, ends_of_interval(worlds))
    return Estimate(value, float(low), float(high), worlds)


def ruled_by_ratio(estimates: Mapping[str, Estimate], *, margin: float, worlds: int) -> Ruling:
    """Is there an effect, at every level of the assumptions that it rests on?

    Args:
        estimates: ratios by level.
        margin: a ratio is one of more than 1 where its interval lies above 1 + margin, and none where it lies within
            1 ± margin, or below.
        worlds: fewer than these give no verdict.

    Returns:
        Supported where there is one at every level, not supported where there is none at any. Where it is there at one
        level and not at another, it depends. Where intervals are too wide to tell, there are too few runs.
    """
    if not estimates or min(one.worlds for one in estimates.values()) < worlds:
        return Ruling(Word.TOO_FEW)
    there = [name for name, one in estimates.items() if one.low > 1 + margin]
    none = {name for name, one in estimates.items() if one.low >= 1 - margin or one.high < 1}
    absent = [name for name, one in estimates.items() if name in none and one.high <= 1 + margin]
    if len(there) == len(estimates):
        return Ruling(Word.SUPPORTED)
    if len(absent) == len(estimates):
        return Ruling(Word.NOT_SUPPORTED)
    if there and absent:
        return Ruling(Word.DEPENDS, f"there with {_listed(there)}; not with {_listed(absent)}")
    unclear = [name for name in estimates if name not in there and name not in absent]
    return Ruling(Word.TOO_FEW, f"can not be told with {_listed(unclear)}")


def _listed(names: Sequence[str]) -> str:
    return " or ".join(names)


def ruled_by_limit(estimate: Estimate, most: float, *, worlds: int) -> Ruling:
    """Does a measured value stay below a limit? Supported where its interval does, not supported where it is above."""
    if estimate.worlds < worlds or np.isnan(estimate.low):
        return Ruling(Word.TOO_FEW)
    if estimate.high < most:
        return Ruling(Word.SUPPORTED)
    return Ruling(Word.NOT_SUPPORTED) if estimate.low > most else Ruling(Word.TOO_FEW)


def p_value(differences: np.ndarray) -> float:
    """Of no mean difference over worlds: Student's t, two-sided; 0 or 1 where all worlds say the same."""
    if np.ptp(differences) == 0:
        return float(differences[0] == 0)
    return float(stats.ttest_1samp(differences, 0.0).pvalue)


def holm(p_values: Mapping[str, float], error: float) -> dict[str, bool]:
    """Which of a family of hypotheses are rejected, with this chance of rejecting any true one (Holm 1979).

    The smallest p is held against error / n, the next against error / (n − 1), …, up to the first that is too large.
    """
    order = sorted(p_values, key=lambda name: p_values[name])
    found, still = {}, True
    for rank, name in enumerate(order):
        still = still and p_values[name] <= error / (len(order) - rank)
        found[name] = still
    return {name: found[name] for name in p_values}


def ruled_by_family(differences: Mapping[str, np.ndarray], *, error: float, worlds: int) -> Ruling:
    """Is each member of a family better than the baseline, by Holm's correction?

    Args:
        differences: paired with the baseline, an array of shape (worlds,) by member.
        error: of the family.
        worlds: fewer than these give no verdict.
    """
    if not differences or min(len(values) for values in differences.values()) < worlds:
        return Ruling(Word.TOO_FEW)
    sure = holm({name: p_value(values) for name, values in differences.items()}, error)
    better = [name for name, values in differences.items() if sure[name] and values.mean() > 0]
    if len(better) == len(differences):
        return Ruling(Word.SUPPORTED)
    others = [name for name in differences if name not in better]
    if not better:
        return Ruling(Word.NOT_SUPPORTED)
    return Ruling(Word.DEPENDS, f"for {_listed(better)}; not for {_listed(others)}")


def chances_of_being_best(draws: Sequence[Mapping[str, np.ndarray]]) -> dict[str, float]:
    """The probability with which each arm is the best, over worlds and draws of the assumed numbers.

    Args:
        draws: for each draw, the arms by name, shape (worlds,) each; every draw is as likely. Equals share.

    Returns:
        By arm; they add up to 1.
    """
    names = list(draws[0])
    random = np.random.Generator(np.random.Philox(key=[int(DrawPurpose.BOOTSTRAP), len(draws)]))
    wins = np.zeros(len(names))
    for which, times in enumerate(random.multinomial(RESAMPLES, np.full(len(draws), 1 / len(draws)))):
        arms = np.array([draws[which][name] for name in names])
        counts = resampled_counts(arms.shape[1], max(1, int(times)))[:times]
        means = counts @ arms.T
        best = means == means.max(axis=1, keepdims=True)
        wins += (best / best.sum(axis=1, keepdims=True)).sum(axis=0)
    return dict(zip(names, (wins / wins.sum()).tolist(), strict=True))
