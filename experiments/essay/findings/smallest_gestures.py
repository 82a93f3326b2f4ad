"""Any smallest initiation: does each kind of small gesture, online or in person, make the other one write?"""

from __future__ import annotations

from functools import partial

import pandas as pd

from experiments.analysis.verdicts import Verdict
from experiments.essay.findings import ClaimFinding, FigureSpec, Sweeps
from experiments.essay.findings.effects import (
    DOTS,
    Effect,
    MainEffect,
    gain,
    hanging_on,
    judge,
    plotted,
    setting_of,
    table_of,
    thousand,
    together,
)
from experiments.figures.page import Words
from experiments.figures.ranges import draw_ranges

NOTHING, MESSAGE = "nothing", "message"
OUTCOMES = {"focal_answered": "the other writes", "focal_reconnected": "the two talk again"}


def finding(sweeps: Sweeps) -> ClaimFinding:
    """How many more people write within 60 days after each gesture than after nothing."""
    swept = sweeps["smallest_gestures"]
    effects = {}
    for measure in OUTCOMES:
        arms = swept.arms(measure, "row")
        least = swept.verdict.least(measure)
        effects[measure] = [gain(swept, row, arms[row], arms[NOTHING], least) for row in arms if row != NOTHING]
    answered = sorted(effects["focal_answered"], key=lambda one: -one.mean.value)
    judged = {one.label: judge(swept, one) for one in answered if one.label != MESSAGE}
    most, fewest = answered[0], answered[-1]
    opening = [name for name, one in judged.items() if one.word is Verdict.HOLDS]
    opened = (
        f"In nine of ten plausible worlds, at least {thousand(most.least)} of 1,000 more write after these: {'; '.join(opening)}. "
        if opening
        else ""
    )
    rows = pd.concat(
        [
            plotted(f"{title}, of 1,000", swept, [one.times(1000) for one in _in_order(effects[measure], answered)])
            for measure, title in OUTCOMES.items()
        ],
        ignore_index=True,
    )
    return ClaimFinding(
        ruling=together(judged),
        effect=(
            f"After one {most.label}, {thousand(most.mean.value)} more of 1,000 people who had been silent write within 60 days than after "
            f"nothing; after one {fewest.label}, {thousand(fewest.mean.value)} more. {opened}{hanging_on(swept, most, len(answered))} A like, a smile and a "
            "hello can only open a door. Other gestures are also answered in words, and how often is drawn for each. So the order says how these "
            "ranges were chosen as much as how people are."
        ),
        main=MainEffect("smallest_gestures", most, len(answered), 3),
        pictures=(
            FigureSpec(
                "smallest_gestures",
                Words(
                    f"After one {most.label}, {thousand(most.mean.value)} more of 1,000 silent friends write within 60 days;\n"
                    f"after one {fewest.label}, {thousand(fewest.mean.value)} more",
                    f"One gesture to a friend who has gone silent, compared with nothing to the same friend.\n{DOTS}",
                    f"{setting_of(swept)}\nDashed: the smallest effect of interest; behind the number, the share of draws that reach it.",
                ),
                rows,
                partial(draw_ranges, unit="more than after nothing, of 1,000 ties", digits=0),
            ),
        ),
        tables={
            f"{title.capitalize()} within 60 days, one gesture less nothing": table_of(
                swept, _in_order(effects[measure], answered), first="gesture", digits=3
            )
            for measure, title in OUTCOMES.items()
        },
        checked=("smallest_gestures",),
    )  # fmt: skip


def _in_order(effects: list[Effect], order: list[Effect]) -> list[Effect]:
    places = [one.label for one in order]
    return sorted(effects, key=lambda one: places.index(one.label))
