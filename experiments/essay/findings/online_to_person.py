"""Online and offline: how many reconnections begin in the feed and go on to words in person."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pandas as pd

from experiments.analysis.verdicts import Ruling, Verdict
from experiments.essay.findings import ClaimFinding, FigureSpec, Sweeps
from experiments.essay.findings.effects import (
    DOTS,
    Effect,
    MainEffect,
    gain,
    hanging_on,
    level,
    plotted,
    setting_of,
    table_of,
)
from experiments.figures.page import Words
from experiments.figures.ranges import draw_ranges
from experiments.sweeps.sweep_result import SweepResult

WAIT, ENGAGE = "wait", "engage_regularly"
CHAIN = {
    "reconnected": "old ties that came back",
    "began_in_feed": "of these, begun in the feed",
    "feed_to_person": "of these, with words in person, too",
}
JUDGED = "everyone_feed_to_person"


def finding(sweeps: Sweeps) -> ClaimFinding:
    """The chain from the feed to words in person: in ordinary life, and for people who engage on social media."""
    swept = sweeps["strategies_draws"]
    days = swept.experiment.run.days
    ordinary = {of: level(swept, title, swept.arms(f"everyone_{of}", "strategy")[WAIT]) for of, title in CHAIN.items()}
    engaged = {of: level(swept, title, swept.arms(of, "strategy")[ENGAGE]) for of, title in CHAIN.items()}
    arms = swept.arms(JUDGED, "strategy")
    chain = gain(swept, "from the feed to words in person", arms[WAIT], 0 * arms[WAIT], swept.verdict.least(JUDGED))
    back, begun, met = (one.mean for one in ordinary.values())
    own = swept.arms("feed_to_person", "strategy")
    engaging = gain(
        swept, "engaging regularly, beyond waiting", own[ENGAGE], own[WAIT], swept.verdict.least("feed_to_person")
    )
    return ClaimFinding(
        ruling=Ruling(
            Verdict.BY_CONSTRUCTION,
            "rules say that the feed brings old ties to mind and that people meet those they know, so that some do both",
        ),
        effect=(
            f"Of 100 old ties that come back in ordinary life, {_of_hundred(begun.value, back.value)} begin in the feed, and {_of_hundred(met.value, back.value)} of the "
            f"100 also have words in person after that, whether or not the feed led to these. Somebody who engages regularly on social media gains {engaging.mean.value:.1f} such ties in "
            f"{days:,} days beyond waiting. {hanging_on(swept, chain)}"
        ),
        main=MainEffect("strategies_draws", chain, 1, 2),
        pictures=(
            FigureSpec(
                "online_to_person",
                Words(
                    f"Of 100 old ties that come back, {_of_hundred(begun.value, back.value)} begin in the feed,\n"
                    f"and {_of_hundred(met.value, back.value)} of these also have words in person afterwards",
                    f"Old ties that came back in {days:,} days: everyone in ordinary life, and people who engage regularly.\n{DOTS}",
                    setting_of(swept),
                ),
                _data(swept, ordinary, engaged),
                partial(draw_ranges, unit="ties per person", digits=1),
            ),
        ),
        tables={"Ties per person from the feed to words in person": table_of(swept, [chain, engaging], first="who", digits=2)},
        checked=("strategies_draws",),
    )  # fmt: skip


def _data(swept: SweepResult, ordinary: Mapping[str, Effect], engaged: Mapping[str, Effect]) -> pd.DataFrame:
    return pd.concat(
        [
            plotted("ordinary life", swept, list(ordinary.values())),
            plotted("engaging regularly", swept, list(engaged.values())),
        ],
        ignore_index=True,
    )


def _of_hundred(part: float, whole: float) -> str:
    return f"{100 * part / whole:.0f}" if whole > 0 else "–"
