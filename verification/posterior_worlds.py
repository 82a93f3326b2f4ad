"""Are worlds with draws from a posterior more like the real logs than worlds with the default parameters?

Reads the folder of a `rekindle infer`. For each of its logs, worlds of the same size are simulated with draws from the
posterior and with the model's defaults, with the same levels (which vary around what was read from the log) and seeds.
Statistics that depend on the size of a world are left out. Rows of the table are worlds with draws from the prior.

    python -m verification.posterior_worlds FOLDER [WORLDS]        16 worlds of each kind by default; takes minutes

It only prints, because a posterior can be right and still leave more open than the defaults do.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

import sim
from experiments.logs.draws import posterior_draws, with_draw
from experiments.logs.levels import NEAR, measured, with_numbers
from experiments.logs.posterior import LEFT_OUT
from experiments.logs.reference_table import TABLE, RealLog, real_log, varied
from experiments.logs.simulated import Window, simulated_log

WORLDS = 16
FIRST_SEED = 1_000


def real_logs(folder: Path) -> list[RealLog]:
    """The logs of an inference, with their levels."""
    found = []
    for path in sorted(folder.glob("levels-*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        name, window = path.stem.removeprefix("levels-"), Window(**record["of"]["window"])
        found.append(
            real_log(name, record["of"]["values"], window, sim.Parameters.model_validate(record["parameters"]))
        )
    return found


def near(found: Mapping[str, float], real: Mapping[str, float]) -> float:
    """The share of statistics that are within `NEAR` of the real value."""
    wanted = {name: value for name, value in real.items() if np.isfinite(value) and name not in LEFT_OUT}
    return float(np.mean([abs(found.get(name, np.nan) - value) <= NEAR * abs(value) for name, value in wanted.items()]))


def shares(log: RealLog, worlds: int, folder: Path) -> dict[str, list[float]]:
    """The share of near statistics of each world with default parameters, and with draws from the posterior."""
    draws = posterior_draws(folder / "draws.csv").to_dict("records")
    random = np.random.default_rng(1)
    found: dict[str, list[float]] = {"defaults": [], "posterior": []}
    for number in range(worlds):
        usual = with_numbers(log.parameters, varied(log, random))
        drawn = with_draw(usual, {str(name): value for name, value in draws[number % len(draws)].items()})
        for name, parameters in (("defaults", usual), ("posterior", drawn)):
            simulated = simulated_log(parameters, log.window, seed=FIRST_SEED + number)
            found[name].append(near(measured(simulated), log.values))
    return found


def main() -> None:
    """Print mean shares, with their standard errors."""
    if len(sys.argv) < 2:
        raise SystemExit("Name the folder of a `rekindle infer`.")
    folder, worlds = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else WORLDS
    lines = (folder / TABLE).read_text(encoding="utf-8").splitlines()[1:]
    rows = [json.loads(line)["values"] for line in lines]
    for log in real_logs(folder):
        found = {"prior": [near(row[log.name], log.values) for row in rows if row[log.name]]}
        found |= shares(log, worlds, folder)
        text = ", ".join(
            f"{name} {np.mean(each):.3f} ± {np.std(each) / len(each) ** 0.5:.3f}" for name, each in found.items()
        )
        print(f"{log.name}, statistics within {NEAR:.0%}: {text}", flush=True)


if __name__ == "__main__":
    main()
