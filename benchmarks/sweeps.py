"""The overhead of a sweep, the gain from a second process, and Mesa's `batch_run` of the same design.

All sweeps make the same 200 runs of 60 people, in worlds without a past, so that Mesa can also make them.

- *Overhead per run*: (seconds of the running phase × processes − seconds of all runs) / runs. The running phase begins
  when all workers are warm and ends when the last run is saved.
- *Warm-up*: the time until each worker has made a run: start, imports, and loading the compiled model.
- *Runs per minute* in the comparison include the warm-up on both sides.

    python -m benchmarks.sweeps [--out FILE]      a table; FILE gets the same as JSON, with the machine
    python -m benchmarks.sweeps --plain [RUNS]    runs of 500 people and a year, compared with plain Mesa's `batch_run`
    python -m benchmarks.sweeps --long [RUNS]     memory and files of a sweep of many short runs, 100,000 by default
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import mesa
import psutil
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

import sim
from benchmarks import machine
from benchmarks.peers.mesa_plain import PlainModel
from benchmarks.peers.start import start_of
from experiments.config.reading import load
from experiments.sweeps import runner, store
from experiments.sweeps.design import RunSpec, runs_of
from experiments.sweeps.workers import Workers

PEOPLE, ADOPTERS, DAYS, REPLICATES = 60, 5, 120, 50
STRATEGIES = ("wait", "check_in", "show_up", "handwritten_notes")
CONFIG = """\
[world]
people = {people}
burn_in_years = 0
[run]
adopters = {adopters}
strategy_days = {days}
follow_up_days = 0
[sweep]
strategies = {strategies}
replicates = {replicates}
"""
LOOKS = 20  # number of measurements during a long sweep
FLAT = 1.1  # factor by which memory may grow after a tenth of the runs


@dataclass(frozen=True)
class Speed:
    """The time that a sweep took, in seconds; `simulating` is the sum over all processes."""

    processes: int
    runs: int
    warming: float
    running: float
    simulating: float

    @property
    def overhead(self) -> float:
        """Milliseconds per run in addition to its simulation."""
        return 1_000 * (self.running * self.processes - self.simulating) / self.runs

    @property
    def a_minute(self) -> float:
        """Runs per minute with warm workers."""
        return 60 * self.runs / self.running


@contextmanager
def folder_with(replicates: int, **settings: Any) -> Iterator[Path]:
    """Create a temporary folder with the experiment `sweep.toml`."""
    with tempfile.TemporaryDirectory() as temporary:
        text = CONFIG.format(replicates=replicates, **settings)
        Path(temporary, "sweep.toml").write_text(text.replace("'", '"'))
        yield Path(temporary)


def warmed(processes: int, run: RunSpec) -> Workers:
    """Start workers, each of which makes this run once."""
    executor = runner.worker_processes(processes)
    warm = set[int]()
    while len(warm) < processes:
        warm |= {made.result() for made in [executor.submit(_warm, run) for _ in range(processes)]}
    return executor


def _warm(run: RunSpec) -> int:
    runner.run_one(run)
    return os.getpid()


def swept(runs: list[RunSpec], folder: Path, processes: int) -> tuple[Speed, list[store.Row]]:
    """Make and save these runs as `rekindle sweep` does."""
    rows: list[store.Row] = []
    began = time.perf_counter()
    with warmed(processes, runs[0]) as executor:
        warm = time.perf_counter()
        for ended in runner.finished(runs, executor):
            fresh = [result.row for result in ended]
            store.add(folder, fresh)
            store.put_together(folder)
            rows += fresh
        ended_at = time.perf_counter()
    simulating = sum(row["seconds"] for row in rows)
    return Speed(processes, len(rows), warm - began, ended_at - warm, simulating), rows


def on_mesa(processes: int) -> tuple[float, dict[tuple[str, int], float]]:
    """Make the same runs with `mesa.batch_run`; returns seconds, and reconnected ties by strategy and seed."""
    began = time.perf_counter()
    rows = mesa.batch_run(
        sim.ReconnectionModel,
        parameters={
            "people": PEOPLE,
            "adopters": ADOPTERS,
            "strategy_days": DAYS,
            "strategy": list(STRATEGIES),
            "rng": list(range(1, REPLICATES + 1)),
        },
        number_processes=processes,
        max_steps=DAYS,
        display_progress=False,
    )
    took = time.perf_counter() - began
    assert all(row["day"] == DAYS for row in rows)
    return took, {(row["strategy"], row["run_seed"]): row["reconnected"] for row in rows}


def short(out: Path | None) -> bool:
    """Measure, print and write; returns whether both engines gave the same results."""
    cores = os.cpu_count() or 1
    with folder_with(REPLICATES, people=PEOPLE, adopters=ADOPTERS, days=DAYS, strategies=list(STRATEGIES)) as folder:
        runs = runs_of(load(folder / "sweep.toml"))
        speeds: list[Speed] = []
        for processes in (1, min(2, cores)):
            speed, rows = swept(runs, folder / str(processes), processes)
            speeds.append(speed)
    took, of_mesa = on_mesa(speeds[-1].processes)
    of_sweep = {(str(run.strategy), run.seed): row["reconnected"]
                for run in runs for row in rows if row["id"] == run.id}  # fmt: skip
    same = of_mesa == of_sweep
    single, double = speeds
    facts = {
        "machine": machine.facts(),
        "sweeps": [
            {**asdict(speed), "overhead_ms": speed.overhead, "runs_a_minute": speed.a_minute} for speed in speeds
        ],
        "second_process": double.a_minute / single.a_minute,
        "mesa": {"seconds": took, "runs_a_minute": 60 * len(of_mesa) / took, "same_results": same},
        "times_mesa": took / (double.warming + double.running),
    }
    _print(speeds, facts)
    if out is not None:
        out.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return same


def _print(speeds: list[Speed], facts: dict[str, Any]) -> None:
    table = Table(title=f"a sweep of {speeds[0].runs} runs of {PEOPLE} people and {DAYS} days")
    titles = (
        "processes",
        "warm-up, s",
        "running, s",
        "simulation per run, ms",
        "overhead per run, ms",
        "runs per minute, warm",
    )
    for title in titles:
        table.add_column(title, justify="right")
    for speed in speeds:
        simulation = 1_000 * speed.simulating / speed.runs
        cells = (speed.warming, speed.running, simulation, speed.overhead, speed.a_minute)
        table.add_row(str(speed.processes), *(f"{cell:,.1f}" for cell in cells))
    console = Console(width=120)
    console.print(table)
    of_mesa = facts["mesa"]
    console.print(f"{speeds[1].processes} processes make {facts['second_process']:.2f} times the runs of one.")
    console.print(
        f"mesa.batch_run on as many: {of_mesa['seconds']:.1f} s, {of_mesa['runs_a_minute']:,.0f} runs per minute. The "
        f"sweep, including warm-up, is {facts['times_mesa']:.1f} times as fast. The results are "
        f"{'the same' if of_mesa['same_results'] else 'DIFFERENT'}."
    )
    console.print(f"Load {', '.join(f'{load:.1f}' for load in os.getloadavg())}.")


class PlainRun(PlainModel):
    """A plain Mesa model that `mesa.batch_run` can make from a number; it counts the gestures sent.

    The number is not called `rng`, because later versions of Mesa set that themselves.
    """

    def __init__(self, people: int, number: int, rng: None = None) -> None:
        super().__init__(start_of(sim.worlds.generated(people=people, burn_in_years=0, seed=number)), number)
        self.datacollector = mesa.DataCollector(model_reporters={"gestures": lambda model: sum(model.sent)})

    def step(self) -> None:
        """Simulate one day."""
        super().step()
        self.datacollector.collect(self)


def plain(runs: int) -> bool:
    """Measure and print runs per minute, as a sweep and on plain Mesa; returns whether all runs were made."""
    processes, people, days = min(2, os.cpu_count() or 1), 500, 365
    with folder_with(30 * runs, people=people, adopters=1, days=days, strategies=["wait"]) as folder:
        speed, _ = swept(runs_of(load(folder / "sweep.toml")), folder / "results", processes)
    began = time.perf_counter()
    rows = mesa.batch_run(
        PlainRun,
        parameters={"people": people, "number": list(range(1, runs + 1))},
        number_processes=processes,
        max_steps=days,
        display_progress=False,
    )
    a_minute = 60 * len(rows) / (time.perf_counter() - began)
    Console(width=120).print(
        f"{people} people, {days} days, {processes} processes: the sweep makes {speed.a_minute:,.0f} runs per minute, "
        f"mesa.batch_run of a plain Mesa model {a_minute:,.1f}; {speed.a_minute / a_minute:,.0f} times as many."
    )
    return len(rows) == runs


def long(runs: int) -> bool:
    """Measure the memory and files of a sweep of many runs; returns whether memory is flat and the files are few."""
    console, seen = Console(width=120), list[tuple[int, float, int]]()
    with folder_with(-(-runs // 2), people=20, adopters=2, days=2, strategies=["wait", "check_in"]) as folder:
        parts = folder / "sweep" / store.PARTS
        command = [
            sys.executable,
            "-m",
            "experiments.cli",
            "sweep",
            str(folder / "sweep.toml"),
            "--results",
            str(folder),
        ]
        began = time.monotonic()
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as sweep:
            process, first = psutil.Process(sweep.pid), 0.0
            while sweep.poll() is None:
                made = _rows_in(parts)
                first = first or (time.monotonic() - began if made else 0.0)
                if made >= (len(seen) + 1) * runs / LOOKS:
                    memory, files = process.memory_info().rss / 1e6, len(list(parts.glob("*")))
                    seen.append((made, memory, files))
                    so_far = time.monotonic() - began
                    console.print(f"{made:>9,} runs  {so_far:6.0f} s  {memory:6.0f} MB  {files:4} files")
                time.sleep(0.2)
        took = time.monotonic() - began
        whole = len(store.read_table(folder / "sweep" / store.TABLE)[0])
    settled = [memory for made, memory, _ in seen if made >= runs / 10]
    growth = max(settled) / settled[0]
    most = max(files for *_, files in seen)
    flat = growth <= FLAT and most <= 2 * store.MOST_SMALL_PARTS and sweep.returncode == 0 and whole >= runs
    console.print(
        f"{whole:,} runs in {took:.0f} s, the first after {first:.0f} s; {settled[0]:.0f} MB after a tenth of them, at "
        f"most {growth:.2f} times that later; {most} files at most. {'Flat.' if flat else 'NOT FLAT.'}"
    )
    return flat


def _rows_in(parts: Path) -> int:
    rows = 0
    for path in parts.glob("*.parquet"):
        try:
            rows += pq.read_metadata(path).num_rows
        except FileNotFoundError:  # it has just been merged with others
            return 0
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweeps")
    parser.add_argument("--out", type=Path, metavar="FILE")
    parser.add_argument("--plain", type=int, nargs="?", const=10, metavar="RUNS")
    parser.add_argument("--long", type=int, nargs="?", const=100_000, metavar="RUNS")
    options = parser.parse_args()
    if options.plain is not None:
        sys.exit(not plain(options.plain))
    sys.exit(not (short(options.out) if options.long is None else long(options.long)))
