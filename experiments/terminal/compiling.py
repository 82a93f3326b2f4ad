"""Compile the model once: one process does it, and others wait and show its progress.

Importing `sim` compiles the functions with explicit signatures; the first simulated days compile the rest. For this
reason, this module imports `sim` and Numba only when it is its turn to compile.
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

FUNCTIONS = 380  # approximate number of compiled functions; only used to show progress
_RULES = "sim.model.rules"  # some of its functions, and of those that it imports, are compiled when they are defined
IMPORTED, COMPILED = "imported", "compiled"  # the two stages, each recorded by a marker file
LOCK = "rekindle.lock"  # the process that holds the lock compiles, and writes its progress into the file
SECONDS_BETWEEN_LOOKS = 0.1
ELSEWHERE = "in another process"


def _silent(done: int, total: int, note: str = "", /) -> None:
    """Ignore the progress."""


def load_model(progress: Report = _silent) -> None:
    """Import the rules, compiling what their import compiles unless another process has; see `compile_model`."""
    _once(IMPORTED, lambda: import_module(_RULES), progress)
    import_module(_RULES)


def compile_model(progress: Report = _silent) -> None:
    """Compile the model in this thread, or wait for another process or thread that does.

    If the file system has no locks, processes that start together each compile, and each succeeds.

    Args:
        progress: called with the functions compiled so far and their approximate total, plus a note while another
            process compiles; at least once a second while waiting. Its exceptions end the work and propagate.
    """
    load_model(progress)
    _once(COMPILED, _live_a_little, progress)


def is_compiled() -> bool:
    """Whether the current model has been compiled completely, for this machine."""
    return _file_of(COMPILED).exists() and any(folder_of_compiled().rglob("outreach.*.nbi"))


def is_imported() -> bool:
    """Whether the model can be imported without compiling."""
    return _file_of(IMPORTED).exists()


def folder_of_compiled() -> Path:
    """The folder of compiled code: ``NUMBA_CACHE_DIR`` if it is set, else a folder in this program's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("NUMBA_CACHE_DIR") or Path(cache) / "rekindle" / "compiled")


def _file_of(stage: str) -> Path:
    """The marker file of a stage; its name is a hash of everything that compiled code depends on."""
    from llvmlite import binding

    # Like Numba: size and modification time of the sources, and the processor.
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
    """Do work that compiles, unless it was done before or another process does it in the meantime."""
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
    """Acquire the lock of a file, waiting if necessary. The kernel releases it if a process dies."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.open("a+", encoding="ascii")
    except OSError:  # like Numba, continue without a writable folder
        yield None
        return
    with lock:
        while not _taken(lock):
            progress(_read(lock), FUNCTIONS, ELSEWHERE)
            time.sleep(SECONDS_BETWEEN_LOOKS)
        yield lock


def _taken(lock: IO[str]) -> bool:
    """Whether this process now has the lock, or the file system has no locks."""
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
    """The number of functions that another process has compiled so far."""
    lock.seek(0)
    text = lock.read()
    return int(text) if text.isdecimal() else 0


def _written_down(progress: Report, lock: IO[str] | None) -> Report:
    """A report that also writes the progress into the lock file, for the processes that wait."""

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
    """Report each function that Numba compiles inside this context."""
    from numba.core import event

    done = _compiled_before()

    class Counter(event.Listener):
        """Listener that counts compiled functions."""

        def on_start(self, event: Any) -> None:
            """Ignore the start of a compilation."""

        def on_end(self, event: Any) -> None:
            nonlocal done
            if event.data["dispatcher"].py_func.__module__.startswith("sim."):  # Numba also compiles its own functions
                done += 1
                progress(done, max(done, FUNCTIONS))

    progress(done, FUNCTIONS)
    with event.install_listener("numba:compile", Counter()):
        yield


def _compiled_before() -> int:
    """The number of functions of this version in the folder, for example after an interrupted compilation.

    The folder may also contain other versions, whose code is older than the newest source.
    """
    newest = max(source.stat().st_mtime for source in _sources())
    compiled = [file for file in folder_of_compiled().rglob("*.nbc") if file.stat().st_mtime >= newest]
    return min(FUNCTIONS - 1, len(compiled))


def _live_a_little() -> None:
    """Simulate a tiny world to compile what a run, a view of a run and a replayed contact log need."""
    import numpy as np
    import pandas as pd

    import sim

    world = sim.worlds.generated(people=40, burn_in_years=0, seed=1)
    sim.simulate(world, days=2, strategy="check_in", adopters=3, seed=1, log=True, focal=[(0, 1)])
    sim.Simulation(world, seed=1).see(np.zeros((1, 2), np.int32), np.zeros(1, np.int32))
    sim.worlds.replayed(pd.DataFrame({"source": ["Ann", "Bob"], "target": ["Bob", "Ann"], "time": [0, 90_000]}))
