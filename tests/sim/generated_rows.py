"""Strategies, gestures and places that Hypothesis puts together from the tables of the grammar.

Nothing here names a phrase, so that a phrase that somebody adds is used at once.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import strategies as st

import sim
from sim.model.gestures import KINDS, Channel
from sim.model.grammar import (
    MEASURED,
    NAMED,
    NOTHING,
    ORDERS,
    SOURCES,
    STATES,
    Fact,
    Source,
    parsed_what,
    parsed_whom,
    refuse_unreachable,
)
from sim.model.places import BASES
from sim.model.strategies import BY_HAND, WEEKDAYS
from sim.reference.records import Prompt

ADDED_KINDS = ("voice_memo", "parcel", "dinner")  # for each channel that a kind can fix, and one that invites
ADDED_PLACES = tuple(f"own_{base}" for base in BASES)
TAGS = {"family": [1, 4, 5, 9], "work": list(range(0, 30, 2))}
NAMES_OF = {Fact.MET_AT: ("hangout", *ADDED_PLACES), Fact.TAGGED: tuple(TAGS)}
NAMED_PHRASES = [f"{before} {name}" for before, fact in NAMED.items() for name in NAMES_OF[fact]]
WORDS = ("at least", "at most", "more than", "fewer than", "exactly", "")
# About the middle of what ties have in these worlds, so that conditions hold for some and fail for others.
MIDDLE = {
    Fact.SILENCE: 15, Fact.NO_ANSWER: 1, Fact.BIRTHDAY: 150, Fact.TWO_WAY: 2, Fact.UNANSWERED: 1, Fact.MUTUAL: 3,
    Fact.OPENNESS: 0.4, Fact.STRENGTH: 0.3, Fact.STANDING: 3,
}  # fmt: skip


@st.composite
def phrases(draw: st.DrawFn) -> str:
    """A condition, or its opposite."""
    text = draw(st.sampled_from([*STATES, *NAMED_PHRASES, *range(len(MEASURED))]))
    if isinstance(text, int):
        before, after, fact, _, _ = MEASURED[text]
        word = "" if before == "birthday within" else draw(st.sampled_from(WORDS))
        middle = MIDDLE.get(fact, 1)
        number = draw(st.sampled_from([0, middle, middle, 2 * middle])) if isinstance(middle, int) else middle
        text = " ".join(f"{before} {word} {number} {after}".split())
    return draw(st.sampled_from(["", "", "not "])) + text


def possible(draw: st.DrawFn, begin: str, join: str, read: Any) -> str:
    """A text with up to three more conditions, without those that cannot be met together."""
    text, count = begin, 0
    for phrase in draw(st.lists(phrases(), max_size=3)):
        longer = f"{text}{join if count else join.replace(' and ', ' if ')}{phrase}"
        try:
            read(longer)
        except ValueError:
            continue
        text, count = longer, count + 1
    return text


@st.composite
def whoms(draw: st.DrawFn, source: str) -> str:
    """Whom a strategy contacts, from this source."""
    text = possible(draw, source, ", ", lambda text: parsed_whom(text, {}))
    order = draw(st.sampled_from(["", *ORDERS])) if SOURCES[source][0] == Source.CONTACTS else ""
    return f"{text}, {order}" if order else text


@st.composite
def whats(draw: st.DrawFn) -> str:
    """Up to three clauses, of which all but the last have a condition."""
    parts = []
    kinds = [kind for kind in (*KINDS, *ADDED_KINDS, NOTHING) if kind != "post"]
    for _ in range(draw(st.integers(1, 3))):
        chosen = draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=3, unique=True))
        shares = [f"{kind} {share}" for kind, share in zip(chosen, (0.5, 0.25, 0.1), strict=False)]
        gestures = " or ".join([*shares[:-1], chosen[-1]])
        parts.append(possible(draw, gestures, " and ", lambda text: parsed_what(text, {}, kinds)))
    return ", else ".join([*(part for part in parts[:-1] if " if " in part), parts[-1]])


def is_reachable(row: dict[str, Any], what: str) -> bool:
    """Whether each clause can apply to somebody whom the row names."""
    lists = row["whom"] if isinstance(row["whom"], list) else [row["whom"]]
    try:
        clauses = parsed_what(what, {}, [*KINDS, *ADDED_KINDS], in_order=lists != [BY_HAND])
        refuse_unreachable([parsed_whom(text, {}) for text in lists], clauses)
    except ValueError:
        return False
    return True


@st.composite
def rows(draw: st.DrawFn) -> dict[str, Any]:
    """A strategy; its fields fit together."""
    source = draw(st.sampled_from([*SOURCES, *(name for name in SOURCES if SOURCES[name][0] == Source.CONTACTS)]))
    kind = SOURCES[source][0]
    row: dict[str, Any] = {"whom": draw(whoms(source)), "session_minutes": draw(st.sampled_from([5, 20, 60]))}
    if kind == Source.CONTACTS:
        more = st.sampled_from([name for name in SOURCES if SOURCES[name][0] == Source.CONTACTS]).flatmap(whoms)
        row["whom"] = [row["whom"], *draw(st.lists(more, max_size=2))]
        if draw(st.integers(0, 3)) == 0:
            row |= {"place": "event", "invite": draw(st.sampled_from(["invitation", "dinner"]))}
    if kind == Source.PRESENT:
        row["place"] = draw(st.sampled_from(["hangout", "group", "show", "meetup", *ADDED_PLACES, *ADDED_PLACES]))
    if kind == Source.NOBODY:
        return {"whom": row["whom"], "for_days": draw(st.integers(1, 6))}
    row["what"] = "post" if kind == Source.READERS else draw(whats().filter(lambda what: is_reachable(row, what)))
    optional: dict[str, st.SearchStrategy[Any]] = {
        "overhead_minutes": st.sampled_from([0, 1, 2]),
        "most_people": st.integers(1, 4),
        "gap_days": st.integers(0, 6),
        "for_days": st.integers(1, 6),
    }
    when = st.fixed_dictionaries({"sessions": st.integers(0, 7)}) | st.fixed_dictionaries(
        {"weekdays": st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=4, unique=True)}
    )
    return row | draw(st.fixed_dictionaries({}, optional=optional)) | draw(st.just({}) | when)


@st.composite
def gestures(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """The added kinds of gesture."""
    every = (*KINDS, *ADDED_KINDS)
    table: dict[str, dict[str, Any]] = {}
    for kind in ADDED_KINDS:
        changes = {
            "minutes": st.sampled_from([0.5, 2.0, 10.0]),
            "channel": st.sampled_from([None, *(channel.label for channel in Channel)]),
            "answered_with": st.sampled_from([None, *(kind for kind in every if kind != "post")]),
            "answered_at_once": st.booleans(),
            "worded": st.booleans(),
            "rung": st.integers(0, 4),
            "felt_risk": st.sampled_from([0.0, 2.0]),
        }
        base = draw(st.sampled_from(["message", "note", "call", "invitation", "conversation"]))
        table[kind] = {"based_on": base, **draw(st.fixed_dictionaries({}, optional=changes))}
        table[kind]["invites"] = kind == "dinner" or draw(st.booleans())
    return table


@st.composite
def places(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """A place of one's own on each base."""
    table = {}
    for name, base in zip(ADDED_PLACES, BASES, strict=True):
        own: dict[str, st.SearchStrategy[Any]] = {"every_days": st.integers(1, 4), "meets": st.integers(1, 5)}
        if base == "show":
            own["people"] = st.integers(1, 12)
        else:
            own["attendance"] = st.floats(0, 1)
        if base == "hangout":
            own["regulars"] = st.integers(1, 15)
        table[name] = {"based_on": base, **draw(st.fixed_dictionaries({}, optional=own))}
    return table


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    """Strategies, named s0, s1, …, that may follow on each other; gestures and places; all as parameters."""
    table = {f"s{number}": row for number, row in enumerate(draw(st.lists(rows(), min_size=2, max_size=4)))}
    for row in table.values():
        if "for_days" in row:
            row["then"] = draw(st.sampled_from([*table, *table, "check_in", "host_event", ""]))
    ladders = {f"{channel.label}_{kind}": st.floats(0, 3) for channel in list(Channel)[:3] for kind in ADDED_KINDS}
    return {
        "strategies": table,
        "gestures": draw(gestures()),
        "places": draw(places()),
        "tags": TAGS,
        "ladders": draw(st.fixed_dictionaries({}, optional=ladders)),
    }


def each_in_turn() -> list[dict[str, Any]]:
    """Tables in which every order, every condition and every place is used at least once."""
    usual = {"session_minutes": 5, "gap_days": 0}
    orders = [{"whom": f"everyone known, {order}", "what": "like", **usual} for order in ORDERS]
    numbers = [
        " ".join(f"{before} {'' if before == 'birthday within' else 'at least'} {MIDDLE[fact]} {after}".split())
        for before, after, fact, _, _ in MEASURED
    ]
    clauses = [f"like if {text}, else message" for text in (*STATES, *numbers, *NAMED_PHRASES) if text != "a stranger"]
    clauses += ["like if dormant, else nothing if active, else call", "like if dormant"]
    conditions = [{"whom": "everyone known", "what": what, **usual} for what in clauses]
    costly = {"session_minutes": 20, "overhead_minutes": 2, "gap_days": 0}
    sessions = [
        {"whom": "everyone known", "what": "call if time allows, else like", **costly},
        {"whom": "people in the feed", "what": "comment if time allows, else like", "most_people": 3, **costly},
        {"whom": "readers of posts", "what": "post", **costly},
        {"place": "hangout", "what": "smile", "session_minutes": 30},  # as well as the one below
        {"whom": "everyone known", "what": "like if met at hangout, else message", **usual},
        {"whom": "nobody", "for_days": 3, "then": "s0"},
    ]
    at_places = [
        {"place": place, "whom": "people there", "what": "hello if a stranger, else question", "session_minutes": 30}
        for place in ("hangout", "group", "show", "meetup", *ADDED_PLACES)
    ]
    event = {"whom": ["ties", "acquaintances"], "place": "event", "invite": "dinner", "what": "conversation"}
    event |= {"session_minutes": 60, "gap_days": 0}
    kinds = {kind: {"based_on": "message", "invites": kind == "dinner"} for kind in ADDED_KINDS}
    grounds = {name: {"based_on": base} for name, base in zip(ADDED_PLACES, BASES, strict=True)}
    return [
        {
            "strategies": {f"s{k}": row for k, row in enumerate(table)},
            "gestures": kinds,
            "places": grounds,
            "tags": TAGS,
        }
        for table in (orders, conditions, [*at_places, event], sessions, [sessions[3], at_places[0]])
    ]


# What a run exercised ---------------------------------------------------------------------------------------------

SEEN: Counter[str] = Counter()


class Watched(sim.Person):
    """A person who counts what the rows of their strategies exercise, in `SEEN`. The fast engine does the same bits."""

    def meets_all(self, terms: list[Any], prompt: Prompt, spare: float = 0.0) -> bool:
        """Count for each fact whether its condition held."""
        for term in terms:
            held = super().meets_all([term], prompt, spare)
            SEEN[f"{Fact(min(term.fact, max(Fact))).name} {'held' if held else 'failed'}"] += 1
        return super().meets_all(terms, prompt, spare)

    def contacts_on_list(self, wanted: Any, gap_days: int, prompt: Prompt) -> list[Any]:
        """Count the orders that sorted two or more."""
        named = super().contacts_on_list(wanted, gap_days, prompt)
        SEEN[f"{Fact(wanted.fact).name} {'largest' if wanted.sign < 0 else 'smallest'} first"] += len(named) > 1
        return named

    def contacts_in_turn(self, strategy: Any, prompt: Prompt) -> list[Any]:
        """Count lists that were taken in turn."""
        SEEN["in turn"] += len(strategy.lists) > 1
        return super().contacts_in_turn(strategy, prompt)

    def planned_kind(self, clauses: list[Any], prompt: Prompt, left: float) -> int | None:
        """Count the clauses that held, and those that did not."""
        kind = super().planned_kind(clauses, prompt, left)
        held = [self.meets_all_quietly(clause.terms, prompt) for clause in clauses]
        SEEN[f"clause {held.index(True)}" if True in held else "no clause"] += 1
        SEEN["no gesture"] += kind is None
        return kind

    def meets_all_quietly(self, terms: list[Any], prompt: Prompt) -> bool:
        """Whether all conditions hold, without counting."""
        return super().meets_all(terms, prompt, 1.0)

    def hold_session(self, prompt: Prompt, plan: Any) -> None:
        """Count sessions of a later stage."""
        strategy = self.model.strategy_today(plan)
        SEEN["later stage"] += strategy is not self.model.strategies[plan.strategy]
        SEEN[f"plan {strategy.plan}"] += 1
        super().hold_session(prompt, plan)

    def act_at_place(self, prompt: Prompt, plan: Any) -> None:
        """Count meetings at added places."""
        SEEN[f"place {prompt.place}"] += 1
        super().act_at_place(prompt, plan)


def expected_to_be_seen() -> set[str]:
    """All names that a sufficient number of runs counts."""
    conditions = {condition.fact for condition in STATES.values()} | {fact for _, _, fact, _, _ in MEASURED}
    conditions |= set(NAMED.values())
    names = {f"{fact.name} {how}" for fact in conditions for how in ("held", "failed")}
    names |= {
        f"{order.fact.name} {'largest' if order.largest_first else 'smallest'} first" for order in ORDERS.values()
    }
    names |= {"in turn", "later stage", "no clause", "no gesture", "clause 0", "clause 1", "clause 2"}
    names |= {f"plan {plan}" for plan in (1, 2, 3, 5)} | {f"place {place}" for place in range(1, 6 + len(ADDED_PLACES))}
    return names
