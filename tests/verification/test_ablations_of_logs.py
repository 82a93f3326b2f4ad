from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import sim
from experiments.logs.levels import presence
from verification.ablations_of_logs import MECHANISMS, NEW, compared, harmful, most_needed, without

LEVELS = sim.Parameters(
    sitting_prompts=3.0, sitting_same=0.5, hour_activity=(0.0,) * 12 + (1.0,) * 12,
    weekday_activity=(1.0,) * 5 + (0.1,) * 2,
    channel_levels=(2.0, 3.0), channel_level_days=50.0, arriving_share=0.4, leaving_rate=0.002, responsiveness_sd=1.0,
    routine_new=0.2, quick_share=0.3, answer_strength=1.0, unobserved_activity=0.4,
)  # fmt: skip


def test_each_mechanism_changes_parameters_and_the_new_ones_go_back_to_their_defaults() -> None:
    usual = sim.Parameters()
    for name, values in MECHANISMS.items():
        assert without(LEVELS, values) != LEVELS, name
    for values in NEW.values():
        found = without(LEVELS, values)
        assert [getattr(found, name) for name in values] == [getattr(usual, name) for name in values]


def test_activity_is_not_divided_by_presence_if_everybody_is_there() -> None:
    found = without(LEVELS, NEW["arriving and leaving"])
    there = presence(np.array([25.0, 75.0]), 0.4, LEVELS.arriving_days, 0.002)
    assert found.channel_levels == pytest.approx(tuple(np.array([2.0, 3.0]) * there))
    assert without(LEVELS, NEW["sittings"]).channel_levels == LEVELS.channel_levels


def test_what_is_lost_and_gained_is_named() -> None:
    whole = {"all": 3, "met": frozenset("abc")}
    found = compared({"all": 2, "met": frozenset("cd")}, whole)
    assert (found["change"], found["lost"], found["gained"]) == (-1, ["a", "b"], ["d"])


def test_the_most_needed_are_those_that_cost_most_over_logs() -> None:
    rows = pd.DataFrame({
        "mechanism": ["hours", "sittings", "weekdays", "new ties"] * 2 + ["spells"],
        "change": [-1, -9, 0, 4, -2, 1, -4, 5, -40],
    })  # fmt: skip
    assert most_needed(rows) == ["sittings", "weekdays", "hours"]
    assert harmful(rows) == ["new ties"]
