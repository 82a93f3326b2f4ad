"""What tests of findings share."""

from __future__ import annotations

from dataclasses import replace

import sim
from experiments.sweeps.sweep_result import SweepResult


def relabelled(result: SweepResult) -> SweepResult:
    """The same results, with a label and a colour for one strategy."""
    rows = {"check_in": {"label": "Phone calls", "colour": "#117733"}}
    parameters = {"parameters": sim.Parameters(strategies=rows)}
    return replace(result, experiment=result.experiment.model_copy(update=parameters))
