"""A plan for one person's week: which dormant ties to contact, with which small gesture, in which order.

A contact log continues in simulated worlds: with nothing done, and with each kind of gesture, made on the first day to
all dormant ties of the person. The gain of a gesture is how many more of the others then write. The plan is the one
with the largest gain within the minutes. A plan that is chosen for its gain looks better than it is, so its gain is
estimated in other worlds, in which only the plan is carried out. The log's own past shows how good the ranking is: how
many of the ties that the model, or a simple rule, would have put first on an earlier day came back in the rest of the
log.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

import sim
from experiments.forecasts.forecast import (
    Execution,
    OneWorld,
    Worlds,
    beginning,
    by_receiver,
    cut_of,
    gestures_to,
    hole_noted,
    paired,
    replicates,
    run_all,
    shares_of,
    silent_ties,
)
from experiments.forecasts.pairs import came_back, numbers_of_ties, silent_pairs
from experiments.forecasts.scores import ENOUGH_PEOPLE
from experiments.logs.log import Log
from sim.contact_logs import LogError
from sim.model.rules import SECONDS_A_DAY

SMALL = ("like", "comment", "message", "note", "call")
FIRST = 5  # ties of each list by which rankings are judged
MODEL, LONGEST, LATEST, CHANCE = "model", "longest history", "most recent", "by chance"

_GRAIN = 20  # parts of a minute, the unit of plans; every gesture takes at least one
_DATED = 631_152_000  # seconds of 1990; logs that begin earlier have no calendar dates
_YEAR = 365.25


class WeekRequest(NamedTuple):
    """What a person asks for.

    Attributes:
        person: whose week it is, with one dormant tie at least.
        minutes: the time budget for gestures.
        most: largest number of ties in the plan.
        days: number of days within which the others can write.
        silent: a tie is dormant if its silence is longer than this, in days.
        gestures: kinds to choose from, as in `sim.Gesture`, at least one.
    """

    person: int
    minutes: int
    most: int
    days: int
    silent: int
    gestures: Sequence[str]


class Past(NamedTuple):
    """How well rankings of dormant ties would have done in the log's own past.

    Attributes:
        cut: the morning on which ties were ranked, in days since the first contact.
        days: number of days within which ties could come back.
        ties: number of dormant ties on that morning, over all people.
        expected, came_back: the share of these that came back, as forecast by the model and as observed.
        people: number of people with more than `FIRST` dormant ties on that morning, whose lists are judged.
        rules: for each ranking (index), ``share``: of the first `FIRST` ties of a list, the share that came back, mean
            over people (with equal scores in random order); and ``apart``, the model's share minus that of the
            rule, with ``low`` and ``high``, its 95% interval over people; nan for fewer than 20.
    """

    cut: int
    days: int
    ties: int
    expected: float
    came_back: float
    people: int
    rules: pd.DataFrame


class Week(NamedTuple):
    """A plan, with its gain and its checks.

    Attributes:
        plan: one row per gesture, sorted by the gain per minute for which it was chosen: ``tie`` (its number, see
            `pairs.numbers_of_ties`); the log's ``id`` of the other; ``last_contact`` (a date; missing if the
            log has no calendar dates), ``silent_days``, ``known_years`` and ``contacts`` so far, ``last_word`` (you or
            other); ``gesture``, ``minutes``; the shares of worlds in which the other writes or answers, ``without`` the
            plan and ``after`` it; ``gain``, the paired difference, with ``low`` and ``high``, its 95% interval
            over worlds.
        together: the gain of the whole plan, in people who write, with its 95% interval: value, low, high.
        dormant: number of ties to choose from.
        alike: whether chance explains all differences in gain between ties.
        past: how rankings would have done; None if the log is too short, or nobody had a dormant tie.
        notes: sentences about the log.
    """

    plan: pd.DataFrame
    together: tuple[float, float, float]
    dormant: int
    alike: bool
    past: Past | None
    notes: list[str]


def dormant_ties(contacts: Log, silent: int, person: int) -> pd.DataFrame:
    """The dormant ties of a person, most contacts first: both people have written, and neither for ``silent`` days.

    Columns are those of `experiments.forecasts.pairs.silent_pairs`, and ``sender``: the person.
    """
    return _of_both(silent_ties(contacts, silent, person))


def _of_both(pairs: pd.DataFrame) -> pd.DataFrame:
    return pairs[pairs["both_wrote"] == 1].reset_index(drop=True)


def plan_week(
    contacts: Log, worlds: Worlds, request: WeekRequest, execution: Execution, cut: int | None = None
) -> Week:
    """Plan a person's week.

    Args:
        contacts: the whole log.
        worlds: this many (at least two) choose the plan, as many others estimate its gain, and as many start from the
            cut.
        request: whose week it is, and its limits.
        execution: how the worlds are run.
        cut: the morning on which rankings are judged, in days since the first contact; 70% into the log if None.

    Raises:
        LogError: the cut is outside the log, or too close to its end.
    """
    days, silent, gestures = request.days, request.silent, request.gestures
    ties = dormant_ties(contacts, silent, request.person)
    idle = replicates(beginning(contacts, contacts.end, worlds), days, ties)
    arms = [idle, *(with_gestures(idle, gestures_to(kind, ties)) for kind in gestures)]
    question = _past_question(contacts, days, silent, cut)
    judged = (
        replicates(beginning(contacts.before(question.cut), question.cut, worlds), question.days, question.pairs)
        if question
        else []
    )
    first = [run for arm in arms for run in arm] + judged
    total = len(first) + 2 * worlds.count

    wrote = iter(run_all(first, execution._replace(report=lambda done, _: execution.report(done, total))))
    before, *after = (_others(wrote, arm, ties) for arm in arms)
    past = _past(contacts, question, shares_of(list(wrote))) if question else None
    gains = np.column_stack([steadied(one.astype(float) - before) for one in after])
    takes = np.array([worlds.parameters.gestures[kind].minutes for kind in gestures])
    chosen = best_plan(gains, takes, request.minutes, request.most)
    chosen.sort(key=lambda pick: -gains[pick] / takes[pick[1]])

    rows, kinds = [tie for tie, _ in chosen], [kind for _, kind in chosen]
    picked = ties.iloc[rows].assign(gesture=[gestures[kind] for kind in kinds])
    plain, planned = _carried_out(picked, contacts, days, worlds)
    rest = execution._replace(report=lambda done, _: execution.report(len(first) + done, total))
    wrote = iter(run_all([*plain, *planned], rest))
    without, then = _others(wrote, plain, picked), _others(wrote, planned, picked)
    plan = _known_of(picked, contacts, request.person).assign(minutes=takes[kinds], **_effects(without, then))
    together = paired((then.astype(float) - without).sum(axis=1)) if chosen else (0.0, 0.0, 0.0)
    alike = not np.ptp(gains, axis=0)[kinds].any()
    return Week(plan, together, len(ties), alike, past, hole_noted(contacts, silent, contacts.end))


def _carried_out(plan: pd.DataFrame, contacts: Log, days: int, worlds: Worlds) -> tuple[list[OneWorld], list[OneWorld]]:
    """Worlds that did not choose the plan, with nothing done and with all its gestures; none for an empty plan."""
    fresh = replace(worlds, seed=worlds.seed + worlds.count, world_seed=worlds.world_seed + worlds.count)
    plain = replicates(beginning(contacts, contacts.end, fresh), days, plan) if len(plan) else []
    made = tuple(one for kind, some in plan.groupby("gesture") for one in gestures_to(str(kind), some))
    return plain, with_gestures(plain, made)


def with_gestures(runs: Sequence[OneWorld], gestures: tuple[sim.Gesture, ...]) -> list[OneWorld]:
    """Copies of these worlds with the gestures added."""
    return [replace(run, gestures=gestures) for run in runs]


def _others(wrote: Iterator[np.ndarray], runs: Sequence[OneWorld], ties: pd.DataFrame) -> np.ndarray:
    """Whether the other person of each tie wrote in each of the next worlds, shape (worlds, ties)."""
    found = np.array([next(wrote) for _ in runs], dtype=bool).reshape(len(runs), len(ties), 2)
    return by_receiver(found, ties)


def _known_of(ties: pd.DataFrame, contacts: Log, person: int) -> pd.DataFrame:
    """The columns by which the person can recognize these ties, and the gesture."""
    last = contacts.began + (contacts.end - ties["silence"]) * SECONDS_A_DAY
    dates = pd.to_datetime(last.round(), unit="s").dt.strftime("%Y-%m-%d")
    return pd.DataFrame(
        {
            "tie": numbers_of_ties(contacts, ties),
            "id": contacts.names[ties["low"] + ties["high"] - person],
            "last_contact": dates if contacts.began >= _DATED else None,
            "silent_days": ties["silence"].astype(int),
            "known_years": ties["tenure"] / _YEAR,
            "contacts": ties["contacts"],
            "last_word": np.where(ties["last_sender"] == person, "you", "other"),
            "gesture": ties["gesture"],
        }
    ).reset_index(drop=True)


def _effects(without: np.ndarray, then: np.ndarray) -> dict[str, np.ndarray]:
    """The columns of a plan's effects, from arrays of shape (worlds, ties)."""
    gained = np.array([paired(one) for one in (then.astype(float) - without).T]).reshape(-1, 3).T
    shares = {"without": without, "after": then}
    means = {name: one.mean(axis=0) if len(one) else np.zeros(0) for name, one in shares.items()}
    return means | dict(zip(("gain", "low", "high"), gained, strict=True))


# Choosing ------------------------------------------------------------------------------------------------------------


def steadied(gains: np.ndarray) -> np.ndarray:
    """The mean gain of each tie, shrunk toward the mean of all ties as far as chance explains their differences.

    This is the estimator of James and Stein as used by Efron and Morris (1975, "Data analysis using Stein's estimator
    and its generalizations"). Without it, ties that gained by chance in these worlds would be chosen.

    Args:
        gains: shape (worlds, ties), at least two worlds.

    Returns:
        Shape (ties,).
    """
    means = gains.mean(axis=0)
    if len(means) < 2:
        return np.asarray(means)
    chance, spread = gains.var(axis=0, ddof=1).mean() / len(gains), means.var(ddof=1)
    own = max(0.0, 1.0 - chance / spread) if spread > 0 else 0.0
    return np.asarray(means.mean() + own * (means - means.mean()))


def best_plan(gains: np.ndarray, minutes: np.ndarray, within: float, most: int) -> list[tuple[int, int]]:
    """The plan with the largest gain, with at most one gesture per tie: the exact solution of a knapsack problem.

    Args:
        gains: gain of each gesture to each tie, shape (ties, gestures); gestures without a gain are not planned.
        minutes: minutes of each gesture, shape (gestures,), counted in twentieths of a minute, rounded up.
        within: minutes available.
        most: largest number of ties in the plan.

    Returns:
        Tie and gesture of each planned gesture, in the order of the ties.
    """
    takes, room = np.ceil(minutes * _GRAIN - 1e-9).astype(int), math.floor(within * _GRAIN)
    # A plan has at most `most` ties, so only these of each gesture can be in the best plan.
    rows = np.unique(np.argsort(-gains, axis=0, kind="stable")[:most])
    best = np.zeros((most + 1, room + 1))  # gain of the best plan with at most this many ties and minutes
    taken = np.full((len(rows), most + 1, room + 1), -1, np.int8)
    for choice, row in zip(taken, rows, strict=True):
        before = best.copy()
        for kind in np.flatnonzero((gains[row] > 0) & (takes <= room)):
            rest = room + 1 - takes[kind]
            gained, so_far = before[:-1, :rest] + gains[row, kind], best[1:, takes[kind] :]
            better = gained > so_far
            so_far[better] = gained[better]
            choice[1:, takes[kind] :][better] = kind
    plan, ties = [], most
    for choice, row in zip(taken[::-1], rows[::-1], strict=True):
        kind = choice[ties, room]
        if kind >= 0:
            plan.append((int(row), int(kind)))
            ties, room = ties - 1, room - takes[kind]
    return plan[::-1]


# Judging -------------------------------------------------------------------------------------------------------------


class _PastQuestion(NamedTuple):
    cut: int
    days: int
    pairs: pd.DataFrame


def _past_question(contacts: Log, days: int, silent: int, cut: int | None) -> _PastQuestion | None:
    """All dormant ties on an earlier morning; None if there are none, or if too little of the log follows."""
    try:
        morning, window = cut_of(contacts, days, cut)
    except LogError:
        if cut is not None:
            raise
        return None
    pairs = _of_both(silent_pairs(contacts, morning, silent))
    return None if pairs.empty else _PastQuestion(morning, window, pairs)


def _past(contacts: Log, question: _PastQuestion, chances: np.ndarray) -> Past:
    """How the model's ranking and simple rules did; ``chances`` are the model's, shape (pairs,)."""
    pairs = question.pairs
    back = came_back(contacts, pairs, question.cut, question.days)
    scores = {
        MODEL: chances,
        LONGEST: pairs["contacts"].to_numpy(float),
        LATEST: -pairs["silence"].to_numpy(),
        CHANCE: np.zeros(len(pairs)),
    }
    by_owner = pd.Series(np.tile(np.arange(len(pairs)), 2)).groupby(np.concatenate([pairs["low"], pairs["high"]]))
    lists = [rows.to_numpy() for _, rows in by_owner if len(rows) > FIRST]
    shares = {
        name: np.array([of_the_first(score[rows], back[rows], FIRST) for rows in lists])
        for name, score in scores.items()
    }
    table = pd.DataFrame(
        [(mean_of(share)[0], *mean_of(shares[MODEL] - share)) for share in shares.values()],
        index=pd.Index(scores, name="ranking"),
        columns=["share", "apart", "low", "high"],
    )
    return Past(question.cut, question.days, len(pairs), float(chances.mean()), float(back.mean()), len(lists), table)


def of_the_first(score: np.ndarray, back: np.ndarray, first: int) -> float:
    """The share that came back of the first ties on a list sorted by falling score, with equal scores in random order.

    Args:
        score: shape (ties,), more ties than ``first``.
        back: whether each came back, bool, shape (ties,).
        first: number of ties, 1 or more.
    """
    least = np.partition(score, -first)[-first]
    above, level = score > least, score == least
    return float((back[above].sum() + (first - above.sum()) * back[level].mean()) / first)


def mean_of(values: np.ndarray) -> tuple[float, float, float]:
    """The mean of values, shape (people,), and its 95% interval; nan if there are no people, or too few."""
    if len(values) < ENOUGH_PEOPLE:
        return float(values.mean()) if len(values) else math.nan, math.nan, math.nan
    return paired(values)
