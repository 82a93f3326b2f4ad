"""Explanations of every name: parameters, gestures, strategies, measures, statistics and settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic.fields import FieldInfo

from experiments.config.catalogue import SETTINGS, TABLES, TRUTH_WRITTEN, range_of
from experiments.config.factors import LEVELS_WRITTEN, METHODS, RANGE_WRITTEN
from experiments.config.settings import (
    ADOPTERS_WRITTEN,
    FUNCTION_WRITTEN,
    KINDS_WRITTEN,
    LOG_WRITTEN,
    MEASURE_KEYS_WRITTEN,
    NAME_WRITTEN,
    STRATEGIES_WRITTEN,
    STRATEGY_WRITTEN,
    MeasureSettings,
)
from experiments.config.toml_text import KeyPath, show
from experiments.logs.contact_statistics import STATISTICS
from sim.measures import MADE_OF_OTHERS, MEASURES
from sim.model.former_names import accepted_name, former_name, present_name
from sim.model.gestures import DEFAULT_GESTURES, LADDERS, GestureRow, Kind
from sim.model.parameters import Parameters
from sim.model.spelling import alike
from sim.model.strategies import NAMES, STRATEGIES

_WRITTEN: dict[KeyPath, str] = {
    ("name",): NAME_WRITTEN,
    ("world", "log"): LOG_WRITTEN,
    ("run", "strategy"): STRATEGY_WRITTEN,
    ("run", "adopters"): ADOPTERS_WRITTEN,
    ("run", "stop"): FUNCTION_WRITTEN,
    **{("measures", "name", key): text for key, text in MEASURE_KEYS_WRITTEN.items()},
    ("run", "sociability"): "any, low or high",
    ("run", "reticence"): "any, low or high",
    ("inject", "kind"): KINDS_WRITTEN,
    ("inject", "towards"): "dormant or stranger",
    ("sweep", "silence"): TRUTH_WRITTEN,
    ("verdict", "gate", "log"): 'a name, such as "facebook_wall"',
    ("full",): 'settings by path, such as "sweep.replicates" = 100',
    ("sweep", "strategies"): f"{STRATEGIES_WRITTEN}; mixtures are allowed, and a list of several must include wait",
    ("sweep", "grid"): f"settings, each with {LEVELS_WRITTEN}",
    ("sweep", "zip"): f"settings, each with {LEVELS_WRITTEN}; all lists have the same length",
    ("sweep", "rows"): "one table of settings per row, under the row's name",
    ("sweep", "events"): TRUTH_WRITTEN,
    ("sweep", "people"): TRUTH_WRITTEN,
    ("sweep", "sample", "method"): f"one of {', '.join(METHODS)}",
    ("sweep", "sample", "ranges"): f"settings, each with {RANGE_WRITTEN}",
}
_NAMED = {("run", "strategy"), ("sweep", "strategies")}
_NOBODY = "yes: nobody has measured this"


@dataclass(frozen=True)
class Entry:
    """The explanation of one name.

    Attributes:
        name: the name as users write it.
        sort: "parameter", "gesture", "strategy", "measure", "statistic" or "setting".
        facts: facts by title: value, unit, range, meaning, source, whether it is assumed, …
    """

    name: str
    sort: str
    facts: dict[str, str]

    @property
    def made(self) -> bool:
        """Whether the name is composed of others, such as ``gestures.like.mass`` or ``sent_like``."""
        return self.name.count(".") == 2 or (self.sort == "measure" and self.name.startswith(MADE_OF_OTHERS))

    @property
    def gist(self) -> str:
        """A short form of the entry, for lists."""
        return " ".join(self.facts[title] for title in ("Value", "Unit", "Meaning") if title in self.facts)


@cache
def entries() -> tuple[Entry, ...]:
    """All entries. The name of a parameter is its path below ``[parameters]``."""
    named = [path for path in SETTINGS if path not in TABLES and path[:2] != ("world", "parameters")]
    parameters = [_parameter(path[1:]) for path in named if path[0] == "parameters"]
    settings = [_setting(path) for path in named if path[0] != "parameters"]
    gestures = [_gesture(kind) for kind in Kind]
    return (*parameters, *gestures, *_strategies(), *_measures(), *_statistics(), *settings)


def explained(name: str) -> list[Entry]:
    """The entries with this name: several if it has several meanings, none if it is unknown."""
    wanted = accepted_name(name.lower())
    for table in ("world.parameters.", "parameters.", "measures.", "strategies."):
        wanted = wanted.removeprefix(table)
    names = {wanted, f"gestures.{wanted}", name.lower()}
    return [entry for entry in entries() if entry.name in names]


def own_entries(measures: Mapping[str, MeasureSettings]) -> list[Entry]:
    """The entries of the measures that a configuration adds."""
    return [
        Entry(
            name,
            "own measure",
            _without_empty(
                {
                    "Unit": one.unit,
                    "Meaning": one.definition,
                    "SQL": one.sql or "",
                    "Function": one.function or "",
                }
            ),
        )
        for name, one in measures.items()
    ]


def within(table: str) -> list[Entry]:
    """The entries of a table of an experiment file, such as ``world``; none if there is no such table."""
    above = (f"{table.lower()}.", f"parameters.{table.lower()}.")
    return [entry for entry in entries() if table and _path(entry).startswith(above)]


def _path(entry: Entry) -> str:
    return f"parameters.{entry.name}" if entry.sort == "parameter" else entry.name if entry.sort == "setting" else ""


def close_names(name: str) -> list[str]:
    """Up to five known names that are similar to this one."""
    names = {entry.name: entry.name for entry in entries()}
    former = {former_name(known): known for known in names if former_name(known) != known}
    return list(dict.fromkeys((names | former)[close] for close in alike(present_name(name), [*names, *former])))


def assumed(source: str) -> str:
    """Whether a number is an assumption, according to its source."""
    if source.startswith("assumed"):
        return _NOBODY
    return "in part (see the source)" if "assumed" in source else "no"


def _parameter(path: KeyPath) -> Entry:
    field = SETTINGS["parameters", *path]
    value: Any = Parameters()
    for part in path:
        value = value[part] if isinstance(value, dict) else getattr(value, part)
    extra = field.json_schema_extra
    if isinstance(extra, dict):
        unit, source, meaning = str(extra["unit"]), str(extra["source"]), field.description or ""
    elif path[0] == "gestures":
        unit, source, meaning = "", DEFAULT_GESTURES[path[1]].source, field.description or ""
    else:
        unit, source, meaning = (
            "logit",
            "assumed",
            f"perceived risk of a spontaneous gesture: {path[-1].replace('_', ' ')}",
        )
    facts = {"Value": _shown(value), "Unit": unit, "Range": _range(field), "Meaning": meaning, "Source": source}
    facts["Assumed"] = _NOBODY if "(assumed)" in meaning else assumed(source)
    facts["To set it"] = "" if value is None else f"--set parameters.{'.'.join(path)}={_shown(value)}"
    return Entry(".".join(path), "parameter", _without_empty(facts))


def _setting(path: KeyPath) -> Entry:
    field = SETTINGS[path]
    value = None if field.is_required() else field.get_default(call_default_factory=True)
    facts = {"Value": _shown(value), "Range": _range(field), "Write": _WRITTEN.get(path, "")}
    facts |= {"Names": ", ".join(NAMES) if path in _NAMED else "", "Meaning": field.description or ""}
    return Entry(".".join(path), "setting", _without_empty(facts))


def _gesture(kind: Kind) -> Entry:
    row = DEFAULT_GESTURES[kind.label]
    facts = {"Meaning": f"a gesture; step {row.rung} on the ladder of effort"}
    for name, field in GestureRow.model_fields.items():
        if name != "source":
            facts[name] = f"{_shown(getattr(row, name))}  ({field.description})"
    for channel, kinds in LADDERS.items():
        if kind in kinds:
            risk = getattr(Parameters().ladders, f"{channel.label}_{kind.label}")
            facts[f"risk, {channel.label.replace('_', ' ')}"] = (
                f"{risk:g}  (perceived risk of a spontaneous gesture, in logits; assumed)"
            )
    facts |= {"Source": row.source, "Assumed": assumed(row.source)}
    return Entry(f"gestures.{kind.label}", "gesture", facts)


def _strategies() -> list[Entry]:
    return [
        Entry(
            strategy.label,
            "strategy",
            _without_empty(
                {
                    "Meaning": row.buys,
                    "Essay": row.essay,
                    "Meeting place": row.place.label if row.place else "",
                    "Gestures": f"{row.first.label}, {row.second.label}" if row.session_minutes else "",
                    "Session length": f"{row.session_minutes:g} minutes" if row.session_minutes else "",
                    "Source": "the essay describes it; the numbers are assumed",
                    "Assumed": _NOBODY,
                }
            ),
        )
        for strategy, row in STRATEGIES.items()
    ]


def _measures() -> list[Entry]:
    return [
        Entry(name, "measure", {"Unit": measure.unit, "Meaning": measure.definition})
        for name, measure in MEASURES.items()
    ]


def _statistics() -> list[Entry]:
    return [
        Entry(name, "statistic", {"Of": "a contact log", "Unit": statistic.unit, "Meaning": statistic.definition})
        for name, statistic in STATISTICS.items()
    ]


def _range(field: FieldInfo) -> str:
    return (range_of(field) or "").replace("from ", "").replace(" to ", " … ")


def _shown(value: Any) -> str:
    if value is None or value == {}:
        return "none"
    return f"{value:g}" if isinstance(value, float) else value if isinstance(value, str) else show(value)


def _without_empty(facts: dict[str, str]) -> dict[str, str]:
    return {title: text for title, text in facts.items() if text}
