"""A search for the settings that make a measure best, and the check of its winner in worlds that it never saw.

Every trial has the same replicates: the same worlds, adopters and random draws (common random numbers), so that trials
differ by their settings alone. Their runs are stored like those of a sweep, by their ids. A search that was stopped
asks for the same points again, finds their runs, and goes on with the first that is missing.

The value of the best of many trials is too good, because part of it is chance that the search has picked. So the winner
and the experiment as it stands are run in fresh replicates, and compared there, world by world.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.analysis.compare import NOT_KNOWN_YET, paired_differences
from experiments.config.catalogue import value_at
from experiments.config.errors import ConfigError
from experiments.config.factors import Point
from experiments.config.settings import Experiment, Strategy, SweepSettings
from experiments.sweeps import runner, store
from experiments.sweeps.design import PointError, RunSpec, runs_of
from experiments.sweeps.search_space import SHARE, Proposal, SearchSpace, optimise
from experiments.terminal.progress import Report

AS_IT_STANDS = "as it stands"  # the arm with the settings of the file
FRESH = "fresh worlds"  # end of the name of an arm in worlds that the search did not have
_BASELINE = -1  # its point; trials have numbers from 0


@dataclass(frozen=True)
class Goal:
    """What a search wants.

    Attributes:
        measure: name of the measure whose mean over worlds counts.
        maximise: whether a larger one is better.
        trials: number of points that are tried.
        held_out: number of fresh worlds for the winner.
        seed: seed of the proposals.
    """

    measure: str
    maximise: bool
    trials: int
    held_out: int
    seed: int


@dataclass(frozen=True)
class Tried:
    """A trial.

    Attributes:
        number: its number, from 0; -1 for the experiment as it stands.
        proposal: its settings.
        runs: its runs, one for each world.
        values: the measure in each world, shape (worlds,); empty if it failed.
        problem: why it failed; empty if it didn't.
    """

    number: int
    proposal: Proposal
    runs: Sequence[RunSpec]
    values: np.ndarray
    problem: str = ""

    @property
    def value(self) -> float | None:
        """The mean over worlds; None if the trial failed."""
        return None if self.problem else float(self.values.mean())


@dataclass(frozen=True)
class HeldOut:
    """The winner and the experiment as it stands, in worlds that the search did not have.

    Attributes:
        runs: the runs of both.
        winner, baseline: mean of the measure over these worlds.
        difference: winner minus baseline.
        low, high: its 95% interval, from a bootstrap over worlds.
        worlds: number of worlds.
    """

    runs: Sequence[RunSpec]
    winner: float
    baseline: float
    difference: float
    low: float
    high: float
    worlds: int


@dataclass(frozen=True)
class Searched:
    """A search: the experiment as it stands, all trials, the best of them, and its check."""

    baseline: Tried
    trials: Sequence[Tried]
    best: Tried
    held_out: HeldOut

    @property
    def runs(self) -> list[RunSpec]:
        """All runs, trial by trial, and then those in fresh worlds."""
        return [run for one in (self.baseline, *self.trials) for run in one.runs] + list(self.held_out.runs)


@dataclass
class RunMaker:
    """Makes the runs that a results folder lacks, and knows the rows of all that are there.

    Attributes:
        folder: the results folder, which exists.
        executor: the workers.
        checkpoints: where long runs save their state.
        minutes: time limit of a run; 0 for none.
        hand_on_stop: passes on a signal to stop, once what is finished has been saved.
    """

    folder: Path
    executor: Executor
    checkpoints: runner.Checkpoints
    minutes: float = 0
    hand_on_stop: Callable[[], None] = lambda: None
    rows: dict[str, store.Row] = field(init=False)
    _built: set[str] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        there = store.finished(self.folder)
        self.rows = {str(id_): {**row, "error": None} for id_, row in there.to_dict("index").items()}

    def __call__(self, runs: Sequence[RunSpec]) -> list[store.Row]:
        """The rows of these runs, in their order. Those that failed have an error, and are not saved."""
        missing = list({run.id: run for run in runs if run.id not in self.rows}.values())
        new = [run for run in missing if run.world.model_dump_json() not in self._built]
        for _ in runner.build_worlds(new, self.executor, self.minutes):
            self.hand_on_stop()
        self._built.update(run.world.model_dump_json() for run in new)
        for ended in runner.finished(missing, self.executor, self.checkpoints, minutes=self.minutes):
            rows = [one.row for one in ended]
            store.add(self.folder, rows)
            store.put_together(self.folder)
            self.rows |= {row["id"]: row for row in rows}
            self.hand_on_stop()
        return [self.rows[run.id] for run in runs]


def searched(
    experiment: Experiment, space: SearchSpace, goal: Goal, rows_of: Callable[[Sequence[RunSpec]], list[store.Row]],
    progress: Report,
) -> Searched:  # fmt: skip
    """Search, and check the winner.

    Args:
        experiment: the experiment, with a sweep, whose replicates are those of each trial.
        space: what may be changed.
        goal: what is wanted.
        rows_of: makes runs, such as a `RunMaker`.
        progress: called with the trials done, their number and a note.

    Raises:
        ConfigError: the experiment as it stands fails or has no value, or so do all trials.
    """
    worlds = (experiment.sweep or SweepSettings()).replicates
    baseline = _tried(_BASELINE, as_it_stands(experiment, space), experiment, goal.measure, rows_of)
    if baseline.problem:
        raise ConfigError(f"The experiment as it stands cannot be compared: {baseline.problem}.")
    trials: list[Tried] = []

    def value_of(number: int, proposal: Proposal) -> float | None:
        progress(number, goal.trials, _note(trials, goal))
        trials.append(_tried(number, proposal, experiment, goal.measure, rows_of))
        return trials[-1].value

    optimise(space, value_of, goal.trials, seed=goal.seed, maximise=goal.maximise)
    progress(goal.trials, goal.trials, _note(trials, goal))
    if not (order := ranked(trials, goal.maximise)):
        raise ConfigError(f"All {goal.trials:,} trials failed; the first because of this: {trials[0].problem}.")
    best = order[0]
    fresh = slice(worlds, worlds + goal.held_out)
    winner, now = (
        [replace(run, scenario=f"{run.scenario}, {FRESH}") for run in _runs_at(one, experiment, fresh.stop)[fresh]]
        for one in (best, baseline)
    )
    return Searched(baseline, trials, best, _held_out(winner, now, rows_of([*winner, *now]), goal.measure))


def ranked(trials: Sequence[Tried], maximise: bool) -> list[Tried]:
    """The trials that did not fail, the best first; of equals, the earliest first."""
    whole = [one for one in trials if not one.problem]
    return sorted(whole, key=lambda one: (-1 if maximise else 1) * float(one.values.mean()))


def _note(trials: Sequence[Tried], goal: Goal) -> str:
    order = ranked(trials, goal.maximise)
    return f"best {order[0].values.mean():.4g}" if order else ""


def as_it_stands(experiment: Experiment, space: SearchSpace) -> Proposal:
    """The settings that an experiment has now."""
    point: Point = {name: value_at(experiment, tuple(name.split("."))) for name in space.settings}
    return Proposal(point, space.strategy)


def _tried(
    number: int, proposal: Proposal, experiment: Experiment, measure: str,
    rows_of: Callable[[Sequence[RunSpec]], list[store.Row]],
) -> Tried:  # fmt: skip
    nothing = np.array([])
    trial = Tried(number, proposal, [], nothing)
    try:
        runs = _runs_at(trial, experiment, (experiment.sweep or SweepSettings()).replicates)
    except PointError as error:
        return replace(trial, problem=str(error).rstrip("."))
    rows = rows_of(runs)
    if errors := [str(row["error"]) for row in rows if row["error"]]:
        return replace(trial, problem=errors[0].rstrip("."))
    values = np.array([_number(row.get(measure)) for row in rows])
    if missing := int(np.isnan(values).sum()):
        why = NOT_KNOWN_YET.get(measure, "no person or tie has it there")
        return replace(
            trial, runs=runs, problem=f"{measure} is missing in {missing:,} of {len(values):,} worlds ({why})"
        )
    return replace(trial, runs=runs, values=values)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float | np.number) else np.nan


def _runs_at(trial: Tried, experiment: Experiment, replicates: int) -> list[RunSpec]:
    """The runs of a trial in the first replicates of the experiment; of its sweep, only draws and silence count.

    Raises:
        PointError: its settings are not allowed together.
    """
    sweep = experiment.sweep or SweepSettings()
    point, strategy = trial.proposal
    is_baseline = trial.number == _BASELINE
    only = sweep.model_copy(
        update={
            "strategies": (strategy,),
            "replicates": replicates,
            "grid": {} if is_baseline else {name: (level,) for name, level in point.items()},
            "sample": None,
        }
    )
    name = AS_IT_STANDS if is_baseline else f"trial {trial.number}"
    levels = point | _shares(strategy)
    runs = runs_of(experiment.model_copy(update={"sweep": only}))
    return [replace(run, scenario=name, point=trial.number, factors=levels) for run in runs]


def _shares(strategy: Strategy) -> Point:
    return {} if isinstance(strategy, str) else {f"{SHARE}{name}": share for name, share in strategy.items()}


def _held_out(
    winner: Sequence[RunSpec], baseline: Sequence[RunSpec], rows: Sequence[store.Row], measure: str
) -> HeldOut:
    """The paired comparison of two arms in the same worlds, from the rows of the first and then of the second."""
    runs = [*winner, *baseline]
    if errors := [str(row["error"]) for row in rows if row["error"]]:
        raise ConfigError(f"The winner cannot be checked, because a run in a fresh world failed: {errors[0]}")
    table = pd.DataFrame(
        {
            "scenario": ["winner"] * len(winner) + [AS_IT_STANDS] * len(baseline),
            "replicate": [run.replicate for run in runs],
            measure: [_number(row.get(measure)) for row in rows],
        }
    )
    both = table.pivot(index="replicate", columns="scenario", values=measure).dropna()
    (row,) = paired_differences(table, measure, AS_IT_STANDS).itertuples()
    means = (float(both["winner"].mean()), float(both[AS_IT_STANDS].mean()))
    return HeldOut(runs, *means, float(row.difference), float(row.low), float(row.high), int(row.worlds))
