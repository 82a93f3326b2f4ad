from __future__ import annotations

import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import sim
from experiments.forecasts import forecast
from experiments.forecasts.baselines import baselines, logistic, recalibrated
from experiments.forecasts.forecast import Execution, Worlds, matched
from experiments.forecasts.pairs import FEATURES, came_back, number_of_person, silent_pairs
from experiments.forecasts.scores import auc, brier, compared, log_loss, reliability
from experiments.logs.log import Log, read_in_file_order
from experiments.sweeps import runner
from tests.experiments.conftest import Rekindle

DAY = 86_400


def made_up(people: int = 24, days: int = 150, seed: int = 1) -> pd.DataFrame:
    """A log with string ids: a few pairs write often, many seldom, on any day; the last contact is at its very end."""
    random = np.random.default_rng(seed)
    rows = [(f"p{people - 2}", f"p{people - 1}", 0), (f"p{people - 1}", f"p{people - 2}", days * DAY)]
    for low in range(people):
        for high in range(low + 1, people):
            rate = 0.01 * random.pareto(1.2) if random.random() < 0.4 else 0.0
            for time in random.uniform(0, days * DAY, random.poisson(min(rate, 1) * days)):
                pair = (low, high) if random.random() < 0.5 else (high, low)
                rows.append((f"p{pair[0]}", f"p{pair[1]}", int(time)))
    return pd.DataFrame(rows, columns=["source", "target", "time"])


SMALL = made_up(people=12)


def shuffled_after(log: pd.DataFrame, day: int, seed: int) -> pd.DataFrame:
    """The same log, but with other people in its contacts from the morning of a day on; its end stays where it was."""
    later = np.flatnonzero((log["time"] >= day * DAY) & (log["time"] < log["time"].max()))
    people = np.append(pd.unique(log[["source", "target"]].to_numpy().ravel()), ["stranger"])
    random = np.random.default_rng(seed)
    first = random.integers(len(people), size=len(later))
    second = (first + random.integers(1, len(people), size=len(later))) % len(people)
    changed = log[["source", "target"]].to_numpy()
    changed[later] = people[np.column_stack([first, second])]
    return log.assign(source=changed[:, 0], target=changed[:, 1])


def quietly(done: int, total: int) -> None:
    assert done <= total


def foretold(log: pd.DataFrame, worlds: int = 4, days: int = 20, silent: int = 30, **options: Any) -> forecast.Forecast:
    parameters = options.pop("parameters", sim.Parameters())
    with ThreadPoolExecutor(1) as executor:
        return forecast.forecast(
            read_in_file_order(log), Worlds(worlds, parameters), days=days, silent=silent,
            execution=Execution(executor, quietly), **options,
        )  # fmt: skip


# Scores --------------------------------------------------------------------------------------------------------------

BACK = np.array([True, False, False, True, False])
PAIRS = pd.DataFrame({"low": [0, 0, 1, 2, 3], "high": [1, 2, 2, 4, 4]})


def test_a_perfect_forecast() -> None:
    certain = BACK.astype(float)
    assert (log_loss(certain, BACK), brier(certain, BACK), auc(certain, BACK)) == (0, 0, 1)


def test_a_constant_forecast() -> None:
    constant = np.full(5, 0.25)
    assert log_loss(constant, BACK) == pytest.approx(-(2 * np.log(0.25) + 3 * np.log(0.75)) / 5)
    assert brier(constant, BACK) == pytest.approx((2 * 0.75**2 + 3 * 0.25**2) / 5)
    assert auc(constant, BACK) == 0.5


def test_a_reversed_forecast() -> None:
    certain = 1.0 - BACK
    assert (log_loss(certain, BACK), brier(certain, BACK), auc(certain, BACK)) == (np.inf, 1, 0)


def test_auc_counts_pairs_in_order_and_ties_half() -> None:
    forecasts = np.array([0.9, 0.9, 0.1, 0.4, 0.5])
    assert auc(forecasts, BACK) == pytest.approx((0.5 + 1 + 1 + 0 + 1 + 0) / 6)
    assert np.isnan(auc(forecasts, np.zeros(5, bool)))
    assert np.isnan(auc(forecasts, np.ones(5, bool)))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_weight_is_so_many_equal_pairs(seed: int) -> None:
    random = np.random.default_rng(seed)
    forecasts, back = random.choice([0.1, 0.3, 0.6, 0.8], 12), random.random(12) < 0.5
    weights = random.integers(0, 4, 12)
    if len(set(np.repeat(back, weights))) < 2:
        return
    for score in (log_loss, brier, auc):
        repeated = score(np.repeat(forecasts, weights), np.repeat(back, weights))
        assert score(forecasts, back, weights.astype(float)) == pytest.approx(repeated)


def test_differences_are_paired_and_keyed() -> None:
    random = np.random.default_rng(3)
    pairs = pd.DataFrame(random.choice(40, (300, 2)), columns=["low", "high"]).query("low != high")
    chance = random.random(len(pairs))
    back = random.random(len(pairs)) < chance
    forecasts = {"model": chance, "same": chance, "blind": np.full(len(pairs), 0.5)}
    found = compared(forecasts, back, pairs, ["model"], resamples=300)
    apart = found[found["baseline"].notna()].set_index(["baseline", "score"])
    assert (apart.loc["same", ["value", "low", "high"]] == 0).all().all()
    blind = apart.loc["blind"]
    assert blind.loc["log_loss", "high"] < 0 < blind.loc["auc", "low"]
    assert (blind["low"] <= blind["value"]).all()
    assert (blind["value"] <= blind["high"]).all()
    pd.testing.assert_frame_equal(found, compared(forecasts, back, pairs, ["model"], 300), check_exact=True)


def test_people_are_resampled_not_pairs() -> None:
    """One person in all pairs that came back: leaving them out leaves none, so the interval is as wide as it gets."""
    star = pd.DataFrame({"low": 0, "high": np.arange(1, 21)})
    others = pd.DataFrame({"low": np.arange(21, 41), "high": np.arange(41, 61)})
    pairs, back = pd.concat([star, others], ignore_index=True), np.arange(40) < 20
    bins = reliability({"model": np.full(40, 0.5)}, back, pairs)
    assert bins[["observed", "low", "pairs"]].to_numpy().tolist() == [[0.5, 0.0, 40]]
    assert bins["high"].item() > 0.8


def test_few_people_have_no_interval() -> None:
    ring = pd.DataFrame({"low": np.arange(19), "high": np.roll(np.arange(19), 1)})
    for pairs, known in ((ring, False), (pd.concat([ring, ring.tail(1) + 1]), True)):
        back = np.arange(len(pairs)) % 2 == 0
        found = compared({"model": np.linspace(0.1, 0.9, len(pairs))}, back, pairs, [], resamples=50)
        assert found["low"].notna().all() == found["low"].notna().any() == known


def test_calibration_counts_every_pair_once() -> None:
    chances = np.array([0.0, 0.05, 0.1, 0.999, 1.0])
    bins = reliability({"model": chances}, BACK, PAIRS, resamples=50)
    assert bins["pairs"].tolist() == [1, 1, 1, 2]
    assert bins["chance"].tolist() == pytest.approx([0.0, 0.05, 0.1, 0.9995])
    assert bins["observed"].tolist() == [1, 0, 0, 0.5]


# Pairs ---------------------------------------------------------------------------------------------------------------


def test_the_features_of_a_pair() -> None:
    rows = [
        ("a", "b", 0),
        ("a", "b", 1),
        ("b", "a", 40),
        ("a", "c", 42),
        ("b", "c", 43),
        ("a", "b", 80),
        ("c", "a", 99),
    ]
    log = pd.DataFrame(rows, columns=["source", "target", "day"])
    contacts = read_in_file_order(log.assign(time=log["day"] * DAY + 100))
    first = silent_pairs(contacts, 100, silent=0).iloc[0]
    assert contacts.names.tolist() == ["a", "b", "c"]
    assert (first["low"], first["high"], first["last_sender"]) == (0, 1, 0)
    told = {
        "silence": 20, "contacts": 4, "contacts_90d": 2, "active_weeks": 3, "tenure": 100, "both_wrote": 1,
        "balance": 0.25, "longest_silence": 40, "returns": 2, "quieter_activity": 1, "livelier_activity": 2,
        "common_contacts": 1,
        "strength": 1 / 100.5 + 1 / 99.5 + 1 / 60.5 + 1 / 20.5,
        "less_active": sum(0.5 ** (age / 15) for age in (100, 99, 60, 57, 20)),
        "more_active": sum(0.5 ** (age / 15) for age in (100, 99, 60, 58, 20, 1)),
        "longer_absent": 20, "fewer_ties": 2, "more_ties": 2,
    }  # fmt: skip
    assert set(told) == set(FEATURES)
    assert first[list(told)].to_dict() == pytest.approx(told, abs=0.003)


def test_who_is_silent_and_who_comes_back() -> None:
    rows = [("a", "b", 0), ("c", "d", 10), ("e", "a", 35), ("b", "a", 41), ("d", "c", 60), ("e", "a", 61)]
    contacts = read_in_file_order(
        pd.DataFrame(rows, columns=["source", "target", "time"]).assign(time=lambda t: t["time"] * DAY)
    )
    asked = silent_pairs(contacts, 41, silent=30)
    assert contacts.names[asked[["low", "high"]]].tolist() == [["a", "b"], ["c", "d"]]
    assert silent_pairs(contacts, 41, silent=31)["silence"].tolist() == [41]
    assert came_back(contacts, asked, 41, 19).tolist() == [True, False]
    assert came_back(contacts, asked, 41, 20).tolist() == [True, True]
    assert came_back(contacts, asked, 42, 18).tolist() == [False, False]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), day=st.integers(20, 149))
def test_nothing_after_the_cut_is_known_before_it(seed: int, day: int) -> None:
    log = SMALL
    before, after = (read_in_file_order(one) for one in (log, shuffled_after(log, day, seed)))
    pd.testing.assert_frame_equal(silent_pairs(before, day, 5), silent_pairs(after, day, 5), check_exact=True)


# Baselines -----------------------------------------------------------------------------------------------------------


def test_logistic_regression_finds_the_line() -> None:
    random = np.random.default_rng(4)
    columns = np.column_stack([random.normal(5, 2, 20_000), np.full(20_000, 7.0)])
    chance = 1 / (1 + np.exp(-(1.5 * columns[:, 0] - 8)))
    found = logistic(columns, random.random(20_000) < chance)(columns)
    assert np.abs(found - chance).max() < 0.03


def test_one_outcome_alone_teaches_a_share() -> None:
    assert logistic(np.arange(3.0)[:, None], np.zeros(3, bool))(np.zeros((2, 1))).tolist() == [0.125, 0.125]


def test_recalibration_undoes_a_line_on_the_logit_scale() -> None:
    random = np.random.default_rng(5)
    truth = random.uniform(0.05, 0.6, 20_000)
    logits = np.log(truth / (1 - truth))
    stated = 1 / (1 + np.exp(-(0.5 * logits + 2)))
    found = recalibrated(stated, random.random(20_000) < truth, stated[:50])
    assert np.abs(found - truth[:50]).max() < 0.03


def test_baselines_learn_from_the_earlier_pairs() -> None:
    random = np.random.default_rng(6)

    def pairs(count: int) -> tuple[pd.DataFrame, np.ndarray]:
        table = pd.DataFrame({name: random.uniform(1, 100, count) for name in FEATURES})
        return table, random.random(count) < np.where(table["silence"] < 50, 0.6, 0.1) * (table["returns"] > 30)

    asked, back = pairs(6_000)
    found = baselines(*pairs(6_000), asked)
    assert list(found) == ["base_rate", "recency", "recency_frequency", "boosting"]
    assert np.ptp(found["base_rate"]) == 0
    assert found["base_rate"][0] == pytest.approx(back.mean(), abs=0.03)
    order = [auc(found[name], back) for name in ("base_rate", "recency", "boosting")]
    assert order[0] == 0.5 < order[1] - 0.1 < order[2] - 0.15


# Worlds --------------------------------------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), people=st.integers(2, 12), count=st.integers(0, 30))
def test_ties_in_a_round_share_no_person(seed: int, people: int, count: int) -> None:
    random = np.random.default_rng(seed)
    pairs = np.array([random.choice(people, 2, replace=False) for _ in range(count)]).reshape(-1, 2)
    rounds = matched(pairs, seed)
    assert sorted(np.concatenate([*rounds, np.zeros(0, int)]).tolist()) == list(range(count))
    for rows in rounds:
        assert len(np.unique(pairs[rows])) == 2 * len(rows)
    again = matched(pairs, seed)
    assert all((one == other).all() for one, other in zip(rounds, again, strict=True))


def test_forecasts_are_of_a_hundred_worlds_with_seeds_from_one_on_unless_others_are_given() -> None:
    usual = Worlds()
    assert (usual.count, usual.world_seed, usual.seed) == (100, 1, 1)


def test_a_call_is_no_contact_in_a_log_of_writing() -> None:
    """Where people dare nothing but calls on the private channel, nobody seems to come back."""
    only_calls = sim.Parameters(ladders={"private_call": -10}, feed_rate=0, birthday_noticed=0, routine_rate=5)
    found = foretold(made_up(people=10), worlds=2, days=45, gestures=[], parameters=only_calls)
    assert len(found.ties) > 3
    assert found.ties["simulated"].to_numpy() == pytest.approx(0.5 / 3)


def test_two_worlds_share_a_draw_and_people_keep_to_their_rates_in_each(monkeypatch: pytest.MonkeyPatch) -> None:
    started, real = [], forecast.begin

    def watched(world: sim.World, **options: Any) -> Any:
        started.append((world.parameters.spell_sd, options["parameters"].spell_sd, world.people["sociability"].mean()))
        return real(world, **options)

    monkeypatch.setattr(forecast, "begin", watched)
    draws = pd.DataFrame({"spell_sd": [0.3, 1.2], "pull_exponent": [0.2, 0.9]})
    found = foretold(made_up(people=12), worlds=3, days=5, gestures=[], parameters=sim.Parameters())
    assert len({sociable for *_, sociable in started}) == 1
    assert [spread for spread, *_ in started] == [sim.Parameters().spell_sd] * 3
    started.clear()
    with ThreadPoolExecutor(1) as executor:
        contacts, execution = read_in_file_order(made_up(people=12)), Execution(executor, quietly)
        drawn = forecast.forecast(contacts, Worlds(3, draws=draws), days=5, silent=30, execution=execution, gestures=[])
    assert [one[:2] for one in started] == [(0.3, 0.3), (0.3, 0.3), (1.2, 1.2)]
    assert started[0][2] == started[1][2] != started[2][2]
    assert drawn.ties["comes_back"].tolist() == found.ties["comes_back"].tolist(), "learned, whatever is drawn"


def test_fresh_worlds_have_other_seeds_and_the_next_draws() -> None:
    draws = pd.DataFrame({"spell_sd": [0.1, 0.2, 0.3, 0.4, 0.5]})
    some = Worlds(3, draws=draws)
    fresh = some.fresh()
    assert (fresh.seed, fresh.world_seed, fresh.count) == (4, 4, 3)
    assert [fresh.of(one)[1].spell_sd for one in range(3)] == [0.3, 0.3, 0.4]
    assert [fresh.fresh().of(one)[0].spell_sd for one in range(3)] == [0.5, 0.5, 0.1]
    assert (Worlds(3).fresh().first_draw, Worlds(3).used_draws, some.used_draws) == (0, 0, 2)


def test_processes_change_nothing() -> None:
    contacts, options = read_in_file_order(made_up(people=12)), {"days": 10, "silent": 30, "top": 3}
    with ThreadPoolExecutor(1) as one, runner.worker_processes(2) as two:
        alone, shared = (
            forecast.forecast(contacts, Worlds(3), execution=Execution(executor, quietly), **options)
            for executor in (one, two)
        )
    pd.testing.assert_frame_equal(alone.ties, shared.ties, check_exact=True)
    pd.testing.assert_frame_equal(alone.gains, shared.gains, check_exact=True)


def test_a_gesture_that_opens_nothing_and_leaves_nothing_changes_nothing() -> None:
    log = made_up()
    shut = foretold(log, gestures=["like"], top=8, parameters=sim.Parameters(gestures={"like": {"opens_door": 0}}))
    assert (shut.gains[["gain", "low", "high"]] == 0).all().all()
    assert shut.gains[["least", "most"]].isna().all().all(), "one set of parameters"
    assert shut.ties["after_like"].head(8).tolist() == shut.ties["receiver_writes"].head(8).tolist()
    assert shut.ties["after_like"].tail(-8).isna().all()
    call = foretold(log, gestures=["call"], top=8).gains.loc["call"]
    assert call["gain"] > 0.1


def test_a_gesture_of_ones_own_is_no_return() -> None:
    """On the day itself nobody answers, so only the sender's message is there."""
    silent = sim.Parameters(
        gestures={kind: {"answer": -10} for kind in ("message", "call", "question")},
        routine_rate=0, feed_rate=0, encounter_rate=0, birthday_noticed=0,
    )  # fmt: skip
    log = pd.DataFrame({"source": ["a", "b"], "target": ["b", "a"], "time": [0, 9 * DAY]})
    found = foretold(log, days=1, silent=0, gestures=["message"], parameters=silent)
    assert found.ties[["sender", "receiver"]].to_numpy().tolist() == [["b", "a"]]
    assert found.ties["simulated"].tolist() == [0.1]
    assert found.ties["after_message"].tolist() == found.ties["receiver_writes"].tolist()
    assert found.rounds == 1


def test_a_tie_comes_back_if_either_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """In all four worlds the person who wrote last does, and the other does not."""
    monkeypatch.setattr(forecast, "run_all", lambda runs, _: [np.array([[False, True]])] * len(runs))
    log = pd.DataFrame({"source": ["a", "b"], "target": ["b", "a"], "time": [0, 9 * DAY]})
    ties = foretold(log, days=1, silent=0, gestures=[]).ties
    assert ties[["sender", "simulated"]].to_numpy().tolist() == [["b", 0.9]]
    assert ties["receiver_writes"].item() == pytest.approx(ties["comes_back"].item() * (10 * 0.5 / 5) / 14)


def test_chances_that_rest_on_little_say_so() -> None:
    short, long = read_in_file_order(made_up(days=40)), read_in_file_order(made_up(people=60, days=400))
    assert "rest on other logs alone" in forecast.learning_noted(short, 20, 30)[0]
    assert forecast.learning_noted(long, 90, 30) == []
    (said,) = forecast.learning_noted(long, 3_650, 30)
    assert said == "No chance was learned from more than 90 days, so those within 3,650 days are extrapolated."


def test_a_receiver_is_the_one_of_the_two_who_is_not_the_sender() -> None:
    """Person 3 writes to person 7 in the first world, and 7 to 3 in the second."""
    wrote = np.array([[[True, False]] * 2, [[False, True]] * 2])
    ties = pd.DataFrame({"low": [3, 3], "high": [7, 7], "sender": [3, 7]})
    assert forecast.by_receiver(wrote, ties).tolist() == [[False, True], [True, False]]
    first, second = forecast.gestures_to("like", ties)
    assert [(one.sender, one.receiver) for one in (first, second)] == [(3, 7), (7, 3)]


def test_the_sender_is_who_wrote_last_or_the_given_person() -> None:
    log = made_up()
    contacts = read_in_file_order(log)
    everyone = foretold(log, worlds=1, days=1, gestures=[])
    last = log.sort_values("time", kind="stable").assign(
        pair=lambda t: [frozenset(p) for p in t[["source", "target"]].to_numpy()]
    )
    last = last.drop_duplicates("pair", keep="last").set_index("pair")["source"]
    for sender, receiver in everyone.ties[["sender", "receiver"]].to_numpy():
        assert last[frozenset((sender, receiver))] == sender
    assert everyone.ties["contacts"].is_monotonic_decreasing
    number = int(np.flatnonzero(contacts.names == "p3")[0])
    own = foretold(log, worlds=1, days=1, person=number, gestures=[])
    assert (own.ties["sender"] == "p3").all()
    among = (everyone.ties[["sender", "receiver"]] == "p3").any(axis=1)
    assert len(own.ties) == among.sum() > 0


def test_few_worlds_have_no_interval() -> None:
    found = foretold(made_up(people=10), worlds=1, days=3, gestures=["call"], top=2)
    assert found.gains[["low", "high"]].isna().all().all()


# Logs of all sorts ---------------------------------------------------------------------------------------------------


def test_gains_that_cancel_are_exactly_nothing_and_two_worlds_have_an_interval() -> None:
    assert forecast.paired(np.array([0.1, 0.2, -0.3]))[0] == 0
    mean, low, high = forecast.paired(np.array([0.0, 1.0]))
    assert (mean, low, high) == (0.5, 0.0, 1.0)
    assert np.isnan(forecast.paired(np.array([1.0]))[1:]).all()
    tenths = forecast.paired(np.full(5, 0.123456789012))
    assert tenths == (0.123456789012,) * 3, "twelve digits are kept"


def test_the_log_of_a_tie_has_its_receiver_and_its_silence_to_a_tenth_of_a_day() -> None:
    log = pd.DataFrame({"source": ["a", "b", "c"], "target": ["b", "a", "a"], "time": [0, 9.37 * DAY, 50 * DAY]})
    found = forecast._described(
        pd.DataFrame({"low": [0, 0], "high": [1, 2], "sender": [1, 0], "silence": [41.63, 0.04], "contacts": [2, 1]}),
        read_in_file_order(log),
    )
    assert found[["sender", "receiver"]].to_numpy().tolist() == [["b", "a"], ["a", "c"]]
    assert found["silent_days"].to_list() == [41.6, 0.0]


def test_a_hole_in_a_log_is_noted() -> None:
    log = made_up(people=10)
    hole = log["time"].between(40 * DAY, 90 * DAY)
    begins, ends = log["time"][log["time"] < 40 * DAY].max() // DAY, log["time"][log["time"] > 90 * DAY].min() // DAY
    assert read_in_file_order(log[~hole]).longest_gap == (begins, ends)
    said = f"Nobody in the log had contact from day {begins} to day {ends}."
    assert foretold(log[~hole], worlds=1, days=1, gestures=[]).notes[0].startswith(said)
    assert not any("Nobody in the log" in note for note in foretold(log, worlds=1, days=1, gestures=[]).notes)
    assert forecast.hole_noted(read_in_file_order(log[~hole]), 30, until=begins) == []
    assert forecast.hole_noted(read_in_file_order(log[~hole]), 30, until=begins + 1) != [], "it has begun by then"
    assert forecast.hole_noted(read_in_file_order(log[~hole]), ends - begins, until=ends) == [], (
        "not longer than silent"
    )
    assert forecast.hole_noted(read_in_file_order(log[~hole]), ends - begins - 1, until=ends) != []


# The command ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log in a folder of its own, which is the current one; worlds are run in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runner, "worker_processes", lambda count: ThreadPoolExecutor(1))
    made_up().to_csv("wall.csv", index=False)
    return Path("wall.csv")


def test_a_forecast_is_shown_and_written(log: Path, rekindle: Rekindle) -> None:
    ended = rekindle("forecast", log, "--worlds", "2", "--days", "5", "--top", "3", "--gestures", "like,call")
    assert ended.code == 0, ended.err
    for said in (
        "after call",
        "The 3 with most contacts",
        "learned from earlier silences",
        "Too few worlds",
        "rekindle explain like",
    ):
        assert said in " ".join(ended.out.split()), said
    ties = pd.read_csv("results/forecast-wall/forecast.csv")
    assert ties["comes_back"].between(0, 1).all()
    assert ties["after_call"].notna().sum() == 3
    own = rekindle(
        "forecast", log, "--person", "p5", "--worlds", "1", "--days", "2", "--gestures", "none", "--format", "json",
        "--ids",
    )  # fmt: skip
    assert own.code == 0, own.err
    rows = json.loads(Path("results/forecast-wall/forecast-p5.json").read_text())
    assert {row["sender"] for row in rows} == {"p5"}


def test_without_scikit_learn_forecasts_stay_and_only_scores_need_it(
    log: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "sklearn"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    for asked in (("forecast", log, "--evaluate"), ("benchmark-forecasts", log)):
        ended = rekindle(*asked)
        assert (ended.code, ended.out) == (2, "")
        assert "Scoring forecasts needs scikit-learn; install it with `pip install" in ended.err
        assert "[logs]" in ended.err
    plain = rekindle("forecast", log, "--worlds", "1", "--days", "2", "--gestures", "none")
    assert plain.code == 0, plain.err


def test_gains_are_ranges_over_draws_unless_one_set_of_parameters_is_asked_for(log: Path, rekindle: Rekindle) -> None:
    asked = ("forecast", log, "--worlds", "4", "--days", "10", "--top", "3", "--gestures", "call")

    def told(*options: str) -> tuple[str, dict[str, float]]:
        ended = rekindle(*asked, *options)
        assert ended.code == 0, ended.err
        return " ".join(ended.out.split()), pd.read_csv("results/forecast-wall/forecast.csv")["simulated"].to_dict()

    usual, drawn = told()
    assert re.search("; (range over draws [+−][0-9.]+ … [+−][0-9.]+|draws differ no more than by chance)", usual)
    assert "A range over draws is where 90% of them are" in usual
    assert told("--draws", "posterior")[1] == told("--set", "sweep.draws=posterior")[1] == drawn
    once, same = told("--draws", "none")
    assert "draws" not in once.replace("random draws", "")
    assert told("--set", "sweep.draws=")[1] == same != drawn
    Path("mine.csv").write_text("spell_sd\n0.3\n1.2\n")
    assert told("--draws", "mine.csv", "--set", "parameters.spell_sd=0.9")[1] == same, "what is set is not drawn"
    missing = rekindle(*asked, "--draws", "not_there.csv")
    assert (missing.code, "not_there.csv does not exist" in missing.err) == (2, True)


def test_nobody_is_silent(log: Path, rekindle: Rekindle) -> None:
    Path("two.csv").write_text("source,target,time\nann,bob,0\nbob,ann,5\n")
    ended = rekindle("forecast", "two.csv")
    assert ended.code == 0, ended.err
    assert "No tie has been silent for over 30 days at the end of the log" in ended.out


def test_seven_is_a_name_too(log: Path, rekindle: Rekindle) -> None:
    Path("two.csv").write_text(f"source,target,time\n7,8,0\n9,8,{40 * DAY}\n")
    ended = rekindle(
        "forecast", "two.csv", "--person", "7", "--worlds", "1", "--days", "1", "--gestures", "none", "--ids"
    )
    assert ended.code == 0, ended.err
    assert pd.read_csv("results/forecast-two/forecast-7.csv")[["sender", "receiver"]].to_numpy().tolist() == [[7, 8]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["wal.csv"], "Did you mean wall.csv?"),
        (["wall.csv", "--person", "p55"], "in wall.csv, there is no person 'p55'. The ids of its"),
        (["wall.csv", "--person", "p55", "--ids"], "no person has the id 'p55'; did you mean 'p5'? The ids of its"),
        (["wall.csv", "--gestures", "like,cal"], "did you mean call?"),
        (["wall.csv", "--gestures", "post"], "'post' is not a gesture to one person"),
        (["wall.csv", "--set", "parameters.memory_decay=7"], "from 0.2 to 1.5"),
        (["wall.csv", "--set", "world.people=7"], "a replayed log, which has its own people"),
        (["wall.csv", "--config", "mine.toml"], "There is no file mine.toml"),
        (
            ["short.csv", "--evaluate"],
            "70% into it, on day 56, needs at least 30 more days",
        ),
        (["wall.csv", "--evaluate", "--cut", "140"], "give a longer log, or an earlier day with --cut"),
        (["wall.csv", "--evaluate", "--silent", "200"], "No pair had been silent for over 200 days on day 105"),
    ],
)
def test_bad_input_is_one_paragraph(log: Path, rekindle: Rekindle, arguments: list[str], said: str) -> None:
    made_up(people=4, days=80).to_csv("short.csv", index=False)
    ended = rekindle("forecast", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert "Traceback" not in ended.err
    assert "\n\n" not in ended.err
    assert not list(Path().rglob("*.png"))


def test_contacts_before_a_day() -> None:
    contacts = read_in_file_order(made_up(people=5))
    part = contacts.before(40)
    assert isinstance(part, Log)
    assert (part.since_start < 40 * DAY).all()
    assert len(part.since_start) == (contacts.since_start < 40 * DAY).sum()
    assert len(part.names) == len(np.unique(np.concatenate([part.source, part.target])))


def test_help_shows_an_example(rekindle: Rekindle) -> None:
    ended = rekindle("forecast", "--help")
    assert ended.code == 0
    assert "Example: rekindle forecast" in ended.out


# Privacy -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def private_log(log: Path) -> Path:
    """The same log with ids like no other word, below a home folder of its own."""
    rows = pd.read_csv(log)
    people = ["source", "target"]
    rows[people] = rows[people].map(lambda name: f"Quartz{name}")
    rows.to_csv("wall.csv", index=False)
    return Path("wall.csv")


def everything_below(folder: Path) -> str:
    """The names of all files below a folder and what is in them, images' metadata among it, as text."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    metadata = [str(Image.open(path).info) for path in files if path.suffix == ".png"]
    return " ".join([*map(str, files), *(path.read_text("latin-1") for path in files), *metadata])


@pytest.mark.parametrize("form", ["csv", "json"])
@pytest.mark.parametrize("question", [("--person", "Quartzp5"), ("--evaluate", "--cut", "95", "--person=Quartzp5"), ()])
def test_no_id_is_shown_or_written_unless_it_is_asked_for(
    private_log: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch, question: tuple[str, ...], form: str
) -> None:
    quick = ("--worlds", "1", "--days", "40", "--gestures", "none", "--format", form)
    asked = ("forecast", private_log, *question, *quick)
    for ids in ((), ("--ids",)):
        monkeypatch.setattr(sys, "argv", ["rekindle", *map(str, asked), *ids])  # which the figures' metadata have
        ended = rekindle(*asked, *ids)
        assert ended.code == 0, ended.err
        shown = "Quartz" in ended.out + ended.err
        written = "Quartz" in everything_below(Path("results"))
        assert written == bool(ids)
        assert shown == bool(ids) or "--evaluate" in question  # which prints no pair
        assert "--evaluate" in question or ids or "tie " in ended.out


def test_ties_have_the_numbers_that_a_plan_gives_them() -> None:
    """They are ranks by contacts in the whole log, for every person and every length of silence."""
    log = made_up()
    contacts = read_in_file_order(log)
    of_all = foretold(log, worlds=1, days=1, gestures=[]).ties
    pairs = log.assign(pair=[frozenset(pair) for pair in log[["source", "target"]].to_numpy()])
    counts = pairs["pair"].value_counts()
    for row in of_all.to_dict("records"):
        more = int((counts > row["contacts"]).sum())
        assert more < row["tie"] <= more + int((counts == row["contacts"]).sum())
    assert of_all["tie"].is_unique
    number = {frozenset((row["sender"], row["receiver"])): row["tie"] for row in of_all.to_dict("records")}
    person = int(np.flatnonzero(contacts.names == "p3")[0])
    own = foretold(log, worlds=1, days=1, person=person, silent=50, gestures=[]).ties
    assert len(own)
    assert all(number[frozenset((row["sender"], row["receiver"]))] == row["tie"] for row in own.to_dict("records"))
    ranks = [number_of_person(contacts, one) for one in range(len(contacts.names))]
    assert sorted(ranks) == list(range(1, len(ranks) + 1))
