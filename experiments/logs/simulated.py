"""What a contact log would show of a simulated world: as many people and days as a real log has, and its writing."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import pandas as pd

import sim
from experiments.logs.contact_log import Log, read, values
from experiments.logs.published import absences, facts, ties_of
from experiments.logs.writing import written
from sim.contact_logs import LogError
from sim.engine.day import Core
from sim.model.rules import SECONDS_A_DAY

MOST_PEOPLE = 4_000  # simulated, however many a log has: statistics of a larger world are the same, but later
BURN_IN_YEARS = 1.0


@dataclass(frozen=True)
class Window:
    """How much of a simulated world is looked at.

    Attributes:
        people: of the world.
        days: of the log, after the burn-in.
        burn_in_years: ordinary life before it.
    """

    people: int
    days: int
    burn_in_years: float = BURN_IN_YEARS


def window_of(log: Log, most_people: int = MOST_PEOPLE) -> Window:
    """The window in which a simulated world is as large and as long as a real log."""
    return Window(people=max(2, min(log.people, most_people)), days=max(1, round(log.days)))


def simulated_log(parameters: sim.Parameters, window: Window, *, seed: int, threads: int = 1) -> Log:
    """The log that a generated world leaves; see `lived`."""
    return lived(parameters, window, seed=seed, threads=threads)[0]


def lived(parameters: sim.Parameters, window: Window, *, seed: int, threads: int = 1) -> tuple[Log, sim.World]:
    """The log that a generated world leaves, its questions and messages on the private channel; and the world after it.

    Args:
        parameters: of the past, the burn-in and the days that are logged.
        window: its size.
        seed: of the world and of all luck.
        threads: that share the work; the log is the same for any number.

    Raises:
        sim.contact_logs.LogError: nobody wrote to anybody.
    """
    world = sim.worlds.generated(
        people=window.people,
        burn_in_years=window.burn_in_years,
        seed=seed,
        parameters=parameters,
        threads=threads,
        cache=False,
    )
    before = numba.get_num_threads()
    numba.set_num_threads(threads)
    try:
        core = Core(world, seed=seed)
        days = [written(core.step().sent) for _ in range(window.days)]
    finally:
        numba.set_num_threads(before)
    sent = np.concatenate(days)
    if not len(sent):
        raise LogError(
            f"Nobody wrote to anybody in {window.days} days of a world of {window.people} people; look at routine_rate."
        )
    time = sent["day"].astype(np.int64) * SECONDS_A_DAY + sent["second"]
    log = read(pd.DataFrame({"source": sent["sender"], "target": sent["receiver"], "time": time}))
    return log, core.to_world()


def simulated_values(parameters: sim.Parameters, window: Window, seed: int) -> dict[str, float]:
    """The statistics of such a log, by name, on one thread: a piece of work for a process of its own."""
    return values(simulated_log(parameters, window, seed=seed))


def simulated_facts(parameters: sim.Parameters, window: Window, seed: int) -> pd.DataFrame:
    """Published facts in such a log, and what the model must fail to produce in the world after it; likewise."""
    log, world = lived(parameters, window, seed=seed)
    return pd.concat([facts(log, ties=ties_of(world)), absences(world, seed=seed)], ignore_index=True)
