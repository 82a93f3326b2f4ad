"""The grammar of strategies: whom a strategy contacts, and what it does, in phrases that read aloud.

A strategy's ``whom`` is a source, then conditions on the tie, then an order, separated by commas::

    ties, once strong, silent for at least 90 days, longest silent first

Its ``what`` is a list of gestures, each with a condition, of which the first that holds applies::

    note if once strong, else message 0.7 or call

Every condition says that a fact about a tie lies within limits, and every order sorts by a fact. The facts are in
`Fact`; people can know all of them. `parsed_whom` and `parsed_what` turn the phrases into values, which
`sim.model.playbook` writes into tables for the engines.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

from sim.model.spelling import nearest


class Fact(IntEnum):
    """What a person can know about another on a day; each is a number."""

    KNOWN = 0  # 1 for contacts, 0 for strangers
    ACQUAINTANCE = 1  # 1 if they met, but neither answered the other
    DORMANT = 2  # 1 if dormant; see `rules.is_dormant`
    ACTIVE = 3  # 1 if active; see `rules.is_active`
    STANDING = 4  # the slowest memory trace, in contacts
    BIRTHDAY = 5  # days until the other's next birthday, from 0
    SILENCE = 6  # days since the last contact of any sort
    TWO_WAY = 7  # number of two-way contacts
    TURN = 8  # 1 if the other wrote last, -1 if the person did, 0 if both wrote on that day or neither ever did
    UNANSWERED = 9  # unanswered gestures of the person, rounded to a whole number
    NO_ANSWER = 10  # days since the person's last gesture, if the other has not written since; else -1
    OPENNESS = 11  # openness of the person towards the other, 0 to 1
    STRENGTH = 12  # strength of the tie, 0 to 1
    SAME_COMMUNITY = 13  # 1 if both are of one community
    SAME_INDUSTRY = 14  # 1 if both are of one industry
    SAME_GROUP = 15  # 1 if both are of one group
    MUTUAL = 16  # number of people to whom both have a tie
    MINUTES_TO_SPARE = 17  # minutes that the session would have left after the gesture
    DRAW = 18  # a keyed uniform, for a random order


class Source(IntEnum):
    """Where the people come from whom a strategy contacts."""

    NOBODY = 0
    CONTACTS = 1  # a list of the person's own contacts
    FEED = 2  # people whom the feed shows
    READERS = 3  # everyone, through posts
    PRESENT = 4  # people met at a place
    BY_HAND = 5  # contacts named day by day; see `sim.Simulation.order`


@dataclass(frozen=True)
class Condition:
    """A fact lies within limits, or doesn't if `holds` is false. A limit may be the name of a parameter."""

    fact: Fact
    low: float | str = -math.inf
    high: float = math.inf
    holds: bool = True


@dataclass(frozen=True)
class Order:
    """The order of a list: by a fact, smallest value first, or largest first."""

    fact: Fact
    largest_first: bool


@dataclass(frozen=True)
class Whom:
    """Whom a strategy contacts: people of a source who meet all conditions, in an order."""

    source: Source
    conditions: tuple[Condition, ...]
    order: Order


@dataclass(frozen=True)
class Clause:
    """Gestures, each with its probability, which apply if all conditions hold. "nothing" makes none."""

    choices: tuple[tuple[str, float], ...]
    conditions: tuple[Condition, ...]


NOTHING = "nothing"  # instead of a gesture
LONGEST_SILENT = Order(Fact.SILENCE, largest_first=True)

_TIE = Condition(Fact.ACQUAINTANCE, 0, 0)
SOURCES: dict[str, tuple[Source, tuple[Condition, ...]]] = {
    "nobody": (Source.NOBODY, ()),
    "everyone known": (Source.CONTACTS, ()),
    "ties": (Source.CONTACTS, (_TIE,)),
    "acquaintances": (Source.CONTACTS, (Condition(Fact.ACQUAINTANCE, 1, 1),)),
    "people in the feed": (Source.FEED, ()),
    "readers of posts": (Source.READERS, ()),
    "people there": (Source.PRESENT, ()),
    "people named by hand": (Source.BY_HAND, ()),
}

# Conditions without a number.
STATES: dict[str, Condition] = {
    "a contact": Condition(Fact.KNOWN, 1, 1),
    "a stranger": Condition(Fact.KNOWN, 0, 0),
    "an acquaintance": Condition(Fact.ACQUAINTANCE, 1, 1),
    "dormant": Condition(Fact.DORMANT, 1, 1),
    "active": Condition(Fact.ACTIVE, 1, 1),
    "once strong": Condition(Fact.STANDING, "once_strong"),
    "birthday today": Condition(Fact.BIRTHDAY, 0, 0),
    "they wrote last": Condition(Fact.TURN, 1, 1),
    "I wrote last": Condition(Fact.TURN, -1, -1),
    "door open": Condition(Fact.OPENNESS, 0.5),
    "same community": Condition(Fact.SAME_COMMUNITY, 1, 1),
    "same industry": Condition(Fact.SAME_INDUSTRY, 1, 1),
    "same group": Condition(Fact.SAME_GROUP, 1, 1),
    "time allows": Condition(Fact.MINUTES_TO_SPARE, 0),
}

# Conditions with numbers: the words before and after the number, the fact, and the range of the number.
MEASURED: tuple[tuple[str, str, Fact, float, float], ...] = (
    ("silent for", "days", Fact.SILENCE, 0, 16_383),
    ("no answer for", "days", Fact.NO_ANSWER, 0, 16_383),
    ("birthday within", "days", Fact.BIRTHDAY, 0, 364),
    ("", "two-way contacts", Fact.TWO_WAY, 0, 255),
    ("", "unanswered gestures", Fact.UNANSWERED, 0, 100),
    ("", "mutual contacts", Fact.MUTUAL, 0, 100_000),
    ("", "openness", Fact.OPENNESS, 0, 1),
    ("", "strength", Fact.STRENGTH, 0, 1),
    ("", "standing", Fact.STANDING, 0, 10_000),
)

ORDERS: dict[str, Order] = {
    "longest silent first": LONGEST_SILENT,
    "shortest silent first": Order(Fact.SILENCE, largest_first=False),
    "strongest first": Order(Fact.STRENGTH, largest_first=True),
    "weakest first": Order(Fact.STRENGTH, largest_first=False),
    "once strongest first": Order(Fact.STANDING, largest_first=True),
    "most contacts first": Order(Fact.TWO_WAY, largest_first=True),
    "fewest contacts first": Order(Fact.TWO_WAY, largest_first=False),
    "next birthday first": Order(Fact.BIRTHDAY, largest_first=False),
    "most open first": Order(Fact.OPENNESS, largest_first=True),
    "longest without an answer first": Order(Fact.NO_ANSWER, largest_first=True),
    "fewest unanswered first": Order(Fact.UNANSWERED, largest_first=False),
    "most mutual contacts first": Order(Fact.MUTUAL, largest_first=True),
    "in random order": Order(Fact.DRAW, largest_first=False),
}

_Entry = TypeVar("_Entry")
_NUMBER = r"(\d+(?:\.\d+)?|\{\w+\})"
_NAMED = re.compile(r"\{(\w+)\}")


def names_in(text: str) -> set[str]:
    """The named numbers in a text, such as ``{"share"}`` for ``message {share} or call``."""
    return set(_NAMED.findall(text))


def parsed_whom(text: str, numbers: Mapping[str, float]) -> Whom:
    """Read whom a strategy contacts.

    Args:
        text: a source, conditions and an order, separated by commas.
        numbers: the values of named numbers, such as ``{quiet_days}``.

    Raises:
        ValueError: if a phrase is unknown, a number is out of range, or nobody can meet all conditions.
    """
    phrases = [_tidy(phrase) for phrase in text.split(",")]
    source, conditions = _source(phrases[0])
    order, last = LONGEST_SILENT, _lookup(phrases[-1], ORDERS)
    if last is not None and len(phrases) > 1:
        order, phrases = last, phrases[:-1]
        if source != Source.CONTACTS:
            raise ValueError(f"{phrases[0]!r} takes no order, because they come up in an order of their own")
    conditions += tuple(_condition(phrase, numbers, ORDERS) for phrase in phrases[1:])
    if source in (Source.NOBODY, Source.READERS, Source.BY_HAND) and conditions:
        raise ValueError(f"{phrases[0]!r} takes no conditions")
    _refuse_impossible(conditions, source)
    return Whom(source, conditions, order)


def parsed_what(
    text: str, numbers: Mapping[str, float], kinds: Iterable[str], *, in_order: bool = True
) -> tuple[Clause, ...]:
    """Read what a strategy does: gestures with conditions, of which the first that holds applies.

    Args:
        text: such as ``note if once strong, else message 0.7 or call``.
        numbers: the values of named numbers.
        kinds: the names of the gestures that there are.
        in_order: whether the first clause that holds applies; otherwise a function chooses between them.

    Raises:
        ValueError: if a gesture or a phrase is unknown, or the probabilities of a clause don't add up to 1.
    """
    known = [*kinds, NOTHING]
    clauses = []
    for part in re.split(r",?\s+else\s+|;", _tidy(text)):
        gestures, _, conditions = part.partition(" if ")
        choices = _choices(gestures, numbers, known)
        phrases = re.split(r"\s+and\s+", conditions) if conditions else ()
        terms = tuple(_condition(phrase, numbers, ()) for phrase in phrases)
        _refuse_impossible(terms, None)
        clauses.append(Clause(choices, terms))
    for clause in clauses[:-1] if in_order else ():
        if not clause.conditions:
            raise ValueError(f'"{clause.choices[0][0]}" has no condition, so what follows it never applies')
    return tuple(clauses)


def number_in(text: str, numbers: Mapping[str, float]) -> float:
    """A number written in a phrase, or the value of a named one in braces.

    Raises:
        ValueError: if there is no number of this name.
    """
    named = _NAMED.fullmatch(text)
    if named is None:
        return float(text)
    if named[1] not in numbers:
        close = nearest(named[1], numbers)
        hint = f"did you mean {{{close}}}?" if close else f"add {named[1]} = … to the row"
        raise ValueError(f"there is no number {named[1]} in this row; {hint}")
    return float(numbers[named[1]])


def _tidy(text: str) -> str:
    return " ".join(text.split())


def _lookup(phrase: str, table: Mapping[str, _Entry]) -> _Entry | None:
    """The entry of a phrase, whatever its capitals and articles."""
    plain = _plain(phrase)
    return next((value for name, value in table.items() if _plain(name) == plain), None)


def _plain(phrase: str) -> str:
    return re.sub(r"^(an? |the |is |are |who are )+", "", phrase.lower())


def _source(phrase: str) -> tuple[Source, tuple[Condition, ...]]:
    found = _lookup(phrase, SOURCES)
    if found is None:
        close = nearest(phrase, SOURCES)
        hint = f'did you mean "{close}"?' if close else f"it must begin with one of {_quoted(SOURCES)}"
        raise ValueError(f'"{phrase}" names nobody; {hint}')
    return found


def _condition(phrase: str, numbers: Mapping[str, float], others: Iterable[str]) -> Condition:
    """The condition that a phrase states. Phrases in `others` are only considered for a suggestion."""
    text = _tidy(phrase)
    positive = re.sub(r"^not ", "", text, flags=re.IGNORECASE)
    found = _lookup(positive, STATES) or _measured(_plain(positive), numbers)
    if found is None:
        known = [*STATES, *(_example(*measured[:3]) for measured in MEASURED), *others]
        close = nearest(positive, known)
        hint = f'did you mean "{close}"?' if close else f"known are {_quoted(known)}"
        raise ValueError(f'"{text}" is not a known condition; {hint}')
    return found if positive == text else Condition(found.fact, found.low, found.high, not found.holds)


def _example(before: str, after: str, fact: Fact) -> str:
    limit = "" if fact == Fact.BIRTHDAY else "at least "
    return _tidy(f"{before} {limit}3 {after}")


def _measured(phrase: str, numbers: Mapping[str, float]) -> Condition | None:
    """The condition in a phrase such as ``silent for 30 to 90 days`` or ``at most 2 unanswered gestures``."""
    for before, after, fact, least, most in MEASURED:
        after = re.sub("s$", "s?", after)
        limits = rf"(?:(at least |at most |no |){_NUMBER}?|{_NUMBER} to {_NUMBER})(?: or (more|fewer|less))?"
        match = re.fullmatch(_tidy(f"{before} {limits} {after}"), phrase)
        if match is None or not any(match.groups()):
            continue
        word, one, low, high, more = match.groups()
        if low is not None:
            values = number_in(low, numbers), number_in(high, numbers)
        elif word == "no " and one is None:
            values = 0.0, 0.0
        elif one is None or (word and more) or word == "no ":
            continue
        elif word == "at most " or more in ("fewer", "less"):
            values = -math.inf if fact != Fact.NO_ANSWER else 0.0, number_in(one, numbers)
        elif fact == Fact.BIRTHDAY:
            values = 0.0, number_in(one, numbers)
        elif word or more or fact == Fact.NO_ANSWER:
            values = number_in(one, numbers), math.inf
        else:
            values = number_in(one, numbers), number_in(one, numbers)
        for value in values:
            if math.isfinite(value) and not least <= value <= most:
                raise ValueError(f'"{phrase}" has the number {value:g}; it must be from {least:g} to {most:,g}')
        if values[0] > values[1]:
            raise ValueError(f'"{phrase}" has its limits in the wrong order, so it never holds')
        return Condition(fact, *values)
    return None


def _choices(text: str, numbers: Mapping[str, float], known: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """The gestures of a clause with their probabilities; one without a number gets what the others leave."""
    shares: dict[str, float | None] = {}
    for part in re.split(r"\s+or\s+", text.strip()):
        match = re.fullmatch(rf"(\w+)(?:\s+{_NUMBER}\s*(%?))?", part)
        if match is None:
            raise ValueError(f'"{part}" is not a gesture with a probability, such as "message 0.7 or call"')
        kind, share, percent = match.groups()
        if kind not in known:
            close = nearest(kind, known)
            raise ValueError(
                f'there is no gesture "{kind}"; '
                + (f'did you mean "{close}"?' if close else f"known are {_quoted(known)}")
            )
        if kind in shares:
            raise ValueError(f'"{text}" names {kind} twice')
        shares[kind] = None if share is None else number_in(share, numbers) / (100 if percent else 1)
    return _completed(shares, text)


def _completed(shares: Mapping[str, float | None], text: str) -> tuple[tuple[str, float], ...]:
    open_ended = [kind for kind, share in shares.items() if share is None]
    given = sum(share for share in shares.values() if share is not None)
    if len(open_ended) > 1:
        raise ValueError(
            f'"{text}" needs probabilities; all gestures but one must have one, such as "{open_ended[0]} 0.7"'
        )
    if given > 1 + 1e-9 or (not open_ended and abs(given - 1) > 1e-9):
        raise ValueError(f'the probabilities of "{text}" add up to {given:g}; they must add up to 1')
    return tuple((kind, 1.0 - given if share is None else share) for kind, share in shares.items())


def _refuse_impossible(conditions: Sequence[Condition], source: Source | None) -> None:
    """Refuse conditions that no tie can meet together.

    Raises:
        ValueError: if they contradict each other.
    """
    limits: dict[Fact, tuple[float, float]] = {}
    for condition in conditions:
        low = 0.0 if isinstance(condition.low, str) else condition.low
        if condition.holds:
            before = limits.get(condition.fact, (-math.inf, math.inf))
            limits[condition.fact] = max(before[0], low), min(before[1], condition.high)
    for condition in conditions:
        low, high = limits.get(condition.fact, (-math.inf, math.inf))
        excluded = (
            not condition.holds
            and not isinstance(condition.low, str)
            and condition.low <= low
            and high <= condition.high
        )
        if low > high or excluded:
            raise ValueError("nobody can meet these conditions: they contradict each other")
    both = {fact for fact, (low, _) in limits.items() if low == 1 and fact in (Fact.DORMANT, Fact.ACTIVE)}
    if len(both) == 2:
        raise ValueError("nobody can meet these conditions: a tie is never both dormant and active")
    if source == Source.CONTACTS and limits.get(Fact.KNOWN) == (0, 0):
        raise ValueError("nobody can meet these conditions: a list names contacts, and a stranger is not one")


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
