"""Runs on a Dask cluster, behind the same `concurrent.futures` interface as worker processes.

The process that submits runs also saves their results, so workers need no results folder. They need the same version
of this program, and any contact log at the same path.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any, NamedTuple

from experiments.config.errors import ConfigError
from experiments.terminal.compiling import compile_model
from sim.runtime.fingerprint import model_fingerprint
from sim.runtime.installation import install_command

TRIES = 3  # workers that may die on the same run before it is abandoned
SECONDS_TO_ANSWER = 10


class Cluster(NamedTuple):
    """An executor, the number of runs that it makes at a time, and the address of its dashboard if it has one."""

    executor: Executor
    cores: int
    dashboard: str = ""


@contextmanager
def cluster(address: str) -> Iterator[Cluster]:
    """Connect to the Dask scheduler at this address, such as ``tcp://10.0.0.1:8786``.

    Raises:
        ConfigError: if Dask is not installed, no scheduler answers, or workers run another version of this program.
    """
    try:
        from distributed import Client, Security
        from distributed.core import rpc
    except ImportError:
        raise ConfigError(
            f"--scheduler {address}: Dask is not installed; install it with `{install_command('cluster')}`."
        ) from None

    async def ask() -> None:
        """Check the address without a client, because a client without a scheduler logs an error when it closes."""
        secured = Security().get_connection_args("client")
        async with rpc(address, timeout=SECONDS_TO_ANSWER, connection_args=secured) as scheduler:
            await asyncio.wait_for(scheduler.identity(), SECONDS_TO_ANSWER)

    try:
        asyncio.run(ask())
        client = Client(address, timeout=SECONDS_TO_ANSWER, set_as_default=False)
    except (ValueError, TypeError) as error:
        raise ConfigError(
            f"--scheduler {address}: expected HOST:PORT or tcp://HOST:PORT, such as tcp://localhost:8786 ({error})."
        ) from None
    except OSError as error:
        raise ConfigError(
            f"--scheduler {address}: no Dask scheduler answers ({error}); start one with `dask scheduler`, and workers "
            "with `dask worker ADDRESS`."
        ) from None
    with client:
        _refuse_other_versions(client, address)
        executor = client.get_executor(pure=False, retries=TRIES)
        yield Cluster(executor, sum(client.ncores().values()), _dashboard(client))


def _refuse_other_versions(client: Any, address: str) -> None:
    try:
        client.run(compile_model)  # workers on one machine compile only once, like processes
        versions = client.run(model_fingerprint)
    except Exception as error:  # a worker without this program can raise anything
        raise ConfigError(
            f"--scheduler {address}: the workers cannot import this program; install it on each of them ({error})."
        ) from None
    if not versions:
        raise ConfigError(f"--scheduler {address} has no workers; start some with `dask worker {address}`.")
    others = [worker for worker, found in versions.items() if found != model_fingerprint()]
    if others:
        raise ConfigError(
            f"--scheduler {address}: another version of the model runs on {', '.join(others)}, and its results would "
            "differ. Install this version there, and restart the workers."
        )


def _dashboard(client: Any) -> str:
    """The address of the scheduler's dashboard; empty if it has none."""
    try:
        return client.dashboard_link or ""
    except KeyError:  # it was started without one
        return ""
