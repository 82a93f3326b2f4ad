"""Ctrl-C and SIGTERM: what is done is kept, and a sentence says how to go on."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

import typer

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(BaseException):
    """Ctrl-C, or SIGTERM from elsewhere: to keep what there is and end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number


@contextmanager
def signals_stop() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM raise `Stopped`, once: what is done about it is left alone."""

    def stop(number: int, _: FrameType | None) -> NoReturn:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise Stopped(number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, stop) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def stop_behind(error: BaseException | None) -> Stopped | None:
    """The stop in an error or behind it: compiled code makes a SystemError of what is raised amid it."""
    while error is not None and not isinstance(error, Stopped):
        error = error.__cause__ or error.__context__
    return error


def end(problem: BaseException, kept: str) -> NoReturn:
    """End with a sentence where work was stopped, a process died or the disk refused; raise all else again.

    Args:
        problem: what was raised amid the work.
        kept: what is kept and how to go on.

    Raises:
        typer.Exit: 128 + the signal's number after `Stopped`, 1 where a process or a cluster's workers died, 2 where
            the disk refused.
    """
    if isinstance(problem, Stopped):
        print(f"Stopped. {kept}", file=sys.stderr)
        raise typer.Exit(problem.code) from None
    if isinstance(problem, BrokenProcessPool):
        print(f"A worker process died, perhaps for want of memory. {kept} Try --processes 1.", file=sys.stderr)
        raise typer.Exit(1) from None
    if type(problem).__name__ == "KilledWorker":  # Dask's, which is not always there to be asked
        print(f"Too many workers of the cluster died of one run: {problem} {kept}", file=sys.stderr)
        raise typer.Exit(1) from None
    if isinstance(problem, OSError) and not isinstance(problem, ConnectionError):
        print(f"{disk_refused(problem)} {kept}", file=sys.stderr)
        raise typer.Exit(2) from None
    raise problem


def disk_refused(problem: OSError) -> str:
    """What the disk did not do, in a sentence."""
    said = problem.strerror if problem.strerror and problem.filename is None else problem
    return f"The disk refused: {said}."
