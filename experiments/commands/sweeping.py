"""`rekindle run`, `rekindle sweep` and `rekindle figure`: experiments, and what they look like."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import numba
import pandas as pd
import pyarrow as pa
import typer
from rich.console import Console

from experiments import runner, store
from experiments.config import ConfigError, Experiment, load, place_of, require_adopters
from experiments.design import Run, runs_of
from experiments.figures import save
from experiments.figures.nine_strategies import nine_strategies
from experiments.progress import Report, shown
from experiments.stopping import end
from experiments.tables import BASELINE, run_tables, sweep_table
from experiments.terminal import Changes, Processes, Results, console_of, say_written, tell_of_compiling, told_aside
from sim.interrupts import held_back
from sim.storage import LogError, cache_folder, read_log

CHECKPOINTS = "checkpoints"  # in the results of a sweep
FIGURES = {"nine_strategies": nine_strategies}

ConfigFile = Annotated[Path, typer.Argument(metavar="CONFIG", help="TOML file of the experiment.")]
Log = Annotated[
    Path | None,
    typer.Option("--world", metavar="LOG", help="Start from a contact log (CSV, CSV.gz, Parquet: source,target,time)."),
]


def run(config: ConfigFile, changes: Changes = None, world: Log = None) -> None:
    """One run, and a summary of what came of it."""
    experiment = _checked(config, changes, world)
    console, told = console_of(), told_aside()
    single = runs_of(experiment.model_copy(update={"sweep": None}))[0]
    threads = numba.config.NUMBA_NUM_THREADS
    tell_of_compiling(told)
    with shown(told, "world", 0) as report:
        start = runner.world_of(single.world, **({} if single.world.log else {"threads": threads, "progress": report}))
    kept = runner.Checkpoints(cache_folder() / "runs", experiment.run.checkpoint_minutes)
    with shown(told, "days", single.days) as report:
        result = runner.simulate(
            single, start, threads=threads, progress=_going_on(told, report), series=False, **kept.of(single)
        )
    console.print(
        f"{single.scenario}: {len(result.adopters):,} adopters among {len(start):,} people, "
        f"{single.strategy_days:,} of {single.days:,} days, seed {single.seed}.",
        highlight=False,
    )
    console.print(run_tables(result.measures.scalars))


def _going_on(told: Console, report: Report) -> Report:
    """The same report; where a run begins in its midst, it says so."""
    begun = False

    def report_or_say(done: int, days: int) -> None:
        nonlocal begun
        if not begun and done > 1:
            told.print(f"Going on from day {done:,} of {days:,}.", highlight=False)
        begun = True
        report(done, days)

    return report_or_say


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
    console = console_of()
    runs = runs_of(experiment)
    folder = results / experiment.name
    store.prepare(folder)
    known = store.finished(folder)
    missing = [one for one in runs if one.id not in known]
    console.print(f"{len(runs):,} runs; {len(runs) - len(missing):,} are there already.", highlight=False)
    kept = runner.Checkpoints((folder / CHECKPOINTS).absolute(), experiment.run.checkpoint_minutes)
    failed = _carry_out(missing, folder, kept, processes or os.cpu_count() or 1, told_aside()) if missing else []
    with suppress(OSError):  # it may not be there, or hold those of another sweep
        kept.folder.rmdir()
    _report(experiment, runs, failed, folder, console)
    if failed:
        _complain(failed)
        raise typer.Exit(1)


def _carry_out(
    runs: Sequence[Run], folder: Path, kept: runner.Checkpoints, processes: int, told: Console
) -> list[store.Row]:
    """Run what is missing and keep it, part by part; returns the rows of failed runs."""
    failed: list[store.Row] = []
    done = 0
    tell_of_compiling(told)
    # Amid the locks of an executor, an exception would leave one locked for ever.
    with held_back() as hand_on_stop, runner.worker_processes(min(processes, len(runs))) as executor:
        try:
            with shown(told, "worlds", len({one.world.seed for one in runs})) as report:
                for built, worlds in runner.build_worlds(runs, executor):
                    report(built, worlds)
                    hand_on_stop()
            with shown(told, "runs", len(runs)) as report:
                for rows in runner.finished_rows(runs, executor, kept):
                    store.add(folder, rows)
                    failed += [row for row in rows if row["error"]]
                    done += len(rows)
                    report(done, len(runs))
                    hand_on_stop()
        except BaseException as problem:
            runner.stop(executor)  # or else the executor would first finish all
            end(problem, f"What had ended is kept in {folder}; the same command goes on from there.")
    return failed


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
    say_written(path, console)


def _comparable(rows: pd.DataFrame) -> bool:
    """Whether there is a baseline, and something to compare with it."""
    return rows["scenario"].nunique() > 1 and BASELINE in set(rows["scenario"])


def _complain(failed: Sequence[store.Row]) -> None:
    first = failed[0]
    count = "One run failed" if len(failed) == 1 else f"{len(failed):,} runs failed"
    print(
        f"{count}; the table has the errors and tracebacks. The first, {first['scenario']} in replicate "
        f"{first['replicate']}: {first['error']}",
        file=sys.stderr,
    )


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
        say_written(written, console_of())


def _table(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    remedy = "run `rekindle sweep configs/nine_strategies.toml`, or name another table with --runs."
    try:
        return store.read_table(path)
    except FileNotFoundError:
        raise ConfigError(f"There is no table {path}; {remedy}") from None
    except (OSError, pa.ArrowInvalid, KeyError, json.JSONDecodeError):
        raise ConfigError(f"{path} is no table of a sweep; {remedy}") from None


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
