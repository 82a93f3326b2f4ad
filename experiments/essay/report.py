"""The essay's report: one self-contained HTML file, and a Markdown file with the same content.

The report has no dates and no paths, so the same results give the same bytes.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from experiments.analysis.verdicts import Verdict
from experiments.essay import rests_on
from experiments.essay.essay import JudgedClaim
from experiments.essay.findings import FigureSpec
from experiments.logs.gate import GATE_STATISTICS, Gate
from experiments.sweeps.store import write_whole
from sim.runtime.fingerprint import model_fingerprint

HTML, MARKDOWN, GALLERY = "report.html", "report.md", "gallery.md"
# Colour-blind safe, as in figures; the verdict is also given in words.
_COLOURS = {
    Verdict.HOLDS: "#0072B2",
    Verdict.FAILS: "#D55E00",
    Verdict.DEPENDS: "#9A6A00",
    Verdict.UNDECIDED: "#666666",
    Verdict.BY_CONSTRUCTION: "#7A5195",
    Verdict.CLOSED: "#666666",
}


class Grid(NamedTuple):
    """A table as text, ready for a page."""

    title: str
    columns: list[str]
    rows: list[list[str]]


def write(report: Sequence[JudgedClaim], folder: Path, command: str) -> list[Path]:
    """Write the report into the folder whose ``figures/`` has its figures, and return the paths.

    Args:
        report: the judged claims.
        folder: the folder of the essay's results.
        command: the command that makes the report, without options for a single experiment.
    """
    names = [picture.name for _, picture in pictures(report)]
    images = {name: _embedded(folder / "figures" / f"{name}.png") for name in names}
    written = []
    for name, places in ((HTML, images), (MARKDOWN, {key: f"figures/{key}.png" for key in images})):
        text = rendered(report, name, command, places)
        path = folder / name
        write_whole(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))  # noqa: B023
        written.append(path)
    return written


def rendered(report: Sequence[JudgedClaim], name: str, command: str, images: Mapping[str, str]) -> str:
    """A page as text: `HTML`, `MARKDOWN` or `GALLERY`. ``images`` has the address of each figure by its name."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=name.endswith(".html"), undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters |= {"cell": _cell, "once": lambda text: text.replace("\n", " "), "plain": _plain}
    template = environment.get_template(f"{name}.jinja")
    text = template.render(
        report=report, command=command, images=images, colours=_COLOURS, worlds=_worlds, grids=_with_what_it_rests_on,
        gates=_gate_grids, rests_on=rests_on.picture(report), model=model_fingerprint(), version=version("rekindle"),
    )  # fmt: skip
    return re.sub(r"\n{3,}", "\n\n", text)


def pictures(report: Sequence[JudgedClaim]) -> list[tuple[Sequence[JudgedClaim], FigureSpec]]:
    """All figures of the report, each with the claims that it is about."""
    of_one = [([one], picture) for one in report for picture in one.finding.pictures]
    return [*of_one, (report, rests_on.picture(report))]


def _embedded(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()


def _worlds(one: JudgedClaim) -> str:
    """The numbers of runs, worlds and people behind a claim."""
    runs = sum(len(swept.runs) for swept in one.sweeps.values())
    worlds = [int(swept.runs["replicate"].nunique()) for swept in one.sweeps.values()]
    most = f"{min(worlds)} to {max(worlds)}" if min(worlds) < max(worlds) else f"{max(worlds)}"
    people = sorted({int(size) for swept in one.sweeps.values() for size in swept.runs["people"].unique()})
    return f"{runs:,} runs, {most} worlds of {' to '.join(f'{size:,}' for size in people)} people"


def _grids(one: JudgedClaim) -> list[Grid]:
    return [_grid(title, table) for title, table in one.finding.tables.items()]


def _with_what_it_rests_on(one: JudgedClaim) -> list[Grid]:
    return [*_grids(one), _grid(rests_on.TITLE, rests_on.table(one))]


def _grid(title: str, table: pd.DataFrame) -> Grid:
    if {"value", "low", "high"} <= set(table.columns):
        value, low, high = (table[name].map(_number) for name in ("value", "low", "high"))
        interval = value + " (" + low + " … " + high + ")"
        at = list(table.columns).index("value")
        table = table.drop(columns=["value", "low", "high"])
        table.insert(at, "value (95% interval)", interval.where(interval.str.contains(r"\d"), "–"))
    rows = [[_cell(value) for value in row] for row in table.itertuples(index=False)]
    return Grid(title, [_plain(str(name)) for name in table.columns], rows)


def _gate_grids(one: JudgedClaim) -> list[Grid]:
    """The gate's result for each set of parameters of a claim that are not drawn; no table if all are."""
    gates: dict[tuple[Any, ...], Gate] = {}
    for swept in one.sweeps.values():
        for gate in swept.gates:
            gates.setdefault((gate.name, *gate.values.values()), gate)
    rows = [
        [
            gate.name or "as given",
            *(f"{gate.values[name]:.4f}" for name in GATE_STATISTICS),
            "passed" if gate.passed else "failed",
        ]
        for gate in gates.values()
    ]
    return [Grid("The gate", ["parameters", *map(_plain, GATE_STATISTICS), "result"], rows)] if rows else []


def _cell(value: object) -> str:
    if isinstance(value, float):
        return _number(value)
    return "yes" if value is True else "no" if value is False else str(value)


def _number(value: float) -> str:
    if pd.isna(value):
        return "–"
    if float(value).is_integer() and abs(value) >= 1:
        return f"{value:,.0f}"
    return f"{value:,.2f}" if abs(value) >= 0.1 else f"{value:.3g}"


def _plain(name: str) -> str:
    return name.replace("_", " ")
