"""`rekindle figure` of any sweep: which picture, that its values are those of the runs, names, and `--check`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments import provenance
from experiments.config.reading import load
from experiments.figures.page import STYLES, provenance_in
from experiments.sweep_figures import FigureOptions, drawn
from experiments.sweeps import results, store
from experiments.sweeps.comparisons import table_at
from experiments.sweeps.design import described, runs_of
from tests.experiments.conftest import KEEP, RESULTS, RUNS, Rekindle, refused

EFFORT = "sweep.grid.parameters.effort_minutes=[15, 60, 240]"
EASE = "sweep.grid.parameters.ease=[1.5, 2.0, 3.5]"
ALONE = 'sweep.strategies=["check_in"]'
ROWS = ("sweep.rows.shy.parameters.ease=1.0", "sweep.rows.bold.parameters.ease=3.0")
SOBOL = ("sweep.sample.method=sobol", "sweep.sample.points=16", "sweep.sample.ranges.parameters.ease=[1, 3]")
SAMPLED = (*SOBOL, "sweep.sample.ranges.parameters.effort_minutes=[15, 240]")


def swept(config: Path, *changes: str, failed: int = 0, idle: str = "") -> pd.DataFrame:
    """The table of a sweep whose outcomes are made up, so that nothing is simulated."""
    experiment = load(config, list(changes))
    specs = runs_of(experiment)
    design = described(specs)
    random = np.random.default_rng(1)
    outcome = random.normal(5, 1, len(design)) + 3 * (design["strategy"] != "wait")
    for name in experiment.sweep.factors if experiment.sweep else ():
        if design[name].dtype.kind in "if":
            outcome = outcome + design[name] / design[name].max()
    columns = {"error": pd.Series(pd.NA, design.index, "string"), "people": 40.0, "reconnected": outcome}
    columns |= {"kept_up": outcome / 2, "kept": np.nan, "kept_new": np.nan, "sent": 10 * outcome}
    columns |= {"minutes_planned": 100.0, "minutes_used": 100.0, "minutes_lost": 0.0, "used_share": 1.0}
    rows = design.assign(**columns)
    rows.loc[rows.index[:failed], "error"] = "it failed"
    rows.loc[rows["strategy"] == idle, "used_share"] = 0.5
    origin = provenance.of_runs(experiment, [spec.id for spec in specs])
    RESULTS.mkdir(parents=True, exist_ok=True)
    store.write_design(RESULTS, design, origin)
    store.write_table(RESULTS, rows, origin)
    return rows


def files() -> set[str]:
    return {path.stem for path in RESULTS.glob("*.png")}


@pytest.mark.parametrize(
    ("changes", "options", "name"),
    [
        ((EFFORT,), (), "lines-reconnected-effort_minutes-strategy"),
        ((EFFORT, ALONE), (), "lines-reconnected-effort_minutes"),
        ((EFFORT, EASE), (), "map-reconnected-effort_minutes-ease-each_strategy"),
        ((EFFORT, EASE), ("--x", "ease"), "lines-reconnected-ease-strategy-each_effort_minutes"),
        ((EFFORT, EASE), ("--x", "ease", "--panel", "strategy", "--measure", "sent"),
         "lines-sent-ease-effort_minutes-each_strategy"),
        ((EFFORT, EASE), ("--x", "ease", "--y", "effort_minutes"),
         "map-reconnected-ease-effort_minutes-each_strategy"),
        ((EFFORT, EASE), ("--x", "ease", "--y", "kept_up"), "lines-kept_up-ease-strategy-each_effort_minutes"),
        ((), (), "strategies"),
        ((), ("--measure", "sent"), "comparison-sent-strategy"),
        (('sweep.strategies=["check_in", "wait"]',), (), "strategies"),
        ((ALONE, *ROWS), (), "comparison-reconnected-row"),
        ((ALONE, *ROWS), ("--x", "ease"), "lines-reconnected-ease"),
        (ROWS, (), "comparison-reconnected-strategy"),
        (ROWS, ("--panel", "row"), "lines-reconnected-strategy-each_row"),
        (('sweep.grid.run.sociability=["low", "high"]', ALONE), (), "comparison-reconnected-sociability"),
        (SAMPLED, (), "cloud-reconnected-strategy"),
        ((*SAMPLED, ALONE), ("--x", "ease"), "cloud-reconnected-ease"),
        ((*SAMPLED, ALONE, "sweep.sample.method=morris", "sweep.sample.log=[\"parameters.ease\"]"), (),
         "indices-reconnected-check_in"),
    ],
)  # fmt: skip
def test_each_sweep_has_its_picture_which_can_be_made_again(
    config: Path, rekindle: Rekindle, changes: tuple[str, ...], options: tuple[str, ...], name: str
) -> None:
    swept(config, *changes)
    ended = rekindle("figure", "tiny", *options)
    assert ended.code == 0, ended.err
    assert files() == {name}
    picture = RESULTS / f"{name}.png"
    again = rekindle("figure", "--check", picture)
    assert (again.code, "was reproduced to the byte" in again.out) == (0, True), again


@pytest.mark.parametrize("options", [(), ("--measure", "sent")])
def test_a_figure_for_paper_is_another_and_can_be_made_again(
    config: Path, rekindle: Rekindle, options: tuple[str, ...]
) -> None:
    swept(config)
    assert rekindle("figure", "tiny", *options, "--style", "paper").code == 0
    (picture,) = RESULTS.glob("*.png")
    assert provenance_in(picture)["style"] == "paper"
    assert rekindle("figure", "--check", picture).code == 0
    picture.with_suffix(".svg").write_text("<svg/>")
    assert f"{picture.stem}.svg differs" in rekindle("figure", "--check", picture).out


def test_plotted_values_are_those_of_the_runs(config: Path, rekindle: Rekindle) -> None:
    runs = swept(config, EFFORT, EASE, ALONE)
    assert rekindle("figure", "tiny", "--x", "ease", "--colour", "effort_minutes", "--data").code == 0
    found = pd.read_csv(RESULTS / "lines-reconnected-ease-effort_minutes.csv")
    factors = ["parameters.ease", "parameters.effort_minutes"]
    expected = runs.groupby(factors)["reconnected"].mean()
    assert len(found) == len(expected) == 9
    for row in found.set_index(factors).itertuples():
        assert row.value == pytest.approx(expected[row.Index], rel=1e-6)
        assert row.low <= row.value <= row.high
        assert row.worlds == 3


def test_with_waiting_values_are_paired_in_each_world_and_others_averaged(config: Path, rekindle: Rekindle) -> None:
    runs = swept(config, EFFORT, EASE, "sweep.grid.parameters.answer_openness={from=0, to=1, count=9}")
    assert rekindle("figure", "tiny", "--x", "effort_minutes", "--panel", "ease", "--data").code == 0
    found = pd.read_csv(RESULTS / "lines-reconnected-effort_minutes-strategy-each_ease.csv")
    wide = runs.pivot(index=["replicate", "point"], columns="strategy", values="reconnected")
    gains = wide.drop(columns="wait").sub(wide["wait"], axis=0).stack().rename("gain").reset_index()
    levels = runs.drop_duplicates("point").set_index("point")[["parameters.effort_minutes", "parameters.ease"]]
    keys = ["parameters.ease", "strategy", "parameters.effort_minutes"]
    expected = gains.join(levels, on="point").groupby(keys)["gain"].mean()
    assert len(found) == len(expected)
    for row in found.set_index(keys).itertuples():
        assert row.value == pytest.approx(expected[row.Index], rel=1e-6)


def test_a_cloud_has_a_dot_for_each_point(config: Path, rekindle: Rekindle) -> None:
    runs = swept(config, *SAMPLED, ALONE)
    assert rekindle("figure", "tiny", "--x", "ease", "--data").code == 0
    found = pd.read_csv(RESULTS / "cloud-reconnected-ease.csv").set_index("parameters.ease")["value"]
    expected = runs.groupby("parameters.ease")["reconnected"].mean()
    np.testing.assert_allclose(found.sort_index(), expected.sort_index(), rtol=1e-6)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--x", "eas"), "--x eas is no factor of this sweep in results/tiny/runs.parquet; did you mean"),
        (("--x", "efort"), "did you mean effort_minutes? Factors: strategy, parameters.ease"),
        (("--measure", "recon"), "did you mean reconnected? Measures: reconnected, kept_up"),
        (("--x", "zzz"), "Factors: strategy, parameters.ease, parameters.effort_minutes."),
        (("--panel", "sent"), "--panel sent is a measure; give it with --measure"),
        (("--measure", "snt"), "--measure snt is no measure in results/tiny/runs.parquet; did you mean sent?"),
        (("--measure", "ease"), "--measure ease is no measure"),
        (("--measure", "kept"), "no world has a value of kept: it is defined only 240 days"),
        (("--x", "day"), "it saved no days; add --set sweep.series_days=7 to its command"),
        (("--y", "snt"), "did you mean sent? Factors: strategy, parameters.ease"),
        (("--y", "sent", "--measure", "kept_up"), "two measures, and a figure shows one"),
        (("--x", "ease", "--colour", "ease"), "--x and --colour are both parameters.ease"),
        (("--style", "poster"), "expected talk or paper"),
    ],
)
def test_a_wrong_name_is_refused_with_the_known_and_the_nearest(
    config: Path, rekindle: Rekindle, options: tuple[str, ...], said: str
) -> None:
    swept(config, EASE, EFFORT)
    assert said in refused(rekindle("figure", "tiny", *options))
    assert files() == set()


def test_a_factor_can_be_named_by_its_path_or_its_end(config: Path, rekindle: Rekindle) -> None:
    swept(config, EASE, EFFORT)
    for name in ("ease", "parameters.ease"):
        assert rekindle("figure", "tiny", "--x", name, "--panel", "strategy").code == 0
    assert len(files()) == 1


def test_options_are_for_sweeps(config: Path, rekindle: Rekindle) -> None:
    assert "--x is for figures of a sweep" in refused(rekindle("figure", "one_like", "--x", "ease"))


def test_failed_runs_are_left_out_and_counted(config: Path, rekindle: Rekindle) -> None:
    rows = swept(config, EFFORT, ALONE, failed=1)
    assert rekindle("figure", "tiny", "--data").code == 0
    found = pd.read_csv(RESULTS / "lines-reconnected-effort_minutes.csv")
    assert found["parameters.effort_minutes"].tolist() == [15, 60, 240]
    assert found["worlds"].tolist() == [2, 3, 3]
    there = rows[rows["error"].isna() & (rows["parameters.effort_minutes"] == 15)]
    assert found["value"][0] == pytest.approx(there["reconnected"].mean(), rel=1e-6)


def test_what_has_nothing_to_draw_says_how_to_go_on(config: Path, rekindle: Rekindle) -> None:
    swept(config, ALONE)
    assert "vary a setting in [sweep.grid]" in refused(rekindle("figure", "tiny"))
    swept(config, ALONE, EFFORT, failed=9)
    assert "no finished runs" in refused(rekindle("figure", "tiny"))


def test_a_figure_of_runs_that_have_changed_is_not_the_same(config: Path, rekindle: Rekindle) -> None:
    swept(config, EFFORT)
    assert rekindle("figure", "tiny").code == 0
    swept(config, EFFORT, "sweep.replicates=4")
    ended = rekindle("figure", "--check", RESULTS / "lines-reconnected-effort_minutes-strategy.png")
    assert ended.code == 1
    assert "run_hash has changed" in ended.out


def test_metadata_say_what_was_asked_for(config: Path, rekindle: Rekindle) -> None:
    swept(config, EFFORT, EASE)
    assert rekindle("figure", "tiny", "--x", "ease", "--measure", "sent").code == 0
    (path,) = RESULTS.glob("*.png")
    asked = provenance_in(path)["drawn"]
    assert asked == {"table": "runs.parquet", "kind": "lines", "asked": {"x": "ease", "measure": "sent"}}
    assert json.dumps(asked)


def test_the_footer_says_who_did_what_for_how_long_and_who_left_minutes_unused(config: Path) -> None:
    def footer(*changes: str, idle: str = "") -> str:
        swept(config, *changes, idle=idle)
        (found,), _ = drawn(table_at(RUNS), FigureOptions(), STYLES["talk"], "strategies")
        return "\n".join(text.get_text() for text in found.figure.texts)

    both = footer(EFFORT, idle="check_in")
    assert "worlds of 40 people, 4 adopters for 20 days. Many parameters are assumptions." in both
    assert "Under 90% of the minutes used: check in, effort minutes 15; check in, effort minutes 60;" in both
    assert "Under 90%" not in footer(EFFORT)
    alone = footer(EFFORT, "sweep.grid.run.strategy_days=[10, 20]", ALONE)
    assert "4 adopters with “check in”. Many" in alone


@pytest.mark.any_python
def test_days_are_drawn_from_a_sweep_that_saved_them(config: Path, rekindle: Rekindle, in_threads: None) -> None:
    assert rekindle("sweep", config, *KEEP).code == 0
    ended = rekindle("figure", "tiny", "--x", "day", "--measure", "everyone_sent", "--data")
    assert ended.code == 0, ended.err
    name = "series-everyone_sent-day-strategy"
    found = pd.read_csv(RESULTS / f"{name}.csv").set_index(["strategy", "day"])["value"]
    series = results.load("tiny", "results", "series")
    wide = series.pivot(index=["replicate", "day"], columns="strategy", values="everyone_sent")
    for strategy in wide.drop(columns="wait"):
        gains = (wide[strategy] - wide["wait"]).groupby("day").mean()
        np.testing.assert_allclose(found[strategy].sort_index(), gains.sort_index(), rtol=1e-6, atol=1e-9)
    assert rekindle("figure", "--check", RESULTS / f"{name}.png").code == 0
    hint = refused(rekindle("figure", "--runs", RUNS, "--x", "day", "--measure", "kept"))
    assert "--measure kept has one value per run" in hint
    assert "--measure kpt is no measure" in refused(
        rekindle("figure", "--runs", RUNS, "--x", "day", "--measure", "kpt")
    )
    assert "active_ties" in hint
