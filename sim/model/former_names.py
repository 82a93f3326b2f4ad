"""Names that parameters, settings and measures used to have.

Files, options and tables with a former name keep working. Ids of runs still hash the former names, so that a rename
alone does not make anyone repeat a sweep.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

FORMER_NAMES = {
    "hesitance": "reticence",
    "hesitance_mean": "reticence_mean",
    "hesitance_sd": "reticence_sd",
    "liking_sd": "affinity_sd",
    "mind_sent": "encoding_sent",
    "mind_received": "encoding_received",
    "mind_answered": "encoding_answered",
    "refused_minutes": "backed_out_minutes",
    "refused_most": "backed_out_most",
    "minutes_filled": "minutes_planned",
    "minutes_spent": "minutes_used",
    "minutes_refused": "minutes_lost",
    "spent_share": "used_share",
    "lasting": "kept_up",
    "everyone_lasting": "everyone_kept_up",
    "focal_lasting": "focal_kept_up",
}  # former name: present name


_FORMER = {present: former for former, present in FORMER_NAMES.items()}


def present_name(name: str) -> str:
    """The present name of a parameter, setting or measure; of a dotted path, part by part.

    Example:
        >>> present_name("world.parameters.hesitance_mean")
        'world.parameters.reticence_mean'
    """
    return ".".join(FORMER_NAMES.get(part, part) for part in name.split("."))


def former_name(name: str) -> str:
    """The first name of a parameter, setting or measure: the opposite of `present_name`."""
    return ".".join(_FORMER.get(part, part) for part in name.split("."))


def accepted_name(name: str) -> str:
    """The present form of a name that a user wrote, with a warning if it was a former name."""
    note_former_names([name], stacklevel=4)
    return present_name(name)


def with_present_names(value: Any) -> Any:
    """JSON or TOML values with present names as keys of tables and in lists of names."""
    match value:
        case Mapping():
            return {present_name(key): with_present_names(inner) for key, inner in value.items()}
        case list():
            return [present_name(item) if isinstance(item, str) else with_present_names(item) for item in value]
    return value


def with_former_keys(text: str) -> str:
    """A compact JSON text with former names as keys: what ids of runs hash."""
    for former, present in FORMER_NAMES.items():
        text = text.replace(f'"{present}":', f'"{former}":')
    return text


def lasting_json(value: Any) -> str:
    """JSON with former names as keys, sorted: the same text as before the renames, for keys of saved files."""
    return json.dumps(json.loads(with_former_keys(json.dumps(value, separators=(",", ":")))), sort_keys=True)


def note_former_names(names: Iterable[str], stacklevel: int = 3) -> None:
    """Warn about names that are former names; if there are none, do nothing."""
    present = {part: FORMER_NAMES[part] for name in names for part in name.split(".") if part in FORMER_NAMES}
    renamed = [f"`{former}` is now `{name}`" for former, name in present.items()]
    if renamed:
        warnings.warn(f"Note: {', '.join(renamed)}. The former name still works.", stacklevel=stacklevel)
