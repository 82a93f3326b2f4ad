"""A heat map of reconnections over reticence and believed welcome."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from experiments.figures.page import Style, Words, page


def draw(data: pd.DataFrame, words: Words, style: Style) -> Figure:
    """Draw a cell per row: ``reticence``, ``acceptance``, ``value``, ``low``, ``high``, ``new_ties`` and ``open``."""
    with style.in_use():
        figure, (axes,) = page(style, words, left=0.12, right=0.97)
        grid = data.pivot(index="reticence", columns="acceptance", values="value")
        axes.imshow(grid.to_numpy(), cmap="cividis", aspect="auto", origin="lower")
        half = (grid.to_numpy().max() + grid.to_numpy().min()) / 2
        for _, row in data.iterrows():
            x, y = grid.columns.get_loc(row["acceptance"]), grid.index.get_loc(row["reticence"])
            colour = "white" if row["value"] < half else "black"
            spread = (row["high"] - row["low"]) / 2
            axes.text(x, y + 0.10, f"{row['value']:.2f}", ha="center", va="center", fontsize=style.pt(24), color=colour)
            axes.text(x, y - 0.22, f"± {spread:.2f}", ha="center", va="center", fontsize=style.pt(15), color=colour)
            if not row["open"]:
                hatch = Rectangle(
                    (x - 0.5, y - 0.5), 1, 1, fill=False, hatch="//", edgecolor=colour, linewidth=0, alpha=0.5
                )
                axes.add_patch(hatch)
        _contour(axes, style, data.pivot(index="reticence", columns="acceptance", values="new_ties") - grid)
        axes.set_xticks(range(len(grid.columns)), [f"{one:g}" for one in grid.columns])
        axes.set_yticks(range(len(grid.index)), [f"{one:g}" for one in grid.index])
        axes.set_xlabel("believed welcome, share of the real one")
        axes.set_ylabel("weight of strangeness (logit)")
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
    return figure


def _contour(axes: object, style: Style, short: pd.DataFrame) -> None:
    """A contour where as many old ties come back as new ones are made, if there is one."""
    values = short.to_numpy()
    if values.min() < 0 < values.max():
        axes.contour(values, levels=[0], colors="white", linestyles="dashed", linewidths=style.pt(4))  # type: ignore[attr-defined]
