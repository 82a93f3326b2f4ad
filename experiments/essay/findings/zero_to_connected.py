"""From zero to the most connected person in the industry: the rank of newcomers after three years."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd

from experiments.analysis.plausible import Judged, chance_best
from experiments.analysis.verdicts import Estimate
from experiments.essay.findings import ClaimFinding, FigureSpec, Sweeps
from experiments.essay.findings.effects import (
    DOTS,
    Effect,
    MainEffect,
    best_of,
    hanging_on,
    interval,
    judge,
    level,
    listed,
    lowest_elsewhere,
    named,
    plotted,
    setting_of,
    share,
    together,
)
from experiments.figures.page import Words
from experiments.figures.ranges import draw_ranges
from experiments.sweeps.sweep_result import SweepResult

WAIT = "wait"
RANKS = {"industry_rank": "rank by ties in touch", "industry_rank_two_steps": "rank by people within two steps"}


def finding(sweeps: Sweeps) -> ClaimFinding:
    """Which strategies take newcomers to the top of their industry in three years."""
    swept = sweeps["zero_to_connected"]
    label, most = swept.legend.label, swept.verdict.most
    assert most is not None
    ranks = {measure: _levels(swept, measure) for measure in RANKS}
    mine = sorted(ranks["industry_rank"], key=lambda one: one.mean.value)
    by_name = {one.label: one for one in mine}
    reaching = {name: Effect(name, most - one.values, 0.0) for name, one in by_name.items() if name != WAIT}
    judged = {label(name): judge(swept, one) for name, one in reaching.items()}
    furthest = lowest_elsewhere("the best", [one for one in mine if one.label != WAIT])
    reached = judge(swept, Effect(furthest.label, most - furthest.values, 0.0))
    best = chance_best({name: -one.values for name, one in by_name.items()})
    first, wait = mine[0], by_name[WAIT]
    people = swept.experiment.world.people // swept.experiment.world.parameters.industries
    order = [one.label for one in mine]
    rows = [
        plotted(title, swept, sorted(ranks[of], key=lambda one: order.index(one.label))) for of, title in RANKS.items()
    ]
    return ClaimFinding(
        ruling=together({furthest.label: reached}),
        effect=(
            f"After three years of an hour a week with “{label(first.label)}”, somebody who knew nobody has rank {first.mean.value:.0f} "
            f"({first.mean.low:.0f} … {first.mean.high:.0f}) of about {people} people of the industry by ties in touch; with waiting, {wait.mean.value:.0f}. "
            f"“{label(first.label)}” takes newcomers furthest in {share(best[first.label])} of the plausible worlds"
            f"{best_of(best, first.label, label)}. "
            f"Here “most connected” means rank {most:g} or better. {hanging_on(swept, first)} "
            f"With whichever strategy is best in another world of the same draw, the rank is {furthest.mean.value:.0f} "
            f"({furthest.mean.low:.0f} … {furthest.mean.high:.0f}), and {most:g} or better in {share(reached.share)} of the plausible worlds."
        ),
        main=MainEffect("zero_to_connected", first),
        pictures=(
            FigureSpec(
                "zero_to_connected",
                Words(
                    f"From zero to rank {first.mean.value:.0f} of {people} in three years with “{label(first.label)}”;\n"
                    f"waiting leads to rank {wait.mean.value:.0f}",
                    f"Rank in the industry of somebody who knew nobody (1 is the best connected); an hour a week.\n{DOTS}",
                    f"{setting_of(swept)}\n{swept.experiment.world.newcomers} newcomers join each world.",
                ),
                pd.concat(rows, ignore_index=True),
                partial(draw_ranges, unit="rank in the industry", digits=0, legend=swept.legend),
            ),
        ),
        tables={
            f"Rank after three years (1 is the best of about {people})": _table(swept, ranks, judged, best, most),
            f"Strategies that reach rank {most:g}, in words": pd.DataFrame(
                [{"strategy": name, "verdict": one.sentence} for name, one in judged.items()]
            ),
        },
        checked=("zero_to_connected",),
    )  # fmt: skip


def _levels(swept: SweepResult, measure: str) -> list[Effect]:
    arms = swept.arms(measure, "strategy")
    return [level(swept, str(name), arms[name]) for name in arms]


def _table(
    swept: SweepResult,
    ranks: Mapping[str, Sequence[Effect]],
    judged: Mapping[str, Judged],
    best: Mapping[str, Estimate],
    most: float,
) -> pd.DataFrame:
    label = swept.legend.label
    steps = {one.label: one for one in ranks["industry_rank_two_steps"]}
    ties = {one.label: one for one in _levels(swept, "active_ties")}
    rows = []
    for one in sorted(ranks["industry_rank"], key=lambda one: one.mean.value):
        verdict = judged.get(label(one.label))
        rows.append(
            {
                "strategy": label(one.label),
                "rank by ties in touch": _rank(one),
                "rank by people within two steps": _rank(steps[one.label]),
                "ties in touch": interval(ties[one.label].mean).lstrip("+"),
                f"rank {most:g} or better": "–" if verdict is None else share(verdict.share),
                "furthest of all": share(best[one.label]),
                "hangs on": listed([f"`{name}`" for name in named(swept, one, len(judged) + 1)] or ["none found"]),
            }
        )
    return pd.DataFrame(rows)


def _rank(effect: Effect) -> str:
    low, high = effect.range
    return f"{effect.mean.value:.0f} ({low:.0f} to {high:.0f})"
