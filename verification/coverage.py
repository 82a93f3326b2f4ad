"""Do 95% intervals contain the true effect in 95% of experiments? A test with many small experiments.

Two thousand toy worlds are generated once, each with its arms. Their mean is the true effect. Then 500 experiments of
20 worlds are drawn from them. The script counts how many of their intervals, computed as in `verdicts`, contain
the true effect.

    python -m verification.coverage        draws verification/coverage.png
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

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
    settings: dict[str, Any] = {"days": DAYS, "seed": seed, "series": False}
    back = [
        sim.simulate(world, strategy=name, adopters=6, **settings).measures.scalars["reconnected"]
        for name in ("check_in", "wait")
    ]
    inject = InjectSettings(kind="message", ties=12)
    focal = focal_ties(world, inject, seed, world.parameters)
    answered = [
        sim.simulate(world, focal=focal, extra=extra, **settings).measures.scalars["focal_answered"] * len(focal)
        for extra in (gestures(inject, focal), [])
    ]
    return back[0], back[1], answered[0], answered[1]


def share_containing(estimates: list[Estimate], truth: float) -> float:
    """The share of intervals that contain the true value."""
    return float(np.mean([estimate.low <= truth <= estimate.high for estimate in estimates]))


def main() -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        outcomes = np.array(list(executor.map(arms, range(1, WORLDS + 1), chunksize=50)))
    check_in, wait, message, nothing = outcomes.T
    truths = {"difference": (check_in - wait).mean(), "ratio": message.sum() / nothing.sum()}
    random = np.random.default_rng(1)
    drawn: dict[str, list[Estimate]] = {"difference": [], "ratio": []}
    for _ in range(REPEATS):
        worlds = random.choice(WORLDS, OF, replace=False)
        drawn["difference"].append(difference(check_in[worlds], wait[worlds]))
        drawn["ratio"].append(ratio(message[worlds], nothing[worlds]))
    shares = {name: share_containing(estimates, truths[name]) for name, estimates in drawn.items()}
    for name, share in shares.items():
        print(f"{name}: true value {truths[name]:.3f}; {share:.1%} of {REPEATS} intervals over {OF} worlds contain it")
    draw(drawn, truths, shares)
    missed = [name for name, share in shares.items() if not ACCEPTED[0] <= share <= ACCEPTED[1]]
    if missed:
        raise SystemExit(f"The coverage is not between {ACCEPTED[0]:.0%} and {ACCEPTED[1]:.0%}: {', '.join(missed)}.")


def draw(drawn: dict[str, list[Estimate]], truths: dict[str, float], shares: dict[str, float]) -> None:
    figure = Figure(figsize=(12, 5))
    for axes, (name, estimates) in zip(figure.subplots(1, 2), drawn.items(), strict=True):
        for k, estimate in enumerate(sorted(estimates)):
            hit = estimate.low <= truths[name] <= estimate.high
            axes.plot([estimate.low, estimate.high], [k, k], color="#BBBBBB" if hit else "#D55E00", linewidth=1)
        axes.axvline(truths[name], color="#222222")
        axes.set_title(f"{name}: {shares[name]:.1%} of {REPEATS} intervals contain the true value")
        axes.set_yticks([])
    figure.tight_layout()
    figure.savefig(PLOT, dpi=100)


if __name__ == "__main__":
    main()
