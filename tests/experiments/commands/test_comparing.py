from __future__ import annotations

import csv
import io
import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from rich.console import Console

import sim
from experiments.commands import comparing
from experiments.sweeps import store
from tests.experiments.conftest import Rekindle, refused

EFFORT = "parameters.effort_minutes"
TABLE = Path("results/two/runs.parquet")
GAINS = {"wait": 0.0, "check_in": 4.0, "show_up": 1.0}


def rows(worlds: int = 20, efforts: tuple[float, ...] = (60.0, 30.0, 120.0), seed: int = 1) -> pd.DataFrame:
    """Runs of three strategies at several efforts: ties gained over `wait` grow as the effort does."""
    random = np.random.default_rng(seed)
    base = random.normal(10, 3, worlds)
    made = [
        {
            "id": f"{strategy} {effort} {world} {seed}", "strategy": strategy, "replicate": world, "error": None,
            "scenario": strategy if len(efforts) == 1 else f"{strategy}, effort_minutes={effort:g}",
            "world_seed": 1 + world, "seed": 1 + world, "traceback": None, "people": 500, EFFORT: effort,
            "reconnected": base[world] + gain * effort / 60 + random.normal(0, 0.2), "kept_up": base[world] / 2,
            "minutes_planned": effort * (gain > 0), "minutes_used": effort * (gain > 0), "minutes_lost": 0.0,
            "used_share": (0.5 if strategy == "show_up" else 1.0) if gain else np.nan,
        }
        for world in range(worlds) for effort in efforts for strategy, gain in GAINS.items()
    ]  # fmt: skip
    return pd.DataFrame(made)


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures cost a second, and other tests have them."""
    monkeypatch.setattr(comparing, "_draw", lambda *_: None)


def write(path: Path, runs: pd.DataFrame, **world: Any) -> Path:
    factors = [EFFORT] if runs[EFFORT].nunique() > 1 else []
    settings = {"name": path.parent.name, "world": {"people": 500, "log": None, **world}, "sweep": {"replicates": 9}}
    origin = {"run_hash": "0123456789abcdef", "config": settings, "model": "m1", "factors": factors}
    return store.write_table(path.parent, runs if factors else runs.drop(columns=EFFORT), origin)


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write(TABLE, rows())


def found(outcome: Any) -> pd.DataFrame:
    """The rows that a comparison printed as CSV."""
    assert outcome.code == 0, outcome.err
    return pd.read_csv(io.StringIO(outcome.out), keep_default_na=False)


def compare(rekindle: Rekindle, *arguments: str | Path) -> pd.DataFrame:
    return found(rekindle("compare", *arguments, "--resamples", "2000", "--format", "csv", "--measure", "reconnected"))


def test_two_strategies_at_equal_levels_and_over_them(table: Path, rekindle: Rekindle) -> None:
    told = compare(rekindle, "check_in", "wait", "--runs", table).set_index("level")
    assert list(told.index) == ["effort_minutes=60", "effort_minutes=30", "effort_minutes=120", "all"]
    assert told["difference"].to_list() == pytest.approx([4, 2, 8, 14 / 3], abs=0.2)
    assert (told["worlds"] == 20).all()
    assert (told["low"] < told["difference"]).all()
    assert (told["fewer_runs"] > 20).all()


def test_two_arms_named_in_full(table: Path, rekindle: Rekindle) -> None:
    told = compare(rekindle, "check_in, effort_minutes=120", "check_in, effort_minutes=30", "--runs", table)
    assert told["difference"].to_list() == pytest.approx([6], abs=0.2)
    assert told["level"].to_list() == [""]


def test_levels_of_a_factor_are_compared_with_the_first_or_a_given_one(table: Path, rekindle: Rekindle) -> None:
    first = compare(rekindle, EFFORT, "--runs", table)
    assert first["b"].unique().tolist() == ["effort_minutes=60"]
    assert first["a"].unique().tolist() == ["effort_minutes=30", "effort_minutes=120"]
    assert first["level"].to_list() == [*GAINS, "all but wait"] * 2
    told = compare(rekindle, EFFORT, "--runs", table, "--baseline", "30.0").set_index(["a", "level"])
    assert told.loc[("effort_minutes=120", "check_in"), "difference"] == pytest.approx(6, abs=0.2)
    assert told.loc[("effort_minutes=120", "all but wait"), "difference"] == pytest.approx((6 + 1.5) / 2, abs=0.2)


def test_levels_that_a_factor_does_not_change_are_left_out(table: Path, rekindle: Rekindle) -> None:
    """Runs of waiting are the same ones at all levels of another strategy's number."""
    runs = rows()
    waits = runs["strategy"] == "wait"
    runs.loc[waits, "id"] = [f"wait {world}" for world in runs.loc[waits, "replicate"]]
    runs.loc[waits, "reconnected"] = runs.loc[waits].groupby("replicate")["reconnected"].transform("first")
    write(table, runs)
    ended = rekindle("compare", EFFORT, "--runs", table, "--format", "csv")
    told = pd.read_csv(io.StringIO(ended.out), keep_default_na=False)
    assert told["level"].to_list() == ["check_in", "show_up", "all"] * 4
    assert "Left out, because parameters.effort_minutes changes nothing there: wait." in ended.err
    runs = runs[waits]
    write(table, runs)
    told = compare(rekindle, EFFORT, "--runs", table)
    assert told["difference"].to_list() == [0.0] * len(told) != []


def test_strategies_are_a_factor_of_any_table(table: Path, rekindle: Rekindle) -> None:
    write(table, rows(efforts=(60.0,)))
    told = compare(rekindle, "strategy", "--runs", table)
    assert told[["a", "b", "level"]].to_numpy().tolist() == [["check_in", "wait", ""], ["show_up", "wait", ""]]
    assert told["difference"].to_list() == pytest.approx([4, 1], abs=0.2)
    assert [note.partition(" less")[0] for note in told["note"]] == ["", "A used"]


def test_a_table_from_before_factors_were_kept(table: Path, rekindle: Rekindle) -> None:
    runs = rows(efforts=(60.0,)).drop(columns=EFFORT)
    store.write_table(table.parent, runs, {"run_hash": "0", "config": {"world": {"log": None}}, "model": "m1"})
    assert compare(rekindle, "check_in", "wait", "--runs", table)["difference"].to_list() == pytest.approx([4], abs=0.2)


def test_drawn_points_that_are_not_the_same_are_not_compared(table: Path, rekindle: Rekindle) -> None:
    """Arms of drawn points have numbers: those of another draw are called the same and are not."""
    by_number = rows().assign(
        scenario=lambda runs: runs["strategy"] + ", point " + runs.groupby(EFFORT).ngroup().astype(str)
    )
    one = write(Path("results/one/runs.parquet"), by_number)
    two = write(Path("results/two/runs.parquet"), by_number.assign(**{EFFORT: by_number[EFFORT] + 1}))
    said = refused(rekindle("compare", one, two))
    assert f"{EFFORT} = 60 in {one} and 61 in {two}: their points were drawn separately" in said
    assert rekindle("compare", one, write(Path("results/three/runs.parquet"), by_number)).code == 0


def test_two_tables_are_paired_by_arm_and_world(table: Path, rekindle: Rekindle) -> None:
    better = rows().assign(reconnected=lambda runs: runs["reconnected"] + 0.5)
    other = write(Path("results/better/runs.parquet"), better[better["strategy"] != "show_up"], people=800)
    outcome = rekindle("compare", other, table, "--format", "csv", "--measure", "reconnected")
    told = found(outcome)
    assert told[["a", "b"]].drop_duplicates().to_numpy().tolist() == [["better", "two"]]
    assert len(told) == 2 * 3 + 1
    assert told[["difference", "low", "high"]].to_numpy() == pytest.approx(0.5)
    assert (told["fewer_runs"] == np.inf).all()
    said = " ".join(outcome.err.split())
    assert "differ in: world.people 800 and 500." in said
    assert "not the same worlds" in said
    assert "Left out, because only one of the two has it: show_up, effort_minutes=60," in said


def test_tables_of_other_worlds_are_refused(table: Path, rekindle: Rekindle) -> None:
    other = write(Path("results/other/runs.parquet"), rows().assign(world_seed=lambda runs: runs["world_seed"] + 1))
    said = refused(rekindle("compare", table, other))
    assert "were not run in the same worlds: in replicate 0 the world's seed is 1 for one and 2 for the other" in said


def test_failed_runs_are_left_out_and_counted(table: Path, rekindle: Rekindle, undrawn: None) -> None:
    runs = rows(efforts=(60.0,))
    broken = runs["replicate"].isin([3, 4]) & (runs["strategy"] == "check_in")
    runs.loc[broken, "error"] = "ValueError: no"
    runs.loc[broken, ["reconnected", "kept_up"]] = np.nan
    write(table, runs)
    ended = rekindle("compare", "check_in", "wait", "--runs", table)
    assert ended.code == 0
    assert "2 of 40 runs failed and are left out, together with their worlds (check_in: 2)." in ended.out
    assert "too few worlds for a verdict; 2 worlds left out" in ended.out
    (row,) = compare(rekindle, "check_in", "wait", "--runs", table).to_dict("records")
    assert (row["worlds"], row["left_out"]) == (18, 2)


def test_a_table_of_nothing_but_failures_is_refused(table: Path, rekindle: Rekindle) -> None:
    write(table, rows().drop(columns=["reconnected", "kept_up", "minutes_planned", "minutes_used", "minutes_lost",
                                      "used_share"]).assign(error="ValueError: no"))  # fmt: skip
    said = refused(rekindle("compare", "check_in", "wait", "--runs", table))
    assert "has no measures, because all of its runs failed" in said


def test_the_newest_table_is_taken_and_named(table: Path, rekindle: Rekindle, undrawn: None) -> None:
    older = write(Path("results/zealous/runs.parquet"), rows(efforts=(60.0,)))
    os.utime(older, ns=(1, 1))
    ended = rekindle("compare", "check_in", "wait")
    assert f"Using the newest table, {TABLE}." in ended.out
    assert "effort_minutes=120" in ended.out


def test_a_figure_a_measure_beside_the_table_or_elsewhere(table: Path, rekindle: Rekindle) -> None:
    ended = rekindle("compare", "check_in", "wait", "--runs", table)
    for measure in ("reconnected", "kept_up"):
        for ending in ("png", "svg", "pdf"):
            path = TABLE.parent / f"compare-check_in-wait-{measure}.{ending}"
            assert f"Written: {path}" in ended.out
            assert path.exists()
    png = TABLE.parent / "compare-check_in-wait-kept_up.png"
    origin = json.loads(Image.open(png).info["Description"])
    assert origin["run_hash"] == "0123456789abcdef"
    assert origin["comparison"]["measure"] == "kept_up"
    before = png.read_bytes()
    assert rekindle("compare", "check_in", "wait", "--runs", table, "-o", "again").code == 0
    assert Path("again", png.name).read_bytes() == before


def test_a_measure_that_no_world_has_is_not_drawn(table: Path, rekindle: Rekindle) -> None:
    write(table, rows(efforts=(60.0,)).assign(kept_up=np.nan))
    ended = rekindle("compare", "check_in", "wait", "--runs", table)
    assert ended.code == 0, ended.err
    assert "No figure for kept_up: no world has a value for both sides. It is defined only 240 days" in " ".join(
        ended.out.split()
    )
    assert sorted({path.stem for path in TABLE.parent.iterdir()}) == ["compare-check_in-wait-reconnected", "runs"]


def test_long_levels_are_shown_short_and_known_by_either(table: Path, rekindle: Rekindle, undrawn: None) -> None:
    third = 100 / 3
    write(table, rows(efforts=(third, 60.0, 120.0)))
    for told in ("33.33", "33.3333333333", str(third)):
        found = compare(rekindle, EFFORT, "--runs", table, "--baseline", told)
        assert found["b"].unique().tolist() == ["effort_minutes=33.33"], told
    said = rekindle("compare", "check_in", "wait", "--runs", table).out
    assert "effort_minutes=33.33 " in said
    refusal = refused(rekindle("compare", EFFORT, "--runs", table, "--baseline", "9"))
    assert refusal.endswith("known: 33.33, 60, 120.\n")


def test_notes_are_said_once(table: Path, rekindle: Rekindle, undrawn: None) -> None:
    write(table, rows(worlds=4))
    said = " ".join(rekindle("compare", "strategy", "--runs", table, "--measure", "reconnected").out.split())
    assert said.count("too few worlds for a verdict") == 1
    assert "All rows: too few worlds for a verdict." in said
    assert said.count("A used less") == 1
    assert "Note 1: A used less" in said


def test_other_formats_are_clean_and_draw_nothing(table: Path, rekindle: Rekindle) -> None:
    ended = rekindle("compare", "check_in", "wait", "--format", "json")
    told = json.loads(ended.out)
    assert [row["measure"] for row in told] == ["reconnected"] * 4 + ["kept_up"] * 4
    assert told[4]["fewer_runs"] is None  # the same in each world
    assert "newest" in ended.err
    assert len(list(csv.reader(io.StringIO(rekindle("compare", "check_in", "wait", "--format", "csv").out)))) == 9
    assert [path.name for path in TABLE.parent.iterdir()] == [TABLE.name]


@pytest.mark.parametrize("width", [60, 80, 130])
def test_no_number_is_cut(
    table: Path, rekindle: Rekindle, undrawn: None, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setattr(comparing, "stdout_console", lambda: Console(width=width))
    ended = rekindle("compare", "show_up", "wait", "--runs", table, "--resamples", "2000", "--measure", "reconnected")
    (row,) = compare(rekindle, "show_up", "wait", "--runs", table).query("level == 'all'").to_dict("records")
    told = [float(found) for found in re.findall(r"[+-]\d+\.\d+", ended.out)]
    for value in (row["difference"], row["low"], row["high"]):
        assert any(abs(found - value) <= 0.005 + 1e-9 for found in told), value
    assert "A used less" in ended.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["chek_in", "wait"], "'chek_in' is not an arm or factor of results/two/runs.parquet; did you mean check_in?"),
        (["check_in", "wiat"], "did you mean wait?"),
        (["parameters.effort"], "did you mean parameters.effort_minutes?"),
        (["check_in"], "check_in is an arm, and B is missing; give a second arm, such as wait, show_up."),
        (["check_in", "check_in"], "A and B are both check_in"),
        (["check_in", "wait, effort_minutes=60"], "give two strategies, or two arms"),
        ([EFFORT, "wait"], "give --baseline LEVEL"),
        (["wait", EFFORT], "is a factor and wait is an arm"),
        ([EFFORT, "--baseline", "90"], "--baseline 90 is not a level of parameters.effort_minutes; known: "),
        (["check_in", "wait", "--baseline", "60"], "--baseline 60 only applies to a factor"),
        (["check_in", "wait", "--measure", "reconected"], "--measure reconected is not a measure in "
         "results/two/runs.parquet; did you mean reconnected?"),
        (["check_in", "wait", "--measure", "seed"], "--measure seed"),
        (["check_in", "wait", "--resamples", "10"], "--resamples"),
        (["check_in", "wait", "--format", "xml"], "--format"),
        (["check_in", "wait", "--runs", "none.parquet"], "There is no table none.parquet"),
        (["check_in", "wait", "--runs", "text.toml"], "text.toml is not a table of a sweep"),
        (["check_in", "wait", "-o", "text.toml"], "--results text.toml is a file"),
        ([str(TABLE)], "B is missing; give a second table"),
        ([str(TABLE), "wait"], "is a table, and wait is not"),
        (["wait", str(TABLE)], "is a table, and wait is not"),
        ([str(TABLE), str(TABLE)], "are the same table"),
        ([str(TABLE), "none.parquet"], "There is no table none.parquet"),
        ([str(TABLE), "none.parquet", "--runs", "a.parquet"], "--runs a.parquet does not apply to a comparison"),
    ],
)  # fmt: skip
def test_bad_input_is_one_paragraph(table: Path, rekindle: Rekindle, arguments: list[str], said: str) -> None:
    Path("text.toml").write_text("name = 1")
    before = sorted(Path().rglob("*"))
    whole = arguments if {"--runs", str(TABLE)} & {*arguments} else [*arguments, "--runs", str(TABLE)]
    assert said in refused(rekindle("compare", *whole))
    assert sorted(Path().rglob("*")) == before


def test_a_factor_without_equal_others_and_one_of_one_level_are_refused(table: Path, rekindle: Rekindle) -> None:
    runs = rows().assign(**{"parameters.ease": lambda table: table[EFFORT] / 20})  # both change at once
    origin = {"run_hash": "0", "config": {"world": {"log": None}}, "model": "m", "factors": [EFFORT, "parameters.ease"]}
    store.write_table(table.parent, runs, origin)
    said = refused(rekindle("compare", EFFORT, "--runs", table))
    assert "differ in one factor only, such as those of [sweep.grid]" in said
    store.write_table(table.parent, runs.assign(**{EFFORT: 60.0}), origin)
    assert "has only one level" in refused(rekindle("compare", EFFORT, "--runs", table))


def test_no_table_at_all(tmp_path: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "There is no results/*/runs.parquet" in refused(rekindle("compare", "check_in", "wait"))


MEMO = {"voice_memo": {"based_on": "message", "minutes": 2.0}}
GIFTS = {"gifts": {"whom": "ties", "what": "voice_memo", "session_minutes": 5.0, "label": "Birthday gifts"}}


def stored(path: str, **parameters: Any) -> Path:
    """A table whose configuration has these parameters, with an added strategy and a gesture."""
    runs = rows(efforts=(60.0,)).replace({"show_up": "gifts"})
    runs = runs.assign(sent_voice_memo=2.0 * (runs["strategy"] == "gifts"), other_number=1.0).drop(columns=EFFORT)
    settings = {"name": "added", "world": {"people": 500, "log": None}, "sweep": {"replicates": 9}}
    settings["parameters"] = sim.Parameters(**parameters).model_dump(mode="json")
    origin = {"run_hash": "0123456789abcdef", "config": settings, "model": "m1", "factors": []}
    return store.write_table(Path(path).parent, runs, origin)


def test_measures_of_added_gestures_are_compared_and_added_strategies_have_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rekindle: Rekindle
) -> None:
    monkeypatch.chdir(tmp_path)
    table = stored("results/added/runs.parquet", gestures=MEMO, strategies=GIFTS)
    ended = rekindle("compare", "gifts", "wait", "--runs", table, "--measure", "sent_voice_memo")
    assert ended.code == 0
    assert "2.00" in ended.out
    assert "Labels: gifts is “Birthday gifts”." in ended.out
    assert "A used less than 90% of the minutes" in " ".join(ended.out.split())
    assert Path("results/added/compare-gifts-wait-sent_voice_memo.png").exists()
    assert "other_number is not a measure" in refused(
        rekindle("compare", "gifts", "wait", "--runs", table, "--measure", "other_number")
    ).replace("is part of the design, not a measure", "is not a measure")


def test_tables_differ_in_rows_that_only_one_has_and_not_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rekindle: Rekindle, undrawn: None
) -> None:
    monkeypatch.chdir(tmp_path)
    one = stored("results/one/runs.parquet", gestures=MEMO, strategies=GIFTS)
    named = {"gifts": {**GIFTS["gifts"], "label": "Gifts", "session_minutes": 6.0}}
    other = stored("results/other/runs.parquet", gestures=MEMO, strategies={**named, "mine": GIFTS["gifts"]})
    said = " ".join(rekindle("compare", one, other).out.split())
    assert (
        "A and B differ in: parameters.strategies.mine, which only B has; "
        "parameters.strategies.gifts.session_minutes 5.0 and 6.0." in said
    )
