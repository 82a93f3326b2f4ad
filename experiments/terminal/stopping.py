"""Ctrl-C and SIGTERM end every command within two seconds, with a sentence that says how to go on.

The handler ends the process as soon as the main thread can run it. Work that has something to tidy up holds signals
back (`interrupts.held_back`) until a safe moment, at which the handler raises `Stopped`. Whatever comes of that, a
thread ends the process soon after the first signal: the kernel wakes it, also while the main thread waits for a lock or
runs compiled code. No file is left half done by this, since each is written under another name first.

This is the first module of the program that is loaded, so it loads little.
"""

from __future__ import annotations

import atexit
import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM)
PATIENCE = 1.2  # seconds from the first signal until the process is ended
SECONDS_TO_BEGIN = 0.3  # a worker process, at most
_CLEAN_LINE = b"\r\x1b[2K\x1b[?25h"  # where a bar of progress was: nothing, and the cursor again

beginning = threading.Lock()  # held while a worker process begins, so that none begins while all are ended


class Stopped(BaseException):
    """Ctrl-C, or SIGTERM from elsewhere: to keep what there is and end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number


class _State:
    """What is known of signals.

    Attributes:
        first: the first signal that came; 0 before.
        kept: sentences that say how to go on, the one that holds now last.
        saying: taken by the one who says it.
    """

    def __init__(self) -> None:
        self.first, self.kept, self.saying = 0, [""], threading.Lock()


_state = _State()


class _Watch:
    """Hears signals, and a thread that ends the process soon after the first, unless the watch is over."""

    def __init__(self) -> None:
        self._woken, self._wakes = os.pipe()
        os.set_blocking(self._wakes, False)
        self._over = threading.Event()
        threading.Thread(target=self._end_in_time, name="stopping", daemon=True).start()
        self._wakeup = signal.set_wakeup_fd(self._wakes, warn_on_full_buffer=False)
        self._handlers = {number: signal.signal(number, _stop) for number in SIGNALS}

    def _end_in_time(self) -> None:
        while not came():
            numbers = os.read(self._woken, 1)
            if not numbers:
                break
            if numbers[0] in SIGNALS:  # others may be handled in Python, too
                _state.first = _state.first or numbers[0]
        if came() and not self._over.wait(PATIENCE):
            _end_now()
        os.close(self._woken)

    def end(self) -> None:
        """Let signals do what they did before."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)
        self._over.set()
        os.close(self._wakes)


def listen() -> None:
    """From now on, let Ctrl-C and SIGTERM end this process; see `signals_stop`."""
    _Watch()


@contextmanager
def signals_stop() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the process, or raise `Stopped` at the moment until which they are held back.

    Outside the main thread, which alone hears signals, nothing is changed.
    """
    global _state
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _state = _State()
    watch = _Watch()
    try:
        yield
    finally:
        watch.end()


def came() -> bool:
    """Whether a signal has come that ends the command."""
    return _state.first != 0


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    """Handle a signal: now, or where it was held back and is handed on (without a frame), by `Stopped`."""
    _state.first = _state.first or number
    if frame is None:
        raise Stopped(_state.first)
    with suppress(Exception):  # it may be writing there
        sys.stdout.flush()
    _end_now()


def _end_now() -> NoReturn:
    """End this process and its workers, whatever goes wrong meanwhile."""
    try:
        with suppress(Exception):
            _kill_workers()
        if _state.saying.acquire(blocking=False):
            with suppress(OSError):
                _write(f"Stopped. {_state.kept[-1]}".strip())
    finally:
        os._exit(128 + _state.first)


def _kill_workers() -> None:
    beginning.acquire(timeout=SECONDS_TO_BEGIN)  # for good: no other is to begin
    processes = sys.modules.get("multiprocessing")
    for worker in processes.active_children() if processes else ():
        worker.kill()


def _write(sentence: str) -> None:
    """Write to standard error, past whatever the main thread may be writing there; not if nobody reads it."""
    _, ready, _ = select.select([], [2], [], 0)
    if ready:
        os.write(2, (_CLEAN_LINE if os.isatty(2) else b"") + f"{sentence}\n".encode(errors="backslashreplace"))


@contextmanager
def saying(kept: str) -> Iterator[None]:
    """Work of which ``kept`` is said where a signal ends it, or where `end` has something to say."""
    _state.kept.append(kept)
    try:
        yield
    except BaseException as problem:
        end(problem, kept)
    finally:
        _state.kept.pop()


def say_stopped(kept: str = "") -> int:
    """Say that the command was stopped, if that was not said yet; gives its exit code."""
    if _state.saying.acquire(blocking=False):
        print(f"Stopped. {kept}".strip(), file=sys.stderr)
    return 128 + _state.first


def leave(code: int) -> NoReturn:
    """End the process of a command with this code; at once where a signal has come, so that nothing holds it up.

    Python would stop listening to signals before it has taken everything apart, so that is left out.
    """
    if came():
        with suppress(Exception):
            sys.stdout.flush()
        _end_now()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:  # Python says so
        sys.exit(code)
    atexit._run_exitfuncs()
    os._exit(code)


def end(problem: BaseException, kept: str) -> NoReturn:
    """End with a sentence where work was stopped, a process died or the disk refused; raise all else again.

    Args:
        problem: what was raised amid the work.
        kept: what is kept and how to go on.

    Raises:
        typer.Exit: 128 + the signal's number after a signal, 1 where a process or a cluster's workers died, 2 where
            the disk refused.
    """
    from concurrent.futures.process import BrokenProcessPool

    from typer import Exit

    if isinstance(problem, Stopped):
        _state.first = _state.first or problem.code - 128
    if came():  # whatever else was raised may have come of the signal
        raise Exit(say_stopped(kept)) from None
    if isinstance(problem, BrokenProcessPool):
        print(f"{problem or 'A worker process died.'} {kept} Try --processes 1.", file=sys.stderr)
        raise Exit(1) from None
    if type(problem).__name__ == "KilledWorker":  # Dask's, which is not always there to be asked
        print(f"Too many workers of the cluster died of one run: {problem} {kept}", file=sys.stderr)
        raise Exit(1) from None
    if isinstance(problem, OSError) and not isinstance(problem, ConnectionError):
        print(f"{disk_refused(problem)} {kept}", file=sys.stderr)
        raise Exit(2) from None
    raise problem


def disk_refused(problem: OSError) -> str:
    """What the disk did not do, in a sentence."""
    said = problem.strerror if problem.strerror and problem.filename is None else problem
    return f"The disk refused: {said}."
