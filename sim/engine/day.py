"""A day of the model over arrays: the fast engine.

`Core.step` runs the phases of a day in order. Each phase is a module:

1. `morning`: the week begins, and people post.
2. `places` (gather): who meets whom at places.
3. `outreach` (reach out): `prompts` bring people to mind; in response, people send gestures (`sending`) or hold planned
   `sessions` within their time budget (`budget`).
4. `dispatch`: gestures go out, and senders count their unanswered tries.
5. `rounds`: gestures are delivered and answered.
6. `settle`: memory and ties are updated.

`memory` has what people remember about each other. Performance code is separate: `pool` (memory of ties), `sorting`
(work by thread), `prefetch` and `malloc`. In a small world, handing the state to compiled code takes longer than much
of the work, so most of the day is two compiled calls: `go_out`, until gestures are made, and `come_in`, which delivers
them. Between them, people with too many new acquaintances get more memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from sim.engine.acquaintances import acquaint
from sim.engine.choosing import GIVEN, choose, functions_of
from sim.engine.dispatch import dispatch, take_from_mail, with_mail
from sim.engine.malloc import keep_freed_memory
from sim.engine.memory import refresh_bounds
from sim.engine.morning import begin_week, post
from sim.engine.network import active_ties, contact_shares, two_step_reach
from sim.engine.outreach import reach_out
from sim.engine.places import gather, once_each
from sim.engine.pool import count_in, grow_blocks, no_free_blocks, pool_of, room_for, with_room, with_sizes
from sim.engine.rounds import deliver_and_answer
from sim.engine.settle import settle
from sim.engine.sorting import (
    rows_by,
    shared,
)
from sim.model.compiled import njit
from sim.model.parameters import Parameters
from sim.model.places import Place
from sim.model.playbook import own_copy, set_stages, tag_bits
from sim.state.population import (
    ACTIVITY,
    MEETING,
    ORDER,
    TIE,
    DayRecord,
    EngineState,
    FinalState,
    World,
    aligned,
    canonical_mail,
    free_ties,
    joined,
    taken,
)

PEOPLE_A_PART = 4_096  # people whose ties `Core.in_parts` yields at once


def _with_observed(people: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As `rows_by` for communities, with the observed members of each after all of them."""
    community, observed = people["community"], np.flatnonzero(people["unobserved"] == 0)
    communities = int(community.max()) + 1
    first, rows = rows_by(np.append(community, community[observed] + communities), 2 * communities)
    return first, np.append(np.arange(len(people), dtype=np.int32), observed.astype(np.int32))[rows]


@njit(cache=True)
def go_out(state: Any, met: Any, mail: Any, day: int, planning: bool, seed: int) -> Any:
    """People post and reach out, and today's gestures are taken out of the mail.

    Returns:
        Gestures made today, and feed items seen; gestures from the mail that are sent today, those that arrive today,
        and those that wait; the pairs of strangers who met or wrote; and the people whose block is too small for these.
    """
    post(state, day, seed)
    fresh, seen = reach_out(state, met, day, planning, seed)
    late, due, waiting, strangers = take_from_mail(state, met, fresh, mail, day)
    return fresh, seen, late, due, waiting, strangers, count_in(state.people, strangers)


@njit(cache=True)
def come_in(state: Any, met: Any, gestures: Any, strangers: Any, day: int, seed: int) -> Any:
    """Strangers become acquaintances; gestures go out, are delivered and answered; memory and ties are updated.

    `gestures` are the first five arrays that `go_out` returns.

    Returns:
        Gestures sent and delivered today; pairs that became ties and that were forgotten; the mail; and the guests who
        accepted an invitation, type `BOOKING`.
    """
    fresh, seen, late, due, waiting = gestures
    if len(strangers):
        acquaint(state, strangers, day, seed)
    sent, arriving, later = dispatch(state, fresh, late, due, seen, day, seed)
    all_sent, arrived, delayed, guests = deliver_and_answer(state, sent, arriving, day, seed)
    sent, delivered, new_ties, forgotten = settle(state, met, all_sent, arrived, day)
    return sent, delivered, new_ties, forgotten, with_mail(waiting, later, delayed), guests


class Core:
    """The fast engine: the state of a running world, advanced one day at a time.

    Attributes:
        given: contacts named by hand for the sessions of the coming day, type `GIVEN`.

    Args:
        world: the starting point; it is copied.
        seed: the seed of all random draws, 64 bits.
        spend: reuse the memory of the world's ties, after which the world must not be used. The ties must own their
            memory, as arrays from `sim.state.population.free_ties` do. Meant for worlds that don't fit in memory twice.
    """

    def __init__(self, world: World, *, seed: int, spend: bool = False) -> None:
        keep_freed_memory(len(world))
        self.day, self.seed = world.day, np.uint64(seed)
        self.parameters: Parameters = world.parameters
        self.strategies_end, self.names = world.strategies_end, world.names
        self.strategies_begin = world.strategies_begin
        self.mail, self.bookings, self.members = world.mail.copy(), world.bookings.copy(), world.members.copy()
        self._functions, self.given = functions_of(world), np.zeros(0, GIVEN)
        people, n = world.people.copy(), len(world)
        ties, contact_ids, weight_bounds = pool_of(world.ties, spend=spend)
        belonging = {}
        for name in ("community", "industry", "group", "birthday"):
            groups = 365 if name == "birthday" else int(people[name].max()) + 1
            belonging[f"{name}_first"], belonging[f"{name}_people"] = rows_by(people[name], groups)
        if people["unobserved"].any():
            belonging["community_first"], belonging["community_people"] = _with_observed(people)
        self.state = EngineState(
            settings=np.array([world.parameters.packed]),
            people=people,
            showable=np.zeros(n, np.bool_),
            activity=np.zeros(n, ACTIVITY),
            ties=ties,
            contact_ids=contact_ids,
            weight_bounds=weight_bounds,
            used=np.array([len(world.ties)]),
            free_blocks=no_free_blocks(people),
            empty_tie=free_ties(1),
            tags=tag_bits(world.parameters.tags, n, world.names),
            orders=np.zeros(0, ORDER),
            order_first=np.zeros(len(world.plans) + 1, np.int64),
            plans=world.plans.copy(),
            plan_first=np.searchsorted(world.plans["person"], np.arange(n + 1)).astype(np.int64),
            **own_copy(world.parameters.playbook)._asdict(),
            **belonging,
        )
        self._followed = np.unique(world.plans["strategy"])

    def step(self) -> DayRecord:
        """Simulate one day, phase by phase, and return what happened."""
        planning = self.day < self.strategies_end
        with shared(len(self.state.people)):
            self._begin(planning)
            met = self._gather(planning)
            self._choose(planning)
            *gestures, strangers, crowded = go_out(self.state, met, self.mail, self.day, planning, self.seed)
            self._make_room(crowded)
            sent, delivered, new_ties, forgotten, self.mail, guests = come_in(
                self.state, met, tuple(gestures), strangers, self.day, self.seed
            )
            if len(guests):
                self.bookings = np.unique(joined(self.bookings, guests))
            record = DayRecord(self.day, sent, delivered, new_ties, forgotten, met)
        self.day += 1
        return record

    def _begin(self, planning: bool) -> None:
        state = self.state
        if len(state.plans):
            set_stages(state.strategies, self.day - self.strategies_begin)
        if self.day % 7 == 0:
            begin_week(state.people, state.plans, state.strategies, planning, state.settings[0])
            refresh_bounds(state, self.day)

    def _gather(self, planning: bool) -> np.ndarray:
        """Who meets whom. Nobody does if no plan of today has a place, and no guest is expected."""
        today = self.state.strategies["today"][self._followed]
        if not len(self.bookings) and (self.state.strategies["place"][today] == Place.NOWHERE).all():
            return np.zeros(0, MEETING)
        met, self.members = gather(self.state, self.bookings, self.members, self.day, planning, self.seed)
        self.bookings = self.bookings[self.bookings["day"] > self.day]
        return once_each(met, len(self.state.people)) if len(met) else met

    def _choose(self, planning: bool) -> None:
        """Fill in the orders of today: the choices of functions, and what the user named by hand."""
        if self._functions or len(self.given) or len(self.state.orders):
            elapsed = self.day - self.strategies_begin
            orders, first = choose(self.state, self._functions, self.given, self.day, elapsed, planning, self.seed)
            self.state = self.state._replace(orders=orders, order_first=first)
            self.given = self.given[:0]

    def _make_room(self, crowded: np.ndarray) -> None:
        """Give more slots to the people whose block is too small for the acquaintances of today."""
        if len(crowded):
            self.state = with_room(with_sizes(self.state, crowded), room_for(self.state.people, crowded))
            grow_blocks(self.state, crowded)

    def active_ties(self) -> np.ndarray:
        """Active ties of each person today, shape (n,)."""
        return active_ties(self.state.people, self.state.ties, self.day, self.state.settings[0])

    def contact_shares(self) -> np.ndarray:
        """Share of each person's ties with recent two-way contact, shape (n,); see `memory.contact_shares`."""
        return contact_shares(self.state.people, self.state.ties, self.day)

    def network(self) -> tuple[np.ndarray, np.ndarray]:
        """The people and the ties, types `PERSON` and `TIE`. Don't change the arrays."""
        return self.state.people, self.state.ties

    def final_state(self) -> FinalState:
        """The state that `sim.measures` needs at the end of a run."""
        state = self.state
        reach = two_step_reach(state.people, state.ties, self.day, state.settings[0])
        return FinalState(
            self.day, state.people["industry"], state.plans, self.active_ties(), reach, self.contact_shares()
        )

    def to_world(self) -> World:
        """The current world in canonical form: slots in the order of people, and mail sorted."""
        rest, parts = self.in_parts()
        ties, filled = aligned(int(rest.people["slots"].sum(dtype=np.int64)), TIE), 0
        for part in parts:
            ties[filled : filled + len(part)].view(np.uint8)[:] = part.view(np.uint8)
            filled += len(part)
        return replace(rest, ties=ties)

    def in_parts(self) -> tuple[World, Iterator[np.ndarray]]:
        """The current world without its ties, and an iterator over the ties in parts, for worlds too large to copy."""
        people = self.state.people.copy()
        people["first"] = np.cumsum(people["slots"], dtype=np.int64) - people["slots"]
        rest = World(
            day=self.day,
            people=people,
            ties=np.zeros(0, TIE),
            parameters=self.parameters,
            plans=self.state.plans.copy(),
            mail=canonical_mail(self.mail),
            bookings=self.bookings.copy(),
            members=self.members[np.argsort(self.members["founder"], kind="stable")],
            strategies_end=self.strategies_end,
            strategies_begin=self.strategies_begin,
            names=self.names,
        )
        return rest, (self._ties_of(start) for start in range(0, len(people), PEOPLE_A_PART))

    def _ties_of(self, start: int) -> np.ndarray:
        """The slots of `PEOPLE_A_PART` people from `start` up, type `TIE`."""
        people = self.state.people[start : start + PEOPLE_A_PART]
        slots = people["slots"].astype(np.int64)
        before = np.cumsum(slots) - slots
        return taken(self.state.ties, np.repeat(people["first"] - before, slots) + np.arange(slots.sum()))
