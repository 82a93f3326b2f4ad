from __future__ import annotations

import numpy as np
import pytest

import sim
from sim.engine.views import State
from sim.state.population import NOBODY

SEED = 3


@pytest.fixture(scope="module")
def world() -> sim.World:
    return sim.worlds.generated(people=80, burn_in_years=0.5, seed=2, cache=False)


def run_of(world: sim.World, **changes: object) -> sim.Simulation:
    told: dict[str, object] = {"strategy": "check_in", "adopters": 8, "seed": SEED, "strategy_days": 30} | changes
    return sim.Simulation(world, **told)  # type: ignore[arg-type]


def go_on(run: sim.Simulation, days: int) -> sim.Simulation:
    for _ in range(days):
        run.step()
    return run


def pairs_of(world: sim.World) -> np.ndarray:
    held = world.ties["other"] > world.owners()
    return np.stack([world.owners()[held], world.ties["other"][held]], axis=1).astype(np.int32)


def test_day_by_day_it_is_the_same_run(world: sim.World) -> None:
    run = go_on(run_of(world), 40)
    whole = sim.simulate(world, days=40, strategy="check_in", adopters=8, seed=SEED, strategy_days=30)
    assert run.world() == whole.world
    assert list(run.adopters) == list(whole.adopters)
    np.testing.assert_equal(run.measures().scalars, whole.measures.scalars)
    assert whole.measures.scalars["reconnected"] > 0
    assert {tuple(pair) for pair in run.reconnections()} == {
        (tie.low, tie.high) for tie in whole.measures.at_risk.itertuples() if tie.reconnected < 30
    }


def test_a_gesture_by_hand_is_one_that_was_planned_for_that_day(world: sim.World) -> None:
    run = go_on(run_of(world), 5)
    low, high = (int(person) for person in pairs_of(world)[0])
    like = sim.Gesture(day=5, kind="like", sender=low, receiver=high)
    run.send(like)
    go_on(run, 5)
    told = {"days": 10, "strategy": "check_in", "adopters": 8, "seed": SEED, "strategy_days": 30}
    assert run.world() == sim.simulate(world, extra=[like], **told).world  # type: ignore[arg-type]
    assert run.world() != sim.simulate(world, **told).world  # type: ignore[arg-type]


def test_a_day_that_is_over_takes_no_gesture(world: sim.World) -> None:
    run = go_on(run_of(world), 2)
    with pytest.raises(ValueError, match="day 1, which is over; today is day 2"):
        run.send(sim.Gesture(day=1, kind="like", sender=0, receiver=1))


def test_a_twin_makes_the_same_days_independently(world: sim.World) -> None:
    run = go_on(run_of(world), 10)
    twin = run.twin()
    run.step()
    assert (run.day, twin.day) == (11, 10)
    twin.step()
    assert twin.world() == run.world()
    np.testing.assert_equal(twin.measures().scalars, run.measures().scalars)


def test_parameters_that_change_on_the_first_morning_are_those_of_the_run(world: sim.World) -> None:
    calm = sim.Parameters(ease=0.0, tie_capacity=300)
    changed, given = run_of(world), run_of(world, parameters=calm)
    changed.change(calm)
    assert go_on(changed, 10).world() == go_on(given, 10).world()


def test_parameters_that_change_during_a_run_change_what_follows(world: sim.World) -> None:
    run = go_on(run_of(world), 10)
    twin = run.twin()
    twin.change(sim.Parameters(ease=-5.0))
    assert (twin.world().ties["traces"] == run.world().ties["traces"]).all()
    sent = {name: sum(len(one.step().sent) for _ in range(10)) for name, one in {"run": run, "twin": twin}.items()}
    assert sent["twin"] < sent["run"] / 2


@pytest.mark.any_python
def test_ties_are_seen_as_mesa_has_them(world: sim.World) -> None:
    run = go_on(run_of(world), 20)
    pairs = np.concatenate([pairs_of(run.world()), [[0, 0]]]).astype(np.int32)
    slots = np.full(len(pairs), NOBODY, np.int32)
    seen = run.see(pairs, slots)
    assert (seen["state"][:-1] > 0).all()
    assert seen["state"][-1] == State.STRANGERS
    model = sim.ReconnectionModel(world=run.world(), seed=SEED)
    for k in range(0, len(pairs) - 1, 97):
        low, high = (model.people[person] for person in pairs[k])
        for side, (one, other) in enumerate(((low, high), (high, low))):
            tie = one.ties[other.id]
            assert seen["strength"][k, side] == pytest.approx(one.strength_of(tie), rel=1e-5)
            assert seen["openness"][k, side] == pytest.approx(one.openness_of(tie), rel=1e-5)
    assert (seen["state"] == State.ACTIVE).sum() == sum(person.active_ties for person in model.people) / 2


def test_everybody_known_is_named(world: sim.World) -> None:
    run = go_on(run_of(world), 5)
    model = sim.ReconnectionModel(world=run.world(), seed=SEED)
    assert set(run.known_to(7)) == set(model.people[7].ties)
    assert run.people["sociability"][7] == world.people["sociability"][7]


def test_slots_are_found_again_where_a_tie_was_forgotten(world: sim.World) -> None:
    run = run_of(world, parameters=sim.Parameters(tie_capacity=20))
    pairs = pairs_of(world)
    slots = np.full(len(pairs), NOBODY, np.int32)
    run.see(pairs, slots)
    go_on(run, 20)
    remembered = run.see(pairs, slots)
    anew = run.see(pairs, np.full(len(pairs), NOBODY, np.int32))
    assert remembered.tobytes() == anew.tobytes()
    assert (remembered["state"] == State.STRANGERS).any()
