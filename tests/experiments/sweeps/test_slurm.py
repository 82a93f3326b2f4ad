"""The script for Slurm in the documentation, run by an `sbatch` that does what Slurm's does with an array."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd

from experiments.sweeps import store
from tests.conftest import ROOT
from tests.experiments.conftest import RUNS, Rekindle

PAGE = (ROOT / "docs" / "long_sweeps.md").read_text("utf-8")
SBATCH = """#!{python}
import os, re, subprocess, sys
*options, script = sys.argv[1:]
settings = dict(re.findall(r"^#SBATCH --([a-z-]+)=(\\S+)$", open(script).read(), re.MULTILINE))
settings |= dict(option.removeprefix("--").split("=") for option in options)  # which come first, as with Slurm's
first, last = map(int, settings["array"].split("-"))
for task in range(first, last + 1):
    variables = {{"SLURM_ARRAY_TASK_ID": task, "SLURM_ARRAY_TASK_COUNT": last - first + 1,
                  "SLURM_CPUS_PER_TASK": settings["cpus-per-task"]}}
    environment = os.environ | {{name: str(value) for name, value in variables.items()}}
    subprocess.run(["bash", "-e", script], env=environment, check=True)
"""


def executable(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def test_the_array_job_of_the_documentation_makes_the_whole_table(
    config: Path, rekindle: Rekindle, in_threads: None
) -> None:
    blocks = re.findall(r"^```bash\n(#!/bin/bash\n.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (script,) = blocks
    Path("sweep.slurm").write_text(script)
    config.rename("my.toml")
    programs = Path("programs").absolute()
    programs.mkdir()
    executable(programs / "sbatch", SBATCH.format(python=sys.executable))
    executable(programs / "rekindle", f'#!/bin/sh\nexec "{sys.executable}" -m experiments.cli "$@"\n')
    environment = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    job = ["sbatch", "--array=1-2", "--cpus-per-task=1", "sweep.slurm"]
    ended = subprocess.run(job, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert "shard 1 of 2: 6 runs; 0 already done." in ended.stdout
    assert "shard 2 of 2: 3 runs; 0 already done." in ended.stdout
    assert rekindle("sweep", "my.toml", "--results", "through").code == 0
    tables = [store.read_table(folder / "my" / RUNS.name)[0] for folder in (Path("results"), Path("through"))]
    pd.testing.assert_frame_equal(*tables, check_exact=True)


def test_the_job_leaves_time_to_end() -> None:
    hours, minutes = re.findall(r"#SBATCH --time=(\d+):(\d+):00", PAGE)[0]
    (most,) = re.findall(r"--max-time (\d+)m", PAGE)
    assert int(most) < 60 * int(hours) + int(minutes)
