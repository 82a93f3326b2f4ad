"""How statistics of a contact log are computed from weighted pairs or people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import numpy as np

from experiments.analysis.bootstrap import columns, over, quantiles, totals
from experiments.logs.by_pair import ByPair
from experiments.logs.log import Log
from sim.model.chance import DrawPurpose


class Weights(NamedTuple):
    """Weights of people, shape (resamples, people), and of pairs, shape (resamples, pairs)."""

    people: np.ndarray
    pairs: np.ndarray


class StatisticGroup(NamedTuple):
    """Statistics of one log that are computed from the same units.

    Attributes:
        counts: number of events, pairs or people behind each statistic, by name.
        units: number of people or pairs behind each, by name.
        of: function from weights to the statistics in this order, shape (resamples, names).
    """

    counts: dict[str, int]
    units: dict[str, int]
    of: Callable[[Weights], np.ndarray]


Unit = Literal["people", "pairs"]
GroupFunction = Callable[[Log], list[StatisticGroup]]


def keyed_random(seed: int) -> np.random.Generator:
    """The random numbers of a bootstrap."""
    return np.random.Generator(np.random.Philox(key=np.array([DrawPurpose.BOOTSTRAP, seed], np.uint64)))


def missing_group(names: Sequence[str]) -> StatisticGroup:
    """Statistics that the log cannot have."""
    none = dict.fromkeys(names, 0)
    return StatisticGroup(none, none, lambda weights: np.full((len(weights.pairs), len(names)), np.nan))


def distinct(members: np.ndarray) -> int:
    """How many different people or pairs there are among these numbers."""
    return int(np.count_nonzero(np.bincount(members))) if len(members) else 0


def ratio_group(unit: Unit, counts: dict[str, int], parts: Sequence[tuple[np.ndarray, np.ndarray]]) -> StatisticGroup:
    """Ratios of the weighted sums of two quantities, each (units,)."""
    units = {name: int(np.count_nonzero(part[1])) for name, part in zip(counts, parts, strict=True)}
    above, below = (columns([part[k] for part in parts]) for k in (0, 1))

    def of(weights: Weights) -> np.ndarray:
        times: np.ndarray = getattr(weights, unit)
        return over(totals(times, above), totals(times, below))

    return StatisticGroup(counts, units, of)


def mean_group(unit: Unit, quantities: dict[str, np.ndarray]) -> StatisticGroup:
    """Means of quantities (units,); units in which they are nan do not count."""
    known = {name: ~np.isnan(quantity) for name, quantity in quantities.items()}
    counts = {name: int(flags.sum()) for name, flags in known.items()}
    parts = [(np.where(known[name], quantity, 0.0), known[name]) for name, quantity in quantities.items()]
    return ratio_group(unit, counts, parts)


def event_shares(log: ByPair, selections: dict[str, tuple[np.ndarray, np.ndarray]]) -> StatisticGroup:
    """Shares of hits among selected events, by name; both are flags (events,)."""
    counts = {name: int(among.sum()) for name, (among, _) in selections.items()}
    parts = [(log.per_pair(among & hit), log.per_pair(among)) for among, hit in selections.values()]
    return ratio_group("pairs", counts, parts)


def quantile_group(
    stem: str, percents: Sequence[int], quantity: np.ndarray, unit: Unit, members: np.ndarray
) -> StatisticGroup:
    """Quantiles of a quantity; ``members`` are the units whose weights apply to its values."""
    found = quantiles(quantity, [percent / 100 for percent in percents], members)
    names = [f"{stem}_q{percent}" for percent in percents]
    counts, units = dict.fromkeys(names, len(quantity)), dict.fromkeys(names, distinct(members))
    return StatisticGroup(counts, units, lambda weights: found(getattr(weights, unit)))
