"""The examples of docs/strategies.md do what they say, with the same bits on both engines."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim
import sim.model.functions
from sim.model import grammar, rules
from sim.model.chance import Occasion
from sim.state.population import NEVER, NOBODY
from tests.conftest import ROOT
from verification.golden import log

CONFIG = tomllib.loads((ROOT / "configs" / "own_strategies.toml").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "strategies.md").read_text(encoding="utf-8")
ARMS = [name for name in CONFIG["sweep"]["strategies"] if name not in sim.strategies.STRATEGIES]
DAYS, ADOPTERS = 30, range(0, 60, 3)


def lively(**tables: Any) -> sim.Parameters:
    numbers = {"effort_minutes": 200, "ties_at_start": 25, "community_size": 30, "industries": 2, "routine_rate": 0.2}
    return sim.Parameters(**tables, **numbers)


@cache
def parameters() -> sim.Parameters:
    return lively(**{table: CONFIG[table] for table in ("strategies", "gestures", "places")})


@cache
def world() -> sim.World:
    return sim.worlds.generated(people=60, burn_in_years=0.5, seed=2, parameters=parameters(), cache=False)


class Planned:
    """A planned gesture, with the tie of its sender on that morning."""

    def __init__(self, morning: sim.World, day: int, gesture: np.void) -> None:
        self.day, self.elapsed = morning.day, day
        self.kind = parameters().kinds[gesture["kind"]]
        self.sender, self.receiver = (morning.people[gesture[side]] for side in ("sender", "receiver"))
        first = self.sender["first"]
        own = morning.ties[first : first + self.sender["slots"]]
        found = np.flatnonzero(own["other"] == gesture["receiver"])
        self.tie = own[found[0]] if len(found) else None

    @property
    def openness(self) -> float:
        return float(rules.openness_now(self.tie["openness"], self.day - self.tie["opened"], parameters().packed))


@cache
def made_by(name: str) -> list[Planned]:
    return list(planned(name))


def planned(name: str) -> Iterator[Planned]:
    """The planned gestures of the followers of a strategy, day by day.

    At a place, people whom a follower meets may respond spontaneously, followers too; so each follower is alone there.
    """
    at_place = bool(parameters().strategies[name].place)
    for adopters in [[one] for one in ADOPTERS[::4]] if at_place else [list(ADOPTERS)]:
        run = sim.Simulation(world(), strategy=name, adopters=adopters, seed=3)
        occasion = Occasion.MEETING if at_place else Occasion.PLAN
        for day in range(DAYS):
            morning = run.world()
            sent = run.step().sent
            own = (sent["event_key"] >> 24 == occasion) & (sent["parent_day"] == NEVER)
            for gesture in sent[own & np.isin(sent["sender"], adopters) & (sent["receiver"] != NOBODY)]:
                yield Planned(morning, day, gesture)


def near_birthday(one: Planned) -> bool:
    return one.kind == "call" and (one.receiver["birthday"] - one.day) % 365 <= 3


def they_wrote_last(one: Planned) -> bool:
    return one.kind == "call" and one.tie["last_received"] > one.tie["last_sent"]


def likes_before_messages(one: Planned) -> bool:
    return one.kind == ("like" if one.elapsed < 21 else "message")


def not_after_two_silences(one: Planned) -> bool:
    tries = rules.unanswered_now(one.tie["unanswered"], one.day - one.tie["last_sent"], parameters().packed)
    return bool(tries < 1.5)


def notes_to_strong_ties(one: Planned) -> bool:
    standing = rules.standing(one.tie["traces"], one.day - one.tie["last_contact"])
    return (one.kind == "note") == (standing >= parameters().once_strong) and one.kind in ("note", "like")


def memos_through_open_doors(one: Planned) -> bool:
    return one.day % 7 in (5, 6) and one.kind == ("voice_memo" if one.openness >= 0.5 else "like")


def calls_after_silence(one: Planned) -> bool:
    waits = one.tie["last_sent"] > one.tie["last_received"] and one.day - one.tie["last_sent"] >= 10
    return one.kind == ("call" if waits else "message")


def of_the_industry(one: Planned) -> bool:
    return bool(one.sender["industry"] == one.receiver["industry"]) and one.kind in ("hello", "conversation")


CHECKS: dict[str, Callable[[Planned], Any]] = {
    "birthday_calls": near_birthday,
    "call_back": they_wrote_last,
    "warm_up": likes_before_messages,
    "gentle_check_in": not_after_two_silences,
    "notes_and_likes": notes_to_strong_ties,
    "weekend_memos": memos_through_open_doors,
    "follow_up": calls_after_silence,
    "gym": of_the_industry,
}


def test_each_example_has_a_check_and_a_row_in_the_page() -> None:
    assert list(CHECKS) == ARMS
    for name in CHECKS:
        assert f"| `{name}` |" in PAGE


@pytest.mark.parametrize("name", ARMS)
def test_an_example_does_what_it_says(name: str) -> None:
    made = made_by(name)
    assert len(made) > 5
    assert [one.kind for one in made if not CHECKS[name](one)] == []


def test_examples_use_all_of_their_gestures() -> None:
    wanted = {"warm_up": 2, "notes_and_likes": 2, "weekend_memos": 2, "follow_up": 2, "gym": 2}
    assert {name: len({one.kind for one in made_by(name)}) for name in wanted} == wanted


@pytest.mark.parametrize("name", ARMS)
def test_an_example_has_the_same_bits_on_both_engines(name: str) -> None:
    fast = sim.simulate(world(), days=DAYS, strategy=name, adopters=list(ADOPTERS), seed=3)
    model = sim.ReconnectionModel(world=world(), strategy=name, adopters=list(ADOPTERS), seed=3)
    for _ in range(DAYS):
        model.step()
    assert model.to_world().differences(fast.world) == []
    assert model.measures().scalars == pytest.approx(fast.measures.scalars, nan_ok=True, rel=0, abs=0)


def test_the_page_names_every_phrase_and_field() -> None:
    text = re.sub(r"\s+", " ", PAGE.replace("| ", ", "))
    phrases = [
        *grammar.SOURCES,
        *grammar.STATES,
        *grammar.ORDERS,
        *grammar.NAMED,
        *sim.strategies.StrategyRow.model_fields,
    ]
    own_names = {"whom", "what", "essay", "meaning", "source"}
    assert [phrase for phrase in phrases if phrase not in text and phrase not in own_names] == []


FUNCTION = """
import sim
import sim.model.functions

@sim.strategies.function
def write_back(me, ties):
    for tie in ties:
        if tie.turn == 1 and tie.strength > 0.1 * me.sociability:
            tie.clause = 0 if tie.draw < 0.5 else 1
            tie.priority = tie.silence
        elif tie.mutual > 3 and me.draw < 0.3:
            tie.priority = 5  # without a clause, the tie is left out
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("functions") / "mine.py"
    path.write_text(FUNCTION, encoding="utf-8")
    return path


def with_function(path: Path, **row: Any) -> sim.Parameters:
    rows = {"write_back": {"function": f"{path}:write_back", "what": "message; call", "session_minutes": 15, **row}}
    return lively(strategies=rows)


def test_a_function_has_the_same_bits_on_both_engines_and_writes_back_to_the_longest_silent(written: Path) -> None:
    own = with_function(written)
    run = sim.Simulation(world(), strategy="write_back", adopters=list(ADOPTERS), seed=3, parameters=own)
    model = sim.ReconnectionModel(world=world(), strategy="write_back", adopters=list(ADOPTERS), seed=3, parameters=own)
    made = set()
    for _ in range(DAYS):
        morning = run.world()
        sent = run.step().sent
        model.step()
        for gesture in sent[(sent["event_key"] >> 24 == Occasion.PLAN) & (sent["parent_day"] == NEVER)]:
            one = Planned(morning, 0, gesture)
            made.add(one.kind)
            assert one.tie["last_received"] > one.tie["last_sent"]
    assert made == {"message", "call"}
    assert model.to_world().differences(run.world()) == []


def test_a_function_given_as_an_object_is_the_one_in_its_file(written: Path) -> None:
    by_text = with_function(written)
    module = sim.model.functions.load(by_text.strategies["write_back"].function)
    by_object = with_function(written, function=module)
    assert by_object.strategies["write_back"].function == f"{written}:write_back"


def test_the_source_of_a_function_is_part_of_what_identifies_a_run(written: Path, tmp_path: Path) -> None:
    same, other = tmp_path / "mine.py", tmp_path / "other.py"
    same.write_text(FUNCTION, encoding="utf-8")
    other.write_text(FUNCTION.replace("0.5", "0.6"), encoding="utf-8")
    usual, copied, changed = (with_function(path).identity(["write_back"]) for path in (written, same, other))
    assert usual == copied != changed
    assert with_function(other).identity(["check_in"]) == with_function(written).identity(["check_in"])


def test_named_by_hand_people_take_time_and_courage() -> None:
    rows = {"by_hand": {"whom": "people named by hand", "what": "message; call", "session_minutes": 15}}
    own = sim.Parameters(strategies=rows, effort_minutes=100)
    start = sim.worlds.generated(people=60, burn_in_years=0.5, seed=2, parameters=own, cache=False)
    run = sim.Simulation(start, strategy="by_hand", adopters=[3], seed=3)
    minutes = 0.0
    for day in range(DAYS):
        named = run.known_to(3)[:6]
        for other in named:
            run.order(3, int(other), clause=day % 2)
        sent = run.step().sent
        mine = sent[(sent["sender"] == 3) & (sent["event_key"] >> 24 == Occasion.PLAN) & (sent["parent_day"] == NEVER)]
        assert set(mine["receiver"]) <= set(named)
        assert {own.kinds[kind] for kind in mine["kind"]} <= {("message", "call")[day % 2]}
        minutes += own.packed["minutes"][mine["kind"]].sum()
    scalars = run.measures().scalars
    assert minutes > 0
    assert scalars["minutes_used"] == pytest.approx(minutes + scalars["minutes_lost"])
    assert scalars["minutes_used"] <= scalars["minutes_planned"]


def test_orders_that_cannot_be_are_refused() -> None:
    rows = {"by_hand": {"whom": "people named by hand", "what": "message; call", "session_minutes": 15}}
    own = sim.Parameters(strategies=rows)
    start = sim.worlds.generated(people=60, burn_in_years=0, seed=2, parameters=own, cache=False)
    run = sim.Simulation(start, strategy="by_hand", adopters=[3], seed=3)
    known = int(run.known_to(3)[0])
    stranger = next(other for other in range(60) if other != 3 and other not in run.known_to(3))
    for order, words in (((4, known), "no strategy"), ((3, stranger), "doesn't know"), ((3, known, 2), "0 to 1")):
        with pytest.raises(ValueError, match=words):
            run.order(*order)
    run.order(3, known)
    with pytest.raises(ValueError, match="already"):
        run.order(3, known, clause=1)


def test_a_copy_of_a_run_has_its_orders() -> None:
    rows = {"by_hand": {"whom": "people named by hand", "what": "message", "session_minutes": 1}}
    own = sim.Parameters(strategies=rows, effort_minutes=500, follow_through=10)
    start = sim.worlds.generated(people=60, burn_in_years=0, seed=2, parameters=own, cache=False)
    run = sim.Simulation(start, strategy="by_hand", adopters=[3], seed=3)
    run.step()
    for other in run.known_to(3)[:5]:
        run.order(3, int(other))
    twin, changed = run.twin(), run.twin()
    changed.change(sim.Parameters(**{**own.model_dump(), "load_scale": 26.0}))
    sent = [{tuple(one) for one in each.step().sent[["sender", "receiver", "event_key"]]} for each in (run, twin)]
    assert sent[0] == sent[1]
    assert sum(sender == 3 for sender, _, _ in sent[0]) >= 5
    assert (changed.step().sent["sender"] == 3).sum() >= 5


# Tags, and where people met ------------------------------------------------------------------------------------------

TAGGED = (5, 11, 23, 24, 37, 38, 41, 52)


@cache
def tagged() -> sim.Parameters:
    rows = {
        "ask_investors": {
            "whom": "everyone known, tagged investors", "what": "call if not tagged family, else message",
            "session_minutes": 15,
        },
        "hangout_first": {"place": "hangout", "what": "hello", "session_minutes": 30, "for_days": 20, "then": "later"},
        "later": {"whom": "everyone known, met at hangout", "what": "message", "session_minutes": 15},
    }  # fmt: skip
    return lively(strategies=rows, tags={"family": [5, 38], "investors": list(TAGGED)})


@pytest.mark.parametrize("name", ["ask_investors", "hangout_first"])
def test_tags_and_places_have_the_same_bits_on_both_engines(name: str) -> None:
    how: dict[str, Any] = {"strategy": name, "adopters": list(ADOPTERS), "seed": 3, "parameters": tagged()}
    fast = sim.simulate(world(), days=2 * DAYS, **how)
    model = sim.ReconnectionModel(world=world(), **how)
    for _ in range(2 * DAYS):
        model.step()
    assert model.to_world().differences(fast.world) == []


def test_only_people_with_the_tag_are_contacted_each_with_their_gesture() -> None:
    run = sim.Simulation(world(), strategy="ask_investors", adopters=list(ADOPTERS), seed=3, parameters=tagged())
    kinds: dict[int, set[str]] = defaultdict(set)
    for _ in range(DAYS):
        sent = run.step().sent
        for gesture in sent[(sent["event_key"] >> 24 == Occasion.PLAN) & (sent["parent_day"] == NEVER)]:
            kinds[int(gesture["receiver"])].add(tagged().kinds[gesture["kind"]])
    assert set(kinds) == set(TAGGED)
    assert all(found == ({"message"} if one in (5, 38) else {"call"}) for one, found in kinds.items())


def test_a_list_of_those_met_at_a_place_has_nobody_else() -> None:
    run = sim.Simulation(world(), strategy="hangout_first", adopters=list(ADOPTERS), seed=3, parameters=tagged())
    met: set[frozenset[int]] = set()
    contacted = 0
    for day in range(2 * DAYS):
        record = run.step()
        met |= {frozenset((int(pair["low"]), int(pair["high"]))) for pair in record.met}
        own = (record.sent["event_key"] >> 24 == Occasion.PLAN) & (record.sent["parent_day"] == NEVER)
        for gesture in record.sent[own]:
            assert day >= 20
            assert frozenset((int(gesture["sender"]), int(gesture["receiver"]))) in met
            contacted += 1
    assert contacted > 5


def test_a_tag_is_of_somebody_and_known_where_it_is_named() -> None:
    row = {"what": "call", "session_minutes": 5}
    with pytest.raises(ValueError, match=r"tags.family: there is no person 60; the people are 0 to 59"):
        sim.simulate(world(), days=1, seed=1, parameters=lively(tags={"family": [60]}))
    with pytest.raises(ValueError, match='there is no tag "famly"; did you mean "family"'):
        lively(tags={"family": [5]}, strategies={"x": {"whom": "ties, tagged famly", **row}})
    with pytest.raises(ValueError, match='there is no place "hangot"; did you mean "hangout"'):
        lively(strategies={"x": {"whom": "ties, met at the hangot", **row}})


def test_a_tag_can_name_the_people_of_a_log() -> None:
    row = {"whom": "everyone known, tagged friends", "what": "message", "session_minutes": 15}
    own = sim.Parameters(tags={"friends": ["p3", "p4"]}, strategies={"x": row})
    replayed = sim.worlds.replayed(log(), seed=3, parameters=own)
    run = sim.simulate(replayed, days=30, strategy="x", adopters=30, seed=1)
    named = np.unique(run.world.ties["other"][run.world.ties["planned"] >= replayed.day])
    assert replayed.names is not None
    assert {str(replayed.names[one]) for one in named} == {"p3", "p4"}


def test_a_cached_world_has_the_strategies_that_were_asked_for() -> None:
    """They are no part of its key in the cache, because the past doesn't depend on them."""
    runs = []
    for kind in ("call", "message"):
        rows = {"x": {"whom": "ties", "what": kind, "session_minutes": 15}}
        own = sim.Parameters(strategies=rows, ties_at_start=20, community_size=30)
        start = sim.worlds.generated(people=60, burn_in_years=0.1, seed=7, parameters=own)
        assert start.parameters == own
        runs.append(sim.simulate(start, days=20, strategy="x", adopters=10, seed=1).measures.scalars)
    assert runs[0]["sent_call"] > runs[1]["sent_call"]
    assert runs[0]["sent_message"] < runs[1]["sent_message"]
