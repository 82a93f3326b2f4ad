"""`rekindle sensitivity`: which of the sampled factors an outcome depends on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
import typer
from pandas.api.types import is_numeric_dtype

from experiments.analysis.sensitivity import Indices, SensitivityError, indices
from experiments.commands.results import Name
from experiments.config.errors import ConfigError
from experiments.figures import save
from experiments.figures.sensitivity import sensitivity as drawn
from experiments.sweeps import results as kept
from experiments.terminal.console import Results, say_written, stdout_console
from experiments.terminal.names import as_csv
from experiments.terminal.numbers import counted
from experiments.terminal.tables import frame_table
from sim.model.former_names import accepted_name
from sim.model.outcomes import MEASURES
from sim.model.spelling import nearest

_OF_THE_DESIGN = ("replicate", "point", "world_seed", "seed", "people")
_FIRST = ("reconnected", "kept_up", "kept", "active_ties", "new_ties")  # measures that an error message lists


def sensitivity(
    name: Name,
    measure: Annotated[
        str, typer.Option(metavar="NAME", help="The outcome; `rekindle explain` lists all measures.")
    ] = "reconnected",
    form: Annotated[Literal["table", "csv", "json"], typer.Option("--format", help="Output format.")] = "table",
    results: Results = Path("results"),
) -> None:
    """Compute Morris screening or Sobol indices of a sampled sweep, and draw a figure for each arm."""
    runs, origin = kept.load(name, results), kept.progress(name, results).origin
    measure = accepted_name(measure)
    _check(measure, runs, origin["factors"])
    try:
        found = indices(runs, origin, measure)
    except SensitivityError as error:
        raise ConfigError(str(error)) from None
    console = stdout_console()
    if form != "table":
        whole = pd.concat([one.table.reset_index().assign(strategy=one.strategy, **one.fixed) for one in found])
        print(as_csv(whole, index=False) if form == "csv" else whole.to_json(orient="records", indent=1), end="")
        return
    folder = results / name if (results / name).is_dir() else Path(name)
    for one in found:
        console.print(f"\n{_title(one)}", highlight=False, markup=False)
        console.print(frame_table(one.table.reset_index()), highlight=False)
        if one.note:
            console.print(one.note, highlight=False)
        for path in save(drawn(one), folder, _file(one), origin):
            say_written(path, console)


def _check(measure: str, runs: pd.DataFrame, factors: Sequence[str]) -> None:
    """Check that this is a measure, and not a name, a seed or a level that identifies runs."""
    is_number = measure in runs and is_numeric_dtype(runs[measure])
    if measure in MEASURES or (is_number and measure not in (*_OF_THE_DESIGN, *factors)):
        return
    own = (name for name in runs if is_numeric_dtype(runs[name]) and name not in (*_OF_THE_DESIGN, *factors))
    close = nearest(measure, [*MEASURES, *own])
    hint = (
        f"did you mean {close}?"
        if close
        else f"measures are {', '.join(_FIRST)} and others that `rekindle explain` lists."
    )
    what = "is not a measure"
    if measure in runs:
        what = "is part of the design, not a measure" if is_number else "is text, not a number"
    raise ConfigError(f"--measure {measure} {what}; {hint}")


def _title(found: Indices) -> str:
    fixed = "".join(f", {name} = {level}" for name, level in found.fixed.items())
    less = f" minus {found.baseline}" if found.baseline else ""
    design = f"{counted(found.points, 'point')}, {counted(found.replicates, 'world')} each"
    return f"{found.measure} of {found.strategy}{less}{fixed}: {design}"


def _file(found: Indices) -> str:
    fixed = "".join(f"-{level}" for level in found.fixed.values())
    return "sensitivity-" + re.sub(r"[^\w.-]+", "_", f"{found.measure}-{found.strategy}{fixed}")
