"""The gestures between two people in two worlds, with and without one like, and how far the difference spreads."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.figures import BLUE, GREY, INK, VERMILLION
from experiments.figures.page import Style, Words, page

# Shares of the days: from an arrow to the next of its day, from the last to the names of the day, and for each name.
_TOGETHER, _BESIDE, _NAME = 0.009, 0.008, 0.02


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
    of_days = [day for _, day in rows.groupby("day")]
    room = [days * (_BESIDE + _TOGETHER * len(day) + _NAME * day["kind"].nunique()) for day in of_days]
    wanted = [float(day["day"].iloc[0]) for day in of_days]
    for place, day in zip(placed(wanted, room, days * (1 + _NAME)), of_days, strict=True):
        _together(axes, style, day, place, days)
    axes.set_xlim(0, days)
    axes.set_ylim(-0.2, 1.2)
    axes.set_yticks([0.0, 1.0], ["B", "A"], color=INK)
    axes.tick_params(axis="y", length=0)
    axes.set_xticks([])
    axes.spines[:].set_visible(False)
    axes.grid(visible=False)


def placed(wanted: list[float], room: list[float], most: float) -> list[float]:
    """Where each of several things begins that take some room: where it is wanted, or later, but all end by ``most``.

    Args:
        wanted: in ascending order.
        room: room of each.
        most: the end of the last; they may begin below 0 if there is too little room.
    """
    found = list(wanted)
    for k in range(1, len(found)):
        found[k] = max(found[k], found[k - 1] + room[k - 1])
    for k in reversed(range(len(found))):
        most = found[k] = min(found[k], most - room[k])
    return found


def _together(axes: Axes, style: Style, rows: pd.DataFrame, place: float, days: int) -> None:
    """The arrows of one day side by side, named once, in order of time."""
    colours, heights = [], {"A": 1.0, "B": 0.0}
    for number, (_, row) in enumerate(rows.sort_values("second", kind="stable").iterrows()):
        colours.append(GREY if not row["noticed"] else BLUE if row["worded"] else VERMILLION)
        arrow = {"arrowstyle": "-|>", "color": colours[-1], "linewidth": style.pt(3.5), "mutation_scale": style.pt(26)}
        at = place + number * _TOGETHER * days
        ends = heights[row["receiver"]], heights[row["sender"]]
        axes.annotate("", (at, ends[0]), (at, ends[1]), arrowprops=arrow, zorder=3)
    colour = colours[0] if len(set(colours)) == 1 else INK
    place += (len(rows) - 1) * _TOGETHER * days + _BESIDE * days
    name = axes.text(place, 0.5, named(rows), fontsize=style.pt(14), color=colour, rotation=90)
    name.set(va="center", ma="center", linespacing=1.1)


def named(rows: pd.DataFrame) -> str:
    """The kinds of gestures of a day in order of time, with their number if there are several of a kind."""
    counts = rows.sort_values("second", kind="stable")["kind"].value_counts(sort=False)
    return "\n".join(
        kind.replace("_", " ") + (f" \u00d7 {count}" if count > 1 else "") for kind, count in counts.items()
    )
