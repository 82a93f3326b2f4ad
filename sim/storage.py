"""What sim keeps on disk: burnt-in worlds and the records of long runs."""

from __future__ import annotations

import glob
import hashlib
import json
import os
import re
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numba
import numpy as np

from sim.contact_logs import LogError as LogError
from sim.contact_logs import read_log as read_log
from sim.parameters import Parameters
from sim.population import BOOKING, GESTURE, MEMBER, PERSON, PLAN, TIE, World

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
