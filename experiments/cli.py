"""`rekindle`: run, sweep, figure, log, explain."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn

import numba
import pandas as pd
import pyarrow as pa
import typer
from rich.console import Console

from experiments import contact_log, runner, store
from experiments.commands.calibration import calibrate_command, validate_command
from experiments.commands.forecasting import forecast_command
from experiments.config import ConfigError, Experiment, load, require_adopters
from experiments.design import Run, runs_of
from experiments.explain import close_names, entries, explained
from experiments.figures import save
from experiments.figures.contact_log import MOST_LOGS
from experiments.figures.contact_log import contact_log as draw_contact_log
from experiments.figures.nine_strategies import nine_strategies
from experiments.progress import shown
from experiments.tables import BASELINE, explained_table, log_table, names_table, run_tables, sweep_table
from sim.storage import LogError, read_log

FIGURES = {"nine_strategies": nine_strategies}
ROWS_A_PART = 10
_WIDTH_OF_A_FILE = 130  # columns, where output is no terminal
_WIDTH_OF_STATISTICS, _WIDTH_OF_A_LOG = 50, 34  # columns of their table

app = typer.Typer(
    name="rekindle",
    help="An agent-based model of reconnecting with people through small gestures.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)

ConfigFile = Annotated[Path, typer.Argument(metavar="CONFIG", help="TOML file of the experiment.")]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a setting, e.g. world.people=500; may be repeated."),
]
Log = Annotated[
    Path | None,
    typer.Option("--world", metavar="LOG", help="Start from a contact log (CSV, CSV.gz, Parquet: source,target,time)."),
]
Processes = Annotated[
    int | None, typer.Option(min=1, max=1_024, help="Worker processes; as many as cores if not given.")
]
Results = Annotated[Path, typer.Option(help="Folder that holds the results of all sweeps.")]


@app.command(epilog="Example: `rekindle run configs/one_run.toml --set run.strategy=check_in`")
def run(config: ConfigFile, changes: Changes = None, world: Log = None) -> None:
    """One run, and a summary of what came of it."""
    experiment = _checked(config, changes, world)
    console = _console()
    single = runs_of(experiment.model_copy(update={"sweep": None}))[0]
    threads = numba.config.NUMBA_NUM_THREADS
    with shown(console, "world", 0) as report:
        start = runner.world_of(single.world, **({} if single.world.log else {"threads": threads, "progress": report}))
    with shown(console, "days", single.days) as report:
        result = runner.simulate(single, start, threads=threads, progress=report, series=False)
    console.print(
        f"{single.scenario}: {len(result.adopters):,} adopters among {len(start):,} people, "
        f"{single.strategy_days:,} of {single.days:,} days, seed {single.seed}.",
        highlight=False,
    )
    console.print(run_tables(result.measures.scalars))


@app.command(epilog="Example: `rekindle sweep configs/nine_strategies.toml --set sweep.replicates=4`")
def sweep(
    config: ConfigFile,
    changes: Changes = None,
    world: Log = None,
    processes: Processes = None,
    results: Results = Path("results"),
) -> None:
    """All arms in all worlds, in parallel; what is there already is not run again."""
    experiment = _checked(config, changes, world)
    if experiment.sweep is None:
        raise ConfigError(f"{config} has no [sweep]; add one with strategies and replicates, or use `rekindle run`.")
    console = _console()
    runs = runs_of(experiment)
    folder = results / experiment.name
    folder.mkdir(parents=True, exist_ok=True)  # a disk that refuses does so before the work
    known = store.finished(folder)
    missing = [one for one in runs if one.id not in known]
    console.print(f"{len(runs):,} runs; {len(runs) - len(missing):,} are there already.", highlight=False)
    failed = _carry_out(missing, folder, processes or os.cpu_count() or 1, console) if missing else []
    _report(experiment, runs, failed, folder, console)
    if failed:
        _complain(failed)
        raise typer.Exit(1)


def _carry_out(runs: Sequence[Run], folder: Path, processes: int, console: Console) -> list[store.Row]:
    """Run what is missing and keep it, part by part; returns the rows of failed runs."""
    failed: list[store.Row] = []
    waiting: list[store.Row] = []
    with runner.worker_processes(min(processes, len(runs))) as executor:
        try:
            with shown(console, "worlds", len({one.world.seed for one in runs})) as report:
                for built, worlds in runner.build_worlds(runs, executor):
                    report(built, worlds)
            with shown(console, "runs", len(runs)) as report:
                for done, row in enumerate(runner.finished_rows(runs, executor), start=1):
                    (failed if row["error"] else waiting).append(row)
                    if len(waiting) >= ROWS_A_PART:
                        store.add(folder, waiting)
                        waiting = []
                    report(done, len(runs))
        except BaseException as problem:
            runner.stop(executor)  # or else the executor would first finish all
            if not isinstance(problem, KeyboardInterrupt | BrokenProcessPool):
                raise
            store.add(folder, waiting)
            _stopped(problem, folder)
    store.add(folder, waiting)
    return failed


def _stopped(problem: BaseException, folder: Path) -> NoReturn:
    kept = f"What had ended is kept in {folder}; the same command goes on from there."
    if isinstance(problem, KeyboardInterrupt):
        print(f"Stopped. {kept}", file=sys.stderr)
        raise typer.Exit(130) from None
    print(f"A worker process died, perhaps for want of memory. {kept} Try --processes 1.", file=sys.stderr)
    raise typer.Exit(1) from None


def _report(
    experiment: Experiment, runs: Sequence[Run], failed: list[store.Row], folder: Path, console: Console
) -> None:
    """Write the sweep's table, in the order of its design, and print it."""
    ids = [one.id for one in runs]
    by_id = store.finished(folder) | {row["id"]: row for row in failed}
    rows = store.frame_of([by_id[name] for name in ids])
    path = store.write_table(folder, rows, store.provenance(experiment, ids))
    whole = rows[rows["error"].isna()]
    if _comparable(whole):
        console.print(sweep_table(whole))
    _written(path, console)


def _comparable(rows: pd.DataFrame) -> bool:
    """Whether there is a baseline, and something to compare with it."""
    return rows["scenario"].nunique() > 1 and BASELINE in set(rows["scenario"])


def _written(path: Path, console: Console) -> None:
    console.print(f"Written: {path}", highlight=False, soft_wrap=True)


def _complain(failed: Sequence[store.Row]) -> None:
    first = failed[0]
    count = "One run failed" if len(failed) == 1 else f"{len(failed):,} runs failed"
    print(
        f"{count}; the table has the errors and tracebacks. The first, {first['scenario']} in replicate "
        f"{first['replicate']}: {first['error']}",
        file=sys.stderr,
    )


@app.command(epilog="Example: `rekindle figure nine_strategies --runs results/nine_strategies/runs.parquet`")
def figure(
    name: Annotated[str, typer.Argument(metavar="NAME", help=f"One of: {', '.join(FIGURES)}.")],
    runs: Annotated[Path | None, typer.Option(help="Table of a sweep; results/NAME/runs.parquet if not given.")] = None,
) -> None:
    """Draw a figure from a sweep's table, beside it: PNG, SVG and PDF."""
    if name not in FIGURES:
        raise ConfigError(f"There is no figure {name!r}; there is {', '.join(FIGURES)}.")
    path = runs or Path("results") / name / store.TABLE
    rows, origin = _table(path)
    whole = rows[rows["error"].isna()]
    if not _comparable(whole):
        raise ConfigError(f"{path} has no finished runs of `{BASELINE}` and another strategy; finish the sweep first.")
    for written in save(FIGURES[name](whole), path.parent, name, origin):
        _written(written, _console())


def _table(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    remedy = "run `rekindle sweep configs/nine_strategies.toml`, or name another table with --runs."
    try:
        return store.read_table(path)
    except FileNotFoundError:
        raise ConfigError(f"There is no table {path}; {remedy}") from None
    except (OSError, pa.ArrowInvalid, KeyError, json.JSONDecodeError):
        raise ConfigError(f"{path} is no table of a sweep; {remedy}") from None


class Format(StrEnum):
    """How `rekindle log` prints."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@app.command(epilog="Example: `rekindle log wall.csv.gz email.csv.gz --figure results/logs`")
def log(
    logs: Annotated[
        list[Path],
        typer.Argument(metavar="LOG", help="Contact logs: CSV, CSV.gz or Parquet with source, target, time (seconds)."),
    ],
    resamples: Annotated[
        int, typer.Option(min=0, max=100_000, help="Of the bootstrap over people; 0 leaves out the intervals.")
    ] = contact_log.RESAMPLES,
    form: Annotated[Format, typer.Option("--format", help="What to print.")] = Format.TABLE,
    folder: Annotated[
        Path | None,
        typer.Option("--figure", "-o", metavar="FOLDER", help="For the page of plots; results/logs with a table, "
                     "none with JSON or CSV, if not given."),
    ] = None,
    channel: Annotated[
        str | None, typer.Option(help="Of logs of simulated runs, one channel alone, e.g. private.")
    ] = None,
) -> None:  # fmt: skip
    """What contact logs say of how people keep in touch: statistics side by side, and a page of plots."""
    names = _names_of(logs)
    printed = _console(_WIDTH_OF_STATISTICS + _WIDTH_OF_A_LOG * len(names))
    told = printed if form is Format.TABLE else Console(stderr=True)
    if folder is None and form is Format.TABLE:
        folder = Path("results/logs")
    if folder is not None and len(names) > MOST_LOGS:
        raise ConfigError(f"{len(names)} logs: a figure can tell {MOST_LOGS} apart. Print them with --format csv.")
    found = {name: contact_log.read(path, channel=channel) for name, path in zip(names, logs, strict=True)}
    tables = {}
    for name, one in found.items():
        with shown(told, f"{name}, resamples", resamples) as report:
            tables[name] = contact_log.statistics(one, resamples=resamples, progress=report)
    if form is Format.TABLE:
        for name, one in found.items():
            size = f"{len(one):,} events of {one.people:,} people in {one.days:,.0f} days"
            printed.print(f"{name}: {size}.", highlight=False)
        printed.print(log_table(tables, resamples))
    else:
        print((_as_json if form is Format.JSON else _as_csv)(found, tables, resamples))
    if folder is not None:
        page = draw_contact_log(tables, {name: contact_log.curves(one) for name, one in found.items()})
        for written in save(page, folder, "contact_log", store.origin_of_logs(logs, resamples)):
            _written(written, told)


def _names_of(logs: Sequence[Path]) -> list[str]:
    """Short names of log files; whole paths where these would be the same."""
    short = [path.name.split(".")[0] for path in logs]
    names = [name if short.count(name) == 1 else str(path) for name, path in zip(short, logs, strict=True)]
    if len(set(names)) < len(names):
        raise ConfigError(f"One of the logs is there twice: {', '.join(names)}.")
    return names


def _as_json(logs: Mapping[str, contact_log.Log], tables: Mapping[str, pd.DataFrame], resamples: int) -> str:
    """A list of logs, each with its statistics; null is missing."""
    said = [
        {
            "log": name,
            "events": len(log),
            "people": log.people,
            "days": log.days,
            "resamples": resamples,
            "statistics": tables[name].astype(object).where(tables[name].notna(), None).to_dict("records"),
        }
        for name, log in logs.items()
    ]
    return json.dumps(said, indent=1)


def _as_csv(_: Mapping[str, contact_log.Log], tables: Mapping[str, pd.DataFrame], resamples: int) -> str:
    """One row a statistic of a log, with the log's name first."""
    rows = pd.concat(tables, names=["log", None]).reset_index("log")
    return str(rows.to_csv(index=False)).rstrip("\n")


app.command("calibrate", epilog="Example: `rekindle calibrate wall.csv.gz --fit routine_rate=0.01:0.5 --trials 50`")(
    calibrate_command
)
app.command("validate", epilog="Example: `rekindle validate wall.csv.gz --against email.csv.gz --refit-activity`")(
    validate_command
)
app.command("forecast", epilog="Example: `rekindle forecast LOG.csv.gz --person ann --gestures like,note --worlds 50`")(
    forecast_command
)


@app.command(epilog="Example: `rekindle explain memory_decay`")
def explain(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Any of them; all are listed if not given.")
    ] = None,
) -> None:
    """What a parameter, gesture, strategy, measure, statistic or setting is: value, unit, range, source, assumed."""
    console = _console()
    if name is None:
        console.print(names_table(entries()))
        return
    found = explained(name)
    if not found:
        close = close_names(name)
        hint = f"did you mean {', '.join(close)}?" if close else "`rekindle explain` lists all names."
        raise ConfigError(f"Nothing is called {name!r}; {hint}")
    for entry in found:
        console.print(explained_table(entry))


def _checked(config: Path, changes: Sequence[str] | None, world: Path | None) -> Experiment:
    """The experiment; a contact log is read once before any work begins.

    Raises:
        ConfigError, LogError: something is wrong with either.
    """
    experiment = load(config, changes or (), world)
    if experiment.world.log is not None:
        events = read_log(experiment.world.log)
        people = len(set(events["source"]) | set(events["target"]))
        try:
            require_adopters(experiment.run.adopters, people)
        except ValueError as error:
            raise ConfigError(f"{config}: {error}.") from None
    return experiment


def _console(width: int = _WIDTH_OF_A_FILE) -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=width)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; whatever is wrong with what it was given is one paragraph and exit code 2."""
    try:
        app(args=list(arguments) if arguments is not None else None)
    except (ConfigError, LogError) as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"The disk refused: {error}.", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    main()
