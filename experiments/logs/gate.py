"""The gate: no verdict from a world in which silence is not as final as in a real log.

A base rate of contact that is too high makes one like look useless, and one that is too low makes it look miraculous.
So each set of parameters that an experiment uses is lived through without strategies and gestures, and the world's own
log is asked for the hazards of contact after 90 to 180 and 180 to 365 days of silence, and for the share of silent
pairs that come back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from experiments.config.factors import Levels
from experiments.config.settings import Experiment, GateSettings, SweepSettings
from experiments.logs.validate import GATE_HAZARDS
from experiments.logs.writing import written_in
from sim.contact_logs import LogError

BACK = "reactivated_90d"
ASKED = (*GATE_HAZARDS, BACK)
# Settings that change nothing in the life of somebody without a strategy.
_OF_ADOPTERS = ("run.", "inject.", "parameters.effort_minutes", "parameters.follow_through")


class Gate(NamedTuple):
    """What the gate says of one set of parameters.

    Attributes:
        name: what it is called among the others of its experiment; empty if there is one set.
        levels: of the factors by which it differs from them, by column of a table of runs.
        values: means over worlds, by name.
        passed: whether all of them are within their limits.
        failures: those that are not, in words.
    """

    name: str
    levels: dict[str, Any]
    values: dict[str, float]
    passed: bool
    failures: tuple[str, ...]


def silence_of(log: pd.DataFrame) -> dict[str, float]:
    """How final silence is in a run's own log, of questions and messages; nan where nobody wrote to anybody."""
    from experiments.logs.contact_log import of_silence, read  # takes a second, which most runs need not wait

    try:
        found = of_silence(read(written_in(log)))
    except LogError:
        return dict.fromkeys(ASKED, float("nan"))
    return {name: found[name] for name in ASKED}


def gate_of(experiment: Experiment) -> Experiment | None:
    """The runs that the gate looks at, as an experiment of its own; None where no gate is asked for.

    Factors that only concern adopters are left out: nobody is one.
    """
    asked = experiment.verdict.gate if experiment.verdict else None
    if asked is None:
        return None
    before = experiment.sweep or SweepSettings(replicates=1)
    levels = SweepSettings(
        replicates=asked.worlds, grid=_of_ordinary_life(before.grid), zip=_of_ordinary_life(before.zip),
        rows=before.rows, silence=True,
    )  # fmt: skip
    run = experiment.run.model_copy(
        update={"strategy": "wait", "adopters": 1, "strategy_days": asked.days, "follow_up_days": 0,
                "sociability": "any", "hesitance": "any"}
    )  # fmt: skip
    world = experiment.world.model_copy(update={"newcomers": 0})
    changes = {"sweep": levels, "run": run, "world": world, "inject": None}
    return experiment.model_copy(update=changes)


def _of_ordinary_life(levels: Levels) -> Levels:
    return {name: of for name, of in levels.items() if not name.startswith(_OF_ADOPTERS)}


def judged(runs: pd.DataFrame, factors: Sequence[str], asked: GateSettings) -> list[Gate]:
    """What the gate says of each set of parameters.

    Args:
        runs: of `gate_of`, a row a run, with ``scenario``, the factors and the columns of `ASKED`.
        factors: that it varies.
        asked: the limits.
    """
    found = []
    for scenario, rows in runs.groupby("scenario", sort=False):
        name = str(scenario).removeprefix("wait").removeprefix(", ")
        means = {of: float(rows[of].mean()) for of in ASKED}
        failures = _failures(means, asked)
        found.append(Gate(name, {of: rows[of].iloc[0] for of in factors}, means, not failures, failures))
    return found


def _failures(means: Mapping[str, float], asked: GateSettings) -> tuple[str, ...]:
    hazards = {name: getattr(asked, name) for name in GATE_HAZARDS}
    limits = {name: (value / asked.factor, value * asked.factor) for name, value in hazards.items()}
    limits[BACK] = (asked.reactivated_low, asked.reactivated_high)
    return tuple(
        f"{of} is {means[of]:.3g}, and must lie between {low:.3g} and {high:.3g}"
        for of, (low, high) in limits.items()
        if not low <= means[of] <= high
    )


def behind(runs: pd.DataFrame, gates: Sequence[Gate]) -> pd.Series:
    """Whether each run is of a set of parameters that got through; without a gate none is."""
    through = pd.Series(False, index=runs.index)
    for gate in gates:
        same = pd.Series(True, index=runs.index)
        for name, level in gate.levels.items():
            same &= runs[name] == level
        through |= same & gate.passed
    return through
