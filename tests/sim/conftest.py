"""What all tests of the model share."""

from __future__ import annotations

from collections.abc import Iterator

import numba
import pytest

from sim.engine import sorting
from sim.runtime import soundness


@pytest.fixture(autouse=True, scope="session")
def small_worlds_are_shared() -> Iterator[None]:
    """Threads share the work on worlds of any size, as they do on large ones, so small tests can have several.

    Each module that reads the constant has its own copy. `test_threads_share_the_days_of_small_worlds` and
    `test_threads_share_the_check_of_small_worlds` fail where one of them is left out.
    """
    with pytest.MonkeyPatch.context() as patched:
        for module in (sorting, soundness):
            patched.setattr(module, "WORTH_SHARING", 0)
        yield


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """One thread, unless a test asks for more, as those of threads do.

    Two workers with two threads each on two processors wait for each other, and waiting costs more than the work.
    """
    numba.set_num_threads(1)
