"""Forecasts of two rivals for pairs that are silent: the chance of a contact within a number of days.

Both follow from the rate at which the pair has contact if none comes meanwhile: ``1 - exp(-expected contacts)``. They
need the past of a log and nothing else, and learn nothing from pairs whose answer is known.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiments.logs.log import Log
from experiments.rivals import hawkes, tie_decay


def hawkes_chances(past: Log, pairs: pd.DataFrame, day: int, days: int, scales: int = 2) -> np.ndarray:
    """The chance of a contact under a self-exciting process; see `experiments.rivals.hawkes`.

    Args:
        past: contacts before the morning of the day.
        pairs: rows with ``low`` and ``high``, people who had contact.
        day: days since the first contact.
        days: number of days that the forecast covers.
        scales: number of time scales, 1 or 2.

    Returns:
        Shape (pairs,), 0..1.
    """
    events, found = past.by_pair, hawkes.fitted(past, scales)
    contacts = found.base * events.contacts * days / max(events.days, 1e-9)
    age = day - events.time
    for same, other, decay in zip(found.same, found.other, found.decay, strict=True):
        left = events.per_pair(np.exp(-decay * age))
        contacts = contacts + (same + other) * left * (1 - np.exp(-decay * days))
    return _chances(contacts, past, pairs)


def tie_decay_chances(past: Log, pairs: pd.DataFrame, day: int, days: int) -> np.ndarray:
    """The chance of a contact if the rate is in proportion to the strength of a decaying tie; as `hawkes_chances`."""
    events = past.by_pair
    decay, rate = tie_decay.fitted(events)
    strength = events.per_pair(np.exp(-decay * (day - events.time)))
    return _chances(2 * rate * strength * (1 - np.exp(-decay * days)) / decay, past, pairs)


def _chances(contacts: np.ndarray, past: Log, pairs: pd.DataFrame) -> np.ndarray:
    """Chances of these pairs from the expected contacts of all pairs of the past."""
    events = past.by_pair
    keys = events.low.astype(np.int64) * past.people + events.high
    wanted = pairs["low"].to_numpy(np.int64) * past.people + pairs["high"].to_numpy(np.int64)
    return np.asarray(-np.expm1(-contacts[np.searchsorted(keys, wanted)]))
