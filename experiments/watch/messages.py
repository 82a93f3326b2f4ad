"""The messages that a page can send, by their fields and types. Anything else gets an error message in return."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from experiments.config.errors import ConfigError
from experiments.watch.page_state import BY_HAND, LONGEST_VALUE, MOST_PEOPLE, VIEWS

SPEEDS = (1, 2, 5, 10, 20, 50, 100)  # days a second
LARGEST = 65_536  # bytes of a message

_Text = Annotated[str, Field(max_length=LONGEST_VALUE)]
_Person = Annotated[int, Field(ge=0, le=MOST_PEOPLE)]


class _Message(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Ready(_Message):
    """The tab is ready for the world that its address names."""

    do: Literal["ready"]


class Drawn(_Message):
    """A frame is on the screen."""

    do: Literal["drawn"]
    frame: Annotated[int, Field(ge=0, le=2**53)]


class Again(_Message):
    """The tab expected frames but got none."""

    do: Literal["again"]


class Play(_Message):
    """Play or pause; toggles if ``on`` is None."""

    do: Literal["play"]
    on: bool | None = None


class Step(_Message):
    """Advance by some days."""

    do: Literal["step"]
    days: Literal[1, 7] = 1


class Reset(_Message):
    """Go back to the first day."""

    do: Literal["reset"]


class Speed(_Message):
    """Set the days per second, or the next faster or slower speed."""

    do: Literal["speed"]
    value: Literal[SPEEDS] = 5  # type: ignore[valid-type]
    by: Literal[-1, 1] | None = None


class Set(_Message):
    """Change a setting to the typed value."""

    do: Literal["set"]
    path: _Text
    value: _Text


class Beside(_Message):
    """Set the strategy of a second world; no second world if empty."""

    do: Literal["beside"]
    value: _Text


class Differences(_Message):
    """Whether to draw only differences."""

    do: Literal["differences"]
    on: bool


class View(_Message):
    """Show the circle of one person (an adopter, if nobody is followed), or everyone."""

    do: Literal["view"]
    value: Literal[VIEWS]  # type: ignore[valid-type]


class Preset(_Message):
    """Load a question of the essay or a file, by its name; the opening if empty."""

    do: Literal["preset"]
    value: _Text


class Guess(_Message):
    """Guess in which of the two worlds more is counted, before the answer is shown."""

    do: Literal["guess"]
    value: Literal["left", "same", "right"]


class Follow(_Message):
    """Follow a person, or nobody."""

    do: Literal["follow"]
    person: _Person | None


class Send(_Message):
    """Send a gesture; with ``fork``, also continue in a twin of the world without it."""

    do: Literal["send"]
    kind: Literal[BY_HAND]  # type: ignore[valid-type]
    to: _Person
    fork: bool


class BeginStory(_Message):
    """Begin the story of a pair on its first day: 0 for the first pair, then those in random order."""

    do: Literal["story"]
    number: Annotated[int, Field(ge=0, le=2**31)]


class Config(_Message):
    """Request the configuration file of the page."""

    do: Literal["config"]


class PictureRequest(_Message):
    """Request an image of today."""

    do: Literal["picture"]
    value: Literal["png", "svg"]


class Film(_Message):
    """Request a film up to today."""

    do: Literal["film"]
    value: Literal["mp4", "gif"]


class Replay(_Message):
    """Request a replay up to today."""

    do: Literal["replay"]


Message = (
    Ready
    | Drawn
    | Again
    | Play
    | Step
    | Reset
    | Speed
    | Set
    | Beside
    | Differences
    | View
    | Preset
    | Guess
    | Follow
    | Send
    | BeginStory
    | Config
    | PictureRequest
    | Film
    | Replay
)
_MESSAGES: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="do")])


def understood(text: str | bytes) -> Message:
    """Parse a tab's message.

    Raises:
        ConfigError: the message is not valid; the text says what is wrong.
    """
    try:
        return _MESSAGES.validate_json(text)
    except ValidationError as error:
        first: Any = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ConfigError(
            f"The server does not understand a message of the page ({where + ': ' if where else ''}{first['msg']}). "
            "Reload the page; nothing has changed."
        ) from None
