"""What an outcome depends on: one bar per factor, the most important at the top."""

from __future__ import annotations

import re

import numpy as np
from matplotlib.figure import Figure

from experiments.analysis.sensitivity import Indices
from experiments.figures import BLUE, GREY, INK
from experiments.figures.page import HEIGHT, STYLES, WIDTH, Style
from experiments.terminal.names import distinct_endings
from experiments.terminal.numbers import counted

_MOST_BARS = 12


def sensitivity(indices: Indices, style: Style = STYLES["talk"]) -> Figure:
    """Draw the indices of one strategy.

    Args:
        indices: one result of `experiments.analysis.sensitivity.indices`.
        style: size and weight of the type.

    Returns:
        A 16:9 figure: bars of mu* (Morris), or of total and first-order indices (Saltelli), with 95% intervals.
    """
    rows = indices.table.head(_MOST_BARS).iloc[::-1]
    main, width, second = indices.table.columns[:3]
    with style.in_use():
        figure = Figure(figsize=(WIDTH * style.scale, HEIGHT * style.scale))
        axes = figure.subplots()
        figure.subplots_adjust(left=0.3, right=0.92, top=0.72, bottom=0.16)
        places = np.arange(len(rows))
        axes.barh(
            places,
            rows[main],
            0.62,
            xerr=rows[width],
            color=BLUE,
            ecolor=INK,
            capsize=style.pt(5),
            error_kw={"linewidth": style.pt(2)},
        )
        for place, value, half, diamond in zip(places, rows[main], rows[width], rows[second], strict=True):
            end = max(value + half, diamond)
            axes.annotate(
                f"{round(value, 9):.2g}", (end, place), (style.pt(10), 0), textcoords="offset points", va="center"
            )
        axes.plot(
            rows[second], places, "D", color="white", markeredgecolor=INK, markersize=style.pt(10), linestyle="none"
        )
        labels = labels_of(indices)
        axes.set_yticks(places, [labels[name] for name in rows.index])
        axes.set_xlim(left=min(0.0, float((rows[main] - rows[width]).min())))
        axes.margins(x=0.12)
        axes.set_xlabel(_axis(indices))
        axes.spines[["top", "right"]].set_visible(False)
        figure.suptitle(
            headline(indices), x=0.025, y=0.96, ha="left", va="top", fontsize=style.pt(27), fontweight=style.weight
        )
        figure.text(0.025, 0.775, _subtitle(indices), fontsize=style.pt(18), va="center", color=INK, linespacing=1.4)
        figure.text(0.025, 0.03, _footer(indices), fontsize=style.pt(15), color=GREY)
    return figure


def labels_of(found: Indices) -> dict[str, str]:
    """A label for each factor: the end of its path that no other has, such as "like minutes"."""
    names = list(found.table.index)
    return {name: re.sub("[._]", " ", end) for name, end in zip(names, distinct_endings(names), strict=True)}


def headline(found: Indices) -> str:
    """The message: which factor matters most, or that none does."""
    main = found.table.columns[0]
    what = f"{found.measure.replace('_', ' ')} of “{found.strategy.replace('_', ' ')}”"
    if not len(found.table) or found.table[main].max() <= 0:
        return f"None of the factors has an effect on\n{what}"
    labels = labels_of(found)
    return f"{what[:1].upper()}{what[1:]}\ndepends most on {_named([labels[name] for name in _rivals(found)])}"


def _rivals(found: Indices) -> list[str]:
    """The factor that matters most, and those whose intervals overlap with its interval."""
    main, width = found.table.columns[:2]
    first = found.table.iloc[0]
    return list(found.table.index[found.table[main] + found.table[width] >= first[main] - first[width]])


def _named(names: list[str]) -> str:
    if len(names) > 3:
        return f"{len(names)} factors that cannot be distinguished"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _axis(found: Indices) -> str:
    if found.method == "morris":
        return f"mean effect of the factor's whole range on {found.measure.replace('_', ' ')} (mu*)"
    return "share of the variance, with all interactions (total index)"


def _subtitle(found: Indices) -> str:
    meaning = (
        "Diamonds: sigma, how much the effect varies between points."
        if found.method == "morris"
        else ("Diamonds: the share that each factor explains alone (first-order index).")
    )
    less = f"Paired difference from “{found.baseline}”. " if found.baseline else ""
    return f"{less}Error bars: 95% interval.\n{meaning}"


def _footer(found: Indices) -> str:
    fixed = "".join(f", {name} = {level}" for name, level in found.fixed.items())
    left_out = len(found.table) - _MOST_BARS
    more = f" {left_out} factors that matter less are not shown." if left_out > 0 else ""
    design = f"{counted(found.points, 'point')}, {counted(found.replicates, 'world')} each"
    return f"{design}{fixed}.{more} Simulated, not measured."
