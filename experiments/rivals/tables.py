"""The model and its rivals as a table in a terminal."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from rich.console import Group
from rich.text import Text

from experiments.rivals.judging import Made, cells_of, remarks
from experiments.terminal.tables import table_of


def rivals_table(found: pd.DataFrame, rivals: Mapping[str, Made]) -> Group:
    """What the model and each rival meet, by group of statistics; ``found`` is the result of `judging.comparison`."""
    (_, *heads), rows = cells_of(found)
    table = table_of("model", *heads, text=("gate",))
    for row in rows:
        table.add_row(*row)
    return Group(table, Text("\n".join(["How many statistics each meets, by what they are about.", *remarks(rivals)])))
