from __future__ import annotations

from importlib.util import find_spec

import pytest

import sim

if find_spec("solara") is None or find_spec("altair") is None:
    pytest.skip("the extra watch is not installed", allow_module_level=True)

from experiments.watch.mesa_page import WatchedModel


def test_a_seed_that_was_typed_is_a_number() -> None:
    typed, given = WatchedModel(people=50, seed="43"), WatchedModel(people=50, seed=43)
    assert typed.run_seed == given.run_seed == 43
    assert typed.to_world() == given.to_world()


def test_what_is_published_is_of_the_day_that_is_over() -> None:
    model = WatchedModel(people=50, adopters=5)
    world = sim.worlds.generated(people=50, burn_in_years=1, seed=1)
    for _ in range(5):
        model.step()
    assert model.published.day == 5
    run = sim.simulate(world, days=5, strategy="check_in", adopters=5, seed=1)
    assert model.to_world() == run.world
    assert model.published.reconnected == run.measures.scalars["reconnected"]
    assert len(model.published.picture.people) == 50
