"""Errors and notes about contact logs."""

from __future__ import annotations

from typing import NamedTuple

_LENGTH = 200  # default limit on quoted messages, in characters


class LogError(ValueError):
    """A contact log cannot be used; the message says where the problem is and how to fix it."""


class BadRowError(Exception):
    """A value cannot be used. The caller knows how to refer to the row, and turns this into a `LogError`.

    Attributes:
        row: the row, counted from 0.
        message: what is wrong and how to fix it.
    """

    def __init__(self, row: int, message: str) -> None:
        super().__init__(message)
        self.row = row
        self.message = message


class Note(NamedTuple):
    """A remark about a log that was read.

    Attributes:
        text: complete sentences without ids.
        example: ids of the log as an example; empty if there is none.
    """

    text: str
    example: str = ""

    def __str__(self) -> str:
        return f"{self.text} For example: {self.example}." if self.example else self.text


def in_a_line(text: object, most: int = _LENGTH) -> str:
    """A text on one line, cut to ``most`` characters, without its final full stop."""
    line = " ".join(str(text).split()).removesuffix(".")
    return line if len(line) <= most else f"{line[:most]} …"


def counted(number: int, singular: str, plural: str = "") -> str:
    """A number with its noun: ``1 row``, ``2 rows``, ``1,000 rows``; ``plural`` is needed if it is irregular."""
    return f"{number:,} {singular if number == 1 else plural or f'{singular}s'}"
