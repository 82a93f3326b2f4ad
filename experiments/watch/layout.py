"""The drawn part of a world, and its looks on each day, as numbers that a page or a film then draws.

A layout is made once from the first morning: the places of people, and the ties that are drawn. Each day then takes one
byte per drawn tie and per person. Two worlds with the same first morning share a layout, so their bytes can be
compared.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np

from experiments.watch.palette import FULL, Family, Look
from experiments.watch.positions import places
from sim.engine.views import SEEN, State
from sim.model.gestures import GestureRow, Kind
from sim.run import Simulation
from sim.state.population import NOBODY, DayRecord, World

TIES_A_PERSON = 10  # drawn ties, on average
MOST_TIES, FEWEST_TIES = 100_000, 1_200
MOST_GESTURES = 400  # drawn per frame


FAMILIES: dict[Kind, Family] = {
    Kind.LIKE: Family.REACTION,
    Kind.SMILE: Family.REACTION,
    Kind.HELLO: Family.REACTION,
    Kind.COMPLIMENT: Family.WORDS,
    Kind.QUESTION: Family.WORDS,
    Kind.COMMENT: Family.WORDS,
    Kind.INTRODUCTION: Family.WORDS,
    Kind.MESSAGE: Family.WORDS,
    Kind.POST: Family.WORDS,
    Kind.NOTE: Family.NOTE,
    Kind.CALL: Family.VOICE,
    Kind.CONVERSATION: Family.VOICE,
    Kind.INVITATION: Family.INVITATION,
}


def family_of(kind: str, row: GestureRow) -> Family:
    """The family of a gesture: that of a shipped one is given, and that of an added one follows from its row."""
    shipped = Kind.__members__.get(kind.upper())
    if shipped is not None:
        return FAMILIES[shipped]
    if row.invites:
        return Family.INVITATION
    if not row.worded:
        return Family.REACTION
    if row.channel == "post_office":
        return Family.NOTE
    return Family.VOICE if row.answered_at_once or row.channel == "in_person" else Family.WORDS


FLASH = np.dtype(
    [
        ("sender", "i4"),
        ("receiver", "i4"),
        ("day", "i2"),  # of the world
        ("family", "u1"),  # Family
        ("bright", "u1"),  # whether it is highlighted: sent by an adopter, or over a dormant tie
        ("second", "i4"),  # of the day
    ]
)


class WorldFrame(NamedTuple):
    """The looks of a world on a morning.

    Attributes:
        ties: shape (k,), bytes in the order of the layout's pairs; see `Look`.
        people: shape (n,), bytes from 0 to `FULL`: how open each person's door is for the followed person, where their
            tie is dormant and drawn. All 0 if nobody is followed: most people's door is open to somebody.
        flashes: gestures since the last frame, type `FLASH`, at most `MOST_GESTURES`.
    """

    ties: np.ndarray
    people: np.ndarray
    flashes: np.ndarray


class Layout:
    """The places of people, and the ties that are drawn.

    All ties of adopters are drawn, and of other ties those with the longest past. A tie that matters later replaces the
    one with the shortest past, so the drawn ties of a day do not depend on which days were drawn before.

    Args:
        world: the world on the first morning.
        adopters: ids.

    Attributes:
        places: places of people in the unit disc, shape (n, 2).
        pairs: ids of each tie's two people, the lower first, shape (k, 2).
    """

    def __init__(self, world: World, adopters: np.ndarray) -> None:
        n = len(world)
        pairs, weight = _ties_of(world)
        self.places = _cached_places(_Hashed(world, pairs, weight))
        self.is_adopter = np.zeros(n, bool)
        self.is_adopter[adopters] = True
        chosen = self._chosen(pairs, weight)
        self.pairs, self._by_past = pairs[chosen], np.argsort(weight[chosen], kind="stable")
        self.row = {key: row for row, key in enumerate(self.keys(self.pairs).tolist())}

    def _chosen(self, pairs: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Rows of the ties that are drawn, in the order of their pairs."""
        room = min(max(TIES_A_PERSON * len(self.is_adopter), FEWEST_TIES), MOST_TIES)
        matters = weight + (self.with_adopter(pairs) * 2.0 * weight.max(initial=1.0))
        return np.sort(np.argsort(-matters, kind="stable")[:room])

    def with_adopter(self, pairs: np.ndarray) -> np.ndarray:
        """Whether one of the two adopts, for each pair; shape (k,)."""
        return self.is_adopter[pairs[:, 0]] | self.is_adopter[pairs[:, 1]]

    def keys(self, pairs: np.ndarray) -> np.ndarray:
        """The key of each pair (lower id first), as in day records, shape (k,)."""
        return pairs[:, 0].astype(np.int64) * len(self.is_adopter) + pairs[:, 1]

    def admit(self, pairs: np.ndarray, staying: np.ndarray) -> np.ndarray:
        """Draw these ties from now on, instead of those with the shortest past.

        Args:
            pairs: shape (m, 2), the lower id first; each once.
            staying: rows that must stay, shape (k,).

        Returns:
            The rows that changed.
        """
        fresh = [k for k, key in enumerate(self.keys(pairs).tolist()) if key not in self.row]
        rows = self._by_past[~staying[self._by_past]][: len(fresh)]
        for row, k in zip(rows.tolist(), fresh, strict=False):
            del self.row[int(self.keys(self.pairs[row : row + 1])[0])]
            self.pairs[row] = pairs[k]
            self.row[int(self.keys(self.pairs[row : row + 1])[0])] = row
        return rows


class WorldView:
    """The looks of one world, day by day.

    Args:
        layout: the layout, which another world can share.
        run: the simulation, which is only read.
    """

    def __init__(self, layout: Layout, run: Simulation) -> None:
        self.layout, self.run = layout, run
        self.families = np.array([family_of(kind, row) for kind, row in run.parameters.gestures.items()], np.uint8)
        self.slots = np.full(len(layout.pairs), NOBODY, np.int32)
        self.rekindled = np.zeros(0, np.int64)  # keys of pairs, sorted
        self.is_back = np.zeros(len(layout.pairs), bool)  # which rows of the layout are among them
        self.seen = np.zeros(0, SEEN)
        self.ties = np.zeros(0, np.uint8)
        self.look()

    def look(self) -> None:
        """Update the bytes to this morning."""
        layout = self.layout
        self.seen = self.run.see(layout.pairs, self.slots)
        strength = np.rint(np.maximum(*self.seen["strength"].T) * FULL).astype(np.uint8)
        looks = _LOOK_OF[self.seen["state"]]
        looks[self.is_back & (looks == Look.LIVING)] = Look.REKINDLED
        self.ties = looks << 6 | np.where(looks > 0, np.maximum(strength, 1), 0).astype(np.uint8)

    def take_in(self, record: DayRecord) -> np.ndarray:
        """Process a day, and return the pairs to draw because of it, shape (m, 2), lower id first."""
        keys = self.layout.keys(self.run.reconnections())
        fresh = np.setdiff1d(keys, self.rekindled, assume_unique=True)
        self.rekindled = np.sort(keys)
        self.is_back[[self.layout.row[key] for key in fresh.tolist() if key in self.layout.row]] = True
        n = len(self.layout.is_adopter)
        new = record.new_ties[
            self.layout.is_adopter[record.new_ties // n] | self.layout.is_adopter[record.new_ties % n]
        ]
        both = np.unique(np.concatenate([fresh, new]))
        return np.stack([both // n, both % n], axis=1).astype(np.int32)

    def forget(self, rows: np.ndarray) -> None:
        """Reset rows of the layout that now have other pairs."""
        self.slots[rows] = NOBODY
        self.is_back[rows] = np.isin(self.layout.keys(self.layout.pairs[rows]), self.rekindled)

    def doors(self, followed: int | None) -> np.ndarray:
        """How open each person's door is for the followed person where their drawn tie is dormant, shape (n,), 0..1."""
        doors = np.zeros(len(self.layout.is_adopter), np.float32)
        if followed is not None:
            dormant = self.seen["state"] == State.DORMANT
            pairs, openness = self.layout.pairs[dormant], self.seen["openness"][dormant]
            for side in (0, 1):
                theirs = pairs[:, 1 - side] == followed
                doors[pairs[theirs, side]] = openness[theirs, side]
        return doors

    def flashes(self, sent: np.ndarray) -> np.ndarray:
        """Gestures for drawing, highlighted ones first, type `FLASH`."""
        sent = sent[sent["receiver"] != NOBODY]
        flashes = np.zeros(len(sent), FLASH)
        for name in ("sender", "receiver", "day", "second"):
            flashes[name] = sent[name]
        flashes["family"] = self.families[sent["kind"]]
        pairs = np.stack([sent["sender"], sent["receiver"]], axis=1)
        state = self.run.see(pairs, sent["sender_slot"].copy())["state"]
        flashes["bright"] = (state == State.DORMANT) | self.layout.with_adopter(pairs)
        return flashes[np.argsort(-flashes["bright"].astype(int), kind="stable")[:MOST_GESTURES]]

    def picture(self, sent: np.ndarray, followed: int | None = None) -> WorldFrame:
        """The frame of this morning, with the gestures sent since the last one, and the doors for a person."""
        glow = np.rint(self.doors(followed) * FULL).astype(np.uint8)
        return WorldFrame(self.ties, glow, self.flashes(sent))


_LOOK_OF = np.zeros(len(State), np.uint8)
_LOOK_OF[[State.DORMANT, State.FAINT]] = Look.DORMANT
_LOOK_OF[State.ACTIVE] = Look.LIVING


def _ties_of(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Each tie of a world once, shape (k, 2), the lower id first, and its past in contacts, shape (k,)."""
    ties, owners = world.ties, world.owners()
    kept = (ties["other"] > owners) & (ties["acquaintance"] == 0)
    pairs = np.stack([owners[kept], ties["other"][kept]], axis=1).astype(np.int32)
    return pairs, ties["traces"][kept][:, -1].astype(np.float64)  # the slowest trace, which is left by the whole past


class _Hashed:
    """A world's people and ties, hashable by what determines their places."""

    def __init__(self, world: World, pairs: np.ndarray, weight: np.ndarray) -> None:
        self.community, self.pairs, self.weight = world.people["community"].copy(), pairs, weight
        digest = blake2b(digest_size=16)
        for values in (self.community, pairs, weight):
            digest.update(np.ascontiguousarray(values).data)
        self.key = digest.digest()

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, _Hashed) and self.key == other.key


@lru_cache(maxsize=8)
def _cached_places(world: _Hashed) -> np.ndarray:
    found = places(world.community, world.pairs, world.weight)
    found.flags.writeable = False
    return found


def only_differences(one: WorldFrame, other: WorldFrame) -> tuple[WorldFrame, WorldFrame]:
    """Two frames reduced to the differences between their worlds."""
    differ = (one.ties >> 6 != other.ties >> 6) | (np.abs((one.ties & FULL).astype(int) - (other.ties & FULL)) > 3)
    glow = np.abs(one.people.astype(int) - other.people) > 6

    def left(mine: WorldFrame, theirs: WorldFrame) -> WorldFrame:
        ties, people = np.where(differ, mine.ties, 0), np.where(glow, mine.people, 0)
        return WorldFrame(ties.astype(np.uint8), people.astype(np.uint8), _only_here(mine.flashes, theirs.flashes))

    return left(one, other), left(other, one)


def _only_here(flashes: np.ndarray, others: np.ndarray) -> np.ndarray:
    key = ["sender", "receiver", "family", "day"]
    there = set(others[key].tolist())
    return flashes[[gesture not in there for gesture in flashes[key].tolist()]]
