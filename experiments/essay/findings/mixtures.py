"""The best split of an hour between three strategies, in quarters."""

from __future__ import annotations

from functools import partial

import pandas as pd

from experiments.analysis.verdicts import Estimate, Ruling, Verdict, chances_of_being_best, difference
from experiments.essay.findings import ClaimFinding, FigureSpec, Sweeps, row_of, setting
from experiments.figures.mixtures import CORNERS, MOST_ROWS, draw
from experiments.figures.page import Words
from experiments.sweeps.sweep_result import SweepResult
from experiments.terminal.legend import Legend

WAIT = "wait"


def finding(sweeps: Sweeps) -> ClaimFinding:
    """The probability, over worlds, that a blend keeps up more ties than any strategy alone."""
    swept, thresholds = sweeps["mixtures"], sweeps["mixtures"].verdict
    arms = swept.arms("kept_up", "strategy")
    names = [name for name in arms if name != WAIT]
    alone = [name for name in names if "+" not in name]
    blends = [name for name in names if name not in alone]
    chances = chances_of_being_best([{name: arms[name].to_numpy() for name in names}])
    blended = sum(chances[name] for name in blends)
    gains = {name: difference(arms[name].to_numpy(), arms[WAIT].to_numpy()) for name in names}
    first = max(blends, key=lambda name: gains[name].value)
    pure = max(alone, key=lambda name: gains[name].value)
    beyond = difference(arms[first].to_numpy(), arms[pure].to_numpy())
    data = pd.DataFrame([row_of(gains[name], **_parts(name, alone), chance=chances[name]) for name in names])
    return ClaimFinding(
        ruling=_ruling(blended, len(arms), thresholds.worlds, thresholds.best),
        effect=(
            f"The probability that a blend is best is {blended:.2f} over worlds, at the default parameters. The best blend, "
            f"{_said(first, swept.legend)}, keeps up {gains[first].value:.1f} ties per adopter beyond waiting while the plan runs, and "
            f"{swept.legend.label(pure)} alone {gains[pure].value:.1f}: a difference of {beyond.value:+.1f} (95% interval over worlds "
            f"{beyond.low:.1f} … {beyond.high:.1f})."
        ),
        pictures=(
            FigureSpec(
                "mixtures",
                _words(swept, first, pure, gains, beyond, blended, thresholds.best),
                data,
                partial(draw, legend=swept.legend),
            ),
        ),
        tables={
            "Ties kept up while the plan runs, beyond waiting, by how the hour is split": data.rename(
                columns=swept.legend.label
            )
        },
        checked=("mixtures",),
    )


def _ruling(blended: float, worlds: int, least: int, best: float) -> Ruling:
    if worlds < least:
        return Ruling(Verdict.UNDECIDED)
    if blended >= best:
        return Ruling(Verdict.HOLDS)
    return Ruling(Verdict.FAILS) if blended <= 1 - best else Ruling(Verdict.UNDECIDED)


def _parts(name: str, alone: list[str]) -> dict[str, float]:
    """Shares of the hour by strategy, from the name of an arm such as ``check_in 0.5 + show_up 0.5``."""
    if name in alone:
        return {one: float(one == name) for one in alone}
    given = {part.split()[0]: float(part.split()[1]) for part in name.split(" + ")}
    return {one: given.get(one, 0.0) for one in alone}


def _said(name: str, legend: Legend) -> str:
    parts = (part.split() for part in name.split(" + "))
    return " and ".join(f"{float(share):.0%} {legend.label(strategy)}" for strategy, share in parts)


def _words(
    swept: SweepResult, first: str, pure: str, gains: dict[str, Estimate], beyond: Estimate, blended: float, best: float
) -> Words:
    if blended >= best:
        title = f"A blend keeps up more ties than any strategy alone while the plan runs:\n{_said(first, swept.legend)}"
    elif blended <= 1 - best:
        title = f"No blend keeps up more ties than an hour of “{swept.legend.label(pure)}” alone:\n{gains[pure].value:.1f} while the plan runs"
    else:
        title = f"Too few worlds to tell whether a blend beats “{swept.legend.label(pure)}” alone:\nthe difference of the best blend is {beyond.value:+.1f} ties"
    shown = "Ties per adopter kept up while the plan runs, beyond waiting, by how the hour is split"
    worlds = swept.runs["replicate"].nunique()
    if sum("+" not in name and name != WAIT for name in gains) == CORNERS:
        where = f"{shown} in quarters (corners: one strategy);\nmean over {worlds} worlds, with the half-width of its 95% interval below."
    else:
        where = f"{shown};\nmean and 95% interval over {worlds} worlds; of many blends, the best {MOST_ROWS}."
    return Words(title, where, setting(swept))
