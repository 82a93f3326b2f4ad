"""The JSON Schema of experiment files, for editors that complete and check TOML."""

from __future__ import annotations

from typing import Any

from experiments.config.catalogue import SETTINGS, VARIED
from experiments.config.settings import Experiment
from sim.model.gestures import KINDS
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
    gestures = document["$defs"]["Parameters"]["properties"]["gestures"]
    gestures["propertyNames"] = {"enum": list(KINDS)}
    gestures.pop("default", None)
    run, sweep = (document["$defs"][name]["properties"] for name in ("RunSettings", "SweepSettings"))
    for strategy in (run["strategy"], sweep["strategies"]["anyOf"][0]["items"]):
        strategy["anyOf"] = [
            {"enum": list(NAMES)},
            {"type": "object", "propertyNames": {"enum": list(NAMES)}, "additionalProperties": {"type": "number"}},
        ]
    for *tables, name in VARIED:
        below = _LEVELS if name != "ranges" else _ENDS
        table = document["$defs"]["SweepSettings" if tables == ["sweep"] else "SampleSettings"]["properties"]
        table[name] = {"type": "object", "description": SETTINGS[*tables, name].description, **_by_path(below)}
    return {"$schema": DIALECT, **document}


def _by_path(below: dict[str, Any]) -> dict[str, Any]:
    """The schema of settings by dotted path, written as one quoted key or as nested tables."""
    return {"additionalProperties": {"anyOf": [below, {"type": "object"}]}}
