"""Telegram: the `result.json` that Telegram Desktop exports, of one chat or of the whole account."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from experiments.imports.contacts import Choices, Contact, Reader, Tally, believable, group_id, seconds_of
from experiments.imports.packed import (
    NO_DATE,
    NO_NAME,
    START,
    UNKNOWN,
    Damaged,
    Labels,
    Part,
    entries,
    items,
    json_of,
    name_in,
    names_of,
    parts_of,
    seconds_in,
)
from sim.contact_logs import LogError

EXPECTED = "a `result.json` that Telegram Desktop exported as machine-readable JSON"
GROUPS = {"private_group", "private_supergroup", "public_group", "public_supergroup"}
PASSED_OVER = {
    "private_channel": "in channels",
    "public_channel": "in channels",
    "bot_chat": "with bots",
    "saved_messages": "to oneself",
    "replies": "notes of the app",
    "verification_codes": "notes of the app",
}
KINDS = {"personal_chat", *GROUPS, *PASSED_OVER}
_KIND = re.compile(rb'"type"\s*:\s*"(?:' + "|".join(sorted(KINDS)).encode() + rb')"')
_ID = re.compile(r"(user|chat|channel)?([0-9]{1,20})")
LOCAL = "Some times of Telegram name no time zone, and were read as times of {}."


@dataclass
class _Account:
    """Whose account it is, and what its people and groups are called.

    Attributes:
        owner: the id of the owner, such as ``user12``; empty if the export does not say it.
        names: the names of people, by id.
        choices: what the user said.
        tally: of what is no contact.
        people: what people are called.
        groups: what groups are called.
    """

    owner: str
    names: dict[str, str]
    choices: Choices
    tally: Tally
    people: Labels = field(default_factory=Labels)
    groups: Labels = field(default_factory=Labels)

    def person(self, key: str) -> str:
        """What the person with an id is called."""
        if key == self.owner:
            return self.people.of(key or "owner", self.names.get(key, "") or self.choices.owner)
        return self.people.of(key, self.names.get(key, ""))


@dataclass(frozen=True)
class _Chat:
    """A chat: its kind, the id and name of its other side, its messages, and how it is referred to."""

    kind: str
    key: str
    name: str
    messages: list[object]
    where: str


def recognises(path: Path, start: bytes) -> float:
    """Whether it is a `result.json`, or a folder or archive with one."""
    if not start or start.startswith(b"PK\x03\x04"):
        if not any(name.rpartition("/")[2] == "result.json" for name in names_of(path)):
            return 0.0
        try:
            start = _main(path).read(START)
        except (Damaged, LogError):
            return 0.0
    start = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start.startswith(b"{"):
        return 0.0
    if _KIND.search(start) and (b'"messages"' in start or b'"list"' in start):
        return 0.98
    account = b'"personal_information"' in start and b'"user_id"' in start
    return 0.95 if account or (b'"about"' in start and b"Telegram" in start) else 0.0


def read(path: Path, choices: Choices, tally: Tally) -> Iterator[Contact]:
    """The messages and calls of chats of two people, and with `choices.groups` those of groups.

    Raises:
        LogError: it is not such an export.
    """
    try:
        export = entries(json_of(_main(path).read(None)))
    except Damaged as error:
        raise LogError(f"{path}{f', {error}' * bool(error.args)}: this is not JSON; expected {EXPECTED}.") from None
    chats, whole = _chats(export)
    if not whole and not isinstance(export.get("messages"), list):
        raise LogError(f"{path} has no chats; expected {EXPECTED}.")
    personal = entries(export.get("personal_information"))
    owner = _id(personal.get("user_id"), "user") or _owner(chats)
    account = _Account(owner, _names(chats), choices, tally)
    full = " ".join(filter(None, (name_in(personal.get("first_name")), name_in(personal.get("last_name")))))
    if owner and full:
        account.names[owner] = full
    account.person(owner)  # so that a namesake, not the owner, gets an id in addition
    for number, chat in enumerate(chats, start=1):
        where = f"chat {number} of {len(chats)}, " if whole else ""
        yield from _contacts(account, _chat(chat, where))


def _main(path: Path) -> Part:
    parts = parts_of(path)
    named = [part for part in parts if part.base == "result.json"]
    if not named and len(parts) != 1:
        raise LogError(f"{path} has no `result.json`; expected {EXPECTED}.")
    return (named or parts)[0]


def _chats(export: Mapping[str, object]) -> tuple[list[object], bool]:
    """The chats of an export, and whether it is that of an account."""
    lists = [entries(export.get(name)).get("list") for name in ("chats", "left_chats")]
    if any(isinstance(chats, list) for chats in lists) or "personal_information" in export:
        return [chat for chats in lists for chat in items(chats)], True
    return [export], False


def _chat(value: object, where: str) -> _Chat:
    chat = entries(value)
    kind = chat.get("type")
    kind = kind if isinstance(kind, str) else ""
    key = _id(chat.get("id"), "user" if kind in ("personal_chat", "bot_chat") else "chat")
    messages = chat.get("messages")
    # A chat that lacks its messages is a record that cannot be read.
    known = messages if isinstance(messages, list) else [None]
    return _Chat(kind, key, name_in(chat.get("name")), known, where)


def _id(value: object, kind: str) -> str:
    """An id such as ``user12``; old exports have only the number. Empty if it is none."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return f"{kind}{value}"
    found = _ID.fullmatch(value) if isinstance(value, str) else None
    return f"{found[1] or kind}{int(found[2])}" if found else ""


def _sender(message: Mapping[str, object]) -> str:
    name = "actor" if message.get("type") == "service" else "from"
    return _id(message.get(f"{name}_id"), "user")


def _names(chats: list[object]) -> dict[str, str]:
    """The names of people, by id, as the first message of each has it."""
    names: dict[str, str] = {}
    for value in chats:
        chat = _chat(value, "")
        if chat.kind == "personal_chat" and chat.key and chat.name:
            names.setdefault(chat.key, chat.name)
        for entry in chat.messages:
            message = entries(entry)
            name = name_in(message.get("actor" if message.get("type") == "service" else "from"))
            if name:
                names.setdefault(_sender(message), name)
    return names


def _owner(chats: list[object]) -> str:
    """The id of the person who writes in chats of two and is not the other side."""
    for value in chats:
        chat = _chat(value, "")
        if chat.kind == "personal_chat" and chat.key:
            for entry in chat.messages:
                message = entries(entry)
                sender, name = _sender(message), name_in(message.get("from"))
                if sender.startswith("user") and sender != chat.key and not (name and name == chat.name):
                    return sender
    return ""


# Messages -----------------------------------------------------------------------------------------------------------


def _contacts(account: _Account, chat: _Chat) -> Iterator[Contact]:
    for number, entry in enumerate(chat.messages, start=1):
        where = f"{chat.where}message {number} of {len(chat.messages)}"
        message = entries(entry)
        if chat.kind not in KINDS or message.get("type") not in ("message", "service"):
            account.tally.fail(UNKNOWN, where)
        elif reason := PASSED_OVER.get(chat.kind) or _note(message):
            account.tally.skip(reason, where)
        elif chat.kind in GROUPS:
            yield from _to_group(account, chat, message, where)
        else:
            yield from _to_person(account, chat, message, where)


def _note(message: Mapping[str, object]) -> str:
    """Why a record is no message or call; empty if it is one."""
    service = message.get("type") == "service" and message.get("action") != "phone_call"
    return "notes of the app" if service else ""


def _to_group(account: _Account, chat: _Chat, message: Mapping[str, object], where: str) -> Iterator[Contact]:
    sender, when = _sender(message), _time(account, message)
    if sender.startswith(("chat", "channel")):
        account.tally.skip("in channels", where)  # an administrator without a name, or a post of a channel
    elif not account.choices.groups:
        account.tally.skip("to several people", where)
    elif not sender:
        account.tally.fail(NO_NAME, where)
    elif when is None:
        account.tally.fail(NO_DATE, where)
    else:
        group = group_id(account.groups.of(chat.key or chat.where, chat.name))
        yield Contact(account.person(sender), group, when, "chat")


def _to_person(account: _Account, chat: _Chat, message: Mapping[str, object], where: str) -> Iterator[Contact]:
    sender, when = _sender(message), _time(account, message)
    if not sender or not chat.key:
        account.tally.fail(NO_NAME, where)
        return
    if when is None:
        account.tally.fail(NO_DATE, where)
        return
    if account.owner == chat.key:
        account.tally.skip("to oneself", where)
        return
    owner, other = account.person(account.owner), account.person(chat.key)
    by_other = sender == chat.key or sender != account.owner
    one, two = (other, owner) if by_other else (owner, other)
    yield Contact(one, two, when, "call" if message.get("type") == "service" else "chat")


def _time(account: _Account, message: Mapping[str, object]) -> int | None:
    """When a message was sent, in seconds since 1970; None if that is missing or impossible."""
    if "date_unixtime" in message:
        return seconds_in(message["date_unixtime"], 1)
    text, zone = message.get("date"), account.choices.zone
    try:
        seconds = seconds_of(datetime.fromisoformat(text), zone) if isinstance(text, str) else 0
    except (ValueError, OverflowError, OSError):
        return None
    if not believable(seconds):
        return None
    account.tally.note(LOCAL.format(zone or "this machine's zone"))
    return seconds


READER = Reader("telegram", "Telegram (JSON)", recognises, read)
