"""Places of people in a drawn world: grouped by community, friends near each other, and reproducible."""

from __future__ import annotations

import numpy as np

FILL = 0.88  # share of a community's place that its people use; the rest separates communities
STEPS = 24  # steps of the forces within communities
RING = 6  # up to this many communities are placed in a circle
_OFFSETS = (
    (0.0, 0.0),
    (0.5, 0.0),
    (0.5, np.sqrt(3) / 6),
)  # middle of a grid: on a point, between two points, or between three


def places(community: np.ndarray, pairs: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """A place for each person, in the unit disc.

    Communities are placed on a honeycomb (a few in a circle), those with many ties between them close together. Within
    a community, repulsion spreads people over its place, and ties pull friends together.

    Args:
        community: of each person, shape (n,), ids of any kind.
        pairs: the two people of each tie, shape (k, 2).
        weights: how strongly the tie pulls, 0 or more, shape (k,).

    Returns:
        Shape (n, 2), 32-bit; everyone within 1 of the middle.
    """
    _, home, sizes = np.unique(community, return_inverse=True, return_counts=True)
    between = _weights_between(home, pairs, weights, len(sizes))
    centres, spacing = _centres(between)
    radius = 0.5 * FILL * spacing * np.sqrt(sizes / sizes.max())
    at = centres[home] + _within(home, pairs, weights, len(sizes)) * radius[home, None]
    return np.asarray(at / max(np.linalg.norm(at, axis=1).max(), 1e-9), np.float32)


def _weights_between(home: np.ndarray, pairs: np.ndarray, weights: np.ndarray, count: int) -> np.ndarray:
    """Weight of all ties between each two communities, shape (count, count), 0 on the diagonal."""
    one, other = home[pairs[:, 0]], home[pairs[:, 1]]
    total = np.bincount(one * count + other, weights, minlength=count * count).reshape(count, count)
    total += total.T
    np.fill_diagonal(total, 0.0)
    return total


def _centres(between: np.ndarray) -> tuple[np.ndarray, float]:
    """Centres of the communities, shape (c, 2), and the distance from one to the next."""
    count = len(between)
    if count <= 3:  # each is the neighbour of each
        return _ring(count), 1.0
    wanted = _spectral(between)
    if count <= RING:
        around = np.argsort(np.arctan2(wanted[:, 1], wanted[:, 0]), kind="stable")
        return _ring(count)[np.argsort(around)], 1.0
    from scipy.optimize import (
        linear_sum_assignment,
    )  # takes a third of a second to load, and small worlds do not need it

    spots = _honeycomb(count)
    wanted *= np.sqrt((spots**2).sum(1).mean() / (wanted**2).sum(1).mean())
    distance = ((wanted[:, None] - spots[None]) ** 2).sum(axis=2)
    return spots[linear_sum_assignment(distance)[1]], 1.0


def _ring(count: int) -> np.ndarray:
    """``count`` points on a circle, at distance 1 from each to the next, the first on top, shape (count, 2)."""
    angle = 2 * np.pi * np.arange(count) / count + np.pi / 2
    radius = 0.5 / np.sin(np.pi / count) if count > 1 else 0.0
    return np.asarray(radius * np.stack([np.cos(angle), np.sin(angle)], axis=1))


def _honeycomb(count: int) -> np.ndarray:
    """``count`` points of a triangular grid with sides of 1, packed around the middle, shape (count, 2)."""
    reach = int(np.sqrt(count)) + 2
    column, row = np.meshgrid(np.arange(-reach, reach + 1), np.arange(-reach, reach + 1))
    grid = np.stack([(column + 0.5 * row).ravel(), (row * np.sqrt(3) / 2).ravel()], axis=1)
    packed = [_nearest(grid - offset, count) for offset in _OFFSETS]
    return min(packed, key=lambda points: float(np.round((points**2).sum(axis=1).max(), 6)))


def _nearest(points: np.ndarray, count: int) -> np.ndarray:
    """The points nearest the middle, shifted so that they are centred."""
    distance, angle = np.round((points**2).sum(axis=1), 6), np.arctan2(points[:, 1], points[:, 0])
    chosen = points[np.lexsort((np.round(angle, 6), distance))[:count]]
    return np.asarray(chosen - chosen.mean(axis=0))


def _spectral(between: np.ndarray) -> np.ndarray:
    """A plane in which communities with many ties are close: two eigenvectors of the normalised Laplacian."""
    degree = np.maximum(between.sum(axis=1), 1e-9)
    normalised = between / np.sqrt(degree[:, None] * degree[None, :])
    vectors = np.linalg.eigh(normalised)[1][:, [-2, -3]]
    signs = np.sign(vectors[np.abs(vectors).argmax(axis=0), [0, 1]])  # eigenvectors have no sign of their own
    return np.asarray(vectors * signs)


def _within(home: np.ndarray, pairs: np.ndarray, weights: np.ndarray, count: int) -> np.ndarray:
    """The place of each person within their community, in its unit disc, shape (n, 2)."""
    order = np.argsort(home, kind="stable")
    sizes = np.bincount(home, minlength=count)
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    rank = np.empty(len(home), np.int64)
    rank[order] = np.arange(len(home)) - first[home[order]]
    most = int(sizes.max())
    inside = home[pairs[:, 0]] == home[pairs[:, 1]]
    one, other = pairs[inside].T
    pull = np.zeros((count, most, most), np.float32)
    np.add.at(pull, (home[one], rank[one], rank[other]), weights[inside].astype(np.float32))
    pull += pull.transpose(0, 2, 1)
    known = pull.sum(axis=2)[home, rank]
    middle = np.lexsort((rank, -known, home))  # people with most ties start in the middle
    seat = np.empty(len(home), np.int64)
    seat[middle] = np.arange(len(home)) - first[home[middle]]
    at = np.zeros((count, most, 2), np.float32)
    at[home, rank] = _sunflower(seat, sizes[home])
    there = np.arange(most)[None, :] < sizes[:, None]
    return np.asarray(_settled(at, pull, there)[home, rank])


def _sunflower(seat: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Even seats in a unit disc, the first in the middle, shape (n, 2) (Vogel 1979, Math. Biosci. 44:179)."""
    angle, radius = seat * np.pi * (3 - np.sqrt(5)), np.sqrt((seat + 0.5) / of)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _settled(at: np.ndarray, pull: np.ndarray, there: np.ndarray) -> np.ndarray:
    """The places after a few steps of forces, shape (communities, seats, 2).

    People are pushed away from people nearby and pulled to the middle of their friends, and stay in the disc.
    """
    sizes = there.sum(axis=1).astype(np.float32)
    ideal = (1.7 / np.sqrt(np.maximum(sizes, 1.0)))[:, None, None]  # between neighbours in a full disc
    share = pull / np.maximum(pull.sum(axis=2, keepdims=True), 1e-9)
    others = there[:, None, :] & there[:, :, None] & ~np.eye(there.shape[1], dtype=bool)
    for step in range(STEPS):
        away = at[:, :, None, :] - at[:, None, :, :]
        distance = np.sqrt((away**2).sum(axis=3)) + 1e-6
        push = np.where(others, np.maximum(ideal - distance, 0.0) / distance, 0.0)
        moved = 0.35 * (push[..., None] * away).sum(axis=2)
        moved += 0.25 * (1 - step / STEPS) * (share @ at - at) * (pull.sum(axis=2, keepdims=True) > 0)
        at = at + moved.astype(np.float32)
        at /= np.maximum(np.sqrt((at**2).sum(axis=2, keepdims=True)), 1.0)
    return at
