"""Signal: the chat history that the app exports (`main.jsonl`), and what the program signal-export writes.

Sources: `backup.proto` of libsignal, whose frames are the lines of `main.jsonl`; `Message` in `models.py` of
signal-export 2 and 3, which are the lines of `data.json` and, as text, of `chat.md`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from experiments.imports.contacts import MARKS, Choices, Contact, Reader, Tally, believable, group_id, seconds_of
from experiments.imports.packed import (
    NO_DATE,
    NO_NAME,
    UNKNOWN,
    Damaged,
    Labels,
    Part,
    entries,
    is_archive,
    json_of,
    name_in,
    names_of,
    parts_of,
    seconds_in,
)
from sim.contact_logs import LogError

BROKEN = "that are no JSON"
NOTES = "notes of the app"

# What the app exports -----------------------------------------------------------------------------------------------

APP_EXPECTED = "a `main.jsonl`, or the folder with it, that Signal exported"
_FRAMES = {"account", "recipient", "chat", "stickerPack", "adHocCall", "notificationProfile", "chatFolder"}
_MESSAGES = {
    "standardMessage",
    "contactMessage",
    "stickerMessage",
    "remoteDeletedMessage",
    "paymentNotification",
    "giftBadge",
    "viewOnceMessage",
    "directStoryReplyMessage",
    "poll",
}
_FRAME_START = re.compile(rb'\{\s*"(?:recipient|chat|chatItem|account)"\s*:\s*\{')


@dataclass
class _App:
    """What the lines above a message said of its chat and author.

    Attributes:
        choices: what the user said.
        tally: of what is no contact.
        name: what the export calls the owner; empty if it does not.
        kinds: what each recipient is: ``"self"``, ``"contact"``, ``"group"`` or another word of the export.
        names: the name of each recipient.
        chats: the recipient of each chat.
        labels: what people and groups are called.
    """

    choices: Choices
    tally: Tally
    name: str = ""
    kinds: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    chats: dict[str, str] = field(default_factory=dict)
    labels: Labels = field(default_factory=Labels)

    def label(self, recipient: str) -> str:
        """What a person is called, the owner as ``"self"``; empty for somebody unknown."""
        owner = self.labels.of("self", self.name or self.choices.owner)
        kind = "self" if recipient == "self" else self.kinds.get(recipient)
        if kind == "self":
            return owner
        return self.labels.of(recipient, self.names[recipient]) if kind == "contact" else ""


def _recognises_app(path: Path, start: bytes) -> float:
    if start and not start.startswith(b"PK\x03\x04"):
        if not start.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{"):
            return 0.0
        header = b'"backupTimeMs"' in start[:2_000]
        return 0.98 if _FRAME_START.search(start) and (header or b'"recipient"' in start) else 0.0
    return 0.95 if any(name.rpartition("/")[2] == "main.jsonl" for name in names_of(path)) else 0.0


def _read_app(path: Path, choices: Choices, tally: Tally) -> Iterator[Contact]:
    """The messages and calls in `main.jsonl`.

    Raises:
        LogError: it has no such lines.
    """
    parts = parts_of(path)
    named = [part for part in parts if part.base == "main.jsonl"]
    if not named and len(parts) != 1:
        raise LogError(f"{path} has no `main.jsonl`; expected {APP_EXPECTED}.")
    app, frames = _App(choices, tally), 0
    lines = _lines(path, (named or parts)[0])
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            frame = entries(json_of(line))
        except Damaged:
            tally.fail(BROKEN, f"line {number}")
            continue
        frames += bool(frame.keys() & {*_FRAMES, "chatItem", "backupTimeMs"})
        if "chatItem" in frame:
            yield from _item(app, entries(frame["chatItem"]), f"line {number}")
        elif not _learn(app, frame):
            tally.fail(UNKNOWN, f"line {number}")
    if not frames:
        raise LogError(f"{path}, line 1: no line is a part of a chat history; expected {APP_EXPECTED}.")


def _lines(path: Path, part: Part) -> list[bytes]:
    try:
        return part.read(None).split(b"\n")
    except Damaged:
        raise LogError(f"{path} cannot be read: it is damaged, or not open to you. Export it again.") from None


def _learn(app: _App, frame: Mapping[str, object]) -> bool:
    """Keep what a line says of people and chats. False if it is of no known kind."""
    if "account" in frame:
        account = entries(frame["account"])
        app.name = app.name or _full(account, "givenName", "familyName")
    elif "recipient" in frame:
        recipient = entries(frame["recipient"])
        key = _key(recipient.get("id"))
        kinds = [kind for kind in recipient if kind != "id"]
        app.kinds[key] = kinds[0] if key and kinds else ""
        app.names[key] = _name_of(entries(recipient.get(app.kinds[key])))
    elif "chat" in frame:
        chat = entries(frame["chat"])
        if key := _key(chat.get("id")):
            app.chats[key] = _key(chat.get("recipientId"))
    return bool(frame.keys() & _FRAMES) or "backupTimeMs" in frame or "version" in frame


def _key(value: object) -> str:
    """An id, which is a number or a text of digits."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    return str(value) if len(str(value)) < 30 else ""


def _full(person: Mapping[str, object], *names: str) -> str:
    return " ".join(filter(None, (name_in(person.get(name)) for name in names)))


def _name_of(person: Mapping[str, object]) -> str:
    """The name Signal shows for a person or group: a nickname, else that of the phone's contacts, else their own."""
    title = entries(entries(person.get("snapshot")).get("title")).get("title")
    number = _key(person.get("e164"))
    return (
        name_in(title)
        or _full(entries(person.get("nickname")), "given", "family")
        or _full(person, "systemGivenName", "systemFamilyName")
        or _full(person, "profileGivenName", "profileFamilyName")
        or (f"+{number.removeprefix('+')}" if number else "")
        or name_in(person.get("username"))
    )


def _item(app: _App, item: Mapping[str, object], where: str) -> Iterator[Contact]:
    """The contact of a message or call."""
    tally, update = app.tally, entries(item.get("updateMessage"))
    call = entries(update.get("individualCall"))
    recipient = app.chats.get(_key(item.get("chatId")), "")
    kind = app.kinds.get(recipient, "")
    if not item.keys() & {*_MESSAGES, "updateMessage"}:
        tally.fail(UNKNOWN, where)
        return
    if ("updateMessage" in item and not call) or kind == "releaseNotes":
        tally.skip(NOTES, where)
        return
    if kind == "self":
        tally.skip("to oneself", where)
        return
    if kind not in ("contact", "group"):
        tally.fail("in an unknown chat", where)
        return
    if kind == "group" and not app.choices.groups:
        tally.skip("to several people", where)
        return
    when = seconds_in(call.get("startedCallTimestamp"), 1_000) or seconds_in(item.get("dateSent"), 1_000)
    author = _author(app, item, call, recipient)
    source, target = app.label(author), app.label(recipient if author == "self" else "self")
    if kind == "group":
        target = group_id(app.labels.of(recipient, app.names[recipient]))
    if not source:
        tally.fail(NO_NAME, where)
    elif when is None:
        tally.fail(NO_DATE, where)
    else:
        yield Contact(source, target, when, "call" if call else "sms" if item.get("sms") is True else "chat")


def _author(app: _App, item: Mapping[str, object], call: Mapping[str, object], recipient: str) -> str:
    """The recipient who sent a message or called, the owner as ``"self"``."""
    author = _key(item.get("authorId"))
    if "outgoing" in item or call.get("direction") == "OUTGOING":
        return "self"
    if app.kinds[recipient] == "group":
        return author
    return "self" if not call and "incoming" not in item and app.kinds.get(author) == "self" else recipient


APP = Reader("signal", "Signal (JSONL of the app)", _recognises_app, _read_app)


# What signal-export writes ------------------------------------------------------------------------------------------

EXPECTED = "a `data.json` or `chat.md` of signal-export, or a folder with them"
_DATED = re.compile(r"\[(\d{4}-\d\d-\d\d,? \d\d:\d\d(?::\d\d)?)\] ([^:\n]{1,200}?): ?(.*)", re.S)
_CALL = re.compile(r"(?:Incoming|Outgoing|Missed) (?:voice |video |group |direct )?call(?: \([^)]{0,60}\))?")
_ME, _NOBODY = "Me", "No-Sender"
_NAMES = ("data.json", "chat.md")
LOCAL = "Times of signal-export name no time zone, and were read as times of {}."
ALONE = "In some chats only the owner wrote; each is taken for a chat with the person its folder is named after."
GROUPED = (
    "A chat in which another person wrote than its folder is named after is taken for a group. If it is none, name the "
    "folder as the export did."
)


class _Message(NamedTuple):
    """A message: its sender, date, kind, and where it stands. What it says is not kept."""

    sender: str
    date: str
    kind: str
    where: str


def _recognises_written(path: Path, start: bytes) -> float:
    if start and not start.startswith(b"PK\x03\x04"):
        first = start.lstrip(b"\xef\xbb\xbf \r\n\t").split(b"\n", 1)[0]
        if first.startswith(b"{"):
            keys = (b'"date"', b'"sender"', b'"body"', b'"reactions"', b'"attachments"')
            return 0.97 if all(key in first for key in keys) else 0.0
        text = first.decode("utf-8", "replace")
        return 0.96 if path.suffix == ".md" and _DATED.match(text) else 0.0
    bases = [name.rpartition("/")[2] for name in names_of(path)]
    found = _chosen(path, parts_of(path))[:1] if set(bases) & set(_NAMES) else []
    return 0.94 if any(_starts_right(part) for part in found) else 0.0


def _starts_right(part: Part) -> float:
    try:
        return _recognises_written(Path(part.base), part.read(2_000) or b" ")
    except Damaged:
        return 0.0


def _chosen(path: Path, parts: Sequence[Part]) -> list[Part]:
    """The file of each chat: `data.json`, or `chat.md` where that is missing."""
    if not path.is_dir() and not is_archive(path):
        return list(parts)
    found: dict[str, Part] = {}
    for part in parts:
        if part.base in _NAMES:
            folder = part.name.removesuffix(part.base)
            if part.base == "data.json" or folder not in found:
                found[folder] = part
    return list(found.values())


def _read_written(path: Path, choices: Choices, tally: Tally) -> Iterator[Contact]:
    """The messages and calls of each chat.

    Raises:
        LogError: there is no chat in it.
    """
    chosen = _chosen(path, parts_of(path))
    names, found = Labels(), 0
    names.of("owner", choices.owner)
    for number, part in enumerate(chosen, start=1):
        where = f"chat {number} of {len(chosen)}, " if len(chosen) > 1 else ""
        try:
            lines = part.read(None).decode("utf-8-sig", "replace").split("\n")
        except Damaged:
            tally.fail("in files that cannot be read", where.removesuffix(", "))
            continue
        messages = list(_written(lines, part.base.endswith(".md"), where, tally))
        found += len(messages)
        folder = part.folder or (path.name if path.is_dir() else path.resolve().parent.name)
        yield from _of_chat(_Chat(part.name, name_in(folder), messages, names), choices, tally)
    if not found:
        raise LogError(f"{path}, line 1: there is no message of signal-export; expected {EXPECTED}.")


def _written(lines: Sequence[str], as_text: bool, where: str, tally: Tally) -> Iterator[_Message]:
    if as_text:
        yield from _in_text(lines, where)
        return
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            message = entries(json_of(line.encode("utf-8", "replace")))
        except Damaged:
            message = {}
        if not message.keys() & {"date", "sender"}:
            tally.fail(BROKEN, f"{where}line {number}")
            continue
        date = message.get("date")
        sender, dated = name_in(message.get("sender")), date if isinstance(date, str) else ""
        yield _Message(sender, dated, _kind(message), f"{where}line {number}")


def _kind(message: Mapping[str, object]) -> str:
    """Whether a message is a call, or empty: notes of the app have nothing that a message has."""
    body = message.get("body")
    text = body.strip() if isinstance(body, str) else ""
    if message.get("call") is True or (_CALL.fullmatch(text) and not message.get("attachments")):
        return "call"
    said = ("attachments", "sticker", "quote", "reactions", "deleted", "edits")
    return "chat" if text or any(message.get(name) for name in said) else ""


def _in_text(lines: Sequence[str], where: str) -> Iterator[_Message]:
    """The messages of a `chat.md`. Lines without a date continue a message."""
    head: _Message | None = None
    body = ""
    for number, line in enumerate([*lines, "[0000-00-00 00:00] end: "], start=1):
        if not (found := _DATED.fullmatch(line.translate(MARKS).rstrip("\r"))):
            body += line
            continue
        if head:
            text = body.strip()
            yield head._replace(kind="call" if _CALL.fullmatch(text) else "chat" if text else "")
        head = _Message(name_in(found[2]), found[1].replace(",", ""), "", f"{where}line {number}")
        body = found[3]


@dataclass(frozen=True)
class _Chat:
    """A chat: its file, the name of its folder, its messages, and what people and groups are called."""

    key: str
    folder: str
    messages: Sequence[_Message]
    labels: Labels

    @property
    def others(self) -> list[str]:
        """Who wrote except the owner."""
        senders = dict.fromkeys(message.sender for message in self.messages if message.kind)
        return [name for name in senders if name not in (_ME, _NOBODY, "")]


def _of_chat(chat: _Chat, choices: Choices, tally: Tally) -> Iterator[Contact]:
    others, to_oneself = chat.others, _squashed(chat.folder) == "notetoself"
    grouped = any(_squashed(name) != _squashed(chat.folder) for name in others)
    if grouped and len(others) == 1:
        tally.note(GROUPED)
    if not others and not to_oneself and any(message.kind for message in chat.messages):
        tally.note(ALONE)
    label = chat.labels.of(chat.key, others[0] if others and not grouped else chat.folder)
    for message in chat.messages:
        seconds = _seconds(message.date, choices, tally)
        if not message.kind or message.sender == _NOBODY:
            tally.skip(NOTES, message.where)
        elif to_oneself:
            tally.skip("to oneself", message.where)
        elif grouped and not choices.groups:
            tally.skip("to several people", message.where)
        elif not message.sender:
            tally.fail(NO_NAME, message.where)
        elif seconds is None:
            tally.fail(NO_DATE, message.where)
        else:
            mine = message.sender == _ME
            source = choices.owner if mine else message.sender if grouped else label
            yield Contact(
                source, group_id(label) if grouped else label if mine else choices.owner, seconds, message.kind
            )


def _squashed(name: str) -> str:
    """A name as signal-export names folders: only its letters and digits, without the number that tells namesakes."""
    return re.sub(r"(?<=[^\W\d_])[0-9]{1,3}$", "", "".join(filter(str.isalnum, name.casefold())))


def _seconds(date: str, choices: Choices, tally: Tally) -> int | None:
    try:
        seconds = seconds_of(datetime.fromisoformat(date), choices.zone)
    except (ValueError, OverflowError, OSError):
        return None
    if not believable(seconds):
        return None
    tally.note(LOCAL.format(choices.zone or "this machine's zone"))
    return seconds


WRITTEN = Reader("signal-export", "Signal (signal-export)", _recognises_written, _read_written)
