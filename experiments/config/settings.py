"""The settings of an experiment: what a TOML file may contain, with ranges and default values."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator

from experiments.config.errors import SettingError
from experiments.config.factors import METHODS, Levels
from experiments.config.plausible import logs_of, plausible_ranges
from experiments.config.toml_text import brief, show
from experiments.terminal.names import LONGEST_FILE_NAME
from sim.model.former_names import present_name
from sim.model.gestures import KINDS
from sim.model.outcomes import DAYS_RUN, MEASURES
from sim.model.parameters import Parameters
from sim.model.playbook import POST, RowError, tagged
from sim.model.spelling import nearest
from sim.model.strategies import NAMES, mixture_of

# What settings without a numeric range accept, for error messages and `rekindle explain`.
STRATEGY_WRITTEN = "a strategy's name, or a mixture such as { check_in = 0.5, show_up = 0.5 }"
STRATEGIES_WRITTEN = 'a list of strategies, such as ["wait", "check_in"]'
ADOPTERS_WRITTEN = 'a count such as 20, a share such as 0.05, a list of ids such as [3, 17], or "newcomers"'
KINDS_WRITTEN = f'"nothing", or a kind of gesture: {", ".join(kind for kind in KINDS if kind != "post")}'
NAME_WRITTEN = "a name made of letters, digits, _ . and -"
FUNCTION_WRITTEN = (
    'a Python file and a function or class in it, such as "my_measures.py:BusyDays", relative to the folder of the '
    "TOML file"
)
SQL_WRITTEN = "a query such as \"SELECT count(*) FROM events WHERE kind = 'call'\""
MEASURE_KEYS_WRITTEN = {
    "sql": SQL_WRITTEN,
    "function": FUNCTION_WRITTEN,
    "unit": 'a text of at most 60 characters, such as "calls"',
    "definition": "a text of at most 1,000 characters",
}
MEASURE_WRITTEN = "a name made of small letters, digits and _, such as busy_days"
LOG_WRITTEN = 'a file such as "wall.csv.gz", relative to the folder of the TOML file'
_LONGEST_NAME = 2 * LONGEST_FILE_NAME + 1  # bytes: the name of a configuration and of a log
Strategy = str | dict[str, float]
Adopters = int | float | tuple[int, ...] | Literal["newcomers"]
Third = Literal["any", "low", "high"]
NOTHING = "nothing"  # instead of a gesture
# Columns of a table of runs that are no measures; no measure can have their names.
NOT_MEASURES = (
    "id", "scenario", "strategy", "replicate", "point", "row", "world_seed", "seed", "people", "error", "traceback",
    "seconds", DAYS_RUN,
)  # fmt: skip


def checked_strategy(value: Any, names: Sequence[str] = NAMES) -> Strategy:
    """Validate the name of a strategy, or a mixture: positive shares by name that add up to 1.

    Args:
        value: a value of the setting.
        names: the names of all strategies.

    Raises:
        ValueError: if it is neither; the message says what is expected.
    """
    if not isinstance(value, str | Mapping):
        raise ValueError(f"expected {STRATEGY_WRITTEN}")
    mixture_of(value, names)
    return value if isinstance(value, str) else {name: float(share) for name, share in value.items()}


def _strategy(value: Any, info: ValidationInfo) -> Strategy:
    """The field of a strategy. Its names are checked if the context has all; else the `Experiment` checks them."""
    own = [value] if isinstance(value, str) else list(value) if isinstance(value, Mapping) else []
    return checked_strategy(value, own if info.context is None else info.context["strategies"])


def _strategies(value: Any, info: ValidationInfo) -> tuple[Strategy, ...]:
    """Validate the arms of a sweep: distinct strategies or mixtures; a list of several must include ``wait``.

    Raises:
        ValueError: if the list is invalid.
    """
    if not isinstance(value, list | tuple) or not value:
        raise ValueError(f"expected {STRATEGIES_WRITTEN}")
    strategies = tuple(_strategy(item, info) for item in value)
    twice = _twice([one if isinstance(one, str) else frozenset(one.items()) for one in strategies])
    if twice is not None:
        raise ValueError(f"{brief(show(strategies[twice]))} is in the list twice; name each strategy once")
    if len(strategies) > 1 and "wait" not in strategies:
        raise ValueError('"wait" is missing; add it, because it is the baseline that the others are compared with')
    return strategies


def _twice(values: Sequence[Any]) -> int | None:
    """The position of the first repeated value; None if there is none."""
    seen = set()
    for place, value in enumerate(values):
        if value in seen:
            return place
        seen.add(value)
    return None


def checked_adopters(value: Any) -> Adopters:
    """Validate the adopters: a count (1 or more), a share (above 0, at most 1, with a decimal point), ids, or
    ``newcomers``.

    Raises:
        ValueError: if it is none of these.
    """
    if isinstance(value, list | tuple) and value and all(type(i) is int and i >= 0 for i in value):
        return tuple(value)
    if (type(value) is int and value >= 1) or (type(value) is float and 0 < value <= 1) or value == "newcomers":
        return value
    raise ValueError(f"expected {ADOPTERS_WRITTEN}")


def checked_kind(value: Any, kinds: Sequence[str] = KINDS) -> str:
    """Validate a kind of gesture that can be injected, or ``nothing``.

    Args:
        value: a value of the setting.
        kinds: the names of all gestures.

    Raises:
        ValueError: if it is neither.
    """
    known = [NOTHING, *(kind for kind in kinds if kind != POST)]
    if isinstance(value, str) and value in known:
        return value
    close = nearest(str(value), known)
    added = "".join(f", {kind}" for kind in known if kind not in (NOTHING, *KINDS))
    raise ValueError(f"did you mean {close}?" if close else f"expected {KINDS_WRITTEN}{added}")


def _kind(value: Any, info: ValidationInfo) -> str:
    """The field of a kind of gesture, whose name is checked as that of a strategy."""
    own = [value] if isinstance(value, str) else []
    return checked_kind(value, own if info.context is None else info.context["gestures"])


def checked_name(value: Any) -> str:
    """Validate a name that can be the name of a folder.

    Raises:
        ValueError: if it cannot.
    """
    if not isinstance(value, str) or not re.fullmatch(r"\w[\w.-]*", value):
        raise ValueError(f"expected {NAME_WRITTEN}")
    if len(os.fsencode(value)) > _LONGEST_NAME:
        raise ValueError(f"expected a name of at most {_LONGEST_NAME} bytes, because it is the name of a folder")
    return value


def checked_log(value: Any) -> str | None:
    """Validate the path of a contact log, or None.

    Raises:
        ValueError: if it cannot be a path.
    """
    if value is None or (isinstance(value, str) and value and "\0" not in value):
        return value
    raise ValueError(f"expected {LOG_WRITTEN}")


def checked_function(value: Any) -> str | None:
    """Validate a Python file and a name in it, as ``FILE.py:NAME``, or None.

    Raises:
        ValueError: if it is neither.
    """
    if value is None or (isinstance(value, str) and "\0" not in value and re.fullmatch(r".*\w\.py:[^\W\d]\w*", value)):
        return value
    raise ValueError(f"expected {FUNCTION_WRITTEN}")


def wrong_with_measure(name: str) -> str | None:
    """What is wrong with the name of an own measure; None if nothing is."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,59}", name):
        return f"is not a name of a measure; expected {MEASURE_WRITTEN}"
    if name in MEASURES or present_name(name) != name:
        return f"has the name of a measure or parameter of the model (`rekindle explain {name}`); choose another"
    if name in NOT_MEASURES:
        return f"has the name of another column of the table; choose one that is not among {', '.join(NOT_MEASURES)}"
    return None


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WorldSettings(_Settings):
    """The source of the worlds: generated and burnt in, or replayed from a contact log."""

    log: Annotated[str | None, BeforeValidator(checked_log)] = Field(
        None, description="contact log to replay (CSV, CSV.gz or Parquet); none: worlds are generated"
    )
    people: int = Field(2_000, ge=2, le=10_000_000, description="number of people")
    burn_in_years: float = Field(3.0, ge=0, le=20, description="years of ordinary life before day 0")
    seed: int = Field(1, ge=0, le=10**15, description="seed of the first world; replicate r uses this plus r")
    newcomers: int = Field(0, ge=0, le=100_000, description="number of people who know nobody and are added on day 0")
    parameters: Parameters = Field(default_factory=Parameters, description="parameters of the world before day 0")


class RunSettings(_Settings):
    """The strategy, its adopters and the length of the run."""

    strategy: Annotated[Strategy, BeforeValidator(_strategy)] = Field("wait", description="strategy or mixture")
    adopters: Annotated[Adopters, BeforeValidator(checked_adopters)] = Field(20, description="who follows the strategy")
    sociability: Third = Field("any", description="third of the people, by sociability, from which adopters are drawn")
    reticence: Third = Field("any", description="third of the people, by reticence, from which adopters are drawn")
    strategy_days: int = Field(730, ge=1, le=5_475, description="number of days for which the strategy is followed")
    follow_up_days: int = Field(240, ge=0, le=3_600, description="number of days of ordinary life after the strategy")
    seed: int = Field(1, ge=0, le=10**15, description="seed of the first run; replicate r uses this plus r")
    checkpoint_minutes: float = Field(
        10.0, ge=0, le=525_600, description="interval in minutes at which a long run saves its state; 0: never"
    )
    timeout_minutes: float = Field(
        0.0, ge=0, le=525_600, description="time limit of a run of a sweep in minutes, after which it fails; 0: none"
    )

    model: Annotated[str | None, BeforeValidator(checked_function)] = Field(
        None, description="subclass of the Mesa model that makes the runs, slower; none: the fast engine does"
    )
    stop: Annotated[str | None, BeforeValidator(checked_function)] = Field(
        None, description="condition that ends a run early, asked after each day; none: a run has all of its days"
    )

    @property
    def days(self) -> int:
        """The number of days of the whole run; a stop condition may end it earlier."""
        return self.strategy_days + self.follow_up_days


class InjectSettings(_Settings):
    """Gestures injected into each run, to focal ties that are the same in every arm."""

    kind: Annotated[str, BeforeValidator(_kind)] = Field(
        "like", description='kind of the gestures; "nothing" is a control that follows the same ties without a gesture'
    )
    towards: Literal["dormant", "stranger"] = Field(
        "dormant", description="who receives the gestures: dormant ties, or strangers in the sender's industry"
    )
    channel: Literal["private", "in_person"] = Field(
        "private", description="channel of the gestures, for kinds without one of their own, such as questions"
    )
    ties: int = Field(
        50, ge=1, le=100_000, description="number of focal ties per world, far apart; fewer if it has no more"
    )
    silent_from: int = Field(0, ge=0, le=16_383, description="shortest silence of a dormant focal tie, in days")
    silent_to: int = Field(16_383, ge=1, le=16_383, description="longest silence of a dormant focal tie, in days")
    times: int = Field(1, ge=1, le=1_000, description="number of gestures to each focal tie")
    every_days: int = Field(0, ge=0, le=365, description="days between gestures to a tie; 0: all on the first day")


class GateSettings(_Settings):
    """The silence that a world's own log must show for a verdict to be given; see `experiments.logs.gate`."""

    log: str = Field(description="name of the real log that these hazards come from")
    hazard_per_day_90_180: float = Field(
        ge=1e-6, le=1, description="contacts per pair and day in the real log, 90 to 180 days into silence"
    )
    hazard_per_day_180_365: float = Field(
        ge=1e-6, le=1, description="contacts per pair and day in the real log, 180 to 365 days into silence"
    )
    factor: float = Field(2.0, ge=1, le=100, description="factor by which a simulated hazard may differ")
    reactivated_low: float = Field(
        0.18, ge=0, le=1, description="smallest share of silent pairs that are back within 90 days"
    )
    reactivated_high: float = Field(
        0.44, ge=0, le=1, description="largest share of silent pairs that are back within 90 days"
    )
    worlds: int = Field(3, ge=1, le=1_000, description="number of simulated worlds per set of parameters")
    days: int = Field(730, ge=370, le=3_650, description="number of simulated days of ordinary life")


def _checked_measures(smallest: dict[str, float]) -> dict[str, float]:
    """Smallest effects of interest, after checking that each is of a measure."""
    for name in smallest:
        if name not in MEASURES:
            close = nearest(name, MEASURES)
            hint = f"did you mean {close}?" if close else "`rekindle explain` lists all measures."
            raise ValueError(f'"{name}" is not a measure; {hint}')
    return smallest


class VerdictSettings(_Settings):
    """The thresholds that turn results into a verdict; fixed before the results are known."""

    worlds: int = Field(
        20,
        ge=2,
        le=1_000_000,
        description='smallest number of worlds, or of draws that pass the gate; with fewer, a claim is "undecided"',
    )
    smallest: Annotated[dict[str, float], AfterValidator(_checked_measures)] = Field(
        default_factory=dict, description="smallest effect of interest, by measure, in its unit; 0 for others"
    )
    most: float | None = Field(
        None, ge=0, le=1_000_000, description="a measured share or rank below this value confirms a claim"
    )
    gate: GateSettings | None = Field(None, description="conditions on the world's own log")

    def least(self, measure: str) -> float:
        """The smallest effect of interest of a measure."""
        return self.smallest.get(measure, 0.0)


def _listed(value: Any) -> Any:
    """A list as a tuple, because files have lists."""
    return tuple(value) if isinstance(value, list) else value


def _checked_leave(leave: tuple[str, ...]) -> tuple[str, ...]:
    """Numbers that keep their values, after checking that each is a drawn number or a table of them."""
    plausible_ranges(leave)
    return leave


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Leave = Annotated[tuple[str, ...], BeforeValidator(_listed), AfterValidator(_checked_leave)]
_LEAVE = "assumed numbers that keep their values; a table, such as ladders, leaves all of its numbers"


class PlausibleSettings(_Settings):
    """Independent draws of all assumed numbers within their plausible ranges, each for a few replicates."""

    worlds: int = Field(1, ge=1, le=1_000, description="number of worlds of each draw, each one replicate")
    seed: int = Field(1, ge=0, le=2**31, description="seed of the draws")
    leave: Leave = Field((), description=_LEAVE)


class SampleSettings(_Settings):
    """Points sampled from ranges."""

    method: Literal["latin_hypercube", "sobol", "morris", "saltelli"] = Field(
        "latin_hypercube", description=f"sampling method: {', '.join(METHODS)}"
    )
    points: int = Field(
        64,
        ge=1,
        le=1_000_000,
        description="number of points; for morris, of trajectories; for saltelli, of rows of its matrices",
    )
    seed: int = Field(1, ge=0, le=2**31, description="seed of the sample")
    ranges: dict[str, tuple[float, float]] = Field(default_factory=dict, description="lower and upper end, by setting")
    log: Names = Field((), description="settings among the ranges that are sampled evenly in the logarithm")
    plausible: bool = Field(
        False, description="whether all assumed numbers are sampled from their plausible ranges, in addition to ranges"
    )
    leave: Leave = Field((), description=_LEAVE)

    @model_validator(mode="before")
    @classmethod
    def _add_plausible(cls, data: Any) -> Any:
        """Add the plausible ranges, so that the sample is complete in the provenance of its results."""
        given = data.get("ranges", {}) if isinstance(data, dict) else None
        if not isinstance(data, dict) or not isinstance(given, dict) or data.get("plausible") is not True:
            return data
        try:
            added = {name: one for name, one in plausible_ranges(data.get("leave", ())).items() if name not in given}
        except (ValueError, TypeError):
            return data  # the field's own check says what is wrong
        ends = {name: (one.low, one.high) for name, one in added.items()}
        logs = dict.fromkeys((*data.get("log", ()), *logs_of(added)))
        return {**data, "ranges": {**given, **ends}, "log": tuple(logs)}

    @model_validator(mode="after")
    def _check(self) -> SampleSettings:
        if not self.ranges and "ranges" not in self.model_fields_set:
            raise SettingError("ranges", "is missing; give at least one range, or set plausible = true")
        for name in self.log:
            if name not in self.ranges or self.ranges[name][0] <= 0:
                problem = "is no range" if name not in self.ranges else f"begins at {self.ranges[name][0]:g}"
                raise SettingError("log", f'has "{name}", which {problem}; expected ranges above 0')
        if self.method in ("sobol", "saltelli") and self.points & (self.points - 1):
            raise SettingError(
                "points", f"must be a power of two for {self.method}, such as {2 ** self.points.bit_length()}"
            )
        if self.method == "morris" and self.points < 2:
            raise SettingError("points", "must be at least 2 for morris, because they are its trajectories")
        return self


class SweepSettings(_Settings):
    """The arms, and the number of worlds in which each is run."""

    strategies: Annotated[tuple[Strategy, ...], BeforeValidator(_strategies)] | None = Field(
        None, description="arms, each instead of run.strategy; none: run.strategy is the only arm"
    )
    replicates: int = Field(20, ge=1, le=1_000_000, description="number of worlds in which every arm is run")
    grid: Levels = Field(default_factory=dict, description="levels by setting, combined in every way")
    zip: Levels = Field(default_factory=dict, description="levels by setting, paired side by side")
    rows: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="settings by name of the row; other settings keep their values"
    )
    sample: SampleSettings | None = Field(None, description="points sampled from ranges")
    draws: str = Field(
        "",
        max_length=1_000,
        description="joint draws of parameters, one for each world: posterior for those that ship, or the draws.csv of "
        "an inference",
    )
    plausible: PlausibleSettings | None = Field(
        None, description="joint draws of all assumed numbers, one for each world"
    )
    series_days: int = Field(
        0, ge=0, le=36_500, description="interval in days at which each run's time series is saved; 0: not at all"
    )
    events: bool = Field(False, description="whether each run's contact log is saved")
    people: bool = Field(False, description="whether the outcomes of each person are saved")
    silence: bool = Field(
        False, description="whether each run reports how final silence is in its own log of questions and messages"
    )

    @property
    def is_drawn(self) -> bool:
        """Whether each world has parameters of its own."""
        return bool(self.draws) or self.plausible is not None

    @property
    def factors(self) -> list[str]:
        """The varied settings, in the order of grid, zip, rows and sample."""
        of_rows = dict.fromkeys(name for row in self.rows.values() for name in row)
        return [*self.grid, *self.zip, *of_rows, *(self.sample.ranges if self.sample else ())]

    @model_validator(mode="after")
    def _check(self) -> SweepSettings:
        lengths = {name: len(levels) for name, levels in self.zip.items()}
        if len(set(lengths.values())) > 1:
            each = ", ".join(f"{name} has {count}" for name, count in lengths.items())
            raise SettingError("zip", f"needs lists of the same length, but they differ: {each}")
        factors = self.factors
        twice = _twice(factors)
        if twice is not None:
            raise ValueError(f"varies {factors[twice]} in two of grid, zip, rows and sample; vary it in only one")
        return self


class MeasureSettings(_Settings):
    """A measure of one's own: SQL over the gestures of a run, or Python over its days."""

    sql: str | None = Field(
        None,
        min_length=1,
        description="query over a run's tables events and people that gives one number, or NULL",
    )
    function: Annotated[str | None, BeforeValidator(checked_function)] = Field(
        None, description="class that observes each day, or function of the last day; gives a number, or None"
    )
    unit: str = Field("", max_length=60, description="unit, for tables and figures")
    definition: str = Field("", max_length=1_000, description="what it measures")

    @model_validator(mode="after")
    def _check(self) -> MeasureSettings:
        if (self.sql is None) == (self.function is None):
            given = "has neither sql nor function" if self.sql is None else "has both sql and function"
            raise ValueError(f"{given}; give one of them")
        return self


class Experiment(_Settings):
    """One experiment: the contents of a TOML file, with every default filled in."""

    name: Annotated[str, BeforeValidator(checked_name)] = Field(description="name of the results folder")
    world: WorldSettings = Field(default_factory=WorldSettings, description="source of the worlds")
    run: RunSettings = Field(default_factory=RunSettings, description="strategy, adopters and length of the runs")
    parameters: Parameters = Field(default_factory=Parameters, description="parameters of the runs")
    inject: InjectSettings | None = Field(None, description="injected gestures")
    sweep: SweepSettings | None = Field(None, description="arms and replicates")
    measures: dict[str, MeasureSettings] = Field(default_factory=dict, description="own measures by name")
    verdict: VerdictSettings | None = Field(None, description="thresholds for the verdict of `rekindle essay`")
    full: dict[str, Any] = Field(default_factory=dict, description="settings that `--full` changes, by path")

    @model_validator(mode="after")
    def _check_names(self) -> Experiment:
        """Check names of strategies and gestures, which are those of the rows of the runs."""
        arms = (self.sweep and self.sweep.strategies) or ()
        for setting, strategy in (("run.strategy", self.run.strategy), *(("sweep.strategies", arm) for arm in arms)):
            try:
                checked_strategy(strategy, self.parameters.strategy_names)
            except ValueError as error:
                raise SettingError(setting, str(error)) from None
        if self.inject is not None:
            try:
                checked_kind(self.inject.kind, self.parameters.kinds)
            except ValueError as error:
                raise SettingError("inject.kind", f'is "{self.inject.kind}"; {error}') from None
        return self

    @model_validator(mode="after")
    def _check_measures(self) -> Experiment:
        for name in self.measures:
            if problem := wrong_with_measure(name):
                raise SettingError(f"measures.{name}", problem)
        return self

    @model_validator(mode="after")
    def _check_adopters(self) -> Experiment:
        if self.run.adopters == "newcomers" and not self.world.newcomers:
            raise SettingError("run.adopters", 'is "newcomers", and the world has none; set world.newcomers')
        if self.world.log is None:
            require_adopters(self.run.adopters, self.world.people + self.world.newcomers)
        return self

    @model_validator(mode="after")
    def _check_tags(self) -> Experiment:
        if self.world.log is None:
            require_tagged(self, None)
        return self


def require_tagged(experiment: Experiment, names: np.ndarray | None) -> None:
    """Check that the worlds of an experiment have all people of its tags.

    Args:
        experiment: the experiment.
        names: the people of its log, shape (people,); None if its worlds are generated.

    Raises:
        SettingError: if one of them isn't there.
    """
    world, more = experiment.world, experiment.world.newcomers
    own = world.people if names is None else len(names)
    # Newcomers come on day 0, so the past of a world knows nothing of them.
    tables = {"world.parameters": (world.parameters, own), "parameters": (experiment.parameters, own + more)}
    for above, (parameters, people) in tables.items():
        try:
            for _ in tagged(parameters.tags, people, names):
                pass
        except RowError as error:
            late = "; newcomers have their tags in [tags], not in the world's" if more and people == own else ""
            raise SettingError(f"{above}.{error.path}", error.problem + late) from None


def require_adopters(adopters: Adopters, people: int) -> None:
    """Check that a world of this many people has these adopters.

    Raises:
        SettingError: if it has not.
    """
    problems = []
    if isinstance(adopters, int) and adopters > people:
        problems.append(f"needs {adopters:,} of {people:,} people; use a smaller number")
    if isinstance(adopters, tuple) and max(adopters) >= people:
        problems.append(f"names person {max(adopters)}; ids go from 0 to {people - 1:,}")
    if isinstance(adopters, tuple) and (twice := _twice(adopters)) is not None:
        problems.append(f"names person {adopters[twice]} twice; name each once")
    if problems:
        raise SettingError("run.adopters", ", and ".join(problems))
