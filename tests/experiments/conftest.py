from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from experiments import cli
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


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny experiment in a folder of its own, which is the current one."""
    monkeypatch.chdir(tmp_path)
    compiled = fingerprint.compiled_folder()
    monkeypatch.setenv("NUMBA_CACHE_DIR", os.environ.get("NUMBA_CACHE_DIR", str(compiled)))  # or each would compile
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = Path("tiny.toml")
    path.write_text(TINY)
    return path


@pytest.fixture
def rekindle(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """The command, as a function of its arguments."""

    def call(*arguments: str | Path) -> Outcome:
        with pytest.raises(SystemExit) as ended:
            cli.main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Outcome(int(ended.value.code or 0), said.out, said.err)

    return call
