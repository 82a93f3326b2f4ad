"""Pure functions that turn results into verdicts, by thresholds set in advance. Worlds are the units.

An arm is an array of shape (worlds,) with its outcome in each world. Two arms are paired world by world. Intervals are
percentile bootstraps over worlds with keyed resamples, as in `compare`, so the same results give the same verdict.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import numpy as np

from experiments.analysis.compare import RESAMPLES, ends_of_interval, resampled_counts


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


def _estimate(value: float, drawn: np.ndarray, worlds: int) -> Estimate:
    """A value with the interval of its resamples; without one for one world, or if most resamples are undefined."""
    if worlds < 2 or np.isnan(drawn).mean() > 0.5:
        return Estimate(value, np.nan, np.nan, worlds)
    low, high = np.nanquantile(drawn, ends_of_interval(worlds))
    return Estimate(value, float(low), float(high), worlds)
