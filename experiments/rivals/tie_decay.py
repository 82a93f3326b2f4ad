"""Tie-decay networks (Ahmad, Porter & Beguerisse-Díaz 2021, IEEE Trans. Netw. Sci. Eng. 8:1759, arXiv 1805.00193).

The strength of a tie is ``b(t)``, the sum of ``exp(-decay * age)`` over its contacts. The paper describes networks so;
here it also makes contacts: each of the two contacts the other at the rate ``c * b(t)``. What ``b`` cannot start are
first contacts, which come when they came in the log, between people drawn by how many first contacts they made and
received.

``decay`` and ``c`` are found by maximum likelihood. Simplified: strength is of the pair rather than of a direction,
because in the directed form nobody would ever be answered. The network itself is not copied.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit
from scipy.optimize import minimize_scalar

from experiments.logs.by_pair import ByPair
from experiments.logs.log import Log
from experiments.rivals.hawkes import HALF_LIVES, Excitation, brought
from experiments.rivals.logs import made_log, random_numbers, span


@njit(cache=True)
def strengths(pair: Any, time: Any, decay: float) -> Any:
    """Strength of the pair just before each contact, (contacts,), which are sorted by pair and time; 0 at its first.

    Args:
        pair: pair of each contact.
        time: days.
        decay: per day.
    """
    found = np.zeros(len(pair))
    for row in range(1, len(pair)):
        if pair[row] == pair[row - 1]:
            found[row] = (found[row - 1] + 1.0) * math.exp(-decay * (time[row] - time[row - 1]))
    return found


def fitted(events: ByPair) -> tuple[float, float]:
    """Decay per day, and the rate ``c`` per day and unit of strength, by maximum likelihood of all later contacts."""
    later = ~events.first
    repeats = max(1, int(later.sum()))

    def rate(decay: float) -> float:
        """The best rate, given the decay: later contacts over the strength of both directions, summed over time."""
        return repeats / float(2 * ((1 - np.exp(-decay * (events.days - events.time))) / decay).sum())

    def cost(log_decay: float) -> float:
        decay = math.exp(log_decay)
        strength = np.maximum(strengths(events.pair, events.time, decay)[later], 1e-300)
        return -float(np.log(rate(decay) * strength).sum()) / repeats

    limits = [math.log(math.log(2) / half_life) for half_life in HALF_LIVES[::-1]]
    found = minimize_scalar(cost, bounds=limits, method="bounded", options={"xatol": 1e-3})
    decay = math.exp(found.x)
    return decay, rate(decay)


def tie_decay(log: Log, seed: int) -> Log:
    """Contacts at rates in proportion to the decaying strength of ties; see the docstring of the module."""
    events, random = log.by_pair, random_numbers(seed, 3)
    decay, rate = fitted(events)
    first, forward = events.first, events.forward
    low, high = events.low[events.pair], events.high[events.pair]
    source = random.permutation(np.where(forward, low, high)[first])
    target = random.permutation(np.where(forward, high, low)[first])
    others = source != target
    pairs = np.stack([source, target], axis=1)[others]
    brings = np.array([rate / decay])
    excitation = Excitation(0.0, brings, brings, np.array([decay]))
    way, time = brought(excitation, 2 * np.arange(len(pairs)), events.time[first][others], events.days, random)
    one, other = pairs[way >> 1].T
    turned = way % 2 == 1
    contacts = np.where(turned, other, one), np.where(turned, one, other)
    return made_log(log, *contacts, np.minimum(time * 86_400, span(log)))
