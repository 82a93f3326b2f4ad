"""What is said of a contact log: why it cannot be used, and what there is to know about one that can."""

from __future__ import annotations

from typing import NamedTuple

_LENGTH = 200  # characters of what others say


class LogError(ValueError):
    """A contact log that cannot be used; the text says where it fails and what to do."""


class BadRowError(Exception):
    """A value that cannot be used, before it is known how its file names a row.

    Attributes:
        row: counted from 0.
        said: what is wrong with it, and what to do.
    """

    def __init__(self, row: int, said: str) -> None:
        super().__init__(said)
        self.row = row
        self.said = said


class Note(NamedTuple):
    """What there is to know about a log that was read.

    Attributes:
        text: whole sentences that name nobody.
        example: ids of the log that show what is meant; empty where there is nothing to show.
    """

    text: str
    example: str = ""

    def __str__(self) -> str:
        return f"{self.text} For example: {self.example}." if self.example else self.text


def in_a_line(text: object, most: int = _LENGTH) -> str:
    """What others say, on one line and not too long."""
    said = " ".join(str(text).split()).removesuffix(".")
    return said if len(said) <= most else f"{said[:most]} …"


def counted(number: int, one: str, many: str = "") -> str:
    """``1 row``, ``2 rows``, ``1,000 rows``; ``many`` is the plural where it takes no s."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
