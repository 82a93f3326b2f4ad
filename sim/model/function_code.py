"""What the code of a strategy's function says: the fields that it may read, randomness, and how to compile it safely.

A function and the functions that it calls are followed through the names that their bytecode uses. Where that isn't
conclusive, the function may read everything.
"""

from __future__ import annotations

import dis
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from sim.model.compiled import njit

_TRUSTED = ("builtins", "math", "numba", "numpy", "sim")  # packages whose functions are left as they are
_READS_ALL = frozenset((
    "astype", "dtype", "getattr", "literal_unroll", "objmode", "objectmode", "print", "repr", "setattr", "str",
    "tobytes", "tofile", "vars", "view",
))  # fmt: skip
_RANDOM = ("numpy.random", "random", "secrets")  # modules
_RANDOM_OBJECTS = (random.Random, np.random.RandomState, np.random.Generator)


@dataclass(frozen=True)
class _Use:
    """A global or enclosing name that a function uses, with its attributes: ``np.random`` in line 7."""

    written: str
    value: Any
    file: str
    line: int


def plain(given: Any) -> Any:
    """The Python function of a compiled one; other functions as they are."""
    from numba.core.dispatcher import Dispatcher

    return given.py_func if isinstance(given, Dispatcher) else given


def names_read(given: Any, fields: Iterable[str]) -> frozenset[str]:
    """The fields of records that a function, or one that it calls, may read or write; all of them if in doubt.

    Args:
        given: the function.
        fields: the names of the fields.
    """
    names, known = set[str](), True
    for python in _reached(given):
        for code in _codes(python.__code__):
            names.update(code.co_names, *map(_texts, code.co_consts))
            known = known and not _takes_by_number(code)
        for use in _uses(python):
            names.update(_texts(use.value))
            known = known and _is_known(use.value)
    return frozenset(fields) if not known or names & _READS_ALL else frozenset(fields) & names


def randomness(given: Any) -> str | None:
    """Where a function, or one that it calls, uses random numbers: ``mine.py, line 7: np.random``; None if nowhere."""
    for python in _reached(given):
        for use in _uses(python):
            if _is_random(use.value):
                return f"{Path(use.file).name}, line {use.line}: {use.written}"
    return None


def place_of(given: Any, name: str = "") -> str:
    """The line where a function, or one that it calls, uses a name: ``mine.py, line 7``; where it begins, if none."""
    for python in _reached(given):
        for code in _codes(python.__code__):
            for line, instruction in _lines(code):
                if name and instruction.argval == name:
                    return f"{Path(code.co_filename).name}, line {line}"
    code = plain(given).__code__
    return f"{Path(code.co_filename).name}, line {code.co_firstlineno}"


def files_of(given: Any) -> frozenset[str]:
    """The files of a function and of the functions that it calls."""
    return frozenset(python.__code__.co_filename for python in _reached(given))


def safe(given: Any) -> Any:
    """A function compiled such that an index out of range raises `IndexError`, and so are the functions that it calls.

    Other options with which the user compiled them don't count. Some, such as ``fastmath``, would give both engines
    different bits. The GIL is released, so that another thread can end a process in which the function doesn't end.
    """
    return _rebuilt(given, njit(boundscheck=True, nogil=True, error_model="python"), {})


def uncompiled(given: Any) -> Any:
    """A function in plain Python, and so are the functions that it calls."""
    return _rebuilt(given, lambda python: python, {})


# Following names -----------------------------------------------------------------------------------------------------


def _reached(given: Any) -> list[FunctionType]:
    """A function, and the functions that it calls, directly or not, except those of trusted packages."""
    found, pending = dict[int, FunctionType](), [plain(given)]
    while pending:
        python = pending.pop()
        if id(python) not in found:
            found[id(python)] = python
            pending += [plain(use.value) for use in _uses(python) if _is_own(use.value)]
    return list(found.values())


def _uses(python: FunctionType) -> Iterator[_Use]:
    cells = dict(zip(python.__code__.co_freevars, python.__closure__ or (), strict=True))
    enclosed = {name: cell.cell_contents for name, cell in cells.items() if cell != CellType()}
    builtins = python.__globals__.get("__builtins__", {})
    known = {**(vars(builtins) if isinstance(builtins, ModuleType) else builtins), **python.__globals__, **enclosed}
    for code in _codes(python.__code__):
        instructions = [*_lines(code)]
        for at, (line, first) in enumerate(instructions):
            if first.opname not in ("LOAD_GLOBAL", "LOAD_DEREF", "LOAD_NAME") or first.argval not in known:
                continue
            written, value = str(first.argval), known[first.argval]
            for _, after in instructions[at + 1 :]:
                if not isinstance(value, ModuleType) or after.opname not in ("LOAD_ATTR", "LOAD_METHOD"):
                    break
                written, value = f"{written}.{after.argval}", getattr(value, str(after.argval), None)
            yield _Use(written, value, code.co_filename, line)


def _codes(code: CodeType) -> Iterator[CodeType]:
    """The code of a function, and of the functions and comprehensions in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _lines(code: CodeType) -> Iterator[tuple[int, dis.Instruction]]:
    """The instructions of a code, each with its line."""
    for instruction in dis.get_instructions(code):
        position = instruction.positions
        yield (position.lineno if position and position.lineno else code.co_firstlineno), instruction


def _takes_by_number(code: CodeType) -> bool:
    """Whether a code may take a field by its number, as in ``tie[6]``; ``ties[0]`` takes a tie."""
    instructions = [one for _, one in _lines(code)]
    ties = code.co_varnames[1] if code.co_argcount > 1 else None
    for base, index, one in zip(instructions, instructions[1:], instructions[2:], strict=False):
        subscript = one.opname == "BINARY_SUBSCR" or (one.opname == "BINARY_OP" and one.argrepr == "[]")
        constant = index.opname in ("LOAD_CONST", "LOAD_SMALL_INT") and isinstance(index.argval, int)
        of_ties = base.opname.startswith("LOAD_FAST") and base.argval == ties
        if subscript and constant and not of_ties:
            return True
    return False


def _texts(value: Any) -> set[str]:
    """The texts in a constant."""
    if isinstance(value, str):
        return {value}
    return set().union(*map(_texts, value)) if isinstance(value, tuple | frozenset) else set()


def _is_own(value: Any) -> bool:
    """Whether a value is a function of the user's."""
    python = plain(value)
    return isinstance(python, FunctionType) and str(python.__module__).partition(".")[0] not in _TRUSTED


def _is_known(value: Any) -> bool:
    """Whether a value can't read a field in a way that the names in the code don't show."""
    from numba.core.dispatcher import Dispatcher

    if isinstance(value, tuple | frozenset):
        return all(map(_is_known, value))
    if isinstance(value, ModuleType):
        return value.__name__.partition(".")[0] in _TRUSTED
    simple = (int, float, str, type, np.generic, np.ndarray, np.ufunc, BuiltinFunctionType, FunctionType, Dispatcher)
    from_numpy = str(getattr(value, "__module__", "")).partition(".")[0] == "numpy"
    return value is None or isinstance(value, simple) or from_numpy


def _is_random(value: Any) -> bool:
    module = value.__name__ if isinstance(value, ModuleType) else str(getattr(value, "__module__", None) or "")
    within = any(f"{module}.".startswith(f"{name}.") for name in _RANDOM)
    owner = getattr(value, "__self__", None)
    return within or isinstance(value, _RANDOM_OBJECTS) or isinstance(owner, _RANDOM_OBJECTS)


# Building them again -------------------------------------------------------------------------------------------------


def _rebuilt(given: Any, wrap: Callable[[Any], Any], done: dict[int, Any]) -> Any:
    """A function with the functions of the user's that it calls, all wrapped. `done` has those that are, by id."""
    python = plain(given)
    if id(python) in done:
        return done[id(python)]
    cells = tuple(CellType() for _ in python.__closure__ or ())
    own = dict(python.__globals__)
    copy = FunctionType(python.__code__, own, python.__name__, python.__defaults__, cells)
    copy.__kwdefaults__, copy.__qualname__, copy.__module__ = (
        python.__kwdefaults__, python.__qualname__, python.__module__,
    )  # fmt: skip
    made = done[id(python)] = wrap(copy)  # before what it calls, since it may call itself
    for cell, before in zip(cells, python.__closure__ or (), strict=True):
        if before != CellType():
            value = before.cell_contents
            cell.cell_contents = _rebuilt(value, wrap, done) if _is_own(value) else value
    for use in _uses(python):
        name, _, attribute = use.written.partition(".")
        if not _is_own(use.value) or "." in attribute:
            continue
        if not attribute and name in own:
            own[name] = _rebuilt(use.value, wrap, done)
        elif attribute:
            own[name] = _with(own.get(name), attribute, _rebuilt(use.value, wrap, done))
    return made


def _with(module: Any, name: str, value: Any) -> Any:
    """A copy of a module in which a name has another value; enclosed ones and objects as they are."""
    if not isinstance(module, ModuleType):
        return module
    copy = ModuleType(module.__name__)
    vars(copy).update({**vars(module), name: value})
    return copy
