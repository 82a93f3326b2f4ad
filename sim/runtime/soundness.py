"""Validation of worlds. Compiled code doesn't check indices, so a bad one could read or write other memory.

Files may be damaged, and users may supply arrays. `sim.simulate` and `sim.storage.load_world` therefore validate each
world before they use it.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numba
import numpy as np

from sim.engine.compiling import njit_noalloc
from sim.engine.prefetch import AHEAD, fetch
from sim.engine.sorting import WORTH_SHARING
from sim.model.compiled import njit
from sim.model.gestures import Channel, Kind
from sim.model.parameters import Parameters
from sim.state.population import LAST_DAY, NEVER, NO_ANSWER, NOBODY, World

MOST_GROUPS = 2**20  # or the number of people, if larger: each number of a community or group takes memory
MOST_CAPACITY = 100_000  # or the number of people, if larger
MOST_MINUTES = 10_000.0 * (LAST_DAY / 7 + 2)  # the most that a time budget can reach
_FAR = 1e15  # the largest valid float, far from overflow
_TOP_RUNG = 4

# Faults of a tie, by the number that `_bad_tie` returns.
_TIE_FAULTS = (
    "",
    "other is not a person of this world",
    "mirror is not the slot of the same tie in the other direction",
    "a trace, affinity, openness or unanswered is not a number in its range",
    f"a day is after the world's day, or before {NEVER}",
    "opened_by or acquaintance is out of range",
)
_FINE, _OTHER, _MIRROR, _NUMBER, _DAY, _SMALL = range(len(_TIE_FAULTS))


def check_world(world: World) -> None:
    """Validate every number of a world on which an index, a length or a loop depends.

    Raises:
        ValueError: if the world is invalid; the message names the array, the column and the row.
    """
    fault = next(_faults(world), None)
    if fault is not None:
        raise ValueError(f"The world is invalid: {fault}.")


def _faults(world: World) -> Iterator[str]:
    """Yield faults in order. Each check relies on the ones before it, so only the first fault is meaningful."""
    yield from _of_dates(world)
    yield from _of_people(world)
    yield from _of_ties(world)
    yield from _of_plans(world)
    yield from _of_mail(world)
    n = len(world)
    for name, first, second in (("bookings", "host", "guest"), ("members", "founder", "member")):
        records = getattr(world, name)
        yield from _outside(f"{name}.{first}", records[first], 0, n - 1)
        yield from _outside(f"{name}.{second}", records[second], 0, n - 1)
        are_two = records[first] != records[second]
        yield from _where(f"{name}.{second}", records[second], are_two, f"different from the {first}")
    yield from _outside("members.left", world.members["left"], 0, 1)


def _of_dates(world: World) -> Iterator[str]:
    for name in ("day", "strategies_end", "strategies_begin"):
        value = getattr(world, name)
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
            yield f"{name} is {value!r}; it must be a whole number of 0 or more"
    if world.day > LAST_DAY:
        yield f"day is {world.day}; it must be {LAST_DAY:,} or less"
    if not isinstance(world.parameters, Parameters):
        yield f"parameters is a {type(world.parameters).__name__}; it must be sim.Parameters"
    for name in World.ARRAYS:
        if getattr(world, name).ndim != 1:
            yield f"{name} has the shape {getattr(world, name).shape}; it must be one-dimensional"
    if not len(world):
        yield "people has no rows; it must have at least one"
    if world.names is not None and np.shape(world.names) != (len(world),):
        yield f"names has the shape {np.shape(world.names)}; it must be ({len(world)},)"


def _of_people(world: World) -> Iterator[str]:
    people, n = world.people, len(world)
    slots = people["slots"].astype(np.int64)
    yield from _where(
        "people.slots", people["slots"], (slots >= 4) & (slots % 4 == 0), "a multiple of 4, and 4 or more"
    )
    if slots.sum() != len(world.ties):
        yield f"people.slots add up to {slots.sum():,}, but ties has {len(world.ties):,} rows; they must be equal"
    in_order = people["first"] == np.cumsum(slots) - slots
    yield from _where("people.first", people["first"], in_order, "the sum of the slots of all people before")
    yield from _outside("people.degree", people["degree"], 0, slots)
    yield from _outside("people.capacity", people["capacity"], 0, max(n, MOST_CAPACITY))
    for name in ("community", "group"):
        yield from _outside(f"people.{name}", people[name], 0, max(n, MOST_GROUPS) - 1)
    yield from _outside("people.unobserved", people["unobserved"], 0, 1)
    yield from _outside("people.industry", people["industry"], 0, 2**15 - 1)
    yield from _outside("people.birthday", people["birthday"], 0, 364)
    for name in ("practised", "last_post"):
        yield from _outside(f"people.{name}", people[name], NEVER, world.day)
    for name, most in (("sociability", _FAR), ("practice", 1.0), ("minutes_left", _FAR), ("weight_bound", _FAR)):
        yield from _outside(f"people.{name}", people[name], 2.0**-126 if name == "weight_bound" else 0.0, most)
    yield from _outside("people.reticence", people["reticence"], -_FAR, _FAR)


def _of_ties(world: World) -> Iterator[str]:
    n, day = len(world), int(world.day)
    threads = numba.get_num_threads() if n >= WORTH_SHARING else 1
    edges = np.linspace(0, n, 4 * threads + 1 if threads > 1 else 2).astype(np.int64)
    # Not a parallel loop of Numba: several threads may load worlds, and not all its threading layers allow that.
    with ThreadPoolExecutor(threads) as pool:
        parts = pool.map(lambda part: _first_fault_of(world.people, world.ties, *part, day), pairwise(edges))
        for row, fault in parts:
            if fault != _FINE:
                yield f"ties, row {row}: {_TIE_FAULTS[fault]}"
            elif row != NOBODY:
                degree = world.people["degree"][row]
                yield f"people.degree, row {row}, is {degree}; it must be the number of slots in use"


def _of_plans(world: World) -> Iterator[str]:
    plans, strategies = world.plans, len(world.parameters.strategies)
    yield from _outside("plans.person", plans["person"], 0, len(world) - 1)
    yield from _outside("plans.strategy", plans["strategy"], 0, strategies - 1)
    order = plans["person"].astype(np.int64) * strategies + plans["strategy"]
    rising = np.diff(order, prepend=-1) > 0
    yield from _where(
        "plans.strategy",
        plans["strategy"],
        rising,
        "above the previous strategy of the same person, with people in order",
    )
    yield from _outside("plans.share", plans["share"], 0.0, 1.0)
    # Rounding may leave sums of minutes just below 0.
    for name in ("budget", "usable", "minutes_planned", "minutes_used", "minutes_lost"):
        yield from _outside(f"plans.{name}", plans[name], -1.0, MOST_MINUTES)
    yield from _outside("plans.back_outs", plans["back_outs"], 0, 2**30)
    yield from _outside("plans.event_day", plans["event_day"], NEVER, 2**30)


def _of_mail(world: World) -> Iterator[str]:
    mail, n = world.mail, len(world)
    yield from _outside("mail.sender", mail["sender"], 0, n - 1)
    yield from _outside("mail.receiver", mail["receiver"], 0, n - 1)
    yield from _where(
        "mail.receiver", mail["receiver"], mail["receiver"] != mail["sender"], "different from the sender"
    )
    kinds = len(world.parameters.gestures)
    directed = (mail["kind"] < kinds) & (mail["kind"] != Kind.POST)
    yield from _where("mail.kind", mail["kind"], directed, f"from 0 to {kinds - 1}, except {int(Kind.POST)}")
    yield from _outside("mail.channel", mail["channel"], 0, len(Channel) - 1)
    answers = mail["parent_kind"] != NO_ANSWER
    directed = (mail["parent_kind"] < kinds) & (mail["parent_kind"] != Kind.POST)
    what = f"{NO_ANSWER}, or from 0 to {kinds - 1}, except {int(Kind.POST)}"
    yield from _where("mail.parent_kind", mail["parent_kind"], ~answers | directed, what)
    for name in ("day", "arrives_day", "parent_day"):
        yield from _outside(f"mail.{name}", mail[name], NEVER, 2**30 + 2 * LAST_DAY)
    for name in ("second", "arrives_second"):
        yield from _outside(f"mail.{name}", mail[name], 0, 86_399)
    for name in ("at_place", "delivery", "noticed"):
        yield from _outside(f"mail.{name}", mail[name], 0, 1)
    yield from _outside("mail.unanswered", mail["unanswered"], 0.0, _FAR)
    for name in ("sender_slot", "receiver_slot"):
        yield from _outside(f"mail.{name}", mail[name], NOBODY, NOBODY)


def _outside(name: str, values: np.ndarray, low: float, high: Any) -> Iterator[str]:
    """Yield the first value outside [low, high]; nan is outside."""
    if np.ndim(high) or not _all_within(values, low, high):
        valid = (values >= low) & (values <= high)
        yield from _where(name, values, valid, f"{low:,} or more" if np.ndim(high) else f"from {low:,} to {high:,}")


def _all_within(values: np.ndarray, low: float, high: float) -> bool:
    """Whether all values are in [low, high]; nan is outside."""
    return not len(values) or bool(values.min() >= low and values.max() <= high)


def _where(name: str, values: np.ndarray, valid: np.ndarray, expected: str) -> Iterator[str]:
    """Yield the first value that isn't valid; `expected` describes valid values."""
    if not valid.all():
        row = int(valid.argmin())
        yield f"{name}, row {row}, is {values[row]}; it must be {expected}"


@njit_noalloc
def _bad_tie(people: Any, ties: Any, person: int, slot: int, day: int) -> int:
    """The fault of a person's slot, as an index of `_TIE_FAULTS`."""
    tie = ties[people[person].first + slot]
    for trace in tie.traces:
        if not 0.0 <= trace <= _FAR:
            return _NUMBER
    if not (0.0 <= tie.affinity <= _FAR and 0.0 <= tie.openness <= 1.0 and 0.0 <= tie.unanswered <= _FAR):
        return _NUMBER
    first = min(
        tie.last_contact, tie.last_sent, tie.last_received, tie.last_two_way, tie.opened, tie.planned, tie.post_seen
    )
    last = max(
        tie.last_contact, tie.last_sent, tie.last_received, tie.last_two_way, tie.opened, tie.planned, tie.post_seen
    )
    if first < NEVER or last > day:
        return _DAY
    if tie.opened_by > _TOP_RUNG or tie.acquaintance > 1:
        return _SMALL
    if tie.other == NOBODY:
        return _FINE
    if not 0 <= tie.other < len(people) or tie.other == person:
        return _OTHER
    if not 0 <= tie.mirror < people[tie.other].slots:
        return _MIRROR
    back = ties[people[tie.other].first + tie.mirror]
    return _FINE if back.other == person and back.mirror == slot else _MIRROR


@njit_noalloc
def _fetch_other_side(people: Any, ties: Any, row: int) -> None:
    """Prefetch the other person of a later row, and the other direction of the tie in a nearer row."""
    if row + 2 * AHEAD < len(ties) and 0 <= ties[row + 2 * AHEAD].other < len(people):
        fetch(people, ties[row + 2 * AHEAD].other)
    if row + AHEAD < len(ties) and 0 <= ties[row + AHEAD].other < len(people):
        fetch(ties, people[ties[row + AHEAD].other].first + ties[row + AHEAD].mirror)


@njit(cache=True, nogil=True)
def _first_fault_of(people: Any, ties: Any, start: int, stop: int, day: int) -> tuple[int, int]:
    """Find the first fault among people `start` to `stop`.

    Returns:
        ``(row of ties, fault)`` for a bad tie; ``(person, _FINE)`` if `degree` isn't the number of slots in use; and
        ``(NOBODY, _FINE)`` if there is no fault.
    """
    for person in range(start, stop):
        degree = 0
        for slot in range(people[person].slots):
            row = people[person].first + slot
            _fetch_other_side(people, ties, row)
            fault = _bad_tie(people, ties, person, slot, day)
            if fault != _FINE:
                return row, fault
            degree += ties[row].other != NOBODY
        if degree != people[person].degree:
            return person, _FINE
    return NOBODY, _FINE
