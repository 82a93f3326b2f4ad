"""A TOML file becomes a validated experiment; each error names file, line, key, value and what to write instead.

Every setting can also be given on the command line (``--set world.people=500``); its errors then name the option.
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
from experiments.config.factors import METHODS, Levels, flattened, span_of, spelled_out
from experiments.config.toml_text import KeyPath as KeyPath
from experiments.config.toml_text import TextError
from experiments.config.toml_text import lines_of as lines_of
from experiments.terminal.names import LONGEST_FILE_NAME, file_name
from sim.model.gestures import KINDS
from sim.model.parameters import Parameters
from sim.run import mixture_of
from sim.runtime.spelling import nearest as nearest

# What may be written where there is no range of numbers; for errors, and for `rekindle explain`.
STRATEGY_WRITTEN = "a strategy's name, or a mixture such as { check_in = 0.5, show_up = 0.5 }"
STRATEGIES_WRITTEN = 'a list of strategies, such as ["wait", "check_in"]'
ADOPTERS_WRITTEN = 'a count such as 20, a share such as 0.05, a list of ids such as [3, 17], or "newcomers"'
KINDS_WRITTEN = f'"nothing", or a kind of gesture: {", ".join(kind for kind in KINDS if kind != "post")}'
NAME_WRITTEN = "a name made of letters, digits, _ . and -"
TRUTH_WRITTEN = "true or false"
LOG_WRITTEN = 'a file such as "wall.csv.gz", counted from the folder of the TOML file'

MOST_PROBLEMS = 20  # that are named one by one
_LONGEST_SHOWN, _LONGEST_PROBLEM = 100, 600  # characters of a value and of a line in an error
_MOST_LEVELS = 6  # that are named one by one
_LONGEST_NAME = 2 * LONGEST_FILE_NAME + 1  # bytes; of a configuration and of a log

Strategy = str | dict[str, float]
Adopters = int | float | tuple[int, ...] | Literal["newcomers"]
Third = Literal["any", "low", "high"]
NOTHING = "nothing"  # in the place of a gesture


class ConfigError(ValueError):
    """What is wrong with an experiment, in words for whoever wrote it: one line for each problem."""


def checked_strategy(value: Any) -> Strategy:
    """A strategy's name, or a mixture: shares by name, above 0, that add up to 1.

    Raises:
        ValueError: it is neither; the message says what to write.
    """
    if not isinstance(value, str | Mapping):
        raise ValueError(f"expected {STRATEGY_WRITTEN}")
    mixture_of(value)
    return value if isinstance(value, str) else {name: float(share) for name, share in value.items()}


def checked_strategies(value: Any) -> tuple[Strategy, ...]:
    """Arms of a sweep: strategies or mixtures, none twice, and of several the baseline ``wait``.

    Raises:
        ValueError: no list, an empty one, or one with something wrong in it.
    """
    if not isinstance(value, list | tuple) or not value:
        raise ValueError(f"expected {STRATEGIES_WRITTEN}")
    strategies = tuple(checked_strategy(item) for item in value)
    twice = _twice([one if isinstance(one, str) else frozenset(one.items()) for one in strategies])
    if twice is not None:
        raise ValueError(f"{_brief(show(strategies[twice]))} is there twice; name each strategy once")
    if len(strategies) > 1 and "wait" not in strategies:
        raise ValueError('"wait" must be among them: it is the baseline that the others are compared with')
    return strategies


def _twice(values: Sequence[Any]) -> int | None:
    """The place of the first value that was there before; None where each is there once."""
    seen = set()
    for place, value in enumerate(values):
        if value in seen:
            return place
        seen.add(value)
    return None


def checked_adopters(value: Any) -> Adopters:
    """Who follows the strategy: a count (1 or more), a share (above 0, at most 1, with a decimal point), ids, or the
    newcomers of the world.

    Raises:
        ValueError: it is none of these.
    """
    if isinstance(value, list | tuple) and value and all(type(i) is int and i >= 0 for i in value):
        return tuple(value)
    if (type(value) is int and value >= 1) or (type(value) is float and 0 < value <= 1) or value == "newcomers":
        return value
    raise ValueError(f"expected {ADOPTERS_WRITTEN}")


def checked_kind(value: Any) -> str:
    """A kind of gesture that can be put into a run, or ``nothing``.

    Raises:
        ValueError: it is none.
    """
    known = [NOTHING, *(kind for kind in KINDS if kind != "post")]
    if value in known:
        return str(value)
    close = nearest(str(value), known)
    raise ValueError(f"did you mean {close}?" if close else f"expected {KINDS_WRITTEN}")


def checked_name(value: Any) -> str:
    """A name that can be a folder.

    Raises:
        ValueError: it cannot.
    """
    if not isinstance(value, str) or not re.fullmatch(r"\w[\w.-]*", value):
        raise ValueError(f"expected {NAME_WRITTEN}")
    if len(os.fsencode(value)) > _LONGEST_NAME:
        raise ValueError(f"expected a name of at most {_LONGEST_NAME} bytes, since it names a folder")
    return value


def checked_log(value: Any) -> str | None:
    """The path of a contact log, or None.

    Raises:
        ValueError: it is no text that can be a path.
    """
    if value is None or (isinstance(value, str) and value and "\0" not in value):
        return value
    raise ValueError(f"expected {LOG_WRITTEN}")


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WorldSettings(_Settings):
    """Where the worlds come from: generated and burnt in, or replayed from a contact log."""

    log: Annotated[str | None, BeforeValidator(checked_log)] = Field(
        None, description="contact log to replay (CSV, CSV.gz or Parquet); none = generated"
    )
    people: int = Field(2_000, ge=2, le=10_000_000, description="people")
    burn_in_years: float = Field(3.0, ge=0, le=20, description="years of ordinary life before day 0")
    seed: int = Field(1, ge=0, le=10**15, description="seed of the first world; replicate r has this plus r")
    newcomers: int = Field(0, ge=0, le=100_000, description="people who know nobody, added on day 0")
    parameters: Parameters = Field(default_factory=Parameters, description="parameters of the world's past")


class RunSettings(_Settings):
    """Who does what, and for how long."""

    strategy: Annotated[Strategy, BeforeValidator(checked_strategy)] = Field("wait", description="strategy or mixture")
    adopters: Annotated[Adopters, BeforeValidator(checked_adopters)] = Field(20, description="who follows the strategy")
    sociability: Third = Field("any", description="third of the people from which adopters are drawn")
    hesitance: Third = Field("any", description="the same by how much strangeness weighs for them")
    strategy_days: int = Field(730, ge=1, le=5_475, description="days for which the strategy is followed")
    follow_up_days: int = Field(240, ge=0, le=3_600, description="days of ordinary life after it")
    seed: int = Field(1, ge=0, le=10**15, description="seed of the first run; replicate r has this plus r")
    checkpoint_minutes: float = Field(
        10.0, ge=0, le=525_600, description="minutes after which a long run keeps how far it is; 0 = never"
    )
    timeout_minutes: float = Field(
        0.0, ge=0, le=525_600, description="minutes that a run of a sweep may take before it has failed; 0 = any"
    )

    @property
    def days(self) -> int:
        """Days of the whole run."""
        return self.strategy_days + self.follow_up_days


class InjectSettings(_Settings):
    """Gestures put into each run by hand, to focal ties that are the same in every arm."""

    kind: Annotated[str, BeforeValidator(checked_kind)] = Field(
        "like", description='kind of the gestures; "nothing" follows the same ties without one'
    )
    towards: Literal["dormant", "stranger"] = Field(
        "dormant", description="focal ties: dormant ones, or strangers of the sender's industry"
    )
    ties: int = Field(50, ge=1, le=100_000, description="focal ties of a world, far apart; fewer where it has no more")
    silent_from: int = Field(0, ge=0, le=16_383, description="least days of silence of a dormant focal tie")
    silent_to: int = Field(16_383, ge=1, le=16_383, description="most days of it")
    times: int = Field(1, ge=1, le=1_000, description="gestures to each focal tie")
    every_days: int = Field(0, ge=0, le=365, description="days from one to the next; 0 = all on the first day")


class GateSettings(_Settings):
    """What a world's own log must show before the world is believed: see `experiments.logs.gate`."""

    log: str = Field(description="name of the real log whose hazards these are")
    hazard_per_day_90_180: float = Field(
        ge=1e-6, le=1, description="its contacts per pair-day, 90 to 180 days into silence"
    )
    hazard_per_day_180_365: float = Field(ge=1e-6, le=1, description="the same, 180 to 365 days into silence")
    factor: float = Field(2.0, ge=1, le=100, description="how far a simulated hazard may be off")
    reactivated_low: float = Field(0.18, ge=0, le=1, description="least share of silent pairs back within 90 days")
    reactivated_high: float = Field(0.44, ge=0, le=1, description="largest share of them")
    worlds: int = Field(3, ge=1, le=1_000, description="worlds that are looked at, of each set of parameters")
    days: int = Field(730, ge=370, le=3_650, description="days of ordinary life that are looked at")


class VerdictSettings(_Settings):
    """The thresholds by which results become a verdict; written down before the results are there."""

    worlds: int = Field(20, ge=2, le=1_000_000, description='fewer give "too few" in place of a verdict')
    margin: float = Field(0.05, ge=0.001, le=0.9, description="a ratio within this of 1 is none; beyond, it is one")
    best: float = Field(0.9, ge=0.5, le=1, description="probability of being best from which a winner is named")
    family_error: float = Field(0.05, ge=0.0001, le=0.5, description="of a family of comparisons, by Holm's correction")
    most: float | None = Field(
        None, ge=0, le=1_000_000, description="value below which a measured share or rank bears a claim out"
    )
    gate: GateSettings | None = Field(None, description="what the world's own log must show")


class SampleSettings(_Settings):
    """Points drawn from ranges."""

    method: Literal["latin_hypercube", "sobol", "morris", "saltelli"] = Field(
        "latin_hypercube", description=f"how points are drawn: {', '.join(METHODS)}"
    )
    points: int = Field(
        64, ge=1, le=1_000_000, description="points; for morris trajectories, for saltelli the rows of its matrices"
    )
    seed: int = Field(1, ge=0, le=2**31, description="seed of the draws")
    ranges: dict[str, tuple[float, float]] = Field(description="the two ends, by setting")

    @model_validator(mode="after")
    def _check(self) -> SampleSettings:
        if self.method in ("sobol", "saltelli") and self.points & (self.points - 1):
            raise ValueError(
                f"points must be a power of two for {self.method}, such as {2 ** self.points.bit_length()}"
            )
        if self.method == "morris" and self.points < 2:
            raise ValueError("points must be 2 or more for morris; they are its trajectories")
        return self


class SweepSettings(_Settings):
    """Which arms, and in how many worlds each."""

    strategies: Annotated[tuple[Strategy, ...], BeforeValidator(checked_strategies)] | None = Field(
        None, description="arms; each takes the place of run.strategy, which alone is run if none are given"
    )
    replicates: int = Field(20, ge=1, le=1_000_000, description="worlds that every arm meets")
    grid: Levels = Field(default_factory=dict, description="levels by setting, of which every combination is run")
    zip: Levels = Field(default_factory=dict, description="levels by setting, side by side")
    rows: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="settings by name of the row; what a row does not name stays as it is"
    )
    sample: SampleSettings | None = Field(None, description="points drawn from ranges")
    series_days: int = Field(
        0, ge=0, le=36_500, description="days from one row of a run's series that is kept to the next; 0 = none is kept"
    )
    events: bool = Field(False, description="whether each run's contact log is kept")
    silence: bool = Field(
        False, description="whether each run says how final silence is in its own log (questions and messages)"
    )

    @property
    def factors(self) -> list[str]:
        """The settings that are varied, in the order of grid, zip, rows and sample."""
        of_rows = dict.fromkeys(name for row in self.rows.values() for name in row)
        return [*self.grid, *self.zip, *of_rows, *(self.sample.ranges if self.sample else ())]

    @model_validator(mode="after")
    def _check(self) -> SweepSettings:
        lengths = {name: len(levels) for name, levels in self.zip.items()}
        if len(set(lengths.values())) > 1:
            each = ", ".join(f"{name} {count}" for name, count in lengths.items())
            raise ValueError(f"zip goes side by side, and its levels are not equally many: {each}")
        factors = self.factors
        twice = _twice(factors)
        if twice is not None:
            raise ValueError(f"varies {factors[twice]} in two of grid, zip, rows and sample; vary it in one")
        return self


class Experiment(_Settings):
    """One experiment, whole: what a TOML file says, with every default filled in."""

    name: Annotated[str, BeforeValidator(checked_name)] = Field(description="folder of its results")
    world: WorldSettings = Field(default_factory=WorldSettings, description="where the worlds come from")
    run: RunSettings = Field(default_factory=RunSettings, description="who does what, and for how long")
    parameters: Parameters = Field(default_factory=Parameters, description="parameters of the runs")
    inject: InjectSettings | None = Field(None, description="gestures put in by hand")
    sweep: SweepSettings | None = Field(None, description="arms and replicates")
    verdict: VerdictSettings | None = Field(None, description="thresholds of the verdict that `rekindle essay` draws")
    full: dict[str, Any] = Field(default_factory=dict, description="settings, by path, that `--full` changes")

    @model_validator(mode="after")
    def _check_adopters(self) -> Experiment:
        if self.run.adopters == "newcomers" and not self.world.newcomers:
            raise ValueError("run.adopters are the newcomers, and there are none; set world.newcomers")
        if self.world.log is None:
            require_adopters(self.run.adopters, self.world.people + self.world.newcomers)
        return self


def require_adopters(adopters: Adopters, people: int) -> None:
    """Make sure that a world of this many people, newcomers apart, has these adopters.

    Raises:
        ValueError: it has not; the message begins with the setting's name.
    """
    problems = []
    if isinstance(adopters, int) and adopters > people:
        problems.append(f"asks for {adopters:,} of {people:,} people; ask for fewer")
    if isinstance(adopters, tuple) and max(adopters) >= people:
        problems.append(f"names person {max(adopters)}; ids go from 0 to {people - 1:,}")
    if isinstance(adopters, tuple) and (twice := _twice(adopters)) is not None:
        problems.append(f"names person {adopters[twice]} twice; name each once")
    if problems:
        raise ValueError(f"run.adopters {', and '.join(problems)}")


def settings(model: type[BaseModel] = Experiment, above: KeyPath = ()) -> dict[KeyPath, FieldInfo]:
    """Every setting that a file can name, tables included, by its path: ``("world", "people")``."""
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

ROWS: KeyPath = ("sweep", "rows")  # a table of tables whose keys are paths of other settings
FULL: KeyPath = ("full",)  # a table of settings by path, as for --set
# Tables whose keys are paths of other settings.
VARIED: tuple[KeyPath, ...] = (("sweep", "grid"), ("sweep", "zip"), ("sweep", "sample", "ranges"))
# Settings that no table may vary, and why.
_NOT_VARIED: dict[KeyPath, str] = {
    ("run", "strategy"): "name the strategies in sweep.strategies",
    ("world", "seed"): "each replicate has a seed of its own; set sweep.replicates",
    ("run", "seed"): "each replicate has a seed of its own; set sweep.replicates",
    ("world", "log"): "sweep one log at a time, with --world",
    ("run", "checkpoint_minutes"): "it changes nothing in a run",
    ("run", "timeout_minutes"): "it changes nothing in a run",
    ("name",): "it is where results go",
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
        path: of the TOML file, or the name of one that ships where there is no such file; None for one that says
            nothing. A relative ``world.log`` in it counts from its folder.
        changes: ``path=value`` each, as given to ``--set``; a value is TOML, or else text.
        world: contact log that takes the place of the file's world, as given to ``--world``.
        full: whether the changes of the file's ``[full]`` come first.
        unnamed: name of the experiment where there is no file.

    Raises:
        ConfigError: with all that is wrong, each with its line or option.
    """
    text = "" if path is None else _read(path)
    data = _parsed(path, text)
    origins = {key: f"line {line}" for key, line in lines_of(text).items()}
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
        _apply(data, origins, change)
    data.setdefault("name", name)
    experiment = _validated(data, origins, path)
    if not data.get("world", {}).get("parameters"):
        return experiment
    return _validated({**data, "parameters": _inherited(data)}, origins, path)


def stem_of_log(log: Path) -> str:
    """A log's name without its ending: ``wall.2009`` of ``logs/wall.2009.csv.gz``."""
    return re.sub(r"\.(csv|csv\.gz|parquet)$", "", log.name, flags=re.IGNORECASE)


def place_of(path: Path, changes: Sequence[str], key: KeyPath) -> str:
    """Where a setting was given, ``mine.toml, line 4, world.log``, for errors that are found later on."""
    name = ".".join(key)
    for change in reversed(changes):
        if change.partition("=")[0].strip() == name:
            return f"{path}, --set {change}"
    line = lines_of(_read(path)).get(key)
    return f"{path}, line {line}, {name}" if line else f"{path}, {name}"


def place_of_factor(path: Path, changes: Sequence[str], name: str, row: str = "") -> str:
    """Where a sweep, or a row of it, was given levels of a setting, ``mine.toml, line 9, sweep.grid.run.adopters``."""
    origins = {key: f"{path}, line {line}" for key, line in lines_of(_read(path)).items()}
    for change in changes:
        origins[tuple(part.strip() for part in change.partition("=")[0].split("."))] = f"{path}, --set {change}"
    own = tuple(name.split("."))
    for table in (*VARIED, (*ROWS, row)):
        for key in ((*table, name), *((*table, *own[:end]) for end in range(len(own), 0, -1))):
            if key in origins:
                return origins[key] if "--set" in origins[key] else f"{origins[key]}, {'.'.join((*table, name))}"
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
    """What somebody who named a file that does not exist may have meant."""
    ships = {name: name for name in shipped.names()}
    try:
        beside = {other.stem: str(other) for other in sorted(path.parent.glob("*.toml"))}
    except OSError:
        beside = {}
    close = nearest(path.name.removesuffix(".toml"), beside) or nearest(path.stem, ships)
    if close:
        return f"did you mean {(ships | beside)[close]}?"
    return "`rekindle configs` lists the experiments that ship with the program."


def _parsed(path: Path | None, text: str) -> dict[str, Any]:
    try:
        return toml_text.parsed(text)
    except TextError as error:
        raise ConfigError(f"{_at_line(path, error.line)} {error}.") from None


def _replay_instead(data: dict[str, Any], origins: dict[KeyPath, str], log: Path) -> None:
    """Put a contact log in the place of the world that the file describes; its seed and parameters stay."""
    before = data.get("world", {})
    kept = {key: before[key] for key in ("seed", "parameters") if key in before} if isinstance(before, dict) else {}
    data["world"] = {**kept, "log": str(log)}
    origins["world", "log"] = f"--world {log}"


def _apply(data: dict[str, Any], origins: dict[KeyPath, str], change: str) -> None:
    """Carry out one ``path=value``; what it replaces is forgotten."""
    name, equals, text = change.partition("=")
    path = tuple(part.strip() for part in name.split("."))
    if not toml_text.is_text(change):
        raise ConfigError(f"--set {_brief(change)}: this is not text in UTF-8.")
    if not equals or not all(path) or len(path) > toml_text.MOST_DEEP:
        raise ConfigError(f"--set {_brief(change)}: write path=value, for example --set world.people=500.")
    table = data
    for part in path[:-1]:
        if not isinstance(table.get(part), dict):
            table[part] = {}
        table = table[part]
    table[path[-1]] = _value(change, text)
    for known in [known for known in origins if known[: len(path)] == path]:
        del origins[known]
    origins[path] = f"--set {_brief(change)}"


def _value(change: str, text: str) -> Any:
    try:
        said = toml_text.parsed(f"value = {text}")
    except TextError as error:
        meant = toml_text.is_whole_number(text) or text.lstrip()[:1] in ("{", "[", '"', "'") or "\n" in text
        if not meant:
            return text
        what = str(error).partition("; write one")[0]
        hint = "; close every bracket and quote, and put all of it in 'quotes'" if "not TOML" in what else ""
        raise ConfigError(f"--set {_brief(change)}: {what}{hint}.") from None
    if len(said) > 1:
        raise ConfigError(f"--set {_brief(change)}: this sets several things; give each a --set of its own.")
    return said["value"]


def _inherited(data: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of the run as written: those of the world, changed by ``[parameters]``."""
    return _merged(data["world"]["parameters"], data.get("parameters", {}))


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if both else value
    return merged


@dataclass(frozen=True)
class _Problem:
    """Something wrong: the setting, its value, what is said of it, and where it was given if not where its path was.

    What takes a while to find out, such as the name that was meant, is a function, since few problems are shown.
    """

    path: KeyPath
    value: Any
    said: str | Callable[[], str]
    origin: str = ""

    def line(self, origins: Mapping[KeyPath, str]) -> float:
        """The line of the file at fault; infinite for an option."""
        above = (self.path[:end] for end in range(len(self.path), 0, -1))
        origin = self.origin or next((origins[path] for path in above if path in origins), "")
        found = re.match(r"line (\d+)", origin)
        return float(found[1]) if found else math.inf

    def shown(self, origins: Mapping[KeyPath, str]) -> str:
        """The problem in a line."""
        known = {self.path: self.origin} if self.origin else origins
        text = f"{_said(self.path, self.value, known)}: {self.said if isinstance(self.said, str) else self.said()}"
        text = _brief(" ".join(text.splitlines()), _LONGEST_PROBLEM)
        return text if text.endswith(("?", ".")) else f"{text}."


def _validated(data: dict[str, Any], origins: Mapping[KeyPath, str], path: Path | None) -> Experiment:
    known, problems = _known(data, origins)
    try:
        experiment = Experiment.model_validate(known, strict=True)
    except ValidationError as error:
        problems += [_problem(found, known) for found in error.errors()]
    if not problems:
        return experiment
    problems.sort(key=lambda problem: problem.line(origins))
    lines = [problem.shown(origins) for problem in problems[:MOST_PROBLEMS]]
    if len(problems) > MOST_PROBLEMS:
        lines.append(f"and {len(problems) - MOST_PROBLEMS:,} more.")
    if len(lines) == 1:
        raise ConfigError(lines[0] if path is None else f"{path}, {lines[0]}")
    raise ConfigError("\n  ".join([f"{path or 'What was set'} has {len(problems):,} errors:", *lines]))


def _known(
    data: Mapping[str, Any], origins: Mapping[KeyPath, str], above: KeyPath = ()
) -> tuple[dict[str, Any], list[_Problem]]:
    """The data without keys that are no setting, and a problem for each of these."""
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
            problems += [_Problem(path, value, f"there is no setting {_brief(name)} to change") for name in unknown]
        elif path in TABLES and isinstance(value, Mapping):
            kept[key], inner = _known(value, origins, path)
            problems += inner
        else:
            kept[key] = value
    if above == ("world",) and kept.get("log") is not None:
        problems += [
            _Problem((*above, name), kept[name], f"a replayed log has its own {what}; leave it out")
            for name, what in (("people", "people"), ("burn_in_years", "past"))
            if name in kept
        ]
    return kept, problems


def _no_such(path: KeyPath) -> str:
    return f"there is no such setting{_remedy(path)}"


def _rows(given: Mapping[str, Any], origins: Mapping[KeyPath, str]) -> tuple[dict[str, Any], list[_Problem]]:
    """What each named row changes, by dotted path, and a problem for each setting that it cannot."""
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
    """Whether a path names a setting, or a factor of a sweep."""
    above = next((table for table in VARIED if path[: len(table)] == table), ())
    return path[len(above) :] in SETTINGS


def _varied(
    table: KeyPath, given: Mapping[str, Any], origins: Mapping[KeyPath, str]
) -> tuple[dict[str, Any], list[_Problem]]:
    """What a table of factors varies, by dotted path, and a problem for each that it cannot."""
    kept: dict[str, Any] = {}
    problems: list[_Problem] = []
    if not given:
        problems.append(_Problem(table, given, "is empty; give a setting such as parameters.ease, or leave it out"))
    for name, value in flattened(given):
        path = tuple(name.split("."))
        try:
            kept[name] = _checked_factor(path, value, is_range=table[-1] == "ranges")
        except ValueError as error:
            problems.append(_Problem((*table, name), value, str(error), _origin_in(table, path, origins)))
    return kept, problems


def _origin_in(table: KeyPath, path: KeyPath, origins: Mapping[KeyPath, str]) -> str:
    """Where a factor was given, be its path one key or several."""
    written = [(*table, ".".join(path)), *((*table, *path[:end]) for end in range(len(path), -1, -1))]
    return next((origins[key] for key in written if key in origins), "")


def _checked_factor(path: KeyPath, value: Any, is_range: bool) -> Any:
    """The levels of a setting, or the ends of its range, each of them one that the setting allows.

    Raises:
        ValueError: they are not; the message says what to write.
    """
    if path in _NOT_VARIED:
        raise ValueError(f"can not be varied; {_NOT_VARIED[path]}")
    if path[0] in ("sweep", "verdict", "full"):
        raise ValueError("is no setting of a run; only world, run, inject and parameters can be varied")
    if path in TABLES:
        inner = next(known for known in SETTINGS if known[: len(path)] == path and known not in TABLES)
        raise ValueError(f"is a table; name a setting in it, such as {'.'.join(inner)}")
    if path not in SETTINGS:
        raise ValueError(f"there is no such setting to vary{_remedy(path)}")
    field = SETTINGS[path]
    levels: tuple[Any, ...] = span_of(value) if is_range else spelled_out(value, whole=field.annotation is int)
    if is_range and range_of(field) is None:
        raise ValueError("is no number, so nothing can be drawn; give its levels in [sweep.grid]")
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
    """What checks a value of one setting."""
    allowed: Any = SETTINGS[path].annotation
    for rule in SETTINGS[path].metadata:
        allowed = Annotated[allowed, rule]
    return TypeAdapter(allowed)


def _wrong_with(path: KeyPath, level: Any) -> str | None:
    """What a setting would want instead of this level; None where it allows it."""
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
    return f"; there is {', '.join(beside or Experiment.model_fields)}"


def _problem(error: Any, data: Mapping[str, Any]) -> _Problem:
    """One of pydantic's errors in words: where, what was given, what was expected."""
    path = tuple(str(part) for part in error["loc"])
    if error["type"] == "value_error":
        message = str(error["ctx"]["error"])
        path = _named_first(message, path)
        return _Problem(path, _value_at(data, path), message.removeprefix(".".join(path)).strip())
    message = expected(path) or error["msg"][:1].lower() + error["msg"][1:]
    close = nearest(error["input"], _choices(path)) if isinstance(error["input"], str) else None
    message += f"; did you mean {show(close)}?" if close else ""
    return _Problem(path, _value_at(data, path), message)


def _named_first(message: str, above: KeyPath) -> KeyPath:
    """The path of the setting with whose name a message begins; the path above where it begins with none."""
    named = (*above, *message.split(" ", 1)[0].split("."))
    return named if named in SETTINGS else above


def _value_at(data: Any, path: KeyPath) -> Any:
    for part in path:
        data = data.get(part) if isinstance(data, Mapping) else None
    return data


def _said(path: KeyPath, value: Any, origins: Mapping[KeyPath, str]) -> str:
    """``line 4, world.people = -3``; an option that gave just this value stands for itself."""
    given = next((path[:end] for end in range(len(path), 0, -1) if path[:end] in origins), None)
    given = given or next((known for known in origins if known[: len(path)] == path), None)
    if given == path and origins[path].startswith("--"):
        return origins[path]
    origin = f"{origins[given]}, " if given else ""
    name = ".".join(path)
    if isinstance(value, Mapping) and (path in TABLES or path in VARIED or path not in SETTINGS):
        return f"{origin}[{name}]"
    return f"{origin}{name}" if value is None else f"{origin}{name} = {_brief(show(value))}"


def _brief(text: str, most: int = _LONGEST_SHOWN) -> str:
    """A text, cut where it is too long to be read."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def written(experiment: Experiment) -> str:
    """An experiment's run as TOML, without what is at its default; `load` makes the same run of it."""
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
    """The value of a setting; None also where its whole table is absent."""
    value: Any = experiment
    for part in path:
        if value is None:
            return None
        value = value[part] if isinstance(value, Mapping) else getattr(value, part)
    return value


def show(value: Any) -> str:
    """A value as TOML has it."""
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
    """What a setting wants, in words: ``expected a number from 0 to 1 (probability)``; None where nothing says."""
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
    """The words of which a setting takes one; none where it takes other values."""
    annotation = SETTINGS[path].annotation if path in SETTINGS else None
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def range_of(field: FieldInfo) -> str | None:
    """The limits of a number, ``from 0 to 1``; None where it has none."""
    low = next((rule.ge for rule in field.metadata if hasattr(rule, "ge")), None)
    high = next((rule.le for rule in field.metadata if hasattr(rule, "le")), None)
    return None if low is None or high is None else f"from {low:,} to {high:,}"
