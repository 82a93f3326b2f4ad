"""The limits of the machine: random and streaming access to memory, on one thread and on two.

    python -m benchmarks.machine

A day of the model touches a few cache lines of ties at random for each person, so the first number bounds its speed.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numba import njit, prange
from rich.console import Console
from rich.table import Table

GIB = 2**30
_A, _C = np.uint64(6_364_136_223_846_793_005), np.uint64(1_442_695_040_888_963_407)  # Knuth's MMIX generator


def _random_updates(words: Any, count: int, parts: int, shift: int) -> None:
    """Increment `count` independent random words; each part has its own range of the words."""
    size = len(words) // parts
    for part in prange(parts):
        mine = words[part * size : (part + 1) * size]
        x = np.uint64(part + 1)
        for _ in range(count // parts):
            x = x * _A + _C
            mine[x >> np.uint64(shift)] += np.uint64(1)


def _streamed(words: Any, parts: int) -> None:
    """Increment every word in order; each is read and written once."""
    size = len(words) // parts
    for part in prange(parts):
        for k in range(part * size, (part + 1) * size):
            words[k] += np.uint64(1)


random_updates = njit(parallel=True)(_random_updates)
streamed = njit(parallel=True)(_streamed)


@njit
def random_walk(words: Any, count: int, shift: int) -> Any:
    """Read words, each of which determines the next one to read; returns the last random number."""
    x = np.uint64(1)
    for _ in range(count):
        x = (x + words[x >> np.uint64(shift)]) * _A + _C
    return x


def seconds(work: Callable[[], object]) -> float:
    """The wall time of one call, in seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def limits(gib: float = 2.0, repeats: int = 3) -> dict[str, float]:
    """Random updates and reads per second, and bytes streamed per second, by name and threads; medians over `repeats`.

    Args:
        gib: the size of the memory to work on, a power of two.
        repeats: the number of measurements of each, taken in turn.
    """
    words = np.zeros(int(gib * GIB) // 8, np.uint64)
    bits = len(words).bit_length() - 1
    count = max(1, len(words) // 8)
    most = min(2, numba.config.NUMBA_NUM_THREADS)
    work: dict[str, tuple[Callable[[], object], float, int]] = {}
    for threads in range(1, most + 1):
        shift = 64 - bits + (threads - 1)
        update = partial(random_updates, words, count, threads, shift)
        work[f"random updates, {threads} thread{'s' * (threads > 1)}"] = update, count, threads
        work[f"streamed bytes, {threads} thread{'s' * (threads > 1)}"] = (
            partial(streamed, words, threads), 16.0 * len(words), threads
        )  # fmt: skip
    work["dependent reads, 1 thread"] = partial(random_walk, words, count // 8, 64 - bits), count // 8, 1
    speeds_of: dict[str, list[float]] = {name: [] for name in work}
    before = numba.get_num_threads()
    for turn in range(repeats + 1):
        for name, (task, amount, threads) in work.items():
            numba.set_num_threads(threads)
            speed = amount / seconds(task)
            if turn:  # the first one compiles the code and touches every page
                speeds_of[name].append(speed)
    numba.set_num_threads(before)
    return {name: float(np.median(speeds)) for name, speeds in speeds_of.items()}


def facts() -> dict[str, Any]:
    """The machine, its load, and the versions of packages that affect speed."""
    import mesa

    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB, 1),
        "load": [round(load, 2) for load in os.getloadavg()],
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": numba.__version__,
        "mesa": mesa.__version__,
    }


def _processor() -> str:
    """The name of the processor from the kernel; its architecture if the kernel gives no name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def shown(speeds: dict[str, float]) -> Table:
    """The limits as a table."""
    table = Table(title="the machine, accesses to 8 bytes in 2 GiB")
    table.add_column("")
    table.add_column("millions per second", justify="right")
    for name, speed in speeds.items():
        table.add_row(name, f"{speed / 1e6:,.0f}")
    return table


if __name__ == "__main__":
    Console().print(shown(limits()))
