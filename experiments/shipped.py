"""The experiments that ship with the program: files in ``configs/`` of the sources, package data in a wheel."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).parent
_OF_A_WHEEL, _OF_THE_SOURCES = _PACKAGE / "configs", _PACKAGE.parent / "configs"
FOLDER = "configs"  # by which the documentation names them


def folder() -> Path:
    """Where they lie."""
    return _OF_A_WHEEL if _OF_A_WHEEL.is_dir() else _OF_THE_SOURCES


def names() -> list[str]:
    """Their names, such as ``one_run``."""
    return sorted(path.stem for path in folder().glob("*.toml"))


def about(name: str) -> str:
    """What one is about: the sentence that its comment begins with."""
    lines = []
    for line in (folder() / f"{name}.toml").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    first, *_ = " ".join(lines).replace("? ", "?\n").replace(". ", ".\n").splitlines() or [""]
    return first


def found(path: Path) -> Path:
    """The file at a path or, where there is none, the one that ships under this name; that is told once.

    ``nine_strategies``, ``nine_strategies.toml`` and ``configs/nine_strategies.toml`` all name it.
    """
    instead = folder() / f"{path.stem}.toml"
    named = path.parent in (Path(), Path(FOLDER)) and path.suffix in ("", ".toml")
    if not named or path.exists() or path.is_symlink() or not instead.is_file():
        return path
    _tell(path, instead)
    return instead


@cache
def _tell(path: Path, instead: Path) -> None:
    print(f"There is no file {path}; the one that ships with the program is read: {instead}", file=sys.stderr)
