"""Numbers of phones, and the names that a phone's contacts give them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict

from experiments.imports.contacts import clean

UNKNOWN = {"", "null", "(unknown)", "unknown", "unbekannt", "(unbekannt)", "inconnu", "desconocido", "sconosciuto",
           "private", "private number", "anonymous", "anonym", "withheld", "none", "nan", "-1", "-2", "-3", "no name",
           "unavailable", "restricted", "blocked"}  # fmt: skip
SHORT = 6  # digits of numbers that belong to services, as texts have them
_SEPARATORS = re.compile(r"[\s\-()./\u2010-\u2015]+")
_DIALLED = re.compile(r"\+?[\d*#]+(?:[,;pw][\d*#,;]*)?")


def number_of(text: object) -> str:
    """A number without spaces and dashes, an address of mail in lower case, or a service's name; empty if withheld."""
    plain = clean("" if text is None else text)
    if plain.casefold() in UNKNOWN or "\ufffd" in plain:
        return ""
    if "@" in plain:
        return plain.lower()
    number = _SEPARATORS.sub("", plain)
    return number if _DIALLED.fullmatch(number) else plain


def is_service(number: str, shortest: int = SHORT + 1) -> bool:
    """Whether it is a name of a sender, such as of a bank, or a short number, which people do not have."""
    if "@" in number:
        return False
    return not _DIALLED.fullmatch(number) or len(re.sub(r"\D", "", number)) < shortest


def key_of(number: str) -> str:
    """What is the same in a number with and without its country: its last nine digits."""
    digits = re.sub(r"\D", "", number) if "@" not in number else ""
    return digits[-9:] or number.casefold()


class PhoneBook:
    """The names of numbers, as the records of a file have them."""

    def __init__(self) -> None:
        self._names: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def learn(self, number: str, name: object) -> None:
        """Note a name that stands with a number."""
        known = clean("" if name is None else name)
        if number and known.casefold() not in UNKNOWN and "\ufffd" not in known:
            self._names[key_of(number)][known] += 1

    def name(self, number: str) -> str:
        """The most frequent name of a number; the number itself if it has none."""
        names = self._names.get(key_of(number))
        return max(names, key=lambda name: (names[name], name)) if names else number
