"""Focal ties: the dormant ties, or pairs of strangers, that receive an injected gesture.

Focal ties are far apart: nobody is in two of them, and nobody in one is in active contact with anybody in another. So
they hardly influence one another, and one pair of worlds shows the effect on many ties. The choice is keyed tie by tie
and independent of the gesture. Every arm of a world has the same focal ties, and an additional tie does not reorder
the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

import sim
from experiments.config.settings import NOTHING, InjectSettings
from sim.engine.network import active_rows
from sim.measures import dormant_pairs
from sim.model.chance import DrawPurpose, two_uniforms, uniforms_of_pairs
from sim.model.parameters import Parameters
from sim.model.rules import SECONDS_A_DAY
from sim.run import Gesture

Pair = tuple[int, int]
_MORNING = 21_600  # seconds after midnight: time of the first gesture
_CANDIDATES = 40  # pairs of strangers that are tried per requested tie
_FOCAL = int(DrawPurpose.FOCAL)  # an int, because Numba needs as long as 200 draws to type an enum member
_OF_TIES, _OF_STRANGERS = 0, 1  # event keys that separate the draws of ties and of strangers


def focal_ties(world: sim.World, inject: InjectSettings, seed: int, parameters: Parameters) -> list[Pair]:
    """The focal ties of a world at its start, as (sender, receiver).

    Args:
        world: the world at the start of the run.
        inject: the kind and number of ties.
        seed: seed of the run.
        parameters: parameters of the run, which define dormant and active ties.

    Returns:
        At most ``inject.ties`` pairs of ids in a keyed order; a smaller number gives the first of these.
    """
    if inject.towards == "dormant":
        wanted = in_keyed_order(_dormant(world, inject, parameters), seed)
    else:
        wanted = np.array(list(_strangers(world, inject, seed)), np.int64).reshape(-1, 2)
    return _far_apart(wanted, _contacts(world, parameters), inject.ties)


def gestures(inject: InjectSettings, focal: Sequence[Pair]) -> list[Gesture]:
    """The injected gestures to each focal tie; if all are on one day, they are spread evenly over it."""
    if inject.kind == NOTHING:
        return []
    step = (SECONDS_A_DAY - _MORNING) // (inject.times + 1) if inject.every_days == 0 else 0
    return [
        Gesture(k * inject.every_days, inject.kind, sender, receiver, _MORNING + (k + 1) * step, inject.channel)
        for sender, receiver in focal
        for k in range(inject.times)
    ]


def in_keyed_order(ties: np.ndarray, seed: int) -> np.ndarray:
    """Ties in both directions, sorted by a draw of each, so that their order is independent of other ties.

    Args:
        ties: pairs of ids, shape (ties, 2).
        seed: seed of the run.

    Returns:
        Shape (2 * ties, 2).
    """
    both = np.concatenate([ties, ties[:, ::-1]])
    both = np.ascontiguousarray(both[np.lexsort((both[:, 1], both[:, 0]))])
    draws = np.empty(len(both))
    uniforms_of_pairs(draws, both, np.uint64(seed), _FOCAL, 0, _OF_TIES)
    return both[np.argsort(draws, kind="stable")]


def _dormant(world: sim.World, inject: InjectSettings, parameters: Parameters) -> np.ndarray:
    """Dormant ties (low, high) whose silence is in the requested range, shape (ties, 2)."""
    found = dormant_pairs(world, parameters)
    silent = world.day - _last_two_way(world, found)
    chosen = found[(inject.silent_from <= silent) & (silent <= inject.silent_to)]
    return np.stack([chosen["low"], chosen["high"]], axis=1).astype(np.int64)


def _last_two_way(world: sim.World, pairs: np.ndarray) -> np.ndarray:
    """The day of the last two-way contact of each pair, shape (pairs,)."""
    keys = world.owners().astype(np.int64) * len(world) + world.ties["other"]
    order = np.argsort(keys, kind="stable")
    wanted = pairs["low"].astype(np.int64) * len(world) + pairs["high"]
    return np.asarray(world.ties["last_two_way"][order[np.searchsorted(keys[order], wanted)]], np.int64)


def _strangers(world: sim.World, inject: InjectSettings, seed: int) -> Iterator[Pair]:
    """Random pairs of one industry who do not know each other."""
    known = set(zip(world.owners().tolist(), world.ties["other"].tolist(), strict=True))
    industry = world.people["industry"]
    for k in range(_CANDIDATES * inject.ties):
        drawn = two_uniforms(np.uint64(seed), _FOCAL, 0, k, 0, _OF_STRANGERS)
        one, two = (int(draw * len(world)) for draw in drawn)
        if one != two and industry[one] == industry[two] and (one, two) not in known:
            yield one, two


def _contacts(world: sim.World, parameters: Parameters) -> list[np.ndarray]:
    """The people with whom each person is in active contact."""
    active = active_rows(world.ties, world.day, parameters.packed)
    ends = np.cumsum(np.bincount(world.owners()[active], minlength=len(world)))
    return np.split(world.ties["other"][active], ends[:-1])


def _far_apart(pairs: np.ndarray, contacts: Sequence[np.ndarray], most: int) -> list[Pair]:
    """The first of these pairs, shape (pairs, 2), that are not near an earlier one."""
    chosen: list[Pair] = []
    near = np.zeros(len(contacts), bool)
    while len(pairs) and len(chosen) < most:
        one, two = pairs[0].tolist()
        chosen.append((one, two))
        near[[one, two]] = True
        near[contacts[one]] = near[contacts[two]] = True
        pairs = pairs[~(near[pairs[:, 0]] | near[pairs[:, 1]])]
    return chosen
