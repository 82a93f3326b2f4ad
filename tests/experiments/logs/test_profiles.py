"""Profiles against counts by hand, and their clock against a log whose quiet times are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import sim
from experiments.logs.by_pair import DAY
from experiments.logs.levels import _read_at_once, measured
from experiments.logs.log import Log, read
from experiments.logs.profiles import (
    CONVERSATIONS,
    GAPS,
    LIFETIMES,
    Clock,
    clock_of,
    farthest,
    overlap,
    profiles_of,
    staying,
)
from experiments.logs.simulated import Window, simulated_log

START = Clock(0.0, 0, 0)


def log_of(*rows: tuple[int, int, float]) -> Log:
    """A log of these contacts, with times in days."""
    table = pd.DataFrame(list(rows), columns=["source", "target", "time"])
    return read(table.assign(time=(table["time"] * DAY).round()))


def test_rhythm_is_counted_by_hour_and_weekday() -> None:
    days = np.arange(35)
    found = profiles_of(log_of(*((1, 2, day + 10 / 24) for day in days if day % 7 < 5), (2, 1, 30 + 22.5 / 24)), START)
    assert found.hours[10] == pytest.approx(25 / 26)
    assert found.hours[22] == pytest.approx(1 / 26)
    assert found.weekdays == pytest.approx(np.array([5, 5, 6, 5, 5, 0, 0]) / 26)
    assert found.hours.sum() == pytest.approx(1)


def test_gaps_and_conversations_are_those_of_pairs() -> None:
    minute = 1 / 1440
    found = profiles_of(log_of((1, 2, 0), (2, 1, 5 * minute), (1, 2, 3), (1, 3, 3), (3, 1, 40)), START)
    middles = np.sqrt(GAPS[:-1] * GAPS[1:])
    expected = np.zeros(len(middles))
    for gap in (5, 3 * 1440 - 5, 37 * 1440):
        expected[np.searchsorted(GAPS, gap) - 1] += 1 / 3
    assert found.gaps == pytest.approx(expected)
    lengths = dict(zip(CONVERSATIONS, found.conversations, strict=True))
    assert lengths == pytest.approx({1: 3 / 4, 2: 1 / 4, 3: 0, 4: 0, 6: 0, 11: 0, 21: 0})


def test_lifetimes_are_parts_of_the_log() -> None:
    """In 100 days, 1 writes all the time, 2 from day 0 to 50, and 3 once, which is no lifetime."""
    found = profiles_of(log_of((1, 2, 0), (2, 1, 0), (2, 1, 50), (3, 1, 60), (1, 2, 100)), START)
    people = np.zeros(LIFETIMES)
    people[[LIFETIMES // 2, LIFETIMES - 1]] = 0.5
    assert found.people == pytest.approx(people)
    assert found.pairs[-1] == 1
    assert staying(found.people)[[0, LIFETIMES // 2, LIFETIMES - 1, LIFETIMES]].tolist() == [1, 1, 0.5, 0]


def test_the_clock_puts_the_quiet_times_first_and_last() -> None:
    """Written at hours 15 to 23 after the first event, on days 2 to 6 of a week; its night comes before, on day 0."""
    rows = [(1, 2, 0.0), *((k % 3 + 1, k % 3 + 2, day + hour / 24) for k, (day, hour) in enumerate(
        (day, hour + 0.5) for day in range(70) if day % 7 >= 2 for hour in range(15, 24)
    ))]  # fmt: skip
    log = log_of(*rows)
    clock = clock_of(log, burn_in_days=0)
    found = profiles_of(log, clock)
    assert clock.weekday == 2 + 1
    assert found.hours[:6].sum() < 0.01
    assert found.weekdays[-2:].sum() < 0.01
    later = clock_of(log, burn_in_days=3)
    assert later.weekday == (2 + 1 + 3) % 7
    assert profiles_of(log, later).weekdays == pytest.approx(found.weekdays)


def test_a_world_with_the_hours_of_a_log_has_its_profile() -> None:
    """Seconds of a world's log count from its first day, so nothing has to be shifted."""
    hours = [0.0] * 8 + [1.0] * 8 + [0.2] * 8
    given = sim.Parameters(routine_rate=0.3, hour_activity=tuple(hours))
    found = profiles_of(simulated_log(given, Window(120, 60, 0.1), seed=3), START)
    assert found.hours[:8].sum() < 0.05
    assert found.hours[8:16].sum() > 0.6


def test_a_world_with_the_rhythm_that_was_read_has_the_profile_of_the_log() -> None:
    """A log that begins at noon of a busy day: the days of the world begin at midnight, and its profile fits."""
    hours, weekdays = [0.0] * 3 + [1.0] * 14 + [2.0] * 4 + [0.0] * 3, [1.0] * 5 + [0.0] * 2
    busy = sim.Parameters(routine_rate=0.5, hour_activity=tuple(hours), weekday_activity=tuple(weekdays))
    whole = simulated_log(busy, Window(120, 90, 0.1), seed=3)
    late = np.flatnonzero(whole.time >= whole.time[0] // DAY * DAY + 12.5 * 3_600)
    rows = zip(whole.source[late].tolist(), whole.target[late].tolist(), (whole.time[late] / DAY).tolist(), strict=True)
    log = log_of(*rows)
    window = Window(120, 90, 0.1)
    found = _read_at_once(log, measured(log), busy, window)
    clock = clock_of(log, round(365 * window.burn_in_years))
    real = profiles_of(log, clock)
    world = profiles_of(simulated_log(found, window, seed=4), clock._replace(began=0.0))
    assert np.minimum(real.hours, world.hours).sum() > 0.85
    assert np.minimum(real.weekdays, world.weekdays).sum() > 0.9


def test_what_a_log_does_not_say_is_missing() -> None:
    by_the_day = log_of(*((1 + day % 2, 2 - day % 2, float(day)) for day in range(40)))
    found = profiles_of(by_the_day, clock_of(by_the_day, 0))
    assert np.isnan([*found.hours, *found.gaps, *found.conversations]).all()
    assert found.weekdays.sum() == pytest.approx(1)
    assert np.isnan(profiles_of(log_of((1, 2, 0.1), (2, 1, 3.3)), START).hours).all()


def test_what_two_profiles_have_in_common() -> None:
    one, other = np.array([0.5, 0.5, 0.0]), np.array([0.0, 0.5, 0.5])
    assert overlap(one, one) == pytest.approx(1)
    assert overlap(one, other) == pytest.approx(0.5)
    assert np.isnan(overlap(one, np.full(3, np.nan)))
    assert farthest(one, other) == pytest.approx(0.5)
