"""A day of ordinary life on a GPU: the fast engine with one thread per person.

The functions of `sim.engine` are compiled again for the GPU; only the distribution of work differs. Gestures aren't
sorted. Those of one person form a linked list, and one thread processes the list in the order of the model. Other
threads only prepend to it, atomically. The result therefore doesn't depend on the order of threads.

A GPU may round the last bit of an exponential, a logarithm or a power differently from a CPU. Stored numbers then
differ in the last bit occasionally, and decisions very rarely; `benchmarks/gpu.py` counts both. On Numba's CUDA
simulator (``NUMBA_ENABLE_CUDASIM=1``) results equal those of `sim.engine.day` bit for bit.

Worlds with plans or invitations are not supported; run them on `sim.engine.day`.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import cuda
from numba.core.dispatcher import Dispatcher
from numba.np.numpy_support import as_dtype

from sim.engine.acquaintances import FILTER_BITS, new_acquaintance
from sim.engine.compiling import Scratch
from sim.engine.day import Core
from sim.engine.dispatch import locate_one, mark_sent
from sim.engine.forgetting import drop, weakest
from sim.engine.memory import find_slot, heaviest_of, refresh_bound
from sim.engine.morning import may_post
from sim.engine.outreach import act_spontaneously
from sim.engine.pool import free_slot
from sim.engine.prompts import (
    begin_ordinary_prompts,
    birthday_noticed,
    birthday_prompt,
    count_ordinary,
    settle_prompts,
)
from sim.engine.rounds import receive
from sim.engine.settle import is_settled, remember_answer, remember_sent, settle_noticed
from sim.engine.sorting import BY_PAIR, BY_SENDER, DUE_TODAY, SENT_TODAY, comes_first, sorted_by, turn_of
from sim.model import chance, rules
from sim.model.chance import BATCH, DrawPurpose, uniform
from sim.model.rules import ROUNDS
from sim.runtime.installation import install_command
from sim.state.population import (
    FEED_ITEM,
    GESTURE,
    LAST_DAY,
    MEETING,
    NO_ANSWER,
    NOBODY,
    PROMPT,
    TIE,
    DayRecord,
    EngineState,
    World,
    taken,
)

FILTER_WORDS = FILTER_BITS // 64
SIMULATED = bool(numba.config.ENABLE_CUDASIM)
GRID = (1, 8) if SIMULATED else (132 * 16, 128)  # blocks, and threads per block; each thread processes many people
POOL = ("ties", "contact_ids", "weight_bounds")
ROOM_TO_GROW, SMALLEST_ROOM = 4, 1 << 16  # a new pool has a quarter more rows than are used, or at least this many

# Lists of each person
ARRIVING, ARRIVING_NEXT, SENT, ANSWERS, BETWEEN, CALLED, MET, GOING = range(8)
LISTS = GOING + 1

# Counters
GESTURES, MAIL_WAITING, MAIL, CALLS_AT_MOST, CALLS, PROMPTS, ACTIVE, LISTED, NEW_TIES, FORGOTTEN = range(10)
ROWS, WASTED, CROWDED = range(10, 13)  # of the pool: rows in use, rows of abandoned blocks, and whether it is full
COUNTERS = CROWDED + 1

# States of a gesture, as bits
HOLE, WRITTEN, SEEN, DUE, DELIVERED = 0, 1, 2, 4, 8


PROMPTED = np.dtype(
    [
        ("person", "i4"),  # a person with prompts today
        ("occasions", "i4", (3,)),  # prompts from routine, the feed and encounters
        ("prompts", "i8", (2,)),  # first row of their prompts, and the row after the last
        ("gestures", "i8", (2,)),
    ],
    align=True,
)
ENTRY = np.dtype([("other", "i4"), ("link", "i4")], align=True)  # an entry of a list of people, and the next entry


class GpuState(NamedTuple):
    """The arrays of `EngineState` that kernels need. Each additional array makes launches slower."""

    settings: Any
    people: Any
    showable: Any
    activity: Any
    ties: Any
    contact_ids: Any
    weight_bounds: Any
    empty_tie: Any
    community_first: Any
    community_people: Any


class DayBuffers(NamedTuple):
    """Working memory of a day. A person's list starts in `heads` (`NOBODY` if it's empty) and continues in `links`."""

    heads: Any  # (LISTS, n), i4
    links: Any  # (4, gestures), i4: next gesture in the lists of arriving, sent, answering and paired gestures
    gestures: Any  # GESTURE: all gestures of the day, in any order
    states: Any  # (gestures,), u1: the state of each
    counts: Any  # (COUNTERS,), i8
    prompted: Any  # (n,), PROMPTED
    mail: Any  # GESTURE: mail of this morning; `next_mail` is that of the next
    next_mail: Any
    prompts: Any  # PROMPT
    calls: Any  # PROMPT: those from birthdays
    call_links: Any  # (calls,), i4
    listed: Any  # ENTRY: new acquaintances, and ties to drop
    pairs: Any  # (2, listed), i8: pairs that became ties, and pairs that were forgotten
    received: Any  # (n,), i4: gestures noticed today
    scratch: Any  # for each row of the pool: slots, others, bounds, race_draws and times of `Scratch`


BUFFERS: dict[str, Any] = {  # types of `DayBuffers`; kernels are compiled once, for these
    "heads": np.int32,
    "links": np.int32,
    "gestures": GESTURE,
    "states": np.uint8,
    "counts": np.int64,
    "prompted": PROMPTED,
    "mail": GESTURE,
    "next_mail": GESTURE,
    "prompts": PROMPT,
    "calls": PROMPT,
    "call_links": np.int32,
    "listed": ENTRY,
    "pairs": np.int64,
    "received": np.int32,
}


# Lists ---------------------------------------------------------------------------------------------------------------


@cuda.jit(device=True)
def _links_of(which: int) -> int:
    """The row of `links` for a list of gestures. Lists 0 and 1 share a row, since no gesture is on both."""
    return max(0, which - 1)


@cuda.jit(device=True)
def _put(buffers: Any, which: int, person: int, k: int) -> None:
    """Prepend a gesture to a person's list."""
    buffers.links[_links_of(which), k] = cuda.atomic.exch(buffers.heads, (which, person), k)


@cuda.jit(device=True)
def _is_before(gestures: Any, row: int, other_row: int, arrival: bool) -> bool:
    if comes_first(gestures[row], gestures[other_row], arrival):
        return True
    return row < other_row and not comes_first(gestures[other_row], gestures[row], arrival)


@cuda.jit(device=True)
def _next(buffers: Any, which: int, person: int, after: int, arrival: bool) -> int:
    """The next gesture on a list after this one (`NOBODY`: the first), in the order of `comes_first`."""
    earliest = NOBODY
    k = buffers.heads[which, person]
    while k != NOBODY:
        if (after == NOBODY or _is_before(buffers.gestures, after, k, arrival)) and (
            earliest == NOBODY or _is_before(buffers.gestures, k, earliest, arrival)
        ):
            earliest = k
        k = buffers.links[_links_of(which), k]
    return earliest


@cuda.jit(device=True)
def _put_person(buffers: Any, which: int, person: int, other: int) -> None:
    """Prepend someone to a person's list of people."""
    k = cuda.atomic.add(buffers.counts, LISTED, 1)
    buffers.listed[k]["other"] = other
    buffers.listed[k]["link"] = cuda.atomic.exch(buffers.heads, (which, person), k)


@cuda.jit(device=True)
def _next_person(buffers: Any, which: int, person: int, after: int) -> int:
    """The next higher id on a list after this one (`NOBODY`: the lowest id); `NOBODY` at the end."""
    lowest = NOBODY
    k = buffers.heads[which, person]
    while k != NOBODY:
        other = buffers.listed[k]["other"]
        if other > after and (lowest == NOBODY or other < lowest):
            lowest = other
        k = buffers.listed[k]["link"]
    return lowest


# Morning, prompts, gestures ------------------------------------------------------------------------------------------


@cuda.jit
def _wake(state: Any, buffers: Any, day: int, seed: int) -> None:
    """Empty the lists, begin the week, make ordinary posts, and count the contacts who may notice a birthday."""
    p = state.settings[0]
    for person in range(cuda.grid(1), len(state.people), cuda.gridsize(1)):
        for which in range(LISTS):
            buffers.heads[which, person] = NOBODY
        buffers.received[person] = 0
        if day % 7 == 0:
            state.people[person]["minutes_left"] = rules.minutes_of_week(state.people[person]["sociability"], p)
            first, slots = state.people[person]["first"], state.people[person]["slots"]
            refresh_bound(state, person, heaviest_of(state.weight_bounds[first : first + slots]), day)
        may_post(state, person, uniform(seed, DrawPurpose.POSTS, day, person, 0, 0), day)
        if state.people[person]["birthday"] == day % 365:
            cuda.atomic.add(buffers.counts, CALLS_AT_MOST, state.people[person]["degree"])


@cuda.jit
def _call(state: Any, buffers: Any, day: int, seed: int) -> None:
    """Create the prompts of birthdays that are noticed."""
    for person in range(cuda.grid(1), len(state.people), cuda.gridsize(1)):
        if state.people[person]["birthday"] == day % 365:
            for slot in range(state.people[person]["slots"]):
                if birthday_noticed(state, person, slot, day, seed):
                    k = cuda.atomic.add(buffers.counts, CALLS, 1)
                    birthday_prompt(state, person, slot, buffers.calls[k], day, seed)
                    buffers.call_links[k] = cuda.atomic.exch(buffers.heads, (CALLED, buffers.calls[k]["person"]), k)


@cuda.jit(device=True)
def _take_room(room: Any, counts: Any, which: int, most: int) -> None:
    room[0] = cuda.atomic.add(counts, which, most)
    room[1] = room[0] + most


@cuda.jit
def _count(state: Any, buffers: Any, day: int, seed: int) -> None:
    """Count everyone's prompts, and reserve rows for the prompts and the gestures that may result."""
    draw = cuda.local.array(3, numba.float64)
    counts = cuda.local.array(3, numba.int32)
    for person in range(cuda.grid(1), len(state.people), cuda.gridsize(1)):
        draw[0] = uniform(seed, DrawPurpose.ROUTINE_COUNT, day, person, 0, 0)
        draw[1] = uniform(seed, DrawPurpose.FEED_COUNT, day, person, 0, 0)
        draw[2] = uniform(seed, DrawPurpose.ENCOUNTER_COUNT, day, person, 0, 0)
        count_ordinary(state, person, draw, counts, day, seed)
        most = counts[0] + counts[1] + counts[2]
        k = buffers.heads[CALLED, person]
        while k != NOBODY:
            most += 1
            k = buffers.call_links[k]
        if most > 0:
            mine = buffers.prompted[cuda.atomic.add(buffers.counts, ACTIVE, 1)]
            mine["person"] = person
            for occasion in range(3):
                mine["occasions"][occasion] = counts[occasion]
            _take_room(mine["prompts"], buffers.counts, PROMPTS, most)
            # Each feed prompt may bring two: the feed item seen, and a gesture.
            _take_room(mine["gestures"], buffers.counts, GESTURES, most + counts[1])


@cuda.jit
def _act(state: Any, buffers: Any, day: int, seed: int) -> None:
    """Work out everyone's prompts and the gestures that result, in order of time."""
    draws = cuda.local.array((2, BATCH), numba.float64)
    drawn = cuda.local.array(BATCH, numba.int32)
    one_prompt = cuda.local.array(1, PROMPT)
    for row in range(cuda.grid(1), buffers.counts[ACTIVE], cuda.gridsize(1)):
        mine = buffers.prompted[row]
        person, prompts = mine["person"], buffers.prompts[mine["prompts"][0] : mine["prompts"][1]]
        first = state.people[person]["first"]
        stop = first + state.people[person]["slots"]
        slots, others, bounds, race_draws, times = buffers.scratch
        scratch = Scratch(
            draws,
            drawn,
            slots[first:stop],
            others[first:stop],
            bounds[first:stop],
            race_draws[first:stop],
            times[first:stop],
            one_prompt,
        )
        count = begin_ordinary_prompts(state, person, mine["occasions"], prompts, day, seed, scratch)
        k = buffers.heads[CALLED, person]
        while k != NOBODY:
            prompts[count] = buffers.calls[k]
            count += 1
            k = buffers.call_links[k]
        count = settle_prompts(state, prompts, count, day, seed, scratch)
        start, end = mine["gestures"][0], mine["gestures"][1]
        filled = 0
        for k in range(count):
            filled = act_spontaneously(state, prompts[k], buffers.gestures[start:end], filled, day, seed)
        for k in range(start, end):
            buffers.states[k] = HOLE
            if k < start + filled and buffers.gestures[k]["delivery"] == FEED_ITEM:
                buffers.states[k] = SEEN
                _put(buffers, ARRIVING, person, k)
            elif k < start + filled:
                buffers.states[k] = WRITTEN
                _put(buffers, SENT, person, k)


# Dispatch ------------------------------------------------------------------------------------------------------------


@cuda.jit(device=True)
def _write(buffers: Any, gesture: Any, state: int) -> int:
    """Append a gesture to those of the day; returns its row."""
    k = cuda.atomic.add(buffers.counts, GESTURES, 1)
    buffers.gestures[k] = gesture
    buffers.states[k] = state
    return k


@cuda.jit(device=True)
def _post_off(buffers: Any, gesture: Any, arrives_day: int) -> None:
    """Append a gesture to the mail of the next morning."""
    k = cuda.atomic.add(buffers.counts, MAIL, 1)
    buffers.next_mail[k] = gesture
    buffers.next_mail[k]["arrives_day"] = arrives_day
    buffers.next_mail[k]["sender_slot"] = NOBODY
    buffers.next_mail[k]["receiver_slot"] = NOBODY


@cuda.jit
def _take_from_mail(buffers: Any, day: int) -> None:
    """Take answers that are sent today and gestures that arrive today out of the mail."""
    for k in range(cuda.grid(1), buffers.counts[MAIL_WAITING], cuda.gridsize(1)):
        turn = turn_of(buffers.mail[k], day)
        if turn == SENT_TODAY:
            _put(buffers, SENT, buffers.mail[k]["sender"], _write(buffers, buffers.mail[k], WRITTEN))
        elif turn == DUE_TODAY:
            _write(buffers, buffers.mail[k], DUE)
        else:
            _post_off(buffers, buffers.mail[k], buffers.mail[k]["arrives_day"])


@cuda.jit
def _meet(state: Any, buffers: Any) -> None:
    """List the pairs of strangers between whom a gesture is sent or arrives today."""
    for k in range(cuda.grid(1), buffers.counts[GESTURES], cuda.gridsize(1)):
        sender, receiver = buffers.gestures[k]["sender"], buffers.gestures[k]["receiver"]
        needs_slot = buffers.states[k] & (WRITTEN | DUE) and buffers.gestures[k]["sender_slot"] == NOBODY
        if needs_slot and find_slot(state, sender, receiver) == NOBODY:
            _put_person(buffers, MET, sender, receiver)
            _put_person(buffers, MET, receiver, sender)


@cuda.jit(device=True)
def _grow_block(state: Any, buffers: Any, person: int) -> bool:
    """Move a person to the next larger block; returns False if the pool is full."""
    first, slots = state.people[person]["first"], state.people[person]["slots"]
    grown = rules.more_slots(slots)
    block = cuda.atomic.add(buffers.counts, ROWS, grown)
    if block + grown > len(state.ties):
        cuda.atomic.add(buffers.counts, WASTED, grown)  # not given back, since others may have reserved rows after it
        return False
    for slot in range(grown):
        if slot < slots:
            state.ties[block + slot] = state.ties[first + slot]
            state.contact_ids[block + slot] = state.contact_ids[first + slot]
            state.weight_bounds[block + slot] = state.weight_bounds[first + slot]
        else:
            state.ties[block + slot] = state.empty_tie[0]
            state.contact_ids[block + slot], state.weight_bounds[block + slot] = NOBODY, 0.0
    cuda.atomic.add(buffers.counts, WASTED, slots)
    state.people[person]["first"], state.people[person]["slots"] = block, grown
    return True


@cuda.jit
def _make_room(state: Any, buffers: Any) -> None:
    """Reserve a slot for each new acquaintance, in order of id. A repeated launch keeps the slots of earlier ones."""
    for person in range(cuda.grid(1), len(state.people), cuda.gridsize(1)):
        other = _next_person(buffers, MET, person, NOBODY)
        while other != NOBODY:
            if find_slot(state, person, other) == NOBODY:
                full = state.people[person]["degree"] == state.people[person]["slots"]
                if full and not _grow_block(state, buffers, person):
                    buffers.counts[CROWDED] = 1
                    break
                state.contact_ids[state.people[person]["first"] + free_slot(state, person)] = other
                state.people[person]["degree"] += 1
            other = _next_person(buffers, MET, person, other)


@cuda.jit
def _acquaint(state: Any, buffers: Any, day: int, seed: int) -> None:
    """Make the listed strangers acquaintances."""
    for person in range(cuda.grid(1), len(state.people), cuda.gridsize(1)):
        other = _next_person(buffers, MET, person, NOBODY)
        while other != NOBODY:
            slot = find_slot(state, person, other)
            new_acquaintance(state, person, slot, other, find_slot(state, other, person), day, seed)
            other = _next_person(buffers, MET, person, other)


@cuda.jit
def _send(state: Any, buffers: Any, day: int) -> None:
    """Record each gesture with its sender, and put those that arrive today on the receivers' lists."""
    p = state.settings[0]
    for person in range(cuda.grid(1), len(state.people), cuda.gridsize(1)):
        k = _next(buffers, SENT, person, NOBODY, False)
        while k != NOBODY:
            gesture = buffers.gestures[k]
            locate_one(state, gesture)
            mark_sent(state, gesture, day, p)
            if gesture["arrives_day"] > day:
                _post_off(buffers, gesture, gesture["arrives_day"])
            else:
                _put(buffers, ARRIVING, gesture["receiver"], k)
            k = _next(buffers, SENT, person, k, False)
    for k in range(cuda.grid(1), buffers.counts[GESTURES], cuda.gridsize(1)):
        if buffers.states[k] == DUE:
            locate_one(state, buffers.gestures[k])
            _put(buffers, ARRIVING, buffers.gestures[k]["receiver"], k)


# Rounds, settling ----------------------------------------------------------------------------------------------------


@cuda.jit
def _deliver_round(state: Any, buffers: Any, arriving: int, day: int, seed: int) -> None:
    """Deliver one round of gestures, and send the answers."""
    known = cuda.local.array(FILTER_WORDS, numba.uint64)
    reply = cuda.local.array(1, GESTURE)
    for person in range(cuda.grid(1), len(state.people), cuda.gridsize(1)):
        k = _next(buffers, arriving, person, NOBODY, True)
        while k != NOBODY:
            gesture = buffers.gestures[k]
            buffers.states[k] |= DELIVERED
            if receive(state, gesture, reply[0], buffers.received, day, seed, known):
                if reply[0]["day"] == day:
                    row = _write(buffers, reply[0], WRITTEN)
                    _put(buffers, SENT, person, row)
                    _put(buffers, ARRIVING + ARRIVING_NEXT - arriving, gesture["sender"], row)
                else:
                    _post_off(buffers, reply[0], reply[0]["arrives_day"])
            if is_settled(gesture):
                _put(buffers, BETWEEN, min(gesture["sender"], gesture["receiver"]), k)
                if gesture["parent_kind"] != NO_ANSWER:
                    _put(buffers, ANSWERS, person, k)
            k = _next(buffers, arriving, person, k, True)
        buffers.heads[arriving, person] = NOBODY


@cuda.jit
def _remember(state: Any, buffers: Any, left_over: int, day: int) -> None:
    """Remember gestures sent and answers received, and keep undelivered gestures for tomorrow."""
    for person in range(cuda.grid(1), len(state.people), cuda.gridsize(1)):
        k = _next(buffers, SENT, person, NOBODY, False)
        while k != NOBODY:
            remember_sent(state, buffers.gestures[k], day)
            k = _next(buffers, SENT, person, k, False)
        k = _next(buffers, ANSWERS, person, NOBODY, True)
        while k != NOBODY:
            remember_answer(state, buffers.gestures[k], day)
            k = _next(buffers, ANSWERS, person, k, True)
        k = buffers.heads[left_over, person]
        while k != NOBODY:
            _post_off(buffers, buffers.gestures[k], day + 1)
            k = buffers.links[_links_of(left_over), k]


@cuda.jit
def _settle_pairs(state: Any, buffers: Any, day: int) -> None:
    """Update two-way contact and new ties, pair by pair; see `settle_noticed`."""
    n = len(state.people)
    for person in range(cuda.grid(1), n, cuda.gridsize(1)):
        k = _next(buffers, BETWEEN, person, NOBODY, True)
        while k != NOBODY:
            if settle_noticed(state, buffers.gestures[k], day):
                high = max(buffers.gestures[k]["sender"], buffers.gestures[k]["receiver"])
                buffers.pairs[0, cuda.atomic.add(buffers.counts, NEW_TIES, 1)] = np.int64(person) * n + high
            k = _next(buffers, BETWEEN, person, k, True)


@cuda.jit
def _name_pairs_to_forget(state: Any, buffers: Any, day: int) -> None:
    """List the weakest ties of everyone over capacity; see `weakest`."""
    n = len(state.people)
    for person in range(cuda.grid(1), n, cuda.gridsize(1)):
        slot = NOBODY
        for _ in range(state.people[person]["degree"] - state.people[person]["capacity"]):
            slot = weakest(state, person, day, slot)
            other = state.contact_ids[state.people[person]["first"] + slot]
            pair = np.int64(min(person, other)) * n + max(person, other)
            buffers.pairs[1, cuda.atomic.add(buffers.counts, FORGOTTEN, 1)] = pair
            _put_person(buffers, GOING, person, other)
            _put_person(buffers, GOING, other, person)


@cuda.jit
def _forget(state: Any, buffers: Any) -> None:
    """Drop the listed ties in both directions."""
    for person in range(cuda.grid(1), len(state.people), cuda.gridsize(1)):
        other = _next_person(buffers, GOING, person, NOBODY)
        while other != NOBODY:
            drop(state, person, find_slot(state, person, other))
            other = _next_person(buffers, GOING, person, other)


@cuda.jit
def _move(state: Any, buffers: Any, pool: Any) -> None:
    """Move everyone's block into a new pool."""
    ties, others, bounds = pool
    for person in range(cuda.grid(1), len(state.people), cuda.gridsize(1)):
        first, slots = state.people[person]["first"], state.people[person]["slots"]
        to = cuda.atomic.add(buffers.counts, ROWS, slots)
        for slot in range(slots):
            ties[to + slot] = state.ties[first + slot]
            others[to + slot], bounds[to + slot] = state.contact_ids[first + slot], state.weight_bounds[first + slot]
        state.people[person]["first"] = to


# The day -------------------------------------------------------------------------------------------------------------


class GpuCore:
    """The fast engine on a GPU, for worlds without plans.

    Args:
        world: the starting point; it is copied. A million people take 19 GB of GPU memory.
        seed: the seed of all random draws, 64 bits.

    Raises:
        ValueError: if the world has plans, bookings or invitations.
        RuntimeError: if there is no GPU that Numba can use.
    """

    def __init__(self, world: World, *, seed: int) -> None:
        inviting = np.flatnonzero(world.parameters.packed["invites"])
        invited = np.isin(world.mail["kind"], inviting) | np.isin(world.mail["parent_kind"], inviting)
        if len(world.plans) or len(world.bookings) or invited.any():
            raise ValueError(
                "This world has plans, bookings or invitations, which the GPU engine doesn't support. Run it with "
                "sim.simulate."
            )
        _compile_for_gpu()
        self.day, self.seed = world.day, np.uint64(seed)
        self._host = Core(world, seed=seed)
        state = self._host.state
        n, used = len(state.people), int(state.used[0])
        self._counts = np.zeros(COUNTERS, np.int64)
        self._counts[[MAIL, ROWS]] = len(world.mail), used
        self._excess = int(np.maximum(state.people["degree"] - state.people["capacity"], 0).sum())  # of the first day
        pool = _new_pool(used, SMALLEST_ROOM)
        for new, old in zip(pool, (state.ties, state.contact_ids, state.weight_bounds), strict=True):
            _copy(new[:used], old[:used])
        rest = {name: _on_gpu(getattr(state, name)) for name in GpuState._fields if name not in POOL}
        self._state = GpuState(**rest, **dict(zip(POOL, pool, strict=True)))
        self._kernels: dict[Any, Any] = {}
        self._host.state = _without_pool(state)
        shapes = dict.fromkeys(BUFFERS, (1,)) | {"links": (4, 1), "pairs": (2, 1)}
        shapes |= {"heads": (LISTS, n), "prompted": (n,), "received": (n,)}
        buffers = {name: _empty(shapes[name], dtype) for name, dtype in BUFFERS.items()}
        buffers |= {
            "counts": _on_gpu(self._counts),
            "mail": _on_gpu(world.mail),
            "scratch": _new_scratch(len(pool[0])),
        }
        self._buffers = DayBuffers(**buffers)

    def step(self) -> DayRecord:
        """Simulate one day, and copy what happened from the GPU."""
        self.live(1)
        buffers, counts = self._buffers, self._counts
        gestures, states = (_on_host(array[: counts[GESTURES]]) for array in (buffers.gestures, buffers.states))
        sent, delivered = (taken(gestures, states & state != 0) for state in (WRITTEN, DELIVERED))
        sent["noticed"] = 0  # a record says this of delivered gestures only
        people = len(self._host.state.people)
        return DayRecord(
            self.day - 1,
            sorted_by((sent, sent[:0], sent[:0]), people, BY_SENDER, False)[0],
            sorted_by((delivered, delivered[:0], delivered[:0]), people, BY_PAIR, True)[0],
            np.sort(_on_host(buffers.pairs[0, : counts[NEW_TIES]])),
            np.unique(_on_host(buffers.pairs[1, : counts[FORGOTTEN]])),
            np.zeros(0, MEETING),
        )

    def live(self, days: int) -> None:
        """Simulate this many days without recording them.

        Raises:
            ValueError: if the world would get older than `LAST_DAY`.
        """
        if self.day + days > LAST_DAY:
            raise ValueError(
                f"This world is {self.day:,} days old, so days must be {LAST_DAY - self.day:,} or less, not {days:,}."
            )
        for _ in range(days):
            self._morning()
            self._reach_out()
            self._dispatch()
            self._rounds()
            self._settle()
            self.day += 1

    def _morning(self) -> None:
        waiting = [self._counts[which] for which in (MAIL, ROWS, WASTED)]
        self._counts[:] = 0
        self._counts[[MAIL_WAITING, ROWS, WASTED]] = waiting
        _copy(self._buffers.counts, self._counts)
        self._launch(_wake, self._state, self._buffers, self.day, self.seed)

    def _reach_out(self) -> None:
        calls = self._counted()[CALLS_AT_MOST]
        self._fit(calls=calls, call_links=calls)
        self._launch(_call, self._state, self._buffers, self.day, self.seed)
        self._launch(_count, self._state, self._buffers, self.day, self.seed)
        counts = self._counted()
        fresh = counts[GESTURES] + counts[MAIL_WAITING]
        most = (ROUNDS + 1) * fresh  # each can be answered once per round
        # Two entries for each gesture between strangers. It puts at most two people over capacity: two more for each.
        listed = 6 * fresh + 2 * self._excess
        self._fit(gestures=most, states=most, links=most, next_mail=counts[MAIL_WAITING] + most)
        self._fit(prompts=counts[PROMPTS], listed=listed, pairs=listed)
        self._launch(_act, self._state, self._buffers, self.day, self.seed)

    def _dispatch(self) -> None:
        self._launch(_take_from_mail, self._buffers, self.day)
        self._launch(_meet, self._state, self._buffers)
        self._launch(_make_room, self._state, self._buffers)
        room = 0
        while self._counted()[CROWDED]:
            room = 2 * room + SMALLEST_ROOM
            self._move_into_a_larger_pool(room)
            self._launch(_make_room, self._state, self._buffers)
        self._launch(_acquaint, self._state, self._buffers, self.day, self.seed)
        self._launch(_send, self._state, self._buffers, self.day)

    def _rounds(self) -> None:
        for number in range(ROUNDS):
            arriving = (ARRIVING, ARRIVING_NEXT)[number % 2]
            self._launch(_deliver_round, self._state, self._buffers, arriving, self.day, self.seed)

    def _settle(self) -> None:
        left_over = (ARRIVING, ARRIVING_NEXT)[ROUNDS % 2]
        self._launch(_remember, self._state, self._buffers, left_over, self.day)
        self._launch(_settle_pairs, self._state, self._buffers, self.day)
        self._launch(_name_pairs_to_forget, self._state, self._buffers, self.day)
        self._launch(_forget, self._state, self._buffers)
        self._counted()
        self._excess = 0
        self._buffers = self._buffers._replace(mail=self._buffers.next_mail, next_mail=self._buffers.mail)

    def to_world(self) -> World:
        """The current world in canonical form; see `sim.engine.day.Core.to_world`."""
        rows, host = int(self._counts[ROWS]), self._host
        pool = {name: _on_host(getattr(self._state, name)[:rows]) for name in POOL}
        host.state = host.state._replace(people=_on_host(self._state.people), **pool)
        host.day, host.mail = self.day, _on_host(self._buffers.mail[: self._counts[MAIL]])
        world = host.to_world()
        host.state = _without_pool(host.state)
        return world

    def _launch(self, kernel: Any, *arguments: Any) -> None:
        """Launch a kernel, specialised on first use: checking types at each launch is slower than most kernels."""
        if kernel not in self._kernels:
            self._kernels[kernel] = kernel.specialize(*arguments)[GRID]
        self._kernels[kernel](*arguments)

    def _counted(self) -> np.ndarray:
        """Copy today's counters from the GPU, shape (COUNTERS,)."""
        self._counts[:] = _on_host(self._buffers.counts)
        return self._counts

    def _fit(self, **lengths: int) -> None:
        """Replace buffers that are too short by longer ones; their contents are lost."""
        for name, length in lengths.items():
            buffer = getattr(self._buffers, name)
            if buffer.shape[-1] < length:
                longer = _empty((*buffer.shape[:-1], _with_spare(length)), buffer.dtype)
                self._buffers = self._buffers._replace(**{name: longer})

    def _move_into_a_larger_pool(self, room: int) -> None:
        """Move all blocks in use into a new pool, with at least this many free rows at the end."""
        live = int(self._counts[ROWS] - self._counts[WASTED])
        self._buffers = self._buffers._replace(scratch=_new_scratch(1))  # frees memory for the new pool
        pool = _new_pool(live, room)
        self._counts[[ROWS, WASTED, CROWDED]] = 0
        _copy(self._buffers.counts, self._counts)
        self._launch(_move, self._state, self._buffers, tuple(pool))
        self._state = self._state._replace(**dict(zip(POOL, pool, strict=True)))
        self._buffers = self._buffers._replace(scratch=_new_scratch(len(pool[0])))


def _new_pool(used: int, room: int) -> list[Any]:
    return [_empty(used + max(used // ROOM_TO_GROW, room), dtype) for dtype in (TIE, np.int32, np.float32)]


def _without_pool(state: EngineState) -> EngineState:
    return state._replace(**{name: getattr(state, name)[:0].copy() for name in POOL})


def _new_scratch(rows: int) -> tuple[Any, ...]:
    return tuple(_empty(rows, dtype) for dtype in (np.int32, np.int32, *3 * [np.float64]))


def _with_spare(count: int) -> int:
    """A quarter more than today's count, since days differ, and a little more for small worlds."""
    return int(count) + int(count) // 4 + 1_024


# The GPU -------------------------------------------------------------------------------------------------------------


_TWIN = "_CUDATypingContext__dispatcher"  # where Numba caches the GPU version of a function


@cache
def _compile_for_gpu() -> None:
    """Compile functions with explicit signatures for the GPU. Numba compiles the others when they're called."""
    if SIMULATED:
        return
    if not cuda.is_available():
        raise RuntimeError(
            "No GPU that Numba can use was found. You need an NVIDIA GPU, its driver and the package numba-cuda. To "
            f"install the package: {install_command('gpu')}."
        )
    for module in (chance, rules):
        for function in vars(module).values():
            if isinstance(function, Dispatcher) and not function._can_compile and not hasattr(function, _TWIN):
                signatures = [_signature_on_gpu(signature) for signature in function.nopython_signatures]
                setattr(function, _TWIN, cuda.jit(signatures, device=True)(function.py_func))


def _signature_on_gpu(signature: Any) -> Any:
    return _type_on_gpu(signature.return_type)(*(_type_on_gpu(argument) for argument in signature.args))


def _type_on_gpu(kind: Any) -> Any:
    """The type of the numba-cuda package that corresponds to a type of Numba."""
    if isinstance(kind, numba.types.Array):
        return cuda.types.Array(_type_on_gpu(kind.dtype), kind.ndim, kind.layout, aligned=kind.aligned)
    if isinstance(kind, numba.types.Record):
        from numba.cuda.np.numpy_support import from_dtype  # not part of the simulator

        return from_dtype(as_dtype(kind))
    if isinstance(kind, numba.types.BaseTuple):
        return cuda.types.UniTuple(_type_on_gpu(kind.dtype), kind.count)
    return getattr(cuda.types, "boolean" if kind == numba.types.boolean else str(kind))


def _empty(shape: Any, dtype: Any) -> Any:
    return np.empty(shape, dtype) if SIMULATED else cuda.device_array(shape, dtype)


def _on_gpu(array: np.ndarray) -> Any:
    return array.copy() if SIMULATED else cuda.to_device(array)


def _on_host(array: Any) -> np.ndarray:
    return array.copy() if SIMULATED else array.copy_to_host()


def _copy(to: Any, array: np.ndarray) -> None:
    if SIMULATED:
        to[:] = array
    elif len(array):
        to.copy_to_device(array)
