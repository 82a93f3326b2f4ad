"""What holds over draws of the assumed numbers, on made-up effects of which the truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from experiments.analysis import plausible
from experiments.analysis.plausible import (
    NEEDED,
    chance_best,
    conditional,
    dependence,
    draws_to_decide,
    hangs_on,
    judged,
    noise_by_size,
    noise_ratio,
    share_above,
    winner,
)
from experiments.analysis.verdicts import Estimate, Verdict

quick = settings(max_examples=15, deadline=None)


def spiked(draws: int, seed: int = 1) -> np.ndarray:
    """True effects, of which 40% are 0 and the others skewed."""
    random = np.random.default_rng(seed)
    return np.where(random.random(draws) < 0.4, 0.0, 0.5 + random.exponential(1, draws))


def noisy(true: np.ndarray, noise: float, worlds: int = 1, seed: int = 2) -> np.ndarray:
    return true[:, None] + noise * np.random.default_rng(seed).normal(size=(len(true), worlds))


def levels_of(draws: int, numbers: int = 20, seed: int = 3) -> pd.DataFrame:
    points = np.random.default_rng(seed).random((draws, numbers))
    return pd.DataFrame(points, columns=[f"number_{k}" for k in range(numbers)])


# The share above a threshold


@quick
@given(st.integers(0, 1_000), st.sampled_from([0.0, 1e-9, 1e-4]), st.sampled_from([-1.0, 0.003, 0.303, 1.003, 99.0]))
def test_without_noise_the_share_is_that_of_the_effects(seed: int, noise: float, threshold: float) -> None:
    true = np.round(spiked(60, seed), 2)
    found = share_above(true[:, None], threshold, noise)
    assert found.raw.value == (true > threshold).mean()
    assert found.deconvolved.value == pytest.approx(found.raw.value, abs=1e-9)


def test_an_effect_that_equals_the_threshold_is_not_above_it() -> None:
    effects = np.array([[0.0, 0.0], [1.0, 1.0], [0.0, 0.0], [2.0, 2.0]])
    assert share_above(effects, 0.0).deconvolved.value == 0.5
    assert share_above(effects, 1.0).deconvolved.value == 0.25
    assert share_above(effects, 0.0, 1e-9).deconvolved.value == pytest.approx(0.5)


def test_several_worlds_are_worth_one_with_less_noise() -> None:
    effects = noisy(spiked(80), 0.5)
    assert share_above(np.repeat(effects, 4, axis=1), 0.3, 1.0) == share_above(effects, 0.3, 0.5)


def test_the_best_normal_distribution_has_the_largest_likelihood() -> None:
    random = np.random.default_rng(12)
    errors = random.uniform(0.5, 2, 400)
    means = random.normal(1, 1, 400) + errors * random.normal(size=400)

    def loss(centre: float, spread: float) -> float:
        return -stats.norm.logpdf(means, centre, np.hypot(spread, errors)).sum()

    best = optimize.minimize(lambda both: loss(*both), [0, 2], method="Nelder-Mead").x
    assert plausible._normal_fit(means, errors) == pytest.approx(best, abs=0.01)


def test_draws_that_tell_nothing_leave_the_share_to_those_that_tell() -> None:
    """Half of 100 precise draws are above. The others have much noise, although their effects happen to agree."""
    effects = np.concatenate([np.tile([-1.0, 1.0], 50), np.zeros(300)])[:, None]
    noise = np.repeat([0.01, 50.0], [100, 300])
    assert share_above(effects, 0.5, noise).deconvolved.value == pytest.approx(0.5, abs=0.02)


def test_the_order_of_draws_and_worlds_does_not_matter() -> None:
    effects = noisy(spiked(80), 0.5, worlds=3)
    shuffled = np.random.default_rng(0).permutation(effects)[:, ::-1]
    one, other = share_above(effects, 0.3), share_above(shuffled, 0.3)
    assert other.deconvolved.value == pytest.approx(one.deconvolved.value)
    assert other.raw.value == one.raw.value


@quick
@given(st.sampled_from([0.1, 3.0, 1_000.0]), st.sampled_from([-5.0, 0.0, 7.0]))
def test_shifting_and_scaling_everything_changes_nothing(factor: float, shift: float) -> None:
    effects = noisy(spiked(80), 0.5)
    one = share_above(effects, 0.3, 0.5).deconvolved
    other = share_above(factor * effects + shift, factor * 0.3 + shift, factor * 0.5).deconvolved
    assert other == pytest.approx(one, abs=1e-6)


def test_the_share_falls_with_the_threshold() -> None:
    effects = noisy(spiked(100), 0.5)
    thresholds = np.linspace(effects.min() - 0.1, effects.max() + 0.1, 30)
    found = [share_above(effects, threshold, 0.5) for threshold in thresholds]
    assert (np.diff([one.raw.value for one in found]) <= 0).all()
    assert (np.diff([one.deconvolved.value for one in found]) <= 0.01).all(), "up to the width of a cell"
    assert found[0].deconvolved.value == pytest.approx(1)
    assert found[-1].deconvolved.value == pytest.approx(0)


@pytest.mark.parametrize("worlds", [1, 3])
def test_noise_pulls_the_raw_share_to_one_half_and_the_true_one_is_closer(worlds: int) -> None:
    true, noise = spiked(600), 0.5 * np.sqrt(worlds)
    found = share_above(noisy(true, noise, worlds), 0.25, noise if worlds == 1 else None)
    truth = (true > 0.25).mean()
    assert abs(found.deconvolved.value - truth) < 0.05 < abs(found.raw.value - truth)
    assert found.deconvolved.low < truth < found.deconvolved.high
    assert found.deconvolved.low < found.deconvolved.value < found.deconvolved.high


def test_noise_may_differ_by_draw() -> None:
    """Effects are 0 or 1. Half of the draws have little noise, so that they show it."""
    random = np.random.default_rng(4)
    true = (random.random(400) < 0.3).astype(float)
    noise = np.repeat([0.05, 1.5], 200)
    effects = (true + noise * random.normal(size=400))[:, None]
    truth = true.mean()
    assert abs(share_above(effects, 0.5, noise).deconvolved.value - truth) < 0.06
    assert abs(share_above(effects, 0.5, noise[::-1]).deconvolved.value - truth) > 0.06, "with the noise of others"


def test_a_share_of_draws_that_agree_has_the_interval_of_clopper_and_pearson() -> None:
    found = share_above(np.ones((30, 1)), 0, 0.0).raw
    assert (found.value, found.high, found.worlds) == (1, 1, 30)
    assert found.low == pytest.approx(stats.binomtest(30, 30).proportion_ci().low)
    none = share_above(-np.ones((30, 1)), 0, 0.0).raw
    assert (none.value, none.low) == (0, 0)
    assert none.high == pytest.approx(stats.binomtest(0, 30).proportion_ci().high)


def test_the_interval_of_a_share_without_noise_is_close_to_the_binomial_one() -> None:
    effects = np.repeat([1.0, -1.0], [120, 80])[:, None]
    found, exact = share_above(effects, 0, 0.0).raw, stats.binomtest(120, 200).proportion_ci()
    assert found.low == pytest.approx(exact.low, abs=0.01)
    assert found.high == pytest.approx(exact.high, abs=0.01)
    assert found.low <= exact.low + 1e-9
    assert found.high >= exact.high - 1e-9


def test_missing_worlds_and_draws_are_left_out() -> None:
    effects = noisy(spiked(50), 0.5, worlds=3)
    holes = np.vstack([effects, np.full((5, 3), np.nan)])
    assert share_above(holes, 0.3) == share_above(effects, 0.3)
    holes[::2, 2] = np.nan
    assert share_above(holes, 0.3).raw.value == (np.nanmean(holes[:50], axis=1) > 0.3).mean()
    assert share_above(np.full((4, 2), np.nan), 0).deconvolved.worlds == 0


def test_noise_of_one_world_must_be_given_and_effects_have_two_axes() -> None:
    with pytest.raises(ValueError, match="the noise must be given"):
        share_above(np.ones((4, 1)), 0)
    with pytest.raises(ValueError, match=r"must be \(draws, worlds\)"):
        share_above(np.ones(4), 0, 1.0)


def test_the_ratio_of_noise_is_that_of_standard_deviations() -> None:
    true = np.random.default_rng(5).normal(0, 2, 5_000)
    assert noise_ratio(noisy(true, 1.0), 1.0) == pytest.approx(0.5, rel=0.05)
    assert noise_ratio(noisy(true, 2.0, worlds=4)) == pytest.approx(0.5, rel=0.05)
    assert noise_ratio(true[:, None], 0.0) == 0
    assert noise_ratio(true[:, None], 5.0) == np.inf


# The best arm


def three_arms(draws: int, noise: float, worlds: int = 2) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The shares in which each of three arms is truly the best, and their noisy effects."""
    random = np.random.default_rng(6)
    true = random.normal(size=(draws, 1)) * 3 + random.normal([0, 0.5, 1], 1, (draws, 3))
    effects = true[:, None, :] + noise * random.normal(size=(draws, worlds, 3))
    return np.bincount(true.argmax(axis=1), minlength=3) / draws, {
        name: effects[:, :, k] for k, name in enumerate("abc")
    }


@pytest.mark.parametrize("noise", [0.0, 1e-6])
def test_without_noise_an_arm_is_as_often_the_best_as_it_is(noise: float) -> None:
    truth, effects = three_arms(100, noise)
    found = chance_best(effects, noise)
    assert [one.value for one in found.values()] == pytest.approx(truth, abs=1e-9)
    assert all(one.low < share < one.high for one, share in zip(found.values(), truth, strict=True))


def test_noise_takes_less_from_the_best_arm_than_from_its_raw_share() -> None:
    truth, effects = three_arms(2_000, 3.0)
    raw = np.bincount(np.stack([arm.mean(axis=1) for arm in effects.values()]).argmax(axis=0), minlength=3) / 2_000
    found = np.array([one.value for one in chance_best(effects).values()])
    assert found.sum() == pytest.approx(1)
    assert truth[2] - raw[2] > 0.08
    assert found == pytest.approx(truth, abs=0.06)


def test_noise_that_arms_share_does_not_matter() -> None:
    truth, effects = three_arms(200, 0.0, worlds=3)
    shared = np.random.default_rng(7).normal(0, 50, (200, 3))
    found = chance_best({name: arm + shared for name, arm in effects.items()})
    assert [one.value for one in found.values()] == pytest.approx(truth, abs=0.02)


def test_arms_that_are_equal_share_every_draw_and_dropping_the_order_changes_nothing() -> None:
    values = np.random.default_rng(8).normal(size=(40, 1))
    assert [one.value for one in chance_best({"a": values, "b": values}, 0.0).values()] == [0.5, 0.5]
    _, effects = three_arms(60, 1.0)
    turned = {name: arm[::-1] for name, arm in effects.items()}
    one, other = chance_best(effects), chance_best(turned)
    assert [share.value for share in other.values()] == pytest.approx([share.value for share in one.values()])


def test_worlds_without_an_arm_are_left_out_and_one_world_needs_the_noise() -> None:
    _, effects = three_arms(30, 1.0, worlds=3)
    holes = {name: arm.copy() for name, arm in effects.items()}
    holes["a"][:, 2] = np.nan
    assert chance_best(holes) == chance_best({name: arm[:, :2] for name, arm in effects.items()})
    with pytest.raises(ValueError, match="the noise must be given"):
        chance_best({name: arm[:, :1] for name, arm in effects.items()})
    nothing = {"a": np.full((3, 1), np.nan)}
    assert np.isnan(chance_best(nothing)["a"].value)


def test_the_covariance_of_noise_may_be_given() -> None:
    _, effects = three_arms(50, 1.0)
    assert chance_best(effects, 1.0) == chance_best(effects, np.eye(3))
    one = {name: arm[:, :1] for name, arm in effects.items()}
    four = {name: np.repeat(arm, 4, axis=1) for name, arm in one.items()}
    assert chance_best(four, 2.0) == chance_best(one, 1.0), "four worlds halve the noise"


@pytest.mark.parametrize(
    ("shares", "name"),
    [
        ({"a": (0.95, 0.91), "b": (0.05, 0.03)}, "a"),
        ({"a": (0.9, 0.851), "b": (0.1, 0.06)}, "a"),
        ({"a": (0.89, 0.87), "b": (0.11, 0.06)}, None),
        ({"a": (1.0, 0.8), "b": (0.0, 0.0)}, None),
        ({}, None),
    ],
)
def test_an_arm_wins_if_it_is_the_best_in_90_percent(shares: dict[str, tuple[float, float]], name: str | None) -> None:
    assert winner({arm: Estimate(value, low, 1, 300) for arm, (value, low) in shares.items()}) == name


# What an effect depends on


def test_partial_rank_correlations_are_those_of_residuals() -> None:
    levels, random = levels_of(60, 4), np.random.default_rng(9)
    outcome = levels["number_1"] - 2 * levels["number_2"] ** 3 + random.normal(size=60) / 2
    found = hangs_on(levels, outcome.to_numpy()[:, None], count=4)
    ranks, y = levels.rank(), outcome.rank()
    for name, row in found.iterrows():
        others = np.column_stack([np.ones(60), ranks.drop(columns=name)])
        left = [one - others @ np.linalg.lstsq(others, one, rcond=None)[0] for one in (ranks[name], y)]
        correlation = np.corrcoef(*left)[0, 1]
        assert row["importance"] == pytest.approx(abs(correlation))
        assert row["direction"] == np.sign(correlation)
    assert list(found.index[:2]) == ["number_1", "number_2"]
    assert list(found["direction"][:2]) == [1, -1]
    assert list(found["named"]) == [True, True, False, False]


@pytest.mark.parametrize("draws", [300, 100])
def test_numbers_that_matter_are_named_among_140(draws: int) -> None:
    levels, random = levels_of(draws, 140), np.random.default_rng(10)
    signal = 3 * (levels["number_7"] > 0.6) - 4 * levels["number_90"]
    found = hangs_on(levels, (signal + random.normal(size=draws) / 2).to_numpy()[:, None])
    assert set(found.index[:2]) == {"number_7", "number_90"}
    assert found.loc["number_7", "direction"] == 1
    assert found.loc["number_90", "direction"] == -1
    assert found["named"].to_list() == [True, True, False]


def test_with_few_draws_per_number_most_that_matter_are_named_although_chance_is_as_wide() -> None:
    """188 draws of 150 numbers, of which three matter; partial correlations would leave 38 degrees of freedom."""
    right = wrong = 0
    for seed in range(6):
        levels, random = levels_of(188, 150, seed), np.random.default_rng(seed + 50)
        signal = levels["number_0"] + 0.8 * levels["number_1"] - 0.6 * levels["number_2"]
        found = hangs_on(levels, (signal + random.normal(size=188) * signal.std()).to_numpy()[:, None], count=150)
        named = set(found.index[found["named"]])
        right += len(named & {"number_0", "number_1", "number_2"})
        wrong += len(named - {"number_0", "number_1", "number_2"})
    assert right >= 12, "of 18; partial correlations name 7"
    assert wrong <= 2


def test_noise_is_named_in_about_5_percent() -> None:
    named = 0
    for seed in range(60):
        effects = np.random.default_rng(seed).normal(size=(50, 1))
        named += hangs_on(levels_of(50, 10, seed + 100), effects)["named"].any()
    assert named <= 9, "of 60, where 3 are expected; more than 9 have a chance of 1 in 1,000"


def test_numbers_and_outcomes_without_variation_have_no_importance() -> None:
    levels = levels_of(40, 3).assign(fixed=1.0)
    found = hangs_on(levels, levels[["number_0"]].to_numpy(), count=4)
    assert found.index[0] == "number_0"
    assert found.loc["fixed"].to_list() == [0, 0, False]
    same = hangs_on(levels, np.ones((40, 2)))
    assert not same["named"].any()
    assert (same["importance"] == 0).all()


def test_a_number_and_its_mirror_have_opposite_directions() -> None:
    levels = levels_of(80, 3)
    effects = noisy(levels["number_0"].to_numpy(), 0.1)
    effects[5] = np.nan
    one = hangs_on(levels, effects).loc["number_0"]
    other = hangs_on(levels.assign(number_0=1 - levels["number_0"]), effects).loc["number_0"]
    assert other["importance"] == pytest.approx(one["importance"])
    assert (one["direction"], other["direction"]) == (1, -1)


# Where it holds


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_the_share_of_the_variance_is_that_of_the_closed_form_whatever_chance_adds(noise: float) -> None:
    """The variance of a sum is that of its parts. A world has none beside it, or as much chance as the numbers have."""
    draws, levels = 600, levels_of(600, 6)
    true = 2 * levels["number_0"] - levels["number_1"]
    effects = noisy(true.to_numpy(), noise * float(true.std()), worlds=2)
    found = dependence(levels, effects)
    for name, share in {"number_0": 0.8, "number_1": 0.2, "number_2": 0.0, "number_5": 0.0}.items():
        assert found.loc[name, "share"] == pytest.approx(share, abs=0.12 if noise else 0.06)
        assert 0 <= found.loc[name, "share_conf"] < 0.2
    assert list(found.index[:2]) == ["number_0", "number_1"]
    assert found.loc["number_0", "where_high"] - found.loc["number_0", "where_low"] == pytest.approx(4 / 3, abs=0.35)
    assert found.loc["number_1", "where_high"] - found.loc["number_1", "where_low"] == pytest.approx(-2 / 3, abs=0.35)
    assert len(found) == levels.shape[1]
    assert len(levels) == draws


def test_two_numbers_that_only_matter_together_explain_nothing_alone() -> None:
    levels = levels_of(600, 4)
    effects = (levels["number_0"] - 0.5) * (levels["number_1"] - 0.5)
    found = dependence(levels, np.column_stack([effects, effects]))
    assert found["share"].abs().max() < 0.08


def test_shares_of_the_variance_do_not_depend_on_the_unit_or_the_order_of_draws() -> None:
    levels = levels_of(100, 3)
    effects = noisy(levels["number_0"].to_numpy(), 0.3, worlds=2)
    order = np.random.default_rng(5).permutation(100)
    first, again = dependence(levels, effects), dependence(levels.iloc[order] * 7, 1000 * effects[order])
    assert first["share"].to_numpy() == pytest.approx(again["share"].to_numpy())
    assert 1000 * first["where_low"].to_numpy() == pytest.approx(again["where_low"].to_numpy())


def test_too_few_draws_and_effects_without_variation_have_no_shares() -> None:
    levels = levels_of(40, 3)
    for some, effects in ((levels[:20], np.random.default_rng(1).normal(size=(20, 2))), (levels, np.ones((40, 2)))):
        assert dependence(some, effects)[["share", "share_conf", "where_low", "where_high"]].isna().all().all()
    missing = dependence(levels, np.full((40, 2), np.nan))
    assert missing["share"].isna().all()
    assert not missing["named"].any()
    only_chance = dependence(levels, np.random.default_rng(1).normal(size=(40, 1)) + np.array([[-3.0, 3.0]]))
    assert only_chance["share"].isna().all(), "worlds of a draw differ more than draws do"
    assert only_chance["where_low"].notna().all()


def test_thirds_have_their_own_shares() -> None:
    levels = levels_of(90)
    values = levels["number_4"].to_numpy()
    effects = (values - np.quantile(values, 1 / 3))[:, None]
    found = conditional(levels, effects, 0, "number_4", 0.0)
    assert list(found.index) == ["low", "middle", "high"]
    assert list(found["share"]) == [0, 1, 1]
    assert list(found["draws"]) == [30, 30, 30]
    assert found.loc["low", "least"] == values.min()
    assert found.loc["low", "most"] < found.loc["middle", "least"]
    assert found.loc["high", "most"] == values.max()


def test_numbers_with_few_levels_are_split_by_them() -> None:
    levels = pd.DataFrame({"switch": [0, 1] * 20, "step": np.arange(40) % 3})
    effects = levels[["switch"]].to_numpy(float)
    found = conditional(levels, effects, 0.5, "switch", 0.0)
    assert found["share"].to_dict() == {"low": 0, "high": 1}
    assert list(conditional(levels, effects, 0.5, "step", 0.0)["least"]) == [0, 1, 2]


def test_the_noise_of_thirds_is_that_of_all_draws() -> None:
    levels, effects = levels_of(60), noisy(spiked(60), 0.5, worlds=2)
    effects[0, 1] = np.nan
    spread = np.nanstd(effects, axis=1, ddof=0) ** 2 * (~np.isnan(effects)).sum(axis=1)
    pooled = np.sqrt(spread.sum() / 59)
    pd.testing.assert_frame_equal(
        conditional(levels, effects, 0.3, "number_1"), conditional(levels, effects, 0.3, "number_1", float(pooled))
    )


# Verdicts


def effects_with(share: float, draws: int) -> np.ndarray:
    return np.where(np.arange(draws) < round(share * draws), 1.0, -1.0)[:, None]


@pytest.mark.parametrize(
    ("share", "draws", "word"),
    [
        (1.0, 300, Verdict.HOLDS), (0.9, 400, Verdict.HOLDS), (0.9, 60, Verdict.UNDECIDED),
        (1.0, 10, Verdict.UNDECIDED),
        (0.88, 300, Verdict.UNDECIDED), (0.6, 300, Verdict.DEPENDS), (0.15, 300, Verdict.DEPENDS),
        (0.12, 300, Verdict.UNDECIDED), (0.1, 400, Verdict.FAILS), (0.0, 300, Verdict.FAILS),
    ],
)  # fmt: skip
def test_the_share_and_its_interval_give_the_word(share: float, draws: int, word: Verdict) -> None:
    assert judged(levels_of(draws), effects_with(share, draws), 0, 0.0).word == word


def test_the_sentence_gives_the_share_with_its_interval() -> None:
    found = judged(levels_of(300), effects_with(0.94, 300), 0, 0.0)
    assert found.share is not None
    assert found.sentence == f"holds in 94% ({found.share.low:.0%} to {found.share.high:.0%}) of plausible worlds"
    assert judged(levels_of(3), np.full((3, 1), np.nan), 0, 1.0).word == Verdict.UNDECIDED
    failed = judged(levels_of(300), effects_with(0.0, 300), 0, 0.0)
    assert failed.sentence == "fails: it holds in 0% (0% to 1%) of plausible worlds"


def test_the_sentence_says_where_a_claim_mainly_holds() -> None:
    levels = levels_of(300)
    effects = (0.6 - levels["number_3"]).to_numpy()[:, None]
    found = judged(levels, effects, 0, 0.0, {"number_3": "door half-life"})
    assert found.word == Verdict.DEPENDS
    assert found.sentence.endswith(", mainly those with low door half-life")
    assert judged(levels, effects, 0, 0.0).sentence.endswith("with low number 3")
    random = np.random.default_rng(11)
    nowhere = ", and no single number says in which"
    assert judged(levels, random.permutation(effects), 0, 0.0).sentence.endswith(nowhere)
    larger = random.permutation(np.repeat([-1, 1], 150)) + 0.9 * levels["number_3"].to_numpy()
    assert hangs_on(levels, larger[:, None]).loc["number_3", "named"]
    assert judged(levels, larger[:, None], 0, 0.0).sentence.endswith(nowhere), "it changes the size, not the sign"


def test_a_share_that_noise_hides_is_not_judged() -> None:
    random = np.random.default_rng(13)
    true = np.where(random.random(300) < 0.5, -1.0, 1.0)
    one = judged(levels_of(300), noisy(true, 1.0), 0, 1.0)
    assert one.word == Verdict.UNDECIDED
    ratio = noise_ratio(noisy(true, 1.0), 1.0)
    wide = f"noise is {ratio:.1f} times as wide as the differences between plausible worlds"
    assert one.sentence == f"undecided: {wide}; about {np.ceil(4 * ratio**2):.0f} worlds per draw would do"
    assert judged(levels_of(300), noisy(true, 1.0, worlds=4), 0).word == Verdict.DEPENDS
    assert "noise hides" in judged(levels_of(300), noisy(true, 1.0), 0, 5.0).sentence
    assert judged(levels_of(300), noisy(true + 9, 1.0), 0, 1.0).word == Verdict.HOLDS, "all the same, however noisy"


def test_what_is_undecided_says_how_many_draws_would_decide_and_they_do() -> None:
    for share in (0.93, 0.86, 0.13, 0.07):
        found = judged(levels_of(60), effects_with(share, 60), 0, 0.0)
        assert found.word == Verdict.UNDECIDED
        assert found.draws_needed is not None
        assert f"about {found.draws_needed:,} draws would decide" in found.sentence
        many = round(1.2 * found.draws_needed)
        exact = round(share * 60) / 60
        assert judged(levels_of(many), effects_with(exact, many), 0, 0.0).word != Verdict.UNDECIDED


def test_a_share_at_the_end_of_a_verdict_is_never_decided() -> None:
    assert draws_to_decide(Estimate(NEEDED - 1e-9, 0.8, 0.95, 100)) is None
    assert draws_to_decide(Estimate(0.5, 0.45, 0.55, 100)) == 100
    assert draws_to_decide(Estimate(0.95, 0.93, 0.97, 1_000)) == 1_000
    lopsided = draws_to_decide(Estimate(0.92, 0.84, 0.93, 300))
    assert lopsided is not None
    assert lopsided > 300, "the interval at hand does not decide, although it is narrow"


def test_an_interval_that_noise_makes_wider_needs_as_many_times_more_draws() -> None:
    exact = stats.binomtest(54, 60).proportion_ci()
    plain = draws_to_decide(Estimate(0.9, exact.low, exact.high, 60))
    wide = draws_to_decide(Estimate(0.9, 0.9 - 2 * (0.9 - exact.low), 0.9 + 2 * (exact.high - 0.9), 60))
    assert plain is not None
    assert wide == pytest.approx(4 * plain, rel=0.02)


def test_noise_that_grows_with_the_effect_is_told_by_size() -> None:
    """In one world, a true effect of t has the noise .15 + .35 t. Pooled noise shifts shares; that by size does not."""
    random, wrong = np.random.default_rng(1), {"pooled": [], "by size": [], "middle": []}  # type: dict[str, list[float]]
    for _ in range(20):
        true = random.gamma(1.5, 1.0, 60)
        noisy = true[:, None] + random.normal(0, 1, (60, 2)) * (0.15 + 0.35 * true)[:, None]
        by_size = noise_by_size(noisy)
        assert by_size is not None
        share, found = (true > 1).mean(), share_above(noisy, 1, by_size)
        wrong["pooled"].append(share_above(noisy, 1).deconvolved.value - share)
        wrong["by size"].append(found.deconvolved.value - share)
        wrong["middle"].append(found.middle.value - share)
        assert found.middle.value == pytest.approx((found.raw.value + found.deconvolved.value) / 2)
    biases = {name: abs(np.mean(values)) for name, values in wrong.items()}
    assert biases["by size"] < 0.06 < 0.08 < biases["pooled"]
    assert np.std(wrong["middle"]) < np.std(wrong["by size"])


def test_noise_by_size_follows_the_noise_and_needs_two_worlds_of_a_draw() -> None:
    random = np.random.default_rng(2)
    true = np.linspace(0, 10, 300)
    noisy = true[:, None] + random.normal(0, 1, (300, 2)) * (0.1 + 0.2 * true)[:, None]
    found = noise_by_size(noisy)
    assert found is not None
    assert found.at(np.array([5.0, -5.0])) == pytest.approx([1.1, 1.1], rel=0.2)
    assert found.at(np.array([1.0]))[0] < found.at(np.array([9.0]))[0]
    assert noise_by_size(noisy[:, :1]) is None
