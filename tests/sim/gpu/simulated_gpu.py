"""Compare the GPU engine on Numba's CUDA simulator with the fast engine.

Run it in a process of its own, because Numba reads the setting for the simulator only once:

    NUMBA_ENABLE_CUDASIM=1 python tests/sim/gpu/simulated_gpu.py

It prints the differences, or one line for each case without any.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

import sim
from sim.engine.day import Core
from sim.gpu import core as gpu
from sim.model.gestures import Channel, Kind
from sim.state.population import GESTURE, NEVER, NO_ANSWER, NOBODY, DayRecord, World

DAYS = 16  # more than two weeks

Happened = Callable[[list[DayRecord], gpu.GpuCore], bool]


def state(seed: int, people: int = 30, **settings: float) -> World:
    """A world after a short burn-in."""
    return sim.worlds.generated(people=people, burn_in_years=0.1, seed=seed, parameters=sim.Parameters(**settings))


def with_letters(world: World) -> World:
    """The world with a note under way from everyone. Some notes arrive today, and some are sent today."""
    n, day = len(world), world.day
    letters = np.zeros(n, GESTURE)
    letters["sender"], letters["receiver"] = np.arange(n), (np.arange(n) * 7 + 3) % n
    letters["kind"], letters["channel"], letters["event_key"] = Kind.NOTE, Channel.PRIVATE, np.arange(n)
    letters["day"] = day - 2 + np.arange(n) % 4
    letters["arrives_day"] = letters["day"] + 2
    letters["parent_day"], letters["parent_kind"] = NEVER, NO_ANSWER
    letters["sender_slot"] = letters["receiver_slot"] = NOBODY
    return replace(world, mail=letters[letters["sender"] != letters["receiver"]])


def cases() -> Iterator[tuple[str, World, Happened]]:
    """Yield cases: a name, a world, and a function that checks whether the intended events happened."""
    yield "ordinary", state(1), lambda days, _: any(day.delivered["noticed"].any() for day in days)
    crowded = state(2, tie_capacity=20, ties_at_start=18, encounter_rate=1.5)
    yield "more acquaintances than capacity", crowded, lambda days, _: any(len(day.forgotten) for day in days)
    letters = with_letters(state(3))
    yield (
        "letters are under way",
        letters,
        lambda days, _: (
            any((days[0].delivered["kind"] == Kind.NOTE) & (days[0].delivered["receiver_slot"] >= 0))
            and any(days[0].sent["kind"] == Kind.NOTE)
        ),
    )
    answering = state(4, encounter_rate=3.0, encoding_answered=0.7, answer_strength=5.0)
    yield (
        "answers are answered",
        answering,
        lambda days, _: any(_answers_of_answers(day.sent) for day in days) and any(len(day.new_ties) for day in days),
    )
    mailboxes = sim.worlds.generated(
        people=30,
        burn_in_years=0,
        seed=6,
        parameters=sim.Parameters(routine_new=0.5, routine_rate=2.0),
        observed=6,
        cache=False,
    )
    unobserved = mailboxes.people["unobserved"] == 1
    yield (
        "only six people are observed",
        mailboxes,
        lambda days, _: any(unobserved[day.sent["sender"]].any() for day in days),
    )
    gpu.ROOM_TO_GROW, gpu.SMALLEST_ROOM = 1 << 40, 4
    full = state(5, people=50, encounter_rate=3.0)
    yield "the pool is full", full, lambda _, on_gpu: len(on_gpu._state.ties) > len(full.ties) + 4


def _answers_of_answers(sent: np.ndarray) -> int:
    """Count the day's answers to answers of the same day."""
    answers = sent[sent["parent_kind"] != NO_ANSWER]
    there = {(row["sender"], row["receiver"], row["event_key"], row["day"]) for row in answers}
    return sum((row["receiver"], row["sender"], row["parent_key"], row["parent_day"]) in there for row in answers)


def differences(world: World, seed: int, happened: Happened) -> list[str]:
    """Describe the differences between both engines."""
    core, on_gpu = Core(world, seed=seed), gpu.GpuCore(world, seed=seed)
    types = [array.dtype for array in on_gpu._buffers[:-1]]
    found: list[str] = []
    days = []
    for _ in range(DAYS):
        mine, theirs = core.step(), on_gpu.step()
        days.append(mine)
        for what in ("sent", "delivered", "new_ties", "forgotten", "met"):
            one, two = getattr(mine, what), getattr(theirs, what)
            if len(one) != len(two):
                found.append(f"day {mine.day}: {len(one)} and {len(two)} {what}")
                continue
            columns = [column for column in one.dtype.names or (...,) if (one[column] != two[column]).any()]
            found += [f"day {mine.day}: {what} {column}" for column in columns]
        found += core.to_world().differences(on_gpu.to_world())
        if found:
            return found
    if types != [array.dtype for array in on_gpu._buffers[:-1]]:
        found.append("a kernel is compiled for one type of each array, and some changed theirs")
    if not happened(days, on_gpu):
        found.append("the intended events did not happen")
    return found


def main() -> int:
    """Compare all cases; returns 1 if any differs."""
    assert gpu.SIMULATED
    different = False
    for name, world, happened in cases():
        found = differences(world, 9, happened)
        different |= bool(found)
        print(f"{name}: {'; '.join(found) or 'equal'}", flush=True)
    return int(different)


if __name__ == "__main__":
    sys.exit(main())
