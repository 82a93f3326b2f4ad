"""Will a silent tie come back? A contact log continues in many simulated worlds; the chance is the share of worlds.

Each world starts from the log and has its own random draws. The log has one channel, so a contact is what a log of that
channel would contain, or an answer to an injected gesture. `evaluate` starts from an earlier day of the log and
compares its forecasts with what followed. `forecast` starts from the end of the log, and also simulates gestures on
the first day.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

import sim
from experiments.analysis.compare import resampled_means
from experiments.forecasts.baselines import baselines, recalibrated, smoothed
from experiments.forecasts.pairs import came_back, numbers_of_ties, silent_pairs
from experiments.forecasts.scores import ENOUGH_PEOPLE, RESAMPLES, compared, interval, reliability
from experiments.logs.log import Log
from experiments.logs.writing import written
from sim.contact_logs import LogError
from sim.engine.day import Core
from sim.run import begin, on_threads, run_days

GESTURES = ("like", "message", "note", "call")
FIRST_PART = 0.7  # of a log's time, from which worlds start in an evaluation
ENOUGH_WORLDS = 20  # fewer give coarse chances
LEAST_DAYS = 30  # of a log after that, which an evaluation needs
MODEL, RECALIBRATED = "model", "model_recalibrated"

_MATCHING = 256  # key of the order in which ties are matched; those of `DrawPurpose` are below it


@dataclass(frozen=True)
class Worlds:
    """Which worlds to run: ``count`` replicates, with r added to both seeds of the r-th (from 0).

    Attributes:
        count: 1 or more.
        parameters: parameters of the simulated days.
        past: parameters with which the log is turned into memories.
        world_seed: seed of what the log does not contain, such as affinity, reticence and industry.
        seed: seed of all random draws from the first simulated day on.
    """

    count: int = 100
    parameters: sim.Parameters = field(default_factory=sim.Parameters)
    past: sim.Parameters = field(default_factory=sim.Parameters)
    world_seed: int = 1
    seed: int = 1


class Execution(NamedTuple):
    """How worlds are run: by this executor; ``report`` is called with (worlds done, all worlds) after each."""

    executor: Executor
    report: Callable[[int, int], object]


@dataclass(frozen=True, eq=False)
class OneWorld:
    """One world to run, and the pairs to watch in it.

    Attributes:
        past: the contacts that it starts from.
        morning: its first simulated day, in days since the first contact.
        days: number of days to simulate.
        pairs: people (low, high) of the watched pairs, shape (pairs, 2).
        worlds, replicate: the worlds that it belongs to, and its number among them.
        gestures: injected gestures.
    """

    past: Log
    morning: int
    days: int
    pairs: np.ndarray
    worlds: Worlds
    replicate: int
    gestures: tuple[sim.Gesture, ...] = ()


def who_wrote(run: OneWorld) -> np.ndarray:
    """Run a world on one thread and return who contacted whom.

    Returns:
        Shape (pairs, 2), bool: whether the low person of each pair contacted the high one on any of the days, and
        the high person the low one.
    """
    worlds, people = run.worlds, len(run.past.names)
    world = sim.worlds.replayed(run.past.frame(), seed=worlds.world_seed + run.replicate, parameters=worlds.past)
    seed = worlds.seed + run.replicate
    start, _ = begin(
        world.copy(day=run.morning), seed=seed, parameters=worlds.parameters, extra=run.gestures, days=run.days
    )
    contacts: list[np.ndarray] = []
    with on_threads(1):
        run_days(Core(start, seed=seed), run.days, lambda record: contacts.append(_contacts(record.sent, run)))
    heard = np.concatenate(contacts)
    low, high = run.pairs.astype(np.int64).T
    return np.stack([np.isin(low * people + high, heard), np.isin(high * people + low, heard)], axis=1)


def _contacts(sent: np.ndarray, run: OneWorld) -> np.ndarray:
    """The gestures of a day that count as contacts, each as sender * people + receiver.

    These are the gestures that a contact log would contain, and all answers to injected gestures. A call is answered
    by a call, which the log would not contain.
    """
    parameters = run.worlds.parameters
    answers = np.isin(sent["parent_kind"], [parameters.kinds.index(gesture.kind) for gesture in run.gestures])
    found = np.concatenate([written(sent, parameters.gestures), sent[answers & (sent["parent_day"] == run.morning)]])
    return found["sender"].astype(np.int64) * len(run.past.names) + found["receiver"]


def run_all(runs: Sequence[OneWorld], execution: Execution) -> list[np.ndarray]:
    """The result of `who_wrote` for each run, in their order."""
    futures = [execution.executor.submit(who_wrote, run) for run in runs]
    for done, future in enumerate(as_completed(futures), start=1):
        future.result()  # raises if the run failed
        execution.report(done, len(futures))
    return [future.result() for future in futures]


def replicates(past: Log, morning: int, days: int, pairs: pd.DataFrame, worlds: Worlds) -> list[OneWorld]:
    """All replicates of worlds that start from a past, watching these pairs (rows with ``low`` and ``high``)."""
    nameless = replace(past, names=np.arange(len(past.names)), notes=())  # names can be long, and runs are pickled
    people = pairs[["low", "high"]].to_numpy()
    return [OneWorld(nameless, morning, days, people, worlds, replicate) for replicate in range(worlds.count)]


# How good are the forecasts? -----------------------------------------------------------------------------------------


class Evaluation(NamedTuple):
    """How the model's forecasts compare with what happened, and with baselines that need no model.

    Attributes:
        pairs: one row per pair that was silent at the cut: the columns of `pairs.silent_pairs`, with the
            log's ids as ``low_name`` and ``high_name``; ``came_back``; and a column for each forecast.
        forecasts: names of these columns.
        scores: see `experiments.forecasts.scores.compared`.
        calibration: see `experiments.forecasts.scores.reliability`, for each ``forecast``.
        cut: the morning of the forecast, in days since the first contact.
        days: number of days that it covers.
        learned_from: number of pairs of the earlier morning that the baselines and the recalibration learned from.
        notes: sentences on what differs from the request.
    """

    pairs: pd.DataFrame
    forecasts: tuple[str, ...]
    scores: pd.DataFrame
    calibration: pd.DataFrame
    cut: int
    days: int
    learned_from: int
    notes: list[str]


def cut_of(contacts: Log, days: int, cut: int | None = None) -> tuple[int, int]:
    """The morning at which a log is cut for an evaluation, and the number of days that forecasts can cover.

    Args:
        contacts: the whole log.
        days: number of days to forecast.
        cut: the morning, in days since the first contact; 70% into the log if None.

    Raises:
        LogError: the rest of the log is too short, or the cut is outside the log.
    """
    morning = max(1, math.floor(FIRST_PART * contacts.days)) if cut is None else cut
    after = math.floor(contacts.days) - morning
    least = min(LEAST_DAYS, days)
    if morning < 1 or after < least:
        where = f"{FIRST_PART:.0%} into it, on day {morning}," if cut is None else f"on day {cut}"
        remedy = "give a longer log, or an earlier day with --cut" if morning > 1 else "give a later day with --cut"
        raise LogError(
            f"The log spans {contacts.days:.0f} days. A forecast made {where} needs at least {least} more days "
            "of the log "
            f"to be compared with: {remedy}."
        )
    return morning, min(days, after)


def evaluate(
    contacts: Log,
    worlds: Worlds,
    *,
    days: int,
    silent: int,
    execution: Execution,
    cut: int | None = None,
    resamples: int = RESAMPLES,
) -> Evaluation:
    """Forecast which silent pairs come back, 70% into a log, and compare with what happened.

    The baselines and the recalibration learn from the same question at an earlier day, early enough that its answer was
    known on the morning of the forecast.

    Args:
        contacts: the whole log.
        worlds: run from the cut, and again from the earlier morning.
        days: number of days to forecast; fewer if the log ends before.
        silent: pairs are forecast if their silence is longer than this, in days.
        execution: how the worlds are run.
        cut: the morning of the forecast, in days since the first contact; 70% into the log if None.
        resamples: number of bootstrap resamples over people.

    Raises:
        LogError: the log is too short, or no pair was silent.
    """
    cut, window = cut_of(contacts, days, cut)
    earlier = cut - window
    pairs = silent_pairs(contacts, cut, silent)
    if pairs.empty:
        raise LogError(f"No pair had been silent for over {silent} days on day {cut}, so there is nothing to evaluate.")
    known = silent_pairs(contacts, earlier, silent) if earlier >= 1 else pairs.head(0)
    runs = replicates(contacts.before(cut), cut, window, pairs, worlds)
    if len(known):
        runs += replicates(contacts.before(earlier), earlier, window, known, worlds)
    wrote = run_all(runs, execution)
    back = came_back(contacts, pairs, cut, window)
    forecasts = {MODEL: shares_of(wrote[: worlds.count])}
    if len(known):
        answers = came_back(contacts.before(cut), known, earlier, window)
        forecasts[RECALIBRATED] = recalibrated(shares_of(wrote[worlds.count :]), answers, forecasts[MODEL])
        forecasts |= baselines(known, answers, pairs)
    of = [name for name in (MODEL, RECALIBRATED) if name in forecasts]
    return Evaluation(
        pairs=_named(pairs, contacts).assign(came_back=back, **forecasts),
        forecasts=tuple(forecasts),
        scores=compared(forecasts, back, pairs, of, resamples),
        calibration=reliability(forecasts, back, pairs, resamples),
        cut=cut,
        days=window,
        learned_from=len(known),
        notes=[
            *hole_noted(contacts, silent, cut + window),
            *_few_worlds_noted(worlds.count),
            *_notes(days, window, silent, pairs, back, forecasts),
        ],
    )


def hidden(found: Evaluation) -> Evaluation:
    """The evaluation without ids of people. Pairs keep only the numbers of their ties."""
    shown = found.pairs.drop(columns=["low", "high", "last_sender", "low_name", "high_name"])
    return found._replace(pairs=shown[["tie", *shown.columns.drop("tie")]])


def shares_of(wrote: Sequence[np.ndarray]) -> np.ndarray:
    """The smoothed share of worlds in which each pair had a contact, shape (pairs,)."""
    return smoothed(np.sum([world.any(axis=1) for world in wrote], axis=0), len(wrote))


def _named(pairs: pd.DataFrame, contacts: Log) -> pd.DataFrame:
    names = {f"{side}_name": contacts.names[pairs[side]] for side in ("low", "high")}
    return pairs.assign(tie=numbers_of_ties(contacts, pairs), **names)


def hole_noted(contacts: Log, silent: int, until: int) -> list[str]:
    """A sentence if nobody had contact for longer than ``silent`` days, from some day before ``until`` on."""
    begins, ends = contacts.longest_gap
    if ends - begins <= silent or begins >= until:
        return []
    return [
        f"Nobody in the log had contact from day {begins:,} to day {ends:,}. If the log was not recorded then, "
        "ties look "
        "silent that were not. Use a part of the log without such a gap."
    ]


def _few_worlds_noted(count: int) -> list[str]:
    """A sentence if there are so few worlds that chances are coarse."""
    if count >= ENOUGH_WORLDS:
        return []
    points = 100 * 1.96 * math.sqrt(0.25 / (count + 1))
    accuracy = f"With {count} worlds, a chance is accurate only to ±{points:.0f} points (95% interval)."
    return [f"{accuracy} Use --worlds {ENOUGH_WORLDS}."]


def _notes(
    requested_days: int,
    days: int,
    silent: int,
    pairs: pd.DataFrame,
    back: np.ndarray,
    forecasts: Mapping[str, np.ndarray],
) -> list[str]:
    """Sentences on what differs from the request."""
    notes = []
    if days < requested_days:
        notes.append(
            f"The log ends {days} days after the cut, so the forecast covers these instead of {requested_days}."
        )
    if RECALIBRATED not in forecasts:
        notes.append(
            f"No pair had been silent for over {silent} days early enough to learn from, so the baselines and the "
            "recalibration are missing."
        )
    elif forecasts[RECALIBRATED][forecasts[MODEL].argmax()] < forecasts[RECALIBRATED][forecasts[MODEL].argmin()]:
        notes.append(
            "The recalibration reverses the model's order: on the earlier morning, pairs with higher forecasts "
            "came back less "
            "often. Do not trust the model's forecasts of this log."
        )
    if RECALIBRATED in forecasts and "boosting" not in forecasts:
        notes.append("The boosted trees are missing because they need scikit-learn, which the extra `dev` installs.")
    people = len(np.unique(pairs[["low", "high"]]))
    if people < ENOUGH_PEOPLE:
        notes.append(f"The pairs have only {people} people. Intervals need at least {ENOUGH_PEOPLE}.")
    if back.all() or not back.any():
        notes.append(f"{'Every' if back.all() else 'No'} silent pair came back, so AUC is not defined.")
    return notes


# What would happen? --------------------------------------------------------------------------------------------------


class Forecast(NamedTuple):
    """The chances that silent ties come back.

    Attributes:
        ties: one row per tie, most contacts first: ``tie`` (its number, see
            `pairs.numbers_of_ties`), ``sender`` and ``receiver`` (ids of the log: who would make the
            gesture, and to whom; missing if ids are hidden), ``silent_days``, ``contacts``, ``comes_back`` (the
            chance of a contact in either direction if nothing is done), ``receiver_writes`` (the chance of one by the
            receiver if nothing is done), and for each gesture on the first day, ``after_GESTURE``, the chance that the
            receiver then writes, with ``gain_GESTURE``, ``gain_GESTURE_low`` and ``gain_GESTURE_high``: what it adds,
            paired world by world, with its 95% interval; NaN for ties without simulated gestures.
        gains: for each gesture, its mean ``gain`` over the ties with simulated gestures, with ``low`` and ``high``.
        rounds: number of rounds of gestures per replicate.
        notes: sentences about the log.
    """

    ties: pd.DataFrame
    gains: pd.DataFrame
    rounds: int
    notes: list[str]


def forecast(
    contacts: Log,
    worlds: Worlds,
    *,
    days: int,
    silent: int,
    execution: Execution,
    person: int | None = None,
    top: int = 10,
    gestures: Sequence[str] = GESTURES,
) -> Forecast:
    """The chance that each tie silent at the end of a log comes back, spontaneously and after a gesture on day 0.

    Worlds with and without a gesture share all other random draws. Ties that share a person would disturb each other,
    so keyed draws assign ties to rounds in which nobody is in two ties, and a round is simulated in one world. Each
    round needs its own worlds, so gestures are simulated for a few ties only.

    Args:
        contacts: the whole log.
        worlds: run from the morning after its last contact, once without a gesture and once for each gesture and round.
        days: number of days to forecast.
        silent: ties are forecast if their silence is longer than this, in days.
        execution: how the worlds are run.
        person: forecast only the ties of this person, who sends the gestures. If None, forecast all ties; the person
            who wrote last sends the gestures, because after a silence it is mostly they who write again.
        top: number of ties, those with most contacts, for which gestures are simulated.
        gestures: kinds, as in `sim.Gesture`, each once.
    """
    ties = silent_ties(contacts, silent, person)
    focal = ties.head(top)
    rounds = matched(focal[["low", "high"]].to_numpy(), worlds.seed) if gestures else []
    runs = replicates(contacts, contacts.end, days, ties, worlds) if len(ties) else []
    for kind in gestures:
        for rows in rounds:
            treated = focal.iloc[rows]
            plain = replicates(contacts, contacts.end, days, treated, worlds)
            runs += [replace(run, gestures=gestures_to(kind, treated)) for run in plain]
    wrote = iter(run_all(runs, execution))

    def next_worlds(some: pd.DataFrame) -> np.ndarray:
        """Who wrote in the next worlds, shape (worlds, ties, 2)."""
        return np.array([next(wrote) for _ in range(worlds.count)]) if len(some) else np.zeros((worlds.count, 0, 2))

    base = next_worlds(ties)
    before = by_receiver(base, ties)
    table = _described(ties, contacts).assign(
        comes_back=smoothed(base.any(axis=2).sum(axis=0), worlds.count),
        receiver_writes=smoothed(before.sum(axis=0), worlds.count),
    )
    gains = {}
    for kind in gestures if rounds else ():
        after = np.zeros((worlds.count, len(focal)), bool)
        for rows in rounds:
            after[:, rows] = by_receiver(next_worlds(focal.iloc[rows]), focal.iloc[rows])
        gain = after.astype(float) - before[:, : len(focal)]
        gains[kind] = paired(gain.mean(axis=1))
        table = table.assign(**_effect(kind, after, gain, len(ties)))
    mean_gains = pd.DataFrame.from_dict(gains, orient="index", columns=["gain", "low", "high"])
    return Forecast(table, mean_gains, len(rounds), hole_noted(contacts, silent, contacts.end))


def silent_ties(contacts: Log, silent: int, person: int | None = None) -> pd.DataFrame:
    """The pairs silent for longer than this at the end of a log, those with most contacts first, with a ``sender``.

    Columns are those of `silent_pairs`. The sender is ``person`` or, if None, the person who wrote last.
    """
    pairs = silent_pairs(contacts, contacts.end, silent).sort_values("contacts", ascending=False, kind="stable")
    if person is not None:
        pairs = pairs[(pairs["low"] == person) | (pairs["high"] == person)]
    sender = pairs["last_sender"] if person is None else person
    return pairs.assign(sender=sender).reset_index(drop=True)


def matched(pairs: np.ndarray, seed: int) -> list[np.ndarray]:
    """Rounds in which no two pairs share a person. In a keyed order, each pair joins the first round that has room.

    Args:
        pairs: people, shape (pairs, 2).
        seed: seed of the order.

    Returns:
        The rows of the pairs of each round, sorted.
    """
    rounds: list[list[int]] = []
    busy: list[set[int]] = []
    random = np.random.Generator(np.random.Philox(key=[_MATCHING, seed]))
    for row in random.permutation(len(pairs)):
        people = set(pairs[row].tolist())
        at = next((k for k, others in enumerate(busy) if not people & others), len(busy))
        if at == len(busy):
            rounds.append([])
            busy.append(set())
        rounds[at].append(int(row))
        busy[at] |= people
    return [np.array(sorted(rows)) for rows in rounds]


def gestures_to(kind: str, ties: pd.DataFrame) -> tuple[sim.Gesture, ...]:
    """A gesture of this kind on the first day for each tie, from its ``sender``."""
    return tuple(
        sim.Gesture(day=0, kind=kind, sender=int(sender), receiver=int(low + high - sender))
        for low, high, sender in ties[["low", "high", "sender"]].to_numpy()
    )


def by_receiver(wrote: np.ndarray, ties: pd.DataFrame) -> np.ndarray:
    """Whether the receiver of each gesture wrote, shape (..., ties), from who wrote, shape (..., ties, 2)."""
    return np.where(ties["sender"] == ties["low"], wrote[..., 1], wrote[..., 0])


def _effect(kind: str, after: np.ndarray, gain: np.ndarray, ties: int) -> dict[str, np.ndarray]:
    """The columns of a gesture for all ``ties``, from arrays of shape (worlds, ties with simulated gestures)."""
    chance = smoothed(after.sum(axis=0), len(after))
    columns = np.column_stack([chance, np.array([paired(one) for one in gain.T])])
    filled = np.vstack([columns, np.full((ties - len(columns), 4), np.nan)])
    return dict(zip((f"after_{kind}", f"gain_{kind}", f"gain_{kind}_low", f"gain_{kind}_high"), filled.T, strict=True))


def paired(gains: np.ndarray) -> tuple[float, float, float]:
    """The mean of gains, shape (worlds,), and its 95% interval."""
    mean = float(gains.mean().round(12))  # 0 instead of 1e-18 if values cancel
    if len(gains) < 2:
        return mean, math.nan, math.nan
    low, high = interval(resampled_means(gains, RESAMPLES))
    return mean, round(low, 12), round(high, 12)


def _described(ties: pd.DataFrame, contacts: Log) -> pd.DataFrame:
    """Ties with the ids of the log."""
    receiver = ties["low"] + ties["high"] - ties["sender"]
    return pd.DataFrame(
        {
            "tie": numbers_of_ties(contacts, ties),
            "sender": contacts.names[ties["sender"]],
            "receiver": contacts.names[receiver],
            "silent_days": ties["silence"].round(1),
            "contacts": ties["contacts"],
        }
    )
