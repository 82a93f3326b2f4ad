"""A sweep whose disk becomes full names the file, and goes on to the same table once there is room."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from experiments.sweeps import store
from tests.conftest import ROOT

PAGE = 4_096  # bytes, the least that a file takes there
WIDE = 2**26
# A sweep in one process: another one for its runs would only take its time to start.
_SWEEP = """
from concurrent.futures import ThreadPoolExecutor
from experiments import cli
from experiments.sweeps import runner
runner.worker_processes = ThreadPoolExecutor
cli.main()
"""
_MOUNT = 'mount -t tmpfs -o size="$1" tmpfs "$2" && echo ready && cat'


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[int, Sequence[str]], subprocess.CompletedProcess[str]]]:
    """A disk of its own in the folder `disk`; gives what runs a command there once it has this many bytes.

    It lives in a namespace, so it takes no rights and goes when the test ends.
    """
    (tmp_path / "disk").mkdir()
    holder = subprocess.Popen(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", _MOUNT, "sh", str(WIDE), tmp_path / "disk"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdin is not None
    assert holder.stdout is not None
    assert holder.stderr is not None
    with holder:
        if holder.stdout.readline() != "ready\n":
            pytest.skip(f"nothing can be mounted here: {holder.stderr.read().strip()}")

        def call(size: int, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
            enter = ["nsenter", "--preserve-credentials", "--user", "--mount", "--target", str(holder.pid)]
            sized = 'cd "$1" && mount -o remount,size="$2" disk && shift 2 && exec "$@"'
            return subprocess.run(
                [*enter, "sh", "-c", sized, "sh", tmp_path, str(size), *command],
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                capture_output=True, text=True, timeout=300,
            )  # fmt: skip

        yield call
        holder.stdin.close()


def test_a_sweep_goes_on_once_its_disk_has_room(
    config: Path, rekindle: Callable[..., Any], disk: Callable[..., Any], in_threads: None
) -> None:
    assert rekindle("sweep", config, "--results", "roomy").code == 0
    roomy = store.read_table(Path("roomy/tiny/runs.parquet"))[0]
    design = Path("roomy/tiny/design.parquet").stat().st_size // PAGE * PAGE + PAGE
    sweep = [sys.executable, "-c", _SWEEP, "sweep", "tiny.toml", "--results", "disk"]

    def refused(size: int, name: str) -> None:
        ended = disk(size, sweep)
        assert ended.returncode == 2, ended
        assert f"A file could not be read or written: No space left on device, writing disk/tiny/{name}" in ended.stderr
        assert "Traceback" not in ended.stderr
        kept = "Finished runs are saved in disk/tiny; the same command continues from there."
        assert (kept in ended.stderr) == name.startswith("parts")

    def went_on(size: int) -> None:
        ended = disk(size, sweep)
        assert ended.returncode == 0, ended
        assert disk(size, ["cp", "disk/tiny/runs.parquet", "copy.parquet"]).returncode == 0
        copy = store.read_table(Path("copy.parquet"))[0]
        assert copy.to_csv() == roomy.to_csv()
        assert copy.equals(roomy)

    refused(PAGE, "design.parquet")
    refused(design + PAGE, "parts/")
    went_on(WIDE)
    assert disk(WIDE, ["rm", "disk/tiny/runs.parquet"]).returncode == 0
    used = 1_024 * int(disk(WIDE, ["du", "-sk", "disk"]).stdout.split()[0])
    refused(used + design + PAGE, "runs.parquet")
    went_on(WIDE)
