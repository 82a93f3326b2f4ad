"""Scores of forecasts against the definitions, and their resamples against the draws of people that they are of."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from experiments.forecasts.scores import (
    BINS,
    SCORES,
    auc,
    brier,
    compared,
    interval,
    log_loss,
    reliability,
    resampled_scores,
    scored,
)
from sim.model.chance import DrawPurpose

few = settings(max_examples=20, deadline=None)
seeds = st.integers(0, 2**32 - 1)
DRAWS = 60


def made_up(seed: int, people: int = 24, pairs: int = 40) -> tuple[dict[str, np.ndarray], np.ndarray, pd.DataFrame]:
    """Two forecasts of pairs of people, with equals among them, and who came back; every person is in a pair."""
    random = np.random.default_rng(seed)
    ends = [random.choice(people, 2, replace=False) for _ in range(pairs)]
    ends += [np.array([person, (person + 1) % people]) for person in range(people)]
    table = pd.DataFrame(np.sort(np.array(ends), axis=1) * 7 + 3, columns=["low", "high"])  # numbers with gaps
    chances = random.choice([0.02, 0.07, 0.3, 0.35, 0.6, 0.95], (2, len(table)))
    return {"one": chances[0], "other": chances[1]}, random.random(len(table)) < 0.4, table


def weights_of(pairs: pd.DataFrame, resamples: int) -> np.ndarray:
    """How much pairs weigh in each resample of people: the product of how often their two people are drawn."""
    people = sorted({*pairs["low"], *pairs["high"]})
    random = np.random.Generator(np.random.Philox(key=[int(DrawPurpose.BOOTSTRAP), len(people)]))
    drawn = [dict(zip(people, random.multinomial(len(people), [1 / len(people)] * len(people)), strict=True))
             for _ in range(resamples)]  # fmt: skip
    return np.array([[one[low] * one[high] for low, high in pairs.to_numpy()] for one in drawn], float)


def definitions(forecast: np.ndarray, back: np.ndarray, weights: np.ndarray) -> list[float]:
    """Log loss, Brier score and AUC, pair by pair."""
    if not weights.sum():
        return [np.nan] * 3
    rows = [*zip(forecast, back, weights, strict=True)]
    surprise = sum(-weight * np.log(chance if came else 1 - chance) for chance, came, weight in rows)
    error = sum(weight * (chance - came) ** 2 for chance, came, weight in rows)
    better = both = 0.0
    for (chance, came, weight), (other, stayed, beside) in itertools.product(rows, rows):
        if came and not stayed:
            both += weight * beside
            better += weight * beside * ((chance > other) + 0.5 * (chance == other))
    return [surprise / weights.sum(), error / weights.sum(), better / both if both else np.nan]


@few
@given(seeds)
def test_scores_are_what_they_are_defined_as(seed: int) -> None:
    forecasts, back, _ = made_up(seed, pairs=4)
    alike = np.ones(len(back))
    expected = [definitions(one, back, alike) for one in forecasts.values()]
    assert scored(forecasts, back) == pytest.approx(np.array(expected), nan_ok=True)
    for one, of in zip(forecasts.values(), expected, strict=True):
        assert [log_loss(one, back), brier(one, back), auc(one, back)] == pytest.approx(of, nan_ok=True)
        weights = np.random.default_rng(seed).uniform(0, 2, len(back))
        weighted = [score(one, back, weights) for score in (log_loss, brier, auc)]
        assert weighted == pytest.approx(definitions(one, back, weights), nan_ok=True)


def test_a_resample_weighs_pairs_by_how_often_their_people_are_drawn() -> None:
    forecasts, back, pairs = made_up(1, people=20, pairs=3)
    found = resampled_scores(forecasts, back, pairs, 20)
    expected = [[definitions(one, back, weights) for one in forecasts.values()] for weights in weights_of(pairs, 20)]
    assert found == pytest.approx(np.array(expected), nan_ok=True)


def test_a_resample_without_any_pair_has_no_score() -> None:
    """Ten pairs of twenty people: now and then none of them, or one alone, is drawn whole."""
    pairs = pd.DataFrame({"low": np.arange(10), "high": np.arange(10, 20)})
    chances, back = np.linspace(0.05, 0.95, 10), np.arange(10) % 2 == 0
    with np.errstate(all="raise"):
        found = resampled_scores({"model": chances}, back, pairs, 2_000)
    weights = weights_of(pairs, 2_000)
    assert {0.0, 1.0} <= set(weights.sum(axis=1))
    expected = np.array([[definitions(chances, back, one)] for one in weights])
    assert found == pytest.approx(expected, nan_ok=True)


def test_pairs_of_twenty_people_have_intervals_and_of_nineteen_none() -> None:
    for people, known in ((19, False), (20, True)):
        forecasts, back, pairs = made_up(2, people=people)
        for table in (compared(forecasts, back, pairs, [], DRAWS), reliability(forecasts, back, pairs, DRAWS)):
            assert table[["low", "high"]].notna().all(axis=None) == known
            assert table[["low", "high"]].notna().any(axis=None) == known


@few
@given(st.lists(st.floats(-5, 5), min_size=1, max_size=60), st.integers(0, 60))
def test_an_interval_is_between_quantiles_of_what_is_known_and_needs_half(values: list[float], unknown: int) -> None:
    low, high = interval(np.array([*values, *[np.nan] * unknown]))
    if unknown <= len(values):
        assert [low, high] == pytest.approx(np.quantile(values, [0.025, 0.975]).tolist())
    else:
        assert np.isnan([low, high]).all()


def test_half_of_the_values_are_enough_for_an_interval_and_none_are_not() -> None:
    assert interval(np.array([1.0, np.nan])) == (1.0, 1.0)
    assert np.isnan(interval(np.array([1.0, np.nan, np.nan]))).all()
    assert np.isnan(interval(np.array([]))).all()
    assert np.isnan(interval(np.array([np.nan]))).all()


def test_a_comparison_has_each_forecast_and_each_difference_with_their_intervals() -> None:
    forecasts, back, pairs = made_up(3)
    forecasts["third"] = np.full(len(back), 0.4)
    found = compared(forecasts, back, pairs, ["other"], DRAWS)
    once, again = scored(forecasts, back), resampled_scores(forecasts, back, pairs, DRAWS)
    names = list(forecasts)
    rows = [(name, None) for name in names] + [("other", "one"), ("other", "third")]
    assert [(row.forecast, row.baseline, row.score) for row in found.itertuples()] == [
        (name, baseline, score) for name, baseline in rows for score in SCORES
    ]
    for row in found.itertuples():
        score, mine = SCORES.index(row.score), names.index(row.forecast)
        value, draws = once[mine, score], again[:, mine, score]
        if row.baseline is not None:
            value, draws = (
                value - once[names.index(row.baseline), score],
                draws - again[:, names.index(row.baseline), score],
            )
        assert [row.value, row.low, row.high] == pytest.approx([value, *np.quantile(draws, [0.025, 0.975])])


def test_bins_begin_where_they_say() -> None:
    """A chance on an edge is in the bin above it, and the last bin has both of its ends."""
    edges = (0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1)
    assert edges == BINS
    chances = np.array([chance for edge in edges for chance in (edge - 1e-9, edge)][1:])
    back = np.arange(len(chances)) % 3 == 0
    pairs = pd.DataFrame({"low": 0, "high": np.arange(1, len(chances) + 1)})
    found = reliability({"model": chances}, back, pairs, DRAWS)
    assert found["pairs"].tolist() == [2] * 10 + [3]
    means = [(low + high) / 2 for low, high in itertools.pairwise(edges)][:-1]
    assert found["chance"].tolist() == pytest.approx([*means, 2.9 / 3])
    assert found["observed"].tolist() == pytest.approx([back[at : at + 2].mean() for at in range(0, 20, 2)] + [1 / 3])


def test_what_came_back_in_a_bin_has_the_interval_of_its_resamples() -> None:
    forecasts, back, pairs = made_up(4)
    with np.errstate(all="raise"):
        found = reliability(forecasts, back, pairs, DRAWS).set_index(["forecast", "chance"])
    weights = weights_of(pairs, DRAWS)
    assert found["pairs"].groupby("forecast", sort=False).sum().to_dict() == {"one": len(back), "other": len(back)}
    bins = [[0.02], [0.07], [0.3, 0.35], [0.6], [0.95]]
    for name, chances in forecasts.items():
        assert len(found.loc[name]) == len(bins)
        for bin_, (chance, row) in zip(bins, found.loc[name].iterrows(), strict=True):
            inside = np.isin(chances, bin_)
            drawn = weights[:, inside]
            some = drawn.sum(axis=1) > 0
            shares = (drawn * back[inside]).sum(axis=1)[some] / drawn.sum(axis=1)[some]
            assert chance == pytest.approx(chances[inside].mean())
            assert row["pairs"] == inside.sum()
            assert row["observed"] == pytest.approx(back[inside].mean())
            assert row[["low", "high"]].to_list() == pytest.approx(np.quantile(shares, [0.025, 0.975]).tolist())


@few
@given(seed=seeds)
def test_scores_are_those_of_scikit_learn(seed: int) -> None:
    """Which sorts anew for each set of weights, and so is too slow for thousands of resamples."""
    forecasts, back, pairs = made_up(seed)
    weights = np.random.default_rng(seed).integers(0, 4, len(pairs)).astype(float)
    if len(set(back[weights > 0])) < 2:
        return
    for ours, theirs in ((log_loss, metrics.log_loss), (brier, metrics.brier_score_loss), (auc, metrics.roc_auc_score)):
        expected = theirs(back, forecasts["one"], sample_weight=weights)
        assert ours(forecasts["one"], back, weights) == pytest.approx(expected)
