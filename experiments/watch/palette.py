"""Colours of drawn worlds, for the page and films: colour-blind safe, after Okabe & Ito, on a dark background."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.terminal.legend import SMALL, Legend, readable
from experiments.watch.layout import FULL, Family, Look, family_of
from sim.model.gestures import KINDS, GestureRow

NIGHT, PANEL, INK, QUIET = "#0d1320", "#151d2e", "#eef2fa", "#9aa8c2"
EMBER = "#f5a623"  # rekindled ties
DOOR = "#b08cff"  # open doors
FIRST, SECOND = "#7cc4f5", "#c9cfdb"  # the two arms of a comparison

TIES = {Look.DORMANT: "#6f83ad", Look.LIVING: "#b9cdf2", Look.REKINDLED: EMBER}
FAMILIES = {
    Family.REACTION: "#e48fc0",
    Family.WORDS: "#56b4e9",
    Family.NOTE: "#f0e442",
    Family.VOICE: "#2fd3a0",
    Family.INVITATION: "#f07b3f",
}
SHARE_OF_CROWD = 0.3  # of its opacity that a tie keeps which is of no adopter; as in js/ties.js
MOST_ADDED = 2  # added gestures of a family that a legend names
NAMES = {
    Family.REACTION: "like, smile, hello",
    Family.WORDS: "question, comment, message",
    Family.NOTE: "note",
    Family.VOICE: "call, conversation",
    Family.INVITATION: "invitation",
}


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


def opacity(look: Look, strength: int) -> float:
    """How opaque a tie of this strength (0..63) is drawn, 0..1."""
    share = strength / 63
    return {Look.ABSENT: 0.0, Look.DORMANT: 0.07 + 0.25 * share, Look.LIVING: 0.14 + 0.6 * share}.get(
        look, 0.55 + 0.4 * share
    )


def for_browser() -> dict[str, Any]:
    """The colours for the page, with the opacity for each of the 256 bytes of a tie."""
    return {
        "night": NIGHT,
        "panel": PANEL,
        "ink": INK,
        "quiet": QUIET,
        "ember": EMBER,
        "door": DOOR,
        "arms": [FIRST, SECOND],
        "ties": {int(look): colour for look, colour in TIES.items()},
        "families": [{"colour": FAMILIES[family], "name": NAMES[family]} for family in FAMILIES],
        "opacity": [round(opacity(Look(byte >> 6), byte & FULL), 3) for byte in range(256)],
    }
