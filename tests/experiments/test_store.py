from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments import store
from experiments.config import load


def row(name: str, **more: object) -> store.Row:
    return {"id": name, "error": None, "traceback": None, "reconnected": 1.5, **more}


def parts(folder: Path) -> list[Path]:
    return list((folder / "parts").iterdir())


def test_parts_are_read_back_once_an_id(tmp_path: Path) -> None:
    assert store.finished(tmp_path).empty
    store.add(tmp_path, [row("a"), row("b")])
    store.add(tmp_path, [row("b"), row("c")])
    store.add(tmp_path, [])
    found = store.finished(tmp_path)
    assert sorted(found.index) == ["a", "b", "c"]
    assert (found["reconnected"] == 1.5).all()
    assert store.finished(tmp_path, ["reconnected"]).columns.to_list() == ["reconnected"]


def test_what_is_missing_everywhere_is_still_a_number(tmp_path: Path) -> None:
    store.add(tmp_path, [row("a", lasting=float("nan"), people=3)])
    frame = store.finished(tmp_path)
    assert frame.dtypes[["lasting", "reconnected", "people"]].to_list() == [float, float, int]


def test_failed_runs_are_not_kept(tmp_path: Path) -> None:
    store.add(tmp_path, [row("a", error="ValueError: no", reconnected=float("nan"))])
    assert store.finished(tmp_path).empty


@settings(max_examples=20)
@given(st.lists(st.lists(st.integers(0, 30), max_size=4, unique=True), max_size=12), st.integers(1, 4))
def test_parts_put_together_hold_the_same_runs(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[int]], most: int
) -> None:
    folder = tmp_path_factory.mktemp("results")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(store, "MOST_SMALL_PARTS", most)
        for batch in batches:
            store.add(folder, [row(f"{number}", reconnected=number) for number in batch])
            store.put_together(folder)
            assert len(parts(folder) if (folder / "parts").exists() else []) <= most
    found = store.finished(folder, ["reconnected"])
    assert sorted(map(int, found.index)) == sorted({number for batch in batches for number in batch})
    assert all(found["reconnected"] == found.index.astype(float))


def test_large_parts_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_SMALL_PARTS", 1)
    monkeypatch.setattr(store, "SMALL", 3)
    store.add(tmp_path, [row(name) for name in "abc"])
    (large,) = parts(tmp_path)
    for name in "de":
        store.add(tmp_path, [row(name)])
        store.put_together(tmp_path)
    assert large in parts(tmp_path)
    assert len(parts(tmp_path)) == 2
    assert set(store.finished(tmp_path).index) == set("abcde")


def test_a_kill_between_putting_together_and_tidying_up_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_SMALL_PARTS", 1)
    for name in "abc":
        store.add(tmp_path, [row(name)])
    with monkeypatch.context() as killed:
        killed.setattr(Path, "unlink", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            store.put_together(tmp_path)
    assert sorted(store.finished(tmp_path).index) == ["a", "b", "c"]


def test_parts_that_another_sweep_puts_together_meanwhile_are_left_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_SMALL_PARTS", 1)
    for name in "abc":
        store.add(tmp_path, [row(name)])
    real = store._parts
    monkeypatch.setattr(store, "_parts", lambda folder: [*real(folder), folder / "parts" / "gone.parquet"])
    store.put_together(tmp_path)
    assert store.prepare(tmp_path) == []
    monkeypatch.setattr(store, "_parts", real)
    assert sorted(store.finished(tmp_path).index) == ["a", "b", "c"]


def test_a_part_that_vanishes_while_it_is_read_was_put_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add(tmp_path, [row("a")])
    gone, real = [tmp_path / "parts" / "gone.parquet"], store._parts
    monkeypatch.setattr(store, "_parts", lambda folder: [*real(folder), *(gone and [gone.pop()])])
    assert list(store.finished(tmp_path).index) == ["a"]


def test_a_part_that_is_removed_amid_reading_is_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opened once, it stays what it was, whatever another sweep puts under its name."""
    store.add(tmp_path, [row("a")])
    real = store.pq.read_table

    def removed_first(*asked: Any, **options: Any) -> Any:
        parts(tmp_path)[0].unlink()
        return real(*asked, **options)

    monkeypatch.setattr(store.pq, "read_table", removed_first)
    assert list(store.finished(tmp_path).index) == ["a"]


def test_the_table_is_the_design_with_what_came(tmp_path: Path) -> None:
    design = pd.DataFrame({"id": ["b", "a", "b", "c"], "scenario": ["x", "y", "z", "w"], "replicate": [0, 0, 1, 1]})
    store.add(tmp_path, [row("a", reconnected=1.0, seconds=9.0), row("b", reconnected=2.0, seconds=9.0)])
    table = store.table_of(design, store.finished(tmp_path))
    assert table["scenario"].to_list() == ["x", "y", "z", "w"]
    assert table["reconnected"].fillna(-1).to_list() == [2.0, 1.0, 2.0, -1.0]
    assert "seconds" not in table


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

    with pytest.raises(OSError, match=r"full, writing .*a\.txt"):
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
    assert store.finished(tmp_path).empty


def test_the_command_can_be_pasted_into_a_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["rekindle", "sweep", "a b.toml", "--set", "run.strategy={ wait = 1.0 }"])
    assert store.circumstances()["command"] == "rekindle sweep 'a b.toml' --set 'run.strategy={ wait = 1.0 }'"
