"""LinkedIn: `messages.csv` in a copy of your data, with 9 to 13 columns since 2020."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from experiments.imports.contacts import Choices, Contact, Reader, Tally, clean, group_id
from experiments.imports.dates import TimeColumn
from experiments.imports.delimited import Row, TextTable, columns_in, table_of

EXPECTED = "of LinkedIn's messages, such as CONVERSATION ID, FROM, TO and DATE"
NOBODY = {"", "linkedin member", "linkedin-mitglied", "membre de linkedin", "miembro de linkedin"}  # who left
_YES = {"yes", "true", "1"}


def _is_header(names: Mapping[str, int]) -> bool:
    return {"conversation id", "from", "to", "date"} <= set(names)


class _Sheet:
    """The cells of a row by the name of their column."""

    def __init__(self, table: TextTable) -> None:
        self.places = table.columns

    def get(self, row: Row, name: str) -> str:
        """A cell; empty if the export lacks the column."""
        place = self.places.get(name)
        return "" if place is None else row.cells[place].strip()


class _People:
    """What people are called: by their name, or by their profile if several have the name."""

    def __init__(self, has_senders: bool, has_receivers: bool) -> None:
        self.has_senders, self.has_receivers = has_senders, has_receivers
        self.names: dict[str, str] = {}  # of profiles
        self._profiles: defaultdict[str, set[str]] = defaultdict(set)  # of names
        self.writers: set[str] = set()

    def learn(self, profile: str, name: str) -> None:
        """Note that a profile has a name."""
        if profile and name.casefold() not in NOBODY:
            self.names.setdefault(profile, name)
            self._profiles[name.casefold()].add(profile)

    def label(self, profile: str) -> str:
        """The name of a profile if no other has it; otherwise the profile."""
        name = self.names.get(profile, "")
        return name if name and len(self._profiles[name.casefold()]) == 1 else profile


def read(path: Path, choices: Choices, tally: Tally) -> Iterator[Contact]:
    """Messages from one member to one other; with ``choices.groups``, also to groups, one row to the group.

    People are called by their names, and by the address of their profile if several have the name. Drafts, spam,
    sponsored messages and those of members who left are skipped.

    Raises:
        LogError: the file is not such a table.
    """
    if path.is_dir():
        path = path / "messages.csv"
    table = table_of(path, _is_header, EXPECTED, tally)
    sheet, times = _Sheet(table), TimeColumn(choices, "the dates")
    people = _People("sender profile url" in table.columns, "recipient profile urls" in table.columns)
    for row in table.rows():
        times.look(sheet.get(row, "date"), row.where)
        sender, receivers = _profiles(sheet, row)
        people.learn(sender, clean(sheet.get(row, "from")))
        people.writers.add(clean(sheet.get(row, "from")))
        if len(receivers) == 1:
            people.learn(receivers[0], clean(sheet.get(row, "to")))
    times.decide(tally, path.name)
    for row in table.rows(tally):
        found = _contact(sheet, row, people, times, choices.groups)
        if isinstance(found, str):
            (tally.fail if found in UNREAD else tally.skip)(found, row.where)
        elif tally.is_copy("linkedin", *(sheet.get(row, name) for name in _DISTINCT), found.source, found.target):
            tally.skip("copies", row.where)
        else:
            yield found
    times.note_zone(tally)


UNREAD = (
    "with an impossible date",
    "with a line break in a name",
    "with too few columns",
    "with unreadable characters",
)
_DISTINCT = ("conversation id", "date", "subject", "content")  # what tells messages apart; only a digest is kept


def _contact(sheet: _Sheet, row: Row, people: _People, times: TimeColumn, groups: bool) -> Contact | str:
    """The contact of a row, or the reason why it is none."""
    if not sheet.get(row, "date") and not sheet.get(row, "to"):
        return "with too few columns"
    if any("\n" in sheet.get(row, name) for name in ("from", "to", "sender profile url", "recipient profile urls")):
        return "with a line break in a name"  # a quote without an end takes in other rows
    drafts = (sheet.get(row, "is message draft"), sheet.get(row, "is conversation draft"))
    if _YES & {draft.casefold() for draft in drafts}:
        return "drafts"
    if sheet.get(row, "folder").casefold() == "spam":
        return "spam"
    source = _sender(sheet, row, people)
    if not source:
        return "sponsored or from members who left"
    targets = _receivers(sheet, row, people)
    if "\ufffd" in "".join((source, *targets)):
        return "with unreadable characters"
    if not targets:
        return "without a receiver"
    others = set(targets) - {source}
    if not others:
        return "to oneself"
    if len(others) > 1 and not groups:
        return "to several people"
    moment = times.seconds(sheet.get(row, "date"))
    if moment is None:
        return "with an impossible date"
    title = clean(sheet.get(row, "conversation title") or sheet.get(row, "conversation id"))
    return Contact(source, group_id(title) if len(others) > 1 else others.pop(), moment, "chat")


def _profiles(sheet: _Sheet, row: Row) -> tuple[str, list[str]]:
    """The profiles of the sender and the receivers, each as `linkedin.com/in/…`."""
    sender = _profile(sheet.get(row, "sender profile url"))
    receivers = map(_profile, re.split(r"[,;\s]+", sheet.get(row, "recipient profile urls")))
    return sender, list(dict.fromkeys(filter(None, receivers)))


def _profile(address: str) -> str:
    address = address.strip()
    if not address:
        return ""
    try:
        parts = urlsplit(address if "//" in address else f"https://{address}")
    except ValueError:
        return clean(address)
    host = parts.netloc.casefold().removeprefix("www.")
    return clean(f"{host}{unquote(parts.path).rstrip('/').casefold()}")


def _sender(sheet: _Sheet, row: Row, people: _People) -> str:
    """Who wrote a message; empty for sponsored messages and members who left, who have no profile."""
    name, (profile, _) = clean(sheet.get(row, "from")), _profiles(sheet, row)
    if profile:
        return people.label(profile)
    return "" if people.has_senders or name.casefold() in NOBODY else name


def _receivers(sheet: _Sheet, row: Row, people: _People) -> list[str]:
    """Who received a message: by profiles or, in exports without these, by names, which commas separate."""
    _, profiles = _profiles(sheet, row)
    if profiles:
        return [people.label(profile) for profile in profiles]
    names = clean(sheet.get(row, "to"))
    if people.has_receivers or names.casefold() in NOBODY:
        return []
    if ", " not in names or names in people.writers:  # such as `Ann Bee, Ph.D.`, who wrote too
        return [names]
    return [name for name in (clean(one) for one in names.split(", ")) if name.casefold() not in NOBODY]


def recognises(path: Path, head: bytes) -> float:
    """How sure it is that this is LinkedIn's table of messages, or the folder with it, 0 to 1."""
    if path.is_dir():
        file = path / "messages.csv"
        if not file.is_file():
            return 0.0
        with file.open("rb") as opened:
            head = opened.read(1 << 16)
    return 1.0 if columns_in(head, _is_header) else 0.0


READER = Reader("linkedin", "LinkedIn (messages.csv)", recognises, read)
