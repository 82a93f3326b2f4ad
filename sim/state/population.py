"""People, ties and everything under way between them, as arrays of records; no behaviour.

A `World` is a population on a morning: whatever a run needs to go on, on either engine. Two worlds are equal when every
array of theirs is, bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from sim.model.parameters import TRACES, Parameters

NEVER = -16_384  # the day of what has not happened
LAST_DAY = 16_383  # a world ends before it is 45 years old: days are kept in 16 bits, and so are their differences
NOBODY = -1
NO_ANSWER = 255  # the parent's kind of a gesture that answers none
FEED_ITEM, PLANNED_POST = 1, 2  # posts that are surely noticed

# A person is a cache line, and so is a direction of a tie: most of a day's time goes into fetching them.
PERSON = np.dtype(
    [
        ("first", "i8"),  # row in `ties` of slot 0
        ("slots", "i4"),  # a multiple of four
        ("held", "i4"),  # slots in use
        ("capacity", "i4"),  # ties and acquaintances at most
        ("sociability", "f4"),  # factor on prompts, mean 1
        ("hesitance", "f4"),  # logit
        ("practice", "f4"),  # 0..1, as of `practised`
        ("minutes_left", "f4"),  # of ordinary life, this week
        ("weight_bound", "f4"),  # W: a power of two above the weight of every tie
        ("community", "i4"),
        ("group", "i4"),
        ("practised", "i2"),  # day
        ("last_post", "i2"),  # day
        ("industry", "i2"),
        ("birthday", "i2"),  # day of the year, 0..364
        ("regular", "u1"),  # of the community's hangout
    ],
    align=True,
)

TIE = np.dtype(
    [
        ("other", "i4"),  # NOBODY: the slot is free
        ("mirror", "i4"),  # slot of the other direction, among the other's
        ("traces", "f4", (TRACES,)),  # contacts, as of last_contact
        ("liking", "f4"),
        ("openness", "f4"),  # 0..1, as of `opened`
        ("unanswered", "f4"),  # as of last_sent
        ("last_contact", "i2"),  # day of the last change of the traces
        ("last_sent", "i2"),  # day of the last own directed gesture with mass
        ("last_received", "i2"),  # day of the last directed gesture with mass noticed from the other
        ("last_two_way", "i2"),  # day
        ("opened", "i2"),  # day
        ("planned", "i2"),  # day of the last listed plan
        ("post_seen", "i2"),  # day of the other's last post that was noticed
        ("opened_by", "u1"),  # rung
        ("two_way", "u1"),  # two-way contacts, 255 at most
        ("acquaintance", "u1"),  # met but never answered
    ],
    align=True,
)
CACHE_LINE = 64  # bytes; what both take

GESTURE = np.dtype(
    [
        ("sender", "i4"),
        ("receiver", "i4"),
        ("day", "i4"),  # sent
        ("second", "i4"),
        ("arrives_day", "i4"),
        ("arrives_second", "i4"),
        ("kind", "u1"),
        ("channel", "u1"),
        ("at_place", "u1"),  # both are at one place
        ("delivery", "u1"),  # already known to be noticed: a feed item seen
        ("event_key", "u4"),
        ("parent_key", "u4"),  # of the gesture that this one answers
        ("parent_day", "i4"),  # NEVER: answers none
        ("parent_kind", "u1"),
        ("noticed", "u1"),  # set when delivered
        ("unanswered", "f4"),  # the sender's tries before this one
        ("sender_slot", "i4"),  # where the tie of each is; for the day only
        ("receiver_slot", "i4"),
    ],
    align=True,
)

PLAN = np.dtype(
    [
        ("person", "i4"),
        ("strategy", "i4"),
        ("share", "f4"),  # of the person's effort
        ("budget", "f4"),  # minutes
        ("usable", "f4"),  # minutes left of a session that is paid for
        ("event_day", "i4"),
        ("refusals", "i4"),  # in the present session
        ("filled", "f8"),  # minutes since the run began: put into the purse,
        ("spent", "f8"),  # taken out of it,
        ("refused", "f8"),  # and of these, on plans not dared
    ],
    align=True,
)

BOOKING = np.dtype([("host", "i4"), ("guest", "i4"), ("day", "i4")], align=True)
MEMBER = np.dtype([("founder", "i4"), ("member", "i4"), ("left", "u1")], align=True)

PROMPT = np.dtype(
    [
        ("person", "i4"),
        ("second", "i4"),
        ("event_key", "u4"),
        ("other", "i4"),  # NOBODY: a sitting over several people
        ("slot", "i4"),  # NOBODY: a stranger
        ("channel", "i4"),
        ("place", "i4"),
        ("plan", "i4"),  # row of the plan that pays; NOBODY: ordinary life
        ("attempt", "i4"),  # of rule 2, whose tie is still to be looked at; NOBODY: whom it falls on is settled
        ("draw", "f8"),  # of this attempt: its level; in the feed, what the race is run with,
        ("rival", "f8"),  # and the earliest that anybody else may arrive in it
    ],
    align=True,
)
ACTIVITY = np.dtype([("factor", "f8"), ("until", "i8")])  # on how often others come to mind; first day of another
MEETING = np.dtype(
    [
        ("low", "i4"),
        ("high", "i4"),
        ("place", "i4"),
        ("second", "i4"),
        ("low_plan", "i4"),
        ("high_plan", "i4"),
    ],
    align=True,
)


def aligned(count: int, dtype: np.dtype[Any], spare: int = 0) -> np.ndarray:
    """Room for so many records, shape (count,), that begins on a cache line; what is in it is anything.

    Room for ``spare`` more lies behind them, see `all_room`; it takes memory once it is written to.
    """
    room = np.empty((count + spare) * dtype.itemsize + CACHE_LINE, np.uint8)
    start = -room.ctypes.data % CACHE_LINE
    return room[start : start + count * dtype.itemsize].view(dtype)


def all_room(records: np.ndarray) -> np.ndarray:
    """An array that `aligned` made, with the spare room behind it."""
    room: np.ndarray = records.base  # type: ignore[assignment]
    start = records.ctypes.data - room.ctypes.data
    rows = (len(room) - start) // records.itemsize
    return room[start : start + rows * records.itemsize].view(records.dtype)


def free_ties(count: int, spare: int = 0) -> np.ndarray:
    """Free slots, shape (count,), type `TIE`: the one form that an unused slot has; ``spare`` as in `aligned`."""
    ties = aligned(count, TIE, spare)
    ties.view(np.uint8)[:] = 0
    ties["other"] = NOBODY
    return ties


@dataclass(frozen=True, eq=False, repr=False)
class World:
    """A population on the morning of a day, before anything has happened.

    Attributes:
        day: days since the world began; the next one to be simulated.
        people: shape (n,), type `PERSON`; a person's id is their row.
        ties: type `TIE`; a person's slots are rows ``first`` to ``first + slots``, in the order of people.
        plans: type `PLAN`, in the order of (person, strategy); one row for each strategy that a person follows.
        mail: type `GESTURE`; letters under way, answers not yet sent, what a late evening left over.
        bookings, members: types `BOOKING` and `MEMBER`; guests of coming events, members of meetups.
        strategies_end: the first day on which nobody plans any more.
        parameters: with which the ceilings were computed; the next run's unless told otherwise.
        names: the ids that people had in the log that a world was replayed from; None elsewhere.

    Example:
        >>> import sim
        >>> world = sim.worlds.generated(people=40, burn_in_years=0, seed=1)
        >>> len(world), world.day
        (40, 0)
    """

    day: int
    people: np.ndarray
    ties: np.ndarray
    parameters: Parameters
    plans: np.ndarray = field(default_factory=lambda: np.zeros(0, PLAN))
    mail: np.ndarray = field(default_factory=lambda: np.zeros(0, GESTURE))
    bookings: np.ndarray = field(default_factory=lambda: np.zeros(0, BOOKING))
    members: np.ndarray = field(default_factory=lambda: np.zeros(0, MEMBER))
    strategies_end: int = 0
    names: np.ndarray | None = None

    ARRAYS = ("people", "ties", "plans", "mail", "bookings", "members")

    def __post_init__(self) -> None:
        # Read from disk, an array has forgotten that its records are aligned, and compiled code would take it for
        # another type.
        for name, dtype in zip(self.ARRAYS, (PERSON, TIE, PLAN, GESTURE, BOOKING, MEMBER), strict=True):
            object.__setattr__(self, name, getattr(self, name).view(dtype))

    def __len__(self) -> int:
        return len(self.people)

    def __repr__(self) -> str:
        held = int(self.people["held"].sum())
        return f"World(day={self.day}, people={len(self)}, ties={held}, plans={len(self.plans)}, mail={len(self.mail)})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, World) and not self.differences(other)

    def differences(self, other: World) -> list[str]:
        """Where two worlds differ, in words: ``["ties.openness: 3 rows, first 17"]``; empty if they are equal."""
        found = [
            f"{name}: {getattr(self, name)!r} and {getattr(other, name)!r}"
            for name in ("day", "strategies_end", "parameters")
            if getattr(self, name) != getattr(other, name)
        ]
        for name in self.ARRAYS:
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine.shape != theirs.shape:
                found.append(f"{name}: {len(mine)} and {len(theirs)} rows")
                continue
            for column in mine.dtype.names:
                a, b = bits(mine[column]), bits(theirs[column])
                rows = np.unique(np.nonzero(a != b)[0])
                if len(rows):
                    found.append(f"{name}.{column}: {len(rows)} rows, first {rows[0]}")
        return found

    def copy(self, **changes: Any) -> World:
        """A world of its own, with these attributes changed."""
        arrays = {name: getattr(self, name).copy() for name in self.ARRAYS}
        return replace(self, **{**arrays, **changes})

    def owners(self) -> np.ndarray:
        """Who holds each row of `ties`, shape (len(ties),)."""
        return np.repeat(np.arange(len(self), dtype=np.int32), self.people["slots"])


def taken(records: np.ndarray, which: np.ndarray) -> np.ndarray:
    """``records[which]`` for a mask or positions, ten times as fast: whole records are moved, not field after field."""
    raw = np.dtype((np.void, records.dtype.itemsize))
    return records.view(raw)[which].view(records.dtype)


def joined(*parts: np.ndarray) -> np.ndarray:
    """Records of one type one after another, moved as whole records."""
    raw = np.dtype((np.void, parts[0].dtype.itemsize))
    return np.concatenate([part.view(raw) for part in parts]).view(parts[0].dtype)


def bits(values: np.ndarray) -> np.ndarray:
    """The same array as whole numbers of its width, so that comparing them compares bits."""
    return values.view(f"u{values.dtype.itemsize}") if values.dtype.kind == "f" else values


def canonical_mail(mail: np.ndarray) -> np.ndarray:
    """Mail in one order, without the slots of the day."""
    order = np.lexsort((mail["event_key"], mail["receiver"], mail["sender"], mail["second"], mail["day"]))
    mail = taken(mail, order)
    mail["sender_slot"] = NOBODY
    mail["receiver_slot"] = NOBODY
    return mail


def slots_for(held: np.ndarray) -> np.ndarray:
    """Slots for people who hold this many ties: the next multiple of four, four at least; shape as given."""
    return np.asarray(np.maximum(held + 3, 4) // 4 * 4, np.int32)


class EngineState(NamedTuple):
    """What a phase may read: one record of settings, the people, their ties and plans, and who belongs where."""

    settings: np.ndarray  # (1,), SETTINGS
    people: np.ndarray  # (n,), PERSON
    showable: np.ndarray  # (n,), whether somebody has posted of late
    activity: np.ndarray  # (n,), ACTIVITY
    ties: np.ndarray  # TIE; a person's block is found by `first` and `slots`
    contact_ids: np.ndarray  # of each row of `ties`, once more: the id of the other person
    weight_bounds: np.ndarray  # of each row: no weight of a contact is above it until the next contact; 0: a free row
    used: np.ndarray  # (1,), rows in use
    free_blocks: np.ndarray  # by size in fours: the first block that no person uses any more
    empty_tie: np.ndarray  # (1,), TIE: a free slot
    plans: np.ndarray  # PLAN, by (person, strategy)
    plan_first: np.ndarray  # (n + 1,): a person's rows of `plans`
    community_first: np.ndarray  # rows of `community_people` of each community; likewise below
    community_people: np.ndarray
    industry_first: np.ndarray
    industry_people: np.ndarray
    group_first: np.ndarray
    group_people: np.ndarray
    birthday_first: np.ndarray
    birthday_people: np.ndarray


class DayRecord(NamedTuple):
    """What happened on a day, for measures and logs. Pairs are ``low * len(people) + high``.

    Gestures come in the order in which they are settled: those that are sent by sender, those that are delivered by the
    lower id of the two, and then by time.
    """

    day: int
    sent: np.ndarray  # GESTURE, posts that were planned among them
    delivered: np.ndarray  # GESTURE with `noticed` set, posts that were seen among them
    new_ties: np.ndarray  # pairs that answered for the first time
    forgotten: np.ndarray  # pairs that were dropped
    met: np.ndarray  # MEETING


class FinalState(NamedTuple):
    """What a run leaves that is measured at its end.

    Attributes:
        day: the first one that was not simulated.
        industry: of each person, shape (n,).
        plans: type `PLAN`.
        active: active ties of each person, shape (n,).
        reach: others within two steps of each person over active ties, shape (n,).
        contact_shares: share of each person's ties in two-way contact of late, shape (n,); nan for people without ties.
    """

    day: int
    industry: np.ndarray
    plans: np.ndarray
    active: np.ndarray
    reach: np.ndarray
    contact_shares: np.ndarray
