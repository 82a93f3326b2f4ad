"""No door: which conclusions depend on a parameter that nobody has measured?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiments.analysis.verdicts import Estimate, Ruling, Verdict, holm, p_value, ratio
from experiments.essay.findings import ClaimFinding, FigureSpec, Sweeps, row_of, setting
from experiments.figures.no_door import draw
from experiments.figures.page import Words
from experiments.logs.gate import behind
from experiments.sweeps.sweep_result import SweepResult

WAIT, USUAL, KIND = "wait", "as given", "inject.kind"
LIKE = "one like"


def finding(sweeps: Sweeps) -> ClaimFinding:
    """Ratios of each headline outcome, under each change of the doors, to the outcome at the default parameters."""
    swept, likes = sweeps["no_door"], sweeps["no_door_like"]
    thresholds = swept.verdict
    arms = swept.arms("reconnected", ["row", "strategy"])
    rows = [row for row in arms.columns.get_level_values(0).unique() if row != USUAL]
    names = [name for name in arms.columns.get_level_values(1).unique() if name != WAIT]
    gains = {(row, name): (arms[row, name] - arms[row, WAIT]).to_numpy() for row in (USUAL, *rows) for name in names}
    moved = {(row, name): ratio(gains[row, name], gains[USUAL, name]) for row in rows for name in names}
    like = {row: _like(likes, row) for row in (USUAL, *rows)}
    label = swept.legend.label
    data = pd.DataFrame(
        [row_of(one, change=row, outcome=f"gain of {label(name)}") for (row, name), one in moved.items()]
    )
    ratios = pd.DataFrame([row_of(one, change=row, outcome=LIKE) for row, one in like.items()])
    found = _changed(gains, like, rows, names, thresholds.family_error, thresholds.margin)
    changed = {row: [name if name == LIKE else label(name) for name in there] for row, there in found.items()}
    worlds = min(len(arms), *(one.worlds for one in like.values()))
    shut = sorted({*_shut(swept), *_shut(likes)})
    return ClaimFinding(
        ruling=_ruling(changed, worlds, thresholds.worlds),
        effect=_effect(data, like, rows, shut),
        pictures=(
            FigureSpec(
                "no_door", _words(swept, data, like, changed), pd.concat([data, ratios], ignore_index=True), draw
            ),
        ),
        tables={
            "Gains over waiting in a year, as a ratio to those at the default parameters": data,
            "Ratio of ties that talk again within 60 days, one like over nothing": ratios,
        },
        checked=("no_door", "no_door_like"),
    )


def _like(swept: SweepResult, row: str) -> Estimate:
    runs = swept.runs[swept.runs["row"] == row]
    counted = runs.assign(count=(runs["focal_reconnected"] * runs["focal"]).round())
    counts = counted.pivot(index="replicate", columns=KIND, values="count").dropna()
    return ratio(counts["like"].to_numpy(), counts["nothing"].to_numpy())


def _changed(
    gains: dict[tuple[str, str], np.ndarray],
    like: dict[str, Estimate],
    rows: list[str],
    names: list[str],
    error: float,
    margin: float,
) -> dict[str, list[str]]:
    """The conclusions that differ under each change: on a gain over waiting, or on the effect of one like."""
    there = {
        row: {name: sure and gains[row, name].mean() > 0 for name, sure in _sure(gains, row, names, error).items()}
        | {LIKE: like[row].low > 1 + margin}
        for row in (USUAL, *rows)
    }
    return {row: [name for name, holds in there[row].items() if holds != there[USUAL][name]] for row in rows}


def _sure(gains: dict[tuple[str, str], np.ndarray], row: str, names: list[str], error: float) -> dict[str, bool]:
    return holm({name: p_value(gains[row, name]) for name in names}, error)


def _shut(swept: SweepResult) -> set[str]:
    return set(swept.runs[~behind(swept.runs, swept.gates)]["row"])


def _ruling(changed: dict[str, list[str]], worlds: int, least: int) -> Ruling:
    if worlds < least:
        return Ruling(Verdict.UNDECIDED)
    moved = {row: names for row, names in changed.items() if names}
    if not moved:
        return Ruling(Verdict.HOLDS)
    return Ruling(
        Verdict.DEPENDS,
        "; ".join(f"with “{row}”, the conclusion on {' and '.join(names)} changes" for row, names in moved.items()),
    )


def _effect(data: pd.DataFrame, like: dict[str, Estimate], rows: list[str], shut: list[str]) -> str:
    ratios = "; ".join(f"{like[row]} {_when(row)}" for row in (USUAL, *rows))
    far = data.loc[(data["value"] - 1).abs().idxmax()]
    closed = (
        f" The worlds fail the gate with {' and '.join(f'“{row}”' for row in shut)}."
        if shut
        else " Every change passes the gate, so none had to be calibrated again."
    )
    return (
        f"The ratio of ties that talk again within 60 days, one like over nothing, is {ratios}. Among the strategies, the "
        f"{far['outcome']} changes most: it is {far['value']:.2f} ({far['low']:.2f} … {far['high']:.2f}) times as large with "
        f"“{far['change']}”. Intervals are 95% intervals over worlds.{closed}"
    )


def _when(row: str) -> str:
    return "at the default parameters" if row == USUAL else f"with “{row}”"


def _words(swept: SweepResult, data: pd.DataFrame, like: dict[str, Estimate], changed: dict[str, list[str]]) -> Words:
    moved = sorted({name for names in changed.values() for name in names})
    kept = data["outcome"].nunique() + 1 - len(moved)
    if moved:
        title = f"{kept} of {kept + len(moved)} conclusions hold without the open door;\nthat on {' and on '.join(moved)} depends on it"
    else:
        title = f"All {kept} conclusions are the same without the open door:\nnone of them depends on it alone"
    return Words(
        title,
        "Left: gain of each strategy over waiting in a year, as a ratio to the gain at the default parameters.\n"
        "Right: ties that talk again, ratio of one like to nothing. Bars: 95% intervals over worlds.",
        f"{setting(swept)} Small doors: those opened by likes, smiles, hellos and posts.\n"
        "That gestures open doors is an assumption. The gate on silence was checked for each change.",
    )
