"""The past of generated ties: a Poisson process of answered contacts, which may have stopped."""

from __future__ import annotations

import math
from typing import Any

from sim.model import rules
from sim.model.chance import DrawPurpose, normal, two_uniforms, uniform
from sim.model.compiled import njit
from sim.model.gestures import Kind
from sim.state.population import NEVER
from sim.worlds.people import DAYS_A_YEAR
from sim.worlds.ties import date

MOST_CONTACTS_A_DAY = 24.0  # limit on a tie's past rate, since a wide spread of rates could take forever
_MESSAGE = int(Kind.MESSAGE)
_PAST_RATE, _PAST_STOPS, _PAST_GAP = int(DrawPurpose.PAST_RATE), int(DrawPurpose.PAST_STOPS), int(DrawPurpose.PAST_GAP)


@njit(cache=True, nogil=True)
def give_past(seed: int, people: Any, ties: Any, ids: Any, slots: Any, p: Any, start: int, stop: int) -> None:
    """Give the new ties of pairs `start` to `stop` their past, which both directions share."""
    n = len(people)
    for k in range(start, stop):
        low, high = ids[k] // n, ids[k] % n
        mine = ties[people[low].first + slots[k, 0]]
        theirs = ties[people[high].first + slots[k, 1]]
        live_past(seed, low, high, mine, p)
        theirs.traces[:] = mine.traces
        theirs.two_way, theirs.closeness = mine.two_way, mine.closeness
        date(theirs, mine.last_contact)


@njit(cache=True, nogil=True)
def live_past(seed: int, low: int, high: int, tie: Any, p: Any) -> int:
    """Add the past to a tie without one: a Poisson process of answered contacts of mass 1, which may have stopped.

    Returns:
        The number of contacts.
    """
    span = p.past_years * DAYS_A_YEAR
    rate = p.past_rate * math.exp(p.past_sigma * normal(seed, _PAST_RATE, 0, low, high, 0))
    rate = min(rate, MOST_CONTACTS_A_DAY)
    stops, when = two_uniforms(seed, _PAST_STOPS, 0, low, high, 0)
    end = span * when if stops < p.past_stopped else span
    closeness = 0
    contacts, last, time = 0, NEVER, _gap(seed, low, high, 0, rate)
    while time < end:
        day = math.floor(time - span)
        strength = rules.strength(rules.activation(tie.traces, day - last, p), p)
        rules.add_contact(tie.traces, day - last, rules.saturated(1.0, strength, p))
        closeness = rules.closer(rules.closeness_now(closeness, day - last, p), p.closer[_MESSAGE])
        contacts, last = contacts + 1, day
        time += _gap(seed, low, high, contacts, rate)
    tie.two_way = min(255, contacts)
    tie.closeness = closeness
    date(tie, last)
    return contacts


@njit(cache=True, nogil=True)
def _gap(seed: int, low: int, high: int, contact: int, rate: float) -> float:
    """Days until the next contact of the past: a keyed exponential draw with this rate per day."""
    return -math.log(uniform(seed, _PAST_GAP, 0, low, high, contact)) / rate
