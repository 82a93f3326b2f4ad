"""Differences between A and B in one measure: one dot per world, and the mean with its interval."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.analysis.compare import ENOUGH_WORLDS, MEANS, TOO_FEW, Compared
from experiments.analysis.comparison_table import difference, row_name
from experiments.figures import BLUE, GREY, INK, VERMILLION
from experiments.figures.letters import drawable
from experiments.figures.page import HEIGHT, STYLES, WIDTH, Style
from experiments.terminal.legend import PLAIN, Legend
from experiments.terminal.numbers import number
from sim.model.outcomes import MEASURES, measures_of

MOST_ROWS = 11  # rows that are readable from the back of a lecture room
_HEIGHT = 300  # of the plot, in points
_COUNTED = {"share": "", "rank": "ranks"}  # units after a number
_LONGEST_NAME = 100  # letters; names of mixtures are long
_SHORTFALL = "†"
_CLOUD = (0.08, 0.42)  # where the dots of a row are, above its line
_BAR = -0.22  # where its mean is


def comparison(
    found: Compared,
    measure: str,
    worlds: str,
    unit: str | None = None,
    legend: Legend = PLAIN,
    style: Style = STYLES["talk"],
) -> Figure:
    """Draw paired differences in one measure.

    Args:
        found: the result of `experiments.analysis.compare.compared`.
        measure: one of its measures.
        worlds: a description of the worlds, for the footer.
        unit: the unit of the measure, if it is not one of the model with its shipped gestures.
        legend: labels and colours of the arms; by default their names.
        style: size and weight of the type.

    Returns:
        A 16:9 figure with one row per contrast and level, one dot per world, and below the dots their mean and 95%
        interval: blue above zero, vermillion below, grey if the interval includes zero. The title is the message. If
        there are too many rows, only means over levels are drawn, and of these the largest.
    """
    rows = found.rows[found.rows["measure"] == measure]
    shown = _shown(rows)
    with style.in_use():
        figure = Figure(figsize=(WIDTH * style.scale, HEIGHT * style.scale))
        axes = figure.subplots()
        names = _names(shown, legend)
        widest = max((len(line) for name in names for line in name.split("\n")), default=0)
        left = 0.04 if widest == 0 else min(0.06 + 0.0105 * widest, 0.36)
        figure.subplots_adjust(left=left, right=0.97 if len(shown) == 1 else 0.72, top=0.69, bottom=0.225)
        _draw(axes, style, shown, [found.by_world[at] for at in shown.index])
        lines = sum(name.count("\n") + 1 for name in names)
        size = min(20, 20 * 30 / max(widest, 1), 0.8 * _HEIGHT / lines)
        axes.set_yticks(range(len(shown)), names[::-1], fontsize=style.pt(size))
        for tick, (_, row) in zip(axes.get_yticklabels(), shown.iloc[::-1].iterrows(), strict=True):
            tick.set_color(legend.on_white(row["level"]) or legend.on_white(row["a"]) or INK)
        label = ", ".join(filter(None, (unit_of(measure, unit), _sides(rows, legend))))
        axes.set_xlabel(label, fontsize=style.pt(_fitting(label, 20, 75)))
        title = headline(rows, unit, legend)
        figure.suptitle(
            title,
            x=0.025,
            y=0.965,
            ha="left",
            va="top",
            fontsize=style.pt(_fitting(title, 30, 58)),
            fontweight=style.weight,
        )
        subtitle = _subtitle(shown, len(rows))
        figure.text(
            0.025, 0.775, subtitle, fontsize=style.pt(_fitting(subtitle, 20, 100)), va="center", linespacing=1.3
        )
        noted = _footer(shown, worlds, legend)
        figure.text(0.025, 0.03, noted, fontsize=style.pt(_fitting(noted, 19, 105)), linespacing=1.3)
    return figure


def _shown(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows that fit, in their order."""
    if len(rows) <= MOST_ROWS:
        return rows
    several = rows.groupby(["a", "b"])["level"].transform("size") > 1
    means = rows[~several | rows["level"].isin(MEANS)]
    largest = means["difference"].abs().sort_values(ascending=False, kind="stable").index[:MOST_ROWS]
    return means[means.index.isin(largest)]


def _names(rows: pd.DataFrame, legend: Legend) -> list[str]:
    several = rows[["a", "b"]].drop_duplicates().shape[0] > 1
    named = rows.replace({"level": {mean: f"mean of {mean}" for mean in MEANS}})
    texts = [_plain(row_name(row, several), legend) for _, row in named.iterrows()]
    texts = [f"{text} {_SHORTFALL}" if text and idle else text for text, idle in zip(texts, rows["idle"], strict=True)]
    return [text.replace(", ", "\n" if len(rows) <= 5 else ", ") for text in texts]


def _fitting(text: str, size: float, letters: int) -> float:
    """This font size, or a smaller one in which every line fits."""
    return size * min(1.0, letters / max(len(line) for line in text.split("\n")))


def _draw(axes: Axes, style: Style, rows: pd.DataFrame, by_world: list[pd.Series]) -> None:
    axes.set_ylim(-0.5, len(rows) - 0.5)
    axes.axvline(0, color=INK, linewidth=style.pt(2), zorder=1)
    _limit(axes, by_world)
    tall = _HEIGHT / len(rows)
    numbers = [_numbers(row) for _, row in rows.iterrows()]
    heights = range(len(rows))[::-1]  # the first row on top
    if len(rows) == 1:
        _label_below(axes, style, rows["difference"].iloc[0], numbers[0])
    else:
        size = min(_fitting(text, min(20, 0.7 * tall), 24) for text in numbers)
        for height, text in zip(heights, numbers, strict=True):
            axes.text(
                1.02, height, text, transform=axes.get_yaxis_transform(), fontsize=style.pt(size), va="center_baseline"
            )
    for height, (_, row), differences in zip(heights, rows.iterrows(), by_world, strict=True):
        if differences.empty:
            axes.text(0, height, "  not known yet", va="center", zorder=3)
            continue
        shade = _shade(row)
        low, high = (height + end for end in _CLOUD)
        spread = np.linspace(low, high, len(differences)) if len(differences) > 1 else [(low + high) / 2]
        size = np.clip(3 * tall * 20 / len(differences), 12, 150)
        axes.scatter(differences, spread, s=size * style.scale**2, color=shade, alpha=0.65, linewidth=0, clip_on=False)
        bar = height + _BAR
        axes.plot(row["difference"], bar, "D", color=shade, markersize=style.pt(min(14, 0.35 * tall)))
        caps = min(20, 0.5 * tall)
        axes.plot(
            [row["low"], row["high"]],
            [bar] * 2,
            "|-",
            color=INK,
            linewidth=style.pt(3),
            markersize=style.pt(caps),
            mew=style.pt(3),
        )
    axes.locator_params(axis="x", nbins=7)
    axes.grid(axis="x", color="#E5E5E5")
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0, pad=style.pt(10))
    axes.spines[["top", "right", "left"]].set_visible(False)


def _limit(axes: Axes, by_world: list[pd.Series]) -> None:
    """Limits that include zero and every dot, with a margin."""
    values = np.concatenate([[0.0], *by_world])
    low, high = values.min(), values.max()
    room = 0.07 * (high - low) or 1.0
    axes.set_xlim(low - room, high + room)


def _numbers(row: pd.Series) -> str:
    mean, interval = difference(row)
    return mean if math.isnan(row["low"]) else f"{mean}  ({interval})"


def _label_below(axes: Axes, style: Style, mean: float, text: str) -> None:
    """The numbers of a single row, in large type under its mean."""
    least, most = axes.get_xlim()
    place = (mean - least) / (most - least)
    side = "left" if place < 0.25 else "right" if place > 0.75 else "center"
    axes.text(mean, _BAR - 0.17, text, ha=side, va="center", fontsize=style.pt(28), fontweight=style.weight)


def _shade(row: pd.Series) -> str:
    if not (row["low"] > 0 or row["high"] < 0):
        return GREY
    return BLUE if row["difference"] > 0 else VERMILLION


def unit_of(measure: str, own: str | None = None) -> str:
    """The unit of a measure as figures show it: per adopter, except for measures of everyone.

    Args:
        measure: name of the measure.
        own: its unit, if it is not one of the model with its shipped gestures.
    """
    kind = measure.removeprefix("everyone_").partition("_")[2]  # that the measure counts, if it is an added one
    known = MEASURES.get(measure) or (None if own else measures_of([kind]).get(measure))
    unit = drawable(own or "", _LONGEST_NAME) if known is None else known.unit
    return unit if measure.startswith("everyone_") else unit.replace("per person", "per adopter")


def _plain(name: str, legend: Legend) -> str:
    return drawable(legend.label(name), _LONGEST_NAME).replace("=", " = ")


def _words(name: str, legend: Legend) -> str:
    return f"“{_plain(name, legend)}”"


def _sides(rows: pd.DataFrame, legend: Legend) -> str:
    base = _words(rows["b"].iloc[0], legend)
    return f"{_words(rows['a'].iloc[0], legend)} − {base}" if rows["a"].nunique() == 1 else f"each − {base}"


def headline(rows: pd.DataFrame, unit: str | None = None, legend: Legend = PLAIN) -> str:
    """A sentence on the result for one measure: the mean over levels, for the contrast that is furthest from zero.

    Fewer than 20 worlds give no verdict. A measure of the user's own has its unit from ``unit``.
    """
    measure, base = rows["measure"].iloc[0], _words(rows["b"].iloc[0], legend)
    last = rows.groupby(["a", "b"], sort=False).tail(1)  # the mean over levels, if there are several
    known = last.dropna(subset=["difference"])
    what = measure.replace("_", " ").capitalize()
    if known.empty:
        return f"{what}: not known yet"
    sure = known[[_shade(row) != GREY for _, row in known.iterrows()]]
    among = sure if len(sure) else known
    first = among.loc[among["difference"].abs().idxmax()]
    side = "above" if first["difference"] > 0 else "below"
    size = f"{difference(first)[0].lstrip('+−')} {_COUNTED.get(unit_of(measure, unit), unit_of(measure, unit))}".strip()
    name = _words(first["a"], legend)
    far = f"{what}: {name} is {size}\n{side} {base}"
    if first["worlds"] < ENOUGH_WORLDS:
        return f"{far}, but has {TOO_FEW}"
    if sure.empty:
        return f"{what}: {name if len(last) == 1 else 'no other level'} and {base}\ncannot be distinguished"
    if len(last) > 1:
        return f"{far}, the furthest of {len(last)}"
    return f"{far}, in the mean of {first['level']}" if first["level"] in MEANS else far


def _subtitle(rows: pd.DataFrame, of: int) -> str:
    fewest, most = int(rows["worlds"].min()), int(rows["worlds"].max())
    worlds = f"{most} worlds" if fewest == most else f"{fewest} to {most} worlds"
    over = "" if most < 2 else f" Below: mean and 95% interval over {worlds}."
    left = "" if len(rows) == of else f" Shown: {len(rows)} of {of} rows."
    first = f"Dots: the difference in each world.{over}{left}"
    fewer = rows["fewer_runs"].replace(math.inf, math.nan).dropna()
    if fewer.empty or rows["worlds"].min() < ENOUGH_WORLDS:
        return first
    which = "" if len(fewer) == 1 else " (median)"
    return f"{first}\nIndependent seeds would need {number(fewer.median(), 2)} times as many runs{which}."


def _footer(rows: pd.DataFrame, worlds: str, legend: Legend) -> str:
    grey = " Grey: the interval includes zero." if ((rows["low"] <= 0) & (rows["high"] >= 0)).any() else ""
    return f"Simulated, not measured: {worlds}.\nMany parameters are assumptions.{_shortfall(rows, legend)}{grey}"


def _shortfall(rows: pd.DataFrame, legend: Legend) -> str:
    """A note on arms that used too few of their minutes, by name if there is only one row."""
    if not rows["idle"].any():
        return ""
    only = rows.iloc[0]
    who = (
        " and ".join(_words(only[side.lower()], legend) for side in only["idle"].split(" and "))
        if len(rows) == 1
        else ""
    )
    return f" {who or f'{_SHORTFALL} An arm'} used less than 90% of the minutes: not like-for-like."
