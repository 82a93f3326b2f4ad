"""Estimates of the memory that a world takes, so that large requests fail with a message before they start.

The estimates count the records of the arrays in `sim.worlds`, `sim.state.population` and `sim.measures`. The number of
people met in a year was measured (docs/scaling.md).
"""

from __future__ import annotations

import psutil

from sim.engine.pool import SPARE
from sim.model.parameters import Parameters
from sim.runtime.storage import GIGABYTE
from sim.state.population import PERSON, TIE, World

_POOL = TIE.itemsize + 4 + 4  # bytes of a slot in the engine: the tie, the contact id and the weight bound
_CANDIDATE = 68  # bytes of a record, `sim.measures.AT_RISK`
_PAIR = 5 * 8  # bytes of each pair, while ties beyond capacity are dropped
_SEATED = 2 * 8  # bytes of each pair during layout: its number, and the slots of both directions
_LIFE = 500  # bytes of a person apart from ties: groups, and the prompts and gestures of a day
_MEASURED = 150  # bytes of a person for measures: counts of gestures
_MET_IN_A_YEAR = 8.0  # net gain of ties and acquaintances in a year, mostly from chance encounters
_SLACK = 2.0  # free slots of a person


class NotEnoughMemoryError(MemoryError):
    """There isn't enough memory; the message says how much is needed and what to do."""


def to_generate(people: int, years: float, parameters: Parameters) -> int:
    """Estimate the peak memory of `sim.worlds.generated`, in bytes."""
    most = float(parameters.tie_capacity)
    pairs = people * parameters.ties_at_start / 2  # pairs, before ties beyond capacity are dropped
    kept = people * min(parameters.ties_at_start, most) / 2
    pairing = _PAIR * pairs
    slots = 2 * kept + _SLACK * people
    laying_out = _SEATED * kept + TIE.itemsize * slots
    lived = people * (min(parameters.ties_at_start + _MET_IN_A_YEAR * years, most) + _SLACK)
    living = _POOL * lived * (1 + 1 / SPARE) + (PERSON.itemsize + _LIFE) * people
    return int(max(pairing, laying_out, living))


def to_run(world: World) -> int:
    """Estimate the memory that `sim.simulate` takes in addition to the world, in bytes."""
    slots, people = len(world.ties), len(world)
    return int(
        _POOL * slots * (1 + 1 / SPARE) + _CANDIDATE * slots / 4 + (PERSON.itemsize + _LIFE + _MEASURED) * people
    )


def require(needed: int, what: str) -> None:
    """Check that there is enough free memory.

    Args:
        needed: bytes.
        what: what needs the memory; the beginning of the error message.

    Raises:
        NotEnoughMemoryError: if less than `needed` is free.
    """
    free = psutil.virtual_memory().available
    if needed > free:
        raise NotEnoughMemoryError(
            f"{what} needs about {needed / GIGABYTE:,.1f} GB of memory, but only {free / GIGABYTE:,.1f} GB are free. "
            "Use fewer people, or set ties_at_start and tie_capacity lower so that people have fewer ties."
        )
