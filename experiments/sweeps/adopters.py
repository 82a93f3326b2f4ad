"""Who follows the strategy of a run: a keyed choice that every arm shares, if asked for among people of one temper."""

from __future__ import annotations

import numpy as np

import sim
from experiments.sweeps.design import Run
from sim.model.chance import DrawPurpose, uniforms_of_people
from sim.run import Adopters


def adopters_of(run: Run, world: sim.World) -> Adopters:
    """The adopters of a run as `sim.simulate` takes them.

    A count or a share of people of one temper is drawn from the third of the world that is lowest, or highest, in
    sociability, in hesitance, or in both; where fewer are in both, all of them adopt.
    """
    if run.adopters == "newcomers":
        return np.arange(len(world) - run.world.newcomers, len(world))
    if isinstance(run.adopters, tuple):
        return list(run.adopters)
    if run.among == ("any", "any"):
        return run.adopters
    asked = run.adopters if isinstance(run.adopters, int) else max(1, round(run.adopters * len(world)))
    luck = np.empty(len(world))
    uniforms_of_people(luck, np.uint64(run.seed), DrawPurpose.ADOPTER, 0, 0)
    wanted = _third(world.people["sociability"], run.among[0]) & _third(world.people["hesitance"], run.among[1])
    who = np.flatnonzero(wanted)
    return np.sort(who[np.argsort(luck[who], kind="stable")[:asked]])


def _third(values: np.ndarray, which: str) -> np.ndarray:
    """Who is in a third of the people, shape (people,)."""
    low, high = np.quantile(values, [1 / 3, 2 / 3])
    return {"any": np.ones(len(values), bool), "low": values <= low, "high": values >= high}[which]
