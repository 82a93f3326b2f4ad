"""Memory that a day frees stays with the process."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

from sim.engine.malloc import _keep

FAULTS = """
import resource
import numpy as np
from sim.engine.malloc import keep_freed_memory
def day():
    arrays = [np.empty(20 * 2**20, np.uint8) for _ in range(8)]  # more than the library keeps by itself
    for array in arrays:
        array[::4096] = 1
for people in (1_000, 100_000):
    keep_freed_memory(people)
    for _ in range(3):
        day()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        day()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="the C library has no mallopt")
def test_memory_that_a_day_frees_stays_with_the_process() -> None:
    """Pages that the system hands out over 20 days which each free 160 MiB, in a process of its own.

    With few people it does not, for such a process would only keep what compiling had taken.
    """
    said = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True).stdout
    few, many = map(int, said.split())
    assert many < 100
    assert few > 1_000


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    _keep.__wrapped__()
