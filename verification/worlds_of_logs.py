"""Worlds with the levels of real logs, for checks that change a mechanism or a parameter in them.

The levels of a log are read once, and each world is simulated once: both are kept in results/verification, under a
hash of everything that they depend on. A check that was stopped continues where it was.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import sim
from experiments.logs import contact_log
from experiments.logs.calibrate import changed
from experiments.logs.discriminator import told_apart
from experiments.logs.features import Features, features_of
from experiments.logs.levels import read_levels
from experiments.logs.log import Log, read
from experiments.logs.observed import with_observed
from experiments.logs.simulated import Window, simulated_log, window_of
from sim.runtime.fingerprint import model_fingerprint

DATA = Path(__file__).parents[1].parent / "shared" / "data"
OUT = Path("results/verification")
KEPT = OUT / "worlds_of_logs.jsonl"
OBSERVED = {"phones": "phones_observed.txt"}
PEOPLE = 1_500  # in a simulated world at most; larger ones take longer and have the same statistics
LEVELS_SEED = 1  # of the worlds in which levels are read; `rekindle validate` uses the same


@dataclass(frozen=True)
class Known:
    """A real log and its levels.

    Attributes:
        name: stem of its file.
        real: the log.
        window: size of the worlds that are compared with it.
        measured: its statistics with 95% intervals, as from `contact_log.statistics`.
        features: its people and pairs, for the discriminator.
        levels: parameters with the levels read from it; all others have their defaults.
        fitted: names of the statistics that levels were read from.
    """

    name: str
    real: Log
    window: Window
    measured: pd.DataFrame
    features: Features
    levels: sim.Parameters
    fitted: tuple[str, ...]


@cache
def known(name: str) -> Known:
    """A log of `DATA` with its statistics and levels."""
    observed = DATA / OBSERVED[name] if name in OBSERVED else None
    real = with_observed(read(DATA / f"{name}.csv.gz"), observed)
    window = window_of(real, PEOPLE)
    levels, fitted = levels_of(name, real, window, sim.Parameters())
    return Known(name, real, window, contact_log.statistics(real), features_of(real), levels, fitted)


def levels_of(name: str, real: Log, window: Window, given: sim.Parameters) -> tuple[sim.Parameters, tuple[str, ...]]:
    """The parameters with the levels that are read from a log, and the statistics that they were read from.

    Args:
        name: name of the log.
        real: the log.
        window: size of the worlds that are compared with it.
        given: all other parameters.
    """
    key = _key(name, given, window, LEVELS_SEED)
    path = OUT / f"levels-{name}-{key}.json"
    if not path.exists():
        found = read_levels(real, given, window, seed=LEVELS_SEED)
        path.parent.mkdir(parents=True, exist_ok=True)
        values = {"parameters": found.parameters.model_dump(mode="json"), "fitted": found.statistics}
        path.write_text(json.dumps(values), encoding="utf-8")
    kept = json.loads(path.read_text(encoding="utf-8"))
    return sim.Parameters.model_validate(kept["parameters"]), tuple(kept["fitted"])


def worlds(log: Known, parameters: sim.Parameters, seeds: Iterable[int], *, apart: bool = False) -> pd.DataFrame:
    """The statistics of simulated logs, one row per seed; with ``apart`` also ``auc_people`` and ``auc_pairs``."""
    rows = []
    for seed in seeds:
        key = _key(log.name, parameters, log.window, seed)
        kept = _kept().get(key, {})
        if not kept or (apart and "auc_people" not in kept):
            kept = _simulated(log, parameters, seed, apart)
            _keep(key, kept)
        rows.append(kept)
    return pd.DataFrame(rows)


def _simulated(log: Known, parameters: sim.Parameters, seed: int, apart: bool) -> dict[str, float]:
    found = simulated_log(parameters, log.window, seed=seed)
    values = contact_log.values(found)
    if apart:
        judged = told_apart(log.features, features_of(found))
        for kind in ("people", "pairs"):
            values[f"auc_{kind}"] = np.nan if isinstance(judged, str) else judged[kind].auc
    return values


def _key(name: str, parameters: sim.Parameters, window: Window, seed: int) -> str:
    text = json.dumps([model_fingerprint(), name, parameters.identity(), vars(window), seed], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def _kept() -> dict[str, dict[str, float]]:
    """The worlds that have been simulated, by key; a line that is not whole is left out."""
    found: dict[str, dict[str, float]] = {}
    for line in KEPT.read_text(encoding="utf-8").splitlines() if KEPT.exists() else ():
        try:
            key, values = json.loads(line)
        except ValueError:
            continue
        found[key] = values
    return found


def _keep(key: str, values: dict[str, float]) -> None:
    _kept()[key] = values
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    with KEPT.open("a", encoding="utf-8") as file:
        file.write(json.dumps([key, values]) + "\n")


def with_values(parameters: sim.Parameters, values: Mapping[str, Any]) -> sim.Parameters:
    """Parameters with these values, by path; lists such as ``hour_activity`` are taken, too."""
    numbers = {name: value for name, value in values.items() if not isinstance(value, list)}
    lists = {name: value for name, value in values.items() if isinstance(value, list)}
    found = changed(parameters, numbers)
    return sim.Parameters.model_validate(found.model_dump() | lists) if lists else found
