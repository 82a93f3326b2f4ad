"""A sweep whose points were drawn, in short: how its outcomes spread over the points, and where the ends lie.

Such a sweep has hundreds of arms, ``check_in, point 17``; a row for each would tell nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from experiments.analysis.compare import BASELINE, short_levels
from experiments.config.settings import show
from experiments.terminal.numbers import counted, number, signed

OUTCOMES = ("reconnected", "lasting", "kept")
_ENDS = 3  # points of each end that are named
_MOST_ROWS = 24
_MOST_NAMED = 2  # strategies whose ends are named
_MOST_LEVELS = 6  # of a point that are named


@dataclass(frozen=True)
class Spread:
    """How an outcome of one arm spreads over the points.

    Attributes:
        arm: its strategy, and the levels that were not drawn.
        measure: the outcome.
        baseline: the strategy from which differences were taken in each world; None if it is the level itself.
        outcome: mean over worlds at each point, by the point's number.
    """

    arm: str
    measure: str
    baseline: str | None
    outcome: pd.Series


def spreads(runs: pd.DataFrame, held: Sequence[str], measures: Sequence[str] = OUTCOMES) -> list[Spread]:
    """Each arm and outcome; of strategies beside ``wait``, the paired difference from it.

    Args:
        runs: finished runs, with columns ``strategy``, ``point``, ``replicate`` and measures.
        held: columns of the factors that were not drawn, within whose levels strategies are compared.
        measures: the outcomes; those that no run has are left out.
    """
    there = [measure for measure in measures if measure in runs and runs[measure].notna().any()]
    return [
        Spread(arm, measure, baseline, outcome)
        for levels, rows in _by_level(runs, held)
        for measure in there
        for arm, baseline, outcome in _outcomes(rows, measure, levels)
    ]


def _by_level(runs: pd.DataFrame, held: Sequence[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    if not held:
        yield "", runs
        return
    for key, rows in runs.groupby(list(held), sort=False, dropna=False):
        levels = zip(held, key, strict=True)
        yield ", ".join(f"{name.rpartition('.')[2]} {level}" for name, level in levels), rows


def _outcomes(rows: pd.DataFrame, measure: str, levels: str) -> Iterator[tuple[str, str | None, pd.Series]]:
    table = rows.pivot_table(index="point", columns=["strategy", "replicate"], values=measure)
    strategies = [name for name in dict.fromkeys(rows["strategy"]) if name in table.columns.levels[0]]
    for strategy in strategies:
        baseline = BASELINE if strategy != BASELINE and BASELINE in strategies else None
        outcome = table[strategy] - table[baseline] if baseline else table[strategy]
        yield ", ".join(filter(None, (strategy, levels))), baseline, outcome.mean(axis=1).dropna()


def summary(runs: pd.DataFrame, ranges: Sequence[str], held: Sequence[str], hint: str) -> Group:
    """The spread of each arm over the points, the points at its ends, and the command that goes on.

    Args:
        runs: as for `spreads`, with a column for each drawn setting.
        ranges: names of the drawn settings.
        held: names of the factors that were not drawn.
        hint: what to do next.
    """
    found = spreads(runs, held)
    points = runs.drop_duplicates("point").set_index("point")[list(ranges)].apply(short_levels)
    points.columns = pd.Index(_short_names(ranges))
    worlds = runs["replicate"].nunique()
    first = (
        f"{counted(len(points), 'point')} of {counted(len(ranges), 'setting')}, {counted(worlds, 'world')} each: how "
        "the mean over worlds spreads over the points, in ties per adopter."
    )
    more = f"… and {len(found) - _MOST_ROWS:,} more rows." if len(found) > _MOST_ROWS else ""
    compared = any(one.baseline for one in found)
    note = f"+ and −: paired differences from `{BASELINE}`." if compared else ""
    ends = [line for one in _worth_naming(found) for line in _ends(one, points)]
    parts: list[str | Table] = [first, _table(found[:_MOST_ROWS]), more, note, *ends, hint]
    return Group(*(Text(part) if isinstance(part, str) else part for part in parts if part))


def _table(found: Sequence[Spread]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("arm", overflow="fold")
    table.add_column("outcome", no_wrap=True)
    for title in ("mean", "sd", "lowest", "median", "highest"):
        table.add_column(title, justify="right", no_wrap=True)
    for one in found:
        of = one.outcome
        cells = [_value(value, one) for value in (of.mean(), of.min(), of.median(), of.max())]
        table.add_row(Text(one.arm), one.measure, cells[0], number(_rounded(float(of.std()))), *cells[1:])
    return table


def _rounded(spread: float) -> float:
    """A spread, none where it is what rounding leaves of one."""
    return 0.0 if spread < 1e-12 else spread


def _value(value: float, of: Spread) -> str:
    return signed(float(value)) if of.baseline else number(float(value))


def _worth_naming(found: Sequence[Spread]) -> list[Spread]:
    """The arms with the highest means in the first outcome, where it varies."""
    compared = any(one.baseline for one in found)
    of_first = [one for one in found if one.measure == OUTCOMES[0] and (one.baseline is not None) == compared]
    best = [one for one in of_first if one.outcome.max() > one.outcome.min()]
    return sorted(best, key=lambda one: float(one.outcome.mean()), reverse=True)[:_MOST_NAMED]


def _ends(of: Spread, points: pd.DataFrame) -> Iterator[str]:
    """The points with the most and with the least, each with its levels."""
    ranked = of.outcome.sort_values(ascending=False, kind="stable")
    many = min(_ENDS, len(ranked) // 2)
    for title, ends in (("Most", ranked.head(many)), ("Least", ranked.tail(many))):
        if len(ends):
            yield f"{title} {of.measure} of {of.arm}:"
        for point, value in ends.items():
            yield f"    {_value(value, of)}  point {point}: {_levels(points.loc[point])}"


def _levels(point: pd.Series) -> str:
    levels: Mapping[str, Any] = dict(list(point.items())[:_MOST_LEVELS])
    more = " …" if len(point) > _MOST_LEVELS else ""
    return ", ".join(f"{name} {show(level)}" for name, level in levels.items()) + more


def _short_names(names: Sequence[str]) -> list[str]:
    """The last words of each path, as many as tell it from all others."""
    short = []
    for name in names:
        words = name.split(".")
        ends = (".".join(words[-count:]) for count in range(1, len(words) + 1))
        short.append(next(end for end in ends if sum(f".{other}".endswith(f".{end}") for other in names) == 1))
    return short


def next_step(method: str, name: str, results: str) -> str:
    """The command that says more of a sweep whose points were drawn by this method."""
    where = f"{name}{results}"
    if method in ("morris", "saltelli"):
        return f"`rekindle sensitivity {where}` says which settings matter; `rekindle results {where}` has every arm."
    return (
        f"`rekindle results {where}` has every arm. Which settings matter is a question for points of the method "
        '"morris" or "saltelli": see `rekindle explain sweep.sample.method`.'
    )
