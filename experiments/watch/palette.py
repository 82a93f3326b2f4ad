"""How ties, people and gestures look: colour-blind safe colours, after Okabe & Ito, on a dark background."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

FULL = 63  # largest strength or glow in a byte


class Look(IntEnum):
    """How a tie is drawn: the upper two bits of its byte. The other six are its strength."""

    ABSENT = 0
    DORMANT = 1
    LIVING = 2
    REKINDLED = 3  # dormant on the first morning, reconnected since


class Family(IntEnum):
    """Groups of kinds of gesture that are drawn in the same colour."""

    REACTION = 0
    WORDS = 1
    NOTE = 2
    VOICE = 3
    INVITATION = 4


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
NAMES = {
    Family.REACTION: "like, smile, hello",
    Family.WORDS: "question, comment, message",
    Family.NOTE: "note",
    Family.VOICE: "call, conversation",
    Family.INVITATION: "invitation",
}


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
