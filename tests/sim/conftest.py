"""What all tests of the model share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sim.engine import sorting
from sim.runtime import soundness


@pytest.fixture(autouse=True, scope="session")
def small_worlds_are_shared() -> Iterator[None]:
    """Threads share the work on worlds of any size, as they do on large ones, so that small tests see them together.

    Each module that reads the constant has its own copy. `test_threads_share_the_days_of_small_worlds` and
    `test_threads_share_the_check_of_small_worlds` fail where one of them is left out.
    """
    with pytest.MonkeyPatch.context() as patched:
        for module in (sorting, soundness):
            patched.setattr(module, "WORTH_SHARING", 0)
        yield
