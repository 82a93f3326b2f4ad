"""The difference of two strategies over the stored worlds of an experiment."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from experiments.analysis.compare import paired_differences
from experiments.config.reading import load
from experiments.config.settings import Experiment
from experiments.essay.findings.effects import gain
from experiments.sweeps import results, store
from experiments.sweeps.design import RunSpec
from experiments.sweeps.over_worlds import over_worlds
from experiments.sweeps.runner import run_one
from experiments.sweeps.sweep_result import collected, of_the_gates, sweep_plan
from tests.experiments.conftest import Rekindle

MIXTURE = {"handwritten_notes": 0.5, "show_up": 0.5}
MEASURES = ("reconnected", "kept", "kept_new", "kept_up")
LASTS = ("run.follow_up_days=240",)
# A gate that some draws pass, and pairs of worlds for each draw.
DRAWN = """
[sweep.plausible]
worlds = 2

[verdict]

[verdict.gate]
log = "made up"
hazard_per_day_90_180 = 0.003
hazard_per_day_180_365 = 0.0015
factor = 100
worlds = 1
days = 400
reactivated_low = 0
reactivated_high = 0.1
"""


def made(folder: Path, runs: list[RunSpec]) -> None:
    store.add(folder, [run_one(run).row for run in runs])


@pytest.fixture
def swept(config: Path, rekindle: Rekindle, in_threads: None) -> Experiment:
    assert rekindle("sweep", config, "--set", LASTS[0]).code == 0
    return load(config, list(LASTS))


def test_it_is_the_paired_difference_in_the_table_of_the_sweep(swept: Experiment) -> None:
    found = over_worlds(swept, "wait", "check_in", MEASURES)
    assert set(found) == set(MEASURES)
    for name, one in found.items():
        table = paired_differences(results.load("tiny"), name).loc["check_in"]
        assert one[:4] == pytest.approx((table["difference"], table["low"], table["high"], 3))
        assert not one.is_drawn
    assert found["reconnected"].difference > 0
    back = over_worlds(swept, "check_in", "wait", MEASURES)
    assert back["reconnected"].difference == -found["reconnected"].difference
    mixed = over_worlds(swept, "check_in", MIXTURE, ("reconnected",))["reconnected"]
    runs = results.load("tiny").pivot(index="replicate", columns="strategy", values="reconnected")
    assert mixed.difference == pytest.approx((runs["handwritten_notes 0.5 + show_up 0.5"] - runs["check_in"]).mean())


def test_runs_of_another_experiment_do_not_count(swept: Experiment, config: Path) -> None:
    assert over_worlds(swept, "wait", "check_in", MEASURES) != {}
    for change in ("world.people=41", "run.strategy_days=21", "parameters.ease=1.0", "run.adopters=3", "run.seed=9"):
        assert over_worlds(load(config, [*LASTS, change]), "wait", "check_in", MEASURES) == {}, change


def test_there_is_none_without_a_sweep_with_varied_settings_or_for_one_strategy(
    swept: Experiment, config: Path
) -> None:
    grid = load(config, [*LASTS, f"sweep.grid.parameters.ease=[{swept.parameters.ease}, 2.0]"])
    for other in (grid, swept.model_copy(update={"sweep": None})):
        assert over_worlds(other, "wait", "check_in", MEASURES) == {}
    assert over_worlds(swept, "wait", "wait", MEASURES) == {}
    assert over_worlds(swept, "wait", "host_event", MEASURES) == {}, "it was not run"
    assert over_worlds(swept, "wait", "check_in", MEASURES, Path("elsewhere")) == {}


def test_worlds_of_a_draw_are_one_unit_and_only_draws_that_pass_the_gate_count(config: Path) -> None:
    config.write_text(f"{config.read_text()}\n{DRAWN}")
    settings = ["sweep.replicates=8", 'sweep.strategies=["wait", "check_in"]', "parameters.effort_minutes=240"]
    plan, folder = sweep_plan(load(config, settings)), Path("results/essay")
    made(folder, plan.runs)
    results_before_the_gate = over_worlds(load(config, settings), "wait", "check_in", ("reconnected",))
    assert results_before_the_gate == {}
    made(folder, of_the_gates([plan]))
    lived = store.finished(folder)["reactivated_90d"].dropna()
    between = float(lived.sort_values().iloc[4:6].mean())
    experiment = load(config, [*settings, f"verdict.gate.reactivated_high={between}"])
    result = collected(sweep_plan(experiment), folder)
    assert result.passing is not None
    assert 4 <= len(result.passing) < 8
    arms = result.arms("reconnected", "strategy")
    expected = gain(result, "check_in", arms["check_in"], arms["wait"], np.nan).mean
    (one,) = over_worlds(experiment, "wait", "check_in", ("reconnected",)).values()
    assert one.is_drawn
    assert one.worlds == result.worlds == len(result.passing) / 2
    assert one[:3] == pytest.approx((expected.value, expected.low, expected.high))
