"""Keyed random draws: every random choice of the model has a name, and its draw depends on nothing else.

``uniform(seed, purpose, day, person, other, event_key)`` runs Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011,
"Parallel random numbers: as easy as 1, 2, 3") with the seed as its key and the other five as its counter. No stream is
shared and nothing is counted. So a draw does not change with the order in which people are visited, with the number of
threads or with what is recorded, and two worlds that differ in one gesture share all other draws.
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import Any

import numpy as np
from numba import float64, int32, int64, njit, types, uint64, void
from numba.core.types import UniTuple


class DrawPurpose(IntEnum):
    """Every random choice of the model."""

    # Who people are
    SOCIABILITY = 0
    HESITANCE = 1
    COMMUNITY = 2
    INDUSTRY = 3
    GROUP = 4
    REGULAR = 5
    BIRTHDAY = 6
    # Where ties come from
    COMMUNITY_TIE = 7
    INDUSTRY_TIE = 8
    OTHER_TIE = 9
    LIKING = 11
    PAST_RATE = 12
    PAST_STOPS = 13
    PAST_GAP = 14
    ADOPTER = 15
    FIRST_PURSE = 17
    # Who is where
    HANGOUT_VISIT = 18
    GROUP_DAY = 19
    GROUP_VISIT = 20
    SHOW_DAY = 21
    SHOW_VISIT = 22
    MEETUP_MEMBER = 23
    MEETUP_LEAVES = 24
    BRINGS_SOMEONE = 25
    MEETS = 26
    MEETING_ORDER = 27
    PLACE_SECOND = 28
    # What comes to mind
    POSTS = 29
    SPELL = 46
    SPELL_BEGINS = 47
    ROUTINE_COUNT = 30
    FEED_COUNT = 31
    ENCOUNTER_COUNT = 32
    PROMPT_SECOND = 33
    COMES_TO_MIND = 34
    COMES_TO_MIND_RACE = 35
    ENCOUNTER_WHO = 36
    ENCOUNTER_STRANGER = 37
    BIRTHDAY_NOTICED = 38
    # What people do
    COMFORT = 39
    PLANNED_KIND = 40
    NOTICED = 41
    ANSWERED = 42
    ANSWER_DELAY = 43
    # Outside the model's day
    BOOTSTRAP = 44
    LABEL_ORDER = 45
    FOCAL = 48


_M0, _M1 = 0xD2511F53, 0xCD9E8D57
_W0, _W1 = 0x9E3779B9, 0xBB67AE85
_LOW32 = 0xFFFFFFFF

_Words = UniTuple(uint64, 4)
_Pair = UniTuple(float64, 2)


@njit(inline="always")
def _ten_rounds(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
    """Philox4x32-10, put whole into whatever calls it: in a loop, the compiler then works on several draws at once."""
    low = uint64(_LOW32)
    for _ in range(10):
        product0 = c0 * uint64(_M0)
        product1 = c2 * uint64(_M1)
        c0 = (product1 >> uint64(32)) ^ c1 ^ k0
        c1 = product1 & low
        c2 = (product0 >> uint64(32)) ^ c3 ^ k1
        c3 = product0 & low
        k0 = (k0 + uint64(_W0)) & low
        k1 = (k1 + uint64(_W1)) & low
    return c0, c1, c2, c3


@njit(_Words(uint64, uint64, uint64, uint64, uint64, uint64), cache=True, inline="never")
def philox4x32(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
    """Philox4x32-10: counter words c0..c3 and key words k0, k1 (each 32 bits) to four 32-bit words."""
    return _ten_rounds(c0, c1, c2, c3, k0, k1)


_KEYED = (uint64, int64, int64, int64, int64, int64)


@njit(_Pair(*_KEYED), cache=True)
def two_uniforms(seed: int, purpose: int, day: int, person: int, other: int, event_key: int) -> tuple[float, float]:
    """Two independent uniforms in (0, 1), 52 bits each, for one random choice.

    Args:
        seed: of the run, 64 bits.
        purpose: a `DrawPurpose`, below 256.
        day: of the world, 0 to 2**24 - 1.
        person: id of whom it concerns, 0 to 2**32 - 1.
        other: id of the other one (0 where there is nobody).
        event_key: of the event that led to the draw, 32 bits.
    """
    low = uint64(_LOW32)
    when = (uint64(day) << uint64(8)) | uint64(purpose)
    a, b, c, d = philox4x32(
        uint64(person) & low, uint64(other) & low, uint64(event_key) & low, when & low, seed & low, seed >> uint64(32)
    )
    first = (float((a << uint64(20)) | (b >> uint64(12))) + 0.5) * 2.0**-52
    second = (float((c << uint64(20)) | (d >> uint64(12))) + 0.5) * 2.0**-52
    return first, second


BATCH = 32  # attempts that `next_attempts` draws at once


@njit(inline="always")
def _two_mantissas(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
    """Two doubles of [1, 2), by their bits: it costs less than to convert 52 bits to a float."""
    one = uint64(0x3FF0000000000000)
    a, b, c, d = _ten_rounds(c0, c1, c2, c3, k0, k1)
    return one | (a << uint64(20)) | (b >> uint64(12)), one | (c << uint64(20)) | (d >> uint64(12))


@njit(void(float64[:, ::1], uint64, int64, int64, int64, int64, int64), cache=True)
def next_attempts(draws: Any, seed: int, purpose: int, day: int, person: int, event_key: int, start: int) -> None:
    """The pairs of uniforms of attempts `start` to `start + BATCH - 1` at one random choice, into (2, BATCH).

    The same as `two_uniforms` with the attempt as `other`, at a fifth of the time.
    """
    low = uint64(_LOW32)
    words = draws.view(np.uint64)
    when = ((uint64(day) << uint64(8)) | uint64(purpose)) & low
    who, why, k0, k1 = uint64(person) & low, uint64(event_key) & low, seed & low, seed >> uint64(32)
    for k in range(BATCH):
        first, second = _two_mantissas(who, uint64(start + k) & low, why, when, k0, k1)
        words[0, k] = first
        words[1, k] = second
    for k in range(BATCH):
        draws[0, k] = draws[0, k] - 1.0 + 2.0**-53
        draws[1, k] = draws[1, k] - 1.0 + 2.0**-53


@njit(void(float64[::1], uint64, int64, int64, int64), cache=True)
def uniforms_of_people(draws: Any, seed: int, purpose: int, day: int, start: int) -> None:
    """`uniform` of a choice that everyone makes once a day, for people `start` and on, into (count,)."""
    low, none = uint64(_LOW32), uint64(0)
    words = draws.view(np.uint64)
    when, k0, k1 = ((uint64(day) << uint64(8)) | uint64(purpose)) & low, seed & low, seed >> uint64(32)
    for k in range(len(draws)):
        words[k] = _two_mantissas(uint64(start + k) & low, none, none, when, k0, k1)[0]
    for k in range(len(draws)):
        draws[k] = draws[k] - 1.0 + 2.0**-53


@njit(void(float64[::1], int32[::1], uint64, int64, int64, int64, int64), cache=True)
def uniforms_towards(draws: Any, others: Any, seed: int, purpose: int, day: int, person: int, event_key: int) -> None:
    """`uniform` of one person's choice about each of these others, into (len(others),)."""
    low = uint64(_LOW32)
    words = draws.view(np.uint64)
    when = ((uint64(day) << uint64(8)) | uint64(purpose)) & low
    who, why, k0, k1 = uint64(person) & low, uint64(event_key) & low, seed & low, seed >> uint64(32)
    for k in range(len(draws)):
        words[k] = _two_mantissas(who, uint64(others[k]) & low, why, when, k0, k1)[0]
    for k in range(len(draws)):
        draws[k] = draws[k] - 1.0 + 2.0**-53


@njit(float64(*_KEYED), cache=True)
def uniform(seed: int, purpose: int, day: int, person: int, other: int, event_key: int) -> float:
    """A uniform in (0, 1) for one random choice; arguments as in `two_uniforms`."""
    return two_uniforms(seed, purpose, day, person, other, event_key)[0]


@njit(void(float64[::1], int64[:, ::1], uint64, int64, int64, int64), cache=True)
def uniforms_of_pairs(draws: Any, pairs: Any, seed: int, purpose: int, day: int, event_key: int) -> None:
    """`uniform` of a choice about each of these pairs (person, other), shape (pairs, 2), into (pairs,)."""
    for k in range(len(draws)):
        draws[k] = uniform(seed, purpose, day, pairs[k, 0], pairs[k, 1], event_key)


@njit(float64(*_KEYED), cache=True)
def normal(seed: int, purpose: int, day: int, person: int, other: int, event_key: int) -> float:
    """A standard normal (Box & Muller 1958) for one random choice; arguments as in `two_uniforms`."""
    first, second = two_uniforms(seed, purpose, day, person, other, event_key)
    return math.sqrt(-2.0 * math.log(first)) * math.cos(2.0 * math.pi * second)


@njit(int64(float64, float64), cache=True)
def poisson(rate: float, u: float) -> int:
    """The count of a Poisson law with this rate (below 700) at the quantile u in (0, 1)."""
    if u <= 1.0 - rate:  # which is not above exp(-rate)
        return 0
    probability = math.exp(-rate)
    below = probability
    count = 0
    while u > below and probability > 0.0:
        count += 1
        probability *= rate / count
        below += probability
    return count


@njit(int64(int64, int64), cache=True)
def follow(event_key: int, day: int) -> int:
    """The 32-bit cause of what follows from a gesture: its own cause and the day it was sent, well mixed.

    The finaliser of MurmurHash3 (Appleby 2011); a chain of answers names itself link by link, so no counter is needed.
    """
    low = uint64(_LOW32)
    word = (uint64(event_key) ^ (uint64(day) * uint64(0x9E3779B9) + uint64(0x85EBCA6B))) & low
    word = ((word ^ (word >> uint64(16))) * uint64(0x85EBCA6B)) & low
    word = ((word ^ (word >> uint64(13))) * uint64(0xC2B2AE35)) & low
    return types.int64(word ^ (word >> uint64(16)))


class Occasion(IntEnum):
    """What led to a prompt: the high byte of its cause."""

    ROUTINE = 1
    FEED = 2
    ENCOUNTER = 3
    BIRTHDAY = 4
    MEETING = 5
    PLAN = 6
    EXTRA = 7
    PLACE = 8


@njit(int64(int64, int64), cache=True)
def event_key_of(occasion: int, index: int) -> int:
    """The cause of the index-th prompt (0 to 2**24 - 1) of an occasion on a day."""
    return (occasion << 24) | (index & 0xFFFFFF)
