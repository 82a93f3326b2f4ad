"""Which factors an outcome depends on: Morris screening and Sobol indices of a sweep whose points were drawn for them.

Morris (1991, Technometrics 33:161): each trajectory changes one factor at a time. mu* is the mean absolute effect, and
sigma is how much the effect varies between points, because of interactions or curvature. Sobol (2001): the share of an
outcome's variance that a factor explains alone (first order) and with all its interactions (total), by the estimators
of Saltelli et al. (2010, Comput. Phys. Commun. 181:259). SALib computes both. Effects are over a factor's whole range.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from SALib.analyze import morris, sobol

from experiments.analysis.compare import BASELINE
from experiments.config.factors import MORRIS_LEVELS, in_scale, problem_of, scaled_points
from experiments.config.settings import Experiment, SampleSettings
from experiments.provenance import whole_sweep

COLUMNS = {
    "morris": ("mu_star", "mu_star_conf", "sigma"),
    "saltelli": ("total", "total_conf", "first", "first_conf"),
}
_SEED = 1  # of SALib's bootstrap
_WIDEST = 1 / 3  # largest half interval, as a share of the largest index, with which factors are ranked (our choice)


class SensitivityError(ValueError):
    """A sweep cannot be analysed; the message says why, and what to do."""


@dataclass(frozen=True)
class Indices:
    """How much an outcome of one strategy depends on each factor.

    Attributes:
        strategy: the arm's strategy.
        fixed: levels of the factors that were not drawn, by name.
        measure: the outcome.
        baseline: the strategy from which differences were taken; None if the outcome is not a difference.
        method: ``morris`` or ``saltelli``.
        table: one row per factor, the most important first. Morris: ``mu_star`` (units of the measure) with the half
            width of its 95% interval ``mu_star_conf``, and ``sigma``. Saltelli: ``total`` and ``first`` (shares of the
            variance) with ``total_conf`` and ``first_conf``.
        points: number of points in the design.
        replicates: number of worlds over which each point was averaged.
    """

    strategy: str
    fixed: dict[str, Any]
    measure: str
    baseline: str | None
    method: str
    table: pd.DataFrame
    points: int
    replicates: int

    @property
    def note(self) -> str:
        """A warning that no factor has an effect, or that the indices are too uncertain; else empty."""
        main, *others = COLUMNS[self.method]
        intervals = [name for name in others if name.endswith("_conf")]
        largest, half = self.table[main].max(), self.table[intervals].to_numpy().max()
        if largest == 0:
            return f"{self.measure} is the same at every point, so none of the factors has an effect on it."
        if half > _WIDEST * largest:
            return (
                f"Too few points: intervals are up to ± {half:.2g}, and the largest {main} is {largest:.2g}. Use more."
            )
        return ""


def indices(runs: pd.DataFrame, origin: dict[str, Any], measure: str) -> list[Indices]:
    """Sensitivity of a measure, for each strategy and each level of the factors that were not drawn.

    If waiting is among the strategies, the outcome of the others is their paired difference from it.

    Args:
        runs: one row per run of the sweep, as `experiments.sweeps.results.load` gives it.
        origin: their provenance, whose configuration says how the points were drawn.
        measure: a column.

    Raises:
        SensitivityError: the points were not drawn for this analysis, or runs or the measure are missing.
    """
    sample = _sample(origin)
    _refuse_holes(runs, origin, measure)
    others = [name for name in origin["factors"] if name not in sample.ranges]
    strategies = list(dict.fromkeys(runs["strategy"]))
    found = []
    for key, rows in runs.groupby(others, sort=False) if others else [((), runs)]:
        fixed = dict(zip(others, key if isinstance(key, tuple) else (key,), strict=True))
        by_strategy = rows.pivot(index="point", columns=["strategy", "replicate"], values=measure)
        for strategy in strategies:
            base = BASELINE if strategy != BASELINE and BASELINE in strategies else None
            outcome = by_strategy[strategy] - by_strategy[base] if base else by_strategy[strategy]
            table = _analysed(sample, outcome.mean(axis=1).to_numpy(float))
            found.append(Indices(strategy, fixed, measure, base, sample.method, table, len(outcome), outcome.shape[1]))
    return found


def _sample(origin: dict[str, Any]) -> SampleSettings:
    sweep = Experiment.model_validate(origin["config"]).sweep
    if sweep is None or sweep.sample is None or sweep.sample.method not in COLUMNS:
        raise SensitivityError(
            "The points of this sweep were not drawn for a sensitivity analysis. Add [sweep.sample] with "
            'method = "morris" to find what matters or "saltelli" for shares of the variance, and sweep again.'
        )
    return sweep.sample


def _refuse_holes(runs: pd.DataFrame, origin: dict[str, Any], measure: str) -> None:
    made = runs["people"].notna() if "people" in runs else pd.Series(False, index=runs.index)
    if not made.all():
        raise SensitivityError(
            f"{_counted(runs[~made], len(runs))} are missing or failed, and indices need the whole design. "
            f"Finish it with:\n    {whole_sweep(origin)}"
        )
    if measure not in runs:
        raise SensitivityError(f"The runs of this sweep have no {measure}; choose another measure.")
    if runs[measure].isna().any():
        holes = _counted(runs[runs[measure].isna()], len(runs))
        raise SensitivityError(f"{measure} has no value in {holes}; choose another measure, or a longer run.")


def _counted(rows: pd.DataFrame, count: int) -> str:
    first = rows.iloc[0]
    return f"{len(rows):,} of {count:,} runs (the first: {first['scenario']} in replicate {first['replicate']})"


def _analysed(sample: SampleSettings, outcome: np.ndarray) -> pd.DataFrame:
    """The indices, from the outcome at each point, shape (points,)."""
    ranges = in_scale(sample.ranges, sample.log)
    problem = problem_of(ranges)
    main, *_ = columns = COLUMNS[sample.method]
    if np.ptp(outcome) == 0:  # a constant outcome depends on no factor
        return pd.DataFrame(0.0, index=pd.Index(sample.ranges, name="factor"), columns=list(columns))
    if sample.method == "morris":
        points = scaled_points(ranges, sample.method, sample.points, sample.seed)
        found = morris.analyze(problem, points, outcome, num_levels=MORRIS_LEVELS, seed=_SEED)
        values: Sequence[Any] = [found["mu_star"], found["mu_star_conf"], found["sigma"]]
    else:
        found = sobol.analyze(problem, outcome, calc_second_order=False, seed=_SEED)
        values = [found["ST"], found["ST_conf"], found["S1"], found["S1_conf"]]
    table = pd.DataFrame(dict(zip(columns, map(np.asarray, values), strict=True)), index=list(sample.ranges))
    return table.rename_axis("factor").sort_values(main, ascending=False, kind="stable")
