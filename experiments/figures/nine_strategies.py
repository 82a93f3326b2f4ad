"""Which of the nine strategies reconnects people: paired differences from waiting, in ties per adopter."""

from __future__ import annotations

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.compare import ENOUGH_WORLDS, TOO_FEW, minutes, paired_differences
from experiments.figures import BLUE, GREY, INK, STYLE, VERMILLION
from experiments.tables import signed

_PANELS = {"reconnected": ("reconnected", BLUE), "lasting": ("reconnected and lasting", VERMILLION)}
_SHORTFALL = "†"
_UNDERLAY = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}


def nine_strategies(runs: pd.DataFrame) -> Figure:
    """Draw a sweep of strategies.

    Args:
        runs: one row a run, with columns ``scenario`` (``wait`` among them), ``replicate``, ``reconnected``,
            ``lasting``, ``minutes_filled``, ``minutes_spent`` and ``minutes_refused``.

    Returns:
        A 16:9 figure: strategies sorted, two panels (reconnected, lasting), 95 % intervals, the message as title.
    """
    paired = {measure: paired_differences(runs, measure) for measure in _PANELS}
    order = paired["reconnected"].sort_values("difference", kind="stable").index
    idle = minutes(runs)["idle"]
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(16, 9))
        panels = figure.subplots(1, 2, sharey=True)
        figure.subplots_adjust(left=0.235, right=0.975, top=0.73, bottom=0.15, wspace=0.08)
        for axes, (measure, (title, colour)) in zip(panels, _PANELS.items(), strict=True):
            _draw(axes, paired[measure].loc[order], title, colour)
        names = [words(name) + (f" {_SHORTFALL}" if idle[name] else "") for name in order]
        panels[0].set_yticks(range(len(order)), names)
        figure.suptitle(headline(runs), x=0.025, y=0.97, ha="left", va="top", fontsize=29, fontweight="bold")
        figure.text(0.025, 0.835, _subtitle(paired["reconnected"]), fontsize=19, va="center")
        figure.text(0.025, 0.035, _footer(runs, bool(idle.any())), fontsize=15, color="#555555")
    return figure


def _draw(axes: Axes, rows: pd.DataFrame, title: str, colour: str) -> None:
    """One panel: a dot and its interval for each strategy, and the number beside it; grey where it may be nothing."""
    axes.set_title(title, loc="left", color=colour, fontsize=23, fontweight="bold", pad=12)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.tick_params(axis="y", length=0, pad=10, labelsize=21)
    axes.spines[["top", "right", "left"]].set_visible(False)
    if rows["difference"].isna().all():
        axes.text(0.5, 0.5, "too early to tell", transform=axes.transAxes, ha="center", color=GREY)
        axes.set_xticks([])
        return
    reach = max(rows[["difference", "low", "high"]].abs().max().max(), 1e-9)
    for height, (_, row) in enumerate(rows.iterrows()):
        shade = colour if row["low"] > 0 or row["high"] < 0 else GREY
        axes.plot([row["low"], row["high"]], [height] * 2, color=shade, linewidth=6, solid_capstyle="butt", alpha=0.6)
        axes.plot(row["difference"], height, "o", color=shade, markersize=12)
        right = row[["difference", "high"]].max() + 0.05 * reach
        axes.text(right, height, signed(row["difference"]), va="center_baseline", fontsize=19, bbox=_UNDERLAY)
    axes.axvline(0, color=INK, linewidth=1.5, zorder=0)
    low = min(rows[["difference", "low"]].min().min(), 0)
    axes.set_xlim(low - 0.08 * reach, rows[["difference", "high"]].max().max() + 0.32 * reach)
    axes.set_xlabel("ties per adopter, more than by waiting")
    axes.grid(axis="x", color="#E5E5E5")
    axes.set_axisbelow(True)


def words(scenario: str) -> str:
    """A strategy as people read it: ``Handwritten notes``; each part of a mixture on a line of its own."""
    return scenario.replace("_", " ").replace(" + ", "\n+ ").capitalize()


def headline(runs: pd.DataFrame) -> str:
    """What the data say, in one sentence: a winner only if it stays ahead of the second in paired comparison.

    Few worlds (under 20) never name a winner.
    """
    paired = paired_differences(runs, "reconnected").sort_values("difference", ascending=False, kind="stable")
    first, names = paired.iloc[0], [f"“{words(name).replace(chr(10), ' ')}”" for name in paired.index]
    if first["worlds"] < ENOUGH_WORLDS:
        return f"{names[0]} came first in this run,\nbut it has {TOO_FEW}"
    if not first["low"] > 0:
        return "In this run, no strategy surely reconnected\nmore ties than waiting"
    if len(paired) > 1:
        lead = paired_differences(runs, "reconnected", baseline=paired.index[1]).loc[paired.index[0]]
        if not lead["low"] > 0:
            return f"{names[0]} and {names[1]} came first in this run,\nand can not be told apart"
    return f"{names[0]} reconnected most in this run:\n{first['difference']:.1f} ties per adopter more than waiting"


def _subtitle(paired: pd.DataFrame) -> str:
    worlds = int(paired["worlds"].min())
    over = "one simulated world" if worlds == 1 else f"{worlds} simulated worlds"
    return f"Paired difference from waiting, mean and 95 % interval over {over}. Grey: the interval holds zero."


def _footer(runs: pd.DataFrame, any_idle: bool) -> str:
    people = runs["people"].iloc[0]
    shortfall = f" {_SHORTFALL} spent under 90 % of its minutes." if any_idle else ""
    told = f"Model, not measurement: worlds of {people:,.0f} people; many numbers are assumed."
    return f"{told} The panels differ in scale.{shortfall}"
