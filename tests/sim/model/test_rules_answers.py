"""Whether, how and when a gesture is answered, against the closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

import sim
from sim.engine.day import Core
from sim.model import rules
from sim.model.chance import Occasion, event_key_of
from sim.model.gestures import Channel, Kind
from sim.state.population import NO_ANSWER, NOBODY
from tests.sim.model.closed_forms import (
    ANSWER,
    P,
    direct_answer,
    expit,
    have_mutual_tie,
    logit,
    morning,
    perceived,
    quick,
    quiet,
    row_of,
    shares,
    with_varied_ties,
)


def test_gestures_are_answered_as_often_as_the_formula_says(world: sim.World) -> None:
    """In the engine, with every kind, doors, tries, acquaintances with and without a mutual tie, and a load."""
    parameters = quiet(
        load_scale=3, note_days=0, gestures={kind: {"noticed": 0.9, "answer": logit} for kind, logit in ANSWER.items()}
    )
    varied, draw = with_varied_ties(world, acquaintances=0.9), np.random.default_rng(6)
    rows = np.flatnonzero(varied.ties["other"] != NOBODY)
    rows = draw.permutation(rows)[:1_000]
    senders, receivers = varied.owners()[rows], varied.ties["other"][rows]
    kinds = draw.choice(list(ANSWER), len(rows))
    extra = [
        sim.Gesture(day=0, kind=kind, sender=int(sender), receiver=int(receiver), second=second)
        for second, (kind, sender, receiver) in enumerate(zip(kinds, senders, receivers, strict=True))
    ]
    theirs = np.array([row_of(varied, receiver, sender) for sender, receiver in zip(senders, receivers, strict=True)])
    strength, openness, _, _ = perceived(varied, theirs)
    tries = perceived(varied, rows)[3]
    mutual = have_mutual_tie(varied)[senders, receivers]
    acquainted = varied.ties["acquaintance"][theirs] == 1
    odds = np.where(acquainted & mutual, 1.35, 1.0)
    unhurried = np.array([direct_answer(*each) for each in zip(kinds, strength, openness, tries, strict=True)])
    unhurried = expit(logit(unhurried) + np.log(odds))

    earlier_to_the_same = np.tril(receivers[:, None] == receivers, -1).astype(int)

    start = morning(varied, parameters, *extra)
    asked = [event_key_of(Occasion.EXTRA, gesture.second * 16 + Kind[gesture.kind.upper()]) for gesture in extra]
    likely, answered = [], []
    for seed in range(20):
        core = Core(start, seed=seed)
        record = core.step()
        first = record.delivered[record.delivered["parent_kind"] == NO_ANSWER]
        noticed = np.zeros(len(rows), bool)
        noticed[first["second"]] = first["noticed"] == 1  # the second of a gesture is its number
        already = earlier_to_the_same @ noticed
        likely.append(np.where(noticed, unhurried / (1 + already / 3), 0))
        replies = np.concatenate([record.sent, core.mail])
        replies = replies[(replies["parent_kind"] != NO_ANSWER) & np.isin(replies["parent_key"], asked)]
        number = (replies["parent_key"] & 0xFFFFFF) // 16
        assert len(np.unique(number)) == len(number), "each is answered once"
        assert (replies["sender"] == receivers[number]).all()
        answered.append(np.bincount(number, minlength=len(rows)))
    share, count = np.array(likely), np.array(answered)
    groups = {kind: kinds == kind for kind in ANSWER}
    groups |= {"ties": ~acquainted, "with a mutual tie": acquainted & mutual, "without": acquainted & ~mutual}
    for name, which in groups.items():
        assert which.sum() > 50, name
        surprise = (count - share)[:, which].sum()
        assert abs(surprise) < 4 * np.sqrt((share * (1 - share))[:, which].sum()), name
    for part in np.array_split(np.argsort(share.ravel()), 10):
        expected, spread = share.ravel()[part].sum(), (share * (1 - share)).ravel()[part].sum()
        assert abs(count.ravel()[part].sum() - expected) <= 4 * np.sqrt(spread), "from the least to the most likely"


@quick
@given(
    st.sampled_from(sorted(ANSWER)), shares, shares, st.floats(0, 3), st.sampled_from([1.0, 1.35]),
    st.integers(0, 100),
)  # fmt: skip
def test_the_answer_probability_is_its_formula(
    kind: str, strength: float, openness: float, tries: float, odds: float, received: int
) -> None:
    without = expit(logit(direct_answer(kind, strength, openness, tries)) + np.log(odds))
    got = rules.answer_probability(Kind[kind.upper()], strength, openness, tries, odds, received, P)
    assert got == pytest.approx(without / (1 + received / 25))


@quick
@given(st.sampled_from(sorted(ANSWER)), shares, shares, shares, shares, st.integers(0, 50), st.integers(1, 50))
def test_answers_are_likelier_for_close_people_and_open_doors_and_less_likely_under_load(
    kind: str, strength: float, openness: float, more: float, tries: float, received: int, later: int
) -> None:
    number = Kind[kind.upper()]

    def likely(strength: float, openness: float, tries: float, odds: float, received: int) -> float:
        return rules.answer_probability(number, strength, openness, tries, odds, received, P)

    assume(more > 1e-6)
    base = likely(strength, openness, tries, 1.0, received)
    assert 0 < base < 1
    assert likely(strength + more, openness, tries, 1.0, received) > base
    assert likely(strength, openness + more, tries, 1.0, received) > base
    assert likely(strength, openness, tries, 1.35, received) > base
    assert likely(strength, openness, tries, 1.0, received + later) < base
    assert likely(strength, openness, 1.0, 1.0, received) >= base, "a second try helps"
    assert likely(strength, openness, 1.0 + more, 1.0, received) < likely(strength, openness, 1.0, 1.0, received)


def test_an_answer_is_a_gesture_of_the_same_kind_but_for_notes_and_invitations() -> None:
    for kind in Kind:
        expected = Kind.MESSAGE if kind in (Kind.NOTE, Kind.INVITATION) else kind
        assert rules.answer_kind(kind, sim.Parameters().packed) == expected


@pytest.mark.parametrize(("kind", "channel"), [(Kind.CALL, Channel.PRIVATE), (Kind.QUESTION, Channel.IN_PERSON)])
def test_in_person_and_on_the_phone_people_answer_at_once(kind: Kind, channel: Channel) -> None:
    for day in range(200):
        assert rules.answer_delay(kind, channel, 1, day, 3, 4, 5, P) == 1


@pytest.mark.parametrize(
    ("kind", "channel", "median", "sigma"),
    [
        (Kind.MESSAGE, Channel.PRIVATE, 47, 2.5),
        (Kind.COMMENT, Channel.FEED, 47, 2.5),
        (Kind.NOTE, Channel.POST_OFFICE, 2_880, 1),
    ],
)
def test_other_answers_take_a_lognormal_time(kind: Kind, channel: Channel, median: float, sigma: float) -> None:
    """Ends apart: no answer takes less than a second, or more than ten years."""
    seconds = np.array([rules.answer_delay(kind, channel, 1, day, 3, 4, 5, P) for day in range(5_000)])
    assert seconds.min() >= 1
    standard = np.log(seconds / (60 * median)) / sigma
    middle = np.abs(standard) < 2.5  # below, whole seconds show
    assert np.mean(middle) == pytest.approx(0.9876, abs=0.006)
    assert stats.kstest(standard[middle], stats.truncnorm(-2.5, 2.5).cdf).pvalue > 1e-3
