"""A self-exciting process for each pair (Hawkes 1971, Biometrika 58:83), with one or two time scales.

In the direction from i to j, contacts come at the rate

    rate_ij(t) = base * n_ij / T + sum_k decay_k * (same_k * A_ij,k(t) + other_k * A_ji,k(t)),

where n_ij is the number of contacts in the log of length T, and ``A_ij,k(t)`` sums ``exp(-decay_k * age)`` over earlier
contacts from i to j. So every contact brings ``same_k`` more in its own direction, and ``other_k`` answers, after
exponential delays with half-life ``ln 2 / decay_k``. Blundell, Heller & Beck (2012, NIPS 25) use such processes for
e-mail between people.

The numbers ``base``, ``same``, ``other`` and ``decay`` are shared by all pairs and found by maximum likelihood; the
rates of pairs are copied from the log. Simplified: one base share and one excitation for everybody, no hours and
weekdays, and nothing happened before the log.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from scipy.optimize import minimize

from experiments.logs.log import Log
from experiments.rivals.logs import made_log, random_numbers, span

_MINUTE, _YEAR = 1 / 1_440, 365.0  # days
HALF_LIVES = (_MINUTE, 3 * _YEAR)  # limits of the search
_STARTS = {1: (0.1,), 2: (0.02, 20.0)}  # days: half-lives from which the search begins, by the number of time scales
_MOST_EXCITED = 0.98  # of the contacts that one contact brings: with 1 or more, there would be no end of them
_GENERATIONS = 10_000


class Excitation(NamedTuple):
    """What all pairs share.

    Attributes:
        base: factor on the rate of each direction without excitation, 0..1.
        same: mean number of further contacts in the same direction that a contact brings, shape (scales,).
        other: mean number of contacts in the other direction that it brings, shape (scales,).
        decay: per day, shape (scales,).
    """

    base: float
    same: np.ndarray
    other: np.ndarray
    decay: np.ndarray


@njit(cache=True)
def _log_likelihood(
    pair: Any, time: Any, forward: Any, rate: Any, days: float, base: float, same: Any, other: Any, decay: Any
) -> float:
    """Log likelihood of contacts (sorted by pair and time) without the terms that depend on nothing.

    Many parameters because compiled code takes arrays rather than records.

    Args:
        pair: pair of each contact, (contacts,), ascending.
        time: days since the log began, (contacts,), ascending within a pair.
        forward: direction of each contact, bool, (contacts,).
        rate: contacts per day in the direction of each contact, (contacts,).
        days: length of the log.
        base: see `Excitation`.
        same: likewise.
        other: likewise.
        decay: likewise.
    """
    scales = len(decay)
    sums = np.zeros((2, scales))  # A of both directions, at the last contact
    total, last = 0.0, 0.0
    for row in range(len(pair)):
        if row == 0 or pair[row] != pair[row - 1]:
            sums[:] = 0.0
            last = time[row]
        way = 1 if forward[row] else 0
        found = base * rate[row]
        for k in range(scales):
            left = math.exp(-decay[k] * (time[row] - last))
            sums[0, k] *= left
            sums[1, k] *= left
            found += decay[k] * (same[k] * sums[way, k] + other[k] * sums[1 - way, k])
            sums[way, k] += 1.0
            total -= (same[k] + other[k]) * (1.0 - math.exp(-decay[k] * (days - time[row])))
        last = time[row]
        total += math.log(found)
    return total - base * len(pair)


def fitted(log: Log, scales: int) -> Excitation:
    """The numbers that all pairs share, by maximum likelihood.

    Args:
        log: real log.
        scales: number of time scales, 1 or 2.
    """
    events = log.by_pair
    ways = events.pair * 2 + events.forward
    rate = np.bincount(ways)[ways] / max(events.days, 1e-9)

    def cost(numbers: np.ndarray) -> float:
        one = _unpacked(numbers)
        excess = max(0.0, float((one.same + one.other).sum()) - _MOST_EXCITED)
        found = _log_likelihood(events.pair, events.time, events.forward, rate, events.days, *one)
        return -found / len(events) + 1e3 * excess**2

    start = [math.log(0.5), *[math.log(0.4 / (2 * scales))] * (2 * scales)]
    start += [math.log(math.log(2) / half_life) for half_life in _STARTS[scales]]
    limits = [(math.log(1e-3), 0.0)] + [(math.log(1e-5), math.log(_MOST_EXCITED))] * (2 * scales)
    limits += [(math.log(math.log(2) / HALF_LIVES[1]), math.log(math.log(2) / HALF_LIVES[0]))] * scales
    return _within(_unpacked(minimize(cost, np.array(start), method="L-BFGS-B", bounds=limits).x))


def _unpacked(numbers: np.ndarray) -> Excitation:
    """Numbers from their logarithms."""
    found = np.exp(numbers)
    same, other, decay = found[1:].reshape(3, -1)
    return Excitation(float(found[0]), same, other, decay)


def _within(found: Excitation) -> Excitation:
    """The same with at most `_MOST_EXCITED` further contacts for each."""
    share = min(1.0, _MOST_EXCITED / float((found.same + found.other).sum()))
    return found._replace(same=found.same * share, other=found.other * share)


def simulated(found: Excitation, ways: np.ndarray, means: np.ndarray, days: float, random: Any) -> list[np.ndarray]:
    """Contacts as clusters (Hawkes & Oakes 1974): some come at the base rate, and each brings others.

    Args:
        found: what all pairs share.
        ways: directions of pairs, twice the pair plus 1 if forward, (directions,).
        means: expected contacts at the base rate in each direction, (directions,).
        days: length of the log.
        random: a generator of random numbers.

    Returns:
        Directions and days of all contacts.
    """
    way = np.repeat(ways, random.poisson(means))
    return brought(found, way, random.uniform(0, days, len(way)), days, random)


def brought(found: Excitation, way: np.ndarray, time: np.ndarray, days: float, random: Any) -> list[np.ndarray]:
    """Contacts, shape (contacts,), with all those that they bring until the log ends; see `simulated`."""
    all_ways, all_times = [way], [time]
    brings = np.concatenate([found.same, found.other])
    for _ in range(_GENERATIONS):
        children = random.poisson(brings, (len(way), len(brings)))
        parent, kind = np.repeat(np.indices(children.shape).reshape(2, -1), children.ravel(), axis=1)
        scale, turned = kind % len(found.decay), kind >= len(found.decay)
        time = time[parent] + random.exponential(1.0, len(parent)) / found.decay[scale]
        way = way[parent] ^ turned
        way, time = way[time < days], time[time < days]
        if not len(way):
            break
        all_ways.append(way)
        all_times.append(time)
    return [np.concatenate(all_ways), np.concatenate(all_times)]


def _hawkes(log: Log, seed: int, scales: int) -> Log:
    events, found = log.by_pair, fitted(log, scales)
    counts = np.bincount(events.pair * 2 + events.forward, minlength=2 * events.pairs)
    random = random_numbers(seed, 10 + scales)
    ways = np.flatnonzero(counts)
    way, time = simulated(found, ways, found.base * counts[ways], span(log) / 86_400, random)
    low, high = events.low[way >> 1], events.high[way >> 1]
    forward = way % 2 == 1
    return made_log(log, np.where(forward, low, high), np.where(forward, high, low), time * 86_400)


def hawkes(log: Log, seed: int) -> Log:
    """A self-exciting process for each pair, with one time scale."""
    return _hawkes(log, seed, 1)


def hawkes_two_scales(log: Log, seed: int) -> Log:
    """A self-exciting process for each pair, with two time scales, such as hours and months."""
    return _hawkes(log, seed, 2)
