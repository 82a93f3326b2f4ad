from __future__ import annotations

import math

import pytest

from experiments.tables import number, signed


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1234.56, "1,235"), (12.345, "12.3"), (1.2345, "1.23"), (0.01234, "0.012"), (0.00012, "0.000"),
     (-3.21, "-3.21"), (math.nan, "–"), (math.inf, "∞")],
)  # fmt: skip
def test_number(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(1.234, "+1.23"), (-1.234, "−1.23"), (58.7, "+58.7"), (-0.001, "0.00"), (math.nan, "–")]
)
def test_signed(value: float, text: str) -> None:
    assert signed(value) == text
