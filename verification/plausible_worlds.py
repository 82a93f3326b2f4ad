"""Do shares of plausible worlds come out right although each draw is noisy? Made-up draws of which the truth is known.

The first table says how far the share of 300 draws with a true effect above .3 is off by several methods, as bias and
root mean square error: raw effects, a normal distribution, an exponential family with splines (Efron 2016), the
nonparametric maximum likelihood estimate (NPMLE), and the latter stopped early, as `experiments.analysis.plausible` has
it, with the share of its intervals that contain the truth. The second does so for the chances of arms to be the best.
The third compares the numbers that rank correlations name with those that random forests do: of three that
matter, among 140, how many are named rightly, and how many others.

    python -m verification.plausible_worlds        prints the tables; takes a quarter of an hour
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import optimize, special
from scipy.interpolate import BSpline

from experiments.analysis import plausible
from experiments.analysis.plausible import chance_best, hangs_on, share_above

DRAWS, REPEATS, THRESHOLD = 300, 40, 0.3
NUMBERS, MATTER = 140, 3
WORST = {
    0.5: 0.08,
    1.0: 0.18,
}  # largest root mean square error of the chosen method by noise; a wrong method exceeds it
BEST_WORST = 0.05  # that of a chance to be the best, with noise of .5 and 1
MANY = 400_000

Draw = Callable[[np.random.Generator, int], np.ndarray]

EFFECTS: dict[str, Draw] = {
    "normal": lambda random, n: random.normal(0.5, 1, n),
    "bimodal": lambda random, n: np.where(random.random(n) < 0.6, random.normal(0, 0.2, n), random.normal(2, 0.3, n)),
    "exponential": lambda random, n: random.exponential(1, n) - 0.1,
    "lognormal": lambda random, n: random.lognormal(-0.5, 1, n),
    "half are 0": lambda random, n: np.where(random.random(n) < 0.5, 0, random.gamma(2, 0.7, n)),
    "5% are 0": lambda random, n: np.where(random.random(n) < 0.05, 0, 0.6 + random.gamma(2, 0.5, n)),
    "all are 0": lambda random, n: np.zeros(n),
}


def spline_share(means: np.ndarray, errors: np.ndarray) -> float:
    """Efron's exponential family with eight cubic splines and a penalty of 1."""
    grid = np.linspace(means.min(), means.max(), 101)
    knots = np.r_[[grid[0]] * 3, np.linspace(grid[0], grid[-1], 7), [grid[-1]] * 3]
    basis = BSpline.design_matrix(np.clip(grid, grid[0], grid[-1] - 1e-9), knots, 3).toarray()[:, 1:]
    basis = basis - basis.mean(axis=0)
    basis = basis / np.sqrt((basis**2).sum(axis=0))
    likelihood = np.exp(-(((means[:, None] - grid) / errors[:, None]) ** 2) / 2) + 1e-300

    def loss(slopes: np.ndarray) -> tuple[float, np.ndarray]:
        chances = special.softmax(basis @ slopes)
        marginal = likelihood @ chances
        expected = (chances * (likelihood / marginal[:, None])).sum(axis=0) - len(means) * chances
        size = np.sqrt((slopes**2).sum() + 1e-12)
        return size - np.log(marginal).sum(), slopes / size - basis.T @ expected

    slopes = optimize.minimize(loss, np.full(basis.shape[1], 0.01), jac=True, method="L-BFGS-B").x
    return float(special.softmax(basis @ slopes)[grid > THRESHOLD].sum())


def limit_share(means: np.ndarray, errors: np.ndarray) -> float:
    """The chosen method with 2,000 steps instead of 100."""
    steps, plausible._STEPS = plausible._STEPS, 2_000
    try:
        return float(plausible._true_share(means, errors, THRESHOLD, np.ones((1, len(means))))[0])
    finally:
        plausible._STEPS = steps


def off_by(draw: Draw, ratio: float) -> tuple[dict[str, np.ndarray], float]:
    """The errors of each method in repeated experiments, and the share of intervals that contain the truth."""
    random = np.random.default_rng(1)
    many = draw(random, MANY)
    truth, spread = float((many > THRESHOLD).mean()), ratio * (float(many.std()) or 1.0)
    found: dict[str, list[float]] = {name: [] for name in ("raw", "normal", "splines", "NPMLE", "stopped early")}
    contains = 0
    for _ in range(REPEATS):
        noise = np.full(DRAWS, spread)
        means = draw(random, DRAWS) + noise * random.normal(size=DRAWS)
        share = share_above(means[:, None], THRESHOLD, noise)
        centre, true = plausible._normal_fit(means, noise)
        found["raw"].append(share.raw.value - truth)
        found["normal"].append(float(special.ndtr((centre - THRESHOLD) / max(true, 1e-9))) - truth)
        found["splines"].append(spline_share(means, noise) - truth)
        found["NPMLE"].append(limit_share(means, noise) - truth)
        found["stopped early"].append(share.deconvolved.value - truth)
        contains += share.deconvolved.low <= truth <= share.deconvolved.high
    return {name: np.array(errors) for name, errors in found.items()}, contains / REPEATS


def rms(errors: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(errors))))


def shares() -> bool:
    print(f"share above {THRESHOLD} of {DRAWS} draws, {REPEATS} experiments: bias / root mean square error")
    passed = True
    for ratio, most in WORST.items():
        for name, draw in EFFECTS.items():
            found, contains = off_by(draw, ratio)
            text = "  ".join(f"{key} {one.mean():+.3f} / {rms(one):.3f}" for key, one in found.items())
            print(f"  {name:12} noise {ratio}: {text}; {contains:.0%} of intervals contain the truth", flush=True)
            passed &= rms(found["stopped early"]) < most
    return passed


# Arms ----------------------------------------------------------------------------------------------------------------


def skewed_arms(random: np.random.Generator, n: int) -> np.ndarray:
    return random.exponential(1, (n, 3)) + np.where(random.random((n, 1)) < 0.5, [0, 0, 1], 0)


ARMS: dict[str, Draw] = {
    "normal": lambda random, n: random.normal([0, 0.3, 0.6], 1, (n, 3)),
    "skewed": skewed_arms,
    "one cause": lambda random, n: 2 * random.normal(size=(n, 1)) + random.normal([0, 0.2, 0.4], 0.5, (n, 3)),
}


def arms() -> bool:
    print(f"chance of each of three arms to be the best, over {DRAWS} draws of two worlds; errors of all three")
    passed = True
    for ratio in WORST:
        for name, draw in ARMS.items():
            random = np.random.default_rng(2)
            many = draw(random, MANY)
            truth = np.bincount(many.argmax(axis=1), minlength=3) / MANY
            spread = ratio * np.sqrt(2) * (many - many.mean(axis=1, keepdims=True)).std()
            raw, found, contains = [], [], []
            for _ in range(REPEATS):
                effects = draw(random, DRAWS)[:, None, :] + spread * random.normal(size=(DRAWS, 2, 3))
                best = effects.mean(axis=1).argmax(axis=1)
                chances = list(chance_best({str(k): effects[:, :, k] for k in range(3)}).values())
                raw.append(np.bincount(best, minlength=3) / DRAWS - truth)
                found.append(np.array([one.value for one in chances]) - truth)
                contains.append([one.low <= each <= one.high for one, each in zip(chances, truth, strict=True)])
            print(
                f"  {name:12} noise {ratio}: raw {rms(np.array(raw)):.3f}, empirical Bayes {rms(np.array(found)):.3f}; "
                f"{np.mean(contains):.0%} of intervals contain the truth",
                flush=True,
            )
            passed &= rms(np.array(found)) < BEST_WORST
    return passed


# Numbers -------------------------------------------------------------------------------------------------------------

OUTCOMES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "linear": lambda x: 2 * x[:, 0] - 1.5 * x[:, 1] + x[:, 2],
    "thresholds": lambda x: 1.0 * (x[:, 0] > 0.7) + (x[:, 1] < 0.3) + (x[:, 2] > 0.5),
    "product": lambda x: 3 * x[:, 0] * x[:, 1] + x[:, 2],
    "only together": lambda x: 6 * (x[:, 0] - 0.5) * (x[:, 1] - 0.5) + x[:, 2],
    "U-shape": lambda x: 5 * (x[:, 0] - 0.5) ** 2 + x[:, 1] + x[:, 2],
    "exponential": lambda x: np.exp(2 * x[:, 0] - 1.5 * x[:, 1] + x[:, 2]),
    "nothing": lambda x: np.zeros(len(x)),
}


def forest(points: np.ndarray, outcome: np.ndarray, seed: int) -> np.ndarray:
    """Permutation importance on the half of the draws that a forest has not seen, added up over both halves."""
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.inspection import permutation_importance

    order, found = np.random.default_rng(seed).permutation(len(outcome)), np.zeros(points.shape[1])
    halves = order[: len(order) // 2], order[len(order) // 2 :]
    for seen, other in (halves, halves[::-1]):
        model = RandomForestRegressor(60, max_features=0.33, min_samples_leaf=5, random_state=seed, n_jobs=1)
        model.fit(points[seen], outcome[seen])
        scored = permutation_importance(model, points[other], outcome[other], n_repeats=1, random_state=seed, n_jobs=1)
        found += scored.importances_mean
    return found


def numbers(repeats: int = 5, draws: int = 400) -> bool:
    print(f"named of {MATTER} numbers that matter among {NUMBERS}, and others named; {draws} draws, noise as wide")
    passed = True
    for name, outcome in OUTCOMES.items():
        counts = []
        for seed in range(repeats):
            random = np.random.default_rng(seed)
            points = random.random((draws, NUMBERS))
            signal = outcome(points)
            effects = signal + random.normal(size=draws) * (signal.std() or 1)
            table = hangs_on(pd.DataFrame(points, columns=range(NUMBERS)), effects[:, None])
            correlated = table.index[table["named"]].to_numpy(int)
            scores = forest(points, effects, seed)
            limit = max(forest(points, random.permutation(effects), 100 + one).max() for one in range(4))
            trees = [one for one in np.argsort(-scores)[:MATTER] if scores[one] > limit]
            matter = MATTER if name != "nothing" else 0
            counts.append(
                [right for by in (correlated, trees) for right in (sum(by < np.full(len(by), matter)), len(by))]
            )
        right, named, tree_right, tree_named = np.mean(counts, axis=0)
        print(
            f"  {name:14} rank correlation {right:.1f} and {named - right:.1f}, "
            f"forest {tree_right:.1f} and {tree_named - tree_right:.1f}",
            flush=True,
        )
        passed &= named - right < 1 and (right > 2 or name in ("only together", "U-shape", "nothing", "exponential"))
    return passed


def main() -> bool:
    return all([shares(), arms(), numbers()])


if __name__ == "__main__":
    sys.exit(not main())
