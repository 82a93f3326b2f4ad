"""`rekindle plan` and `rekindle schema`: the runs and the time a sweep needs, and the schema of its file."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Annotated

import typer
from rich.console import Console

from experiments.commands.sweeping import (
    NO_SWEEP,
    ConfigFile,
    Log,
    checked,
    planned,
    warn_of_other_sweep,
    warn_of_unfollowed,
)
from experiments.config.errors import ConfigError
from experiments.config.factors import Level
from experiments.config.schema import schema as json_schema
from experiments.config.settings import Experiment, SweepSettings
from experiments.sweeps import planning as plans
from experiments.sweeps import runner, store
from experiments.sweeps.design import RunSpec, points_of
from experiments.sweeps.histories import requested_histories
from experiments.sweeps.making import prepare
from experiments.terminal.console import (
    Changes,
    Processes,
    Results,
    report_compiling,
    say_written,
    stderr_console,
    stdout_console,
)
from experiments.terminal.names import visible
from experiments.terminal.numbers import counted, counted_runs
from experiments.terminal.progress import duration, progress_bar

AS_DRAWN = "as drawn"  # the level of a row that leaves a drawn setting alone
_FIRST = 6  # number of arms and levels that are listed


def plan(
    config: ConfigFile,
    changes: Changes = None,
    world: Log = None,
    processes: Processes = None,
    results: Results = Path("results"),
    time: Annotated[
        int,
        typer.Option(min=0, max=100, help="Make this many of the runs to measure the time. Their results are saved."),
    ] = 0,
) -> None:
    """Show which runs a sweep needs, how many are finished, and about how long the rest takes."""
    experiment = checked(config, changes, world)
    if experiment.sweep is None:
        raise ConfigError(NO_SWEEP.format(config))
    warn_of_unfollowed(experiment)
    runs = planned(experiment, config, changes)
    folder, histories = results / experiment.name, requested_histories(experiment.sweep)
    if time:
        prepare(folder, histories)
    missing = plans.missing(runs, folder, histories)
    console = stdout_console()
    different = len({run.id for run in runs})
    _say_design(experiment, experiment.sweep, runs, different, console)
    warn_of_other_sweep(folder, runs)
    console.print(f"Done: {different - len(missing):,}. Remaining: {len(missing):,}.", highlight=False)
    if not missing:
        return
    if not time:
        _say_time_of_kept(plans.kept_seconds(runs, folder), missing, processes or os.cpu_count() or 1, console)
    else:
        stderr = stderr_console()
        report_compiling(stderr)
        with progress_bar(stderr, "timed runs", min(time, len(missing))) as report:
            timing = plans.timed(missing, folder, time, report, histories)
        _say_time(timing, plans.missing(missing, folder, histories), processes or os.cpu_count() or 1, console)


def _say_design(
    experiment: Experiment, sweep: SweepSettings, runs: Sequence[RunSpec], different: int, console: Console
) -> None:
    points = points_of(experiment)
    strategies = len({run.scenario for run in runs}) // len(points)
    console.print(
        f"{counted_runs(len(runs), different)}: {counted(strategies, 'strategy')} at {counted(len(points), 'point')} "
        f"in {counted(sweep.replicates, 'replicate')}.",
        highlight=False,
    )
    for name in sweep.factors:
        levels = list(dict.fromkeys(_level(point[name]) if name in point else AS_DRAWN for point in points))
        shown_levels = ", ".join(levels[:_FIRST]) + (f" … ({len(levels):,} levels)" if len(levels) > _FIRST else "")
        console.print(f"    {name}: {shown_levels}", highlight=False, markup=False)
    arms = list(dict.fromkeys(visible(run.scenario) for run in runs))
    more = f" … and {len(arms) - _FIRST:,} more" if len(arms) > _FIRST else ""
    console.print(f"Order within each replicate: {'; '.join(arms[:_FIRST])}{more}.", highlight=False, markup=False)


def _level(level: Level) -> str:
    return f"{level:.4g}" if isinstance(level, float) else str(level)


def _say_time_of_kept(seconds: Sequence[float], left: Sequence[RunSpec], processes: int, console: Console) -> None:
    """Print an estimate of the remaining time from the finished runs, or how to get one."""
    if not seconds:
        console.print(
            "No run is finished yet, so the time is unknown. Estimate it with `--time 3`, which makes and saves three.",
            highlight=False,
        )
        return
    each = median(seconds)  # the first run of each process may include compiling the model
    rest = duration(plans.Timing((each,), (), 0.0, 0.0, ()).total(len(left), 0, processes))
    worlds = len(runner.worlds_to_keep(left))
    building = f", plus the time to build up to {counted(worlds, 'world')}" if worlds else ""
    console.print(
        f"Estimated time for the remaining {len(left):,}: {rest} in {_counted_processes(processes)}, based on "
        f"{counted(len(seconds), 'finished run')}{building}.",
        highlight=False,
    )


def _counted_processes(processes: int) -> str:
    return f"{processes} process{'' if processes == 1 else 'es'}"


def _say_time(timing: plans.Timing, left: Sequence[RunSpec], processes: int, console: Console) -> None:
    for failure in timing.failed:
        console.print(f"A timed run failed: {failure}", highlight=False, markup=False)
    if not timing.seconds:
        return
    worlds = len(runner.worlds_to_keep(left))
    low, high = (f"{seconds:.2g}" for seconds in (min(timing.seconds), max(timing.seconds)))
    took = f"{low} s" if len(timing.seconds) == 1 else f"{low} to {high} s each"
    console.print(
        f"{counted(len(timing.seconds), 'timed run')} took {took}; building a world took "
        f"{sum(timing.worlds) / len(timing.worlds):.2g} s.",
        highlight=False,
    )
    rest = duration(timing.total(len(left), worlds, processes))
    disk = len(left) * timing.run_bytes / 1e6
    kept = f", and {worlds * timing.world_bytes / 1e6:,.0f} MB for {counted(worlds, 'cached world')}" if worlds else ""
    console.print(
        f"Estimate for the remaining {len(left):,}: {rest} in {_counted_processes(processes)}, {disk:,.1f} MB of "
        f"results{kept}.",
        highlight=False,
    )


def schema(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="File to write. Default: print to the terminal.")
    ] = None,
) -> None:
    """Print the JSON Schema of experiment files, for editors."""
    text = json.dumps(json_schema(), indent=2) + "\n"
    if out is None:
        print(text, end="")
        return
    store.write_whole(out, lambda path: path.write_text(text, encoding="utf-8"))
    say_written(out, stdout_console())
