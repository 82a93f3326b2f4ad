"""The kinds of gesture, with their minutes, perceived risk, openness, memory mass and chance of an answer.

Thirteen ship with the model, and others can be added, each a row of the gesture table.

There is evidence for the order of the masses: one click leaves nothing, composed words leave something, and time
together leaves the most. Their ratios are assumed, and so are the values of openness. Minutes are actual effort, which
is separate from perceived risk.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Kind(IntEnum):
    """A kind of gesture, numbered by its row in the gesture table."""

    LIKE = 0
    SMILE = 1
    HELLO = 2
    COMPLIMENT = 3
    QUESTION = 4
    COMMENT = 5
    INTRODUCTION = 6
    MESSAGE = 7
    NOTE = 8
    CALL = 9
    CONVERSATION = 10
    INVITATION = 11
    POST = 12

    @property
    def label(self) -> str:
        """The kind's name in configs and tables, such as ``"like"``."""
        return self.name.lower()


class Channel(IntEnum):
    """The channel of a gesture."""

    FEED = 0
    PRIVATE = 1
    IN_PERSON = 2
    POST_OFFICE = 3

    @property
    def label(self) -> str:
        """The channel's name in logs and tables, such as ``"in_person"``."""
        return self.name.lower()


KINDS = tuple(kind.label for kind in Kind)
MOST_KINDS = 192  # the second and the kind of an injected gesture take 24 bits of its event key

Share = Annotated[float, Field(ge=0, le=1)]
ChannelName = Literal["feed", "private", "in_person", "post_office"]


class GestureRow(BaseModel):
    """One row of the gesture table.

    A new kind can name a known one in ``based_on`` and give only what differs from it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rung: int = Field(ge=0, le=4, description="step on the ladder of effort, from 0 to 4")
    minutes: float = Field(ge=0.05, le=1_000, description="the sender's time for the gesture, in minutes")
    noticed: Share = Field(description="probability that the receiver notices the gesture")
    opens_door: Share = Field(description="openness of the receiver after noticing the gesture, from 0 to 1 (assumed)")
    mass: float = Field(ge=0, le=100, description="mass that the gesture adds to memory, in contacts (assumed)")
    answer: float | None = Field(
        ge=-10, le=10, description="log odds of an answer from a stranger; none if the gesture wants no answer"
    )
    felt_risk: float = Field(
        0.0,
        ge=-10,
        le=10,
        description="perceived risk of a planned gesture, in logits, for kinds on no ladder (assumed)",
    )
    channel: ChannelName | None = Field(None, description="its channel; none: that of the occasion")
    worded: bool = Field(True, description="whether it has words, which count as practice and as a reconnection")
    answered_with: str | None = Field(None, description="the kind of the answer; none: the same kind")
    answered_at_once: bool = Field(
        False, description="whether an answer comes within the same conversation, as on the phone and in person"
    )
    invites: bool = Field(False, description="whether an answer accepts an invitation to the sender's event")
    source: str = Field("assumed", description="source of the numbers")


# Fields that this version added. They are part of the ids of runs only where they differ from the shipped rows.
NEW_FIELDS = ("channel", "worded", "answered_with", "answered_at_once", "invites")


def _row(
    rung: int,
    minutes: float,
    noticed: float,
    opens: float,
    mass: float,
    answer: float | None,
    source: str,
    **more: Any,
) -> GestureRow:
    return GestureRow(
        rung=rung, minutes=minutes, noticed=noticed, opens_door=opens, mass=mass, answer=answer, source=source, **more
    )


# The sources are part of the parameters, and so of the ids of runs: rewording one makes every run a new one.
_ASSUMED = "assumed; sweep"

_FEED: dict[str, Any] = {"channel": "feed"}
_PRIVATE: dict[str, Any] = {"channel": "private"}
_IN_PERSON: dict[str, Any] = {"channel": "in_person"}
_WORDLESS: dict[str, Any] = {"worded": False}

# kind                rung min  noticed opens mass answer
DEFAULT_GESTURES: dict[str, GestureRow] = {
    "like": _row(0, 0.1, 0.9, 1.0, 0.0, None, "mass 0: Burke & Kraut 2014; that it opens a door is assumed", **_FEED, **_WORDLESS),
    "smile": _row(0, 0.1, 0.8, 0.7, 0.02, -0.8, "answers in person: Epley & Schroeder 2014; rest assumed", **_IN_PERSON, **_WORDLESS),
    "hello": _row(0, 0.2, 1.0, 0.9, 0.05, -0.8, "answers in person: Epley & Schroeder 2014; rest assumed", **_IN_PERSON, **_WORDLESS),
    "compliment": _row(1, 0.5, 1.0, 1.0, 0.2, -1.3, _ASSUMED),
    "question": _row(1, 1.0, 1.0, 1.0, 0.3, -0.7, "answers chosen with wall posts in sight; rest assumed"),
    "comment": _row(1, 1.0, 0.9, 1.0, 0.3, -1.8, "composed > one click: Burke & Kraut 2014; rest assumed", **_FEED),
    "introduction": _row(2, 3.0, 1.0, 1.0, 0.5, -1.3, _ASSUMED, felt_risk=0.8),
    "message": _row(2, 3.0, 0.97, 1.0, 0.5, -0.87, "answers fitted to wall posts (.25 by mail: Kooti et al. 2015); rest assumed", **_PRIVATE),
    "note": _row(3, 15.0, 0.97, 1.0, 1.5, -2.0, _ASSUMED, felt_risk=1.2, channel="post_office", answered_with="message"),
    "call": _row(3, 15.0, 0.7, 1.0, 2.5, -1.5, "voice > text: Kumar & Epley 2021; rest assumed", answered_at_once=True, **_PRIVATE),
    "conversation": _row(4, 30.0, 1.0, 1.0, 5.0, -1.0, "hours count: Hall 2019; rest assumed", **_IN_PERSON),
    "invitation": _row(3, 3.0, 0.97, 1.0, 0.3, -1.5, _ASSUMED, felt_risk=1.4, answered_with="message", invites=True, **_PRIVATE),
    "post": _row(0, 10.0, 0.35, 0.3, 0.005, None, "seen by 35 %: Bernstein et al. 2013; reading counts: Burke & Kraut", **_FEED, **_WORDLESS),
}  # fmt: skip

# Worded gestures count as practice and as a reconnection.
WORDLESS = frozenset(kind for kind in Kind if not DEFAULT_GESTURES[kind.label].worded)


class Ladders(BaseModel):
    """Perceived risk of spontaneous gestures, in logits, by channel. The order of fields is that of each ladder.

    A person makes the last gesture on the ladder that their comfort allows. Other steps can be added, such as
    ``private_voice_memo``; each comes before the first shipped step with a higher risk. All values are assumed.
    """

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, float]

    feed_like: float = Field(0.0, ge=-10, le=10)
    feed_comment: float = Field(2.2, ge=-10, le=10)
    feed_message: float = Field(3.5, ge=-10, le=10)
    private_question: float = Field(0.8, ge=-10, le=10)
    private_message: float = Field(1.2, ge=-10, le=10)
    private_call: float = Field(2.6, ge=-10, le=10)
    in_person_smile: float = Field(0.1, ge=-10, le=10)
    in_person_hello: float = Field(0.3, ge=-10, le=10)
    in_person_compliment: float = Field(1.2, ge=-10, le=10)
    in_person_question: float = Field(1.5, ge=-10, le=10)
    in_person_conversation: float = Field(2.4, ge=-10, le=10)


LADDERS: dict[Channel, tuple[Kind, ...]] = {
    Channel.FEED: (Kind.LIKE, Kind.COMMENT, Kind.MESSAGE),
    Channel.PRIVATE: (Kind.QUESTION, Kind.MESSAGE, Kind.CALL),
    Channel.IN_PERSON: (Kind.SMILE, Kind.HELLO, Kind.COMPLIMENT, Kind.QUESTION, Kind.CONVERSATION),
}
