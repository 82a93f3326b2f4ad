"""All implementations of an ordinary day behind one interface: each starts from a world, and `step` simulates a day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numba
import numpy as np

import sim
from benchmarks.peers.start import KINDS, start_of
from benchmarks.workloads import FULL, LISTS, ORDINARY, WORKLOADS
from sim.engine.day import Core


class Running(Protocol):
    """A running world; `sent` is the number of gestures by kind since the start, shape (13,)."""

    @property
    def sent(self) -> Any:
        """The number of gestures by kind."""

    def step(self) -> object:
        """Simulate one day."""


class BareCore:
    """Our core without measures. In worlds with plans, it keeps the contact log."""

    def __init__(self, world: sim.World, seed: int, threads: int) -> None:
        self._core, self._threads, self._logs = Core(world, seed=seed), threads, len(world.plans) > 0
        self._log: list[np.ndarray] = []
        self.sent = np.zeros(KINDS, np.int64)

    def step(self) -> None:
        """Simulate one day."""
        numba.set_num_threads(self._threads)
        sent = self._core.step().sent
        self.sent += np.bincount(sent["kind"], minlength=KINDS)
        if self._logs:
            self._log.append(sent)


def core(threads: int) -> Callable[[sim.World, int], Running]:
    """Our core on this many threads."""
    return lambda world, seed: BareCore(world, seed, threads)


class Engine:
    """Our Mesa engine. It always computes measures, which take a small part of its time at these sizes."""

    def __init__(self, world: sim.World, seed: int) -> None:
        self._model = sim.ReconnectionModel(world=world, seed=seed)
        self.sent = np.zeros(KINDS, np.int64)

    def step(self) -> None:
        """Simulate one day."""
        self._model.step()
        self.sent += np.bincount(self._model.record.sent["kind"], minlength=KINDS)


def plain_mesa(world: sim.World, seed: int) -> Running:
    """A plain Mesa model."""
    from benchmarks.peers.mesa_plain import PlainModel

    return PlainModel(start_of(world), seed)


def plain_numba(world: sim.World, seed: int) -> Running:
    """Straightforward Numba."""
    from benchmarks.peers.numba_plain import NumbaModel

    return NumbaModel(start_of(world), seed)


@dataclass(frozen=True)
class Competitor:
    """One column of the comparison.

    Attributes:
        label: its name in tables and figures.
        make: a function from a world and a seed to a running world.
        most: the largest number of people in a benchmark.
        bytes_a_tie: approximate peak memory during construction, per tie direction, in addition to the world.
        carries: the workloads that it can run.
    """

    label: str
    make: Callable[[sim.World, int], Running]
    most: int
    bytes_a_tie: int
    carries: tuple[str, ...] = (ORDINARY, LISTS)


ALL = (ORDINARY, LISTS, FULL)
COMPETITORS: dict[str, Competitor] = {
    "core-2": Competitor("our core, 2 threads", core(2), 4_000_000, 200, carries=ALL),
    "core-1": Competitor("our core, 1 thread", core(1), 4_000_000, 200, carries=ALL),
    "mesa-engine": Competitor("our Mesa engine", Engine, 10_000, 1_000, carries=ALL),
    "mesa": Competitor("plain Mesa", plain_mesa, 100_000, 600),
    "numba": Competitor("straightforward Numba", plain_numba, 1_000_000, 250),
}
PEERS = ("mesa", "numba")


def label_of(entry: str) -> str:
    """The label of an entry: a competitor's name, or ``name/workload`` for other workloads than ordinary life."""
    name, _, workload = entry.partition("/")
    return COMPETITORS[name].label + (f": {WORKLOADS[workload].label}" if workload else "")
