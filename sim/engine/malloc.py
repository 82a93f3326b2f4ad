"""What a day frees is kept for the next one.

The arrays of a day are made anew each day, and those of a large world take many megabytes. The C library of Linux gives
so much memory back at once, and the system hands it out again page by page, each of them cleared: an eighth of a day of
100,000 people.
"""

from __future__ import annotations

import ctypes
from functools import cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # as `mallopt` of glibc numbers its options
_KEPT_ARRAY, _KEPT_IN_ALL = 1 << 28, 1 << 30  # bytes: the largest array that is kept, and how much of them
_WORTH_KEEPING = 50_000  # people; with fewer, days take little, and what compiling had taken would be kept for nothing


def keep_freed_memory(people: int) -> None:
    """Let a process that lives days of so many people keep what it frees, up to a gigabyte, from now on."""
    if people >= _WORTH_KEEPING:
        _keep()


@cache
def _keep() -> None:
    """Nothing happens where the C library is another one."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(_MMAP_THRESHOLD, _KEPT_ARRAY)
    mallopt(_TRIM_THRESHOLD, _KEPT_IN_ALL)
