"""Will a silent tie come back? A contact log goes on in many simulated worlds, and their share is the chance.

Each world starts from the log and has luck of its own. The log knows one channel, so a contact is what such a log
would hold, and the answer to a gesture put in by hand. `evaluate` cuts a log short and lets what really followed be the
judge; `forecast` starts from its end and also asks what a gesture on the first day would change.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numba
import numpy as np
import pandas as pd

import sim
from experiments.analysis.compare import resampled_means
from experiments.forecasts.baselines import baselines, recalibrated, smoothed
from experiments.forecasts.pairs import Contacts, came_back, numbers_of_ties, silent_pairs
from experiments.forecasts.scores import ENOUGH_PEOPLE, RESAMPLES, compared, interval, reliability
from experiments.logs.writing import written
from sim.contact_logs import LogError
from sim.engine.day import Core
from sim.model.gestures import KINDS
from sim.run import begin

GESTURES = ("like", "message", "note", "call")
FIRST_PART = 0.7  # of a log's time, from which worlds start when they are judged
ENOUGH_WORLDS = 20  # for a chance that is not coarse
LEAST_DAYS = 30  # of a log after that, or what followed is too little to judge by
MODEL, RECALIBRATED = "model", "model_recalibrated"

_MATCHING = 256  # key of the order in which ties are matched, beside the Decisions, which are below it

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Worlds:
    """Which worlds are run: as many replicates as told, the r-th (from 0) with both seeds plus r.

    Attributes:
        count: 1 or more.
        parameters: of the days that are simulated.
        past: parameters with which the log is remembered.
        world_seed: of what a log does not tell: liking, hesitance, industry ...
        seed: of all luck from the first simulated day on.
    """

    count: int = 100
    parameters: sim.Parameters = field(default_factory=sim.Parameters)
    past: sim.Parameters = field(default_factory=sim.Parameters)
    world_seed: int = 1
    seed: int = 1


@dataclass(frozen=True, eq=False)
class OneWorld:
    """One world to run, and whom to watch in it.

    Attributes:
        past: the contacts that it starts from.
        morning: its first simulated day, in days since the first contact.
        days: to simulate.
        pairs: people (low, high) of the pairs in question, shape (pairs, 2).
        worlds, replicate: which of these worlds it is.
        gestures: put in by hand.
    """

    past: Contacts
    morning: int
    days: int
    pairs: np.ndarray
    worlds: Worlds
    replicate: int
    gestures: tuple[sim.Gesture, ...] = ()


def who_wrote(run: OneWorld) -> np.ndarray:
    """Run a world on one thread and tell who contacted whom.

    Returns:
        Shape (pairs, 2), bool: whether the low one of each pair contacted the high one, and the high one the low one,
        on any of the days.
    """
    worlds, people = run.worlds, len(run.past.names)
    world = sim.worlds.replayed(run.past.frame(), seed=worlds.world_seed + run.replicate, parameters=worlds.past)
    seed = worlds.seed + run.replicate
    start, _ = begin(
        world.copy(day=run.morning),
        strategy=None,
        adopters=None,
        seed=seed,
        parameters=worlds.parameters,
        strategy_days=None,
        extra=run.gestures,
        days=run.days,
    )
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        core = Core(start, seed=seed)
        heard = np.concatenate([_contacts(core.step().sent, run) for _ in range(run.days)])
    finally:
        numba.set_num_threads(before)
    low, high = run.pairs.astype(np.int64).T
    return np.stack([np.isin(low * people + high, heard), np.isin(high * people + low, heard)], axis=1)


def _contacts(sent: np.ndarray, run: OneWorld) -> np.ndarray:
    """Of the gestures sent on a day, those that count as contacts, each as sender * people + receiver.

    They are what a contact log would hold, and whatever answers one of the gestures put in by hand: a call is answered
    by a call, of which the log would know nothing.
    """
    asked = np.isin(sent["parent_kind"], [KINDS.index(gesture.kind) for gesture in run.gestures])
    found = np.concatenate([written(sent), sent[asked & (sent["parent_day"] == run.morning)]])
    return found["sender"].astype(np.int64) * len(run.past.names) + found["receiver"]


def run_all(runs: Sequence[OneWorld], executor: Executor, report: Report) -> list[np.ndarray]:
    """What `who_wrote` tells of each run, in their order; `report` is called with (done, all) after each."""
    futures = [executor.submit(who_wrote, run) for run in runs]
    for done, future in enumerate(as_completed(futures), start=1):
        future.result()  # a failure ends it all
        report(done, len(futures))
    return [future.result() for future in futures]


def replicates(past: Contacts, morning: int, days: int, pairs: pd.DataFrame, worlds: Worlds) -> list[OneWorld]:
    """All replicates of a past, in which these pairs (rows with ``low`` and ``high``) are watched."""
    nameless = past._replace(names=np.arange(len(past.names)))  # names may be long, and runs travel to other processes
    people = pairs[["low", "high"]].to_numpy()
    return [OneWorld(nameless, morning, days, people, worlds, replicate) for replicate in range(worlds.count)]


# How good are the forecasts? -----------------------------------------------------------------------------------------


class Evaluation(NamedTuple):
    """How the model's forecasts compare with what really happened, and with forecasts that need no model.

    Attributes:
        pairs: a row for each pair that was silent at the cut: what `pairs.silent_pairs` tells, with the
            log's ids as ``low_name`` and ``high_name``; ``came_back``; and a column for each forecast.
        forecasts: names of these columns.
        scores: see `experiments.forecasts.scores.compared`.
        calibration: see `experiments.forecasts.scores.reliability`, for each ``forecast``.
        cut: the morning of the forecast, in days since the first contact.
        days: for which it was made.
        learned_from: pairs of the earlier morning, from which the baselines and the recalibration learned.
        notes: what was not as asked, in sentences.
    """

    pairs: pd.DataFrame
    forecasts: tuple[str, ...]
    scores: pd.DataFrame
    calibration: pd.DataFrame
    cut: int
    days: int
    learned_from: int
    notes: list[str]


def cut_of(contacts: Contacts, days: int, cut: int | None = None) -> tuple[int, int]:
    """The morning at which a log is cut for judging forecasts, and for how many days it can tell what followed.

    Args:
        contacts: the whole log.
        days: for which to forecast.
        cut: the morning, in days since the first contact; 70 % into the log if None.

    Raises:
        LogError: what follows is too short, or no morning of the log was asked for.
    """
    morning = max(1, math.floor(FIRST_PART * contacts.span)) if cut is None else cut
    after = math.floor(contacts.span) - morning
    least = min(LEAST_DAYS, days)
    if morning < 1 or after < least:
        where = f"{FIRST_PART:.0%} into it, on day {morning}," if cut is None else f"on day {cut}"
        remedy = "give a longer log, or an earlier day with --cut" if morning > 1 else "give a later day with --cut"
        raise LogError(
            f"The log spans {contacts.span:.0f} days. A forecast made {where} is judged by what follows, which takes "
            f"{least} days at least: {remedy}."
        )
    return morning, min(days, after)


def evaluate(
    contacts: Contacts,
    worlds: Worlds,
    *,
    days: int,
    silent: int,
    executor: Executor,
    report: Report,
    cut: int | None = None,
    resamples: int = RESAMPLES,
) -> Evaluation:
    """Forecast, 70 % into a log, who of the silent comes back, and compare with what happened.

    What learns (baselines, recalibration) learns from the same question asked so much earlier that its answer was known
    on the morning of the forecast.

    Args:
        contacts: the whole log.
        worlds: run from the cut, and once more from the earlier morning.
        days: for which to forecast; fewer if the log ends before.
        silent: a pair is asked about if its silence is longer than this, in days.
        executor: runs the worlds.
        report: called with the worlds done and all worlds, after each.
        cut: the morning of the forecast, in days since the first contact; 70 % into the log if None.
        resamples: of the bootstrap over people.

    Raises:
        LogError: the log is too short, or no pair was silent.
    """
    cut, window = cut_of(contacts, days, cut)
    earlier = cut - window
    asked = silent_pairs(contacts, cut, silent)
    if asked.empty:
        raise LogError(f"No pair had been silent for over {silent} days on day {cut}: there is nothing to judge.")
    known = silent_pairs(contacts, earlier, silent) if earlier >= 1 else asked.head(0)
    runs = replicates(contacts.before(cut), cut, window, asked, worlds)
    if len(known):
        runs += replicates(contacts.before(earlier), earlier, window, known, worlds)
    wrote = run_all(runs, executor, report)
    back = came_back(contacts, asked, cut, window)
    forecasts = {MODEL: shares_of(wrote[: worlds.count])}
    if len(known):
        answers = came_back(contacts.before(cut), known, earlier, window)
        forecasts[RECALIBRATED] = recalibrated(shares_of(wrote[worlds.count :]), answers, forecasts[MODEL])
        forecasts |= baselines(known, answers, asked)
    of = [name for name in (MODEL, RECALIBRATED) if name in forecasts]
    return Evaluation(
        pairs=_named(asked, contacts).assign(came_back=back, **forecasts),
        forecasts=tuple(forecasts),
        scores=compared(forecasts, back, asked, of, resamples),
        calibration=reliability(forecasts, back, asked, resamples),
        cut=cut,
        days=window,
        learned_from=len(known),
        notes=[
            *hole_noted(contacts, silent, cut + window),
            *_few_worlds_noted(worlds.count),
            *_notes(days, window, silent, asked, back, forecasts),
        ],
    )


def hidden(found: Evaluation) -> Evaluation:
    """The same without anybody's id; pairs have the numbers of their ties alone."""
    shown = found.pairs.drop(columns=["low", "high", "last_sender", "low_name", "high_name"])
    return found._replace(pairs=shown[["tie", *shown.columns.drop("tie")]])


def shares_of(wrote: Sequence[np.ndarray]) -> np.ndarray:
    """The smoothed share of worlds in which each pair had a contact, shape (pairs,)."""
    return smoothed(np.sum([world.any(axis=1) for world in wrote], axis=0), len(wrote))


def _named(pairs: pd.DataFrame, contacts: Contacts) -> pd.DataFrame:
    names = {f"{side}_name": contacts.names[pairs[side]] for side in ("low", "high")}
    return pairs.assign(tie=numbers_of_ties(contacts, pairs), **names)


def hole_noted(contacts: Contacts, silent: int, until: int) -> list[str]:
    """A sentence if nobody at all had contact for longer than what counts as silent, from a day before ``until`` on."""
    begins, ends = contacts.hole
    if ends - begins <= silent or begins >= until:
        return []
    return [
        f"Nobody in the log had contact from day {begins:,} to day {ends:,}. If it was not kept then, ties look silent "
        "that were not: ask about a time without such a hole."
    ]


def _few_worlds_noted(count: int) -> list[str]:
    """A sentence if a share of so few worlds is a coarse chance."""
    if count >= ENOUGH_WORLDS:
        return []
    points = 100 * 1.96 * math.sqrt(0.25 / (count + 1))
    return [f"A chance out of {count} worlds is good to ±{points:.0f} points only; give it --worlds {ENOUGH_WORLDS}."]


def _notes(
    asked_days: int,
    days: int,
    silent: int,
    pairs: pd.DataFrame,
    back: np.ndarray,
    forecasts: Mapping[str, np.ndarray],
) -> list[str]:
    """What was not as asked, in sentences."""
    notes = []
    if days < asked_days:
        notes.append(f"The log ends {days} days after the cut, so the forecast is for these instead of {asked_days}.")
    if RECALIBRATED not in forecasts:
        notes.append(
            f"Nobody had been silent for over {silent} days early enough to learn from: the baselines and the "
            "recalibration are missing."
        )
    elif forecasts[RECALIBRATED][forecasts[MODEL].argmax()] < forecasts[RECALIBRATED][forecasts[MODEL].argmin()]:
        notes.append(
            "The recalibration turns the model's order round: on the earlier morning, pairs came back less where the "
            "model said more. Do not trust its forecasts of this log."
        )
    if RECALIBRATED in forecasts and "boosting" not in forecasts:
        notes.append("The boosted trees are missing; they need scikit-learn, which the extra `dev` brings.")
    people = len(np.unique(pairs[["low", "high"]]))
    if people < ENOUGH_PEOPLE:
        notes.append(f"The pairs are of {people} people: too few for intervals, which take {ENOUGH_PEOPLE}.")
    if back.all() or not back.any():
        notes.append(f"{'Every' if back.all() else 'No'} silent pair came back, so AUC is not defined.")
    return notes


# What would happen? --------------------------------------------------------------------------------------------------


class Forecast(NamedTuple):
    """The chances that silent ties come back.

    Attributes:
        ties: a row a tie, those with most contacts so far first: ``tie`` (its number, see
            `pairs.numbers_of_ties`), ``sender`` and ``receiver`` (ids of the log: who would make the
            gesture, and to whom; missing where they are hidden), ``silent_days``, ``contacts``, ``comes_back`` (the
            chance of a contact in either direction, if nothing is done), ``receiver_writes`` (of one by the receiver,
            if nothing is done), and for each gesture on the first day, ``after_GESTURE``, the chance that the receiver
            then writes, with ``gain_GESTURE``, ``gain_GESTURE_low`` and ``gain_GESTURE_high``: what it adds, paired
            world by world, with its 95 % interval; NaN for ties of which no gesture was asked.
        gains: for each gesture, its mean ``gain`` over the ties of which it was asked, with ``low`` and ``high``.
        rounds: how many rounds of gestures each replicate took.
        notes: what there is to know about the log, in sentences.
    """

    ties: pd.DataFrame
    gains: pd.DataFrame
    rounds: int
    notes: list[str]


def forecast(
    contacts: Contacts,
    worlds: Worlds,
    *,
    days: int,
    silent: int,
    executor: Executor,
    report: Report,
    person: int | None = None,
    top: int = 10,
    gestures: Sequence[str] = GESTURES,
) -> Forecast:
    """The chance that each tie silent at the end of a log comes back, by itself and after a gesture on the first day.

    Worlds with and without a gesture share all other luck. Ties that share a person would disturb each other, so they
    are matched, by keyed chance, into rounds in which nobody is in two of them, and a round is put into one world. Each
    round takes worlds of its own, so gestures are asked of a few ties only.

    Args:
        contacts: the whole log.
        worlds: run from the morning after its last contact, once without a gesture and once for each gesture and round.
        days: for which to forecast.
        silent: a tie is asked about if its silence is longer than this, in days.
        executor: runs the worlds.
        report: called with the worlds done and all worlds, after each.
        person: the only one whose ties are asked about, and who sends the gestures. If None, those of everyone, and
            whoever wrote last sends them, since after a silence it is mostly they who write again.
        top: of how many ties, those with most contacts, gestures are asked.
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
    wrote = iter(run_all(runs, executor, report))

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


def silent_ties(contacts: Contacts, silent: int, person: int | None = None) -> pd.DataFrame:
    """The pairs silent for longer than this at the end of a log, those with most contacts first, with a ``sender``.

    Columns are those of `silent_pairs`; the sender is the person asked for, or else whoever wrote last.
    """
    pairs = silent_pairs(contacts, contacts.end, silent).sort_values("contacts", ascending=False, kind="stable")
    if person is not None:
        pairs = pairs[(pairs["low"] == person) | (pairs["high"] == person)]
    sender = pairs["last_sender"] if person is None else person
    return pairs.assign(sender=sender).reset_index(drop=True)


def matched(pairs: np.ndarray, seed: int) -> list[np.ndarray]:
    """Rounds in which no two pairs share a person: each pair, in a keyed order, goes into the first that has room.

    Args:
        pairs: people, shape (pairs, 2).
        seed: of the order.

    Returns:
        Rows of the pairs, sorted, for each round.
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
    """One of this kind for each tie, from its ``sender``, on the first day."""
    return tuple(
        sim.Gesture(day=0, kind=kind, sender=int(sender), receiver=int(low + high - sender))
        for low, high, sender in ties[["low", "high", "sender"]].to_numpy()
    )


def by_receiver(wrote: np.ndarray, ties: pd.DataFrame) -> np.ndarray:
    """Of who wrote, shape (..., ties, 2), whether the receiver of the gesture did, shape (..., ties)."""
    return np.where(ties["sender"] == ties["low"], wrote[..., 1], wrote[..., 0])


def _effect(kind: str, after: np.ndarray, gain: np.ndarray, ties: int) -> dict[str, np.ndarray]:
    """The columns of a gesture for all ties; arrays of shape (worlds, ties of which it was asked)."""
    chance = smoothed(after.sum(axis=0), len(after))
    columns = np.column_stack([chance, np.array([paired(one) for one in gain.T])])
    filled = np.vstack([columns, np.full((ties - len(columns), 4), np.nan)])
    return dict(zip((f"after_{kind}", f"gain_{kind}", f"gain_{kind}_low", f"gain_{kind}_high"), filled.T, strict=True))


def paired(gains: np.ndarray) -> tuple[float, float, float]:
    """Mean over worlds and its 95 % interval; gains of shape (worlds,)."""
    mean = float(gains.mean().round(12))  # what cancels is 0 and not 1e-18
    if len(gains) < 2:
        return mean, math.nan, math.nan
    low, high = interval(resampled_means(gains, RESAMPLES))
    return mean, round(low, 12), round(high, 12)


def _described(ties: pd.DataFrame, contacts: Contacts) -> pd.DataFrame:
    """Ties as whoever kept the log knows them."""
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
