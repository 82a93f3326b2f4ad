"""Explanations of every name: parameters, gestures, strategies, places, phrases, measures, statistics and settings."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from experiments.config.catalogue import (
    SETTINGS,
    TABLES,
    TRUTH_WRITTEN,
    Settings,
    expected,
    range_of,
    settings_of,
    value_at,
)
from experiments.config.factors import LEVELS_WRITTEN, METHODS, RANGE_WRITTEN
from experiments.config.rows import BASED_ON, MODELS, SHIPPED
from experiments.config.settings import (
    ADOPTERS_WRITTEN,
    FUNCTION_WRITTEN,
    KINDS_WRITTEN,
    LOG_WRITTEN,
    MEASURE_KEYS_WRITTEN,
    NAME_WRITTEN,
    STRATEGIES_WRITTEN,
    STRATEGY_WRITTEN,
    Experiment,
    MeasureSettings,
)
from experiments.config.toml_text import KeyPath, show
from experiments.logs.contact_statistics import STATISTICS
from sim.model.former_names import accepted_name, former_name, present_name
from sim.model.gestures import LADDERS, Channel, Ladders
from sim.model.grammar import MEASURED, NAMED, ORDERS, SOURCES, STATES
from sim.model.outcomes import MADE_OF_OTHERS, measures_of
from sim.model.parameters import Parameters, steps_of
from sim.model.places import PLACES
from sim.model.plausible import PLAUSIBLE, not_drawn
from sim.model.spelling import alike

_LEAVE_WRITTEN = 'paths below [parameters], such as ["ease", "ladders", "gestures.note"]'
_WRITTEN: dict[KeyPath, str] = {
    ("name",): NAME_WRITTEN,
    ("world", "log"): LOG_WRITTEN,
    ("run", "strategy"): STRATEGY_WRITTEN,
    ("run", "adopters"): ADOPTERS_WRITTEN,
    ("run", "model"): FUNCTION_WRITTEN,
    ("run", "stop"): FUNCTION_WRITTEN,
    **{("measures", "name", key): text for key, text in MEASURE_KEYS_WRITTEN.items()},
    ("run", "sociability"): "any, low or high",
    ("run", "reticence"): "any, low or high",
    ("inject", "kind"): KINDS_WRITTEN,
    ("inject", "towards"): "dormant or stranger",
    ("inject", "channel"): "private or in_person",
    ("sweep", "silence"): TRUTH_WRITTEN,
    ("verdict", "gate", "log"): 'a name, such as "facebook_wall"',
    ("verdict", "smallest"): "measures, each with a number, such as kept = 0.5",
    ("measures",): "one table for each measure, under its name, such as [measures.calls]",
    ("full",): 'settings by path, such as "sweep.replicates" = 100',
    ("sweep", "strategies"): f"{STRATEGIES_WRITTEN}; mixtures are allowed, and a list of several must include wait",
    ("sweep", "draws"): "posterior, or the path of a draws.csv",
    ("sweep", "grid"): f"settings, each with {LEVELS_WRITTEN}",
    ("sweep", "zip"): f"settings, each with {LEVELS_WRITTEN}; all lists have the same length",
    ("sweep", "rows"): "one table of settings per row, under the row's name",
    ("sweep", "events"): TRUTH_WRITTEN,
    ("sweep", "people"): TRUTH_WRITTEN,
    ("sweep", "sample", "method"): f"one of {', '.join(METHODS)}",
    ("sweep", "sample", "log"): "names of ranges",
    ("sweep", "sample", "plausible"): TRUTH_WRITTEN,
    ("sweep", "sample", "leave"): _LEAVE_WRITTEN,
    ("sweep", "plausible", "leave"): _LEAVE_WRITTEN,
    ("sweep", "sample", "ranges"): f"settings, each with {RANGE_WRITTEN}",
}
_NAMED = {("run", "strategy"), ("sweep", "strategies")}
_UNITS = {
    "answer": "log odds", "attendance": "probability", "every_days": "days", "felt_risk": "logit", "for_days": "days",
    "gap_days": "days", "mass": "contacts", "meets": "people", "minutes": "minutes", "most_people": "people",
    "noticed": "probability", "opens_door": "openness", "overhead_minutes": "minutes", "people": "people",
    "regulars": "people", "rung": "step", "session_minutes": "minutes", "sessions": "per week",
}  # fmt: skip
# Fields that every row must give, itself or by the row on which it is based.
_REQUIRED = {
    "strategies": ("session_minutes",),
    **{
        table: tuple(name for name, field in MODELS[table].model_fields.items() if field.is_required())
        for table in ("gestures", "places")
    },
}
_TITLES = ("essay", "meaning", "source")  # fields of rows that have a title of their own
_PURE = (
    "",
    "share",
    "share of mass",
    "probability",
    "factor",
    "weight",
    "exponent",
    "odds ratio",
)  # numbers without a unit
_NOBODY = "yes: nobody has measured this"


@dataclass(frozen=True)
class Entry:
    """The explanation of one name.

    Attributes:
        name: the name as users write it.
        sort: "parameter", "gesture", "strategy", "place", "field" (of any row), "phrase", "measure", "statistic" or
            "setting".
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
    """All entries of the model as it ships. The name of a parameter is its path below ``[parameters]``."""
    return _entries(Parameters(), SETTINGS)


def entries_of(experiment: Experiment) -> tuple[Entry, ...]:
    """All entries, with the measures, the rows and the values of an experiment's runs."""
    return (*own_entries(experiment.measures), *_entries(experiment.parameters, settings_of(experiment)))


def _entries(parameters: Parameters, known: Settings) -> tuple[Entry, ...]:
    named = [path for path in known if path not in TABLES and path[:2] != ("world", "parameters")]
    of_rows = {
        ("parameters", table, name)
        for table in ("strategies", "gestures", "places")
        for name in getattr(parameters, table)
    }
    below = [path[1:] for path in named if path[0] == "parameters" and path not in of_rows]
    there = [path for path in below if path[0] != "ladders" or value_at(parameters, path) is not None]
    settings = [_setting(path, parameters) for path in named if path[0] != "parameters"]
    return (
        *(_parameter(path, parameters, known) for path in there),
        *(_gesture(name, parameters) for name in parameters.gestures),
        *(_strategy(name, parameters) for name in parameters.strategies),
        *_places(parameters),
        *_phrases(),
        *_fields_of_rows(parameters),
        *_measures(parameters),
        *_statistics(),
        *settings,
    )


def explained(name: str, known: Sequence[Entry] | None = None) -> list[Entry]:
    """The entries with this name: several if it has several meanings, none if it is unknown.

    Args:
        name: the name as a user writes it.
        known: all entries; by default those of the model as it ships.
    """
    wanted = accepted_name(name.lower())
    for table in ("world.parameters.", "parameters.", "measures."):
        wanted = wanted.removeprefix(table)
    in_table = wanted
    if wanted.count(".") == 1:
        wanted = wanted.removeprefix("strategies.")
    known = known or entries()
    names = (wanted, f"gestures.{wanted}", f"places.{wanted}", f"ladders.{wanted}", name.lower())
    found = [entry for entry in known if entry.name in names]
    return found or _of_any_row(in_table, known)


def _of_any_row(name: str, known: Sequence[Entry]) -> list[Entry]:
    """The fields of this name, such as ``session_minutes`` or ``gestures.minutes``, whatever their row.

    A number that only some rows have, such as ``message_share``, is explained for these.
    """
    above, _, field = name.rpartition(".")
    there = [
        entry
        for entry in known
        if entry.name.count(".") == 2 and _last(entry.name) == field and entry.name.startswith(above)
    ]
    return [entry for entry in there if entry.sort == "field"] or [one for one in there if one.sort == "parameter"]


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


def within(table: str, known: Sequence[Entry] | None = None) -> list[Entry]:
    """The entries of a table of an experiment file, such as ``world``; none if there is no such table."""
    wanted = table.lower().removeprefix("parameters.")
    rows = {"strategies": "strategy", "gestures": "gesture", "places": "place"}
    if wanted in rows:
        return [entry for entry in known or entries() if entry.sort == rows[wanted]]
    above = (f"{table.lower()}.", f"parameters.{table.lower()}.")
    return [entry for entry in known or entries() if table and _path(entry).startswith(above)]


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _path(entry: Entry) -> str:
    return f"parameters.{entry.name}" if entry.sort == "parameter" else entry.name if entry.sort == "setting" else ""


def close_names(name: str, known: Sequence[Entry] | None = None) -> list[str]:
    """Up to five known names that are similar to this one."""
    names = {entry.name: entry.name for entry in known or entries()}
    names |= {_last(entry.name): _last(entry.name) for entry in known or entries() if entry.sort == "field"}
    former = {former_name(known): known for known in names if former_name(known) != known}
    return list(dict.fromkeys((names | former)[close] for close in alike(present_name(name), [*names, *former])))


def assumed(source: str) -> str:
    """Whether a number is an assumption, according to its source."""
    if source.startswith("assumed"):
        return _NOBODY
    return "in part (see the source)" if "assumed" in source else "no"


def _parameter(path: KeyPath, parameters: Parameters, known: Settings) -> Entry:
    field, value, usual = known["parameters", *path], value_at(parameters, path), value_at(_usual(), path)
    extra, meaning = field.json_schema_extra, field.description or ""
    of_row = len(path) == 3
    if isinstance(extra, dict):
        unit, source = str(extra["unit"]), str(extra["source"])
    elif of_row:
        unit, source = _UNITS.get(path[-1], ""), value_at(parameters, (*path[:2], "source"))
    else:
        unit, source = "logit", "assumed"
        meaning = f"perceived risk of a spontaneous gesture: {path[-1].replace('_', ' ')}"
    facts = {"Value": _shown(value), "Unit": unit, "Range": _range(field), "Meaning": meaning}
    if not facts["Range"]:
        facts["Write"] = (expected(("parameters", *path), known) or "a text").removeprefix("expected ")
    facts |= {"Default": _shown(usual)} if usual is not None and usual != value else {}
    facts |= {"Source": source, "Assumed": _NOBODY if "(assumed)" in meaning else assumed(source)}
    name = ".".join(path)
    facts |= _plausible(name, unit)
    above = "" if of_row or path[0] == "ladders" else "parameters."
    facts["To set it"] = "" if value in (None, "", ()) else f"--set {shlex.quote(f'{above}{name}={_shown(value)}')}"
    return Entry(name, "parameter", _without_empty(facts))


def _plausible(path: str, unit: str) -> dict[str, str]:
    """The plausible range of a number with its reason, or why it isn't drawn; empty for what the model doesn't ship."""
    if path in PLAUSIBLE:
        one = PLAUSIBLE[path]
        return {"Plausible": f"{one.low:g} to {one.high:g}{'' if unit in _PURE else f' {unit}'}: {one.reason}"}
    reason = not_drawn(path)
    return {"Not drawn": reason} if reason else {}


@cache
def _usual() -> Parameters:
    """The parameters as they ship."""
    return Parameters()


def _setting(path: KeyPath, parameters: Parameters) -> Entry:
    field = SETTINGS[path]
    value = None if field.is_required() else field.get_default(call_default_factory=True)
    facts = {"Value": _shown(value), "Range": _range(field), "Write": _WRITTEN.get(path, "")}
    names = ", ".join(parameters.strategy_names) if path in _NAMED else ""
    facts |= {"Names": names, "Meaning": field.description or ""}
    return Entry(".".join(path), "setting", _without_empty(facts))


def _fields(row: BaseModel, path: str) -> Iterator[tuple[str, str]]:
    """The values of a row with their meaning and plausible range, without those that have a title of their own."""
    for name, field in type(row).model_fields.items():
        value = getattr(row, name)
        if name not in _TITLES and value not in ("", ()):
            yield name, f"{_shown(value)}  ({field.description}{_range_in_short(f'{path}.{name}')})"
    for name, value in (row.__pydantic_extra__ or {}).items():
        own = f"a number of its own, which the phrases name{_range_in_short(f'{path}.{name}')}"
        yield name, f"{_shown(value)}  ({own})"


def _range_in_short(path: str) -> str:
    return f"; plausible: {PLAUSIBLE[path].low:g} to {PLAUSIBLE[path].high:g}" if path in PLAUSIBLE else ""


def _gesture(name: str, parameters: Parameters) -> Entry:
    row = parameters.gestures[name]
    facts = {"Meaning": f"a gesture; step {row.rung} on the ladder of effort", **dict(_fields(row, f"gestures.{name}"))}
    for channel, step, risk in _steps(parameters):
        if step == name:
            facts[f"risk, {channel.label.replace('_', ' ')}"] = (
                f"{risk:g}  (perceived risk of a spontaneous gesture, in logits; assumed"
                f"{_range_in_short(f'ladders.{channel.label}_{name}')})"
            )
    facts |= {"Source": row.source, "Assumed": assumed(row.source)}
    return Entry(f"gestures.{name}", "gesture", facts)


def _steps(parameters: Parameters) -> Iterator[tuple[Channel, str, float]]:
    """The steps of all ladders: channel, kind and perceived risk."""
    ladders: Ladders = parameters.ladders
    for channel in LADDERS:
        for kind, risk in steps_of(ladders, channel, parameters.kinds).items():
            yield channel, kind, risk


def _strategy(name: str, parameters: Parameters) -> Entry:
    row = parameters.strategies[name]
    facts = {"Meaning": row.meaning, "Essay": row.essay}
    facts |= {title: text for title, text in _fields(row, f"strategies.{name}") if title not in ("label", "colour")}
    facts |= {"Source": row.source, "Assumed": assumed(row.source), "To follow it": f"--set run.strategy={name}"}
    return Entry(name, "strategy", _without_empty(facts))


def _places(parameters: Parameters) -> Iterator[Entry]:
    """The places: those of the essay, whose numbers are parameters, and those that are added."""
    for name in PLACES:
        own = [known for known in Parameters.model_fields if known.startswith(f"{name}_")]
        yield Entry(f"places.{name}", "place", {"Meaning": "a place of the essay", "Numbers": ", ".join(own)})
    for name, row in parameters.places.items():
        facts = {"Meaning": f"an added place, based on a {row.based_on}", **dict(_fields(row, f"places.{name}"))}
        yield Entry(f"places.{name}", "place", facts | {"Source": row.source, "Assumed": assumed(row.source)})


def _fields_of_rows(parameters: Parameters) -> Iterator[Entry]:
    """What each field of strategies, gestures and places means, and its values in the rows that have it."""
    for table, model in MODELS.items():
        rows: Mapping[str, BaseModel] = getattr(parameters, table)
        for name, field in {**model.model_fields, "based_on": model.model_fields.get("based_on", BASED_ON)}.items():
            values = {row: getattr(there, name, None) for row, there in rows.items()}
            usual = None if field.is_required() else field.get_default()
            facts = {"Meaning": field.description or "", "Unit": _UNITS.get(name, ""), "Range": _range(field)}
            if not facts["Range"]:
                facts["Write"] = _written_in_rows(table, name)
            facts["Default"] = "none; a row must give it" if name in _REQUIRED.get(table, ()) else _shown(usual)
            facts["Values"] = "\n".join(
                f"{row}: {_shown(one)}" for row, one in values.items() if one not in (None, usual)
            )
            facts["In the essay's places"] = "" if table != "places" else ", ".join(
                f"{own} {_shown(getattr(parameters, own))}"
                for own in (f"{place}_{name}" for place in PLACES)
                if own in type(parameters).model_fields
            )  # fmt: skip
            yield Entry(f"{table}.NAME.{name}", "field", _without_empty(facts))


def _written_in_rows(table: str, field: str) -> str:
    """What a field of a table of rows takes."""
    if field == "based_on" and table != "places":
        return f"the name of another one of the {table}"
    example = next(iter(SHIPPED[table]), None)
    known: Settings = SETTINGS if example else {("parameters", table, "NAME", field): MODELS[table].model_fields[field]}
    return (expected(("parameters", table, example or "NAME", field), known) or "a text").removeprefix("expected ")


def _phrases() -> Iterator[Entry]:
    """The phrases that say whom a strategy contacts and what it does."""
    numbered = [f"{before} N {after} ({low:,g} to {high:,g})".strip() for before, after, _, low, high in MEASURED]
    conditions = {
        "Conditions": "\n".join(STATES),
        "With a name": "\n".join(f"{before} NAME" for before in NAMED),
        "With a number": "\n".join(numbered),
        "N": "3, at least 3, at most 3, 3 or more, 3 or fewer, 3 to 5, no; a number can be one of the row, in braces",
        "The opposite": "not, before any condition",
    }
    orders = {"Orders": "\n".join(ORDERS)}
    yield Entry(
        "whom",
        "phrase",
        {
            "Meaning": "whom a strategy contacts: a source, then conditions, then an order, separated by commas",
            "Example": '"ties, once strong, silent for at least 90 days, longest silent first"',
            "Sources": "\n".join(SOURCES),
            **conditions,
            **orders,
        },
    )
    yield Entry(
        "what",
        "phrase",
        {
            "Meaning": "what a strategy does: gestures with conditions, of which the first that holds applies",
            "Example": '"note if once strong, else message 0.7 or call"',
            "Gestures": "a name of a gesture, or nothing; all but one of several have a probability",
            "Conditions": "those of whom, joined by and; see `rekindle explain conditions`",
        },
    )
    yield Entry("conditions", "phrase", {"Meaning": "conditions in whom and what", **conditions})
    yield Entry("orders", "phrase", {"Meaning": "orders of the lists in whom", **orders})


def _measures(parameters: Parameters) -> list[Entry]:
    return [
        Entry(name, "measure", {"Unit": measure.unit, "Meaning": measure.definition})
        for name, measure in measures_of(parameters.kinds).items()
    ]


def _statistics() -> list[Entry]:
    return [
        Entry(name, "statistic", {"Of": "a contact log", "Unit": statistic.unit, "Meaning": statistic.definition})
        for name, statistic in STATISTICS.items()
    ]


def _range(field: FieldInfo) -> str:
    return (range_of(field) or "").replace("from ", "").replace(" to ", " … ")


def _shown(value: Any) -> str:
    if value is None or value in ({}, "", ()):
        return "none"
    return f"{value:g}" if isinstance(value, float) else value if isinstance(value, str) else show(value)


def _without_empty(facts: dict[str, str]) -> dict[str, str]:
    return {title: text for title, text in facts.items() if text}
