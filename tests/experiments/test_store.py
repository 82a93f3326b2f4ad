from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from experiments import store
from experiments.config import load


def row(name: str, **more: object) -> store.Row:
    given = {"id": name, "scenario": "wait", "strategy": "wait", "replicate": 0, "error": None, "traceback": None}
    return {**given, "reconnected": 1.5, **more}


def test_parts_are_read_back_once_an_id(tmp_path: Path) -> None:
    assert store.finished(tmp_path) == {}
    store.add(tmp_path, [row("a"), row("b")])
    store.add(tmp_path, [row("b"), row("c")])
    store.add(tmp_path, [])
    assert store.finished(tmp_path) == {name: row(name) for name in "abc"}


def test_what_is_missing_everywhere_is_still_a_number(tmp_path: Path) -> None:
    store.add(tmp_path, [row("a", lasting=float("nan"))])
    frame = store.frame_of(list(store.finished(tmp_path).values()))
    assert frame.dtypes[["lasting", "reconnected", "replicate"]].to_list() == [float, float, int]
    assert frame["error"].dtype == "string"


def test_failed_runs_are_not_kept(tmp_path: Path) -> None:
    store.add(tmp_path, [row("a", error="ValueError: no", reconnected=float("nan"))])
    assert store.finished(tmp_path) == {}


def test_a_table_tells_where_it_comes_from(config: Path, tmp_path: Path) -> None:
    rows = store.frame_of([row("a"), row("b", error="ValueError: no")])
    origin = store.provenance(load(config), ["a", "b"])
    path = store.write_table(tmp_path / "tiny", rows, origin)
    table, told = store.read_table(path)
    pd.testing.assert_frame_equal(table, rows, check_dtype=False)
    assert told == origin
    assert told["config"]["world"]["people"] == 40
    assert {"run_hash", "model", "commit", "command", "python", "versions"} <= told.keys()
    assert [file.name for file in path.parent.iterdir()] == ["runs.parquet"]


def test_what_fails_half_way_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    store.write_whole(path, lambda temporary: temporary.write_text("whole"))

    def fail(temporary: Path) -> None:
        temporary.write_text("ha")
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        store.write_whole(path, fail)
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("a.txt", "whole")]


def test_what_a_kill_leaves_half_written_is_no_part(tmp_path: Path) -> None:
    def killed(temporary: Path) -> None:
        temporary.with_name(temporary.name).write_bytes(b"PAR1")
        temporary.rename(tmp_path / "kept")  # as if nobody had tidied up
        (tmp_path / "name").write_text(temporary.name)

    part = tmp_path / "parts" / "0123.parquet"
    with pytest.raises(FileNotFoundError):
        store.write_whole(part, killed)
    (tmp_path / "kept").rename(part.with_name((tmp_path / "name").read_text()))
    assert len(list(part.parent.iterdir())) == 1
    assert store.finished(tmp_path) == {}


def test_the_command_can_be_pasted_into_a_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["rekindle", "sweep", "a b.toml", "--set", "run.strategy={ wait = 1.0 }"])
    assert store.circumstances()["command"] == "rekindle sweep 'a b.toml' --set 'run.strategy={ wait = 1.0 }'"
