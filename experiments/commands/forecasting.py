"""`rekindle forecast`: which silent ties of a contact log come back, by themselves or after a gesture."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
import typer
from rich.console import Console

from experiments import runner, store
from experiments.config import ConfigError, load, nearest
from experiments.design import log_hash
from experiments.figures import save
from experiments.figures.reliability import reliability_figure
from experiments.forecast import GESTURES, Evaluation, Forecast, Worlds, cut_of, evaluate
from experiments.forecast import forecast as foretell
from experiments.pairs import Contacts, contacts_of
from experiments.progress import shown
from experiments.stopping import end
from experiments.tables import evaluation_table, forecast_table
from experiments.terminal import (
    Changes,
    Config,
    LogFile,
    Processes,
    Results,
    console_of,
    say_written,
    tell_of_compiling,
    told_aside,
)
from sim.gestures import KINDS
from sim.interrupts import held_back


def forecast(
    log: LogFile,
    person: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only the ties of this person, who sends the gestures.")
    ] = None,
    judge: Annotated[
        bool, typer.Option("--evaluate", help="Instead, judge a forecast made 70 % into the log by what followed.")
    ] = False,
    cut: Annotated[
        int | None, typer.Option(metavar="DAY", help="Of the judged forecast; 70 % into the log if not given.")
    ] = None,
    worlds: Annotated[int, typer.Option(min=1, max=100_000, help="Simulated worlds; their share is the chance.")] = 100,
    days: Annotated[int, typer.Option(min=1, max=3_650, help="Days within which a tie is to come back.")] = 90,
    silent: Annotated[int, typer.Option(min=1, max=36_500, help="Ask about ties silent for over so many days.")] = 30,
    top: Annotated[int, typer.Option(min=1, max=10_000, help="Ties to show, and to ask gestures of.")] = 10,
    gestures: Annotated[
        str, typer.Option(metavar="KINDS", help="Gestures of day 0, with commas between them, or none.")
    ] = ",".join(GESTURES),
    form: Annotated[Literal["csv", "json"], typer.Option("--format", help="Of the written files.")] = "csv",
    config: Config = None,
    changes: Changes = None,
    processes: Processes = None,
    results: Results = Path("results"),
) -> None:
    """The chance that each silent tie of a contact log comes back, by itself and after a gesture."""
    experiment = load(config, changes or (), log)
    if cut is not None and not judge:
        raise ConfigError(f"--cut {cut} is the day of a judged forecast; add --evaluate.")
    contacts = contacts_of(log)
    who = None if person is None else _person(person, contacts, log)
    kinds = _kinds(gestures)
    if judge:
        cut_of(contacts, days, cut)  # a log that is too short says so before the work
    many = Worlds(
        worlds, experiment.parameters, experiment.world.parameters, experiment.world.seed, experiment.run.seed
    )
    folder = results / experiment.name
    folder.mkdir(parents=True, exist_ok=True)
    console, told = console_of(), told_aside()
    tell_of_compiling(told)
    # Amid the locks of an executor, an exception would leave one locked for ever.
    with (
        held_back() as hand_on_stop,
        runner.worker_processes(min(processes or os.cpu_count() or 1, worlds)) as executor,
    ):
        try:
            with shown(told, "worlds", worlds) as show:

                def report(done: int, total: int) -> None:
                    show(done, total)
                    hand_on_stop()

                if judge:
                    found: Evaluation | Forecast = evaluate(
                        contacts, many, days=days, silent=silent, executor=executor, report=report, cut=cut
                    )
                else:
                    found = foretell(
                        contacts, many, days=days, silent=silent, executor=executor, report=report,
                        person=who, top=top, gestures=kinds,
                    )  # fmt: skip
        except BaseException as problem:
            runner.stop(executor)  # or else the executor would first finish all
            end(problem, "Nothing is kept of a forecast; give it fewer --worlds.")
    if isinstance(found, Forecast):
        console.print(forecast_table(found, many.count, days, silent, top), highlight=False)
        of_whom = "" if person is None else "-" + re.sub(r"[^\w.-]+", "_", person)
        say_written(_write_frame(found.ties, folder / f"forecast{of_whom}.{form}"), console)
    else:
        origin = store.provenance(experiment, [log_hash(str(log)), *map(str, (worlds, found.cut, days, silent))])
        _report_evaluation(found, folder, form, origin, console)


def _report_evaluation(found: Evaluation, folder: Path, form: str, origin: dict[str, Any], console: Console) -> None:
    """Print how good forecasts were, and write their tables and figure."""
    console.print(evaluation_table(found), highlight=False)
    tables = {"evaluation": found.scores, "calibration": found.calibration, "pairs": found.pairs}
    for name, table in tables.items():
        say_written(_write_frame(table, folder / f"{name}.{form}"), console)
    for path in save(reliability_figure(found.calibration, found.days), folder, "reliability", origin):
        say_written(path, console)


def _person(name: str, contacts: Contacts, log: Path) -> int:
    """The number of the person whom a log calls so."""
    known = [str(other) for other in contacts.names]
    if name not in known:
        close = nearest(name, known)
        hint = f"; did you mean {close}?" if close else f"; it has {', '.join(known[:5])} and so on."
        raise ConfigError(f"--person {name}: nobody in {log} is called that{hint}")
    return known.index(name)


def _kinds(gestures: str) -> tuple[str, ...]:
    """The kinds of gesture in a list with commas, each once; none for "none"."""
    kinds = tuple(dict.fromkeys(kind.strip() for kind in gestures.split(","))) if gestures != "none" else ()
    known = [kind for kind in KINDS if kind != "post"]
    for kind in kinds:
        if kind not in known:
            close = nearest(kind, known)
            hint = f"did you mean {close}?" if close else f"there is {', '.join(known)}, or none."
            raise ConfigError(f"--gestures {gestures}: {kind!r} is no gesture to one person; {hint}")
    return kinds


def _write_frame(table: pd.DataFrame, path: Path) -> Path:
    """Write a table as CSV, or as JSON with an object a row; returns its path."""
    if path.suffix == ".json":
        store.write_whole(path, lambda file: table.to_json(file, orient="records", indent=1, double_precision=6))
    else:
        store.write_whole(path, lambda file: table.to_csv(file, index=False, float_format="%.6g"))
    return path
