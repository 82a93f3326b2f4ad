"""Numbers and counts formatted for people."""

from __future__ import annotations

import math
import re

import numpy as np


def number(value: float, digits: int = 3) -> str:
    """A number in a table: few digits, thousands separators, a dash if it is missing."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞"
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(decimals, digits)}f}"


def signed(value: float) -> str:
    """A difference with its sign: two decimals, or one if it is 10 or larger."""
    if math.isnan(value):
        return "–"
    text = f"{value:+.{1 if abs(value) >= 10 else 2}f}"
    return text.replace("-", "−") if float(text) else "0.00"


def counted(count: int, what: str) -> str:
    """A count with its noun: ``1 run``, ``2,000 runs``, ``3 strategies``."""
    plural = f"{what[:-1]}ies" if re.search("[^aeiou]y$", what) else f"{what}s"
    return f"{count:,} {what if count == 1 else plural}"


def counted_runs(rows: int, different: int) -> str:
    """The size of a design, in which rows with identical settings are one run: ``48 rows, 32 different runs``."""
    return counted(rows, "run") if rows == different else f"{rows:,} rows, {counted(different, 'different run')}"


def with_sign(value: float, decimals: int) -> str:
    """A number with its sign, or without one if it rounds to zero."""
    text = f"{value:,.{decimals}f}"
    is_zero = not text.strip("-0.,")
    return text.lstrip("-") if is_zero else f"{value:+,.{decimals}f}".replace("-", "−")


def plain(value: float) -> str:
    """A number of any size; a small one has three significant digits."""
    return digits(value) if 0 < abs(value) < 0.1 else number(value)


def points(gain: float) -> str:
    """A difference between two shares, in percentage points with its sign."""
    return f"{100 * gain:+.1f}".replace("-", "−")


def digits(*values: float) -> str:
    """Numbers with three significant digits each; a dash if any is missing."""
    if any(math.isnan(value) for value in values):
        return "–"
    texts = [np.format_float_positional(value, precision=3, fractional=False, trim="-") for value in values]
    return " … ".join(texts).replace("-", "−")
