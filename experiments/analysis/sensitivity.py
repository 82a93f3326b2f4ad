"""Which factors an outcome hangs on: Morris screening and Sobol indices of a sweep whose points were drawn for them.

Morris (1991, Technometrics 33:161): each trajectory moves one factor at a time; mu* is the mean size of what that does,
sigma how much it differs from place to place (interaction, or a curve). Sobol (2001): the share of an outcome's
variance that a factor explains alone (first order) and with all its interactions (total), by the estimators of Saltelli
et al. (2010, Comput. Phys. Commun. 181:259). Both as SALib has them; effects are over a factor's whole range.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from SALib.analyze import morris, sobol

from experiments.analysis.compare import BASELINE
from experiments.config.factors import MORRIS_LEVELS, drawn_points, problem_of
from experiments.config.settings import Experiment, SampleSettings
from experiments.provenance import whole_sweep

COLUMNS = {
    "morris": ("mu_star", "mu_star_conf", "sigma"),
    "saltelli": ("total", "total_conf", "first", "first_conf"),
}
_SEED = 1  # of SALib's bootstrap
_WIDEST = 1 / 3  # half an interval, of the largest index, with which factors can still be ranked (a choice of ours)


class SensitivityError(ValueError):
    """A sweep that these questions can not be asked of; the text says why, and what to do."""


@dataclass(frozen=True)
class Indices:
    """How far an outcome of one strategy hangs on each factor.

    Attributes:
        strategy: the arm's strategy.
        held: levels of the factors that were not drawn, by name.
        measure: what is asked of.
        baseline: the strategy from which differences were taken; None if it is the level itself.
        method: ``morris`` or ``saltelli``.
        table: a row a factor, the one that matters most first. Morris: ``mu_star`` (units of the measure) with the half
            width of its 95 % interval ``mu_star_conf``, and ``sigma``. Saltelli: ``total`` and ``first`` (shares of the
            variance) with ``total_conf`` and ``first_conf``.
        points: of the design.
        replicates: worlds over which each point was averaged.
    """

    strategy: str
    held: dict[str, Any]
    measure: str
    baseline: str | None
    method: str
    table: pd.DataFrame
    points: int
    replicates: int

    @property
    def note(self) -> str:
        """What must be known of the table: that nothing moves the outcome, or that it is too uncertain; else empty."""
        main, *others = COLUMNS[self.method]
        intervals = [name for name in others if name.endswith("_conf")]
        largest, half = self.table[main].max(), self.table[intervals].to_numpy().max()
        if largest == 0:
            return f"{self.measure} is the same at every point: nothing that was varied moves it."
        if half > _WIDEST * largest:
            return f"Too few points: intervals reach ± {half:.2g}; the largest {main} is {largest:.2g}. Take more."
        return ""


def indices(runs: pd.DataFrame, origin: dict[str, Any], measure: str) -> list[Indices]:
    """Sensitivity of a measure, for each strategy and each level of the factors that were not drawn.

    Where waiting is among the strategies, the others are asked for their paired difference from it.

    Args:
        runs: a row for each run that the sweep asked for, as `experiments.sweeps.results.load` gives it.
        origin: where they come from; its configuration tells how the points were drawn.
        measure: a column.

    Raises:
        SensitivityError: the points were not drawn for this, runs are missing, or the measure is.
    """
    sample = _sample(origin)
    _refuse_holes(runs, origin, measure)
    others = [name for name in origin["factors"] if name not in sample.ranges]
    strategies = list(dict.fromkeys(runs["strategy"]))
    found = []
    for key, rows in runs.groupby(others, sort=False) if others else [((), runs)]:
        held = dict(zip(others, key if isinstance(key, tuple) else (key,), strict=True))
        by_strategy = rows.pivot(index="point", columns=["strategy", "replicate"], values=measure)
        for strategy in strategies:
            base = BASELINE if strategy != BASELINE and BASELINE in strategies else None
            outcome = by_strategy[strategy] - by_strategy[base] if base else by_strategy[strategy]
            table = _analysed(sample, outcome.mean(axis=1).to_numpy(float))
            found.append(Indices(strategy, held, measure, base, sample.method, table, len(outcome), outcome.shape[1]))
    return found


def _sample(origin: dict[str, Any]) -> SampleSettings:
    sweep = Experiment.model_validate(origin["config"]).sweep
    if sweep is None or sweep.sample is None or sweep.sample.method not in COLUMNS:
        raise SensitivityError(
            "The points of this sweep were not drawn for a sensitivity analysis: give it [sweep.sample] with "
            'method = "morris" to find what matters at all, or "saltelli" for shares of the variance, and sweep again.'
        )
    return sweep.sample


def _refuse_holes(runs: pd.DataFrame, origin: dict[str, Any], measure: str) -> None:
    made = runs["people"].notna() if "people" in runs else pd.Series(False, index=runs.index)
    if not made.all():
        raise SensitivityError(
            f"{_told(runs[~made], len(runs))} are missing or failed, and a design with holes has no indices. "
            f"Finish it with:\n    {whole_sweep(origin)}"
        )
    if measure not in runs:
        raise SensitivityError(f"The runs of this sweep have no {measure}; ask for another measure.")
    if runs[measure].isna().any():
        holes = _told(runs[runs[measure].isna()], len(runs))
        raise SensitivityError(f"{measure} has no value in {holes}; ask for another measure, or for a longer run.")


def _told(rows: pd.DataFrame, count: int) -> str:
    first = rows.iloc[0]
    return f"{len(rows):,} of {count:,} runs (the first: {first['scenario']} in replicate {first['replicate']})"


def _analysed(sample: SampleSettings, outcome: np.ndarray) -> pd.DataFrame:
    """Indices from the outcome at each point, shape (points,)."""
    problem = problem_of(sample.ranges)
    main, *_ = columns = COLUMNS[sample.method]
    if np.ptp(outcome) == 0:  # nothing varies, so nothing matters
        return pd.DataFrame(0.0, index=pd.Index(sample.ranges, name="factor"), columns=list(columns))
    if sample.method == "morris":
        points = drawn_points(sample.ranges, sample.method, sample.points, sample.seed)
        told = morris.analyze(problem, points, outcome, num_levels=MORRIS_LEVELS, seed=_SEED)
        values: Sequence[Any] = [told["mu_star"], told["mu_star_conf"], told["sigma"]]
    else:
        told = sobol.analyze(problem, outcome, calc_second_order=False, seed=_SEED)
        values = [told["ST"], told["ST_conf"], told["S1"], told["S1_conf"]]
    table = pd.DataFrame(dict(zip(columns, map(np.asarray, values), strict=True)), index=list(sample.ranges))
    return table.rename_axis("factor").sort_values(main, ascending=False, kind="stable")
