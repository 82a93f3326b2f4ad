"""An outcome of a sweep over two numbers: a map with a colour for each pair of levels, and contours."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.figures import INK
from experiments.figures.page import Style, Words
from experiments.figures.panels import COLOUR_MAP, AxisNames, is_geometric, number_axis, panels

_CONTOURS = 6  # at most


def draw(data: pd.DataFrame, words: Words, style: Style, names: AxisNames, *, zero: bool = False) -> Figure:
    """Draw a map for each ``panel``, all with the same colours.

    Args:
        data: one row per pair of levels, with columns ``panel`` (text), ``x`` and ``y`` (numbers), ``value``, ``low``
            and ``high``.
        words: title, subtitle and footer.
        style: style of the figure.
        names: texts along the axes; the colour is the outcome.
        zero: whether zero means no effect; cells whose interval includes it get a dot.
    """
    titles = list(data["panel"].unique())
    known = data["value"].dropna()
    low, high = (known.min(), known.max()) if len(known) else (0.0, 1.0)
    scale = Normalize(low, high if high > low else low + 1)
    with style.in_use():
        figure, axes = panels(style, words, titles, names, left=0.1, right=0.84)
        for one, title in zip(axes, titles, strict=True):
            _map(one, style, data[data["panel"] == title], scale, zero)
        ends = axes[-1].get_position().y0, axes[0].get_position().y1
        bar = figure.add_axes((0.862, ends[0], 0.018, ends[1] - ends[0]))
        figure.colorbar(ScalarMappable(scale, COLOUR_MAP), cax=bar)
        bar.yaxis.set_major_locator(MaxNLocator(6))
        bar.set_ylabel(names.colour, fontsize=style.pt(18))
        bar.tick_params(labelsize=style.pt(18))
    return figure


def _map(axes: Axes, style: Style, data: pd.DataFrame, scale: Normalize, zero: bool) -> None:
    table = data.pivot(index="y", columns="x", values="value")
    x, y, values = table.columns.to_numpy(float), table.index.to_numpy(float), table.to_numpy(float)
    axes.pcolormesh(_edges(x), _edges(y), values, cmap=COLOUR_MAP, norm=scale, rasterized=True)
    for side, levels in (("x", x), ("y", y)):
        number_axis(axes, side, levels)
    axes.set(xlim=_edges(x)[[0, -1]], ylim=_edges(y)[[0, -1]])
    axes.grid(visible=False)
    if zero:
        unsure = data[(data["low"] <= 0) & (data["high"] >= 0)]
        axes.plot(unsure["x"], unsure["y"], "o", color="white", markeredgecolor=INK, markersize=style.pt(9))
    if min(values.shape) < 2 or np.isnan(values).any() or np.ptp(values) == 0:
        return
    heights = MaxNLocator(_CONTOURS).tick_values(values.min(), values.max())
    drawn = axes.contour(x, y, values, heights, colors="white", linewidths=style.pt(2))
    drawn.set_path_effects([patheffects.withStroke(linewidth=style.pt(4), foreground=INK, alpha=0.5)])
    for label in axes.clabel(drawn, fontsize=style.pt(17), fmt="%.4g"):
        label.set_path_effects([patheffects.withStroke(linewidth=style.pt(4), foreground=INK)])


def _edges(levels: np.ndarray) -> np.ndarray:
    """The edges of cells around levels: halfway between them, in logarithms if they grow by factors."""
    if len(levels) == 1:
        return np.array([levels[0] - 0.5, levels[0] + 0.5])
    if is_geometric(levels):
        return np.asarray(np.exp(_edges_between(np.log(levels))))
    return _edges_between(levels)


def _edges_between(places: np.ndarray) -> np.ndarray:
    middle = (places[1:] + places[:-1]) / 2
    return np.array([2 * places[0] - middle[0], *middle, 2 * places[-1] - middle[-1]])
