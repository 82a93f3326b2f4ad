"""Trials of one's own: half of a week's suggestions are held out at random, and later exports show what a gesture did.

No log says which gestures were made, so nobody knows what one does to a tie that has gone silent. A person who plans
weeks can find out. Two ties next to each other on the plan are a pair: one of them, drawn at random, gets its gesture,
and the other one is left alone for as many days as the others have to answer. The outcome is whether the other person
writes within these days. The effect is the mean difference within pairs, by intention to treat: it counts whom the
trial chose, not who was really written to.
"""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import norm

from experiments.logs.log import Log
from sim.contact_logs import LogError
from sim.model.rules import SECONDS_A_DAY

GESTURE_DAYS = 14  # days after a plan within which a gesture of it counts as made
POWER, LEVEL = 0.8, 0.95
_FIELDS = {"person": str, "id": str, "pair": str, "gesture": str, "made": bool, "planned_at": float, "days": int}


class TrialTie(NamedTuple):
    """One tie of a trial.

    Attributes:
        person: the id of the person whose trial it is.
        id: the id of the other person.
        pair: the name of the pair of ties to which it belongs.
        gesture: the kind that was planned.
        made: whether the trial chose it to get its gesture; otherwise it is held out.
        planned_at: when the week was planned, seconds since 1970.
        days: days within which the other person can write.
    """

    person: str
    id: str
    pair: str
    gesture: str
    made: bool
    planned_at: float
    days: int


class TrialResult(NamedTuple):
    """What a trial found.

    Attributes:
        pairs: pairs whose days are over in the log.
        waiting: pairs whose days are not.
        with_gesture, held_out: the share of each half in which the other person wrote.
        effect, low, high: the difference with its 95% interval; nan without pairs.
        made, made_anyway: how many of those with a gesture were written to within `GESTURE_DAYS`; how many of those
            held out.
    """

    pairs: int
    waiting: int
    with_gesture: float
    held_out: float
    effect: float
    low: float
    high: float
    made: int
    made_anyway: int


def drawn(plan: pd.DataFrame, person: str, now: float, days: int) -> list[TrialTie]:
    """A trial of the ties of a plan, two by two; the last one of an odd number is left out.

    Args:
        plan: as in `experiments.forecasts.week.Week`, with ids.
        person: whose plan it is.
        now: seconds since 1970.
        days: days within which the other people can write.
    """
    found = []
    for first in range(0, len(plan) - 1, 2):
        pair, chosen = secrets.token_hex(6), secrets.randbelow(2)
        for side in (0, 1):
            row = plan.iloc[first + side]
            found.append(TrialTie(person, str(row["id"]), pair, str(row["gesture"]), side == chosen, now, days))
    return found


def read(path: Path) -> list[TrialTie]:
    """The entries of a trial's file; none if there is no file yet.

    Raises:
        LogError: a line is not an entry; the line is named.
    """
    if not path.exists():
        return []
    found = []
    for number, line in enumerate(path.read_text("utf-8").split("\n"), start=1):  # names can have other line breaks
        if not line:
            continue
        try:
            values = json.loads(line)
            entry = TrialTie(**{name: kind(values[name]) for name, kind in _FIELDS.items()})
        except (ValueError, TypeError, KeyError):
            raise LogError(
                f"{path}, line {number}: this is not an entry of a trial, which plan-week --trial writes."
            ) from None
        found.append(entry)
    return found


def text_of(entries: Iterable[TrialTie]) -> str:
    """The text of a trial's file: one line of JSON per tie."""
    return "".join(f"{json.dumps(entry._asdict(), ensure_ascii=False)}\n" for entry in entries)


def running(entries: Iterable[TrialTie], person: str, now: float) -> set[str]:
    """The ids of people whose days are not over, who must not be suggested again."""
    return {one.id for one in entries if one.person == person and now < one.planned_at + one.days * SECONDS_A_DAY}


def outcome(entries: Sequence[TrialTie], log: Log) -> TrialResult:
    """What a trial found, by a log that goes on after its plans.

    Args:
        entries: all ties of the trial.
        log: a later export, with calendar times and the ids of the earlier one.
    """
    ends = log.began + log.days * SECONDS_A_DAY
    number = {str(name): place for place, name in enumerate(log.names)}
    by_pair: dict[str, list[TrialTie]] = {}
    for one in entries:
        by_pair.setdefault(one.pair, []).append(one)
    whole = [two for two in by_pair.values() if len(two) == 2 and two[0].made != two[1].made]
    over = [two for two in whole if all(one.planned_at + one.days * SECONDS_A_DAY <= ends for one in two)]
    sides = [(next(one for one in two if one.made), next(one for one in two if not one.made)) for two in over]
    answers = np.array(
        [[_wrote(log, number, one.id, one.person, one.planned_at, one.days) for one in two] for two in sides]
    ).reshape(-1, 2)
    gestures = np.array(
        [[_wrote(log, number, one.person, one.id, one.planned_at, GESTURE_DAYS) for one in two] for two in sides]
    ).reshape(-1, 2)
    count = len(over)
    shares = answers.mean(axis=0) if count else np.full(2, math.nan)
    effect, low, high = difference(answers)
    made, anyway = gestures.sum(axis=0).astype(int).tolist()
    return TrialResult(count, len(whole) - count, float(shares[0]), float(shares[1]), effect, low, high, made, anyway)


def _wrote(log: Log, number: dict[str, int], source: str, target: str, after: float, days: int) -> bool:
    """Whether one wrote to the other within these days."""
    if source not in number or target not in number:
        return False
    when = log.began + log.since_start
    mine = (log.source == number[source]) & (log.target == number[target])
    return bool((mine & (when >= after) & (when < after + days * SECONDS_A_DAY)).any())


def difference(answers: np.ndarray) -> tuple[float, float, float]:
    """The mean difference within pairs and its 95% interval (Agresti & Min 2005: half a pair more of each kind).

    Args:
        answers: whether the first and the second of each pair wrote, bool, shape (pairs, 2).
    """
    if not len(answers):
        return math.nan, math.nan, math.nan
    only_first = float((answers[:, 0] & ~answers[:, 1]).sum())
    only_second = float((~answers[:, 0] & answers[:, 1]).sum())
    count = len(answers) + 2.0
    centre = (only_first - only_second) / count
    spread = math.sqrt(only_first + only_second + 1.0 - (only_first - only_second) ** 2 / count) / count
    reach = float(norm.ppf(0.5 + LEVEL / 2)) * spread
    return (only_first - only_second) / len(answers), max(-1.0, centre - reach), min(1.0, centre + reach)


def pairs_needed(without: float, gain: float) -> int:
    """How many pairs show a gain with a power of 80%, if the two of a pair are independent (Connor 1987).

    Args:
        without: the chance that the other person writes if nothing is done, 0..1.
        gain: what a gesture adds to it, above 0.
    """
    after = min(without + gain, 1.0)
    apart = after * (1 - without) + without * (1 - after)
    level, power = float(norm.ppf(0.5 + LEVEL / 2)), float(norm.ppf(POWER))
    return math.ceil(((level * math.sqrt(apart) + power * math.sqrt(apart - gain**2)) / gain) ** 2)
