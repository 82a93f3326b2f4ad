"""Who comes back? Forecasts of silent pairs compared on any logs: the learned chance, and everything simple.

Each log is cut on several mornings. On each, every forecast says with which chance each silent pair comes back, from
earlier contacts only, and the rest of the log says what happened. Simple forecasts learn from the same question on the
latest earlier morning whose answers were known by then.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import logit

from experiments.forecasts.baselines import baselines, logistic, recalibrated, smoothed
from experiments.forecasts.counting import MODELS, PairHistory, fitted
from experiments.forecasts.learned import Prior, learned_chances
from experiments.forecasts.pairs import came_back, silent_pairs
from experiments.forecasts.scores import RESAMPLES, compared
from experiments.logs.log import Log
from sim.model.rules import SECONDS_A_DAY

LEARNED = "learned"
CUTS = (0.5, 0.6, 0.7, 0.8, 0.9)  # of a log's time
LEAST_DAYS = 30  # of a log after a cut
EVERYTHING = -1  # days of silence that every pair has
_NOTHING = 1e-12  # an expected number of contacts that has a logarithm
_HALF_LIVES = np.array([1.0, 7.0, 30.0, 90.0, 365.0])  # days, of the excitation after a contact
_FIFTHS = 5
_CLOSE_TO_CERTAIN = (
    1e-4  # chances are kept this far from 0 and 1, because one wrong certainty would decide the log loss
)

TITLES = {
    LEARNED: "learned (Rekindle)",
    "boosting": "boosted trees on all features",
    "recency_frequency": "recency and frequency",
    "recency": "recency",
    "strength": "strength (sum of 1/age)",
    "hawkes": "Hawkes process",
    "pareto_nbd": "Pareto/NBD",
    "bg_nbd": "BG/NBD",
    "mbg_nbd": "MBG/NBD",
    "gap": "silence over usual gap",
    "rfm": "fixed score of a CRM (RFM)",
    "base_rate": "base rate",
}


class Board(NamedTuple):
    """How forecasts did on a log.

    Attributes:
        scores: see `scores.compared`, over all cuts together; ``learned`` is compared with each other one.
        slopes: of each forecast, the calibration slope: what its log odds must be multiplied by. 1 is best; below 1
            means that it was too sure.
        pairs: the number of silent pairs over all cuts.
        back: the share of them that came back.
        cuts: the mornings, in days since the first contact.
        days: the number of days that forecasts cover on each.
        table: one row per pair and cut: ``low``, ``high``, ``cut``, ``came_back``, and a column for each forecast.
    """

    scores: pd.DataFrame
    slopes: dict[str, float]
    pairs: int
    back: float
    cuts: tuple[int, ...]
    days: tuple[int, ...]
    table: pd.DataFrame


def mornings(length: float, days: int, cuts: Sequence[float] = CUTS) -> dict[int, int]:
    """The mornings on which a log of this length is cut, each with the number of days that a forecast covers.

    Mornings after which fewer than `LEAST_DAYS` days are known are left out, and so are those without an earlier
    question of the same length.
    """
    found = {}
    for share in cuts:
        morning = math.floor(share * length)
        window = min(days, math.floor(length) - morning)
        if window >= min(LEAST_DAYS, days) and morning - window >= 1:
            found[morning] = window
    return found


def board(
    log: Log,
    *,
    days: int = 90,
    silent: int = 30,
    cuts: Sequence[float] = CUTS,
    prior: Prior | None = None,
    resamples: int = RESAMPLES,
    report: Callable[[int, int], object] = lambda *_: None,
) -> Board | None:
    """All forecasts of a log, scored; None if no morning has silent pairs now and earlier.

    Args:
        log: the whole log.
        days: days within which a pair can come back.
        silent: pairs are forecast if their silence is longer than this, in days.
        cuts: mornings, as shares of the log's time.
        prior: of the learned forecast; the shipped one if None.
        resamples: bootstrap resamples over people.
        report: called with (cuts done, cuts).
    """
    parts = []
    known = mornings(log.days, days, cuts)
    for done, (morning, window) in enumerate(known.items(), start=1):
        part = _on(log, morning, window, silent, prior)
        if part is not None:
            parts.append(part.assign(cut=morning, days=window))
        report(done, len(known))
    if not parts:
        return None
    table = pd.concat(parts, ignore_index=True)
    forecasts = {name: table[name].to_numpy() for name in TITLES if name in table}
    back = table["came_back"].to_numpy()
    return Board(
        scores=compared(forecasts, back, table[["low", "high"]], [LEARNED], resamples),
        slopes={name: calibration_slope(one, back) for name, one in forecasts.items()},
        pairs=len(table),
        back=float(back.mean()),
        cuts=tuple(int(one) for one in table["cut"].unique()),
        days=tuple(int(one) for one in table.drop_duplicates("cut")["days"]),
        table=table,
    )


def calibration_slope(forecast: np.ndarray, back: np.ndarray) -> float:
    """The slope of the logistic regression of what happened on the log odds of a forecast (Cox 1958).

    NaN if all pairs came back or none did, or if the forecast is the same for all.
    """
    line = logit(np.clip(forecast, _CLOSE_TO_CERTAIN, 1 - _CLOSE_TO_CERTAIN))
    if back.all() or not back.any() or np.ptp(line) == 0:
        return float("nan")
    from sklearn.linear_model import LogisticRegression

    found = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-8).fit(line[:, None], back)
    return float(found.coef_.item())


class Asked(NamedTuple):
    """Pairs that were silent on a morning, and whether each came back within the days of the question."""

    morning: int
    pairs: pd.DataFrame
    back: np.ndarray


def _on(log: Log, morning: int, days: int, silent: int, prior: Prior | None) -> pd.DataFrame | None:
    """The chances of all forecasts on a morning, and what happened; None without pairs now or earlier."""
    past = log.before(morning)
    now, earlier = _asked(log, morning, days, silent), _asked(past, morning - days, days, silent)
    if now.pairs.empty or earlier.pairs.empty:
        return None
    chances = {
        LEARNED: learned_chances(past, morning, now.pairs, days=days, silent=silent, prior=prior),
        **baselines(earlier.pairs, earlier.back, now.pairs),
        **_from_one_number(earlier, now),
        **_from_histories(past, earlier, now, days),
        "hawkes": _excited(past, earlier, now, days),
    }
    kept = {name: np.clip(one, _CLOSE_TO_CERTAIN, 1 - _CLOSE_TO_CERTAIN) for name, one in chances.items()}
    return now.pairs[["low", "high"]].assign(came_back=now.back, **kept)


def _asked(log: Log, morning: int, days: int, silent: int) -> Asked:
    pairs = silent_pairs(log, morning, silent)
    return Asked(morning, pairs, came_back(log, pairs, morning, days))


def _from_one_number(earlier: Asked, now: Asked) -> dict[str, np.ndarray]:
    """Logistic regressions on one number of a pair each."""
    numbers: Mapping[str, Callable[[pd.DataFrame], np.ndarray]] = {
        "strength": lambda some: np.log(some["strength"].to_numpy(float)),
        "gap": lambda some: np.log(some["silence"].to_numpy(float) / usual_gap(some)),
        "rfm": rfm,
    }
    return {
        name: logistic(of(earlier.pairs)[:, None], earlier.back)(of(now.pairs)[:, None]) for name, of in numbers.items()
    }  # fmt: skip


def usual_gap(pairs: pd.DataFrame) -> np.ndarray:
    """The mean gap between a pair's contacts, in days, at least half a day; its tenure after a single contact."""
    spent = np.where(pairs["contacts"] > 1, pairs["tenure"] - pairs["silence"], pairs["tenure"])
    return np.maximum(spent / np.maximum(pairs["contacts"].to_numpy() - 1, 1), 0.5)


def rfm(pairs: pd.DataFrame) -> np.ndarray:
    """The fixed score that customer software gives: fifths by recency, frequency and weeks with contact, 3 to 15."""
    columns = (-pairs["silence"], pairs["contacts"], pairs["active_weeks"])
    ranks = [np.ceil(one.rank(method="average", pct=True) * _FIFTHS) for one in columns]
    return np.asarray(np.sum(ranks, axis=0), float)


def _from_histories(past: Log, earlier: Asked, now: Asked, days: int) -> dict[str, np.ndarray]:
    """Models of repeat custom, fitted to all pairs of the log, and recalibrated by the earlier answers."""
    of_all = [_history(silent_pairs(past, one.morning, EVERYTHING)) for one in (earlier, now)]
    found = {}
    for name, model in MODELS.items():
        then, today = (
            np.clip(fitted(model, pairs)(_history(one.pairs), days), _CLOSE_TO_CERTAIN, 1 - _CLOSE_TO_CERTAIN)
            for pairs, one in zip(of_all, (earlier, now), strict=True)
        )
        found[name] = recalibrated(then, earlier.back, today)
    return found


def _history(pairs: pd.DataFrame) -> PairHistory:
    tenure, silence = pairs["tenure"].to_numpy(), pairs["silence"].to_numpy()
    return PairHistory(pairs["contacts"].to_numpy() - 1, tenure - silence, tenure)


def _excited(past: Log, earlier: Asked, now: Asked, days: int) -> np.ndarray:
    """The chance of a contact of a Hawkes process whose excitation fades in five half-lives.

    The intensity is ``mu + sum_h a_h * sum_contacts 2^(-age/h)``, with coefficients of at least 0 that make the earlier
    answers most likely. Contacts after the morning excite nothing, so the chance is one minus ``exp`` of its integral.
    """
    before, answers = _excitation(past.before(earlier.morning), earlier, days), earlier.back

    def surprise(at: np.ndarray) -> tuple[float, np.ndarray]:
        total = np.maximum(before @ at, _NOTHING)
        chance = -np.expm1(-total)
        value = -np.mean(np.where(answers, np.log(chance), -total))
        slope = np.where(answers, -np.exp(-total) / chance, 1.0)
        return float(value), before.T @ slope / len(answers)

    share = float(smoothed(answers.sum(), len(answers)))
    start = np.append(-math.log1p(-share) / days, np.full(len(_HALF_LIVES), 1e-3))
    found = minimize(surprise, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(start)).x
    return np.asarray(-np.expm1(-np.maximum(_excitation(past, now, days) @ found, _NOTHING)))


def _excitation(past: Log, asked: Asked, days: int) -> np.ndarray:
    """The integral over ``days`` of 1 and of each half-life's excitation, shape (pairs, 1 + half-lives)."""
    people, pairs = np.int64(len(past.names)), asked.pairs
    keys = np.minimum(past.source, past.target) * people + np.maximum(past.source, past.target)
    wanted = pairs["low"].to_numpy() * people + pairs["high"].to_numpy()
    order = np.argsort(wanted, kind="stable")
    place = np.searchsorted(wanted[order], keys)
    inside = (place < len(wanted)) & (wanted[order][np.minimum(place, len(wanted) - 1)] == keys)
    row, age = order[place[inside]], asked.morning - past.since_start[inside] / SECONDS_A_DAY
    columns = [np.full(len(pairs), float(days))]
    for half_life in _HALF_LIVES:
        rate = math.log(2) / half_life
        left = np.bincount(row, np.exp(-rate * age), minlength=len(pairs))
        columns.append(left * -math.expm1(-rate * days) / rate)
    return np.column_stack(columns)
