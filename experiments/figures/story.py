"""The gestures between two people in two worlds, with and without one like, and how far the difference spreads."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.figures import BLUE, GREY, INK, VERMILLION
from experiments.figures.page import Style, Words, page, spread

_APART, _BESIDE = 0.04, 0.008  # shares of the days: the least distance of arrows, and from an arrow to its name


def draw(between: pd.DataFrame, elsewhere: pd.Series, words: Words, style: Style) -> Figure:
    """Draw two people as lanes in each of two worlds, with gestures as arrows, and below the differences among others.

    Args:
        between: `experiments.essay.story.Story.between`.
        elsewhere: number of gestures by day that are in only one of the worlds.
        words: title, subtitle and footer.
        style: style of the figure.
    """
    with style.in_use():
        figure, (first,) = page(style, words, left=0.19)
        place = first.get_position()
        first.remove()
        heights, gap = (0.41, 0.41, 0.18), 0.04
        top, panels = place.y1, []
        for share in heights:
            tall = (place.height - 2 * gap) * share
            panels.append(figure.add_axes((place.x0, top - tall, place.width, tall)))
            top -= tall + gap
        days = len(elsewhere)
        for axes, world, name in zip(panels, ("with", "without"), ("with the like", "without it"), strict=False):
            _lanes(axes, style, between[between["world"] == world], days)
            axes.set_ylabel(name, rotation=0, ha="right", va="center", labelpad=style.pt(28), fontsize=style.pt(20))
        below = panels[2]
        below.fill_between(elsewhere.index, np.cumsum(elsewhere), step="post", color="#BBBBBB")
        if not elsewhere.any():
            below.text(0.5, 0.5, "none", transform=below.transAxes, ha="center", va="center", fontsize=style.pt(17))
        below.set_xlim(0, days)
        below.set_ylim(0, max(1, int(elsewhere.sum())))
        below.yaxis.set_major_locator(MaxNLocator(3, integer=True))
        below.set_xlabel("days since the like")
        below.set_ylabel("others'\ngestures\nthat differ", rotation=0, ha="right", va="center", fontsize=style.pt(17))
        below.spines[["top", "right"]].set_visible(False)
    return figure


def _lanes(axes: Axes, style: Style, rows: pd.DataFrame, days: int) -> None:
    heights = {"A": 1.0, "B": 0.0}
    for height in heights.values():
        axes.axhline(height, color="#CCCCCC", linewidth=style.pt(6), zorder=1)
    times = [row["day"] + row["second"] / 86_400 for _, row in rows.iterrows()]
    for day, (_, row) in zip(
        spread(times, _APART * days), rows.iterrows(), strict=True
    ):  # in order, even where not to scale
        start, end = heights[row["sender"]], heights[row["receiver"]]
        colour = GREY if not row["noticed"] else BLUE if row["worded"] else VERMILLION
        arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": style.pt(3.5), "mutation_scale": style.pt(26)}
        axes.annotate("", (day, end), (day, start), arrowprops=arrow, zorder=3)
        name = axes.text(
            day + _BESIDE * days, 0.5, row["kind"].replace("_", " "), fontsize=style.pt(15), color=colour, rotation=90
        )
        name.set(va="center")
    axes.set_xlim(0, days)
    axes.set_ylim(-0.2, 1.2)
    axes.set_yticks([0.0, 1.0], ["B", "A"], color=INK)
    axes.tick_params(axis="y", length=0)
    axes.set_xticks([])
    axes.spines[:].set_visible(False)
    axes.grid(visible=False)
