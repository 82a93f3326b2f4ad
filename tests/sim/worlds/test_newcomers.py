"""Newcomers to a world know nobody."""

from __future__ import annotations

import numpy as np
import pytest

from sim import worlds
from sim.model.parameters import Parameters
from sim.state.population import World
from tests.sim.worlds.checks import assert_sound, log_of


def test_newcomers_know_nobody(state: World) -> None:
    before = state.copy()
    world = worlds.empty(state, newcomers=5, seed=9, sociability=0.5)
    assert state == before
    assert len(world) == len(state) + 5
    assert_sound(world)
    old, fresh = world.people[:-5], world.people[-5:]
    assert (old == state.people).all()
    assert (world.ties[: len(state.ties)] == state.ties).all()
    assert (fresh["degree"] == 0).all()
    assert (fresh["regular"] == 0).all()
    assert (fresh["sociability"] == np.float32(0.5)).all()
    assert (fresh["reticence"] == np.float32(2.15)).all()
    assert (fresh["minutes_left"] == np.float32(287 * 0.5)).all()
    assert len(set(fresh["birthday"])) > 1
    assert world == worlds.empty(state, newcomers=5, seed=9, sociability=0.5)
    assert world != worlds.empty(state, newcomers=5, seed=8, sociability=0.5)


def test_newcomers_join_the_smallest_group_of_their_community() -> None:
    inside = worlds.generated(people=40, burn_in_years=0, parameters=Parameters(community_size=20, group_members=6))
    people = worlds.empty(inside, newcomers=30).people
    for newcomer in range(40, 70):
        others = people[:newcomer]
        home = others[others["community"] == people["community"][newcomer]]
        groups, sizes = np.unique(home["group"], return_counts=True)
        assert people["group"][newcomer] == groups[sizes.argmin()]


def test_newcomers_get_names_of_their_own() -> None:
    inside = worlds.replayed(log_of((7, 8, 0)))
    world = worlds.empty(worlds.empty(inside), newcomers=2, reticence=0)
    assert list(world.names) == [7, 8, "newcomer 2", "newcomer 3", "newcomer 4"]
    assert world.people["reticence"][-2:].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"newcomers": 0}, "newcomers is 0"),
        ({"sociability": -1.0}, "sociability is -1"),
        ({"reticence": -1.0}, "reticence"),
    ],
)
def test_impossible_newcomers_are_refused(state: World, arguments: dict[str, float], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        worlds.empty(state, **arguments)  # type: ignore[arg-type]
