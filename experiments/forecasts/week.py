"""One person's week: which dormant ties to turn to, by which small gesture, in what order, within so many minutes.

A contact log goes on in simulated worlds: with nothing done, and with each kind of gesture, made on the first day to
all dormant ties of the person. What the others then write is what a gesture gains, and the plan is the one that gains
most within the minutes. Whatever is chosen for its luck looks better than it is, so what the plan does is told from
other worlds, in which it alone is carried out. What no model is needed to know stands beside it: how many of those whom
the model, or a simple rule, would have put first on an earlier day came back in the rest of the log.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

import sim
from experiments.forecasts.forecast import (
    OneWorld,
    Report,
    Worlds,
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
from experiments.forecasts.pairs import Contacts, came_back, numbers_of_ties, silent_pairs
from experiments.forecasts.scores import ENOUGH_PEOPLE
from sim.contact_logs import LogError
from sim.model.rules import SECONDS_A_DAY

SMALL = ("like", "comment", "message", "note", "call")
FIRST = 5  # ties of a list that are looked at when rankings are judged
MODEL, LONGEST, LATEST, CHANCE = "model", "longest history", "most recent", "by chance"

_GRAIN = 20  # parts of a minute in which plans are counted; no gesture takes less than one
_DATED = 631_152_000  # seconds of 1990; logs that begin earlier count from a time of their own
_YEAR = 365.25


class Past(NamedTuple):
    """How rankings of dormant ties did on the log's own past.

    Attributes:
        cut: the morning on which ties were ranked, in days since the first contact.
        days: in which they might come back.
        ties: dormant on that morning, of everyone.
        expected, came_back: the share of these that came back, as the model had it and in truth.
        people: with more than `FIRST` dormant ties on that morning: those whose lists are judged.
        rules: for each ranking (index), ``share``: of the first `FIRST` ties of a list, those that came back, mean over
            people (ties that a rule puts level come in any order); and ``apart``, the model's share minus that of the
            rule, with ``low`` and ``high``, its 95 % interval over people; nan for fewer than 20.
    """

    cut: int
    days: int
    ties: int
    expected: float
    came_back: float
    people: int
    rules: pd.DataFrame


class Week(NamedTuple):
    """A plan, and what there is to know about it.

    Attributes:
        plan: a row a gesture, in the order of the gain per minute for which it was chosen: ``tie`` (its number, see
            `pairs.numbers_of_ties`); the log's ``id`` of the other; ``last_contact`` (a date; missing where
            the log's times are none), ``silent_days``, ``known_years`` and ``contacts`` so far, ``last_word`` (you or
            other); ``gesture``, ``minutes``; the shares of worlds in which the other writes or answers, ``without`` the
            plan and ``after`` it; ``gain``, what it adds, paired, with ``low`` and ``high``, its 95 % interval over
            worlds.
        together: the gain of the whole plan, in people who write, with its 95 % interval: value, low, high.
        dormant: ties among which the plan chose.
        alike: whether the gains of what is planned differ between ties by no more than luck.
        past: None where the log is too short, or nobody had a dormant tie.
        notes: what there is to know about the log, in sentences.
    """

    plan: pd.DataFrame
    together: tuple[float, float, float]
    dormant: int
    alike: bool
    past: Past | None
    notes: list[str]


def dormant_ties(contacts: Contacts, silent: int, person: int) -> pd.DataFrame:
    """The dormant ties of a person, those with most contacts first: both have written, and neither for so many days.

    Columns are those of `experiments.forecasts.pairs.silent_pairs`, and ``sender``: the person.
    """
    return _of_both(silent_ties(contacts, silent, person))


def _of_both(pairs: pd.DataFrame) -> pd.DataFrame:
    return pairs[pairs["both_wrote"] == 1].reset_index(drop=True)


def plan_week(
    contacts: Contacts,
    worlds: Worlds,
    *,
    person: int,
    minutes: int,
    most: int,
    days: int,
    silent: int,
    gestures: Sequence[str],
    executor: Executor,
    report: Report,
    cut: int | None = None,
) -> Week:
    """Plan a person's week.

    Args:
        contacts: the whole log.
        worlds: so many, two at least, choose the plan, as many others tell what it does, and as many start from the
            cut.
        person: whose week it is, with one dormant tie at least.
        minutes: of the week, for gestures.
        most: ties in the plan.
        days: within which the others may write.
        silent: a tie is dormant if its silence is longer than this, in days.
        gestures: kinds to choose among, as in `sim.Gesture`, one at least.
        executor: runs the worlds.
        report: called with the worlds done and all worlds, after each.
        cut: the morning on which rankings are judged, in days since the first contact; 70 % into the log if None.

    Raises:
        LogError: no morning of the log, or one after which too little follows, was asked for.
    """
    ties = dormant_ties(contacts, silent, person)
    idle = replicates(contacts, contacts.end, days, ties, worlds)
    arms = [idle, *(with_gestures(idle, gestures_to(kind, ties)) for kind in gestures)]
    asked = _asked_of_the_past(contacts, days, silent, cut)
    judged = replicates(contacts.before(asked.cut), asked.cut, asked.days, asked.pairs, worlds) if asked else []
    first = [run for arm in arms for run in arm] + judged
    total = len(first) + 2 * worlds.count

    wrote = iter(run_all(first, executor, lambda done, _: report(done, total)))
    before, *after = (_others(wrote, arm, ties) for arm in arms)
    past = _past(contacts, asked, shares_of(list(wrote))) if asked else None
    gains = np.column_stack([steadied(one.astype(float) - before) for one in after])
    takes = np.array([worlds.parameters.gestures[kind].minutes for kind in gestures])
    chosen = best_plan(gains, takes, minutes, most)
    chosen.sort(key=lambda pick: -gains[pick] / takes[pick[1]])

    rows, kinds = [tie for tie, _ in chosen], [kind for _, kind in chosen]
    picked = ties.iloc[rows].assign(gesture=[gestures[kind] for kind in kinds])
    plain, planned = _carried_out(picked, contacts, days, worlds)
    wrote = iter(run_all([*plain, *planned], executor, lambda done, _: report(len(first) + done, total)))
    without, then = _others(wrote, plain, picked), _others(wrote, planned, picked)
    plan = _known_of(picked, contacts, person).assign(minutes=takes[kinds], **_effects(without, then))
    together = paired((then.astype(float) - without).sum(axis=1)) if chosen else (0.0, 0.0, 0.0)
    alike = not np.ptp(gains, axis=0)[kinds].any()
    return Week(plan, together, len(ties), alike, past, hole_noted(contacts, silent, contacts.end))


def _carried_out(
    plan: pd.DataFrame, contacts: Contacts, days: int, worlds: Worlds
) -> tuple[list[OneWorld], list[OneWorld]]:
    """Worlds beside those that chose a plan, with nothing done and with all of its gestures; none for an empty one."""
    fresh = replace(worlds, seed=worlds.seed + worlds.count, world_seed=worlds.world_seed + worlds.count)
    plain = replicates(contacts, contacts.end, days, plan, fresh) if len(plan) else []
    made = tuple(one for kind, some in plan.groupby("gesture") for one in gestures_to(str(kind), some))
    return plain, with_gestures(plain, made)


def with_gestures(runs: Sequence[OneWorld], gestures: tuple[sim.Gesture, ...]) -> list[OneWorld]:
    """The same worlds with these gestures put in by hand."""
    return [replace(run, gestures=gestures) for run in runs]


def _others(wrote: Iterator[np.ndarray], runs: Sequence[OneWorld], ties: pd.DataFrame) -> np.ndarray:
    """In which of the next worlds the other of each tie wrote, shape (worlds, ties)."""
    found = np.array([next(wrote) for _ in runs], dtype=bool).reshape(len(runs), len(ties), 2)
    return by_receiver(found, ties)


def _known_of(ties: pd.DataFrame, contacts: Contacts, person: int) -> pd.DataFrame:
    """What the person may know these ties by, and the gesture."""
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
    """The columns of a plan that tell what it does; arrays of shape (worlds, ties)."""
    gained = np.array([paired(one) for one in (then.astype(float) - without).T]).reshape(-1, 3).T
    shares = {"without": without, "after": then}
    means = {name: one.mean(axis=0) if len(one) else np.zeros(0) for name, one in shares.items()}
    return means | dict(zip(("gain", "low", "high"), gained, strict=True))


# Choosing ------------------------------------------------------------------------------------------------------------


def steadied(gains: np.ndarray) -> np.ndarray:
    """The mean gain of each tie, drawn to that of all ties as far as luck explains how they differ.

    The estimator of James and Stein, as Efron and Morris (1975, "Data analysis using Stein's estimator and its
    generalizations") use it: without it, ties that were lucky in these worlds would be chosen.

    Args:
        gains: shape (worlds, ties), two worlds at least.

    Returns:
        Shape (ties,).
    """
    means = gains.mean(axis=0)
    if len(means) < 2:
        return np.asarray(means)
    luck, spread = gains.var(axis=0, ddof=1).mean() / len(gains), means.var(ddof=1)
    own = max(0.0, 1.0 - luck / spread) if spread > 0 else 0.0
    return np.asarray(means.mean() + own * (means - means.mean()))


def best_plan(gains: np.ndarray, minutes: np.ndarray, within: float, most: int) -> list[tuple[int, int]]:
    """Of all plans with one gesture to a tie at most, the one that gains most: a knapsack, exactly.

    Args:
        gains: of each gesture to each tie, shape (ties, gestures); what gains nothing is not planned.
        minutes: of each gesture, shape (gestures,); counted in twentieths of a minute, rounded up.
        within: minutes of the week.
        most: ties in the plan.

    Returns:
        Tie and gesture of each that is planned, in the order of the ties.
    """
    takes, room = np.ceil(minutes * _GRAIN - 1e-9).astype(int), math.floor(within * _GRAIN)
    # A plan has room for `most` ties, so of each gesture no others can be in the best.
    rows = np.unique(np.argsort(-gains, axis=0, kind="stable")[:most])
    best = np.zeros((most + 1, room + 1))  # of plans with so many ties and minutes at most
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


class _Asked(NamedTuple):
    cut: int
    days: int
    pairs: pd.DataFrame


def _asked_of_the_past(contacts: Contacts, days: int, silent: int, cut: int | None) -> _Asked | None:
    """The dormant ties of everyone on an earlier morning; None if there are none, or too little follows."""
    try:
        morning, window = cut_of(contacts, days, cut)
    except LogError:
        if cut is not None:
            raise
        return None
    pairs = _of_both(silent_pairs(contacts, morning, silent))
    return None if pairs.empty else _Asked(morning, window, pairs)


def _past(contacts: Contacts, asked: _Asked, chances: np.ndarray) -> Past:
    """How the model's ranking did, and simple rules; ``chances`` are those of the model, shape (pairs,)."""
    pairs = asked.pairs
    back = came_back(contacts, pairs, asked.cut, asked.days)
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
    return Past(asked.cut, asked.days, len(pairs), float(chances.mean()), float(back.mean()), len(lists), table)


def of_the_first(score: np.ndarray, back: np.ndarray, first: int) -> float:
    """Of the first so many of a list, by falling score, the share that came back; equals come in any order.

    Args:
        score: shape (ties,), more than ``first``.
        back: whether each came back, bool, the same shape.
        first: 1 or more.
    """
    least = np.partition(score, -first)[-first]
    above, level = score > least, score == least
    return float((back[above].sum() + (first - above.sum()) * back[level].mean()) / first)


def mean_of(values: np.ndarray) -> tuple[float, float, float]:
    """Mean over people, shape (people,), and its 95 % interval; nan where there are none, or too few of them."""
    if len(values) < ENOUGH_PEOPLE:
        return float(values.mean()) if len(values) else math.nan, math.nan, math.nan
    return paired(values)
