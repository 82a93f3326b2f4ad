"""One like, up close: a chain of what would not have happened without it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import sim
from experiments.config.reading import load
from experiments.config.settings import Experiment
from experiments.essay.story import (
    LIKED,
    LIKER,
    WITH,
    WITHOUT,
    Story,
    _elsewhere,
    _likes,
    _talking_again,
    found,
    sentences,
    story_of,
)
from experiments.sweeps.injected import gestures
from experiments.sweeps.runner import world_of
from sim.measures import dormant_pairs
from tests.conftest import ROOT

CONFIG = ROOT / "configs" / "one_like.toml"
DAY = 86_400  # seconds
TINY = ["world.people=120", "world.burn_in_years=0", "run.strategy_days=61", "inject.ties=30"]
# A feed that shows people who opened a door, and doors that stay open, make stories frequent.
OPEN = [*TINY, "parameters.feed_boost=1.0", "parameters.openness_half_life=200.0"]


def experiment(changes: list[str]) -> Experiment:
    return load(CONFIG, changes)


@pytest.fixture(scope="module")
def story() -> Story:
    stories = (one for one in found(experiment(OPEN), worlds=12) if one is not None)
    return next(stories)


def test_a_story_is_of_two_who_talk_again_and_would_not_have(story: Story) -> None:
    assert story.made_by_the_like
    without = story.between[(story.between["world"] == WITHOUT) & story.between["noticed"]]
    words = without[~without["kind"].isin(["like", "smile", "hello"])]
    assert words["sender"].nunique() < 2
    first = story.between[story.between["world"] == WITH].iloc[0]
    assert (first["kind"], first["sender"], first["receiver"], first["day"]) == ("like", LIKER, LIKED, 0)
    assert story.silent >= 90
    day = story.reconnected[WITH]
    assert day is not None
    assert day < 61


def test_the_chain_is_in_order_of_time_and_says_what_would_not_have_been(story: Story) -> None:
    lines = sentences(story)
    days = [int(line.split()[1].rstrip(":")) for line in lines if line.startswith("Day ")]
    assert days == sorted(days)
    assert any("only because of the like" in line for line in lines)
    assert sum("they talk again" in line for line in lines) == 1
    assert any(line.startswith("Without the like") for line in lines)


def test_with_the_door_of_a_like_shut_there_is_no_story_and_no_difference() -> None:
    shut = experiment([*TINY, "parameters.gestures.like.opens_door=0.0", "parameters.load_scale=10000.0"])
    assert list(found(shut, worlds=2)) == [None, None]
    run = _likes(shut, 1)[0]
    world = world_of(run.world)
    pair = dormant_pairs(world, run.parameters)[0]
    story = story_of(run, world, (int(pair["low"]), int(pair["high"])))
    assert story.elsewhere.sum() == 0
    with_like = story.between[
        (story.between["world"] == WITH) & ~((story.between["kind"] == "like") & (story.between["day"] == 0))
    ]
    without = story.between[story.between["world"] == WITHOUT]
    pd.testing.assert_frame_equal(
        with_like.drop(columns="world").reset_index(drop=True), without.drop(columns="world").reset_index(drop=True)
    )


def a_story(
    rows: list[tuple[str, int, str, str, str]], reconnected: int | None, noticed: bool = True, silent: int = 400
) -> Story:
    """A story of these gestures: world, day, sender, kind and what it answers."""
    between = pd.DataFrame(rows, columns=["world", "day", "sender", "kind", "answers"])
    between["worded"] = ~between["kind"].isin(["like", "smile"])
    between = between.assign(
        receiver=between["sender"].map({LIKER: LIKED, LIKED: LIKER}),
        second=between.groupby("world").cumcount(),
        channel="private_message",
        noticed=noticed,
    )
    days = {WITH: reconnected, WITHOUT: None}
    return Story(3, (7, 5), silent, between, days, pd.Series([0, 2, 1_000]), 61)


TALK = [
    (WITH, 0, "A", "like", ""), (WITH, 2, "B", "question", ""), (WITH, 3, "A", "message", "question"),
    (WITH, 5, "B", "message", "message"), (WITH, 5, "A", "smile", ""), (WITH, 9, "A", "call", ""),
]  # fmt: skip


def test_a_chain_is_told_step_by_step() -> None:
    assert sentences(a_story([*TALK, (WITHOUT, 9, "A", "call", "")], 5)) == [
        "A and B (persons 7 and 5 of world 4) had not been in touch for 1.1 years.",
        "Day 0: A likes what B posted.",
        "Day 0: B notices, and the door to A opens: a small gesture back no longer feels strange.",
        "Day 2: B sends A a question (private message) – only because of the like.",
        "Day 3: A answers with a message – only because of the like.",
        "Day 5: B answers with a message – only because of the like.",
        "Day 5: A sends B a smile (private message) – only because of the like.",
        "Day 5: they talk again, with three worded gestures in turn.",
        "Day 9: A sends B a call (private message) – only because of the like.",
        "Without the like: in the same 61 days, only this happens between them: day 9, call by A.",
        "Elsewhere: 1,002 gestures of other people are in only one of the two worlds.",
    ]


def test_what_happens_in_both_worlds_is_not_because_of_the_like() -> None:
    both = [(WITH, 0, "B", "message", ""), (WITH, 0, "A", "like", ""), (WITH, 3, "A", "like", "")]
    lines = sentences(a_story([*both, (WITHOUT, 0, "B", "message", "")], None, noticed=False, silent=364))
    assert lines[0].endswith("had not been in touch for 364 days.")
    assert lines[1:4] == [
        "Day 0: B sends A a message (private message), who does not notice.",
        "Day 0: A likes what B posted, who does not notice.",
        "Day 3: A likes what B posted, who does not notice – only because of the like.",
    ]
    assert not any("the door" in line or "talk again" in line for line in lines)
    assert sentences(a_story([*TALK], 5, silent=365))[0].endswith("for 1.0 years.")
    assert "nothing happens between them" in sentences(a_story([*TALK], 5))[-2]


@pytest.mark.parametrize(
    ("without", "made"),
    [
        ([], True), ([("A", "message")], True), ([("A", "message"), ("A", "call")], True),
        ([("A", "message"), ("B", "message")], False), ([("A", "message"), ("B", "smile")], True),
    ],
)  # fmt: skip
def test_a_like_made_two_talk_again_who_would_not_both_have_written(without: list[tuple[str, str]], made: bool) -> None:
    rows = [*TALK, *((WITHOUT, 9, sender, kind, "") for sender, kind in without)]
    assert a_story(rows, 5).made_by_the_like is made
    assert not a_story(rows, None).made_by_the_like


def test_gestures_elsewhere_are_those_of_others_in_one_world_alone() -> None:
    def log(*rows: tuple[int, int, int, int]) -> pd.DataFrame:
        return pd.DataFrame(rows, columns=["sender", "receiver", "day", "event_key"]).assign(kind=1)

    both, pair = (3, 4, 100, 1), (1, 2, 101, 2)
    one = log(both, pair, (1, 3, 102, 3), (4, 3, 102, 4))
    other = log(both, (3, 4, 102, 9), (4, 5, 104, 5))
    found = _elsewhere(one, other, (1, 2), 100, 5)
    assert found.to_dict() == {0: 0, 1: 0, 2: 3, 3: 0, 4: 1}


def test_a_search_begins_at_the_world_that_is_asked_for() -> None:
    """Each world has its own draws, so that it does not matter which were searched before."""
    small = experiment([*OPEN, "world.people=60", "inject.ties=4"])
    assert [run.replicate for run in _likes(small, 5)] == [0, 1, 2, 3, 4]
    all_ = [story and (story.replicate, story.pair) for story in found(small, worlds=5)]
    some = [story and (story.replicate, story.pair) for story in found(small, worlds=2, first=3)]
    assert some == all_[3:]


def test_a_story_is_that_of_the_two_people_in_the_log(story: Story) -> None:
    """Counted again from the logs of both worlds, which have what was noticed only later, and what never was."""
    run = _likes(experiment(OPEN), story.replicate + 1)[story.replicate]
    world = world_of(run.world)
    tie = next(one for one in dormant_pairs(world, run.parameters) if {one["low"], one["high"]} == set(story.pair))
    names = dict(zip(story.pair, (LIKER, LIKED), strict=True))
    assert run.inject is not None
    low = world.ties[world.people["first"][tie["low"]] :][: world.people["slots"][tie["low"]]]
    last = low["last_two_way"][low["other"] == tie["high"]].item()
    assert story.silent == world.day - last
    for side, extra in ((WITH, gestures(run.inject, [story.pair])), (WITHOUT, [])):
        ran = sim.simulate(world, days=run.days, seed=run.seed, parameters=run.parameters, extra=extra, log=True)
        assert ran.log is not None
        log = ran.log[ran.log["source"].isin(story.pair) & ran.log["target"].isin(story.pair)]
        mine = story.between[(story.between["world"] == side) & story.between["noticed"]]
        same_day = sorted(zip(log["time"] // DAY, log["source"].map(names), log["kind"], strict=True))
        arrived = sorted(zip(mine["day"], mine["sender"], mine["kind"], strict=True))
        assert arrived == same_day
        assert mine["day"].is_monotonic_increasing


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ([("A", "question", 1), ("B", "question", 2), ("A", "message", 5)], 5),
        ([("A", "question", 1), ("A", "message", 2), ("B", "message", 5)], None),
        ([("A", "like", 0), ("B", "question", 2), ("A", "message", 5)], None),
        ([("B", "question", 2), ("A", "smile", 3), ("A", "message", 5), ("B", "call", 6)], 6),
    ],
)
def test_talking_again_needs_words_to_and_fro(said: list[tuple[str, str, int]], day: int | None) -> None:
    rows = pd.DataFrame(said, columns=["sender", "kind", "day"]).assign(noticed=True)
    rows["worded"] = ~rows["kind"].isin(["like", "smile"])
    assert _talking_again(rows) == day
    assert _talking_again(rows.assign(noticed=False)) is None


def test_the_command_tells_it_and_draws_it(config: Path, rekindle: Callable[..., Any]) -> None:
    words = [word for change in OPEN for word in ("--set", change)]
    told = rekindle("story", CONFIG, *words, "--worlds", "12")
    assert told.code == 0, told.err
    assert "A likes what B posted" in told.out
    assert Path("results/story/story.md").read_text().count("\n- ") >= 4
    assert Path("results/story/story.svg").exists()
    shut = rekindle("story", CONFIG, *words, "--set", "parameters.gestures.like.opens_door=0.0", "--worlds", "1")
    assert "Search further with --from 1" in shut.out
    checked = rekindle("figure", "--check", "results/story/story.png")
    assert checked.code == 2
    assert "only figures of a sweep or of the essay" in checked.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            (CONFIG, "--set", "inject.towards=stranger"),
            'inject.towards = "stranger": a story needs "dormant"',
        ),
        ((CONFIG, "--set", "inject.kind=message"), 'inject.kind = "message": a story needs "like"'),
        ((CONFIG.with_name("one_run.toml"),), "one_run.toml has no [inject] table"),
    ],
)
def test_a_story_needs_a_like_to_a_dormant_tie(
    arguments: tuple[Any, ...], said: str, rekindle: Callable[..., Any]
) -> None:
    told = rekindle("story", *arguments)
    assert told.code == 2
    assert said in told.err
