"""The outcome of a sweep at each combination of levels: a mean over worlds, paired with waiting where there is waiting.

Worlds are the units, as in `experiments.analysis.compare`, whose bootstrap gives the intervals. Levels that are not
asked for are averaged within each world first, and only in worlds that have all of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from experiments.analysis.compare import BASELINE, RESAMPLES, ends_of_interval, resampled_means

ARM = ["point", "strategy"]  # the columns that tell the arms of a sweep apart


def has_baseline(runs: pd.DataFrame) -> bool:
    """Whether a sweep has waiting and another strategy, so that its outcomes are differences from waiting."""
    return runs["strategy"].nunique() > 1 and BASELINE in set(runs["strategy"])


def by_world(runs: pd.DataFrame, measure: str, within: Sequence[str] = ()) -> pd.DataFrame:
    """A measure in each world and each arm.

    Args:
        runs: finished runs, with columns ``replicate``, ``point``, ``strategy`` and the measure.
        measure: a column.
        within: further columns that tell rows of one run apart, such as ``day``.

    Returns:
        One row per replicate, and one column per arm, with the levels ``point`` and ``strategy``, then those of
        ``within``. With waiting among several strategies, the values are the differences from waiting in the same
        world at the same point, and waiting has no column.
    """
    wide = runs.pivot(index="replicate", columns=[*ARM, *within], values=measure).astype(float)
    wide = wide.sort_index(axis=1, level=["point", *within], sort_remaining=False, kind="stable")
    if not has_baseline(runs):
        return wide
    waits = wide.xs(BASELINE, axis=1, level="strategy")
    others = wide.loc[:, wide.columns.get_level_values("strategy") != BASELINE]
    same = others.columns.droplevel("strategy")
    return others - waits.reindex(columns=same).set_axis(others.columns, axis=1)


def at_levels(values: pd.DataFrame, arms: pd.DataFrame) -> pd.DataFrame:
    """Values in each world, averaged over all arms with the same levels.

    Args:
        values: as `by_world` returns them.
        arms: one row per column of the values, in their order, with one column per factor.

    Returns:
        One row per replicate, and one column per combination of levels, in order of appearance. A world that lacks one
        of the arms of a combination has no value there.
    """
    keys = pd.MultiIndex.from_frame(arms)
    found = {key: values.loc[:, keys == key].mean(axis=1, skipna=False) for key in keys.unique()}
    return pd.DataFrame(found, index=values.index).set_axis(keys.unique(), axis=1)


def interval(values: np.ndarray) -> tuple[float, float, float, int]:
    """Mean, the ends of its 95% interval over worlds (NaN for fewer than two), and the number of worlds."""
    known = values[~np.isnan(values)]
    if len(known) == 0:
        return math.nan, math.nan, math.nan, 0
    if len(known) == 1:
        return float(known[0]), math.nan, math.nan, 1
    low, high = np.quantile(resampled_means(known, RESAMPLES), ends_of_interval(len(known)))
    return float(known.mean()), float(low), float(high), len(known)


def means(values: pd.DataFrame) -> pd.DataFrame:
    """The mean of each column over worlds, with ``low`` and ``high`` (95% interval) and ``worlds``.

    Args:
        values: as `at_levels` returns them.

    Returns:
        One row per combination of levels, with a column per factor, then ``value``, ``low``, ``high`` and ``worlds``.
    """
    rows = [interval(values[key].to_numpy(float)) for key in values.columns]
    table = pd.DataFrame(rows, columns=["value", "low", "high", "worlds"])
    return pd.concat([values.columns.to_frame(index=False), table], axis=1)
