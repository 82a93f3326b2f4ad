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
    "ISO 8601, zone": lambda time: _stamps(time).dt.tz_convert("Asia/Tokyo").map(lambda one: one.isoformat()),
    "timestamps": lambda time: _stamps(time).dt.tz_localize(None),
    "timestamps, zone": lambda time: _stamps(time).dt.tz_convert("America/New_York"),
    "dates": lambda time: _stamps(time).dt.date,
}
REFUSED: dict[str, Times] = {
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
    """A log of these kinds, and how many people are in it."""
    count, people = chance.randint(30, 200), chance.randint(3, 20)
    pairs = [chance.sample(range(people), 2) for _ in range(count)]
    table = pd.DataFrame(pairs, columns=["source", "target"])
    in_it = len({*table["source"], *table["target"]})
    for name in ("source", "target"):
        table[name] = table[name].map(IDS[ids])
    step = _SPAN // count
    seconds = pd.Series([_START + step * k + chance.randrange(step) for k in range(count)])
    return table.assign(time=(READ | REFUSED)[times](seconds)), in_it


def written(chance: random.Random, table: pd.DataFrame, folder: Path) -> tuple[Path, str]:
    """The log in a file of some format under some name, and its encoding."""
    path = folder / chance.choice(["log.csv", "log.csv.gz", "LOG.CSV.GZ", "log.parquet", "log.txt"])
    if chance.random() < 0.4:
        pq.write_table(pa.Table.from_pandas(table, preserve_index=False), path)
        return path, "parquet"
    encoding = chance.choice(_ENCODINGS)
    content = table.to_csv(index=False).encode(encoding)
    path.write_bytes(gzip.compress(content) if chance.random() < 0.5 else content)
    return path, encoding


def damaged(chance: random.Random, content: bytes) -> bytes:
    """The same with some of its bytes changed."""
    for _ in range(chance.choice([1, 1, 2, 5])):
        at = chance.randrange(len(content) + 1)
        end = min(len(content), at + chance.choice([0, 1, 2, 9, 500]))
        put = chance.choice([b"", b"", b'"', b",", b"\0", b"\n", b"\xff", chance.randbytes(4), content[at:end] * 2])
        content = content[:at] + put + content[end:]
    return content


def fault_of(chance: random.Random, ids: str, times: str, harm: bool, folder: Path) -> tuple[str, str | None]:
    """What came of a log, and what is wrong with that; None where nothing is."""
    table, people = log_of(chance, ids, times)
    path, encoding = written(chance, table, folder)
    if harm:
        path.write_bytes(damaged(chance, path.read_bytes()))
    try:
        rows = load(path)
        found = rows.in_order()
    except LogError as error:
        said = str(error)
        if "\n" in said or len(said) > 900:
            return "refused", f"refused in no paragraph: {said!r}"
        must = not harm and times in READ and not (encoding == "cp1252" and ids == "names")
        return "refused", f"refused: {said}" if must else None
    except Exception:
        return "escaped", traceback.format_exc()
    if harm:
        return "read", None
    if times in REFUSED:
        return "read", "read, though its times are no seconds"
    if (len(found), len(found.names)) != (len(table), people):
        return "read", f"{len(table)} events of {people} people; {len(found)} of {len(found.names)} are read"
    renamed = table.assign(**{name: "p" + table[name].map(str) for name in ("source", "target")})
    again = read(renamed)
    same = (again.source == found.source).all() and (again.target == found.target).all()
    return "read", None if same else "other people once they are renamed"


def main(count: int = LOGS, seed: int = 1) -> int:
    """Try a number of logs; returns the number of faults."""
    came: Counter[tuple[str, str]] = Counter()
    faults = 0
    for number in range(count):
        chance = random.Random(f"{seed} {number}")
        harm = chance.random() < 0.5
        ids, times = chance.choice(sorted(IDS)), chance.choice(sorted(READ if harm else READ | REFUSED))
        with tempfile.TemporaryDirectory() as folder:
            what, fault = fault_of(chance, ids, times, harm, Path(folder))
        came["damaged" if harm else "whole", what] += 1
        if fault is not None:
            faults += 1
            print(f"log {number} (seed {seed}; ids: {ids}; times: {times}): {fault}")
    for (state, what), some in sorted(came.items()):
        print(f"{state:8} {what:8} {some:6,}")
    print(f"{count:,} logs, {faults:,} faults")
    return faults


if __name__ == "__main__":
    sys.exit(1 if main(*map(int, sys.argv[1:])) else 0)
