"""Questions of the essay on the page: two worlds that differ in what is asked, a guess first, and then the answer."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from experiments.config.errors import ConfigError
from experiments.config.reading import load
from experiments.essay import answers
from experiments.essay.essay import BY_NAME, CLAIMS
from experiments.sweeps import runner
from experiments.sweeps.design import RunSpec, runs_of
from experiments.watch import messages
from experiments.watch.outcomes import OutcomeOfPairs
from experiments.watch.page_state import PageState, as_config, page_state_from
from experiments.watch.playback import Playback
from experiments.watch.questions import OF_THE_ESSAY, QUESTIONS
from experiments.watch.session import Session, playback_of
from tests.conftest import ROOT
from tests.experiments.conftest import refused
from tests.experiments.watch.conftest import Tab

SMALL = {"world.people": "60", "world.burn_in_years": "1"}
NAMES = list(QUESTIONS)
ANSWERS = {name: one._asdict() for name, one in answers.published().items()}


def small(name: str, **more: str) -> PageState:
    return PageState(question=name, changes={**SMALL, **more})


def played(state: PageState, days: int) -> Playback:
    playback = playback_of(state, runner.world_of(state.experiment().world))
    playback.play(days)
    return playback


# What they are ---------------------------------------------------------------------------------------------------


def test_each_question_is_that_of_a_claim_and_each_claim_about_two_worlds_has_one() -> None:
    for name, question in QUESTIONS.items():
        claim = BY_NAME[name]
        assert (question.asks, question.config in claim.sweeps) == (claim.question, True)
        assert question.right.items() - question.both.items(), "the worlds differ"
    assert BY_NAME.keys() - QUESTIONS.keys() == {"liked_back", "in_touch", "naturals"}
    assert {name for claim in CLAIMS for name in claim.sweeps} == OF_THE_ESSAY


def test_the_answers_that_ship_are_those_of_the_report_in_the_documentation() -> None:
    text = (ROOT / "docs" / "essay.md").read_text()
    for name, answer in answers.published().items():
        section = re.search(rf"^## {name}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
        assert section is not None
        on = f": {answer.on}" if answer.on else ""
        assert f"**{answer.verdict.capitalize()}**{on}." in section[1]
        assert f"![{answer.found}](" in section[1]
    assert answers.published().keys() == BY_NAME.keys()
    there = json.loads((ROOT / "docs" / "essay" / answers.FILE).read_text())
    assert there == ANSWERS, "copy docs/essay/answers.json into experiments/essay"


def test_every_question_differs_from_every_other_in_picture_and_numbers() -> None:
    seen: set[str] = set()
    for name in NAMES:
        playback = played(small(name), 3)
        pictures = b"".join(each.ties.tobytes() + each.flashes.tobytes() for each in playback.look())
        told = [[arm.name for arm in playback.arms], playback.adopters.tolist(), str(playback.outcomes())]
        seen.add(hashlib.sha256(pictures + repr(told).encode()).hexdigest())
    assert len(seen) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_two_worlds_begin_alike_and_are_what_the_question_says(name: str) -> None:
    state = small(name)
    playback = played(state, 0)
    one, other = playback.arms
    assert (one.name, other.name) == QUESTIONS[name].worlds
    first, second = one.run.world(), other.run.world()
    same = [field for field in first.people.dtype.names or () if field != "weight_bound"]  # only makes picking faster
    assert first.ties.tobytes() == second.ties.tobytes()
    assert all(np.array_equal(first.people[field], second.people[field]) for field in same)
    assert QUESTIONS[name].outcome in {shown.name for shown in playback.shown}
    assert QUESTIONS[name].day <= state.experiment().run.days


# The same world by link, file and replay -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_link_and_a_configuration_are_the_same_two_worlds(name: str, tmp_path: Any) -> None:
    state = dataclasses.replace(small(name, **{"run.seed": "7"}), day=3)
    assert page_state_from(state.query(), PageState(), {}) == state
    path = tmp_path / f"{QUESTIONS[name].config}.toml"
    path.write_text(as_config(state))
    copied = [_content(run) for run in runs_of(load(path))]
    for experiment in state.experiments():
        (run,) = runs_of(experiment.model_copy(update={"sweep": None}))
        assert _content(run) in copied
    assert len(copied) <= 3, "both worlds, and waiting"


def _content(run: RunSpec) -> dict[str, Any]:
    told = run._asdict() if hasattr(run, "_asdict") else dataclasses.asdict(run)
    return {key: told[key] for key in ("world", "strategy", "seed", "parameters", "inject", "days", "strategy_days")}


def test_a_link_has_either_a_question_or_worlds_of_its_own() -> None:
    with pytest.raises(ConfigError, match="also config or beside"):
        page_state_from("question=one_like&beside=wait", PageState(), {})
    with pytest.raises(ConfigError, match="expected one of open_door, one_like"):
        page_state_from("question=two_likes", PageState(), {})


# Numbers -------------------------------------------------------------------------------------------------------------


def test_outcomes_of_pairs_are_the_measures_of_the_same_runs() -> None:
    state = small("smallest_gestures", **{"world.people": "120"})
    playback, found = played(state, state.experiment().run.days), []
    for experiment in state.experiments():
        (run,) = runs_of(experiment.model_copy(update={"sweep": None}))
        found.append(runner.run_one(run).row)
    for outcome, row in zip(playback.outcomes(), found, strict=True):
        assert isinstance(outcome, OutcomeOfPairs)
        assert outcome.answered == pytest.approx(100 * row["focal_answered"])
        assert outcome.talking == pytest.approx(100 * row["focal_reconnected"])
    assert found[1]["focal_answered"] > found[0]["focal_answered"]


def test_what_is_left_of_pairs_and_what_they_buy_are_those_measures_too() -> None:
    state = small("built_slowly", **{"world.people": "120"})
    playback = played(state, 421)
    (run,) = runs_of(state.experiment().model_copy(update={"sweep": None}))
    outcome = playback.outcomes()[0]
    assert isinstance(outcome, OutcomeOfPairs)
    assert outcome.in_touch == pytest.approx(100 * runner.run_one(run).row["focal_kept"], abs=3)
    state = small("showing_up", **{"world.people": "120"})
    playback = played(state, 365)
    for experiment, sold in zip(state.experiments(), playback.outcomes(), strict=True):
        (run,) = runs_of(experiment.model_copy(update={"sweep": None}))
        assert isinstance(sold, OutcomeOfPairs)
        assert sold.sold == pytest.approx(100 * runner.run_one(run).row["focal_sold_365"], rel=0.1)
        assert np.isnan(sold.talking), "they were strangers"


def test_a_live_change_leaves_what_the_worlds_differ_in() -> None:
    session, _ = _session("barrier")
    session._take(messages.Set(do="set", path="parameters.acceptance_ratio", value="0.2"))
    assert session.playback is not None
    assert [arm.run.parameters.acceptance_ratio for arm in session.playback.arms] == [0.2, 1.0]


# The guess -----------------------------------------------------------------------------------------------------------


def _session(name: str) -> tuple[Session, list[dict[str, Any]]]:
    told: list[dict[str, Any]] = []
    session = Session(lambda message, _: told.append(message), small(name).query(), PageState(), {}, False, ANSWERS)
    session._take(messages.Ready(do="ready"))
    return session, told


def _last(told: list[dict[str, Any]], what: str) -> dict[str, Any]:
    return next(message for message in reversed(told) if message["is"] == what)


def test_the_answer_is_not_told_before_a_guess() -> None:
    session, told = _session("one_like")
    assert ANSWERS["one_like"]["found"] not in str(told)
    assert _last(told, "state")["question"]["answer"] is None
    session._take(messages.Guess(do="guess", value="right"))
    question = _last(told, "state")["question"]
    assert (question["guess"], question["answer"]) == ("right", ANSWERS["one_like"])
    assert _last(told, "scene")["outcomes"][0]["name"] == "talking"
    session._take(messages.Reset(do="reset"))
    assert _last(told, "state")["question"]["guess"] == "right", "who has seen the answer need not guess again"
    session._take(messages.Preset(do="preset", value="barrier"))
    assert _last(told, "state")["question"]["answer"] is None


def test_the_question_says_what_the_second_world_is() -> None:
    session, told = _session("zero_to_connected")
    session._take(messages.Beside(do="beside", value="show_up"))
    assert "the question says what both worlds are" in _last(told, "error")["text"].lower()
    assert session.page_state.experiments()[1].run.strategy == "check_in"


def test_a_gesture_with_and_without_ends_the_question_and_its_link_makes_the_same_worlds() -> None:
    session, told = _session("one_like")
    assert session.playback is not None
    person = session.page_state.followed
    assert person is not None
    to = int(session.playback.arms[0].run.known_to(person)[0])
    session._take(messages.Send(do="send", kind="message", to=to, fork=True))
    session._take(messages.Step(do="step", days=7))
    assert "one like has left the page" in _last(told, "note")["text"]
    state = _last(told, "state")
    assert state["question"] is None
    session._take(messages.Guess(do="guess", value="same"))
    assert "no question to guess" in _last(told, "error")["text"]
    again = playback_of(page_state_from(state["query"], PageState(), {}), runner.world_of(session.experiment.world))
    again.play(7)
    assert [arm.name for arm in again.arms] == ["with it", "without it"]
    for one, other in zip(session.playback.arms, again.arms, strict=True):
        assert one.run.world() == other.run.world()
    session._take(messages.Beside(do="beside", value="show_up"))
    state = _last(told, "state")
    assert (state["question"]["worlds"], state["beside"]) == (("nothing", "one like"), None), "the question is back"
    assert page_state_from(state["query"], PageState(), {}).experiments() == session.page_state.experiments()


def test_files_of_the_essay_are_offered_as_questions_only() -> None:
    files = {f"{name}.toml": ROOT / "configs" / f"{name}.toml" for name in ("one_like", "one_run")}
    told: list[dict[str, Any]] = []
    session = Session(lambda message, _: told.append(message), "", PageState(changes=SMALL), files)
    session._take(messages.Ready(do="ready"))
    state = _last(told, "state")
    assert (list(state["questions"]), state["presets"]) == (NAMES, {"one_run.toml": "one run"})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--question", "two_likes"], "--question two_likes: expected one of open_door, one_like"),
        (["--question", "one_like", "--story"], "leave out CONFIG, --side-by-side and --story"),
        (["one_run", "--question", "one_like"], "leave out CONFIG, --side-by-side and --story"),
        (["--question", "one_like", "--set", "parameters.eas=1"], "did you mean parameters.ease?"),
    ],
)
def test_a_wrong_question_is_refused_before_anything_is_made(
    options: list[str], said: str, rekindle: Callable[..., Any]
) -> None:
    assert said in refused(rekindle("watch", *options))


def test_one_guesses_and_then_sees_the_answer_with_the_keyboard_alone(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab(f"?{small('one_like').query()}")
    page = tab.page
    assert page.inner_text(".rk-asks") == "Does one like make two people talk again?"
    assert not page.is_visible(".rk-answer")
    assert not page.is_visible("[data-path='run.strategy']")
    page.focus("[data-do=guess-same]")
    page.keyboard.press("Enter")
    page.wait_for_selector(".rk-answer:has-text('the essay’s claim')")
    assert page.get_attribute("[data-do=guess-same]", "aria-pressed") == "true"
    assert page.inner_text(".rk-pair").startswith(
        "In this pair of worlds: nothing 0.0, one like 0.0 (counts in 60 days)"
    )
    tab.click("present")
    assert page.is_visible(".rk-asks")
