"""Focal ties, the gestures that are put to them, and who adopts: the same in every arm of a world."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import sim
from experiments.config.settings import Experiment, InjectSettings
from experiments.sweeps import injected
from experiments.sweeps.adopters import adopters_of
from experiments.sweeps.design import RunSpec, runs_of
from experiments.sweeps.injected import focal_ties, gestures, in_keyed_order
from experiments.sweeps.runner import run_one, world_of
from sim.measures import dormant_pairs
from sim.model.chance import DrawPurpose, two_uniforms, uniforms_of_pairs, uniforms_of_people
from sim.state.population import NOBODY

ONCE: dict[str, object] = {"replicates": 1}


def ordered(ties: Iterable[tuple[int, int]], seed: int) -> list[tuple[int, int]]:
    """`in_keyed_order` with tuples in place of rows."""
    rows = in_keyed_order(np.array(list(ties), np.int64).reshape(-1, 2), seed)
    return [(one, two) for one, two in rows.tolist()]


@pytest.fixture(scope="module")
def world() -> sim.World:
    return sim.worlds.generated(people=150, burn_in_years=0, seed=3, cache=False)


def runs(**tables: dict[str, object]) -> list[RunSpec]:
    base = {"name": "toy", "world": {"people": 120, "burn_in_years": 0.0, "seed": 2}}
    base |= {"run": {"strategy_days": 61, "follow_up_days": 0}}
    return runs_of(Experiment.model_validate({**base, **tables}))


def active(world: sim.World, one: int, two: int) -> bool:
    held = world.ties[world.people["first"][one] :][: world.people["slots"][one]]
    tie = held[held["other"] == two]
    days = world.parameters.dormant_after_days
    return bool(len(tie) and tie["two_way"][0] > 0 and world.day - tie["last_two_way"][0] < days)


def test_focal_ties_are_dormant_and_far_apart(world: sim.World) -> None:
    focal = focal_ties(world, InjectSettings(ties=12), 1, world.parameters)
    dormant = {(int(pair["low"]), int(pair["high"])) for pair in dormant_pairs(world, world.parameters)}
    assert len(focal) > 5
    assert {(min(pair), max(pair)) for pair in focal} <= dormant
    people = [person for pair in focal for person in pair]
    assert len(set(people)) == len(people)
    for k, pair in enumerate(focal):
        others = [person for other in focal[:k] + focal[k + 1 :] for person in other]
        assert not any(active(world, one, two) for one in pair for two in others)


people = st.integers(0, 10**6)
pairs = st.sets(st.tuples(people, people).filter(lambda pair: pair[0] < pair[1]), max_size=30)


@given(ties=pairs, more=pairs, seed=st.integers(0, 2**63 - 1))
def test_ties_more_do_not_shuffle_the_others(ties: set[tuple[int, int]], more: set[tuple[int, int]], seed: int) -> None:
    """Each direction of each tie once, and in the same turn whatever others are among them and however they came."""
    order = ordered(ties, seed)
    assert sorted(order) == sorted([*ties, *((two, one) for one, two in ties)])
    among_more = ordered(sorted(ties | more, reverse=True), seed)
    assert [pair for pair in among_more if (min(pair), max(pair)) in ties] == order


@example(seed=7)
@given(seed=st.integers(0, 2**63 - 1))
def test_who_comes_first_and_who_makes_the_gesture_is_drawn(seed: int) -> None:
    """Of 2,000 ties about half are met from either side, and about half of the early ones are of the first half."""
    first: dict[frozenset[int], tuple[int, int]] = {}
    for pair in ordered([(k, k + 1) for k in range(0, 4_000, 2)], seed):
        first.setdefault(frozenset(pair), pair)
    chosen = list(first.values())
    assert 850 < sum(one < two for one, two in chosen) < 1_150  # over six standard deviations either side
    assert 400 < sum(min(pair) < 2_000 for pair in chosen[:1_000]) < 600


def test_a_tie_that_comes_to_life_leaves_the_focal_ties_before_it_as_they_were(world: sim.World) -> None:
    focal = focal_ties(world, InjectSettings(ties=12), 1, world.parameters)
    gone = world.copy()
    for one, two in (focal[5], focal[5][::-1]):
        first = gone.people["first"][one]
        held = gone.ties[first : first + gone.people["slots"][one]]
        held["two_way"][held["other"] == two] = 0
    again = focal_ties(gone, InjectSettings(ties=12), 1, world.parameters)
    assert again[:5] == focal[:5]
    assert focal[5] not in again


def test_fewer_focal_ties_are_the_first_of_more_and_another_seed_has_others(world: sim.World) -> None:
    many, few = (focal_ties(world, InjectSettings(ties=count), 1, world.parameters) for count in (10, 4))
    assert few == many[:4]
    assert many != focal_ties(world, InjectSettings(ties=10), 2, world.parameters)


def test_focal_ties_are_silent_as_long_as_configured(world: sim.World) -> None:
    focal = focal_ties(world, InjectSettings(ties=10, silent_from=365, silent_to=800), 1, world.parameters)
    assert focal
    for one, two in focal:
        held = world.ties[world.people["first"][one] :][: world.people["slots"][one]]
        assert 365 <= world.day - int(held["last_two_way"][held["other"] == two][0]) <= 800


def test_strangers_are_of_one_industry_and_do_not_know_each_other(world: sim.World) -> None:
    focal = focal_ties(world, InjectSettings(towards="stranger", ties=3), 1, world.parameters)
    assert len(focal) == 3
    for one, two in focal:
        held = world.ties[world.people["first"][one] :][: world.people["slots"][one]]
        assert world.people["industry"][one] == world.people["industry"][two]
        assert two not in held["other"][held["other"] != NOBODY]


@pytest.mark.parametrize(("every", "days"), [(0, [0, 0, 0]), (7, [0, 7, 14])])
def test_gestures_are_on_one_day_or_apart(every: int, days: list[int]) -> None:
    made = gestures(InjectSettings(kind="call", times=3, every_days=every), [(1, 2)])
    assert [gesture.day for gesture in made] == days
    assert len({(gesture.day, gesture.second) for gesture in made}) == 3
    assert gestures(InjectSettings(kind="nothing"), [(1, 2)]) == []


def test_every_arm_has_the_same_focal_ties_and_only_the_gesture_is_another() -> None:
    nothing, like = runs(inject={"ties": 10}, sweep={"replicates": 1, "grid": {"inject.kind": ("nothing", "like")}})
    assert nothing.id != like.id
    rows = [run_one(run).row for run in (nothing, like)]
    assert [row["error"] for row in rows] == [None, None]
    assert rows[0]["focal"] == rows[1]["focal"] > 3


def test_with_the_door_of_a_like_shut_one_like_does_exactly_nothing() -> None:
    """Apart from attention, which a like takes in a world where load weighs: with that off, too, nothing is left."""
    shut = {"load_scale": 10_000.0, "gestures": {"like": {"opens_door": 0.0}}}
    sweep = {"replicates": 3, "grid": {"inject.kind": ("nothing", "like")}}
    arms = runs(inject={"ties": 20}, parameters=shut, sweep=sweep)
    rows = [run_one(run).row for run in arms]
    for nothing, like in zip(rows[::2], rows[1::2], strict=True):
        assert like["focal_reconnected"] == nothing["focal_reconnected"]
        assert like["focal_answered"] == nothing["focal_answered"]


def test_with_doors_open_a_message_does_something() -> None:
    arms = runs(inject={"ties": 20}, sweep={"replicates": 3, "grid": {"inject.kind": ("nothing", "message")}})
    rows = [run_one(run).row for run in arms]
    assert sum(row["focal_answered"] for row in rows[1::2]) > sum(row["focal_answered"] for row in rows[::2])


def test_adopters_of_one_temper_are_drawn_from_their_third_and_are_the_same_in_every_arm() -> None:
    grid = {"run.sociability": ("low", "high"), "run.reticence": ("any", "high")}
    sweep = {"replicates": 1, "strategies": ("wait", "check_in"), "grid": grid}
    made = runs(run={"adopters": 6, "strategy_days": 5, "follow_up_days": 0}, sweep=sweep)
    world = world_of(made[0].world)
    thirds = np.quantile(world.people["sociability"], [1 / 3, 2 / 3])
    for wait, other in zip(made[::2], made[1::2], strict=True):
        who = np.asarray(adopters_of(wait, world))
        assert np.array_equal(who, np.asarray(adopters_of(other, world)))
        assert 0 < len(who) <= 6
        of = world.people["sociability"][who]
        assert (of <= thirds[0]).all() if wait.among[0] == "low" else (of >= thirds[1]).all()


def test_newcomers_adopt_and_know_nobody() -> None:
    world = {"people": 60, "burn_in_years": 0.0, "newcomers": 2}
    days = {"adopters": "newcomers", "strategy_days": 20, "follow_up_days": 0}
    (run,) = runs(world=world, run=days, sweep={"replicates": 1})
    row = run_one(run).row
    assert (row["people"], row["dormant_at_start"]) == (62, 0)


def test_all_that_determines_a_run_is_in_its_id() -> None:
    changes: list[dict[str, dict[str, object]]] = [
        {},
        {"inject": {"ties": 3}},
        {"inject": {"ties": 3, "kind": "call"}},
        {"inject": {"ties": 3, "every_days": 1}},
        {"run": {"sociability": "low"}},
        {"run": {"reticence": "low"}},
        {"world": {"newcomers": 1}},
        {"sweep": {"replicates": 1, "silence": True}},
    ]
    assert len({runs(**change)[0].id for change in changes}) == len(changes)


@pytest.mark.parametrize("sociability", ["any", "low", "high"])
@pytest.mark.parametrize("reticence", ["any", "low", "high"])
@pytest.mark.parametrize(("adopters", "count"), [(6, 6), (0.04, 5), (0.001, 1), (110, 110)])
def test_adopters_are_those_of_their_thirds_with_the_smallest_draws(
    sociability: str, reticence: str, adopters: float, count: int
) -> None:
    """Of 121 people a third are the 41 with the lowest or highest values; a share of them is at least one person."""
    if sociability == reticence == "any":
        return  # whom the model itself draws
    settings = {"adopters": adopters, "sociability": sociability, "reticence": reticence, "seed": 7}
    (run,) = runs(world={"people": 121, "burn_in_years": 0.0}, run={**settings, "strategy_days": 5}, sweep=ONCE)
    world = world_of(run.world)
    draws = np.empty(121)
    uniforms_of_people(draws, np.uint64(7), DrawPurpose.ADOPTER, 0, 0)

    def third(name: str, which: str) -> set[int]:
        ranked = sorted(range(121), key=lambda person: world.people[name][person])
        return set({"any": ranked, "low": ranked[:41], "high": ranked[80:]}[which])

    among = third("sociability", sociability) & third("reticence", reticence)
    found = np.asarray(adopters_of(run, world)).tolist()
    assert found == sorted(sorted(among, key=lambda person: draws[person])[:count])


def test_adopters_of_any_temper_are_drawn_by_the_model_and_named_ones_are_those() -> None:
    for adopters in (6, 0.1):
        (run,) = runs(run={"adopters": adopters, "strategy_days": 5}, sweep=ONCE)
        assert adopters_of(run, world_of(run.world)) == adopters
    (run,) = runs(run={"adopters": [3, 1], "strategy_days": 5, "sociability": "low"}, sweep=ONCE)
    assert adopters_of(run, world_of(run.world)) == [3, 1]
    (run,) = runs(world={"people": 60, "burn_in_years": 0.0, "newcomers": 2}, run={"adopters": "newcomers"}, sweep=ONCE)
    assert np.asarray(adopters_of(run, world_of(run.world))).tolist() == [60, 61]


def test_gestures_of_one_day_divide_it_from_six_in_the_morning_on() -> None:
    """Six of them cut the 64,800 seconds until midnight into seven parts of 9,257; on days apart all are at six."""
    made = gestures(InjectSettings(kind="call", times=6, every_days=0), [(1, 2), (4, 3)])
    seconds = [21_600 + (k + 1) * 9_257 for k in range(6)]
    assert [one.second for one in made] == seconds * 2
    assert [(one.sender, one.receiver) for one in made] == [(1, 2)] * 6 + [(4, 3)] * 6
    assert all(type(one.second) is int for one in made)
    apart = gestures(InjectSettings(kind="like", times=2, every_days=1), [(1, 2)])
    assert [(one.day, one.second, one.kind) for one in apart] == [(0, 21_600, "like"), (1, 21_600, "like")]


def test_ties_are_in_the_order_of_a_draw_of_each_direction() -> None:
    both = [(one, two) for one in range(20) for two in range(20) if one != two]
    draws = np.empty(len(both))
    uniforms_of_pairs(draws, np.array(both, np.int64), np.uint64(5), int(DrawPurpose.FOCAL), 0, 0)
    order = ordered([pair for pair in both if pair[0] < pair[1]], 5)
    assert order == [pair for _, pair in sorted(zip(draws.tolist(), both, strict=True))]
    assert ordered([], 5) == []


def test_only_silence_from_the_first_to_the_last_day_asked_for_counts(world: sim.World) -> None:
    """Both ends count; what is chosen is every dormant tie of just that silence, by the day of its last contact."""
    silences: dict[int, set[tuple[int, int]]] = {}
    for pair in dormant_pairs(world, world.parameters):
        low, high = int(pair["low"]), int(pair["high"])
        held = world.ties[world.people["first"][low] :][: world.people["slots"][low]]
        day = int(held["last_two_way"][held["other"] == high][0])
        silences.setdefault(world.day - day, set()).add((low, high))
    for days in sorted(silences)[:40]:
        inject = InjectSettings(ties=5, silent_from=days, silent_to=days)
        found = injected._dormant(world, inject, world.parameters)
        assert set(map(tuple, found.tolist())) == silences[days]
        focal = focal_ties(world, inject, 1, world.parameters)
        assert {(min(pair), max(pair)) for pair in focal} <= silences[days]
        assert focal


def test_strangers_are_forty_keyed_draws_for_each_tie(world: sim.World) -> None:
    """Of these, everybody who is of one industry and does not know the other."""
    known = {(int(owner), int(other)) for owner, other in zip(world.owners(), world.ties["other"], strict=True)}
    industry, sizes = world.people["industry"], []
    for seed in range(500):
        expected = []
        for k in range(40):
            draws = two_uniforms(np.uint64(seed), int(DrawPurpose.FOCAL), 0, k, 0, 1)
            one, two = (int(draw * 150) for draw in draws)
            if one != two and industry[one] == industry[two] and (one, two) not in known:
                expected.append((one, two))
        found = list(injected._strangers(world, InjectSettings(towards="stranger", ties=1), seed))
        assert found == expected
        sizes.append(len(found))
    assert max(sizes) > 1


def test_focal_ties_are_the_first_in_order_with_nobody_near_an_earlier_one(world: sim.World) -> None:
    """Near is who is in an earlier tie, or in active contact with somebody in it."""
    dormant = [(int(pair["low"]), int(pair["high"])) for pair in dormant_pairs(world, world.parameters)]
    chosen: list[tuple[int, int]] = []
    for pair in ordered(dormant, 3):
        earlier = {person for other in chosen for person in other}
        if not any(one in earlier or any(active(world, person, one) for person in earlier) for one in pair):
            chosen.append(pair)
    inject = InjectSettings(ties=200, silent_from=0, silent_to=16_383)
    assert focal_ties(world, inject, 3, world.parameters) == chosen
    assert len(chosen) > 5
