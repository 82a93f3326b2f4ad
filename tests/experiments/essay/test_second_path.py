"""The headlines of the essay a second time, at toy size: through `sim.simulate`, with a count of our own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim
from experiments.config.reading import load
from experiments.essay.findings import nine_strategies
from experiments.sweeps import store
from experiments.sweeps.design import RunSpec, described, runs_of
from experiments.sweeps.injected import focal_ties, gestures
from experiments.sweeps.runner import run_one, world_of
from experiments.sweeps.sweep_result import SweepResult, sweep_plan
from sim.model.gestures import Kind
from tests.conftest import ROOT

DORMANT, TWO_WAY = 90, 30  # days, by default
TOY = ["world.people=60", "world.burn_in_years=1", "sweep.replicates=4"]


class Noticed:
    """Keeps what people noticed: the day, who did it, to whom, and the kind; day by day, in order of time."""

    kept: list[tuple[int, int, int, int]]

    def __init__(self) -> None:
        self.kept = []

    def observe(self, day: sim.Day) -> None:
        there = day.delivered[day.delivered["noticed"] != 0]
        there = there[np.argsort(there["second"], kind="stable")]
        self.kept += [(day.day, int(one["sender"]), int(one["receiver"]), int(one["kind"])) for one in there]

    def result(self) -> int:
        seen.append(self.kept)
        return len(self.kept)


seen: list[list[tuple[int, int, int, int]]] = []


def by_api(run: RunSpec) -> tuple[sim.World, list[tuple[int, int]], list[tuple[int, int, int, int]], list[int]]:
    """The run made again with the library: its world, its focal ties, what people noticed, and its adopters."""
    world, seen[:] = world_of(run.world), []
    focal = focal_ties(world, run.inject, run.seed, run.parameters) if run.inject else []
    made = sim.simulate(
        world, days=run.days, seed=run.seed, strategy=run.strategy, adopters=run.adopters,
        strategy_days=run.strategy_days, parameters=run.parameters, measures={"noticed": Noticed}, threads=1,
        extra=gestures(run.inject, focal) if run.inject else (), focal=focal,
    )  # fmt: skip
    (kept,) = seen
    return world, focal, kept, made.adopters.tolist()


def swept(name: str, changes: Sequence[str], folder: Path) -> SweepResult:
    """A sweep at toy size, of which every draw counts."""
    experiment = load(ROOT / "configs" / f"{name}.toml", [*TOY, *changes])
    plan = sweep_plan(experiment)
    rows = [run_one(run).row for run in plan.runs]
    assert [row["error"] for row in rows if row["error"]] == []
    store.prepare(folder, [])
    store.add(folder, rows)
    table = store.table_of(described(plan.runs), store.finished(folder))
    return SweepResult(experiment, table, [], {}, folder, frozenset(range(4)))


def wrote_in_turn(kept: Sequence[tuple[int, int, int, int]], one: int, other: int, parameters: sim.Parameters) -> bool:
    """Whether two people exchanged three worded gestures in turn, each within 60 days of the first, in 60 days."""
    worded = [bool(parameters.packed["worded"][kind]) for kind in range(len(parameters.kinds))]
    turns = [
        (day, sender) for day, sender, receiver, kind in kept if {sender, receiver} == {one, other} and worded[kind]
    ]
    turns = [turn for turn in turns if turn[0] < 60]
    return any(a != b and b != c for (_, a), (_, b), (_, c) in _triples(turns))


def _triples(turns: Sequence[tuple[int, int]]) -> Iterator[Any]:
    """Any three in order: other gestures of one may lie between, because only turns count."""
    for i in range(len(turns)):
        for j in range(i + 1, len(turns)):
            for k in range(j + 1, len(turns)):
                yield turns[i], turns[j], turns[k]


def test_one_like_is_counted_alike_by_the_library_and_by_hand(tmp_path: Path) -> None:
    changes = ["sweep.grid.run.seed=[1, 2]", "world.parameters.ease=5.0", "sweep.plausible.leave=['ease']"]
    result = swept("one_like", changes, tmp_path)
    arms = {measure: result.arms(measure, "row") for measure in
            ("focal_reconnected", "focal_answered", "focal_liked_back_14", "focal_liked_back_60")}  # fmt: skip
    by_hand: dict[tuple[str, int, str], list[float]] = {}
    for run in runs_of(result.experiment):
        _, focal, kept, _ = by_api(run)
        worded = run.parameters.packed["worded"]
        back = {
            pair: [(day, kind) for day, sender, receiver, kind in kept if (receiver, sender) == pair] for pair in focal
        }
        counts: dict[str, list[bool]] = {
            "focal_reconnected": [wrote_in_turn(kept, *pair, run.parameters) for pair in focal],
            "focal_answered": [any(worded[kind] and day < 60 for day, kind in back[pair]) for pair in focal],
            **{
                f"focal_liked_back_{by}": [
                    any(kind == Kind.LIKE and day < by for day, kind in back[pair]) for pair in focal
                ]
                for by in (14, 60)
            },
        }
        for measure, values in counts.items():
            by_hand.setdefault((measure, run.replicate, run.row), []).append(float(np.mean(values)))
    assert any(value for (measure, *_), values in by_hand.items() if measure == "focal_reconnected" for value in values)
    for (measure, replicate, row), values in by_hand.items():
        assert arms[measure].loc[replicate, row] == pytest.approx(np.mean(values)), measure


def test_what_strategies_keep_is_counted_alike_by_the_library_and_by_hand(tmp_path: Path) -> None:
    changes = [
        "run.strategy_days=90",
        "run.follow_up_days=245",
        "run.adopters=10",
        'sweep.strategies=["wait", "check_in"]',
    ]
    result = swept("strategies_draws", changes, tmp_path)
    kept_by_hand: dict[tuple[int, str], float] = {}
    for run in runs_of(result.experiment):
        world, _, kept, adopters = by_api(run)
        dormant = {(int(row["low"]), int(row["high"])) for row in sim.measures.dormant_pairs(world, run.parameters)}
        last = two_way_by_hand(world, kept, run.parameters)
        end = 90 + 240
        active = {pair for pair, day in last.items() if end - day < DORMANT} & dormant
        ends = sum(person in adopters for pair in active for person in pair)
        kept_by_hand[run.replicate, str(run.strategy)] = ends / len(adopters)
    (gain,) = nine_strategies.gains(result, "kept")
    expected = [
        [kept_by_hand[2 * draw + w, "check_in"] - kept_by_hand[2 * draw + w, "wait"] for w in (0, 1)] for draw in (0, 1)
    ]
    assert gain.values == pytest.approx(np.array(expected))
    assert np.ptp(gain.values) > 0


def two_way_by_hand(
    world: sim.World, kept: Sequence[tuple[int, int, int, int]], parameters: sim.Parameters
) -> dict[tuple[int, int], int]:
    """The last day before day 330 on which each pair had contact both ways, with at most 30 days between the two."""
    mass = parameters.packed["mass"]
    received = {
        (int(row["low"]), int(row["high"]), side): int(row["received"][side]) - world.day
        for row in sim.measures.dormant_pairs(world, parameters)
        for side in (0, 1)
    }
    last: dict[tuple[int, int], int] = {}
    for day, sender, receiver, kind in kept:
        low, high = min(sender, receiver), max(sender, receiver)
        if day >= 330 or kind == Kind.POST or not mass[kind] > 0:
            continue
        side = 0 if sender == low else 1
        if day - received.get((low, high, side), -10_000) <= TWO_WAY:
            last[low, high] = day
        received[low, high, 1 - side] = day
    return last
