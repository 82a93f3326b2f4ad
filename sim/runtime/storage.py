"""What sim keeps on disk: burnt-in worlds and the records of long runs."""

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
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeVar

import numpy as np

from sim.contact_logs.errors import in_a_line
from sim.model.parameters import Parameters
from sim.runtime.atomic_files import flush_folder, left_beside, write_whole
from sim.runtime.fingerprint import cache_folder, model_fingerprint
from sim.runtime.interrupts import held_back
from sim.runtime.machine import kind_of_machine
from sim.runtime.soundness import check_world
from sim.state.population import BOOKING, GESTURE, MEMBER, PERSON, PLAN, TIE, World

# Worlds -----------------------------------------------------------------------------------------------------------

_DESCRIPTION, _ORIGIN, _MANIFEST = "world.json", "origin.json", "manifest.json"
_HALF_WRITTEN, _REMOVED = ".half-written-", ".removed-"  # what a kill leaves behind has such a name
_TYPES = dict(zip(World.ARRAYS, (PERSON, TIE, PLAN, GESTURE, BOOKING, MEMBER), strict=True))
_LAYOUT = hashlib.sha256(repr([(name, kind.descr) for name, kind in _TYPES.items()]).encode()).hexdigest()[:16]
_NEEDED = {_DESCRIPTION, *(f"{name}.npy" for name in World.ARRAYS)}
_RIVALS = 100  # that may take one place before a process gives up on it
_HASHED_TOGETHER = 2**26  # bytes of a large file that one thread hashes
_UNTOUCHED_NS = 2 * 10**9  # for so long, or the clock of its file system may not tell the next change of a file apart


_Seen = TypeVar("_Seen")


class WorldError(ValueError):
    """A folder that holds no world that can be used.

    Attributes:
        folder: its path.
        why: what is wrong, in a few words.
    """

    def __init__(self, folder: Path, why: object) -> None:
        self.folder, self.why = folder, _briefly(why)
        super().__init__(folder, self.why)

    def __str__(self) -> str:
        return (
            f"{self.folder} does not hold a whole world that this version can read ({self.why}). Make the world again."
        )


def _briefly(problem: object) -> str:
    """What is wrong, on one line; the kind of an error that says nothing."""
    return in_a_line(problem) or type(problem).__name__


class MissingWorldError(WorldError):
    """There is nothing."""


class OutdatedWorldError(WorldError):
    """A world that another version of the program kept."""


class DamagedWorldError(WorldError):
    """A world whose bytes are not those that were kept, or that no run could begin with."""


class InMotion(Protocol):
    """A world that an engine has; see `sim.engine.day.Core`."""

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

    A manifest beside the arrays has the size and the SHA-256 of every file, the version of the model, and a digest of
    its own.

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
        (fresh / _DESCRIPTION).write_text(text, encoding="utf-8")
        if origin is not None:
            (fresh / _ORIGIN).write_text(json.dumps(origin), encoding="utf-8")
        entries = {path.name: _flushed_entry(path) for path in sorted(fresh.iterdir())}
        said = _manifest(entries, model_fingerprint())
        write_whole(fresh / _MANIFEST, lambda temporary: temporary.write_text(said, encoding="utf-8"))
        _put_in_place(fresh, folder, Path(scratch))
        flush_folder(folder.parent)


def _put_in_place(fresh: Path, folder: Path, scratch: Path) -> None:
    """Rename a folder, and what is in its place into a scratch folder; others may do the same at this moment."""
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
    """As `numpy.save` would write them in one piece."""
    with path.open("wb") as file:
        file.write(_header(TIE, count))
        for part in parts:
            file.write(np.ascontiguousarray(part).data)


def _header(dtype: np.dtype[Any], count: int) -> bytes:
    """What `numpy.save` writes before the records of an array of shape (count,)."""
    file = io.BytesIO()
    facts = np.lib.format.header_data_from_array_1_0(np.zeros(0, dtype)) | {"shape": (count,)}
    np.lib.format.write_array_header_1_0(file, facts)
    return file.getvalue()


def _manifest(files: Mapping[str, Any], model: Any) -> str:
    """The text of a manifest: each file's ``bytes`` and ``sha256``, and the version of the model that kept them."""
    said = {"format": 1, "files": files, "model": model}
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
    return json.dumps(said | {"digest": digest}, sort_keys=True)


def _flushed_entry(path: Path) -> dict[str, Any]:
    """What a manifest says of a file, which is on the disk by then."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        size = os.fstat(file.fileno()).st_size
        return {"bytes": size, "sha256": _digest(file, size)}


def _digest(file: BinaryIO, size: int) -> str:
    """The SHA-256 of the SHA-256 of each part of a file; several threads work on a large one."""

    def of_part(start: int) -> bytes:
        digest, stop = hashlib.sha256(), min(size, start + _HASHED_TOGETHER)
        while start < stop:
            read = os.pread(file.fileno(), min(2**20, stop - start), start)
            if not read:
                raise EOFError("a file grew shorter while it was read")
            digest.update(read)
            start += len(read)
        return digest.digest()

    starts = range(0, size, _HASHED_TOGETHER)
    if len(starts) <= 1:
        return hashlib.sha256(b"".join(map(of_part, starts))).hexdigest()
    with ThreadPoolExecutor(min(len(starts), os.cpu_count() or 1)) as pool:
        return hashlib.sha256(b"".join(pool.map(of_part, starts))).hexdigest()


def load_world(folder: str | os.PathLike[str]) -> World:
    """A world that `save_world` kept, equal to it bit for bit.

    Its arrays are read when they are touched and written to memory only, so several processes share one copy. The first
    time that a process loads a world, and again when a file of it has changed, it reads every byte: what differs from
    the manifest, or is no sound world (see `sim.runtime.soundness.check_world`), is not loaded.

    Raises:
        WorldError: the folder does not hold a whole world of this version of the program; a `ValueError`.
    """
    return _steadily(Path(folder), _loaded)[0]


def _steadily(folder: Path, look: Callable[[Path], _Seen]) -> _Seen:
    """What a look at a world says, taken again where somebody replaced or removed the world meanwhile."""
    while True:
        before = _inode(folder)
        try:
            return look(folder)
        except WorldError:
            if _inode(folder) == before:
                raise


def _inode(folder: Path) -> tuple[int, int] | None:
    """What tells a folder from another one in its place; None if there is none."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


_checked: set[tuple[Any, ...]] = set()  # the files of worlds that this process has found whole and sound


def _loaded(folder: Path) -> tuple[World, Any]:
    """The world in a folder, and its origin (None: it has none)."""
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
    except Exception as problem:  # whatever the bytes may say
        is_present = manifest["model"] == model_fingerprint()
        raise (DamagedWorldError if is_present else OutdatedWorldError)(folder, problem) from problem


def _opened_files(folder: Path, manifest: Mapping[str, Any], stack: ExitStack) -> dict[str, BinaryIO]:
    """The files of a world, opened.

    Raises:
        WorldError: one of them is not there, or cannot be read.
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
    """What the manifest of a world says.

    Raises:
        WorldError: there is none, or it is damaged.
    """
    try:
        text = (folder / _MANIFEST).read_bytes().decode()
        said = json.loads(text)
        names = said["files"].keys()
        if text == _manifest(said["files"], said["model"]) and _NEEDED <= names <= _NEEDED | {_ORIGIN}:
            return dict(said)
    except (FileNotFoundError, NotADirectoryError):
        raise _without_manifest(folder) from None
    except OSError as problem:
        raise DamagedWorldError(folder, f"{_MANIFEST}: {problem.strerror or problem}") from None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        pass
    raise DamagedWorldError(folder, f"{_MANIFEST} is damaged")


def _without_manifest(folder: Path) -> WorldError:
    """What is to be said of a folder without a manifest: versions before this one kept none."""
    if not folder.is_dir():
        return (
            DamagedWorldError(folder, "it is no folder") if folder.exists() else MissingWorldError(folder, "no world")
        )
    origin = _origin(folder)
    if not (folder / _DESCRIPTION).exists() or (origin is not None and _of_this_program().items() <= origin.items()):
        return DamagedWorldError(folder, f"{_MANIFEST} is missing")
    return OutdatedWorldError(folder, "an older version made it, which kept no digests")


def _identity(file: BinaryIO) -> tuple[int, ...]:
    """What changes when a file is written to, or another one takes its place."""
    found = os.fstat(file.fileno())
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _is_untouched(file: BinaryIO) -> bool:
    found = os.fstat(file.fileno())
    return time.time_ns() - max(found.st_mtime_ns, found.st_ctime_ns) > _UNTOUCHED_NS


def _check_digests(folder: Path, manifest: Mapping[str, Any], files: Mapping[str, BinaryIO]) -> None:
    """Whether every byte of these files is the one that was kept.

    Raises:
        DamagedWorldError: one is not.
    """
    for name, file in files.items():
        entry, size = manifest["files"][name], os.fstat(file.fileno()).st_size
        if size != entry["bytes"]:
            raise DamagedWorldError(folder, f"{name} has {size:,} bytes instead of {entry['bytes']:,}")
        if _digest(file, size) != entry["sha256"]:
            raise DamagedWorldError(folder, f"the bytes of {name} are not those that were kept")


def _origin_in(files: Mapping[str, BinaryIO]) -> Any:
    """What a world says that it was made of; None where it says nothing."""
    return json.loads(files[_ORIGIN].read()) if _ORIGIN in files else None


def _world_in(files: Mapping[str, BinaryIO]) -> World:
    """The world in these files."""
    said = json.loads(files[_DESCRIPTION].read())
    return World(
        day=said["day"],
        strategies_end=said["strategies_end"],
        parameters=Parameters.model_validate(said["parameters"]),
        names=None if said["names"] is None else _names(said["names"], said["names_type"]),
        **{name: _mapped(files[f"{name}.npy"], dtype) for name, dtype in _TYPES.items()},
    )


def _names(names: list[Any], kind: str) -> np.ndarray:
    """Names as the array that they came in."""
    longest = max((len(name) for name in names if isinstance(name, str)), default=1)
    width = re.fullmatch(r"[<>]U(\d{1,9})", kind)
    # Room for much longer text than there is could be more than the memory holds.
    if int(width[1]) > longest + 1_000 if width else not re.fullmatch(r"\|O|[<>|][iuf][1248]|\|b1", kind):
        raise ValueError(f"{_DESCRIPTION} has names of type {kind!r}")
    return np.array(names, dtype=kind)


def _mapped(file: BinaryIO, dtype: np.dtype[Any]) -> np.ndarray:
    """The records of a ``.npy`` file, read when they are touched, written to memory only; shape (count,)."""
    memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    start = len(_header(dtype, 0))  # which has room for any count
    count = (len(memory) - start) // dtype.itemsize
    if memory[:start] != _header(dtype, count) or start + count * dtype.itemsize != len(memory):
        raise ValueError(f"{file.name} has other fields")
    return np.frombuffer(memory, dtype, count, start)


def _described(world: World) -> str:
    """All of a world that is not an array, as JSON."""
    names = None if world.names is None else world.names.tolist()
    strange = next((name for name in names or () if not isinstance(name, str | int | float)), None)
    if strange is not None:
        raise ValueError(f"The name {strange!r} cannot be kept on disk: names must be text or numbers.")
    said = {
        "day": int(world.day),
        "strategies_end": int(world.strategies_end),
        "names": names,
        "names_type": None if world.names is None else world.names.dtype.str,
        "parameters": world.parameters.model_dump(mode="json"),
    }
    return json.dumps(said)


# Records ----------------------------------------------------------------------------------------------------------


_CHECKSUM = 32  # bytes


def save_records(records: Mapping[str, np.ndarray], path: Path) -> None:
    """Keep arrays in one file: a checksum, and the rest as NumPy's ``.npz``.

    A kill at any moment leaves what the file held before, or all of the new.

    Raises:
        OSError: the disk refuses.
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
    """The arrays that `save_records` kept, bit for bit.

    Raises:
        OSError: there is no such file, or it cannot be read.
        ValueError: it is damaged, or something else.
    """
    with path.open("rb") as file:
        checksum = file.read(_CHECKSUM)
        if hashlib.file_digest(file, "sha256").digest() != checksum:
            raise ValueError("its checksum is another")
        file.seek(_CHECKSUM)
        try:
            with np.load(file, allow_pickle=False) as kept:
                return {name: kept[name] for name in kept.files}
        except OSError:
            raise
        except Exception as problem:  # a checksum tells that somebody wrote the bytes, not who
            raise ValueError(f"it holds no records: {_briefly(problem)}") from problem


def remove_records(path: Path) -> None:
    """Delete the file, and what a kill may have left of a newer one.

    Raises:
        OSError: the disk refuses.
    """
    for file in (path, *left_beside(path)):
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
        return self.origin is not None and _of_this_program().items() <= self.origin.items()

    @property
    def is_of_this_machine(self) -> bool:
        """Whether a machine of this kind made it; see `sim.runtime.machine.kind_of_machine`."""
        return self.origin is not None and self.origin.get("machine") == kind_of_machine()


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

    A damaged entry brings a warning and is built again; so is one that another process removes at this moment. A disk
    that refuses brings a warning, since the world itself is fine. Where a new world makes the cache too large, those go
    that nobody has used for longest.

    Raises:
        CacheError: REKINDLE_CACHE_GB says no number.
    """
    limit = cache_limit()
    origin = origin_of(parameters, **settings)
    key = _key(origin)
    try:
        return load_kept_world(key)
    except DamagedWorldError as damage:
        warnings.warn(f"The kept world {key[:8]} is damaged ({damage.why}); it is built again.", stacklevel=2)
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
        if not folder.exists():  # or else another process has just kept the same world
            warnings.warn(f"The world could not be kept in {folder}: {problem}", stacklevel=2)
    except ValueError:  # another process has removed it
        pass
    return built.to_world()


def load_kept_world(key: str) -> World:
    """A world out of the cache, which has then been used just now.

    Raises:
        WorldError: there is none under this key, or it is not whole, or another one; a `ValueError`.
    """
    folder = worlds_folder() / key
    world, origin = _steadily(folder, _loaded)
    if _key(origin) != key:
        raise DamagedWorldError(folder, f"{_ORIGIN} is that of another world")
    with suppress(OSError):  # it was removed meanwhile, or may only be read: the world is whole all the same
        os.utime(folder)
    return world


@dataclass(frozen=True)
class Damage:
    """What is wrong with a kept world.

    Attributes:
        folder: of the world.
        why: in a few words.
        is_outdated: whether an older version kept the world, without digests; so nobody can tell whether it is whole,
            and nobody will ask for it again.
    """

    folder: Path
    why: str
    is_outdated: bool


def check_kept_world(key: str) -> Damage | None:
    """Read every byte of a kept world, whether or not this process has done so before.

    To check a world is not to use it. One that the present version made must be sound, too; of one that another version
    kept, the bytes must be those that were kept.

    Returns:
        What is wrong with it; None for a whole world, and where there is none (any more).
    """
    folder = worlds_folder() / key
    try:
        _steadily(folder, _check_in_full)
    except MissingWorldError:
        return None
    except WorldError as damage:
        return Damage(folder, damage.why, isinstance(damage, OutdatedWorldError))
    return None


def _check_in_full(folder: Path) -> None:
    """Look at a kept world.

    Raises:
        WorldError: it is missing, damaged, or of a version that kept no digests.
    """
    manifest = _manifest_of(folder)
    with ExitStack() as stack:
        files = _opened_files(folder, manifest, stack)
        try:
            _check_digests(folder, manifest, files)
            if _key(_origin_in(files)) != folder.name:
                raise DamagedWorldError(folder, f"{_ORIGIN} is that of another world")
            if manifest["model"] == model_fingerprint():
                check_world(_world_in(files))
        except (WorldError, MemoryError):
            raise
        except Exception as problem:  # whatever the bytes may say
            raise DamagedWorldError(folder, problem) from problem


def kept_worlds() -> list[KeptWorld]:
    """Every world in the cache, the last used first. Whatever else is there has another form of name."""
    with suppress(FileNotFoundError, NotADirectoryError):
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
    except (OSError, ValueError, RecursionError):
        return None
    return origin if isinstance(origin, dict) and _key(origin) == folder.name else None


def _is_of_a_world(folder: Path) -> bool:
    """Whether a path is one that keeps a world: a folder, no link to one elsewhere, named by a key."""
    named = re.fullmatch("[0-9a-f]{32}", folder.name) is not None and folder.parent == worlds_folder()
    return named and folder.is_dir() and not folder.is_symlink()


def origin_of(parameters: Parameters, **settings: float) -> dict[str, Any]:
    """All that determines a world to the bit, ready for JSON: parameters, settings, the program and the machine."""
    made_by = _of_this_program() | {"machine": kind_of_machine()}
    return {"parameters": parameters.model_dump(mode="json"), **made_by, **settings}


def _of_this_program() -> dict[str, str]:
    """The model, and how its records are laid out: a renamed field changes no result, but a file that has it."""
    return {"model": model_fingerprint(), "layout": _LAYOUT}


def content_key(parameters: Parameters, **settings: float) -> str:
    """A name, 32 hex digits, for what parameters, settings, the program and the machine make together."""
    return _key(origin_of(parameters, **settings))


def _key(origin: Any) -> str:
    return hashlib.sha256(json.dumps(origin, sort_keys=True).encode()).hexdigest()[:32]
