"""Runs on a Dask cluster, behind the same `concurrent.futures` seam as worker processes.

Whatever a worker makes is kept by the process that asked for it, so workers need no results folder; but they need the
same version of this program, and a contact log must lie on the same path.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any, NamedTuple

from experiments.config.settings import ConfigError
from experiments.terminal.compiling import compile_model
from sim.runtime.fingerprint import model_fingerprint
from sim.runtime.installation import install_command

TRIES = 3  # workers that may die of one run before it is given up
SECONDS_TO_ANSWER = 10


class Cluster(NamedTuple):
    """An executor on a cluster, and how many runs it makes at a time."""

    executor: Executor
    cores: int


@contextmanager
def cluster(address: str) -> Iterator[Cluster]:
    """Workers of the Dask scheduler at this address, such as ``tcp://10.0.0.1:8786``.

    Raises:
        ConfigError: Dask is not there, nobody answers, or the workers run another version of this program.
    """
    try:
        from distributed import Client, Security
        from distributed.core import rpc
    except ImportError:
        raise ConfigError(
            f"--scheduler {address}: a cluster takes Dask, which an optional part brings: {install_command('cluster')}."
        ) from None

    async def ask() -> None:
        """A client that finds nobody complains once more when it goes, so the address is tried without one first."""
        secured = Security().get_connection_args("client")
        async with rpc(address, timeout=SECONDS_TO_ANSWER, connection_args=secured) as scheduler:
            await asyncio.wait_for(scheduler.identity(), SECONDS_TO_ANSWER)

    try:
        asyncio.run(ask())
        client = Client(address, timeout=SECONDS_TO_ANSWER, set_as_default=False)
    except (ValueError, TypeError) as error:
        raise ConfigError(
            f"--scheduler {address}: write HOST:PORT or tcp://HOST:PORT, such as tcp://localhost:8786 ({error})."
        ) from None
    except OSError as error:
        raise ConfigError(
            f"--scheduler {address}: no Dask scheduler answers there ({error}); start one with `dask scheduler`, and "
            "workers with `dask worker ADDRESS`."
        ) from None
    with client:
        _refuse_other_versions(client, address)
        yield Cluster(client.get_executor(pure=False, retries=TRIES), sum(client.ncores().values()))


def _refuse_other_versions(client: Any, address: str) -> None:
    try:
        client.run(compile_model)  # those on one machine compile once, as processes do
        versions = client.run(model_fingerprint)
    except Exception as error:  # whatever a worker without this program raises
        raise ConfigError(f"--scheduler {address}: its workers can not load this program ({error}).") from None
    if not versions:
        raise ConfigError(f"--scheduler {address}: it has no workers; start some with `dask worker {address}`.")
    others = [worker for worker, found in versions.items() if found != model_fingerprint()]
    if others:
        raise ConfigError(
            f"--scheduler {address}: {', '.join(others)} run another version of the model, whose runs would differ. "
            "Install this one there, and start them again."
        )
