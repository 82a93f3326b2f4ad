"""What two years of effort for silent ties leave 240 days after it ended, without closeness and with some sizes of it.

People drawn at random give one, three or ten of their dormant ties a message, a call or an evening every fortnight for
two years (53 times), then ordinary life goes on for 240 days. An evening is a booked meeting of the two, with a
conversation. A tie is kept (as in `sim.measures`) if it has two-way contact in the last 90 of these days. Each world is
run with and without the gestures, with the same draws. Gestures cost nothing in these runs and need no courage, so the
question is what they leave, not whether people would make them; the minutes are those of the table of gestures, and
`EVENING` minutes for an evening. Spillover is the change in all other ends of active ties in the world.

    python -m verification.two_years [PEOPLE …]    prints tables, writes results/verification/two_years.csv
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

import sim
from sim.measures import dormant_pairs
from sim.state.population import BOOKING, NEVER
from verification.worlds_of_logs import OUT

EVERY, TIMES, AFTER = 14, 53, 240  # days between gestures, gestures to each tie, days of ordinary life after them
TIES = (1, 3, 10)
KINDS = ("message", "call", "evening")
EVENING = 120.0  # minutes, assumed
WORLDS = {240: range(1, 7), 1_200: range(1, 3)}  # people, and seeds
FEWEST = 5  # values that an interval needs
EFFORTS = {240: 20, 1_200: 40}  # people of a world who make an effort
DAYS = EVERY * (TIMES - 1) + max(TIES) + AFTER

# Closeness gained by an answered exchange, by an evening, and how much it pulls. E-mail allows gains up to about .009
# (`verification.closeness`); no log has evenings. An evening of two hours at .014 makes closeness .3, .5 and .75 after
# 50, 100 and 200 hours, in which people become casual friends, friends and close friends (Hall 2019).
SIZES: dict[str, dict[str, float]] = {
    "off": {},
    "small": {"closeness_gain": 0.003, "closeness_meeting": 0.014},
    "middle": {"closeness_gain": 0.01, "closeness_meeting": 0.014},
    "strong": {"closeness_gain": 0.03, "closeness_meeting": 0.03, "closeness_pull": 3.0},
}


@dataclass(frozen=True)
class Chosen:
    """The people of a world who make an effort, and ten of their dormant ties each.

    Attributes:
        people: their ids, (people,).
        others: whom they contact, (people, 10); the first ones if it is one or three.
    """

    people: np.ndarray
    others: np.ndarray


def chosen_in(world: sim.World, seed: int) -> Chosen:
    """Draw people with enough dormant ties; no tie is chosen twice, and nobody who makes an effort is contacted."""
    at_risk = dormant_pairs(world, world.parameters)
    random = np.random.default_rng([seed, 17])
    people, others = [], []
    taken: set[int] = set()
    for person in random.permutation(len(world)):
        mine = np.append(at_risk["high"][at_risk["low"] == person], at_risk["low"][at_risk["high"] == person])
        mine = random.permutation(mine)
        mine = mine[~np.isin(mine, people)]
        if person not in taken and len(mine) >= max(TIES) and len(people) < EFFORTS[len(world)]:
            people.append(int(person))
            others.append(mine[: max(TIES)])
            taken.update(mine[: max(TIES)].tolist())
    return Chosen(np.array(people), np.array(others))


def gestures_of(chosen: Chosen, kind: str, ties: int) -> list[sim.Gesture]:
    """The gestures of two years; the fortnights of a person's ties begin on successive days."""
    made = "conversation" if kind == "evening" else kind
    return [
        sim.Gesture(day=EVERY * time + tie, kind=made, sender=int(person), receiver=int(other), second=70_000)
        for person, others in zip(chosen.people, chosen.others, strict=True)
        for tie, other in enumerate(others[:ties])
        for time in range(TIMES)
    ]


def with_evenings(world: sim.World, gestures: Sequence[sim.Gesture]) -> sim.World:
    """The world with a meeting booked for each gesture."""
    booked = np.zeros(len(gestures), BOOKING)
    booked["host"] = [gesture.sender for gesture in gestures]
    booked["guest"] = [gesture.receiver for gesture in gestures]
    booked["day"] = [world.day + gesture.day for gesture in gestures]
    return world.copy(bookings=np.unique(booked))


def left(world: sim.World, chosen: Chosen, gestures: Sequence[sim.Gesture], evenings: bool, seed: int) -> Any:
    """Whether each chosen tie is kept, (people, 10); and how many active ties each person of the world has."""
    start = with_evenings(world, gestures) if evenings else world
    run = sim.simulate(start, days=DAYS, seed=seed, extra=gestures, series=False)
    assert run.recorder is not None
    at_risk, today = run.recorder.at_risk, world.day + DAYS
    last = at_risk["last_two_way"]
    kept = (last != NEVER) & (today - last < world.parameters.dormant_after_days)
    n = len(world)
    low, high = np.minimum(chosen.people[:, None], chosen.others), np.maximum(chosen.people[:, None], chosen.others)
    rows = np.searchsorted(run.recorder.keys, low.astype(np.int64) * n + high)
    return kept[rows], run.core.final_state().active


def differences(people: int, size: str, seed: int) -> list[dict[str, Any]]:
    """One row for each kind of gesture, number of ties and person who makes an effort, in one world."""
    parameters = sim.Parameters(event_brings=0.0, **SIZES[size])
    world = sim.worlds.generated(people=people, burn_in_years=1, seed=seed, parameters=parameters)
    chosen = chosen_in(world, seed)
    kept, active = left(world, chosen, [], False, seed)
    rows = []
    for kind in KINDS:
        for ties in TIES:
            gestures = gestures_of(chosen, kind, ties)
            kept_with, active_with = left(world, chosen, gestures, kind == "evening", seed)
            before, after = (found[:, :ties].sum(axis=1) for found in (kept, kept_with))
            own = after - before
            change = active_with - active  # ends of active ties of each person; a tie has two
            minutes = EVENING if kind == "evening" else parameters.gestures[kind].minutes
            same = {"people": people, "closeness": size, "seed": seed, "kind": kind, "ties": ties}
            same |= {"spillover": float(change.sum() - 2 * own.sum()) / len(own), "hours": minutes * TIMES * ties / 60}
            rows += [
                same | {"without": before[k] / ties, "with": after[k] / ties, "gain": own[k] / ties,
                        "others_of_person": float(change[person] - own[k])}
                for k, person in enumerate(chosen.people)
            ]  # fmt: skip
    return rows


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Means over people, with 95% intervals from a bootstrap over people, or over worlds for spillover."""
    found = []
    for key, one in rows.groupby(["people", "closeness", "kind", "ties"], sort=False):
        row = dict(zip(("people", "closeness", "kind", "ties"), key, strict=True)) | {"efforts": len(one)}
        row |= {name: one[name].mean() for name in ("without", "with", "hours")}
        of_worlds = one.groupby("seed")["spillover"].first().to_numpy()
        for name, values in (
            ("gain", one["gain"]), ("others_of_person", one["others_of_person"]), ("spillover", of_worlds)
        ):  # fmt: skip
            row |= dict(zip((name, f"{name}_low", f"{name}_high"), _interval(np.asarray(values)), strict=True))
        row["ties_per_100_hours"] = 100 * row["gain"] * row["ties"] / row["hours"]
        found.append(row)
    return pd.DataFrame(found)


def _interval(values: np.ndarray) -> tuple[float, float, float]:
    """The mean and its 95% interval; without an interval if there are fewer than five values."""
    if len(values) < FEWEST:
        return float(values.mean()), np.nan, np.nan
    drawn = np.random.default_rng(5).integers(0, len(values), (2_000, len(values)))
    low, high = np.quantile(values[drawn].mean(axis=1), (0.025, 0.975))
    return float(values.mean()), float(low), float(high)


def main(sizes: Sequence[int] = tuple(WORLDS)) -> pd.DataFrame:
    """Print the tables; returns the summary."""
    rows: list[dict[str, Any]] = []
    for people in sizes:
        for size in SIZES:
            for seed in WORLDS[people]:
                rows += differences(people, size, seed)
            shown = summary(pd.DataFrame(rows))
            print(shown[(shown["people"] == people) & (shown["closeness"] == size)].round(3).to_string(), flush=True)
            OUT.mkdir(parents=True, exist_ok=True)
            pd.DataFrame(rows).to_csv(OUT / "two_years.csv", index=False)
    return summary(pd.DataFrame(rows))


if __name__ == "__main__":
    main([int(people) for people in sys.argv[1:]] or tuple(WORLDS))
