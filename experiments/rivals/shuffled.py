"""Rivals that keep the network of the real log and have no dynamics: shuffled times, and constant rates."""

from __future__ import annotations

import numpy as np

from experiments.logs.log import Log
from experiments.rivals.logs import made_log, random_numbers, span


def shuffled_times(log: Log, seed: int) -> Log:
    """The pairs and directions of a log with its times in random order.

    A usual null model of temporal networks (Holme & Saramäki 2012, Phys. Rep. 519:97: "random permutation of times").
    Nothing is fitted. Who writes to whom and how often is that of the real log, and so are the times of day.
    """
    return made_log(log, log.source, log.target, random_numbers(seed, 1).permutation(log.since_start))


def constant_rates(log: Log, seed: int) -> Log:
    """Each person writes to each other at a constant rate: a Poisson process for each direction of each pair.

    The rate is the maximum-likelihood estimate, the number of contacts over the length of the log. So the network and
    the counts are those of the real log, except that of directions with one contact a share of 1/e has none.
    """
    random = random_numbers(seed, 2)
    keys, counts = np.unique(log.source.astype(np.int64) * log.people + log.target, return_counts=True)
    source, target = np.divmod(np.repeat(keys, random.poisson(counts)), log.people)
    return made_log(log, source, target, random.uniform(0, span(log), len(source)))
