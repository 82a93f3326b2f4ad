"""The measures that a configuration adds to those of the model, with their units and definitions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.config.settings import Experiment
from sim.model.gestures import KINDS
from sim.model.outcomes import DAYS_RUN, Measure, measures_of

_DAYS_RUN = Measure(DAYS_RUN, "days", "Days of the run: fewer than its settings say if the stop condition ended it.")


def own_measures(config: Mapping[str, Any] | Experiment) -> dict[str, Measure]:
    """Own measures by name, and ``days_run`` if there is a stop condition.

    Args:
        config: an experiment, or its settings as the provenance of a table has them.
    """
    if isinstance(config, Experiment):
        config = config.model_dump(include={"measures": True, "run": {"stop"}})
    named = config.get("measures") or {}
    found = {name: Measure(name, one.get("unit") or "", _definition(one)) for name, one in named.items()}
    return found | ({DAYS_RUN: _DAYS_RUN} if (config.get("run") or {}).get("stop") else {})


def measures_in(config: Mapping[str, Any]) -> dict[str, Measure]:
    """All measures of the runs of a stored configuration: the model's, those of added gestures, and the user's own."""
    gestures = (config.get("parameters") or {}).get("gestures") or {}
    return measures_of(list(dict.fromkeys([*KINDS, *gestures]))) | own_measures(config)


def _definition(measure: Mapping[str, Any]) -> str:
    """The definition that the user gave, or how the measure is computed."""
    return str(measure.get("definition") or measure.get("sql") or measure.get("function"))
