"""The thirteen kinds of gesture, with their minutes, perceived risk, openness, memory mass and chance of an answer.

There is evidence for the order of the masses: one click leaves nothing, composed words leave something, and time
together leaves the most. Their ratios are assumed, and so are the values of openness. Minutes are actual effort, which
is separate from perceived risk.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated

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

# "Worded": every kind but these. "Directed": every kind but a post.
WORDLESS = frozenset({Kind.LIKE, Kind.SMILE, Kind.HELLO, Kind.POST})

# Kinds with a fixed channel. The other kinds use the channel of the occasion.
FIXED_CHANNEL = {
    Kind.LIKE: Channel.FEED,
    Kind.COMMENT: Channel.FEED,
    Kind.POST: Channel.FEED,
    Kind.SMILE: Channel.IN_PERSON,
    Kind.HELLO: Channel.IN_PERSON,
    Kind.CONVERSATION: Channel.IN_PERSON,
    Kind.MESSAGE: Channel.PRIVATE,
    Kind.CALL: Channel.PRIVATE,
    Kind.INVITATION: Channel.PRIVATE,
    Kind.NOTE: Channel.POST_OFFICE,
}

Share = Annotated[float, Field(ge=0, le=1)]


class GestureRow(BaseModel):
    """One row of the gesture table."""

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
    source: str = Field(description="source of the numbers")


def _row(
    rung: int,
    minutes: float,
    noticed: float,
    opens: float,
    mass: float,
    answer: float | None,
    source: str,
    felt_risk: float = 0.0,
) -> GestureRow:
    return GestureRow(
        rung=rung,
        minutes=minutes,
        noticed=noticed,
        opens_door=opens,
        mass=mass,
        answer=answer,
        felt_risk=felt_risk,
        source=source,
    )


# The sources are part of the parameters, and so of the ids of runs: rewording one makes every run a new one.
_ASSUMED = "assumed; sweep"

# kind                rung min  noticed opens mass answer
DEFAULT_GESTURES: dict[str, GestureRow] = {
    "like": _row(0, 0.1, 0.9, 1.0, 0.0, None, "mass 0: Burke & Kraut 2014; that it opens a door is assumed"),
    "smile": _row(0, 0.1, 0.8, 0.7, 0.02, -0.8, "answers in person: Epley & Schroeder 2014; rest assumed"),
    "hello": _row(0, 0.2, 1.0, 0.9, 0.05, -0.8, "answers in person: Epley & Schroeder 2014; rest assumed"),
    "compliment": _row(1, 0.5, 1.0, 1.0, 0.2, -1.3, _ASSUMED),
    "question": _row(1, 1.0, 1.0, 1.0, 0.3, -0.7, "answers chosen with wall posts in sight; rest assumed"),
    "comment": _row(1, 1.0, 0.9, 1.0, 0.3, -1.8, "composed > one click: Burke & Kraut 2014; rest assumed"),
    "introduction": _row(2, 3.0, 1.0, 1.0, 0.5, -1.3, _ASSUMED, felt_risk=0.8),
    "message": _row(
        2, 3.0, 0.97, 1.0, 0.5, -0.87, "answers fitted to wall posts (.25 by mail: Kooti et al. 2015); rest assumed"
    ),
    "note": _row(3, 15.0, 0.97, 1.0, 1.5, -2.0, _ASSUMED, felt_risk=1.2),
    "call": _row(3, 15.0, 0.7, 1.0, 2.5, -1.5, "voice > text: Kumar & Epley 2021; rest assumed"),
    "conversation": _row(4, 30.0, 1.0, 1.0, 5.0, -1.0, "hours count: Hall 2019; rest assumed"),
    "invitation": _row(3, 3.0, 0.97, 1.0, 0.3, -1.5, _ASSUMED, felt_risk=1.4),
    "post": _row(0, 10.0, 0.35, 0.3, 0.005, None, "seen by 35 %: Bernstein et al. 2013; reading counts: Burke & Kraut"),
}


class Ladders(BaseModel):
    """Perceived risk of spontaneous gestures, in logits, by channel. The order of fields is that of each ladder.

    A person makes the last gesture on the ladder that their comfort allows. All values are assumed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

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
