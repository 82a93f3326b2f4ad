"""Worlds with newcomers, who know nobody."""

from __future__ import annotations

import numpy as np

from sim.model.chance import DrawPurpose
from sim.state.population import PERSON, World, free_ties, slots_for
from sim.worlds.people import check_number, check_seed, draws_of_people, give_traits


def empty(
    inside: World, *, newcomers: int = 1, seed: int = 1, sociability: float = 1.0, reticence: float | None = None
) -> World:
    """Add newcomers, who know nobody, to a world.

    A newcomer's community (all are equally likely), industry and birthday are keyed draws. Newcomers join the smallest
    group of their community.

    Args:
        inside: the world to add them to; it isn't changed.
        newcomers: the number of newcomers, 1 or more. Their ids follow the existing ones.
        seed: the seed of their community, industry and birthday, 0 to 2**64 - 1.
        sociability: the sociability of each, 0 or more.
        reticence: the reticence of each, in logits, 0 or more; the mean of the world's parameters if None.

    Returns:
        A world that shares no arrays with `inside`.

    Raises:
        ValueError: if a number is out of range.

    Example:
        >>> import sim
        >>> base = sim.worlds.generated(people=40, burn_in_years=0)
        >>> world = sim.worlds.empty(base, newcomers=1)
        >>> len(world), int(world.people["degree"][40])
        (41, 0)
    """
    if newcomers < 1:
        raise ValueError(f"newcomers is {newcomers}; it must be 1 or more.")
    reticence = inside.parameters.reticence_mean if reticence is None else reticence
    check_number("sociability", sociability)
    check_number("reticence", reticence)
    check_seed(seed)
    fresh = np.zeros(newcomers, PERSON)
    choices = np.unique(inside.people["community"])
    draws = draws_of_people(np.uint64(seed), int(DrawPurpose.COMMUNITY), len(inside), newcomers)
    fresh["community"] = choices[(draws * len(choices)).astype(np.int64)]
    fresh["group"] = _smallest_groups(inside.people, fresh["community"])
    fresh["sociability"] = sociability
    give_traits(np.uint64(seed), fresh, len(inside), inside.parameters.packed)
    fresh["reticence"] = reticence
    fresh["practised"] = inside.day
    fresh["slots"] = slots_for(fresh["degree"])
    fresh["first"] = len(inside.ties) + np.cumsum(fresh["slots"]) - fresh["slots"]
    return inside.copy(
        people=np.concatenate([inside.people, fresh]),
        ties=np.concatenate([inside.ties, free_ties(int(fresh["slots"].sum()))]),
        names=None if inside.names is None else _with_newcomers(inside.names, newcomers),
    )


def _smallest_groups(people: np.ndarray, community: np.ndarray) -> list[int]:
    """The group that each newcomer joins: the smallest of the community, and the first of equally small ones."""
    members = np.bincount(people["group"])
    joined = []
    for home in community:
        groups = np.unique(people["group"][people["community"] == home])
        joined.append(int(groups[members[groups].argmin()]))
        members[joined[-1]] += 1
    return joined


def _with_newcomers(names: np.ndarray, newcomers: int) -> np.ndarray:
    own = [f"newcomer {person}" for person in range(len(names), len(names) + newcomers)]
    return np.concatenate([names.astype(object), np.array(own, dtype=object)])
