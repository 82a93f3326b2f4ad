"""Worker processes behind the seam of `concurrent.futures`, any of which may die, hang or be stopped at any time.

Each has a pipe of its own and one piece of work at a time, and a thread here that waits for it. So a worker shares no
lock with the others that it could take along, it is known what it was at, and another begins in its place.

A worker leaves signals to the kernel: Ctrl-C, which a terminal sends to all, and SIGTERM end it at once. What it was at
begins again in a new one, unless the command ends, too.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import connection, resource_tracker
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import psutil

from experiments.terminal import stopping
from experiments.terminal.names import warn_in_words

TRIES = 3  # workers that may die of one piece of work before it is given up
SECONDS_STOPPED = 20.0  # for which a signal may make a worker stand still
SECONDS_BETWEEN_LOOKS = 0.5
SECONDS_TO_END = 2.0
_BEGUN = b"begun"
_SPAWN = multiprocessing.get_context("spawn")


class TooLongError(Exception):
    """A piece of work took longer than it may, and its worker was ended."""


class _DiedError(Exception):
    """A worker died; the message says of what."""


class _Work(NamedTuple):
    """A pickled call, the future of what comes of it, and the seconds that it may take; None for any."""

    future: Future[Any]
    call: bytes
    seconds: float | None


class Workers(Executor):
    """So many worker processes, which all begin now."""

    def __init__(self, count: int) -> None:
        self._waiting: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._workers: set[_Worker] = set()
        self._closed, self._killed = threading.Event(), threading.Event()
        resource_tracker.ensure_running()  # it would change which signals are blocked when it starts
        self._threads = [threading.Thread(target=self._serve, name="worker", daemon=True) for _ in range(count)]
        for thread in (*self._threads, threading.Thread(target=self._look_after, name="looks after", daemon=True)):
            thread.start()

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        """As `concurrent.futures` has it."""
        return self.submit_within(None, work, *arguments, **options)

    def submit_within(
        self, seconds: float | None, work: Callable[..., Any], /, *arguments: Any, **options: Any
    ) -> Future[Any]:
        """The same for work that may take so many seconds: then its worker is ended, for a `TooLongError`."""
        if self._closed.is_set():
            raise RuntimeError("These workers were told to end.")
        future: Future[Any] = Future()
        self._waiting.put(_Work(future, pickle.dumps((work, arguments, options)), seconds))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """As `concurrent.futures` has it."""
        if cancel_futures:
            with suppress(queue.Empty):
                while True:
                    left = self._waiting.get_nowait()
                    if left is not None:
                        left.future.cancel()
        self._closed.set()
        for _ in self._threads:
            self._waiting.put(None)
        if wait:
            for thread in self._threads:
                thread.join()

    def kill(self) -> None:
        """End all workers now, whatever they are at."""
        self._killed.set()
        self.shutdown(wait=False, cancel_futures=True)
        for worker in list(self._workers):
            worker.kill()

    def _serve(self) -> None:
        """Give work to one worker, or to those that begin in its place, until there is no more."""
        worker: _Worker | None = None
        with suppress(OSError):  # as where there are too many processes; it is tried again when there is work
            worker = self._begun()
        while (work := self._waiting.get()) is not None:
            if not work.future.set_running_or_notify_cancel():
                continue
            try:
                worker = self._carried_out(work, worker or self._begun())
            except Exception as error:  # no process can begin, and the caller waits for the work
                worker = None
                if not work.future.done():
                    work.future.set_exception(BrokenProcessPool(f"No worker process can begin ({error})."))
        if worker is not None:
            self._workers.discard(worker)
            worker.end()

    def _begun(self) -> _Worker:
        worker = _Worker()
        self._workers.add(worker)
        if self._killed.is_set():
            worker.kill()
        return worker

    def _carried_out(self, work: _Work, worker: _Worker) -> _Worker:
        """Carry out a piece of work; gives the worker that is there afterwards."""
        for tried in range(1, TRIES + 1):
            try:
                worked, outcome = pickle.loads(worker.carry_out(work))
            except _DiedError as died:
                self._workers.discard(worker)
                if self._ending():
                    work.future.set_exception(BrokenProcessPool("The workers were ended."))
                    return worker
                worker = self._begun()
                if tried < TRIES:
                    print(f"A worker process died ({died}); what it was at begins again.", file=sys.stderr)
                    continue
                why = f"{TRIES} worker processes died of the same work ({died}), perhaps for want of memory."
                work.future.set_exception(BrokenProcessPool(why))
            except TooLongError as error:
                self._workers.discard(worker)
                worker = self._begun()
                work.future.set_exception(error)
            except Exception as error:  # what came of it cannot be read
                work.future.set_exception(error)
            else:
                (work.future.set_result if worked else work.future.set_exception)(outcome)
            break
        return worker

    def _ending(self) -> bool:
        """Whether the command ends, too, for a signal that all got comes here a little later."""
        return self._killed.wait(SECONDS_BETWEEN_LOOKS) or stopping.came()

    def _look_after(self) -> None:
        while not self._closed.is_set() or self._workers:
            time.sleep(SECONDS_BETWEEN_LOOKS)
            for worker in list(self._workers):
                worker.look_after()


class _Worker:
    """A worker process, which begins now."""

    def __init__(self) -> None:
        self._pipe, there = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_work, args=(there,), daemon=True)
        self._until: float | None = None  # by the monotonic clock
        self._looks_stopped = 0
        self._killed_for: Exception | None = None
        # While it begins, a signal would be an exception in it and a traceback.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, stopping.SIGNALS)
        try:
            with stopping.beginning:
                self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        there.close()

    def carry_out(self, work: _Work) -> bytes:
        """What comes of a piece of work, pickled: whether it worked, and its result or exception.

        Raises:
            _DiedError: the worker died.
            TooLongError: it took too long, and was ended.
        """
        self._killed_for = None  # a kill that came as the work before ended is not for this
        try:
            self._pipe.send_bytes(work.call)
            self._pipe.recv_bytes()  # it has loaded what it needs
            if work.seconds is not None:
                self._until = time.monotonic() + work.seconds
            return self._pipe.recv_bytes()
        except (EOFError, OSError):
            self._process.join()
        finally:
            self._until = None
        raise self._killed_for or _DiedError(_of_what(self._process.exitcode))

    def look_after(self) -> None:
        """End it where it stands still or takes too long."""
        until = self._until  # the thread that waits for the work may forget it at any moment
        if until is not None and time.monotonic() > until:
            self.kill(TooLongError("it took longer than a run may take, and its worker was ended"))
        self._looks_stopped = self._looks_stopped + 1 if self._is_stopped() else 0
        if self._looks_stopped * SECONDS_BETWEEN_LOOKS > SECONDS_STOPPED:
            self.kill(_DiedError(f"it stood still for {SECONDS_STOPPED:.0f} s by SIGSTOP, and was ended"))

    def _is_stopped(self) -> bool:
        try:
            return bool(psutil.Process(self._process.pid).status() == psutil.STATUS_STOPPED)
        except psutil.Error:
            return False

    def kill(self, why: Exception | None = None) -> None:
        """End it now."""
        self._killed_for = self._killed_for or why
        self._process.kill()

    def end(self) -> None:
        """Let it end by itself, or else now."""
        self._pipe.close()
        self._process.join(SECONDS_TO_END)
        self._process.kill()
        self._process.join()


def _of_what(code: int | None) -> str:
    """What a process died of, from its exit code."""
    if code is None or code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def _work(pipe: Connection) -> None:
    """Be a worker: carry out what comes through a pipe, until it is closed or the process that began this one ends."""
    for number in stopping.SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, stopping.SIGNALS)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    warn_in_words()
    while True:
        try:
            call = pipe.recv_bytes()
            pipe.send_bytes(_outcome(call, pipe))
        except (EOFError, OSError):
            os._exit(0)


def _outcome(call: bytes, pipe: Connection) -> bytes:
    """Carry out a call; gives whether it worked, and its result or exception."""
    try:
        work, arguments, options = pickle.loads(call)
        pipe.send_bytes(_BEGUN)
        return pickle.dumps((True, work(*arguments, **options)))
    except BaseException as error:  # be it what it may, it is of the one who asked
        error.add_note(traceback.format_exc())
        try:
            return pickle.dumps((False, error))
        except Exception:
            return pickle.dumps((False, RuntimeError("".join(traceback.format_exception_only(error)))))


def _end_with_parent() -> None:
    """End this process as soon as its parent has, however that came about."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os._exit(1)
