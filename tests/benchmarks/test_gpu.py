"""What the benchmark of a graphics card finds in two runs: none differing counts only if one that did would be seen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from benchmarks.gpu import names_of, only_in_one, ties_that_differ
from sim.engine.day import Core

NUMBERS = ("traces", "liking", "openness", "unanswered")
OTHERS = ("mirror", "last_contact", "post_seen", "acquaintance")


@pytest.fixture(scope="module")
def world() -> sim.World:
    return sim.worlds.generated(people=40, burn_in_years=0.1, seed=1)


@settings(max_examples=40)
@given(where=st.floats(0, 1, exclude_max=True), column=st.sampled_from(NUMBERS))
def test_one_bit_of_one_tie_is_seen(world: sim.World, where: float, column: str) -> None:
    other, row = world.copy(), int(where * len(world.ties))
    values = other.ties[column].reshape(len(other.ties), -1)
    values[row, 0] = np.nextafter(values[row, 0] + np.float32(1), np.float32(np.inf), dtype=np.float32)
    mine = world.copy()
    mine.ties[column].reshape(len(mine.ties), -1)[row, 0] += np.float32(1)
    differ, largest = ties_that_differ(mine, other)
    assert differ == 1
    assert 0.0 < largest < 2e-7


@pytest.mark.parametrize("column", OTHERS)
def test_a_day_or_a_flag_that_differs_is_seen_and_is_no_rounding(world: sim.World, column: str) -> None:
    other = world.copy()
    other.ties[column][3] += 1
    assert ties_that_differ(world, other) == (1, 0.0)


def test_a_gesture_that_one_lacks_is_seen(world: sim.World) -> None:
    record = Core(world, seed=1).step()
    names = names_of(record)
    assert len(names) == len(record.sent) > 1
    assert only_in_one(names, names) == 0
    assert only_in_one(names, names[1:]) == 1
    changed = record.sent.copy()
    changed["second"][0] += 1
    assert only_in_one(names, names_of(record._replace(sent=changed))) == 2
