"""Read TOML from files and options, with the line of any error, and write values in its notation."""

from __future__ import annotations

import json
import math
import re
import stat
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

KeyPath = tuple[str, ...]

MOST_BYTES = 1_000_000  # limit for a file
ONE_PER_LINE = "write one `key = value` per line, with strings in quotes"  # the usual remedy in a file
MOST_DEEP = 32  # limit for nested tables and arrays
LONGEST_SHOWN = 100  # characters of a value in an error message
LARGEST_WHOLE = 2**63 - 1  # the largest integer in TOML, which has 64 bits
_ASIDE = {b"\xff\xfe\x00\x00": "UTF-32", b"\x00\x00\xfe\xff": "UTF-32", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}

# The tokens of a TOML text that determine where a statement ends. An unclosed string ends with its line or the text.
_PARTS = re.compile(
    r"""(?P<comment>\#[^\n]*)
    | (?P<string>\"{3}(?:[^"\\]|\\.|"(?!""))*+(?:"{3,5}|\\?\Z) | '{3}(?:[^']|'(?!''))*+(?:'{3,5}|\Z)
        | "(?:[^"\\\n]|\\[^\n])*+"? | '[^'\n]*+'?)
    | (?P<open>[\[{]) | (?P<close>[\]}]) | (?P<dot>\.) | (?P<next>[,=]) | (?P<line>\n) | [^\#"'\[\]{}.,=\n]+""",
    re.VERBOSE | re.DOTALL,
)


class TextError(ValueError):
    """A text that is not valid TOML or cannot be read; the message does not name the file.

    Attributes:
        problem: what is wrong.
        line: number of the line with the error, from 1; None if it concerns the whole file.
        remedy: what to write instead, if the syntax of a file is wrong; empty for other errors.
    """

    def __init__(self, problem: str, line: int | None = None, remedy: str = "") -> None:
        super().__init__(f"{problem}; {remedy}" if remedy else problem)
        self.problem, self.line, self.remedy = problem, line, remedy


class Statement(NamedTuple):
    """A table header, or a key with its value, which may span several lines."""

    line: int
    text: str


def read(path: Path) -> str:
    """The text of a file.

    Raises:
        TextError: if it is not a regular file, is too large, or is not UTF-8.
        FileNotFoundError, PermissionError, OSError: if it cannot be read.
    """
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise TextError("is a folder; give a TOML file in it")
    if not stat.S_ISREG(status.st_mode):
        raise TextError("is a pipe or a device; save its content as a file, and give that")
    if status.st_size > MOST_BYTES:
        raise TextError(f"has {status.st_size:,} bytes; an experiment file may have at most {MOST_BYTES:,}")
    data = path.read_bytes()[: MOST_BYTES + 1]  # the file may have grown since
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        name = _encoding_of(data)
        if name or b"\0" in data:
            raise TextError(_not_utf_8(name, data, error.start, path)) from None
        raise TextError(_not_utf_8(name, data, error.start, path), data[: error.start].count(b"\n") + 1) from None


def _encoding_of(data: bytes) -> str | None:
    """UTF-16 or UTF-32, according to the byte order mark; None without such a mark."""
    return next((name for mark, name in _ASIDE.items() if data.startswith(mark)), None)


def _not_utf_8(name: str | None, data: bytes, at: int, path: Path) -> str:
    if name is None and b"\0" in data:
        return "is not a text file; give the TOML file of an experiment"
    problem = name or f"byte 0x{data[at]:02x} is not UTF-8, so the file may be in Windows-1252 or Latin-1"
    code = name or "WINDOWS-1252"
    problem = f"is in {problem}, which is not supported" if name else problem
    return f"{problem}; save it as UTF-8, for example with `iconv -f {code} -t UTF-8 {path} > new.toml`"


def parsed(text: str) -> dict[str, Any]:
    """Parse a TOML text.

    Raises:
        TextError: if it is not TOML, is nested too deeply, or has an integer of more than 64 bits.
    """
    text = text.replace("\r\n", "\n")
    refuse_deep(text)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(error, text) from None
    except (ValueError, RecursionError):  # a number with thousands of digits, or an invalid date
        raise TextError("this number or date is too large", _line_that_fails(text)) from None
    line = next((line for line, value in _with_lines(text) if not _can_be(value)), None)
    if line is not None:
        raise TextError(f"a whole number in TOML must be from -{LARGEST_WHOLE + 1:,} to {LARGEST_WHOLE:,}", line)
    return data


def _problem_and_line(error: tomllib.TOMLDecodeError, text: str) -> tuple[str, int]:
    """What is wrong in a TOML text, and on which line.

    Before Python 3.14, `tomllib` gives the line only in its message: ``Invalid value (at line 3, column 5)``, or
    ``(at end of document)``.
    """
    problem, _, where = str(error).rstrip(")").rpartition(" (at ")
    line = re.search(r"line (\d+)", where)
    return problem, int(line[1]) if line else text.count("\n") + 1


def _not_toml(error: tomllib.TOMLDecodeError, text: str) -> TextError:
    problem, line = _problem_and_line(error, text)
    if "\0" in text[:1_000]:
        return TextError("this is not text, or is text in UTF-16; save it as UTF-8", line)
    remedy = ONE_PER_LINE
    if problem.startswith("Cannot"):  # declare, overwrite or mutate; `tomllib` has no kinds of errors
        remedy = "define each key and each table only once"
        if problem.startswith("Cannot declare"):
            remedy += ": put what the two have under one header, or give one of them another name"
    elif "\r" in text.replace("\r\n", ""):
        remedy = "some lines end with a carriage return only; save the file with line feeds"
    return TextError(f"this is not TOML ({problem[:200]})", line, remedy)


def refuse_deep(text: str) -> None:
    """Check the depth of nested tables and arrays before anything recurses into them.

    Raises:
        TextError: if the nesting is too deep.
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
            raise TextError(
                f"tables or arrays are nested more than {MOST_DEEP} deep; an experiment needs at most six levels", line
            )
        line += part.group().count("\n")


def statements(text: str) -> Iterator[Statement]:
    """Yield the statements of a TOML text with their first lines, in linear time."""
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
    stripped = text.strip()
    if stripped and not stripped.startswith("#"):
        yield Statement(line, stripped)


def key_path(text: str) -> KeyPath:
    """The keys of a dotted path such as ``run.seed``; as in TOML, a key may be quoted, and then contain dots."""
    if "'" in text or '"' in text:
        try:
            return _header(tomllib.loads(f"{text} = 0"))
        except tomllib.TOMLDecodeError:
            pass
    return tuple(part.strip() for part in text.split("."))


def lines_of(text: str) -> dict[KeyPath, int]:
    """The line (from 1) of each key in a TOML text, including tables."""
    found: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for line, statement in statements(text.replace("\r\n", "\n")):
        data = tomllib.loads(statement)
        if statement.startswith("["):
            table = _header(data)
            for end in range(1, len(table) + 1):
                found.setdefault(table[:end], line)
        else:
            for path in _paths(data, table):
                found.setdefault(path, line)
    return found


def _header(data: Mapping[str, Any]) -> KeyPath:
    """The path of a table or an array of tables, from its parsed header."""
    path: list[str] = []
    inner: Any = data
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
    """The line of the first statement that cannot be parsed on its own."""
    for line, statement in statements(text):
        try:
            tomllib.loads(statement)
        except (ValueError, RecursionError):
            return line
    return 1


def _with_lines(text: str) -> Iterator[tuple[int, Any]]:
    """Yield each statement with its line, if the text has long numbers; only these can be too large."""
    if re.search(r"[0-9a-fA-F_]{16}", text):
        for line, statement in statements(text):
            yield line, tomllib.loads(statement)


def _can_be(value: Any) -> bool:
    """Whether all integers in a value fit into 64 bits."""
    if isinstance(value, Mapping):
        return all(map(_can_be, value.values()))
    if isinstance(value, list):
        return all(map(_can_be, value))
    return not isinstance(value, int) or -LARGEST_WHOLE - 1 <= value <= LARGEST_WHOLE


def is_whole_number(text: str) -> bool:
    """Whether a text looks like an integer, of any length."""
    return re.fullmatch(r"\s*[+-]?[0-9_]+\s*", text) is not None


def is_text(text: str) -> bool:
    """Whether a text is valid UTF-8; an option with invalid bytes has lone surrogates in their place."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def show(value: Any) -> str:
    """A value in TOML notation."""
    if isinstance(value, Mapping):
        return (
            "{}" if not value else "{ " + ", ".join(f"{_key(key)} = {show(item)}" for key, item in value.items()) + " }"
        )
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(show, value)) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return json.dumps(value, default=str, ensure_ascii=False)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_.-]+", key) else json.dumps(key, ensure_ascii=False)


def lines(settings: Iterable[tuple[KeyPath, Any]]) -> str:
    """Settings by path as the lines of a TOML file; those that are None, which TOML does not have, are left out."""
    return "".join(
        f"{'.'.join(json.dumps(part) if '.' in part else _key(part) for part in path)} = {show(value)}\n"
        for path, value in settings
        if value is not None
    )


def brief(text: str, most: int = LONGEST_SHOWN) -> str:
    """A text, cut if it is too long."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
