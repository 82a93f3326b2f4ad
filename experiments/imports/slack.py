"""Slack: the export of a workspace, as a folder or as the zip archive that Slack offers."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from experiments.imports.contacts import Choices, Contact, Reader, Tally, believable, clean, group_id
from experiments.imports.packed import Damaged, Part, entries, names_of, parts_of
from sim.contact_logs import LogError

LISTS = ("dms.json", "mpims.json", "groups.json", "channels.json")  # of direct messages and of three kinds of groups
# Messages that people write. Other subtypes are notes of the app, such as `channel_join`, or of bots.
_WRITTEN = {None, "", "thread_broadcast", "reply_broadcast", "file_share", "me_message", "file_comment"}
_DAY = re.compile(r"([^/]+)/(\d{4}-\d\d-\d\d)\.json")
_DAMAGED = "in damaged JSON"
_NEXT = re.compile(r"\n {0,4}\{")  # where the next message begins, after a damaged one


_Files = Mapping[str, Part]  # the JSON files of an export, by their names within it


def _files_of(path: Path) -> _Files:
    """The files of an export, which an archive may have in a folder.

    Raises:
        LogError: the archive is damaged.
    """
    parts = [part for part in parts_of(path) if part.name.endswith(".json")]
    inside = [part.name for part in parts if part.base == "users.json"]
    root = min(inside, key=len).removesuffix("users.json") if inside else ""
    return {part.name.removeprefix(root): part for part in parts if part.name.startswith(root)}


def _content(files: _Files, name: str) -> bytes | None:
    """What is in a file; None if it cannot be read."""
    try:
        return files[name].read(None)
    except Damaged:
        return None


class _Place(NamedTuple):
    """A conversation: its name, and the people in it if it is between two."""

    name: str
    direct: bool
    members: tuple[str, ...]
    listed_twice: bool = False  # as in a conversation with oneself


@dataclass
class _Workspace:
    """People and conversations of an export."""

    names: dict[str, str] = field(default_factory=dict)  # of people, by id
    bots: set[str] = field(default_factory=lambda: {"USLACKBOT"})
    places: dict[str, _Place] = field(default_factory=dict)  # by folder


def read(path: Path, choices: Choices, tally: Tally) -> Iterator[Contact]:
    """Direct messages; with ``choices.groups``, also those in channels and groups, one row to the group.

    People are called by their display names, or by their ids if several have the name. Messages of bots, and those that
    say that somebody joined or the like, are skipped.

    Raises:
        LogError: this is no export of a workspace.
    """
    files = _files_of(path)
    days = sorted((parts[1], parts[2]) for name in files if (parts := _DAY.fullmatch(name)))
    if not days and not set(LISTS) & files.keys():
        raise LogError(f"{path} is no export of Slack, which has files users.json and dms.json and folders of days.")
    space = _workspace(files, tally)
    folder, place = "", _Place("", False, ())
    for name, day in days:
        if name != folder:
            folder, place = name, space.places.get(name) or _unlisted(name)
            if place.direct and len(place.members) < 2:
                place = _completed(place, _writers(files, name, days), choices)
        content = _content(files, f"{name}/{day}.json")
        file = f"{name}/{day}.json" if place.direct else f"{day}.json"  # names of groups may have names of people
        if content is None:
            tally.fail("in a file that cannot be unpacked", file)
            continue
        for number, message in enumerate(_items(content), start=1):
            where = f"{file}, message {number}"
            found = _contact(message, place, space, choices)
            if isinstance(found, str):
                (tally.fail if found in UNREAD else tally.skip)(found, where)
            elif tally.is_copy("slack", name, found.source, entries(message).get("ts")):
                tally.skip("copies", where)
            else:
                yield found


UNREAD = (_DAMAGED, "with an impossible date", "without a sender")


def _completed(place: _Place, writers: tuple[str, ...], choices: Choices) -> _Place:
    """A direct conversation with both people, where the list has one or none, as some programs write it."""
    members = tuple(dict.fromkeys((*place.members, *writers)))
    alone = len(members) == 1 and place.listed_twice
    return place._replace(members=members if len(members) > 1 or alone else (*members, choices.owner))


def _contact(message: object, place: _Place, space: _Workspace, choices: Choices) -> Contact | str:
    """The contact of a message, or the reason why it is none."""
    if not isinstance(message, dict):
        return _DAMAGED
    if message.get("type", "message") != "message":
        return "notes of the app"
    subtype, writer = message.get("subtype"), message.get("user")
    if subtype == "bot_message" or message.get("bot_id") or (isinstance(writer, str) and writer in space.bots):
        return "with machines"
    if not isinstance(subtype, str | None) or subtype not in _WRITTEN:
        return "notes of the app"
    if not isinstance(writer, str) or not clean(writer):
        return "without a sender"
    if not place.direct and not choices.groups:
        return "to several people"
    moment = _time_of(message.get("ts"))
    if moment is None:
        return "with an impossible date"
    source = _name(writer, space)
    if not place.direct:
        return Contact(source, group_id(place.name), moment, "chat")
    others = [one for one in place.members if one != writer]
    if not others:
        return "to oneself"
    if len(others) > 1:
        return "by others"
    return "with machines" if others[0] in space.bots else Contact(source, _name(others[0], space), moment, "chat")


def _name(person: str, space: _Workspace) -> str:
    return space.names.get(person) or clean(person)


def _time_of(stamp: object) -> int | None:
    """The time in a stamp such as ``"1577869200.000100"``."""
    if not isinstance(stamp, str | int | float) or not re.fullmatch(r"\d{1,12}(?:\.\d{1,9})?", str(stamp)):
        return None
    seconds = int(float(stamp))
    return seconds if believable(seconds) else None


# People and conversations -------------------------------------------------------------------------------------------


def _workspace(files: _Files, tally: Tally) -> _Workspace:
    space = _Workspace()
    named: dict[str, str] = {}
    for user in _list(files, "users.json", tally):
        person = entries(user).get("id")
        if not isinstance(person, str) or not person:
            continue
        if entries(user).get("is_bot") is True:
            space.bots.add(person)
        named[person] = _display_name(user)
    shared = Counter(name.casefold() for name in named.values())
    space.names = {person: name for person, name in named.items() if name and shared[name.casefold()] == 1}
    if len(space.names) < len(named):
        tally.note(f"{len(named) - len(space.names):,} people share a name or have none, and are called by their ids.")
    for file in LISTS:
        for one in _list(files, file, tally):
            members = entries(one).get("members")
            known = [member for member in members if isinstance(member, str)] if isinstance(members, list) else []
            if isinstance(other := entries(one).get("user"), str):
                known.append(other)
            direct = file == "dms.json"
            folder = entries(one).get("id" if direct else "name")
            if isinstance(folder, str) and folder:
                once = tuple(dict.fromkeys(known))
                space.places[folder] = _Place(clean(folder), direct, once, len(once) < len(known))
    return space


def _list(files: _Files, name: str, tally: Tally) -> Iterator[Mapping[str, Any]]:
    """The people or conversations in a file; a note says so if some of it is damaged."""
    content = _content(files, name) if name in files else b"[]"
    items = [_DAMAGED] if content is None else list(_items(content))
    if any(not isinstance(item, dict) for item in items):
        tally.note(f"Some of {name} is damaged, so people may be called by their ids, and conversations be missing.")
    yield from (item for item in items if isinstance(item, dict))


def _display_name(user: Mapping[str, Any]) -> str:
    profile = entries(user).get("profile")
    candidates = (
        [entries(profile).get(key) for key in ("display_name", "real_name")] if isinstance(profile, dict) else []
    )
    candidates += [entries(user).get(key) for key in ("real_name", "name")]
    return next((clean(name) for name in candidates if isinstance(name, str) and clean(name)), "")


def _unlisted(folder: str) -> _Place:
    """A conversation that no list names. The ids of direct ones begin with a D."""
    return _Place(clean(folder), bool(re.fullmatch(r"D[A-Z0-9]{6,}", folder)), ())


def _writers(files: _Files, folder: str, days: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Who wrote in a conversation."""
    found: dict[str, None] = {}
    for name, day in days:
        if name == folder:
            for message in _items(_content(files, f"{name}/{day}.json") or b"[]"):
                writer, subtype = entries(message).get("user"), entries(message).get("subtype")
                if isinstance(writer, str) and isinstance(subtype, str | None) and subtype in _WRITTEN:
                    found[writer] = None
    return tuple(found)


# JSON ---------------------------------------------------------------------------------------------------------------


def _items(content: bytes) -> Iterator[object]:
    """The items of a list in JSON. Where it is damaged, a text stands for the item, and reading goes on at the next."""
    text = content.decode("utf-8-sig", errors="replace")
    start = re.match(r"\s*\[\s*", text)
    if not start:
        yield _DAMAGED
        return
    decoder, place = json.JSONDecoder(), start.end()
    while place < len(text) and text[place] != "]":
        try:
            item, place = decoder.raw_decode(text, place)
            yield item
        except (ValueError, RecursionError):
            yield _DAMAGED
            found = _NEXT.search(text, place + 1)
            if not found:
                return
            place = found.end() - 1
        separator = re.compile(r"[\s,]*").match(text, place)
        place = separator.end() if separator else place
    if place >= len(text):
        yield _DAMAGED  # cut off before its end


# Recognition --------------------------------------------------------------------------------------------------------


def recognises(path: Path, head: bytes) -> float:
    """How sure it is that this is an export of Slack, 0 to 1."""
    depth = 0 if path.is_dir() else 1  # an archive may have everything in a folder
    names = {name.rpartition("/")[2] for name in names_of(path) if name.count("/") <= depth}
    return 1.0 if "users.json" in names and names & set(LISTS) else 0.6 if len(names & set(LISTS)) > 1 else 0.0


READER = Reader("slack", "Slack (export of a workspace)", recognises, read)
