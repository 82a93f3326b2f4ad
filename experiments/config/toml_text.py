"""TOML from files and options: what cannot be read is refused with its line, whatever the bytes are."""

from __future__ import annotations

import re
import stat
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

KeyPath = tuple[str, ...]

MOST_BYTES = 1_000_000  # of a file
MOST_DEEP = 32  # tables and arrays within one another
LARGEST_WHOLE = 2**63 - 1  # of TOML: what fits into 64 bits
_ASIDE = {b"\xff\xfe\x00\x00": "UTF-32", b"\x00\x00\xfe\xff": "UTF-32", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}

# The parts of a TOML text that matter for where a statement ends; an open string ends with its line, or with the text.
_PARTS = re.compile(
    r"""(?P<comment>\#[^\n]*)
    | (?P<string>\"{3}(?:[^"\\]|\\.|"(?!""))*+(?:"{3,5}|\\?\Z) | '{3}(?:[^']|'(?!''))*+(?:'{3,5}|\Z)
        | "(?:[^"\\\n]|\\[^\n])*+"? | '[^'\n]*+'?)
    | (?P<open>[\[{]) | (?P<close>[\]}]) | (?P<dot>\.) | (?P<next>[,=]) | (?P<line>\n) | [^\#"'\[\]{}.,=\n]+""",
    re.VERBOSE | re.DOTALL,
)


class TextError(ValueError):
    """A text that is no TOML, or none that can be read; the message says what is wrong, without the file's name.

    Attributes:
        line: at fault, from 1; None where it is the whole.
    """

    def __init__(self, said: str, line: int | None = None) -> None:
        super().__init__(said)
        self.line = line


class Statement(NamedTuple):
    """A table's header, or a key with its value; several lines where an array or a long string has them."""

    line: int
    text: str


def read(path: Path) -> str:
    """The text of a file.

    Raises:
        TextError: it is no regular file, too large, or no text in UTF-8.
        FileNotFoundError, PermissionError, OSError: the system refuses.
    """
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise TextError("is a folder; name a TOML file in it")
    if not stat.S_ISREG(found.st_mode):
        raise TextError("is a pipe or a device; save its text as a file, and name that")
    if found.st_size > MOST_BYTES:
        raise TextError(
            f"has {found.st_size:,} bytes, and {MOST_BYTES:,} are the most that an experiment's file may have"
        )
    data = path.read_bytes()[: MOST_BYTES + 1]  # it may have grown
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        name = _encoding_of(data)
        if name or b"\0" in data:
            raise TextError(_not_utf_8(name, data, error.start, path)) from None
        raise TextError(_not_utf_8(name, data, error.start, path), data[: error.start].count(b"\n") + 1) from None


def _encoding_of(data: bytes) -> str | None:
    """UTF-16 or UTF-32, by the mark at the beginning; None for neither."""
    return next((name for mark, name in _ASIDE.items() if data.startswith(mark)), None)


def _not_utf_8(name: str | None, data: bytes, at: int, path: Path) -> str:
    if name is None and b"\0" in data:
        return "is no text; name the TOML file of an experiment"
    told = name or f"byte 0x{data[at]:02x} is not UTF-8, so the file may be in Windows-1252 or Latin-1"
    code = name or "WINDOWS-1252"
    told = f"is in {told}, which is not read" if name else told
    return f"{told}; save it as UTF-8, for example with `iconv -f {code} -t UTF-8 {path} > new.toml`"


def parsed(text: str) -> dict[str, Any]:
    """What a TOML text says.

    Raises:
        TextError: it is not TOML, nests too deep, or has a whole number of more than 64 bits.
    """
    text = text.replace("\r\n", "\n")
    refuse_deep(text)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(str(error), text) from None
    except (ValueError, RecursionError):  # a number of thousands of digits; a date that cannot be
        raise TextError("this number or date is too large to be read", _line_that_fails(text)) from None
    line = next((line for line, value in _with_lines(text) if not _can_be(value)), None)
    if line is not None:
        raise TextError(f"a whole number goes from -{LARGEST_WHOLE + 1:,} to {LARGEST_WHOLE:,} in TOML", line)
    return data


def _not_toml(said: str, text: str) -> TextError:
    what, _, where = said.rstrip(")").rpartition(" (at ")
    found = re.search(r"line (\d+)", where)
    line = int(found[1]) if found else text.count("\n") + 1
    if "\0" in text[:1_000]:
        return TextError("this is no text, or text in UTF-16; save it as UTF-8", line)
    remedy = "write one `key = value` a line, with text in quotes"
    if what.startswith("Cannot"):
        remedy = "give each key and each table once"
    elif "\r" in text.replace("\r\n", ""):
        remedy = "a line ends in a carriage return alone; save the file with line feeds"
    return TextError(f"this is not TOML ({what[:200]}); {remedy}", line)


def refuse_deep(text: str) -> None:
    """Make sure that no table or array is too deep within others, before anything descends into it.

    Raises:
        TextError: one is.
    """
    line, depth, dots = 1, 0, 0
    for part in _PARTS.finditer(text):
        kind = part.lastgroup
        if kind == "open":
            depth, dots = depth + 1, 0
        elif kind == "close":
            depth -= 1
        elif kind == "dot":
            dots += 1
        elif kind in ("next", "line"):
            dots = 0
        if max(depth, dots + 1) > MOST_DEEP:
            raise TextError(f"this nests more than {MOST_DEEP} tables or arrays; an experiment needs six at most", line)
        line += part.group().count("\n")


def statements(text: str) -> Iterator[Statement]:
    """The statements of a TOML text with the lines on which they begin; the time grows with the text's length alone."""
    line, depth, begins, start = 1, 0, 1, 0
    for part in _PARTS.finditer(text):
        kind = part.lastgroup
        depth += (kind == "open") - (kind == "close")
        line += part.group().count("\n")
        if kind == "line" and depth <= 0:
            yield from _statement(begins, text[start : part.start()])
            begins, start, depth = line, part.end(), 0
    yield from _statement(begins, text[start:])


def _statement(line: int, text: str) -> Iterator[Statement]:
    said = text.strip()
    if said and not said.startswith("#"):
        yield Statement(line, said)


def lines_of(text: str) -> dict[KeyPath, int]:
    """The line (from 1) on which each key of a TOML text is given, tables included."""
    found: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for line, text_of_it in statements(text.replace("\r\n", "\n")):
        said = tomllib.loads(text_of_it)
        if text_of_it.startswith("["):
            table = _header(said)
            for end in range(1, len(table) + 1):
                found.setdefault(table[:end], line)
        else:
            for path in _paths(said, table):
                found.setdefault(path, line)
    return found


def _header(said: Mapping[str, Any]) -> KeyPath:
    """The path of a table, or of an array of tables, of which this is the header alone."""
    path: list[str] = []
    inner: Any = said
    while isinstance(inner, Mapping) and inner:
        key, inner = next(iter(inner.items()))
        path.append(key)
    return tuple(path)


def _paths(data: Mapping[str, Any], above: KeyPath) -> Iterator[KeyPath]:
    for key, value in data.items():
        yield (*above, key)
        if isinstance(value, Mapping):
            yield from _paths(value, (*above, key))


def _line_that_fails(text: str) -> int:
    """The first statement that cannot be read by itself."""
    for line, said in statements(text):
        try:
            tomllib.loads(said)
        except (ValueError, RecursionError):
            return line
    return 1


def _with_lines(text: str) -> Iterator[tuple[int, Any]]:
    """Long numbers alone can be too large; most texts have none, and are not read twice."""
    if re.search(r"[0-9a-fA-F_]{16}", text):
        for line, said in statements(text):
            yield line, tomllib.loads(said)


def _can_be(value: Any) -> bool:
    """Whether all whole numbers in a value fit into 64 bits."""
    if isinstance(value, Mapping):
        return all(map(_can_be, value.values()))
    if isinstance(value, list):
        return all(map(_can_be, value))
    return not isinstance(value, int) or -LARGEST_WHOLE - 1 <= value <= LARGEST_WHOLE


def is_whole_number(text: str) -> bool:
    """Whether a text is meant as a whole number, be it too long to be read."""
    return re.fullmatch(r"\s*[+-]?[0-9_]+\s*", text) is not None


def is_text(text: str) -> bool:
    """Whether a text can be written in UTF-8: an option whose bytes are not has stray surrogates in their place."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
