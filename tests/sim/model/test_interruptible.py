"""Ctrl-C while a compiled function runs that doesn't end."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest

from sim.model.interruptible import interruptible
from tests.conftest import ROOT

ENDLESS = """
import signal
from numba import njit
from sim.model.interruptible import interruptible

@njit(nogil=True)
def forever(k):
    while k >= 0:
        k = (k + 1) % 1000
    return k

signal.signal(signal.SIGINT, signal.default_int_handler)  # it is ignored where tests run in the background
forever.compile("(int64,)")
try:
    print("begun", flush=True)
    interruptible(forever, 1)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_results_and_errors_are_those_of_the_call() -> None:
    assert interruptible(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        interruptible(divmod, 7, 0)
    assert interruptible(threading.current_thread) is not threading.main_thread()


def test_outside_the_main_thread_it_is_an_ordinary_call() -> None:
    found: list[threading.Thread] = []
    thread = threading.Thread(target=lambda: found.append(interruptible(threading.current_thread)))
    thread.start()
    thread.join()
    assert found == [thread]


def test_a_signal_ends_a_call_that_does_not_end() -> None:
    command = [sys.executable, "-c", ENDLESS]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        try:
            assert process.stdout.readline() == "interrupted\n"
            assert process.wait(10) == 0
        finally:
            process.kill()
