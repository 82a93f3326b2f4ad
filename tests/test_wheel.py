"""The wheel has every file of the program, and commands work from it where there is no checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from numba import config
from numba.core.caching import _CacheLocator

from tests.conftest import ROOT

pytestmark = pytest.mark.any_python

PACKAGES = {
    "sim": "sim",
    "experiments": "experiments",
    "configs": "experiments/configs",
}  # folder: where a wheel has it
OTHERS = ("pyproject.toml", "README.md", "LICENSE")


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an unpacked wheel, which was built from a copy of the sources and without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    sources = folder / "sources"
    for name in PACKAGES:
        shutil.copytree(ROOT / name, sources / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in OTHERS:
        shutil.copy2(ROOT / name, sources / name)
    build = [sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "--no-index", "--quiet"]
    built = subprocess.run([*build, "--wheel-dir", folder, sources], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = folder.glob("rekindle-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


def with_compiled_code(unpacked: Path, folder: Path) -> Path:
    """A folder in which Numba finds the compiled code of the checkout under the names of the wheel's packages.

    The files are the same, so compiling them again would take a minute and prove nothing.
    """
    before = Path(os.environ.get("NUMBA_CACHE_DIR") or config.CACHE_DIR)
    for path in files_in(unpacked / "sim"):
        source = ROOT / path.relative_to(unpacked)
        os.utime(path, ns=(source.stat().st_atime_ns, source.stat().st_mtime_ns))
        mine, theirs = (_CacheLocator.get_suitable_cache_subpath(str(one)) for one in (source, path))
        if (before / mine).is_dir() and not (folder / theirs).exists():
            (folder / theirs).symlink_to(before / mine)
    return folder


def test_the_wheel_has_every_file_of_the_program_and_no_other(unpacked: Path) -> None:
    ours = {
        Path(place) / path.relative_to(ROOT / name)
        for name, place in PACKAGES.items()
        for path in files_in(ROOT / name)
    }
    assert len(ours) > 150
    theirs = {path.relative_to(unpacked) for path in files_in(unpacked)}
    assert {path for path in theirs if not path.parts[0].endswith(".dist-info")} == ours


def test_commands_work_from_the_wheel_alone(unpacked: Path, tmp_path: Path) -> None:
    compiled = tmp_path / "compiled"
    compiled.mkdir()
    env = {**os.environ, "PYTHONPATH": str(unpacked), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    env["NUMBA_CACHE_DIR"] = str(with_compiled_code(unpacked, compiled))

    def rekindle(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "experiments.cli", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)

    listed = rekindle("configs")
    assert listed.returncode == 0, listed.stderr
    assert [path.stem for path in (ROOT / "configs").glob("*.toml") if path.stem not in listed.stdout] == []
    small = (
        "world.people=30",
        "world.burn_in_years=0",
        "run.adopters=3",
        "run.strategy_days=5",
        "run.follow_up_days=0",
    )
    ran = rekindle("run", "one_run", *(part for setting in small for part in ("--set", setting)))
    assert ran.returncode == 0, ran.stderr
    assert f"using the bundled experiment {unpacked}" in " ".join(ran.stderr.split())
    assert "reconnected" in ran.stdout
