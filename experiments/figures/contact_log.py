"""How people keep in touch in contact logs: six curves a log, labelled at their ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator

from experiments.figures import BLUE, GREY, STYLE, VERMILLION
from experiments.figures.letters import drawable
from experiments.logs.contact_log import Curves

_COLOURS = (BLUE, VERMILLION, "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # Okabe & Ito's
MOST_LOGS = len(_COLOURS)
_HOURS = {1 / 60: "1 min", 1: "1 h", 24: "1 day", 720: "30 days"}
_SILENCES = {"lt_1h": "< 1 h", "1h_1d": "1 h –\n1 day", "1_7d": "1 – 7\ndays", "7_30d": "7 – 30\ndays",
             "gt_30d": "> 30\ndays"}  # fmt: skip
_PIECES = {"1_3": (1, 3), "3_7": (3, 7), "7_14": (7, 14), "14_30": (14, 30), "30_60": (30, 60), "60_90": (60, 90),
           "90_180": (90, 180), "180_365": (180, 365)}  # fmt: skip
_FOOTER = (
    "Bars: 95% intervals from a bootstrap over people. Dashed: pairs with 10 or more contacts, in both directions."
)
_Point = tuple[float, float]


def contact_log(tables: Mapping[str, pd.DataFrame], curves: Mapping[str, Curves]) -> Figure:
    """Draw up to six contact logs.

    Args:
        tables: what `experiments.logs.contact_log.statistics` gives of each log, by the log's name.
        curves: what `experiments.logs.contact_log.curves` gives, by the same names.

    Returns:
        A 16:9 figure: answers above and silence, alters and pairs below; bands are 95% intervals.

    Raises:
        ValueError: there are more logs than colours.
    """
    if len(tables) > MOST_LOGS:
        raise ValueError(f"There are {len(tables)} logs, and a figure can show at most {MOST_LOGS}.")
    indexed = {name: table.set_index("statistic") for name, table in tables.items()}
    with matplotlib.rc_context(STYLE | {"font.size": 16}):
        figure = Figure(figsize=(16, 9))
        panels = figure.subplots(2, 3).ravel()
        figure.subplots_adjust(left=0.06, right=0.92, top=0.79, bottom=0.135, wspace=0.75, hspace=0.66)
        _answers(panels[0], curves)
        _answers_by_silence(panels[1], indexed)
        _hazards(panels[2], indexed)
        _reactivation(panels[3], curves)
        _signatures(panels[4], curves)
        _contacts(panels[5], curves)
        figure.suptitle(headline(tables), x=0.02, y=0.97, ha="left", va="top", fontsize=27, fontweight="bold")
        figure.text(0.02, 0.015, _FOOTER, fontsize=14, color="#555555")
    return figure


def headline(tables: Mapping[str, pd.DataFrame]) -> str:
    """What the logs say of coming back, in one sentence."""
    back = {name: table.set_index("statistic")["value"]["reactivated_90d"] for name, table in tables.items()}
    known = {name: share for name, share in back.items() if not np.isnan(share)}
    if not known:
        return "Too short to measure how many pairs come back\nafter 30 days of silence"
    shares = sorted(known.values())
    listed = ", ".join(f"{drawable(name).replace('_', ' ')} {_percent(share)}" for name, share in known.items())
    if len(listed) > 65:
        listed = f"{_percent(shares[0])} to {_percent(shares[-1])} in {len(shares)} logs"
    return f"Pairs silent for 30 days that come back within 90 more:\n{listed}"


def _percent(share: float, _: object = None) -> str:
    return f"{100 * share:.3g}%" if share < 0.01 else f"{100 * share:.0f}%"


def _answers(axes: Axes, curves: Mapping[str, Curves]) -> None:
    _start(axes, "Share of first gestures answered", "within")
    axes.set_xscale("log")
    lines = {name: found.answered for name, found in curves.items()}
    for colour, (hours, share) in zip(_COLOURS, lines.values(), strict=False):
        axes.step(hours, share, where="post", color=colour, linewidth=3)
    axes.set_xlim(1 / 120, 720)
    axes.set_xticks(list(_HOURS), list(_HOURS.values()))
    axes.minorticks_off()
    _shares(axes)
    _label(axes, {name: _last(line) for name, line in lines.items()})


def _answers_by_silence(axes: Axes, tables: Mapping[str, pd.DataFrame]) -> None:
    _start(axes, "Answered within 7 days", "after a silence of")
    ends = {}
    for k, (name, table) in enumerate(tables.items()):
        rows = table.loc[[f"answered_7d_{part}" for part in _SILENCES]]
        places = np.arange(len(rows)) + 0.06 * (k - (len(tables) - 1) / 2)
        _bars(axes, places, rows, _COLOURS[k])
        ends[name] = _last((places, rows["value"].to_numpy()))
    axes.set_xticks(range(len(_SILENCES)), list(_SILENCES.values()), fontsize=13)
    _shares(axes)
    _label(axes, ends)


def _hazards(axes: Axes, tables: Mapping[str, pd.DataFrame]) -> None:
    _start(axes, "Chance of contact per day", "days of silence")
    _logarithmic(axes)
    ends = {}
    for colour, (name, table) in zip(_COLOURS, tables.items(), strict=False):
        rows = table.loc[[f"hazard_per_day_{part}" for part in _PIECES]]
        rows = rows.where(rows["value"] > 0)
        middles = np.array([np.sqrt(low * high) for low, high in _PIECES.values()])
        _bars(axes, middles, rows, colour)
        ends[name] = _last((middles, rows["value"].to_numpy()))
    axes.set_xlim(1, 365)
    _label(axes, ends)


def _reactivation(axes: Axes, curves: Mapping[str, Curves]) -> None:
    _start(axes, "Back after 30 silent days", "within … more days")
    ends = {}
    for colour, (name, found) in zip(_COLOURS, curves.items(), strict=False):
        for (days, share), style in ((found.reactivated, "-"), (found.established, "--")):
            shown = days <= 180
            axes.plot(days[shown], share[shown], style, color=colour, linewidth=3 if style == "-" else 2)
        days, share = found.reactivated
        ends[name] = _last((days[days <= 180], share[days <= 180]))
    axes.set_xlim(0, 180)
    axes.set_xticks([0, 30, 90, 180])
    _shares(axes)
    _label(axes, ends)


def _signatures(axes: Axes, curves: Mapping[str, Curves]) -> None:
    _start(axes, "Sends, by rank of the alter", "rank")
    _logarithmic(axes)
    for colour, found in zip(_COLOURS, curves.values(), strict=False):
        axes.plot(*found.signature, "o-", color=colour, linewidth=3, markersize=6)
    axes.set_xticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
    axes.set_yticks([0.01, 0.03, 0.1, 0.3])
    _label(axes, {name: _last(found.signature) for name, found in curves.items()})


def _contacts(axes: Axes, curves: Mapping[str, Curves]) -> None:
    _start(axes, "Pairs with at least …", "contacts")
    _logarithmic(axes)
    lines = {name: found.contacts for name, found in curves.items()}
    for colour, line in zip(_COLOURS, lines.values(), strict=False):
        axes.plot(*line, color=colour, linewidth=3)
    reach = min(number.max(initial=1) for number, _ in lines.values())
    ends = {name: (number[number <= reach], share[number <= reach]) for name, (number, share) in lines.items()}
    _label(axes, {name: _last(end) for name, end in ends.items()})


def _start(axes: Axes, title: str, below: str) -> None:
    axes.set_title(title, loc="left", fontsize=19, fontweight="bold", pad=12)
    axes.set_xlabel(below)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#E5E5E5")
    axes.set_axisbelow(True)


def _logarithmic(axes: Axes) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(LogLocator(numticks=8))
    axes.yaxis.set_major_locator(LogLocator(numticks=8))
    axes.xaxis.set_major_formatter(lambda number, _: f"{number:,.0f}")
    axes.yaxis.set_major_formatter(_percent)
    axes.minorticks_off()


def _shares(axes: Axes) -> None:
    axes.set_ylim(0, max(axes.get_ylim()[1], 0.01))
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(_percent)


def _bars(axes: Axes, places: np.ndarray, rows: pd.DataFrame, colour: str) -> None:
    axes.plot(places, rows["value"], "o-", color=colour, linewidth=3, markersize=7)
    axes.vlines(places, rows["low"], rows["high"], color=colour, linewidth=6, alpha=0.4)


def _last(line: tuple[np.ndarray, np.ndarray]) -> _Point | None:
    """Where a curve ends; None if it has no points."""
    there = np.flatnonzero(~np.isnan(line[1]))
    return (float(line[0][there[-1]]), float(line[1][there[-1]])) if len(there) else None


def _label(axes: Axes, ends: Mapping[str, _Point | None]) -> None:
    """Write names next to the ends of their lines, moved apart where they would overlap."""
    axes.set_xlim(*axes.get_xlim())
    axes.set_ylim(*axes.get_ylim())
    shown = {name: end for name, end in ends.items() if end is not None}
    to_axes = axes.transData + axes.transAxes.inverted()
    heights = [float(to_axes.transform(end)[1]) for end in shown.values()]
    colours = dict(zip(ends, _COLOURS, strict=False))
    for name, height, free in zip(shown, heights, _apart(heights, 0.2), strict=True):
        end = to_axes.transform(shown[name])
        axes.annotate(
            words(name), xy=(end[0], height), xytext=(1.03, free), xycoords="axes fraction", va="center",
            color=colours[name], fontsize=14, fontweight="bold", linespacing=0.9, annotation_clip=False,
        )  # fmt: skip
    if not shown:
        axes.text(0.5, 0.5, "log too short", transform=axes.transAxes, ha="center", color=GREY)


def _apart(heights: Sequence[float], least: float) -> list[float]:
    """The same heights, moved as little as needed to be at least so far apart, in their order."""
    order = np.argsort(heights, kind="stable")
    moved = np.array(heights, float)[order]
    for _ in range(100):
        overlap = np.maximum(least - np.diff(moved), 0)
        moved[1:] += overlap / 2
        moved[:-1] -= overlap / 2
    moved += max(0.05 - moved.min(initial=1), 0) - max(moved.max(initial=0) - 0.92, 0)  # outside the panel
    return [float(moved[place]) for place in np.argsort(order, kind="stable")]


def words(name: str) -> str:
    """A log's name on lines of about ten letters; longer words are broken, and a very long name lacks its middle."""
    lines = [""]
    for word in _pieces(drawable(name, 36).replace("_", " ").replace("-", " ").split()):
        if lines[-1] and len(lines[-1]) + len(word) > 10:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)


def _pieces(words: Sequence[str]) -> Iterator[str]:
    """The words, those of over eleven letters in pieces of nine, for which there is room."""
    for word in words:
        yield from [word] if len(word) <= 11 else (word[at : at + 9] for at in range(0, len(word), 9))
