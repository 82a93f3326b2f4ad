"""Do intervals that may be looked at again and again contain the truth at all looks together in 95% of experiments?

Each experiment has up to 400 made-up worlds of two paired arms, of which the truth is known. It is looked at after 20,
30, 45, … worlds with the intervals of `experiments.analysis.sequential`. The table says, for differences and ratios:

- **all looks**: the share of experiments in which all intervals contain the truth.
- **at the stop**: the share in which the last interval does, if worlds are added until `decided` decides and the truth
  is a little above the smallest effect of interest. It cannot be below that of all looks.
- **worlds**: their mean number at this stop.
- **wrong**: the share that decides if the truth is exactly the smallest effect of interest, so that it may not.

Rows with † are outside what the intervals are made for. They are reported, and not required.

    python -m verification.sequential_coverage        prints a table, draws results/verification/sequential_coverage.png
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from experiments.analysis.sequential import (
    Decision,
    Moments,
    decided,
    mean_ends,
    moments,
    nominal_errors,
    ratio_ends,
    schedule,
)
from experiments.analysis.verdicts import Estimate

EXPERIMENTS, CHUNK, ERROR = 20_000, 1_000, 0.05
LOOKS = schedule(20, 1.5, 400)
LEAST, MOST = 0.93, 0.97
FURTHER = 0.25  # standard deviations by which the truth is above the smallest effect of interest, in the first design
PLOT = Path("results/verification/sequential_coverage.png")

Draw = Callable[[np.random.Generator, tuple[int, int]], tuple[np.ndarray, np.ndarray]]


class Case(NamedTuple):
    """Made-up worlds: the arms, drawn in the shape (experiments, worlds), their true means, and whether 95% is due."""

    draw: Draw
    arm: float
    base: float
    required: bool = True


def normal(random: np.random.Generator, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    shared = random.normal(5, 1, shape)
    return shared + random.normal(1, 1, shape), shared


def exponential(random: np.random.Generator, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    base = random.exponential(1, shape)
    return base + random.exponential(0.5, shape), base


def lognormal(sigma: float) -> Draw:
    """The arm is the base times a lognormal factor, so that gain and loss are skewed."""

    def draw(random: np.random.Generator, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        base = random.lognormal(-(sigma**2) / 2, sigma, shape)
        return base * 1.3 * random.lognormal(-(sigma**2) / 8, sigma / 2, shape), base

    return draw


def counts(mean: float) -> Draw:
    """Ties reconnected: most of the base's come back in the arm too, and the arm adds others."""

    def draw(random: np.random.Generator, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        shared, of_base = random.poisson(0.7 * mean, shape), random.poisson(0.3 * mean, shape)
        return (shared + random.poisson(0.6 * mean, shape)).astype(float), (shared + of_base).astype(float)

    return draw


CASES = {
    "normal": Case(normal, 6, 5),
    "exponential": Case(exponential, 1.5, 1),
    "lognormal, σ = .5": Case(lognormal(0.5), 1.3, 1),
    "Poisson, .7 per world": Case(counts(0.7), 0.91, 0.7),
    "Poisson, .2 per world": Case(counts(0.2), 0.26, 0.2, required=False),
    "lognormal, σ = 1": Case(lognormal(1), 1.3, 1, required=False),
}


class Found(NamedTuple):
    """The shares and the mean number of worlds of a row, as the first docstring describes them."""

    at_all: float
    at_stop: float
    wrong: float
    worlds: float


def at_looks(arm: np.ndarray, base: np.ndarray, looks: tuple[int, ...]) -> Moments:
    """The moments at each look, shape (experiments, looks)."""
    each = [moments(arm[:, :worlds], base[:, :worlds]) for worlds in looks]

    def stacked(parts: Iterator[np.ndarray]) -> np.ndarray:
        return np.stack(list(parts), axis=-1)

    return Moments(
        stacked(one.a for one in each),
        stacked(one.b for one in each),
        tuple(stacked(one.second[k] for one in each) for k in range(3)),
        tuple(stacked(one.third[k] for one in each) for k in range(4)),
    )


def stopped(low: np.ndarray, high: np.ndarray, edge: float, looks: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The look at which each experiment stops, and whether it has decided there; shape (experiments,)."""
    at, decides = np.full(len(low), len(looks) - 1), np.zeros(len(low), bool)
    for one in range(len(low)):
        for k, worlds in enumerate(looks):
            interval = Estimate(np.nan, low[one, k], high[one, k], worlds)
            if decided(interval, edge, 0) != Decision.UNDECIDED:
                at[one], decides[one] = k, True
                break
    return at, decides


def covered(
    case: Case,
    kind: str,
    experiments: int,
    looks: tuple[int, ...] = LOOKS,
    seed: int = 1,
    nominal: np.ndarray | None = None,
) -> Found:
    """The row of a case.

    Args:
        case: its worlds.
        kind: "difference" or "ratio".
        experiments: their number.
        looks: numbers of worlds.
        seed: of the made-up worlds.
        nominal: the errors of the looks; those of the boundary if None.
    """
    nominal = nominal_errors(looks, ERROR) if nominal is None else nominal
    random, lows, highs, spreads = np.random.default_rng(seed), [], [], []
    for start in range(0, experiments, CHUNK):
        arm, base = case.draw(random, (min(CHUNK, experiments - start), looks[-1]))
        of_ratio = kind == "ratio"
        of = at_looks(arm, base, looks) if of_ratio else at_looks(arm - base, np.zeros_like(base), looks)
        low, high = (ratio_ends if of_ratio else mean_ends)(of, np.array(looks), nominal)
        lows.append(low)
        highs.append(high)
        spreads.append(np.std(arm - case.arm / case.base * base) / case.base if of_ratio else np.std(arm - base))
    truth = case.arm / case.base if kind == "ratio" else case.arm - case.base
    low, high = np.concatenate(lows), np.concatenate(highs)
    contains = ~((low > truth) | (high < truth))  # an end that is nan excludes nothing
    rows = np.arange(len(low))
    at, _ = stopped(low, high, truth - FURTHER * float(np.mean(spreads)), looks)
    _, decides = stopped(low, high, truth, looks)
    worlds = float(np.array(looks)[at].mean())
    return Found(*(float(share.mean()) for share in (contains.all(axis=1), contains[rows, at], decides)), worlds)


def main() -> bool:
    errors = ", ".join(f"{one:.2g}" for one in nominal_errors(LOOKS, ERROR))
    print(f"{EXPERIMENTS:,} experiments, with looks {LOOKS} and nominal errors {errors}")
    print(f"{'worlds':24}{'effect':12}{'all looks':>10}{'at the stop':>13}{'wrong':>8}{'worlds':>8}")
    found, passed = {}, True
    for name, case in CASES.items():
        for kind in ("difference", "ratio"):
            row = covered(case, kind, EXPERIMENTS)
            found[f"{name}, {kind}"] = row
            shown = name if case.required else f"{name} †"
            print(f"{shown:24}{kind:12}{row.at_all:10.1%}{row.at_stop:13.1%}{row.wrong:8.1%}{row.worlds:8.0f}")
            passed &= not case.required or (LEAST <= row.at_all <= MOST and row.at_stop >= LEAST)
    draw(found)
    print(f"required rows {'are' if passed else 'are NOT'} within {LEAST:.0%} and {MOST:.0%} over all looks")
    return passed


def draw(found: dict[str, Found]) -> None:
    figure = Figure(figsize=(9, 0.4 * len(found) + 1.5))
    axes = figure.subplots()
    places = np.arange(len(found))[::-1]
    axes.axvspan(LEAST, MOST, color="#EEEEEE")
    axes.axvline(1 - ERROR, color="#222222")
    axes.plot([row.at_all for row in found.values()], places, "o", color="#0072B2", label="at all looks")
    axes.plot(
        [row.at_stop for row in found.values()], places, "D", color="#D55E00", label="at the stop", fillstyle="none"
    )
    axes.set_yticks(places, list(found))
    axes.set_xlabel("share of experiments whose intervals contain the truth")
    axes.legend(loc="lower left")
    figure.tight_layout()
    PLOT.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PLOT, dpi=100)


if __name__ == "__main__":
    sys.exit(not main())
