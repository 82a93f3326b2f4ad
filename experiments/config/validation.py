"""Validate the data of a file as an experiment. Each mistake has its place, the value, and what is expected."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from experiments.config.catalogue import (
    FULL,
    ROWS,
    SETTINGS,
    TABLES,
    VARIED,
    Settings,
    canonical_path,
    choices_of,
    expected,
    full_name,
    is_whole,
    listed_path,
    present_path,
    range_of,
    settings_with,
    tables_of,
)
from experiments.config.errors import ConfigError, Mistake, Origin, at_fault
from experiments.config.factors import flattened, span_of, spelled_out
from experiments.config.rows import AT_THE_TOP, BASED_ON, LADDER_TABLE, MODELS, Rows, not_a_row, rows_of_file
from experiments.config.settings import Experiment
from experiments.config.toml_text import KeyPath, brief, show
from sim.model.former_names import former_name
from sim.model.spelling import nearest

MOST_PROBLEMS = 20  # number of errors that are listed
_TWICE = "is given twice, as a dotted key and in nested tables, or also by its former name"
_PARAMETERS: tuple[KeyPath, ...] = (("parameters",), ("world", "parameters"))
_LONGEST_PLACE, _LONGEST_PROBLEM = 300, 600  # characters of a place and of a line in an error message
_MOST_LEVELS = 6  # number of levels that are listed

_ROW_TABLES = frozenset((*above, table) for above in _PARAMETERS for table in MODELS)
_TAGS = frozenset((*above, "tags") for above in _PARAMETERS)
_EVERY_DAY = "names no day; leave it out for sessions on every day, or write sessions = 0 for none"
_IN_FULL = re.compile(r"(?<!world\.)\bparameters\.(strategies|gestures|places|ladders|tags)\b")

# Settings that cannot be varied, and why.
_NOT_VARIED: dict[KeyPath, str] = {
    ("run", "strategy"): "list the strategies in sweep.strategies",
    ("world", "seed"): "each replicate has its own seed; set sweep.replicates",
    ("world", "log"): "sweep one log at a time, with --world",
    ("run", "stop"): "it holds for all arms; make a sweep for each condition",
    ("run", "model"): "make a sweep for each model, and compare their tables",
    ("run", "checkpoint_minutes"): "it changes nothing in a run",
    ("run", "timeout_minutes"): "it changes nothing in a run",
    ("name",): "it names the results folder",
}


@dataclass(frozen=True)
class _Problem:
    """A mistake: the setting, its value, the message, and its origin if that differs from the origin of its path.

    A message that is slow to compute, such as one with a suggestion, is a function, because few mistakes are shown.
    """

    path: KeyPath
    value: Any
    message: str | Callable[[], str]
    origin: Origin | None = None

    def line(self, origins: Mapping[KeyPath, Origin]) -> float:
        """The line of the mistake; infinity for an option."""
        above = (self.path[:end] for end in range(len(self.path), 0, -1))
        origin = self.origin or next((origins[path] for path in above if path in origins), None)
        return origin.line if origin is not None and not origin.option else math.inf

    def mistake(self, origins: Mapping[KeyPath, Origin]) -> Mistake:
        """The mistake as texts of one line each."""
        known = {self.path: self.origin} if self.origin else origins
        place, is_option = _place(self.path, self.value, known)
        problem = self.message if isinstance(self.message, str) else self.message()
        above = (self.path[:end] for end in range(len(self.path), 0, -1))
        if next((known[path].short for path in above if path in known), False):
            place, problem = (_IN_FULL.sub(r"\1", text) for text in (place, problem))
        place = brief(" ".join(place.splitlines()), _LONGEST_PLACE)
        problem = brief(" ".join(problem.splitlines()), _LONGEST_PROBLEM - len(place))
        return Mistake(place, problem if problem.endswith(("?", ".")) else f"{problem}.", is_option)


@dataclass(frozen=True)
class _File:
    """What an experiment file can contain, given its rows.

    Attributes:
        settings: its settings by path.
        tables: the paths of tables.
        rows: rows of the worlds and of the runs, by path of their parameters.
        origins: where each setting was given.
    """

    settings: Settings
    tables: frozenset[KeyPath]
    rows: Mapping[KeyPath, Rows]
    origins: Mapping[KeyPath, Origin]

    @property
    def names(self) -> dict[str, list[str]]:
        """The names that settings of the runs can refer to, by table."""
        return {table: list(rows) for table, rows in self.rows["parameters",].items()}


def validated(data: dict[str, Any], origins: Mapping[KeyPath, Origin], path: Path | None) -> Experiment:
    """The experiment in the data of a file.

    Args:
        data: the tables of the file, with present names.
        origins: where each setting was given.
        path: the file, for the message.

    Raises:
        ConfigError: with all mistakes, in the order of their lines.
    """
    file = _file(data, origins)
    known, problems = _known(data, file)
    try:
        experiment = Experiment.model_validate(_with_rows_of_world(known), strict=True, context=file.names)
    except ValidationError as error:
        problems += _once(_problem(found, known, file) for found in error.errors())
    if not problems:
        return experiment
    problems.sort(key=lambda problem: problem.line(origins))
    mistakes = [problem.mistake(origins) for problem in problems[:MOST_PROBLEMS]]
    lines = [str(mistake) for mistake in mistakes]
    if len(problems) > MOST_PROBLEMS:
        lines.append(f"and {len(problems) - MOST_PROBLEMS:,} more.")
    if len(lines) == 1:
        raise ConfigError(lines[0] if path is None else f"{path}, {lines[0]}", mistakes)
    by_option = any(origin.option.startswith("--") for origin in origins.values())
    where = path or ("The command line" if by_option else "The dict of settings")
    raise ConfigError("\n  ".join([f"{where} has {len(problems):,} errors:", *lines]), mistakes)


def inherited(data: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of the run: those of the world, overridden by ``[parameters]``."""
    return _merged(_table(_table(data, "world"), "parameters"), _table(data, "parameters"))


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if both else value
    return merged


def _table(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A table in a file; an empty one if there is none."""
    table = data.get(name)
    return table if isinstance(table, Mapping) else {}


def _file(data: Mapping[str, Any], origins: Mapping[KeyPath, Origin]) -> _File:
    """What a file can contain, from the rows that it gives."""
    world, run = rows_of_file(_table(data, "world").get("parameters")), rows_of_file(inherited(data))
    settings = settings_with(world, run)
    return _File(settings, tables_of(settings), {_PARAMETERS[0]: run, _PARAMETERS[1]: world}, origins)


def _with_rows_of_world(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data, in which runs have the rows, ladders and tags of their world, of which they may change some."""
    below = _table(_table(data, "world"), "parameters")
    rows = {table: below[table] for table in AT_THE_TOP if isinstance(below.get(table), Mapping)}
    return {**data, "parameters": _merged(rows, data.get("parameters", {}))} if _can_merge(data, rows) else dict(data)


def _can_merge(data: Mapping[str, Any], rows: Mapping[str, Any]) -> bool:
    return bool(rows) and isinstance(data.get("parameters", {}), Mapping)


def _once(problems: Iterable[_Problem]) -> list[_Problem]:
    """The problems without those of runs that are the same in their world, and with one for each setting."""
    found = {problem.path: problem for problem in problems}
    return [problem for path, problem in found.items() if path[:1] != ("parameters",) or ("world", *path) not in found]


def _known(data: Mapping[str, Any], file: _File, above: KeyPath = ()) -> tuple[dict[str, Any], list[_Problem]]:
    """The data without unknown keys, and a problem for each of these."""
    kept: dict[str, Any] = {}
    problems: list[_Problem] = []
    for key, value in data.items():
        path = (*above, key)
        missing = _no_row(path, file) if isinstance(value, Mapping) else None
        if above[:-1] in _ROW_TABLES and key == "based_on" and path not in file.settings:
            if isinstance(value, str):
                kept[key] = value
            else:
                problems.append(_Problem(path, value, f"expected {BASED_ON.description}"))
        elif key in AT_THE_TOP and not above and isinstance(value, Mapping):  # the same is below parameters
            twice = ((tuple(name.split(".")), one) for name, one in flattened(value, f"{key}."))
            problems += [_Problem(below, one, _no_such(below, file)) for below, one in twice]
        elif listed_path(path) not in file.settings:
            problems.append(_Problem(path, value, partial(_no_such, path, file)))
        elif missing:
            problems.append(_Problem(path, value, missing))
        elif path in VARIED and isinstance(value, Mapping):
            kept[key], inner = _varied(path, value, file)
            problems += inner
        elif path == ROWS and isinstance(value, Mapping):
            kept[key], inner = _rows(value, file)
            problems += inner
        elif path == FULL and isinstance(value, Mapping):
            kept[key] = dict(flattened(value))
            problems += [_Problem(path, value, f"{name} {_TWICE}") for name in _repeated(value)]
            unknown = [name for name in kept[key] if not _is_setting(full_name(name), file)]
            where = {name: _origin_in(path, tuple(name.split(".")), file.origins) for name in unknown}
            problems += [_Problem(path, value, f"there is no setting {brief(name)}", where[name]) for name in unknown]
        elif listed_path(path) in file.tables and isinstance(value, Mapping):
            kept[key], inner = _known(value, file, path)
            problems += inner
        else:
            kept[key], inner = _checked_number(path, value, file)
            problems += inner
    if above == ("world",) and kept.get("log") is not None:
        problems += [
            _Problem(
                (*above, name),
                kept[name],
                f"this does not apply to a replayed log, which has its own {what}; leave it out",
            )
            for name, what in (("people", "people"), ("burn_in_years", "past"))
            if name in kept
        ]
    return kept, problems


def _no_row(path: KeyPath, file: _File) -> str | None:
    """What is wrong with a row, if this is one and there is no such row."""
    return not_a_row(path[-2], path[-1], file.rows[path[:-2]]) if path[:-1] in _ROW_TABLES else None


def _checked_number(path: KeyPath, value: Any, file: _File) -> tuple[Any, list[_Problem]]:
    """A value of a setting, and what is wrong with it if the fields can't tell.

    A number that a strategy names and is out of range is replaced by one in its range. Days without a day would be
    every day, because the field is empty by default.
    """
    if path[:-2] in _ROW_TABLES and path[-1] == "weekdays" and value == []:
        return value, [_Problem(path, value, _EVERY_DAY)]
    if path[:-2] not in _ROW_TABLES or path[-1] in MODELS[path[-3]].model_fields:
        return value, []
    whole = isinstance(value, float) and value.is_integer() and is_whole(file.settings[path])
    problem = _wrong_with(path, int(value) if whole else value, file)
    low = next(rule.ge for rule in file.settings[path].metadata if hasattr(rule, "ge"))
    return (low, [_Problem(path, value, problem)]) if problem else (value, [])


def _repeated(table: Mapping[str, Any]) -> list[str]:
    """The paths that a table has in two spellings, as a dotted key and as nested tables."""
    return [path for path, count in Counter(path for path, _ in flattened(table)).items() if count > 1]


def _no_such(path: KeyPath, file: _File) -> str:
    present = present_path(path)
    if present != path:
        return f"this is the former name of {present[-1]}, which is given too; keep one of them"
    full = canonical_path(path)
    if full != path:
        return "this is given under parameters too, which means the same; keep one of them"
    at = next((end for end in range(3, len(path)) if path[: end - 1] in _ROW_TABLES), None)
    if at is not None and path[:at] not in file.settings:
        rows = file.rows[path[: at - 2]]
        return not_a_row(path[at - 2], path[at - 1], rows) or f"there is no such setting{_remedy(path, file)}"
    return f"there is no such setting{_remedy(path, file)}"


def _rows(given: Mapping[str, Any], file: _File) -> tuple[dict[str, Any], list[_Problem]]:
    """The changes of each named row by dotted path, and a problem for each invalid one."""
    kept: dict[str, Any] = {}
    problems: list[_Problem] = []
    for name, changes in given.items():
        if not isinstance(changes, Mapping):
            problems.append(_Problem((*ROWS, name), changes, "expected a table of settings"))
            continue
        kept[name] = dict(flattened(changes))
        problems += [_Problem((*ROWS, name), changes, f"{path} {_TWICE}") for path in _repeated(changes)]
        for path, level in kept[name].items():
            try:
                _checked_factor(tuple(path.split(".")), [level], file, is_range=False)
            except ValueError as error:
                origin = _origin_in((*ROWS, name), tuple(path.split(".")), file.origins)
                problems.append(_Problem((*ROWS, name, path), level, str(error), origin))
    return kept, problems


def _is_setting(name: str, file: _File) -> bool:
    """Whether a dotted path is a setting or a factor of a sweep."""
    path = tuple(name.split("."))
    above = next((table for table in VARIED if path[: len(table)] == table), ())
    return listed_path(path[len(above) :]) in file.settings or path[-1] == "based_on"


def _varied(table: KeyPath, given: Mapping[str, Any], file: _File) -> tuple[dict[str, Any], list[_Problem]]:
    """The levels in a table of factors by dotted path, and a problem for each invalid one."""
    kept: dict[str, Any] = {}
    problems: list[_Problem] = []
    if not given:
        problems.append(_Problem(table, given, "is empty; add a setting such as parameters.ease, or leave it out"))
    for name, value in flattened(given):
        path = tuple(name.split("."))
        if name in kept:
            origin = _origin_in(table, path, file.origins)
            problems.append(_Problem((*table, name), value, f"{_TWICE}; keep one of them", origin))
            continue
        try:
            kept[name] = _checked_factor(path, value, file, is_range=table[-1] == "ranges")
        except ValueError as error:
            problems.append(_Problem((*table, name), value, str(error), _origin_in(table, path, file.origins)))
    return kept, problems


def _origin_in(table: KeyPath, path: KeyPath, origins: Mapping[KeyPath, Origin]) -> Origin | None:
    """The origin of a factor, whose path may be one key or nested tables."""
    written = [(*table, ".".join(path)), *((*table, *path[:end]) for end in range(len(path), -1, -1))]
    return next((origins[key] for key in written if key in origins), None)


def _checked_factor(path: KeyPath, value: Any, file: _File, is_range: bool) -> Any:
    """Validate the levels of a setting or the ends of its range.

    Raises:
        ValueError: if they are invalid; the message says what is expected.
    """
    if path in _NOT_VARIED:
        raise ValueError(f"cannot be varied; {_NOT_VARIED[path]}")
    if path[:-2] in _ROW_TABLES and path[-1] == "based_on" and path not in file.settings:
        raise ValueError("cannot be varied; vary the fields of the row themselves")
    if path in _TAGS or path[:-1] in _TAGS:
        raise ValueError("cannot be varied; give each group of people a tag, and vary the phrase that names it")
    if path[0] in ("sweep", "verdict", "full", "measures"):
        raise ValueError("is not a setting of a run; only world, run, inject and parameters can be varied")
    if path in file.tables:
        inner = next((known for known in file.settings if known[: len(path)] == path and known not in file.tables), ())
        raise ValueError(f"is a table; give a setting in it{', such as ' * bool(inner)}{'.'.join(inner)}")
    if path not in file.settings:
        raise ValueError(_no_such(path, file))
    field = file.settings[path]
    levels: tuple[Any, ...] = span_of(value) if is_range else spelled_out(value, whole=is_whole(field))
    if is_range and range_of(field) is None:
        raise ValueError("is not a number, so it has no range; list its levels in [sweep.grid]")
    whole = is_range and is_whole(field)
    wrong: dict[str, list[str]] = {}
    for level in levels:
        problem = _wrong_with(path, round(level) if whole else level, file)
        if problem:
            wrong.setdefault(problem, []).append(show(level))
    if wrong:
        raise ValueError(
            "; ".join(
                f"the level{'s' * (len(each) > 1)} {brief(', '.join(each[:_MOST_LEVELS]))}: {problem}"
                for problem, each in wrong.items()
            )
        )
    return levels


@cache
def _usual_adapter(path: KeyPath) -> TypeAdapter[Any]:
    """The validator of a setting that every experiment has."""
    return _adapter(SETTINGS[path])


def _adapter(field: FieldInfo) -> TypeAdapter[Any]:
    """The validator of one setting."""
    allowed: Any = field.annotation
    for rule in field.metadata:
        allowed = Annotated[allowed, rule]
    return TypeAdapter(allowed)


def _wrong_with(path: KeyPath, level: Any, file: _File) -> str | None:
    """What a setting expects instead of this level; None if the level is valid."""
    if path[:-2] in _ROW_TABLES and path[-1] == "weekdays" and level == []:
        return _EVERY_DAY
    field = file.settings[path]
    adapter = _usual_adapter(path) if SETTINGS.get(path) is field else _adapter(field)
    try:
        adapter.validate_python(level, strict=True, context=file.names)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "value_error":
            return str(first["ctx"]["error"])
        return expected(path, file.settings) or first["msg"]
    return None


def _remedy(path: KeyPath, file: _File) -> str:
    above = listed_path(path)[:-1]
    siblings = [known[-1] for known in file.settings if known[:-1] == above]
    siblings += ["based_on"] if path[:-2] in _ROW_TABLES and "based_on" not in siblings else []
    former = {former_name(name): name for name in siblings if former_name(name) != name}
    close = nearest(path[-1], [*siblings, *former])
    if close in former:
        return f"; did you mean {'.'.join((*path[:-1], former[close]))} (formerly {close})?"
    if close:
        return f"; did you mean {'.'.join((*path[:-1], close))}?"
    if path[:-2] in _ROW_TABLES:
        number = f"; for a number of its own, write {{{path[-1]}}} in whom or what" if path[-3] == "strategies" else ""
        fields = dict.fromkeys((*MODELS[path[-3]].model_fields, "based_on"))
        return f"; the fields are {', '.join(fields)}{number}"
    if path[-2:-1] == (LADDER_TABLE,):
        return "; expected a channel and a gesture, such as private_message"
    by_length = sorted(file.settings, key=len)
    close = nearest(path[-1], [known[-1] for known in by_length])
    if close:
        return f"; did you mean {'.'.join(next(known for known in by_length if known[-1] == close))}?"
    return f"; known: {', '.join(siblings or Experiment.model_fields)}"


def _problem(error: Any, data: Mapping[str, Any], file: _File) -> _Problem:
    """Convert an error of pydantic: where it is, what was given and what is expected."""
    path = tuple(str(part) for part in error["loc"])
    while path[:-1] and listed_path(path) not in file.settings:  # parts of values, such as the place in a list
        path = path[:-1]
    if error["type"] == "value_error":
        setting, problem = at_fault(error["ctx"]["error"])
        own = (*path, *setting.split("."))
        if listed_path(own) in file.settings or own[:-1] in _ROW_TABLES | _TAGS or own[:-2] in _ROW_TABLES:
            return _Problem(own, _value_at(data, own), problem)
        return _Problem(path, _value_at(data, path), str(error["ctx"]["error"]))
    message = expected(path, file.settings) or error["msg"][:1].lower() + error["msg"][1:]
    choices = choices_of(path, file.settings)
    close = nearest(error["input"], choices) if isinstance(error["input"], str) else None
    message += f"; did you mean {show(close)}?" if close else ""
    return _Problem(path, _value_at(data, path), message)


def _value_at(data: Any, path: KeyPath) -> Any:
    for part in path:
        data = data.get(part) if isinstance(data, Mapping) else None
    return data


def _place(path: KeyPath, value: Any, origins: Mapping[KeyPath, Origin]) -> tuple[str, bool]:
    """The place and value of a mistake: ``line 4, world.people = -3``, or the option that set this value.

    And whether it is this option.
    """
    given = next((path[:end] for end in range(len(path), 0, -1) if path[:end] in origins), None)
    given = given or next((known for known in origins if known[: len(path)] == path), None)
    if given == path and origins[path].option:
        return origins[path].option, True
    origin = f"{origins[given]}, " if given else ""
    name = ".".join(path)
    if isinstance(value, Mapping) and (listed_path(path) in TABLES or path in VARIED or path not in SETTINGS):
        return f"{origin}[{name}]", False
    return f"{origin}{name}" if value is None else f"{origin}{name} = {brief(show(value))}", False
