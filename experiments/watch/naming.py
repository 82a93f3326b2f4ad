"""How a page names families of gestures, and colours arms, with the gestures and strategies that an experiment adds."""

from __future__ import annotations

from collections.abc import Mapping

from experiments.terminal.legend import SMALL, Legend, readable
from experiments.watch.layout import family_of
from experiments.watch.palette import FAMILIES, FIRST, NAMES, PANEL, SECOND, Family
from sim.model.gestures import KINDS, GestureRow

MOST_ADDED = 2  # added gestures of a family that a legend names


def names_of_families(gestures: Mapping[str, GestureRow]) -> list[str]:
    """What is drawn in the colour of each family, in their order: shipped gestures, and then added ones."""
    added: dict[Family, list[str]] = {family: [] for family in FAMILIES}
    for kind, row in gestures.items():
        if kind not in KINDS:
            added[family_of(kind, row)].append(kind.replace("_", " "))
    return [", ".join([NAMES[family], *_few(kinds)]) for family, kinds in added.items()]


def _few(kinds: list[str]) -> list[str]:
    return kinds if len(kinds) <= MOST_ADDED else [*kinds[: MOST_ADDED - 1], f"{len(kinds) - MOST_ADDED + 1} more"]


def colours_of_arms(strategies: list[str], legend: Legend) -> list[str]:
    """The colours of one or two worlds: of its strategy, if that has one, so that it can be seen; else the usual ones.

    Two worlds of one colour could not be told apart, so the second then has its usual one.
    """
    usual = (FIRST, SECOND)[: len(strategies)]
    own = (legend.colour(strategy) for strategy in strategies)
    found = [readable(colour, PANEL, SMALL) if colour else other for colour, other in zip(own, usual, strict=True)]
    return found if len(set(found)) == len(found) else [found[0], SECOND if found[0] != SECOND else FIRST]
