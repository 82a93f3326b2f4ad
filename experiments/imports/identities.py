"""Which ids of a log are probably one person, and the file in which a user confirms or denies it.

An address with and without a `+tag`, a number with and without its country code, a name in two spellings, two addresses
with the same full name: these are proposed, and nothing is merged until the user says so.
"""

from __future__ import annotations

import csv
import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from experiments.imports.contacts import clean
from experiments.imports.id_tables import lines_of_table
from sim.contact_logs import LogError

try:  # the extra `logs`; without it, numbers are compared as they are written
    import phonenumbers
except ImportError:
    phonenumbers = None

COLUMNS = ("id", "same_as", "why", "sure")
SURE = 0.9  # proposals at least as sure are merged by `--merge`
_MOST_LINKS = 1_000  # in a chain of aliases, far more than anyone has ids
_ADDRESS = re.compile(r"([^\s@]+)@([^\s@]+)")
_NUMBER = re.compile(r"[+(]?[\d\s()./-]{5,30}\d")
_TITLES = {"dr", "prof", "professor", "mr", "mrs", "ms", "miss", "herr", "frau", "mme", "sr", "sra"}  # beside a name
_GMAIL = {"gmail.com", "googlemail.com"}  # which ignore dots, and are one


class Alias(NamedTuple):
    """A proposal that an id is another one's.

    Attributes:
        id: the id that would go.
        same_as: the id that would stay, which has more contacts.
        why: the reason, for people.
        sure: how sure it is, 0 to 1; an assumption, not an estimate. 0 says that they are two people.
    """

    id: str
    same_as: str
    why: str
    sure: float


Pair = frozenset[str]  # of two ids


class Answers(NamedTuple):
    """What a user has said about ids.

    Attributes:
        aliases: the ids that are another's, each with the one that stays.
        apart: pairs of ids that are two people's.
    """

    aliases: dict[str, str]
    apart: frozenset[Pair] = frozenset()


def proposals(
    contacts: Mapping[str, int],
    country: str | None = None,
    names: Mapping[str, str] = MappingProxyType({}),
    apart: Collection[Pair] = frozenset(),
) -> list[Alias]:
    """Ids that are probably another's, the surest first.

    Args:
        contacts: the number of contacts of each id.
        country: where numbers without a country code are from, such as ``"DE"``. By default that of most numbers that
            have one.
        names: what people are called beside their id, such as in headers of mail. Names of one word do not count.
        apart: pairs of ids that the user has said are two people's, which are not proposed.

    Returns:
        A proposal for each id that would go. An id that would stay may go by a less sure proposal, so that each can be
        agreed to on its own.
    """
    region = country or _region(contacts)
    kinds: list[tuple[str, float, Callable[[str], str | None]]] = [
        ("the same address, apart from its tag", 0.95, _address),
        ("the same number, written differently", 0.95, lambda one: _number(one, region)),
        ("the same name, spelled differently", 0.7, _name),
        ("the same name beside the address", 0.7, lambda one: _name(names.get(one, one))),
        ("an address made of the name", 0.5, _name_or_local_part),
    ]
    found: dict[str, Alias] = {}
    for why, sure, key_of in kinds:
        alike: dict[str, list[str]] = defaultdict(list)
        for one in contacts:
            key = key_of(one)
            if key is not None:
                alike[key].append(one)
        for ids in alike.values():
            stays, *others = sorted(ids, key=lambda one: (-contacts[one], one))
            last = _end(stays, found)
            found |= {
                other: Alias(other, last, why, sure)
                for other in others
                if other not in found and other != last and Pair({other, last}) not in apart
            }
    return sorted(found.values(), key=lambda one: (-one.sure, one.same_as, one.id))


def _end(one: str, found: Mapping[str, Alias]) -> str:
    while one in found:
        one = found[one].same_as
    return one


def _address(one: str) -> str | None:
    """The address without its tag; Google also ignores dots."""
    found = _ADDRESS.fullmatch(one)
    if not found:
        return None
    local, domain = found[1].lower().partition("+")[0], found[2].lower()
    if domain in _GMAIL:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}" if local else None


def _parsed(one: str, region: str | None) -> Any:
    """A telephone number of `phonenumbers`, or None."""
    if phonenumbers is None or not _NUMBER.fullmatch(one):
        return None
    try:
        number = phonenumbers.parse(one, region)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_possible_number(number) else None


def _number(one: str, region: str | None) -> str | None:
    """The number with its country code. `0049…` is the same as `+49…`."""
    number = _parsed(f"+{one[2:]}" if one.startswith("00") else one, region)
    return None if number is None else phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _region(ids: Iterable[str]) -> str | None:
    """The country of most numbers that say theirs."""
    often: dict[str, int] = defaultdict(int)
    for one in ids:
        number = _parsed(f"+{one[2:]}" if one.startswith("00") else one, None)
        region = None if number is None else phonenumbers.region_code_for_number(number)
        if region:
            often[region] += 1
    return max(sorted(often), key=lambda region: often[region]) if often else None


def _words(text: str) -> list[str]:
    """The words of a name without accents and case."""
    plain = unicodedata.normalize("NFKD", clean(text)).casefold()
    return re.findall(r"[^\W\d_]+", "".join(letter for letter in plain if not unicodedata.combining(letter)))


def _name(one: str) -> str | None:
    """The words of a name of two words or more, without titles, sorted: `Smith, Dr. Ann` is `Ann Smith`."""
    if _ADDRESS.fullmatch(one) or one.startswith("group: "):
        return None
    words = [word for word in _words(one) if word not in _TITLES]
    return " ".join(sorted(words)) if len(words) >= 2 else None


def _name_or_local_part(one: str) -> str | None:
    """As `_name`; of an address such as `ann.smith@example.org`, the words before the `@`."""
    found = _ADDRESS.fullmatch(one)
    return _name(re.sub(r"[._-]", " ", found[1].partition("+")[0])) if found else _name(one)


def lines_of(answers: Answers) -> list[Alias]:
    """What the user has said, as lines of the file."""
    one_person = [Alias(one, other, "confirmed", 1.0) for one, other in answers.aliases.items()]
    return one_person + [Alias(one, other, "two people", 0.0) for one, other in sorted(map(sorted, answers.apart))]


def end_of(one: str, aliases: Mapping[str, str]) -> str:
    """The id that stays, after all aliases."""
    for _ in range(_MOST_LINKS):
        if aliases.get(one, one) == one:
            break
        one = aliases[one]
    return one


# The file ------------------------------------------------------------------------------------------------------------


def written(aliases: Iterable[Alias], path: Path) -> None:
    """Write proposals as a CSV file that a user can check: lines to keep are left, others deleted."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        table.writerows(aliases)


def read(path: Path) -> Answers:
    """What a file of aliases says. Columns: ``id``, ``same_as`` and perhaps ``sure``, in which 0 says "two people".

    Raises:
        LogError: the file lacks a column, a value is missing, an id has two aliases, or aliases go in a circle.
    """
    direct, apart = dict[str, str](), set[Pair]()
    for where, row in lines_of_table(path, COLUMNS[:2]):
        one, other = clean(row["id"]), clean(row["same_as"])
        if not one or not other:
            raise LogError(f"{where}: an id is missing; expected id,same_as.")
        if _is_zero(row.get("sure"), where):
            apart.add(Pair({one, other}))
        elif direct.setdefault(one, other) != other:
            raise LogError(f"{where}: this id has another alias in a line above it.")
    return Answers({one: _last(one, direct, path) for one in direct}, frozenset(apart))


def _is_zero(text: str | None, where: str) -> bool:
    """Whether a line says "two people".

    Raises:
        LogError: it does not say how sure it is by a number from 0 to 1.
    """
    try:
        sure = float((text or "").strip().replace(",", ".") or "1")
    except ValueError:
        sure = math.nan
    if not 0 <= sure <= 1:
        raise LogError(f"{where}: sure is {text!r}; expected a number from 0 (two people) to 1.")
    return sure == 0


def _last(one: str, direct: Mapping[str, str], path: Path) -> str:
    last = end_of(one, direct)
    if direct.get(last, last) == last:
        return last
    raise LogError(f"{path}: aliases go in a circle, so none of these ids stays. Delete a line of the circle.")
