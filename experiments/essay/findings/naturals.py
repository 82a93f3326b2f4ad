"""Naturals initiate: do people who begin easily end up better connected?"""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from experiments.essay.findings import ClaimFinding, FigureSpec, Sweeps
from experiments.essay.findings.effects import (
    DOTS,
    Effect,
    MainEffect,
    by_draw,
    gain,
    hanging_on,
    interval,
    judge,
    level,
    plotted,
    setting_of,
    table_of,
    together,
)
from experiments.figures.page import Words
from experiments.figures.ranges import draw_ranges
from experiments.sweeps.sweep_result import SweepResult

RETICENCE, BOLD, HESITANT = "run.reticence", "low", "high"
OUTCOMES = {
    "initiated": "gestures begun",
    "active_ties": "ties in touch at the end",
    "reconnected": "old ties that came back",
    "new_ties": "new ties",
}
HEADLINE = "active_ties"
CLASSES = 10  # of people who do about equally much


def finding(sweeps: Sweeps) -> ClaimFinding:
    """How many more ties the boldest third has after two years than the most hesitant third, at equal sociability."""
    swept = sweeps["naturals"]
    arms = {measure: swept.arms(measure, RETICENCE) for measure in OUTCOMES}
    effects = {
        measure: gain(swept, title, arms[measure][BOLD], arms[measure][HESITANT], swept.verdict.least(measure))
        for measure, title in OUTCOMES.items()
    }
    ties, begun, usual = (
        effects[HEADLINE],
        effects["initiated"],
        level(swept, "hesitant", arms[HEADLINE][HESITANT]).mean,
    )
    busy = at_equal_activity(swept)
    verdict = judge(swept, ties)
    data = pd.concat(
        [
            plotted(
                OUTCOMES[measure],
                swept,
                [
                    level(swept, "most hesitant third", arms[measure][HESITANT]),
                    level(swept, "boldest third", arms[measure][BOLD]),
                ],
            )
            for measure in ("initiated", HEADLINE)
        ],
        ignore_index=True,
    )
    return ClaimFinding(
        ruling=together({"bold people": verdict, "people who begin more of equally many gestures": judge(swept, busy)}),
        effect=(
            f"Of people who think of others equally often, the boldest third begins {begun.mean.value:.0f} more gestures in two years than the most "
            f"hesitant third, and is then in touch with {ties.mean.value:.1f} ({ties.mean.low:.1f} … {ties.mean.high:.1f}) more people, beside "
            f"{usual.value:.1f}. {hanging_on(swept, ties, len(effects))} A rule puts it in that bold people begin more, and an answered beginning "
            "is contact, so most of this is by construction. At equal activity the answer is another one: of "
            f"people who send about equally many gestures, the half that begins more of them has {interval(busy.mean).lstrip('+')} ties more than the half that answers more."
        ),
        main=MainEffect("naturals", ties, len(effects)),
        pictures=(
            FigureSpec(
                "naturals",
                Words(
                    f"People who begin easily are in touch with {ties.mean.value:.1f} more people\nthan those who find it hard, after two years",
                    f"Two years of ordinary life of people with equal sociability, by how much strangeness deters them.\n{DOTS}",
                    setting_of(swept),
                ),
                data,
                partial(draw_ranges, unit="per person", digits=1),
            ),
        ),
        tables={
            "The boldest third less the most hesitant third, per person in two years": table_of(swept, list(effects.values()), first="outcome"),
            "Of people who send equally many gestures: those who begin more of them less the others": table_of(swept, [busy], first="outcome"),
        },
        checked=("naturals",),
    )  # fmt: skip


def at_equal_activity(swept: SweepResult) -> Effect:
    """Ties in touch of people who begin more of what they send, less those of people who answer more of it.

    In each world, people are in tenths by how much they send, and each tenth is split at its median share of gestures
    that answer no other one. The halves of a tenth still differ in how much they send. So the difference is that of an
    analysis of covariance: ties by half, tenth, gestures sent and their logarithm.
    """
    people = swept.people()
    people = people[(people[RETICENCE] == BOLD) & people["replicate"].isin(swept.draws.index) & (people["sent"] > 0)]
    share, world = people["initiated"] / people["sent"], people["replicate"]
    tenth = people.groupby("replicate")["sent"].transform(
        lambda sent: pd.qcut(sent.rank(method="first"), CLASSES, labels=False)
    )
    begins = (share > share.groupby([world, tenth]).transform("median")).astype(float)
    columns = pd.DataFrame(
        {"begins": begins, "sent": people["sent"], "log": np.log(people["sent"]), "ties": people[HEADLINE]}
    )
    within = columns - columns.groupby([world, tenth]).transform("mean")
    more = pd.Series({one: _first_slope(of) for one, of in within.groupby(world)}, dtype=float)
    return Effect(OUTCOMES[HEADLINE], by_draw(swept, more.reindex(swept.draws.index)), swept.verdict.least(HEADLINE))


def _first_slope(columns: pd.DataFrame) -> float:
    """The least-squares slope of the last column on the first, beside those on the others; nan if the first is 0."""
    *causes, outcome = columns.to_numpy(float).T
    return float(np.linalg.lstsq(np.column_stack(causes), outcome)[0][0]) if causes[0].any() else float("nan")
