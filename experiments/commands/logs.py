"""`rekindle log`: statistics of contact logs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from experiments import provenance
from experiments.config.errors import ConfigError
from experiments.config.reading import names_of_logs
from experiments.figures import save
from experiments.figures.contact_log import MOST_LOGS
from experiments.figures.contact_log import contact_log as draw_contact_log
from experiments.logs import contact_log
from experiments.logs.log import Log, read
from experiments.logs.observed import with_observed
from experiments.logs.tables import log_table
from experiments.terminal.console import (
    Format,
    Observed,
    report_log_notes,
    say_written,
    stderr_console,
    stdout_console,
)
from experiments.terminal.names import as_csv
from experiments.terminal.numbers import counted
from experiments.terminal.progress import progress_bar

_WIDTH_OF_STATISTICS, _WIDTH_OF_A_LOG = 50, 34  # columns of their table


def log(
    logs: Annotated[
        list[Path],
        typer.Argument(metavar="LOG", help="Contact logs: CSV, CSV.gz or Parquet with source, target, time."),
    ],
    resamples: Annotated[
        int, typer.Option(min=0, max=100_000, help="Bootstrap resamples over people; 0 leaves out the intervals.")
    ] = contact_log.RESAMPLES,
    form: Annotated[Format, typer.Option("--format", help="Output format.")] = Format.TABLE,
    folder: Annotated[
        Path | None,
        typer.Option("--figure", "-o", metavar="FOLDER", help="Folder for the page of plots. Default: results/logs "
                     "with a table, none with JSON or CSV."),
    ] = None,
    channel: Annotated[
        str | None, typer.Option(help="Only this channel, in logs of simulated runs, e.g. private.")
    ] = None,
    observed: Observed = None,
) -> None:  # fmt: skip
    """Summarize contact logs: statistics of how people keep in touch, side by side, and a page of plots."""
    names = names_of_logs(logs)
    printed = stdout_console(_WIDTH_OF_STATISTICS + _WIDTH_OF_A_LOG * len(names))
    side_console = printed if form is Format.TABLE else stderr_console()
    if folder is None and form is Format.TABLE:
        folder = Path("results/logs")
    if folder is not None and folder.exists() and not folder.is_dir():
        raise ConfigError(f"--figure {folder} is a file; give a folder.")
    if folder is not None and len(names) > MOST_LOGS:
        raise ConfigError(
            f"{len(names)} logs are too many for a figure, which shows at most {MOST_LOGS}; use --format csv."
        )
    if observed is not None and len(logs) > 1:
        raise ConfigError(f"--observed {observed} says who is observed in one log, but {len(logs)} are given.")
    by_log = {
        name: with_observed(read(path, channel=channel), observed) for name, path in zip(names, logs, strict=True)
    }
    for path, one in zip(logs, by_log.values(), strict=True):
        report_log_notes(path, one.notes, stderr_console())
    tables = {}
    for name, one in by_log.items():
        with progress_bar(side_console, f"{name}, resamples", resamples) as report:
            tables[name] = contact_log.statistics(one, resamples=resamples, progress=report)
    if form is Format.TABLE:
        for name, one in by_log.items():
            printed.print(f"{name}: {_size_of(one)}.", highlight=False)
        printed.print(log_table(tables, resamples))
    else:
        print((_as_json if form is Format.JSON else _as_csv)(by_log, tables, resamples))
    if folder is not None:
        page = draw_contact_log(tables, {name: contact_log.curves(one) for name, one in by_log.items()})
        for written in save(page, folder, "contact_log", provenance.of_logs(logs, resamples)):
            say_written(written, side_console)


def _size_of(log: Log) -> str:
    observed = "" if log.observed is None else f" ({int(log.observed.sum()):,} observed)"
    return f"{counted(len(log), 'event')} of {log.people:,} people{observed} in {counted(round(log.days), 'day')}"


def _as_json(logs: Mapping[str, Log], tables: Mapping[str, pd.DataFrame], resamples: int) -> str:
    """A JSON list of logs with their statistics; missing values are null."""
    records = [
        {
            "log": name,
            "events": len(log),
            "people": log.people,
            "observed": int(log.counted.sum()),
            "days": log.days,
            "resamples": resamples,
            "statistics": tables[name].astype(object).where(tables[name].notna(), None).to_dict("records"),
        }
        for name, log in logs.items()
    ]
    return json.dumps(records, indent=1)


def _as_csv(_: Mapping[str, Log], tables: Mapping[str, pd.DataFrame], resamples: int) -> str:
    """CSV with one row per log and statistic; the first column is the log's name."""
    rows = pd.concat(tables, names=["log", None]).reset_index("log")
    return as_csv(rows, index=False).rstrip("\n")
