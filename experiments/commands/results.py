"""`rekindle status` and `rekindle results`: show the progress of a sweep, and query its results with SQL."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
import typer
from rich.console import Console

from experiments import provenance
from experiments.analysis.compare import SPENT_ENOUGH
from experiments.config.errors import ConfigError
from experiments.sweeps import results as kept
from experiments.sweeps import store
from experiments.sweeps.tables import progress_table
from experiments.terminal.console import Results, say_written, stdout_console
from experiments.terminal.legend import Legend
from experiments.terminal.names import as_csv, write_csv
from experiments.terminal.numbers import counted
from experiments.terminal.tables import frame_table

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the sweep, or its results folder.")]


def status(name: Name, results: Results = Path("results")) -> None:
    """Show how many runs of a sweep are finished, failed or remaining, and how to continue."""
    found = kept.progress(name, results)
    console = stdout_console()
    console.print(progress_table(found.arms), highlight=False)
    took = "" if math.isnan(found.seconds) else f" A run took {found.seconds:.3g} s on average."
    console.print(
        f"{found.done:,} of {found.requested:,} runs are done; {found.failed:,} failed, {found.left:,} remaining."
        f"{took} {counted(found.parts, 'file')}, {found.size / 1e6:,.1f} MB.",
        highlight=False,
    )
    for history, runs, files, size in found.histories:
        console.print(
            f"{history}: {counted(runs, 'run')}, {counted(files, 'file')}, {size / 1e6:,.1f} MB.", highlight=False
        )
    if found.left:
        shared_out = " without --shard" if "--shard" in found.origin["command"] else ""
        console.print(f"To continue, repeat the same command{shared_out}:", highlight=False)
        console.print(f"    {provenance.whole_sweep(found.origin)}", highlight=False, markup=False, soft_wrap=True)


def results(
    name: Name,
    sql: Annotated[
        str,
        typer.Argument(
            metavar="[SQL]",
            help="Query over the tables runs, series, events and people. Default: mean outcomes of each arm.",
        ),
    ] = "",
    form: Annotated[
        Literal["table", "csv", "json", "parquet"], typer.Option("--format", help="Output format.")
    ] = "table",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="File to write. Default: print to the terminal.")
    ] = None,
    results: Results = Path("results"),
) -> None:
    """Query the runs of a sweep with SQL (DuckDB). The sweep may be unfinished."""
    if form == "parquet" and out is None:
        raise ConfigError("--format parquet cannot be printed; give a file with --out.")
    if form == "table" and out is not None:
        raise ConfigError(f"--out {out} needs a file format; add --format csv, json or parquet.")
    found = kept.query(name, sql or kept.MEANS, results)
    if out is None:
        _print(found, form, stdout_console())
        if form == "table" and not sql:
            _print_notes(found, kept.progress(name, results).origin, stdout_console())
        return
    store.write_whole(out, lambda path: _write(found, form, path))
    say_written(out, stdout_console())


def _print(found: pd.DataFrame, form: str, console: Console) -> None:
    if form == "table":
        console.print(frame_table(found), highlight=False)
    elif form == "csv":
        print(as_csv(found, index=False), end="")
    else:
        print(found.to_json(orient="records", indent=1, double_precision=10))


def _print_notes(means: pd.DataFrame, origin: dict[str, Any], console: Console) -> None:
    """Below the means of all arms: which arms used too few of their minutes, and what labels stand for."""
    arms = list(means["scenario"])
    idle = means.loc[means["used_share"].astype(float) < SPENT_ENOUGH, "scenario"]
    notes = Legend.of_configs([origin["config"]]).notes(arms)
    if len(idle):
        notes.append(f"Not like-for-like, with less than {SPENT_ENOUGH:.0%} of the minutes used: {'; '.join(idle)}.")
    for note in notes:
        console.print(note, highlight=False, markup=False, soft_wrap=True)


def _write(found: pd.DataFrame, form: str, path: Path) -> None:
    if form == "parquet":
        found.to_parquet(path, index=False)
    elif form == "json":
        found.to_json(path, orient="records", indent=1, double_precision=10)
    else:
        write_csv(found, path, index=False)
