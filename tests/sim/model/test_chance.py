"""Keyed draws: the generator is Philox, draws are uniform, and no two choices share a draw."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numba import njit
from scipy import stats

import sim
from sim.model import draw_purposes
from sim.model.chance import (
    BATCH,
    DrawPurpose,
    Occasion,
    event_key_of,
    follow,
    next_attempts,
    normal,
    philox4x32,
    poisson,
    two_uniforms,
    uniform,
    uniforms_of_pairs,
    uniforms_of_people,
    uniforms_towards,
)

quick = settings(max_examples=200)
words = st.integers(0, 2**32 - 1)
seeds = st.integers(0, 2**64 - 1)
days = st.integers(0, 2**24 - 1)
purposes = st.sampled_from([int(purpose) for purpose in DrawPurpose])
keys = st.tuples(seeds, purposes, days, words, words, words)  # in the order of the arguments of `uniform`

SEED = 20_240_601
ULP = 2.0**-53


@njit
def _pairs_of(seed: int, table: Any) -> np.ndarray:
    """Both uniforms for each row (decision, day, person, other, cause), shape (rows, 2)."""
    drawn = np.empty((len(table), 2))
    for k in range(len(table)):
        drawn[k, 0], drawn[k, 1] = two_uniforms(seed, table[k, 0], table[k, 1], table[k, 2], table[k, 3], table[k, 4])
    return drawn


@njit
def _normals(seed: int, purpose: int, count: int) -> np.ndarray:
    """A normal for each of `count` people, shape (count,)."""
    drawn = np.empty(count)
    for person in range(count):
        drawn[person] = normal(seed, purpose, 0, person, 0, 0)
    return drawn


def pairs_of(*columns: Any, seed: int = SEED) -> np.ndarray:
    """Both uniforms for each row of broadcast columns (decision, day, person, other, cause), shape (rows, 2)."""
    return _pairs_of(np.uint64(seed), np.stack(np.broadcast_arrays(*columns), axis=-1).reshape(-1, 5).astype(np.int64))


# The generator ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ],
)
def test_philox_gives_the_published_known_answers(counter: str, key: str, expected: str) -> None:
    """The vectors for philox4x32, 10 rounds, of Random123's `kat_vectors`."""
    given_words = [int(word, 16) for word in f"{counter} {key}".split()]
    assert " ".join(f"{word:08x}" for word in philox4x32(*given_words)) == expected


def counter_before(output: tuple[int, ...], k0: int, k1: int) -> tuple[int, ...]:
    """The counter that Philox4x32-10 turns into this output: the ten rounds taken back, last first."""
    m0, m1, w0, w1, low = 0xD2511F53, 0xCD9E8D57, 0x9E3779B9, 0xBB67AE85, 2**32 - 1
    a, b, c, d = output
    for turn in reversed(range(10)):
        first, second = d * pow(m0, -1, 2**32) & low, b * pow(m1, -1, 2**32) & low
        key0, key1 = (k0 + turn * w0) & low, (k1 + turn * w1) & low
        a, b, c, d = first, (second * m1 >> 32) ^ a ^ key0, second, (first * m0 >> 32) ^ c ^ key1
    return a, b, c, d


@quick
@given(st.tuples(words, words, words, words), words, words)
def test_different_counters_give_different_words(counter: tuple[int, int, int, int], k0: int, k1: int) -> None:
    """Under one key Philox has an inverse, so no two counters lead to the same words."""
    assert counter_before(philox4x32(*counter, k0, k1), k0, k1) == counter


@quick
@given(keys)
def test_every_key_has_a_counter_of_its_own(key: tuple[int, ...]) -> None:
    """Seed, purpose, day, person, other and event key all fit into Philox's key and counter."""
    seed, purpose, day, person, other, event_key = key
    when = day << 8 | purpose
    assert (when & 255, when >> 8, when >> 32) == (purpose, day, 0), "nothing overlaps, nothing is cut off"
    a, b, c, d = philox4x32(person, other, event_key, when, seed & (2**32 - 1), seed >> 32)
    mantissas = (a << 20 | b >> 12, c << 20 | d >> 12)
    assert two_uniforms(*key) == tuple((mantissa + 0.5) * 2.0**-52 for mantissa in mantissas)


def test_the_largest_key_is_still_its_own() -> None:
    top = (2**64 - 1, 255, 2**24 - 1, 2**32 - 1, 2**32 - 1, 2**32 - 1)
    others = [tuple(value - (at == part) for at, value in enumerate(top)) for part in range(6)]
    assert len({two_uniforms(*key) for key in [top, *others]}) == 7


# Draws ------------------------------------------------------------------------------------------------------------


@given(seeds)
@settings(max_examples=20)
@pytest.mark.parametrize(("word", "expected"), [(0, ULP), (2**32 - 1, 1.0 - ULP)])
def test_the_outermost_draws_are_inside_0_and_1(word: int, expected: float, seed: int) -> None:
    """All bits 0 and all bits 1, which no sampling would find, are half a step away from 0 and 1."""
    person, other, event_key, when = counter_before((word,) * 4, seed & (2**32 - 1), seed >> 32)
    drawn = two_uniforms(seed, when & 255, when >> 8, person, other, event_key)
    assert drawn == (expected, expected)
    assert 0.0 < drawn[0] < 1.0


@pytest.mark.parametrize("part", ["decision", "day", "person", "other", "event_key"])
def test_draws_are_uniform_along_every_argument(part: str) -> None:
    """Runs use small consecutive ids, so draws must be uniform along each argument alone."""
    columns: dict[str, Any] = {
        "decision": DrawPurpose.NOTICED,
        "day": 40,
        "person": 7,
        "other": 3,
        "event_key": 1 << 24,
    }
    columns[part] = np.arange(256 if part == "decision" else 50_000)
    drawn = pairs_of(*columns.values())
    assert (drawn > 0).all()
    assert (drawn < 1).all()
    for column in drawn.T:
        assert stats.kstest(column, "uniform").pvalue > 1e-3
    neighbours = np.corrcoef(drawn[:-1, 0], drawn[1:, 0])[0, 1]
    assert abs(neighbours) < 4.5 / np.sqrt(len(drawn)), "nor does one follow from the last"


@quick
@given(keys, st.integers(0, 5), st.data())
def test_every_argument_matters(key: tuple[int, ...], part: int, data: st.DataObject) -> None:
    ranges = (seeds, purposes, days, words, words, words)
    other = data.draw(ranges[part].filter(lambda value: value != key[part]))
    changed = (*key[:part], other, *key[part + 1 :])
    assert two_uniforms(*changed) != two_uniforms(*key)
    assert uniform(*changed) != uniform(*key)


@quick
@given(keys)
def test_a_uniform_is_the_first_of_two(key: tuple[int, ...]) -> None:
    assert uniform(*key) == two_uniforms(*key)[0]


@quick
@given(
    seeds,
    purposes,
    days,
    words,
    words,
    st.integers(0, 2**20).map(lambda batch: batch * BATCH),
)
@example(2**64 - 1, 45, 2**24 - 1, 2**32 - 1, 2**32 - 1, 2**32 - BATCH)
def test_next_attempts_are_two_uniforms_to_the_bit(
    seed: int, purpose: int, day: int, person: int, event_key: int, start: int
) -> None:
    draws = np.empty((2, BATCH))
    next_attempts(draws, seed, purpose, day, person, event_key, start)
    expected = [two_uniforms(seed, purpose, day, person, start + k, event_key) for k in range(BATCH)]
    assert draws.T.tolist() == [list(pair) for pair in expected]


@quick
@given(key=keys, count=st.integers(0, 70), others=st.data())
def test_many_uniforms_are_single_ones_to_the_bit(key: tuple[int, ...], count: int, others: st.DataObject) -> None:
    seed, purpose, day, person, _, event_key = key
    person %= 2**31
    draws = np.empty(count)
    uniforms_of_people(draws, np.uint64(seed), purpose, day, person)
    assert draws.tolist() == [uniform(seed, purpose, day, person + k, 0, 0) for k in range(count)]
    ids = np.array(others.draw(st.lists(st.integers(0, 2**31 - 1), min_size=count, max_size=count)), np.int32)
    uniforms_towards(draws, ids, np.uint64(seed), purpose, day, person, event_key)
    assert draws.tolist() == [uniform(seed, purpose, day, person, int(other), event_key) for other in ids]
    pairs = np.stack([ids[::-1], ids], axis=1).astype(np.int64)
    uniforms_of_pairs(draws, pairs, np.uint64(seed), purpose, day, event_key)
    assert draws.tolist() == [uniform(seed, purpose, day, *pair, event_key) for pair in pairs.tolist()]


def test_next_attempts_round_as_two_uniforms_do_at_the_ends() -> None:
    """The two take mantissas to floats in different ways; all bits 0 and all bits 1 are where these could differ."""
    for word in (0, 2**32 - 1):
        person, other, event_key, when = counter_before((word,) * 4, SEED & (2**32 - 1), SEED >> 32)
        draws = np.empty((2, BATCH))
        next_attempts(draws, SEED, when & 255, when >> 8, person, event_key, other)
        assert tuple(draws[:, 0]) == two_uniforms(SEED, when & 255, when >> 8, person, other, event_key)


def test_normals_have_the_moments_of_the_normal_law() -> None:
    drawn = _normals(np.uint64(SEED), int(DrawPurpose.RETICENCE), 200_000)
    assert stats.kstest(drawn, "norm").pvalue > 1e-3
    error = 4.5 / np.sqrt(len(drawn))  # of a mean, in standard deviations of what is averaged
    for power, expected, sd in ((1, 0, 1), (2, 1, np.sqrt(2)), (3, 0, np.sqrt(15)), (4, 3, np.sqrt(96))):
        assert abs(np.mean(drawn**power) - expected) < error * sd


@quick
@given(st.floats(0, 690), st.floats(ULP, 1 - ULP))
@example(0.0, 1 - ULP)
@example(0.35, 1 - ULP)
def test_poisson_inverts_the_distribution_function(rate: float, u: float) -> None:
    """The count is the least whose distribution function (scipy's) reaches u, but for rounding."""
    count = poisson(rate, u)
    assert stats.poisson.cdf(count, rate) > u - 1e-11
    assert count == 0 or stats.poisson.cdf(count - 1, rate) < u + 1e-11


def test_poisson_counts_have_the_poisson_law() -> None:
    drawn = pairs_of(DrawPurpose.FEED_COUNT, np.arange(20_000), 5, 0, 0)[:, 0]
    for rate in (0.05, 0.8, 6.0):
        counts = np.bincount([poisson(rate, u) for u in drawn])
        expected = stats.poisson.pmf(np.arange(len(counts)), rate) * len(drawn)
        common = expected >= 5
        observed = np.append(counts[common], counts[~common].sum())
        expected = np.append(expected[common], len(drawn) - expected[common].sum())
        assert stats.chisquare(observed, expected).pvalue > 1e-3, rate


# Choices ----------------------------------------------------------------------------------------------------------


def test_decisions_have_numbers_of_their_own_in_a_byte() -> None:
    """Two names for one number would share draws; `Enum` alone would make the second an alias."""
    numbers = list(DrawPurpose.__members__.values())
    assert len(DrawPurpose.__members__) == len(set(numbers)) == len(DrawPurpose)
    assert all(0 <= number < 256 for number in numbers)
    assert all(0 < occasion < 256 for occasion in Occasion), "the high byte of a cause; 0 is no cause"


def test_no_two_decisions_share_a_stream() -> None:
    """Draws of the same people on the same days are uncorrelated between any two purposes, in both uniforms."""
    people, span = 100, 200
    drawn = np.concatenate(
        [
            pairs_of(purpose, *np.mgrid[0:span, 0:people].reshape(2, -1), 1, event_key_of(Occasion.FEED, 0))
            for purpose in DrawPurpose
        ],
        axis=1,
    )
    assert drawn.shape == (span * people, 2 * len(DrawPurpose))
    rest = np.corrcoef(drawn, rowvar=False)[np.triu_indices(drawn.shape[1], 1)]
    assert np.abs(rest).max() < 5.5 / np.sqrt(len(drawn)), "of 4,000 pairs none is this far from 0 by chance"
    assert abs(rest.std() * np.sqrt(len(drawn)) - 1) < 0.05, "and all together spread as chance does"
    assert len(np.unique(drawn)) == drawn.size


def used_decisions(folder: str, *, but: str = "") -> set[str]:
    """Names of the purposes for which the sources of a package draw."""
    files = [path for path in (Path(sim.__file__).parents[1] / folder).rglob("*.py") if path.name != but]
    return {name for path in files for name in re.findall(r"\bDrawPurpose\.([A-Z_]+)\b", path.read_text())}


def test_the_enumeration_lists_the_choices_that_are_made_and_no_others() -> None:
    """Each decision is drawn by the model; those listed as outside the model's day by a world or by an experiment."""
    source = Path(draw_purposes.__file__).read_text()
    outside = set(re.findall(r"^    ([A-Z_]+) = ", source.split("# Outside the model's day")[1].split("\n\n")[0], re.M))
    assert outside == {"BOOTSTRAP", "FOCAL", "LABEL_ORDER"}
    used = used_decisions("sim", but="draw_purposes.py")
    assert set(DrawPurpose.__members__) - outside - used == set(), "listed but never drawn"
    assert outside - used - used_decisions("experiments") == set(), "listed but never drawn"


# Causes -----------------------------------------------------------------------------------------------------------


@quick
@given(words, words, days, days)
def test_what_follows_depends_on_the_cause_and_on_the_day(event_key: int, other: int, day: int, later: int) -> None:
    """Nothing collides on one day, nor for one cause; the result is a cause again."""
    assert (follow(event_key, day) == follow(other, day)) == (event_key == other)
    assert (follow(event_key, day) == follow(event_key, later)) == (day == later)
    assert 0 <= follow(event_key, day) < 2**32


def test_what_follows_from_the_causes_of_a_month_has_no_collisions() -> None:
    """Every prompt that a person could have in a month, and chains of ten answers to each of the first few."""
    causes = [event_key_of(occasion, index) for occasion in Occasion for index in range(12)]
    followers = {follow(event_key, day) for event_key in causes for day in range(30)}
    assert len(followers) == len(causes) * 30
    assert not followers & set(causes)
    links = set()
    for event_key in causes:
        for _ in range(10):
            event_key = follow(event_key, 17)
            links.add(event_key)
    assert len(links) == 10 * len(causes), "a chain of answers within a day never comes back to where it was"


def test_what_follows_changes_half_of_the_bits() -> None:
    causes = range(event_key_of(Occasion.ROUTINE, 0), event_key_of(Occasion.ROUTINE, 200))
    flips = [follow(event_key, 9) ^ follow(event_key ^ 1 << bit, 9) for event_key in causes for bit in range(32)]
    assert abs(np.mean([flip.bit_count() for flip in flips]) - 16) < 0.2


@quick
@given(st.lists(st.tuples(st.sampled_from(Occasion), st.integers(0, 2**24 - 1)), min_size=2, max_size=2, unique=True))
def test_prompts_have_causes_of_their_own(prompts: list[tuple[Occasion, int]]) -> None:
    for one, two in pairwise([event_key_of(*prompt) for prompt in prompts]):
        assert one != two
        assert 0 < one < 2**32
