"""Generated worlds: people in communities and industries, with ties that have a past."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from sim.engine.day import Core
from sim.model import rules
from sim.model.chance import DrawPurpose, uniform
from sim.model.compiled import njit
from sim.model.parameters import Parameters
from sim.run import on_threads, run_days, whole
from sim.runtime import memory_limit
from sim.runtime.storage import cached_world, content_key
from sim.state.population import LAST_DAY, TIE, World
from sim.worlds.past import give_past, live_past
from sim.worlds.people import (
    DAYS_A_YEAR,
    born,
    check_number,
    check_seed,
    come_and_go,
    drawn_sociability,
    draws_of_people,
    in_parts,
    wake,
)
from sim.worlds.ties import laid_out, pair_ids, partners_of, seats

_COMMUNITY_TIE = int(DrawPurpose.COMMUNITY_TIE)
_INDUSTRY_TIE, _OTHER_TIE = int(DrawPurpose.INDUSTRY_TIE), int(DrawPurpose.OTHER_TIE)


def generated(
    *,
    people: int = 2_000,
    burn_in_years: float = 3,
    seed: int = 1,
    parameters: Parameters | None = None,
    threads: int = 1,
    cache: bool = True,
    observed: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> World:
    """Generate a world: people in communities and industries, with ties that have a past, after a burn-in.

    Args:
        people: the number of people, 2 or more.
        burn_in_years: ordinary life to simulate after day 0, in years of 365 days. 0 returns the morning of day 0.
        seed: the seed of all random draws, 0 to 2**64 - 1.
        parameters: parameters of the past and the burn-in; the defaults if None.
        threads: the number of threads. The world doesn't depend on it.
        observed: if given, only the ties of this many people are simulated, whom `observed_people` draws: a world as
            their mailboxes would show it. Others write less, in proportion to the ties that they still have, and only
            to observed people.
        cache: whether to load the burnt-in world from the cache on disk, or to save it there.
        progress: a function that is called with (days done, all days) during the burn-in.

    Raises:
        TypeError, ValueError: if an argument has the wrong type or is out of range.
        sim.runtime.memory_limit.NotEnoughMemoryError: if the world doesn't fit in memory.

    Example:
        >>> import sim
        >>> world = sim.worlds.generated(people=40, burn_in_years=0)
        >>> bool(world.people["degree"].max() <= sim.Parameters().tie_capacity)
        True
    """
    people, seed, threads = whole("people", people), whole("seed", seed), whole("threads", threads)
    if people < 2:
        raise ValueError(f"people is {people}; it must be 2 or more, because a tie needs two people.")
    if threads < 1:
        raise ValueError(f"threads is {threads}; it must be 1 or more.")
    if observed is not None and not 0 <= whole("observed", observed) <= people:
        raise ValueError(f"observed is {observed}; it must be from 0 to {people}, the number of people.")
    check_number("burn_in_years", burn_in_years)
    check_seed(seed)
    settings = parameters or Parameters()
    days = round(burn_in_years * DAYS_A_YEAR)
    if days > LAST_DAY:
        raise ValueError(f"burn_in_years is {burn_in_years}; it must be {LAST_DAY // DAYS_A_YEAR} or less.")

    def first_morning() -> World:
        memory_limit.require(memory_limit.to_generate(people, burn_in_years, settings), f"A world of {people:,} people")
        return _first_morning(people, seed, settings, threads, observed)

    def burnt_in() -> Core:
        with on_threads(threads):
            return run_days(Core(first_morning(), seed=seed, spend=True), days, progress=progress)

    if days == 0:
        world = first_morning()
    elif not cache or observed is not None:
        world = burnt_in().to_world()
    else:
        # The past doesn't depend on strategies, so a cached world may have been saved with others.
        world = replace(cached_world(burnt_in, settings, people=people, days=days, seed=seed), parameters=settings)
    if settings.arriving_share > 0 or settings.leaving_rate > 0:
        come_and_go(np.uint64(seed), world.people, world.day, settings.packed)
        arrives = world.people["arrives"]
        # Until now nobody has been off the channel, and some answers of these years are still to be sent.
        there = np.maximum(arrives[world.mail["sender"]], arrives[world.mail["receiver"]]) <= world.mail["day"]
        world = replace(world, mail=world.mail[there])
    return world


def key_in_cache(*, people: int, burn_in_years: float, seed: int, parameters: Parameters) -> str:
    """The cache key of the world that `generated` makes from these arguments."""
    return content_key(parameters, people=people, days=round(burn_in_years * DAYS_A_YEAR), seed=seed)


def observed_people(people: int, number: int, seed: int) -> np.ndarray:
    """The ids of the people who are observed in a world of `generated`, shape (number,), sorted: a keyed draw."""
    draws = draws_of_people(np.uint64(seed), int(DrawPurpose.OBSERVED), 0, people)
    return np.sort(np.argsort(draws, kind="stable")[:number])


def _first_morning(count: int, seed: int, parameters: Parameters, threads: int, observed: int | None = None) -> World:
    """Generate the world on the morning of day 0."""
    key, p = np.uint64(seed), parameters.packed
    number = max(1, round(count / parameters.community_size))
    people = born(np.arange(count) * number // count, drawn_sociability(key, count, p), seed, parameters)
    ids = _within_capacity(_ties_at_start(people, key, p), people["capacity"], key, p, threads)
    if observed is not None:
        ids = _of_observed(ids, people, observed_people(count, observed, seed), parameters.unobserved_activity)
    ties, slots = laid_out(people, ids, seed, p, threads)
    in_parts(lambda start, stop: give_past(key, people, ties, ids, slots, p, start, stop), len(ids), threads)
    wake(people, ties, 0, p, threads)
    return World(day=0, people=people, ties=ties, parameters=parameters)


def _of_observed(ids: np.ndarray, people: np.ndarray, observed: np.ndarray, activity: float) -> np.ndarray:
    """The pairs with an observed person, shape (kept,). All others are marked, and become less sociable.

    They lose the share of their sociability that went to ties which are left out. Otherwise all that they do would be
    aimed at the few ties that are kept. What is left counts ``activity`` times.
    """
    count = len(people)
    low, high = np.divmod(ids, count)
    kept = np.isin(low, observed) | np.isin(high, observed)
    ties = np.bincount(low, minlength=count) + np.bincount(high, minlength=count)
    left = np.bincount(low[kept], minlength=count) + np.bincount(high[kept], minlength=count)
    others = np.setdiff1d(np.arange(count), observed)
    people["sociability"][others] *= activity * left[others] / np.maximum(ties[others], 1)
    people["unobserved"][others] = 1
    return np.asarray(ids[kept])


def _ties_at_start(people: np.ndarray, key: np.uint64, p: Any) -> np.ndarray:
    """Numbers of the pairs with a tie on day 0, from the community, the industry or anywhere; sorted.

    Sociable people have more ties: outside a person's group, the mean number is in proportion to sociability.
    """
    sociability = people["sociability"].astype(np.float64)
    until = np.searchsorted(people["community"], people["community"], side="right")
    group = people["group"].copy()
    members = np.bincount(group)
    near = np.empty(_neighbours(key, until, group, members, sociability, p, np.empty(0, np.int64)), np.int64)
    _neighbours(key, until, group, members, sociability, p, near)
    elsewhere = max(0.0, 1.0 - p["ties_in_community"] - p["ties_in_industry"])
    industry, anywhere = people["industry"], np.zeros(len(people), np.int32)
    of_industry = _pairs_within(industry, p["ties_at_start"] * p["ties_in_industry"] * sociability, key, _INDUSTRY_TIE)
    of_anywhere = _pairs_within(anywhere, p["ties_at_start"] * elsewhere * sociability, key, _OTHER_TIE)
    ids = np.concatenate([near, of_industry, of_anywhere])
    ids.sort()
    return ids[np.diff(ids, prepend=-1) > 0]  # twenty times as fast as np.unique, which hashes


@njit(cache=True, nogil=True)
def _neighbours(
    seed: int,
    until: np.ndarray,
    group: np.ndarray,
    members: np.ndarray,
    sociability: np.ndarray,
    p: Any,
    ids: np.ndarray,
) -> int:
    """Find the pairs with a tie within communities, with ties in the group first.

    Args:
        seed: the seed.
        until: the end of each person's community, which is a range of ids, shape (n,).
        group: each person's group, shape (n,).
        members: the size of each group, shape (groups,).
        sociability: shape (n,).
        p: packed parameters.
        ids: the output. If it's too short, the rest is counted but not written.

    Returns:
        The number of pairs.
    """
    count = start = 0
    wanted = p.ties_at_start * p.ties_in_community
    for person in range(len(until)):
        if person == until[start]:
            start = person
        mates = members[group[person]] - 1
        others = until[person] - start - 1 - mates
        of_group, of_others = wanted / max(1, mates), (wanted - mates) / max(1, others)
        for other in range(person + 1, until[person]):
            sociable = 0.5 * (sociability[person] + sociability[other])
            chance = of_group if group[other] == group[person] else of_others * sociable
            if uniform(seed, _COMMUNITY_TIE, 0, person, other, 0) < chance:
                if count < len(ids):
                    ids[count] = person * len(until) + other
                count += 1
    return count


def _pairs_within(circle: np.ndarray, means: np.ndarray, key: np.uint64, purpose: int) -> np.ndarray:
    """Numbers of pairs within circles. Each person chooses half of their mean number, since others choose them too."""
    members = np.argsort(circle, kind="stable")
    starts = np.searchsorted(circle[members], np.arange(circle.max() + 2))
    persons, partners = _partners(key, purpose, circle, members, starts, 0.5 * means)
    distinct = persons != partners
    return pair_ids(persons[distinct], partners[distinct], len(circle))


@njit(cache=True, nogil=True)
def _partners(
    seed: int, purpose: int, circle: np.ndarray, members: np.ndarray, starts: np.ndarray, means: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Draw partners: each person gets ``means[person]`` uniform partners, randomly rounded; returns both sides."""
    most = len(circle) + int(means.sum() + 1.0)
    persons, partners = np.empty(most, np.int32), np.empty(most, np.int32)
    count = 0
    for person in range(len(circle)):
        first, end = starts[circle[person]], starts[circle[person] + 1]
        wanted = int(means[person] + uniform(seed, purpose, 0, person, 0, 0))
        for draw in range(1, wanted + 1):
            persons[count] = person
            partners[count] = members[first + int(uniform(seed, purpose, 0, person, 0, draw) * (end - first))]
            count += 1
    return persons[:count], partners[:count]


def _within_capacity(ids: np.ndarray, capacity: np.ndarray, key: np.uint64, p: Any, threads: int) -> np.ndarray:
    """Drop the weakest ties of people over capacity; returns the numbers of the pairs that stay.

    Of equally weak ties, the one with the lower id goes. All people choose before any pair is dropped.
    """
    below, above = partners_of(ids, len(capacity))
    excess = below + above - capacity
    if excess.max() <= 0:
        return ids
    activations = np.zeros(len(ids))
    in_parts(lambda start, stop: _activations(key, ids, excess, p, activations, start, stop), len(ids), threads)
    first = np.cumsum(np.concatenate([[0], below + above]))
    own, stays = _by_person(ids, first, below), np.ones(len(ids), np.bool_)
    in_parts(lambda start, stop: _drop(own, first, excess, activations, stays, start, stop), len(capacity), threads)
    return ids[stays]


@njit(cache=True, nogil=True)
def _activations(seed: int, ids: Any, excess: Any, p: Any, activations: Any, start: int, stop: int) -> None:
    """Write activations on day 0, shape (pairs,), for pairs `start` to `stop` with a person over capacity."""
    n = len(excess)
    tie = np.zeros(1, TIE)
    for k in range(start, stop):
        low, high = ids[k] // n, ids[k] % n
        if excess[low] > 0 or excess[high] > 0:
            tie[0].traces[:] = 0.0
            live_past(seed, low, high, tie[0], p)
            activations[k] = rules.activation(tie[0].traces, -tie[0].last_contact, p)


@njit(cache=True, nogil=True)
def _by_person(ids: Any, first: Any, below: Any) -> np.ndarray:
    """Rows of each person's pairs, sorted by the other id; `first`, shape (n + 1,), is where each person's begin."""
    own = np.empty(2 * len(ids), np.uint32)
    slots = seats(ids, below)
    n = len(below)
    for k in range(len(ids)):
        own[first[ids[k] // n] + slots[k, 0]] = k
        own[first[ids[k] % n] + slots[k, 1]] = k
    return own


@njit(cache=True, nogil=True)
def _drop(own: Any, first: Any, excess: Any, activations: Any, stays: Any, start: int, stop: int) -> None:
    """Clear `stays`, shape (pairs,), for the pairs that people `start` to `stop` drop."""
    for person in range(start, stop):
        if excess[person] > 0:
            pairs = own[first[person] : first[person + 1]]
            for weak in np.argsort(activations[pairs], kind="mergesort")[: excess[person]]:
                stays[pairs[weak]] = False
