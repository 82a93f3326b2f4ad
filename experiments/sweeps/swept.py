"""The sweeps of the essay in one folder: a run that several of them ask for is made once.

results/essay/parts, series, events     all runs, by id, as any sweep keeps them
results/essay/tables/NAME.parquet       the table of each sweep
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from experiments import provenance
from experiments.config.settings import ConfigError, Experiment, SweepSettings, VerdictSettings
from experiments.logs.gate import Gate, gate_of, judged
from experiments.sweeps import histories, store
from experiments.sweeps.design import Run, described, runs_of
from experiments.sweeps.histories import EVENTS, SERIES, History, asked_for


@dataclass(frozen=True, eq=False)
class Swept:
    """A sweep that has been carried out.

    Attributes:
        experiment: what was asked for.
        runs: a row a run, failed ones left out.
        gates: what the gate says of each set of its parameters; none where it was not asked.
        origin: where the runs come from, for tables and figures.
        folder: of the results.
    """

    experiment: Experiment
    runs: pd.DataFrame
    gates: list[Gate]
    origin: dict[str, Any]
    folder: Path

    @property
    def verdict(self) -> VerdictSettings:
        """The thresholds."""
        assert self.experiment.verdict is not None
        return self.experiment.verdict

    def arms(self, measure: str, by: str | Sequence[str]) -> pd.DataFrame:
        """A measure, a row a world (replicate) and a column an arm; worlds that lack an arm are left out."""
        index = [by] if isinstance(by, str) else list(by)
        return self.runs.pivot(index="replicate", columns=index, values=measure).astype(float).dropna()

    def series(self) -> pd.DataFrame:
        """The series of its runs, each row with its run's arm, factors and replicate."""
        return self._history(SERIES)

    def events(self) -> pd.DataFrame:
        """The contact logs of its runs, likewise."""
        return self._history(EVENTS)

    def _history(self, table: str) -> pd.DataFrame:
        assert self.experiment.sweep is not None
        history = next(one for one in asked_for(self.experiment.sweep) if one.table == table)
        design = self.runs.loc[:, :"seed"]
        return design.merge(histories.read(self.folder, history, set(design["id"])), on="id")


@dataclass(frozen=True)
class Asked:
    """What an experiment asks to be run: its own runs and those of its gate, and the histories of the first."""

    experiment: Experiment
    runs: list[Run]
    gate: list[Run]
    histories: tuple[History, ...]


def asked(experiment: Experiment) -> Asked:
    """The runs of an experiment and of its gate.

    Raises:
        ConfigError: it is no sweep, or has no thresholds.
    """
    if experiment.sweep is None or experiment.verdict is None:
        raise ConfigError(f"{experiment.name} needs [sweep] and [verdict] to be judged.")
    if experiment.sweep.replicates < 2:
        raise ConfigError(f"{experiment.name}: sweep.replicates is 1; one world gives no interval, so 2 are the least.")
    gate = gate_of(experiment)
    return Asked(experiment, runs_of(experiment), runs_of(gate) if gate else [], asked_for(experiment.sweep))


def by_histories(sweeps: Sequence[Asked]) -> dict[tuple[History, ...], list[Run]]:
    """All runs, each once, by what is kept of them."""
    found: dict[tuple[History, ...], dict[str, Run]] = {(): {}}
    for one in sweeps:
        found.setdefault(one.histories, {}).update({run.id: run for run in one.runs})
        found[()].update({run.id: run for run in one.gate})
    return {kept: list(runs.values()) for kept, runs in found.items()}


def collected(one: Asked, folder: Path) -> Swept:
    """What came of a sweep; its table is written as well."""
    design = described(one.runs)
    origin = provenance.of_runs(one.experiment, list(design["id"]))
    table = store.table_of(design, store.finished(folder)).dropna(subset=["people"])
    table = table[[*design.columns, *(name for name in table if name not in design and not _is_empty(table[name]))]]
    gates: list[Gate] = []
    if one.gate and one.experiment.verdict and one.experiment.verdict.gate:
        lived = store.table_of(described(one.gate), store.finished(folder))
        factors = (one.experiment.sweep or SweepSettings()).factors
        varied = [name for name in factors if name in lived]
        gates = judged(lived, varied, one.experiment.verdict.gate)
    store.write_table(folder / store.TABLES / one.experiment.name, table, origin)
    return Swept(one.experiment, table, gates, origin, folder)


def _is_empty(column: pd.Series) -> bool:
    return bool(column.isna().all()) and not column.name.startswith("focal")


def fewest_worlds(sweeps: Sequence[Swept]) -> int:
    """The worlds of the sweep that has the fewest."""
    return int(min((one.runs["replicate"].nunique() for one in sweeps), default=0))
