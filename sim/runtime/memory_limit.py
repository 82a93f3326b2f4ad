"""How much memory a world takes, told before it is built: a refusal in words is better than a kill.

The numbers of records are those of the arrays in `sim.worlds`, `sim.state.population` and `sim.measures`; what a person
meets in a year was measured (docs/scaling.md).
"""

from __future__ import annotations

import psutil

from sim.engine.pool import SPARE
from sim.model.parameters import Parameters
from sim.runtime.storage import GIGABYTE
from sim.state.population import PERSON, TIE, World

_POOL = TIE.itemsize + 4 + 4  # bytes of a slot in motion: the tie, whom it is about, its bound
_CANDIDATE = 52  # bytes of a record, `sim.measures.AT_RISK`
_FOUND = 5 * 8  # of each pair, while it is found out who lets go of whom
_SEATED = 2 * 8  # of each pair that is laid out: its number, and the slots of both directions
_LIFE = 500  # bytes of a person beside ties: groups, prompts, gestures of a day on their way
_MEASURED = 150  # of a person: counts of gestures
_MET_IN_A_YEAR = 8.0  # ties and acquaintances that people come to hold beyond those they forget, most of them by chance
_SLACK = 2.0  # free slots of a person


class NotEnoughMemoryError(MemoryError):
    """What is asked for would not fit; the text says how much it takes and what to do."""


def to_generate(people: int, years: float, parameters: Parameters) -> int:
    """Bytes that `sim.worlds.generated` takes at most, about."""
    most = float(parameters.tie_capacity)
    found = people * parameters.ties_at_start / 2  # pairs, before anybody holds too many
    kept = people * min(parameters.ties_at_start, most) / 2
    pairing = _FOUND * found
    slots = 2 * kept + _SLACK * people
    laying_out = _SEATED * kept + TIE.itemsize * slots
    lived = people * (min(parameters.ties_at_start + _MET_IN_A_YEAR * years, most) + _SLACK)
    living = _POOL * lived * (1 + 1 / SPARE) + (PERSON.itemsize + _LIFE) * people
    return int(max(pairing, laying_out, living))


def to_run(world: World) -> int:
    """Bytes that `sim.simulate` takes beside the world, about: what is in motion, and what is watched."""
    slots, people = len(world.ties), len(world)
    return int(
        _POOL * slots * (1 + 1 / SPARE) + _CANDIDATE * slots / 4 + (PERSON.itemsize + _LIFE + _MEASURED) * people
    )


def require(needed: int, what: str) -> None:
    """Make sure that there is so much memory.

    Args:
        needed: bytes.
        what: takes them; the beginning of a sentence.

    Raises:
        NotEnoughMemoryError: there is less.
    """
    free = psutil.virtual_memory().available
    if needed > free:
        raise NotEnoughMemoryError(
            f"{what} takes about {needed / GIGABYTE:,.1f} GB of memory, and {free / GIGABYTE:,.1f} GB are free. Ask "
            "for fewer people, or for fewer ties with the parameters ties_at_start and tie_capacity."
        )
