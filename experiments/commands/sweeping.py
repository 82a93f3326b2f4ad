"""`rekindle run` and `rekindle sweep`: run experiments.

Many parameters because each option of a command is one.
"""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import numba
import pandas as pd
import typer
from rich.console import Console, Group

from experiments.config.errors import ConfigError, SettingError
from experiments.config.own_measures import own_measures
from experiments.config.reading import load, option_for, place_of, place_of_factor
from experiments.config.settings import Experiment, SweepSettings, require_adopters, require_tagged
from experiments.sweeps import own_functions, own_outcomes, runner, store
from experiments.sweeps.cluster import cluster
from experiments.sweeps.design import PointError, RunSpec, note_on_unfollowed, runs_of, shard_of
from experiments.sweeps.making import SweepFolder, workers_of
from experiments.sweeps.sampled import next_step, summary
from experiments.sweeps.tables import own_table, run_tables, sweep_tables
from experiments.sweeps.time_limit import TimeLimit
from experiments.terminal import stopping
from experiments.terminal.console import (
    Changes,
    Processes,
    Results,
    report_compiling,
    report_log_notes,
    say_written,
    stderr_console,
    stdout_console,
)
from experiments.terminal.legend import Legend
from experiments.terminal.names import command_line
from experiments.terminal.notifying import notifying
from experiments.terminal.numbers import counted, counted_runs
from experiments.terminal.progress import Report, progress_bar, seconds_in
from sim.contact_logs import LogError
from sim.contact_logs import read as read_contacts
from sim.model.functions import FunctionError
from sim.own_outcomes import OwnOutcomeError
from sim.runtime.fingerprint import cache_folder

OUT_OF_TIME = os.EX_TEMPFAIL  # exit code 75, "try again later", of a sweep that its time limit stopped
NO_SWEEP = "{} has no [sweep] table; add one with strategies and replicates, or use `rekindle run`."

ConfigFile = Annotated[Path, typer.Argument(metavar="CONFIG", help="TOML file of the experiment.")]
Log = Annotated[
    Path | None,
    typer.Option("--world", metavar="LOG", help="Start from a contact log (CSV, CSV.gz, Parquet: source,target,time)."),
]


def run(config: ConfigFile, changes: Changes = None, world: Log = None) -> None:
    """Simulate one run and print a summary of its outcome."""
    experiment = checked(config, changes, world)
    console, stderr = stdout_console(), stderr_console()
    single = runs_of(experiment.model_copy(update={"sweep": None}))[0]
    _require_functions([single], config, changes)
    threads = numba.config.NUMBA_NUM_THREADS
    report_compiling(stderr)
    with progress_bar(stderr, "world", 0) as report:
        start = runner.world_of(single.world, **({} if single.world.log else {"threads": threads, "progress": report}))
    kept = runner.Checkpoints(cache_folder() / "runs", experiment.run.checkpoint_minutes)
    with progress_bar(stderr, "days", single.days) as report:
        going_on = _going_on(stderr, report)
        try:
            result = runner.simulate(single, start, threads=threads, progress=going_on, series=False, **kept.of(single))
            outcomes = runner.outcomes(single, result)
        except OwnOutcomeError as error:
            path = dict(own_outcomes.settings_of(experiment))[error.outcome]
            raise _at_fault(config, changes, path, _small(str(error))) from None
        except FunctionError as error:
            setting = own_functions.setting_of(error.strategy)
            raise _at_fault(config, changes, setting, _small(str(error))) from None
    console.print(
        f"{single.scenario}: {counted(len(result.adopters), 'adopter')} among {len(start):,} people, "
        f"{single.strategy_days:,} of {counted(single.days, 'day')}, seed {single.seed}.",
        highlight=False,
    )
    console.print(run_tables(outcomes, own_measures(experiment), single.parameters.kinds))


def _small(sentence: str) -> str:
    return f"{sentence[:1].lower()}{sentence[1:]}"


def _going_on(stderr: Console, report: Report) -> Report:
    """A report that also prints a line if the run resumes from a checkpoint."""
    begun = False

    def report_or_say(done: int, days: int, note: str = "", /) -> None:
        nonlocal begun
        if not begun and done > 1:
            stderr.print(f"Resuming from day {done:,} of {days:,}.", highlight=False)
        begun = True
        report(done, days, note)

    return report_or_say


def sweep(
    config: ConfigFile,
    changes: Changes = None,
    world: Log = None,
    processes: Processes = None,
    shard: Annotated[
        str | None, typer.Option(metavar="I/N", help="Make only the I-th of N parts, for array jobs.")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Run on a Dask cluster (extra `cluster`) instead of local processes."),
    ] = None,
    max_time: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Start no run that would end later than this, e.g. 90m or 2h. Exit code 75."),
    ] = None,
    notify: Annotated[
        str | None,
        typer.Option(metavar="COMMAND", help="Run this command at the end; it gets REKINDLE_NAME, _DONE, _FAILED, ..."),
    ] = None,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Stop at the first run that fails.")] = False,
    results: Results = Path("results"),
) -> None:
    """Run every arm in every world, in parallel. Finished runs are not repeated."""
    limit = _limit(max_time)
    experiment = checked(config, changes, world)
    if experiment.sweep is None:
        raise ConfigError(NO_SWEEP.format(config))
    warn_of_unfollowed(experiment)
    part = _shard(shard)
    console = stdout_console()
    runs = planned(experiment, config, changes)
    _require_functions(runs if any(run.texts for run in runs) else [], config, changes)
    there = SweepFolder(experiment, runs, results / experiment.name, command_line(_without_notify(sys.argv[1:])))
    if scheduler is not None:  # check the cluster before anything is written
        with cluster(scheduler):
            pass
    warn_of_other_sweep(there.folder, runs)
    replaced = store.ids_in(there.folder / store.TABLE)
    there.begin()
    mine = shard_of(runs, *part) if part else runs
    missing = there.missing(mine)
    of_all = f"shard {part[0]} of {part[1]}: " if part else ""
    different = len({run.id for run in mine})
    done = different - len(missing)
    console.print(f"{of_all}{counted_runs(len(mine), different)}; {done:,} already done.", highlight=False)
    workers = workers_of(scheduler, min(processes or os.cpu_count() or 1, max(1, len(missing))))
    if missing and scheduler is None:  # a cluster's workers compile the model themselves
        report_compiling(stderr_console())
    failed: list[store.Row] = []
    with notifying(notify, _ending(there, mine, failed)):
        with stopping.saying(kept_in(there.folder)):
            failed += there.make(missing, workers, stderr_console(), fail_fast, limit)
        _conclude(there, mine, failed, limit, replaced, console)


def _conclude(
    there: SweepFolder,
    mine: Sequence[RunSpec],
    failed: Sequence[store.Row],
    limit: TimeLimit,
    replaced: set[str],
    console: Console,
) -> None:
    """Write and print the table of a sweep if no run is missing; otherwise say what is left.

    Raises:
        typer.Exit: with 1 if runs failed, or else with `OUT_OF_TIME` if the time limit left some out.
        StoreError: if finished runs are gone.
    """
    absent = {run.id for run in there.missing()} - {row["id"] for row in failed}
    if not failed and not limit.over:
        store.require_all(there.folder, absent.intersection(run.id for run in mine))
    if not absent:
        _report(there, failed, console)
        _report_replaced(replaced - set(there.design["id"]), len(replaced), there.folder)
    elif limit.over:
        left = len(absent.intersection(run.id for run in mine))
        console.print(f"Out of time: {counted(left, 'run')} not started. To continue, repeat the same command:")
        console.print(f"    {there.command}", soft_wrap=True)
    elif not failed:
        console.print(
            f"Remaining in other shards: {counted(len(absent), 'run')}; the same command without --shard writes the "
            "table."
        )
    if failed:
        where = "`rekindle status` shows the last" if absent else "the table has the errors and tracebacks"
        _complain(failed, there.design, where)
        raise typer.Exit(1)
    if absent and limit.over:
        raise typer.Exit(OUT_OF_TIME)


def _limit(text: str | None) -> TimeLimit:
    """The limit that ``--max-time`` sets, from now on; none without it."""
    if text is None:
        return TimeLimit()
    seconds = seconds_in(text)
    if not seconds:
        raise ConfigError(f"--max-time {text}: expected a time such as 90m, 2h or 1h30m.")
    return TimeLimit(time.monotonic() + seconds)


def _without_notify(arguments: Sequence[str]) -> list[str]:
    """The arguments of this command without ``--notify`` and its command, which may have a secret address in it."""
    pairs = pairwise(["", *arguments])
    return [word for before, word in pairs if "--notify" not in (before, word) and not word.startswith("--notify=")]


def _ending(
    there: SweepFolder, mine: Sequence[RunSpec], failed: Sequence[store.Row]
) -> Callable[[], dict[str, object]]:
    """What the command of ``--notify`` is told: a function that counts when the sweep ends."""
    began = time.monotonic()

    def variables() -> dict[str, object]:
        ids = {run.id for run in mine}
        try:
            done = len(ids) - len(there.missing(mine))
        except store.StoreError:  # damaged while it ran; the sweep says so
            done = 0
        return {
            "REKINDLE_NAME": there.experiment.name,
            "REKINDLE_FOLDER": there.folder,
            "REKINDLE_DONE": done,
            "REKINDLE_FAILED": len(failed),
            "REKINDLE_LEFT": len(ids) - done,
            "REKINDLE_SECONDS": round(time.monotonic() - began),
        }

    return variables


def kept_in(folder: Path) -> str:
    """What a stopped command says of the runs that are finished."""
    return f"Finished runs are saved in {folder}; the same command continues from there."


def warn_of_other_sweep(folder: Path, runs: Sequence[RunSpec]) -> None:
    """Warn if the last sweep in this folder shares no run with this one, so that it may be another experiment."""
    before = store.ids_in(folder / store.DESIGN)
    if before and before.isdisjoint(run.id for run in runs):
        print(
            f"The last sweep in {folder} had {counted(len(before), 'run')}, and this one has none of them. They are "
            "kept, but `status` and `results` only show the latest sweep. If this is another experiment, give it its "
            "own folder with --set name=….",
            file=sys.stderr,
        )


def _require_functions(runs: Sequence[RunSpec], config: Path, changes: Sequence[str] | None) -> None:
    """Check that the functions of strategies can be compiled, which executes their files, before anything is simulated.

    Raises:
        ConfigError: if one can't.
    """
    try:
        own_functions.check_loaded(runs)
    except SettingError as error:
        raise _at_fault(config, changes, error.setting, error.problem) from None


def _at_fault(config: Path, changes: Sequence[str] | None, setting: str, problem: str) -> ConfigError:
    """The error of a setting, with its place; a row of a strategy is called by its short name."""
    key = tuple(setting.split("."))
    where = place_of(config, changes or (), key)
    if ", line " not in where and ", --set " not in where:  # of an inherited field, the row is shown
        where = place_of(config, changes or (), key[:-1])
    where = where.replace(", parameters.strategies.", ", strategies.")
    return ConfigError(f"{where}: {problem.rstrip('.')}{'' if problem.endswith('?') else '.'}")


def warn_of_unfollowed(experiment: Experiment) -> None:
    """Warn of strategies that an experiment gives, and that no arm follows."""
    if note := note_on_unfollowed(experiment):
        print(note, file=sys.stderr)


def planned(experiment: Experiment, config: Path, changes: Sequence[str] | None) -> list[RunSpec]:
    """All runs of a sweep, with a progress display because planning many takes a while.

    Raises:
        ConfigError: if levels cannot be combined; the message says where they are set.
    """
    try:
        with progress_bar(stderr_console(), "points planned", 0) as report:
            return runs_of(experiment, report)
    except PointError as error:
        where, message = place_of_factor(config, changes or (), error.factor, error.row), str(error)
        raise ConfigError(f"{where}: {message[:1].lower()}{message[1:]}") from None


def _shard(text: str | None) -> tuple[int, int] | None:
    """The part and the number of parts in a text such as ``2/8``; None for all runs."""
    if text is None:
        return None
    number, _, count = text.partition("/")
    if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise ConfigError(f"--shard {text}: expected I/N, such as 2/8 for the second of eight jobs.")
    return int(number), int(count)


def _report_replaced(gone: set[str], before: int, folder: Path) -> None:
    if gone:
        print(
            f"The previous table had {counted(before, 'run')}, of which {len(gone):,} do not belong to this sweep. "
            f"They are kept in {folder / store.PARTS}; to get their table back, run their sweep again.",
            file=sys.stderr,
        )


def _report(there: SweepFolder, failed: Sequence[store.Row], console: Console) -> None:
    """Write the table of the sweep, in the order of its design, and print a summary."""
    path, table = there.write_table(failed)
    whole = table[table["error"].isna()]
    if len(whole):
        console.print(_tables(there.experiment, whole, there.folder))
    say_written(path, console)


def _tables(experiment: Experiment, whole: pd.DataFrame, folder: Path) -> Group:
    """The arms of a sweep or, if its points were sampled, the spread of its outcomes over the points."""
    sweep, legend = experiment.sweep or SweepSettings(), Legend(experiment.parameters.strategies)
    if sweep.sample is None:
        own = own_table(whole, own_measures(experiment))
        return Group(sweep_tables(whole, sweep.factors, legend), *([own] if own else []))
    ranges = list(sweep.sample.ranges)
    fixed = [name for name in sweep.factors if name not in ranges]
    elsewhere = "" if folder.parent == Path("results") else f" --results {shlex.quote(str(folder.parent))}"
    hint = next_step(sweep.sample.method, experiment.name, elsewhere)
    return summary(whole, ranges, fixed, hint, legend)


def _complain(failed: Sequence[store.Row], design: pd.DataFrame, where: str) -> None:
    """Say how many runs failed, where their errors are, and what the first is."""
    first = failed[0]
    run = design.set_index("id").loc[[first["id"]]].iloc[0]
    count = "One run failed" if len(failed) == 1 else f"{len(failed):,} runs failed"
    print(
        f"{count}; {where}. The first error, of {run['scenario']} in replicate {run['replicate']}: {first['error']}",
        file=sys.stderr,
    )


def checked(config: Path, changes: Sequence[str] | None, world: Path | None) -> Experiment:
    """Load an experiment, and check its contact log before any work starts.

    Raises:
        ConfigError, LogError: if the experiment or the log is invalid.
    """
    if world is not None and not world.name:
        raise ConfigError(f'--world "{world}": expected a contact log, such as wall.csv.gz.')
    experiment = load(config, changes or (), world)
    try:
        own_outcomes.check(experiment)
        own_functions.check(experiment)
    except SettingError as error:
        raise _at_fault(config, changes, error.setting, error.problem) from None
    if experiment.world.log is not None:
        try:
            contacts = read_contacts(experiment.world.log)
        except LogError as error:
            if world is not None:
                raise
            where = place_of(config, changes or (), ("world", "log"))
            by_option = option_for(changes or (), ("world", "log")) is not None
            relative = "" if by_option else f" The path is relative to the folder of {config.name}."
            missing = not Path(experiment.world.log).exists()
            raise ConfigError(f"{where}: {error}{relative if missing else ''}") from None
        report_log_notes(experiment.world.log, contacts.notes, stderr_console())
        try:
            require_adopters(experiment.run.adopters, len(contacts.names))
            require_tagged(experiment, contacts.names)
        except SettingError as error:
            where = place_of(config, changes or (), tuple(error.setting.split(".")))
            raise ConfigError(f"{where}: {error.problem}{'' if error.problem.endswith('?') else '.'}") from None
    return experiment
