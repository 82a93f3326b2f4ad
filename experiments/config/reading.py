"""Load a TOML file as a validated experiment; errors give the file, line, key, value and what is expected.

Every setting can also be given on the command line (``--set world.people=500``); errors then name the option. In
Python, a dict of settings can change a file or stand for one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments.config import shipped, toml_text
from experiments.config.catalogue import ROWS, VARIED, canonical_path, present_path, short_name
from experiments.config.errors import ConfigError, Origin, wrong_option
from experiments.config.factors import flattened
from experiments.config.rows import AT_THE_TOP, numbers_of, rows_of_file
from experiments.config.settings import Experiment
from experiments.config.toml_text import KeyPath, TextError, brief, lines_of, show
from experiments.config.validation import inherited, validated
from experiments.terminal.names import file_name
from sim.model.former_names import note_former_names
from sim.model.spelling import nearest

_STRATEGIES: KeyPath = ("parameters", "strategies")
_MIXTURE: KeyPath = ("run", "strategy")  # whose value may be a table


def load(
    path: Path | None,
    changes: Sequence[str] = (),
    world: Path | None = None,
    *,
    full: bool = False,
    unnamed: str = "default",
    given: Sequence[tuple[KeyPath, Any]] = (),
) -> Experiment:
    """Read an experiment.

    Args:
        path: the TOML file, or the name of a bundled experiment if there is no such file; None for all defaults. A
            relative ``world.log`` is relative to the folder of the file.
        changes: ``path=value`` texts, as for ``--set``; a value is TOML or, if it is not valid TOML, text.
        world: contact log to replay instead of the file's world, as for ``--world``.
        full: whether to apply the file's ``[full]`` before the changes.
        unnamed: name of the experiment if there is no file.
        given: settings by path, set before ``changes`` are; see `settings_in`.

    Raises:
        ConfigError: with all mistakes, each with its line or option.
    """
    text = "" if path is None else _read(path)
    former = list[str]()
    data = _under_present_names(_parsed(path, text), (), former)
    _lengthen(data)
    origins = _origins(text)
    log = data["world"].get("log") if isinstance(data.get("world"), dict) else None
    if path is not None and isinstance(log, str) and log:
        data["world"]["log"] = str(path.parent / log)
    if path is not None:
        _relative_to(path.parent, data)
    name = unnamed if path is None else file_name(path.stem)
    if world is not None:
        name += "-" + file_name(stem_of_log(world))
        _replay_instead(data, origins, world)
    at_full = data.get("full") if full else None
    larger = flattened(at_full) if isinstance(at_full, Mapping) else ()
    for change in (f"{key}={show(value)}" for key, value in larger):
        former += _apply(data, origins, change)
    for key, value in given:
        former += _put(data, origins, key, value, f"{'.'.join(key)} = {toml_text.brief(show(value))}")
    for change in changes:
        former += _apply(data, origins, change)
    note_former_names(former)
    data.setdefault("name", name)
    experiment = validated(data, origins, path)
    if not data.get("world", {}).get("parameters"):
        return experiment
    return validated({**data, "parameters": inherited(data)}, origins, path)


def settings_in(given: Mapping[str, Any], above: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Yield the path and value of each setting in a dict, as a TOML file has them.

    Keys are dotted paths, and tables may be nested: ``{"world.people": 500}`` and ``{"world": {"people": 500}}`` are
    the same. NumPy's numbers and arrays, ranges and tuples become numbers and lists. Paths of files are relative to the
    current folder.

    Raises:
        ConfigError: if a key is no text.
    """
    for key, value in given.items():
        if not isinstance(key, str):
            raise ConfigError(f"{key!r} is no setting; a key is the path of one, such as 'world.people'.")
        path = (*above, key) if above == ROWS else (*above, *toml_text.key_path(key))
        if isinstance(value, Mapping) and value and path != _MIXTURE and not set(value) & {"from", "to", "count"}:
            yield from settings_in(value, path)
        else:
            yield path, _from_here(path, _plain(value))


def _plain(value: Any) -> Any:
    """A value in the types that TOML has."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | range):
        return [_plain(item) for item in value]
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def _from_here(path: KeyPath, value: Any) -> Any:
    """The value of a setting, with the path of a file made absolute."""
    names_file = path in (("world", "log"), ("run", "model"), ("run", "stop")) or (
        path[-1] == "function" and ("measures" in path[:1] or _STRATEGIES[-1] in path)
    )
    return os.path.abspath(value) if names_file and isinstance(value, str) and value else value


def _under_present_names(table: Mapping[str, Any], above: KeyPath, former: list[str]) -> dict[str, Any]:
    """A table with present names as keys; the former names that it has are added to `former`.

    If a table has a setting under both names, it keeps the former one, which is refused later.
    """
    renamed = dict[str, Any]()
    for key, value in table.items():
        name = present_path((*above, key))[-1]
        name = key if name in table else name
        former += [key] if name != key else []
        renamed[name] = _under_present_names(value, (*above, key), former) if isinstance(value, Mapping) else value
    return renamed


def _lengthen(data: dict[str, Any]) -> None:
    """Move tables that stand at the top, such as `strategies`, to `parameters`; also in tables of factors.

    A setting that is given in both places also stays where it is, and is refused later.
    """
    for name in [name for name in AT_THE_TOP if name in data]:
        parameters = data.setdefault("parameters", {})
        left = _moved({name: data[name]}, parameters) if isinstance(parameters, dict) else {}
        del data[name]
        data |= left
    sweep = data.get("sweep")
    tables = [_table_at(data, path) for path in VARIED]
    rows = sweep.get(ROWS[-1]) if isinstance(sweep, dict) else None
    tables += [row for row in (rows.values() if isinstance(rows, dict) else ()) if isinstance(row, dict)]
    for table in tables:
        levels = dict(table)
        table.clear()
        for name, level in levels.items():
            full = canonical_path((*VARIED[0], name))[len(VARIED[0]) :]
            own = ".".join(full)
            table[name if own in levels and own != name else own] = level


def _table_at(data: Any, path: KeyPath) -> dict[str, Any]:
    """The table at a path; an empty one if there is none."""
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def _moved(given: dict[str, Any], target: dict[str, Any]) -> dict[str, Any]:
    """Add settings to a table; returns those that the table has already, which are not added."""
    left = dict[str, Any]()
    for key, value in given.items():
        if key not in target:
            target[key] = value
        elif isinstance(value, dict) and isinstance(target[key], dict):
            left |= {key: twice} if (twice := _moved(value, target[key])) else {}
        else:
            left[key] = value
    return left


def _origins(text: str) -> dict[KeyPath, Origin]:
    """The line of each key of a TOML text, under present names and from the top of the file."""
    lines = lines_of(text)
    found = dict[KeyPath, Origin]()
    for key, line in lines.items():
        present = key if present_path(key) in lines else present_path(key)
        full = canonical_path(present)
        found[present] = Origin(line, short=full != present)
        if full not in lines:
            found.setdefault(full, found[present])
    return found


def _relative_to(folder: Path, data: dict[str, Any]) -> None:
    """Take the Python files that settings name relative to the TOML file, in place."""
    measures = data.get("measures")
    tables = [(data.get("run"), "model"), (data.get("run"), "stop")]
    strategies = [_table_at(data, (*above, *_STRATEGIES)) for above in ((), ("world",))]
    for rows in (measures, *strategies):
        tables += [(one, "function") for one in (rows.values() if isinstance(rows, dict) else ())]
    for table, key in tables:
        if isinstance(table, dict) and isinstance(table.get(key), str) and table[key]:
            table[key] = str(folder / table[key])


def stem_of_log(log: Path) -> str:
    """The name of a log without its extension: ``wall.2009`` for ``logs/wall.2009.csv.gz``."""
    return re.sub(r"\.(csv|csv\.gz|parquet)$", "", log.name, flags=re.IGNORECASE)


def place_of(path: Path, changes: Sequence[str], key: KeyPath) -> str:
    """The place where a setting was given, for errors found later: ``mine.toml, line 4, world.log``."""
    name = ".".join(key)
    option = option_for(changes, key)
    if option is not None:
        return f"{path}, {option}"
    origin = _origins(_read(path)).get(key)
    name = short_name(name) if origin and origin.short else name
    return f"{path}, {origin}, {name}" if origin else f"{path}, {name}"


def option_for(changes: Sequence[str], key: KeyPath) -> str | None:
    """The last of these options that gives a setting, as the user typed it; None if none does."""
    given = (change for change in reversed(changes) if canonical_path(_key_of(change)) == key)
    return next((f"--set {change}" for change in given), None)


def place_of_factor(path: Path, changes: Sequence[str], name: str, row: str = "") -> str:
    """The place where a factor's levels were given: ``mine.toml, line 9, sweep.grid.run.adopters``."""
    origins = _origins(_read(path))
    for change in changes:
        origins[canonical_path(_key_of(change))] = Origin(option=f"--set {change}")
    own = tuple(name.split("."))
    for table in (*VARIED, (*ROWS, row)):
        for key in ((*table, name), *((*table, *own[:end]) for end in range(len(own), 0, -1))):
            if key in origins:
                place = f"{path}, {origins[key]}"
                return place if origins[key].option else f"{place}, {'.'.join((*table, name))}"
    return str(path)


def _read(path: Path) -> str:
    try:
        return toml_text.read(shipped.found(path))
    except TextError as error:
        raise ConfigError(f"{_at_line(path, error.line)} {error}.") from None
    except FileNotFoundError:
        raise ConfigError(f"There is no file {path}; {_instead_of(path)}") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}.") from None


def _at_line(path: Path | None, line: int | None) -> str:
    return str(path) if line is None else f"{path}, line {line}:"


def _instead_of(path: Path) -> str:
    """A suggestion for the path of a file that does not exist."""
    ships = {name: name for name in shipped.names()}
    try:
        neighbours = {other.stem: str(other) for other in sorted(path.parent.glob("*.toml"))}
    except OSError:
        neighbours = {}
    close = nearest(path.name.removesuffix(".toml"), neighbours) or nearest(path.stem, ships)
    if close:
        return f"did you mean {(ships | neighbours)[close]}?"
    return "`rekindle configs` lists the bundled experiments."


def _parsed(path: Path | None, text: str) -> dict[str, Any]:
    try:
        return toml_text.parsed(text)
    except TextError as error:
        raise ConfigError(f"{_at_line(path, error.line)} {error}.") from None


def _replay_instead(data: dict[str, Any], origins: dict[KeyPath, Origin], log: Path) -> None:
    """Replace the world of the file by a contact log; its seed and parameters are kept."""
    before = data.get("world", {})
    kept = {key: before[key] for key in ("seed", "parameters") if key in before} if isinstance(before, dict) else {}
    data["world"] = {**kept, "log": str(log)}
    origins["world", "log"] = Origin(option=f"--world {log}")


def _apply(data: dict[str, Any], origins: dict[KeyPath, Origin], change: str) -> list[str]:
    """Apply one ``path=value`` to the data and the origins; returns the former names in it."""
    _, equals, text = change.partition("=")
    given = _key_of(change)
    if not toml_text.is_text(change):
        raise wrong_option(option_text(change), "this is not valid UTF-8.")
    if not equals or not all(given) or len(canonical_path(present_path(given))) > toml_text.MOST_DEEP:
        raise wrong_option(option_text(change), "expected path=value, for example --set world.people=500.")
    return _put(data, origins, given, _value(change, text), option_text(change))


def _put(data: dict[str, Any], origins: dict[KeyPath, Origin], given: KeyPath, value: Any, said: str) -> list[str]:
    """Change one setting in the data and the origins, where errors call it ``said``; returns the former names in it."""
    present = present_path(given)
    path = canonical_path(present)
    former = [one for one, other in zip(given, present, strict=True) if one != other]
    table = data
    for part in path[:-1]:
        if not isinstance(table.get(part), dict):
            table[part] = {}
        table = table[part]
    if path[-1] not in table:
        _drop_factor(data, path)
    before = _named(data, path)
    table[path[-1]] = _under_present_names(value, path, former) if isinstance(value, dict) else value
    _lengthen(data)
    _drop_replaced(table, path, before - _named(data, path))
    for known in [known for known in origins if known[: len(path)] == path]:
        del origins[known]
    origins[path] = Origin(option=said, short=path != present)
    return former


def _named(data: Mapping[str, Any], path: KeyPath) -> set[str]:
    """The numbers that the phrases of a row name, if the path is that of a strategy's field."""
    if path[:-2] != _STRATEGIES:
        return set()
    return set(numbers_of(rows_of_file(inherited(data))["strategies"].get(path[-2], {})))


def _drop_replaced(row: dict[str, Any], path: KeyPath, numbers: set[str]) -> None:
    """Drop what an option replaces in the row of a strategy: numbers of phrases that are gone, or other days."""
    if path[:-2] == _STRATEGIES:
        other = {"weekdays": "sessions", "sessions": "weekdays"}.get(path[-1])
        for name in (*numbers, *([other] if other else [])):
            row.pop(name, None)


def _drop_factor(data: dict[str, Any], path: KeyPath) -> None:
    """Drop the levels of a factor that an option replaces, however its path is split into keys."""
    for table in (*VARIED, path[: len(ROWS) + 1] if path[: len(ROWS)] == ROWS else ROWS):
        if path[: len(table)] == table and len(path) > len(table):
            within: Any = data
            for key in table:
                within = within[key]
            _drop(within, ".".join(path[len(table) :]).split("."))


def _drop(table: dict[str, Any], parts: list[str]) -> None:
    """Delete the value at a dotted path from nested tables whose keys may themselves be dotted."""
    for key in list(table):
        own = key.split(".")
        if own == parts:
            del table[key]
        elif own == parts[: len(own)] and isinstance(table[key], dict):
            _drop(table[key], parts[len(own) :])


def _key_of(change: str) -> KeyPath:
    """The path in ``path=value``; as in TOML, its keys may be quoted."""
    return toml_text.key_path(change.partition("=")[0])


def option_text(change: str) -> str:
    """An option in error messages, cut if it is too long."""
    return f"--set {brief(change)}"


def _value(change: str, text: str) -> Any:
    try:
        parsed = toml_text.parsed(f"value = {text}")
    except TextError as error:
        meant = toml_text.is_whole_number(text) or text.lstrip()[:1] in ("{", "[", '"', "'") or "\n" in text
        if not meant:
            return text
        problem = str(error)
        if error.remedy == toml_text.ONE_PER_LINE:
            problem = f"{error.problem}; close every bracket and quote, and put the whole option in single quotes"
        raise wrong_option(option_text(change), f"{problem}.") from None
    if len(parsed) > 1:
        raise wrong_option(option_text(change), "this sets several settings; use one --set for each.")
    return parsed["value"]


def names_of_logs(logs: Sequence[Path]) -> list[str]:
    """Short names of log files, or full paths if the short names coincide."""
    short = [stem_of_log(path) for path in logs]
    names = [name if short.count(name) == 1 else str(path) for name, path in zip(short, logs, strict=True)]
    if len(set(names)) < len(names):
        raise ConfigError(f"A log is given twice: {', '.join(names)}. Give each log once.")
    return names
