"""Sorting gestures by person, in chunks of people that threads process in parallel.

A chunk is a range of ids. Everything is sorted by id and time, so results are the same for any number of threads. Few
people on one thread are one chunk, for which loops that share work between threads are left out: in a small world, they
would take a fifth of the time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numba
import numpy as np
from numba import prange, types

from sim.engine.compiling import njit_inline, njit_noalloc
from sim.model.compiled import njit
from sim.model.gestures import Kind
from sim.state.population import GESTURE, NOBODY

CHUNKS = 64  # the most chunks of a population
SMALLEST_CHUNK = 4  # bits of an id: a chunk has 16 people or more, so that small worlds in tests have several
MOST_IN_ONE = 2_000  # people in a chunk; with more, what a chunk needs doesn't stay in the processor's cache
WORTH_SHARING = 2_000  # people; with fewer, waking a second thread costs more than it saves
_POST = int(Kind.POST)
SENT_TODAY, DUE_TODAY, WAITING = range(3)  # what happens to mail today
BY_RECEIVER, BY_SENDER, BY_PAIR = range(3)  # sort keys of gestures; a pair sorts by its lower id


@contextmanager
def shared(count: int) -> Iterator[None]:
    """Run the block on all threads, or on one if there are fewer than `WORTH_SHARING` people."""
    threads = 1 if count >= WORTH_SHARING else numba.get_num_threads()
    if threads == 1:
        yield  # setting the number of threads takes as long as a small day
        return
    numba.set_num_threads(1)
    try:
        yield
    finally:
        numba.set_num_threads(threads)


_number_of_threads = types.ExternalFunction("get_num_threads", types.intp())  # code with `numba`'s is not cached


@njit_inline
def width_of(n: int) -> int:
    """The number of low id bits within a chunk, in a population of n. One thread takes a small one in one chunk."""
    chunks = 1 if n <= MOST_IN_ONE and _number_of_threads() == 1 else CHUNKS
    bits = SMALLEST_CHUNK
    while (n - 1) >> bits >= chunks:
        bits += 1
    return bits


@njit_inline
def chunks_of(n: int) -> int:
    """The number of chunks in a population of n."""
    return ((n - 1) >> width_of(n)) + 1


@njit_inline
def people_of(chunk: int, n: int) -> Any:
    """The range of ids in a chunk: its first person, and the first one after it."""
    bits = width_of(n)
    return chunk << bits, min(n, (chunk + 1) << bits)


@njit_inline
def concerned(gesture: Any, by: int) -> int:
    """The id that a gesture is sorted by: sender, receiver or the lower of both."""
    if by == BY_RECEIVER:
        return int(gesture.receiver)
    if by == BY_PAIR and gesture.receiver != NOBODY:
        return int(min(gesture.sender, gesture.receiver))
    return int(gesture.sender)


@njit_inline
def comes_first(one: Any, two: Any, arrival: bool) -> bool:
    """Whether a gesture sorts before another.

    Keys are, in this order: second (of arrival or of sending), sender, event key, receiver, delivery and day.
    """
    if arrival and one.arrives_second != two.arrives_second:
        return one.arrives_second < two.arrives_second
    if not arrival and one.second != two.second:
        return one.second < two.second
    if one.sender != two.sender:
        return one.sender < two.sender
    if one.event_key != two.event_key:
        return one.event_key < two.event_key
    if one.receiver != two.receiver:
        return one.receiver < two.receiver
    if one.delivery != two.delivery:
        return one.delivery < two.delivery
    return one.day < two.day


@njit_inline
def of_parts(parts: Any, row: int) -> Any:
    """A row of the concatenation of three arrays."""
    if row < len(parts[0]):
        return parts[0][row]
    row -= len(parts[0])
    if row < len(parts[1]):
        return parts[1][row]
    return parts[2][row - len(parts[1])]


@njit_noalloc
def _count_by_chunk(parts: Any, start: int, stop: int, by: int, bits: int, counts: Any) -> None:
    for row in range(start, stop):
        counts[concerned(of_parts(parts, row), by) >> bits] += 1


@njit_noalloc
def _name_by_chunk(parts: Any, start: int, stop: int, by: int, bits: int, at: Any, rows: Any) -> None:
    for row in range(start, stop):
        chunk = concerned(of_parts(parts, row), by) >> bits
        rows[at[chunk]] = row
        at[chunk] += 1


@njit_noalloc
def _put_in_order(
    parts: Any, rows: Any, start: int, by: int, arrival: bool, first: Any, filled: Any, order: Any, found: Any
) -> None:
    """Copy the rows of one chunk into `found`, sorted by person and time; `first` must be all 0.

    Many parameters because the caller owns all memory, so that the loop over chunks allocates none.
    """
    for row in rows:
        first[concerned(of_parts(parts, row), by) - start + 1] += 1
    for person in range(len(filled)):
        first[person + 1] += first[person]
        filled[person] = first[person]
    for row in rows:
        gesture = of_parts(parts, row)
        person = concerned(gesture, by) - start
        at = filled[person]
        filled[person] += 1
        while at > first[person] and comes_first(gesture, of_parts(parts, order[at - 1]), arrival):
            order[at] = order[at - 1]
            at -= 1
        order[at] = row
    for k in range(len(order)):
        found[k] = of_parts(parts, order[k])


@njit(cache=True)
def _sorted_in_one(parts: Any, total: int, n: int, by: int, arrival: bool) -> Any:
    """As `sorted_by`, for one chunk."""
    order, found = np.empty(total, np.int32), np.empty(total, GESTURE)
    _put_in_order(
        parts, np.arange(total), 0, by, arrival, np.zeros(n + 1, np.int64), np.empty(n, np.int64), order, found
    )
    return found, np.array([0, total])


@njit(cache=True, parallel=True)
def sorted_by(parts: Any, n: int, by: int, arrival: bool) -> Any:
    """Sort the gestures of three arrays by person (`BY_RECEIVER`, `BY_SENDER` or `BY_PAIR`), then by time.

    Row numbers are sorted first, so that each record is copied only once.

    Returns:
        The sorted copy, and the row at which each chunk of people begins in it, shape (chunks + 1,).
    """
    total, chunks, bits = len(parts[0]) + len(parts[1]) + len(parts[2]), chunks_of(n), width_of(n)
    if chunks == 1:
        return _sorted_in_one(parts, total, n, by, arrival)
    shares = min(CHUNKS, total // 256 + 1)
    at = np.zeros((shares, chunks), np.int64)  # next row of each chunk, for each share of the input
    for share in prange(shares):
        _count_by_chunk(parts, share * total // shares, (share + 1) * total // shares, by, bits, at[share])
    first = np.zeros(chunks + 1, np.int64)
    for chunk in range(chunks):
        first[chunk + 1] = first[chunk]
        for share in range(shares):
            count = at[share, chunk]
            at[share, chunk] = first[chunk + 1]
            first[chunk + 1] += count
    rows = np.empty(total, np.int32)
    for share in prange(shares):
        _name_by_chunk(parts, share * total // shares, (share + 1) * total // shares, by, bits, at[share], rows)
    order, found = np.empty(total, np.int32), np.empty(total, GESTURE)
    for chunk in prange(chunks):
        begin, end = first[chunk], first[chunk + 1]
        if begin < end:
            start, stop = people_of(chunk, n)
            mine, filled = np.zeros(stop - start + 1, np.int64), np.empty(stop - start, np.int64)
            _put_in_order(parts, rows[begin:end], start, by, arrival, mine, filled, order[begin:end], found[begin:end])
    return found, first


@njit(cache=True)
def by_turn(gestures: Any, day: int) -> Any:
    """Split the mail: gestures sent today, those sent earlier that arrive today, and those that wait."""
    counts = np.zeros(3, np.int64)
    for k in range(len(gestures)):
        counts[turn_of(gestures[k], day)] += 1
    sent, due = np.empty(counts[SENT_TODAY], GESTURE), np.empty(counts[DUE_TODAY], GESTURE)
    waiting = np.empty(counts[WAITING], GESTURE)
    counts[:] = 0
    for k in range(len(gestures)):
        turn = turn_of(gestures[k], day)
        if turn == SENT_TODAY:  # a branch for each array, since indexing a tuple of arrays counts references
            sent[counts[turn]] = gestures[k]
        elif turn == DUE_TODAY:
            due[counts[turn]] = gestures[k]
        else:
            waiting[counts[turn]] = gestures[k]
        counts[turn] += 1
    return sent, due, waiting


@njit_inline
def turn_of(gesture: Any, day: int) -> int:
    """What happens to a gesture in the mail: `SENT_TODAY`, `DUE_TODAY` or `WAITING`."""
    if gesture.day == day:
        return SENT_TODAY
    return DUE_TODAY if gesture.day < day and gesture.arrives_day <= day else WAITING


@njit(cache=True)
def split_by_arrival(gestures: Any, day: int) -> Any:
    """Split the gestures sent today into those that arrive today and those that arrive later, without posts."""
    now, later = np.empty(len(gestures), GESTURE), np.empty(len(gestures), GESTURE)
    count = count_later = 0
    for k in range(len(gestures)):
        if gestures[k].arrives_day > day:
            later[count_later] = gestures[k]
            count_later += 1
        elif gestures[k].kind != _POST:
            now[count] = gestures[k]
            count += 1
    return now[:count], later[:count_later]


@njit_noalloc
def _copy(gestures: Any, start: int, found: Any) -> None:
    for k in range(len(found)):
        found[k] = gestures[start + k]


@njit(cache=True, parallel=True)
def packed_chunks(gestures: Any, first: Any, counts: Any) -> Any:
    """The first ``counts[chunk]`` gestures of each chunk, concatenated."""
    if len(first) == 2:
        return gestures[: counts[0]]
    starts = np.zeros(len(first), np.int64)
    for chunk in range(len(first) - 1):
        starts[chunk + 1] = starts[chunk] + counts[chunk]
    packed = np.empty(starts[-1], GESTURE)
    for chunk in prange(len(first) - 1):
        _copy(gestures, first[chunk], packed[starts[chunk] : starts[chunk + 1]])
    return packed


@njit(cache=True)
def in_a_row(parts: Any) -> Any:
    """Concatenate a tuple or list of arrays of one record type."""
    count = 0
    for part in parts:
        count += len(part)
    found = np.empty(count, parts[0].dtype)
    count = 0
    for part in parts:
        for k in range(len(part)):
            found[count + k] = part[k]
        count += len(part)
    return found


@njit(cache=True)
def rows_by(values: Any, groups: int) -> Any:
    """Sort row numbers by group; returns where each group begins, shape (groups + 1,), and the rows."""
    filled = np.zeros(groups + 1, np.int64)
    for row in range(len(values)):
        filled[values[row] + 1] += 1
    for group in range(groups):
        filled[group + 1] += filled[group]
    first, rows = filled.copy(), np.empty(len(values), np.int32)
    for row in range(len(values)):
        rows[filled[values[row]]] = row
        filled[values[row]] += 1
    return first, rows
