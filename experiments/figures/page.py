"""The page layout that all figures of the essay share: a message as title, a subtitle, and a footer.

There are two styles: ``talk`` is 16:9 and readable from the back of a lecture room, ``paper`` is as wide as a page and
small. Figures are drawn in the points of a talk, and a style scales them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from experiments.figures import COLOURS, GREY, INK, STYLE
from experiments.terminal.legend import PLAIN, Legend

WIDTH, HEIGHT = 16.0, 9.0  # inches in a talk
_TOP = 0.965
_LETTERS = 62  # per line of a title
_NAMED = 5  # lines with a colour of the figure's own


@dataclass(frozen=True)
class Style:
    """The size and weight of a figure.

    Attributes:
        name: as users write it.
        scale: scale of lengths and type, relative to a talk.
        weight: font weight of the title.
        dots: dots per inch.
    """

    name: str
    scale: float
    weight: str
    dots: int

    def pt(self, points: float) -> float:
        """A length or font size in points, from its value for a talk."""
        return points * self.scale

    @property
    def settings(self) -> dict[Any, Any]:
        """Settings of matplotlib."""
        return STYLE | {
            "font.size": self.pt(20),
            "axes.linewidth": self.pt(1.2),
            "lines.linewidth": self.pt(4),
            "lines.markersize": self.pt(13),
            "xtick.major.size": self.pt(6),
            "ytick.major.size": self.pt(6),
            "xtick.major.width": self.pt(1.2),
            "ytick.major.width": self.pt(1.2),
            "xtick.major.pad": self.pt(6),
            "ytick.major.pad": self.pt(6),
            "axes.labelpad": self.pt(8),
            "grid.linewidth": self.pt(1.0),
            "savefig.dpi": self.dots,
        }

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Draw in this style."""
        with matplotlib.rc_context(self.settings):
            yield


STYLES = {"talk": Style("talk", 1.0, "bold", 120), "paper": Style("paper", 0.45, "normal", 300)}
FOR_DOCS = Style("docs", 0.5, "bold", 100)  # for the pages in docs/, with small files
FOR_NOTEBOOKS = Style("notebook", 0.55, "bold", 110)  # as wide as a notebook's cell


class Words(NamedTuple):
    """The texts around a plot.

    Attributes:
        title: the message, in one or two lines.
        subtitle: what is shown, with which interval.
        footer: what the result rests on.
    """

    title: str
    subtitle: str
    footer: str


def page(
    style: Style,
    words: Words,
    *,
    rows: int = 1,
    columns: int = 1,
    left: float = 0.09,
    right: float = 0.97,
    titled: bool = False,
) -> tuple[Figure, list[Axes]]:
    """An empty page with its texts, and axes side by side, in rows. Call it within ``style.in_use()``.

    ``titled`` leaves room for a title above each of the axes. The axes come row by row.
    """
    figure = Figure(figsize=(WIDTH * style.scale, HEIGHT * style.scale))
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    lines = words.subtitle.count("\n") + 1
    top = 0.80 - 0.045 * lines - 0.05 * titled
    figure.subplots_adjust(left=left, right=right, top=top, bottom=0.205, wspace=0.12, hspace=0.4)
    title = _fitting(words.title, 30, _LETTERS)
    figure.text(0.025, _TOP, words.title, va="top", fontsize=style.pt(title), fontweight=style.weight, linespacing=1.15)
    below = style.pt(_fitting(words.subtitle, 20, 98))
    figure.text(0.025, 0.815, words.subtitle, va="top", fontsize=below, linespacing=1.3)
    small = style.pt(_fitting(words.footer, 16, 122))
    figure.text(0.025, 0.025, words.footer, va="bottom", fontsize=small, color="#555555", linespacing=1.3)
    for one in axes:
        one.spines[["top", "right"]].set_visible(False)
        one.grid(color="#E8E8E8")
        one.set_axisbelow(True)
    return figure, list(axes)


def _fitting(text: str, size: float, letters: int) -> float:
    return size * min(1.0, letters / max(len(line) for line in text.split("\n")))


def whiskers(axes: Axes, style: Style, place: float, row: Any, colour: str, *, upright: bool = False) -> None:
    """A value as a dot with its interval, from a row with ``value``, ``low`` and ``high``."""
    ends, marks = [row["low"], row["high"]], ([place, place], row["value"], place)
    if upright:
        axes.plot(marks[0], ends, "-", color=INK, linewidth=style.pt(2.5), zorder=2)
        axes.plot(marks[2], marks[1], "o", color=colour, zorder=3)
    else:
        axes.plot(ends, marks[0], "-", color=INK, linewidth=style.pt(2.5), zorder=2)
        axes.plot(marks[1], marks[2], "o", color=colour, zorder=3)


def reference(axes: Axes, style: Style, at: float, *, upright: bool = True) -> None:
    """A line at the value that means no effect."""
    (axes.axvline if upright else axes.axhline)(at, color=INK, linewidth=style.pt(2), zorder=1)


def spread(places: list[float], least: float, lowest: float = -np.inf) -> list[float]:
    """Places of labels that are at least ``least`` apart and not below ``lowest``, in the same order and close to the
    originals.
    """
    order = sorted(range(len(places)), key=lambda k: places[k])
    found = [places[k] for k in order]
    for _ in range(200):
        for k in range(len(found) - 1):
            short = least - (found[k + 1] - found[k])
            if short > 1e-12:
                found[k] -= short / 2
                found[k + 1] += short / 2
    for k, place in enumerate(found):
        found[k] = max(place, lowest if k == 0 else found[k - 1] + least)
    back = dict(zip(order, found, strict=True))
    return [back[k] for k in range(len(places))]


def colours_of_lines(names: Sequence[str], legend: Legend) -> dict[str, str]:
    """The colours of lines: the legend's or, for the first ones without any, the figure's own; otherwise grey."""
    own = {name: colour for name in names if (colour := legend.on_white(name)) is not None}
    others = [name for name in names if name not in own]
    return {**dict(zip(others, (*COLOURS[:_NAMED], *[GREY] * len(others)), strict=False)), **own}


def name_lines(
    axes: Axes,
    style: Style,
    x: float,
    ends: dict[str, float],
    colours: dict[str, str],
    legend: Legend = PLAIN,
    *,
    left: bool = False,
) -> None:
    """Write names at the ends of lines, or left of their beginnings, without overlap; with a legend, its labels."""
    low, high = axes.get_ylim()
    apart = 0.062 * abs(high - low)
    for name, height in zip(ends, spread(list(ends.values()), apart, min(low, high) + apart / 2), strict=True):
        colour = colours.get(name, GREY)
        label = legend.label(name)
        axes.text(
            x, height, f"{label} " if left else f" {label}", ha="right" if left else "left", va="center",
            fontsize=style.pt(18), color=colour, clip_on=False,
        )  # fmt: skip


def provenance_in(path: Path) -> dict[str, Any]:
    """The provenance that is stored in a PNG figure.

    Raises:
        ValueError: the file is not a PNG, or not a figure of Rekindle.
    """
    try:
        with Image.open(path) as image:
            provenance: Any = json.loads(image.info["Description"])
    except (OSError, KeyError, json.JSONDecodeError):
        raise ValueError(f"{path} is not a PNG figure made by rekindle") from None
    return dict(provenance)
