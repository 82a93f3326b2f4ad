"""Tables in text files: rows with the names of their columns, whatever their encoding and delimiter."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from experiments.imports.contacts import Tally, clean, encoding_of
from sim.contact_logs import LogError

DELIMITERS = ",;\t|"
PREAMBLE = 40  # lines above the names of the columns, at most
CHUNK = 1 << 20  # bytes


class Row(NamedTuple):
    """A row: the line on which it ends, and its cells; a cell that is missing is empty."""

    where: str
    cells: Sequence[str]


@dataclass
class TextTable:
    """A table in a text file.

    Attributes:
        path: the file.
        encoding: of its text.
        delimiter: between cells.
        columns: the places of the columns, by their name in the form of `plain_name`.
        first: the line with the names of the columns.
        names: those names, as they are written.
    """

    path: Path
    encoding: str
    delimiter: str
    columns: Mapping[str, int]
    first: int
    names: list[str] = field(default_factory=list)

    def rows(self, tally: Tally | None = None) -> Iterator[Row]:
        """Every row below the names. Rows that cannot be split are counted in the tally, if there is one."""
        with self.path.open(encoding=self.encoding, errors="replace", newline="") as file:
            reader = csv.reader(file, delimiter=self.delimiter)
            while True:
                above = reader.line_num
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error:
                    if tally is not None:
                        tally.fail("that cannot be split into columns", f"line {reader.line_num}")
                    continue
                if reader.line_num <= self.first or not any(cell.strip() for cell in cells):
                    continue
                where = f"line {reader.line_num}"
                if tally is not None and reader.line_num > above + 1 and self._swallowed(cells):
                    tally.note(
                        f"Lines in a cell that ends in {where} look like rows. A quote may be missing above them."
                    )
                if cells == self.names:
                    if tally is not None:
                        tally.skip("names of columns, repeated", where)
                    continue
                yield Row(where, cells + [""] * (len(self.names) - len(cells)))

    def _swallowed(self, cells: Sequence[str]) -> bool:
        """Whether a line within a cell has as many cells as a row, because a quote has no end."""
        lines = (line for cell in cells for line in cell.split("\n")[1:])
        return any(line.count(self.delimiter) == len(self.names) - 1 for line in lines if len(line) < 1_000)


def table_of(path: Path, is_header: Callable[[Mapping[str, int]], bool], expected: str, tally: Tally) -> TextTable:
    """The table in a file whose first lines have a row that is a header.

    Args:
        path: the file.
        is_header: whether columns, by `plain_name`, are those of the format.
        expected: the columns that are expected, for people.
        tally: gets a note if the encoding was guessed.

    Raises:
        LogError: the file cannot be read, or no row is a header.
    """
    if not path.is_file():
        raise LogError(f"{path} is not a file.")
    encoding = _encoding(path)
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        start = list(islice(file, PREAMBLE))
    table = _header(path, encoding, start, is_header)
    if table is None:
        raise LogError(f"{path}, line 1: the file has no columns {expected}.")
    if encoding == "cp1252":
        tally.note("The text is not UTF-8, and is read as Windows-1252 (western Europe).")
    return table


def columns_in(head: bytes, is_header: Callable[[Mapping[str, int]], bool]) -> bool:
    """Whether the first bytes of a file have a row that is a header."""
    if b"\0" in head[:4_096] and encoding_of(head) == "utf-8-sig":
        return False
    encoding = encoding_of(head)
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(head)  # which may end within a character
    except UnicodeDecodeError:
        text = head.decode("cp1252" if encoding == "utf-8-sig" else encoding, errors="replace")
    return _header(Path(), "", list(islice(io.StringIO(text, newline=""), PREAMBLE)), is_header) is not None


def _header(
    path: Path, encoding: str, lines: Sequence[str], is_header: Callable[[Mapping[str, int]], bool]
) -> TextTable | None:
    separator = re.fullmatch(r"\ufeff?sep=(.)\s*", lines[0]) if lines else None
    for delimiter in (separator[1],) if separator and separator[1] not in '"\r\n' else DELIMITERS:
        reader = csv.reader(lines, delimiter=delimiter)
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                break
            except csv.Error:
                continue
            columns: dict[str, int] = {}
            for place, cell in enumerate(cells):
                columns.setdefault(plain_name(cell), place)
            columns.pop("", None)
            if len(columns) > 1 and is_header(columns):
                return TextTable(path, encoding, delimiter, columns, reader.line_num, cells)
    return None


def plain_name(name: str) -> str:
    """The name of a column in lower case, with one space between its words: `Sent_At` and `sent at` are the same."""
    words = re.sub(r"[\W_]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", clean(name)))
    return unicodedata.normalize("NFC", " ".join(words.split()).casefold())


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        encoding = encoding_of(file.read(64))
        if encoding != "utf-8-sig":
            return encoding
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while chunk := file.read(CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            return "utf-8-sig" if _only_cut_off(error) else "cp1252"
    return encoding


def _only_cut_off(error: UnicodeDecodeError) -> bool:
    """Whether the text is UTF-8 whose last character is incomplete, as in a file that was cut off."""
    return error.reason == "unexpected end of data"
