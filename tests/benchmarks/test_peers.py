"""The peers live our ordinary day: plain Mesa sends what the core sends, and keeps its books in order.

The Numba peer takes half a minute to compile, so `verification.peers` does the same for it, and looks at both closely.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import sim
from benchmarks.peers.mesa_plain import PlainModel
from benchmarks.peers.start import start_of
from benchmarks.peers_agree import Agreement, sent
from benchmarks.workloads import LISTS, ORDINARY, WORKLOADS

PEOPLE, DAYS, SEEDS = 400, 20, (1, 2)


@cache
def world() -> sim.World:
    """Half a year old, without spells, which would need many more person-days."""
    return sim.worlds.generated(
        people=PEOPLE, burn_in_years=0.5, seed=1, parameters=sim.Parameters(spell_sd=0.0), cache=False
    )


@cache
def gestures(name: str, workload: str) -> np.ndarray:
    """By kind, over all seeds."""
    start = replace(WORKLOADS[workload], adopters=1.0).on(world())
    return np.sum([sent(name, start, DAYS, seed) for seed in SEEDS], axis=0)


@pytest.mark.parametrize("workload", [ORDINARY, LISTS])
def test_plain_mesa_sends_what_the_core_sends(workload: str) -> None:
    # 16,000 person-days, 8,700 gestures: one standard error of a total's ratio is two per cent, and eight of a kind
    # that is sent 300 times. `python -m benchmarks.peers_agree` looks a hundred times as closely.
    core, peer = gestures("core-1", workload), gestures("mesa", workload)
    assert peer.sum() == pytest.approx(core.sum(), rel=0.06)
    often = core >= 300
    assert often.sum() >= 6
    np.testing.assert_allclose(peer[often], core[often], rtol=0.2)
    assert peer[core == 0].sum() == 0


def test_forgetting_among_objects_keeps_directions_together() -> None:
    start = start_of(world())
    crowded = start._replace(people={**start.people, "capacity": np.full(PEOPLE, 30, np.int32)})
    model = PlainModel(crowded, 1)
    model.step()
    people = model.town.people
    assert max(len(person.ties) for person in people) <= 30
    assert all(person in other.ties for person in people for other in person.ties)


def test_a_feed_that_ranks_by_open_doors() -> None:
    start = start_of(sim.worlds.generated(people=60, burn_in_years=0, seed=1, parameters=sim.Parameters(feed_boost=1)))
    running = PlainModel(start, 1)
    for _ in range(3):
        running.step()
    assert sum(running.sent) > 0


def test_spells_are_lognormal_with_mean_one() -> None:
    start = start_of(sim.worlds.generated(people=2_000, burn_in_years=0, seed=1))
    spells = np.log([person.busyness() for person in PlainModel(start, 1).town.people])
    assert spells.std() == pytest.approx(0.9, rel=0.05)
    assert spells.mean() == pytest.approx(-0.405, abs=0.06)


def test_a_start_is_the_world() -> None:
    start = start_of(world())
    held = world().people["degree"]
    np.testing.assert_array_equal(np.diff(start.first), held)
    owner = np.repeat(np.arange(PEOPLE), held)
    np.testing.assert_array_equal(start.ties["other"][start.mirror], owner)
    np.testing.assert_array_equal(start.ties["two_way"][start.mirror], start.ties["two_way"])
    assert len(start.mail["day"]) == len(world().mail)


def test_agreement_is_within_two_per_cent_or_the_sampling_error() -> None:
    assert Agreement("call", 0.1, 1.019, 0.001).holds(0.02)
    assert not Agreement("call", 0.1, 1.03, 0.005).holds(0.02)
    assert Agreement("smile", 0.01, 1.03, 0.015).holds(0.02)
