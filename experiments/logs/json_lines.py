"""Records on disk that only grow: a file of JSON lines that is right after any kill.

The first line says what the records are for, and each later line is a record. A line ends with a checksum of its bytes
and is on disk before the next record begins, so a kill loses at most the record under way. A damaged end is set aside.
A damaged line with valid lines after it is an error, because those lines may depend on it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from experiments.config.errors import ConfigError

try:
    import fcntl
except ImportError:  # Windows, where only the order of lines shows two processes in one folder
    fcntl = None  # type: ignore[assignment]

_CHECK = b', "check": "'


class Wording(NamedTuple):
    """What a file of records is called in messages.

    Attributes:
        work: what the records belong to, such as ``search``; also the key of the first line.
        record: one of them, such as ``trial``.
        option: the option that names the folder.
        parts: keys of the first line, each with its name for users.
    """

    work: str
    record: str
    option: str
    parts: Mapping[str, str]


class Records:
    """The records of a file; `records_in` opens it.

    Attributes:
        done: the records, in the order in which they were made.
    """

    def __init__(self, file: BinaryIO, done: list[dict[str, Any]]) -> None:
        self._file, self.done = file, done

    def add(self, record: Mapping[str, Any]) -> None:
        """Add a record. It is on disk when this returns."""
        _append(self._file, _line({"line": len(self.done) + 1, **record}))
        self.done.append(dict(record))


@contextmanager
def records_in(
    path: Path, header: Mapping[str, Any], wording: Wording, say: Callable[[str], object]
) -> Iterator[Records]:
    """The records in a file, which is locked meanwhile and created if there is none.

    Args:
        path: the file, in a folder that is created if it does not exist.
        header: everything that determines the records except their number, as JSON values.
        wording: words for messages.
        say: called with a sentence if the end of the file was damaged.

    Raises:
        ConfigError: the file has records for something else, is damaged, or another process writes to it.
    """
    folder = path.parent
    folder.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b") as file:
        _lock(file, folder, wording)
        lines = _sound(file, path, wording, say)
        if not lines:
            _append(file, _line({"line": 0, wording.work: header}))
            lines = [{wording.work: json.loads(json.dumps(header))}]
        _check_same(lines[0][wording.work], header, folder, wording)
        yield Records(file, [{key: value for key, value in one.items() if key != "line"} for one in lines[1:]])


def _lock(file: BinaryIO, folder: Path, wording: Wording) -> None:
    """Lock the file until it is closed. The lock of a killed process is released."""
    if fcntl is None:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ConfigError(
            f"Another {wording.work} is running in {folder}. Wait until it ends, or name another folder with "
            f"{wording.option}."
        ) from None
    except OSError:  # a file system without locks
        return


def _sound(file: BinaryIO, path: Path, wording: Wording, say: Callable[[str], object]) -> list[dict[str, Any]]:
    """The valid lines of a file. A damaged end is set aside."""
    content = file.read()
    lines: list[dict[str, Any]] = []
    end = 0
    for line in content.split(b"\n"):
        record = _record(line)
        if record is None or record["line"] != len(lines):
            break
        lines.append(record)
        end += len(line) + 1
    rest = content[end:]
    after = sum(_record(line) is not None for line in rest.split(b"\n"))
    if after:
        raise ConfigError(_damaged(path, len(lines) + 1, after, wording))
    if rest.strip():
        damaged_end = path.with_name(f"{path.name}.damaged")
        with damaged_end.open("ab") as kept:
            kept.write(rest)
        say(
            f"The end of {path} was damaged and is set aside as {damaged_end}; the {wording.work} resumes at "
            f"{wording.record} {len(lines)}."
        )
    file.truncate(min(end, len(content)))
    file.seek(0, os.SEEK_END)
    if len(content) < end:  # only the line break is missing
        _append(file, b"\n")
    return lines


def _damaged(path: Path, line: int, after: int, wording: Wording) -> str:
    where = f"{path}, line {line}: damaged, but {after} valid {'line follows' if after == 1 else 'lines follow'}."
    if line == 1:
        described = f"It described the {wording.work}, so the other lines cannot be used."
        return f"{where} {described} Delete the file to start again."
    return (
        f"{where} Delete this line and all lines after it; the same command then continues from {wording.record} "
        f"{line - 1}."
    )


def _check_same(before: Mapping[str, Any], header: Mapping[str, Any], folder: Path, wording: Wording) -> None:
    now = json.loads(json.dumps(header))
    if json.dumps(before, sort_keys=True) != json.dumps(now, sort_keys=True):  # in which nan equals nan
        differs = [label for key, label in wording.parts.items() if json.dumps(before.get(key)) != json.dumps(now[key])]
        raise ConfigError(
            f"{folder} has a {wording.work} with another {', '.join(differs)}. Name another folder with "
            f"{wording.option}, or delete this one if you no longer need its {wording.work}."
        )


def _line(record: Mapping[str, Any]) -> bytes:
    text = json.dumps(record).encode()[:-1]
    return text + _CHECK + _checksum(text) + b'"}\n'


def _record(line: bytes) -> dict[str, Any] | None:
    """The record in a line; None if any byte of it has changed."""
    text, mark, check = line.rpartition(_CHECK)
    if not mark or check != _checksum(text) + b'"}':
        return None
    record: dict[str, Any] = json.loads(text + b"}")
    return record


def _checksum(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest()[:16].encode()


def _append(file: BinaryIO, line: bytes) -> None:
    file.write(line)
    file.flush()
    os.fsync(file.fileno())
