"""Calibrations that are killed at random moments and restarted give the same result as one without interruptions.

Each is killed with SIGKILL several times. Every third kill also adds garbage to the end of its file of trials, or
removes some bytes. Then it runs to the end, and its ledger, parameters and trials must be the same.

    python -m verification.calibration [KILLS]    prints when each kill happened; 20 kills by default
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd

import sim
from experiments.logs.calibrate import LEDGER, PARAMETERS, Ledger, read_ledger
from experiments.logs.simulated import Window, simulated_log
from experiments.logs.trials import TRIALS

TRIALS_REQUESTED = 30
SECONDS_TO_START, SECONDS_TO_RUN = 6.0, 3.0  # most seconds before a kill: from the start, and from the first trial
KILLED_AT_START = 0.2  # share of kills that do not wait for the first trial
CASE = Path(__file__).parents[1].parent / "shared" / "cases" / "33-calibrate-resume" / "log.csv"


def command(log: Path, results: Path) -> list[str]:
    """The command line of a calibration."""
    options = ["--fit", "routine_rate=0.01:0.5", "--trials", str(TRIALS_REQUESTED), "--results", str(results)]
    return [sys.executable, "-m", "experiments.cli", "calibrate", str(log), *options]


def written(results: Path) -> tuple[Ledger, bytes, bytes]:
    """The output of a calibration, without the commit, which may change in the meantime."""
    (folder,) = results.iterdir()
    ledger = replace(read_ledger(folder / LEDGER), commit=None)
    return ledger, (folder / PARAMETERS).read_bytes(), (folder / TRIALS).read_bytes()


def trials_on_disk(results: Path) -> int:
    """The number of trials that a calibration has saved."""
    files = [*results.glob(f"*/{TRIALS}")]
    return max(0, files[0].read_bytes().count(b"\n") - 1) if files else 0


def killed(log: Path, results: Path, rng: random.Random) -> bool:
    """Start and kill a calibration; returns False if it ended before."""
    before = trials_on_disk(results)
    with subprocess.Popen(command(log, results), stdout=subprocess.DEVNULL) as process:
        if rng.random() < KILLED_AT_START:
            time.sleep(rng.uniform(0, SECONDS_TO_START))
        else:
            while trials_on_disk(results) == before and process.poll() is None:
                time.sleep(0.02)
            time.sleep(rng.uniform(0, SECONDS_TO_RUN))
        if process.poll() is None:
            process.kill()
    return process.returncode == -signal.SIGKILL


def damage(path: Path, rng: random.Random) -> str:
    """Damage the end of a file; returns a description of the damage."""
    content = path.read_bytes()
    if rng.random() < 0.5:
        path.write_bytes(content + rng.randbytes(rng.randint(1, 300)))
        return "garbage at the end"
    path.write_bytes(content[: max(0, len(content) - rng.randint(1, 300))])
    return "end cut off"


def survive(log: Path, results: Path, kills: int, rng: random.Random) -> list[str]:
    """Kill calibrations in a folder a number of times, then let one finish; returns what happened."""
    events = []
    while len(events) < kills and killed(log, results, rng):
        trials = trials_on_disk(results)
        harm = damage(next(results.glob(f"*/{TRIALS}")), rng) if trials and rng.random() < 1 / 3 else "no damage"
        events.append(f"killed with {trials} trials on disk, {harm}")
    subprocess.run(command(log, results), check=True, stdout=subprocess.DEVNULL)
    return events


def generated(folder: Path) -> Path:
    """The simulated log of a small world, as a file."""
    contacts = simulated_log(sim.Parameters(routine_rate=0.2), Window(people=60, days=120, burn_in_years=0.1), seed=9)
    log = folder / "log.csv"
    pd.DataFrame({"source": contacts.source, "target": contacts.target, "time": contacts.time}).to_csv(log, index=False)
    return log


def main(kills: int = 20) -> int:
    """Kill calibrations this many times; returns the number of different results."""
    different, kills_left, rng = 0, kills, random.Random(16)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        log = CASE if CASE.exists() else generated(folder)
        subprocess.run(command(log, folder / "whole"), check=True, stdout=subprocess.DEVNULL)
        whole = written(folder / "whole")
        for number in range(kills):
            events = survive(log, folder / f"killed-{number}", kills_left, rng)
            same = written(folder / f"killed-{number}") == whole
            print(*events, "same result" if same else "DIFFERENT RESULT", sep="\n", flush=True)
            different, kills_left = different + (not same), kills_left - len(events)
            if kills_left <= 0:
                break
    return different


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
