"""Compile the model in two processes at once: one alone takes two minutes, during which no test can begin.

The second process does the two phases that take longest, in a folder of its own. Numba's folders must not be written
to by two processes at once: each numbers its files by an index that it has read before, so that one could end up with
the code that the other made for other types.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]  # of the repository


def in_two(work: Callable[[], object], folder: Path) -> None:
    """Do work that compiles a day of the model into the folder; half of it is done by another process."""
    with tempfile.TemporaryDirectory() as beside:
        other = subprocess.Popen(
            [sys.executable, "-m", "tests.compiled_in_two"],
            cwd=ROOT,
            env={**os.environ, "NUMBA_CACHE_DIR": beside},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            without_the_longest(work)
            other.wait()
        finally:
            other.kill()
            other.wait()
        take_over(Path(beside), folder)
    work()  # compiles whatever is still missing, such as everything if the other process failed


def without_the_longest(work: Callable[[], object]) -> None:
    """Do the work on days on which nobody reaches out and nothing settles."""
    import numpy as np

    from sim.engine import day
    from sim.state.population import GESTURE

    def reach_out(*_: Any) -> Any:
        return np.zeros(0, GESTURE), np.zeros(0, GESTURE)

    def settle(*_: Any) -> Any:
        return np.zeros(0, GESTURE), np.zeros(0, GESTURE), np.zeros(0, np.int64), np.zeros(0, np.int64)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(day, "reach_out", reach_out)
        patched.setattr(day, "settle", settle)
        work()


def the_longest() -> None:
    """Reach out and settle, with the types that a day gives them; and meet strangers, as on a day of most tests."""
    import numpy as np

    import sim
    from sim.engine.day import (
        Core,
        acquaint,
        count_in,
        grow_blocks,
        reach_out,
        room_for,
        settle,
        shared,
        with_room,
        with_sizes,
    )
    from sim.state.population import GESTURE, MEETING

    core = Core(sim.worlds.generated(people=40, burn_in_years=0, seed=1, cache=False), seed=1)
    met, none = np.zeros(0, MEETING), np.zeros(0, GESTURE)
    with shared(40):
        reach_out(core.state, met, core.day, False, core.seed)
        settle(core.state, met, (none, none, none), (none, none, none), core.day)
        strangers = np.zeros(0, np.int64)
        crowded = count_in(core.state.people, strangers)
        state = with_room(with_sizes(core.state, crowded), room_for(core.state.people, crowded))
        grow_blocks(state, crowded)
        acquaint(state, strangers, core.day, core.seed)


def take_over(source: Path, target: Path) -> None:
    """Move functions that the target does not have; those that both have may be for other types, and stay as they are.

    An index comes last: without its code it would be wrong, and code without an index is only compiled again.
    """
    for index in list(source.rglob("*.nbi")):
        there = target / index.relative_to(source)
        if not there.exists():
            there.parent.mkdir(parents=True, exist_ok=True)
            for code in index.parent.glob(f"{index.stem}.*.nbc"):
                shutil.move(code, there.parent)
            shutil.move(index, there)


if __name__ == "__main__":
    the_longest()
