"""Paired effects with intervals: every arm runs in the same worlds with the same random draws. Worlds are the units.

A mean difference comes with a percentile bootstrap interval over worlds (Efron & Tibshirani 1993), expanded for their
number (Hesterberg 2015). The resamples are keyed, so the same results give the same interval.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache

import numpy as np
import pandas as pd

from sim.model.draw_purposes import DrawPurpose

BASELINE = "wait"  # the strategy that the others are compared with
RESAMPLES = 10_000
ENOUGH_WORLDS = 20
TOO_FEW = "too few worlds for a verdict"
SPENT_ENOUGH = 0.9
ALL = "all"  # the name of the mean over all levels
ALL_BUT_WAIT = "all but wait"  # the name of the mean over strategies other than waiting
MEANS = (ALL, ALL_BUT_WAIT)
# The outcomes of a strategy that are always shown side by side, by measure, with their titles.
OUTCOMES = {"reconnected": "reconnected", "kept_up": "kept up", "kept": "kept", "kept_new": "new, kept"}
_STOPPED = "it is defined only 240 days after the strategy stopped; increase run.follow_up_days"
# Why a measure may have no value yet in any world.
NOT_KNOWN_YET = {
    "kept_up": "it is defined only 240 days after a tie came back; increase run.follow_up_days",
    **dict.fromkeys(("kept", "kept_new", "kept_all"), _STOPPED),
}
_ROUNDING = 1e-13  # relative to a value; smaller differences count as equal


class PairingError(ValueError):
    """Two sides cannot be paired; the message says why."""


@dataclass(frozen=True)
class Contrast:
    """Two sides of a comparison, A and B, paired world by world within equal levels.

    Attributes:
        a, b: their names.
        a_runs, b_runs: one row per run, with columns ``id``, ``replicate``, ``world_seed``, measures, and those of
            `minutes`; measures are missing if a run failed.
        within: columns that must be equal in a pair; empty if each side is one arm.
    """

    a: str
    b: str
    a_runs: pd.DataFrame
    b_runs: pd.DataFrame
    within: tuple[str, ...] = ()

    def levels(self) -> list[str]:
        """Levels that both sides have, in order of appearance."""
        there = set(level_names(self.b_runs, self.within))
        return [level for level in level_names(self.a_runs, self.within).unique() if level in there]

    def averaged(self) -> tuple[str, list[str]]:
        """The name of the mean over levels, and its levels, which leave out waiting if there are other strategies."""
        names, levels = level_names(self.a_runs, self.within), self.levels()
        if not {"strategy", "scenario"} & {*self.within}:
            return ALL, levels
        waits = set(names[self.a_runs["strategy"] == "wait"])
        others = [level for level in levels if level not in waits]
        return (ALL_BUT_WAIT, others) if len(others) < len(levels) else (ALL, levels)

    def without_equal_levels(self) -> tuple[Contrast, list[str]]:
        """The contrast without levels at which both sides have the same runs, and the names of these levels.

        What the two sides differ in changes nothing there, so a difference of zero would say nothing. An example is
        waiting at two levels of a number of another strategy.
        """
        sides = [(runs, level_names(runs, self.within)) for runs in (self.a_runs, self.b_runs)]
        ids = [runs.groupby(names)["id"].agg(frozenset) for runs, names in sides]
        same = [level for level in self.levels() if ids[0][level] == ids[1][level]]
        a_runs, b_runs = (runs[~names.isin(same)] for runs, names in sides)
        return replace(self, a_runs=a_runs, b_runs=b_runs), same

    def one_sided(self) -> list[str]:
        """Levels that only one side has."""
        names = pd.concat([level_names(runs, self.within) for runs in (self.a_runs, self.b_runs)])
        shared = set(self.levels())
        return [level for level in names.unique() if level not in shared]


@dataclass(frozen=True)
class Compared:
    """The results of comparisons.

    Attributes:
        rows: one row per measure, contrast and level, with columns ``measure``, ``a``, ``b``, ``level``, ``a_mean`` and
            ``b_mean`` (over the paired worlds), then as `paired_differences` has them, and ``left_out`` (worlds that
            lack one of the two) and ``idle`` (the sides, A or B, that used too few of their minutes).
        by_world: the differences A − B of each row, by replicate.
    """

    rows: pd.DataFrame
    by_world: list[pd.Series]


def paired_differences(
    runs: pd.DataFrame, measure: str, baseline: str = "wait", resamples: int = RESAMPLES
) -> pd.DataFrame:
    """The difference of each arm from a baseline in one measure, paired by world.

    Args:
        runs: one row per run, with columns ``scenario``, ``replicate`` and the measure.
        measure: a column; missing values (NaN) leave their world out of the arm's comparison.
        baseline: the scenario to compare with.
        resamples: number of bootstrap resamples, at least 2,000.

    Returns:
        One row for each other scenario, in the order in which they first appear, with columns ``difference`` (mean, in
        units of the measure), ``low`` and ``high`` (its 95% interval over worlds; NaN for fewer than two worlds),
        ``worlds``, ``fewer_runs`` (how many times as many runs independent seeds would need: the ratio of the
        variances; infinite if the difference is the same in every world) and ``note``.

    Raises:
        ValueError: the measure or baseline does not exist, there are too few resamples, or one scenario has two runs in
            one world.
    """
    for name, known in ((measure, runs.columns), (baseline, runs["scenario"].unique())):
        if name not in known:
            raise ValueError(f"there is no {name!r} among {', '.join(known)}")
    if resamples < 2_000:
        raise ValueError(f"resamples = {resamples}: an interval needs at least 2,000")
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
    low, high = np.quantile(resampled_means(difference, resamples), ends_of_interval(worlds))
    apart = arm.var(ddof=1) + base.var(ddof=1)
    constant = np.ptp(difference) <= _ROUNDING * max(np.abs(arm).max(), np.abs(base).max())
    return difference.mean(), low, high, worlds, np.inf if constant else apart / difference.var(ddof=1)


def compared(contrasts: Sequence[Contrast], measures: Sequence[str], resamples: int = RESAMPLES) -> Compared:
    """Paired differences A − B of each contrast in each measure, at each level and averaged over all levels.

    Levels are averaged within each world first, and only in worlds that have all of them. If strategies are among the
    levels, the average leaves out ``wait``.

    Raises:
        PairingError: the two sides share no level, one side has two runs of a level in one replicate, or the same
            replicate has different worlds on the two sides.
    """
    for contrast in contrasts:
        _require_pairs(contrast)
    found = [
        one for measure in measures for contrast in contrasts for one in _at_each_level(contrast, measure, resamples)
    ]
    return Compared(pd.DataFrame([row for row, _ in found]), [differences for _, differences in found])


def _require_pairs(contrast: Contrast) -> None:
    seeds = []
    for name, runs in ((contrast.a, contrast.a_runs), (contrast.b, contrast.b_runs)):
        keyed = runs.assign(level=level_names(runs, contrast.within)).set_index(["level", "replicate"])["world_seed"]
        if twice := [*keyed.index[keyed.index.duplicated()]]:
            level, replicate = twice[0]
            raise PairingError(f"{name} has several runs in replicate {replicate}{f' of {level}' if level else ''}")
        seeds.append(keyed)
    if not contrast.levels():
        raise PairingError(f"{contrast.a} and {contrast.b} share no level of {', '.join(contrast.within)}")
    a, b = seeds[0].align(seeds[1], join="inner")
    if a.empty:
        raise PairingError(f"{contrast.a} and {contrast.b} have no replicate in common")
    if (unlike := a != b).any():
        raise PairingError(
            f"{contrast.a} and {contrast.b} were not run in the same worlds: in replicate {a.index[unlike][0][1]} the "
            f"world's seed is {a[unlike].iloc[0]} for one and {b[unlike].iloc[0]} for the other"
        )


def _at_each_level(contrast: Contrast, measure: str, resamples: int) -> Iterator[tuple[dict[str, object], pd.Series]]:
    """The rows of one contrast in one measure, each with its differences by world."""
    a, b = (_by_world(runs, contrast.within, measure) for runs in (contrast.a_runs, contrast.b_runs))
    worlds = a.index.union(b.index)
    a, b = a.reindex(worlds), b.reindex(worlds)
    pairs = {level: (a[level], b[level]) for level in contrast.levels()}
    idle = {level: _idle(contrast, [level]) for level in pairs}
    mean, among = contrast.averaged()
    if len(among) > 1:
        over_levels = [side[sorted(among)].mean(axis=1, skipna=False) for side in (a, b)]
        pairs[mean] = (over_levels[0], over_levels[1])
        idle[mean] = _idle(contrast, among)
    for level, (of_a, of_b) in pairs.items():
        differences = (of_a - of_b).dropna()
        apart, low, high, count, fewer = _difference(of_a.to_numpy(), of_b.to_numpy(), resamples)
        left_out = len(worlds) - count
        notes = [TOO_FEW] * (count < ENOUGH_WORLDS)
        notes += [f"{left_out} {'world' if left_out == 1 else 'worlds'} left out"] * (left_out > 0)
        notes += [f"{idle[level]} used less than 90% of the minutes"] * bool(idle[level])
        row = {
            "measure": measure, "a": contrast.a, "b": contrast.b, "level": level,
            "a_mean": of_a[differences.index].mean(), "b_mean": of_b[differences.index].mean(),
            "difference": apart, "low": low, "high": high, "worlds": count, "left_out": left_out,
            "fewer_runs": fewer, "idle": idle[level], "note": "; ".join(notes),
        }  # fmt: skip
        yield row, differences


def _by_world(runs: pd.DataFrame, within: Sequence[str], measure: str) -> pd.DataFrame:
    """A measure with one row per replicate and one column per level."""
    named = runs.assign(level=level_names(runs, within))
    return named.pivot(index="replicate", columns="level", values=measure).astype(float)


def _idle(contrast: Contrast, levels: Sequence[str]) -> str:
    """The sides, A or B, that used too few of their minutes at one of these levels."""
    sides = {"A": contrast.a_runs, "B": contrast.b_runs}
    spent = {name: minutes(runs.assign(scenario=level_names(runs, contrast.within))) for name, runs in sides.items()}
    return " and ".join(name for name, of_levels in spent.items() if of_levels.loc[list(levels), "idle"].any())


def level_names(runs: pd.DataFrame, within: Sequence[str]) -> pd.Series:
    """The level of each run as text, such as ``check_in, effort_minutes=60``; empty if ``within`` is."""
    texts = [
        runs[name].map(level_text)
        if name in ("scenario", "strategy")
        else f"{name.removeprefix('parameters.')}=" + runs[name].map(level_text)
        for name in within
    ]
    names = pd.Series("", index=runs.index, dtype=object)
    for text in texts:
        names = names.where(names == "", names + ", ") + text
    return names


def short_levels(levels: pd.Series) -> pd.Series:
    """Numbers with four significant digits, or as many more as distinguish all of them; anything else unchanged."""
    if levels.dtype.kind != "f":
        return levels
    rounded = (levels.map(lambda level, digits=digits: float(f"{level:.{digits}g}")) for digits in range(4, 12))
    return next((short for short in rounded if short.nunique() == levels.nunique()), levels)


def level_text(value: object) -> str:
    """A level of a factor as users write it."""
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value)).lower()
    if isinstance(value, (float, np.floating)):
        return "none" if np.isnan(value) else f"{value:.12g}"
    return "none" if value is None or value is pd.NA else str(value)


def resampled_means(values: np.ndarray, resamples: int) -> np.ndarray:
    """Means of bootstrap resamples of values, shape (worlds,); shape (resamples,).

    The resamples depend only on the number of worlds, so arms in the same worlds share them.
    """
    counts = resampled_counts(len(values), resamples)
    centre = values.mean()  # around it, a constant difference stays exactly constant
    return np.asarray(centre + counts @ (values - centre) / len(values))


@lru_cache(maxsize=2)  # a table has many intervals over the same number of worlds
def resampled_counts(worlds: int, resamples: int) -> np.ndarray:
    """How often each world occurs in each bootstrap resample, shape (resamples, worlds); read-only."""
    random = np.random.Generator(np.random.Philox(key=[int(DrawPurpose.BOOTSTRAP), worlds]))
    counts = random.multinomial(worlds, np.full(worlds, 1 / worlds), size=resamples)
    counts.flags.writeable = False
    return counts


@cache
def ends_of_interval(worlds: int, error: float = 0.05) -> tuple[float, float]:
    """The quantiles of the resamples between which an interval lies: .025 and .975 for many worlds, wider for few.

    Resampled means of n values vary less than the true mean does, by the root of (n − 1) / n, and ignore Student's t.
    With 20 worlds, only 92% of plain intervals would include the truth (Hesterberg 2015, Am. Stat. 69:371).
    ``error`` is the chance that an interval does not; by default it is one of 95%.
    """
    if worlds < 2:
        return 0.0, 1.0
    from scipy import special  # slow to import, and `rekindle --help` does not need it

    wider = float(special.stdtrit(worlds - 1, 1 - error / 2)) * math.sqrt(worlds / (worlds - 1))
    tail = float(special.ndtr(-wider))
    return tail, 1 - tail


def minutes(runs: pd.DataFrame) -> pd.DataFrame:
    """How each arm used its planned minutes: means over worlds, indexed by scenario in order of appearance.

    The columns are ``planned``, ``used`` and ``lost`` (when the person backed out), all in
    minutes per adopter; ``share`` (used of planned, without a rest too short for one more session; NaN if nothing else
    was planned); and ``idle`` (the share is under 90%, or minutes were planned and none used, so a comparison is not
    like-for-like).
    """
    columns = {f"minutes_{name}": name for name in ("planned", "used", "lost")} | {"used_share": "share"}
    table = (
        runs.reindex(columns=["scenario", *columns])
        .groupby("scenario", sort=False)[list(columns)]
        .mean()
        .rename(columns=columns)
    )
    nothing = (table["planned"] > 0) & ~(table["used"] > 0)
    return table.assign(idle=(table["share"] < SPENT_ENOUGH) | nothing)
