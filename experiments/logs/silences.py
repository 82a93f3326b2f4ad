"""Statistics of silence: who comes back, the hazard of the next contact, and what it depends on."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from experiments.analysis.bootstrap import PoissonRegression, kaplan_meier, line_slopes, over, totals
from experiments.logs.by_pair import DAY, DORMANT, ByPair
from experiments.logs.log import Log
from experiments.logs.statistic_groups import StatisticGroup, Weights, distinct

_PIECES = (1.0, 3.0, 7.0, 14.0, 30.0, 60.0, 90.0, 180.0, 365.0)  # days of silence
_EDGES = (*_PIECES, 1e9)  # the last piece ends with the log
FEWEST_DAYS = 14  # of a log in which the time since a first contact doubles
_WHILE_SEEN = _PIECES.index(90.0)  # the first piece of `hazards_while_seen`


def reactivation(log: Log) -> list[StatisticGroup]:
    """How many silent pairs are back within some days; see ``reactivated_…``."""
    events = log.by_pair
    silent = events.seen > DORMANT
    return [
        _kaplan_meier(events, silent, (30, 90, 180), ""),
        _kaplan_meier(events, silent & established(events), (30, 90, 180), "_established"),
        _kaplan_meier(events, silent & events.first, (90,), "_one_contact"),
    ]


def established(events: ByPair) -> np.ndarray:
    """Whether the pair has had at least 10 contacts, in both directions, each event included."""
    return (events.before + 1 >= 10) & events.mutual


def _kaplan_meier(events: ByPair, silent: np.ndarray, horizons: tuple[int, ...], whom: str) -> StatisticGroup:
    rows = np.flatnonzero(silent)
    pair = events.pair[rows]
    found = kaplan_meier(events.seen[rows] - DORMANT, np.isfinite(events.following[rows]), horizons, pair)
    seen = np.array([DORMANT + days <= events.days for days in horizons])
    counts = dict.fromkeys((f"reactivated_{days}d{whom}" for days in horizons), len(rows))
    pairs = dict.fromkeys(counts, distinct(pair))
    return StatisticGroup(counts, pairs, lambda weights: np.where(seen, found(weights.pairs), np.nan))


def hazards(log: Log) -> list[StatisticGroup]:
    """Contacts per pair and day, by the silence so far; see ``hazard_…``."""
    events = log.by_pair
    contacts, exposure = _at_risk(events, _EDGES, events.seen, events.following)
    total = contacts.sum(axis=0).astype(int)
    counts, pairs = _behind_rates("hazard_per_day", _PIECES, contacts[:, :-1], exposure[:, :-1])
    middles = np.log(np.sqrt(np.array(_PIECES) * np.minimum(_EDGES[1:], max(events.days, 1.0))))
    enough, known = total >= 10, _long_enough(events, _PIECES[:-1])
    counts["hazard_slope"] = int(total[enough].sum())
    pairs["hazard_slope"] = int((exposure[:, enough] > 0).any(axis=1).sum())

    def of(weights: Weights) -> np.ndarray:
        found = totals(weights.pairs, contacts)
        rates = over(found, totals(weights.pairs, exposure))
        logs = np.log(rates, where=found > 0, out=np.zeros_like(found))
        slopes = line_slopes(np.broadcast_to(middles, found.shape), logs, np.where(enough, found, 0.0))
        return np.column_stack([np.where(known, rates[:, :-1], np.nan), slopes])

    return [StatisticGroup(counts, pairs, of)]


def hazards_while_seen(log: Log) -> list[StatisticGroup]:
    """Hazards that count only days before both people were last seen in the log; see ``hazard_while_seen_…``.

    Only observed people can be missed: where the others are between two contacts with them is unknown.
    """
    events = log.by_pair
    last = np.full(log.people, -np.inf)
    for ends in (log.source, log.target):
        np.maximum.at(last, ends, log.since_start / DAY)
    last[~log.counted] = np.inf
    until = np.minimum(last[events.low], last[events.high])[events.pair] - events.time
    edges = _PIECES[_WHILE_SEEN:]
    contacts, exposure = _at_risk(events, edges, np.minimum(events.seen, until), events.following)
    counts, pairs = _behind_rates("hazard_while_seen", edges, contacts, exposure)
    known = _long_enough(events, edges[:-1])

    def of(weights: Weights) -> np.ndarray:
        return np.where(known, over(totals(weights.pairs, contacts), totals(weights.pairs, exposure)), np.nan)

    return [StatisticGroup(counts, pairs, of)]


def _at_risk(
    events: ByPair, edges: Sequence[float], seen: np.ndarray, following: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Next contacts, and days at risk, of each pair in each piece of silence, both of shape (pairs, pieces).

    Args:
        events: the log.
        edges: where pieces begin, and where the last ends, in days of silence.
        seen: (events,), days for which the silence after each event is watched.
        following: (events,), days until the next contact; infinite if there is none.
    """
    contacts, exposure = np.zeros((2, len(edges) - 1, events.pairs))
    for k, (low, high) in enumerate(pairwise(edges)):
        reached = np.flatnonzero(seen > low)
        days, pair = seen[reached], events.pair[reached]
        ended = following[reached] <= np.minimum(days, high)
        contacts[k] = np.bincount(pair, ended, minlength=events.pairs)
        exposure[k] = np.bincount(pair, np.minimum(days, high) - low, minlength=events.pairs)
    return contacts.T, exposure.T


def _behind_rates(
    stem: str, edges: Sequence[float], contacts: np.ndarray, exposure: np.ndarray
) -> tuple[dict[str, int], dict[str, int]]:
    """How many contacts, and how many pairs, are behind the rate of each piece, by its name."""
    names = [f"{stem}_{low:g}_{high:g}" for low, high in pairwise(edges)]
    return (
        dict(zip(names, contacts.sum(axis=0).astype(int).tolist(), strict=True)),
        dict(zip(names, np.count_nonzero(exposure, axis=0).tolist(), strict=True)),
    )


def _long_enough(events: ByPair, begins: Sequence[float]) -> np.ndarray:
    """Which pieces begin well before the log ends; the rates of others are missing."""
    return np.asarray(np.array(begins) <= events.days - events.margin)


def regression(log: Log) -> list[StatisticGroup]:
    """Regression of the next contact: silences in pieces, Poisson regression with log exposure as offset.

    Missing in logs of under two weeks, in which neither weeks nor the time since the first contact double.
    """
    events = log.by_pair
    long = np.flatnonzero(events.seen > _PIECES[0])
    covariates = np.array([
        np.log2(events.before[long] + 1),
        np.log2(events.weeks[long]),
        np.log2((events.time[long] - events.time[events.start[long]]) / 7 + 1),
        events.mutual[long],
        np.log2(1 + _recent_events(events, long)),
    ])  # fmt: skip
    seen, following = events.seen[long], events.following[long]
    rows, pieces, ended, exposure = [], [], [], []
    for k, (low, high) in enumerate(pairwise(_EDGES)):
        reached = np.flatnonzero(seen > low)
        rows.append(reached)
        pieces.append(np.full(len(reached), k))
        ended.append(following[reached] <= high)
        exposure.append(np.minimum(seen[reached], high) - low)
    row, hit = np.concatenate(rows), np.concatenate(ended).astype(float)
    piece, days = np.concatenate(pieces), np.concatenate(exposure)
    fit = PoissonRegression(piece, covariates, hit, days, events.pair[long], events.pairs, row)
    names = ("contacts", "weeks", "tenure")
    counts = dict.fromkeys((f"ratio_per_doubling_{name}" for name in names), int(hit.sum()))
    pairs = dict.fromkeys(counts, distinct(events.pair[long]))

    def of(weights: Weights) -> np.ndarray:
        if events.days < FEWEST_DAYS:
            return np.full((len(weights.pairs), len(names)), np.nan)
        return np.exp(fit.coefficients(weights.pairs)[:, : len(names)])

    return [StatisticGroup(counts, pairs, of)]


def _recent_events(events: ByPair, rows: np.ndarray) -> np.ndarray:
    """(rows,), events of both people, with anyone, in the 30 days before each."""
    far = events.days + 100  # between the times of one person and of the next
    people = (events.low[events.pair], events.high[events.pair])
    known = np.sort(np.concatenate([person * far + events.time for person in people]))
    until, since = events.time[rows], np.maximum(events.time[rows] - 30, 0)
    counts = [
        np.searchsorted(known, person[rows] * far + until) - np.searchsorted(known, person[rows] * far + since)
        for person in people
    ]
    return counts[0] + counts[1]
