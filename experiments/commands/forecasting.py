"""`rekindle forecast` and `plan-week`: which silent ties of a contact log come back, and whom to write to this week."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
import typer
from rich.console import Console

from experiments import provenance
from experiments.config.settings import ConfigError, Experiment, load, nearest
from experiments.figures import save
from experiments.figures.reliability import reliability_figure
from experiments.forecasts import week
from experiments.forecasts.forecast import GESTURES, Evaluation, Forecast, Report, Worlds, cut_of, evaluate, hidden
from experiments.forecasts.forecast import forecast as foretell
from experiments.forecasts.pairs import Contacts, contacts_of, number_of_person
from experiments.forecasts.tables import evaluation_table, forecast_table, week_said, week_table
from experiments.forecasts.week import SMALL
from experiments.sweeps import runner, store
from experiments.sweeps.design import log_hash
from experiments.terminal.console import (
    Changes,
    Config,
    Format,
    LogFile,
    Processes,
    Results,
    console_of,
    say_written,
    tell_of_compiling,
    tell_of_log,
    told_aside,
)
from experiments.terminal.names import as_csv, file_name, write_csv
from experiments.terminal.numbers import counted
from experiments.terminal.progress import shown
from experiments.terminal.stopping import saying
from sim.contact_logs import LogError, person_of
from sim.model.gestures import KINDS
from sim.runtime.interrupts import held_back


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
    ids: Annotated[
        bool, typer.Option("--ids", help="Name people by their ids, in files too; without it no id is shown.")
    ] = False,
    form: Annotated[Literal["csv", "json"], typer.Option("--format", help="Of the written files.")] = "csv",
    config: Config = None,
    changes: Changes = None,
    processes: Processes = None,
    results: Results = Path("results"),
) -> None:
    """The chance that each silent tie of a contact log comes back, by itself and after a gesture."""
    experiment = load(config, changes or (), log, unnamed="forecast")
    if cut is not None and not judge:
        raise ConfigError(f"--cut {cut} is the day of a judged forecast; add --evaluate.")
    contacts = contacts_of(log)
    tell_of_log(log, contacts.notes, told_aside(), ids=ids)
    who = None if person is None else _person(person, contacts, log, ids)
    kinds = _kinds(gestures)
    if judge:
        cut_of(contacts, days, cut)  # a log that is too short says so before the work
    many = _worlds(worlds, experiment)
    folder = results / experiment.name
    folder.mkdir(parents=True, exist_ok=True)
    console, told = console_of(), told_aside()
    tell_of_compiling(told)
    with _at_work(told, worlds, processes, "Nothing is kept of a forecast") as work:
        executor, report = work
        if judge:
            found: Evaluation | Forecast = evaluate(
                contacts, many, days=days, silent=silent, executor=executor, report=report, cut=cut
            )
        else:
            found = foretell(
                contacts, many, days=days, silent=silent, executor=executor, report=report,
                person=who, top=top, gestures=kinds,
            )  # fmt: skip
    if isinstance(found, Forecast):
        found = found if ids else found._replace(ties=found.ties.drop(columns=["sender", "receiver"]))
        console.print(forecast_table(found, many.count, days, silent, top), highlight=False)
        of_whom = "" if who is None else f"-{_called(who, contacts, ids)}"
        say_written(_write_frame(found.ties, folder / f"forecast{of_whom}.{form}"), console)
    else:
        found = found if ids else hidden(found)
        origin = provenance.of_runs(experiment, [log_hash(str(log)), *map(str, (worlds, found.cut, days, silent))])
        _report_evaluation(found, folder, form, origin, console)


def plan_week(
    log: LogFile,
    person: Annotated[str, typer.Option(metavar="ID", help="Whose week it is, by the id in the log.")],
    minutes: Annotated[int, typer.Option(min=1, max=300, help="Of the week, for gestures.")] = 60,
    ties: Annotated[int, typer.Option(min=1, max=30, help="Ties on the list, at most.")] = 10,
    days: Annotated[int, typer.Option(min=1, max=3_650, help="Days within which the others may write.")] = 60,
    silent: Annotated[int, typer.Option(min=1, max=36_500, help="A tie is dormant after over so many days.")] = 90,
    gestures: Annotated[
        str, typer.Option(metavar="KINDS", help="To choose among, with commas between them.")
    ] = ",".join(SMALL),
    ids: Annotated[bool, typer.Option("--ids", help="Name the ties by their ids; without it no id is shown.")] = False,
    worlds: Annotated[
        int, typer.Option(min=2, max=100_000, help="Worlds that choose the plan; as many others tell what it gains.")
    ] = 100,
    cut: Annotated[
        int | None, typer.Option(metavar="DAY", help="On which rankings are judged; 70 % into the log if not given.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="What to print.")] = Format.TABLE,
    config: Config = None,
    changes: Changes = None,
    processes: Processes = None,
) -> None:  # fmt: skip
    """A short list for one person's week: which dormant ties, by which small gesture, and what it may gain."""
    experiment = load(config, changes or (), log, unnamed="forecast")
    kinds = _kinds(gestures)
    if not kinds:
        raise ConfigError(f"--gestures {gestures}: a plan needs one at least, such as {SMALL[2]}.")
    contacts = contacts_of(log)
    tell_of_log(log, contacts.notes, told_aside(), ids=ids)
    who = _person(person, contacts, log, ids)
    _require_dormant(contacts, who, person, silent)
    if cut is not None:
        cut_of(contacts, days, cut)
    many = _worlds(worlds, experiment)
    told = told_aside()
    tell_of_compiling(told)
    with _at_work(told, worlds, processes, "Nothing is kept of a plan") as work:
        executor, report = work
        found = week.plan_week(
            contacts, many, person=who, minutes=minutes, most=ties, days=days, silent=silent, gestures=kinds,
            executor=executor, report=report, cut=cut,
        )  # fmt: skip
    if not ids:
        found = found._replace(plan=found.plan.drop(columns="id"))
    said = week_said(found, minutes, worlds, days, silent)
    if form is Format.TABLE:
        console_of().print(week_table(found, said), highlight=False)
    elif form is Format.JSON:
        print(_week_as_json(found, said))
    else:
        print(as_csv(found.plan, index=False, float_format="%.6g").rstrip("\n"))
        told.print("\n".join(said), highlight=False)


def _week_as_json(found: week.Week, said: Sequence[str]) -> str:
    """A plan and all that is known of it as one object; null is missing."""
    plan = found.plan.to_json(orient="records", double_precision=6)
    together = dict(zip(("value", "low", "high"), found.together, strict=True))
    past = None
    if found.past is not None:
        rules = found.past.rules.reset_index().to_json(orient="records", double_precision=6)
        past = found.past._asdict() | {"rules": json.loads(rules)}
    whole = {"plan": json.loads(plan), "together": together, "dormant": found.dormant, "alike": found.alike}
    return json.dumps(whole | {"past": past, "said": list(said)}, indent=1)


def _worlds(count: int, experiment: Experiment) -> Worlds:
    """So many worlds, with the parameters and seeds of an experiment."""
    world = experiment.world
    return Worlds(count, experiment.parameters, world.parameters, world.seed, experiment.run.seed)


@contextmanager
def _at_work(told: Console, worlds: int, processes: int | None, nothing_kept: str) -> Iterator[tuple[Executor, Report]]:
    """Worker processes, and what is to be told of each world done; if it ends badly, all of them end."""
    with (
        saying(f"{nothing_kept}; give it fewer --worlds."),
        held_back() as hand_on_stop,
        runner.worker_processes(min(processes or os.cpu_count() or 1, worlds)) as executor,
    ):
        try:
            with shown(told, "worlds", worlds) as show:

                def report(done: int, total: int) -> None:
                    show(done, total)
                    hand_on_stop()

                yield executor, report
        except BaseException:
            runner.stop(executor)  # or else the executor would first finish all
            raise


def _report_evaluation(found: Evaluation, folder: Path, form: str, origin: dict[str, Any], console: Console) -> None:
    """Print how good forecasts were, and write their tables and figure."""
    console.print(evaluation_table(found), highlight=False)
    tables = {"evaluation": found.scores, "calibration": found.calibration, "pairs": found.pairs}
    for name, table in tables.items():
        say_written(_write_frame(table, folder / f"{name}.{form}"), console)
    for path in save(reliability_figure(found.calibration, found.days), folder, "reliability", origin):
        say_written(path, console)


def _person(name: str, contacts: Contacts, log: Path, ids: bool) -> int:
    """The number of the person whom a log calls so; who else is called nearly that is said only if ids may be shown."""
    try:
        return person_of(contacts.names, name)
    except LogError as error:
        said = error if ids else f"nobody is called {name!r}."
        raise ConfigError(
            f"--person {name}: in {log}, {said} The ids of its {len(contacts.names):,} people are "
            f"{_form_of(contacts.names)}."
        ) from None


def _called(who: int, contacts: Contacts, ids: bool) -> str:
    """What a person is called in the name of a file."""
    return file_name(str(contacts.names[who])) if ids else f"person_{number_of_person(contacts, who)}"


def _form_of(ids: np.ndarray) -> str:
    """What ids look like, without any of them."""
    lengths = [len(str(one)) for one in ids]
    if all(str(one).isdecimal() and (len(str(one)) == 1 or not str(one).startswith("0")) for one in ids):
        return f"whole numbers of {min(lengths)} to {max(lengths)} digits"
    return f"text of {min(lengths)} to {max(lengths)} characters"


def _require_dormant(contacts: Contacts, who: int, person: str, silent: int) -> None:
    """Raise a `ConfigError` if there is no tie for a plan to choose."""
    if len(week.dormant_ties(contacts, silent, who)):
        return
    longest = week.dormant_ties(contacts, 0, who)["silence"].max()
    known = "nobody to whom they wrote has written back"
    if not math.isnan(longest):
        known = f"of those in which both wrote, the longest silence is {counted(round(longest), 'day')}: lower --silent"
    raise ConfigError(f"--person {person}: they have no tie that has been dormant for over {silent} days; {known}.")


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
        store.write_whole(path, lambda file: write_csv(table, file, index=False, float_format="%.6g"))
    return path
