from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import sim
from experiments import cli
from experiments.sweeps import runner
from experiments.sweeps.design import RunSpec
from sim.runtime import fingerprint

TINY = """\
[world]
people = 40
burn_in_years = 0
seed = 5

[run]
adopters = 4
strategy_days = 20
follow_up_days = 5

[parameters]
effort_minutes = 240

[sweep]
strategies = ["wait", "check_in", { handwritten_notes = 0.5, show_up = 0.5 }]
replicates = 3
"""
RESULTS = Path("results/tiny")  # of a sweep of it
RUNS = RESULTS / "runs.parquet"
KEEP = ("--set", "sweep.series_days=7", "--set", "sweep.events=true")  # options of a sweep that keeps all tables


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


Rekindle = Callable[..., Outcome]
Failing = Callable[[], AbstractContextManager[object]]


def refused(outcome: Outcome) -> str:
    """The message of an outcome that is one paragraph, exit code 2, no traceback."""
    assert outcome.code == 2, outcome
    assert outcome.out == ""
    assert outcome.err.endswith("\n")
    assert "\n\n" not in outcome.err
    assert "Traceback" not in outcome.err
    return outcome.err


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny experiment in a folder of its own, which is the current one."""
    monkeypatch.chdir(tmp_path)
    compiled = fingerprint.compiled_folder()
    monkeypatch.setenv("NUMBA_CACHE_DIR", os.environ.get("NUMBA_CACHE_DIR", str(compiled)))  # or each would compile
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("REKINDLE_CACHE_GB", raising=False)
    path = Path("tiny.toml")
    path.write_text(TINY)
    return path


@pytest.fixture
def in_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sweeps in this process, where a test can reach into them."""
    monkeypatch.setattr(runner, "worker_processes", ThreadPoolExecutor)


@pytest.fixture
def rekindle(capsys: pytest.CaptureFixture[str]) -> Rekindle:
    """The command, as a function of its arguments."""

    def call(*arguments: str | Path) -> Outcome:
        with pytest.raises(SystemExit) as ended:
            cli.main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Outcome(int(ended.value.code or 0), said.out, said.err)

    return call


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of somebody; the current folder is one in it."""
    home = tmp_path / "ann.example"
    (home / "desk").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.chdir(home / "desk")
    return home


@pytest.fixture
def second_world_fails(monkeypatch: pytest.MonkeyPatch) -> Failing:
    """A context in which all runs of replicate 1 fail."""
    simulated = runner._simulated

    def fail(run: RunSpec, *options: Any) -> sim.Run:
        if run.replicate == 1:
            raise ZeroDivisionError("a planted fault")
        return simulated(run, *options)

    @contextmanager
    def failing() -> Iterator[None]:
        with monkeypatch.context() as planted:
            planted.setattr(runner, "_simulated", fail)
            yield

    return failing
