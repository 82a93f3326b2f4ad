"""Run the tests marked `any_python` on the newest Python that is found here, other than the one that runs this.

Looked for are the Pythons of the classifiers in pyproject.toml: by name in the PATH, and among those of pyenv.
A version manager's stub may have the name and not start, so only one that answers is used.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

MARK = "any_python"
PROBE = "import ensurepip, sys; print('%d.%d' % sys.version_info[:2])"  # venv needs ensurepip
SOURCES = [Path("pyproject.toml"), Path("constraints.txt")]  # that say what is installed


def main() -> int:
    """Find a Python, make its virtual environment, and run the tests; returns the exit code."""
    wanted = [version for version in tested() if version != "{}.{}".format(*sys.version_info[:2])]
    python = next((path for version in wanted for path in candidates(version) if answer(path) == version), None)
    if python is None:
        print(f"test-newest: none of Python {', '.join(wanted)} was found here; nothing is tested.")
        return 0
    version = answer(python)
    print(f"test-newest: Python {version} ({python})", flush=True)
    began = time.perf_counter()
    inside = set_up(python, Path(f".venv-{version}"))
    print(f"test-newest: set up in {time.perf_counter() - began:.0f} s", flush=True)
    # Only the files with such tests, for others import what is not installed here.
    files = [str(file) for file in sorted(Path("tests").rglob("test_*.py")) if MARK in file.read_text("utf-8")]
    return subprocess.run([inside, "-m", "pytest", "-n", "2", "--dist", "worksteal", "-m", MARK, *files]).returncode


def tested() -> list[str]:
    """The versions of the classifiers, newest first."""
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
    versions = [line.rpartition(" :: ")[2] for line in project["classifiers"] if line.startswith("Programming")]
    return sorted(versions, key=numbers, reverse=True)


def numbers(version: str) -> list[int]:
    """A version to sort by."""
    return [int(part) for part in version.split(".")]


def candidates(version: str) -> Iterator[str]:
    """Programs that may be a Python of this version: from the PATH, then from pyenv, its newest first."""
    for folder in os.get_exec_path():
        path = shutil.which(f"python{version}", path=folder)
        if path:
            yield path
    if shutil.which("pyenv"):
        listed = [line for line in said("pyenv", "versions", "--bare").split() if line.replace(".", "").isdecimal()]
        for full in sorted(listed, key=numbers, reverse=True):
            if full.startswith(f"{version}."):
                yield f"{said('pyenv', 'prefix', full)}/bin/python"


def answer(python: str) -> str:
    """The version that a Python says it is; nothing if it does not start."""
    return said(python, "-c", PROBE)


def said(*command: str) -> str:
    """What a command prints; nothing if it fails."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def set_up(python: str, folder: Path) -> str:
    """A virtual environment with what these tests need; the Python in it."""
    inside, ready = folder / "bin" / "python", folder / ".ready"
    made = ready.stat().st_mtime if ready.exists() and answer(str(inside)) else 0.0
    if any(source.stat().st_mtime > made for source in SOURCES):
        subprocess.run([python, "-m", "venv", "--clear", folder], check=True)
        install = [inside, "-m", "pip", "install", "--quiet", "--no-compile", "--editable", ".[test]"]
        subprocess.run(install, check=True, env=os.environ | {"PIP_CONSTRAINT": "constraints.txt"})
        ready.touch()
    return str(inside)


if __name__ == "__main__":
    sys.exit(main())
