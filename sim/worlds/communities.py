"""Communities in a network of contacts, found by label propagation with a size limit.

Labels spread along ties weighted by contacts, first between people, then between communities. The method is from
Raghavan, Albert & Kumara 2007, Phys. Rev. E 76:036106; size limit and levels are from Meyerhenke, Sanders & Schulz
2014, arXiv:1402.3281. The order of people is a keyed draw, so the same contacts and seed give the same communities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.model.chance import DrawPurpose, uniform
from sim.model.compiled import njit

if TYPE_CHECKING:
    from scipy.sparse import csr_array

LARGEST, SMALLEST = 1.5, 0.5  # size limits, as factors of the intended size
_SWEEPS = 20
_ORDER = int(DrawPurpose.LABEL_ORDER)


def communities(
    *, low: np.ndarray, high: np.ndarray, contacts: np.ndarray, people: int, size: int, seed: int
) -> np.ndarray:
    """Assign each person to a community; returns ids from 0, shape (people,).

    Communities first grow up to `size`. Those under half of it then join the communities with which they have the most
    contacts, up to 1.5 times `size`. Small communities that remain have no such ties, and are merged with each other.

    Args:
        low: one person of each pair, shape (pairs,).
        high: the other person, shape (pairs,); each pair occurs once.
        contacts: the number of contacts of each pair, shape (pairs,).
        people: the number of people.
        size: the intended number of people in a community.
        seed: the seed for the order in which people choose.
    """
    from scipy.sparse import csr_array  # imported late, since only replayed worlds need it

    both = np.concatenate([low, high]), np.concatenate([high, low])
    network = csr_array((np.concatenate([contacts, contacts]), both), shape=(people, people))
    label = _joined(np.arange(people), network, size, people + 1.0, seed)
    label = _joined(label, network, int(LARGEST * size), SMALLEST * size, seed)
    return _with_leftovers_together(label, size)


def _joined(label: np.ndarray, network: csr_array, most: int, small: float, seed: int) -> np.ndarray:
    """Merge communities under `small` people into others of up to `most`, until nothing changes; shapes (people,)."""
    while True:
        sizes = np.bincount(label)
        member = type(network)((np.ones(len(label), np.int64), (np.arange(len(label)), label)))
        between = type(network)(member.T @ network @ member)
        between.sort_indices()
        joined, members = np.arange(len(sizes)), sizes.copy()
        for sweep in range(_SWEEPS):
            order = _keyed_order(np.uint64(seed), len(sizes), sweep)
            graph = (between.indptr, between.indices, between.data)
            if _sweep(order, graph, sizes, joined, members, most, small) == 0:
                break
        label = np.unique(joined[label], return_inverse=True)[1]
        if label.max() + 1 == len(sizes):
            return label


@njit(cache=True, nogil=True)
def _keyed_order(seed: int, nodes: int, sweep: int) -> np.ndarray:
    """A keyed random order of nodes, shape (nodes,), for one sweep over the level with this many nodes."""
    keys = np.empty(nodes)
    for node in range(nodes):
        keys[node] = uniform(seed, _ORDER, 0, node, nodes, sweep)
    return np.argsort(keys)


@njit(cache=True, nogil=True)
def _sweep(order: Any, graph: Any, sizes: Any, label: Any, members: Any, most: int, small: float) -> int:
    """Move each small node to the label with room with which it has the most contacts; returns the number of moves."""
    starts, others, weights = graph  # a matrix of contacts in compressed sparse rows
    pull = np.zeros(len(sizes), np.int64)
    moves = 0
    for node in order:
        if sizes[node] >= small:
            continue
        edges = range(starts[node], starts[node + 1])
        for k in edges:
            if others[k] != node:
                pull[label[others[k]]] += weights[k]
        best = label[node]
        for k in edges:
            new = label[others[k]]
            if pull[new] > pull[best] and members[new] + sizes[node] <= most:
                best = new
        for k in edges:
            pull[label[others[k]]] = 0
        if best != label[node]:
            members[label[node]] -= sizes[node]
            members[best] += sizes[node]
            label[node] = best
            moves += 1
    return moves


def _with_leftovers_together(label: np.ndarray, size: int) -> np.ndarray:
    """Merge the remaining small communities into some of about this size, without splitting any; shapes (people,)."""
    sizes = np.bincount(label)
    small = sizes < SMALLEST * size
    total = int(sizes[small].sum())
    if total == 0:
        return label
    before = np.cumsum(sizes[small]) - sizes[small]
    joined = np.arange(len(sizes))
    joined[small] = len(sizes) + before * max(1, round(total / size)) // total
    large = np.flatnonzero(~small)
    if total < SMALLEST * size and len(large):
        host = large[sizes[large].argmin()]
        if sizes[host] + total <= LARGEST * size:
            joined[small] = host
    return np.unique(joined[label], return_inverse=True)[1]
