"""Run a command of the user's when a long one ends, so that nobody has to look."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from experiments.terminal import stopping

SECONDS = 60  # longest time that the command may take


@contextmanager
def notifying(command: str | None, variables: Callable[[], Mapping[str, object]]) -> Iterator[None]:
    """Run a shell command once the work has ended, whether it succeeded or not; after Ctrl-C or SIGTERM it isn't run.

    What it prints goes to standard error. If it fails, that is only a warning.

    Args:
        command: what to run; None for nothing.
        variables: returns environment variables of the command, asked when the work has ended.
    """
    try:
        yield
    finally:
        if command is not None and not stopping.came():
            _run(command, variables())


def _run(command: str, variables: Mapping[str, object]) -> None:
    environment = os.environ | {name: str(value) for name, value in variables.items()}
    try:
        sys.stderr.flush()
        code = subprocess.run(command, shell=True, env=environment, stdout=2, timeout=SECONDS, check=False).returncode
        problem = f"ended with exit code {code}" if code else ""
    except subprocess.TimeoutExpired:
        problem = f"took longer than {SECONDS} seconds"
    except (OSError, ValueError) as error:
        problem = f"could not be run ({error})"
    if problem:
        print(f"Warning: the command of --notify {problem}.", file=sys.stderr)
