"""Where ties lie: blocks keep what they hold when they move, never overlap, and what is left behind is used again."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

import sim
from sim.engine.day import Core
from sim.engine.pool import count_in, free_slot, grow_blocks, room_for, with_room
from sim.model import rules
from sim.state.population import CACHE_LINE, NOBODY, PERSON, TIE, EngineState, free_ties

PEOPLE = 12
IDS = st.integers(0, PEOPLE - 1)
lowest_free = njit(lambda place, person: free_slot(place, person))


def state() -> EngineState:
    """People who hold nobody yet."""
    world = sim.worlds.generated(people=PEOPLE, burn_in_years=0, seed=1, parameters=sim.Parameters(ties_at_start=0))
    return Core(world, seed=1).state


def take(place: EngineState, person: int, other: int) -> EngineState:
    """Let a person hold somebody, as if they had met."""
    place.people["degree"][person] += 1
    crowded = np.flatnonzero(place.people["degree"] > place.people["slots"]).astype(np.int32)
    place = with_room(place, room_for(place.people, crowded))
    grow_blocks(place, crowded)
    slot = lowest_free(place, person)
    row = int(place.people["first"][person]) + slot
    place.ties["other"][row] = place.contact_ids[row] = other
    return place


def held(place: EngineState, person: int) -> list[int]:
    first, slots = place.people[person][["first", "slots"]]
    rows = slice(first, first + slots)
    assert (place.ties["other"][rows] == place.contact_ids[rows]).all()
    free = place.contact_ids[rows] == NOBODY
    assert (place.ties[rows][free] == free_ties(int(free.sum()))).all()
    return [int(other) for other in place.contact_ids[rows]]


@settings(max_examples=50)
@given(moves=st.lists(st.tuples(st.integers(0, PEOPLE - 1), st.booleans()), max_size=400))
def test_blocks_keep_what_they_hold_and_never_overlap(moves: list[tuple[int, bool]]) -> None:
    """Against lists: somebody is met, or the person in a slot is forgotten, in any order."""
    place = state()
    expected = [held(place, person) for person in range(PEOPLE)]
    for other, (person, meets) in enumerate(moves):
        mine = expected[person]
        if meets:
            place = take(place, person, other)
            if NOBODY not in mine:
                mine += [NOBODY] * (rules.more_slots(len(mine)) - len(mine))
            mine[mine.index(NOBODY)] = other
        elif any(one != NOBODY for one in mine):
            there = [at for at, one in enumerate(mine) if one != NOBODY]
            slot = there[other % len(there)]
            row = int(place.people["first"][person]) + slot
            place.ties[row], place.contact_ids[row] = free_ties(1)[0], NOBODY
            place.people["degree"][person] -= 1
            mine[slot] = NOBODY
    assert [held(place, person) for person in range(PEOPLE)] == expected
    rows = np.concatenate([np.arange(slots) + first for first, slots in place.people[["first", "slots"]].tolist()])
    assert len(np.unique(rows)) == len(rows)
    assert rows.max() < place.used[0] <= len(place.ties)


@pytest.mark.parametrize("in_turn", [False, True])
def test_what_is_left_behind_is_used_again(in_turn: bool) -> None:
    """People who grow one after the other take each other's blocks; where all grow at once, blocks move together."""
    place = state()
    meetings = [(person, other) for other in range(300) for person in range(PEOPLE)]
    for person, other in sorted(meetings) if in_turn else meetings:
        place = take(place, person, other)
    assert place.people["degree"].tolist() == [300] * PEOPLE
    assert len(place.ties) < 1.3 * place.people["slots"].sum()


def test_a_pool_grows_where_it_lies_and_moves_only_when_it_must() -> None:
    place = state()
    rows, address = len(place.ties), place.ties.ctypes.data
    grown = with_room(place, rows // 4)
    assert len(grown.ties) > rows
    assert grown.ties.ctypes.data == address, "into what was reserved"
    moved = with_room(place, 3 * rows)
    assert moved.ties.ctypes.data != address
    for larger in (grown, moved):
        assert len(larger.ties) == len(larger.contact_ids) == len(larger.weight_bounds)
        assert [held(larger, person) for person in range(PEOPLE)] == [held(place, person) for person in range(PEOPLE)]


def test_a_spent_world_lives_as_a_copied_one_does() -> None:
    def morning() -> sim.World:
        return sim.worlds.generated(people=200, burn_in_years=0, seed=1)

    copied, spent = Core(morning(), seed=1), Core(morning(), seed=1, spend=True)
    for core in (copied, spent):
        for _ in range(60):
            core.step()
    assert copied.to_world() == spent.to_world()
    start = morning()
    assert Core(start, seed=1, spend=True).state.ties.ctypes.data == start.ties.ctypes.data, "not a second copy"
    assert Core(start, seed=1).state.ties.ctypes.data != start.ties.ctypes.data


@settings(max_examples=200)
@given(slots=st.integers(1, 50_000).map(lambda fours: 4 * fours))
def test_slots_grow_by_a_sixteenth_in_fours_and_seldom_change_what_is_drawn(slots: int) -> None:
    more, proposal_slots = rules.more_slots(slots), rules.proposal_slots(slots)
    assert slots < more <= max(slots + 4, slots * 17 / 16)
    assert more % 4 == 0
    assert proposal_slots / 2 < slots <= proposal_slots or slots == proposal_slots == 4
    assert rules.proposal_slots(more) == proposal_slots or slots == proposal_slots, (
        "only when every ticket had its slot"
    )


def test_a_person_and_a_tie_are_a_cache_line_each() -> None:
    assert PERSON.itemsize == TIE.itemsize == CACHE_LINE
    place = Core(sim.worlds.generated(people=200, burn_in_years=0, seed=1), seed=1).state
    assert place.ties.ctypes.data % CACHE_LINE == 0
    directions = int(place.people["degree"].sum())
    used = int(place.used[0])
    assert sum(array[:used].nbytes for array in (place.ties, place.contact_ids, place.weight_bounds)) <= 76 * directions


@settings(max_examples=50)
@given(
    pairs=st.sets(
        st.tuples(st.integers(0, PEOPLE - 1), st.integers(0, PEOPLE - 1)).filter(lambda pair: pair[0] < pair[1])
    )
)
def test_both_of_a_pair_are_counted_and_who_has_no_slot_left_is_named_once(pairs: set[tuple[int, int]]) -> None:
    people = state().people
    before, slots = people["degree"].copy(), people["slots"].copy()
    crowded = count_in(people, np.array(sorted(low * PEOPLE + high for low, high in pairs), np.int64))
    more = np.bincount(np.array(list(pairs), np.int64).ravel(), minlength=PEOPLE)
    assert (people["degree"] == before + more).all()
    assert sorted(crowded) == np.flatnonzero(before + more > slots).tolist()
