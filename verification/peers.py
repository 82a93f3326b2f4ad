"""Do the peers of the speed page live our day? The books of the Numba peer, then gestures of both peers by kind.

    python -m verification.peers

`tests/benchmarks/test_peers.py` tests the Mesa peer; the Numba peer takes half a minute to compile.
"""

from __future__ import annotations

import sys

import numpy as np

import sim
from benchmarks import peers_agree
from benchmarks.peers.numba_plain import NumbaModel
from benchmarks.peers.start import start_of
from benchmarks.workloads import LISTS, ORDINARY

PEOPLE = 400


def running(start: sim.World, capacity: int | None = None, days: int = 3) -> NumbaModel:
    """The peer after some days, in which everybody can hold this many."""
    begun = start_of(start)
    if capacity is not None:
        begun = begun._replace(people={**begun.people, "capacity": np.full(len(start), capacity, np.int32)})
    model = NumbaModel(begun, 1)
    for _ in range(days):
        model.step()
    return model


def forgetting_keeps_directions_together() -> bool:
    """Everybody holds more than they can."""
    model = running(sim.worlds.generated(people=PEOPLE, burn_in_years=0.5, seed=1, cache=False), capacity=30)
    held, first, ties = model.held, model.town.first, model.ties
    rows = np.concatenate([np.arange(at, at + count) for at, count in zip(first, held, strict=True)])
    mirror, owner = ties["mirror"][rows], np.repeat(np.arange(PEOPLE), held)
    together = (ties["mirror"][mirror] == rows).all() and (ties["other"][mirror] == owner).all()
    return bool(together and held.max() <= 30 and np.median(held) > 20)


def strangers_find_room() -> bool:
    """Everybody meets several a day."""
    parameters = sim.Parameters(encounter_rate=5.0, encounter_known=0.1, encounter_community=0.5)
    start = sim.worlds.generated(people=PEOPLE, burn_in_years=0, seed=1, parameters=parameters, cache=False)
    held = running(start, days=4).held.sum()
    return bool(held > start.people["degree"].sum() + PEOPLE and held % 2 == 0)


def a_feed_ranks_by_open_doors() -> bool:
    """Something is sent where it does."""
    parameters = sim.Parameters(feed_boost=1)
    start = sim.worlds.generated(people=60, burn_in_years=0, seed=1, parameters=parameters, cache=False)
    return bool(running(start).sent.sum() > 0)


def spells_are_lognormal_with_mean_one() -> bool:
    """The logarithms have the standard deviation of the model."""
    spells = np.log(
        running(sim.worlds.generated(people=2_000, burn_in_years=0, seed=1, cache=False), days=1).town.spell
    )
    return bool(abs(spells.std() / 0.9 - 1) < 0.05 and abs(spells.mean() + 0.405) < 0.06)


CHECKS = (
    forgetting_keeps_directions_together,
    strangers_find_room,
    a_feed_ranks_by_open_doors,
    spells_are_lognormal_with_mean_one,
)


def main() -> int:
    failed = 0
    for check in CHECKS:
        holds = check()
        failed += not holds
        print(f"{check.__name__.replace('_', ' ')}: {'yes' if holds else 'NO'}", flush=True)
    for workload in (ORDINARY, LISTS):
        sys.argv[1:] = ["--workload", workload]
        failed += not peers_agree.main()
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
