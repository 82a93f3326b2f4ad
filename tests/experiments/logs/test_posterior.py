"""Posteriors where the answer is known: linear statistics with normal noise, for which there is a closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import sim
from experiments.logs import posterior as module
from experiments.logs.calibrate import Range
from experiments.logs.levels import MEAN
from experiments.logs.pooled import drawn_from, pooled, report, summary
from experiments.logs.posterior import (
    Evidence,
    Weighted,
    calibration,
    evidence,
    from_logit,
    held_out_places,
    places_of,
    posterior,
    quantiles_of,
    scaled,
    strangeness,
    to_logit,
)
from experiments.logs.reference_table import Design, RealLog, TableRow
from experiments.logs.simulated import Window

RANGES = (Range("memory_decay", 0.6, 1.2), Range("pull_floor", 1e-5, 1e-2), Range("spell_sd", 0.2, 1.6))
# Each statistic is a weighted sum of parameters plus noise; nothing depends on the third parameter.
SLOPES = np.array([[1.0, 0.0, 0.0], [0.5, 1.0, 0.0], [0.0, 0.8, 0.0], [0.7, -0.4, 0.0]])
NOISE = np.array([0.6, 0.8, 0.5, 1.0])
TRUTH = np.array([0.8, -0.5, 0.3])


def toy(rows: int, seed: int = 1) -> Evidence:
    """Parameters with a standard normal prior, four statistics in two logs, and observations without noise."""
    random = np.random.default_rng(seed)
    targets = random.standard_normal((rows, 3))
    features = targets @ SLOPES.T + random.standard_normal((rows, 4)) * NOISE
    columns = (("a", "gone"), ("a", "arrived"), ("b", "gone"), ("b", "arrived"))
    return Evidence(RANGES, targets, features, SLOPES @ TRUTH, columns, ())


def closed_form(kept: tuple[int, ...] = (0, 1, 2, 3)) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the posterior, given these statistics."""
    rows = list(kept)
    precision = np.diag(1 / NOISE[rows] ** 2)
    covariance = np.linalg.inv(np.eye(3) + SLOPES[rows].T @ precision @ SLOPES[rows])
    mean = covariance @ SLOPES[rows].T @ precision @ (SLOPES[rows] @ TRUTH)
    return mean, np.sqrt(np.diag(covariance))


def moments(sample: Weighted) -> tuple[np.ndarray, np.ndarray]:
    mean = sample.weights @ sample.targets
    return mean, np.sqrt(sample.weights @ (sample.targets - mean) ** 2)


@pytest.mark.parametrize(("logs", "kept"), [(("a", "b"), (0, 1, 2, 3)), (("a",), (0, 1)), (("b",), (2, 3))])
def test_the_posterior_is_that_of_the_closed_form(logs: tuple[str, ...], kept: tuple[int, ...]) -> None:
    mean, sd = closed_form(kept)
    found, spread = moments(posterior(toy(4_000).of(logs)))
    np.testing.assert_allclose(found, mean, atol=0.1)
    np.testing.assert_allclose(spread, sd, rtol=0.12)


def test_more_logs_leave_less_and_what_no_log_informs_keeps_its_prior() -> None:
    given = toy(4_000)
    both, one = (moments(posterior(given.of(logs)))[1] for logs in (("a", "b"), ("a",)))
    assert (both[:2] < one[:2]).all()
    assert both[2] == pytest.approx(1, rel=0.08)


def test_intervals_contain_the_truth_as_often_as_they_say() -> None:
    """With few rows, too, where a regression that was tested on its own rows would be too sure of itself."""
    given = toy(400)
    assert _as_often_as_they_say(calibration(given, held_out_places(given)))


def _as_often_as_they_say(found: pd.DataFrame) -> bool:
    inside = [
        found[f"coverage_{level}_low"].le(level / 100) & found[f"coverage_{level}_high"].ge(level / 100)
        for level in (50, 80, 95)
    ]
    return bool(np.all(inside) and (found["uniform"] > 1e-3).all())


@pytest.mark.parametrize("fault", ["narrow", "shifted", "unadjusted"])
def test_a_wrong_adjustment_is_noticed(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = module._adjusted

    def wrong(targets: np.ndarray, apart: np.ndarray, weights: np.ndarray) -> np.ndarray:
        if fault == "unadjusted":
            return targets
        found = right(targets, apart, weights)
        middle = weights @ found
        return middle + 0.6 * (found - middle) if fault == "narrow" else found + 0.5

    monkeypatch.setattr(module, "_adjusted", wrong)
    given = toy(400)
    found = calibration(given, held_out_places(given))
    assert not _as_often_as_they_say(found)


def test_what_depends_on_nothing_is_not_learned_by_heart() -> None:
    """With more statistics than rows, a regression could fit any parameter perfectly."""
    random = np.random.default_rng(1)
    targets, features = random.standard_normal((120, 2)), random.standard_normal((120, 300))
    features[:, 0] += 3 * targets[:, 0]
    left = targets - module._reference(targets, features).summaries
    shares = left.var(axis=0) / targets.var(axis=0)
    assert shares[0] < 0.9
    assert shares[1] < 1.1


def test_learning_from_the_rows_that_are_tested_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Summaries of rows by a regression that has seen them are too close to the truth."""
    right = module._reference

    def seen(targets: np.ndarray, features: np.ndarray) -> Any:
        reference = right(targets, features)
        own = module._fitted(features, targets)
        noise = np.random.default_rng(1).standard_normal((len(targets), 150))  # which it learns by heart
        learned = module._fitted(np.hstack([features, noise]), targets)
        summaries = learned.predicted(np.hstack([features, noise]))
        return reference._replace(summaries=summaries, regressions=(own,) * module.FOLDS)

    monkeypatch.setattr(module, "_fitted", _without_penalty(module._fitted))
    monkeypatch.setattr(module, "_reference", seen)
    given = toy(400)
    assert calibration(given, held_out_places(given))["coverage_95"].min() < 0.93


def _without_penalty(fitted: Any) -> Any:
    def free(features: np.ndarray, targets: np.ndarray) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "_PENALTIES", np.array([1e-9]))
            return fitted(features, targets)

    return free


def test_quantiles_and_places_of_a_weighted_sample() -> None:
    sample = Weighted(np.array([[3.0], [1.0], [2.0]]), np.array([0.5, 0.25, 0.25]))
    assert quantiles_of(sample, [0.375]).tolist() == [[2.0]]
    assert quantiles_of(sample, [0.0, 1.0]).tolist() == [[1.0], [3.0]]
    assert places_of(sample, np.array([2.5])).tolist() == [0.5]
    assert places_of(sample, np.array([2.0])).tolist() == [0.375]  # half of what equals it is below it


@pytest.mark.parametrize("one", RANGES)
def test_draws_stay_within_the_prior(one: Range) -> None:
    numbers = np.linspace(one.low, one.high, 7)[1:-1]
    np.testing.assert_allclose(from_logit(one, to_logit(one, numbers)), numbers, rtol=1e-12)
    ends = from_logit(one, np.array([-50.0, 50.0]))
    assert one.low <= ends[0] < ends[1] <= one.high * (1 + 1e-12)


def test_draws_are_the_posterior() -> None:
    given = toy(2_000)
    sample = posterior(given)
    found = drawn_from(given, sample, 1_000, seed=3)
    expected = summary(given, sample)
    for name in found:
        assert found[name].quantile(0.5) == pytest.approx(expected.loc[name, "median"], rel=0.1)
        assert found[name].between(expected.loc[name, "low"], expected.loc[name, "high"]).mean() == pytest.approx(
            0.95, abs=0.01
        )
    assert drawn_from(given, sample, 1_000, seed=3).equals(found)
    assert not drawn_from(given, sample, 1_000, seed=4).equals(found)


def test_statistics_are_on_the_scale_of_their_unit() -> None:
    assert scaled("gone", np.array([0.5])).tolist() == [0.0]
    assert scaled("gone", np.array([0.0])) == scaled("gone", np.array([0.001]))
    assert scaled(MEAN, np.array([1.0])).tolist() == [0.0]
    assert np.isnan(scaled("degree_q50", np.array([0.0, np.nan]))).all()
    assert scaled("hazard_slope", np.array([-0.7])).tolist() == [-0.7]


def test_a_real_log_that_no_row_is_like_is_strange() -> None:
    given = toy(1_000)
    assert strangeness(given) > 0.1
    assert strangeness(given._replace(real=given.real + np.array([9, -9, 9, -9]))) == 0


STATISTICS_OF_ROWS = ("gone", "arrived", "hazard_per_day_30_60", "hazard_slope", "degree_q50", "lopsided")


def table(rows: int) -> tuple[Design, list[TableRow]]:
    """A table of one log whose statistics follow from the parameters, some of them missing or beyond all rows."""
    random = np.random.default_rng(5)
    real = {"gone": 0.4, "arrived": 0.3, "hazard_per_day_30_60": 0.01, "hazard_slope": 7.0, "degree_q50": 9.0}
    real["lopsided"] = float("nan")
    log = RealLog("wall", real, Window(50, 90), sim.Parameters(), ())
    made = []
    for number in range(rows):
        shares = random.random(3)
        common = {one.name: float(from_logit(one, np.log(shares / (1 - shares)))[k]) for k, one in enumerate(RANGES)}
        noise = random.standard_normal(3) * 0.05
        values = {
            "gone": float(np.clip(0.2 + 0.5 * shares[0] + noise[0], 0.01, 0.99)),
            "arrived": float(np.clip(0.1 + 0.5 * shares[1] + noise[1], 0.01, 0.99)),
            "hazard_per_day_30_60": float("nan") if number % 50 == 0 else 0.01 * float(np.exp(noise[2])),
            "hazard_slope": -0.7 + float(noise[0]), "degree_q50": 9.0, "lopsided": 0.5 + float(noise[1]),
        }  # fmt: skip
        made.append(TableRow(common, {"wall": {}}, {"wall": values if number else {}}))
    return Design((log,), RANGES), made


def test_evidence_takes_the_statistics_that_log_and_rows_have() -> None:
    design, rows = table(120)
    given = evidence(design, rows)
    assert len(given.targets) == 119  # in one nobody wrote
    assert given.columns == (("wall", "gone"), ("wall", "arrived"), ("wall", "hazard_per_day_30_60"))
    assert given.beyond == (("wall", "hazard_slope"),)
    assert np.isfinite(given.features).all()
    assert given.real[0] == pytest.approx(np.log(0.4 / 0.6))


def test_a_report_says_what_is_known_and_what_is_not() -> None:
    design, rows = table(300)
    found = pooled(design, rows, draws=50)
    text = report(found)
    assert "The logs inform `memory_decay` and `pull_floor`." in text
    assert "next to nothing about `spell_sd`" in text
    assert "wall: `hazard_slope`" in text
    assert found.draws.shape == (50, 3)
    assert found.without.empty
    assert found.summary.loc["memory_decay", "median"] == pytest.approx(0.6 + 0.6 * 0.4, abs=0.03)
