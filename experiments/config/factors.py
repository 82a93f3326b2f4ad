"""The factors of a sweep: levels of settings that are crossed, paired, named or sampled.

In a file, ``[sweep.grid]`` has levels to combine in every way, ``[sweep.zip]`` has levels to pair side by side,
``[sweep.rows.NAME]`` changes several settings at once under a name, and ``[sweep.sample]`` has ranges to sample points
from. A sweep with several of these crosses them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

Level = Any
Levels = dict[str, tuple[Level, ...]]
Point = dict[str, Level]

LEVELS_WRITTEN = "a list of levels such as [15, 60, 120], or even steps such as { from = 15, to = 120, count = 4 }"
RANGE_WRITTEN = "a range such as [0.0, 1.0], the lower end first"
METHODS = ("latin_hypercube", "sobol", "morris", "saltelli")
_LARGEST = 1e300  # limit for the ends of a range, so that their difference cannot overflow
MORRIS_LEVELS = 4  # levels of the grid of a trajectory (Morris 1991)


def flattened(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each dotted path of a table and its value; ``run.adopters`` and ``"run.adopters"`` are the same."""
    for key, value in table.items():
        path = f"{above}{key}"
        if isinstance(value, Mapping) and value and not set(value) & {"from", "to", "count"}:
            yield from flattened(value, f"{path}.")
        else:
            yield path, value


def spelled_out(value: Any, whole: bool) -> tuple[Level, ...]:
    """Levels from a list, or from even steps between two ends, which are rounded if the setting is a whole number.

    Raises:
        ValueError: if the value is neither, is an empty list, or repeats a level.
    """
    if isinstance(value, Mapping):
        value = _evenly_spaced(value, whole)
    if not isinstance(value, list | tuple) or not value:
        raise ValueError(f"expected {LEVELS_WRITTEN}")
    seen = set()
    for level in value:
        identity = (type(level), repr(level))
        if identity in seen:
            raise ValueError(f"has the level {repr(level)[:100]} twice; give each level once")
        seen.add(identity)
    return tuple(value)


def _evenly_spaced(value: Mapping[str, Any], whole: bool) -> list[Level]:
    known = {"from", "to", "count"}
    ends = [value.get("from"), value.get("to")]
    numbers = all(map(_is_finite, ends))
    count = value.get("count")
    if set(value) != known or not numbers or type(count) is not int or not 2 <= count <= 10_000:
        raise ValueError(f"expected {LEVELS_WRITTEN}, with a count of 2 to 10,000")
    levels: list[float] = np.linspace(value["from"], value["to"], count).tolist()
    return [round(level) for level in levels] if whole else levels


def _is_finite(end: Any) -> bool:
    """Whether this is a number that can be an end of a range."""
    return isinstance(end, int | float) and not isinstance(end, bool) and abs(end) <= _LARGEST


def span_of(value: Any) -> tuple[float, float]:
    """The two ends of a range.

    Raises:
        ValueError: if the value is not a range.
    """
    if not isinstance(value, list | tuple) or len(value) != 2 or not all(map(_is_finite, value)):
        raise ValueError(f"expected {RANGE_WRITTEN}")
    low, high = float(value[0]), float(value[1])
    if not low < high:
        raise ValueError(f"expected {RANGE_WRITTEN}")
    return low, high


def crossed(grid: Levels, side_by_side: Levels, drawn: Sequence[Point], named: Sequence[Point] = ()) -> list[Point]:
    """All points of a sweep: every combination of the grid with each row of the zip, named row and sampled point."""
    combinations = [dict(zip(grid, levels, strict=True)) for levels in itertools.product(*grid.values())]
    rows = [dict(zip(side_by_side, levels, strict=True)) for levels in zip(*side_by_side.values(), strict=True)]
    return [
        {**combination, **row, **changes, **point}
        for combination in combinations
        for row in (rows or [{}])
        for changes in (named or [{}])
        for point in (drawn or [{}])
    ]


Ranges = Mapping[str, tuple[float, float]]  # the two ends by name


def drawn_points(ranges: Ranges, method: str, points: int, seed: int, log: Collection[str] = ()) -> np.ndarray:
    """Sample points from ranges, one per row; the columns have the order of the ranges.

    Args:
        ranges: the two ends of each range, by name.
        method: see `scaled_points`.
        points: see `scaled_points`.
        seed: seed of the sample.
        log: the ranges that are sampled evenly in the logarithm; their ends are above 0.
    """
    return from_scale(scaled_points(in_scale(ranges, log), method, points, seed), ranges, log)


def from_scale(rows: np.ndarray, ranges: Ranges, log: Collection[str]) -> np.ndarray:
    """Points in their own units, changed in place, from the scale in which they are sampled evenly."""
    for column, (name, (low, high)) in enumerate(ranges.items()):
        if name in log:
            rows[:, column] = np.clip(np.exp(rows[:, column]), low, high)  # so that rounding does not leave the range
    return rows


def in_scale(ranges: Ranges, log: Collection[str]) -> Ranges:
    """The ends of the ranges in the scale in which they are sampled evenly."""
    return {name: (math.log(ends[0]), math.log(ends[1])) if name in log else ends for name, ends in ranges.items()}


def scaled_points(ranges: Ranges, method: str, points: int, seed: int) -> np.ndarray:
    """Sample points evenly from ranges, one per row; the columns have the order of the ranges.

    Args:
        ranges: the two ends of each range, by name.
        method: ``latin_hypercube`` takes one point in each of `points` slices of every range (McKay et al. 1979).
            ``sobol`` takes `points` (a power of two) points of a scrambled Sobol sequence (Owen 1998). ``morris`` makes
            `points` trajectories that move one factor per step, for screening (Morris 1991). ``saltelli`` makes the
            matrices for first-order and total indices, with `points` (a power of two) rows (Saltelli et al. 2010).
        points: number of points, trajectories or rows, depending on the method.
        seed: seed of the sample; the same seed gives the same points.

    Returns:
        Shape (rows, ranges): `points` rows, ``points * (ranges + 1)`` for Morris, ``points * (ranges + 2)`` for
        Saltelli.
    """
    from SALib.sample import morris, sobol  # slow to import, and only needed for sampling
    from scipy.stats import qmc

    low, high = np.array(list(ranges.values())).T
    if method == "latin_hypercube":
        return np.asarray(qmc.scale(qmc.LatinHypercube(len(ranges), rng=seed).random(points), low, high))
    if method == "sobol":
        return np.asarray(qmc.scale(qmc.Sobol(len(ranges), rng=seed).random(points), low, high))
    problem = problem_of(ranges)
    if method == "morris":
        return np.asarray(morris.sample(problem, points, num_levels=MORRIS_LEVELS, seed=seed))
    return np.asarray(sobol.sample(problem, points, calc_second_order=False, seed=seed))


def points_drawn(method: str, ranges: int, points: int) -> int:
    """The number of rows that `drawn_points` returns."""
    return points * {"morris": ranges + 1, "saltelli": ranges + 2}.get(method, 1)


def problem_of(ranges: Ranges) -> dict[str, Any]:
    """Ranges in the format of SALib."""
    return {"num_vars": len(ranges), "names": list(ranges), "bounds": [list(ends) for ends in ranges.values()]}
