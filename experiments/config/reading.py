"""Load a TOML file as a validated experiment; errors give the file, line, key, value and what is expected.

Every setting can also be given on the command line (``--set world.people=500``); errors then name the option.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.config import shipped, toml_text
from experiments.config.catalogue import ROWS, VARIED, present_path
from experiments.config.errors import ConfigError, Origin, wrong_option
from experiments.config.factors import flattened
from experiments.config.settings import Experiment
from experiments.config.toml_text import KeyPath, TextError, brief, lines_of, show
from experiments.config.validation import validated
from experiments.terminal.names import file_name
from sim.model.former_names import note_former_names
from sim.model.spelling import nearest


def load(
    path: Path | None,
    changes: Sequence[str] = (),
    world: Path | None = None,
    *,
    full: bool = False,
    unnamed: str = "default",
) -> Experiment:
    """Read an experiment.

    Args:
        path: the TOML file, or the name of a bundled experiment if there is no such file; None for all defaults. A
            relative ``world.log`` is relative to the folder of the file.
        changes: ``path=value`` texts, as for ``--set``; a value is TOML or, if it is not valid TOML, text.
        world: contact log to replay instead of the file's world, as for ``--world``.
        full: whether to apply the file's ``[full]`` before the changes.
        unnamed: name of the experiment if there is no file.

    Raises:
        ConfigError: with all mistakes, each with its line or option.
    """
    text = "" if path is None else _read(path)
    former = list[str]()
    data = _under_present_names(_parsed(path, text), (), former)
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
    for change in (*(f"{key}={show(value)}" for key, value in larger), *changes):
        former += _apply(data, origins, change)
    note_former_names(former)
    data.setdefault("name", name)
    experiment = validated(data, origins, path)
    if not data.get("world", {}).get("parameters"):
        return experiment
    return validated({**data, "parameters": _inherited(data)}, origins, path)


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


def _origins(text: str) -> dict[KeyPath, Origin]:
    """The line of each key of a TOML text, under present names."""
    lines = lines_of(text)
    return {key if present_path(key) in lines else present_path(key): Origin(line) for key, line in lines.items()}


def _relative_to(folder: Path, data: dict[str, Any]) -> None:
    """Take the Python files of a TOML file relative to its folder, in place."""
    measures = data.get("measures")
    tables = [(data.get("run"), "stop")]
    tables += [(one, "function") for one in (measures.values() if isinstance(measures, dict) else ())]
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
    return f"{path}, {origin}, {name}" if origin else f"{path}, {name}"


def option_for(changes: Sequence[str], key: KeyPath) -> str | None:
    """The last of these options that gives a setting, as the user typed it; None if none does."""
    given = (change for change in reversed(changes) if present_path(_key_of(change)) == key)
    return next((f"--set {change}" for change in given), None)


def place_of_factor(path: Path, changes: Sequence[str], name: str, row: str = "") -> str:
    """The place where a factor's levels were given: ``mine.toml, line 9, sweep.grid.run.adopters``."""
    origins = _origins(_read(path))
    for change in changes:
        origins[present_path(_key_of(change))] = Origin(option=f"--set {change}")
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
    path = present_path(given)
    former = [one for one, present in zip(given, path, strict=True) if one != present]
    if not toml_text.is_text(change):
        raise wrong_option(option_text(change), "this is not valid UTF-8.")
    if not equals or not all(path) or len(path) > toml_text.MOST_DEEP:
        raise wrong_option(option_text(change), "expected path=value, for example --set world.people=500.")
    table = data
    for part in path[:-1]:
        if not isinstance(table.get(part), dict):
            table[part] = {}
        table = table[part]
    value = _value(change, text)
    if path[-1] not in table:
        _drop_factor(data, path)
    table[path[-1]] = _under_present_names(value, path, former) if isinstance(value, dict) else value
    for known in [known for known in origins if known[: len(path)] == path]:
        del origins[known]
    origins[path] = Origin(option=option_text(change))
    return former


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


def _inherited(data: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of the run: those of the world, overridden by ``[parameters]``."""
    return _merged(data["world"]["parameters"], data.get("parameters", {}))


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if both else value
    return merged
