"""Profiles of a log: when people write, how fast contacts follow each other, and how long people and pairs stay.

Statistics reduce these to a few numbers; profiles show the whole shape, so that a real log and simulated ones can be
drawn on top of each other. A log does not say where people live, so no hour and no weekday has a name: both begin with
a quiet time of the real log.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from experiments.logs.by_pair import DAY
from experiments.logs.conversations import lengths
from experiments.logs.log import Log
from experiments.logs.rhythm import FEWEST_DAYS, FEWEST_DAYS_OF_WEEKS, NIGHT, QUARTERS, by_the_day, midnight

HOURS, WEEKDAYS = 24, 7
GAPS = np.geomspace(0.5, 525_600.0, 37)  # minutes: edges of the times between two contacts, half a minute to a year
CONVERSATIONS = (1, 2, 3, 4, 6, 11, 21)  # least number of contacts of each class; the last is open
LIFETIMES = 25  # equal parts of the log


class Profiles(NamedTuple):
    """Shares of a log, each adding up to 1; nan if the log does not say.

    Attributes:
        hours: (24,), what is sent in each hour, from the beginning of the quietest six on.
        weekdays: (7,), what is sent on each weekday; the two quietest days in a row come last.
        gaps: (36,), times between two contacts of a pair, by `GAPS`; shorter and longer ones are in the outer classes.
        conversations: (7,), conversations by their number of contacts, `CONVERSATIONS`.
        people: (25,), people with two sends or more, by the part of the log from their first send to their last.
        pairs: (25,), pairs with two contacts or more, by the part of the log from the first to the last.
    """

    hours: np.ndarray
    weekdays: np.ndarray
    gaps: np.ndarray
    conversations: np.ndarray
    people: np.ndarray
    pairs: np.ndarray


class Clock(NamedTuple):
    """Where days and weeks of a real log begin, in the seconds of a clock.

    Attributes:
        began: midnight before the first event, and days of a burn-in before.
        hour: (0 to 23), where the quietest six hours begin.
        weekday: (0 to 6), the day after the two quietest.
    """

    began: float
    hour: int
    weekday: int


def clock_of(log: Log, burn_in_days: int) -> Clock:
    """The clock of a real log, whose days begin in the middle of the night, as those of worlds with its levels do.

    Args:
        log: the log.
        burn_in_days: days of a simulated world before its log, by which the weekdays of the two differ.
    """
    began = log.began + (midnight(log) - burn_in_days) * DAY
    week = _shares_of(log.time - began, DAY, WEEKDAYS)
    quiet = int(np.argmin(week + np.roll(week, -1)))  # this day and the next are quietest
    night = NIGHT * HOURS // QUARTERS
    return Clock(began, 0 if by_the_day(log) else HOURS - night // 2, (quiet + 2) % WEEKDAYS)


def profiles_of(log: Log, clock: Clock) -> Profiles:
    """The profiles of a log.

    Args:
        log: real log, or the log of a simulated world.
        clock: of the real log; for the log of a world, with ``began`` 0, because its seconds count from its first day.
    """
    unknown = by_the_day(log)
    seconds = log.time - clock.began
    hours = np.roll(_shares_of(seconds, DAY / HOURS, HOURS), -clock.hour)
    weekdays = np.roll(_shares_of(seconds, DAY, WEEKDAYS), -clock.weekday)
    events = log.by_pair
    gaps = 1440 * events.silence[~events.first]
    classes = np.digitize(lengths(events), CONVERSATIONS) - 1
    spans = _spans(events.pair, events.time, events.pairs)
    return Profiles(
        hours=np.full(HOURS, np.nan) if unknown or log.days < FEWEST_DAYS else hours,
        weekdays=np.full(WEEKDAYS, np.nan) if log.days < FEWEST_DAYS_OF_WEEKS else weekdays,
        gaps=_known(not unknown, lambda: _shares(np.digitize(gaps, GAPS[1:-1]), len(GAPS) - 1), len(GAPS) - 1),
        conversations=_known(not unknown, lambda: _shares(classes, len(CONVERSATIONS)), len(CONVERSATIONS)),
        people=_lifetimes(_spans(log.source, log.since_start / DAY, log.people)[log.counted], log.days),
        pairs=_lifetimes(spans, log.days),
    )


def staying(shares: np.ndarray) -> np.ndarray:
    """The share whose lifetime reaches each edge of the classes, from 1 to 0; shape (classes + 1,)."""
    return np.append(shares[::-1].cumsum()[::-1], 0.0)


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """What two profiles have in common, from 0 to 1: the sum of the lesser shares; nan if either is unknown."""
    return float(np.minimum(one, other).sum())


def farthest(one: np.ndarray, other: np.ndarray) -> float:
    """The largest distance of two curves of `staying`, from 0 to 1; nan if either profile is unknown."""
    return float(np.abs(staying(one) - staying(other)).max())


def _shares_of(seconds: np.ndarray, length: float, places: int) -> np.ndarray:
    """Shares of times in each place of a cycle of places of this length."""
    return _shares(np.floor(seconds / length).astype(np.int64) % places, places)


def _shares(place: np.ndarray, places: int) -> np.ndarray:
    """Shares of each place; nan if there is nothing."""
    counts = np.bincount(place, minlength=places)
    return counts / counts.sum() if len(place) else np.full(places, np.nan)


def _known(there: bool, of: Callable[[], np.ndarray], places: int) -> np.ndarray:
    return of() if there else np.full(places, np.nan)


def _spans(group: np.ndarray, day: np.ndarray, groups: int) -> np.ndarray:
    """Days from the first to the last event of each group, (groups,); nan with fewer than two events."""
    first, last = np.full(groups, np.inf), np.full(groups, -np.inf)
    np.minimum.at(first, group, day)
    np.maximum.at(last, group, day)
    several = np.bincount(group, minlength=groups) > 1
    return np.subtract(last, first, out=np.full(groups, np.nan), where=several)


def _lifetimes(spans: np.ndarray, days: float) -> np.ndarray:
    known = spans[~np.isnan(spans)]
    part = np.floor(known / max(days, 1e-9) * LIFETIMES).astype(int)
    return _shares(np.minimum(part, LIFETIMES - 1), LIFETIMES)
