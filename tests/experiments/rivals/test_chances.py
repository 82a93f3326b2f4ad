"""Chances of rivals are those of their closed forms, and right on average for a log of their own making."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from experiments.forecasts.pairs import came_back, silent_pairs
from experiments.logs.log import Log, read
from experiments.rivals import chances, hawkes, tie_decay

DAY = 86_400
PAIRS = pd.DataFrame({"low": [0], "high": [1]})


def test_a_chance_is_that_of_the_expected_contacts(monkeypatch: pytest.MonkeyPatch) -> None:
    """One pair with contacts on days 0 and 10, forecast on day 20 for 5 days."""
    past = read(pd.DataFrame({"source": [5, 7], "target": [7, 5], "time": [0, 10 * DAY]}))
    one = hawkes.Excitation(0.5, np.array([0.2]), np.array([0.1]), np.array([0.05]))
    monkeypatch.setattr(hawkes, "fitted", lambda log, scales: one)
    left = math.exp(-0.05 * 20) + math.exp(-0.05 * 10)
    expected = 0.5 * 2 / 10 * 5 + 0.3 * left * (1 - math.exp(-0.05 * 5))
    assert chances.hawkes_chances(past, PAIRS, 20, 5, 1)[0] == pytest.approx(1 - math.exp(-expected))
    monkeypatch.setattr(tie_decay, "fitted", lambda events: (0.05, 0.01))
    expected = 2 * 0.01 * left * (1 - math.exp(-0.05 * 5)) / 0.05
    assert chances.tie_decay_chances(past, PAIRS, 20, 5)[0] == pytest.approx(1 - math.exp(-expected))


def made(days: float) -> Log:
    """The log of 2,000 pairs of a tie-decay process, each with a first contact at a random time."""
    random = np.random.default_rng(4)
    brings = np.array([0.4])
    excitation = hawkes.Excitation(0.0, brings, brings, np.array([0.02]))
    way, time = hawkes.brought(excitation, 2 * np.arange(2_000), random.uniform(0, 200, 2_000), days, random)
    pair, forward = way >> 1, way % 2
    return read(pd.DataFrame({"source": 2 * pair + forward, "target": 2 * pair + 1 - forward, "time": time * DAY}))


def test_chances_are_right_for_a_log_of_their_own_making() -> None:
    """On average, and in the halves of low and high chances."""
    log = made(260.0)
    pairs = silent_pairs(log, 200, 10)
    back = came_back(log, pairs, 200, 40)
    found = chances.tie_decay_chances(log.before(200), pairs, 200, 40)
    assert found.mean() == pytest.approx(back.mean(), abs=0.04)
    high = found > np.median(found)
    for half in (high, ~high):
        assert found[half].mean() == pytest.approx(back[half].mean(), abs=0.06)
    assert back[high].mean() > back[~high].mean() + 0.1
