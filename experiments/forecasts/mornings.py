"""Mornings on which a log is cut and asked who comes back, and what was known by then.

The same question is also asked on an earlier morning, early enough that its answer was known on the later one. Simple
forecasts learn from that.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from experiments.forecasts.pairs import came_back, silent_pairs
from experiments.logs.log import Log
from sim.contact_logs import LogError

FIRST_PART = 0.7  # of a log's time, after which it is cut once
LEAST_DAYS = 30  # of a log after a cut


class Asked(NamedTuple):
    """Pairs that were silent on a morning, and what became of them.

    Attributes:
        morning: in days since the first contact.
        pairs: as by `pairs.silent_pairs`.
        back: whether each came back within the days of the question, bool, shape (pairs,).
    """

    morning: int
    pairs: pd.DataFrame
    back: np.ndarray


class Question(NamedTuple):
    """Who comes back within a number of days?

    Attributes:
        past: the log before the morning.
        now: who is asked about, and the answer.
        earlier: the same question as many days earlier; without pairs if the log is too short, or nobody was silent.
        days: number of days.
    """

    past: Log
    now: Asked
    earlier: Asked
    days: int


def mornings(length: float, days: int, shares: Sequence[float]) -> dict[int, int]:
    """The mornings on which a log of this length is cut, each with the number of days that a forecast covers.

    Mornings after which fewer than `LEAST_DAYS` days are known are left out, and so are those without an earlier
    question of the same length.

    Args:
        length: of the log, in days.
        days: number of days to forecast.
        shares: of the log's time.
    """
    found = {}
    for share in shares:
        morning = math.floor(share * length)
        window = min(days, math.floor(length) - morning)
        if window >= min(LEAST_DAYS, days) and morning - window >= 1:
            found[morning] = window
    return found


def cut_of(contacts: Log, days: int, cut: int | None = None) -> tuple[int, int]:
    """The morning at which a log is cut once, and the number of days that forecasts can cover.

    Args:
        contacts: the whole log.
        days: number of days to forecast.
        cut: the morning, in days since the first contact; 70% into the log if None.

    Raises:
        LogError: the rest of the log is too short, or the cut is outside the log.
    """
    morning = max(1, math.floor(FIRST_PART * contacts.days)) if cut is None else cut
    after = math.floor(contacts.days) - morning
    least = min(LEAST_DAYS, days)
    if morning < 1 or after < least:
        where = f"{FIRST_PART:.0%} into it, on day {morning}," if cut is None else f"on day {cut}"
        remedy = "give a longer log, or an earlier day with --cut" if morning > 1 else "give a later day with --cut"
        raise LogError(
            f"The log spans {contacts.days:.0f} days. A forecast made {where} needs at least {least} more days of the "
            f"log to be compared with: {remedy}."
        )
    return morning, min(days, after)


def questions(log: Log, cuts: Mapping[int, int], silent: int) -> list[Question]:
    """The questions of these mornings; those on which nobody was silent are left out.

    Args:
        log: the whole log.
        cuts: mornings, each with a number of days, as by `mornings`.
        silent: pairs are asked about if their silence is longer than this, in days.
    """
    found = []
    for morning, days in cuts.items():
        past, now = log.before(morning), _asked(log, morning, days, silent)
        if len(now.pairs):
            before = morning - days
            none = Asked(before, now.pairs.head(0), np.zeros(0, bool))
            found.append(Question(past, now, _asked(past, before, days, silent) if before >= 1 else none, days))
    return found


def _asked(log: Log, morning: int, days: int, silent: int) -> Asked:
    pairs = silent_pairs(log, morning, silent)
    return Asked(morning, pairs, came_back(log, pairs, morning, days))
