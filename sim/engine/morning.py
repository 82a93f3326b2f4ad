"""Morning: the week begins, and people post."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from sim.engine.compiling import njit_alloc, njit_inline, njit_noalloc
from sim.engine.sorting import chunks_of, people_of
from sim.model import rules
from sim.model.chance import DrawPurpose, uniforms_of_people
from sim.model.compiled import njit
from sim.model.gestures import Kind
from sim.model.strategies import Plan


@njit(cache=True)
def begin_week(people: Any, plans: Any, strategies: Any, planning: bool, p: Any) -> None:
    """Refill everyone's weekly minutes, and add the week's planned minutes to the budget of each plan that runs."""
    for person in range(len(people)):
        people[person].minutes_left = rules.minutes_of_week(people[person].sociability, p)
    if planning:
        for row in range(len(plans)):
            if strategies[strategies[plans[row].strategy].today].plan == Plan.NOTHING:
                continue
            minutes = p.effort_minutes * plans[row].share
            plans[row].budget = rules.minus(plans[row].budget, -minutes)
            plans[row].minutes_planned += minutes


@njit_inline
def may_post(state: Any, person: int, u: float, day: int) -> None:
    """Make an ordinary post if the draw `u` and the minutes allow; then update whether feeds may show the person."""
    people, p = state.people, state.settings[0]
    cost = p.minutes[Kind.POST]
    if u < rules.post_probability(people[person].sociability, p) and people[person].minutes_left >= cost:
        people[person].minutes_left = rules.minus(people[person].minutes_left, cost)
        people[person].last_post = day
    state.showable[person] = day - people[person].last_post < p.post_days


@njit_noalloc
def _may_post(state: Any, start: int, draw: Any, day: int) -> None:
    for k in range(len(draw)):
        may_post(state, start + k, draw[k], day)


@njit_alloc
def _post_of(state: Any, part: int, day: int, seed: int) -> None:
    start, stop = people_of(part, len(state.people))
    draw = np.empty(stop - start)
    uniforms_of_people(draw, seed, DrawPurpose.POSTS, day, start)
    _may_post(state, start, draw, day)


@njit(cache=True, parallel=True)
def post(state: Any, day: int, seed: int) -> None:
    """Make everyone's ordinary posts. From today, feeds may show the authors."""
    chunks = chunks_of(len(state.people))
    if chunks == 1:
        _post_of(state, 0, day, seed)
        return
    for part in prange(chunks):
        _post_of(state, part, day, seed)
