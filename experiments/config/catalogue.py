"""Every setting by its path: its field, its range, and what it expects; and an experiment written as TOML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from experiments.config.rows import (
    AT_THE_TOP,
    MODELS,
    SHIPPED,
    Rows,
    added_steps,
    rows_of,
    settings_of_rows,
)
from experiments.config.settings import MEASURE_KEYS_WRITTEN, Experiment
from experiments.config.toml_text import KeyPath, show
from sim.model.former_names import present_name
from sim.model.strategies import WEEKDAYS

TRUTH_WRITTEN = "true or false"
# What texts of strategies expect.
_TEXTS = {
    "colour": 'a colour such as "#3366cc"',
    "label": "a text of at most 60 characters",
    "whom": 'phrases such as "ties, longest silent first", or a list of several',
    "weekdays": f'a list of days such as ["mon", "thu"]; the days are {", ".join(WEEKDAYS)}',
}
OWN_MEASURES: KeyPath = ("measures",)  # a table of tables, whose keys are the user's own
ANY_NAME = "name"  # stands for such a key in `SETTINGS`


def settings(model: type[BaseModel] = Experiment, above: KeyPath = ()) -> dict[KeyPath, FieldInfo]:
    """Every setting of a file, including tables, by its path: ``("world", "people")``. Rows are those that ship."""
    found: dict[KeyPath, FieldInfo] = {}
    for name, field in model.model_fields.items():
        path = (*above, name)
        found[path] = field
        inner = _inner_model(field.annotation)
        if inner and get_origin(field.annotation) is dict:
            below = settings_of_rows(SHIPPED, name) if path != OWN_MEASURES else _of_any_name(inner, field, name)
            found |= {(*above, *parts): one for parts, one in below}
        elif inner:
            found |= settings(inner, path)
    return found


def _of_any_name(model: type[BaseModel], field: FieldInfo, table: str) -> Iterator[tuple[KeyPath, FieldInfo]]:
    """The settings of a table whose keys are the user's own, each with its path."""
    yield (table, ANY_NAME), field
    yield from settings(model, (table, ANY_NAME)).items()


def settings_with(world: Rows, run: Rows) -> Settings:
    """Every setting of a file with these rows of its world and of its runs, by its path."""
    found = dict(SETTINGS)
    for above, rows in ((("world", "parameters"), world), (("parameters",), run)):
        for below in (*(settings_of_rows(rows, table) for table in MODELS), added_steps(rows)):
            found |= {(*above, *path): field for path, field in below}
    return MappingProxyType(found)


def settings_of(experiment: Experiment) -> Settings:
    """Every setting of an experiment, with those of its rows, by its path."""
    return settings_with(rows_of(experiment.world.parameters), rows_of(experiment.parameters))


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    """The model in ``Model``, ``Model | None`` or ``dict[str, Model]``."""
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


Settings = Mapping[KeyPath, FieldInfo]
SETTINGS: Settings = MappingProxyType(settings())


def tables_of(known: Settings) -> frozenset[KeyPath]:
    """The paths of tables among these settings."""
    places = ("parameters", "places")  # a table, even if it has no row
    return frozenset(path[:-1] for path in known) | {places, ("world", *places)}


TABLES = tables_of(SETTINGS)

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


def canonical_path(path: KeyPath) -> KeyPath:
    """A path under present names and from the top of a file: `strategies` is short for `parameters.strategies`.

    Keys of tables of factors are paths of their own, so they can be short too.
    """
    table: KeyPath = next((table for table in VARIED if path[: len(table)] == table), ())
    if path[: len(ROWS)] == ROWS:
        table = path[: len(ROWS) + 1]
    keys = path[len(table) :]
    first, dot, _ = keys[0].partition(".") if keys else ("", "", "")
    if first in AT_THE_TOP:
        keys = (f"parameters.{keys[0]}", *keys[1:]) if table and dot else ("parameters", *keys)
    return present_path((*table, *keys))


def full_name(name: str) -> str:
    """The path of a setting as tables of results have it: ``parameters.strategies.x`` for ``strategies.x``."""
    return ".".join(canonical_path(tuple(name.split("."))))


def short_name(name: str) -> str:
    """The shortest name of a setting: ``strategies.x`` for ``parameters.strategies.x``; the opposite of `full_name`."""
    above, _, rest = name.partition(".")
    return rest if above == "parameters" and rest.partition(".")[0] in AT_THE_TOP else name


def written(experiment: Experiment) -> str:
    """The run of an experiment as TOML, without default values; `load` recreates the same run from it."""
    lines: dict[KeyPath, list[str]] = {(): [f"name = {show(experiment.name)}"]}
    usual = Experiment(name=experiment.name, parameters=experiment.world.parameters)
    known = settings_of(experiment)
    tables = tables_of(known)
    for path, field in known.items():
        if path in tables or path[0] in ("name", "sweep", "verdict", "full", "measures"):
            continue
        value, default = value_at(experiment, path), value_at(usual, path)
        if default is None and "parameters" in path[:2] and not field.is_required():  # of an added row
            default = field.get_default(call_default_factory=True)
        if path in (("world", "log"), ("run", "model"), ("run", "stop")) and value is not None:
            value = str(Path(value).absolute())
        if isinstance(value, float) and is_whole(field):
            value = int(value)
        if value is not None and value != default:
            depth = 2 if path[1] == "parameters" else 1
            lines.setdefault(path[:depth], []).append(f"{'.'.join(path[depth:])} = {show(value)}")
    for name, measure in experiment.measures.items():
        given = measure.model_dump(exclude_defaults=True)
        given |= {"function": str(Path(measure.function).absolute())} if measure.function else {}
        lines["measures", name] = [f"{key} = {show(value)}" for key, value in given.items()]
    headed = ["\n".join([f"[{'.'.join(table)}]"] * bool(table) + rows) for table, rows in lines.items()]
    return "\n\n".join(headed) + "\n"


def value_at(settings: Any, path: KeyPath) -> Any:
    """The value of a setting; None if its table is absent."""
    for part in path:
        settings = settings.get(part) if isinstance(settings, Mapping) else getattr(settings, part, None)
    return settings


def expected(path: KeyPath, known: Settings = SETTINGS) -> str | None:
    """What a setting expects: ``expected a number from 0 to 1 (probability)``; None if that is unknown.

    Args:
        path: path of the setting.
        known: all settings of the experiment.
    """
    if path == OWN_MEASURES:
        return "expected a table of measures, such as [measures.calls] with sql or function in it"
    if listed_path(path) in tables_of(known):
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
    field = known.get(path)
    if field is not None and field.annotation is bool:
        return f"expected {TRUTH_WRITTEN}"
    if field is not None and path[-1] in _TEXTS and path[-3:-1][:1] == ("strategies",):
        return f"expected {_TEXTS[path[-1]]}"
    if choices_of(path, known):
        return f"expected one of {', '.join(map(show, choices_of(path, known)))}"
    limits = range_of(field) if field else None
    if field is None or limits is None:
        return None
    extra = field.json_schema_extra
    unit = extra["unit"] if isinstance(extra, dict) else field.description or "logits"
    return f"expected a {'whole ' if is_whole(field) else ''}number {limits} ({unit})"


def choices_of(path: KeyPath, known: Settings = SETTINGS) -> tuple[str, ...]:
    """The allowed words of a setting; empty if it takes other values."""
    annotation = known[path].annotation if path in known else None
    options = [annotation] if get_origin(annotation) is Literal else _besides_none(annotation)
    return get_args(options[0]) if len(options) == 1 and get_origin(options[0]) is Literal else ()


def is_whole(field: FieldInfo) -> bool:
    """Whether a setting is a whole number, or none."""
    return field.annotation is int or _besides_none(field.annotation) == [int]


def _besides_none(annotation: Any) -> list[Any]:
    """The types in a union with None; empty for any other type."""
    options = get_args(annotation) if isinstance(annotation, UnionType) or get_origin(annotation) is Union else ()
    return [option for option in options if option is not type(None)] if type(None) in options else []


def range_of(field: FieldInfo) -> str | None:
    """The limits of a number, ``from 0 to 1``; None if it has none."""
    low = next((rule.ge for rule in field.metadata if hasattr(rule, "ge")), None)
    high = next((rule.le for rule in field.metadata if hasattr(rule, "le")), None)
    return None if low is None or high is None else f"from {low:,} to {high:,}"
