"""The trials of a calibration on disk: a list that only grows, and that determines the rest of the search.

The file has one line of JSON for the search and one per trial. A line ends with a checksum of its bytes and is on disk
before the next trial begins, so a kill loses at most the current trial. A damaged end is set aside. A damaged line with
valid lines after it is an error, because those trials were proposed from its content.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from experiments.config.errors import ConfigError

try:
    import fcntl
except ImportError:  # Windows, where only the order of lines shows two searches in one folder
    fcntl = None  # type: ignore[assignment]

TRIALS = "trials.jsonl"
OF_EARLIER_VERSIONS = "study.log"
_CHECK = b', "check": "'


@dataclass(frozen=True)
class Trial:
    """A trial and its result.

    Attributes:
        numbers: parameters by name.
        simulated: statistics of the simulated log, by name.
        loss: their loss; infinite if the parameters are not allowed or nobody wrote.
    """

    numbers: dict[str, float]
    simulated: dict[str, float]
    loss: float


class Trials:
    """The trials of a search that are on disk; `trials_in` opens them.

    Attributes:
        done: the trials, in the order in which they were made.
    """

    def __init__(self, file: BinaryIO, done: list[Trial]) -> None:
        self._file, self.done = file, done

    def add(self, trial: Trial) -> None:
        """Add a trial. It is on disk when this returns."""
        _append(self._file, _line({"line": len(self.done) + 1, **asdict(trial)}))
        self.done.append(trial)


@contextmanager
def trials_in(folder: Path, search: Mapping[str, Any], say: Callable[[str], object]) -> Iterator[Trials]:
    """The trials of a search in a folder; creates the file if there is none.

    Args:
        folder: folder of the search, which is created if it does not exist.
        search: everything that determines the search except its length, as JSON values.
        say: called with a sentence if the end of the file was damaged.

    Raises:
        ConfigError: the folder has another search, a damaged one, or one that is running.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / TRIALS
    if (folder / OF_EARLIER_VERSIONS).exists() and not path.exists():
        raise ConfigError(
            f"{folder} has a search by an earlier version ({OF_EARLIER_VERSIONS}), which this version cannot continue. "
            f"Name another folder with --results, or delete {folder} if you no longer need its search."
        )
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b") as file:
        _lock(file, folder)
        records = _sound(file, path, say)
        if not records:
            _append(file, _line({"line": 0, "search": search}))
            records = [{"search": json.loads(json.dumps(search))}]
        _check_same(records[0]["search"], search, folder)
        yield Trials(file, [Trial(each["numbers"], each["simulated"], each["loss"]) for each in records[1:]])


def _lock(file: BinaryIO, folder: Path) -> None:
    """Lock the file until it is closed. The lock of a killed process is released."""
    if fcntl is None:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ConfigError(
            f"Another search is running in {folder}. Wait until it ends, or name another folder with --results."
        ) from None
    except OSError:  # a file system without locks
        return


def _sound(file: BinaryIO, path: Path, say: Callable[[str], object]) -> list[dict[str, Any]]:
    """The valid records of a file. A damaged end is set aside."""
    content = file.read()
    records: list[dict[str, Any]] = []
    end = 0
    for line in content.split(b"\n"):
        record = _record(line)
        if record is None or record["line"] != len(records):
            break
        records.append(record)
        end += len(line) + 1
    rest = content[end:]
    after = sum(_record(line) is not None for line in rest.split(b"\n"))
    if after:
        raise ConfigError(_damaged(path, len(records) + 1, after))
    if rest.strip():
        damaged_end = path.with_name(f"{path.name}.damaged")
        with damaged_end.open("ab") as kept:
            kept.write(rest)
        say(
            f"The end of {path} was damaged and is set aside as {damaged_end}; the search resumes at trial "
            f"{len(records)}."
        )
    file.truncate(min(end, len(content)))
    file.seek(0, os.SEEK_END)
    if len(content) < end:  # only the line break is missing
        _append(file, b"\n")
    return records


def _damaged(path: Path, line: int, after: int) -> str:
    where = f"{path}, line {line}: damaged, but {after} valid {'line follows' if after == 1 else 'lines follow'}."
    if line == 1:
        return f"{where} It described the search, so the other lines cannot be used. Delete the file to start again."
    return f"{where} Delete this line and all lines after it; the same command then continues from trial {line - 1}."


# What determines a search, in a user's words.
_PARTS = {
    "log": "log",
    "real": "content of the log or choice of statistics",
    "fit": "choice of parameters",
    "seed": "seed",
    "window": "size of simulated worlds",
    "base": "value of a parameter that is not fitted",
    "model": "version of the model",
}


def _check_same(before: Mapping[str, Any], search: Mapping[str, Any], folder: Path) -> None:
    now = json.loads(json.dumps(search))
    if before != now:
        differs = [label for key, label in _PARTS.items() if before.get(key) != now[key]]
        raise ConfigError(
            f"{folder} has a search with another {', '.join(differs)}. Name another folder with --results, or "
            "delete this "
            "one if you no longer need its search."
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
