"""A limit for the time of a sweep: no run starts that would probably not end before it."""

from __future__ import annotations

import math
import time
from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import NamedTuple

from experiments.config.settings import WorldSettings
from experiments.sweeps.design import RunSpec

Work = RunSpec | WorldSettings

SECONDS_AHEAD = 2.0  # work that waits for a free worker, so that none is idle between two looks
WORLDS_AHEAD = 4  # worlds for each worker that are built before their runs
_REMEMBERED = 50  # latest times of an arm that are used
_WORLD = "\n"  # the key of worlds, which no arm has


@dataclass
class TimeLimit:
    """When to stop, and how long runs of each arm have taken, by which it is decided what still fits.

    The time of a run is the 95% quantile of the latest runs of its arm. For an arm of which none has ended, it is that
    of the slowest arm. As long as nothing is known, each worker gets one run.

    Attributes:
        until: when to stop, in seconds of `time.monotonic`; infinite for no limit.
        cores: number of runs that are made at a time.
        over: whether something was left out because it would not have ended in time. From then on nothing starts, so
            that what is finished is the beginning of the design.
    """

    until: float = math.inf
    cores: int = 1
    over: bool = False
    _took: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=_REMEMBERED)))
    _expected: dict[str, float] = field(default_factory=dict)

    @property
    def is_set(self) -> bool:
        """Whether there is a limit."""
        return self.until < math.inf

    def learn(self, arm: str, *seconds: float) -> None:
        """Take into account how long runs of an arm took, in seconds."""
        if self.is_set and seconds:
            self._took[arm].extend(seconds)
            took = list(self._took[arm])
            self._expected[arm] = quantiles(took, n=20, method="inclusive")[-1] if len(took) > 1 else took[0]

    def learn_world(self, seconds: float) -> None:
        """Take into account how long a world took to build, in seconds."""
        self.learn(_WORLD, seconds)

    def allows(self, work: Work, waiting: Collection[Work]) -> bool:
        """Whether work may be handed to the workers now.

        Args:
            work: a run, or a world to build.
            waiting: what they have and have not finished.
        """
        if not self.is_set:
            return True
        if self.over:
            return False
        takes = self._takes(work)
        queue = sum(self._usual(one) for one in waiting) / self.cores if len(waiting) >= self.cores else 0.0
        if time.monotonic() + (takes or 0.0) > self.until:
            self.over = True
            return False
        if len(waiting) < self.cores:
            return True
        return takes is not None and queue <= SECONDS_AHEAD and time.monotonic() + queue + takes <= self.until

    def stretches(self, runs: Sequence[RunSpec]) -> Iterator[list[RunSpec]]:
        """The runs in turn, in stretches of a few worlds each, so that worlds are not built for runs that never start.

        Without a limit all runs are one stretch, and so are runs whose worlds need not be built.
        """
        stretch: list[RunSpec] = []
        worlds: set[str] = set()
        for run in runs:
            if self.is_set and run.world.log is None and run.world.burn_in_years > 0:
                world = run.world.model_dump_json()
                if world not in worlds and len(worlds) == WORLDS_AHEAD * self.cores:
                    yield stretch
                    stretch, worlds = [], set()
                worlds.add(world)
            stretch.append(run)
        if stretch:
            yield stretch

    def _takes(self, work: Work) -> float | None:
        """How many seconds this probably takes; None if nothing is known."""
        if isinstance(work, WorldSettings):
            return self._expected.get(_WORLD)
        of_others = max((seconds for arm, seconds in self._expected.items() if arm != _WORLD), default=None)
        return self._expected.get(work.scenario, of_others)

    def _usual(self, work: Work) -> float:
        """The median time in seconds, which one slow start does not change; infinite if nothing is known."""
        arm = _WORLD if isinstance(work, WorldSettings) else work.scenario
        took = self._took.get(arm)
        return median(took) if took else self._takes(work) or math.inf


class Bounds(NamedTuple):
    """When the runs of a sweep end early: at the first failure, each after some minutes (0: never), or all in time."""

    fail_fast: bool = False
    minutes: float = 0
    limit: TimeLimit | None = None


UNBOUNDED = Bounds()
