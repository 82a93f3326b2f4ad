"""Traffic between machines, if the people of a world were distributed over them by community.

    python -m benchmarks.partitions [--people 20000] [--days 28] [--parts 2 4 16 64]

Communities are ranges of ids, and so are parts. For each partition, the script prints the share of ties and of gestures
(other than posts) between different parts, and the number of such gestures per person-day.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
from rich.console import Console
from rich.table import Table

import sim
from sim.engine.day import Core
from sim.model.gestures import Kind
from sim.state.population import NOBODY


def parts_of(community: np.ndarray, parts: int) -> np.ndarray:
    """The part of each person, shape (n,): consecutive whole communities, about equally many in each part."""
    return community.astype(np.int64) * parts // (int(community.max()) + 1)


def crossing(people: np.ndarray, others: np.ndarray, part: np.ndarray) -> float:
    """The share of pairs of people that are in different parts."""
    return float((part[people] != part[others]).mean())


def main(arguments: list[str]) -> None:
    """Simulate some weeks, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.partitions")
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=28)
    parser.add_argument("--parts", type=int, nargs="+", default=[2, 4, 16, 64])
    options = parser.parse_args(arguments)
    world = sim.worlds.generated(people=options.people, burn_in_years=0.25, seed=1, threads=2)
    core = Core(world, seed=1)
    sent = []
    for _ in range(options.days):
        record = core.step()
        sent.append(record.sent[record.sent["kind"] != Kind.POST])
    gestures = np.concatenate(sent)
    owners, others = world.owners(), world.ties["other"]
    in_use = others != NOBODY
    daily = len(gestures) / options.people / options.days
    table = Table(title=f"{options.people:,} people, {options.days} days, {daily:.2f} gestures per person-day")
    for column in ("parts", "ties across", "gestures across", "gestures across, per person-day"):
        table.add_column(column, justify="right")
    for parts in options.parts:
        part = parts_of(world.people["community"], parts)
        share = crossing(gestures["sender"], gestures["receiver"], part)
        table.add_row(
            str(parts),
            f"{crossing(owners[in_use], others[in_use], part):.1%}",
            f"{share:.1%}",
            f"{share * daily:.3f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
