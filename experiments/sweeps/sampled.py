"""A summary of a sampled sweep: the spread of its outcomes over the points, and the points at either end.

Such a sweep has hundreds of arms (``check_in, point 17``), so a table with a row for each is of little use.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from rich.console import Group
from rich.text import Text

from experiments.analysis.compare import BASELINE, OUTCOMES, SPENT_ENOUGH, minutes, short_levels
from experiments.config.toml_text import show
from experiments.terminal.columns import Columns
from experiments.terminal.legend import PLAIN, Legend
from experiments.terminal.names import distinct_endings
from experiments.terminal.numbers import counted, number, signed
from experiments.terminal.tables import table_of

_ENDS = 3  # number of points listed at each end
_MOST_ROWS = 24
_MOST_NAMED = 2  # number of strategies whose ends are listed
_MOST_LEVELS = 6  # number of levels listed for a point


@dataclass(frozen=True)
class Spread:
    """The spread of an outcome of one arm over the points.

    Attributes:
        arm: the strategy and the levels of factors that were not sampled.
        measure: the outcome.
        baseline: the strategy that was subtracted in each world; None if the outcome is not a difference.
        outcome: mean over worlds at each point, indexed by the point's number.
    """

    arm: str
    measure: str
    baseline: str | None
    outcome: pd.Series


def spreads(runs: pd.DataFrame, fixed: Sequence[str], measures: Iterable[str] = OUTCOMES) -> list[Spread]:
    """The spread of each outcome in each arm; if ``wait`` is an arm, the others are paired differences from it.

    Args:
        runs: finished runs, with columns ``strategy``, ``point``, ``replicate`` and measures.
        fixed: columns of the factors that were not sampled; strategies are compared at equal levels of these.
        measures: the outcomes; those that no run has are left out.
    """
    there = [measure for measure in measures if measure in runs and runs[measure].notna().any()]
    return [
        Spread(arm, measure, baseline, outcome)
        for levels, rows in _by_level(runs, fixed)
        for measure in there
        for arm, baseline, outcome in _outcomes(rows, measure, levels)
    ]


def _by_level(runs: pd.DataFrame, fixed: Sequence[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    if not fixed:
        yield "", runs
        return
    for key, rows in runs.groupby(list(fixed), sort=False, dropna=False):
        levels = zip(fixed, key, strict=True)
        yield ", ".join(f"{name.rpartition('.')[2]} {level}" for name, level in levels), rows


def _outcomes(rows: pd.DataFrame, measure: str, levels: str) -> Iterator[tuple[str, str | None, pd.Series]]:
    table = rows.pivot_table(index="point", columns=["strategy", "replicate"], values=measure)
    strategies = [name for name in dict.fromkeys(rows["strategy"]) if name in table.columns.levels[0]]
    for strategy in strategies:
        baseline = BASELINE if strategy != BASELINE and BASELINE in strategies else None
        outcome = table[strategy] - table[baseline] if baseline else table[strategy]
        yield ", ".join(filter(None, (strategy, levels))), baseline, outcome.mean(axis=1).dropna()


def summary(
    runs: pd.DataFrame, ranges: Sequence[str], fixed: Sequence[str], hint: str, legend: Legend = PLAIN
) -> Group:
    """The spread of each arm over the points, the points at either end, and a hint for the next step.

    Args:
        runs: finished runs as for `spreads`, with a column for each sampled setting.
        ranges: names of the sampled settings.
        fixed: names of the factors that were not sampled.
        hint: the suggested next step.
        legend: labels of the arms.
    """
    arms = spreads(runs, fixed)
    points = runs.drop_duplicates("point").set_index("point")[list(ranges)].apply(short_levels)
    points.columns = pd.Index(distinct_endings(ranges))
    worlds = runs["replicate"].nunique()
    first = (
        f"{counted(len(points), 'point')} of {counted(len(ranges), 'setting')}, {counted(worlds, 'world')} each. "
        "Spread of the mean over worlds across the points, in ties per adopter:"
    )
    more = f"… and {len(arms) - _MOST_ROWS:,} more rows." if len(arms) > _MOST_ROWS else ""
    compared = any(one.baseline for one in arms)
    note = f"Values with a sign are paired differences from `{BASELINE}`." if compared else ""
    ends = [line for one in _worth_naming(arms) for line in _ends(one, points)]
    parts: list[str | Columns] = [
        first,
        _table(arms[:_MOST_ROWS]),
        more,
        note,
        *_idle(runs),
        *legend.notes(runs["strategy"].unique()),
        *ends,
        hint,
    ]
    return Group(*(Text(part) if isinstance(part, str) else part for part in parts if part))


def _idle(runs: pd.DataFrame) -> Iterator[str]:
    """A sentence on strategies that used too few of their minutes, if there are any."""
    if "used_share" not in runs:
        return
    keys = runs["strategy"] + ", point " + runs["point"].astype(str)
    of_arms = minutes(runs.assign(scenario=keys))["idle"]
    strategies = keys.drop_duplicates().map(dict(zip(keys, runs["strategy"], strict=True))).to_numpy()
    counts = of_arms.groupby(strategies, sort=False).agg(["sum", "size"])
    found = [
        f"{name} at {int(idle):,} of {counted(int(of), 'point')}" for name, (idle, of) in counts.iterrows() if idle
    ]
    if found:
        yield f"! Less than {SPENT_ENOUGH:.0%} of the minutes used, so not like-for-like: {'; '.join(found)}."


def _table(found: Sequence[Spread]) -> Columns:
    table = table_of("arm", "outcome", "mean", "SD", "min", "median", "max", text=("outcome",))
    for one in found:
        of = one.outcome
        cells = [_value(value, one) for value in (of.mean(), of.min(), of.median(), of.max())]
        table.add_row(one.arm, one.measure, cells[0], number(_rounded(float(of.std()))), *cells[1:])
    return table


def _rounded(spread: float) -> float:
    """A standard deviation, or zero if it is only a rounding error."""
    return 0.0 if spread < 1e-12 else spread


def _value(value: float, of: Spread) -> str:
    return signed(float(value)) if of.baseline else number(float(value))


def _worth_naming(found: Sequence[Spread]) -> list[Spread]:
    """The arms with the highest means of the first outcome, among those in which it varies."""
    compared = any(one.baseline for one in found)
    of_first = [one for one in found if one.measure == next(iter(OUTCOMES)) and (one.baseline is not None) == compared]
    best = [one for one in of_first if one.outcome.max() > one.outcome.min()]
    return sorted(best, key=lambda one: float(one.outcome.mean()), reverse=True)[:_MOST_NAMED]


def _ends(of: Spread, points: pd.DataFrame) -> Iterator[str]:
    """Lines with the highest and lowest points and their levels."""
    ranked = of.outcome.sort_values(ascending=False, kind="stable")
    many = min(_ENDS, len(ranked) // 2)
    for title, ends in (("Highest", ranked.head(many)), ("Lowest", ranked.tail(many))):
        if len(ends):
            yield f"{title} {of.measure} of {of.arm}:"
        for point, value in ends.items():
            yield f"    {_value(value, of)}  point {point}: {_levels(points.loc[point])}"


def _levels(point: pd.Series) -> str:
    levels: Mapping[str, Any] = dict(list(point.items())[:_MOST_LEVELS])
    more = " …" if len(point) > _MOST_LEVELS else ""
    return ", ".join(f"{name} {show(level)}" for name, level in levels.items()) + more


def next_step(method: str, name: str, results: str) -> str:
    """A hint about the commands that analyse a sweep sampled by this method."""
    where = f"{name}{results}"
    if method in ("morris", "saltelli"):
        return (
            f"`rekindle sensitivity {where}` shows which settings matter; `rekindle results {where}` lists every arm."
        )
    return (
        f"`rekindle results {where}` lists every arm. To find out which settings matter, sample the points by "
        '"morris" or "saltelli"; see `rekindle explain sweep.sample.method`.'
    )
