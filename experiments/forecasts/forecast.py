"""Will a silent tie come back? The chance is learned from the log; what a gesture adds is simulated.

The chance that a tie comes back by itself is learned from earlier mornings of the same log, when pairs were silent too
(`experiments.forecasts.learned`). No log says what a gesture does. So the log also continues in many simulated worlds,
in which people write as often as they lately did, with and without the gesture.

Each world starts from the log and has its own random draws. The log has one channel, so a contact is what a log of that
channel would contain, or an answer to an injected gesture.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

import sim
from experiments.analysis.compare import resampled_means
from experiments.forecasts.activity import matching_sociability, with_sociability
from experiments.forecasts.baselines import smoothed
from experiments.forecasts.gains import Added, added, part_of
from experiments.forecasts.learned import (
    ENOUGH_ANSWERS,
    LONGEST_DAYS,
    Check,
    checked,
    earlier_answers,
    learned_chances,
)
from experiments.forecasts.pairs import numbers_of_ties, silent_pairs
from experiments.forecasts.scores import RESAMPLES, interval
from experiments.logs.draws import with_draw
from experiments.logs.log import Log
from experiments.logs.writing import written
from sim.engine.day import Core
from sim.run import begin, on_threads, run_days

GESTURES = ("like", "message", "note", "call")

WORLDS_A_DRAW = 2  # the fewest that tell chance between worlds from differences between draws
GAINS = ["gain", "low", "high", "least", "most"]
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
        draws: joint draws of parameters, such as those of `experiments.logs.draws.posterior_draws`. `WORLDS_A_DRAW`
            worlds after each other have the values of one row, so that chance between worlds can be taken out of
            the spread between draws. If None, all have the parameters given.
        first_draw: row of the first worlds' draw; it begins again after the last.
    """

    count: int = 100
    parameters: sim.Parameters = field(default_factory=sim.Parameters)
    past: sim.Parameters = field(default_factory=sim.Parameters)
    world_seed: int = 1
    seed: int = 1
    draws: pd.DataFrame | None = None
    first_draw: int = 0

    def of(self, replicate: int) -> tuple[sim.Parameters, sim.Parameters]:
        """The parameters of one replicate: of its past, and of the simulated days."""
        if self.draws is None:
            return self.past, self.parameters
        draw = self.draws.iloc[(self.first_draw + replicate // self.together) % len(self.draws)].to_dict()
        return with_draw(self.past, draw), with_draw(self.parameters, draw)

    @property
    def together(self) -> int:
        """The number of worlds that share a draw; 1 if all have the same parameters."""
        return 1 if self.draws is None else WORLDS_A_DRAW

    @property
    def used_draws(self) -> int:
        """The number of draws that these worlds have; 0 if all have the same parameters."""
        return 0 if self.draws is None else -(-self.count // WORLDS_A_DRAW)

    def fresh(self) -> Worlds:
        """As many other worlds, with other seeds and the draws that come next."""
        seed, world_seed = self.seed + self.count, self.world_seed + self.count
        return replace(self, seed=seed, world_seed=world_seed, first_draw=self.first_draw + self.used_draws)


class Execution(NamedTuple):
    """How worlds are run: by this executor; ``report`` is called with (steps done, all steps) after each.

    A step is a world, or the days that are simulated before worlds of a draw begin.
    """

    executor: Executor
    report: Callable[[int, int], object]

    def part(self, before: int, total: int) -> Execution:
        """The same for a part of all steps, after ``before`` others."""
        return self._replace(report=lambda done, _: self.report(before + done, total))


@dataclass(frozen=True, eq=False)
class Beginning:
    """Where simulated worlds begin.

    Attributes:
        past: the contacts that they start from.
        morning: their first simulated day, in days since the first contact.
        worlds: which worlds.
        sociability: of each person, shape (people,); see `activity.matching_sociability`.
    """

    past: Log
    morning: int
    worlds: Worlds
    sociability: np.ndarray


@dataclass(frozen=True, eq=False)
class OneWorld:
    """One world to run, and the pairs to watch in it.

    Attributes:
        begins: where it begins.
        days: number of days to simulate.
        pairs: people (low, high) of the watched pairs, shape (pairs, 2).
        replicate: its number among the worlds.
        gestures: injected gestures.
    """

    begins: Beginning
    days: int
    pairs: np.ndarray
    replicate: int
    gestures: tuple[sim.Gesture, ...] = ()


def beginnings(past: Log, morning: int, worlds: Worlds, execution: Execution) -> list[Beginning]:
    """Where each of these worlds begins, if they start from a past on the morning of a day.

    Some days are simulated for it: once if all worlds have the same parameters, and else once for each draw.
    """
    nameless = replace(past, names=np.arange(len(past.names)), notes=())  # names can be long, and runs are pickled
    firsts = range(0, worlds.count, worlds.together)[: worlds.used_draws or 1]
    futures = [execution.executor.submit(_sociability, nameless, morning, worlds, first) for first in firsts]
    if worlds.used_draws:
        _wait(futures, execution)
    each = [Beginning(nameless, morning, worlds, future.result()) for future in futures]
    return [each[replicate // worlds.together if worlds.used_draws else 0] for replicate in range(worlds.count)]


def _sociability(past: Log, morning: int, worlds: Worlds, replicate: int) -> np.ndarray:
    """The sociability with which people of a replicate write as often as the log says they will, shape (people,)."""
    world = replay(past, morning, worlds, replicate)
    return matching_sociability(world, past, worlds.of(replicate)[1], worlds.seed + replicate)


def replay(past: Log, morning: int, worlds: Worlds, replicate: int) -> sim.World:
    """The world of one replicate on the morning of a day, with the sociability that a replay gives people."""
    world = sim.worlds.replayed(past.frame(), seed=worlds.world_seed + replicate, parameters=worlds.of(replicate)[0])
    return world.copy(day=morning)


def who_wrote(run: OneWorld) -> np.ndarray:
    """Run a world on one thread and return who contacted whom.

    Returns:
        Shape (pairs, 2), bool: whether the low person of each pair contacted the high one on any of the days, and
        the high person the low one.
    """
    begins, worlds, people = run.begins, run.begins.worlds, len(run.begins.past.names)
    world = with_sociability(replay(begins.past, begins.morning, worlds, run.replicate), begins.sociability)
    seed, parameters = worlds.seed + run.replicate, worlds.of(run.replicate)[1]
    start, _ = begin(world, seed=seed, parameters=parameters, extra=run.gestures, days=run.days)
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
    begins, parameters = run.begins, run.begins.worlds.parameters
    answers = np.isin(sent["parent_kind"], [parameters.kinds.index(gesture.kind) for gesture in run.gestures])
    found = np.concatenate([written(sent, parameters.gestures), sent[answers & (sent["parent_day"] == begins.morning)]])
    return found["sender"].astype(np.int64) * len(begins.past.names) + found["receiver"]


def run_all(runs: Sequence[OneWorld], execution: Execution) -> list[np.ndarray]:
    """The result of `who_wrote` for each run, in their order."""
    futures = [execution.executor.submit(who_wrote, run) for run in runs]
    _wait(futures, execution)
    return [future.result() for future in futures]


def _wait(futures: Sequence[Future[np.ndarray]], execution: Execution) -> None:
    """Wait until all are done, and report each."""
    for done, future in enumerate(as_completed(futures), start=1):
        future.result()  # raises if the run failed
        execution.report(done, len(futures))


def replicates(begins: Sequence[Beginning], days: int, pairs: pd.DataFrame) -> list[OneWorld]:
    """The worlds that begin here, watching these pairs (rows with ``low`` and ``high``)."""
    people = pairs[["low", "high"]].to_numpy()
    return [OneWorld(one, days, people, replicate) for replicate, one in enumerate(begins)]


# What would happen? --------------------------------------------------------------------------------------------------


class Forecast(NamedTuple):
    """The chances that silent ties come back.

    Attributes:
        ties: one row per tie, most contacts first: ``tie`` (its number, see
            `pairs.numbers_of_ties`), ``sender`` and ``receiver`` (ids of the log: who would make the
            gesture, and to whom; missing if ids are hidden), ``silent_days``, ``contacts``, ``comes_back`` (the
            learned chance of a contact in either direction if nothing is done), ``simulated`` (the share of worlds in
            which there is one), ``receiver_writes`` (the chance of one by the receiver if nothing is done: a part of
            ``comes_back``, see `gains.part_of`), and for each gesture on the first day, ``after_GESTURE``,
            the chance that the receiver then writes, with ``gain_GESTURE``, ``gain_GESTURE_low`` and
            ``gain_GESTURE_high``: what it adds, see `gains.added`, with its 95% interval; NaN for ties that have no
            simulated gesture.
        gains: for each gesture, its mean ``gain`` over the ties with simulated gestures, with ``low`` and ``high``, and
            the range over draws of parameters from ``least`` to ``most``; see `gains.Added`.
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
    if ties.empty:
        gains = pd.DataFrame(columns=GAINS, dtype=float)
        return Forecast(_described(ties, contacts), gains, 0, hole_noted(contacts, silent, contacts.end))
    focal = ties.head(top)
    rounds = matched(focal[["low", "high"]].to_numpy(), worlds.seed) if gestures else []
    total = worlds.used_draws + worlds.count * (1 + len(gestures) * len(rounds))
    begins = beginnings(contacts, contacts.end, worlds, execution.part(0, total))
    runs = replicates(begins, days, ties)
    for kind in gestures:
        for rows in rounds:
            treated = focal.iloc[rows]
            runs += [replace(run, gestures=gestures_to(kind, treated)) for run in replicates(begins, days, treated)]
    wrote = iter(run_all(runs, execution.part(worlds.used_draws, total)))

    def next_worlds() -> np.ndarray:
        """Who wrote in the next worlds, shape (worlds, ties, 2)."""
        return np.array([next(wrote) for _ in range(worlds.count)])

    base = next_worlds()
    before = by_receiver(base, ties)
    learned = learned_chances(contacts, contacts.end, ties, days=days, silent=silent)
    simulated = smoothed(base.any(axis=2).sum(axis=0), worlds.count)
    writes = learned * part_of(before, np.any(base, axis=2))
    table = _described(ties, contacts).assign(comes_back=learned, simulated=simulated, receiver_writes=writes)
    gains = {}
    for kind in gestures if rounds else ():
        after = np.zeros((worlds.count, len(focal)), bool)
        for rows in rounds:
            after[:, rows] = by_receiver(next_worlds(), focal.iloc[rows])
        gain = added(before[:, : len(focal)], after, writes[: len(focal)], worlds.together)
        gains[kind] = (*gain.together, *gain.over_draws)
        table = table.assign(**_columns_of(kind, gain, writes, len(ties)))
    mean_gains = pd.DataFrame.from_dict(gains, orient="index", columns=GAINS)
    notes = [*hole_noted(contacts, silent, contacts.end), *learning_noted(contacts, days, silent)]
    check = checked(contacts, days, silent)
    if check is not None and check.disproves:
        table, mean_gains = _without_chances(table), mean_gains * math.nan
        notes.append(_disproved(check, days))
    return Forecast(table, mean_gains, len(rounds), notes)


def _without_chances(table: pd.DataFrame) -> pd.DataFrame:
    """The table without learned chances, and without what follows from them."""
    kept = ("tie", "sender", "receiver", "silent_days", "contacts", "simulated")
    return table.assign(**{name: math.nan for name in table if name not in kept})


def _disproved(check: Check, days: int) -> str:
    return (
        f"No chance is shown, because this log's past disproves them: {days} days before its end, {check.expected:.1%} "
        f"of {check.pairs:,} silent pairs were expected to come back, and {check.came_back:.1%} did. A longer log or "
        "fewer --days may do better."
    )


def hole_noted(contacts: Log, silent: int, until: int) -> list[str]:
    """A sentence if nobody had contact for longer than ``silent`` days, from some day before ``until`` on."""
    begins, ends = contacts.longest_gap
    if ends - begins <= silent or begins >= until:
        return []
    return [
        f"Nobody in the log had contact from day {begins:,} to day {ends:,}. If the log was not recorded then, ties "
        "look silent that were not. Use a part of the log without such a gap."
    ]


def learning_noted(contacts: Log, days: int, silent: int) -> list[str]:
    """Sentences on how little learned chances rest on: few earlier silences, or answers that came much sooner."""
    notes = []
    if not (found := len(earlier_answers(contacts, contacts.end, days, silent))):
        notes.append(f"The log has no earlier pair that was silent for over {silent} days and whose return could be "
                     "known, so the chances rest on other logs alone.")  # fmt: skip
    elif found < ENOUGH_ANSWERS:
        notes.append(f"The chances rest on {found} earlier silences of this log, so mostly on other logs.")
    if days > LONGEST_DAYS:
        notes.append(f"No chance was learned from more than {LONGEST_DAYS} days, so those within {days:,} days are "
                     "extrapolated.")  # fmt: skip
    return notes


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


def _columns_of(kind: str, gain: Added, chance: np.ndarray, ties: int) -> dict[str, np.ndarray]:
    """The columns of a gesture for all ``ties``, of which the first were treated; ``chance`` is without it."""
    columns = np.full((ties, 4), np.nan)
    columns[: len(gain.each)] = np.column_stack([chance[: len(gain.each)] + gain.each[:, 0], gain.each])
    return dict(zip((f"after_{kind}", f"gain_{kind}", f"gain_{kind}_low", f"gain_{kind}_high"), columns.T, strict=True))


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
