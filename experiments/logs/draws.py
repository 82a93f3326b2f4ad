"""Draws from the posterior that ship with the program, for sweeps and forecasts that carry its uncertainty."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import sim
from experiments.config.errors import ConfigError

DRAWS = Path(__file__).with_name("posterior_draws.csv")
ORIGIN = DRAWS.with_suffix(".json")
SHIPPED = "posterior"  # what users write for the draws that ship


def posterior_draws(path: Path = DRAWS) -> pd.DataFrame:
    """Joint draws from a posterior: one row per draw, one column per parameter.

    Args:
        path: a ``draws.csv`` that `rekindle infer` wrote; by default the draws that ship with the program.

    Raises:
        ConfigError: the file has no draws, or values that the model does not allow.
    """
    try:
        found = pd.read_csv(path)
        table = found.to_numpy(float)
        allowed = len(found) > 0 and bool(np.isfinite(table).all())
        for row in found.to_dict("records") if allowed else ():
            sim.Parameters.model_validate(row)
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist. Name the draws.csv that `rekindle infer` wrote.") from None
    except (OSError, ValueError, KeyError, TypeError):
        allowed = False
    if not allowed:
        raise ConfigError(
            f"{path} has no draws of parameters, or some that the model does not allow. Name the draws.csv that "
            "`rekindle infer` wrote."
        )
    return found


def draws_of(setting: str) -> pd.DataFrame:
    """The draws that a setting ``sweep.draws`` names: those that ship, or those of a file; see `posterior_draws`."""
    return posterior_draws() if setting == SHIPPED else posterior_draws(Path(setting))


def posterior_origin() -> dict[str, Any]:
    """Where the draws that ship come from: command, logs, number of rows, version of the model."""
    found: dict[str, Any] = json.loads(ORIGIN.read_text(encoding="utf-8"))
    return found


def with_draw(base: sim.Parameters, draw: Mapping[str, float]) -> sim.Parameters:
    """Parameters with the values of one draw, a row of `posterior_draws`."""
    return sim.Parameters.model_validate(base.model_dump() | {str(name): value for name, value in draw.items()})
