"""What can be seen of ties on a morning, for whoever draws or lists them; looking changes nothing."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np
from numba import njit

from sim import rules
from sim.population import NOBODY


class State(IntEnum):
    """What two people are to each other."""

    STRANGERS = 0
    ACQUAINTED = 1  # met but never answered
    FAINT = 2  # a tie without enough two-way contact to be one of the next two
    DORMANT = 3
    ACTIVE = 4


SEEN = np.dtype(
    [
        ("strength", "f4", (2,)),  # 0..1, as the first and as the second of the pair holds the tie
        ("openness", "f4", (2,)),  # 0..1, of the first's door for the second, and the other way round
        ("silence", "i4"),  # days since two-way contact; what `NEVER` makes of it where there was none
        ("state", "u1"),  # State
    ],
    align=True,
)

_ACQUAINTED, _FAINT, _DORMANT, _ACTIVE = (int(state) for state in list(State)[1:])


@njit(cache=True)
def see(people: Any, ties: Any, pairs: Any, slots: Any, day: int, p: Any, seen: Any) -> None:
    """Look at ties as they are this morning.

    Args:
        people: of a world, or of one in motion, shape (n,), type `PERSON`.
        ties: of the same, type `TIE`.
        pairs: ids of the two people of each tie, shape (k, 2).
        slots: where the tie was the last time, among the slots of the first, shape (k,); brought up to date. `NOBODY`
            where that is not known, or there is no tie.
        day: of the world.
        p: packed parameters.
        seen: filled in, shape (k,), type `SEEN`.
    """
    for k in range(len(pairs)):
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
        held = ties[one.first + slot]
        back = ties[people[other].first + held.mirror]
        for side, tie in enumerate((held, back)):
            view.strength[side] = rules.strength(rules.activation(tie.traces, day - tie.last_contact, p), p)
            view.openness[side] = rules.openness_now(tie.openness, day - tie.opened, p)
        view.silence = day - held.last_two_way
        if held.acquaintance:
            view.state = _ACQUAINTED
        elif rules.is_dormant(day, held.last_two_way, held.two_way, p):
            view.state = _DORMANT
        elif rules.is_active(day, held.last_two_way, held.two_way, p):
            view.state = _ACTIVE
        else:
            view.state = _FAINT
