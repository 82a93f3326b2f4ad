"""A like opens the receiver's door and leaves no trace; a door counts less for gestures on higher rungs."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import sim
from sim.model import rules
from sim.state.population import NOBODY
from tests.sim.model.closed_forms import RUNG, quick, quiet, row_of, shares


def after_a_day(world: sim.World, parameters: sim.Parameters, *extra: sim.Gesture) -> sim.World:
    return sim.simulate(world, days=1, seed=1, parameters=parameters, extra=extra).world


def some_pairs(world: sim.World, count: int) -> list[tuple[int, int]]:
    """Pairs (sender, receiver) of ties, of all strengths."""
    rows = np.flatnonzero((world.ties["other"] != NOBODY) & (world.ties["acquaintance"] == 0))
    rows = rows[np.argsort(world.ties["last_two_way"][rows], kind="stable")]
    rows = rows[np.linspace(0, len(rows) - 1, count).astype(int)]
    return [(int(world.owners()[row]), int(world.ties["other"][row])) for row in rows]


def test_a_like_opens_the_door_and_leaves_every_trace_untouched(world: sim.World) -> None:
    """Against the same run without it, to the bit: nothing but the receiver's door and count of tries moves."""
    parameters = quiet(gestures={"like": {"noticed": 1}})
    without = after_a_day(world, parameters)
    for sender, receiver in some_pairs(world, 12):
        after = after_a_day(world, parameters, sim.Gesture(day=0, kind="like", sender=sender, receiver=receiver))
        row = row_of(world, receiver, sender)
        moved = {difference.split(":")[0] for difference in after.differences(without)}
        assert moved <= {"ties.openness", "ties.opened", "ties.opened_by", "ties.unanswered"}
        assert np.flatnonzero(after.ties != without.ties).tolist() == [row]
        door = after.ties[row]
        assert (door["openness"], door["opened"], door["opened_by"]) == (1, world.day, RUNG["like"])
        assert door["unanswered"] == 0
        rest = [name for name in door.dtype.names if name not in ("openness", "opened", "opened_by", "unanswered")]
        assert (door[rest] == without.ties[row][rest]).all()


def test_a_like_that_nobody_notices_changes_nothing(world: sim.World) -> None:
    parameters = quiet(gestures={"like": {"noticed": 0}})
    without = after_a_day(world, parameters)
    for sender, receiver in some_pairs(world, 3):
        extra = sim.Gesture(day=0, kind="like", sender=sender, receiver=receiver)
        assert after_a_day(world, parameters, extra).differences(without) == []


def test_words_do_leave_traces_with_both(world: sim.World) -> None:
    """The same comparison tells a message from a like."""
    parameters = quiet(gestures={"message": {"noticed": 1}})
    without = after_a_day(world, parameters)
    sender, receiver = some_pairs(world, 3)[1]
    after = after_a_day(world, parameters, sim.Gesture(day=0, kind="message", sender=sender, receiver=receiver))
    changed = np.flatnonzero((after.ties["traces"] != without.ties["traces"]).any(axis=1))
    assert sorted(changed) == sorted([row_of(world, sender, receiver), row_of(world, receiver, sender)])


@quick
@given(shares, st.integers(0, 4), st.integers(0, 4))
def test_a_door_halves_with_each_rung_above_the_one_that_opened_it(openness: float, rung: int, opened_by: int) -> None:
    expected = openness if rung <= opened_by else openness / 2 ** (rung - opened_by)
    assert rules.door(openness, rung, opened_by) == expected
