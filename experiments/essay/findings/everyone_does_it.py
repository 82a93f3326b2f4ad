"""What if all follow the advice? Attention is finite."""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiments.analysis.verdicts import Estimate, Ruling, Word, difference, ratio, ruled_by_ratio
from experiments.essay.findings import Finding, Picture, Sweeps, plain, row_of, setting
from experiments.figures.everyone_does_it import draw
from experiments.figures.page import Words
from experiments.sweeps.sweep_result import SweepResult

ADOPTERS, WAIT = "run.adopters", "wait"


def finding(sweeps: Sweeps) -> Finding:
    """Gain per adopter where few adopt, over the gain where all do: does the advice keep its worth?"""
    swept, asked = sweeps["everyone_does_it"], sweeps["everyone_does_it"].verdict
    arms = swept.arms("reconnected", [ADOPTERS, "strategy"])
    shares = sorted(arms.columns.get_level_values(0).unique())
    names = [name for name in arms.columns.get_level_values(1).unique() if name != WAIT]
    gains = {(share, name): (arms[share, name] - arms[share, WAIT]).to_numpy() for share in shares for name in names}
    kept = {name: ratio(gains[shares[-1], name], gains[shares[0], name]) for name in names}
    # Few over all: where that is more than 1, the advice loses its worth as others follow it.
    lost = {plain(name): ratio(gains[shares[0], name], gains[shares[-1], name]) for name in names}
    rows = pd.DataFrame(
        [
            row_of(difference(values, np.zeros(len(values))), strategy=name, share=share)
            for (share, name), values in gains.items()
        ]
    )
    return Finding(
        ruling=_turned(ruled_by_ratio(lost, margin=asked.margin, worlds=asked.worlds)),
        effect=_effect(kept, shares),
        pictures=(Picture("everyone_does_it", _words(swept, kept), rows, draw),),
        tables={
            "Ties that came back per adopter in a year, more than by waiting": rows.assign(
                strategy=rows["strategy"].map(plain)
            ),
            "Gain where all adopt over the gain where few do": pd.DataFrame(
                [row_of(one, strategy=plain(name)) for name, one in kept.items()]
            ),
        },
        checked=("everyone_does_it",),
    )


def _turned(loss: Ruling) -> Ruling:
    """The sentence is supported where no loss is, and the other way round."""
    words = {Word.SUPPORTED: Word.NOT_SUPPORTED, Word.NOT_SUPPORTED: Word.SUPPORTED}
    on = loss.on.replace("there with", "lost with").replace("not with", "kept with")
    return Ruling(words.get(loss.word, loss.word), on)


def _effect(kept: dict[str, Estimate], shares: list[float]) -> str:
    said = "; ".join(f"{one} times with {plain(name)}" for name, one in kept.items())
    return f"Where everybody follows the advice an adopter gains, beside where {shares[0]:.1%} of the people do: {said}. A tie that comes back counts for both of its people, so where both adopt each gains from the other's effort, too."


def _words(swept: SweepResult, kept: dict[str, Estimate]) -> Words:
    name, most = max(kept.items(), key=lambda item: abs(np.log(max(item[1].value, 1e-9))))
    if most.high < 1:
        title = (
            f"When everybody does it, it is worth less: “{plain(name)}” keeps\n{most.value:.0%} of its gain per person"
        )
    elif most.low > 1:
        title = f"When everybody does it, it is worth more: “{plain(name)}” gains\n{most.value:.2f} times as much per person"
    else:
        title = "When everybody does it, it is worth\nas much per person as when few do"
    return Words(
        title,
        "Ties per adopter that came back in a year, more than by waiting, by the share of people who follow the advice;\n"
        f"an hour a week, mean and 95 % interval over {swept.runs['replicate'].nunique()} worlds.",
        f"{setting(swept)} Where both of a tie adopt, either may bring it back.",
    )
