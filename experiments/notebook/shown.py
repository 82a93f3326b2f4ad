"""What a notebook and a terminal show of a sweep: how many runs there are, and the outcomes of each arm."""

from __future__ import annotations

from html import escape
from pathlib import Path

import pandas as pd

from experiments.analysis.compare import OUTCOMES
from experiments.terminal.numbers import counted

_MOST_ARMS = 12


def as_text(name: str, folder: Path, runs: pd.DataFrame) -> str:
    """A sentence and a table of means."""
    return f"{_sentence(name, folder, runs)}\n{_means(runs).to_string()}{_more(runs)}"


def as_html(name: str, folder: Path, runs: pd.DataFrame) -> str:
    """The same for a notebook."""
    table = _means(runs).to_html(border=0, float_format="{:.3g}".format)
    return f"<p>{escape(_sentence(name, folder, runs))}</p>{table}<p>{escape(_more(runs).strip())}</p>"


def _sentence(name: str, folder: Path, runs: pd.DataFrame) -> str:
    failed = int(runs["error"].notna().sum())
    arms = counted(runs["scenario"].nunique(), "arm")
    worlds = counted(runs["replicate"].nunique(), "world")
    size = f"{counted(len(runs), 'run')}: {arms} in {worlds}, {f'{failed:,}' if failed else 'none'} failed"
    return f"Sweep {name}, {size}. Kept in {folder}. Means over worlds, in ties per adopter:"


def _means(runs: pd.DataFrame) -> pd.DataFrame:
    there = [measure for measure in OUTCOMES if measure in runs and runs[measure].notna().any()]
    return runs.groupby("scenario", sort=False)[there].mean().rename_axis("arm").head(_MOST_ARMS)


def _more(runs: pd.DataFrame) -> str:
    arms = runs["scenario"].nunique()
    return f"\n… and {arms - _MOST_ARMS:,} more arms, see `runs`." if arms > _MOST_ARMS else ""
