"""WhatsApp: a chat that the phone exported as text or `.zip`, in any language with numeric dates."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from experiments.imports.contacts import (
    MARKS,
    Choices,
    Contact,
    Reader,
    Tally,
    believable,
    clean,
    encoding_of,
    group_id,
    same,
    seconds_of,
)
from experiments.imports.packed import NO_DATE, START, Damaged, Part, is_archive, names_of, parts_of
from sim.contact_logs import LogError

EXPECTED = "a line such as `31/12/2023, 21:05 - Ann: hi` or `[31.12.23, 21:05:10] Ann: hi`"
FIRST_YEAR = 2009  # of WhatsApp
LONGEST = 300  # letters of a name
NO_HALF = "with an unknown abbreviation of am or pm"
NOTES, SEVERAL = "notes of the app", "to several people"

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
_CHAT_FILE = re.compile(r"_chat\.txt|.*(?:WhatsApp|chat).*\.txt", re.I)
_COPY = re.compile(r"\s?\(\d{1,3}\)$")  # as in `_chat (1)`, which browsers add
# Notes that only groups have.
_OF_GROUPS = re.compile(
    r"\b(?:created (?:this )?group\b|added (?!by\b)|joined using\b|(?:was|were) added\b|Gruppe .{0,80}erstellt\b|"
    r"hat .{1,80} hinzugefügt\b|wurdest hinzugefügt\b|creó (?:el|este) grupo\b|(?:te )?añadió |"
    r"criou (?:o|este) grupo\b|adicionou |a créé (?:le|ce) groupe\b|(?:vous )?a ajouté |"
    r"ha creato (?:il|questo) gruppo\b|ha aggiunto |heeft (?:de|deze) groep .{0,80}gemaakt\b|"
    r"heeft .{1,80} toegevoegd\b|создал[аи]? группу\b|добавил[аи]? )",
    re.I,
)
_LIKE_A_CALL = re.compile(r"call|anruf|llamada|chamada|ligação|appel|chiamata|oproep", re.I)
_OF_FILES = re.compile(r"[•<>]|\.\w{2,4}\b")  # the app marks the names of attachments, too
_CALL = re.compile(
    r"(?:(?:missed |silenced )?(?:voice|video|group) call|(?:verpasster )?(?:sprach|video)anruf|"
    r"(?:llamada de voz|videollamada|llamada grupal)(?: perdida)?|(?:chamada|ligação) de (?:voz|vídeo)(?: perdida)?|"
    r"appel (?:vocal|vidéo)(?: manqué)?|(?:chiamata vocale|videochiamata)(?: persa)?|"
    r"(?:gemiste )?(?:spraakoproep|video-?oproep))"
    r"(?:\s?[,.]\s?(?:\d{1,3} ?[^\W\d_]{1,12}\.?(?: \d{1,3} ?[^\W\d_]{1,12}\.?)?|\d{1,2}:\d{2}(?::\d{2})?|no answer|"
    r"ended|tap to call back|click to call back|answered on other device|keine antwort|sin respuesta|sem resposta|"
    r"pas de réponse|sans réponse|nessuna risposta|geen antwoord))?",
    re.I,
)


# Files --------------------------------------------------------------------------------------------------------------


class _NoChat(LogError):  # noqa: N818 - an error by its base
    """A file is no chat."""


class _Text(NamedTuple):
    """A chat: its lines, the person or group it is named after, if any, and its file, to name somebody unknown."""

    lines: list[str]
    title: str
    name: str


def recognises(path: Path, start: bytes) -> float:
    """Whether it is a text, or a folder or archive with one, in which most lines begin as messages do."""
    if start and not start.startswith(b"PK\x03\x04"):
        if path.suffix.lower() in (".md", ".json", ".csv", ".xml", ".mbox", ".eml"):
            return 0.0
        return _likeness(start)
    try:
        found = _chat_files(path) if any(map(_is_chat_name, names_of(path))) else []
        if path.is_dir() and (len(found) > 1 or any(name.lower().endswith(".zip") for name in names_of(path))):
            return 0.0  # a folder of exports: each is read by itself, so that none is missed and copies count once
        found = found[:1]
        return max((_likeness(part.read(START)) for part in found), default=0.0)
    except (Damaged, LogError):
        return 0.0


def _likeness(start: bytes) -> float:
    text = start[: len(start) // 2 * 2].decode(encoding_of(start), errors="replace").translate(MARKS)
    lines = [line for line in re.split(r"\r\n|\r|\n", text) if line.strip()]
    heads = [head for head in (_head(number, line) for number, line in enumerate(lines)) if head]
    if not heads or heads[0].number != 0:
        return 0.0
    written = sum(bool(_WHO.match(head.rest)) for head in heads)
    return 0.9 if _ENCRYPTED.search(heads[0].rest) else 0.8 if written else 0.4


def _is_chat_name(name: str) -> bool:
    base = name.rpartition("/")[2]
    return base.endswith(".txt") and (bool(_CHAT_FILE.fullmatch(base)) or bool(_CONTACT_IN_NAME.search(base)))


def _chat_files(path: Path) -> list[Part]:
    """The texts of chats in a folder or archive; other texts in it are attachments."""
    parts = parts_of(path)
    if not path.is_dir() and not is_archive(path):
        return parts
    texts = [part for part in parts if part.base.endswith(".txt")]
    for named in (
        [part for part in texts if part.base == "_chat.txt"],
        [part for part in texts if Path(part.base).stem == path.stem],
        [part for part in texts if _is_chat_name(part.name)],
    ):
        if named:
            return named
    return texts[:1]


def _text(path: Path, part: Part) -> _Text:
    """The lines of a chat without direction marks. Only line ends of files separate lines.

    Raises:
        LogError: it is no text.
    """
    packed, bare = path.is_dir() or is_archive(path), part.base == "_chat.txt"
    # A file that is called as all are is named after what it is in.
    above = part.folder or (path.resolve() if path.is_dir() else path if packed else path.resolve().parent).name
    name = f"{above}/{part.base}" if bare else part.base
    title = _title(above.removesuffix(".zip") if bare else Path(part.base).stem)
    try:
        content = part.read(None)
        text = content.decode(encoding_of(content)).removeprefix("\ufeff")
    except Damaged:
        raise _NoChat(f"{path} cannot be read: it is damaged, or not open to you. Export it again.") from None
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        encoding = encoding_of(content).upper().removesuffix("-SIG")
        raise _NoChat(f"{path}, line {line}: the text is not {encoding}. Save it as UTF-8.") from None
    return _Text(re.split(r"\r\n|\r|\n", text), title, name)


def _title(name: str) -> str:
    """The person or group that a chat's file, archive or folder is named after; empty if it is not."""
    found = _CONTACT_IN_NAME.search(_COPY.sub("", name))
    return _name(found[1]) if found else ""


# Reading ------------------------------------------------------------------------------------------------------------


def read(path: Path, choices: Choices, tally: Tally) -> Iterator[Contact]:
    """The messages and calls of a chat of two people, and with `choices.groups` those of a group.

    Notes of the app are skipped. Lines without a date continue a message. If only one person wrote, the other person's
    name is taken from the file (``WhatsApp Chat with Ben.txt``).

    Raises:
        LogError: it is no such chat, or its dates may begin with the day or with the month.
    """
    parts = _chat_files(path)
    if not parts:
        raise LogError(f"{path} has no chat; expected a `.txt` that WhatsApp exported.")
    for number, part in enumerate(parts, start=1):
        of_many = f"chat {number} of {len(parts)}, " if len(parts) > 1 else ""
        try:
            yield from _contacts(path, _text(path, part), choices, tally, of_many)
        except _NoChat:
            if not of_many:
                raise
            tally.fail("in files that are no chats", of_many.removesuffix(", "))


def _contacts(path: Path, text: _Text, choices: Choices, tally: Tally, of_many: str) -> Iterator[Contact]:
    heads = [head for number, line in enumerate(text.lines, start=1) if (head := _head(number, line))]
    if not heads:
        raise _NoChat(f"{path}, {of_many}line 1 does not begin with a date and time; expected {EXPECTED}.")
    form = Counter(head.form for head in heads).most_common(1)[0][0]
    messages = [head for head in heads if head.form == form]
    if taken := _taken_for_text(text.lines, messages):
        tally.note(taken)
    order = _order(f"{path}, {of_many}", messages, choices.day_first, tally)
    times = [_time(message, order, choices) for message in messages]
    if all(when == NO_HALF for when in times):
        line = messages[0].number
        raise LogError(f"{path}, {of_many}line {line}: the word next to the time is no known abbreviation of am or pm.")
    if choices.zone is None:
        tally.note("Times of WhatsApp name no time zone, and were read as times of this machine's zone.")
    with_colons = (name for name in map(_name, (*choices.me, text.title)) if ":" in name)
    known = sorted(with_colons, key=len, reverse=True)
    writers = [_writer(message, known) for message in messages]
    if _ENCRYPTED.search(messages[0].rest):
        writers[0] = ""  # some phones write this note in somebody's name
    people = _people(messages, writers, text, choices, tally)
    for message, who, when in zip(messages, writers, times, strict=True):
        where = f"{of_many}line {message.number}"
        if not who or (who not in people.known and _reads_as_note(who)):
            tally.skip(NOTES, where)
        elif people.group and not choices.groups:
            tally.skip(SEVERAL, where)
        elif not people.group and who not in people.known:
            tally.fail("by a third name", where)
        elif not people.group and len(people.known) == 1:
            tally.skip("to oneself", where)
        elif isinstance(when, str):
            tally.fail(when, where)
        else:
            target = people.group or people.known[who == people.known[0]]
            yield Contact(who, target, when, _medium(message, who))


@dataclass(frozen=True)
class _Head:
    """A line that begins with a date: its number, what stands in the date, and what follows.

    `marked` is whether the app, not a person, wrote what follows the name: it then begins with an invisible mark.
    """

    number: int
    stamp: Mapping[str, str]
    rest: str
    marked: bool = False

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
        return _half(self.stamp["between"], self.stamp["after"])


@lru_cache(maxsize=4_096)
def _half(*words: str) -> str:
    letters = (
        "".join(re.findall(r"[^\W\d_]|[\u093c-\u094d]", word)).casefold() for word in words
    )  # vowel signs of Hindi
    return "".join(word for word in letters if word not in _FILLERS)


def _head(number: int, line: str) -> _Head | None:
    plain = (line if line.isascii() else line.translate(MARKS)).lstrip()
    digits = plain[:100]
    if not digits.isascii():
        digits = "".join(str(unicodedata.decimal(letter, letter)) for letter in digits)  # of any script
    found = _HEAD.match(digits) or _HEAD_TIME_FIRST.match(digits)
    return _Head(number, found.groupdict(), plain[found.end() :], ": \u200e" in line) if found else None


def _taken_for_text(lines: Sequence[str], messages: Sequence[_Head]) -> str:
    """A note on lines that look like messages, but are not dated as the others are."""
    known = {message.number for message in messages}
    odd = [
        number
        for number, line in enumerate(lines, start=1)
        if number not in known and (_head(number, line) or _LIKE_A_HEAD.match(line[:300].translate(MARKS).lstrip()))
    ]
    if not odd:
        return ""
    many = "1 line looks" if len(odd) == 1 else f"{len(odd)} lines look"
    return (
        f"{many} like a message but {'is' if len(odd) == 1 else 'are'} not dated as line {messages[0].number} is, and "
        f"passed for text; see line {odd[0]}."
    )


# Dates --------------------------------------------------------------------------------------------------------------

_DAY_FIRST, _MONTH_FIRST, _YEAR_FIRST = ("three", "two", "one"), ("three", "one", "two"), ("one", "two", "three")
_FIRST = {_DAY_FIRST: "day", _MONTH_FIRST: "month", _YEAR_FIRST: "year"}


def _time(message: _Head, order: tuple[str, str, str], choices: Choices) -> int | str:
    """When a message was sent, in seconds since 1970; a reason if that cannot be read."""
    day, hour = _day(message, order), _hour(message)
    minute, second = int(message.stamp["minute"]), int(message.stamp["second"] or 0)
    if message.half and message.half not in _AM | _PM:
        return NO_HALF
    if day is None or hour is None or minute > 59 or second > 59:
        return NO_DATE
    seconds = seconds_of(day.replace(hour=hour, minute=minute, second=second), choices.zone)
    return seconds if believable(seconds) else NO_DATE


def _order(where: str, messages: Sequence[_Head], day_first: bool | None, tally: Tally) -> tuple[str, str, str]:
    """The order of year, month and day in which the most dates are possible and the fewest go back.

    Raises:
        LogError: nothing shows it, and it matters.
    """
    if len(messages[0].stamp["one"]) == 4:
        return _YEAR_FIRST
    if day_first is not None:
        return _DAY_FIRST if day_first else _MONTH_FIRST
    days = {order: [_day(message, order) for message in messages] for order in _FIRST}
    known = {order: len(messages) - days[order].count(None) for order in _FIRST}
    best = max(_FIRST, key=lambda order: known[order])
    if known[_DAY_FIRST] != known[_MONTH_FIRST] or best == _YEAR_FIRST:
        worse = _MONTH_FIRST if best != _MONTH_FIRST else _DAY_FIRST
        shows = next(m for m, day, no in zip(messages, days[best], days[worse], strict=True) if day and not no)
        place, number = ("first", "one") if best != _MONTH_FIRST else ("second", "two")
        shown = f"line {shows.number} has {shows.stamp[number]} as its {place} number"
        tally.note(f"The {_FIRST[best]} comes first: {shown}.")
        return best
    by_day, by_month = _steps_back(days[_DAY_FIRST]), _steps_back(days[_MONTH_FIRST])
    if by_day != by_month:
        best = _DAY_FIRST if by_day < by_month else _MONTH_FIRST
        tally.note(f"The {_FIRST[best]} comes first: otherwise, dates would go back in time.")
        return best
    odd = next((m for m in messages if _day(m, _DAY_FIRST) != _day(m, _MONTH_FIRST)), None)
    if odd is None:
        return _DAY_FIRST
    if messages[0].stamp["by"] != "/":  # only slashes are written with the month first
        tally.note("The day is guessed to come first, as dates without slashes have it. `--month-first` changes it.")
        return _DAY_FIRST
    raise LogError(
        f"{where}line {odd.number}: {odd.date} may begin with the day or with the month, and no other date decides; "
        "say `--day-first` or `--month-first`."
    )


def _steps_back(days: Sequence[datetime | None]) -> int:
    """How often a date is more than a day before the one above it; phones sort almost exactly by time."""
    known = [day for day in days if day is not None]
    return sum((before - after).days > 1 for before, after in pairwise(known))


def _day(message: _Head, order: tuple[str, str, str]) -> datetime | None:
    return _date(*(message.stamp[name] for name in order))


@lru_cache(maxsize=65_536)
def _date(year: str, month: str, day: str) -> datetime | None:
    try:
        found = datetime(int(year) + 2000 * (len(year) <= 2), int(month), int(day))
    except ValueError:
        return None
    return found if found.year >= FIRST_YEAR and believable(found.replace(tzinfo=UTC).timestamp()) else None


def _hour(message: _Head) -> int | None:
    """The hour, 0 to 23; None if it is impossible."""
    hour, half = int(message.stamp["hour"]), message.half
    if not half:
        return hour if hour < 24 else None
    if hour > 12 or half not in _AM | _PM:
        return None
    return hour % 12 + 12 * (half in _PM)


# People -------------------------------------------------------------------------------------------------------------


class _People(NamedTuple):
    """The two people of a chat, or only one in a chat with oneself; or the id of the group."""

    known: tuple[str, ...]
    group: str = ""


def _writer(message: _Head, names: Collection[str]) -> str:
    """Who wrote a message; empty for a note of the app."""
    who = _named(message, names)
    said = message.rest[len(who) :]
    noted = message.marked and _OF_GROUPS.search(said) and not _OF_FILES.search(said)
    return "" if noted or _OF_GROUPS.search(f"{who} ") else who


def _named(message: _Head, names: Collection[str]) -> str:
    start = message.rest[:LONGEST]
    for name in names:
        if _name(start).startswith(f"{name}:"):
            return name
    found = _WHO.match(start)
    return _name(found["who"]) if found else ""


def _medium(message: _Head, who: str) -> str:
    if len(message.rest) > LONGEST or not _LIKE_A_CALL.search(message.rest):
        return "chat"
    text = _name(message.rest).removeprefix(who).lstrip(" :").strip()
    return "call" if _CALL.fullmatch(text) else "chat"


def _name(text: str) -> str:
    """A name in one spelling, without the `~` before people who are not in the phone's contacts."""
    return clean(text).removeprefix("~").strip()


def _people(messages: Sequence[_Head], writers: Sequence[str], text: _Text, choices: Choices, tally: Tally) -> _People:
    """Who the two people of a chat are, or which group it is."""
    often = Counter(filter(None, writers))
    names = [name for name, count in often.most_common() if count > 1 or not _reads_as_note(name)]
    names = [*names[:2], *(name for name in names[2:] if not _reads_as_note(name))]
    in_group = any(_OF_GROUPS.search(m.rest) for m, who in zip(messages, writers, strict=True) if not who)
    named_after = [name for name in names if text.title and _alike(text.title, name)]
    if in_group or len(names) > 3 or (len(names) == 3 and not named_after):
        return _People(tuple(names), group_id(text.title or Path(text.name).stem))
    if len(names) == 3:
        other = next(name for name in names if name not in named_after)
        tally.note(
            "Three names write in a chat that is named after one of them. It is taken for a chat of this one and the "
            "one of the others who writes more; the third is left out."
        )
        return _People((named_after[0], other))
    if len(names) == 2 and text.title and not any(_alike(name, text.title) for name in names):
        tally.note(
            "A chat is named after neither of the two people who wrote. It is read as one of two, and may be a group."
        )
    if len(names) == 1:
        names += _silent_one(text, names[0], choices, tally)
    return _People(tuple(names))


def _alike(one: str, other: str) -> bool:
    """Whether two names are the same apart from signs, which names of files cannot have."""
    letters = ["".join(filter(str.isalnum, name.casefold())) for name in (one, other)]
    return letters[0] == letters[1]


def _reads_as_note(name: str) -> bool:
    """Whether a name looks like the start of a note of the app, such as `Ann changed the subject to`."""
    words = name.split()
    return len(name) > 80 or (len(words) >= 4 and sum(word[0].islower() for word in words) > len(words) / 2)


def _silent_one(text: _Text, writer: str, choices: Choices, tally: Tally) -> list[str]:
    """What the person who never wrote is called; none in a chat with oneself."""
    mine = same(choices.me, writer)
    if text.title and not _alike(text.title, writer):
        tally.note("In a chat, only one person wrote. The other is called as the file is.")
        return [text.title]
    if text.title and mine:
        return []
    if text.title or (choices.me and not mine):
        tally.note("In a chat, only one person wrote. The other is taken for the owner of the phone.")
        return [choices.owner]
    tally.note("In a chat, only one person wrote, and nothing names the other, who is called someone.")
    return [f"someone in {text.name}"]


READER = Reader("whatsapp", "WhatsApp (text)", recognises, read)
