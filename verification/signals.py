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
SECONDS_COLD = 40.0  # span of a cold start in which signals are sent
SECONDS_WATCHED = 15.0  # after which `rekindle watch`, which does not end, is killed
SECONDS_OF_PYTHON = 1.5  # most seconds before the first line of the program runs
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
    "infer": ("infer", "log.csv", "--rows", "100", "--people", "30"),
    "validate": ("validate", "log.csv", "--worlds", "2", "--people", "100", "--resamples", "20", "--processes", "2"),
    "world build": ("world", "build", "tiny.toml", "--replicates", "6", "--processes", "2"),
    "replay": ("replay", "tiny.toml", "--days", "200", "--out", "replay.html"),
    "film": ("film", "tiny.toml", "--days", "10", "--seconds", "2", "--out", "film.gif"),
}
FAILS_WHEN_SMALL = "essay"  # it has too few runs to draw anything


@dataclass(frozen=True)
class Signal:
    """A signal to send.

    Attributes:
        command: the command that gets it.
        number: the signal.
        moment: seconds after the start.
        to_all: whether it goes to the whole process group.
        again: seconds after which it is sent a second time; None to send it once.
    """

    command: str
    number: signal.Signals
    moment: float
    to_all: bool
    again: float | None


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        sent: the signal.
        seconds: seconds from the signal to the end; None if the command had ended before.
        early: whether it ended before the first line of the program.
        fault: what was wrong; empty if nothing was.
    """

    sent: Signal
    seconds: float | None
    early: bool = False
    fault: str = ""


def environment(folder: Path, compiled: Path) -> dict[str, str]:
    """The environment of a command, with the folders of its caches."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "NUMBA_CACHE_DIR": str(compiled),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }


def started(command: str, folder: Path, compiled: Path) -> subprocess.Popen[bytes]:
    """Start a command in its own process group, with its output in files."""
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
    """Create a folder with the input files of the commands."""
    folder.mkdir(parents=True)
    (folder / "tiny.toml").write_text(CONFIG)
    (folder / "configs").symlink_to(ROOT / "configs")
    rng, now, lines = random.Random(1), 0, ["source,target,time"]
    for _ in range(6_000):
        now += rng.randrange(600, 6_000)
        person = rng.randrange(60)
        pair = [person, (person + rng.choice([1, 2, 3, 7])) % 60]
        rng.shuffle(pair)
        lines.append(f"p{pair[0]},p{pair[1]},{now}")
    (folder / "log.csv").write_text("\n".join(lines) + "\n")
    return folder


def tried(sent: Signal, folder: Path, compiled: Path) -> Ended:
    """Start a command, send a signal, and check how the command ends."""
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
        return Ended(sent, time.monotonic() - began, fault="did not end within 20 s")
    seconds = time.monotonic() - began
    stderr = (folder / "err").read_text(errors="replace")
    in_python = process.returncode == -sent.number or "<frozen site>" in stderr  # still importing Python's own modules
    early = in_python and sent.moment < SECONDS_OF_PYTHON and "in main" not in stderr
    faults = [*([] if early else faults_in(process.returncode, stderr, sent)), *left_behind(process.pid, folder)]
    return Ended(sent, seconds, early, "; ".join(faults))


def faults_in(code: int, stderr: str, sent: Signal) -> Iterable[str]:
    """Yield what is wrong with the exit code and the messages of a command."""
    if code != 128 + sent.number:
        yield f"exit code {code}"
    if "Traceback" in stderr or "Error" in stderr:
        yield f"stderr {stderr[-600:]!r}"
    if sum(line.startswith("Stopped.") for line in stderr.splitlines()) != 1:
        yield f"not exactly one line “Stopped.” in {stderr[-300:]!r}"


def left_behind(group: int, folder: Path) -> Iterable[str]:
    """Yield what a command must not leave behind: processes and incomplete files."""
    if not is_gone(group):
        os.killpg(group, signal.SIGKILL)
        yield "left a process"
    for half in (*folder.rglob("*.half"), *folder.rglob("*half_done*")):
        if not half.name.startswith("."):
            yield f"left {half}"
    for name in ("tiny", "two"):
        with suppress(FileNotFoundError):
            store.finished(folder / "results" / name)  # raises if a part is damaged


def is_gone(group: int) -> bool:
    """Whether all processes of a group have ended, or end within three seconds."""
    for _ in range(60):  # workers may need time to notice that their parent has ended
        with suppress(ProcessLookupError):
            os.killpg(group, 0)
            time.sleep(0.05)
            continue
        return True
    return False


def signals(count: int, spans: Mapping[str, float], rng: random.Random) -> list[Signal]:
    """This many signals to the commands in turn, each at a random moment in the span of its command, in seconds."""
    names = list(spans)
    return [
        Signal(
            (name := names[index % len(names)]),
            rng.choice([signal.SIGINT, signal.SIGTERM]),
            rng.uniform(0, spans[name]),
            rng.random() < 0.5,
            rng.uniform(0, 1) if rng.random() < 0.3 else None,
        )
        for index in range(count)
    ]


def carried_out(command: str, folder: Path, compiled: Path) -> float:
    """Run a command to its end, which must succeed; returns the seconds that it took."""
    began = time.monotonic()
    process = started(command, folder, compiled)
    if command == "watch":
        with suppress(subprocess.TimeoutExpired):
            process.wait(SECONDS_WATCHED)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return SECONDS_WATCHED
    process.wait()
    as_expected = process.returncode == 0 or command == FAILS_WHEN_SMALL
    assert as_expected, f"{command} ended with exit code {process.returncode}: {(folder / 'err').read_text()[-600:]}"
    return time.monotonic() - began


def report(name: str, ended: list[Ended], console: Console) -> bool:
    """Print how commands ended; returns whether all ended in time and without faults."""
    stopped = [end for end in ended if end.seconds is not None]
    seconds = sorted(end.seconds for end in stopped if end.seconds is not None)
    late = [end for end in stopped if (end.seconds or 0) > SECONDS]
    faulty = [end for end in ended if end.fault]
    console.print(
        f"{name}: {len(stopped)} signals, and {len(ended) - len(stopped)} that came after the end; "
        f"{sum(end.early for end in stopped)} before the first line of the program. Seconds to the end: median "
        f"{statistics.median(seconds):.2f}, 95% {seconds[int(0.95 * (len(seconds) - 1))]:.2f}, max {seconds[-1]:.2f}; "
        f"{len(late)} over {SECONDS:g} s. Faults: {len(faulty)}.",
        highlight=False,
        soft_wrap=True,
    )
    console.print(f"  {dict(Counter(end.sent.command for end in stopped))}", highlight=False, soft_wrap=True)
    for end in {*late, *faulty}:
        console.print(f"  {end}", highlight=False, markup=False, soft_wrap=True)
    return not late and not faulty


def main(count: int = 200, at_once: int = 1, commands: Iterable[str] = COMMANDS) -> bool:
    """Send signals, check and print; returns whether all commands ended in time and without faults."""
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # background processes ignore it, and their children inherit that
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
        for index, name in enumerate(commands):  # in the folder in which it was stopped
            folder = work / f"warm{index}"
            if folder.exists():
                carried_out(name, folder, compiled)
    console.print("The same commands succeeded afterwards.")
    return all_right


if __name__ == "__main__":
    sys.exit(not main(*map(int, sys.argv[1:])))
