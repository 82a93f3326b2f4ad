"""What the benchmark of a graphics card finds in two runs: none differing counts only if one that did would be seen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from benchmarks.gpu import names_of, only_in_one, ties_that_differ
from sim.engine.day import Core

WORLD = sim.worlds.generated(people=40, burn_in_years=0.1, seed=1)
NUMBERS = ("traces", "liking", "openness", "unanswered")
OTHERS = ("mirror", "last_contact", "post_seen", "acquaintance")


@settings(max_examples=40)
@given(row=st.integers(0, len(WORLD.ties) - 1), column=st.sampled_from(NUMBERS))
def test_one_bit_of_one_tie_is_seen(row: int, column: str) -> None:
    other = WORLD.copy()
    values = other.ties[column].reshape(len(other.ties), -1)
    values[row, 0] = np.nextafter(values[row, 0] + np.float32(1), np.float32(np.inf), dtype=np.float32)
    mine = WORLD.copy()
    mine.ties[column].reshape(len(mine.ties), -1)[row, 0] += np.float32(1)
    differ, largest = ties_that_differ(mine, other)
    assert differ == 1
    assert 0.0 < largest < 2e-7


@pytest.mark.parametrize("column", OTHERS)
def test_a_day_or_a_flag_that_differs_is_seen_and_is_no_rounding(column: str) -> None:
    other = WORLD.copy()
    other.ties[column][3] += 1
    assert ties_that_differ(WORLD, other) == (1, 0.0)


def test_a_gesture_that_one_lacks_is_seen() -> None:
    record = Core(WORLD, seed=1).step()
    names = names_of(record)
    assert len(names) == len(record.sent) > 1
    assert only_in_one(names, names) == 0
    assert only_in_one(names, names[1:]) == 1
    changed = record.sent.copy()
    changed["second"][0] += 1
    assert only_in_one(names, names_of(record._replace(sent=changed))) == 2
