from __future__ import annotations

import hashlib
import json
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments import provenance
from experiments.config.reading import load
from experiments.sweeps import checksums, store
from experiments.sweeps.checksums import DamagedError
from experiments.sweeps.store import StoreError


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
    store.add(tmp_path, [row("a", kept_up=float("nan"), people=3)])
    frame = store.finished(tmp_path)
    assert frame.dtypes[["kept_up", "reconnected", "people"]].to_list() == [float, float, int]


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


def test_as_many_small_parts_as_may_be_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_SMALL_PARTS", 2)
    monkeypatch.setattr(store, "SMALL", 3)
    store.add(tmp_path, [row(name) for name in "abc"])  # not small, and does not count
    for name in "de":
        store.add(tmp_path, [row(name)])
        store.put_together(tmp_path)
    assert len(parts(tmp_path)) == 3
    store.add(tmp_path, [row("f")])
    store.put_together(tmp_path)
    assert len(parts(tmp_path)) == 2
    assert all(pq.read_schema(part).names == ["id", "error", "traceback", "reconnected"] for part in parts(tmp_path))


def test_a_part_that_another_sweep_removes_first_is_gone_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_SMALL_PARTS", 1)
    for name in "abc":
        store.add(tmp_path, [row(name)])
    write_part = store._write_part

    def removed_meanwhile(folder: Path, table: pa.Table) -> tuple[Path, int]:
        parts(folder)[0].unlink()
        return write_part(folder, table)

    monkeypatch.setattr(store, "_write_part", removed_meanwhile)
    store.put_together(tmp_path)
    assert len(parts(tmp_path)) == 1
    assert set(store.finished(tmp_path).index) == set("abc")


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


def test_a_part_that_is_removed_during_reading_is_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opened once, it stays what it was, whatever another sweep puts under its name."""
    store.add(tmp_path, [row("a")])
    real = store.pq.ParquetFile

    def removed_first(*asked: Any, **options: Any) -> Any:
        parts(tmp_path)[0].unlink()
        return real(*asked, **options)

    monkeypatch.setattr(store.pq, "ParquetFile", removed_first)
    assert list(store.finished(tmp_path).index) == ["a"]
    assert parts(tmp_path) == []


def test_the_table_is_the_design_with_what_came(tmp_path: Path) -> None:
    design = pd.DataFrame({"id": ["b", "a", "b", "c"], "scenario": ["x", "y", "z", "w"], "replicate": [0, 0, 1, 1]})
    store.add(tmp_path, [row("a", reconnected=1.0, seconds=9.0), row("b", reconnected=2.0, seconds=9.0)])
    table = store.table_of(design, store.finished(tmp_path))
    assert table["scenario"].to_list() == ["x", "y", "z", "w"]
    assert table["reconnected"].fillna(-1).to_list() == [2.0, 1.0, 2.0, -1.0]
    assert "seconds" not in table


def test_a_table_tells_where_it_comes_from(config: Path, tmp_path: Path) -> None:
    rows = store.frame_of([row("a"), row("b", error="ValueError: no")])
    origin = provenance.of_runs(load(config), ["a", "b"])
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
    assert provenance.environment()["command"] == "rekindle sweep 'a b.toml' --set 'run.strategy={ wait = 1.0 }'"


# Damage ------------------------------------------------------------------------------------------------------------


def damages(content: bytes, count: int = 300) -> list[bytes]:
    """Flipped bits, and now and then a page of zeroes or a lost tail, in places that are the same every time."""
    rng, found = random.Random(1), []
    for _ in range(count):
        at = rng.randrange(len(content))
        found.append(content[:at] + bytes([content[at] ^ 1 << rng.randrange(8)]) + content[at + 1 :])
    for at in range(0, len(content), 512):
        found.append(content[:at] + bytes(len(content[at : at + 512])) + content[at + 512 :])
        found.append(content[:at])
    return [one for one in found if one != content]


def test_any_damage_of_a_part_is_noticed_and_never_taken_for_another_version(tmp_path: Path) -> None:
    store.add(tmp_path, [row(name) for name in "abc"])
    (part,) = parts(tmp_path)
    content = part.read_bytes()
    lie = content.replace(b"rekindle-parts\x18\x013", b"rekindle-parts\x18\x012")
    assert lie != content
    for damaged in [*damages(content), lie]:
        part.write_bytes(damaged)
        with pytest.raises(StoreError, match="is damaged, or not"):
            store.finished(tmp_path)
        assert store._is_damaged(part)
    assert [path.suffix for path in store.prepare(tmp_path)] == [".damaged"]
    assert store.finished(tmp_path).empty


def test_any_damage_of_a_table_is_noticed(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "reconnected": [1.5, None]})
    path = store.write_table(tmp_path, frame, {"command": "rekindle sweep a.toml", "config": {"deep": ["x"] * 50}})
    content = path.read_bytes()
    for damaged in damages(content):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="damaged"):
            store.read_table(path)
        with pytest.raises(StoreError):
            store.table_at(path)
    assert store.prepare(tmp_path) == [path.with_suffix(".damaged")]


def test_other_programs_read_tables(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "reconnected": [1.5, 2.5]})
    path = store.write_table(tmp_path, frame, {"command": "rekindle sweep a.toml"})
    pd.testing.assert_frame_equal(pd.read_parquet(path), frame, check_dtype=False)
    assert pq.read_schema(path).names == ["id", "reconnected"], "without an index"
    assert json.loads(pq.read_metadata(path).metadata[b"rekindle"]) == {"command": "rekindle sweep a.toml"}


def test_tables_of_earlier_versions_have_no_digest_and_are_read(tmp_path: Path) -> None:
    path = tmp_path / "runs.parquet"
    pq.write_table(checksums.with_metadata(pa.table({"id": ["a"]}), {b"rekindle": "{}"}), path)
    assert store.read_table(path)[0]["id"].to_list() == ["a"]
    assert not checksums.has_digest(path)


def part_of_version_2(folder: Path, rows: list[store.Row]) -> Path:
    """As the version before wrote it."""
    table = pa.Table.from_pandas(store.frame_of(rows), preserve_index=False)
    name = hashlib.sha256(" ".join(sorted(table["id"].to_pylist())).encode()).hexdigest()[:16]
    path = folder / "parts" / f"{name}.parquet"
    path.parent.mkdir(exist_ok=True)
    pq.write_table(checksums.with_metadata(table, {b"rekindle-parts": b"2"}), path, write_page_checksum=True)
    return path


def test_parts_of_the_version_before_are_read_and_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_SMALL_PARTS", 1)
    old = [part_of_version_2(tmp_path, [row(name)]) for name in "ab"]
    assert store.prepare(tmp_path) == []
    before = store.finished(tmp_path)
    assert set(before.index) == {"a", "b"}
    store.put_together(tmp_path)
    (new,) = parts(tmp_path)
    assert new not in old
    assert checksums.has_its_name(new)
    pd.testing.assert_frame_equal(store.finished(tmp_path).sort_index(), before.sort_index())


def test_a_part_of_the_version_before_that_holds_other_runs_than_its_name_says_is_damaged(tmp_path: Path) -> None:
    part = part_of_version_2(tmp_path, [row("a")])
    renamed = part.rename(part.with_stem("0123456789abcdef"))
    with pytest.raises(DamagedError):
        store.read_part(renamed)


def test_a_whole_part_of_a_later_version_is_refused_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as later:
        later.setattr(store, "SCHEMA", b"4")
        store.add(tmp_path, [row("a")])
    with pytest.raises(
        StoreError,
        match=r"another version of this program \(its parts have format 4, and this version reads 3\)\. Move",
    ):
        store.finished(tmp_path)


def test_too_little_memory_is_no_damage_if_all_bytes_were_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add(tmp_path, [row("a")])
    (new,) = parts(tmp_path)
    old = part_of_version_2(tmp_path, [row("b")])

    def full(*_: Any, **__: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(store.pq, "ParquetFile", full)
    with pytest.raises(MemoryError):
        store.read_part(new)
    with pytest.raises(DamagedError):
        store.read_part(old)


@pytest.mark.parametrize("mark", [b"", b"rekindle-parts", b"rekindle-parts and a scenario"])
def test_bytes_that_are_of_no_known_part_are_not_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mark: bytes
) -> None:
    """A parser may need any time and memory for bytes that are wrong."""

    def parsed(*_: Any, **__: Any) -> Any:
        raise AssertionError("they are parsed")

    monkeypatch.setattr(checksums, "parsed", parsed)
    path = tmp_path / "0123.parquet"
    path.write_bytes(b"PAR1" + mark + b"PAR1")
    with pytest.raises(DamagedError):
        store.read_part(path)


def test_a_part_of_the_first_version_is_refused_with_the_way_out(tmp_path: Path) -> None:
    """It had no mark, but an id and a scenario; a table with neither is no part."""
    (tmp_path / "parts").mkdir()
    part = tmp_path / "parts" / "0123.parquet"
    for columns in ({"id": ["a"], "scenario": ["x"]}, {"id": ["a"], "scenario": ["x"], "kept": [1.0]}):
        pq.write_table(pa.table(columns), part)
        with pytest.raises(StoreError, match=r"its parts have format 1, and this version reads 3\)"):
            store.finished(tmp_path)
    for columns in ({"scenario": ["x"], "kept": [1.0]}, {"kept": [1.0]}):
        pq.write_table(pa.table(columns), part)
        with pytest.raises(StoreError, match="is damaged, or not a part of a sweep"):
            store.finished(tmp_path)


@pytest.mark.parametrize("what", ["folder", "broken link"])
def test_what_is_no_file_is_set_aside(tmp_path: Path, what: str) -> None:
    store.add(tmp_path, [row("a")])
    strange = tmp_path / "parts" / "0123.parquet"
    if what == "folder":
        strange.mkdir()
    else:
        strange.symlink_to("nowhere")
    with pytest.raises(StoreError, match=f"0123.parquet is a {what}"):
        store.finished(tmp_path)
    assert store.prepare(tmp_path) == [strange.with_suffix(".damaged")]
    assert list(store.finished(tmp_path).index) == ["a"]


def test_a_file_that_may_not_be_read_is_not_called_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.add(tmp_path, [row("a")])

    def refuse(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    for ask in (store.prepare, store.finished):
        with pytest.raises(PermissionError):
            ask(tmp_path)
    assert [path.suffix for path in parts(tmp_path)] == [".parquet"]


def test_what_is_set_aside_replaces_nothing(tmp_path: Path) -> None:
    part, kept = tmp_path / "0123.parquet", []
    for number in range(3):
        part.write_text(f"{number}")
        kept.append(store.set_aside(part))
    assert [path and path.read_text() for path in kept] == ["0", "1", "2"]
    assert store.set_aside(part) is None


def test_a_damaged_part_does_not_keep_others_from_being_put_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_SMALL_PARTS", 2)
    for name in "abcd":
        store.add(tmp_path, [row(name)])
    first = parts(tmp_path)[0]
    first.write_bytes(b"PAR1")
    store.put_together(tmp_path)
    assert first in parts(tmp_path)
    assert len(parts(tmp_path)) == 2


def test_a_hundred_sweeps_begin_at_once_in_one_folder(tmp_path: Path) -> None:
    folder = tmp_path / "results" / "many"
    store.add(folder, [row("a")])
    store.add(folder, [row("b")])
    damaged = parts(folder)[0]
    damaged.write_bytes(damaged.read_bytes()[:-1])
    with ThreadPoolExecutor(32) as sweeps:
        asides = [path for found in sweeps.map(store.prepare, [folder] * 100) for path in found]
    assert asides == [damaged.with_suffix(".damaged")]
    assert len(store.finished(folder)) == 1
    assert sorted(path.name for path in folder.iterdir()) == ["parts"]
    assert len(parts(folder)) == 2
