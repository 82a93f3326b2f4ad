"""The grammar of strategies: every phrase means what it reads, and what is not understood is refused with a hint."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import sim
from sim.model.gestures import KINDS
from sim.model.grammar import (
    LONGEST_SILENT,
    MEASURED,
    NAMED,
    NOTHING,
    ORDERS,
    SOURCES,
    STATES,
    Condition,
    Fact,
    Source,
    names_in,
    number_in,
    parsed_what,
    parsed_whom,
)
from sim.model.playbook import RowError
from sim.model.strategies import STRATEGIES
from tests.sim.model.closed_forms import quick

WORDS = {
    "at least": lambda value, limit: value >= limit,
    "more than": lambda value, limit: value > limit,
    "over": lambda value, limit: value > limit,
    "above": lambda value, limit: value > limit,
    "at most": lambda value, limit: value <= limit,
    "fewer than": lambda value, limit: value < limit,
    "less than": lambda value, limit: value < limit,
    "under": lambda value, limit: value < limit,
    "below": lambda value, limit: value < limit,
    "exactly": lambda value, limit: value == limit,
}
REAL = (Fact.OPENNESS, Fact.STRENGTH, Fact.STANDING)
numbers_of_ties = [row for row in MEASURED if row[0] != "birthday within"]


def condition(phrase: str, **numbers: float) -> Condition:
    """The condition that a phrase states, for people at a place, who may be strangers."""
    (clause,) = parsed_what(f"message if {phrase}", numbers, KINDS)
    (found,) = clause.conditions
    return found


def holds(found: Condition, value: float) -> bool:
    """Whether a condition without a named limit holds for a value; see `rules.meets`."""
    assert not isinstance(found.low, str)
    return (found.low <= value <= found.high) == found.holds


def understood(read: Callable[[], Any], refusal: str) -> Any:
    """What is read; None if it is refused in these words."""
    try:
        return read()
    except ValueError as error:
        message = str(error)
    assert re.search(refusal, message)
    return None


def written(number: float) -> str:
    return f"{number:.6f}".rstrip("0").rstrip(".")


def values_of(fact: Fact, least: float, most: float) -> st.SearchStrategy[float]:
    if fact in REAL:
        return st.integers(0, 1_000).map(lambda part: round(least + part / 1_000 * (min(most, 50) - least), 4))
    return st.integers(int(least), min(int(most), 400)).map(float)


@st.composite
def limits(draw: st.DrawFn) -> tuple[str, str, Fact, float, float, str]:
    """A kind of number, a limit, a value, and how the limit is put."""
    before, after, fact, least, most = draw(st.sampled_from(numbers_of_ties))
    words = sorted(set(WORDS) - ({"exactly"} if fact in REAL else set()))
    limit, value = draw(values_of(fact, least, most)), draw(values_of(fact, least, most))
    return before, after, fact, limit, draw(st.sampled_from([value, limit, limit + 1])), draw(st.sampled_from(words))


# What is understood -----------------------------------------------------------------------------------------------


def test_every_fact_can_be_a_condition_or_an_order() -> None:
    """And none is left out of the tables."""
    stated = {found.fact for found in STATES.values()} | {row[2] for row in MEASURED} | set(NAMED.values())
    assert stated | {order.fact for order in ORDERS.values()} == set(Fact)
    assert {source for source, _ in SOURCES.values()} == set(Source)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("order", ORDERS)
def test_every_source_and_order_is_read(source: str, order: str) -> None:
    """Only lists have an order; without one, the longest silent come first."""
    found = parsed_whom(source, {})
    assert (found.source, found.conditions) == SOURCES[source]
    assert found.order == LONGEST_SILENT
    if found.source == Source.CONTACTS:
        assert parsed_whom(f"{source}, {order}", {}).order == ORDERS[order]
    else:
        with pytest.raises(ValueError, match="takes no order"):
            parsed_whom(f"{source}, {order}", {})


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_read_and_so_is_its_opposite(state: str) -> None:
    assert condition(state) == STATES[state]
    opposite = condition(f"not {state}")
    assert (opposite.fact, opposite.low, opposite.high) == (STATES[state].fact, STATES[state].low, STATES[state].high)
    assert opposite.holds is not STATES[state].holds


@quick
@given(limits())
def test_a_number_is_meant_as_it_reads(given_limits: tuple[str, str, Fact, float, float, str]) -> None:
    """And "not" states exactly the opposite, also at the limit itself."""
    before, after, fact, limit, value, word = given_limits
    phrase = " ".join(f"{before} {word} {written(limit)} {after}".split())
    found = understood(lambda: condition(phrase), "never holds")
    if found is None:
        lowest = limit == 0 and word in ("fewer than", "less than", "under", "below")
        assert lowest or word in ("more than", "over", "above")
        return
    assert found.fact == fact
    assert holds(found, value) == WORDS[word](value, limit)
    opposite = understood(lambda: condition(f"not {phrase}"), "never holds")
    if opposite is None:  # it always holds, for values that the fact can have: an openness is at most 1
        assert holds(found, min(value, 1.0))
        return
    assert holds(opposite, value) != holds(found, value)
    if fact == Fact.NO_ANSWER and word in ("at most", "fewer than"):
        assert not holds(found, -1), "-1 is that no answer is awaited"


@quick
@given(limits(), st.integers(0, 9))
def test_ranges_and_other_ways_to_put_a_limit(
    given_limits: tuple[str, str, Fact, float, float, str], more: int
) -> None:
    """Ranges include both ends; tails are the same as words in front."""
    before, after, fact, limit, _, _ = given_limits
    low = written(limit)
    least, most = next(row[3:] for row in MEASURED if row[0] == before and row[1] == after)
    high = written(limit + more)
    if limit + more <= most and (more or fact not in REAL):
        for text in (f"{low} to {high}", f"between {low} and {high}", f"{low}-{high}", f"{low}–{high}"):
            assert condition(f"{before} {text} {after}") == Condition(fact, float(low), float(high))
    assert condition(f"{before} {low} or more {after}") == condition(f"{before} at least {low} {after}")
    assert condition(f"{before} {low} or fewer {after}") == condition(f"{before} at most {low} {after}")
    assert least <= limit <= most


def test_a_bare_number() -> None:
    """It is exact for counts, and for spells of silence it is the least."""
    assert condition("silent for 90 days") == condition("silent for at least 90 days")
    assert condition("no contact for 90 days") == condition("silent for 90 days")
    assert condition("no answer for 10 days") == Condition(Fact.NO_ANSWER, 10, math.inf)
    assert condition("3 two-way contacts") == Condition(Fact.TWO_WAY, 3, 3)
    assert condition("no unanswered gestures") == Condition(Fact.UNANSWERED, 0, 0)
    assert condition("birthday in 3 days") == Condition(Fact.BIRTHDAY, 3, 3)
    assert condition("birthday within 3 days") == Condition(Fact.BIRTHDAY, 0, 3)
    assert condition("birthday within 3 to 7 days") == Condition(Fact.BIRTHDAY, 3, 7)
    assert condition("1 mutual contact") == Condition(Fact.MUTUAL, 1, 1)
    assert condition("openness of at least .5") == condition("0.5 or more openness") == STATES["door open"]


@quick
@given(limits(), st.data())
def test_named_numbers_equal_written_ones(
    given_limits: tuple[str, str, Fact, float, float, str], data: st.DataObject
) -> None:
    before, after, _, limit, _, _ = given_limits
    name = data.draw(st.sampled_from(["x", "Days", "at_least_2", "n0"]))
    inner = data.draw(st.sampled_from([f"{{{name}}}", f"{{ {name} }}"]))
    text = f"{before} at least {inner} {after}"
    assert names_in(text) == {name}
    assert condition(text, **{name: limit}) == condition(f"{before} at least {written(limit)} {after}")


@quick
@given(
    phrase=st.sampled_from([*STATES, "silent for at least 30 days", "at most 2 unanswered gestures", "door open"]),
    data=st.data(),
)
def test_spaces_capitals_and_articles_do_not_matter(phrase: str, data: st.DataObject) -> None:
    filler = data.draw(st.sampled_from(["", "the ", "who are ", "is ", "are ", "with ", "with a "]))
    case = data.draw(st.sampled_from([str, str.upper, str.title]))
    gap = data.draw(st.sampled_from([" ", "  ", "\n    ", "\t", "\u00a0"]))
    negated = data.draw(st.sampled_from(["", "not "]))
    loose = gap.join(case(f"{filler}{negated}{phrase}").split())
    assert condition(loose) == condition(f"{negated}{phrase}")
    there = parsed_whom("people there", {})
    assert parsed_whom(f"{gap}The{gap}People There{gap}", {}) == there


def test_conditions_are_joined_by_commas_or_and() -> None:
    both = (STATES["door open"], condition("not dormant"))
    for text in ("door open, not dormant", "door open and not dormant", "door open, and not dormant"):
        assert parsed_whom(f"everyone known, {text}", {}).conditions == both
        assert parsed_what(f"message if {text}", {}, KINDS)[0].conditions == both


def test_clauses_are_joined_by_else() -> None:
    for join in (", else ", " else ", "; ", "; else ", ", otherwise ", " ELSE "):
        first, second = parsed_what(f"note if once strong{join}message 0.7 or call", {}, KINDS)
        assert first.choices == (("note", 1.0),)
        assert dict(second.choices) == {"message": 0.7, "call": pytest.approx(0.3)}


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("message 0.7 or call", {"message": 0.7, "call": 0.3}),
        ("message or call 0.3", {"message": 0.7, "call": 0.3}),
        ("message 70 % or call 30%", {"message": 0.7, "call": 0.3}),
        ("message {share} or call", {"message": 0.7, "call": 0.3}),
        ("like .2 or message .3 or call", {"like": 0.2, "message": 0.3, "call": 0.5}),
        ("message 0.25 or nothing", {"message": 0.25, NOTHING: 0.75}),
        ("message 1", {"message": 1}),
        ("message 0 or call", {"message": 0, "call": 1}),
    ],
)
def test_probabilities(text: str, shares: dict[str, float]) -> None:
    (clause,) = parsed_what(text, {"share": 0.7}, KINDS)
    assert dict(clause.choices) == pytest.approx(shares)


@quick
@given(st.lists(st.integers(1, 50), min_size=1, max_size=5))
def test_shares_add_up(parts: list[int]) -> None:
    """All of them written, or all but one."""
    kinds = KINDS[: len(parts)]
    shares = [part / sum(parts) for part in parts]
    whole = " or ".join(f"{kind} {share!r}" for kind, share in zip(kinds, shares, strict=True))
    open_ended = whole.rsplit(" ", 1)[0]
    for text in (whole, open_ended):
        found = dict(parsed_what(text, {}, KINDS)[0].choices)
        assert list(found.values()) == pytest.approx(shares)
        assert math.fsum(found.values()) == pytest.approx(1)


# What is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("whom", "message"),
    [
        ("", "must begin with one of"),
        ("tise", 'did you mean "ties"'),
        ("contacts", 'did you mean "everyone known"'),
        ("friends, dormant", 'did you mean "ties"'),
        ("dormant ties", 'did you mean "ties, dormant"'),
        ("strangers", 'did you mean "people there, a stranger"'),
        ("ties who are dormant", 'write a comma after "ties"'),
        ("ties,, dormant", "comma with nothing before or after"),
        ("ties, dormant,", "comma with nothing before or after"),
        ("ties, dromant", 'did you mean "dormant"'),
        ("ties, not not dormant", 'did you mean "dormant"'),
        ("ties, inactive", 'did you mean "not active"'),
        ("ties, birthday", 'did you mean "birthday today"'),
        ("ties, silent for 90", 'did you mean "silent for 90 days"'),
        ("ties, silent", 'did you mean "silent for at least 3 days"'),
        ("ties, silent for -5 days", 'did you mean "silent for'),
        ("ties, birthday within at least 3 days", 'did you mean "birthday within 3 days"'),
        ("ties, at most 2 unanswered gestures or more", 'did you mean "at most 2 unanswered gestures"'),
        ("ties, longest silent", 'did you mean "longest silent first"'),
        ("ties, random order", 'did you mean "in random order"'),
        ("ties, dormant or active", "write one clause or list for each"),
        ("ties and acquaintances", "write a list of texts"),
        ("ties, weakest first, dormant", "one order comes last"),
        ("ties, weakest first, strongest first", "one order comes last"),
        ("ties, oldest first", '"oldest first" is not a known order; known are "longest silent first", "sh'),
        ("ties, strongst first", 'is not a known order; did you mean "strongest first"?'),
        ("ties, silent for 90 to 30 days", "wrong order"),
        ("ties, silent for 20000 days", "from 0 to 16,383"),
        ("ties, at least 300 two-way contacts", "from 0 to 255"),
        ("ties, more than 255 two-way contacts", "never holds"),
        ("ties, fewer than 0 mutual contacts", "never holds"),
        ("ties, at least 2 strength", "from 0 to 1"),
        ("ties, 0.5 strength", 'write "at least" or "at most"'),
        ("ties, at least 2.5 two-way contacts", "whole number"),
        ("ties, silent for {nothing} days", "add nothing = … to the row"),
        ("ties, silent for {quiet_day} days", "did you mean {quiet_days}"),
        ("ties, silent for {infinite} days", "must be finite"),
        ("ties, {quiet_days}", "not a known condition"),
        ("{quiet_days}", "must begin with one of"),
        ("ties, time allows", "belongs in what"),
        ("nobody, dormant", "takes no conditions"),
        ("readers of posts, dormant", "takes no conditions"),
        ("ties, dormant, active", "never both dormant and active"),
        ("ties, dormant, not dormant", "contradict"),
        ("ties, once strong, not once strong", "contradict"),
        ("ties, an acquaintance", "contradict"),
        ("ties, at least 3 two-way contacts, at most 2 two-way contacts", "contradict"),
        ("ties, birthday today, birthday tomorrow", "contradict"),
        ("ties, silent for 9 days, not silent for at least 5 days", "contradict"),
        ("ties, they wrote last, I wrote last", "contradict"),
        ("acquaintances, dormant", "neither dormant nor active"),
        ("everyone known, a stranger", "a stranger is not one"),
        ("ties, not a contact", "a stranger is not one"),
        ("people in the feed, an acquaintance", "the feed shows ties, and an acquaintance is not one"),
        ("ties, they wrote last, no answer for 10 days", "an answer is missing exactly if I wrote last"),
        ("ties, not I wrote last, no answer for 10 days", "an answer is missing exactly if I wrote last"),
        ("ties, I wrote last, not no answer for 0 days", "an answer is missing exactly if I wrote last"),
        ("ties, met at hangout, met at show", "the last place where the two met, and there is only one"),
        ("ties, active, no two-way contacts", "an active tie has had at least one two-way contact"),
        ("ties, dormant, fewer than 1 two-way contacts", "a dormant tie has had at least one two-way contact"),
        ("ties, more than 1 two-way contacts, fewer than 2 two-way contacts", "contradict"),
        ("ties, not birthday within 364 days", "one of them never holds"),
        ("people there, a stranger, met at hangout", "a stranger is no tie"),
        ("people there, a stranger, dormant", "a stranger is no tie"),
        ("people there, a stranger, once strong", "a stranger is no tie"),
        ("people there, a stranger, no answer for 0 days", "a stranger is no tie"),
        ("ties, ٣ two-way contacts", "not a known condition"),
        ("ties, " + "dormant " * 500, "at most 1,000 can be read"),
    ],
)  # fmt: skip
def test_whom_is_refused_with_what_is_right(whom: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        parsed_whom(whom, {"quiet_days": 90.0, "infinite": math.inf})


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("", "is not a gesture"),
        ("mesage", 'did you mean "message"'),
        ("trade_off", "known are"),
        ("message or call", "all gestures but one"),
        ("message 0.7", '"or nothing"'),
        ("message 0.7 or call 0.4", "add up to 1.1"),
        ("message 1.5 or call", "from 0 to 1"),
        ("message {low} or call", "from 0 to 1"),
        ("message {nan} or call", "must be finite"),
        ("message {shares} or call", "did you mean {share}"),
        ("message 70 or call", "from 0 to 1"),
        ("0.7 message or call", 'did you mean "message"'),
        ("message 0.5 or message", "names message twice"),
        ("note, else call", "never applies"),
        ("nothing, else call", "never applies"),
        ("note if", "is not a gesture"),
        ("if dormant note", "is not a gesture"),
        ("note if dormant, else", "is not a known condition"),
        ("note if once strong, message", 'write "else message"'),
        ("note if once strong, message 0.7 or call", 'write "else message 0.7 or call"'),
        ("note if dormant or active", "write one clause"),
        ("note if longest silent first", "belongs in whom"),
        ("note if oldest first", "is not a known order; an order belongs in whom"),
        ("note if ties", "whom begins with it"),
        ("note if dormant and active", "never both"),
        ("hello if a stranger and dormant", "a stranger is no tie"),
        ("hello if a contact and a stranger", "contradict"),
        ("; call", "is not a gesture"),
        ("call if dormant, else message if dormant", '"message" never applies, because one of the clauses before it'),
        ("call if dormant, else like if not dormant, else message", '"message" never applies'),
        ("hello if a stranger, else call if a contact, else message", '"message" never applies'),
    ],
)
def test_what_is_refused_with_what_is_right(what: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        parsed_what(what, {"share": 0.7, "nan": math.nan, "low": -0.3}, KINDS)


PIECES = [
    *STATES, *SOURCES, *ORDERS, *KINDS, "ties,", ",", ", ", " and ", " or ", " if ", " else ", ", else ", ";", "not ",
    "at least ", "at most 2 ", "3", "0.5", "{x}", "{", "}", "{}", "{x", "x}", "%", "unanswered gestures", "silent for ",
    " days", "birthday within ", "\n", "é", "–", "no ", "between ", "(((", "*", ".", "\\", "1e9", "-1", "nothing", "٣",
]  # fmt: skip


@given(
    st.one_of(
        st.lists(st.sampled_from(PIECES), max_size=9).map("".join),
        st.lists(st.sampled_from(PIECES), max_size=9).map(" ".join),
        st.text(max_size=60),
    )
)
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing else is raised; what is read is within the ranges, and refusals say something."""
    for read in (lambda: parsed_whom(text, {"x": 2.0}), lambda: parsed_what(text, {"x": 0.5}, KINDS)):
        found = understood(read, ".{15}")
        if found is None:
            continue
        clauses = found if isinstance(found, tuple) else ()
        for clause in clauses:
            assert sum(share for _, share in clause.choices) == pytest.approx(1)
            assert all(0 <= share <= 1 + 1e-9 for _, share in clause.choices)
        for one in [*getattr(found, "conditions", ()), *(one for clause in clauses for one in clause.conditions)]:
            assert isinstance(one.low, str) or one.low <= one.high


@pytest.mark.parametrize(
    "text", ["ties" + ", a" * 300, "a " * 499, "x" * 1_000, "at least " * 100, "{" * 999, "the " * 249]
)
def test_long_texts_are_refused_at_once(text: str) -> None:
    """No pattern takes exponential time."""
    for read in (lambda: parsed_whom(f"ties, {text}"[:1_000], {}), lambda: parsed_what(text, {}, KINDS)):
        with pytest.raises(ValueError, match=r"."):
            read()


def test_number_in() -> None:
    assert number_in("2.5", {}) == 2.5
    assert number_in("{x}", {"x": 3}) == 3.0


# Rows -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_shipped_rows_are_read(name: str) -> None:
    """And so is each after a round trip through JSON."""
    row = STRATEGIES[name]
    again = type(row).model_validate_json(row.model_dump_json())
    assert [parsed_whom(text, row.numbers) for text in again.lists] == [
        parsed_whom(text, row.numbers) for text in row.lists
    ]
    assert again.clauses(KINDS) == row.clauses(KINDS)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"whom": "ties, dromant", "what": "call"}, 'strategies.mine.whom: "dromant" is not'),
        ({"whom": "ties", "what": "cal"}, "strategies.mine.what: there is no gesture"),
        ({"whom": [], "what": "call"}, "strategies.mine.whom: names no list"),
        ({"whom": ["ties", "people in the feed"], "what": "call"}, "only lists of contacts can be taken in turn"),
        ({"whom": ["people there", "people there"], "what": "call", "place": "hangout"}, "only lists of contacts"),
        ({"whom": "ties"}, "strategies.mine.what: is missing"),
        ({"whom": "nobody", "what": "call"}, "nothing can be done"),
        ({"what": "call"}, "people there need a place"),
        ({"whom": "ties", "what": "call", "place": "hangout"}, 'write whom = "people there"'),
        ({"whom": "ties", "what": "call", "place": "hangoutt"}, 'did you mean "hangout"'),
        ({"place": "event", "what": "call"}, "an event needs guests"),
        ({"whom": "ties", "what": "call", "place": "event"}, "expected a gesture that invites: invitation"),
        ({"whom": "ties", "what": "call", "invite": "invitation"}, 'write place = "event"'),
        ({"whom": "readers of posts", "what": "call"}, 'take only "post"'),
        ({"whom": "ties", "what": "post"}, 'take only "post"'),
        ({"whom": "ties", "what": "call", "session_minutes": 0}, "must be above 0"),
        (
            {"whom": "ties", "what": "call", "session_minutes": None},
            "strategies.mine.session_minutes: is missing; it says",
        ),
        ({"whom": "ties", "what": "call", "overhead_minutes": 15}, "above overhead_minutes"),
        ({"place": "hangout", "what": "hello", "session_minutes": 30, "overhead_minutes": 15}, "usable_share"),
        ({"whom": "ties", "what": "call", "then": "check_in"}, "for_days, which is not given"),
        ({"whom": "ties", "what": "call", "for_days": 5, "then": "chek_in"}, 'did you mean "check_in"'),
        ({"whom": "ties", "what": "call", "weekdays": ["mon", "mon"]}, "names a day twice"),
        ({"whom": "ties", "what": "call", "weekdays": ["mon"], "sessions": 1}, "keep one of the two"),
        ({"whom": "ties", "what": "call", "ahead": 3}, "no phrase names this number"),
        ({"whom": "ties", "what": "call", "most_peple": 3}, "did you mean most_people"),
        ({"whom": "ties", "what": "call", "basd_on": 3}, "did you mean based_on"),
        ({"whom": "ties, silent for {Quiet} days", "what": "call", "quiet": 3}, "no such field"),
        ({"whom": "ties", "what": "call if a stranger, else like"}, "a stranger is not one"),
        (
            {"whom": "ties, active", "what": "call if dormant, else like"},
            '"call" can apply to nobody whom whom names: a tie is never both dormant and active',
        ),
        (
            {"whom": ["ties, active", "acquaintances"], "what": "like if active, else note if dormant"},
            '"note" can apply to nobody whom whom names: a tie is never both dormant and active',
        ),
        (
            {"whom": "ties, silent for 90 days", "what": "call if silent for 10 to 30 days"},
            "nobody whom whom names can meet these conditions: they contradict each other",
        ),
        ({"based_on": "chek_in"}, 'did you mean "check_in"'),
    ],
)
def test_a_wrong_row_is_refused_at_its_field(row: dict[str, Any], message: str) -> None:
    base = {} if "based_on" in row else {"session_minutes": 15}
    given = {key: value for key, value in {**base, **row}.items() if value is not None}
    with pytest.raises(ValidationError, match=re.escape(message)):
        sim.Parameters(strategies={"mine": given})


@pytest.mark.parametrize("name", ["if", "or", "else", "and", "otherwise", "not", "nothing", "Voice", "x" * 41, ""])
def test_names_that_the_grammar_could_not_read_are_refused(name: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(f"gestures.{name}")):
        sim.Parameters(gestures={name: {"based_on": "message"}})


def test_a_row_error_has_its_path() -> None:
    error = RowError("strategies.x.what", "is missing")
    assert (error.path, error.problem, str(error)) == (
        "strategies.x.what",
        "is missing",
        "strategies.x.what: is missing",
    )


# Names of places and tags --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "fact"), NAMED.items())
def test_a_name_is_kept_and_its_opposite_is_its_opposite(before: str, fact: Fact) -> None:
    stated = parsed_whom(f"ties, {before} the gym", {}).conditions[-1]
    assert stated == Condition(fact, "gym")
    assert parsed_whom(f"ties, not {before} gym", {}).conditions[-1] == replace(stated, holds=False)
    with pytest.raises(ValueError, match="contradict"):
        parsed_whom(f"ties, {before} gym, not {before} gym", {})
    with pytest.raises(ValueError, match="is not a known condition"):
        parsed_whom(f"ties, {before}", {})
