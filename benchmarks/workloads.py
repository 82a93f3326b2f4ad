"""The workloads of benchmarks: ordinary life, and ordinary life with strategies."""

from __future__ import annotations

from dataclasses import dataclass

import sim
from sim.run import begin


@dataclass(frozen=True)
class Workload:
    """Ordinary life, and strategies that some people follow in their planned hour per week.

    Attributes:
        label: its name in tables.
        strategies: shares of the planned time by name; empty for ordinary life only.
        adopters: the share of people who follow them.
    """

    label: str
    strategies: dict[str, float]
    adopters: float = 0.0

    def on(self, world: sim.World) -> sim.World:
        """A world with these plans."""
        if not self.strategies:
            return world
        start, _ = begin(
            world,
            strategy=self.strategies,
            adopters=self.adopters,
            seed=1,
            parameters=None,
            strategy_days=None,
            extra=[],
        )
        return start


ORDINARY, LISTS, FULL = "ordinary", "lists", "full"
WORKLOADS = {
    ORDINARY: Workload("ordinary life", {}),
    LISTS: Workload("check-ins and notes", {"check_in": 0.5, "handwritten_notes": 0.5}, 0.1),
    FULL: Workload(
        "six strategies, log kept",
        {
            "check_in": 0.2,
            "handwritten_notes": 0.2,
            "engage_regularly": 0.2,
            "show_up": 0.2,
            "join_community": 0.1,
            "host_event": 0.1,
        },
        0.1,
    ),
}
