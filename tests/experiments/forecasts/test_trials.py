"""Trials of one's own: who is drawn, who is left alone, and what a later export shows."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.forecasts import trials
from experiments.forecasts.tables import earlier_plan_noted, trial_notes, trial_table
from experiments.forecasts.trials import TrialTie, difference, drawn, outcome, pairs_needed, read, running, text_of
from experiments.logs.log import Log
from experiments.logs.log import read as read_log
from sim.contact_logs import LogError

DAY, NOW = 86_400, 1_700_000_000.0


def plan(ties: int) -> pd.DataFrame:
    return pd.DataFrame({"id": [f"person {k}" for k in range(ties)], "gesture": "message"})


def log_of(*rows: tuple[str, str, float]) -> Log:
    """Contacts by source, target and days after the plan; the log begins 100 days before and ends 100 after."""
    ends = [("x", "y", -100.0), ("x", "y", 100.0)]
    table = pd.DataFrame([*rows, *ends], columns=["source", "target", "days"])
    return read_log(table.assign(time=(NOW + table["days"] * DAY).astype(int)).drop(columns="days").sort_values("time"))


def pair(name: str, made: str, held: str, days: int = 60) -> list[TrialTie]:
    return [TrialTie("me", one, name, "message", one == made, NOW, days) for one in (made, held)]


@given(st.integers(0, 21))
def test_of_each_two_ties_one_is_drawn_and_an_odd_one_is_left_out(ties: int) -> None:
    found = drawn(plan(ties), "me", NOW, 60)
    assert len(found) == ties - ties % 2
    assert len({one.id for one in found}) == len(found)
    for first in range(0, len(found), 2):
        two = found[first : first + 2]
        assert {one.id for one in two} == {f"person {first}", f"person {first + 1}"}
        assert two[0].pair == two[1].pair
        assert [one.made for one in two].count(True) == 1
    assert len({one.pair for one in found}) == len(found) // 2


def test_both_of_a_pair_are_drawn_equally_often() -> None:
    first = np.mean([drawn(plan(2), "me", NOW, 60)[0].made for _ in range(2_000)])
    assert abs(first - 0.5) < 0.06


@given(st.lists(st.tuples(st.text(max_size=9), st.text(max_size=9), st.booleans(), st.integers(1, 900)), max_size=9))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, some: list[tuple[str, str, bool, int]]
) -> None:
    path = tmp_path_factory.mktemp("trial") / "trial.jsonl"
    entries = [TrialTie("me", one, two, "call", made, NOW, days) for one, two, made, days in some]
    path.write_text(text_of(entries), encoding="utf-8")
    assert read(path) == entries


def test_no_file_is_no_entries_and_a_damaged_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "trial.jsonl"
    assert read(path) == []
    path.write_text(text_of(pair("a", "Ann", "Ben")) + '{"person": "me"}\n', encoding="utf-8")
    with pytest.raises(LogError, match=r"trial.jsonl, line 3: this is not an entry"):
        read(path)


def test_whoever_is_in_a_running_trial_is_not_suggested_again() -> None:
    entries = [*pair("a", "Ann", "Ben", days=10), *pair("b", "Cem", "Dora", days=60)]
    assert running(entries, "me", NOW + 5 * DAY) == {"Ann", "Ben", "Cem", "Dora"}
    assert running(entries, "me", NOW + 10 * DAY) == {"Cem", "Dora"}
    assert running(entries, "somebody else", NOW) == set()


def test_an_outcome_is_whether_the_other_wrote_within_the_days() -> None:
    entries = [*pair("a", "Ann", "Ben"), *pair("b", "Cem", "Dora"), *pair("c", "Eli", "Fay"), *pair("d", "Gus", "Hal")]
    log = log_of(
        ("me", "Ann", 1), ("Ann", "me", 2), ("Ben", "me", -1), ("Ben", "me", 61),  # before and after the days
        ("me", "Cem", 20), ("Dora", "me", 59), ("Ann", "Eli", 3), ("me", "Hal", 2), ("Gus", "me", 5), ("Hal", "me", 5),
    )  # fmt: skip
    found = outcome(entries, log)
    assert (found.pairs, found.waiting) == (4, 0)
    assert (found.with_gesture, found.held_out) == (0.5, 0.5)  # Ann and Gus; Dora and Hal
    assert found.effect == 0
    assert (found.made, found.made_anyway) == (1, 1)  # Ann, but Cem too late; Hal, who was held out


def test_pairs_whose_days_are_not_over_wait_and_halves_do_not_count() -> None:
    entries = [*pair("a", "Ann", "Ben"), *pair("b", "Cem", "Dora", days=101), pair("c", "Eli", "Fay")[0]]
    found = outcome(entries, log_of(("Ann", "me", 2)))
    assert (found.pairs, found.waiting, found.effect) == (1, 1, 1)
    nothing = outcome(pair("b", "Cem", "Dora", days=101), log_of())
    assert (nothing.pairs, nothing.waiting) == (0, 1)
    assert math.isnan(nothing.effect)
    assert "no result yet" in str(trial_table(nothing).renderables[0])


@pytest.mark.parametrize(("chances", "pairs"), [((0.3, 0.1), 30), ((0.5, 0.5), 12), ((0.9, 0.2), 20)])
def test_the_interval_has_the_true_difference_as_often_as_it_says(chances: tuple[float, float], pairs: int) -> None:
    random = np.random.default_rng(1)
    hit = 0
    for _ in range(2_000):
        _, low, high = difference(random.random((pairs, 2)) < chances)
        hit += low <= chances[0] - chances[1] <= high
    assert 0.93 <= hit / 2_000 <= 0.985


def test_as_many_pairs_as_are_needed_show_a_gain_in_four_of_five_trials() -> None:
    random, without, gain = np.random.default_rng(2), 0.1, 0.2
    pairs = pairs_needed(without, gain)
    shown = sum(difference(random.random((pairs, 2)) < (without + gain, without))[1] > 0 for _ in range(2_000))
    assert 0.74 <= shown / 2_000 <= 0.88


def test_notes_say_how_many_pairs_are_needed_before_anything_is_known() -> None:
    (said,) = trial_notes(pair("a", "Ann", "Ben"), 0.1, 60)
    assert "1 tie of 2, drawn at random, is on this plan" in said
    assert f"{pairs_needed(0.1, 0.2):,} pairs for +20 points" in said
    assert "Ann" not in said
    assert "Ben" not in said
    assert trial_notes([], 0.1, 60) == ["Trial: too few ties for a pair, so none is held out this week."]


def test_a_second_plan_of_the_same_week_is_said_to_add_to_the_first() -> None:
    entries = [*pair("a", "Ann", "Ben"), *pair("b", "Cem", "Dan")]
    (said,) = earlier_plan_noted(entries, "me", NOW + 6.9 * DAY)
    assert "a plan of the last seven days, with 2 gestures" in said
    assert earlier_plan_noted(entries, "me", NOW + 7.1 * DAY) == earlier_plan_noted(entries, "somebody", NOW) == []


def test_the_result_says_whether_chance_explains_it() -> None:
    clear = trials.TrialResult(40, 2, 0.5, 0.1, 0.4, 0.2, 0.6, 38, 1)
    said = str(trial_table(clear).renderables[1])
    assert "+40" in said
    assert "It is clear that gestures helped." in said
    assert "2 pairs whose days are not over" in said
    assert "Chance alone" in str(trial_table(clear._replace(low=-0.1)).renderables[1])
