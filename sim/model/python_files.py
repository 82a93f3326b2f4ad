"""Python files of the user's: the one way in which strategies, measures and stop conditions are loaded.

A file is read once, and its text is what is hashed and what is executed. A run that goes to another process or machine
carries the text with it, so nothing depends on what becomes of the file meanwhile. A file stands alone: a change in
another file that it imports is noticed by nobody.
"""

from __future__ import annotations

import ast
import hashlib
import linecache
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from sim.model.spelling import nearest

LARGEST_FILE = 1_000_000  # bytes

_carried: ContextVar[dict[str, str] | None] = ContextVar("carried", default=None)  # texts by path; see `carrying`


class PythonFileError(ValueError):
    """A Python file can't be read or executed, lacks a name, or what it names is unfit for its use.

    The message goes on from the setting: ``names …``.
    """


@dataclass(frozen=True)
class FunctionFile:
    """A function or class in a Python file: the path of the file, its text, and the name in it."""

    file: str
    name: str
    text: str

    @property
    def written(self) -> str:
        """The name without folders, as ``mine.py:write_back``."""
        return f"{Path(self.file).name}:{self.name}"

    def load(self) -> Any:
        """The function or class; the file is executed once per process.

        Raises:
            PythonFileError: if the file has no such name, or raises anything.
        """
        file = Path(self.file).name
        try:
            module = executed(self.file, self.text)
        except SyntaxError as error:
            raise PythonFileError(
                f"names {file}, which is not valid Python: {error.msg} (line {error.lineno})"
            ) from None
        except (Exception, SystemExit) as error:  # a file of the user's can raise anything
            what = f"{type(error).__name__} when it was loaded: {error}"
            raise PythonFileError(f"names {file}, which raised {what}{line_of(error, self.file)}") from error
        given = getattr(module, self.name, None)
        if given is None:
            known = [name for name, value in vars(module).items() if not name.startswith("_") and callable(value)]
            raise PythonFileError(_lacks(self, known))
        return given

    def require_name(self) -> None:
        """Check, without executing the file, that it has the name.

        A file that makes names in ways that its text doesn't show passes.

        Raises:
            PythonFileError: if it's not valid Python, or has no such name.
        """
        file = Path(self.file).name
        try:
            tree = ast.parse(self.text)
        except SyntaxError as error:
            what = f"is not valid Python: {error.msg} (line {error.lineno})"
            raise PythonFileError(f"names {file}, which {what}") from None
        except ValueError as error:
            raise PythonFileError(f"names {file}, which is not valid Python: {error}") from None
        known = list(_names_in(tree))
        if self.name not in known and "*" not in known:
            own = (ast.FunctionDef, ast.ClassDef)
            named = [node.name for node in ast.walk(tree) if isinstance(node, own) and not node.name.startswith("_")]
            raise PythonFileError(_lacks(self, named))


def read(file: str, name: str) -> FunctionFile:
    """A name in a Python file, with the text of the file; that which a run carries, within `carrying`.

    Raises:
        PythonFileError: if the file can't be read.
    """
    carried = _carried.get()
    if carried is None:
        return FunctionFile(file, name, _text_of(file))
    if file not in carried:
        carried[file] = _text_of(file)
    return FunctionFile(file, name, carried[file])


@contextmanager
def carrying(texts: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Within the block, files have these texts, by path, and others are read once; yields the texts of all of them."""
    carried = dict(texts)
    token = _carried.set(carried)
    try:
        yield carried
    finally:
        _carried.reset(token)


def _text_of(file: str) -> str:
    try:
        if Path(file).stat().st_size > LARGEST_FILE:
            raise PythonFileError(f"names {file}, which has more than the limit of {LARGEST_FILE:,} bytes")
        return Path(file).read_text("utf-8")
    except FileNotFoundError:
        raise PythonFileError(f"names {file}, and there is no such file{_instead_of(Path(file))}") from None
    except UnicodeDecodeError:
        raise PythonFileError(f"names {file}, which is not in UTF-8; convert it") from None
    except OSError as error:
        raise PythonFileError(f"names {file}, which cannot be read: {error.strerror or error}") from None


@lru_cache(maxsize=64)
def executed(file: str, text: str) -> ModuleType:
    """The module of a file with this text; executed once as long as the text stays the same.

    Raises:
        BaseException: whatever the file raises.
    """
    module = ModuleType(f"rekindle_own_{hash_of_text(file + text)}")
    module.__file__ = file
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)  # for tracebacks, and for `inspect`
    sys.modules[module.__name__] = module  # dataclasses look there
    try:
        exec(compile(text, file, "exec", dont_inherit=True), module.__dict__)
    except BaseException:
        del sys.modules[module.__name__]
        raise
    return module


def hash_of_text(text: str) -> str:
    """The hash by which ids tell texts apart; 16 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def line_of(error: BaseException, file: str) -> str:
    """The line of a file that raised an error, as `` (line 7)``; empty if it wasn't raised there."""
    line, at = None, error.__traceback__
    while at is not None:
        line = at.tb_lineno if at.tb_frame.f_code.co_filename == file else line
        at = at.tb_next
    return "" if line is None else f" (line {line})"


def _lacks(source: FunctionFile, known: list[str]) -> str:
    close = nearest(source.name, known)
    hint = f"did you mean {close}?" if close else f"it has {', '.join(known[:6]) or 'no function and no class'}"
    return f"names {source.written}, and the file has no {source.name}; {hint}"


def _instead_of(file: Path) -> str:
    try:
        close = nearest(file.name, [other.name for other in file.parent.glob("*.py")])
    except OSError:
        close = None
    return f"; did you mean {close}?" if close else "; the path is relative to the folder of the TOML file"


def _names_in(tree: ast.Module) -> Iterator[str]:
    """The names that the top of a file defines, also within its conditions; ``*`` if it may define any."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.Name) and node.id in ("globals", "exec", "setattr"):
            yield "*"
