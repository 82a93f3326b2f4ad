from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import sim
from sim.measures import dormant_pairs
from verification import two_years
from verification.two_years import EVERY, TIMES, Chosen, chosen_in, gestures_of, left, summary, with_evenings


@pytest.fixture(scope="module")
def world() -> sim.World:
    return sim.worlds.generated(people=240, burn_in_years=0, seed=3)


def test_chosen_ties_are_dormant_and_chosen_once(world: sim.World) -> None:
    chosen = chosen_in(world, 1)
    dormant = {(int(row["low"]), int(row["high"])) for row in dormant_pairs(world, world.parameters)}
    pairs = [
        (min(person, other), max(person, other))
        for person, others in zip(chosen.people.tolist(), chosen.others.tolist(), strict=True)
        for other in others
    ]
    assert len(chosen.people) == two_years.EFFORTS[240]
    assert set(pairs) <= dormant
    assert len(set(pairs)) == len(pairs)
    assert not set(chosen.people.tolist()) & set(chosen.others.ravel().tolist())


def test_each_tie_gets_a_gesture_every_fortnight(world: sim.World) -> None:
    chosen = Chosen(np.array([0]), np.arange(1, 11)[None])
    made = gestures_of(chosen, "evening", 3)
    assert len(made) == 3 * TIMES
    assert {gesture.kind for gesture in made} == {"conversation"}
    second = [gesture.day for gesture in made if gesture.receiver == 2]
    assert second[0] == 1
    assert set(np.diff(second)) == {EVERY}
    booked = with_evenings(world, made).bookings
    assert len(booked) == len(made)
    assert booked["day"].min() == world.day


def test_gestures_change_only_what_follows_from_them(world: sim.World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without gestures, nothing differs; with many until the end, the ties are kept."""
    monkeypatch.setattr(two_years, "DAYS", 60)
    chosen = chosen_in(world, 1)
    kept, active = left(world, chosen, [], False, 1)
    again, active_again = left(world, chosen, [], True, 1)
    assert (kept == again).all()
    assert (active == active_again).all()
    gestures = [gesture for gesture in gestures_of(chosen, "message", 10) if gesture.day < 60]
    more, _ = left(world, chosen, gestures, False, 1)
    assert more.mean() > kept.mean() + 0.3


def test_a_gain_has_an_interval_over_people_and_spillover_over_worlds() -> None:
    rows = pd.DataFrame({
        "people": 240, "closeness": "off", "kind": "call", "ties": 3, "without": 0.1, "with": 0.3,
        "gain": [0.0, 0.4] * 50, "others_of_person": 0.0, "spillover": 1.0, "hours": 50.0, "seed": [1, 2] * 50,
    })  # fmt: skip
    (found,) = summary(rows).to_dict("records")
    assert found["gain"] == pytest.approx(0.2)
    assert found["gain_high"] - found["gain_low"] == pytest.approx(2 * 1.96 * 0.2 / 10, rel=0.1)
    assert (found["spillover"], np.isnan(found["spillover_low"])) == (1.0, True)
    assert found["ties_per_100_hours"] == pytest.approx(100 * 0.2 * 3 / 50)
