"""The sweeps of the essay: what each needs, and its result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.config.errors import ConfigError
from experiments.config.reading import load
from experiments.config.settings import Experiment
from experiments.sweeps import store
from experiments.sweeps.design import RunSpec, described
from experiments.sweeps.histories import SERIES, History
from experiments.sweeps.runner import run_one
from experiments.sweeps.sweep_result import (
    SweepResult,
    by_histories,
    collected,
    fewest_worlds,
    of_the_gates,
    passing_of,
    sweep_plan,
)

GATE = """
[verdict.gate]
log = "made up"
hazard_per_day_90_180 = 0.003
hazard_per_day_180_365 = 0.0015
worlds = 1
days = 400
"""
GRID = "\n[sweep.grid]\nparameters.ease = [1.0, 2.0]\n"


def experiment(config: Path, *changes: str, more: str = "[verdict]\n") -> Experiment:
    config.write_text(f"{config.read_text()}\n{more}")
    return load(config, ["sweep.replicates=2", *changes])


def result(config: Path, runs: pd.DataFrame) -> SweepResult:
    return SweepResult(load(config), runs, [], {}, Path())


def test_a_measure_has_a_row_per_world_and_a_column_per_arm(config: Path) -> None:
    rows = [
        {"replicate": world, "strategy": name, "row": row, "kept": 10 * world + len(name)}
        for world in range(3) for name in ("wait", "call") for row in ("a", "b")
    ]  # fmt: skip
    runs = pd.DataFrame(rows)
    lacking = runs.drop(runs.index[(runs["replicate"] == 1) & (runs["strategy"] == "call") & (runs["row"] == "a")])
    both = result(config, lacking).arms("kept", ["strategy", "row"])
    assert both.index.to_list() == [0, 2], "a world without one of the arms is left out"
    assert both["wait", "b"].to_list() == [4.0, 24.0]
    alone = result(config, runs[runs["row"] == "a"]).arms("kept", "strategy")
    assert alone["call"].to_list() == [4.0, 14.0, 24.0]
    assert alone.dtypes.unique().tolist() == [float]


def test_the_fewest_worlds_are_those_of_the_smallest_sweep(config: Path) -> None:
    few, many = (result(config, pd.DataFrame({"replicate": [*range(count)] * 2})) for count in (2, 5))
    assert fewest_worlds([many, few]) == 2
    assert fewest_worlds([]) == 0


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (lambda one: one.model_copy(update={"verdict": None}), r"needs the tables \[sweep\] and \[verdict\]"),
        (lambda one: one.model_copy(update={"sweep": None}), r"needs the tables \[sweep\] and \[verdict\]"),
        (
            lambda one: one.model_copy(update={"sweep": one.sweep.model_copy(update={"replicates": 1})}),
            "sweep.replicates = 1 is too small for an interval",
        ),
    ],
)
def test_a_verdict_needs_a_sweep_of_two_worlds_and_thresholds(
    config: Path, changed: Callable[[Experiment], Experiment], said: str
) -> None:
    whole = experiment(config)
    assert len(sweep_plan(whole).runs) == 6
    assert sweep_plan(whole).gate == []
    with pytest.raises(ConfigError, match=said):
        sweep_plan(changed(whole))


def test_a_run_that_several_sweeps_need_is_made_once_for_each_set_of_histories(config: Path, tmp_path: Path) -> None:
    gated = experiment(config, more=f"[verdict]\n{GATE}")
    series = load(config, ["sweep.replicates=2", "sweep.series_days=7"])
    plans = [sweep_plan(gated), sweep_plan(gated), sweep_plan(series)]
    groups = by_histories(plans, tmp_path / "essay")
    assert set(groups) == {(), (History(SERIES, 7),)}
    own = {run.id for run in sweep_plan(gated).runs}
    assert [len(groups[()]), len(of_the_gates(plans))] == [6, 1], "six of the sweep, and one for the gate"
    assert {run.id for run in groups[()]} == own
    assert {run.id for run in groups[History(SERIES, 7),]} == own


def test_draws_that_fail_the_gate_need_no_other_runs_and_change_no_result(config: Path, tmp_path: Path) -> None:
    plausible = "[sweep.plausible]\nworlds = 2\n"
    wide = f"{plausible}[verdict]\n{GATE}factor = 100\nreactivated_low = 0\nreactivated_high = "
    one = experiment(config, "sweep.replicates=8", more=f"{wide}1\n")
    folder, whole = tmp_path / "essay", sweep_plan(one)
    made(folder, of_the_gates([whole]))
    back = store.table_of(described(whole.gate), store.finished(folder)).set_index("replicate")["reactivated_90d"]
    of_draws = back.groupby(back.index // 2).mean().sort_values()
    between = float(of_draws.iloc[1:3].mean())  # two of the four draws come back less often
    plan = sweep_plan(load(config, ["sweep.replicates=8", f"verdict.gate.reactivated_high={between}"]))
    assert [run.id for run in plan.gate] == [run.id for run in whole.gate]
    passed = passing_of(plan, folder)
    assert passed == {2 * draw + world for draw in of_draws.index[:2] for world in (0, 1)}
    runs = by_histories([plan], folder)[()]
    assert {run.replicate for run in runs} == passed
    assert len(runs) == len(plan.runs) / 2
    made(folder, runs)
    few = collected(plan, folder)
    assert few.passing == passed
    made(folder, [run for run in plan.runs if run.replicate not in passed])
    full = collected(plan, folder)
    assert len(full.runs) == 2 * len(few.runs)
    pd.testing.assert_frame_equal(full.arms("reconnected", "strategy"), few.arms("reconnected", "strategy"))
    assert full.draws.to_dict() == few.draws.to_dict()


def made(folder: Path, runs: list[RunSpec]) -> None:
    store.add(folder, [run_one(run).row for run in runs])


def test_a_result_has_all_measures_that_any_run_has_and_those_of_focal_ties(config: Path, tmp_path: Path) -> None:
    plan = sweep_plan(experiment(config))
    folder = tmp_path / "essay"
    made(folder, plan.runs[:-1])  # the last one failed, and is not there
    found = collected(plan, folder)
    assert found.runs["id"].to_list() == [run.id for run in plan.runs[:-1]]
    assert found.gates == []
    assert not found.runs.columns.duplicated().any()
    rows = store.finished(folder)
    empty = {name for name in rows if rows[name].isna().all()}
    partly = {name for name in rows if rows[name].isna().any()} - empty
    assert {"error", "focal_reconnected"} <= empty
    assert partly, "such as measures of answers, which not every run has"
    there = set(found.runs.columns)
    assert there & empty == {name for name in empty if name.startswith("focal")}, "nothing was injected here"
    assert partly | {"reconnected", "revived", "people", "strategy", "replicate"} <= there
    kept, origin = store.read_table(folder / "tables" / "tiny" / "runs.parquet")
    assert kept["id"].to_list() == found.runs["id"].to_list()
    assert origin["run_hash"] == found.origin["run_hash"]


def test_a_gate_is_judged_for_each_level_that_matters_in_ordinary_life(config: Path, tmp_path: Path) -> None:
    plan = sweep_plan(experiment(config, more=f"{GRID}\n[verdict]\n{GATE}"))
    assert len(plan.gate) == 2
    folder = tmp_path / "essay"
    made(folder, [*plan.runs, *plan.gate])
    gates = collected(plan, folder).gates
    assert [gate.name for gate in gates] == ["ease 1.0", "ease 2.0"]
    assert all(np.isfinite(gate.values["hazard_per_day_90_180"]) for gate in gates)
