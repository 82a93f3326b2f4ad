"""A triangle whose corners are strategies and whose points are blends of them."""

from __future__ import annotations

import math

import matplotlib
import pandas as pd
from matplotlib.figure import Figure

from experiments.figures import INK
from experiments.figures.page import Style, Words, page
from experiments.terminal.legend import PLAIN, Legend, readable

_CORNERS = ((0.0, 0.0), (1.0, 0.0), (0.5, math.sqrt(3) / 2))


def draw(data: pd.DataFrame, words: Words, style: Style, legend: Legend = PLAIN) -> Figure:
    """Draw one point per blend: shares of three strategies in the first columns, ``value``, ``low`` and ``high``."""
    strategies = list(data.columns[:3])
    with style.in_use():
        figure, (axes,) = page(style, words, left=0.05, right=0.95)
        places = data[strategies].to_numpy() @ [list(corner) for corner in _CORNERS]
        low, high = data["value"].min(), data["value"].max()
        colours = matplotlib.colormaps["cividis"]
        best = int(data["value"].to_numpy().argmax())
        axes.plot(*zip(*_CORNERS, _CORNERS[0], strict=True), color="#CCCCCC", linewidth=style.pt(2), zorder=1)
        for k, ((x, y), (_, row)) in enumerate(zip(places, data.iterrows(), strict=True)):
            shade = (row["value"] - low) / (high - low or 1.0)
            edge = style.pt(5 if k == best else 0)
            axes.scatter(
                x, y, s=style.pt(54) ** 2, color=colours(shade), edgecolor=INK, linewidth=edge, zorder=2, clip_on=False
            )
            ink = "black" if shade > 0.55 else "white"
            axes.text(x, y + 0.012, f"{row['value']:.1f}", ha="center", va="center", fontsize=style.pt(17), color=ink)
            half = (row["high"] - row["low"]) / 2
            axes.text(x, y - 0.045, f"± {half:.1f}", ha="center", va="center", fontsize=style.pt(11), color=ink)
        sides = ("right", "left", "left")
        shifts = ((-0.13, 0.0), (0.13, 0.0), (0.13, 0.0))
        for name, (x, y), side, (dx, dy) in zip(strategies, _CORNERS, sides, shifts, strict=True):
            colour, size = readable(legend.colour(name) or INK, "#ffffff"), style.pt(21)
            axes.text(x + dx, y + dy, legend.label(name), ha=side, va="center", fontsize=size, color=colour)
        axes.set_xlim(-0.75, 1.75)
        axes.set_ylim(-0.1, 0.97)
        axes.set_aspect("equal")
        axes.axis("off")
    return figure
