"""One file per figure, from data to a `matplotlib` Figure, and the function that saves figures.

Figures are made for talks: 16:9, large type, labels on the marks, colours that colour-blind people can distinguish, and
one message in the title. The same data and versions give the same bytes.
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
    "text.parse_math": False,  # names such as a$^$b are plain text
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
    """Write a figure as PNG, SVG and PDF with its provenance in the metadata, and return the paths.

    ``settings`` are the matplotlib settings with which it was drawn; matplotlib reads some of them when it saves.
    Characters that the font lacks are drawn in another installed font or, if there is none, as escapes.
    """
    for text in figure.findobj(Text):
        make_drawable(text)
    origin = json.dumps(private(provenance))  # unsorted, to keep the order of factors
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
