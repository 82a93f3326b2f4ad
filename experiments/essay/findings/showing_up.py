"""Showing up: the same time in conversations on many days, or all on one day, and when the first sale comes."""

from __future__ import annotations

from functools import partial

import pandas as pd

from experiments.analysis.verdicts import Ruling, Verdict
from experiments.essay.findings import ClaimFinding, FigureSpec, Sweeps
from experiments.essay.findings.effects import (
    DOTS,
    Effect,
    MainEffect,
    by_draw,
    gain,
    hanging_on,
    judge,
    level,
    plotted,
    setting_of,
    share,
    table_of,
)
from experiments.figures.page import Words
from experiments.figures.ranges import draw_ranges
from experiments.sweeps.sweep_result import SweepResult

ROW, YEAR = "row", "focal_sold_365"
BURST, WEEKLY, FOUR = "all on one day", "weekly", "weekly, four visits"
BEFORE_FIFTH = 27  # day of the run: the fifth weekly visit is on day 28


def finding(sweeps: Sweeps) -> ClaimFinding:
    """How many more people buy within a year if 24 visits are spread out, or go on after the fourth one."""
    swept = sweeps["showing_up"]
    arms, least = swept.arms(YEAR, ROW), swept.verdict.least(YEAR)
    effects = {name: gain(swept, name, arms[name], arms[BURST], least) for name in arms if name not in (BURST, FOUR)}
    goes_on = gain(swept, "weekly, 24 visits less four", arms[WEEKLY], arms[FOUR], least)
    weekly, once, four = (level(swept, name, arms[name]).mean for name in (WEEKLY, BURST, FOUR))
    early, more = before_fifth(swept), effects[WEEKLY]
    spread, kept_on = judge(swept, more), judge(swept, goes_on)
    levels = [level(swept, name, arms[name]).times(100) for name in arms]
    return ClaimFinding(
        ruling=Ruling(
            Verdict.BY_CONSTRUCTION,
            "rules say that the chance of a sale grows with the square of the tie's strength, and that contact adds less to a tie that is warm",
        ),
        effect=(
            f"Of 100 strangers who are visited weekly for half a year, {100 * weekly.value:.0f} buy within a year, and {100 * early.mean.value:.0f} of 100 "
            f"buyers do so before the fifth visit. If the visits stop after four, {100 * four.value:.0f} buy within the year: going on adds "
            f"{100 * goes_on.mean.value:.0f} ({100 * goes_on.mean.low:.0f} … {100 * goes_on.mean.high:.0f}), at least {100 * least:g} in {share(kept_on.share)} "
            f"of the plausible worlds. With all 24 visits on one day, {100 * once.value:.0f} buy; spreading them adds {100 * more.mean.value:.0f} "
            f"({100 * more.mean.low:.0f} … {100 * more.mean.high:.0f}), at least {100 * least:g} in {share(spread.share)}. Twelve hours are more than most "
            f"buyers have for contacts in a week, and a warm tie gains less from one more talk. {hanging_on(swept, more, len(effects) + 1, 'What spreading adds')} "
            "Nobody has measured how sales depend on strength."
        ),
        main=MainEffect("showing_up", more, len(effects) + 1, 3),
        pictures=(
            FigureSpec(
                "showing_up",
                Words(
                    f"Of 100 strangers, {100 * weekly.value:.0f} buy within a year if visited weekly for half a year,\n"
                    f"{100 * four.value:.0f} if the visits stop after four, and {100 * once.value:.0f} if all are on one day",
                    f"24 conversations of half an hour with a stranger from the industry, or only four of them.\n{DOTS}",
                    f"{setting_of(swept)}\nThat the chance of a sale grows with the square of a tie's strength is an assumption.",
                ),
                pd.concat(
                    [
                        plotted("buyers within a year, of 100", swept, levels),
                        plotted("more than on one day", swept, [one.times(100) for one in effects.values()]),
                    ],
                    ignore_index=True,
                ),
                partial(draw_ranges, unit="people", digits=0),
            ),
        ),
        tables={
            "Buyers within a year (1 is everyone): spread out less all on one day, and all weekly visits less four": table_of(swept, [*effects.values(), goes_on], first="visits", digits=3),
        },
        checked=("showing_up",),
    )  # fmt: skip


def before_fifth(swept: SweepResult) -> Effect:
    """The share of the buyers of a year, visited weekly, who buy before the fifth visit."""
    series = swept.series()
    series = series[(series[ROW] == WEEKLY) & series["replicate"].isin(swept.draws.index)]
    by = series.pivot(index="replicate", columns="day", values="focal_sold")
    days = [day for day in by if day <= BEFORE_FIFTH]
    early = by[max(days)] if days else pd.Series(dtype=float)
    year = swept.arms(YEAR, ROW)[WEEKLY]
    return Effect("before the fifth visit", by_draw(swept, (early / year.where(year > 0)).dropna()))
