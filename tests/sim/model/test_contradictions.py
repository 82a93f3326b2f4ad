"""Conditions are refused if and only if nobody can meet them, which is found here by trying."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim
from sim.model import rules
from sim.model.facts import Condition, Fact, Source
from sim.model.gestures import KINDS
from sim.model.grammar import SOURCES, parsed_what, parsed_whom
from tests.sim.model.closed_forms import quick

Facts = dict[Fact, float]
PLACES = ("hangout", "show")
ONCE_STRONG = 5.0
STATES = [
    "a contact", "an acquaintance", "dormant", "active", "they wrote last", "I wrote last", "no two-way contacts",
    "at least 1 two-way contacts", "no answer for 0 days", "no answer for 10 days", "once strong", "met at hangout",
    "met at show", "same community",
]  # fmt: skip
PHRASES = [
    *STATES, "a stranger", "door open", "silent for at least 90 days", "silent for at most 100 days",
    "silent for 30 to 95 days", "at least 3 two-way contacts", "at most 2 two-way contacts", "no unanswered gestures",
    "no answer for at most 5 days", "birthday today", "birthday within 3 days", "at least 0.5 strength",
    "at most 0.2 openness", "at least 2 mutual contacts", "time allows",
]  # fmt: skip


def facts_of(raw: dict[str, int]) -> Facts:
    """The facts about somebody, by the rules of the engines; see `sim.engine.facts`."""
    p = sim.Parameters().packed
    day, known = raw["day"], raw["known"]
    tie = known and not raw["acquaintance"]
    sent, received, two_way = raw["sent"], raw["received"], raw["two_way"]
    last_two_way = max(-1_000, min(day, raw["last_two_way"]))
    of_tie: Facts = {
        Fact.ACQUAINTANCE: raw["acquaintance"],
        Fact.DORMANT: tie and rules.is_dormant(day, last_two_way, two_way, p),
        Fact.ACTIVE: tie and rules.is_active(day, last_two_way, two_way, p),
        Fact.STANDING: raw["standing"],
        Fact.SILENCE: raw["silence"],
        Fact.TWO_WAY: two_way,
        Fact.TURN: rules.turn(sent, received),
        Fact.UNANSWERED: raw["unanswered"],
        Fact.NO_ANSWER: rules.days_without_answer(day, sent, received),
        Fact.OPENNESS: raw["openness"] / 10,
        Fact.STRENGTH: raw["strength"] / 10,
        Fact.MET_AT: raw["met_at"],
    }
    return {
        Fact.KNOWN: known,
        Fact.BIRTHDAY: raw["birthday"],
        Fact.MUTUAL: raw["mutual"],
        Fact.SAME_COMMUNITY: raw["community"],
        Fact.MINUTES_TO_SPARE: raw["spare"],
        **(of_tie if known else {**dict.fromkeys(of_tie, 0.0), Fact.NO_ANSWER: -1.0}),
    }


RAW = {
    "day": st.just(1_000), "known": st.integers(0, 1), "acquaintance": st.integers(0, 1),
    "sent": st.integers(980, 1_000), "received": st.integers(980, 1_000), "two_way": st.integers(0, 6),
    "last_two_way": st.integers(850, 1_000), "standing": st.integers(0, 10), "silence": st.integers(0, 120),
    "unanswered": st.integers(0, 3), "openness": st.integers(0, 10), "strength": st.integers(0, 10),
    "met_at": st.integers(0, len(PLACES)), "birthday": st.integers(0, 364), "mutual": st.integers(0, 4),
    "community": st.integers(0, 1), "spare": st.integers(-5, 5),
}  # fmt: skip


def meets(facts: Facts, conditions: Sequence[Condition]) -> bool:
    """Whether somebody of whom these facts are known meets all conditions."""
    for one in conditions:
        low, high = one.low, one.high
        if isinstance(low, str) and one.fact == Fact.MET_AT:
            low = high = PLACES.index(low) + 1
        elif isinstance(low, str):
            low = ONCE_STRONG
        if (low <= facts[one.fact] <= high) != one.holds:
            return False
    return True


def conditions_in(phrases: Sequence[str]) -> list[Condition]:
    return [parsed_what(f"message if {phrase}", {}, KINDS)[0].conditions[0] for phrase in phrases]


def is_of(facts: Facts, source: Source | None) -> bool:
    """Whether somebody can come from this source."""
    if source in (Source.CONTACTS, Source.FEED) and not facts[Fact.KNOWN]:
        return False
    return source != Source.FEED or not facts[Fact.ACQUAINTANCE]


def refusal(phrases: Sequence[str], source: str | None) -> str | None:
    """Why these conditions are refused in whom (of this source), or in what; None if they are read."""
    try:
        if source is None:
            parsed_what("message if " + " and ".join(phrases), {}, KINDS)
        else:
            parsed_whom(", ".join([source, *phrases]), {})
    except ValueError as error:
        return str(error)
    return None


sources = st.sampled_from([None, "everyone known", "ties", "acquaintances", "people in the feed", "people there"])


@quick
@given(st.fixed_dictionaries(RAW), st.lists(st.sampled_from(PHRASES), min_size=1, max_size=6, unique=True), sources)
def test_what_somebody_meets_is_not_refused(person: dict[str, int], phrases: list[str], source: str | None) -> None:
    """Each phrase is turned around if the person doesn't meet it, so that they meet all."""
    facts = facts_of(person)
    kind, of_source = SOURCES.get(source or "", (None, ()))
    if not (is_of(facts, kind) and meets(facts, of_source)):
        source = None
    stated = [text if meets(facts, conditions_in([text])) else f"not {text}" for text in phrases]
    stated = [text for text in stated if source is None or "time allows" not in text]
    assert not stated or refusal(stated, source) is None, facts


@cache
def everybody() -> tuple[Facts, ...]:
    """Somebody of each sort, as far as the states tell them apart."""
    usual = {"day": 1_000, "unanswered": 0, "openness": 5, "strength": 5, "birthday": 9, "mutual": 1, "spare": 0}
    varied = {
        "known": (0, 1), "acquaintance": (0, 1), "sent": (980, 995, 1_000), "received": (970, 995, 1_000),
        "two_way": (0, 1, 5), "last_two_way": (850, 1_000), "standing": (0, 9), "met_at": (0, 1, 2),
        "silence": (0,), "community": (0, 1),
    }  # fmt: skip
    raw = [{**usual, **dict(zip(varied, values, strict=True))} for values in product(*varied.values())]
    distinct = {tuple(facts.items()): facts for facts in map(facts_of, raw)}
    return tuple(distinct.values())


@pytest.mark.parametrize("source", [None, "everyone known", "ties", "people in the feed", "people there"])
def test_two_states_that_nobody_is_in_are_refused(source: str | None) -> None:
    kind, of_source = SOURCES.get(source or "", (None, ()))
    people = [facts for facts in everybody() if is_of(facts, kind) and meets(facts, of_source)]
    stated = [f"{negated}{state}" for state in STATES for negated in ("", "not ")]
    alone = {
        phrase: {at for at, facts in enumerate(people) if meets(facts, conditions_in([phrase]))} for phrase in stated
    }
    wrong = [
        pair
        for pair in combinations(stated, 2)
        if (refusal(pair, source) is None) != bool(alone[pair[0]] & alone[pair[1]])
    ]
    assert wrong == []


def test_active_is_a_matter_of_parameters() -> None:
    """Somebody silent for 100 days is active if dormant_after_days is longer, so this is read."""
    assert refusal(["active", "silent for at least 100 days"], "ties") is None


@pytest.mark.parametrize(
    ("whom", "what"),
    [
        ("ties, silent for at least {days} days", "call if silent for at most 60 days, else message"),
        (["ties, dormant", "ties, active"], "call if dormant, else message if active"),
        ("ties, active", "call if active, else message"),
        ("people there", "hello if a stranger, else question"),
        ("everyone known", "call if time allows, else like if time allows"),
        ("ties", "call if silent for {days} days, else message if silent for 90 days, else like"),
    ],
)
def test_clauses_that_somebody_can_meet_at_another_level_are_read(whom: str | list[str], what: str) -> None:
    """A sweep of a number, or of whom, may reach some clauses only at some of its levels."""
    place = {"place": "hangout"} if whom == "people there" else {}
    days = {"days": 90} if "{" in f"{whom}{what}" else {}
    row = {"whom": whom, "what": what, "session_minutes": 30, **place, **days}
    assert sim.Parameters(strategies={"x": row}).strategies["x"].what == what
