"""Sweeps from Python are those of `rekindle sweep`: settings, runs, folder and bits."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from experiments import notebook
from experiments.config.errors import ConfigError
from experiments.config.reading import load
from experiments.notebook import running
from experiments.sweeps import runner, store
from experiments.sweeps.design import runs_of
from sim.contact_logs import LogError
from tests.experiments.conftest import RESULTS, RUNS, TINY, Rekindle

SETTINGS = {"name": "tiny", **tomllib.loads(TINY)}  # of the tiny file
OWN = {"function": "mine.py:choose", "what": "message", "session_minutes": 10}
FEW = {"sweep.strategies": ["wait", "check_in"], "sweep.replicates": 2}
pytestmark = pytest.mark.usefixtures("in_threads")


def without_command(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """A table and its provenance, apart from what says how and how long it was made."""
    table, origin = store.read_table(path)
    return table, {key: value for key, value in origin.items() if key not in ("command", "commit", "core_seconds")}


def test_the_table_is_that_of_the_command_bit_for_bit(config: Path, rekindle: Rekindle) -> None:
    assert rekindle("sweep", config).code == 0
    of_command = without_command(RUNS)
    for given, results in ((config, "of_path"), (SETTINGS, "of_dict"), (load(config), "of_config")):
        result = notebook.sweep(given, results=results)
        table, origin = without_command(Path(results, "tiny", store.TABLE))
        pd.testing.assert_frame_equal(table, of_command[0], check_exact=True)
        assert origin == of_command[1]
        pd.testing.assert_frame_equal(result.runs, table, check_exact=True)
        assert result.folder == Path(results, "tiny")


def test_dict_file_and_config_are_the_same_runs(config: Path) -> None:
    ids = [[run.id for run in runs_of(running._read(one, {}))] for one in (config, str(config), SETTINGS, load(config))]
    assert ids[0] == ids[1] == ids[2] == ids[3]
    changed = [run.id for run in runs_of(running._read(SETTINGS, {"world": {"seed": 6}}))]
    assert not set(changed) & set(ids[0])
    assert changed == [run.id for run in runs_of(running._read(config, {"world.seed": 6}))]


def test_a_call_makes_only_what_is_missing(
    config: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command may have made the rest, and the table may be gone."""
    assert rekindle("sweep", config, "--shard", "1/3").code == 0
    made: list[str] = []
    real = runner.run_one
    monkeypatch.setattr(runner, "run_one", lambda run, **options: made.append(run.id) or real(run, **options))
    whole = notebook.sweep(config)
    assert "9 runs; 3 already done." in capsys.readouterr().err
    assert len(made) == 6
    assert not set(made) & set(whole.runs["id"][whole.runs["replicate"] == 0])
    made.clear()
    RUNS.unlink()
    again = notebook.sweep(SETTINGS)
    pd.testing.assert_frame_equal(again.runs, whole.runs)
    assert made == []
    assert rekindle("sweep", config).out.startswith("9 runs; 9 already done.")


def test_an_interrupted_call_keeps_what_had_ended(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, many = runner.finished, 0

    def interrupted(*arguments: Any, **options: Any) -> Any:
        nonlocal many
        for ended in real(*arguments, **options):
            many += len(ended)
            yield ended
            raise KeyboardInterrupt

    monkeypatch.setattr(runner, "SECONDS_A_PART", 0.0)
    monkeypatch.setattr(runner, "finished", interrupted)
    with pytest.raises(KeyboardInterrupt) as stopped:
        notebook.sweep(config)
    assert stopped.value.__notes__ == [f"Finished runs are saved in {RESULTS}; the same call continues from there."]
    assert len(store.finished(RESULTS)) == many
    monkeypatch.setattr(runner, "finished", real)
    assert notebook.sweep(config).runs["people"].notna().all()


def test_the_settings_of_a_dict_continue_as_a_file(config: Path, rekindle: Rekindle) -> None:
    result = notebook.sweep(SETTINGS, {"sweep": {"replicates": 1}, "sweep.grid": {"parameters.ease": [1.0, 2.0]}})
    kept = result.folder / running.SETTINGS_FILE
    assert result.table.origin["command"] == f"rekindle sweep {kept}"
    assert rekindle("sweep", kept).out.startswith("6 runs; 6 already done.")
    assert rekindle("status", "tiny").code == 0


def test_the_command_of_a_file_has_the_changes(config: Path, rekindle: Rekindle) -> None:
    result = notebook.sweep(config, FEW, results="elsewhere")
    words = ["--results", "elsewhere", "--set", '\'sweep.strategies=["wait", "check_in"]\'', "--set"]
    assert result.table.origin["command"] == f"rekindle sweep tiny.toml {' '.join(words)} sweep.replicates=2"
    told = rekindle("sweep", config, "--results", "elsewhere", "--set", 'sweep.strategies=["wait", "check_in"]',
                    "--set", "sweep.replicates=2")  # fmt: skip
    assert told.out.startswith("4 runs; 4 already done.")


def test_runs_that_fail_are_rows_with_an_error(config: Path) -> None:
    Path("mine.py").write_text("def calls(day):\n    raise ValueError('no')\n")
    with pytest.warns(UserWarning, match=r"4 runs failed; `failed` of the result has their errors. The first: .*no"):
        result = notebook.sweep(config, {**FEW, "measures.calls.function": "mine.py:calls"}, progress=False)
    assert len(result.failed) == 4
    assert result.failed["traceback"].str.contains("mine.py").all()


def test_a_strategy_that_nobody_follows_is_named(config: Path) -> None:
    added = {"strategies.memo": {"whom": "ties", "what": "message", "session_minutes": 10}}
    with pytest.warns(UserWarning, match="No arm follows the strategy memo"):
        notebook.sweep(config, {**FEW, **added})


def test_nothing_is_printed_without_progress(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notebook.sweep(config, FEW, progress=False)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"run.adopters": 50}, "run.adopters"),
        ({"run.stop": "mine.py:stop"}, "there is no such file"),
        ({"strategies.own": OWN, "sweep.strategies": ["wait", "own"]}, "there is no such file"),
        ({"measures.calls.sql": "SELECT calls FROM people"}, "measures.calls.sql: is not a valid query"),
        ({"sweep.grid": {"run.adopters": [4, 41]}}, "run.adopters"),
        ({"sweep.replicates": "x"}, 'sweep.replicates = "x": expected a whole number'),
    ],
)
def test_what_is_wrong_is_said_before_anything_runs(config: Path, changes: dict[str, Any], problem: str) -> None:
    for given in (config, SETTINGS):
        with pytest.raises(ConfigError, match=problem.replace(".", r"\.")) as error:
            notebook.sweep(given, changes)
        assert "--" not in str(error.value)
    assert not RESULTS.exists()


def test_a_mistake_in_a_file_has_its_line(config: Path) -> None:
    config.write_text(f'{TINY}\n[measures.calls]\nsql = "SELECT calls FROM people"\n')
    with pytest.raises(ConfigError, match=r"^tiny.toml, line 19, measures.calls.sql: is not a valid query"):
        notebook.sweep(config)
    with pytest.raises(ConfigError, match=r"^measures.calls.sql: is not a valid query"):
        notebook.sweep(config, {"measures.calls.sql": "SELECT calls FROM people"})


def test_a_log_is_read_before_anything_runs(config: Path) -> None:
    replayed = {"sweep.replicates": 2, "world.log": "wall.csv"}
    with pytest.raises(LogError, match=r"wall\.csv"):
        notebook.sweep(replayed)
    rows = [f"{one},{other},{86_400 * day}" for day in range(9) for one, other in (("a", "b"), ("b", "a"), ("c", "a"))]
    Path("wall.csv").write_text("\n".join(["source,target,time", *rows]))
    with pytest.raises(ConfigError, match=r"^run.adopters: "):
        notebook.sweep(replayed)


def test_there_must_be_a_sweep_and_a_known_place_for_changes(config: Path) -> None:
    with pytest.raises(
        ConfigError, match=r'There is no sweep in these settings; add one, such as \{"sweep.replicates"'
    ):
        notebook.sweep({"world.people": 40})
    with pytest.raises(ConfigError, match="changes are for a file or a dict"):
        notebook.sweep(load(config), {"world.people": 40})


def test_a_script_without_a_main_guard_is_told_so(config: Path) -> None:
    """In its workers, which execute it again."""
    script = "import multiprocessing as m\nfrom experiments import notebook\n"
    script += "m.parent_process = lambda: 1\nnotebook.sweep('tiny.toml')\n"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert 'if __name__ == "__main__":' in told.stderr.splitlines()[-1]
