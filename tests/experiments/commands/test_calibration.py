from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import sim
from experiments.logs.simulated import Window, simulated_log
from experiments.rivals.judging import RIVALS

LIVELY = sim.Parameters(routine_rate=0.2)


@pytest.fixture
def log(config: Path) -> Path:
    """A log that a small world left, with ids that are text."""
    found = simulated_log(LIVELY, Window(people=60, days=120, burn_in_years=0.1), seed=9)
    rows = pd.DataFrame({"source": found.source, "target": found.target, "time": found.time})
    rows[["source", "target"]] = "p" + rows[["source", "target"]].astype(str)
    rows.to_csv("chat.csv", index=False)
    return Path("chat.csv")


def test_calibrate_then_validate(log: Path, rekindle: Callable[..., Any]) -> None:
    """The ledger of the one is what the other marks as fitted; what is written is named."""
    aims = ("--to", "sends_per_week_q50", "--to", "first_answered_7d")
    found = rekindle("calibrate", log, "--fit", "routine_rate=0.02:0.5", *aims, "--trials", 3, "--people", 60)
    assert found.code == 0, found.err
    ledger = Path("results/calibration-chat/ledger.json")
    assert f"Written: {ledger}" in found.out
    before = ledger.read_bytes()
    with Path("results/calibration-chat/trials.jsonl").open("ab") as trials:
        trials.write(b"[bold]{")
    found = rekindle("calibrate", log, "--fit", "routine_rate=0.02:0.5", *aims, "--trials", 3, "--people", 60)
    assert found.code == 0, found.err
    assert "was damaged and is set aside as results/calibration-chat/trials.jsonl.damaged; the search" in found.err
    assert ledger.read_bytes() == before
    other = Path("other.csv")
    other.write_bytes(log.read_bytes().replace(b"p5", b"q5"))
    told = rekindle(
        "validate",
        log,
        "--no-levels",
        "--ledger",
        ledger,
        "--worlds",
        1,
        "--people",
        60,
        "--resamples",
        20,
        "--processes",
        1,
        "--against",
        other,
    )
    assert told.code == 0, told.err
    rows = pd.read_csv("results/validation-chat/validation.csv", index_col=0)
    assert set(rows.index[rows["mark"] == "fitted"]) == {"sends_per_week_q50", "first_answered_7d"}
    assert (rows.loc[rows["mark"] != "fitted", "mark"] == "emergent").all()
    for name in (
        "validation.csv",
        "facts.csv",
        "told_apart.csv",
        "report.md",
        "validation.png",
        "validation.svg",
        "validation.pdf",
        "profiles.png",
        "profiles.svg",
        "profiles.pdf",
    ):
        assert f"results/validation-chat/{name}" in told.out
        assert (Path("results/validation-chat") / name).stat().st_size > 100
    assert "like_alone" in told.out
    said = Path("results/validation-chat/report.md").read_text(encoding="utf-8")
    met = len(rows)  # of a copy of itself
    assert re.search(rf"Of all statistics, {met} can be tested: model \d+, best copy {met} \(other\)\.", said)
    assert "Trees tell simulated people from real ones with an AUC of" in said


def test_a_limit_on_threads_is_kept(log: Path, rekindle: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine can have more cores than NUMBA_NUM_THREADS allows threads."""
    monkeypatch.setattr("experiments.commands.calibration.os.cpu_count", lambda: 4_096)
    found = rekindle("calibrate", log, "--fit", "routine_rate=0.02:0.5", "--trials", 1, "--people", 60)
    assert found.code == 0, found.err


def test_levels_are_read_first_and_can_be_used_again(log: Path, rekindle: Callable[..., Any]) -> None:
    """The levels are a file that other commands take, and what they were read from counts as fitted."""
    options = ("--worlds", 1, "--people", 60, "--resamples", 5, "--processes", 1)
    told = rekindle("validate", log, *options)
    assert told.code == 0, told.err
    folder = Path("results/validation-chat")
    rows = pd.read_csv(folder / "validation.csv", index_col=0)
    assert rows.loc["sends_per_week_q50", "mark"] == "fitted"
    assert (rows["mark"] == "emergent").any()
    assert "levels.toml" in told.err
    assert "channel_begins" in (folder / "levels.toml").read_text()
    again = rekindle("validate", log, *options, "--no-levels", "--config", folder / "levels.toml")
    assert again.code == 0, again.err
    rows_again = pd.read_csv(folder / "validation.csv", index_col=0)
    assert rows_again["simulated"].equals(rows["simulated"])
    assert (rows_again["mark"] == "emergent").all()


def test_rivals_are_judged_beside_the_model(log: Path, rekindle: Callable[..., Any]) -> None:
    """The table is printed, in the report and in a file, and its first row is the model as judged without rivals."""
    options = ("--no-levels", "--worlds", 1, "--people", 60, "--resamples", 5, "--processes", 1)
    told = rekindle("validate", log, *options, "--rivals")
    assert told.code == 0, told.err
    folder = Path("results/validation-chat")
    rows, found = (pd.read_csv(folder / name, index_col=0) for name in ("validation.csv", "rivals.csv"))
    assert "results/validation-chat/rivals.csv" in told.out
    assert list(found.index) == ["statistics", "the model", *RIVALS]
    assert found.loc["the model", "all"] == rows["met"].sum()
    assert found.loc["statistics", "all"] == len(rows)
    assert found.loc["shuffled times", "network"] == found.loc["statistics", "network"]
    said = (folder / "report.md").read_text(encoding="utf-8")
    assert "## Rivals" in said
    assert all(f"| {name} |" in said and name in told.out for name in RIVALS)


def test_a_log_too_small_to_compare_is_named(config: Path, rekindle: Callable[..., Any]) -> None:
    Path("pair.csv").write_text("source,target,time\nann,bob,0\nbob,ann,90000\n")
    for command in ("calibrate", "validate"):
        ended = rekindle(command, "pair.csv")
        assert ended.code == 2
        assert ended.err.strip().splitlines()[-1].startswith("pair.csv has 2 people in 1 days;")
        assert not Path("results").exists()


def test_a_day_to_cut_at_is_of_a_judged_forecast(log: Path, rekindle: Callable[..., Any]) -> None:
    ended = rekindle("forecast", log, "--cut", 50)
    assert (ended.code, Path("results").exists()) == (2, False)
    assert "add --evaluate" in ended.err


def test_a_file_is_no_folder_for_plots(log: Path, rekindle: Callable[..., Any]) -> None:
    ended = rekindle("log", log, "-o", log, "--resamples", 2)
    assert (ended.code, ended.out) == (2, "")
    assert "give a folder" in ended.err


def test_an_unreadable_log_and_an_impossible_option_are_one_paragraph(log: Path, rekindle: Callable[..., Any]) -> None:
    for arguments, said in (
        (("calibrate", "caht.csv"), "Did you mean chat.csv?"),
        (("calibrate", log, "--fit", "routine_rat"), "did you mean routine_rate?"),
        (("calibrate", log, "--to", "clustering"), "held out of every fit"),
        (("validate", log, "--ledger", log), "is not a ledger"),
        (("validate", log, "--against", "nothing.csv"), "does not exist"),
    ):
        ended = rekindle(*arguments)
        assert ended.code == 2
        assert said in ended.err
        assert "Traceback" not in ended.err
        assert not Path("results").exists() or not any(Path("results").rglob("*.csv"))
