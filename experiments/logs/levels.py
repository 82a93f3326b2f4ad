"""Levels of a log: how active its people are, how many ties they have, when and how readily they write.

Channels differ in these numbers by factors, while memory and forgetting are taken to be the same everywhere. So before
simulated worlds are compared with a log, their levels are read from it. Some can be read at once: hours, weekdays, and
how busy the channel is in each period. The others are found in rounds: each has one statistic of its own, a world is
simulated, and each level moves by how far its statistic is off. The rate of activity moves first, because most others
depend on it: the further it is off, the less these move. The round in which they are least off is taken. A statistic
that a level was read from is no evidence for the model, and counts as fitted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

import sim
from experiments.logs.by_pair import DAY
from experiments.logs.calibrate import changed, number_at
from experiments.logs.contact_log import values
from experiments.logs.lifetimes import SENDS
from experiments.logs.log import Log
from experiments.logs.rhythm import active_days, by_the_day, midnight
from experiments.logs.simulated import Window, simulated_log
from experiments.terminal.progress import Report
from sim.contact_logs import LogError
from sim.model.parameters import MOST_LEVELS

ROUNDS = 16
NEAR = 0.15  # of the real value, as in a validation
MOST_PEOPLE = 1_500  # in a round; more are slower and hardly more precise
FEWEST_OBSERVED = 20  # in a round, since one person of a world can be anybody
PERIOD, FEWEST = 14, 200  # days, and events on average, of a period with a level of its own
COMMUNITY = 3.0  # size of a community, in lists of the length that one person in ten exceeds
ROOM = 5.0  # room for ties, in lists of the length that one person in a hundred exceeds
MINUTES = 100.0  # a week, for each gesture in the busiest period of somebody as active as one person in a hundred
LEAST_PRESENCE = 0.05  # share of people who are on the channel, by which a level is divided at most
FARTHEST = 2.0  # factor by which the rate of leaving may differ from the first guess
FAR = 2.0  # logarithms or logits by which a statistic counts as off at most
LEAST_NEW = 0.001  # share of prompts about somebody new, of which a level moves by factors
LEAST_SHARE = 0.005  # shares of 0 and 1 count as this far from them
ANSWERS = ("gestures.message.answer", "gestures.question.answer")
MEAN, LATER_NEW, RECEIVED = "sends_per_week_mean", "later_new", "received"
MEASURED = {MEAN: "per week", LATER_NEW: "share", RECEIVED: "share"}  # units

Values = Mapping[str, float]


class Level(NamedTuple):
    """A parameter that is read from a log, by one statistic or the ratio of two.

    Attributes:
        parameter: its path.
        low, high: limits of the search.
        by_factor: whether it moves by factors rather than differences.
        gain: how far it moves if what it is read from is off by one unit.
        statistics: what it is read from.
        of: turns these statistics into one number, which grows with the parameter.
    """

    parameter: str
    low: float
    high: float
    by_factor: bool
    gain: float
    statistics: tuple[str, ...]
    of: Callable[..., float]


def _log_ratio(large: float, small: float) -> float:
    return math.log(large / small)


def _logit(share: float) -> float:
    share = min(max(share, LEAST_SHARE), 1 - LEAST_SHARE)
    return math.log(share / (1 - share))


def _again_share(soon: float, replies: float) -> float:
    return _logit(soon - replies)


def _late_share(soon: float, ever: float) -> float:
    return -_logit(soon / ever)


def _spread(high: float, low: float) -> float:
    return _logit(high) - _logit(low)


LEVELS = (
    Level("routine_rate", 0.0003, 100, True, 0.9, (MEAN,), math.log),
    Level("sociability_sd", 0.1, 2, False, 1.0, ("sends_per_week_q90", "sends_per_week_q50"), _log_ratio),
    Level("ties_at_start", 2, 1_500, True, 0.7, ("degree_q50",), math.log),
    Level("routine_new", LEAST_NEW, 0.95, True, 0.7, (LATER_NEW,), _logit),
    Level("affinity_sd", 0, 3, False, 0.7, ("signature_top3",), _logit),
    Level("group_pull", 0, 4, False, 1.5, ("overlap_weight",), math.atanh),
    Level("ties_in_community", 0.1, 0.8, False, 0.1, ("clustering",), _logit),
    Level("unobserved_activity", 0.01, 10, True, 0.7, (RECEIVED,), _logit),
    Level("leaving_rate", 1e-6, 0.05, True, 0.6, ("gone",), _logit),
    Level("arriving_share", 0, 0.95, False, 0.1, ("arrived",), _logit),
    Level("responsiveness_sd", 0, 3, False, 0.4, ("answers_given_q90", "answers_given_q10"), _spread),
    Level("sitting_prompts", 1, 20, True, 0.5, ("sends_per_active_day",), math.log),
    Level("sitting_same", 0, 0.9, False, 0.15, ("within_10m", "within_10m_reply"), _again_share),
    Level("quick_share", 0, 0.9, False, 0.15, ("within_10m_reply",), _logit),
    Level(ANSWERS[0], -5, 5, False, 0.8, ("first_answered_7d",), _logit),
    Level("answer_strength", -5, 5, False, 0.8, ("answered_7d_1_7d", "first_answered_7d"), _spread),
    Level("delay_median", 1, 20_000, True, 0.9, ("first_answered_1d", "first_answered_7d"), _late_share),
    Level("delay_sigma", 0.5, 5, False, 0.4, ("answer_delay_hours_q75", "answer_delay_hours_q25"), _log_ratio),
)  # fmt: skip

LEVELS_BY_PARAMETER = {level.parameter: level for level in LEVELS}


@dataclass(frozen=True)
class Reading:
    """The levels that were read from a log.

    Attributes:
        parameters: with the levels.
        levels: those of the chosen round, by the path of the parameter.
        statistics: names of the statistics that they were read from.
        misfits: mean distance of the simulated log from the real one in what each level is read from, in logarithms or
            logits of at most `FAR`, for each round; the first round has the parameters as given.
        at_limits: paths of levels that stopped at a limit of their search.
        changes: all parameters that differ from those given, by path.
        others_near: how many statistics that no level was read from are within `NEAR` of the real value: with the
            parameters as given, and in the chosen round.
    """

    parameters: sim.Parameters
    levels: dict[str, float]
    statistics: tuple[str, ...]
    misfits: tuple[float, ...]
    at_limits: tuple[str, ...]
    changes: dict[str, object]
    others_near: tuple[int, int]

    @property
    def improved(self) -> bool:
        """Whether any round fits better than the parameters as given."""
        return min(self.misfits) < self.misfits[0]

    @property
    def notes(self) -> list[str]:
        """Sentences on what a reader should know before trusting the levels."""
        if not self.improved:
            return ["No levels fit the log better than the parameters as given, so these are used."]
        notes = []
        if self.at_limits:
            are = "is at a limit" if len(self.at_limits) == 1 else "are at limits"
            named = ", ".join(self.at_limits)
            notes.append(f"{named} {are} of the search: the log may be beyond what the model can do.")
        before, after = self.others_near
        if after < before:
            notes.append(
                f"The levels fit what they were read from, but only {after} of the other statistics are within "
                f"{NEAR:.0%} of the log's, instead of {before} with the parameters as given (--no-levels)."
            )
        return notes


def read_levels(
    log: Log, parameters: sim.Parameters, window: Window, *, seed: int = 1, threads: int = 1,
    progress: Report | None = None, fixed: Mapping[str, object] | None = None,
) -> Reading:  # fmt: skip
    """Read the levels of a log.

    Args:
        log: real log.
        parameters: all other parameters, and where the search begins.
        window: size of the worlds that will be compared with the log.
        seed: seed of the simulated worlds.
        threads: number of threads of a world; the result does not depend on it.
        progress: called with (rounds done, all rounds).
        fixed: values that are not read from the log, by name, such as those that switch a mechanism off or that logs
            have in common.
    """
    real, held = measured(log), dict(fixed or {})
    known = [level for level in known_levels(real) if level.parameter not in held]
    names = tuple(dict.fromkeys(name for level in known for name in level.statistics))
    size = replace(window, people=min(window.people, MOST_PEOPLE))
    if size.observed is not None:
        size = replace(size, observed=min(max(size.observed, FEWEST_OBSERVED), size.people))

    def tried(tested: sim.Parameters) -> tuple[float, Values]:
        try:
            found = measured(simulated_log(tested, size, seed=seed, threads=threads))
        except LogError:  # nobody wrote
            return math.inf, {}  # no round is worse
        return _distance(known, real, found), found

    parameters = _holding(parameters, held)
    start = _holding(_read_at_once(log, real, parameters, size), held)
    loss, found = tried(parameters)
    misfits, near = [loss], [_others_near(found, real, names)]
    rounds: list[dict[str, float]] = [{}]
    rate = start.leaving_rate
    known = [
        level._replace(low=rate / FARTHEST, high=rate * FARTHEST) if level.parameter == "leaving_rate" else level
        for level in known
    ]
    numbers = {level.parameter: _within(level, number_at(start, level.parameter)) for level in known}
    for done in range(1, ROUNDS):
        if progress is not None:
            progress(done, ROUNDS)
        loss, found = tried(_with(start, numbers))
        misfits.append(loss)
        near.append(_others_near(found, real, names))
        rounds.append(numbers)
        others = math.exp(-abs(_miss(LEVELS[0], real, found)))
        numbers = {
            level.parameter: _moved(level, numbers[level.parameter], real, found, 1.0 if level is LEVELS[0] else others)
            for level in known
        }
    if progress is not None:
        progress(ROUNDS, ROUNDS)
    best = int(np.argmin(misfits))
    chosen = _with(start, rounds[best]) if best else parameters
    before, after = parameters.model_dump(mode="json"), chosen.model_dump(mode="json")
    changes = {name: value for name, value in after.items() if value != before[name] and name != "gestures"}
    changes |= {name: number_at(chosen, name) for name in ANSWERS if best}
    limits = [
        level.parameter for level in known if best and _at_limit(level, rounds[best][level.parameter], parameters)
    ]
    used = tuple(name for name in names if name not in MEASURED)
    return Reading(
        chosen, rounds[best], used if best else (), tuple(misfits), tuple(limits), changes, (near[0], near[best])
    )


def _holding(parameters: sim.Parameters, values_of: Mapping[str, object]) -> sim.Parameters:
    return sim.Parameters.model_validate(parameters.model_dump() | dict(values_of)) if values_of else parameters


def _others_near(found: Values, real: Values, names: Sequence[str]) -> int:
    """How many statistics other than these are within `NEAR` of the real value."""
    return sum(
        abs(found.get(name, math.nan) - value) <= NEAR * abs(value) for name, value in real.items() if name not in names
    )


def known_levels(found: Values) -> list[Level]:
    """The levels that a log has all statistics for, among these values."""
    return [level for level in LEVELS if _known(level, found)]


def measured(log: Log) -> dict[str, float]:
    """The statistics of a log, and those of `MEASURED`, which only levels are read from.

    These are the mean number of gestures that a person sends per week, the share of first contacts of a pair among the
    second half of all contacts, and, if only some people are observed, the share of contacts in which others write.
    """
    counted = log.counted
    sent = np.bincount(log.source, minlength=log.people)[counted]
    pairs = np.minimum(log.source, log.target).astype(np.int64) * log.people + np.maximum(log.source, log.target)
    first = np.unique(pairs, return_index=True)[1]
    half = len(pairs) // 2
    later_new = (first >= half).sum() / max(len(pairs) - half, 1)
    received = math.nan if counted.all() else float(1 - sent.sum() / max(len(log), 1))
    more = sent.mean() / max(log.days / 7, 1e-9), later_new, received
    return values(log) | dict(zip(MEASURED, map(float, more), strict=True))


def _known(level: Level, found: Values) -> bool:
    """Whether a log has what a level is read from."""
    try:
        return math.isfinite(level.of(*(found[name] for name in level.statistics)))
    except (ValueError, ZeroDivisionError, KeyError):
        return False


def _within(level: Level, number: float) -> float:
    return min(max(number, level.low), level.high)


def _at_limit(level: Level, number: float, usual: sim.Parameters) -> bool:
    """Whether a level stopped at a limit of its search, other than one at which its mechanism is off as usual."""
    off = number == level.low and abs(number - number_at(usual, level.parameter)) <= LEAST_NEW
    return number in (level.low, level.high) and not off


def _miss(level: Level, real: Values, found: Values) -> float:
    """How far a simulated log is below a real one in what a level is read from; 0 if it has no such statistic."""
    if not (_known(level, real) and _known(level, found)):
        return 0.0
    return level.of(*(real[name] for name in level.statistics)) - level.of(*(found[name] for name in level.statistics))


def _distance(known: Sequence[Level], real: Values, found: Values) -> float:
    """How far a simulated log is from a real one in what each of these levels is read from, on average."""
    return float(
        np.mean([min(abs(_miss(level, real, found)), FAR) if _known(level, found) else FAR for level in known])
    )


def _moved(level: Level, number: float, real: Values, found: Values, share: float) -> float:
    """The level of the next round, after this share of its step."""
    step = share * level.gain * min(max(_miss(level, real, found), -FAR), FAR)
    return _within(level, number * math.exp(step) if level.by_factor else number + step)


def with_numbers(parameters: sim.Parameters, numbers: Mapping[str, float]) -> sim.Parameters:
    """Parameters with these levels. A question is answered as much more or less readily as a message."""
    message, question = ANSWERS
    also: dict[str, float] = {}
    if message in numbers:
        shifted = number_at(parameters, question) + numbers[message] - number_at(parameters, message)
        also = {question: min(max(shifted, -5.0), 5.0)}
    return changed(parameters, {**numbers, **also})


def _with(parameters: sim.Parameters, numbers: Mapping[str, float]) -> sim.Parameters:
    """Parameters with these levels, and with activity in each period as high among those who are there."""
    found = with_numbers(parameters, numbers)
    if not found.channel_levels:
        return found
    middle = (np.arange(len(found.channel_levels)) + 0.5) * found.channel_level_days
    there = presence(middle, found.arriving_share, found.arriving_days, found.leaving_rate)
    levels = np.array(found.channel_levels) / np.maximum(there, LEAST_PRESENCE)
    return sim.Parameters.model_validate(found.model_dump() | {"channel_levels": levels.tolist()})


def presence(day: np.ndarray, arriving: float, mean: float, leaving: float) -> np.ndarray:
    """The share of people who are on a channel at a time, since those who are not write nothing; shape (times,).

    A share ``arriving`` joins after an exponential time, and everybody then stays for another. Activity in a period is
    divided by it, so that it is not taken away twice.

    Args:
        day: days since the log began, shape (times,).
        arriving: the share who join later.
        mean: the mean time until they join, in days.
        leaving: the rate of leaving, per day.
    """
    stay, wait = np.exp(-leaving * day), np.exp(-day / mean)
    apart = 1.0 - leaving * mean
    joined = (stay - wait) / apart if abs(apart) > 1e-6 else day / mean * wait
    return np.asarray((1.0 - arriving) * stay + arriving * joined)


def coming_and_going(log: Log) -> dict[str, float]:
    """First guesses of how many people join later, of their mean time until then, and of the rate of leaving.

    If newcomers join at a constant rate each, those still to come become fewer by the same factor from the first fifth
    of the log to the second as until then. The rate of leaving is the number of people who are silent in the last
    fifth, per day from anyone's first message to their last before it. The share and the rate are then found in
    rounds, the rate within a factor of `FARTHEST`; the mean time is not.
    """
    day, active = log.since_start / DAY, log.counted & (np.bincount(log.source, minlength=log.people) >= SENDS)
    first, last = np.full(log.people, np.inf), np.zeros(log.people)
    np.minimum.at(first, log.source, day)
    np.maximum.at(last, log.source, day)
    begun, fifth = first[active], max(0.2 * log.days, 1.0)
    found: dict[str, float] = {"arriving_days": 2.5 * fifth, "leaving_rate": 0.01 / fifth}
    early, late = ((begun > share * log.days).sum() for share in (0.2, 0.4))
    if 0 < late < early:
        found["arriving_days"] = min(fifth / math.log(early / late), 5 * fifth)
    if early > 0:
        share, most = early / len(begun), LEVELS_BY_PARAMETER["arriving_share"].high
        guess = share * math.exp(fifth / found["arriving_days"])
        if guess > most > share:  # nearly all come later
            found["arriving_days"] = fifth / math.log(most / share)
        found["arriving_share"] = min(guess, most)
    seen = np.maximum(np.minimum(last[active], 4 * fifth) - begun, 0.0).sum()
    if seen > 0:
        left = (last[active] < 4 * fifth).sum() / seen
        found["leaving_rate"] = min(max(found["leaving_rate"], left), LEVELS_BY_PARAMETER["leaving_rate"].high)
    return found


def _read_at_once(log: Log, real: Values, parameters: sim.Parameters, window: Window) -> sim.Parameters:
    """Parameters with what a log says without a search: its rhythm, and room for its busiest people."""
    begins = round(365 * window.burn_in_years)
    found: dict[str, object] = dict(coming_and_going(log))
    days = log.since_start / DAY
    periods = int(min(MOST_LEVELS, log.days / PERIOD, len(log) / FEWEST))
    if periods >= 2:
        counts = np.histogram(days, periods, (0, log.days + 1e-6))[0]
        found |= {"channel_levels": (counts / counts.mean()).tolist(), "channel_begins": begins}
        found |= {"channel_level_days": max(1.0, (log.days + 1e-6) / periods)}
    if not by_the_day(log):
        # The days of a world begin in the middle of the night too, because sittings end with the day.
        hours = np.bincount(((days - midnight(log)) % 1 * 24).astype(int), minlength=24)
        found["hour_activity"] = (hours + 0.5).tolist()
    weekdays = np.bincount((active_days(log) + begins) % 7, minlength=7)
    found["weekday_activity"] = (weekdays + 0.5).tolist()
    if real[LATER_NEW] > LEAST_SHARE:
        found["routine_new"] = _within(LEVELS_BY_PARAMETER["routine_new"], real[LATER_NEW])
    if math.isfinite(real["sends_per_active_day"]):
        found["sitting_prompts"] = _within(LEVELS_BY_PARAMETER["sitting_prompts"], real["sends_per_active_day"])
    if math.isfinite(real["degree_q99"]):
        size = min(max(round(COMMUNITY * real["degree_q90"]), 20), window.people)
        found |= {"community_size": size}
        found["tie_capacity"] = max(parameters.tie_capacity, round(ROOM * real["degree_q99"]))
    if math.isfinite(real["sends_per_week_q99"]):
        busiest = real["sends_per_week_q99"] * max(counts / counts.mean() if periods >= 2 else [1.0])
        found["weekly_minutes"] = min(10_000.0, max(parameters.weekly_minutes, MINUTES * busiest))
    return sim.Parameters.model_validate(parameters.model_dump() | found)
