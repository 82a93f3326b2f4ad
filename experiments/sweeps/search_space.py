"""The settings that a search looks for, and the points that it tries: ranges, levels, and shares of a mixture.

Optuna proposes each point from the values of those before it (TPE: Bergstra et al. 2011). The proposals depend on the
seed and on these values alone, so a search that is repeated proposes the same points, however often it was stopped.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import optuna

from experiments.config.catalogue import is_whole, settings_of
from experiments.config.errors import ConfigError
from experiments.config.factors import Level, Point
from experiments.config.settings import Experiment, Strategy, SweepSettings
from experiments.config.toml_text import lines
from sim.model.spelling import nearest

_DIGITS = 4  # significant digits of a number that is tried, so that it can be written down
_WHOLE = 100  # shares of a mixture are in hundredths
_LEAST = 1e-9  # of a uniform number whose logarithm is taken
SHARE = "share of "  # name of a column: the share of a strategy in a mixture


class Proposal(NamedTuple):
    """A point to try: the level of each setting by its path, and the strategy or mixture."""

    point: Point
    strategy: Strategy


@dataclass(frozen=True)
class SearchSpace:
    """What a search may change.

    Attributes:
        ranges: lower and upper end by path of the setting.
        log: those of the ranges that are searched evenly in the logarithm.
        whole: those of the ranges that are whole numbers.
        levels: levels by path of the setting, of which one is chosen.
        strategy: the strategy that is followed, where it is not searched.
        mixed: strategies whose shares of effort are searched; empty, or at least two.
    """

    ranges: Mapping[str, tuple[float, float]]
    log: frozenset[str]
    whole: frozenset[str]
    levels: Mapping[str, Sequence[Level]]
    strategy: Strategy
    mixed: tuple[str, ...] = ()

    @property
    def settings(self) -> list[str]:
        """The paths of the settings that are searched."""
        return [*self.levels, *self.ranges]

    def proposal(self, trial: optuna.Trial) -> Proposal:
        """The point that a trial of Optuna's asks for."""
        point: Point = {
            name: levels[trial.suggest_categorical(name, range(len(levels)))] for name, levels in self.levels.items()
        }
        for name, (low, high) in self.ranges.items():
            value = trial.suggest_float(name, low, high, log=name in self.log)
            point[name] = round(value) if name in self.whole else _written(value, low, high)
        if not self.mixed:
            return Proposal(point, self.strategy)
        drawn = np.array([trial.suggest_float(f"{SHARE}{name}", _LEAST, 1) for name in self.mixed])
        shares = _shares(drawn)
        return Proposal(point, {name: share for name, share in zip(self.mixed, shares, strict=True) if share})


def _written(value: float, low: float, high: float) -> float:
    """A number with few digits, within its range."""
    return min(max(float(f"{value:.{_DIGITS}g}"), low), high)


def _shares(drawn: np.ndarray) -> list[float]:
    """Shares in hundredths that add up to 1, from numbers above 0 and at most 1, shape (strategies,).

    If these are uniform, shares are uniform over all mixtures, because the logarithms of uniform numbers, divided by
    their sum, are a draw from a flat Dirichlet distribution (Devroye 1986, chapter XI).
    """
    parts = -np.log(np.minimum(drawn, 1 - _LEAST))
    ends = np.rint(_WHOLE * np.cumsum(parts) / parts.sum())
    return [float(count) / _WHOLE for count in np.diff(ends, prepend=0)]


def search_space(experiment: Experiment, strategy: str | None) -> SearchSpace:
    """What the file of an experiment and the option ``--strategy`` ask to search.

    Args:
        experiment: the experiment, with a sweep. Searched are the ranges of its sample and the levels of its grid.
        strategy: the strategy to improve, or several joined by ``+``, whose shares are searched; None for the only arm
            that does not wait.

    Raises:
        ConfigError: there is nothing to search, or something that cannot be; or no strategy of this name.
    """
    sweep = experiment.sweep or SweepSettings()
    if sweep.zip or sweep.rows:
        table = "zip" if sweep.zip else "rows"
        raise ConfigError(
            f"[sweep.{table}] cannot be searched, because its settings change together; expected ranges in "
            "[sweep.sample.ranges] or levels in [sweep.grid]."
        )
    names = () if strategy is None else _strategies(strategy, experiment)
    ranges = sweep.sample.ranges if sweep.sample else {}
    if not ranges and not sweep.grid and len(names) < 2:
        raise ConfigError(
            f"{experiment.name} has nothing to search; give ranges in [sweep.sample.ranges], such as parameters.ease = "
            "[1.5, 3.5], levels in [sweep.grid], or --strategy A+B to search the shares of a mixture."
        )
    known = settings_of(experiment)
    return SearchSpace(
        ranges=ranges,
        log=frozenset(sweep.sample.log if sweep.sample else ()),
        whole=frozenset(name for name in ranges if is_whole(known[tuple(name.split("."))])),
        levels=sweep.grid,
        strategy=_as_it_stands(experiment, names),
        mixed=names if len(names) > 1 else (),
    )


def _strategies(text: str, experiment: Experiment) -> tuple[str, ...]:
    """The strategies in a text such as ``check_in+show_up``."""
    names, known = tuple(part.strip() for part in text.split("+")), experiment.parameters.strategy_names
    for name in names:
        if name not in known:
            close = nearest(name, known)
            hint = f"did you mean {close}?" if close else "`rekindle explain strategies` lists them."
            raise ConfigError(f"--strategy {text}: {name or 'an empty name'} is not a strategy; {hint}")
        if names.count(name) > 1:
            raise ConfigError(f"--strategy {text}: {name} is there twice; name each strategy once.")
    return names


def _as_it_stands(experiment: Experiment, names: tuple[str, ...]) -> Strategy:
    """The strategy of the experiment as its file has it.

    For a mixture, this is the file's own mixture of the same strategies, or one in equal shares.
    """
    sweep = experiment.sweep or SweepSettings()
    arms = sweep.strategies or (experiment.run.strategy,)
    if len(names) == 1:
        return names[0]
    if names:
        mixtures = [arm for arm in arms if not isinstance(arm, str) and set(arm) == set(names)]
        equal = _shares(np.full(len(names), math.exp(-1)))
        return mixtures[0] if mixtures else dict(zip(names, equal, strict=True))
    active = [arm for arm in arms if arm != "wait"] or list(arms)
    if len(active) > 1:
        listed = ", ".join(arm if isinstance(arm, str) else "+".join(arm) for arm in active)
        raise ConfigError(f"--strategy is missing, because the sweep has several arms; expected one of {listed}.")
    return active[0]


def optimise(
    space: SearchSpace,
    value_of: Callable[[int, Proposal], float | None],
    trials: int,
    *,
    seed: int,
    maximise: bool = True,
) -> None:
    """Propose points one after the other, and ask for the value of each, so that later ones are better.

    Args:
        space: what may be changed.
        value_of: gives the value of the trial of this number, from 0, with this proposal; None if it has none.
        trials: number of proposals. More trials begin with the same ones.
        seed: seed of the proposals.
        maximise: whether a larger value is better.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    first = max(10, 2 * (len(space.settings) + len(space.mixed)))  # at random, before anything is known
    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=first)
    study = optuna.create_study(direction="maximize" if maximise else "minimize", sampler=sampler)
    for number in range(trials):
        trial = study.ask()
        proposal = space.proposal(trial)
        value = value_of(number, proposal)
        if value is None:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
        else:
            study.tell(trial, value)


def as_lines(found: Proposal, experiment: Experiment) -> str:
    """A proposal as tables of a TOML file that stand for those of the experiment."""
    changes = dict(found.point)
    sweep = experiment.sweep or SweepSettings()
    arms = sweep.strategies or (experiment.run.strategy,)
    if found.strategy not in arms:
        if sweep.strategies:
            changes["sweep.strategies"] = ["wait", found.strategy]
        else:
            changes["run.strategy"] = found.strategy
    tables = dict.fromkeys(name.rpartition(".")[0] for name in changes)
    return "\n".join(
        f"[{table}]\n"
        + lines(
            ((name.rpartition(".")[2],), value) for name, value in changes.items() if name.rpartition(".")[0] == table
        )
        for table in tables
    )
