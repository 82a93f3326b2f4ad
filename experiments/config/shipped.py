"""The experiments that ship with the program: files in ``configs/`` of the sources, package data in a wheel."""

from __future__ import annotations

import re
import sys
from functools import cache
from itertools import takewhile
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
_OF_A_WHEEL, _OF_THE_SOURCES = _PACKAGE / "configs", _PACKAGE.parent / "configs"
FOLDER = "configs"  # by which the documentation names them


def folder() -> Path:
    """Where they lie."""
    return _OF_A_WHEEL if _OF_A_WHEEL.is_dir() else _OF_THE_SOURCES


def names() -> list[str]:
    """Their names, such as ``one_run``."""
    return sorted(path.stem for path in folder().glob("*.toml"))


def text(name: str) -> str:
    """The text of one."""
    return (folder() / f"{name}.toml").read_text(encoding="utf-8")


def about(name: str) -> str:
    """What one is about: the sentence that its comment begins with."""
    comment = takewhile(lambda line: line.startswith("#"), text(name).splitlines())
    words = " ".join(line.removeprefix("#").strip() for line in comment)
    return re.split(r"(?<=[.?]) ", words, maxsplit=1)[0]


def found(path: Path, *, tell: bool = True) -> Path:
    """The file at a path or, where there is none, the one that ships under this name; `tell` says so, once.

    ``nine_strategies``, ``nine_strategies.toml`` and ``configs/nine_strategies.toml`` all name it.
    """
    instead = folder() / f"{path.stem}.toml"
    named = path.parent in (Path(), Path(FOLDER)) and path.suffix in ("", ".toml")
    if not named or path.exists() or path.is_symlink() or not instead.is_file():
        return path
    if tell:
        _tell(path, instead)
    return instead


@cache
def _tell(path: Path, instead: Path) -> None:
    print(f"There is no file {path}; the one that ships with the program is read: {instead}", file=sys.stderr)
