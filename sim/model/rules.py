"""The equations of the model, as small scalar functions that both engines call.

Times are whole days of the world, probabilities and shares lie in 0..1, and logits use natural logarithms. ``p`` is the
record from `sim.Parameters.packed`. A function whose result is stored in a field of the state rounds it to the type of
that field (32-bit floats), so that both engines store the same bits. Explicit signatures ensure that all callers
compute in 64 bits. ``s``, ``term`` and ``place`` are rows of the tables in `sim.model.playbook`.

You can call the functions from Python:

    >>> import sim
    >>> p = sim.Parameters().packed
    >>> round(sim.rules.strength(p["half_strength"], p), 3)
    0.5
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import boolean, float32, float64, from_dtype, int64, uint64, void

from sim.model.chance import DrawPurpose, Occasion, event_key_of, normal, uniform
from sim.model.compiled import njit
from sim.model.gestures import Channel
from sim.model.parameters import SETTINGS, TRACES
from sim.model.places import Place
from sim.model.playbook import PLACE, STRATEGY, TERM
from sim.model.strategies import Plan
from sim.model.whom import A_CONTACT, ANYBODY, OF_COMMUNITY

P = from_dtype(SETTINGS)
S, T, L = from_dtype(STRATEGY), from_dtype(TERM), from_dtype(PLACE)
Traces = float32[:]  # a field of a record, so the array needn't be contiguous

_SLOWEST_HALF_LIFE = 5.0 ** (TRACES - 1)
SECONDS_A_DAY = 86_400
LONGEST_SITTING = 50  # prompts
MOST_ATTEMPTS = 20  # to find somebody new who is on the channel
ROUNDS = 6  # deliveries in a day: each may bring answers that the next one delivers


def rule(signature: Any) -> Any:
    """Decorate a function: compile it for this signature only, and cache the result on disk."""
    return njit(signature, cache=True)


# Fading and strength --------------------------------------------------------------------------------------------


@rule(float64(float64, float64, float64))
def faded(value: float, days: float, half_life: float) -> float:
    """A value after this many days of exponential decay. With a half-life of 0, it drops to 0 after the first day."""
    if days <= 0.0 or value == 0.0:
        return value
    if half_life <= 0.0:
        return 0.0
    return value * 2.0 ** (-days / half_life)


@njit(cache=True)
def _slowest_by_day() -> Any:
    """Table of the share that the slowest trace keeps after 0, 1, 2, … 4,095 days, which saves computing powers."""
    kept = np.empty(4_096)
    for days in range(len(kept)):
        kept[days] = 2.0 ** (-days / _SLOWEST_HALF_LIFE)
    return kept


_SLOWEST = _slowest_by_day()


@rule(float64(int64))
def slowest_left(days: int) -> float:
    """The share that the slowest trace keeps after this many days: ``2**(-days / 5**5)``."""
    return _SLOWEST[days] if days < len(_SLOWEST) else 2.0 ** (-days / _SLOWEST_HALF_LIFE)


@rule(float64(Traces, int64, P))
def activation(traces: Any, silence: int, p: Any) -> float:
    """Activation A of a tie: how much of it is left in memory, in contacts that are one day old.

    ``A = sum_b kernel_b * trace_b * 2**(-age / 5**b)`` approximates ``sum of mass * age**-decay`` over all contacts
    (Anderson & Schooler 1991, Psychol. Sci. 2:396). The traces are as of the last contact, `silence` days ago, and ages
    start at one day. Each half-life is five times the previous one, so one power of two yields all six factors.
    """
    factor = slowest_left(silence + 1)
    total = 0.0
    for b in range(TRACES - 1, -1, -1):
        total += p.kernel[b] * traces[b] * factor
        squared = factor * factor
        factor = squared * squared * factor
    return total


@rule(void(Traces, int64, float64))
def add_contact(traces: Any, silence: int, mass: float) -> None:
    """Decay the traces by `silence` days in place, then add a contact of this mass, in contacts, to each."""
    factor = slowest_left(silence)
    for b in range(TRACES - 1, -1, -1):
        traces[b] = float32(traces[b] * factor + mass)
        squared = factor * factor
        factor = squared * squared * factor


@rule(float64(float64, P))
def strength(activation: float, p: Any) -> float:
    """Strength of a tie, 0..1: ``A / (A + half_strength)``. Strangeness is one minus strength."""
    return activation / (activation + p.half_strength)


@rule(float64(Traces, int64))
def standing(traces: Any, silence: int) -> float:
    """The slowest trace today, in contacts. It sums up the whole past, so it shows whether a tie was once strong."""
    return traces[TRACES - 1] * slowest_left(silence)


@rule(boolean(int64, int64, int64, P))
def is_dormant(day: int, last_two_way: int, two_way: int, p: Any) -> bool:
    """Whether a tie had `dormant_contacts` two-way contacts or more, but none for `dormant_after_days` days."""
    return two_way >= p.dormant_contacts and day - last_two_way >= p.dormant_after_days


@rule(boolean(int64, int64, int64, P))
def is_active(day: int, last_two_way: int, two_way: int, p: Any) -> bool:
    """Whether a tie had two-way contact less than `dormant_after_days` days ago."""
    return two_way > 0 and day - last_two_way < p.dormant_after_days


# Closeness ------------------------------------------------------------------------------------------------------

_CLOSEST = 65_535  # the stored closeness that stands for 1


@rule(float64(int64, int64, P))
def closeness_now(stored: int, days: int, p: Any) -> float:
    """Closeness, 0..1, this many days after it was stored as 0..65535: it halves every `closeness_half_life` years."""
    if stored == 0:
        return 0.0
    return stored / _CLOSEST * 2.0 ** (-max(days, 0) / (365.0 * p.closeness_half_life))


@rule(int64(float64, float64))
def closer(closeness: float, gain: float) -> int:
    """Closeness, stored as 0..65535, after the share ``gain`` of what it lacks has been added."""
    return int64((closeness + gain * (1.0 - closeness)) * _CLOSEST + 0.5)


@rule(float64(float64, float64, P))
def attraction(affinity: float, closeness: float, p: Any) -> float:
    """Affinity with what closeness adds to it: ``affinity * exp(closeness_pull * closeness)``."""
    return affinity if closeness == 0.0 else affinity * math.exp(p.closeness_pull * closeness)


@rule(float64(float64, float64))
def familiarity(strength: float, closeness: float) -> float:
    """One minus the strangeness that is left: either strength or closeness removes it."""
    return strength if closeness == 0.0 else 1.0 - (1.0 - strength) * (1.0 - closeness)


@rule(float64(float64, int64, P))
def answer_odds_of(closeness: float, responsiveness: int, p: Any) -> float:
    """Factor on the odds of an answer, from closeness and the receiver's responsiveness (thousandths of a logit)."""
    if closeness == 0.0 and responsiveness == 0:
        return 1.0
    return math.exp(p.closeness_answer * closeness + 0.001 * responsiveness)


# The channel ----------------------------------------------------------------------------------------------------


@rule(boolean(int64, int64, int64))
def is_on_channel(day: int, arrives: int, leaves: int) -> bool:
    """Whether a person is on the channel today. If `leaves` is 0, the person stays."""
    return day >= arrives and (leaves == 0 or day < leaves)


@rule(float64(int64, P))
def channel_level(day: int, p: Any) -> float:
    """Factor on routine prompts today: the level of the channel, and the day of the week."""
    level = 1.0
    if p.level_count > 0 and day >= p.channel_begins:
        period = int64((day - p.channel_begins) / p.channel_level_days)
        if period < p.level_count:
            level = p.levels[period]
    return level * p.weekdays[day % 7]


@rule(int64(float64, P))
def second_of_day(u: float, p: Any) -> int:
    """The second of the day at the quantile ``u`` of the hours in which people are active."""
    if p.even_hours == 1:
        return int64(SECONDS_A_DAY * u)
    hour = 0
    while hour < 23 and p.hours[hour + 1] < u:
        hour += 1
    share = p.hours[hour + 1] - p.hours[hour]
    within = (u - p.hours[hour]) / share if share > 0.0 else 0.5
    return min(int64((hour + within) * 3_600.0), SECONDS_A_DAY - 1)


@rule(int64(float64, P))
def routine_about(u: float, p: Any) -> int:
    """Whom a routine prompt is about, for a uniform draw: `A_CONTACT`, or somebody new `OF_COMMUNITY` or `ANYBODY`.

    People keep adding ties at a steady rate of their own (Miritello, Lara, Cebrian & Moro 2013, Sci. Rep. 3:1950).
    Assumed: new ties are as often within the community as ties are at the start.
    """
    if u >= p.routine_new:
        return A_CONTACT
    return OF_COMMUNITY if u < p.routine_new * p.ties_in_community else ANYBODY


@rule(int64(float64, P))
def sitting_size(u: float, p: Any) -> int:
    """The number of prompts in a sitting, at the quantile ``u``: geometric from 1, with mean `sitting_prompts`."""
    if p.sitting_prompts <= 1.0:
        return 1
    return 1 + min(LONGEST_SITTING - 1, int64(math.log(1.0 - u) / math.log(1.0 - 1.0 / p.sitting_prompts)))


@rule(int64(int64, float64, P))
def next_in_sitting(second: int, u: float, p: Any) -> int:
    """The second of the next prompt in a sitting: exponential gaps, until the day ends."""
    return min(SECONDS_A_DAY - 1, second + 1 + int64(-math.log(u) * 60.0 * p.sitting_gap))


# Who comes to mind ----------------------------------------------------------------------------------------------


@rule(float64(float64, float64, float64, P))
def pull(activation: float, affinity: float, boost: float, p: Any) -> float:
    """Weight with which a tie comes to mind.

    ``affinity * A**pull_exponent + pull_floor + feed_boost * affinity * boost``, where ``boost`` is the openness, 0..1,
    in the feed and 0 elsewhere. The default exponent is computed as a square root, in a fifth of the time of a power.
    """
    powered = math.sqrt(activation) if p.pull_exponent == 0.5 else activation**p.pull_exponent
    return affinity * powered + p.pull_floor + p.feed_boost * affinity * boost


@rule(float32(float64, float64, P))
def pull_bound(activation: float, affinity: float, p: Any) -> float:
    """Upper bound on the weight of a tie until its next contact, rounded up to 32 bits."""
    return float32(pull(activation, affinity, 1.0, p) * (1.0 + 1e-6))


@rule(float64(float64, float64))
def raised_bound(weight_bound: float, weight: float) -> float:
    """A person's weight bound, a power of two, doubled until it's at least this weight."""
    while weight_bound < weight:
        weight_bound *= 2.0
    return weight_bound


@rule(float64(float64))
def fresh_bound(weight: float) -> float:
    """The least power of two that is at least this weight, and at least ``2**-30``."""
    weight_bound = 2.0**-30
    while weight_bound < weight:
        weight_bound *= 2.0
    return weight_bound


@rule(int64(int64))
def proposal_slots(slots: int) -> int:
    """The number of slots from which rejection sampling draws: the least power of two, from 4 up, that suffices.

    A draw beyond the real slots is rejected. Adding a slot therefore seldom changes the draws of the others.
    """
    count = 4
    while count < slots:
        count *= 2
    return count


@rule(int64(int64))
def more_slots(slots: int) -> int:
    """The number of slots after a person's present ones run out: a sixteenth more, in multiples of four.

    Growth stops at the next power of two, because crossing it changes `proposal_slots`.
    """
    grown = slots + max(4, slots // 64 * 4)
    return grown if slots == proposal_slots(slots) else min(grown, proposal_slots(slots))


@rule(float64(float64, float64))
def race_time(u: float, weight: float) -> float:
    """Time of one contestant in an exponential race, ``-log(u) / weight``; the least time wins.

    Each wins with a probability in proportion to its weight. Each has its own draw `u` in (0, 1), so changing one
    weight changes only the choices that this contestant wins or loses.
    """
    return -math.log(u) / weight


@njit(float64(float64, float64), cache=True, error_model="numpy")  # no checks for zero divisors, which allows SIMD
def race_time_at_least(u: float, weight: float) -> float:
    """A lower bound on `race_time` at a tenth of its cost; infinite if the weight is 0.

    It sums the first terms, all positive, of ``-log(u) = 2 atanh(x)`` with ``x = (1 - u) / (1 + u)``.
    """
    x = (1.0 - u) / (1.0 + u)
    square = x * x
    return 2.0 * x * (1.0 + square * (1 / 3 + square * (1 / 5 + square / 7))) * (1.0 - 1e-12) / weight


# Comfort and the choice of gesture -------------------------------------------------------------------------------


@rule(float64(float64))
def logit(probability: float) -> float:
    """Log odds of a probability in (0, 1)."""
    return math.log(probability / (1.0 - probability))


@rule(float64(float64))
def expit(x: float) -> float:
    """The probability, 0..1, with these log odds."""
    return 1.0 / (1.0 + math.exp(-x))


@rule(float64(int64, float64, float64, float64, P))
def answer_logit(kind: int, strength: float, openness: float, unanswered: float, p: Any) -> float:
    """Log odds of an answer from the gesture's base rate, strength, openness and the count of unanswered gestures.

    A second attempt raises the odds, and further attempts lower them. The coefficients for openness and a second
    attempt come from randomised trials of postal surveys (Edwards et al. 2002, BMJ 324:1183).
    """
    return (
        p.answer[kind]
        + p.answer_strength * strength
        + p.answer_openness * openness
        + p.answer_second * min(1.0, unanswered)
        - p.answer_fatigue * max(0.0, unanswered - 1.0)
    )


@rule(float64(float64, float64, P))
def comfort(practice: float, u: float, p: Any) -> float:
    """Comfort at a prompt, in logits: ease, practice and a logistic random term with quantile `u` in (0, 1)."""
    return p.ease + p.practice_effect * practice + logit(u)


@rule(float64(float64, int64, int64))
def door(openness: float, rung: int, opened_by: int) -> float:
    """Openness, 0..1, for a gesture of this rung: it halves with each rung above the one that opened the door."""
    return math.ldexp(openness, -max(0, rung - opened_by))


@rule(float64(float64, P))
def doubt(welcome: float, p: Any) -> float:
    """How far people underestimate their chance of an answer, in logits; ``welcome`` is its true log odds.

    They expect `acceptance_ratio` of the true probability q: ``doubt = logit(q) - logit(acceptance_ratio * q)``.
    """
    return math.log((1.0 + (1.0 - p.acceptance_ratio) * math.exp(welcome)) / p.acceptance_ratio)


@rule(float64(P))
def least_doubt(p: Any) -> float:
    """A lower bound on `doubt`, in logits, for any welcome."""
    return -math.log(p.acceptance_ratio) - 1e-12


@rule(float64(int64, int64, float64, float64, int64, float64, P))
def barrier_perceived(
    kind: int, channel: int, strength: float, openness: float, opened_by: int, perceived: float, p: Any
) -> float:
    """Comfort that a gesture needs, in logits: ``risk + strangeness * (1 - door) * perceived``.

    ``perceived`` is the barrier perceived towards a stranger, in logits.
    """
    return p.risk[channel, kind] + (1.0 - strength) * (1.0 - door(openness, p.rung[kind], opened_by)) * perceived


@rule(float64(int64, int64, float64, float64, int64, float64, float64, P))
def barrier(
    kind: int,
    channel: int,
    strength: float,
    openness: float,
    opened_by: int,
    unanswered: float,
    reticence: float,
    p: Any,
) -> float:
    """Comfort that a gesture needs, in logits: `barrier_perceived` with ``perceived = reticence + doubt``.

    To estimate the chance of an answer, senders use their own strength, openness and count of unanswered gestures in
    place of the receiver's. For gestures that want no answer, they assume even odds.
    """
    welcome = 0.0
    if p.answer[kind] > -math.inf:
        welcome = answer_logit(kind, strength, openness, unanswered, p)
    return barrier_perceived(kind, channel, strength, openness, opened_by, reticence + doubt(welcome, p), p)


@rule(int64(int64, float64, float64, float64, int64, float64, float64, P))
def gesture_within_reach(
    channel: int,
    comfort: float,
    strength: float,
    openness: float,
    opened_by: int,
    unanswered: float,
    reticence: float,
    p: Any,
) -> int:
    """The last gesture on the channel's ladder whose barrier is at most `comfort`; -1 if there is none.

    Most gestures fail with the lower bound on doubt already, which saves computing the rest.
    """
    least_perceived = reticence + least_doubt(p)
    for step in range(p.steps[channel] - 1, -1, -1):
        kind = p.ladder[channel, step]
        if barrier_perceived(kind, channel, strength, openness, opened_by, least_perceived, p) > comfort:
            continue
        if barrier(kind, channel, strength, openness, opened_by, unanswered, reticence, p) <= comfort:
            return int64(kind)
    return -1


# Minutes and practice -------------------------------------------------------------------------------------------


@rule(float32(float64, float64))
def minus(store: float, minutes: float) -> float:
    """A stock of minutes after spending some, as a 32-bit float."""
    return float32(store - minutes)


@rule(float32(float64, P))
def minutes_of_week(sociability: float, p: Any) -> float:
    """Minutes for spontaneous gestures in a week: `weekly_minutes` times sociability, within limits."""
    return float32(p.weekly_minutes * min(max(sociability, p.minutes_low), p.minutes_high))


@rule(float32(S, P))
def usable_minutes(s: Any, p: Any) -> float:
    """Minutes for gestures in a session at a place; the rest of it is travel, preparation and overhead."""
    return float32(s.session_minutes * p.usable_share - s.overhead_minutes)


@rule(float64(float64, P))
def lost_minutes(left: float, p: Any) -> float:
    """Minutes lost when a person backs out of a planned gesture: at most those that the session has left."""
    return min(p.backed_out_minutes, left)


@rule(float64(float64, S))
def minutes_for_gestures(minutes: float, s: Any) -> float:
    """Minutes of a session that are left for gestures and scrolling, after its overhead."""
    return minutes - s.overhead_minutes


@rule(boolean(float64, T))
def meets(value: float, term: Any) -> bool:
    """Whether a fact about a tie meets a condition: it lies within the limits, or outside if ``holds`` is 0."""
    return (term.low <= value <= term.high) == (term.holds == 1)


@rule(boolean(int64, int64, int64))
def may_be_named(day: int, planned: int, gap_days: int) -> bool:
    """Whether a list may name a tie today, which a list last named on the day `planned`."""
    return day - planned >= gap_days


@rule(int64(float64, int64))
def list_key(value: float, other: int) -> int:
    """Key by which a list is sorted: by ``value`` as a 32-bit float, smallest first, and among equals by id."""
    bits = int64(np.float32(value + 0.0).view(np.int32))  # adding 0 makes -0.0 the same as 0.0
    return ((bits if bits >= 0 else bits ^ 0x7FFFFFFF) << 32) + other


@rule(int64(int64, int64))
def days_to_birthday(day: int, birthday: int) -> int:
    """Days until the next birthday, from 0; ``birthday`` is a day of the year, 0..364."""
    return (birthday - day) % 365


@rule(int64(int64, int64))
def turn(last_sent: int, last_received: int) -> int:
    """Whose turn it is: 1 if the other wrote last, -1 if the person did, 0 if both did on one day, or neither ever."""
    return int64(last_received > last_sent) - int64(last_sent > last_received)


@rule(int64(int64, int64, int64))
def days_without_answer(day: int, last_sent: int, last_received: int) -> int:
    """Days since the person's last gesture, if the other has not written since then; otherwise -1."""
    return day - last_sent if last_sent > last_received else -1


@rule(float64(float64))
def whole_tries(unanswered: float) -> float:
    """The count of unanswered gestures, rounded to a whole number: what a person remembers of it."""
    return math.floor(unanswered + 0.5)


@rule(float64(float64, int64, P))
def practice_now(practice: float, days: int, p: Any) -> float:
    """Practice, 0..1, after this many days without a worded gesture."""
    return faded(practice, days, p.practice_half_life)


@rule(float32(float64, P))
def practised(practice: float, p: Any) -> float:
    """Practice, 0..1, after one more worded gesture, which closes the share `practice_gain` of the gap to 1."""
    return float32(practice + p.practice_gain * (1.0 - practice))


# Being noticed --------------------------------------------------------------------------------------------------


@rule(float64(float64, float64, P))
def saturated(mass: float, strength: float, p: Any) -> float:
    """Mass that a contact adds to a tie of this strength, in contacts; strong ties gain less."""
    return mass * (1.0 - p.saturation * strength)


@rule(float64(uint64, int64, int64, P))
def burst_factor(seed: int, person: int, day: int, p: Any) -> float:
    """Factor on how often others come to mind, for quiet and busy spells: lognormal with mean 1.

    People's activity is bursty beyond daily and weekly rhythms (Jo, Karsai, Kertesz & Kaski 2012, New J. Phys. 14).
    """
    if p.spell_sd == 0.0:
        return 1.0
    begins = int64(p.spell_days * uniform(seed, DrawPurpose.SPELL_BEGINS, 0, person, 0, 0))
    spell = (day + begins) // p.spell_days
    return math.exp(p.spell_sd * normal(seed, DrawPurpose.SPELL, spell, person, 0, 0) - 0.5 * p.spell_sd * p.spell_sd)


@rule(int64(uint64, int64, int64, P))
def end_of_spell(seed: int, person: int, day: int, p: Any) -> int:
    """The first day after a person's present spell; see `burst_factor`."""
    begins = int64(p.spell_days * uniform(seed, DrawPurpose.SPELL_BEGINS, 0, person, 0, 0))
    return (day + begins) // p.spell_days * p.spell_days + p.spell_days - begins


@rule(float32(int64, P))
def opened_to(kind: int, p: Any) -> float:
    """Openness of the receiver, 0..1, after noticing a gesture of this kind."""
    return float32(p.opens[kind])


@rule(float64(float64, int64, P))
def openness_now(openness: float, days: int, p: Any) -> float:
    """Openness, 0..1, after this many days of decay."""
    return faded(openness, days, p.openness_half_life)


# Answering ------------------------------------------------------------------------------------------------------


@rule(float64(int64, float64, float64, float64, float64, int64, P))
def answer_probability(
    kind: int, strength: float, openness: float, unanswered: float, odds_factor: float, received_today: int, p: Any
) -> float:
    """Probability of an answer, given the receiver's strength and openness before the gesture.

    ``odds_factor`` multiplies the odds: it is `mutual_odds` for an acquaintance with a mutual contact or at a shared
    place, and 1 otherwise. Each gesture already received today makes an answer less likely (Kooti et al. 2015).
    """
    attention = 1.0 / (1.0 + received_today / p.load_scale)
    return expit(answer_logit(kind, strength, openness, unanswered, p) + math.log(odds_factor)) * attention


@rule(int64(int64, P))
def answer_kind(kind: int, p: Any) -> int:
    """The kind of the answer: usually the same kind; notes and invitations are answered by message."""
    return p.answered_with[kind]


@rule(int64(int64, int64, P))
def channel_of(kind: int, occasion_channel: int, p: Any) -> int:
    """The channel of a gesture: the fixed channel of its kind if it has one, else that of the occasion."""
    return p.channel[kind] if p.channel[kind] >= 0 else occasion_channel


@rule(int64(int64, P))
def days_under_way(kind: int, p: Any) -> int:
    """Days until a gesture arrives: `note_days` by post, 0 on all other channels."""
    return p.note_days if p.channel[kind] == Channel.POST_OFFICE else 0


@rule(int64(int64, int64, uint64, int64, int64, int64, int64, P))
def answer_delay(kind: int, channel: int, seed: int, day: int, person: int, other: int, event_key: int, p: Any) -> int:
    """Seconds until the answer is sent: lognormal, or 1 second in person and on the phone.

    The delay doesn't depend on closeness (Kooti et al. 2015; studies of texting agree).
    """
    if channel == Channel.IN_PERSON or p.answered_at_once[kind]:
        return 1
    median, sigma = p.delay_median, p.delay_sigma
    if p.quick_share > 0.0 and uniform(seed, DrawPurpose.ANSWER_SECOND, day, person, other, event_key) < p.quick_share:
        median, sigma = p.quick_median, p.quick_sigma
    if p.channel[kind] == Channel.POST_OFFICE:
        median, sigma = p.note_delay_median, p.note_delay_sigma
    minutes = median * math.exp(sigma * normal(seed, DrawPurpose.ANSWER_DELAY, day, person, other, event_key))
    return int64(min(max(1.0, minutes * 60.0), 3_650.0 * SECONDS_A_DAY))


@rule(int64(int64, int64, int64, float64, P))
def answer_second(day: int, arrives_second: int, delay: int, u: float, p: Any) -> int:
    """The second at which an answer is sent, counted from today's midnight; a conversation ends with the day.

    An answer on a later day waits for a day of the week, and for an hour, in which people are active: each day lets
    through what it has of the busiest day's activity. One uniform draw ``u`` decides both.
    """
    second = arrives_second + delay
    if delay == 1:
        return min(second, SECONDS_A_DAY - 1)
    if (p.even_hours == 1 and p.busiest_weekday == 1.0) or second < SECONDS_A_DAY:
        return second
    later = second // SECONDS_A_DAY
    for _ in range(7):
        likely = p.weekdays[(day + later) % 7] / p.busiest_weekday
        if u < likely:
            u /= likely
            break
        u = (u - likely) / (1.0 - likely)
        later += 1
    return later * SECONDS_A_DAY + (second % SECONDS_A_DAY if p.even_hours == 1 else second_of_day(u, p))


# Unanswered gestures --------------------------------------------------------------------------------------------


@rule(float32(float64, int64, P))
def unanswered_now(unanswered: float, days: int, p: Any) -> float:
    """The count of unanswered gestures, this many days after the last one."""
    return float32(faded(unanswered, days, p.unanswered_half_life))


@rule(float32(float64, boolean, P))
def unanswered_after(unanswered: float, wants_answer: bool, p: Any) -> float:
    """The count of unanswered gestures after one more gesture, at most `unanswered_most`."""
    return float32(min(p.unanswered_most, unanswered + (1.0 if wants_answer else 0.0)))


# Strangers ------------------------------------------------------------------------------------------------------


@rule(float32(uint64, int64, int64, boolean, P))
def affinity(seed: int, person: int, other: int, one_group: bool, p: Any) -> float:
    """Constant attraction of one person to another: lognormal, with median 1 between people of different groups.

    The two directions are independent, since half of friendships are one-sided (Almaatouq et al. 2016, PLoS ONE
    11:e0151588). Within a group, people like each other more, as people with a shared focus of activity do (Feld 1981,
    Am. J. Sociol. 86:1015). The draw depends only on the two ids, so people who forget each other and meet again like
    each other as much as before.
    """
    own = normal(seed, DrawPurpose.AFFINITY, 0, person, other, 0)
    common = p.group_pull if one_group else 0.0
    return float32(math.exp(p.affinity_sd * own + common))


# Sessions, places, two-way contact, posts and sales ---------------------------------------------------------------


@rule(int64(int64, int64))
def sessions_left(day: int, weekdays: int) -> int:
    """Sessions left in the week, including today's; 0 if today has none. ``weekdays`` has a bit for each day."""
    weekday = day % 7
    if not weekdays >> weekday & 1:
        return 0
    left = 0
    for later in range(weekday, 7):
        left += weekdays >> later & 1
    return left


@rule(float64(float64, float64, int64))
def session_budget(budget: float, least: float, left: int) -> float:
    """Minutes for today's session: an even share of the budget, but at least `least`; 0 if the budget is too small."""
    if budget < least or left == 0:
        return 0.0
    return max(budget / left, least)


@rule(float64(S, float64, int64, int64))
def session_minutes(s: Any, budget: float, event_day: int, day: int) -> float:
    """Minutes for a session today (feed, list, posts or invitations), while plans run; 0 if there is no session.

    Args:
        s: the strategy.
        budget: the time budget of the plan, in minutes.
        event_day: the day of the last event to which the plan invited people.
        day: today.
    """
    if s.plan == Plan.EVENT:
        return s.session_minutes if budget >= s.session_minutes and event_day < day else 0.0
    if s.plan == Plan.FEED or s.plan == Plan.LIST or s.plan == Plan.POSTS:
        return session_budget(budget, s.session_minutes, sessions_left(day, s.weekdays))
    return 0.0


@rule(boolean(S, float64, int64, int64))
def visits_today(s: Any, budget: float, event_day: int, day: int) -> bool:
    """Whether a plan has the time for a session at its place today, which may not meet today; see `place_meets`."""
    if s.plan == Plan.EVENT:
        return event_day == day
    return s.plan == Plan.PLACE and budget >= s.session_minutes and sessions_left(day, s.weekdays) > 0


@rule(int64(float64, P))
def encounter_among(u: float, p: Any) -> int:
    """Among whom a chance encounter happens, for a uniform draw: `A_CONTACT`, `OF_COMMUNITY` or `ANYBODY`."""
    if u < p.encounter_known:
        return A_CONTACT
    return OF_COMMUNITY if u < p.encounter_known + p.encounter_community else ANYBODY


@rule(float64(float64, float64))
def chosen_key(u: float, weight: float) -> float:
    """Key of one item in a weighted choice without replacement, ``u**(1 / weight)``; the largest keys are chosen.

    The method is from Efraimidis & Spirakis 2006. An item's key doesn't depend on which other items there are.
    """
    return u ** (1.0 / weight)


@rule(int64(int64))
def place_key(place: int) -> int:
    """The event key of draws about a place: each added one has draws of its own."""
    return place if place > Place.MEETUP else 0


@rule(boolean(uint64, int64, int64, int64, int64, int64, L))
def place_meets(seed: int, number: int, community: int, group: int, industry: int, day: int, place: Any) -> bool:
    """Whether people meet at a place today, for a person of this community, group and industry.

    Places that don't meet every day have a keyed first day, which differs between communities, groups or industries.
    """
    if place.every_days == 1:
        return True
    key = place_key(number)
    if place.base == Place.SHOW:
        offset = int64(place.every_days * uniform(seed, DrawPurpose.SHOW_DAY, 0, industry, 0, key))
        return (day + offset) % place.every_days == 0
    where = group if place.base == Place.GROUP else community
    return day % place.every_days == int64(place.every_days * uniform(seed, DrawPurpose.GROUP_DAY, 0, where, 0, key))


@rule(boolean(uint64, int64, int64, int64, int64, L))
def is_regular(seed: int, number: int, person: int, chosen: int, size: int, place: Any) -> bool:
    """Whether a person is a regular of a community's place; ``size`` is the number of people in the community.

    The world has chosen the regulars of the hangout itself (``chosen`` is 1); those of an added place are drawn.
    """
    key = place_key(number)
    if key == 0:
        return chosen == 1
    return uniform(seed, DrawPurpose.REGULAR, 0, person, 0, key) * size < place.regulars


@rule(boolean(uint64, int64, int64, int64, float64, L))
def hangs_out(seed: int, number: int, person: int, day: int, sociability: float, place: Any) -> bool:
    """Whether a regular is at the community's place today, in proportion to sociability."""
    u = uniform(seed, DrawPurpose.HANGOUT_VISIT, day, person, 0, place_key(number))
    return u < place.attendance * sociability


@rule(boolean(uint64, int64, int64, int64, L))
def attends_group(seed: int, number: int, person: int, day: int, place: Any) -> bool:
    """Whether a member comes to today's meeting of the group."""
    return uniform(seed, DrawPurpose.GROUP_VISIT, day, person, 0, place_key(number)) < place.attendance


@rule(float64(uint64, int64, int64, int64, float64))
def show_key(seed: int, number: int, person: int, day: int, sociability: float) -> float:
    """Key of a person in the weighted choice of who is at a trade show today; see `chosen_key`."""
    u = uniform(seed, DrawPurpose.SHOW_VISIT, day, person, 0, place_key(number))
    return chosen_key(u, max(1e-6, sociability))


@rule(int64(uint64, int64, int64, int64))
def meeting_second(seed: int, day: int, place: int, where: int) -> int:
    """The second of the day at which people meet at a place; ``where`` numbers the community, group or host."""
    u = uniform(seed, DrawPurpose.PLACE_SECOND, day, where, 0, event_key_of(Occasion.PLACE, place))
    return int64(SECONDS_A_DAY * u)


@rule(int64(int64))
def sought_by_guest(meets: int) -> int:
    """How many others a guest seeks out: half of `meets`, rounded up, since others seek out the guest as well."""
    return (meets + 1) // 2


@rule(boolean(int64, int64, P))
def is_two_way(day: int, last_received: int, p: Any) -> bool:
    """Whether a gesture today makes a two-way contact: one in the other direction came within `two_way_days`."""
    return day - last_received <= p.two_way_days


@rule(int64(int64))
def one_more_two_way(two_way: int) -> int:
    """The number of two-way contacts after one more; the count stops at 255, the most that its field can store."""
    return min(255, two_way + 1)


@rule(float64(float64, P))
def post_probability(sociability: float, p: Any) -> float:
    """Probability of an ordinary post today."""
    return 1.0 - math.exp(-p.post_rate / 7.0 * sociability)


@rule(float64(float64, P))
def sale_probability(strength: float, p: Any) -> float:
    """Probability that a person buys today from a contact to whom they have a tie of this strength."""
    return p.sale_hazard * strength * strength
