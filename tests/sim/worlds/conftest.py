"""A world for the tests of worlds, which only read it."""

from __future__ import annotations

import pytest

from sim import worlds
from sim.model.parameters import Parameters
from sim.state.population import World


@pytest.fixture(scope="session")
def state() -> World:
    parameters = Parameters(ties_at_start=120, community_size=150)
    return worlds.generated(people=1_200, burn_in_years=0, seed=1, parameters=parameters)
