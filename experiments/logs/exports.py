"""Contact logs from exported mailboxes and chats: who wrote to whom and when, without the content.

Messages that are not contacts between two people are skipped and counted. If a file or line cannot be read, the error
names it and says what was expected.
"""

from __future__ import annotations

import mailbox
import re
import time
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import getaddresses, parsedate_to_datetime
from itertools import pairwise
from pathlib import Path
from typing import IO, Any, NamedTuple
from zoneinfo import ZoneInfo

import pandas as pd

from sim.contact_logs import LogError

DAY = 86_400  # seconds
EARLIEST = 365 * DAY  # of mail, 1971; earlier dates come from clocks that were not set


class Contact(NamedTuple):
    """Who wrote to whom, and when, in seconds since 1970."""

    source: str
    target: str
    time: int


@dataclass(frozen=True)
class Export:
    """The contacts of an export, and the messages that were skipped.

    Attributes:
        rows: columns ``source``, ``target`` and ``time`` (seconds since 1970), sorted by time.
        passed_over: number of messages that are not contacts between two people, by reason.
        notes: sentences on assumptions.
    """

    rows: pd.DataFrame
    passed_over: Mapping[str, int]
    notes: Sequence[str] = ()

    def __str__(self) -> str:
        people = len({*self.rows["source"], *self.rows["target"]})
        sentences = [f"{len(self.rows):,} contact{'s' * (len(self.rows) != 1)} of {people:,} people."]
        if self.passed_over:
            counts = (f"{count:,} {reason}" for reason, count in sorted(self.passed_over.items()))
            sentences.append(f"Skipped: {', '.join(counts)}.")
        return " ".join([*sentences, *self.notes])


def _rows(contacts: Iterable[Contact]) -> pd.DataFrame:
    rows = pd.DataFrame(contacts, columns=list(Contact._fields)).astype({"time": "int64"})
    return rows.sort_values("time", kind="stable", ignore_index=True)


# Mail ---------------------------------------------------------------------------------------------------------------

_SENDER, _RECEIVERS = ("From",), ("To", "Cc", "Bcc")
_OF_LISTS = ("List-Id", "List-Post", "List-Unsubscribe")
_IN_BRACKETS = re.compile(r"<\s*([^<>\s@]+@[^<>\s@]+)\s*>")
_MACHINES = re.compile(r"(?:mailer-daemon|no-?_?reply|do-?_?not-?_?reply)@")
_DRAFTS = {"draft", "drafts", "entwürfe", "brouillons", "borradores", "rascunhos", "bozze", "concepten", "черновики"}
_MARKS = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e"
                                "\u2066\u2067\u2068\u2069\ufeff"))  # fmt: skip
_ADDRESS = re.compile(r"[^\s@<>,;:()]+@[^\s@<>,;:()]+")


def read_mail(*paths: Path | str) -> Export:
    """Messages from one person to one person in mbox files or Maildir folders, sent and received ones together.

    A person is an address in lower case. The same message in two files counts once. Skipped are messages to several
    people or oneself, from mailing lists and machines, drafts, spam, resent messages, and messages whose sender,
    receiver or date is missing or unreadable.

    Raises:
        LogError: a file is missing or not a mailbox.
    """
    contacts: list[Contact] = []
    passed_over: Counter[str] = Counter()
    seen: set[tuple[str, str, str]] = set()
    for path in paths:
        for message in _messages(Path(path)):
            contact = _contact_of(message)
            if isinstance(contact, str):
                passed_over[contact] += 1
                continue
            name = " ".join(_texts(message, ("Message-ID",))).strip()
            key = (name or str(contact.time), contact.source, contact.target)
            if key in seen:
                passed_over["copies"] += 1
            else:
                seen.add(key)
                contacts.append(contact)
    return Export(_rows(contacts), passed_over)


def _messages(path: Path) -> Iterator[Message]:
    """The headers of each message."""
    if not path.exists():
        raise LogError(f"{path} does not exist.")
    box: mailbox.Mailbox[Any]
    if (path / "mbox").is_file():  # as Apple's Mail exports it
        path = path / "mbox"
    if path.is_dir():
        if not (path / "cur").is_dir():
            raise LogError(f"{path} is not a Maildir, because it has no folder `cur`. Name the mailbox in it.")
        box = mailbox.Maildir(path, create=False)
    else:
        _check_mbox(path)
        box = mailbox.mbox(path, factory=_headers, create=False)  # type: ignore[arg-type]
    with closing(box):
        yield from box


def _check_mbox(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(1_000).lstrip()
    if start and not start.startswith(b"From "):
        raise LogError(f"{path} is not an mbox file, which begins with a line `From …`. Export the mail as mbox.")


def _headers(file: IO[Any]) -> Message:
    return BytesHeaderParser().parse(file)


def _contact_of(message: Message) -> Contact | str:
    """The contact of a message, or the reason why it is skipped."""
    if why := _no_letter(message):
        return why
    who, whom = _addresses(message, _SENDER), _addresses(message, _RECEIVERS)
    sent = _time_of(message)
    if any(map(_MACHINES.match, who)):
        return "from machines"
    if len(who) != 1:
        return "from several people" if who else "without a sender's address"
    if whom == who:
        return "to oneself"
    whom -= who
    if len(whom) != 1:
        return "to several people" if whom else "without a receiver's address"
    if sent is None:
        return "without a readable date"
    return Contact(who.pop(), whom.pop(), sent)


def _no_letter(message: Message) -> str | None:
    """Why a message was not written by one person to another; None if it was."""
    header = " ".join(map(_decoded, _texts(message, ("X-Gmail-Labels",))))
    labels = {label.strip().lower() for label in header.split(",")}
    flags = message.get_flags() if isinstance(message, mailbox.MaildirMessage) else ""
    if labels & _DRAFTS or "D" in flags or message["X-Mozilla-Draft-Info"]:
        return "drafts"
    if "spam" in labels or _starts(message, "X-Spam-Flag", ("yes",)):
        return "spam"
    if message["Resent-From"] or message["Resent-To"]:
        return "resent"
    if any(message[name] for name in _OF_LISTS) or _starts(message, "Precedence", ("list", "bulk", "junk")):
        return "from mailing lists"
    if _starts(message, "Auto-Submitted", ("auto",)):
        return "from machines"
    return None


def _starts(message: Message, name: str, words: tuple[str, ...]) -> bool:
    return any(text.strip().lower().startswith(words) for text in _texts(message, (name,)))


def _texts(message: Message, names: Iterable[str]) -> list[str]:
    wanted = {name.lower() for name in names}
    return [_as_text(text) for name, text in message.raw_items() if name.lower() in wanted]


def _as_text(raw: object) -> str:
    """A header as text: UTF-8 or, if that fails, Latin-1."""
    content = str(raw).encode("utf-8", "surrogateescape")
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _addresses(message: Message, names: tuple[str, ...]) -> set[str]:
    """Addresses in headers of these names, in lower case, without names, comments and groups."""
    found: set[str] = set()
    for text in _texts(message, names):
        found |= _addresses_in(text) or _addresses_in(_decoded(text))
    return found


def _addresses_in(text: str) -> set[str]:
    candidates = [address for _, address in getaddresses([text])]
    if not any(map(_ADDRESS.fullmatch, candidates)):
        candidates = _IN_BRACKETS.findall(text)  # as in `Smith, Ann <ann@example.org>`, which lacks its quotes
    plain = (address.translate(_MARKS).strip().strip("'").rstrip(".") for address in candidates)
    addresses = (unicodedata.normalize("NFC", address).lower() for address in plain)
    return {address for address in addresses if _ADDRESS.fullmatch(address)}


def _decoded(text: str) -> str:
    """A header that was encoded including its addresses."""
    try:
        return str(make_header(decode_header(text)))
    except (ValueError, LookupError):
        return ""


def _time_of(message: Message) -> int | None:
    """When a message was sent, in seconds since 1970; None if that is unreadable or impossible."""
    try:
        sent = parsedate_to_datetime(str(message["Date"]))
        seconds = int((sent if sent.tzinfo else sent.replace(tzinfo=UTC)).timestamp())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return seconds if EARLIEST < seconds < time.time() + DAY else None


# Chats --------------------------------------------------------------------------------------------------------------

EXPECTED = "a line such as `31/12/2023, 21:05 - Ann: hi` or `[31.12.23, 21:05:10] Ann: hi`"
FIRST_YEAR, LAST_YEAR = 2000, 2099

_DATE = r"(?P<one>\d{1,4})\s?(?P<by>[-./年년])\s?(?P<two>\d{1,2})\s?[-./月월]\s?(?P<three>\d{1,4})\s?[.日일]?"
_TIME = r"(?P<hour>\d{1,2})\s?[:.h時时]\s?(?P<minute>\d{2})(?:\s?[:.分]\s?(?P<second>\d{2}))?"
_WORDS = r"[^\d:\[\]]{0,24}?"  # such as `at` and `p. m.`
_HEAD = re.compile(
    rf"\s*(?P<open>\[)?\s*{_DATE}(?P<between>{_WORDS}){_TIME}(?P<after>{_WORDS})"
    r"(?(open)\](?:\s-)?\s|(?:\s[-–—]\s|:\s))"
)
_HEAD_TIME_FIRST = re.compile(
    rf"\s*(?P<open>\[)?\s*{_TIME}(?P<after>{_WORDS}),\s*{_DATE}(?P<between>)(?(open)\](?:\s-)?|\s[-–—])\s"
)
_LIKE_A_HEAD = re.compile(r"\s*\[?[^:]{0,40}\d{1,2}:\d{2}.{0,20}?(?:\s-|\])\s[^:]{1,60}:\s")
_WHO = re.compile(r"(?P<who>[^:]+?)\s?:(?:\s|$)")
_ENCRYPTED = re.compile(
    r"end-to-end|ende-zu-ende|extremo a extremo|bout en bout|ponta a ponta|сквозн|uçtan uca|端到端|端對端|종단간", re.I
)
_AM = {"am", "vorm", "vm", "fm", "de", "öö", "pg", "sa", "πμ", "дп", "ص", "قظ", "पूर्वाह्न", "上午", "午前", "오전",
       "صباحا", "凌晨", "清晨", "早上", "半夜"}  # fmt: skip
_PM = {"pm", "nachm", "nm", "em", "du", "ös", "ptg", "ch", "μμ", "пп", "م", "بظ", "अपराह्न", "下午", "午後", "오후",
       "مساء", "ظهرا", "中午", "傍晚", "晚上"}  # fmt: skip
_FILLERS = {"", "alas", "alle", "as", "at", "às", "à", "h", "kl", "klo", "o", "ob", "ore", "u", "uhr", "um", "в", "г",
            "ч", "في", "分", "분"}  # fmt: skip
_CONTACT_IN_NAME = re.compile(r"(?:[ _](?:with|mit|con|com|avec|met|med)[ _]|[ _]-[ _])(.+)$")


def read_chat(
    path: Path | str,
    *,
    people: Collection[str] = (),
    renamed: Mapping[str, str] | None = None,
    day_first: bool | None = None,
    zone: str | None = None,
) -> Export:
    """Messages in a chat of two people that WhatsApp exported as text, in any language with numeric dates.

    Notes of the app are skipped. Lines without a date continue a message. If only one person wrote, the other person's
    name is taken from the file (``WhatsApp Chat with Ben.txt``).

    Args:
        path: the exported ``.txt``.
        people: the names of the two people, if these are unclear from the chat; messages by others are skipped.
        renamed: other names of a person, such as ``{"Ann Smith": "Ann"}``.
        day_first: whether 5/6/2023 is in June, if that is unclear from the chat.
        zone: the phone's time zone, such as ``Europe/Berlin``; by default that of this machine.

    Raises:
        LogError: the file is not such a chat, or is a group chat, or a line has an impossible date; the line is named.
    """
    path = Path(path)
    lines = _lines(path)
    heads = [head for number, line in enumerate(lines, start=1) if (head := _head(number, line))]
    if not heads:
        raise LogError(f"{path}, line 1: {lines[0][:60]!r} does not begin with a date and time; expected {EXPECTED}.")
    form = Counter(head.form for head in heads).most_common(1)[0][0]
    messages = [head for head in heads if head.form == form]
    notes = _taken_for_text(lines, messages)
    times = _times(path, messages, day_first, ZoneInfo(zone) if zone else None)
    writers = [_writer(message.rest, people, renamed or {}) for message in messages]
    if _ENCRYPTED.search(messages[0].rest):
        writers[0] = ""  # some phones write this note in somebody's name
    one, other = _two(path, messages, writers, people, notes)
    contacts = [
        Contact(who, other if who == one else one, when)
        for who, when in zip(writers, times, strict=True)
        if who in (one, other)
    ]
    others = [who for who in writers if who not in (one, other)]
    over = Counter("by others" if who and not _reads_as_note(who) else "notes of the app" for who in others)
    return Export(_rows(contacts), over, notes)


@dataclass(frozen=True)
class _Head:
    """A line that begins with a date: its number, what stands in the date, and what follows."""

    number: int
    stamp: Mapping[str, str]
    rest: str

    @property
    def form(self) -> tuple[object, ...]:
        """How dates are written, which is the same throughout an export."""
        stamp = self.stamp
        return bool(stamp["open"]), stamp["by"], len(stamp["one"]) == 4, stamp["second"] is None, not self.half

    @property
    def date(self) -> str:
        """The date, for people."""
        return self.stamp["by"].join(self.stamp[name] for name in ("one", "two", "three"))

    @property
    def half(self) -> str:
        """What is said of the half of the day, such as ``pm``."""
        words = (_letters(self.stamp["between"]), _letters(self.stamp["after"]))
        return "".join(word for word in words if word not in _FILLERS)


def _letters(words: str) -> str:
    return "".join(re.findall(r"[^\W\d_]|[\u093c-\u094d]", words)).casefold()  # with the vowel signs of Hindi


def _lines(path: Path) -> list[str]:
    """The lines of a text without direction marks. Only line ends of files separate lines."""
    if not path.is_file():
        raise LogError(f"{path} is not a file.")
    content = path.read_bytes()
    if content.startswith(b"PK\x03\x04"):
        raise LogError(f"{path} is a zip archive. Unpack it and name the .txt file in it.")
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    if encoding == "utf-8" and content[:32].count(0) >= 8:  # UTF-16 without its mark
        encoding = "utf-16-le" if content[1] == 0 else "utf-16-be"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise LogError(f"{path}, line {line}: the text is not {encoding.upper()}. Save it as UTF-8.") from None
    return re.split(r"\r\n|\r|\n", text.translate(_MARKS))


def _head(number: int, line: str) -> _Head | None:
    digits = "".join(str(unicodedata.decimal(letter, letter)) for letter in line[:100])  # of any script
    found = _HEAD.match(digits) or _HEAD_TIME_FIRST.match(digits)
    return _Head(number, found.groupdict(), line[found.end() :]) if found else None


def _taken_for_text(lines: Sequence[str], messages: Sequence[_Head]) -> list[str]:
    """A note on lines that look like messages, but are not dated as the others are."""
    known = {message.number for message in messages}
    odd = [
        number
        for number, line in enumerate(lines, start=1)
        if number not in known and (_head(number, line) or _LIKE_A_HEAD.match(line))
    ]
    if not odd:
        return []
    many = "1 line looks" if len(odd) == 1 else f"{len(odd)} lines look"
    return [
        f"{many} like a message but {'is' if len(odd) == 1 else 'are'} not dated as line {messages[0].number} is, and "
        f"passed for text; see line {odd[0]}."
    ]


# Dates of chats -----------------------------------------------------------------------------------------------------

_DAY_FIRST, _MONTH_FIRST, _YEAR_FIRST = ("three", "two", "one"), ("three", "one", "two"), ("one", "two", "three")


def _times(path: Path, messages: Sequence[_Head], day_first: bool | None, zone: tzinfo | None) -> list[int]:
    """When each message was sent, in seconds since 1970."""
    order = _order(path, messages, day_first)
    times = []
    for message in messages:
        day, hour = _day(message, order), _hour(message)
        minute, second = int(message.stamp["minute"]), int(message.stamp["second"] or 0)
        if day is None or hour is None or minute > 59 or second > 59:
            raise LogError(f"{path}, line {message.number}: {_wrong(message, day, hour)}; expected {EXPECTED}.")
        times.append(round(day.replace(hour=hour, minute=minute, second=second, tzinfo=zone).timestamp()))
    return times


def _wrong(message: _Head, day: datetime | None, hour: int | None) -> str:
    if day is None:
        return f"{message.date} is not a date"
    if hour is None and message.half not in _AM | _PM | {""}:
        return f"{message.half!r} is not a known abbreviation of am or pm"
    return f"{message.stamp['hour']}:{message.stamp['minute']} is not a time of day"


def _order(path: Path, messages: Sequence[_Head], day_first: bool | None) -> tuple[str, str, str]:
    """The order of year, month and day in which every date is possible and none goes far back."""
    if len(messages[0].stamp["one"]) == 4:
        return _YEAR_FIRST
    if day_first is not None:
        return _DAY_FIRST if day_first else _MONTH_FIRST
    days = {order: [_day(message, order) for message in messages] for order in (_DAY_FIRST, _MONTH_FIRST, _YEAR_FIRST)}
    if None in days[_DAY_FIRST] or None in days[_MONTH_FIRST]:
        return max(days, key=lambda order: len(messages) - days[order].count(None))
    by_day, by_month = _steps_back(days[_DAY_FIRST]), _steps_back(days[_MONTH_FIRST])
    if by_day != by_month:
        return _DAY_FIRST if by_day < by_month else _MONTH_FIRST
    if messages[0].stamp["by"] != "/" or days[_DAY_FIRST] == days[_MONTH_FIRST]:
        return _DAY_FIRST  # only slashes are written with the month first
    odd = next(message for message in messages if _day(message, _DAY_FIRST) != _day(message, _MONTH_FIRST))
    raise LogError(
        f"{path}, line {odd.number}: {odd.date} may begin with the day or with the month, and no other date decides; "
        "set day_first=True or day_first=False."
    )


def _steps_back(days: Sequence[datetime | None]) -> int:
    """How often a date is more than a day before the one above it; phones sort almost exactly by time."""
    known = [day for day in days if day is not None]
    return sum((before - after).days > 1 for before, after in pairwise(known))


def _day(message: _Head, order: tuple[str, str, str]) -> datetime | None:
    year, month, day = (int(message.stamp[name]) for name in order)
    short = len(message.stamp[order[0]]) <= 2
    try:
        found = datetime(year + 2000 if short else year, month, day)
    except ValueError:
        return None
    return found if FIRST_YEAR <= found.year <= LAST_YEAR else None


def _hour(message: _Head) -> int | None:
    """The hour, 0 to 23; None if it is impossible."""
    hour, half = int(message.stamp["hour"]), message.half
    if not half:
        return hour if hour < 24 else None
    if hour > 12 or half not in _AM | _PM:
        return None
    return hour % 12 + 12 * (half in _PM)


# People of chats ----------------------------------------------------------------------------------------------------


def _writer(rest: str, people: Collection[str], renamed: Mapping[str, str]) -> str:
    """Who wrote a message; empty for a note of the app."""
    for name in sorted((*people, *renamed), key=len, reverse=True):  # with a colon in it, perhaps
        if _name(rest).startswith(f"{_name(name)}:"):
            return _name(renamed.get(name, name))
    found = _WHO.match(rest)
    if not found:
        return ""
    who = _name(found["who"])
    return {_name(old): _name(new) for old, new in renamed.items()}.get(who, who)


def _name(text: str) -> str:
    """A name in one spelling, without the `~` before people who are not in the phone's contacts."""
    return unicodedata.normalize("NFC", " ".join(text.translate(_MARKS).split())).removeprefix("~").strip()


def _two(
    path: Path, messages: Sequence[_Head], writers: Sequence[str], people: Collection[str], notes: list[str]
) -> tuple[str, str]:
    """The two people of a chat.

    Raises:
        LogError: there is none, or a third; the line is named.
    """
    if people:
        if len({*map(_name, people)}) != 2:
            raise LogError(f"people={tuple(people)!r} does not name two people; name the two people of {path}.")
        one, other = map(_name, people)
        return one, other
    often = Counter(filter(None, writers))
    names = [name for name, count in often.most_common() if count > 1 or not _reads_as_note(name)]
    third = next((name for name in names[2:] if not _reads_as_note(name)), None)
    if third is not None:
        line, known = messages[writers.index(third)].number, " and ".join(names[:2])
        raise LogError(
            f"{path}, line {line}: {third!r} wrote, in addition to {known}. Messages to a group have several "
            "receivers. "
            f"In a chat of two people, use renamed={{{third!r}: {names[0]!r}}} if this is one of them, or "
            f"people={tuple(names[:2])!r} to skip everyone else."
        )
    if not names:
        raise LogError(f"{path}, line {messages[0].number}: this chat has no messages; expected {EXPECTED}.")
    if len(names) == 1:
        names.append(_silent_one(path, names[0]))
        notes.append(f"Only {names[0]} wrote. The other person is called {names[1]!r}; set `people` to name both.")
    return names[0], names[1]


def _reads_as_note(name: str) -> bool:
    """Whether a name looks like the start of a note of the app, such as `Ann changed the subject to`."""
    words = name.split()
    return len(name) > 80 or (len(words) >= 4 and sum(word[0].islower() for word in words) > len(words) / 2)


def _silent_one(path: Path, writer: str) -> str:
    found = _CONTACT_IN_NAME.search(path.stem)
    name = _name(found[1]) if found else ""
    return name if name and name.casefold() != writer.casefold() else f"someone in {path.name}"
