"""Keeping freed memory in the process, so that the next day can reuse it.

Each day allocates its arrays anew, and those of a large world take many megabytes. By default, glibc returns such
blocks to the system at once. Getting them back as cleared pages takes an eighth of a day with 100,000 people.
"""

from __future__ import annotations

import ctypes
from functools import cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # option numbers of `mallopt` in glibc
_KEPT_ARRAY, _KEPT_IN_ALL = 1 << 28, 1 << 30  # bytes: the largest array that is kept, and the total
_WORTH_KEEPING = 50_000  # people; smaller worlds need little, and would only keep the memory that compiling took


def keep_freed_memory(people: int) -> None:
    """Keep up to 1 GiB of freed memory in this process from now on, if it simulates a large world."""
    if people >= _WORTH_KEEPING:
        _keep()


@cache
def _keep() -> None:
    """Set the options of `mallopt`; do nothing if the C library isn't glibc."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(_MMAP_THRESHOLD, _KEPT_ARRAY)
    mallopt(_TRIM_THRESHOLD, _KEPT_IN_ALL)
