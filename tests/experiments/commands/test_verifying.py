"""What must be true of `rekindle verify`: it reads every byte, finds all damage, and names what makes it again."""

from __future__ import annotations

import errno
import shlex
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from experiments import cli
from experiments.sweeps import integrity, store
from sim.runtime import storage
from tests.experiments.conftest import KEEP, RESULTS, Rekindle


@pytest.fixture
def swept(config: Path, rekindle: Rekindle, in_threads: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a finished sweep that kept all it can."""
    monkeypatch.setattr("sys.argv", ["rekindle", "sweep", str(config), *KEEP])
    assert rekindle("sweep", config, *KEEP).code == 0
    return RESULTS


def flip(path: Path, at: int) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])


def test_all_is_well(swept: Path, rekindle: Rekindle) -> None:
    before = {path: path.read_bytes() for path in swept.rglob("*") if path.is_file()}
    for asked in ((), ("tiny",), ("results/tiny",), ("results",), ("tiny", "--results", "results")):
        ended = rekindle("verify", *asked)
        assert ended.code == 0
        assert f"{len(before)} files checked: nothing is damaged." in ended.out
        assert ended.err.count(f"files of tiny: {len(before)} of {len(before)}") == len(ended.err.splitlines()) == 1
    assert {path: path.read_bytes() for path in swept.rglob("*") if path.is_file()} == before


def test_one_flipped_bit_anywhere_is_found(swept: Path, rekindle: Rekindle) -> None:
    shutil.copytree(swept, swept.parent / "whole")
    (swept / "tables").mkdir()
    shutil.copy(swept / store.TABLE, swept / "tables" / "tiny.parquet")
    storage.save_records({}, swept / "checkpoints" / "0123")
    kinds = ("parts", "series", "events", "tables", "checkpoints")
    files = [swept / store.DESIGN, swept / store.TABLE, *(sorted((swept / kind).iterdir())[0] for kind in kinds)]
    for path in files:
        for where in (0.0, 0.5, 0.999):
            content = path.read_bytes()
            flip(path, int(where * len(content)))
            ended = rekindle("verify")
            assert ended.code == 1
            assert f"{path} is damaged" in ended.out
            assert "1 damaged" in ended.out
            assert "1 damaged" not in rekindle("verify", "whole").out
            path.write_bytes(content)
    assert rekindle("verify").code == 0


def test_the_command_that_it_names_makes_all_of_it_again(swept: Path, rekindle: Rekindle) -> None:
    for name in ("design.parquet", "parts", "events"):
        path = swept / name
        flip(path if path.is_file() else sorted(path.iterdir())[0], 300)
    ended = rekindle("verify", "tiny")
    assert ended.code == 1
    (command,) = (line.strip() for line in ended.out.splitlines() if line.startswith("    rekindle sweep"))
    assert rekindle(*shlex.split(command)[1:]).code == 0
    again = rekindle("verify", "tiny")
    assert again.code == 0
    assert "3" in next(line for line in again.out.splitlines() if line.startswith(" renamed earlier"))
    assert "never read; you can delete them" in again.out


def test_its_table_is_readable_at_80_columns(swept: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("experiments.terminal.console.WIDTH_OF_A_FILE", 80)
    flip(sorted((swept / "parts").iterdir())[0], 300)
    said = rekindle("verify").out
    assert "…" not in said
    table = [line for line in said.splitlines() if line.startswith(" ") and not line.startswith("    ")]
    assert len(table) >= 6
    assert all(len(line) <= 80 for line in table)


def test_what_kills_left_and_what_has_no_checksum_is_no_damage(swept: Path, rekindle: Rekindle) -> None:
    (swept / "parts" / ".0123-a.parquet.half").write_bytes(b"PAR1")
    (swept / "figure [bold]x.png").write_bytes(b"a picture")
    ended = rekindle("verify")
    assert ended.code == 0
    assert "incomplete" in ended.out
    assert "readable, no checksum" in ended.out


def test_a_file_that_the_disk_cannot_read_is_damaged(
    swept: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    ended = rekindle("verify")
    assert ended.code == 1
    assert "cannot be read (Input/output error)" in ended.out


def test_tables_of_an_earlier_version_are_said_to_have_fewer_checksums(swept: Path, rekindle: Rekindle) -> None:
    table = pq.read_table(swept / store.TABLE)
    metadata = {key: value for key, value in table.schema.metadata.items() if not key.startswith(b"rekindle-")}
    pq.write_table(table.replace_schema_metadata(metadata), swept / store.TABLE)
    ended = rekindle("verify")
    assert ended.code == 0
    assert "ok (checksums for pages only)" in ended.out


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ([], "There are no results of a sweep in results."),
        (["tinny"], "There are no results named tinny; known: none in results."),
        (["tiny", "--worlds"], "--worlds checks the cached worlds, and tiny names results"),
    ],
)
def test_what_is_not_there(config: Path, rekindle: Rekindle, asked: list[str], said: str) -> None:
    ended = rekindle("verify", *asked)
    assert ended.code == 2
    assert said in ended.err


def test_kept_worlds(config: Path, rekindle: Rekindle, in_threads: None) -> None:
    assert "0 worlds" in rekindle("verify", "--worlds").out
    assert rekindle("world", "build", config, "--set", "world.burn_in_years=0.1", "--replicates", "2").code == 0
    ended = rekindle("verify", "--worlds")
    assert ended.code == 0
    assert "2 worlds in" in ended.out
    assert "nothing is damaged" in ended.out
    key = storage.kept_worlds()[0].key
    ties = storage.worlds_folder() / key / "ties.npy"
    flip(ties, ties.stat().st_size // 2)
    ended = rekindle("verify", "--worlds")
    assert ended.code == 1
    assert f"{storage.worlds_folder() / key} is damaged" in ended.out
    assert "The next run that needs a damaged world builds it again" in ended.out


def test_files_that_go_meanwhile_are_left_out(swept: Path) -> None:
    files = integrity.files_of(swept)
    part = sorted((swept / "parts").iterdir())[0]
    part.unlink()
    assert len(list(integrity.checked(swept, files))) == len(files) - 1


def test_its_help_has_an_example(rekindle: Rekindle) -> None:
    assert cli.COMMANDS["verify"].example in rekindle("verify", "--help").out
