"""Atomic writes: a file is written under a temporary name, flushed and renamed, so no reader finds half of it.

`sim` and `experiments` write all their files this way, on local disks and on network file systems.
"""

from __future__ import annotations

import errno
import glob
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from sim.runtime.interrupts import held_back

# Errors of systems and file systems that cannot flush folders. The rename itself has succeeded.
_NO_FLUSH = (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES, errno.EPERM, errno.EISDIR)


def write_whole(path: Path, write: Callable[[Path], object]) -> int:
    """Write a file atomically.

    The folder is created if it's missing. It's flushed after the rename, so the file survives a power failure.

    Args:
        path: the path of the file.
        write: a function that creates and fills the temporary file whose path it gets.

    Returns:
        The file's size, in bytes.

    Raises:
        OSError: if writing fails. The message names ``path``, and the temporary file is deleted.
    """
    return write_named(path, write, lambda _: path)[1]


@held_back()
def write_named(path: Path, write: Callable[[Path], object], name: Callable[[Path], Path]) -> tuple[Path, int]:
    """Write a file atomically under a name that depends on its content.

    Args:
        path: a path in the same folder, for the temporary name and for errors.
        write: a function that creates and fills the temporary file whose path it gets.
        name: a function from the path of the filled file to the final path.

    Returns:
        The final path, and the file's size in bytes.

    Raises:
        OSError: if writing fails. The message names ``path``, and the temporary file is deleted.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_beside(path)
    try:
        write(temporary)
        with temporary.open("rb") as filled:
            os.fsync(filled.fileno())
        size = temporary.stat().st_size
        final = name(temporary)
        temporary.replace(final)
        flush_folder(final.parent)
        return final, size
    except OSError as problem:
        why = os.strerror(problem.errno) if problem.errno else problem  # messages of pyarrow are long
        raise OSError(problem.errno, f"{why}, writing {path}") from None
    finally:
        temporary.unlink(missing_ok=True)


def temporary_beside(path: Path) -> Path:
    """A temporary path in the folder of ``path``, unique across processes, machines and PID namespaces.

    The name begins with a dot and ends in ``.half``, so leftovers of killed processes are recognised.
    """
    # Not `tempfile`: only the owner can read its files, and results are often shared.
    return path.with_name(f".{secrets.token_hex(8)}-{path.name}.half")


def left_beside(path: Path) -> list[Path]:
    """Temporary files of ``path``, from killed processes and from processes that are writing it right now."""
    return list(path.parent.glob(f".*-{glob.escape(path.name)}.half"))


def flush_folder(folder: Path) -> None:
    """Flush a folder, so that a rename in it survives a power failure.

    It does nothing on systems and file systems that don't support this.

    Raises:
        OSError: if flushing fails.
    """
    try:
        opened = os.open(folder, os.O_RDONLY)
    except OSError as problem:
        if problem.errno in _NO_FLUSH:
            return
        raise
    try:
        os.fsync(opened)
    except OSError as problem:
        if problem.errno not in _NO_FLUSH:
            raise
    finally:
        os.close(opened)
