"""Compile the model in two processes at once: one alone takes two minutes, during which no test can begin.

The second process does the evening of a day, in a folder of its own. Numba's folders must not be written
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
            without_the_evening(work)
            other.wait()
        finally:
            other.kill()
            other.wait()
        take_over(Path(beside), folder)
    work()  # compiles whatever is still missing, such as everything if the other process failed


def without_the_evening(work: Callable[[], object]) -> None:
    """Do the work on days on which gestures are made but never come in."""
    import numpy as np

    from sim.engine import day
    from sim.state.population import BOOKING, GESTURE

    def come_in(*_: Any) -> Any:
        none, no_pairs = np.zeros(0, GESTURE), np.zeros(0, np.int64)
        return none, none, no_pairs, no_pairs, none, np.zeros(0, BOOKING)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(day, "come_in", come_in)
        work()


def the_evening() -> None:
    """Let gestures come in, with the types that a day gives them; and make room, as on a day of most tests."""
    import numpy as np

    import sim
    from sim.engine.day import Core, come_in, grow_blocks, room_for, shared, with_room, with_sizes
    from sim.state.population import GESTURE, MEETING

    core = Core(sim.worlds.generated(people=40, burn_in_years=0, seed=1, cache=False), seed=1)
    met, none = np.zeros(0, MEETING), np.zeros(0, GESTURE)
    with shared(40):
        come_in(core.state, met, (none, none, none, none, none), np.zeros(0, np.int64), core.day, core.seed)
        crowded = np.zeros(0, np.int32)
        state = with_room(with_sizes(core.state, crowded), room_for(core.state.people, crowded))
        grow_blocks(state, crowded)


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
    the_evening()
