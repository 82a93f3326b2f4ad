"""The chance that a silent tie comes back, learned from earlier mornings of the same log.

A logistic regression on what a log says of a pair and its two people (`experiments.forecasts.pairs.FEATURES`). Every 30
days before the forecast, pairs were silent too, and whether they came back within the next 30 is known by now.
Coefficients are a compromise between these answers and a *prior*: how large each coefficient is on average over other
logs, and how much it differs between them (a hierarchical model, fitted by empirical Bayes: Gelman & Hill 2007,
chapter 12). So a long log speaks for itself, and one that is too short to learn from still has a forecast.

A log whose channel is dying differs from others mostly in its level, and from its own past too. Answers within 30 days
are known until nearly the present, so the windows are short even if the forecast is long; how the chance grows with the
days is a coefficient of its own.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit

from experiments.forecasts.pairs import came_back, silent_pairs
from experiments.logs.log import Log

WINDOW, WINDOWS = 30, 6  # days within which earlier pairs could come back; the number of such windows
WINDOWS_A_HALVING = 3.0  # windows back by which an answer loses half of its weight
FIRST_DAYS = 20  # of a log after which pairs can be silent enough to learn from
ENOUGH_ANSWERS = 50  # earlier silences, below which a log's own coefficients are mostly those of the prior
LONGEST_DAYS = 90  # of the answers from which the shipped priors were learned
FORECAST_DAYS = 90  # at which the coefficient of the length of a forecast counts nothing
STEEPEST = 4.0  # standard deviations by which a feature can differ from its mean over logs and still count
LEAST_SPREAD = 0.01  # of a coefficient between logs
FAR_OFF, ENOUGH_PAIRS = 2.0, 20  # factor by which chances are disproved, on at least this many pairs
SEVERAL, MAILBOX = "several", "mailbox"  # logs with the ties of several people, and of one person only

FEATURES = (
    "silence", "contacts", "contacts_90d", "strength", "tenure", "both_wrote", "balance", "returns", "less_active",
    "more_active", "longer_absent", "silence_over_gap", "single_contact", "common_contacts", "fewer_ties", "more_ties",
    "active_weeks",
)  # fmt: skip
COEFFICIENTS = ("level", *FEATURES, "days")


class Prior(NamedTuple):
    """What other logs say of the coefficients, in the order of `COEFFICIENTS`; shapes (coefficients,).

    Attributes:
        mean: of each coefficient over logs.
        spread: standard deviation of each between logs, above 0.
        centre, scale: mean and standard deviation of each of `FEATURES` over the pairs of these logs, shapes
            (features,). Coefficients are for features from which these are taken out.
    """

    mean: np.ndarray
    spread: np.ndarray
    centre: np.ndarray
    scale: np.ndarray


class Known(NamedTuple):
    """Pairs that were silent on earlier mornings, and what became of them.

    Attributes:
        columns: shape (pairs, coefficients).
        back: whether each came back, bool, shape (pairs,).
        weights: above 0 and up to 1, shape (pairs,).
    """

    columns: np.ndarray
    back: np.ndarray
    weights: np.ndarray


@cache
def shipped_prior(kind: str) -> Prior:
    """The prior that the program ships, for logs of `SEVERAL` people or a `MAILBOX`; see docs/forecast.md."""
    told: dict[str, Any] = json.loads(files("experiments.forecasts").joinpath("prior.json").read_text("utf-8"))[kind]
    assert told["coefficients"] == list(COEFFICIENTS), "the shipped prior is of other coefficients"
    return Prior(*(np.array(told[name]) for name in Prior._fields))


def prior_for(log: Log) -> Prior:
    """The shipped prior for logs in which as many people are observed: several, or the owner of a mailbox."""
    return shipped_prior(MAILBOX if log.observed is not None and log.observed.sum() == 1 else SEVERAL)


def learned_chances(
    past: Log, morning: int, pairs: pd.DataFrame, *, days: int, silent: int, prior: Prior | None = None
) -> np.ndarray:
    """The chance that each pair comes back.

    Args:
        past: the log before the morning of the forecast.
        morning: in days since the first contact.
        pairs: the pairs to forecast, as by `silent_pairs` on that morning.
        days: number of days within which they can come back.
        silent: pairs are forecast if their silence is longer than this, in days.
        prior: what other logs say of the coefficients; `prior_for` this log if None.

    Returns:
        Shape (pairs,), above 0 and below 1.
    """
    told = prior or prior_for(past)
    return np.asarray(expit(columns_of(pairs, days, told) @ fitted(known(past, morning, days, silent, told), told)))


class Lesson(NamedTuple):
    """Pairs that were silent on an earlier morning, and what became of them within a number of days.

    Attributes:
        morning: in days since the first contact.
        days: number of days.
        weight: above 0 and up to 1; lower for earlier mornings.
        pairs: as by `silent_pairs`.
        back: whether each came back, bool, shape (pairs,).
    """

    morning: int
    days: int
    weight: float
    pairs: pd.DataFrame
    back: np.ndarray


def lessons(past: Log, morning: int, days: int, silent: int) -> list[Lesson]:
    """The earlier mornings from which a forecast learns, the latest first; arguments as `learned_chances`."""
    length = min(WINDOW, days)
    found = []
    for back in range(1, WINDOWS + 1):
        earlier = morning - back * length
        if earlier < FIRST_DAYS:
            break
        pairs = silent_pairs(past, earlier, silent)
        weight = 0.5 ** ((back - 1) / WINDOWS_A_HALVING)
        found.append(Lesson(earlier, length, weight, pairs, came_back(past, pairs, earlier, length)))
    return found


def known(past: Log, morning: int, days: int, silent: int, prior: Prior) -> Known:
    """Pairs of earlier mornings of a log, whose answers are known on this morning; arguments as `learned_chances`."""
    found = [
        Known(columns_of(one.pairs, one.days, prior), one.back, np.full(len(one.pairs), one.weight))
        for one in lessons(past, morning, days, silent)
    ]
    if not found:
        return Known(np.zeros((0, len(COEFFICIENTS))), np.zeros(0, bool), np.zeros(0))
    return Known(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


class Check(NamedTuple):
    """How learned chances did on an earlier morning of a log, whose answers are known by now.

    Attributes:
        pairs: the number of silent pairs.
        expected, came_back: the share of them that was expected to come back, and that did.
    """

    pairs: int
    expected: float
    came_back: float

    @property
    def disproves(self) -> bool:
        """Whether chances were off by a factor of two or more on twenty pairs or more."""
        off = self.expected / max(self.came_back, 1e-9)
        return self.pairs >= ENOUGH_PAIRS and not 1 / FAR_OFF < off < FAR_OFF


def checked(log: Log, days: int, silent: int) -> Check | None:
    """How chances did on the latest morning whose answers are known; None if no pair was silent by then.

    Args:
        log: the whole log.
        days: number of days of the forecast, and of the question asked then.
        silent: pairs count if their silence is longer than this, in days.
    """
    morning = log.end - days
    if morning < FIRST_DAYS:
        return None
    pairs = silent_pairs(log, morning, silent)
    if pairs.empty:
        return None
    chances = learned_chances(log.before(morning), morning, pairs, days=days, silent=silent)
    return Check(len(pairs), float(chances.mean()), float(came_back(log, pairs, morning, days).mean()))


def earlier_answers(past: Log, morning: int, days: int, silent: int) -> np.ndarray:
    """Whether the pairs came back from which a forecast learns, bool, shape (pairs,); arguments as `known`."""
    return known(past, morning, days, silent, prior_for(past)).back


def features_of(pairs: pd.DataFrame) -> np.ndarray:
    """The `FEATURES` of pairs, mostly logarithms, shape (pairs, features).

    ``silence_over_gap`` is the silence over the mean gap between earlier contacts of the pair (at least half a day), 1
    for a single contact.
    """
    others = np.maximum(pairs["contacts"] - 1, 1)
    gap = np.maximum((pairs["tenure"] - pairs["silence"]) / others, 0.5)
    single = pairs["contacts"] == 1
    columns = {
        **{name: np.log(pairs[name]) for name in ("silence", "contacts", "strength", "tenure", "active_weeks")},
        **{name: np.log(pairs[name]) for name in ("fewer_ties", "more_ties")},
        **{name: np.log1p(pairs[name]) for name in ("contacts_90d", "returns", "longer_absent", "common_contacts")},
        **{name: np.log(pairs[name] + 0.1) for name in ("less_active", "more_active")},
        **{name: pairs[name] for name in ("both_wrote", "balance")},
        "silence_over_gap": np.where(single, 0.0, np.log(pairs["silence"] / gap)),
        "single_contact": single.astype(float),
    }
    return np.column_stack([columns[name] for name in FEATURES])


def columns_of(pairs: pd.DataFrame, days: int, prior: Prior) -> np.ndarray:
    """One column for each of `COEFFICIENTS`, shape (pairs, coefficients), for forecasts of this many days."""
    apart = np.clip((features_of(pairs) - prior.centre) / prior.scale, -STEEPEST, STEEPEST)
    one = np.ones(len(pairs))
    return np.column_stack([one, apart, one * np.log(days / FORECAST_DAYS)])


def fitted(known: Known, prior: Prior) -> np.ndarray:
    """The most probable coefficients, given pairs with answers and a prior, shape (coefficients,)."""
    return _most_probable(known, prior)[0]


def _most_probable(known: Known, prior: Prior, steps: int = 50) -> tuple[np.ndarray, np.ndarray]:
    """The most probable coefficients, by Newton's method, and their variances (Laplace); shapes (coefficients,)."""
    columns, back, weights = known
    precision = 1.0 / prior.spread**2

    def surprise(at: np.ndarray) -> float:
        line = columns @ at
        return float(weights @ (np.logaddexp(0.0, line) - back * line) + 0.5 * precision @ (at - prior.mean) ** 2)

    def curvature(at: np.ndarray) -> np.ndarray:
        chance = expit(columns @ at)
        return np.asarray((columns.T * (weights * chance * (1 - chance))) @ columns + np.diag(precision))

    at, now = prior.mean, surprise(prior.mean)
    for _ in range(steps):
        slope = columns.T @ (weights * (expit(columns @ at) - back)) + precision * (at - prior.mean)
        step = np.linalg.solve(curvature(at), slope)
        while surprise(at - step) > now and np.abs(step).max() > 1e-9:
            step = step / 2
        at, before, now = at - step, now, surprise(at - step)
        if before - now < 1e-9 * (1 + abs(now)):
            break
    return at, np.diag(np.linalg.inv(curvature(at)))


def learned_prior(logs: Sequence[Known], prior: Prior, rounds: int = 15) -> Prior:
    """The prior that several logs suggest, by expectation and maximization, from a wide one.

    In each round, every log has its most probable coefficients and their uncertainty under the present prior; the next
    one has their mean, and their variance between logs.

    Args:
        logs: the pairs of each log, with columns as by `columns_of` with this prior's centre and scale.
        prior: a wide prior to begin with.
        rounds: number of rounds.
    """
    for _ in range(rounds):
        found = [_most_probable(log, prior) for log in logs]
        means, variances = (np.array(parts) for parts in zip(*found, strict=True))
        mean = means.mean(axis=0)
        spread = np.sqrt(((means - mean) ** 2 + variances).mean(axis=0))
        prior = prior._replace(mean=mean, spread=np.maximum(spread, LEAST_SPREAD))
    return prior
