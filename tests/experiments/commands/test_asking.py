"""`rekindle new`: every file that it writes is an experiment whose commands work."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.cli import COMMANDS
from experiments.config import questions
from experiments.config.reading import load
from tests.experiments.conftest import Rekindle, refused

TOY = ["world.people=40", "world.burn_in_years=0", "run.adopters=3", "run.strategy_days=10", "run.follow_up_days=5"]
OF_A_LOG = TOY[2:]
MADE = ("plan", "sweep", "compare", "results")  # commands that are run here; the others take minutes or more of a log


@pytest.fixture
def log(config: Path) -> Path:
    """The contact log of twelve people, in a folder of its own."""
    random = np.random.default_rng(1)
    pairs = np.array([random.choice(12, 2, replace=False) for _ in range(300)])
    times = 1_500_000_000 + np.arange(300) * 90_000
    path = Path("logs/own.csv")
    path.parent.mkdir()
    pd.DataFrame({"source": pairs[:, 0], "target": pairs[:, 1], "time": times}).to_csv(path, index=False)
    return path


def said_in(path: Path) -> list[list[str]]:
    """The commands in the comment of a file, without what is said about them."""
    lines = (line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#     "))
    return [shlex.split(line.removeprefix("#     ").split("     ")[0]) for line in lines]


@pytest.mark.parametrize("about", questions.names())
def test_the_commands_in_a_new_file_answer_its_question(
    about: str, log: Path, rekindle: Rekindle, in_threads: None
) -> None:
    given = ["--log", log] if questions.needs_log(about) else []
    Path("studies").mkdir()
    written = rekindle("new", "studies/mine", "--about", about, *given)
    path = Path("studies/mine.toml")
    assert written.code == 0, written.err
    commands = said_in(path)
    assert all(" ".join(command) in written.out.replace('"', "") for command in commands)
    assert about in ("calibrate",) or {"plan", "sweep"} <= {command[1] for command in commands}
    changes = [*(OF_A_LOG if given else TOY), "sweep.replicates=2"]
    if "opens_door" in path.read_text():
        changes.append("sweep.grid.parameters.gestures.like.opens_door=[0.0, 1.0]")
    for command in commands:
        assert command[0] == "rekindle"
        assert command[1] in COMMANDS
        if command[1] in MADE and about != "calibrate":
            toy = [word for change in changes for word in ("--set", change)] if command[1] in ("plan", "sweep") else []
            made = rekindle(*command[1:], *toy)
            assert made.code == 0, made.err


@pytest.mark.parametrize("about", questions.names())
def test_a_new_file_is_an_experiment_with_a_schema_beside_it(about: str, log: Path, rekindle: Rekindle) -> None:
    given = ["--log", log] if questions.needs_log(about) else []
    assert rekindle("new", "mine", "--about", about, *given).code == 0
    experiment = load(Path("mine.toml"))
    assert about in ("calibrate",) or experiment.sweep is not None
    first = Path("mine.toml").read_text().splitlines()[0]
    assert first == f"#:schema {questions.SCHEMA}"
    assert "$defs" in json.loads(Path(questions.SCHEMA).read_text())


def test_without_a_name_the_questions_are_listed(rekindle: Rekindle) -> None:
    listed = rekindle("new")
    assert all(name in listed.out for name in questions.names())
    assert all(questions.asks(name).endswith("?") for name in questions.names())


def test_nothing_is_overwritten(config: Path, rekindle: Rekindle) -> None:
    Path("mine.toml").write_text("own")
    assert refused(rekindle("new", "mine")) == "mine.toml already exists; give another name.\n"
    Path(questions.SCHEMA).write_text("own")
    assert rekindle("new", "other").code == 0
    assert (Path("mine.toml").read_text(), Path(questions.SCHEMA).read_text()) == ("own", "own")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--about", "paramter"], "--about paramter is none of the questions; did you mean parameter?"),
        (["--about", "log"], "--about log needs a contact log; add --log FILE."),
        (["--about", "log", "--log", "no.csv"], "--log no.csv: this file does not exist."),
        (["--log", "tiny.toml"], "--log tiny.toml only applies with --about calibrate or log."),
    ],
)
def test_what_cannot_be_written_is_refused(
    arguments: list[str], message: str, config: Path, rekindle: Rekindle
) -> None:
    assert refused(rekindle("new", "mine", *arguments)) == f"{message}\n"
    assert not Path("mine.toml").exists()
