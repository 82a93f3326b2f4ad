"""`rekindle status` and `rekindle results`: show the progress of a sweep, and query its results with SQL."""

from __future__ import annotations

import math
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
import typer
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from experiments import provenance
from experiments.analysis.compare import SPENT_ENOUGH
from experiments.config.errors import ConfigError
from experiments.sweeps import results as kept
from experiments.sweeps import store
from experiments.sweeps.progress_page import write_page
from experiments.sweeps.tables import progress_table
from experiments.terminal.console import Results, say_written, stdout_console
from experiments.terminal.legend import Legend
from experiments.terminal.names import as_csv, visible, write_csv
from experiments.terminal.numbers import counted
from experiments.terminal.progress import SECONDS_BETWEEN_LINES
from experiments.terminal.tables import frame_table

SECONDS_BETWEEN_LOOKS = 2.0  # of --watch, at least

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the sweep, or its results folder.")]


def status(
    name: Name,
    watch: Annotated[
        bool, typer.Option("--watch", help="Show it again and again until the sweep is done; Ctrl-C ends it.")
    ] = False,
    page: Annotated[
        Path | None,
        typer.Option("--page", metavar="FILE.html", help="Also write it as a page, which a browser renews by itself."),
    ] = None,
    results: Results = Path("results"),
) -> None:
    """Show how many runs of a sweep are finished, failed or remaining, and how to continue."""
    if page is not None and page.suffix not in (".html", ".htm"):
        raise ConfigError(f"--page {page}: expected the name of an HTML file, such as progress.html.")
    console = stdout_console()
    found = _seen(name, results, page)
    if page is not None:
        say_written(page, console)
    if watch and not found.over:
        found = _watched(name, results, page, console)
    console.print(_shown(found))
    if found.left and not found.pace.commands:
        shared_out = " without --shard" if "--shard" in found.origin["command"] else ""
        console.print(f"To continue, repeat the same command{shared_out}:", highlight=False)
        console.print(f"    {provenance.whole_sweep(found.origin)}", highlight=False, markup=False, soft_wrap=True)


def _seen(name: str, results: Path, page: Path | None) -> kept.Progress:
    """The progress of a sweep, which is also written to the page."""
    found = kept.progress(name, results)
    if page is not None:
        write_page(page, Path(name).name, found)
    return found


def _watched(name: str, results: Path, page: Path | None, console: Console) -> kept.Progress:
    """Show the progress until the sweep is done; a line now and then where output is no terminal."""
    with ExitStack() as stack:
        live = stack.enter_context(Live(console=console, transient=True)) if console.is_terminal else None
        said = -math.inf
        while True:
            began = time.monotonic()
            found = _seen(name, results, page)
            if found.over:
                return found
            if live:
                live.update(_shown(found), refresh=True)
            elif began - said > SECONDS_BETWEEN_LINES:
                console.print(f"{found.sentence} {found.speed}".strip(), highlight=False)
                said = began
            time.sleep(max(SECONDS_BETWEEN_LOOKS, 9 * (time.monotonic() - began)))  # a look reads all parts


def _shown(found: kept.Progress) -> Group:
    """The table of arms, and sentences."""
    took = "" if math.isnan(found.seconds) else f" A run took {found.seconds:.3g} s on average."
    lines = [f"{found.sentence}{took} {counted(found.parts, 'file')}, {found.size / 1e6:,.1f} MB."]
    lines += [found.speed] * bool(found.speed)
    for history, runs, files, size in found.histories:
        lines.append(f"{history}: {counted(runs, 'run')}, {counted(files, 'file')}, {size / 1e6:,.1f} MB.")
    if len(found.failures):
        last = found.failures.iloc[0]
        lines.append(visible(f"Last failure: {last['scenario']} in replicate {last['replicate']}: {last['error']}"))
    return Group(progress_table(found.arms), *map(Text, lines))


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
