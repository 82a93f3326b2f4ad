"""Contact logs of simulated worlds, with as many people and days as a real log."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

import sim
from experiments.logs.absences import absences
from experiments.logs.contact_log import values
from experiments.logs.log import Log, read
from experiments.logs.observed import cut, number_observed
from experiments.logs.published import facts, ties_of
from experiments.logs.rhythm import by_the_day
from experiments.logs.writing import written
from sim.contact_logs import LogError
from sim.engine.day import Core
from sim.model.rules import SECONDS_A_DAY
from sim.run import on_threads, run_days
from sim.state.population import LAST_DAY

MOST_PEOPLE = 4_000  # simulated at most; larger worlds have the same statistics but take longer
BURN_IN_YEARS = 1.0


@dataclass(frozen=True)
class Window:
    """The size of a simulated world and its log.

    Attributes:
        people: number of people.
        days: length of the log, after the burn-in.
        burn_in_years: years of ordinary life before the log.
        observed: number of people whose ties are simulated and recorded; everybody's if None.
        whole_days: whether the log has days and no hours, as a real log without times of day does.
    """

    people: int
    days: int
    burn_in_years: float = BURN_IN_YEARS
    observed: int | None = None
    whole_days: bool = False


def window_of(log: Log, most_people: int = MOST_PEOPLE) -> Window:
    """The window with as many people, observed people and days as a real log, and times as fine."""
    people = max(2, min(log.people, most_people))
    observed = number_observed(log)
    return Window(
        people,
        max(1, round(log.days)),
        observed=None if observed is None else min(observed, people),
        whole_days=by_the_day(log),
    )


def simulated_log(parameters: sim.Parameters, window: Window, *, seed: int, threads: int = 1) -> Log:
    """The log of a generated world; see `lived`."""
    return lived(parameters, window, seed=seed, threads=threads)[0]


def lived(parameters: sim.Parameters, window: Window, *, seed: int, threads: int = 1) -> tuple[Log, sim.World]:
    """The log of a generated world (questions and messages on the private channel), and the world after it.

    Args:
        parameters: parameters of the past, the burn-in and the logged days.
        window: size of the world and its log.
        seed: seed of the world and of all random draws.
        threads: number of threads; the log does not depend on it.

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
        observed=window.observed,
    )
    days: list[np.ndarray] = []
    with on_threads(threads):
        core = run_days(
            Core(world, seed=seed), window.days, lambda record: days.append(written(record.sent, parameters.gestures))
        )
    sent = np.concatenate(days)
    if not len(sent):
        raise LogError(
            f"Nobody wrote to anybody in {window.days} days in a world of {window.people} people. Check routine_rate."
        )
    after = core.to_world()
    if window.observed is not None:
        sent = sent[_seen(sent, after.people)]
    time = sent["day"].astype(np.int64) * SECONDS_A_DAY + (0 if window.whole_days else sent["second"])
    log = read(pd.DataFrame({"source": sent["sender"], "target": sent["receiver"], "time": time}))
    if window.observed is not None:
        log = cut(log, after.people["unobserved"][log.names.astype(np.int64)] == 0)
    return log, after


def _seen(sent: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Whether a gesture is in the log of an observed person, shape (gestures,): their logs end when they leave."""
    until = np.where(people["unobserved"] == 1, 0, np.where(people["leaves"] == 0, LAST_DAY + 1, people["leaves"]))
    return np.asarray(np.maximum(until[sent["sender"]], until[sent["receiver"]]) > sent["day"])


def simulated_values(parameters: sim.Parameters, window: Window, seed: int) -> dict[str, float]:
    """The statistics of a simulated log, by name, computed on one thread."""
    return values(simulated_log(parameters, window, seed=seed))


def simulated_facts(parameters: sim.Parameters, window: Window, seed: int) -> pd.DataFrame:
    """Published facts in a simulated log, and effects that must be absent in the world after it, on one thread."""
    log, world = lived(parameters, window, seed=seed)
    return pd.concat([facts(log, ties=ties_of(world)), absences(world, seed=seed)], ignore_index=True)
