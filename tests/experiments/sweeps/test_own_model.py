"""Sweeps by a subclass of the Mesa model: the same tools, and ids that tell its code apart."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pandas as pd
import pytest

import sim
from experiments import notebook
from experiments.config.errors import ConfigError
from experiments.config.reading import load
from experiments.sweeps import store
from experiments.sweeps.design import runs_of
from tests.conftest import ROOT
from tests.experiments.conftest import RUNS, Rekindle, refused

SAME = "import sim\n\n\nclass Mine(sim.ReconnectionModel):\n    pass\n"
QUIET = SAME.replace("    pass\n", "    def reach_out(self, met):\n        self.record\n")
pytestmark = pytest.mark.usefixtures("in_threads")


@pytest.fixture
def own(config: Path) -> Path:
    """The tiny experiment with a model that changes nothing."""
    config.write_text(config.read_text().replace("[run]", '[run]\nmodel = "my_model.py:Mine"'))
    Path("my_model.py").write_text(SAME)
    return config


def outcomes(path: Path = RUNS) -> pd.DataFrame:
    return store.read_table(path)[0].drop(columns="id")


def test_a_model_that_changes_nothing_gives_the_same_table(own: Path, rekindle: Rekindle) -> None:
    """Also with an own measure, a stop condition and the contact log."""
    Path("own.py").write_text(
        "def enough(day):\n    return day.day == 9\n\n\ndef many(day):\n    return len(day.sent)\n"
    )
    asked = ["run.stop=own.py:enough", "measures.many.function=own.py:many", "sweep.silence=true", "sweep.events=true"]
    asked.append("measures.calls.sql=SELECT count(*) FROM events WHERE kind = 'call'")
    options = [word for one in asked for word in ("--set", one)]
    assert rekindle("sweep", own, *options).code == 0
    fast = own.with_name("fast.toml")
    fast.write_text(re.sub("model = .*\n", "", own.read_text()))
    assert rekindle("sweep", fast, *options, "--set", "name=fast").code == 0
    pd.testing.assert_frame_equal(outcomes(), outcomes(Path("results/fast/runs.parquet")), check_exact=True)
    ids = [set(store.read_table(Path("results", name, "runs.parquet"))[0]["id"]) for name in ("tiny", "fast")]
    assert not ids[0] & ids[1]
    told = [
        rekindle("results", name, "SELECT count(*), sum(time) FROM events", "--format", "csv")
        for name in ("tiny", "fast")
    ]
    assert told[0].out == told[1].out
    compared = rekindle("compare", RUNS, "results/fast/runs.parquet", "--format", "csv")
    assert compared.code == 0
    assert "run.model" in compared.err


def test_runs_of_different_code_are_not_mixed(own: Path) -> None:
    first = notebook.sweep(own, progress=False)
    Path("my_model.py").write_text(QUIET)
    second = notebook.sweep(own, progress=False)
    assert not set(first.runs["id"]) & set(second.runs["id"])
    assert first.runs["sent"].min() > 0 == second.runs["sent"].max()
    Path("my_model.py").write_text(SAME)
    assert [run.id for run in runs_of(load(own))] == list(first.runs["id"])


def test_a_run_has_the_code_that_its_id_has(own: Path) -> None:
    """Whatever becomes of the file after the plan."""
    (first, *_) = runs_of(load(own))
    Path("my_model.py").write_text("raise ValueError")
    assert first.own is not None
    assert first.own.model is not None
    assert issubclass(first.own.model.load(), sim.ReconnectionModel)


def test_a_class_is_given_in_python(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("my_model.py").write_text(QUIET)
    monkeypatch.syspath_prepend(str(config.parent.absolute()))
    monkeypatch.delitem(sys.modules, "my_model", raising=False)
    from my_model import Mine  # type: ignore[import-not-found]

    result = notebook.sweep(config, model=Mine, progress=False)
    assert result.runs["sent"].eq(0).all()
    by_name = notebook.sweep(config, {"run.model": "my_model.py:Mine"}, results="other", progress=False)
    assert list(by_name.runs["id"]) == list(result.runs["id"])
    monkeypatch.delitem(sys.modules, "my_model")


def test_a_class_of_the_notebook_itself_is_refused(config: Path) -> None:
    class Inner(sim.ReconnectionModel):
        pass

    at_the_top = type("Mine", (sim.ReconnectionModel,), {"__module__": "__main__", "__qualname__": "Mine"})
    for model in (Inner, at_the_top):
        with pytest.raises(ConfigError, match=r"Write it into a file such as my_model\.py, and `from my_model import"):
            notebook.sweep(config, model=model)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("run.model=my_model.py:sim", "which is no subclass of sim.ReconnectionModel"),
        ("run.model=my_model.py:Min", "the file has no Min; did you mean Mine?"),
        ("run.model=mine.py:Mine", "there is no such file"),
        ("run.model=3", "expected a Python file and a function or class in it"),
        ("inject.kind=like", "asks for the outcomes of focal ties, which only the fast engine has"),
        ("sweep.series_days=7", "asks for measures of each day, which only the fast engine has"),
        ("sweep.people=true", "asks for outcomes of each person, which only the fast engine has"),
        ("measures.a.sql=SELECT max(sent) FROM people", "asks for outcomes of each person, which only the fast engine"),
        ('sweep.grid={"run.model"=["my_model.py:Mine"]}', "cannot be varied; make a sweep for each model"),
    ],
)
def test_what_cannot_be_is_said_before_anything_runs(change: str, problem: str, own: Path, rekindle: Rekindle) -> None:
    said = refused(rekindle("sweep", own, "--set", change))
    assert problem in said
    assert "tiny.toml" in said or "--set" in said


def test_a_single_run_is_made_by_it_too(own: Path, rekindle: Rekindle) -> None:
    Path("quiet.py").write_text(QUIET)
    told = rekindle("run", own).out
    assert "reconnected" in told
    assert rekindle("run", own, "--set", "run.model=quiet.py:Mine").out != told
    own.write_text(re.sub("model = .*\n", "", own.read_text()))
    assert rekindle("run", own).out == told


def test_the_example_of_the_page_runs(config: Path) -> None:
    page = (ROOT / "docs" / "extending.md").read_text("utf-8")
    (example,) = re.findall(r"```python\n# my_model\.py\n(.*?)```", page, re.DOTALL)
    Path("my_model.py").write_text(example)
    few = {"run.model": "my_model.py:Waiting", "sweep.strategies": ["wait", "check_in"], "sweep.replicates": 1}
    waiting = notebook.sweep(config, few, progress=False)
    usual = notebook.sweep(config, few | {"run.model": None}, results="usual", progress=False)
    assert (waiting.runs["everyone_reconnected"] < usual.runs["everyone_reconnected"]).any()
