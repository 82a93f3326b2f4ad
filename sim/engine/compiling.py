"""How the functions of a day are compiled.

Numba counts references to arrays, and the counting used to take most of a day's time. Functions that run for each
person, prompt or gesture are compiled without it, and most are inlined. They may read, write and slice arrays but
cannot create any. Their working memory is a `Scratch`, which each thread creates once for many people.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sim.model.chance import BATCH
from sim.model.compiled import njit
from sim.state.population import PROMPT

njit_inline = njit(cache=True, forceinline=True, _nrt=False)
njit_noalloc = njit(cache=True, _nrt=False)  # not inlined: loops over a chunk, and functions that are seldom called
njit_alloc = njit(cache=True, _nrt=True)  # may create arrays; the other two may call it
njit_phase = njit(inline="always")  # a phase of the day, compiled as part of it rather than once more by itself


class Scratch(NamedTuple):
    """Working memory of one thread. Its contents don't survive from one call to the next."""

    draws: Any  # (2, BATCH), f8: pairs of uniforms
    drawn: Any  # (BATCH,), i4: the slots of these draws
    slots: Any  # (slots,), i4: slots of contacts whom the feed may show
    others: Any  # (slots,), i4: their ids
    bounds: Any  # (slots,), f8: the weight bounds of their ties
    race_draws: Any  # (slots,), f8: the draw of each in the race between them
    times: Any  # (slots,), f8: the race time of each
    prompt: Any  # (1,), PROMPT: for swapping two prompts


@njit_alloc
def new_scratch(state: Any) -> Any:
    """Create working memory that is large enough for any person of this state."""
    most = 4 * len(state.free_blocks)  # the most slots that a person can reach
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
