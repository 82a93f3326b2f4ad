"""Load a TOML file as a validated experiment; errors give the file, line, key, value and what is expected.

Every setting can also be given on the command line (``--set world.people=500``); errors then name the option.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic.fields import FieldInfo

from experiments.config import shipped, toml_text
from experiments.config.errors import ConfigError, Mistake, Origin, SettingError, at_fault, wrong_option
from experiments.config.factors import METHODS, Levels, flattened, span_of, spelled_out
from experiments.config.toml_text import KeyPath as KeyPath
from experiments.config.toml_text import TextError
from experiments.config.toml_text import lines_of as lines_of
from experiments.terminal.names import LONGEST_FILE_NAME, file_name
from sim.model.former_names import note_former_names, present_name
from sim.model.gestures import KINDS
from sim.model.parameters import Parameters
from sim.run import mixture_of
from sim.runtime.spelling import nearest

# What settings without a numeric range accept, for error messages and `rekindle explain`.
STRATEGY_WRITTEN = "a strategy's name, or a mixture such as { check_in = 0.5, show_up = 0.5 }"
STRATEGIES_WRITTEN = 'a list of strategies, such as ["wait", "check_in"]'
ADOPTERS_WRITTEN = 'a count such as 20, a share such as 0.05, a list of ids such as [3, 17], or "newcomers"'
KINDS_WRITTEN = f'"nothing", or a kind of gesture: {", ".join(kind for kind in KINDS if kind != "post")}'
NAME_WRITTEN = "a name made of letters, digits, _ . and -"
TRUTH_WRITTEN = "true or false"
LOG_WRITTEN = 'a file such as "wall.csv.gz", relative to the folder of the TOML file'

MOST_PROBLEMS = 20  # number of errors that are listed
_LONGEST_SHOWN, _LONGEST_PLACE, _LONGEST_PROBLEM = (
    100,
    300,
    600,
)  # characters of a value, a place and a line of an error
_MOST_LEVELS = 6  # number of levels that are listed
_LONGEST_NAME = 2 * LONGEST_FILE_NAME + 1  # bytes: the name of a configuration and of a log

Strategy = str | dict[str, float]
Adopters = int | float | tuple[int, ...] | Literal["newcomers"]
Third = Literal["any", "low", "high"]
NOTHING = "nothing"  # instead of a gesture


def checked_strategy(value: Any) -> Strategy:
    """Validate the name of a strategy, or a mixture: positive shares by name that add up to 1.

    Raises:
        ValueError: if it is neither; the message says what is expected.
    """
    if not isinstance(value, str | Mapping):
        raise ValueError(f"expected {STRATEGY_WRITTEN}")
    mixture_of(value)
    return value if isinstance(value, str) else {name: float(share) for name, share in value.items()}


def checked_strategies(value: Any) -> tuple[Strategy, ...]:
    """Validate the arms of a sweep: distinct strategies or mixtures; a list of several must include ``wait``.

    Raises:
        ValueError: if the list is invalid.
    """
    if not isinstance(value, list | tuple) or not value:
        raise ValueError(f"expected {STRATEGIES_WRITTEN}")
    strategies = tuple(checked_strategy(item) for item in value)
    twice = _twice([one if isinstance(one, str) else frozenset(one.items()) for one in strategies])
    if twice is not None:
        raise ValueError(f"{_brief(show(strategies[twice]))} is in the list twice; name each strategy once")
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


def checked_kind(value: Any) -> str:
    """Validate a kind of gesture that can be injected, or ``nothing``.

    Raises:
        ValueError: if it is neither.
    """
    known = [NOTHING, *(kind for kind in KINDS if kind != "post")]
    if value in known:
        return str(value)
    close = nearest(str(value), known)
    raise ValueError(f"did you mean {close}?" if close else f"expected {KINDS_WRITTEN}")


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

    strategy: Annotated[Strategy, BeforeValidator(checked_strategy)] = Field("wait", description="strategy or mixture")
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

    @property
    def days(self) -> int:
        """The number of days of the whole run."""
        return self.strategy_days + self.follow_up_days


class InjectSettings(_Settings):
    """Gestures injected into each run, to focal ties that are the same in every arm."""

    kind: Annotated[str, BeforeValidator(checked_kind)] = Field(
        "like", description='kind of the gestures; "nothing" is a control that follows the same ties without a gesture'
    )
    towards: Literal["dormant", "stranger"] = Field(
        "dormant", description="who receives the gestures: dormant ties, or strangers in the sender's industry"
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


class VerdictSettings(_Settings):
    """The thresholds that turn results into a verdict; fixed before the results are known."""

    worlds: int = Field(
        20, ge=2, le=1_000_000, description='smallest number of worlds; with fewer, the verdict is "too few"'
    )
    margin: float = Field(
        0.05, ge=0.001, le=0.9, description="a ratio that is closer to 1 than this counts as no effect"
    )
    best: float = Field(0.9, ge=0.5, le=1, description="probability of being best that is needed to name a winner")
    family_error: float = Field(
        0.05, ge=0.0001, le=0.5, description="error rate of a family of comparisons (Holm's correction)"
    )
    most: float | None = Field(
        None, ge=0, le=1_000_000, description="a measured share or rank below this value confirms a claim"
    )
    gate: GateSettings | None = Field(None, description="conditions on the world's own log")


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
    ranges: dict[str, tuple[float, float]] = Field(description="lower and upper end, by setting")

    @model_validator(mode="after")
    def _check(self) -> SampleSettings:
        if self.method in ("sobol", "saltelli") and self.points & (self.points - 1):
            raise SettingError(
                "points", f"must be a power of two for {self.method}, such as {2 ** self.points.bit_length()}"
            )
        if self.method == "morris" and self.points < 2:
            raise SettingError("points", "must be at least 2 for morris, because they are its trajectories")
        return self


class SweepSettings(_Settings):
    """The arms, and the number of worlds in which each is run."""

    strategies: Annotated[tuple[Strategy, ...], BeforeValidator(checked_strategies)] | None = Field(
        None, description="arms, each instead of run.strategy; none: run.strategy is the only arm"
    )
    replicates: int = Field(20, ge=1, le=1_000_000, description="number of worlds in which every arm is run")
    grid: Levels = Field(default_factory=dict, description="levels by setting, combined in every way")
    zip: Levels = Field(default_factory=dict, description="levels by setting, paired side by side")
    rows: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="settings by name of the row; other settings keep their values"
    )
    sample: SampleSettings | None = Field(None, description="points sampled from ranges")
    series_days: int = Field(
        0, ge=0, le=36_500, description="interval in days at which each run's time series is saved; 0: not at all"
    )
    events: bool = Field(False, description="whether each run's contact log is saved")
    silence: bool = Field(
        False, description="whether each run reports how final silence is in its own log of questions and messages"
    )

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


class Experiment(_Settings):
    """One experiment: the contents of a TOML file, with every default filled in."""

    name: Annotated[str, BeforeValidator(checked_name)] = Field(description="name of the results folder")
    world: WorldSettings = Field(default_factory=WorldSettings, description="source of the worlds")
    run: RunSettings = Field(default_factory=RunSettings, description="strategy, adopters and length of the runs")
    parameters: Parameters = Field(default_factory=Parameters, description="parameters of the runs")
    inject: InjectSettings | None = Field(None, description="injected gestures")
    sweep: SweepSettings | None = Field(None, description="arms and replicates")
    verdict: VerdictSettings | None = Field(None, description="thresholds for the verdict of `rekindle essay`")
    full: dict[str, Any] = Field(default_factory=dict, description="settings that `--full` changes, by path")

    @model_validator(mode="after")
    def _check_adopters(self) -> Experiment:
        if self.run.adopters == "newcomers" and not self.world.newcomers:
            raise SettingError("run.adopters", 'is "newcomers", and the world has none; set world.newcomers')
        if self.world.log is None:
            require_adopters(self.run.adopters, self.world.people + self.world.newcomers)
        return self


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


def settings(model: type[BaseModel] = Experiment, above: KeyPath = ()) -> dict[KeyPath, FieldInfo]:
    """Every setting of a file, including tables, by its path: ``("world", "people")``."""
    found: dict[KeyPath, FieldInfo] = {}
    for name, field in model.model_fields.items():
        path = (*above, name)
        found[path] = field
        inner = _inner_model(field.annotation)
        if inner and get_origin(field.annotation) is dict:
            for kind in KINDS:
                found[*path, kind] = field
                found |= settings(inner, (*path, kind))
        elif inner:
            found |= settings(inner, path)
    return found


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    """The model in ``Model``, ``Model | None`` or ``dict[str, Model]``."""
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


SETTINGS: Mapping[KeyPath, FieldInfo] = MappingProxyType(settings())
TABLES = frozenset(path[:-1] for path in SETTINGS)

ROWS: KeyPath = ("sweep", "rows")  # a table of tables, whose keys are paths of other settings
FULL: KeyPath = ("full",)  # a table of settings by path, as for --set
# Tables whose keys are paths of other settings.
VARIED: tuple[KeyPath, ...] = (("sweep", "grid"), ("sweep", "zip"), ("sweep", "sample", "ranges"))
# Settings that cannot be varied, and why.
_NOT_VARIED: dict[KeyPath, str] = {
    ("run", "strategy"): "list the strategies in sweep.strategies",
    ("world", "seed"): "each replicate has a seed of its own; set sweep.replicates",
    ("run", "seed"): "each replicate has a seed of its own; set sweep.replicates",
    ("world", "log"): "sweep one log at a time, with --world",
    ("run", "checkpoint_minutes"): "it changes nothing in a run",
    ("run", "timeout_minutes"): "it changes nothing in a run",
    ("name",): "it names the results folder",
}


def load(
    path: Path | None,
    changes: Sequence[str] = (),
    world: Path | None = None,
    *,
    full: bool = False,
    unnamed: str = "default",
) -> Experiment:
    """Read an experiment.

    Args:
        path: the TOML file, or the name of a bundled experiment if there is no such file; None for all defaults. A
            relative ``world.log`` is relative to the folder of the file.
        changes: ``path=value`` texts, as for ``--set``; a value is TOML or, if it is not valid TOML, text.
        world: contact log to replay instead of the file's world, as for ``--world``.
        full: whether to apply the file's ``[full]`` before the changes.
        unnamed: name of the experiment if there is no file.

    Raises:
        ConfigError: with all mistakes, each with its line or option.
    """
    text = "" if path is None else _read(path)
    data, origins, former = _under_present_names(
        _parsed(path, text), {key: Origin(line) for key, line in lines_of(text).items()}
    )
    log = data["world"].get("log") if isinstance(data.get("world"), dict) else None
    if path is not None and isinstance(log, str) and log:
        data["world"]["log"] = str(path.parent / log)
    name = unnamed if path is None else file_name(path.stem)
    if world is not None:
        name += "-" + file_name(stem_of_log(world))
        _replay_instead(data, origins, world)
    at_full = data.get("full") if full else None
    larger = flattened(at_full) if isinstance(at_full, Mapping) else ()
    for change in (*(f"{key}={show(value)}" for key, value in larger), *changes):
        former += _apply(data, origins, change)
    note_former_names(former)
    data.setdefault("name", name)
    experiment = _validated(data, origins, path)
    if not data.get("world", {}).get("parameters"):
        return experiment
    return _validated({**data, "parameters": _inherited(data)}, origins, path)


def _under_present_names(
    data: dict[str, Any], origins: dict[KeyPath, Origin]
) -> tuple[dict[str, Any], dict[KeyPath, Origin], list[str]]:
    """The data and origins with present names as keys, and the former names among the keys.

    Where a table has a setting under both names, the former one is kept, to be refused as an unknown setting.
    """
    former = list[str]()

    def renamed(table: dict[str, Any], above: KeyPath) -> dict[str, Any]:
        found = dict[str, Any]()
        for key, value in table.items():
            name = key if above == ROWS or present_name(key) in table else present_name(key)
            former.extend([key] if name != key else [])
            found[name] = renamed(value, (*above, key)) if isinstance(value, dict) else value
        return found

    places = {key: _present_path(key) for key in origins}
    present = renamed(data, ())
    return (
        present,
        {place if key == place or place not in origins else key: origins[key] for key, place in places.items()},
        former,
    )


def _present_path(path: KeyPath) -> KeyPath:
    """A path with present names; names of rows in ``sweep.rows`` are the user's own."""
    own = len(ROWS)
    return tuple(part if at == own and path[:own] == ROWS else present_name(part) for at, part in enumerate(path))


def stem_of_log(log: Path) -> str:
    """The name of a log without its extension: ``wall.2009`` for ``logs/wall.2009.csv.gz``."""
    return re.sub(r"\.(csv|csv\.gz|parquet)$", "", log.name, flags=re.IGNORECASE)


def place_of(path: Path, changes: Sequence[str], key: KeyPath) -> str:
    """The place where a setting was given, for errors found later: ``mine.toml, line 4, world.log``."""
    name = ".".join(key)
    option = option_for(changes, key)
    if option is not None:
        return f"{path}, {option}"
    line = {_present_path(known): line for known, line in lines_of(_read(path)).items()}.get(key)
    return f"{path}, line {line}, {name}" if line else f"{path}, {name}"


def option_for(changes: Sequence[str], key: KeyPath) -> str | None:
    """The last of these options that gives a setting, as the user typed it; None if none does."""
    name = ".".join(key)
    given = (change for change in reversed(changes) if present_name(change.partition("=")[0].strip()) == name)
    return next((f"--set {change}" for change in given), None)


def place_of_factor(path: Path, changes: Sequence[str], name: str, row: str = "") -> str:
    """The place where a factor's levels were given: ``mine.toml, line 9, sweep.grid.run.adopters``."""
    origins = {_present_path(key): Origin(line) for key, line in lines_of(_read(path)).items()}
    for change in changes:
        given = tuple(part.strip() for part in change.partition("=")[0].split("."))
        origins[_present_path(given)] = Origin(option=f"--set {change}")
    own = tuple(name.split("."))
    for table in (*VARIED, (*ROWS, row)):
        for key in ((*table, name), *((*table, *own[:end]) for end in range(len(own), 0, -1))):
            if key in origins:
                place = f"{path}, {origins[key]}"
                return place if origins[key].option else f"{place}, {'.'.join((*table, name))}"
    return str(path)


def _read(path: Path) -> str:
    try:
        return toml_text.read(shipped.found(path))
    except TextError as error:
        raise ConfigError(f"{_at_line(path, error.line)} {error}.") from None
    except FileNotFoundError:
        raise ConfigError(f"There is no file {path}; {_instead_of(path)}") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}.") from None


def _at_line(path: Path | None, line: int | None) -> str:
    return str(path) if line is None else f"{path}, line {line}:"


def _instead_of(path: Path) -> str:
    """A suggestion for the path of a file that does not exist."""
    ships = {name: name for name in shipped.names()}
    try:
        beside = {other.stem: str(other) for other in sorted(path.parent.glob("*.toml"))}
    except OSError:
        beside = {}
    close = nearest(path.name.removesuffix(".toml"), beside) or nearest(path.stem, ships)
    if close:
        return f"did you mean {(ships | beside)[close]}?"
    return "`rekindle configs` lists the bundled experiments."


def _parsed(path: Path | None, text: str) -> dict[str, Any]:
    try:
        return toml_text.parsed(text)
    except TextError as error:
        raise ConfigError(f"{_at_line(path, error.line)} {error}.") from None


def _replay_instead(data: dict[str, Any], origins: dict[KeyPath, Origin], log: Path) -> None:
    """Replace the world of the file by a contact log; its seed and parameters are kept."""
    before = data.get("world", {})
    kept = {key: before[key] for key in ("seed", "parameters") if key in before} if isinstance(before, dict) else {}
    data["world"] = {**kept, "log": str(log)}
    origins["world", "log"] = Origin(option=f"--world {log}")


def _apply(data: dict[str, Any], origins: dict[KeyPath, Origin], change: str) -> list[str]:
    """Apply one ``path=value`` to the data and the origins; returns the former names in its path."""
    name, equals, text = change.partition("=")
    given = tuple(part.strip() for part in name.split("."))
    path = _present_path(given)
    if not toml_text.is_text(change):
        raise wrong_option(option_text(change), "this is not valid UTF-8.")
    if not equals or not all(path) or len(path) > toml_text.MOST_DEEP:
        raise wrong_option(option_text(change), "expected path=value, for example --set world.people=500.")
    table = data
    for part in path[:-1]:
        if not isinstance(table.get(part), dict):
            table[part] = {}
        table = table[part]
    table[path[-1]] = _value(change, text)
    for known in [known for known in origins if known[: len(path)] == path]:
        del origins[known]
    origins[path] = Origin(option=option_text(change))
    return [one for one, present in zip(given, path, strict=True) if one != present]


def option_text(change: str) -> str:
    """An option in error messages, cut if it is too long."""
    return f"--set {_brief(change)}"


def _value(change: str, text: str) -> Any:
    try:
        parsed = toml_text.parsed(f"value = {text}")
    except TextError as error:
        meant = toml_text.is_whole_number(text) or text.lstrip()[:1] in ("{", "[", '"', "'") or "\n" in text
        if not meant:
            return text
        remedy = error.remedy and "; close every bracket and quote, and put the whole option in single quotes"
        raise wrong_option(option_text(change), f"{error.problem}{remedy}.") from None
    if len(parsed) > 1:
        raise wrong_option(option_text(change), "this sets several settings; use one --set for each.")
    return parsed["value"]


def _inherited(data: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of the run: those of the world, overridden by ``[parameters]``."""
    return _merged(data["world"]["parameters"], data.get("parameters", {}))


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if both else value
    return merged


@dataclass(frozen=True)
class _Problem:
    """A mistake: the setting, its value, the message, and its origin if that differs from the origin of its path.

    A message that is slow to compute, such as one with a suggestion, is a function, because few mistakes are shown.
    """

    path: KeyPath
    value: Any
    message: str | Callable[[], str]
    origin: Origin | None = None

    def line(self, origins: Mapping[KeyPath, Origin]) -> float:
        """The line of the mistake; infinity for an option."""
        above = (self.path[:end] for end in range(len(self.path), 0, -1))
        origin = self.origin or next((origins[path] for path in above if path in origins), None)
        return origin.line if origin is not None and not origin.option else math.inf

    def mistake(self, origins: Mapping[KeyPath, Origin]) -> Mistake:
        """The mistake as texts of one line each."""
        known = {self.path: self.origin} if self.origin else origins
        place, is_option = _place(self.path, self.value, known)
        place = _brief(" ".join(place.splitlines()), _LONGEST_PLACE)
        problem = self.message if isinstance(self.message, str) else self.message()
        problem = _brief(" ".join(problem.splitlines()), _LONGEST_PROBLEM - len(place))
        return Mistake(place, problem if problem.endswith(("?", ".")) else f"{problem}.", is_option)


def _validated(data: dict[str, Any], origins: Mapping[KeyPath, Origin], path: Path | None) -> Experiment:
    known, problems = _known(data, origins)
    try:
        experiment = Experiment.model_validate(known, strict=True)
    except ValidationError as error:
        problems += [_problem(found, known) for found in error.errors()]
    if not problems:
        return experiment
    problems.sort(key=lambda problem: problem.line(origins))
    mistakes = [problem.mistake(origins) for problem in problems[:MOST_PROBLEMS]]
    lines = [str(mistake) for mistake in mistakes]
    if len(problems) > MOST_PROBLEMS:
        lines.append(f"and {len(problems) - MOST_PROBLEMS:,} more.")
    if len(lines) == 1:
        raise ConfigError(lines[0] if path is None else f"{path}, {lines[0]}", mistakes)
    raise ConfigError("\n  ".join([f"{path or 'The command line'} has {len(problems):,} errors:", *lines]), mistakes)


def _known(
    data: Mapping[str, Any], origins: Mapping[KeyPath, Origin], above: KeyPath = ()
) -> tuple[dict[str, Any], list[_Problem]]:
    """The data without unknown keys, and a problem for each of these."""
    kept: dict[str, Any] = {}
    problems: list[_Problem] = []
    for key, value in data.items():
        path = (*above, key)
        if path not in SETTINGS:
            problems.append(_Problem(path, value, partial(_no_such, path)))
        elif path in VARIED and isinstance(value, Mapping):
            kept[key], inner = _varied(path, value, origins)
            problems += inner
        elif path == ROWS and isinstance(value, Mapping):
            kept[key], inner = _rows(value, origins)
            problems += inner
        elif path == FULL and isinstance(value, Mapping):
            kept[key] = dict(flattened(value))
            unknown = [name for name in kept[key] if not _is_setting(tuple(name.split(".")))]
            problems += [_Problem(path, value, f"there is no setting {_brief(name)}") for name in unknown]
        elif path in TABLES and isinstance(value, Mapping):
            kept[key], inner = _known(value, origins, path)
            problems += inner
        else:
            kept[key] = value
    if above == ("world",) and kept.get("log") is not None:
        problems += [
            _Problem(
                (*above, name),
                kept[name],
                f"this does not apply to a replayed log, which has its own {what}; leave it out",
            )
            for name, what in (("people", "people"), ("burn_in_years", "past"))
            if name in kept
        ]
    return kept, problems


def _no_such(path: KeyPath) -> str:
    present = present_name(path[-1])
    if present != path[-1]:
        return f"this is the former name of {present}, which is given too; keep one of them"
    return f"there is no such setting{_remedy(path)}"


def _rows(given: Mapping[str, Any], origins: Mapping[KeyPath, Origin]) -> tuple[dict[str, Any], list[_Problem]]:
    """The changes of each named row by dotted path, and a problem for each invalid one."""
    kept: dict[str, Any] = {}
    problems: list[_Problem] = []
    for name, changes in given.items():
        if not isinstance(changes, Mapping):
            problems.append(_Problem((*ROWS, name), changes, "expected a table of settings"))
            continue
        kept[name] = dict(flattened(changes))
        for path, level in kept[name].items():
            try:
                _checked_factor(tuple(path.split(".")), [level], is_range=False)
            except ValueError as error:
                origin = _origin_in((*ROWS, name), tuple(path.split(".")), origins)
                problems.append(_Problem((*ROWS, name, path), level, str(error), origin))
    return kept, problems


def _is_setting(path: KeyPath) -> bool:
    """Whether a path is a setting or a factor of a sweep."""
    above = next((table for table in VARIED if path[: len(table)] == table), ())
    return path[len(above) :] in SETTINGS


def _varied(
    table: KeyPath, given: Mapping[str, Any], origins: Mapping[KeyPath, Origin]
) -> tuple[dict[str, Any], list[_Problem]]:
    """The levels in a table of factors by dotted path, and a problem for each invalid one."""
    kept: dict[str, Any] = {}
    problems: list[_Problem] = []
    if not given:
        problems.append(_Problem(table, given, "is empty; add a setting such as parameters.ease, or leave it out"))
    for name, value in flattened(given):
        path = tuple(name.split("."))
        try:
            kept[name] = _checked_factor(path, value, is_range=table[-1] == "ranges")
        except ValueError as error:
            problems.append(_Problem((*table, name), value, str(error), _origin_in(table, path, origins)))
    return kept, problems


def _origin_in(table: KeyPath, path: KeyPath, origins: Mapping[KeyPath, Origin]) -> Origin | None:
    """The origin of a factor, whose path may be one key or nested tables."""
    written = [(*table, ".".join(path)), *((*table, *path[:end]) for end in range(len(path), -1, -1))]
    return next((origins[key] for key in written if key in origins), None)


def _checked_factor(path: KeyPath, value: Any, is_range: bool) -> Any:
    """Validate the levels of a setting or the ends of its range.

    Raises:
        ValueError: if they are invalid; the message says what is expected.
    """
    if path in _NOT_VARIED:
        raise ValueError(f"cannot be varied; {_NOT_VARIED[path]}")
    if path[0] in ("sweep", "verdict", "full"):
        raise ValueError("is not a setting of a run; only world, run, inject and parameters can be varied")
    if path in TABLES:
        inner = next(known for known in SETTINGS if known[: len(path)] == path and known not in TABLES)
        raise ValueError(f"is a table; give a setting in it, such as {'.'.join(inner)}")
    if path not in SETTINGS:
        raise ValueError(f"there is no such setting{_remedy(path)}")
    field = SETTINGS[path]
    levels: tuple[Any, ...] = span_of(value) if is_range else spelled_out(value, whole=field.annotation is int)
    if is_range and range_of(field) is None:
        raise ValueError("is not a number, so it has no range; list its levels in [sweep.grid]")
    whole = is_range and field.annotation is int
    wrong: dict[str, list[str]] = {}
    for level in levels:
        said = _wrong_with(path, round(level) if whole else level)
        if said:
            wrong.setdefault(said, []).append(show(level))
    if wrong:
        raise ValueError(
            "; ".join(
                f"the level{'s' * (len(each) > 1)} {_brief(', '.join(each[:_MOST_LEVELS]))}: {said}"
                for said, each in wrong.items()
            )
        )
    return levels


@cache
def _adapter(path: KeyPath) -> TypeAdapter[Any]:
    """The validator of one setting."""
    allowed: Any = SETTINGS[path].annotation
    for rule in SETTINGS[path].metadata:
        allowed = Annotated[allowed, rule]
    return TypeAdapter(allowed)


def _wrong_with(path: KeyPath, level: Any) -> str | None:
    """What a setting expects instead of this level; None if the level is valid."""
    try:
        _adapter(path).validate_python(level, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        return str(first["ctx"]["error"]) if first["type"] == "value_error" else expected(path) or first["msg"]
    return None


def _remedy(path: KeyPath) -> str:
    beside = [known[-1] for known in SETTINGS if known[:-1] == path[:-1]]
    close = nearest(path[-1], beside)
    if close:
        return f"; did you mean {'.'.join((*path[:-1], close))}?"
    by_length = sorted(SETTINGS, key=len)
    close = nearest(path[-1], [known[-1] for known in by_length])
    if close:
        return f"; did you mean {'.'.join(next(known for known in by_length if known[-1] == close))}?"
    return f"; known: {', '.join(beside or Experiment.model_fields)}"


def _problem(error: Any, data: Mapping[str, Any]) -> _Problem:
    """Convert an error of pydantic: where it is, what was given and what is expected."""
    path = tuple(str(part) for part in error["loc"])
    if error["type"] == "value_error":
        setting, problem = at_fault(error["ctx"]["error"])
        own = (*path, *setting.split("."))
        if own in SETTINGS:
            return _Problem(own, _value_at(data, own), problem)
        return _Problem(path, _value_at(data, path), str(error["ctx"]["error"]))
    message = expected(path) or error["msg"][:1].lower() + error["msg"][1:]
    close = nearest(error["input"], _choices(path)) if isinstance(error["input"], str) else None
    message += f"; did you mean {show(close)}?" if close else ""
    return _Problem(path, _value_at(data, path), message)


def _value_at(data: Any, path: KeyPath) -> Any:
    for part in path:
        data = data.get(part) if isinstance(data, Mapping) else None
    return data


def _place(path: KeyPath, value: Any, origins: Mapping[KeyPath, Origin]) -> tuple[str, bool]:
    """The place and value of a mistake: ``line 4, world.people = -3``, or the option that set this value.

    And whether it is this option.
    """
    given = next((path[:end] for end in range(len(path), 0, -1) if path[:end] in origins), None)
    given = given or next((known for known in origins if known[: len(path)] == path), None)
    if given == path and origins[path].option:
        return origins[path].option, True
    origin = f"{origins[given]}, " if given else ""
    name = ".".join(path)
    if isinstance(value, Mapping) and (path in TABLES or path in VARIED or path not in SETTINGS):
        return f"{origin}[{name}]", False
    return f"{origin}{name}" if value is None else f"{origin}{name} = {_brief(show(value))}", False


def _brief(text: str, most: int = _LONGEST_SHOWN) -> str:
    """A text, cut if it is too long."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def written(experiment: Experiment) -> str:
    """The run of an experiment as TOML, without default values; `load` recreates the same run from it."""
    lines: dict[KeyPath, list[str]] = {(): [f"name = {show(experiment.name)}"]}
    usual = Experiment(name=experiment.name, parameters=experiment.world.parameters)
    for path in SETTINGS:
        if path in TABLES or path[0] in ("name", "sweep", "verdict", "full"):
            continue
        value, default = (_attribute(each, path) for each in (experiment, usual))
        if path == ("world", "log") and value is not None:
            value = str(Path(value).absolute())
        if value is not None and value != default:
            depth = 2 if path[1] == "parameters" else 1
            lines.setdefault(path[:depth], []).append(f"{'.'.join(path[depth:])} = {show(value)}")
    headed = ["\n".join([f"[{'.'.join(table)}]"] * bool(table) + rows) for table, rows in lines.items()]
    return "\n\n".join(headed) + "\n"


def _attribute(experiment: Experiment, path: KeyPath) -> Any:
    """The value of a setting; None if its table is absent."""
    value: Any = experiment
    for part in path:
        if value is None:
            return None
        value = value[part] if isinstance(value, Mapping) else getattr(value, part)
    return value


def show(value: Any) -> str:
    """A value in TOML notation."""
    if isinstance(value, Mapping):
        return (
            "{}" if not value else "{ " + ", ".join(f"{_key(key)} = {show(item)}" for key, item in value.items()) + " }"
        )
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(show, value)) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return json.dumps(value, default=str, ensure_ascii=False)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_.-]+", key) else json.dumps(key, ensure_ascii=False)


def expected(path: KeyPath) -> str | None:
    """What a setting expects: ``expected a number from 0 to 1 (probability)``; None if that is unknown."""
    if path in TABLES:
        return f"expected a table, [{'.'.join(path)}]"
    if path in VARIED:
        example = "[0.0, 1.0]" if path[-1] == "ranges" else "[1.0, 2.0]"
        return f"expected a table of settings, such as parameters.ease = {example}"
    if path == FULL:
        return 'expected a table of settings, such as "sweep.replicates" = 100'
    if path == ROWS:
        return "expected a table of rows, such as [sweep.rows.shy] with parameters.ease = 1.0 in it"
    field = SETTINGS.get(path)
    if field is not None and field.annotation is bool:
        return f"expected {TRUTH_WRITTEN}"
    if _choices(path):
        return f"expected one of {', '.join(map(show, _choices(path)))}"
    limits = range_of(field) if field else None
    if field is None or limits is None:
        return None
    extra = field.json_schema_extra
    unit = extra["unit"] if isinstance(extra, dict) else field.description
    return f"expected a {'whole ' if field.annotation is int else ''}number {limits} ({unit})"


def _choices(path: KeyPath) -> tuple[str, ...]:
    """The allowed words of a setting; empty if it takes other values."""
    annotation = SETTINGS[path].annotation if path in SETTINGS else None
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def range_of(field: FieldInfo) -> str | None:
    """The limits of a number, ``from 0 to 1``; None if it has none."""
    low = next((rule.ge for rule in field.metadata if hasattr(rule, "ge")), None)
    high = next((rule.le for rule in field.metadata if hasattr(rule, "le")), None)
    return None if low is None or high is None else f"from {low:,} to {high:,}"
