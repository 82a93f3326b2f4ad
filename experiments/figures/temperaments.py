"""Gains by temperament: one panel per strategy, one row per temperament."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from experiments.figures import BLUE, GREY, INK
from experiments.figures.page import Style, Words, page, reference, whiskers
from experiments.terminal.legend import PLAIN, Legend


def draw(data: pd.DataFrame, words: Words, style: Style, legend: Legend = PLAIN) -> Figure:
    """Draw one panel per ``strategy`` and one row per ``temperament``, with ``value``, ``low`` and ``high``."""
    strategies, tempers = list(data["strategy"].unique()), list(data["temperament"].unique())[::-1]
    with style.in_use():
        figure, panels = page(style, words, columns=len(strategies), left=0.19, titled=True)
        reach = data["high"].max() * 1.2
        for axes, strategy in zip(panels, strategies, strict=True):
            rows = data[data["strategy"] == strategy].set_index("temperament")
            colour = legend.on_white(strategy)
            reference(axes, style, 0.0)
            for place, temper in enumerate(tempers):
                row = rows.loc[temper]
                whiskers(axes, style, place, row, (colour or BLUE) if row["low"] > 0 or row["high"] < 0 else GREY)
                axes.text(row["high"], place, f"  {row['value']:+.1f}", va="center", fontsize=style.pt(18))
            axes.set_xlim(min(0.0, data["low"].min()) - 0.02 * reach, reach)
            axes.set_ylim(-0.6, len(tempers) - 0.4)
            axes.set_yticks(range(len(tempers)), tempers if axes is panels[0] else [""] * len(tempers))
            axes.set_title(legend.label(strategy), fontsize=style.pt(20), loc="left", color=colour or INK)
            axes.set_xlabel("ties gained per adopter")
    return figure
