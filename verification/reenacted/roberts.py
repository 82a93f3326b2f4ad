"""Closeness without effort (Roberts & Dunbar 2011, Evol. Hum. Behav. 32:186; 2015, Hum. Nat. 26:426).

Thirty school-leavers were asked three times in 18 months. Closeness to friends fell unless they kept in contact; that
to relatives did not. Here, ordinary life stops for 18 months, in which nobody writes, and half of the active ties get a
message every two weeks. In a second run, ordinary life goes on, as it did for the school-leavers.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import stats

import sim
from verification.reenacted.findings import (
    BUILT_IN,
    CANNOT,
    Finding,
    active_pairs,
    burnt_in,
    closeness_of,
    predicted,
    strengths_of,
    without_common_people,
)

MONTHS_18, EVERY_DAYS = 547, 14
NO_ORDINARY_LIFE = {"routine_rate": 0.0, "feed_rate": 0.0, "encounter_rate": 0.0, "birthday_noticed": 0.0}


class Waves(NamedTuple):
    """Means over pairs and both sides, before and after 18 months, without effort and with it; 0..1.

    Attributes:
        strength: shape (2 arms, 2 waves).
        closeness: shape (2 arms, 2 waves).
        pairs: number of pairs in each arm.
    """

    strength: np.ndarray
    closeness: np.ndarray
    pairs: tuple[int, int]


def both_sides(pairs: np.ndarray) -> np.ndarray:
    """The pairs in both directions, shape (2 * pairs, 2)."""
    return np.concatenate([pairs, pairs[:, ::-1]])


def waves(world: sim.World, most: int) -> Waves:
    """Stop ordinary life for 18 months, with a message every two weeks in one arm."""
    ties = active_pairs(world)
    halves = np.array_split(np.random.default_rng(1).permutation(ties), 2)
    arms = without_common_people(*halves, most=most)
    extra = [
        sim.Gesture(day=day, kind="message", sender=one, receiver=other)
        for day in range(0, MONTHS_18, EVERY_DAYS)
        for one, other in arms[1].tolist()
    ]
    still = sim.Parameters(**(world.parameters.model_dump() | NO_ORDINARY_LIFE))
    after = sim.simulate(world, days=MONTHS_18, seed=1, parameters=still, extra=extra, series=False).world
    of = [[[measure(when, both_sides(arm)).mean() for when in (world, after)] for arm in arms]
          for measure in (strengths_of, closeness_of)]  # fmt: skip
    return Waves(np.array(of[0]), np.array(of[1]), (len(arms[0]), len(arms[1])))


def change_and_contacts(world: sim.World, slow: bool) -> float:
    """Spearman's correlation, over active ties, of contacts in 18 months of ordinary life with the change in the tie.

    The change is in closeness if the slow stock is on, and else in strength.
    """
    ties = active_pairs(world)
    run = sim.simulate(world, days=MONTHS_18, seed=2, log=True, series=False)
    assert run.log is not None
    width = len(world)
    low, high = (np.sort(run.log[["source", "target"]].to_numpy(np.int64), axis=1)).T
    keys, counts = np.unique(low * width + high, return_counts=True)
    wanted = ties[:, 0] * width + ties[:, 1]
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    contacts = np.where(keys[place] == wanted, counts[place], 0)
    measure = closeness_of if slow else strengths_of
    changes = [measure(run.world, side) - measure(world, side) for side in (ties, ties[:, ::-1])]
    return float(stats.spearmanr(contacts, np.mean(changes, axis=0)).statistic)


def findings(people: int = 400, years: float = 1.0, most: int = 60) -> list[Finding]:
    """What the model does, with the slow stock off and on."""
    worlds = {slow: burnt_in(people, years, slow=slow) for slow in (False, True)}
    seen = {slow: waves(world, most) for slow, world in worlds.items()}
    (off, _), (on, on_effort) = seen[False].strength, seen[True].closeness
    off_effort = seen[False].strength[1]
    links = {slow: change_and_contacts(world, slow) for slow, world in worlds.items()}
    kept = 0.9  # of what it was: not fallen
    return [
        Finding(
            "strength without effort", "closeness to friends fell",
            f"{off[0]:.2f} to {off[1]:.2f} in 18 months ({seen[False].pairs[0]} ties)", BUILT_IN,
        ),
        Finding(
            "strength with effort", "closeness did not fall",
            f"{off_effort[0]:.2f} to {off_effort[1]:.2f} with a message every two weeks",
            predicted(off_effort[1] >= kept * off_effort[0]),
        ),
        Finding(
            "closeness without effort (slow stock on)", "fell",
            f"{on[0]:.2f} to {on[1]:.2f}: half-life of {sim.Parameters().closeness_half_life:g} years", BUILT_IN,
        ),
        Finding(
            "closeness with effort (slow stock on)", "did not fall",
            f"{on_effort[0]:.2f} to {on_effort[1]:.2f}", predicted(on_effort[1] >= kept * on_effort[0]),
        ),
        Finding(
            "who kept in contact lost less", "yes; exact slopes were not at hand",
            f"correlation of contacts with change {links[False]:.2f} (strength), {links[True]:.2f} (closeness)",
            predicted(min(links.values()) > 0),
        ),
        Finding("relatives", "closeness held without effort", "the model has no kin", CANNOT),
        Finding("talking or doing things together", "the antidote differed by sex", "the model has no sex", CANNOT),
    ]  # fmt: skip
