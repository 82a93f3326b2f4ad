"""What a figure of a sweep shows, in one sentence that is computed from its values.

A change or a difference is named only if its 95% interval over worlds excludes zero. The largest of several must also
be larger than chance makes the largest of as many in 5% of sweeps: a paired t-test with Bonferroni's correction. Of one
world there is no interval, and the sentence is about this world.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import pandas as pd
from scipy import special

from experiments.analysis.by_level import interval
from experiments.terminal.numbers import plain

Key = tuple[Any, ...]


class Named(Protocol):
    """A function that names levels."""

    def __call__(self, key: Key, brief: bool = False) -> str:
        """The name of a combination of levels, such as ``“show up” and ease 2``; briefly, without names of factors."""


class Subject(NamedTuple):
    """What the sentence is about.

    Attributes:
        what: the outcome, with a capital letter.
        unit: its unit; empty without one.
        x: name of the factor on the x-axis.
        gains: whether the values are differences from waiting.
    """

    what: str
    unit: str
    x: str
    gains: bool

    def of(self, name: str = "") -> str:
        """The outcome of an arm or, without a name, of the only one."""
        return f"{self.what}: the {'gain over waiting' if self.gains else 'mean'}{f' with {name}' if name else ''}"


def of_lines(values: pd.DataFrame, subject: Subject, named: Named) -> str:
    """How an outcome changes from the first level to the last: of the only line, or of the one that changes most.

    Args:
        values: one row per world; columns with the levels ``panel``, ``line`` and ``x``, where x is a number.
        subject: what it is about.
        named: the name of a line, from its panel and line.
    """
    lines = list(values.columns.droplevel("x").unique())
    levels = sorted(values.columns.get_level_values("x").unique())
    course = f"as {subject.x} goes from {_level(levels[0])} to {_level(levels[-1])}"
    if len(lines) == 1 and (turn := _turn(values, lines[0], levels)):
        size = _amount(values[*lines[0], turn[1]].mean(), subject.unit)
        return f"{subject.of()} is {turn[0]}, {size},\nat {subject.x} = {_level(turn[1])}"
    changes = {}
    for line in lines:
        there = sorted(key[-1] for key in values.columns if key[:-1] == line)
        changes[line] = _apart(values, (*line, there[-1]), (*line, there[0]))
    sure = {line: interval(one) for line, one in changes.items() if _is_sure(one, len(lines))}
    if not sure:
        who = f"{subject.of()} does not change" if len(lines) == 1 else f"{subject.what}: no line changes"
        return f"{who} beyond chance\n{course}"
    line = max(sure, key=lambda one: abs(sure[one][0]))
    size, verb = _amount(abs(sure[line][0]), subject.unit), "rises" if sure[line][0] > 0 else "falls"
    several = f", the most of {len(lines)} lines" if len(lines) > 1 else ""
    return f"{subject.of(named(line) if several else '')} {verb} by {size}\n{course}{several}"


def of_days(values: pd.DataFrame, subject: Subject, named: Named, stop: float | None) -> str:
    """The gain that is furthest from zero on the day on which the strategy stops or, without gains, the highest line.

    Args:
        values: one row per world; columns with the levels ``panel``, ``line`` and ``x``, which is the day.
        subject: what it is about.
        named: the name of a line, from its panel and line.
        stop: the day on which the strategy stops, if the figure has it.
    """
    lines = list(values.columns.droplevel("x").unique())
    days = sorted(values.columns.get_level_values("x").unique())
    last = days[-1]
    then = max((day for day in days if stop is None or day <= stop), default=last)
    on_day = {line: values[*line, then].to_numpy(float) for line in lines if (*line, then) in values}
    known = {line: found for line, one in on_day.items() if (found := interval(one))[3]}
    if not known:
        return f"{subject.what} is not known on day {_level(then)}"
    sure = [one for one in known if not subject.gains or _is_sure(on_day[one], len(known))]
    if not sure:
        return f"{subject.what}: no difference from waiting beyond chance\non day {_level(then)}"
    line = max(sure, key=lambda one: abs(known[one][0]) if subject.gains else known[one][0])
    who = subject.of(named(line) if len(lines) > 1 else "")
    if subject.gains:
        furthest = "most" if known[line][0] > 0 else "furthest from zero"
        most = f", the {furthest} of {len(lines)} lines" if len(lines) > 1 else ""
        later = f", and {_number(interval(values[*line, last].to_numpy(float))[0])} on day {_level(last)}"
        first = f"{who} is {_amount(known[line][0], subject.unit)}"
        return f"{first}\non day {_level(then)}{most}{later if last != then else ''}"
    course = f"between day {_level(days[0])} and day {_level(last)}"
    change = _apart(values, (*line, last), (*line, days[0]))
    if not _is_sure(change, len(known)):
        return f"{who} does not change beyond chance\n{course}"
    ends = [interval(values[*line, day].to_numpy(float))[0] for day in (days[0], last)]
    verb = "rises" if np.nanmean(change) > 0 else "falls"
    return f"{who} {verb} from {_number(ends[0])} to {_amount(ends[1], subject.unit)}\n{course}"


def of_cells(values: pd.DataFrame, subject: Subject, named: Named) -> str:
    """Where an outcome is highest and lowest.

    Args:
        values: one row per world, one column per combination of levels.
        subject: what it is about.
        named: the name of a combination.
    """
    means = values.mean()
    if not means.notna().any():
        return f"{subject.what} is not known yet"
    best, worst = means.idxmax(), means.idxmin()
    pairs = math.comb(int(means.notna().sum()), 2)
    if best == worst or not _is_sure(_apart(values, best, worst), pairs):
        return f"{subject.of()} differs no more than by chance\nbetween the levels"
    high = f"{subject.of()} is highest, {_amount(means[best], subject.unit)},"
    return f"{high}\nwith {named(best)}; lowest, {_number(means[worst])}, with {named(worst, brief=True)}"


def of_cloud(correlations: Mapping[str, float], points: int, subject: Subject) -> str:
    """The factor on which an outcome depends most, by Spearman's correlation over the points that were drawn.

    It counts if chance would do the same in at most 5% of sweeps, by Fisher's z with Bonferroni's correction for the
    number of factors.

    Args:
        correlations: by the name of the factor.
        points: number of points.
        subject: what it is about.
    """
    known = {name: one for name, one in correlations.items() if not np.isnan(one)}
    least = np.tanh(special.ndtri(1 - 0.025 / max(len(known), 1)) / np.sqrt(points - 3)) if points > 3 else 1.0
    sure = {name: one for name, one in known.items() if abs(one) > least}
    if not sure:
        several, one = len(correlations) > 1, next(iter(correlations))
        of = f"depends on none of {len(correlations)} factors" if several else f"does not depend on {one}"
        return f"{subject.of()} {of}\nbeyond chance, with {points} points"
    name = max(sure, key=lambda one: abs(sure[one]))
    most = " most" if len(correlations) > 1 else ""
    goes = "rises" if sure[name] > 0 else "falls"
    return f"{subject.of()} depends{most} on {name}\nand {goes} with it (rank correlation {correlation(sure[name])})"


def correlation(value: float) -> str:
    """A correlation with its sign and two decimals; a dash if there is none."""
    return "–" if np.isnan(value) else f"{value:+.2f}".replace("-", "−")


def _turn(values: pd.DataFrame, line: Key, levels: Sequence[float]) -> tuple[str, float] | None:
    """Whether a line is highest or lowest at a level between the ends, beyond chance, and at which."""
    means = {level: values[*line, level].mean() for level in levels}
    for word, chosen in (("highest", max), ("lowest", min)):
        at = chosen(means, key=lambda level: means[level])
        ends = [_apart(values, (*line, at), (*line, end)) for end in (levels[0], levels[-1])]
        if all(_is_sure(one, 2 * max(len(levels) - 2, 1)) for one in ends):
            return word, at
    return None


def _apart(values: pd.DataFrame, one: Any, other: Any) -> np.ndarray:
    return np.asarray(values[one].to_numpy(float) - values[other].to_numpy(float))


def _is_sure(differences: np.ndarray, among: int) -> bool:
    """Whether differences by world are beyond chance, of which there are ``among`` to choose the largest from."""
    mean, low, high, worlds = interval(differences)
    if worlds <= 1:
        return worlds == 1 and mean != 0
    error = np.nanstd(differences, ddof=1) / math.sqrt(worlds)
    needed = special.stdtrit(worlds - 1, 1 - 0.025 / among) if among > 1 else 0.0
    return bool((low > 0 or high < 0) and abs(mean) > needed * error)


def _amount(value: float, unit: str) -> str:
    return f"{_number(value)} {unit}".strip()


def _number(value: float) -> str:
    return plain(value).replace("-", "−")


def _level(level: float) -> str:
    return f"{level:,.6g}"
