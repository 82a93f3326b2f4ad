"""Fit chosen parameters to chosen statistics of a contact log, and record what was fitted to what in a ledger.

One seed keys the random draws of the simulated worlds, so the same parameters always give the same loss, and losses
differ only if parameters do. The next trial is a function of the completed trials and the seed, so a search that was
stopped or killed continues as if it had not been interrupted.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pydantic

import sim
from experiments.config.catalogue import range_of, settings
from experiments.config.errors import ConfigError
from experiments.logs.contact_log import values
from experiments.logs.contact_statistics import STATISTICS
from experiments.logs.log import Log
from experiments.logs.simulated import Window, simulated_log
from experiments.logs.trials import Trial, trials_in
from experiments.provenance import commit
from experiments.terminal.progress import Report
from sim.contact_logs import LogError
from sim.model.spelling import nearest
from sim.runtime.atomic_files import write_whole
from sim.runtime.fingerprint import model_fingerprint

# The statistics that a fit can use. All others stay out of every fit, so that they can test the model.
ALLOWED = (
    "first_answered_1d", "first_answered_7d", "first_answered_30d",
    "answer_delay_hours_q10", "answer_delay_hours_q25", "answer_delay_hours_q50", "answer_delay_hours_q75",
    "answer_delay_hours_q90",
    "answered_7d_lt_1h", "answered_7d_1h_1d", "answered_7d_1_7d", "answered_7d_7_30d", "answered_7d_gt_30d",
    "reactivated_30d", "reactivated_90d", "reactivated_180d",
    "hazard_per_day_30_60", "hazard_per_day_60_90", "hazard_per_day_90_180", "hazard_per_day_180_365",
    "ratio_per_doubling_contacts",
    "sends_per_week_q50", "sends_per_week_q90", "sends_per_week_q99",
)  # fmt: skip
ACTIVITY = ("sends_per_week_q50", "sends_per_week_q90", "sends_per_week_q99")
TOLERANCE = 0.15  # of the logarithm of a ratio: the unit of deviations
LEDGER, PARAMETERS = "ledger.json", "parameters.toml"


@dataclass(frozen=True)
class Range:
    """The range in which a parameter is searched.

    Attributes:
        name: the parameter, as a path such as ``gestures.message.answer`` if it is in a table.
        low, high: limits.
        by_factor: whether it is searched by factors (both limits above 0 and far apart) or by differences.
    """

    name: str
    low: float
    high: float

    @property
    def by_factor(self) -> bool:
        """Whether both limits are above 0 and more than tenfold apart."""
        return self.low > 0 and self.high / self.low > 10


@dataclass(frozen=True)
class Search:
    """What a search is for. The same search in the same folder goes on where an earlier one stopped.

    Attributes:
        fit: parameters and their ranges.
        to: statistics of `ALLOWED`; those that the log is too short for are left out.
        window: size of the simulated worlds.
        seed: seed of the worlds and of the search.
        base: values of the parameters that are not fitted, and start values of the others.
    """

    fit: Sequence[Range]
    to: Sequence[str]
    window: Window
    seed: int = 1
    base: sim.Parameters = field(default_factory=sim.Parameters)


@dataclass(frozen=True)
class Ledger:
    """A calibration: what was fitted to what, and the result.

    Attributes:
        log: the file's name.
        fitted: ranges of the parameters.
        start, found: their values before and after.
        real: the target statistics in the real log.
        simulated_at_start, simulated: these statistics in simulated worlds, before and after.
        loss_at_start, loss: the loss before and after.
        trials: number of trials.
        window, seed: size and seed of the simulated worlds.
        model, commit: fingerprint of the model, and commit of the code.
    """

    log: str
    fitted: tuple[Range, ...]
    start: dict[str, float]
    found: dict[str, float]
    real: dict[str, float]
    simulated_at_start: dict[str, float]
    simulated: dict[str, float]
    loss_at_start: float
    loss: float
    trials: int
    window: Window
    seed: int
    model: str
    commit: str | None

    def parameters(self, base: sim.Parameters | None = None) -> sim.Parameters:
        """The parameters with the fitted values."""
        return changed(base or sim.Parameters(), self.found)


def ranges_of(wishes: Sequence[str]) -> tuple[Range, ...]:
    """Ranges from ``name`` or ``name=low:high``; without limits, the range that the parameter allows.

    Raises:
        ConfigError: there is no such parameter, or it does not allow these limits.
    """
    known = {".".join(path): field for path, field in settings(sim.Parameters).items() if range_of(field)}
    ranges = []
    for wish in wishes:
        name, _, limits = wish.partition("=")
        if name not in known:
            close = nearest(name, known)
            hint = f"did you mean {close}?" if close else "`rekindle explain` lists all names."
            raise ConfigError(f"--fit {wish}: there is no parameter {name!r} that can be fitted; {hint}")
        low, high = (_limit(known[name], side) for side in ("ge", "le"))
        if limits:
            least, colon, most = limits.partition(":")
            try:
                chosen = float(least), float(most)
            except ValueError:
                chosen = math.nan, math.nan
            if not colon or not low <= chosen[0] < chosen[1] <= high:
                raise ConfigError(f"--fit {wish}: write {name}=LOW:HIGH, with limits from {low:g} to {high:g}.")
            low, high = chosen
        ranges.append(Range(name, low, high))
    if len({one.name for one in ranges}) < len(ranges):
        raise ConfigError("--fit names the same parameter twice.")
    return tuple(ranges)


def _limit(field: Any, side: str) -> float:
    return float(next(getattr(rule, side) for rule in field.metadata if hasattr(rule, side)))


def aims_of(names: Sequence[str]) -> tuple[str, ...]:
    """The statistics to fit to; by default, all that a fit can use.

    Raises:
        ConfigError: there is no such statistic, or it stays out of every fit.
    """
    for name in names:
        if name not in STATISTICS:
            close = nearest(name, STATISTICS)
            raise ConfigError(f"--to {name}: there is no such statistic{f'; did you mean {close}?' if close else '.'}")
        if name not in ALLOWED:
            raise ConfigError(
                f"--to {name}: this statistic is held out of every fit. A fit can use {', '.join(ALLOWED)}."
            )
    return tuple(names) or ALLOWED


def misfit(simulated: Mapping[str, float], real: Mapping[str, float]) -> float:
    """Mean over statistics of ``log(1 + z**2)``, where z is the logarithm of their ratio over `TOLERANCE`.

    This is the Cauchy loss, so a statistic that cannot be matched does not dominate the others. A statistic that a
    simulated log is too short for counts as wrong by a factor of ten.
    """
    misses = []
    for name, wanted in real.items():
        ratio = simulated[name] / wanted
        z = math.log(ratio if ratio > 0 else 0.1) / TOLERANCE
        misses.append(math.log1p(z * z))
    return float(np.mean(misses))


def changed(base: sim.Parameters, values_of: Mapping[str, float]) -> sim.Parameters:
    """Parameters with these numbers changed, each named by its path.

    Raises:
        pydantic.ValidationError: a value outside its range.
    """
    data = base.model_dump()
    for name, value in values_of.items():
        *tables, last = name.split(".")
        table = data
        for part in tables:
            table = table[part]
        table[last] = round(value) if isinstance(table[last], int) else value
    return sim.Parameters.model_validate(data)


def calibrate(
    log: Log,
    search: Search,
    *,
    name: str,
    trials: int,
    folder: Path,
    threads: int = 1,
    progress: Report | None = None,
    say: Callable[[str], object] = warnings.warn,
) -> Ledger:
    """Search for the parameters whose worlds produce a log like the real one. Earlier trials are not repeated.

    Args:
        log: the real one.
        search: what is fitted to what.
        name: name of the log, for the ledger.
        trials: total number of trials, including those of earlier calls with this folder.
        folder: folder of the trials, the ledger and the parameters.
        threads: number of threads per world.
        progress: called with (trials done, trials in all).
        say: called with a sentence if a damaged end of earlier trials was set aside.

    Raises:
        ConfigError: the folder holds another search, a damaged one or one that is under way; the log has none of the
            statistics; or in no world of the search anybody wrote.
    """
    everything = values(log)
    real = {aim: everything[aim] for aim in search.to if everything[aim] > 0}
    if not real:
        raise ConfigError(f"{name} is too short or has too little data for any of the statistics to fit to.")
    start = {one.name: number_at(search.base, one.name) for one in search.fit}

    def tried(numbers: dict[str, float]) -> Trial:
        try:
            parameters = changed(search.base, numbers)
            found = values(simulated_log(parameters, search.window, seed=search.seed, threads=threads))
        except (pydantic.ValidationError, LogError):  # parameters that are not allowed together, or nobody wrote
            return Trial(numbers, dict.fromkeys(real, math.nan), math.inf)
        simulated = {aim: found[aim] for aim in real}
        return Trial(numbers, simulated, misfit(simulated, real))

    with trials_in(folder, _described(name, search, real), say) as kept:
        while len(kept.done) < trials:
            kept.add(tried(proposed(search.fit, kept.done, search.seed) if kept.done else start))
            if progress is not None:
                progress(len(kept.done), trials)
        ledger = _ledger(kept.done, name, search, real)
        _keep(ledger, folder)
    return ledger


def proposed(fit: Sequence[Range], done: Sequence[Trial], seed: int) -> dict[str, float]:
    """The parameters of the next trial, as a function of the arguments alone.

    The study is built again from completed trials each time, so interrupted trials and the state of a sampler have no
    effect.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on experimental features, and on a start outside the ranges
        study = optuna.create_study(
            sampler=optuna.samplers.RandomSampler()
        )  # draws nothing, because all values are given
        for trial in done:
            study.enqueue_trial(trial.numbers)
            again = study.ask()
            _suggested(again, fit)
            study.tell(again, trial.loss)
        study.sampler = optuna.samplers.TPESampler(
            seed=(seed * 1_000_003 + len(done)) % 2**32,  # the largest seed of NumPy
            multivariate=True,
            n_startup_trials=2 * len(fit),
        )
        return _suggested(study.ask(), fit)


def _suggested(trial: optuna.Trial, fit: Sequence[Range]) -> dict[str, float]:
    return {one.name: trial.suggest_float(one.name, one.low, one.high, log=one.by_factor) for one in fit}


def _ledger(done: Sequence[Trial], name: str, search: Search, real: dict[str, float]) -> Ledger:
    first, best = done[0], min(done, key=lambda trial: trial.loss)
    if math.isinf(best.loss):
        raise ConfigError(
            f"Nobody wrote in any of the {len(done)} worlds, or their parameters were not allowed together. "
            "Check the ranges "
            "of --fit, and routine_rate."
        )
    return Ledger(
        log=name, fitted=tuple(search.fit), start=first.numbers, found=best.numbers, real=real,
        simulated_at_start=first.simulated, simulated=best.simulated, loss_at_start=first.loss, loss=best.loss,
        trials=len(done), window=search.window, seed=search.seed, model=model_fingerprint(), commit=commit(),
    )  # fmt: skip


def number_at(parameters: sim.Parameters, name: str) -> float:
    """The value of the parameter at a path such as ``gestures.message.answer``."""
    value: Any = parameters.model_dump()
    for part in name.split("."):
        value = value[part]
    return float(value)


def read_ledger(path: Path) -> Ledger:
    """A ledger that `calibrate` wrote.

    Raises:
        ConfigError: the file is not a ledger, or its values are not allowed.
    """
    try:
        ledger = pydantic.TypeAdapter(Ledger).validate_json(path.read_bytes())
        ledger.parameters()
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfigError(
            f"{path} is not a ledger, or is damaged. Name the {LEDGER} that `rekindle calibrate` wrote."
        ) from None
    return ledger


def _described(name: str, search: Search, real: Mapping[str, float]) -> dict[str, Any]:
    """Everything that determines a search, except its length."""
    return {
        "log": name,
        "fit": [asdict(one) for one in search.fit],
        "real": dict(real),
        "window": asdict(search.window),
        "seed": search.seed,
        "base": search.base.model_dump(mode="json"),
        "model": model_fingerprint(),
    }


def _keep(ledger: Ledger, folder: Path) -> None:
    """Write the ledger, and the parameters as a table for an experiment's TOML file."""
    lines = [
        "# Fitted by `rekindle calibrate`. The ledger in this folder says what was fitted to what.",
        "[parameters]",
    ]
    lines += [f"{name} = {value!r}" for name, value in ledger.found.items()]
    _write_text(folder / LEDGER, json.dumps(asdict(ledger), indent=1))
    _write_text(folder / PARAMETERS, "\n".join(lines))


def _write_text(path: Path, text: str) -> None:
    write_whole(path, lambda temporary: temporary.write_text(text + "\n", encoding="utf-8"))
