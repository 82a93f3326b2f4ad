"""The type of a contact log, and reading one from a file, a table or a simulated run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from experiments.logs.by_pair import DAY, ByPair, events_by_pair
from sim.contact_logs import COLUMNS, ContactLog, LogError, Rows, load
from sim.model.gestures import DEFAULT_GESTURES, KINDS, Channel, GestureRow, Kind


@dataclass(frozen=True, eq=False)
class Log(ContactLog):
    """A contact log, with what statistics and forecasts ask of it; rows with equal times keep their order.

    Attributes:
        observed: whether all contacts of each person are in the log, (people,); None if they are for everyone. See
            `experiments.logs.observed`.
    """

    observed: np.ndarray | None = None

    @property
    def people(self) -> int:
        """Number of people."""
        return len(self.names)

    @property
    def days(self) -> float:
        """Days from its first event to its last."""
        return float(self.time[-1] - self.time[0]) / DAY if len(self) else 0.0

    @property
    def began(self) -> float:
        """When the first event was, in the seconds of the log."""
        return float(self.time[0])

    @property
    def counted(self) -> np.ndarray:
        """Whether statistics of people count each person, (people,): those who are observed."""
        return np.ones(self.people, bool) if self.observed is None else self.observed

    @cached_property
    def since_start(self) -> np.ndarray:
        """(events,), seconds since the first event."""
        return np.asarray(self.time - self.time[:1])

    @property
    def end(self) -> int:
        """The morning after the last event, in days since the first."""
        return int(self.since_start[-1] // DAY) + 1

    @property
    def longest_gap(self) -> tuple[int, int]:
        """The longest time in which nobody had contact: the days of its two ends, since the first event."""
        time = self.since_start
        longest = int(np.argmax(np.diff(time))) if len(time) > 1 else 0
        begins, ends = time[[longest, min(longest + 1, len(time) - 1)]] // DAY
        return int(begins), int(ends)

    @cached_property
    def by_pair(self) -> ByPair:
        """The same events, pair by pair."""
        return events_by_pair(self.source, self.target, self.time, self.people)

    def before(self, day: int) -> Log:
        """The log on the morning of a day (1 or later): earlier events, and the people in them."""
        count = int(np.searchsorted(self.since_start, day * DAY))
        source, target = self.source[:count], self.target[:count]
        people = max(int(source.max()), int(target.max())) + 1
        observed = None if self.observed is None else self.observed[:people]
        return Log(source, target, self.time[:count], self.names[:people], observed=observed)

    def chosen(self, rows: np.ndarray, observed: np.ndarray | None = None) -> Log:
        """The log of some of its rows, with only the people in them.

        Args:
            rows: which rows, bool, (events,).
            observed: who is observed, bool, (people,); None if everyone is.
        """
        ends = np.stack([self.source[rows], self.target[rows]], axis=1)
        people, codes = np.unique(ends, return_inverse=True)
        source, target = codes.reshape(-1, 2).T
        found = ContactLog(source, target, self.time[rows], self.names[people], self.notes)
        return _arranged(found, None if observed is None else observed[people])

    def frame(self) -> pd.DataFrame:
        """The log as `sim.worlds.replayed` takes it: people's numbers as ids, and seconds since the first event."""
        return pd.DataFrame({"source": self.source, "target": self.target, "time": self.since_start})


def read(log: str | os.PathLike[str] | pd.DataFrame, *, channel: str | None = None, now: float | None = None) -> Log:
    """A log from a file or a table with ``source``, ``target`` and ``time``; see `sim.contact_logs.read_log`.

    A table of a simulated run, which also has ``kind`` and ``channel``, is filtered as by `of_run`.

    Args:
        log: file or table.
        channel: for a simulated run, the only channel to keep.
        now: current time in Unix seconds; the clock if None. Events more than a day later are left out.

    Raises:
        LogError: the log cannot be used; the message says what to do.
    """
    rows = load(log, also=tuple(_LABELS), now=now)
    if _is_simulated(rows):
        return _arranged(_of_channel(rows, channel).in_order())
    if channel is not None:
        raise LogError(f"{rows.name} has no columns `kind` and `channel`, so a channel cannot be chosen.")
    return _arranged(rows.in_order())


_LABELS = {"kind": KINDS, "channel": [channel.label for channel in Channel]}
_NAME = "[a-z][a-z0-9_]*"  # of an added gesture


def _is_simulated(rows: Rows) -> bool:
    """Whether a log is from a simulated run: rows have channels of the model and kinds of gesture.

    Some are shipped kinds, because ordinary life is in every log; others can have been added.
    """
    if rows.also is None or not rows.also["channel"].isin(_LABELS["channel"]).all():
        return False
    kinds = rows.also["kind"].drop_duplicates()
    return bool(
        (kinds.isin(KINDS) | kinds.astype(str).str.fullmatch(_NAME)).all() and (kinds.isin(KINDS).any() or kinds.empty)
    )


def _of_channel(rows: Rows, channel: str | None) -> Rows:
    """The rows on a channel whose gestures leave a memory; added ones are taken to do so, as their mass is unknown."""
    assert rows.also is not None
    added = [kind for kind in rows.also["kind"].unique() if kind not in KINDS]
    gestures = {**DEFAULT_GESTURES, **dict.fromkeys(added, DEFAULT_GESTURES[Kind.MESSAGE.label])}
    kept = _leaving_something(rows.also, channel, gestures).to_numpy()
    if not kept.any():
        known = ", ".join(sorted(rows.also["channel"].unique()))
        where = "" if channel is None else f" in the channel {channel!r}"
        raise LogError(f"{rows.name} has no gesture that leaves a memory{where}; it has gestures in: {known}.")
    return rows.chosen(kept)


def read_in_file_order(log: str | os.PathLike[str] | pd.DataFrame) -> Log:
    """A log as `sim.worlds.replayed` reads it: people are numbered in the order of their first rows.

    `read` orders people by what they did instead, so that statistics do not depend on the order of rows.

    Raises:
        LogError: the log cannot be used; the message says what to do.
    """
    found = load(log).in_order()
    source, target = found.source.astype(np.int32), found.target.astype(np.int32)
    return Log(source, target, found.time, found.names, found.notes)


def of_run(
    log: pd.DataFrame, *, channel: str | None = None, gestures: Mapping[str, GestureRow] = DEFAULT_GESTURES
) -> Log:
    """The part of a simulated log that a real log would contain: directed gestures that leave a memory (mass above 0).

    Args:
        log: log of `sim.simulate(…, log=True)`; can be empty.
        channel: the only channel to keep, such as ``"private"``; all channels by default.
        gestures: the run's table of gestures, ``run.world.parameters.gestures``, if it is not the default.
    """
    kept = _leaving_something(log, channel, gestures)
    rows = log.loc[kept & (log["source"] != log["target"]), list(COLUMNS)]
    rows = rows.drop_duplicates().sort_values("time", kind="stable")
    codes, names = pd.factorize(rows[["source", "target"]].to_numpy().ravel())
    source, target = codes.reshape(-1, 2).T
    return _arranged(ContactLog(source, target, rows["time"].to_numpy(float), np.asarray(names)))


def _leaving_something(log: pd.DataFrame, channel: str | None, gestures: Mapping[str, GestureRow]) -> pd.Series:
    """Which gestures of a run leave a memory and are on this channel."""
    kept = log["kind"].isin([kind for kind, row in gestures.items() if row.mass > 0 and kind != Kind.POST.label])
    return kept if channel is None else kept & (log["channel"] == channel)


def _arranged(found: ContactLog, observed: np.ndarray | None = None) -> Log:
    """The log with people in an order that does not depend on names or on the order of rows."""
    codes = np.stack([found.source, found.target], axis=1).ravel()
    order = _order_of_people(codes, found.time, len(found.names))
    place = np.empty(len(found.names), np.int64)
    place[order] = np.arange(len(found.names))
    source, target = place[codes].reshape(-1, 2).T.copy()
    observed = None if observed is None else observed[order]
    return Log(source, target, found.time, found.names[order], found.notes, observed)


def _order_of_people(codes: np.ndarray, time: np.ndarray, people: int) -> np.ndarray:
    """People by when they first appear and, if equal, by what they did, independent of names and the order of rows.

    Args:
        codes: (2 * events,), source and target of each event in turn.
        time: (events,), ascending.
        people: number of people.
    """
    rows = np.arange(len(codes)) // 2
    first, last = np.zeros((2, people), np.int64)
    last[codes] = rows
    first[codes[::-1]] = rows[::-1]
    sent, received = (np.bincount(codes[k::2], minlength=people) for k in (0, 1))
    return np.lexsort((time[last], received, sent, time[first]))
