"""Labels of lines and arrows."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from experiments.figures.page import spread


@given(places=st.lists(st.floats(-50, 50), max_size=9), least=st.floats(0.1, 5), lowest=st.floats(-60, 60))
def test_labels_stand_apart_in_order_and_above_the_lowest(places: list[float], least: float, lowest: float) -> None:
    found = spread(places, least, lowest)
    order = sorted(range(len(places)), key=lambda k: places[k])
    in_turn = [found[k] for k in order]
    assert all(place >= lowest for place in in_turn)
    assert all(two - one > least - 1e-9 for one, two in pairwise(in_turn))
