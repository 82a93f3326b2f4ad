"""Calibration of forecasts: how many ties came back, by the chance that was forecast."""

from __future__ import annotations

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from experiments.figures import BLUE, GREY, INK, STYLE, VERMILLION

_PANELS = {
    "learned": ("learned", VERMILLION),
    "model": ("simulated", BLUE),
    "recency_frequency": ("silence and contacts", INK),
}
_FEWEST = 10  # pairs in a bin that is drawn, at least
_LARGEST_DOT = 700.0  # points squared


def reliability_figure(calibration: pd.DataFrame, days: str) -> Figure:
    """Draw forecasts against what happened.

    Args:
        calibration: the result of `experiments.forecasts.scores.reliability` for ``learned``, ``model`` and, if
            available, ``recency_frequency``.
        days: number of days that the forecasts cover, in words, such as ``58 to 90``.

    Returns:
        A 16:9 figure with one panel per forecast, and one dot per bin with its 95% interval and its number of pairs.
    """
    shown = {name: rows for name in _PANELS if len(rows := calibration[calibration["forecast"] == name])}
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(16, 9))
        panels = figure.subplots(1, len(shown), sharex=True, sharey=True, squeeze=False)[0]
        figure.subplots_adjust(left=0.085, right=0.98, top=0.7, bottom=0.17, wspace=0.1)
        for axes, (name, rows) in zip(panels, shown.items(), strict=True):
            _draw(axes, rows, *_PANELS[name], calibration["pairs"].max())
        panels[0].set_ylabel(f"came back within {days} days")
        figure.suptitle(headline(shown["learned"]), x=0.025, y=0.97, ha="left", va="top", fontsize=29,
                        fontweight="bold")  # fmt: skip
        figure.text(0.025, 0.8, "On the diagonal, a forecast is right on average. Numbers: pairs in the bin, "
                    f"at least {_FEWEST}. Bars: 95% intervals.", fontsize=19, va="center")  # fmt: skip
        figure.text(0.53, 0.05, "forecast chance", ha="center")
    return figure


def _draw(axes: Axes, rows: pd.DataFrame, title: str, colour: str, largest: int) -> None:
    """One forecast: the diagonal, and a dot for each bin with enough pairs, sized by their number."""
    rows = rows[rows["pairs"] >= _FEWEST]
    axes.set_title(title, loc="left", color=colour, fontsize=23, fontweight="bold", pad=12)
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=2, zorder=0)
    axes.vlines(rows["chance"], rows["low"], rows["high"], color=colour, linewidth=5, alpha=0.6)
    sizes = np.maximum(_LARGEST_DOT * rows["pairs"] / largest, 50)
    axes.scatter(rows["chance"], rows["observed"], s=sizes, color=colour, edgecolor="white", linewidth=1.5, zorder=2)
    for row in rows.itertuples():
        upwards = row.observed < 0.5
        end = np.nanmax([row.high, row.observed]) if upwards else np.nanmin([row.low, row.observed])
        axes.annotate(
            f"{row.pairs:,}",
            (row.chance, end),
            (0, 20 if upwards else -20),
            textcoords="offset points",
            rotation=90,
            ha="center",
            va="bottom" if upwards else "top",
            fontsize=13,
        )
    axes.set_xlim(-0.04, 1.04)
    axes.set_ylim(-0.12, 1.04)
    axes.set_xticks([0, 0.5, 1])
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#E5E5E5")
    axes.set_axisbelow(True)


def headline(rows: pd.DataFrame) -> str:
    """A sentence on how many ties a forecast expected to come back, and how many did."""
    share = rows["pairs"] / rows["pairs"].sum()
    expected, came = (float((rows[name] * share).sum()) for name in ("chance", "observed"))
    return f"The forecast expected {_percent(expected)} of the silent ties\nto come back, and {_percent(came)} did"


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.1 else f"{share:.1%}"
