"""Where a population comes from: generated, replayed from a contact log, or one of these and an empty newcomer."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
from numba import njit

from sim import footprint, rules
from sim.chance import Decision, normal, two_uniforms, uniform
from sim.communities import communities
from sim.contact_logs import LogError
from sim.contact_logs import read as read_contacts
from sim.day import Core
from sim.gestures import Kind
from sim.memory import add_to_memory, fresh_ceilings
from sim.parameters import Parameters
from sim.pool import RESERVE
from sim.population import LAST_DAY, NEVER, PERSON, TIE, World, free_ties, slots_for
from sim.run import live_on, whole
from sim.storage import cached_world, content_key

DAYS_A_YEAR = 365
MOST_CONTACTS_A_DAY = 24.0  # of one tie in its past: without a limit, a very wide spread of rates would take for ever

ACTIVITY_HALF_LIFE = 60.0  # days, of what a log tells about how active a person is

_MESSAGE = int(Kind.MESSAGE)
_SOCIABILITY, _HESITANCE = int(Decision.SOCIABILITY), int(Decision.HESITANCE)
_INDUSTRY, _BIRTHDAY, _COMMUNITY_TIE = int(Decision.INDUSTRY), int(Decision.BIRTHDAY), int(Decision.COMMUNITY_TIE)
_INDUSTRY_TIE, _OTHER_TIE = int(Decision.INDUSTRY_TIE), int(Decision.OTHER_TIE)
_PAST_RATE, _PAST_STOPS, _PAST_GAP = int(Decision.PAST_RATE), int(Decision.PAST_STOPS), int(Decision.PAST_GAP)


def generated(
    *,
    people: int = 2_000,
    burn_in_years: float = 3,
    seed: int = 1,
    parameters: Parameters | None = None,
    threads: int = 1,
    cache: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> World:
    """People in communities and industries, with ties that have a past, after years of ordinary life.

    Args:
        people: how many, 2 or more.
        burn_in_years: ordinary life after day 0, in years of 365 days; 0 gives the morning of day 0.
        seed: of all chance, 0 to 2**64 - 1.
        parameters: of the past and the burn-in; the defaults if None.
        threads: that share the work; the world is the same for any number.
        cache: keep the burnt-in world on disk, and take it from there if it is.
        progress: called with (days done, days in all) during the burn-in.

    Raises:
        ValueError: too few people, or a number outside its range.
        sim.footprint.NotEnoughMemoryError: the world would not fit.

    Example:
        >>> import sim
        >>> world = sim.worlds.generated(people=40, burn_in_years=0)
        >>> bool(world.people["held"].max() <= sim.Parameters().tie_capacity)
        True
    """
    people, seed, threads = whole("people", people), whole("seed", seed), whole("threads", threads)
    if people < 2:
        raise ValueError(f"people is {people}; a world needs at least 2, since a tie takes two people.")
    if threads < 1:
        raise ValueError(f"threads is {threads}; it must be 1 or more.")
    _check("burn_in_years", burn_in_years)
    _check_seed(seed)
    settings = parameters or Parameters()
    days = round(burn_in_years * DAYS_A_YEAR)
    if days > LAST_DAY:
        raise ValueError(f"burn_in_years is {burn_in_years}; it must be {LAST_DAY // DAYS_A_YEAR} or less.")

    def first_morning() -> World:
        footprint.require(footprint.to_generate(people, burn_in_years, settings), f"A world of {people:,} people")
        return _first_morning(people, seed, settings, threads)

    def burnt_in() -> Core:
        return live_on(first_morning(), days=days, seed=seed, threads=threads, progress=progress)

    if days == 0:
        return first_morning()
    return cached_world(burnt_in, settings, people=people, days=days, seed=seed) if cache else burnt_in().to_world()


def key_in_cache(*, people: int, burn_in_years: float, seed: int, parameters: Parameters) -> str:
    """Under which key `generated` keeps the world that it makes of these."""
    return content_key(parameters, people=people, days=round(burn_in_years * DAYS_A_YEAR), seed=seed)


def replayed(
    log: str | os.PathLike[str] | pd.DataFrame, *, seed: int = 1, parameters: Parameters | None = None
) -> World:
    """The world that a contact log leaves behind, on the morning after its last day.

    Every event is replayed as a private message that is noticed, so each real tie has the traces, the silence and the
    two-way history that really happened; two people who never answered each other are acquaintances. Sociability is how
    much each has sent of late, see `_sociability_of`. Communities are found in the log; what else it does not tell is
    keyed.

    Args:
        log: a file or table with ``source``, ``target`` and ``time``; see `sim.contact_logs.read_log`.
        seed: of what the log does not tell (liking, hesitance, industry, ...), 0 to 2**64 - 1.
        parameters: with which memory is replayed; the defaults if None.

    Returns:
        A world whose ``names`` are the ids of the log, in order of appearance.

    Raises:
        sim.contact_logs.LogError: the log cannot be used.

    Example:
        >>> import pandas, sim
        >>> log = pandas.DataFrame({"source": ["Ann", "Bob"], "target": ["Bob", "Ann"], "time": [0, 90_000]})
        >>> world = sim.worlds.replayed(log)
        >>> list(world.names), world.day, int(world.ties["two_way"].max())
        (['Ann', 'Bob'], 2, 1)
    """
    _check_seed(seed)
    settings = parameters or Parameters()
    events = read_contacts(log)
    source, target, names = events.source, events.target, events.names
    day = ((events.time - events.time[0]) // rules.SECONDS_A_DAY).astype(np.int64)
    if day[-1] >= LAST_DAY:
        raise LogError(
            f"The log spans {day[-1] + 1:,} days; a world lives for {LAST_DAY:,} at most. Cut off its beginning."
        )
    ids, pair, contacts = np.unique(_pair_ids(source, target, len(names)), return_inverse=True, return_counts=True)
    low, high = np.divmod(ids, len(names))
    community = communities(
        low=low, high=high, contacts=contacts, people=len(names), size=settings.community_size, seed=seed
    )
    people = _born(community, _sociability_of(source, day, len(names)), seed, settings)
    ties, slots = _laid_out(people, ids, seed, settings.packed, threads=1)
    people["capacity"] = np.maximum(people["capacity"], people["held"])
    ties["acquaintance"] = ties["other"] >= 0
    _replay(people, ties, source, target, slots[pair], day, settings.packed)
    morning = int(day[-1]) + 1
    _wake(people, ties, morning, settings.packed, threads=1)
    return World(day=morning, people=people, ties=ties, parameters=settings, names=names)


def empty(
    inside: World, *, newcomers: int = 1, seed: int = 1, sociability: float = 1.0, hesitance: float | None = None
) -> World:
    """A world and, at the end of its people, newcomers who know nobody.

    A newcomer has a keyed community (each is as likely), industry and birthday, and joins the smallest group there.

    Args:
        inside: the world that they come into; it stays as it is.
        newcomers: how many, 1 or more; their ids follow those of the others.
        seed: of their community, industry and birthday, 0 to 2**64 - 1.
        sociability: of each, 0 or more.
        hesitance: of each, in logits, 0 or more; the mean of the world's parameters if None.

    Raises:
        ValueError: a number outside its range.

    Example:
        >>> import sim
        >>> town = sim.worlds.generated(people=40, burn_in_years=0)
        >>> world = sim.worlds.empty(town, newcomers=1)
        >>> len(world), int(world.people["held"][40])
        (41, 0)
    """
    if newcomers < 1:
        raise ValueError(f"newcomers is {newcomers}; it must be 1 or more.")
    hesitance = inside.parameters.hesitance_mean if hesitance is None else hesitance
    _check("sociability", sociability)
    _check("hesitance", hesitance)
    _check_seed(seed)
    fresh = np.zeros(newcomers, PERSON)
    choices = np.unique(inside.people["community"])
    draws = _draws(np.uint64(seed), int(Decision.COMMUNITY), len(inside), newcomers)
    fresh["community"] = choices[(draws * len(choices)).astype(np.int64)]
    fresh["group"] = _smallest_groups(inside.people, fresh["community"])
    fresh["sociability"] = sociability
    _give_traits(np.uint64(seed), fresh, len(inside), inside.parameters.packed)
    fresh["hesitance"] = hesitance
    fresh["practised"] = inside.day
    fresh["slots"] = slots_for(fresh["held"])
    fresh["first"] = len(inside.ties) + np.cumsum(fresh["slots"]) - fresh["slots"]
    return inside.copy(
        people=np.concatenate([inside.people, fresh]),
        ties=np.concatenate([inside.ties, free_ties(int(fresh["slots"].sum()))]),
        names=None if inside.names is None else _with_newcomers(inside.names, newcomers),
    )


def _smallest_groups(people: np.ndarray, community: np.ndarray) -> list[int]:
    """A group for newcomers in these communities: the smallest of its own, and of equal ones the first."""
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


def _check(name: str, value: float) -> None:
    if not 0 <= value < math.inf:
        raise ValueError(f"{name} is {value}; it must be a number of 0 or more.")


def _check_seed(seed: int) -> None:
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed is {seed}; it must be a whole number from 0 to 2**64 - 1.")


def _wake(people: np.ndarray, ties: np.ndarray, day: int, p: Any, threads: int) -> None:
    """Fill in, in place, what depends on the day on which a world begins."""
    people["practised"] = day
    _in_parts(lambda start, stop: fresh_ceilings(people, ties, day, p, start, stop), len(people), threads)


def _in_parts(work: Callable[[int, int], None], count: int, threads: int) -> None:
    """Call ``work(start, stop)`` for parts of 0..count on this many threads; each part writes to rows of its own."""
    edges = np.linspace(0, count, 16 * threads + 1).astype(np.int64)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, edges[:-1], edges[1:]))


# People -----------------------------------------------------------------------------------------------------------


def _born(community: np.ndarray, sociability: np.ndarray, seed: int, parameters: Parameters) -> np.ndarray:
    """People of these communities, shape (n,), type `PERSON`, who hold no ties yet."""
    key = np.uint64(seed)
    people = np.zeros(len(community), PERSON)
    people["community"] = community
    people["sociability"] = sociability
    _give_traits(key, people, 0, parameters.packed)
    turn = _ranks(_draws(key, int(Decision.REGULAR), 0, len(people)), community)
    people["regular"] = turn < parameters.hangout_regulars
    turn = _ranks(_draws(key, int(Decision.GROUP), 0, len(people)), community)
    people["group"] = _groups(turn, community, parameters.group_members)
    return people


def _ranks(draws: np.ndarray, community: np.ndarray) -> np.ndarray:
    """Each person's place, from 0, in the order of these draws within the community; shapes (n,)."""
    order = np.lexsort((draws, community))
    ordered = community[order]
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order)) - np.searchsorted(ordered, ordered)
    return ranks


def _groups(turn: np.ndarray, community: np.ndarray, members: int) -> np.ndarray:
    """Each person's group: communities cut, in the order of turns, into even groups of about `members`; shapes (n,)."""
    sizes = np.bincount(community)
    groups = np.maximum(1, np.rint(sizes / members).astype(np.int64))
    before = np.cumsum(groups) - groups
    return np.asarray(before[community] + turn * groups[community] // sizes[community])


@njit(cache=True)
def _draws(seed: int, decision: int, first: int, count: int) -> np.ndarray:
    """One uniform for each person from `first` on, shape (count,)."""
    drawn = np.empty(count)
    for i in range(count):
        drawn[i] = uniform(seed, decision, 0, first + i, 0, 0)
    return drawn


@njit(cache=True)
def _drawn_sociability(seed: int, count: int, p: Any) -> np.ndarray:
    """Sociability of people 0 to count - 1: lognormal with mean 1."""
    drawn = np.empty(count)
    for i in range(count):
        luck = normal(seed, _SOCIABILITY, 0, i, 0, 0)
        drawn[i] = math.exp(p.sociability_sd * luck - 0.5 * p.sociability_sd**2)
    return drawn


@njit(cache=True)
def _give_traits(seed: int, people: Any, first: int, p: Any) -> None:
    """Keyed industry, birthday and hesitance, and a fresh week, for people with ids from `first` on."""
    for i in range(len(people)):
        person = people[i]
        person.industry = int(uniform(seed, _INDUSTRY, 0, first + i, 0, 0) * p.industries)
        person.birthday = int(uniform(seed, _BIRTHDAY, 0, first + i, 0, 0) * DAYS_A_YEAR)
        person.hesitance = max(0.0, p.hesitance_mean + p.hesitance_sd * normal(seed, _HESITANCE, 0, first + i, 0, 0))
        person.minutes_left = rules.minutes_of_week(person.sociability, p)
        person.capacity = p.tie_capacity
        person.last_post = NEVER
        person.ceiling = rules.fresh_ceiling(0.0)


# Ties -------------------------------------------------------------------------------------------------------------


def _pair_ids(one: Any, two: Any, people: int) -> np.ndarray:
    """One number for each pair of ids, in the order of (low, high); shapes as given."""
    return np.asarray(np.minimum(one, two) * np.int64(people) + np.maximum(one, two))


def _laid_out(people: np.ndarray, ids: np.ndarray, seed: int, p: Any, threads: int) -> tuple[np.ndarray, np.ndarray]:
    """Slots for everybody, and in them both directions of each pair, who have no past yet.

    Args:
        people: shape (n,); gets `first`, `slots` and `held`.
        ids: of the pairs, shape (pairs,), sorted.
        seed: of liking.
        p: packed parameters.
        threads: that share the work.

    Returns:
        Ties, a person's in the order of the other's id with free slots after them; and the slots, shape (pairs, 2), in
        which the low and the high one of each pair hold the other.
    """
    below, above = _partners_of(ids, len(people))
    people["held"] = below + above
    people["slots"] = slots_for(people["held"])
    people["first"] = np.cumsum(people["slots"], dtype=np.int64) - people["slots"]
    rows = int(people["slots"].sum(dtype=np.int64))
    ties = free_ties(rows, rows // RESERVE)
    slots = _seats(ids, below)
    key = np.uint64(seed)
    _in_parts(lambda start, stop: _fill(key, people, ties, ids, slots, p, start, stop), len(ids), threads)
    return ties, slots


@njit(cache=True, nogil=True)
def _partners_of(ids: np.ndarray, people: int) -> tuple[np.ndarray, np.ndarray]:
    """In how many of these pairs each person is with somebody of a lower id, and of a higher one; shapes (people,)."""
    below, above = np.zeros(people, np.int32), np.zeros(people, np.int32)
    for pair in ids:
        below[pair % people] += 1
        above[pair // people] += 1
    return below, above


@njit(cache=True, nogil=True)
def _seats(ids: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Slots of both directions, shape (pairs, 2); `below` is how many ties each person has with lower ids."""
    n = len(below)
    slots = np.empty((len(ids), 2), np.int32)
    upwards, downwards = below.copy(), np.zeros_like(below)
    for k in range(len(ids)):
        low, high = ids[k] // n, ids[k] % n
        slots[k, 0] = upwards[low]
        slots[k, 1] = downwards[high]
        upwards[low] += 1
        downwards[high] += 1
    return slots


@njit(cache=True, nogil=True)
def _fill(seed: int, people: Any, ties: Any, ids: Any, slots: Any, p: Any, start: int, stop: int) -> None:
    """Write both directions of pairs start to stop."""
    n = len(people)
    for k in range(start, stop):
        low, high = ids[k] // n, ids[k] % n
        for side in range(2):
            person, other = (low, high) if side == 0 else (high, low)
            tie = ties[people[person].first + slots[k, side]]
            tie.other = other
            tie.mirror = slots[k, 1 - side]
            tie.liking = rules.liking(seed, person, other, people[person].group == people[other].group, p)
            _date(tie, NEVER)
            tie.opened = NEVER
            tie.planned = NEVER
            tie.post_seen = NEVER


@njit(cache=True, nogil=True)
def _date(tie: Any, day: int) -> None:
    """Let a tie's last contact, in both ways, be of this day."""
    tie.last_contact = day
    tie.last_sent = day
    tie.last_received = day
    tie.last_two_way = day


# Generated --------------------------------------------------------------------------------------------------------


def _first_morning(count: int, seed: int, parameters: Parameters, threads: int) -> World:
    """A generated world on day 0."""
    key, p = np.uint64(seed), parameters.packed
    number = max(1, round(count / parameters.community_size))
    people = _born(np.arange(count) * number // count, _drawn_sociability(key, count, p), seed, parameters)
    ids = _within_capacity(_ties_at_start(people, key, p), people["capacity"], key, p, threads)
    ties, slots = _laid_out(people, ids, seed, p, threads)
    _in_parts(lambda start, stop: _give_past(key, people, ties, ids, slots, p, start, stop), len(ids), threads)
    _wake(people, ties, 0, p, threads)
    return World(day=0, people=people, ties=ties, parameters=parameters)


def _ties_at_start(people: np.ndarray, key: np.uint64, p: Any) -> np.ndarray:
    """Numbers of the pairs who know each other from the community, the industry and anywhere, sorted.

    Whoever writes to more people also knows more: outside their group, ties are in proportion to sociability.
    """
    sociability = people["sociability"].astype(np.float64)
    until = np.searchsorted(people["community"], people["community"], side="right")
    group = people["group"].copy()
    members = np.bincount(group)
    near = np.empty(_neighbours(key, until, group, members, sociability, p, np.empty(0, np.int64)), np.int64)
    _neighbours(key, until, group, members, sociability, p, near)
    elsewhere = max(0.0, 1.0 - p["ties_in_community"] - p["ties_in_industry"])
    industry, anywhere = people["industry"], np.zeros(len(people), np.int32)
    of_industry = _found_in(industry, p["ties_at_start"] * p["ties_in_industry"] * sociability, key, _INDUSTRY_TIE)
    found_elsewhere = _found_in(anywhere, p["ties_at_start"] * elsewhere * sociability, key, _OTHER_TIE)
    ids = np.concatenate([near, of_industry, found_elsewhere])
    ids.sort()
    return ids[np.diff(ids, prepend=-1) > 0]  # np.unique hashes first, which takes twenty times as long


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
    """Write the pairs within communities as far as there is room; returns how many there are.

    The people of one's group come first, the rest of the community fills what is wanted beyond them.

    Communities are runs of ids; `until` is the end of each person's, `group` the group, shapes (n,); `members` the size
    of each group; `sociability` shape (n,).
    """
    found = start = 0
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
                if found < len(ids):
                    ids[found] = person * len(until) + other
                found += 1
    return found


def _found_in(circle: np.ndarray, means: np.ndarray, key: np.uint64, decision: int) -> np.ndarray:
    """Pairs of people and partners from their circle: each looks for half of their mean, and is found by others."""
    members = np.argsort(circle, kind="stable")
    starts = np.searchsorted(circle[members], np.arange(circle.max() + 2))
    one, two = _partners(key, decision, circle, members, starts, 0.5 * means)
    others = one != two
    return _pair_ids(one[others], two[others], len(circle))


@njit(cache=True, nogil=True)
def _partners(
    seed: int, decision: int, circle: np.ndarray, members: np.ndarray, starts: np.ndarray, means: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Who looks and whom they find, each keyed uniform: whole numbers about the means, shape (n,), by one draw each."""
    most = len(circle) + int(means.sum() + 1.0)
    one, two = np.empty(most, np.int32), np.empty(most, np.int32)
    found = 0
    for person in range(len(circle)):
        first, end = starts[circle[person]], starts[circle[person] + 1]
        wanted = int(means[person] + uniform(seed, decision, 0, person, 0, 0))
        for draw in range(1, wanted + 1):
            one[found] = person
            two[found] = members[first + int(uniform(seed, decision, 0, person, 0, draw) * (end - first))]
            found += 1
    return one[:found], two[:found]


@njit(cache=True, nogil=True)
def _give_past(seed: int, people: Any, ties: Any, ids: Any, slots: Any, p: Any, start: int, stop: int) -> None:
    """Let pairs start to stop, which have none, have the past that they share."""
    n = len(people)
    for k in range(start, stop):
        low, high = ids[k] // n, ids[k] % n
        mine = ties[people[low].first + slots[k, 0]]
        theirs = ties[people[high].first + slots[k, 1]]
        _live_past(seed, low, high, mine, p)
        theirs.traces[:] = mine.traces
        theirs.two_way = mine.two_way
        _date(theirs, mine.last_contact)


@njit(cache=True, nogil=True)
def _live_past(seed: int, low: int, high: int, tie: Any, p: Any) -> int:
    """Add its past to a tie without one: answered contacts of mass 1, a Poisson process that may have stopped.

    Returns:
        How many contacts there were.
    """
    span = p.past_years * DAYS_A_YEAR
    rate = p.past_rate * math.exp(p.past_sigma * normal(seed, _PAST_RATE, 0, low, high, 0))
    rate = min(rate, MOST_CONTACTS_A_DAY)
    stops, when = two_uniforms(seed, _PAST_STOPS, 0, low, high, 0)
    end = span * when if stops < p.past_stopped else span
    contacts, last, time = 0, NEVER, _gap(seed, low, high, 0, rate)
    while time < end:
        day = math.floor(time - span)
        strength = rules.strength(rules.activation(tie.traces, day - last, p), p)
        rules.add_contact(tie.traces, day - last, rules.saturated(1.0, strength, p))
        contacts, last = contacts + 1, day
        time += _gap(seed, low, high, contacts, rate)
    tie.two_way = min(255, contacts)
    _date(tie, last)
    return contacts


@njit(cache=True, nogil=True)
def _gap(seed: int, low: int, high: int, contact: int, rate: float) -> float:
    """Days until the next contact of the past."""
    return -math.log(uniform(seed, _PAST_GAP, 0, low, high, contact)) / rate


def _within_capacity(ids: np.ndarray, capacity: np.ndarray, key: np.uint64, p: Any, threads: int) -> np.ndarray:
    """Rule 10 for everybody at once: the numbers of the pairs that stay.

    Whoever holds too many lets go of the weakest (of equal ones, the lower id, as on any day); all choose before any
    pair goes, and it goes in both directions.
    """
    below, above = _partners_of(ids, len(capacity))
    excess = below + above - capacity
    if excess.max() <= 0:
        return ids
    held = np.zeros(len(ids))
    _in_parts(lambda start, stop: _activations(key, ids, excess, p, held, start, stop), len(ids), threads)
    first = np.cumsum(np.concatenate([[0], below + above]))
    own, stays = _by_person(ids, first, below), np.ones(len(ids), np.bool_)
    _in_parts(lambda start, stop: _let_go(own, first, excess, held, stays, start, stop), len(capacity), threads)
    return ids[stays]


@njit(cache=True, nogil=True)
def _activations(seed: int, ids: Any, excess: Any, p: Any, held: Any, start: int, stop: int) -> None:
    """A on day 0 of those of pairs start to stop of whom somebody holds too many, into `held`, shape (pairs,)."""
    n = len(excess)
    tie = np.zeros(1, TIE)
    for k in range(start, stop):
        low, high = ids[k] // n, ids[k] % n
        if excess[low] > 0 or excess[high] > 0:
            tie[0].traces[:] = 0.0
            _live_past(seed, low, high, tie[0], p)
            held[k] = rules.activation(tie[0].traces, -tie[0].last_contact, p)


@njit(cache=True, nogil=True)
def _by_person(ids: Any, first: Any, below: Any) -> np.ndarray:
    """The pairs of each person, by the id of the other one; `first` is where each person's begin, shape (n + 1,)."""
    own = np.empty(2 * len(ids), np.uint32)
    slots = _seats(ids, below)
    n = len(below)
    for k in range(len(ids)):
        own[first[ids[k] // n] + slots[k, 0]] = k
        own[first[ids[k] % n] + slots[k, 1]] = k
    return own


@njit(cache=True, nogil=True)
def _let_go(own: Any, first: Any, excess: Any, held: Any, stays: Any, start: int, stop: int) -> None:
    """Mark the pairs that people start to stop let go of, in `stays`, shape (pairs,)."""
    for person in range(start, stop):
        if excess[person] > 0:
            pairs = own[first[person] : first[person + 1]]
            for weak in np.argsort(held[pairs], kind="mergesort")[: excess[person]]:
                stays[pairs[weak]] = False


# Replayed ---------------------------------------------------------------------------------------------------------


def _sociability_of(source: np.ndarray, day: np.ndarray, people: int) -> np.ndarray:
    """Sociability by how much each has sent of late, shape (people,), mean 1.

    A message sent counts half as much every `ACTIVITY_HALF_LIFE` days. Then everybody is drawn half-way to the mean:
    about half of how recent activity differs is a busy or a quiet spell that will pass. Both numbers were chosen by how
    well worlds that start 70 % into the Facebook wall foretell which silent pairs come back (docs/forecast.md).
    """
    recent = np.bincount(source, weights=0.5 ** ((day[-1] - day) / ACTIVITY_HALF_LIFE), minlength=people)
    return np.asarray(0.5 + 0.5 * recent / recent.mean())


@njit(cache=True, nogil=True)
def _replay(
    people: Any, ties: Any, source: np.ndarray, target: np.ndarray, slots: np.ndarray, days: np.ndarray, p: Any
) -> None:
    """Send and notice a message for each event, in order; `slots` are those of the low and the high one."""
    for k in range(len(days)):
        side = 0 if source[k] < target[k] else 1
        _send(people, ties, source[k], slots[k, side], days[k], p)
        _notice(people, ties, source[k], slots[k, side], target[k], slots[k, 1 - side], days[k], p)


@njit(cache=True)
def _send(people: Any, ties: Any, sender: int, slot: int, day: int, p: Any) -> None:
    """What a message does to its sender, noticed or not (rule 7)."""
    own = ties[people[sender].first + slot]
    add_to_memory(own, day, p.mind_sent * p.mass[_MESSAGE], p)
    tries = rules.unanswered_now(own.unanswered, day - own.last_sent, p)
    own.unanswered = rules.unanswered_after(tries, p.answer[_MESSAGE] > -math.inf, p)
    own.last_sent = day


@njit(cache=True)
def _notice(people: Any, ties: Any, sender: int, sender_slot: int, receiver: int, slot: int, day: int, p: Any) -> None:
    """What a message does when it is noticed (rules 5, 7 and 9): an answer, if the receiver had tried before."""
    own = ties[people[receiver].first + slot]
    senders = ties[people[sender].first + sender_slot]
    answers = own.unanswered > 0.0
    add_to_memory(own, day, p.mind_received * p.mass[_MESSAGE], p)
    own.unanswered = 0.0
    if rules.opened_to(_MESSAGE, p) >= rules.openness_now(own.openness, day - own.opened, p):
        own.openness = rules.opened_to(_MESSAGE, p)
        own.opened = day
        own.opened_by = p.rung[_MESSAGE]
    if answers:
        add_to_memory(own, day, p.mind_answered * p.mass[_MESSAGE], p)
        own.acquaintance = senders.acquaintance = 0
    if day - senders.last_received <= p.two_way_days:
        own.last_two_way = senders.last_two_way = day
        own.two_way = senders.two_way = min(255, own.two_way + 1)
    own.last_received = day
