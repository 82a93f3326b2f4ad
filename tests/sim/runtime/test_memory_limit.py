"""What does not fit is refused beforehand, in words."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim
from sim.measures import AT_RISK
from sim.runtime import memory_limit
from sim.state.population import TIE


def test_the_records_are_as_large_as_is_said() -> None:
    assert AT_RISK.itemsize == memory_limit._CANDIDATE
    assert TIE.itemsize + np.dtype("i4").itemsize + np.dtype("f4").itemsize == memory_limit._POOL


@given(people=st.integers(2, 10_000_000), ties=st.integers(10, 250), years=st.floats(0, 20))
def test_more_of_anything_takes_more(people: int, ties: int, years: float) -> None:
    def needed(people: int, ties: int, years: float) -> int:
        return memory_limit.to_generate(people, years, sim.Parameters(ties_at_start=ties))

    least = needed(people, ties, years)
    assert people * ties * TIE.itemsize < least
    assert least <= min(
        needed(2 * people, ties, years), needed(people, 2 * ties, years), needed(people, ties, years + 1)
    )


def test_what_does_not_fit_is_refused_before_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    world = sim.worlds.generated(people=1_000, burn_in_years=0)
    monkeypatch.setattr(memory_limit.psutil, "virtual_memory", lambda: SimpleNamespace(available=5 * 10**6))
    monkeypatch.setattr("sim.worlds.generate.born", None)
    with pytest.raises(memory_limit.NotEnoughMemoryError, match=r"A world of 2,000,000 people needs about \d+\.\d GB"):
        sim.worlds.generated(people=2_000_000, burn_in_years=0)
    with pytest.raises(
        memory_limit.NotEnoughMemoryError, match=r"A run of 1,000 people needs .+, but only 0\.0 GB are free\."
    ):
        sim.simulate(world, days=1, seed=1)
