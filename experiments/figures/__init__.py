"""One file per figure: data in, `matplotlib` Figure out; and how figures are saved.

Figures are for talks: 16:9, large type, labels on the marks, colours that the colour-blind can tell apart, one message
in the title. The same data and versions give the same bytes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.text import Text

from experiments.figures.letters import make_drawable
from experiments.terminal.names import private
from sim.runtime.atomic_files import write_whole

# Okabe & Ito's colours
BLUE, VERMILLION, GREY, INK = "#0072B2", "#D55E00", "#8C8C8C", "#222222"
GREEN, ORANGE, SKY, PURPLE = "#009E73", "#E69F00", "#56B4E9", "#CC79A7"
COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)

STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 20,
    "text.parse_math": False,  # a name such as a$^$b is no mathematics
    "text.color": INK,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "svg.hashsalt": "rekindle",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
    "savefig.dpi": 120,
}


def save(
    figure: Figure, folder: Path, name: str, provenance: dict[str, Any], settings: dict[Any, Any] = STYLE
) -> list[Path]:
    """Write a figure as PNG, SVG and PDF with its provenance in the metadata; returns the paths.

    ``settings`` are those of matplotlib with which it was drawn: some are read only now. Characters that its font lacks
    are drawn with another that is installed or, where there is none, as their escapes.
    """
    for text in figure.findobj(Text):
        make_drawable(text)
    origin = json.dumps(private(provenance))  # as it is: the order of factors is that of the runs
    title = f"rekindle: {name}, runs {provenance['run_hash']}"
    metadata: dict[str, dict[str, Any]] = {
        "png": {"Title": title, "Description": origin},
        "svg": {"Title": title, "Description": origin, "Date": None},
        "pdf": {"Title": title, "Subject": origin, "CreationDate": None},
    }
    paths = []
    for ending, facts in metadata.items():
        path = folder / f"{name}.{ending}"
        with matplotlib.rc_context(settings):
            write_whole(path, lambda temporary: figure.savefig(temporary, format=ending, metadata=facts))  # noqa: B023
        paths.append(path)
    return paths
