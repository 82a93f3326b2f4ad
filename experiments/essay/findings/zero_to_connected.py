"""Does an hour a week make a newcomer the most connected person in the industry?"""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from experiments.analysis.compare import RESAMPLES, ends_of_interval, resampled_counts
from experiments.analysis.verdicts import Estimate, Ruling, Verdict, mean, ruled_by_limit
from experiments.essay.findings import ClaimFinding, FigureSpec, Sweeps, row_of, setting
from experiments.figures.page import Words
from experiments.figures.zero_to_connected import draw
from experiments.sweeps.sweep_result import SweepResult
from experiments.terminal.legend import PLAIN, Legend

WAIT = "wait"


def finding(sweeps: Sweeps) -> ClaimFinding:
    """The rank of newcomers in their industry after three years.

    The verdict uses the rank by active ties. The rank by people within two steps is reported too.
    """
    swept = sweeps["zero_to_connected"]
    thresholds, label = swept.verdict, swept.legend.label
    assert thresholds.most is not None
    ranks, by_steps = _ranks(swept, "industry_rank"), _ranks(swept, "industry_rank_two_steps")
    rulings, by_steps_rulings = (
        {
            name: ruled_by_limit(one, thresholds.most, worlds=thresholds.worlds)
            for name, one in some.items()
            if name != WAIT
        }
        for some in (ranks, by_steps)
    )
    otherwise = [
        label(name) for name, ruling in rulings.items() if ruling.verdict is not by_steps_rulings[name].verdict
    ]
    best, best_by_steps = _furthest(ranks), _furthest(by_steps)
    people = swept.experiment.world.people // swept.experiment.world.parameters.industries
    return ClaimFinding(
        ruling=_together(rulings, swept.legend),
        effect=(
            f"After three years of an hour a week with “{label(best)}”, a newcomer who knew nobody has rank "
            f"{ranks[best].value:.0f} ({ranks[best].low:.0f} … {ranks[best].high:.0f}) by active ties among about {people} people of "
            f"the industry. With waiting, the rank is {ranks[WAIT].value:.0f}. Here “most connected” means rank {thresholds.most:g} or "
            f"better. By people within two steps over active ties, “{label(best_by_steps)}” reaches the best rank, "
            f"{by_steps[best_by_steps].value:.0f} ({by_steps[best_by_steps].low:.0f} … {by_steps[best_by_steps].high:.0f}). By that "
            f"measure, the verdict would differ for {' and '.join(otherwise) or 'no strategy'}. Intervals are 95% intervals over worlds."
        ),
        pictures=(
            FigureSpec(
                "zero_to_connected",
                _words(swept, ranks, best, people),
                _over_time(swept),
                partial(draw, legend=swept.legend),
            ),
        ),
        tables={
            "Rank after three years, by active ties": _rows(ranks, swept),
            "Rank after three years, by people within two steps": _rows(by_steps, swept),
        },
        checked=("zero_to_connected",),
    )


def _ranks(swept: SweepResult, measure: str) -> dict[str, Estimate]:
    arms = swept.arms(measure, "strategy")
    return {name: mean(arms[name].to_numpy()) for name in arms}


def _furthest(ranks: dict[str, Estimate]) -> str:
    """The strategy with the best rank, apart from waiting."""
    return min((name for name in ranks if name != WAIT), key=lambda name: ranks[name].value)


def _rows(ranks: dict[str, Estimate], swept: SweepResult) -> pd.DataFrame:
    return pd.DataFrame([row_of(one, strategy=swept.legend.label(name)) for name, one in ranks.items()]).sort_values(
        "value"
    )


def _together(rulings: dict[str, Ruling], legend: Legend = PLAIN) -> Ruling:
    there = [legend.label(name) for name, ruling in rulings.items() if ruling.verdict is Verdict.HOLDS]
    absent = [legend.label(name) for name, ruling in rulings.items() if ruling.verdict is Verdict.FAILS]
    if len(absent) == len(rulings):
        return Ruling(Verdict.FAILS)
    if not there:
        return Ruling(Verdict.UNDECIDED)
    if len(there) == len(rulings):
        return Ruling(Verdict.HOLDS)
    open_still = [legend.label(name) for name, ruling in rulings.items() if ruling.verdict is Verdict.UNDECIDED]
    unclear = f"; unclear with {' or '.join(open_still)}" if open_still else ""
    return Ruling(Verdict.DEPENDS, f"holds with {' and '.join(there)}; fails with {' and '.join(absent)}{unclear}")


def _over_time(swept: SweepResult) -> pd.DataFrame:
    series = swept.series()
    rows = []
    for (name, day), there in series.groupby(["strategy", "day"], sort=False):
        values = there["industry_rank"].to_numpy(float)
        counts = resampled_counts(len(values), RESAMPLES // 5)
        low, high = np.quantile(counts @ values / len(values), ends_of_interval(len(values)))
        rows.append({"strategy": name, "day": int(day), "value": values.mean(), "low": low, "high": high})
    return pd.DataFrame(rows)


def _words(swept: SweepResult, ranks: dict[str, Estimate], best: str, people: int) -> Words:
    rank = ranks[best]
    title = (
        f"From zero to rank {rank.value:.0f} of {people} in three years:\n“{swept.legend.label(best)}” takes a newcomer furthest"
        if rank.value > 1.5
        else f"From zero to the most connected of {people} in three years:\n“{swept.legend.label(best)}” takes a newcomer to the top"
    )
    return Words(
        title,
        "A newcomer's rank in the industry by active ties (1 is the best connected); an hour a week, one line per strategy;\n"
        f"bands: 95% intervals over {swept.runs['replicate'].nunique()} worlds.",
        f"{setting(swept)} {swept.experiment.world.newcomers} newcomers join each world.",
    )
