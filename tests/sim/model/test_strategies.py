"""Each strategy works as described: removing its distinctive feature changes its outcome; and none overspends."""

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import sim
from sim.engine.day import Core
from sim.model import rules
from sim.model.chance import Occasion
from sim.model.gestures import KINDS, Kind
from sim.model.places import Place
from sim.model.strategies import NAMES, STRATEGIES, Plan
from sim.run import Adopters, Mixture, begin
from sim.state.population import NEVER, NO_ANSWER, NOBODY, PLANNED_POST, DayRecord

TOWN: dict[str, Any] = {"industries": 2, "community_size": 80, "ties_at_start": 60}
DARING: dict[str, Any] = {"follow_through": 10, "ease": 10}  # nothing that is planned is refused
ADOPTERS = 16
SEEDS = (1, 2)


@cache
def state() -> sim.World:
    """Two communities and two industries of 80, in which people know 60 others, after half a year of ordinary life."""
    return sim.worlds.generated(people=160, burn_in_years=0.5, seed=2, parameters=sim.Parameters(**TOWN), cache=False)


@cache
def village() -> sim.World:
    """Forty people who know most others, some of them dormant ties."""
    parameters = sim.Parameters(ties_at_start=24, community_size=40, industries=1)
    return sim.worlds.generated(people=40, burn_in_years=0.3, seed=4, parameters=parameters, cache=False)


def changed(**parameters: Any) -> sim.Parameters:
    return sim.Parameters(**{**TOWN, **parameters})


# Runs -------------------------------------------------------------------------------------------------------------


def arm(world: sim.World, strategy: str, seed: int = 1, *, days: int = 90, **parameters: Any) -> sim.Run:
    return sim.simulate(
        world,
        days=days,
        strategy=strategy,
        adopters=ADOPTERS,
        seed=seed,
        parameters=changed(**parameters),
        series=False,
    )


@cache
def usual(strategy: str, seed: int) -> sim.Run:
    """The unchanged strategy in the standard world."""
    return arm(state(), strategy, seed)


class Effect(NamedTuple):
    """A strategy's effect on its adopters, as a difference from `wait`: as it is, and with something removed."""

    whole: float
    without: float


def effect(strategy: str, outcome: str, **removed: Any) -> Effect:
    """The mean over a few runs; `wait` must not notice what is removed, so that it is the strategy's own."""
    found = []
    for seed in SEEDS:
        wait = arm(state(), "wait", seed, **removed)
        assert columns_that_differ(wait.world, usual("wait", seed).world) == {"parameters"}
        runs = (usual(strategy, seed), arm(state(), strategy, seed, **removed))
        found.append([run.measures.scalars[outcome] - wait.measures.scalars[outcome] for run in runs])
    return Effect(*np.mean(found, axis=0))


def columns_that_differ(one: sim.World, other: sim.World) -> set[str]:
    return {line.split(":")[0] for line in one.differences(other)}


class Day(NamedTuple):
    """A day of a run: the world that morning, what happened, and the engine in the evening."""

    morning: sim.World
    record: DayRecord
    core: Core

    @property
    def planned(self) -> np.ndarray:
        """Gestures sent from a session (feed, list, posts, invitations)."""
        sent = self.record.sent
        return sent[(sent["parent_kind"] == NO_ANSWER) & (sent["event_key"] >> 24 == Occasion.PLAN)]

    @property
    def said_where_met(self) -> np.ndarray:
        """What adopters, who came with a plan, said to whom they met."""
        sent, met = self.record.sent, self.record.met
        sent = sent[(sent["parent_kind"] == NO_ANSWER) & (sent["event_key"] >> 24 == Occasion.MEETING)]
        guests = np.concatenate([met["low"][met["low_plan"] != NOBODY], met["high"][met["high_plan"] != NOBODY]])
        return sent[np.isin(sent["sender"], guests)]

    def ties_of(self, person: int) -> np.ndarray:
        """What a person held in the morning."""
        first, slots = self.morning.people[person][["first", "slots"]]
        block = self.morning.ties[first : first + slots]
        return block[block["other"] != NOBODY]


def days_of(
    world: sim.World,
    strategy: Mixture,
    days: int,
    adopters: Adopters = ADOPTERS,
    seed: int = 1,
    strategy_days: int | None = None,
    parameters: sim.Parameters | None = None,
) -> Iterator[Day]:
    """A run, day by day."""
    start, _ = begin(
        world,
        strategy=strategy,
        adopters=adopters,
        seed=seed,
        parameters=parameters or changed(),
        strategy_days=strategy_days,
        extra=[],
    )
    core = Core(start, seed=seed)
    for _ in range(days):
        yield Day(core.to_world(), core.step(), core)


# The table --------------------------------------------------------------------------------------------------------


def test_the_table_is_the_documents() -> None:
    """Ten strategies with their gestures, place and cost of a session, half of which is usable where one has to go."""
    table = {
        "wait": ((), "", 0),
        "engage_regularly": (("like", "comment"), "", 5),
        "handwritten_notes": (("note",), "", 15),
        "show_up": (("question", "hello"), "hangout", 30),
        "join_community": (("conversation", "question"), "group", 90),
        "host_event": (("conversation",), "event", 420),
        "trade_shows": (("conversation", "introduction"), "show", 540),
        "share_content": (("post",), "", 10),
        "start_meetup": (("conversation", "question"), "meetup", 210),
        "check_in": (("message", "call"), "", 15),
    }
    assert tuple(table) == NAMES
    p = sim.Parameters().packed
    packed = sim.Parameters().playbook.strategies
    for name, (kinds, place, minutes) in table.items():
        row = STRATEGIES[name]
        assert (row.place, row.session_minutes) == (place, minutes)
        assert tuple(kind for clause in row.clauses(KINDS) for kind, _ in clause.choices) == kinds
        assert row.invite == ("invitation" if name == "host_event" else "")
        assert rules.usable_minutes(packed[NAMES.index(name)], p) == minutes / 2


# Each is itself ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_to_wait_is_to_live_as_before(seed: int) -> None:
    """The baseline is the run in which nobody ever plans anything."""
    wait = usual("wait", seed)
    nothing = sim.simulate(state(), days=90, adopters=ADOPTERS, seed=seed, parameters=changed(), series=False)
    assert columns_that_differ(wait.world, nothing.world) == {"strategies_end", "strategies_begin"}
    assert wait.adopters.tolist() == nothing.adopters.tolist()
    assert wait.measures.at_risk.equals(nothing.measures.at_risk)
    assert wait.measures.scalars == pytest.approx(nothing.measures.scalars, nan_ok=True)


def test_engaging_reacts_to_the_people_whom_the_feed_shows() -> None:
    """Nearly every day, once to each person who posted recently, with four likes to a comment."""
    kinds: list[int] = []
    sessions = 0
    for day in days_of(state(), "engage_regularly", 28, parameters=changed(**DARING, effort_minutes=300)):
        planned = day.planned
        posted = day.core.state.people["last_post"][planned["receiver"]]
        assert (day.record.day - posted < 3).all()
        assert len(np.unique(planned[["sender", "receiver"]])) == len(planned)
        kinds += planned["kind"].tolist()
        sessions += len(np.unique(planned["sender"]))
    assert set(kinds) == {Kind.LIKE, Kind.COMMENT}
    assert np.mean(np.array(kinds) == Kind.LIKE) == pytest.approx(0.8, abs=4 * np.sqrt(0.16 / len(kinds)))
    assert sessions > 0.7 * 28 * ADOPTERS


def test_engaging_is_nothing_where_nobody_posts() -> None:
    """The feed is all it has; ordinary life has other ways."""
    silent = state().copy()
    silent.people["last_post"] = NEVER
    wait, engage = (arm(silent, name, post_rate=0).measures.scalars for name in ("wait", "engage_regularly"))
    assert engage["minutes_used"] == 0
    budget = {name for name in engage if name.startswith(("minutes", "used"))}
    assert engage == pytest.approx(wait | {name: engage[name] for name in budget}, nan_ok=True)
    gain = [
        usual("engage_regularly", seed).measures.scalars["reconnected"]
        - usual("wait", seed).measures.scalars["reconnected"]
        for seed in SEEDS
    ]
    assert min(gain) > 1


def test_notes_are_slow() -> None:
    """Of notes that travel for weeks fewer are answered and reconnect, and later."""
    reconnected = effect("handwritten_notes", "reconnected", note_days=40)
    assert 0 < reconnected.without < 0.8 * reconnected.whole
    first = effect("handwritten_notes", "days_to_first_reconnection", note_days=40)
    assert first.without > first.whole + 5


def test_notes_go_to_those_once_strong() -> None:
    """And where there was nobody close none are written."""
    written = effect("handwritten_notes", "sent_note", once_strong=1_000)
    assert written.whole > 10
    assert written.without == 0
    for day in days_of(state(), "handwritten_notes", 21):
        assert set(day.planned["kind"]) <= {Kind.NOTE}
        for sender, receiver in day.planned[["sender", "receiver"]].tolist():
            ties = day.ties_of(sender)
            tie = ties[ties["other"] == receiver][0]
            assert rules.standing(tie["traces"], day.record.day - tie["last_contact"]) >= 5


@pytest.mark.parametrize("note_days", [0, 1, 3, 10])
def test_a_note_arrives_so_many_days_after_it_was_posted(note_days: int) -> None:
    """To the day, and none is lost on the way."""
    posted: dict[int, int] = {}
    arrived: dict[int, int] = {}
    for day in days_of(state(), "handwritten_notes", 30, parameters=changed(note_days=note_days)):
        notes = day.record.delivered[day.record.delivered["kind"] == Kind.NOTE]
        assert (notes["day"] == day.record.day - note_days).all()
        posted[day.record.day] = int((day.record.sent["kind"] == Kind.NOTE).sum())
        arrived[day.record.day - note_days] = len(notes)
    due = [day for day in posted if day + note_days in posted]
    assert sum(posted[day] for day in due) > 50
    assert [arrived[day] for day in due] == [posted[day] for day in due]


def test_showing_up_meets_the_regulars_of_one_fixed_place() -> None:
    """A hello to strangers and a question to those known; without regulars the visits bring less."""
    people = state().people
    kinds = set()
    for day in days_of(state(), "show_up", 28):
        met = day.record.met
        assert (people["community"][met["low"]] == people["community"][met["high"]]).all(), "the same place, always"
        came = np.concatenate([met["low"], met["high"]])
        with_plan = np.concatenate([met["low_plan"], met["high_plan"]]) != NOBODY
        assert people["regular"][came[~with_plan]].all()
        for sender, receiver, kind in day.said_where_met[["sender", "receiver", "kind"]].tolist():
            assert kind == (Kind.QUESTION if receiver in day.ties_of(sender)["other"] else Kind.HELLO)
            kinds.add(kind)
    assert kinds == {Kind.HELLO, Kind.QUESTION}
    active = effect("show_up", "active_ties", hangout_attendance=0)
    assert active.without < 0.6 * active.whole
    fewer = effect("show_up", "new_ties", hangout_meets=1)
    assert 0 < fewer.without < 0.7 * fewer.whole


def test_joining_meets_the_same_members_again_and_again() -> None:
    """On one day of the week. In a large group, where they are not the same, one meets more people, each less often."""
    crowd = state().copy()
    crowd.people["group"] = crowd.people["community"]

    def partners_and_times(world: sim.World) -> tuple[int, float]:
        """How many pairs met, and how often each."""
        pairs: list[tuple[int, int]] = []
        weekdays = set()
        for day in days_of(world, "join_community", 84):
            met = day.record.met
            group = world.people["group"][met["low"]]
            assert (group == world.people["group"][met["high"]]).all()
            weekdays |= {(one, day.record.day % 7) for one in group}
            pairs += met[["low", "high"]].tolist()
        assert len({group for group, _ in weekdays}) == len(weekdays), "each group has its day of the week"
        return len(set(pairs)), len(pairs) / len(set(pairs))

    partners, times = partners_and_times(state())
    partners_in_crowd, times_in_crowd = partners_and_times(crowd)
    assert partners_in_crowd > 1.3 * partners
    assert times_in_crowd < 0.7 * times
    active = [np.mean([arm(world, "join_community", seed).measures.scalars["active_ties"] for seed in SEEDS])
              for world in (state(), crowd)]  # fmt: skip
    assert active[0] < 0.95 * active[1], "regulars are fewer people"


def test_an_event_is_an_evening_for_guests_who_bring_someone() -> None:
    """Without their company there are fewer new ties, and without the evening, invitations alone reconnect fewer."""
    new = effect("host_event", "new_ties", event_brings=0)
    assert 0 < new.without < 0.8 * new.whole
    later = effect("host_event", "reconnected", event_notice_days=95)
    assert later.without < 0.6 * later.whole


def test_nobody_comes_to_an_event_uninvited_but_in_company() -> None:
    """The event is `event_notice_days` after the invitations, which go to dormant and active ties in turn."""
    hosts = [0, 100]
    asked: dict[tuple[int, int], int] = {}
    company = dict.fromkeys((0.0, 0.9), 0)
    for brings in company:
        for day in days_of(
            state(), "host_event", 90, hosts, parameters=changed(event_brings=brings, effort_minutes=210)
        ):
            p, today = day.core.parameters.packed, day.record.day
            asked |= dict.fromkeys(day.planned[["sender", "receiver"]].tolist(), today)
            sorts = {True: 0, False: 0}
            for sender, receiver in day.planned[["sender", "receiver"]].tolist():
                tie = day.ties_of(sender)[day.ties_of(sender)["other"] == receiver][0]
                sorts[bool(rules.is_dormant(today, tie["last_two_way"], tie["two_way"], p))] += 1
            assert sum(sorts.values()) <= 2 * p["event_invitations"]
            assert not len(day.planned) or min(sorts.values()) > 0
            at_home = day.morning.plans["person"][day.morning.plans["event_day"] == today].tolist()
            for low, high in day.record.met[["low", "high"]].tolist():
                for host in set(at_home) & {low, high}:
                    company[brings] += asked.get((host, low + high - host)) != today - 14
    assert company[0.0] == 0
    assert company[0.9] > 5


def test_a_trade_show_is_a_long_day_among_people_of_the_industry() -> None:
    """Each industry has its days; introductions are for strangers, and who meets but one there makes few new ties."""
    industry = state().people["industry"]
    shows, kinds = set(), set()
    for day in days_of(state(), "trade_shows", 80, parameters=changed(show_every_days=20, effort_minutes=400)):
        met = day.record.met
        assert (industry[met["low"]] == industry[met["high"]]).all()
        shows |= {(int(one), day.record.day) for one in industry[met["low"]]}
        for sender, receiver, kind in day.said_where_met[["sender", "receiver", "kind"]].tolist():
            assert kind == Kind.INTRODUCTION or receiver in day.ties_of(sender)["other"]
            kinds.add(kind)
    assert kinds == {Kind.INTRODUCTION, Kind.CONVERSATION}
    for one in (0, 1):
        assert np.diff(sorted(day for which, day in shows if which == one)).tolist() == [20, 20, 20]
    new = effect("trade_shows", "new_ties", show_meets=1)
    assert new.whole > 1
    assert new.without < 0.3 * new.whole
    assert effect("trade_shows", "minutes_used", show_every_days=3_650).without == 0


def test_posts_reach_everyones_feed_and_open_their_door() -> None:
    """A planned post is noticed by a third of those who hold a tie to its writer; otherwise doors stay shut."""

    def openness_and_reach(noticed: float) -> tuple[float, float]:
        """Mean openness that others have for adopters after two months, and the share who notice a post."""
        seen = could = 0
        for day in days_of(state(), "share_content", 60, parameters=changed(gestures={"post": {"noticed": noticed}})):
            planned, delivered = day.planned, day.record.delivered
            assert set(planned["kind"]) <= {Kind.POST}
            assert (planned["receiver"] == NOBODY).all()
            seen += int((delivered["delivery"] == PLANNED_POST).sum())
            could += sum(int((day.ties_of(writer)["acquaintance"] == 0).sum()) for writer in planned["sender"])
            people = day.core.state.people
            assert (people["last_post"][planned["sender"]] == day.record.day).all(), "and the writer is showable"
        evening = day.core.to_world()
        held = evening.ties[np.isin(evening.ties["other"], evening.plans["person"])]
        return float(np.mean(held["openness"] * 0.5 ** ((evening.day - held["opened"]) / 21))), seen / could

    openness, reach = openness_and_reach(0.35)
    shut, unseen = openness_and_reach(0)
    assert reach == pytest.approx(0.35, abs=0.02)
    assert unseen == 0
    assert shut < 0.8 * openness
    reached = effect("share_content", "everyone_active_ties", gestures={"post": {"noticed": 0}})
    assert reached.without < reached.whole


def test_a_meetup_grows_by_word_of_mouth() -> None:
    """It starts with four of the industry; regulars bring others and some leave, or it stays as it began."""
    industry = state().people["industry"]

    def members(**parameters: Any) -> np.ndarray:
        """Members of each meetup at the end, those who left apart."""
        for day in days_of(state(), "start_meetup", 60, parameters=changed(effort_minutes=210, **parameters)):
            met = day.record.met
            assert (industry[met["low"]] == industry[met["high"]]).all()
        founders, stay = day.core.members["founder"], day.core.members["left"] == 0
        assert len(np.unique(founders)) == ADOPTERS
        return np.array([stay[founders == founder].sum() for founder in np.unique(founders)])

    assert (members(meetup_brings=0, meetup_leaves=0) == 4).all()
    assert (members(meetup_brings=0.5, meetup_leaves=0) > 8).mean() > 0.9
    assert (members(meetup_brings=0, meetup_leaves=0.9) == 0).mean() > 0.9
    new = effect("start_meetup", "new_ties", meetup_brings=0, meetup_leaves=1)
    assert new.whole > 2
    assert new.without < 0.6 * new.whole


def test_checking_in_goes_round_everyone_known() -> None:
    """Acquaintances too, with seven messages to three calls; without a second round fewer reconnect."""
    parameters = changed(**DARING, effort_minutes=2_000)
    kinds: list[int] = []
    acquainted = 0
    for day in days_of(state(), "check_in", 14, parameters=parameters):
        kinds += day.planned["kind"].tolist()
        for sender, receiver in day.planned[["sender", "receiver"]].tolist():
            ties = day.ties_of(sender)
            acquainted += int(ties["acquaintance"][ties["other"] == receiver][0])
    assert set(kinds) == {Kind.MESSAGE, Kind.CALL}
    assert np.mean(np.array(kinds) == Kind.MESSAGE) == pytest.approx(0.7, abs=4 * np.sqrt(0.21 / len(kinds)))
    assert acquainted > 10
    round_robin = effect("check_in", "reconnected", plan_gap_days=3_650)
    assert round_robin.without < 0.5 * round_robin.whole


@pytest.mark.parametrize("strategy", ["handwritten_notes", "check_in"])
def test_a_list_is_taken_longest_silent_first(strategy: str) -> None:
    """People on the list were silent for at least as long as all others who could have been on it."""
    checked = 0
    for day in days_of(state(), strategy, 15, parameters=changed(**DARING)):
        today = day.record.day
        for sender in np.unique(day.planned["sender"]):
            ties = day.ties_of(sender)
            listed = today - ties["planned"] >= 30
            if strategy == "handwritten_notes":
                standing = [rules.standing(tie["traces"], today - int(tie["last_contact"])) for tie in ties]
                listed &= (ties["acquaintance"] == 0) & (np.array(standing) >= 5)
            chosen = np.isin(ties["other"], day.planned["receiver"][day.planned["sender"] == sender])
            assert not (chosen & ~listed).any()
            others = ties["last_contact"][listed & ~chosen]
            assert ties["last_contact"][chosen].max() <= others.min(initial=today)
            checked += 1
    assert checked > 20


# Places -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["wait", "engage_regularly", "handwritten_notes", "share_content", "check_in"])
def test_places_without_adopters_are_not_played(strategy: str) -> None:
    assert all(len(day.record.met) == 0 for day in days_of(state(), strategy, 30))


@pytest.mark.parametrize(
    ("strategy", "place", "circle"),
    [
        ("show_up", Place.HANGOUT, "community"),
        ("join_community", Place.GROUP, "group"),
        ("trade_shows", Place.SHOW, "industry"),
    ],
)
def test_only_the_places_of_adopters_are_played(strategy: str, place: Place, circle: str) -> None:
    """Every meeting there is an adopter's own, among people of their community, group or industry."""
    home = state().people[circle]
    adopters = np.flatnonzero(home == home[0])[:3]
    parameters = changed(show_every_days=20, effort_minutes=200)
    met = np.concatenate([day.record.met for day in days_of(state(), strategy, 60, adopters, parameters=parameters)])
    assert len(met) > 10
    assert set(met["place"]) == {place}
    assert (home[np.concatenate([met["low"], met["high"]])] == home[0]).all()
    assert (np.isin(met["low"], adopters) | np.isin(met["high"], adopters)).all()


# Purses -----------------------------------------------------------------------------------------------------------

few = settings(max_examples=25)
any_plan = given(
    mixture=st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True).flatmap(
        lambda names: st.lists(st.integers(1, 9), min_size=len(names), max_size=len(names)).map(
            lambda parts: {name: part / sum(parts) for name, part in zip(names, parts, strict=True)}
        )
    ),
    effort=st.sampled_from([0, 20, 60, 420, 2_000]),
    ease=st.sampled_from([-2, 2.8, 8]),
    refused=st.floats(0.1, 60),
    seed=st.integers(0, 9),
)
STRATEGY_DAYS = 20


def life(mixture: Mixture, effort: float, ease: float, refused: float, seed: int) -> Iterator[Day]:
    """Some weeks in the village, the last days without the strategy."""
    parameters = sim.Parameters(
        effort_minutes=effort, ease=ease, backed_out_minutes=refused, show_every_days=10, event_notice_days=5
    )
    return days_of(village(), mixture, STRATEGY_DAYS + 4, 6, seed, STRATEGY_DAYS, parameters)


@few
@example(mixture={"engage_regularly": 1.0}, effort=20, ease=-2, refused=3.0, seed=0)
@any_plan
def test_time_budgets_are_kept(
    mixture: dict[str, float], effort: float, ease: float, refused: float, seed: int
) -> None:
    """A session starts only if the time budget covers its full cost, and no one spends more than was added."""
    for day in life(mixture, effort, ease, refused, seed):
        before, after = day.morning.plans, day.core.state.plans
        planning = day.record.day < village().day + STRATEGY_DAYS
        filled = after["minutes_planned"] - before["minutes_planned"]
        assert filled == pytest.approx(effort * after["share"] * (planning and day.record.day % 7 == 0), rel=1e-6)
        spent, budget = after["minutes_used"] - before["minutes_used"], before["budget"] + filled
        rows = day.core.parameters.playbook.strategies[after["strategy"]]
        session = rows["session_minutes"]
        sat = spent > 0
        assert (spent >= 0).all()
        assert (budget[sat] >= session[sat] * (1 - 1e-6)).all(), "never less than a session"
        assert (spent <= budget * (1 + 1e-6) + 1e-4).all(), "never more than there is"
        whole = sat & np.isin(rows["plan"], [Plan.PLACE, Plan.EVENT])
        assert spent[whole] == pytest.approx(session[whole]), "who goes out pays for the whole session"
        assert planning or not sat.any()
        assert after["budget"] == pytest.approx(after["minutes_planned"] - after["minutes_used"], rel=1e-4, abs=1e-3)
        assert (after["budget"] >= 0).all()
        assert (after["minutes_lost"] <= after["minutes_used"] + 1e-3).all()
        assert ((after["usable"] >= 0) & (after["usable"] <= session / 2)).all()


@few
@any_plan
def test_a_mixture_splits_the_filling(
    mixture: dict[str, float], effort: float, ease: float, refused: float, seed: int
) -> None:
    """By its shares, week after week; before that each strategy has a keyed part of one session's cost."""
    days = list(life(mixture, effort, ease, refused, seed))
    first, last = days[0].morning.plans, days[-1].core.state.plans
    planned = sorted(NAMES.index(name) for name in mixture if name != "wait")
    assert first["strategy"].tolist() == planned * 6
    session = days[0].core.parameters.playbook.strategies["session_minutes"][first["strategy"]]
    assert (first["minutes_planned"] == first["budget"]).all()
    assert ((first["minutes_planned"] > 0) & (first["minutes_planned"] < session)).all()
    weeks = sum((village().day + day) % 7 == 0 for day in range(STRATEGY_DAYS))
    shares = np.array([mixture[NAMES[row]] for row in first["strategy"]])
    assert last["minutes_planned"] - first["minutes_planned"] == pytest.approx(shares * effort * weeks, rel=1e-6)


@few
@given(
    mixture=st.sampled_from(
        [{"check_in": 1}, {"handwritten_notes": 1}, {"host_event": 1}, {"check_in": 0.5, "handwritten_notes": 0.5}]
    ),
    gap=st.sampled_from([1, 3, 7, 30]),
    seed=st.integers(0, 9),
)
def test_nobody_on_a_list_is_planned_for_twice_too_soon(mixture: dict[str, float], gap: int, seed: int) -> None:
    """Whatever list or lists they are on."""
    parameters = sim.Parameters(effort_minutes=1_500, plan_gap_days=gap, event_notice_days=2, once_strong=0)
    last: dict[tuple[int, int], int] = {}
    again = 0
    for day in days_of(village(), mixture, 40, 6, seed, parameters=parameters):
        for pair in day.planned[["sender", "receiver"]].tolist():
            again += pair in last
            assert day.record.day - last.get(pair, NEVER) >= gap
            last[pair] = day.record.day
    assert again > 0


@pytest.mark.parametrize("strategy", NAMES[1:])
def test_a_strategy_stops_when_it_ends(strategy: str) -> None:
    """Nothing is planned, and nobody meets but the guests of an evening that they were invited to before."""
    parameters = changed(effort_minutes=400, show_every_days=15)
    acts, late = 0, 0
    for day in days_of(state(), strategy, 60, strategy_days=40, parameters=parameters):
        if day.record.day < state().day + 40:
            acts += len(day.planned) + len(day.record.met)
        else:
            late += len(day.planned) + len(day.record.met)
            booked = day.morning.bookings["host"][day.morning.bookings["day"] == day.record.day]
            late -= len(day.record.met) if len(booked) else 0
    assert acts > 0
    assert late == 0
