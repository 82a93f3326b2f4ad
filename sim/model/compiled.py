"""Numba's ``njit``, with compiled code kept in the folder of this version of the model.

Numba recompiles a function only if its own file changes, but functions of other files are inlined into it. So each
version of the code has a folder of its own, which `sim` names here before any other module can be imported. Numba is
imported on first use, because it takes half a second and much is asked of the model that needs no compiled code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

folder: Callable[[], Path] | None = None  # set by `sim`; see `sim.runtime.fingerprint.compiled_folder`


def njit(*signature: Any, **options: Any) -> Any:
    """`numba.njit` with the same arguments, whose compiled code is kept in the model's folder.

    A folder that the user has set (``NUMBA_CACHE_DIR``) is used instead.
    """
    import numba

    if not options.get("cache"):
        return numba.njit(*signature, **options)

    def defined(function: Callable[..., Any]) -> Any:
        with _in_own_folder():
            return numba.njit(*signature, **options)(function)

    return defined


@contextmanager
def _in_own_folder() -> Iterator[None]:
    """Set the folder while a function is defined, when Numba reads it; code of others keeps its own place."""
    from numba import config

    before = config.CACHE_DIR
    if not before and folder is not None:
        config.CACHE_DIR = str(folder())
    try:
        yield
    finally:
        config.CACHE_DIR = before
