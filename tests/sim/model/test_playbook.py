"""Rows do what they say: when sessions are, whom they reach, what follows, and what added gestures and places do."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import sim
from sim.model import rules
from sim.model.gestures import KINDS, Channel
from sim.model.grammar import Fact
from sim.model.parameters import steps_of
from sim.model.places import Place
from sim.model.playbook import STRATEGY, set_stages, stage_of
from sim.model.strategies import NAMES, WEEKDAYS, Plan
from sim.state.population import NOBODY

DARING: dict[str, Any] = {"follow_through": 10, "ease": 10}  # nothing that is planned is refused
QUIET: dict[str, Any] = {
    "routine_rate": 0, "feed_rate": 0, "encounter_rate": 0, "birthday_noticed": 0, "post_rate": 0
}  # fmt: skip
CALL: dict[str, Any] = {"whom": "everyone known", "what": "call", "session_minutes": 15, "gap_days": 0}
MEMO: dict[str, Any] = {"based_on": "message", "minutes": 2}


@cache
def town() -> sim.World:
    """Sixty people of three industries, who know twenty others each."""
    parameters = sim.Parameters(community_size=30, industries=3, ties_at_start=20, group_members=6)
    return sim.worlds.generated(people=60, burn_in_years=0, seed=5, parameters=parameters, cache=False)


def run(row: dict[str, Any], days: int = 28, adopters: int = 10, seed: int = 1, **parameters: Any) -> sim.Run:
    """A run in which some follow one own strategy, named mine, and nobody does anything else."""
    strategies = {"mine": row, **parameters.pop("strategies", {})}
    changed = sim.Parameters(
        **{"community_size": 30, "industries": 3, "ties_at_start": 20, "group_members": 6, "effort_minutes": 300}
        | DARING | QUIET | parameters, strategies=strategies
    )  # fmt: skip
    return sim.simulate(
        town(), days=days, strategy="mine", adopters=adopters, seed=seed, parameters=changed, log=True, series=False
    )


def planned(done: sim.Run) -> pd.DataFrame:
    """The gestures that adopters sent, answers apart; days count from the start of the run."""
    assert done.log is not None
    log = done.log[(done.log["in_reply_to"] < 0) & done.log["source"].isin(done.adopters)]
    return log.assign(
        sender=log["source"], receiver=log["target"], day=log["time"] // rules.SECONDS_A_DAY - town().day
    ).reset_index()


def weekday(day: int) -> str:
    """The day of the week of a day of the run; weeks begin on day 0 of the world."""
    return WEEKDAYS[(town().day + day) % 7]


# When -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [("sat", "sun"), ("wed",), WEEKDAYS])
def test_sessions_are_on_their_weekdays(days: tuple[str, ...]) -> None:
    sent = planned(run({**CALL, "weekdays": days}, effort_minutes=600))
    assert {weekday(day) for day in sent["day"]} == set(days)


@pytest.mark.parametrize("sessions", range(8))
def test_sessions_are_spread_over_the_week(sessions: int) -> None:
    """The same days as the strategies of the essay always had."""
    bits = sim.Parameters(strategies={"mine": {**CALL, "sessions": sessions}}).playbook.strategies["weekdays"][-1]
    assert [bool(bits >> day & 1) for day in range(7)] == [(day * sessions) % 7 < sessions for day in range(7)]
    assert sum(bits >> day & 1 for day in range(7)) == sessions


def test_overhead_is_paid_and_not_used_for_gestures() -> None:
    """A session of 40 minutes with 25 of overhead leaves time for one call of 15."""
    once = {**CALL, "session_minutes": 40, "weekdays": ["mon"], "overhead_minutes": 25}
    with_overhead, without = run(once, effort_minutes=40), run({**once, "overhead_minutes": 0}, effort_minutes=40)
    later = [planned(done)[planned(done)["day"] > 0] for done in (with_overhead, without)]  # first budgets are random
    assert later[0].groupby(["sender", "day"]).size().max() == 1
    assert later[1].groupby(["sender", "day"]).size().min() == 2
    plans, calls = with_overhead.world.plans, planned(with_overhead).groupby("sender")["day"]
    assert plans["person"].tolist() == list(calls.groups)
    assert plans["minutes_used"] == pytest.approx(25 * calls.nunique().to_numpy() + 15 * calls.size().to_numpy())


def test_most_people_limits_a_session() -> None:
    for most in (1, 3):
        sizes = planned(run({**CALL, "what": "message", "most_people": most})).groupby(["sender", "day"]).size()
        assert sizes.max() == most


@pytest.mark.parametrize("gap", [0, 1, 9])
def test_nobody_is_named_again_within_the_gap(gap: int) -> None:
    """The row's own gap, whatever plan_gap_days is."""
    row = {**CALL, "what": "message", "whom": "everyone known, shortest silent first", "gap_days": gap}
    sent = planned(run(row, plan_gap_days=30))
    gaps = sent.groupby(["sender", "receiver"])["day"].apply(lambda days: np.diff(sorted(days)))
    assert np.concatenate(gaps.to_list()).min() == max(gap, 1)


# Whom and what ----------------------------------------------------------------------------------------------------


def test_birthday_calls_are_near_birthdays() -> None:
    """The example of the documents: calls to ties whose birthday is within three days, and to nobody else."""
    row = {"whom": "ties, birthday within {ahead} days", "what": "call", "session_minutes": 15, "ahead": 3}
    sent = planned(run(row, days=60, adopters=30))
    birthday = town().people["birthday"][sent["receiver"]]
    assert len(sent) > 10
    assert ((birthday - (sent["day"] + town().day)) % 365 <= 3).all()


def test_the_first_clause_that_holds_applies() -> None:
    """With its own probabilities; no gesture is made where none holds, or where the one that does says nothing."""
    row = {**CALL, "what": "note if same industry, else message 0.3 or question if same community, else nothing"}
    sent = planned(run(row, days=40, adopters=40, effort_minutes=900))
    people = town().people
    industry = people["industry"][sent["sender"]] == people["industry"][sent["receiver"]]
    community = people["community"][sent["sender"]] == people["community"][sent["receiver"]]
    assert ((sent["kind"] == "note") == industry).all()
    others = sent[~industry]
    assert community[~industry].all()
    assert set(others["kind"]) == {"message", "question"}
    share = (others["kind"] == "message").mean()
    assert share == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / len(others)))


def test_time_allows_looks_at_the_time_after_the_gesture() -> None:
    """Of 20 minutes, a call takes 15, so a message of 3 follows, and then a question of 1."""
    row = {**CALL, "what": "call if time allows, else message if time allows, else question", "session_minutes": 20}
    sent = planned(run({**row, "weekdays": ["mon"]}, effort_minutes=20))
    sessions = sent[sent["day"] > 0].groupby(["sender", "day"])["kind"].apply(sorted)  # first budgets are random
    assert set(map(tuple, sessions)) == {("call", "message", "question", "question")}


def test_lists_in_turn_take_one_of_each() -> None:
    row = {**CALL, "whom": ["everyone known, same industry", "everyone known, not same industry"], "what": "question"}
    sent = planned(run({**row, "weekdays": ["mon"], "session_minutes": 4}, effort_minutes=4))
    people = town().people
    industry = people["industry"][sent["sender"]] == people["industry"][sent["receiver"]]
    for (sender, _), session in pd.Series(industry).groupby([sent["sender"], sent["day"]]):
        first, slots = town().people[sender][["first", "slots"]]
        others = town().ties["other"][first : first + slots]
        colleagues = (people["industry"][others[others != NOBODY]] == people["industry"][sender]).sum()
        assert session.sum() == min(-(-len(session) // 2), colleagues)


# Stages -----------------------------------------------------------------------------------------------------------


def test_a_strategy_gives_way_to_the_next() -> None:
    """After its days; the last stage stays, and a strategy that nothing follows ends in ordinary life."""
    stages = {"memos": {**CALL, "what": "message", "for_days": 5}}
    sent = planned(run({**CALL, "for_days": 10, "then": "memos"}, strategies=stages, effort_minutes=600))
    assert set(sent["kind"][sent["day"] < 10]) == {"call"}
    assert set(sent["kind"][sent["day"] >= 10]) == {"message"}
    assert sent["day"].max() == 14
    back = {"memos": {**CALL, "what": "message", "for_days": 5, "then": "mine"}}
    sent = planned(run({**CALL, "for_days": 10, "then": "memos"}, strategies=back, effort_minutes=600))
    assert set(sent["kind"][sent["day"] % 15 < 10]) == {"call"}
    assert set(sent["kind"][sent["day"] % 15 >= 10]) == {"message"}


def test_waiting_can_come_first() -> None:
    """No minutes are planned while nothing is done."""
    done = run({"whom": "nobody", "for_days": 14, "then": "check_in"}, effort_minutes=60)
    assert planned(done)["day"].min() >= 14
    first = 14 + (-(town().day + 14)) % 7
    weeks = sum((town().day + day) % 7 == 0 for day in range(first, 28))
    assert done.world.plans["minutes_planned"] == pytest.approx(60 * weeks, abs=0.01)


def test_stage_of_follows_each_for_its_days() -> None:
    """Also round and round; what has no end stays."""
    rows = np.zeros(4, STRATEGY)
    rows["for_days"], rows["then"], rows["today"] = [0, 3, 2, 1], [0, 2, 1, 0], range(4)
    assert [stage_of(rows, 1, day) for day in range(12)] == [1, 1, 1, 2, 2, 1, 1, 1, 2, 2, 1, 1]
    assert [stage_of(rows, 3, day) for day in range(3)] == [3, 0, 0]
    set_stages(rows, 4)
    assert rows["today"].tolist() == [0, 2, 1, 0]


# Gestures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", [None, *(channel.label for channel in Channel)])
def test_an_added_gesture_has_its_channel(channel: str | None) -> None:
    """Or that of the occasion. By post, it arrives when notes do."""
    changes = {} if channel is None else {"channel": channel}
    done = run({**CALL, "what": "memo"}, gestures={"memo": {"based_on": "question", **changes}}, note_days=4)
    sent = planned(done)
    memos = sent[sent["kind"] == "memo"]
    assert set(memos["channel"]) == {channel or "private"}
    mail = done.world.mail
    assert (mail["arrives_day"] - mail["day"] == 4).any() == (channel == "post_office")


def test_an_added_gesture_is_answered_as_its_row_says() -> None:
    parameters = {"memo": {**MEMO, "answered_with": "call", "answer": 9.0, "noticed": 1.0}}
    log = run({**CALL, "what": "memo"}, gestures=parameters, answer_fatigue=0).log
    assert log is not None
    assert set(log["kind"]) == {"memo", "call"}
    at_once = {"memo": {**parameters["memo"], "answered_at_once": True}}
    soon = run({**CALL, "what": "memo"}, gestures=at_once, answer_fatigue=0)
    assert len(soon.world.mail) == 0, "answers are given within the same conversation"


def test_an_added_step_of_a_ladder_is_taken() -> None:
    """It has its place by its risk, and people take it on their own."""
    changed = sim.Parameters(gestures={"memo": MEMO}, ladders={"private_memo": 2.0})
    assert list(steps_of(changed.ladders, Channel.PRIVATE, changed.kinds)) == ["question", "message", "memo", "call"]
    assert list(steps_of(changed.ladders, Channel.FEED, changed.kinds)) == ["like", "comment", "message"]
    done = sim.simulate(town(), days=20, seed=1, parameters=changed, log=True, series=False)
    assert done.log is not None
    assert (done.log["kind"] == "memo").sum() > 5


def test_an_added_gesture_may_invite() -> None:
    """Those who accept come to the event, and meet there."""
    row = {"whom": "ties", "place": "event", "invite": "dinner", "what": "conversation", "session_minutes": 120}
    dinner = {"based_on": "invitation", "answer": 9.0, "noticed": 1.0}
    parameters = {"event_notice_days": 5, "effort_minutes": 600}
    for invites in (True, False):
        with_dinner = {"dinner": {**dinner, "invites": invites}}
        if not invites:
            with pytest.raises(ValueError, match=r"strategies\.mine\.invite: expected a gesture that invites"):
                run(row, gestures=with_dinner, **parameters)
            continue
        log = run(row, gestures=with_dinner, **parameters).log
        assert log is not None
        assert {"dinner", "conversation"} <= set(log["kind"])
        assert set(log["channel"][log["kind"] == "conversation"]) == {"in_person"}


# Places -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "circle", "changes"),
    [
        ("hangout", "community", {"regulars": 20, "attendance": 0.5}),
        ("group", "group", {"attendance": 1.0}),
        ("show", "industry", {"people": 10, "every_days": 4}),
    ],
)
def test_an_added_place_brings_the_people_of_its_base_together(base: str, circle: str, changes: dict[str, Any]) -> None:
    """And it has its own numbers."""
    row = {"place": "gym", "what": "hello", "session_minutes": 30}
    places = {"gym": {"based_on": base, "meets": 2, **changes}}
    sent = planned(run(row, places=places, effort_minutes=900))
    home = town().people[circle]
    assert len(sent) > 10
    assert (home[sent["sender"]] == home[sent["receiver"]]).all()
    assert set(sent["channel"]) == {"in_person"}
    days = {group: np.unique(np.diff(np.unique(part["day"]))) for group, part in sent.groupby(home[sent["sender"]])}
    every = {"hangout": 1, "group": 7, "show": 4}[base]
    assert all((gaps % every == 0).all() for gaps in days.values())


def test_added_places_have_draws_of_their_own() -> None:
    """Two gyms with the same numbers have other regulars and days."""
    places = {name: {"based_on": "show", "every_days": 9, "people": 8} for name in ("gym", "pool")}
    row = {"what": "hello", "session_minutes": 30}
    days = [
        set(planned(run({**row, "place": name}, places=places, effort_minutes=900))["day"]) for name in ("gym", "pool")
    ]
    assert days[0] != days[1]


def test_who_has_two_strategies_at_one_place_goes_once() -> None:
    """The first strategy pays; the engines agree (see `test_engines_agree_on_own_rows`)."""
    rows = {f"visit_{kind}": {"place": "hangout", "what": kind, "session_minutes": 30} for kind in ("hello", "smile")}
    changed = sim.Parameters(**DARING, **QUIET, effort_minutes=2_000, strategies=rows)
    both = {"visit_hello": 0.5, "visit_smile": 0.5}
    done = sim.simulate(town(), days=14, strategy=both, adopters=10, seed=1, parameters=changed, log=True, series=False)
    assert done.log is not None
    assert "hello" in set(done.log["kind"])
    plans = done.world.plans
    used = [plans["minutes_used"][plans["strategy"] == number] for number in np.unique(plans["strategy"])]
    assert used[0].sum() > 0
    assert used[1].sum() == 0


# Tables -----------------------------------------------------------------------------------------------------------


def test_the_tables_of_the_shipped_ten() -> None:
    """Their plans follow from whom and place."""
    book, rows = sim.Parameters().playbook, {name: number for number, name in enumerate(NAMES)}
    plans = {name: Plan(book.strategies["plan"][row]).name for name, row in rows.items()}
    assert plans == {
        "wait": "NOTHING", "engage_regularly": "FEED", "handwritten_notes": "LIST", "show_up": "PLACE",
        "join_community": "PLACE", "host_event": "EVENT", "trade_shows": "PLACE", "share_content": "POSTS",
        "start_meetup": "PLACE", "check_in": "LIST",
    }  # fmt: skip
    assert book.strategies["today"].tolist() == list(range(len(NAMES)))
    assert [Place(row["base"]).name for row in book.places] == [place.name for place in Place]


def test_conditions_on_cheap_facts_are_looked_at_first() -> None:
    whom = "ties, at least 2 mutual contacts, strength above 0.1, dormant"
    book = sim.Parameters(strategies={"mine": {**CALL, "whom": whom}}).playbook
    wanted = book.lists[book.strategies[-1]["first_list"]]
    terms = book.terms[wanted["first_term"] : wanted["first_term"] + wanted["terms"]]
    assert [Fact(fact) for fact in terms["fact"]] == [Fact.ACQUAINTANCE, Fact.DORMANT, Fact.STRENGTH, Fact.MUTUAL]


# What doesn't matter ----------------------------------------------------------------------------------------------

ADDED: dict[str, dict[str, Any]] = {
    "a strategy": {"strategies": {"idle": {**CALL, "whom": "ties, dormant"}}},
    "a gesture": {"gestures": {"memo": MEMO}},
    "a place": {"places": {"gym": {"based_on": "hangout"}}},
    "another strategy's row": {"strategies": {"show_up": {"session_minutes": 45}, "check_in": {"what": "call"}}},
    "its texts": {"strategies": {"handwritten_notes": {"meaning": "paper", "label": "Paper", "colour": "#102030"}}},
}


@pytest.mark.parametrize("what", ADDED)
@pytest.mark.parametrize("strategy", ["handwritten_notes", "host_event", "engage_regularly"])
def test_rows_that_nobody_uses_change_no_bit(what: str, strategy: str) -> None:
    """Neither of the world nor of the measures."""
    usual = sim.Parameters(effort_minutes=240)
    changed = sim.Parameters(effort_minutes=240, **ADDED[what])
    plain, other = (
        sim.simulate(town(), days=21, strategy=strategy, adopters=10, seed=1, parameters=parameters, series=False)
        for parameters in (usual, changed)
    )
    assert {line.split(":")[0] for line in plain.world.differences(other.world)} <= {"parameters"}
    scalars = {name: value for name, value in other.measures.scalars.items() if name in plain.measures.scalars}
    np.testing.assert_equal(scalars, plain.measures.scalars)


def test_kinds_keep_their_numbers() -> None:
    changed = sim.Parameters(gestures={"memo": MEMO, "like": {"mass": 0.1}})
    assert changed.kinds == (*KINDS, "memo")
    assert changed.strategy_names == NAMES
