"""Measures and stop conditions that a configuration names: their columns, ids, errors and tables."""

from __future__ import annotations

import pickle
import re
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import sim
from experiments.config.catalogue import written
from experiments.config.reading import load
from experiments.explain import own_entries
from experiments.logs.gate import gate_of
from experiments.sweeps import design, own_outcomes, results, runner
from experiments.sweeps.design import RunSpec, runs_of
from tests.experiments.conftest import RUNS, Rekindle, refused

CODE = """\
from dataclasses import dataclass

import numpy as np


@dataclass
class Calls:
    count: int = 0

    def observe(self, day):
        self.count += int((day.sent["kind"] == 9).sum())

    def result(self):
        return self.count


def enough(day):
    return len(day.adopters) == 4 and day.day >= 11


def divides(day):
    return 1 / (day.day - day.day)


number = 3
"""
OWN = """
[measures.calls]
sql = "select count(*) from events where kind = 'call'"
unit = "calls"
definition = "Calls of everyone."

[measures.calls_again]
function = "own.py:Calls"
unit = "calls"

[measures.most_sent]
sql = "select max(sent) from people where adopter"

[measures.never]
sql = "select avg(time) from events where source < 0"
"""
NAMES = ["calls", "calls_again", "most_sent", "never"]


@pytest.fixture
def own(config: Path) -> Path:
    """The tiny experiment with own measures."""
    Path("own.py").write_text(CODE)
    config.write_text(config.read_text() + OWN)
    return config


def ids(config: Path, *changes: str) -> list[str]:
    return [run.id for run in runs_of(load(config, changes))]


# Outcomes ------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("in_threads")
def test_a_sweep_has_own_measures_as_columns(own: Path, rekindle: Rekindle) -> None:
    """They are those of the stored contact logs, counted again."""
    keep = ("--set", "sweep.events=true", "--set", "sweep.people=true", "--set", "run.stop=own.py:enough")
    ended = rekindle("sweep", own, *keep)
    assert ended.code == 0, ended.err
    assert re.search(r"calls +wait .* 3 +calls", ended.out)
    runs, events, people = (results.load("tiny", table=table) for table in ("runs", "events", "people"))
    calls = events[events["kind"] == "call"].groupby(["scenario", "replicate"]).size()
    sent = people[people["adopter"]].groupby(["scenario", "replicate"])["sent"].max()
    runs = runs.set_index(["scenario", "replicate"])
    assert (runs["calls"] == calls.reindex(runs.index, fill_value=0)).all()
    assert runs["calls"].sum() > 0
    assert (runs["calls_again"] == runs["calls"]).all()
    assert (runs["most_sent"] == sent.reindex(runs.index)).all()
    assert runs["never"].isna().all()
    assert (runs["days_run"] == 12).all()
    mean = results.query("tiny", "select avg(calls) as x from runs")["x"].iloc[0]
    assert mean == pytest.approx(runs["calls"].mean())


@pytest.mark.usefixtures("in_threads")
def test_people_are_those_of_the_measures(config: Path, rekindle: Rekindle) -> None:
    assert rekindle("sweep", config, "--set", "sweep.people=true").code == 0
    runs, people = results.load("tiny").set_index("id"), results.load("tiny", table="people")
    assert len(people) == 9 * 40
    of_adopters = people[people["adopter"]].groupby("id").mean(numeric_only=True)
    of_all = people.groupby("id").mean(numeric_only=True)
    names = [name for name in people if name in sim.measures.MEASURES and name != "used_share"]
    assert {"sent", "answered", "reconnected", "kept", "new_ties", "minutes_used"} <= set(names)
    for name in names:
        np.testing.assert_allclose(of_adopters[name].reindex(runs.index), runs[name], err_msg=name)
        if f"everyone_{name}" in runs:
            np.testing.assert_allclose(of_all[name].reindex(runs.index), runs[f"everyone_{name}"], err_msg=name)
    sums = results.query("tiny", "select scenario, sum(sent) as x from people where adopter group by all")
    assert sums["x"].sum() == pytest.approx(4 * runs["sent"].sum())
    assert "people: 9 runs" in rekindle("status", "tiny").out


@pytest.mark.usefixtures("in_threads")
def test_people_that_were_not_saved_are_explained(config: Path, rekindle: Rekindle) -> None:
    assert rekindle("sweep", config).code == 0
    assert "--set sweep.people=true" in refused(rekindle("results", "tiny", "select * from people"))
    assert rekindle("results", "tiny", "select avg(people) from runs").code == 0  # a column of runs


def test_a_run_prints_own_measures(own: Path, rekindle: Rekindle) -> None:
    ended = rekindle("run", own, "--set", "run.stop=own.py:enough")
    assert ended.code == 0, ended.err
    for name in (*NAMES, "days_run"):
        assert re.search(rf"^ {name} ", ended.out, re.MULTILINE), name


@pytest.mark.usefixtures("in_threads")
def test_own_measures_are_compared(own: Path, rekindle: Rekindle) -> None:
    assert rekindle("sweep", own).code == 0
    ended = rekindle("compare", "check_in", "wait", "--runs", RUNS, "--measure", "calls_again", "--format", "csv")
    assert ended.code == 0, ended.err
    runs = results.load("tiny").groupby("scenario")["calls"].mean()
    row = pd.read_csv(StringIO(ended.out)).iloc[0]
    assert (row["a_mean"], row["b_mean"]) == pytest.approx((runs["check_in"], runs["wait"]))
    message = refused(rekindle("compare", "check_in", "wait", "--runs", RUNS, "--measure", "cals_again"))
    assert "did you mean calls_again?" in message


def test_own_measures_are_explained(own: Path, rekindle: Rekindle) -> None:
    entry = own_entries(load(own).measures)[0]
    assert entry.facts["Meaning"] == "Calls of everyone."
    told = rekindle("explain", "calls", "--config", own).out
    assert "Calls of everyone." in told
    assert "select count(*)" in told
    assert "did you mean calls" in refused(rekindle("explain", "callz", "--config", own))


@pytest.mark.usefixtures("in_threads")
def test_a_failing_measure_is_a_row_with_an_error(own: Path, rekindle: Rekindle) -> None:
    ended = rekindle("sweep", own, "--set", "measures.calls_again.function=own.py:divides")
    assert ended.code == 1
    message = "The measure calls_again raised ZeroDivisionError on day 24: division by zero (own.py, line 22)"
    assert message in ended.err
    message = refused(rekindle("run", own, "--set", "measures.calls_again.function=own.py:divides"))
    assert "--set measures.calls_again.function=own.py:divides: the measure calls_again raised" in message


def test_a_run_carries_the_code_that_its_id_hashes(own: Path) -> None:
    """Whatever becomes of the file while the sweep runs."""
    run = next(run for run in runs_of(load(own)) if run.scenario == "check_in")
    before = runner.run_one(run).row
    run = pickle.loads(pickle.dumps(run))  # as a worker gets it
    Path("own.py").write_text("def Calls(day):\n    return -1\n")
    assert runner.run_one(run).row["calls_again"] == before["calls_again"] > 0
    Path("own.py").unlink()
    assert runner.run_one(run).row["calls_again"] == before["calls_again"]


def test_sums_of_floats_are_the_same_each_time(own: Path) -> None:
    run = runs_of(load(own, ["measures.most_sent.sql=select avg(sqrt(time)) from events"]))[0]
    first, second = (runner.run_one(run).row["most_sent"] for _ in range(2))
    assert first == second > 0


# Ids -----------------------------------------------------------------------------------------------------------------


def test_ids_of_runs_without_own_outcomes_are_as_before(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What they hash has six entries, as it had before there were own measures; these come as a seventh."""
    hashed: list[list[Any]] = []
    monkeypatch.setattr(design, "_fingerprint", lambda identity: hashed.append(identity) or "id")
    runs_of(load(own))
    own.write_text(own.read_text().replace(OWN, ""))
    runs_of(load(own, ["sweep.people=true"]))
    with_own, without = hashed[0], hashed[9]
    assert (len(with_own), len(without)) == (7, 6)
    assert with_own[:6] == without


@pytest.mark.parametrize(
    "change",
    [
        "measures.calls.sql=select 1",
        "measures.calls_again.function=own.py:enough",
        "measures.more.sql=select 1",
        "run.stop=own.py:enough",
    ],
)
def test_an_id_tells_which_measures_a_run_has(own: Path, change: str) -> None:
    assert not set(ids(own)) & set(ids(own, change))


def test_an_id_follows_the_text_of_a_file_and_not_its_name(own: Path) -> None:
    before = ids(own)
    Path("other.py").write_text(CODE)
    assert ids(own, "measures.calls_again.function=other.py:Calls") == before
    assert ids(own, "measures.calls.unit=gestures", "measures.calls.definition=Something else.") == before
    Path("own.py").write_text(CODE + "\n")
    assert not set(ids(own)) & set(before)


def test_the_gate_has_no_own_outcomes(own: Path) -> None:
    gate = {"log": "a", "hazard_per_day_90_180": 0.1, "hazard_per_day_180_365": 0.1}
    experiment = load(own, ["run.stop=own.py:enough", f"verdict.gate={gate}".replace("'", '"').replace('":', '"=')])
    gated = gate_of(experiment)
    assert gated is not None
    assert {run.own for run in runs_of(gated)} == {None}


def test_a_written_experiment_has_the_same_runs(own: Path, tmp_path: Path) -> None:
    """From any folder, because its paths are absolute."""
    experiment = load(own, ["run.stop=own.py:enough"]).model_copy(update={"sweep": None})
    (tmp_path / "deep").mkdir()
    copy = tmp_path / "deep" / "copy.toml"
    copy.write_text(written(experiment))
    assert [run.id for run in runs_of(load(copy))] == [run.id for run in runs_of(experiment)]


def test_files_are_relative_to_the_folder_of_the_configuration(own: Path, tmp_path: Path) -> None:
    own.write_text(own.read_text().replace("[run]", '[run]\nstop = "own.py:enough"'))
    (tmp_path / "deep").mkdir()
    for file in (own, Path("own.py")):
        file.rename(tmp_path / "deep" / file.name)
    experiment = load(Path("deep/tiny.toml"))
    assert experiment.measures["calls_again"].function == "deep/own.py:Calls"
    assert experiment.run.stop == "deep/own.py:enough"


# Mistakes ------------------------------------------------------------------------------------------------------------


SQL = "measures.calls.sql"
FUNCTION = "measures.calls_again.function"


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        (SQL, "select count(*) from events where kid = 3", "there is no column kid; did you mean kind?"),
        (SQL, "select max(zzzzzz) from events", "there is no column zzzzzz; events has event, source, target"),
        (SQL, "select count(*) from event", "there is no table event; the tables are events and people"),
        (SQL, "selec 1", "is not a valid query: Parser Error"),
        (SQL, "select 1; select 2", "is not one query"),
        (SQL, "create table a (b int)", "is not one query"),
        (SQL, "select kind from events", "gives a value of type VARCHAR; expected a number"),
        (SQL, "select [1, 2]", r"gives a value of type INTEGER\[\]; expected a number"),
        (SQL, "select 1, 2", "gives the columns 1, 2; expected one number, in one column"),
        (SQL, "select 1 union all select 2", "gives several rows"),
        (SQL, "select count(*) from read_text('own.py')", "Permission Error"),
        (FUNCTION, "own.pi:Calls", "expected a Python file and a function or class in it"),
        (FUNCTION, "ovn.py:Calls", "names ovn.py, and there is no such file; did you mean own.py?"),
        (FUNCTION, "own.py:Cals", "the file has no Cals; did you mean Calls?"),
        (FUNCTION, "own.py:number", "names own.py:number, which is 3; it must be a function of a day, or a class"),
        (FUNCTION, "bad.py:x", r"names bad.py, which is not valid Python: .*\(line 2\)"),
        (FUNCTION, "raises.py:x", r"which raised ModuleNotFoundError when it was loaded: .*\(line 1\)"),
        (FUNCTION, "ends.py:x", "which raised SystemExit when it was loaded"),
        ("run.stop", "own.py:enoug", "the file has no enoug; did you mean enough?"),
    ],
)
def test_a_mistake_is_refused_before_anything_runs(
    own: Path, rekindle: Rekindle, key: str, value: str, problem: str
) -> None:
    Path("bad.py").write_text("x = 1\ndef f(:\n")
    Path("raises.py").write_text("import no_such_package_of_anybody\n")
    Path("ends.py").write_text("raise SystemExit(3)\n")
    text = own.read_text()
    table, _, name = key.rpartition(".")
    if key == "run.stop":
        text = text.replace("[run]", f'[run]\nstop = "{value}"')
    else:
        text = re.sub(rf"(\[{table}\]\n{name} = ).*", lambda found: f'{found[1]}"{value}"', text)
    own.write_text(text)
    line = next(at for at, row in enumerate(text.splitlines(), start=1) if value in row)
    message = refused(rekindle("sweep", own))
    assert re.search(rf"^tiny.toml, line {line}, {re.escape(key)}\b.*{problem}", message), message
    assert not Path("results").exists()


def test_an_option_is_named_where_it_is_at_fault(own: Path, rekindle: Rekindle) -> None:
    message = refused(rekindle("plan", own, "--set", "measures.calls.sql=select foo from events"))
    assert message.startswith("tiny.toml, --set measures.calls.sql=select foo from events: is not a valid query: there")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("measures.kept_up.sql=select 1", "has the name of a measure or parameter of the model"),
        ("measures.hesitance.sql=select 1", "has the name of a measure or parameter of the model"),
        ("measures.seed.sql=select 1", "has the name of another column of the table"),
        ("measures.days_run.sql=select 1", "has the name of another column of the table"),
        ("measures.Calls.sql=select 1", "expected a name made of small letters, digits and _"),
        ("measures.calls.units=calls", "there is no such setting; did you mean measures.calls.unit?"),
        ("measures.calls.unit=3", "expected a text of at most 60 characters"),
        ("measures.calls.sql=", "expected a query such as"),
        ("measures.calls.function=own.py:Calls", "has both sql and function; give one of them"),
        ("measures.x={}", "has neither sql nor function; give one of them"),
        ("measures.x=3", r"expected a table, \[measures.x\]"),
        ("measures=3", r"expected a table of measures, such as \[measures.calls\]"),
        ("run.stop=3", "expected a Python file and a function or class in it"),
        ('sweep.grid={"run.stop"=["own.py:enough"]}', "cannot be varied; it holds for all arms"),
        ('sweep.grid={"measures.calls.unit"=["a"]}', "only world, run, inject and parameters can be varied"),
    ],
)
def test_settings_of_measures_are_validated(own: Path, rekindle: Rekindle, change: str, problem: str) -> None:
    message = refused(rekindle("plan", own, "--set", change))
    assert re.search(problem, message), message
    assert change.split("=")[0].split("=")[0][:12] in message


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("select time from events", "gave several rows"),
        ("select kind::int from events limit 1", "failed: Conversion Error"),
        ("select 1e400::double", "expected|finite|out of range"),
    ],
)
def test_a_query_that_fails_later_says_so(own: Path, sql: str, problem: str) -> None:
    specs: list[RunSpec] = runs_of(load(own, [f"measures.calls.sql={sql}"]))
    error = runner.run_one(next(run for run in specs if run.scenario == "check_in")).row["error"]
    assert re.match(rf"OwnOutcomeError: The measure calls .*({problem})", error), error


def test_a_query_without_a_row_gives_a_missing_value(own: Path) -> None:
    run = runs_of(load(own, ["measures.calls.sql=select time from events where source < 0"]))[0]
    row: dict[str, Any] = runner.run_one(run).row
    assert row["error"] is None
    assert np.isnan(row["calls"])


def test_a_file_is_executed_once_per_process(own: Path) -> None:
    Path("own.py").write_text(CODE + "with open('times', 'a') as file:\n    file.write('x')\n")
    runs = runs_of(load(own))
    own_outcomes.check(load(own))
    for run in runs[:3]:
        assert runner.run_one(run).row["error"] is None
    assert Path("times").read_text() == "x"
