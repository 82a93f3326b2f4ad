"""Statistics of lifetimes: who leaves a log and who arrives in it, and which ties last after a return."""

from __future__ import annotations

import numpy as np

from experiments.logs.by_pair import ByPair
from experiments.logs.log import Log
from experiments.logs.statistic_groups import StatisticGroup, event_shares, mean_group

SENDS = 10  # in four fifths of the log, that make a person active
SILENT = 90.0  # days of silence that a pair returns from
RETURN_DAYS = 60.0  # days for three contacts in turn, which make a return (`sim.model.outcomes.RECONNECTION_DAYS`)
KEPT_FROM, KEPT_TO = 150.0, 240.0  # days after it (`KEPT_UP_FROM`, `KEPT_UP_TO` there)


def departures(log: Log) -> list[StatisticGroup]:
    """Who falls silent before the end of the log, and who begins after its start; see ``gone`` and ``arrived``."""
    time, length = log.since_start, log.since_start[-1] if len(log) else 0.0
    shares = {}
    for name, rest in (("gone", time >= 0.8 * length), ("arrived", time < 0.2 * length)):
        there, then = (np.bincount(log.source[rows], minlength=log.people) for rows in (~rest, rest))
        shares[name] = np.where(log.counted & (there >= SENDS), then == 0, np.nan)
    return [mean_group("people", shares)]


def kept(log: Log) -> list[StatisticGroup]:
    """How many pairs are in two-way contact long after a return; see ``kept_after_…``."""
    events = log.by_pair
    back = _returns(events)
    stayed = (events.seen >= SILENT + RETURN_DAYS) & (events.time + SILENT <= events.days - KEPT_TO)
    in_touch = {
        "kept_after_return": (np.isfinite(back), _two_way(events, back)),
        "kept_after_silence": (stayed, _two_way(events, np.where(stayed, events.time + SILENT, np.nan))),
    }
    return [event_shares(events, in_touch)]


def _returns(events: ByPair) -> np.ndarray:
    """When a return that begins with each event is complete, in days, (events,); nan: none begins, or it is too late.

    A return is a contact after 90 days or more, followed within 60 days by a contact of the other and by one of the
    first person again.
    """
    second = events.answer_row
    third = np.where(second >= 0, events.answer_row[second], -1)
    done = np.where(third >= 0, events.time[third], np.inf)
    returned = (events.silence >= SILENT) & (done - events.time <= RETURN_DAYS)
    return np.where(returned & (done <= events.days - KEPT_TO), done, np.nan)


def _two_way(events: ByPair, since: np.ndarray) -> np.ndarray:
    """Whether both people of each event's pair have made contact 150 to 240 days after a time, (events,).

    Where the time is nan, it is false.
    """
    far = events.days + 2 * KEPT_TO  # between the times of one pair and of the next
    rows = np.flatnonzero(~np.isnan(since))  # few of the events
    start = events.pair[rows] * far + since[rows]
    both = np.zeros(len(events), bool)
    both[rows] = True
    for forward in (True, False):
        keys = (events.pair * far + events.time)[events.forward == forward]
        after = np.searchsorted(keys, start + KEPT_TO, "right") > np.searchsorted(keys, start + KEPT_FROM, "left")
        both[rows] &= after
    return both
