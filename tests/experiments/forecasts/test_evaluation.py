"""Evaluations: nothing from the future, all forecasts of all mornings, and files without ids."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import sim
from experiments.forecasts import evaluation, forecast
from experiments.forecasts.activity import with_sociability
from experiments.forecasts.baselines import baselines, recalibrated
from experiments.forecasts.evaluation import SIMPLE, SLOPE, evaluate
from experiments.forecasts.forecast import Execution, Worlds
from experiments.forecasts.leaderboard import LEARNED, MODEL, RECALIBRATED, TITLES, board, calibration_slope
from experiments.forecasts.learned import earlier_answers
from experiments.forecasts.pairs import FEATURES, came_back, silent_pairs
from experiments.forecasts.scores import SCORES
from experiments.logs.log import read_in_file_order
from experiments.sweeps import runner
from sim.contact_logs import LogError
from tests.conftest import DATA
from tests.experiments.conftest import Rekindle
from tests.experiments.forecasts.test_forecast import DAY, made_up, quietly, shuffled_after


def judged(log: pd.DataFrame, worlds: int = 1, days: int = 45, **options: Any) -> evaluation.Evaluation:
    cuts, many = options.pop("cuts", ()), Worlds(worlds, **options)
    with ThreadPoolExecutor(1) as executor:
        return evaluate(
            read_in_file_order(log), many, days=days, silent=30, execution=Execution(executor, quietly), cuts=cuts,
            resamples=100,
        )  # fmt: skip


def test_no_forecast_knows_what_follows() -> None:
    log = made_up()
    first, second = (judged(one, worlds=2, cuts=[95]) for one in (log, shuffled_after(log, 95, seed=9)))
    assert (first.board.cuts, first.board.within) == (second.board.cuts, second.board.within) == ([95], "45")
    assert first.pairs["came_back"].tolist() != second.pairs["came_back"].tolist()
    known = [*FEATURES, *TITLES]
    pd.testing.assert_frame_equal(first.pairs[known], second.pairs[known], check_exact=True)
    unnamed = [name for name in first.training if name != "tie"]  # numbers of ties are ranks by the whole log
    pd.testing.assert_frame_equal(first.training[unnamed], second.training[unnamed], check_exact=True)


def test_a_log_is_asked_on_three_mornings_and_all_are_scored_together() -> None:
    log = made_up(days=400)
    found = judged(log, days=40)
    assert (found.board.cuts, found.board.within) == ([200, 280, 360], "40")
    assert set(found.board.slopes) == set(TITLES)
    contacts, back = read_in_file_order(log), found.pairs["came_back"].to_numpy()
    for cut in found.board.cuts:
        rows = found.pairs[found.pairs["cut"] == cut]
        assert len(rows) == len(silent_pairs(contacts, cut, 30))
        assert rows["came_back"].sum() == came_back(contacts, rows, cut, 40).sum()
    scores = found.scores()
    alone = scores[scores["baseline"].isna()].set_index(["forecast", "score"])["value"]
    for name in TITLES:
        chance = found.pairs[name].to_numpy()
        assert alone[name, "brier"] == pytest.approx(np.mean((chance - back) ** 2))
        assert alone[name, SLOPE] == pytest.approx(calibration_slope(chance, back), nan_ok=True)
    apart = {*zip(*(scores.loc[scores["baseline"].notna(), name] for name in ("forecast", "baseline")), strict=True)}
    assert apart == {(one, other) for one in (LEARNED, MODEL) for other in TITLES if other not in (one, LEARNED)}
    assert found.calibration.groupby("forecast")["pairs"].sum().to_dict() == dict.fromkeys(TITLES, len(back))


def test_an_evaluation_and_a_benchmark_give_the_same_chances() -> None:
    log = made_up(days=400)
    mine, theirs = (
        judged(log, days=40).pairs,
        board(read_in_file_order(log), days=40, cuts=evaluation.CUTS, resamples=0),
    )
    assert theirs is not None
    for name in TITLES:
        if name not in (MODEL, RECALIBRATED):
            assert mine[name].tolist() == theirs.table[name].tolist(), name


def test_what_forecasts_learned_from_teaches_them_again() -> None:
    """The pairs of each morning, as they are written."""
    log = made_up(days=300)
    found = judged(log, days=40, cuts=[150, 210])
    contacts = read_in_file_order(log)
    for cut in (150, 210):
        own = found.training[found.training["cut"] == cut]
        simple, taught = own[own["learner"] == SIMPLE], own[own["learner"] == LEARNED]
        assert set(simple["morning"]) == {cut - 40}
        assert set(simple["days"]) == {40}
        asked = found.pairs[found.pairs["cut"] == cut]
        for name, chance in baselines(simple, simple["came_back"].to_numpy(bool), asked).items():
            assert asked[name].to_numpy() == pytest.approx(np.clip(chance, 1e-4, 1 - 1e-4)), name
        assert taught["came_back"].tolist() == earlier_answers(contacts.before(cut), cut, 40, 30).tolist()
        assert set(taught["days"]) == {30}
        assert (taught["morning"] + taught["days"] <= cut).all()
        assert taught["weight"].is_monotonic_decreasing


def test_a_world_starts_on_the_morning_of_the_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    starts = []

    class Watched(forecast.Core):
        def __init__(self, world: sim.World, *, seed: int) -> None:
            starts.append((world.day, seed, len(world)))
            super().__init__(world, seed=seed)

    monkeypatch.setattr(forecast, "Core", Watched)
    log = made_up()
    log = log[~log["time"].between(50 * DAY, 110 * DAY)]
    found = judged(log, worlds=2, seed=7)
    assert (found.board.cuts, found.board.within) == ([105], "45")
    people = [len(read_in_file_order(log).before(day).names) for day in (105, 60)]
    assert starts == [(105, 7, people[0]), (105, 8, people[0]), (60, 7, people[1]), (60, 8, people[1])]


def test_the_models_chance_is_its_share_of_worlds() -> None:
    log, worlds = made_up(people=10), 3
    found = judged(log, worlds, world_seed=5, seed=9, cuts=[95])
    contacts = read_in_file_order(log).before(95)
    with ThreadPoolExecutor(1) as executor:
        many, execution = Worlds(worlds, world_seed=5, seed=9), Execution(executor, quietly)
        begins = forecast.beginnings(contacts, 95, many, execution)[0]
    pairs, counts = found.pairs, np.zeros(len(found.pairs))
    for replicate in range(worlds):
        world = sim.worlds.replayed(contacts.frame(), seed=5 + replicate).copy(day=95)
        run = sim.simulate(with_sociability(world, begins.sociability), days=45, seed=9 + replicate, log=True)
        assert run.log is not None
        heard = run.log[(run.log["channel"] == "private") & run.log["kind"].isin(["question", "message"])]
        ends = {frozenset(ends) for ends in zip(heard["source"], heard["target"], strict=True)}
        counts += [frozenset(ends_) in ends for ends_ in zip(pairs["low"], pairs["high"], strict=True)]
    assert 0 < counts.sum() < worlds * len(pairs)
    assert pairs[MODEL].tolist() == pytest.approx(((counts + 0.5) / (worlds + 1)).tolist())


def test_the_share_of_worlds_is_recalibrated_by_that_of_the_earlier_morning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Worlds in which pairs write by the toss of a coin."""
    random, told = np.random.default_rng(3), []

    def tossed(runs: Any, _: Any) -> list[np.ndarray]:
        told.extend(random.random((len(run.pairs), 2)) < 0.3 for run in runs)
        return told

    monkeypatch.setattr(evaluation, "run_all", tossed)
    found = judged(made_up(), worlds=4, cuts=[95])
    now, then = ((np.sum([one.any(axis=1) for one in some], axis=0) + 0.5) / 5 for some in (told[:4], told[4:]))
    assert len(told) == 8
    assert found.pairs[MODEL].to_numpy() == pytest.approx(now)
    back = found.training[found.training["learner"] == SIMPLE]["came_back"].to_numpy(bool)
    assert found.pairs[RECALIBRATED].to_numpy() == pytest.approx(recalibrated(then, back, now))


def test_worlds_and_mornings_are_counted_before_they_are_run() -> None:
    reported: list[tuple[int, int]] = []
    with ThreadPoolExecutor(1) as executor:
        execution = Execution(executor, lambda *done: reported.append(done))
        contacts = read_in_file_order(made_up(people=10))
        evaluate(contacts, Worlds(2), days=30, silent=30, execution=execution, cuts=[80, 110], resamples=0)
    assert reported == [(done, 10) for done in range(1, 11)], "two worlds, now and earlier, of two mornings"


def test_days_before_worlds_of_a_draw_are_counted_too() -> None:
    reported: list[tuple[int, int]] = []
    draws = pd.DataFrame({"spell_sd": [0.3, 1.2]})
    with ThreadPoolExecutor(1) as executor:
        execution = Execution(executor, lambda *done: reported.append(done))
        contacts = read_in_file_order(made_up(people=10))
        many = Worlds(3, draws=draws)
        evaluate(contacts, many, days=30, silent=30, execution=execution, cuts=[110], resamples=0)
    assert reported == [(done, 11) for done in range(1, 12)], "two draws and three worlds, now and earlier; a morning"


def test_a_log_in_which_nothing_comes_back() -> None:
    log = made_up()
    log = log[(log["time"] < 70 * DAY) | (log["time"] == log["time"].max())]
    found = judged(log)
    level = found.board.scores[found.board.scores["score"] == "auc"]
    assert not found.pairs["came_back"].any()
    assert level["value"].isna().all()
    assert any("AUC is not defined" in note for note in found.notes)


def test_a_log_without_an_earlier_question() -> None:
    """On day 44, a window before the cut, everybody was in contact within 30 days."""
    log = made_up(people=10, days=110)
    again = log.iloc[:1].assign(time=30 * DAY)
    found = judged(pd.concat([log[(log["time"] == 0) | (log["time"] > 20 * DAY)], again]))
    assert (found.board.cuts, found.board.within) == ([77], "33")
    assert set(found.board.slopes) == {LEARNED, MODEL}
    assert not (found.training["learner"] == SIMPLE).any()
    assert any("the simple forecasts and the recalibration are missing" in note for note in found.notes)


def test_mornings_that_teach_nothing_are_left_out_if_there_are_others() -> None:
    found = judged(made_up(), cuts=[60, 105])
    assert found.board.cuts == [105]
    assert "Left out: day 60, before which no pair had been silent early enough to learn from." in found.notes


def test_a_short_log_is_asked_for_fewer_days() -> None:
    found = judged(made_up(days=110), days=90)
    assert found.board.within == "33"
    assert any("ends 33 days after day 77, so" in note and "instead of 90" in note for note in found.notes)


@pytest.mark.parametrize(("cuts", "said"), [([140], "an earlier day with --cut"), ([105, 25], "days on day 25, so")])
def test_a_morning_that_cannot_be_asked_is_refused(cuts: list[int], said: str) -> None:
    with pytest.raises(LogError, match=said):
        judged(made_up(), cuts=cuts)


@pytest.mark.parametrize(("after", "told"), [([0.3, 0.2], True), ([0.2, 0.3], False), ([0.2, 0.2], False)])
def test_a_recalibration_that_reverses_the_order_is_noted(after: list[float], told: bool) -> None:
    notes = evaluation._reversal_noted(7, {MODEL: np.array([0.1, 0.4]), RECALIBRATED: np.array(after)})
    assert [note.partition(" reverses")[0] for note in notes] == ["Day 7: the recalibration"] * told
    assert evaluation._reversal_noted(7, {MODEL: np.array([0.1, 0.4])}) == []


@pytest.mark.parametrize(("count", "points"), [(3, "±49"), (15, "±24"), (19, "±22"), (20, "")])
def test_fewer_than_twenty_worlds_are_told_with_their_accuracy(count: int, points: str) -> None:
    """Chances are smoothed, as if there were one world more: 1.96 standard errors of one half."""
    notes = evaluation._few_worlds_noted(count)
    if points:
        accuracy = f"With {count} worlds, a simulated chance is accurate only to {points} points (95% interval)."
        assert notes == [f"{accuracy} Use --worlds 20."]
    else:
        assert notes == []


def test_a_hole_and_a_coarse_chance_are_noted() -> None:
    log = made_up(people=10)
    hole = log["time"].between(40 * DAY, 90 * DAY)
    notes = judged(log[~hole], worlds=3).notes
    assert notes[0].startswith("Nobody in the log had contact from day")
    assert "accurate only to ±49 points" in notes[1]
    assert not any("accurate only to" in note or "Nobody in" in note for note in judged(log, 20, days=30).notes)


@pytest.mark.parametrize(("people", "told"), [(19, True), (20, False)])
def test_people_of_pairs_are_counted_on_both_sides(people: int, told: bool) -> None:
    """One person is in all pairs."""
    pairs = pd.DataFrame({"low": 0, "high": range(1, people)})
    notes = evaluation._pairs_noted(pairs, np.arange(len(pairs)) % 2 == 0)
    assert notes == ["The pairs have only 19 people. Intervals need at least 20."] * told


def test_a_hidden_evaluation_has_the_numbers_of_ties_alone() -> None:
    found = judged(made_up())
    hidden = evaluation.hidden(found)
    for table, whole in ((hidden.pairs, found.pairs), (hidden.training, found.training)):
        assert {*whole} - {*table} == {"low", "high", "last_sender", "low_name", "high_name"}
        assert table["tie"].tolist() == whole["tie"].tolist()
        texts = {text for column in table.select_dtypes(object) for text in table[column]}
        assert texts <= {LEARNED, SIMPLE}


def test_a_real_log() -> None:
    path = DATA / "college_messages.csv.gz"
    if not path.is_file():
        pytest.skip(f"{path} is not there: real logs are no part of the project")
    found = judged(pd.read_csv(path), days=90)
    assert (found.board.cuts, found.board.within, len(found.pairs)) == ([135], "58", 12_611)
    level = found.board.scores[found.board.scores["baseline"].isna()].set_index(["forecast", "score"])["value"]
    assert level["recency", "auc"] > 0.75
    assert found.board.scores["score"].unique().tolist() == list(SCORES)


# The command ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log in a folder of its own, which is the current one; worlds are run in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runner, "worker_processes", lambda count: ThreadPoolExecutor(1))
    made_up().to_csv("wall.csv", index=False)
    return Path("wall.csv")


def test_an_evaluation_is_shown_written_and_drawn(log: Path, rekindle: Rekindle) -> None:
    options = ("--cut", "95", "--cut", "110", "--worlds", "2", "--days", "40")
    ended = rekindle("forecast", log, "--evaluate", *options)
    assert ended.code == 0, ended.err
    shown = " ".join(ended.out.split())
    for said in (
        "simulated, recalibrated",
        "boosted trees on all features",
        "on 2 mornings (days 95, 110)",
        "came back within 40 days",
        "the same question on 2 earlier days",
        "bootstrap over people",
    ):
        assert said in shown, said
    written = {path.name for path in Path("results/forecast-wall").iterdir()}
    tables = {"evaluation.csv", "calibration.csv", "pairs.csv", "training_pairs.csv"}
    assert written == tables | {f"reliability.{ending}" for ending in ("png", "svg", "pdf")}
    training = pd.read_csv("results/forecast-wall/training_pairs.csv")
    assert training.columns[:6].tolist() == ["cut", "learner", "morning", "days", "weight", "tie"]
    assert set(training["cut"]) == {95, 110}
