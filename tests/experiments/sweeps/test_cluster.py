"""A sweep on a Dask cluster gives the table of one in processes, also where a worker is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from experiments.commands import sweeping
from experiments.sweeps import cluster as clusters
from experiments.sweeps import making, results, store
from tests.experiments.conftest import KEEP, RUNS

distributed = pytest.importorskip("distributed", reason="needs the extra `cluster`")


@pytest.fixture(scope="module")
def scheduler() -> Iterator[Any]:
    """A cluster of two worker processes on this machine, which start again when they die."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, processes=True, silence_logs=50
    ) as local:
        yield local


def test_a_cluster_gives_the_same_tables(
    config: Path, rekindle: Callable[..., Any], scheduler: Any, in_threads: None
) -> None:
    """As a sweep in this process, which gives those of one in processes: see `test_cli.py`."""
    on_cluster = rekindle("sweep", config, *KEEP, "--scheduler", scheduler.scheduler_address)
    assert on_cluster.code == 0, on_cluster.err
    assert "9 runs in" in on_cluster.err
    assert "on 2 cores" in on_cluster.err
    assert rekindle("sweep", config, *KEEP, "--results", "here").code == 0
    for table in ("runs", "series", "events"):
        there, here = (results.load("tiny", folder, table) for folder in ("results", "here"))
        pd.testing.assert_frame_equal(there, here, check_exact=True)


@pytest.mark.parametrize("link", ["http://127.0.0.1:1/status", None, KeyError("dashboard")])
def test_the_dashboard_is_named_if_there_is_one(link: str | KeyError | None) -> None:
    class Client:
        @property
        def dashboard_link(self) -> str | None:
            if isinstance(link, KeyError):  # as Dask does for a scheduler without one
                raise link
            return link

    assert clusters._dashboard(Client()) == (link if isinstance(link, str) else "")


@pytest.mark.parametrize("dashboard", ["", "http://127.0.0.1:1/status"])
def test_a_sweep_on_a_cluster_says_where_its_dashboard_is(
    config: Path, rekindle: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, dashboard: str
) -> None:
    @contextmanager
    def here(address: str) -> Iterator[clusters.Cluster]:
        with ThreadPoolExecutor(2) as executor:
            yield clusters.Cluster(executor, 2, dashboard)

    for module in (making, sweeping):
        monkeypatch.setattr(module, "cluster", here)
    ended = rekindle("sweep", config, "--scheduler", "tcp://there:1")
    assert ended.code == 0, ended.err
    assert ("Dashboard of the cluster: http://127.0.0.1:1/status\n" in ended.err) == bool(dashboard)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("tcp://127.0.0.1:9", "no Dask scheduler answers"),
        ("localhost", "expected HOST:PORT or tcp://HOST:PORT, such as tcp://localhost:8786 (missing port number"),
        ("htp://localhost:1", "expected HOST:PORT or tcp://HOST:PORT, such as tcp://localhost:8786 (unknown address"),
    ],
)
def test_nobody_answers(
    config: Path, rekindle: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, address: str, said: str
) -> None:
    monkeypatch.setattr(clusters, "SECONDS_TO_ANSWER", 0.3)
    ended = rekindle("sweep", config, "--scheduler", address)
    assert ended.code == 2
    assert f"--scheduler {address}: {said}" in ended.err
    assert "Traceback" not in ended.err
    assert not Path("results").exists(), "nothing is written before a cluster answers"


def test_nobody_complains_on_the_way_out(config: Path) -> None:
    """A client that found nobody does, when the process ends."""
    command = [sys.executable, "-m", "experiments.cli", "sweep", str(config), "--scheduler", "localhost"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert ended.stderr.startswith("--scheduler localhost: expected HOST:PORT")
    assert len(ended.stderr.splitlines()) == 1


def test_workers_of_another_version_are_refused(
    config: Path, rekindle: Callable[..., Any], scheduler: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "model_fingerprint", lambda: f"version {os.getpid()}")
    ended = rekindle("sweep", config, "--scheduler", scheduler.scheduler_address)
    assert ended.code == 2
    assert "another version of the model runs on" in ended.err


def test_a_worker_that_is_killed_costs_nothing(config: Path, rekindle: Callable[..., Any], scheduler: Any) -> None:
    """The last of this file, so that no other test waits for the worker that takes its place to begin."""
    more = ("--set", "sweep.replicates=40", "--set", "run.strategy_days=60")

    def kill() -> None:
        while not list(Path("results/tiny/parts").glob("*.parquet")):
            time.sleep(0.02)
        os.kill(next(iter(scheduler.workers.values())).pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    ended = rekindle("sweep", config, *more, "--scheduler", scheduler.scheduler_address)
    killer.join()
    assert ended.code == 0, ended.err
    rows = store.read_table(RUNS)[0]
    assert len(rows) == rows["id"].nunique() == 120
    assert rows["error"].isna().all()
    assert rows["reconnected"].notna().all()
