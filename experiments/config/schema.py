"""The JSON Schema of experiment files, for editors that complete and check TOML."""

from __future__ import annotations

from typing import Any

from experiments.config.catalogue import SETTINGS, VARIED
from experiments.config.rows import AT_THE_TOP, BASED_ON, MODELS, SHIPPED
from experiments.config.settings import Experiment
from sim.model.gestures import GestureRow
from sim.model.strategies import NAMES

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_LEVELS = {
    "oneOf": [
        {"type": "array", "minItems": 1, "uniqueItems": True},
        {
            "type": "object",
            "properties": {
                "from": {"type": "number"},
                "to": {"type": "number"},
                "count": {"type": "integer", "minimum": 2},
            },
            "required": ["from", "to", "count"],
            "additionalProperties": False,
        },
    ]
}
_ENDS = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a file, in which every key is optional and unknown keys are errors.

    A schema cannot express some rules (shares add up to 1, levels are in the range of their setting); `rekindle plan`
    checks these.
    """
    document = Experiment.model_json_schema()
    for table in (document, *document["$defs"].values()):
        table.pop("required", None)
    parameters = document["$defs"]["Parameters"]["properties"]
    for table in AT_THE_TOP:
        parameters[table].pop("default", None)
        if table in MODELS:
            parameters[table] |= _rows(table)
        document["properties"][table] = parameters[table]  # short for the same table of parameters
    run, sweep = (document["$defs"][name]["properties"] for name in ("RunSettings", "SweepSettings"))
    for strategy in (run["strategy"], sweep["strategies"]["anyOf"][0]["items"]):
        strategy["anyOf"] = _strategy({"anyOf": [{"enum": list(NAMES)}, {"type": "string"}]})["anyOf"]
    document |= _names_that_ship()
    for row in ("StrategyRow", "GestureRow"):
        document["$defs"][row]["properties"]["based_on"] = {"type": "string", "description": BASED_ON.description}
    for *tables, name in VARIED:
        below = _LEVELS if name != "ranges" else _ENDS
        table = document["$defs"]["SweepSettings" if tables == ["sweep"] else "SampleSettings"]["properties"]
        table[name] = {"type": "object", "description": SETTINGS[*tables, name].description, **_by_path(below)}
    return {"$schema": DIALECT, **document}


def _rows(table: str) -> dict[str, Any]:
    """The schema of a table of rows: those that ship may be given in part, and others have to be defined."""
    row = {"$ref": f"#/$defs/{MODELS[table].__name__}"}
    ways: list[dict[str, Any]] = [{"required": ["based_on"]}]
    if table == "strategies":
        ways += [{"required": ["what"]}, {"properties": {"whom": {"const": "nobody"}}, "required": ["whom"]}]
    if table == "gestures":
        ways += [{"required": [key for key, field in GestureRow.model_fields.items() if field.is_required()]}]
    return {
        "properties": dict.fromkeys(SHIPPED[table], row),
        "additionalProperties": {"allOf": [row, {"anyOf": ways}]},
    }


def _strategy(name: dict[str, Any]) -> dict[str, Any]:
    """The schema of a strategy or a mixture, given that of a name."""
    mixture = {"type": "object", "propertyNames": name, "additionalProperties": {"type": "number"}}
    return {"anyOf": [name, mixture]}


def _names_that_ship() -> dict[str, Any]:
    """A rule for files without strategies of their own: the names of strategies are those that ship."""
    in_parameters = {"properties": {"parameters": {"required": ["strategies"]}}, "required": ["parameters"]}
    in_world = {"properties": {"world": in_parameters}, "required": ["world"]}
    strategy = _strategy({"enum": list(NAMES)})
    arms = {"strategies": {"items": strategy}}
    return {
        "if": {"not": {"anyOf": [{"required": ["strategies"]}, in_parameters, in_world]}},
        "then": {"properties": {"run": {"properties": {"strategy": strategy}}, "sweep": {"properties": arms}}},
    }


def _by_path(below: dict[str, Any]) -> dict[str, Any]:
    """The schema of settings by dotted path, written as one quoted key or as nested tables."""
    return {"additionalProperties": {"anyOf": [below, {"type": "object"}]}}
