"""The ten strategies as data: what the planned minutes buy, whom they aim at, which gestures they make.

A strategy is a row, not a class: the engines know five ways of planning (`Plan`) and read the rest here. The essay
supplies the words, nobody has measured the numbers: all are assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from sim.model.gestures import Channel, Kind


class Strategy(IntEnum):
    """A strategy by its row in the table."""

    WAIT = 0
    ENGAGE_REGULARLY = 1
    HANDWRITTEN_NOTES = 2
    SHOW_UP = 3
    JOIN_COMMUNITY = 4
    HOST_EVENT = 5
    TRADE_SHOWS = 6
    SHARE_CONTENT = 7
    START_MEETUP = 8
    CHECK_IN = 9

    @property
    def label(self) -> str:
        """The strategy's name as users write it, e.g. ``"handwritten_notes"``."""
        return self.name.lower()


class Plan(IntEnum):
    """How a strategy finds the people that it aims at."""

    NOTHING = 0  # ordinary life and answers only
    FEED = 1  # whoever the feed shows
    LIST = 2  # own ties, longest silent first
    POSTS = 3  # everybody's feed
    PLACE = 4  # whoever is met where one goes
    EVENT = 5  # ties who are invited, and whom they bring


class Place(IntEnum):
    """Where people meet."""

    NOWHERE = 0
    HANGOUT = 1
    GROUP = 2
    EVENT = 3
    SHOW = 4
    MEETUP = 5

    @property
    def label(self) -> str:
        """The place's name as users read it."""
        return self.name.lower()


@dataclass(frozen=True)
class Row:
    """One strategy.

    ``first`` is the gesture towards somebody new (or the likelier of two), ``second`` towards somebody met before;
    where ``first_share`` is below 1 a keyed draw decides between the two instead. ``session_minutes`` must be in the
    purse before a session starts; half of a session at a place is travel and preparation. ``sittings`` spread the purse
    over the days of a week.
    """

    plan: Plan
    place: Place
    channel: Channel
    first: Kind
    second: Kind
    first_share: float
    session_minutes: float
    sessions: int
    essay: str
    buys: str


_NONE = (Plan.NOTHING, Place.NOWHERE, Channel.PRIVATE)

STRATEGIES: dict[Strategy, Row] = {
    Strategy.WAIT: Row(
        *_NONE, Kind.LIKE, Kind.LIKE, 1.0, 0.0, 0, "(the baseline)", "nothing: ordinary life and answers only"
    ),
    Strategy.ENGAGE_REGULARLY: Row(
        Plan.FEED, Place.NOWHERE, Channel.FEED, Kind.LIKE, Kind.COMMENT, 0.8, 5.0, 7,
        "engage regularly on social media", "short daily feed sessions: a like or a comment for whoever the feed shows",
    ),
    Strategy.HANDWRITTEN_NOTES: Row(
        Plan.LIST, Place.NOWHERE, Channel.POST_OFFICE, Kind.NOTE, Kind.NOTE, 1.0, 15.0, 2,
        "send handwritten notes", "two sittings a week: a note to whoever was once strong, longest silent first",
    ),
    Strategy.SHOW_UP: Row(
        Plan.PLACE, Place.HANGOUT, Channel.IN_PERSON, Kind.HELLO, Kind.QUESTION, 1.0, 30.0, 7,
        "show up at a coffee shop or hangout", "visits to one fixed place: a hello for strangers, a question later on",
    ),
    Strategy.JOIN_COMMUNITY: Row(
        Plan.PLACE, Place.GROUP, Channel.IN_PERSON, Kind.QUESTION, Kind.CONVERSATION, 1.0, 90.0, 7,
        "join a community, group or organisation", "weekly meetings with the same members and a task",
    ),
    Strategy.HOST_EVENT: Row(
        Plan.EVENT, Place.EVENT, Channel.IN_PERSON, Kind.INVITATION, Kind.CONVERSATION, 1.0, 420.0, 7,
        "host an event", "an evening for active and dormant ties, who may bring someone",
    ),
    Strategy.TRADE_SHOWS: Row(
        Plan.PLACE, Place.SHOW, Channel.IN_PERSON, Kind.INTRODUCTION, Kind.CONVERSATION, 1.0, 540.0, 7,
        "go to trade shows", "long days among strangers of the industry, and people met before",
    ),
    Strategy.SHARE_CONTENT: Row(
        Plan.POSTS, Place.NOWHERE, Channel.FEED, Kind.POST, Kind.POST, 1.0, 10.0, 7,
        "share content", "posts into everyone's feed, which open their door a little",
    ),
    Strategy.START_MEETUP: Row(
        Plan.PLACE, Place.MEETUP, Channel.IN_PERSON, Kind.QUESTION, Kind.CONVERSATION, 1.0, 210.0, 7,
        "start a meetup", "a recurring group of the industry that grows by word of mouth",
    ),
    Strategy.CHECK_IN: Row(
        Plan.LIST, Place.NOWHERE, Channel.PRIVATE, Kind.MESSAGE, Kind.CALL, 0.7, 15.0, 7,
        "check in by phone call or text", "a round robin over everyone known, longest silent first",
    ),
}  # fmt: skip

NAMES = tuple(strategy.label for strategy in Strategy)
