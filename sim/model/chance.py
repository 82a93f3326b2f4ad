"""Keyed random draws: each random choice of the model has a key, and its draw depends on the key and the seed only.

``uniform(seed, purpose, day, person, other, event_key)`` runs Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011,
"Parallel random numbers: as easy as 1, 2, 3"). The seed is its key, and the other five arguments are its counter. There
is no stream with a state. A draw therefore doesn't depend on the order of people, the number of threads or the
recording, and two worlds that differ in one gesture share all other draws.
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import Any

import numpy as np
from numba import float64, int32, int64, types, uint64, void
from numba.core.types import UniTuple

from sim.model.compiled import njit
from sim.model.draw_purposes import DrawPurpose as DrawPurpose

_M0, _M1 = 0xD2511F53, 0xCD9E8D57
_W0, _W1 = 0x9E3779B9, 0xBB67AE85
_LOW32 = 0xFFFFFFFF

_Words = UniTuple(uint64, 4)
_Pair = UniTuple(float64, 2)


@njit(inline="always")
def _ten_rounds(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
    """Philox4x32-10, inlined so that compilers can vectorise a loop over draws."""
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
    """Philox4x32-10: maps the counter c0..c3 and the key k0, k1 (32-bit words) to four 32-bit words."""
    return _ten_rounds(c0, c1, c2, c3, k0, k1)


_KEYED = (uint64, int64, int64, int64, int64, int64)


@njit(_Pair(*_KEYED), cache=True)
def two_uniforms(seed: int, purpose: int, day: int, person: int, other: int, event_key: int) -> tuple[float, float]:
    """Two independent uniforms in (0, 1), 52 bits each, for one random choice.

    Args:
        seed: the seed of the run, 64 bits.
        purpose: a `DrawPurpose`, below 256.
        day: the day of the world, 0 to 2**24 - 1.
        person: the id of the person who chooses, 0 to 2**32 - 1.
        other: the id of the other person; 0 if there is none.
        event_key: the key of the event that caused the draw, 32 bits.
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
    """Two doubles in [1, 2), assembled from bits, which is faster than converting 52 bits to a float."""
    exponent = uint64(0x3FF0000000000000)
    a, b, c, d = _ten_rounds(c0, c1, c2, c3, k0, k1)
    return exponent | (a << uint64(20)) | (b >> uint64(12)), exponent | (c << uint64(20)) | (d >> uint64(12))


@njit(void(float64[:, ::1], uint64, int64, int64, int64, int64, int64), cache=True)
def next_attempts(draws: Any, seed: int, purpose: int, day: int, person: int, event_key: int, start: int) -> None:
    """Write the uniforms of attempts `start` to `start + BATCH - 1` at one random choice to `draws`, shape (2, BATCH).

    Each column equals `two_uniforms` with the number of the attempt as `other`, at a fifth of the cost.
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
    """Write `uniform` for people `start` and up, and a choice made once a day, to `draws`, shape (count,)."""
    low, none = uint64(_LOW32), uint64(0)
    words = draws.view(np.uint64)
    when, k0, k1 = ((uint64(day) << uint64(8)) | uint64(purpose)) & low, seed & low, seed >> uint64(32)
    for k in range(len(draws)):
        words[k] = _two_mantissas(uint64(start + k) & low, none, none, when, k0, k1)[0]
    for k in range(len(draws)):
        draws[k] = draws[k] - 1.0 + 2.0**-53


@njit(void(float64[::1], int32[::1], uint64, int64, int64, int64, int64), cache=True)
def uniforms_towards(draws: Any, others: Any, seed: int, purpose: int, day: int, person: int, event_key: int) -> None:
    """Write `uniform` for one person's choice about each of these others to `draws`, shape (len(others),)."""
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
    """A uniform in (0, 1) for one random choice; see `two_uniforms` for the arguments."""
    return two_uniforms(seed, purpose, day, person, other, event_key)[0]


@njit(void(float64[::1], int64[:, ::1], uint64, int64, int64, int64), cache=True)
def uniforms_of_pairs(draws: Any, pairs: Any, seed: int, purpose: int, day: int, event_key: int) -> None:
    """Write `uniform` for a choice about each pair (person, other), shape (pairs, 2), to `draws`, shape (pairs,)."""
    for k in range(len(draws)):
        draws[k] = uniform(seed, purpose, day, pairs[k, 0], pairs[k, 1], event_key)


@njit(float64(*_KEYED), cache=True)
def normal(seed: int, purpose: int, day: int, person: int, other: int, event_key: int) -> float:
    """A standard normal (Box & Muller 1958) for one random choice; see `two_uniforms` for the arguments."""
    first, second = two_uniforms(seed, purpose, day, person, other, event_key)
    return math.sqrt(-2.0 * math.log(first)) * math.cos(2.0 * math.pi * second)


@njit(int64(float64, float64), cache=True)
def poisson(rate: float, u: float) -> int:
    """The quantile `u` in (0, 1) of the Poisson distribution with this rate, which must be below 700."""
    if u <= 1.0 - rate:  # at most exp(-rate), so a cheap test for the most common count
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
    """The event key, 32 bits, of an answer to a gesture: a hash of the gesture's event key and the day it was sent.

    The hash is the finaliser of MurmurHash3 (Appleby 2011). A chain of answers gets its keys link by link, without a
    counter.
    """
    low = uint64(_LOW32)
    word = (uint64(event_key) ^ (uint64(day) * uint64(0x9E3779B9) + uint64(0x85EBCA6B))) & low
    word = ((word ^ (word >> uint64(16))) * uint64(0x85EBCA6B)) & low
    word = ((word ^ (word >> uint64(13))) * uint64(0xC2B2AE35)) & low
    return types.int64(word ^ (word >> uint64(16)))


class Occasion(IntEnum):
    """The occasion of a prompt: the high byte of its event key."""

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
    """The event key of prompt number `index` (0 to 2**24 - 1) of an occasion on a day."""
    return (occasion << 24) | (index & 0xFFFFFF)
