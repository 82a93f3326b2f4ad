"""Sweeps that are killed at random moments and resumed write the same tables as one without interruptions.

Sweeps run in six ways: in one process or two, as shards one after another or in parallel, and on a Dask cluster, where
a worker or the sweep dies. SIGKILL goes to the whole process group, so nothing can clean up. SIGINT and SIGTERM go to
the group or to the sweep alone. Each of them, and SIGSTOP, also goes to a single worker process, which the sweep has to
survive. The same command is repeated each time, and the last time it runs to the end. Then runs, series and events,
sorted by id, must be the same bytes, and no run can be there twice.

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
STAGES = ("before", "during", "after")  # its first run was kept; its runs; its last run was kept
SECONDS_TO_START = 3.0
SECONDS_TO_RUN = 4.0
WHILE_IT_STARTS = 0.2  # the share of kills that do not wait for a first run
ROOT = Path(__file__).parents[1]
ALL, ALONE, WORKER = "all its processes", "the sweep alone", "a worker alone"
BLOWS = (
    *[(signal.SIGKILL, ALL)] * 3,
    *((number, whom) for number in (signal.SIGINT, signal.SIGTERM) for whom in (ALL, ALONE, WORKER)),
    (signal.SIGKILL, WORKER),
    (signal.SIGSTOP, WORKER),
)
SECONDS_TO_END = 10.0  # after a signal, on a machine that has much else to do


@dataclass(frozen=True)
class Way:
    """A way to run a sweep: the options of its sweeps, whether they run at once, and whether a worker is what dies."""

    name: str
    options: tuple[tuple[str, ...], ...]
    at_once: bool = False
    kills_workers: bool = False


@dataclass(frozen=True)
class Sweep:
    """A sweep under way, in a process group of its own: what it is to make, and what of that was there before."""

    process: subprocess.Popen[bytes]
    folder: Path
    asked: frozenset[str]
    there: frozenset[str]

    def stage(self) -> str:
        """How far it is."""
        kept = self.asked & ids_in(self.folder)
        return "before" if kept <= self.there else "during" if kept < self.asked else "after"

    def ended(self) -> bool:
        """Whether it ended by itself."""
        return self.process.poll() is not None

    def sleep(self, seconds: float) -> None:
        """Wait so long, or until it ends."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=seconds)

    def wait_for_a_run(self) -> None:
        """Wait until it has kept a run, or ends."""
        while self.stage() == "before" and not self.ended():
            self.sleep(0.1)

    def workers(self) -> list[int]:
        """Its worker processes."""
        with suppress(psutil.Error):
            children = psutil.Process(self.process.pid).children()
            return [child.pid for child in children if "spawn_main" in " ".join(child.cmdline())]
        return []

    def struck(self, rng: random.Random) -> Counter[str]:
        """Send it a signal of some kind and see that it ends as it must; gives the stage it was at, and the kind."""
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
            ends, seconds = {0, -number, 128 + number}, SECONDS_TO_END  # 0: it was just about to end
        code = self.process.wait(seconds)
        said = (self.folder / f"said-{self.process.pid}").read_text()
        assert code in ends, f"{number.name} to {whom}: exit code {code}, said {said}"
        assert "Traceback" not in said, f"{number.name} to {whom}: said {said}"
        return Counter([stage if whom == WORKER else self.stage(), f"{number.name} to {whom}"])


def ways(scheduler: str) -> list[Way]:
    """All ways to run, given the address of a cluster."""
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
    """Begin a sweep. Worlds are kept in its own folder, so that kills meet the building of worlds, too."""
    compiled = os.environ.get("NUMBA_CACHE_DIR") or str(compiled_folder())
    command = [sys.executable, "-m", "experiments.cli", "sweep", str(folder / "killed.toml"), "--results", str(folder)]
    descriptor, name = tempfile.mkstemp(dir=folder)
    said = Path(name)
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
    said.rename(folder / f"said-{process.pid}")
    return Sweep(process, folder, frozenset(run.id for run in runs), ids_in(folder))


def carried_out(folder: Path, options: Sequence[str]) -> None:
    """A sweep from its beginning to its end."""
    code = started(folder, options).process.wait()
    assert code == 0, f"a sweep with {' '.join(options)} ended with exit code {code}"


def ids_in(folder: Path) -> frozenset[str]:
    """The runs that are kept."""
    return frozenset(store.finished(folder / "killed", []).index)


def parts_in(folder: Path) -> list[Path]:
    """The files that hold them."""
    return sorted((folder / "killed" / store.PARTS).glob("*.parquet"))


def tried(way: Way, folder: Path, most: int, cluster: LocalCluster, rng: random.Random) -> Counter[str]:
    """Run once in this way, with a largest number of kills; returns their number by stage and by kind."""
    options = way.options if way.at_once else [rng.choice(way.options)]
    sweeps = [started(folder, each) for each in rng.sample(options, len(options))]
    if way.kills_workers:
        return _workers_killed(sweeps[0], most, cluster, rng)
    if rng.random() < WHILE_IT_STARTS:
        sweeps[0].sleep(rng.uniform(0, SECONDS_TO_START))
    else:
        sweeps[0].wait_for_a_run()
        sweeps[0].sleep(rng.uniform(0, SECONDS_TO_RUN))
    found = sweeps[0].struck(rng)
    for sweep in sweeps[1:]:
        sweep.sleep(rng.uniform(0, 1))
        found += sweep.struck(rng)
    return found


def _workers_killed(sweep: Sweep, most: int, cluster: LocalCluster, rng: random.Random) -> Counter[str]:
    """Kill workers while a sweep runs, which has to end all the same."""
    stages = Counter[str]()
    sweep.wait_for_a_run()
    while blows_in(stages) < most:
        sweep.sleep(rng.uniform(0, SECONDS_TO_RUN))
        if sweep.ended():
            break
        living = [worker.pid for worker in cluster.workers.values() if worker.pid]
        if living:
            stages.update([sweep.stage(), "SIGKILL to a cluster's worker"])
            os.kill(rng.choice(living), signal.SIGKILL)
        sweep.sleep(SECONDS_TO_START)  # a worker begins in the place of the one that died
        cluster.scale(WORKERS)  # also where it died while it began, and its supervisor gave up
    cluster.scale(WORKERS)
    assert sweep.process.wait() == 0, "a sweep ended with its worker"
    return stages


def make_work(folder: Path, rng: random.Random) -> None:
    """Take away parts until most of the runs are to be made again."""
    (folder / "killed" / store.TABLE).unlink(missing_ok=True)
    asked = len(runs_of(load(folder / "killed.toml")))
    parts = parts_in(folder)
    rng.shuffle(parts)
    while len(ids_in(folder)) > asked / 3:
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
    """A folder for a sweep and all that it leaves."""
    with tempfile.TemporaryDirectory() as temporary:
        (Path(temporary) / "killed.toml").write_text(CONFIG)
        yield Path(temporary)


def blows_in(found: Counter[str]) -> int:
    """How many there are of all kinds."""
    return sum(found[stage] for stage in STAGES)


def killed_and_resumed(
    way: Way, kills: int, cluster: LocalCluster, rng: random.Random
) -> tuple[bytes, list[Any], Counter[str]]:
    """Kill sweeps a number of times, then let them finish; returns the table, its summary, and the kills by kind."""
    stages = Counter[str]()
    with folder_of_a_sweep() as folder:
        while blows_in(stages) < kills:
            make_work(folder, rng)
            stages += tried(way, folder, kills - blows_in(stages), cluster, rng)
        for options in way.options:  # the last shard makes the table
            carried_out(folder, options)
        ids = store.read_table(folder / "killed" / store.TABLE)[0]["id"]
        told = [way.name, blows_in(stages), *(stages[stage] for stage in STAGES)]
        kinds = Counter({kind: number for kind, number in stages.items() if kind not in STAGES})
        return table_bytes(folder), [*told, len(ids), ids.nunique(), len(parts_in(folder))], kinds


def main(kills: int = 100) -> bool:
    """Kill, compare and print; returns whether all tables are the same."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which the background ignores, and hands on
    rng, began = random.Random(1), time.monotonic()
    console = Console(width=120)
    with folder_of_a_sweep() as folder:
        carried_out(folder, ("--processes", "2"))
        alone, runs = table_bytes(folder), len(ids_in(folder))
    table = Table("way to run", title=f"kills of a sweep of {runs} runs")
    for column in ("kills", *STAGES, "rows", "ids", "parts", "table"):
        table.add_column(column, justify="right")
    same, kinds = True, Counter[str]()
    dask.config.set({"distributed.scheduler.allowed-failures": kills})  # of a run: here it is not the run's fault
    with LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster:
        there = ways(cluster.scheduler_address)
        for at, way in enumerate(there):
            killed, told, of_kinds = killed_and_resumed(way, len(range(at, kills, len(there))), cluster, rng)
            verdict = "equal" if killed == alone else "DIFFER"
            table.add_row(*map(str, told), verdict)
            console.print(f"{way.name}: {told[1]} kills, {verdict}", highlight=False)
            kinds += of_kinds
            same &= killed == alone and told[-3] == told[-2] == runs
    console.print(table)
    console.print("; ".join(f"{number} {kind}" for kind, number in sorted(kinds.items())) + ".", highlight=False)
    console.print(
        f"Before its first run was kept, during its runs, or after the last of them. {time.monotonic() - began:.0f} s. "
        f"All tables are {'equal' if same else 'NOT equal'} to that of a sweep that was left alone."
    )
    return same


def test_killed_sweeps_leave_the_same_table() -> None:
    """A dozen of the hundred kills."""
    assert main(12)


if __name__ == "__main__":
    sys.exit(not main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
