"""Statistics of rhythm: the quiet hours of the day, the quiet days of the week, and how much people send in a day.

A log does not say where people live, so no hour has a name here. The day is cut into quarters of an hour that begin
with the log's first event, and the quietest six hours in a row are found; they are taken to be the night, and a new day
begins in their middle. So the results depend neither on time zones nor on how times are counted.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from experiments.analysis.bootstrap import over, totals
from experiments.logs.by_pair import DAY, changes
from experiments.logs.log import Log
from experiments.logs.statistic_groups import StatisticGroup, Weights, mean_group, missing_group

QUARTERS = 96  # of a day
NIGHT = 24  # quarters of an hour: six hours
OWN_SENDS = 50  # that a person needs to have quiet hours of their own
SENDS = 10  # that a person needs to have a number per active day
FEWEST_DAYS, FEWEST_DAYS_OF_WEEKS = 7, 28  # days that a log needs to have hours, and to have weekdays


def rhythm(log: Log) -> list[StatisticGroup]:
    """When people send; see ``quiet_hours`` and ``quiet_weekdays``."""
    hours, weekdays = ("quiet_hours", "quiet_hours_own"), ("quiet_weekdays",)
    if by_the_day(log) or log.days < FEWEST_DAYS:
        return [missing_group(hours), missing_group(weekdays)]
    table = sends_by_quarter(log)
    people = log.counted & (table.sum(axis=1) > 0)
    own = np.where(log.counted & (table.sum(axis=1) >= OWN_SENDS), share_at_night(table), np.nan)
    pooled = _pooled("quiet_hours", table * log.counted[:, None], int(people.sum()), share_at_night)
    groups = [pooled, mean_group("people", {"quiet_hours_own": own})]
    if log.days < FEWEST_DAYS_OF_WEEKS:
        return [*groups, missing_group(weekdays)]
    week = _counts(log, np.mod(active_days(log), 7), 7) * log.counted[:, None]
    return [*groups, _pooled("quiet_weekdays", week, int(people.sum()), _share_of_quietest_two)]


def sends_per_active_day(log: Log) -> list[StatisticGroup]:
    """How much people send on a day on which they send; see ``sends_per_active_day``."""
    sent, days = np.bincount(log.source, minlength=log.people), days_with_sends(log)
    several = log.counted & (sent >= SENDS)
    return [mean_group("people", {"sends_per_active_day": np.where(several, over(sent, days), np.nan)})]


def by_the_day(log: Log) -> bool:
    """Whether times are no finer than days, so that hours and minutes are unknown."""
    return not (log.since_start % DAY).any()


def sends_by_quarter(log: Log) -> np.ndarray:
    """What each person sends in each quarter of an hour of the day, (people, quarters)."""
    return _counts(log, (log.since_start % DAY / DAY * QUARTERS).astype(int), QUARTERS)


def active_days(log: Log) -> np.ndarray:
    """The day of each event, (events,), counted from the middle of the night before the first."""
    return np.floor(log.since_start / DAY - midnight(log)).astype(int)


def midnight(log: Log) -> float:
    """The middle of the night before the first event, in days since it (-1 to 0); 0 if times are whole days."""
    return 0.0 if by_the_day(log) else (night_of(log) + NIGHT // 2) % QUARTERS / QUARTERS - 1


def days_with_sends(log: Log) -> np.ndarray:
    """The number of days on which each person sends something, (people,)."""
    day = active_days(log)
    width = int(day.max(initial=0)) + 1
    keys = np.sort(log.source.astype(np.int64) * width + day)
    return np.bincount(keys[changes(keys)] // width, minlength=log.people)


def _counts(log: Log, place: np.ndarray, places: int) -> np.ndarray:
    """What each person sends in each place of a cycle, (people, places)."""
    keys = log.source.astype(np.int64) * places + place
    return np.bincount(keys, minlength=log.people * places).reshape(log.people, places).astype(float)


def _windows(table: np.ndarray) -> np.ndarray:
    """Sums over six hours from each quarter on, across the end of the day, for the rows of a table (rows, quarters)."""
    upto = np.cumsum(np.hstack([np.zeros((len(table), 1)), table, table[:, :NIGHT]]), axis=1)
    return np.asarray(upto[:, NIGHT : NIGHT + QUARTERS] - upto[:, :QUARTERS])


def night_of(log: Log) -> int:
    """The quarter with which the quietest six hours of everybody together begin."""
    return int(np.argmin(_windows(sends_by_quarter(log).sum(axis=0, keepdims=True))[0]))


def share_at_night(table: np.ndarray) -> np.ndarray:
    """The share of each row's sends in its quietest six hours, (rows,)."""
    return over(_windows(table).min(axis=1), table.sum(axis=1))


def _share_of_quietest_two(table: np.ndarray) -> np.ndarray:
    """The share of each row's sends on its two quietest weekdays, (rows,)."""
    return over(np.sort(table, axis=1)[:, :2].sum(axis=1), table.sum(axis=1))


def _pooled(name: str, table: np.ndarray, people: int, share: Callable[[np.ndarray], np.ndarray]) -> StatisticGroup:
    """A share of what all people together send; ``table`` has what each one sends, (people, places)."""

    def of(weights: Weights) -> np.ndarray:
        return share(totals(weights.people, table))[:, None]

    return StatisticGroup({name: int(table.sum())}, {name: people}, of)
