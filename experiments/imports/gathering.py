"""Several exports become one log: which format each file has, what was read from it, and whose ids are the same."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from experiments.imports.contacts import Choices, Contact, Reader, Tally, same
from experiments.imports.formats import READERS
from experiments.imports.packed import is_archive, parts_of
from sim.contact_logs import LogError

HEAD = 65_536  # bytes of a file that tell its format
LEAST_SURE = 0.5  # below this, a format is not taken to be recognised
_COLUMNS = list(Contact._fields)
_IGNORED = {".ds_store", "thumbs.db", "desktop.ini"}
MOST_FILES = 100_000  # of a folder, far more than any export has

Progress = Callable[[int, int, str], object]  # files read, how many there are, and what is read of the next
_EVERY = 10_000  # contacts between two reports of progress


@dataclass(frozen=True)
class Export:
    """One file or folder, read.

    Attributes:
        path: the file or folder.
        reader: its format.
        sure: how sure the format is, 0 to 1; 1 if the user named it.
        rows: its contacts: ``source``, ``target``, ``time``, ``medium``.
        tally: what was skipped, unread and guessed.
    """

    path: Path
    reader: Reader
    sure: float
    rows: pd.DataFrame
    tally: Tally


@dataclass(frozen=True)
class Gathered:
    """All exports as one log.

    Attributes:
        exports: what each file gave.
        rows: the log, sorted by time: ``source``, ``target``, ``time`` (seconds since 1970, UTC), ``medium``.
        passed: files of folders that have no known format, and why.
        refused: named files and folders, and archives in folders, that could not be read, each with a sentence that
            says why.
        copies: contacts that several files have, each counted once.
        merged: contacts of people with themselves that are left out, because two ids turned out to be one person's.
        names: what people are called most often, where exports have a name beside their id.
    """

    exports: list[Export]
    rows: pd.DataFrame
    passed: dict[Path, str] = field(default_factory=dict)
    refused: dict[Path, str] = field(default_factory=dict)
    copies: int = 0
    merged: int = 0
    names: dict[str, str] = field(default_factory=dict)

    @property
    def ids(self) -> set[str]:
        """The ids of all people as the exports have them, before any are merged."""
        return {str(one) for export in self.exports for side in ("source", "target") for one in export.rows[side]}

    @property
    def contacts(self) -> dict[str, int]:
        """The number of contacts of each id, sent and received."""
        both = pd.concat([self.rows["source"], self.rows["target"]])
        return {str(one): int(count) for one, count in both.value_counts().items()}


def gather(
    paths: Sequence[Path],
    choices: Choices,
    *,
    named: Reader | None = None,
    aliases: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Gathered:
    """Read exports, each in its format, into one log. What cannot be read is left out and named.

    Args:
        paths: files, folders that are an export, and folders of exports.
        choices: what the user said about them.
        named: their format; by default it is recognised from the content.
        aliases: ids that are another's, by id; the value stays.
        progress: called before each file, and now and then within it.

    Raises:
        LogError: a file is missing, or none can be read.
    """
    found, passed, refused = _expanded(paths, named)
    exports: list[Export] = []
    seen: set[int] = set()  # what was seen in one file is a copy in the next
    for number, (path, (reader, sure)) in enumerate(found.items()):
        tally = Tally(seen=seen)
        contacts = reader.read(path, choices, tally)
        if progress is not None:
            contacts = _reporting(contacts, progress, number, len(found))
        try:
            rows = pd.DataFrame(contacts, columns=_COLUMNS).astype({"time": "int64"})
        except LogError as error:
            if len(found) == 1:
                raise
            refused[path] = str(error)
        else:
            exports.append(Export(path, reader, sure, rows, tally))
    if not exports:
        raise LogError(" ".join(refused.values()))
    whole = pd.concat([one.rows for one in exports], ignore_index=True)
    owners = _owners(whole, choices)
    merging = {one: owners.get(other, other) for one, other in (aliases or {}).items()} | owners
    kept, copies = _without_copies(exports, merging)
    to_oneself = kept["source"] == kept["target"]
    rows = kept[~to_oneself].sort_values("time", kind="stable", ignore_index=True)
    names = _names(exports, merging)
    return Gathered(exports, rows, passed, refused, copies, int(to_oneself.sum()), names)


def _reporting(contacts: Iterator[Contact], progress: Progress, number: int, files: int) -> Iterator[Contact]:
    progress(number, files, "")
    for count, contact in enumerate(contacts, start=1):
        if count % _EVERY == 0:
            progress(number, files, f"{count:,} contacts of the next")
        yield contact


def _owners(rows: pd.DataFrame, choices: Choices) -> dict[str, str]:
    """The owner's other names, each with the one that stays."""
    if not choices.me:
        return {}
    ids = {*rows["source"], *rows["target"]}
    return {one: choices.owner for one in ids if same(choices.me, one) and one != choices.owner}


def _names(exports: Sequence[Export], merging: Mapping[str, str]) -> dict[str, str]:
    often: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for export in exports:
        for one, names in export.tally.names.items():
            often[merging.get(one, one)].update(names)
    return {one: max(sorted(names), key=lambda name: names[name]) for one, names in often.items()}


def _without_copies(exports: Sequence[Export], merging: Mapping[str, str]) -> tuple[pd.DataFrame, int]:
    """All contacts; one that several exports have counts as often as in the one that has it most often.

    An export can have equal contacts, such as two messages of a minute in a chat without seconds, and these all count.
    """
    parts = []
    for one in exports:
        rows = one.rows.copy()
        for side in ("source", "target"):
            rows[side] = rows[side].map(lambda name: merging.get(name, name))
        rows["again"] = rows.groupby(_COLUMNS).cumcount() if len(rows) else np.zeros(0, int)
        parts.append(rows)
    whole = pd.concat(parts, ignore_index=True)
    kept = whole.drop_duplicates([*_COLUMNS, "again"])
    return kept[_COLUMNS], len(whole) - len(kept)


class _Found(NamedTuple):
    """The exports in a folder, with their formats; files that are none; damaged archives; and the number of files."""

    exports: dict[Path, tuple[Reader, float]]
    passed: dict[Path, str]
    files: int
    damaged: dict[Path, str]


# Formats -------------------------------------------------------------------------------------------------------------


def recognised(path: Path) -> tuple[Reader, float] | None:
    """The format of a file or folder, and how sure it is; None if it has none."""
    head = b""
    if path.is_file():
        with path.open("rb") as file:
            head = file.read(HEAD)
    sure = {reader: reader.recognises(path, head) for reader in READERS}
    best = max(READERS, key=lambda reader: sure[reader])
    return (best, sure[best]) if sure[best] >= LEAST_SURE else None


def _expanded(
    paths: Sequence[Path], named: Reader | None
) -> tuple[dict[Path, tuple[Reader, float]], dict[Path, str], dict[Path, str]]:
    """The exports among these paths, with their formats; files of folders that are none; and paths that are none.

    Raises:
        LogError: a path does not exist, which is a slip of the user's, or there is no export among them.
    """
    found: dict[Path, tuple[Reader, float]] = {}
    passed: dict[Path, str] = {}
    refused: dict[Path, str] = {}
    for path in paths:
        if not path.exists():
            raise LogError(f"{path} does not exist.")
        try:
            there = _at(path) if named is None else _Found({path: (named, 1.0)}, {}, 1, {})
        except LogError as error:
            refused[path] = str(error)
        else:
            found |= there.exports
            passed |= there.passed
            refused |= there.damaged
    if refused and not found:
        hint = [_known()] if any("known format" in why for why in refused.values()) else []
        raise LogError(" ".join([*refused.values(), *hint]))
    return found, passed, refused


def _at(path: Path) -> _Found:
    """The exports at a path that the user named.

    Raises:
        LogError: there is none.
    """
    if path.is_dir():
        there = _in_folder(path)
        if not there.exports:
            raise LogError(" ".join([f"{path}: no file in this folder has a known format.", *there.damaged.values()]))
        return there
    one = _recognised(path)
    if one is not None:
        return _Found({path: one}, {}, 1, {})
    if path.is_file() and not path.stat().st_size:
        raise LogError(f"{path} is empty.")
    raise LogError(_damage(path) or f"{path} has no known format.")


def _recognised(path: Path) -> tuple[Reader, float] | None:
    try:
        return recognised(path)
    except OSError as error:
        raise LogError(f"{path} cannot be read: {error.strerror or error}.") from None


def _in_folder(folder: Path) -> _Found:
    """The folder itself if it is an export; the exports in it, at any depth, if it is none or has several.

    Raises:
        LogError: it has too many files.
    """
    inside: dict[Path, tuple[Reader, float]] = {}
    beside: dict[Path, str] = {}
    damaged: dict[Path, str] = {}
    files = 0
    for path in sorted(folder.iterdir()):
        if path.name.lower() in _IGNORED or path.is_symlink():
            continue
        if path.is_dir():
            found = _in_folder(path)
            inside |= found.exports
            beside |= found.passed
            damaged |= found.damaged
            files += found.files
        else:
            files += 1
            one = _recognised(path)
            if one is not None:
                inside[path] = one
            elif why := _damage(path):
                damaged[path] = why
            else:
                beside[path] = "no known format"
        if files > MOST_FILES:
            raise LogError(f"{folder} has over {MOST_FILES:,} files. Name the exports in it.")
    whole = _recognised(folder)
    if whole is not None and len({reader for reader, _ in inside.values()}) <= 1:
        media = {} if whole[1] == 1 else beside  # a whole export has some of its own
        return _Found({folder: whole}, media, files, damaged)
    return _Found(inside, beside, files, damaged)


def _damage(path: Path) -> str:
    """Why a file cannot be read, if it is a damaged archive; else empty."""
    try:
        if is_archive(path):
            parts_of(path)
    except LogError as error:
        return str(error)
    except OSError:
        pass  # then it has no known format either
    return ""


def _known() -> str:
    titles = ", ".join(reader.title for reader in READERS)
    return f"Known are {titles}. Name the format with --format, or the columns of a table with --columns."


def counts(gathered: Gathered, of: str) -> Counter[str]:
    """The numbers of ``"skipped"`` or ``"unread"`` records over all exports, by reason."""
    total: Counter[str] = Counter()
    for one in gathered.exports:
        total += getattr(one.tally, of)
    return total
