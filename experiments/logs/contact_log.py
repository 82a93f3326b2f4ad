"""Statistics of how people keep in touch, from real and simulated contact logs, with intervals.

A pair is unordered, a contact is an event in either direction, and silence is the time since the pair's previous
contact. Each statistic is a weighted aggregate of a table of pairs or of people. With all weights 1 it is the plain
value. Its 95% interval comes from a bootstrap over people (Snijders & Borgatti 1999): people are drawn with
replacement, the weight of a person is how often they were drawn, and the weight of a pair is the product of those of
its two people. If pairs are more independent than people, such intervals are too wide rather than too narrow (Owen
2007).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from experiments.analysis.bootstrap import kaplan_meier
from experiments.logs.alters import SIGNATURE_RANKS, activity, signature_shares, signatures, turnover
from experiments.logs.answers import (
    after_answered,
    answering_habits,
    answers_by_silence,
    first_answers,
    first_gestures,
    returns,
    sessions,
)
from experiments.logs.by_pair import DORMANT, ByPair
from experiments.logs.contact_statistics import LEAST_UNITS, STATISTICS
from experiments.logs.conversations import conversations
from experiments.logs.lifetimes import departures, kept
from experiments.logs.log import Log
from experiments.logs.pairs_and_network import bursts, contacts_per_pair, network
from experiments.logs.rhythm import rhythm, sends_per_active_day
from experiments.logs.silences import established, hazards, hazards_while_seen, reactivation, regression
from experiments.logs.statistic_groups import GroupFunction, StatisticGroup, Weights, keyed_random
from experiments.terminal.progress import Report

RESAMPLES = 200
_AT_ONCE = 20  # resamples


def values(log: Log) -> dict[str, float]:
    """All statistics of a log by name (`STATISTICS` defines each); nan if the log has too little data."""
    found = _plain(log, _GROUPS)
    return {name: found[name] for name in STATISTICS}


def of_silence(log: Log) -> dict[str, float]:
    """The statistics of how final silence is: hazards of the next contact, and reactivation."""
    return _plain(log, (reactivation, hazards))


def _plain(log: Log, groups: Sequence[GroupFunction]) -> dict[str, float]:
    once = Weights(np.ones((1, log.people)), np.ones((1, log.by_pair.pairs)))
    return {
        name: float(value)
        for group in groups
        for estimate in group(log)
        for name, value in zip(estimate.counts, estimate.of(once)[0], strict=True)
    }


def statistics(log: Log, *, resamples: int = RESAMPLES, seed: int = 1, progress: Report | None = None) -> pd.DataFrame:
    """All statistics of a log, with intervals.

    Args:
        log: real or simulated log.
        resamples: number of bootstrap resamples over people; 0 for no intervals.
        seed: seed of the resamples; the same log and seed give the same intervals to the last bit.
        progress: called with the number of resamples done and the total.

    Returns:
        One row per statistic, in the order of `STATISTICS`, with columns ``statistic``, ``value``, ``low`` and ``high``
        (the 95% percentile interval), ``count`` (the events, pairs or people that it is computed from) and ``units``
        (how many people or pairs these are of). Values are nan if the log has too little data, and intervals if most
        resamples do or if there are fewer than `LEAST_UNITS` units.
    """
    estimates = [estimate for group in _GROUPS for estimate in group(log)]
    once = Weights(np.ones((1, log.people)), np.ones((1, log.by_pair.pairs)))
    drawn = [_all(estimates, weights) for weights in _resampled(log, resamples, seed, progress)]
    low, high = _interval(np.concatenate(drawn)) if drawn else np.full((2, len(STATISTICS)), np.nan)
    names = [name for estimate in estimates for name in estimate.counts]
    value = _all(estimates, once)[0]
    units = np.array([estimate.units[name] for estimate in estimates for name in estimate.counts])
    known = ~np.isnan(value) & (units >= LEAST_UNITS)
    table = pd.DataFrame({
        "statistic": names,
        "value": value,
        "low": np.where(known, low, np.nan),
        "high": np.where(known, high, np.nan),
        "count": [count for estimate in estimates for count in estimate.counts.values()],
        "units": units,
    })  # fmt: skip
    return table.set_index("statistic").loc[list(STATISTICS)].reset_index()


def _all(estimates: Sequence[StatisticGroup], weights: Weights) -> np.ndarray:
    return np.hstack([estimate.of(weights) for estimate in estimates])


def _resampled(log: Log, resamples: int, seed: int, progress: Report | None) -> Iterator[Weights]:
    """Weights of resamples of the people, in batches: of those who are observed, and of the others, apart."""
    random = keyed_random(seed)
    groups = [np.flatnonzero(log.counted == observed) for observed in (True, False)]
    for done in range(0, resamples if log.people else 0, _AT_ONCE):
        size = min(_AT_ONCE, resamples - done)
        drawn = np.zeros((log.people, size))  # the weights of one person are next to each other, for fast look-up
        for group in filter(len, groups):
            drawn[group] = random.multinomial(len(group), np.full(len(group), 1 / len(group)), size=size).T
        both = drawn.take(log.by_pair.low, axis=0) * drawn.take(log.by_pair.high, axis=0)
        yield Weights(drawn.T, both.T)
        if progress is not None:
            progress(done + size, resamples)


def _interval(drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Percentile intervals of columns of resamples; nan for columns that are nan more often than not."""
    ordered = np.sort(drawn, axis=0)  # nan last
    known = (~np.isnan(drawn)).sum(axis=0)
    columns = np.arange(drawn.shape[1])

    def at(share: float) -> np.ndarray:
        place = share * np.maximum(known - 1, 0)
        below, above = ordered[np.floor(place).astype(int), columns], ordered[np.ceil(place).astype(int), columns]
        return np.where(2 * known > len(drawn), below + (place % 1) * (above - below), np.nan)

    return at(0.025), at(0.975)


_GROUPS: tuple[GroupFunction, ...] = (
    first_answers, answers_by_silence, reactivation, hazards, regression, returns, after_answered, sessions,
    signatures, turnover, contacts_per_pair, network, bursts, activity, rhythm, sends_per_active_day, conversations,
    departures, hazards_while_seen, answering_habits, kept,
)  # fmt: skip


class Curves(NamedTuple):
    """What a log looks like where a few numbers do not do: points of curves, each a pair of arrays (x, y).

    Attributes:
        answered: hours, share of first-ever gestures that the other answers within them.
        reactivated: days from the 30th day of silence on, share of pairs that have contact within them.
        established: the same, of pairs that had at least 10 contacts, in both directions.
        contacts: a number of contacts, share of pairs with at least as many.
        signature: rank of the alter, mean share of an ego's sends.
    """

    answered: tuple[np.ndarray, np.ndarray]
    reactivated: tuple[np.ndarray, np.ndarray]
    established: tuple[np.ndarray, np.ndarray]
    contacts: tuple[np.ndarray, np.ndarray]
    signature: tuple[np.ndarray, np.ndarray]


def curves(log: Log) -> Curves:
    """Curves of a log; empty where it is too short or too thin. The definitions are those of the statistics."""
    events = log.by_pair
    firsts = first_gestures(events)
    hours = np.sort(events.answer[firsts & (events.answer <= 30)]) * 24
    silent = events.seen > DORMANT
    egos, shares = signature_shares(log)
    ranks = np.arange(1, SIGNATURE_RANKS[-1] + 1) if len(egos) else np.zeros(0, int)
    number, pairs = np.unique(events.contacts, return_counts=True)
    return Curves(
        (hours, np.arange(1, len(hours) + 1) / max(firsts.sum(), 1)),
        _reactivation_curve(events, silent),
        _reactivation_curve(events, silent & established(events)),
        (number, np.cumsum(pairs[::-1])[::-1] / max(events.pairs, 1)),
        (ranks, shares[:, : len(ranks)].sum(axis=0) / max(len(egos), 1)),
    )


def _reactivation_curve(events: ByPair, silent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Day by day, as long as the log lasts."""
    if not silent.any():
        return np.zeros(0), np.zeros(0)
    days = np.arange(np.floor(events.days - DORMANT) + 1)
    found = kaplan_meier(events.seen[silent] - DORMANT, np.isfinite(events.following[silent]), days.tolist())
    return days, found(np.ones((1, int(silent.sum()))))[0]
