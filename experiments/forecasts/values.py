"""What a tie is worth to a person, beyond its chance: trust, novelty, importance, in the person's own numbers.

The most valuable reconnections are often not the most familiar ones (Walter, Levin & Murnighan 2015), and no log says
which are. So a plan weighs the gain of each tie by a number that the person gives.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from pathlib import Path

from experiments.imports.id_tables import lines_of_table
from sim.contact_logs import LogError

COLUMNS = ("id", "value")
USUAL = 1.0  # of ties that the file does not name
_MOST = 1_000.0


def read_values(path: Path, known: Collection[str]) -> dict[str, float]:
    """The values of ties, by the id of the other person. Ties that are not named have 1; 0 is never planned.

    Args:
        path: a CSV file with the columns ``id`` and ``value``, from 0 to 1,000; others are ignored.
        known: the ids of the log.

    Raises:
        LogError: a column is missing, an id is not in the log or is named twice, or a value is not such a number. The
            line is named, but no id.
    """
    found: dict[str, float] = {}
    for where, row in lines_of_table(path, COLUMNS):
        one = " ".join(row["id"].split())
        if one not in known:
            raise LogError(f"{where}: the log has no person with this id. Ids must be written as in the log.")
        if one in found:
            raise LogError(f"{where}: this id has a value in a line above it.")
        found[one] = _value(row["value"], where)
    return found


def _value(text: str, where: str) -> float:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if not 0 <= value <= _MOST:
        raise LogError(f"{where}: the value {text!r} is not a number from 0 to {_MOST:,.0f}; 1 is usual.")
    return value
