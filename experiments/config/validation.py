"""Validate the data of a file as an experiment. Each mistake has its place, the value, and what is expected."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError

from experiments.config.catalogue import (
    FULL,
    ROWS,
    SETTINGS,
    TABLES,
    VARIED,
    choices_of,
    expected,
    listed_path,
    present_path,
    range_of,
)
from experiments.config.errors import ConfigError, Mistake, Origin, at_fault
from experiments.config.factors import flattened, span_of, spelled_out
from experiments.config.settings import Experiment
from experiments.config.toml_text import KeyPath, brief, show
from sim.model.former_names import former_name
from sim.model.spelling import nearest

MOST_PROBLEMS = 20  # number of errors that are listed
_TWICE = "is given twice, as a dotted key and in nested tables, or also by its former name"
_LONGEST_PLACE, _LONGEST_PROBLEM = 300, 600  # characters of a place and of a line in an error message
_MOST_LEVELS = 6  # number of levels that are listed

# Settings that cannot be varied, and why.
_NOT_VARIED: dict[KeyPath, str] = {
    ("run", "strategy"): "list the strategies in sweep.strategies",
    ("world", "seed"): "each replicate has its own seed; set sweep.replicates",
    ("run", "seed"): "each replicate has its own seed; set sweep.replicates",
    ("world", "log"): "sweep one log at a time, with --world",
    ("run", "stop"): "it holds for all arms; make a sweep for each condition",
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
        place = brief(" ".join(place.splitlines()), _LONGEST_PLACE)
        problem = self.message if isinstance(self.message, str) else self.message()
        problem = brief(" ".join(problem.splitlines()), _LONGEST_PROBLEM - len(place))
        return Mistake(place, problem if problem.endswith(("?", ".")) else f"{problem}.", is_option)


def validated(data: dict[str, Any], origins: Mapping[KeyPath, Origin], path: Path | None) -> Experiment:
    """The experiment in the data of a file.

    Args:
        data: the tables of the file, with present names.
        origins: where each setting was given.
        path: the file, for the message.

    Raises:
        ConfigError: with all mistakes, in the order of their lines.
    """
    known, problems = _known(data, origins)
    try:
        experiment = Experiment.model_validate(known, strict=True)
    except ValidationError as error:
        problems += [_problem(found, known) for found in error.errors()]
    if not problems:
        return experiment
    problems.sort(key=lambda problem: problem.line(origins))
    mistakes = [problem.mistake(origins) for problem in problems[:MOST_PROBLEMS]]
    lines = [str(mistake) for mistake in mistakes]
    if len(problems) > MOST_PROBLEMS:
        lines.append(f"and {len(problems) - MOST_PROBLEMS:,} more.")
    if len(lines) == 1:
        raise ConfigError(lines[0] if path is None else f"{path}, {lines[0]}", mistakes)
    raise ConfigError("\n  ".join([f"{path or 'The command line'} has {len(problems):,} errors:", *lines]), mistakes)


def _known(
    data: Mapping[str, Any], origins: Mapping[KeyPath, Origin], above: KeyPath = ()
) -> tuple[dict[str, Any], list[_Problem]]:
    """The data without unknown keys, and a problem for each of these."""
    kept: dict[str, Any] = {}
    problems: list[_Problem] = []
    for key, value in data.items():
        path = (*above, key)
        if listed_path(path) not in SETTINGS:
            problems.append(_Problem(path, value, partial(_no_such, path)))
        elif path in VARIED and isinstance(value, Mapping):
            kept[key], inner = _varied(path, value, origins)
            problems += inner
        elif path == ROWS and isinstance(value, Mapping):
            kept[key], inner = _rows(value, origins)
            problems += inner
        elif path == FULL and isinstance(value, Mapping):
            kept[key] = dict(flattened(value))
            problems += [_Problem(path, value, f"{name} {_TWICE}") for name in _repeated(value)]
            unknown = [name for name in kept[key] if not _is_setting(tuple(name.split(".")))]
            problems += [_Problem(path, value, f"there is no setting {brief(name)}") for name in unknown]
        elif listed_path(path) in TABLES and isinstance(value, Mapping):
            kept[key], inner = _known(value, origins, path)
            problems += inner
        else:
            kept[key] = value
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


def _repeated(table: Mapping[str, Any]) -> list[str]:
    """The paths that a table has in two spellings, as a dotted key and as nested tables."""
    return [path for path, count in Counter(path for path, _ in flattened(table)).items() if count > 1]


def _no_such(path: KeyPath) -> str:
    present = present_path(path)
    if present != path:
        return f"this is the former name of {present[-1]}, which is given too; keep one of them"
    return f"there is no such setting{_remedy(path)}"


def _rows(given: Mapping[str, Any], origins: Mapping[KeyPath, Origin]) -> tuple[dict[str, Any], list[_Problem]]:
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
                _checked_factor(tuple(path.split(".")), [level], is_range=False)
            except ValueError as error:
                origin = _origin_in((*ROWS, name), tuple(path.split(".")), origins)
                problems.append(_Problem((*ROWS, name, path), level, str(error), origin))
    return kept, problems


def _is_setting(path: KeyPath) -> bool:
    """Whether a path is a setting or a factor of a sweep."""
    above = next((table for table in VARIED if path[: len(table)] == table), ())
    return listed_path(path[len(above) :]) in SETTINGS


def _varied(
    table: KeyPath, given: Mapping[str, Any], origins: Mapping[KeyPath, Origin]
) -> tuple[dict[str, Any], list[_Problem]]:
    """The levels in a table of factors by dotted path, and a problem for each invalid one."""
    kept: dict[str, Any] = {}
    problems: list[_Problem] = []
    if not given:
        problems.append(_Problem(table, given, "is empty; add a setting such as parameters.ease, or leave it out"))
    for name, value in flattened(given):
        path = tuple(name.split("."))
        if name in kept:
            origin = _origin_in(table, path, origins)
            problems.append(_Problem((*table, name), value, f"{_TWICE}; keep one of them", origin))
            continue
        try:
            kept[name] = _checked_factor(path, value, is_range=table[-1] == "ranges")
        except ValueError as error:
            problems.append(_Problem((*table, name), value, str(error), _origin_in(table, path, origins)))
    return kept, problems


def _origin_in(table: KeyPath, path: KeyPath, origins: Mapping[KeyPath, Origin]) -> Origin | None:
    """The origin of a factor, whose path may be one key or nested tables."""
    written = [(*table, ".".join(path)), *((*table, *path[:end]) for end in range(len(path), -1, -1))]
    return next((origins[key] for key in written if key in origins), None)


def _checked_factor(path: KeyPath, value: Any, is_range: bool) -> Any:
    """Validate the levels of a setting or the ends of its range.

    Raises:
        ValueError: if they are invalid; the message says what is expected.
    """
    if path in _NOT_VARIED:
        raise ValueError(f"cannot be varied; {_NOT_VARIED[path]}")
    if path[0] in ("sweep", "verdict", "full", "measures"):
        raise ValueError("is not a setting of a run; only world, run, inject and parameters can be varied")
    if path in TABLES:
        inner = next(known for known in SETTINGS if known[: len(path)] == path and known not in TABLES)
        raise ValueError(f"is a table; give a setting in it, such as {'.'.join(inner)}")
    if path not in SETTINGS:
        raise ValueError(_no_such(path))
    field = SETTINGS[path]
    levels: tuple[Any, ...] = span_of(value) if is_range else spelled_out(value, whole=field.annotation is int)
    if is_range and range_of(field) is None:
        raise ValueError("is not a number, so it has no range; list its levels in [sweep.grid]")
    whole = is_range and field.annotation is int
    wrong: dict[str, list[str]] = {}
    for level in levels:
        problem = _wrong_with(path, round(level) if whole else level)
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
def _adapter(path: KeyPath) -> TypeAdapter[Any]:
    """The validator of one setting."""
    allowed: Any = SETTINGS[path].annotation
    for rule in SETTINGS[path].metadata:
        allowed = Annotated[allowed, rule]
    return TypeAdapter(allowed)


def _wrong_with(path: KeyPath, level: Any) -> str | None:
    """What a setting expects instead of this level; None if the level is valid."""
    try:
        _adapter(path).validate_python(level, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        return str(first["ctx"]["error"]) if first["type"] == "value_error" else expected(path) or first["msg"]
    return None


def _remedy(path: KeyPath) -> str:
    above = listed_path(path)[:-1]
    siblings = [known[-1] for known in SETTINGS if known[:-1] == above]
    former = {former_name(name): name for name in siblings if former_name(name) != name}
    close = nearest(path[-1], [*siblings, *former])
    if close in former:
        return f"; did you mean {'.'.join((*path[:-1], former[close]))} (formerly {close})?"
    if close:
        return f"; did you mean {'.'.join((*path[:-1], close))}?"
    by_length = sorted(SETTINGS, key=len)
    close = nearest(path[-1], [known[-1] for known in by_length])
    if close:
        return f"; did you mean {'.'.join(next(known for known in by_length if known[-1] == close))}?"
    return f"; known: {', '.join(siblings or Experiment.model_fields)}"


def _problem(error: Any, data: Mapping[str, Any]) -> _Problem:
    """Convert an error of pydantic: where it is, what was given and what is expected."""
    path = tuple(str(part) for part in error["loc"])
    if error["type"] == "value_error":
        setting, problem = at_fault(error["ctx"]["error"])
        own = (*path, *setting.split("."))
        if listed_path(own) in SETTINGS:
            return _Problem(own, _value_at(data, own), problem)
        return _Problem(path, _value_at(data, path), str(error["ctx"]["error"]))
    message = expected(path) or error["msg"][:1].lower() + error["msg"][1:]
    close = nearest(error["input"], choices_of(path)) if isinstance(error["input"], str) else None
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
