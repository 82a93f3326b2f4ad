"""The Mesa side is a model that Mesa users can work with: collected, swept by `batch_run`, extended."""

from __future__ import annotations

import copy
import gc
import pickle
import tracemalloc
import weakref

import mesa
import numpy as np
import pytest

import sim
from sim.model.gestures import Kind
from sim.state.population import World

pytestmark = pytest.mark.any_python


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
    """Mesa's own sweep, over strategies and seeds of NumPy, which it calls `rng`; its `Step` is the day."""
    rows = mesa.batch_run(
        sim.ReconnectionModel,
        parameters={"people": 40, "strategy": ["wait", "check_in"], "adopters": 5, "rng": np.arange(1, 3)},
        max_steps=5,
        display_progress=False,
    )
    assert len(rows) == 4
    assert {row["strategy"] for row in rows} == {"wait", "check_in"}
    assert all(row["sent"] >= 0 for row in rows)
    assert {(row["Step"], row["day"]) for row in rows} == {(5, 5)}
    assert {(row["rng"], row["run_seed"]) for row in rows} == {(1, 1), (2, 2)}


def test_runs_of_batch_run_without_a_seed_differ_and_can_be_repeated() -> None:
    """Each has a fresh one, as with any Mesa model, and its row says which."""
    rows = mesa.batch_run(
        sim.ReconnectionModel, parameters={"people": 40, "rng": [None] * 3}, max_steps=5, display_progress=False
    )
    seeds = [row["run_seed"] for row in rows]
    assert len(set(seeds)) == 3
    again = sim.ReconnectionModel(people=40, seed=seeds[0])
    for _ in range(5):
        again.step()
    assert len(again.record.sent) == rows[0]["sent"]
    assert again.run_seed == seeds[0]


@pytest.mark.parametrize(("seed", "words"), [(-1, "between 0"), (2**64, "between 0"), (1.5, "a whole number")])
def test_seeds_are_refused_in_our_own_words(world: World, seed: float, words: str) -> None:
    """Before Mesa or NumPy have a chance to."""
    with pytest.raises((TypeError, ValueError), match=f"seed is .*{words}"):
        sim.ReconnectionModel(world=world, seed=seed)  # type: ignore[arg-type]


def test_the_seed_has_two_names_of_which_one_is_given(world: World) -> None:
    assert sim.ReconnectionModel(world=world, rng=7).run_seed == sim.ReconnectionModel(world=world, seed=7).run_seed
    with pytest.raises(ValueError, match="one of them"):
        sim.ReconnectionModel(world=world, seed=7, rng=7)


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


# Memory and copies ------------------------------------------------------------------------------------------------


class Careful(sim.Person):
    """A user's person, with something of their own and a friend who is a person too."""

    def __init__(self, model: sim.ReconnectionModel, row: np.void) -> None:
        super().__init__(model, row)
        self.courage = 0.5 + 0.01 * self.id
        self.friend = model.people[max(0, self.id - 1)]

    def accepts(self, prompt, kind, channel):  # type: ignore[no-untyped-def]
        self.courage *= 0.99
        return self.courage > 0.4 and super().accepts(prompt, kind, channel)


class Observed(sim.ReconnectionModel):
    """A user's model, with an agent that is no person and takes no part in a day."""

    def __init__(self, **arguments: object) -> None:
        super().__init__(**arguments)  # type: ignore[arg-type]
        self.observer = mesa.Agent(self)
        self.observer.remove()


def stepped(model: sim.ReconnectionModel, days: int) -> sim.ReconnectionModel:
    for _ in range(days):
        model.step()
    return model


def test_models_are_freed(world: World) -> None:
    """Nothing keeps a model that nobody holds any more, nor its copies, nor those of a subclass."""
    models: list[sim.ReconnectionModel] = []
    for model_class in (sim.ReconnectionModel, Observed):
        model = stepped(model_class(world=world, strategy="check_in", adopters=5, seed=2), 2)
        models += [model, copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    kept = weakref.WeakSet(models)
    assert len(kept) == 6
    del model, models
    gc.collect()
    assert len(kept) == 0


def test_memory_stays_flat_over_models(world: World) -> None:
    def made(models: int) -> int:
        for _ in range(models):
            sim.ReconnectionModel(world=world, seed=2)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    made(1)
    tracemalloc.start()
    before = made(1)
    after = made(3)
    tracemalloc.stop()
    assert after - before < 100_000  # bytes; a model of 60 people takes two million


def test_every_model_counts_its_agents_from_one(world: World) -> None:
    for _ in range(2):
        model = Observed(world=world, seed=2)
        assert [agent.unique_id for agent in (*model.agents, model.observer)] == list(range(1, 62))
        assert mesa.Agent(pickle.loads(pickle.dumps(model))).unique_id == 62


def copies(model: sim.ReconnectionModel) -> list[sim.ReconnectionModel]:
    return [copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))]


@pytest.mark.parametrize("strategy", ["check_in", "host_event", "start_meetup"])
def test_copies_go_on_as_the_original(world: World, strategy: str) -> None:
    """Bit for bit, each on its own, and as the fast engine does."""
    model = stepped(sim.ReconnectionModel(world=world, strategy=strategy, adopters=10, seed=2), 20)
    middle = model.to_world()
    run = sim.simulate(world, days=26, strategy=strategy, adopters=10, seed=2)
    for other in copies(model):
        assert other.to_world() == middle
        stepped(other, 6)
        assert other.to_world() == run.world
        np.testing.assert_equal(other.measures().scalars, run.measures.scalars)
        assert other.datacollector.get_model_vars_dataframe()["day"].tolist() == list(range(27))
        assert model.to_world() == middle
    assert stepped(model, 6).to_world() == run.world


def test_copies_keep_what_a_subclass_adds(world: World) -> None:
    model = stepped(Observed(world=world, strategy="check_in", adopters=20, seed=2, person_class=Careful), 15)
    for other in copies(model):
        assert type(other) is Observed
        assert {type(person) for person in other.people} == {Careful}
        assert [person.courage for person in other.people] == [person.courage for person in model.people]
        assert all(person.friend is other.people[max(0, person.id - 1)] for person in other.people)
        assert other.observer.model is other
    assert stepped(other, 5).to_world() == stepped(model, 5).to_world()


def test_a_person_is_copied_with_their_model(world: World) -> None:
    person = sim.ReconnectionModel(world=world, seed=2).people[7]
    for other in (copy.deepcopy(person), pickle.loads(pickle.dumps(person))):
        assert other is not person
        assert other is other.model.people[7]
        assert set(other.ties) == set(person.ties)
