"""Morris and Sobol indices against functions whose indices are known, and the command."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from SALib.analyze import morris, sobol

from experiments.analysis.sensitivity import Indices, SensitivityError, indices
from experiments.config.settings import Experiment, SampleSettings, SweepSettings
from experiments.figures.sensitivity import headline, labels_of
from experiments.sweeps.design import described, runs_of

EASE, OPEN, LOAD = "parameters.ease", "parameters.answer_openness", "parameters.load_scale"
RANGES = {EASE: (1.0, 4.0), OPEN: (-1.0, 1.0), LOAD: (10.0, 20.0)}
PROBLEM = {"num_vars": 3, "names": list(RANGES), "bounds": [list(ends) for ends in RANGES.values()]}
Made = tuple[pd.DataFrame, dict[str, Any]]


def made_up(method: Any, points: int, outcome: Callable[[pd.DataFrame], pd.Series], **more: Any) -> Made:
    """A finished sweep whose outcome is a known function of the levels."""
    sample = SampleSettings(method=method, points=points, ranges=RANGES)
    sweep = SweepSettings(replicates=2, sample=sample, strategies=("wait", "check_in"), **more)
    experiment = Experiment(name="made_up", sweep=sweep)
    runs = described(runs_of(experiment)).assign(people=10)
    runs["reconnected"] = outcome(runs) * (runs["strategy"] == "check_in") + 100 * runs["replicate"]
    origin = {
        "config": experiment.model_dump(mode="json"),
        "factors": sweep.factors,
        "command": "rekindle sweep a.toml",
    }
    return runs, origin


def linear(runs: pd.DataFrame) -> pd.Series:
    return 2 * runs[EASE] - 6 * runs[OPEN]


def test_screening_a_line_finds_its_slopes() -> None:
    """Effects over whole ranges: 2 * 3 and 6 * 2; what is not in it has none, and a line has no sigma."""
    wait, check_in = indices(*made_up("morris", 6, linear), "reconnected")
    assert (wait.strategy, wait.baseline) == ("wait", None)
    assert (wait.table == 0).all().all(), "waiting hangs on nothing"
    assert (check_in.strategy, check_in.baseline, check_in.replicates) == ("check_in", "wait", 2)
    assert check_in.points == 6 * 4
    assert list(check_in.table.index) == [OPEN, EASE, LOAD]
    assert check_in.table["mu_star"].to_numpy() == pytest.approx([12, 6, 0])
    assert check_in.table["sigma"].to_numpy() == pytest.approx(0, abs=1e-9)
    assert "depends most on answer openness" in headline(check_in)
    assert "None of the factors" in headline(wait)


def test_factors_of_several_rows_have_labels_of_their_own() -> None:
    _, found = indices(*made_up("morris", 2, linear), "reconnected")
    table = found.table.set_axis(["gestures.like.minutes", "gestures.call.minutes", "strategies.x.gap_days"])
    labels = labels_of(replace(found, table=table))
    assert list(labels.values()) == ["like minutes", "call minutes", "gap days"]


def test_what_the_table_does_not_say_is_noted() -> None:
    wait, few = indices(*made_up("saltelli", 2, lambda runs: runs[EASE] * runs[OPEN]), "reconnected")
    assert wait.note == "reconnected is the same at every point, so none of the factors has an effect on it."
    assert few.note.startswith("Too few points: intervals are up to ± ")
    assert indices(*made_up("saltelli", 256, linear), "reconnected")[1].note == ""
    assert indices(*made_up("morris", 20, linear), "reconnected")[1].note == ""


def test_factors_that_cannot_be_distinguished_are_named_together() -> None:
    _, same = indices(*made_up("morris", 8, lambda runs: 2 * runs[EASE] + 3.1 * runs[OPEN] * runs[EASE]), "reconnected")
    said = headline(same)
    assert "ease" in said
    assert " or " in said


def test_an_interaction_has_a_sigma() -> None:
    _, check_in = indices(*made_up("morris", 20, lambda runs: runs[EASE] * runs[OPEN]), "reconnected")
    assert check_in.table.loc[[EASE, OPEN], "sigma"].min() > 1
    assert check_in.table.loc[LOAD, "sigma"] == pytest.approx(0, abs=1e-9)


def test_shares_of_a_lines_variance() -> None:
    """Variances of the terms are (2 * 3)**2 / 12 = 3 and (6 * 2)**2 / 12 = 12, of 15."""
    _, check_in = indices(*made_up("saltelli", 256, linear), "reconnected")
    shares = check_in.table.reindex([OPEN, EASE, LOAD])
    assert shares["first"].to_numpy() == pytest.approx([0.8, 0.2, 0], abs=0.02)
    assert shares["total"].to_numpy() == pytest.approx([0.8, 0.2, 0], abs=0.02)
    assert check_in.table.index[0] == OPEN


def test_a_pure_interaction_explains_nothing_alone() -> None:
    """The product of two centred factors: first-order shares 0, total shares 1."""
    centred = lambda runs: (runs[EASE] - 2.5) * runs[OPEN]  # noqa: E731
    _, check_in = indices(*made_up("saltelli", 512, centred), "reconnected")
    assert check_in.table.loc[[EASE, OPEN], "first"].abs().max() < 0.06
    assert check_in.table.loc[[EASE, OPEN], "total"].to_numpy() == pytest.approx(1, abs=0.1)


def test_each_level_of_a_grid_has_indices_of_its_own() -> None:
    double = lambda runs: linear(runs) * runs["run.adopters"]  # noqa: E731
    found = indices(*made_up("morris", 4, double, grid={"run.adopters": (1, 3)}), "reconnected")
    assert [(one.strategy, one.fixed) for one in found] == [
        (strategy, {"run.adopters": adopters}) for adopters in (1, 3) for strategy in ("wait", "check_in")
    ]
    assert found[3].table["mu_star"].to_numpy() == pytest.approx([36, 18, 0])


def test_the_order_of_rows_does_not_matter() -> None:
    runs, origin = made_up("morris", 4, linear)
    shuffled = runs.sample(frac=1, random_state=1)
    one, two = indices(runs, origin, "reconnected")[1], indices(shuffled, origin, "reconnected")
    assert next(found for found in two if found.strategy == "check_in").table.equals(one.table)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            lambda runs: runs.assign(people=runs["people"].where(runs.index != 5)),
            ["1 of 48 runs", "rekindle sweep a.toml"],
        ),
        (lambda runs: runs.drop(columns="people"), ["48 of 48 runs", "wait, point 0 in replicate 0"]),
        (lambda runs: runs.assign(reconnected=float("nan")), ["reconnected has no value in 48 of 48 runs"]),
    ],
)
def test_a_design_with_holes_is_refused(spoil: Callable[[pd.DataFrame], pd.DataFrame], said: list[str]) -> None:
    runs, origin = made_up("morris", 3, linear)
    with pytest.raises(SensitivityError) as raised:
        indices(spoil(runs), origin, "reconnected")
    for part in said:
        assert part in str(raised.value)


def test_points_that_were_not_drawn_for_it_are_refused() -> None:
    with pytest.raises(SensitivityError, match='method = "morris"'):
        indices(*made_up("latin_hypercube", 8, linear), "reconnected")


def analysed(mu_star: list[float], conf: list[float]) -> Indices:
    table = pd.DataFrame({"mu_star": mu_star, "mu_star_conf": conf, "sigma": 99.0}, index=list(RANGES)[: len(conf)])
    return Indices("check_in", {}, "reconnected", "wait", "morris", table, 8, 2)


def test_intervals_of_a_third_of_the_largest_index_are_the_widest_that_are_not_noted() -> None:
    assert analysed([3.0, 0.0], [1.0, 1.0]).note == ""
    said = analysed([3.0, 1.0], [0.5, 1.2]).note
    assert said == "Too few points: intervals are up to ± 1.2, and the largest mu_star is 3. Use more."
    assert analysed([0.0, 0.0], [0.0, 0.0]).note.startswith("reconnected is the same at every point")
    shares = pd.DataFrame({"total": [0.9], "total_conf": [0.1], "first": [0.9], "first_conf": [0.31]}, index=[EASE])
    assert "up to ± 0.31" in Indices("a", {}, "kept", None, "saltelli", shares, 8, 2).note


def test_indices_are_those_of_salib_from_means_over_worlds() -> None:
    """With its bootstrap keyed by 1, and the grid of four levels on which trajectories are drawn."""
    for method, analyse, names in (
        ("morris", lambda points, y: morris.analyze(PROBLEM, points, y, num_levels=4, seed=1),
         {"mu_star": "mu_star", "mu_star_conf": "mu_star_conf", "sigma": "sigma"}),
        ("saltelli", lambda _, y: sobol.analyze(PROBLEM, y, calc_second_order=False, seed=1),
         {"total": "ST", "total_conf": "ST_conf", "first": "S1", "first_conf": "S1_conf"}),
    ):  # fmt: skip
        runs, origin = made_up(method, 16, lambda runs: runs[EASE] * runs[OPEN] + runs["replicate"] * runs[LOAD])
        table = indices(runs, origin, "reconnected")[1].table
        mine = runs[runs["strategy"] == "check_in"].drop_duplicates("point").sort_values("point")
        points = mine[list(RANGES)].to_numpy(float)
        expected = analyse(points, points[:, 0] * points[:, 1] + 0.5 * points[:, 2])
        for column, name in names.items():
            assert table.loc[list(RANGES), column].to_numpy(float) == pytest.approx(np.asarray(expected[name])), column
        assert table[next(iter(names))].is_monotonic_decreasing
        assert table.columns.tolist() == list(names)


def test_what_waiting_owes_to_a_factor_is_taken_away() -> None:
    runs, origin = made_up("morris", 6, lambda runs: 2 * runs[EASE])
    wait, check_in = indices(runs.assign(reconnected=runs["reconnected"] - 6 * runs[OPEN]), origin, "reconnected")
    assert wait.table.loc[[EASE, OPEN, LOAD], "mu_star"].to_list() == pytest.approx([0, 12, 0])
    assert check_in.table.loc[[EASE, OPEN, LOAD], "mu_star"].to_list() == pytest.approx([6, 0, 0])


def test_an_outcome_that_happens_or_not_depends_on_what_decides_it() -> None:
    for method in ("morris", "saltelli"):
        found = indices(*made_up(method, 16, lambda runs: (runs[EASE] > 2.5) * 1.0), "reconnected")[1].table
        assert found.iloc[0, 0] > 0.5
        assert found.index[0] == EASE


def test_without_waiting_outcomes_are_not_differences() -> None:
    runs, origin = made_up("morris", 4, linear)
    (alone,) = indices(runs[runs["strategy"] == "check_in"], origin, "reconnected")
    assert (alone.baseline, alone.replicates, alone.points, alone.method) == (None, 2, 16, "morris")
    assert alone.table["mu_star"].to_numpy() == pytest.approx([12, 6, 0])


def test_a_measure_that_the_runs_lack_and_a_single_hole_are_refused() -> None:
    runs, origin = made_up("morris", 3, linear)
    with pytest.raises(SensitivityError, match="have no kept"):
        indices(runs, origin, "kept")
    holes = runs.assign(reconnected=runs["reconnected"].where(runs.index != 3))
    with pytest.raises(SensitivityError, match="no value in 1 of 48 runs"):
        indices(holes, origin, "reconnected")
    for config in ({"name": "a"}, {"name": "a", "sweep": {"replicates": 1}}):
        with pytest.raises(SensitivityError, match="were not drawn"):
            indices(runs, {**origin, "config": config}, "reconnected")


def test_the_command(config: Path, rekindle: Callable[..., Any], in_threads: None) -> None:
    config.write_text(
        config.read_text().split("[sweep]")[0]
        + '[sweep]\nstrategies = ["wait", "check_in"]\nreplicates = 1\n[sweep.sample]\nmethod = "morris"\npoints = 2\n'
        "[sweep.sample.ranges]\nparameters.ease = [1, 4]\nparameters.effort_minutes = [0, 300]\n"
    )
    assert rekindle("sweep", config).code == 0
    shown = rekindle("sensitivity", "tiny")
    assert shown.code == 0, shown.err
    assert "reconnected of check_in minus wait: 6 points, 1 world each" in shown.out
    assert "parameters.effort_minutes" in shown.out
    assert Path("results/tiny/sensitivity-reconnected-check_in.png").stat().st_size > 10_000
    rows = json.loads(rekindle("sensitivity", "tiny", "--format", "json").out)
    assert {row["strategy"] for row in rows} == {"wait", "check_in"}
    for column, why in (("scenario", "is text"), ("strategy", "is text"), ("seed", "is part of the design")):
        refused = rekindle("sensitivity", "tiny", "--measure", column)
        assert refused.code == 2
        assert f"--measure {column} {why}" in refused.err
        assert "measures are reconnected, kept_up, kept" in refused.err
    level = rekindle("sensitivity", "tiny", "--measure", "parameters.ease")
    assert "is part of the design, not a measure" in level.err
    assert "did you mean kept_up?" in rekindle("sensitivity", "tiny", "--measure", "kept_u").err
    short = rekindle("sensitivity", "tiny", "--measure", "kept_up")
    assert short.code == 2
    assert "kept_up has no value in" in short.err
    assert "sweep named tinny" in rekindle("sensitivity", "tinny").err
