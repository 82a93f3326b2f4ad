"""The people of a new world, with their community, group, industry and traits."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from sim.engine.memory import fresh_bounds
from sim.model import rules
from sim.model.chance import DrawPurpose, normal, two_uniforms, uniform
from sim.model.compiled import njit
from sim.model.parameters import Parameters
from sim.state.population import LAST_DAY, NEVER, PERSON

DAYS_A_YEAR = 365
_SOCIABILITY, _RETICENCE = int(DrawPurpose.SOCIABILITY), int(DrawPurpose.RETICENCE)
_RESPONSIVENESS = int(DrawPurpose.RESPONSIVENESS)
_ARRIVES, _LEAVES = int(DrawPurpose.ARRIVES), int(DrawPurpose.LEAVES)
_INDUSTRY, _BIRTHDAY = int(DrawPurpose.INDUSTRY), int(DrawPurpose.BIRTHDAY)


def check_number(name: str, value: float) -> None:
    """Raise a `ValueError` unless a setting is a finite number of 0 or more."""
    if not 0 <= value < math.inf:
        raise ValueError(f"{name} is {value}; it must be a finite number of 0 or more.")


def check_seed(seed: int) -> None:
    """Raise a `ValueError` unless a seed is in 0 to 2**64 - 1."""
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed is {seed}; it must be a whole number from 0 to 2**64 - 1.")


def wake(people: np.ndarray, ties: np.ndarray, day: int, p: Any, threads: int) -> None:
    """Set the fields of people that depend on the day on which a world begins, in place."""
    people["practised"] = day
    in_parts(lambda start, stop: fresh_bounds(people, ties, day, p, start, stop), len(people), threads)


def in_parts(work: Callable[[int, int], None], count: int, threads: int) -> None:
    """Call ``work(start, stop)`` for parts of 0..count on this many threads. Parts must write to separate rows."""
    edges = np.linspace(0, count, 16 * threads + 1).astype(np.int64)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, edges[:-1], edges[1:]))


def born(community: np.ndarray, sociability: np.ndarray, seed: int, parameters: Parameters) -> np.ndarray:
    """New people without ties, shape (n,), type `PERSON`, with these communities and this sociability."""
    key = np.uint64(seed)
    people = np.zeros(len(community), PERSON)
    people["community"] = community
    people["sociability"] = sociability
    give_traits(key, people, 0, parameters.packed)
    turn = _ranks(draws_of_people(key, int(DrawPurpose.REGULAR), 0, len(people)), community)
    people["regular"] = turn < parameters.hangout_regulars
    turn = _ranks(draws_of_people(key, int(DrawPurpose.GROUP), 0, len(people)), community)
    people["group"] = _groups(turn, community, parameters.group_members)
    return people


def _ranks(draws: np.ndarray, community: np.ndarray) -> np.ndarray:
    """Each person's rank, from 0, by these draws within the community; shapes (n,)."""
    order = np.lexsort((draws, community))
    ordered = community[order]
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order)) - np.searchsorted(ordered, ordered)
    return ranks


def _groups(turn: np.ndarray, community: np.ndarray, members: int) -> np.ndarray:
    """Each person's group: communities are cut, by rank, into even groups of about `members`; shapes (n,)."""
    sizes = np.bincount(community)
    groups = np.maximum(1, np.rint(sizes / members).astype(np.int64))
    before = np.cumsum(groups) - groups
    return np.asarray(before[community] + turn * groups[community] // sizes[community])


@njit(cache=True)
def draws_of_people(seed: int, purpose: int, first: int, count: int) -> np.ndarray:
    """One uniform for each person from id `first` up, shape (count,)."""
    drawn = np.empty(count)
    for i in range(count):
        drawn[i] = uniform(seed, purpose, 0, first + i, 0, 0)
    return drawn


@njit(cache=True)
def drawn_sociability(seed: int, count: int, p: Any) -> np.ndarray:
    """Sociability of people 0 to count - 1, shape (count,): lognormal with mean 1."""
    drawn = np.empty(count)
    for i in range(count):
        draw = normal(seed, _SOCIABILITY, 0, i, 0, 0)
        drawn[i] = math.exp(p.sociability_sd * draw - 0.5 * p.sociability_sd**2)
    return drawn


@njit(cache=True)
def come_and_go(seed: int, people: Any, day: int, p: Any) -> None:
    """Draw the days on which people join the channel, for some of them after `day`, and leave it, in place."""
    for i in range(len(people)):
        begins, joins = day, two_uniforms(seed, _ARRIVES, 0, i, 0, 0)
        if joins[0] < p.arriving_share:
            begins = day + 1 + int(min(float(LAST_DAY), -math.log(joins[1]) * p.arriving_days))
            people[i].arrives = min(LAST_DAY, begins)
        if p.leaving_rate > 0.0:
            stays = -math.log(uniform(seed, _LEAVES, 0, i, 0, 0)) / p.leaving_rate
            people[i].leaves = min(LAST_DAY, begins + 1 + int(min(float(LAST_DAY), stays)))


@njit(cache=True)
def give_traits(seed: int, people: Any, first: int, p: Any) -> None:
    """Draw industry, birthday and reticence, and refill the minutes, for people with ids from `first` up."""
    for i in range(len(people)):
        person = people[i]
        person.industry = int(uniform(seed, _INDUSTRY, 0, first + i, 0, 0) * p.industries)
        person.birthday = int(uniform(seed, _BIRTHDAY, 0, first + i, 0, 0) * DAYS_A_YEAR)
        person.reticence = max(0.0, p.reticence_mean + p.reticence_sd * normal(seed, _RETICENCE, 0, first + i, 0, 0))
        readily = 1_000.0 * p.responsiveness_sd * normal(seed, _RESPONSIVENESS, 0, first + i, 0, 0)
        person.responsiveness = round(min(max(readily, -32_000.0), 32_000.0))
        person.minutes_left = rules.minutes_of_week(person.sociability, p)
        person.capacity = p.tie_capacity
        person.last_post = NEVER
        person.weight_bound = rules.fresh_bound(0.0)
