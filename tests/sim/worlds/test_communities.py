"""Communities found in a log."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sim.worlds.communities import communities
from tests.sim.worlds.checks import few


def planted(rng: np.random.Generator, blocks: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of people of whom four in five are of one block, the blocks being runs of ids."""
    one = rng.integers(0, blocks * size, 20 * blocks * size)
    near = one // size * size + rng.integers(0, size, len(one))
    two = np.where(rng.random(len(one)) < 0.8, near, rng.integers(0, blocks * size, len(one)))
    pairs = np.unique(np.column_stack([np.minimum(one, two), np.maximum(one, two)])[one != two], axis=0)
    return pairs[:, 0], pairs[:, 1]


def test_planted_communities_are_found() -> None:
    low, high = planted(np.random.default_rng(1), blocks=12, size=100)
    once = np.ones(len(low), int)
    label = communities(low=low, high=high, contacts=once, people=1_200, size=110, seed=1)
    largest_part = [np.bincount(block).max() for block in label.reshape(12, 100)]
    assert np.mean(largest_part) > 80
    assert (label == communities(low=low, high=high, contacts=once, people=1_200, size=110, seed=1)).all()


@few
@given(seed=st.integers(0, 2**32), people=st.integers(2, 300), density=st.floats(0.3, 6), size=st.integers(4, 60))
def test_communities_have_about_the_size(seed: int, people: int, density: float, size: int) -> None:
    rng = np.random.default_rng(seed)
    ends = rng.integers(0, people, (int(density * people) + 1, 2))
    pairs = np.unique(np.sort(ends[ends[:, 0] != ends[:, 1]]), axis=0).reshape(-1, 2)
    contacts = rng.geometric(0.3, len(pairs))
    label = communities(low=pairs[:, 0], high=pairs[:, 1], contacts=contacts, people=people, size=size, seed=seed)
    sizes = np.bincount(label)
    assert sizes.min() > 0
    assert sizes.max() <= 1.5 * size
    assert (sizes < size / 2).sum() <= 1, "small ones are put together"


def test_a_few_who_are_left_over_join_the_smallest_community() -> None:
    cliques = [
        (10 * block + a, 10 * block + b) for block in range(3) for a in range(9) for b in range(a + 1, 9 + block // 2)
    ]
    pairs = np.array([*cliques, (30, 31)])
    ids = np.unique(pairs, return_inverse=True)[1].reshape(pairs.shape)
    ones = np.ones(len(pairs), int)
    label = communities(low=ids[:, 0], high=ids[:, 1], contacts=ones, people=ids.max() + 1, size=10, seed=1)
    assert sorted(np.bincount(label)) == [9, 10, 11]
    assert label[-1] == label[-2]
