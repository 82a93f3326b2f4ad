"""Commands that read a log print what there is to know about it, apart from the results."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from experiments import cli
from sim.contact_logs import read

DAY = 86_400


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Three people, one of whom has a space before their id where others write to them."""
    path = tmp_path / "log.csv"
    people = ["007", "08", "user1"]
    pairs = [(people[k % 3], " " * (k % 3 == 1) + people[(k + 1) % 3]) for k in range(90)]
    table = pd.DataFrame(pairs, columns=["source", "target"]).assign(time=[1_600_000_000 + k * DAY for k in range(90)])
    table.to_csv(path, index=False)
    return path


def said_by(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """Output and errors of a command, which may refuse."""
    with pytest.raises(SystemExit):
        cli.main(arguments)
    captured = capsys.readouterr()
    return captured.out, " ".join(captured.err.split())


def test_log_says_what_it_joined(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, err = said_by(["log", str(log), "--resamples", "0", "--format", "csv"], capsys)
    (note,) = read(log).notes
    assert f"{log}: {note}" in err
    assert "written in several ways" not in out


@pytest.mark.parametrize("command", ["plan-week", "forecast"])
@pytest.mark.parametrize("person", ["user2", "USER1"])
def test_a_plan_says_it_without_ids_and_whom_one_may_mean_where_ids_may_be_shown(
    log: Path, command: str, person: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _, err = said_by([command, str(log), "--person", person], capsys)
    note, _, refusal = err.partition("--person")
    assert "1 id is written in several ways" in note
    assert "user1" not in note + refusal
    _, err = said_by([command, str(log), "--person", person, "--ids"], capsys)
    note, _, refusal = err.partition("--person")
    assert "user1" in note
    assert "did you mean 'user1'?" in refusal


@pytest.mark.parametrize("person", ["007", " user1", "user1"])
def test_a_plan_finds_people_as_the_log_or_the_file_has_them(
    log: Path, person: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _, err = said_by(["plan-week", str(log), "--person", person, "--silent", "36000"], capsys)
    assert "this person has no tie that is silent" in err


def test_a_sweep_says_it_before_any_work(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "tiny.toml"
    config.write_text("[run]\nadopters = 9\n[sweep]\nreplicates = 1\n")
    _, err = said_by(["sweep", str(config), "--world", str(log), "--results", str(tmp_path)], capsys)
    assert "1 id is written in several ways" in err
    assert "adopters" in err
