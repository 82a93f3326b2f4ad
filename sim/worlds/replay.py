"""Worlds that are replayed from a contact log."""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np
import pandas as pd

from sim.contact_logs import LogError
from sim.contact_logs import read as read_contacts
from sim.engine.memory import add_to_memory
from sim.model import rules
from sim.model.compiled import njit
from sim.model.gestures import Kind
from sim.model.parameters import Parameters
from sim.state.population import LAST_DAY, World
from sim.worlds.communities import communities
from sim.worlds.people import born, check_seed, wake
from sim.worlds.ties import laid_out, pair_ids

ACTIVITY_HALF_LIFE = 60.0  # days in which a sent message loses half of its weight for sociability
_MESSAGE = int(Kind.MESSAGE)


def replayed(
    log: str | os.PathLike[str] | pd.DataFrame, *, seed: int = 1, parameters: Parameters | None = None
) -> World:
    """Replay a contact log; returns the world on the morning after its last day.

    Each event is replayed as a private message that is noticed, so ties have the traces, the silence and the two-way
    history of the log. Pairs who never answered each other are acquaintances. Sociability follows from the number of
    recently sent messages, and communities from the network. Everything else is a keyed draw.

    Args:
        log: a file or table with ``source``, ``target`` and ``time``; see `sim.contact_logs.read_log`.
        seed: the seed of traits that the log doesn't contain (affinity, reticence, industry, ...), 0 to 2**64 - 1.
        parameters: the parameters of memory; the defaults if None.

    Returns:
        A world whose ``names`` are the ids of the log, in order of appearance.

    Raises:
        ValueError: if the seed is out of range.
        sim.contact_logs.LogError: if the log cannot be used.

    Example:
        >>> import pandas, sim
        >>> log = pandas.DataFrame({"source": ["Ann", "Bob"], "target": ["Bob", "Ann"], "time": [0, 90_000]})
        >>> world = sim.worlds.replayed(log)
        >>> list(world.names), world.day, int(world.ties["two_way"].max())
        (['Ann', 'Bob'], 2, 1)
    """
    check_seed(seed)
    settings = parameters or Parameters()
    events = read_contacts(log)
    source, target, names = events.source, events.target, events.names
    day = ((events.time - events.time[0]) // rules.SECONDS_A_DAY).astype(np.int64)
    if day[-1] >= LAST_DAY:
        raise LogError(
            f"The log spans {day[-1] + 1:,} days, but a world can span at most {LAST_DAY:,}. Delete the oldest rows."
        )
    ids, pair, contacts = np.unique(pair_ids(source, target, len(names)), return_inverse=True, return_counts=True)
    low, high = np.divmod(ids, len(names))
    community = communities(
        low=low, high=high, contacts=contacts, people=len(names), size=settings.community_size, seed=seed
    )
    people = born(community, _sociability_of(source, day, len(names)), seed, settings)
    ties, slots = laid_out(people, ids, seed, settings.packed, threads=1)
    people["capacity"] = np.maximum(people["capacity"], people["degree"])
    ties["acquaintance"] = ties["other"] >= 0
    _replay(people, ties, source, target, slots[pair], day, settings.packed)
    morning = int(day[-1]) + 1
    wake(people, ties, morning, settings.packed, threads=1)
    return World(day=morning, people=people, ties=ties, parameters=settings, names=names)


def _sociability_of(source: np.ndarray, day: np.ndarray, people: int) -> np.ndarray:
    """Sociability from recently sent messages, shape (people,), with mean 1.

    A message loses half of its weight every `ACTIVITY_HALF_LIFE` days. The result is then shrunk halfway to the mean,
    because about half of the differences in recent activity are busy or quiet spells that will pass. Both numbers were
    chosen to forecast best which silent pairs of the Facebook wall come back, from 70% of its time (docs/forecast.md).
    """
    recent = np.bincount(source, weights=0.5 ** ((day[-1] - day) / ACTIVITY_HALF_LIFE), minlength=people)
    return np.asarray(0.5 + 0.5 * recent / recent.mean())


@njit(cache=True, nogil=True)
def _replay(
    people: Any, ties: Any, source: np.ndarray, target: np.ndarray, slots: np.ndarray, days: np.ndarray, p: Any
) -> None:
    """Send and notice a message for each event, in order; `slots`, shape (events, 2), has the lower id's first."""
    for k in range(len(days)):
        side = 0 if source[k] < target[k] else 1
        _send(people, ties, source[k], slots[k, side], days[k], p)
        _notice(people, ties, source[k], slots[k, side], target[k], slots[k, 1 - side], days[k], p)


@njit(cache=True)
def _send(people: Any, ties: Any, sender: int, slot: int, day: int, p: Any) -> None:
    """Update the sender's tie after sending a message: memory and the count of unanswered gestures."""
    own = ties[people[sender].first + slot]
    add_to_memory(own, day, p.encoding_sent * p.mass[_MESSAGE], p)
    unanswered = rules.unanswered_now(own.unanswered, day - own.last_sent, p)
    own.unanswered = rules.unanswered_after(unanswered, p.answer[_MESSAGE] > -math.inf, p)
    own.last_sent = day


@njit(cache=True)
def _notice(people: Any, ties: Any, sender: int, sender_slot: int, receiver: int, slot: int, day: int, p: Any) -> None:
    """Update the receiver's tie after a noticed message, which is an answer if the receiver has unanswered gestures."""
    own = ties[people[receiver].first + slot]
    senders = ties[people[sender].first + sender_slot]
    answers = own.unanswered > 0.0
    add_to_memory(own, day, p.encoding_received * p.mass[_MESSAGE], p)
    own.unanswered = 0.0
    if rules.opened_to(_MESSAGE, p) >= rules.openness_now(own.openness, day - own.opened, p):
        own.openness = rules.opened_to(_MESSAGE, p)
        own.opened = day
        own.opened_by = p.rung[_MESSAGE]
    if rules.is_two_way(day, own.last_sent, p):
        own.closeness = rules.closer(rules.closeness_now(own.closeness, day - own.last_contact, p), p.closer[_MESSAGE])
    if answers:
        add_to_memory(own, day, p.encoding_answered * p.mass[_MESSAGE], p)
        own.acquaintance = senders.acquaintance = 0
    if rules.is_two_way(day, senders.last_received, p):
        own.last_two_way = senders.last_two_way = day
        own.two_way = senders.two_way = rules.one_more_two_way(own.two_way)
    own.last_received = day
