"""Showing up: the same time in conversations on many days, or all on one day, and when the first sale comes."""

from __future__ import annotations

from functools import partial

import pandas as pd

from experiments.analysis.verdicts import Ruling, Verdict
from experiments.essay.findings import ClaimFinding, FigureSpec, Sweeps
from experiments.essay.findings.effects import (
    DOTS,
    Effect,
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

CADENCE, YEAR = "inject.every_days", "focal_sold_365"
BURST, WEEKLY = 0, 7
BEFORE_FIFTH = 27  # day of the run: the fifth weekly visit is on day 28
NAMES = {0: "all on one day", 1: "daily", 7: "weekly", 14: "every two weeks"}


def finding(sweeps: Sweeps) -> ClaimFinding:
    """How many more people buy within a year if 24 conversations are spread out, and how many before the fifth visit."""
    swept = sweeps["showing_up"]
    arms, least = swept.arms(YEAR, CADENCE), swept.verdict.least(YEAR)
    effects = {
        cadence: gain(swept, _name(cadence), arms[cadence], arms[BURST], least) for cadence in arms if cadence != BURST
    }
    weekly, once = level(swept, _name(WEEKLY), arms[WEEKLY]).mean, level(swept, _name(BURST), arms[BURST]).mean
    early, more = before_fifth(swept), effects[WEEKLY]
    verdict = judge(swept, more)
    levels = [_of_hundred(level(swept, _name(cadence), arms[cadence])) for cadence in arms]
    return ClaimFinding(
        ruling=Ruling(
            Verdict.BY_CONSTRUCTION,
            "a rule says that the chance of a sale grows with the square of the tie's strength, and spaced contacts are forgotten more slowly",
        ),
        effect=(
            f"Of 100 strangers who are visited weekly, {100 * weekly.value:.0f} buy within a year, and {100 * early.mean.value:.0f} of 100 buyers do so before "
            f"the fifth visit. With all visits on one day, {100 * once.value:.0f} buy. The difference is {100 * more.mean.value:.0f} ({100 * more.mean.low:.0f} … "
            f"{100 * more.mean.high:.0f}). At least {100 * least:g} of 100 more buy in {share(verdict.share)} of the plausible worlds. "
            f"{hanging_on(swept, more)} Nobody has measured how sales depend on strength."
        ),
        pictures=(
            FigureSpec(
                "showing_up",
                Words(
                    f"Of 100 strangers, {100 * weekly.value:.0f} buy within a year if visited weekly, {100 * once.value:.0f} if visited\n"
                    f"as long on one day; {100 * early.mean.value:.0f} of 100 buyers buy before the fifth visit",
                    f"24 conversations of half an hour with a stranger from the industry, all on one day or spread out.\n{DOTS}",
                    f"{setting_of(swept)}\nThat the chance of a sale grows with the square of a tie's strength is an assumption.",
                ),
                pd.concat(
                    [
                        plotted("buyers within a year, of 100", swept, levels),
                        plotted("more than on one day", swept, [_of_hundred(one) for one in effects.values()]),
                    ],
                    ignore_index=True,
                ),
                partial(draw_ranges, unit="people", digits=0),
            ),
        ),
        tables={
            "Buyers within a year, spread out less all on one day (1 is everyone)": table_of(swept, list(effects.values()), first="spacing", digits=3),
        },
        checked=("showing_up",),
    )  # fmt: skip


def before_fifth(swept: SweepResult) -> Effect:
    """The share of the buyers of a year, visited weekly, who buy before the fifth visit."""
    series = swept.series()
    series = series[(series[CADENCE] == WEEKLY) & series["replicate"].isin(swept.draws.index)]
    by = series.pivot(index="replicate", columns="day", values="focal_sold")
    days = [day for day in by if day <= BEFORE_FIFTH]
    early = by[max(days)] if days else pd.Series(dtype=float)
    year = swept.arms(YEAR, CADENCE)[WEEKLY]
    return Effect("before the fifth visit", by_draw(swept, (early / year.where(year > 0)).dropna()))


def _name(cadence: float) -> str:
    return NAMES.get(int(cadence), f"every {cadence:g} days")


def _of_hundred(effect: Effect) -> Effect:
    return Effect(effect.label, effect.values * 100, effect.least * 100)
