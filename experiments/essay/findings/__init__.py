"""What the results say about each claim of the essay: one file per experiment, results in, `ClaimFinding` out.

Titles, verdicts and numbers are computed, so no text here can contradict the results.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from experiments.analysis.verdicts import Estimate, Ruling
from experiments.essay.findings.effects import MainEffect
from experiments.figures.page import Style, Words
from experiments.sweeps.sweep_result import SweepResult

Draw = Callable[[pd.DataFrame, Words, Style], Figure]
Sweeps = Mapping[str, SweepResult]


@dataclass(frozen=True, eq=False)
class FigureSpec:
    """Everything needed to draw a figure.

    Attributes:
        name: name of its files.
        words: title, subtitle and footer.
        data: the plotted values, which `--data` writes.
        draw: draws the figure from these.
    """

    name: str
    words: Words
    data: pd.DataFrame
    draw: Draw


@dataclass(frozen=True, eq=False)
class ClaimFinding:
    """The result of an experiment.

    Attributes:
        ruling: the verdict by the thresholds of its configuration.
        effect: the main effect with its interval, in a sentence or two.
        main: the same as numbers, one per draw and world.
        pictures: its figures, the main one first.
        tables: more results, by title.
        checked: the sweeps that the ruling depends on, which must pass their gates.
    """

    ruling: Ruling
    effect: str
    main: MainEffect
    pictures: tuple[FigureSpec, ...]
    tables: Mapping[str, pd.DataFrame]
    checked: tuple[str, ...]


def row_of(estimate: Estimate, **more: Any) -> dict[str, Any]:
    """An estimate as a row of a table; ``more`` are the columns before it."""
    return {**more, "value": estimate.value, "low": estimate.low, "high": estimate.high, "worlds": estimate.worlds}


def setting(sweeps: SweepResult) -> str:
    """A sentence for a figure's footer: how many worlds, of how many people."""
    people = sweeps.world_size
    worlds = sweeps.runs["replicate"].nunique()
    return f"Simulated, not measured: {worlds:,} worlds of {people:,} people. Many parameters are assumptions."
