"""The gate: there is no verdict from worlds in which silence is not as final as in a real log.

If the base rate of contact is too high, one like looks useless; if it is too low, one like looks miraculous. So worlds
are simulated without strategies and gestures for each set of parameters that an experiment uses. From the world's own
log, the gate takes the hazards of contact after 90 to 180 and 180 to 365 days of silence, and the share of silent pairs
that come back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from experiments.config.factors import Levels
from experiments.config.settings import Experiment, GateSettings, SweepSettings
from experiments.logs.writing import written_in
from sim.contact_logs import LogError
from sim.model.gestures import DEFAULT_GESTURES, GestureRow

# The statistics that the gate looks at: two hazards of contact, and the share of silent pairs that come back.
HAZARDS = ("hazard_per_day_90_180", "hazard_per_day_180_365")
BACK = "reactivated_90d"
GATE_STATISTICS = (*HAZARDS, BACK)
# Settings without an effect on people who follow no strategy.
_OF_ADOPTERS = ("run.", "inject.", "parameters.effort_minutes", "parameters.follow_through")


class Gate(NamedTuple):
    """The gate's result for one set of parameters.

    Attributes:
        name: name of the set among the others of its experiment; empty if it is the only one.
        values: means over worlds, by statistic.
        passed: whether all of them are within their limits.
        failures: a phrase for each that is not.
    """

    name: str
    values: dict[str, float]
    passed: bool
    failures: tuple[str, ...]


def limits_of_silence(
    hazards: Mapping[str, float], factor: float, low: float, high: float
) -> dict[str, tuple[float, float]]:
    """The least and the largest value of each statistic with which the gate is passed.

    Args:
        hazards: the hazards of a real log, by name.
        factor: a hazard may differ from the real one by this factor.
        low: least share of silent pairs that come back.
        high: largest share of silent pairs that come back.
    """
    return {name: (value / factor, value * factor) for name, value in hazards.items()} | {BACK: (low, high)}


def silence_of(log: pd.DataFrame, gestures: Mapping[str, GestureRow] = DEFAULT_GESTURES) -> dict[str, float]:
    """The gate's statistics in a run's own log of questions and messages; nan if nobody wrote to anybody.

    ``gestures`` is the run's table of gestures.
    """
    from experiments.logs.contact_log import of_silence  # takes a second to load, and most runs do not need it
    from experiments.logs.log import read

    try:
        found = of_silence(read(written_in(log, gestures)))
    except LogError:
        return dict.fromkeys(GATE_STATISTICS, float("nan"))
    return {name: found[name] for name in GATE_STATISTICS}


def gate_of(experiment: Experiment) -> Experiment | None:
    """The experiment whose runs the gate needs; None if the experiment has no gate.

    Factors that only concern adopters are left out, because there are none. If parameters are drawn, the gate needs
    each of these worlds. It judges a draw in the world of the experiment, without factors, because their levels ask
    what would be otherwise in a plausible world.
    """
    settings = experiment.verdict.gate if experiment.verdict else None
    if settings is None:
        return None
    before = experiment.sweep or SweepSettings(replicates=1)
    levels = (
        SweepSettings(replicates=before.replicates, silence=True, draws=before.draws, plausible=before.plausible)
        if before.is_drawn
        else SweepSettings(
            replicates=settings.worlds, silence=True, rows=before.rows,
            grid=_of_ordinary_life(before.grid), zip=_of_ordinary_life(before.zip),
        )
    )  # fmt: skip
    run = experiment.run.model_copy(
        update={"strategy": "wait", "adopters": 1, "strategy_days": settings.days, "follow_up_days": 0,
                "sociability": "any", "reticence": "any", "stop": None}
    )  # fmt: skip
    world = experiment.world.model_copy(update={"newcomers": 0})
    changes: dict[str, Any] = {"sweep": levels, "run": run, "world": world, "inject": None, "measures": {}}
    return experiment.model_copy(update=changes)


def _of_ordinary_life(levels: Levels) -> Levels:
    return {name: of for name, of in levels.items() if not name.startswith(_OF_ADOPTERS)}


def judged(runs: pd.DataFrame, settings: GateSettings) -> list[Gate]:
    """The gate's result for each set of parameters.

    Args:
        runs: one row per run of `gate_of`, with ``scenario`` and `GATE_STATISTICS`.
        settings: the limits.
    """
    found = []
    for scenario, rows in runs.groupby("scenario", sort=False):
        name = str(scenario).removeprefix("wait").removeprefix(", ")
        means = {of: float(rows[of].mean()) for of in GATE_STATISTICS}
        failures = _failures(means, settings)
        found.append(Gate(name, means, not failures, failures))
    return found


def passing(runs: pd.DataFrame, settings: GateSettings, draws: Mapping[int, int]) -> set[int]:
    """The replicates whose drawn parameters pass the gate, on average over the worlds of a draw.

    Args:
        runs: one row per run of `gate_of`, with ``replicate`` and `GATE_STATISTICS`.
        settings: the limits.
        draws: the draw of each replicate.
    """
    of = runs["replicate"].map(draws).rename("draw")
    means = runs.groupby(of)[list(GATE_STATISTICS)].mean()
    passed = means.apply(lambda row: not _failures(row.to_dict(), settings), axis=1)
    return {replicate for replicate, draw in draws.items() if passed.get(draw, False)}


def _failures(means: Mapping[str, float], settings: GateSettings) -> tuple[str, ...]:
    hazards = {name: getattr(settings, name) for name in HAZARDS}
    limits = limits_of_silence(hazards, settings.factor, settings.reactivated_low, settings.reactivated_high)
    return tuple(
        f"{of} is {means[of]:.3g}, but must be between {low:.3g} and {high:.3g}"
        for of, (low, high) in limits.items()
        if not low <= means[of] <= high
    )
