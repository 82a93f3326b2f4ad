"""Strategies and places as tables of numbers, which the engines read.

`compiled` reads the phrases of all strategies once and writes them into arrays of records, so that a session only
compares numbers. Rows refer to each other by position: a strategy to its lists and clauses, these to their conditions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from sim.model.gestures import GestureRow
from sim.model.grammar import NOTHING, Clause, Condition, Fact, Source, Whom, parsed_whom, refuse_unreachable
from sim.model.places import MOST_PLACES, PLACES, Place, PlaceRow
from sim.model.spelling import nearest
from sim.model.strategies import BY_HAND, MOST_STRATEGIES, PEOPLE_THERE, WEEKDAYS, Plan, StrategyRow

NO_GESTURE = -1  # the kind of a choice to do nothing
POST = "post"  # the only gesture to everyone

STRATEGY = np.dtype(
    [
        ("plan", "i8"),  # a `Plan`
        ("place", "i8"),  # row of its place
        ("weekdays", "i8"),  # bits of the days with a session; bit 0 is day 0 of a week
        ("session_minutes", "f8"),
        ("overhead_minutes", "f8"),
        ("most_people", "i8"),
        ("gap_days", "i8"),
        ("first_list", "i8"),
        ("lists", "i8"),
        ("first_clause", "i8"),
        ("clauses", "i8"),
        ("invite", "i8"),  # kind
        ("for_days", "i8"),  # 0: never ends
        ("then", "i8"),  # the strategy that follows
        ("chosen", "i8"),  # 1 if a function, or the user day by day, chooses whom and which clause
        ("today", "i8"),  # the strategy that its followers follow today; the engines set it each morning
    ],
    align=True,
)
LIST = np.dtype([("first_term", "i8"), ("terms", "i8"), ("fact", "i8"), ("sign", "f8")], align=True)
CLAUSE = np.dtype([("first_term", "i8"), ("terms", "i8"), ("first_choice", "i8"), ("choices", "i8")], align=True)
CHOICE = np.dtype([("kind", "i8"), ("below", "f8")], align=True)  # chosen if a uniform draw is below this
TERM = np.dtype([("fact", "i8"), ("low", "f8"), ("high", "f8"), ("holds", "i8")], align=True)
PLACE = np.dtype(
    [
        ("base", "i8"),  # the `Place` on which it is based
        ("attendance", "f8"),  # probability
        ("regulars", "f8"),  # mean number in a community; for the hangout itself, the world has chosen them
        ("people", "i8"),
        ("every_days", "i8"),
        ("meets", "i8"),
    ],
    align=True,
)

UNLIMITED = 2**31 - 1

# What it costs to find out a fact, roughly. Conditions on cheap facts come first, which often saves the others.
COSTS = {Fact.STANDING: 1, Fact.UNANSWERED: 2, Fact.OPENNESS: 2, Fact.STRENGTH: 2, Fact.MUTUAL: 3}


class Playbook(NamedTuple):
    """All strategies and places of a run."""

    strategies: np.ndarray  # STRATEGY
    lists: np.ndarray  # LIST
    clauses: np.ndarray  # CLAUSE
    choices: np.ndarray  # CHOICE
    terms: np.ndarray  # TERM
    places: np.ndarray  # PLACE; row 0 is nowhere


class RowError(ValueError):
    """A row of a table is wrong.

    Attributes:
        path: the setting at fault, such as ``"strategies.check_in.what"``.
        problem: what is wrong, without the path.
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path, self.problem = path, problem


class _Tables:
    """The tables while they are filled."""

    def __init__(
        self, value_of: Callable[[str], float], kinds: Sequence[str], places: Sequence[str], tags: Sequence[str]
    ) -> None:
        self.value_of, self.kinds = value_of, {kind: number for number, kind in enumerate(kinds)}
        self.places, self.tags = places, tags
        self.kinds[NOTHING] = NO_GESTURE
        self.terms = list[tuple[Any, ...]]()
        self.lists = list[tuple[Any, ...]]()
        self.choices = list[tuple[Any, ...]]()
        self.clauses = list[tuple[Any, ...]]()

    def add_terms(self, conditions: Sequence[Condition]) -> tuple[int, int]:
        first = len(self.terms)
        for condition in sorted(conditions, key=lambda condition: COSTS.get(condition.fact, 0)):
            self.terms.append((*self.limits_of(condition), condition.holds))
        return first, len(conditions)

    def limits_of(self, condition: Condition) -> tuple[int, float, float]:
        """The fact and the limits of a condition, with numbers for names.

        Raises:
            ValueError: if there is no such place or tag.
        """
        if not isinstance(condition.low, str):
            return condition.fact, condition.low, condition.high
        if condition.fact == Fact.MET_AT:
            place = _number_of("place", condition.low, self.places) + 1
            return condition.fact, place, place
        if condition.fact == Fact.TAGGED:
            return Fact.TAGGED + _number_of("tag", condition.low, self.tags), 1, 1
        return condition.fact, self.value_of(condition.low), condition.high

    def add_lists(self, lists: Sequence[Whom]) -> tuple[int, int]:
        first = len(self.lists)
        for whom in lists:
            sign = -1.0 if whom.order.largest_first else 1.0
            self.lists.append((*self.add_terms(whom.conditions), whom.order.fact, sign))
        return first, len(lists)

    def add_clauses(self, clauses: Sequence[Clause]) -> tuple[int, int]:
        first = len(self.clauses)
        for clause in clauses:
            first_choice, below = len(self.choices), 0.0
            for place, (kind, share) in enumerate(clause.choices):
                below = 1.0 if place == len(clause.choices) - 1 else below + share
                self.choices.append((self.kinds[kind], below))
            self.clauses.append((*self.add_terms(clause.conditions), first_choice, len(clause.choices)))
        return first, len(clauses)


def compiled(
    strategies: Mapping[str, StrategyRow],
    places: Mapping[str, PlaceRow],
    gestures: Mapping[str, GestureRow],
    tags: Sequence[str],
    value_of: Callable[[str], Any],
) -> Playbook:
    """Read all rows, and write them into tables.

    Args:
        strategies: the rows by name, in the order of their numbers; the shipped ones come first.
        places: likewise.
        gestures: likewise.
        tags: the names of the tags that people can have.
        value_of: the value of a parameter, by name.

    Raises:
        RowError: if a row is wrong.
    """
    if len(strategies) > MOST_STRATEGIES:
        raise RowError("strategies", f"there are {len(strategies)}; at most {MOST_STRATEGIES} can be numbered")
    if len(PLACES) + len(places) > MOST_PLACES:
        raise RowError("places", f"there are {len(PLACES) + len(places)}; at most {MOST_PLACES} can be numbered")
    tables = _Tables(value_of, tuple(gestures), [*PLACES, *places], list(tags))
    numbers = {name: at for at, name in enumerate(strategies)}
    rows = [_strategy(name, row, strategies, places, gestures, tables, numbers) for name, row in strategies.items()]
    return Playbook(
        np.array(rows, STRATEGY),
        np.array(tables.lists, LIST),
        np.array(tables.clauses, CLAUSE),
        np.array(tables.choices, CHOICE),
        np.array(tables.terms, TERM),
        np.array(list(_places(places, value_of)), PLACE),
    )


def _strategy(
    name: str,
    row: StrategyRow,
    strategies: Mapping[str, StrategyRow],
    places: Mapping[str, PlaceRow],
    gestures: Mapping[str, GestureRow],
    tables: _Tables,
    numbers: Mapping[str, int],
) -> tuple[Any, ...]:
    """One strategy as a record of type `STRATEGY`; its lists and clauses are added to the tables.

    Raises:
        RowError: if it is wrong.
    """
    above = f"strategies.{name}"
    _refuse_unused_number(above, row)
    lists, clauses = _read(above, row, gestures)
    place = _place_of(above, row, places)
    plan = _plan_of(above, row, lists, clauses, place, gestures)
    if plan in (Plan.PLACE, Plan.EVENT) and row.overhead_minutes >= row.session_minutes * tables.value_of(
        "usable_share"
    ):
        usable = f"usable_share leaves {row.session_minutes * tables.value_of('usable_share'):g} minutes of a session"
        raise RowError(f"{above}.overhead_minutes", f"is {row.overhead_minutes:g}; {usable}, so it must be less")
    if row.then and row.then not in strategies:
        raise RowError(f"{above}.then", _unknown("strategy", row.then, strategies))
    if row.then and row.for_days is None:
        raise RowError(f"{above}.then", f"{row.then} follows after for_days, which is not given")
    path = f"{above}.whom"
    try:
        of_lists = tables.add_lists(lists)
        path = f"{above}.what"
        of_clauses = tables.add_clauses(clauses)
    except ValueError as error:
        raise RowError(path, str(error)) from None
    return (
        plan,
        place,
        _weekdays(above, row),
        row.session_minutes,
        row.overhead_minutes,
        UNLIMITED if row.most_people is None else row.most_people,
        tables.value_of("plan_gap_days") if row.gap_days is None else row.gap_days,
        *of_lists,
        *of_clauses,
        tables.kinds.get(row.invite, NO_GESTURE),
        row.for_days or 0,
        numbers[row.then or "wait"],
        lists[0].source == Source.BY_HAND,
        numbers[name],
    )


def _refuse_unused_number(above: str, row: StrategyRow) -> None:
    found = row.unused_number()
    if found is not None:
        name, meant = found
        hint = f"did you mean {meant}?" if meant else f"write {{{name}}} where whom or what needs it"
        raise RowError(f"{above}.{name}", f"there is no such field, and no phrase names this number; {hint}")


def _read(above: str, row: StrategyRow, gestures: Mapping[str, GestureRow]) -> tuple[list[Whom], tuple[Clause, ...]]:
    """The lists and clauses of a strategy, read by the grammar.

    Raises:
        RowError: if a phrase is wrong.
    """
    if not row.lists:
        raise RowError(f"{above}.whom", "names no list; leave it out, or say whom")
    path = f"{above}.whom"
    if row.function and row.lists != (PEOPLE_THERE,):
        raise RowError(path, "the function says whom; leave it out")
    try:
        lists = [parsed_whom(BY_HAND if row.function else text, row.numbers) for text in row.lists]
        path = f"{above}.what"
        clauses = row.clauses(tuple(gestures))
        refuse_unreachable(lists, clauses)
    except ValueError as error:
        raise RowError(path, str(error)) from None
    return lists, clauses


def _number_of(what: str, name: str, known: Sequence[str]) -> int:
    if name not in known:
        raise ValueError(_unknown(what, name, known) if known else f'there is no {what} "{name}", and no other one')
    return known.index(name)


def _unknown(what: str, name: str, known: Mapping[str, Any] | Sequence[str]) -> str:
    close = nearest(name, known)
    return f'there is no {what} "{name}"; ' + (f'did you mean "{close}"?' if close else f"known are {', '.join(known)}")


def _place_of(above: str, row: StrategyRow, places: Mapping[str, PlaceRow]) -> int:
    known = [*PLACES, *places]
    if row.place and row.place not in known:
        raise RowError(f"{above}.place", _unknown("place", row.place, known))
    return known.index(row.place) + 1 if row.place else Place.NOWHERE


def _weekdays(above: str, row: StrategyRow) -> int:
    """The days with a session, as bits: the given ones, or `sessions` days spread evenly over the week."""
    if not row.weekdays:
        sessions = 7 if row.sessions is None else row.sessions
        return sum(1 << day for day in range(7) if (day * sessions) % 7 < sessions)
    if len(set(row.weekdays)) < len(row.weekdays):
        raise RowError(f"{above}.weekdays", "names a day twice")
    if row.sessions is not None:
        raise RowError(
            f"{above}.sessions", "the weekdays are given, and with them the number of sessions; keep one of the two"
        )
    return sum(1 << WEEKDAYS.index(day) for day in row.weekdays)


def _plan_of(
    above: str,
    row: StrategyRow,
    lists: Sequence[Whom],
    clauses: Sequence[Clause],
    place: int,
    gestures: Mapping[str, GestureRow],
) -> Plan:
    """How a strategy chooses people: it follows from its source, and from its place.

    Raises:
        RowError: if the fields of the row don't fit together.
    """
    source = lists[0].source
    if any(whom.source != source for whom in lists) or (len(lists) > 1 and source != Source.CONTACTS):
        raise RowError(f"{above}.whom", "only lists of contacts can be taken in turn")
    kinds = {kind for clause in clauses for kind, _ in clause.choices}
    plan = {
        Source.NOBODY: Plan.NOTHING,
        Source.FEED: Plan.FEED,
        Source.READERS: Plan.POSTS,
        Source.BY_HAND: Plan.LIST,
        Source.CONTACTS: Plan.EVENT if place == Place.EVENT else Plan.LIST,
        Source.PRESENT: Plan.PLACE,
    }[source]
    for problem in _misfits(row, plan, place, kinds, gestures):
        raise RowError(f"{above}.{problem[0]}", problem[1])
    return plan


def _misfits(
    row: StrategyRow, plan: Plan, place: int, kinds: set[str], gestures: Mapping[str, GestureRow]
) -> Iterator[tuple[str, str]]:
    """Fields that don't fit the plan of a strategy, each with what is wrong."""
    if plan == Plan.NOTHING:
        if row.what:
            yield "what", "whom is nobody, so nothing can be done; leave it out, or say whom"
        return
    if not row.what:
        yield "what", 'is missing; it says what to do, such as "message 0.7 or call"'
    if plan == Plan.PLACE and place == Place.NOWHERE:
        yield "whom", 'people there need a place; add place, or say whom, such as "ties, longest silent first"'
    if plan == Plan.PLACE and place == Place.EVENT:
        yield "whom", 'an event needs guests; say whom to invite, such as "ties, active"'
    if plan not in (Plan.PLACE, Plan.EVENT) and place != Place.NOWHERE:
        yield "place", 'does not fit whom, which does not meet people at a place; write whom = "people there"'
    if plan == Plan.EVENT and not (row.invite in gestures and gestures[row.invite].invites):
        inviting = [kind for kind, gesture in gestures.items() if gesture.invites]
        yield "invite", f"expected a gesture that invites: {', '.join(inviting)}"
    if plan != Plan.EVENT and row.invite:
        yield "invite", 'invitations need an event; write place = "event"'
    if (plan == Plan.POSTS) != (kinds == {POST}) or (plan != Plan.POSTS and POST in kinds):
        yield "what", 'readers of posts take only "post", and nobody else does'
    if row.session_minutes == 0 and "session_minutes" not in row.model_fields_set:
        yield (
            "session_minutes",
            "is missing; it says how many minutes the budget must cover before a session, such as 15",
        )
    if row.session_minutes <= 0 or row.overhead_minutes >= row.session_minutes:
        yield "session_minutes", f"must be above 0 and above overhead_minutes ({row.overhead_minutes:g})"


def _places(places: Mapping[str, PlaceRow], value_of: Callable[[str], Any]) -> Iterator[tuple[Any, ...]]:
    """The places as records of type `PLACE`: nowhere, the five of the essay, and added ones."""
    usual = {
        Place.NOWHERE: (Place.NOWHERE, 0.0, 0.0, 0, 1, 0),
        Place.HANGOUT: (
            Place.HANGOUT,
            value_of("hangout_attendance"),
            value_of("hangout_regulars"),
            0,
            1,
            value_of("hangout_meets"),
        ),
        Place.GROUP: (Place.GROUP, value_of("group_attendance"), 0.0, 0, 7, value_of("group_meets")),
        Place.EVENT: (Place.EVENT, 1.0, 0.0, 0, 1, value_of("event_meets")),
        Place.SHOW: (
            Place.SHOW,
            1.0,
            0.0,
            value_of("show_people"),
            value_of("show_every_days"),
            value_of("show_meets"),
        ),
        Place.MEETUP: (Place.MEETUP, 1.0, 0.0, 0, 1, value_of("meetup_meets")),
    }
    yield from usual.values()
    for name, row in places.items():
        base = Place[row.based_on.upper()]
        given = (row.attendance, row.regulars, row.people, row.every_days, row.meets)
        misplaced = {"attendance": base == Place.SHOW, "regulars": base != Place.HANGOUT, "people": base != Place.SHOW}
        for field, wrong in misplaced.items():
            if wrong and getattr(row, field) is not None:
                raise RowError(f"places.{name}.{field}", f"a place based on a {row.based_on} has no {field}")
        yield base, *(own if own is not None else known for own, known in zip(given, usual[base][1:], strict=True))


def stage_of(strategies: np.ndarray, strategy: int, elapsed: int) -> int:
    """The strategy that followers of one follow after this many days: each gives way to the next after its days.

    Args:
        strategies: type `STRATEGY`.
        strategy: the strategy with which they began.
        elapsed: days since then, from 0.
    """
    while 0 < strategies[strategy]["for_days"] <= elapsed:
        elapsed -= int(strategies[strategy]["for_days"])
        strategy = int(strategies[strategy]["then"])
    return strategy


def set_stages(strategies: np.ndarray, elapsed: int) -> None:
    """Set what the followers of each strategy follow today, this many days after they began, in place."""
    for strategy in np.flatnonzero(strategies["for_days"]):
        strategies[strategy]["today"] = stage_of(strategies, strategy, elapsed)  # type: ignore[arg-type]  # a NumPy integer


def own_copy(book: Playbook) -> Playbook:
    """A playbook whose stages an engine can set."""
    return book._replace(strategies=book.strategies.copy())


MOST_TAGS = 63  # a bit each


def tag_bits(tags: Mapping[str, Sequence[int | str]], count: int, names: np.ndarray | None) -> np.ndarray:
    """The tags of each person as bits, shape (count,), type i8; bit 0 is the first tag.

    Args:
        tags: the people of each tag: ids, or their names in the log from which the world was replayed.
        count: the number of people.
        names: these names, shape (count,) or less; None if the world has none.

    Raises:
        RowError: if there is no such person.
    """
    bits = np.zeros(count, np.int64)
    for bit, person in tagged(tags, count, names):
        bits[person] |= 1 << bit
    return bits


def tagged(tags: Mapping[str, Sequence[int | str]], count: int, names: np.ndarray | None) -> Iterator[tuple[int, int]]:
    """The number of each tag with the id of each person who has it; the arguments are those of `tag_bits`.

    Raises:
        RowError: if there is no such person.
    """
    known = {str(name): at for at, name in enumerate(() if names is None or not tags else names.tolist())}
    for bit, (tag, people) in enumerate(tags.items()):
        for one in people:
            row = known.get(one, -1) if isinstance(one, str) else one
            if not 0 <= row < count:
                raise RowError(f"tags.{tag}", f"there is no person {_quoted(one)}; {_who_there_is(one, count, known)}")
            yield bit, row


def _who_there_is(wanted: int | str, count: int, names: Mapping[str, int]) -> str:
    """The people whom a tag could have named instead."""
    if not isinstance(wanted, str):
        return f"the people are 0 to {count - 1:,}"
    if not names:
        return f"only people of a log have names, and these are 0 to {count - 1:,}"
    close = nearest(wanted, names)
    return f"did you mean {_quoted(close)}?" if close else "the log has nobody of this name"


def _quoted(person: int | str) -> str:
    return f'"{person}"' if isinstance(person, str) else str(person)
