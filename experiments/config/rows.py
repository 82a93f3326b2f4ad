"""The rows of strategies, gestures and places of one experiment, and the settings that they have.

The settings of a file depend on its rows: an added strategy has fields, a named number is a setting of its own, and an
added gesture can be a step on a ladder. Everything here is a function of the rows at hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, Field
from pydantic.fields import FieldInfo

from experiments.config.toml_text import KeyPath, show
from sim.model.gestures import DEFAULT_GESTURES, LADDERS, GestureRow, Ladders
from sim.model.grammar import MEASURED, names_in, parsed_whom
from sim.model.parameters import Parameters
from sim.model.places import PLACES, PlaceRow
from sim.model.spelling import nearest
from sim.model.strategies import STRATEGIES, StrategyRow

LADDER_TABLE = "ladders"
MODELS: dict[str, type[BaseModel]] = {"strategies": StrategyRow, "gestures": GestureRow, "places": PlaceRow}
SINGULAR = {"strategies": "strategy", "gestures": "gesture", "places": "place"}
# Tables of parameters that may also stand at the top of a file, without `parameters.` before them.
AT_THE_TOP = (*MODELS, LADDER_TABLE, "tags")
_BASE = Field(description="the row of this table whose values hold where this row gives none")
BASED_ON = FieldInfo.from_annotation(Annotated[str, _BASE])  # type: ignore[arg-type]
_EXAMPLES = {
    "strategies": 'give based_on, or say what it does: what = "message 0.7 or call"',
    "gestures": 'give based_on, such as based_on = "message"',
    "places": 'give based_on: "hangout", "group" or "show"',
}
_STEP = Ladders.model_fields["feed_like"]

Rows = Mapping[str, Mapping[str, Mapping[str, Any]]]  # the values of each row, by table and name


def _shipped() -> dict[str, dict[str, dict[str, Any]]]:
    tables: dict[str, Mapping[str, BaseModel]] = {"strategies": STRATEGIES, "gestures": DEFAULT_GESTURES, "places": {}}
    return {
        table: {name: row.model_dump(exclude_unset=True) for name, row in rows.items()}
        for table, rows in tables.items()
    }


SHIPPED: Rows = _shipped()


def rows_of_file(parameters: Any) -> Rows:
    """The rows of a table of parameters as a file has it, mistakes included, with those that ship."""
    found = {table: dict(rows) for table, rows in SHIPPED.items()}
    for table, rows in found.items():
        changes = parameters.get(table) if isinstance(parameters, Mapping) else None
        for name, change in changes.items() if isinstance(changes, Mapping) else ():
            values = change if isinstance(change, Mapping) else {}
            base = values.get("based_on", name) if table != "places" else name
            rows[name] = {**(rows.get(base, {}) if isinstance(base, str) else {}), **values}
    return found


def rows_of(parameters: Parameters) -> Rows:
    """The rows of validated parameters."""
    return {table: {name: row.model_dump() for name, row in getattr(parameters, table).items()} for table in MODELS}


def settings_of_rows(rows: Rows, table: str) -> Iterator[tuple[KeyPath, FieldInfo]]:
    """The settings in a table of rows, each with its path below the table of parameters."""
    model, field = MODELS[table], Parameters.model_fields[table]
    for name, values in rows[table].items():
        yield (table, name), field
        for key, inner in model.model_fields.items():
            yield (table, name, key), inner
        if model is StrategyRow:
            for number in numbers_of(values):
                if number not in model.model_fields:
                    yield (table, name, number), number_field(number, *texts_of(values))


def added_steps(rows: Rows) -> Iterator[tuple[KeyPath, FieldInfo]]:
    """The steps that can be added to ladders, as `settings_of_rows`."""
    for channel in LADDERS:
        for kind in rows["gestures"]:
            step = f"{channel.label}_{kind}"
            if step not in Ladders.model_fields:
                yield (LADDER_TABLE, step), _STEP


def texts_of(values: Mapping[str, Any]) -> tuple[str, ...]:
    """The texts of a strategy that can name numbers: its lists, and what it does."""
    whom = values.get("whom", "")
    lists = whom if isinstance(whom, list | tuple) else [whom]
    return tuple(text for text in (*lists, values.get("what", "")) if isinstance(text, str))


def numbers_of(values: Mapping[str, Any]) -> list[str]:
    """The numbers that the phrases of a strategy name."""
    return sorted({name for text in texts_of(values) for name in names_in(text)})


@cache
def number_field(name: str, *texts: str) -> FieldInfo:
    """The field of a named number, whose range and unit follow from the phrases that name it."""
    low, high, unit, whole, phrase = _use_of(name, texts)
    extra: Any = {"unit": unit, "source": "assumed"}
    rules: Any = Field(ge=low, le=high, description=f'number in "{phrase}"', json_schema_extra=extra)
    return FieldInfo.from_annotation(Annotated[int if whole else float, rules])  # type: ignore[arg-type]


def _use_of(name: str, texts: tuple[str, ...]) -> tuple[float, float, str, bool, str]:
    """The range and the unit of a named number, whether it is whole, and the first phrase that names it."""
    braced = f"{{{name}}}"
    for text in texts:
        for part in re.split(r",|;|\belse\b|\bif\b", text):
            for phrase in (*re.split(r"\band\b", part), part):
                phrase = " ".join(phrase.split())
                for before, after, _, low, high in MEASURED if braced in phrase else ():
                    unit = rf"\b{re.sub('s$', 's?', after)}\b"
                    if re.search(rf"\b{before} .*{unit}$" if before else unit, phrase, re.IGNORECASE):
                        return low, high, after, _is_whole(before, after), phrase
            if braced in part:
                percent = re.search(rf"{re.escape(braced)}\s*%", part) is not None
                return 0, 100 if percent else 1, "percent" if percent else "probability", False, " ".join(part.split())
    return 0, 1, "number", False, braced


@cache
def _is_whole(before: str, after: str) -> bool:
    """Whether a condition takes whole numbers only."""
    try:
        parsed_whom(f"ties, {before or 'at least'} 0.5 {after}", {})
    except ValueError:
        return True
    return False


def not_a_row(table: str, name: str, rows: Rows) -> str | None:
    """What is wrong with a row that is neither known nor defined; None if it is one of the two.

    A strategy is defined by what it does, a gesture by all its numbers, and a place by the one on which it is based.
    """
    values = rows[table].get(name, {})
    if table == "places" and name in PLACES:
        return f"is a place already; its numbers are parameters, such as {name}_meets"
    if name in SHIPPED[table] or (table != "places" and values.get("based_on") in rows[table]):
        return None
    required = [key for key, field in MODELS[table].model_fields.items() if field.is_required()]
    missing = [key for key in required if key not in values]
    if table == "strategies" and "what" not in values and values.get("whom") != "nobody":
        missing = ["what"]
    if not missing:
        return None
    kind, base = SINGULAR[table], values.get("based_on")
    if base is not None and table != "places":
        return f"there is no {kind} {show(base)} to base it on{_nearest(base, table, rows, name)}"
    numbers = f", or {', '.join(missing)}" if table == "gestures" else ""
    return f"there is no {kind} {name}{_nearest(name, table, rows, name)} To add one, {_EXAMPLES[table]}{numbers}"


def _nearest(name: Any, table: str, rows: Rows, other_than: str) -> str:
    close = nearest(str(name), [known for known in rows[table] if known != other_than])
    return f"; did you mean {close}?" if close else "."
