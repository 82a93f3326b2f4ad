"""One world, or two with the same random draws, played day by day: events, looks and outcomes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from experiments.config.settings import Experiment, Strategy
from experiments.sweeps.adopters import adopters_of
from experiments.sweeps.design import RunSpec, label, runs_of
from experiments.sweeps.injected import focal_ties, gestures
from experiments.terminal.legend import PLAIN, Legend
from experiments.watch.between import Between
from experiments.watch.layout import Layout, WorldFrame, WorldView, only_differences
from experiments.watch.naming import colours_of_arms, names_of_families
from experiments.watch.outcomes import Outcome, OutcomeOfPairs, Shown, TiesOfAdopters, TiesOfPairs
from experiments.watch.palette import Family
from sim.engine.views import State
from sim.model.parameters import Parameters
from sim.run import Gesture, Simulation
from sim.state.population import GESTURE, LAST_DAY, NO_ANSWER, NOBODY, World

HISTORY = np.dtype([("day", "i4"), ("sender", "i4"), ("receiver", "i4"), ("kind", "u1"), ("answers", "u1")])
REMEMBERED = 300_000  # gestures of an arm that are kept for the histories of ties
HISTORY_SHOWN = 8  # gestures between two people
WITH, WITHOUT = "with it", "without it"


class TieSeen(NamedTuple):
    """A tie of the followed person.

    Attributes:
        other: id.
        state: state of the tie; see `sim.engine.views.State`.
        strength: strength for the followed person, 0..1.
        silence: days since two-way contact; None if there was none.
        door: how open the other person's door is for the followed person, 0..1.
        own_door: how open the followed person's door is for the other, 0..1.
        rekindled: whether it reconnected in this run.
        history: the latest gestures between the two in this run, as (day, whether the followed person sent it, kind,
            whether it answers another), latest first.
    """

    other: int
    state: State
    strength: float
    silence: int | None
    door: float
    own_door: float
    rekindled: bool
    history: list[tuple[int, bool, str, bool]]


class GestureSeen(NamedTuple):
    """A gesture of the last day between the followed person and somebody else.

    Attributes:
        other: id.
        outgoing: whether the followed person sent it.
        family: family of its kind, whose colour it has.
        kind: name of its kind.
    """

    other: int
    outgoing: bool
    family: Family
    kind: str


class Gestures:
    """The latest gestures of an arm in a ring buffer of constant size."""

    def __init__(self, room: int = REMEMBERED) -> None:
        self.rows, self.count = np.zeros(room, HISTORY), 0

    def add(self, sent: np.ndarray) -> None:
        """Add a day's gestures, except posts."""
        sent = sent[sent["receiver"] != NOBODY][-len(self.rows) :]
        at = (self.count + np.arange(len(sent))) % len(self.rows)
        for name in ("day", "sender", "receiver", "kind"):
            self.rows[name][at] = sent[name]
        self.rows["answers"][at] = sent["parent_kind"] != NO_ANSWER
        self.count += len(sent)

    def of(self, person: int) -> np.ndarray:
        """The gestures that a person sent and received, latest first, type `HISTORY`."""
        known = self.rows[: self.count] if self.count < len(self.rows) else np.roll(self.rows, -self.count)
        return known[(known["sender"] == person) | (known["receiver"] == person)][::-1]

    def copied(self) -> Gestures:
        """A copy."""
        twin = Gestures(len(self.rows))
        twin.rows[:], twin.count = self.rows, self.count
        return twin


Counted = TiesOfAdopters | TiesOfPairs


class Arm:
    """One world of a playback."""

    def __init__(self, name: str, colour: str, run: Simulation, layout: Layout, ties: Counted) -> None:
        self.name, self.colour, self.run, self.view, self.ties = name, colour, run, WorldView(layout, run), ties
        self.gestures = Gestures()
        self.sent: list[np.ndarray] = []  # since the last picture
        self.between: Between | None = None  # of two people, if that is recorded

    def step(self) -> np.ndarray:
        """Simulate a day, and return the pairs to draw because of it; see `WorldView.take_in`."""
        record = self.run.step()
        self.sent.append(record.sent)
        self.gestures.add(record.sent)
        self.ties.observe(record)
        if self.between is not None:
            self.between.observe(record)
        return self.view.take_in(record)


class Playback:
    """One or two worlds with the same first morning, random draws and day.

    Args:
        world: the world on the first morning.
        experiments: the experiment of each, which differ in settings of the run and in parameters only.
        names: what the worlds are called; by default by their strategies.
        of_pairs: whether outcomes are counted over the pairs of people to whom gestures are injected, or might be.

    Attributes:
        arms: one or two arms.
        adopters: the people whose outcomes count: those who follow the strategy, or the senders of pairs.
        layout: the drawn people and ties.
        families: what is drawn in the colour of each `experiments.watch.palette.Family`.
    """

    def __init__(
        self, world: World, experiments: Sequence[Experiment], names: Sequence[str] = (), *, of_pairs: bool = False
    ) -> None:
        first = experiments[0]
        runs = [_simulation(each, world) for each in experiments]
        pairs = _focal(first, world) if of_pairs else []
        senders = np.unique(np.array([sender for sender, _ in pairs], np.int32))
        self.adopters = senders if of_pairs else runs[0].adopters
        self.layout = Layout(world, self.adopters)
        self.changed: set[int] = set()  # rows of the layout with new ties, to update copies
        self.families = names_of_families(first.parameters.gestures)
        legend = Legend(first.parameters.strategies)
        strategies = [each.run.strategy for each in experiments]
        colours = colours_of_arms(list(names) or [label(each) for each in strategies], legend)
        called = list(names) or [name_of(each, legend) for each in strategies]
        self.arms = [
            Arm(name, colour, own, self.layout, _counted(each, world, own, pairs if of_pairs else None))
            for name, colour, own, each in zip(called, colours, runs, experiments, strict=True)
        ]

    @property
    def shown(self) -> tuple[Shown, ...]:
        """The outcomes that are counted."""
        return self.arms[0].ties.shown

    @property
    def day(self) -> int:
        """Days simulated."""
        return self.arms[0].run.day

    def step(self) -> None:
        """Simulate a day of every arm."""
        wanted = [arm.step() for arm in self.arms]
        self._admit(np.unique(np.concatenate(wanted), axis=0))

    def _admit(self, pairs: np.ndarray) -> None:
        """Draw ties that now matter."""
        if not len(pairs):
            return
        is_back = np.any([arm.view.is_back for arm in self.arms], axis=0)
        changed = self.layout.admit(pairs, self.layout.with_adopter(self.layout.pairs) | is_back)
        self.changed.update(changed.tolist())
        for arm in self.arms:
            arm.view.forget(changed)

    def look(self, differences: bool = False, followed: int | None = None) -> list[WorldFrame]:
        """A frame of each arm this morning with the gestures since the last frame, or only the differences.

        ``followed`` is the person for whom doors are shown, if any.
        """
        pictures = []
        for arm in self.arms:
            arm.view.look()
            sent = np.concatenate(arm.sent) if arm.sent else np.zeros(0, GESTURE)
            arm.sent.clear()
            pictures.append(arm.view.picture(sent, followed))
        return list(only_differences(*pictures)) if differences and len(pictures) == 2 else pictures

    def outcomes(self) -> list[Outcome | OutcomeOfPairs]:
        """The outcome of each arm so far."""
        return [arm.ties.outcome() for arm in self.arms]

    def play(self, days: int, going_on: Callable[[int], None] = lambda day: None) -> None:
        """Simulate a number of days; ``going_on`` is called after each."""
        for _ in range(days):
            self.step()
            for arm in self.arms:
                del arm.sent[:-1]
            going_on(self.day)

    def record_between(self, first: int, second: int) -> None:
        """From today on, record what happens between two people in each arm, as `Arm.between`."""
        for arm in self.arms:
            arm.between = Between(arm.run, first, second)

    def send(self, gesture: Gesture) -> None:
        """Inject a gesture into the first arm, today or later.

        Raises:
            TypeError, ValueError: the gesture is not possible.
        """
        self.arms[0].run.send(gesture)

    def fork(self, gesture: Gesture) -> None:
        """Continue in two worlds that are equal up to today, with a gesture in the first and without it in the second.

        Raises:
            TypeError, ValueError: the gesture is not possible.
        """
        first = self.arms[0]
        colours = colours_of_arms(["", ""], PLAIN)
        other = next(colour for colour in reversed(colours) if colour != first.colour)
        twin = first.run.twin()
        without = Arm(WITHOUT, other, twin, self.layout, first.ties.continued(twin))
        first.run.send(gesture)
        without.gestures, without.view.rekindled = first.gestures.copied(), first.view.rekindled
        without.view.is_back = first.view.is_back.copy()
        without.between = None if first.between is None else first.between.continued(twin)
        first.name = WITH
        self.arms = [first, without]

    def change(self, parameters: Sequence[Parameters]) -> None:
        """Use other parameters in each arm from today on; those of the first also in a twin of it."""
        for number, arm in enumerate(self.arms):
            arm.run.change(parameters[min(number, len(parameters) - 1)])

    def ties_of(self, person: int, arm: int = 0) -> list[TieSeen]:
        """The ties of a person today, strongest first and acquaintances last."""
        there = self.arms[arm]
        others = np.sort(there.run.known_to(person))
        pairs = np.stack([np.full(len(others), person, np.int32), others], axis=1)
        seen = there.run.see(pairs, np.full(len(pairs), NOBODY, np.int32))
        log, kinds = there.gestures.of(person), there.run.parameters.kinds
        with_whom = np.where(log["sender"] == person, log["receiver"], log["sender"])
        is_back = np.isin(self.layout.keys(np.sort(pairs, axis=1)), there.view.rekindled)
        ties = []
        for other, row, rekindled in zip(others.tolist(), seen, is_back.tolist(), strict=True):
            silence = int(row["silence"])
            ties.append(
                TieSeen(
                    other=other,
                    state=State(int(row["state"])),
                    strength=float(row["strength"][0]),
                    silence=silence if silence < LAST_DAY else None,
                    door=float(row["openness"][1]),
                    own_door=float(row["openness"][0]),
                    rekindled=rekindled,
                    history=[
                        _history_row(line, person, there.run.start, kinds)
                        for line in log[with_whom == other][:HISTORY_SHOWN]
                    ],
                )
            )
        return sorted(ties, key=lambda tie: (tie.state <= State.ACQUAINTED, -tie.strength, tie.other))

    def gestures_of(self, person: int, arm: int = 0) -> list[GestureSeen]:
        """The gestures that a person sent and received on the last day, in their order; none on the first morning."""
        there = self.arms[arm]
        log, kinds = there.gestures.of(person), there.run.parameters.kinds
        return [
            GestureSeen(
                other=int(line["receiver"] if line["sender"] == person else line["sender"]),
                outgoing=int(line["sender"]) == person,
                family=Family(int(there.view.families[line["kind"]])),
                kind=kinds[line["kind"]].replace("_", " "),
            )
            for line in log[log["day"] - there.run.start == self.day - 1][::-1]
        ]


def _simulation(experiment: Experiment, world: World) -> Simulation:
    """The run of an experiment on its first morning, with the gestures that it injects."""
    run = _run_of(experiment)
    simulation = Simulation(
        world,
        strategy=experiment.run.strategy,
        adopters=adopters_of(run, world),
        seed=experiment.run.seed,
        parameters=experiment.parameters,
        strategy_days=experiment.run.strategy_days,
    )
    if run.inject is not None:
        for gesture in gestures(run.inject, _focal(experiment, world)):
            simulation.send(gesture)
    return simulation


def _run_of(experiment: Experiment) -> RunSpec:
    (one,) = runs_of(experiment.model_copy(update={"sweep": None}))
    return one


def _focal(experiment: Experiment, world: World) -> list[tuple[int, int]]:
    """The pairs to whom an experiment injects gestures, or might."""
    run = _run_of(experiment)
    assert run.inject is not None
    return focal_ties(world, run.inject, run.seed, run.parameters)


def _counted(experiment: Experiment, world: World, run: Simulation, pairs: Sequence[tuple[int, int]] | None) -> Counted:
    if pairs is not None:
        return TiesOfPairs(world, run, pairs)
    return TiesOfAdopters(world, run, experiment.run.strategy_days, _run_of(experiment).inject is not None)


def _history_row(line: np.void, person: int, start: int, kinds: Sequence[str]) -> tuple[int, bool, str, bool]:
    """A row of `HISTORY` as `TieSeen.history` has it; ``kinds`` are the names of gestures by number."""
    kind = kinds[line["kind"]].replace("_", " ")
    return int(line["day"]) - start, int(line["sender"]) == person, kind, bool(line["answers"])


def name_of(strategy: Strategy, legend: Legend = PLAIN) -> str:
    """A strategy's name for display: its label, or ``handwritten notes``; or ``50% check in, 50% show up``."""
    if isinstance(strategy, str):
        return legend.label(strategy)
    return ", ".join(f"{share * 100:g}% {legend.label(name)}" for name, share in strategy.items())
