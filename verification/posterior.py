"""Do posteriors contain new truths as often as they say, also when there are few rows and many useless statistics?

A toy has a closed form: parameters are standard normal, and some of many statistics are sums of them with noise. In 30
tables of 300 rows each, posteriors are found at 40 new truths that no row knows. The 50%, 80% and 95% intervals must
contain them within the stated limits, and means and standard deviations must be near those of the closed form. Three
faults are then planted, and each must be noticed: no adjustment, residuals that are too small, and summaries by a
regression that has seen the rows.

    python -m verification.posterior        takes some minutes; draws results/verification/posterior.png
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from experiments.logs import posterior as module
from experiments.logs.posterior import LEVELS_OF_INTERVALS, places_of

TABLES, ROWS, TRUTHS = 30, 300, 40
PARAMETERS, TOLD, USELESS = 6, 12, 60  # nothing depends on the last parameter
LIMITS = {0.5: (0.46, 0.54), 0.8: (0.765, 0.835), 0.95: (0.93, 0.97)}  # over all parameters; tables are few
PLOT = Path("results/verification/posterior.png")


class Found(NamedTuple):
    """Quantiles at which truths are, (truths, parameters), and distances of means from the closed form."""

    places: np.ndarray
    off: np.ndarray


def slopes_and_noise(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """How statistics depend on parameters, (statistics, parameters), and their noise, (statistics,)."""
    slopes = np.zeros((TOLD + USELESS, PARAMETERS))
    slopes[:TOLD, : PARAMETERS - 1] = random.standard_normal((TOLD, PARAMETERS - 1))
    return slopes, 0.5 + random.random(TOLD + USELESS)


def one_table(seed: int) -> Found:
    """Posteriors of new truths from one table."""
    random = np.random.default_rng(seed)
    slopes, noise = slopes_and_noise(random)

    def made(number: int) -> tuple[np.ndarray, np.ndarray]:
        targets = random.standard_normal((number, PARAMETERS))
        return targets, targets @ slopes.T + random.standard_normal((number, len(noise))) * noise

    reference = module._reference(*made(ROWS))
    weights = slopes.T / noise**2
    covariance = np.linalg.inv(np.eye(PARAMETERS) + weights @ slopes)
    places, off = [], []
    for truth, observed in zip(*made(TRUTHS), strict=True):
        sample = module._at(reference, observed)
        places.append(places_of(sample, truth))
        exact = covariance @ weights @ observed
        off.append((sample.weights @ sample.targets - exact) / np.sqrt(np.diag(covariance)))
    return Found(np.array(places), np.array(off))


def all_tables(number: int = TABLES) -> Found:
    """Posteriors from all tables together."""
    found = [one_table(seed) for seed in range(number)]
    return Found(np.concatenate([one.places for one in found]), np.concatenate([one.off for one in found]))


def coverage(places: np.ndarray) -> dict[float, float]:
    """The share of truths in the central intervals of each level."""
    return {level: float((np.abs(places - 0.5) <= level / 2).mean()) for level in LEVELS_OF_INTERVALS}


def within(shares: dict[float, float]) -> bool:
    """Whether all shares are within their limits."""
    return all(low <= shares[level] <= high for level, (low, high) in LIMITS.items())


@contextmanager
def planted(fault: str) -> Iterator[None]:
    """The inference with a fault."""
    adjusted, reference = module._adjusted, module._reference

    def wrong(targets: np.ndarray, apart: np.ndarray, weights: np.ndarray) -> np.ndarray:
        if fault == "no adjustment":
            return targets
        found = adjusted(targets, apart, weights)
        middle = weights @ found
        return np.asarray(middle + 0.8 * (found - middle))

    def seen(targets: np.ndarray, features: np.ndarray) -> Any:
        one = module._fitted(features, targets)
        return reference(targets, features)._replace(
            summaries=one.predicted(features), regressions=(one,) * module.FOLDS
        )

    try:
        if fault == "summaries that have seen the rows":
            module._reference = seen
        else:
            module._adjusted = wrong
        yield
    finally:
        module._adjusted, module._reference = adjusted, reference


def draw(places: np.ndarray) -> None:
    """Draw the quantiles of truths, which should be uniform."""
    figure = Figure(figsize=(12, 6))
    for k, axes in enumerate(figure.subplots(2, PARAMETERS // 2).ravel()):
        axes.hist(places[:, k], bins=20, range=(0, 1))
        axes.axhline(len(places) / 20, color="black")
        axes.set_title(f"parameter {k}" + (" (not informed)" if k == PARAMETERS - 1 else ""))
    PLOT.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PLOT)


def main() -> bool:
    """Check coverage and means, and that faults are noticed."""
    found = all_tables()
    shares = coverage(found.places)
    print("coverage:", ", ".join(f"{level:.0%} {share:.3f}" for level, share in shares.items()))
    each = [float((np.abs(column - 0.5) <= 0.475).mean()) for column in found.places.T]
    print("of 95% intervals, by parameter:", ", ".join(f"{share:.3f}" for share in each))
    off = float(np.sqrt((found.off**2).mean()))
    print(f"means are {off:.2f} standard deviations from the closed form (root mean square)")
    draw(found.places)
    fine = within(shares)
    for fault in ("no adjustment", "residuals too small", "summaries that have seen the rows"):
        with planted(fault):
            wrong = coverage(all_tables(TABLES // 3).places)
        noticed = not within(wrong)
        print(f"{fault}:", ", ".join(f"{level:.0%} {share:.3f}" for level, share in wrong.items()),
              "noticed" if noticed else "NOT NOTICED")  # fmt: skip
        fine &= noticed
    return fine


if __name__ == "__main__":
    sys.exit(not main())
