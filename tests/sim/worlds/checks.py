"""What must be true of every world, and logs to make worlds of."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, settings

from sim.model import rules
from sim.state.population import NOBODY, World, free_ties

SECONDS = rules.SECONDS_A_DAY

few = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])


def held(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Who holds each tie, and the ties, without free slots."""
    used = world.ties["other"] != NOBODY
    return world.owners()[used], world.ties[used]


def tie(world: World, owner: int, other: int) -> np.void:
    first, slots = world.people[owner][["first", "slots"]]
    block = world.ties[first : first + slots]
    return block[block["other"] == other][0]


def assert_sound(world: World) -> None:
    """Every slot is where it should be, every direction has its mirror, every stored weight is right."""
    people, ties, p = world.people, world.ties, world.parameters.packed
    owners, own = held(world)
    assert (np.cumsum(people["slots"]) == np.append(people["first"][1:], len(ties))).all()
    assert (people["slots"] % 4 == 0).all()
    assert (people["degree"] == np.bincount(owners, minlength=len(world))).all()
    assert (people["degree"] <= people["capacity"]).all()
    position = np.arange(len(ties)) - np.repeat(people["first"], people["slots"])
    assert ((position < people["degree"][world.owners()]) == (ties["other"] != NOBODY)).all()
    assert (np.diff(owners * len(world) + own["other"]) > 0).all(), "ties in order, each once"
    back = ties[people["first"][own["other"]] + own["mirror"]]
    assert (back["other"] == owners).all()
    assert (people["first"][owners] + back["mirror"] == np.flatnonzero(ties["other"] != NOBODY)).all()
    free = ties[ties["other"] == NOBODY]
    assert (free == free_ties(len(free))).all()
    for person in range(0, len(world), 1 + len(world) // 50):
        weights = [
            rules.pull_bound(
                rules.activation(mine["traces"], world.day - int(mine["last_contact"]), p), mine["affinity"], p
            )
            for mine in own[owners == person]
        ]
        assert people["weight_bound"][person] == rules.fresh_bound(max(weights, default=0.0))


def log_of(*events: tuple[object, object, float]) -> pd.DataFrame:
    return pd.DataFrame([(a, b, day * SECONDS) for a, b, day in events], columns=["source", "target", "time"])
