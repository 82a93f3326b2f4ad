"""The pairs of a contact log on a given morning: their silence, their past, and whether they come back.

Everything about a morning is computed from earlier contacts. Only `came_back` uses later ones.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import coo_array

from experiments.logs.log import Log
from sim.model.rules import SECONDS_A_DAY

RECENT_DAYS, QUARTER_DAYS = 30, 90  # of people's recent activity; of a pair's recent contacts
RETURN_AFTER_DAYS = 30  # a contact after a longer silence is a return
_MANY_WEEKS = 100_000  # more than any log has
HALF_LIFE = 15.0  # days in which a contact loses half of its weight for a person's present activity

FEATURES = (
    "silence",
    "contacts",
    "contacts_90d",
    "active_weeks",
    "tenure",
    "both_wrote",
    "balance",
    "longest_silence",
    "returns",
    "quieter_activity",
    "livelier_activity",
    "common_contacts",
    "strength",
    "less_active",
    "more_active",
    "longer_absent",
    "fewer_ties",
    "more_ties",
)


def numbers_of_ties(contacts: Log, pairs: pd.DataFrame) -> np.ndarray:
    """The numbers of ties if ids are hidden: ranks from 1 by contacts in the whole log; of equals, the earlier first.

    Args:
        contacts: the whole log.
        pairs: with columns ``low`` and ``high``, of people who have had contact.

    Returns:
        Shape (pairs,).
    """
    people = len(contacts.names)
    low, high = np.minimum(contacts.source, contacts.target), np.maximum(contacts.source, contacts.target)
    keys, first, counts = np.unique(low.astype(np.int64) * people + high, return_index=True, return_counts=True)
    wanted = pairs["low"].to_numpy(np.int64) * people + pairs["high"].to_numpy(np.int64)
    return _ranks(counts, first)[np.searchsorted(keys, wanted)]


def number_of_person(contacts: Log, person: int) -> int:
    """The number of a person if ids are hidden: their rank from 1 by contacts in the whole log."""
    counts = np.bincount(np.concatenate([contacts.source, contacts.target]), minlength=len(contacts.names))
    return int(_ranks(counts, np.arange(len(counts)))[person])


def _ranks(counts: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Ranks from 1 by falling counts and, for equal counts, by which came first."""
    ranks = np.empty(len(counts), np.int64)
    ranks[np.lexsort((first, -counts))] = np.arange(1, len(counts) + 1)
    return ranks


def silent_pairs(contacts: Log, day: int, silent: int) -> pd.DataFrame:
    """The pairs with earlier contact that have been silent for longer than ``silent`` days on the morning of a day.

    Args:
        contacts: the log; only contacts before the day count.
        day: days since the first contact, 1 or more.
        silent: days.

    Returns:
        One row per pair, in the order of (low, high): ``low``, ``high`` (people), ``last_sender``, and `FEATURES`:
        ``silence``, ``tenure`` (since the first contact) and ``longest_silence`` between two contacts, in days;
        ``contacts``, those of the last 90 days, and ``active_weeks`` with any; ``both_wrote``; ``balance``, the
        share of the person who wrote less; ``returns`` after over 30 days of silence; the contacts of the quieter and
        the livelier of the two with anybody in the last 30 days; people whom both had contact with; ``strength``, the
        sum over contacts of 1 / (age in days + ½); for the two people, the contacts of each with anybody, which lose
        half of their weight every 15 days; days since the last contact of the one who was longer without any; and their
        numbers of ties.
    """
    past = contacts.before(day)
    pairs = _histories(past, day)
    return pairs[pairs["silence"] > silent].reset_index(drop=True)


def _histories(past: Log, day: int) -> pd.DataFrame:
    """All pairs of a past, with the columns of `silent_pairs`."""
    people = len(past.names)
    ids = _pair_ids(past.source, past.target, people)
    order = np.argsort(ids, kind="stable")  # by pair, and in order of time within each
    first = np.flatnonzero(np.diff(ids[order], prepend=-1))
    last = np.append(first[1:], len(order)) - 1
    pair = np.repeat(np.arange(len(first)), np.diff(np.append(first, len(order))))
    sender, when = past.source[order], past.since_start[order] / SECONDS_A_DAY
    low, high = np.divmod(ids[order][first], people)
    gaps = np.diff(when, prepend=0.0)
    gaps[first] = 0.0
    contacts = last - first + 1
    by_low = np.bincount(pair, sender == low[pair], minlength=len(first))
    less = np.minimum(by_low, contacts - by_low)
    weeks = np.unique(pair * _MANY_WEEKS + (when // 7).astype(np.int64)) // _MANY_WEEKS
    recent, active, absent = _activity(past, day)
    ties = np.bincount(np.append(low, high), minlength=people)
    return pd.DataFrame(
        {
            "low": low,
            "high": high,
            "last_sender": sender[last],
            "silence": day - when[last],
            "contacts": contacts,
            "contacts_90d": np.bincount(pair, day - when <= QUARTER_DAYS, minlength=len(first)),
            "active_weeks": np.bincount(weeks, minlength=len(first)),
            "tenure": day - when[first],
            "both_wrote": (less > 0).astype(float),
            "balance": less / contacts,
            "longest_silence": np.maximum.reduceat(gaps, first),
            "returns": np.bincount(pair, gaps > RETURN_AFTER_DAYS, minlength=len(first)),
            "quieter_activity": np.minimum(recent[low], recent[high]),
            "livelier_activity": np.maximum(recent[low], recent[high]),
            "common_contacts": _common_contacts(low, high, people),
            "strength": np.bincount(pair, 1.0 / (day - when + 0.5), minlength=len(first)),
            "less_active": np.minimum(active[low], active[high]),
            "more_active": np.maximum(active[low], active[high]),
            "longer_absent": np.maximum(absent[low], absent[high]),
            "fewer_ties": np.minimum(ties[low], ties[high]),
            "more_ties": np.maximum(ties[low], ties[high]),
        }
    )


def _pair_ids(one: np.ndarray, two: np.ndarray, people: int) -> np.ndarray:
    return np.asarray(np.minimum(one, two) * np.int64(people) + np.maximum(one, two))


def _activity(past: Log, day: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each person, contacts of the last 30 days, contacts that fade, and days without any, shapes (people,)."""
    people, age = len(past.names), np.tile(day - past.since_start / SECONDS_A_DAY, 2)
    both = np.concatenate([past.source, past.target])
    absent = np.full(people, float(day))
    np.minimum.at(absent, both, age)
    recent = np.bincount(both, age <= RECENT_DAYS, minlength=people)
    return recent, np.bincount(both, 0.5 ** (age / HALF_LIFE), minlength=people), absent


def _common_contacts(low: np.ndarray, high: np.ndarray, people: int) -> np.ndarray:
    """How many people had contact with both, for each pair; shapes (pairs,)."""
    ends = np.concatenate([low, high]), np.concatenate([high, low])
    known = coo_array((np.ones(2 * len(low), np.int32), ends), shape=(people, people)).tocsr()
    return np.asarray(known[low].multiply(known[high]).sum(axis=1)).ravel()


def came_back(contacts: Log, pairs: pd.DataFrame, day: int, days: int) -> np.ndarray:
    """Which pairs had contact, in either direction, within a number of days from the morning of a day on.

    Args:
        contacts: the whole log.
        pairs: rows with ``low`` and ``high``.
        day: days since the first contact.
        days: number of days.

    Returns:
        Shape (pairs,), bool.
    """
    within = (contacts.since_start >= day * SECONDS_A_DAY) & (contacts.since_start < (day + days) * SECONDS_A_DAY)
    people = len(contacts.names)
    seen = _pair_ids(contacts.source[within], contacts.target[within], people)
    return np.isin(_pair_ids(pairs["low"].to_numpy(), pairs["high"].to_numpy(), people), seen)
