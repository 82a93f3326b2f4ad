"""Do 95% intervals contain the true effect in 95% of experiments? A test with many small experiments.

Two thousand toy worlds are made once, each with its arms. Their mean is the true effect. Then 500 experiments of 20
worlds are drawn from them, and the script counts how many of their intervals, computed as in `verdicts`, contain it.

    python -m verification.coverage        leaves verification/coverage.png
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import sim
from experiments.analysis.verdicts import Estimate, difference, ratio
from experiments.config.settings import InjectSettings
from experiments.sweeps.injected import focal_ties, gestures

WORLDS, OF, REPEATS = 2_000, 20, 500
PEOPLE, DAYS = 60, 61
ACCEPTED = (0.93, 0.97)
PLOT = Path(__file__).with_suffix(".png")


def arms(seed: int) -> tuple[float, float, float, float]:
    """One toy world: ties reconnected with `check_in` and by waiting; focal ties answered, with a message or not."""
    world = sim.worlds.generated(people=PEOPLE, burn_in_years=0, seed=seed, cache=False)
    told = {"days": DAYS, "seed": seed, "series": False}
    back = [
        sim.simulate(world, strategy=name, adopters=6, **told).measures.scalars["reconnected"]
        for name in ("check_in", "wait")
    ]
    inject = InjectSettings(kind="message", ties=12)
    focal = focal_ties(world, inject, seed, world.parameters)
    answered = [
        sim.simulate(world, focal=focal, extra=extra, **told).measures.scalars["focal_answered"] * len(focal)
        for extra in (gestures(inject, focal), [])
    ]
    return back[0], back[1], answered[0], answered[1]


def held(estimates: list[Estimate], truth: float) -> float:
    """The share of intervals that hold the truth."""
    return float(np.mean([one.low <= truth <= one.high for one in estimates]))


def main() -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        found = np.array(list(executor.map(arms, range(1, WORLDS + 1), chunksize=50)))
    with_it, without, told, untold = found.T
    truths = {"difference": (with_it - without).mean(), "ratio": told.sum() / untold.sum()}
    random = np.random.default_rng(1)
    drawn: dict[str, list[Estimate]] = {"difference": [], "ratio": []}
    for _ in range(REPEATS):
        some = random.choice(WORLDS, OF, replace=False)
        drawn["difference"].append(difference(with_it[some], without[some]))
        drawn["ratio"].append(ratio(told[some], untold[some]))
    shares = {name: held(estimates, truths[name]) for name, estimates in drawn.items()}
    for name, share in shares.items():
        print(f"{name}: true value {truths[name]:.3f}; {share:.1%} of {REPEATS} intervals over {OF} worlds hold it")
    draw(drawn, truths, shares)
    missed = [name for name, share in shares.items() if not ACCEPTED[0] <= share <= ACCEPTED[1]]
    if missed:
        raise SystemExit(f"Outside {ACCEPTED[0]:.0%} to {ACCEPTED[1]:.0%}: {', '.join(missed)}.")


def draw(drawn: dict[str, list[Estimate]], truths: dict[str, float], shares: dict[str, float]) -> None:
    figure = Figure(figsize=(12, 5))
    for axes, (name, estimates) in zip(figure.subplots(1, 2), drawn.items(), strict=True):
        for k, one in enumerate(sorted(estimates)):
            hit = one.low <= truths[name] <= one.high
            axes.plot([one.low, one.high], [k, k], color="#BBBBBB" if hit else "#D55E00", linewidth=1)
        axes.axvline(truths[name], color="#222222")
        axes.set_title(f"{name}: {shares[name]:.1%} of {REPEATS} intervals hold the true value")
        axes.set_yticks([])
    figure.tight_layout()
    figure.savefig(PLOT, dpi=100)


if __name__ == "__main__":
    main()
