"""The one file of sim that touches disk: it reads contact logs, keeps burnt-in worlds and the records of long runs."""

from __future__ import annotations

import csv
import glob
import gzip
import hashlib
import itertools
import json
import os
import re
import shutil
import tempfile
import time
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TextIO, cast

import numba
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from sim.interrupts import held_back
from sim.parameters import Parameters
from sim.population import BOOKING, GESTURE, MEMBER, PERSON, PLAN, TIE, World

COLUMNS = ("source", "target", "time")
_LATEST = 1e11  # seconds; the year 5138, so whatever is later counts milliseconds or less

# How a row (counted from 0) is named in an error.
_Where = Callable[[int], str]


class LogError(ValueError):
    """A contact log that can not be used; the text says where it fails and what to do."""


# Contact logs -----------------------------------------------------------------------------------------------------


def read_log(log: str | os.PathLike[str] | pd.DataFrame) -> pd.DataFrame:
    """A contact log, checked and in order.

    Args:
        log: a ``.csv``, ``.csv.gz`` or ``.parquet`` file, or a table, with the columns ``source``, ``target`` (ids:
            text, whole numbers, anything hashable) and ``time`` (unix seconds). Other columns are left out.

    Returns:
        The three columns in order of time (rows of one time stay as they were), without contacts of people with
        themselves and without rows that are equal in all three. Ids of a CSV are whole numbers if all of them are.

    Raises:
        LogError: the file can not be read, lacks a column or holds a bad value; names the line (the header is line 1).
    """
    table, name, where = _from_table(log) if isinstance(log, pd.DataFrame) else _from_file(Path(log))
    if table.empty:
        raise LogError(f"{name} has its columns but no rows: there is nobody to make a world of.")
    _check_ids(table, where)
    table["time"] = _checked_times(table["time"], where)
    table = table[table["source"] != table["target"]]
    if table.empty:
        raise LogError(
            f"In {name} every source is its own target. A world needs at least one contact between two people."
        )
    return table.drop_duplicates().sort_values("time", kind="stable", ignore_index=True)


def _from_table(table: pd.DataFrame) -> tuple[pd.DataFrame, str, _Where]:
    _check_columns(list(table.columns), "the table")
    columns = {name: table[name].to_numpy() for name in COLUMNS}
    return pd.DataFrame(columns), "the table", lambda row: f"the table, row {row} (counted from 0)"


def _from_file(path: Path) -> tuple[pd.DataFrame, str, _Where]:
    kind = path.suffixes[-2:] if path.suffix.lower() == ".gz" else [path.suffix]
    ending = "".join(kind).lower()
    if ending not in _REMEDIES:
        raise LogError(f"{path} does not end in {', '.join(_REMEDIES)}; save the log as one of these.")
    if not path.is_file():
        raise LogError(_missing(path))
    try:
        if ending == ".parquet":
            return _read_parquet(path), str(path), lambda row: f"{path}, row {row} (counted from 0)"
        return _read_csv(path), str(path), lambda row: f"{path}, line {_line(path, row)}"
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error, pa.ArrowException) as problem:
        raise LogError(f"{path} can not be read: {_in_a_line(problem)}. {_REMEDIES[ending]}") from problem


_REMEDIES = {
    ".csv": "It must be UTF-8 text with commas between the columns.",
    ".csv.gz": "Its packing is damaged or is not gzip; fetch the file again, or unpack it and use the .csv.",
    ".parquet": "It is damaged or is not Parquet; write it again, for instance with pandas' `to_parquet`.",
}


def _in_a_line(text: object, most: int = 200) -> str:
    """What others say, on one line and not too long."""
    said = " ".join(str(text).split()).removesuffix(".")
    return said if len(said) <= most else f"{said[:most]} …"


def _missing(path: Path) -> str:
    """Why there is no such file, and which was perhaps meant."""
    if path.is_dir():
        return f"{path} is a folder; name the log inside it."
    if not path.parent.is_dir():
        return f"{path} does not exist, and neither does the folder {path.parent}."
    logs = [file.name for file in path.parent.iterdir() if file.name.lower().endswith(tuple(_REMEDIES))]
    near = get_close_matches(path.name, logs, n=1, cutoff=0.4)
    guess = f"Did you mean {near[0]}?" if near else f"The folder {path.parent} holds nothing like it."
    return f"{path} does not exist. {guess}"


def _read_parquet(path: Path) -> pd.DataFrame:
    _check_columns(pa.parquet.read_schema(path).names, str(path))
    table = pa.parquet.read_table(path, columns=list(COLUMNS))
    return pd.DataFrame({name: table.column(name).to_pandas().to_numpy() for name in COLUMNS})


def _read_csv(path: Path) -> pd.DataFrame:
    with _opened(path) as text:
        header = next(filter(None, csv.reader(text)), None)
    if header is None:
        raise LogError(f"{path} is empty. Its first line must be {','.join(COLUMNS)}.")
    _check_columns(header, str(path))
    as_text = pa.csv.ConvertOptions(
        include_columns=list(COLUMNS), column_types=dict.fromkeys(COLUMNS, pa.string()), strings_can_be_null=False
    )
    lines = pa.csv.ParseOptions(newlines_in_values=True)
    try:
        table = pa.csv.read_csv(path, parse_options=lines, convert_options=as_text)
    except pa.ArrowInvalid as problem:
        raise _misshapen(path, len(header)) or problem from None
    if _has_quotes(path) and (found := _misshapen(path, len(header))):  # Arrow reads on where a quote is never closed
        raise found
    ids = _converted([table.column("source"), table.column("target")], pa.int64())
    times = _converted(_converted([table.column("time")], pa.int64()), pa.float64())
    return pd.DataFrame(dict(zip(COLUMNS, (column.to_numpy() for column in (*ids, *times)), strict=True)))


def _converted(columns: list[pa.ChunkedArray], kind: pa.DataType) -> list[pa.ChunkedArray]:
    """Columns of text as columns of this type, or as they are if any value does not fit."""
    if not all(pa.types.is_string(column.type) for column in columns):
        return columns
    try:
        return [column.cast(kind) for column in columns]
    except pa.ArrowInvalid:
        return columns


def _opened(path: Path) -> TextIO:
    """The text of a CSV file, packed or not, with or without a byte-order mark; Arrow is who checks the encoding."""
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    return cast(TextIO, opened(path, "rt", encoding="utf-8-sig", errors="surrogateescape", newline=""))


def _line(path: Path, row: int) -> int:
    """The line of a row counted from 0; the header is line 1, blank lines are lines but not rows."""
    with _opened(path) as text:
        reader = csv.reader(text)
        lines = (reader.line_num for fields in reader if fields)
        return next(itertools.islice(lines, row + 1, None))


def _has_quotes(path: Path) -> bool:
    with _opened(path) as text:
        return any('"' in piece for piece in iter(lambda: text.read(2**20), ""))


def _misshapen(path: Path, width: int) -> LogError | None:
    """The error for the first row with too many or too few values, or with a quote that does not end; or None."""
    with _opened(path) as text:
        reader = csv.reader(text, strict=True)
        row = 1
        try:
            for fields in reader:
                if fields and len(fields) != width:
                    return LogError(
                        f"{path}, line {reader.line_num}: {len(fields)} values, but the header names {width} columns: "
                        f"{','.join(fields)[:80]!r}. Put text that holds a comma into double quotes."
                    )
                row = reader.line_num + 1
        except csv.Error as problem:
            return LogError(
                f"{path}, line {row}: a double quote that begins here does not end as it must ({problem}). Close each, "
                "and write one that belongs to the text twice."
            )
    return None


def _check_columns(found: Sequence[Any], name: str) -> None:
    for column in COLUMNS:
        if list(found).count(column) > 1:
            raise LogError(f"{name} has several columns named {column}; keep one.")
        if column not in found:
            near = [str(other) for other in found if str(other).strip().lower() == column]
            near = near or get_close_matches(column, map(str, found), n=1)
            raise LogError(
                f"{name} has no column {column}; it has {_listed(found)}. "
                + (f"Rename {near[0]!r} to {column}. " if near else "")
                + f"The first line of a contact log is {','.join(COLUMNS)}, with commas."
            )


def _listed(columns: Sequence[Any]) -> str:
    return _in_a_line(", ".join(repr(str(name)) for name in columns)) or "none"


def _check_ids(table: pd.DataFrame, where: _Where) -> None:
    for column in ("source", "target"):
        row = _first(table[column].isna() | (table[column] == ""))
        if row is not None:
            raise LogError(f"{where(row)}: the {column} is empty. Each contact needs the ids of two people.")
        kinds = table[column].map(type)
        row = _first(kinds.isin([kind for kind in kinds.unique() if kind.__hash__ is None]))
        if row is not None:
            said = _in_a_line(repr(table[column][row]), 80)
            raise LogError(f"{where(row)}: the {column} {said} can not be an id. Ids are text or numbers.")


def _checked_times(times: pd.Series, where: _Where) -> pd.Series:
    """Times as numbers of seconds, all of them usable."""
    if times.dtype.kind in "Mm":
        raise LogError(
            f"{where(0)}: the time {times[0]} is a date; times are unix seconds. Convert them with "
            '(log["time"] - pandas.Timestamp(0)) // pandas.Timedelta("1s").'
        )
    seconds = pd.to_numeric(times, errors="coerce") if times.dtype != bool else times * np.nan
    for bad, remedy in (
        (~np.isfinite(seconds), "is not a number. Times are unix seconds, such as 1700000000"),
        (seconds < 0, "is negative. Subtract the earliest time from all of them, so that they start at 0"),
        (seconds > _LATEST, "is too far away to be in seconds. If times are in milliseconds, divide them by 1000"),
    ):
        row = _first(bad)
        if row is not None:
            raise LogError(f"{where(row)}: the time {_in_a_line(times[row], 80)!r} {remedy}.")
    return seconds


def _first(flags: pd.Series) -> int | None:
    """The first row that is flagged, if any is."""
    return int(flags.to_numpy().argmax()) if flags.any() else None


# Worlds -----------------------------------------------------------------------------------------------------------

_ORIGIN = "origin.json"
_HALF_WRITTEN, _REMOVED = ".half-written-", ".removed-"  # what a kill leaves behind has such a name
_TYPES = dict(zip(World.ARRAYS, (PERSON, TIE, PLAN, GESTURE, BOOKING, MEMBER), strict=True))


class InMotion(Protocol):
    """A world that an engine has; see `sim.day.Core`."""

    def to_world(self) -> World:
        """As it now is."""

    def in_parts(self) -> tuple[World, Iterator[np.ndarray]]:
        """The same without its ties, and these in parts."""


@held_back()
def save_world(
    world: World,
    folder: str | os.PathLike[str],
    origin: Mapping[str, Any] | None = None,
    *,
    ties: Iterable[np.ndarray] | None = None,
) -> None:
    """Keep a world in a folder of its own, in place of what the folder held: all of it or, if that fails, nothing.

    Args:
        world: to keep.
        folder: for it alone.
        origin: what the world was made of, kept beside it; see `origin_of`.
        ties: in place of those of the world, in parts.

    Raises:
        OSError: the disk refuses.
        ValueError: the world has names that are neither text nor numbers.
    """
    folder = Path(folder)
    text = _described(world)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=_HALF_WRITTEN, dir=folder.parent) as scratch:
        fresh = Path(scratch, "fresh")
        fresh.mkdir()
        for name in World.ARRAYS:
            if name != "ties" or ties is None:
                np.save(fresh / f"{name}.npy", getattr(world, name), allow_pickle=False)
        if ties is not None:
            _save_ties(ties, int(world.people["slots"].sum(dtype=np.int64)), fresh / "ties.npy")
        (fresh / "world.json").write_text(text, encoding="utf-8")
        if origin is not None:
            (fresh / _ORIGIN).write_text(json.dumps(origin), encoding="utf-8")
        if folder.exists():
            folder.rename(Path(scratch, "replaced"))
        fresh.rename(folder)


def _save_ties(parts: Iterable[np.ndarray], count: int, path: Path) -> None:
    """As `numpy.save` would write them in one piece."""
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(
            file, np.lib.format.header_data_from_array_1_0(np.zeros(0, TIE)) | {"shape": (count,)}
        )
        for part in parts:
            file.write(np.ascontiguousarray(part).data)


def load_world(folder: str | os.PathLike[str]) -> World:
    """A world that `save_world` kept, equal to it bit for bit.

    Its arrays are read when they are touched and written to memory only, so several processes share one copy.

    Raises:
        ValueError: the folder does not hold a whole world of this version of the program.
    """
    try:
        said = json.loads(Path(folder, "world.json").read_text(encoding="utf-8"))
        arrays = {name: _loaded(Path(folder, f"{name}.npy"), dtype) for name, dtype in _TYPES.items()}
        if arrays["people"]["slots"].sum() != len(arrays["ties"]):
            raise ValueError("people and ties do not belong together")
        names = None if said["names"] is None else np.array(said["names"], dtype=said["names_type"])
        return World(
            day=said["day"],
            strategies_end=said["strategies_end"],
            parameters=Parameters.model_validate(said["parameters"]),
            names=names,
            **arrays,
        )
    except (OSError, EOFError, ValueError, KeyError, TypeError) as problem:
        reason = " ".join(str(problem).split())
        raise ValueError(
            f"{folder} does not hold a whole world that this version can read ({reason}). Make the world again."
        ) from problem


def _described(world: World) -> str:
    """All of a world that is not an array, as JSON."""
    names = None if world.names is None else world.names.tolist()
    strange = next((name for name in names or () if not isinstance(name, str | int | float)), None)
    if strange is not None:
        raise ValueError(f"The name {strange!r} can not be kept on disk: names must be text or numbers.")
    said = {
        "day": int(world.day),
        "strategies_end": int(world.strategies_end),
        "names": names,
        "names_type": None if world.names is None else world.names.dtype.str,
        "parameters": world.parameters.model_dump(mode="json"),
    }
    return json.dumps(said)


def _loaded(path: Path, dtype: np.dtype[Any]) -> np.ndarray:
    array = np.asarray(np.load(path, mmap_mode="c"))
    if array.dtype != dtype or array.ndim != 1:
        raise ValueError(f"{path.name} has other fields")
    return array


# Records ----------------------------------------------------------------------------------------------------------


_CHECKSUM = 32  # bytes


@held_back()
def save_records(records: Mapping[str, np.ndarray], path: Path) -> None:
    """Keep arrays in one file: a checksum, and the rest as NumPy's ``.npz``.

    A kill at any moment leaves what the file held before, or all of the new.

    Raises:
        OSError: the disk refuses; the file is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{os.getpid()}-{path.name}.half")
    try:
        with half.open("w+b") as file:
            file.write(bytes(_CHECKSUM))
            np.savez(file, **records)  # type: ignore[arg-type]
            file.seek(_CHECKSUM)
            checksum = hashlib.file_digest(file, "sha256").digest()
            file.seek(0)
            file.write(checksum)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def load_records(path: Path) -> dict[str, np.ndarray]:
    """The arrays that `save_records` kept, bit for bit.

    Raises:
        OSError: there is no such file, or it can not be read.
        ValueError: it is damaged, or something else.
    """
    with path.open("rb") as file:
        checksum = file.read(_CHECKSUM)
        if hashlib.file_digest(file, "sha256").digest() != checksum:
            raise ValueError("its checksum is another")
        file.seek(_CHECKSUM)
        with np.load(file, allow_pickle=False) as kept:
            return {name: kept[name] for name in kept.files}


def remove_records(path: Path) -> None:
    """Delete the file, and what a kill may have left of a newer one.

    Raises:
        OSError: the disk refuses.
    """
    for file in (path, *path.parent.glob(f".*-{glob.escape(path.name)}.half")):
        file.unlink(missing_ok=True)


# The cache --------------------------------------------------------------------------------------------------------

GIGABYTE = 10**9
MOST_GIGABYTES = 20.0  # of kept worlds, unless REKINDLE_CACHE_GB says otherwise
SECONDS_OF_A_SCRAP = 86_400  # what is half written or half removed for so long is of a process that was killed


class CacheError(ValueError):
    """A cache that can not be used as it was asked for; the text says what to write instead."""


@dataclass(frozen=True)
class KeptWorld:
    """A world in the cache.

    Attributes:
        key: its folder; see `content_key`.
        size: bytes.
        used: when it was made or last taken from the cache, in unix seconds.
        origin: what it was made of, see `origin_of`; None where that is not known.
    """

    key: str
    size: int
    used: float
    origin: Mapping[str, Any] | None

    @property
    def is_present(self) -> bool:
        """Whether the program as it now is made it; nothing else will ever ask for it again."""
        return self.origin is not None and self.origin["model"] == model_fingerprint()


def cache_folder() -> Path:
    """Where burnt-in worlds are kept: ``$XDG_CACHE_HOME/rekindle``, else ``~/.cache/rekindle``. Safe to delete."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rekindle"


def worlds_folder() -> Path:
    """The part of the cache that holds worlds, each in a folder that has its key for a name."""
    return cache_folder() / "worlds"


def cache_limit() -> float:
    """Bytes that kept worlds may take: 20 GB, or what the environment variable ``REKINDLE_CACHE_GB`` says.

    Raises:
        CacheError: it says no number.
    """
    said = os.environ.get("REKINDLE_CACHE_GB") or str(MOST_GIGABYTES)
    with suppress(ValueError):
        if float(said) >= 0:
            return float(said) * GIGABYTE
    raise CacheError(f"REKINDLE_CACHE_GB is {said!r}; write a number of gigabytes, such as {MOST_GIGABYTES:g}.")


def cached_world(build: Callable[[], InMotion], parameters: Parameters, **settings: float) -> World:
    """The world kept under the key of these (see `content_key`), or a new one, which is then kept.

    A damaged entry is built again, and one that another process removes at this moment. A disk that refuses brings a
    warning, since the world itself is fine. Where a new world makes the cache too large, those go that nobody has used
    for longest.

    Raises:
        CacheError: REKINDLE_CACHE_GB says no number.
    """
    limit = cache_limit()
    origin = origin_of(parameters, **settings)
    key = _key(origin)
    with suppress(ValueError):
        return load_kept_world(key)
    built = build()
    folder = worlds_folder() / key
    try:
        rest, ties = built.in_parts()
        save_world(rest, folder, origin, ties=ties)
        _make_room(limit, key)
        return load_kept_world(key)
    except OSError as problem:
        if not folder.exists():  # or else another process has just kept the same world
            warnings.warn(f"The world could not be kept in {folder}: {problem}", stacklevel=2)
    except ValueError:  # another process has removed it
        pass
    return built.to_world()


def load_kept_world(key: str) -> World:
    """A world out of the cache, which has then been used just now.

    Raises:
        ValueError: there is none under this key, or it is not whole.
    """
    folder = worlds_folder() / key
    world = load_world(folder)
    with suppress(OSError):  # it was removed meanwhile, or may only be read: the world is whole all the same
        os.utime(folder)
    return world


def kept_worlds() -> list[KeptWorld]:
    """Every world in the cache, the last used first. Whatever else is there has another form of name."""
    with suppress(FileNotFoundError):
        found = [_kept(folder) for folder in worlds_folder().iterdir() if _is_of_a_world(folder)]
        return sorted(filter(None, found), key=lambda world: (-world.used, world.key))
    return []


def remove_kept_world(key: str) -> bool:
    """Remove a world from the cache; False if it is not there. Who is reading it keeps what they have.

    It has another name before its first file goes, so nobody meets half of it.

    Raises:
        OSError: the disk refuses.
    """
    folder = worlds_folder() / key
    if not _is_of_a_world(folder):
        return False
    try:
        with tempfile.TemporaryDirectory(prefix=_REMOVED, dir=worlds_folder()) as scratch:
            folder.rename(Path(scratch, key))
    except FileNotFoundError:  # another process was faster
        return False
    return True


def scraps() -> list[Path]:
    """Folders in the cache that processes left behind when they were killed amid writing or removing a world."""
    names = (f"{prefix}*" for prefix in (_HALF_WRITTEN, _REMOVED))
    found = [folder for name in names for folder in worlds_folder().glob(name) if not folder.is_symlink()]
    return [folder for folder in found if time.time() - _used(folder) > SECONDS_OF_A_SCRAP]


def remove_scraps() -> None:
    """Remove what killed processes left behind."""
    for folder in scraps():
        shutil.rmtree(folder, ignore_errors=True)


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder and below; what goes while they are counted is left out."""
    size = 0
    for below, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                size += os.lstat(os.path.join(below, name)).st_size
    return size


def least_used(worlds: Sequence[KeptWorld], limit: float) -> list[KeptWorld]:
    """Of worlds in the order of `kept_worlds`, the last ones: as few as must go for the rest to be within the limit."""
    size = sum(world.size for world in worlds)
    found = []
    for world in reversed(worlds):
        if size <= limit:
            break
        found.append(world)
        size -= world.size
    return found


def _make_room(limit: float, new: str) -> None:
    """Remove worlds that nobody has used for longest until the cache is within its limit; the new one stays."""
    kept = kept_worlds()
    others = [world for world in kept if world.key != new]
    for world in least_used(others, limit - sum(world.size for world in kept if world.key == new)):
        remove_kept_world(world.key)


def _kept(folder: Path) -> KeptWorld | None:
    """What a folder keeps; None if it is gone by now."""
    size, origin = size_of(folder), _origin(folder)
    try:
        return KeptWorld(folder.name, size, folder.stat().st_mtime, origin)
    except FileNotFoundError:
        return None


def _used(folder: Path) -> float:
    """When a folder was last touched; just now if it is gone."""
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:
        return time.time()


def _origin(folder: Path) -> Mapping[str, Any] | None:
    """What the world in a folder was made of; None where nothing says, or where what it says gives another key."""
    try:
        origin = json.loads((folder / _ORIGIN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return origin if _key(origin) == folder.name else None


def _is_of_a_world(folder: Path) -> bool:
    """Whether a path is one that keeps a world: a folder, no link to one elsewhere, named by a key."""
    named = re.fullmatch("[0-9a-f]{32}", folder.name) is not None and folder.parent == worlds_folder()
    return named and folder.is_dir() and not folder.is_symlink()


def origin_of(parameters: Parameters, **settings: float) -> dict[str, Any]:
    """All that determines a world, ready for JSON: parameters, settings and the program."""
    return {"parameters": parameters.model_dump(mode="json"), "model": model_fingerprint(), **settings}


def content_key(parameters: Parameters, **settings: float) -> str:
    """A name, 32 hex digits, for what parameters, settings and the program make together."""
    return _key(origin_of(parameters, **settings))


def _key(origin: Any) -> str:
    return hashlib.sha256(json.dumps(origin, sort_keys=True).encode()).hexdigest()[:32]


@cache
def model_fingerprint() -> str:
    """The program that makes worlds, 16 hex digits: the source of all of sim, and the versions of Numba and NumPy.

    All of sim, because a file too many only costs a burn-in, while a file too few would serve an outdated world; the
    versions, because another compiler may round otherwise.
    """
    digest = hashlib.sha256(f"{numba.__version__} {np.__version__}".encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(hashlib.sha256(source.read_bytes()).digest())
    return digest.hexdigest()[:16]
