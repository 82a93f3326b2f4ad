"""A pooled inference as its users see it: draws, a summary, its calibration, and what each log contributes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

import sim
from experiments.config.errors import ConfigError
from experiments.logs import posterior as posteriors
from experiments.logs.posterior import (
    LEVELS_OF_INTERVALS,
    TAIL,
    TESTS,
    Evidence,
    Weighted,
    calibration,
    evidence,
    from_logit,
    held_out_places,
    posterior,
    quantiles_of,
    strangeness,
)
from experiments.logs.reference_table import Design, TableRow, share_of
from experiments.logs.statistic_groups import keyed_random

IDENTIFIED = 0.2  # least shrinkage of a parameter that the logs say something about
AIM = (0.93, 0.97)  # coverage of 95% intervals
_PRIOR_SD = 1 / np.sqrt(12)  # standard deviation of the prior, as a share of its range
_OF_DRAWS = 2**64 - 3  # seed of draws; the last but two that a bootstrap would use


class Pooled(NamedTuple):
    """What is inferred from several logs together.

    Attributes:
        given: the table and the logs as numbers.
        draws: draws from the posterior, with one column per parameter.
        summary: by parameter, ``least`` and ``most`` (ends of the prior), ``median``, ``low`` and ``high`` (95%
            interval), ``low_50`` and ``high_50``, and ``shrinkage``: by what share the standard deviation is below that
            of the prior, both on the scale on which the prior is uniform.
        calibration: the result of `posterior.calibration`.
        without: by parameter and log, ``median``, ``low`` and ``high`` without that log, and ``moves``: by how many
            standard deviations (of the posterior without it) the median moves if the log is added; empty for one log.
        strange: how far the summaries of the real logs are from those of the rows: share of the rows that are farther
            from their own prediction than the logs from theirs.
    """

    given: Evidence
    draws: pd.DataFrame
    summary: pd.DataFrame
    calibration: pd.DataFrame
    without: pd.DataFrame
    strange: float


def pooled(design: Design, rows: Sequence[TableRow], *, draws: int = 200) -> Pooled:
    """Infer the common parameters from all logs of a table.

    Args:
        design: what determines the table.
        rows: its rows.
        draws: number of draws.

    Raises:
        ConfigError: too few rows have a log, or no statistic can be used.
    """
    given = evidence(design, rows)
    if len(given.targets) < posteriors.FEWEST_ROWS:
        raise ConfigError(
            f"Somebody wrote in the worlds of {len(given.targets)} rows only, and {posteriors.FEWEST_ROWS} are needed. "
            "Use more --rows."
        )
    if not given.columns:
        raise ConfigError("The logs have no statistic that simulated ones have, too; they may be too short.")
    sample = posterior(given)
    return Pooled(
        given, drawn_from(given, sample, draws, design.seed), summary(given, sample),
        calibration(given, held_out_places(given)), _without_each(given, sample), strangeness(given),
    )  # fmt: skip


def drawn_from(given: Evidence, sample: Weighted, draws: int, seed: int) -> pd.DataFrame:
    """Draws from a posterior in random order, by systematic resampling: each row is drawn nearly in proportion."""
    random = keyed_random(_OF_DRAWS - seed)
    places = (np.arange(draws) + random.random()) / draws
    rows = np.searchsorted(np.cumsum(sample.weights), places * (1 - 1e-12))
    chosen = sample.targets[random.permutation(np.minimum(rows, len(sample.weights) - 1))]
    found = pd.DataFrame({one.name: from_logit(one, chosen[:, k]) for k, one in enumerate(given.ranges)})
    whole = [name for name in found if _is_whole(str(name))]
    return found.round(dict.fromkeys(whole, 0)).astype(dict.fromkeys(whole, int))


def _is_whole(name: str) -> bool:
    field = sim.Parameters.model_fields.get(name)
    return field is not None and field.annotation is int


def summary(given: Evidence, sample: Weighted) -> pd.DataFrame:
    """The posterior of each parameter in a few numbers; see `Pooled.summary`."""
    low, low_50, median, high_50, high = quantiles_of(sample, [0.025, 0.25, 0.5, 0.75, 0.975])
    found = {}
    for k, one in enumerate(given.ranges):
        ends = from_logit(one, np.array([low[k], low_50[k], median[k], high_50[k], high[k]]))
        found[one.name] = {
            "least": one.low, "most": one.high, "median": ends[2], "low": ends[0], "high": ends[4], "low_50": ends[1],
            "high_50": ends[3], "shrinkage": 1 - _spread(sample, k) / _PRIOR_SD, "by_factor": one.by_factor,
        }  # fmt: skip
    return pd.DataFrame.from_dict(found, orient="index")


def _spread(sample: Weighted, column: int) -> float:
    """The standard deviation of a parameter, as a share of the range of its prior."""
    shares = 1 / (1 + np.exp(-sample.targets[:, column]))
    middle = float(sample.weights @ shares)
    return float(np.sqrt(sample.weights @ (shares - middle) ** 2))


def _without_each(given: Evidence, sample: Weighted) -> pd.DataFrame:
    if len(given.logs) < 2:
        return pd.DataFrame(columns=["median", "low", "high", "moves"])
    with_all = summary(given, sample)["median"]
    rows = {}
    for log in given.logs:
        other = posterior(given.of([name for name in given.logs if name != log]))
        found = summary(given, other)
        for k, one in enumerate(given.ranges):
            after, before = (float(share_of(one, np.array(of[one.name]))) for of in (with_all, found["median"]))
            rows[one.name, log] = {
                **found.loc[one.name, ["median", "low", "high"]].to_dict(),
                "moves": (after - before) / max(_spread(other, k), 1e-9),
            }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["parameter", "log"])


def report(found: Pooled) -> str:
    """The inference as Markdown."""
    given = found.given
    known = found.summary.index[found.summary["shrinkage"] >= IDENTIFIED]
    rest = found.summary.index.difference(known, sort=False)
    lines = [f"# Posterior from {', '.join(given.logs)}", ""]
    lines += [f"{len(given.targets)} rows of simulated logs; {len(given.columns)} statistics are used.", ""]
    lines += [f"The logs inform {_named(known)}. They say next to nothing about {_named(rest)}, whose draws are about "
              "those of the prior.", ""]  # fmt: skip
    lines += ["| parameter | prior | median | 95% interval | shrinkage |", "|---|---:|---:|---:|---:|"]
    for name, row in found.summary.iterrows():
        prior = f"{row['least']:g} to {row['most']:g}{' by factors' if row['by_factor'] else ''}"
        lines.append(f"| `{name}` | {prior} | {row['median']:.3g} | {row['low']:.3g} to {row['high']:.3g} | "
                     f"{row['shrinkage']:.2f} |")  # fmt: skip
    lines += ["", "Shrinkage: by what share the standard deviation is below that of the prior.", ""]
    lines += [*_calibration_in_lines(found), *_without_in_lines(found), *_fit_in_lines(found)]
    return "\n".join(lines) + "\n"


def _named(names: Sequence[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted) or "nothing"


def _calibration_in_lines(found: Pooled) -> list[str]:
    rows = len(found.given.targets)
    lines = ["## Calibration", "", f"Each of {rows} rows took the place of the real logs, and its posterior was found "
             f"from other rows ({TESTS} parts). How often intervals contained the truth, with the 95% interval of that "
             "share:", ""]  # fmt: skip
    levels = [f"{level:.0%}" for level in LEVELS_OF_INTERVALS]
    lines += [f"| parameter | {' | '.join(levels)} | uniform, p |", "|---|" + "---:|" * (len(levels) + 1)]
    for name, row in found.calibration.iterrows():
        cells = []
        for level in LEVELS_OF_INTERVALS:
            key = f"coverage_{level * 100:.0f}"
            cells.append(f"{row[key]:.3f} ({row[f'{key}_low']:.3f} to {row[f'{key}_high']:.3f})")
        lines.append(f"| `{name}` | {' | '.join(cells)} | {row['uniform']:.2f} |")
    outside = [str(name) for name, row in found.calibration.iterrows() if not AIM[0] <= row["coverage_95"] <= AIM[1]]
    verdict = f"outside it: {_named(outside)}" if outside else "all are inside it"
    return [*lines, "", f"The aim for the 95% interval is {AIM[0]:.0%} to {AIM[1]:.0%}; {verdict}.", ""]


def _without_in_lines(found: Pooled) -> list[str]:
    if found.without.empty:
        return []
    lines = ["## Without each log", "", "Medians without a log, and in brackets by how many standard deviations they "
             "move when it is added.", ""]  # fmt: skip
    logs = found.given.logs
    lines += [
        f"| parameter | all | {' | '.join(f'without {log}' for log in logs)} |",
        "|---|" + "---:|" * (len(logs) + 1),
    ]
    for name in found.summary.index:
        cells = [
            f"{found.without.loc[(name, log), 'median']:.3g} ({found.without.loc[(name, log), 'moves']:+.1f})"
            for log in logs
        ]
        lines.append(f"| `{name}` | {found.summary.loc[name, 'median']:.3g} | {' | '.join(cells)} |")
    far = found.without[found.without["moves"].abs() > 1]
    moved = ", ".join(f"`{name}` ({log})" for name, log in far.index) or "none"
    return [*lines, "", f"Those that a log moves by more than one standard deviation: {moved}.", ""]


def _fit_in_lines(found: Pooled) -> list[str]:
    beyond = found.given.beyond
    lines = ["## What the model does not reach", ""]
    lines += [f"{found.strange:.0%} of the rows are as far from the rest as the real logs are, by the statistics used; "
              "a share near 0 says that the model cannot make such logs.", ""]  # fmt: skip
    lines += [f"Statistics that are not used, because the real value is beyond {1 - TAIL:.0%} of the rows:", ""]
    lines += [f"- {log}: {', '.join(f'`{name}`' for of, name in beyond if of == log)}"
              for log in dict.fromkeys(of for of, _ in beyond)] or ["- none"]  # fmt: skip
    return lines
