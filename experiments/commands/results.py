"""`rekindle status` and `rekindle results`: how far a sweep has come, and what is there, under SQL."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
import typer
from rich.console import Console

from experiments import provenance
from experiments.config.settings import ConfigError
from experiments.sweeps import results as kept
from experiments.sweeps import store
from experiments.sweeps.tables import progress_table
from experiments.terminal.console import Results, console_of, say_written
from experiments.terminal.names import as_csv, write_csv
from experiments.terminal.numbers import counted
from experiments.terminal.tables import frame_table

Name = Annotated[str, typer.Argument(metavar="NAME", help="Of the sweep: the folder of its results.")]


def status(name: Name, results: Results = Path("results")) -> None:
    """How many runs of a sweep are there, failed or left, and how to go on."""
    found = kept.progress(name, results)
    console = console_of()
    console.print(progress_table(found.arms), highlight=False)
    took = "" if math.isnan(found.seconds) else f" A run took {found.seconds:.3g} s."
    console.print(
        f"{found.done:,} of {found.asked:,} runs are there, {found.failed:,} failed, {found.left:,} left.{took} "
        f"{counted(found.parts, 'file')}, {found.size / 1e6:,.1f} MB.",
        highlight=False,
    )
    for history, runs, files, size in found.histories:
        console.print(f"{history}: of {runs:,} runs, {files:,} files, {size / 1e6:,.1f} MB.", highlight=False)
    if found.left:
        shared_out = " without --shard" if "--shard" in found.origin["command"] else ""
        console.print(f"To go on, give the same command again{shared_out}:", highlight=False)
        console.print(f"    {provenance.whole_sweep(found.origin)}", highlight=False, markup=False, soft_wrap=True)


def results(
    name: Name,
    sql: Annotated[
        str, typer.Argument(metavar="[SQL]", help="Over runs, series, events; means of the arms if none.")
    ] = "",
    form: Annotated[
        Literal["table", "csv", "json", "parquet"], typer.Option("--format", help="How the answer is written.")
    ] = "table",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where; to the terminal if not said.")
    ] = None,
    results: Results = Path("results"),
) -> None:
    """Ask the runs of a sweep, finished or not, in SQL (DuckDB)."""
    if form == "parquet" and out is None:
        raise ConfigError("--format parquet can not be shown in a terminal; name a file with --out.")
    if form == "table" and out is not None:
        raise ConfigError(f"--out {out} takes a table for programs; add --format csv, json or parquet.")
    found = kept.query(name, sql or kept.MEANS, results)
    if out is None:
        _print(found, form, console_of())
        return
    store.write_whole(out, lambda path: _write(found, form, path))
    say_written(out, console_of())


def _print(found: pd.DataFrame, form: str, console: Console) -> None:
    if form == "table":
        console.print(frame_table(found), highlight=False)
    elif form == "csv":
        print(as_csv(found, index=False), end="")
    else:
        print(found.to_json(orient="records", indent=1, double_precision=10))


def _write(found: pd.DataFrame, form: str, path: Path) -> None:
    if form == "parquet":
        found.to_parquet(path, index=False)
    elif form == "json":
        found.to_json(path, orient="records", indent=1, double_precision=10)
    else:
        write_csv(found, path, index=False)
