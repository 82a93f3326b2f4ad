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

import inspect
import re
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

from sim.model import python_files
from sim.model.compiled import njit
from sim.model.function_code import files_of, names_read, place_of, plain, randomness, safe, uncompiled
from sim.model.interruptible import interruptible
from sim.model.python_files import PythonFileError, hash_of_text
from sim.model.spelling import nearest

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
        # To write: the number of the clause of `what` that applies, from 0; `NO_CLAUSE` by default. A float, since 0.7
        # would become 0 without a word in an integer.
        ("clause", "f8"),
        ("priority", "f8"),  # to write: the largest comes first, then the lowest id; 0 by default
    ],
    align=True,
)

WRITTEN = frozenset(("clause", "priority"))

_made: dict[str, Callable[..., Any]] = {}  # functions that were given as objects, by reference


class FunctionError(RuntimeError):
    """A strategy's function raised an exception, or chose what there isn't.

    Attributes:
        strategy: the name of the strategy.
    """

    def __init__(self, message: str, strategy: str) -> None:
        super().__init__(message, strategy)
        self.strategy = strategy

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class StrategyFunction:
    """The function of a strategy, ready to be called.

    Attributes:
        strategy: the name of the strategy.
        call: the function, compiled such that an index out of range raises an exception.
        reads: the names of the fields of `CONTACT` that it may read, and that are filled in; others are 0.
    """

    strategy: str
    call: Any
    reads: frozenset[str]

    def choose(self, me: Any, ties: np.ndarray, clauses: int) -> None:
        """Let the function choose for one session, and check what it chose.

        It's called twice, because a function that depends on anything but its arguments gives itself away.

        Args:
            me: a record of type `ME`.
            ties: type `CONTACT`, shape (ties,); the function writes its choice into them.
            clauses: the number of clauses of the strategy.

        Raises:
            FunctionError: if it raises an exception, chooses what there isn't, or chooses differently the second time.
        """
        before = ties.copy()
        self._called(me, ties)
        self._require_clauses(me, ties, clauses)
        self._called(me, before)
        if any(ties[name].tobytes() != before[name].tobytes() for name in WRITTEN):
            raise self.differs(me)

    def differs(self, me: Any) -> FunctionError:
        """The error of a function that chose differently when it was called again."""
        rule = "it must depend on its arguments only, whose random numbers are tie.draw and me.draw"
        return self._wrong(f"chose differently when it was called again {_when(me)}; {rule}")

    def _called(self, me: Any, ties: np.ndarray) -> None:
        """Call the function.

        Raises:
            FunctionError: if it raises an exception.
        """
        unwritten = ties.copy()
        try:
            interruptible(self.call, me, ties)
        except Exception as error:
            raised, line = self._in_plain_python(error, me, unwritten)
            what = str(raised).partition("\n")[0]
            message = f"raised {type(raised).__name__} {_when(me)}{f': {what}' if what else ''}"
            raise self._wrong(message, line) from error

    def _in_plain_python(self, error: Exception, me: Any, ties: np.ndarray) -> tuple[Exception, str]:
        """What the function raises when it isn't compiled, and its line, which compiled code often doesn't know."""
        records = np.array([me], ME).view(np.recarray), ties.view(np.recarray)  # which have attributes in plain Python
        try:
            with np.errstate(divide="raise", invalid="raise"):
                uncompiled(self.call)(records[0][0], records[1])
        except Exception as found:
            same = type(found) is type(error)
            if same or (isinstance(error, ZeroDivisionError) and isinstance(found, FloatingPointError)):
                return found if same else error, self._line_of(found)
        return error, self._line_of(error)

    def _line_of(self, error: Exception) -> str:
        """The line of the user's that raised an error, as ``mine.py, line 7``; empty if that's unknown."""
        files = files_of(self.call)
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in files]
        return f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""

    def _require_clauses(self, me: Any, ties: np.ndarray, clauses: int) -> None:
        """Check the clauses and priorities that the function wrote.

        Raises:
            FunctionError: if there is no such clause, or the priority of a chosen tie is no number.
        """
        clause, priority = ties["clause"], ties["priority"]
        unknown = (clause != NO_CLAUSE) & ~np.isin(clause, np.arange(clauses))
        wrong = unknown | ((clause != NO_CLAUSE) & np.isnan(priority))
        if not wrong.any():
            return
        first = np.argmax(wrong)
        if unknown[first]:
            known = "0" if clauses == 1 else f"a whole number from 0 to {clauses - 1}"
            name, problem = "clause", f"{clause[first]:g}; expected {known}, or {NO_CLAUSE} to leave the tie out"
        else:
            name, problem = "priority", "nan; expected a number"
        sentence = f"gave the tie to person {ties['other'][first]} {_when(me)} the {name} {problem}"
        raise self._wrong(sentence, place_of(self.call, name))

    def _wrong(self, problem: str, place: str = "") -> FunctionError:
        where = place or place_of(self.call)
        return FunctionError(f"The function of the strategy {self.strategy} ({where}) {problem}", self.strategy)


def _when(me: Any) -> str:
    return f"in a session of person {me['id']} on day {me['elapsed']}"


def function(python: Callable[..., Any]) -> Any:
    """Compile a function of ``(me, ties)`` for use as a strategy; see the module. A decorator.

    Args:
        python: gets a record of type `ME` and an array of type `CONTACT`, sorted by id, and writes into the array.
    """
    return njit(boundscheck=True, nogil=True)(python)


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
    python = plain(given)
    if not inspect.isfunction(python) or not python.__name__.isidentifier():
        raise ValueError(f"{given!r} is not a function of (me, ties), nor FILE:NAME")
    reference = f"{inspect.getsourcefile(python) or '<interactive>'}:{python.__name__}"
    _made[reference] = given
    return reference


def strategy_function(strategy: str, reference: str) -> StrategyFunction:
    """The function of a strategy, by its reference. Its file is executed, so only a run that needs it calls this.

    Raises:
        PythonFileError: if it can't be loaded; see `load`.
    """
    try:
        call = load(reference)
    except PythonFileError as error:
        raise PythonFileError(f"strategies.{strategy}.function {error}") from None
    return StrategyFunction(strategy, call, names_read(call, CONTACT.names or ()))


def load(reference: str) -> Any:
    """The compiled function of a reference.

    Raises:
        PythonFileError: if there is no such file or function, or it can't be compiled, returns something, or uses
            random numbers.
    """
    made = _made.get(reference)
    if made is None:
        file, _, name = reference.rpartition(":")
        made = python_files.read(file, name).load()
    try:
        if not isinstance(plain(made), FunctionType):
            raise _UnfitError(f"is of the type {type(made).__name__}; expected a function of (me, ties)")
        return _prepared(made)
    except _UnfitError as error:
        raise PythonFileError(f"names {_short(reference)}, which {error}") from error.__cause__


_COMPILABLE = "use loops, conditions, numbers and arrays of them, instead of dicts, text and lists of ties"


class _UnfitError(ValueError):
    """A function that can't be that of a strategy; the message is what it does."""


def _short(reference: str) -> str:
    file, _, name = reference.rpartition(":")
    return f"{Path(file).name}:{name}"


@cache
def _prepared(made: Any) -> Any:
    """A function compiled for use as a strategy.

    Raises:
        _UnfitError: if it can't be used as one.
    """
    import numba

    python = plain(made)
    if python.__code__.co_argcount != 2:
        raise _UnfitError(f"has other arguments ({place_of(made)}); expected {python.__name__}(me, ties)")
    random = randomness(made)
    if random is not None:
        raise _UnfitError(
            f"uses random numbers of its own ({random}), which differ between engines and between runs; use tie.draw "
            "or me.draw, which are uniform from 0 to 1 and depend on the seed, the day and the people"
        )
    compiled = safe(made)
    try:
        compiled.compile((numba.typeof(np.zeros(1, ME)[0]), numba.typeof(np.zeros(1, CONTACT))))
    except Exception as error:  # Numba raises `KeyError` for an unknown field, and others
        raise _UnfitError(_uncompilable(made, error)) from error
    if compiled.nopython_signatures[-1].return_type != numba.types.none:
        raise _UnfitError(
            f"returns a value ({place_of(made)}); expected none, because tie.clause and tie.priority are its choice"
        )
    return compiled


def _uncompilable(made: Any, error: Exception) -> str:
    """What Numba's error says about a function, in a line."""
    from numba.core.errors import NumbaError

    text = str(error)
    field = re.search(r"Field '(\w+)' was not found in record", text)
    unknown = field[1] if field else error.args[0] if isinstance(error, KeyError) and error.args else None
    if isinstance(unknown, str):
        close = nearest(unknown, [*(CONTACT.names or ()), *(ME.names or ())])
        listed = f"a tie has {', '.join(CONTACT.names or ())}; me has {', '.join(ME.names or ())}"
        hint = f"did you mean {close}?" if close else listed
        return f"uses the field {unknown} ({place_of(made, unknown)}), and there is no such field; {hint}"
    line = getattr(error, "loc", None) if isinstance(error, NumbaError) else None
    where = f"{Path(line.filename).name}, line {line.line}" if line is not None else place_of(made)
    lines = [one.strip() for one in text.splitlines() if one.strip() and not one.startswith("Failed in nopython")]
    what = (lines[0] if lines else type(error).__name__).rstrip(".")
    return f"Numba can't compile ({where}): {what}; {_COMPILABLE}"


def source_of(reference: str) -> str:
    """The source on which a function depends: the text of its whole file, or its own if it has no file.

    Raises:
        PythonFileError: if the file can't be read.
    """
    file, _, name = reference.rpartition(":")
    try:
        return python_files.read(file, name).text
    except PythonFileError:
        made = _made.get(reference)
        if made is None:
            raise
        try:
            return inspect.getsource(plain(made))
        except (OSError, TypeError):
            raise PythonFileError(f"names {_short(reference)}, whose source can't be found") from None


def hash_of(reference: str) -> str:
    """A hash of a function's name and source, which is part of the ids of runs; 16 hex digits."""
    return hash_of_text(f"{reference.rpartition(':')[2]}\n{source_of(reference)}")
