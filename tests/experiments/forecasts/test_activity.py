"""Rates of people in contact logs are recovered, decline is noticed, and simulated people keep to them."""

from __future__ import annotations

import numpy as np
import pytest

import sim
from experiments.forecasts.activity import (
    TRIAL_DAYS,
    initiated,
    matching_sociability,
    outlook,
    recent_rates,
    with_sociability,
)
from experiments.logs.log import Log, read_in_file_order
from experiments.logs.writing import written_in

PEOPLE, DAYS = 200, 240.0
DAY = 86_400.0


def made(rates: np.ndarray, until: float = DAYS, seed: int = 1) -> Log:
    """A log in which each person writes to random others at their own rate, and nobody answers within a week."""
    random = np.random.default_rng(seed)
    counts = random.poisson(rates * until)
    source = np.repeat(np.arange(len(rates)), counts)
    day = random.uniform(0, until, len(source))
    target = (source + random.integers(1, len(rates), len(source))) % len(rates)
    order = np.argsort(day)
    day[order[0]] = 0.0
    return Log(source[order], target[order], day[order] * DAY, np.arange(len(rates)))


def kept(log: Log, rows: np.ndarray) -> Log:
    return Log(log.source[rows], log.target[rows], log.time[rows], log.names)


def test_answers_are_no_ideas_of_ones_own() -> None:
    """Ann writes twice, Bob answers twice, and writes again after ten days; Cem writes to Ann in between."""
    source, target = np.array([0, 0, 1, 1, 2, 1]), np.array([1, 1, 0, 0, 0, 0])
    day = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 13.5])
    assert initiated(source, target, day, 3).tolist() == [True, True, False, True, True, True]


def test_rates_are_recovered() -> None:
    """On average nearly exactly, person by person better than by their mean alone."""
    rates = np.random.default_rng(3).gamma(0.8, 0.3, PEOPLE)
    found = recent_rates(made(rates), DAYS)
    assert found.mean() == pytest.approx(rates.mean(), rel=0.1)
    assert np.corrcoef(found, rates)[0, 1] > 0.7
    assert ((found - rates) ** 2).mean() < 0.5 * rates.var()


def test_only_what_was_sent_before_counts() -> None:
    log = made(np.full(PEOPLE, 0.1))
    early = kept(log, log.since_start < 100 * DAY)
    assert recent_rates(log, 100.0).tolist() == recent_rates(early, 100.0).tolist()
    assert outlook(log, 100.0).tolist() == outlook(early, 100.0).tolist()


def test_equal_people_are_shrunk_to_their_mean() -> None:
    assert recent_rates(made(np.full(PEOPLE, 0.1)), DAYS).std() < 0.03


def test_who_falls_silent_has_a_low_rate() -> None:
    log = made(np.full(PEOPLE, 0.3))
    found = recent_rates(kept(log, (log.source >= 20) | (log.since_start < (DAYS - 60) * DAY)), DAYS)
    assert found[:20].mean() < 0.7 * found[20:].mean()
    assert found[:20].max() < found[20:].min()


def test_the_outlook_of_a_steady_channel_is_one() -> None:
    assert outlook(made(np.full(PEOPLE, 0.2)), DAYS) == pytest.approx(1.0, abs=0.1)


def test_the_outlook_of_a_dying_channel_is_dim() -> None:
    log = made(np.full(PEOPLE, 0.3))
    stays = np.random.default_rng(2).random(len(log)) < np.where(log.since_start > 170 * DAY, 0.05, 1.0)
    assert (outlook(kept(log, stays), DAYS) < 0.2).all()


def test_who_fell_silent_has_a_dimmer_outlook() -> None:
    """A tenth of the people leave every 24 days."""
    log = made(np.full(PEOPLE, 0.3))
    stays = log.since_start / DAY < 24 + 24 * (log.source // 20)
    found = outlook(kept(log, stays), 200.0)
    assert found[:120].max() < 0.5 * found[-20:].min()


def test_a_short_log_has_no_outlook() -> None:
    assert (outlook(made(np.full(10, 0.3), until=20.0), 20.0) == 1.0).all()


def test_everybody_has_a_rate_unless_nobody_writes() -> None:
    log = made(np.full(PEOPLE, 0.2))
    assert (recent_rates(log, DAYS) > 0).all()
    assert not recent_rates(log, 0.0).any()


@pytest.mark.parametrize("rate", [0.02, 0.5])
def test_simulated_people_start_as_many_messages_as_the_log_says(rate: float) -> None:
    """Whether people hardly write or write a lot, and whatever the parameters make of a sociability of 1."""
    made_up = made(np.random.default_rng(5).gamma(2, rate / 2, 150), until=120.0)
    log = read_in_file_order(made_up.frame())  # only people who take part
    world = sim.worlds.replayed(log.frame(), seed=1).copy(day=log.end)
    parameters = sim.Parameters()
    found = matching_sociability(world, log, parameters, seed=4)
    run = sim.simulate(with_sociability(world, found), days=TRIAL_DAYS, seed=9, log=True)
    assert run.log is not None
    sent = written_in(run.log)
    source, target, day = (sent[name].to_numpy() for name in ("source", "target", "time"))
    own = initiated(source, target, day / DAY, log.people).sum()
    expected = (recent_rates(log, log.end) * outlook(log, log.end)).sum() * TRIAL_DAYS
    assert len(sent) > own
    assert own == pytest.approx(expected, rel=0.35)


def test_a_world_with_sociability_is_a_copy() -> None:
    world = sim.worlds.generated(people=20, burn_in_years=0, seed=1)
    changed = with_sociability(world, np.full(20, 2.0))
    assert (changed.people["sociability"] == 2.0).all()
    assert (world.people["sociability"] != 2.0).any()
    assert with_sociability(world, np.zeros(20)).people["sociability"].min() > 0
