"""A sweep in its results folder: what it asks for, which runs are missing, making these, and the table of all.

`rekindle sweep` and `experiments.notebook` both do it with these functions, so they share folders, runs and tables.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console

from experiments import provenance
from experiments.config.settings import Experiment, SweepSettings
from experiments.sweeps import histories as kept
from experiments.sweeps import planning, runner, store
from experiments.sweeps.cluster import Cluster, cluster
from experiments.sweeps.design import RunSpec, described
from experiments.sweeps.histories import Ended, History, requested_histories
from experiments.sweeps.progress_log import logged
from experiments.sweeps.time_limit import UNBOUNDED, Bounds, TimeLimit
from experiments.terminal.numbers import counted
from experiments.terminal.progress import duration, progress_bar
from sim.runtime.interrupts import held_back


@dataclass(frozen=True)
class SweepFolder:
    """A sweep and the folder in which its runs are kept.

    Attributes:
        experiment: the experiment; it has a sweep.
        runs: all of its runs.
        folder: the results folder, which has other sweeps' runs too if they have the same name.
        command: the command that continues the sweep, if this process is not one.
    """

    experiment: Experiment
    runs: Sequence[RunSpec]
    folder: Path
    command: str | None = None

    @cached_property
    def histories(self) -> tuple[History, ...]:
        """The histories that the sweep asks for."""
        return requested_histories(self.experiment.sweep or SweepSettings())

    @cached_property
    def design(self) -> pd.DataFrame:
        """One row per run: id, arm, replicate, point, factors, seeds."""
        return described(self.runs)

    @property
    def origin(self) -> dict[str, Any]:
        """The provenance of the design."""
        origin = provenance.of_runs(self.experiment, list(self.design["id"]))
        return origin | ({"command": self.command} if self.command is not None else {})

    @property
    def checkpoints(self) -> runner.Checkpoints:
        """Where long runs save their state."""
        return runner.Checkpoints((self.folder / store.CHECKPOINTS).absolute(), self.experiment.run.checkpoint_minutes)

    def begin(self) -> None:
        """Create the folder, set damaged files aside and write the design."""
        prepare(self.folder, self.histories)
        store.write_design(self.folder, self.design, self.origin)

    def missing(self, runs: Sequence[RunSpec] | None = None) -> list[RunSpec]:
        """Those of these runs (all by default) that are not in the folder, each once."""
        return planning.missing(self.runs if runs is None else runs, self.folder, self.histories)

    def make(
        self,
        runs: Sequence[RunSpec],
        workers: AbstractContextManager[Cluster],
        console: Console,
        fail_fast: bool = False,
        limit: TimeLimit | None = None,
    ) -> list[store.Row]:
        """Make these runs and save them, as far as the limit allows; returns the rows of failed ones."""
        bounds = Bounds(fail_fast, self.experiment.run.timeout_minutes, limit)
        if limit is not None and limit.is_set:
            self._learn(limit)
        failed = (
            carry_out(runs, self.histories, self.folder, self.checkpoints, workers, console, bounds) if runs else []
        )
        with suppress(OSError):  # the folder may not exist, or may have checkpoints of another sweep
            self.checkpoints.folder.rmdir()
        return failed

    def _learn(self, limit: TimeLimit) -> None:
        """Tell a limit how long the finished runs of each arm took."""
        seconds = planning.seconds_by_id(self.folder)
        took = self.design["id"].map(seconds).dropna()
        for arm, theirs in took.groupby(self.design["scenario"], sort=False):
            limit.learn(str(arm), *theirs)

    def write_table(self, failed: Sequence[store.Row]) -> tuple[Path, pd.DataFrame]:
        """Write the table of all runs, in the order of the design, with the errors of failed ones.

        Raises:
            StoreError: if finished runs are gone.
        """
        rows = store.finished(self.folder)
        if failed:
            anew = store.frame_of(failed).set_index("id")
            rows = pd.concat(
                [rows.drop(anew.index, errors="ignore"), anew]
            )  # a run repeated for its histories already has a row
        store.require_all(self.folder, set(self.design["id"]).difference(rows.index))
        table = store.table_of(self.design, rows)
        origin = self.origin | {"core_seconds": round(float(rows["seconds"].sum()), 1)}
        return store.write_table(self.folder, table, origin), table


def prepare(folder: Path, histories: Sequence[History]) -> None:
    """Create a results folder and check that it is writable; print a note on each damaged file."""
    damaged = store.prepare(folder, [history.table for history in histories])
    for renamed in (*damaged, *kept.set_damaged_aside(folder, histories)):
        print(store.damage_message(renamed), file=sys.stderr)


@contextmanager
def workers_of(scheduler: str | None, processes: int) -> Iterator[Cluster]:
    """The workers that make the runs: those of a cluster, or local processes."""
    if scheduler is not None:
        with cluster(scheduler) as there:
            yield there
        return
    with runner.worker_processes(processes) as executor:
        yield Cluster(executor, processes)


def carry_out(
    runs: Sequence[RunSpec],
    histories: Sequence[History],
    folder: Path,
    checkpoints: runner.Checkpoints,
    workers: AbstractContextManager[Cluster],
    console: Console,
    bounds: Bounds = UNBOUNDED,
) -> list[store.Row]:
    """Make these runs and save them, part by part, with a progress bar on the console; returns the rows of failed runs.

    Ctrl-C is passed on once what is finished has been saved. What does not fit into a time limit is not started.
    """
    failed: list[store.Row] = []
    done, began = 0, time.monotonic()
    limit = bounds.limit or TimeLimit()
    # Signals are deferred, because an exception while parts are written would lose finished runs.
    with held_back() as hand_on_stop, workers as (executor, cores, dashboard), logged(folder, cores) as log:
        limit.cores = cores
        if dashboard:
            console.print(f"Dashboard of the cluster: {dashboard}", highlight=False, soft_wrap=True)
        try:
            for stretch in limit.stretches(runs):
                with progress_bar(console, "worlds", len(runner.worlds_to_keep(stretch))) as report:
                    for built, worlds in runner.build_worlds(stretch, executor, bounds.minutes, limit):
                        report(built, worlds)
                        log.add([])
                        hand_on_stop()
                with progress_bar(console, "runs", len(runs)) as report:
                    ahead = 2 * cores if histories else None
                    coming = runner.finished(stretch, executor, checkpoints, histories, ahead, bounds.minutes, limit)
                    for ended in coming:
                        rows = [run.row for run in ended]
                        _save(folder, ended, histories)
                        log.add(rows)
                        failed += [row for row in rows if row["error"]]
                        done += len(rows)
                        report(done, len(runs), f"{len(failed):,} failed" if failed else "")
                        hand_on_stop()
                        if failed and bounds.fail_fast:
                            runner.stop(executor)
                            break
                if limit.over or (failed and bounds.fail_fast):
                    break
        except BaseException:
            runner.stop(executor)  # otherwise the executor would first finish all runs
            raise
    took = time.monotonic() - began
    each = f", {took * cores / done:.2g} core-seconds per run" if done else ""
    made = f"{counted(done, 'run')} in {duration(took)} on {counted(cores, 'core')}{each}"
    console.print(f"{made}; {len(failed):,} failed.", highlight=False)
    return failed


def _save(folder: Path, ended: Sequence[Ended], histories: Sequence[History]) -> None:
    """Save what has ended, histories first, so that a finished run has its histories."""
    kept.add(folder, ended)
    store.add(folder, [run.row for run in ended])
    kept.put_together(folder, histories)
    store.put_together(folder)
