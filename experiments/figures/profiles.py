"""Profiles of a real log and of simulated worlds, one on the other: rhythm, gaps, conversations and lifetimes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.figures import INK, STYLE, VERMILLION
from experiments.figures.letters import drawable
from experiments.logs.profiles import CONVERSATIONS, GAPS, LIFETIMES, Profiles, farthest, overlap, staying

REAL, SIMULATED = INK, VERMILLION
_AREA, _SMALL = "#DDDDDD", "#555555"
_LETTERS = 66  # of a title in the largest type
_NIGHT = 6  # hours, with which a day begins here
_MINUTES = {1: "1 min", 60: "1 h", 1_440: "1 day", 43_200: "1 month"}
_Line = Callable[[Axes, np.ndarray, bool], None]


class _Panel(NamedTuple):
    """A panel: the field of `Profiles`, its texts, how a profile is drawn, and if as shares of at least so much."""

    field: str
    title: str
    below: str
    draw: _Line
    cumulative: bool = False


def profiles(
    real: Profiles, simulated: Sequence[Profiles], name: str, days: float, *, read: Collection[str] = ()
) -> Figure:
    """Draw six profiles of a real log and of simulated worlds.

    Args:
        real: profiles of the real log.
        simulated: those of each world, one or more.
        name: name of the real log, for the title.
        days: its length.
        read: fields of profiles that the worlds have from their levels, and so agree with the log by construction.

    Returns:
        A 16:9 figure; each panel says how much the log and the mean of the worlds have in common.
    """
    common = {panel.field: _common(real, simulated, panel) for panel in _panels(days)}
    with matplotlib.rc_context(STYLE | {"font.size": 15}):
        figure = Figure(figsize=(16, 9))
        grid = figure.subplots(2, 3)
        figure.subplots_adjust(left=0.055, right=0.98, top=0.765, bottom=0.155, wspace=0.2, hspace=0.68)
        for axes, panel in zip(grid.ravel(), _panels(days), strict=True):
            _start(axes, panel, common[panel.field], panel.field in read)
            if np.isnan(common[panel.field]):
                axes.text(0.5, 0.5, "the log does not say", transform=axes.transAxes, ha="center", color=_SMALL)
                continue
            panel.draw(axes, getattr(real, panel.field), True)
            for world in simulated:
                panel.draw(axes, getattr(world, panel.field), False)
            axes.set_ylim(0, axes.get_ylim()[1])
        title = headline(common, name, read)
        size = 27 * min(1.0, _LETTERS / len(title))
        figure.text(0.02, 0.965, title, va="top", fontsize=size, fontweight="bold")
        figure.text(0.02, 0.873, "■ real log", color="#777777", fontsize=20, fontweight="bold")
        worlds = "a simulated world" if len(simulated) == 1 else f"{len(simulated)} simulated worlds"
        figure.text(0.135, 0.873, f"— {worlds}", color=SIMULATED, fontsize=20, fontweight="bold")
        figure.text(0.02, 0.02, _footer(read), fontsize=14, color=_SMALL, linespacing=1.3)
    return figure


def headline(common: dict[str, float], name: str, read: Collection[str]) -> str:
    """In which profile the worlds are least like the log, of those that were not read from it."""
    judged = {field: share for field, share in common.items() if field not in read and not np.isnan(share)}
    if not judged:
        return f"“{drawable(name)}” is too short to compare profiles"
    worst = min(judged, key=judged.__getitem__)
    title = next(panel.title for panel in _panels(1.0) if panel.field == worst)
    words = title[0].lower() + title[1:]
    return f"Simulated worlds differ most from “{drawable(name)}” in {words}: {_percent(judged[worst])} in common"


def _footer(read: Collection[str]) -> str:
    text = (
        "In common: the sum of the smaller shares, of the log and of the mean of the worlds; for stays and lifetimes, "
        "one minus the largest distance."
    )
    if read:
        text += (
            f"\nThe {' and '.join(read)} of the worlds were read from the log, so it is no evidence that they agree."
        )
    return text


def _common(real: Profiles, simulated: Sequence[Profiles], panel: _Panel) -> float:
    """What the log and the mean of the worlds have in common, from 0 to 1; nan if either is unknown."""
    one, other = (
        np.asarray(getattr(real, panel.field)),
        np.mean([getattr(world, panel.field) for world in simulated], axis=0),
    )
    return 1.0 - farthest(one, other) if panel.cumulative else overlap(one, other)


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def _panels(days: float) -> list[_Panel]:
    """The six panels in order; ``days`` is the length of the log."""

    def life(axes: Axes, shares: np.ndarray, is_real: bool) -> None:
        _lines(axes, np.linspace(0, days, LIFETIMES + 1), staying(shares), is_real)
        axes.set_xlim(0, days)

    return [
        _Panel("hours", "Hours of the day", "hours since the quietest six began (shaded)", _hours),
        _Panel("weekdays", "Days of the week", "day; the two quietest are last", _weekdays),
        _Panel("gaps", "Gaps between a pair’s contacts", "time, on a logarithmic axis", _gaps),
        _Panel("conversations", "Lengths of conversations", "contacts, less than an hour apart", _conversations),
        _Panel("people", "Stays of people", "at least … days from first to last send", life, True),
        _Panel("pairs", "Lifetimes of pairs", "at least … days from first to last contact", life, True),
    ]  # fmt: skip


def _start(axes: Axes, panel: _Panel, common: float, is_read: bool) -> None:
    axes.set_title(panel.title, loc="left", fontsize=17, fontweight="bold", pad=26)
    says = "" if np.isnan(common) else f"{_percent(common)} in common"
    if is_read:
        says += ", read from the log"
    axes.text(0, 1.035, says, transform=axes.transAxes, fontsize=14.5, color="#777777" if is_read else SIMULATED)
    axes.set_xlabel(panel.below, fontsize=14)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#E8E8E8")
    axes.set_axisbelow(True)
    axes.yaxis.set_major_locator(matplotlib.ticker.MaxNLocator(4))
    axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.3g}%")


def _lines(axes: Axes, x: np.ndarray, shares: np.ndarray, is_real: bool) -> None:
    """An area for the real log, a line for a world."""
    if is_real:
        axes.fill_between(x, shares, color=_AREA, linewidth=0)
        axes.plot(x, shares, color="#999999", linewidth=2)
    else:
        axes.plot(x, shares, color=SIMULATED, linewidth=2.2, alpha=0.8)


def _bars(axes: Axes, shares: np.ndarray, is_real: bool) -> None:
    """Bars for the real log, dots on a line for a world."""
    places = np.arange(len(shares))
    if is_real:
        axes.bar(places, shares, width=0.85, color=_AREA, edgecolor="#999999", linewidth=1.2)
    else:
        axes.plot(places, shares, "o-", color=SIMULATED, linewidth=2.2, markersize=7, alpha=0.8)


def _hours(axes: Axes, shares: np.ndarray, is_real: bool) -> None:
    if is_real:
        axes.axvspan(0, _NIGHT, color="#F1F4FA", linewidth=0, zorder=0)
    _lines(axes, np.arange(len(shares)) + 0.5, shares, is_real)
    axes.set_xlim(0, len(shares))
    axes.set_xticks([0, 6, 12, 18, 24])


def _weekdays(axes: Axes, shares: np.ndarray, is_real: bool) -> None:
    _bars(axes, shares, is_real)
    axes.set_xticks(range(len(shares)), [str(day + 1) for day in range(len(shares))])


def _gaps(axes: Axes, shares: np.ndarray, is_real: bool) -> None:
    _lines(axes, np.sqrt(GAPS[:-1] * GAPS[1:]), shares, is_real)
    axes.set_xscale("log")
    axes.set_xlim(GAPS[0], GAPS[-1])
    axes.set_xticks(list(_MINUTES), list(_MINUTES.values()))
    axes.minorticks_off()


def _conversations(axes: Axes, shares: np.ndarray, is_real: bool) -> None:
    _bars(axes, shares, is_real)
    ends = [*(least - 1 for least in CONVERSATIONS[1:]), 0]
    names = [_class(least, most) for least, most in zip(CONVERSATIONS, ends, strict=True)]
    axes.set_xticks(range(len(names)), names, fontsize=13)


def _class(least: int, most: int) -> str:
    if most == 0:
        return f"{least}+"
    return str(least) if least == most else f"{least}–{most}"
