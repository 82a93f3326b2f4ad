"""Files of `sim`: saved worlds, the records of long runs, and the cache of burnt-in worlds."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import mmap
import os
import re
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeVar

import numpy as np

from sim.contact_logs.errors import in_a_line
from sim.model.former_names import lasting_json, with_present_names
from sim.model.parameters import Parameters
from sim.runtime.atomic_files import flush_folder, left_beside, write_whole
from sim.runtime.fingerprint import cache_folder, worlds_fingerprint
from sim.runtime.interrupts import held_back
from sim.runtime.machine import kind_of_machine
from sim.runtime.soundness import check_world
from sim.state.population import BOOKING, GESTURE, MEMBER, PERSON, PLAN, TIE, World

# Worlds -----------------------------------------------------------------------------------------------------------

_DESCRIPTION, _ORIGIN, _MANIFEST = "world.json", "origin.json", "manifest.json"
_HALF_WRITTEN, _REMOVED = ".half-written-", ".removed-"  # prefixes of folders that a killed process may leave behind
_TYPES = dict(zip(World.ARRAYS, (PERSON, TIE, PLAN, GESTURE, BOOKING, MEMBER), strict=True))
# Former names of fields. Worlds saved with them can still be loaded, and a rename alone leaves the cache valid.
_FORMER_FIELDS = {
    "affinity": "liking",
    "back_outs": "refusals",
    "degree": "held",
    "minutes_lost": "refused",
    "minutes_planned": "filled",
    "reticence": "hesitance",
    "minutes_used": "spent",
}
_PRESENT = {former: present for present, former in _FORMER_FIELDS.items()}
# Fields that versions added, in this order: zeros in worlds saved before. They lie in bytes that were unused.
_ADDED_FIELDS = ({"met_at"}, {"closeness", "arrives", "leaves", "responsiveness"}, {"unobserved"})
_NEEDED = {_DESCRIPTION, *(f"{name}.npy" for name in World.ARRAYS)}
_RIVALS = 100  # attempts to replace a folder while other processes replace it too
_HASHED_TOGETHER = 2**26  # bytes of a part of a large file, which one thread hashes
_UNTOUCHED_NS = 2 * 10**9  # age after which any later change of a file has another time stamp


_Seen = TypeVar("_Seen")


class WorldError(ValueError):
    """A folder doesn't contain a usable world.

    Attributes:
        folder: the path of the folder.
        why: the reason, in a few words.
    """

    def __init__(self, folder: Path, why: object) -> None:
        self.folder, self.why = folder, _in_short(why)
        super().__init__(folder, self.why)

    def __str__(self) -> str:
        return (
            f"{self.folder} is not a complete world that this version can read ({self.why}). Generate the world again."
        )


def _in_short(problem: object) -> str:
    """A problem on one line: its text, or the type of an exception without text."""
    return in_a_line(problem) or type(problem).__name__


class MissingWorldError(WorldError):
    """There is no world in the folder."""


class OutdatedWorldError(WorldError):
    """Another version of the program saved the world."""


class DamagedWorldError(WorldError):
    """The bytes of the world have changed since it was saved, or the world is invalid."""


class InMotion(Protocol):
    """A running world; see `sim.engine.day.Core`."""

    def to_world(self) -> World:
        """The current world."""

    def in_parts(self) -> tuple[World, Iterator[np.ndarray]]:
        """The current world without its ties, and the ties in parts."""


@held_back()
def save_world(
    world: World,
    folder: str | os.PathLike[str],
    origin: Mapping[str, Any] | None = None,
    *,
    ties: Iterable[np.ndarray] | None = None,
) -> None:
    """Save a world in a folder, replacing the folder as a whole. If saving fails, the old folder stays as it was.

    A manifest has the size and the SHA-256 of every file, the version of the model, and a digest of itself.

    Args:
        world: the world to save.
        folder: the folder, which contains nothing else.
        origin: the inputs that the world was made from, saved with it; see `origin_of`.
        ties: ties in parts, to save instead of those of `world`.

    Raises:
        OSError: if writing fails.
        ValueError: if the world has names that are neither text nor numbers.
    """
    folder = Path(folder)
    text = _description_of(world)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=_HALF_WRITTEN, dir=folder.parent) as scratch:
        fresh = Path(scratch, "fresh")
        fresh.mkdir()
        for name in World.ARRAYS:
            if name != "ties" or ties is None:
                np.save(fresh / f"{name}.npy", getattr(world, name), allow_pickle=False)
        if ties is not None:
            _save_ties(ties, int(world.people["slots"].sum(dtype=np.int64)), fresh / "ties.npy")
        (fresh / _DESCRIPTION).write_text(text, encoding="utf-8")
        if origin is not None:
            (fresh / _ORIGIN).write_text(json.dumps(origin), encoding="utf-8")
        entries = {path.name: _flushed_entry(path) for path in sorted(fresh.iterdir())}
        manifest = _manifest(entries, worlds_fingerprint())
        write_whole(fresh / _MANIFEST, lambda temporary: temporary.write_text(manifest, encoding="utf-8"))
        _put_in_place(fresh, folder, Path(scratch))
        flush_folder(folder.parent)


def _put_in_place(fresh: Path, folder: Path, scratch: Path) -> None:
    """Rename `fresh` to `folder`, moving an old one to `scratch`; other processes may do the same concurrently."""
    for attempt in range(_RIVALS):
        try:
            fresh.rename(folder)
        except OSError as problem:
            if problem.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                raise
            with suppress(FileNotFoundError):
                folder.rename(scratch / f"replaced-{attempt}")
        else:
            return
    raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(folder))


def _save_ties(parts: Iterable[np.ndarray], count: int, path: Path) -> None:
    """Write parts of an array as `numpy.save` would write the whole."""
    with path.open("wb") as file:
        file.write(_header(TIE, count))
        for part in parts:
            file.write(np.ascontiguousarray(part).data)


def _header(dtype: np.dtype[Any], count: int) -> bytes:
    """The header that `numpy.save` writes for an array of shape (count,)."""
    file = io.BytesIO()
    facts = np.lib.format.header_data_from_array_1_0(np.zeros(0, dtype)) | {"shape": (count,)}
    np.lib.format.write_array_header_1_0(file, facts)
    return file.getvalue()


def _manifest(files: Mapping[str, Any], model: Any) -> str:
    """The text of a manifest: each file's ``bytes`` and ``sha256``, and the fingerprint of the model."""
    content = {"format": 1, "files": files, "model": model}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return json.dumps(content | {"digest": digest}, sort_keys=True)


def _flushed_entry(path: Path) -> dict[str, Any]:
    """Flush a file to disk, and return its entry in the manifest."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        size = os.fstat(file.fileno()).st_size
        return {"bytes": size, "sha256": _digest(file, size)}


def _digest(file: BinaryIO, size: int) -> str:
    """The SHA-256 of the SHA-256 digests of a file's parts; several threads hash a large file."""

    def of_part(start: int) -> bytes:
        digest, stop = hashlib.sha256(), min(size, start + _HASHED_TOGETHER)
        while start < stop:
            read = os.pread(file.fileno(), min(2**20, stop - start), start)
            if not read:
                raise EOFError("the file was truncated while it was being read")
            digest.update(read)
            start += len(read)
        return digest.digest()

    starts = range(0, size, _HASHED_TOGETHER)
    if len(starts) <= 1:
        return hashlib.sha256(b"".join(map(of_part, starts))).hexdigest()
    with ThreadPoolExecutor(min(len(starts), os.cpu_count() or 1)) as pool:
        return hashlib.sha256(b"".join(pool.map(of_part, starts))).hexdigest()


def load_world(folder: str | os.PathLike[str]) -> World:
    """Load a world that `save_world` saved, equal bit for bit.

    Arrays are memory-mapped copy-on-write: pages are read on first access, and processes share them. When a process
    loads a world for the first time, or after a file has changed, it verifies every byte against the manifest and
    validates the world; see `sim.runtime.soundness.check_world`.

    Raises:
        WorldError: if the folder has no complete world of this version of the program; a `ValueError`.
    """
    return _retried(Path(folder), _loaded)[0]


def _retried(folder: Path, look: Callable[[Path], _Seen]) -> _Seen:
    """Call ``look(folder)``, and repeat it if it fails because another process replaced or removed the folder."""
    while True:
        before = _inode(folder)
        try:
            return look(folder)
        except WorldError:
            if _inode(folder) == before:
                raise


def _inode(folder: Path) -> tuple[int, int] | None:
    """The identity of a folder (device, inode), which changes when it's replaced; None if it doesn't exist."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


_checked: set[tuple[Any, ...]] = set()  # files of worlds that this process has verified


def _loaded(folder: Path) -> tuple[World, Any]:
    """The world in a folder, and its origin, or None if it has none."""
    manifest = _manifest_of(folder)
    try:
        with ExitStack() as stack:
            files = _opened_files(folder, manifest, stack)
            identity = (str(folder.absolute()), *map(_identity, files.values()))
            is_new = identity not in _checked
            if is_new:
                _check_digests(folder, manifest, files)
            origin = _origin_in(files)
            world = _world_in(files)
            if is_new:
                check_world(world)
                if all(map(_is_untouched, files.values())):
                    _checked.add(identity)
            return world, origin
    except (WorldError, MemoryError):
        raise
    except Exception as problem:  # damaged bytes can cause any exception
        is_present = manifest["model"] == worlds_fingerprint()
        raise (DamagedWorldError if is_present else OutdatedWorldError)(folder, problem) from problem


def _opened_files(folder: Path, manifest: Mapping[str, Any], stack: ExitStack) -> dict[str, BinaryIO]:
    """Open the files of a world.

    Raises:
        WorldError: if a file is missing or cannot be read.
    """
    files: dict[str, BinaryIO] = {}
    for name in sorted(manifest["files"]):
        try:
            files[name] = stack.enter_context((folder / name).open("rb"))
        except FileNotFoundError:
            raise DamagedWorldError(folder, f"{name} is missing") from None
        except OSError as problem:
            raise DamagedWorldError(folder, f"{name}: {problem.strerror or problem}") from None
    return files


def _manifest_of(folder: Path) -> dict[str, Any]:
    """Read the manifest of a world.

    Raises:
        WorldError: if it's missing or damaged.
    """
    try:
        text = (folder / _MANIFEST).read_bytes().decode()
        manifest = json.loads(text)
        names = manifest["files"].keys()
        if text == _manifest(manifest["files"], manifest["model"]) and _NEEDED <= names <= _NEEDED | {_ORIGIN}:
            return dict(manifest)
    except (FileNotFoundError, NotADirectoryError):
        raise _without_manifest(folder) from None
    except OSError as problem:
        raise DamagedWorldError(folder, f"{_MANIFEST}: {problem.strerror or problem}") from None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        pass
    raise DamagedWorldError(folder, f"{_MANIFEST} is damaged")


def _without_manifest(folder: Path) -> WorldError:
    """The error for a folder without a manifest, which older versions of the program didn't write."""
    if not folder.is_dir():
        return (
            DamagedWorldError(folder, "it is not a folder")
            if folder.exists()
            else MissingWorldError(folder, "there is no world")
        )
    origin = _origin(folder)
    if not (folder / _DESCRIPTION).exists() or (origin is not None and _of_this_program().items() <= origin.items()):
        return DamagedWorldError(folder, f"{_MANIFEST} is missing")
    return OutdatedWorldError(folder, "an older version saved it without digests")


def _identity(file: BinaryIO) -> tuple[int, ...]:
    """Values that change when a file is written or replaced."""
    status = os.fstat(file.fileno())
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _is_untouched(file: BinaryIO) -> bool:
    status = os.fstat(file.fileno())
    return time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) > _UNTOUCHED_NS


def _check_digests(folder: Path, manifest: Mapping[str, Any], files: Mapping[str, BinaryIO]) -> None:
    """Verify the size and digest of each file.

    Raises:
        DamagedWorldError: if a file has changed since it was saved.
    """
    for name, file in files.items():
        entry, size = manifest["files"][name], os.fstat(file.fileno()).st_size
        if size != entry["bytes"]:
            raise DamagedWorldError(folder, f"{name} has {size:,} bytes instead of {entry['bytes']:,}")
        if _digest(file, size) != entry["sha256"]:
            raise DamagedWorldError(folder, f"{name} has changed since it was saved")


def _origin_in(files: Mapping[str, BinaryIO]) -> Any:
    """The origin of a world; None if it has none."""
    return json.loads(files[_ORIGIN].read()) if _ORIGIN in files else None


def _world_in(files: Mapping[str, BinaryIO]) -> World:
    """The world in these files."""
    description = json.loads(files[_DESCRIPTION].read())
    return World(
        day=description["day"],
        strategies_end=description["strategies_end"],
        strategies_begin=description.get("strategies_begin", 0),  # earlier versions had no stages
        parameters=Parameters.model_validate(with_present_names(description["parameters"])),
        names=None if description["names"] is None else _names(description["names"], description["names_type"]),
        **{name: _mapped(files[f"{name}.npy"], dtype) for name, dtype in _TYPES.items()},
    )


def _names(names: list[Any], kind: str) -> np.ndarray:
    """Names as an array of their original type."""
    longest = max((len(name) for name in names if isinstance(name, str)), default=1)
    width = re.fullmatch(r"[<>]U(\d{1,9})", kind)
    # A damaged type with a huge width could exhaust memory.
    if int(width[1]) > longest + 1_000 if width else not re.fullmatch(r"\|O|[<>|][iuf][1248]|\|b1", kind):
        raise ValueError(f"{_DESCRIPTION} has names of the invalid type {kind!r}")
    return np.array(names, dtype=kind)


def _mapped(file: BinaryIO, dtype: np.dtype[Any]) -> np.ndarray:
    """The records of a ``.npy`` file, memory-mapped copy-on-write, shape (count,)."""
    memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    for written in _as_versions_wrote(dtype):
        start = len(_header(written, 0))  # the same length for any count
        count = (len(memory) - start) // dtype.itemsize
        if memory[:start] == _header(written, count) and start + count * dtype.itemsize == len(memory):
            records = np.frombuffer(memory, dtype, count, start)
            for name in set(dtype.names or ()) - {_PRESENT.get(each, each) for each in written.names or ()}:
                records[name] = 0
            return records
    raise ValueError(f"the fields of {file.name} differ from those of this version")


def _as_versions_wrote(dtype: np.dtype[Any]) -> Iterator[np.dtype[Any]]:
    """A record type in each version, the present one first: without fields added later, the first with former names."""
    yield dtype
    for known in reversed(range(len(_ADDED_FIELDS))):
        yield _without(dtype, set().union(*_ADDED_FIELDS[known:]), {})
    yield _with_former_fields(dtype)


def _with_former_fields(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """A record type with the fields, and their names, of worlds saved by the first version."""
    return _without(dtype, set().union(*_ADDED_FIELDS), _FORMER_FIELDS)


def _without(dtype: np.dtype[Any], left_out: set[str], names: Mapping[str, str]) -> np.dtype[Any]:
    """A record type without these fields, with other names for some."""
    fields = {name: field for name, field in (dtype.fields or {}).items() if name not in left_out}
    return np.dtype(
        {
            "names": [names.get(name, name) for name in fields],
            "formats": [field[0] for field in fields.values()],
            "offsets": [field[1] for field in fields.values()],
            "itemsize": dtype.itemsize,
        },
        align=True,
    )


def _description_of(world: World) -> str:
    """Everything of a world that isn't an array of records, as JSON."""
    names = None if world.names is None else world.names.tolist()
    invalid = next((name for name in names or () if not isinstance(name, str | int | float)), None)
    if invalid is not None:
        raise ValueError(f"The name {invalid!r} cannot be saved. Names must be text or numbers.")
    description = {
        "day": int(world.day),
        "strategies_end": int(world.strategies_end),
        "strategies_begin": int(world.strategies_begin),
        "names": names,
        "names_type": None if world.names is None else world.names.dtype.str,
        "parameters": world.parameters.model_dump(mode="json"),
    }
    return json.dumps(description)


# Records ----------------------------------------------------------------------------------------------------------


_CHECKSUM = 32  # bytes


def save_records(records: Mapping[str, np.ndarray], path: Path) -> None:
    """Save arrays in one file: a checksum, followed by the bytes of a NumPy ``.npz`` file.

    If the process is killed, the file has either its old or its new content, never a mixture.

    Raises:
        OSError: if writing fails.
    """

    def fill(temporary: Path) -> None:
        with temporary.open("w+b") as file:
            file.write(bytes(_CHECKSUM))
            np.savez(file, **records)  # type: ignore[arg-type]
            file.seek(_CHECKSUM)
            checksum = hashlib.file_digest(file, "sha256").digest()
            file.seek(0)
            file.write(checksum)

    write_whole(path, fill)


def load_records(path: Path) -> dict[str, np.ndarray]:
    """Load the arrays that `save_records` saved, by name.

    Raises:
        OSError: if the file is missing or cannot be read.
        ValueError: if it's damaged or of another format.
    """
    with path.open("rb") as file:
        checksum = file.read(_CHECKSUM)
        if hashlib.file_digest(file, "sha256").digest() != checksum:
            raise ValueError("its checksum is wrong")
        file.seek(_CHECKSUM)
        try:
            with np.load(file, allow_pickle=False) as archive:
                return {name: archive[name] for name in archive.files}
        except OSError:
            raise
        except Exception as problem:  # a valid checksum doesn't prove that `save_records` wrote the file
            raise ValueError(f"it does not contain records: {_in_short(problem)}") from problem


def remove_records(path: Path) -> None:
    """Delete the file, and temporary files that a killed process may have left.

    Raises:
        OSError: if deleting fails.
    """
    for file in (path, *left_beside(path)):
        file.unlink(missing_ok=True)


# The cache --------------------------------------------------------------------------------------------------------

GIGABYTE = 10**9
MOST_GIGABYTES = 20.0  # default size limit of the cache; REKINDLE_CACHE_GB overrides it
SECONDS_OF_A_SCRAP = 86_400  # age after which a half-written or half-removed folder counts as abandoned


class CacheError(ValueError):
    """The cache settings are invalid; the message says what to write instead."""


@dataclass(frozen=True)
class KeptWorld:
    """A world in the cache.

    Attributes:
        key: the name of its folder; see `content_key`.
        size: its size, in bytes.
        used: when it was made or last loaded, in Unix seconds.
        origin: the inputs that it was made from, see `origin_of`; None if unknown.
    """

    key: str
    size: int
    used: float
    origin: Mapping[str, Any] | None

    @property
    def is_present(self) -> bool:
        """Whether this version of the program made it. If not, no run will load it again."""
        return self.origin is not None and _of_this_program().items() <= self.origin.items()

    @property
    def is_of_this_machine(self) -> bool:
        """Whether a machine of this kind made it; see `sim.runtime.machine.kind_of_machine`."""
        return self.origin is not None and self.origin.get("machine") == kind_of_machine()


def worlds_folder() -> Path:
    """The folder of cached worlds, with a subfolder for each, named by its key."""
    return cache_folder() / "worlds"


def cache_limit() -> float:
    """The size limit of the cache, in bytes: 20 GB, unless the environment variable ``REKINDLE_CACHE_GB`` is set.

    Raises:
        CacheError: if the variable isn't a number of 0 or more.
    """
    setting = os.environ.get("REKINDLE_CACHE_GB") or str(MOST_GIGABYTES)
    with suppress(ValueError):
        if float(setting) >= 0:
            return float(setting) * GIGABYTE
    raise CacheError(f"REKINDLE_CACHE_GB is {setting!r}; set it to a number of gigabytes, such as {MOST_GIGABYTES:g}.")


def cached_world(build: Callable[[], InMotion], parameters: Parameters, **settings: float) -> World:
    """Load the world with these inputs from the cache, or build it and save it there; see `content_key`.

    A damaged world is built again, with a warning. If saving fails, it only warns, since the new world itself is fine.
    If a new world makes the cache too large, the least recently used worlds are removed.

    Args:
        build: a function that makes the world.
        parameters: the parameters of the world.
        settings: all other inputs that determine the world.

    Raises:
        CacheError: if REKINDLE_CACHE_GB isn't a number of 0 or more.
    """
    limit = cache_limit()
    origin = origin_of(parameters, **settings)
    key = _key(origin)
    try:
        return load_kept_world(key)
    except DamagedWorldError as damage:
        warnings.warn(f"The cached world {key[:8]} is damaged ({damage.why}). It is generated again.", stacklevel=2)
    except WorldError:
        pass
    built = build()
    folder = worlds_folder() / key
    try:
        rest, ties = built.in_parts()
        save_world(rest, folder, origin, ties=ties)
        _make_room(limit, key)
        return load_kept_world(key)
    except OSError as problem:
        if not folder.exists():  # otherwise, another process has just saved the same world
            warnings.warn(f"The world could not be saved in {folder}: {problem}", stacklevel=2)
    except ValueError:  # another process has removed it
        pass
    return built.to_world()


def load_kept_world(key: str) -> World:
    """Load a world from the cache, and mark it as just used.

    Raises:
        WorldError: if there is no world with this key, or if it's damaged or a different one; a `ValueError`.
    """
    folder = worlds_folder() / key
    world, origin = _retried(folder, _loaded)
    if _key(origin) != key:
        raise DamagedWorldError(folder, f"{_ORIGIN} belongs to a different world")
    with suppress(OSError):  # removed meanwhile, or read-only; the loaded world is fine
        os.utime(folder)
    return world


@dataclass(frozen=True)
class Damage:
    """A problem with a cached world.

    Attributes:
        folder: the folder of the world.
        why: the reason, in a few words.
        is_outdated: whether an older version saved the world without digests. It cannot be verified, and no run will
            load it again.
    """

    folder: Path
    why: str
    is_outdated: bool


def check_kept_world(key: str) -> Damage | None:
    """Verify every byte of a cached world, even if this process has done so before.

    If this version of the program made the world, it's validated too. The check doesn't count as use of the world.

    Returns:
        The problem; None if there is none, or if the world doesn't exist.
    """
    folder = worlds_folder() / key
    try:
        _retried(folder, _check_in_full)
    except MissingWorldError:
        return None
    except WorldError as damage:
        return Damage(folder, damage.why, isinstance(damage, OutdatedWorldError))
    return None


def _check_in_full(folder: Path) -> None:
    """Verify a cached world.

    Raises:
        WorldError: if it's missing, damaged, or from a version that saved no digests.
    """
    manifest = _manifest_of(folder)
    with ExitStack() as stack:
        files = _opened_files(folder, manifest, stack)
        try:
            _check_digests(folder, manifest, files)
            if _key(_origin_in(files)) != folder.name:
                raise DamagedWorldError(folder, f"{_ORIGIN} belongs to a different world")
            if manifest["model"] == worlds_fingerprint():
                check_world(_world_in(files))
        except (WorldError, MemoryError):
            raise
        except Exception as problem:  # damaged bytes can cause any exception
            raise DamagedWorldError(folder, problem) from problem


def kept_worlds() -> list[KeptWorld]:
    """All worlds in the cache, the most recently used first. Folders with names of another form are ignored."""
    with suppress(FileNotFoundError, NotADirectoryError):
        worlds = [_kept(folder) for folder in worlds_folder().iterdir() if _is_of_a_world(folder)]
        return sorted(filter(None, worlds), key=lambda world: (-world.used, world.key))
    return []


def remove_kept_world(key: str) -> bool:
    """Remove a world from the cache; returns False if it isn't there. Processes that have loaded it can still use it.

    The folder is renamed before its files are deleted, so no process finds an incomplete world.

    Raises:
        OSError: if removing fails.
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
    """Folders that killed processes left in the cache while writing or removing a world."""
    patterns = (f"{prefix}*" for prefix in (_HALF_WRITTEN, _REMOVED))
    folders = [folder for name in patterns for folder in worlds_folder().glob(name) if not folder.is_symlink()]
    return [folder for folder in folders if time.time() - _used(folder) > SECONDS_OF_A_SCRAP]


def remove_scraps() -> None:
    """Remove the folders of `scraps`."""
    for folder in scraps():
        shutil.rmtree(folder, ignore_errors=True)


def size_of(folder: Path) -> int:
    """The total size of all files below a folder, in bytes; files that disappear meanwhile are left out."""
    size = 0
    for below, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                size += os.lstat(os.path.join(below, name)).st_size
    return size


def least_used(worlds: Sequence[KeptWorld], limit: float) -> list[KeptWorld]:
    """The fewest least recently used worlds to remove so that the rest fits `limit` bytes; see `kept_worlds`."""
    size = sum(world.size for world in worlds)
    to_remove = []
    for world in reversed(worlds):
        if size <= limit:
            break
        to_remove.append(world)
        size -= world.size
    return to_remove


def _make_room(limit: float, new: str) -> None:
    """Remove the least recently used worlds until the cache fits its limit, but never the new one."""
    kept = kept_worlds()
    others = [world for world in kept if world.key != new]
    for world in least_used(others, limit - sum(world.size for world in kept if world.key == new)):
        remove_kept_world(world.key)


def _kept(folder: Path) -> KeptWorld | None:
    """The cached world in a folder; None if the folder no longer exists."""
    size, origin = size_of(folder), _origin(folder)
    try:
        return KeptWorld(folder.name, size, folder.stat().st_mtime, origin)
    except FileNotFoundError:
        return None


def _used(folder: Path) -> float:
    """When a folder was last touched, in Unix seconds; the present time if it no longer exists."""
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:
        return time.time()


def _origin(folder: Path) -> Mapping[str, Any] | None:
    """The origin of the world in a folder; None if it's missing or doesn't match the folder's key."""
    try:
        origin = json.loads((folder / _ORIGIN).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return origin if isinstance(origin, dict) and _key(origin) == folder.name else None


def _is_of_a_world(folder: Path) -> bool:
    """Whether a path is the folder of a cached world: named by a key, and not a symbolic link."""
    named = re.fullmatch("[0-9a-f]{32}", folder.name) is not None and folder.parent == worlds_folder()
    return named and folder.is_dir() and not folder.is_symlink()


def origin_of(parameters: Parameters, **settings: float) -> dict[str, Any]:
    """Everything that determines a world bit for bit, as JSON values: parameters, settings, program and machine."""
    made_by = _of_this_program() | {"machine": kind_of_machine()}
    return {"parameters": parameters.identity(), **made_by, **settings}


def _of_this_program() -> dict[str, str]:
    """The fingerprint of the model, and the layout of records, which affects files but not results."""
    return {"model": worlds_fingerprint(), "layout": _layout()}


@cache
def _layout() -> str:
    types = [(name, _with_former_fields(kind).descr) for name, kind in _TYPES.items()]
    return hashlib.sha256(repr(types).encode()).hexdigest()[:16]


def content_key(parameters: Parameters, **settings: float) -> str:
    """The cache key, 32 hex digits, of a world with these parameters and settings on this program and machine."""
    return _key(origin_of(parameters, **settings))


def _key(origin: Any) -> str:
    return hashlib.sha256(lasting_json(origin).encode()).hexdigest()[:32]
