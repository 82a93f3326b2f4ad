"""Tiny gestures, monumental feelings: what stands in the way of old friends."""

from __future__ import annotations

import pandas as pd

from experiments.analysis.verdicts import Ruling, Word, mean, ratio, ruled_by_ratio
from experiments.essay.findings import Finding, Picture, Sweeps, row_of, setting
from experiments.figures.barrier import draw
from experiments.figures.page import Words
from experiments.logs.gate import behind
from experiments.sweeps.sweep_result import SweepResult

HESITANCE, ACCEPTANCE = "world.parameters.hesitance_mean", "parameters.acceptance_ratio"
KNOWING = 1.0  # acceptance_ratio of people who know how welcome they are


def finding(sweeps: Sweeps) -> Finding:
    """Reconnections a year if people knew how welcome they are, over what they believe, at each weight of strangeness."""
    swept, asked = sweeps["barrier"], sweeps["barrier"].verdict
    usual = swept.experiment.parameters.acceptance_ratio
    shut = set(swept.runs[~behind(swept.runs, swept.gates)].groupby([HESITANCE, ACCEPTANCE]).groups)
    arms = swept.arms("everyone_reconnected", [HESITANCE, ACCEPTANCE])
    levels = {
        f"hesitance {weight:g}": ratio(arms[weight, KNOWING].to_numpy(), arms[weight, usual].to_numpy())
        for weight in arms.columns.get_level_values(0).unique()
        if not {(weight, KNOWING), (weight, usual)} & shut
    }
    ruling = ruled_by_ratio(levels, margin=asked.margin, worlds=asked.worlds) if levels else Ruling(Word.CLOSED)
    cells = _cells(swept, shut)
    ratios = pd.DataFrame([row_of(one, level=name) for name, one in levels.items()])
    return Finding(
        ruling=ruling,
        effect=_effect(ratios, usual, len(shut), len(cells)),
        pictures=(Picture("barrier", _words(swept, cells, usual), cells, draw),),
        tables={
            "Reconnections if people knew how welcome they are, over what they believe": ratios,
            "Reconnections and new ties, a person and year": cells,
        },
        checked=(),
    )


def _effect(ratios: pd.DataFrame, usual: float, shut: int, cells: int) -> str:
    left = f" The gate is shut for {shut} of {cells} cells, which are left out." if shut else ""
    if ratios.empty:
        return f"No pair of cells got through the gate.{left}"
    said = "; ".join(
        f"{row['value']:.2f} ({row['low']:.2f} … {row['high']:.2f}) with {row['level']}" for _, row in ratios.iterrows()
    )
    return (
        f"If people knew how welcome they are, instead of believing in {usual:.0%} of it, reconnections in a year of ordinary "
        f"life would be multiplied by {said}.{left}"
    )


def _cells(swept: SweepResult, shut: set[tuple[float, float]]) -> pd.DataFrame:
    """A row a cell: reconnections and new ties per person and year, and whether its gate is open."""
    back = swept.arms("everyone_reconnected", [HESITANCE, ACCEPTANCE])
    new = swept.arms("everyone_new_ties", [HESITANCE, ACCEPTANCE])
    return pd.DataFrame(
        [
            row_of(mean(back[cell].to_numpy()), hesitance=cell[0], acceptance=cell[1])
            | {"new_ties": float(new[cell].mean()), "open": cell not in shut}
            for cell in back.columns
        ]
    )


def _words(swept: SweepResult, cells: pd.DataFrame, usual: float) -> Words:
    table = cells.set_index(["hesitance", "acceptance"])["value"]
    weight = swept.experiment.world.parameters.hesitance_mean
    weight = weight if weight in table.index.get_level_values(0) else table.index.get_level_values(0)[0]
    gain = table[weight, KNOWING] / table[weight, usual]
    light = table.index.get_level_values(0).min()
    easier = table[light, usual] / table[weight, usual]
    crossing = cells["new_ties"].lt(cells["value"]).nunique() > 1
    return Words(
        f"Knowing how welcome one is would bring back {gain:.2f} times\nas many old friends, and bolder people {easier:.1f} times as many",
        "Old ties that come back per person in a year of ordinary life, without any strategy;\n"
        f"mean over {swept.runs['replicate'].nunique()} worlds, half-width of its 95 % interval below."
        + (" Dashed: beyond, more than new ties." if crossing else ""),
        f"{setting(swept)} Believed welcome: {usual:g} is measured; 1 is to know it."
        + ("" if cells["open"].all() else "\nHatched: silence there is not as final as in real logs (the gate is shut).")
        + ("" if crossing else f"\nNew ties are fewer everywhere: {cells['new_ties'].min():.1f} to {cells['new_ties'].max():.1f}."),
    )  # fmt: skip
