"""How well simulated worlds match a real log: one row per family of statistics, one mark per statistic."""

from __future__ import annotations

import re

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.figures import BLUE, GREY, INK, STYLE, VERMILLION
from experiments.figures.letters import drawable
from experiments.logs.validate import EMERGENT, FITTED, MARKS, NEAR, SEEN

COLOURS = {FITTED: GREY, SEEN: BLUE, EMERGENT: VERMILLION}
WIDEST = 2.6  # larger ratios are drawn here
EDGE = 6.5  # right edge of the plot, next to the names of the largest deviations
FAMILIES = {
    "first answers": r"first_answered",
    "answer delay": r"answer_delay",
    "answered by silence": r"answered_7d",
    "answers given": r"answers_given",
    "pairs that come back": r"reactivated",
    "hazard of contact": r"hazard",
    "ratio per doubling": r"ratio_per",
    "who speaks after silence": r"last_sender",
    "after an answered return": r"after_answered|isolated",
    "sessions": r"session_mix",
    "signature": r"signature_(top|\d)",
    "turnover": r"turnover",
    "distance of signatures": r"signature_distance",
    "contacts per pair": r"contacts_per_pair",
    "both directions": r"both_directions|lopsided",
    "overlap, clustering": r"overlap|clustering|transitivity",
    "burstiness": r"burstiness",
    "degree": r"degree",
    "sends per week, per day": r"sends_per",
    "quiet hours, weekdays": r"quiet",
    "conversations": r"within|conversation",
    "gone, arrived": r"gone|arrived",
    "kept after a return": r"kept_after",
}


def validation(rows: pd.DataFrame, name: str) -> Figure:
    """Draw ratios of simulated to real values by family, with a band of ±15%.

    Args:
        rows: the result of `validate.table`.
        name: name of the real log, for the title.
    """
    met, total = int(rows["met"].sum()), len(rows)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(16, 9), layout="constrained")
        axes = figure.subplots()
        _draw(axes, rows[rows["ratio"] > 0])
        axes.set_title(
            f"Simulated worlds match {met} of {total} statistics of “{drawable(name)}”", loc="left", fontsize=27, pad=46
        )
        _legend(axes, rows)
    return figure


def _draw(axes: Axes, rows: pd.DataFrame) -> None:
    families = [(family, rows[rows.index.str.match(pattern)]) for family, pattern in FAMILIES.items()]
    families = [(family, members) for family, members in families if len(members)][::-1]
    axes.axvspan(1 - NEAR, 1 + NEAR, color=GREY, alpha=0.18, linewidth=0)
    axes.axvline(1, color=INK, linewidth=1)
    for height, (_, members) in enumerate(families):
        spread = np.linspace(0.25, -0.25, len(members)) if len(members) > 1 else np.zeros(1)
        ratio = members["ratio"].clip(1 / WIDEST, WIDEST)
        for place, (x, (_, row)) in zip(spread, zip(ratio, members.iterrows(), strict=True), strict=True):
            axes.plot(
                x, height + place, "o" if row["met"] else "X", markersize=11, color=COLOURS[row["mark"]],
                markeredgecolor="white", markeredgewidth=0.8,
            )  # fmt: skip
        _label_worst(axes, members, height)
    axes.set_yticks(range(len(families)), [family for family, _ in families], fontsize=17)
    axes.set_ylim(-0.6, len(families) - 0.4)
    axes.set_xscale("log")
    axes.set_xlim(1 / (WIDEST * 1.05), EDGE)
    ticks = [0.5, 0.7, 0.85, 1, 1.15, 1.5, 2]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("ratio of simulated to real value")
    axes.grid(axis="y", color=GREY, alpha=0.25)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)


def _label_worst(axes: Axes, members: pd.DataFrame, height: int) -> None:
    """Name the statistic with the largest deviation of a family at the right edge."""
    missed = members[~members["met"]]
    if len(missed):
        worst = missed["ratio"].map(lambda ratio: abs(np.log(ratio))).idxmax()
        text = f"{re.sub('_', ' ', str(worst))} × {missed['ratio'][worst]:.2g}"
        axes.text(EDGE, height, text, fontsize=15, color=INK, ha="right", va="center")


def _legend(axes: Axes, rows: pd.DataFrame) -> None:
    """A legend of the marks above the plot, each in its colour, with how many statistics match."""
    present = [mark for mark in MARKS if (rows["mark"] == mark).any()]
    for place, mark in enumerate(present):
        of_mark = rows[rows["mark"] == mark]
        text = f"{mark}: {int(of_mark['met'].sum())} of {len(of_mark)}"
        axes.text(
            0.24 * place, 1.03, text, transform=axes.transAxes, color=COLOURS[mark], fontsize=20, fontweight="bold"
        )
    legend = "×: no match, the worst are named; band: within 15%"
    axes.text(0.24 * len(present), 1.03, legend, transform=axes.transAxes, color=INK, fontsize=17)
