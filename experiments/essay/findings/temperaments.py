"""Does the advice work for extroverts and introverts alike?"""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from experiments.analysis.verdicts import difference, ratio, ruled_by_family
from experiments.essay.findings import ClaimFinding, FigureSpec, Sweeps, row_of, setting
from experiments.figures.page import Words
from experiments.figures.temperaments import draw
from experiments.sweeps.sweep_result import SweepResult

SOCIABILITY, RETICENCE = "run.sociability", "run.reticence"
WAIT = "wait"
_SOCIABLE = {"low": "quiet", "high": "outgoing"}
_HESITANT = {"low": "bold", "high": "hesitant"}


def finding(sweeps: Sweeps) -> ClaimFinding:
    """Reconnections in a year beyond waiting for four temperaments, each of which must gain from each strategy."""
    swept, thresholds = sweeps["temperaments"], sweeps["temperaments"].verdict
    arms = swept.arms("reconnected", [SOCIABILITY, RETICENCE, "strategy"])
    gains = {
        (sociable, hesitant, name): (arms[sociable, hesitant, name] - arms[sociable, hesitant, WAIT]).to_numpy()
        for sociable, hesitant, name in arms.columns
        if name != WAIT
    }
    label = swept.legend.label
    family = {f"{_named(*key[:2])} people who {label(key[2])}": values for key, values in gains.items()}
    ruling = ruled_by_family(family, error=thresholds.family_error, worlds=thresholds.worlds)
    rows = pd.DataFrame(
        [
            row_of(difference(values, np.zeros(len(values))), strategy=key[2], temperament=_named(*key[:2]))
            for key, values in gains.items()
        ]
    )
    alike = pd.DataFrame([row_of(one, strategy=label(name)) for name, one in _quiet_over_outgoing(gains).items()])
    return ClaimFinding(
        ruling=ruling,
        effect=_effect(rows, alike, swept),
        pictures=(FigureSpec("temperaments", _words(swept, rows, alike), rows, partial(draw, legend=swept.legend)),),
        tables={
            "Ties per adopter that came back in a year, beyond waiting": rows.assign(
                strategy=rows["strategy"].map(label)
            ),
            "Ratio of the gain of the quiet third to that of the outgoing third": alike,
        },
        checked=("temperaments",),
    )


def _named(sociable: str, hesitant: str) -> str:
    return f"{_SOCIABLE[sociable]}, {_HESITANT[hesitant]}"


def _quiet_over_outgoing(gains: dict) -> dict:  # type: ignore[type-arg]
    """The ratio of gains by strategy, quiet over outgoing people, bold and hesitant together."""
    found = {}
    for name in dict.fromkeys(key[2] for key in gains):
        quiet, outgoing = (sum(gains[which, hesitant, name] for hesitant in _HESITANT) for which in ("low", "high"))
        found[name] = ratio(quiet, outgoing)
    return found


def _effect(rows: pd.DataFrame, alike: pd.DataFrame, swept: SweepResult) -> str:
    label = swept.legend.label
    least, most = rows.loc[rows["value"].idxmin()], rows.loc[rows["value"].idxmax()]
    ratios = "; ".join(
        f"{row['value']:.2f} ({row['low']:.2f} … {row['high']:.2f}) with {row['strategy']}"
        for _, row in alike.iterrows()
    )
    return (
        f"With an hour a week for a year, between {least['value']:.1f} ({least['low']:.1f} … {least['high']:.1f}) more ties come back "
        f"than with waiting ({least['temperament']} people, {label(least['strategy'])}) and {most['value']:.1f} "
        f"({most['low']:.1f} … {most['high']:.1f}) more ({most['temperament']} people, {label(most['strategy'])}). The ratio of the "
        f"quiet third's gain to the outgoing third's is {ratios}. Intervals are 95% intervals over worlds."
    )


def _words(swept: SweepResult, rows: pd.DataFrame, alike: pd.DataFrame) -> Words:
    everyone = (rows["low"] > 0).all()
    first = alike.iloc[0]
    title = "The hour works for every temperament" if everyone else "The hour does not work for every temperament"
    less = "less" if first["value"] < 1 else "more"
    return Words(
        f"{title}; quiet people gain\n{abs(1 - first['value']):.0%} {less} than outgoing people with “{first['strategy']}”",
        "Ties per adopter that came back in a year with an hour a week, beyond waiting;\n"
        f"mean and 95% interval over {swept.runs['replicate'].nunique()} worlds.",
        f"{setting(swept)} Quiet and outgoing, bold and hesitant: the lowest and highest thirds of the people.",
    )
