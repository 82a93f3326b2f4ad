"""A week's plan: the best that fits, told from worlds in which it was not chosen, and without anybody's id."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from experiments.forecasts import tables, trials, week
from experiments.forecasts.forecast import Execution, Worlds
from experiments.forecasts.gains import added
from experiments.forecasts.pairs import came_back, silent_pairs
from experiments.forecasts.week import (
    FIRST,
    SMALL,
    WeekRequest,
    best_plan,
    dormant_ties,
    of_the_first,
    plan_week,
)
from experiments.imports import people
from experiments.imports.people import People
from experiments.logs.log import read_in_file_order
from experiments.sweeps import runner
from tests.conftest import DATA
from tests.experiments.forecasts.test_forecast import DAY, made_up

Rekindle = Callable[..., Any]  # gives an outcome: code, out, err


def with_a_past(seed: int = 1) -> pd.DataFrame:
    """A log of 250 days in which p0 has eight ties of to and fro, silent from day 34 on, and 23 others go on."""
    rows = [(f"p{a}", f"p{b}", (10 * k + 3 * other) * DAY) for other in range(1, 9) for k in range(2)
            for a, b in ((0, other), (other, 0))]  # fmt: skip
    others = made_up(days=250, seed=seed)
    others = others[(others[["source", "target"]] != "p0").all(axis=1)]
    return pd.concat([others, pd.DataFrame(rows, columns=["source", "target", "time"])])


def planned(log: pd.DataFrame, person: str = "p0", worlds: int = 6, **options: Any) -> week.Week:
    contacts, parameters = read_in_file_order(log), options.pop("parameters", sim.Parameters())
    cut, draws = options.pop("cut", None), options.pop("draws", None)
    limits: dict[str, Any] = {"minutes": 30, "most": 4, "days": 15, "silent": 60, "gestures": SMALL, **options}
    reported: list[tuple[int, int]] = []
    with ThreadPoolExecutor(1) as executor:
        request = WeekRequest(contacts.names.tolist().index(person), **limits)
        execution = Execution(executor, lambda done, total: reported.append((done, total)))
        found = plan_week(contacts, Worlds(worlds, parameters, draws=draws), request, execution, cut)
    assert [done for done, _ in reported] == list(range(1, len(reported) + 1))
    assert len({total for _, total in reported}) == 1
    assert reported[-1][0] <= reported[-1][1]
    return found


# Choosing ------------------------------------------------------------------------------------------------------------

gain = st.floats(-0.2, 0.8, allow_nan=False).map(lambda value: round(value, 3))


@settings(max_examples=150)
@given(data=st.data(), ties=st.integers(1, 5), kinds=st.integers(1, 3), most=st.integers(1, 4))
def test_no_plan_that_fits_gains_more(data: st.DataObject, ties: int, kinds: int, most: int) -> None:
    gains = np.array(data.draw(st.lists(gain, min_size=ties * kinds, max_size=ties * kinds))).reshape(ties, kinds)
    minutes = np.array(data.draw(st.lists(st.sampled_from([0.1, 1, 3, 15]), min_size=kinds, max_size=kinds)))
    within = data.draw(st.integers(1, 40))
    plan = best_plan(gains, minutes, within, most)

    def worth(some: tuple[int | None, ...]) -> float:
        """Total gain of a plan, a gesture or None for each tie; -1 where it does not fit."""
        made = [(tie, kind) for tie, kind in enumerate(some) if kind is not None]
        fits = len(made) <= most and sum(minutes[kind] for _, kind in made) <= within + 1e-9
        return sum(gains[one] for one in made) if fits else -1.0

    chosen = dict(plan)
    assert len(chosen) == len(plan)
    best = max(worth(some) for some in itertools.product([None, *range(kinds)], repeat=ties))
    assert worth(tuple(chosen.get(tie) for tie in range(ties))) == pytest.approx(best)
    assert all(gains[one] > 0 for one in plan)


def test_what_does_not_fit_is_not_planned_and_equals_are_taken_in_turn() -> None:
    equal = np.tile([0.3, 0.4], (9, 1))
    assert best_plan(equal, np.array([3.0, 15.0]), 2, 5) == []
    assert best_plan(equal, np.array([3.0, 15.0]), 9, 5) == [(0, 0), (1, 0), (2, 0)]
    assert best_plan(equal, np.array([3.0, 15.0]), 60, 2) == [(0, 1), (1, 1)]
    assert best_plan(-equal, np.array([3.0, 15.0]), 60, 2) == []


def test_minutes_are_counted_in_twentieths_and_rounded_against_the_plan() -> None:
    alike, minutes = np.full((12, 1), 0.5), np.array([0.1])
    assert len(best_plan(alike, minutes, 1, 12)) == 10
    assert len(best_plan(alike, np.array([0.051]), 1, 12)) == 10
    assert len(best_plan(alike, np.array([0.05]), 0.5, 12)) == 10
    assert best_plan(np.array([[0.5]]), np.array([1.0]), 0.99, 1) == []
    assert best_plan(np.array([[0.5]]), np.array([1.0]), 1, 1) == [(0, 0)]


# Judging -------------------------------------------------------------------------------------------------------------


@given(seed=st.integers(0, 2**32 - 1), ties=st.integers(3, 7), first=st.integers(1, 2))
def test_the_first_of_a_list_are_a_mean_over_all_its_orders(seed: int, ties: int, first: int) -> None:
    random = np.random.default_rng(seed)
    score, back = random.integers(0, 3, ties), random.random(ties) < 0.5
    shares = [
        back[list(order)][:first].mean()
        for order in itertools.permutations(range(ties))
        if (np.diff(score[list(order)]) <= 0).all()
    ]
    assert of_the_first(score, back, first) == pytest.approx(np.mean(shares))


def test_the_first_of_a_long_list_are_those_with_the_highest_scores() -> None:
    random = np.random.default_rng(1)
    score, back = random.permutation(400) * 0.5, random.random(400) < 0.5
    for first in (1, 5, 50):
        assert of_the_first(score, back, first) == pytest.approx(back[np.argsort(-score)[:first]].mean())


def test_rules_are_judged_by_who_really_came_back() -> None:
    """Each person's list by hand, from the log."""
    log = made_up(people=30, days=300, seed=5)
    found = planned(log, person="p3", worlds=2, days=60, silent=30)
    contacts = read_in_file_order(log)
    assert found.past is not None
    assert (found.past.cut, found.past.days) == (210, 60)
    pairs = silent_pairs(contacts, 210, 30)
    pairs = pairs[pairs["both_wrote"] == 1].reset_index(drop=True)
    back = came_back(contacts, pairs, 210, 60)
    shares, chance = [], []
    for person in range(30):
        own = pairs.assign(back=back)[(pairs["low"] == person) | (pairs["high"] == person)]
        if len(own) > FIRST:
            chance.append(own["back"].mean())
            shares.append(own.sort_values("silence")["back"].head(FIRST).mean())
    assert found.past.ties == len(pairs)
    assert found.past.came_back == pytest.approx(back.mean())
    assert found.past.people == len(shares) > 1
    assert found.past.rules.loc[week.LATEST, "share"] == pytest.approx(np.mean(shares))
    assert found.past.rules.loc[week.CHANCE, "share"] == pytest.approx(np.mean(chance))
    share, apart = found.past.rules["share"], found.past.rules["apart"]
    assert apart.to_numpy() == pytest.approx((share[week.LEARNED] - share).to_numpy())


def test_too_few_people_have_no_interval_and_a_short_log_no_past() -> None:
    found = planned(with_a_past(), worlds=2)
    assert found.past is not None
    assert found.past.people < 20
    assert found.past.rules[["low", "high"]].isna().all().all()
    assert planned(with_a_past(), worlds=2, silent=245 - 26, days=3).past is None
    with pytest.raises(ValueError, match="an earlier day with --cut"):
        planned(with_a_past(), cut=9_000)


def test_a_mean_over_twenty_people_has_an_interval_and_over_nineteen_none() -> None:
    values = np.arange(20.0)
    value, low, high = week.mean_of(values)
    assert value == 9.5
    assert 0 < low < 9.5 < high < 19
    assert week.mean_of(values[:19])[0] == 9.0
    assert np.isnan(week.mean_of(values[:19])[1:]).all()
    assert np.isnan(week.mean_of(values[:0])).all()


def test_rankings_of_many_people_have_intervals() -> None:
    """Of 30 people who all know each other, some of the dormant pairs come back: lists gone through one by one."""
    random = np.random.default_rng(7)
    pairs = list(itertools.combinations(range(30), 2))
    rows = [(one, other, int(when)) for pair in pairs for one, other in (pair, pair[::-1])
            for when in random.integers(0, 50 * DAY, random.integers(1, 4))]  # fmt: skip
    rows += [
        (*pair, int(when)) for pair in pairs if random.random() < 0.4 for when in random.integers(100, 120, 1) * DAY
    ]
    rows += [(0, 1, 0), (0, 1, 130 * DAY)]
    contacts = read_in_file_order(pd.DataFrame(rows, columns=["source", "target", "time"]))
    dormant = silent_pairs(contacts, 95, 30)
    chances = random.random(len(dormant))
    past = week._past(contacts, week._PastQuestion(95, 30, dormant), chances)
    back = came_back(contacts, dormant, 95, 30)
    scores = {
        week.LEARNED: chances,
        week.LONGEST: dormant["contacts"],
        week.LATEST: -dormant["silence"],
        week.CHANCE: 0,
    }
    shares: dict[str, list[float]] = {name: [] for name in scores}
    for person in range(30):
        own = ((dormant["low"] == person) | (dormant["high"] == person)).to_numpy()
        if own.sum() > 5:
            for name, score in scores.items():
                shares[name].append(of_the_first(np.broadcast_to(score, len(own))[own], back[own], 5))
    assert FIRST == 5
    assert (past.cut, past.days, past.ties, past.people) == (95, 30, len(dormant), len(shares[week.LEARNED]))
    assert past.people >= 20
    assert (past.expected, past.came_back) == pytest.approx((chances.mean(), back.mean()))
    assert past.rules.index.to_list() == list(scores)
    for name, share in shares.items():
        apart = np.array(shares[week.LEARNED]) - share
        expected = [np.mean(share), *week.mean_of(apart)]
        assert past.rules.loc[name, ["share", "apart", "low", "high"]].to_list() == pytest.approx(expected)
    assert (past.rules["low"][1:] < past.rules["high"][1:]).all()


def test_more_than_five_ties_make_a_list() -> None:
    """Persons 0 and 1, with five and six dormant ties of their own."""
    pairs = [(0, other) for other in range(2, 7)] + [(1, other) for other in range(7, 13)]
    rows = [(one, other, day * DAY) for pair in pairs for day, (one, other) in enumerate((pair, pair[::-1]))]
    contacts = read_in_file_order(pd.DataFrame([*rows, (20, 21, 130 * DAY)], columns=["source", "target", "time"]))
    dormant = silent_pairs(contacts, 60, 30)
    past = week._past(contacts, week._PastQuestion(60, 30, dormant), np.linspace(0, 1, len(dormant)))
    assert (past.ties, past.people, past.came_back) == (11, 1, 0)


# Planning ------------------------------------------------------------------------------------------------------------


def test_a_dormant_tie_is_one_in_which_both_have_written() -> None:
    rows = [("a", "b", 0), ("b", "a", 1), ("a", "c", 2), ("d", "a", 3), ("e", "a", 4), ("a", "e", 80), ("d", "e", 100)]
    contacts = read_in_file_order(
        pd.DataFrame(rows, columns=["source", "target", "day"]).assign(time=lambda t: t["day"] * DAY)
    )
    found = dormant_ties(contacts, 30, 0)
    assert contacts.names[found["high"]].tolist() == ["b"]
    assert found.columns.to_list() == [*silent_pairs(contacts, contacts.end, 30).columns, "sender"]
    assert dormant_ties(contacts, 10, 0)["sender"].tolist() == [0, 0]


def test_a_plan_is_within_its_minutes_and_ties_and_each_tie_is_known_by_what_the_log_says() -> None:
    log = with_a_past()
    found = planned(log, minutes=20, most=5)
    plan, between = found.plan, log[(log[["source", "target"]] == "p0").any(axis=1)]
    assert found.dormant == 8
    assert 0 < len(plan) <= 5
    assert plan["minutes"].sum() <= 20
    assert plan["id"].is_unique
    assert plan["tie"].is_unique
    end = read_in_file_order(log).end
    for row in plan.itertuples():
        own = between[(between[["source", "target"]] == row.id).any(axis=1)].sort_values("time", kind="stable")
        days = (own["time"] - log["time"].min()) / DAY
        assert (row.contacts, row.silent_days) == (len(own), int(end - days.iloc[-1]))
        assert row.known_years == pytest.approx((end - days.iloc[0]) / 365.25)
        assert row.last_word == ("you" if own["source"].iloc[-1] == "p0" else "other")
    assert plan["gain"].to_numpy() == pytest.approx((plan["after"] - plan["without"]).to_numpy())
    assert plan.columns.to_list() == [
        "tie", "id", "last_contact", "silent_days", "known_years", "contacts", "last_word", "gesture", "minutes",
        "without", "after", "gain", "low", "high",
    ]  # fmt: skip
    assert found.together[0] == pytest.approx(plan["gain"].sum())
    assert ((plan["low"] <= plan["gain"]) & (plan["gain"] <= plan["high"])).all()


def test_gestures_are_in_the_order_of_what_they_were_to_gain_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call to the first tie and a message to the second, of which the message gains more a minute."""
    log = with_a_past()
    gains = {"message": [0.0, 0.3, *[0.0] * 6], "call": [0.6, *[0.0] * 7]}
    rest = iter([np.array(one) for one in gains.values()])
    monkeypatch.setattr(week, "gains_of", lambda *_: next(rest))
    found = planned(log, worlds=2, gestures=("message", "call"), minutes=60)
    ties = dormant_ties(read_in_file_order(log), 60, read_in_file_order(log).names.tolist().index("p0"))
    minutes = {kind: sim.Parameters().gestures[kind].minutes for kind in gains}
    assert found.plan["gesture"].to_list() == ["message", "call"]
    assert found.plan["minutes"].to_list() == [minutes["message"], minutes["call"]]
    assert found.plan["contacts"].to_list() == ties["contacts"].iloc[[1, 0]].to_list()


def test_what_a_plan_does_is_what_its_worlds_do_to_the_odds(monkeypatch: pytest.MonkeyPatch) -> None:
    """In worlds in which the others write or not by the toss of a coin, with or without a gesture."""
    random, seen, real = np.random.default_rng(4), [], week._others

    def tossed(wrote: Any, runs: Any, ties: Any) -> np.ndarray:
        seen.append(random.random(real(wrote, runs, ties).shape) < 0.5)
        return seen[-1]

    monkeypatch.setattr(week, "_others", tossed)
    monkeypatch.setattr(week, "gains_of", lambda *arms: np.where(np.arange(len(arms[-1])) < 3, 0.5, 0.0))
    found = planned(with_a_past(), worlds=5, gestures=("message",), minutes=60)
    before, after = seen[1:]
    assert before.shape == after.shape == (5, 3)
    expected = added(before, after, found.plan["without"].to_numpy())
    assert found.plan[["gain", "low", "high"]].to_numpy() == pytest.approx(expected.each)
    assert found.together == pytest.approx([3 * one for one in expected.together])
    assert found.together[0] == pytest.approx(found.plan["gain"].sum())


def test_no_chance_is_one_that_the_past_of_the_log_disproves() -> None:
    """Silent ties that never come back have low chances, whatever simulated people do."""
    log = made_up(people=40, days=300, seed=5)
    pair = log["source"].where(log["source"] < log["target"], log["target"]) + log["source"].where(
        log["source"] > log["target"], log["target"]
    )
    gap = log.sort_values("time").assign(pair=pair).groupby("pair")["time"].diff()
    returned = (gap > 25 * DAY).groupby(pair).cummax()
    final = log[~returned | (log["time"] == log["time"].max())]
    busy = final["source"].value_counts().index[0]
    found = planned(final, person=busy, worlds=4, days=60, silent=60, parameters=sim.Parameters(routine_rate=2))
    assert len(found.plan)
    assert found.plan["without"].max() < 0.1


def test_worlds_are_counted_before_they_are_run() -> None:
    """Those that choose, and two of each that tell: with a plan, all that were counted are run."""
    log, reported = with_a_past(), []
    contacts = read_in_file_order(log)
    with ThreadPoolExecutor(1) as executor:
        request = WeekRequest(contacts.names.tolist().index("p0"), 30, 4, days=15, silent=60, gestures=("message",))
        execution = Execution(executor, lambda *done: reported.append(done))
        plan_week(contacts, Worlds(2, sim.Parameters()), request, execution)
    assert reported == [(done, 8) for done in range(1, 9)]


@pytest.mark.parametrize(("began", "dated"), [(631_152_000, True), (631_151_999, False)])
def test_days_of_a_log_have_dates_from_1990_on(began: int, dated: bool) -> None:
    log = with_a_past()
    log = log.assign(time=log["time"] + began)
    plan = planned(log, worlds=2, gestures=("message", "call")).plan
    assert len(plan)
    assert plan["last_contact"].notna().all() == plan["last_contact"].notna().any() == dated
    for row in plan.itertuples():
        if dated:
            last = log["time"][(log[["source", "target"]] == row.id).any(axis=1)
                               & (log[["source", "target"]] == "p0").any(axis=1)].max()  # fmt: skip
            assert row.last_contact == datetime.fromtimestamp(last, UTC).strftime("%Y-%m-%d")


def test_where_likes_open_no_door_there_is_no_plan_of_likes() -> None:
    shut = sim.Parameters(gestures={"like": {"opens_door": 0}}, load_scale=10_000)
    found = planned(with_a_past(), parameters=shut, worlds=3, gestures=("like",))
    assert found.plan.empty
    assert (found.together, found.over_draws) == ((0, 0, 0), (0, 0))
    said = tables.week_notes(found, 30, 3, 15, 60)
    assert "No gesture that fits into 30 minutes gains anything, so there is nothing to plan." in said[0]


def test_the_plan_is_told_from_worlds_that_did_not_choose_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seeds 1 to 3 choose and 4 to 6 tell, once with nothing done and once with the whole plan, made by p0."""
    seen = []
    real = week.run_all

    def watched(runs: Any, execution: Execution) -> Any:
        seen.append(runs)
        return real(runs, execution)

    monkeypatch.setattr(week, "run_all", watched)
    log = with_a_past()
    plan = planned(log, worlds=3).plan
    choosing, telling = seen
    contacts = read_in_file_order(log)
    assert {run.begins.worlds.seed + run.replicate for run in choosing} == {1, 2, 3}
    assert [run.begins.worlds.seed + run.replicate for run in telling] == [4, 5, 6] * 2
    assert [run.begins.worlds.world_seed + run.replicate for run in telling] == [4, 5, 6] * 2
    idle, carried_out = telling[:3], telling[3:]
    assert all(run.gestures == () for run in idle)
    for run in carried_out:
        made = {(contacts.names[one.sender], contacts.names[one.receiver], one.kind) for one in run.gestures}
        assert made == {("p0", row.id, row.gesture) for row in plan.itertuples()}


def test_other_draws_tell_what_a_plan_gains_than_chose_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen, real = [], week.run_all

    def watched(runs: Any, execution: Execution) -> Any:
        seen.append([run.begins.worlds.of(run.replicate)[1].spell_sd for run in runs])
        return real(runs, execution)

    monkeypatch.setattr(week, "run_all", watched)
    draws = pd.DataFrame({"spell_sd": [0.1, 0.2, 0.3, 0.4]})
    found = planned(with_a_past(), worlds=4, draws=draws, gestures=("call",))
    assert seen == [[0.1, 0.1, 0.2, 0.2] * 2, [0.3, 0.3, 0.4, 0.4] * 2]
    least, most = found.over_draws
    assert least <= found.together[0] <= most


def test_the_same_seed_gives_the_same_plan_to_the_bit() -> None:
    log = with_a_past()
    first, second, other = (planned(log, worlds=worlds) for worlds in (3, 3, 4))
    pd.testing.assert_frame_equal(first.plan, second.plan, check_exact=True)
    assert first.together == second.together != other.together
    assert first.past is not None
    assert second.past is not None
    pd.testing.assert_frame_equal(first.past.rules, second.past.rules, check_exact=True)


@pytest.mark.parametrize("name", ["facebook_wall", "college_messages", "university_email"])
def test_real_logs(name: str) -> None:
    path = DATA / f"{name}.csv.gz"
    if not path.is_file():
        pytest.skip(f"{path} is not there: real logs are no part of the project")
    log = pd.read_csv(path)
    busy = log["source"].value_counts().index[0]
    found = planned(log, person=busy, worlds=2, days=5, silent=90, gestures=("message",))
    assert len(found.plan) == 4
    assert found.plan["last_contact"].notna().all() == (name == "college_messages")
    assert found.past is not None
    assert found.past.people > 200


# The command ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log with ids like no other word, in a folder of its own; worlds are run in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runner, "worker_processes", lambda count: ThreadPoolExecutor(1))
    named = with_a_past().replace({f"p{k}": f"Qz{k}x" for k in range(24)})
    named.assign(time=named["time"] + 1_600_000_000).to_csv("wall.csv", index=False)
    return Path("wall.csv")


QUICK = ("--worlds", "2", "--days", "5", "--silent", "60", "--ties", "3")


def test_no_id_is_shown_or_written_unless_it_is_asked_for(log: Path, rekindle: Rekindle) -> None:
    before = set(Path().rglob("*"))
    for form in ("table", "json", "csv"):
        ended = rekindle("plan-week", log, "--person", "Qz0x", *QUICK, "--format", form)
        assert ended.code == 0, ended.err
        assert "Qz" not in ended.out + ended.err
        named = rekindle("plan-week", log, "--person", "Qz0x", *QUICK, "--format", form, "--ids")
        assert "Qz" in named.out
        assert "Qz0x" not in named.out
    assert set(Path().rglob("*")) == before


def test_a_plan_is_shown_with_what_it_rests_on(log: Path, rekindle: Rekindle) -> None:
    ended = rekindle("plan-week", log, "--person", "Qz0x", *QUICK, "--minutes", "7", "--gestures", "message")
    assert ended.code == 0, ended.err
    said = " ".join(ended.out.split())
    for part in ("tie 3", "2020-10-", "The plan takes 6 of 7 minutes for 2 of them.", "in 2 simulated worlds",
                 "Past: of", "Assumed: that you make the gesture", "Not known: whether you are in touch"):  # fmt: skip
        assert part in said, part
    again = rekindle("plan-week", log, "--person", "Qz0x", *QUICK, "--minutes", "7", "--gestures", "message")
    assert again.out == ended.out


def test_a_plan_in_json_and_in_csv_is_the_same(log: Path, rekindle: Rekindle) -> None:
    whole = json.loads(rekindle("plan-week", log, "--person", "Qz0x", *QUICK, "--format", "json").out)
    rows = rekindle("plan-week", log, "--person", "Qz0x", *QUICK, "--format", "csv")
    Path("plan.csv").write_text(rows.out)
    plan = pd.read_csv("plan.csv")
    assert pd.DataFrame(whole["plan"])["gain"].tolist() == pytest.approx(plan["gain"].tolist(), abs=1e-6)
    assert set(whole) == {"plan", "together", "over_draws", "dormant", "past", "said"}
    assert whole["past"]["rules"][1]["ranking"] == week.LONGEST
    assert "Not known" in rows.err


def test_values_weigh_gains_and_a_tie_of_no_value_is_never_planned() -> None:
    log = with_a_past()
    usual = planned(log, gestures=("message",), most=8)
    ids = usual.plan["id"].tolist()
    last, first = ids[-1], ids[0]
    weighed = planned(log, gestures=("message",), most=8, values={last: 50.0, first: 0.0})
    assert weighed.plan["id"].iloc[0] == last
    assert first not in weighed.plan["id"].tolist()
    assert weighed.plan.set_index("id")["value"].to_dict() == {one: 50.0 if one == last else 1.0 for one in ids[1:]}
    assert "value" not in usual.plan


def test_a_week_can_be_taken_along(log: Path, rekindle: Rekindle) -> None:
    ended = rekindle("plan-week", log, "--person", "Qz0x", *QUICK, "--calendar", "week.ics", "--sheet", "week.html")
    assert ended.code == 0, ended.err
    calendar, page = Path("week.ics").read_text("utf-8"), Path("week.html").read_text("utf-8")
    assert calendar.count("BEGIN:VEVENT") == page.count('class="box"') == 3
    assert "Qz" not in calendar + page
    named = rekindle("plan-week", log, "--person", "Qz0x", *QUICK, "--ids", "--sheet", "week.html")
    assert named.code == 0
    assert "Qz" in Path("week.html").read_text("utf-8")


def test_people_are_named_as_the_file_beside_the_log_has_them(log: Path, rekindle: Rekindle) -> None:
    """On the plan, the sheet and the calendar, but only with ids; the person who is you need not be named."""
    alone = rekindle("plan-week", log, "--person", "Qz0x", *QUICK, "--ids", "--format", "csv")
    others = pd.read_csv(io.StringIO(alone.out))["id"].tolist()
    named = {others[0]: "Zoë Bär", others[1]: "Ben Lee"}
    people.written(People("Qz0x", named), Path("wall.people.csv"))
    along = ("--calendar", "week.ics", "--sheet", "week.html")
    hidden = rekindle("plan-week", log, *QUICK, *along)
    assert hidden.code == 0, hidden.err
    taken = hidden.out + hidden.err + Path("week.ics").read_text("utf-8") + Path("week.html").read_text("utf-8")
    assert not any(name in taken for name in ("Qz", "Zoë", "Ben"))
    shown = rekindle("plan-week", log, *QUICK, *along, "--ids")
    for text in (shown.out, Path("week.ics").read_text("utf-8"), Path("week.html").read_text("utf-8")):
        assert all(name in text for name in ("Zoë Bär", "Ben Lee", others[2]))
        assert others[0] not in text
    assert "wall.people.csv" in shown.err
    table = pd.read_csv(io.StringIO(rekindle("plan-week", log, *QUICK, "--ids", "--format", "csv").out))
    assert table["id"].tolist() == others
    assert table["name"].tolist() == ["Zoë Bär", "Ben Lee", others[2]]
    assert table.drop(columns="name").equals(pd.read_csv(io.StringIO(alone.out)))


def test_a_trial_shows_half_of_the_ties_and_leaves_the_others_alone(log: Path, rekindle: Rekindle) -> None:
    options = (
        "--worlds",
        "2",
        "--days",
        "5",
        "--silent",
        "60",
        "--ties",
        "4",
        "--minutes",
        "60",
        "--gestures",
        "message",
    )
    ended = rekindle(
        "plan-week", log, "--person", "Qz0x", *options, "--ids", "--format", "csv", "--trial", "trial.jsonl"
    )
    assert ended.code == 0, ended.err
    shown = pd.read_csv(io.StringIO(ended.out))["id"].tolist()
    entries = trials.read(Path("trial.jsonl"))
    assert len(entries) == 4
    assert sorted(shown) == sorted(one.id for one in entries if one.made)
    assert len(shown) == 2
    assert "2 ties of 4, drawn at random, are on this plan" in " ".join(ended.err.split())
    again = rekindle(
        "plan-week", log, "--person", "Qz0x", *options, "--ids", "--format", "csv", "--trial", "trial.jsonl"
    )
    new = trials.read(Path("trial.jsonl"))[4:]
    assert not {one.id for one in new} & {one.id for one in entries}, "nobody is in two trials at once"
    assert again.code == 0
    result = rekindle("trial", "trial.jsonl", log)
    assert result.code == 0
    assert "no result yet" in " ".join(result.out.split())
    assert "not in the log" not in result.err
    Path("others.csv").write_text("source,target,time\na,b,1700000000\nb,a,1700000060\n")
    elsewhere = rekindle("trial", "trial.jsonl", "others.csv")
    many = len({one.id for one in trials.read(Path("trial.jsonl"))})
    assert f"{many} of the {many} people of this trial are not in the log" in " ".join(elsewhere.err.split())


def test_a_trial_that_is_not_there_is_one_paragraph(log: Path, rekindle: Rekindle) -> None:
    ended = rekindle("trial", "nothing.jsonl", log)
    assert (ended.code, ended.out) == (2, "")
    assert (
        "nothing.jsonl does not exist; `rekindle plan-week LOG --person ID --trial nothing.jsonl` begins" in ended.err
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["wal.csv", "--person", "Qz0x"], "Did you mean wall.csv?"),
        (["bad.csv", "--person", "a"], "bad.csv, line 3: the time 'x' is not a number. Times must be Unix seconds"),
        (["wall.csv"], "Missing option '--person'"),
        (["wall.csv", "--person", "Qz00x"], "in wall.csv, there is no person 'Qz00x'. The ids"),
        (["wall.csv", "--person", "Qz00x"], "With --ids, this error suggests a similar id."),
        (["wall.csv", "--person", "Qz00x", "--ids"], "no person has the id 'Qz00x'; did you mean 'Qz0x'? The ids"),
        (
            ["wall.csv", "--person", "ann"],
            "there is no person 'ann'. The ids of its 24 people are text of 4 to",
        ),
        (["numbers.csv", "--person", "ann"], "The ids of its 3 people are whole numbers of 1 to 2 digits."),
        (["wall.csv", "--person", "Qz0x", "--minutes", "0"], "--minutes 0: expected a whole number from 1 to 300"),
        (["wall.csv", "--person", "Qz0x", "--gestures", "none"], "expected at least one gesture, such as message"),
        (["wall.csv", "--person", "Qz0x", "--gestures", "lik"], "did you mean like?"),
        (["wall.csv", "--person", "Qz0x", "--silent", "400"], "the longest silence of a tie in which both wrote is 2"),
        (["numbers.csv", "--person", "90"], "nobody has written back to them"),
        (["wall.csv", "--person", "Qz0x", "--cut", "5000"], "an earlier day with --cut"),
    ],
)
def test_bad_input_is_one_paragraph(log: Path, rekindle: Rekindle, arguments: list[str], said: str) -> None:
    Path("bad.csv").write_text("source,target,time\na,b,0\nb,a,x\n")
    Path("numbers.csv").write_text(f"source,target,time\n7,8,0\n8,7,5\n90,7,{400 * DAY}\n")
    ended = rekindle("plan-week", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert "Traceback" not in ended.err
    assert "\n\n" not in ended.err


def test_verdicts_on_the_past_are_those_of_the_interval() -> None:
    """Better, worse, too close, too few, nobody came back; and chances that are far off are called so."""

    def verdict(low: float, high: float, expected: float = 0.1, back: float = 0.1, people: int = 30) -> str:
        index = [week.LEARNED, week.LONGEST, week.LATEST, week.CHANCE]
        rules = pd.DataFrame({"share": 0.1, "apart": 0.02, "low": low, "high": high}, index=index)
        return " ".join(tables._past_notes(week.Past(200, 60, 400, expected, back, people, rules)))

    assert "(95% interval +1.0 … +3.0): the learned order was better" in verdict(0.01, 0.03)
    assert "the simple rule was better" in verdict(-0.03, -0.01)
    assert "too close to tell which is better" in verdict(-0.01, 0.03)
    assert "too few people" in verdict(np.nan, np.nan)
    assert "Nobody came back" in verdict(0.01, 0.03, back=0.0)
    assert f"Nobody had more than {FIRST}" in verdict(0.01, 0.03, people=0)
    assert "far too high" in verdict(0.01, 0.03, expected=0.3)
    assert "far too low" in verdict(0.01, 0.03, expected=0.03)
    assert "far too" not in verdict(0.01, 0.03)


def test_help_shows_an_example(rekindle: Rekindle) -> None:
    ended = rekindle("plan-week", "--help")
    assert ended.code == 0
    assert "Example: rekindle plan-week LOG.csv.gz --person ann --minutes 60" in ended.out
