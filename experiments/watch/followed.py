"""What a page is told of the person who is followed: ties, doors and the last day's gestures, in each world."""

from __future__ import annotations

from typing import Any

from experiments.watch.outcomes import SHOWN_OF_PAIRS
from experiments.watch.playback import Playback, TieSeen
from sim.engine.views import State

TIES_SHOWN = 60


def followed_person(playback: Playback, person: int, always: frozenset[int] = frozenset()) -> dict[str, Any]:
    """A person today, ready for JSON; lists have the first world first, and numbers at most three decimals.

    Ties with the people in ``always`` are shown in any case.
    """
    one = playback.arms[0].run.people[person]
    lists = [playback.ties_of(person, arm) for arm in range(len(playback.arms))]
    chosen = _chosen(lists) | always
    return {
        "person": person,
        "sociability": round(float(one["sociability"]), 2),
        "reticence": round(float(one["reticence"]), 2),
        "role": _role(playback, person),
        "ties": [[_tie(tie) for tie in _shown(ties, chosen)] for ties in lists],
        "counts": [_counts(ties) for ties in lists],
        "gestures": [[gesture._asdict() for gesture in playback.gestures_of(person, arm)] for arm in range(len(lists))],
    }


def _role(playback: Playback, person: int) -> str:
    """What makes a person one of those whose outcomes count; empty if they are none of them."""
    if not playback.layout.is_adopter[person]:
        return ""
    return "a sender" if playback.shown is SHOWN_OF_PAIRS else "an adopter"


def _order(tie: TieSeen) -> tuple[bool, bool, float]:
    """Ties with gestures in this run first, then the strongest, acquaintances last."""
    return tie.state <= State.ACQUAINTED, not tie.history, -tie.strength


def _chosen(lists: list[list[TieSeen]]) -> set[int]:
    """The other people of the ties that are shown, the same in each world: the first by their order in any of them."""
    order: dict[int, tuple[bool, bool, float]] = {}
    for tie in (tie for ties in lists for tie in ties):
        order[tie.other] = min(_order(tie), order.get(tie.other, _order(tie)))
    return set(sorted(order, key=lambda other: order[other])[:TIES_SHOWN])


def _shown(ties: list[TieSeen], chosen: set[int]) -> list[TieSeen]:
    return sorted((tie for tie in ties if tie.other in chosen), key=_order)


def _counts(ties: list[TieSeen]) -> dict[str, int]:
    found = {state.name.lower(): sum(tie.state == state for tie in ties) for state in State}
    return found | {"rekindled": sum(tie.rekindled for tie in ties)}


def _tie(tie: TieSeen) -> dict[str, Any]:
    values = tie._asdict() | {"state": tie.state.name.lower()}
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in values.items()}
