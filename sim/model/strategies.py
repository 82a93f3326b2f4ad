"""Strategies as data: whom a strategy contacts, what it does, and when. The ten of the essay are rows like any other.

`sim.model.grammar` describes the phrases of `whom` and `what`. The descriptions come from the essay; all numbers are
assumed, since nobody has measured them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from numbers import Real
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from sim.model.functions import function as function
from sim.model.functions import reference_to
from sim.model.grammar import Clause, Fact, names_in, parsed_what, parsed_whom
from sim.model.spelling import nearest, suggestion

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_STRATEGIES = 256  # the number of a strategy takes eight bits of the event key of a session
PEOPLE_THERE = "people there"  # at the place of a strategy
Mixture = str | Mapping[str, float]  # of strategies: a name, or shares of effort by name
BY_HAND = "people named by hand"
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Plan(IntEnum):
    """How a strategy chooses the people to contact."""

    NOTHING = 0  # ordinary life and answers only
    FEED = 1  # people whom the feed shows
    LIST = 2  # contacts on a list
    POSTS = 3  # everyone, through their feeds
    PLACE = 4  # people met at a place
    EVENT = 5  # invited contacts and the people they bring


def _listed(value: Any) -> Any:
    """A list as a tuple, because files have lists."""
    return tuple(value) if isinstance(value, list) else value


class StrategyRow(BaseModel):
    """One strategy. Besides these fields, a row may have numbers of its own, which its phrases name in braces.

    Example:
        >>> import sim
        >>> row = sim.strategies.StrategyRow(
        ...     whom="ties, birthday within {ahead} days", what="call", session_minutes=15, ahead=3
        ... )
        >>> row.numbers
        {'ahead': 3.0}
    """

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, float]

    whom: Annotated[str | tuple[str, ...], BeforeValidator(_listed)] = Field(
        PEOPLE_THERE, description="whom it contacts; several lists are taken in turn, one person of each"
    )
    what: str = Field("", description="its gestures, with conditions")
    function: Annotated[str, BeforeValidator(reference_to)] = Field(
        "", description="a function that chooses whom and which clause of what, as FILE:NAME"
    )
    place: str = Field("", description="where it meets people, if anywhere")
    invite: str = Field("", description="the gesture that invites people to an event")
    session_minutes: float = Field(
        0.0, ge=0, le=10_000, description="minutes that the time budget must cover before a session starts"
    )
    overhead_minutes: float = Field(
        0.0, ge=0, le=10_000, description="minutes of each session that are not for gestures, such as preparation"
    )
    sessions: int | None = Field(
        None, ge=0, le=7, description="sessions a week, spread evenly; none: on its weekdays, or every day"
    )
    weekdays: Annotated[tuple[Weekday, ...], BeforeValidator(_listed)] = Field(
        (), description="days of its sessions; none: spread evenly over the week"
    )
    most_people: int | None = Field(
        None, ge=1, le=1_000, description="most people to contact in a session; none: as many as time allows"
    )
    gap_days: int | None = Field(
        None, ge=0, le=3_650, description="time before a list may name the same person again; none: plan_gap_days"
    )
    for_days: int | None = Field(
        None, ge=1, le=16_383, description="days after which the strategy ends, or gives way to the next; none: never"
    )
    then: str = Field("", description="the strategy that follows after for_days; none: ordinary life")
    essay: str = Field("", description="the strategy in the words of the essay")
    meaning: str = Field("", description="what the minutes buy")
    label: str = Field("", max_length=60, description="name in figures and on the page; none: the name of the row")
    colour: str = Field("", pattern=r"^(#[0-9a-fA-F]{6})?$", description="colour in figures and on the page: #rrggbb")
    source: str = Field("assumed", description="source of the numbers")

    @property
    def numbers(self) -> dict[str, float]:
        """The row's own numbers, by name."""
        return dict(self.__pydantic_extra__ or {})

    @property
    def lists(self) -> tuple[str, ...]:
        """The texts that say whom the strategy contacts."""
        return (self.whom,) if isinstance(self.whom, str) else self.whom

    def clauses(self, kinds: tuple[str, ...]) -> tuple[Clause, ...]:
        """What the strategy does, read by the grammar; `kinds` are the names of the gestures.

        Raises:
            ValueError: if a phrase is wrong.
        """
        chosen = bool(self.function) or self.lists == (BY_HAND,)
        return parsed_what(self.what, self.numbers, kinds, in_order=not chosen) if self.what else ()

    def tags(self, kinds: tuple[str, ...]) -> set[str]:
        """The tags that its phrases name; `kinds` are the names of the gestures.

        Raises:
            ValueError: if a phrase is wrong.
        """
        lists = [] if self.function else [parsed_whom(text, self.numbers).conditions for text in self.lists]
        every = (*lists, *(clause.conditions for clause in self.clauses(kinds)))
        return {str(one.low) for conditions in every for one in conditions if one.fact == Fact.TAGGED}

    def unused_number(self) -> tuple[str, str | None] | None:
        """A number of its own that no phrase names, with the field or number that was probably meant; None if none."""
        named = {name for text in (*self.lists, self.what) for name in names_in(text)}
        for name in self.numbers:
            if name not in named:
                return name, nearest(name, [*type(self).model_fields, "based_on", *(named - self.numbers.keys())])
        return None


def amended(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a row with changes to some of them.

    A number goes with the last phrase that named it. Of `sessions` and `weekdays`, the one that is given replaces the
    other.
    """
    found = {**values, **changes}
    for given, other in (("weekdays", "sessions"), ("sessions", "weekdays")):
        if given in changes and other not in changes:
            found.pop(other, None)
    whom, what = found.get("whom", ""), found.get("what", "")
    texts = (*whom, what) if isinstance(whom, list | tuple) else (whom, what)
    named = {name for text in texts for name in names_in(str(text))}
    return {
        name: value
        for name, value in found.items()
        if name in StrategyRow.model_fields or name in changes or name in named
    }


STRATEGIES: dict[str, StrategyRow] = {
    "wait": StrategyRow(
        whom="nobody", sessions=0, essay="(the baseline)", meaning="nothing beyond ordinary life and answers"
    ),
    "engage_regularly": StrategyRow.model_validate({
        "whom": "people in the feed", "what": "like {like_share} or comment", "like_share": 0.8, "session_minutes": 5.0,
        "essay": "engage regularly on social media",
        "meaning": "short daily feed sessions: a like or a comment for people in the feed",
    }),
    "handwritten_notes": StrategyRow(
        whom="ties, once strong", what="note", session_minutes=15.0, sessions=2, essay="send handwritten notes",
        meaning="two sessions a week: notes to people who were once close, longest silent first",
    ),
    "show_up": StrategyRow(
        place="hangout", what="question if a contact and time allows, else hello", session_minutes=30.0,
        essay="show up at a coffee shop or hangout",
        meaning="visits to one fixed place: a hello to strangers, later a question",
    ),
    "join_community": StrategyRow(
        place="group", what="conversation if a contact and time allows, else question", session_minutes=90.0,
        essay="join a community, group or organisation",
        meaning="weekly meetings with the same members around a shared task",
    ),
    "host_event": StrategyRow(
        place="event", whom=("ties, dormant", "ties, active"), invite="invitation", what="conversation",
        session_minutes=420.0, essay="host an event",
        meaning="an evening for active and dormant ties, who may bring a guest",
    ),
    "trade_shows": StrategyRow(
        place="show", what="conversation if a contact and time allows, else introduction", session_minutes=540.0,
        essay="go to trade shows", meaning="long days among strangers from the industry and people met before",
    ),
    "share_content": StrategyRow(
        whom="readers of posts", what="post", session_minutes=10.0, essay="share content",
        meaning="posts in everyone's feed, which open doors a little",
    ),
    "start_meetup": StrategyRow(
        place="meetup", what="conversation if a contact and time allows, else question", session_minutes=210.0,
        essay="start a meetup", meaning="a recurring group from the industry that grows by word of mouth",
    ),
    "check_in": StrategyRow.model_validate({
        "whom": "everyone known, longest silent first", "what": "message {message_share} or call",
        "message_share": 0.7, "session_minutes": 15.0, "essay": "check in by phone call or text",
        "meaning": "messages and calls to everyone known in turn, longest silent first",
    }),
}  # fmt: skip

NAMES = tuple(STRATEGIES)


def mixture_of(strategy: Mixture, names: Sequence[str] = NAMES) -> dict[str, float]:
    """Shares of effort by strategy, in the order of `names`, which are all strategies that there are.

    Raises:
        TypeError: if the argument is neither a name nor a mapping from names to shares.
        ValueError: if a name is unknown, a share is out of range, or the shares don't add up to 1.
    """
    if not isinstance(strategy, str | Mapping):
        raise TypeError(f"strategy is {strategy!r}; it must be a name, or shares by name that add up to 1.")
    shares = {strategy: 1.0} if isinstance(strategy, str) else dict(strategy)
    for name, share in shares.items():
        if name not in names:
            hint = suggestion(str(name), names)
            raise ValueError(f"Unknown strategy {name!r}{hint} The strategies are {', '.join(names)}.")
        if isinstance(share, bool) or not isinstance(share, Real) or not 0 < share <= 1:
            raise ValueError(f"The share of {name} in the mixture is not a number above 0 and at most 1.")
    total = sum(shares.values())
    if not shares or abs(total - 1.0) > 1e-6:
        raise ValueError(f"The shares of the mixture add up to {total:g}; they must add up to 1.")
    return {name: float(shares[name]) for name in names if name in shares}
