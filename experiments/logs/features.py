"""What a person and a pair look like in a contact log, in numbers that a discriminator can learn from.

Each row is an observed person, or a pair with an observed person; nan where the log says nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse

from experiments.analysis.bootstrap import burstiness, over
from experiments.logs.alters import alters_written_to, sends_by_rank
from experiments.logs.by_pair import DAY, ByPair, changes
from experiments.logs.conversations import lengths, opening, within
from experiments.logs.log import Log
from experiments.logs.rhythm import QUARTERS, by_the_day, days_with_sends, night_of, sends_by_quarter, share_at_night

_BLOCKS = 4  # of six hours, from the beginning of the night
_SHARES = (0.1, 0.5, 0.9)


class Features(NamedTuple):
    """Features of the people and pairs of a log.

    Attributes:
        people: one row per observed person.
        pairs: one row per pair.
        low, high: (pairs,), the rows in ``people`` of the two people of each pair; -1 if one is not observed.
    """

    people: pd.DataFrame
    pairs: pd.DataFrame
    low: np.ndarray
    high: np.ndarray


def features_of(log: Log) -> Features:
    """The features of a log."""
    observed = np.flatnonzero(log.counted)
    place = np.full(log.people, -1)
    place[observed] = np.arange(len(observed))
    people = {**_amounts(log), **_shapes(log), **_times(log), **_answers(log)}
    table = pd.DataFrame({name: np.asarray(values, float)[observed] for name, values in people.items()})
    events = log.by_pair
    return Features(table, _pairs(log), place[events.low], place[events.high])


def _amounts(log: Log) -> dict[str, np.ndarray]:
    """How much people send and receive, to and from how many.

    Counts are not divided by the length of the log: two logs that are not exactly as long would be told apart by which
    fractions occur.
    """
    events = log.by_pair
    ends = np.append(events.low, events.high)
    degree = np.bincount(ends, minlength=log.people)
    once = np.bincount(ends, np.tile(events.contacts == 1, 2), minlength=log.people)
    one_sided = np.bincount(ends, np.tile(~events.both, 2), minlength=log.people)
    sent = np.bincount(log.source, minlength=log.people)
    return {
        "sent": sent,
        "received": np.bincount(log.target, minlength=log.people),
        "people_in_contact": degree,
        "share_of_one_contact": over(once, degree),
        "share_one_sided": over(one_sided, degree),
        "sends_per_active_day": over(sent, days_with_sends(log)),
    }


def _shapes(log: Log) -> dict[str, np.ndarray]:
    """How people distribute what they send over others."""
    sent = np.bincount(log.source, minlength=log.people)
    top = np.cumsum(sends_by_rank(log, 5), axis=1)
    return {
        "share_of_first": over(top[:, 0], sent),
        "share_of_first_three": over(top[:, 2], sent),
        "share_of_first_five": over(top[:, 4], sent),
        "people_written_to": alters_written_to(log),
    }


def _times(log: Log) -> dict[str, np.ndarray]:
    """When people send: gaps, rhythm, beginning and end."""
    order = np.argsort(log.source, kind="stable")
    person, day = log.source[order], (log.since_start / DAY)[order]
    gaps = np.where(changes(person), np.nan, np.diff(day, prepend=np.nan))
    first, last = _first_and_last(person, day, log.people)
    found = {f"gap_days_q{round(100 * share)}": _quantile(gaps, person, log.people, share) for share in _SHARES}
    found |= {
        "burstiness": burstiness(person, day, log.people, 5),
        "begins": _in_twentieths(first, log),
        "silent_at_end": _in_twentieths(log.days - last, log),
    }
    if by_the_day(log):
        return found
    quarters = sends_by_quarter(log)
    sent = quarters.sum(axis=1)
    blocks = np.roll(quarters, -night_of(log), axis=1).reshape(log.people, _BLOCKS, QUARTERS // _BLOCKS).sum(axis=2)
    found |= {f"share_in_block_{k + 1}": over(blocks[:, k], sent) for k in range(_BLOCKS)}
    return found | {"share_in_own_quiet_hours": share_at_night(quarters)}


def _in_twentieths(days: np.ndarray, log: Log) -> np.ndarray:
    """Parts of the log, as coarse as 5%, so that a quiet first week does not tell one log from another."""
    return np.rint(20 * over(days, np.full(len(days), log.days))) / 20


def _first_and_last(group: np.ndarray, day: np.ndarray, groups: int) -> tuple[np.ndarray, np.ndarray]:
    """The first and the last day of each group, (groups,); nan for groups without events, which are sorted."""
    first, last = np.full((2, groups), np.nan)
    starts = changes(group)
    first[group[starts]] = day[starts]
    ends = np.append(starts[1:], np.full(min(1, len(starts)), True))
    last[group[ends]] = day[ends]
    return first, last


def _quantile(values: np.ndarray, group: np.ndarray, groups: int, share: float) -> np.ndarray:
    """A quantile (the nearest value) of the known values of each group, (groups,)."""
    known = ~np.isnan(values)
    values, group = values[known], group[known]
    order = np.lexsort((values, group))
    size = np.bincount(group, minlength=groups)
    start = np.cumsum(size) - size
    found = np.full(groups, np.nan)
    some = size > 0
    found[some] = values[order][(start + np.rint(share * (size - 1)).astype(int))[some]]
    return found


def _answers(log: Log) -> dict[str, np.ndarray]:
    """How people answer, and how they are answered."""
    events = log.by_pair
    low, high = events.low[events.pair], events.high[events.pair]
    sender, receiver = np.where(events.forward, low, high), np.where(events.forward, high, low)
    known, soon = events.time <= events.days - 7, events.answer <= 7
    fast = within(events, 10)

    def share(people: np.ndarray, hit: np.ndarray, among: np.ndarray) -> np.ndarray:
        return over(*(np.bincount(people, flags, minlength=log.people) for flags in (hit & among, among)))

    return {
        "answers_given": share(receiver, soon, known),
        "answers_got": share(sender, soon, known),
        "answer_hours": 24 * _quantile(np.where(soon, events.answer, np.nan), receiver, log.people, 0.5),
        "within_10m": share(sender, fast, np.ones(len(events), bool)),
    }


def _pairs(log: Log) -> pd.DataFrame:
    events = log.by_pair
    forward = events.per_pair(events.forward)
    known, soon = events.time <= events.days - 7, events.answer <= 7
    first, last = _first_and_last(events.pair, events.time, events.pairs)
    common, degree = _common(events)
    opens = opening(events)
    found = {
        "contacts": events.contacts,
        "share_of_busier": over(np.maximum(forward, events.contacts - forward), events.contacts),
        **{
            f"gap_days_q{round(100 * share)}": _quantile(events.silence, events.pair, events.pairs, share)
            for share in (*_SHARES, 1.0)
        },
        "answered": over(events.per_pair(soon & known), events.per_pair(known)),
        "answer_hours": 24 * _quantile(np.where(soon, events.answer, np.nan), events.pair, events.pairs, 0.5),
        "within_10m": over(events.per_pair(within(events, 10)), events.contacts),
        "longest_conversation": _quantile(lengths(events).astype(float), events.pair[opens], events.pairs, 1.0),
        "weeks": events.per_pair(events.first | changes(np.floor(events.time / 7))),
        "begins": _in_twentieths(first, log),
        "span": _in_twentieths(last - first, log),
        "silent_at_end": _in_twentieths(log.days - last, log),
        "people_in_contact_less": np.minimum(degree[events.low], degree[events.high]),
        "people_in_contact_more": np.maximum(degree[events.low], degree[events.high]),
        "people_in_common": common,
    }
    return pd.DataFrame({name: np.asarray(values, float) for name, values in found.items()})


def _common(events: ByPair) -> tuple[np.ndarray, np.ndarray]:
    """How many people both are in contact with, (pairs,), and how many each is in contact with, (people,)."""
    ends, others = np.append(events.low, events.high), np.append(events.high, events.low)
    degree = np.bincount(ends, minlength=events.people)
    if not events.pairs:
        return np.zeros(0), degree
    graph = sparse.csr_array((np.ones(len(ends)), (ends, others)), shape=(events.people, events.people))
    return np.asarray((graph @ graph)[events.low, events.high]).ravel(), degree
