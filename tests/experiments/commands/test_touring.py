"""`rekindle tour`: its five commands run as printed, and what it says of their output is so."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from experiments import cli
from experiments.commands import touring
from experiments.sweeps import store
from tests.conftest import ROOT
from tests.experiments.conftest import Rekindle, refused

COMMANDS = ["new", "plan", "sweep", "compare", "explain"]


def test_the_whole_tour(config: Path) -> None:
    command = [sys.executable, "-m", "experiments.cli", "tour", "a folder", "--yes"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert ended.returncode == 0, ended.stderr
    said = ended.stdout
    assert "Traceback" not in ended.stderr
    typed = [shlex.split(line[2:]) for line in said.splitlines() if line.startswith("$ ")]
    assert typed[0] == ["cd", "a folder"]
    assert [words[:2] for words in typed[1:]] == [["rekindle", name] for name in COMMANDS]
    assert set(COMMANDS) <= cli.COMMANDS.keys()
    places = [said.index(f"{number} of 5. ") for number in range(1, 6)]
    assert places == sorted(places)
    assert len(re.findall("^→ ", said, re.MULTILINE)) == 5, "a sentence after each"

    runs = store.read_table(Path("a folder/results/first/runs.parquet"))[0]
    means = runs.groupby("strategy")["reconnected"].mean()
    best = means.drop("wait").idxmax()
    flat = " ".join(said.split())
    assert f"{best} brings back most: +{means[best] - means['wait']:.2f} ties per person" in flat
    between = means["my_way"] - means["check_in"]
    assert f"{abs(between):.2f} ties per person: the interval" in flat
    assert runs["replicate"].nunique() == touring.WORLDS


def test_a_folder_with_files_is_left_alone(config: Path, rekindle: Rekindle) -> None:
    Path("tour").mkdir()
    Path("tour/mine.txt").write_text("mine")
    assert "tour already exists; give a folder that is new or empty, such as tour_2." in refused(rekindle("tour"))
    assert [path.name for path in Path("tour").iterdir()] == ["mine.txt"]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tour without its commands, which are collected; sentences about their output are left out."""
    found: list[str] = []
    stops = [stop._replace(after=lambda folder: "said") for stop in touring._stops()]
    monkeypatch.setattr(touring, "_stops", lambda: stops)
    monkeypatch.setattr(touring, "_run", lambda command, folder: found.append(command[0]) or 0)
    return found


@pytest.mark.parametrize(
    ("terminal", "yes", "times"), [(True, (), 5), (True, ("--yes",), 0), (False, (), 0), (False, ("--yes",), 0)]
)
def test_it_waits_for_enter_on_a_terminal(
    config: Path,
    rekindle: Rekindle,
    monkeypatch: pytest.MonkeyPatch,
    ran: list[str],
    terminal: bool,
    yes: tuple[str, ...],
    times: int,
) -> None:
    asked: list[str] = []

    def enter(prompt: str) -> str:
        asked.append(prompt)
        if len(asked) == 2:
            raise EOFError
        assert len(ran) == len(asked) - 1, "the command runs after Enter"
        return ""

    monkeypatch.setattr(touring, "_is_terminal", lambda: terminal)
    monkeypatch.setattr("builtins.input", enter)
    assert rekindle("tour", *yes).code == 0
    assert (ran, len(asked)) == (COMMANDS, times)


def test_a_command_that_fails_ends_it(
    config: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch, ran: list[str]
) -> None:
    monkeypatch.setattr(touring, "_run", lambda command, folder: 2 if command[0] == "sweep" else 0)
    ended = rekindle("tour")
    assert ended.code == 2
    assert "because this command ended with exit code 2" in ended.err
    assert ended.out.count("→ ") == 2


@pytest.mark.parametrize(
    ("mine", "said"),
    [([3.0, 3.1, 2.9], "my_way is better"), ([0.0, 0.1, 0.2], "check_in is better"), ([1.2, 0.8, 1.0], "cannot tell")],
)
def test_the_verdict_is_that_of_the_interval(monkeypatch: pytest.MonkeyPatch, mine: list[float], said: str) -> None:
    rows = [
        {"scenario": arm, "replicate": world, "reconnected": value}
        for arm, values in (("check_in", [1.0, 1.0, 1.0]), ("my_way", mine))
        for world, value in enumerate(values)
    ]
    monkeypatch.setattr(touring, "_runs", lambda folder: pd.DataFrame(rows))
    assert said in touring._of_compare(Path())
