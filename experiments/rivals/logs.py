"""Contact logs that a rival of the model makes, as `experiments.logs` takes them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from experiments.logs.log import Log, read
from experiments.logs.observed import cut
from sim.contact_logs import LogError


def made_log(log: Log, source: np.ndarray, target: np.ndarray, time: np.ndarray) -> Log:
    """The log of contacts between the people of a real log, observed as that one is.

    Args:
        log: the real log; a rival knows its people by their numbers.
        source: people, shape (contacts,).
        target: people, shape (contacts,).
        time: seconds since the beginning of the real log, shape (contacts,).

    Raises:
        LogError: there is no contact.
    """
    if not len(source):
        raise LogError("The rival made no contact.")
    found = read(pd.DataFrame({"source": source, "target": target, "time": np.floor(time)}))
    if log.observed is None:
        return found
    return cut(replace(found, observed=None), log.observed[found.names.astype(np.int64)])


def span(log: Log) -> float:
    """Length of a log in seconds, above 0."""
    return float(max(log.since_start[-1], 1.0))


def random_numbers(seed: int, of: int) -> np.random.Generator:
    """The random numbers of a rival; each rival has its own number, ``of``."""
    return np.random.default_rng([of, seed])
