from __future__ import annotations

import pytest
from hypothesis import settings

# The same examples every time, so that a change alone can break the tests. `make explore` looks for new ones.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile("repeatable")


def pytest_configure(config: pytest.Config) -> None:
    """Compile the core once, before the workers of pytest-xdist (and the processes of sweeps) all do so at once."""
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        import sim

        world = sim.worlds.generated(people=40, burn_in_years=0)
        sim.simulate(world, days=1, strategy="check_in", adopters=2, seed=1)
