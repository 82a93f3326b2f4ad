"""All examples in the docstrings of `sim` work."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import sim

MODULES = ["sim", *(module.name for module in pkgutil.walk_packages(sim.__path__, "sim."))]
WITH_EXAMPLES = {
    "sim",
    "sim.reference.agents",
    "sim.reference.mesa_model",
    "sim.model.former_names",
    "sim.model.parameters",
    "sim.model.plausible",
    "sim.state.population",
    "sim.model.rules",
    "sim.model.strategies",
    "sim.own_outcomes",
    "sim.run",
    "sim.worlds.generate",
    "sim.worlds.newcomers",
    "sim.worlds.replay",
}


@pytest.mark.any_python
@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name))
    assert found.failed == 0
    assert (found.attempted > 0) == (name in WITH_EXAMPLES)
