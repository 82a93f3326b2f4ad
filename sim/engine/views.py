"""Read-only views of ties on a morning, for displays and lists."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np

from sim.engine.compiling import njit_inline
from sim.engine.prefetch import AHEAD, fetch
from sim.model import rules
from sim.model.compiled import njit
from sim.state.population import NOBODY


class State(IntEnum):
    """The relation of two people."""

    STRANGERS = 0
    ACQUAINTED = 1  # met but never answered
    FAINT = 2  # a tie with too little two-way contact to be dormant or active
    DORMANT = 3
    ACTIVE = 4


SEEN = np.dtype(
    [
        ("strength", "f4", (2,)),  # 0..1, of the first person's tie and of the second's
        ("openness", "f4", (2,)),  # 0..1, of the first person towards the second, and the reverse
        ("silence", "i4"),  # days since two-way contact, counted from `NEVER` if there was none
        ("state", "u1"),  # State
    ],
    align=True,
)

_ACQUAINTED, _FAINT, _DORMANT, _ACTIVE = (int(state) for state in list(State)[1:])


@njit_inline
def _state(tie: Any, day: int, p: Any) -> int:
    if tie.acquaintance:
        return _ACQUAINTED
    if rules.is_dormant(day, tie.last_two_way, tie.two_way, p):
        return _DORMANT
    return _ACTIVE if rules.is_active(day, tie.last_two_way, tie.two_way, p) else _FAINT


@njit_inline
def _see_side(view: Any, side: int, tie: Any, day: int, p: Any) -> None:
    view.strength[side] = rules.strength(rules.activation(tie.traces, day - tie.last_contact, p), p)
    view.openness[side] = rules.openness_now(tie.openness, day - tie.opened, p)


@njit_inline
def _fetch_tie(people: Any, ties: Any, pairs: Any, slots: Any, k: int) -> None:
    """Prefetch a tie that is read soon, and its other direction, which makes `see` four times as fast."""
    later, soon = k + 2 * AHEAD, k + AHEAD
    if later < len(pairs) and slots[later] != NOBODY:
        fetch(ties, people[pairs[later, 0]].first + slots[later])
    if soon < len(pairs) and NOBODY < slots[soon] < people[pairs[soon, 0]].slots:
        tie = ties[people[pairs[soon, 0]].first + slots[soon]]
        if tie.other != NOBODY:
            fetch(ties, people[tie.other].first + tie.mirror)


@njit(cache=True)
def see(people: Any, ties: Any, pairs: Any, slots: Any, day: int, p: Any, seen: Any) -> None:
    """Read the state of ties on a morning.

    Args:
        people: shape (n,), type `PERSON`.
        ties: type `TIE`.
        pairs: ids of the two people of each tie, shape (k, 2).
        slots: the slot of each tie in the last call, among the slots of the first person, shape (k,); updated in place.
            `NOBODY` means that it's unknown or that there is no tie.
        day: the day of the world.
        p: packed parameters.
        seen: the output, shape (k,), type `SEEN`.
    """
    for k in range(len(pairs)):
        _fetch_tie(people, ties, pairs, slots, k)
        one, other = people[pairs[k, 0]], pairs[k, 1]
        slot = slots[k]
        if slot == NOBODY or slot >= one.slots or ties[one.first + slot].other != other:
            slot = NOBODY
            for place in range(one.slots):
                if ties[one.first + place].other == other:
                    slot = place
            slots[k] = slot
        view = seen[k]
        if slot == NOBODY:
            view.strength[:] = 0.0
            view.openness[:] = 0.0
            view.silence = 0
            view.state = 0
            continue
        tie = ties[one.first + slot]
        _see_side(view, 0, tie, day, p)
        _see_side(view, 1, ties[people[other].first + tie.mirror], day, p)
        view.silence = day - tie.last_two_way
        view.state = _state(tie, day, p)
