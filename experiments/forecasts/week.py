"""A plan for one person's week: which dormant ties to contact, with which small gesture, in which order.

The chance that a tie comes back by itself is learned from the log (`experiments.forecasts.learned`). The log also
continues in simulated worlds: with nothing done, and with each kind of gesture, made on the first day to all dormant
ties of the person. The gain of a gesture is how much it raises the chance that the other writes, if it changes the odds
as it does in these worlds. The plan is the one with the largest gain within the minutes. A plan that is chosen for its
gain looks better than it is, so its gain is estimated in other worlds, in which only the plan is carried out. The log's
own past shows how good an order by learned chance is: how many of the ties that it, or a simple rule, would have put
first on an earlier day came back in the rest of the log.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pandas as pd

import sim
from experiments.forecasts.forecast import (
    Execution,
    OneWorld,
    Worlds,
    beginnings,
    by_receiver,
    gestures_to,
    hole_noted,
    learning_noted,
    paired,
    replicates,
    run_all,
    silent_ties,
)
from experiments.forecasts.gains import added, gains_of, part_of
from experiments.forecasts.learned import Check, learned_chances
from experiments.forecasts.mornings import cut_of
from experiments.forecasts.pairs import came_back, numbers_of_ties, silent_pairs
from experiments.forecasts.scores import ENOUGH_PEOPLE
from experiments.forecasts.values import USUAL
from experiments.logs.log import Log
from sim.contact_logs import LogError
from sim.model.rules import SECONDS_A_DAY

SMALL = ("like", "comment", "message", "note", "call")
FIRST = 5  # ties of each list by which rankings are judged
LEARNED, LONGEST, LATEST, CHANCE = "learned chance", "longest history", "most recent", "by chance"

_GRAIN = 20  # parts of a minute, the unit of plans; every gesture takes at least one
DATED = 631_152_000  # seconds of 1990; logs that begin earlier have no calendar dates
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
        values: what ties are worth to the person, by the id of the other, 0 or more; 1 if not given. Gains count as
            often, so a tie with 0 is never planned.
    """

    person: int
    minutes: int
    most: int
    days: int
    silent: int
    gestures: Sequence[str]
    values: Mapping[str, float] = MappingProxyType({})


class Past(NamedTuple):
    """How well rankings of dormant ties would have done in the log's own past.

    Attributes:
        cut: the morning on which ties were ranked, in days since the first contact.
        days: number of days within which ties could come back.
        ties: number of dormant ties on that morning, over all people.
        expected, came_back: the share of these that came back, as learned before and as observed.
        people: number of people with more than `FIRST` dormant ties on that morning, whose lists are judged.
        rules: for each ranking (index), ``share``: of the first `FIRST` ties of a list, the share that came back, mean
            over people (with equal scores in random order); and ``apart``, the share by learned chance minus that of
            the rule, with ``low`` and ``high``, its 95% interval over people; nan for fewer than 20.
    """

    cut: int
    days: int
    ties: int
    expected: float
    came_back: float
    people: int
    rules: pd.DataFrame

    @property
    def disproves(self) -> bool:
        """Whether the log's past disproves such chances; see `learned.Check`."""
        return Check(self.ties, self.expected, self.came_back).disproves


class Week(NamedTuple):
    """A plan, with its gain and its checks.

    Attributes:
        plan: one row per gesture, sorted by the gain per minute for which it was chosen: ``tie`` (its number, see
            `pairs.numbers_of_ties`); the log's ``id`` of the other; ``last_contact`` (a date; missing if the
            log has no calendar dates), ``silent_days``, ``known_years`` and ``contacts`` so far, ``last_word`` (you or
            other); ``value``, if the person gave any; ``gesture``, ``minutes``; the chance that the other writes or
            answers, ``without`` the plan and ``after`` it; ``gain``, the difference, with ``low`` and ``high``, its
            95% interval over worlds or draws.
        together: the gain of the whole plan, in people who write, with its 95% interval: value, low, high.
        over_draws: the range of that gain in 90% of draws of parameters, from least to most; nan without draws.
        dormant: number of ties to choose from.
        past: how rankings would have done; None if the log is too short, or nobody had a dormant tie.
        notes: sentences about the log.
    """

    plan: pd.DataFrame
    together: tuple[float, float, float]
    over_draws: tuple[float, float]
    dormant: int
    past: Past | None
    notes: list[str]


def without_disproved(found: Week) -> Week:
    """The plan without its chances and gains if the log's past disproves such chances; its order stays."""
    if found.past is None or not found.past.disproves:
        return found
    none = dict.fromkeys(("without", "after", "gain", "low", "high"), math.nan)
    return found._replace(plan=found.plan.assign(**none), together=(math.nan,) * 3, over_draws=(math.nan,) * 2)


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
        worlds: this many (at least two) choose the plan, and as many others estimate its gain.
        request: whose week it is, and its limits.
        execution: how the worlds are run.
        cut: the morning on which rankings are judged, in days since the first contact; 70% into the log if None.

    Raises:
        LogError: the cut is outside the log, or too close to its end.
    """
    days, silent, gestures = request.days, request.silent, request.gestures
    ties = dormant_ties(contacts, silent, request.person)
    question = _past_question(contacts, days, silent, cut)
    first = worlds.used_draws + worlds.count * (1 + len(gestures))
    total = first + worlds.used_draws + 2 * worlds.count
    begins = beginnings(contacts, contacts.end, worlds, execution.part(0, total))
    idle = replicates(begins, days, ties)
    arms = [idle, *(with_gestures(idle, gestures_to(kind, ties)) for kind in gestures)]
    wrote = iter(run_all([run for arm in arms for run in arm], execution.part(worlds.used_draws, total)))
    base = _wrote(wrote, idle, ties)
    before = by_receiver(base, ties)
    learned = learned_chances(contacts, contacts.end, ties, days=days, silent=silent)
    without = learned * part_of(before, np.any(base, axis=2))
    gains = np.column_stack([gains_of(before, _others(wrote, arm, ties), without) for arm in arms[1:]])
    takes = np.array([worlds.parameters.gestures[kind].minutes for kind in gestures])
    worth = gains * _values_of(ties, contacts, request)[:, None]
    chosen = best_plan(worth, takes, request.minutes, request.most)
    chosen.sort(key=lambda pick: -worth[pick] / takes[pick[1]])

    rows, kinds = [tie for tie, _ in chosen], [kind for _, kind in chosen]
    picked = ties.iloc[rows].assign(gesture=[gestures[kind] for kind in kinds])
    plain, planned = _carried_out(picked, contacts, days, worlds.fresh(), execution.part(first, total))
    wrote = iter(run_all([*plain, *planned], execution.part(first + worlds.used_draws, total)))
    before, after = _others(wrote, plain, picked), _others(wrote, planned, picked)
    effects, together, over_draws = _effects(before, after, without[rows], worlds.together)
    plan = _known_of(picked, contacts, request.person).assign(minutes=takes[kinds], **effects)
    if request.values:
        plan.insert(plan.columns.get_loc("gesture"), "value", _values_of(picked, contacts, request))
    past = None if question is None else _past(contacts, question, _learned_on(contacts, question, silent))
    notes = [*hole_noted(contacts, silent, contacts.end), *learning_noted(contacts, days, silent)]
    return Week(plan, together, over_draws, len(ties), past, notes)


def _values_of(ties: pd.DataFrame, contacts: Log, request: WeekRequest) -> np.ndarray:
    """What these ties are worth to the person, shape (ties,)."""
    others = contacts.names[ties["low"] + ties["high"] - request.person]
    return np.array([request.values.get(str(one), USUAL) for one in others], float)


def _carried_out(
    plan: pd.DataFrame, contacts: Log, days: int, worlds: Worlds, execution: Execution
) -> tuple[list[OneWorld], list[OneWorld]]:
    """These worlds with nothing done, and with all gestures of a plan; none for an empty plan."""
    begins = beginnings(contacts, contacts.end, worlds, execution) if len(plan) else []
    plain = replicates(begins, days, plan)
    made = tuple(one for kind, some in plan.groupby("gesture") for one in gestures_to(str(kind), some))
    return plain, with_gestures(plain, made)


def with_gestures(runs: Sequence[OneWorld], gestures: tuple[sim.Gesture, ...]) -> list[OneWorld]:
    """Copies of these worlds with the gestures added."""
    return [replace(run, gestures=gestures) for run in runs]


def _wrote(wrote: Iterator[np.ndarray], runs: Sequence[OneWorld], ties: pd.DataFrame) -> np.ndarray:
    """Who wrote in each of the next worlds, bool, shape (worlds, ties, 2)."""
    return np.array([next(wrote) for _ in runs], dtype=bool).reshape(len(runs), len(ties), 2)


def _others(wrote: Iterator[np.ndarray], runs: Sequence[OneWorld], ties: pd.DataFrame) -> np.ndarray:
    """Whether the other person of each tie wrote in each of the next worlds, shape (worlds, ties)."""
    return by_receiver(_wrote(wrote, runs, ties), ties)


def _known_of(ties: pd.DataFrame, contacts: Log, person: int) -> pd.DataFrame:
    """The columns by which the person can recognize these ties, and the gesture."""
    last = contacts.began + (contacts.end - ties["silence"]) * SECONDS_A_DAY
    dates = pd.to_datetime(last.round(), unit="s").dt.strftime("%Y-%m-%d")
    return pd.DataFrame(
        {
            "tie": numbers_of_ties(contacts, ties),
            "id": contacts.names[ties["low"] + ties["high"] - person],
            "last_contact": dates if contacts.began >= DATED else None,
            "silent_days": ties["silence"].astype(int),
            "known_years": ties["tenure"] / _YEAR,
            "contacts": ties["contacts"],
            "last_word": np.where(ties["last_sender"] == person, "you", "other"),
            "gesture": ties["gesture"],
        }
    ).reset_index(drop=True)


def _effects(
    before: np.ndarray, after: np.ndarray, without: np.ndarray, together: int
) -> tuple[dict[str, np.ndarray], tuple[float, float, float], tuple[float, float]]:
    """The columns of a plan's effects, and the gain of the whole plan in people, with its interval and its range.

    Args:
        before: whether each other person writes in each world with nothing done, bool, shape (worlds, ties).
        after: the same with the whole plan.
        without: the chance of it with nothing done, shape (ties,).
        together: the number of worlds that share a draw.
    """
    if not len(without):
        return {name: np.zeros(0) for name in ("without", "after", "gain", "low", "high")}, (0.0,) * 3, (0.0,) * 2
    found = added(before, after, without, together)
    gain, low, high = found.each.T
    columns = {"without": without, "after": without + gain, "gain": gain, "low": low, "high": high}
    mean, least, most = (len(without) * one for one in found.together)
    bottom, top = (len(without) * one for one in found.over_draws)
    return columns, (mean, least, most), (bottom, top)


# Choosing ------------------------------------------------------------------------------------------------------------


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


def _learned_on(contacts: Log, question: _PastQuestion, silent: int) -> np.ndarray:
    """The chances that were learned by the morning of a question, shape (pairs,)."""
    past = contacts.before(question.cut)
    return learned_chances(past, question.cut, question.pairs, days=question.days, silent=silent)


def _past(contacts: Log, question: _PastQuestion, chances: np.ndarray) -> Past:
    """How the order by learned ``chances``, shape (pairs,), and simple rules did."""
    pairs = question.pairs
    back = came_back(contacts, pairs, question.cut, question.days)
    shares = first_of_lists(pairs, back, chances)
    apart = {name: mean_of((shares[LEARNED] - shares[name]).to_numpy()) for name in shares}
    table = pd.DataFrame(
        [(mean_of(shares[name].to_numpy())[0], *apart[name]) for name in shares],
        index=pd.Index(shares.columns, name="ranking"),
        columns=["share", "apart", "low", "high"],
    )
    return Past(question.cut, question.days, len(pairs), float(chances.mean()), float(back.mean()), len(shares), table)


def first_of_lists(pairs: pd.DataFrame, back: np.ndarray, chances: np.ndarray) -> pd.DataFrame:
    """The share that came back of the first `FIRST` ties of each person's list, by the ranking of the list.

    Args:
        pairs: dormant ties of all people, as by `silent_pairs`.
        back: whether each came back, bool, shape (pairs,).
        chances: learned chances, shape (pairs,).

    Returns:
        One row per person (index) with more than `FIRST` of these ties, one column per ranking.
    """
    scores = {
        LEARNED: chances,
        LONGEST: pairs["contacts"].to_numpy(float),
        LATEST: -pairs["silence"].to_numpy(),
        CHANCE: np.zeros(len(pairs)),
    }
    by_owner = pd.Series(np.tile(np.arange(len(pairs)), 2)).groupby(np.concatenate([pairs["low"], pairs["high"]]))
    lists = {owner: rows.to_numpy() for owner, rows in by_owner if len(rows) > FIRST}
    shares = {
        name: [of_the_first(score[rows], back[rows], FIRST) for rows in lists.values()]
        for name, score in scores.items()
    }
    return pd.DataFrame(shares, index=list(lists), columns=list(scores), dtype=float)


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
