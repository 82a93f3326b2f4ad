"""Plain Python values as bytes, and back, without running any code: numbers, text, containers and NumPy arrays.

The bytes are a pickle, in which only the types listed here may appear.
"""

from __future__ import annotations

import io
import pickle
from typing import Any

_PLAIN = {
    "builtins": {"bytearray", "complex", "frozenset", "range", "set", "slice", "int", "float", "list", "dict"},
    "collections": {"Counter", "OrderedDict", "defaultdict", "deque"},
    "numpy": {"dtype", "ndarray"},
    "numpy._core.multiarray": {"_reconstruct", "scalar"},
    "numpy._core.numeric": {"_frombuffer"},
    "numpy.core.multiarray": {"_reconstruct", "scalar"},  # the names that NumPy 1 wrote
    "numpy.core.numeric": {"_frombuffer"},
}


class NotPlainError(ValueError):
    """A value that isn't plain; the message names its type."""


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if name not in _PLAIN.get(module, ()):
            raise NotPlainError(f"{module}.{name} is not a plain value")
        return super().find_class(module, name)


def plain_bytes(value: Any) -> bytes:
    """A plain value as bytes.

    Raises:
        NotPlainError: if it contains anything else, such as an object of a class of the user's.
    """
    try:
        content = pickle.dumps(value, protocol=5)
    except Exception as problem:  # objects may raise anything when they are pickled
        raise NotPlainError(str(problem)) from None
    plain_value(content)
    return content


def plain_value(content: bytes) -> Any:
    """The value in the bytes of `plain_bytes`.

    Raises:
        NotPlainError: if the bytes contain anything else.
    """
    try:
        return _Reader(io.BytesIO(content)).load()
    except NotPlainError:
        raise
    except Exception as problem:  # damaged bytes can raise anything
        raise NotPlainError(f"it is not a plain value ({problem})") from None
