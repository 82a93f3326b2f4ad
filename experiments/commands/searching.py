"""`rekindle search`: settings that make one measure best, and what they are worth in fresh worlds.

Many parameters because each option of a command is one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
import typer
from rich.console import Console

from experiments import provenance
from experiments.analysis.compare import ENOUGH_WORLDS, TOO_FEW
from experiments.commands.sweeping import NO_SWEEP, ConfigFile, Log, checked, kept_in, warn_of_unfollowed
from experiments.config.errors import ConfigError
from experiments.config.own_measures import measures_in
from experiments.config.settings import Experiment, SweepSettings
from experiments.config.toml_text import show
from experiments.sweeps import runner, store
from experiments.sweeps.design import described, label
from experiments.sweeps.making import prepare
from experiments.sweeps.search_space import SHARE, as_lines, search_space
from experiments.sweeps.searching import AS_IT_STANDS, Goal, HeldOut, RunMaker, Searched, Tried, ranked, searched
from experiments.terminal import stopping
from experiments.terminal.columns import Columns
from experiments.terminal.console import (
    Changes,
    Processes,
    Results,
    report_compiling,
    say_written,
    stderr_console,
    stdout_console,
)
from experiments.terminal.names import as_csv, distinct_endings
from experiments.terminal.numbers import counted, number, signed
from experiments.terminal.progress import progress_bar
from experiments.terminal.tables import table_of
from sim.model.former_names import accepted_name
from sim.model.spelling import nearest
from sim.runtime.interrupts import held_back

_BEST = 10  # number of trials listed
_MOST_SETTINGS = 6  # number of their settings listed
_FIRST = ("reconnected", "kept_up", "kept", "active_ties", "new_ties")  # measures that an error message lists
_TRIAL = "trial"


def search(
    config: ConfigFile,
    measure: Annotated[
        str, typer.Option(metavar="NAME", help="What to improve; `rekindle explain` lists all measures.")
    ] = "reconnected",
    maximise: Annotated[bool, typer.Option("--maximise/--minimise", help="Whether a larger value is better.")] = True,
    strategy: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The strategy to improve; A+B searches the shares of a mixture. Default: the "
                     "only arm that does not wait."),
    ] = None,
    trials: Annotated[
        int, typer.Option(min=1, max=100_000, help="Number of points to try, including those of earlier calls.")
    ] = 50,
    held_out: Annotated[
        int, typer.Option(min=2, max=1_000_000, help="Number of fresh worlds in which the winner is checked.")
    ] = 20,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seed of the points to try.")] = 1,
    form: Annotated[Literal["table", "csv", "json"], typer.Option("--format", help="Output format.")] = "table",
    changes: Changes = None,
    world: Log = None,
    processes: Processes = None,
    results: Results = Path("results"),
) -> None:  # fmt: skip
    """Look for the settings that make a measure best, and check the winner in worlds that the search never saw."""
    experiment = checked(config, changes, world)
    if experiment.sweep is None:
        raise ConfigError(NO_SWEEP.format(config))
    warn_of_unfollowed(experiment)
    goal = Goal(_known(measure, experiment), maximise, trials, held_out, seed)
    space = search_space(experiment, strategy)
    folder, stderr, console = results / f"{experiment.name}-search", stderr_console(), stdout_console()
    prepare(folder, [])
    report_compiling(stderr)
    checkpoints = runner.Checkpoints((folder / store.CHECKPOINTS).absolute(), experiment.run.checkpoint_minutes)
    minutes = experiment.run.timeout_minutes
    count = min(processes or os.cpu_count() or 1, max(experiment.sweep.replicates, held_out))
    with stopping.saying(kept_in(folder)), held_back() as hand_on_stop, runner.worker_processes(count) as executor:
        try:
            with progress_bar(stderr, "trials", trials) as report:
                rows_of = RunMaker(folder, executor, checkpoints, minutes, hand_on_stop)
                found = searched(experiment, space, goal, rows_of, report)
        except BaseException:
            runner.stop(executor)
            raise
    written = _write(found, experiment, folder, rows_of)
    if form != "table":
        table = _all_trials(found, goal.measure)
        print(as_csv(table, index=False) if form == "csv" else table.to_json(orient="records", indent=1), end="")
        return
    _print(found, experiment, goal, console)
    say_written(written, console)


def _known(measure: str, experiment: Experiment) -> str:
    """A measure by its present name.

    Raises:
        ConfigError: runs of this experiment have none of this name.
    """
    name, known = accepted_name(measure), measures_in(experiment.model_dump())
    if name in known:
        return name
    close = nearest(name, known)
    hint = (
        f"did you mean {close}?"
        if close
        else f"measures are {', '.join(_FIRST)} and others that `rekindle explain` lists."
    )
    raise ConfigError(f"--measure {measure} is not a measure; {hint}")


def _write(found: Searched, experiment: Experiment, folder: Path, rows_of: RunMaker) -> Path:
    """Write the table of all runs; returns its path."""
    design = described(found.runs)
    origin = provenance.of_runs(experiment, list(design["id"]))
    rows = store.frame_of([rows_of.rows[name] | {"id": name} for name in dict.fromkeys(design["id"])])
    store.write_design(folder, design, origin)
    return store.write_table(folder, store.table_of(design, rows.set_index("id")), origin)


def _all_trials(found: Searched, measure: str) -> pd.DataFrame:
    """One row for each trial, and for the experiment as it stands, with its settings."""
    rows = [
        {
            _TRIAL: AS_IT_STANDS if one is found.baseline else one.number,
            measure: one.value,
            "strategy": label(one.proposal.strategy),
            **one.proposal.point,
            "problem": one.problem,
        }
        for one in (found.baseline, *found.trials)
    ]
    return pd.DataFrame(rows)


def _print(found: Searched, experiment: Experiment, goal: Goal, console: Console) -> None:
    worlds = (experiment.sweep or SweepSettings()).replicates
    failed = [one for one in found.trials if one.problem]
    better = "larger" if goal.maximise else "smaller"
    console.print(
        f"{counted(len(found.trials), 'trial')} in the same {counted(worlds, 'world')}; a {better} {goal.measure} is "
        f"better. The best, and the experiment as it stands:"
    )
    console.print(_table(found, goal))
    if failed:
        console.print(
            f"{counted(len(failed), 'trial')} failed. The first, trial {failed[0].number}: {failed[0].problem}."
        )
    names = list(found.best.proposal.point)
    if len(names) > _MOST_SETTINGS:
        console.print(f"… and {counted(len(names) - _MOST_SETTINGS, 'more setting')}; `--format csv` has all.")
    console.print(f"\nTrial {found.best.number} as lines for the file (take its ranges and levels out):\n")
    console.print(as_lines(found.best.proposal, experiment), soft_wrap=True)
    console.print("\n".join(_checked(found, goal)))


def _table(found: Searched, goal: Goal) -> Columns:
    """The best trials, one a row, below the experiment as it stands."""
    names = list(found.best.proposal.point)[:_MOST_SETTINGS]
    shares = [f"{SHARE}{name}" for name in found.baseline.proposal.strategy] if _is_mixed(found) else []
    levels = [*distinct_endings(names), *shares]
    table = table_of(_TRIAL, goal.measure, "change", *levels, whole=True)
    now = float(found.baseline.values.mean())
    for one in (found.baseline, *ranked(found.trials, goal.maximise)[:_BEST]):
        title = AS_IT_STANDS if one is found.baseline else str(one.number)
        change = "" if one is found.baseline else signed(float(one.values.mean()) - now)
        table.add_row(title, number(float(one.values.mean())), change, *_levels(one, names, shares))
    return table


def _is_mixed(found: Searched) -> bool:
    return any(one.proposal.strategy != found.baseline.proposal.strategy for one in found.trials)


def _levels(one: Tried, names: Sequence[str], shares: Sequence[str]) -> Iterator[str]:
    for name in names:
        level = one.proposal.point[name]
        yield f"{level:.4g}" if isinstance(level, float) else show(level)
    strategy = one.proposal.strategy
    for name in shares:
        yield f"{strategy.get(name.removeprefix(SHARE), 0) if not isinstance(strategy, str) else 0:.2f}"


def _checked(found: Searched, goal: Goal) -> Iterator[str]:
    """What the winner is worth, in the worlds of the search and in fresh ones."""
    of = found.held_out
    now, best = float(found.baseline.values.mean()), float(found.best.values.mean())
    is_better = best > now if goal.maximise else best < now
    caution = (
        f"As the best of {counted(len(found.trials), 'trial')} in these worlds, this is too good to expect again."
        if is_better
        else "No trial was better than the experiment as it stands."
    )
    yield (
        f"In the worlds of the search, {goal.measure} is {number(best)} instead of {number(now)} "
        f"({signed(best - now)}). {caution}"
    )
    interval = f"{signed(of.difference)}, 95% interval {signed(of.low)} to {signed(of.high)}"
    few = f" ({TOO_FEW})" if of.worlds < ENOUGH_WORLDS else ""
    yield (
        f"In {counted(of.worlds, 'fresh world')}, it is {number(of.winner)} instead of {number(of.baseline)} "
        f"({interval}): {_verdict(of, goal)}{few}."
    )


def _verdict(of: HeldOut, goal: Goal) -> str:
    """What the interval of the difference says."""
    low, high = (of.low, of.high) if goal.maximise else (-of.high, -of.low)
    what = "better" if low > 0 else "worse" if high < 0 else "not clearly better"
    return f"{what} than the experiment as it stands"
