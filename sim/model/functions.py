"""Strategies as functions: for what the grammar can't say, a compiled Python function chooses whom and what.

A function gets a person and their ties, and writes its choice into the ties::

    import sim

    @sim.strategies.function
    def write_back_to_friends(me, ties):
        for tie in ties:
            if tie.turn == 1 and tie.strength > 0.3:
                tie.clause = 0 if tie.draw < 0.5 else 1
                tie.priority = tie.silence

The row of the strategy names it and its gestures, as numbered clauses::

    [strategies.write_back]
    function = "mine.py:write_back_to_friends"
    what = "message; call"
    session_minutes = 15

The session goes down the ties in the order of priority, largest first, and leaves out those without a clause. Budget,
courage and the gap between two contacts apply as in any list session. The function must not depend on anything but its
arguments; it is compiled by Numba, and also runs as plain Python.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numba import njit
from numba.core.dispatcher import Dispatcher

NO_CLAUSE = -1  # the tie is left out

# What a function sees of the person.
ME = np.dtype(
    [
        ("id", "i8"),
        ("day", "i8"),  # day of the world
        ("weekday", "i8"),  # 0 to 6
        ("elapsed", "i8"),  # days since the strategies began
        ("minutes", "f8"),  # of this session, for gestures
        ("sociability", "f8"),
        ("reticence", "f8"),
        ("degree", "i8"),  # ties and acquaintances
        ("draw", "f8"),  # a keyed uniform of the day
    ],
    align=True,
)

# What it sees of each tie, with the names of `sim.model.grammar.Fact`, and what it may write: clause and priority.
CONTACT = np.dtype(
    [
        ("other", "i8"),  # id
        ("acquaintance", "i8"),
        ("dormant", "i8"),
        ("active", "i8"),
        ("standing", "f8"),
        ("birthday", "i8"),
        ("silence", "i8"),
        ("two_way", "i8"),
        ("turn", "i8"),
        ("unanswered", "f8"),
        ("no_answer", "i8"),
        ("openness", "f8"),
        ("strength", "f8"),
        ("same_community", "i8"),
        ("same_industry", "i8"),
        ("same_group", "i8"),
        ("mutual", "i8"),
        ("met_at", "i8"),  # number of the place where they last met
        ("tags", "i8"),  # bits, in the order of the tags
        ("draw", "f8"),  # a keyed uniform of the day
        ("clause", "i8"),  # to write: number of the clause of `what` that applies, from 0; `NO_CLAUSE` by default
        ("priority", "f8"),  # to write: the largest comes first, then the lowest id; 0 by default
    ],
    align=True,
)

_made: dict[str, Callable[..., Any]] = {}  # functions that were given as objects, by reference


def function(python: Callable[..., Any]) -> Any:
    """Compile a function of ``(me, ties)`` for use as a strategy; see the module. A decorator.

    Args:
        python: gets a record of type `ME` and an array of type `CONTACT`, sorted by id, and writes into the array.
    """
    return njit(python)


def reference_to(given: Any) -> str:
    """The text that stands for a function in parameters: ``file.py:name``.

    Args:
        given: such a text, or a function.

    Raises:
        ValueError: if it is neither, or the function has no name of its own in a module.
    """
    if isinstance(given, str):
        if given and not given.rpartition(":")[0]:
            raise ValueError(f'"{given}" is not a function; expected FILE:NAME, such as "mine.py:write_back"')
        return given
    python = given.py_func if isinstance(given, Dispatcher) else given
    if not inspect.isfunction(python) or not python.__name__.isidentifier():
        raise ValueError(f"{given!r} is not a function of (me, ties), nor FILE:NAME")
    reference = f"{inspect.getsourcefile(python) or '<interactive>'}:{python.__name__}"
    _made[reference] = given
    return reference


def load(reference: str) -> Any:
    """The compiled function of a reference. Its file is imported, so only a run that needs it calls this.

    Raises:
        ValueError: if there is no such file or function, or the file can't be imported.
    """
    made = _made.get(reference)
    if made is None:
        file, _, name = reference.rpartition(":")
        module = _module(file)
        made = getattr(module, name, None)
        if made is None:
            names = ", ".join(key for key, value in vars(module).items() if callable(value) and not key.startswith("_"))
            raise ValueError(f"{file} has no function {name}; it has {names or 'none'}")
    if not callable(made):
        raise ValueError(f"{reference} is a {type(made).__name__}; expected a function of (me, ties)")
    return _compiled(made)


@cache
def _compiled(made: Callable[..., Any]) -> Any:
    return made if isinstance(made, Dispatcher) else njit(made)


def source_of(reference: str) -> str:
    """The source on which a function depends: the text of its whole file, or its own if it has no file.

    Raises:
        ValueError: if the file can't be read.
    """
    file = reference.rpartition(":")[0]
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        made = _made.get(reference)
        python = getattr(made, "py_func", made)
        try:
            return inspect.getsource(python) if python is not None else _unreadable(file, error)
        except (OSError, TypeError):
            return _unreadable(file, error)


def _unreadable(file: str, error: Exception) -> str:
    raise ValueError(f"{file} can't be read: {getattr(error, 'strerror', None) or error}") from None


def hash_of(reference: str) -> str:
    """A hash of a function's name and source, which is part of the ids of runs; 16 hex digits."""
    text = f"{reference.rpartition(':')[2]}\n{source_of(reference)}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def needs_mutual(reference: str) -> bool:
    """Whether a function may read `mutual`, which takes long to count: its source has the word."""
    return "mutual" in source_of(reference)


def _module(file: str) -> ModuleType:
    """A Python file as a module, imported once as long as the file stays the same."""
    path = Path(file).absolute()
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{file} can't be read: {error.strerror}") from None
    name = f"_strategy_{hashlib.sha256(str(path).encode() + text).hexdigest()[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        if not isinstance(error, Exception):
            raise
        raise ValueError(f"{file} can't be imported: {type(error).__name__}: {error}") from error
    return module
