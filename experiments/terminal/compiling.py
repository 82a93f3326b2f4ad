"""The model is compiled once, by one process; all others wait for it, and each can say what it waits for.

To import `sim` compiles the functions whose types are written down; the first days of a world compile the rest. So this
module imports nothing of `sim` or Numba before it is their turn.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from experiments.terminal.progress import Report

FUNCTIONS = 300  # compiled in all, about; only progress is counted by it
IMPORTED, COMPILED = "imported", "compiled"  # how far the model is: two files say so
LOCK = "rekindle.lock"  # whose holder compiles; it holds how many functions are done
SECONDS_BETWEEN_LOOKS = 0.1
ELSEWHERE = "in another process"


def _silent(done: int, total: int, note: str = "", /) -> None:
    """Tell nobody."""


def load_model(progress: Report = _silent) -> None:
    """Import `sim`; as `compile_model`, for what the import compiles."""
    _once(IMPORTED, lambda: import_module("sim"), progress)
    import_module("sim")


def compile_model(progress: Report = _silent) -> None:
    """Compile the model in this thread, or wait until another process or thread has; return at once if it is compiled.

    Where files cannot be locked, two that begin together both compile, and both succeed.

    Args:
        progress: called with the functions done and about how many there are, and a note while another process
            compiles, at least once a second while waiting. What it raises ends the work and is raised here.
    """
    load_model(progress)
    _once(COMPILED, _live_a_little, progress)


def is_compiled() -> bool:
    """Whether an earlier process has compiled the whole model as it now is, for this machine."""
    return _file_of(COMPILED).exists() and any(folder_of_compiled().rglob("day.*.nbi"))


def is_imported() -> bool:
    """Whether `sim` can be imported without compiling."""
    return _file_of(IMPORTED).exists()


def folder_of_compiled() -> Path:
    """Where compiled code lies: what ``NUMBA_CACHE_DIR`` says, or a folder in the cache of this program."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("NUMBA_CACHE_DIR") or Path(cache) / "rekindle" / "compiled")


def _file_of(stage: str) -> Path:
    """The file whose presence says that the model is so far, by all that compiled code depends on."""
    from llvmlite import binding

    # As Numba does, by size and time of the sources, and by the processor.
    parts = [sys.version, version("numba"), version("numpy"), binding.get_host_cpu_name()]
    parts.append(binding.get_host_cpu_features().flatten())
    for source in _sources():
        stat = source.stat()
        parts.append(f"{source} {stat.st_size} {stat.st_mtime_ns}")
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    return folder_of_compiled() / f"rekindle-{key}.{stage}"


def _sources() -> list[Path]:
    spec = find_spec("sim")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return sorted(Path(spec.submodule_search_locations[0]).rglob("*.py"))


def _once(stage: str, work: Callable[[], object], progress: Report) -> None:
    """Do a piece of work that compiles, unless it was done before or is done elsewhere in the meantime."""
    file = _file_of(stage)
    if file.exists():
        return
    with _turn(file.with_name(LOCK), progress) as lock:
        if not file.exists():
            with _counted(_written_down(progress, lock)):
                work()
            with suppress(OSError):
                file.touch()


@contextmanager
def _turn(path: Path, progress: Report) -> Iterator[IO[str] | None]:
    """Wait for the lock of a file and hold it; the kernel takes it from a process that dies."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.open("a+", encoding="ascii")
    except OSError:  # Numba, too, goes on without a folder that cannot be written
        yield None
        return
    with lock:
        while not _taken(lock):
            progress(_read(lock), FUNCTIONS, ELSEWHERE)
            time.sleep(SECONDS_BETWEEN_LOOKS)
        yield lock


def _taken(lock: IO[str]) -> bool:
    """Whether the lock is ours, or there are none on this file system."""
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _read(lock: IO[str]) -> int:
    """The functions that another process has compiled so far."""
    lock.seek(0)
    said = lock.read()
    return int(said) if said.isdecimal() else 0


def _written_down(progress: Report, lock: IO[str] | None) -> Report:
    """The same report, which those who wait can read, too."""

    def report(done: int, total: int, note: str = "", /) -> None:
        if lock is not None:
            with suppress(OSError):
                lock.truncate(0)
                lock.write(str(done))
                lock.flush()
        progress(done, total, note)

    return report


@contextmanager
def _counted(progress: Report) -> Iterator[None]:
    """Report each function that Numba compiles meanwhile."""
    from numba.core import event

    done = _compiled_before()

    class Counter(event.Listener):
        """Hears of each function that is compiled."""

        def on_start(self, event: Any) -> None:
            """Nothing is known yet."""

        def on_end(self, event: Any) -> None:
            nonlocal done
            if event.data["dispatcher"].py_func.__module__.startswith("sim."):  # Numba compiles some of its own, too
                done += 1
                progress(done, max(done, FUNCTIONS))

    progress(done, FUNCTIONS)
    with event.install_listener("numba:compile", Counter()):
        yield


def _compiled_before() -> int:
    """The functions that are in the folder already, as where an earlier process was stopped before it was done."""
    return min(FUNCTIONS - 1, len(list(folder_of_compiled().rglob("*.nbc"))))


def _live_a_little() -> None:
    """Let few people live through whatever is compiled for a run, a look at one, and a world from a contact log."""
    import numpy as np
    import pandas as pd

    import sim

    world = sim.worlds.generated(people=40, burn_in_years=0, seed=1)
    sim.simulate(world, days=2, strategy="check_in", adopters=3, seed=1, log=True, focal=[(0, 1)])
    sim.Simulation(world, seed=1).see(np.zeros((1, 2), np.int32), np.zeros(1, np.int32))
    sim.worlds.replayed(pd.DataFrame({"source": ["Ann", "Bob"], "target": ["Bob", "Ann"], "time": [0, 90_000]}))
