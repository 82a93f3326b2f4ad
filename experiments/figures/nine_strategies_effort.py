"""Ties gained over waiting by nine strategies, while the plan runs and afterwards, and by minutes a week."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from experiments.figures import BLUE, COLOURS, GREY
from experiments.figures.page import Style, Words, name_lines, page, reference, whiskers

_NAMED = 5  # lines with a colour of their own


def plain(name: str) -> str:
    """A strategy's name with spaces instead of underscores."""
    return name.replace("_", " ")


def draw_gains(data: pd.DataFrame, words: Words, style: Style) -> Figure:
    """Draw one row per ``strategy`` with ``value``, ``low`` and ``high``, the largest on top."""
    rows = data.iloc[::-1]
    with style.in_use():
        figure, (axes,) = page(style, words, left=0.22)
        reference(axes, style, 0.0)
        for place, (_, row) in enumerate(rows.iterrows()):
            sure = row["low"] > 0 or row["high"] < 0
            whiskers(axes, style, place, row, BLUE if sure else GREY)
            axes.text(row["high"], place, f"  {row['value']:+.1f}", va="center", fontsize=style.pt(18))
        axes.set_yticks(range(len(rows)), [plain(name) for name in rows["strategy"]])
        axes.set_ylim(-0.6, len(rows) - 0.4)
        low, high = min(0.0, data["low"].min()), max(0.0, data["high"].max())
        axes.set_xlim(low - 0.04 * (high - low), high + 0.1 * (high - low))
        axes.set_xlabel("ties per adopter, beyond waiting")
    return figure


def draw_effort(data: pd.DataFrame, words: Words, style: Style) -> Figure:
    """Draw one line per ``strategy`` over ``minutes`` a week, with intervals."""
    with style.in_use():
        figure, (axes,) = page(style, words, right=0.80)
        most = data["minutes"].max()
        order = data[data["minutes"] == most].sort_values("value", ascending=False)["strategy"]
        colours = dict(zip(order, (*COLOURS[:_NAMED], *[GREY] * len(order)), strict=False))
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
        name_lines(axes, style, most * 1.02, ends, colours)
    return figure
