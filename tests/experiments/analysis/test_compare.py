from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.analysis.compare import (
    ALL,
    ALL_BUT_WAIT,
    ENOUGH_WORLDS,
    TOO_FEW,
    Compared,
    Contrast,
    PairingError,
    compared,
    ends_of_interval,
    level_names,
    level_text,
    minutes,
    paired_differences,
    resampled_means,
    short_levels,
)


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


def test_resampled_means_have_the_spread_of_a_mean() -> None:
    values = np.random.default_rng(4).exponential(1, 50)
    means = resampled_means(values, 20_000)
    assert means.mean() == pytest.approx(values.mean(), abs=0.01)
    assert means.std() == pytest.approx(values.std() / np.sqrt(50), rel=0.03)


@settings(max_examples=20)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=12))
def test_resampled_means_lie_between_the_extremes(values: list[int]) -> None:
    skewed = np.array([*values, 100.0])
    means = resampled_means(skewed, 2_000)
    assert skewed.min() - 1e-9 <= means.min() <= means.max() <= skewed.max() + 1e-9


def test_an_interval_is_as_wide_as_students_t_and_the_number_of_worlds_make_it() -> None:
    """By tables: the normal quantile is that of t with n - 1 degrees of freedom times the root of n / (n - 1)."""
    for worlds, t in ((2, 12.7062), (3, 4.30265), (20, 2.09302)):
        tail = NormalDist().cdf(-t * (worlds / (worlds - 1)) ** 0.5)
        assert ends_of_interval(worlds) == pytest.approx((tail, 1 - tail), rel=1e-3)
    assert ends_of_interval(100_000) == pytest.approx((0.025, 0.975), abs=1e-4)
    assert ends_of_interval(1) == (0, 1)


def test_twenty_worlds_are_enough_and_nineteen_too_few() -> None:
    for worlds, note in ((19, TOO_FEW), (20, "")):
        values = np.arange(float(worlds))
        assert paired_differences(table(wait=values, notes=values[::-1]), "ties")["note"].to_list() == [note]
        assert against(side((1, values)), side((1, values[::-1]))).rows["note"].to_list() == [note]


@pytest.mark.parametrize("large", [[1e6, 1e6 + 1e-9], [-1e6 - 1e-9, -1e6]])
def test_differences_that_are_the_same_but_for_rounding_are_the_same(large: list[float]) -> None:
    none, some = np.zeros(2), np.array(large)
    assert paired_differences(table(wait=some, notes=none), "ties")["fewer_runs"].to_list() == [np.inf]
    assert paired_differences(table(wait=none, notes=some), "ties")["fewer_runs"].to_list() == [np.inf]
    assert paired_differences(table(wait=none, notes=none), "ties")["fewer_runs"].to_list() == [np.inf]


def test_missing_outcomes_leave_out_their_world_alone() -> None:
    base = np.array([1.0, 2.0, np.nan, 4.0])
    arm = np.array([2.0, np.nan, 4.0, 5.0])
    found = paired_differences(table(wait=base, notes=arm), "ties").loc["notes"]
    assert (found["difference"], found["worlds"]) == (1.0, 2)


def test_one_world_or_none_has_no_interval() -> None:
    one = paired_differences(table(wait=np.array([1.0]), notes=np.array([3.0])), "ties").loc["notes"]
    assert (one["difference"], one["worlds"]) == (2.0, 1)
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
    with pytest.raises(ValueError, match="at least 2,000"):
        paired_differences(runs, "ties", resamples=100)
    with pytest.raises(ValueError, match="duplicate"):
        paired_differences(pd.concat([runs, runs]), "ties")


def test_an_arm_that_spends_too_little_is_marked() -> None:
    runs = pd.DataFrame(
        {
            "scenario": ["wait", "notes", "event", "event"],
            "replicate": [0, 0, 0, 1],
            "minutes_planned": [0.0, 100.0, 100.0, 100.0],
            "minutes_used": [0.0, 97.0, 50.0, 60.0],
            "minutes_lost": [0.0, 3.0, 0.0, 0.0],
            "used_share": [np.nan, 0.97, 0.85, 0.9],
        }
    )
    found = minutes(runs)
    assert found["idle"].to_dict() == {"wait": False, "notes": False, "event": True}
    assert found.loc["event", ["planned", "used", "lost"]].to_list() == [100.0, 55.0, 0.0]
    assert found.index.to_list() == ["wait", "notes", "event"], "in order of appearance"


@pytest.mark.parametrize(
    ("filled", "spent", "share", "idle"),
    [
        (0.5, 0.0, np.nan, True),
        (0.8, 0.5, np.nan, False),
        (0.0, 0.0, np.nan, False),
        (100.0, 90.0, 0.9, False),
        (100.0, 89.0, 0.89, True),
        (100.0, 0.0, 0.95, True),
    ],
)
def test_who_is_idle(filled: float, spent: float, share: float, idle: bool) -> None:
    runs = {"minutes_planned": filled, "minutes_used": spent, "minutes_lost": 0.0, "used_share": share}
    assert minutes(pd.DataFrame([{"scenario": "notes", **runs}]))["idle"].to_list() == [idle]


# Two sides, A and B ------------------------------------------------------------------------------------------------


def side(*levels: tuple[object, np.ndarray], spent: float = 1.0) -> pd.DataFrame:
    """Runs of one side: at each level of ``ease``, values by world."""
    frames = [
        pd.DataFrame({"ease": level, "replicate": range(len(values)), "world_seed": range(len(values)), "ties": values})
        for level, values in levels
    ]
    spending = {"minutes_planned": 100.0, "minutes_used": 100 * spent, "minutes_lost": 0.0, "used_share": spent}
    return pd.concat(frames, ignore_index=True).assign(**spending)


def against(a: pd.DataFrame, b: pd.DataFrame, *within: str) -> Compared:
    return compared([Contrast("a", "b", a, b, within)], ["ties"], resamples=2_000)


outcomes = st.integers(2, 30).flatmap(
    lambda worlds: st.tuples(*[st.lists(st.integers(-400, 400), min_size=worlds, max_size=worlds)] * 2)
)


@settings(max_examples=25)
@given(outcomes)
def test_a_from_b_mirrors_b_from_a(values: tuple[list[int], list[int]]) -> None:
    a, b = (side((1, np.array(one) / 20)) for one in values)
    there, back = against(a, b).rows.iloc[0], against(b, a).rows.iloc[0]
    assert there["difference"] == pytest.approx(-back["difference"], abs=1e-12)
    assert there["difference"] == pytest.approx(there["a_mean"] - there["b_mean"], abs=1e-12)
    assert [there["low"], there["high"]] == pytest.approx([-back["high"], -back["low"]], abs=1e-12)
    assert there["fewer_runs"] == pytest.approx(back["fewer_runs"])
    assert there["low"] - 1e-12 <= there["difference"] <= there["high"] + 1e-12


@settings(max_examples=15)
@given(outcomes, st.integers(0, 2**32 - 1))
def test_the_order_of_runs_changes_no_comparison(values: tuple[list[int], list[int]], seed: int) -> None:
    one, other = (np.array(each) / 20 for each in values)
    a = side((1, one), (2, other), (3, one / 7))
    b = side((1, other), (2, one / 3), (3, other * 1.1))
    mixed = (runs.sample(frac=1, random_state=seed) for runs in (a, b))
    rows, again = against(a, b, "ease").rows.set_index("level"), against(*mixed, "ease").rows.set_index("level")
    pd.testing.assert_frame_equal(rows, again.loc[rows.index], check_exact=True)


@settings(max_examples=25)
@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=30), st.floats(-50, 50))
def test_the_same_difference_in_each_world_has_no_width(values: list[float], shift: float) -> None:
    base = np.array(values)
    row = against(side((1, base + shift)), side((1, base))).rows.iloc[0]
    assert row[["difference", "low", "high"]].to_list() == pytest.approx([shift] * 3, abs=1e-9)
    assert row["fewer_runs"] == np.inf


def test_levels_of_the_same_worlds_make_no_interval_narrower() -> None:
    """Worlds and not runs are the units; `verification.coverage` counts how often such intervals contain the truth."""
    random = np.random.default_rng(5)
    base, difference = random.normal(0, 2, 25), random.normal(0.7, 1, 25)
    levels = [(level, base + level) for level in range(4)]
    shifted = [(level, values + difference) for level, values in levels]
    one = against(side(*shifted[:1]), side(*levels[:1]), "ease").rows.iloc[-1]
    mean = against(side(*shifted), side(*levels), "ease").rows.iloc[-1]
    assert mean["level"] == ALL
    assert mean[["low", "high"]].to_list() == pytest.approx(one[["low", "high"]].to_list(), abs=1e-9)


def test_levels_stand_alone_and_their_mean_is_within_worlds() -> None:
    a = side((3.0, np.array([4.0, 6.0])), (5.0, np.array([8.0, 0.0])))
    b = side((3.0, np.array([1.0, 1.0])), (5.0, np.array([2.0, 2.0])))
    found = against(a, b, "ease")
    assert found.rows["level"].to_list() == ["ease=3", "ease=5", ALL]
    assert found.rows["difference"].to_list() == [4.0, 2.0, 3.0]
    assert found.by_world[-1].to_dict() == {0: 4.5, 1: 1.5}


def test_to_wait_is_not_averaged_with_strategies() -> None:
    a = side((1, np.array([4.0, 6.0])), (2, np.array([8.0, 0.0])), (3, np.array([9.0, 9.0])))
    b = side((1, np.array([1.0, 1.0])), (2, np.array([2.0, 2.0])), (3, np.array([9.0, 9.0])))
    a, b = (runs.assign(strategy=runs["ease"].map({1: "show_up", 2: "check_in", 3: "wait"})) for runs in (a, b))
    found = against(a, b, "strategy")
    assert found.rows["level"].to_list() == ["show_up", "check_in", "wait", ALL_BUT_WAIT]
    assert found.by_world[-1].to_dict() == {0: 4.5, 1: 1.5}
    two = against(*(runs[runs["strategy"] != "show_up"] for runs in (a, b)), "strategy")
    assert two.rows["level"].to_list() == ["check_in", "wait"], "there is nothing to average"


def test_strategies_without_waiting_are_averaged_whole() -> None:
    """Whatever order the runs of each side are in, and if only one side has a strategy more."""
    a = side((1, np.array([4.0, 6.0])), (2, np.array([8.0, 0.0])), (3, np.array([7.0, 7.0])))
    b = side((2, np.array([2.0, 2.0])), (1, np.array([1.0, 1.0])))
    a, b = (runs.assign(strategy=runs["ease"].map({1: "show_up", 2: "check_in", 3: "wait"})) for runs in (a, b))
    found = against(a, b, "strategy")
    assert found.rows["level"].to_list() == ["show_up", "check_in", ALL]
    assert found.by_world[-1].to_dict() == {0: 4.5, 1: 1.5}
    mirrored = against(b, a, "strategy")
    assert mirrored.rows["level"].to_list() == ["check_in", "show_up", ALL]
    assert mirrored.by_world[-1].to_dict() == {0: -4.5, 1: -1.5}
    assert set(found.rows["a"]) == {"a"}
    assert set(found.rows["b"]) == {"b"}


def test_waiting_is_known_whatever_the_order_of_the_runs() -> None:
    a = side((3, np.array([9.0, 9.0])), (1, np.array([4.0, 6.0])), (2, np.array([8.0, 0.0])))
    b = side((1, np.array([1.0, 1.0])), (2, np.array([2.0, 2.0])), (3, np.array([9.0, 9.0])))
    a, b = (runs.assign(scenario=runs["ease"].map({1: "x", 2: "y", 3: "z"})) for runs in (a, b))
    a, b = (runs.assign(strategy=runs["scenario"].map({"x": "x", "y": "y", "z": "wait"})) for runs in (a, b))
    found = against(a, b, "scenario")
    assert found.rows["level"].to_list() == ["z", "x", "y", ALL_BUT_WAIT]
    assert found.by_world[-1].to_dict() == {0: 4.5, 1: 1.5}


def test_a_level_says_all_that_is_equal_in_a_pair() -> None:
    runs = pd.DataFrame({"strategy": ["wait", "show_up"], "parameters.ease": [2.0, 0.1 + 0.2], "on": [True, None]})
    assert level_names(runs, ("strategy", "parameters.ease")).to_list() == ["wait, ease=2", "show_up, ease=0.3"]
    assert level_names(runs, ("on", "strategy")).to_list() == ["on=true, wait", "on=none, show_up"]
    assert level_names(runs, ()).to_list() == ["", ""]


@pytest.mark.parametrize(
    ("level", "text"),
    [(None, "none"), (pd.NA, "none"), (np.nan, "none"), (True, "true"), (np.False_, "false"), (3, "3"), ("a", "a")],
)
def test_a_level_in_words(level: object, text: str) -> None:
    assert level_text(level) == text


@pytest.mark.parametrize(
    ("levels", "short"),
    [
        ([1 / 3, 1 / 3 + 1e-11], [0.33333333333, 0.33333333334]),
        ([1 / 3, 1 / 3 + 1e-12], [1 / 3, 1 / 3 + 1e-12]),
        ([43.333333333333336, 0.1 + 0.2, 1e6 / 3], [43.33, 0.3, 333300.0]),
        ([1.00001, 1.00002], [1.00001, 1.00002]),
        ([1 / 3, 1 / 3 + 1e-14], [1 / 3, 1 / 3 + 1e-14]),
        ([123_456, 123_457], [123_456, 123_457]),
        (["0.333333333", "a"], ["0.333333333", "a"]),
    ],
)
def test_levels_are_as_short_as_tells_them_apart(levels: list[object], short: list[object]) -> None:
    assert short_levels(pd.Series(levels)).to_list() == short


def test_a_world_that_lacks_one_of_the_two_is_left_out_and_counted() -> None:
    a = side((3, np.array([4.0, np.nan, 5.0])), (5, np.array([8.0, 0.0, 1.0])))
    b = side((3, np.array([1.0, 1.0, 2.0])), (5, np.array([2.0, 2.0])))  # and of the third world, not all
    rows = against(a, b, "ease").rows.set_index("level")
    assert rows["worlds"].to_dict() == {"ease=3": 2, "ease=5": 2, ALL: 1}
    assert rows["left_out"].to_dict() == {"ease=3": 1, "ease=5": 1, ALL: 2}
    assert rows.loc["ease=3", ["a_mean", "b_mean"]].to_list() == [4.5, 1.5]
    assert rows.loc["ease=5", ["a_mean", "b_mean"]].to_list() == [4.0, 2.0]
    assert rows.loc[ALL, "note"] == f"{TOO_FEW}; 2 worlds left out"
    assert "1 world left out" in rows.loc["ease=3", "note"]


def test_worlds_of_either_side_alone_are_left_out() -> None:
    a = side((3, np.arange(4.0)))
    b = a.assign(replicate=a["replicate"] + 1, world_seed=a["world_seed"] + 1, ties=7.0)
    for one, other in ((a, b), (b, a), (a, b.head(2)), (b.head(2), a)):
        row = against(one, other).rows.iloc[0]
        shared = len({*one["replicate"]} & {*other["replicate"]})
        assert (row["worlds"], row["left_out"]) == (shared, len({*one["replicate"]} | {*other["replicate"]}) - shared)


def test_levels_of_one_side_are_named_and_not_compared() -> None:
    contrast = Contrast(
        "a", "b", side((3, np.ones(2)), (5, np.ones(2))), side((5, np.ones(2)), (7, np.ones(2))), ("ease",)
    )
    assert contrast.levels() == ["ease=5"]
    assert contrast.one_sided() == ["ease=3", "ease=7"]
    assert compared([contrast], ["ties"]).rows["level"].to_list() == ["ease=5"]


def test_the_side_that_spends_too_little_is_marked() -> None:
    full, short = side((1, np.ones(25))), side((1, np.zeros(25)), spent=0.89)
    assert against(full, full).rows["note"].to_list() == [""]
    assert against(full, short).rows["note"].to_list() == ["B used less than 90% of the minutes"]
    assert against(short, short).rows["idle"].to_list() == ["A and B"]


def test_a_mean_is_marked_where_one_of_its_levels_spends_too_little() -> None:
    full = side((1, np.ones(25)), (2, np.ones(25)))
    short = full.assign(used_share=np.where(full["ease"] == 2, 0.5, 1.0))
    assert against(full, short, "ease").rows["idle"].to_list() == ["", "B", "B"]
    assert against(short, full, "ease").rows["idle"].to_list() == ["", "A", "A"]


def test_what_is_not_paired_is_refused() -> None:
    one = side((1, np.ones(3)))
    with pytest.raises(PairingError, match="in replicate 2 the world's seed is 2 for one and 9 for the other"):
        against(one, one.assign(world_seed=[0, 1, 9]))
    with pytest.raises(PairingError, match="b has several runs in replicate 0"):
        against(one, pd.concat([one, one]))
    with pytest.raises(PairingError, match="a has several runs in replicate 1"):
        against(pd.concat([one, one.tail(2)]), one)
    with pytest.raises(PairingError, match="share no level of ease"):
        against(one, one.assign(ease=2), "ease")
    with pytest.raises(PairingError, match="no replicate in common"):
        against(one, one.assign(replicate=one["replicate"] + 3))
