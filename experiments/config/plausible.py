"""Joint draws of the numbers that nobody has measured, within their plausible ranges (`sim.model.plausible`).

Draws are independent of each other, and so are their numbers. Points of a Sobol sequence would fill the ranges more
evenly, but the first hundreds of them are correlated in that many dimensions: among 128 points of 163 numbers, some
pairs have a rank correlation of 0.94. An effect of one number would then be taken for an effect of another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from experiments.config.factors import from_scale, in_scale
from sim.model.plausible import PLAUSIBLE, Plausible, ranges

if TYPE_CHECKING:
    import pandas as pd

WHERE = "world.parameters."  # parameters hold before day 0, too; runs inherit them
WHERE_STRATEGIES = "parameters."  # before day 0 nobody follows a strategy


def plausible_ranges(leave: Iterable[str] = ()) -> dict[str, Plausible]:
    """The plausible ranges by the path of the setting.

    Args:
        leave: numbers that keep their values, by path below ``[parameters]``; a table such as ``ladders`` leaves all of
            its numbers.

    Raises:
        ValueError: if a path names no number that is drawn.
    """
    for name in (leave := list(leave)):
        if not any(path == name or path.startswith(f"{name}.") for path in PLAUSIBLE):
            raise ValueError(f'"{name}" is not a number with a plausible range, or a table of such numbers')
    return {setting_of(path): found for path, found in ranges(leave).items()}


def setting_of(path: str) -> str:
    """The path of the setting that is drawn for a number: ``ease`` is ``world.parameters.ease``."""
    return (WHERE_STRATEGIES if path.startswith("strategies.") else WHERE) + path


def number_of(setting: str) -> str:
    """The number that a setting holds: the opposite of `setting_of`."""
    return setting.removeprefix("world.").removeprefix("parameters.")


def logs_of(found: Mapping[str, Plausible]) -> tuple[str, ...]:
    """The settings that are drawn evenly in the logarithm."""
    return tuple(name for name, one in found.items() if one.log)


def plausible_draws(points: int, seed: int, leave: Iterable[str] = ()) -> pd.DataFrame:
    """Joint draws: one row per draw, one column per setting. More draws begin with the same ones.

    Numbers that are left do not change the draws of others.

    Args:
        points: number of draws.
        seed: seed of the draws.
        leave: numbers that keep their values, see `plausible_ranges`.
    """
    import pandas as pd

    found, kept = plausible_ranges(), list(plausible_ranges(leave))
    ends = {name: (one.low, one.high) for name, one in found.items()}
    low, high = np.array(list(in_scale(ends, logs_of(found)).values())).T
    unit = np.random.Generator(np.random.Philox(seed)).random((points, len(found)))
    return pd.DataFrame(from_scale(low + unit * (high - low), ends, logs_of(found)), columns=list(found))[kept]
