"""People, ties and gestures under way, as arrays of records, without behaviour.

A `World` is the complete state of a population on a morning, from which a run can continue on either engine. Two worlds
are equal if all their arrays are equal bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from sim.model.parameters import TRACES, Parameters

NEVER = -16_384  # the day of an event that hasn't happened
LAST_DAY = 16_383  # just under 45 years: days and their differences must fit in 16 bits
NOBODY = -1
NO_ANSWER = 255  # `parent_kind` of a gesture that isn't an answer
FEED_ITEM, PLANNED_POST = 1, 2  # values of `delivery`: posts that are always noticed

# A person takes one cache line, and so does one direction of a tie: most of a day's time goes into reading them.
PERSON = np.dtype(
    [
        ("first", "i8"),  # row in `ties` of slot 0
        ("slots", "i4"),  # a multiple of four
        ("degree", "i4"),  # ties and acquaintances: slots in use
        ("capacity", "i4"),  # the most ties and acquaintances
        ("sociability", "f4"),  # factor on prompts, mean 1
        ("reticence", "f4"),  # logit
        ("practice", "f4"),  # 0..1, as of `practised`
        ("minutes_left", "f4"),  # minutes left for spontaneous gestures and answers this week
        ("weight_bound", "f4"),  # a power of two, at least the weight of every tie
        ("community", "i4"),
        ("group", "i4"),
        ("practised", "i2"),  # day
        ("last_post", "i2"),  # day
        ("industry", "i2"),
        ("birthday", "i2"),  # day of the year, 0..364
        ("regular", "u1"),  # 1 for regulars of the community's hangout
        ("unobserved", "u1"),  # 1 if only ties with people who are observed are simulated
        ("arrives", "i2"),  # the first day on the channel; 0: from the beginning
        ("leaves", "i2"),  # the first day no longer on the channel; 0: stays
        ("responsiveness", "i2"),  # added to the log odds of an answer, in thousandths of a logit
    ],
    align=True,
)

TIE = np.dtype(
    [
        ("other", "i4"),  # NOBODY: the slot is free
        ("mirror", "i4"),  # slot of the other direction, among the other person's slots
        ("traces", "f4", (TRACES,)),  # contacts, as of last_contact
        ("affinity", "f4"),
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
        ("two_way", "u1"),  # number of two-way contacts, at most 255
        ("acquaintance", "u1"),  # 1 if they met, but neither answered the other
        ("met_at", "u1"),  # number of the place where they last met, in a run with strategies; 0: nowhere
        ("closeness", "u2"),  # 0..65535 for 0..1, as of last_contact
    ],
    align=True,
)
CACHE_LINE = 64  # bytes of a cache line, and of both records

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
        ("at_place", "u1"),  # 1 if both are at the same place
        ("delivery", "u1"),  # FEED_ITEM or PLANNED_POST if it is always noticed, else 0
        ("event_key", "u4"),
        ("parent_key", "u4"),  # event key of the gesture that this one answers
        ("parent_day", "i4"),  # NEVER if it isn't an answer
        ("parent_kind", "u1"),
        ("noticed", "u1"),  # set when delivered
        ("unanswered", "f4"),  # the sender's count of unanswered gestures before this one
        ("sender_slot", "i4"),  # slots of the tie, which are known during the day only
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
        ("usable", "f4"),  # minutes left in the session that is paid for
        ("event_day", "i4"),
        ("back_outs", "i4"),  # in the present session: gestures that the person backed out of
        ("minutes_planned", "f8"),  # minutes since the run began: added to the time budget,
        ("minutes_used", "f8"),  # used,
        ("minutes_lost", "f8"),  # and of the used ones, lost when the person backed out
    ],
    align=True,
)

ORDER = np.dtype([("slot", "i8"), ("clause", "i8")], align=True)  # a function's choice: whom, and which clause
BOOKING = np.dtype([("host", "i4"), ("guest", "i4"), ("day", "i4")], align=True)
MEMBER = np.dtype([("founder", "i4"), ("member", "i4"), ("left", "u1")], align=True)

PROMPT = np.dtype(
    [
        ("person", "i4"),
        ("second", "i4"),
        ("event_key", "u4"),
        ("other", "i4"),  # NOBODY for a planned session with several people
        ("slot", "i4"),  # NOBODY for a stranger
        ("channel", "i4"),
        ("place", "i4"),
        ("plan", "i4"),  # row of the plan that pays; NOBODY if spontaneous
        ("attempt", "i4"),  # attempt of `next_attempt` whose tie isn't read yet; NOBODY if the contact is final
        ("draw", "f8"),  # level of this attempt; in the feed, the draw of the race
        ("rival", "f8"),  # in the feed, the least race time that any other contact may have
    ],
    align=True,
)
ACTIVITY = np.dtype([("factor", "f8"), ("until", "i8")])  # activity factor, and the first day of the next spell
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
    """An uninitialised array of records, shape (count,), aligned to a cache line.

    Memory for ``spare`` more records is reserved after it; see `all_room`. Untouched pages of it take no memory.
    """
    room = np.empty((count + spare) * dtype.itemsize + CACHE_LINE, np.uint8)
    start = -room.ctypes.data % CACHE_LINE
    return room[start : start + count * dtype.itemsize].view(dtype)


def all_room(records: np.ndarray) -> np.ndarray:
    """An array from `aligned`, extended by its reserved memory."""
    room: np.ndarray = records.base  # type: ignore[assignment]
    start = records.ctypes.data - room.ctypes.data
    rows = (len(room) - start) // records.itemsize
    return room[start : start + rows * records.itemsize].view(records.dtype)


def free_ties(count: int, spare: int = 0) -> np.ndarray:
    """Free slots in their only valid form, shape (count,), type `TIE`; see `aligned` for ``spare``."""
    ties = aligned(count, TIE, spare)
    ties.view(np.uint8)[:] = 0
    ties["other"] = NOBODY
    return ties


@dataclass(frozen=True, eq=False, repr=False)
class World:
    """A population on the morning of a day.

    Attributes:
        day: the next day to simulate, counted from 0.
        people: shape (n,), type `PERSON`; a person's id is their row.
        ties: type `TIE`; a person's slots are rows ``first`` to ``first + slots``, in the order of people.
        plans: type `PLAN`, sorted by (person, strategy); one row for each strategy that a person follows.
        mail: type `GESTURE`: notes under way, answers to be sent later, and gestures left over from the last evening.
        bookings, members: types `BOOKING` and `MEMBER`: guests of coming events, and members of meetups.
        strategies_end: the first day without plans.
        strategies_begin: the first day of the plans, from which the stages of a strategy count.
        parameters: the parameters of the weight bounds, and of the next run by default.
        names: people's ids in the log from which the world was replayed; None for other worlds.

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
    strategies_begin: int = 0
    names: np.ndarray | None = None

    ARRAYS = ("people", "ties", "plans", "mail", "bookings", "members")

    def __post_init__(self) -> None:
        # Arrays read from disk lose the alignment flag of their type, and compiled code would reject them.
        for name, dtype in zip(self.ARRAYS, (PERSON, TIE, PLAN, GESTURE, BOOKING, MEMBER), strict=True):
            object.__setattr__(self, name, getattr(self, name).view(dtype))

    def __len__(self) -> int:
        return len(self.people)

    def __repr__(self) -> str:
        ties = int(self.people["degree"].sum())
        return f"World(day={self.day}, people={len(self)}, ties={ties}, plans={len(self.plans)}, mail={len(self.mail)})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, World) and not self.differences(other)

    def differences(self, other: World) -> list[str]:
        """Describe the differences of two worlds, such as ``["ties.openness: 3 rows, first 17"]``; empty if equal."""
        texts = [
            f"{name}: {getattr(self, name)!r} and {getattr(other, name)!r}"
            for name in ("day", "strategies_end", "strategies_begin", "parameters")
            if getattr(self, name) != getattr(other, name)
        ]
        for name in self.ARRAYS:
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine.shape != theirs.shape:
                texts.append(f"{name}: {len(mine)} and {len(theirs)} rows")
                continue
            for column in mine.dtype.names:
                a, b = bits(mine[column]), bits(theirs[column])
                rows = np.unique(np.nonzero(a != b)[0])
                if len(rows):
                    texts.append(f"{name}.{column}: {len(rows)} rows, first {rows[0]}")
        return texts

    def copy(self, **changes: Any) -> World:
        """A copy that shares no arrays, with these attributes changed."""
        arrays = {name: getattr(self, name).copy() for name in self.ARRAYS}
        return replace(self, **{**arrays, **changes})

    def owners(self) -> np.ndarray:
        """The id of the person to whom each row of `ties` belongs, shape (len(ties),)."""
        return np.repeat(np.arange(len(self), dtype=np.int32), self.people["slots"])


def taken(records: np.ndarray, which: np.ndarray) -> np.ndarray:
    """``records[which]`` for a mask or indices, ten times as fast, since it copies whole records instead of fields."""
    raw = np.dtype((np.void, records.dtype.itemsize))
    return records.view(raw)[which].view(records.dtype)


def joined(*parts: np.ndarray) -> np.ndarray:
    """Concatenate arrays of one record type, copying whole records."""
    raw = np.dtype((np.void, parts[0].dtype.itemsize))
    return np.concatenate([part.view(raw) for part in parts]).view(parts[0].dtype)


def bits(values: np.ndarray) -> np.ndarray:
    """View floats as integers of the same width, so that comparisons compare bits; other arrays stay as they are."""
    return values.view(f"u{values.dtype.itemsize}") if values.dtype.kind == "f" else values


def canonical_mail(mail: np.ndarray) -> np.ndarray:
    """Mail in canonical order, without slots."""
    order = np.lexsort((mail["event_key"], mail["receiver"], mail["sender"], mail["second"], mail["day"]))
    mail = taken(mail, order)
    mail["sender_slot"] = NOBODY
    mail["receiver_slot"] = NOBODY
    return mail


def slots_for(degrees: np.ndarray) -> np.ndarray:
    """Slots for people with this many ties: the next multiple of four, and at least four; same shape as `degrees`."""
    return np.asarray(np.maximum(degrees + 3, 4) // 4 * 4, np.int32)


class EngineState(NamedTuple):
    """The state of the fast engine: settings, people, ties, plans, and the members of each group."""

    settings: np.ndarray  # (1,), SETTINGS
    people: np.ndarray  # (n,), PERSON
    showable: np.ndarray  # (n,), whether feeds may show the person, who posted recently
    activity: np.ndarray  # (n,), ACTIVITY
    ties: np.ndarray  # TIE: the pool, in which `first` and `slots` locate a person's block
    contact_ids: np.ndarray  # `other` of each row of `ties`, in a compact array
    weight_bounds: np.ndarray  # upper bound on the weight of each row until its next contact; 0 for free rows
    used: np.ndarray  # (1,), rows in use
    free_blocks: np.ndarray  # first free block of each size in fours; free blocks form linked lists
    empty_tie: np.ndarray  # (1,), TIE: a free slot
    strategies: np.ndarray  # the tables of `sim.model.playbook.Playbook`; likewise below
    lists: np.ndarray
    clauses: np.ndarray
    choices: np.ndarray
    terms: np.ndarray
    places: np.ndarray
    tags: np.ndarray  # (n,), the tags of each person as bits
    orders: np.ndarray  # ORDER: what functions have chosen for today's sessions
    order_first: np.ndarray  # (plans + 1,): where those of each plan begin
    plans: np.ndarray  # PLAN, by (person, strategy)
    plan_first: np.ndarray  # (n + 1,): where each person's rows of `plans` begin
    # Where each community begins in `community_people`; likewise below. If some people are unobserved, the observed
    # members of each community follow the communities.
    community_first: np.ndarray
    community_people: np.ndarray
    industry_first: np.ndarray
    industry_people: np.ndarray
    group_first: np.ndarray
    group_people: np.ndarray
    birthday_first: np.ndarray
    birthday_people: np.ndarray


class DayRecord(NamedTuple):
    """What happened on a day, for measures and logs. Pairs are ``low * len(people) + high``.

    Sent gestures are sorted by sender and time, and delivered ones by the lower id of both people and time.
    """

    day: int
    sent: np.ndarray  # GESTURE, including planned posts
    delivered: np.ndarray  # GESTURE with `noticed` set, including posts seen in feeds
    new_ties: np.ndarray  # pairs that became ties with a first answer
    forgotten: np.ndarray  # pairs that were dropped
    met: np.ndarray  # MEETING


class FinalState(NamedTuple):
    """The state at the end of a run, for measures.

    Attributes:
        day: the first day that wasn't simulated.
        industry: of each person, shape (n,).
        plans: type `PLAN`.
        active: active ties of each person, shape (n,).
        reach: others within two steps of each person over active ties, shape (n,).
        contact_shares: share of each person's ties with recent two-way contact, shape (n,); nan if they have no ties.
    """

    day: int
    industry: np.ndarray
    plans: np.ndarray
    active: np.ndarray
    reach: np.ndarray
    contact_shares: np.ndarray
