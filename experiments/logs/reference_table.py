"""A reference table: simulated logs at parameters from the prior, for inference without a likelihood.

A row has one draw of the parameters that people have in common, whichever channel they write on, and for each real log
a simulated one: with these parameters, with as many people and days, and with levels of its own. Levels were read from
the log (`experiments.logs.levels`), and are varied around what was read, because a reading is uncertain and because it
was made at other values of the common parameters. A row is a function of its number, so a table can be stopped and
continued, and longer tables begin like shorter ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import sim
from experiments.logs.calibrate import Range, changed, number_at
from experiments.logs.json_lines import Wording, records_in
from experiments.logs.levels import ANSWERS, Level, known_levels, measured, with_numbers
from experiments.logs.log import Log
from experiments.logs.simulated import Window, simulated_log, window_of
from experiments.terminal.progress import Report
from sim.contact_logs import LogError
from sim.runtime.fingerprint import model_fingerprint

TABLE = "table.jsonl"
BURN_IN_YEARS = 0.25  # a quarter of what a validation has, because a table needs hundreds of worlds
SPREAD = 0.3  # standard deviation of what a level is read from, on its scale: mostly of the logarithm or the logit
# Levels that common parameters shift much, such as activity by closeness, may be farther from what was read.
WIDE = {"routine_rate": 0.6, ANSWERS[0]: 0.6}
# What people have in common, and its prior: uniform, or uniform in the logarithm if the limits are far apart.
COMMON = (
    Range("memory_decay", 0.6, 1.2),
    Range("pull_exponent", 0.1, 1.2),
    Range("affinity_sd", 0.2, 2.2),
    Range("spell_sd", 0.2, 1.6),
    Range("spell_days", 15, 200),
    Range("openness_half_life", 3.0, 90.0),
    Range("answer_strength", -0.5, 2.0),
    Range("closeness_gain", 0.002, 0.5),
    Range("closeness_pull", 0.0, 4.0),
)
_WORDING = Wording(
    "table", "row", "--output",
    {"logs": "log", "real": "content of a log", "prior": "prior", "windows": "size of simulated worlds", "seed": "seed",
     "levels": "level of a log", "parameters": "value of a parameter that is not inferred",
     "model": "version of the model"},
)  # fmt: skip


class RealLog(NamedTuple):
    """A real log of a pooled inference.

    Attributes:
        name: short name, without folder and ending.
        values: its statistics, by name.
        window: size of the worlds that stand for it.
        parameters: all parameters, with the levels that were read from it.
        levels: what of them varies from row to row.
    """

    name: str
    values: Mapping[str, float]
    window: Window
    parameters: sim.Parameters
    levels: tuple[Level, ...]


@dataclass(frozen=True)
class Design:
    """Everything that determines a table except its length.

    Attributes:
        logs: the real logs.
        prior: ranges of the parameters that logs have in common.
        seed: seed of draws and worlds.
    """

    logs: tuple[RealLog, ...]
    prior: tuple[Range, ...] = COMMON
    seed: int = 1

    def described(self) -> dict[str, Any]:
        """The design as JSON values."""
        return {
            "logs": [one.name for one in self.logs],
            "real": {one.name: dict(one.values) for one in self.logs},
            "prior": [asdict(one) for one in self.prior],
            "windows": {one.name: asdict(one.window) for one in self.logs},
            "levels": {one.name: [level.parameter for level in one.levels] for one in self.logs},
            "parameters": {one.name: one.parameters.identity() for one in self.logs},
            "seed": self.seed,
            "model": model_fingerprint(),
        }


class TableRow(NamedTuple):
    """A row of a table.

    Attributes:
        common: the drawn parameters, by name.
        levels: those of each log, by its name.
        values: statistics of the simulated logs, by the name of the real one; empty if nobody wrote.
    """

    common: dict[str, float]
    levels: dict[str, dict[str, float]]
    values: dict[str, dict[str, float]]


def window_in_table(log: Log, people: int) -> Window:
    """The size of the worlds that stand for a log, with at most this many people."""
    return replace(window_of(log, people), burn_in_years=BURN_IN_YEARS)


def real_log(
    name: str, values: Mapping[str, float], window: Window, parameters: sim.Parameters,
    prior: Sequence[Range] = COMMON,
) -> RealLog:  # fmt: skip
    """A log ready for a table.

    Args:
        name: short name.
        values: its statistics (`levels.measured`).
        window: the result of `window_in_table`.
        parameters: all parameters, with the levels of the log (`levels.read_levels`).
        prior: the parameters that are common to all logs, which are no levels.
    """
    common = {one.name for one in prior}
    levels = tuple(level for level in known_levels(values) if level.parameter not in common)
    return RealLog(name, values, window, parameters, levels)


def drawn(prior: Sequence[Range], random: np.random.Generator) -> dict[str, float]:
    """One draw of the common parameters from their prior."""
    return {one.name: placed(one, float(random.random())) for one in prior}


def placed(one: Range, share: float) -> float:
    """The number at this share (0 to 1) of a range, on the scale of its prior."""
    if one.by_factor:
        return float(one.low * (one.high / one.low) ** share)
    return float(one.low + (one.high - one.low) * share)


def share_of(one: Range, number: np.ndarray) -> np.ndarray:
    """The share (0 to 1) of a range at which numbers are, on the scale of its prior; the inverse of `placed`."""
    if one.by_factor:
        return np.asarray(np.log(number / one.low) / math.log(one.high / one.low))
    return np.asarray((number - one.low) / (one.high - one.low))


def varied(log: RealLog, random: np.random.Generator) -> dict[str, float]:
    """One draw of a log's levels around what was read."""
    numbers = {}
    for level in log.levels:
        step = level.gain * WIDE.get(level.parameter, SPREAD) * float(random.standard_normal())
        read = number_at(log.parameters, level.parameter)
        moved = read * math.exp(step) if level.by_factor else read + step
        numbers[level.parameter] = min(max(moved, level.low), level.high)
    return numbers


def row_of(design: Design, number: int, threads: int = 1) -> TableRow:
    """A row of a table, as a function of the design and its number."""
    random = np.random.Generator(np.random.Philox(np.random.SeedSequence([design.seed, number])))
    common = drawn(design.prior, random)
    levels: dict[str, dict[str, float]] = {}
    values: dict[str, dict[str, float]] = {}
    for log in design.logs:
        levels[log.name] = varied(log, random)
        seed = int(random.integers(1, 2**40))
        parameters = changed(with_numbers(log.parameters, levels[log.name]), common)
        values[log.name] = _simulated(parameters, log.window, seed, threads)
    return TableRow(common, levels, values)


def _simulated(parameters: sim.Parameters, window: Window, seed: int, threads: int) -> dict[str, float]:
    try:
        return measured(simulated_log(parameters, window, seed=seed, threads=threads))
    except LogError:  # nobody wrote
        return {}


def rows_of(
    design: Design, rows: int, folder: Path, *, threads: int = 1, progress: Report | None = None,
    say: Callable[[str], object],
) -> list[TableRow]:  # fmt: skip
    """The first rows of a table. Those that are in the folder are not made again.

    Args:
        design: what determines them.
        rows: number of rows, including those of earlier calls with this folder.
        folder: folder of the table.
        threads: number of threads per world.
        progress: called with (rows done, all rows).
        say: called with a sentence if the end of the file was damaged.

    Raises:
        ConfigError: the folder has another table, a damaged one, or one that is being made.
    """
    with records_in(folder / TABLE, design.described(), _WORDING, say) as kept:
        if progress is not None:
            progress(min(len(kept.done), rows), rows)
        while len(kept.done) < rows:
            kept.add(row_of(design, len(kept.done), threads)._asdict())
            if progress is not None:
                progress(len(kept.done), rows)
        return [TableRow(**record) for record in kept.done[:rows]]
