"""What people can know about each other, and conditions on it: each says that a fact lies within limits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum


class Fact(IntEnum):
    """What a person can know about another on a day; each is a number.

    Between strangers, facts about a tie are 0, and nobody waits for an answer.
    """

    KNOWN = 0  # 1 for contacts, 0 for strangers
    ACQUAINTANCE = 1  # 1 if they met, but neither answered the other
    DORMANT = 2  # 1 if dormant; see `rules.is_dormant`
    ACTIVE = 3  # 1 if active; see `rules.is_active`
    STANDING = 4  # the slowest memory trace, in contacts
    BIRTHDAY = 5  # days until the other's next birthday, from 0
    SILENCE = 6  # days since the last contact of any sort
    TWO_WAY = 7  # number of two-way contacts
    TURN = 8  # 1 if the other wrote last, -1 if the person did, 0 if both wrote on that day or neither ever did
    UNANSWERED = 9  # unanswered gestures of the person, rounded to a whole number
    NO_ANSWER = 10  # days since the person's last gesture, if the other has not written since; else -1
    OPENNESS = 11  # openness of the person towards the other, 0 to 1
    STRENGTH = 12  # strength of the tie, 0 to 1
    SAME_COMMUNITY = 13  # 1 if both are of one community
    SAME_INDUSTRY = 14  # 1 if both are of one industry
    SAME_GROUP = 15  # 1 if both are of one group
    MUTUAL = 16  # number of people to whom both have a tie
    MINUTES_TO_SPARE = 17  # minutes that the session would have left after the gesture
    DRAW = 18  # a keyed uniform, for a random order
    MET_AT = 19  # number of the place where they last met, if any
    TAGGED = 20  # 1 if the other has the first tag; the following numbers stand for the other tags


class Source(IntEnum):
    """Where the people come from whom a strategy contacts."""

    NOBODY = 0
    CONTACTS = 1  # a list of the person's own contacts
    FEED = 2  # people whom the feed shows
    READERS = 3  # everyone, through posts
    PRESENT = 4  # people met at a place
    BY_HAND = 5  # contacts named day by day; see `sim.Simulation.order`


@dataclass(frozen=True)
class Condition:
    """A fact lies within limits, or doesn't if `holds` is false.

    A limit may be the name of a parameter, a place or a tag.
    """

    fact: Fact
    low: float | str = -math.inf
    high: float = math.inf
    holds: bool = True


MEASURES = (Fact.OPENNESS, Fact.STRENGTH, Fact.STANDING)  # all other facts of people are whole numbers
