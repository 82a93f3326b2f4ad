"""The sweeps of the essay, which share one results folder: a run that several of them need is made once.

results/essay/parts, series, events     all runs, by id, as in any results folder
results/essay/tables/NAME.parquet       the table of each sweep
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments import provenance
from experiments.config.errors import ConfigError
from experiments.config.plausible import number_of
from experiments.config.settings import Experiment, VerdictSettings
from experiments.logs.gate import Gate, gate_of, judged, passing
from experiments.sweeps import histories, store
from experiments.sweeps.design import RunSpec, described, draw_of, draws_in, runs_of
from experiments.sweeps.histories import PEOPLE, SERIES, History, requested_histories
from experiments.terminal.legend import Legend


@dataclass(frozen=True, eq=False)
class SweepResult:
    """A finished sweep.

    Attributes:
        experiment: the experiment.
        runs: one row per run that was made and didn't fail. If parameters are drawn, those that fail the gate are not
            made.
        gates: the result of the gate for each set of parameters; empty if the experiment has no gate, or draws the
            parameters of each world.
        passing: replicates whose drawn parameters pass the gate; None if there is no gate, or if none are drawn.
        origin: provenance of the runs, for tables and figures.
        folder: the results folder.
        error: the chance that an interval misses the truth; smaller at each of several looks at growing results.
    """

    experiment: Experiment
    runs: pd.DataFrame
    gates: list[Gate]
    origin: dict[str, Any]
    folder: Path
    passing: frozenset[int] | None = None
    error: float = 0.05

    @property
    def verdict(self) -> VerdictSettings:
        """The thresholds of the verdict."""
        assert self.experiment.verdict is not None
        return self.experiment.verdict

    @cached_property
    def legend(self) -> Legend:
        """Labels and colours of its arms."""
        return Legend(self.experiment.parameters.strategies)

    @cached_property
    def plausible(self) -> pd.DataFrame:
        """The runs whose drawn parameters pass the gate; all of them if none are drawn."""
        return self.runs if self.passing is None else self.runs[self.runs["replicate"].isin(self.passing)]

    @cached_property
    def levels(self) -> pd.DataFrame:
        """The drawn numbers: one row per draw of `plausible`, one column per number."""
        draws = draws_in(self.experiment)
        rows = {int(one): draws[one] for one in self.draws.unique()}
        return pd.DataFrame.from_dict(rows, orient="index", columns=list(draws[0])).rename(columns=number_of)

    @cached_property
    def draws(self) -> pd.Series:
        """The draw of each replicate of `plausible`, by replicate."""
        assert self.experiment.sweep is not None
        replicates = np.sort(self.plausible["replicate"].unique())
        count = len(draws_in(self.experiment))
        of = [draw_of(self.experiment.sweep, int(one), count) for one in replicates]
        return pd.Series(of, index=pd.Index(replicates, name="replicate"), name="draw", dtype=int)

    @property
    def worlds(self) -> int:
        """The number of worlds or, if numbers are drawn, of draws that pass the gate."""
        return int((self.runs["replicate"] if self.passing is None else self.draws).nunique())

    @property
    def world_size(self) -> int:
        """The number of people in its worlds, with newcomers."""
        world = self.experiment.world
        return int(self.runs["people"].iloc[0]) if len(self.runs) else world.people + world.newcomers

    @cached_property
    def _design(self) -> pd.DataFrame:
        """One row per run: those that were made or, if there are none, those that would have been."""
        return self.runs if len(self.runs) else described(runs_of(self.experiment))

    def arms(self, measure: str, by: str | list[str]) -> pd.DataFrame:
        """A measure with one row per world (replicate) and one column per arm; worlds that lack an arm are left out.

        If parameters are drawn, so are worlds that fail the gate. If an arm has several runs in a world, with different
        seeds, the measure is their mean.
        """
        runs = self.plausible.reindex(columns=[*self._design, measure]) if self.plausible.empty else self.plausible
        table = runs.pivot_table(index="replicate", columns=by, values=measure, dropna=False, sort=False)
        there = self._design[by].drop_duplicates()
        arms = pd.MultiIndex.from_frame(there) if isinstance(there, pd.DataFrame) else pd.Index(there)
        return table.reindex(columns=arms).astype(float).dropna()

    def series(self) -> pd.DataFrame:
        """The series of its runs; each row has the arm, factors and replicate of its run."""
        return self._history(SERIES)

    def people(self) -> pd.DataFrame:
        """The outcomes of each person of its runs; each row has the arm, factors and replicate of its run."""
        return self._history(PEOPLE)

    def _history(self, table: str) -> pd.DataFrame:
        assert self.experiment.sweep is not None
        history = next(one for one in requested_histories(self.experiment.sweep) if one.table == table)
        design = self.runs.loc[:, :"seed"]
        return design.merge(histories.read(self.folder, history, set(design["id"])), on="id")


@dataclass(frozen=True)
class SweepPlan:
    """The runs that an experiment needs: its own with their histories, and those of its gate."""

    experiment: Experiment
    runs: list[RunSpec]
    gate: list[RunSpec]
    histories: tuple[History, ...]


def sweep_plan(experiment: Experiment) -> SweepPlan:
    """The runs of an experiment and of its gate.

    Raises:
        ConfigError: if it has no [sweep] or no [verdict], or only one replicate.
    """
    if experiment.sweep is None or experiment.verdict is None:
        raise ConfigError(f"{experiment.name}: a verdict needs the tables [sweep] and [verdict]; add them to the file.")
    if experiment.sweep.replicates < 2:
        raise ConfigError(
            f"{experiment.name}: sweep.replicates = 1 is too small for an interval; it must be at least 2."
        )
    gate = gate_of(experiment)
    return SweepPlan(
        experiment, runs_of(experiment), runs_of(gate) if gate else [], requested_histories(experiment.sweep)
    )


def of_the_gates(sweeps: Sequence[SweepPlan]) -> list[RunSpec]:
    """The runs of all gates, each once. They come first, because they say which others are needed."""
    return list({run.id: run for one in sweeps for run in one.gate}.values())


def by_histories(sweeps: Sequence[SweepPlan], folder: Path) -> dict[tuple[History, ...], list[RunSpec]]:
    """All runs of sweeps whose gates are done, each once, grouped by the histories to save.

    Runs whose drawn parameters fail the gate are left out, because no verdict looks at them.
    """
    found: dict[tuple[History, ...], dict[str, RunSpec]] = {}
    for one in sweeps:
        passed = passing_of(one, folder)
        kept = (run for run in one.runs if passed is None or run.replicate in passed)
        found.setdefault(one.histories, {}).update({run.id: run for run in kept})
    return {histories: list(runs.values()) for histories, runs in found.items()}


def passing_of(one: SweepPlan, folder: Path) -> frozenset[int] | None:
    """The replicates whose drawn parameters pass the gate; None if there is no gate, or if none are drawn."""
    experiment = one.experiment
    settings = experiment.verdict.gate if experiment.verdict else None
    if settings is None or experiment.sweep is None or not experiment.sweep.is_drawn:
        return None
    lived = store.table_of(described(one.gate), store.finished(folder))
    count = len(draws_in(experiment))
    draw = {replicate: draw_of(experiment.sweep, replicate, count) for replicate in lived["replicate"].unique()}
    return frozenset(passing(lived, settings, draw))


def collected(one: SweepPlan, folder: Path) -> SweepResult:
    """The result of a sweep; this also writes its table."""
    design = described(one.runs)
    origin = provenance.of_runs(one.experiment, list(design["id"]))
    table = store.table_of(design, store.finished(folder)).dropna(subset=["people"])
    table = table[[*design.columns, *(name for name in table if name not in design and not _is_empty(table[name]))]]
    gates: list[Gate] = []
    passed = passing_of(one, folder)
    if passed is None and one.gate and one.experiment.verdict and one.experiment.verdict.gate:
        lived = store.table_of(described(one.gate), store.finished(folder))
        gates = judged(lived, one.experiment.verdict.gate)
    store.write_table(folder / store.TABLES / one.experiment.name, table, origin)
    return SweepResult(one.experiment, table, gates, origin, folder, passed)


def _is_empty(column: pd.Series) -> bool:
    return bool(column.isna().all()) and not column.name.startswith("focal")


def fewest_worlds(sweeps: Sequence[SweepResult]) -> int:
    """The smallest number of worlds in any of these sweeps; if numbers are drawn, of draws that pass the gate."""
    return int(min((one.worlds for one in sweeps), default=0))
