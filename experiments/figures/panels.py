"""Small multiples of a sweep's figure: one panel for each level, with shared axes, and names of lines above them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

from experiments.figures.page import Style, Words, colours_of_lines, page
from experiments.terminal.legend import Legend

COLOUR_MAP = "viridis"  # perceptually uniform
_LIGHTEST = 0.85  # of the colour map; what is lighter cannot be seen on white
_GEOMETRIC = 5.0  # the largest of a factor's levels as a multiple of the smallest, from which steps may be ratios
_IN_A_ROW = {1: 1, 2: 2, 3: 3, 4: 2, 5: 3, 6: 3, 7: 4, 8: 4}


class AxisNames(NamedTuple):
    """The texts along the axes of a figure of a sweep.

    Attributes:
        x: name and unit on the x-axis.
        y: likewise on the y-axis.
        colour: what the lines or the colours are; empty without any.
    """

    x: str
    y: str
    colour: str = ""


def panels(
    style: Style, words: Words, titles: Sequence[str], names: AxisNames, *, left: float = 0.09, right: float = 0.97
) -> tuple[Figure, list[Axes]]:
    """A page with one panel per title, at most 8, whose outer axes are named. Call it within ``style.in_use()``."""
    columns = _IN_A_ROW[len(titles)]
    rows = -(-len(titles) // columns)
    figure, axes = page(
        style, words, rows=rows, columns=columns, left=left, right=right, titled=len(titles) > 1 or bool(titles[0])
    )
    for unused in axes[len(titles) :]:
        unused.remove()
    axes = axes[: len(titles)]
    for at, (one, title) in enumerate(zip(axes, titles, strict=True)):
        one.set_title(title, loc="left", fontsize=style.pt(min(20, 20 * 66 / columns / max(len(title), 1))))
        if at % columns:
            one.tick_params(labelleft=False)
        if at + columns < len(titles):
            one.tick_params(labelbottom=False)
    low, high = axes[-1].get_position().y0, axes[0].get_position().y1
    across = style.pt(min(20, 20 * 95 / len(names.x)))
    figure.text((left + right) / 2, 0.115, names.x, ha="center", va="bottom", fontsize=across)
    figure.text(
        0.008, (low + high) / 2, names.y, fontsize=style.pt(_height_of(names.y)), ha="left", va="center",
        rotation=90, multialignment="center",
    )  # fmt: skip
    return figure, axes


def _height_of(text: str) -> float:
    """The size of type, in points of a talk, in which a text along the y-axis is not longer than the axis."""
    return min(20, 20 * 36 / max(map(len, text.split("\n"))))


def name_above(figure: Figure, axes: Sequence[Axes], style: Style, colours: Mapping[str, str], title: str = "") -> None:
    """Name the lines of several panels above them, after a title; the subtitle leaves a line free for it."""
    handles = [Line2D([], [], color=colour, marker="o", label=name) for name, colour in colours.items()]
    if title:
        handles.insert(0, Line2D([], [], linestyle="none", label=title))
    letters = sum(len(name) + 6 for name in (*colours, title))
    figure.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0.018, axes[0].get_position().y1 + 0.055), frameon=False,
        ncols=len(handles), fontsize=style.pt(min(18, 18 * 100 / letters)), borderaxespad=0, handletextpad=0.4,
        columnspacing=1.2,
    )  # fmt: skip


def shades(names: Sequence[str], legend: Legend, graded: bool) -> dict[str, str]:
    """The colours of lines: from dark to light if they are numbers in order, otherwise as different as can be."""
    if not graded:
        return colours_of_lines(names, legend)
    steps = np.linspace(0, _LIGHTEST, len(names))
    return {name: to_hex(colormaps[COLOUR_MAP](step)) for name, step in zip(names, steps, strict=True)}


def is_geometric(levels: Sequence[float] | np.ndarray) -> bool:
    """Whether levels grow by factors rather than by steps, such as 15, 60, 240; a logarithmic axis suits them."""
    ordered = np.unique(np.asarray(levels, float))
    if len(ordered) < 3 or ordered[0] <= 0 or ordered[-1] < _GEOMETRIC * ordered[0]:
        return False
    steps, ratios = np.diff(ordered), np.diff(np.log(ordered))
    return bool(ratios.std() / ratios.mean() < steps.std() / steps.mean())


def number_axis(axes: Axes, side: str, levels: Sequence[float], most: int = 9) -> None:
    """Give the x- or y-axis ticks at the levels, if these are few, and a logarithmic scale if they grow by factors."""
    ordered = np.unique(np.asarray(levels, float))
    axis = axes.xaxis if side == "x" else axes.yaxis
    if is_geometric(ordered):
        axes.set(**{f"{side}scale": "log"})
    if len(ordered) <= most:
        axis.set_ticks(ordered, [f"{level:,.6g}" for level in ordered])
        axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())
    if len(ordered) > most:
        axis.set_major_formatter(FuncFormatter(lambda level, _: f"{level:,.6g}"))
