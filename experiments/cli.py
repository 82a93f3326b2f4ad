"""`rekindle`: run, sweep, figure, log, explain."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, NoReturn

import numba
import pandas as pd
import pyarrow as pa
import typer
from rich.console import Console

from experiments import contact_log, runner, store
from experiments.commands.calibration import calibrate_command, validate_command
from experiments.commands.forecasting import forecast_command
from experiments.config import ConfigError, Experiment, load, place_of, require_adopters, stem_of_log
from experiments.design import Run, runs_of
from experiments.explain import close_names, entries, explained
from experiments.figures import save
from experiments.figures.contact_log import MOST_LOGS
from experiments.figures.contact_log import contact_log as draw_contact_log
from experiments.figures.nine_strategies import nine_strategies
from experiments.progress import shown
from experiments.tables import BASELINE, explained_table, log_table, names_table, run_tables, sweep_table
from sim.interrupts import held_back
from sim.storage import LogError, read_log

FIGURES = {"nine_strategies": nine_strategies}
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

# What typer raises for a wrong option; it comes from click, or from the click that typer has within.
_UsageError: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(BaseException):
    """Ctrl-C, or SIGTERM from elsewhere: to keep what there is and end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number


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
    console, told = _console(), _progress()
    single = runs_of(experiment.model_copy(update={"sweep": None}))[0]
    threads = numba.config.NUMBA_NUM_THREADS
    _tell_of_compiling(told)
    with shown(told, "world", 0) as report:
        start = runner.world_of(single.world, **({} if single.world.log else {"threads": threads, "progress": report}))
    with shown(told, "days", single.days) as report:
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
    store.prepare(folder)
    known = store.finished(folder)
    missing = [one for one in runs if one.id not in known]
    console.print(f"{len(runs):,} runs; {len(runs) - len(missing):,} are there already.", highlight=False)
    failed = _carry_out(missing, folder, processes or os.cpu_count() or 1, _progress()) if missing else []
    _report(experiment, runs, failed, folder, console)
    if failed:
        _complain(failed)
        raise typer.Exit(1)


def _carry_out(runs: Sequence[Run], folder: Path, processes: int, told: Console) -> list[store.Row]:
    """Run what is missing and keep it, part by part; returns the rows of failed runs."""
    failed: list[store.Row] = []
    done = 0
    _tell_of_compiling(told)
    # Amid the locks of an executor, an exception would leave one locked for ever.
    with held_back() as hand_on_stop, runner.worker_processes(min(processes, len(runs))) as executor:
        try:
            with shown(told, "worlds", len({one.world.seed for one in runs})) as report:
                for built, worlds in runner.build_worlds(runs, executor):
                    report(built, worlds)
                    hand_on_stop()
            with shown(told, "runs", len(runs)) as report:
                for rows in runner.finished_rows(runs, executor):
                    store.add(folder, rows)
                    failed += [row for row in rows if row["error"]]
                    done += len(rows)
                    report(done, len(runs))
                    hand_on_stop()
        except BaseException as problem:
            runner.stop(executor)  # or else the executor would first finish all
            if not isinstance(problem, Stopped | BrokenProcessPool):
                raise
            _stopped(problem, folder)
    return failed


def _stopped(problem: BaseException, folder: Path) -> NoReturn:
    kept = f"What had ended is kept in {folder}; the same command goes on from there."
    if isinstance(problem, Stopped):
        print(f"Stopped. {kept}", file=sys.stderr)
        raise typer.Exit(problem.code) from None
    print(f"A worker process died, perhaps for want of memory. {kept} Try --processes 1.", file=sys.stderr)
    raise typer.Exit(1) from None


def _report(
    experiment: Experiment, runs: Sequence[Run], failed: list[store.Row], folder: Path, console: Console
) -> None:
    """Write the sweep's table, in the order of its design, and print it."""
    ids = [one.id for one in runs]
    by_id = store.finished(folder) | {row["id"]: row for row in failed}
    rows = store.frame_of([by_id[name] for name in ids])
    replaced = store.ids_in_table(folder)
    path = store.write_table(folder, rows, store.provenance(experiment, ids))
    whole = rows[rows["error"].isna()]
    if _comparable(whole):
        console.print(sweep_table(whole, console.width))
    if gone := len(replaced - set(ids)):
        print(
            f"The table there before had {len(replaced):,} runs, {gone:,} of them not of this sweep. They stay in "
            f"{folder / store.PARTS}; the sweep that asked for them makes its table of them again.",
            file=sys.stderr,
        )
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
    drawn = FIGURES[name](whole, origin["config"]["world"]["log"])
    for written in save(drawn, path.parent, name, origin):
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
    short = [stem_of_log(path) for path in logs]
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
    if world is not None and not world.name:
        raise ConfigError(f'--world "{world}": name a contact log, such as wall.csv.gz.')
    experiment = load(config, changes or (), world)
    if experiment.world.log is not None:
        try:
            events = read_log(experiment.world.log)
        except LogError as error:
            if world is not None:
                raise
            where = place_of(config, changes or (), ("world", "log"))
            counted = "" if "--set" in where else f" It counts from the folder of {config.name}."
            missing = not Path(experiment.world.log).exists()
            raise ConfigError(f"{where}: {error}{counted if missing else ''}") from None
        people = len(set(events["source"]) | set(events["target"]))
        try:
            require_adopters(experiment.run.adopters, people)
        except ValueError as error:
            where = place_of(config, changes or (), ("run", "adopters"))
            raise ConfigError(f"{where}: {str(error).removeprefix('run.adopters ')}.") from None
    return experiment


def _tell_of_compiling(told: Console) -> None:
    if not runner.is_compiled():
        told.print("The model is compiled first, once; that takes about a minute.", highlight=False)


def _progress() -> Console:
    """Where progress is told: apart from the results, so that these can go to a file."""
    return Console(stderr=True)


def _console(width: int = _WIDTH_OF_A_FILE) -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=width)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; whatever is wrong with what it was given is one paragraph and exit code 2."""
    sys.exit(_exit_code(list(sys.argv[1:] if arguments is None else arguments)))


def _exit_code(arguments: list[str]) -> int:
    try:
        with _signals_stop():
            return app(args=arguments, prog_name="rekindle", standalone_mode=False) or 0
    except (ConfigError, LogError, store.StoreError) as error:
        print(error, file=sys.stderr)
    except _UsageError as error:
        print(_usage(error), file=sys.stderr)
    except OSError as error:
        print(f"The disk refused: {error}.", file=sys.stderr)
    except MemoryError as error:
        print(f"There is not enough memory ({error or 'no more is said'}); ask for fewer people.", file=sys.stderr)
    except (Stopped, SystemError) as error:
        stopped = _stop_behind(error)
        if stopped is None:
            raise
        print("Stopped.", file=sys.stderr)
        return stopped.code
    return 2


def _usage(error: Any) -> str:
    """A wrong option in words."""
    command = error.ctx.command_path if getattr(error, "ctx", None) else "rekindle"
    said = " ".join(error.format_message().split())
    return f"{said}{'' if said.endswith(('.', '?')) else '.'} `{command} --help` shows what can be written."


@contextmanager
def _signals_stop() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM raise `Stopped`, once: what is done about it is left alone."""

    def stop(number: int, _: FrameType | None) -> NoReturn:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise Stopped(number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, stop) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop_behind(error: BaseException | None) -> Stopped | None:
    """The stop in an error or behind it: compiled code makes a SystemError of what is raised amid it."""
    while error is not None and not isinstance(error, Stopped):
        error = error.__cause__ or error.__context__
    return error


if __name__ == "__main__":
    main()
