"""How the parts of a day are compiled.

Numba counts who refers to an array, also where nobody could make one, and these counts were most of what a day cost. So
whatever runs for each person, prompt or gesture is compiled without them, and most of it is inlined: such a function
may read and write arrays, and cut parts out of them, but not make any. What it needs for its work is a
`Scratch`, which a thread makes once for many people.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from sim.model.chance import BATCH
from sim.state.population import PROMPT

njit_inline = njit(cache=True, forceinline=True, _nrt=False)
njit_noalloc = njit(cache=True, _nrt=False)  # a function of its own: loops over a chunk, and what is seldom called
njit_alloc = njit(cache=True, _nrt=True)  # makes arrays, and may be called by the others


class Scratch(NamedTuple):
    """Room for one thread to work in; what is in it is anything."""

    draws: Any  # (2, BATCH), f8: pairs of uniforms
    drawn: Any  # (BATCH,), i4: the slots that these are
    slots: Any  # (slots,), i4: of those whom the feed may show
    others: Any  # (slots,), i4: their ids
    bounds: Any  # (slots,), f8: the largest weights that their ties may have
    race_draws: Any  # (slots,), f8: of each in a race between them
    times: Any  # (slots,), f8: when each arrives in it
    prompt: Any  # (1,), PROMPT: to exchange two


@njit_alloc
def new_scratch(state: Any) -> Any:
    """Room for work on people of this town."""
    most = 4 * len(state.free_blocks)  # slots that a person may come to have
    return Scratch(
        np.empty((2, BATCH)),
        np.empty(BATCH, np.int32),
        np.empty(most, np.int32),
        np.empty(most, np.int32),
        np.empty(most),
        np.empty(most),
        np.empty(most),
        np.empty(1, PROMPT),
    )
