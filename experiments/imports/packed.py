"""Files of an export that is one file, a folder or a `.zip`, and JSON in them, which may be damaged."""

from __future__ import annotations

import json
import math
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from experiments.imports.contacts import believable, clean, encoding_of
from sim.contact_logs import LogError

START = 65_536  # bytes by which a file is recognised
LARGEST = 4 * 1024**3  # bytes of an unpacked file; larger ones are no chats
NO_NAME, NO_DATE = "without a readable name", "with an impossible date"
UNKNOWN = "of an unknown kind"
_DAMAGES = (  # what `zipfile` raises at damage, at a password, and at a compression that it does not know
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
    MemoryError,
)
_WRONG_ESCAPE = re.compile(r"(?<!\\)((?:\\\\)*)\\x([0-9A-Fa-f]{2})")  # as Telegram wrote control characters
_NUMBER = re.compile(r"-?[0-9]{1,18}")


class Damaged(Exception):  # noqa: N818 - readers turn it into a count or a `LogError`
    """A file cannot be read."""


class Part(NamedTuple):
    """A file of an export.

    Attributes:
        name: its path in the folder or archive, with slashes; of a single file, its name.
        read: its first bytes, as many as asked for; with None, all.
    """

    name: str
    read: Callable[[int | None], bytes]

    @property
    def base(self) -> str:
        """The name without folders."""
        return self.name.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The name of the folder it is in; empty at the top."""
        return self.name.rpartition("/")[0].rpartition("/")[2]


def parts_of(path: Path) -> list[Part]:
    """The files of an export, sorted by name: of a folder or archive, all in it, else the file alone.

    Raises:
        LogError: the path does not exist, or is a damaged archive.
    """
    if not path.exists():
        raise LogError(f"{path} does not exist.")
    try:
        if path.is_dir():
            files = (file for file in path.rglob("*") if file.is_file())
            found = [Part(file.relative_to(path).as_posix(), _reader(file)) for file in files]
        elif is_archive(path):
            with zipfile.ZipFile(path) as archive:
                infos = [info for info in archive.infolist() if not info.is_dir()]
            found = [Part(info.filename.replace("\\", "/"), _unpacker(path, info)) for info in infos]
        else:
            found = [Part(path.name, _reader(path))]
        return sorted(found, key=lambda part: part.name)
    except _DAMAGES as error:
        raise LogError(f"{path} cannot be read: it is damaged, or not open to you. Export it again.") from error


def is_archive(path: Path) -> bool:
    """Whether a file begins as a `.zip` does."""
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def _reader(path: Path) -> Callable[[int | None], bytes]:
    def read(size: int | None) -> bytes:
        try:
            with path.open("rb") as file:
                return file.read(-1 if size is None else size)
        except (OSError, MemoryError) as error:
            raise Damaged from error

    return read


def _unpacker(path: Path, info: zipfile.ZipInfo) -> Callable[[int | None], bytes]:
    def read(size: int | None) -> bytes:
        if info.file_size > LARGEST:
            raise Damaged
        try:
            with zipfile.ZipFile(path) as archive, archive.open(info) as file:
                return file.read(-1 if size is None else size)
        except _DAMAGES as error:
            raise Damaged from error

    return read


def names_of(path: Path) -> Iterator[str]:
    """The names of the files in a folder or archive; none if it is neither, or damaged."""
    try:
        if path.is_dir() or (path.is_file() and is_archive(path)):
            yield from (part.name for part in parts_of(path))
    except _DAMAGES:
        return


# JSON ---------------------------------------------------------------------------------------------------------------


def json_of(content: bytes) -> object:
    """The value of a JSON file. Bytes that are no text become U+FFFD, and numbers without end infinite.

    Raises:
        Damaged: the file is not JSON. Its argument says in which line.
    """
    text = content.decode(encoding_of(content), errors="replace").removeprefix("\ufeff")
    try:
        return json.loads(text, parse_int=_whole)
    except (ValueError, RecursionError):
        pass
    try:
        return json.loads(_WRONG_ESCAPE.sub(r"\1\\u00\2", text), parse_int=_whole, strict=False)
    except json.JSONDecodeError as error:
        raise Damaged(f"line {error.lineno}") from None
    except (ValueError, RecursionError):
        raise Damaged("line 1") from None


def _whole(digits: str) -> float:
    return int(digits) if len(digits) < 20 else math.inf


def entries(value: object) -> Mapping[str, object]:
    """A JSON object; an empty one if it is something else."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[object]:
    """A JSON array; an empty one if it is something else."""
    return value if isinstance(value, list) else []


def name_in(value: object) -> str:
    """A name in one spelling; empty if the value is no text, or was damaged."""
    if not isinstance(value, str) or "\ufffd" in value:
        return ""
    return clean(value.encode("utf-8", "replace").decode())  # half of a pair of surrogates is no letter


def seconds_in(value: object, per_second: int) -> int | None:
    """A time in seconds since 1970, from a number or text of that many units per second; None if it is impossible."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    seconds = int(value // per_second)
    return seconds if believable(seconds) else None


# Names --------------------------------------------------------------------------------------------------------------


class Labels:
    """What the log calls people and groups, so that two of the same name stay two.

    The first has its name, and the others have their keys in addition.
    """

    def __init__(self) -> None:
        self._names: dict[str, str] = {}  # by key
        self._keys: dict[str, str] = {}  # by name

    def of(self, key: str, name: str) -> str:
        """What the person or group with this key in the export is called; without a name, by the key."""
        if key not in self._names:
            label = name or key
            if self._keys.setdefault(label, key) != key:
                label = f"{label} ({key})"
                self._keys.setdefault(label, key)
            self._names[key] = label
        return self._names[key]
