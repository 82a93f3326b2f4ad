"""What gestures add: closed forms, nothing that chance did taken for a gain, and intervals that hold what is true."""

from __future__ import annotations

import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.forecasts import gains
from experiments.forecasts.gains import added, between, design_effect, gains_of, part_of, size_of, transported


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_spread_between_groups_is_that_of_an_analysis_of_variance(seed: int) -> None:
    random = np.random.default_rng(seed)
    values = random.normal(size=(12, 3)) + random.normal(size=(12, 1)) * random.choice([0.0, 3.0])
    within = ((values - values.mean(axis=1, keepdims=True)) ** 2).sum() / 24
    among = 3 * ((values.mean(axis=1) - values.mean()) ** 2).sum() / 11
    assert between(values) ** 2 == pytest.approx(max(0.0, (among - within) / 3))


def test_a_range_over_draws_is_that_of_what_gestures_do_in_each_without_chance() -> None:
    """A gesture raises a share of .3 by the same in all draws, or by .1 in half of them and .5 in the others."""
    random, chance = np.random.default_rng(8), np.full(200, 0.3)
    before = random.random((400, 200)) < 0.3
    for raises, spread in (([0.3, 0.3], 0.0), ([0.1, 0.5], 0.2)):
        each = np.repeat(np.tile(raises, 100), 2)[:, None]
        after = before | (random.random((400, 200)) < each / 0.7)
        found = added(before, after, chance, together=2)
        mean, low, high = found.together
        least, most = found.over_draws
        assert mean == pytest.approx(0.3, abs=0.02)
        assert (least + most) / 2 == pytest.approx(mean)
        assert (most - least) / 2 == pytest.approx(1.645 * spread, abs=0.03)
        assert low < mean < high
        alone = added(before, after, chance)
        assert np.isnan(alone.over_draws).all()
        assert alone.together[0] == pytest.approx(mean)
        wider = (high - low) / (alone.together[2] - alone.together[1])
        assert wider == pytest.approx(2**0.5 if spread else 1, rel=0.25), "draws are resampled, not worlds"


def test_two_worlds_of_one_draw_have_no_range() -> None:
    coin = np.random.default_rng(1).random((2, 3)) < 0.5
    found = added(coin, ~coin, np.full(3, 0.4), together=2)
    assert np.isnan([*found.over_draws, *found.together[1:]]).all()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), worlds=st.integers(1, 30))
def test_the_part_of_the_receiver_is_between_that_of_the_tie_and_that_of_all(seed: int, worlds: int) -> None:
    random = np.random.default_rng(seed)
    either = random.random((worlds, 6)) < random.uniform(0, 1, 6)
    theirs = either & (random.random((worlds, 6)) < random.uniform(0, 1, 6))
    found, everyone = part_of(theirs, either), (theirs.sum() + 0.5) / (either.sum() + 1)
    assert ((found > 0) & (found < 1)).all()
    for part, mine, all_mine in zip(found, theirs.sum(axis=0), either.sum(axis=0), strict=True):
        own = mine / all_mine if all_mine else everyone
        assert min(own, everyone) - 1e-12 <= part <= max(own, everyone) + 1e-12
    many = part_of(np.tile(theirs, (500, 1)), np.tile(either, (500, 1)))
    own = (theirs.sum(axis=0) / np.maximum(either.sum(axis=0), 1))[either.any(axis=0)]
    assert many[either.any(axis=0)] == pytest.approx(own, abs=0.03)


def tossed(seed: int, worlds: int, first: np.ndarray, gained: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Who writes without and with a gesture, if it wins over this share of those who would not write."""
    random = np.random.default_rng(seed)
    before = random.random((worlds, len(first))) < first
    return before, before | (random.random(before.shape) < gained)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_in_many_worlds_a_gesture_changes_the_odds_of_a_chance_as_it_does_there(seed: int) -> None:
    random = np.random.default_rng(seed)
    shares = random.uniform(0.2, 0.8, (2, 4))
    before, after = random.random((2, 4_000, 4)) < shares[:, None]
    chance = random.uniform(0.01, 0.99, 4)
    found = added(before, after, chance)
    odds = np.log(shares / (1 - shares))
    then = chance + found.each[:, 0]
    assert np.log(then / (1 - then)) - np.log(chance / (1 - chance)) == pytest.approx(odds[1] - odds[0], abs=0.25)
    assert found.each[:, 0] == pytest.approx(gains_of(before, after, chance))
    assert found.together[0] == pytest.approx(found.each[:, 0].mean())


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), worlds=st.integers(2, 30), ties=st.integers(1, 6))
def test_gains_do_not_depend_on_the_order_and_are_in_their_intervals(seed: int, worlds: int, ties: int) -> None:
    random = np.random.default_rng(seed)
    before, after = (random.random((worlds, ties)) < random.uniform(0, 1, ties) for _ in range(2))
    chance, order, again = random.uniform(0.01, 0.99, ties), random.permutation(ties), random.permutation(worlds)
    found = added(before, after, chance)
    assert ((found.each[:, 1] <= found.each[:, 0]) & (found.each[:, 0] <= found.each[:, 2])).all()
    assert (np.abs(found.each) < 1).all()
    assert gains_of(before[:, order], after[:, order], chance[order]) == pytest.approx(found.each[order, 0])
    assert gains_of(before[again], after[again], chance) == pytest.approx(found.each[:, 0])


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), worlds=st.integers(2, 30))
def test_what_changes_nothing_gains_nothing_as_far_as_so_few_worlds_can_say(seed: int, worlds: int) -> None:
    random = np.random.default_rng(seed)
    before, chance = random.random((worlds, 5)) < 0.3, random.uniform(0.01, 0.99, 5)
    found = added(before, before, chance)
    assert (found.each[:, 0] == 0).all()
    assert found.together == (0, 0, 0)
    assert ((found.each[:, 1] < 0) & (found.each[:, 2] > 0)).all(), "no world says that it cannot"
    most = added(np.tile(before, (400, 1)), np.tile(before, (400, 1)), chance).each
    assert (np.ptp(most, axis=1) < np.ptp(found.each, axis=1)).all()


def test_luck_is_no_gain_and_differences_between_ties_stay() -> None:
    """Ties that gain alike are nearer to the truth than their own counts by far; ties that differ are hardly moved."""
    chance, first = np.full(40, 0.05), np.full(40, 0.1)
    for gained, nearer in ((np.full(40, 0.3), True), (np.linspace(0.02, 0.9, 40), False)):
        before, after = tossed(2, 100, first, gained)
        own = (before.mean(axis=0), after.mean(axis=0))
        plain = transported(chance, *(one.clip(0.005, 0.995) for one in own)) - chance
        truth = transported(chance, first, first + (1 - first) * gained) - chance
        found = gains_of(before, after, chance)
        off, plainly_off = (np.abs(one - truth).mean() for one in (found, plain))
        assert off < (0.3 if nearer else 1.0) * plainly_off
        if not nearer:
            assert np.corrcoef(found, truth)[0, 1] > 0.95


def test_the_largest_gain_is_in_its_interval() -> None:
    """With 40 worlds, although it is the largest of all, so that chance helped it."""
    inside, high, ties = [], [], 16
    for seed in range(60):
        random = np.random.default_rng(1_000 + seed)
        first, gained = random.beta(4, 56, ties), random.beta(20, 40, ties)
        chance = random.uniform(0.01, 0.06, ties)
        before, after = tossed(seed, 40, first, gained)
        truth = transported(chance, first, first + (1 - first) * gained) - chance
        found = added(before, after, chance).each
        best = found[:, 0].argmax()
        inside.append(found[best, 1] <= truth[best] <= found[best, 2])
        high.append(found[best, 0] - truth[best])
    assert 0.88 <= np.mean(inside) <= 1
    assert np.mean(high) < 0.05


@settings(max_examples=50)
@given(data=st.data(), ties=st.integers(2, 8))
def test_all_ties_count_for_as_many_trials_as_their_differences_allow(data: st.DataObject, ties: int) -> None:
    """The method of moments, once more and more slowly."""
    trials = data.draw(st.lists(st.integers(0, 30), min_size=ties, max_size=ties))
    hits = [data.draw(st.integers(0, number)) for number in trials]
    found = size_of(np.array(hits, float), np.array(trials, float))
    most = max(1.0, sum(trials) - statistics.mean(trials))
    assert 1 <= found <= most
    asked = [(hit, number) for hit, number in zip(hits, trials, strict=True) if number]
    total = sum(number for _, number in asked)
    mean = sum(hit for hit, _ in asked) / total if total else 0
    spread = sum(number * (hit / number - mean) ** 2 for hit, number in asked)
    by_chance = (len(asked) - 1) * mean * (1 - mean)
    if spread <= by_chance + 1e-9:
        assert spread > by_chance - 1e-9 or found == most
        return
    room = total - sum(number**2 for _, number in asked) / total - (len(asked) - 1)
    alike = (spread - by_chance) / (mean * (1 - mean) * room) if room > 1e-9 else 1.0
    assert found == pytest.approx(min(max(1 / alike - 1, 1.0), most))


def test_two_equal_worlds_count_as_one_and_unlike_ones_as_two() -> None:
    coin = np.random.default_rng(6).random((400, 50)) < 0.4
    assert design_effect(coin, 2) == pytest.approx(1, abs=0.05)
    assert design_effect(np.repeat(coin, 2, axis=0), 2) == pytest.approx(2, abs=0.05)
    assert design_effect(coin, 1) == design_effect(np.zeros((6, 3), bool), 2) == 1


def test_ties_of_worlds_that_share_a_draw_have_wider_intervals() -> None:
    random = np.random.default_rng(9)
    draws = np.repeat(random.random((30, 1)) < 0.5, 2, axis=0)
    before = np.zeros((60, 8), bool)
    after = draws & np.ones((60, 8), bool)
    alone, shared = (np.ptp(added(before, after, np.full(8, 0.1), together).each[:, 1:], axis=1) for together in (1, 2))
    assert (shared > 1.15 * alone).all()


def test_no_range_over_draws_leads_below_no_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gains, "between", lambda _: 9.0)
    coin = np.random.default_rng(1).random((20, 3)) < 0.5
    assert added(coin, ~coin, np.array([0.1, 0.2, 0.3]), together=2).over_draws == pytest.approx((-0.2, 0.8))
