"""Gestures by whom they concern, in chunks of people that threads share out.

A chunk is a run of ids, the same whatever the number of threads, so a phase that takes chunk after chunk gives the same
bits on any of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numba
import numpy as np
from numba import njit, prange

from sim.compiling import inlined
from sim.gestures import Kind
from sim.population import GESTURE, NOBODY

CHUNKS = 64  # at most
SMALLEST_CHUNK = 4  # bits of the ids in it: 16 people, so that the small worlds of tests have several
WORTH_SHARING = 2_000  # people or gestures; with fewer, to wake a second thread costs more than it brings
_POST = int(Kind.POST)
SENT_TODAY, DUE_TODAY, WAITING = range(3)  # turns of mail
BY_RECEIVER, BY_SENDER, BY_PAIR = range(3)  # whom a gesture is sorted by; a pair by its lower id


@contextmanager
def shared(count: int) -> Iterator[None]:
    """Let the threads share work on so many people or gestures; if they are few, one does it alone."""
    threads = 1 if count >= WORTH_SHARING else numba.get_num_threads()
    if threads == 1:
        yield  # to set their number takes as long as a small day
        return
    numba.set_num_threads(1)
    try:
        yield
    finally:
        numba.set_num_threads(threads)


@inlined
def width_of(n: int) -> int:
    """Bits of an id that tell people of one chunk apart, in a population of n."""
    bits = SMALLEST_CHUNK
    while (n - 1) >> bits >= CHUNKS:
        bits += 1
    return bits


@inlined
def chunks_of(n: int) -> int:
    """How many chunks n people make."""
    return ((n - 1) >> width_of(n)) + 1


@inlined
def people_of(chunk: int, n: int) -> Any:
    """The first person of a chunk, and the first one after it."""
    bits = width_of(n)
    return chunk << bits, min(n, (chunk + 1) << bits)


@inlined
def concerned(gesture: Any, by: int) -> int:
    """Whom a gesture is sorted by."""
    if by == BY_RECEIVER:
        return int(gesture.receiver)
    if by == BY_PAIR and gesture.receiver != NOBODY:
        return int(min(gesture.sender, gesture.receiver))
    return int(gesture.sender)


@inlined
def comes_first(one: Any, two: Any, arrival: bool) -> bool:
    """Order of gestures: second (of arrival or of sending), sender, cause, receiver."""
    if arrival and one.arrives_second != two.arrives_second:
        return one.arrives_second < two.arrives_second
    if not arrival and one.second != two.second:
        return one.second < two.second
    if one.sender != two.sender:
        return one.sender < two.sender
    if one.cause != two.cause:
        return one.cause < two.cause
    return one.receiver < two.receiver


@njit(cache=True)
def put_in_order(gestures: Any, start: int, stop: int, by: int, arrival: bool) -> None:
    """Sort gestures, all of people start to stop, by person, and in order of time for each."""
    filled = np.zeros(stop - start + 1, np.int64)
    for k in range(len(gestures)):
        filled[concerned(gestures[k], by) - start + 1] += 1
    for person in range(stop - start):
        filled[person + 1] += filled[person]
    first = filled.copy()
    order = np.empty(len(gestures), np.int64)
    for k in range(len(gestures)):
        person = concerned(gestures[k], by) - start
        at = filled[person]
        filled[person] += 1
        while at > first[person] and comes_first(gestures[k], gestures[order[at - 1]], arrival):
            order[at] = order[at - 1]
            at -= 1
        order[at] = k
    before = gestures.copy()
    for k in range(len(gestures)):
        gestures[k] = before[order[k]]


@njit(cache=True, parallel=True)
def sorted_by(gestures: Any, n: int, by: int, arrival: bool) -> Any:
    """A copy of the gestures by whom they concern, of n people, and in order of time for each.

    Returns:
        The copy; first, shape (chunks + 1,): where each chunk begins in it.
    """
    total, chunks, bits = len(gestures), chunks_of(n), width_of(n)
    parts = min(CHUNKS, total // 256 + 1)
    at = np.zeros((parts, chunks), np.int64)  # of each part of the input, where its next one of each chunk goes
    for part in prange(parts):
        for k in range(part * total // parts, (part + 1) * total // parts):
            at[part, concerned(gestures[k], by) >> bits] += 1
    first = np.zeros(chunks + 1, np.int64)
    for chunk in range(chunks):
        first[chunk + 1] = first[chunk]
        for part in range(parts):
            count = at[part, chunk]
            at[part, chunk] = first[chunk + 1]
            first[chunk + 1] += count
    found = np.empty(total, GESTURE)
    for part in prange(parts):
        for k in range(part * total // parts, (part + 1) * total // parts):
            chunk = concerned(gestures[k], by) >> bits
            found[at[part, chunk]] = gestures[k]
            at[part, chunk] += 1
    for chunk in prange(chunks):
        start, stop = people_of(chunk, n)
        put_in_order(found[first[chunk] : first[chunk + 1]], start, stop, by, arrival)
    return found, first


@njit(cache=True)
def by_turn(gestures: Any, day: int) -> Any:
    """Gestures under way: those sent today, those sent before that arrive today, and those that have to wait."""
    counts = np.zeros(3, np.int64)
    for k in range(len(gestures)):
        counts[turn_of(gestures[k], day)] += 1
    sent, due = np.empty(counts[SENT_TODAY], GESTURE), np.empty(counts[DUE_TODAY], GESTURE)
    waiting = np.empty(counts[WAITING], GESTURE)
    counts[:] = 0
    for k in range(len(gestures)):
        turn = turn_of(gestures[k], day)
        (sent if turn == SENT_TODAY else due if turn == DUE_TODAY else waiting)[counts[turn]] = gestures[k]
        counts[turn] += 1
    return sent, due, waiting


@inlined
def turn_of(gesture: Any, day: int) -> int:
    if gesture.day == day:
        return SENT_TODAY
    return DUE_TODAY if gesture.day < day and gesture.arrives_day <= day else WAITING


@njit(cache=True)
def by_arrival(gestures: Any, day: int) -> Any:
    """Of the gestures that are sent today: those that arrive today, and those that arrive later; posts do neither."""
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


@njit(cache=True, parallel=True)
def packed_chunks(gestures: Any, first: Any, counts: Any) -> Any:
    """The first so many gestures of each chunk, one after another."""
    starts = np.zeros(len(first), np.int64)
    for chunk in range(len(first) - 1):
        starts[chunk + 1] = starts[chunk] + counts[chunk]
    packed = np.empty(starts[-1], GESTURE)
    for chunk in prange(len(first) - 1):
        packed[starts[chunk] : starts[chunk + 1]] = gestures[first[chunk] : first[chunk] + counts[chunk]]
    return packed


@njit(cache=True)
def in_a_row(parts: Any) -> Any:
    """Records of one type, in a tuple or a list of arrays, one after another."""
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
    """Rows by group: where each group begins, shape (groups + 1,), and the rows, in order within each."""
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
