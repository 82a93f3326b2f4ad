"""Ties gained over waiting by nine strategies, while the plan runs and afterwards, and by minutes a week."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from experiments.figures import BLUE, GREY, INK
from experiments.figures.page import Style, Words, colours_of_lines, name_lines, page, reference, whiskers
from experiments.terminal.legend import PLAIN, Legend


def draw_gains(data: pd.DataFrame, words: Words, style: Style, legend: Legend = PLAIN) -> Figure:
    """Draw one row per ``strategy`` with ``value``, ``low`` and ``high``, the largest on top."""
    rows = data.iloc[::-1]
    with style.in_use():
        figure, (axes,) = page(style, words, left=0.22)
        reference(axes, style, 0.0)
        for place, (_, row) in enumerate(rows.iterrows()):
            sure = row["low"] > 0 or row["high"] < 0
            whiskers(axes, style, place, row, (legend.on_white(row["strategy"]) or BLUE) if sure else GREY)
            axes.text(row["high"], place, f"  {row['value']:+.1f}", va="center", fontsize=style.pt(18))
        axes.set_yticks(range(len(rows)), [legend.label(name) for name in rows["strategy"]])
        for label, name in zip(axes.get_yticklabels(), rows["strategy"], strict=True):
            label.set_color(legend.on_white(name) or INK)
        axes.set_ylim(-0.6, len(rows) - 0.4)
        low, high = min(0.0, data["low"].min()), max(0.0, data["high"].max())
        axes.set_xlim(low - 0.04 * (high - low), high + 0.1 * (high - low))
        axes.set_xlabel("ties per adopter, beyond waiting")
    return figure


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
        axes.set_ylabel("ties kept up, beyond waiting")
        name_lines(axes, style, most * 1.02, ends, colours, legend)
    return figure
