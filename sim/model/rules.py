"""The science: each rule once, as a small scalar function that both engines call.

Times are whole days of the world; probabilities and shares lie in 0..1; logits are natural. ``p`` is the record that
`sim.Parameters.packed` makes. What a function returns for a field of the state is rounded to the field's storage type
(32-bit floats), so both engines keep the same bits. Explicit signatures make sure that a rule is computed in 64 bits
from wherever it is called.

Callable from Python as they are:

    >>> import sim
    >>> p = sim.Parameters().packed
    >>> round(sim.rules.strength(p["half_strength"], p), 3)
    0.5
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import boolean, float32, float64, from_dtype, int64, njit, uint64, void

from sim.model.chance import DrawPurpose, normal, uniform
from sim.model.gestures import Channel, Kind
from sim.model.parameters import SETTINGS, TRACES

P = from_dtype(SETTINGS)
Traces = float32[:]  # a field of a record, so of any layout

_SLOWEST_HALF_LIFE = 5.0 ** (TRACES - 1)
SECONDS_A_DAY = 86_400


def rule(signature: Any) -> Any:
    """Compile a rule for this signature alone, and keep it compiled on disk."""
    return njit(signature, cache=True)


# 1. Fading and strength ------------------------------------------------------------------------------------------


@rule(float64(float64, float64, float64))
def faded(value: float, days: float, half_life: float) -> float:
    """What is left of a value after this many days; a half-life of 0 lasts only the day itself."""
    if days <= 0.0 or value == 0.0:
        return value
    if half_life <= 0.0:
        return 0.0
    return value * 2.0 ** (-days / half_life)


@njit(cache=True)
def _slowest_by_day() -> Any:
    """What the slowest trace keeps after 0, 1, 2, … days, so that the usual ones need not be worked out."""
    kept = np.empty(4_096)
    for days in range(len(kept)):
        kept[days] = 2.0 ** (-days / _SLOWEST_HALF_LIFE)
    return kept


_SLOWEST = _slowest_by_day()


@rule(float64(int64))
def slowest_left(days: int) -> float:
    """What is left of the slowest trace after this many days: ``2**(-days / 5**5)``."""
    return _SLOWEST[days] if days < len(_SLOWEST) else 2.0 ** (-days / _SLOWEST_HALF_LIFE)


@rule(float64(Traces, int64, P))
def activation(traces: Any, silence: int, p: Any) -> float:
    """A: how much memory keeps of a tie, in contacts of one day's age.

    ``A = sum_b kernel_b * trace_b * 2**(-age / 5**b)``, which follows ``sum of mass * age**-decay`` over all contacts
    (Anderson & Schooler 1991, Psychol. Sci. 2:396). Traces are as of the last contact, `silence` days ago; ages count
    from one day. Each half-life is five times the one before, so a single power of two gives all six factors.
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
    """Fade the traces over `silence` days, then add a contact of this mass to each."""
    factor = slowest_left(silence)
    for b in range(TRACES - 1, -1, -1):
        traces[b] = float32(traces[b] * factor + mass)
        squared = factor * factor
        factor = squared * squared * factor


@rule(float64(float64, P))
def strength(activation: float, p: Any) -> float:
    """How close a tie is, 0..1: ``A / (A + half_strength)``; strangeness is one minus this."""
    return activation / (activation + p.half_strength)


@rule(float64(Traces, int64))
def standing(traces: Any, silence: int) -> float:
    """The slowest trace today: what the whole past has left, in contacts. Tells who was once strong."""
    return traces[TRACES - 1] * slowest_left(silence)


@rule(boolean(int64, int64, int64, P))
def is_dormant(day: int, last_two_way: int, two_way: int, p: Any) -> bool:
    """No two-way contact for `dormant_after_days`, after at least `dormant_contacts` of them."""
    return two_way >= p.dormant_contacts and day - last_two_way >= p.dormant_after_days


@rule(boolean(int64, int64, int64, P))
def is_active(day: int, last_two_way: int, two_way: int, p: Any) -> bool:
    """Two-way contact within `dormant_after_days`."""
    return two_way > 0 and day - last_two_way < p.dormant_after_days


# 2. Who comes to mind --------------------------------------------------------------------------------------------


@rule(float64(float64, float64, float64, P))
def pull(activation: float, liking: float, boost: float, p: Any) -> float:
    """Weight with which a tie comes to mind: ``liking * A**pull_exponent + pull_floor (+ feed boost)``.

    ``boost`` is the openness of the door in the feed and 0 elsewhere. The usual exponent is a square root, which takes
    a fifth of the time of a power.
    """
    powered = math.sqrt(activation) if p.pull_exponent == 0.5 else activation**p.pull_exponent
    return liking * powered + p.pull_floor + p.feed_boost * liking * boost


@rule(float32(float64, float64, P))
def pull_bound(activation: float, liking: float, p: Any) -> float:
    """The largest weight that the tie can have until its next contact, rounded up to 32 bits."""
    return float32(pull(activation, liking, 1.0, p) * (1.0 + 1e-6))


@rule(float64(float64, float64))
def raised_bound(weight_bound: float, weight: float) -> float:
    """W, the power of two that no weight of a person passes, after a weight rose."""
    while weight_bound < weight:
        weight_bound *= 2.0
    return weight_bound


@rule(float64(float64))
def fresh_bound(weight: float) -> float:
    """The least power of two that is at least this weight (2**-30 or more)."""
    weight_bound = 2.0**-30
    while weight_bound < weight:
        weight_bound *= 2.0
    return weight_bound


@rule(int64(int64))
def proposal_slots(slots: int) -> int:
    """Among how many tickets a prompt draws for so many slots: the least power of two that is enough.

    What goes beyond the slots wins nothing. So one slot more seldom changes what the other ones draw.
    """
    count = 4
    while count < slots:
        count *= 2
    return count


@rule(int64(int64))
def more_slots(slots: int) -> int:
    """How many slots a person has after the present ones have run out: a sixteenth more, in fours.

    Not past a power of two that is not reached yet, see `proposal_slots`.
    """
    grown = slots + max(4, slots // 64 * 4)
    return grown if slots == proposal_slots(slots) else min(grown, proposal_slots(slots))


@rule(float64(float64, float64))
def race_time(u: float, weight: float) -> float:
    """When a candidate arrives in a race that each wins in proportion to its weight: exponential, the least is first.

    Each candidate has luck of its own, so a change in one weight changes only picks that go to it or come from it.
    """
    return -math.log(u) / weight


@njit(float64(float64, float64), cache=True, error_model="numpy")  # without looks at divisors: many at once
def race_time_at_least(u: float, weight: float) -> float:
    """A bound below `race_time`, at a tenth of its cost; infinite for no weight.

    It takes the first terms, all positive, of ``-log(u) = 2 atanh(x)`` with ``x = (1 - u) / (1 + u)``.
    """
    x = (1.0 - u) / (1.0 + u)
    square = x * x
    return 2.0 * x * (1.0 + square * (1 / 3 + square * (1 / 5 + square / 7))) * (1.0 - 1e-12) / weight


# 3. Comfort decides which gesture --------------------------------------------------------------------------------


@rule(float64(float64))
def logit(probability: float) -> float:
    """Log odds."""
    return math.log(probability / (1.0 - probability))


@rule(float64(float64))
def expit(x: float) -> float:
    """The probability with these log odds."""
    return 1.0 / (1.0 + math.exp(-x))


@rule(float64(int64, float64, float64, float64, P))
def answer_logit(kind: int, strength: float, openness: float, unanswered: float, p: Any) -> float:
    """Log odds of an answer: base, strength, open door; a second try helps, further ones tire.

    Coefficients from randomised trials of postal surveys (Edwards et al. 2002, BMJ 324:1183).
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
    """How much a person dares just now: ease, practice and logistic luck (the quantile u)."""
    return p.ease + p.practice_effect * practice + logit(u)


@rule(float64(float64, int64, int64))
def door(openness: float, rung: int, opened_by: int) -> float:
    """How open the door is for a gesture of this rung: it halves with each rung above the one that opened it."""
    return math.ldexp(openness, -max(0, rung - opened_by))


@rule(float64(float64, P))
def doubt(welcome: float, p: Any) -> float:
    """How much too low (logit) people set their chance of an answer, whose real log odds are ``welcome``.

    They believe in `acceptance_ratio` of it: ``logit(p) - logit(ratio * p)``.
    """
    return math.log((1.0 + (1.0 - p.acceptance_ratio) * math.exp(welcome)) / p.acceptance_ratio)


@rule(float64(P))
def least_doubt(p: Any) -> float:
    """A bound below `doubt`, whatever the welcome."""
    return -math.log(p.acceptance_ratio) - 1e-12


@rule(float64(int64, int64, float64, float64, int64, float64, P))
def barrier_perceived(
    kind: int, channel: int, strength: float, openness: float, opened_by: int, perceived: float, p: Any
) -> float:
    """Comfort that a gesture needs: ``risk + strangeness * (1 - door) * felt``, of what is felt towards a stranger."""
    return p.risk[channel, kind] + (1.0 - strength) * (1.0 - door(openness, p.rung[kind], opened_by)) * perceived


@rule(float64(int64, int64, float64, float64, int64, float64, float64, P))
def barrier(
    kind: int,
    channel: int,
    strength: float,
    openness: float,
    opened_by: int,
    unanswered: float,
    hesitance: float,
    p: Any,
) -> float:
    """Comfort that a gesture needs, see `barrier_perceived`: what is felt is ``hesitance + doubt``.

    Doubt takes the sender's own strength, openness and unanswered tries for the other's, and an even chance where
    no answer is wanted.
    """
    welcome = 0.0
    if p.answer[kind] > -math.inf:
        welcome = answer_logit(kind, strength, openness, unanswered, p)
    return barrier_perceived(kind, channel, strength, openness, opened_by, hesitance + doubt(welcome, p), p)


@rule(int64(int64, float64, float64, float64, int64, float64, float64, P))
def gesture_within_reach(
    channel: int,
    comfort: float,
    strength: float,
    openness: float,
    opened_by: int,
    unanswered: float,
    hesitance: float,
    p: Any,
) -> int:
    """The last gesture of the channel's ladder whose barrier comfort reaches; -1 if there is none.

    Most fail already with the least that people may doubt.
    """
    least_felt = hesitance + least_doubt(p)
    for step in range(p.ladder.shape[1] - 1, -1, -1):
        kind = p.ladder[channel, step]
        if kind < 0 or barrier_perceived(kind, channel, strength, openness, opened_by, least_felt, p) > comfort:
            continue
        if barrier(kind, channel, strength, openness, opened_by, unanswered, hesitance, p) <= comfort:
            return int64(kind)
    return -1


# 4. Cost, 8. Practice --------------------------------------------------------------------------------------------


@rule(float32(float64, float64))
def minus(store: float, minutes: float) -> float:
    """A store of minutes after spending some."""
    return float32(store - minutes)


@rule(float32(float64, P))
def minutes_of_week(sociability: float, p: Any) -> float:
    """Minutes for gestures that ordinary life leaves in a week."""
    return float32(p.weekly_minutes * min(max(sociability, p.minutes_low), p.minutes_high))


@rule(float32(int64, P))
def usable_minutes(strategy: int, p: Any) -> float:
    """Minutes for gestures in a session at a place; the rest is travel and preparation."""
    return float32(p.session_minutes[strategy] * p.usable_share)


@rule(float64(float64, int64, P))
def practice_now(practice: float, days: int, p: Any) -> float:
    """Practice as left after this many days."""
    return faded(practice, days, p.practice_half_life)


@rule(float32(float64, P))
def practised(practice: float, p: Any) -> float:
    """Practice after one more worded gesture: it adds `practice_gain` of what is missing."""
    return float32(practice + p.practice_gain * (1.0 - practice))


# 5. Being noticed ------------------------------------------------------------------------------------------------


@rule(float64(float64, float64, P))
def saturated(mass: float, strength: float, p: Any) -> float:
    """Mass that a contact adds to a tie of this strength: warm ties gain less."""
    return mass * (1.0 - p.saturation * strength)


@rule(float64(uint64, int64, int64, P))
def burst_factor(seed: int, person: int, day: int, p: Any) -> float:
    """Factor on how often others come to mind: each person has quiet and busy spells, lognormal with mean 1.

    People are bursty beyond the rhythm of their days and weeks (Jo, Karsai, Kertesz & Kaski 2012, New J. Phys. 14).
    """
    if p.spell_sd == 0.0:
        return 1.0
    begins = int64(p.spell_days * uniform(seed, DrawPurpose.SPELL_BEGINS, 0, person, 0, 0))
    spell = (day + begins) // p.spell_days
    return math.exp(p.spell_sd * normal(seed, DrawPurpose.SPELL, spell, person, 0, 0) - 0.5 * p.spell_sd * p.spell_sd)


@rule(int64(uint64, int64, int64, P))
def end_of_spell(seed: int, person: int, day: int, p: Any) -> int:
    """The first day after a person's present spell, see `burst_factor`."""
    begins = int64(p.spell_days * uniform(seed, DrawPurpose.SPELL_BEGINS, 0, person, 0, 0))
    return (day + begins) // p.spell_days * p.spell_days + p.spell_days - begins


@rule(float32(int64, P))
def opened_to(kind: int, p: Any) -> float:
    """How open the receiver's door is after a gesture of this kind."""
    return float32(p.opens[kind])


@rule(float64(float64, int64, P))
def openness_now(openness: float, days: int, p: Any) -> float:
    """How open a door still is, opened this many days ago."""
    return faded(openness, days, p.openness_half_life)


# 6. Answering ----------------------------------------------------------------------------------------------------


@rule(float64(int64, float64, float64, float64, float64, int64, P))
def answer_probability(
    kind: int, strength: float, openness: float, unanswered: float, odds: float, received_today: int, p: Any
) -> float:
    """Probability of an answer, with the receiver's strength and openness before the gesture.

    ``odds`` multiplies the odds (mutual contacts of an acquaintance; 1 otherwise); each gesture already received
    today makes an answer less likely (Kooti et al. 2015).
    """
    attention = 1.0 / (1.0 + received_today / p.load_scale)
    return expit(answer_logit(kind, strength, openness, unanswered, p) + math.log(odds)) * attention


@rule(int64(int64))
def answer_kind(kind: int) -> int:
    """What a gesture is answered with: its like, but a note or an invitation by message."""
    if kind == Kind.NOTE or kind == Kind.INVITATION:
        return Kind.MESSAGE
    return kind


@rule(int64(int64, int64, P))
def channel_of(kind: int, occasion_channel: int, p: Any) -> int:
    """The channel that a gesture uses: its own, or that of the occasion."""
    return p.channel[kind] if p.channel[kind] >= 0 else occasion_channel


@rule(int64(int64, P))
def days_under_way(kind: int, p: Any) -> int:
    """Days until a gesture arrives: only notes travel."""
    return p.note_days if kind == Kind.NOTE else 0


@rule(int64(int64, int64, uint64, int64, int64, int64, int64, P))
def answer_delay(kind: int, channel: int, seed: int, day: int, person: int, other: int, event_key: int, p: Any) -> int:
    """Seconds until the answer is sent; in person and on the phone at once (one second).

    Lognormal, whoever asks: closeness does not move answer times (Kooti et al. 2015; evidence on texting agrees).
    """
    if channel == Channel.IN_PERSON or kind == Kind.CALL:
        return 1
    median, sigma = p.delay_median, p.delay_sigma
    if kind == Kind.NOTE:
        median, sigma = p.note_delay_median, p.note_delay_sigma
    minutes = median * math.exp(sigma * normal(seed, DrawPurpose.ANSWER_DELAY, day, person, other, event_key))
    return int64(min(max(1.0, minutes * 60.0), 3_650.0 * SECONDS_A_DAY))


# 7. Unanswered gestures ------------------------------------------------------------------------------------------


@rule(float32(float64, int64, P))
def unanswered_now(unanswered: float, days: int, p: Any) -> float:
    """Own tries without an answer that still weigh, the last of them this many days ago."""
    return float32(faded(unanswered, days, p.unanswered_half_life))


@rule(float32(float64, boolean, P))
def unanswered_after(unanswered: float, wants_answer: bool, p: Any) -> float:
    """The same after one more gesture."""
    return float32(min(p.unanswered_most, unanswered + (1.0 if wants_answer else 0.0)))


# 9. Strangers ----------------------------------------------------------------------------------------------------


@rule(float32(uint64, int64, int64, boolean, P))
def liking(seed: int, person: int, other: int, one_group: bool, p: Any) -> float:
    """Constant pull that a person feels towards another: lognormal, median 1 between people of different groups.

    Each feels on their own (half of friendships are one-sided: Almaatouq et al. 2016, PLoS ONE 11:e0151588), but people
    of one group like each other more, as those do who share a focus of activity (Feld 1981, Am. J. Sociol. 86:1015).
    Keyed by who and whom alone, so two people who forget each other and meet again like each other as before.
    """
    own = normal(seed, DrawPurpose.LIKING, 0, person, other, 0)
    common = p.group_pull if one_group else 0.0
    return float32(math.exp(p.liking_sd * own + common))


# Sittings, posts and sales ---------------------------------------------------------------------------------------


@rule(int64(int64, int64))
def sessions_left(day: int, sessions: int) -> int:
    """Sittings left in the week, today's among them; 0 if today is not one. They are spread evenly."""
    weekday = day % 7
    if (weekday * sessions) % 7 >= sessions:
        return 0
    left = 0
    for later in range(weekday, 7):
        if (later * sessions) % 7 < sessions:
            left += 1
    return left


@rule(float64(float64, float64, int64))
def session_budget(budget: float, least: float, left: int) -> float:
    """Minutes for today's sitting: an even part of the purse, but a whole session if the purse holds one; 0 if not."""
    if budget < least or left == 0:
        return 0.0
    return max(budget / left, least)


@rule(float64(float64, float64))
def chosen_key(u: float, weight: float) -> float:
    """Key of a weighted choice without replacement: the largest keys are chosen (Efraimidis & Spirakis 2006).

    One candidate's key does not depend on who else is there.
    """
    return u ** (1.0 / weight)


@rule(boolean(uint64, int64, int64))
def is_group_day(seed: int, group: int, day: int) -> bool:
    """Whether a group meets today; each group has one keyed day of the week."""
    return day % 7 == int64(7 * uniform(seed, DrawPurpose.GROUP_DAY, 0, group, 0, 0))


@rule(boolean(uint64, int64, int64, P))
def is_show_day(seed: int, industry: int, day: int, p: Any) -> bool:
    """Whether an industry's trade show is today; shows are `show_every_days` apart, with a keyed first day."""
    offset = int64(p.show_every_days * uniform(seed, DrawPurpose.SHOW_DAY, 0, industry, 0, 0))
    return (day + offset) % p.show_every_days == 0


@rule(boolean(uint64, int64, int64, int64, float64, P))
def hangs_out(seed: int, person: int, day: int, regular: int, sociability: float, p: Any) -> bool:
    """Whether a person is at the community's hangout today; only regulars come, in proportion to sociability."""
    if regular == 0:
        return False
    return uniform(seed, DrawPurpose.HANGOUT_VISIT, day, person, 0, 0) < p.hangout_attendance * sociability


@rule(boolean(uint64, int64, int64, P))
def attends_group(seed: int, person: int, day: int, p: Any) -> bool:
    """Whether a member comes to today's meeting of the group, with probability `group_attendance`."""
    return uniform(seed, DrawPurpose.GROUP_VISIT, day, person, 0, 0) < p.group_attendance


@rule(float64(uint64, int64, int64, float64))
def show_key(seed: int, person: int, day: int, sociability: float) -> float:
    """Key of a person in the weighted choice of who is at a trade show today; see `chosen_key`."""
    return chosen_key(uniform(seed, DrawPurpose.SHOW_VISIT, day, person, 0, 0), max(1e-6, sociability))


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
    """Probability that somebody buys today from a person whom they hold at this strength."""
    return p.sale_hazard * strength * strength
