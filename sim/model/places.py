"""The places where people meet. Places can be added, each based on one of these.

A place is a row: whose place it is, who comes, and how many people one meets. The numbers of the five places of the
essay are parameters of their own, such as `hangout_meets`.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Place(IntEnum):
    """A place where people meet; added places have the numbers that follow."""

    NOWHERE = 0
    HANGOUT = 1
    GROUP = 2
    EVENT = 3
    SHOW = 4
    MEETUP = 5

    @property
    def label(self) -> str:
        """The place's name in configs and tables, such as ``"hangout"``."""
        return self.name.lower()


PLACES = tuple(place.label for place in Place if place != Place.NOWHERE)
MOST_PLACES = 15  # the number of a place takes four bits of the event key of a meeting
BASES = ("hangout", "group", "show")  # on which places can be based


class PlaceRow(BaseModel):
    """An added place. A number that isn't given is that of the place on which it is based."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    based_on: Literal["hangout", "group", "show"] = Field(
        description="whose place it is, and who comes: a community's hangout, a group's meeting or an industry's show"
    )
    regulars: int | None = Field(
        None, ge=1, le=10_000, description="mean number of regulars in a community (based on a hangout)"
    )
    attendance: float | None = Field(
        None, ge=0, le=1, description="probability that a regular or member comes (based on a hangout or a group)"
    )
    people: int | None = Field(None, ge=1, le=10_000, description="number of people there (based on a show)")
    every_days: int | None = Field(
        None, ge=1, le=3_650, description="days between two meetings; by default 1 for a hangout and 7 for a group"
    )
    meets: int | None = Field(None, ge=1, le=1_000, description="number of people met on a visit")
    source: str = Field("assumed", description="source of the numbers")
