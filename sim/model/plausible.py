"""A plausible range, with its reason, for each number of the model that is assumed in whole or in part.

A range has the values that would not surprise a careful expert of the field. It is no confidence interval: nobody has
estimated it, and it has no level. Where a study reports an interval, the range is that interval, or wider if its people
or its channel are others. Ranges are judged one at a time and drawn independently of each other: evenly or, for rates,
durations and counts that are known to a factor, evenly in the logarithm. Draws can therefore combine values that seldom
go together. Perceived risks keep their order within a channel in most draws; the model doesn't need it.

The ranges are in `plausible.toml`, next to this file. Numbers are named by their path below ``[parameters]``. The file
has all other numbers, too, each with the reason why it keeps its value: it defines outcomes or the question, is read
from a log, is off because only a log can set it, or describes the world rather than its people.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple


class Plausible(NamedTuple):
    """A plausible range.

    Attributes:
        low: the lower end, in the unit of the number; whole for whole numbers.
        high: the upper end.
        reason: why not lower, and why not higher.
        log: whether it is drawn evenly in the logarithm.
    """

    low: float
    high: float
    reason: str
    log: bool = False


_TABLES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))

# The ranges by path.
PLAUSIBLE: Mapping[str, Plausible] = MappingProxyType(
    {path: Plausible(**values) for path, values in _TABLES["drawn"].items()}
)
# Why the other numbers keep their values, by pattern of their paths.
NOT_DRAWN: Mapping[str, str] = MappingProxyType(_TABLES["not_drawn"])


def ranges(leave: Iterable[str] = ()) -> dict[str, Plausible]:
    """The ranges by path, without those of paths equal to or below any of these, such as ``"gestures.note"``.

    Example:
        >>> found = ranges(leave=["ladders", "gestures.note"])
        >>> found["openness_half_life"].low, "ladders.feed_comment" in found
        (7.0, False)
    """
    left = tuple(leave)
    return {
        path: one
        for path, one in PLAUSIBLE.items()
        if not any(path == above or path.startswith(f"{above}.") for above in left)
    }


def not_drawn(path: str) -> str | None:
    """Why a number isn't drawn; None if it is, or if there is no such number."""
    return next((reason for pattern, reason in NOT_DRAWN.items() if fnmatchcase(path, pattern)), None)
