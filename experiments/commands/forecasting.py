"""`rekindle forecast` and `plan-week`: which silent ties of a contact log come back, and whom to contact this week.

Many parameters because each option of a command is one.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
import typer
from rich.console import Console

from experiments import provenance
from experiments.config.errors import ConfigError
from experiments.config.reading import load
from experiments.config.settings import Experiment
from experiments.figures import save
from experiments.figures.reliability import reliability_figure
from experiments.forecasts import agenda, trials, week
from experiments.forecasts.baselines import require_scikit_learn
from experiments.forecasts.evaluation import Evaluation, evaluate, hidden
from experiments.forecasts.forecast import GESTURES, Execution, Forecast, Worlds
from experiments.forecasts.forecast import forecast as foretell
from experiments.forecasts.mornings import cut_of
from experiments.forecasts.pairs import number_of_person
from experiments.forecasts.tables import (
    earlier_plan_noted,
    evaluation_table,
    forecast_table,
    old_log_noted,
    trial_notes,
    week_notes,
    week_table,
)
from experiments.forecasts.values import read_values
from experiments.forecasts.week import SMALL, WeekRequest
from experiments.imports import people
from experiments.imports.people import People
from experiments.logs.draws import SHIPPED, draws_of
from experiments.logs.log import Log, read_in_file_order
from experiments.logs.observed import with_observed
from experiments.sweeps import runner, store
from experiments.sweeps.design import log_hash
from experiments.terminal.console import (
    Changes,
    Config,
    Format,
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
from experiments.terminal.names import as_csv, file_name, write_csv
from experiments.terminal.numbers import counted
from experiments.terminal.progress import progress_bar
from experiments.terminal.stopping import saying
from sim.contact_logs import LogError, person_of
from sim.model.spelling import nearest
from sim.runtime.interrupts import held_back

ONE_SET = "none"  # what users write for worlds that all have the same parameters
Draws = Annotated[
    str | None,
    typer.Option(
        metavar="DRAWS", help="Parameters of each two worlds: posterior (the default), the draws.csv of infer, or none."
    ),
]


def forecast(
    log: LogFile,
    person: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only forecast the ties of this person, who sends the gestures.")
    ] = None,
    judge: Annotated[
        bool,
        typer.Option("--evaluate", help="Instead, score forecasts made on several days of the log by what followed."),
    ] = False,
    cuts: Annotated[
        list[int] | None,
        typer.Option(
            "--cut", metavar="DAY", help="A day of scored forecasts; repeatable. Default: 50%, 70%, 90% into it."
        ),
    ] = None,
    worlds: Annotated[
        int,
        typer.Option(min=1, max=100_000, help="Simulated worlds, with and without each gesture."),
    ] = 100,
    days: Annotated[int, typer.Option(min=1, max=3_650, help="Days within which a tie may come back.")] = 90,
    silent: Annotated[
        int, typer.Option(min=1, max=36_500, help="Forecast ties that are silent for more than this many days.")
    ] = 30,
    top: Annotated[int, typer.Option(min=1, max=10_000, help="Number of ties to show, and to try gestures on.")] = 10,
    gestures: Annotated[
        str, typer.Option(metavar="KINDS", help="Gestures to try on day 0, separated by commas, or none.")
    ] = ",".join(GESTURES),
    ids: Annotated[
        bool, typer.Option("--ids", help="Show the ids of people, also in files. By default no id is shown.")
    ] = False,
    form: Annotated[Literal["csv", "json"], typer.Option("--format", help="Format of the written files.")] = "csv",
    draws: Draws = None,
    observed: Observed = None,
    config: Config = None,
    changes: Changes = None,
    processes: Processes = None,
    results: Results = Path("results"),
) -> None:
    """Estimate the chance that each silent tie of a contact log comes back, spontaneously and after a gesture."""
    experiment = load(config, changes or (), log, unnamed="forecast")
    if cuts and not judge:
        raise ConfigError(f"--cut {cuts[0]} only applies to scored forecasts; add --evaluate.")
    if judge:
        require_scikit_learn()
    contacts = _read(log, observed)
    report_log_notes(log, contacts.notes, stderr_console(), ids=ids)
    who = None if person is None else _person(person, contacts, log, ids)
    kinds = _kinds(gestures, experiment)
    some_worlds = _worlds(worlds, experiment, draws)
    folder = results / experiment.name
    folder.mkdir(parents=True, exist_ok=True)
    console, stderr = stdout_console(), stderr_console()
    report_compiling(stderr)
    steps = "worlds and mornings" if judge else "worlds"
    with _at_work(stderr, worlds, processes, "A forecast saves no partial results", steps) as execution:
        if judge:
            result: Evaluation | Forecast = evaluate(
                contacts, some_worlds, days=days, silent=silent, execution=execution, cuts=cuts or ()
            )
        else:
            result = foretell(
                contacts,
                some_worlds,
                days=days,
                silent=silent,
                execution=execution,
                person=who,
                top=top,
                gestures=kinds,
            )
    if isinstance(result, Forecast):
        result = result if ids else result._replace(ties=result.ties.drop(columns=["sender", "receiver"]))
        console.print(forecast_table(result, some_worlds.count, days, silent, top), highlight=False)
        of_whom = "" if who is None else f"-{_called(who, contacts, ids)}"
        say_written(_write_frame(result.ties, folder / f"forecast{of_whom}.{form}"), console)
    else:
        result = result if ids else hidden(result)
        asked = (worlds, *result.board.cuts, days, silent)
        origin = provenance.of_runs(experiment, [log_hash(str(log)), *map(str, asked)])
        _report_evaluation(result, folder, form, origin, console)


def plan_week(
    log: LogFile,
    person: Annotated[
        str | None, typer.Option(metavar="ID", help="Whose week is planned, by an id of the log. Default: you.")
    ] = None,
    minutes: Annotated[int, typer.Option(min=1, max=300, help="Time budget of the week, in minutes.")] = 60,
    ties: Annotated[int, typer.Option(min=1, max=30, help="Maximum number of ties in the list.")] = 10,
    days: Annotated[int, typer.Option(min=1, max=3_650, help="Days within which the others may write back.")] = 60,
    silent: Annotated[
        int, typer.Option(min=1, max=36_500, help="A tie is dormant after more than this many days of silence.")
    ] = 90,
    gestures: Annotated[
        str, typer.Option(metavar="KINDS", help="Gestures to choose from, separated by commas.")
    ] = ",".join(SMALL),
    ids: Annotated[bool, typer.Option("--ids", help="Show the ids of people. By default no id is shown.")] = False,
    worlds: Annotated[
        int, typer.Option(min=2, max=100_000, help="Worlds used to choose the plan; as many others estimate its gain.")
    ] = 100,
    cut: Annotated[
        int | None, typer.Option(metavar="DAY", help="Day on which rankings are scored. Default: 70% into the log.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="Output format.")] = Format.TABLE,
    values: Annotated[
        Path | None, typer.Option(metavar="CSV", help="What ties are worth to you: id,value; 1 is usual, 0 is never.")
    ] = None,
    sheet: Annotated[Path | None, typer.Option(metavar="HTML", help="Also write a page to print.")] = None,
    calendar: Annotated[Path | None, typer.Option(metavar="ICS", help="Also write a calendar file.")] = None,
    trial: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Hold out half of the ties at random, to learn what a gesture does."),
    ] = None,
    draws: Draws = None,
    observed: Observed = None,
    config: Config = None,
    changes: Changes = None,
    processes: Processes = None,
) -> None:  # fmt: skip
    """Suggest which dormant ties one person could contact this week, by which small gesture, and the expected gain."""
    experiment = load(config, changes or (), log, unnamed="forecast")
    kinds = _kinds(gestures, experiment)
    if not kinds:
        raise ConfigError(f"--gestures {gestures}: expected at least one gesture, such as {SMALL[2]}.")
    stderr, known = stderr_console(), people.read(people.beside(log))
    person = person or _you(known, log, stderr)
    contacts = _read(log, observed)
    report_log_notes(log, contacts.notes, stderr, ids=ids)
    who = _person(person, contacts, log, ids)
    last = datetime.fromtimestamp(contacts.time[-1], UTC).date() if contacts.began >= week.DATED else None
    _require_dormant(contacts, who, person, silent, last)
    if cut is not None:
        cut_of(contacts, days, cut)
    some_worlds = _worlds(worlds, experiment, draws)
    entries, now = trials.read(trial) if trial else [], time.time()
    worth = read_values(values, {str(name) for name in contacts.names}) if values else {}
    worth |= dict.fromkeys(trials.running(entries, str(contacts.names[who]), now), 0.0)
    request = WeekRequest(who, minutes, most=ties, days=days, silent=silent, gestures=kinds, values=worth)
    report_compiling(stderr)
    with _at_work(stderr, worlds, processes, "A plan saves no partial results") as execution:
        plan = week.without_disproved(week.plan_week(contacts, some_worlds, request, execution, cut))
    notes, brief = (
        [*old_log_noted(last, date.today()), *week_notes(plan, minutes, worlds, days, silent, brief=brief)]
        for brief in (False, True)
    )
    if trial:
        new = trials.drawn(plan.plan, str(contacts.names[who]), now, days)
        usual = plan.past.came_back if plan.past else float("nan")
        of_trial = [
            *earlier_plan_noted(entries, str(contacts.names[who]), now),
            *trial_notes(new, float(plan.plan["without"].fillna(usual).mean()), days),
        ]
        notes, brief = [*of_trial, *notes], [*of_trial, *brief]
        plan = plan._replace(plan=_with_gesture(plan.plan, new))
        store.write_whole(trial, lambda file: file.write_text(trials.text_of([*entries, *new]), encoding="utf-8"))
    plan = plan._replace(plan=_shown(plan.plan, known, ids=ids))
    _take_along(plan.plan, brief, log, calendar, sheet)
    if form is Format.TABLE:
        stdout_console().print(week_table(plan, notes), highlight=False)
    elif form is Format.JSON:
        print(_week_as_json(plan, notes))
    else:
        print(as_csv(plan.plan, index=False, float_format="%.6g").rstrip("\n"))
        stderr.print("\n".join(notes), highlight=False)


def _you(known: People, log: Path, stderr: Console) -> str:
    """The id of the user, as the file beside the log has it.

    Raises:
        ConfigError: there is none.
    """
    path = people.beside(log)
    if not known.you:
        raise ConfigError(
            "Missing option '--person': say whose week it is, by the id in the log. `rekindle start` and "
            f"`rekindle import --me` keep who you are in {path}, so that --person can be left out."
        )
    stderr.print(f"This is the week of the person who is you in {path}.", soft_wrap=True)
    return known.you


def _shown(plan: pd.DataFrame, known: People, *, ids: bool) -> pd.DataFrame:
    """A plan without ids; or with them and, if any is known, with names after them."""
    if not ids:
        return plan.drop(columns="id")
    others = plan["id"].astype(str)
    if known.names.keys().isdisjoint(others):
        return plan
    named = plan.copy()
    named.insert(plan.columns.get_loc("id") + 1, "name", people.called(others, known.names))
    return named


def _with_gesture(plan: pd.DataFrame, new: Sequence[trials.TrialTie]) -> pd.DataFrame:
    """The ties that a trial chose; all of them if there were too few for a pair."""
    chosen = {one.id for one in new if one.made}
    return plan[plan["id"].astype(str).isin(chosen)] if new else plan


def _take_along(plan: pd.DataFrame, notes: Sequence[str], log: Path, calendar: Path | None, sheet: Path | None) -> None:
    """Write the calendar and the sheet that were requested, from tomorrow on."""
    first = date.today() + timedelta(days=1)
    stderr = stderr_console()
    if calendar is not None:
        entries = agenda.calendar(plan, first, name=log.name)
        store.write_whole(calendar, lambda file: file.write_bytes(entries))
        say_written(calendar, stderr)
    if sheet is not None:
        page = agenda.sheet(plan, notes, first)
        store.write_whole(sheet, lambda file: file.write_text(page, encoding="utf-8"))
        say_written(sheet, stderr)


def _week_as_json(found: week.Week, notes: Sequence[str]) -> str:
    """A plan and its evaluation as one JSON object; missing values are null."""
    plan = found.plan.to_json(orient="records", double_precision=6)
    together = dict(zip(("value", "low", "high"), found.together, strict=True))
    past = None
    if found.past is not None:
        rules = found.past.rules.reset_index().to_json(orient="records", double_precision=6)
        past = found.past._asdict() | {"rules": json.loads(rules)}
    over_draws = dict(
        zip(("least", "most"), (None if math.isnan(end) else end for end in found.over_draws), strict=True)
    )
    whole = {"plan": json.loads(plan), "together": together, "over_draws": over_draws, "dormant": found.dormant}
    return json.dumps(whole | {"past": past, "said": list(notes)}, indent=1)


def _read(log: Path, observed: Path | None) -> Log:
    """Read a log in the order of its file, and find out who is observed in it."""
    found = with_observed(read_in_file_order(log), observed)
    if observed is None or found.observed is None:
        return found
    # Rows without an observed person are left out, and so people are numbered anew.
    ends = {"source": found.names[found.source], "target": found.names[found.target]}
    again = read_in_file_order(pd.DataFrame(ends | {"time": found.time}))
    return replace(again, observed=np.isin(again.names, found.names[found.observed]), notes=found.notes)


def _worlds(count: int, experiment: Experiment, draws: str | None) -> Worlds:
    """This many worlds, with the parameters and seeds of an experiment.

    Parameters are drawn as the option says or, without one, as the experiment says, or from the posterior that ships.
    Those that the experiment sets keep their values.
    """
    world, sweep = experiment.world, experiment.sweep
    given = sweep.draws if sweep is not None and "draws" in sweep.model_fields_set else SHIPPED
    chosen = given if draws is None else draws
    table = draws_of(chosen) if chosen and chosen != ONE_SET else None
    if table is not None:
        table = table.drop(columns=[name for name in table if name in experiment.parameters.model_fields_set])
        table = table if len(table.columns) else None
    return Worlds(count, experiment.parameters, world.parameters, world.seed, experiment.run.seed, table)


@contextmanager
def _at_work(
    stderr: Console, worlds: int, processes: int | None, nothing_kept: str, steps: str = "worlds"
) -> Iterator[Execution]:
    """Worker processes and a progress report; all workers end if an exception is raised."""
    with (
        saying(f"{nothing_kept}; to shorten it, use fewer --worlds."),
        held_back() as hand_on_stop,
        runner.worker_processes(min(processes or os.cpu_count() or 1, worlds)) as executor,
    ):
        try:
            with progress_bar(stderr, steps, worlds) as show:

                def report(done: int, total: int) -> None:
                    show(done, total)
                    hand_on_stop()

                yield Execution(executor, report)
        except BaseException:
            runner.stop(executor)  # or else the executor would first finish all
            raise


def _report_evaluation(found: Evaluation, folder: Path, form: str, origin: dict[str, Any], console: Console) -> None:
    """Print the scores of forecasts, and write their tables and figure."""
    console.print(evaluation_table(found), highlight=False)
    tables = {"evaluation": found.scores(), "calibration": found.calibration, "pairs": found.pairs}
    for name, table in {**tables, "training_pairs": found.training}.items():
        say_written(_write_frame(table, folder / f"{name}.{form}"), console)
    for path in save(reliability_figure(found.calibration, found.board.within), folder, "reliability", origin):
        say_written(path, console)


def _person(name: str, contacts: Log, log: Path, ids: bool) -> int:
    """The number of the person with this id; the error only suggests similar ids if ids may be shown."""
    try:
        return person_of(contacts.names, name)
    except LogError as error:
        reason = error if ids else f"there is no person {name!r}."
        raise ConfigError(
            f"--person {name}: in {log}, {reason} The ids of its {len(contacts.names):,} people are "
            f"{_form_of(contacts.names)}.{'' if ids else ' With --ids, this error suggests a similar id.'}"
        ) from None


def _called(who: int, contacts: Log, ids: bool) -> str:
    """The name of a person in file names."""
    return file_name(str(contacts.names[who])) if ids else f"person_{number_of_person(contacts, who)}"


def _form_of(ids: np.ndarray) -> str:
    """A description of the ids that reveals none of them."""
    lengths = [len(str(one)) for one in ids]
    if all(str(one).isdecimal() and (len(str(one)) == 1 or not str(one).startswith("0")) for one in ids):
        return f"whole numbers of {min(lengths)} to {max(lengths)} digits"
    return f"text of {min(lengths)} to {max(lengths)} characters"


def _require_dormant(contacts: Log, who: int, person: str, silent: int, last: date | None) -> None:
    """Raise a `ConfigError` if the person has no dormant tie to plan for; ``last`` is the log's last day."""
    if len(week.dormant_ties(contacts, silent, who)):
        return
    longest = week.dormant_ties(contacts, 0, who)["silence"].max()
    known = "nobody has written back to them"
    if not math.isnan(longest):
        known = (
            f"the longest silence of a tie in which both wrote is {counted(round(longest), 'day')}, so use plan-week "
            "with a lower --silent"
        )
    sentence = f"--person {person}: this person has no tie that is silent for more than {silent} days; {known}."
    raise ConfigError(" ".join([sentence, *old_log_noted(last, date.today())]))


def _kinds(gestures: str, experiment: Experiment) -> tuple[str, ...]:
    """The kinds of gesture in a comma-separated list, each once; empty for "none"."""
    kinds = tuple(dict.fromkeys(kind.strip() for kind in gestures.split(","))) if gestures != "none" else ()
    known = [kind for kind in experiment.parameters.kinds if kind != "post"]
    for kind in kinds:
        if kind not in known:
            close = nearest(kind, known)
            hint = f"did you mean {close}?" if close else f"known: {', '.join(known)}, or none."
            raise ConfigError(f"--gestures {gestures}: {kind!r} is not a gesture to one person; {hint}")
    return kinds


def _write_frame(table: pd.DataFrame, path: Path) -> Path:
    """Write a table as CSV, or as JSON with one object per row; returns the path."""
    if path.suffix == ".json":
        store.write_whole(path, lambda file: table.to_json(file, orient="records", indent=1, double_precision=6))
    else:
        store.write_whole(path, lambda file: write_csv(table, file, index=False, float_format="%.6g"))
    return path
