"""The GPU engine: equal to the fast engine on the CUDA simulator, and its errors."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from numba import cuda

import sim
from sim.gpu import GpuCore
from sim.run import begin


def test_days_on_the_simulator_equal_those_of_the_fast_engine() -> None:
    """Records and worlds, bit for bit: people over capacity, notes under way, answers to answers, a full pool."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("simulated_gpu.py"))],
        env={**os.environ, "NUMBA_ENABLE_CUDASIM": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(": equal") == 6


def test_worlds_with_plans_are_refused() -> None:
    world = sim.worlds.generated(people=20, burn_in_years=0, seed=1)
    nothing = {"adopters": None, "parameters": None, "strategy_days": None, "extra": []}
    start, _ = begin(world, strategy="check_in", seed=1, **nothing)
    with pytest.raises(ValueError, match="has plans, bookings or invitations"):
        GpuCore(start, seed=1)


@pytest.mark.skipif(cuda.is_available(), reason="there is a GPU")
def test_without_a_card_it_says_what_it_takes() -> None:
    with pytest.raises(RuntimeError, match="No GPU that Numba can use"):
        GpuCore(sim.worlds.generated(people=20, burn_in_years=0, seed=1), seed=1)
