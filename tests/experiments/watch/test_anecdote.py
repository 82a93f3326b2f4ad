"""The two people of a story were close, and the first pair is one for which the like made the difference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from experiments.config.errors import ConfigError
from experiments.config.settings import Experiment
from experiments.sweeps import runner
from experiments.watch import anecdote
from experiments.watch.anecdote import SILENT_FROM, STORY_DAYS, Anecdote, opening_of, pairs_of, state_of_story
from experiments.watch.captions import Topic, name_of_person
from experiments.watch.page_state import PageState
from experiments.watch.playback import Playback
from sim.run import Gesture
from sim.state.population import World

# Likes that nearly always open a door, so that a small world has pairs whom one makes talk again.
WORLD = {"world.people": "80", "world.burn_in_years": "2", "parameters.answer_openness": "3", "run.adopters": "3"}


@pytest.fixture(scope="module")
def setting() -> tuple[Experiment, World]:
    experiment = state_of_story(PageState(changes=WORLD)).experiment()
    return experiment, runner.world_of(experiment.world)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(anecdote, "cache_folder", lambda: tmp_path)
    return tmp_path


def test_the_two_were_close_and_have_been_silent_for_a_year(setting: tuple[Experiment, World]) -> None:
    experiment, world = setting
    pairs, owners = pairs_of(world, experiment), world.owners()
    assert len(pairs) > 20
    assert len({tuple(sorted(pair[:2])) for pair in pairs}) == len(pairs)
    for you, other, silent in pairs:
        (tie,) = world.ties[(owners == you) & (world.ties["other"] == other)]
        assert silent == world.day - tie["last_two_way"] >= SILENT_FROM
        assert tie["traces"][-1] >= experiment.parameters.once_strong
        assert name_of_person(you) != name_of_person(other)
    seeds = [state_of_story(PageState(changes=WORLD | {"run.seed": seed})).experiment() for seed in ("1", "1", "2")]
    orders = [pairs_of(world, each) for each in seeds]
    assert orders[0] == orders[1] == pairs
    assert orders[0] != orders[2]
    assert {tuple(sorted(pair[:2])) for pair in orders[2]} == {tuple(sorted(pair[:2])) for pair in pairs}


def test_the_first_pair_talks_again_only_with_the_like_in_what_the_page_plays(
    setting: tuple[Experiment, World], own_cache: Path
) -> None:
    experiment, world = setting
    pairs, steps = pairs_of(world, experiment), []
    opening = opening_of(world, experiment, lambda done, of: steps.append((done, of)))
    assert opening.is_chosen
    assert opening.tried == len(pairs)
    assert opening.liked > 0
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)
    assert all(done < of for done, of in steps)

    story = Anecdote(opening, opening.pair, 0)
    playback = Playback(world, [experiment])
    playback.record_between(opening.pair.you, opening.pair.other)
    like = Gesture(0, "like", opening.pair.you, opening.pair.other)
    playback.fork(like)
    playback.play(STORY_DAYS)
    facts = {each.topic: each.text for each in story.captions(playback, [like])}
    assert Topic.TALKING in facts
    assert facts[Topic.END].startswith("Without the like, ")
    assert "talk again, too" not in facts[Topic.END]
    for arm, talk in zip(playback.arms, (True, False), strict=True):
        assert (sorted(opening.pair[:2]) in arm.run.reconnections().tolist()) == talk

    again = opening_of(world, experiment, lambda done, of: pytest.fail("it is kept"))
    assert again == opening
    (kept,) = (own_cache / "stories").iterdir()
    for damaged in ("", "{", "[]", "[[1, 2], true]", "[[999, 0, 400], true, 1, 1, 1]"):
        kept.write_text(damaged)
        assert opening_of(world, experiment) == opening


def test_a_world_without_two_such_people_is_an_error(setting: tuple[Experiment, World]) -> None:
    _, world = setting
    never = state_of_story(PageState(changes=WORLD | {"parameters.once_strong": "1000"})).experiment()
    with pytest.raises(ConfigError, match="no two people of this world were close once"):
        opening_of(world, never)


def test_where_no_like_opens_a_door_no_pair_is_said_to_be_chosen() -> None:
    changes = WORLD | {"world.people": "50", "parameters.gestures.like.opens_door": "0"}
    experiment = state_of_story(PageState(changes=changes)).experiment()
    world = runner.world_of(experiment.world)
    pairs = pairs_of(world, experiment)
    opening = opening_of(world, experiment)
    assert (opening.is_chosen, opening.pair) == (False, pairs[0])
    assert opening.liked == opening.anyway


def test_nobody_follows_a_strategy_and_a_story_ends_after_two_months() -> None:
    opening = PageState(changes={"run.strategy": "check_in", "world.people": "70"}, beside="wait", day=30)
    run = state_of_story(opening).experiment().run
    assert (run.strategy, run.days) == ("wait", STORY_DAYS)
    assert state_of_story(opening).experiment().world == opening.experiment().world
    with pytest.raises(ConfigError, match="inject"):
        state_of_story(PageState(changes={"inject.kind": "like"}))


def test_the_captions_of_many_stories_are_those_of_their_records(setting: tuple[Experiment, World]) -> None:
    experiment, world = setting
    pairs = pairs_of(world, experiment)
    opening, seen = opening_of(world, experiment), set()
    rng = np.random.default_rng(3)
    for number, kind in zip(
        rng.integers(1, len(pairs), 12).tolist(), ["like", "note", "call", "comment"] * 3, strict=True
    ):
        story = Anecdote(opening, pairs[number], number)
        you, other, _ = story.pair
        playback = Playback(world, [experiment])
        playback.record_between(you, other)
        gesture = Gesture(0, kind, you, other)
        playback.fork(gesture)
        playback.play(STORY_DAYS)
        found = {each.topic: each for each in story.captions(playback, [gesture])}
        with_it, without = (arm.run.reconnections().tolist() for arm in playback.arms)
        ends = sorted((you, other))
        assert (Topic.TALKING in found) == (ends in with_it)
        assert found[Topic.END].text.startswith("Nothing came of it") == (ends not in with_it and ends not in without)
        # Of the gestures that were sent, another record says what there was.
        history = playback.arms[0].gestures.of(you)
        sent = history[(history["sender"] == other) & (history["receiver"] == you)]
        assert Topic.REACHED not in found or len(sent) > 0
        seen |= set(found)
    assert {Topic.APART, Topic.SENT, Topic.NOTICED, Topic.END} <= seen
