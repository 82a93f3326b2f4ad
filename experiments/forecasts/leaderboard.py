"""Who comes back? Forecasts of silent pairs compared on any logs: the learned chance, and everything simple.

Each log is cut on several mornings. On each, every forecast says with which chance each silent pair comes back, from
earlier contacts only, and the rest of the log says what happened. Simple forecasts learn from the same question on the
latest earlier morning whose answers were known by then (`experiments.forecasts.mornings`).
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
from experiments.forecasts.mornings import Asked, Question, mornings, questions
from experiments.forecasts.pairs import silent_pairs
from experiments.forecasts.scores import RESAMPLES, SCORES, compared
from experiments.logs.log import Log
from sim.model.rules import SECONDS_A_DAY

LEARNED, MODEL, RECALIBRATED = "learned", "model", "model_recalibrated"
CUTS = (0.5, 0.6, 0.7, 0.8, 0.9)  # of a log's time
EVERYTHING = -1  # days of silence that every pair has
_NOTHING = 1e-12  # an expected number of contacts that has a logarithm
_HALF_LIVES = np.array([1.0, 7.0, 30.0, 90.0, 365.0])  # days, of the excitation after a contact
_FIFTHS = 5
_CLOSE_TO_CERTAIN = 1e-4  # how far chances are kept from 0 and 1: one wrong certainty would decide the log loss

TITLES = {
    LEARNED: "learned (Rekindle)",
    MODEL: "simulated",
    RECALIBRATED: "simulated, recalibrated",
    "boosting": "boosted trees on all features",
    "recency_frequency": "recency and frequency",
    "recency": "recency",
    "inverse_ages": "strength (sum of 1/age)",
    "hawkes": "Hawkes process",
    "pareto_nbd": "Pareto/NBD",
    "bg_nbd": "BG/NBD",
    "mbg_nbd": "MBG/NBD",
    "gap": "silence over usual gap",
    "rfm": "fixed score of a CRM (RFM)",
    "base_rate": "base rate",
}


class Board(NamedTuple):
    """How forecasts did on a log, over all mornings together.

    Attributes:
        scores: see `scores.compared`.
        slopes: of each forecast, the calibration slope: what its log odds must be multiplied by. 1 is best; below 1
            means that it was too sure.
        table: one row per pair and morning: ``cut`` (the morning, in days since the first contact), ``days`` (that the
            forecast covers), the columns of `pairs.silent_pairs`, ``came_back``, and a column for each forecast.
    """

    scores: pd.DataFrame
    slopes: dict[str, float]
    table: pd.DataFrame

    @property
    def back(self) -> float:
        """The share of pairs that came back."""
        return float(self.table["came_back"].mean())

    @property
    def cuts(self) -> list[int]:
        """The mornings."""
        return list(map(int, self.table["cut"].unique()))

    @property
    def within(self) -> str:
        """The number of days that forecasts cover, or the smallest and the largest: ``58 to 90``."""
        least, most = self.table["days"].min(), self.table["days"].max()
        return f"{least}" if least == most else f"{least} to {most}"

    def rows(self) -> pd.DataFrame:
        """One row per forecast, by rising log loss: scores, log loss of the learned one minus this one, slope."""
        alone = self.scores[self.scores["baseline"].isna()].pivot(index="forecast", columns="score", values="value")
        apart = self.scores[(self.scores["forecast"] == LEARNED) & (self.scores["score"] == "log_loss")]
        apart = apart.set_index("baseline")[["value", "low", "high"]].add_prefix("learned_minus_")
        found = alone[list(SCORES)].join(apart).assign(slope=pd.Series(self.slopes))
        found = found.assign(pairs=len(self.table), came_back=self.back)
        return found.rename_axis("forecast").sort_values("log_loss", kind="stable").reset_index()


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
    """All forecasts of a log that need no simulation, scored; None if no morning has silent pairs now and earlier.

    Args:
        log: the whole log.
        days: days within which a pair can come back.
        silent: pairs are forecast if their silence is longer than this, in days.
        cuts: mornings, as shares of the log's time.
        prior: of the learned forecast; the shipped one if None.
        resamples: bootstrap resamples over people.
        report: called with (mornings done, mornings).
    """
    asked = [one for one in questions(log, mornings(log.days, days, cuts), silent) if len(one.earlier.pairs)]
    parts = []
    for done, one in enumerate(asked, start=1):
        parts.append(answered(one, chances(one, silent, prior)))
        report(done, len(asked))
    return scored(pd.concat(parts, ignore_index=True), [LEARNED], resamples) if parts else None


def answered(question: Question, of: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """The part of a `Board`'s table that is of one question, with the chances ``of`` each forecast, (pairs,)."""
    cut, days = question.now.morning, question.days
    kept = {name: _not_certain(one) for name, one in of.items()}
    return question.now.pairs.assign(cut=cut, days=days, came_back=question.now.back, **kept)


def scored(table: pd.DataFrame, of: Sequence[str], resamples: int = RESAMPLES) -> Board:
    """The scores of all forecasts in a table.

    Args:
        table: as in `Board`.
        of: names of the forecasts that are compared with the others.
        resamples: bootstrap resamples over people.
    """
    forecasts, back = forecasts_in(table), table["came_back"].to_numpy()
    slopes = {name: calibration_slope(one, back) for name, one in forecasts.items()}
    return Board(compared(forecasts, back, table[["low", "high"]], of, resamples), slopes, table)


def forecasts_in(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """The chances in the table of a `Board` by the name of the forecast, each of shape (pairs,)."""
    return {name: table[name].to_numpy() for name in TITLES if name in table}


def calibration_slope(forecast: np.ndarray, back: np.ndarray) -> float:
    """The slope of the logistic regression of what happened on the log odds of a forecast (Cox 1958).

    NaN if there is none: all pairs came back or none did, the forecast is the same for all, or it tells all of one kind
    from all of the other.
    """
    line = logit(_not_certain(forecast))
    if back.all() or not back.any() or line[back].min() >= line[~back].max() or line[~back].min() >= line[back].max():
        return float("nan")
    from sklearn.linear_model import LogisticRegression

    found = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-8).fit(line[:, None], back)
    return float(found.coef_.item())


def chances(question: Question, silent: int, prior: Prior | None = None) -> dict[str, np.ndarray]:
    """The chances of all forecasts that need no simulation, by name, each of shape (pairs,).

    Args:
        question: what is asked. Without earlier pairs there is only the learned forecast.
        silent: days of silence of its pairs.
        prior: of the learned forecast; the shipped one if None.
    """
    past, now, earlier, days = question
    found = {LEARNED: learned_chances(past, now.morning, now.pairs, days=days, silent=silent, prior=prior)}
    if earlier.pairs.empty:
        return found
    return {
        **found,
        **baselines(earlier.pairs, earlier.back, now.pairs),
        **_from_one_number(earlier, now),
        **_from_histories(question),
        "hawkes": _excited(question),
    }


def _not_certain(forecast: np.ndarray) -> np.ndarray:
    return np.clip(forecast, _CLOSE_TO_CERTAIN, 1 - _CLOSE_TO_CERTAIN)


def _from_one_number(earlier: Asked, now: Asked) -> dict[str, np.ndarray]:
    """Logistic regressions on one number of a pair each."""
    numbers: Mapping[str, Callable[[pd.DataFrame], np.ndarray]] = {
        "inverse_ages": lambda some: np.log(some["strength"].to_numpy(float)),
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


def _from_histories(question: Question) -> dict[str, np.ndarray]:
    """Models of repeat custom, fitted to all pairs of the log, and recalibrated by the earlier answers."""
    past, now, earlier, days = question
    of_all = [_history(silent_pairs(past, one.morning, EVERYTHING)) for one in (earlier, now)]
    found = {}
    for name, model in MODELS.items():
        then, today = (
            _not_certain(fitted(model, pairs)(_history(one.pairs), days))
            for pairs, one in zip(of_all, (earlier, now), strict=True)
        )
        found[name] = recalibrated(then, earlier.back, today)
    return found


def _history(pairs: pd.DataFrame) -> PairHistory:
    tenure, silence = pairs["tenure"].to_numpy(), pairs["silence"].to_numpy()
    return PairHistory(pairs["contacts"].to_numpy() - 1, tenure - silence, tenure)


def _excited(question: Question) -> np.ndarray:
    """The chance of a contact of a Hawkes process whose excitation fades in five half-lives.

    The intensity is ``mu + sum_h a_h * sum_contacts 2^(-age/h)``, with coefficients of at least 0 that make the earlier
    answers most likely. Contacts after the morning excite nothing, so the chance is one minus ``exp`` of its integral.
    """
    past, now, earlier, days = question
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
