"""What a re-enacted experiment finds, and the worlds and pairs that several of them use."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

import sim
from sim.measures import dormant_pairs
from sim.model import rules
from sim.model.chance import DrawPurpose
from sim.state.population import NOBODY

AGREES, DISAGREES, UNCLEAR, BUILT_IN, CANNOT = "agrees", "disagrees", "unclear", "built in", "cannot say"
CLOSENESS = {"closeness_gain": 0.05, "closeness_meeting": 0.02}  # of the slow stock where it is on; unmeasured


class Finding(NamedTuple):
    """One result of an experiment, and that of the model.

    Attributes:
        question: what is asked.
        published: what was published, in words.
        found: what the model does, in words.
        verdict: `AGREES` or `DISAGREES`, if the model predicts it, or `UNCLEAR` if the difference that it predicts is
            too small to tell; `BUILT_IN`, if a number was fitted to it or a rule says it; `CANNOT`, if the model has no
            such thing.
    """

    question: str
    published: str
    found: str
    verdict: str


def predicted(holds: bool) -> str:
    """The verdict on something that the model predicts."""
    return AGREES if holds else DISAGREES


def burnt_in(people: int, years: float, *, slow: bool = False, **changes: float) -> sim.World:
    """A world of ordinary life, with or without the slow stock; ``changes`` are parameters."""
    parameters = sim.Parameters(**(CLOSENESS if slow else {}), **changes)
    return sim.worlds.generated(people=people, burn_in_years=years, seed=1, parameters=parameters, cache=False)


def rows_of(world: sim.World, pairs: np.ndarray) -> np.ndarray:
    """Rows of `ties` with the first person's memory of the second, (pairs,); -1 if there is none."""
    width, owners = len(world), world.owners().astype(np.int64)
    row = {int(owners[k] * width + world.ties["other"][k]): k for k in np.flatnonzero(world.ties["other"] != NOBODY)}
    return np.array([row.get(int(one * width + other), -1) for one, other in pairs.tolist()], np.int64)


def strengths_of(world: sim.World, pairs: np.ndarray) -> np.ndarray:
    """Strength today of the first person's tie to the second, 0..1, shape (pairs,); 0 if it is forgotten."""
    p, found = world.parameters.packed, np.zeros(len(pairs))
    for k, row in enumerate(rows_of(world, pairs)):
        if row >= 0:
            tie = world.ties[row]
            found[k] = rules.strength(rules.activation(tie["traces"], world.day - tie["last_contact"], p), p)
    return found


def closeness_of(world: sim.World, pairs: np.ndarray) -> np.ndarray:
    """Closeness today of the first person to the second, 0..1, shape (pairs,); 0 if the tie is forgotten."""
    p, found = world.parameters.packed, np.zeros(len(pairs))
    for k, row in enumerate(rows_of(world, pairs)):
        if row >= 0:
            tie = world.ties[row]
            found[k] = rules.closeness_now(int(tie["closeness"]), int(world.day - tie["last_contact"]), p)
    return found


def standing_of(world: sim.World, pairs: np.ndarray) -> np.ndarray:
    """The slowest trace of the first person's ties, in contacts, shape (pairs,): whether they were once strong."""
    found = np.zeros(len(pairs))
    for k, row in enumerate(rows_of(world, pairs)):
        if row >= 0:
            tie = world.ties[row]
            found[k] = rules.standing(tie["traces"], int(world.day - tie["last_contact"]))
    return found


def active_pairs(world: sim.World) -> np.ndarray:
    """Pairs with two-way contact in the last 90 days, low before high, shape (pairs, 2)."""
    p, owners = world.parameters.packed, world.owners().astype(np.int64)
    kept = [
        (int(owners[k]), int(tie["other"]))
        for k, tie in enumerate(world.ties)
        if tie["other"] > owners[k] and rules.is_active(world.day, int(tie["last_two_way"]), int(tie["two_way"]), p)
    ]
    return np.array(kept, np.int64).reshape(-1, 2)


def silent_pairs(world: sim.World, days: int) -> np.ndarray:
    """Dormant pairs without two-way contact for this many days, low before high, shape (pairs, 2)."""
    found = dormant_pairs(world, world.parameters)
    pairs = np.column_stack([found["low"], found["high"]]).astype(np.int64)
    rows = rows_of(world, pairs)
    return pairs[world.day - world.ties["last_two_way"][rows].astype(np.int64) >= days]


def without_common_people(*groups: np.ndarray, most: int) -> list[np.ndarray]:
    """At most this many pairs of each group, drawn at random and in turn so that nobody is in two of all the pairs."""
    random = np.random.Generator(np.random.Philox(key=[int(DrawPurpose.BOOTSTRAP), 1]))
    waiting = [random.permutation(group).tolist() for group in groups]
    taken: set[int] = set()
    found: list[list[list[int]]] = [[] for _ in groups]
    while any(waiting):
        for mine, rest in zip(found, waiting, strict=True):
            while rest and len(mine) < most:
                pair = rest.pop()
                if not taken.intersection(pair):
                    taken.update(pair)
                    mine.append(pair)
                    break
            if len(mine) >= most:
                rest.clear()
    return [np.array(mine, np.int64).reshape(-1, 2) for mine in found]
