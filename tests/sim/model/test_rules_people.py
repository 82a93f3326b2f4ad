"""What people have of their own: affinity, quiet and busy spells, minutes, posts and sales."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim
from sim.model import rules
from sim.model.chance import DrawPurpose, uniform
from tests.sim.model.closed_forms import P, quick, shares


@quick
@given(
    seed=st.integers(0, 2**64 - 1), person=st.integers(0, 10**6), day=st.integers(0, 16_000), length=st.integers(1, 365)
)
def test_busyness_stays_until_the_end_of_the_spell(seed: int, person: int, day: int, length: int) -> None:
    p = sim.Parameters(spell_days=length).packed
    until = rules.end_of_spell(np.uint64(seed), person, day, p)
    assert 0 < until - day <= length
    now = rules.burst_factor(np.uint64(seed), person, day, p)
    assert rules.burst_factor(np.uint64(seed), person, until - 1, p) == now
    assert rules.burst_factor(np.uint64(seed), person, until, p) != now


@quick
@given(st.floats(0, 50), st.floats(0, 50), shares, shares)
def test_posts_sales_and_minutes(one: float, two: float, strength: float, other: float) -> None:
    low, high = sorted((one, two))
    assert rules.post_probability(one, P) == pytest.approx(1 - math.exp(-0.3 / 7 * one))
    assert rules.post_probability(low, P) <= rules.post_probability(high, P)
    assert rules.sale_probability(strength, P) == pytest.approx(0.01 * strength**2)
    assert rules.sale_probability(min(strength, other), P) <= rules.sale_probability(max(strength, other), P)
    assert rules.minutes_of_week(one, P) == pytest.approx(287 * min(max(one, 0.3), 3))
    assert rules.minutes_of_week(low, P) <= rules.minutes_of_week(high, P)


def test_a_keyed_choice_takes_the_heavier_by_its_share() -> None:
    """Among two, weight 2 comes before weight 1 two times in three, as people known are met at a place."""
    draw = np.array([[uniform(1, DrawPurpose.MEETS, 0, k, who, 0) for who in (0, 1)] for k in range(5_000)])
    heavier = [rules.chosen_key(two, 2.0) > rules.chosen_key(one, 1.0) for one, two in draw]
    assert np.mean(heavier) == pytest.approx(2 / 3, abs=4 * math.sqrt(2 / 9 / len(draw)))


def test_affinity_is_each_ones_own_and_lasts() -> None:
    """Median 1, a spread of the log of .7, and no less for whom nobody likes back; the same on every day."""
    pairs = [(one, two) for one in range(150) for two in range(one)]
    mutual = np.log(
        [[rules.affinity(1, one, two, False, P), rules.affinity(1, two, one, False, P)] for one, two in pairs]
    )
    assert np.median(mutual) == pytest.approx(0, abs=0.03)
    assert mutual.std(axis=0) == pytest.approx(0.7, abs=0.02)
    assert np.corrcoef(mutual.T)[0, 1] == pytest.approx(0, abs=0.04)


def test_people_of_one_group_like_each_other_more() -> None:
    """The factor is the same for all pairs."""
    warm = sim.Parameters(group_pull=1.3).packed
    for one, two in [(3, 5), (5, 3), (0, 99)]:
        ratio = rules.affinity(1, one, two, True, warm) / rules.affinity(1, one, two, False, warm)
        assert ratio == pytest.approx(math.exp(1.3), rel=1e-5)


def test_spells_are_quiet_or_busy_for_their_days_and_leave_the_mean_alone() -> None:
    """Lognormal with mean 1 over people and spells; constant within a spell; none at spread 0."""
    p = sim.Parameters(spell_sd=0.8, spell_days=30).packed
    factors = np.array([[rules.burst_factor(1, person, day, p) for day in range(300)] for person in range(400)])
    assert np.log(factors).mean() == pytest.approx(-0.32, abs=4 * 0.8 / math.sqrt(400 * 10))
    assert np.log(factors).std() == pytest.approx(0.8, abs=0.04)
    lengths = np.diff(np.flatnonzero(np.diff(factors[0])))
    assert (lengths == 30).all()
    starts = {int(np.flatnonzero(np.diff(row))[0]) for row in factors}
    assert len(starts) > 20, "people do not change all at once"
    assert rules.burst_factor(1, 3, 7, sim.Parameters(spell_sd=0).packed) == 1.0
