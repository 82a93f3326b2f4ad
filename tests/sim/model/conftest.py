"""A world for the tests of rules, which read it and change copies only."""

from __future__ import annotations

import pytest

import sim
from tests.sim.model.closed_forms import NUMBERS


@pytest.fixture(scope="session")
def world() -> sim.World:
    """Ordinary people after half a year of ordinary life, on the weekly day."""
    grown = sim.worlds.generated(
        people=100, burn_in_years=0.5, seed=3, parameters=sim.Parameters(**NUMBERS), cache=False
    )
    assert grown.day % 7 == 0
    return grown
