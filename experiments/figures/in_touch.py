"""The number of people in touch within a month against the number known, in simulated and real logs."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.figures import BLUE, GREEN, ORANGE, PURPLE
from experiments.figures.page import Style, Words, name_lines, page

_COLOURS = (BLUE, GREEN, ORANGE, PURPLE)
_PUBLISHED = (0.02, 0.05)  # share of a list


def draw(data: pd.DataFrame, words: Words, style: Style) -> Figure:
    """Draw one line per ``log``: ``value`` over ``length``, with a band where there are ``low`` and ``high``."""
    with style.in_use():
        figure, (axes,) = page(style, words, right=0.80)
        names = list(data["log"].unique())
        colours = dict(zip(names, _COLOURS, strict=False))
        ends = {}
        lengths = np.array([20.0, data["length"].max()])
        axes.fill_between(
            lengths, _PUBLISHED[0] * lengths, _PUBLISHED[1] * lengths, color="#E4E4E4", linewidth=0, zorder=0
        )
        for name in names:
            rows = data[data["log"] == name].sort_values("length")
            axes.plot(rows["length"], rows["value"], "o-", color=colours[name])
            if rows["low"].notna().all():
                axes.fill_between(
                    rows["length"], rows["low"], rows["high"], color=colours[name], alpha=0.2, linewidth=0
                )
            ends[name] = rows["value"].iloc[-1]
        axes.set_xscale("log")
        ticks = [1, 2, 5, 10, 20, 50, 100, 200]
        axes.set_xticks(ticks, [str(one) for one in ticks])
        axes.minorticks_off()
        axes.set_ylim(0, np.nanmax([data["value"].max(), data["high"].max()]) * 1.1)
        axes.set_xlabel("people known")
        axes.set_ylabel("in touch within a month")
        name_lines(axes, style, data["length"].max() * 1.05, ends, colours)
    return figure
