"""Published facts about the network of pairs (B3, B9)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numba import njit
from scipy import sparse

from experiments.analysis.bootstrap import over
from experiments.logs.by_pair import ByPair
from experiments.logs.fact_values import Found, counted_mean, ranks_agree
from sim.model.chance import DrawPurpose

_ORDERS = 10  # random orders in which equally weighted pairs are removed


def _degrees(low: np.ndarray, high: np.ndarray, people: int) -> tuple[np.ndarray, np.ndarray]:
    """The number of pairs of each person, (people,), and of common contacts of each pair, (pairs,)."""
    degree = np.bincount(np.append(low, high), minlength=people)
    if not len(low):
        return degree, np.zeros(0)
    graph = _graph(low, high, people)
    return degree, np.asarray((graph @ graph)[low, high]).ravel()


def _graph(low: np.ndarray, high: np.ndarray, people: int) -> sparse.csr_array:
    ones = np.ones(2 * len(low))
    return sparse.csr_array((ones, (np.append(low, high), np.append(high, low))), shape=(people, people))


def strong_and_weak(events: ByPair) -> Found:
    """Overlap by strength, and which pairs hold the network together (B3)."""
    low, high, contacts = events.low[events.both], events.high[events.both], events.contacts[events.both]
    degree, shared = _degrees(low, high, events.people)
    around = degree[low] + degree[high] - 2 - shared
    known = around > 0
    overlap = shared[known] / around[known]
    return {
        "B3_overlap_rises_with_weight": ranks_agree(contacts[known], overlap),
        "B3_weak_ties_first": (_fragility(low, high, contacts, events.people), len(low)),
    }


def _fragility(low: np.ndarray, high: np.ndarray, contacts: np.ndarray, people: int) -> float:
    """Area under the largest component with strong pairs removed first, minus that with weak ones removed first.

    Removing one after another is adding them backwards. Pairs of equal weight go in the same random orders in both.
    """
    if not len(low):
        return math.nan
    random = np.random.Generator(np.random.Philox(key=[int(DrawPurpose.BOOTSTRAP), 0]))
    differences = []
    for _ in range(_ORDERS):
        tie_breaks = random.random(len(low))
        strong_last, strong_first = np.lexsort((tie_breaks, contacts)), np.lexsort((tie_breaks, -contacts))
        difference = _largest(low[strong_last], high[strong_last], people).mean()
        difference -= _largest(low[strong_first], high[strong_first], people).mean()
        differences.append(difference)
    return float(np.mean(differences)) / float(_largest(low, high, people)[-1])


@njit(cache=True)
def _largest(low: Any, high: Any, people: int) -> Any:
    """The size of the largest component after each pair is added, (pairs,), by union-find with path halving."""
    parent, size = np.arange(people), np.ones(people, np.int64)
    largest = np.empty(len(low), np.int64)
    most = 1
    for k in range(len(low)):
        one, two = low[k], high[k]
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        while parent[two] != two:
            parent[two] = parent[parent[two]]
            two = parent[two]
        if one != two:
            if size[one] < size[two]:
                one, two = two, one
            parent[two] = one
            size[one] += size[two]
            most = max(most, size[one])
        largest[k] = most
    return largest


def network(events: ByPair) -> Found:
    """Clustering, degrees and the largest component (B9)."""
    low, high, people = events.low, events.high, events.people
    degree, shared = _degrees(low, high, people)
    closed = np.bincount(np.append(low, high), np.append(shared, shared), minlength=people) / 2
    clustering = over(closed, degree * (degree - 1) / 2)
    several = degree >= 2
    neighbours = pd.Series(degree[np.append(high, low)]).groupby(np.append(low, high)).median()
    fewer = degree[neighbours.index] < neighbours.to_numpy()
    ends = np.append(degree[low], degree[high]), np.append(degree[high], degree[low])
    varies = len(low) > 0 and np.ptp(ends[0]) > 0
    return {
        "B9_clustering_falls": ranks_agree(degree[several], clustering[several]),
        "B9_friend_paradox": counted_mean(fewer.astype(float)),
        "B9_assortative": (float(np.corrcoef(*ends)[0, 1]) if varies else math.nan, len(low)),
        "B9_giant_component": (_largest_share(low, high, people), people),
    }


def _largest_share(low: np.ndarray, high: np.ndarray, people: int) -> float:
    if not people:
        return math.nan
    labels = sparse.csgraph.connected_components(_graph(low, high, people), directed=False)[1]
    return float(np.bincount(labels).max()) / people
