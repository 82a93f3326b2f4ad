"""Facebook Messenger and Instagram: the JSON of "Download your information" and of end-to-end encrypted chats."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from experiments.imports.contacts import Choices, Contact, Reader, Tally, group_id, same
from experiments.imports.packed import (
    NO_DATE,
    NO_NAME,
    START,
    UNKNOWN,
    Damaged,
    Labels,
    Part,
    entries,
    is_archive,
    items,
    json_of,
    name_in,
    names_of,
    parts_of,
    seconds_in,
)
from sim.contact_logs import LogError

EXPECTED = "a `message_1.json`, its folder, or a download of Facebook or Instagram in JSON"
_MESSAGES = re.compile(r"message(?:_([0-9]{1,6}))?\.json")
_CLASSIC = (b'"sender_name"', b'"timestamp_ms"')
_ENCRYPTED = (b'"threadName"', b'"senderName"')
_INSTAGRAM = re.compile(rb'"uri"\s*:\s*"(?:\.?/)?(?:your_instagram_activity|instagram)', re.I)
_OF_INSTAGRAM = re.compile(r"(?:your_)?instagram(?:[-_.].*)?", re.I)
# Names of deleted accounts are the same for everybody: Facebook user, Instagram-Nutzer, Utilisateur de Facebook …
_DELETED = re.compile(r"\b(?:facebook|instagram)\b", re.I)
_REACTION = re.compile(r"(?:Liked a message|Reacted .{1,40} to your message)\s*", re.S)
_NOTE = re.compile(
    r"(?:Say hi to your new \w+ (?:friend|connection)|You (?:are now|can now|'re now) (?:connected|message)|"
    r".{1,80} (?:set|changed|cleared|removed) (?:the|your|his|her|their|a) (?:nickname|emoji|theme|quick reaction|"
    r"chat theme|chat colors|group photo|word effect)|(?:Audio|Video|Voice) (?:call|chat) ended|"
    r".{1,80} turned (?:on|off) (?:disappearing messages|vanish mode))",
    re.S,
)
_CALL = re.compile(
    r"(?:(?:(?!I\b|We\b)[^\W\d_a-z]\S*(?: \S+){0,3} (?:started (?:an audio|a video|a voice) (?:call|chat)|called you|"
    r"missed (?:a|your) (?:video |audio |voice )?(?:call|chat)(?: (?:from|with) .{1,80})?)|You called .{1,80}|"
    r"Missed (?:video|audio|voice) (?:call|chat)(?: from .{1,80})?))\.?\s*",
)
_NOTES = {"subscribe", "unsubscribe"}


@dataclass
class _Thread:
    """A chat, which may be in several files.

    Attributes:
        key: its folder or name in the export, which keeps people and groups of the same name apart.
        title: its name.
        people: the people in it when it was exported.
        grouped: whether the export calls it a group.
        messages: its messages, each with where it stands.
    """

    key: str
    title: str = ""
    people: list[str] = field(default_factory=list)
    grouped: bool = False
    messages: list[tuple[object, str]] = field(default_factory=list)


# Recognition --------------------------------------------------------------------------------------------------------


def _likeness(path: Path, start: bytes) -> tuple[float, bool]:
    """How sure it is that this is a chat or download of Meta, and whether of Instagram."""
    instagram = any(map(_OF_INSTAGRAM.fullmatch, path.resolve().parts[-6:]))
    if start and not start.startswith(b"PK\x03\x04"):
        if not start.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{") or b'"messages"' not in start:
            return 0.0, False
        sure = 0.95 if all(key in start for key in _CLASSIC) and b'"participants"' in start else 0.0
        if b'"threadName"' in start and b'"participants"' in start:
            sure, instagram = 0.97, False
        elif not sure and _MESSAGES.fullmatch(path.name) and b'"participants"' in start:
            sure = 0.7
        return sure, instagram or bool(_INSTAGRAM.search(start))
    names = list(names_of(path))
    if any(_MESSAGES.fullmatch(name.rpartition("/")[2]) for name in names):
        inbox = any("/inbox/" in f"/{name}" for name in names) or path.is_dir()
        inside = any(map(_OF_INSTAGRAM.fullmatch, "/".join(names).split("/")))
        return (0.95 if inbox else 0.8), instagram or inside
    flat = [name for name in names if re.search(r"_[0-9]+\.json$", name)][:3]
    if flat and any(part.name in flat and _is_encrypted(part) for part in parts_of(path)):
        return 0.95, False
    return 0.0, False


def _is_encrypted(part: Part) -> bool:
    try:
        start = part.read(START)
    except Damaged:
        return False
    return b'"threadName"' in start and b'"participants"' in start


def _recognises_messenger(path: Path, start: bytes) -> float:
    sure, instagram = _likeness(path, start)
    return sure / 2 if instagram else sure


def _recognises_instagram(path: Path, start: bytes) -> float:
    sure, instagram = _likeness(path, start)
    return sure if instagram else sure / 2


# Reading ------------------------------------------------------------------------------------------------------------


def read(path: Path, choices: Choices, tally: Tally) -> Iterator[Contact]:
    """The messages and calls of chats of two people, and with `choices.groups` those of groups.

    Raises:
        LogError: there is no chat in it.
    """
    threads = _threads(path, tally)
    groups, seen = Labels(), set[tuple[str, str, object]]()
    for thread in threads:
        sent: set[tuple[str, str, object]] = set()
        for contact, moment, where in _contacts(thread, choices, groups, tally):
            key = (contact.source, contact.target, moment)
            if key in seen:
                tally.skip("copies", where)  # of the same message in a chat before it was encrypted
            else:
                sent.add(key)
                yield contact
        seen |= sent


def _threads(path: Path, tally: Tally) -> list[_Thread]:
    """The chats in a file, folder or archive, each from all its files."""
    parts = parts_of(path)
    alone = len(parts) == 1 and not path.is_dir() and not is_archive(path)
    chosen = parts if alone else [part for part in parts if _MESSAGES.fullmatch(part.base)]
    chosen += [part for part in parts if part not in chosen and part.base.endswith(".json") and _is_encrypted(part)]
    threads: dict[str, _Thread] = {}
    for number, part in enumerate(chosen, start=1):
        where = "" if alone else f"file {number} of {len(chosen)}, "
        try:
            chat = entries(json_of(part.read(None)))
        except Damaged as error:
            if alone:
                line = f", {error}" if error.args else ""
                raise LogError(f"{path}{line}: this is not JSON; expected {EXPECTED}.") from None
            tally.fail("in files that are no JSON", where.removesuffix(", "))
            continue
        if not isinstance(chat.get("messages"), list):
            if alone:
                raise LogError(f"{path} has no messages; expected {EXPECTED}.")
            tally.fail("in files without messages", where.removesuffix(", "))
            continue
        _add(threads, _key(path, part, chat), chat, where)
    if not chosen:
        raise LogError(f"{path} has no chats; expected {EXPECTED}.")
    return list(threads.values())


def _key(path: Path, part: Part, chat: Mapping[str, object]) -> str:
    """What tells a chat from all others: its folder or, of encrypted chats, its name."""
    for given in (chat.get("thread_path"), chat.get("threadName")):
        if name := name_in(given).rpartition("/")[2]:
            return name
    return part.folder or (path.name if path.is_dir() else path.resolve().parent.name)


def _add(threads: dict[str, _Thread], key: str, chat: Mapping[str, object], where: str) -> None:
    encrypted = "threadName" in chat
    thread = threads.setdefault(f"{key}\n{encrypted}", _Thread(key))
    thread.title = thread.title or (re.sub(r"_[0-9]+$", "", name_in(chat["threadName"])) if encrypted else "")
    thread.title = thread.title or _name(chat.get("title"))
    for value in items(chat.get("participants")):
        person = _person(value if isinstance(value, str) else entries(value).get("name"), key, encrypted)
        if person and person not in thread.people:
            thread.people.append(person)
    thread.grouped = thread.grouped or chat.get("thread_type") == "RegularGroup"
    messages = items(chat.get("messages"))
    for number, message in enumerate(messages, start=1):
        thread.messages.append((message, f"{where}message {number} of {len(messages)}"))


def _name(value: object) -> str:
    """A name whose UTF-8 was written as if it was Latin-1."""
    if isinstance(value, str):
        with suppress(UnicodeError):
            value = value.encode("latin-1").decode()
    return name_in(value)


def _person(value: object, key: str, encrypted: bool = False) -> str:
    """Who somebody is. Deleted accounts, which have one name, are kept apart by their chats."""
    name = name_in(value) if encrypted else _name(value)
    if name and not _DELETED.search(name):
        return name
    return f"{name or 'deleted account'} ({key})" if name or value == "" else ""


def _contacts(thread: _Thread, choices: Choices, groups: Labels, tally: Tally) -> Iterator[tuple[Contact, object, str]]:
    """The contacts in a chat, each with its exact time and where it stands."""
    senders = [_sender(message, thread.key) for message, _ in thread.messages]
    everybody = [*thread.people, *(name for name in dict.fromkeys(senders) if name and name not in thread.people)]
    grouped = thread.grouped or len(everybody) > 2
    if not grouped:
        everybody += _silent(thread, everybody, choices)
    for (entry, where), sender in zip(thread.messages, senders, strict=True):
        message = entries(entry)
        moment = message.get("timestamp_ms", message.get("timestamp"))
        when = seconds_in(moment, 1_000)
        if not message:
            tally.fail(UNKNOWN, where)
        elif reason := _passed_over(message):
            tally.skip(reason, where)
        elif grouped and not choices.groups:
            tally.skip("to several people", where)
        elif not sender:
            tally.fail(NO_NAME, where)
        elif when is None:
            tally.fail(NO_DATE, where)
        elif grouped:
            group = group_id(groups.of(thread.key, thread.title))
            yield Contact(sender, group, when, _medium(message)), moment, where
        elif len(everybody) == 1:
            tally.skip("to oneself", where)
        else:
            yield Contact(sender, everybody[sender == everybody[0]], when, _medium(message)), moment, where


def _silent(thread: _Thread, everybody: Sequence[str], choices: Choices) -> list[str]:
    """The other person of a chat that names only one: its title or the owner. None in a chat with oneself."""
    if len(everybody) != 1:
        return [] if everybody else [choices.owner, _person(thread.title, thread.key) or thread.key]
    title = _person(thread.title, thread.key)
    if title and title != everybody[0]:
        return [title]
    by_other = bool(choices.me) and not same(choices.me, everybody[0])
    return [choices.owner] if by_other else []


def _sender(entry: object, key: str) -> str:
    message = entries(entry)
    if "senderName" in message:
        return _person(message["senderName"], key, encrypted=True)
    return _person(message.get("sender_name"), key)


def _text(message: Mapping[str, object]) -> str:
    text = message.get("content", message.get("text"))
    return text if isinstance(text, str) and len(text) < 200 else ""


def _passed_over(message: Mapping[str, object]) -> str:
    """Why a record is no message or call; empty if it is one."""
    kind, text = message.get("type"), _text(message)
    if isinstance(kind, str) and kind.lower() in _NOTES:
        return "notes of the app"
    if _REACTION.fullmatch(text):
        return "reactions"
    return "notes of the app" if _NOTE.match(text) and "call_duration" not in message else ""


def _medium(message: Mapping[str, object]) -> str:
    kind = message.get("type")
    called = "call_duration" in message or (isinstance(kind, str) and kind.lower() == "call")
    return "call" if called or _CALL.fullmatch(_text(message)) else "chat"


MESSENGER = Reader("messenger", "Facebook Messenger (JSON)", _recognises_messenger, read)
INSTAGRAM = Reader("instagram", "Instagram messages (JSON)", _recognises_instagram, read)
