"""When a log is asked, and what is known by then."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from experiments.forecasts.mornings import cut_of, mornings, questions
from experiments.forecasts.pairs import came_back, silent_pairs
from experiments.logs.log import read_in_file_order
from sim.contact_logs import LogError
from tests.experiments.forecasts.test_forecast import DAY, made_up, shuffled_after


def test_mornings_leave_time_before_and_after() -> None:
    assert mornings(400, 90, [0.5, 0.9]) == {200: 90, 360: 40}
    assert mornings(400, 90, [0.05, 0.99]) == {}, "no earlier question; too few days after"
    assert mornings(100, 90, [0.5]) == {}, "no earlier question of 50 days"
    assert mornings(101, 90, [0.6]) == {60: 41}


def test_a_question_is_asked_now_and_as_many_days_earlier() -> None:
    log = read_in_file_order(made_up())
    asked = questions(log, {105: 45, 20: 30}, 30)
    assert [one.now.morning for one in asked] == [105], "nobody is silent for 30 days on day 20"
    (one,) = asked
    assert (one.days, one.earlier.morning) == (45, 60)
    for part in (one.now, one.earlier):
        pd.testing.assert_frame_equal(part.pairs, silent_pairs(log, part.morning, 30))
        assert (part.back == came_back(log, part.pairs, part.morning, 45)).all()
        assert 0 < part.back.sum() < len(part.back)
    (early,) = questions(log, {40: 90}, 20)
    assert (early.earlier.morning, len(early.earlier.pairs), len(early.earlier.back)) == (-50, 0, 0)


def test_what_follows_a_morning_changes_only_the_answer() -> None:
    first, second = (
        questions(read_in_file_order(one), {105: 45}, 30)[0] for one in (made_up(), shuffled_after(made_up(), 105, 9))
    )
    pd.testing.assert_frame_equal(first.now.pairs, second.now.pairs)
    pd.testing.assert_frame_equal(first.earlier.pairs, second.earlier.pairs)
    assert np.array_equal(first.earlier.back, second.earlier.back)
    assert not np.array_equal(first.now.back, second.now.back)


def test_a_short_log_is_judged_by_what_there_is() -> None:
    assert cut_of(read_in_file_order(made_up(days=110)), 90) == (77, 33)
    assert cut_of(read_in_file_order(made_up(days=50)), 15) == (35, 15)
    assert cut_of(read_in_file_order(made_up(days=110)), 90, cut=20) == (20, 90)
    for days, cut in ((90, None), (110, 81), (110, 0)):
        with pytest.raises(LogError, match="needs at least 30 more days"):
            cut_of(read_in_file_order(made_up(days=days)), 90, cut)


@pytest.mark.parametrize(
    ("days", "cut", "said"),
    [
        (80, None, "70% into it, on day 56, needs at least 30 more days"),
        (90, 61, "made on day 61 needs at least 30 more days of the log to be compared with: give a longer log"),
        (90, 0, "made on day 0 needs at least 30 more days of the log to be compared with: give a later day"),
        (20, 1, "give a later day with --cut"), (20, 2, "give a longer log, or an earlier day with --cut"),
    ],
)  # fmt: skip
def test_a_log_that_is_too_short_for_a_cut_says_what_would_do(days: int, cut: int | None, said: str) -> None:
    log = pd.DataFrame({"source": ["a", "b"], "target": ["b", "a"], "time": [0, days * DAY]})
    with pytest.raises(LogError, match=re.escape(said)):
        cut_of(read_in_file_order(log), 90, cut)
    assert cut_of(read_in_file_order(log), 1, 1) == (1, 1)
    assert cut_of(read_in_file_order(log.assign(time=[0, 1.5 * DAY])), 0) == (1, 0), "never before the first morning"


def test_a_log_is_cut_on_the_last_whole_day_of_its_first_part() -> None:
    """70% of 101 days are 70.7."""
    log = pd.DataFrame({"source": ["a", "b"], "target": ["b", "a"], "time": [0, 101 * DAY]})
    assert cut_of(read_in_file_order(log), 90) == (70, 31)
    assert cut_of(read_in_file_order(log.assign(time=[0, 101.9 * DAY])), 90) == (71, 30)
