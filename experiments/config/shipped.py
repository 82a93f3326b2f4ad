"""The bundled experiments: files in ``configs/`` of the sources, or package data in a wheel."""

from __future__ import annotations

import re
import sys
from functools import cache
from itertools import takewhile
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
_OF_A_WHEEL, _OF_THE_SOURCES = _PACKAGE / "configs", _PACKAGE.parent / "configs"
FOLDER = "configs"  # the folder in the documentation's paths


def folder() -> Path:
    """The folder of the bundled experiments."""
    return _OF_A_WHEEL if _OF_A_WHEEL.is_dir() else _OF_THE_SOURCES


def names() -> list[str]:
    """The names of the bundled experiments, such as ``one_run``."""
    return sorted(path.stem for path in folder().glob("*.toml"))


def text(name: str) -> str:
    """The TOML text of a bundled experiment."""
    return (folder() / f"{name}.toml").read_text(encoding="utf-8")


def about(name: str) -> str:
    """The subject of a bundled experiment: the first sentence of its comment."""
    return subject_of(text(name))


def subject_of(text: str) -> str:
    """The first sentence of the comment at the top of an experiment file."""
    comment = takewhile(lambda line: line.startswith("#"), text.splitlines())
    words = " ".join(line.removeprefix("#").strip() for line in comment)
    return re.split(r"(?<=[.?]) ", words, maxsplit=1)[0]


def found(path: Path, *, tell: bool = True) -> Path:
    """The file at a path or, if there is none, the bundled experiment of this name; `tell` prints a note once.

    ``nine_strategies``, ``nine_strategies.toml`` and ``configs/nine_strategies.toml`` are names of the same experiment.
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
    print(f"There is no file {path}; using the bundled experiment {instead}", file=sys.stderr)
