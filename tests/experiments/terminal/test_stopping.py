"""Ctrl-C and SIGTERM end the process in time, with one sentence, whatever it is at."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from experiments.terminal import stopping
from tests.conftest import ROOT

BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
BEGIN = """
import runpy, threading, time
from experiments.terminal import stopping
held_back = runpy.run_path("sim/runtime/interrupts.py")["held_back"]  # without all of the model
"""
READY = "print('ready', flush=True)\n"


def ended(code: str, *signals: signal.Signals, gap: float = 0.1) -> tuple[int, str, float]:
    """Exit code of a script to which signals are sent once it is ready, what it said, and how long the end took."""
    script = f"{BEGIN}\nstopping.listen()\n{code}"
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        began = time.monotonic()
        try:
            for number in signals:
                process.send_signal(number)
                time.sleep(gap)
            _, said = process.communicate(timeout=30)
            return process.returncode, said, time.monotonic() - began
        finally:
            process.kill()


SLACK = 3.0  # seconds for a machine that has much else to do
WAITS = {
    "in Python": "while True: pass",
    "for a lock": "threading.Lock().acquire(); lock = threading.Lock(); lock.acquire(); lock.acquire()",
    "held back for ever": "with held_back():\n    while True: time.sleep(0.1)",
    "and swallows what is raised": (
        "with held_back() as hand_on:\n    while True:\n        try:\n            time.sleep(0.1); hand_on()\n"
        "        except BaseException: pass"
    ),
    "tidying up": "with held_back() as hand_on:\n    try:\n        while True: hand_on()\n    finally: time.sleep(60)",
}


@BOTH
@pytest.mark.parametrize("code", WAITS.values(), ids=WAITS)
def test_a_signal_ends_what_waits(code: str, number: signal.Signals) -> None:
    exit_code, said, seconds = ended(READY + code, number)
    assert (exit_code, said) == (128 + number, "Stopped.\n")
    assert seconds < stopping.PATIENCE + SLACK


def test_the_sentence_of_the_work_is_said() -> None:
    code = "with stopping.saying('All is kept.'):\n    print('ready', flush=True)\n    time.sleep(60)"
    assert ended(code, signal.SIGTERM)[:2] == (143, "Stopped. All is kept.\n")


def test_a_sentence_that_is_no_text_holds_nothing_up() -> None:
    """A folder's name may be any bytes."""
    code = "with stopping.saying('Kept in \\udcff.'):\n    print('ready', flush=True)\n    time.sleep(60)"
    assert ended(code, signal.SIGTERM)[:2] == (143, "Stopped. Kept in \\udcff.\n")


def test_a_second_signal_says_nothing_more_and_the_first_decides() -> None:
    code = READY + WAITS["tidying up"]
    exit_code, said, seconds = ended(code, signal.SIGINT, signal.SIGTERM, signal.SIGINT)
    assert (exit_code, said) == (130, "Stopped.\n")
    assert seconds < stopping.PATIENCE + SLACK


def test_at_the_end_of_a_process_signals_still_count() -> None:
    code = "import atexit\natexit.register(lambda: (print('ready', flush=True), time.sleep(60)))"
    assert ended(code, signal.SIGTERM)[:2] == (143, "Stopped.\n")


def test_nobody_need_read_what_is_said() -> None:
    """A full pipe would hold up its writer."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    with suppress(BlockingIOError):
        while True:
            os.write(write, b"x")
    os.set_blocking(write, True)
    command = [sys.executable, "-c", f"{BEGIN}\nstopping.listen()\n{READY}time.sleep(60)"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=write, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 143
    process.stdout.close()
    os.close(read)
    os.close(write)


def test_what_was_there_before_is_there_afterwards() -> None:
    before = [signal.getsignal(number) for number in stopping.SIGNALS]
    with stopping.signals_stop():
        assert [signal.getsignal(number) for number in stopping.SIGNALS] != before
    assert [signal.getsignal(number) for number in stopping.SIGNALS] == before


@BOTH
@pytest.mark.parametrize("moment", [0.3, 0.7, 1.5])
def test_a_command_that_begins_can_be_stopped(number: signal.Signals, moment: float) -> None:
    """While its modules are loaded, and while it ends."""
    command = [sys.executable, "-m", "experiments.cli", "explain", "memory_decay"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    time.sleep(moment)
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) in {(128 + number, "Stopped.\n"), (0, ""), (-number, "")}
