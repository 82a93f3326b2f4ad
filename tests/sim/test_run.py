"""What must be true of a run: watching changes nothing, an extra gesture reaches only whom it can reach, bad input is
refused.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import sim
from sim.engine.day import Core
from sim.model.strategies import mixture_of
from sim.run import begin, chosen_adopters
from sim.state.population import NOBODY, DayRecord, World

FEW = settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def world() -> World:
    """A small world with a past and half a year of ordinary life."""
    young = sim.worlds.generated(people=150, burn_in_years=0, seed=3, cache=False)
    return sim.simulate(young, days=180, seed=3, series=False).world


def core_of(world: World, **start: Any) -> Core:
    """The fast engine, ready to step."""
    told: dict[str, Any] = {"strategy": None, "adopters": None, "parameters": None, "strategy_days": None, "extra": ()}
    return Core(begin(world, **{**told, "seed": 5, **start})[0], seed=start.get("seed", 5))


def test_watching_changes_nothing(world: World) -> None:
    """A log, a series, a progress bar, one thread or two: the same world and the same outcomes."""
    told = {"days": 40, "strategy": "check_in", "adopters": 10, "seed": 5}
    plain = sim.simulate(world, **told, series=False)
    calls: list[tuple[int, int]] = []
    recorded = sim.simulate(
        world, **told, log=True, series=True, threads=2, progress=lambda done, days: calls.append((done, days))
    )
    assert recorded.world == plain.world
    np.testing.assert_equal(recorded.measures.scalars, plain.measures.scalars)
    assert calls == [(day, 40) for day in range(1, 41)]


def test_a_run_leaves_its_world_as_it_was(world: World) -> None:
    """The same world can begin any number of runs, on either engine."""
    before = world.copy()
    sim.simulate(world, days=9, strategy="host_event", adopters=10, seed=5)
    sim.ReconnectionModel(world=world, strategy="host_event", adopters=10, seed=5).step()
    assert world == before


def reached_by(
    records: list[tuple[DayRecord, DayRecord]], worlds: list[tuple[World, World]], first: set[int]
) -> set[int]:
    """Everyone whom a chain of gestures, posts, meetings or forgetting reaches, in either of two runs.

    ``worlds`` are the two after each day. A chain may take several steps on one day, so a day is gone over until it
    adds nobody.
    """
    reached = set(first)
    for pair, after in zip(records, worlds, strict=True):
        before = -1
        while len(reached) > before:
            before = len(reached)
            for record, world in zip(pair, after, strict=True):
                reached |= receivers(record, reached) | followers_of_changed(world, after, reached)
                n = len(world)
                for low, high in [(int(key) // n, int(key) % n) for key in record.forgotten]:
                    if low in reached or high in reached:
                        reached |= {low, high}
    return reached


def receivers(record: DayRecord, reached: set[int]) -> set[int]:
    """Whom these people's gestures went to, noticed or not."""
    found: set[int] = set()
    for gestures in (record.sent, record.delivered):
        from_reached = np.isin(gestures["sender"], list(reached)) & (gestures["receiver"] != NOBODY)
        found |= set(gestures["receiver"][from_reached].tolist())
    return found


def followers_of_changed(world: World, pair: tuple[World, World], reached: set[int]) -> set[int]:
    """Who may be shown these people's posts, where a post is in one run and not in the other."""
    changed = np.flatnonzero(pair[0].people["last_post"] != pair[1].people["last_post"])
    changed = changed[np.isin(changed, list(reached))]
    return set(world.owners()[np.isin(world.ties["other"], changed)].tolist())


@FEW
@given(sender=st.integers(0, 149), step=st.integers(1, 149), seed=st.integers(0, 1_000))
def test_one_extra_like_reaches_only_whom_it_can_reach(world: World, sender: int, step: int, seed: int) -> None:
    """Three days after a like, people whom no chain reaches are the same to the bit; the two themselves are not."""
    receiver = (sender + step) % 150
    like = sim.Gesture(day=0, kind="like", sender=sender, receiver=receiver)
    without, with_like = core_of(world, seed=seed), core_of(world, seed=seed, extra=[like])
    records, worlds = [], []
    for _ in range(3):
        records.append((without.step(), with_like.step()))
        worlds.append((without.to_world(), with_like.to_world()))
    one, two = worlds[-1]
    reached = reached_by(records, worlds, {sender, receiver})
    same = np.setdiff1d(np.arange(150), list(reached))
    assert len(same) > 0
    for person in same:
        for column in set(one.people.dtype.names or ()) - {"first"}:  # where their ties are kept may move
            assert one.people[column][person] == two.people[column][person]
        blocks = [w.ties[w.people["first"][person] :][: w.people["slots"][person]] for w in (one, two)]
        for column in blocks[0].dtype.names or ():
            np.testing.assert_array_equal(blocks[0][column], blocks[1][column])


def test_a_like_opens_a_door_and_no_more(world: World) -> None:
    """With all other life at rest, a noticed like changes the receiver's door and load, and no trace."""
    at_rest = sim.Parameters(routine_rate=0, feed_rate=0, encounter_rate=0, birthday_noticed=0, post_rate=0)
    tie = world.ties[0]
    sender, receiver = int(tie["other"]), 0
    doors = []
    for seed in range(12):
        like = sim.Gesture(day=0, kind="like", sender=sender, receiver=receiver)
        quiet = sim.simulate(world, days=3, seed=seed, parameters=at_rest).world
        liked = sim.simulate(world, days=3, seed=seed, parameters=at_rest, extra=[like]).world
        assert np.array_equal(liked.ties["traces"], quiet.ties["traces"])
        doors.append(float(liked.ties["openness"][0]))
    assert 1.0 in doors


def test_an_extra_gesture_always_happens(world: World) -> None:
    """Even to a stranger, on a later day, and at no cost to its sender."""
    other = int(np.setdiff1d(np.arange(1, 150), world.ties["other"][: world.people["slots"][0]])[0])
    extra = [sim.Gesture(day=4, kind="question", sender=0, receiver=other, second=7)]
    log = sim.simulate(world, days=6, seed=5, extra=extra, log=True).log
    assert log is not None
    at = (world.day + 4) * 86_400 + 7
    assert ((log["time"] == at) & (log["source"] == 0) & (log["target"] == other) & (log["kind"] == "question")).any()


def test_the_same_people_adopt_whatever_the_strategy(world: World) -> None:
    """Arms are compared on the same people."""
    chosen = [sim.simulate(world, days=1, strategy=name, adopters=7, seed=9).adopters for name in ("wait", "check_in")]
    assert np.array_equal(*chosen)
    assert len(chosen[0]) == 7


@FEW
@given(count=st.integers(0, 60), seed=st.integers(0, 2**64 - 1))
def test_adopters_are_a_count_a_share_or_a_list(count: int, seed: int) -> None:
    """A smaller number of adopters is part of a larger one."""
    few, more = chosen_adopters(count, 60, seed), chosen_adopters(60 * 1.0 / 60, 60, seed)
    assert len(few) == count
    assert set(few) <= set(more)
    assert set(chosen_adopters(max(0, count - 1), 60, seed)) <= set(few)
    assert chosen_adopters([5, 3, 3], 60, seed).tolist() == [3, 5]


def test_a_mixture_splits_the_filling(world: World) -> None:
    """Each strategy of a mixture gets its share of the weekly minutes, in addition to its initial time budget."""
    run = sim.simulate(world, days=35, strategy={"check_in": 0.25, "show_up": 0.75}, adopters=4, seed=5)
    alone = sim.simulate(world, days=35, strategy="check_in", adopters=4, seed=5)
    begun = begin(
        world,
        strategy={"check_in": 0.25, "show_up": 0.75},
        adopters=4,
        seed=5,
        parameters=None,
        strategy_days=None,
        extra=(),
    )[0].plans["minutes_planned"]
    fills = run.world.plans["minutes_planned"] - begun
    weeks = (run.world.day + 6) // 7 - (world.day + 6) // 7
    np.testing.assert_allclose(fills, 60 * weeks * run.world.plans["share"])
    assert len(alone.world.plans) == 4


def test_strategies_stop_after_their_days(world: World) -> None:
    """After `strategy_days` nothing more is filled or spent, but for an evening already paid for."""
    run = sim.simulate(world, days=60, strategy="check_in", adopters=6, seed=5, strategy_days=20)
    short = sim.simulate(world, days=20, strategy="check_in", adopters=6, seed=5)
    assert np.array_equal(run.world.plans["minutes_used"], short.world.plans["minutes_used"])
    assert run.measures.scalars["minutes_planned"] == short.measures.scalars["minutes_planned"]


BAD: list[tuple[dict[str, Any], str]] = [
    ({"days": 0}, "days is 0; it must be 1 or more"),
    ({"strategy": "hand_written_notes"}, "did you mean 'handwritten_notes'"),
    ({"strategy": {"wait": 0.5, "check_in": 0.6}}, "add up to 1.1"),
    ({"strategy": {"wait": -0.5, "check_in": 1.5}}, "above 0"),
    ({"strategy": {}}, "add up to 0"),
    ({"adopters": 10_000}, "the world has 150 people"),
    ({"adopters": 1.5}, "a share must be"),
    ({"adopters": [3, 150]}, "0 to 149"),
    ({"adopters": True}, "a count such as 20"),
    ({"seed": -1}, "between 0"),
    ({"threads": 0}, "this machine runs"),
    ({"strategy_days": -3}, "0 or more"),
    ({"extra": [sim.Gesture(0, "lick", 1, 2)]}, "did you mean 'like'"),
    ({"extra": [sim.Gesture(0, "post", 1, 2)]}, "Unknown kind 'post'"),
    ({"extra": [sim.Gesture(5, "like", 1, 2)]}, "the days of this run are 0 to 4"),
    ({"extra": [sim.Gesture(0, "like", 1, 150)]}, "the people are 0 to 149"),
    ({"extra": [sim.Gesture(0, "like", 1, 1)]}, "to themselves"),
    ({"extra": [sim.Gesture(0, "like", 1, 2, 86_400)]}, "0 to 86399"),
]


@pytest.mark.parametrize(("change", "words"), BAD, ids=[words for _, words in BAD])
def test_bad_arguments_are_refused_in_words(world: World, change: dict[str, Any], words: str) -> None:
    """One sentence that says what was given and what was expected."""
    told: dict[str, Any] = {"days": 5, "strategy": "wait", "adopters": 3, "seed": 1, **change}
    with pytest.raises(ValueError, match=words.replace("(", r"\(")):
        sim.simulate(world, **told)


@pytest.mark.parametrize(
    "change",
    [{"memory_decay": 9}, {"memory_dekay": 0.8}, {"gestures": {"lik": {"mass": 1}}}, {"tie_capacity": 0},
     {"gestures": {"note": {"mass": 0}}},
     {"gestures": {"like": {"opens": 1}}},
     {"encounter_known": 0.9, "encounter_community": 0.9}],
)  # fmt: skip
def test_bad_parameters_are_refused(change: dict[str, Any]) -> None:
    """An unknown name or a value out of range never reaches an engine."""
    with pytest.raises(ValidationError):
        sim.Parameters(**change)


def test_mixtures_keep_the_order_of_the_table() -> None:
    """However they are written."""
    assert list(mixture_of({"check_in": 0.5, "wait": 0.5})) == list(mixture_of({"wait": 0.5, "check_in": 0.5}))


def test_parameters_of_the_run_are_those_of_the_world_unless_said(world: World) -> None:
    """A handover needs to name nothing again."""
    other = sim.Parameters(memory_decay=0.9)
    once = sim.simulate(world, days=10, seed=5, parameters=other)
    assert once.world.parameters == other
    assert once.world != sim.simulate(world, days=10, seed=5).world
    assert (
        sim.simulate(once.world, days=3, seed=5).world == sim.simulate(world, days=13, seed=5, parameters=other).world
    )


# Whatever a NumPy or Jupyter user may bring ------------------------------------------------------------------------

NUMBERS: list[tuple[dict[str, Any], str]] = [
    ({"seed": 1.5}, "seed is 1.5; it must be a whole number"),
    ({"days": 2.5}, "days is 2.5; it must be a whole number"),
    ({"days": np.True_}, "it must be a whole number"),
    ({"strategy_days": 1.5}, "strategy_days is 1.5; it must be a whole number"),
    ({"threads": 1.0}, "threads is 1.0; it must be a whole number"),
    ({"within": -1}, "within is -1; it must be 0 days or more"),
    ({"within": 1.5}, "within is 1.5; it must be a whole number"),
    ({"strategy": 3}, "strategy is 3; it must be a name, or shares by name"),
    ({"strategy": {3: 1.0}}, "Unknown strategy 3"),
    ({"strategy": {"wait": True}}, "The share of wait in the mixture is not a number"),
    ({"parameters": {}}, r"parameters is a dict; give sim.Parameters"),
    ({"extra": ["like"]}, "extra contains 'like'; it takes gestures such as"),
    ({"extra": [sim.Gesture(0, 3, 1, 2)]}, "Unknown kind 3"),  # type: ignore[arg-type]
    ({"extra": [sim.Gesture(0.5, "like", 1, 2)]}, "The day of an extra gesture is 0.5"),  # type: ignore[arg-type]
    ({"extra": [sim.Gesture(0, "like", 1, 2.0)]}, "The receiver of an extra gesture is 2.0"),  # type: ignore[arg-type]
    ({"adopters": np.True_}, "it must be a count such as 20"),
    ({"adopters": [1.5, 2.7]}, "it must be a count such as 20"),
    ({"adopters": "everyone"}, "it must be a count such as 20"),
    ({"adopters": [[1, 2]]}, "it must be a count such as 20"),
    ({"adopters": np.ones(7, bool)}, "a mask of 7 truth values; the world has 150 people"),
    ({"adopters": {3, 150}}, "the people are 0 to 149"),
]


@pytest.mark.parametrize(("change", "words"), NUMBERS, ids=[f"{change}" for change, _ in NUMBERS])
def test_what_is_no_such_thing_is_refused_in_words(world: World, change: dict[str, Any], words: str) -> None:
    """And not rounded, nor taken for something else."""
    told: dict[str, Any] = {"days": 5, "strategy": "wait", "adopters": 3, "seed": 1, **change}
    with pytest.raises((TypeError, ValueError), match=words.replace("(", r"\(")):
        sim.simulate(world, **told)


def test_a_world_has_a_whole_number_of_people() -> None:
    """And a whole seed."""
    with pytest.raises(TypeError, match=r"people is 2.5; it must be a whole number"):
        sim.worlds.generated(people=2.5, burn_in_years=0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"seed is 1.5; it must be a whole number"):
        sim.worlds.generated(people=20, burn_in_years=0, seed=1.5)  # type: ignore[arg-type]


def test_adopters_may_be_a_mask_or_a_set() -> None:
    """A mask names the people where it is true, and never the ids 0 and 1."""
    mask = np.zeros(60, bool)
    mask[[4, 9]] = True
    for named in (mask, mask.tolist(), {9, 4}, frozenset({4, 9}), np.array([9, 4], np.uint8), range(4, 10, 5)):
        assert chosen_adopters(named, 60, 1).tolist() == [4, 9]
    assert chosen_adopters([], 60, 1).tolist() == []
    assert len(chosen_adopters(np.float32(0.05), 60, 1)) == 3  # type: ignore[arg-type]
    assert len(chosen_adopters(np.int8(7), 60, 1)) == 7  # type: ignore[arg-type]


def test_numpy_numbers_are_as_good_as_others(world: World) -> None:
    """Seeds, days and shares; the same run comes of them."""
    mixture = {"check_in": np.float32(0.5), "wait": np.float64(0.5)}
    numbers: Any = {"days": np.int64(3), "adopters": np.int16(3), "seed": np.int64(4), "strategy_days": np.int8(2)}
    run = sim.simulate(world, strategy=mixture, **numbers)
    same = sim.simulate(world, days=3, strategy={"check_in": 0.5, "wait": 0.5}, adopters=3, seed=4, strategy_days=2)
    assert run.world == same.world


# Ctrl-C ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def listening() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt, also where the tests were started with it switched off, as in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("listening")
def test_ctrl_c_ends_a_run_between_days(world: World) -> None:
    """Wherever in a day it comes, the day is finished first, and the handler from before is back in its place."""
    before = signal.getsignal(signal.SIGINT)
    days: list[int] = []

    def interrupted(done: int, _: int) -> None:
        days.append(done)
        if done == 3:
            signal.raise_signal(signal.SIGINT)
            days.append(-3)  # still here: nothing was raised yet

    with pytest.raises(KeyboardInterrupt):
        sim.simulate(world, days=9, seed=1, progress=interrupted)
    assert days == [1, 2, 3, -3]
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.usefixtures("listening")
def test_pressed_twice_it_comes_through_at_once(world: World) -> None:
    """For people who cannot wait for the end of a long day."""
    came: list[str] = []

    def interrupted(done: int, _: int) -> None:
        signal.raise_signal(signal.SIGINT)
        came.append("once")
        signal.raise_signal(signal.SIGINT)
        came.append("twice")

    with pytest.raises(KeyboardInterrupt):
        sim.simulate(world, days=9, seed=1, progress=interrupted)
    assert came == ["once"]


def test_another_thread_can_simulate(world: World) -> None:
    """Signals are the main thread's; elsewhere nothing is touched."""
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(sim.simulate, world, days=2, seed=1).result().world.day == world.day + 2
