"""Forecasts of who comes back, compared: one row per forecast, one panel per log."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.figures import BLUE, GREY, INK
from experiments.figures.page import STYLES, Style, Words, page, reference, whiskers

MOST_LOGS = 6  # side by side
_LETTERS = 50  # that titles of panels have room for, together
_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_ROOM = 0.8  # of a panel's width, within which its tick is: the next panel's begins behind it


def leaderboard_figure(data: pd.DataFrame, best: str, style: Style = STYLES["talk"]) -> Figure:
    """Draw how much worse than the learned forecast each other one is.

    Args:
        data: one row per log and forecast: ``log``, ``forecast`` (a title), ``value``, ``low`` and ``high``: log loss
            beyond that of the learned forecast, as a share of it.
        best: what the learned forecast is called.
        style: size of the type.

    Returns:
        A 16:9 figure with rows sorted by the mean over logs of their ranks, the best on top.
    """
    logs = list(dict.fromkeys(data["log"]))
    order = list(
        data.groupby("log")["value"].rank().groupby(data["forecast"]).mean().sort_values(ascending=False).index
    )
    left = 0.06 + 0.0115 * max(map(len, order))
    clearly, pairs = int((data["low"] > 0).sum()), len(data)
    words = Words(
        f"Who comes back? The {best} forecast errs less than simple ones\n"
        f"in {int((data['value'] > 0).sum())} of {pairs} comparisons, and clearly so in {clearly}",
        "How much larger the error (log loss) of each simple forecast is, with 95% intervals.\n"
        f"Right of the line is worse than the {best} forecast. Grey: chance alone could explain the difference.",
        "Each log is cut on several mornings; forecasts know only what came before. Intervals: bootstrap over people.",
    )
    size = style.pt(19 * min(1.0, _LETTERS / len(logs) / max(map(len, logs))))
    with style.in_use():
        figure, panels = page(style, words, columns=len(logs), left=left, titled=True)
        for axes, log in zip(panels, logs, strict=True):
            rows = data[data["log"] == log].set_index("forecast")
            reference(axes, style, 0.0)
            for place, name in enumerate(order):
                if name in rows.index and np.isfinite(rows.loc[name, "value"]):
                    row = rows.loc[name, ["value", "low", "high"]].astype(float)
                    whiskers(axes, style, place, row, BLUE if row["low"] > 0 else GREY)
            axes.set_title(log, loc="left", fontsize=size, fontweight=style.weight, color=INK, pad=style.pt(10))
            axes.set_yticks(range(len(order)), order if axes is panels[0] else [""] * len(order))
            axes.tick_params(axis="y", length=0)
            axes.set_ylim(-0.6, len(order) - 0.4)
            axes.margins(x=0.08)
            most = _ROOM * axes.get_xlim()[1]
            axes.set_xticks([0.0, *[tick for tick in _TICKS if tick <= most][-1:]])
            axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:+.0f}%".replace("-", "−") if share else "0")
    return figure
