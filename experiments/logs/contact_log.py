"""Statistics of how people keep in touch, from real and simulated contact logs, with intervals.

A pair is unordered, a contact is an event in either direction, and silence is the time since the pair's previous
contact. Each statistic is a weighted aggregate of a table of pairs or of people. With all weights 1 it is the plain
value. Its 95% interval comes from a bootstrap over people (Snijders & Borgatti 1999): people are drawn with
replacement, the weight of a person is how often they were drawn, and the weight of a pair is the product of those of
its two people. If pairs are more independent than people, such intervals are too wide rather than too narrow (Owen
2007).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numba import njit
from scipy import sparse

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
from experiments.logs.by_pair import DAY, DORMANT, ByPair, changes
from experiments.logs.contact_statistics import STATISTICS
from experiments.logs.log import Log
from experiments.terminal.progress import Report
from sim.model.chance import DrawPurpose

RESAMPLES = 200
PERMUTATIONS = 20

_HOUR = 1 / 24
_PIECES = (1.0, 3.0, 7.0, 14.0, 30.0, 60.0, 90.0, 180.0, 365.0)  # days of silence
_EDGES = (*_PIECES, 1e9)  # the last piece ends with the log
_RANKS = (1, 2, 3, 5, 10, 20)
_NEIGHBOURS = 50  # other egos that each ego's signature is compared with
_AT_ONCE = 20  # resamples
_SHUFFLES = 2**64 - 1  # seed of the shuffles, the last that a bootstrap would use


# Statistics -------------------------------------------------------------------------------------------------------


class Weights(NamedTuple):
    """Weights of people, shape (resamples, people), and of pairs, shape (resamples, pairs)."""

    people: np.ndarray
    pairs: np.ndarray


class StatisticGroup(NamedTuple):
    """Statistics of one log that are computed from the same units.

    Attributes:
        counts: number of events, pairs or people behind each statistic, by name.
        of: function from weights to the statistics in this order, shape (resamples, names).
    """

    counts: dict[str, int]
    of: Callable[[Weights], np.ndarray]


Unit = Literal["people", "pairs"]
GroupFunction = Callable[[Log], list[StatisticGroup]]


def values(log: Log) -> dict[str, float]:
    """All statistics of a log by name (`STATISTICS` defines each); nan if the log has too little data."""
    found = _plain(log, _GROUPS)
    return {name: found[name] for name in STATISTICS}


def of_silence(log: Log) -> dict[str, float]:
    """The statistics of how final silence is: hazards of the next contact, and reactivation."""
    return _plain(log, (_reactivation, _hazards))


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
        (the 95% percentile interval) and ``count`` (the events, pairs or people that it is computed from). Values are
        nan if the log has too little data, and intervals if most resamples do.
    """
    estimates = [estimate for group in _GROUPS for estimate in group(log)]
    once = Weights(np.ones((1, log.people)), np.ones((1, log.by_pair.pairs)))
    drawn = [_all(estimates, weights) for weights in _resampled(log, resamples, seed, progress)]
    low, high = _interval(np.concatenate(drawn)) if drawn else np.full((2, len(STATISTICS)), np.nan)
    names = [name for estimate in estimates for name in estimate.counts]
    value = _all(estimates, once)[0]
    table = pd.DataFrame({
        "statistic": names,
        "value": value,
        "low": np.where(np.isnan(value), np.nan, low),
        "high": np.where(np.isnan(value), np.nan, high),
        "count": [count for estimate in estimates for count in estimate.counts.values()],
    })  # fmt: skip
    return table.set_index("statistic").loc[list(STATISTICS)].reset_index()


def _all(estimates: Sequence[StatisticGroup], weights: Weights) -> np.ndarray:
    return np.hstack([estimate.of(weights) for estimate in estimates])


def _resampled(log: Log, resamples: int, seed: int, progress: Report | None) -> Iterator[Weights]:
    """Weights of resamples of the people, in batches."""
    random = _random(seed)
    people = log.people
    for done in range(0, resamples if people else 0, _AT_ONCE):
        size = min(_AT_ONCE, resamples - done)
        drawn = random.multinomial(people, np.full(people, 1 / people), size=size).astype(float)
        yield Weights(drawn, drawn[:, log.by_pair.low] * drawn[:, log.by_pair.high])
        if progress is not None:
            progress(done + size, resamples)


def _random(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=np.array([DrawPurpose.BOOTSTRAP, seed], np.uint64)))


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


# How statistics are made of units ---------------------------------------------------------------------------------


def _ratios(unit: Unit, counts: dict[str, int], parts: Sequence[tuple[np.ndarray, np.ndarray]]) -> StatisticGroup:
    """Ratios of the weighted sums of two quantities, each (units,)."""
    above, below = (np.column_stack([part[k] for part in parts]) for k in (0, 1))

    def of(weights: Weights) -> np.ndarray:
        times: np.ndarray = getattr(weights, unit)
        return over(totals(times, above), totals(times, below))

    return StatisticGroup(counts, of)


def _means(unit: Unit, quantities: dict[str, np.ndarray]) -> StatisticGroup:
    """Means of quantities (units,); units in which they are nan do not count."""
    known = {name: ~np.isnan(quantity) for name, quantity in quantities.items()}
    counts = {name: int(flags.sum()) for name, flags in known.items()}
    parts = [(np.where(known[name], quantity, 0.0), known[name]) for name, quantity in quantities.items()]
    return _ratios(unit, counts, parts)


def _event_shares(log: ByPair, asked: dict[str, tuple[np.ndarray, np.ndarray]]) -> StatisticGroup:
    """Shares of hits among selected events, by name; both are flags (events,)."""
    counts = {name: int(among.sum()) for name, (among, _) in asked.items()}
    parts = [(log.per_pair(among & hit), log.per_pair(among)) for among, hit in asked.values()]
    return _ratios("pairs", counts, parts)


def _quantiles(
    stem: str, percents: Sequence[int], quantity: np.ndarray, unit: Unit, members: np.ndarray
) -> StatisticGroup:
    """Quantiles of a quantity; ``members`` are the units whose weights apply to its values."""
    found = quantiles(quantity, [percent / 100 for percent in percents])
    counts = dict.fromkeys((f"{stem}_q{percent}" for percent in percents), len(quantity))
    return StatisticGroup(counts, lambda weights: found(getattr(weights, unit)[:, members]))


# Answers ----------------------------------------------------------------------------------------------------------


def _first_answers(log: Log) -> list[StatisticGroup]:
    events = log.by_pair
    asked = _first_gestures(events)
    shares = {f"first_answered_{days}d": (asked, events.answer <= days) for days in (1, 7, 30)}
    answered = asked & (events.answer <= 30)
    delays, pairs = events.answer[answered] * 24, events.pair[answered]
    return [
        _event_shares(events, shares),
        _quantiles("answer_delay_hours", (10, 25, 50, 75, 90), delays, "pairs", pairs),
    ]


def _first_gestures(events: ByPair) -> np.ndarray:
    """Which events are the first of a pair that is surely new, with 30 full days to come."""
    return events.first & (events.time >= events.margin) & (events.time <= events.days - 30)


def _answers_by_silence(log: Log) -> list[StatisticGroup]:
    events = log.by_pair
    asked = ~events.first & (events.time <= events.days - 7)
    place = np.digitize(events.silence, [_HOUR, 1, 7, DORMANT])
    classes = ("lt_1h", "1h_1d", "1_7d", "7_30d", "gt_30d")
    shares = {f"answered_7d_{name}": (asked & (place == k), events.answer <= 7) for k, name in enumerate(classes)}
    return [_event_shares(events, shares)]


def _returns(log: Log) -> list[StatisticGroup]:
    events = log.by_pair
    silent = events.silence > DORMANT
    shares = {
        "last_sender_returns": (silent, events.returns),
        "last_sender_returns_1_7d": ((events.silence > 1) & (events.silence <= 7), events.returns),
        "isolated": (silent & (events.time <= events.days - 30), events.following > 30),
    }
    return [_event_shares(events, shares)]


def _sessions(log: Log) -> list[StatisticGroup]:
    events = log.by_pair
    late = events.time >= min(120.0, 0.4 * events.days)
    opens = late & (events.first | (events.silence > 1))
    place = np.where(events.first, 0, np.digitize(events.silence, [1, 7, DORMANT], right=True))
    names = ("new", "1_7d", "7_30d", "gt_30d")
    return [_event_shares(events, {f"session_mix_{name}": (opens, place == k) for k, name in enumerate(names)})]


def _after_answered(log: Log) -> list[StatisticGroup]:
    """Matched risk ratios of contact in days 7 to 37, for the log and with each pair's gaps shuffled."""
    events = log.by_pair
    gaps = np.where(events.first, 0.0, events.silence)
    there = _matched(events, events.time, gaps)
    random = _random(_SHUFFLES)
    shuffled = []
    for _ in range(PERMUTATIONS):
        moved = gaps.copy()
        _shuffle(moved, events.start, random.random(len(events)))
        time = np.cumsum(moved)
        time = events.time[events.start] + time - time[events.start]
        shuffled.append(_matched(events, time, moved))
    counts = {"after_answered_return": there.asked, "after_answered_return_permuted": there.asked}

    def of(weights: Weights) -> np.ndarray:
        moved = np.stack([matched.ratios(weights.pairs) for matched in shuffled])
        known = (~np.isnan(moved)).sum(axis=0)
        return np.column_stack([there.ratios(weights.pairs), over(np.nansum(moved, axis=0), known)])

    return [StatisticGroup(counts, of)]


@njit(cache=True)
def _shuffle(gaps: Any, start: Any, luck: Any) -> None:
    """Shuffle the gaps of each pair in place (Fisher & Yates 1938); that of its first event, at start, stays."""
    for row in range(len(gaps)):
        other = start[row] + 1 + int(luck[row] * (row - start[row]))
        if other < row:
            gaps[row], gaps[other] = gaps[other], gaps[row]


class _Matched(NamedTuple):
    """Gestures after silence: pair, and cell of stratum (36), answered or not, followed by contact or not."""

    pair: np.ndarray
    cell: np.ndarray

    @property
    def asked(self) -> int:
        return len(self.pair)

    def ratios(self, weights: np.ndarray) -> np.ndarray:
        """Risk ratios, shape (resamples,), in strata that both kinds of gestures share."""
        cells = np.array([np.bincount(self.cell, row[self.pair], minlength=144) for row in weights])
        by = cells.reshape(len(weights), 36, 2, 2)  # stratum, answered, followed
        gestures, followed = by.sum(axis=3), by[..., 1]
        common = (gestures > 0).all(axis=2)
        risks = over(followed, gestures)
        treated = np.where(common, gestures[:, :, 1], 0.0)
        risk, without = ((treated * np.where(common, risks[:, :, k], 0.0)).sum(axis=1) for k in (1, 0))
        return over(risk, without)


def _matched(events: ByPair, time: np.ndarray, silence: np.ndarray) -> _Matched:
    asked = np.flatnonzero((silence > DORMANT) & (time <= events.days - 37))
    keys = events.pair * (events.days + 100) + time
    followed = np.searchsorted(keys, keys[asked] + 37, "right") > np.searchsorted(keys, keys[asked] + 7, "right")
    answered = events.answer_after(time, asked) <= 7
    history = np.digitize(events.before[asked], [2, 4, 8, 16, 32])
    stratum = (history * 2 + events.mutual_before[asked]) * 3 + np.digitize(silence[asked], [60, 120])
    return _Matched(events.pair[asked], stratum * 4 + answered * 2 + followed)


# Silence and return -----------------------------------------------------------------------------------------------


def _reactivation(log: Log) -> list[StatisticGroup]:
    events = log.by_pair
    silent = events.seen > DORMANT
    return [
        _kaplan_meier(events, silent, (30, 90, 180), ""),
        _kaplan_meier(events, silent & _established(events), (30, 90, 180), "_established"),
        _kaplan_meier(events, silent & events.first, (90,), "_one_contact"),
    ]


def _established(events: ByPair) -> np.ndarray:
    """Whether the pair has had at least 10 contacts, in both directions, each event included."""
    return (events.before + 1 >= 10) & events.mutual


def _kaplan_meier(events: ByPair, silent: np.ndarray, horizons: tuple[int, ...], whom: str) -> StatisticGroup:
    found = kaplan_meier(events.seen[silent] - DORMANT, np.isfinite(events.following[silent]), horizons)
    seen = np.array([DORMANT + days <= events.days for days in horizons])
    counts = dict.fromkeys((f"reactivated_{days}d{whom}" for days in horizons), int(silent.sum()))
    pair = events.pair[silent]
    return StatisticGroup(counts, lambda weights: np.where(seen, found(weights.pairs[:, pair]), np.nan))


def _hazards(log: Log) -> list[StatisticGroup]:
    events = log.by_pair
    contacts, exposure = np.zeros((2, events.pairs, len(_PIECES)))
    for k, (low, high) in enumerate(pairwise(_EDGES)):
        reached = np.flatnonzero(events.seen > low)
        days, pair = events.seen[reached], events.pair[reached]
        ended = events.following[reached] <= high
        contacts[:, k] = np.bincount(pair, ended, minlength=events.pairs)
        exposure[:, k] = np.bincount(pair, np.minimum(days, high) - low, minlength=events.pairs)
    total = contacts.sum(axis=0).astype(int)
    long_enough = np.array(_PIECES) <= events.days - events.margin
    names = [f"hazard_per_day_{low:g}_{high:g}" for low, high in pairwise(_PIECES)]
    rates = StatisticGroup(
        dict(zip(names, total.tolist(), strict=False)),
        lambda weights: np.where(
            long_enough, over(totals(weights.pairs, contacts), totals(weights.pairs, exposure)), np.nan
        )[:, :-1],
    )
    middles = np.log(np.sqrt(np.array(_PIECES) * np.minimum(_EDGES[1:], max(events.days, 1.0))))
    many = total >= 10

    def slope(weights: Weights) -> np.ndarray:
        found = totals(weights.pairs, contacts[:, many])
        rates = over(found, totals(weights.pairs, exposure[:, many]))
        logs = np.log(rates, where=found > 0, out=np.zeros_like(found))
        return line_slopes(np.broadcast_to(middles[many], found.shape), logs, found)[:, None]

    return [rates, StatisticGroup({"hazard_slope": int(total[many].sum())}, slope)]


def _regression(log: Log) -> list[StatisticGroup]:
    """Regression of the next contact: silences in pieces, Poisson regression with log exposure as offset."""
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
    fit = PoissonRegression(
        np.concatenate(pieces), covariates[:, row], hit, np.concatenate(exposure), events.pair[long][row], events.pairs
    )
    names = ("contacts", "weeks", "tenure")
    counts = dict.fromkeys((f"ratio_per_doubling_{name}" for name in names), int(hit.sum()))
    return [StatisticGroup(counts, lambda weights: np.exp(fit.coefficients(weights.pairs)[:, : len(names)]))]


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


# People and their alters ------------------------------------------------------------------------------------------


class _Alters(NamedTuple):
    """Whom people wrote to, ego by ego, the most contacted first; of equals, who appeared first in the log.

    Attributes:
        ego, alter, sends, rank: (directed pairs,); rank from 0.
        known, sent: (people,), how many alters each has, and how much each sent.
    """

    ego: np.ndarray
    alter: np.ndarray
    sends: np.ndarray
    rank: np.ndarray
    known: np.ndarray
    sent: np.ndarray

    def shares(self, egos: np.ndarray) -> np.ndarray:
        """Shares of the egos' sends by rank, shape (egos, most alters)."""
        place = np.full(len(self.known), -1)
        place[egos] = np.arange(len(egos))
        table = np.zeros((len(egos), int(self.known[egos].max(initial=0))))
        of = place[self.ego] >= 0
        table[place[self.ego[of]], self.rank[of]] = self.sends[of] / self.sent[self.ego[of]]
        return table

    def top(self, most: int) -> np.ndarray:
        """Pairs of ego and alter among its most contacted, as numbers in ascending order."""
        return np.sort((self.ego * len(self.known) + self.alter)[self.rank < most])


def _alters(source: np.ndarray, target: np.ndarray, people: int) -> _Alters:
    keys, sends = np.unique(source * people + target, return_counts=True)
    ego, alter = np.divmod(keys, max(people, 1))
    order = np.lexsort((-sends, ego))
    ego, alter, sends = ego[order], alter[order], sends[order]
    rows = np.arange(len(ego))
    rank = rows - np.maximum.accumulate(np.where(changes(ego), rows, 0))
    known = np.bincount(ego, minlength=people)
    return _Alters(ego, alter, sends, rank, known, np.bincount(source, minlength=people))


def _signatures(log: Log) -> list[StatisticGroup]:
    egos, shares = _signature_shares(log)
    columns = {str(rank): (rank - 1, rank) for rank in _RANKS} | {"top3": (0, 3), "top5": (0, 5)}
    table = {
        f"signature_{name}": _of_egos(log, egos, shares[:, first:last].sum(axis=1))
        for name, (first, last) in columns.items()
    }
    return [_means("people", table)]


def _signature_shares(log: Log) -> tuple[np.ndarray, np.ndarray]:
    """Egos with at least 20 alters and 50 sends, and their shares by rank, shape (egos, ranks)."""
    alters = _alters(log.source, log.target, log.people)
    egos = np.flatnonzero((alters.known >= 20) & (alters.sent >= 50))
    return egos, alters.shares(egos)


def _of_egos(log: Log, egos: np.ndarray, quantity: np.ndarray) -> np.ndarray:
    """A quantity of some people, (people,); nan for the others."""
    everyone = np.full(log.people, np.nan)
    everyone[egos] = quantity
    return everyone


def _turnover(log: Log) -> list[StatisticGroup]:
    """Alters and their shares in the two halves of the log: its events before its median time, and the others."""
    early = log.time < np.median(log.time) if len(log) else np.zeros(0, bool)
    halves = [_alters(log.source[half], log.target[half], log.people) for half in (early, ~early)]
    egos = np.flatnonzero((halves[0].known >= 10) & (halves[1].known >= 10))
    quantities = {
        "turnover_top20": _jaccard(halves, 20)[egos],
        "turnover_top5": _jaccard(halves, 5)[egos],
        "turnover_first_stays": _common(halves[0].top(1), halves[1].top(5), log.people)[egos],
    }
    first, second = (half.shares(egos) for half in halves)
    width = max(first.shape[1], second.shape[1])
    first, second = (np.pad(shares, ((0, 0), (0, width - shares.shape[1]))) for shares in (first, second))
    quantities["signature_distance_own"] = divergences(first, second)
    means = _means("people", {name: _of_egos(log, egos, quantity) for name, quantity in quantities.items()})
    return [means, _distance_from_others(egos, first, second)]


def _common(first: np.ndarray, second: np.ndarray, people: int) -> np.ndarray:
    """(people,), how many numbers of the two (see `_Alters.top`) are the same."""
    return np.bincount(np.intersect1d(first, second, assume_unique=True) // max(people, 1), minlength=people)


def _jaccard(halves: list[_Alters], most: int) -> np.ndarray:
    """(people,), what each one's top alters of two halves have in common over all of them."""
    common = _common(halves[0].top(most), halves[1].top(most), len(halves[0].known))
    both = sum(np.minimum(half.known, most) for half in halves)
    return over(common, both - common)


def _distance_from_others(egos: np.ndarray, first: np.ndarray, second: np.ndarray) -> StatisticGroup:
    """Each ego's first half from the second of the next egos: of all others, or of 50 if there are more."""
    steps = range(1, min(len(egos), _NEIGHBOURS + 1))
    distances = np.array([divergences(first, np.roll(second, -step, axis=0)) for step in steps])
    distances = distances.reshape(len(steps), len(egos))

    def of(weights: Weights) -> np.ndarray:
        times = weights.people[:, egos]
        both = np.array([times * np.roll(times, -step, axis=1) for step in steps]).reshape(len(steps), *times.shape)
        return over(np.einsum("sre,se->r", both, distances), both.sum(axis=(0, 2)))[:, None]

    return StatisticGroup({"signature_distance_others": len(egos)}, of)


def _activity(log: Log) -> list[StatisticGroup]:
    sent = np.bincount(log.source, minlength=log.people)
    senders = np.flatnonzero(sent) if log.days > 0 else np.zeros(0, int)
    return [_quantiles("sends_per_week", (50, 90, 99), sent[senders] / max(log.days / 7, 1e-9), "people", senders)]


# Pairs and the network --------------------------------------------------------------------------------------------


def _contacts(log: Log) -> list[StatisticGroup]:
    events = log.by_pair
    means = {
        "contacts_per_pair_mean": events.contacts.astype(float),
        "contacts_per_pair_one": (events.contacts == 1).astype(float),
        "both_directions": events.both.astype(float),
        "both_directions_10": np.where(events.contacts >= 10, events.both, np.nan),
    }
    everyone = np.arange(events.pairs)
    return [
        _quantiles("contacts_per_pair", (50, 75, 90, 99), events.contacts, "pairs", everyone),
        _means("pairs", means),
    ]


def _network(log: Log) -> list[StatisticGroup]:
    events = log.by_pair
    low, high = events.low, events.high
    ones = np.ones(2 * events.pairs)
    graph = sparse.csr_array((ones, (np.append(low, high), np.append(high, low))), shape=(log.people, log.people))
    shared = np.zeros(events.pairs) if not events.pairs else np.asarray((graph @ graph)[low, high]).ravel()
    degree = np.bincount(np.append(low, high), minlength=log.people)
    around = degree[low] + degree[high] - 2 - shared
    embedded = np.flatnonzero(around > 0)
    correlation = rank_correlation((shared / np.maximum(around, 1))[embedded], events.contacts[embedded])
    triples = degree * (degree - 1) / 2
    closed = np.bincount(np.append(low, high), np.append(shared, shared), minlength=log.people) / 2
    return [
        StatisticGroup(
            {"overlap_weight": len(embedded)}, lambda weights: correlation(weights.pairs[:, embedded])[:, None]
        ),
        _means("people", {"clustering": over(closed, triples)}),
        _ratios("people", {"transitivity": int(triples.sum())}, [(closed, triples)]),
        _quantiles("degree", (10, 50, 90, 99), degree, "people", np.arange(log.people)),
    ]


def _bursts(log: Log) -> list[StatisticGroup]:
    events = log.by_pair
    order = np.argsort(log.source, kind="stable")
    own = burstiness(log.source[order], (log.time / DAY)[order], log.people, 20)
    return [
        _means("people", {"burstiness_ego": own}),
        _means("pairs", {"burstiness_pair": burstiness(events.pair, events.time, events.pairs, 10)}),
    ]


_GROUPS: tuple[GroupFunction, ...] = (
    _first_answers, _answers_by_silence, _reactivation, _hazards, _regression, _returns, _after_answered, _sessions,
    _signatures, _turnover, _contacts, _network, _bursts, _activity,
)  # fmt: skip


# Curves -----------------------------------------------------------------------------------------------------------


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
    asked = _first_gestures(events)
    hours = np.sort(events.answer[asked & (events.answer <= 30)]) * 24
    silent = events.seen > DORMANT
    egos, shares = _signature_shares(log)
    ranks = np.arange(1, _RANKS[-1] + 1) if len(egos) else np.zeros(0, int)
    number, pairs = np.unique(events.contacts, return_counts=True)
    return Curves(
        (hours, np.arange(1, len(hours) + 1) / max(asked.sum(), 1)),
        _reactivation_curve(events, silent),
        _reactivation_curve(events, silent & _established(events)),
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
