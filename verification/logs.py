"""Random contact logs: each is read completely or rejected with one sentence, and no event is lost without a note.

Logs are written in a random format and encoding, with ids and times of random types and units. Then bytes of some are
flipped, cut, doubled or replaced. `python -m verification.logs [COUNT] [SEED]` prints how many of each kind were read
and rejected, and exits with code 1 if a log was neither, or lost an event.
"""

from __future__ import annotations

import gzip
import random
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sim.contact_logs import LogError, load, read

LOGS = 5_000
_START, _SPAN = 1_600_000_000, 40_000_000  # seconds
_ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252")

Times = Callable[[pd.Series], pd.Series]
Ids = Callable[[int], object]


def _stamps(time: pd.Series) -> pd.Series:
    return pd.to_datetime(time, unit="s", utc=True)


READ: dict[str, Times] = {
    "seconds": lambda time: time,
    "fractions": lambda time: time + 0.25,
    "from zero": lambda time: time - _START,
    "ISO 8601": lambda time: _stamps(time).dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "ISO 8601, naive": lambda time: _stamps(time).dt.strftime("%Y-%m-%d %H:%M:%S"),
    "ISO 8601, zone": lambda time: _stamps(time).dt.tz_convert("Asia/Tokyo").map(lambda stamp: stamp.isoformat()),
    "timestamps": lambda time: _stamps(time).dt.tz_localize(None),
    "timestamps, zone": lambda time: _stamps(time).dt.tz_convert("America/New_York"),
    "dates": lambda time: _stamps(time).dt.date,
}
REJECTED: dict[str, Times] = {
    "days": lambda time: time / 86_400,
    "Excel": lambda time: time / 86_400 + 25_569,
    "YYYYMMDD": lambda time: _stamps(time).dt.strftime("%Y%m%d").astype(int),
    "milliseconds": lambda time: time * 10**3,
    "microseconds": lambda time: time * 10**6,
    "nanoseconds": lambda time: time * 10**9,
    "other dates": lambda time: _stamps(time).dt.strftime("%d.%m.%Y %H:%M"),
}
IDS: dict[str, Ids] = {
    "whole numbers": lambda person: person + 1,
    "snowflakes": lambda person: 2**60 + person,
    "phones": lambda person: f"0049170555{person:03}",
    "floats": lambda person: float(person),
    "names": lambda person: f"Jürgen {chr(97 + person)}",
    "mail": lambda person: f"user.{person}@example.com",
    "hexadecimal": lambda person: f"{person:02}e{person}",
}


def log_of(chance: random.Random, ids: str, times: str) -> tuple[pd.DataFrame, int]:
    """A log with ids and times of these kinds, and the number of its people."""
    count, people = chance.randint(30, 200), chance.randint(3, 20)
    pairs = [chance.sample(range(people), 2) for _ in range(count)]
    table = pd.DataFrame(pairs, columns=["source", "target"])
    present = len({*table["source"], *table["target"]})
    for name in ("source", "target"):
        table[name] = table[name].map(IDS[ids])
    step = _SPAN // count
    seconds = pd.Series([_START + step * k + chance.randrange(step) for k in range(count)])
    return table.assign(time=(READ | REJECTED)[times](seconds)), present


def written(chance: random.Random, table: pd.DataFrame, folder: Path) -> tuple[Path, str]:
    """Write the log to a file in a random format; returns its path and encoding."""
    path = folder / chance.choice(["log.csv", "log.csv.gz", "LOG.CSV.GZ", "log.parquet", "log.txt"])
    if chance.random() < 0.4:
        pq.write_table(pa.Table.from_pandas(table, preserve_index=False), path)
        return path, "parquet"
    encoding = chance.choice(_ENCODINGS)
    content = table.to_csv(index=False).encode(encoding)
    path.write_bytes(gzip.compress(content) if chance.random() < 0.5 else content)
    return path, encoding


def damaged(chance: random.Random, content: bytes) -> bytes:
    """The content with some bytes changed."""
    for _ in range(chance.choice([1, 1, 2, 5])):
        start = chance.randrange(len(content) + 1)
        end = min(len(content), start + chance.choice([0, 1, 2, 9, 500]))
        inserted = chance.choice(
            [b"", b"", b'"', b",", b"\0", b"\n", b"\xff", chance.randbytes(4), content[start:end] * 2]
        )
        content = content[:start] + inserted + content[end:]
    return content


def fault_of(chance: random.Random, ids: str, times: str, is_damaged: bool, folder: Path) -> tuple[str, str | None]:
    """The outcome of a log, and the fault; None if there is none."""
    table, people = log_of(chance, ids, times)
    path, encoding = written(chance, table, folder)
    if is_damaged:
        path.write_bytes(damaged(chance, path.read_bytes()))
    try:
        rows = load(path)
        contacts = rows.in_order()
    except LogError as error:
        message = str(error)
        if "\n" in message or len(message) > 900:
            return "rejected", f"the message is not one paragraph: {message!r}"
        must_be_read = not is_damaged and times in READ and not (encoding == "cp1252" and ids == "names")
        return "rejected", f"rejected: {message}" if must_be_read else None
    except Exception:
        return "unexpected error", traceback.format_exc()
    if is_damaged:
        return "read", None
    if times in REJECTED:
        return "read", "read, although its times are not seconds"
    if (len(contacts), len(contacts.names)) != (len(table), people):
        return "read", f"{len(table)} events of {people} people; {len(contacts)} of {len(contacts.names)} were read"
    renamed = table.assign(**{name: "p" + table[name].map(str) for name in ("source", "target")})
    again = read(renamed)
    same = (again.source == contacts.source).all() and (again.target == contacts.target).all()
    return "read", None if same else "renamed ids give different people"


def main(count: int = LOGS, seed: int = 1) -> int:
    """Try a number of logs; returns the number of faults."""
    outcomes: Counter[tuple[str, str]] = Counter()
    faults = 0
    for number in range(count):
        chance = random.Random(f"{seed} {number}")
        is_damaged = chance.random() < 0.5
        ids, times = chance.choice(sorted(IDS)), chance.choice(sorted(READ if is_damaged else READ | REJECTED))
        with tempfile.TemporaryDirectory() as folder:
            result, fault = fault_of(chance, ids, times, is_damaged, Path(folder))
        outcomes["damaged" if is_damaged else "whole", result] += 1
        if fault is not None:
            faults += 1
            print(f"log {number} (seed {seed}; ids: {ids}; times: {times}): {fault}")
    for (state, result), number in sorted(outcomes.items()):
        print(f"{state:8} {result:17} {number:6,}")
    print(f"{count:,} logs, {faults:,} faults")
    return faults


if __name__ == "__main__":
    sys.exit(1 if main(*map(int, sys.argv[1:])) else 0)
