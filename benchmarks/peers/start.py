"""A world as plain columns, for the peers: the only file of theirs that knows how `sim.World` is laid out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

import sim
from sim.model.gestures import Kind
from sim.model.strategies import NAMES, STRATEGIES

KINDS = len(Kind)
NEVER = -1_000_000  # the day of what has not happened
NO_ANSWER = 255  # the parent's kind of a gesture that answers none
ROUNDS = 6  # of delivering and answering in a day
SECONDS_A_DAY = 86_400
NOTES = NAMES.index("handwritten_notes")  # the other list is that of check_in
MESSAGE_SHARE = STRATEGIES["check_in"].numbers["message_share"]
SESSIONS = tuple(7 if row.sessions is None else row.sessions for row in STRATEGIES.values())  # a week, by strategy
SESSION_MINUTES = tuple(row.session_minutes for row in STRATEGIES.values())

# Of the peer that works on arrays:
GESTURE = np.dtype(
    [
        ("sender", "i4"),
        ("receiver", "i4"),
        ("row", "i8"),  # of the sender's tie to the receiver; -1: strangers, or not looked up yet
        ("kind", "i1"),
        ("channel", "i1"),
        ("second", "i4"),
        ("day", "i4"),  # on which it is sent
        ("arrives", "i4"),  # day
        ("answers", "u1"),
        ("tries", "f8"),
        ("noticed", "?"),
    ],
    align=True,
)
ROOM = 1.25  # rows of a person over ties at hand, when blocks are laid out anew

_PERSON = (
    "sociability", "reticence", "practice", "practised", "minutes_left", "last_post", "community", "group",
    "birthday", "capacity",
)  # fmt: skip
_TIE = (
    "other", "affinity", "last_contact", "last_sent", "last_received", "last_two_way", "two_way", "openness", "opened",
    "opened_by", "unanswered", "post_seen", "acquaintance", "planned",
)  # fmt: skip
_PLAN = ("person", "strategy", "share", "budget")
_LETTER = ("sender", "receiver", "kind", "channel", "day", "second", "arrives_day", "parent_kind", "unanswered")


class Start(NamedTuple):
    """A world on a morning, each field an array.

    Attributes:
        day: the next one to be lived.
        p: the record of settings, type `sim.model.parameters.SETTINGS`.
        people: by name, each of shape (n,); see `sim.state.population.PERSON` for units.
        first: shape (n + 1,): where each person's ties begin.
        ties: by name, each of shape (ties,), a person's in order of the other's id; see `sim.state.population.TIE`.
        traces: shape (ties, 6), contacts.
        mirror: shape (ties,): the row of the other direction.
        mail: by name, answers not yet sent and what waits to be delivered.
        plans: by name, in order of (person, strategy); see `sim.state.population.PLAN`.
        strategies_end: the first day on which nobody plans any more.
    """

    day: int
    p: Any
    people: dict[str, np.ndarray]
    first: np.ndarray
    ties: dict[str, np.ndarray]
    traces: np.ndarray
    mirror: np.ndarray
    mail: dict[str, np.ndarray]
    plans: dict[str, np.ndarray]
    strategies_end: int


def start_of(world: sim.World) -> Start:
    """Read a world."""
    n = len(world)
    used = np.flatnonzero(world.ties["other"] >= 0)
    owner = world.owners()[used].astype(np.int64)
    keys = owner * n + world.ties["other"][used]
    order = np.argsort(keys, kind="stable")
    used, owner, keys = used[order], owner[order], keys[order]
    ties = {name: wide(world.ties[name][used]) for name in _TIE}
    return Start(
        day=world.day,
        p=world.parameters.packed,
        people={name: wide(world.people[name]) for name in _PERSON},
        first=np.searchsorted(owner, np.arange(n + 1)),
        ties=ties,
        traces=world.ties["traces"][used],
        mirror=np.searchsorted(keys, ties["other"].astype(np.int64) * n + owner),
        mail={name: world.mail[name].copy() for name in _LETTER},
        plans={name: world.plans[name].copy() for name in _PLAN},
        strategies_end=world.strategies_end,
    )


def wide(values: np.ndarray) -> np.ndarray:
    """A copy, in which days are 32 bits wide, so that ages can be told from days that have never been."""
    return values.astype(np.int32) if values.dtype.kind == "i" else values.copy()


def as_namespace(p: Any) -> SimpleNamespace:
    """The settings as Python's own numbers and lists, which plain Python reads fastest."""
    return SimpleNamespace(**{name: p[name].tolist() for name in p.dtype.names})


def tie_columns(start: Start) -> dict[str, np.ndarray]:
    """All that is held about ties, traces and mirror among it; `laid_out_anew` copies before anything is written."""
    return {**start.ties, "traces": start.traces, "mirror": start.mirror}


def letters(start: Start) -> tuple[np.ndarray, np.ndarray]:
    """The mail, type `GESTURE`: what is sent later, and what was sent and waits to be delivered."""
    mail = np.zeros(len(start.mail["day"]), GESTURE)
    for name in ("sender", "receiver", "kind", "channel", "second", "day"):
        mail[name] = start.mail[name]
    mail["arrives"] = start.mail["arrives_day"]
    mail["answers"], mail["tries"], mail["row"] = start.mail["parent_kind"], start.mail["unanswered"], -1
    return mail[mail["day"] >= start.day], mail[mail["day"] < start.day]


def laid_out_anew(
    first: np.ndarray, held: np.ndarray, more: np.ndarray, ties: dict[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give everybody's block of ties room for these many more, and some; the columns are replaced in place.

    Returns:
        Where each person's rows begin now, how many there are, and by how much they moved; shapes (n,).
    """
    room = np.ceil(held * ROOM).astype(np.int64) + 4 + more
    begins = np.cumsum(room) - room
    moved = begins - first
    old = np.arange(held.sum()) + np.repeat(first - (np.cumsum(held) - held), held)
    rows = old + np.repeat(moved, held)
    for name, values in ties.items():
        fresh = np.zeros((room.sum(), *values.shape[1:]), values.dtype)
        fresh[rows] = values[old]
        ties[name] = fresh
    ties["mirror"][rows] += moved[ties["other"][rows]]
    return begins, room, moved
