"""Values of published facts, each with the number of events, pairs or people that it rests on."""

from __future__ import annotations

import math

import numpy as np

from experiments.analysis.bootstrap import rank_correlation

MONTH = 30.0  # days
Found = dict[str, tuple[float, int]]  # by fact: the value, and how many things it rests on


def counted_mean(values: np.ndarray) -> tuple[float, int]:
    """The mean of the known values, and how many are known."""
    known = values[~np.isnan(values)]
    return (float(known.mean()) if len(known) else math.nan), len(known)


def counted_median(values: np.ndarray) -> tuple[float, int]:
    """The median of the known values, and how many are known."""
    known = values[~np.isnan(values)]
    return (float(np.median(known)) if len(known) else math.nan), len(known)


def ranks_agree(first: np.ndarray, second: np.ndarray) -> tuple[float, int]:
    """Spearman's correlation; nan if either is constant."""
    return float(rank_correlation(first, second)(np.ones((1, len(first))))[0]), len(first)
