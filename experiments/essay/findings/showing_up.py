"""Showing up: the same conversations spread out, or all on one day."""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiments.analysis.compare import RESAMPLES, ends_of_interval, resampled_counts
from experiments.analysis.verdicts import ratio, ruled_by_ratio
from experiments.essay.findings import ClaimFinding, FigureSpec, Sweeps, row_of, setting
from experiments.figures.page import Words
from experiments.figures.showing_up import draw
from experiments.sweeps.sweep_result import SweepResult

CADENCE, SATURATION = "inject.every_days", "parameters.saturation"
BURST, DAILY = 0, 1
HORIZONS = (90, 365)


def finding(sweeps: Sweeps) -> ClaimFinding:
    """The ratio of the chances of a sale, conversations on many days over all on one day, at two horizons, with and
    without saturation.
    """
    swept, thresholds = sweeps["showing_up"], sweeps["showing_up"].verdict
    table = _table(swept)
    daily = table[table["cadence"] == DAILY]
    levels = {f"{row['by']} days, {_saturated(row['saturation'])}": row["estimate"] for _, row in daily.iterrows()}
    ruling = ruled_by_ratio(levels, margin=thresholds.margin, worlds=thresholds.worlds)
    rows = table.drop(columns="estimate")
    curves = _curves(swept)
    end = curves[(curves["saturation"] == 1.0) & (curves["day"] == curves["day"].max())].set_index("cadence")["value"]
    best = int(end.idxmax())
    ratios = rows[(rows["saturation"] == 1.0) & (rows["cadence"] == DAILY)].set_index("by")
    return ClaimFinding(
        ruling=ruling,
        effect=(
            f"Compared with one day, 24 conversations on {DAILY * 24} days in a row multiply the chance of a sale by "
            f"{_said(ratios.loc[90])} within 90 days and by {_said(ratios.loc[365])} within a year (95% intervals over worlds). "
            f"Of all spacings, {_cadence(best)} sells most in a year: {end[best]:.1%}, compared with {end[BURST]:.1%} for all on "
            "one day."
        ),
        pictures=(FigureSpec("showing_up", _words(swept, end, best), curves[curves["saturation"] == 1.0], draw),),
        tables={"Chance of a sale, ratio of each spacing to all on one day": rows},
        checked=("showing_up",),
    )


def _said(row: pd.Series) -> str:
    return f"{row['value']:.2f} ({row['low']:.2f} … {row['high']:.2f})"


def _saturated(level: float) -> str:
    return "with saturation" if level == 1 else "without saturation"


def _cadence(days: int) -> str:
    return {0: "all on one day", 1: "daily", 7: "weekly"}.get(days, f"every {days} days")


def _table(swept: SweepResult) -> pd.DataFrame:
    """The ratio of each cadence to all on one day, at each horizon and level of saturation."""
    rows = []
    for by in HORIZONS:
        arms = swept.arms(f"focal_sold_{by}", [SATURATION, CADENCE])
        for saturation, cadence in arms.columns:
            if cadence != BURST:
                one = ratio(arms[saturation, cadence].to_numpy(), arms[saturation, BURST].to_numpy())
                rows.append(row_of(one, by=by, saturation=saturation, cadence=int(cadence)) | {"estimate": one})
    return pd.DataFrame(rows)


def _curves(swept: SweepResult) -> pd.DataFrame:
    rows = []
    for (saturation, cadence, day), there in swept.series().groupby([SATURATION, CADENCE, "day"], sort=False):
        values = there["focal_sold"].to_numpy(float)
        counts = resampled_counts(len(values), RESAMPLES // 5)
        low, high = np.quantile(counts @ values / len(values), ends_of_interval(len(values)))
        rows.append(
            {"cadence": int(cadence), "saturation": saturation, "name": _cadence(int(cadence)), "day": int(day),
             "value": values.mean(), "low": low, "high": high}
        )  # fmt: skip
    return pd.DataFrame(rows)


def _words(swept: SweepResult, end: pd.Series, best: int) -> Words:
    times = end[best] / end[BURST]
    title = (
        f"Twelve hours spread out ({_cadence(best)}) sell {times:.1f} times\nas well within a year as twelve hours on one day"
        if best != BURST
        else "Twelve hours on one day sell best:\nspreading them out gains nothing"
    )
    return Words(
        title,
        "Chance that a stranger from the industry has bought, by day; 24 conversations of half an hour each,\n"
        f"one line per spacing; bands: 95% intervals over {swept.runs['replicate'].nunique()} worlds.",
        f"{setting(swept)} That the hazard of a sale is 0.01 per day times strength squared is an assumption.",
    )
