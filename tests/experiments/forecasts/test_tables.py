"""What is said below a forecast, its evaluation and a week's plan, from made-up numbers."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest
from rich.console import Group

from experiments.analysis.compare import ENOUGH_WORLDS
from experiments.forecasts.evaluation import Evaluation
from experiments.forecasts.forecast import GAINS, Forecast
from experiments.forecasts.leaderboard import LEARNED as BEST
from experiments.forecasts.leaderboard import Board
from experiments.forecasts.scores import SCORES
from experiments.forecasts.tables import (
    board_said,
    board_table,
    evaluation_table,
    forecast_table,
    old_log_noted,
    week_notes,
    week_table,
)
from experiments.forecasts.week import CHANCE, LATEST, LEARNED, LONGEST, Past, Week, without_disproved
from experiments.terminal.console import Terminal

NONE = float("nan")


def shown(table: Group) -> str:
    """The table in a wide terminal, with single spaces."""
    terminal = Terminal(width=400)
    with terminal.capture() as captured:
        terminal.print(table)
    return "\n".join(" ".join(line.split()) for line in captured.get().splitlines())


# Forecasts -----------------------------------------------------------------------------------------------------------


def forecast_of(
    count: int, low: float = 0.05, rounds: int = 1, ids: bool = True, over_draws: tuple[float, float] = (NONE, NONE)
) -> Forecast:
    ties = pd.DataFrame(
        [{"tie": k + 1, "sender": f"Ann{k}", "receiver": f"Bob{k}", "silent_days": 100.0, "contacts": 9,
          "comes_back": 0.12, "receiver_writes": 0.34, "after_like": 0.56} for k in range(count)]
    )  # fmt: skip
    gains = pd.DataFrame([[0.1, low, 0.15 + low, *over_draws]], columns=GAINS, index=["like"])
    return Forecast(ties if ids else ties.drop(columns=["sender", "receiver"]), gains, rounds, ["A note."])


def test_the_ties_with_most_contacts_are_shown_and_the_number_of_all() -> None:
    said = shown(forecast_table(forecast_of(5), 25, 90, 30, 3))
    assert "The 3 with most contacts of the 5 ties silent for over 30 days." in said
    assert "how much it changes the odds in 25 simulated worlds." in said
    assert "either person contacts the other within 90 days if nothing is done, learned from earlier silences" in said
    assert "tie 3 Ann2 Bob2 100 9 12% 34% 56%" in said
    assert "tie 4" not in said
    assert said.endswith("A note.")
    for top in (5, 6):
        assert "All ties silent for over 30 days." in shown(forecast_table(forecast_of(5), 25, 90, 30, top))
    assert "Ann" not in shown(forecast_table(forecast_of(5, ids=False), 25, 90, 30, 3))


@pytest.mark.parametrize(("low", "bounds"), [(0.05, ", 95% interval +5.0 … +20.0"), (NONE, "")])
def test_a_gain_is_told_with_its_interval_if_it_has_one(low: float, bounds: str) -> None:
    said = shown(forecast_table(forecast_of(2, low), 25, 90, 30, 2))
    assert f"A like adds +10.0 points to “receiver writes” (mean over these ties{bounds})." in said
    assert "over draws" not in said


def test_a_gain_has_its_range_over_draws_beside_its_interval() -> None:
    said = shown(forecast_table(forecast_of(2, over_draws=(-0.01, 0.21)), 25, 90, 30, 2))
    assert "95% interval +5.0 … +20.0; range over draws −1.0 … +21.0)." in said
    assert "A range over draws is where 90% of them are" in said
    week = notes(week_of()._replace(over_draws=(-0.3, 1.4)))
    assert "+0.6 (95% interval −0.2 … +1.0; range over draws −0.3 … +1.4)." in week
    assert "A range over draws is where 90% of them are" in week
    assert "… +1.0; draws differ no more than by chance)." in notes(week_of()._replace(over_draws=(0.6, 0.6)))
    assert "over draws" not in notes(week_of())


@pytest.mark.parametrize(("rounds", "words"), [(1, "one world: 1 round."), (2, "one world: 2 rounds.")])
def test_rounds_of_gestures_are_counted(rounds: int, words: str) -> None:
    assert words in shown(forecast_table(forecast_of(2, rounds=rounds), 25, 90, 30, 2))


def test_few_worlds_are_told_of_gestures_alone() -> None:
    few, without = "Too few worlds for a verdict", Forecast(forecast_of(2).ties, forecast_of(2).gains[:0], 1, [])
    assert few in shown(forecast_table(forecast_of(2), ENOUGH_WORLDS - 1, 90, 30, 2))
    assert few not in shown(forecast_table(forecast_of(2), ENOUGH_WORLDS, 90, 30, 2))
    said = shown(forecast_table(without, ENOUGH_WORLDS - 1, 90, 30, 2))
    assert few not in said
    assert "same random draws" not in said
    assert "no tie" in shown(forecast_table(forecast_of(0)._replace(ties=pd.DataFrame()), 25, 90, 30, 2)).lower()


def board_of(low: float) -> Board:
    rows = [
        {"forecast": name, "baseline": other, "score": score, "value": value, "low": low, "high": value + 0.01}
        for name, other, sign in (("model", None, 1), (BEST, None, 2), (BEST, "model", -1))
        for score, value in zip(SCORES, (0.4321 * sign, 0.1234 * sign, 0.4 * sign), strict=True)
    ]
    table = pd.DataFrame({"came_back": [True, False, False, False], "cut": [70, 70, 80, 80], "days": [30, 30, 20, 20]})
    return Board(pd.DataFrame(rows), {"model": 0.5, BEST: NONE}, table)


def test_forecasts_are_sorted_each_with_its_scores_its_difference_and_its_slope() -> None:
    said = shown(Group(board_table(board_of(-0.5))))
    assert "simulated 0.4321 −0.4321 −0.5000 … −0.4221 0.1234 0.400 0.50" in said
    assert "learned (Rekindle) 0.8642 – – 0.2468 0.800 –" in said
    assert said.index("simulated") < said.index("learned (Rekindle)")
    assert "simulated 0.4321 −0.4321 – 0.1234" in shown(Group(board_table(board_of(NONE))))


def test_an_evaluation_says_what_was_asked_and_what_was_learned_from() -> None:
    said = "4 silent pairs on 2 mornings (days 70, 80); 25.0% came back within 20 to 30 days."
    assert board_said(board_of(-0.5)) == said
    training = pd.DataFrame({"cut": [70, 70, 80, 80], "learner": "simple", "morning": [40, 40, 60, 60]})
    found = shown(evaluation_table(Evaluation(board_of(-0.5), pd.DataFrame(), pd.DataFrame(), training, ["A note."])))
    assert said in found
    assert "learned from the same question on 2 earlier days, the learned one" in found
    assert found.endswith("A note.")


# A week's plan -------------------------------------------------------------------------------------------------------


def week_of(gestures: int = 2, **more: Any) -> Week:
    plan = pd.DataFrame(
        [{"tie": k + 1, "id": f"Bob{k}", "last_contact": "2023-11-30" if k else None, "silent_days": 100,
          "known_years": 2.5, "contacts": 9, "last_word": "you", "gesture": "like", "minutes": 1.5, "without": 0.1,
          "after": 0.4, "gain": 0.3, "low": -0.1, "high": 0.5} for k in range(gestures)]
    )  # fmt: skip
    return Week(plan, (0.6, -0.2, 1.0), (NONE, NONE), 7, None, ["A note."])._replace(**more)


def notes(week: Week) -> str:
    return "\n".join(week_notes(week, 30, 25, 60, 90))


def test_a_plan_has_a_row_per_gesture() -> None:
    said = shown(week_table(week_of(), ["Said."])).splitlines()
    assert "Bob0 – 100 d 2.5 y 9 you like 1.5 10% 40% +30 −10 … +50" in said
    assert "Bob1 2023-11-30 100 d 2.5 y 9 you like 1.5 10% 40% +30 −10 … +50" in said
    hidden = week_of()._replace(plan=week_of().plan.drop(columns="id"))
    assert any(line.startswith("tie 2 2023-11-30") for line in shown(week_table(hidden, [])).splitlines())


def test_a_sheet_has_no_words_about_columns_that_it_lacks() -> None:
    brief = "\n".join(week_notes(week_of(), 30, 25, 60, 90, brief=True))
    assert brief.startswith("7 dormant ties")
    assert "Not known: whether you are in touch elsewhere" in brief
    assert not any(word in brief for word in ("Without:", "Gain:", "sorted by", "rekindle explain"))
    assert set(brief.splitlines()) < set(notes(week_of()).splitlines())


def test_a_plan_says_what_it_takes_and_gains() -> None:
    said = notes(week_of())
    assert said.startswith("7 dormant ties: both people have written, and neither for over 90 days.")
    assert "The plan takes 3 of 30 minutes for 2 of them." in said
    assert "0.8 of these people would write after it and 0.2 without it: +0.6 (95% interval −0.2 … +1.0)." in said
    assert "how much that changes the odds in 25 simulated worlds" in said
    assert "drawn towards those of all ties, as far as chance explains their differences" in said
    assert "Without: the chance that the other person writes within 60 days if nothing is done" in said
    assert said.endswith("A note.")
    nothing = notes(week_of()._replace(plan=week_of().plan[:0]))
    assert "No gesture that fits into 30 minutes gains anything, so there is nothing to plan." in nothing
    assert "Without: the chance" not in nothing


def past_of(expected: float = 0.1, came_back: float = 0.1, ties: int = 20, people: int = 30, **apart: float) -> Past:
    rules = pd.DataFrame(
        {"share": [0.4, 0.3, 0.2, 0.1], "apart": [0.0, 0.1, 0.2, 0.3], "low": [NONE, 0.05, 0.1, 0.2],
         "high": [NONE, 0.15, 0.3, 0.4]}, index=[LEARNED, LONGEST, LATEST, CHANCE]
    )  # fmt: skip
    for name, value in apart.items():
        rules.loc[LONGEST, name] = value
    return Past(70, 30, ties, expected, came_back, people, rules)


def told(past: Past | None) -> str:
    return notes(week_of()._replace(past=past))


def test_chances_that_the_past_disproves_are_not_shown() -> None:
    """Neither in the table nor in sentences; the order and the gestures stay."""
    whole = week_of()
    hidden = without_disproved(whole._replace(past=past_of(0.5, 0.1, 20)))
    assert hidden.plan[["without", "after", "gain", "low", "high"]].isna().all().all()
    assert hidden.plan["gesture"].tolist() == whole.plan["gesture"].tolist()
    assert "No chance is shown, because this log's past disproves them" in notes(hidden)
    assert "nan" not in notes(hidden).lower()
    kept = whole._replace(past=past_of(0.15, 0.1, 20))
    assert without_disproved(kept) is kept
    assert without_disproved(whole._replace(past=None)).plan is whole.plan


@pytest.mark.parametrize(
    ("expected", "came_back", "ties", "said"),
    [
        (0.25, 0.5, 20, " far too low"), (0.26, 0.5, 20, ""), (0.99, 0.5, 20, ""), (1.0, 0.5, 20, " far too high"),
        (0.1, 0.5, 20, " far too low"), (0.1, 0.5, 19, ""), (0.9, 0.1, 19, ""), (0.9, 0.1, 300, " far too high"),
        (0.1, 0.0, 20, " far too high"),
    ],
)  # fmt: skip
def test_chances_are_far_off_by_a_factor_of_two_on_twenty_ties(
    expected: float, came_back: float, ties: int, said: str
) -> None:
    text = told(past_of(expected, came_back, ties))
    assert f"{expected:.1%} were expected to come back spontaneously within 30 days, and {came_back:.1%} did." in text
    assert ("far too" in text) is bool(said)
    assert said in text


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.05, 0.15, "(95% interval +5.0 … +15.0): the learned order was better"),
        (0.0, 0.15, "too close to tell which is better"),
        (-0.05, 0.15, "too close to tell which is better"),
        (-0.05, 0.0, "too close to tell which is better"),
        (-0.15, -0.05, "the simple rule was better, so use that instead"),
        (NONE, NONE, "points, with too few people to tell which is better"),
    ],
)
def test_an_order_is_better_if_the_whole_interval_says_so(low: float, high: float, verdict: str) -> None:
    text = told(past_of(low=low, high=high))
    assert verdict in text
    assert "Learned chance minus longest history: +10.0 points" in text
    assert "(95% interval" in text.partition("longest history: ")[2] or math.isnan(low)


@pytest.mark.parametrize(("people", "whose"), [(1, "one person's list"), (2, "2 people's lists")])
def test_lists_are_counted_and_each_order_has_its_share(people: int, whose: str) -> None:
    text = told(past_of(people=people))
    assert f"Of the first 5 ties on {whose}, 40.0% came back if sorted by learned chance, 30.0%" in text
    assert "20.0% if sorted by latest contact, and 10.0% in random order." in text


def test_rankings_need_people_with_lists_and_ties_that_came_back() -> None:
    assert "Nobody had more than 5 of them, so rankings cannot be compared." in told(past_of(people=0))
    assert "Nobody came back, so rankings cannot be compared." in told(past_of(came_back=0.0))
    assert "rankings cannot be checked" in told(None)


def test_a_plan_says_how_old_its_log_is() -> None:
    """From a fortnight on, and only if its times are dates."""
    today = date(2026, 11, 30)
    assert old_log_noted(None, today) == old_log_noted(today - timedelta(days=14), today) == []
    (said,) = old_log_noted(date(2026, 1, 23), today)
    assert said.startswith("The log ends 311 days ago, on 2026-01-23. ")
