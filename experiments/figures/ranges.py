"""Effects over plausible worlds: one row per arm, one panel per outcome."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.figures import BLUE, GREY, INK
from experiments.figures.page import Style, Words, page
from experiments.terminal.legend import PLAIN, Legend

_LETTERS = 64  # that titles of panels side by side have room for, together
_MOSTLY = 0.9  # share of plausible worlds from which on a dot is blue


def draw_ranges(
    data: pd.DataFrame, words: Words, style: Style, unit: str = "", digits: int = 1, legend: Legend = PLAIN
) -> Figure:
    """Draw a mean with its interval and the range of 90% of the draws for each ``row`` of each ``panel``.

    The dashed line is the smallest effect of interest, and the number behind a row the share of draws in which the
    effect is at least as large. A dot is blue if this share is at least 90%, or if there is none.

    Args:
        data: columns ``panel``, ``row``, ``value``, ``low``, ``high``, ``least``, ``most``, ``smallest`` and ``share``;
            the last two are missing where nothing is judged.
        words: texts.
        style: size of the type.
        unit: label of the horizontal axis.
        digits: decimals of the values.
        legend: labels of rows that are strategies.
    """
    order, titles = list(dict.fromkeys(data["row"]))[::-1], list(dict.fromkeys(data["panel"]))
    labels = [legend.label(name) for name in order]
    left = min(0.34, 0.06 + 0.0115 * max(map(len, labels)))
    with style.in_use():
        figure, panels = page(style, words, columns=len(titles), left=left, titled=True)
        for axes, title in zip(panels, titles, strict=True):
            room = min(0.52, 0.17 * len(titles))  # share of a panel that values with shares take
            _panel(axes, data[data["panel"] == title].set_index("row"), order, style, digits, room)
            size = style.pt(19 * min(1.0, _LETTERS / len(titles) / len(title)))
            axes.set_title(title, loc="left", fontsize=size, fontweight=style.weight, pad=style.pt(10))
            axes.set_yticks(range(len(order)), labels if axes is panels[0] else [""] * len(order))
            axes.tick_params(axis="y", length=0)
        figure.text((left + 0.97) / 2, 0.115, unit, ha="center", fontsize=style.pt(19))
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, order: list[str], style: Style, digits: int, room: float) -> None:
    if rows["smallest"].notna().any():
        axes.axvline(0, color=INK, linewidth=style.pt(1.5), zorder=1)
        axes.axvline(rows["smallest"].max(), color=INK, linewidth=style.pt(1.5), linestyle=(0, (4, 3)), zorder=1)
    for place, name in enumerate(order):
        if name not in rows.index or np.isnan(rows.loc[name, "value"]):
            continue
        row = rows.loc[name]
        colour = BLUE if np.isnan(row["share"]) or row["share"] >= _MOSTLY else GREY
        axes.plot([row["least"], row["most"]], [place, place], "-", color=INK, linewidth=style.pt(1.8), zorder=2)
        axes.plot(
            [row["low"], row["high"]], [place, place], "-", color=colour, linewidth=style.pt(8), alpha=0.6, zorder=2.5
        )
        axes.plot(row["value"], place, "o", color=colour, zorder=3)
        beyond = "" if np.isnan(row["share"]) else f" · {row['share']:.0%}"
        text = f"{_number(row['value'], digits, signed=not np.isnan(row['smallest']))}{beyond}"
        side = axes.get_yaxis_transform()  # a column at the right edge, where no line is
        axes.text(1.0, place, text, transform=side, ha="right", va="center", fontsize=style.pt(17))
    ends = rows[["least", "most", "low", "high", "smallest"]].to_numpy(float)
    low, high = min(0.0, np.nanmin(ends, initial=0)), max(0.0, np.nanmax(ends, initial=0))
    if not low < high:  # no draw, or no effect in any
        low, high = -1.0, 1.0
    taken = room if rows["share"].notna().any() else room / 2  # share of the panel that the values take
    axes.set_xlim(low - 0.03 * (high - low), high + (0.03 + taken / (1 - taken)) * (high - low))
    axes.set_ylim(-0.6, len(order) - 0.4)
    axes.locator_params(axis="x", nbins=5)


def _number(value: float, digits: int, *, signed: bool) -> str:
    rounded = round(value, digits) + 0.0
    return f"{rounded:+,.{digits}f}" if signed else f"{rounded:,.{digits}f}"
