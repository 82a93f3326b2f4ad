"""Generated worlds: their ties, people and past, and the cache of burnt-in worlds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim
from sim import worlds
from sim.model import rules
from sim.model.chance import DrawPurpose, normal, two_uniforms, uniform
from sim.model.parameters import Parameters
from sim.runtime.fingerprint import cache_folder
from sim.state.population import NEVER, World, bits, free_ties
from sim.worlds.past import live_past
from tests.sim.worlds.checks import assert_sound, few, held


def test_people_have_about_the_configured_number_of_ties(state: World) -> None:
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


def test_the_past_has_the_configured_rate() -> None:
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
def test_people_over_capacity_forget_their_weakest_ties(capacity: int, past_years: float) -> None:
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
def test_an_impossible_world_is_refused(arguments: dict[str, float], text: str) -> None:
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
