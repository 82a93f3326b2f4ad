"""What happens between two people in one world, recorded day by day."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.model.gestures import Channel, Kind
from sim.run import Simulation
from sim.state.population import NO_ANSWER, NOBODY, DayRecord


class Event(NamedTuple):
    """A gesture between the two that arrived. Days are days of the run, from 0.

    Attributes:
        sent: day on which it was sent.
        second: second of that day.
        day: day on which it arrived.
        is_from_first: whether the first of the two sent it.
        kind: name of its kind.
        worded: whether it has words.
        in_person: whether they met for it.
        noticed: whether the receiver noticed it.
        answers: whether it answers another gesture.
    """

    sent: int
    second: int
    day: int
    is_from_first: bool
    kind: str
    worded: bool
    in_person: bool
    noticed: bool
    answers: bool


class Between:
    """The gestures and the doors between two people, from the day on which the recording began.

    Args:
        run: the simulation, which is only read.
        first, second: ids of the two people.

    Attributes:
        events: gestures that arrived, in order of arrival.
        doors: by day, how open the second person's door for the first is in the evening, 0..1.
        talked_again: day on which the two reconnected; None if they have not. They do with the third worded gesture in
            turn that is noticed, as in `sim.measures`.
    """

    def __init__(self, run: Simulation, first: int, second: int) -> None:
        self.run, self.first, self.second = run, first, second
        self.events: list[Event] = []
        self.doors: dict[int, float] = {}
        self.talked_again: int | None = None

    def observe(self, record: DayRecord) -> None:
        """Take in the day that was just simulated."""
        run, day = self.run, record.day - self.run.start
        one, other = self.first, self.second
        rows = record.delivered
        rows = rows[
            ((rows["sender"] == one) & (rows["receiver"] == other))
            | ((rows["sender"] == other) & (rows["receiver"] == one))
        ]
        rows = rows[rows["kind"] != Kind.POST]
        self.events += [self._event(row) for row in rows[np.argsort(rows["arrives_second"], kind="stable")]]
        seen = run.see(np.array([[one, other]], np.int32), np.full(1, NOBODY, np.int32))
        self.doors[day] = float(seen["openness"][0, 1])
        if self.talked_again is None and (run.reconnections() == sorted((one, other))).all(axis=1).any():
            self.talked_again = day

    def _event(self, row: np.void) -> Event:
        start, kind = self.run.start, self.run.parameters.kinds[row["kind"]]
        return Event(
            sent=int(row["day"]) - start,
            second=int(row["second"]),
            day=int(row["arrives_day"]) - start,
            is_from_first=int(row["sender"]) == self.first,
            kind=kind,
            worded=self.run.parameters.gestures[kind].worded,
            in_person=int(row["channel"]) == Channel.IN_PERSON,
            noticed=bool(row["noticed"]),
            answers=int(row["parent_kind"]) != NO_ANSWER,
        )

    def continued(self, run: Simulation) -> Between:
        """A copy for a twin of the simulation."""
        twin = Between(run, self.first, self.second)
        twin.events, twin.doors, twin.talked_again = list(self.events), dict(self.doors), self.talked_again
        return twin
