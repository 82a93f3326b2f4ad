"""How well trees tell the people and pairs of a real log from those of a simulated one, and by what.

If they cannot, the area under the curve (AUC) is .5; if they always can, it is 1. What they look at most is what the
model should get right next. Nobody whom the trees are tested with is among those whom they learned from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from experiments.logs.features import Features
from experiments.logs.statistic_groups import keyed_random

FEWEST = 40  # observed people that each log needs: with half as many, no leaf is large enough for a split
MOST_PEOPLE, MOST_PAIRS = 4_000, 10_000  # of each log, drawn at random
_MOST_SHUFFLED = 1_500  # rows on which features are shuffled, which takes most of the time
FOLDS = 3  # more would leave fewer pairs to test: both people must be in the same
_RESAMPLES = 100
_LEARNING = "discriminator needs scikit-learn, which the extra `logs` installs"
_CLASSIFIER = {
    "learning_rate": 0.1, "max_iter": 60, "max_leaf_nodes": 15, "min_samples_leaf": 20, "early_stopping": False,
    "random_state": 0,
}  # fmt: skip


class ToldApart(NamedTuple):
    """How well rows of one kind are told apart.

    Attributes:
        auc: chance that a row of the simulated log looks more simulated than one of the real log.
        low, high: its 95% interval, from a bootstrap over people.
        rows: number of rows tested, of both logs together.
        features: by name, ``loss`` (of the AUC, if the feature is shuffled), ``alone`` (AUC of the feature alone, its
            better side), ``real`` and ``simulated`` (medians); the most telling first.
    """

    auc: float
    low: float
    high: float
    rows: int
    features: pd.DataFrame


class _Rows(NamedTuple):
    """Rows of both logs: the table, whether each is simulated, and its one or two people, (rows, 2)."""

    table: pd.DataFrame
    simulated: np.ndarray
    people: np.ndarray


def told_apart(real: Features, simulated: Features, *, seed: int = 1) -> dict[str, ToldApart] | str:
    """How well people and pairs of two logs are told apart, by ``people`` and ``pairs``; or why that is unknown.

    Args:
        real: features of the real log.
        simulated: features of a simulated log of the same size, cut in the same way.
        seed: seed of folds, of the rows drawn from large logs and of resamples.
    """
    try:
        import sklearn.ensemble  # noqa: F401
        from threadpoolctl import threadpool_limits
    except ImportError:
        return f"The {_LEARNING}."
    fewest = min(len(real.people), len(simulated.people))
    if fewest < FEWEST:
        return f"Too few people are observed for a discriminator: {fewest}, and it needs {FEWEST}."
    random = keyed_random(seed)
    offset = len(real.people)
    fold = np.concatenate([random.permutation(len(one.people)) % FOLDS for one in (real, simulated)])
    kinds = {"people": _people(real, simulated, random), "pairs": _pairs(real, simulated, random)}
    with threadpool_limits(1):  # a fixed order of sums
        return {kind: _judged(rows, fold, offset, random) for kind, rows in kinds.items()}


def _people(real: Features, simulated: Features, random: np.random.Generator) -> _Rows:
    tables, ends = [], []
    for start, one in ((0, real), (len(real.people), simulated)):
        kept = _some(len(one.people), MOST_PEOPLE, random)
        tables.append(one.people.iloc[kept])
        ends.append(np.column_stack([kept, kept]) + start)
    return _stacked(tables, ends)


def _pairs(real: Features, simulated: Features, random: np.random.Generator) -> _Rows:
    tables, ends = [], []
    for start, one in ((0, real), (len(real.people), simulated)):
        kept = _some(len(one.pairs), MOST_PAIRS, random)
        low, high = one.low[kept], one.high[kept]
        tables.append(one.pairs.iloc[kept])  # a person who is not observed belongs to the fold of the other
        ends.append(np.column_stack([np.where(low < 0, high, low), np.where(high < 0, low, high)]) + start)
    return _stacked(tables, ends)


def _some(number: int, most: int, random: np.random.Generator) -> np.ndarray:
    return np.sort(random.choice(number, most, replace=False)) if number > most else np.arange(number)


def _stacked(tables: Sequence[pd.DataFrame], ends: Sequence[np.ndarray]) -> _Rows:
    simulated = np.repeat([False, True], [len(one) for one in tables])
    return _Rows(pd.concat(tables, ignore_index=True), simulated, np.concatenate(ends))


def _judged(rows: _Rows, fold: np.ndarray, offset: int, random: np.random.Generator) -> ToldApart:
    """Learn and test in turn; ``fold`` is of each person, and the simulated people begin at ``offset``."""
    scores = np.full(len(rows.table), np.nan)
    losses = []
    values = rows.table.to_numpy(float)
    for tested, learned in _folds(fold[rows.people]):
        score = _learned(values[learned], rows.simulated[learned])
        scores[tested] = score(values[tested])
        losses.append(_losses(score, values[tested], rows.simulated[tested], random))
    known = ~np.isnan(scores)
    known_rows = _Rows(rows.table[known], rows.simulated[known], rows.people[known])
    low, high = _interval(scores[known], known_rows, offset, len(fold), random)
    features = _features(known_rows, np.mean(losses, axis=0))
    return ToldApart(auc(scores[known], known_rows.simulated), low, high, int(known.sum()), features)


def _folds(of: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows to test and rows to learn from: of people all in a fold, and of people none of whom is, (rows,) each."""
    for fold in range(FOLDS):
        inside = of == fold
        yield inside.all(axis=1), ~inside.any(axis=1)


def _learned(values: np.ndarray, simulated: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Boosted trees that give rows a score, which is higher the more simulated a row looks."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    if simulated.all() or not simulated.any():
        return lambda others: np.zeros(len(others))
    trees: Any = HistGradientBoostingClassifier(**_CLASSIFIER)
    known = ~np.isnan(values).all(axis=0)  # a feature that no row has cannot be cut into bins
    trees.fit(values[:, known], simulated)
    return lambda others: np.asarray(trees.decision_function(others[:, known]))


def _losses(
    score: Callable[[np.ndarray], np.ndarray], values: np.ndarray, simulated: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """How much lower the AUC is with each feature shuffled over the rows, (features,) (Breiman 2001)."""
    some = random.permutation(len(values))[:_MOST_SHUFFLED]
    values, simulated = values[some], simulated[some]
    whole = auc(score(values), simulated)
    tables = np.repeat(values[None], values.shape[1], axis=0)  # one per feature, which it has shuffled
    for k, table in enumerate(tables):
        table[:, k] = random.permutation(values[:, k])
    scores = score(tables.reshape(-1, values.shape[1])).reshape(len(tables), -1)  # calls cost more than rows
    return np.array([whole - auc(shuffled, simulated) for shuffled in scores])


def auc(scores: np.ndarray, positive: np.ndarray, weights: np.ndarray | None = None) -> float:
    """The chance that a positive row has a higher score than another one; equal scores count half.

    Args:
        scores: (rows,).
        positive: (rows,), bool.
        weights: (rows,), how often each occurs; once by default.

    Returns:
        The area under the curve; nan if all rows are positive or none is.
    """
    weights = np.ones(len(scores)) if weights is None else weights
    level = np.unique(scores, return_inverse=True)[1]
    of_positive, of_others = (np.bincount(level, weights * flags) for flags in (positive, ~positive))
    total = of_positive.sum() * of_others.sum()
    below = np.cumsum(of_others) - of_others / 2
    return float((of_positive * below).sum() / total) if total > 0 else np.nan


def _interval(
    scores: np.ndarray, rows: _Rows, offset: int, people: int, random: np.random.Generator
) -> tuple[float, float]:
    """A 95% interval of the AUC: the people of each log are drawn with replacement."""
    order = np.unique(scores, return_inverse=True)[1].astype(float)
    both = rows.people[:, 0] != rows.people[:, 1]
    drawn = []
    for _ in range(_RESAMPLES):
        times = np.concatenate([
            random.multinomial(number, np.full(number, 1 / number)) for number in (offset, people - offset)
        ])  # fmt: skip
        weights = times[rows.people[:, 0]] * np.where(both, times[rows.people[:, 1]], 1)
        drawn.append(auc(order, rows.simulated, weights.astype(float)))
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def _features(rows: _Rows, losses: np.ndarray) -> pd.DataFrame:
    real, simulated = rows.table[~rows.simulated], rows.table[rows.simulated]
    alone = []
    for name in rows.table:
        known = rows.table[name].notna().to_numpy()
        found = auc(rows.table[name].to_numpy()[known], rows.simulated[known])
        alone.append(max(found, 1 - found))
    table = pd.DataFrame(
        {"loss": losses, "alone": alone, "real": real.median(), "simulated": simulated.median()}, rows.table.columns
    )
    return table.sort_values(["loss", "alone"], ascending=False, kind="stable")
