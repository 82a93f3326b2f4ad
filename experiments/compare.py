"""Paired effects with intervals: every arm meets the same worlds with the same luck, and worlds are the units.

The mean difference from a baseline comes with a percentile bootstrap interval over worlds (Efron & Tibshirani 1993).
The resamples are keyed, so the same results give the same interval.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.chance import Decision

RESAMPLES = 10_000
ENOUGH_WORLDS = 20
TOO_FEW = "too few worlds for a verdict"
SPENT_ENOUGH = 0.9


def paired_differences(
    runs: pd.DataFrame, measure: str, baseline: str = "wait", resamples: int = RESAMPLES
) -> pd.DataFrame:
    """How far each arm lies from a baseline in one measure, world by world.

    Args:
        runs: one row a run, with columns ``scenario``, ``replicate`` and the measure.
        measure: a column; missing values (NaN) leave their world out of the arm's comparison.
        baseline: the scenario to compare with.
        resamples: of the bootstrap, 2,000 at least.

    Returns:
        One row for each other scenario, in the order in which they first appear, with columns ``difference`` (mean, in
        units of the measure), ``low`` and ``high`` (its 95 % interval over worlds; NaN for fewer than two worlds),
        ``worlds``, ``fewer_runs`` (how many times fewer runs pairing needed than independent seeds would: the ratio of
        the variances; infinite where the difference is the same in each world) and ``note``.

    Raises:
        ValueError: no such measure or baseline, too few resamples, or two runs of one scenario in one world.
    """
    for name, known in ((measure, runs.columns), (baseline, runs["scenario"].unique())):
        if name not in known:
            raise ValueError(f"there is no {name!r} among {', '.join(known)}")
    if resamples < 2_000:
        raise ValueError(f"resamples = {resamples}: an interval needs 2,000 at least")
    by_world = runs.pivot(index="replicate", columns="scenario", values=measure).astype(float)
    arms = [name for name in runs["scenario"].unique() if name != baseline]
    rows = [_difference(by_world[name].to_numpy(), by_world[baseline].to_numpy(), resamples) for name in arms]
    columns = ["difference", "low", "high", "worlds", "fewer_runs"]
    table = pd.DataFrame(rows, columns=columns, index=pd.Index(arms, name="scenario"))
    table["note"] = np.where(table["worlds"] < ENOUGH_WORLDS, TOO_FEW, "")
    return table


def _difference(arm: np.ndarray, base: np.ndarray, resamples: int) -> tuple[float, float, float, int, float]:
    """Mean difference, its interval, the worlds behind it, and the ratio of variances; arrays of shape (worlds,)."""
    there = ~(np.isnan(arm) | np.isnan(base))
    arm, base = arm[there], base[there]
    difference = arm - base
    worlds = len(difference)
    if worlds == 0:
        return np.nan, np.nan, np.nan, 0, np.nan
    if worlds == 1:
        return difference[0], np.nan, np.nan, 1, np.nan
    low, high = np.quantile(resampled_means(difference, resamples), [0.025, 0.975])
    spread = difference.var(ddof=1)
    apart = arm.var(ddof=1) + base.var(ddof=1)
    return difference.mean(), low, high, worlds, apart / spread if spread > 0 else np.inf


def resampled_means(values: np.ndarray, resamples: int) -> np.ndarray:
    """Means of bootstrap resamples of values, shape (worlds,); shape (resamples,).

    The resamples depend on the number of worlds alone, so arms in the same worlds share theirs.
    """
    worlds = len(values)
    random = np.random.Generator(np.random.Philox(key=[int(Decision.BOOTSTRAP), worlds]))
    counts = random.multinomial(worlds, np.full(worlds, 1 / worlds), size=resamples)
    centre = values.mean()  # around it, a constant difference stays exactly constant
    return np.asarray(centre + counts @ (values - centre) / worlds)


def minutes(runs: pd.DataFrame) -> pd.DataFrame:
    """What each arm's planned minutes came to, means over worlds, indexed by scenario in order of appearance.

    Columns ``filled``, ``spent``, ``refused`` (minutes per adopter), ``share`` (spent of filled, what is too little for
    one more session apart; NaN where that leaves nothing) and ``idle`` (the share is under 90 %, or nothing was spent
    of what was filled: not the same effort).
    """
    columns = {f"minutes_{name}": name for name in ("filled", "spent", "refused")} | {"spent_share": "share"}
    table = runs.groupby("scenario", sort=False)[list(columns)].mean().rename(columns=columns)
    nothing = (table["filled"] > 0) & ~(table["spent"] > 0)
    return table.assign(idle=(table["share"] < SPENT_ENOUGH) | nothing)
