"""The source distribution has every file of the repository, so that the tests can run from it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT

MADE = r"PKG-INFO|setup\.cfg|rekindle\.egg-info/.*"  # by setuptools


@pytest.fixture(scope="module")
def tracked() -> set[str]:
    """The files of the repository, with those that are about to be committed."""
    if not (ROOT / ".git").exists():
        pytest.skip("only a git checkout says which files there are")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {name for name in listed.split("\0") if name and (ROOT / name).is_file()}


def test_the_source_distribution_has_every_file_of_the_repository_and_no_other(
    tracked: set[str], tmp_path: Path
) -> None:
    for name in (*tracked, "sim/__pycache__/old.pyc", "results/mine/runs.parquet"):
        path = tmp_path / "sources" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name in tracked:
            shutil.copy2(ROOT / name, path)
        else:
            path.write_text("not for others")
    build = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"
    made = subprocess.run(
        [sys.executable, "-c", build, tmp_path], cwd=tmp_path / "sources", capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr
    (path,) = tmp_path.glob("rekindle-*.tar.gz")
    with tarfile.open(path) as archive:
        names = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}
    assert {name for name in names if not re.fullmatch(MADE, name)} == tracked


def test_the_container_has_a_python_and_extras_that_there_are() -> None:
    recipe = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pythons = set(re.findall(r"^FROM python:([\d.]+)", recipe, re.MULTILINE))
    assert pythons
    assert all(f"Programming Language :: Python :: {python}" in project["classifiers"] for python in pythons)
    (extras,) = re.findall(r"\.whl\)\[([\w,]+)\]", recipe)
    assert set(extras.split(",")) <= project["optional-dependencies"].keys()


def test_the_container_gets_the_files_that_the_wheel_is_made_of() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"}
    assert let_in == {"LICENSE", "README.md", "configs", "constraints.txt", "experiments", "pyproject.toml", "sim"}
    assert all((ROOT / name).exists() for name in let_in)
