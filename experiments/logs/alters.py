"""Statistics of people: whom they write to, how much, and how this changes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from experiments.analysis.bootstrap import divergences, over
from experiments.logs.by_pair import changes
from experiments.logs.log import Log
from experiments.logs.statistic_groups import StatisticGroup, Weights, mean_group, quantile_group

SIGNATURE_RANKS = (1, 2, 3, 5, 10, 20)
_NEIGHBOURS = 50  # other egos that each ego's signature is compared with


class _Alters(NamedTuple):
    """Whom people wrote to, ego by ego, the most contacted first; of equals, who appeared first in the log.

    Attributes:
        ego, alter, sends, rank: (directed pairs,); rank from 0.
        known, sent: (people,), how many alters each has, and how much each sent.
    """

    ego: np.ndarray
    alter: np.ndarray
    sends: np.ndarray
    rank: np.ndarray
    known: np.ndarray
    sent: np.ndarray

    def shares(self, egos: np.ndarray) -> np.ndarray:
        """Shares of the egos' sends by rank, shape (egos, most alters)."""
        place = np.full(len(self.known), -1)
        place[egos] = np.arange(len(egos))
        table = np.zeros((len(egos), int(self.known[egos].max(initial=0))))
        of = place[self.ego] >= 0
        table[place[self.ego[of]], self.rank[of]] = self.sends[of] / self.sent[self.ego[of]]
        return table

    def top(self, most: int) -> np.ndarray:
        """Pairs of ego and alter among its most contacted, as numbers in ascending order."""
        return np.sort((self.ego * len(self.known) + self.alter)[self.rank < most])


def _alters(source: np.ndarray, target: np.ndarray, people: int) -> _Alters:
    keys, sends = np.unique(source * people + target, return_counts=True)
    ego, alter = np.divmod(keys, max(people, 1))
    order = np.lexsort((-sends, ego))
    ego, alter, sends = ego[order], alter[order], sends[order]
    rows = np.arange(len(ego))
    rank = rows - np.maximum.accumulate(np.where(changes(ego), rows, 0))
    known = np.bincount(ego, minlength=people)
    return _Alters(ego, alter, sends, rank, known, np.bincount(source, minlength=people))


def signatures(log: Log) -> list[StatisticGroup]:
    """The share of what an ego sends that goes to each rank of alters; see ``signature_…``."""
    egos, shares = signature_shares(log)
    columns = {str(rank): (rank - 1, rank) for rank in SIGNATURE_RANKS} | {"top3": (0, 3), "top5": (0, 5)}
    table = {
        f"signature_{name}": _of_egos(log, egos, shares[:, first:last].sum(axis=1))
        for name, (first, last) in columns.items()
    }
    return [mean_group("people", table)]


def signature_shares(log: Log) -> tuple[np.ndarray, np.ndarray]:
    """Observed egos with at least 20 alters and 50 sends, and their shares by rank, shape (egos, ranks)."""
    alters = _alters(log.source, log.target, log.people)
    egos = np.flatnonzero(log.counted & (alters.known >= 20) & (alters.sent >= 50))
    return egos, alters.shares(egos)


def sends_by_rank(log: Log, ranks: int) -> np.ndarray:
    """What each person sends to the alters that they write to most, (people, ranks)."""
    alters = _alters(log.source, log.target, log.people)
    table = np.zeros((log.people, ranks))
    near = alters.rank < ranks
    table[alters.ego[near], alters.rank[near]] = alters.sends[near]
    return table


def alters_written_to(log: Log) -> np.ndarray:
    """How many people each person writes to, (people,)."""
    return _alters(log.source, log.target, log.people).known


def _of_egos(log: Log, egos: np.ndarray, quantity: np.ndarray) -> np.ndarray:
    """A quantity of some people, (people,); nan for the others."""
    everyone = np.full(log.people, np.nan)
    everyone[egos] = quantity
    return everyone


def turnover(log: Log) -> list[StatisticGroup]:
    """Alters and their shares in the two halves of the log: its events before its median time, and the others."""
    early = log.time < np.median(log.time) if len(log) else np.zeros(0, bool)
    halves = [_alters(log.source[half], log.target[half], log.people) for half in (early, ~early)]
    egos = np.flatnonzero(log.counted & (halves[0].known >= 10) & (halves[1].known >= 10))
    quantities = {
        "turnover_top20": _jaccard(halves, 20)[egos],
        "turnover_top5": _jaccard(halves, 5)[egos],
        "turnover_first_stays": _common(halves[0].top(1), halves[1].top(5), log.people)[egos],
    }
    first, second = (half.shares(egos) for half in halves)
    width = max(first.shape[1], second.shape[1])
    first, second = (np.pad(shares, ((0, 0), (0, width - shares.shape[1]))) for shares in (first, second))
    quantities["signature_distance_own"] = divergences(first, second)
    means = mean_group("people", {name: _of_egos(log, egos, quantity) for name, quantity in quantities.items()})
    return [means, _distance_from_others(egos, first, second)]


def _common(first: np.ndarray, second: np.ndarray, people: int) -> np.ndarray:
    """(people,), how many numbers of the two (see `_Alters.top`) are the same."""
    return np.bincount(np.intersect1d(first, second, assume_unique=True) // max(people, 1), minlength=people)


def _jaccard(halves: list[_Alters], most: int) -> np.ndarray:
    """(people,), what each one's top alters of two halves have in common over all of them."""
    common = _common(halves[0].top(most), halves[1].top(most), len(halves[0].known))
    both = sum(np.minimum(half.known, most) for half in halves)
    return over(common, both - common)


def _distance_from_others(egos: np.ndarray, first: np.ndarray, second: np.ndarray) -> StatisticGroup:
    """Each ego's first half from the second of the next egos: of all others, or of 50 if there are more."""
    steps = range(1, min(len(egos), _NEIGHBOURS + 1))
    distances = np.array([divergences(first, np.roll(second, -step, axis=0)) for step in steps])
    distances = distances.reshape(len(steps), len(egos))

    def of(weights: Weights) -> np.ndarray:
        times = weights.people[:, egos]
        both = np.array([times * np.roll(times, -step, axis=1) for step in steps]).reshape(len(steps), *times.shape)
        return over(np.einsum("sre,se->r", both, distances), both.sum(axis=(0, 2)))[:, None]

    counts = {"signature_distance_others": len(egos)}
    return StatisticGroup(counts, counts, of)


def activity(log: Log) -> list[StatisticGroup]:
    """How much people send; see ``sends_per_week_…``."""
    sent = np.bincount(log.source, minlength=log.people)
    senders = np.flatnonzero(log.counted & (sent > 0)) if log.days > 0 else np.zeros(0, int)
    return [quantile_group("sends_per_week", (50, 90, 99), sent[senders] / max(log.days / 7, 1e-9), "people", senders)]
