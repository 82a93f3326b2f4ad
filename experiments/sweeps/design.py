"""Turn an experiment into runs: every arm in every world, interleaved, with ids that hash everything that matters."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

import pandas as pd
import pydantic_core
from pydantic import BaseModel, ValidationError

from experiments.config.catalogue import is_whole, settings_of, value_at
from experiments.config.errors import ConfigError, SettingError, at_fault
from experiments.config.factors import Level, Point, crossed, drawn_points, points_drawn
from experiments.config.plausible import plausible_draws, setting_of
from experiments.config.settings import (
    Adopters,
    Experiment,
    InjectSettings,
    PlausibleSettings,
    Strategy,
    SweepSettings,
    Third,
    WorldSettings,
)
from experiments.config.toml_text import show
from experiments.logs.draws import draws_of
from experiments.sweeps.own_outcomes import OwnSources, own_sources
from experiments.terminal.progress import Report
from sim.model.former_names import with_former_keys
from sim.model.functions import hash_of, source_of
from sim.model.parameters import Parameters
from sim.model.python_files import carrying
from sim.model.strategies import STRATEGIES, StrategyRow, amended
from sim.runtime.fingerprint import model_fingerprint

MOST_RUNS = 1_000_000  # limit for a sweep
_POINTS_BETWEEN_REPORTS = 100


_MOST_LISTED = 4  # number of levels that an error message lists


class PointError(ConfigError):
    """An invalid combination of levels in a sweep.

    Attributes:
        factor: path of the factor at fault, or of the first one if that is unknown.
        row: name of the row at fault; empty if the sweep has no rows.
    """

    def __init__(self, message: str, factor: str, row: str = "") -> None:
        super().__init__(message)
        self.factor, self.row = factor, row


@dataclass(frozen=True)
class RunSpec:
    """One arm in one world.

    Attributes:
        id: hash of everything that determines the outcome, including the model's code.
        scenario: name of the arm.
        replicate: number from 0. The same replicate of two arms has the same seeds and random draws, and the same
            world and adopters unless the arms differ in these.
        point: number of the point in the design, from 0.
        factors: level of each varied setting, by its path.
        row: name of its row, if the sweep has rows.
        world: settings of the world, including its seed.
        seed: seed of the run.
        days: length of the run; the strategy is followed for the first ``strategy_days``.
        among: thirds of the people, by sociability and by reticence, from which adopters are drawn.
        inject: injected gestures.
        silence: whether the run reports how final silence is in its own log.
        own: own measures, the stop condition and the own model, if there are any.
        texts: texts of the Python files of its strategies' functions, by path. The id hashes them.
    """

    id: str
    scenario: str
    replicate: int
    point: int
    factors: dict[str, Level]
    world: WorldSettings
    strategy: Strategy
    adopters: Adopters
    seed: int
    days: int
    strategy_days: int
    parameters: Parameters
    among: tuple[Third, Third] = ("any", "any")
    inject: InjectSettings | None = None
    silence: bool = False
    row: str = ""
    own: OwnSources | None = None
    texts: Mapping[str, str] = field(default_factory=dict)


def runs_of(experiment: Experiment, report: Report | None = None) -> list[RunSpec]:
    """All runs of an experiment: every arm of the first replicate, then every arm of the next, and so on.

    This order keeps an unfinished sweep balanced. Without a sweep there is one run, of ``run.strategy``.

    Args:
        experiment: the experiment.
        report: called from time to time with the number of planned points and their total.

    Raises:
        ConfigError: if levels cannot be combined, or a file of an own measure cannot be read.
    """
    sweep = experiment.sweep or SweepSettings(replicates=1)
    strategies = sweep.strategies or (experiment.run.strategy,)
    _refuse_too_many(sweep, len(strategies))
    with carrying({}):  # each file is read once, so that a run carries the text that its id hashes
        try:
            own = own_sources(experiment)
        except SettingError as error:
            raise ConfigError(f"{error}.") from None
        points = points_of(experiment)
        by_draw = [list(_places(experiment, points, strategies, report, draw)) for draw in draws_in(experiment)]
    return [
        _run(place, arm, strategy, replicate, sweep.silence, own)
        for replicate in range(sweep.replicates)
        for place in by_draw[draw_of(sweep, replicate, len(by_draw))]
        for arm, strategy in enumerate(strategies)
    ]


def _refuse_too_many(sweep: SweepSettings, strategies: int) -> None:
    """Refuse a sweep with too many runs before any of them is created."""
    combined = max(1, *map(len, sweep.zip.values()), 1) * max(1, len(sweep.rows))
    levels = math.prod(len(each) for each in sweep.grid.values()) * combined
    drawn = points_drawn(sweep.sample.method, len(sweep.sample.ranges), sweep.sample.points) if sweep.sample else 1
    count = levels * drawn * strategies * sweep.replicates
    if count > MOST_RUNS:
        raise ConfigError(
            f"The sweep has {count:,} runs, more than the limit of {MOST_RUNS:,}: {levels:,} points of grid, zip and "
            f"rows × {drawn:,} sampled × {strategies:,} strategies × {sweep.replicates:,} replicates. Use fewer "
            "levels, or sample points with [sweep.sample]."
        )


class _Place(NamedTuple):
    """A point of a design: the experiment at this point, and hashes of the parameters of its worlds and of each arm.

    ``row`` is the name of its row, if the sweep has rows. ``texts`` are those of the Python files of each arm, by path.
    """

    number: int
    point: Point
    row: str
    name: str
    experiment: Experiment
    past: str
    parameters: Sequence[str]
    texts: Sequence[Mapping[str, str]]


def draws_in(experiment: Experiment) -> list[Point]:
    """The settings of each draw; a single empty draw if nothing is drawn. `draw_of` says which a replicate has.

    A number of the posterior replaces one that is drawn from its plausible range.

    Raises:
        ConfigError: the file of draws has none.
    """
    sweep = experiment.sweep or SweepSettings(replicates=1)
    assumed = _plausible(experiment, sweep.plausible) if sweep.plausible else []
    found = draws_of(sweep.draws).to_dict("records") if sweep.draws else [{}]
    posterior = [{setting_of(str(name)): value for name, value in draw.items()} for draw in found]
    if not assumed:
        return posterior[: sweep.replicates]
    return [draw | posterior[k % len(posterior)] for k, draw in enumerate(assumed)]


def draw_of(sweep: SweepSettings, replicate: int, draws: int) -> int:
    """The number of a replicate's draw: one after the other for plausible ranges, in turn for the posterior alone.

    Args:
        sweep: settings of the sweep.
        replicate: number of the replicate.
        draws: number of draws.
    """
    return replicate // sweep.plausible.worlds if sweep.plausible else replicate % draws


def _plausible(experiment: Experiment, settings: PlausibleSettings) -> list[Point]:
    count = math.ceil((experiment.sweep or SweepSettings()).replicates / settings.worlds)
    table = plausible_draws(count, settings.seed, settings.leave)
    known = settings_of(experiment)
    whole = [is_whole(known[tuple(str(name).split("."))]) for name in table.columns]
    return [dict(zip(table.columns, map(_as_drawn, row, whole), strict=True)) for row in table.to_numpy().tolist()]


def _places(
    experiment: Experiment, points: Sequence[Point], strategies: Sequence[Strategy], report: Report | None, draw: Point
) -> Iterator[_Place]:
    sweep = experiment.sweep or SweepSettings(replicates=1)
    drawn = points_drawn(sweep.sample.method, len(sweep.sample.ranges), sweep.sample.points) if sweep.sample else 1
    of_rows = dict.fromkeys(name for row in sweep.rows.values() for name in row)
    base = at(experiment, draw)
    past, hashes = _hash(base.world.parameters), _hashes(base.parameters, strategies)
    texts = _texts(base.parameters, strategies)
    for number, point in enumerate(points):
        if report and number and number % _POINTS_BETWEEN_REPORTS == 0:
            report(number, len(points))
        row = list(sweep.rows)[number // drawn % len(sweep.rows)] if sweep.rows else ""
        try:
            there = at(base, point)
        except PointError as error:
            raise PointError(str(error), error.factor, row) from None
        levels = {name: level for name, level in point.items() if name in sweep.grid or name in sweep.zip}
        drawn_too = {name: _value(there, name) for name in of_rows if name not in point}
        name = f"point {number}" if sweep.sample else ", ".join(filter(None, (row, _listed_short(levels))))
        same = there.world.parameters is base.world.parameters, there.parameters is base.parameters
        its_past = past if same[0] else _hash(there.world.parameters)
        its_hashes = hashes if same[1] else _hashes(there.parameters, strategies)
        its_texts = texts if same[1] else _texts(there.parameters, strategies)
        yield _Place(number, {**point, **drawn_too}, row, name, there, its_past, its_hashes, its_texts)


def _hashes(parameters: Parameters, strategies: Sequence[Strategy]) -> list[str]:
    """The hash of the parameters for each arm. Rows of strategies that the arm does not follow are no part of it."""
    if parameters.strategies == STRATEGIES:
        return [_hash(parameters)] * len(strategies)
    for name in parameters.followed(name for strategy in strategies for name in names_in(strategy)):
        _require_readable(name, parameters.strategies[name].function)
    return [_hash(parameters, names_in(strategy)) for strategy in strategies]


def _texts(parameters: Parameters, strategies: Sequence[Strategy]) -> list[dict[str, str]]:
    """The texts of the Python files that each arm calls, by path."""
    if not any(row.function for row in parameters.strategies.values()):
        return [{}] * len(strategies)
    called = [parameters.functions(names_in(strategy)).values() for strategy in strategies]
    return [{one.rpartition(":")[0]: source_of(one) for one in references} for references in called]


def _require_readable(name: str, function: str) -> None:
    """Check that the file of a strategy's function can be read, because ids hash its text.

    Raises:
        ConfigError: if it can't.
    """
    try:
        if function:
            hash_of(function)
    except ValueError as error:
        raise ConfigError(f"strategies.{name}.function {error}.") from None


def unfollowed(experiment: Experiment) -> list[str]:
    """Strategies that an experiment adds, changes or varies, and that no arm follows."""
    sweep, rows = experiment.sweep or SweepSettings(), experiment.parameters.strategies
    arms = sweep.strategies or (experiment.run.strategy,)
    followed = experiment.parameters.followed(name for arm in arms for name in names_in(arm))
    texts = {"essay", "meaning", "label", "colour", "source"}
    usual = {name: row.model_dump(exclude=texts) for name, row in STRATEGIES.items()}
    given = [name for name, row in rows.items() if row.model_dump(exclude=texts) != usual.get(name)]
    varied = [name.split(".")[2] for name in sweep.factors if name.startswith("parameters.strategies.")]
    return [name for name in dict.fromkeys((*given, *varied)) if name not in followed]


def note_on_unfollowed(experiment: Experiment) -> str:
    """A sentence on strategies that an experiment gives, and that no arm follows; empty if there are none."""
    found = unfollowed(experiment)
    which = f"the strategies {', '.join(found)}" if len(found) > 1 else f"the strategy {''.join(found)}"
    what = "them" if len(found) > 1 else "it"
    return f"No arm follows {which}; add {what} to sweep.strategies, or leave {what} out." if found else ""


def _hash(parameters: Parameters, strategies: Sequence[str] = ()) -> str:
    return _digest(with_former_keys(pydantic_core.to_json(parameters.identity(strategies)).decode()))


def names_in(strategy: Strategy) -> list[str]:
    """The names in a strategy or mixture."""
    return [strategy] if isinstance(strategy, str) else list(strategy)


def _listed_short(point: Point) -> str:
    """Levels as part of an arm's name: ``effort_minutes 60``, with the full path if two short names coincide."""
    short = {name: name.rpartition(".")[2] for name in point}
    twice = [name for name in point if list(short.values()).count(short[name]) > 1]
    return ", ".join(f"{name if name in twice else short[name]} {show(level)}" for name, level in point.items())


def shard_of(runs: Sequence[RunSpec], number: int, count: int) -> list[RunSpec]:
    """The runs of the `number`-th (from 1) of `count` jobs; together the jobs make each run once.

    If there are enough worlds, each job gets whole worlds, so that each is built once. Otherwise jobs take turns.
    """
    worlds = {world: at for at, world in enumerate(dict.fromkeys(map(_world, runs)))}
    if len(worlds) >= count:
        return [run for run in runs if worlds[_world(run)] % count == number - 1]
    return list(runs[number - 1 :: count])


def _world(run: RunSpec) -> str:
    return run.world.model_dump_json()


def described(runs: Sequence[RunSpec]) -> pd.DataFrame:
    """The design table: one row per run with its id, arm, replicate, point, factors and seeds."""
    names = list(dict.fromkeys(name for run in runs for name in run.factors))
    levels = {name: _as_column([run.factors.get(name) for run in runs]) for name in names}
    columns = {
        "id": [run.id for run in runs],
        "scenario": [run.scenario for run in runs],
        "strategy": [label(run.strategy) for run in runs],
        "replicate": [run.replicate for run in runs],
        "point": [run.point for run in runs],
        **({"row": [run.row for run in runs]} if any(run.row for run in runs) else {}),
        **levels,
        "world_seed": [run.world.seed for run in runs],
        "seed": [run.seed for run in runs],
    }
    return pd.DataFrame(columns)


def _as_column(levels: list[Level]) -> list[Level]:
    """Levels as a column: numbers and strings unchanged, anything else (such as a list of people) as text."""
    numbers = all(isinstance(level, int | float) and not isinstance(level, bool) for level in levels)
    return levels if numbers else [level if isinstance(level, str) else show(level) for level in levels]


def points_of(experiment: Experiment) -> list[Point]:
    """The levels of all factors at each point of a sweep; one empty point if nothing is varied."""
    sweep = experiment.sweep or SweepSettings(replicates=1)
    drawn: list[Point] = []
    if sweep.sample:
        ranges = sweep.sample.ranges
        known = settings_of(experiment)
        whole = [is_whole(known[tuple(name.split("."))]) for name in ranges]
        sample = sweep.sample
        rows = drawn_points(ranges, sample.method, sample.points, sample.seed, sample.log).tolist()
        drawn = [dict(zip(ranges, map(_as_drawn, row, whole), strict=True)) for row in rows]
    draw = draws_in(experiment)[0] if sweep.rows else {}  # a row that leaves a drawn setting alone has the drawn value
    changed = dict.fromkeys(name for row in sweep.rows.values() for name in row)
    usual = {name: _value(experiment, name) for name in changed if not {name, f"world.{name}"} & draw.keys()}
    there = {name: level for name, level in usual.items() if level is not None}
    rows = [{**there, **row} for row in sweep.rows.values()]
    return crossed(sweep.grid, sweep.zip, drawn, rows)


def _as_drawn(level: float, whole: bool) -> Level:
    return round(level) if whole else level


def at(experiment: Experiment, point: Mapping[str, Level]) -> Experiment:
    """An experiment without its sweep, with its settings replaced by these levels; unchanged tables are shared.

    As in a file, runs inherit the parameters of their world: a factor of ``world.parameters`` also changes the run's
    parameter of the same name if the two were equal.

    Raises:
        PointError: if the levels cannot be combined; the message names them.
    """
    if not point:
        return experiment
    levels = dict(point)
    for name, level in point.items():
        own = name.removeprefix("world.")
        moves = name.startswith("world.parameters.") and own not in point
        if moves and _value(experiment, own) == _value(experiment, name):
            levels[own] = level
    changes: dict[str, Any] = {"sweep": None}
    for name, level in levels.items():
        *tables, key = name.split(".")
        table = changes
        for part in tables:
            table = table.setdefault(part, {})
        table[key] = level
    try:
        return _changed(experiment, changes)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "value_error":
            problem, (setting, _) = first["ctx"]["error"], at_fault(first["ctx"]["error"])
        else:
            problem, setting = first["msg"], ".".join(map(str, first["loc"]))
        factor = next((name for name in point if f".{name}".endswith(f".{setting}")), next(iter(point)))
        in_order = {factor: point[factor], **point}
        listed = _listed(dict(list(in_order.items())[:_MOST_LISTED])) + (" …" if len(point) > _MOST_LISTED else "")
        raise PointError(f"The sweep has an invalid point, {listed}: {problem}.", factor) from None


def _changed(settings: Any, changes: Mapping[str, Any]) -> Any:
    """Settings with changes by key. Only changed tables are copied and validated, because a sweep has many points."""
    is_model = isinstance(settings, BaseModel)
    values = _values(settings) if is_model else dict(settings)
    new = dict(changes)
    for key, change in changes.items():
        if isinstance(values.get(key), BaseModel | dict) and isinstance(change, dict):
            new[key] = _changed(values[key], change)
    values = amended(values, new) if isinstance(settings, StrategyRow) else values | new
    return type(settings).model_validate(values) if is_model else values


def _values(settings: BaseModel) -> dict[str, Any]:
    """The values of settings, with those that a table has besides its fields, such as the named numbers of a row."""
    return {key: getattr(settings, key) for key in type(settings).model_fields} | (settings.__pydantic_extra__ or {})


def _value(experiment: Experiment, name: str) -> Any:
    return value_at(experiment, tuple(name.split(".")))


def _listed(point: Mapping[str, Level]) -> str:
    return ", ".join(f"{name} = {show(level)}" for name, level in point.items())


def _run(place: _Place, arm: int, strategy: Strategy, replicate: int, silence: bool, own: OwnSources | None) -> RunSpec:
    settings = place.experiment.run
    world = place.experiment.world
    log = None if world.log is None else os.path.abspath(world.log)  # workers may have a different working directory
    world = world.model_copy(update={"seed": world.seed + replicate, "log": log})
    seed = settings.seed + replicate
    inject = place.experiment.inject
    identity = [
        model_fingerprint(),
        log_hash(world.log) if world.log else None,
        [world.people, world.newcomers, world.burn_in_years, world.seed, place.past],
        place.parameters[arm],
        [strategy, settings.adopters, seed, settings.strategy_days, settings.follow_up_days],
        [settings.sociability, settings.reticence, inject and inject.model_dump(), silence],
        *([] if own is None else [own.identity()]),  # so that runs without own measures keep their ids
    ]
    return RunSpec(
        id=_fingerprint(identity),
        scenario=", ".join(part for part in (label(strategy), place.name) if part),
        replicate=replicate,
        point=place.number,
        factors=place.point,
        world=world,
        strategy=strategy,
        adopters=settings.adopters,
        seed=seed,
        days=settings.days,
        strategy_days=settings.strategy_days,
        parameters=place.experiment.parameters,
        among=(settings.sociability, settings.reticence),
        inject=inject,
        silence=silence,
        row=place.row,
        own=own,
        texts=place.texts[arm],
    )


def _fingerprint(value: object) -> str:
    return _digest(json.dumps(value, sort_keys=True, separators=(",", ":")))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def log_hash(path: str) -> str:
    """The hash of a contact log's bytes."""
    found = os.stat(path)
    return _hash_of(os.path.abspath(path), found.st_mtime_ns, found.st_size)


@cache
def _hash_of(path: str, *_: int) -> str:
    """The hash of a file's bytes, cached by its modification time and size."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def label(strategy: Strategy) -> str:
    """The name of a strategy, or ``check_in 0.5 + show_up 0.5`` for a mixture."""
    if isinstance(strategy, str):
        return strategy
    return " + ".join(f"{name} {share:g}" for name, share in sorted(strategy.items()))
