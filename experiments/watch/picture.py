"""Drawings of one world, or two side by side, on a day: people, ties, gestures as flashes, and the outcome."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb, to_rgba
from matplotlib.figure import Figure

from experiments.watch.layout import WorldFrame
from experiments.watch.palette import (
    DOOR,
    EMBER,
    FAMILIES,
    FULL,
    INK,
    NAMES,
    NIGHT,
    QUIET,
    SHARE_OF_CROWD,
    TIES,
    Look,
    opacity,
)

INCHES, DPI = (16, 9), 120
SIZE = (1920, 1080)  # pixels
_LINE = np.zeros((256, 4))
for _look in (Look.DORMANT, Look.LIVING, Look.REKINDLED):
    for _strength in range(FULL + 1):
        _LINE[_look << 6 | _strength] = (*to_rgb(TIES[_look]), opacity(_look, _strength))
_WIDTH = np.where(np.arange(256) >> 6 == Look.REKINDLED, 1.5, 0.6 + 1.2 * (np.arange(256) & FULL) / FULL)
_LEGEND = (0.03, 0.15, 0.36, 0.41, 0.545)  # where each name begins, from the left
_A_LETTER, _MOST_LETTERS = 0.0075, 124  # width of a letter of 15 points, and letters that fit
_FLASH = np.array([to_rgba(FAMILIES[family]) for family in FAMILIES])


class Panel(NamedTuple):
    """One world of a drawing on a day.

    Attributes:
        title: name of its strategy.
        picture: see `experiments.watch.layout.WorldFrame`.
        counted: the outcome in large type: a number and its unit.
        ages: age of each flash, from 0 (new) to 1 (gone), shape (flashes,).
    """

    title: str
    picture: WorldFrame
    counted: tuple[str, str]
    ages: np.ndarray


class Drawing:
    """A figure whose moving parts are drawn for each frame, and the rest only once.

    Args:
        places: places of people in the unit disc, shape (n, 2).
        adopters: ids of people drawn with a ring.
        panels: number of worlds side by side, 1 or 2.
        followed: id of a person whose ties are highlighted, or None.
        families: what is drawn in the colour of each family of gestures.
    """

    def __init__(
        self,
        places: np.ndarray,
        adopters: np.ndarray,
        panels: int,
        followed: int | None = None,
        families: Sequence[str] = tuple(NAMES.values()),
    ) -> None:
        self.places, self.adopters, self.followed = places, adopters, followed
        self.figure = Figure(figsize=INCHES, dpi=DPI, facecolor=NIGHT)
        self.canvas = FigureCanvasAgg(self.figure)
        self.worlds = [_World(self, axes, corner) for axes, corner in _axes(self.figure, panels)]
        self.clock = self.figure.text(0.97, 0.955, "", color=INK, fontsize=26, ha="right", va="top")
        self.note = self.figure.text(0.97, 0.075, "", color=INK, fontsize=20, ha="right", va="bottom")
        self.footer = self.figure.text(0.97, 0.015, "", color=QUIET, fontsize=14, va="bottom", ha="right")
        _legend(self.figure, families, followed)
        self.background: Any = None

    def show(self, pairs: np.ndarray, panels: Sequence[Panel], clock: str, note: str = "", footer: str = "") -> None:
        """Update the figure to a day."""
        for world, panel in zip(self.worlds, panels, strict=True):
            world.show(pairs, panel)
        self.clock.set_text(clock)
        self.note.set_text(note)
        self.footer.set_text(footer)

    def pixels(self) -> np.ndarray:
        """The figure as it is now, shape (1080, 1920, 4), bytes; valid until the next call."""
        moving = [artist for world in self.worlds for artist in world.moving] + [self.clock, self.note]
        if self.background is None:
            for artist in moving:
                artist.set_animated(True)
            self.canvas.draw()  # type: ignore[no-untyped-call]
            self.background = self.canvas.copy_from_bbox(self.figure.bbox)  # type: ignore[no-untyped-call]
        self.canvas.restore_region(self.background)  # type: ignore[no-untyped-call]
        for artist in moving:
            self.figure.draw_artist(artist)
        return np.asarray(self.canvas.buffer_rgba())  # type: ignore[no-untyped-call]


def _axes(figure: Figure, panels: int) -> list[tuple[Axes, float]]:
    """Axes for each world, and the left edge of its text."""
    boxes = [(0.25, 0.09, 0.5, 0.86)] if panels == 1 else [(0.08, 0.09, 0.42, 0.8), (0.53, 0.09, 0.42, 0.8)]
    corners = [0.03] if panels == 1 else [0.03, 0.515]
    return [(figure.add_axes(box), corner) for box, corner in zip(boxes, corners, strict=True)]


def _legend(figure: Figure, families: Sequence[str], followed: int | None) -> None:
    """A legend of the colours of flashes, ties and, if somebody is followed, doors."""
    figure.text(_LEGEND[0], 0.012, "a tie that came back", color=EMBER, fontsize=15, va="bottom")
    if followed is not None:
        text = f"a door open for person {followed}"
        figure.text(_LEGEND[1] + 0.05, 0.012, text, color=DOOR, fontsize=15, va="bottom")
    places, size = _spread(families)
    for place, name, colour in zip(places, families, FAMILIES.values(), strict=True):
        figure.text(place, 0.045, name, color=colour, fontsize=size, va="bottom")


def _spread(names: Sequence[str]) -> tuple[Sequence[float], float]:
    """Where names of a legend begin, from the left, and their size in points; longer ones than usual share the row."""
    if list(names) == list(NAMES.values()):
        return _LEGEND, 15.0
    letters = [len(name) + 3 for name in names]
    size = min(15.0, 15.0 * _MOST_LETTERS / sum(letters))
    return [_LEGEND[0] + sum(letters[:k]) * _A_LETTER * size / 15.0 for k in range(len(names))], size


class _World:
    """One world of a drawing."""

    def __init__(self, drawing: Drawing, axes: Axes, corner: float) -> None:
        self.drawing, self.axes = drawing, axes
        axes.set(xlim=(-1.06, 1.06), ylim=(-1.06, 1.06), aspect="equal")
        axes.set_axis_off()
        size = float(np.clip(14_000 / len(drawing.places), 5, 60))
        self.ties, self.flashes = LineCollection([], capstyle="round"), LineCollection([], zorder=5, capstyle="round")
        axes.add_collection(self.ties)
        axes.add_collection(self.flashes)
        self.halo = axes.scatter([], [], color=DOOR, linewidths=0)
        x, y = drawing.places.T
        self.people = axes.scatter(x, y, s=size, color="#dfe6f4", linewidths=0, zorder=3)
        x, y = drawing.places[drawing.adopters].T
        self.adopters = axes.scatter(x, y, s=2.6 * size, facecolors="none", edgecolors=INK, linewidths=1.4, zorder=4)
        self.heads = axes.scatter([], [], s=0.8 * size, linewidths=0, zorder=6)
        text, top = drawing.figure.text, 0.955
        self.title = text(corner, top, "", color=INK, fontsize=28, fontweight="bold", va="top", linespacing=1.2)
        self.number = text(corner, top - 0.12, "", color=EMBER, fontsize=52, fontweight="bold", va="top")
        self.unit = text(corner, top - 0.215, "", color=QUIET, fontsize=17, va="top", linespacing=1.35)
        self.size = size
        self.followed = self._ring(drawing.followed)
        self.moving: list[Any] = [self.ties, self.halo, self.people, self.adopters, self.flashes, self.heads]
        self.moving += [self.title, self.number, self.unit, *self.followed]

    def _ring(self, person: int | None) -> list[Any]:
        if person is None:
            return []
        at = self.drawing.places[person]
        ring = self.axes.scatter(
            at[:1], at[1:], s=9 * self.size, facecolors="none", edgecolors=EMBER, linewidths=3, zorder=7
        )
        name = self.axes.annotate(
            f"person {person}", at, (0, 16), textcoords="offset points", color=INK, fontsize=17, ha="center", zorder=8
        )
        return [ring, name]

    def show(self, pairs: np.ndarray, panel: Panel) -> None:
        """Update the axes to a day."""
        picture, places = panel.picture, self.drawing.places
        self._show_ties(pairs, picture.ties)
        open_doors = np.flatnonzero(picture.people > 6)
        glow = picture.people[open_doors] / FULL
        self.halo.set_offsets(places[open_doors])
        self.halo.set_sizes(self.size * (2 + 5 * glow))
        self.halo.set_alpha(list(0.05 + 0.3 * glow) or None)  # None if no door is open
        self._show_flashes(picture.flashes, panel.ages)
        self.title.set_text(fill(panel.title, 24))
        self.number.set_text(panel.counted[0])
        self.unit.set_text(panel.counted[1])

    def _show_ties(self, pairs: np.ndarray, ties: np.ndarray) -> None:
        drawn = np.flatnonzero(ties >> 6)
        followed = self.drawing.followed
        drawn = drawn[np.argsort(ties[drawn], kind="stable")]  # faint ones below
        colours, widths = _LINE[ties[drawn]], _WIDTH[ties[drawn]]
        if len(self.drawing.adopters):
            of_adopters = np.isin(pairs[drawn], self.drawing.adopters).any(axis=1)
            colours[:, 3] *= np.where(of_adopters, 1.0, SHARE_OF_CROWD)
        if followed is not None:
            own = (pairs[drawn] == followed).any(axis=1)
            colours[:, 3] = np.where(
                own, np.maximum(colours[:, 3], 0.45), 0.35 * colours[:, 3]
            )  # the others are fainter
            widths = np.where(own, widths + 1, widths)
        self.ties.set_segments(list(self.drawing.places[pairs[drawn]]))
        self.ties.set_color(colours)
        self.ties.set_linewidth(widths)

    def _show_flashes(self, flashes: np.ndarray, ages: np.ndarray) -> None:
        """Draw each flash on its way from sender to receiver, fading."""
        places = self.drawing.places
        start, end = places[flashes["sender"]], places[flashes["receiver"]]
        head = start + (end - start) * np.minimum(1.0, 1.6 * ages)[:, None]
        tail = start + (end - start) * np.maximum(0.0, 1.6 * ages - 0.7)[:, None]
        bright = flashes["bright"].astype(bool)
        colours = _FLASH[flashes["family"]].copy()
        colours[:, 3] = np.where(bright, 1.0, 0.35) * np.clip(1.6 - 1.6 * ages, 0, 1)
        self.flashes.set_segments(list(np.stack([tail, head], axis=1)))
        self.flashes.set_color(colours)
        self.flashes.set_linewidth(list(np.where(bright, 2.6, 1.2)))
        self.heads.set_offsets(head[bright])
        self.heads.set_facecolor(colours[bright])
