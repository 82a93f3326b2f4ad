"""Do the peers simulate the same model? Compares gestures by kind and person-day of each peer with those of the core.

    python -m benchmarks.peers_agree [--people 2000] [--days 60] [--seeds 10] [--only mesa] [--workload lists]

All continue from the same burnt-in world, each with its own seeds. Quiet and busy spells are switched off, because they
correlate months of a person's life and would require twenty times as many person-days; `--spells` leaves them on. The
standard error of a ratio is pooled over all models, from the variance of gestures over seeds, by kind.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

import sim
from benchmarks.competitors import COMPETITORS, PEERS
from benchmarks.workloads import LISTS, ORDINARY, WORKLOADS
from sim.model.gestures import Kind

TOLERANCE = 0.02  # relative difference of gestures by kind
STANDARD_ERRORS = 3.0  # tolerance where gestures are few


class Agreement(NamedTuple):
    """The gestures of one kind in the core and in a peer.

    Attributes:
        kind: the label of the kind.
        rate: gestures per person-day in the core.
        ratio: gestures of the peer divided by those of the core.
        error: the standard error of the ratio.
    """

    kind: str
    rate: float
    ratio: float
    error: float

    def holds(self, tolerance: float) -> bool:
        """Whether the ratio is within the tolerance of 1, or within the sampling error if that is larger."""
        return abs(self.ratio - 1.0) <= max(tolerance, STANDARD_ERRORS * self.error)


def sent(name: str, world: sim.World, days: int, seed: int) -> np.ndarray:
    """Gestures by kind in this many days, shape (13,)."""
    running = COMPETITORS[name].make(world, seed)
    for _ in range(days):
        running.step()
    return np.array(running.sent)


def agreements(world: sim.World, names: list[str], *, days: int, seeds: int) -> dict[str, list[Agreement]]:
    """Compare each of these with the core, for every kind that the core sends."""
    counts = {}
    for name in ["core-1", *names]:
        began = time.perf_counter()
        counts[name] = np.array([sent(name, world, days, seed) for seed in range(1, seeds + 1)])
        took = time.perf_counter() - began
        print(f"{COMPETITORS[name].label}: {len(world) * days * seeds / took:,.0f} person-days per second", flush=True)
    means = {name: gestures.mean(axis=0) for name, gestures in counts.items()}
    used = np.flatnonzero(means["core-1"])
    spread = np.mean(
        [(gestures[:, used] / means[name][used]).var(axis=0, ddof=1) for name, gestures in counts.items()], axis=0
    )
    error = np.sqrt(2.0 * spread / seeds)
    rate = means["core-1"][used] / (len(world) * days)
    return {
        name: [
            Agreement(Kind(int(kind)).label, rate[k], means[name][kind] / means["core-1"][kind], error[k])
            for k, kind in enumerate(used)
        ]
        for name in names
    }


def world_of(people: int, years: float, spells: bool) -> sim.World:
    """The world in which all start."""
    parameters = sim.Parameters() if spells else sim.Parameters(spell_sd=0.0)
    return sim.worlds.generated(people=people, burn_in_years=years, seed=1, parameters=parameters)


def shown(results: dict[str, list[Agreement]], title: str) -> Table:
    """A table of the relative difference between each peer and the core, by kind."""
    table = Table(title=title, caption="± is one standard error of a difference")
    table.add_column("kind")
    table.add_column("core, per person-day", justify="right")
    table.add_column("±", justify="right")
    for name in results:
        table.add_column(COMPETITORS[name].label, justify="right")
    for rows in zip(*results.values(), strict=True):
        differences = [f"{row.ratio - 1.0:+.1%}" + ("" if row.holds(TOLERANCE) else " !") for row in rows]
        table.add_row(rows[0].kind, f"{rows[0].rate:.4f}", f"{rows[0].error:.1%}", *differences)
    return table


def main() -> bool:
    """Compare and print; returns whether all agree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=2_000)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--burn-in", type=float, default=1.0, help="years")
    parser.add_argument("--spells", action="store_true", help="leave quiet and busy spells on")
    parser.add_argument("--workload", choices=(ORDINARY, LISTS), default=ORDINARY)
    parser.add_argument("--only", nargs="+", choices=PEERS, default=list(PEERS))
    options = parser.parse_args()
    console = Console(width=140)
    world = WORKLOADS[options.workload].on(world_of(options.people, options.burn_in, options.spells))
    results = agreements(world, options.only, days=options.days, seeds=options.seeds)
    title = f"gestures beyond the core's, {options.people:,} people, {options.days} days, {options.seeds} seeds"
    console.print(shown(results, title))
    agrees = all(row.holds(TOLERANCE) for rows in results.values() for row in rows)
    bound = f"within {TOLERANCE:.0%}, or within {STANDARD_ERRORS:.0f} standard errors if those are larger"
    console.print(f"All {bound}." if agrees else f"NOT all {bound}; those marked with ! are not.")
    return agrees


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
