"""Blends of strategies: in a triangle whose corners are three of them or, for any other number, one row per blend."""

from __future__ import annotations

import math

import matplotlib
import pandas as pd
from matplotlib.figure import Figure

from experiments.figures import BLUE, GREY, INK
from experiments.figures.page import Style, Words, page, reference, whiskers
from experiments.terminal.legend import PLAIN, Legend

MOST_ROWS = 15  # blends that are readable
CORNERS = 3  # strategies whose blends are in a triangle
_CORNERS = ((0.0, 0.0), (1.0, 0.0), (0.5, math.sqrt(3) / 2))


def draw(data: pd.DataFrame, words: Words, style: Style, legend: Legend = PLAIN) -> Figure:
    """Draw one point per blend: shares of each strategy before ``chance``, and ``value``, ``low`` and ``high``."""
    strategies = list(data.columns[: list(data.columns).index("chance")])
    if len(strategies) != CORNERS:
        return _in_rows(data, strategies, words, style, legend)
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
            colour, size = legend.on_white(name) or INK, style.pt(21)
            axes.text(x + dx, y + dy, legend.label(name), ha=side, va="center", fontsize=size, color=colour)
        axes.set_xlim(-0.75, 1.75)
        axes.set_ylim(-0.1, 0.97)
        axes.set_aspect("equal")
        axes.axis("off")
    return figure


def _in_rows(data: pd.DataFrame, strategies: list[str], words: Words, style: Style, legend: Legend) -> Figure:
    """Draw one row per blend, the best on top; of many blends, only the best."""
    rows = data.sort_values("value", kind="stable").iloc[-MOST_ROWS:]
    with style.in_use():
        figure, (axes,) = page(style, words, left=0.38)
        reference(axes, style, 0.0)
        for place, (_, row) in enumerate(rows.iterrows()):
            whiskers(axes, style, place, row, BLUE if row["low"] > 0 or row["high"] < 0 else GREY)
            axes.text(row["high"], place, f"  {row['value']:+.1f}", va="center", fontsize=style.pt(16))
        names = [_name(row[strategies], legend) for _, row in rows.iterrows()]
        letters = max(map(len, names))
        axes.set_yticks(range(len(rows)), names, fontsize=style.pt(min(18, 18 * 34 / letters)))
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.set_xlabel("ties kept up per adopter, beyond waiting")
    return figure


def _name(shares: pd.Series, legend: Legend) -> str:
    there = shares[shares > 0].sort_values(ascending=False, kind="stable")
    if len(there) == 1:
        return legend.label(str(there.index[0]))
    return ", ".join(f"{share:.0%} {legend.label(name)}" for name, share in there.items())
