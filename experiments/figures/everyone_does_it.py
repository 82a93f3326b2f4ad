"""The gain per adopter against the share of people who follow the advice."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from experiments.figures.page import Style, Words, colours_of_lines, name_lines, page, reference, whiskers
from experiments.terminal.legend import PLAIN, Legend


def draw(data: pd.DataFrame, words: Words, style: Style, legend: Legend = PLAIN) -> Figure:
    """Draw one line per ``strategy`` over the ``share`` of adopters, with intervals."""
    with style.in_use():
        figure, (axes,) = page(style, words, right=0.80)
        reference(axes, style, 0.0, upright=False)
        names = list(data["strategy"].unique())
        colours = colours_of_lines(names, legend)
        ends = {}
        for name in names:
            rows = data[data["strategy"] == name].sort_values("share")
            axes.plot(rows["share"], rows["value"], "-", color=colours[name])
            for _, row in rows.iterrows():
                whiskers(axes, style, row["share"], row, colours[name], upright=True)
            ends[name] = rows["value"].iloc[-1]
        axes.set_ylim(min(0.0, data["low"].min()), data["high"].max() * 1.08)
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.set_xlabel("people who follow the advice")
        axes.set_ylabel("ties gained per adopter")
        name_lines(axes, style, 1.03, ends, colours, legend)
    return figure
