"""Running a world: `simulate` runs it to the end, and `Simulation` day by day."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numba
import numpy as np
import pandas as pd

from sim.engine.choosing import GIVEN
from sim.engine.day import Core
from sim.engine.memory import fresh_bounds
from sim.engine.views import SEEN, see
from sim.measures import Measures, OutcomeRecorder, log_frame, sale_hazards
from sim.model import rules
from sim.model.chance import DrawPurpose, Occasion, event_key_of, uniform, uniforms_of_people
from sim.model.gestures import Channel
from sim.model.outcomes import INJECTED_WITHIN
from sim.model.parameters import Parameters
from sim.model.playbook import POST
from sim.model.spelling import suggestion
from sim.model.strategies import BY_HAND, Mixture, Plan, mixture_of
from sim.own_outcomes import Outcome, own_outcomes
from sim.runtime import memory_limit
from sim.runtime.checkpoint import Checkpoint
from sim.runtime.interrupts import held_back
from sim.runtime.soundness import check_world
from sim.state.population import (
    GESTURE,
    LAST_DAY,
    NEVER,
    NO_ANSWER,
    NOBODY,
    PLAN,
    DayRecord,
    World,
    canonical_mail,
    joined,
)

OCCASIONS = ("private", "in_person")  # of injected gestures, for kinds without a channel of their own
FOREVER = 2**30  # `strategies_end` of strategies that never stop

Adopters = int | float | Sequence[int] | Set[int] | np.ndarray

_ADOPTERS = (
    "a count such as 20, a share such as 0.05, ids such as [3, 17], or a mask with a truth value for each person"
)


@dataclass(frozen=True)
class Gesture:
    """One extra gesture, injected into a run. It ignores the barrier and minutes, and adds no practice.

    Attributes:
        day: the day of the run, from 0.
        kind: any kind except ``"post"``.
        sender, receiver: ids of the two people.
        second: the second of the day, 0 to 86,399; noon by default.
        channel: ``"private"`` or ``"in_person"``, for kinds without a channel of their own, such as questions.

    Example:
        >>> import sim
        >>> sim.Gesture(day=0, kind="like", sender=3, receiver=17).kind
        'like'
    """

    day: int
    kind: str
    sender: int
    receiver: int
    second: int = 43_200
    channel: str = "private"


@dataclass(frozen=True, eq=False)
class Run:
    """The results of a run.

    Attributes:
        measures: the outcomes; see `sim.measures`.
        adopters: ids of the people who followed the strategy, sorted.
        log: the contact log if ``log=True``, else None; see `sim.measures.log_frame`.
        core: the engine after the last day.
        recorder: what was recorded, for `people`.
    """

    measures: Measures
    adopters: np.ndarray
    log: pd.DataFrame | None
    core: Core
    recorder: OutcomeRecorder | None = None

    @cached_property
    def people(self) -> pd.DataFrame:
        """The outcomes of each person; see `sim.measures.OutcomeRecorder.people`. Computed on first access."""
        assert self.recorder is not None
        return self.recorder.people(self.core.final_state())

    @cached_property
    def world(self) -> World:
        """The world after the last day; assembled on first access."""
        return self.core.to_world()


def simulate(
    world: World,
    *,
    days: int,
    strategy: Mixture | None = None,
    adopters: Adopters | None = None,
    seed: int,
    threads: int = 1,
    parameters: Parameters | None = None,
    strategy_days: int | None = None,
    extra: Iterable[Gesture] = (),
    focal: Iterable[tuple[int, int]] = (),
    within: int | None = None,
    log: bool = False,
    series: bool = True,
    progress: Callable[[int, int], None] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_minutes: float = 10.0,
    measures: Mapping[str, Outcome] | None = None,
    stop: Outcome | None = None,
) -> Run:
    """Run a world on the fast engine.

    Args:
        world: the starting point; it isn't changed.
        days: days to simulate, 1 or more.
        strategy: the name of a strategy, or a mixture such as ``{"engage_regularly": 0.5, "check_in": 0.5}``. None
            continues the plans that people in the world already have; a new world has none.
        adopters: the people who follow the strategy: a count, a share in (0, 1], ids, or a mask of shape (people,). The
            default is 20 people, or the people who have plans if there is no strategy.
        seed: the seed of all random draws, 0 to 2**64 - 1. It selects the same adopters for every strategy.
        threads: the number of threads, at most the number of cores. Results don't depend on it.
        parameters: the parameters of the run; those of the world by default.
        strategy_days: days that the strategy runs; all days by default. The remaining days are ordinary life.
        extra: gestures to inject.
        focal: pairs of people that the ``focal_…`` measures follow (see `sim.model.outcomes`), such as the sender and
            the receiver of each injected gesture. With focal pairs, outcomes are measured from the first day on, as
            with injected gestures, so a run without the gestures can serve as a control.
        within: days in which a reconnection counts. The default is `strategy_days`, or 60 with injected gestures or
            focal pairs.
        log: whether to keep the contact log.
        series: whether to keep daily measures.
        progress: a function that is called with (days done, all days) after each day, and once after a checkpoint is
            loaded.
        checkpoint: a file for the state of the run. If the run is interrupted, even by SIGKILL, the same call continues
            from the file, with the same results bit for bit. The file is deleted at the end of the run. A damaged file,
            or the file of another run, is replaced with a warning. By default, there is no checkpoint.
        checkpoint_minutes: wall time between checkpoints, in minutes; 0 writes one after each day.
        measures: measures of your own by name, which are added to ``measures.scalars``. Each is a class, whose
            ``observe`` is called with each `sim.Day` and whose ``result`` returns the outcome, or a function that is
            called with the last day.
        stop: a stop condition, written like a measure and asked after each day. If it's True, the run ends: it has the
            outcomes of a run of this many `days`, and the measure ``days_run``. Gestures in ``extra`` after the end
            aren't made.

    Ctrl-C stops a run between two days. Press it twice to stop at once. Many parameters because this one call is the
    whole interface of a run; all but three have defaults.

    Raises:
        TypeError, ValueError: if an argument has the wrong type or is out of range.
        sim.runtime.memory_limit.NotEnoughMemoryError: if there is no memory for a second copy of the world.
        sim.own_outcomes.OwnOutcomeError: if a measure of your own raises an exception, or returns no number.
        sim.model.functions.FunctionError: if the function of a strategy raises one, or chooses what there isn't.

    Example:
        >>> import sim
        >>> world = sim.worlds.generated(people=60, burn_in_years=0, seed=1)
        >>> run = sim.simulate(world, days=30, strategy="handwritten_notes", adopters=3, seed=1)
        >>> len(run.adopters), run.world.day
        (3, 30)
    """
    days, threads = whole("days", days), whole("threads", threads)
    if days < 1:
        raise ValueError(f"days is {days}; it must be 1 or more.")
    if within is not None and whole("within", within) < 0:
        raise ValueError(f"within is {within}; it must be 0 days or more.")
    if world.day + days > LAST_DAY:
        raise ValueError(f"days is {days}; this world is {world.day} days old, and none gets older than {LAST_DAY:,}.")
    extra, pairs = list(extra), _checked_pairs(focal, len(world))
    injected, own = bool(extra) or len(pairs) > 0, own_outcomes(measures, stop)
    start, who = begin(
        world,
        strategy=strategy,
        adopters=adopters,
        seed=seed,
        parameters=parameters,
        strategy_days=strategy_days,
        extra=extra,
        days=days,
    )
    if within is None:
        within = INJECTED_WITHIN if injected else strategy_days
    saved = None
    if checkpoint is not None:
        known = None if within is None else int(within)
        inputs: list[int | str | None] = [days, int(seed), known, injected, bool(log), bool(series)]
        inputs += [*pairs.ravel().tolist(), *(own.identity() if own else ())]
        saved = Checkpoint(checkpoint, minutes=checkpoint_minutes, start=start, adopters=who, inputs=inputs)
    memory_limit.require(memory_limit.to_run(start), f"A run of {len(start):,} people")
    with on_threads(threads):
        recorder = OutcomeRecorder(
            start,
            adopters=who,
            within=within,
            strategy_days=strategy_days,
            injected=injected,
            series=series,
            focal=pairs,
            own=own,
        )
        today, sent = (start, []) if saved is None else saved.taken_up(recorder)
        core, done = Core(today, seed=int(seed)), today.day - start.day
        del today  # frees one copy of the world
        if done and progress is not None:
            progress(done, days)

        def observe(record: DayRecord) -> None:
            hazards = sale_hazards(core.state, pairs, record.day) if len(pairs) else None
            active = core.active_ties() if series else None
            recorder.observe(record, active, hazards, network=core.network, world=core.to_world)
            if log:
                sent.append(record.sent)
            if saved is not None and not recorder.stopped and record.day + 1 < start.day + days:
                saved.save_if_due(core, recorder, sent)

        run_days(core, days - done, observe, progress, done=done, until=lambda: recorder.stopped)
        outcomes = recorder.finish(core.final_state(), core.to_world)
    run = Run(outcomes, who, log_frame(sent, start.parameters.kinds) if log else None, core, recorder)
    if saved is not None:
        saved.remove()
    return run


class Simulation:
    """A run that you advance day by day. Between days, you can inspect, change and copy it.

    Its days equal those of `simulate` bit for bit.

    Args:
        world, strategy, adopters, seed, parameters, strategy_days, measures: see `simulate`. There is no stop
            condition, because you decide whether there is another day.

    Attributes:
        adopters: ids of the people who follow the strategy, sorted.
        parameters: the current parameters.

    Raises:
        TypeError, ValueError: if an argument has the wrong type or is out of range.

    Example:
        >>> import sim
        >>> world = sim.worlds.generated(people=60, burn_in_years=0, seed=1)
        >>> run = sim.Simulation(world, strategy="check_in", adopters=3, seed=1)
        >>> record = run.step()
        >>> run.day, run.world() == sim.simulate(world, days=1, strategy="check_in", adopters=3, seed=1).world
        (1, True)
    """

    def __init__(
        self,
        world: World,
        *,
        strategy: Mixture | None = None,
        adopters: Adopters | None = None,
        seed: int,
        parameters: Parameters | None = None,
        strategy_days: int | None = None,
        measures: Mapping[str, Outcome] | None = None,
    ) -> None:
        start, self.adopters = begin(
            world,
            strategy=strategy,
            adopters=adopters,
            seed=seed,
            parameters=parameters,
            strategy_days=strategy_days,
        )
        self.start, self.parameters = start.day, start.parameters
        self._core = Core(start, seed=int(seed))
        self._recorder = OutcomeRecorder(
            start,
            adopters=self.adopters,
            within=strategy_days,
            strategy_days=strategy_days,
            injected=False,
            series=False,
            own=own_outcomes(measures),
        )

    def __len__(self) -> int:
        return len(self._core.state.people)

    @property
    def day(self) -> int:
        """The number of days done."""
        return self._core.day - self.start

    def step(self) -> DayRecord:
        """Simulate one day.

        Raises:
            ValueError: if the world has reached its last day.
        """
        if self._core.day >= LAST_DAY:
            raise ValueError(f"This world is {self._core.day:,} days old, the most that a world can be.")
        record = self._core.step()
        self._recorder.observe(record, network=self._core.network, world=self.world)
        return record

    def send(self, gesture: Gesture) -> None:
        """Inject a gesture, today or on a later day.

        Raises:
            TypeError, ValueError: if the gesture is invalid or its day is over.
        """
        letter = _in_the_mail(gesture, self.start, len(self), self.parameters, None)
        if gesture.day < self.day:
            raise ValueError(f"An extra gesture is on day {gesture.day}, which is over; today is day {self.day}.")
        self._core.mail = canonical_mail(joined(self._core.mail, letter))

    def order(self, person: int, other: int, clause: int = 0) -> None:
        """Name a contact for a person's session of the coming day; they make the gesture if time and courage allow.

        The person must follow a strategy whose `whom` is "people named by hand". Several contacts come in the order in
        which they were named. The minutes count as in any strategy, and so do gestures from which the person backs out,
        so that efforts are comparable; a contact named when there is no session is dropped.

        Args:
            person: id of the person.
            other: id of one of their ties or acquaintances.
            clause: the number, from 0, of the clause of `what`.

        Raises:
            TypeError, ValueError: if the person has no such strategy, or doesn't know the other; if the other is named
                already; or if there is no such clause.
        """
        person, other, clause = whole("person", person), whole("other", other), whole("clause", clause)
        state = self._core.state
        mine = np.flatnonzero(state.plans["person"] == person)
        by_hand = [row for row in mine if self._is_by_hand(int(state.plans["strategy"][row]))]
        if not by_hand:
            raise ValueError(f"Person {person} follows no strategy of people named by hand.")
        if other not in self.known_to(person):
            raise ValueError(f"Person {person} doesn't know person {other}; use send for strangers.")
        clauses = int(state.strategies["clauses"][state.plans["strategy"][by_hand[0]]])
        if not 0 <= clause < clauses:
            raise ValueError(f"clause is {clause}; the strategy has the clauses 0 to {clauses - 1}.")
        given = self._core.given
        if ((given["plan"] == by_hand[0]) & (given["other"] == other)).any():
            raise ValueError(f"Person {other} is named for person {person}'s next session already.")
        self._core.given = np.concatenate([given, np.array([(by_hand[0], other, clause)], GIVEN)])

    def _is_by_hand(self, strategy: int) -> bool:
        return self.parameters.strategies[self.parameters.strategy_names[strategy]].lists == (BY_HAND,)

    def change(self, parameters: Parameters) -> None:
        """Continue with other parameters from today, like a new run of this world with these parameters."""
        start, _ = begin(self.world(), seed=int(self._core.seed), parameters=parameters)
        given, self._core = self._core.given, Core(start, seed=int(self._core.seed))
        self._core.given = given
        self.parameters = self._recorder.parameters = parameters

    def twin(self) -> Simulation:
        """A copy of the run, which continues independently with the same random draws."""
        twin = copy.copy(self)
        twin._core = Core(self.world(), seed=int(self._core.seed))
        twin._core.given = self._core.given
        same = self._recorder.at_start  # large, and never changed
        twin._recorder = copy.deepcopy(self._recorder, {id(same): same})
        return twin

    @property
    def people(self) -> np.ndarray:
        """The people as of this morning, shape (n,), type `PERSON`. Don't change the array."""
        return self._core.state.people

    def known_to(self, person: int) -> np.ndarray:
        """Ids of a person's ties and acquaintances, shape (k,)."""
        one = self.people[person]
        others = self._core.state.ties["other"][one["first"] : one["first"] + one["slots"]]
        return others[others != NOBODY]

    def see(self, pairs: np.ndarray, slots: np.ndarray) -> np.ndarray:
        """The state of these ties today, shape (k,), type `SEEN`; see `sim.engine.views.see` for the arguments."""
        seen, state = np.zeros(len(pairs), SEEN), self._core.state
        see(state.people, state.ties, pairs, slots, self._core.day, state.settings[0], seen)
        return seen

    def reconnections(self) -> np.ndarray:
        """The pairs that have reconnected so far, shape (k, 2), with the lower id first."""
        found = self._recorder.at_risk[self._recorder.counted(self._core.day)]
        return np.stack([found["low"], found["high"]], axis=1)

    def world(self) -> World:
        """The world as of this morning."""
        return self._core.to_world()

    def measures(self) -> Measures:
        """The outcomes that `simulate` would return if the run ended today."""
        return self._recorder.finish(self._core.final_state(), self.world)


def run_days(
    core: Core,
    days: int,
    observe: Callable[[DayRecord], object] | None = None,
    progress: Callable[[int, int], None] | None = None,
    *,
    done: int = 0,
    until: Callable[[], bool] | None = None,
) -> Core:
    """Run the fast engine for some days: the only loop over days. Ctrl-C stops it between two days.

    Args:
        core: the engine, which is advanced.
        days: days to simulate.
        observe: a function that is called with the record of each day.
        progress: a function that is called with (days done, all days) after each day.
        done: days done before, for `progress`.
        until: a function that is asked after each day whether that was the last one.

    Returns:
        The engine.
    """
    with held_back() as hand_on_interrupts:
        for day in range(done, done + days):
            record = core.step()
            if observe is not None:
                observe(record)
            if progress is not None:
                progress(day + 1, done + days)
            hand_on_interrupts()
            if until is not None and until():
                break
    return core


@contextmanager
def on_threads(count: int) -> Iterator[None]:
    """Use this many threads within the block.

    Raises:
        ValueError: if `count` isn't between 1 and the number of threads that Numba can use.
    """
    before, most = numba.get_num_threads(), numba.config.NUMBA_NUM_THREADS
    if not 1 <= count <= most:
        raise ValueError(f"threads is {count}; this machine runs 1 to {most} (NUMBA_NUM_THREADS).")
    numba.set_num_threads(count)
    try:
        yield
    finally:
        numba.set_num_threads(before)


def begin(
    world: World,
    *,
    strategy: Mixture | None = None,
    adopters: Adopters | None = None,
    seed: int,
    parameters: Parameters | None = None,
    strategy_days: int | None = None,
    extra: Sequence[Gesture] = (),
    days: int | None = None,
) -> tuple[World, np.ndarray]:
    """Prepare a world for a run on either engine: make plans, mail injected gestures, and apply the parameters.

    See `simulate` for the arguments.

    Returns:
        The world on the first morning, which shares unchanged arrays with `world`; and the ids of the adopters, sorted.

    Raises:
        TypeError, ValueError: if an argument has the wrong type or is out of range.
    """
    seed = checked_seed(seed)
    if parameters is not None and not isinstance(parameters, Parameters):
        raise TypeError(f"parameters is a {type(parameters).__name__}; give sim.Parameters(name=value, …).")
    if strategy_days is not None and whole("strategy_days", strategy_days) < 0:
        raise ValueError(f"strategy_days is {strategy_days}; it must be 0 or more.")
    check_world(world)
    own = world
    if parameters is not None and parameters != own.parameters:
        people = own.people.copy()
        fresh_bounds(people, own.ties, own.day, parameters.packed, 0, len(own))
        usual = people["capacity"] == own.parameters.tie_capacity
        kept = np.maximum(people["capacity"], parameters.tie_capacity)
        people["capacity"] = np.where(usual, parameters.tie_capacity, kept)
        own = replace(own, people=people, parameters=parameters)
    who = np.unique(own.plans["person"]).astype(np.int64)
    if strategy is not None:
        who = chosen_adopters(20 if adopters is None else adopters, len(own), seed)
        ends = FOREVER if strategy_days is None else own.day + int(strategy_days)
        mixture = mixture_of(strategy, own.parameters.strategy_names)
        plans = new_plans(mixture, who, seed, own.parameters)
        own = replace(own, plans=plans, strategies_end=ends, strategies_begin=own.day)
    elif adopters is not None:
        who = chosen_adopters(adopters, len(own), seed)
    if extra:
        letters = [_in_the_mail(gesture, own.day, len(own), own.parameters, days) for gesture in extra]
        own = replace(own, mail=canonical_mail(np.concatenate([own.mail, *letters])))
    return own, who


def whole(name: str, value: object) -> int:
    """Convert a whole number of Python or NumPy to an `int`.

    Raises:
        TypeError: if the value isn't a whole number; the message begins with `name`.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} is {value!r}; it must be a whole number.")
    return int(value)


def checked_seed(seed: object) -> int:
    """Check a seed and return it as an `int`.

    Raises:
        TypeError, ValueError: if it isn't a whole number from 0 to 2**64 - 1.
    """
    number = whole("seed", seed)
    if not 0 <= number < 2**64:
        raise ValueError(f"seed is {number}; it must be between 0 and 2**64 - 1.")
    return number


def chosen_adopters(adopters: Adopters, people: int, seed: int) -> np.ndarray:
    """Ids of the adopters, sorted: the given ones, or a keyed choice of a count or a share of all people.

    Raises:
        ValueError: if `adopters` is invalid for this number of people.
    """
    if isinstance(adopters, int | np.integer) and not isinstance(adopters, bool):
        count = int(adopters)
    elif isinstance(adopters, float | np.floating):
        if not 0 < adopters <= 1:
            raise ValueError(f"adopters is {adopters}; a share must be above 0 and at most 1.")
        count = max(1, round(float(adopters) * people))
    else:
        return _named(adopters, people)
    if not 0 <= count <= people:
        raise ValueError(f"adopters is {count}; the world has {people} people.")
    draw = np.empty(people)
    uniforms_of_people(draw, np.uint64(seed), DrawPurpose.ADOPTER, 0, 0)
    return np.sort(np.argsort(draw, kind="stable")[:count])


def _named(adopters: Any, people: int) -> np.ndarray:
    """Ids of the adopters in a list, a set or a mask, sorted."""
    if isinstance(adopters, str | bytes | Mapping):
        raise ValueError(f"adopters is {adopters!r}; it must be {_ADOPTERS}.")
    ids = np.asarray(list(adopters) if isinstance(adopters, Set) else adopters)
    if ids.dtype == bool and ids.ndim == 1:
        if len(ids) != people:
            raise ValueError(f"adopters is a mask of {len(ids)} truth values; the world has {people} people.")
        return np.flatnonzero(ids)
    if ids.ndim != 1 or (len(ids) and ids.dtype.kind not in "iu"):
        raise ValueError(f"adopters is {adopters!r}; it must be {_ADOPTERS}.")
    if len(ids) and not 0 <= ids.min() <= ids.max() < people:
        raise ValueError(f"adopters names the ids {ids.min()} to {ids.max()}; the people are 0 to {people - 1}.")
    return np.unique(ids.astype(np.int64))


def new_plans(mixture: dict[str, float], who: np.ndarray, seed: int, parameters: Parameters) -> np.ndarray:
    """Plans for each adopter and strategy, type `PLAN`. Time budgets start with a random part of one session."""
    strategies, names = parameters.playbook.strategies, parameters.strategy_names
    numbers = [(names.index(name), share) for name, share in mixture.items()]
    idle = (strategies["plan"] == Plan.NOTHING) & (strategies["for_days"] == 0)
    planned = [(row, share) for row, share in numbers if not idle[row]]
    _refuse_two_hosts([names[row] for row, _ in planned], parameters)
    plans = np.zeros(len(who) * len(planned), PLAN)
    plans["event_day"] = NEVER
    for at, (person, (row, share)) in enumerate((person, choice) for person in who for choice in planned):
        plan, minutes = plans[at], strategies[row]["session_minutes"]
        plan["person"], plan["strategy"], plan["share"] = person, row, share
        plan["budget"] = rules.minus(0.0, -uniform(seed, DrawPurpose.FIRST_BUDGET, 0, person, row, 0) * minutes)
        plan["minutes_planned"] = plan["budget"]
    return plans


def _refuse_two_hosts(names: Sequence[str], parameters: Parameters) -> None:
    """Refuse a mixture in which people would host two events or start two meetups at once.

    Raises:
        ValueError: if there are two such strategies.
    """
    for place in ("event", "meetup"):
        hosts = [name for name in names if parameters.strategies[name].place == place]
        if len(hosts) > 1:
            raise ValueError(f"{hosts[0]} and {hosts[1]} both have the place {place}; a mixture takes one of them.")


def _checked_pairs(focal: Iterable[tuple[int, int]], people: int) -> np.ndarray:
    """Check focal pairs and return them, shape (pairs, 2).

    Raises:
        ValueError: if they aren't pairs of ids of two different people in the world.
    """
    pairs = np.asarray(list(focal))
    if not len(pairs):
        return np.zeros((0, 2), np.int64)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or pairs.dtype.kind not in "iu":
        raise ValueError("focal must contain pairs of ids such as (3, 17).")
    if pairs.min() < 0 or pairs.max() >= people or (pairs[:, 0] == pairs[:, 1]).any():
        raise ValueError(f"focal must contain pairs of two different people; ids are 0 to {people - 1}.")
    return pairs.astype(np.int64)


def _in_the_mail(gesture: Gesture, start: int, people: int, parameters: Parameters, days: int | None) -> np.ndarray:
    """An injected gesture as one row of mail, type `GESTURE`, to be sent on its day of the run.

    Raises:
        TypeError, ValueError: if the gesture is invalid.
    """
    if not isinstance(gesture, Gesture):
        raise TypeError(f"extra contains {gesture!r}; it takes gestures such as sim.Gesture(0, 'like', 3, 17).")
    for name in ("day", "second", "sender", "receiver"):
        whole(f"The {name} of an extra gesture", getattr(gesture, name))
    kinds = [kind for kind in parameters.kinds if kind != POST]
    if gesture.kind not in kinds:
        hint = suggestion(str(gesture.kind), kinds)
        raise ValueError(f"Unknown kind {gesture.kind!r} of an extra gesture{hint} One of {', '.join(kinds)}.")
    last = FOREVER if days is None else days - 1
    if not 0 <= gesture.day <= last:
        raise ValueError(f"An extra gesture is on day {gesture.day}; the days of this run are 0 to {last}.")
    if not 0 <= gesture.second < rules.SECONDS_A_DAY:
        raise ValueError(f"An extra gesture is at second {gesture.second}; a day has the seconds 0 to 86399.")
    for side in (gesture.sender, gesture.receiver):
        if not 0 <= side < people:
            raise ValueError(f"An extra gesture names person {side}; the people are 0 to {people - 1}.")
    if gesture.channel not in OCCASIONS:
        raise ValueError(f"The channel of an extra gesture is {gesture.channel!r}; expected {' or '.join(OCCASIONS)}.")
    if gesture.sender == gesture.receiver:
        raise ValueError(f"An extra gesture goes from person {gesture.sender} to themselves.")
    kind, p = parameters.kinds.index(gesture.kind), parameters.packed
    letter: Any = np.zeros(1, GESTURE)
    letter["sender"], letter["receiver"], letter["kind"] = gesture.sender, gesture.receiver, kind
    letter["day"], letter["second"] = start + gesture.day, gesture.second
    letter["arrives_day"] = letter["day"] + rules.days_under_way(kind, p)
    letter["arrives_second"] = gesture.second
    letter["channel"] = rules.channel_of(kind, Channel[gesture.channel.upper()], p)
    letter["event_key"] = event_key_of(Occasion.EXTRA, _number_of(gesture.second, kind))
    letter["parent_day"], letter["parent_kind"] = NEVER, NO_ANSWER
    letter["sender_slot"], letter["receiver_slot"] = NOBODY, NOBODY
    return np.asarray(letter)


def _number_of(second: int, kind: int) -> int:
    """The number of an injected gesture of this second and kind among all that a sender can make on a day."""
    first_kinds = 16  # of the first version
    if kind < first_kinds:
        return second * first_kinds + kind
    return kind * rules.SECONDS_A_DAY + second
