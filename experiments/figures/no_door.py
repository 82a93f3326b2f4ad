"""How much each conclusion changes if the open door, which nobody has measured, is shut or used by a feed."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from experiments.figures import BLUE, GREEN, GREY, VERMILLION
from experiments.figures.page import Style, Words, page, reference, whiskers

_LIKE = "one like"


def draw(data: pd.DataFrame, words: Words, style: Style) -> Figure:
    """Draw gains (``outcome``, ``change``, ``value``, ``low``, ``high``) on the left, and one like on the right."""
    gains, likes = data[data["outcome"] != _LIKE], data[data["outcome"] == _LIKE]
    changes = list(gains["change"].unique())
    colours = dict(zip(changes, (VERMILLION, BLUE, GREEN), strict=False))
    with style.in_use():
        figure, (left, right) = page(style, words, columns=2, left=0.2, right=0.965)
        figure.subplots_adjust(wspace=0.42)
        reference(left, style, 1.0)
        reference(right, style, 1.0)
        outcomes = list(gains["outcome"].unique())[::-1]
        for place, outcome in enumerate(outcomes):
            for k, change in enumerate(changes):
                row = gains[(gains["outcome"] == outcome) & (gains["change"] == change)].iloc[0]
                height = place + 0.26 * (1 - k)
                whiskers(left, style, height, row, colours[change])
        for k, change in enumerate(changes):  # named once, at the top
            row = gains[(gains["outcome"] == outcomes[-1]) & (gains["change"] == change)].iloc[0]
            height = len(outcomes) - 1 + 0.26 * (1 - k)
            edge, side = (row["high"], "left") if row["value"] >= 1 else (row["low"], "right")
            left.text(edge, height, f"  {change}  ", va="center", ha=side, fontsize=style.pt(16), color=colours[change])
        names = [outcome.removeprefix("gain of ") for outcome in outcomes]
        left.set_yticks(range(len(outcomes)), names)
        left.set_ylim(-0.6, len(outcomes) - 0.4)
        span = gains["high"].max() - min(1.0, gains["low"].min())
        left.set_xlim(min(1.0, gains["low"].min()) - 0.05 * span, gains["high"].max() + 0.55 * span)
        left.set_xlabel("gain, ratio to the default")
        rows = likes.iloc[::-1]
        for place, (_, row) in enumerate(rows.iterrows()):
            whiskers(right, style, place, row, colours.get(row["change"], GREY))
            right.text(row["high"], place, f"  {row['value']:.2f}", va="center", fontsize=style.pt(17))
        right.set_yticks(
            range(len(rows)), [change.replace(" ", "\n", 1) for change in rows["change"]], fontsize=style.pt(17)
        )
        right.set_ylim(-0.6, len(rows) - 0.4)
        right.set_xlim(min(0.97, likes["low"].min() - 0.03), likes["high"].max() + 0.25 * (likes["high"].max() - 0.9))
        right.set_xlabel("one like, ratio to nothing")
    return figure
