"""Models of repeat custom as forecasts: how often, how lately and how long ago first, and nothing else.

Each pair is a customer whose first contact is the first purchase. While it is alive it has contacts at a rate of its
own, and at some time it drops out for good. The models differ in when it can drop out. Their parameters are fitted to
all pairs of a log by maximum likelihood.

- ``pareto_nbd``: at any time (Schmittlein, Morrison & Colombo 1987).
- ``bg_nbd``: after any contact but the first (Fader, Hardie & Lee 2005).
- ``mbg_nbd``: after any contact (Batislam, Denizel & Filiztekin 2007).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, expit, gammaln

DAYS_A_UNIT = 30.0  # of time, so that parameters are near 1
_WIDEST = 12.0  # limit on the logarithms of parameters
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(32)


class PairHistory(NamedTuple):
    """The contacts of pairs; shapes (pairs,).

    Attributes:
        repeats: the number of contacts after the first.
        last: days from the first contact to the last.
        age: days from the first contact to the morning of the forecast.
    """

    repeats: np.ndarray
    last: np.ndarray
    age: np.ndarray


Chances = Callable[[PairHistory, float], np.ndarray]  # of a contact within these days, shape (pairs,)


class Model(NamedTuple):
    """A model of repeat custom.

    Attributes:
        parameters: how many it has.
        likelihood: the logarithm of each pair's likelihood, given parameters, shape (pairs,).
        chances: the chance of a contact within a number of months, given parameters, shape (pairs,).
    """

    parameters: int
    likelihood: Callable[[np.ndarray, PairHistory], np.ndarray]
    chances: Callable[[np.ndarray, PairHistory, float], np.ndarray]


def fitted(model: Model, pairs: PairHistory) -> Chances:
    """The most likely parameters, as a function that gives chances.

    Args:
        model: the model.
        pairs: histories to fit, at least one.
    """
    order = np.lexsort((pairs.age, pairs.last, pairs.repeats))  # so that the order of pairs changes no bit of the sum
    scaled = _in_units(PairHistory(*(column[order] for column in pairs)))

    def surprise(logarithms: np.ndarray) -> float:
        found = model.likelihood(np.exp(logarithms), scaled)
        return float(-np.mean(found)) if np.isfinite(found).all() else 1e6

    limits = [(-_WIDEST, _WIDEST)] * model.parameters
    found = minimize(surprise, np.zeros(model.parameters), method="L-BFGS-B", bounds=limits).x
    return lambda others, days: np.clip(model.chances(np.exp(found), _in_units(others), days / DAYS_A_UNIT), 0.0, 1.0)


def _in_units(pairs: PairHistory) -> PairHistory:
    return PairHistory(pairs.repeats.astype(float), pairs.last / DAYS_A_UNIT, pairs.age / DAYS_A_UNIT)


# Drop-out after a contact --------------------------------------------------------------------------------------------


def _bg_likelihood(parameters: np.ndarray, pairs: PairHistory) -> np.ndarray:
    r, alpha, a, b = parameters
    x, last, age = pairs
    rate = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    alive = betaln(a, b + x) - (r + x) * np.log(alpha + age)
    gone = betaln(a + 1, b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + last)
    return np.asarray(rate - betaln(a, b) + np.where(x > 0, np.logaddexp(alive, gone), alive))


def _bg_chances(parameters: np.ndarray, pairs: PairHistory, time: float) -> np.ndarray:
    r, alpha, a, b = parameters
    x, last, age = pairs
    log_odds = np.log(a / (b + np.maximum(x, 1) - 1)) + (r + x) * np.log((alpha + age) / (alpha + last))
    return np.where(x > 0, expit(-log_odds), 1.0) * _at_least_one(r + x, alpha + age, time)


def _mbg_likelihood(parameters: np.ndarray, pairs: PairHistory) -> np.ndarray:
    r, alpha, a, b = parameters
    x, last, age = pairs
    rate = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    alive = betaln(a, b + x + 1) - (r + x) * np.log(alpha + age)
    gone = betaln(a + 1, b + x) - (r + x) * np.log(alpha + last)
    return np.asarray(rate - betaln(a, b) + np.logaddexp(alive, gone))


def _mbg_chances(parameters: np.ndarray, pairs: PairHistory, time: float) -> np.ndarray:
    r, alpha, a, b = parameters
    x, last, age = pairs
    log_odds = np.log(a / (b + x)) + (r + x) * np.log((alpha + age) / (alpha + last))
    return np.asarray(expit(-log_odds) * _at_least_one(r + x, alpha + age, time))


def _at_least_one(shape: np.ndarray, rate: np.ndarray, time: float) -> np.ndarray:
    """The chance of a contact of a pair that is alive, whose rate has this gamma distribution."""
    return np.asarray(-np.expm1(shape * np.log(rate / (rate + time))))


# Drop-out at any time ------------------------------------------------------------------------------------------------


def _pareto_parts(parameters: np.ndarray, pairs: PairHistory) -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of the likelihood of being alive and of having dropped out since, without what both share.

    The second is an integral over the time of dropping out, ``s ∫ (α+u)^-(r+x) (β+u)^-(s+1) du`` from the last contact
    to now. In ``y = ((α+last)/(α+u))^(r+x)`` its first factor is flat, and 32 points are enough however large x is.
    """
    r, alpha, s, beta = parameters
    x, last, age = pairs
    k = r + x
    alive = -k * np.log(alpha + age) - s * np.log(beta + age)
    least = np.exp(k * np.log((alpha + last) / (alpha + age)))
    y = least + (1 - least) * (_NODES[:, None] + 1) / 2
    u = (alpha + last) * y ** (-1 / k) - alpha
    inside = -np.log(y) / k - (s + 1) * np.log(beta + u)
    top = inside.max(axis=0)
    with np.errstate(divide="ignore"):  # no time has passed since the last contact
        area = np.log((1 - least) / 2 * (_WEIGHTS @ np.exp(inside - top)))
    gone = np.log(s) - (k - 1) * np.log(alpha + last) - np.log(k) + top + area
    return alive, gone


def _pareto_likelihood(parameters: np.ndarray, pairs: PairHistory) -> np.ndarray:
    r, alpha, s, beta = parameters
    alive, gone = _pareto_parts(parameters, pairs)
    shared = gammaln(r + pairs.repeats) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    return np.asarray(shared + np.logaddexp(alive, gone))


def _pareto_chances(parameters: np.ndarray, pairs: PairHistory, time: float) -> np.ndarray:
    """Alive now, and a contact before dropping out: the density of the next contact at u, integrated up to ``time``."""
    r, alpha, s, beta = parameters
    alive, gone = _pareto_parts(parameters, pairs)
    k, from_alpha, from_beta = r + pairs.repeats, alpha + pairs.age, beta + pairs.age
    u = time * (_NODES[:, None] + 1) / 2
    first = np.log(k) - np.log(from_alpha + u) + k * np.log(from_alpha / (from_alpha + u))
    density = np.exp(first + s * np.log(from_beta / (from_beta + u)))
    return np.asarray(np.exp(alive - np.logaddexp(alive, gone)) * (time / 2 * (_WEIGHTS @ density)))


MODELS = {
    "pareto_nbd": Model(4, _pareto_likelihood, _pareto_chances),
    "bg_nbd": Model(4, _bg_likelihood, _bg_chances),
    "mbg_nbd": Model(4, _mbg_likelihood, _mbg_chances),
}
