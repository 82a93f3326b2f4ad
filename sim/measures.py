"""Outcomes of a run, computed from the record of each day; `sim.model.outcomes` has their names, units and definitions.

Both engines report the same `DayRecord`, so each measure is defined once. Recording doesn't affect the run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sim.engine.memory import find_slot
from sim.engine.network import is_active_tie
from sim.model import rules
from sim.model.compiled import njit
from sim.model.gestures import KINDS, Channel, Kind
from sim.model.outcomes import (
    DAYS_RUN,
    KEPT_AFTER,
    KEPT_UP_FROM,
    KEPT_UP_TO,
    LIKED_BACK,
    MADE_OF_OTHERS,
    RECONNECTION_DAYS,
    SALE_DAYS,
    measures_of,
)
from sim.model.outcomes import MEASURES as MEASURES
from sim.model.parameters import Parameters
from sim.own_outcomes import Day, OwnOutcomes
from sim.state.population import NEVER, NO_ANSWER, NOBODY, DayRecord, FinalState, World

FEW = 32  # up to this many adopters, ranks are computed without ranking everyone

AT_RISK = np.dtype(
    [
        ("low", "i4"),
        ("high", "i4"),
        ("received", "i4", (2,)),  # day of the last directed gesture with mass noticed by low, by high
        ("last_worded", "i4", (2,)),  # day of the last worded gesture of low, of high
        ("began", "i4", (2,)),  # day on which the latest exchange ending with low's, high's gesture began
        ("first_worded", "i4", (2,)),  # day of the first worded gesture of low, of high, since the start
        ("reconnected", "i4"),  # day
        ("last_two_way", "i4"),  # day of the last two-way contact since the start
        ("first_liked", "i4", (2,)),  # day of the first like of low, of high, since the start
        ("last_noticed", "i4"),  # day of the last noticed directed gesture since the start
        ("in_person", "i4"),  # day of the first worded gesture in person since the latest silence was broken
        ("opened_in", "i1"),  # channel of the gesture that broke the latest silence before the reconnection; -1: none
        ("kept_up", "u1"),
        ("revived", "u1"),
        ("kept", "u1"),
    ],
    align=True,
)


@njit(cache=True)
def count_day(sent: Any, initiated: Any, answered: Any, new_ties: Any, gestures: Any, pairs: Any) -> None:
    """Add a day to the counts of each person, in place.

    Args:
        sent: gestures sent, shape (n, kinds).
        initiated: gestures sent that answer no other one, without posts, shape (n,).
        answered: gestures answered, shape (n, kinds).
        new_ties: new ties, shape (n,).
        gestures: gestures sent on the day, type `GESTURE`.
        pairs: pairs that became ties on the day, each ``low * n + high``.
    """
    n = len(new_ties)
    for k in range(len(gestures)):
        gesture = gestures[k]
        sent[gesture.sender, gesture.kind] += 1
        if gesture.parent_kind != NO_ANSWER:
            answered[gesture.receiver, gesture.parent_kind] += 1
        elif gesture.kind != Kind.POST:
            initiated[gesture.sender] += 1
    for pair in pairs:
        new_ties[pair // n] += 1
        new_ties[pair % n] += 1


@njit(cache=True)
def follow_at_risk(at_risk: Any, keys: Any, delivered: Any, day: int, since: int, n: int, settings: Any) -> None:
    """Update the ties at risk with a day's noticed gestures, in place.

    Args:
        at_risk: ties that were dormant at the start, type `AT_RISK`.
        keys: ``low * n + high`` of each, ascending.
        delivered: gestures delivered on the day, sorted by time within each pair, type `GESTURE`.
        day: the day of the world.
        since: the day from which `KEPT_UP_FROM` and `KEPT_UP_TO` count; `NEVER` to count from each reconnection.
        n: the number of people.
        settings: packed parameters, shape (1,).
    """
    p = settings[0]
    for k in range(len(delivered)):
        gesture = delivered[k]
        if not gesture.noticed or gesture.kind == Kind.POST:
            continue
        key = np.int64(min(gesture.sender, gesture.receiver)) * n + max(gesture.sender, gesture.receiver)
        row = np.searchsorted(keys, key)
        if row == len(keys) or keys[row] != key:
            continue
        pair = at_risk[row]
        me = 0 if gesture.sender == pair.low else 1
        other = 1 - me
        is_silent = pair.last_noticed == NEVER or day - pair.last_noticed > p.two_way_days
        if is_silent and pair.reconnected == NEVER:
            pair.opened_in = gesture.channel
            pair.in_person = NEVER
        pair.last_noticed = day
        if gesture.kind == Kind.LIKE and pair.first_liked[me] == NEVER:
            pair.first_liked[me] = day
        if p.worded[gesture.kind]:
            if pair.first_worded[me] == NEVER:
                pair.first_worded[me] = day
            if gesture.channel == Channel.IN_PERSON and pair.in_person == NEVER:
                pair.in_person = day
            if pair.reconnected == NEVER and day - pair.began[other] <= RECONNECTION_DAYS:
                pair.reconnected = day
            pair.began[me] = pair.last_worded[other]
            pair.last_worded[me] = day
        if p.mass[gesture.kind] > 0.0:
            if day - pair.received[me] <= p.two_way_days:
                pair.last_two_way = day
                start = since if since != NEVER else pair.reconnected
                if start != NEVER and KEPT_UP_FROM <= day - start <= KEPT_UP_TO:
                    pair.kept_up = 1
            pair.received[other] = day


@njit(cache=True, nogil=True)
def count_kept(people: Any, ties: Any, at_start: Any, day: int, p: Any) -> Any:
    """Count the active ties of each person, and those of them that are new, shape (n, 2).

    Args:
        people: the people today, type `PERSON`.
        ties: their ties, type `TIE`.
        at_start: the people and the ties on the starting day.
        day: today.
        p: packed parameters.
    """
    old_people, old_ties = at_start
    counts = np.zeros((len(people), 2), np.int64)
    for person in range(len(people)):
        before = old_ties[old_people[person].first : old_people[person].first + old_people[person].slots]
        for row in range(people[person].first, people[person].first + people[person].slots):
            if is_active_tie(ties[row], day, p):
                counts[person, 0] += 1
                is_new = True
                for tie in before:
                    is_new = is_new and (tie.other != ties[row].other or tie.acquaintance != 0)
                counts[person, 1] += is_new
    return counts


@njit(cache=True)
def sale_hazards(state: Any, pairs: Any, day: int) -> Any:
    """Probability that the second person of each pair buys from the first today, shape (pairs,); 0 for strangers."""
    p = state.settings[0]
    hazards = np.zeros(len(pairs))
    for k in range(len(pairs)):
        slot = find_slot(state, pairs[k, 1], pairs[k, 0])
        if slot != NOBODY:
            tie = state.ties[state.people[pairs[k, 1]].first + slot]
            strength = rules.strength(rules.activation(tie.traces, day - tie.last_contact, p), p)
            hazards[k] = rules.sale_probability(strength, p)
    return hazards


@njit(cache=True, nogil=True)
def _find_dormant(people: Any, ties: Any, day: int, p: Any, found: Any) -> int:
    """Write the dormant ties, once each, sorted by (low, high), while `found` has room; returns their number."""
    count = 0
    for low in range(len(people)):
        begun = count
        for row in range(people[low].first, people[low].first + people[low].slots):
            tie = ties[row]
            if tie.other <= low or tie.acquaintance or not rules.is_dormant(day, tie.last_two_way, tie.two_way, p):
                continue
            if count < len(found):
                at = count
                while at > begun and found[at - 1].high > tie.other:
                    found[at] = found[at - 1]
                    at -= 1
                back = ties[people[tie.other].first + tie.mirror]
                found[at].low, found[at].high = low, tie.other
                found[at].received[0], found[at].received[1] = tie.last_received, back.last_received
            count += 1
    return count


def dormant_pairs(world: World, parameters: Parameters) -> np.ndarray:
    """The ties of a world that are dormant today, once each, type `AT_RISK`, sorted by (low, high)."""
    arguments = (world.people, world.ties, world.day, parameters.packed)
    at_risk = np.zeros(_find_dormant(*arguments, np.zeros(0, AT_RISK)), AT_RISK)
    never = ("last_worded", "began", "first_worded", "reconnected", "last_two_way", "first_liked", "last_noticed")
    for name in (*never, "in_person"):
        at_risk[name] = NEVER
    at_risk["opened_in"] = -1
    _find_dormant(*arguments, at_risk)
    return at_risk


class Measures(NamedTuple):
    """The outcomes of a run.

    Attributes:
        scalars: outcomes by name, as defined in `MEASURES`, then those of the user's own measures; nan if an outcome is
            missing. A run with a stop condition also has ``days_run``, the number of its days.
        series: one row for each day (index ``day``, from 0), or None. Columns per adopter, and per person with the
            prefix ``everyone_``: gestures ``sent`` and ``answered``, ``new_ties`` and ``reconnected`` ties of the day,
            and at its end ``active_ties``, and those of them that were dormant at the start, ``revived``. Further
            columns: the adopters' ``industry_rank``; the share of focal ties that reconnected so far
            (``focal_reconnected``); and the probability of a sale so far (``focal_sold``). The last two are nan
            without focal ties.
        at_risk: one row for each tie that was dormant on the starting day: both people, the day of the reconnection
            of each person's first worded gesture and first like, and of the first worded gesture in person after the
            silence was broken (days of the run; nan if there was none); the channel in which it was broken; and whether
            the tie was ``kept_up`` and ``kept`` (nan if it's too early to know).
    """

    scalars: dict[str, float]
    series: pd.DataFrame | None
    at_risk: pd.DataFrame


class OutcomeRecorder:
    """Records the outcomes of a run, day by day.

    Args:
        world: the world on the first morning.
        adopters: ids of the adopters, sorted.
        within: days in which a reconnection counts; None for all days.
        strategy_days: days after which the strategy stops; None if it never does.
        injected: whether outcomes count from the first day, as after an injected gesture.
        series: whether to keep daily measures.
        focal: pairs of people that the ``focal_…`` measures follow, shape (pairs, 2).
        own: the user's own measures and stop condition, if there are any.

    Raises:
        ValueError: if a measure of the user's has the name of another measure.
    """

    def __init__(
        self,
        world: World,
        *,
        adopters: np.ndarray,
        within: int | None,
        strategy_days: int | None = None,
        injected: bool,
        series: bool,
        focal: np.ndarray | None = None,
        own: OwnOutcomes | None = None,
    ) -> None:
        if own is not None and (taken := [name for name in own.names if name in measures_of(world.parameters.kinds)]):
            raise ValueError(
                f"measures has the name {taken[0]!r}, which is that of a measure of the model; choose another."
            )
        self.own = own
        n = len(world)
        self.start, self.parameters = world.day, world.parameters
        self.packed = np.array([world.parameters.packed])
        self.within = None if within is None else int(within)
        self.since = world.day if injected else NEVER
        days = 0 if injected and strategy_days is None else strategy_days
        self.stops = None if days is None else world.day + int(days)
        self.at_start = world.people, world.ties
        self.kept_ties = np.zeros((n, 2), np.int64)  # all and new, from `count_kept`
        self.adopters = adopters
        self.is_adopter = np.zeros(n, bool)
        self.is_adopter[adopters] = True
        self.at_risk = dormant_pairs(world, world.parameters)
        self.keys = self.at_risk["low"].astype(np.int64) * n + self.at_risk["high"]
        self.sent = np.zeros((n, len(world.parameters.kinds)), np.int32)
        self.initiated = np.zeros(n, np.int32)
        self.answered = np.zeros((n, len(world.parameters.kinds)), np.int32)
        self.new_ties = np.zeros(n, np.int32)
        self.rows: list[dict[str, float]] | None = [] if series else None
        self.industry = world.people["industry"]
        self.focal = np.zeros((0, 2), np.int64) if focal is None else focal
        self.unsold = np.ones((len(self.focal), len(SALE_DAYS) + 1))  # probability: up to these days, and so far
        self.focal_rows = self._rows_of_focal()

    def _rows_of_focal(self) -> np.ndarray:
        """Rows of the focal ties among the ties at risk, shape (pairs,); -1 for those that weren't dormant."""
        keys = self.focal.min(axis=1) * len(self.is_adopter) + self.focal.max(axis=1)
        rows = np.searchsorted(self.keys, keys)
        rows[rows == len(self.keys)] = 0
        there = self.keys[rows] == keys if len(self.keys) else np.zeros(len(keys), bool)
        return np.where(there, rows, -1)

    def observe(
        self,
        record: DayRecord,
        active: np.ndarray | None = None,
        hazards: np.ndarray | None = None,
        *,
        network: Callable[[], tuple[np.ndarray, np.ndarray]],
        world: Callable[[], World] | None = None,
    ) -> None:
        """Record a day.

        Args:
            record: the day.
            active: active ties of each person, shape (n,), for daily measures.
            hazards: from `sale_hazards`, for sales.
            network: returns the people and the ties after the day.
            world: makes the world after the day, for own measures.
        """
        if hazards is not None:
            self.unsold *= np.where(record.day - self.start < np.array([*SALE_DAYS, np.inf]), 1 - hazards[:, None], 1)
        count_day(self.sent, self.initiated, self.answered, self.new_ties, record.sent, record.new_ties)
        before = self.at_risk["reconnected"].copy() if self.rows is not None else None
        follow_at_risk(
            self.at_risk, self.keys, record.delivered, record.day, self.since, len(self.is_adopter), self.packed
        )
        self._count_kept(record.day + 1, network)
        if self.rows is not None and active is not None and before is not None:
            fresh = self.at_risk[(before == NEVER) & (self.at_risk["reconnected"] != NEVER)]
            self.rows.append(self._row(record, fresh, active))
        if self.own is not None:
            self.own.observe(record, self._maker_of_days(world))

    def _count_kept(self, today: int, network: Callable[[], tuple[np.ndarray, np.ndarray]]) -> None:
        """Count what is left on the day on which the strategy stops, and `KEPT_AFTER` days later."""
        if self.stops is None:
            return
        if today == self.stops:
            self.at_risk["revived"] = self._is_active(today)
        if today == self.stops + KEPT_AFTER:
            self.at_risk["kept"] = self._is_active(today)
            self.kept_ties[:] = count_kept(*network(), self.at_start, today, self.packed[0])

    def _is_active(self, today: int) -> np.ndarray:
        """Which ties at risk are active today, shape (ties,)."""
        last = self.at_risk["last_two_way"]
        return np.asarray((last != NEVER) & (today - last < self.parameters.dormant_after_days))

    @property
    def stopped(self) -> bool:
        """Whether the user's stop condition has been true."""
        return self.own is not None and self.own.stopped

    def _maker_of_days(self, world: Callable[[], World] | None) -> Callable[[DayRecord], Day]:
        """What own measures see of a day, as a function of its record."""

        def day(record: DayRecord) -> Day:
            return Day(
                record,
                start=self.start,
                people=len(self.is_adopter),
                adopters=self.adopters,
                reconnected=lambda: self.reconnected(record.day + 1),
                world=no_world if world is None else world,
            )

        return day

    def _row(self, record: DayRecord, fresh: np.ndarray, active: np.ndarray) -> dict[str, float]:
        n = len(self.is_adopter)
        replies = record.sent[record.sent["parent_kind"] != NO_ANSWER]
        people = {
            "sent": record.sent["sender"],
            "answered": replies["receiver"],
            "new_ties": np.concatenate([record.new_ties // n, record.new_ties % n]),
            "reconnected": np.concatenate([fresh["low"], fresh["high"]]),
        }
        row = {"day": float(record.day - self.start)}
        for name, ids in people.items():
            row[name] = mean_or_nan(self.is_adopter[ids].sum(), len(self.adopters))
            row[f"everyone_{name}"] = len(ids) / n
        row["active_ties"] = mean_or_nan(active[self.adopters].sum(), len(self.adopters))
        row["everyone_active_ties"] = float(active.mean())
        revived = count_by_person(self.at_risk[self._is_active(record.day + 1)], n)
        row["revived"] = mean_or_nan(revived[self.adopters].sum(), len(self.adopters))
        row["everyone_revived"] = float(revived.mean())
        row["industry_rank"] = mean_or_nan(self._ranks_of_adopters(active).sum(), len(self.adopters))
        row["focal_reconnected"] = self._share_of_focal(self.at_risk["reconnected"] != NEVER)
        row["focal_sold"] = mean_or_nan((1 - self.unsold[:, -1]).sum(), len(self.focal))
        return row

    def _ranks_of_adopters(self, active: np.ndarray) -> np.ndarray:
        """The `industry_ranks` of the adopters, shape (adopters,); for few adopters, without ranking everyone."""
        if len(self.adopters) > FEW:
            return industry_ranks(active, self.industry)[self.adopters]
        mine = active[self.adopters, None]
        beside = self.industry[self.adopters, None] == self.industry
        ahead, equal = (beside & (active > mine)).sum(axis=1), (beside & (active == mine)).sum(axis=1)
        return np.asarray(ahead + (equal + 1) / 2)

    def _share_of_focal(self, of_at_risk: np.ndarray) -> float:
        """Share of the dormant focal ties for which a mask over the ties at risk is true."""
        rows = self.focal_rows[self.focal_rows >= 0]
        return mean_or_nan(of_at_risk[rows].sum(), len(rows))

    def finish(self, end: FinalState, world: Callable[[], World] | None = None) -> Measures:
        """The outcomes of the run, given the state at its end; own measures need a function that makes its world."""
        values = self._by_person(end)
        scalars: dict[str, float] = {}
        for prefix, ids in (("", self.adopters), ("everyone_", np.arange(len(end.active)))):
            for name, value in values.items():
                known = value[ids][~np.isnan(value[ids])]
                scalars[prefix + name] = mean_or_nan(known.sum(), len(known))
        for name, connected in (("industry_rank", end.active), ("industry_rank_two_steps", end.reach)):
            ranks = industry_ranks(connected, end.industry)[self.adopters]
            scalars[name] = mean_or_nan(ranks.sum(), len(self.adopters))
        scalars.update(self._minutes(end.plans))
        scalars.update(self._of_focal(end.day))
        scalars = {name: scalars[name] for name in measures_of(self.parameters.kinds)} | self._own(end.day, world)
        series = None if self.rows is None else pd.DataFrame(self.rows).astype({"day": int}).set_index("day")
        return Measures(scalars, series, self._at_risk_frame(end.day))

    def _own(self, today: int, world: Callable[[], World] | None) -> dict[str, float]:
        """The user's own measures, and the number of days if a stop condition decides it."""
        if self.own is None:
            return {}
        length = {DAYS_RUN: float(today - self.start)} if self.own.has_stop else {}
        return self.own.values(self._maker_of_days(world)) | length

    def people(self, end: FinalState) -> pd.DataFrame:
        """The outcomes of each person, given the state at the end of the run: one row per person, in order of ids.

        Columns: ``person`` (the id), ``adopter`` (whether the person follows the strategy), and the measures that are
        means over people, under their names: nan where a person is left out of the mean. Minutes are 0, and
        ``used_share`` is nan, for those without a plan.
        """
        n = len(end.active)
        values = {name: value for name, value in self._by_person(end).items() if not name.startswith(MADE_OF_OTHERS)}
        values["industry_rank"] = industry_ranks(end.active, end.industry)
        values["industry_rank_two_steps"] = industry_ranks(end.reach, end.industry)
        for name in ("minutes_planned", "minutes_used", "minutes_lost"):
            values[name] = np.bincount(end.plans["person"], weights=end.plans[name], minlength=n)
        spendable = np.bincount(end.plans["person"], weights=self._spendable(end.plans), minlength=n)
        values["used_share"] = np.divide(values["minutes_used"], spendable, out=np.full(n, np.nan), where=spendable > 0)
        return pd.DataFrame({"person": np.arange(n, dtype=np.int32), "adopter": self.is_adopter, **values})

    def reconnected(self, day: int) -> np.ndarray:
        """Reconnections of each person before this day, shape (n,)."""
        return count_by_person(self.at_risk[self.counted(day)], len(self.is_adopter))

    def _window(self, day: int) -> int:
        """The number of days of the run, up to this day, in which a reconnection counts."""
        elapsed = day - self.start
        return elapsed if self.within is None else min(self.within, elapsed)

    def counted(self, day: int) -> np.ndarray:
        """Which ties at risk reconnected in the days that count, before this day; shape (ties,)."""
        days = self.at_risk["reconnected"]
        return np.asarray((days != NEVER) & (days - self.start < self._window(day)))

    def _by_person(self, end: FinalState) -> dict[str, np.ndarray]:
        n = len(end.active)
        counted = self.counted(end.day)
        reconnected = self.at_risk[counted]
        first = np.full(n, np.inf)
        for side in ("low", "high"):
            np.minimum.at(first, reconnected[side], reconnected["reconnected"] - self.start)
        values = {
            "dormant_at_start": count_by_person(self.at_risk, n),
            "reconnected": count_by_person(reconnected, n),
            "kept_up": self._kept_up(end.day, counted),
            **self._kept(end.day),
            **self._from_feed(reconnected),
            "active_ties": end.active.astype(float),
            "two_step_reach": end.reach.astype(float),
            "new_ties": self.new_ties.astype(float),
            "sent": self.sent.sum(axis=1).astype(float),
            "initiated": self.initiated.astype(float),
            "answered": self.answered.sum(axis=1).astype(float),
            "contact_share": end.contact_shares,
            "days_to_first_reconnection": np.where(np.isinf(first), np.nan, first),
        }
        kinds = self.parameters.kinds
        known = measures_of(kinds)
        for kind, name in enumerate(kinds):
            values[f"sent_{name}"] = self.sent[:, kind].astype(float)
            if f"answered_{name}" in known:
                values[f"answered_{name}"] = self.answered[:, kind].astype(float)
        return values

    def _kept(self, day: int) -> dict[str, np.ndarray]:
        """What is left when the strategy stops and later, for each person; nan while it isn't known, shape (n,)."""
        n, at_risk = len(self.is_adopter), self.at_risk
        values = {name: np.full(n, np.nan) for name in ("revived", "kept", "kept_new", "kept_all")}
        if self.stops is None:
            values["revived"] = count_by_person(at_risk[self._is_active(day)], n)
        elif day >= self.stops > self.start:
            values["revived"] = count_by_person(at_risk[at_risk["revived"] == 1], n)
        if self._knows_kept(day):
            values["kept"] = count_by_person(at_risk[at_risk["kept"] == 1], n)
            values["kept_all"], values["kept_new"] = self.kept_ties.T.astype(float)
        return values

    def _knows_kept(self, day: int) -> bool:
        return self.stops is not None and day >= self.stops + KEPT_AFTER

    def _from_feed(self, reconnected: np.ndarray) -> dict[str, np.ndarray]:
        """Reconnected ties whose silence was broken in the feed, and those that went on in person, shape (n,)."""
        from_feed = reconnected[reconnected["opened_in"] == Channel.FEED]
        in_person = from_feed[from_feed["in_person"] != NEVER]
        n = len(self.is_adopter)
        return {"began_in_feed": count_by_person(from_feed, n), "feed_to_person": count_by_person(in_person, n)}

    def _kept_up(self, day: int, counted: np.ndarray) -> np.ndarray:
        """Ties of each person that were kept up, shape (n,); all nan until the outcome of every tie is known."""
        n = len(self.is_adopter)
        last_start = self.start if self.since != NEVER else self.start + self._window(day) - 1
        if day <= last_start + KEPT_UP_TO:
            return np.full(n, np.nan)
        followed = self.at_risk if self.since != NEVER else self.at_risk[counted]
        return count_by_person(followed[followed["kept_up"] == 1], n)

    def _of_focal(self, today: int) -> dict[str, float]:
        """The measures of focal ties; without focal ties, all except their number are nan."""
        days, sold = today - self.start, 1 - self.unsold
        receiver = (self.focal[:, 1] > self.focal[:, 0]).astype(int)  # the side of each, among low and high
        is_known = today > self.start + KEPT_UP_TO
        return {
            "focal": float(len(self.focal)),
            "focal_reconnected": self._share_of_focal(self.counted(today)),
            "focal_answered": self._share_of_focal(self._by_receiver("first_worded", receiver, self._window(today))),
            "focal_kept_up": self._share_of_focal(self.at_risk["kept_up"] == 1) if is_known else np.nan,
            "focal_kept": self._share_of_focal(self.at_risk["kept"] == 1) if self._knows_kept(today) else np.nan,
            **{
                f"focal_liked_back_{by}": self._share_of_focal(self._by_receiver("first_liked", receiver, by))
                if days >= by
                else np.nan
                for by in LIKED_BACK
            },
            **{
                f"focal_sold_{by}": mean_or_nan(sold[:, k].sum(), len(sold)) if days >= by else np.nan
                for k, by in enumerate(SALE_DAYS)
            },
        }

    def _by_receiver(self, first: str, receiver: np.ndarray, within: int) -> np.ndarray:
        """Focal ties in which the second person did something within some days of the start, over all ties at risk.

        Args:
            first: the field of the first day on which each of the two did it.
            receiver: the side of the second person of each focal tie, among low and high, shape (pairs,).
            within: days.

        Returns:
            Shape (ties at risk,).
        """
        found = np.zeros(len(self.at_risk), bool)
        for row, side in zip(self.focal_rows, receiver, strict=True):
            day = self.at_risk[first][row, side]
            found[row] |= row >= 0 and day != NEVER and day - self.start < within
        return found

    def _minutes(self, plans: np.ndarray) -> dict[str, float]:
        plans = plans[self.is_adopter[plans["person"]]]
        spendable = self._spendable(plans)
        people = len(self.adopters)
        return {
            "minutes_planned": mean_or_nan(plans["minutes_planned"].sum(), people),
            "minutes_used": mean_or_nan(plans["minutes_used"].sum(), people),
            "minutes_lost": mean_or_nan(plans["minutes_lost"].sum(), people),
            "used_share": mean_or_nan(plans["minutes_used"].sum(), spendable.sum()),
        }

    def _spendable(self, plans: np.ndarray) -> np.ndarray:
        """Planned minutes of each plan without those left over that are too few for another session; same shape."""
        sessions = self.parameters.playbook.strategies["session_minutes"][plans["strategy"]]
        return np.asarray(plans["minutes_planned"] - np.where(plans["budget"] < sessions, plans["budget"], 0.0))

    def _at_risk_frame(self, day: int) -> pd.DataFrame:
        found = self.at_risk

        def days(values: np.ndarray) -> np.ndarray:
            return np.where(values == NEVER, np.nan, values - float(self.start))

        since = np.where(self.since != NEVER, self.start, found["reconnected"])
        is_known = (since != NEVER) & (day > since + KEPT_UP_TO)
        channels = np.array([*(channel.label for channel in Channel), ""])
        return pd.DataFrame(
            {
                "low": found["low"],
                "high": found["high"],
                "reconnected": days(found["reconnected"]),
                "first_worded_by_low": days(found["first_worded"][:, 0]),
                "first_worded_by_high": days(found["first_worded"][:, 1]),
                "first_liked_by_low": days(found["first_liked"][:, 0]),
                "first_liked_by_high": days(found["first_liked"][:, 1]),
                "opened_in": channels[found["opened_in"]],
                "in_person": days(found["in_person"]),
                "kept_up": np.where(is_known, found["kept_up"].astype(float), np.nan),
                "kept": np.where(self._knows_kept(day), found["kept"].astype(float), np.nan),
            }
        )


def no_world() -> World:
    """In place of a function that makes the world, where the engine's state is out of reach.

    Raises:
        RuntimeError: always.
    """
    raise RuntimeError("The world is out of reach here; only simulate, Simulation and ReconnectionModel report it")


def mean_or_nan(total: float, count: float) -> float:
    """``total / count``; nan if the count is 0."""
    return float(total) / float(count) if count > 0 else float("nan")


def count_by_person(pairs: np.ndarray, n: int) -> np.ndarray:
    """The number of these pairs that each person is part of, shape (n,)."""
    both = np.concatenate([pairs["low"], pairs["high"]])
    return np.bincount(both, minlength=n).astype(float)


def industry_ranks(connections: np.ndarray, industry: np.ndarray) -> np.ndarray:
    """Each person's rank by connections within the industry, shape (n,): 1 is the best, and equals share a rank."""
    ranks = pd.Series(-connections).groupby(industry).rank(method="average")
    return np.asarray(ranks)


def log_frame(days: list[np.ndarray], kinds: Sequence[str] = KINDS) -> pd.DataFrame:
    """The contact log: all gestures except posts, in the order in which they were sent.

    Args:
        days: gestures sent on each day, type `GESTURE`.
        kinds: the names of the kinds, by number.

    Columns: ``source`` and ``target`` (ids), ``time`` (seconds since day 0 of the world), ``kind``, ``channel`` and
    ``in_reply_to`` (row of the gesture that it answers; -1 if there is none in the log).
    """
    sent = np.concatenate(days)
    sent = sent[sent["kind"] != Kind.POST]
    sent = sent[np.lexsort((sent["event_key"], sent["receiver"], sent["sender"], sent["second"], sent["day"]))]
    frame = pd.DataFrame(
        {
            "source": sent["sender"],
            "target": sent["receiver"],
            "time": sent["day"].astype(np.int64) * rules.SECONDS_A_DAY + sent["second"],
            "kind": np.array(kinds)[sent["kind"]],
            "channel": np.array([channel.label for channel in Channel])[sent["channel"]],
        }
    )
    key = {name: sent[name] for name in ("day", "event_key", "sender", "receiver")}
    gestures = pd.DataFrame(key | {"row": np.arange(len(sent))}).drop_duplicates(list(key))
    parents = pd.DataFrame(
        {
            "day": sent["parent_day"],
            "event_key": sent["parent_key"],
            "sender": sent["receiver"],
            "receiver": sent["sender"],
        }
    )
    rows = parents.merge(gestures, how="left", on=["day", "event_key", "sender", "receiver"])["row"]
    frame["in_reply_to"] = rows.fillna(-1).astype(np.int64).to_numpy()
    return frame
