"""The command of `--notify` is run once at the end, with the numbers of the sweep, and its failure is a warning."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.commands.sweeping import _without_notify
from experiments.config.errors import ConfigError
from experiments.sweeps import results, store
from experiments.terminal import notifying, stopping
from tests.experiments.conftest import RUNS, Failing, Rekindle

NOTE = 'echo "$REKINDLE_NAME $REKINDLE_DONE $REKINDLE_FAILED $REKINDLE_LEFT $REKINDLE_SECONDS" >> notes.txt'


def notes() -> list[str]:
    return Path("notes.txt").read_text().splitlines()


@pytest.mark.any_python
def test_a_command_is_told_what_a_sweep_did(
    config: Path, rekindle: Rekindle, in_threads: None, second_world_fails: Failing
) -> None:
    with second_world_fails():
        assert rekindle("sweep", config, "--notify", f"{NOTE}; ls {RUNS} >> notes.txt").code == 1
    found = results.progress("tiny")
    *numbers, seconds = notes()[0].split()
    assert numbers == ["tiny", str(found.done), str(found.failed), str(found.left)] == ["tiny", "6", "3", "3"]
    assert 0 <= int(seconds) < 120
    assert notes()[1:] == [str(RUNS)], "the table is there when the command runs"
    for _ in range(2):  # the second finds nothing to do
        assert rekindle("sweep", config, "--notify", NOTE).code == 0
    assert [line.rpartition(" ")[0] for line in notes()[2:]] == ["tiny 9 0 0"] * 2


def test_a_shard_counts_its_own_runs(config: Path, rekindle: Rekindle, in_threads: None) -> None:
    assert rekindle("sweep", config, "--shard", "1/3", "--notify", NOTE).code == 0
    assert notes()[0].startswith("tiny 3 0 0 ")


@pytest.mark.parametrize(("command", "said"), [("exit 3", "ended with exit code 3"), ("sleep 9", "took longer than")])
def test_a_command_that_fails_is_a_warning(
    config: Path, rekindle: Rekindle, in_threads: None, monkeypatch: pytest.MonkeyPatch, command: str, said: str
) -> None:
    monkeypatch.setattr(notifying, "SECONDS", 0.2)
    ended = rekindle("sweep", config, "--set", "sweep.replicates=1", "--notify", command)
    assert ended.code == 0
    assert f"Warning: the command of --notify {said}" in ended.err
    assert RUNS.exists()


def test_the_command_is_not_recorded_because_it_may_have_a_secret(
    config: Path, rekindle: Rekindle, in_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["sweep", "tiny.toml", "--notify", "true secret", "--set", "sweep.replicates=1", "--notify=true secret"]
    monkeypatch.setattr("sys.argv", ["rekindle", *arguments])
    assert rekindle(*arguments).code == 0
    for table in (RUNS, RUNS.with_name(store.DESIGN)):
        assert store.read_table(table)[1]["command"] == "rekindle sweep tiny.toml --set sweep.replicates=1"
        assert b"secret" not in table.read_bytes()
    assert _without_notify(["a", "--notify"]) == ["a"]


def test_an_error_is_notified_but_not_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[object] = []
    monkeypatch.setattr(notifying, "_run", lambda *arguments: ran.append(arguments))
    with pytest.raises(ConfigError), notifying.notifying("true", lambda: {"A": 1}):
        raise ConfigError("no")
    assert ran == [("true", {"A": 1})]
    with notifying.notifying(None, lambda: {}):
        pass
    monkeypatch.setattr(stopping, "came", lambda: True)
    with pytest.raises(SystemExit), notifying.notifying("true", lambda: {}):
        raise SystemExit(130)
    assert len(ran) == 1
