"""What the results say of each sentence of the essay: one file per experiment, results in, `Finding` out.

Nothing here is written by hand that the results could contradict: titles, verdicts and numbers are computed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from experiments.analysis.verdicts import Estimate, Ruling
from experiments.figures.page import Style, Words
from experiments.sweeps.sweep_result import SweepResult

Draw = Callable[[pd.DataFrame, Words, Style], Figure]
Sweeps = Mapping[str, SweepResult]


@dataclass(frozen=True, eq=False)
class Picture:
    """A figure before it is drawn.

    Attributes:
        name: of its files.
        words: around the plot.
        data: the plotted values, which `--data` writes.
        draw: from these to the figure.
    """

    name: str
    words: Words
    data: pd.DataFrame
    draw: Draw


@dataclass(frozen=True, eq=False)
class Finding:
    """What came of an experiment.

    Attributes:
        ruling: by the thresholds of its configuration.
        effect: the main effect with its interval, in a sentence or two.
        pictures: its figures, the headline first.
        tables: what else is to be shown, by title.
        checked: which sweeps the ruling rests on; their gates must be open.
    """

    ruling: Ruling
    effect: str
    pictures: tuple[Picture, ...]
    tables: Mapping[str, pd.DataFrame]
    checked: tuple[str, ...]


def row_of(estimate: Estimate, **more: Any) -> dict[str, Any]:
    """An estimate as a row of a table, after what it is of."""
    return {**more, "value": estimate.value, "low": estimate.low, "high": estimate.high, "worlds": estimate.worlds}


def plain(name: str) -> str:
    """A name as people read it."""
    return name.replace("_", " ")


def setting(sweeps: SweepResult) -> str:
    """The worlds behind a figure, for its footer."""
    people = int(sweeps.runs["people"].iloc[0])
    worlds = sweeps.runs["replicate"].nunique()
    return f"Model, not measurement: {worlds:,} worlds of {people:,} people. Many numbers are assumed."
