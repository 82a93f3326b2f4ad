"""Almost no effort, but it seems monumental: what people fear, and what changes if they know how welcome they are."""

from __future__ import annotations

from functools import partial
from math import exp

import pandas as pd

from experiments.analysis.verdicts import Ruling, Verdict
from experiments.essay.findings import ClaimFinding, FigureSpec, Sweeps
from experiments.essay.findings.effects import (
    DOTS,
    MainEffect,
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

BELIEVED, KNOWN = "as people believe", "as they are welcome"
OUTCOMES = {"everyone_reconnected": "old ties that come back", "everyone_new_ties": "new ties"}


def finding(sweeps: Sweeps) -> ClaimFinding:
    """How many more old ties come back in a year if people know how welcome they are."""
    swept = sweeps["knowing_welcome"]
    arms = {measure: swept.arms(measure, "row") for measure in OUTCOMES}
    effects = [
        gain(swept, title, arms[measure][KNOWN], arms[measure][BELIEVED], swept.verdict.least(measure))
        for measure, title in OUTCOMES.items()
    ]
    old, verdict = effects[0], judge(swept, effects[0])
    usual = level(swept, BELIEVED, arms["everyone_reconnected"][BELIEVED]).mean
    times = (usual.value + old.mean.value) / usual.value if usual.value else float("nan")
    data = pd.concat(
        [
            plotted(
                title,
                swept,
                [level(swept, row, arms[measure][row]) for row in (BELIEVED, KNOWN)],
            )
            for measure, title in OUTCOMES.items()
        ],
        ignore_index=True,
    )
    return ClaimFinding(
        ruling=Ruling(Verdict.BY_CONSTRUCTION, "a rule says that people believe in only a part of their welcome, and write less the less they believe"),
        effect=(
            f"If people knew how welcome they are, {old.mean.value:.1f} ({old.mean.low:.1f} … {old.mean.high:.1f}) more old ties per person would come back "
            f"in a year of ordinary life, beside {usual.value:.1f} now: {times:.1f} times as many. At least {old.least:g} more come back in "
            f"{share(verdict.share)} of the plausible worlds. {hanging_on(swept, old)}"
        ),
        main=MainEffect("knowing_welcome", old),
        pictures=(
            FigureSpec(
                "barrier",
                Words(
                    f"If people knew how welcome they are, {times:.1f} times as many\nold friends would come back",
                    f"A year of ordinary life, without any strategy; the same worlds with either belief.\n{DOTS}",
                    f"{setting_of(swept)}\nPeople believe in 40% to 80% of their welcome; this was measured among strangers and for requests.",
                ),
                data,
                partial(draw_ranges, unit="per person and year", digits=1),
            ),
        ),
        tables={
            "Knowing one's welcome less believing as people do, per person and year": table_of(swept, effects, first="outcome"),
            "What a gesture takes, and what people fear of it, at the default numbers": _costs(swept),
        },
        checked=("knowing_welcome",),
    )  # fmt: skip


def _costs(swept: SweepResult) -> pd.DataFrame:
    """The minutes of each gesture, and how much its perceived risk divides the odds that somebody dares it."""
    parameters = swept.experiment.parameters
    risks = {
        (rung.rpartition("_")[0], rung.rpartition("_")[2]): risk
        for rung, risk in parameters.ladders.model_dump().items()
    }
    own = {("", kind): row.felt_risk for kind, row in parameters.gestures.items() if row.felt_risk}
    rows = []
    for (where, kind), risk in {**risks, **own}.items():
        minutes = parameters.gestures[kind].minutes
        rows.append(
            {
                "gesture": f"{kind}, {where.replace('_', ' ')}" if where else kind,
                "minutes": f"{minutes:g}",
                "odds that people dare, divided by": f"{exp(risk):.1f}",
            }
        )
    return pd.DataFrame(rows)
