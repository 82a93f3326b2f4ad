"""Gains of strategies over draws of all assumed numbers: one panel per outcome, one row per strategy."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.figures import BLUE, INK
from experiments.figures.page import Style, Words, page, reference
from experiments.terminal.legend import PLAIN, Legend

TITLES = {"kept_up": "kept up while it runs", "kept": "kept 240 days later", "kept_new": "new ties, kept"}


def draw_over_draws(data: pd.DataFrame, words: Words, style: Style, legend: Legend = PLAIN) -> Figure:
    """Draw a mean with the range of 90% of the draws for each ``measure`` and ``strategy``, in the order of the rows.

    Args:
        data: columns ``measure``, ``strategy``, ``value``, ``least`` and ``most``.
        words: texts.
        style: size of the type.
        legend: labels of the strategies.
    """
    order = list(dict.fromkeys(data["strategy"]))[::-1]
    with style.in_use():
        figure, panels = page(style, words, columns=len(TITLES), left=0.2, titled=True)
        for axes, (measure, title) in zip(panels, TITLES.items(), strict=True):
            _panel(axes, data[data["measure"] == measure].set_index("strategy"), order, style)
            axes.set_title(title, loc="left", fontsize=style.pt(19), fontweight=style.weight, pad=style.pt(10))
            axes.set_yticks(range(len(order)), [legend.label(name) for name in order] if axes is panels[0] else [])
        panels[1].set_xlabel("ties per adopter, beyond waiting")
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, order: list[str], style: Style) -> None:
    reference(axes, style, 0.0)
    for place, name in enumerate(order):
        row = rows.loc[name]
        axes.plot([row["least"], row["most"]], [place, place], "-", color=INK, linewidth=style.pt(2.5), zorder=2)
        axes.plot(row["value"], place, "o", color=BLUE, zorder=3)
        axes.text(row["most"], place, f"  {round(row['value'], 1) + 0.0:+.1f}", va="center", fontsize=style.pt(16))
    low, high = min(0.0, rows["least"].min()), max(0.0, rows["most"].max())
    if not low < high:  # no draw, or no effect in any
        low, high = -1.0, 1.0
    axes.set_xlim(low - 0.05 * (high - low), high + 0.22 * (high - low))
    axes.set_ylim(-0.6, len(order) - 0.4)
