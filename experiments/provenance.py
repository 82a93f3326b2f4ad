"""Provenance of a table or figure: configuration, logs, command line, commit, machine and versions."""

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
    """One hash (16 hex digits) of the ids of all runs or files behind a result."""
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16]


def of_runs(experiment: Experiment, ids: Sequence[str]) -> dict[str, Any]:
    """The provenance of a table of runs, ready for JSON."""
    return {
        "run_hash": run_hash(ids),
        "config": private(experiment.model_dump(mode="json")),
        "factors": experiment.sweep.factors if experiment.sweep else [],
        "model": model_fingerprint(),
        **environment(),
    }


def of_logs(logs: Sequence[Path], resamples: int) -> dict[str, Any]:
    """The provenance of a figure of contact logs, ready for JSON."""
    contents = {path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in logs}
    identity = json.dumps([list(contents.values()), resamples])
    return {
        "run_hash": run_hash([identity]),
        "logs": contents,
        "resamples": resamples,
        **environment(),
    }


def environment() -> dict[str, Any]:
    """The commit, command line, machine and package versions behind a file."""
    return {
        "commit": commit(),
        "command": command_line(sys.argv[1:]),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {kind_of_machine()}",
        "processor": processor(),
        "versions": {name: version(name) for name in _PACKAGES},
    }


def commit() -> str | None:
    """The git commit of the code, with ``+changes`` if files differ from it; None without git or a checkout.

    A wheel may be installed inside another project's repository, whose commit is irrelevant.
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
    """The command that finishes a whole sweep, given its provenance: the recorded command without ``--shard``."""
    return re.sub(r" --shard[ =]\S+", "", str(origin["command"]))
