"""Who the user of a log is, and what its people are called: a file beside the log, which stays on this machine.

Ids of a log are addresses and numbers where exports have these. The names are those of headers of mail and of address
books, without anything that was written.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from experiments.imports.contacts import clean
from experiments.imports.id_tables import lines_of_table
from sim.contact_logs import LogError

COLUMNS = ("id", "name", "you")
YES = "yes"  # in the column `you`, of one person
_ALMOST_ALL = 0.95  # share of an export's contacts in which its owner takes part; an assumption
_ENOUGH = 5  # contacts of an export from which its owner can be guessed


@dataclass(frozen=True)
class People:
    """What is known about the people of a log, beside their contacts.

    Attributes:
        you: the id of the user; empty if it is not known.
        names: what people are called, by id.
    """

    you: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    def among(self, ids: Iterable[str]) -> People:
        """What is known about some of them."""
        known = set(ids)
        you = self.you if self.you in known else ""
        return People(you, {one: name for one, name in self.names.items() if one in known})


def called(ids: Iterable[str], names: Mapping[str, str]) -> list[str]:
    """How to show people: by name, by name and id if several have the name, by id if they have none."""
    often = Counter(name.casefold() for name in names.values())
    shown = []
    for one in ids:
        name = names.get(one, one)
        shown.append(name if name == one or often[name.casefold()] == 1 else f"{name} ({one})")
    return shown


def owners(exports: Iterable[pd.DataFrame]) -> list[str]:
    """Ids that are probably the user's: of exports with several people, the one that takes part in almost all contacts.

    Args:
        exports: the contacts of each export, with columns ``source`` and ``target``.

    Returns:
        At most one id for each export, without repeats. An export of one chat has none, since both take part in all of
        it, and neither has the mail of a whole company.
    """
    found: list[str] = []
    for rows in exports:
        contacts = pd.concat([rows["source"], rows["target"]]).value_counts()
        everywhere = [str(one) for one, many in contacts.items() if many >= _ALMOST_ALL * len(rows)]
        if len(rows) >= _ENOUGH and len(contacts) > 2 and len(everywhere) == 1:
            found += everywhere
    return list(dict.fromkeys(found))


# The file ------------------------------------------------------------------------------------------------------------


def beside(log: Path) -> Path:
    """The file about the people of a log: ``log.people.csv`` for ``log.parquet`` and ``log.csv.gz``."""
    return log.with_name(f"{log.name.partition('.')[0]}.people.csv")


def written(people: People, path: Path) -> None:
    """Write what is known as a CSV file, in which a user can correct names."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for one in dict.fromkeys([*filter(None, [people.you]), *sorted(people.names)]):
            table.writerow((one, people.names.get(one, ""), YES if one == people.you else ""))


def read(path: Path) -> People:
    """What a file says about people; nothing if there is no file. Columns: ``id``, ``name`` and ``you``.

    Raises:
        LogError: the file lacks a column, an id is missing or stands there twice, or two people are the user.
    """
    you, names = "", dict[str, str]()
    if not path.exists():
        return People()
    seen: set[str] = set()
    for where, row in lines_of_table(path, COLUMNS):
        one = clean(row["id"])
        if not one or one in seen:
            raise LogError(f"{where}: {'this id has a line above it' if one else 'an id is missing'}.")
        seen.add(one)
        if name := clean(row["name"]):
            names[one] = name
        if clean(row["you"]).casefold() == YES:
            if you:
                raise LogError(f"{where}: a line above it is already marked as you.")
            you = one
    return People(you, names)
