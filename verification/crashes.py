"""Sweeps that are killed at random moments and resumed write the same tables as one without interruptions.

Sweeps run in six ways: in one process or two, as shards one after another or in parallel, and on a Dask cluster, where
a worker or the sweep dies. SIGKILL goes to the whole process group, so nothing can clean up. SIGINT and SIGTERM go to
the group or to the sweep alone. Each of them, and SIGSTOP, also goes to a single worker process, which the sweep has to
survive. The same command is repeated each time, and the last time it runs to the end. Then runs, series and events,
sorted by id, must be the same bytes, and no run may occur twice.

    python -m verification.crashes [KILLS]    prints when and how sweeps were killed; 100 kills by default
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask
import psutil
import pyarrow as pa
import pyarrow.ipc as ipc
from distributed import LocalCluster
from rich.console import Console
from rich.table import Table

from experiments.config.reading import load
from experiments.sweeps import results, store
from experiments.sweeps.design import runs_of, shard_of
from sim.runtime.fingerprint import compiled_folder

CONFIG = """\
[world]
people = 60
burn_in_years = 0.2
[run]
adopters = 5
strategy_days = 20
follow_up_days = 0
[sweep]
strategies = ["wait", "check_in", "show_up"]
replicates = 20
series_days = 7
events = true
[sweep.grid]
parameters.effort_minutes = [30, 120]
"""
SHARDS = 3
WORKERS = 2  # of the cluster
STAGES = ("before", "during", "after")  # before its first run was saved, during its runs, after the last was saved
SECONDS_TO_START = 3.0
SECONDS_TO_RUN = 4.0
KILLED_AT_START = 0.2  # share of kills that do not wait for the first run
ROOT = Path(__file__).parents[1]
ALL, ALONE, WORKER = "all its processes", "the sweep alone", "a worker alone"
BLOWS = (
    *[(signal.SIGKILL, ALL)] * 3,
    *((number, whom) for number in (signal.SIGINT, signal.SIGTERM) for whom in (ALL, ALONE, WORKER)),
    (signal.SIGKILL, WORKER),
    (signal.SIGSTOP, WORKER),
)
SECONDS_TO_END = 10.0  # after a signal, on a busy machine


@dataclass(frozen=True)
class Way:
    """A way to run a sweep.

    Attributes:
        name: its name in tables.
        options: the options of each command.
        at_once: whether the commands run in parallel.
        kills_workers: whether the kills go to workers of the cluster.
    """

    name: str
    options: tuple[tuple[str, ...], ...]
    at_once: bool = False
    kills_workers: bool = False


@dataclass(frozen=True)
class Sweep:
    """A running sweep, in its own process group.

    Attributes:
        process: its process.
        folder: the folder of its results.
        planned: ids of the runs that it makes.
        existing: ids of the runs that existed before it started.
    """

    process: subprocess.Popen[bytes]
    folder: Path
    planned: frozenset[str]
    existing: frozenset[str]

    def stage(self) -> str:
        """The stage that the sweep has reached."""
        saved = self.planned & ids_in(self.folder)
        return "before" if saved <= self.existing else "during" if saved < self.planned else "after"

    def ended(self) -> bool:
        """Whether the sweep has ended."""
        return self.process.poll() is not None

    def sleep(self, seconds: float) -> None:
        """Wait this long, or until the sweep ends."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=seconds)

    def wait_for_a_run(self) -> None:
        """Wait until the sweep has saved a run, or ends."""
        while self.stage() == "before" and not self.ended():
            self.sleep(0.1)

    def workers(self) -> list[int]:
        """The ids of its worker processes."""
        with suppress(psutil.Error):
            children = psutil.Process(self.process.pid).children()
            return [child.pid for child in children if "spawn_main" in " ".join(child.cmdline())]
        return []

    def struck(self, rng: random.Random) -> Counter[str]:
        """Send a random signal and check how the sweep ends; returns the stage at the signal, and the kind."""
        number, whom = rng.choice(BLOWS)
        workers = self.workers() if whom == WORKER else []
        if whom == WORKER and not workers:
            number, whom = signal.SIGKILL, ALL
        if self.ended():
            return Counter()
        stage = self.stage()
        if whom == WORKER:
            with suppress(ProcessLookupError):
                os.kill(rng.choice(workers), number)
            ends, seconds = {0}, None
        else:
            (os.killpg if whom == ALL else os.kill)(self.process.pid, number)
            ends, seconds = {0, -number, 128 + number}, SECONDS_TO_END  # 0: it was about to end
        code = self.process.wait(seconds)
        stderr = (self.folder / f"stderr-{self.process.pid}").read_text()
        assert code in ends, f"{number.name} to {whom}: exit code {code}, stderr {stderr}"
        assert "Traceback" not in stderr, f"{number.name} to {whom}: stderr {stderr}"
        return Counter([stage if whom == WORKER else self.stage(), f"{number.name} to {whom}"])


def ways(scheduler: str) -> list[Way]:
    """All ways to run a sweep, given the address of a cluster."""
    shards = tuple(("--processes", "1", "--shard", f"{number}/{SHARDS}") for number in range(1, SHARDS + 1))
    cluster = (("--scheduler", scheduler),)
    return [
        Way("one process", (("--processes", "1"),)),
        Way("two processes", (("--processes", "2"),)),
        Way("shards in turn", shards),
        Way("shards at once", shards, at_once=True),
        Way("cluster, a worker dies", cluster, kills_workers=True),
        Way("cluster, the sweep dies", cluster),
    ]


def started(folder: Path, options: Sequence[str]) -> Sweep:
    """Start a sweep. Its folder has its own cache of worlds, so that kills also hit the generation of worlds."""
    compiled = os.environ.get("NUMBA_CACHE_DIR") or str(compiled_folder())
    command = [sys.executable, "-m", "experiments.cli", "sweep", str(folder / "killed.toml"), "--results", str(folder)]
    descriptor, name = tempfile.mkstemp(dir=folder)
    stderr = Path(name)
    process = subprocess.Popen(
        [*command, *options],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "NUMBA_CACHE_DIR": compiled,
            "XDG_CACHE_HOME": str(folder / "cache"),
        },
        stdout=subprocess.DEVNULL,
        stderr=descriptor,
        start_new_session=True,
    )
    os.close(descriptor)
    runs = runs_of(load(folder / "killed.toml"))
    if "--shard" in options:
        runs = shard_of(runs, int(options[-1].partition("/")[0]), SHARDS)
    stderr.rename(folder / f"stderr-{process.pid}")
    return Sweep(process, folder, frozenset(run.id for run in runs), ids_in(folder))


def carried_out(folder: Path, options: Sequence[str]) -> None:
    """Run a sweep to its end."""
    code = started(folder, options).process.wait()
    assert code == 0, f"a sweep with {' '.join(options)} ended with exit code {code}"


def ids_in(folder: Path) -> frozenset[str]:
    """The ids of the saved runs."""
    return frozenset(store.finished(folder / "killed", []).index)


def parts_in(folder: Path) -> list[Path]:
    """The files of the saved runs."""
    return sorted((folder / "killed" / store.PARTS).glob("*.parquet"))


def tried(way: Way, folder: Path, most: int, cluster: LocalCluster, rng: random.Random) -> Counter[str]:
    """Run once in this way, with at most this many kills; returns the number of kills by stage and by kind."""
    options = way.options if way.at_once else [rng.choice(way.options)]
    sweeps = [started(folder, each) for each in rng.sample(options, len(options))]
    if way.kills_workers:
        return _workers_killed(sweeps[0], most, cluster, rng)
    if rng.random() < KILLED_AT_START:
        sweeps[0].sleep(rng.uniform(0, SECONDS_TO_START))
    else:
        sweeps[0].wait_for_a_run()
        sweeps[0].sleep(rng.uniform(0, SECONDS_TO_RUN))
    counts = sweeps[0].struck(rng)
    for sweep in sweeps[1:]:
        sweep.sleep(rng.uniform(0, 1))
        counts += sweep.struck(rng)
    return counts


def _workers_killed(sweep: Sweep, most: int, cluster: LocalCluster, rng: random.Random) -> Counter[str]:
    """Kill workers of the cluster while a sweep runs; the sweep must still succeed."""
    stages = Counter[str]()
    sweep.wait_for_a_run()
    while kills_in(stages) < most:
        sweep.sleep(rng.uniform(0, SECONDS_TO_RUN))
        if sweep.ended():
            break
        living = [worker.pid for worker in cluster.workers.values() if worker.pid]
        if living:
            stages.update([sweep.stage(), "SIGKILL to a cluster's worker"])
            os.kill(rng.choice(living), signal.SIGKILL)
        sweep.sleep(SECONDS_TO_START)  # another worker replaces the one that died
        cluster.scale(WORKERS)  # also needed if it died while it started, and its supervisor gave up
    cluster.scale(WORKERS)
    assert sweep.process.wait() == 0, "the sweep failed when its worker was killed"
    return stages


def make_work(folder: Path, rng: random.Random) -> None:
    """Delete files of results until most runs are missing."""
    (folder / "killed" / store.TABLE).unlink(missing_ok=True)
    planned = len(runs_of(load(folder / "killed.toml")))
    parts = parts_in(folder)
    rng.shuffle(parts)
    while len(ids_in(folder)) > planned / 3:
        parts.pop().unlink()
    for name in results.HISTORIES:
        for part in sorted((folder / "killed" / name).glob("*.parquet"))[::2]:
            part.unlink()


def table_bytes(folder: Path) -> bytes:
    """The tables of runs, series and events, sorted by id, as bytes."""
    histories = [results.load("killed", folder, name) for name in results.HISTORIES]
    sink = pa.BufferOutputStream()
    for frame in (store.read_table(folder / "killed" / store.TABLE)[0], *histories):
        rows = frame.sort_values("id", kind="stable")
        table = pa.Table.from_pandas(rows, preserve_index=False).replace_schema_metadata(None)
        with ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table.combine_chunks())
    return bytes(sink.getvalue())


@contextmanager
def folder_of_a_sweep() -> Iterator[Path]:
    """A temporary folder for a sweep and its results."""
    with tempfile.TemporaryDirectory() as temporary:
        (Path(temporary) / "killed.toml").write_text(CONFIG)
        yield Path(temporary)


def kills_in(counts: Counter[str]) -> int:
    """The number of kills at all stages."""
    return sum(counts[stage] for stage in STAGES)


def killed_and_resumed(
    way: Way, kills: int, cluster: LocalCluster, rng: random.Random
) -> tuple[bytes, list[Any], Counter[str]]:
    """Kill sweeps this many times, then let them finish; returns the table, its summary, and the kills by kind."""
    stages = Counter[str]()
    with folder_of_a_sweep() as folder:
        while kills_in(stages) < kills:
            make_work(folder, rng)
            stages += tried(way, folder, kills - kills_in(stages), cluster, rng)
        for options in way.options:  # the last shard makes the table
            carried_out(folder, options)
        ids = store.read_table(folder / "killed" / store.TABLE)[0]["id"]
        summary = [way.name, kills_in(stages), *(stages[stage] for stage in STAGES)]
        kinds = Counter({kind: number for kind, number in stages.items() if kind not in STAGES})
        return table_bytes(folder), [*summary, len(ids), ids.nunique(), len(parts_in(folder))], kinds


def main(kills: int = 100) -> bool:
    """Kill, compare and print; returns whether all tables are the same."""
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # background processes ignore it, and their children inherit that
    rng, began = random.Random(1), time.monotonic()
    console = Console(width=120)
    with folder_of_a_sweep() as folder:
        carried_out(folder, ("--processes", "2"))
        expected, runs = table_bytes(folder), len(ids_in(folder))
    table = Table("way to run", title=f"kills of a sweep of {runs} runs")
    for column in ("kills", *STAGES, "rows", "ids", "parts", "table"):
        table.add_column(column, justify="right")
    same, kinds = True, Counter[str]()
    dask.config.set({"distributed.scheduler.allowed-failures": kills})  # the failures are not the fault of the runs
    with LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster:
        all_ways = ways(cluster.scheduler_address)
        for index, way in enumerate(all_ways):
            kills_of_way = len(range(index, kills, len(all_ways)))
            killed, summary, kinds_of_way = killed_and_resumed(way, kills_of_way, cluster, rng)
            verdict = "equal" if killed == expected else "DIFFERENT"
            table.add_row(*map(str, summary), verdict)
            console.print(f"{way.name}: {summary[1]} kills, {verdict}", highlight=False)
            kinds += kinds_of_way
            same &= killed == expected and summary[-3] == summary[-2] == runs
    console.print(table)
    console.print("; ".join(f"{number} {kind}" for kind, number in sorted(kinds.items())) + ".", highlight=False)
    console.print(
        "Kills came before the first run was saved, during the runs, or after the last run was saved. The tables are "
        f"{'all' if same else 'NOT all'} equal to that of an uninterrupted sweep. {time.monotonic() - began:.0f} s."
    )
    return same


def test_killed_sweeps_leave_the_same_table() -> None:
    """A dozen kills instead of a hundred."""
    assert main(12)


if __name__ == "__main__":
    sys.exit(not main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
