"""A simulated faulty disk under a folder of this process: failing and incomplete writes, kills, and power failures.

All file operations of Python in the folder pass through this module: create, write, open, flush, rename and remove. A
fault can happen at any operation. The disk records what was flushed. After a power failure it has that, and an
arbitrary part of the rest: one half of a rename, both or none; and all, some or none of the unflushed bytes, or zeros.
A lying disk reports a flush that did not happen. New folders are assumed to be durable.
"""

from __future__ import annotations

import errno
import io
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ERRORS = {"full": errno.ENOSPC, "broken": errno.EIO}
FAULTS = (*ERRORS, "short write", "kill")


class Killed(BaseException):
    """The process is dead; none of its later operations reach the disk."""


class Disk:
    """The disk under a folder.

    Args:
        root: the folder, which must be empty.
        rng: the source of random choices, such as what survives a power failure.
    """

    def __init__(self, root: Path, rng: random.Random) -> None:
        self.root, self.rng = root, rng
        self.lies = False
        self.struck = False  # whether the scheduled fault has happened
        self._dead, self._is_open = False, True
        self._left: int | None = None
        self._fault: str | Callable[[], None] = ""
        self._files: dict[Path, int] = {}  # the file at each path, as a number
        self._on_disk: dict[Path, int] = {}  # the same after a power failure, if no pending rename survives
        self._pending: list[tuple[Path, int | None]] = []  # paths created and removed since their folder was flushed
        self._flushed: dict[int, bytes] = {}
        self._count = 0

    @contextmanager
    def strikes(self, after: int, fault: str | Callable[[], None]) -> Iterator[None]:
        """Schedule a fault after some operations: a name in `FAULTS`, or a function to call between two of them."""
        self._left, self._fault, self.struck = after, fault, False
        try:
            yield
        except Killed:
            pass
        finally:
            self._left, self._dead = None, False

    def lose_power(self) -> None:
        """Simulate a power failure: the folder keeps what survives it."""
        names = dict(self._on_disk)
        for path, file in self._pending:
            if self.rng.random() < 0.5:
                if file is None:
                    names.pop(path, None)
                else:
                    names[path] = file
        with self._unnoticed():
            now = {file: path.read_bytes() for path, file in self._files.items()}
            for path in self._files:
                path.unlink()
            self._flushed = {file: self._left_of(now.get(file), self._flushed.get(file)) for file in names.values()}
            for path, file in names.items():
                path.write_bytes(self._flushed[file])
        self._files, self._on_disk, self._pending = dict(names), dict(names), []

    def rot(self, path: Path, where: float, bit: int | None) -> None:
        """Flip a bit of a file at this share of its bytes, or truncate it there; the damage counts as flushed."""
        with self._unnoticed():
            content = bytearray(path.read_bytes())
            position = int(where * len(content))
            if bit is None:
                del content[position:]
            elif content:
                content[position] ^= 1 << bit
            path.write_bytes(content)
            self._flushed[self._files[path]] = bytes(content)

    @contextmanager
    def _unnoticed(self) -> Iterator[None]:
        """Bypass the simulation for operations within the block."""
        self._is_open = False
        try:
            yield
        finally:
            self._is_open = True

    def _left_of(self, now: bytes | None, flushed: bytes | None) -> bytes:
        if now is None or now == flushed:
            return flushed or b""
        end = self.rng.randrange(len(now) + 1)
        return self.rng.choice([now, now[:end], bytes(len(now)), now[:end] + bytes(len(now) - end), flushed or b""])

    # Operations -------------------------------------------------------------------------------------------------------

    @contextmanager
    def mounted(self) -> Iterator[None]:
        """Route all file operations of this process in the folder through the simulation."""
        with pytest.MonkeyPatch.context() as patched:
            real = {name: getattr(os, name) for name in ("replace", "rename", "unlink", "fsync")}
            opened = io.open

            def replace(source: Any, target: Any, **more: Any) -> None:
                if self._is_mine(source) and self._operation():
                    real["replace"](source, target, **more)
                    self._renamed(Path(source), Path(target))
                elif not self._is_mine(source):
                    real["replace"](source, target, **more)

            def unlink(path: Any, **more: Any) -> None:
                if not self._is_mine(path):
                    real["unlink"](path, **more)
                elif not self._dead and self._operation():  # a dead process does not clean up
                    real["unlink"](path, **more)
                    self._removed(Path(path))

            def fsync(handle: int) -> None:
                path = self._path_of(handle)
                if path is None:
                    real["fsync"](handle)
                elif self._operation() and not self.lies:
                    self._was_flushed(path)

            def open_file(path: Any, mode: str = "r", *more: Any, **options: Any) -> Any:
                if isinstance(path, int) or not self._is_mine(path):
                    return opened(path, mode, *more, **options)
                self._operation()
                if not set(mode) & set("wxa+"):
                    return opened(path, mode, *more, **options)
                raw = _File(self, Path(path), mode.replace("b", "").replace("t", ""))
                self._created(Path(path))
                buffered = io.BufferedWriter(raw)
                return buffered if "b" in mode else io.TextIOWrapper(buffered, *more[1:], **options)

            patched.setattr(os, "replace", replace)
            patched.setattr(os, "rename", replace)
            patched.setattr(os, "unlink", unlink)
            patched.setattr(os, "fsync", fsync)
            patched.setattr(io, "open", open_file)
            yield

    def _operation(self) -> bool:
        """Count an operation, and raise the scheduled fault if it is due; otherwise, return True."""
        if self._dead:
            raise Killed
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                self._left, self.struck = None, True
                self._strike()
        return True

    def _strike(self) -> None:
        if callable(self._fault):
            self._fault()
        elif self._fault == "kill":
            self._dead = True
            raise Killed
        elif self._fault in ERRORS:
            raise OSError(ERRORS[self._fault], os.strerror(ERRORS[self._fault]))

    def write(self, data: bytes, real: Callable[[bytes], int | None]) -> int | None:
        """Write to a file: all bytes, some of them, or some followed by an error."""
        if self._dead:
            return len(data)
        before = self.struck
        try:
            self._operation()
        except OSError:
            real(data[: len(data) // 2])
            raise
        is_short = self.struck and not before and self._fault == "short write"
        return real(data[: max(1, len(data) // 2)] if is_short else data)

    # Records ----------------------------------------------------------------------------------------------------------

    def _is_mine(self, path: Any) -> bool:
        return self._is_open and Path(path).is_relative_to(self.root)

    def _path_of(self, handle: int) -> Path | None:
        """The path of an open file or folder of this disk; None if it belongs to another."""
        status = os.fstat(handle)
        folders = {path.parent for path in (*self._files, *self._on_disk)} | {self.root}
        existing = (path for path in (*self._files, *folders) if path.exists())
        return next((path for path in existing if os.path.samestat(path.stat(), status)), None)

    def _created(self, path: Path) -> None:
        if path not in self._files:
            self._count += 1
            self._files[path] = self._count
            self._pending.append((path, self._count))

    def _renamed(self, source: Path, target: Path) -> None:
        file = self._files.pop(source)
        self._files[target] = file
        self._pending += [(target, file), (source, None)]

    def _removed(self, path: Path) -> None:
        self._files.pop(path, None)
        self._pending.append((path, None))

    def _was_flushed(self, path: Path) -> None:
        if path in self._files:
            with self._unnoticed():
                self._flushed[self._files[path]] = path.read_bytes()
            return
        for name, file in [entry for entry in self._pending if entry[0].parent == path]:
            if file is None:
                self._on_disk.pop(name, None)
            else:
                self._on_disk[name] = file
        self._pending = [entry for entry in self._pending if entry[0].parent != path]


class _File(io.FileIO):
    """A file on a simulated disk."""

    def __init__(self, disk: Disk, path: Path, mode: str) -> None:
        super().__init__(path, mode)
        self._disk = disk

    def write(self, data: Any) -> int | None:  # type: ignore[override]
        return self._disk.write(bytes(data), super().write)
