"""Gestures in chunks: the same whatever the number of threads, and no gesture lost, doubled or changed."""

from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

import sim
from sim.engine import day, sorting
from sim.engine.prefetch import fetch
from sim.engine.sorting import (
    BY_PAIR,
    BY_RECEIVER,
    BY_SENDER,
    CHUNKS,
    by_turn,
    chunks_of,
    in_a_row,
    packed_chunks,
    people_of,
    rows_by,
    shared,
    sorted_by,
    split_by_arrival,
)
from sim.model.gestures import Kind
from sim.state.population import GESTURE, NOBODY

quick = settings(max_examples=60)


def gestures(count: int, people: int, seed: int, posts: bool) -> np.ndarray:
    """Gestures of few seconds and causes, so that all parts of the order matter; every byte is set."""
    draws = np.random.default_rng(seed)
    rows = draws.integers(0, 100, (count, GESTURE.itemsize), np.uint8).view(GESTURE)[:, 0]
    rows["sender"], rows["receiver"] = draws.integers(0, people, (2, count))
    rows["second"], rows["arrives_second"] = draws.integers(0, 4, (2, count))
    rows["event_key"] = np.arange(count) % 7
    rows["delivery"], rows["day"] = draws.integers(0, 2, (2, count))
    if posts:
        rows["receiver"][::5] = NOBODY
    rows["unanswered"] = np.arange(count)  # which tells them apart
    return rows


@quick
@given(
    people=st.one_of(st.integers(1, 200), st.integers(200, 5_000)),
    count=st.integers(0, 2_000),
    seed=st.integers(0, 10**6),
    by=st.sampled_from([BY_RECEIVER, BY_SENDER, BY_PAIR]),
    arrival=st.booleans(),
    shares=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_sorted_gestures_come_by_person_and_time(
    people: int, count: int, seed: int, by: int, arrival: bool, shares: tuple[float, float]
) -> None:
    """The order is that of a sort by columns of all three arrays, on any threads; chunks begin where they should."""
    rows = gestures(count, people, seed, posts=by != BY_RECEIVER)
    whom = rows["receiver"] if by == BY_RECEIVER else rows["sender"]
    if by == BY_PAIR:
        whom = np.where(rows["receiver"] == NOBODY, whom, np.minimum(rows["sender"], rows["receiver"]))
    time = rows["arrives_second"] if arrival else rows["second"]
    expected = rows[
        np.lexsort((rows["day"], rows["delivery"], rows["receiver"], rows["event_key"], rows["sender"], time, whom))
    ]
    before = rows.copy()
    low, high = sorted(int(share * count) for share in shares)
    for threads in (1, min(2, numba.config.NUMBA_NUM_THREADS)):
        numba.set_num_threads(threads)
        found, first = sorted_by((rows[:low], rows[low:high], rows[high:]), people, by, arrival)
        same = [name for name in GESTURE.names or () if name != "unanswered"]  # of equal ones either may come first
        for name in same:
            assert (found[name] == expected[name]).all()
        assert sorted(found["unanswered"]) == sorted(rows["unanswered"])
        edges = [people_of(chunk, people) for chunk in range(chunks_of(people))]
        assert (first == [*np.searchsorted(np.sort(whom), [start for start, _ in edges]), count]).all()
    assert (rows == before).all()


@quick
@given(count=st.integers(0, 300), day=st.integers(0, 4), seed=st.integers(0, 10**6))
def test_mail_is_parted_by_turn_and_arrival_in_order(count: int, day: int, seed: int) -> None:
    rows = gestures(count, 50, seed, posts=True)
    draws = np.random.default_rng(seed)
    rows["day"], rows["arrives_day"] = draws.integers(0, 5, (2, count))
    sent = rows["day"] == day
    due = (rows["day"] < day) & (rows["arrives_day"] <= day)
    for found, which in zip(by_turn(rows, day), (sent, due, ~sent & ~due), strict=True):
        assert (found == rows[which]).all()
    later = rows["arrives_day"] > day
    for found, which in zip(split_by_arrival(rows, day), (~later & (rows["kind"] != Kind.POST), later), strict=True):
        assert (found == rows[which]).all()


@quick
@given(people=st.integers(1, 10**7))
def test_chunks_are_runs_of_people_that_cover_everyone(people: int) -> None:
    edges = [people_of(chunk, people) for chunk in range(chunks_of(people))]
    assert len(edges) <= CHUNKS
    assert [start for start, _ in edges] == [0, *(stop for _, stop in edges[:-1])]
    assert edges[-1][1] == people
    assert all(start < stop for start, stop in edges)


@quick
@given(counts=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=CHUNKS))
def test_packing_keeps_the_first_of_each_chunk(counts: list[tuple[int, int]]) -> None:
    rooms = np.array([room + kept for room, kept in counts])
    first = np.concatenate([[0], np.cumsum(rooms)])
    kept = np.array([kept for _, kept in counts] + [0])
    rows = gestures(int(rooms.sum()), 9, 1, posts=False)
    expected = [rows[start : start + count] for start, count in zip(first, kept, strict=True)]
    assert (packed_chunks(rows, first, kept) == np.concatenate(expected)).all()


@quick
@given(counts=st.lists(st.integers(0, 5), min_size=1, max_size=8))
def test_parts_in_a_row_are_those_parts(counts: list[int]) -> None:
    parts = tuple(gestures(count, 9, k, posts=True) for k, count in enumerate(counts))
    assert (in_a_row(parts) == np.concatenate(parts)).all()


@quick
@given(groups=st.lists(st.integers(0, 6), max_size=60))
def test_rows_by_group_are_in_order_and_each_there_once(groups: list[int]) -> None:
    values = np.array(groups, np.int32)
    first, rows = rows_by(values, 8)
    assert (rows == np.argsort(values, kind="stable")).all()
    assert (first == np.searchsorted(np.sort(values), np.arange(9))).all()


@pytest.mark.parametrize("dtype", [GESTURE, np.float64])
def test_asking_memory_ahead_changes_nothing(dtype: np.dtype) -> None:
    @njit
    def ask(rows: np.ndarray) -> None:
        for k in range(len(rows)):
            fetch(rows, k)

    memory = np.random.default_rng(1).integers(0, 256, 40 * np.dtype(dtype).itemsize, np.uint8)
    before = memory.copy()
    ask(memory.view(dtype))
    assert (memory == before).all()
    assert "prefetch" in next(iter(ask.inspect_asm().values()))


def test_few_gestures_are_left_to_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorting, "WORTH_SHARING", 10)
    numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)
    with shared(9):
        assert numba.get_num_threads() == 1
    with shared(10):
        assert numba.get_num_threads() == numba.config.NUMBA_NUM_THREADS
    assert numba.get_num_threads() == numba.config.NUMBA_NUM_THREADS


def test_threads_share_the_days_of_small_worlds(monkeypatch: pytest.MonkeyPatch) -> None:
    """In these tests, whose worlds one thread would have to itself otherwise."""
    threads: list[int] = []
    go_out = day.go_out

    def noted(*arguments: Any) -> Any:
        threads.append(numba.get_num_threads())
        return go_out(*arguments)

    monkeypatch.setattr(day, "go_out", noted)
    numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)
    day.Core(sim.worlds.generated(people=20, burn_in_years=0, seed=1), seed=1).step()
    assert threads == [numba.config.NUMBA_NUM_THREADS]
