"""Statistics of answers: how many gestures are answered, how soon, after which silence, and what follows."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from scipy import sparse

from experiments.analysis.bootstrap import over
from experiments.logs.by_pair import DORMANT, ByPair
from experiments.logs.log import Log
from experiments.logs.statistic_groups import (
    StatisticGroup,
    Weights,
    distinct,
    event_shares,
    keyed_random,
    quantile_group,
)

PERMUTATIONS = 20
RECEIVED = 10  # gestures that a person must have received to have a habit
_HOUR = 1 / 24
_SHUFFLES = 2**64 - 1  # seed of the shuffles, the last that a bootstrap would use


def first_answers(log: Log) -> list[StatisticGroup]:
    """How many first gestures of new pairs are answered, and how soon; see ``first_answered_…``."""
    events = log.by_pair
    firsts = first_gestures(events)
    shares = {f"first_answered_{days}d": (firsts, events.answer <= days) for days in (1, 7, 30)}
    answered = firsts & (events.answer <= 30)
    delays, pairs = events.answer[answered] * 24, events.pair[answered]
    return [
        event_shares(events, shares),
        quantile_group("answer_delay_hours", (10, 25, 50, 75, 90), delays, "pairs", pairs),
    ]


def first_gestures(events: ByPair) -> np.ndarray:
    """Which events are the first of a pair that is surely new, with 30 full days to come."""
    return events.first & (events.time >= events.margin) & (events.time <= events.days - 30)


def answers_by_silence(log: Log) -> list[StatisticGroup]:
    """How many later gestures are answered, by the silence before them; see ``answered_7d_…``."""
    events = log.by_pair
    later = ~events.first & (events.time <= events.days - 7)
    place = np.digitize(events.silence, [_HOUR, 1, 7, DORMANT])
    classes = ("lt_1h", "1h_1d", "1_7d", "7_30d", "gt_30d")
    shares = {f"answered_7d_{name}": (later & (place == k), events.answer <= 7) for k, name in enumerate(classes)}
    return [event_shares(events, shares)]


def returns(log: Log) -> list[StatisticGroup]:
    """Who ends a silence, and how many such contacts stay isolated; see ``last_sender_returns``."""
    events = log.by_pair
    silent = events.silence > DORMANT
    shares = {
        "last_sender_returns": (silent, events.returns),
        "last_sender_returns_1_7d": ((events.silence > 1) & (events.silence <= 7), events.returns),
        "isolated": (silent & (events.time <= events.days - 30), events.following > 30),
    }
    return [event_shares(events, shares)]


def answering_habits(log: Log) -> list[StatisticGroup]:
    """How much people differ in what they answer; see ``answers_given_…``."""
    events = log.by_pair
    known = events.time <= events.days - 7
    receiver = np.where(events.forward, events.high[events.pair], events.low[events.pair])[known]
    received = np.bincount(receiver, minlength=log.people)
    answered = np.bincount(receiver, events.answer[known] <= 7, minlength=log.people)
    people = np.flatnonzero(log.counted & (received >= RECEIVED))
    return [quantile_group("answers_given", (10, 90), answered[people] / received[people], "people", people)]


def sessions(log: Log) -> list[StatisticGroup]:
    """Which pairs are contacted, by their silence; see ``session_mix_…``."""
    events = log.by_pair
    late = events.time >= min(120.0, 0.4 * events.days)
    opens = late & (events.first | (events.silence > 1))
    place = np.where(events.first, 0, np.digitize(events.silence, [1, 7, DORMANT], right=True))
    names = ("new", "1_7d", "7_30d", "gt_30d")
    return [event_shares(events, {f"session_mix_{name}": (opens, place == k) for k, name in enumerate(names)})]


def after_answered(log: Log) -> list[StatisticGroup]:
    """Matched risk ratios of contact in days 7 to 37, for the log and with each pair's gaps shuffled."""
    events = log.by_pair
    gaps = np.where(events.first, 0.0, events.silence)
    observed = _matched(events, events.time, gaps)
    random = keyed_random(_SHUFFLES)
    shuffled = []
    for _ in range(PERMUTATIONS):
        moved = gaps.copy()
        _shuffle(moved, events.start, random.random(len(events)))
        time = np.cumsum(moved)
        time = events.time[events.start] + time - time[events.start]
        shuffled.append(_matched(events, time, moved))
    names = ("after_answered_return", "after_answered_return_permuted")

    def of(weights: Weights) -> np.ndarray:
        moved = np.stack([matched.ratios(weights.pairs) for matched in shuffled])
        known = (~np.isnan(moved)).sum(axis=0)
        return np.column_stack([observed.ratios(weights.pairs), over(np.nansum(moved, axis=0), known)])

    counts, pairs = dict.fromkeys(names, observed.size), dict.fromkeys(names, distinct(observed.pair))
    return [StatisticGroup(counts, pairs, of)]


@njit(cache=True)
def _shuffle(gaps: Any, start: Any, draws: Any) -> None:
    """Shuffle the gaps of each pair in place (Fisher & Yates 1938); that of its first event, at start, stays."""
    for row in range(len(gaps)):
        other = start[row] + 1 + int(draws[row] * (row - start[row]))
        if other < row:
            gaps[row], gaps[other] = gaps[other], gaps[row]


class _Matched(NamedTuple):
    """Gestures after silence: pair of each, (gestures,), and how many of each pair are in each cell, (144, pairs).

    Cells are of stratum (36), answered or not, followed by contact or not.
    """

    pair: np.ndarray
    cells: sparse.csr_array

    @property
    def size(self) -> int:
        return len(self.pair)

    def ratios(self, weights: np.ndarray) -> np.ndarray:
        """Risk ratios, shape (resamples,), in strata that both kinds of gestures share."""
        cells = np.ascontiguousarray((self.cells @ weights.T).T)
        by = cells.reshape(len(weights), 36, 2, 2)  # stratum, answered, followed
        gestures, followed = by.sum(axis=3), by[..., 1]
        common = (gestures > 0).all(axis=2)
        risks = over(followed, gestures)
        treated = np.where(common, gestures[:, :, 1], 0.0)
        risk, without = ((treated * np.where(common, risks[:, :, k], 0.0)).sum(axis=1) for k in (1, 0))
        return over(risk, without)


def _matched(events: ByPair, time: np.ndarray, silence: np.ndarray) -> _Matched:
    rows = np.flatnonzero((silence > DORMANT) & (time <= events.days - 37))
    keys = events.pair * (events.days + 100) + time
    coming = np.append(keys, np.inf)[np.searchsorted(keys, keys[rows] + 7, "right")]  # the first after 7 days
    followed = coming <= keys[rows] + 37
    answered = events.answer_after(time, rows) <= 7
    history = np.digitize(events.before[rows], [2, 4, 8, 16, 32])
    stratum = (history * 2 + events.mutual_before[rows]) * 3 + np.digitize(silence[rows], [60, 120])
    place = (stratum * 4 + answered * 2 + followed, events.pair[rows])
    return _Matched(events.pair[rows], sparse.csr_array((np.ones(len(rows)), place), shape=(144, events.pairs)))
