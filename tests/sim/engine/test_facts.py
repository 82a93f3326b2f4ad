"""Every fact about a tie, on both engines, against NumPy on the arrays of a world; and the lists that follow."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numba
import numpy as np
import pytest

import sim
from sim.engine.day import Core
from sim.engine.facts import contacts_in_turn, fact_of, meets_all
from sim.model.gestures import Channel
from sim.model.grammar import MEASURED, ORDERS, STATES, Fact, Order, parsed_whom
from sim.reference.records import Prompt
from sim.run import begin
from sim.state.population import NOBODY, PROMPT, World

pytestmark = pytest.mark.any_python

SEED = 7
EVENT_KEY = 12_345
SPARE = 4.25
LISTS = {
    "dormant, and others": ("ties, dormant", "ties, not dormant"),
    "overlapping": ("ties, weakest first", "ties, strongest first"),
    "three": ("acquaintances", "ties, once strong", "everyone known, in random order"),
}


def _numbered() -> list[str]:
    """Conditions with numbers of a middling size, so that they hold for some ties and fail for others."""
    middle = {
        Fact.SILENCE: "20", Fact.NO_ANSWER: "4", Fact.BIRTHDAY: "120", Fact.TWO_WAY: "2", Fact.UNANSWERED: "1",
        Fact.MUTUAL: "5", Fact.OPENNESS: "0.3", Fact.STRENGTH: "0.2", Fact.STANDING: "3",
    }  # fmt: skip
    phrases = []
    for before, after, fact, _, _ in MEASURED:
        word = "" if before == "birthday within" else "at least"
        phrases.append(" ".join(f"{before} {word} {middle[fact]} {after}".split()))
    return phrases


# Conditions that a contact may meet.
CONDITIONS = [state for state in STATES if state not in ("a stranger", "time allows")] + _numbered()


TAGGED = list(range(1, 60, 2))


@cache
def parameters() -> sim.Parameters:
    """A strategy for each condition, its opposite and each order, and some with several lists."""
    rows: dict[str, Any] = {}
    for number, condition in enumerate(CONDITIONS):
        rows[f"if_{number}"] = {"whom": f"everyone known, {condition}"}
        if condition != "a contact":
            rows[f"unless_{number}"] = {"whom": f"everyone known, not {condition}"}
    for number, order in enumerate(ORDERS):
        rows[f"order_{number}"] = {"whom": f"everyone known, {order}"}
    for number, lists in enumerate(LISTS.values()):
        rows[f"lists_{number}"] = {"whom": lists, "gap_days": 0}
    for row in rows.values():
        row.update(what="message", session_minutes=15)
    return sim.Parameters(
        strategies=rows, community_size=20, industries=3, ties_at_start=14, group_members=6, dormant_after_days=30,
        tags={"a": [0, 9], "b": TAGGED}, effort_minutes=240, unanswered_half_life=60, once_strong=3, dormant_contacts=1,
    )  # fmt: skip


@cache
def weeks() -> tuple[World, dict[frozenset[int], int]]:
    """Some weeks in which many write to many, so that every fact differs between ties; and where pairs met last."""
    start = sim.worlds.generated(people=60, burn_in_years=0, seed=SEED, parameters=parameters(), cache=False)
    mixture = {"check_in": 0.4, "show_up": 0.3, "engage_regularly": 0.3}
    run = sim.Simulation(start, strategy=mixture, adopters=30, seed=SEED)
    met = {}
    for _ in range(45):
        met |= {frozenset((int(one["low"]), int(one["high"]))): int(one["place"]) for one in run.step().met}
    return run.world(), met


def world() -> World:
    return weeks()[0]


@pytest.fixture(scope="module")
def core() -> Core:
    numba.set_num_threads(1)
    return Core(begin(world(), strategy="check_in", adopters=60, seed=SEED)[0], seed=SEED)


@pytest.fixture(scope="module")
def model() -> sim.ReconnectionModel:
    return sim.ReconnectionModel(world=world(), strategy="check_in", adopters=60, seed=SEED)


# The facts from the arrays of the world ---------------------------------------------------------------------------


def tie_of(person: int, other: int) -> Any:
    """A person's tie to another; None between strangers."""
    first, slots = world().people[person][["first", "slots"]]
    block = world().ties[first : first + slots]
    found = block[block["other"] == other]
    return found[0] if len(found) else None


def own_ties(person: int) -> set[int]:
    """To whom a person has a tie; acquaintances don't count."""
    first, slots = world().people[person][["first", "slots"]]
    block = world().ties[first : first + slots]
    return set(block["other"][(block["other"] != NOBODY) & (block["acquaintance"] == 0)].tolist())


def expected(fact: Fact, person: int, other: int) -> float:
    """A fact by its definition."""
    people, today, p = world().people, world().day, parameters()
    tie, one, two = tie_of(person, other), people[person], people[other]
    if fact == Fact.KNOWN:
        return float(tie is not None)
    if fact == Fact.MINUTES_TO_SPARE:
        return SPARE
    if fact == Fact.BIRTHDAY:
        return float(next(days for days in range(365) if (today + days) % 365 == two["birthday"]))
    if fact in (Fact.SAME_COMMUNITY, Fact.SAME_INDUSTRY, Fact.SAME_GROUP):
        name = fact.name.removeprefix("SAME_").lower()
        return float(one[name] == two[name])
    if fact == Fact.MUTUAL:
        return float(len(own_ties(person) & own_ties(other)))
    if fact == Fact.TAGGED:
        return float(other in (0, 9))
    if tie is None:
        return -1.0 if fact == Fact.NO_ANSWER else 0.0
    silent = today - int(tie["last_contact"])
    since_two_way, since_sent = today - int(tie["last_two_way"]), today - int(tie["last_sent"])
    waiting = tie["last_sent"] > tie["last_received"]
    powers = sum(
        p.packed["kernel"][b] * tie["traces"][b] * 0.5 ** ((silent + 1) / 5**b) for b in range(len(tie["traces"]))
    )
    is_tie, ever = not tie["acquaintance"], int(tie["two_way"])
    return float({
        Fact.ACQUAINTANCE: tie["acquaintance"],
        Fact.DORMANT: is_tie and ever >= p.dormant_contacts and since_two_way >= p.dormant_after_days,
        Fact.ACTIVE: is_tie and ever > 0 and since_two_way < p.dormant_after_days,
        Fact.STANDING: tie["traces"][-1] * 0.5 ** (silent / 3_125),
        Fact.SILENCE: silent,
        Fact.TWO_WAY: ever,
        Fact.TURN: np.sign(int(tie["last_received"]) - int(tie["last_sent"])),
        Fact.UNANSWERED: math.floor(tie["unanswered"] * 0.5 ** (since_sent / p.unanswered_half_life) + 0.5),
        Fact.NO_ANSWER: since_sent if waiting else -1,
        Fact.OPENNESS: tie["openness"] * 0.5 ** ((today - int(tie["opened"])) / p.openness_half_life),
        Fact.STRENGTH: powers / (powers + p.half_strength),
        Fact.MET_AT: weeks()[1].get(frozenset((person, other)), 0),
    }[fact])  # fmt: skip


def prompt_of(person: int, other: int) -> Any:
    """A prompt about another person, for the fast engine."""
    prompt = np.zeros(1, PROMPT)[0]
    first, slots = world().people[person][["first", "slots"]]
    found = np.flatnonzero(world().ties["other"][first : first + slots] == other)
    prompt["person"], prompt["other"], prompt["event_key"] = person, other, EVENT_KEY
    prompt["slot"] = found[0] if len(found) else NOBODY
    return prompt


PAIRS = [(person, (person + step) % 60) for person in range(0, 60, 4) for step in (1, 2, 3, 5, 8, 21, 34)]


@pytest.mark.parametrize("fact", [fact for fact in Fact if fact != Fact.DRAW], ids=lambda fact: fact.name.lower())
def test_a_fact_is_its_definition(fact: Fact, core: Core, model: sim.ReconnectionModel) -> None:
    """On both engines, the same to the last bit, for ties, acquaintances and strangers; and it differs between them."""
    seen = set()
    for person, other in PAIRS:
        value = fact_of(core.state, int(fact), prompt_of(person, other), SPARE, core.day, core.seed)
        prompt = Prompt(0, EVENT_KEY, model.people[other], Channel.PRIVATE)
        assert value == model.people[person].fact(int(fact), prompt, SPARE)
        assert value == pytest.approx(expected(fact, person, other), rel=1e-5, abs=1e-9), (person, other)
        seen.add(value)
    assert len(seen) > 1 or fact == Fact.MINUTES_TO_SPARE


def test_each_tag_is_a_fact(core: Core, model: sim.ReconnectionModel) -> None:
    for person, other in PAIRS:
        second = Fact.TAGGED + 1
        prompt = Prompt(0, EVENT_KEY, model.people[other], Channel.PRIVATE)
        value = fact_of(core.state, second, prompt_of(person, other), SPARE, core.day, core.seed)
        assert value == model.people[person].fact(second, prompt, SPARE) == (other in TAGGED)


def test_random_orders_are_draws_of_their_own(core: Core, model: sim.ReconnectionModel) -> None:
    """One for each day, person, contact and session."""
    draws = []
    for day in (core.day, core.day + 1):
        for person, other in PAIRS:
            prompt = prompt_of(person, other)
            draws.append(fact_of(core.state, int(Fact.DRAW), prompt, 0.0, day, core.seed))
            prompt["event_key"] += 1
            draws.append(fact_of(core.state, int(Fact.DRAW), prompt, 0.0, day, core.seed))
    assert len(set(draws)) == len(draws)
    assert np.mean(draws) == pytest.approx(0.5, abs=0.1)
    first = Prompt(0, EVENT_KEY, model.people[PAIRS[0][1]], Channel.PRIVATE)
    assert draws[0] == model.people[PAIRS[0][0]].fact(int(Fact.DRAW), first)


# Lists ------------------------------------------------------------------------------------------------------------


def rank(order: Order, person: int, other: int, core: Core) -> float:
    """Where an order puts a contact, smallest first; as a 32-bit number, like the lists."""
    value = fact_of(core.state, int(order.fact), prompt_of(person, other), 0.0, core.day, core.seed)
    return float(np.float32(-value if order.largest_first else value))


def on_list(text: str, person: int, gap_days: int, core: Core) -> list[int]:
    """Ids of the contacts on a list, by definition."""
    whom = parsed_whom(text, {})
    first, slots = world().people[person][["first", "slots"]]
    block = world().ties[first : first + slots]
    found = []
    for tie in block[block["other"] != NOBODY]:
        other = int(tie["other"])
        met = True
        for condition in whom.conditions:
            low = getattr(parameters(), condition.low) if isinstance(condition.low, str) else condition.low
            value = expected(condition.fact, person, other)
            met &= (low <= value <= condition.high) == condition.holds
        if met and world().day - tie["planned"] >= gap_days:
            found.append(other)
    return sorted(found, key=lambda other: (rank(whom.order, person, other, core), other))


def in_turn(lists: list[list[int]]) -> list[int]:
    """One of each list in turn, each once."""
    rows = [row[at] for at in range(max(map(len, lists))) for row in lists if at < len(row)]
    return list(dict.fromkeys(rows))


@pytest.mark.parametrize("name", [name for name in parameters().strategy_names if "_" in name and name[-1].isdigit()])
def test_a_list_names_those_who_meet_its_conditions_in_its_order(
    name: str, core: Core, model: sim.ReconnectionModel
) -> None:
    """On both engines; of several lists, one person of each in turn. Some are named, and mostly some are not."""
    row, number = parameters().strategies[name], parameters().strategy_names.index(name)
    gap = parameters().plan_gap_days if row.gap_days is None else row.gap_days
    named = others = 0
    for person in range(0, 60, 7):
        wanted = in_turn([on_list(text, person, gap, core) for text in row.lists])
        prompt = prompt_of(person, person)
        slots = contacts_in_turn(core.state, core.state.strategies[number], prompt, core.day, core.seed)
        first = core.state.people[person]["first"]
        assert core.state.ties["other"][first + slots].tolist() == wanted
        about = Prompt(0, EVENT_KEY, None, Channel.PRIVATE)
        mesa = model.people[person].contacts_in_turn(model.strategies[number], about)
        assert [tie.other.id for tie in mesa] == wanted
        named, others = named + len(wanted), others + len(model.people[person].ties) - len(wanted)
    assert named > 0 or "tomorrow" in row.lists[0] or "today" in row.lists[0]
    assert others > 0 or not name.startswith("if")


def test_conditions_hold_together(core: Core) -> None:
    """All of them: with a second condition, those remain who meet both."""
    book = core.parameters.playbook
    rows = {name: number for number, name in enumerate(core.parameters.strategy_names)}
    for person, other in PAIRS:
        prompt = prompt_of(person, other)
        for name in ("check_in", "handwritten_notes", f"if_{CONDITIONS.index('dormant')}"):
            wanted = book.lists[book.strategies[rows[name]]["first_list"]]
            terms = range(wanted["first_term"], wanted["first_term"] + wanted["terms"])
            alone = [meets_all(core.state, term, 1, prompt, 0.0, core.day, core.seed) for term in terms]
            together = meets_all(
                core.state, int(wanted["first_term"]), int(wanted["terms"]), prompt, 0.0, core.day, core.seed
            )
            assert together == all(alone)
