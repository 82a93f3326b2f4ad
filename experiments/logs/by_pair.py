"""The events of a contact log sorted by pair: silences, answers and turns of each pair."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

DAY = 86_400.0  # seconds
DORMANT = 30.0  # days of silence after which a pair counts as silent


@dataclass(frozen=True, eq=False)
class ByPair:
    """The events of a log sorted by pair and time. Arrays have shape (events,) unless stated otherwise.

    Attributes:
        days: length of the log.
        people, pairs: numbers of people and pairs.
        low, high: (pairs,), the two people of each pair, low < high.
        pair: pair of each event, from 0.
        time: days since the first event of the log.
        forward: whether low wrote to high.
    """

    days: float
    people: int
    pairs: int
    low: np.ndarray
    high: np.ndarray
    pair: np.ndarray
    time: np.ndarray
    forward: np.ndarray

    def __len__(self) -> int:
        return len(self.time)

    @cached_property
    def first(self) -> np.ndarray:
        """Whether it is the first event of its pair."""
        return changes(self.pair)

    @cached_property
    def start(self) -> np.ndarray:
        """The row of the first event of its pair."""
        return np.maximum.accumulate(np.where(self.first, np.arange(len(self)), 0))

    @cached_property
    def before(self) -> np.ndarray:
        """How many contacts of the pair came before."""
        return np.arange(len(self)) - self.start

    @cached_property
    def silence(self) -> np.ndarray:
        """Days since the previous contact of the pair; nan for its first."""
        return np.where(self.first, np.nan, np.diff(self.time, prepend=np.nan))

    @cached_property
    def following(self) -> np.ndarray:
        """Days until the next contact of the pair; infinite for its last."""
        return np.append(np.where(self.first[1:], np.inf, np.diff(self.time)), np.full(min(1, len(self)), np.inf))

    @cached_property
    def seen(self) -> np.ndarray:
        """Days until the next contact of the pair or the end of the log."""
        return np.minimum(self.following, self.days - self.time)

    @cached_property
    def answer_row(self) -> np.ndarray:
        """The row of the pair's next contact in the other direction; -1: there is none."""
        rows = np.arange(len(self))
        turns = changes(self.pair) | changes(self.forward)
        next_turn = np.minimum.accumulate(np.where(turns, rows, len(self))[::-1])[::-1]
        found = np.append(next_turn[1:], len(self))[: len(self)]
        there = found < len(self)
        there[there] = self.pair[found[there]] == self.pair[there]
        return np.where(there, found, -1)

    @cached_property
    def answer(self) -> np.ndarray:
        """Days until the other person contacts back; infinite if that never happens."""
        return self.answer_after(self.time, np.arange(len(self)))

    def answer_after(self, time: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Days until the other person contacts back for these rows, if all events happened at these times."""
        answer = self.answer_row[rows]
        return np.where(answer >= 0, time[answer] - time[rows], np.inf)

    @cached_property
    def returns(self) -> np.ndarray:
        """Whether it is made by the person who made the pair's previous contact."""
        return ~self.first & ~changes(self.forward)

    @cached_property
    def written(self) -> tuple[np.ndarray, np.ndarray]:
        """How many contacts of the pair came before it, forward and backward."""
        return _counts_before(self.forward, self.start), _counts_before(~self.forward, self.start)

    @cached_property
    def mutual_before(self) -> np.ndarray:
        """Whether both had written before it."""
        return (self.written[0] > 0) & (self.written[1] > 0)

    @cached_property
    def mutual(self) -> np.ndarray:
        """Whether both have written, itself included."""
        return (self.written[0] + self.forward > 0) & (self.written[1] + ~self.forward > 0)

    @cached_property
    def weeks(self) -> np.ndarray:
        """Distinct weeks of the log in which the pair has had contact, its own included."""
        fresh = self.first | changes(np.floor(self.time / 7))
        return np.asarray(_counts_before(fresh, self.start) + fresh)

    @cached_property
    def contacts(self) -> np.ndarray:
        """(pairs,), contacts of each."""
        return np.bincount(self.pair, minlength=self.pairs)

    @cached_property
    def both(self) -> np.ndarray:
        """(pairs,), whether both have written."""
        forward = np.bincount(self.pair, self.forward, minlength=self.pairs)
        return (forward > 0) & (forward < self.contacts)

    @cached_property
    def margin(self) -> float:
        """A margin in days at the ends of the log: 30, or a tenth of the log if that is less."""
        return min(DORMANT, self.days / 10)

    def per_pair(self, values: np.ndarray) -> np.ndarray:
        """(pairs,), sums of values of the events."""
        return np.bincount(self.pair, values, minlength=self.pairs)


def changes(values: np.ndarray) -> np.ndarray:
    """Whether each value differs from the one before; true for the first."""
    return np.append(np.full(min(1, len(values)), True), values[1:] != values[:-1])


def _counts_before(flags: np.ndarray, start: np.ndarray) -> np.ndarray:
    """How many flags are set from the start of each row's pair to the row, itself left out."""
    before = np.cumsum(flags) - flags
    return np.asarray(before - before[start])


def events_by_pair(source: np.ndarray, target: np.ndarray, time: np.ndarray, people: int) -> ByPair:
    """The events of a log, pair by pair.

    Args:
        source: (events,), people from 0.
        target: (events,), people from 0.
        time: (events,), seconds, ascending.
        people: number of people.
    """
    low, high = np.minimum(source, target), np.maximum(source, target)
    keys = low * people + high
    order = np.argsort(keys, kind="stable")
    firsts = order[changes(keys[order])]
    pair = np.cumsum(changes(keys[order])) - 1
    days = (time[order] - time[:1]) / DAY
    forward = _in_turn(pair, days, (source < target)[order])
    length = float(time[-1] - time[0]) / DAY if len(time) else 0.0
    return ByPair(length, people, len(firsts), low[firsts], high[firsts], pair, days, forward)


def _in_turn(pair: np.ndarray, time: np.ndarray, forward: np.ndarray) -> np.ndarray:
    """Directions with an order of their own for two events of a pair at one time, one each way.

    The order of rows in a file has no meaning then. The person who made the pair's latest contact at another time (or
    else its first) alternately goes first and second.
    """
    rows, starts = np.arange(len(pair)), changes(pair)
    twins = ~changes(time) & ~starts  # the second of each two
    earlier = np.flatnonzero(twins) - 1
    alone = ~twins
    alone[earlier] = False
    start = np.maximum.accumulate(np.where(starts, rows, 0))
    last = np.maximum.accumulate(np.where(alone, rows, -1))[earlier]
    coming = np.minimum.accumulate(np.where(alone, rows, len(rows))[::-1])[::-1][earlier]
    known = np.where(last >= start[earlier], last, np.minimum(coming, len(rows) - 1))
    speaker = np.where((pair[known] == pair[earlier]) & alone[known], forward[known], True)
    goes_first = speaker ^ ((earlier - start[earlier]) // 2 % 2 == 1)
    forward = forward.copy()
    forward[earlier], forward[earlier + 1] = goes_first, ~goes_first
    return forward
