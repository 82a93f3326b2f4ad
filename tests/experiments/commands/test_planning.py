"""`rekindle plan`, `schema`, `status`, `results`: what a sweep would take, and how far it has come."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim
from experiments.config.catalogue import SETTINGS, TABLES
from experiments.config.errors import ConfigError
from experiments.config.reading import load
from experiments.config.schema import schema
from experiments.sweeps import results, runner, store
from experiments.sweeps.design import runs_of
from experiments.sweeps.planning import Timing
from experiments.sweeps.store import StoreError
from experiments.terminal.progress import duration
from tests.conftest import ROOT
from tests.experiments.conftest import Rekindle

FACTORS = "\n[sweep.grid]\nparameters.effort_minutes = [60, 240]\n"


# Plan ------------------------------------------------------------------------------------------------------------


def test_a_plan_counts_and_times_and_keeps_what_it_timed(config: Path, rekindle: Rekindle, in_threads: None) -> None:
    config.write_text(config.read_text() + FACTORS)
    planned = rekindle("plan", config, "--time", "2", "--processes", "2")
    assert planned.code == 0, planned.err
    for said in (
        "18 runs: 3 strategies at 2 points in 3 replicates.",
        "parameters.effort_minutes: 60, 240",
        "Order within each replicate: wait, effort_minutes 60; check_in, effort_minutes 60;",
        "Done: 0. Remaining: 18.",
        "2 timed runs took",
        "Estimate for the remaining 16: ",
        "in 2 processes",
    ):
        assert said in planned.out
    assert len(store.finished(Path("results/tiny"))) == 2
    assert "18 runs; 2 already done" in rekindle("sweep", config).out
    assert "Done: 18. Remaining: 0." in rekindle("plan", config).out


def test_rows_whose_points_coincide_are_one_run(config: Path, rekindle: Rekindle, in_threads: None) -> None:
    same = ("--set", "sweep.grid.parameters.ease=[2, 2.0]")
    planned = rekindle("plan", config, *same, "--time", "0").out
    assert "18 rows, 9 different runs: 3 strategies at 2 points in 3 replicates." in planned
    assert "Done: 0. Remaining: 9." in planned
    assert "18 rows, 9 different runs; 0 already done." in rekindle("sweep", config, *same).out
    assert len(results.load("tiny")) == 18


def test_one_timed_run_took_what_it_took(config: Path, rekindle: Rekindle) -> None:
    said = rekindle("plan", config, "--time", "1").out
    assert re.search(r"1 timed run took [\d.e-]+ s; building a world", said), said


def test_another_experiment_of_the_same_name_is_noticed(config: Path, rekindle: Rekindle, in_threads: None) -> None:
    rekindle("sweep", config)
    said = "The last sweep in results/tiny had 9 runs, and this one has none of them."
    plan = ("plan", config, "--time", "0")
    assert said not in rekindle(*plan, "--set", "sweep.replicates=4").err
    other = ("--set", "world.people=41", "--set", "sweep.replicates=1")
    assert said in rekindle(*plan, *other).err
    ended = rekindle("sweep", config, *other)
    assert said in ended.err
    assert ended.code == 0
    assert said not in rekindle("sweep", config, *other).err


def test_a_plan_runs_and_writes_nothing_unless_it_is_to_time(
    config: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("a plan runs nothing")

    monkeypatch.setattr(runner, "run_one", never)
    monkeypatch.setattr(runner, "world_of", never)
    before = sorted(Path().rglob("*"))
    planned = rekindle("plan", config, "--set", "world.burn_in_years=1")
    assert planned.code == 0
    assert "Done: 0. Remaining: 9." in planned.out
    assert "No run is finished yet, so the time is unknown. Estimate it with `--time 3`" in planned.out
    assert sorted(Path().rglob("*")) == before


def test_a_plan_tells_how_long_by_what_the_kept_runs_took(
    config: Path, rekindle: Rekindle, in_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_one = runner.run_one

    def in_ten_seconds(*arguments: Any, **options: Any) -> Any:
        ended = run_one(*arguments, **options)
        return ended._replace(row={**ended.row, "seconds": 10.0})

    monkeypatch.setattr(runner, "run_one", in_ten_seconds)
    rekindle("sweep", config)
    more = ("--set", "sweep.replicates=5", "--processes", "2")
    assert "Estimated time for the remaining 6: 30 s in 2 processes, based on 9 finished runs." in " ".join(
        rekindle("plan", config, *more).out.split()
    )
    assert "to build up to" not in rekindle("plan", config, *more).out


def test_a_plan_reports_runs_that_fail(config: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(run: Any, *options: Any) -> sim.Run:
        raise ZeroDivisionError("a planted fault")

    monkeypatch.setattr(runner, "_simulated", fail)
    planned = rekindle("plan", config, "--time", "1")
    assert planned.code == 0
    assert "A timed run failed: ZeroDivisionError: a planted fault" in planned.out


def test_a_plan_is_of_a_sweep(config: Path, rekindle: Rekindle) -> None:
    config.write_text("")
    for command in ("plan", "sweep"):
        ended = rekindle(command, config)
        assert ended.code == 2
        assert "tiny.toml has no [sweep] table; add one" in ended.err


def test_worlds_are_counted_once_for_all_arms(config: Path) -> None:
    assert runner.worlds_to_keep(runs_of(load(config))) == []
    assert len(runner.worlds_to_keep(runs_of(load(config, ["world.burn_in_years=1"])))) == 3


@given(st.integers(1, 1000), st.integers(0, 100), st.integers(1, 64))
def test_time_is_shared_by_processes(runs: int, worlds: int, processes: int) -> None:
    timing = Timing((1.0, 3.0), (4.0,), 0.0, 0.0, ())
    assert timing.total(runs, worlds, 1) == 2 * runs + 4 * worlds
    assert timing.total(runs, worlds, processes) * min(processes, runs) == pytest.approx(timing.total(runs, worlds, 1))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(3, "3 s"), (89, "89 s"), (100, "2 min"), (5_399, "90 min"), (7_260, "2 h 1 min"), (200_000, "2 days 7 h")],
)
def test_a_time_is_said_as_people_do(seconds: float, said: str) -> None:
    assert duration(seconds).replace("1 h 30 min", "90 min") == said


# Schema ----------------------------------------------------------------------------------------------------------

CHECKED = jsonschema.Draft202012Validator(schema())


@pytest.mark.parametrize("path", sorted(ROOT.glob("configs/*.toml")), ids=lambda path: path.stem)
def test_our_configurations_are_valid(path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    CHECKED.validate(tomllib.loads(path.read_text()))


@pytest.mark.parametrize(
    "text",
    [
        "[world]\npeple = 3",
        "[world]\npeople = 1",
        "[run]\nstrategy = 'chek_in'",
        "[sweep]\nstrategies = ['wait', 'chek_in']",
        "[sweep.grid]\n'parameters.ease' = 3",
        "[sweep.sample]\nmethod = 'sobel'",
        "[sweep]\nevents = 1",
        "[sweep]\nseries_days = -1",
        "[sweep.sample.ranges]\n'parameters.ease' = [1, 2, 3]",
        "[parameters]\nease = 99",
        "[parameters.gestures.lyke]\nmass = 0",
        "[parameters.gestures.like]\nmas = 0",
    ],
)
def test_an_editor_would_see_it(text: str, tmp_path: Path) -> None:
    assert not CHECKED.is_valid(tomllib.loads(text))
    path = tmp_path / "seen.toml"
    path.write_text(text)
    with pytest.raises(ConfigError):
        load(path)


@pytest.mark.parametrize(
    "text",
    [
        "[sweep.grid]\nparameters.ease = [1, 2]",
        "[sweep.grid]\n'parameters.ease' = { from = 1, to = 2, count = 3 }",
        "[sweep.sample]\nranges.parameters.ease = [1, 2]",
        "[run]\nstrategy = { wait = 0.5, check_in = 0.5 }",
        "[parameters.gestures.like]\nmass = 0.1",
        "[sweep]\nevents = true\nseries_days = 7",
    ],
)
def test_what_may_be_written_an_editor_lets_pass(text: str, tmp_path: Path) -> None:
    CHECKED.validate(tomllib.loads(text))
    path = tmp_path / "fine.toml"
    path.write_text(text)
    runs_of(load(path))


def test_every_setting_is_in_the_schema_with_what_it_means() -> None:
    text = json.dumps(schema())
    for path, field in SETTINGS.items():
        if path not in TABLES and path != ("name",):
            assert f'"{path[-1]}"' in text
            assert json.dumps(field.description) in text, path


def test_the_schema_is_written_whole(config: Path, rekindle: Rekindle) -> None:
    assert json.loads(rekindle("schema").out) == schema()
    assert rekindle("schema", "--out", "experiment.schema.json").code == 0
    assert json.loads(Path("experiment.schema.json").read_text()) == schema()


# Status and results ----------------------------------------------------------------------------------------------


def test_how_far_a_sweep_has_come(config: Path, rekindle: Rekindle, in_threads: None) -> None:
    rekindle("plan", config, "--time", "2")
    none = rekindle("status", "tiny")
    assert none.code == 2
    assert "There are no results of a sweep named tiny; results has no results of any sweep" in none.err
    rekindle("sweep", config)
    store.write_design(
        Path("results/tiny"), *_longer(Path("results/tiny/design.parquet"))
    )  # as if a longer sweep had been stopped
    found = results.progress("tiny")
    assert (found.requested, found.done, found.failed, found.left) == (10, 9, 0, 1)
    said = rekindle("status", "tiny").out
    assert "9 of 10 runs are done; 0 failed, 1 remaining." in said
    assert "repeat the same command:\n    rekindle" in said


def test_what_a_shard_leaves_is_finished_without_it(
    config: Path, rekindle: Rekindle, in_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for shard in (("--shard", "1/3"), ("--shard=2/3",)):
        monkeypatch.setattr("sys.argv", ["rekindle", "sweep", "tiny.toml", *shard, "--processes", "2"])
        rekindle("sweep", config, *shard)
        said = rekindle("status", "tiny").out
        assert "repeat the same command without --shard:\n    rekindle sweep tiny.toml --processes 2\n" in said


@pytest.mark.parametrize("command", ["status", "results"])
def test_a_damaged_part_names_the_command_that_makes_it_again(
    config: Path, rekindle: Rekindle, in_threads: None, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr("sys.argv", ["rekindle", "sweep", "tiny.toml"])
    rekindle("sweep", config)
    next(Path("results/tiny/parts").glob("*.parquet")).write_bytes(b"PAR1")
    ended = rekindle(command, "tiny")
    assert ended.code == 2
    assert "repeats its runs:\n    rekindle sweep tiny.toml\n" in ended.err


def _longer(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    design, origin = store.read_table(path)
    return pd.concat([design, design.tail(1).assign(id="missing", replicate=3)], ignore_index=True), origin


def test_a_failed_run_is_counted_and_has_its_error(
    config: Path, rekindle: Rekindle, in_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated = runner._simulated

    def fail(run: Any, *options: Any) -> sim.Run:
        if run.replicate == 1:
            raise ZeroDivisionError("a planted fault")
        return simulated(run, *options)

    monkeypatch.setattr(runner, "_simulated", fail)
    assert rekindle("sweep", config).code == 1
    assert (results.progress("tiny").done, results.progress("tiny").failed) == (6, 3)
    runs = results.load("tiny")
    assert runs["error"].notna().sum() == 3
    assert runs.loc[runs["error"].notna(), "replicate"].unique().tolist() == [1]


def test_results_are_those_of_the_table_under_sql(config: Path, rekindle: Rekindle, in_threads: None) -> None:
    config.write_text(config.read_text() + FACTORS)
    rekindle("sweep", config)
    table = store.read_table(Path("results/tiny/runs.parquet"))[0]
    pd.testing.assert_frame_equal(results.load("tiny"), table, check_dtype=False)
    pd.testing.assert_frame_equal(results.load(Path("results/tiny")), table, check_dtype=False)
    pd.testing.assert_frame_equal(results.load("tiny", "results"), table, check_dtype=False)
    sql = 'SELECT strategy, "parameters.effort_minutes" AS m, avg(reconnected) AS r FROM runs GROUP BY ALL ORDER BY ALL'
    found = results.query("tiny", sql)
    expected = table.groupby(["strategy", "parameters.effort_minutes"])["reconnected"].mean()
    assert found["r"].to_numpy() == pytest.approx(expected.to_numpy())
    assert rekindle("results", "tiny", sql, "--format", "csv").out.splitlines()[0] == "strategy,m,r"
    assert len(json.loads(rekindle("results", "tiny", sql, "--format", "json").out)) == 6
    for form in ("csv", "json", "parquet"):
        assert rekindle("results", "tiny", sql, "--format", form, "--out", f"a.{form}").code == 0
    pd.testing.assert_frame_equal(pd.read_parquet("a.parquet"), found)
    assert "check_in, effort_minutes 240" in rekindle("results", "tiny").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["results", "tiny", "SELCT 1"], "The query failed: Parser Error"),
        (["results", "tiny", "SELECT nothing FROM runs"], "The query failed: Binder Error"),
        (["results", "tiny", ";"], "has 0 statements; expected exactly one"),
        (["results", "tiny", "SELECT 1; SELECT 2"], "has 2 statements; expected exactly one"),
        (["results", "tiny", "COPY runs TO 'a.csv'"], "is not read-only; expected SELECT"),
        (["results", "tiny", "EXPLAIN ANALYZE COPY runs TO 'a.csv'"], "is not read-only; expected SELECT"),
        (["results", "tiny", "CREATE TABLE a AS PIVOT runs ON strategy"], "is not read-only; expected SELECT"),
        (
            ["results", "tiny", "SELECT * FROM contacts"],
            "There is no table contacts; the tables are runs, series, events, people.",
        ),
        (["results", "tiny", "SELECT run.adopters FROM runs"], 'write it in double quotes, "run.adopters"'),
        (["results", "tinny"], "There are no results of a sweep named tinny; known: tiny."),
        (["results", "tiny", "--format", "parquet"], "give a file with --out"),
        (["results", "tiny", "--out", "a.txt"], "add --format csv, json or parquet"),
    ],
)
def test_an_impossible_query_is_explained(
    config: Path, rekindle: Rekindle, in_threads: None, arguments: list[str], said: str
) -> None:
    rekindle("sweep", config, "--set", "sweep.grid.run.adopters=[4]")
    ended = rekindle(*arguments)
    assert ended.code == 2
    assert said in ended.err
    assert not Path("a.csv").exists()
    assert "Traceback" not in ended.err


def test_a_damaged_design_is_reported(config: Path, rekindle: Rekindle, in_threads: None) -> None:
    rekindle("sweep", config)
    Path("results/tiny/design.parquet").write_bytes(b"PAR1")
    with pytest.raises(StoreError, match="is damaged; run the sweep again"):
        results.load("tiny")
    assert rekindle("sweep", config).code == 0
    assert len(results.load("tiny")) == 9
