"""One like, up close: a chain of what would not have happened without it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from experiments.config.reading import load
from experiments.config.settings import Experiment
from experiments.essay.story import (
    LIKED,
    LIKER,
    WITH,
    WITHOUT,
    Story,
    _likes,
    _talking_again,
    found,
    sentences,
    story_of,
)
from experiments.sweeps.runner import world_of
from sim.measures import dormant_pairs
from tests.conftest import ROOT

CONFIG = ROOT / "configs" / "one_like.toml"
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
