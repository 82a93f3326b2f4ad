"""Measures and stop conditions of your own, over what each day reports.

A measure is a class or a function. Of a class, each run makes an object: its ``observe`` is called with every `Day`,
and its ``result`` returns the outcome. A function is called once, with the last day, and returns the outcome. A stop
condition is written in the same way and asked after every day; the run ends when it is True.

State is in an object, and not in the local variables of a function over all days, because a run can be copied
(`sim.Simulation.twin`) and saved (checkpoints) between two days, and its measures with it.
"""

from __future__ import annotations

import hashlib
import inspect
import math
import traceback
from collections.abc import Callable, Mapping
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from sim.model.outcomes import DAYS_RUN
from sim.state.population import DayRecord, World

Outcome = Callable[..., Any]  # a function of a `Day`, or a class with ``observe(day)`` and ``result()``
STOP = "stop condition"  # in place of a measure's name


class OwnOutcomeError(RuntimeError):
    """A measure or stop condition of the user's raised an exception, or returned something that is no outcome.

    Attributes:
        outcome: the name of the measure, or `STOP`.
    """

    def __init__(self, message: str, outcome: str) -> None:
        super().__init__(message, outcome)
        self.outcome = outcome

    def __str__(self) -> str:
        return str(self.args[0])


class Day:
    """What a day reports to measures and stop conditions; the same on both engines. Don't change its arrays.

    Attributes:
        day: the day of the run, from 0.
        people: the number of people n; ids are 0 to n - 1.
        adopters: ids of the people who follow the strategy, sorted.
        record: the day as the engine reports it. In its gestures, ``day`` counts from the start of the world, and
            ``kind`` and ``channel`` are numbers of `sim.gestures.Kind` and `sim.gestures.Channel`.

    Example:
        >>> import sim
        >>> class QuietDays:
        ...     days = 0
        ...
        ...     def observe(self, day):
        ...         self.days += len(day.sent) == 0
        ...
        ...     def result(self):
        ...         return self.days
        >>> def most_ties(day):
        ...     return day.world().people["degree"].max()
        >>> world = sim.worlds.generated(people=60, burn_in_years=0, seed=1)
        >>> run = sim.simulate(world, days=9, seed=1, measures={"quiet_days": QuietDays, "most_ties": most_ties})
        >>> run.measures.scalars["quiet_days"], run.measures.scalars["most_ties"] > 0
        (0.0, True)
    """

    def __init__(
        self,
        record: DayRecord,
        *,
        start: int,
        people: int,
        adopters: np.ndarray,
        reconnected: Callable[[], np.ndarray],
        world: Callable[[], World],
    ) -> None:
        self.day, self.people, self.adopters, self.record = record.day - start, people, adopters, record
        self._reconnected, self._world = reconnected, world

    @property
    def sent(self) -> np.ndarray:
        """Gestures sent on the day, type `GESTURE`, including planned posts (whose ``receiver`` is -1)."""
        return self.record.sent

    @property
    def delivered(self) -> np.ndarray:
        """Gestures that arrived on the day, type `GESTURE`; ``noticed`` tells which the receiver became aware of."""
        return self.record.delivered

    @property
    def met(self) -> np.ndarray:
        """Meetings of two people on the day, type `MEETING`."""
        return self.record.met

    @property
    def new_ties(self) -> np.ndarray:
        """Pairs of ids that became ties on the day, shape (k, 2), the lower id first."""
        return np.stack(np.divmod(self.record.new_ties, self.people), axis=1)

    @property
    def forgotten(self) -> np.ndarray:
        """Pairs of ids whose tie was forgotten on the day, shape (k, 2), the lower id first."""
        return np.stack(np.divmod(self.record.forgotten, self.people), axis=1)

    def reconnected(self) -> np.ndarray:
        """Ties of each person that have reconnected so far, as in the measure ``reconnected``; shape (n,)."""
        return self._reconnected()

    def world(self) -> World:
        """The world after the day. It's assembled anew, which takes longer than a day does; ask for it rarely.

        Raises:
            RuntimeError: if the day is over, because the world has changed since.
        """
        return self._world()

    def end(self) -> None:
        """Let go of the engine: from now on there is no `world`."""
        self._reconnected = self._world = _over  # type: ignore[assignment]


def _over() -> None:
    raise RuntimeError("This day is over; ask for reconnected() and world() in observe, and keep what they return")


class OwnOutcomes:
    """The user's measures and stop condition of one run.

    Args:
        measures: functions or classes by name; see the top of this module.
        stop: a function or a class; None for a run of a fixed length.

    Attributes:
        stopped: whether the stop condition has been true.

    Raises:
        TypeError, ValueError: if a name is no identifier, or something is neither a function nor a class with
            ``observe`` and ``result``.
        OwnOutcomeError: if the constructor of a class raises.
    """

    def __init__(self, measures: Mapping[str, Outcome], stop: Outcome | None = None) -> None:
        for name in measures:
            if not isinstance(name, str) or not name.isidentifier() or name == DAYS_RUN:
                wanted = f"letters, digits and _, as in busy_days, and not {DAYS_RUN}"
                raise ValueError(f"measures has the name {name!r}; a name is made of {wanted}.")
        self._measures = {name: _One(name, f"The measure {name}", given) for name, given in measures.items()}
        self._stop = None if stop is None else _One(STOP, "The stop condition", stop)
        self.stopped = False
        self._last: DayRecord | None = None

    @property
    def names(self) -> list[str]:
        """The names of the measures."""
        return list(self._measures)

    def observe(self, record: DayRecord, day: Callable[[DayRecord], Day]) -> None:
        """Show a day to all, and ask the stop condition; ``day`` makes a `Day` of a record."""
        today, self._last = day(record), record
        try:
            for one in self._all.values():
                one.observe(today)
            if self._stop is not None and not self.stopped:
                self.stopped = self._stop.is_true(today)
        finally:
            today.end()

    def values(self, day: Callable[[DayRecord], Day]) -> dict[str, float]:
        """The outcomes so far by name; nan if an outcome is missing, as that of a function is before the first day."""
        today = None if self._last is None else day(self._last)
        try:
            return {name: one.number(today) for name, one in self._measures.items()}
        finally:
            if today is not None:
                today.end()

    @property
    def has_stop(self) -> bool:
        """Whether there is a stop condition."""
        return self._stop is not None

    def state(self) -> dict[str, dict[str, Any]]:
        """The attributes of each object, by the name of its measure: what a checkpoint saves."""
        return {name: one.attributes for name, one in self._all.items() if one.observer is not None}

    def take_up(self, state: Mapping[str, Mapping[str, Any]]) -> None:
        """Continue from a `state`.

        Raises:
            ValueError: if it's that of other measures.
        """
        mine = self.state()
        if mine.keys() != state.keys():
            raise ValueError("its measures are not those of this run")
        for name, saved in state.items():
            mine[name].clear()
            mine[name].update(saved)

    def identity(self) -> list[str]:
        """Names and source texts, hashed: a run doesn't continue from the checkpoint of other measures."""
        return [part for name, one in self._all.items() for part in (name, one.source)]

    @property
    def _all(self) -> dict[str, _One]:
        return self._measures if self._stop is None else {**self._measures, STOP: self._stop}


def own_outcomes(measures: Mapping[str, Outcome] | None, stop: Outcome | None = None) -> OwnOutcomes | None:
    """The user's measures and stop condition of a run; None if there are none."""
    return OwnOutcomes(measures or {}, stop) if measures or stop is not None else None


class _One:
    """One measure or stop condition in one run: a function, or an object of a class."""

    def __init__(self, name: str, title: str, given: Outcome) -> None:
        self.name, self.title, self.given = name, title, given
        require_outcome(title, given)
        self.observer = self._called("made", given) if isinstance(given, type) else None

    @property
    def attributes(self) -> dict[str, Any]:
        """The attributes of the object, which can be changed here. If it has slots, it stands for them itself."""
        if any(vars(kind).get("__slots__") for kind in type(self.observer).__mro__):
            return {"slots": self.observer}
        return vars(self.observer)

    @property
    def source(self) -> str:
        """A hash of the text of the function or class; of its name, if the text can't be found."""
        try:
            text = inspect.getsource(self.given)
        except (OSError, TypeError):
            text = f"{getattr(self.given, '__module__', '')}.{getattr(self.given, '__qualname__', '')}"
        return hashlib.sha256(text.encode()).hexdigest()

    def observe(self, day: Day) -> None:
        if self.observer is not None:
            self._called(f"on day {day.day}", self.observer.observe, day)

    def number(self, day: Day | None) -> float:
        """The outcome; nan if it is missing.

        Raises:
            OwnOutcomeError: if it's no finite number.
        """
        value = self._value(day)
        number = math.nan if value is None else float(value) if isinstance(value, Real | np.bool_) else math.inf
        if math.isinf(number):
            raise self._wrong(f"returned {_short(value)}; it must return a finite number, or None if it is missing")
        return number

    def is_true(self, day: Day) -> bool:
        """Whether the run ends after this day.

        Raises:
            OwnOutcomeError: if the value is neither True nor False.
        """
        value = self._value(day)
        if not isinstance(value, bool | np.bool_):
            raise self._wrong(f"returned {_short(value)} on day {day.day}; it must return True or False")
        return bool(value)

    def _value(self, day: Day | None) -> Any:
        if self.observer is not None:
            return self._called("at the end" if day is None else f"after day {day.day}", self.observer.result)
        return None if day is None else self._called(f"on day {day.day}", self.given, day)

    def _called(self, when: str, function: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return function(*arguments)
        except Exception as error:
            what = str(error).partition("\n")[0]
            message = f"raised {type(error).__name__} {when}{f': {what}' if what else ''}{_place(error)}"
            raise self._wrong(message) from error

    def _wrong(self, problem: str) -> OwnOutcomeError:
        return OwnOutcomeError(f"{self.title} {problem}", self.name)


def require_outcome(title: str, given: object) -> None:
    """Check that something is a function of a day, or a class with ``observe`` and ``result``.

    Raises:
        TypeError: if it's neither; the message begins with `title`.
    """
    if isinstance(given, type):
        wanted = {"__init__": 1, "observe": 2, "result": 1}
        lacks = [name for name in wanted if not callable(getattr(given, name, None))]
        if lacks:
            raise TypeError(
                f"{title} is the class {given.__name__}, which has no {' and no '.join(lacks)}; it must have the "
                "methods observe(self, day) and result(self)."
            )
        other = [name for name, count in wanted.items() if not _takes(getattr(given, name), count)]
        if other:
            form = {"__init__": "__init__(self)", "observe": "observe(self, day)", "result": "result(self)"}[other[0]]
            raise TypeError(f"{title} is the class {given.__name__}, whose {other[0]} must be {form}.")
        _refuse_shared(title, given)
    elif callable(getattr(given, "observe", None)):
        raise TypeError(f"{title} is an object; give its class, of which each run makes an object of its own.")
    elif not callable(given):
        raise TypeError(f"{title} is {_short(given)}; it must be a function of a day, or a class.")
    elif not _takes(given, 1):
        name = getattr(given, "__name__", "function")
        raise TypeError(f"{title} is the function {name}, which must have one argument: {name}(day).")


def _refuse_shared(title: str, given: type) -> None:
    """Refuse attributes of a class that a run could change, because the next run would begin with what it left."""
    for kind in given.__mro__:
        for name, value in vars(kind).items():
            if isinstance(value, list | dict | set | bytearray | np.ndarray) and not name.startswith("__"):
                what = type(value).__name__
                raise TypeError(
                    f"{title} is the class {given.__name__}, whose attribute {name} is one {what} for all runs; make "
                    "it in __init__(self), where each run gets its own, or use a tuple."
                )


def _takes(function: Callable[..., Any], count: int) -> bool:
    """Whether a function can be called with this many arguments; True if that's unknown."""
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError:
        return False
    except ValueError:  # a built-in function that doesn't tell
        pass
    return True


def _short(value: object) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:60]}…"


def _place(error: Exception) -> str:
    """The line at fault in the user's file, as `` (my_measures.py, line 7)``; empty if the call itself was wrong."""
    frames = traceback.extract_tb(error.__traceback__)[1:]
    own = [frame for frame in frames if frame.filename == frames[0].filename]
    return f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""
