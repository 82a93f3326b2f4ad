"""Which picture fits a sweep: from what it varied, and from what the user asked for.

The rule, in order: days on the x-axis give curves over time. Points that were drawn for indices give a bar per factor,
and other drawn points a cloud of dots per factor. Two numbers that were crossed give a map, one number gives lines.
Without a number, arms are compared as dots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

Kind = Literal["series", "indices", "cloud", "map", "lines", "strategies", "comparison"]

DAY, STRATEGY = "day", "strategy"
MOST_PANELS = 8
_LEAST_ON_MAP = 3  # levels on each side; with fewer, lines are easier to read


class ChoiceError(ValueError):
    """No picture fits; the message says why, and what to do."""


@dataclass(frozen=True)
class Varied:
    """What a sweep varied.

    Attributes:
        directions: groups of factors that change together (the names of rows and what they set, or paired lists); each
            group varies independently of the others.
        levels: the number of levels of each factor.
        numeric: the factors whose levels are numbers.
        drawn: the factors whose points were sampled from ranges.
        method: how they were sampled; empty if none were.
        has_baseline: whether waiting is among several strategies. It is not counted as a level then.
        has_series: whether the sweep saved days.
    """

    directions: tuple[tuple[str, ...], ...]
    levels: Mapping[str, int]
    numeric: frozenset[str]
    drawn: tuple[str, ...] = ()
    method: str = ""
    has_baseline: bool = False
    has_series: bool = False

    @property
    def factors(self) -> tuple[str, ...]:
        """All factors, those that were drawn last."""
        return (*(name for group in self.directions for name in group), *self.drawn)


class Picture(NamedTuple):
    """A kind of picture, and which factor is shown how.

    Attributes:
        kind: what is drawn.
        x: the factor on the x-axis, or ``day``.
        y: the factor on the y-axis of a map.
        colour: the factor with a line or a colour for each level.
        panel: the factor with a panel for each level.
        averaged: factors with several levels that are not shown.
    """

    kind: Kind
    x: str | None = None
    y: str | None = None
    colour: str | None = None
    panel: str | None = None
    averaged: tuple[str, ...] = ()


def fitting(varied: Varied, asked: Mapping[str, str] | None = None, *, measure: bool = False) -> Picture:
    """The picture that fits a sweep.

    Args:
        varied: what it varied.
        asked: factors by role, which is ``x``, ``y``, ``colour`` or ``panel``; ``x`` can be ``day``.
        measure: whether one outcome was asked for; the picture of strategies shows three.

    Raises:
        ChoiceError: if nothing was varied and no days were saved, or what was asked for cannot be drawn.
    """
    asked = dict(asked or {})
    _refuse(varied, asked)
    left = _left(varied, asked)
    x, y = asked.get("x"), asked.get("y")
    if x == DAY or (not asked and not varied.factors and varied.has_series):
        return _shared("series", DAY, None, asked, left, varied)
    if not varied.factors:
        raise ChoiceError(
            "it has one arm and saved no days, so there is nothing to draw; vary a setting in [sweep.grid], or set "
            "sweep.series_days=1, and run it again"
        )
    if varied.drawn and y is None and (x is None or x in varied.drawn):
        if not asked and varied.method in ("morris", "saltelli"):
            return Picture("indices")
        return _shared("cloud", x, None, asked, left, varied)
    numbers = sorted((name for name in left if name in varied.numeric), key=lambda name: -varied.levels[name])
    if x is None and not numbers and not asked:
        alone = varied.factors == (STRATEGY,) and varied.has_baseline
        return Picture("strategies" if alone and not measure else "comparison")
    many = len(numbers) > 1 and varied.levels[numbers[1]] >= _LEAST_ON_MAP
    if x is None and y is None and many and "colour" not in asked:
        x, y = (name for name in left if name in numbers[:2])
    x = x or next(iter((*numbers, *left)), None)
    if y and not {x, y} <= varied.numeric - set(varied.drawn):
        raise ChoiceError(f"--y {y} makes a map, which needs two factors with levels that are numbers")
    if y and "colour" in asked:
        raise ChoiceError("a map shows its outcome as colour; use --panel instead of --colour")
    if x is None:
        raise ChoiceError(f"nothing is left for the x-axis; give --x, one of {', '.join(varied.factors)}")
    return _shared("map" if y else "lines", x, y, asked, left, varied)


def _shared(
    kind: Kind, x: str | None, y: str | None, asked: Mapping[str, str], left: Sequence[str], varied: Varied
) -> Picture:
    """A picture whose colours and panels are as asked, and otherwise as the factors that are left suggest."""
    left = [name for name in left if name not in (x, y)]
    colour, panel = asked.get("colour"), asked.get("panel")
    if colour is None and kind != "map" and left:
        colour = next((name for name in left if name not in varied.numeric), left[0])
        left = [name for name in left if name != colour]
    if panel is None and (kind != "cloud" or x):
        panel = next((name for name in left if varied.levels[name] <= MOST_PANELS), None)
        left = [name for name in left if name != panel]
    averaged = () if kind == "cloud" else (*left, *varied.drawn)  # a cloud has a dot for each arm
    return Picture(kind, x, y, colour, panel, averaged)


def _left(varied: Varied, asked: Mapping[str, str]) -> list[str]:
    """One factor of each direction in which nothing was asked for, and that has several levels."""
    free = [group for group in varied.directions if not set(group) & set(asked.values())]
    return [group[0] for group in free]


def _refuse(varied: Varied, asked: Mapping[str, str]) -> None:
    """Refuse roles that do not go together."""
    names = list(asked.values())
    for name in names:
        if names.count(name) > 1:
            roles = " and ".join(f"--{role}" for role, one in asked.items() if one == name)
            raise ChoiceError(f"{roles} are both {name}; give each another factor")
    for group in varied.directions:
        if len(both := [name for name in names if name in group]) > 1:
            raise ChoiceError(f"{' and '.join(both)} change together in this sweep, so they cannot be drawn apart")
    if DAY in names and asked.get("x") != DAY:
        raise ChoiceError("day can only be on the x-axis, --x day")
    if asked.get("x") == DAY and "y" in asked:
        raise ChoiceError(f"with --x day, --y can only be a measure, and {asked['y']} is a factor; use --panel")
    if asked.get("x") == DAY and not varied.has_series:
        raise ChoiceError("it saved no days; add --set sweep.series_days=7 to its command, and run it again")
    if (panel := asked.get("panel")) and (panel in varied.drawn or varied.levels[panel] > MOST_PANELS):
        raise ChoiceError(f"--panel {panel} has {varied.levels[panel]:,} levels, and a page {MOST_PANELS} panels")
    if varied.drawn and panel and "x" not in asked:
        raise ChoiceError("each panel shows a factor that was drawn; choose one with --x to use --panel otherwise")
    if asked.get("colour") in varied.drawn:
        raise ChoiceError(f"--colour {asked['colour']} was drawn from a range, so it has no levels; use --x")
