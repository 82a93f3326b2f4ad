"""Outcomes at levels are what a plain groupby of the runs gives, and paired with waiting where there is waiting."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.analysis.by_level import ARM, at_levels, by_world, has_baseline, interval, means


def table(
    strategies: list[str], ease: list[float], mind: list[float], worlds: int, seed: int = 1, holes: float = 0.0
) -> pd.DataFrame:
    """Runs of a crossed design with random outcomes, some of which are missing."""
    random = np.random.default_rng(seed)
    points = list(itertools.product(ease, mind))
    rows = [
        {"replicate": world, "point": point, "strategy": strategy, "ease": one, "mind": other}
        for world in range(worlds)
        for point, (one, other) in enumerate(points)
        for strategy in strategies
    ]
    values = np.where(random.random(len(rows)) < holes, np.nan, random.normal(3, 2, len(rows)))
    return pd.DataFrame(rows).assign(kept=values)


def arms(runs: pd.DataFrame, values: pd.DataFrame, *factors: str) -> pd.DataFrame:
    levels = runs.drop_duplicates(ARM).set_index(ARM)
    return pd.DataFrame({name: [levels.reset_index().set_index(ARM, drop=False).loc[key, name] for key in values]
                         for name in factors})  # fmt: skip


designs = st.builds(
    table,
    strategies=st.sampled_from([["show_up"], ["check_in", "show_up"]]),
    ease=st.lists(st.floats(-5, 5).map(lambda level: round(level, 3)), min_size=1, max_size=4, unique=True),
    mind=st.lists(st.integers(0, 9), min_size=1, max_size=3, unique=True),
    worlds=st.integers(1, 5),
    seed=st.integers(0, 99),
)


@given(designs)
def test_means_are_those_of_a_groupby(runs: pd.DataFrame) -> None:
    """Where no run is missing, the mean of the means in each world is the mean of all runs."""
    values = by_world(runs, "kept")
    found = means(at_levels(values, arms(runs, values, "strategy", "ease")))
    plain = runs.groupby(["strategy", "ease"])["kept"].mean()
    assert len(found) == len(plain)
    for row in found.itertuples():
        assert row.value == pytest.approx(plain[row.strategy, row.ease])
        assert row.worlds == runs["replicate"].nunique()


@given(designs)
def test_with_waiting_values_are_differences_in_the_same_world_and_point(runs: pd.DataFrame) -> None:
    waits = runs.drop_duplicates(["replicate", "point"]).assign(strategy="wait", kept=lambda rows: rows["point"] * 10.0)
    both = pd.concat([runs, waits])
    values = by_world(both, "kept")
    assert has_baseline(both)
    assert "wait" not in values.columns.get_level_values("strategy")
    for run in runs.itertuples():
        assert values.loc[run.replicate, (run.point, run.strategy)] == pytest.approx(run.kept - 10 * run.point)


def test_waiting_alone_is_an_outcome_like_any_other() -> None:
    runs = table(["wait"], [1.0, 2.0], [0], 2)
    assert not has_baseline(runs)
    pd.testing.assert_series_equal(
        by_world(runs, "kept").stack(ARM, future_stack=True).sort_index().reset_index(drop=True),
        runs.set_index(["replicate", *ARM])["kept"].sort_index().reset_index(drop=True),
        check_names=False,
    )


@given(st.integers(0, 50))
def test_a_world_that_lacks_an_arm_is_left_out_of_its_mean(seed: int) -> None:
    runs = table(["show_up"], [1.0, 2.0], [0, 1, 2], 6, seed, holes=0.2)
    values = by_world(runs, "kept")
    found = means(at_levels(values, arms(runs, values, "ease"))).set_index("ease")
    for ease, there in runs.groupby("ease"):
        whole = there.groupby("replicate")["kept"].agg(lambda one: one.mean(skipna=False)).dropna()
        assert found.loc[ease, "worlds"] == len(whole)
        if len(whole):
            assert found.loc[ease, "value"] == pytest.approx(whole.mean())


def test_days_are_paired_day_by_day() -> None:
    runs = pd.concat([table(["show_up", "wait"], [1.0], [0], 3, seed).assign(day=seed) for seed in (0, 7)])
    values = by_world(runs, "kept", ["day"])
    wide = runs.pivot(index="replicate", columns=["strategy", "day"], values="kept")
    for day in (0, 7):
        np.testing.assert_allclose(values[0, "show_up", day], wide["show_up", day] - wide["wait", day])


def test_arms_are_in_the_order_of_the_design_although_some_runs_are_missing() -> None:
    runs = table(["show_up", "check_in"], [1.0, 2.0], [0, 1], 2).iloc[3:]
    assert [key[0] for key in by_world(runs, "kept")] == [0, 0, 1, 1, 2, 2, 3, 3]


def test_an_interval_needs_two_worlds_and_covers_the_mean() -> None:
    mean, low, high, worlds = interval(np.array([1.0, 2.0, 4.0, np.nan]))
    assert (mean, worlds) == (pytest.approx(7 / 3), 3)
    assert 1 <= low < mean < high <= 4
    assert interval(np.array([2.0, np.nan]))[0::3] == (2.0, 1)
    assert np.isnan(interval(np.array([2.0]))[1:3]).all()
    assert interval(np.array([np.nan]))[3] == 0
