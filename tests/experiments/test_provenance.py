"""What is recorded of where a result comes from."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from experiments import provenance

DIGITS = 16


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
    return subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_the_commit_is_that_of_the_checkout_and_says_whether_files_differ_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provenance, "checkout", lambda: tmp_path)
    assert provenance.commit() is None, "not a repository"
    git(tmp_path, "init", "--quiet")
    assert provenance.commit() is None, "no commit yet"
    (tmp_path / "a.txt").write_text("one")
    git(tmp_path, "add", "a.txt")
    git(tmp_path, "commit", "--quiet", "--message", "One")
    here = git(tmp_path, "rev-parse", "HEAD")
    assert provenance.commit() == here
    (tmp_path / "a.txt").write_text("two")
    assert provenance.commit() == f"{here}+changes"
    monkeypatch.setattr(provenance, "checkout", lambda: None)
    assert provenance.commit() is None, "not a checkout, such as a wheel in somebody else's repository"


def test_git_says_nothing_on_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(provenance, "checkout", lambda: tmp_path)
    provenance.commit()
    assert capfd.readouterr() == ("", "")


def test_a_hash_is_of_all_ids_in_their_order() -> None:
    hashes = {provenance.run_hash(ids) for ids in (["a", "b"], ["b", "a"], ["a"], ["ab"])}
    assert len(hashes) == 4
    assert provenance.run_hash(["a", "b"]) == hashlib.sha256(b"a b").hexdigest()[:DIGITS]


def test_logs_are_known_by_their_bytes_and_not_by_their_names(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.csv", "b.csv")]
    for path in paths:
        path.write_bytes(b"source,target,time\n")
    first, second = (provenance.of_logs([path], 100) for path in paths)
    assert first["logs"] == {"a.csv": hashlib.sha256(b"source,target,time\n").hexdigest()[:DIGITS]}
    assert first["run_hash"] == second["run_hash"]
    assert provenance.of_logs(paths[:1], 200)["run_hash"] != first["run_hash"]
    paths[1].write_bytes(b"source,target,time\n1,2,3\n")
    assert provenance.of_logs(paths[1:], 100)["run_hash"] != first["run_hash"]


@pytest.mark.parametrize("shard", ["", " --shard 2/4", " --shard=2/4"])
def test_the_command_of_a_whole_sweep_is_that_of_a_shard_without_the_shard(shard: str) -> None:
    origin = {"command": f"rekindle sweep a.toml{shard} --set world.people=40"}
    assert provenance.whole_sweep(origin) == "rekindle sweep a.toml --set world.people=40"
