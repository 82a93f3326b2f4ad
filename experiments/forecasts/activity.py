"""How often people write, read from a contact log, and simulated people who write as often.

The half-life and the horizon were chosen by how well rates of the first part of five logs predict what each person
sends in the following 90 days: of half-lives from 15 days to forever, 15 days were best on each of them.
"""

from __future__ import annotations

import numpy as np

import sim
from experiments.logs.log import Log
from experiments.logs.writing import written
from sim.engine.day import Core
from sim.model.rules import SECONDS_A_DAY
from sim.run import begin, on_threads, run_days

HALF_LIFE = 15.0  # days in which a sent message loses half of its weight
ANSWER_DAYS = 7.0  # a message within this time after one from the other is an answer, and nobody's own idea
HORIZON = 90.0  # days over which an earlier prediction is compared with what came
RECENT = 30.0  # days after which people may rather have left than be quiet
LEAST_EVENTS = 5.0  # messages, as predicted and seen, that are added to both before they are compared
FEWEST_DAYS = 30.0  # of a log that can say how rates go on
OUTLOOK_LOW, OUTLOOK_HIGH = 0.05, 1.5  # limits on how far all rates are corrected
ROUNDS, TRIAL_DAYS = 3, 28  # of simulated days in which the rates of simulated people are corrected
MOST_CORRECTED = 10.0  # factor by which a round corrects at most
LEAST_SOCIABLE, MOST_SOCIABLE = 1e-6, 1_000.0


def initiated(source: np.ndarray, target: np.ndarray, day: np.ndarray, people: int) -> np.ndarray:
    """Which messages are no answers: the pair's last one came from the same person, or over 7 days ago.

    Args:
        source: senders, shape (events,), in order of time.
        target: receivers, shape (events,).
        day: days since the log began, with fractions, shape (events,).
        people: the number of people.

    Returns:
        Bool, shape (events,).
    """
    pair = np.minimum(source, target).astype(np.int64) * people + np.maximum(source, target)
    order = np.argsort(pair, kind="stable")
    of_pair, when, sender = pair[order], day[order], source[order]
    answers = np.zeros(len(order), np.bool_)
    answers[1:] = (of_pair[1:] == of_pair[:-1]) & (sender[1:] != sender[:-1]) & (np.diff(when) < ANSWER_DAYS)
    own = np.empty(len(order), np.bool_)
    own[order] = ~answers
    return own


def recent_rates(log: Log, until: float) -> np.ndarray:
    """Messages that each person starts per day at a time in a log, shape (people,).

    A message loses half of its weight every `HALF_LIFE` days, and so does the time since the person first appeared.
    Their ratio is shrunk towards the mean of all people like the posterior mean of a gamma prior, whose mean and
    variance are those of the people themselves.

    Args:
        log: only messages before ``until`` count.
        until: days since the log began.
    """
    source, target, day, people = _before(log, until)
    first = np.full(people, until)
    np.minimum.at(first, source, day)
    np.minimum.at(first, target, day)
    seen = np.zeros(people, np.bool_)
    seen[source] = seen[target] = True
    memory = HALF_LIFE / np.log(2.0)
    time = np.maximum(1.0, memory * -np.expm1(-(until - first) / memory))
    own = initiated(source, target, day, people)
    sent = np.bincount(source[own], weights=np.exp(-(until - day[own]) / memory), minlength=people)
    if sent.sum() == 0.0:
        return np.zeros(people)
    mean = sent[seen].sum() / time[seen].sum()
    variance = np.average((sent[seen] / time[seen] - mean) ** 2, weights=time[seen]) - 0.5 * mean / time[seen].mean()
    prior_time = mean / max(variance, 1e-9)
    return np.asarray((sent + mean * prior_time) / (time + prior_time))


def outlook(log: Log, until: float) -> np.ndarray:
    """Factor on each person's rate from what came of earlier ones, shape (people,): people leave, and channels die.

    Rates at an earlier time, `HORIZON` days or a third of the log before, predict what is sent until now. The factor is
    what was sent over what was predicted, within `OUTLOOK_LOW` and `OUTLOOK_HIGH`. There is one for people who have
    sent something in the last `RECENT` days, and one for all others, of whom more have left. A group that is too small
    to say has the factor of all. Arguments as `recent_rates`.
    """
    if until < FEWEST_DAYS:
        return np.ones(len(log.names))
    source, target, day, people = _before(log, until)
    earlier = until - min(HORIZON, until / 3.0)
    expected = recent_rates(log, earlier) * (until - earlier)
    later = day >= earlier
    known = np.zeros(people, np.bool_)
    known[source[~later]] = known[target[~later]] = True
    active = _sent_recently(log, earlier)
    came = np.bincount(source[later & initiated(source, target, day, people)], minlength=people)
    everyone = (came[known].sum() + LEAST_EVENTS) / (expected[known].sum() + LEAST_EVENTS)
    factors = []
    for group in (known & active, known & ~active):
        factor = (came[group].sum() + LEAST_EVENTS * everyone) / (expected[group].sum() + LEAST_EVENTS)
        factors.append(min(max(factor, OUTLOOK_LOW), OUTLOOK_HIGH))
    return np.where(_sent_recently(log, until), *factors)


def _before(log: Log, until: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Senders, receivers and days of the messages before a time, and the number of people."""
    day = log.since_start / SECONDS_A_DAY
    count = int(np.searchsorted(day, until))
    return log.source[:count], log.target[:count], day[:count], len(log.names)


def _sent_recently(log: Log, until: float) -> np.ndarray:
    """Who has sent anything in the last `RECENT` days, bool, shape (people,)."""
    source, _, day, people = _before(log, until)
    recent = np.zeros(people, np.bool_)
    recent[source[day >= until - RECENT]] = True
    return recent


def with_sociability(world: sim.World, sociability: np.ndarray) -> sim.World:
    """A copy of a world in which people have this sociability, shape (people,)."""
    copy = world.copy()
    copy.people["sociability"] = np.clip(sociability, LEAST_SOCIABLE, MOST_SOCIABLE)
    return copy


def matching_sociability(world: sim.World, past: Log, parameters: sim.Parameters, seed: int) -> np.ndarray:
    """The sociability with which simulated people start as many messages as the log says they will, shape (people,).

    What people start to write depends on all that brings others to mind, and on how often they dare. So their rates
    only give the ratios between them. The factor on all of them is found by `ROUNDS` of `TRIAL_DAYS` simulated days, in
    which started messages are counted as in the log.

    Args:
        world: replayed from the past, on the morning of the forecast.
        past: the log before that morning.
        parameters: of the simulated days.
        seed: seed of the random draws of these days.
    """
    until = float(world.day)
    rates = recent_rates(past, until) * outlook(past, until)
    if rates.sum() == 0.0:
        return np.full(len(rates), LEAST_SOCIABLE)
    sociability = rates / rates.mean()
    for _ in range(ROUNDS):
        count = _started(with_sociability(world, sociability), past, parameters, seed)
        factor = rates.sum() * TRIAL_DAYS / max(count, 1.0)
        sociability = sociability * min(max(factor, 1 / MOST_CORRECTED), MOST_CORRECTED)
    return np.clip(sociability, LEAST_SOCIABLE, MOST_SOCIABLE)


def _started(world: sim.World, past: Log, parameters: sim.Parameters, seed: int) -> int:
    """How many messages people start in `TRIAL_DAYS` simulated days."""
    days: list[np.ndarray] = []
    start, _ = begin(world, seed=seed, parameters=parameters, days=TRIAL_DAYS)
    with on_threads(1):
        run_days(
            Core(start, seed=seed), TRIAL_DAYS, lambda record: days.append(written(record.sent, parameters.gestures))
        )
    sent = np.concatenate(days)
    source, target, day, people = _before(past, float(world.day))
    recent = day >= world.day - ANSWER_DAYS
    when = np.append(day[recent], sent["day"] + sent["second"] / SECONDS_A_DAY)
    order = np.argsort(when, kind="stable")
    all_source, all_target = np.append(source[recent], sent["sender"]), np.append(target[recent], sent["receiver"])
    own = initiated(all_source[order], all_target[order], when[order], people)
    return int(own[when[order] >= world.day].sum())
