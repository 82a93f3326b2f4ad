"""The adopters of a run: a keyed choice that all arms share, optionally among people of one temperament."""

from __future__ import annotations

import numpy as np

import sim
from experiments.sweeps.design import RunSpec
from sim.model.chance import DrawPurpose, uniforms_of_people
from sim.run import Adopters


def adopters_of(run: RunSpec, world: sim.World) -> Adopters:
    """The adopters of a run, in the form that `sim.simulate` accepts.

    With a restriction on temperament, adopters are drawn from the third of the people that is lowest or highest in
    sociability, reticence or both. If too few people qualify, all of them adopt.
    """
    if run.adopters == "newcomers":
        return np.arange(len(world) - run.world.newcomers, len(world))
    if isinstance(run.adopters, tuple):
        return list(run.adopters)
    if run.among == ("any", "any"):
        return run.adopters
    count = run.adopters if isinstance(run.adopters, int) else max(1, round(run.adopters * len(world)))
    draws = np.empty(len(world))
    uniforms_of_people(draws, np.uint64(run.seed), DrawPurpose.ADOPTER, 0, 0)
    wanted = _third(world.people["sociability"], run.among[0]) & _third(world.people["reticence"], run.among[1])
    who = np.flatnonzero(wanted)
    return np.sort(who[np.argsort(draws[who], kind="stable")[:count]])


def _third(values: np.ndarray, which: str) -> np.ndarray:
    """Whether each person is in this third of the people, shape (people,)."""
    low, high = np.quantile(values, [1 / 3, 2 / 3])
    return {"any": np.ones(len(values), bool), "low": values <= low, "high": values >= high}[which]
