"""Which numbers each answer rests on: one row per number, one column per claim, a mark for each correlation."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from experiments.figures import BLUE, GREY, VERMILLION
from experiments.figures.page import Style, Words, page

_LARGEST = 1_100.0  # area of the mark of a correlation of 1, in square points of a talk
_FAINT = 0.3  # opacity of a mark within chance


def draw_rests_on(data: pd.DataFrame, words: Words, style: Style) -> Figure:
    """Draw rank correlations of numbers with the effects of claims.

    The area of a mark is the size of a correlation; it is blue if the effect grows with the number, vermillion if it
    falls. A full mark is beyond chance, a faint one is not.

    Args:
        data: columns ``number`` and ``claim`` (labels, both in the order in which they are shown), ``correlation``
            (−1 to 1) and ``beyond_chance``.
        words: texts.
        style: size of the type.
    """
    numbers, claims = list(dict.fromkeys(data["number"])), list(dict.fromkeys(data["claim"]))
    left = min(0.36, 0.05 + 0.0105 * max((len(one) for one in numbers), default=0))
    with style.in_use():
        figure, (axes,) = page(style, words, left=left)
        x, y = data["claim"].map(claims.index), data["number"].map(numbers[::-1].index)
        grows = data["correlation"] > 0
        for beyond in (False, True):
            some = data["beyond_chance"] == beyond
            axes.scatter(
                x[some],
                y[some],
                s=_LARGEST * style.scale**2 * data["correlation"][some].abs(),
                c=[BLUE if one else VERMILLION for one in grows[some]],
                alpha=1.0 if beyond else _FAINT,
                linewidths=0,
                zorder=3,
            )
        axes.set_yticks(range(len(numbers)), numbers[::-1], fontsize=style.pt(17))
        axes.set_xticks(
            range(len(claims)), claims, fontsize=style.pt(15), rotation=28, ha="right", rotation_mode="anchor"
        )
        axes.set_xlim(-0.6, len(claims) - 0.4)
        axes.set_ylim(-0.7, max(len(numbers), 1) - 0.3)
        axes.tick_params(length=0)
        axes.spines[["bottom", "left"]].set_color(GREY)
    return figure
