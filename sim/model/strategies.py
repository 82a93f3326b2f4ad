"""The ten strategies as data: the sessions, the people they target and the gestures they make.

A strategy is a row, not a class. The engines implement the types of `Plan` and read everything else here. The
descriptions come from the essay; all numbers are assumed, since nobody has measured them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from sim.model.gestures import Kind


class Strategy(IntEnum):
    """A strategy, numbered by its row in `STRATEGIES`."""

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
        """The strategy's name in configs and tables, such as ``"handwritten_notes"``."""
        return self.name.lower()


class Plan(IntEnum):
    """How a strategy chooses the people to contact."""

    NOTHING = 0  # ordinary life and answers only
    FEED = 1  # people whom the feed shows
    LIST = 2  # contacts, longest silent first
    POSTS = 3  # everyone, through their feeds
    PLACE = 4  # people met at a place
    EVENT = 5  # invited contacts and the people they bring


class Place(IntEnum):
    """A place where people meet."""

    NOWHERE = 0
    HANGOUT = 1
    GROUP = 2
    EVENT = 3
    SHOW = 4
    MEETUP = 5

    @property
    def label(self) -> str:
        """The place's name in tables, such as ``"hangout"``."""
        return self.name.lower()


@dataclass(frozen=True)
class Row:
    """One strategy.

    Attributes:
        plan: how it chooses people.
        place: where it meets them, if anywhere.
        first: the gesture to strangers; or the first of two gestures between which a draw decides.
        second: the gesture to contacts; or the second of the two.
        first_share: probability of `first` in that draw. At 1, there is no draw.
        session_minutes: minutes that the time budget must cover before a session starts. In a session at a place,
            `usable_share` of them is for gestures, and the rest is travel and preparation.
        sessions: sessions a week, over which the time budget is spread.
        essay: the strategy in the words of the essay.
        buys: a description of what the minutes buy.
    """

    plan: Plan
    place: Place
    first: Kind
    second: Kind
    first_share: float
    session_minutes: float
    sessions: int
    essay: str
    buys: str


_NONE = (Plan.NOTHING, Place.NOWHERE)

STRATEGIES: dict[Strategy, Row] = {
    Strategy.WAIT: Row(
        *_NONE, Kind.LIKE, Kind.LIKE, 1.0, 0.0, 0, "(the baseline)", "nothing beyond ordinary life and answers"
    ),
    Strategy.ENGAGE_REGULARLY: Row(
        Plan.FEED, Place.NOWHERE, Kind.LIKE, Kind.COMMENT, 0.8, 5.0, 7,
        "engage regularly on social media", "short daily feed sessions: a like or a comment for people in the feed",
    ),
    Strategy.HANDWRITTEN_NOTES: Row(
        Plan.LIST, Place.NOWHERE, Kind.NOTE, Kind.NOTE, 1.0, 15.0, 2,
        "send handwritten notes", "two sessions a week: notes to people who were once close, longest silent first",
    ),
    Strategy.SHOW_UP: Row(
        Plan.PLACE, Place.HANGOUT, Kind.HELLO, Kind.QUESTION, 1.0, 30.0, 7,
        "show up at a coffee shop or hangout", "visits to one fixed place: a hello to strangers, later a question",
    ),
    Strategy.JOIN_COMMUNITY: Row(
        Plan.PLACE, Place.GROUP, Kind.QUESTION, Kind.CONVERSATION, 1.0, 90.0, 7,
        "join a community, group or organisation", "weekly meetings with the same members around a shared task",
    ),
    Strategy.HOST_EVENT: Row(
        Plan.EVENT, Place.EVENT, Kind.INVITATION, Kind.CONVERSATION, 1.0, 420.0, 7,
        "host an event", "an evening for active and dormant ties, who may bring a guest",
    ),
    Strategy.TRADE_SHOWS: Row(
        Plan.PLACE, Place.SHOW, Kind.INTRODUCTION, Kind.CONVERSATION, 1.0, 540.0, 7,
        "go to trade shows", "long days among strangers from the industry and people met before",
    ),
    Strategy.SHARE_CONTENT: Row(
        Plan.POSTS, Place.NOWHERE, Kind.POST, Kind.POST, 1.0, 10.0, 7,
        "share content", "posts in everyone's feed, which open doors a little",
    ),
    Strategy.START_MEETUP: Row(
        Plan.PLACE, Place.MEETUP, Kind.QUESTION, Kind.CONVERSATION, 1.0, 210.0, 7,
        "start a meetup", "a recurring group from the industry that grows by word of mouth",
    ),
    Strategy.CHECK_IN: Row(
        Plan.LIST, Place.NOWHERE, Kind.MESSAGE, Kind.CALL, 0.7, 15.0, 7,
        "check in by phone call or text", "messages and calls to everyone known in turn, longest silent first",
    ),
}  # fmt: skip

NAMES = tuple(strategy.label for strategy in Strategy)
