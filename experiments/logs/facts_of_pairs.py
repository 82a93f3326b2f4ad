"""Published facts about pairs: how long they go on (B4, B11), who contacts whom and when (B6 to B8), answers (B10)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit
from scipy import sparse, stats

from experiments.analysis.bootstrap import burstiness, line_slopes, over
from experiments.logs.by_pair import ByPair
from experiments.logs.fact_values import MONTH, Found, counted_mean, counted_median, ranks_agree
from experiments.logs.log import Log

_PERIOD = 15.0  # days; of the persistence curve
_FEWEST_PERIODS = 6  # points of that curve
_YEAR = 364.0  # days; a log of one year lasts a little less than 365 from its first event to its last


def next_month(events: ByPair) -> Found:
    """Which pairs of a month are active in the next, for whole months only."""
    months = int(events.days // MONTH)
    whole = events.time < months * MONTH
    cell = events.pair * (months + 1) + np.minimum(events.time // MONTH, months).astype(int)
    cells, row, contacts = np.unique(cell[whole], return_inverse=True, return_counts=True)
    forward = np.bincount(row, events.forward[whole], minlength=len(cells))
    followed = cells % (months + 1) < months - 1
    stays = np.isin(cells + 1, cells)
    both = (forward > 0) & (forward < contacts)
    two_way, one_way = (
        counted_mean(stays[followed & both].astype(float)),
        counted_mean(stays[followed & ~both].astype(float)),
    )
    ratio = two_way[0] / one_way[0] if one_way[0] > 0 else math.nan
    return {
        "B4_next_month": counted_mean(stays[followed].astype(float)),
        "B4_reciprocated_outlive": (ratio, min(two_way[1], one_way[1])),
    }


def persistence_form(events: ByPair) -> Found:
    """Which curve fits the share of pairs that are active again after some time."""
    later, share, count = persistence(events)
    known = share > 0
    x, y = later[known], np.log(share[known])
    if len(x) < _FEWEST_PERIODS:
        return {"B4_power_law": (math.nan, count)}
    power, exponential = _misfit(np.log(x), y), _misfit(x, y)
    gain = len(x) * math.log(exponential / power) if power > 0 and exponential > 0 else math.nan
    return {"B4_power_law": (gain, count)}


def persistence(events: ByPair) -> tuple[np.ndarray, np.ndarray, int]:
    """The persistence curve of a log.

    The pairs are those active in each period of 15 days of the first half, the same for every point of the curve.

    Returns:
        Days later, shape (points,); the share of them that is active then, shape (points,); how many they are.
    """
    periods = int(events.days // _PERIOD)
    half = periods // 2
    lags = np.arange(1, periods - half + 1)
    whole = events.time < periods * _PERIOD
    cells = np.unique(events.pair[whole] * max(periods, 1) + (events.time[whole] // _PERIOD).astype(int))
    pair, period = np.divmod(cells, max(periods, 1))
    active = sparse.csr_array((np.ones(len(cells)), (pair, period)), shape=(max(events.pairs, 1), max(periods, 1)))
    together = (active.T @ active).toarray()
    there = together.diagonal()[:half].sum()
    again = np.array([together.diagonal(lag)[:half].sum() for lag in lags])
    return lags * _PERIOD, np.divide(again, there, out=np.zeros(len(lags)), where=there > 0), int(there)


def _misfit(x: np.ndarray, y: np.ndarray) -> float:
    """Sum of squares left by the least squares line."""
    slope = line_slopes(x[None], y[None], np.ones((1, len(x))))[0]
    return float((((y - y.mean()) - slope * (x - x.mean())) ** 2).sum())


def reciprocity(events: ByPair) -> Found:
    """How mutual contact is (B6)."""
    mutual = 2 * int(events.both.sum())
    ordered = events.pairs + mutual // 2
    forward, contacts = events.per_pair(events.forward), events.contacts
    busy = contacts >= 10
    share = np.maximum(forward, contacts - forward)[busy] / contacts[busy]
    half = contacts[busy] // 2
    fair = 0.5 + stats.binom.pmf(half, 2 * half, 0.5) / 2  # mean share of the busier side of fair coins
    return {
        "B6_reciprocated": (mutual / ordered if ordered else math.nan, ordered),
        "B6_lopsided": counted_mean(share - fair),
    }


def bursts(log: Log) -> Found:
    """How bursty contacts are (B7)."""
    events = log.by_pair
    order = np.argsort(log.source, kind="stable")
    people = counted_median(burstiness(log.source[order], log.time[order], log.people, 20))
    pairs = counted_median(burstiness(events.pair, events.time, events.pairs, 10))
    return {
        "B7_pairs_bursty": pairs,
        "B7_people_bursty": people,
        "B7_pairs_above_people": (pairs[0] - people[0], min(pairs[1], people[1])),
    }


def layers(events: ByPair) -> Found:
    """Groups of each ego's pairs by their contacts in the last year."""
    if events.days < _YEAR:
        return {"B8_layer_ratio": (math.nan, 0)}
    recent = events.time > events.days - 365
    contacts = events.per_pair(recent).astype(int)
    there = contacts > 0
    ego = np.append(events.low[there], events.high[there])
    order = np.argsort(ego, kind="stable")
    counts = np.tile(contacts[there], 2)[order]
    starts = np.concatenate([[0], np.cumsum(np.bincount(ego))])
    large = np.flatnonzero(np.diff(starts) >= 20)
    return {"B8_layer_ratio": counted_median(np.array([layer_ratio(counts[starts[k] : starts[k + 1]]) for k in large]))}


def layer_ratio(contacts: np.ndarray) -> float:
    """The geometric mean of the ratios of successive cumulative sizes of four layers.

    Args:
        contacts: (pairs,), of one ego, all above 0; layers are the groups of their logarithms with the least sum of
            squares within. Fewer than four different numbers have none: nan.
    """
    numbers, many = np.unique(contacts, return_counts=True)
    if len(numbers) < 4:
        return math.nan
    sizes = _best_groups(np.log(numbers), many.astype(float), 4)
    return float((sizes.sum() / sizes[-1]) ** (1 / 3))


@njit(cache=True)
def _best_groups(values: Any, many: Any, groups: int) -> Any:
    """Sizes of the groups of ascending values that have the least sum of squares within (Fisher 1958: exact)."""
    n = len(values)
    weight, first, second = np.zeros(n + 1), np.zeros(n + 1), np.zeros(n + 1)
    for k in range(n):
        weight[k + 1] = weight[k] + many[k]
        first[k + 1] = first[k] + many[k] * values[k]
        second[k + 1] = second[k] + many[k] * values[k] ** 2
    least = np.full((groups + 1, n + 1), np.inf)
    begins = np.zeros((groups + 1, n + 1), np.int64)
    least[0, 0] = 0.0
    for group in range(1, groups + 1):
        for end in range(group, n + 1):
            for begin in range(group - 1, end):
                mean = (first[end] - first[begin]) / (weight[end] - weight[begin])
                within = second[end] - second[begin] - mean * (first[end] - first[begin])
                if least[group - 1, begin] + within < least[group, end]:
                    least[group, end] = least[group - 1, begin] + within
                    begins[group, end] = begin
    sizes = np.empty(groups)
    end = n
    for group in range(groups, 0, -1):
        begin = begins[group, end]
        sizes[group - 1] = weight[end] - weight[begin]
        end = begin
    return sizes


def answers(events: ByPair) -> Found:
    """Answers in pairs with five contacts each way, as in the study."""
    forward = events.per_pair(events.forward)
    mutual = np.minimum(forward, events.contacts - forward) >= 5
    gestures = mutual[events.pair] & (events.time <= events.days - 7)
    answered = gestures & (events.answer <= 7)
    latest = answered & (events.answer_row == np.arange(len(events)) + 1)
    hours = events.answer[latest] * 24
    opening = events.first | (events.silence > 1)
    gestures, answered = gestures & opening, answered & opening
    return {
        "B10_median_delay": counted_median(hours),
        "B10_within_a_day": counted_mean((hours <= 24).astype(float)),
        "B10_load": ranks_agree(_received(events)[gestures], answered[gestures]),
        "B10_closeness": ranks_agree(events.answer[answered], events.before[answered]),
    }


def _received(events: ByPair) -> np.ndarray:
    """Gestures that the receiver of each event got in the 24 hours up to it, itself included, (events,)."""
    receiver = np.where(events.forward, events.high[events.pair], events.low[events.pair])
    far = events.days + 10  # between the times of one person and of the next
    keys = receiver * far + events.time
    known = np.sort(keys)
    return np.searchsorted(known, keys, "right") - np.searchsorted(known, keys - 1, "right")


def open_ties(events: ByPair) -> Found:
    """Openings, closings and open ties by person and month, without the ends of the log, where they are unknown."""
    months = int(events.days // MONTH)
    edge = math.ceil(months / 4)
    names = ("B11_openings_follow_closings", "B11_steady_stock")
    if months - 2 * edge < 3:
        return dict.fromkeys(names, (math.nan, 0))
    opened, closed = (_by_month(events, flags, months) for flags in _turns(events))
    middle = slice(edge, months - edge)
    stock = (np.cumsum(opened, axis=1) - np.cumsum(closed, axis=1))[:, middle]
    opened, closed = opened[:, middle], closed[:, middle]
    with_ties = (stock + opened + closed).sum(axis=1) > 0
    flow = opened + closed
    settled = (stock.mean(axis=1) >= 5) & (flow.sum(axis=1) > 0)
    steadiness = over(_variation(stock[settled]), _variation(flow[settled]))
    agree = ranks_agree(opened[with_ties].ravel(), closed[with_ties].ravel())
    return dict(zip(names, (agree, counted_median(steadiness)), strict=True))


def _turns(events: ByPair) -> tuple[np.ndarray, np.ndarray]:
    """Whether a tie opens with an event, and whether it closes with it, each (events,)."""
    last = np.append(events.first[1:], np.ones(min(1, len(events)), bool))
    gaps = events.contacts - 1
    mean_gap = over(events.time[last] - events.time[events.first], gaps)
    patience = np.maximum(8 * mean_gap, MONTH)[events.pair]
    is_tie = (events.contacts >= 3)[events.pair]
    opens = events.first | (events.silence > patience)
    return is_tie & opens, is_tie & (events.seen > patience)


def _by_month(events: ByPair, which: np.ndarray, months: int) -> np.ndarray:
    """The number of selected events of each person's pairs in each month, shape (people, months)."""
    month = (events.time[which] // MONTH).astype(int)
    pair = events.pair[which][month < months]
    cells = np.append(events.low[pair], events.high[pair]) * months + np.tile(month[month < months], 2)
    return np.bincount(cells, minlength=events.people * months).reshape(events.people, months)


def _variation(rows: np.ndarray) -> np.ndarray:
    """Coefficients of variation of rows."""
    return over(rows.std(axis=1), rows.mean(axis=1))
