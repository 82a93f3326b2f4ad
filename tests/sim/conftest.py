"""What all tests of the model share."""

import pytest

from sim.engine import sorting


@pytest.fixture(autouse=True, scope="session")
def small_worlds_are_shared() -> None:
    """Threads share the work on small worlds, too, which otherwise one does alone: so tests see them work together."""
    sorting.WORTH_SHARING = 0
