"""Statistics of pairs and of the network that they form."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from experiments.analysis.bootstrap import burstiness, over, rank_correlation
from experiments.logs.by_pair import DAY, ByPair
from experiments.logs.log import Log
from experiments.logs.statistic_groups import StatisticGroup, mean_group, quantile_group, ratio_group

LOPSIDED = 0.8  # share of a pair's contacts that one person makes


def contacts_per_pair(log: Log) -> list[StatisticGroup]:
    """How many contacts pairs have, and in which directions."""
    events = log.by_pair
    means = {
        "contacts_per_pair_mean": events.contacts.astype(float),
        "contacts_per_pair_one": (events.contacts == 1).astype(float),
        "both_directions": events.both.astype(float),
        "both_directions_10": np.where(events.contacts >= 10, events.both, np.nan),
        "lopsided": _lopsided(events),
    }
    everyone = np.arange(events.pairs)
    return [
        quantile_group("contacts_per_pair", (50, 75, 90, 99), events.contacts, "pairs", everyone),
        mean_group("pairs", means),
    ]


def _lopsided(events: ByPair) -> np.ndarray:
    """Whether one person made at least 80% of the contacts, (pairs,); nan for pairs with fewer than 10."""
    forward = events.per_pair(events.forward)
    busier = np.maximum(forward, events.contacts - forward)
    return np.where(events.contacts >= 10, busier >= LOPSIDED * events.contacts, np.nan)


def network(log: Log) -> list[StatisticGroup]:
    """Overlap, clustering and degrees of the network of pairs."""
    events = log.by_pair
    low, high = events.low, events.high
    ones = np.ones(2 * events.pairs)
    graph = sparse.csr_array((ones, (np.append(low, high), np.append(high, low))), shape=(log.people, log.people))
    shared = np.zeros(events.pairs) if not events.pairs else np.asarray((graph @ graph)[low, high]).ravel()
    degree = np.bincount(np.append(low, high), minlength=log.people)
    around = degree[low] + degree[high] - 2 - shared
    embedded = np.flatnonzero(around > 0)
    correlation = rank_correlation((shared / np.maximum(around, 1))[embedded], events.contacts[embedded], embedded)
    triples = np.where(log.counted, degree * (degree - 1) / 2, 0.0)
    closed = np.bincount(np.append(low, high), np.append(shared, shared), minlength=log.people) / 2
    closed = np.where(log.counted, closed, 0.0)
    people = np.flatnonzero(log.counted)
    overlaps = {"overlap_weight": len(embedded)}
    return [
        StatisticGroup(overlaps, overlaps, lambda weights: correlation(weights.pairs)[:, None]),
        mean_group("people", {"clustering": over(closed, triples)}),
        ratio_group("people", {"transitivity": int(triples.sum())}, [(closed, triples)]),
        quantile_group("degree", (10, 50, 90, 99), degree[people], "people", people),
    ]


def bursts(log: Log) -> list[StatisticGroup]:
    """How bursty the contacts of people and of pairs are."""
    events = log.by_pair
    order = np.argsort(log.source, kind="stable")
    own = burstiness(log.source[order], (log.time / DAY)[order], log.people, 20)
    return [
        mean_group("people", {"burstiness_ego": np.where(log.counted, own, np.nan)}),
        mean_group("pairs", {"burstiness_pair": burstiness(events.pair, events.time, events.pairs, 10)}),
    ]
