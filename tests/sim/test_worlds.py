"""Worlds: generated, replayed, with newcomers; and the communities found in a log."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sim
from sim import worlds
from sim.contact_logs import LogError, read_log
from sim.model import rules
from sim.model.chance import DrawPurpose, normal, two_uniforms, uniform
from sim.model.gestures import Kind
from sim.model.parameters import Parameters
from sim.runtime.fingerprint import cache_folder
from sim.state.population import NEVER, NOBODY, World, bits, free_ties
from sim.worlds.communities import communities
from sim.worlds.past import live_past

DATA = Path(__file__).parents[2].parent / "shared" / "data"
SECONDS = rules.SECONDS_A_DAY
few = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])


def held(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Who holds each tie, and the ties, without free slots."""
    used = world.ties["other"] != NOBODY
    return world.owners()[used], world.ties[used]


def tie(world: World, owner: int, other: int) -> np.void:
    first, slots = world.people[owner][["first", "slots"]]
    block = world.ties[first : first + slots]
    return block[block["other"] == other][0]


def assert_sound(world: World) -> None:
    """Every slot is where it should be, every direction has its mirror, every stored weight is right."""
    people, ties, p = world.people, world.ties, world.parameters.packed
    owners, own = held(world)
    assert (np.cumsum(people["slots"]) == np.append(people["first"][1:], len(ties))).all()
    assert (people["slots"] % 4 == 0).all()
    assert (people["degree"] == np.bincount(owners, minlength=len(world))).all()
    assert (people["degree"] <= people["capacity"]).all()
    position = np.arange(len(ties)) - np.repeat(people["first"], people["slots"])
    assert ((position < people["degree"][world.owners()]) == (ties["other"] != NOBODY)).all()
    assert (np.diff(owners * len(world) + own["other"]) > 0).all(), "ties in order, each once"
    back = ties[people["first"][own["other"]] + own["mirror"]]
    assert (back["other"] == owners).all()
    assert (people["first"][owners] + back["mirror"] == np.flatnonzero(ties["other"] != NOBODY)).all()
    free = ties[ties["other"] == NOBODY]
    assert (free == free_ties(len(free))).all()
    for person in range(0, len(world), 1 + len(world) // 50):
        weights = [
            rules.pull_bound(
                rules.activation(mine["traces"], world.day - int(mine["last_contact"]), p), mine["affinity"], p
            )
            for mine in own[owners == person]
        ]
        assert people["weight_bound"][person] == rules.fresh_bound(max(weights, default=0.0))


@pytest.fixture(scope="module")
def state() -> World:
    parameters = Parameters(ties_at_start=120, community_size=150)
    return worlds.generated(people=1_200, burn_in_years=0, seed=1, parameters=parameters)


# Generated --------------------------------------------------------------------------------------------------------


def test_people_hold_about_the_ties_that_are_asked_for(state: World) -> None:
    """Somewhat fewer: a pair that finds each other twice counts once, and the sociable run out of community."""
    assert state.day == 0
    assert state.people["degree"].mean() == pytest.approx(112, rel=0.05)


@pytest.mark.parametrize(
    ("community", "industry", "same_community", "same_industry"), [(1, 0, 1, 0.1), (0, 1, 0.1, 1), (0, 0, 0.1, 0.1)]
)
def test_ties_come_from_where_they_should(
    community: float, industry: float, same_community: float, same_industry: float
) -> None:
    parameters = Parameters(
        ties_at_start=8, ties_in_community=community, ties_in_industry=industry, past_years=0, community_size=150
    )
    world = worlds.generated(people=1_500, burn_in_years=0, seed=3, parameters=parameters)
    owners, own = held(world)
    people = world.people
    assert people["degree"].mean() == pytest.approx(8, rel=0.05)
    assert (people["community"][owners] == people["community"][own["other"]]).mean() == pytest.approx(
        same_community, abs=0.02
    )
    assert (people["industry"][owners] == people["industry"][own["other"]]).mean() == pytest.approx(
        same_industry, abs=0.02
    )


def test_the_people_of_a_group_know_each_other_before_others_of_the_community() -> None:
    """Of 30 ties in a community of 60, 11 are the whole group of 12; with 5 ties all are of the group."""

    def shares(ties: float) -> tuple[float, float]:
        parameters = Parameters(ties_at_start=ties, ties_in_community=1, ties_in_industry=0, community_size=60)
        world = worlds.generated(people=600, burn_in_years=0, seed=2, parameters=parameters)
        owners, own = held(world)
        group = world.people["group"]
        mates = group[owners] == group[own["other"]]
        return mates.sum() / len(world), (~mates).sum() / len(world)

    assert shares(30) == (11, pytest.approx(19, rel=0.03))
    assert shares(5) == (pytest.approx(5, rel=0.05), 0)


def test_people_have_the_traits_of_the_model() -> None:
    parameters = Parameters(ties_at_start=0, sociability_sd=1)
    people = worlds.generated(people=30_000, burn_in_years=0, seed=2, parameters=parameters).people
    assert people["sociability"].mean() == pytest.approx(1, abs=0.05)
    assert np.log(people["sociability"]).std() == pytest.approx(1, abs=0.02)
    assert people["reticence"].mean() == pytest.approx(2.15, abs=0.02)
    assert people["reticence"].min() == 0
    assert set(people["birthday"]) == set(range(365))
    assert set(people["industry"]) == set(range(10))
    assert (
        people["minutes_left"] == [rules.minutes_of_week(s, parameters.packed) for s in people["sociability"]]
    ).all()
    assert (people["capacity"] == 250).all()
    assert (people["last_post"] == NEVER).all()


@few
@given(people=st.integers(2, 400), size=st.integers(2, 90), members=st.integers(2, 15), regulars=st.integers(1, 50))
def test_communities_groups_and_regulars_are_even(people: int, size: int, members: int, regulars: int) -> None:
    parameters = Parameters(ties_at_start=0, community_size=size, group_members=members, hangout_regulars=regulars)
    rows = worlds.generated(people=people, burn_in_years=0, parameters=parameters).people
    sizes = np.bincount(rows["community"])
    assert len(sizes) == max(1, round(people / size))
    assert sizes.max() - sizes.min() <= 1
    assert len(np.unique(rows[["group", "community"]])) == len(np.unique(rows["group"])), "a group in one community"
    for community, count in enumerate(sizes):
        home = rows[rows["community"] == community]
        groups = np.unique(home["group"], return_counts=True)[1]
        assert len(groups) == max(1, np.rint(count / members))
        assert groups.max() - groups.min() <= 1
        assert home["regular"].sum() == min(count, regulars)


@few
@given(
    people=st.integers(2, 40),
    seed=st.integers(0, 2**64 - 1),
    capacity=st.sampled_from([1, 3, 8, 250]),
    ties=st.sampled_from([0.0, 0.7, 5.0, 120.0]),
    size=st.sampled_from([2, 10, 150]),
)
def test_a_generated_world_is_sound(people: int, seed: int, capacity: int, ties: float, size: int) -> None:
    parameters = Parameters(tie_capacity=capacity, ties_at_start=ties, community_size=size, past_years=0.5)
    world = worlds.generated(people=people, burn_in_years=0, seed=seed, parameters=parameters)
    assert_sound(world)
    owners, own = held(world)
    back = world.ties[world.people["first"][own["other"]] + own["mirror"]]
    for name in ("traces", "last_contact", "last_sent", "last_received", "last_two_way", "two_way"):
        assert (own[name] == back[name]).all(), name
    group = world.people["group"]
    affinity = [
        rules.affinity(seed, me, other, group[me] == group[other], parameters.packed)
        for me, other in zip(owners, own["other"], strict=True)
    ]
    assert (own["affinity"] == np.array(affinity, np.float32)).all()
    assert (own["acquaintance"] == 0).all()


def test_the_seed_alone_makes_the_world() -> None:
    def make(seed: int, threads: int) -> World:
        return worlds.generated(people=150, burn_in_years=0, seed=seed, threads=threads)

    assert make(5, 1) == make(5, 3)
    differences = " ".join(make(5, 1).differences(make(6, 1)))
    assert "people.sociability" in differences
    assert "people.reticence" in differences
    assert "people.group" in differences


def test_the_past_is_that_of_the_rules(state: World) -> None:
    p = state.parameters.packed
    owners, own = held(state)
    for row in range(0, len(own), len(own) // 60):
        low, high = sorted((int(owners[row]), int(own["other"][row])))
        assert bits(own["traces"][row]).tolist() == bits((past := past_of(low, high, p))[0]).tolist()
        assert own["last_contact"][row] == own["last_two_way"][row] == past[1]
        assert own["two_way"][row] == min(255, past[2])


def past_of(low: int, high: int, p: np.void, seed: int = 1) -> tuple[np.ndarray, int, int]:
    """The past of a pair in plain Python: traces, last day, contacts."""
    span = p["past_years"] * 365
    rate = p["past_rate"] * np.exp(p["past_sigma"] * normal(seed, DrawPurpose.PAST_RATE, 0, low, high, 0))
    stops, when = two_uniforms(seed, DrawPurpose.PAST_STOPS, 0, low, high, 0)
    end = when * span if stops < p["past_stopped"] else span
    traces, last, count, time = np.zeros(6, np.float32), NEVER, 0, 0.0
    while True:
        time += -np.log(uniform(seed, DrawPurpose.PAST_GAP, 0, low, high, count)) / rate
        if time >= end:
            return traces, last, count
        day = int(np.floor(time - span))
        strength = rules.strength(rules.activation(traces, day - last, p), p)
        rules.add_contact(traces, day - last, rules.saturated(1.0, strength, p))
        last, count = day, count + 1


def test_the_sociable_know_more_people() -> None:
    """A person looks for half of their ties, as many as they are sociable, and is found for the others by anybody."""
    anywhere = Parameters(ties_at_start=40, sociability_sd=0.8, ties_in_community=0)
    world = worlds.generated(people=3_000, burn_in_years=0, parameters=anywhere)
    slope, level = np.polyfit(world.people["sociability"], world.people["degree"], 1)
    assert slope == pytest.approx(20, rel=0.05)
    assert level == pytest.approx(20, rel=0.05)


def test_the_sociable_know_more_of_their_community() -> None:
    """Each pair knows each other by the mean of the two; mates of a group do anyway."""
    near = Parameters(ties_at_start=20, sociability_sd=0.5, ties_in_community=1, ties_in_industry=0, group_members=2)
    world = worlds.generated(people=3_000, burn_in_years=0, parameters=near)
    slope, level = np.polyfit(world.people["sociability"], world.people["degree"], 1)
    assert slope == pytest.approx(9.5, rel=0.05)
    assert level == pytest.approx(10.5, rel=0.05)


def test_the_past_has_the_rate_that_is_asked_for() -> None:
    parameters = Parameters(past_rate=0.05, past_sigma=0, past_stopped=0, past_years=2, ties_at_start=40)
    own = held(worlds.generated(people=400, burn_in_years=0, parameters=parameters))[1]
    assert own["two_way"].mean() == pytest.approx(0.05 * 730, rel=0.02)
    assert own["two_way"].var() == pytest.approx(0.05 * 730, rel=0.06), "a Poisson count"
    assert (-0.5 - own["last_contact"]).mean() == pytest.approx(1 / 0.05, rel=0.03)


def test_half_of_the_pairs_stopped_at_a_uniform_time() -> None:
    parameters = Parameters(past_rate=1, past_sigma=0, past_stopped=0.5, past_years=2, ties_at_start=40)
    silence = -held(worlds.generated(people=400, burn_in_years=0, parameters=parameters))[1]["last_contact"]
    assert (silence > 30).mean() == pytest.approx(0.5 * (1 - 30 / 730), abs=0.02)
    assert (silence > 365).mean() == pytest.approx(0.25, abs=0.02)


def test_a_pair_can_have_no_past() -> None:
    world = worlds.generated(people=30, burn_in_years=0, parameters=Parameters(past_years=0))
    own = held(world)[1]
    assert len(own) > 0
    assert (own["last_contact"] == NEVER).all()
    assert (own["traces"] == 0).all()
    assert_sound(world)


def test_an_absurd_rate_of_contacts_still_ends() -> None:
    p = Parameters(past_rate=10, past_sigma=3, past_stopped=0, past_years=0.2).packed
    contacts = [live_past(np.uint64(1), 0, high, free_ties(1)[0], p) for high in range(1, 200)]
    assert max(contacts) == pytest.approx(24 * 73, rel=0.15)


@pytest.mark.parametrize("capacity", [3, 25])
@pytest.mark.parametrize("past_years", [0, 5])
def test_whoever_holds_too_many_forgets_the_weakest(capacity: int, past_years: float) -> None:
    """The weakest, or, where nobody has a past, the lowest ids; all choose at once."""
    every, some = Parameters(past_years=past_years), Parameters(past_years=past_years, tie_capacity=capacity)
    full = worlds.generated(people=60, burn_in_years=0, seed=4, parameters=every)
    world = worlds.generated(people=60, burn_in_years=0, seed=4, parameters=some)
    p = full.parameters.packed
    ties: dict[int, list[tuple[float, int]]] = {person: [] for person in range(60)}
    for owner, own in zip(*held(full), strict=True):
        ties[owner].append((rules.activation(own["traces"], -int(own["last_contact"]), p), int(own["other"])))
    pairs = {frozenset((me, other)) for me, mine in ties.items() for _, other in mine}
    dropped = {
        frozenset((me, other)) for me, mine in ties.items() for _, other in sorted(mine)[: max(0, len(mine) - capacity)]
    }
    assert dropped
    owners, own = held(world)
    assert {frozenset(pair) for pair in zip(owners.tolist(), own["other"].tolist(), strict=True)} == pairs - dropped
    assert_sound(world)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"people": 1}, "people is 1"),
        ({"burn_in_years": -1}, "burn_in_years is -1"),
        ({"burn_in_years": float("nan")}, "burn_in_years is nan"),
        ({"threads": 0}, "threads is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 2**64}, "seed is 18446744073709551616"),
    ],
)
def test_a_world_that_can_not_be_is_refused(arguments: dict[str, float], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        worlds.generated(**{"people": 10, "burn_in_years": 0, **arguments})  # type: ignore[arg-type]


def test_a_burnt_in_world_is_lived_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    days = []

    def make(**changes: object) -> World:
        days.clear()
        settings = {"people": 30, "burn_in_years": 0.1, "seed": 1, **changes}
        return worlds.generated(**settings, progress=lambda done, total: days.append((done, total)))  # type: ignore[arg-type]

    world = make()
    assert world.day == 36
    assert days == [(day, 36) for day in range(1, 37)]
    assert make() == world
    assert days == [], "taken from the cache"
    assert make(threads=2) == world
    assert days == []
    for changes in ({"seed": 2}, {"people": 31}, {"parameters": Parameters(ease=3)}, {"cache": False}):
        other = make(**changes)
        assert days, changes
        assert (other == world) == ("cache" in changes)
    assert len(list((cache_folder() / "worlds").iterdir())) == 4


# Replayed ---------------------------------------------------------------------------------------------------------


def log_of(*events: tuple[object, object, float]) -> pd.DataFrame:
    return pd.DataFrame([(a, b, day * SECONDS) for a, b, day in events], columns=["source", "target", "time"])


def test_whoever_sent_of_late_is_the_sociable_one() -> None:
    """Sixty days halve what a message counts for, and half of everybody is the mean."""
    log = log_of(("ann", "bob", 0), ("ann", "bob", 1), ("bob", "ann", 60), ("cem", "ann", 60))
    people = worlds.replayed(log).people
    counts = np.array([0.5 + 0.5 ** (59 / 60), 1.0, 1.0])
    assert people["sociability"] == pytest.approx(0.5 + 0.5 * counts / counts.mean(), rel=1e-6)
    assert people["sociability"].mean() == pytest.approx(1)
    assert (worlds.replayed(log_of(("ann", "bob", 0))).people["sociability"] == [1.5, 0.5]).all()


@few
@given(
    events=st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 80)).filter(lambda row: row[0] != row[1]),
        min_size=1,
        max_size=60,
    ),
    seed=st.integers(0, 2**64 - 1),
)
def test_a_replayed_world_is_sound_and_follows_the_rules(events: list[tuple[int, int, int]], seed: int) -> None:
    world = worlds.replayed(log_of(*events), seed=seed)
    assert_sound(world)
    days = [day for _, _, day in events]
    assert world.day == max(days) - min(days) + 1
    assert (world.people["practised"] == world.day).all()
    told_apart = len(set(days)) > 1  # in a log of whole days equal rows are contacts of their own
    rows = events if told_apart else list(dict.fromkeys(events))
    expected = replay_by_hand(sorted(rows, key=lambda row: row[2]), world.parameters.packed)
    names = {name: person for person, name in enumerate(world.names)}
    assert set(names) == {person for pair in expected for person in pair}
    for (me, other), fields in expected.items():
        mine = tie(world, names[me], names[other])
        assert bits(mine["traces"]).tolist() == bits(fields.pop("traces")).tolist()
        assert {name: mine[name] for name in fields} == fields
        one, two = names[me], names[other]
        one_group = world.people["group"][one] == world.people["group"][two]
        assert mine["affinity"] == np.float32(rules.affinity(seed, one, two, one_group, world.parameters.packed))


def replay_by_hand(events: list[tuple[int, int, int]], p: np.void) -> dict[tuple[int, int], dict[str, object]]:
    """What each person holds about each other after these events (in order), in plain Python."""
    message = Kind.MESSAGE
    mass = float(p["mass"][message])
    ties: dict[tuple[int, int], dict] = {}
    start = events[0][2]
    for sender, receiver, time in events:
        day = time - start
        for pair in ((sender, receiver), (receiver, sender)):
            ties.setdefault(pair, fresh_tie())
        mine, theirs = ties[sender, receiver], ties[receiver, sender]
        touch(mine, day, p["encoding_sent"] * mass, p)
        tries = rules.unanswered_now(mine["unanswered"], day - mine["last_sent"], p)
        mine["unanswered"] = np.float32(min(3, tries + 1))
        mine["last_sent"] = day
        touch(theirs, day, p["encoding_received"] * mass, p)
        if theirs["unanswered"] > 0:
            touch(theirs, day, p["encoding_answered"] * mass, p)
            mine["acquaintance"] = theirs["acquaintance"] = 0
        theirs["unanswered"] = 0
        theirs.update(openness=1, opened=day, opened_by=p["rung"][message])
        if day - mine["last_received"] <= 30:
            for tie in (mine, theirs):
                tie.update(last_two_way=day, two_way=tie["two_way"] + 1)
        theirs["last_received"] = day
    return ties


def fresh_tie() -> dict:
    never = dict.fromkeys(("last_contact", "last_sent", "last_received", "last_two_way", "opened"), NEVER)
    return {"traces": np.zeros(6, np.float32), **never, "unanswered": 0.0, "openness": 0, "opened_by": 0, "two_way": 0,
            "acquaintance": 1}  # fmt: skip


def touch(tie: dict, day: int, mass: float, p: np.void) -> None:
    silence = day - tie["last_contact"]
    strength = rules.strength(rules.activation(tie["traces"], silence, p), p)
    rules.add_contact(tie["traces"], silence, mass * (1 - strength))
    tie["last_contact"] = day


def test_six_events_leave_what_the_rules_say() -> None:
    events = (("Ann", "Bob", 0.5), ("Ann", "Bob", 1.6), ("Bob", "Ann", 3.4), ("Ann", "Cem", 10), ("Cem", "Bob", 50),
              ("Ann", "Bob", 60))  # fmt: skip
    world = worlds.replayed(log_of(*events), parameters=Parameters(encoding_sent=0.3))
    assert list(world.names) == ["Ann", "Bob", "Cem"]
    assert world.day == 60, "59.5 days after the first event, and a morning"
    ann, bob, cem = range(3)
    assert tie(world, ann, bob)["two_way"] == tie(world, bob, ann)["two_way"] == 1
    assert tie(world, ann, bob)["last_two_way"] == 2
    assert tie(world, ann, bob)["last_sent"] == 59
    assert tie(world, bob, ann)["last_received"] == 59
    assert tie(world, ann, bob)["unanswered"] == 1, "the answer cleared the first two"
    assert tie(world, bob, ann)["unanswered"] == 0
    assert [tie(world, *pair)["acquaintance"] for pair in ((ann, bob), (bob, ann), (ann, cem), (cem, bob))] == [
        0,
        0,
        1,
        1,
    ]
    assert tie(world, ann, cem)["last_received"] == NEVER
    traces = np.zeros(6, np.float32)
    rules.add_contact(traces, 0, 0.15)
    assert (tie(world, ann, cem)["traces"] == traces).all(), "a share of the mass stays on the sender's mind"


def test_a_door_opened_wider_stays() -> None:
    parameters = Parameters(gestures={"message": {"opens_door": 0.5}})
    world = worlds.replayed(log_of((1, 2, 0), (1, 2, 3)), parameters=parameters)
    assert tie(world, 1, 0)[["openness", "opened"]].tolist() == (0.5, 3)


def test_tries_are_counted_up_to_three() -> None:
    assert tie(worlds.replayed(log_of(*[(1, 2, day) for day in range(9)])), 0, 1)["unanswered"] == 3


def test_memory_has_room_for_the_whole_log() -> None:
    log = log_of(*[(0, other, other) for other in range(1, 8)])
    world = worlds.replayed(log, parameters=Parameters(tie_capacity=4))
    assert world.people["capacity"].tolist() == [7] + [4] * 7
    assert_sound(world)


def test_the_seed_decides_what_the_log_does_not_tell() -> None:
    log = log_of(*[(day % 7, day % 5 + 7, day) for day in range(40)])
    assert worlds.replayed(log, seed=1) == worlds.replayed(log, seed=1)
    different = {line.split(":")[0] for line in worlds.replayed(log, seed=1).differences(worlds.replayed(log, seed=2))}
    assert {"people.industry", "people.birthday", "people.reticence", "ties.affinity"} <= different
    assert not {"ties.traces", "ties.two_way", "ties.other", "people.sociability"} & different


def test_the_wall_posts_leave_their_silences_and_contacts() -> None:
    path = DATA / "facebook_wall.csv.gz"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    world = worlds.replayed(path, parameters=Parameters(community_size=150))
    assert len(world) == 3_582
    assert world.day == 365
    log = pd.read_csv(path, dtype={"source": str, "target": str})
    log["day"] = (log["time"] - log["time"].min()) // SECONDS
    number = pd.Series(np.arange(len(world)), index=world.names)
    sent = log.groupby([log["source"].map(number), log["target"].map(number)])["day"].max()
    pairs = pd.DataFrame(
        {"day": log["day"], "low": log[["source", "target"]].min(axis=1), "high": log[["source", "target"]].max(axis=1)}
    )
    last = pairs.groupby(["low", "high"])["day"].max()
    owners, own = held(world)
    assert len(own) == 2 * len(last)
    real = pd.DataFrame({"one": world.names[owners], "two": world.names[own["other"]]})
    expected = last.loc[list(zip(real.min(axis=1), real.max(axis=1), strict=True))]
    assert (own["last_contact"] == expected.to_numpy()).all()
    own_sent = sent.reindex(list(zip(owners, own["other"], strict=True))).fillna(NEVER)
    assert (own["last_sent"] == own_sent.to_numpy()).all()
    late = log.assign(counts=0.5 ** ((log["day"].max() - log["day"]) / 60)).groupby("source")["counts"].sum()
    recent = late.reindex(world.names).fillna(0).to_numpy()
    assert world.people["sociability"] == pytest.approx((recent + recent.mean()) / (2 * recent.mean()))
    sizes = np.bincount(world.people["community"])
    assert sizes.min() >= 75
    assert sizes.max() <= 225
    assert np.median(sizes) == pytest.approx(150, rel=0.1)
    inside = world.people["community"][owners] == world.people["community"][own["other"]]
    assert inside.mean() > 0.25, "25 random communities would hold 4 % of the ties"


def test_a_bad_log_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("source,target,time\n1,2,5\n1,2,soon\n")
    with pytest.raises(LogError, match=r"log\.csv, line 3: the time 'soon'"):
        worlds.replayed(path)


# Communities of a log ---------------------------------------------------------------------------------------------


def planted(rng: np.random.Generator, blocks: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of people of whom four in five are of one block, the blocks being runs of ids."""
    one = rng.integers(0, blocks * size, 20 * blocks * size)
    near = one // size * size + rng.integers(0, size, len(one))
    two = np.where(rng.random(len(one)) < 0.8, near, rng.integers(0, blocks * size, len(one)))
    pairs = np.unique(np.column_stack([np.minimum(one, two), np.maximum(one, two)])[one != two], axis=0)
    return pairs[:, 0], pairs[:, 1]


def test_planted_communities_are_found() -> None:
    low, high = planted(np.random.default_rng(1), blocks=12, size=100)
    once = np.ones(len(low), int)
    label = communities(low=low, high=high, contacts=once, people=1_200, size=110, seed=1)
    largest_part = [np.bincount(block).max() for block in label.reshape(12, 100)]
    assert np.mean(largest_part) > 80
    assert (label == communities(low=low, high=high, contacts=once, people=1_200, size=110, seed=1)).all()


@few
@given(seed=st.integers(0, 2**32), people=st.integers(2, 300), density=st.floats(0.3, 6), size=st.integers(4, 60))
def test_communities_have_about_the_size(seed: int, people: int, density: float, size: int) -> None:
    rng = np.random.default_rng(seed)
    ends = rng.integers(0, people, (int(density * people) + 1, 2))
    pairs = np.unique(np.sort(ends[ends[:, 0] != ends[:, 1]]), axis=0).reshape(-1, 2)
    contacts = rng.geometric(0.3, len(pairs))
    label = communities(low=pairs[:, 0], high=pairs[:, 1], contacts=contacts, people=people, size=size, seed=seed)
    sizes = np.bincount(label)
    assert sizes.min() > 0
    assert sizes.max() <= 1.5 * size
    assert (sizes < size / 2).sum() <= 1, "small ones are put together"


def test_a_few_who_are_left_over_join_the_smallest_community() -> None:
    cliques = [
        (10 * block + a, 10 * block + b) for block in range(3) for a in range(9) for b in range(a + 1, 9 + block // 2)
    ]
    pairs = np.array([*cliques, (30, 31)])
    ids = np.unique(pairs, return_inverse=True)[1].reshape(pairs.shape)
    ones = np.ones(len(pairs), int)
    label = communities(low=ids[:, 0], high=ids[:, 1], contacts=ones, people=ids.max() + 1, size=10, seed=1)
    assert sorted(np.bincount(label)) == [9, 10, 11]
    assert label[-1] == label[-2]


# Newcomers --------------------------------------------------------------------------------------------------------


def test_newcomers_know_nobody(state: World) -> None:
    before = state.copy()
    world = worlds.empty(state, newcomers=5, seed=9, sociability=0.5)
    assert state == before
    assert len(world) == len(state) + 5
    assert_sound(world)
    old, fresh = world.people[:-5], world.people[-5:]
    assert (old == state.people).all()
    assert (world.ties[: len(state.ties)] == state.ties).all()
    assert (fresh["degree"] == 0).all()
    assert (fresh["regular"] == 0).all()
    assert (fresh["sociability"] == np.float32(0.5)).all()
    assert (fresh["reticence"] == np.float32(2.15)).all()
    assert (fresh["minutes_left"] == np.float32(287 * 0.5)).all()
    assert len(set(fresh["birthday"])) > 1
    assert world == worlds.empty(state, newcomers=5, seed=9, sociability=0.5)
    assert world != worlds.empty(state, newcomers=5, seed=8, sociability=0.5)


def test_newcomers_join_the_smallest_group_of_their_community() -> None:
    inside = worlds.generated(people=40, burn_in_years=0, parameters=Parameters(community_size=20, group_members=6))
    people = worlds.empty(inside, newcomers=30).people
    for newcomer in range(40, 70):
        others = people[:newcomer]
        home = others[others["community"] == people["community"][newcomer]]
        groups, sizes = np.unique(home["group"], return_counts=True)
        assert people["group"][newcomer] == groups[sizes.argmin()]


def test_newcomers_get_names_of_their_own() -> None:
    inside = worlds.replayed(log_of((7, 8, 0)))
    world = worlds.empty(worlds.empty(inside), newcomers=2, reticence=0)
    assert list(world.names) == [7, 8, "newcomer 2", "newcomer 3", "newcomer 4"]
    assert world.people["reticence"][-2:].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"newcomers": 0}, "newcomers is 0"),
        ({"sociability": -1.0}, "sociability is -1"),
        ({"reticence": -1.0}, "reticence"),
    ],
)
def test_impossible_newcomers_are_refused(state: World, arguments: dict[str, float], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        worlds.empty(state, **arguments)  # type: ignore[arg-type]


def test_real_logs_are_read_whole() -> None:
    paths = sorted(DATA.glob("*.csv.gz"))
    if not paths:
        pytest.skip(f"{DATA} has no logs")
    events = {path.name: len(read_log(path)) for path in paths}
    assert events["facebook_wall.csv.gz"] == 133_446
    assert events["college_messages.csv.gz"] == 59_798
    assert events["university_email.csv.gz"] == 173_288


def test_a_kept_world_runs_like_a_fresh_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read back from the cache, it goes through every strategy with the same result, compiled code and all."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    told = {"people": 60, "burn_in_years": 0.1, "seed": 5}
    fresh, kept = (sim.worlds.generated(**told) for _ in range(2))
    assert list((tmp_path / "rekindle").iterdir())
    assert kept == fresh
    for strategy in sim.strategies.NAMES:
        runs = [sim.simulate(w, days=12, strategy=strategy, adopters=9, seed=5, parameters=RICH) for w in (fresh, kept)]
        assert runs[0].world == runs[1].world


RICH = sim.Parameters(effort_minutes=2_000, show_every_days=3, event_notice_days=2)
