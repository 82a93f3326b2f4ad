"""Learned chances: a compromise between a log's own past and other logs, and nothing from the future."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from experiments.forecasts import learned
from experiments.forecasts.learned import (
    COEFFICIENTS,
    FEATURES,
    MAILBOX,
    SEVERAL,
    Known,
    Prior,
    columns_of,
    fitted,
    known,
    learned_chances,
    learned_prior,
    prior_for,
    shipped_prior,
)
from experiments.forecasts.pairs import came_back, silent_pairs
from experiments.forecasts.scores import log_loss
from experiments.logs.log import Log, read_in_file_order
from tests.experiments.forecasts.test_forecast import made_up, shuffled_after

COUNT = len(COEFFICIENTS)


def made_known(seed: int, pairs: int, at: np.ndarray) -> Known:
    random = np.random.default_rng(seed)
    columns = np.column_stack([np.ones(pairs), random.normal(size=(pairs, len(at) - 1))])
    return Known(columns, random.random(pairs) < expit(columns @ at), np.ones(pairs))


def prior(mean: np.ndarray, spread: np.ndarray) -> Prior:
    return Prior(mean, spread, np.zeros(0), np.ones(0))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), pairs=st.integers(0, 300))
def test_the_most_probable_coefficients_are_where_the_posterior_is_flat(seed: int, pairs: int) -> None:
    random = np.random.default_rng(seed)
    told = prior(random.normal(size=4), random.uniform(0.05, 3, 4))
    some = made_known(seed, pairs, random.normal(0, 2, 4))._replace(weights=random.uniform(0.1, 1, pairs))
    at = fitted(some, told)
    slope = some.columns.T @ (some.weights * (some.back - expit(some.columns @ at))) - (at - told.mean) / told.spread**2
    assert np.abs(slope).max() < 1e-3 * (1 + np.abs(at / told.spread**2).max())


def test_a_log_without_a_past_has_the_prior_and_a_long_one_speaks_for_itself() -> None:
    truth, told = np.array([-1.0, 0.8, -0.5]), prior(np.array([2.0, 0.0, 1.0]), np.full(3, 0.5))
    assert fitted(made_known(1, 0, truth), told).tolist() == told.mean.tolist()
    assert fitted(made_known(1, 100_000, truth), told) == pytest.approx(truth, abs=0.05)
    some = fitted(made_known(1, 30, truth), told)
    assert truth[0] < some[0] < told.mean[0]


def test_an_answer_of_half_the_weight_counts_half() -> None:
    some, told = made_known(3, 40, np.array([0.3, -1.0])), prior(np.zeros(2), np.ones(2))
    twice = Known(*(np.concatenate([one, one]) for one in some))
    halved = twice._replace(weights=twice.weights / 2)
    assert fitted(halved, told) == pytest.approx(fitted(some, told), abs=1e-6)


def test_the_prior_of_many_logs_is_recovered() -> None:
    random = np.random.default_rng(5)
    mean, spread = np.array([-1.0, 0.5, 0.0]), np.array([0.8, 0.1, 0.4])
    logs = [made_known(k, 2_000, random.normal(mean, spread)) for k in range(60)]
    found = learned_prior(logs, prior(np.zeros(3), np.ones(3)), rounds=30)
    assert found.mean == pytest.approx(mean, abs=0.25)
    assert found.spread == pytest.approx(spread, rel=0.35)


@pytest.mark.parametrize("kind", [SEVERAL, MAILBOX])
def test_the_shipped_priors_are_sensible(kind: str) -> None:
    """More contacts and more time are better, and spreads are above 0."""
    told = shipped_prior(kind)
    assert len(told.mean) == len(told.spread) == COUNT
    assert len(told.centre) == len(told.scale) == len(FEATURES)
    assert (told.spread > 0).all()
    assert (told.scale > 0).all()
    by_name = dict(zip(COEFFICIENTS, told.mean, strict=True))
    assert by_name["days"] > 0.5
    assert by_name["active_weeks"] > 0


def test_a_mailbox_has_the_prior_of_mailboxes() -> None:
    log = read_in_file_order(made_up(people=12))
    assert prior_for(log) is shipped_prior(SEVERAL)
    first = np.arange(log.people) == 0
    assert prior_for(replace(log, observed=first)) is shipped_prior(MAILBOX)
    assert prior_for(replace(log, observed=np.arange(log.people) < 2)) is shipped_prior(SEVERAL)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), day=st.integers(40, 149))
def test_nothing_after_the_morning_is_known(seed: int, day: int) -> None:
    log = made_up(people=12)
    first, second = (read_in_file_order(one) for one in (log, shuffled_after(log, day, seed)))
    pairs = silent_pairs(first, day, 10)
    if len(pairs):
        one, other = (learned_chances(log.before(day), day, pairs, days=20, silent=10) for log in (first, second))
        assert one.tolist() == other.tolist()
        assert ((one > 0) & (one < 1)).all()


def test_earlier_pairs_teach_in_windows_whose_answers_are_known() -> None:
    """On day 150, within 30 days from day 120, 90, 60 and 30; within 20 from day 130, 110 and so on to day 30."""
    log, told = read_in_file_order(made_up(days=150)), shipped_prior(SEVERAL)
    past = log.before(150)
    for days, mornings in ((90, (120, 90, 60, 30)), (20, (130, 110, 90, 70, 50, 30))):
        length, found = min(30, days), known(past, 150, days, 25, told)
        pairs = [silent_pairs(past, morning, 25) for morning in mornings]
        back = [came_back(past, some, morning, length) for some, morning in zip(pairs, mornings, strict=True)]
        assert found.back.tolist() == np.concatenate(back).tolist()
        assert found.columns.tolist() == np.concatenate([columns_of(some, length, told) for some in pairs]).tolist()
        weights = [np.full(len(some), 0.5 ** (k / 3)) for k, some in enumerate(pairs)]
        assert found.weights == pytest.approx(np.concatenate(weights))
    assert len(known(past, 45, 30, 25, told).back) == 0, "day 15 is too early"


def test_a_longer_forecast_has_higher_chances() -> None:
    log = read_in_file_order(made_up())
    pairs = silent_pairs(log, log.end, 30)
    by_days = [learned_chances(log, log.end, pairs, days=days, silent=30) for days in (10, 30, 90, 365)]
    assert all((later > earlier).all() for earlier, later in itertools.pairwise(by_days))


def test_a_dying_channel_lowers_the_chances() -> None:
    """From day 200 on, nine contacts of ten are missing; the chance must be near what still comes back."""
    log = made_up(people=60, days=300, seed=3)
    random = np.random.default_rng(1)
    later = (log["time"] > 200 * 86_400) & (log["time"] < log["time"].max())
    dying = log[~later | (random.random(len(log)) < 0.1)]
    chances = {}
    for name, one in (("steady", log), ("dying", dying)):
        contacts = read_in_file_order(one)
        pairs = silent_pairs(contacts, 260, 30)
        chances[name] = learned_chances(contacts.before(260), 260, pairs, days=40, silent=30).mean()
        back = came_back(contacts, pairs, 260, 40).mean()
        assert chances[name] == pytest.approx(back, abs=0.06)
    assert chances["dying"] < 0.5 * chances["steady"]


def test_what_a_log_shows_of_its_own_beats_the_prior_and_the_base_rate() -> None:
    """People here differ in rate by factors, and silence says little: the opposite of most logs."""
    log: Log = read_in_file_order(made_up(people=80, days=400, seed=2))
    pairs = silent_pairs(log, 300, 30)
    back = came_back(log, pairs, 300, 90)
    told = shipped_prior(SEVERAL)
    alone = expit(columns_of(pairs, 90, told) @ told.mean)
    found = learned_chances(log.before(300), 300, pairs, days=90, silent=30)
    assert log_loss(found, back) < log_loss(alone, back)
    assert log_loss(found, back) < log_loss(np.full(len(back), back.mean()), back)


def test_the_features_of_a_single_contact_are_finite() -> None:
    log = read_in_file_order(pd.DataFrame({"source": ["a", "b"], "target": ["b", "c"], "time": [0, 40 * 86_400]}))
    pairs = silent_pairs(log, 41, 0)
    assert np.isfinite(learned.features_of(pairs)).all()
    by_name = dict(zip(FEATURES, learned.features_of(pairs)[0], strict=True))
    assert by_name["single_contact"] == 1
    assert by_name["silence_over_gap"] == 0


@pytest.mark.parametrize(
    ("pairs", "expected", "came", "disproves"),
    [(20, 0.2, 0.1, True), (20, 0.19, 0.1, False), (20, 0.05, 0.1, True), (19, 0.4, 0.1, False), (500, 0.1, 0.0, True)],
)
def test_chances_are_disproved_by_a_factor_of_two_on_twenty_pairs(
    pairs: int, expected: float, came: float, disproves: bool
) -> None:
    assert learned.Check(pairs, expected, came).disproves is disproves


def test_the_past_is_checked_on_the_latest_morning_whose_answers_are_known() -> None:
    log = read_in_file_order(made_up(days=200))
    found = learned.checked(log, 40, 30)
    assert found is not None
    morning = log.end - 40
    pairs = silent_pairs(log, morning, 30)
    assert found.pairs == len(pairs)
    assert found.came_back == came_back(log, pairs, morning, 40).mean()
    assert learned.checked(log, 190, 30) is None, "too early"
    assert learned.checked(log, 40, 170) is None, "nobody was silent for that long"
