"""`rekindle plan` and `rekindle schema`: what a sweep would take, and what its file may say."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Annotated

import typer
from rich.console import Console

from experiments.commands.sweeping import NO_SWEEP, ConfigFile, Log, checked, planned, prepare, tell_of_another
from experiments.config.factors import Level
from experiments.config.schema import schema as json_schema
from experiments.config.settings import ConfigError, Experiment, SweepSettings
from experiments.sweeps import planning as plans
from experiments.sweeps import runner, store
from experiments.sweeps.design import Run, points_of
from experiments.sweeps.histories import asked_for
from experiments.terminal.console import (
    Changes,
    Processes,
    Results,
    console_of,
    say_written,
    tell_of_compiling,
    told_aside,
)
from experiments.terminal.names import visible
from experiments.terminal.numbers import counted, counted_runs
from experiments.terminal.progress import duration, shown

_FIRST = 6  # arms that are named


def plan(
    config: ConfigFile,
    changes: Changes = None,
    world: Log = None,
    processes: Processes = None,
    results: Results = Path("results"),
    time: Annotated[
        int, typer.Option(min=0, max=100, help="Make so many of the runs, to time them; they are kept.")
    ] = 0,
) -> None:
    """What a sweep would run, how much of it is there, and about how long the rest takes."""
    experiment = checked(config, changes, world)
    if experiment.sweep is None:
        raise ConfigError(NO_SWEEP.format(config))
    runs = planned(experiment, config, changes)
    folder, histories = results / experiment.name, asked_for(experiment.sweep)
    if time:
        prepare(folder, histories)
    missing = plans.missing(runs, folder, histories)
    console = console_of()
    different = len({run.id for run in runs})
    _say_design(experiment, experiment.sweep, runs, different, console)
    tell_of_another(folder, runs)
    console.print(f"There: {different - len(missing):,}. To do: {len(missing):,}.", highlight=False)
    if not missing:
        return
    if not time:
        _say_time_of_kept(plans.kept_seconds(runs, folder), missing, processes or os.cpu_count() or 1, console)
    else:
        told = told_aside()
        tell_of_compiling(told)
        with shown(told, "timed runs", min(time, len(missing))) as report:
            timing = plans.timed(missing, folder, time, report, histories)
        _say_time(timing, plans.missing(missing, folder, histories), processes or os.cpu_count() or 1, console)


def _say_design(
    experiment: Experiment, sweep: SweepSettings, runs: Sequence[Run], different: int, console: Console
) -> None:
    points = points_of(experiment)
    strategies = len({run.scenario for run in runs}) // len(points)
    console.print(
        f"{counted_runs(len(runs), different)}: {counted(strategies, 'strategy')} at {counted(len(points), 'point')} "
        f"in {counted(sweep.replicates, 'replicate')}.",
        highlight=False,
    )
    for name in sweep.factors:
        levels = list(dict.fromkeys(_level(point[name]) for point in points))
        shown_levels = ", ".join(levels[:_FIRST]) + (f" … ({len(levels):,} levels)" if len(levels) > _FIRST else "")
        console.print(f"    {name}: {shown_levels}", highlight=False, markup=False)
    arms = list(dict.fromkeys(visible(run.scenario) for run in runs))
    more = f" … and {len(arms) - _FIRST:,} more" if len(arms) > _FIRST else ""
    console.print(f"In this order, again and again: {'; '.join(arms[:_FIRST])}{more}.", highlight=False, markup=False)


def _level(level: Level) -> str:
    return f"{level:.4g}" if isinstance(level, float) else str(level)


def _say_time_of_kept(seconds: Sequence[float], left: Sequence[Run], processes: int, console: Console) -> None:
    """How long the rest takes, by the runs that are there; or how to find out."""
    if not seconds:
        console.print(
            "How long they take is not known yet; `--time 3` makes three of them, which are kept, and says.",
            highlight=False,
        )
        return
    each = median(seconds)  # the first run of each process may have waited for the model to be compiled
    rest = duration(plans.Timing((each,), (), 0.0, 0.0, ()).total(len(left), 0, processes))
    worlds = len(runner.worlds_to_keep(left))
    beside = f", beside {counted(worlds, 'world')} to build where they are not kept" if worlds else ""
    console.print(
        f"The {len(left):,} that are left take about {rest} in {_counted_processes(processes)}, by "
        f"{counted(len(seconds), 'run')} that {'is' if len(seconds) == 1 else 'are'} there{beside}.",
        highlight=False,
    )


def _counted_processes(processes: int) -> str:
    return f"{processes} process{'' if processes == 1 else 'es'}"


def _say_time(timing: plans.Timing, left: Sequence[Run], processes: int, console: Console) -> None:
    for failure in timing.failed:
        console.print(f"A timed run failed: {failure}", highlight=False, markup=False)
    if not timing.seconds:
        return
    worlds = len(runner.worlds_to_keep(left))
    low, high = (f"{seconds:.2g}" for seconds in (min(timing.seconds), max(timing.seconds)))
    took = f"{low} s" if len(timing.seconds) == 1 else f"{low} to {high} s each"
    console.print(
        f"{counted(len(timing.seconds), 'timed run')} took {took}, and a world "
        f"{sum(timing.worlds) / len(timing.worlds):.2g} s.",
        highlight=False,
    )
    rest = duration(timing.total(len(left), worlds, processes))
    disk = len(left) * timing.run_bytes / 1e6
    kept = f", and {worlds * timing.world_bytes / 1e6:,.0f} MB for {counted(worlds, 'kept world')}" if worlds else ""
    console.print(
        f"The {len(left):,} that are left take about {rest} in {_counted_processes(processes)}; "
        f"{disk:,.1f} MB of results{kept}.",
        highlight=False,
    )


def schema(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where; to the terminal if not said.")
    ] = None,
) -> None:
    """The JSON Schema of an experiment's file, for editors."""
    text = json.dumps(json_schema(), indent=2) + "\n"
    if out is None:
        print(text, end="")
        return
    store.write_whole(out, lambda path: path.write_text(text, encoding="utf-8"))
    say_written(out, console_of())
