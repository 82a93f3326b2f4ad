"""`rekindle compare`: compare two arms, two tables or the levels of a factor, paired world by world."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from experiments import provenance
from experiments.analysis.compare import (
    NOT_KNOWN_YET,
    RESAMPLES,
    Compared,
)
from experiments.analysis.comparison_table import comparison_table
from experiments.config.errors import ConfigError
from experiments.figures import save
from experiments.figures.comparison import comparison
from experiments.figures.letters import drawable
from experiments.sweeps import store
from experiments.sweeps.comparisons import (
    Comparison,
    RunTable,
    chosen_measures,
    is_file,
    of_one_table,
    of_two_tables,
    table_at,
)
from experiments.terminal.console import say_written, stderr_console, stdout_console
from experiments.terminal.legend import Legend
from experiments.terminal.names import as_csv


def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="An arm, a table or a factor such as parameters.ease.")],
    b: Annotated[
        str | None, typer.Argument(metavar="[B]", help="The arm or table to compare A with. Leave out for a factor.")
    ] = None,
    runs: Annotated[
        Path | None, typer.Option(help="Table of the arms or the factor. Default: the newest "
                                  "results/*/runs.parquet."),
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(metavar="LEVEL", help="Level of the factor to compare the others with. Default: the "
                                 "first level."),
    ] = None,
    measure: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A measure. Can be repeated. Default: reconnected, "
                                       "kept_up, kept and kept_new."),
    ] = None,
    resamples: Annotated[
        int, typer.Option(min=2_000, max=1_000_000, help="Bootstrap resamples over worlds.")
    ] = RESAMPLES,
    form: Annotated[Literal["table", "csv", "json"], typer.Option("--format", help="Output format.")] = "table",
    folder: Annotated[
        Path | None, typer.Option("--results", "-o", metavar="FOLDER", help="Folder for plots. Default: the table's "
                                  "folder; no plots with CSV or JSON."),
    ] = None,
) -> None:  # fmt: skip
    """Compare two arms, tables or levels of a factor: paired differences A − B with 95% intervals, and plots."""
    console = stdout_console()
    side_console = console if form == "table" else stderr_console()
    if folder is not None and folder.exists() and not folder.is_dir():
        raise ConfigError(f"--results {folder} is a file; give a folder.")
    if is_file(a) or (b is not None and is_file(b)):
        question = of_two_tables(a, b, runs, baseline)
    else:
        question = of_one_table(table_at(runs or _newest(side_console)), a, b, baseline)
    measures = chosen_measures(measure, question.tables)
    found = question.answered(measures, resamples)
    _print(found, question.all_notes, form, console, side_console)
    if folder is None and form == "table":
        folder = question.tables[0].path.parent
    if folder is not None:
        _draw(question, found, measures, resamples, folder, side_console)


def _newest(side_console: Console) -> Path:
    tables = sorted(Path("results").glob(f"*/{store.TABLE}"), key=lambda path: (path.stat().st_mtime_ns, path))
    if not tables:
        raise ConfigError(
            "There is no results/*/runs.parquet; run `rekindle sweep` first, or give a table with --runs."
        )
    side_console.print(f"Using the newest table, {tables[-1]}.", highlight=False, soft_wrap=True)
    return tables[-1]


def _print(found: Compared, notes: Sequence[str], form: str, console: Console, side_console: Console) -> None:
    if form == "table":
        console.print(comparison_table(found.rows, notes), highlight=False)
        return
    if form == "csv":
        print(as_csv(found.rows, index=False, float_format="%.10g"), end="")
    else:
        print(found.rows.to_json(orient="records", force_ascii=False, indent=2, double_precision=10))
    for note in notes:
        side_console.print(note, highlight=False)


def _draw(
    question: Comparison,
    found: Compared,
    measures: Sequence[str],
    resamples: int,
    folder: Path,
    side_console: Console,
) -> None:
    """Draw one figure per measure, each with the provenance of its tables."""
    legend = Legend.of_configs(table.origin["config"] for table in question.tables)
    origins = [table.origin for table in question.tables]
    origin = origins[0] if len(origins) == 1 else {
        "run_hash": provenance.run_hash(origin["run_hash"] for origin in origins), "tables": origins
    }  # fmt: skip
    for measure in measures:
        if found.rows.loc[found.rows["measure"] == measure, "difference"].isna().all():
            why = f" {NOT_KNOWN_YET[measure].capitalize()}." if measure in NOT_KNOWN_YET else ""
            side_console.print(f"No figure for {measure}: no world has a value for both sides.{why}", highlight=False)
            continue
        compared_with = {"of": question.name, "measure": measure, "resamples": resamples}
        unit = question.tables[0].measures[measure].unit
        figure = comparison(found, measure, _worlds(question.tables), unit, legend)
        for path in save(figure, folder, f"{question.name}-{measure}", {**origin, "comparison": compared_with}):
            say_written(path, side_console)


def _worlds(tables: Sequence[RunTable]) -> str:
    """A description of the worlds behind a figure."""
    sizes = sorted({int(size) for table in tables for size in table.runs["people"].dropna()})
    logs = sorted({drawable(Path(log).name) for table in tables if (log := table.origin["config"]["world"]["log"])})
    people = f"{sizes[0]:,}" + (f" to {sizes[-1]:,}" if len(sizes) > 1 else "") if sizes else "no"
    return f"worlds of {people} people" + (f", replayed from {' and '.join(logs)}" if logs else "")
