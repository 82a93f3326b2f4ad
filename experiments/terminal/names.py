"""Names chosen by users (ids, files, rows, levels): how they are printed, used in file names, and written to CSV.

This module imports neither the model nor NumPy, so that it is available from the start of a command.
"""

from __future__ import annotations

import codecs
import contextlib
import hashlib
import os
import re
import shlex
import sys
import unicodedata
import warnings
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

LONGEST_FILE_NAME = 120  # bytes of UTF-8; file systems allow 255, and prefixes and endings are added
CLOSED_PIPE = 141  # exit code of a process that SIGPIPE ended; shells ignore it

_UNSEEN = frozenset(
    ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
)  # Unicode categories of control and invisible characters
_JOINERS = "\u200c\u200d"  # joiners between letters of some scripts, and within emoji
_RESERVED = frozenset(("CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10))))
_PLAIN = str.maketrans(
    {"−": "-", "–": "-", "—": "-", "…": "...", "“": '"', "”": '"', "‘": "'", "’": "'", "±": "+/-", "×": "x", "∞": "inf",
     "✗": "x", "†": "+", "─": "-", "━": "-", "│": "|", "•": "*", "→": "->", "≥": ">=", "≤": "<=", "\xa0": " "}
)  # fmt: skip


# Shown ---------------------------------------------------------------------------------------------------------------


def visible(text: str, keep: str = "") -> str:
    r"""The text with each control or invisible character replaced by its escape: ``\n``, ``\x1b`` or ``\u202e``.

    Args:
        text: any text.
        keep: characters that are not escaped.
    """
    if text.isprintable():  # the common case: letters of any script are printable
        return text
    return "".join(one if one in keep or one in _JOINERS else _seen(one) for one in text)


def _seen(character: str) -> str:
    return _escaped(character) if unicodedata.category(character) in _UNSEEN else character


def _escaped(character: str) -> str:
    r"""A character's escape as Python writes it or, beyond Latin-1, as JSON does."""
    if ord(character) < 0x100:
        return {"\n": r"\n", "\r": r"\r", "\t": r"\t"}.get(character, f"\\x{ord(character):02x}")
    return escaped(character)


def shortened(text: str, most: int) -> str:
    """A text with at most this many characters; a longer one loses its middle."""
    if len(text) <= most:
        return text
    head = most // 2
    return f"{text[:head]}…{text[len(text) - (most - head - 1) :]}"


def distinct_endings(names: Sequence[str]) -> list[str]:
    """The shortest ending of each path that distinguishes it from all others; the path itself if none does."""
    short = []
    for name in names:
        words = name.split(".")
        ends = (".".join(words[-count:]) for count in range(1, len(words) + 1))
        short.append(next((end for end in ends if sum(f".{other}".endswith(f".{end}") for other in names) == 1), name))
    return short


@contextlib.contextmanager
def legible_output() -> Iterator[None]:
    """Keep output from failing if the encoding lacks a character, and end quietly if the reader closes the pipe."""
    codecs.register_error("rekindle.legible", _legible)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a replacement stream may lack it
            stream.reconfigure(errors="rekindle.legible")
    try:
        yield
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit) as problem:
        if isinstance(problem, SystemExit) and not isinstance(problem.__context__, BrokenPipeError):
            raise  # click turns a closed pipe into a SystemExit
        for stream in (sys.stdout, sys.stderr):
            let_go(stream)
        raise SystemExit(CLOSED_PIPE) from None


def warn_in_words() -> None:
    """Print warnings of this process as sentences, without their source line."""
    usual = warnings.formatwarning

    def worded(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> str:
        ours = category is UserWarning
        return f"{visible(str(message))}\n" if ours else usual(message, category, *where, **more)

    warnings.formatwarning = worded


def let_go(stream: IO[str]) -> None:
    """Discard further output of a stream whose reader is gone, so that the work can finish."""
    with contextlib.suppress(OSError, ValueError):  # it may not be a file
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _legible(error: UnicodeError) -> tuple[str, int]:
    r"""The replacement for characters that an encoding lacks: a similar ASCII character, or an escape as in JSON."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    plain = (one.translate(_PLAIN) for one in lacking)
    replacement = "".join(one if one.isascii() else escaped(one) for one in plain)
    return replacement, error.end


def escaped(character: str) -> str:
    r"""A character as JSON writes it, such as ``\u4e2d``, or two of these if it needs more than 16 bits."""
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


# Files ---------------------------------------------------------------------------------------------------------------


def file_name(name: str) -> str:
    """A name that is valid in file names on any system: letters of any language stay, the rest become underscores.

    A changed name gets four digits of a hash, so that different names stay different.
    """
    plain = re.sub(r"[^\w.-]+", "_", name)
    plain = plain if re.match(r"\w", plain) else f"_{plain}"
    plain = f"_{plain}" if plain.split(".")[0].upper() in _RESERVED else plain
    plain = plain.rstrip(".") or "_"
    if plain == name and len(os.fsencode(plain)) <= LONGEST_FILE_NAME:
        return plain
    digits = f"-{hashlib.sha256(os.fsencode(name)).hexdigest()[:4]}"
    return _within(plain, LONGEST_FILE_NAME - len(digits)) + digits


def _within(text: str, size: int) -> str:
    """The beginning of a text, of at most this many bytes."""
    return os.fsencode(text)[:size].decode(errors="ignore")


# CSV -----------------------------------------------------------------------------------------------------------------

_FORMULA = re.compile(r"[=+\-@\t\r\n]")
_NUMBER = re.compile(r"[+-]\.?\d[\d .]*(e[+-]?\d+)?", re.IGNORECASE)  # and telephone numbers


def as_csv(table: pd.DataFrame, **options: Any) -> str:
    """A table as CSV that is safe to open in a spreadsheet: text that would be read as a formula starts with ``'``.

    A sign followed by digits is left alone: it calls no function, and a telephone number such as ``+491705550001`` must
    survive. Numbers stay numbers.

    Args:
        table: any data frame.
        options: options of `pandas.DataFrame.to_csv`.
    """
    import numpy as np  # already imported by pandas

    harmless = table.copy(deep=False)
    for at, dtype in enumerate(harmless.dtypes):
        if dtype.kind not in "biufcmM":
            cells = np.empty(len(harmless), object)  # so that whole numbers next to missing values stay whole
            cells[:] = [_harmless(cell) for cell in harmless.iloc[:, at]]
            harmless.isetitem(at, cells)
    harmless.columns = harmless.columns.map(_harmless)
    if options.get("index", True):
        names = list(map(_harmless, harmless.index.names))
        harmless.index = harmless.index.map(_harmless).set_names(names)
    return str(harmless.to_csv(**options))


def write_csv(table: pd.DataFrame, path: Path, **options: Any) -> None:
    """Write a table to a file with `as_csv`, in UTF-8."""
    path.write_text(as_csv(table, **options), encoding="utf-8", errors="backslashreplace", newline="")


def _harmless(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_harmless, value))
    if not isinstance(value, str):
        return value
    text = value.replace("\r", r"\r")  # a carriage return would start a new row
    return f"'{text}" if _FORMULA.match(value) and not _NUMBER.fullmatch(value) else text


# Paths of the user ---------------------------------------------------------------------------------------------------


def without_home(text: str) -> str:
    """A text with each occurrence of the user's home folder replaced by ``~``."""
    for home in _homes():
        text = re.sub(rf"{re.escape(home)}(?=[/\\]|$|[\s'\":,;)])", "~", text)
    return text


def private(value: Any) -> Any:
    """A copy of JSON-like data, with the user's home folder replaced by ``~`` in every string."""
    if isinstance(value, str):
        return without_home(value)
    if isinstance(value, dict):
        return {private(key): private(one) for key, one in value.items()}
    return [private(one) for one in value] if isinstance(value, list | tuple) else value


def at_home(config: dict[str, Any]) -> dict[str, Any]:
    """The settings of an experiment after `private`, with the path of the contact log expanded for this user."""
    log = config.get("world", {}).get("log")
    return {**config, "world": {**config["world"], "log": os.path.expanduser(log)}} if log else config


def command_line(arguments: Sequence[str]) -> str:
    """A command that can be repeated in the same folder, without private details.

    Paths below the current folder are relative, and paths below the home folder start with ``~`` or ``$HOME``. The
    value of ``--person`` is left out unless ``--ids`` is given.
    """
    words = list(arguments)
    if "--ids" not in words:
        words = ["…" if before == "--person" else word for before, word in pairwise(["", *words])]
        words = ["--person=…" if word.startswith("--person=") else word for word in words]
    return " ".join(["rekindle", *map(_word, words)])


def _word(word: str) -> str:
    """A word quoted for a shell, with its path as short as possible."""
    option, equals, value = word.rpartition("=")
    if not os.path.isabs(value):
        return shlex.quote(without_home(word))
    here = os.getcwd()
    for folder in (here, os.path.realpath(here)):
        if value.startswith(f"{folder}{os.sep}"):
            return shlex.quote(f"{option}{equals}{os.path.relpath(value, folder)}")
    for home in _homes():
        if value.startswith(f"{home}{os.sep}"):
            at_start = f'{shlex.quote(option + equals)}"$HOME"' if equals else "~"
            return f"{at_start}/{shlex.quote(os.path.relpath(value, home))}"
    return shlex.quote(word)


def _homes() -> list[str]:
    """The home folder, as named and with links resolved, the longer first; none if it is the root folder."""
    home = os.path.expanduser("~")
    return sorted({path for path in (home, os.path.realpath(home)) if len(path) > 1}, key=len, reverse=True)
