"""Check every byte of a results folder, file by file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from experiments.sweeps import checksums, histories, store
from experiments.sweeps.checksums import DamagedError
from experiments.sweeps.store import StoreError
from sim.runtime.storage import load_records

_PIECE = 2**24  # bytes to read at a time from a file without a checksum


class FileState(StrEnum):
    """The state of a file."""

    WHOLE = "ok"
    OLDER = "ok (checksums for pages only)"
    DAMAGED = "damaged"
    FOREIGN = "another version"
    SET_ASIDE = "not used"
    LEFT_OVER = "incomplete"
    UNCHECKED = "readable, no checksum"


class Checked(NamedTuple):
    """A file that was checked: its kind, its size in bytes, its state, and a description of any problem."""

    path: Path
    kind: str
    size: int
    state: FileState
    why: str = ""


_Check = Callable[[Path], FileState]


def results_folders(name: str, results: Path) -> list[Path]:
    """The results folders with this name: the folder of a sweep, or all those in a folder.

    Args:
        name: name of a sweep, or path of a folder; empty for all.
        results: the folder for results.

    Raises:
        StoreError: if there are none.
    """
    for where in (results / name, Path(name)) if name else (results,):
        if _holds_results(where):
            return [where]
        found = sorted(folder for folder in _entries(where) if _holds_results(folder))
        if found:
            return found
    there = ", ".join(folder.name for folder in sorted(_entries(results)) if _holds_results(folder))
    if name:
        raise StoreError(f"There are no results named {name}; known: {there or f'none in {results}'}.")
    raise StoreError(f"There are no results of a sweep in {results}.")


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _holds_results(folder: Path) -> bool:
    names = (store.DESIGN, store.TABLE, store.PARTS, *histories.COLUMNS)
    return any((folder / name).exists() for name in names)


def files_of(folder: Path) -> list[Path]:
    """All files in a folder and its subfolders."""
    return sorted(path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())


def checked(folder: Path, files: Sequence[Path]) -> Iterator[Checked]:
    """Check every byte of these files of a results folder; files that disappear meanwhile are skipped."""
    for path in files:
        kind, check = _kind_of(path.relative_to(folder))
        try:
            yield _checked(path, kind, check)
        except FileNotFoundError:
            continue


def _checked(path: Path, kind: str, check: _Check) -> Checked:
    size = path.lstat().st_size
    try:
        return Checked(path, kind, size, check(path))
    except FileNotFoundError:
        raise
    except StoreError as error:
        return Checked(path, kind, size, FileState.FOREIGN, str(error))
    except MemoryError:
        raise
    except Exception as problem:  # damaged bytes can raise anything
        return Checked(path, kind, size, FileState.DAMAGED, _in_words(path, problem))


def _in_words(path: Path, problem: Exception) -> str:
    return str(problem) if isinstance(problem, DamagedError) else f"{path} is damaged ({problem})"


def _kind_of(path: Path) -> tuple[str, _Check]:
    """The kind of a file, from its path in the results folder, and how to check it."""
    top, is_parquet = path.parts[0], path.suffix == ".parquet"
    if path.suffix == ".damaged":
        return "renamed earlier", _is(FileState.SET_ASIDE)
    if path.suffix in (".half", ".new"):  # .new: of an earlier version
        return "incomplete", _is(FileState.LEFT_OVER)
    if str(path) in (store.DESIGN, store.TABLE):
        return "design" if str(path) == store.DESIGN else "table of runs", _check_table
    if top == store.TABLES and is_parquet:
        return "tables of runs", _check_table
    if top == store.PARTS and is_parquet:
        return "runs (parts)", _check_part
    if top in histories.COLUMNS and is_parquet:
        return f"{top} (parts)", _check_history
    if top == store.CHECKPOINTS:
        return "checkpoints", _check_checkpoint
    return "other files", _is(FileState.UNCHECKED)


def _is(state: FileState) -> _Check:
    """A check for files without a checksum: whether all bytes can be read."""

    def check(path: Path) -> FileState:
        try:
            with path.open("rb") as file:
                while file.read(_PIECE):
                    pass
        except OSError as problem:
            raise checksums.judged(path, problem) from None
        return state

    return check


def _check_table(path: Path) -> FileState:
    store.read_table(path)
    return FileState.WHOLE if checksums.has_digest(path) else FileState.OLDER


def _check_part(path: Path) -> FileState:
    store.read_part(path)
    return FileState.WHOLE if checksums.has_its_name(path) else FileState.OLDER


def _check_history(path: Path) -> FileState:
    if histories.is_damaged(path):
        raise DamagedError(f"{path} is damaged, or not a part of a sweep")
    return FileState.WHOLE


def _check_checkpoint(path: Path) -> FileState:
    load_records(path)
    return FileState.WHOLE
