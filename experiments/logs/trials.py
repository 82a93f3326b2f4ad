"""The trials of a calibration, on disk: what was tried is a list that only grows, and all that a search depends on.

A file has a line of JSON for the search and one for each trial. A line ends with a checksum of its bytes and is on the
disk before the next trial begins, so a kill loses at most the trial under way. A damaged end is set aside; a damaged
line that sound ones follow is an error, since what follows was proposed from what was in it.
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

from experiments.config.settings import ConfigError

try:
    import fcntl
except ImportError:  # Windows, where two searches in one folder are noticed by the order of their lines alone
    fcntl = None  # type: ignore[assignment]

TRIALS = "trials.jsonl"
OF_EARLIER_VERSIONS = "study.log"
_CHECK = b', "check": "'


@dataclass(frozen=True)
class Trial:
    """What was tried and what came of it.

    Attributes:
        numbers: the parameters, by name.
        simulated: statistics of the log that they left, by name.
        loss: of these; infinite where there is no such world or nobody wrote in it.
    """

    numbers: dict[str, float]
    simulated: dict[str, float]
    loss: float


class Trials:
    """The trials of a search, as far as they are on disk; `trials_in` opens them.

    Attributes:
        done: the trials, in the order in which they were made.
    """

    def __init__(self, file: BinaryIO, done: list[Trial]) -> None:
        self._file, self.done = file, done

    def add(self, trial: Trial) -> None:
        """Add a trial; it is on the disk when this returns."""
        _append(self._file, _line({"line": len(self.done) + 1, **asdict(trial)}))
        self.done.append(trial)


@contextmanager
def trials_in(folder: Path, search: Mapping[str, Any], say: Callable[[str], object]) -> Iterator[Trials]:
    """The trials that a folder holds of a search; a new file if there is none.

    Args:
        folder: of the search; it is made if need be.
        search: all that determines the search but for its length, as JSON holds it.
        say: called with a sentence if the end of the file was damaged.

    Raises:
        ConfigError: the folder holds another search, a damaged one or one that is under way.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / TRIALS
    if (folder / OF_EARLIER_VERSIONS).exists() and not path.exists():
        raise ConfigError(
            f"{folder} holds the search of an earlier version ({OF_EARLIER_VERSIONS}), which this version cannot "
            f"continue. Name another folder with --results, or delete {folder} if you no longer need its search."
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
    """Keep other processes out until the file is closed; a process that is killed no longer keeps anybody out."""
    if fcntl is None:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ConfigError(
            f"Another search is under way in {folder}. Wait until it ends, or name another folder with --results."
        ) from None
    except OSError:  # a file system without locks
        return


def _sound(file: BinaryIO, path: Path, say: Callable[[str], object]) -> list[dict[str, Any]]:
    """The records of a file, of which a damaged end is set aside first."""
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
        aside = path.with_name(f"{path.name}.damaged")
        with aside.open("ab") as kept:
            kept.write(rest)
        say(f"The end of {path} was damaged and is set aside as {aside}; the search goes on from trial {len(records)}.")
    file.truncate(min(end, len(content)))
    file.seek(0, os.SEEK_END)
    if len(content) < end:  # the last line is whole but for its end
        _append(file, b"\n")
    return records


def _damaged(path: Path, line: int, after: int) -> str:
    where = f"{path}, line {line}: damaged, and {after} sound {'line follows' if after == 1 else 'lines follow'}."
    if line == 1:
        return f"{where} It said what was searched, so the rest is of no use: delete the file to search anew."
    return f"{where} Delete this line and all after it; the same command then continues from trial {line - 1}."


# What determines a search, as its user would say it.
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
        differs = [said for key, said in _PARTS.items() if before.get(key) != now[key]]
        raise ConfigError(
            f"{folder} holds a search with another {', '.join(differs)}; name another folder with --results, or delete "
            "this one if its search is no longer wanted."
        )


def _line(record: Mapping[str, Any]) -> bytes:
    text = json.dumps(record).encode()[:-1]
    return text + _CHECK + _checksum(text) + b'"}\n'


def _record(line: bytes) -> dict[str, Any] | None:
    """What a line holds; None if a byte of it is not as it was written."""
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
