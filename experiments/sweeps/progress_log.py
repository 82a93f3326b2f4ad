"""What commands report while they make the runs of a sweep: how many ended when, and which failed with what error.

    results/NAME/progress.jsonl    one JSON object per line

Finished runs are in the parts, which say neither when they ended nor which runs failed. The log is for people who wait
for a sweep. No result depends on it, so a line that cannot be written or read is left out.
"""

from __future__ import annotations

import json
import math
import os
import platform
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from experiments.sweeps.store import Row

LOG = "progress.jsonl"
SECONDS_BETWEEN = 5.0  # least time between two lines of a command
SECONDS_OF_SILENCE = 60.0  # longest time between them, although no run has ended
_GONE = 3 * SECONDS_OF_SILENCE  # a command that was silent longer was killed
_WINDOW = 600.0  # seconds over which the rate is measured


class ProgressLog:
    """The log of one command in a results folder."""

    def __init__(self, folder: Path, cores: int) -> None:
        self._path = folder / LOG
        self._always = {"command": f"{platform.node()} {os.getpid()} {time.time():.3f}", "cores": cores}
        self._ended, self._failed, self._written = 0, dict[str, str](), -math.inf

    def add(self, rows: Sequence[Row]) -> None:
        """Note runs that have ended, which may be none."""
        self._ended += len(rows)
        self._failed |= {row["id"]: row["error"] for row in rows if row["error"]}
        silent = time.monotonic() - self._written
        if silent > (SECONDS_BETWEEN if self._ended else SECONDS_OF_SILENCE):
            self._write()

    def close(self) -> None:
        """Note that the command makes no more runs."""
        self._write(over=True)

    def _write(self, **more: object) -> None:
        line = self._always | {"at": round(time.time(), 3), "ended": self._ended, "failed": self._failed} | more
        with suppress(OSError), self._path.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(line)}\n")
        self._ended, self._failed, self._written = 0, {}, time.monotonic()


@contextmanager
def logged(folder: Path, cores: int) -> Iterator[ProgressLog]:
    """A log for the time that a command makes runs."""
    log = ProgressLog(folder, cores)
    log.add([])
    try:
        yield log
    finally:
        log.close()


class Pace(NamedTuple):
    """How fast a sweep goes.

    Attributes:
        commands: number of commands that make its runs now.
        cores: number of runs that they make at a time.
        rate: runs that ended per second, over the last ten minutes, from the first end on; NaN if none is at work, or
            no run has ended in that time.
        last: when a command last wrote a line, in seconds since 1970; NaN if none did.
    """

    commands: int
    cores: int
    rate: float
    last: float


def lines(folder: Path) -> list[dict[str, Any]]:
    """The lines of the log, oldest first; those that are damaged are left out."""
    found = []
    try:
        text = (folder / LOG).read_text("utf-8", errors="replace")
    except OSError:
        return []
    for line in text.splitlines():
        with suppress(ValueError):
            one = json.loads(line)
            if isinstance(one, dict) and {"command", "cores", "at", "ended", "failed"} <= one.keys():
                found.append(one)
    return sorted(found, key=lambda one: float(one["at"]))


def failures(log: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Runs that failed, indexed by id: columns ``error`` and ``at`` (seconds since 1970), the latest of each run."""
    rows = {run: (error, float(line["at"])) for line in log for run, error in line["failed"].items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["error", "at"]).rename_axis("id")


def pace(log: Sequence[dict[str, Any]], now: float) -> Pace:
    """How fast the commands of a log make runs.

    Args:
        log: its lines.
        now: seconds since 1970.
    """
    last = {line["command"]: line for line in log}
    at_work = {name for name, line in last.items() if not line.get("over") and now - line["at"] < _GONE}
    theirs = [line for line in log if line["command"] in at_work]
    ends = [line["at"] for line in theirs if line["ended"]]
    until = ends[-1] if ends else now
    # From the first end on, because workers take a while to start.
    begin = ends[0] if ends and ends[0] < until else theirs[0]["at"] if theirs else until
    since = max(now - _WINDOW, begin)
    ended = sum(line["ended"] for line in theirs if line["at"] > since)
    return Pace(
        commands=len(at_work),
        cores=sum(last[name]["cores"] for name in at_work),
        rate=ended / (until - since) if ends and until > since else math.nan,
        last=float(log[-1]["at"]) if log else math.nan,
    )
