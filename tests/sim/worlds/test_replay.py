"""Worlds replayed from a log: what the rules leave of its contacts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import worlds
from sim.contact_logs import LogError
from sim.model import rules
from sim.model.gestures import Kind
from sim.model.parameters import Parameters
from sim.state.population import NEVER, bits
from tests.conftest import DATA
from tests.sim.worlds.checks import SECONDS, assert_sound, few, held, log_of, tie


def test_people_who_sent_recently_are_sociable() -> None:
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
