"""An outcome of a sweep whose points were drawn: a dot for each point, over each of the factors that matter most."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.figures import INK
from experiments.figures.page import Style, Words, reference
from experiments.figures.panels import AxisNames, name_above, panels, shades
from experiments.terminal.legend import PLAIN, Legend

_SLICE = 8  # dots at least in a slice of a range, whose mean is drawn


def draw(
    data: pd.DataFrame,
    words: Words,
    style: Style,
    names: AxisNames,
    legend: Legend = PLAIN,
    *,
    zero: bool = False,
    log: frozenset[str] = frozenset(),
) -> Figure:
    """Draw a cloud for each ``panel``, and the mean of each slice of the range as a line.

    Args:
        data: one row per dot, with columns ``panel`` and ``line`` (text), ``x`` and ``value``.
        words: title, subtitle and footer.
        style: style of the figure.
        names: texts along the axes.
        legend: labels and colours of the ``line``.
        zero: whether zero means no effect, and gets a line.
        log: the panels whose range is on a logarithmic axis.
    """
    titles, lines = list(data["panel"].unique()), list(data["line"].unique())
    with style.in_use():
        if len(lines) > 1:
            words = words._replace(subtitle=f"{words.subtitle}\n ")
        figure, axes = panels(style, words, titles, names, left=0.115)
        colours = shades(lines, legend, graded=False)
        low, high = data["value"].min(), data["value"].max()
        low, high = (min(low, 0.0), max(high, 0.0)) if zero else (low, high)
        room = 0.06 * (high - low) or 0.5
        for one, title in zip(axes, titles, strict=True):
            one.tick_params(labelbottom=True)  # each has a range of its own, or shares one with the panel above
            _cloud(one, style, data[data["panel"] == title], colours, title in log)
            one.set_ylim(low - room, high + room)
            if title not in log:
                one.xaxis.set_major_locator(MaxNLocator(4))
            if zero:
                reference(one, style, 0.0, upright=False)
        if len(lines) > 1:
            name_above(figure, axes, style, {legend.label(name): colour for name, colour in colours.items()})
    return figure


def _cloud(axes: Axes, style: Style, data: pd.DataFrame, colours: dict[str, str], log: bool) -> None:
    if log:
        axes.set_xscale("log")
    size = style.pt(float(np.clip(13 * np.sqrt(40 / max(len(data), 1)), 3, 11)))
    for name, colour in colours.items():
        rows = data[data["line"] == name].dropna(subset=["value"]).sort_values("x")
        axes.plot(rows["x"], rows["value"], "o", color=colour, markersize=size, alpha=0.45, markeredgewidth=0)
        slices = np.array_split(rows[["x", "value"]].to_numpy(float), max(1, min(8, len(rows) // _SLICE)))
        if len(slices) > 1:
            line = np.array([one.mean(axis=0) for one in slices])
            axes.plot(line[:, 0], line[:, 1], "-", color=INK if len(colours) == 1 else colour, linewidth=style.pt(3))
