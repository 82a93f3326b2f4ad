"""The size of closeness that agrees with a log, from statistics whose dependence on it is known."""

from __future__ import annotations

import numpy as np
import pytest

from verification.closeness import size

GAINS = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1)
NOISE = np.array([-1.0, 0.0, 1.0])


def worlds(means: np.ndarray, noise: float) -> np.ndarray:
    return means[:, None] + noise * NOISE


def test_a_known_size_is_found_again() -> None:
    found = size(GAINS, worlds(np.arange(6.0), 0.01), 3.0, 0.05)
    assert found.best == pytest.approx(0.01, rel=0.05)
    assert 0.003 < found.low < 0.01 < found.high < 0.03
    assert found.standard_errors < 1


def test_a_larger_error_makes_the_interval_wider() -> None:
    narrow, wide = (size(GAINS, worlds(np.arange(6.0), 0.01), 3.0, error) for error in (0.1, 0.5))
    assert wide.low < narrow.low
    assert wide.high > narrow.high
    noisy = size(GAINS, worlds(np.arange(6.0), 1.0), 3.0, 0.1)
    assert noisy.high > narrow.high


def test_a_statistic_beyond_all_sizes_is_far_from_the_best() -> None:
    found = size(GAINS, worlds(np.arange(6.0), 0.01), -2.0, 0.1)
    assert (found.best, found.low) == (0.0, 0.0)
    assert found.high < 0.001
    assert found.standard_errors > 10


def test_a_statistic_that_does_not_move_says_nothing() -> None:
    found = size(GAINS, worlds(np.full(6, 2.0), 0.1), 2.0, 0.1)
    assert (found.low, found.high) == (0.0, 0.1)
