"""One like: ratios under each assumption, curves of ties that talk again, and ratios for each gesture."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator, PercentFormatter

from experiments.figures import BLUE, COLOURS, GREY
from experiments.figures.page import Style, Words, name_lines, page, reference, whiskers

_IN_THE_LOGS = (1.0, 1.2)


def draw_ratios(data: pd.DataFrame, words: Words, style: Style) -> Figure:
    """Draw one row per assumption (``level``), with ``value``, ``low``, ``high`` and ``sure``."""
    with style.in_use():
        figure, (axes,) = page(style, words, left=0.33)
        axes.axvspan(*_IN_THE_LOGS, color="#EEEEEE", zorder=0)
        reference(axes, style, 1.0)
        for place, (_, row) in enumerate(data.iloc[::-1].iterrows()):
            whiskers(axes, style, place, row, BLUE if row["sure"] else GREY)
            axes.text(row["high"], place, f"  {row['value']:.2f}", va="center", fontsize=style.pt(18))
        axes.set_yticks(range(len(data)), data["level"].iloc[::-1], fontsize=style.pt(18))
        axes.set_xlim(min(0.9, data["low"].min() - 0.05), data["high"].max() + 0.12)
        axes.set_ylim(-0.6, len(data) - 0.4)
        axes.set_xlabel("ties that talk again, ratio to no gesture")
    return figure


def draw_curves(data: pd.DataFrame, words: Words, style: Style) -> Figure:
    """Draw one line per ``gesture`` over ``day``, with its band."""
    with style.in_use():
        figure, (axes,) = page(style, words, right=0.86)
        kinds = list(data["gesture"].unique())
        colours = dict(zip(kinds, (GREY, *COLOURS), strict=False))
        ends = {}
        for kind in kinds:
            rows = data[data["gesture"] == kind]
            axes.plot(rows["day"], rows["value"], color=colours[kind])
            axes.fill_between(rows["day"], rows["low"], rows["high"], color=colours[kind], alpha=0.15, linewidth=0)
            ends[kind] = rows["value"].iloc[-1]
        axes.set_xlim(0, data["day"].max())
        axes.set_ylim(0, data["high"].max() * 1.05)
        axes.yaxis.set_major_locator(MultipleLocator(0.02 if data["high"].max() < 0.1 else 0.05))
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.set_xlabel("days since the gesture")
        name_lines(axes, style, data["day"].max(), ends, colours)
    return figure


def draw_gestures(data: pd.DataFrame, words: Words, style: Style) -> Figure:
    """Draw one panel per ``outcome`` with one row per ``gesture``, on a logarithmic axis of ratios."""
    with style.in_use():
        outcomes = list(data["outcome"].unique())
        figure, panels = page(style, words, columns=len(outcomes), left=0.13, titled=True)
        kinds = list(data["gesture"].unique())[::-1]
        for axes, outcome in zip(panels, outcomes, strict=True):
            rows = data[data["outcome"] == outcome].set_index("gesture")
            reference(axes, style, 1.0)
            for place, kind in enumerate(kinds):
                row = rows.loc[kind]
                whiskers(axes, style, place, row, BLUE if row["low"] > 1 or row["high"] < 1 else GREY)
                axes.text(row["high"], place, f"  {row['value']:.2f}", va="center", fontsize=style.pt(16))
            axes.set_xscale("log")
            ticks = [one for one in (0.5, 1, 2, 5, 10, 20, 50) if one <= data["high"].max() * 1.3]
            axes.set_xticks(ticks, [f"{one:g}×" for one in ticks])
            axes.minorticks_off()
            axes.set_xlim(data["low"].min() * 0.85, data["high"].max() * 2.2)
            axes.set_ylim(-0.6, len(kinds) - 0.4)
            axes.set_title(outcome, fontsize=style.pt(17), loc="left")
            axes.set_yticks(range(len(kinds)), kinds if axes is panels[0] else [""] * len(kinds))
    return figure
