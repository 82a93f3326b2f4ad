"""Ties that strategies leave behind: by minutes a week, and by days since they stopped."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from experiments.figures.page import Style, Words, colours_of_lines, name_lines, page, reference, whiskers
from experiments.terminal.legend import PLAIN, Legend


def draw_effort(data: pd.DataFrame, words: Words, style: Style, legend: Legend = PLAIN) -> Figure:
    """Draw one line per ``strategy`` over ``minutes`` a week, with intervals."""
    with style.in_use():
        figure, (axes,) = page(style, words, right=0.80)
        most = data["minutes"].max()
        order = data[data["minutes"] == most].sort_values("value", ascending=False)["strategy"]
        colours = colours_of_lines(order, legend)
        ends = {}
        reference(axes, style, 0.0, upright=False)
        for name in order[::-1]:
            rows = data[data["strategy"] == name].sort_values("minutes")
            axes.plot(rows["minutes"], rows["value"], "-", color=colours[name])
            for _, row in rows.iterrows():
                whiskers(axes, style, row["minutes"], row, colours[name], upright=True)
            ends[name] = rows["value"].iloc[-1]
        axes.set_xticks(sorted(data["minutes"].unique()))
        axes.set_xlabel("planned minutes a week")
        axes.set_ylabel("ties kept, beyond waiting")
        name_lines(axes, style, most * 1.02, ends, colours, legend)
    return figure


def draw_after(data: pd.DataFrame, words: Words, style: Style, legend: Legend = PLAIN) -> Figure:
    """Draw one line per ``strategy`` over the ``day`` since it stopped, with its band."""
    with style.in_use():
        figure, (axes,) = page(style, words, left=0.2, right=0.92)
        first = data[data["day"] == data["day"].min()].sort_values("value", ascending=False)
        colours = colours_of_lines(list(first["strategy"]), legend)
        ends = {}
        reference(axes, style, 0.0, upright=False)
        for name in first["strategy"][::-1]:
            rows = data[data["strategy"] == name].sort_values("day")
            axes.plot(rows["day"], rows["value"], color=colours[name])
            axes.fill_between(rows["day"], rows["low"], rows["high"], color=colours[name], alpha=0.15, linewidth=0)
            ends[name] = rows["value"].iloc[0]
        axes.set_xlim(data["day"].min(), data["day"].max())
        axes.set_xlabel("days since it stopped")
        axes.yaxis.tick_right()  # names stand on the left, where the lines are apart
        axes.yaxis.set_label_position("right")
        axes.set_ylabel("old ties in touch, beyond waiting")
        name_lines(axes, style, data["day"].min(), ends, colours, legend, left=True)
    return figure
