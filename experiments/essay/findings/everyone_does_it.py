"""What if everyone follows the advice? Attention is finite."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from experiments.analysis.verdicts import Estimate, Ruling, Verdict, difference, ratio, ruled_by_ratio
from experiments.essay.findings import ClaimFinding, FigureSpec, Sweeps, row_of, setting
from experiments.figures.everyone_does_it import draw
from experiments.figures.page import Words
from experiments.sweeps.sweep_result import SweepResult

ADOPTERS, WAIT = "run.adopters", "wait"


def finding(sweeps: Sweeps) -> ClaimFinding:
    """The gain per adopter if few adopt, over the gain if everyone does: does the advice keep its value?"""
    swept, thresholds = sweeps["everyone_does_it"], sweeps["everyone_does_it"].verdict
    arms = swept.arms("reconnected", [ADOPTERS, "strategy"])
    shares = sorted(arms.columns.get_level_values(0).unique())
    names = [name for name in arms.columns.get_level_values(1).unique() if name != WAIT]
    gains = {(share, name): (arms[share, name] - arms[share, WAIT]).to_numpy() for share in shares for name in names}
    kept = {name: ratio(gains[shares[-1], name], gains[shares[0], name]) for name in names}
    # Few over all: above 1, the advice loses value as others follow it.
    lost = {swept.legend.label(name): ratio(gains[shares[0], name], gains[shares[-1], name]) for name in names}
    rows = pd.DataFrame(
        [
            row_of(difference(values, np.zeros(len(values))), strategy=name, share=share)
            for (share, name), values in gains.items()
        ]
    )
    return ClaimFinding(
        ruling=_turned(ruled_by_ratio(lost, margin=thresholds.margin, worlds=thresholds.worlds)),
        effect=_effect(kept, shares, swept),
        pictures=(FigureSpec("everyone_does_it", _words(swept, kept), rows, partial(draw, legend=swept.legend)),),
        tables={
            "Ties per adopter that came back in a year, beyond waiting": rows.assign(
                strategy=rows["strategy"].map(swept.legend.label)
            ),
            "Ratio of the gain if everyone adopts to the gain if few do": pd.DataFrame(
                [row_of(one, strategy=swept.legend.label(name)) for name, one in kept.items()]
            ),
        },
        checked=("everyone_does_it",),
    )


def _turned(loss: Ruling) -> Ruling:
    """The claim holds where there is no loss, and the reverse."""
    words = {Verdict.HOLDS: Verdict.FAILS, Verdict.FAILS: Verdict.HOLDS}
    on = loss.on.replace("no effect with", "value kept with").replace("effect with", "value lost with")
    return Ruling(words.get(loss.verdict, loss.verdict), on)


def _effect(kept: dict[str, Estimate], shares: list[float], swept: SweepResult) -> str:
    gains = "; ".join(f"{one} times as much with {swept.legend.label(name)}" for name, one in kept.items())
    return (
        f"If everyone follows the advice, compared with {shares[0]:.1%} of the people, an adopter gains {gains} (95% intervals over "
        "worlds). A tie that comes back counts for both people, so if both adopt, each also gains from the other's effort."
    )


def _words(swept: SweepResult, kept: dict[str, Estimate]) -> Words:
    name, most = max(kept.items(), key=lambda item: abs(np.log(max(item[1].value, 1e-9))))
    if most.high < 1:
        title = f"If everyone does it, it is worth less: “{swept.legend.label(name)}” keeps\n{most.value:.0%} of its gain per person"
    elif most.low > 1:
        title = f"If everyone does it, it is worth more: “{swept.legend.label(name)}” gains\n{most.value:.2f} times as much per person"
    else:
        title = "If everyone does it, it is worth\nas much per person as if few do"
    return Words(
        title,
        "Ties per adopter that came back in a year, beyond waiting, by the share of people who follow the advice\n"
        f"for an hour a week: mean and 95% interval over {swept.runs['replicate'].nunique()} worlds.",
        f"{setting(swept)} If both people of a tie adopt, either can bring it back.",
    )
