"""Texts and calls as the Android app SMS Backup & Restore, and apps that write its format, keep them in XML.

A backup can have gigabytes of pictures, and characters that XML forbids. So the file is cut into records as it is read,
without the pictures, and each record is parsed by itself: a damaged one is counted and does not end the others. A
document type is refused, so no entities are defined.
"""

from __future__ import annotations

import codecs
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from experiments.imports.contacts import Choices, Contact, Reader, Tally, believable, encoding_of, group_id, same
from experiments.imports.phones import PhoneBook, is_service, key_of, number_of
from sim.contact_logs import LogError

CHUNK = 1 << 20  # bytes
LONGEST = 1 << 23  # characters of a record without pictures; longer ones are damage

BAD_DATE, BAD_KIND, BROKEN = "with an impossible date", "of an unknown type", "with damaged markup"
SEVERAL, NO_NUMBER, SERVICE = "to several people", "without a number", "from services and to short numbers"
_FROM, _TO = "137", ("151", "130", "129")  # types of addresses: to, and copies
_SELF = "insert-address-token"  # what phones put for their own number

_RECORD = re.compile(r"<(sms|mms|call)(?=[\s/>])")
_PICTURE = re.compile(r"""(\bdata=["'])[A-Za-z0-9+/=\s]{64,}""")
_REST = r"""(?:[^"'<>]++|"[^"<]*+"|'[^'<]*+')*+"""
_TAG = re.compile(rf"<(?:sms|call){_REST}>")
_TAG_OF_MMS = re.compile(rf"<mms{_REST}>")
_REFERENCE = re.compile(r"&#(?:x([0-9A-Fa-f]{1,8})|(\d{1,9}));")
_BARE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9A-Fa-f]{1,6});)")
_FORBIDDEN = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ufffe\\uffff]")


class Record(NamedTuple):
    """A record: its kind (`sms`, `mms` or `call`), attributes, addresses with their types, and where it stands."""

    kind: str
    values: Mapping[str, str]
    addresses: list[tuple[str, str]]
    where: str


@dataclass
class _Backup:
    """What a first look at the file finds: names, the owner's numbers, and the count that the file gives."""

    book: PhoneBook = field(default_factory=PhoneBook)
    own: set[str] = field(default_factory=set)  # as `key_of` has them
    count: int = -1
    records: int = 0
    seconds: int = 0  # the number of times in seconds instead of milliseconds


def read_texts(path: Path, choices: Choices, tally: Tally) -> Iterator[Contact]:
    """Texts between the owner and one person; with ``choices.groups``, also to groups, one row to the group.

    People are called by their name in the phone, or else by their number. Drafts, texts that failed, and texts of
    services with names or short numbers are skipped, and those that came before in this or another backup.

    Raises:
        LogError: the file is not such a backup.
    """
    backup = _look(path, "smses", choices)
    for record in _records(path, "smses"):
        if isinstance(record, str):
            tally.fail(BROKEN, record)
            continue
        found = _text(record, backup, choices) if record.kind != "call" else "calls among texts"
        yield from _counted(found, record, tally)
    _close(backup, tally)


def read_calls(path: Path, choices: Choices, tally: Tally) -> Iterator[Contact]:
    """Calls that reached somebody: received and placed ones, and messages left on the owner's voicemail.

    Missed, declined and blocked calls are skipped, and placed ones of no length, because nobody spoke.

    Raises:
        LogError: the file is not such a backup.
    """
    backup = _look(path, "calls", choices)
    for record in _records(path, "calls"):
        if isinstance(record, str):
            tally.fail(BROKEN, record)
            continue
        found = _call(record, backup, choices) if record.kind == "call" else "texts among calls"
        yield from _counted(found, record, tally)
    _close(backup, tally)


def _counted(found: Contact | str, record: Record, tally: Tally) -> Iterator[Contact]:
    if isinstance(found, str):
        count = tally.fail if found in (BAD_DATE, BAD_KIND) else tally.skip
        count(found, record.where)
    elif tally.is_copy(record.kind, *(record.values.get(name) for name in _DISTINCT), found.source, found.target):
        tally.skip("copies", record.where)
    else:
        yield found


_DISTINCT = ("date", "type", "msg_box", "m_id", "tr_id", "duration", "body")  # what tells records apart


def _close(backup: _Backup, tally: Tally) -> None:
    if backup.count > backup.records:
        tally.note(f"The backup says that it has {backup.count:,} records, and {backup.records:,} are in the file.")
    if backup.seconds:
        tally.note("Some times are in seconds instead of milliseconds, by their size.")


# Records ------------------------------------------------------------------------------------------------------------


def _look(path: Path, root: str, choices: Choices) -> _Backup:
    """Read the file once for what the records need of one another."""
    if not path.is_file():
        raise LogError(f"{path} is not a file.")
    with path.open("rb") as file:
        head = file.read(1 << 16)
    text = head.decode(encoding_of(head), errors="replace")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise LogError(f"{path} has a document type, which backups of texts and calls do not have. Export it again.")
    found = re.search(rf"<{root}\b[^<>]*>", text)
    if not found:
        raise LogError(f"{path}, line 1: this is no backup by SMS Backup & Restore, which has an element <{root}>.")
    backup = _Backup(own={key_of(number) for name in choices.me if (number := number_of(name))})
    count = re.search(r"\bcount=[\"'](\d{1,9})[\"']", found[0])
    backup.count = int(count[1]) if count else -1
    for record in _records(path, root):
        backup.records += 1
        if isinstance(record, str):
            continue
        listed = record.values.get("address") or record.values.get("number", "")
        numbers = {key_of(number): number for one in listed.split("~") if (number := number_of(one))}
        if len(numbers) == 1:
            backup.book.learn(next(iter(numbers.values())), record.values.get("contact_name"))
        if record.values.get("msg_box") in ("2", "4"):  # sent, so the sender is the owner
            backup.own |= {key_of(number_of(address)) for address, kind in record.addresses if kind == _FROM}
    backup.own.discard("")
    return backup


def _records(path: Path, root: str) -> Iterator[Record | str]:
    """Each record, or where it stands if it is damaged."""
    for number, text in enumerate(_texts(path, root), start=1):
        where = f"record {number}"
        yield _parsed(text, where) or where


def _texts(path: Path, root: str) -> Iterator[str]:
    """The text of each record, which ends where the next one begins."""
    with path.open("rb") as file:
        encoding = encoding_of(file.read(64))
        file.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        text, begun = "", False
        while chunk := file.read(CHUNK):
            text = _PICTURE.sub(r"\1", text + decoder.decode(chunk))
            start = 0 if begun else -1
            for found in _RECORD.finditer(text, 1 if begun else 0):
                if start >= 0:
                    yield text[start : found.start()]
                start = found.start()
            begun = start >= 0
            text = text[start:] if begun else text[-8:]
            if len(text) > LONGEST:
                yield ""
                text, begun = text[-8:], False
        text = _PICTURE.sub(r"\1", text + decoder.decode(b"", final=True))
        if begun:
            yield text.partition(f"</{root}>")[0]


def _parsed(text: str, where: str) -> Record | None:
    """The record in a text; None if its markup is damaged beyond what can be told."""
    text = _repaired(text)
    mms = text.startswith("<mms")
    found = (_TAG_OF_MMS if mms else _TAG).match(text)
    if not found:
        return None
    tag = found[0]
    closed = tag.endswith("/>")
    end = text.find("</mms>") if mms and not closed else -1
    if mms and not closed and end < 0:
        return None
    whole = text[: end + 6] if end >= 0 else tag if closed else f"{tag[:-1]}/>"
    try:
        element = ElementTree.fromstring(whole)
    except (ElementTree.ParseError, ValueError, RecursionError):
        return None
    addresses = [(one.get("address", ""), one.get("type", "")) for one in element.iter("addr")]
    return Record(element.tag, element.attrib, addresses, where)


def _repaired(text: str) -> str:
    """The text with emoji written as halves put together, and without characters that XML forbids."""
    text = _BARE.sub("&amp;", _REFERENCE.sub(_allowed, text))
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _FORBIDDEN.sub("\ufffd", whole)


def _allowed(found: re.Match[str]) -> str:
    number = int(found[1], 16) if found[1] else int(found[2])
    if 0xD800 <= number <= 0xDFFF:
        return chr(number)
    valid = number in (9, 10, 13) or (32 <= number <= 0x10FFFF and number & 0xFFFE != 0xFFFE)
    return found[0] if valid else "\ufffd"


# Contacts -----------------------------------------------------------------------------------------------------------


def _text(record: Record, backup: _Backup, choices: Choices) -> Contact | str:
    """The contact of a text or picture message, or the reason why it is none."""
    mms = record.kind == "mms"
    box = _box_of_mms(record.values) if mms else record.values.get("type", "").strip()
    if box == "3":
        return "drafts"
    if box in ("4", "5", "6"):
        return "not sent"
    if mms and record.values.get("m_type", "").strip() in ("134", "136"):
        return "reports of delivery"
    if box not in ("1", "2"):
        return BAD_KIND
    received = box == "1"
    sender, others = _people(record, backup, received) if mms else ("", _listed(record, backup))
    if not others:
        own = [number_of(one) for one in record.values.get("address", "").split("~")]
        return "to oneself" if any(key_of(number) in backup.own for number in own) else NO_NUMBER
    if len(others) > 1 and not choices.groups:
        return SEVERAL
    writer = sender or (others[0] if received and len(others) == 1 else "")
    if len(others) == 1 and is_service(others[0]):
        return SERVICE
    if received and not writer:
        return "without a sender's number"
    if received and key_of(writer) in backup.own:
        return "to oneself"
    sent = _time_of(record.values, backup)
    if sent is None:
        return BAD_DATE
    names = [backup.book.name(number) for number in others]
    owner = choices.owner
    if len(names) == 1 and same((owner, *choices.me), names[0]):
        return "to oneself"
    source = backup.book.name(writer) if received else owner
    target = group_id(", ".join(sorted(names))) if len(names) > 1 else owner if received else names[0]
    return Contact(source, target, sent, "sms")


def _box_of_mms(values: Mapping[str, str]) -> str:
    """Where a picture message is: 1 received, 2 sent, and so on; by the kind of message if no box is given."""
    box = values.get("msg_box", "").strip()
    if box not in ("", "null", "0"):
        return box
    return {"128": "2", "130": "1", "132": "1"}.get(values.get("m_type", "").strip(), box)


def _listed(record: Record, backup: _Backup) -> list[str]:
    """The numbers in the address of a record, without the owner's."""
    numbers = [number_of(one) for one in record.values.get("address", "").split("~")]
    return _others(numbers, backup)


def _others(numbers: list[str], backup: _Backup) -> list[str]:
    """Each number once, without the owner's."""
    once = {key_of(number): number for number in numbers if number and number != _SELF}
    return [number for key, number in once.items() if key not in backup.own]


def _people(record: Record, backup: _Backup, received: bool) -> tuple[str, list[str]]:
    """Who sent a picture message, empty for the owner, and everybody in it but the owner."""
    listed = _listed(record, backup)
    senders = _others([number_of(address) for address, kind in record.addresses if kind == _FROM], backup)
    receivers = _others([number_of(address) for address, kind in record.addresses if kind in _TO], backup)
    if not received:
        return "", _others(receivers + listed, backup)
    sender = senders[0] if senders else listed[0] if len(listed) == 1 else ""
    if len(receivers) < 2:
        # One receiver besides known numbers of the owner is the owner, unless the list of people names it too.
        keys = set(map(key_of, listed))
        receivers = [number for number in receivers if key_of(number) in keys]
    elif not backup.own:
        receivers = _without_owner(receivers, listed)
    people = _others([sender, *listed, *receivers], backup)
    return sender, people


def _without_owner(receivers: list[str], listed: list[str]) -> list[str]:
    """Receivers of a message to several people. The one that the list of people lacks is the owner."""
    keys = set(map(key_of, listed))
    lacking = [number for number in receivers if key_of(number) not in keys]
    return [number for number in receivers if number not in lacking] if len(lacking) == 1 else receivers


def _call(record: Record, backup: _Backup, choices: Choices) -> Contact | str:
    """The contact of a call, or the reason why it is none."""
    kind = record.values.get("type", "").strip()
    if kind in ("3", "5", "6"):
        return "missed or declined calls"
    if kind not in ("1", "2", "4", "7"):  # 7 was answered on another device
        return BAD_KIND
    number = number_of(record.values.get("number"))
    if not number or record.values.get("presentation", "1").strip() in ("2", "3", "4"):
        return NO_NUMBER
    if is_service(number, shortest=4):
        return SERVICE
    if kind == "2" and record.values.get("duration", "").strip() == "0":
        return "calls that nobody answered"
    called = _time_of(record.values, backup)
    if called is None:
        return BAD_DATE
    name, owner = backup.book.name(number), choices.owner
    if key_of(number) in backup.own or same((owner, *choices.me), name):
        return "to oneself"
    return Contact(owner, name, called, "call") if kind == "2" else Contact(name, owner, called, "call")


def _time_of(values: Mapping[str, str], backup: _Backup) -> int | None:
    """Seconds since 1970: the app writes milliseconds, and some that write its format write seconds."""
    text = values.get("date", "").strip()
    if not re.fullmatch(r"\d{1,16}", text):
        return None
    number = int(text)
    if believable(number / 1_000):
        return number // 1_000
    if believable(number):
        backup.seconds += 1
        return number
    return None


# Recognition --------------------------------------------------------------------------------------------------------


def _has_root(root: str, record: str) -> Callable[[Path, bytes], float]:
    """How sure it is that a file has this root and such records, 0 to 1."""

    def recognises(path: Path, head: bytes) -> float:
        if path.is_dir() or not head:
            return 0.0
        text = head.decode(encoding_of(head), errors="replace").lstrip()
        if not text.startswith("<") or not re.search(rf"<{root}[\s>/]", text):
            return 0.0
        return 1.0 if re.search(record, text) else 0.7

    return recognises


TEXTS = Reader("sms", "Texts (SMS Backup & Restore)", _has_root("smses", r"<[sm]ms\s"), read_texts)
CALLS = Reader("calls-xml", "Calls (SMS Backup & Restore)", _has_root("calls", r"<call\s"), read_calls)
