"""Every setting by its path: its field, its range, and what it expects; and an experiment written as TOML."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from experiments.config.settings import MEASURE_KEYS_WRITTEN, Experiment
from experiments.config.toml_text import KeyPath, show
from sim.model.former_names import present_name
from sim.model.gestures import KINDS

TRUTH_WRITTEN = "true or false"
OWN_MEASURES: KeyPath = ("measures",)  # a table of tables, whose keys are the user's own
ANY_NAME = "name"  # stands for such a key in `SETTINGS`


def settings(model: type[BaseModel] = Experiment, above: KeyPath = ()) -> dict[KeyPath, FieldInfo]:
    """Every setting of a file, including tables, by its path: ``("world", "people")``."""
    found: dict[KeyPath, FieldInfo] = {}
    for name, field in model.model_fields.items():
        path = (*above, name)
        found[path] = field
        inner = _inner_model(field.annotation)
        if inner and get_origin(field.annotation) is dict:
            for key in KINDS if path != OWN_MEASURES else (ANY_NAME,):
                found[*path, key] = field
                found |= settings(inner, (*path, key))
        elif inner:
            found |= settings(inner, path)
    return found


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    """The model in ``Model``, ``Model | None`` or ``dict[str, Model]``."""
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


SETTINGS: Mapping[KeyPath, FieldInfo] = MappingProxyType(settings())
TABLES = frozenset(path[:-1] for path in SETTINGS)

ROWS: KeyPath = ("sweep", "rows")  # a table of tables, whose keys are paths of other settings
FULL: KeyPath = ("full",)  # a table of settings by path, as for --set
# Tables whose keys are paths of other settings.
VARIED: tuple[KeyPath, ...] = (("sweep", "grid"), ("sweep", "zip"), ("sweep", "sample", "ranges"))


def listed_path(path: KeyPath) -> KeyPath:
    """The path under which a setting is in `SETTINGS`, where own measures have no names of their own."""
    return (*OWN_MEASURES, ANY_NAME, *path[2:]) if path[:1] == OWN_MEASURES and len(path) > 1 else path


def present_path(path: KeyPath) -> KeyPath:
    """A path under present names, if it is that of a setting or factor by a former name; otherwise the same path.

    Keys of tables of factors may be dotted paths. Names of rows in ``sweep.rows`` are the user's own.
    """
    table = next((table for table in (*VARIED, FULL) if path[: len(table)] == table), ())
    if path[: len(ROWS)] == ROWS:
        table = path[: len(ROWS) + 1]
    keys = path[len(table) :]
    parts = tuple(".".join(keys).split(".")) if table and keys else keys
    present = present_path(parts) if table == FULL and parts else tuple(map(present_name, parts))
    if present == parts or (table != FULL and present not in SETTINGS):
        return path
    left = iter(present)
    return (*table, *(".".join(next(left) for _ in key.split(".")) for key in keys))


def written(experiment: Experiment) -> str:
    """The run of an experiment as TOML, without default values; `load` recreates the same run from it."""
    lines: dict[KeyPath, list[str]] = {(): [f"name = {show(experiment.name)}"]}
    usual = Experiment(name=experiment.name, parameters=experiment.world.parameters)
    for path in SETTINGS:
        if path in TABLES or path[0] in ("name", "sweep", "verdict", "full", "measures"):
            continue
        value, default = (_attribute(each, path) for each in (experiment, usual))
        if path in (("world", "log"), ("run", "stop")) and value is not None:
            value = str(Path(value).absolute())
        if value is not None and value != default:
            depth = 2 if path[1] == "parameters" else 1
            lines.setdefault(path[:depth], []).append(f"{'.'.join(path[depth:])} = {show(value)}")
    for name, measure in experiment.measures.items():
        given = measure.model_dump(exclude_defaults=True)
        given |= {"function": str(Path(measure.function).absolute())} if measure.function else {}
        lines["measures", name] = [f"{key} = {show(value)}" for key, value in given.items()]
    headed = ["\n".join([f"[{'.'.join(table)}]"] * bool(table) + rows) for table, rows in lines.items()]
    return "\n\n".join(headed) + "\n"


def _attribute(experiment: Experiment, path: KeyPath) -> Any:
    """The value of a setting; None if its table is absent."""
    value: Any = experiment
    for part in path:
        if value is None:
            return None
        value = value[part] if isinstance(value, Mapping) else getattr(value, part)
    return value


def expected(path: KeyPath) -> str | None:
    """What a setting expects: ``expected a number from 0 to 1 (probability)``; None if that is unknown."""
    if path == OWN_MEASURES:
        return "expected a table of measures, such as [measures.calls] with sql or function in it"
    if listed_path(path) in TABLES:
        return f"expected a table, [{'.'.join(path)}]"
    if path[:1] == OWN_MEASURES:
        return f"expected {MEASURE_KEYS_WRITTEN[path[-1]]}" if path[-1] in MEASURE_KEYS_WRITTEN else None
    if path in VARIED:
        example = "[0.0, 1.0]" if path[-1] == "ranges" else "[1.0, 2.0]"
        return f"expected a table of settings, such as parameters.ease = {example}"
    if path == FULL:
        return 'expected a table of settings, such as "sweep.replicates" = 100'
    if path == ROWS:
        return "expected a table of rows, such as [sweep.rows.shy] with parameters.ease = 1.0 in it"
    field = SETTINGS.get(path)
    if field is not None and field.annotation is bool:
        return f"expected {TRUTH_WRITTEN}"
    if choices_of(path):
        return f"expected one of {', '.join(map(show, choices_of(path)))}"
    limits = range_of(field) if field else None
    if field is None or limits is None:
        return None
    extra = field.json_schema_extra
    unit = extra["unit"] if isinstance(extra, dict) else field.description
    return f"expected a {'whole ' if field.annotation is int else ''}number {limits} ({unit})"


def choices_of(path: KeyPath) -> tuple[str, ...]:
    """The allowed words of a setting; empty if it takes other values."""
    annotation = SETTINGS[path].annotation if path in SETTINGS else None
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def range_of(field: FieldInfo) -> str | None:
    """The limits of a number, ``from 0 to 1``; None if it has none."""
    low = next((rule.ge for rule in field.metadata if hasattr(rule, "ge")), None)
    high = next((rule.le for rule in field.metadata if hasattr(rule, "le")), None)
    return None if low is None or high is None else f"from {low:,} to {high:,}"
