"""The re-enacted experiments at toy size, against what can be computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

import sim
from sim.model import rules
from verification import experiments, rule_three
from verification.reenacted import aknin, findings, levin, liu, roberts


@pytest.fixture(scope="module")
def world() -> sim.World:
    return findings.burnt_in(80, 0.2)


@pytest.fixture(scope="module")
def close_world() -> sim.World:
    return findings.burnt_in(80, 0.2, slow=True)


def test_three_in_ten_write_to_a_faded_friend() -> None:
    """Computed again from the formula: the easiest gesture of the private ladder, over reticence."""
    parameters = sim.Parameters()
    p, strength = parameters.packed, rule_three.faded_strength(parameters)
    spread = stats.norm.ppf((np.arange(400) + 0.5) / 400, parameters.reticence_mean, parameters.reticence_sd)
    needed = []
    for kind, risk in (("question", 0.8), ("message", 1.2), ("call", 2.6)):
        answer = parameters.gestures[kind].answer
        assert answer is not None
        welcome = answer + parameters.answer_strength * strength
        expected = parameters.acceptance_ratio / (1 + math.exp(-welcome))
        doubt = welcome - math.log(expected / (1 - expected))
        needed.append(risk + (1 - strength) * (np.maximum(0, spread) + doubt))
    direct = np.mean(1 / (1 + np.exp(np.min(needed, axis=0) - parameters.ease)))
    assert rule_three.share_who_write(np.array([strength]), 0.0, parameters) == pytest.approx(direct, abs=1e-6)
    assert 0.25 < direct < 0.35
    assert p["steps"][1] == 3


def test_a_plan_helps_and_strangers_are_harder(world: sim.World) -> None:
    found = aknin.findings(people=80, years=0.2)
    assert [one.verdict for one in found][:3] == ["built in", "built in", "disagrees"]
    some, strong = aknin.share_with_an_old_friend(world)
    assert 0.5 < strong <= some <= 1.0


def test_doubt_weighs_less_in_strong_ties_and_nothing_behind_an_open_door() -> None:
    p = sim.Parameters().packed
    assert liu.weight_of_doubt(0.7, 0.0, p) < liu.weight_of_doubt(0.1, 0.0, p)
    assert liu.weight_of_doubt(0.1, 1.0, p) == 0.0
    q = rules.expit(rules.answer_logit(liu.MESSAGE, 0.3, 0.0, 0.0, p))
    assert liu.gap(0.3, p) == pytest.approx(0.45 * q)
    assert [one.verdict for one in liu.findings()] == experiments.EXPECTED["Liu et al. 2023"]


def test_a_message_leaves_less_in_a_strong_tie() -> None:
    silent, second = liu.left_with_the_receiver(4, 365, sim.Parameters())
    weekly, _ = liu.left_with_the_receiver(52, 7, sim.Parameters())
    assert silent > second > 0
    assert silent > 3 * weekly


def test_closeness_halves_in_three_years_without_effort(close_world: sim.World) -> None:
    """Nobody writes in the arm without effort, so closeness follows its closed form, and effort keeps it up."""
    seen = roberts.waves(close_world, most=8)
    without, effort = seen.closeness
    assert seen.pairs[0] > 3
    assert without[1] / without[0] == pytest.approx(2 ** -(roberts.MONTHS_18 / 365 / 3), rel=0.02)
    assert effort[1] / effort[0] > without[1] / without[0] + 0.1


def test_without_the_slow_stock_there_is_no_closeness(world: sim.World) -> None:
    seen = roberts.waves(world, most=5)
    assert (seen.closeness == 0).all()
    assert seen.strength[0, 1] < seen.strength[0, 0]


def test_calls_are_answered_as_often_as_the_formula_says() -> None:
    """Nobody is in two pairs, and the share of answered calls is that of noticed times answered."""
    big = findings.burnt_in(400, 0.2)
    groups = levin.called(big, most=60)
    answered = np.concatenate([group.answered for group in groups])
    p, kind = big.parameters.packed, 9  # a call
    assert sim.model.gestures.Kind(kind).label == "call"
    likely = p["noticed"][kind] * rules.expit(p["answer"][kind])
    assert answered.mean() == pytest.approx(likely, abs=4 * math.sqrt(likely * (1 - likely) / len(answered)) + 0.03)
    assert all(set(np.unique(group.kept)) <= {0.0, 1.0} for group in groups)


def test_pairs_have_nobody_in_common(world: sim.World) -> None:
    pairs = findings.active_pairs(world)
    found = findings.without_common_people(pairs, pairs, most=7)
    people = np.concatenate([group.ravel() for group in found])
    assert len(people) == len(np.unique(people)) > 8
    assert all(len(group) <= 7 for group in found)


def test_a_clear_difference_is_one_of_two_standard_errors() -> None:
    one, other = np.repeat([0.0, 1.0], [50, 50]), np.repeat([0.0, 1.0], [80, 20])
    assert levin.difference(one, other) == pytest.approx((0.3, math.sqrt(0.25 / 100 + 0.16 / 100)))
    assert (levin.more(one, other), levin.more(other, one), levin.more(one, one)) == ("agrees", "disagrees", "unclear")
    assert (levin.as_much(one, one), levin.as_much(other, one)) == ("agrees", "disagrees")


def test_every_experiment_has_expected_verdicts_and_becomes_a_table() -> None:
    assert experiments.EXPERIMENTS.keys() == experiments.EXPECTED.keys()
    lines = experiments.in_lines([findings.Finding("a?", "b", "c", findings.AGREES)])
    assert lines[-1] == "| a? | b | c | agrees |"
