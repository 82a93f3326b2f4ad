"""How good are forecasts of a log? Asked on several mornings of its past, and compared with what followed.

All forecasts of the leaderboard are scored (`experiments.forecasts.leaderboard`), and beside them the share of
simulated worlds in which a pair comes back, alone and recalibrated by what it said on an earlier morning.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from experiments.forecasts.baselines import recalibrated, smoothed
from experiments.forecasts.forecast import Execution, OneWorld, Worlds, beginnings, hole_noted, replicates, run_all
from experiments.forecasts.leaderboard import (
    LEARNED,
    MODEL,
    RECALIBRATED,
    Board,
    answered,
    chances,
    forecasts_in,
    scored,
)
from experiments.forecasts.learned import lessons
from experiments.forecasts.mornings import Asked, Question, cut_of, mornings, questions
from experiments.forecasts.pairs import FEATURES, numbers_of_ties
from experiments.forecasts.scores import ENOUGH_PEOPLE, RESAMPLES, reliability
from experiments.logs.log import Log
from sim.contact_logs import LogError

CUTS = (0.5, 0.7, 0.9)  # of a log's time
ENOUGH_WORLDS = 20  # fewer give coarse chances
SIMPLE = "simple"  # who learned from pairs, if not the learned forecast
SLOPE = "calibration_slope"
_IDS = ["low", "high", "last_sender", "low_name", "high_name"]


class Evaluation(NamedTuple):
    """How forecasts compare with what happened.

    Attributes:
        board: the scores of all forecasts; the learned and the simulated ones are compared with the others.
        calibration: see `scores.reliability`, for each ``forecast``.
        pairs: the board's table with the log's ids as ``low_name`` and ``high_name``, and the number of each ``tie``.
        training: one row per pair and earlier morning from which forecasts learned: the ``cut`` that it served,
            ``learner`` (`LEARNED`, or `SIMPLE` for all others and the recalibration), the ``morning`` and the ``days``
            of the earlier question, ``weight``, then as in ``pairs``, with ``came_back``.
        notes: sentences on what differs from the request.
    """

    board: Board
    calibration: pd.DataFrame
    pairs: pd.DataFrame
    training: pd.DataFrame
    notes: list[str]

    def scores(self) -> pd.DataFrame:
        """The scores of the board, and its slopes as one more score."""
        slopes = pd.DataFrame(
            {"forecast": list(self.board.slopes), "score": SLOPE, "value": list(self.board.slopes.values())}
        )
        return pd.concat([self.board.scores, slopes], ignore_index=True)


def evaluate(
    contacts: Log,
    worlds: Worlds,
    *,
    days: int,
    silent: int,
    execution: Execution,
    cuts: Sequence[int] = (),
    resamples: int = RESAMPLES,
) -> Evaluation:
    """Forecast which silent pairs come back, on several mornings of a log, and compare with what happened.

    Mornings on which the same question cannot be asked earlier, too, are left out, unless it is so on all.

    Args:
        contacts: the whole log.
        worlds: run from each morning, and again from the earlier one.
        days: number of days to forecast; fewer if the log ends before.
        silent: pairs are forecast if their silence is longer than this, in days.
        execution: how the worlds are run; ``report`` counts mornings as well.
        cuts: the mornings, in days since the first contact; if none is given, 50%, 70% and 90% into the log, or
            those of them that can be asked.
        resamples: number of bootstrap resamples over people.

    Raises:
        LogError: the log is too short, or no pair was silent.
    """
    asked, notes = _asked(contacts, days, silent, cuts)
    wanted = [one for question in asked for one in _worlds_wanted(question)]
    begun = worlds.used_draws * len(wanted)
    total = begun + worlds.count * len(wanted) + len(asked)
    runs: list[OneWorld] = []
    for done, (past, days_of, one) in enumerate(wanted):
        begins = beginnings(past, one.morning, worlds, execution.part(worlds.used_draws * done, total))
        runs += replicates(begins, days_of, one.pairs)
    wrote = iter(run_all(runs, execution.part(begun, total)))
    parts = []
    for done, question in enumerate(asked, start=1):
        found = {**chances(question, silent), **_simulated(question, wrote, worlds.count)}
        parts.append(answered(question, found))
        notes += _reversal_noted(question.now.morning, found)
        execution.report(begun + len(runs) + done, total)
    table = pd.concat(parts, ignore_index=True)
    board = scored(table, [LEARNED, MODEL], resamples)
    forecasts = forecasts_in(table)
    back = table["came_back"].to_numpy()
    return Evaluation(
        board=board,
        calibration=reliability(forecasts, back, table[["low", "high"]], resamples),
        pairs=_named(table, contacts),
        training=_named(pd.concat([_training(one, silent) for one in asked], ignore_index=True), contacts),
        notes=[
            *hole_noted(contacts, silent, max(one.now.morning + one.days for one in asked)),
            *_few_worlds_noted(worlds.count),
            *_shorter_noted(asked, days),
            *notes,
            *_pairs_noted(table, back),
        ],
    )


def hidden(found: Evaluation) -> Evaluation:
    """The evaluation without ids of people. Pairs keep only the numbers of their ties."""
    return found._replace(pairs=found.pairs.drop(columns=_IDS), training=found.training.drop(columns=_IDS))


def _asked(contacts: Log, days: int, silent: int, cuts: Sequence[int]) -> tuple[list[Question], list[str]]:
    """The questions of an evaluation, and sentences on those that are left out."""
    found = dict(cut_of(contacts, days, cut) for cut in sorted(set(cuts))) if cuts else {}
    found = found or mornings(contacts.days, days, CUTS) or dict([cut_of(contacts, days)])
    asked = questions(contacts, found, silent)
    empty = sorted(found.keys() - {one.now.morning for one in asked})
    if empty and (cuts or not asked):
        raise LogError(
            f"No pair had been silent for over {silent} days on {_days(empty)}, so there is nothing to evaluate."
        )
    learned_from = [one for one in asked if len(one.earlier.pairs)]
    if not learned_from:
        return asked, [
            f"No pair had been silent for over {silent} days early enough to learn from, so the simple forecasts and "
            "the recalibration are missing."
        ]
    left = [one.now.morning for one in asked if one.earlier.pairs.empty]
    why = "before which no pair had been silent early enough to learn from."
    return learned_from, [f"Left out: {_days(left)}, {why}"] if left else []


def _days(mornings: Sequence[int]) -> str:
    words = [f"{one:,}" for one in mornings]
    return f"day {words[0]}" if len(words) == 1 else f"days {', '.join(words[:-1])} and {words[-1]}"


def _worlds_wanted(question: Question) -> list[tuple[Log, int, Asked]]:
    """From which past worlds start, for how many days, and for whom: now, and earlier if there are pairs."""
    past, now, earlier, days = question
    before = [(past.before(earlier.morning), days, earlier)] if len(earlier.pairs) else []
    return [(past, days, now), *before]


def _simulated(question: Question, wrote: Iterator[np.ndarray], count: int) -> dict[str, np.ndarray]:
    """Chances by the next worlds, in the order of `_worlds_wanted`."""
    found = {MODEL: _shares(wrote, count)}
    if len(question.earlier.pairs):
        found[RECALIBRATED] = recalibrated(_shares(wrote, count), question.earlier.back, found[MODEL])
    return found


def _shares(wrote: Iterator[np.ndarray], count: int) -> np.ndarray:
    """The smoothed share of the next worlds in which each pair had a contact, shape (pairs,)."""
    return smoothed(np.sum([next(wrote).any(axis=1) for _ in range(count)], axis=0), count)


def _training(question: Question, silent: int) -> pd.DataFrame:
    """All pairs from which the forecasts of a question learned; see `Evaluation`."""
    earlier, cut = question.earlier, question.now.morning
    parts = [
        one.pairs.assign(learner=LEARNED, morning=one.morning, days=one.days, weight=one.weight, came_back=one.back)
        for one in lessons(question.past, cut, question.days, silent)
    ]
    parts.append(
        earlier.pairs.assign(
            learner=SIMPLE, morning=earlier.morning, days=question.days, weight=1.0, came_back=earlier.back
        )
    )
    return pd.concat(parts, ignore_index=True).assign(cut=cut)


def _named(table: pd.DataFrame, contacts: Log) -> pd.DataFrame:
    """A table of pairs with the log's ids and the numbers of ties; what tells rows apart comes first."""
    names = {f"{side}_name": contacts.names[table[side]] for side in ("low", "high")}
    found = table.assign(tie=numbers_of_ties(contacts, table), **names)
    first = [name for name in ("cut", "learner", "morning", "days", "weight", "tie", *_IDS, *FEATURES) if name in found]
    return found[[*first, *found.columns.drop(first)]]


def _few_worlds_noted(count: int) -> list[str]:
    """A sentence if there are so few worlds that chances are coarse."""
    if count >= ENOUGH_WORLDS:
        return []
    points = 100 * 1.96 * math.sqrt(0.25 / (count + 1))
    accuracy = f"With {count} worlds, a simulated chance is accurate only to ±{points:.0f} points (95% interval)."
    return [f"{accuracy} Use --worlds {ENOUGH_WORLDS}."]


def _shorter_noted(asked: Sequence[Question], requested: int) -> list[str]:
    """A sentence for each morning after which the log ends before the requested days."""
    return [
        f"The log ends {one.days} days after day {one.now.morning:,}, so the forecast of that morning covers these "
        f"instead of {requested}."
        for one in asked
        if one.days < requested
    ]


def _reversal_noted(cut: int, of: Mapping[str, np.ndarray]) -> list[str]:
    """A sentence if the recalibration of a morning reverses the order of the simulated chances."""
    if RECALIBRATED not in of or of[RECALIBRATED][of[MODEL].argmax()] >= of[RECALIBRATED][of[MODEL].argmin()]:
        return []
    return [
        f"Day {cut:,}: the recalibration reverses the simulated order, because pairs with higher simulated chances "
        "came back less often before. Do not trust simulated chances of this log."
    ]


def _pairs_noted(pairs: pd.DataFrame, back: np.ndarray) -> list[str]:
    """Sentences if there are too few people for intervals, or if AUC is not defined."""
    notes = []
    people = len(np.unique(pairs[["low", "high"]]))
    if people < ENOUGH_PEOPLE:
        notes.append(f"The pairs have only {people} people. Intervals need at least {ENOUGH_PEOPLE}.")
    if back.all() or not back.any():
        notes.append(f"{'Every' if back.all() else 'No'} silent pair came back, so AUC is not defined.")
    return notes
