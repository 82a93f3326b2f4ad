"""Where a table or a figure comes from: configuration, logs, command line, commit, machine and versions."""

from __future__ import annotations

import hashlib
import json
import platform
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.terminal.names import command_line, private
from sim.runtime.fingerprint import model_fingerprint
from sim.runtime.installation import checkout
from sim.runtime.machine import kind_of_machine, processor

if TYPE_CHECKING:
    from experiments.config.settings import Experiment

_PACKAGES = ("numpy", "numba", "mesa", "pandas", "pyarrow", "pydantic")


def run_hash(parts: Iterable[str]) -> str:
    """One hash, 16 hex digits, for the runs or files that something was made of."""
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16]


def of_runs(experiment: Experiment, ids: Sequence[str]) -> dict[str, Any]:
    """Where a table comes from, ready for JSON."""
    return {
        "run_hash": run_hash(ids),
        "config": private(experiment.model_dump(mode="json")),
        "factors": experiment.sweep.factors if experiment.sweep else [],
        "model": model_fingerprint(),
        **environment(),
    }


def of_logs(logs: Sequence[Path], resamples: int) -> dict[str, Any]:
    """Where a figure of contact logs comes from, ready for JSON."""
    contents = {path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in logs}
    asked = json.dumps([list(contents.values()), resamples])
    return {
        "run_hash": run_hash([asked]),
        "logs": contents,
        "resamples": resamples,
        **environment(),
    }


def environment() -> dict[str, Any]:
    """With what a file was made: the commit, the command line, the machine and the versions."""
    return {
        "commit": commit(),
        "command": command_line(sys.argv[1:]),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {kind_of_machine()}",
        "processor": processor(),
        "versions": {name: version(name) for name in _PACKAGES},
    }


def commit() -> str | None:
    """The git commit of the code, ``+changes`` if files differ from it; None where there is no git.

    A wheel may be installed within another project, whose commit says nothing about this program.
    """
    here = checkout()
    if here is None:
        return None

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=here, capture_output=True, text=True, check=True, timeout=10
        ).stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("+changes" if git("status", "--porcelain") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def whole_sweep(origin: dict[str, Any]) -> str:
    """The command that finishes the sweep from which something comes; that of a shard finishes its part alone."""
    return re.sub(r" --shard[ =]\S+", "", str(origin["command"]))
