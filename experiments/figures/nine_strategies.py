"""Which of the nine strategies reconnects people: paired differences from waiting, in ties per adopter."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.analysis.compare import ENOUGH_WORLDS, NOT_KNOWN_YET, TOO_FEW, minutes, paired_differences
from experiments.figures import BLUE, GREEN, GREY, INK, VERMILLION
from experiments.figures.letters import drawable
from experiments.figures.page import HEIGHT, STYLES, WIDTH, Style
from experiments.terminal.legend import PLAIN, Legend
from experiments.terminal.numbers import number, signed

_PANELS = {
    "reconnected": ("reconnected", BLUE),
    "kept_up": ("kept up while it runs", VERMILLION),
    "kept": ("kept 240 days later", GREEN),
}
_SHORTFALL = "†"
_UNDERLAY = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}


def plotted(runs: pd.DataFrame) -> pd.DataFrame:
    """The values of all panels: one row per ``measure`` and strategy, as in `paired_differences`, the best last.

    Runs of an older version, which lack a measure, have no panel for it.
    """
    paired = {measure: paired_differences(runs, measure) for measure in _PANELS if measure in runs}
    order = paired["reconnected"].sort_values("difference", kind="stable").index
    return pd.concat({measure: rows.loc[order] for measure, rows in paired.items()}, names=["measure", "strategy"])


def nine_strategies(
    runs: pd.DataFrame, log: str | None = None, style: Style = STYLES["talk"], legend: Legend = PLAIN
) -> Figure:
    """Draw a sweep of strategies.

    Args:
        runs: one row per run, with columns ``scenario`` (``wait`` among them), ``replicate``, ``reconnected``,
            ``kept_up``, ``kept`` (if known), ``minutes_planned``, ``minutes_used`` and ``minutes_lost``.
        log: path of the contact log that was replayed, if one was.
        style: size and weight of the type.
        legend: labels and colours of the arms; by default names, and the panels' colours.

    Returns:
        A 16:9 figure with sorted strategies in three panels of equal scale (reconnected; kept up while it runs; kept
        240 days after it stopped), with 95% intervals if there are several worlds. The title is the message.
    """
    rows = plotted(runs)
    order = rows.loc["reconnected"].index
    idle = minutes(runs)["idle"]
    limits = _limits(rows)
    with style.in_use():
        figure = Figure(figsize=(WIDTH * style.scale, HEIGHT * style.scale))
        drawn = {measure: _PANELS[measure] for measure in rows.index.unique("measure")}
        panels = figure.subplots(1, len(drawn), sharey=True)
        figure.subplots_adjust(left=0.235, right=0.975, top=0.715, bottom=0.205, wspace=0.06)
        for axes, (measure, (title, colour)) in zip(panels, drawn.items(), strict=True):
            axes.set_title(
                title, loc="left", color=colour, fontsize=style.pt(21), fontweight=style.weight, pad=style.pt(12)
            )
            if rows.loc[measure, "difference"].isna().all():
                _draw_nothing(axes, NOT_KNOWN_YET.get(measure, ""), style)
            else:
                _draw(axes, rows.loc[measure], [legend.on_white(name) or colour for name in order], limits, style)
        panels[1].set_xlabel("ties per adopter, beyond waiting")
        names = [words(name, legend) + (f" {_SHORTFALL}" if idle[name] else "") for name in order]
        panels[0].set_yticks(range(len(order)), names)
        for label, name in zip(panels[0].get_yticklabels(), order, strict=True):
            label.set_color(legend.on_white(name) or INK)
            label.set_fontsize(style.pt(_fitting(label.get_text(), 21, letters=19, lines=13 / len(order))))
        title = headline(runs, legend)
        size = style.pt(_fitting(title, 29, letters=60, lines=2))
        figure.suptitle(title, x=0.025, y=0.97, ha="left", va="top", fontsize=size, fontweight=style.weight)
        below = _subtitle(runs, rows.loc["reconnected"])
        figure.text(0.025, 0.825, below, fontsize=style.pt(19), va="center", linespacing=1.3)
        footer = _footer(runs, bool(idle.any()), log)
        small = style.pt(_fitting(footer, 19, letters=100, lines=2))
        figure.text(0.025, 0.03, footer, fontsize=small, linespacing=1.3)
    return figure


def _limits(rows: pd.DataFrame) -> tuple[float, float]:
    """The common limits of all axes, so that all panels have the same scale."""
    ends = rows[["difference", "low", "high"]]
    low, high = min(ends.min().min(), 0.0), max(ends.max().max(), 0.0)
    reach = max(high, -low)
    if reach == 0:  # all values are zero
        return -0.5, 1.0
    return low - 0.08 * reach, high + 0.4 * reach


def _fitting(text: str, size: float, letters: float, lines: float) -> float:
    """This font size, or a smaller one in which the text has room for this many letters and lines."""
    rows = text.split("\n")
    return size * min(1, letters / max(len(row) for row in rows), lines / len(rows))


def _draw(axes: Axes, rows: pd.DataFrame, colours: Sequence[str], limits: tuple[float, float], style: Style) -> None:
    """One panel: a dot with its interval and its number for each strategy; grey if the interval includes zero."""
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.tick_params(axis="y", length=0, pad=style.pt(10))
    axes.spines[["top", "right", "left"]].set_visible(False)
    for height, ((_, row), colour) in enumerate(zip(rows.iterrows(), colours, strict=True)):
        shade = GREY if row["low"] <= 0 <= row["high"] else colour
        axes.plot(row["difference"], height, "o", color=shade, markersize=style.pt(14))
        axes.plot(
            [row["low"], row["high"]], [height] * 2, "|-", color=INK,
            linewidth=style.pt(2), markersize=style.pt(20), mew=style.pt(2),
        )  # fmt: skip
        right = row[["difference", "high"]].max() + 0.05 * (limits[1] - limits[0])
        label = signed(row["difference"])
        axes.text(right, height, label, va="center_baseline", fontsize=style.pt(19), bbox=_UNDERLAY)
    axes.axvline(0, color=INK, linewidth=style.pt(1.5), zorder=0)
    axes.set_xlim(limits)
    axes.locator_params(axis="x", nbins=5)
    axes.grid(axis="x", color="#E5E5E5")
    axes.set_axisbelow(True)


def _draw_nothing(axes: Axes, why: str, style: Style) -> None:
    """A panel whose measure has no value in any world, and the reason."""
    axes.tick_params(axis="y", length=0, pad=style.pt(10))
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_xticks([])
    text = "\n".join(["not known yet:" if why else "not known yet", *textwrap.wrap(why, 24)])
    axes.text(
        0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", fontsize=style.pt(20), color=INK,
        linespacing=1.4,
    )  # fmt: skip


def words(scenario: str, legend: Legend = PLAIN) -> str:
    """A strategy's name for display, such as ``Handwritten notes``; each part of a mixture is on its own line."""
    name = legend.label(scenario).replace(" + ", "\n+ ")
    return name[:1].upper() + name[1:]


def headline(runs: pd.DataFrame, legend: Legend = PLAIN) -> str:
    """The result in one sentence. It names a winner only if the paired comparison with the second is clear.

    Fewer than 20 worlds never name a winner, and a single strategy does not come first.
    """
    paired = paired_differences(runs, "reconnected").sort_values("difference", ascending=False, kind="stable")
    first, names = paired.iloc[0], [f"“{words(name, legend).replace(chr(10), ' ')}”" for name in paired.index]
    alone, few = len(paired) == 1, first["worlds"] < ENOUGH_WORLDS
    gain = f"{first['difference']:.1f} ties per adopter more than waiting"
    if not first["difference"] > 0:
        return "In this run, no strategy reconnected\nmore ties than waiting"
    if not few and not first["low"] > 0:
        return "In this run, no strategy clearly reconnected\nmore ties than waiting"
    if few:
        led = f"reconnected {gain}" if alone else "came first in this run"
        return f"{names[0]} {led},\nbut it has {TOO_FEW}"
    if not alone:
        lead = paired_differences(runs, "reconnected", baseline=paired.index[1]).loc[paired.index[0]]
        if not lead["low"] > 0:
            return f"{names[0]} and {names[1]} came first in this run,\nand cannot be distinguished"
    return f"{names[0]} reconnected{'' if alone else ' most'} in this run:\n{gain}"


def _subtitle(runs: pd.DataFrame, paired: pd.DataFrame) -> str:
    worlds = int(paired["worlds"].min())
    over = "in one world" if worlds == 1 else f"mean and 95% interval over {worlds} worlds"
    grey = "" if worlds == 1 else " Grey: the interval includes zero."
    waiting = runs[runs["scenario"] == "wait"][["reconnected", "kept_up"]].mean()
    kept_up = "" if pd.isna(waiting["kept_up"]) else f", {number(waiting['kept_up'])} of them kept up"
    level = f"With waiting alone: {number(waiting['reconnected'])} ties per adopter reconnected{kept_up}."
    return f"Paired difference from waiting, {over}.{grey}\n{level}"


def _footer(runs: pd.DataFrame, any_idle: bool, log: str | None) -> str:
    of = f"{runs['people'].iloc[0]:,.0f} people" + (f", replayed from {drawable(Path(log).name)}" if log else "")
    shortfall = f" {_SHORTFALL} used less than 90% of its minutes: not like-for-like." if any_idle else ""
    return f"Simulated, not measured: worlds of {of}.\nMany parameters are assumptions.{shortfall}"
