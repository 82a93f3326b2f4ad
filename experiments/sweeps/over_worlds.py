"""The difference of two strategies over all worlds of an experiment that are stored, for where one pair is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from experiments.analysis.compare import paired_differences
from experiments.config.settings import Experiment, Strategy
from experiments.logs.gate import GATE_STATISTICS, gate_of
from experiments.sweeps import store
from experiments.sweeps.design import described, draw_of, draws_in, label, runs_of
from experiments.sweeps.results import RESULTS
from experiments.sweeps.sweep_result import SweepPlan, passing_of

_OF_CLAIMS = ("essay-full", "essay")  # folders that several sweeps share, see `experiments.sweeps.sweep_result`


class OverWorlds(NamedTuple):
    """A mean difference, second strategy minus first.

    Attributes:
        difference: mean over worlds or, if numbers are drawn, over draws that pass the gate.
        low, high: its 95% interval, from a bootstrap over worlds or draws.
        worlds: number of worlds or draws.
        is_drawn: whether numbers are drawn.
    """

    difference: float
    low: float
    high: float
    worlds: int
    is_drawn: bool


def over_worlds(
    experiment: Experiment, first: Strategy, second: Strategy, measures: Iterable[str], folder: Path = RESULTS
) -> dict[str, OverWorlds]:
    """The difference of two strategies in each measure, from the stored runs of exactly this experiment.

    Runs are found by their ids, so those with other settings or of another version of the model don't count. It is
    empty if fewer than two worlds have both strategies, if the experiment has no sweep, and if its sweep varies
    settings, because then no one difference belongs to it.

    Args:
        experiment: the experiment, with its sweep.
        first: strategy that is subtracted.
        second: the other strategy.
        measures: names of measures; those that are missing in all worlds are left out.
        folder: the folder for results.

    Raises:
        StoreError: if a stored table is damaged.
    """
    sweep = experiment.sweep
    if sweep is None or sweep.factors or label(first) == label(second):
        return {}
    for where, replicates in _stored(experiment.name, folder):
        pair = sweep.model_copy(update={"strategies": (first, second), "replicates": replicates})
        runs = _finished(experiment.model_copy(update={"sweep": pair}), where)
        found = {name: _difference(runs, name, label(first), sweep.is_drawn) for name in measures if name in runs}
        if known := {name: one for name, one in found.items() if one is not None}:
            return known
    return {}


def _stored(name: str, folder: Path) -> Iterator[tuple[Path, int]]:
    """The folders that may have runs of an experiment, and how many replicates its last sweep there had."""
    tables = {folder / name: folder / name / store.DESIGN}
    tables |= {folder / of: folder / of / store.TABLES / name / store.TABLE for of in _OF_CLAIMS}
    for where, table in tables.items():
        if table.is_file():
            _, origin = store.table_at(table)
            yield where, int(origin["config"]["sweep"]["replicates"])


def _finished(experiment: Experiment, where: Path) -> pd.DataFrame:
    """The runs of an experiment that are finished; if numbers are drawn, of draws that pass the gate.

    The column ``unit`` has the number of the world or of the draw.
    """
    sweep, there = experiment.sweep, store.finished(where)
    assert sweep is not None
    runs = store.table_of(described(runs_of(experiment)), there)
    runs = runs.dropna(subset=["people"]) if "people" in runs else runs[:0]
    if not sweep.is_drawn:
        return runs.assign(unit=runs["replicate"])
    gate = gate_of(experiment)
    if gate is not None and not set(GATE_STATISTICS) <= set(there):
        return runs[:0].assign(unit=0)  # no draw has been judged
    passed = passing_of(SweepPlan(experiment, [], runs_of(gate) if gate else [], ()), where)
    if passed is not None:
        runs = runs[runs["replicate"].isin(passed)]
    draws = len(draws_in(experiment))
    return runs.assign(unit=[draw_of(sweep, int(replicate), draws) for replicate in runs["replicate"]])


def _difference(runs: pd.DataFrame, measure: str, first: str, is_drawn: bool) -> OverWorlds | None:
    """The difference of the other strategy from the first; None for fewer than two worlds or draws with both."""
    arms = runs.pivot(index=["unit", "replicate"], columns="strategy", values=measure).astype(float).dropna()
    if arms.shape[1] < 2:
        return None
    by_unit = arms.groupby("unit").mean()  # the worlds of a draw are one unit
    if len(by_unit) < 2:
        return None
    long = by_unit.rename_axis(index="replicate", columns="scenario").stack().rename(measure).reset_index()
    (row,) = paired_differences(long, measure, first).itertuples()
    return OverWorlds(row.difference, row.low, row.high, int(row.worlds), is_drawn)
