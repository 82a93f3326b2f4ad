"""Statistics of conversations: contacts that follow each other within minutes, and how many make a conversation."""

from __future__ import annotations

import numpy as np

from experiments.logs.by_pair import ByPair
from experiments.logs.log import Log
from experiments.logs.rhythm import by_the_day
from experiments.logs.statistic_groups import StatisticGroup, event_shares, missing_group, quantile_group, ratio_group

_MINUTES = {"within_1m": 1, "within_10m": 10}
PAUSE = 1 / 24  # days: a conversation ends with an hour of silence
_SLACK = 1e-8  # days: a silence is a difference of days, which is not exact, and many logs have whole minutes


def conversations(log: Log) -> list[StatisticGroup]:
    """How soon contacts follow each other, and how many do; see ``within_…`` and ``conversation_…``."""
    if by_the_day(log):
        return [missing_group([*_MINUTES, "within_10m_reply", "conversation_mean", "conversation_q90"])]
    events = log.by_pair
    everything = np.ones(len(events), bool)
    shares = {name: (everything, within(events, minutes)) for name, minutes in _MINUTES.items()}
    replies = np.append(False, events.forward[1:] != events.forward[:-1])
    shares["within_10m_reply"] = everything, replies & within(events, 10)
    opens = opening(events)
    of_pair = (events.contacts.astype(float), events.per_pair(opens))
    return [
        event_shares(events, shares),
        ratio_group("pairs", {"conversation_mean": int(opens.sum())}, [of_pair]),
        quantile_group("conversation", (90,), lengths(events), "pairs", events.pair[opens]),
    ]


def within(events: ByPair, minutes: float) -> np.ndarray:
    """Whether each event follows its pair's previous one within these minutes, (events,)."""
    return np.asarray(events.silence <= minutes / 1440 + _SLACK)


def opening(events: ByPair) -> np.ndarray:
    """Whether each event begins a conversation: it is its pair's first, or an hour or more after the one before."""
    return events.first | (events.silence >= PAUSE - _SLACK)


def lengths(events: ByPair) -> np.ndarray:
    """Contacts of each conversation, in the order of the events that begin them."""
    return np.diff(np.append(np.flatnonzero(opening(events)), len(events)))
