"""What keeps old friends apart: gestures that take almost no effort but feel monumental."""

from __future__ import annotations

import pandas as pd

from experiments.analysis.verdicts import Ruling, Verdict, mean, ratio, ruled_by_ratio
from experiments.essay.findings import ClaimFinding, FigureSpec, Sweeps, row_of, setting
from experiments.figures.barrier import draw
from experiments.figures.page import Words
from experiments.logs.gate import behind
from experiments.sweeps.sweep_result import SweepResult

RETICENCE, ACCEPTANCE = "world.parameters.reticence_mean", "parameters.acceptance_ratio"
KNOWING = 1.0  # acceptance_ratio of people who know how welcome they are


def finding(sweeps: Sweeps) -> ClaimFinding:
    """The ratio of reconnections in a year, knowing one's welcome over the usual belief, at each weight of strangeness."""
    swept, thresholds = sweeps["barrier"], sweeps["barrier"].verdict
    usual = swept.experiment.parameters.acceptance_ratio
    shut = set(swept.runs[~behind(swept.runs, swept.gates)].groupby([RETICENCE, ACCEPTANCE]).groups)
    arms = swept.arms("everyone_reconnected", [RETICENCE, ACCEPTANCE])
    levels = {
        f"reticence {weight:g}": ratio(arms[weight, KNOWING].to_numpy(), arms[weight, usual].to_numpy())
        for weight in arms.columns.get_level_values(0).unique()
        if not {(weight, KNOWING), (weight, usual)} & shut
    }
    ruling = (
        ruled_by_ratio(levels, margin=thresholds.margin, worlds=thresholds.worlds) if levels else Ruling(Verdict.CLOSED)
    )
    cells = _cells(swept, shut)
    ratios = pd.DataFrame([row_of(one, level=name) for name, one in levels.items()])
    return ClaimFinding(
        ruling=ruling,
        effect=_effect(ratios, usual, len(shut), len(cells)),
        pictures=(FigureSpec("barrier", _words(swept, cells, usual), cells, draw),),
        tables={
            "Reconnections if people knew how welcome they are, as a ratio to the usual belief": ratios,
            "Reconnections and new ties per person and year": cells,
        },
        checked=(),
    )


def _effect(ratios: pd.DataFrame, usual: float, shut: int, cells: int) -> str:
    left = f" {shut} of {cells} cells fail the gate and are left out." if shut else ""
    if ratios.empty:
        return f"No pair of cells passes the gate.{left}"
    ratios = "; ".join(
        f"{row['value']:.2f} ({row['low']:.2f} … {row['high']:.2f}) with {row['level']}" for _, row in ratios.iterrows()
    )
    return (
        "If people knew how welcome they are, more old friends would come back. Instead, they believe in "
        f"{usual:.0%} of their welcome. Knowing would multiply the reconnections in a year of ordinary life by {ratios} "
        f"(95% intervals over worlds).{left}"
    )


def _cells(swept: SweepResult, shut: set[tuple[float, float]]) -> pd.DataFrame:
    """One row per cell: reconnections and new ties per person and year, and whether the cell passes the gate."""
    back = swept.arms("everyone_reconnected", [RETICENCE, ACCEPTANCE])
    new = swept.arms("everyone_new_ties", [RETICENCE, ACCEPTANCE])
    return pd.DataFrame(
        [
            row_of(mean(back[cell].to_numpy()), reticence=cell[0], acceptance=cell[1])
            | {"new_ties": float(new[cell].mean()), "open": cell not in shut}
            for cell in back.columns
        ]
    )


def _words(swept: SweepResult, cells: pd.DataFrame, usual: float) -> Words:
    table = cells.set_index(["reticence", "acceptance"])["value"]
    weight = swept.experiment.world.parameters.reticence_mean
    weight = weight if weight in table.index.get_level_values(0) else table.index.get_level_values(0)[0]
    gain = table[weight, KNOWING] / table[weight, usual]
    light = table.index.get_level_values(0).min()
    easier = table[light, usual] / table[weight, usual]
    crossing = cells["new_ties"].lt(cells["value"]).nunique() > 1
    return Words(
        f"If people knew how welcome they are, {gain:.2f} times as many\nold friends would come back; if they were bolder, {easier:.1f} times",
        "Old ties that come back per person in a year of ordinary life, without any strategy: mean over\n"
        f"{swept.runs['replicate'].nunique()} worlds, with the half-width of its 95% interval below."
        + (" Dashed line: as many old ties as new ones." if crossing else ""),
        f"{setting(swept)} Believed welcome: {usual:g} was measured; 1 is full knowledge."
        + ("" if cells["open"].all() else "\nHatched: silence is not as final as in real logs (the cell fails the gate).")
        + ("" if crossing else f"\nNew ties are fewer in every cell: {cells['new_ties'].min():.1f} to {cells['new_ties'].max():.1f} per person."),
    )  # fmt: skip
