"""Files that are written whole: under another name first, flushed, then renamed. Nobody ever meets half of one.

All that sim and experiments keep is written this way, on local disks and on those that several machines share.
"""

from __future__ import annotations

import errno
import glob
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from sim.runtime.interrupts import held_back

# A folder that cannot be flushed, or not by this user or system: the rename itself is fine.
_NO_FLUSH = (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES, errno.EPERM, errno.EISDIR)


def write_whole(path: Path, write: Callable[[Path], object]) -> int:
    """Let ``write`` fill a temporary file beside ``path``, flush and rename it: all of it or nothing.

    The folder is made if it is missing, and flushed after the rename, so the file outlives a loss of power.

    Args:
        path: of the file.
        write: creates and fills the file that it is given.

    Returns:
        The file's size, in bytes.

    Raises:
        OSError: the disk refuses; the text names ``path``, and the temporary file is gone.
    """
    return write_named(path, write, lambda _: path)[1]


@held_back()
def write_named(path: Path, write: Callable[[Path], object], name: Callable[[Path], Path]) -> tuple[Path, int]:
    """The same for a file whose name comes from its content.

    Args:
        path: in its folder; for the temporary name and for what an error says.
        write: creates and fills the file that it is given.
        name: the final path, from the filled file.

    Returns:
        The final path, and the file's size in bytes.

    Raises:
        OSError: the disk refuses; the text names ``path``, and the temporary file is gone.
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
        why = os.strerror(problem.errno) if problem.errno else problem  # pyarrow's own words are long
        raise OSError(problem.errno, f"{why}, writing {path}") from None
    finally:
        temporary.unlink(missing_ok=True)


def temporary_beside(path: Path) -> Path:
    """A name in the folder of ``path`` that no other process uses, whatever its machine or PID namespace.

    It begins with a dot and ends in ``.half``: what a kill leaves behind is taken for nothing else.
    """
    # Not `tempfile`, whose files only their owner may read: results are often shared.
    return path.with_name(f".{secrets.token_hex(8)}-{path.name}.half")


def left_beside(path: Path) -> list[Path]:
    """Temporary files of ``path``: those of killed processes, and of processes that are writing it right now."""
    return list(path.parent.glob(f".*-{glob.escape(path.name)}.half"))


def flush_folder(folder: Path) -> None:
    """Flush the names in a folder, so that a rename in it outlives a loss of power.

    Where the system or the file system cannot do so, nothing happens.

    Raises:
        OSError: the disk refuses.
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
