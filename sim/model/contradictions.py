"""Conditions that nobody can meet together, found before anything runs.

Some facts exclude others: a stranger is no tie, and nobody waits for an answer from somebody who wrote last. `_cases`
lists what can be true of two people at once, as a range of each fact. Conditions are possible if they leave something
of every range in at least one case. What depends on parameters is left open: somebody may be active who has been silent
for 100 days, because `dormant_after_days` says for how long a tie is active.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product

from sim.model.facts import MEASURES, Condition, Fact, Source

Range = tuple[float, float]  # both ends included
_Case = Mapping[Fact, Range]

_NO, _YES, _ANY = (0.0, 0.0), (1.0, 1.0), (0.0, math.inf)
_OF_CONTACTS = (Source.CONTACTS, Source.FEED, Source.BY_HAND)
_ABOUT_TIES = (
    Fact.ACQUAINTANCE, Fact.DORMANT, Fact.ACTIVE, Fact.STANDING, Fact.SILENCE, Fact.TWO_WAY, Fact.TURN,
    Fact.UNANSWERED, Fact.NO_ANSWER, Fact.OPENNESS, Fact.STRENGTH, Fact.MET_AT,
)  # fmt: skip
# What holds of anybody.
_ALWAYS: _Case = {
    **dict.fromkeys((Fact.SAME_COMMUNITY, Fact.SAME_INDUSTRY, Fact.SAME_GROUP), (0, 1)),
    Fact.BIRTHDAY: (0, 364),
    Fact.MUTUAL: _ANY,
}
_OF_STRANGERS: _Case = {**_ALWAYS, **dict.fromkeys(_ABOUT_TIES, _NO), Fact.NO_ANSWER: (-1, -1), Fact.KNOWN: _NO}
_OF_TIES: _Case = {
    **_ALWAYS,
    **dict.fromkeys((Fact.STANDING, Fact.SILENCE, Fact.UNANSWERED), _ANY),
    **dict.fromkeys((Fact.OPENNESS, Fact.STRENGTH), (0, 1)),
    Fact.KNOWN: _YES,
}
_STATES = (
    Fact.KNOWN, Fact.ACQUAINTANCE, Fact.DORMANT, Fact.ACTIVE, Fact.TURN, Fact.SAME_COMMUNITY, Fact.SAME_INDUSTRY,
    Fact.SAME_GROUP,
)  # fmt: skip
# Facts of which two exclude each other, and why; the first that fits is said.
_REASONS: tuple[tuple[set[Fact], str], ...] = (
    ({Fact.DORMANT, Fact.ACTIVE}, "a tie is never both dormant and active"),
    ({Fact.ACQUAINTANCE, Fact.DORMANT}, "an acquaintance is neither dormant nor active"),
    ({Fact.ACQUAINTANCE, Fact.ACTIVE}, "an acquaintance is neither dormant nor active"),
    ({Fact.TURN, Fact.NO_ANSWER}, "an answer is missing exactly if I wrote last, so not if they did"),
    ({Fact.DORMANT, Fact.TWO_WAY}, "a dormant tie has had at least one two-way contact"),
    ({Fact.ACTIVE, Fact.TWO_WAY}, "an active tie has had at least one two-way contact"),
)


def _cases(source: Source | None) -> Iterator[_Case]:
    """What can be true of a person and somebody of this source at once, as the range of each fact."""
    sorts = ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1))  # acquaintance, dormant, active
    for (acquaintance, dormant, active), turn in product(sorts, (-1, 0, 1)):
        if source == Source.FEED and acquaintance:
            continue
        yield {
            **_OF_TIES,
            Fact.ACQUAINTANCE: (acquaintance, acquaintance),
            Fact.DORMANT: (dormant, dormant),
            Fact.ACTIVE: (active, active),
            Fact.TWO_WAY: (dormant or active, 255),
            Fact.TURN: (turn, turn),
            Fact.NO_ANSWER: _ANY if turn == -1 else (-1, -1),
        }
    if source not in _OF_CONTACTS:
        yield _OF_STRANGERS


def refuse_impossible(conditions: Sequence[Condition], source: Source | None = None) -> None:
    """Refuse conditions that nobody of a source can meet together.

    Raises:
        ValueError: if they contradict each other, or what is known of everyone of this source.
    """
    reason = unmet([()], conditions, source)
    if reason is not None:
        raise ValueError(f"nobody can meet these conditions: {reason}")


def unmet(lists: Sequence[Sequence[Condition]], more: Sequence[Condition], source: Source | None) -> str | None:
    """Why nobody who meets all conditions of one of these lists meets these ones, too; None if somebody can.

    Args:
        lists: conditions of which all hold, for each list of people.
        more: conditions that are to hold besides.
        source: where the people come from; None if they can be anybody.
    """
    every = [[*conditions, *more] for conditions in lists]
    if any(_possible(conditions, source) for conditions in every):
        return None
    return _reason(_needed(every[0], source), source)


def never_reached(clauses: Sequence[Sequence[Condition]]) -> int | None:
    """The first clause that never applies, because those before it do whenever it could; None if all can apply.

    Only states are looked at, because numbers can be swept.
    """
    before: list[Condition] = []
    for number, conditions in enumerate(clauses):
        if before and not _possible([*states_in(conditions), *before], None):
            return number
        if len(conditions) == 1:
            before += states_in([replace(conditions[0], holds=not conditions[0].holds)])
    return None


def states_in(conditions: Sequence[Condition]) -> list[Condition]:
    """The conditions without a number that could be another one in the next arm, such as "dormant"."""
    return [one for one in conditions if one.fact in _STATES or isinstance(one.low, str)]


def _possible(conditions: Sequence[Condition], source: Source | None) -> bool:
    return not _names_exclude(conditions) and any(_fits(conditions, case) for case in _cases(source))


def _names_exclude(conditions: Sequence[Condition]) -> bool:
    """Whether the conditions with names exclude each other."""
    named = [one for one in conditions if isinstance(one.low, str)]
    places = {one.low for one in named if one.fact == Fact.MET_AT and one.holds}
    return len(places) > 1 or any(replace(one, holds=not one.holds) in named for one in named)


def _fits(conditions: Sequence[Condition], case: _Case) -> bool:
    """Whether conditions leave something of every range of a case."""
    is_stranger = case[Fact.KNOWN] == _NO
    left: dict[Fact, list[Range]] = {}
    for one in conditions:
        if isinstance(one.low, str):
            if is_stranger and one.holds and one.fact in _ABOUT_TIES:
                return False
            continue
        before = left.get(one.fact, [case.get(one.fact, (-math.inf, math.inf))])
        left[one.fact] = [part for each in before for part in _parts(each, one)]
        if not left[one.fact]:
            return False
    return True


def _parts(within: Range, condition: Condition) -> list[Range]:
    """What a condition leaves of a range: one part, two or none."""
    assert not isinstance(condition.low, str)
    low, high = condition.low, condition.high
    if condition.fact in MEASURES or condition.fact == Fact.MINUTES_TO_SPARE:
        below, above = math.nextafter(low, -math.inf), math.nextafter(high, math.inf)
    else:  # a whole number
        low = math.ceil(low) if math.isfinite(low) else low
        high = math.floor(high) if math.isfinite(high) else high
        below, above = low - 1, high + 1
    if condition.holds:
        parts = [(max(within[0], low), min(within[1], high))]
    elif low > high:
        parts = [within]
    else:
        parts = [(within[0], min(within[1], below)), (max(within[0], above), within[1])]
    return [part for part in parts if part[0] <= part[1] and part[0] < math.inf and part[1] > -math.inf]


def _needed(conditions: Sequence[Condition], source: Source | None) -> list[Condition]:
    """A few of these impossible conditions that are impossible on their own."""
    kept = list(conditions)
    for one in conditions:
        others = [other for other in kept if other is not one]
        if not _possible(others, source):
            kept = others
    return kept


def _reason(conditions: Sequence[Condition], source: Source | None) -> str:
    """Why conditions, of which each is needed, exclude each other."""
    facts = {one.fact for one in conditions}
    if Fact.KNOWN in facts and len(facts) == 1 and source in _OF_CONTACTS:
        return "the people are contacts, and a stranger is not one"
    if Fact.KNOWN in facts and facts & set(_ABOUT_TIES):
        return "a stranger is no tie, so nothing is known about one"
    if facts == {Fact.ACQUAINTANCE} and source == Source.FEED:
        return "the feed shows ties, and an acquaintance is not one"
    if facts == {Fact.MET_AT} and all(one.holds for one in conditions):
        return "it is the last place where the two met, and there is only one"
    if len(conditions) == 1:
        return "one of them never holds"
    return next((reason for exclusive, reason in _REASONS if exclusive <= facts), "they contradict each other")
