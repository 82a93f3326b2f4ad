"""What real logs say about the size of closeness, the slow stock.

Closeness is varied in worlds with the levels of each log, one parameter at a time from a middle size, with the levels
as they were read without closeness; then also with levels read again. If closeness is part of how people keep in touch,
pairs that returned from a long silence are still in contact more often (`kept_after_return`) than liking and memory
alone explain. The distance of a simulated statistic from the real one is counted in standard errors, which have two
parts: the log's own, from its bootstrap over people, and that of the simulated mean. The interval has the sizes whose
squared distance is at most 3.84 above that of the best (a profile likelihood); if the best one is far away, no size
explains the statistic, and the interval only says which sizes make it worse.

    python -m verification.closeness [LOG …]    prints tables, and writes results/verification/closeness.csv
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

import sim
from experiments.logs.validate import FIRST, gate, summary, table
from verification.worlds_of_logs import DATA, OUT, Known, known, levels_of, with_values, worlds

LOGS = ("company_mail", "university_email", "facebook_wall")
SEEDS = {"company_mail": range(1, 5), "university_email": range(1, 5), "facebook_wall": range(1, 3)}
MIDDLE = {"closeness_gain": 0.01, "closeness_pull": 1.0, "closeness_half_life": 3.0, "closeness_answer": 0.5}
GAINS = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1)
VARIED: dict[str, tuple[float, ...]] = {
    "closeness_gain": GAINS,
    "closeness_pull": (0.0, 1.0, 3.0),
    "closeness_half_life": (0.3, 3.0, 10.0),
    "closeness_answer": (0.0, 0.5, 1.5),
}
READ_AGAIN = {"company_mail": (0.003, 0.03), "university_email": (0.003, 0.01, 0.03), "facebook_wall": (0.01,)}
# What closeness should move: who is kept, who comes back, and whether weeks together count beyond contacts.
IDENTIFYING = (
    "kept_after_return",
    "kept_after_silence",
    "reactivated_90d_established",
    "ratio_per_doubling_weeks",
    "hazard_per_day_90_180",
    "hazard_per_day_180_365",
)
CRITICAL = 1.96  # standard errors; its square is the 95% point of chi-squared
FINE = 400  # points of the search between the first and the last size
SHIFT = 0.0005  # added to sizes before their logarithm is taken, because one of them is 0


class Size(NamedTuple):
    """The size of closeness that agrees best with a real statistic.

    Attributes:
        best: the size that comes closest.
        low, high: its 95% interval.
        standard_errors: how far the best one is from the real value.
    """

    best: float
    low: float
    high: float
    standard_errors: float


def size(gains: Sequence[float], simulated: np.ndarray, real: float, error: float) -> Size:
    """The size that agrees best with a real value; between those that were simulated, means are interpolated.

    Args:
        gains: sizes, ascending, shape (sizes,).
        simulated: the statistic in each world, shape (sizes, seeds).
        real: its value in the log.
        error: standard error of the real value.
    """
    mean = simulated.mean(axis=1)
    noise = np.sqrt(simulated.var(axis=1, ddof=1).mean() / simulated.shape[1])  # of all sizes, or few seeds decide
    scale = np.log(np.array(gains) + SHIFT)
    fine = np.linspace(scale[0], scale[-1], FINE)
    apart = np.abs(np.interp(fine, scale, mean) - real) / np.hypot(noise, error)
    sizes = np.round(np.exp(fine) - SHIFT, 6)
    agree = sizes[apart**2 <= apart.min() ** 2 + CRITICAL**2]
    return Size(float(sizes[np.argmin(apart)]), float(agree.min()), float(agree.max()), float(apart.min()))


def cases(log: Known) -> list[tuple[str, float, sim.Parameters]]:
    """What is varied, its value, and the parameters of the worlds."""
    found = [
        (name, value, with_values(log.levels, MIDDLE | {name: value} if value or name != GAIN else {GAIN: 0.0}))
        for name, values in VARIED.items()
        for value in values
    ]
    for gain in READ_AGAIN[log.name]:
        given = with_values(sim.Parameters(), MIDDLE | {GAIN: gain})
        found.append((AGAIN, gain, levels_of(log.name, log.real, log.window, given)[0]))
    return found


GAIN = "closeness_gain"
AGAIN = f"{GAIN}, levels read again"


def judged(log: Known) -> pd.DataFrame:
    """One row per case, with the mean of each identifying statistic, its noise between seeds, and what is met."""
    rows = []
    for name, value, parameters in cases(log):
        found = worlds(log, parameters, SEEDS[log.name])
        rows.append({"log": log.name, "varied": name, "value": value, **row_of(log, found)})
        print(pd.DataFrame(rows[-1:]).round(4).to_string(header=len(rows) == 1, index=False), flush=True)
    return pd.DataFrame(rows)


def row_of(log: Known, found: pd.DataFrame) -> dict[str, Any]:
    """The identifying statistics of some worlds, and how many statistics their mean meets."""
    rows = table(log.measured, found.to_dict("records"), fitted=log.fitted)
    counts = summary(rows)["met"]
    values = {name: found[name].mean() for name in IDENTIFYING}
    noise = {f"{name}_sd": found[name].std(ddof=1) for name in IDENTIFYING}
    return {**values, **noise, "met_first": counts[FIRST], "met_all": counts["all"], "gate": gate(rows)["passed"]}


def sizes(log: Known, varied: str = GAIN) -> pd.DataFrame:
    """The size of `closeness_gain` by each identifying statistic that the log has; ``varied`` is one of `cases`."""
    real = log.measured.set_index("statistic")
    chosen = [(value, parameters) for name, value, parameters in cases(log) if name == varied]
    if varied == AGAIN:
        chosen.insert(0, (0.0, log.levels))
    simulated = [worlds(log, parameters, SEEDS[log.name]) for _, parameters in chosen]
    rows = {}
    for name in IDENTIFYING:
        row = real.loc[name]
        if np.isnan(row["low"]):
            continue
        error = (row["high"] - row["low"]) / (2 * CRITICAL)
        values = np.array([found[name] for found in simulated])
        rows[name] = size([value for value, _ in chosen], values, row["value"], error)._asdict()
    return pd.DataFrame(rows).T


def main(names: Sequence[str] = LOGS) -> dict[str, pd.DataFrame]:
    """Print what each log says; returns the sizes that agree with it, with the levels as read."""
    found, tables = {}, []
    for name in names:
        log = known(name)
        real = log.measured.set_index("statistic").loc[list(IDENTIFYING), ["value", "low", "high", "units"]]
        print(f"\n{name}: real values, with 95% intervals\n{real.round(4).to_string()}")
        tables.append(judged(log))
        found[name] = sizes(log)
        for varied in (GAIN, AGAIN):
            print(f"\n{name}: sizes by {varied}\n{sizes(log, varied).round(4).to_string()}", flush=True)
    pd.concat(tables).to_csv(OUT / "closeness.csv", index=False)
    return found


@pytest.mark.skipif(not DATA.exists(), reason="needs ../shared/data")
def test_e_mail_allows_only_small_sizes() -> None:
    """Pairs of the e-mail log that returned are kept no more often than without closeness."""
    found = main(["university_email"])["university_email"].loc["kept_after_return"]
    assert found["low"] == 0.0
    assert found["high"] < 0.01


if __name__ == "__main__":
    main(sys.argv[1:] or LOGS)
