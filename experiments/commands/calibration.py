"""`rekindle calibrate` and `rekindle validate`: fit simulated worlds to a real log, and measure how well they match.

Many parameters because each option of a command is one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import as_completed
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numba
import pandas as pd
import typer
from matplotlib.figure import Figure
from rich.console import Console

import sim
from experiments import provenance
from experiments.config.errors import ConfigError
from experiments.config.reading import load, stem_of_log
from experiments.config.toml_text import show
from experiments.figures import save
from experiments.figures.profiles import profiles
from experiments.figures.validation import validation
from experiments.logs import contact_log
from experiments.logs.calibrate import LEDGER, Search, aims_of, ranges_of, read_ledger
from experiments.logs.calibrate import calibrate as run_search
from experiments.logs.compared import ComparedLog, compared_world
from experiments.logs.discriminator import told_apart
from experiments.logs.features import features_of
from experiments.logs.levels import ROUNDS, Reading, read_levels
from experiments.logs.log import Log, read
from experiments.logs.observed import as_observed, number_observed, with_observed
from experiments.logs.profiles import Clock, clock_of, profiles_of
from experiments.logs.published import facts
from experiments.logs.simulated import MOST_PEOPLE, Window, simulated_facts, window_of
from experiments.logs.tables import facts_table, ledger_table, validation_tables
from experiments.logs.validate import (
    LOOKED_AT,
    Judgement,
    copies,
    facts_side_by_side,
    gate,
    report,
    table,
    untestable,
)
from experiments.rivals.judging import RIVALS, JudgedLog, Made, comparison, in_lines, made
from experiments.rivals.tables import rivals_table
from experiments.sweeps import runner, store
from experiments.terminal.console import (
    Changes,
    Config,
    LogFile,
    Observed,
    Processes,
    Results,
    report_compiling,
    report_log_notes,
    say_written,
    stderr_console,
    stdout_console,
)
from experiments.terminal.names import file_name, write_csv
from experiments.terminal.progress import progress_bar
from experiments.terminal.stopping import saying
from sim.runtime.interrupts import held_back

DEFAULT_FIT = (
    "routine_rate=0.005:0.5",
    "sociability_sd=0.2:1.5",
    "gestures.message.answer=-4:2",
    "answer_strength=-1:3",
    "delay_median=10:3000",
    "delay_sigma=1:4",
)
LEVELS_FILE = "levels.toml"
FEWEST_PEOPLE, FEWEST_DAYS = 10, 14

Seed = Annotated[int, typer.Option(min=0, max=10**15, help="Seed of the first simulated world.")]
People = Annotated[int, typer.Option(min=2, max=10_000_000, help="Largest number of people in a simulated world.")]


def calibrate(
    log: LogFile,
    fit: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME[=LOW:HIGH]", help="A parameter to fit. Can be repeated. Default: parameters of "
                     "activity and answers."),
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option(metavar="STATISTIC", help="A statistic to fit to. Can be repeated. Default: all that a fit "
                     "may use."),
    ] = None,
    trials: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Total number of trials, including those of earlier calls.")
    ] = 100,
    people: People = 1_000,
    seed: Seed = 1,
    config: Config = None,
    changes: Changes = None,
    results: Results = Path("results"),
) -> None:  # fmt: skip
    """Fit parameters to a contact log. The same command resumes a search that was stopped."""
    base = load(config, changes or (), log).parameters
    real = _large_enough(_read(log), log)
    search = Search(ranges_of(fit or DEFAULT_FIT), aims_of(to or ()), window_of(real, people), seed, base)
    folder = results / f"calibration-{file_name(stem_of_log(log))}"
    console, stderr = stdout_console(), stderr_console()
    report_compiling(stderr)
    kept = f"Finished trials are saved in {folder}; the same command resumes the search."
    with saying(kept), progress_bar(stderr, "trials", trials) as report_progress:
        ledger = run_search(
            real, search, name=log.name, trials=trials, folder=folder, threads=_threads(),
            progress=report_progress, say=_printer(stderr),
        )  # fmt: skip
    console.print(ledger_table(ledger))
    for file in sorted(folder.iterdir()):
        say_written(file, console)


def validate(
    log: LogFile,
    against: Annotated[
        list[Path] | None,
        typer.Option(metavar="LOG", help="Another real log, to show the range of real logs. Can be repeated."),
    ] = None,
    ledger: Annotated[
        Path | None, typer.Option(metavar="FILE", help=f"{LEDGER} of a calibration, for its fitted values.")
    ] = None,
    observed: Observed = None,
    seen: Annotated[
        bool, typer.Option("--seen", help="Mark statistics as seen, because the model was built with this log in view.")
    ] = False,
    levels: Annotated[
        bool,
        typer.Option(
            help="First read from the log how active its people are, how many ties they have, and when and "
            "how readily they write. Otherwise, parameters are used as given."
        ),
    ] = True,
    worlds: Annotated[int, typer.Option(min=1, max=10_000, help="Number of simulated worlds.")] = 4,
    people: People = MOST_PEOPLE,
    rivals: Annotated[
        bool, typer.Option("--rivals", help="Also judge other models by the same statistics; takes minutes.")
    ] = False,
    resamples: Annotated[int, typer.Option(min=0, max=100_000, help="Bootstrap resamples over people.")] = 200,
    seed: Seed = 1,
    config: Config = None,
    changes: Changes = None,
    processes: Processes = None,
    results: Results = Path("results"),
) -> None:
    """Compare simulated worlds with a real log, statistic by statistic: fitted, seen or emergent, met or missed."""
    console, stderr = stdout_console(), stderr_console()
    report_compiling(stderr)
    parameters = load(config, changes or (), log).parameters
    known_fit = read_ledger(ledger) if ledger else None
    if known_fit:
        parameters = known_fit.parameters(parameters)
    real = _large_enough(_read_observed(log, observed), log)
    number = number_observed(real)
    others = {
        stem_of_log(path): contact_log.values(as_observed(_read_observed(path, None), number)) for path in against or ()
    }
    name = stem_of_log(log)
    folder = results / f"validation-{file_name(name)}"
    folder.mkdir(parents=True, exist_ok=True)
    fitted = list(known_fit.real) if known_fit and known_fit.log == log.name else []
    with progress_bar(stderr, "resamples", resamples) as progress:
        measured = contact_log.statistics(real, resamples=resamples, progress=progress)
    window = window_of(real, people)
    if levels:
        reading = _levels_of(real, parameters, window, seed, folder, stderr)
        parameters = reading.parameters
        fitted += [name for name in reading.statistics if name not in fitted]
    clock = clock_of(real, round(365 * window.burn_in_years))
    lived = _simulated(parameters, window, clock, range(seed, seed + worlds), processes, stderr)
    looked_at = LOOKED_AT if seen else frozenset()
    rows = table(measured, [one.values for one in lived.worlds], fitted=fitted, seen=looked_at, others=others)
    features = features_of(real)
    apart = told_apart(features, lived.worlds[0].features)
    found = Judgement(rows, gate(rows), untestable(measured), copies(measured, others), apart)
    of_worlds = [one.profiles for one in lived.worlds]
    drawn = profiles(
        profiles_of(real, clock), of_worlds, name.replace("_", " "), real.days, read=_rhythm_of(parameters)
    )
    rival_logs = _rivals_of(real, seed, processes, stderr) if rivals else {}
    beside = comparison(measured, features, JudgedLog(rows, lived.worlds[0].features), rival_logs) if rivals else None
    result = _Validation(found, facts_side_by_side(facts(real), lived.facts), drawn, beside, rival_logs)
    console.print(validation_tables(found), highlight=False)
    console.print(facts_table(result.facts), highlight=False)
    if beside is not None:
        console.print(rivals_table(beside, rival_logs), highlight=False)
    origin = provenance.of_logs([log, *(against or ())], 0)
    origin |= {"parameters": parameters.model_dump(mode="json"), "world": vars(window)}
    for path in _write(result, name, folder, origin):
        say_written(path, console)


def _threads() -> int:
    """Threads of one world: one per core, or fewer where NUMBA_NUM_THREADS says so."""
    return min(os.cpu_count() or 1, int(numba.config.NUMBA_NUM_THREADS))


def _read(log: Path) -> Log:
    """Read a log and print notes about it to standard error."""
    found = read(log)
    report_log_notes(log, found.notes, stderr_console())
    return found


def _read_observed(log: Path, observed: Path | None) -> Log:
    """Read a log and find out who is observed in it; print notes to standard error."""
    found = with_observed(read(log), observed)
    report_log_notes(log, found.notes, stderr_console())
    return found


def _large_enough(real: Log, log: Path) -> Log:
    """Return the log if it is large enough to compare with simulated worlds.

    Raises:
        ConfigError: if it has too few people or days.
    """
    if real.people < FEWEST_PEOPLE or real.days < FEWEST_DAYS:
        raise ConfigError(
            f"{log} has {real.people} people in {real.days:.0f} days; a comparison with simulated worlds needs at "
            f"least {FEWEST_PEOPLE} people and {FEWEST_DAYS} days."
        )
    return real


def _levels_of(
    real: Log, parameters: sim.Parameters, window: Window, seed: int, folder: Path, stderr: Console
) -> Reading:
    """The levels of a log, which are also written to the folder; notes go to standard error."""
    with saying("Levels are read again if you stop now."), progress_bar(stderr, "levels, rounds", ROUNDS) as progress:
        reading = read_levels(real, parameters, window, seed=seed, threads=_threads(), progress=progress)
    say = _printer(stderr)
    for note in reading.notes:
        say(note)
    if reading.improved:
        lines = ["# Read from a log by `rekindle validate`; for the files of other commands.", "[parameters]"]
        lines += [f"{name} = {show(value)}" for name, value in reading.changes.items()]
        text = "\n".join(lines) + "\n"
        store.write_whole(folder / LEVELS_FILE, lambda path: path.write_text(text, encoding="utf-8"))
        say_written(folder / LEVELS_FILE, stderr)
    return reading


def _printer(stderr: Console) -> Callable[[str], object]:
    return lambda sentence: stderr.print(sentence, highlight=False, markup=False, soft_wrap=True)


def _rhythm_of(parameters: sim.Parameters) -> list[str]:
    """Which of the profiles ``hours`` and ``weekdays`` worlds have from their parameters."""
    given = {"hours": parameters.hour_activity, "weekdays": parameters.weekday_activity}
    return [name for name, weights in given.items() if len(set(weights)) > 1]


class _Lived(NamedTuple):
    """What is compared of each world's log, in the order of the seeds, and published facts in the first."""

    worlds: list[ComparedLog]
    facts: pd.DataFrame


def _simulated(
    parameters: sim.Parameters, window: Window, clock: Clock, seeds: Sequence[int], processes: int | None,
    stderr: Console,
) -> _Lived:  # fmt: skip
    """Simulate a world for each seed, in which as many people are observed as in the real log."""
    work: list[Callable[[], Any]] = [partial(simulated_facts, parameters, window, seeds[0])]
    work += [partial(compared_world, parameters, window, clock, seed) for seed in seeds]
    of_model, *worlds = _carried_out(work, "worlds", processes, stderr)
    return _Lived(worlds, of_model)


def _rivals_of(real: Log, seed: int, processes: int | None, stderr: Console) -> dict[str, Made]:
    """What each rival of the model makes of a real log, by name."""
    work = [partial(made, name, real, seed) for name in RIVALS]
    return dict(zip(RIVALS, _carried_out(work, "rivals", processes, stderr), strict=True))


def _carried_out(work: Sequence[Callable[[], Any]], name: str, processes: int | None, stderr: Console) -> list[Any]:
    """The results of calls without arguments, in worker processes; a bar with this name shows how many are done."""
    many = min(processes or os.cpu_count() or 1, len(work))
    nothing_kept = "A validation saves no partial results; to shorten it, use fewer --worlds."
    with saying(nothing_kept), held_back() as hand_on_stop, runner.worker_processes(many) as executor:
        results = [executor.submit(one) for one in work]
        with progress_bar(stderr, name, len(work)) as progress:
            try:
                for done, _ in enumerate(as_completed(results), start=1):
                    progress(done, len(work))
                    hand_on_stop()
            except BaseException:
                runner.stop(executor)  # or else the executor would first finish all
                raise
        return [result.result() for result in results]


class _Validation(NamedTuple):
    """What the comparison finds, the published facts and profiles of both logs, and the rivals, if asked for."""

    judgement: Judgement
    facts: pd.DataFrame
    profiles: Figure
    beside: pd.DataFrame | None
    rivals: Mapping[str, Made]


def _write(result: _Validation, name: str, folder: Path, origin: dict[str, Any]) -> list[Path]:
    """Write the tables, the report and the figures to the folder; returns the files."""
    rows, facts_in_both, apart = result.judgement.rows, result.facts, result.judgement.apart
    text = report(result.judgement, facts_in_both, name, json.dumps(origin["world"]))
    if result.beside is not None:
        text += "\n" + "\n".join(in_lines(result.beside, result.rivals))
    files = [folder / "validation.csv", folder / "facts.csv", folder / "report.md"]
    store.write_whole(files[0], lambda path: write_csv(rows, path, float_format="%.6g"))
    store.write_whole(files[1], lambda path: write_csv(facts_in_both, path, float_format="%.6g"))
    store.write_whole(files[2], lambda path: path.write_text(text, encoding="utf-8"))
    if not isinstance(apart, str):
        features = pd.concat({kind: one.features for kind, one in apart.items()}, names=["of", "feature"])
        files.append(folder / "told_apart.csv")
        store.write_whole(files[3], lambda path: write_csv(features, path, float_format="%.6g"))
    if result.beside is not None:
        beside = result.beside.rename_axis("model")
        files.append(folder / "rivals.csv")
        store.write_whole(files[-1], lambda path: write_csv(beside, path, float_format="%.6g"))
    files += save(validation(rows, name.replace("_", " ")), folder, "validation", origin)
    return [*files, *save(result.profiles, folder, "profiles", origin)]
