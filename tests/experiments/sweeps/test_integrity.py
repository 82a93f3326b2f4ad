"""The files of a results folder: which there are, and what each is taken for."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from experiments.sweeps import histories, integrity, store
from experiments.sweeps.integrity import Checked, FileState
from experiments.sweeps.store import StoreError
from sim.runtime.storage import save_records


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("design.parquet", "design"),
        ("runs.parquet", "table of runs"),
        ("elsewhere/runs.parquet", "other files"),
        ("tables/one_like.parquet", "tables of runs"),
        ("tables/notes.txt", "other files"),
        ("parts/0123.parquet", "runs (parts)"),
        ("parts/notes.txt", "other files"),
        ("series/0123.parquet", "series (parts)"),
        ("events/0123.parquet", "events (parts)"),
        ("events/notes.txt", "other files"),
        ("checkpoints/0123/people.npy", "checkpoints"),
        ("parts/0123.damaged", "renamed earlier"),
        ("design.damaged", "renamed earlier"),
        ("parts/.0123-a.parquet.half", "incomplete"),
        ("0123.new", "incomplete"),
        ("copy.parquet", "other files"),
        ("figures/one_like.png", "other files"),
    ],
)
def test_a_file_is_what_its_place_says(path: str, kind: str) -> None:
    assert integrity._kind_of(Path(path))[0] == kind


def states(folder: Path) -> dict[str, tuple[int, FileState]]:
    found = integrity.checked(folder, integrity.files_of(folder))
    return {str(one.path.relative_to(folder)): (one.size, one.state) for one in found}


def test_each_file_is_checked_as_what_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"id": "a", "error": None, "traceback": None, "reconnected": 1.5}
    store.add(tmp_path, [row])
    store.write_table(tmp_path, store.frame_of([row]), {})
    whole = {path.name for path in integrity.files_of(tmp_path)}
    save_records({}, tmp_path / "checkpoints" / "0123")
    with monkeypatch.context() as later:
        later.setattr(store, "SCHEMA", b"9")
        store.add(tmp_path, [{**row, "id": "b"}])
    (foreign,) = {path.name for path in (tmp_path / "parts").iterdir()} - whole
    (tmp_path / "notes.txt").write_text("notes")
    (tmp_path / "parts" / "0123.damaged").write_bytes(b"?")
    (tmp_path / "link.txt").symlink_to("nowhere")
    pq.write_table(pa.table({"id": ["a"]}), tmp_path / "events.parquet")
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "0123.parquet").write_bytes(b"PAR1")
    found = states(tmp_path)
    assert {name: state for name, (_, state) in found.items()} == {
        **{name if name == store.TABLE else f"parts/{name}": FileState.WHOLE for name in whole},
        "checkpoints/0123": FileState.WHOLE,
        f"parts/{foreign}": FileState.FOREIGN,
        "notes.txt": FileState.UNCHECKED,
        "events.parquet": FileState.UNCHECKED,
        "parts/0123.damaged": FileState.SET_ASIDE,
        "link.txt": FileState.DAMAGED,
        "events/0123.parquet": FileState.DAMAGED,
    }
    assert all(size == (tmp_path / name).lstat().st_size for name, (size, _) in found.items())


def test_what_is_wrong_is_said_of_the_file(tmp_path: Path) -> None:
    broken = tmp_path / "runs.parquet"
    broken.write_bytes(b"PAR1")
    (found,) = integrity.checked(tmp_path, [broken])
    assert found._replace(why="") == Checked(broken, "table of runs", 4, FileState.DAMAGED)
    assert found.why.startswith(f"{broken} is damaged (")
    link = tmp_path / "link.txt"
    link.symlink_to("nowhere")
    (found,) = integrity.checked(tmp_path, [link])
    assert found.why == f"{link} is a broken link"


@pytest.mark.parametrize("marker", [store.DESIGN, store.TABLE, store.PARTS, *histories.COLUMNS])
def test_a_folder_with_any_of_its_files_is_one_of_results(tmp_path: Path, marker: str) -> None:
    folder = tmp_path / "results" / "tiny"
    (folder / marker).mkdir(parents=True)
    (tmp_path / "results" / "figures").mkdir()
    (tmp_path / "results" / "notes.txt").write_text("notes")
    for name in ("tiny", str(folder), str(tmp_path / "results"), ""):
        assert integrity.results_folders(name, tmp_path / "results") == [folder]
    with pytest.raises(StoreError, match="There are no results named tinny; known: tiny"):
        integrity.results_folders("tinny", tmp_path / "results")
