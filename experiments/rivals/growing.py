"""What two rivals share that grow a network and know no clock: how their contacts are fitted to a log.

Such a model has steps rather than days, and meets far more often than one channel shows. So three numbers of the log
are matched: the number of contacts by the share of meetings that it shows, the mean number of people that a person has
contact with by the density of the network, and the share of pairs in the second half of its time that are new by the
number of steps that the log lasts. All else is as published.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from experiments.logs.log import Log
from experiments.rivals.logs import made_log, random_numbers, span
from sim.contact_logs import LogError

ROUNDS = 8
NEAR = 0.15  # sum of the three deviations, as logarithms, with which the search ends
MOST_STEPS = 600  # that a log lasts


@dataclass(frozen=True)
class Size:
    """What is fitted, and how many people there are.

    Attributes:
        people: number of people.
        steps: steps of the model that the log lasts.
        density: a number that grows with that of ties; its meaning is the model's.
        shown: share of meetings that the log shows, 0..1.
    """

    people: int
    steps: float
    density: float
    shown: float


@dataclass(frozen=True)
class Meetings:
    """Meetings that a log shows: the two people, and the step, from 0. Shape (meetings,) each."""

    one: np.ndarray
    other: np.ndarray
    step: np.ndarray


Model = Callable[[Size, np.random.Generator], Meetings]


def of_log(log: Log) -> tuple[float, float, float]:
    """What is matched: contacts, mean number of people per person, share of new pairs in the second half."""
    half = log.since_start >= span(log) / 2
    return _counts(log.source, log.target, half, log.people)


def _counts(one: np.ndarray, other: np.ndarray, half: np.ndarray, people: int) -> tuple[float, float, float]:
    """The same of any contacts; ``half`` says which are in the second half, (contacts,)."""
    pairs = np.minimum(one, other).astype(np.int64) * people + np.maximum(one, other)
    late = np.unique(pairs[half])
    new = len(np.setdiff1d(late, pairs[~half])) / max(len(late), 1)
    return float(len(pairs)), 2 * len(np.unique(pairs)) / people, new


def grown_log(log: Log, model: Model, start: Size, seed: int, of: int) -> Log:
    """The log of a model whose size is fitted to a real log.

    Args:
        log: real log, in which everybody is observed.
        model: makes meetings.
        start: where the search begins.
        seed: seed of all random numbers.
        of: the number of the rival.

    Raises:
        LogError: only some people are observed, so that the network is unknown.
    """
    if log.observed is not None:
        raise LogError("The rival needs a log in which everybody is observed.")
    real, size = of_log(log), start
    best, least = None, math.inf
    for _ in range(ROUNDS):
        met = model(size, random_numbers(seed, of))
        found = _counts(met.one, met.other, met.step >= size.steps / 2, size.people)
        ratios = [max(a, 1e-9) / max(b, 1e-9) for a, b in zip(real, found, strict=True)]
        loss = sum(abs(math.log(ratio)) for ratio in ratios)
        if loss < least:
            best, least, steps = met, loss, size.steps
        if least < NEAR:
            break
        size = _moved(size, *ratios)
    assert best is not None
    random = random_numbers(seed, of + 1)
    turned = random.random(len(best.one)) < 0.5
    source, target = np.where(turned, best.other, best.one), np.where(turned, best.one, best.other)
    time = (best.step + random.random(len(best.step))) / math.ceil(steps) * span(log)
    return made_log(log, source, target, time)


def _moved(size: Size, contacts: float, degree: float, new: float) -> Size:
    """The size of the next round; the arguments are ratios of real to simulated numbers."""
    steps = min(max(size.steps * _limited(new), 2.0), MOST_STEPS)
    shown = size.shown * _limited(contacts / (steps / size.steps))
    return replace(size, steps=steps, density=size.density * _limited(degree) ** 0.7, shown=min(shown, 1.0))


def _limited(ratio: float) -> float:
    return min(max(ratio, 0.25), 4.0)
