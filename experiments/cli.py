"""`rekindle`: run, sweep, figure, forecast, explain."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

import numba
import pandas as pd
import pyarrow as pa
import typer
from rich.console import Console

from experiments import runner, store
from experiments.config import ConfigError, Experiment, load, nearest, require_adopters
from experiments.design import Run, log_hash, runs_of
from experiments.explain import close_names, entries, explained
from experiments.figures import save
from experiments.figures.nine_strategies import nine_strategies
from experiments.figures.reliability import reliability_figure
from experiments.forecast import GESTURES, Evaluation, Forecast, Worlds, cut_of, evaluate
from experiments.forecast import forecast as forecast_of
from experiments.pairs import Contacts, contacts_of
from experiments.progress import shown
from experiments.tables import (
    BASELINE,
    evaluation_table,
    explained_table,
    forecast_table,
    names_table,
    run_tables,
    sweep_table,
)
from sim.gestures import KINDS
from sim.storage import LogError, read_log

FIGURES = {"nine_strategies": nine_strategies}
ROWS_A_PART = 10
_WIDTH_OF_A_FILE = 130  # columns, where output is no terminal

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
            _stopped(problem, f"What had ended is kept in {folder}; the same command goes on from there.")
    store.add(folder, waiting)
    return failed


def _stopped(problem: BaseException, kept: str) -> NoReturn:
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


@app.command(epilog="Example: `rekindle forecast LOG.csv.gz --person ann --gestures like,note --worlds 50`")
def forecast(
    log: Annotated[Path, typer.Argument(metavar="LOG", help="Contact log (CSV, CSV.gz, Parquet: source,target,time).")],
    person: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only the ties of this person, who sends the gestures.")
    ] = None,
    judge: Annotated[
        bool, typer.Option("--evaluate", help="Instead, judge a forecast made 70 % into the log by what followed.")
    ] = False,
    cut: Annotated[
        int | None, typer.Option(metavar="DAY", help="Of the judged forecast; 70 % into the log if not given.")
    ] = None,
    worlds: Annotated[int, typer.Option(min=1, max=100_000, help="Simulated worlds; their share is the chance.")] = 100,
    days: Annotated[int, typer.Option(min=1, max=3_650, help="Days within which a tie is to come back.")] = 90,
    silent: Annotated[int, typer.Option(min=1, max=36_500, help="Ask about ties silent for over so many days.")] = 30,
    top: Annotated[int, typer.Option(min=1, max=10_000, help="Ties to show, and to ask gestures of.")] = 10,
    gestures: Annotated[
        str, typer.Option(metavar="KINDS", help="Gestures of day 0, with commas between them, or none.")
    ] = ",".join(GESTURES),
    form: Annotated[Literal["csv", "json"], typer.Option("--format", help="Of the written files.")] = "csv",
    config: Annotated[Path | None, typer.Option(metavar="CONFIG", help="TOML file with [parameters].")] = None,
    changes: Changes = None,
    processes: Processes = None,
    results: Results = Path("results"),
) -> None:
    """The chance that each silent tie of a contact log comes back, by itself and after a gesture."""
    experiment = load(config, changes or (), log)
    contacts = contacts_of(log)
    who = None if person is None else _person(person, contacts, log)
    kinds = _kinds(gestures)
    if judge:
        cut_of(contacts, days, cut)  # a log that is too short says so before the work
    many = Worlds(
        worlds, experiment.parameters, experiment.world.parameters, experiment.world.seed, experiment.run.seed
    )
    folder = results / experiment.name
    folder.mkdir(parents=True, exist_ok=True)
    console = _console()
    with runner.worker_processes(min(processes or os.cpu_count() or 1, worlds)) as executor:
        try:
            with shown(console, "worlds", worlds) as report:
                if judge:
                    found: Evaluation | Forecast = evaluate(
                        contacts, many, days=days, silent=silent, executor=executor, report=report, cut=cut
                    )
                else:
                    found = forecast_of(
                        contacts, many, days=days, silent=silent, executor=executor, report=report,
                        person=who, top=top, gestures=kinds,
                    )  # fmt: skip
        except BaseException as problem:
            runner.stop(executor)  # or else the executor would first finish all
            if not isinstance(problem, KeyboardInterrupt | BrokenProcessPool):
                raise
            _stopped(problem, "Nothing is kept of a forecast; give it fewer --worlds.")
    if isinstance(found, Forecast):
        console.print(forecast_table(found, many.count, days, silent, top), highlight=False)
        _written(_write_frame(found.ties, folder / f"forecast.{form}"), console)
    else:
        origin = store.provenance(experiment, [log_hash(str(log)), *map(str, (worlds, found.cut, days, silent))])
        _report_evaluation(found, folder, form, origin, console)


def _report_evaluation(found: Evaluation, folder: Path, form: str, origin: dict[str, Any], console: Console) -> None:
    """Print how good forecasts were, and write their tables and figure."""
    console.print(evaluation_table(found), highlight=False)
    tables = {"evaluation": found.scores, "calibration": found.calibration, "pairs": found.pairs}
    for name, table in tables.items():
        _written(_write_frame(table, folder / f"{name}.{form}"), console)
    for path in save(reliability_figure(found.calibration, found.days), folder, "reliability", origin):
        _written(path, console)


def _person(name: str, contacts: Contacts, log: Path) -> int:
    """The number of the person whom a log calls so."""
    known = [str(other) for other in contacts.names]
    if name not in known:
        close = nearest(name, known)
        hint = f"; did you mean {close}?" if close else f"; it has {', '.join(known[:5])} and so on."
        raise ConfigError(f"--person {name}: nobody in {log} is called that{hint}")
    return known.index(name)


def _kinds(gestures: str) -> tuple[str, ...]:
    """The kinds of gesture in a list with commas, each once; none for "none"."""
    kinds = tuple(dict.fromkeys(kind.strip() for kind in gestures.split(","))) if gestures != "none" else ()
    known = [kind for kind in KINDS if kind != "post"]
    for kind in kinds:
        if kind not in known:
            close = nearest(kind, known)
            hint = f"did you mean {close}?" if close else f"there is {', '.join(known)}, or none."
            raise ConfigError(f"--gestures {gestures}: {kind!r} is no gesture to one person; {hint}")
    return kinds


def _write_frame(table: pd.DataFrame, path: Path) -> Path:
    """Write a table as CSV, or as JSON with an object a row; returns its path."""
    if path.suffix == ".json":
        store.write_whole(path, lambda file: table.to_json(file, orient="records", indent=1, double_precision=6))
    else:
        store.write_whole(path, lambda file: table.to_csv(file, index=False, float_format="%.6g"))
    return path


@app.command(epilog="Example: `rekindle explain memory_decay`")
def explain(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Any of them; all are listed if not given.")
    ] = None,
) -> None:
    """What a parameter, gesture, strategy, measure or setting is: value, unit, range, source, assumed or not."""
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


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=_WIDTH_OF_A_FILE)


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
