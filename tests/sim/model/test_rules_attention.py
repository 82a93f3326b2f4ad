"""Who comes to mind: ties in proportion to their weight, however the engine looks for them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numba import njit
from scipy import stats

import sim
from sim.engine.acquaintances import has_mutual_tie as engine_has_mutual_tie
from sim.engine.acquaintances import new_filter
from sim.engine.compiling import new_scratch
from sim.engine.day import Core
from sim.engine.memory import fresh_bounds, refresh_bounds
from sim.engine.mind import comes_up_in_feed, likeliest_in_feed, sample_contact, shown, surely_first, weight_in_mind
from sim.model import rules
from sim.model.chance import event_key_of
from sim.model.whom import ANYONE, OF_INDUSTRY, OWN_TIES, SHOWN
from sim.run import begin
from sim.state.population import NEVER, NOBODY, EngineState, free_ties
from tests.sim.model.closed_forms import NUMBERS, P, have_mutual_tie, morning, quick, with_varied_ties


@given(u=st.floats(2.0**-53, 1 - 2.0**-53), weight=st.floats(1e-9, 1e6))
@example(u=1 - 2.0**-53, weight=1.0)
@example(u=2.0**-53, weight=1.0)
def test_a_race_is_bounded_without_a_logarithm(u: float, weight: float) -> None:
    bound, time = rules.race_time_at_least(u, weight), rules.race_time(u, weight)
    assert 0 < bound <= time
    if u > 0.2:
        assert bound == pytest.approx(time, rel=0.02), "so that few others are looked at"
    assert rules.race_time_at_least(u, 0.0) == np.inf


@quick
@given(activation=st.floats(1e-12, 1e6), affinity=st.floats(0.01, 100), exponent=st.sampled_from([0.4, 0.5, 0.6, 1.0]))
def test_pull_is_a_power_of_activation(activation: float, affinity: float, exponent: float) -> None:
    """Also where the power is a square root."""
    p = sim.Parameters(pull_exponent=exponent, pull_floor=0.25).packed
    assert rules.pull(activation, affinity, 0.0, p) == pytest.approx(affinity * activation**exponent + 0.25, rel=1e-14)


SEED = 11


@njit
def _picks(state: Any, person: int, day: int, among: int, industry: int, count: int) -> Any:
    """The slot that each of `count` prompts selects, shape (count,)."""
    slots, scratch = np.empty(count, np.int64), new_scratch(state)
    for k in range(count):
        slots[k] = sample_contact(state, person, day, event_key_of(1, k), among, industry, np.uint64(SEED), scratch)
    return slots


@njit
def _weights(state: Any, person: int, day: int, among: int) -> Any:
    """The weight of each slot today, shape (slots,)."""
    weights = np.zeros(state.people[person].slots)
    for slot in range(len(weights)):
        tie = state.ties[state.people[person].first + slot]
        if tie.other != NOBODY:
            weights[slot] = weight_in_mind(tie, day, among, state.settings[0])
    return weights


def town_of(world: sim.World) -> EngineState:
    """The state of the engine for this world, with the people who posted recently."""
    state = Core(world, seed=SEED).state
    state.showable[:] = world.day - world.people["last_post"] < world.parameters.post_days
    return state


def picks(world: sim.World, person: int, among: int, count: int, industry: int = 0) -> np.ndarray:
    return np.asarray(_picks(town_of(world), person, world.day, among, industry, count))


def weights(world: sim.World, person: int, among: int, industry: int = 0) -> np.ndarray:
    """Weights by slot as the document has them; 0 for who is not among those asked for."""
    first, slots = world.people[person][["first", "slots"]]
    tie, day, p = world.ties[first : first + slots], world.day, world.parameters
    others = world.people[tie["other"]]
    asked = tie["other"] != NOBODY
    if among != ANYONE:
        asked &= tie["acquaintance"] == 0
    if among == SHOWN:
        asked &= day - others["last_post"] < p.post_days
    if among == OF_INDUSTRY:
        asked &= others["industry"] == industry
    held = np.array([rules.activation(row["traces"], day - row["last_contact"], p.packed) for row in tie])
    weight = tie["affinity"] * held**0.7 + 0.001
    if among == SHOWN:
        weight += p.feed_boost * tie["affinity"] * tie["openness"] * 0.5 ** ((day - tie["opened"]) / 21)
    return np.asarray(np.where(asked, weight, 0.0))


def assert_picked_by_weight(slots: np.ndarray, weight: np.ndarray) -> None:
    """Chi-square over ties; the rare ones together."""
    assert weight.sum() > 0
    expected = weight / weight.sum() * len(slots)
    observed = np.bincount(slots, minlength=len(weight)).astype(float)
    assert (observed[weight == 0] == 0).all()
    common = expected >= 10
    observed = np.append(observed[common], observed[~common].sum())
    expected = np.append(expected[common], expected[~common].sum())
    assert stats.chisquare(observed[expected > 0], expected[expected > 0]).pvalue > 1e-3


@pytest.fixture(scope="module")
def boosted(world: sim.World) -> sim.World:
    """Every sort of tie, people who posted, and a feed that shows whom the door is open for."""
    start = morning(with_varied_ties(world), sim.Parameters(**NUMBERS, feed_boost=0.3))
    start.people["last_post"][::3] = world.day - 1
    return start


def busiest(world: sim.World) -> int:
    return int(world.people["degree"].argmax())


def surest(world: sim.World) -> int:
    """Whose attempts are accepted most often: with 256 of them nearly no pick is left to the race."""
    room = (
        np.array([rules.proposal_slots(int(slots)) for slots in world.people["slots"]]) * world.people["weight_bound"]
    )
    accepted = [weights(world, person, ANYONE).sum() / room[person] for person in range(len(world))]
    assert (1 - max(accepted)) ** 256 < 1e-10
    return int(np.argmax(accepted))


@pytest.mark.parametrize("among", [ANYONE, SHOWN, OWN_TIES, OF_INDUSTRY])
def test_ties_come_to_mind_in_proportion_to_their_weight(boosted: sim.World, among: int) -> None:
    """Against the exact distribution, for several people; the engine's weight is the document's."""
    for person in (busiest(boosted), 0, 50):
        industry = int(boosted.people["industry"][busiest(boosted)])
        weight = weights(boosted, person, among, industry)
        own = _weights(town_of(boosted), person, boosted.day, among)
        assert own[weight > 0] == pytest.approx(weight[weight > 0])
        assert (weight > 0).sum() > 1
        assert_picked_by_weight(picks(boosted, person, among, 30_000, industry), weight)


def test_when_every_attempt_fails_a_race_decides_by_the_same_weights(boosted: sim.World) -> None:
    """With a weight bound far above every weight, all attempts of rejection sampling fail."""
    high = boosted.copy()
    high.people["weight_bound"] *= 2.0**20
    person = busiest(boosted)
    assert (picks(high, person, ANYONE, 300) != picks(boosted, person, ANYONE, 300)).mean() > 0.5
    assert_picked_by_weight(picks(high, person, ANYONE, 30_000), weights(high, person, ANYONE))


def test_nobody_comes_to_mind_where_there_is_no_candidate(boosted: sim.World) -> None:
    alone = boosted.copy()
    alone.people["degree"][0] = 0
    alone.ties[: alone.people["slots"][0]] = free_ties(int(alone.people["slots"][0]))
    assert (picks(alone, 0, ANYONE, 20) == NOBODY).all()
    silent = boosted.copy()
    silent.people["last_post"] = NEVER
    assert (picks(silent, 0, SHOWN, 20) == NOBODY).all()
    assert (picks(silent, 0, OF_INDUSTRY, 20, industry=10**6) == NOBODY).all()


def raised_by_a_hundredth(world: sim.World, person: int, slot: int) -> sim.World:
    """The world with one tie heavier by 1% of the person's total weight, and the same weight bound."""
    raised = world.copy()
    weight = weights(world, person, ANYONE)
    tie = raised.ties[int(world.people["first"][person]) + slot]
    tie["affinity"] *= 1 + 0.01 * weight.sum() / (weight[slot] - 0.001)
    held = rules.activation(tie["traces"], world.day - int(tie["last_contact"]), P)
    assert rules.pull_bound(held, tie["affinity"], P) <= world.people["weight_bound"][person]
    assert weights(raised, person, ANYONE).sum() == pytest.approx(1.01 * weight.sum())
    return raised


def test_the_choice_is_stable_while_the_bound_stays(world: sim.World) -> None:
    """A tie's weight raised by a hundredth of the total changes about a hundredth of the picks, and all to that tie."""
    count, person = 100_000, surest(world)
    before = picks(world, person, ANYONE, count)
    weight = weights(world, person, ANYONE)
    by_weight = np.argsort(weight)[-(weight > 0.002).sum() :]
    for slot in by_weight[[0, len(by_weight) // 2, -5]]:
        after = picks(raised_by_a_hundredth(world, person, slot), person, ANYONE, count)
        changed = after != before
        assert changed.mean() == pytest.approx(0.01 / 1.01, rel=0.15), "which is what it must be"
        assert (after[changed] == slot).all(), "no pick moves between two others"


def test_the_choice_is_as_stable_for_everybody(world: sim.World) -> None:
    """Also where attempts fail and a race decides: a hundredth of the picks change, and all to the raised tie."""
    for person in range(0, len(world), 4):
        before = picks(world, person, ANYONE, 20_000)
        slot = int(np.argsort(weights(world, person, ANYONE))[-world.people["degree"][person] // 2])
        after = picks(raised_by_a_hundredth(world, person, slot), person, ANYONE, 20_000)
        assert np.mean(after != before) == pytest.approx(0.01 / 1.01, abs=4 * math.sqrt(0.01 / 20_000))
        assert (after[after != before] == slot).all(), "no pick moves between two others"


def test_a_tie_that_is_gone_changes_only_its_own_picks(world: sim.World) -> None:
    person = surest(world)
    slot = int(np.argsort(weights(world, person, ANYONE))[-3])
    without = world.copy()
    without.ties[int(world.people["first"][person]) + slot] = free_ties(1)[0]
    before, after = picks(world, person, ANYONE, 20_000), picks(without, person, ANYONE, 20_000)
    assert (before == slot).any()
    assert ((before != after) == (before == slot)).all()


NOT_SURE = -2


@njit
def _feed_picks(state: Any, person: int, day: int, count: int) -> Any:
    """The slot of the author of each of `count` feed items, computed in three ways, shape (3, count)."""
    slots, scratch = np.full((3, count), NOT_SURE), new_scratch(state)
    for k in range(count):
        event_key, among = event_key_of(2, k), shown(state, person, scratch)
        if among > 0:
            slot, draw, rival = likeliest_in_feed(person, among, day, event_key, np.uint64(SEED), scratch)
            if surely_first(state, person, slot, draw, rival, day):
                slots[0, k] = slot
        slots[1, k] = comes_up_in_feed(state, person, among, day, event_key, np.uint64(SEED), scratch)
        slots[2, k] = sample_contact(state, person, day, event_key, SHOWN, 0, np.uint64(SEED), scratch)
    return slots


@pytest.mark.parametrize("weight_bound", [1.0, 2.0**20])
def test_the_feed_shows_who_would_come_to_mind_among_those_shown(boosted: sim.World, weight_bound: float) -> None:
    """All three agree, for any weight bound, and if no one can be shown."""
    start = boosted.copy()
    start.people["weight_bound"] *= weight_bound
    start.people["last_post"][:40] = NEVER  # people who know none of the others see no one
    state = town_of(start)
    found = np.array([_feed_picks(state, person, start.day, 100) for person in range(len(start))])
    likeliest, in_feed, in_mind = found.transpose(1, 0, 2)
    delivery = likeliest != NOT_SURE
    assert (in_feed == in_mind).all()
    assert (likeliest == in_mind)[delivery].all()
    assert np.mean(in_mind != NOBODY) > 0.5
    assert 0.1 < np.mean(delivery[in_mind != NOBODY]) < 0.999, "some are settled by the first look, and some are not"


def test_bounds_are_above_the_weights_of_every_day(world: sim.World) -> None:
    """What rejection rests on, through three weeks of life: weight today <= bound, and <= W, a power of two."""
    parameters = sim.Parameters(**NUMBERS, feed_boost=0.3)
    start, _ = begin(
        world, strategy="check_in", adopters=30, seed=1, parameters=parameters, strategy_days=None, extra=[]
    )
    core, rose = Core(start, seed=1), 0
    for _ in range(21):
        before = core.state.people["weight_bound"].copy()
        core.step()
        people = core.state.people
        rose += int((people["weight_bound"] > before).sum())
        assert (np.log2(people["weight_bound"]) % 1 == 0).all()
        for person in range(0, len(people), 5):
            bounds = core.state.weight_bounds[people["first"][person] :][: people["slots"][person]]
            now = _weights(core.state, person, core.day, SHOWN)
            assert (now <= bounds).all()
            assert now.max() <= people["weight_bound"][person]
            assert ((bounds == 0) == (now == 0)).all(), "free slots"
    used = int(core.state.used[0])
    assert np.isfinite(core.state.weight_bounds[:used]).all(), "by then every tie was looked at"
    assert rose > 0


def test_bounds_of_the_week_are_those_of_a_look_at_every_tie(world: sim.World) -> None:
    """The few ties that the engine looks at tell as much, also in later weeks."""
    core = Core(world, seed=SEED)
    for _ in range(3):
        while core.day % 7:
            core.step()
        everyone = core.to_world()
        fresh_bounds(everyone.people, everyone.ties, core.day, P, 0, len(everyone))
        refresh_bounds(core.state, core.day)
        assert (core.state.people["weight_bound"] == everyone.people["weight_bound"]).all()
        core.step()


@njit
def _mutual(state: Any, pairs: Any) -> Any:
    found, known = np.empty(len(pairs), np.bool_), new_filter()
    for k in range(len(pairs)):
        found[k] = engine_has_mutual_tie(state, pairs[k, 0], pairs[k, 1], known)
    return found


def test_the_filter_finds_every_mutual_tie_and_no_other(world: sim.World) -> None:
    few = with_varied_ties(world, acquaintances=0.95)
    pairs = np.array([(one, two) for one in range(len(few)) for two in range(len(few)) if one != two])
    expected = have_mutual_tie(few)[pairs[:, 0], pairs[:, 1]]
    assert 0.05 < expected.mean() < 0.95
    assert (_mutual(town_of(few), pairs) == expected).all()


@quick
@given(st.floats(2.0**-30, 2.0**20), st.floats(2.0**-30, 2.0**20))
def test_bounds_are_powers_of_two_just_above_the_weight(weight: float, other: float) -> None:
    weight_bound = rules.fresh_bound(weight)
    assert math.log2(weight_bound) % 1 == 0
    assert weight <= weight_bound < 2 * weight or weight_bound == 2.0**-30
    raised = rules.raised_bound(weight_bound, other)
    assert math.log2(raised) % 1 == 0
    assert raised == weight_bound if other <= weight_bound else other <= raised < 2 * other
