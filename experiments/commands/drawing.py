"""`rekindle figure`: what the strategies of a sweep look like, for a talk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from experiments import store
from experiments.config import ConfigError
from experiments.figures import save
from experiments.figures.nine_strategies import nine_strategies
from experiments.tables import BASELINE
from experiments.terminal import console_of, say_written

FIGURES = {"nine_strategies": nine_strategies}


def figure(
    name: Annotated[str, typer.Argument(metavar="NAME", help=f"One of: {', '.join(FIGURES)}.")],
    runs: Annotated[Path | None, typer.Option(help="Table of a sweep; results/NAME/runs.parquet if not given.")] = None,
) -> None:
    """Draw a figure from a sweep's table, beside it: PNG, SVG and PDF."""
    if name not in FIGURES:
        raise ConfigError(f"There is no figure {name!r}; there is {', '.join(FIGURES)}.")
    path = runs or Path("results") / name / store.TABLE
    rows, origin = store.table_at(path)
    whole = rows[rows["error"].isna()]
    if origin.get("factors"):
        raise ConfigError(
            f"{path} varies {', '.join(origin['factors'])}, and this figure draws strategies alone; "
            "see `rekindle compare`."
        )
    if not _comparable(whole):
        raise ConfigError(f"{path} has no finished runs of `{BASELINE}` and another strategy; finish the sweep first.")
    drawn = FIGURES[name](whole, origin["config"]["world"]["log"])
    for written in save(drawn, path.parent, name, origin):
        say_written(written, console_of())


def _comparable(rows: pd.DataFrame) -> bool:
    """Whether there is a baseline, and something to compare with it."""
    return rows["scenario"].nunique() > 1 and BASELINE in set(rows["scenario"])
