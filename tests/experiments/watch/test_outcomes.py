"""The numbers of the page are the measures of the same run, each on its day."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sim
from experiments.config.settings import Experiment
from experiments.sweeps import runner
from experiments.sweeps.design import runs_of
from experiments.watch.outcomes import SHOWN, Outcome
from experiments.watch.page_state import with_strategy
from experiments.watch.playback import Playback
from sim.model.outcomes import KEPT_AFTER, MEASURES

STRATEGY_DAYS = 40


@pytest.fixture(scope="module")
def world() -> sim.World:
    return sim.worlds.generated(people=120, burn_in_years=1, seed=4, cache=False)


def playback_of(world: sim.World, strategies: list[str], **run: Any) -> Playback:
    told = {"name": "x", "run": {"adopters": 8, "strategy_days": STRATEGY_DAYS, **run}}
    experiment = Experiment.model_validate(told)
    return Playback(world, [with_strategy(experiment, each) for each in strategies or [experiment.run.strategy]])


def outcomes_by_day(playback: Playback, days: int) -> list[list[Outcome]]:
    found: list[list[Outcome]] = []
    playback.play(days, lambda day: found.append(playback.outcomes()))
    return found


def test_old_ties_back_and_active_ties_are_those_of_the_series_on_every_day(world: sim.World) -> None:
    strategies = ["check_in", "host_event"]
    found = outcomes_by_day(playback_of(world, strategies), 150)
    for arm, strategy in enumerate(strategies):
        alone = sim.simulate(world, days=150, strategy=strategy, adopters=8, seed=1, strategy_days=STRATEGY_DAYS)
        assert alone.measures.series is not None
        series = alone.measures.series
        assert [each[arm].old_back for each in found] == series["revived"].tolist()
        assert [each[arm].active_ties for each in found] == series["active_ties"].tolist()
        old = np.array([each[arm].old_back for each in found])
        assert (np.diff(old) < 0).any(), "ties go again"
        assert old.max() > old[-1]


@pytest.mark.parametrize("strategy_days", [1, STRATEGY_DAYS, 90])
@pytest.mark.parametrize("strategy", ["wait", "check_in", "trade_shows"])
def test_the_last_day_has_the_measures_of_the_run(world: sim.World, strategy: str, strategy_days: int) -> None:
    days = strategy_days + KEPT_AFTER
    (last,) = outcomes_by_day(playback_of(world, [strategy], strategy_days=strategy_days), days)[-1]
    run = sim.simulate(world, days=days, strategy=strategy, adopters=8, seed=1, strategy_days=strategy_days)
    assert last._asdict() == {each.name: run.measures.scalars[each.measure] for each in SHOWN}


def test_new_ties_were_none_on_the_first_day(world: sim.World) -> None:
    playback = playback_of(world, ["trade_shows"])
    assert playback.outcomes()[0].new_active == playback.outcomes()[0].old_back == 0
    playback.play(STRATEGY_DAYS)
    known = {
        (owner, tie["other"]) for owner, tie in zip(world.owners(), world.ties, strict=True) if not tie["acquaintance"]
    }
    model = sim.ReconnectionModel(world=playback.arms[0].run.world(), seed=1)
    day, after = model.day, world.parameters.dormant_after_days
    new = [
        (person, other)
        for person in playback.adopters.tolist()
        for other, tie in model.people[person].ties.items()
        if not tie.acquaintance and tie.two_way and day - tie.last_two_way < after and (person, other) not in known
    ]
    assert new
    assert playback.outcomes()[0].new_active == len(new) / 8


def test_outcomes_of_injected_gestures_count_from_the_first_day() -> None:
    told = {
        "name": "x",
        "world": {"people": 60, "burn_in_years": 1},
        "run": {"strategy_days": 30},
        "inject": {"kind": "call", "ties": 40},
    }
    experiment = Experiment.model_validate(told)
    (run,) = runs_of(experiment)
    world = runner.world_of(run.world)
    playback = Playback(world, [experiment])
    playback.play(run.days)
    expected = runner.simulate(run, world).measures.scalars
    assert expected["kept_up"] > 0
    assert playback.outcomes()[0]._asdict() == {each.name: expected[each.measure] for each in SHOWN}


def test_a_twin_goes_on_with_what_was_counted_and_on_its_own(world: sim.World) -> None:
    playback, alone = playback_of(world, ["check_in"]), playback_of(world, ["check_in"])
    playback.play(30)
    person = int(playback.adopters[0])
    other = next(tie.other for tie in playback.ties_of(person) if tie.state == sim.engine.views.State.DORMANT)
    playback.fork(sim.Gesture(day=30, kind="call", sender=person, receiver=other))
    playback.play(60)
    alone.play(90)
    with_it, without_it = playback.outcomes()
    assert without_it == alone.outcomes()[0]
    assert with_it != without_it


def test_without_adopters_there_is_no_outcome(world: sim.World) -> None:
    playback = playback_of(world, ["wait"])
    playback.arms[0].ties.run.adopters = np.zeros(0, np.int64)
    assert all(np.isnan(value) for value in playback.outcomes()[0])


def test_every_outcome_is_explained_by_its_measure() -> None:
    assert tuple(each.name for each in SHOWN) == Outcome._fields
    for each in SHOWN:
        assert MEASURES[each.measure].definition in each.meaning
