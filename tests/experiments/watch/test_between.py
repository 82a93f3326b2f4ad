"""What is recorded between two people is what another reading of the same runs finds."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.config.reading import load
from experiments.essay.story import LIKER, WITH, WITHOUT, story_of
from experiments.sweeps.design import runs_of
from experiments.sweeps.runner import world_of
from experiments.watch.between import Between, Event
from sim.measures import dormant_pairs
from sim.run import Gesture, Simulation

DAYS = 40
SMALL = ["world.people=60", "world.burn_in_years=1", f"run.strategy_days={DAYS}", "run.follow_up_days=0"]


@pytest.mark.parametrize("row", [3, 40, 90])
def test_it_is_what_the_story_of_the_essay_has(row: int) -> None:
    experiment = load(None, [*SMALL, "run.strategy=wait", "inject.kind=like"])
    (run,) = runs_of(experiment)
    world = world_of(experiment.world)
    found = dormant_pairs(world, experiment.parameters)[row]
    pair = int(found["low"]), int(found["high"])
    story = story_of(run, world, pair)

    simulation = Simulation(
        world, strategy="wait", adopters=[], seed=run.seed, parameters=run.parameters, strategy_days=DAYS
    )
    twin = simulation.twin()
    like = story.between[(story.between["world"] == WITH) & (story.between["kind"] == "like")].iloc[0]
    simulation.send(Gesture(0, "like", *pair, second=int(like["second"])))
    sides = {WITH: Between(simulation, *pair), WITHOUT: Between(twin, *pair)}
    for _ in range(DAYS):
        for each in sides.values():
            each.observe(each.run.step())
    for name, side in sides.items():
        rows = story.between[story.between["world"] == name]
        assert [_as_told(event) for event in side.events] == [
            (
                row["day"],
                row["second"],
                row["sender"] == LIKER,
                row["kind"],
                row["worded"],
                row["noticed"],
                row["answers"] != "",
            )
            for _, row in rows.iterrows()
        ]
        assert side.talked_again == story.reconnected[name]
    assert len(sides[WITH].events) > 0


def _as_told(event: Event) -> tuple[object, ...]:
    return event.day, event.second, event.is_from_first, event.kind, event.worded, event.noticed, event.answers


def test_a_door_opens_when_a_like_is_noticed_and_a_twin_goes_on_by_itself() -> None:
    experiment = load(None, [*SMALL, "run.strategy=wait", "parameters.gestures.like.noticed=1"])
    world = world_of(experiment.world)
    found = dormant_pairs(world, experiment.parameters)[0]
    pair = int(found["low"]), int(found["high"])
    run = Simulation(world, strategy="wait", adopters=[], seed=1, parameters=experiment.parameters)
    between = Between(run, *pair)
    between.observe(run.step())
    before, twin = between.doors[0], run.twin()
    without = between.continued(twin)
    run.send(Gesture(1, "like", *pair))
    between.observe(run.step())
    without.observe(twin.step())
    assert between.doors[1] > 0.9 > max(before, without.doors[1])
    assert [event.kind for event in between.events[len(without.events) :]] == ["like"]
    assert np.all(np.array(list(between.doors)) == [0, 1])
