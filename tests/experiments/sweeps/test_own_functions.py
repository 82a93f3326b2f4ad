"""Functions of strategies that a configuration names: mistakes are found early, and have their place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from experiments.config.reading import load
from experiments.sweeps.design import runs_of
from tests.experiments.conftest import Rekindle, refused

CODE = """\
import numpy as np


def calls(me, ties):
    for tie in ties:
        tie.clause = 0


def rolls(me, ties):
    if np.random.random() < 0.5:
        ties[0].clause = 0


def misspells(me, ties):
    for tie in ties:
        tie.clause = tie.silent


def too_far(me, ties):
    ties[4_000].clause = 0
"""
ROW = """
[strategies.mine]
what = "call"
session_minutes = 5
function = "mine.py:calls"

[strategies.later]
based_on = "mine"
"""
SEVERAL = 'sweep.strategies=["wait", "mine"]'


@pytest.fixture
def mine(config: Path) -> Path:
    """The tiny experiment with a strategy that is a function."""
    Path("mine.py").write_text(CODE)
    config.write_text(config.read_text() + ROW)
    return config


def with_function(config: Path, reference: str) -> int:
    """Name another function; returns the line where it is named."""
    text = config.read_text().replace("mine.py:calls", reference)
    config.write_text(text)
    return next(at for at, row in enumerate(text.splitlines(), start=1) if row.startswith("function"))


@pytest.mark.parametrize("command", ["plan", "run", "sweep"])
@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        ("mien.py:calls", "names mien.py, and there is no such file; did you mean mine.py?"),
        ("mine.py:cals", "names mine.py:cals, and the file has no cals; did you mean calls?"),
        ("bad.py:x", "names bad.py, which is not valid Python: .* (line 2)"),
    ],
)
def test_a_function_that_is_not_there_is_found_when_the_configuration_is_read(
    mine: Path, rekindle: Rekindle, command: str, reference: str, problem: str
) -> None:
    """The file isn't executed."""
    Path("bad.py").write_text("raise SystemExit\ndef f(:\n")
    Path("mine.py").write_text(CODE + "\nraise RuntimeError\n")
    line = with_function(mine, reference)
    message = refused(rekindle(command, mine, "--set", SEVERAL, "--set", "run.strategy=mine"))
    wanted = re.escape(f"tiny.toml, line {line}, strategies.mine.function: {problem}").replace(r"\.\*", ".*")
    assert re.search(wanted, message), message
    assert not Path("results").exists()
    assert rekindle("plan", mine).code == 0, "no arm follows it"


def test_an_inherited_function_is_found_at_its_row(mine: Path, rekindle: Rekindle) -> None:
    with_function(mine, "mine.py:cals")
    message = refused(rekindle("plan", mine, "--set", 'sweep.strategies=["wait", "later"]'))
    line = mine.read_text().splitlines().index("[strategies.later]") + 1
    assert f"tiny.toml, line {line}, strategies.later: names mine.py:cals" in message


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("rolls", "which uses random numbers of its own (mine.py, line 10: np.random.random)"),
        ("misspells", "which uses the field silent (mine.py, line 16), and there is no such field; did you mean silen"),
    ],
)
def test_a_function_that_cannot_be_used_is_refused_before_the_first_run(
    mine: Path, rekindle: Rekindle, name: str, problem: str
) -> None:
    line = with_function(mine, f"mine.py:{name}")
    for command in ("run", "sweep"):
        message = refused(rekindle(command, mine, "--set", SEVERAL, "--set", "run.strategy=mine"))
        assert f"tiny.toml, line {line}, strategies.mine.function: names mine.py:{name}, {problem}" in message
    assert not Path("results").exists()


@pytest.mark.usefixtures("in_threads")
def test_a_function_that_fails_has_its_place(mine: Path, rekindle: Rekindle) -> None:
    line = with_function(mine, "mine.py:too_far")
    problem = (
        r"he function of the strategy mine \(mine.py, line 20\) raised IndexError in a session of person \d+ on day 0"
    )
    message = refused(rekindle("run", mine, "--set", "run.strategy=mine"))
    assert re.search(rf"tiny.toml, line {line}, strategies.mine.function: t{problem}", message), message
    ended = rekindle("sweep", mine, "--set", SEVERAL)
    assert ended.code == 1
    assert re.search(f"FunctionError: T{problem}", ended.err), ended.err


def test_a_film_of_a_function_that_fails_ends_with_its_sentence(mine: Path, rekindle: Rekindle) -> None:
    pytest.importorskip("av", reason="needs the extra film")
    wanted = ("film", mine, "--out", "x.gif", "--seconds", 1, "--days", 3, "--set", "run.strategy=mine")
    with_function(mine, "mine.py:too_far")
    message = refused(rekindle(*wanted))
    assert "The function of the strategy mine (mine.py, line 20) raised IndexError in a session of person" in message
    mine.write_text(mine.read_text().replace("mine.py:too_far", "mine.py:misspells"))
    message = refused(rekindle(*wanted))
    assert "strategies.mine.function names mine.py:misspells, which uses the field silent (mine.py, line 16)" in message


def test_files_are_read_once_for_a_sweep(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads, read_text = [], Path.read_text

    def counted(path: Path, *given: str, **named: str) -> str:
        reads.append(path.name)
        return read_text(path, *given, **named)

    experiment = load(mine, [SEVERAL, "sweep.grid.run.adopters=[1,2,3]"])
    monkeypatch.setattr(Path, "read_text", counted)
    runs = runs_of(experiment)
    assert reads.count("mine.py") == 1
    assert {run.scenario.partition(",")[0]: dict(run.texts) for run in runs} == {"wait": {}, "mine": {"mine.py": CODE}}
