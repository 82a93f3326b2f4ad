"""The two engines give the same world, bit for bit, in more and larger runs than the tests have time for.

The first examples are drawn as in `tests/sim/test_engines.py`: they vary the strategy or mixture, all parameters, extra
gestures, threads and the day of the handover, with up to 150 people and 90 days. Each seed draws new examples. Then
each strategy runs in a world of 150 people with default parameters and half a year of burn-in.

    python -m verification.engines [SEED [EXAMPLES]]    prints the runs, draws results/verification/engines.png
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import matplotlib
import numba
from hypothesis import HealthCheck, Phase, given, seed, settings
from matplotlib.figure import Figure

import sim
from experiments.figures import BLUE, STYLE, VERMILLION
from sim.model.strategies import NAMES
from tests.sim.test_engines import EVERYTHING, Case, cases, differences

OUT = Path("results/verification/engines.png")
EXAMPLES = 40
Compared = list[tuple[Case, list[str]]]  # runs, each with the differences between the engines


@dataclass(frozen=True)
class BurntIn(Case):
    """A run that begins in a burnt-in world."""

    def world(self) -> sim.World:
        return burnt_in_world(self.people)


@cache
def burnt_in_world(people: int) -> sim.World:
    """A world after half a year of ordinary life."""
    return sim.worlds.generated(people=people, burn_in_years=0.5, seed=1, cache=False)


def burnt_in_cases() -> list[Case]:
    """A run of 90 days for each strategy."""
    return [
        BurntIn(150, 90, 1, sim.Parameters(), {name: 1.0}, tuple(range(0, 150, 10)), (), 45, 2, None) for name in NAMES
    ]


def compare_case(case: Case, results: Compared, seen: Counter[str]) -> None:
    """Run a case on both engines, and record and print the differences."""
    began = time.perf_counter()
    results.append((case, differences(case, seen)))
    print(
        f"{case.people:4d} people {case.days:3d} days {case.threads} threads {time.perf_counter() - began:6.1f} s  "
        f"{' + '.join(case.strategy)}: {'; '.join(results[-1][1]) or 'equal'}",
        flush=True,
    )


def compare(first_seed: int, examples: int) -> tuple[Compared, Counter[str]]:
    """Run all cases; returns their differences, and how often each kind of event happened."""
    results: Compared = []
    seen: Counter[str] = Counter()

    @seed(first_seed)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases(fewest=100, people=150, days=90))
    def run(case: Case) -> None:
        compare_case(case, results, seen)

    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        run()
        for case in burnt_in_cases():
            compare_case(case, results, seen)
    finally:
        numba.set_num_threads(before)
    return results, seen


def draw(results: Compared, seen: Counter[str]) -> Figure:
    """The number of times each kind, strategy, place and event was compared, on a logarithmic scale."""
    names = sorted(EVERYTHING, key=lambda name: seen[name])
    figure = Figure(figsize=(10, 12), layout="constrained")
    axes = figure.subplots()
    colours = [BLUE if seen[name] else VERMILLION for name in names]
    axes.barh(names, [max(seen[name], 0.5) for name in names], color=colours)
    axes.set(xscale="log", xlabel="times compared (strategies: adopters)", ylim=(-0.7, len(names) - 0.3))
    equal = sum(not differing for _, differing in results)
    axes.set_title(f"{equal} of {len(results)} runs give the same world on both engines", loc="left", fontsize=17)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def main(first_seed: int = 1, examples: int = EXAMPLES) -> tuple[Compared, Counter[str]]:
    """Compare, print and draw; returns the results of `compare`."""
    results, seen = compare(first_seed, examples)
    equal = sum(not differing for _, differing in results)
    print(f"seed {first_seed}: {equal} of {len(results)} runs are equal, bit for bit")
    print(f"never happened: {', '.join(sorted(name for name in EVERYTHING if not seen[name])) or 'nothing'}")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context(STYLE | {"font.size": 13}):
        draw(results, seen).savefig(OUT)
    print(f"wrote {OUT}")
    return results, seen


def test_engines_agree_on_larger_and_longer_runs() -> None:
    """The engines agree in every run, and every kind of event happens in some run."""
    results, seen = main()
    assert [(case, differing) for case, differing in results if differing] == []
    assert [name for name in EVERYTHING if not seen[name]] == []


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
