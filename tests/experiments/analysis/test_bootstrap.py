"""Weighted statistics: a weight of k is k equal units, and with all weights one they are the usual ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from experiments.analysis.bootstrap import (
    PoissonRegression,
    burstiness,
    divergences,
    kaplan_meier,
    line_slopes,
    over,
    quantiles,
    rank_correlation,
    totals,
)

few = settings(max_examples=25, deadline=None)
units = st.tuples(st.integers(0, 2**32 - 1), st.integers(3, 40))


def drawn(seed: int, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two quantities with equals among them, and multiplicities."""
    random = np.random.default_rng(seed)
    return random.integers(0, 9, number) / 2, random.integers(0, 9, number) / 2, random.integers(0, 4, number)


@few
@given(units)
def test_quantiles_of_repeated_units(asked: tuple[int, int]) -> None:
    first, _, times = drawn(*asked)
    shares = [0.1, 0.25, 0.5, 0.99]
    (found,) = quantiles(first, shares)(times[None].astype(float))
    if times.sum():
        assert found == pytest.approx(np.quantile(np.repeat(first, times), shares))
    else:
        assert np.isnan(found).all()


@few
@given(units)
def test_rank_correlation_of_repeated_units(asked: tuple[int, int]) -> None:
    first, second, times = drawn(*asked)
    (found,) = rank_correlation(first, second)(times[None].astype(float))
    x, y = np.repeat(first, times), np.repeat(second, times)
    if len(set(x)) > 1 and len(set(y)) > 1:
        assert found == pytest.approx(spearmanr(x, y).statistic)
    else:
        assert np.isnan(found)


@few
@given(units)
def test_kaplan_meier_of_repeated_units(asked: tuple[int, int]) -> None:
    durations, _, times = drawn(*asked)
    ended = np.random.default_rng(asked[0]).random(asked[1]) < 0.6
    horizons = [0.0, 1.0, 2.5, 9.0]
    (found,) = kaplan_meier(durations, ended, horizons)(times[None].astype(float))
    if not times.sum():
        assert np.isnan(found).all()
        return
    for horizon, share in zip(horizons, found, strict=True):
        left = 1.0
        for moment in sorted(set(durations[durations <= horizon])):
            at_risk = times[durations >= moment].sum()
            left *= 1 - times[(durations == moment) & ended].sum() / max(at_risk, 1)
        assert share == pytest.approx(1 - left)


@few
@given(units)
def test_a_unit_with_several_values_counts_with_each(asked: tuple[int, int]) -> None:
    """And values of one unit that are equal are as many; a unit can have none."""
    seed, number = asked
    first, second, _ = drawn(seed, number)
    random = np.random.default_rng(seed)
    ended, members = random.random(number) < 0.6, random.integers(0, 7, number)
    weights = random.integers(0, 4, (3, 9)).astype(float)
    shares, horizons = [0.1, 0.5, 0.99], [0.0, 1.0, 2.5]
    for found, alone in (
        (quantiles(first, shares, members), quantiles(first, shares)),
        (kaplan_meier(first, ended, horizons, members), kaplan_meier(first, ended, horizons)),
        (rank_correlation(first, second, members), rank_correlation(first, second)),
    ):
        assert found(weights) == pytest.approx(alone(weights[:, members]), nan_ok=True)


def test_nothing_has_no_quantiles_and_no_correlation() -> None:
    none, ended = np.zeros(0), np.zeros(0, bool)
    assert np.isnan(quantiles(none, [0.5])(np.ones((2, 0)))).all()
    assert np.isnan(kaplan_meier(none, ended, [1.0, 2.0])(np.ones((2, 0)))).all()
    assert np.isnan(rank_correlation(none, none)(np.ones((2, 0)))).all()


def test_slopes_are_those_of_weighted_least_squares() -> None:
    random = np.random.default_rng(1)
    x, y, weights = random.random((3, 2, 6))
    weights[1, 2], y[1, 2] = 0, np.nan
    found = line_slopes(x, y, weights)
    used = weights[1] > 0
    assert found[0] == pytest.approx(np.polyfit(x[0], y[0], 1, w=np.sqrt(weights[0]))[0])
    assert found[1] == pytest.approx(np.polyfit(x[1][used], y[1][used], 1, w=np.sqrt(weights[1][used]))[0])
    assert np.isnan(line_slopes(x, y, np.zeros((2, 6)))).all()


def test_divergence_of_shares() -> None:
    first, second = np.array([[1.0, 0.0], [0.5, 0.5]]), np.array([[0.0, 1.0], [0.5, 0.5]])
    assert divergences(first, second) == pytest.approx([np.log(2), 0])


def test_burstiness_of_regular_and_of_random_events() -> None:
    regular = np.arange(50.0)
    random = np.cumsum(np.random.default_rng(2).exponential(1, (400, 50)), axis=1)
    unit = np.repeat(np.arange(402), [50] * 401 + [3])
    found = burstiness(unit, np.concatenate([regular, random.ravel(), [1.0, 2.0, 2.0]]), 403, 10)
    assert found[0] == -1
    assert found[1:401].mean() == pytest.approx(0, abs=0.02)
    assert np.isnan(found[401:]).all(), "too few events, or none"


def test_burstiness_of_four_times() -> None:
    """Gaps 1, 1 and 4; two events at one time are one."""
    (found,) = burstiness(np.zeros(5, int), np.array([0.0, 1, 1, 2, 6]), 1, 4)
    r, n = np.sqrt(2) / 2, 4
    assert found == pytest.approx((np.sqrt(n + 1) * r - np.sqrt(n - 1)) / ((np.sqrt(n + 1) - 2) * r + np.sqrt(n - 1)))
    assert found == pytest.approx(-0.0795, abs=1e-4)


def test_burstiness_of_few_random_events_is_corrected() -> None:
    times = np.cumsum(np.random.default_rng(3).exponential(1, (3_000, 10)), axis=1)
    gaps = np.diff(times, axis=1)
    r = gaps.std(axis=1) / gaps.mean(axis=1)
    uncorrected = ((r - 1) / (r + 1)).mean()
    found = burstiness(np.repeat(np.arange(3_000), 10), times.ravel(), 3_000, 10).mean()
    assert uncorrected < -0.08
    assert 0.6 * uncorrected < found < 0, "of random events it would be 0 if there were many"


def test_nothing_over_nothing_is_missing() -> None:
    assert np.isnan(over(np.array([1.0, 0.0]), np.array([0.0, 0.0]))).all()
    assert totals(np.array([[2.0, 3.0]]), np.array([[1.0], [10.0]])) == 32


def regression(random: np.random.Generator, rows: int = 20_000) -> tuple[np.ndarray, ...]:
    """Events of 500 units with known effects 0.5 and -0.3 of two covariates, in three pieces."""
    piece = np.sort(random.integers(0, 3, rows))
    covariates = random.normal(0, 1, (2, rows))
    exposure = random.uniform(0.5, 2, rows)
    rates = np.array([0.1, 0.05, 0.02])[piece] * np.exp(0.5 * covariates[0] - 0.3 * covariates[1])
    events = (random.random(rows) < 1 - np.exp(-rates * exposure)).astype(float)
    return piece, covariates, events, exposure, random.integers(0, 500, rows)


def test_a_regression_finds_known_effects() -> None:
    fit = PoissonRegression(*regression(np.random.default_rng(4)), 500)
    (found,) = fit.coefficients(np.ones((1, 500)))
    assert found == pytest.approx([0.5, -0.3], abs=0.1)  # 1,300 events: a standard error of 0.03


def test_one_step_is_close_to_a_fit_of_the_repeated_rows() -> None:
    data = regression(np.random.default_rng(5))
    times = np.random.default_rng(6).multinomial(500, np.full(500, 1 / 500))
    (step,) = PoissonRegression(*data, 500).coefficients(times[None].astype(float))
    rows = np.repeat(np.arange(len(data[0])), times[data[4]])
    repeated = PoissonRegression(data[0][rows], data[1][:, rows], *(part[rows] for part in data[2:]), 500)
    (whole,) = repeated.coefficients(np.ones((1, 500)))
    (point,) = PoissonRegression(*data, 500).coefficients(np.ones((1, 500)))
    assert np.abs(step - whole).max() < 0.1 * np.abs(whole - point).max()


def test_a_covariate_that_does_not_vary_has_no_coefficient() -> None:
    piece, covariates, events, exposure, unit = regression(np.random.default_rng(7))
    still = np.vstack([covariates[:1], np.ones((1, len(piece)))])
    (found,) = PoissonRegression(piece, still, events, exposure, unit, 500).coefficients(np.ones((1, 500)))
    assert found[0] == pytest.approx(0.5, abs=0.1)
    assert np.isnan(found[1])
    twice = PoissonRegression(piece, np.vstack([covariates, covariates[:1]]), events, exposure, unit, 500)
    assert np.isnan(twice.coefficients(np.ones((1, 500)))).all(), "two covariates that are the same"
    nothing = PoissonRegression(piece, covariates, np.zeros(len(piece)), exposure, unit, 500)
    assert np.isnan(nothing.coefficients(np.ones((1, 500)))).all(), "no events"


# Closed forms and definitions ----------------------------------------------------------------------------------------


@few
@given(units, st.sampled_from([1.0, 0.001, 7.0]))
def test_several_sets_of_weights_are_each_alone_and_their_scale_does_not_matter(
    asked: tuple[int, int], scale: float
) -> None:
    first, second, _ = drawn(*asked)
    random = np.random.default_rng(asked[0])
    ended = random.random(asked[1]) < 0.6
    weights = random.integers(0, 3, (2, asked[1])).astype(float)
    weights = np.vstack([weights, np.zeros(asked[1]), np.ones(asked[1])])
    with np.errstate(all="raise"):
        for of in (rank_correlation(first, second), kaplan_meier(first, ended, [0.0, 1.0, 9.0])):
            alone = np.concatenate([of(row[None]) for row in weights])
            np.testing.assert_allclose(of(scale * weights), alone, atol=1e-9)
            assert np.isnan(alone[2]).all()
        of = quantiles(first, [0.0, 0.3, 1.0])
        np.testing.assert_allclose(of(weights), np.concatenate([of(row[None]) for row in weights]))
    x, y = random.random((2, 4, asked[1]))
    slopes = line_slopes(x, y, weights)
    alone = [line_slopes(x[[k]], y[[k]], weights[[k]])[0] for k in range(4)]
    np.testing.assert_allclose(slopes, alone, rtol=1e-6)
    np.testing.assert_allclose(line_slopes(x, y, scale * weights), slopes, rtol=1e-6)


def test_one_unit_alone() -> None:
    value, one = np.array([3.0, 5.0, 8.0]), np.array([[0.0, 0.0, 1.0]])
    assert quantiles(value, [0.0, 0.5, 1.0])(one).tolist() == [[8, 8, 8]]
    assert kaplan_meier(value, value > 0, [7.9, 8.0])(one).tolist() == [[0, 1]]
    assert np.isnan(rank_correlation(value, value)(one)).all()


def test_of_no_units_nothing_is_known() -> None:
    none, weights = np.zeros(0), np.zeros((3, 0))
    assert np.isnan(quantiles(none, [0.5, 0.9])(weights)).tolist() == [[True, True]] * 3
    assert np.isnan(kaplan_meier(none, none > 0, [1.0, 2.0])(weights)).tolist() == [[True, True]] * 3
    assert np.isnan(rank_correlation(none, none)(weights)).tolist() == [True] * 3
    assert np.isnan(quantiles(np.ones(2), [0.5])(np.zeros((1, 2)))).all()


@few
@given(st.integers(0, 2**32 - 1))
def test_two_points_make_a_line_and_one_makes_none(seed: int) -> None:
    random = np.random.default_rng(seed)
    x, y, weights = random.random((3, 1, 5)) + 0.1
    two, one = np.where(np.arange(5) < 2, weights, 0), np.where(np.arange(5) < 1, weights, 0)
    assert line_slopes(x, y, two)[0] == pytest.approx((y[0, 1] - y[0, 0]) / (x[0, 1] - x[0, 0]))
    assert np.isnan(line_slopes(x, y, one)).all()


@few
@given(st.integers(0, 2**32 - 1), st.integers(2, 5))
def test_a_divergence_is_the_mean_of_two_relative_entropies(seed: int, kinds: int) -> None:
    first, second = np.random.default_rng(seed).dirichlet(np.ones(kinds), (2, 3))
    middle = (first + second) / 2
    expected = ((first * np.log(first / middle)).sum(axis=1) + (second * np.log(second / middle)).sum(axis=1)) / 2
    assert divergences(first, second) == pytest.approx(expected)


def test_a_quotient_is_one_whatever_its_size() -> None:
    assert over(np.array([1.0, 1.0, 1.0]), np.array([0.5, 4.0, 1e-9])).tolist() == pytest.approx([2, 0.25, 1e9])
    assert np.isnan(over(np.ones(2), np.array([-1.0, 0.0]))).all()
    assert over(np.ones((2, 1)), np.ones(3)).shape == (2, 3)


def small_regression(seed: int, rows: int = 400) -> tuple[np.ndarray, ...]:
    """Events of 30 units in three pieces, of which the last has a single one."""
    random = np.random.default_rng(seed)
    piece = np.sort(random.integers(0, 3, rows))
    covariates = random.normal(0, 1, (3, rows))
    events = (random.random(rows) < 0.3).astype(float)
    events[piece == 2] = 0
    events[np.flatnonzero(piece == 2)[0]] = 1
    return piece, covariates, events, random.uniform(0.5, 2, rows), random.integers(0, 30, rows)


def derivatives(
    data: tuple[np.ndarray, ...], solution: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Gradient and negative second derivative of the weighted log likelihood, from the whole table of the design."""
    piece, covariates, events, exposure, _ = data
    table = np.column_stack([piece[:, None] == np.unique(piece), covariates.T]).astype(float)
    expected = exposure * np.exp(table @ solution)
    return table.T @ (weights * (events - expected)), (table * (weights * expected)[:, None]).T @ table


@few
@given(st.integers(0, 2**32 - 1))
def test_a_fit_is_where_the_likelihood_is_level_and_a_weighted_one_a_step_of_newtons_from_it(seed: int) -> None:
    data = small_regression(seed)
    fit = PoissonRegression(*data, 30)
    assert fit.solution is not None
    score, _ = derivatives(data, fit.solution, np.ones(len(data[0])))
    assert score == pytest.approx(0, abs=1e-7)
    assert fit.coefficients(np.ones((2, 30))) == pytest.approx(np.tile(fit.solution[3:], (2, 1)))
    weights = np.random.default_rng(seed).uniform(0.5, 1.5, (2, 30))
    found = fit.coefficients(weights)
    for row, one in zip(found, weights, strict=True):
        score, curvature = derivatives(data, fit.solution, one[data[4]])
        assert row == pytest.approx((fit.solution + np.linalg.solve(curvature, score))[3:], rel=1e-6)
    assert fit.coefficients(2 * weights) == pytest.approx(found)
    twos = np.where(weights < 1, 0.0, 2.0)
    assert fit.coefficients(twos) == pytest.approx(fit.coefficients(twos / 2), abs=1e-6)


def test_a_step_is_no_longer_than_two_logs() -> None:
    """Each unit alone: its dozen rows would send some coefficients far away."""
    data = small_regression(10)
    fit = PoissonRegression(*data, 30)
    assert fit.solution is not None
    found, steps = fit.coefficients(np.eye(30)), []
    for row, one in zip(found, np.eye(30), strict=True):
        score, curvature = derivatives(data, fit.solution, one[data[4]])
        steps.append((np.linalg.pinv(curvature, hermitian=True) @ score)[3:])
        assert row == pytest.approx(fit.solution[3:] + np.clip(steps[-1], -2, 2), abs=1e-6)
    assert np.abs(steps).max() > 3


def test_a_piece_without_an_event_changes_nothing() -> None:
    piece, covariates, events, exposure, unit = small_regression(8)
    expected = PoissonRegression(piece, covariates, events, exposure, unit, 30)
    weights = np.random.default_rng(1).uniform(0.5, 1.5, (2, 30))
    for empty in (0, 1, 3):
        at = np.searchsorted(piece, empty)
        more = [np.insert(part, at, [value] * 5) for part, value in ((events, 0.0), (exposure, 1.0), (unit, 3))]
        moved = np.insert(piece + (piece >= empty), at, [empty] * 5)
        wider = np.insert(covariates, [at] * 5, 1.7, axis=1)
        found = PoissonRegression(moved, wider, *more, 30)
        assert found.coefficients(weights) == pytest.approx(expected.coefficients(weights))


@few
@given(st.integers(0, 2**32 - 1))
def test_rows_of_one_case_have_its_covariates_and_its_unit(seed: int) -> None:
    piece, covariates, events, exposure, unit = small_regression(seed)
    events = np.where(piece == 1, 0.0, events)  # a piece without events, which is all that some cases have
    case = np.random.default_rng(seed).permutation(len(piece)) // 3
    several = PoissonRegression(
        piece, covariates[:, : case.max() + 1], events, exposure, unit[: case.max() + 1], 30, case
    )
    each = PoissonRegression(piece, covariates[:, case], events, exposure, unit[case], 30)
    weights = np.random.default_rng(seed).uniform(0.5, 1.5, (2, 30))
    for times in (weights, np.ones((2, 30))):
        assert several.coefficients(times) == pytest.approx(each.coefficients(times), rel=1e-9)


def test_a_covariate_in_other_units_has_a_coefficient_in_them() -> None:
    piece, covariates, *others = small_regression(9)
    (plain,) = PoissonRegression(piece, covariates, *others, 30).coefficients(np.ones((1, 30)))
    (large,) = PoissonRegression(piece, covariates / 50, *others, 30).coefficients(np.ones((1, 30)))
    assert large / 50 == pytest.approx(plain, abs=1e-4)
