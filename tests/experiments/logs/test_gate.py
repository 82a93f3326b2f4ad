"""The gate: which worlds may be asked, and which may not."""

from __future__ import annotations

import pandas as pd
import pytest

from experiments.config.settings import Experiment, GateSettings, SweepSettings
from experiments.logs.gate import GATE_STATISTICS, gate_of, judged, passing
from experiments.sweeps.design import runs_of
from experiments.sweeps.runner import run_one

GATE = GateSettings(log="made up", hazard_per_day_90_180=0.003, hazard_per_day_180_365=0.0015, worlds=2, days=400)


def experiment(**sweep: object) -> Experiment:
    return Experiment.model_validate(
        {
            "name": "toy",
            "world": {"people": 80, "burn_in_years": 0.0},
            "sweep": {"replicates": 5, **sweep},
            "verdict": {"gate": GATE.model_dump()},
        }
    )


def lived(*values: tuple[float, float, float], level: float = 1.0) -> pd.DataFrame:
    rows = [dict(zip(GATE_STATISTICS, of, strict=True)) for of in values]
    return pd.DataFrame(rows).assign(scenario=f"wait, ease {level}", **{"parameters.ease": level})


def test_a_world_like_the_log_gets_through() -> None:
    (gate,) = judged(lived((0.003, 0.0015, 0.3), (0.004, 0.0016, 0.35)), GATE)
    assert (gate.passed, gate.name) == (True, "ease 1.0")
    assert gate.values["reactivated_90d"] == pytest.approx(0.325)


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ((0.0061, 0.0015, 0.3), "hazard_per_day_90_180"),
        ((0.003, 0.0007, 0.3), "hazard_per_day_180_365"),
        ((0.003, 0.0015, 0.45), "reactivated_90d"),
        ((0.003, 0.0015, 0.17), "reactivated_90d"),
        ((float("nan"), 0.0015, 0.3), "hazard_per_day_90_180"),
    ],
)
def test_a_world_that_is_off_in_one_does_not_and_says_in_which(values: tuple[float, float, float], what: str) -> None:
    (gate,) = judged(lived(values), GATE)
    assert not gate.passed
    assert gate.failures[0].startswith(what)


@pytest.mark.parametrize("values", [(0.0015, 0.00075, 0.18), (0.006, 0.003, 0.44)])
def test_the_limits_themselves_are_let_through(values: tuple[float, float, float]) -> None:
    """Half and twice a hazard, and the least and the largest share that come back; a little beyond is not."""
    (gate,) = judged(lived(values), GATE)
    assert gate.passed
    away = 1.001 if values[2] > 0.3 else 0.999
    (beyond,) = judged(lived((values[0] * away, values[1] * away, values[2] * away)), GATE)
    assert len(beyond.failures) == 3


def test_sets_of_parameters_stay_in_their_order() -> None:
    runs = pd.concat([lived((0.003, 0.0015, 0.3), level=level) for level in (3.0, 1.0, 2.0)])
    gates = judged(runs, GATE)
    assert [gate.name for gate in gates] == ["ease 3.0", "ease 1.0", "ease 2.0"]


def test_ordinary_life_is_one_person_who_waits_and_no_newcomers() -> None:
    asked = experiment()
    asked = asked.model_copy(update={"world": asked.world.model_copy(update={"newcomers": 9}), "sweep": None})
    gate = gate_of(asked)
    assert gate is not None
    runs = runs_of(gate)
    assert len(runs) == GATE.worlds
    assert {(run.strategy, run.adopters, run.strategy_days, run.days) for run in runs} == {("wait", 1, 400, 400)}
    assert {(run.world.newcomers, run.among, run.silence, run.inject) for run in runs} == {
        (0, ("any", "any"), True, None)
    }


def test_the_gate_looks_at_each_set_of_parameters_of_ordinary_life_once() -> None:
    grid = {"parameters.ease": (2.0, 3.0), "parameters.effort_minutes": (15.0, 60.0), "run.adopters": (2, 4)}
    asked = experiment(grid=grid, strategies=("wait", "check_in"))
    gate = gate_of(asked)
    assert gate is not None
    runs = runs_of(gate)
    assert len(runs) == 2 * GATE.worlds
    assert {run.strategy for run in runs} == {"wait"}
    assert {run.days for run in runs} == {GATE.days}
    assert gate_of(asked.model_copy(update={"verdict": None})) is None


def test_a_run_says_how_final_silence_is_in_its_own_log() -> None:
    gate = gate_of(experiment())
    assert gate is not None
    row = run_one(runs_of(gate)[0]).row
    assert row["error"] is None
    assert all(0 < row[name] < 1 for name in GATE_STATISTICS)


def test_of_drawn_parameters_those_pass_whose_worlds_do_on_average() -> None:
    """Three draws of two worlds: of the first, one world is outside and the mean is not; of the second, both are."""
    inside, above, outside = (0.00287, 0.00153, 0.3), (0.00287, 0.00153, 0.5), (0.1, 0.00153, 0.3)
    rows = [inside, above, outside, outside, inside, inside]
    runs = pd.DataFrame(rows, columns=list(GATE_STATISTICS)).assign(replicate=range(6))
    limits = GateSettings(log="a log", hazard_per_day_90_180=0.00287, hazard_per_day_180_365=0.00153)
    draws = {replicate: replicate // 2 for replicate in range(6)}
    assert passing(runs, limits, draws) == {0, 1, 4, 5}
    assert passing(runs, limits, {replicate: replicate for replicate in range(6)}) == {0, 4, 5}
    assert passing(runs.assign(reactivated_90d=float("nan")), limits, draws) == set()


def test_the_gate_judges_draws_as_they_are_whatever_a_sweep_varies() -> None:
    """A level asks what would be otherwise; it need not look like a real log."""
    sweep = {
        "replicates": 4,
        "plausible": {"worlds": 2},
        "grid": {"world.parameters.ties_at_start": [30, 60]},
        "rows": {"usual": {}, "known": {"parameters.acceptance_ratio": 1.0}},
    }
    drawn = experiment().model_copy(update={"sweep": SweepSettings.model_validate(sweep)})
    gate = gate_of(drawn)
    assert gate is not None
    runs = runs_of(gate)
    assert len(runs) == 4
    assert {run.world.parameters.ties_at_start for run in runs} == {drawn.world.parameters.ties_at_start}


def test_each_drawn_world_is_judged_by_one_world_of_its_own_parameters() -> None:
    drawn = experiment(replicates=4, plausible={"worlds": 3})
    gate = gate_of(drawn)
    assert gate is not None
    lived = runs_of(gate)
    assert [run.replicate for run in lived] == [0, 1, 2, 3]
    of_runs = {run.replicate: run.parameters for run in runs_of(drawn)}
    assert all(run.parameters == of_runs[run.replicate] for run in lived)
    assert all(run.silence and run.strategy == "wait" for run in lived)
