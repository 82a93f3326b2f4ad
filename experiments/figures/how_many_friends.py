"""The share of a person's list in contact against its length, in simulated and real logs."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from experiments.figures import BLUE, GREEN, GREY, ORANGE, PURPLE
from experiments.figures.page import Style, Words, name_lines, page

_COLOURS = (GREEN, ORANGE, PURPLE, GREY)


def draw(data: pd.DataFrame, words: Words, style: Style) -> Figure:
    """Draw one line per ``log`` over ``length``, with an interval for the simulated one."""
    with style.in_use():
        figure, (axes,) = page(style, words, right=0.80)
        names = list(data["log"].unique())
        colours = dict(zip(names, (BLUE, *_COLOURS), strict=False))
        ends = {}
        for name in names:
            rows = data[data["log"] == name].sort_values("length")
            axes.plot(rows["length"], rows["value"], "o-", color=colours[name])
            if rows["low"].notna().all():
                axes.fill_between(
                    rows["length"], rows["low"], rows["high"], color=colours[name], alpha=0.2, linewidth=0
                )
            ends[name] = rows["value"].iloc[-1]
        axes.set_xscale("log")
        ticks = [1, 2, 5, 10, 20, 50, 100]
        axes.set_xticks(ticks, [str(one) for one in ticks])
        axes.minorticks_off()
        axes.set_ylim(0, data["value"].max() * 1.1)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.set_xlabel("people in a person's log")
        axes.set_ylabel("in two-way contact within a month")
        name_lines(axes, style, data["length"].max() * 1.05, ends, colours)
    return figure
