"""Pure functions that turn results into verdicts, by thresholds set in advance. Worlds are the units.

An arm is an array of shape (worlds,) with its outcome in each world. Two arms are paired world by world. Intervals are
percentile bootstraps over worlds with keyed resamples, as in `compare`, so the same results give the same verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from scipy import stats

from experiments.analysis.compare import RESAMPLES, ends_of_interval, resampled_counts
from sim.model.chance import DrawPurpose


class Verdict(StrEnum):
    """What the results say about a claim."""

    HOLDS = "holds"
    FAILS = "fails"
    DEPENDS = "holds under some assumptions"
    UNDECIDED = "undecided"
    BY_CONSTRUCTION = "by construction"
    CLOSED = "no verdict: failed the gate"


class Estimate(NamedTuple):
    """A value with its 95% interval, and the number of worlds behind it."""

    value: float
    low: float
    high: float
    worlds: int

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f} … {self.high:.2f})"


class Ruling(NamedTuple):
    """A verdict and, if it depends on something, a phrase that says on what."""

    verdict: Verdict
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
    """The ratio of the means of two paired arms (for shares, the risk ratio). It is exactly 1 if the arms are equal."""
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
    """A value with the interval of its resamples; without one for one world, or if most resamples are undefined."""
    if worlds < 2 or np.isnan(drawn).mean() > 0.5:
        return Estimate(value, np.nan, np.nan, worlds)
    low, high = np.nanquantile(drawn, ends_of_interval(worlds))
    return Estimate(value, float(low), float(high), worlds)


def ruled_by_ratio(estimates: Mapping[str, Estimate], *, margin: float, worlds: int) -> Ruling:
    """Judge whether there is an effect at every level of the assumptions that it depends on.

    Args:
        estimates: ratios by level.
        margin: there is an effect if the interval is above 1 + margin, and no effect if it is within 1 ± margin or
            lower.
        worlds: fewer worlds than this give no verdict.

    Returns:
        Holds if there is an effect at every level, fails if there is an effect at none. It depends if there
        is an effect at some levels and none at others. If intervals are too wide to tell, there are too few runs.
    """
    if not estimates or min(one.worlds for one in estimates.values()) < worlds:
        return Ruling(Verdict.UNDECIDED)
    present = [name for name, one in estimates.items() if one.low > 1 + margin]
    none = {name for name, one in estimates.items() if one.low >= 1 - margin or one.high < 1}
    absent = [name for name, one in estimates.items() if name in none and one.high <= 1 + margin]
    if len(present) == len(estimates):
        return Ruling(Verdict.HOLDS)
    if len(absent) == len(estimates):
        return Ruling(Verdict.FAILS)
    if present and absent:
        return Ruling(Verdict.DEPENDS, f"effect with {_listed(present)}; no effect with {_listed(absent)}")
    unclear = [name for name in estimates if name not in present and name not in absent]
    return Ruling(Verdict.UNDECIDED, f"unclear with {_listed(unclear)}")


def _listed(names: Sequence[str]) -> str:
    return " or ".join(names)


def ruled_by_limit(estimate: Estimate, most: float, *, worlds: int) -> Ruling:
    """Judge whether a value is below a limit: holds if its interval is below, fails if it is above."""
    if estimate.worlds < worlds or np.isnan(estimate.low):
        return Ruling(Verdict.UNDECIDED)
    if estimate.high < most:
        return Ruling(Verdict.HOLDS)
    return Ruling(Verdict.FAILS) if estimate.low > most else Ruling(Verdict.UNDECIDED)


def p_value(differences: np.ndarray) -> float:
    """The two-sided p-value of Student's t-test for no mean difference over worlds; 0 or 1 if all worlds are equal."""
    if np.ptp(differences) == 0:
        return float(differences[0] == 0)
    return float(stats.ttest_1samp(differences, 0.0).pvalue)


def holm(p_values: Mapping[str, float], error: float) -> dict[str, bool]:
    """Which hypotheses of a family are rejected, with at most this chance of rejecting any true one (Holm 1979).

    The smallest p is compared with error / n, the next with error / (n − 1), and so on up to the first that is larger.
    """
    order = sorted(p_values, key=lambda name: p_values[name])
    found, still = {}, True
    for rank, name in enumerate(order):
        still = still and p_values[name] <= error / (len(order) - rank)
        found[name] = still
    return {name: found[name] for name in p_values}


def ruled_by_family(differences: Mapping[str, np.ndarray], *, error: float, worlds: int) -> Ruling:
    """Judge whether each member of a family is better than the baseline, with Holm's correction.

    Args:
        differences: differences from the baseline by member, each of shape (worlds,).
        error: the family-wise error rate.
        worlds: fewer worlds than this give no verdict.
    """
    if not differences or min(len(values) for values in differences.values()) < worlds:
        return Ruling(Verdict.UNDECIDED)
    sure = holm({name: p_value(values) for name, values in differences.items()}, error)
    better = [name for name, values in differences.items() if sure[name] and values.mean() > 0]
    if len(better) == len(differences):
        return Ruling(Verdict.HOLDS)
    others = [name for name in differences if name not in better]
    if not better:
        return Ruling(Verdict.FAILS)
    return Ruling(Verdict.DEPENDS, f"for {_listed(better)}; not for {_listed(others)}")


def chances_of_being_best(draws: Sequence[Mapping[str, np.ndarray]]) -> dict[str, float]:
    """The probability that each arm is the best, over worlds and draws of the assumed parameters.

    Args:
        draws: the arms by name for each draw, each of shape (worlds,). All draws are equally likely.

    Returns:
        Probabilities by arm, which add up to 1. Arms that tie for the best share it.
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
