"""The rank of newcomers over time, one line per strategy."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from experiments.figures.page import Style, Words, colours_of_lines, name_lines, page
from experiments.terminal.legend import PLAIN, Legend


def draw(data: pd.DataFrame, words: Words, style: Style, legend: Legend = PLAIN) -> Figure:
    """Draw one line per ``strategy`` over ``day``, with its band; rank 1 is on top."""
    with style.in_use():
        figure, (axes,) = page(style, words, right=0.80)
        last = data[data["day"] == data["day"].max()].sort_values("value")
        colours = colours_of_lines(list(last["strategy"]), legend)
        ends = {}
        for name in last["strategy"][::-1]:
            rows = data[data["strategy"] == name]
            axes.plot(rows["day"] / 365, rows["value"], color=colours[name])
            axes.fill_between(
                rows["day"] / 365, rows["low"], rows["high"], color=colours[name], alpha=0.13, linewidth=0
            )
            ends[name] = rows["value"].iloc[-1]
        axes.set_ylim(data["high"].max() * 1.02, 0)
        axes.set_xlim(0, data["day"].max() / 365)
        ticks = [1, *range(20, int(data["high"].max()) + 1, 20)]
        axes.set_yticks(ticks)
        axes.set_xticks(range(int(data["day"].max() / 365) + 1))
        axes.set_xlabel("years")
        axes.set_ylabel("rank in the industry")
        name_lines(axes, style, data["day"].max() / 365, ends, colours, legend)
    return figure
