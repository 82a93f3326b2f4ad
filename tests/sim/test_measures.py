"""Outcomes against their definitions, taken again from what happened by plain Python."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim
from sim.engine.day import Core
from sim.engine.network import active_ties, two_step_reach
from sim.measures import OutcomeRecorder, industry_ranks
from sim.model.outcomes import KEPT_UP_FROM, KEPT_UP_TO, MADE_OF_OTHERS, MEASURES, RECONNECTION_DAYS
from sim.run import begin
from sim.state.population import NOBODY, PERSON, DayRecord, World, free_ties

DORMANT_SOON = sim.Parameters(dormant_after_days=30)


@pytest.fixture(scope="module")
def world() -> World:
    """A small world with a past and half a year of ordinary life."""
    young = sim.worlds.generated(people=120, burn_in_years=0, seed=4, parameters=DORMANT_SOON, cache=False)
    return sim.simulate(young, days=150, seed=4, series=False).world


@pytest.fixture(scope="module")
def history(world: World) -> tuple[World, list[DayRecord], sim.measures.Measures, World]:
    """A year of a strategy, day by day, and what the measures say of it."""
    start, who = begin(world, strategy="check_in", adopters=12, seed=6, parameters=None, strategy_days=60, extra=())
    core = Core(start, seed=6)
    recorder = OutcomeRecorder(start, adopters=who, within=60, strategy_days=60, injected=False, series=True)
    records = []
    for _ in range(320):
        records.append(core.step())
        recorder.observe(records[-1], core.active_ties(), network=core.network)
    end = core.to_world()
    return start, records, recorder.finish(core.final_state()), end


def active_pairs(world: World) -> set[tuple[int, int]]:
    """The pairs with an active tie, from the definition."""
    return {
        (int(owner), int(tie["other"]))
        for owner, tie in zip(world.owners(), world.ties, strict=True)
        if owner < tie["other"] and not tie["acquaintance"] and tie["two_way"]
        and world.day - tie["last_two_way"] < world.parameters.dormant_after_days
    }  # fmt: skip


def tied_pairs(world: World) -> set[tuple[int, int]]:
    """The pairs with a tie."""
    found = zip(world.owners(), world.ties, strict=True)
    return {(int(one), int(tie["other"])) for one, tie in found if one < tie["other"] and not tie["acquaintance"]}


def per_person(pairs: set[tuple[int, int]], who: np.ndarray) -> float:
    """The mean number of pairs of these people."""
    return sum(int(np.isin(pair, who).sum()) for pair in pairs) / len(who)


def test_the_outcomes_of_each_person_make_up_the_measures(world: World) -> None:
    """Means over the adopters and over everyone, of all measures that are such means."""
    run = sim.simulate(world, days=50, strategy="check_in", adopters=12, seed=6)
    people, scalars = run.people, run.measures.scalars
    assert list(people["person"]) == list(range(len(world)))
    assert list(people["person"][people["adopter"]]) == list(run.adopters)
    of = [name for name in MEASURES if not name.startswith((*MADE_OF_OTHERS, "focal"))]
    assert list(people.columns) == ["person", "adopter", *of]
    for name in set(of) - {"used_share"}:
        np.testing.assert_allclose(people[name][people["adopter"]].mean(), scalars[name], err_msg=name)
        if f"everyone_{name}" in scalars:
            np.testing.assert_allclose(people[name].mean(), scalars[f"everyone_{name}"], err_msg=name)
    used = people[people["minutes_used"] > 0]
    assert len(used) >= 6
    assert used["used_share"].between(0, 1.001).all()
    assert (people["minutes_used"][~people["adopter"]] == 0).all()


def noticed_by_pair(records: list[DayRecord]) -> dict[tuple[int, int], list[tuple[int, Any]]]:
    """Directed gestures that were noticed, by pair, in order of time."""
    found: dict[tuple[int, int], list[tuple[int, Any]]] = defaultdict(list)
    for record in records:
        rows = record.delivered[(record.delivered["noticed"] == 1) & (record.delivered["kind"] != 12)]
        for row in sorted(rows, key=lambda row: (row["arrives_second"], row["sender"], row["event_key"])):
            one, two = int(row["sender"]), int(row["receiver"])
            found[min(one, two), max(one, two)].append((record.day, row))
    return found


def dormant_pairs(world: World) -> set[tuple[int, int]]:
    """Candidates, from the definition."""
    p = world.parameters
    return {
        (int(owner), int(tie["other"]))
        for owner, tie in zip(world.owners(), world.ties, strict=True)
        if owner < tie["other"] and not tie["acquaintance"] and tie["two_way"] >= p.dormant_contacts
        and world.day - tie["last_two_way"] >= p.dormant_after_days
    }  # fmt: skip


def first_reconnection(gestures: list[tuple[int, Any]], worded: np.ndarray) -> int | None:
    """The first day with three worded gestures in alternation within 60 days before it, by trying all triples."""
    said = [(day, int(row["sender"])) for day, row in gestures if worded[row["kind"]]]
    for k, (day, speaker) in enumerate(said):
        for j in range(k):
            if said[j][1] == speaker:
                continue
            if any(said[i][1] == speaker and day - said[i][0] <= RECONNECTION_DAYS for i in range(j)):
                return day
    return None


def test_reconnections_are_those_of_the_definition(history: tuple[World, list[DayRecord], Any, World]) -> None:
    """Candidates, the day of each reconnection, and the mean over adopters, by brute force."""
    start, records, measures, _ = history
    worded = start.parameters.packed["worded"]
    pairs = noticed_by_pair(records)
    frame = measures.at_risk.set_index(["low", "high"])["reconnected"]
    assert set(frame.index) == dormant_pairs(start)
    expected = {pair: first_reconnection(pairs.get(pair, []), worded) for pair in frame.index}
    assert {pair: None if np.isnan(day) else int(day) + start.day for pair, day in frame.items()} == expected
    assert sum(day is not None for day in expected.values()) > 20
    who = np.unique(start.plans["person"])
    counted = [pair for pair, day in expected.items() if day is not None and day < start.day + 60]
    per_adopter = sum(int(np.isin(pair, who).sum()) for pair in counted) / len(who)
    assert measures.scalars["reconnected"] == pytest.approx(per_adopter)


def two_way_days(start: World, pair: tuple[int, int], gestures: list[tuple[int, Any]]) -> list[int]:
    """Days of two-way contact: a noticed gesture with mass, and one the other way within 30 days."""
    low, high = pair
    block = start.ties[start.people["first"][low] :][: start.people["slots"][low]]
    tie = block[block["other"] == high][0]
    back = start.ties[start.people["first"][high] + tie["mirror"]]
    last = {low: int(tie["last_received"]), high: int(back["last_received"])}  # by who received
    mass, found = start.parameters.packed["mass"], []
    for day, row in gestures:
        if mass[row["kind"]] > 0:
            if day - last[int(row["sender"])] <= 30:
                found.append(day)
            last[int(row["receiver"])] = day
    return found


def test_kept_up_is_two_way_contact_in_the_window(history: tuple[World, list[DayRecord], Any, World]) -> None:
    """Days 150 to 240 after a reconnection; nan while that is still to come."""
    start, records, measures, end = history
    pairs = noticed_by_pair(records)
    told = 0
    for row in measures.at_risk.itertuples():
        since = start.day + row.reconnected
        if np.isnan(row.reconnected) or end.day <= since + KEPT_UP_TO:
            assert np.isnan(row.kept_up)
            continue
        days = two_way_days(start, (row.low, row.high), pairs[row.low, row.high])
        assert row.kept_up == any(KEPT_UP_FROM <= day - since <= KEPT_UP_TO for day in days)
        told += 1
    assert told > 10
    assert np.isfinite(measures.scalars["kept_up"])


def test_what_is_kept_is_counted_by_hand_240_days_after_the_strategy_stopped(
    history: tuple[World, list[DayRecord], Any, World],
) -> None:
    """By the ties of the world on that day, which the run passes later on."""
    start, _, measures, _ = history
    who, everyone = np.unique(start.plans["person"]), np.arange(len(start))
    core = Core(start, seed=6)
    worlds = {}
    for day in range(1, 301):
        core.step()
        if day in (60, 300):
            worlds[day] = core.to_world()
    dormant, then = dormant_pairs(start), active_pairs(worlds[300])
    expected = {
        "revived": dormant & active_pairs(worlds[60]),
        "kept": dormant & then,
        "kept_new": then - tied_pairs(start),
        "kept_all": then,
    }
    for name, pairs in expected.items():
        assert pairs, name
        assert measures.scalars[name] == pytest.approx(per_person(pairs, who)), name
        assert measures.scalars[f"everyone_{name}"] == pytest.approx(per_person(pairs, everyone)), name
    frame = measures.at_risk.set_index(["low", "high"])["kept"]
    assert set(frame.index[frame == 1]) == expected["kept"]
    assert measures.series is not None
    assert measures.series["revived"].iloc[59] == pytest.approx(measures.scalars["revived"])
    assert measures.series["everyone_revived"].iloc[299] == pytest.approx(measures.scalars["everyone_kept"])


def test_what_is_kept_is_missing_in_a_shorter_run_and_does_not_change_in_a_longer_one(world: World) -> None:
    told: dict[str, Any] = {"strategy": "check_in", "adopters": 5, "seed": 6, "strategy_days": 20, "series": False}
    short, exact, longer = (sim.simulate(world, days=days, **told).measures.scalars for days in (259, 260, 320))
    names = ("kept", "kept_new", "kept_all")
    assert all(np.isnan(short[name]) for name in names)
    assert [exact[name] for name in names] == [longer[name] for name in names]
    assert short["revived"] == exact["revived"] == longer["revived"]
    endless = sim.simulate(world, days=40, strategy="check_in", adopters=5, seed=6).measures
    assert endless.series is not None
    assert endless.scalars["revived"] == endless.series["revived"].iloc[-1] > 0
    assert np.isnan(endless.scalars["kept"])


def test_how_the_silence_was_broken_and_first_likes_are_those_of_the_gestures(
    history: tuple[World, list[DayRecord], Any, World],
) -> None:
    """Channel, words in person afterwards and likes, by reading all gestures of each pair."""
    start, records, measures, _ = history
    pairs, worded = noticed_by_pair(records), start.parameters.packed["worded"]
    labels = ["feed", "private", "in_person", "post_office"]
    counts = {"began_in_feed": 0, "feed_to_person": 0}
    who = np.unique(start.plans["person"])
    for row in measures.at_risk.itertuples():
        gestures = pairs.get((row.low, row.high), [])
        for person, first in ((row.low, row.first_liked_by_low), (row.high, row.first_liked_by_high)):
            likes = [day - start.day for day, one in gestures if one["kind"] == 0 and one["sender"] == person]
            assert (likes[0] == first) if likes else np.isnan(first)
        returned = np.inf if np.isnan(row.reconnected) else start.day + row.reconnected
        breaks = [at for at, (day, _) in enumerate(gestures) if at == 0 or day - gestures[at - 1][0] > 30]
        breaks = [at for at in breaks if gestures[at][0] <= returned]
        channel = labels[gestures[breaks[-1]][1]["channel"]] if breaks else ""
        assert row.opened_in == channel
        rest = gestures[breaks[-1] :] if breaks else []
        said = [day for day, one in rest if worded[one["kind"]] and one["channel"] == 2]
        assert (said[0] - start.day == row.in_person) if said else np.isnan(row.in_person)
        if row.reconnected < 60 and channel == "feed":
            both = int(np.isin([row.low, row.high], who).sum())
            counts["began_in_feed"] += both
            counts["feed_to_person"] += both * bool(said)
    for name, count in counts.items():
        assert measures.scalars[name] == pytest.approx(count / len(who)), name
    assert measures.scalars["everyone_began_in_feed"] > measures.scalars["everyone_feed_to_person"] > 0


def test_kept_up_is_missing_and_not_zero_when_the_run_is_too_short(world: World) -> None:
    """Nobody can tell after a month."""
    run = sim.simulate(world, days=30, strategy="check_in", adopters=5, seed=6)
    assert np.isnan(run.measures.scalars["kept_up"])
    assert run.measures.at_risk["kept_up"].isna().all()


def test_the_count_of_two_way_contacts_in_a_world_is_that_of_the_definition(
    history: tuple[World, list[DayRecord], Any, World],
) -> None:
    """What the engine keeps on ties agrees with the gestures that were noticed."""
    start, records, _, end = history
    pairs = noticed_by_pair(records)
    checked = 0
    for owner, tie in zip(start.owners(), start.ties, strict=True):
        if tie["other"] <= owner or tie["other"] == NOBODY:
            continue
        pair = (int(owner), int(tie["other"]))
        after = end.ties[end.people["first"][owner] :][: end.people["slots"][owner]]
        kept = after[after["other"] == pair[1]]
        days = two_way_days(start, pair, pairs.get(pair, []))
        if len(kept) and not any(key == pair[0] * len(start) + pair[1] for r in records for key in r.forgotten):
            assert kept["two_way"][0] == min(255, int(tie["two_way"]) + len(days))
            assert kept["last_two_way"][0] == (days[-1] if days else tie["last_two_way"])
            checked += len(days) > 0
    assert checked > 100


def test_a_series_adds_up_to_the_scalars(history: tuple[World, list[DayRecord], Any, World]) -> None:
    """Flows sum to totals; the last active ties are those at the end."""
    _, _, measures, _ = history
    assert measures.series is not None
    for name in ("sent", "answered", "new_ties"):
        for prefix in ("", "everyone_"):
            assert measures.series[prefix + name].sum() == pytest.approx(measures.scalars[prefix + name])
    assert measures.series["active_ties"].iloc[-1] == pytest.approx(measures.scalars["active_ties"])
    assert list(measures.series.index) == list(range(320))


def test_counts_by_kind_add_up(history: tuple[World, list[DayRecord], Any, World]) -> None:
    """Gestures sent of each kind are the gestures sent."""
    scalars = history[2].scalars
    for name in ("sent", "answered"):
        parts = [value for key, value in scalars.items() if key.startswith(f"{name}_")]
        assert sum(parts) == pytest.approx(scalars[name])
    assert scalars["answered"] > 0


def test_initiated_gestures_answer_nothing(history: tuple[World, list[DayRecord], Any, World]) -> None:
    start, records, measures, _ = history
    posts = list(start.parameters.kinds).index("post")
    first = [row for record in records for row in record.sent if row["parent_kind"] == 255 and row["kind"] != posts]
    assert measures.scalars["everyone_initiated"] == pytest.approx(len(first) / len(start))
    who = np.unique(start.plans["person"])
    assert measures.scalars["initiated"] == pytest.approx(sum(row["sender"] in who for row in first) / len(who))


def test_an_injected_question_is_asked_where_it_says(world: World) -> None:
    """In person or in private; a message has a channel of its own."""
    for kind, channel, expected in (("question", "in_person", "in_person"), ("question", "private", "private"),
                                    ("message", "in_person", "private")):  # fmt: skip
        extra = [sim.Gesture(0, kind, 3, 17, channel=channel)]
        log = sim.simulate(world, days=1, seed=6, extra=extra, log=True, series=False).log
        assert log is not None
        mine = log[(log["source"] == 3) & (log["target"] == 17) & (log["time"] % 86_400 == 43_200)]
        assert list(mine["channel"]) == [expected]
    with pytest.raises(ValueError, match="expected private or in_person"):
        sim.simulate(world, days=1, seed=6, extra=[sim.Gesture(0, "question", 3, 17, channel="feed")])


def test_measures_do_not_depend_on_the_engine(world: World) -> None:
    """Both report the same days."""
    told: dict[str, Any] = {"strategy": "host_event", "adopters": 6, "seed": 6}
    model = sim.ReconnectionModel(world=world, **told)
    for _ in range(20):
        model.step()
    run = sim.simulate(world, days=20, **told)
    np.testing.assert_equal(model.measures().scalars, run.measures.scalars)
    pd.testing.assert_frame_equal(model.measures().at_risk, run.measures.at_risk)


def test_every_measure_is_named_and_defined() -> None:
    """Each with a unit and a sentence."""
    for name, measure in MEASURES.items():
        assert measure.name == name
        assert measure.unit
        assert measure.definition.endswith(".")


def test_a_log_names_the_gesture_that_each_answers(world: World) -> None:
    """The row of the parent: earlier, between the same two, the other way round."""
    run = sim.simulate(world, days=30, seed=6, log=True)
    assert run.log is not None
    assert list(run.log.columns) == ["source", "target", "time", "kind", "channel", "in_reply_to"]
    assert run.log["time"].is_monotonic_increasing
    replies = run.log[run.log["in_reply_to"] >= 0]
    parents = run.log.loc[replies["in_reply_to"]]
    assert len(replies) > 100
    assert (replies["source"].to_numpy() == parents["target"].to_numpy()).all()
    assert (replies["target"].to_numpy() == parents["source"].to_numpy()).all()
    assert (replies["time"].to_numpy() >= parents["time"].to_numpy()).all()
    assert "post" not in set(run.log["kind"])


def test_ranks_are_within_the_industry() -> None:
    """1 is the best connected; equals share."""
    ranks = industry_ranks(np.array([5, 7, 7, 1, 9]), np.array([0, 0, 0, 0, 1]))
    assert ranks.tolist() == [3, 1.5, 1.5, 4, 1]


ACTIVE, SILENT, ACQUAINTED = range(3)  # what two people are to each other
TODAY = 1_000
Tied = dict[tuple[int, int], int]


def reached(people: int, tied: Tied) -> list[int]:
    """`two_step_reach` of people who are tied so, each low one before the high one."""
    sides = sorted([*tied, *((high, low) for low, high in tied)])
    held, ties = np.zeros(people, PERSON), free_ties(people + len(sides))  # each has a free slot at the end
    held["slots"] = np.bincount([owner for owner, _ in sides], minlength=people) + 1
    held["first"] = np.cumsum(held["slots"]) - held["slots"]
    for row, (owner, other) in enumerate(sides):
        tie, what = ties[row + owner], tied[min(owner, other), max(owner, other)]
        tie["other"], tie["two_way"], tie["acquaintance"] = other, 5, what == ACQUAINTED
        tie["last_two_way"] = TODAY - (400 if what == SILENT else 3)
    asked = (held, ties, TODAY, sim.Parameters().packed)
    active = [sum(one in pair and what == ACTIVE for pair, what in tied.items()) for one in range(people)]
    assert active_ties(*asked).tolist() == active
    return list(two_step_reach(*asked).tolist())


@given(people=st.integers(1, 12), data=st.data())
def test_two_step_reach_is_the_union_of_contacts_and_their_contacts(people: int, data: st.DataObject) -> None:
    """From sets of people, whatever else is held: silent ties, acquaintances, free slots."""
    pairs = [(low, high) for high in range(people) for low in range(high)]
    kinds = st.sampled_from([ACTIVE, ACTIVE, SILENT, ACQUAINTED])
    tied = data.draw(st.dictionaries(st.sampled_from(pairs), kinds, max_size=30)) if pairs else {}
    contacts: list[set[int]] = [set() for _ in range(people)]
    for (low, high), what in tied.items():
        if what == ACTIVE:
            contacts[low].add(high)
            contacts[high].add(low)
    expected = [len(near.union(*(contacts[other] for other in near)) - {one}) for one, near in enumerate(contacts)]
    assert reached(people, tied) == expected


def test_two_steps_in_a_star_and_in_a_star_with_long_arms() -> None:
    """Through the centre all reach all; of arms of two people, the outer ones reach their own arm and the centre."""
    arms = range(1, 7)
    star = {(0, arm): ACTIVE for arm in arms}
    assert reached(7, star) == [6] * 7
    assert reached(13, star | {(arm, arm + 6): ACTIVE for arm in arms}) == [12, *[7] * 6, *[2] * 6]
    assert reached(7, star | {(0, 3): SILENT}) == [5, 5, 5, 0, 5, 5, 5]


def test_rank_by_two_steps_is_that_of_the_reach_at_the_end(history: tuple[World, list[DayRecord], Any, World]) -> None:
    start, _, measures, end = history
    reach = two_step_reach(end.people, end.ties, end.day, end.parameters.packed)
    ranks = industry_ranks(reach, end.people["industry"])
    who = np.unique(start.plans["person"])
    assert measures.scalars["two_step_reach"] == pytest.approx(reach[who].mean())
    assert measures.scalars["everyone_two_step_reach"] == pytest.approx(reach.mean())
    assert measures.scalars["industry_rank_two_steps"] == pytest.approx(ranks[who].mean())
    assert measures.scalars["industry_rank_two_steps"] != measures.scalars["industry_rank"]


def strength_held(world: World, by: int, of: int) -> float:
    """How strongly one person holds another today, from the world's arrays; 0 for strangers."""
    p = world.parameters.packed
    held = world.ties[world.people["first"][by] :][: world.people["slots"][by]]
    tie = held[held["other"] == of]
    if not len(tie):
        return 0.0
    silence = world.day - int(tie["last_contact"][0])
    return float(sim.rules.strength(sim.rules.activation(tie["traces"][0], silence, p), p))


def test_focal_ties_are_followed_from_the_first_day_by_hand(world: World) -> None:
    """Shares of the focal ties, and their sales day by day, from the frame of candidates and the world's arrays."""
    pairs = [(int(pair["high"]), int(pair["low"])) for pair in measured_pairs(world)[:40:2]]
    extra = [sim.Gesture(0, "conversation", sender, receiver) for sender, receiver in pairs]
    run = sim.simulate(world, days=95, seed=6, extra=extra, focal=pairs)
    scalars, frame = run.measures.scalars, run.measures.at_risk.set_index(["low", "high"])
    back = [frame.loc[(min(pair), max(pair)), "reconnected"] < 60 for pair in pairs]
    side = ["first_worded_by_low" if b < a else "first_worded_by_high" for a, b in pairs]
    answered = [frame.loc[(min(pair), max(pair)), name] < 60 for pair, name in zip(pairs, side, strict=True)]
    assert scalars["focal"] == 20
    assert scalars["focal_reconnected"] == pytest.approx(np.mean(back))
    assert scalars["focal_answered"] == pytest.approx(np.mean(answered))
    assert 0 < np.mean(answered) < 1
    assert np.isnan(scalars["focal_kept_up"])
    assert np.isnan(scalars["focal_sold_365"])
    unsold = np.ones(len(pairs))
    nothing: dict[str, Any] = {"strategy": None, "adopters": None, "parameters": None, "strategy_days": None}
    core = Core(begin(world, **nothing, seed=6, extra=extra)[0], seed=6)
    for _ in range(90):
        core.step()
        evening = core.to_world()
        held = np.array([strength_held(evening.copy(day=evening.day - 1), by=b, of=a) for a, b in pairs])
        unsold *= 1 - world.parameters.sale_hazard * held**2
    assert scalars["focal_sold_90"] == pytest.approx(np.mean(1 - unsold), rel=1e-9)
    assert run.measures.series is not None
    assert run.measures.series["focal_sold"].iloc[89] == pytest.approx(scalars["focal_sold_90"])
    assert run.measures.series["focal_reconnected"].iloc[59] == pytest.approx(scalars["focal_reconnected"])


def measured_pairs(world: World) -> np.ndarray:
    return sim.measures.dormant_pairs(world, world.parameters)


def test_following_focal_ties_changes_nothing(world: World) -> None:
    pairs = [(int(pair["low"]), int(pair["high"])) for pair in measured_pairs(world)[:5]]
    followed = sim.simulate(world, days=20, seed=6, focal=pairs)
    alone = sim.simulate(world, days=20, seed=6)
    assert followed.world == alone.world
    assert alone.measures.scalars["focal"] == 0
    assert np.isnan(alone.measures.scalars["focal_reconnected"])


def test_outcomes_of_focal_ties_count_from_the_first_day_with_a_gesture_and_without(world: World) -> None:
    pairs = [(int(pair["low"]), int(pair["high"])) for pair in measured_pairs(world)[:30]]
    run = sim.simulate(world, days=242, seed=6, focal=pairs, series=False)
    frame = run.measures.at_risk.set_index(["low", "high"])
    assert frame["kept_up"].notna().all()
    for name in ("kept_up", "kept"):
        assert run.measures.scalars[f"focal_{name}"] == pytest.approx(
            np.mean([frame.loc[pair, name] for pair in pairs])
        )
    likes = [sim.Gesture(0, "like", *pair) for pair in pairs]
    liked = sim.simulate(world, days=242, seed=6, focal=pairs, extra=likes, series=False).measures
    first = liked.at_risk.set_index(["low", "high"])["first_liked_by_high"]
    for days in (14, 60):
        share = np.mean([first[pair] < days for pair in pairs])
        assert liked.scalars[f"focal_liked_back_{days}"] == pytest.approx(share)
        assert share >= run.measures.scalars[f"focal_liked_back_{days}"]
    assert np.isnan(sim.simulate(world, days=30, seed=6, focal=pairs).measures.scalars["focal_liked_back_60"])


@pytest.mark.parametrize("focal", [[(1, 1)], [(0, 10**6)], [(1, 2, 3)], [(0.5, 1)]])
def test_focal_pairs_are_two_people_of_the_world(world: World, focal: Any) -> None:
    with pytest.raises(ValueError, match="pairs of"):
        sim.simulate(world, days=1, seed=1, focal=focal)


def test_the_series_has_the_rank_of_the_adopters(world: World) -> None:
    run = sim.simulate(world, days=30, strategy="check_in", adopters=5, seed=6)
    assert run.measures.series is not None
    assert run.measures.series["industry_rank"].iloc[-1] == pytest.approx(run.measures.scalars["industry_rank"])
