"""An outcome of a sweep over the levels of one factor or over days, with 95% intervals: a line for each arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.figures import INK
from experiments.figures.page import Style, Words, name_lines, reference
from experiments.figures.panels import AxisNames, name_above, number_axis, panels, shades
from experiments.terminal.legend import PLAIN, Legend

_MOST_WHISKERS = 12  # levels; intervals at more are a band
_LONGEST_AT_END = 26  # letters; longer names of lines are above the panels
_LEAST_RIGHT = 0.6  # of the page's width, where the panel ends at the least
_DODGE = 0.12  # between the dots of different lines at the same level, if levels are words


def draw(
    data: pd.DataFrame,
    words: Words,
    style: Style,
    names: AxisNames,
    legend: Legend = PLAIN,
    *,
    zero: bool = False,
    graded: bool = False,
    stop: float | None = None,
) -> Figure:
    """Draw one line for each ``line`` in each ``panel``.

    Args:
        data: one row per dot, with columns ``panel`` and ``line`` (text), ``x`` (number or text), ``value``, ``low``
            and ``high``.
        words: title, subtitle and footer.
        style: style of the figure.
        names: texts along the axes.
        legend: labels and colours of the lines.
        zero: whether zero means no effect, and gets a line.
        graded: whether the lines are numbers in order, and are coloured from dark to light.
        stop: the day on which the strategy stops, marked in a figure over days.
    """
    titles, lines = list(data["panel"].unique()), list(data["line"].unique())
    with style.in_use():
        longest = max(len(legend.label(name)) for name in lines)
        several, at_ends = len(lines) > 1, len(titles) == 1 and longest <= _LONGEST_AT_END
        beside = max(longest, len(names.colour))
        right = max(0.955 - 0.0098 * beside, _LEAST_RIGHT) if several and at_ends else 0.965
        if several and not at_ends:
            words = words._replace(subtitle=f"{words.subtitle}\n ")
        figure, axes = panels(style, words, titles, names, left=0.115, right=right)
        colours = shades(lines, legend, graded)
        _set_limits(axes, data, zero)
        for one, title in zip(axes, titles, strict=True):
            _panel(one, style, data[data["panel"] == title], colours, zero)
            if stop is not None:
                _mark(one, style, stop, len(titles) == 1)
        if several and at_ends:
            _name_ends(axes[0], style, data, colours, legend, names.colour)
        elif several:
            named = {legend.label(name): colour for name, colour in colours.items()}
            name_above(figure, axes, style, named, f"{names.colour}:" if names.colour else "")
    return figure


def _set_limits(axes: Sequence[Axes], data: pd.DataFrame, zero: bool) -> None:
    """The same limits in all panels, with all intervals in them, and zero if it matters."""
    ends = data[["value", "low", "high"]].to_numpy(float)
    known = ends[~np.isnan(ends)]
    low, high = (known.min(), known.max()) if len(known) else (0.0, 1.0)
    if zero or 0 < low < 0.3 * high:  # close to zero, the distance from it can be seen as well
        low, high = min(low, 0.0), max(high, 0.0)
    margin = 0.06 * (high - low) or 0.5
    for one in axes:
        one.set_ylim(low - margin * (low != 0), high + margin * (high != 0))
        one.yaxis.set_major_locator(MaxNLocator(6))


def _panel(axes: Axes, style: Style, data: pd.DataFrame, colours: Mapping[str, str], zero: bool) -> None:
    levels = list(data["x"].unique())
    are_numbers = data["x"].dtype.kind in "if"
    few = len(levels) <= _MOST_WHISKERS
    if zero:
        reference(axes, style, 0.0, upright=False)
    for at, (name, colour) in enumerate(list(colours.items())[::-1]):  # the first on top
        rows = data[data["line"] == name]
        aside = _DODGE * (at - (len(colours) - 1) / 2)
        x = rows["x"].to_numpy(float) if are_numbers else rows["x"].map(levels.index).to_numpy(float) - aside
        if are_numbers:
            axes.plot(x, rows["value"], "-", color=colour, zorder=2.5)
            axes.fill_between(x, rows["low"], rows["high"], color=colour, alpha=0.13 if few else 0.2, linewidth=0)
        if few:
            axes.vlines(x, rows["low"], rows["high"], color=colour, linewidth=style.pt(2.5), zorder=2.6)
            axes.plot(x, rows["value"], "o", color=colour, zorder=3)
    if are_numbers:
        number_axis(axes, "x", levels)
        axes.margins(x=0.02 if not few else 0.04)
    else:
        axes.set_xticks(range(len(levels)), levels)
        axes.set_xlim(-0.5, len(levels) - 0.5)
        axes.grid(visible=False, axis="x")


def _mark(axes: Axes, style: Style, stop: float, named: bool) -> None:
    """A line on the day on which the strategy stops."""
    axes.axvline(stop, color=INK, linewidth=style.pt(1.5), linestyle=(0, (4, 3)), zorder=1)
    if named:
        place = (stop, 0.985)
        axes.text(
            *place, " strategy stops", transform=axes.get_xaxis_transform(), va="top", fontsize=style.pt(17), color=INK
        )


def _name_ends(
    axes: Axes, style: Style, data: pd.DataFrame, colours: Mapping[str, str], legend: Legend, title: str
) -> None:
    """Names at the ends of the lines."""
    last = data.dropna(subset=["value"]).groupby("line", sort=False).tail(1).set_index("line")["value"]
    name_lines(axes, style, axes.get_xlim()[1], last.to_dict(), dict(colours), legend)
    if title:
        axes.text(
            1.0, -0.03, f" {title}", transform=axes.transAxes, ha="left", va="top", fontsize=style.pt(16), color=INK
        )
