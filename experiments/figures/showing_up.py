"""The chance of a first sale over time, one line per spacing of conversations."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from experiments.figures import COLOURS, GREY
from experiments.figures.page import Style, Words, name_lines, page


def draw(data: pd.DataFrame, words: Words, style: Style) -> Figure:
    """Draw one line per spacing (``name``) over ``day``, with its band."""
    with style.in_use():
        figure, (axes,) = page(style, words, right=0.82)
        names = list(data.sort_values("cadence")["name"].unique())
        colours = dict(zip(names, (GREY, *COLOURS), strict=False))
        ends = {}
        for name in names:
            rows = data[data["name"] == name].sort_values("day")
            axes.plot(rows["day"], rows["value"], color=colours[name])
            axes.fill_between(rows["day"], rows["low"], rows["high"], color=colours[name], alpha=0.15, linewidth=0)
            ends[name] = rows["value"].iloc[-1]
        axes.set_xlim(0, data["day"].max())
        axes.set_ylim(0, data["high"].max() * 1.06)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.set_xlabel("days since the first conversation")
        axes.set_ylabel("share who have bought")
        name_lines(axes, style, data["day"].max(), ends, colours)
    return figure
