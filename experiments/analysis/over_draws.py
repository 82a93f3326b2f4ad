"""What holds over joint draws of the numbers that nobody has measured. Draws are the units.

Each draw has a world of its own, in which two arms are compared. The difference therefore has two sources: the drawn
numbers, and chance within the world. With one pair of worlds per draw, a share of draws above a limit is pulled towards
one half, and a range over draws is wider than that of the effects themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from experiments.analysis.compare import RESAMPLES, resampled_counts

NEEDED = 0.9  # share of plausible worlds with which a statement holds, or an arm counts as the best
_RANGE = (0.05, 0.5, 0.95)
_ERROR = 0.05  # chance of naming any number that the effect does not depend on


class DrawSpread(NamedTuple):
    """An effect over draws: its mean with a 95% interval, and the range in which 90% of the draws are.

    Attributes:
        value: the mean.
        low: lower end of the interval of the mean.
        high: its upper end.
        least: the 5% quantile over draws.
        median: the median.
        most: the 95% quantile.
        draws: number of draws.
    """

    value: float
    low: float
    high: float
    least: float
    median: float
    most: float
    draws: int


class Share(NamedTuple):
    """A share of draws, with its 95% interval (Wilson 1927)."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.0%} ({self.low:.0%} to {self.high:.0%})"


def spread(effects: np.ndarray) -> DrawSpread:
    """The spread of an effect over draws; nan if there is no draw.

    Args:
        effects: shape (draws,); missing values are left out.
    """
    effects = effects[~np.isnan(effects)]
    if len(effects) == 0:
        return DrawSpread(np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, 0)
    means = resampled_counts(len(effects), RESAMPLES) @ effects / len(effects)
    low, high = np.quantile(means, (0.025, 0.975)) if len(effects) > 1 else (np.nan, np.nan)
    least, median, most = np.quantile(effects, _RANGE)
    return DrawSpread(float(effects.mean()), float(low), float(high), least, median, most, len(effects))


def share_of(true: np.ndarray) -> Share:
    """The share of draws for which something is true.

    Args:
        true: shape (draws,), truth values; or shares of a truth that ties split.
    """
    if len(true) == 0:
        return Share(np.nan, np.nan, np.nan)
    n, p, z = len(true), float(np.mean(true)), float(stats.norm.ppf(0.975))
    middle, half = p + z**2 / (2 * n), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)
    return Share(p, max(0.0, float(low)), min(1.0, float(high)))


def shares_of_being_best(arms: pd.DataFrame) -> dict[str, Share]:
    """The share of draws in which each arm has the highest outcome; arms that tie share a draw.

    Args:
        arms: one row per draw, one column per arm.
    """
    best = arms.eq(arms.max(axis=1), axis=0)
    won = best.div(best.sum(axis=1), axis=0)
    return {str(name): share_of(won[name].to_numpy()) for name in arms}


def winner(shares: Mapping[str, Share]) -> str | None:
    """The arm that is the best in at least `NEEDED` of the draws, with its whole interval; None if there is none."""
    return next((name for name, share in shares.items() if share.low >= NEEDED), None)


def hangs_on(levels: pd.DataFrame, effects: pd.Series, count: int = 3, effects_tested: int = 1) -> pd.DataFrame:
    """The drawn numbers with which an effect varies most, by Spearman's rank correlation over draws.

    The numbers are drawn independently, so a correlation is not due to another number. Only those are named whose
    correlation is not chance, with a 5% chance of naming any that has no effect (Bonferroni's correction over numbers
    and effects). A number whose effect goes up and down again is not found, nor is a weak one in few draws.

    Args:
        levels: one row per draw, one column per number.
        effects: one value per draw, with the same index.
        count: most numbers to name.
        effects_tested: the number of effects that are tested together, such as the rows of a table.

    Returns:
        At most ``count`` rows, the strongest first: ``number``, ``correlation`` from −1 to 1, and ``p``.
    """
    effects = effects.dropna()
    there = levels.loc[effects.index]
    varied = [name for name in there if there[name].nunique() > 1]
    if len(effects) < 4 or effects.nunique() < 2 or not varied:
        return pd.DataFrame({"number": [], "correlation": [], "p": []})
    found = [stats.spearmanr(there[name], effects) for name in varied]
    table = pd.DataFrame(
        {
            "number": varied,
            "correlation": [float(one.statistic) for one in found],
            "p": [float(one.pvalue) for one in found],
        }
    )
    sure = table[table["p"] < _ERROR / (len(varied) * effects_tested)]
    order = sure["correlation"].abs().sort_values(ascending=False, kind="stable").index
    return sure.loc[order].head(count).reset_index(drop=True)
