"""Ctrl-C and SIGTERM end every command within two seconds, with a sentence that says how to continue.

The handler ends the process as soon as the main thread can run it. Work that needs a cleanup defers signals
(`interrupts.held_back`) until a safe point, where the handler raises `Stopped`. In any case, a watchdog thread ends the
process soon after the first signal. The kernel wakes this thread even while the main thread waits for a lock or runs
compiled code. No file is left incomplete, because each is written under a temporary name first.

This module is imported before any other, so it imports little.
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
SECONDS_TO_BEGIN = 0.3  # longest wait for a worker process that is starting
_CLEAN_LINE = b"\r\x1b[2K\x1b[?25h"  # clears a progress bar and shows the cursor again

beginning = threading.Lock()  # locked while a worker process starts, so that none starts while all are being killed


class Stopped(BaseException):
    """Raised at a safe point after Ctrl-C or SIGTERM: save what is finished, and end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number


class _State:
    """The state of signal handling.

    Attributes:
        first: number of the first signal; 0 before it.
        kept: stack of sentences that say how to continue; the last one is current.
        saying: lock taken by the thread that prints the sentence, so that it is printed once.
    """

    def __init__(self) -> None:
        self.first, self.kept, self.saying = 0, [""], threading.Lock()


_state = _State()


class _Watch:
    """Signal handlers, and a thread that ends the process soon after the first signal unless the watch has ended."""

    def __init__(self) -> None:
        self._woken, self._wakes = os.pipe()
        os.set_blocking(self._wakes, False)
        self._over = threading.Event()
        # The thread may still run when the next watch begins, so it gets the state that belongs to this one.
        threading.Thread(target=self._end_in_time, args=(_state,), name="stopping", daemon=True).start()
        self._wakeup = signal.set_wakeup_fd(self._wakes, warn_on_full_buffer=False)
        self._handlers = {number: signal.signal(number, _stop) for number in SIGNALS}

    def _end_in_time(self, state: _State) -> None:
        while not state.first:
            numbers = os.read(self._woken, 1)
            if not numbers:
                break
            if numbers[0] in SIGNALS:  # Python may also handle other signals
                state.first = state.first or numbers[0]
        if state.first and not self._over.wait(PATIENCE):
            _end_now()
        os.close(self._woken)

    def end(self) -> None:
        """Restore the previous signal handlers."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)
        self._over.set()
        os.close(self._wakes)


def listen() -> None:
    """Let Ctrl-C and SIGTERM end this process from now on; see `signals_stop`."""
    _Watch()


@contextmanager
def signals_stop() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the process, or raise `Stopped` at the end of a deferral.

    This has no effect outside the main thread, because only the main thread receives signals.
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
    """Whether a signal that ends the command has arrived."""
    return _state.first != 0


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    """Handle a signal: end the process, or raise `Stopped` if it was deferred (and comes without a frame)."""
    _state.first = _state.first or number
    if frame is None:
        raise Stopped(_state.first)
    with suppress(Exception):  # the interrupted code may be writing to it
        sys.stdout.flush()
    _end_now()


def _end_now() -> NoReturn:
    """End this process and its workers, even if something fails on the way."""
    try:
        with suppress(Exception):
            _kill_workers()
        if _state.saying.acquire(blocking=False):
            with suppress(OSError):
                _write(f"Stopped. {_state.kept[-1]}".strip())
    finally:
        os._exit(128 + _state.first)


def _kill_workers() -> None:
    beginning.acquire(timeout=SECONDS_TO_BEGIN)  # never released, so that no other worker starts
    processes = sys.modules.get("multiprocessing")
    for worker in processes.active_children() if processes else ():
        worker.kill()


def _write(sentence: str) -> None:
    """Write to the standard error descriptor directly, unless that would block because nobody reads it."""
    _, ready, _ = select.select([], [2], [], 0)
    if ready:
        os.write(2, (_CLEAN_LINE if os.isatty(2) else b"") + f"{sentence}\n".encode(errors="backslashreplace"))


@contextmanager
def saying(kept: str) -> Iterator[None]:
    """Run work for which ``kept`` is printed if a signal or an error that `end` handles stops it."""
    _state.kept.append(kept)
    try:
        yield
    except BaseException as problem:
        end(problem, kept)
    finally:
        _state.kept.pop()


def say_stopped(kept: str = "") -> int:
    """Print that the command was stopped, unless that was printed before; returns the exit code."""
    if _state.saying.acquire(blocking=False):
        print(f"Stopped. {kept}".strip(), file=sys.stderr)
    return 128 + _state.first


def leave(code: int) -> NoReturn:
    """End the process with this exit code, at once if a signal has arrived.

    This skips the interpreter's shutdown, during which Python no longer handles signals.
    """
    if came():
        with suppress(Exception):
            sys.stdout.flush()
        _end_now()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:  # Python reports it
        sys.exit(code)
    atexit._run_exitfuncs()
    os._exit(code)


def end(problem: BaseException, kept: str) -> NoReturn:
    """End with a sentence if work was stopped, a process died or the disk failed; re-raise any other exception.

    Args:
        problem: the exception that ended the work.
        kept: a sentence about what is saved and how to continue.

    Raises:
        typer.Exit: with 128 + the signal's number after a signal, 1 if a process or a cluster's workers died, and 2
            if the disk failed.
    """
    from concurrent.futures.process import BrokenProcessPool

    from typer import Exit

    if isinstance(problem, Stopped):
        _state.first = _state.first or problem.code - 128
    if came():  # any other exception may be a consequence of the signal
        raise Exit(say_stopped(kept)) from None
    if isinstance(problem, BrokenProcessPool):
        print(f"{problem or 'A worker process died.'} {kept} Try --processes 1.", file=sys.stderr)
        raise Exit(1) from None
    if type(problem).__name__ == "KilledWorker":  # from Dask, which may not be installed
        print(f"Too many cluster workers died on the same run: {problem} {kept}", file=sys.stderr)
        raise Exit(1) from None
    if isinstance(problem, OSError) and not isinstance(problem, ConnectionError):
        print(f"{disk_refused(problem)} {kept}", file=sys.stderr)
        raise Exit(2) from None
    raise problem


def disk_refused(problem: OSError) -> str:
    """A sentence about an error of the file system."""
    reason = problem.strerror if problem.strerror and problem.filename is None else problem
    return f"A file could not be read or written: {reason}."
