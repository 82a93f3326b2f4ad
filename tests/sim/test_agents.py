"""The Mesa side is a model that Mesa users can work with: collected, swept by `batch_run`, extended."""

from __future__ import annotations

import mesa
import numpy as np
import pytest

import sim
from sim.gestures import Kind
from sim.population import World


@pytest.fixture(scope="module")
def world() -> World:
    """A small world."""
    return sim.worlds.generated(people=60, burn_in_years=0, seed=2, cache=False)


def test_the_data_collector_has_a_row_a_day(world: World) -> None:
    """Its numbers are those of the log and of the measures; the first row is the start, as Mesa has it."""
    model = sim.ReconnectionModel(world=world, strategy="check_in", adopters=5, seed=2)
    for _ in range(12):
        model.step()
    frame = model.datacollector.get_model_vars_dataframe()
    run = sim.simulate(world, days=12, strategy="check_in", adopters=5, seed=2, log=True)
    assert run.log is not None
    assert frame["day"].tolist() == list(range(13))
    assert frame["sent"].sum() == len(run.log)
    assert model.steps == 12
    for name in ("reconnected", "everyone_reconnected", "active_ties"):
        assert frame[name].iloc[-1] == run.measures.scalars[name], name
    assert frame["everyone_reconnected"].is_monotonic_increasing


def test_a_burnt_in_world_starts_at_day_0_of_the_run(world: World) -> None:
    """As in Mesa's `Step`, whatever the world has behind it."""
    later = sim.simulate(world, days=30, seed=2).world
    model = sim.ReconnectionModel(world=later, seed=2)
    model.step()
    assert model.datacollector.get_model_vars_dataframe()["day"].tolist() == [0, 1]


def test_batch_run_works() -> None:
    """Mesa's own sweep, over strategies and NumPy's seeds; its `Step` is the day."""
    rows = mesa.batch_run(
        sim.ReconnectionModel,
        parameters={"people": 40, "strategy": ["wait", "check_in"], "adopters": 5, "seed": np.arange(1, 3)},
        max_steps=5,
        display_progress=False,
    )
    assert len(rows) == 4
    assert {row["strategy"] for row in rows} == {"wait", "check_in"}
    assert all(row["sent"] >= 0 for row in rows)
    assert {(row["Step"], row["day"]) for row in rows} == {(5, 5)}


def test_iterations_of_batch_run_differ_and_can_be_repeated() -> None:
    """Without a seed each has a fresh one, as with any Mesa model, and its row says which."""
    rows = mesa.batch_run(
        sim.ReconnectionModel, parameters={"people": 40}, iterations=3, max_steps=5, display_progress=False
    )
    seeds = [row["luck_seed"] for row in rows]
    assert len(set(seeds)) == 3
    again = sim.ReconnectionModel(people=40, seed=seeds[0])
    for _ in range(5):
        again.step()
    assert len(again.record.sent) == rows[0]["sent"]
    assert again.luck_seed == seeds[0]


@pytest.mark.parametrize(("seed", "words"), [(-1, "between 0"), (2**64, "between 0"), (1.5, "a whole number")])
def test_seeds_are_refused_in_our_own_words(world: World, seed: float, words: str) -> None:
    """Before Mesa or NumPy have a chance to."""
    with pytest.raises((TypeError, ValueError), match=f"seed is .*{words}"):
        sim.ReconnectionModel(world=world, seed=seed)  # type: ignore[arg-type]


def test_a_subclass_can_override_a_decision(world: World) -> None:
    """People who never write, only like; everything else stays as it is."""

    class OnlyLikes(sim.Person):
        def choose_gesture(self, prompt):  # type: ignore[no-untyped-def]
            kind = super().choose_gesture(prompt)
            return kind if kind == Kind.LIKE else None

    model = sim.ReconnectionModel(world=world, seed=2, person_class=OnlyLikes)
    kinds: set[int] = set()
    for _ in range(10):
        model.step()
        kinds |= set(model.record.sent["kind"].tolist())
    assert kinds == {Kind.LIKE}
    assert {type(person) for person in model.agents} == {OnlyLikes}


def test_without_a_world_a_small_one_is_generated() -> None:
    """`ReconnectionModel()` is enough to look around."""
    model = sim.ReconnectionModel(people=30)
    model.step()
    assert len(model.agents) == 30
    assert model.day == 1
    assert np.array_equal([person.id for person in model.people], np.arange(30))


def test_ties_are_objects_that_can_be_followed(world: World) -> None:
    """A person's ties lead to other persons, and back."""
    model = sim.ReconnectionModel(world=world, seed=2)
    person = model.people[0]
    tie = next(iter(person.ties.values()))
    assert isinstance(tie, sim.Tie)
    assert tie.other.ties[person.id].other is person
    assert 0 <= person.strength_of(tie) < 1
