"""Tables in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from experiments.terminal.columns import Columns
from experiments.terminal.names import visible
from experiments.terminal.numbers import number

if TYPE_CHECKING:
    import pandas as pd

ATTACHED = ("95% interval", "over worlds")  # titles of columns that stay next to the column before them


def table_of(
    first: str, *others: str, text: Sequence[str] = (), attached: Sequence[str] = ATTACHED, whole: bool = False
) -> Columns:
    """A table in which interval columns stay next to the column before them; see `Columns` for the arguments."""
    return Columns(first, *others, text=text, attached=attached, whole=whole)


def sentences(lines: Sequence[str]) -> str:
    """Sentences on separate lines; control characters in users' names are escaped."""
    return "\n".join(visible(line) for line in lines)


def frame_table(frame: pd.DataFrame) -> Columns:
    """Any data frame as a table with short numbers."""
    titles = list(map(str, frame.columns))
    text = [title for title, dtype in zip(titles, frame.dtypes, strict=True) if dtype.kind not in "biufcmM"]
    table = Columns(*titles, text=text, whole=titles[0] not in text)
    for row in frame.itertuples(index=False):
        table.add_row(*(_cell(value) for value in row))
    return table


def _cell(value: object) -> str:
    if isinstance(value, float | np.floating):
        return number(float(value))
    if value is None or str(value) == "<NA>":  # of pandas
        return "–"
    return f"{value:,}" if isinstance(value, int | np.integer) else str(value)
