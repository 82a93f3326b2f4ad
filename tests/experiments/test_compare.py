from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.compare import ENOUGH_WORLDS, TOO_FEW, minutes, paired_differences, resampled_means


def table(**arms: np.ndarray) -> pd.DataFrame:
    return pd.concat(
        [
            pd.DataFrame({"scenario": name, "replicate": np.arange(len(values)), "ties": values})
            for name, values in arms.items()
        ],
        ignore_index=True,
    )


def test_a_constant_shift_is_exact() -> None:
    base = np.random.default_rng(1).normal(3, 2, 30)
    found = paired_differences(table(wait=base, notes=base + 0.5), "ties").loc["notes"]
    assert found[["difference", "low", "high"]].to_list() == pytest.approx([0.5, 0.5, 0.5], abs=1e-12)
    assert found["worlds"] == 30
    assert found["fewer_runs"] > 1e20
    assert found["note"] == ""


def test_a_known_difference() -> None:
    base, extra = np.array([1.0, 5.0, 3.0, 9.0]), np.array([1.0, 2.0, 3.0, 2.0])
    found = paired_differences(table(wait=base, notes=base + extra), "ties").loc["notes"]
    assert found["difference"] == 2.0
    assert 1.0 <= found["low"] < 2.0 < found["high"] <= 3.0
    assert found["fewer_runs"] == pytest.approx((np.var(base + extra) + np.var(base)) / np.var(extra))
    assert found["note"] == TOO_FEW


def test_pairing_saves_what_arms_share() -> None:
    random = np.random.default_rng(2)
    world = random.normal(0, 3, 4_000)
    runs = table(wait=world + random.normal(0, 1, 4_000), notes=world + random.normal(0, 1, 4_000))
    assert paired_differences(runs, "ties", resamples=2_000)["fewer_runs"].loc["notes"] == pytest.approx(10, rel=0.15)
    apart = table(wait=random.normal(0, 1, 4_000), notes=random.normal(0, 1, 4_000))
    assert paired_differences(apart, "ties", resamples=2_000)["fewer_runs"].loc["notes"] == pytest.approx(1, rel=0.1)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(3)
    trials, worlds, truth = 400, 20, 0.7
    covered = 0
    for _ in range(trials):
        base = random.normal(0, 2, worlds)
        runs = table(wait=base, notes=base + truth + random.normal(0, 1, worlds))
        found = paired_differences(runs, "ties", resamples=2_000).loc["notes"]
        covered += found["low"] <= truth <= found["high"]
    assert 0.89 <= covered / trials <= 0.97  # a percentile interval of 20 worlds is a little too narrow


def test_resampled_means_have_the_spread_of_a_mean() -> None:
    values = np.random.default_rng(4).exponential(1, 50)
    means = resampled_means(values, 20_000)
    assert means.mean() == pytest.approx(values.mean(), abs=0.01)
    assert means.std() == pytest.approx(values.std() / np.sqrt(50), rel=0.03)


def test_missing_outcomes_leave_out_their_world_alone() -> None:
    base = np.array([1.0, 2.0, np.nan, 4.0])
    arm = np.array([2.0, np.nan, 4.0, 5.0])
    found = paired_differences(table(wait=base, notes=arm), "ties").loc["notes"]
    assert (found["difference"], found["worlds"]) == (1.0, 2)


def test_one_world_or_none_has_no_interval() -> None:
    one = paired_differences(table(wait=np.array([1.0]), notes=np.array([3.0])), "ties").loc["notes"]
    assert one["difference"] == 2.0
    assert np.isnan(one[["low", "high", "fewer_runs"]].to_numpy(float)).all()
    none = paired_differences(table(wait=np.array([1.0]), notes=np.array([np.nan])), "ties").loc["notes"]
    assert np.isnan(none["difference"])
    assert none["worlds"] == 0


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), worlds=st.integers(2, ENOUGH_WORLDS + 5))
def test_the_order_of_rows_and_arms_changes_nothing(seed: int, worlds: int) -> None:
    random = np.random.default_rng(seed)
    runs = table(wait=random.normal(size=worlds), a=random.normal(size=worlds), b=random.normal(size=worlds))
    first = paired_differences(runs, "ties", resamples=2_000)
    shuffled = paired_differences(runs.sample(frac=1, random_state=seed), "ties", resamples=2_000)
    pd.testing.assert_frame_equal(first, shuffled.loc[first.index], check_exact=True)
    alone = paired_differences(runs[runs["scenario"] != "b"], "ties", resamples=2_000)
    pd.testing.assert_frame_equal(first.loc[["a"]], alone, check_exact=True)
    assert (first["note"] == (TOO_FEW if worlds < ENOUGH_WORLDS else "")).all()


def test_unknown_names_are_refused() -> None:
    runs = table(wait=np.ones(2), notes=np.ones(2))
    with pytest.raises(ValueError, match="no 'tys' among"):
        paired_differences(runs, "tys")
    with pytest.raises(ValueError, match="no 'idle' among"):
        paired_differences(runs, "ties", baseline="idle")
    with pytest.raises(ValueError, match="2,000 at least"):
        paired_differences(runs, "ties", resamples=100)
    with pytest.raises(ValueError, match="duplicate"):
        paired_differences(pd.concat([runs, runs]), "ties")


def test_an_arm_that_spends_too_little_is_marked() -> None:
    runs = pd.DataFrame(
        {
            "scenario": ["wait", "notes", "event", "event"],
            "replicate": [0, 0, 0, 1],
            "minutes_filled": [0.0, 100.0, 100.0, 100.0],
            "minutes_spent": [0.0, 97.0, 50.0, 60.0],
            "minutes_refused": [0.0, 3.0, 0.0, 0.0],
            "spent_share": [np.nan, 0.97, 0.85, 0.9],
        }
    )
    found = minutes(runs)
    assert found["idle"].to_dict() == {"wait": False, "notes": False, "event": True}
    assert found.loc["event", ["filled", "spent", "refused"]].to_list() == [100.0, 55.0, 0.0]
