"""Names that users gave (ids, files, rows, levels): as they are shown, as files are called by them, and in CSV.

Nothing of the model or of NumPy is loaded here, so that the first thing a command does can use it.
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

LONGEST_FILE_NAME = 120  # bytes of UTF-8; file systems take 255, and endings and parts of names come on top
CLOSED_PIPE = 141  # the exit code of a process that SIGPIPE ended, which shells pass over

_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))  # categories of what moves a cursor, or is not seen
_JOINERS = "\u200c\u200d"  # between letters of some scripts, and within emoji
_RESERVED = frozenset(("CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10))))
_PLAIN = str.maketrans(
    {"−": "-", "–": "-", "—": "-", "…": "...", "“": '"', "”": '"', "‘": "'", "’": "'", "±": "+/-", "×": "x", "∞": "inf",
     "✗": "x", "†": "+", "─": "-", "━": "-", "│": "|", "•": "*", "→": "->", "≥": ">=", "≤": "<=", "\xa0": " "}
)  # fmt: skip


# Shown ---------------------------------------------------------------------------------------------------------------


def visible(text: str, keep: str = "") -> str:
    r"""The text with every character that cannot be seen written as its escape, such as ``\n``, ``\x1b`` or ``\u202e``.

    Args:
        text: anything.
        keep: characters that stay as they are.
    """
    if text.isprintable():  # most are; spaces other than the plain one are not printable, but letters of any script are
        return text
    return "".join(one if one in keep or one in _JOINERS else _seen(one) for one in text)


def _seen(character: str) -> str:
    return _escaped(character) if unicodedata.category(character) in _UNSEEN else character


def _escaped(character: str) -> str:
    r"""As Python writes it or, beyond Latin-1, as JSON does."""
    if ord(character) < 0x100:
        return {"\n": r"\n", "\r": r"\r", "\t": r"\t"}.get(character, f"\\x{ord(character):02x}")
    return escaped(character)


def shortened(text: str, most: int) -> str:
    """A text of no more characters than this, which where it is longer lacks its middle."""
    if len(text) <= most:
        return text
    head = most // 2
    return f"{text[:head]}…{text[len(text) - (most - head - 1) :]}"


@contextlib.contextmanager
def legible_output() -> Iterator[None]:
    """Within it, output never fails for want of a character, nor says more than needed of a pipe that was closed."""
    codecs.register_error("rekindle.legible", _legible)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a stand-in may not have it
            stream.reconfigure(errors="rekindle.legible")
    try:
        yield
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit) as problem:
        if isinstance(problem, SystemExit) and not isinstance(problem.__context__, BrokenPipeError):
            raise  # click makes a SystemExit of a closed pipe
        for stream in (sys.stdout, sys.stderr):
            let_go(stream)
        raise SystemExit(CLOSED_PIPE) from None


def warn_in_words() -> None:
    """Let warnings of this process be sentences, without the line of source that they came from."""
    usual = warnings.formatwarning

    def worded(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> str:
        ours = category is UserWarning
        return f"{visible(str(message))}\n" if ours else usual(message, category, *where, **more)

    warnings.formatwarning = worded


def let_go(stream: IO[str]) -> None:
    """Let a stream whose reader has gone swallow what is yet to come, so that the work behind it can end."""
    with contextlib.suppress(OSError, ValueError):  # it may be no file
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _legible(error: UnicodeError) -> tuple[str, int]:
    r"""What stands for characters that an encoding lacks: a plain one that is alike, or an escape as JSON has it."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    plain = (one.translate(_PLAIN) for one in lacking)
    said = "".join(one if one.isascii() else escaped(one) for one in plain)
    return said, error.end


def escaped(character: str) -> str:
    r"""A character as JSON writes it, such as ``\u4e2d``; one beyond 16 bits takes two of these."""
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


# Files ---------------------------------------------------------------------------------------------------------------


def file_name(name: str) -> str:
    """A name as part of a file's name on any system: letters of any language stay, the rest are underscores.

    A few digits then tell apart the names that would become the same.
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
    """The beginning of a text that takes no more bytes than this."""
    return os.fsencode(text)[:size].decode(errors="ignore")


# CSV -----------------------------------------------------------------------------------------------------------------

_FORMULA = re.compile(r"[=+\-@\t\r\n]")
_NUMBER = re.compile(r"[+-]\.?\d[\d .]*(e[+-]?\d+)?", re.IGNORECASE)  # and telephone numbers


def as_csv(table: pd.DataFrame, **options: Any) -> str:
    """A table as CSV that spreadsheets can open: text in it that they would take for a formula begins with ``'``.

    A sign and digits alone are left as they are: nothing is called by them, and a telephone number such as
    ``+491705550001`` is read back as it was. Numbers stay numbers.

    Args:
        table: anything.
        options: of `pandas.DataFrame.to_csv`.
    """
    import numpy as np  # a table has loaded it already

    harmless = table.copy(deep=False)
    for at, dtype in enumerate(harmless.dtypes):
        if dtype.kind not in "biufcmM":
            cells = np.empty(len(harmless), object)  # in which whole numbers beside missing ones stay whole
            cells[:] = [_harmless(cell) for cell in harmless.iloc[:, at]]
            harmless.isetitem(at, cells)
    harmless.columns = harmless.columns.map(_harmless)
    if options.get("index", True):
        names = list(map(_harmless, harmless.index.names))
        harmless.index = harmless.index.map(_harmless).set_names(names)
    return str(harmless.to_csv(**options))


def write_csv(table: pd.DataFrame, path: Path, **options: Any) -> None:
    """Write a table as `as_csv` has it, in UTF-8."""
    path.write_text(as_csv(table, **options), encoding="utf-8", errors="backslashreplace", newline="")


def _harmless(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_harmless, value))
    if not isinstance(value, str):
        return value
    text = value.replace("\r", r"\r")  # which would begin a row of its own
    return f"'{text}" if _FORMULA.match(value) and not _NUMBER.fullmatch(value) else text


# Paths of the user ---------------------------------------------------------------------------------------------------


def without_home(text: str) -> str:
    """A text in which the home folder of the user is ``~``, wherever it stands."""
    for home in _homes():
        text = re.sub(rf"{re.escape(home)}(?=[/\\]|$|[\s'\":,;)])", "~", text)
    return text


def private(value: Any) -> Any:
    """The same data, such as JSON has, without the user's home folder in any of its texts."""
    if isinstance(value, str):
        return without_home(value)
    if isinstance(value, dict):
        return {private(key): private(one) for key, one in value.items()}
    return [private(one) for one in value] if isinstance(value, list | tuple) else value


def at_home(config: dict[str, Any]) -> dict[str, Any]:
    """The settings of an experiment that `private` made, with the contact log where it is for this user."""
    log = config.get("world", {}).get("log")
    return {**config, "world": {**config["world"], "log": os.path.expanduser(log)}} if log else config


def command_line(arguments: Sequence[str]) -> str:
    """A command as it can be given again in the same folder, without what others need not know.

    Paths below the current folder are relative, those below the home folder begin at it; whose week or forecast was
    asked for is left out unless ids were to be shown.
    """
    words = list(arguments)
    if "--ids" not in words:
        words = ["…" if before == "--person" else word for before, word in pairwise(["", *words])]
        words = ["--person=…" if word.startswith("--person=") else word for word in words]
    return " ".join(["rekindle", *map(_word, words)])


def _word(word: str) -> str:
    """A word for a shell, its path as short as it can be."""
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
    """The home folder as it is called and as it is, the longer first; none where it is the root of all."""
    home = os.path.expanduser("~")
    return sorted({path for path in (home, os.path.realpath(home)) if len(path) > 1}, key=len, reverse=True)
