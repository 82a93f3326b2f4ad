"""The channel: who is on it and when, sittings, how readily people answer, closeness, and worlds of observed people."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim
from sim.model import rules
from sim.model.gestures import Kind
from sim.model.parameters import NEW_PARAMETERS
from sim.model.whom import A_CONTACT, OF_COMMUNITY
from sim.worlds import generated, observed_people
from tests.sim.model.closed_forms import shares

DAYS = 80
PRIVATE = {"feed_rate": 0, "encounter_rate": 0, "birthday_noticed": 0, "post_rate": 0}


def lived(days: int = DAYS, people: int = 120, **changes: Any) -> sim.Run:
    """A run of ordinary life, with its log."""
    parameters = sim.Parameters(**{"routine_rate": 0.6, "weekly_minutes": 5_000.0, **changes})
    world = generated(people=people, burn_in_years=0, seed=4, parameters=parameters, cache=False)
    return sim.simulate(world, days=days, seed=2, log=True)


def log_of(run: sim.Run) -> Any:
    assert run.log is not None
    return run.log


@pytest.mark.parametrize("name", NEW_PARAMETERS)
def test_a_later_parameter_at_its_default_changes_no_id(name: str) -> None:
    """Runs of earlier versions keep their ids, and a change makes another one."""
    assert name not in sim.Parameters().identity()
    changed = {"hour_activity": (2.0,) + (1.0,) * 23, "weekday_activity": (2.0,) + (1.0,) * 6, "channel_levels": (2.0,)}
    other = 1 if name == "channel_begins" else 0.9 if name != "sitting_prompts" else 2.0
    other = 50.0 if name in ("arriving_days", "channel_level_days") else other
    assert name in sim.Parameters(**{name: changed.get(name, other)}).identity()


@given(u=shares.filter(lambda u: 0 < u < 1))
def test_hours_are_followed(u: float) -> None:
    """Half of the activity in the last hour and a quarter in each of the two before: quantiles by hand."""
    p = sim.Parameters(hour_activity=(0.0,) * 21 + (1.0, 1.0, 2.0)).packed
    expected = 21 + 4 * u if u < 0.5 else 23 + 2 * (u - 0.5)
    assert rules.second_of_day(u, p) == pytest.approx(3_600 * expected, abs=1.5)
    assert rules.second_of_day(u, sim.Parameters().packed) == int(86_400 * u)


def test_nothing_is_sent_at_hours_without_activity() -> None:
    """Neither prompts nor answers on later days; answers within the day may come at any time."""
    log = log_of(lived(hour_activity=(0.0,) * 12 + (1.0,) * 12, **PRIVATE))
    begun = log[~log["is_answer"]] if "is_answer" in log else log
    assert (begun["time"] % 86_400 >= 43_200).mean() > 0.97


def test_nothing_is_begun_on_weekdays_without_activity() -> None:
    """Such a day could only see answers of the same day, which need something that was begun on it."""
    log = log_of(lived(weekday_activity=(1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0), **PRIVATE))
    assert not np.isin(log["time"] // 86_400 % 7, [5, 6]).any()


@given(u=shares.filter(lambda u: 0 < u < 1), new=shares.filter(lambda share: share <= 0.95), near=shares)
def test_routine_is_about_somebody_new_as_often_as_it_says(u: float, new: float, near: float) -> None:
    """Below `routine_new`, and of the community in the first part of that range."""
    p = sim.Parameters(routine_new=new, ties_in_community=near, ties_in_industry=0).packed
    found = rules.routine_about(u, p)
    assert (found == A_CONTACT) == (u >= new)
    assert (found == OF_COMMUNITY) == (u < new * near)


def test_routine_with_new_people_reaches_more_of_them() -> None:
    """And with it, somebody who knows nobody writes, too."""
    usual, new = (log_of(lived(routine_new=share, **PRIVATE)) for share in (0.0, 0.6))
    pairs = [len(log[["source", "target"]].drop_duplicates()) / len(log) for log in (usual, new)]
    assert pairs[1] > 1.5 * pairs[0]
    alone = {"ties_at_start": 0.0, **PRIVATE}
    assert not len(log_of(lived(routine_new=0.0, **alone)))
    assert len(log_of(lived(routine_new=0.6, **alone)))


def test_new_people_are_on_the_channel() -> None:
    """If nobody has ties at first, a pair's first message never goes to who has left."""
    run = lived(ties_at_start=0.0, routine_new=0.9, leaving_rate=0.05, **PRIVATE)
    log, leaves = log_of(run), run.world.people["leaves"]
    low, high = np.sort(log[["source", "target"]].to_numpy(), axis=1).T
    first = log[~log.assign(low=low, high=high).duplicated(["low", "high"])]
    assert len(first) > 20
    assert (first["time"] // 86_400 < leaves[first["target"]]).all()


def test_who_has_not_joined_sends_nothing() -> None:
    """Neither a late answer from the burn-in, nor a greeting on a birthday."""
    parameters = sim.Parameters(
        routine_rate=0.6, arriving_share=0.9, arriving_days=40.0, delay_median=20_000.0, birthday_noticed=1.0
    )
    world = generated(people=120, burn_in_years=0.2, seed=4, parameters=parameters, cache=False)
    arrives = world.people["arrives"]
    assert len(world.mail)
    assert (arrives[world.mail["sender"]] <= world.mail["day"]).all()
    log = log_of(sim.simulate(world, days=DAYS, seed=2, log=True))
    late = log["time"] // 86_400 < arrives[log["source"]]
    assert len(log) > 1_000
    assert not (late & (log["channel"] == "private")).any()


def test_levels_of_the_channel_are_factors_on_what_is_begun() -> None:
    """Three periods of 20 days at 1, 0 and 2, then 1 again."""
    run = lived(channel_levels=(1.0, 0.0, 2.0), channel_level_days=20, **PRIVATE, delay_median=1.0, delay_sigma=0.1)
    period = np.bincount((log_of(run)["time"] // 86_400 // 20).astype(int), minlength=4)
    assert period[1] < 0.02 * period[0]
    assert 1.5 < period[2] / period[3] < 2.7


@given(mean=st.floats(1.0, 20.0))
def test_sittings_have_their_mean_size(mean: float) -> None:
    p = sim.Parameters(sitting_prompts=mean).packed
    sizes = [rules.sitting_size(u, p) for u in (np.arange(2_000) + 0.5) / 2_000]
    assert min(sizes) == 1
    assert np.mean(sizes) == pytest.approx(mean, rel=0.12)


def test_sittings_bunch_what_is_sent_and_keep_its_amount() -> None:
    """Four times as many per sitting: the same number in all, on fewer days, and more of them within ten minutes."""
    apart, together = (log_of(lived(sitting_prompts=size, **PRIVATE)) for size in (1.0, 4.0))
    assert len(together) == pytest.approx(len(apart), rel=0.15)
    days = [len({*zip(log["source"], log["time"] // 86_400, strict=True)}) for log in (apart, together)]
    assert days[1] < 0.8 * days[0]


def test_nobody_acts_before_arriving_or_after_leaving() -> None:
    run = lived(arriving_share=0.5, arriving_days=20, leaving_rate=0.02)
    people, log = run.world.people, log_of(run)
    day = (log["time"] // 86_400).to_numpy()
    own = people[log["source"].to_numpy()]
    late = log["is_answer"].to_numpy() if "is_answer" in log else np.zeros(len(log), bool)
    assert (day >= own["arrives"]).all()
    assert ((own["leaves"] == 0) | (day < own["leaves"]) | late).mean() > 0.9
    assert (people["arrives"] > 0).mean() == pytest.approx(0.5, abs=0.15)
    gone = people["leaves"] < DAYS
    assert 0.4 < gone.mean() < 0.95


def test_responsive_people_answer_more() -> None:
    parameters = sim.Parameters(responsiveness_sd=1.5)
    world = generated(people=400, burn_in_years=0, seed=1, parameters=parameters, cache=False)
    logits = world.people["responsiveness"] / 1_000
    assert logits.std() == pytest.approx(1.5, rel=0.1)
    assert abs(logits.mean()) < 0.25
    p = parameters.packed
    assert rules.answer_odds_of(0.0, 0, p) == 1.0
    assert rules.answer_odds_of(0.0, 693, p) == pytest.approx(2.0, rel=1e-3)


@given(closeness=shares, gain=shares, days=st.integers(0, 4_000))
def test_closeness_grows_by_a_share_and_halves_in_its_half_life(closeness: float, gain: float, days: int) -> None:
    p = sim.Parameters(closeness_half_life=2.0).packed
    stored = rules.closer(closeness, gain)
    now = rules.closeness_now(stored, 0, p)
    assert now == pytest.approx(closeness + gain * (1 - closeness), abs=1e-5)
    assert rules.closeness_now(stored, days, p) == pytest.approx(now * 0.5 ** (days / 730), abs=1e-9)
    assert rules.familiarity(0.3, 0.0) == 0.3
    assert rules.familiarity(0.3, closeness) >= 0.3 - 1e-12
    assert rules.attraction(2.0, 0.0, p) == 2.0


@given(gain=shares.filter(lambda gain: gain < 1), length=shares, minutes=st.floats(0.1, 600))
def test_closeness_by_length_lies_between_counting_contacts_and_counting_minutes(
    gain: float, length: float, minutes: float
) -> None:
    """Half an hour gives `closeness_gain` whatever the exponent; at 1, ten short gestures give as much as one."""
    table = {"call": {"minutes": minutes}, "note": {"minutes": minutes / 10 + 0.05}, "message": {"minutes": 30}}

    def closer(exponent: float) -> np.ndarray:
        p = sim.Parameters(closeness_gain=gain, closeness_by_length=exponent, gestures=table)
        return p.packed["closer"][[Kind.CALL, Kind.NOTE, Kind.MESSAGE]]

    contacts, between, hours = closer(0.0), closer(length), closer(1.0)
    assert (contacts == gain).all()
    assert between[2] == pytest.approx(gain)
    assert (np.minimum(contacts, hours) - 1e-9 <= between).all()
    assert (between <= np.maximum(contacts, hours) + 1e-9).all()
    ten_short = 1 - (1 - hours[1]) ** (10 * minutes / (minutes + 0.5))
    assert ten_short == pytest.approx(hours[0], abs=1e-9)


def test_a_longer_gesture_brings_two_people_closer_if_length_counts() -> None:
    """Two people talk once for two hours: closeness is that of four half hours, for both."""
    world = generated(people=60, burn_in_years=0, seed=1, cache=False, parameters=sim.Parameters(past_years=0))
    one, two = 3, 8
    talks = [sim.Gesture(day, "conversation", one, two) for day in (0, 1)]
    talks += [sim.Gesture(day, "conversation", two, one) for day in (0, 1)]
    found = {}
    for exponent in (0.0, 1.0):
        p = sim.Parameters(
            closeness_gain=0.1, closeness_by_length=exponent, gestures={"conversation": {"minutes": 120, "noticed": 1}}
        )
        ties = sim.simulate(world, days=3, seed=1, extra=talks, parameters=p).world.ties
        found[exponent] = ties["closeness"].max() / 65_535
    assert found[1.0] > 2 * found[0.0] > 0


def test_closeness_grows_only_with_those_who_write_back() -> None:
    run = lived(closeness_gain=0.2, past_years=0)
    ties = run.world.ties[run.world.ties["other"] >= 0]
    assert (ties["closeness"] > 0).any()
    close = ties[ties["closeness"] > 0]
    assert (np.minimum(close["last_sent"], close["last_received"]) >= 0).all()
    assert not lived(past_years=0).world.ties["closeness"].any()


@pytest.mark.parametrize("number", [1, 7])
def test_a_world_of_observed_people_has_only_their_ties(number: int) -> None:
    world = generated(people=150, burn_in_years=0, seed=3, observed=number, cache=False)
    ids = observed_people(150, number, 3)
    used = world.ties["other"] >= 0
    seen = np.isin(world.owners()[used], ids) | np.isin(world.ties["other"][used], ids)
    assert len(ids) == number
    assert used.any()
    assert seen.all()
    whole = generated(people=150, burn_in_years=0, seed=3, cache=False)
    assert (world.people["degree"][ids] == whole.people["degree"][ids]).all()
    assert (world.people["sociability"] <= whole.people["sociability"]).all()
    assert (world.people["sociability"][ids] == whole.people["sociability"][ids]).all()


@pytest.mark.parametrize("number", [0, 7])
def test_unobserved_people_only_write_to_observed_ones(number: int) -> None:
    """Not even to strangers, whom they meet or write to. The observed do as before, and all are reached by somebody."""
    busy = sim.Parameters(routine_new=0.5, routine_rate=2.0, encounter_rate=2.0, encounter_known=0.2)
    world = generated(people=150, burn_in_years=0, seed=3, parameters=busy, observed=number, cache=False)
    others = np.flatnonzero(world.people["unobserved"])
    ids = observed_people(150, number, 3)
    assert sorted([*others, *ids]) == list(range(150))
    log = log_of(sim.simulate(world, days=60, seed=2, log=True))
    assert not (log["source"].isin(others) & log["target"].isin(others)).any()
    wrote = log[log["source"].isin(others) & (log["in_reply_to"] < 0)]
    assert set(wrote["target"]) == set(ids)
    assert log["source"].isin(ids).any() == bool(number)


def test_fewer_observed_people_than_none_are_refused() -> None:
    with pytest.raises(ValueError, match="observed is -1; it must be from 0 to 20"):
        generated(people=20, burn_in_years=0, observed=-1)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hour_activity": [0.0] * 24}, "at least one number above 0"),
        ({"weekday_activity": [1.0] * 6 + [-1.0]}, "0 or more"),
        ({"channel_levels": [float("inf")]}, "0 or more"),
        ({"hour_activity": [1.0] * 23}, "at least 24"),
    ],
)
def test_impossible_activity_is_refused(changes: dict[str, list[float]], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        sim.Parameters(**changes)  # type: ignore[arg-type]
