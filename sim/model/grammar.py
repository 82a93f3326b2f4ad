"""The grammar of strategies: whom a strategy contacts, and what it does, in phrases that read aloud.

A strategy's ``whom`` is a source, then conditions on the tie, then an order, separated by commas (or "and")::

    ties, once strong, silent for at least 90 days, longest silent first

Its ``what`` is a list of gestures, each with a condition, of which the first that holds applies::

    note if once strong, else message 0.7 or call

A phrase with "not" before it states the opposite. A number is meant as it reads: "silent for 90 days" holds from the
90th day on, "2 unanswered gestures" means exactly two, and there are "at least", "more than", "at most", "fewer than"
and "2 to 5". Capitals, articles and spaces don't matter.

Every condition says that a fact about a tie lies within limits, and every order sorts by a fact. The facts are in
`Fact`; people can know all of them. `parsed_whom` and `parsed_what` turn the phrases into values, which
`sim.model.playbook` writes into tables for the engines.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from sim.model.contradictions import never_reached, refuse_impossible, states_in, unmet
from sim.model.facts import MEASURES
from sim.model.facts import Condition as Condition
from sim.model.facts import Fact as Fact
from sim.model.facts import Source as Source
from sim.model.spelling import nearest


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
    "birthday tomorrow": Condition(Fact.BIRTHDAY, 1, 1),
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
    ("no contact for", "days", Fact.SILENCE, 0, 16_383),
    ("birthday within", "days", Fact.BIRTHDAY, 0, 364),
    ("birthday in", "days", Fact.BIRTHDAY, 0, 364),
    ("", "two-way contacts", Fact.TWO_WAY, 0, 255),
    ("", "unanswered gestures", Fact.UNANSWERED, 0, 100),
    ("", "mutual contacts", Fact.MUTUAL, 0, 100_000),
    ("", "openness", Fact.OPENNESS, 0, 1),
    ("", "strength", Fact.STRENGTH, 0, 1),
    ("", "standing", Fact.STANDING, 0, 10_000),
)

# Conditions with a name: the words before it, and the fact. The limit is the name, whose number the playbook knows.
NAMED: dict[str, Fact] = {"met at": Fact.MET_AT, "tagged": Fact.TAGGED}

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
_NUMBER = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+|\{\w+\})"
_NAMED = re.compile(r"\{\s*(\w+)\s*\}")
_FILLER = re.compile(r"^(?:(?:an?|the|is|are|who|that|with|has|have)\s+)+")
_MORE, _FEWER = "at least|more than|over|above", "at most|fewer than|less than|under|below"
_LIMITS = re.compile(
    rf"(?P<word>{_MORE}|{_FEWER}|exactly)? ?(?P<one>{_NUMBER})(?P<tail> or more| or fewer| or less)?"
    rf"|(?P<low>{_NUMBER}) ?(?:to|-) ?(?P<high>{_NUMBER})|(?P<none>no)"
)
_BETWEEN = re.compile(rf"\bbetween ({_NUMBER}) and ({_NUMBER})")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))

# What people write instead of a source or a condition, and what they probably mean.
_MEANT = {
    "contacts": "everyone known",
    "everyone": "everyone known",
    "everybody": "everyone known",
    "anyone": "everyone known",
    "friends": "ties",
    "all ties": "ties",
    "dormant ties": "ties, dormant",
    "active ties": "ties, active",
    "the feed": "people in the feed",
    "feed": "people in the feed",
    "strangers": "people there, a stranger",
    "inactive": "not active",
    "door closed": "not door open",
    "door shut": "not door open",
    "known": "a contact",
    "unknown": "a stranger",
    "strong": "at least 0.5 strength",
    "weak": "at most 0.5 strength",
}
_LONGEST_TEXT = 1_000  # characters


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
    phrases = _phrases(_tidy(text))
    source, conditions = _source(phrases[0])
    order, last = LONGEST_SILENT, _lookup(phrases[-1], ORDERS)
    if last is not None and len(phrases) > 1:
        order, phrases = last, phrases[:-1]
        if source != Source.CONTACTS:
            raise ValueError(f"{_shown(phrases[0])} takes no order, because they come up in an order of their own")
    if source in (Source.NOBODY, Source.READERS, Source.BY_HAND) and len(phrases) > 1:
        raise ValueError(f"{_shown(phrases[0])} takes no conditions")
    conditions += tuple(_condition(phrase, numbers, ORDERS) for phrase in phrases[1:])
    if any(condition.fact == Fact.MINUTES_TO_SPARE for condition in conditions):
        raise ValueError('"time allows" is about a gesture, so it belongs in what, such as "call if time allows"')
    refuse_impossible(conditions, source)
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
    for part in re.split(r" ?[,;]? (?:else|otherwise) | ?; ?", _tidy(text)):
        gestures, given, stated = part.partition(" if ")
        choices = _choices(gestures, numbers, known)
        terms = tuple(_condition(phrase, numbers, known) for phrase in (_phrases(stated) if given else ()))
        refuse_impossible(terms)
        clauses.append(Clause(choices, terms))
    for clause in clauses[:-1] if in_order else ():
        if not clause.conditions:
            raise ValueError(f'"{clause.choices[0][0]}" has no condition, so what follows it never applies')
    late = never_reached([clause.conditions for clause in clauses]) if in_order else None
    if late is not None:
        raise ValueError(
            f'"{clauses[late].choices[0][0]}" never applies, because one of the clauses before it always does'
        )
    return tuple(clauses)


def refuse_unreachable(lists: Sequence[Whom], clauses: Sequence[Clause]) -> None:
    """Refuse clauses of `what` that nobody of these lists can meet.

    A clause may be out of reach at some level of a number, as long as another one isn't, because numbers can be swept.

    Raises:
        ValueError: if a clause is about people whom no list can name, or no clause can apply to anybody.
    """
    for clause in clauses:
        reason = unmet([whom.conditions for whom in lists], states_in(clause.conditions), lists[0].source)
        if reason is not None:
            raise ValueError(f'"{clause.choices[0][0]}" can apply to nobody whom whom names: {reason}')
    reasons = [unmet([whom.conditions for whom in lists], clause.conditions, lists[0].source) for clause in clauses]
    if reasons and None not in reasons:
        raise ValueError(f"nobody whom whom names can meet these conditions: {reasons[0]}")


def number_in(text: str, numbers: Mapping[str, float]) -> float:
    """A number written in a phrase, or the value of a named one in braces.

    Raises:
        ValueError: if there is no number of this name, or it isn't finite.
    """
    named = _NAMED.fullmatch(text)
    if named is None:
        return float(text)
    if named[1] not in numbers:
        close = nearest(named[1], numbers)
        hint = f"did you mean {{{close}}}?" if close else f"add {named[1]} = … to the row"
        raise ValueError(f"there is no number {named[1]} in this row; {hint}")
    value = float(numbers[named[1]])
    if not math.isfinite(value):
        raise ValueError(f"the number {named[1]} is {value}; it must be finite")
    return value


# Reading phrases ------------------------------------------------------------------------------------------------


def _tidy(text: str) -> str:
    """A text with single spaces, small letters (except in names of numbers) and plain hyphens.

    Raises:
        ValueError: if it is too long to be meant.
    """
    if len(text) > _LONGEST_TEXT:
        raise ValueError(f"has {len(text):,} characters; at most {_LONGEST_TEXT:,} can be read")
    text = _NAMED.sub(r"{\1}", " ".join(text.translate(_DASHES).split()))
    text = re.sub(r"\{\w+\}|[^{]+|\{", lambda part: part[0] if _NAMED.fullmatch(part[0]) else part[0].lower(), text)
    return _BETWEEN.sub(r"\1 to \2", text)


def _phrases(text: str) -> list[str]:
    """The phrases of a tidy text, which commas or "and" separate.

    Raises:
        ValueError: if there is nothing between two of them.
    """
    phrases = [phrase.strip() for phrase in re.split(r" ?, ?(?:and )?| and ", text)]
    if len(phrases) > 1 and "" in phrases:
        raise ValueError(f"{_shown(text)} has a comma with nothing before or after it")
    return phrases


def _lookup(phrase: str, table: Mapping[str, _Entry]) -> _Entry | None:
    """The entry of a tidy phrase, whatever its articles."""
    plain = _plain(phrase)
    return next((value for name, value in table.items() if _plain(name.lower()) == plain), None)


def _plain(phrase: str) -> str:
    return _FILLER.sub("", phrase)


def _source(phrase: str) -> tuple[Source, tuple[Condition, ...]]:
    found = _lookup(phrase, SOURCES)
    if found is None:
        begun = next((name for name in SOURCES if phrase.startswith(f"{name} ")), None)
        close = _MEANT.get(phrase) or nearest(phrase, SOURCES)
        hint = f'did you mean "{close}"?' if close else f"it must begin with one of {_quoted(SOURCES)}"
        hint = f'write a comma after "{begun}", and then a condition' if begun else hint
        raise ValueError(f"{_shown(phrase)} names nobody; {hint}")
    return found


def _condition(phrase: str, numbers: Mapping[str, float], others: Iterable[str]) -> Condition:
    """The condition that a tidy phrase states. `others` are phrases that belong elsewhere, for a better message."""
    text = _plain(phrase)
    positive = _plain(text.removeprefix("not "))
    found = _lookup(positive, STATES) or _measured(positive, numbers) or _named(positive)
    if found is None and positive.endswith(" first") and positive not in ORDERS:
        raise ValueError(f"{_shown(phrase)} is not a known order; {_hint_of_order(positive, others)}")
    if found is None:
        raise ValueError(f"{_shown(phrase)} is not a known condition; {_hint(positive, others)}")
    return replace(found, holds=not found.holds) if text.startswith("not ") else found


def _named(phrase: str) -> Condition | None:
    """The condition in a phrase such as ``met at hangout`` or ``tagged investors``."""
    match = re.fullmatch(rf"({'|'.join(NAMED)}) (?:the )?([a-z]\w*)", phrase)
    return None if match is None else Condition(NAMED[match[1]], match[2])


def _hint_of_order(phrase: str, others: Iterable[str]) -> str:
    if "in random order" not in others:
        return "an order belongs in whom"
    close = nearest(phrase, ORDERS)
    return f'did you mean "{close}"?' if close else f"known are {_quoted(ORDERS)}"


def _hint(phrase: str, others: Iterable[str]) -> str:
    """What somebody probably meant who wrote this instead of a condition."""
    others = list(others)
    if phrase in ORDERS:
        return (
            "it is an order; one order comes last in whom"
            if phrase in others
            else "it is an order, which belongs in whom"
        )
    if phrase in SOURCES and phrase not in _MEANT:
        return "whom begins with it; to contact several sorts of people, write a list of texts"
    if phrase.split(" ")[0] in others:
        return f'write "else {phrase}" if it is what to do otherwise'
    if " or " in phrase and not re.search(r" or (more|fewer|less)\b", phrase):
        return 'conditions are joined by "and"; for "or", write one clause or list for each'
    given = re.findall(_NUMBER, phrase)
    known = [
        *STATES,
        *(f"{before} NAME" for before in NAMED),
        *(example for measured in MEASURED for example in _examples(*measured[:3])),
        *others,
    ]
    same = re.sub(_NUMBER, "3", phrase)
    words = set(phrase.split()) - {"not", "no"}
    close = _MEANT.get(phrase) or nearest(same, known)
    close = close or next((each for each in known if words and words <= set(each.split())), None)
    if close is None:
        return f"known are {_quoted(dict.fromkeys(known))}"
    return f'did you mean "{close.replace("3", given[0], 1) if len(given) == 1 else close}"?'


def _examples(before: str, after: str, fact: Fact) -> tuple[str, ...]:
    """Phrases of one sort, as a person may write them."""
    if fact == Fact.BIRTHDAY:
        return (f"{before} 3 {after}",)
    limit = "0.5" if fact in (Fact.OPENNESS, Fact.STRENGTH) else "3"
    return tuple(f"{before} {word}{limit} {after}".strip() for word in ("at least ", "at most ", ""))


# Conditions with numbers ----------------------------------------------------------------------------------------


def _measured(phrase: str, numbers: Mapping[str, float]) -> Condition | None:
    """The condition in a phrase such as ``silent for 30 to 90 days`` or ``at most 2 unanswered gestures``."""
    for before, after, fact, least, most in MEASURED:
        pattern = rf"{before} ?(.+?) {re.sub('s$', 's?', after)}"
        match = re.fullmatch(pattern, phrase)
        limits = match and _LIMITS.fullmatch(match[1])
        if not limits and not before:  # the name first, as in "openness of at least 0.5"
            match = re.fullmatch(rf"{after}(?: of| is| are)? (.+)", phrase)
            limits = match and _LIMITS.fullmatch(match[1])
            limits = limits if limits and (limits["word"] or limits["tail"] or limits["low"]) else None
        values = _values(limits, before, fact, numbers) if limits else None
        if limits is None or values is None:
            continue
        for text in filter(None, (limits["one"], limits["low"], limits["high"])):
            value = number_in(text, numbers)
            if not least <= value <= most:
                raise ValueError(f"{_shown(phrase)} has the number {value:g}; it must be from {least:g} to {most:,g}")
            if fact not in MEASURES and value != round(value):
                raise ValueError(f"{_shown(phrase)} has the number {value:g}; it must be a whole number")
        low, high = values
        if fact in MEASURES and low == high != 0:
            raise ValueError(f'{_shown(phrase)} holds only if it is exactly so; write "at least" or "at most"')
        if low > high or low > most or high < least:
            wrong = "has its limits in the wrong order, so it" if limits["low"] else "is outside its range, so it"
            raise ValueError(f"{_shown(phrase)} {wrong} never holds")
        return Condition(fact, low, high)
    return None


def _values(limits: re.Match[str], before: str, fact: Fact, numbers: Mapping[str, float]) -> tuple[float, float] | None:
    """The limits on a fact, both included; None if these words don't go with it."""
    lowest = 0.0 if fact == Fact.NO_ANSWER else -math.inf  # below 0, the person waits for no answer
    if limits["low"]:
        return number_in(limits["low"], numbers), number_in(limits["high"], numbers)
    if limits["none"]:
        return None if before else (0.0, 0.0)
    value, word = number_in(limits["one"], numbers), limits["word"] or (limits["tail"] or "").strip()
    if limits["word"] and limits["tail"]:
        return None
    if before == "birthday within":
        return None if word else (0.0, value)
    if word in ("at most", "or fewer", "or less"):
        return lowest, value
    if word in _FEWER.split("|"):
        return lowest, math.nextafter(value, -math.inf)
    if word in ("at least", "or more") or (not word and fact in (Fact.SILENCE, Fact.NO_ANSWER)):
        return value, math.inf
    if word in _MORE.split("|"):
        return math.nextafter(value, math.inf), math.inf
    return value, value


# Gestures -------------------------------------------------------------------------------------------------------


def _choices(text: str, numbers: Mapping[str, float], known: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """The gestures of a clause with their probabilities; one without a number gets what the others leave."""
    shares: dict[str, float | None] = {}
    for part in text.split(" or "):
        match = re.fullmatch(rf"(\w+)(?: ({_NUMBER}) ?(%?))?", part)
        if match is None:
            close = nearest(part.replace(" ", "_"), known)
            hint = f'; did you mean "{close}"?' if close else ', such as "message 0.7 or call"'
            raise ValueError(f"{_shown(part)} is not a gesture with a probability{hint}")
        kind, share, percent = match.groups()
        if kind not in known:
            close = nearest(kind, known)
            raise ValueError(
                f'there is no gesture "{kind}"; '
                + (f'did you mean "{close}"?' if close else f"known are {_quoted(known)}")
            )
        if kind in shares:
            raise ValueError(f"{_shown(text)} names {kind} twice")
        value = None if share is None else number_in(share, numbers) / (100 if percent else 1)
        if value is not None and not 0 <= value <= 1 + 1e-9:
            raise ValueError(f"{_shown(part)} has the probability {value:g}; it must be from 0 to 1")
        shares[kind] = value
    return _completed(shares, text)


def _completed(shares: Mapping[str, float | None], text: str) -> tuple[tuple[str, float], ...]:
    open_ended = [kind for kind, share in shares.items() if share is None]
    given = sum(share for share in shares.values() if share is not None)
    if len(open_ended) > 1:
        raise ValueError(
            f'{_shown(text)} needs probabilities; all gestures but one must have one, such as "{open_ended[0]} 0.7"'
        )
    if given > 1 + 1e-9 or (not open_ended and abs(given - 1) > 1e-9):
        rest = "" if given > 1 else '; "or nothing" makes no gesture with what is left'
        raise ValueError(f"the probabilities of {_shown(text)} add up to {given:g}; they must add up to 1{rest}")
    return tuple((kind, max(0.0, 1.0 - given) if share is None else share) for kind, share in shares.items())


def _shown(text: str) -> str:
    return f'"{text}"' if len(text) <= 80 else f'"{text[:77]}…"'


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
