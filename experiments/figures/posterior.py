"""The posterior of several parameters: an interval for each within its prior's range, the best known at the top."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import sim
from experiments.figures import BLUE, GREY, INK, STYLE
from experiments.logs.calibrate import Range
from experiments.logs.pooled import IDENTIFIED
from experiments.logs.reference_table import share_of

_PRIOR = "#E4E4E4"
_MOST_LOGS = 4  # named in the subtitle


def posterior(summary: pd.DataFrame, logs: Sequence[str]) -> Figure:
    """Draw the posterior of each parameter.

    Args:
        summary: `Pooled.summary`.
        logs: names of the logs.

    Returns:
        A 16:9 figure. The grey bar of a row is the range of the prior, on its scale, with its limits; the thin blue
        line is the 95% interval of the posterior, the thick one the 50% interval, the dot its median, and the black
        tick the default of the model, if it is in the range.
    """
    rows = summary.sort_values("shrinkage", kind="stable")
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(16, 9))
        axes = figure.subplots()
        figure.subplots_adjust(left=0.23, right=0.9, top=0.76, bottom=0.09)
        for place, (_, row) in enumerate(rows.iterrows()):
            _interval(axes, place, row)
        axes.set_yticks(range(len(rows)), list(rows.index))
        for label, shrinkage in zip(axes.get_yticklabels(), rows["shrinkage"], strict=True):
            label.set_color(INK if shrinkage >= IDENTIFIED else GREY)
        axes.set_xticks([])
        axes.set_xlim(-0.09, 1.09)
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        figure.suptitle(headline(summary), x=0.025, y=0.965, ha="left", va="top", fontsize=28, fontweight="bold")
        figure.text(0.025, 0.845, _subtitle(logs), fontsize=18, va="center", linespacing=1.4)
        figure.text(0.025, 0.025, "Draws of a parameter in grey are about those of its prior.", fontsize=16, color=GREY)
    return figure


def headline(summary: pd.DataFrame) -> str:
    """The title: how many parameters the logs inform."""
    known = int((summary["shrinkage"] >= IDENTIFIED).sum())
    if known == 0:
        return f"The logs say next to nothing about these {len(summary)} parameters"
    if known == len(summary):
        return f"The logs inform all {known} parameters"
    return f"The logs inform {known} of {len(summary)} parameters"


def _subtitle(logs: Sequence[str]) -> str:
    named = ", ".join(logs[:_MOST_LOGS]) + (f" and {len(logs) - _MOST_LOGS} more" if len(logs) > _MOST_LOGS else "")
    return (
        "Grey: what was thought possible (prior). Blue: what the logs leave (posterior: median, 50%, 95%).\n"
        f"Black tick: the model's default. Logs: {named}."
    )


def _interval(axes: Axes, place: int, row: pd.Series) -> None:
    """The row of one parameter."""
    one = Range("", row["least"], row["most"])
    at = {name: float(share_of(one, row[name])) for name in ("low", "low_50", "median", "high_50", "high")}
    informed = row["shrinkage"] >= IDENTIFIED
    colour = BLUE if informed else GREY
    axes.barh(place, 1.0, 0.62, color=_PRIOR, zorder=1)
    for low, high, width in (("low", "high", 3), ("low_50", "high_50", 11)):
        axes.plot([at[low], at[high]], [place, place], color=colour, linewidth=width, zorder=2, solid_capstyle="butt")
    axes.plot(at["median"], place, "o", color="white", mec=colour, mew=3, markersize=13, zorder=4)
    usual = sim.Parameters.model_fields[str(row.name)].default
    if row["least"] <= usual <= row["most"]:
        axes.plot([float(share_of(one, usual))] * 2, [place - 0.31, place + 0.31], color=INK, linewidth=2.5, zorder=3)
    axes.text(-0.012, place, f"{row['least']:g}", ha="right", va="center", fontsize=15, color=GREY)
    axes.text(1.012, place, f"{row['most']:g}", ha="left", va="center", fontsize=15, color=GREY)
    axes.text(1.09, place, f"{row['median']:.2g}", ha="left", va="center", fontsize=20, color=colour, fontweight="bold")
