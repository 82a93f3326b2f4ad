"""Worker processes behind the interface of `concurrent.futures`, which survive crashes, hangs and suspension.

Each worker has its own pipe, one task at a time, and a thread in this process that waits for it. So a worker that dies
holds no shared lock, its task is known, and another worker can take its place.

Workers use the default signal handlers: Ctrl-C, which a terminal sends to all processes, and SIGTERM end them at once.
Their tasks start again in new workers, unless the command is ending as well.
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

TRIES = 3  # workers that may die on the same task before it is abandoned
SECONDS_STOPPED = 20.0  # longest time that a worker may be suspended
SECONDS_BETWEEN_LOOKS = 0.5
SECONDS_TO_END = 2.0
_BEGUN = b"begun"
_SPAWN = multiprocessing.get_context("spawn")


class TooLongError(Exception):
    """A task exceeded its time limit, and its worker was killed."""


class _DiedError(Exception):
    """A worker died; the message gives the cause."""


class _Work(NamedTuple):
    """A pickled call, the future for its result, and its time limit in seconds (None for no limit)."""

    future: Future[Any]
    call: bytes
    seconds: float | None


class Workers(Executor):
    """An executor with this many worker processes, which all start now."""

    def __init__(self, count: int) -> None:
        self._waiting: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._workers: set[_Worker] = set()
        self._closed, self._killed = threading.Event(), threading.Event()
        resource_tracker.ensure_running()  # start it now, because starting it changes the blocked signals
        self._threads = [threading.Thread(target=self._serve, name="worker", daemon=True) for _ in range(count)]
        for thread in (*self._threads, threading.Thread(target=self._look_after, name="looks after", daemon=True)):
            thread.start()

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        """Submit a call; see `concurrent.futures.Executor.submit`."""
        return self.submit_within(None, work, *arguments, **options)

    def submit_within(
        self, seconds: float | None, work: Callable[..., Any], /, *arguments: Any, **options: Any
    ) -> Future[Any]:
        """Submit a call with a time limit in seconds, after which its worker is killed and it raises `TooLongError`."""
        if self._closed.is_set():
            raise RuntimeError("These workers have been shut down.")
        future: Future[Any] = Future()
        self._waiting.put(_Work(future, pickle.dumps((work, arguments, options)), seconds))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Shut down; see `concurrent.futures.Executor.shutdown`."""
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
        """Kill all workers now."""
        self._killed.set()
        self.shutdown(wait=False, cancel_futures=True)
        for worker in list(self._workers):
            worker.kill()

    def _serve(self) -> None:
        """Pass tasks to one worker, or to its replacements, until there are no more."""
        worker: _Worker | None = None
        with suppress(OSError):  # for example, too many processes; retried when there is a task
            worker = self._begun()
        while (work := self._waiting.get()) is not None:
            if not work.future.set_running_or_notify_cancel():
                continue
            try:
                worker = self._carried_out(work, worker or self._begun())
            except Exception as error:  # no process can start, and the caller waits for the result
                worker = None
                if not work.future.done():
                    work.future.set_exception(BrokenProcessPool(f"A worker process could not be started ({error})."))
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
        """Carry out a task; returns the worker to use next."""
        for tried in range(1, TRIES + 1):
            try:
                worked, outcome = pickle.loads(worker.carry_out(work))
            except _DiedError as died:
                self._workers.discard(worker)
                if self._ending():
                    work.future.set_exception(BrokenProcessPool("The workers were killed."))
                    return worker
                worker = self._begun()
                if tried < TRIES:
                    print(f"A worker process died ({died}); its task starts again.", file=sys.stderr)
                    continue
                why = f"{TRIES} worker processes died on the same task ({died}), perhaps because of a lack of memory."
                work.future.set_exception(BrokenProcessPool(why))
            except TooLongError as error:
                self._workers.discard(worker)
                worker = self._begun()
                work.future.set_exception(error)
            except Exception as error:  # the result cannot be unpickled
                work.future.set_exception(error)
            else:
                (work.future.set_result if worked else work.future.set_exception)(outcome)
            break
        return worker

    def _ending(self) -> bool:
        """Whether the command is ending as well; its own signal may arrive slightly later."""
        return self._killed.wait(SECONDS_BETWEEN_LOOKS) or stopping.came()

    def _look_after(self) -> None:
        while not self._closed.is_set() or self._workers:
            time.sleep(SECONDS_BETWEEN_LOOKS)
            for worker in list(self._workers):
                worker.look_after()


class _Worker:
    """A worker process, which starts now."""

    def __init__(self) -> None:
        self._pipe, there = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_work, args=(there,), daemon=True)
        self._until: float | None = None  # deadline on the monotonic clock
        self._looks_stopped = 0
        self._killed_for: Exception | None = None
        # A signal during start-up would print a traceback.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, stopping.SIGNALS)
        try:
            with stopping.beginning:
                self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        there.close()

    def carry_out(self, work: _Work) -> bytes:
        """Carry out a task; returns, pickled, whether it succeeded and its result or exception.

        Raises:
            _DiedError: if the worker died.
            TooLongError: if the task exceeded its time limit.
        """
        self._killed_for = None  # ignore a kill meant for the previous task
        try:
            self._pipe.send_bytes(work.call)
            self._pipe.recv_bytes()  # the worker has imported what it needs
            if work.seconds is not None:
                self._until = time.monotonic() + work.seconds
            return self._pipe.recv_bytes()
        except (EOFError, OSError):
            self._process.join()
        finally:
            self._until = None
        raise self._killed_for or _DiedError(_of_what(self._process.exitcode))

    def look_after(self) -> None:
        """Kill the worker if it is suspended or its task exceeds the time limit."""
        until = self._until  # the waiting thread may reset it at any moment
        if until is not None and time.monotonic() > until:
            self.kill(TooLongError("the task took longer than its time limit, and its worker was killed"))
        self._looks_stopped = self._looks_stopped + 1 if self._is_stopped() else 0
        if self._looks_stopped * SECONDS_BETWEEN_LOOKS > SECONDS_STOPPED:
            self.kill(_DiedError(f"it was suspended by SIGSTOP for {SECONDS_STOPPED:.0f} s and then killed"))

    def _is_stopped(self) -> bool:
        try:
            return bool(psutil.Process(self._process.pid).status() == psutil.STATUS_STOPPED)
        except psutil.Error:
            return False

    def kill(self, why: Exception | None = None) -> None:
        """Kill the worker now."""
        self._killed_for = self._killed_for or why
        self._process.kill()

    def end(self) -> None:
        """Let the worker end normally, or kill it if it does not."""
        self._pipe.close()
        self._process.join(SECONDS_TO_END)
        self._process.kill()
        self._process.join()


def _of_what(code: int | None) -> str:
    """The cause of a process's death, from its exit code."""
    if code is None or code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def _work(pipe: Connection) -> None:
    """The main function of a worker: carry out calls from a pipe until it is closed or the parent process ends."""
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
    """Carry out a call; returns, pickled, whether it succeeded and its result or exception."""
    try:
        work, arguments, options = pickle.loads(call)
        pipe.send_bytes(_BEGUN)
        return pickle.dumps((True, work(*arguments, **options)))
    except BaseException as error:  # any exception belongs to the caller
        error.add_note(traceback.format_exc())
        try:
            return pickle.dumps((False, error))
        except Exception:
            return pickle.dumps((False, RuntimeError("".join(traceback.format_exception_only(error)))))


def _end_with_parent() -> None:
    """End this process as soon as its parent has ended for any reason."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os._exit(1)
