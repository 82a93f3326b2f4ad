"""Focal ties: the dormant ties, or strangers, to which a gesture is put into a run by hand.

They are far apart, so that what happens to one hardly touches another, and one pair of worlds tells the effect on many:
nobody is in two of them, and nobody in one is in active contact with anybody in another. The choice is keyed tie by tie
and takes no notice of the gesture, so every arm of a world has the same, and one tie more does not shuffle the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

import sim
from experiments.config.settings import NOTHING, InjectSettings
from sim.engine.memory import active_rows
from sim.measures import dormant_pairs
from sim.model.chance import DrawPurpose, two_uniforms, uniforms_of_pairs
from sim.model.parameters import Parameters
from sim.model.rules import SECONDS_A_DAY
from sim.run import Gesture

Pair = tuple[int, int]
_MORNING = 21_600  # second of the day of the first gesture
_CANDIDATES = 40  # strangers that are looked at for each that is wanted
_FOCAL = int(DrawPurpose.FOCAL)  # to tell what a member of an enumeration is takes Numba as long as 200 draws
_OF_TIES, _OF_STRANGERS = 0, 1  # causes, which keep the luck of ties and that of strangers apart


def focal_ties(world: sim.World, inject: InjectSettings, seed: int, parameters: Parameters) -> list[Pair]:
    """The focal ties of a world on its first morning: who makes the gesture, and to whom.

    Args:
        world: as the run finds it.
        inject: which ties are wanted, and how many.
        seed: of the run.
        parameters: of the run, which say what is dormant and what active.

    Returns:
        At most ``inject.ties`` pairs of ids, in a keyed order: with fewer wanted, the first of these.
    """
    if inject.towards == "dormant":
        wanted: Iterable[Pair] = in_keyed_order(_dormant(world, inject, parameters), seed)
    else:
        wanted = _strangers(world, inject, seed)
    return _far_apart(wanted, _contacts(world, parameters), inject.ties)


def gestures(inject: InjectSettings, focal: Sequence[Pair]) -> list[Gesture]:
    """What is put into the run: the gestures to each focal tie, spread evenly over the day where all are on one."""
    if inject.kind == NOTHING:
        return []
    step = (SECONDS_A_DAY - _MORNING) // (inject.times + 1) if inject.every_days == 0 else 0
    return [
        Gesture(k * inject.every_days, inject.kind, sender, receiver, _MORNING + (k + 1) * step)
        for sender, receiver in focal
        for k in range(inject.times)
    ]


def in_keyed_order(ties: Iterable[Pair], seed: int) -> list[Pair]:
    """Ties in both directions, by the luck of each, so that it is nothing to two of them which others there are."""
    both = sorted(direction for one, two in ties for direction in ((one, two), (two, one)))
    luck = np.empty(len(both))
    uniforms_of_pairs(luck, np.array(both, np.int64).reshape(-1, 2), np.uint64(seed), _FOCAL, 0, _OF_TIES)
    return [both[row] for row in np.argsort(luck, kind="stable").tolist()]


def _dormant(world: sim.World, inject: InjectSettings, parameters: Parameters) -> list[Pair]:
    """Dormant ties (low, high) silent for as long as is asked."""
    found = dormant_pairs(world, parameters)
    silent = world.day - _last_two_way(world, found)
    asked = found[(inject.silent_from <= silent) & (silent <= inject.silent_to)]
    return list(zip(asked["low"].tolist(), asked["high"].tolist(), strict=True))


def _last_two_way(world: sim.World, pairs: np.ndarray) -> np.ndarray:
    """Day of the last two-way contact of each pair, shape (pairs,)."""
    keys = world.owners().astype(np.int64) * len(world) + world.ties["other"]
    order = np.argsort(keys, kind="stable")
    wanted = pairs["low"].astype(np.int64) * len(world) + pairs["high"]
    return np.asarray(world.ties["last_two_way"][order[np.searchsorted(keys[order], wanted)]], np.int64)


def _strangers(world: sim.World, inject: InjectSettings, seed: int) -> Iterator[Pair]:
    """Pairs of one industry who do not know each other, by one draw after another."""
    known = set(zip(world.owners().tolist(), world.ties["other"].tolist(), strict=True))
    industry = world.people["industry"]
    for k in range(_CANDIDATES * inject.ties):
        drawn = two_uniforms(np.uint64(seed), _FOCAL, 0, k, 0, _OF_STRANGERS)
        one, two = (int(luck * len(world)) for luck in drawn)
        if one != two and industry[one] == industry[two] and (one, two) not in known:
            yield one, two


def _contacts(world: sim.World, parameters: Parameters) -> list[set[int]]:
    """With whom each person is in active contact."""
    active = active_rows(world.ties, world.day, parameters.packed)
    owners, others = world.owners()[active], world.ties["other"][active]
    found: list[set[int]] = [set() for _ in range(len(world))]
    for owner, other in zip(owners.tolist(), others.tolist(), strict=True):
        found[owner].add(other)
    return found


def _far_apart(pairs: Iterable[Pair], contacts: Sequence[set[int]], most: int) -> list[Pair]:
    """The first pairs, of these in turn, that touch none before."""
    chosen: list[Pair] = []
    near: set[int] = set()
    for pair in pairs:
        if len(chosen) == most:
            break
        if not near.intersection(pair):
            chosen.append(pair)
            near.update(pair, contacts[pair[0]], contacts[pair[1]])
    return chosen
