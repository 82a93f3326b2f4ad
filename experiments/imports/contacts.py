"""What readers of exports share: contacts, what was skipped and why, and the choices that a file leaves open."""

from __future__ import annotations

import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

DAY = 86_400  # seconds
EARLIEST = 365 * DAY  # 1971; earlier dates come from clocks that were not set
LONGEST_NAME = 80  # letters; longer ones are no names of people
ME = "me"  # the owner of an export that does not name its owner
# Marks of direction, joiners and byte order, which apps put around names and dates.
MARKS = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e"
                               "\u2066\u2067\u2068\u2069\ufeff"))  # fmt: skip


class Contact(NamedTuple):
    """A message, call or post from one person to another, or to a group.

    Attributes:
        source: who sent it: an address, a number or a name, as the export has it.
        target: who received it. In a group chat this is the group, as `group_id` names it.
        time: seconds since 1970, UTC.
        medium: ``"mail"``, ``"chat"``, ``"sms"``, ``"call"`` or ``"post"``.
    """

    source: str
    target: str
    time: int
    medium: str


@dataclass(frozen=True)
class Choices:
    """What the user said about an export. Everything may be left open.

    Attributes:
        groups: whether messages to several people count. In mail, each receiver then gets a row; in a group chat, a
            message is one row, to the group.
        me: names, addresses and numbers of the owner; in rows of exports without an owner's name, the first stands.
        zone: time zone of times that are written without one.
        day_first: whether 5/6/2023 is in June, where the file does not show it; None leaves it open.
        columns: which columns of a table hold ``source``, ``target`` and ``time``, and perhaps ``medium``.
    """

    groups: bool = False
    me: tuple[str, ...] = ()
    zone: tzinfo | None = None
    day_first: bool | None = None
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def owner(self) -> str:
        """What rows call the owner of an export that does not say who it is."""
        return self.me[0] if self.me else ME


@dataclass
class Tally:
    """What a reader did not turn into contacts, and what it had to guess.

    Attributes:
        skipped: the number of records that are no contacts between two people, by reason.
        unread: the number of records that could not be read, by reason.
        where: where the first of each reason stands, such as ``"line 12"``.
        notes: sentences on guesses, such as the order of day and month, and how sure they are.
        names: what people are called beside their id, such as in headers of mail, and how often, by id.
        seen: digests of the records that `is_copy` was asked about. Give files that may overlap the same tally.
    """

    skipped: Counter[str] = field(default_factory=Counter)
    unread: Counter[str] = field(default_factory=Counter)
    where: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    names: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    seen: set[int] = field(default_factory=set, repr=False)

    def skip(self, reason: str, where: str = "") -> None:
        """Count a record that is no contact, such as a note of the app."""
        self.skipped[reason] += 1
        self.where.setdefault(reason, where)

    def fail(self, reason: str, where: str) -> None:
        """Count a record that cannot be read, such as one with an impossible date."""
        self.unread[reason] += 1
        self.where.setdefault(reason, where)

    def note(self, sentence: str) -> None:
        """Say what was guessed."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def call(self, one: str, name: str) -> None:
        """Note what somebody is called. Addresses, and what begins with a sign or is very long, are no names."""
        plain = clean(name).strip("'\" ,")
        if plain[:1].isalnum() and "@" not in plain and "\ufffd" not in plain and len(plain) <= LONGEST_NAME:
            self.names[one][plain] += 1

    def is_copy(self, *parts: object) -> bool:
        """Whether a record with these parts came before, in this file or in another one of the same tally.

        Only eight bytes of each record are kept: two of a million records would coincide by chance once in 10^7 files.
        """
        digest = blake2b("\0".join(map(str, parts)).encode("utf-8", "surrogatepass"), digest_size=8)
        number = int.from_bytes(digest.digest(), "big")
        known = number in self.seen
        self.seen.add(number)
        return known


Read = Callable[[Path, Choices, Tally], Iterator[Contact]]


class Reader(NamedTuple):
    """A format of exports.

    Attributes:
        name: what summaries and `--format` call it, such as ``"telegram"``.
        title: for people, such as ``"Telegram (JSON)"``.
        recognises: how sure it is that a file or folder has this format, 0 to 1. It gets the path, and the first 64 KB
            of a file (empty for a folder), and reads no more than it must.
        read: yields the contacts and counts everything else in the tally. It raises a `LogError` only if the file as a
            whole is not what it seemed; one bad record is counted, not raised.
    """

    name: str
    title: str
    recognises: Callable[[Path, bytes], float]
    read: Read


def group_id(name: str) -> str:
    """What the log calls a group, so that none is taken for a person."""
    return f"group: {name}"


def clean(name: object) -> str:
    """A name in one spelling: without marks of direction and halves of characters, with single spaces, in form C."""
    whole = str(name).encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # joins pairs of surrogates
    return unicodedata.normalize("NFC", " ".join(whole.translate(MARKS).split()))


def believable(seconds: float) -> bool:
    """Whether a time, in seconds since 1970, can be that of a message: after 1971, and not in the future."""
    return EARLIEST < seconds < time.time() + DAY


def seconds_of(moment: datetime, zone: tzinfo | None) -> int:
    """Seconds since 1970. A moment without a zone is in ``zone``, or in that of this machine."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=zone) if zone else moment
    return round(aware.timestamp())


def encoding_of(content: bytes) -> str:
    """UTF-8 or UTF-16, with or without a byte order mark."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if content[:32].count(0) >= 8:
        return "utf-16-le" if content[1] == 0 else "utf-16-be"
    return "utf-8-sig"


def same(names: Collection[str], name: str) -> bool:
    """Whether a name is one of these, apart from case and spaces."""
    return clean(name).casefold() in {clean(one).casefold() for one in names}
