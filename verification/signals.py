"""Ctrl-C and SIGTERM at random moments end each command within two seconds, with one sentence and the right exit code.

Cold starts have empty caches, so that signals arrive while modules are loaded and the model is compiled. Warm starts
have full caches. A signal goes to the process alone or, as from a terminal, to its whole group, once or twice.
Afterwards, no process of the group can be alive and no incomplete file can look complete. At the end, each command
succeeds in the same folder.

    python -m verification.signals [SIGNALS [AT_ONCE]]    signals for cold and for warm starts each, 200 by default;
                                                          AT_ONCE commands run in parallel, one by default

A process in which Python has not reached the program's `main` is killed by the signal; these are counted separately.
"""

from __future__ import annotations

import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from experiments.sweeps import store
from experiments.terminal import compiling

ROOT = Path(__file__).parents[1]
SECONDS = 2.0  # within which a command must end
SECONDS_COLD = 40.0  # of a cold start, in which signals fall
SECONDS_WATCHED = 15.0  # of a page, which does not end by itself
SECONDS_OF_PYTHON = 1.5  # until the first line of the program is reached, at most
CONFIG = """\
[world]
people = 60
burn_in_years = 0.1
[run]
adopters = 5
strategy_days = 20
follow_up_days = 0
[sweep]
strategies = ["wait", "check_in"]
replicates = 60
"""
SMALL = ("--set", "world.people=60", "--set", "world.burn_in_years=0.1")
COMMANDS: dict[str, tuple[str, ...]] = {
    "run": ("run", "tiny.toml", "--set", "run.strategy_days=2000"),
    "run, large": ("run", "tiny.toml", "--set", "world.people=30000", "--set", "world.burn_in_years=0"),
    "sweep": ("sweep", "tiny.toml", "--processes", "1"),
    "sweep, two processes": ("sweep", "tiny.toml", "--processes", "2", "--set", "name=two"),
    "plan": ("plan", "tiny.toml"),
    "log": ("log", "log.csv"),
    "forecast": ("forecast", "log.csv", "--worlds", "20", "--processes", "2"),
    "plan-week": ("plan-week", "log.csv", "--person", "p1", "--silent", "1", "--worlds", "10", "--processes", "2"),
    "essay": ("essay", "--only", "one_like", "--set", "sweep.replicates=2", *SMALL),
    "watch": ("watch", "--no-open", *SMALL),
    "explain": ("explain", "memory_decay"),
    "doctor": ("doctor",),
    "calibrate": ("calibrate", "log.csv", "--trials", "5", "--people", "100"),
    "validate": ("validate", "log.csv", "--worlds", "2", "--people", "100", "--resamples", "20", "--processes", "2"),
    "world build": ("world", "build", "tiny.toml", "--replicates", "6", "--processes", "2"),
    "film": ("film", "tiny.toml", "--days", "10", "--seconds", "2", "--out", "film.gif"),
}
FAILS_WHEN_SMALL = "essay"  # so few runs leave nothing to draw


@dataclass(frozen=True)
class Signal:
    """A signal to be sent: to which command, when, and how."""

    command: str
    number: signal.Signals
    moment: float
    to_all: bool
    again: float | None  # seconds after which it is sent once more


@dataclass(frozen=True)
class Ended:
    """How a command ended: seconds after the signal, None where it had ended before, and what was wrong."""

    sent: Signal
    seconds: float | None
    early: bool = False  # before the first line of the program
    wrong: str = ""


def environment(folder: Path, compiled: Path) -> dict[str, str]:
    """Where a command keeps what it makes."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "NUMBA_CACHE_DIR": str(compiled),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }


def started(command: str, folder: Path, compiled: Path) -> subprocess.Popen[bytes]:
    """Begin a command in a process group of its own; what it says goes to files."""
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        return subprocess.Popen(
            [sys.executable, "-m", "experiments.cli", *COMMANDS[command]],
            cwd=folder,
            env=environment(folder, compiled),
            stdout=out,
            stderr=err,
            start_new_session=True,
        )


def prepared(folder: Path) -> Path:
    """A folder with what the commands are given."""
    folder.mkdir(parents=True)
    (folder / "tiny.toml").write_text(CONFIG)
    (folder / "configs").symlink_to(ROOT / "configs")
    rng, now, lines = random.Random(1), 0, ["source,target,time"]
    for _ in range(6_000):
        now += rng.randrange(600, 6_000)
        one = rng.randrange(60)
        pair = [one, (one + rng.choice([1, 2, 3, 7])) % 60]
        rng.shuffle(pair)
        lines.append(f"p{pair[0]},p{pair[1]},{now}")
    (folder / "log.csv").write_text("\n".join(lines) + "\n")
    return folder


def tried(sent: Signal, folder: Path, compiled: Path) -> Ended:
    """Send a signal and see how the command ends."""
    process = started(sent.command, folder, compiled)
    with suppress(subprocess.TimeoutExpired):
        process.wait(sent.moment)
        return Ended(sent, None)
    send = os.killpg if sent.to_all else os.kill
    began = time.monotonic()
    send(process.pid, sent.number)
    if sent.again is not None:
        with suppress(subprocess.TimeoutExpired, ProcessLookupError):
            process.wait(sent.again)
        with suppress(ProcessLookupError):
            send(process.pid, sent.number)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return Ended(sent, time.monotonic() - began, wrong="did not end in 20 s")
    seconds = time.monotonic() - began
    said = (folder / "err").read_text(errors="replace")
    of_python = process.returncode == -sent.number or "<frozen site>" in said  # still importing its own modules
    early = of_python and sent.moment < SECONDS_OF_PYTHON and "in main" not in said
    wrongs = [*([] if early else wrong_with(process.returncode, said, sent)), *left_behind(process.pid, folder)]
    return Ended(sent, seconds, early, "; ".join(wrongs))


def wrong_with(code: int, said: str, sent: Signal) -> Iterable[str]:
    """What is wrong in how a command ended."""
    if code != 128 + sent.number:
        yield f"exit code {code}"
    if "Traceback" in said or "Error" in said:
        yield f"said {said[-600:]!r}"
    if sum(line.startswith("Stopped.") for line in said.splitlines()) != 1:
        yield f"no sentence, or several, in {said[-300:]!r}"


def left_behind(group: int, folder: Path) -> Iterable[str]:
    """What a command must not leave: processes, and files that are not whole."""
    if not is_gone(group):
        os.killpg(group, signal.SIGKILL)
        yield "a process was left"
    for half in (*folder.rglob("*.half"), *folder.rglob("*half_done*")):
        if not half.name.startswith("."):
            yield f"left {half}"
    for name in ("tiny", "two"):
        with suppress(FileNotFoundError):
            store.finished(folder / "results" / name)  # raises where a part is damaged


def is_gone(group: int) -> bool:
    """Whether nothing of a process group is alive, or soon is not."""
    for _ in range(60):  # what notices that it is alone may need a while
        with suppress(ProcessLookupError):
            os.killpg(group, 0)
            time.sleep(0.05)
            continue
        return True
    return False


def signals(count: int, spans: Mapping[str, float], rng: random.Random) -> list[Signal]:
    """This many signals, to one command after the other, each somewhere in its span of seconds."""
    names = list(spans)
    return [
        Signal(
            (name := names[at % len(names)]),
            rng.choice([signal.SIGINT, signal.SIGTERM]),
            rng.uniform(0, spans[name]),
            rng.random() < 0.5,
            rng.uniform(0, 1) if rng.random() < 0.3 else None,
        )
        for at in range(count)
    ]


def carried_out(command: str, folder: Path, compiled: Path) -> float:
    """Let a command end by itself, as it must; gives the seconds that it took."""
    began = time.monotonic()
    process = started(command, folder, compiled)
    if command == "watch":
        with suppress(subprocess.TimeoutExpired):
            process.wait(SECONDS_WATCHED)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return SECONDS_WATCHED
    process.wait()
    right = process.returncode == 0 or command == FAILS_WHEN_SMALL
    assert right, f"{command} ended with {process.returncode}: {(folder / 'err').read_text()[-600:]}"
    return time.monotonic() - began


def report(name: str, ended: list[Ended], console: Console) -> bool:
    """Print how commands ended; returns whether all did as they must."""
    there = [one for one in ended if one.seconds is not None]
    seconds = sorted(one.seconds for one in there if one.seconds is not None)
    late = [one for one in there if (one.seconds or 0) > SECONDS]
    wrong = [one for one in ended if one.wrong]
    console.print(
        f"{name}: {len(there)} signals, and {len(ended) - len(there)} that came after the end; "
        f"{sum(one.early for one in there)} before the first line of the program. Seconds to the end: median "
        f"{statistics.median(seconds):.2f}, 95 % {seconds[int(0.95 * (len(seconds) - 1))]:.2f}, max {seconds[-1]:.2f}; "
        f"{len(late)} over {SECONDS:g} s. Wrong: {len(wrong)}.",
        highlight=False,
        soft_wrap=True,
    )
    console.print(f"  {dict(Counter(one.sent.command for one in there))}", highlight=False, soft_wrap=True)
    for one in {*late, *wrong}:
        console.print(f"  {one}", highlight=False, markup=False, soft_wrap=True)
    return not late and not wrong


def main(count: int = 200, at_once: int = 1, commands: Iterable[str] = COMMANDS) -> bool:
    """Send signals, check and print; returns whether all commands ended as they must."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which the background ignores, and hands on
    rng, console, commands = random.Random(count), Console(), list(commands)
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(at_once) as pool:
        work = Path(temporary)
        compiled = compiling.folder_of_compiled()
        compiling.compile_model()

        def cold(numbered: tuple[int, Signal]) -> Ended:
            folder = prepared(work / f"cold{numbered[0]}")
            return tried(numbered[1], folder, folder / "compiled")

        def warm(numbered: tuple[int, Signal]) -> Ended:
            return tried(numbered[1], prepared(work / f"warm{numbered[0]}"), compiled)

        spans = dict.fromkeys(commands, SECONDS_COLD)
        all_right = report("cold", list(pool.map(cold, enumerate(signals(count, spans, rng)))), console)
        whole = prepared(work / "whole")
        spans = {name: carried_out(name, whole, compiled) for name in commands}
        all_right &= report("warm", list(pool.map(warm, enumerate(signals(count, spans, rng)))), console)
        for at, name in enumerate(commands):  # where it was stopped
            folder = work / f"warm{at}"
            if folder.exists():
                carried_out(name, folder, compiled)
    console.print("The same commands succeeded afterwards.")
    return all_right


if __name__ == "__main__":
    sys.exit(not main(*map(int, sys.argv[1:])))
